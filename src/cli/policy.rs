//! `sentra policy`: checks a policy file, and tells what differs between two policies.

use crate::app::config::DataArgs;
use crate::cli::{Ended, serve};
use crate::domain::policy::Policy;
use crate::domain::policy::compare::differences;
use crate::domain::refusal::FieldError;
use crate::service::compare::{self, Otherwise};
use crate::service::{Services, error::Error};
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
    /// Prints each value that differs; of policies in the database, or where one is named, also what would come out
    /// otherwise.
    Compare {
        /// A TOML file; or YEAR or YEAR@VERSION of the database.
        one: String,
        /// The same.
        two: String,
        #[command(flatten)]
        data: Box<DataArgs>,
    },
}

/// Runs.
pub fn run(args: &Args) -> Ended {
    match &args.command {
        Command::Check { file } => check(file),
        Command::Compare { one, two, data } => compare_two(one, two, data),
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

/// What is compared: a version in the database, or a file.
enum Named {
    Kept(i64, Option<i64>),
    File(PathBuf),
}

impl Named {
    /// `2021`, `2021@2`, or else a path.
    fn of(text: &str) -> Named {
        let (year, version) = match text.split_once('@') {
            Some((year, version)) => (year, Some(version.parse::<i64>())),
            None => (text, None),
        };
        match (year.parse(), version.transpose()) {
            (Ok(year), Ok(version)) => Named::Kept(year, version),
            _ => Named::File(text.into()),
        }
    }

    fn load(&self, services: Option<&Services>) -> Result<Policy, String> {
        match (self, services) {
            (Named::File(path), _) => read(path)?.map_err(|errors| {
                let count = errors.len();
                format!("{} has {count} errors; sentra policy check names them", path.display())
            }),
            (Named::Kept(year, version), Some(services)) => {
                compare::version(services, *year, *version).map_err(|error| match error {
                    Error::NotFound => format!("the database has no such policy of {year}"),
                    other => other.to_string(),
                })
            }
            (Named::Kept(..), None) => Err("no database".to_owned()),
        }
    }
}

fn compare_two(one: &str, two: &str, data: &DataArgs) -> Ended {
    let (one, two) = (Named::of(one), Named::of(two));
    let is_named = data.database_url.is_some() || data.database_url_file.is_some();
    let is_kept = [&one, &two].iter().any(|named| matches!(named, Named::Kept(..)));
    let services = if is_named || is_kept {
        Some(serve::store(data)?.services().map_err(|error| error.to_string())?)
    } else {
        None
    };
    let (one, two) = (one.load(services.as_ref())?, two.load(services.as_ref())?);
    let json = |policy: &Policy| serde_json::to_value(policy).map_err(|error| error.to_string());
    let found = differences(&json(&one)?, &json(&two)?);
    for difference in &found {
        let said = |value: &Option<serde_json::Value>| {
            value.as_ref().map_or("nothing".to_owned(), serde_json::Value::to_string)
        };
        println!(
            "{}: {} -> {}",
            difference.path,
            said(&difference.before),
            said(&difference.after)
        );
    }
    println!("{} values differ", found.len());
    let Some(services) = services else { return Ok(ExitCode::SUCCESS) };
    let mut count = 0_usize;
    let mut told = |otherwise: Otherwise| {
        count = count.saturating_add(1);
        println!("{}: {}", otherwise.subject, otherwise.changes.join("; "));
    };
    let proposals = compare::proposals(&services, &one, &two, &mut told);
    let proposals = proposals.map_err(|error| error.to_string())?;
    let allocations = compare::allocations(&services, &one, &two, &mut told);
    let allocations = allocations.map_err(|error| error.to_string())?;
    println!(
        "{count} come out otherwise, of {proposals} proposals and {allocations} allocations of {}",
        one.fiscal_year
    );
    Ok(ExitCode::SUCCESS)
}
