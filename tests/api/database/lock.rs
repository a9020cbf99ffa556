//! The lock beside a SQLite file: one serving process, and none left behind by a dead one.

use crate::support::database::{Kind, TestDatabase};
use crate::support::process::{hidden_test, variable};
use sentra::storage::connection::Target;
use sentra::storage::lock;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::process::Stdio;
use std::time::Duration;

const CHILD: &str = "SENTRA_TEST_LOCK";

#[test]
fn a_second_process_is_refused_until_the_first_one_is_gone_even_when_killed() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let mut holder = hidden_test("database::lock::holds_the_lock_until_it_is_killed")
        .env(CHILD, db.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start");
    let said = BufReader::new(holder.stdout.take().expect("output"));
    let held = said.lines().any(|line| line.expect("line").contains("the lock is held"));
    assert!(held, "the other process ended without the lock");

    let refused = lock::take(db.target(), Duration::ZERO).expect_err("held by the other");
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
    assert!(refused.to_string().contains("another process of Sentra"), "{refused}");

    holder.kill().expect("kill -9");
    holder.wait().expect("gone");
    assert!(lock::take(db.target(), Duration::ZERO).expect("free").is_some());
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn holds_the_lock_until_it_is_killed() {
    let Some(url) = variable(CHILD) else { return };
    let _lock = lock::take(&Target::parse(&url).expect("target"), Duration::ZERO).expect("lock");
    println!("the lock is held");
    // Until the other side kills this process, or is itself gone.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn a_lock_given_back_can_be_taken_again_and_postgresql_needs_none() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let first = lock::take(db.target(), Duration::ZERO).expect("free");
    assert!(first.is_some());
    assert!(lock::take(db.target(), Duration::ZERO).is_err(), "also within one process");
    drop(first);
    assert!(lock::take(db.target(), Duration::ZERO).expect("free again").is_some());
    let elsewhere = Target::Postgres("postgres://nowhere.invalid/x".to_owned());
    assert!(lock::take(&elsewhere, Duration::ZERO).expect("none needed").is_none());
}
