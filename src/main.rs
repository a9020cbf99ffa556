//! The binary: see `sentra --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sentra::cli::run()
}
