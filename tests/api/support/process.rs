//! Other processes: this test binary once more, running one hidden test.

use std::process::Command;

/// A command that runs one `#[ignore]`d test of this binary in a process of its own. What the test has to know
/// comes through its environment; without it, it does nothing.
pub fn hidden_test(path: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test binary"));
    command.args(["--exact", path, "--ignored", "--nocapture", "--test-threads", "1"]);
    command
}

/// A variable of the environment, if it is set.
pub fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.into_string().expect("UTF-8"))
}
