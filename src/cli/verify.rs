//! `sentra verify`: names every breach (exit 1), and lists the flags.

use crate::app::config::DataArgs;
use crate::cli::{Ended, audit, serve};
use crate::service::seal::note::VerifierKey;
use crate::service::seal::outlet::{FOLDER, Folder};
use crate::service::verify::trail::{self, Kept, TrailReport};
use crate::service::{Services, verify};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// A checkpoint that was kept outside the service, to be compared with; may be given several times. Those in the data
    /// folder are taken too, the last of each day.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// A verifier key to trust, for checkpoints in the database too: all that ever signed are to be given. By default those
    /// that the database names.
    #[arg(long, value_name = "NAME+ID+KEY")]
    key: Vec<String>,
    /// Only the audit trail.
    #[arg(long)]
    trail_only: bool,
}

/// Verifies beside a server that may be running.
pub fn run(args: &Args) -> Ended {
    let services = serve::store(&args.data)?.services().map_err(|error| error.to_string())?;
    let on_terminal = std::io::stderr().is_terminal();
    let mut holds = of_file(&services)?;
    holds &= of_trail(&services, args, on_terminal)?;
    if !args.trail_only {
        // What can't be read of the books takes nothing away from what the trail told.
        holds &= books(&services, on_terminal).unwrap_or_else(|error| {
            println!("BREACH: the books can't be read: {error}");
            false
        });
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What SQLite itself says of its file: an index that does not hold a row hides it from whoever asks by that index.
fn of_file(services: &Services) -> Result<bool, String> {
    let started = Instant::now();
    let Some(damage) = verify::file(services).map_err(|error| error.to_string())? else {
        return Ok(true);
    };
    for words in &damage {
        println!("BREACH: the file: {words}");
    }
    let (took, count) = (started.elapsed().as_secs_f64(), damage.len());
    println!("the file and its indexes in {took:.2} s: {count} breaches");
    Ok(damage.is_empty())
}

fn books(services: &Services, on_terminal: bool) -> Result<bool, String> {
    let report = verify::verify(services, |done| {
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
    if report.more > 0 {
        println!("and {} more breaches", report.more);
    }
    println!(
        "{} proposals, {} entries: {} breaches, {} flags",
        report.proposals,
        report.entries,
        report.breaches.len().saturating_add(report.more),
        report.flags.len()
    );
    Ok(report.breaches.is_empty())
}

fn of_trail(services: &Services, args: &Args, on_terminal: bool) -> Result<bool, String> {
    let keys: Result<Vec<VerifierKey>, String> = args
        .key
        .iter()
        .map(|text| text.parse().map_err(|error| format!("{text}: {error}")))
        .collect();
    let folder = Folder::new(args.data.data_dir.join(FOLDER));
    let mut files = folder.last_of_each_day().map_err(|error| format!("{FOLDER}: {error}"))?;
    // The same file may be given by hand.
    files.retain(|path| !args.checkpoint.contains(path));
    let mut outside = Vec::with_capacity(args.checkpoint.len() + files.len());
    for path in args.checkpoint.iter().chain(&files) {
        outside.push(Kept { name: path.display().to_string(), note: audit::read_note(path)? });
    }
    let started = Instant::now();
    let report = trail::verify(services, &outside, &keys?, |done| {
        if on_terminal {
            eprint!("\r{done} events");
        }
    })
    .map_err(|error| error.to_string())?;
    if on_terminal {
        eprintln!();
    }
    let TrailReport { sealed, waiting, checkpoints, findings, flags } = report;
    for flag in &flags {
        println!("flag: {flag}");
    }
    for finding in &findings {
        match finding.seq {
            0 => println!("BREACH: {}", finding.words),
            seq => println!("BREACH: sequence {seq}: {}", finding.words),
        }
    }
    println!(
        "{sealed} sealed events in {:.2} s, {checkpoints} checkpoints hold, {waiting} events wait to be sealed: {} breaches",
        started.elapsed().as_secs_f64(),
        findings.len()
    );
    Ok(findings.is_empty())
}
