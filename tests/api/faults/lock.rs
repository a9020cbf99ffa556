//! Several processes at one database: one serves a SQLite file, many may migrate, anybody may verify.

use crate::on_both;
use crate::support::database::{Kind, TestDatabase};
use crate::support::served::{Served, sentra_on};
use std::process::Stdio;

#[test]
fn a_second_server_on_the_same_file_is_refused_in_clear_words() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = Served::start(&db.url(), folder.path());
    for subcommand in ["serve", "seed"] {
        let second = sentra_on(subcommand, &db.url(), folder.path()).output().expect("run");
        let said = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(1), "{subcommand}: {said}");
        assert!(said.contains("another process of Sentra uses this database"), "{said}");
    }
    crate::faults::load::verify_is_silent(&db.url(), folder.path());
    assert!(first.runs());
}

fn five_at_once(db: &TestDatabase) {
    let folder = tempfile::tempdir().expect("a folder");
    let all: Vec<_> = (0..5)
        .map(|_| {
            sentra_on("migrate", &db.url(), folder.path())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("start")
        })
        .collect();
    for one in all {
        let output = one.wait_with_output().expect("wait");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(db.number("SELECT COUNT(*) FROM regions"), 552);
    assert_eq!(db.number("SELECT COUNT(*) FROM policies"), 4);
}

#[test]
fn five_processes_migrate_an_empty_sqlite_file_at_once() {
    five_at_once(&TestDatabase::empty(Kind::Sqlite).expect("SQLite"));
}

#[test]
fn five_processes_migrate_an_empty_postgresql_database_at_once() {
    if let Some(db) = TestDatabase::empty(Kind::Postgres) {
        five_at_once(&db);
    }
}

on_both! {
    fn five_processes_may_migrate_what_is_migrated(db) {
        five_at_once(db);
    }
}
