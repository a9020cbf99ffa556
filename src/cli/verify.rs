//! `sentra verify`: names every breach (exit 1), and lists the flags.

use crate::app::config::DataArgs;
use crate::cli::{Ended, serve};
use crate::service::verify;
use std::io::IsTerminal;
use std::process::ExitCode;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
}

/// Verifies beside a server that may be running.
pub fn run(args: &Args) -> Ended {
    let services = serve::store(&args.data)?.services().map_err(|error| error.to_string())?;
    let on_terminal = std::io::stderr().is_terminal();
    let report = verify::verify(&services, |done| {
        if on_terminal {
            eprint!("\r{done} proposals");
        }
    })
    .map_err(|error| error.to_string())?;
    if on_terminal {
        eprintln!();
    }
    for flag in &report.flags {
        println!("flag: {flag}");
    }
    for breach in &report.breaches {
        println!("BREACH: {breach}");
    }
    println!(
        "{} proposals, {} entries: {} breaches, {} flags",
        report.proposals,
        report.entries,
        report.breaches.len(),
        report.flags.len()
    );
    Ok(if report.breaches.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
