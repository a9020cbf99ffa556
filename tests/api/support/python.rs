//! What checks Sentra's output without Sentra, in Python.

use crate::support::process::variable;
use std::path::Path;
use std::process::{Command, Output};

/// Python with the one package that the stand-alone verifiers need; where it is not there, the test has said so.
pub fn python() -> Option<String> {
    let python = variable("SENTRA_TEST_PYTHON").unwrap_or("python3".to_owned());
    let found = Command::new(&python).args(["-c", "import cryptography"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    if variable("CI").as_deref() == Some("true") {
        panic!("no Python with the package cryptography, and this run has to cover it");
    }
    eprintln!("SKIPPED: no Python with the package cryptography");
    None
}

/// One of the tools, to be run.
pub fn tool(python: &str, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tools").join(name));
    command
}

/// What it said.
pub fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
