//! The command line: one file per subcommand.

mod audit;
pub mod demo;
mod export;
mod mail;
mod migrate;
mod policy;
mod seed;
mod serve;
mod user;
mod verify;
mod workflow;

use crate::app::telemetry;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Workflow service for physical Special Allocation Fund (DAK Fisik) proposals in the small and medium industry field.
#[derive(Debug, Parser)]
#[command(name = "sentra", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays four real proposals through their years, then serves them.
    Demo(demo::DemoArgs),
    /// Serves the API.
    Serve(serve::Args),
    /// Brings the database to this version, or takes it down.
    Migrate(migrate::Args),
    /// Keeps users from the command line.
    User(user::Args),
    /// Checks policy files, and compares policies.
    Policy(policy::Args),
    /// Shows a machine as a diagram and a table.
    Workflow(workflow::Args),
    /// Shows who is told of what, and what the messages look like.
    Mail(mail::Args),
    /// Proves that balances, states and totals agree with what they come from, and that the audit trail is whole.
    Verify(verify::Args),
    /// Shows the keys of the audit trail; signs a checkpoint.
    Audit(audit::Args),
    /// Writes proposals, the journal, the audit trail, or projects as open data, into a file.
    Export(export::Args),
    /// Writes a national data set, for trying out large numbers.
    Seed(seed::Args),
}

/// How a command ends: with words for a person when it did not work.
pub type Ended = Result<ExitCode, String>;

/// A text that does nothing to a terminal, wherever it came from.
fn plain(words: &str) -> String {
    let mut plain = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '\'' | '"' | '\\' => plain.push(letter),
            other => plain.extend(other.escape_debug()),
        }
    }
    plain
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let command = Cli::parse().command;
    if !matches!(command, Command::Serve(_) | Command::Demo(_)) {
        // They have a log of their own. The others say only why they end, should the storage fail beneath them.
        telemetry::log("error", false);
    }
    let ended = match command {
        Command::Demo(args) => demo::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::User(args) => user::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Workflow(args) => workflow::run(&args),
        Command::Mail(args) => mail::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Seed(args) => seed::run(&args),
    };
    ended.unwrap_or_else(|words| {
        eprintln!("sentra: {words}");
        ExitCode::FAILURE
    })
}
