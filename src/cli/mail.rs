//! `sentra mail`: who is told of what, and what the messages look like.

use crate::cli::Ended;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::{Language, Role};
use crate::mail::preview::{self, Preview};
use crate::mail::{Site, table};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Prints who is told of what, with subjects and steps, as a document.
    Table,
    /// Writes the messages of an event, of a made-up proposal, as plain text and HTML.
    Preview {
        /// The event, as `sentra mail table` names it.
        event: NoticeEvent,
        /// `id` or `en`.
        #[arg(long, default_value = "id")]
        lang: Language,
        /// Only the message to this role.
        #[arg(long)]
        role: Option<Role>,
        /// The folder to write to; it is made when it is not there. Files of the same names are replaced.
        #[arg(long, default_value = "mail-preview")]
        out: PathBuf,
        /// Where links lead.
        #[arg(long, default_value = "https://sentra.example")]
        base_url: String,
    },
}

/// Runs.
pub fn run(args: &Args) -> Ended {
    match &args.command {
        Command::Table => {
            print!("{}", table::document());
            Ok(ExitCode::SUCCESS)
        }
        Command::Preview { event, lang, role, out, base_url } => {
            let site = Site::parse(base_url).map_err(|error| error.to_string())?;
            write(&preview::of(&site, *event, *lang, *role)?, out)
        }
    }
}

fn write(all: &[Preview], out: &Path) -> Ended {
    let failed = |path: &Path, error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(out).map_err(|error| failed(out, error))?;
    for Preview { name, message } in all {
        let text = format!("Subject: {}\n\n{}\n", message.subject, message.text);
        for (ending, content) in [("txt", &text), ("html", &message.html)] {
            let path = out.join(format!("{name}.{ending}"));
            std::fs::write(&path, content).map_err(|error| failed(&path, error))?;
            println!("{}", path.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
