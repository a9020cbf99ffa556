//! `sentra migrate`: brings the database to this version, or takes it down.

use crate::app::config::DataArgs;
use crate::cli::{Ended, serve};
use std::process::ExitCode;
use std::time::Duration;

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DataArgs,
    /// Take every table away again; refused where audit rows exist.
    #[arg(long)]
    down: bool,
}

/// How long to wait for another process that migrates the same SQLite file.
const PATIENCE: Duration = Duration::from_secs(30);

/// Migrates.
pub fn run(args: &Args) -> Ended {
    let store = serve::store(&args.data)?;
    let _lock = store.lock(PATIENCE).map_err(|error| error.to_string())?;
    if args.down {
        store.take_down().map_err(|error| error.to_string())?;
        println!("The tables are gone.");
    } else {
        store.migrate().map_err(|error| error.to_string())?;
        println!("The database is at this version.");
    }
    Ok(ExitCode::SUCCESS)
}
