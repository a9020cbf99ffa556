//! A disk that is full: writes answer 507, reads go on, nothing is lost, and with space again it goes on by itself.

use crate::support::database::{Failed, write};
use crate::support::disk::SmallDisk;
use crate::support::process::{hidden_test, variable};
use crate::support::served::{self, Served};
use sentra::storage::connection::Target;
use sentra::storage::{Database, DbError, PoolSettings, migrate};
use std::fs;

#[actix_web::test]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount(12) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = disk.path().join("sentra.db");
    let target = Target::Sqlite(path.clone());
    let url = path.display().to_string();
    let year = {
        migrate::up(&target, None, sentra::service::clock::Clock::System.now()).expect("migrate");
        let sv = served::services(&target, sentra::service::clock::Clock::System);
        served::hire(&sv, "drafter", &["drafter@18.71"]);
        served::open_year(&sv)
    };
    let mut served = Served::start(&url, folder.path());
    let http = reqwest::Client::new();
    let token = served::sign_in(&http, &served.base, "drafter").await;
    let mut done = Vec::new();
    let mut filler = None;
    let mut refused = 0;
    for n in 0..400 {
        if n == 5 {
            filler = Some(disk.fill());
        }
        let sent = served::start_proposal(&token, year, &format!("No. {n}"));
        let answer = served::send(&http, &served.base, &sent).await.expect("answered");
        match answer.status {
            201 => done.push((sent, answer)),
            507 => {
                assert_eq!(answer.code(), "storage_full");
                let list = served::get("/proposals?limit=200", &token);
                let list = served::send(&http, &served.base, &list).await.expect("answered");
                assert_eq!(list.status, 200, "{}", list.body);
                assert_eq!(
                    list.json()["items"].as_array().map(Vec::len),
                    Some(done.len().min(200))
                );
                refused += 1;
            }
            other => panic!("{other} {}", answer.body),
        }
        if refused == 5 {
            break;
        }
    }
    assert_eq!(refused, 5, "the disk was never full");
    fs::remove_file(filler.expect("filled")).expect("make room");
    let sent = served::start_proposal(&token, year, "after");
    let answer = served::send(&http, &served.base, &sent).await.expect("answered");
    assert_eq!(answer.status, 201, "{}", answer.body);
    for (sent, answer) in &done {
        let again = served::send(&http, &served.base, sent).await.expect("answered");
        assert_eq!((again.status, &again.body), (answer.status, &answer.body), "nothing is lost");
    }
    assert!(served.runs());
    crate::faults::load::verify_is_silent(&url, folder.path());
}

/// What the tests in other processes are told.
const CHILD: &str = "SENTRA_TEST_IO_ERROR";

#[test]
fn an_io_error_for_want_of_space_is_a_full_disk_and_no_damage() {
    let Some(disk) = SmallDisk::mount(8) else { return };
    let target = Target::Sqlite(disk.path().join("sentra.db"));
    migrate::up(&target, None, sentra::service::clock::Clock::System.now()).expect("migrate");
    let database = Database::new(target, PoolSettings::default());
    write(&database, |_| Ok(())).expect("there is room");
    let filler = disk.fill();
    // As SQLite says it when its shared memory can't grow.
    let outcome = write(&database, |_| -> Result<(), Failed> {
        Err(DbError::Damaged("disk I/O error".to_owned()).into())
    });
    assert!(matches!(outcome, Err(Failed::Db(DbError::Full(_)))), "{outcome:?}");
    fs::remove_file(filler).expect("make room");
}

#[test]
fn an_io_error_with_space_left_ends_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = hidden_test("faults::disk_full::meets_an_io_error_in_a_process_of_its_own")
        .env(CHILD, folder.path().join("sentra.db"))
        .output()
        .expect("run");
    assert_eq!(output.status.code(), Some(74), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn meets_an_io_error_in_a_process_of_its_own() {
    let Some(path) = variable(CHILD) else { return };
    let database = Database::new(Target::Sqlite(path.into()), PoolSettings::default());
    let outcome = write(&database, |_| -> Result<(), Failed> {
        Err(DbError::Damaged("disk I/O error".to_owned()).into())
    });
    panic!("it went on, with {outcome:?}");
}
