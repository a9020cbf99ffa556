//! `sentra export`: what is kept, as files for others.

use crate::app::config::DataArgs;
use crate::cli::{Ended, serve};
use crate::service::private;
use crate::service::seal::export;
use clap::Subcommand;
use std::io::{BufWriter, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Writes the audit trail as lines of JSON, with the personal values that are not erased, for `tools/verify_audit.py`.
    Audit {
        /// The file to write; `-` writes to the standard output.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

/// Exports, in one snapshot, beside a server that may be running.
pub fn run(args: &Args) -> Ended {
    let What::Audit { to } = &args.what;
    let services = serve::store(&args.data)?.services().map_err(|error| error.to_string())?;
    let on_terminal = std::io::stderr().is_terminal();
    let progress = |done| {
        if on_terminal {
            eprint!("\r{done} events");
        }
    };
    let written = if to.as_os_str() == "-" {
        let mut out = BufWriter::new(std::io::stdout().lock());
        export::export(&services, &mut out, progress)
    } else {
        let failed = |error: std::io::Error| format!("can't write {}: {error}", to.display());
        // Personal values are in it.
        let file = private::file(to).map_err(failed)?;
        let mut out = BufWriter::new(file);
        let written = export::export(&services, &mut out, progress);
        out.get_ref().sync_all().map_err(failed)?;
        written
    };
    let written = written.map_err(|error| error.to_string())?;
    if on_terminal {
        eprintln!();
    }
    eprintln!("{written} sealed events are written");
    Ok(ExitCode::SUCCESS)
}
