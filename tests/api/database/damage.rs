//! A damaged file ends the process, with its own exit code, before more harm is done.

use crate::support::database::{Failed, Kind, TestDatabase, number, write};
use crate::support::process::{hidden_test, variable};
use sentra::storage::connection::Target;
use sentra::storage::{Database, DbError, PoolSettings};
use std::os::unix::fs::FileExt;
use std::process::Stdio;

const CHILD: &str = "SENTRA_TEST_DAMAGED";
const COUNT: &str = "SELECT COUNT(*) FROM regions WHERE name <> ''";

#[test]
fn a_damaged_page_ends_the_process_that_finds_it() {
    for doing in ["reading", "writing"] {
        let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
        let page_bytes = db.number("SELECT page_size FROM pragma_page_size()");
        let root = db.number("SELECT rootpage FROM sqlite_master WHERE name = 'regions'");
        let file = std::fs::OpenOptions::new().write(true).open(db.path()).expect("the file");
        let offset = u64::try_from((root - 1) * page_bytes).expect("a position");
        file.write_all_at(&[0xAB; 512], offset).expect("damage it");
        let output = hidden_test("database::damage::meets_the_damage_in_a_process_of_its_own")
            .env(CHILD, format!("{doing} {}", db.url()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .expect("run");
        assert_eq!(output.status.code(), Some(74), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn meets_the_damage_in_a_process_of_its_own() {
    let Some(told) = variable(CHILD) else { return };
    let (doing, url) = told.split_once(' ').expect("what and where");
    let database = Database::new(Target::parse(url).expect("target"), PoolSettings::default());
    let outcome = match doing {
        "reading" => database.read(|c| number(c, COUNT).map_err(Failed::from)),
        _ => write(&database, |c| number(c, COUNT).map_err(Failed::from)),
    };
    panic!("it went on, with {outcome:?}");
}

#[test]
fn a_file_that_is_no_database_is_never_opened() {
    let db = TestDatabase::empty(Kind::Sqlite).expect("SQLite");
    std::fs::write(db.path(), "this is a text, and a long one at that, of no use to anyone at all")
        .expect("write");
    let settings = PoolSettings { size: 1, wait: std::time::Duration::from_millis(500) };
    let outcome = write(&db.pools(settings), |_| Ok(()));
    match outcome {
        Err(Failed::Db(DbError::Unavailable(message))) => {
            assert!(message.contains("not a database"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}
