//! `sentra audit`: the keys of the audit trail, and a checkpoint by hand.

use crate::app::config::{DataArgs, SealArgs};
use crate::cli::{Ended, serve};
use crate::service::seal::checkpoint::{self, Folder, Outlet};
use crate::service::seal::{self, note::MAX_NOTE};
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

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Prints the verifier keys by which checkpoints are signed from now on: give them to auditors.
    Key,
    /// Seals what waits, signs a checkpoint, brings it out, and prints it.
    Checkpoint,
}

/// Does what is asked, beside a server that may be running.
pub fn run(args: &Args) -> Ended {
    let services = serve::store(&args.data)?.services().map_err(|error| error.to_string())?;
    let settings = args.seal.settings(&args.data.data_dir);
    let keys = settings.key.read()?;
    match args.what {
        What::Key => {
            let origin = checkpoint::origin(&services).map_err(|error| error.to_string())?;
            for key in keys.verifiers(&origin) {
                println!("{key}");
            }
        }
        What::Checkpoint => {
            let made = seal::drain(&services)
                .and_then(|_| checkpoint::make(&services, &keys))
                .and_then(|made| match made {
                    Some(made) => Ok(Some(made)),
                    None => checkpoint::newest(&services),
                })
                .and_then(|newest| {
                    let mut outlet = Outlet::new(Folder::new(settings.folder.clone()))?;
                    while outlet.bring_out(&services)? > 0 {}
                    Ok(newest)
                })
                .map_err(|error| error.to_string())?;
            match made {
                Some(made) => print!("{}", made.note),
                None => {
                    return Err("nothing has happened yet that a checkpoint could be of".to_owned());
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
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
