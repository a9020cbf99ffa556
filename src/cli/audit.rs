//! `sentra audit`: the keys of the audit trail, a checkpoint by hand, and erasing what is personal.

use crate::app::config::{DataArgs, SealArgs};
use crate::cli::{Ended, serve, user::words};
use crate::service::seal::outlet::{Folder, Outlet};
use crate::service::seal::{self, checkpoint, note::MAX_NOTE, note::SealKeys};
use crate::service::{Services, console};
use clap::Subcommand;
use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    seal: SealArgs,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// Prints the verifier keys by which checkpoints are signed from now on: give them to auditors.
    Key,
    /// Seals what waits, signs a checkpoint, brings it out, and prints it.
    Checkpoint,
    /// Erases the personal values that the trail keeps of a user who is disabled. The trail keeps that, and why.
    Erase {
        /// E-mail address or id.
        #[arg(long)]
        user: String,
        /// Why; without anything personal, since it stays.
        #[arg(long)]
        reason: String,
    },
}

/// Does what is asked, beside a server that may be running.
pub fn run(args: &Args) -> Ended {
    let store = serve::store(&args.data)?;
    let services = store.services_at_this_version().map_err(|error| error.to_string())?;
    let settings = args.seal.settings(&args.data.data_dir);
    match &args.what {
        What::Key => {
            // One that is made here would be one that nothing was signed by.
            let keys = settings.key.read_only()?;
            let origin = checkpoint::origin(&services).map_err(words)?;
            for key in keys.verifiers(&origin) {
                println!("{key}");
            }
        }
        What::Checkpoint => {
            let (folder, keys) = (Folder::new(settings.folder.clone()), settings.key.read()?);
            // Printed first: a bucket that never answers keeps nobody from the note.
            print!("{}", signed(&services, &folder, &keys)?);
            Outlet::new(folder).bring_out(&services).map_err(words)?;
        }
        What::Erase { user, reason } => {
            let erased = console::erase(&services, user, reason).map_err(words)?;
            println!("{} personal values of user {} are erased", erased.values, erased.user);
            if !erased.log_cut {
                eprintln!(
                    "the database's log, the file that ends in -wal, was in use and may hold them still; do it again later"
                );
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest note, after what waits is sealed and signed.
fn signed(services: &Services, folder: &Folder, keys: &SealKeys) -> Result<String, String> {
    seal::drain(services).map_err(words)?;
    let kept = folder.last().map_err(|error| error.to_string())?;
    checkpoint::make_continuing(services, keys, None, kept.as_ref()).map_err(words)?;
    let newest = checkpoint::newest(services).map_err(words)?;
    let newest = newest.ok_or("nothing has happened yet that a checkpoint could be of")?;
    Ok(newest.note)
}

/// A note from a file.
pub fn read_note(path: &std::path::Path) -> Result<String, String> {
    let failed = |why: String| format!("the checkpoint {}: {why}", path.display());
    let size = path.metadata().map_err(|error| failed(error.to_string()))?.len();
    if usize::try_from(size).map_or(true, |size| size > MAX_NOTE) {
        return Err(failed("it is too long for a note".to_owned()));
    }
    std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))
}
