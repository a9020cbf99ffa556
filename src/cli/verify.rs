//! `sentra verify`: names every breach (exit 1), and lists the flags.

use crate::app::config::DataArgs;
use crate::cli::{Ended, audit, plain, serve};
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
    let store = serve::store(&args.data)?;
    let services = store.services_at_this_version().map_err(|error| error.to_string())?;
    let keys: Result<Vec<VerifierKey>, String> = args
        .key
        .iter()
        .map(|text| text.parse().map_err(|error| format!("{text}: {error}")))
        .collect();
    let (keys, on_terminal) = (keys?, std::io::stderr().is_terminal());
    // Each whatever became of the others.
    let mut holds = told("the file", of_file(&services));
    holds &= told("the trail", of_trail(&services, args, &keys, on_terminal));
    if !args.trail_only {
        holds &= told("the books", books(&services, on_terminal));
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether a part holds; what can't be read does not.
fn told(what: &str, outcome: Result<bool, String>) -> bool {
    outcome.unwrap_or_else(|error| {
        breach(&format!("{what} can't be read: {error}"));
        false
    })
}

fn breach(words: &str) {
    println!("BREACH: {}", plain(words));
}

fn flag(words: &str) {
    println!("flag: {}", plain(words));
}

/// What SQLite itself says of its file: an index that does not hold a row hides it from whoever asks by that index.
fn of_file(services: &Services) -> Result<bool, String> {
    let started = Instant::now();
    let Some(damage) = verify::file(services).map_err(|error| error.to_string())? else {
        return Ok(true);
    };
    for words in &damage {
        breach(&format!("the file: {words}"));
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
    report.flags.iter().for_each(|words| flag(words));
    report.breaches.iter().for_each(|words| breach(words));
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

/// The checkpoints that are kept outside, and how many of them can't be read; they are named.
fn outside(args: &Args) -> (Vec<Kept>, usize) {
    let (mut kept, mut unread) = (Vec::new(), 0_usize);
    let mut fail = |words: String| {
        breach(&words);
        unread = unread.saturating_add(1);
    };
    let folder = Folder::new(args.data.data_dir.join(FOLDER));
    let mut files = folder.last_of_each_day().unwrap_or_else(|error| {
        fail(format!("the folder {FOLDER} can't be read: {error}"));
        Vec::new()
    });
    // The same file may be given by hand.
    files.retain(|path| !args.checkpoint.contains(path));
    for path in args.checkpoint.iter().chain(&files) {
        match audit::read_note(path) {
            Ok(note) => kept.push(Kept { name: path.display().to_string(), note }),
            Err(words) => fail(words),
        }
    }
    (kept, unread)
}

fn of_trail(
    services: &Services,
    args: &Args,
    keys: &[VerifierKey],
    on_terminal: bool,
) -> Result<bool, String> {
    let (outside, unread) = outside(args);
    let started = Instant::now();
    let report = trail::verify(services, &outside, keys, |done| {
        if on_terminal {
            eprint!("\r{done} events");
        }
    })
    .map_err(|error| error.to_string())?;
    if on_terminal {
        eprintln!();
    }
    let TrailReport { sealed, waiting, checkpoints, findings, flags } = report;
    flags.iter().for_each(|words| flag(words));
    for finding in &findings {
        match finding.seq {
            0 => breach(&finding.words),
            seq => breach(&format!("sequence {seq}: {}", finding.words)),
        }
    }
    println!(
        "{sealed} sealed events in {:.2} s, {checkpoints} checkpoints hold, {waiting} events wait to be sealed: {} breaches",
        started.elapsed().as_secs_f64(),
        findings.len().saturating_add(unread)
    );
    Ok(findings.is_empty() && unread == 0)
}
