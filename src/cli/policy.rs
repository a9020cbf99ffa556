//! `sentra policy`: checks a policy file, and tells what differs between two policies.

use crate::cli::Ended;
use crate::domain::policy::Policy;
use crate::domain::refusal::FieldError;
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
    /// Names every error of a policy file, each with its place; exit code 1 when there is one.
    Check {
        /// A TOML file.
        file: PathBuf,
    },
}

/// Runs.
pub fn run(args: &Args) -> Ended {
    match &args.command {
        Command::Check { file } => check(file),
    }
}

fn check(file: &Path) -> Ended {
    match read(file)? {
        Ok(policy) => {
            println!(
                "{}: the policy of {} makes sense; {} of its {} sources are confirmed",
                file.display(),
                policy.fiscal_year,
                policy.sources.iter().filter(|source| source.confirmed).count(),
                policy.sources.len()
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            for error in &errors {
                println!("{}: {} ({})", error.pointer, error.message.trim_end(), error.code);
            }
            println!("{}: {} errors", file.display(), errors.len());
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read(file: &Path) -> Result<Result<Policy, Vec<FieldError>>, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("can't read {}: {error}", file.display()))?;
    Ok(Policy::parse(&text))
}
