//! kill -9 under load on SQLite: what was answered is there, what was not known happens once.

use crate::faults::load::{self, Load};
use crate::support::database::{Kind, TestDatabase};
use crate::support::served::Served;
use std::time::{Duration, Instant};

async fn killed_again_and_again(times: usize) {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let folder = tempfile::tempdir().expect("a folder");
    let year = load::people(db.target());
    let mut served = Served::start(&db.url(), folder.path());
    let load = Load::new(&served.base, year).await;
    for _ in 0..times {
        let before = load.done();
        let base = served.base.clone();
        let until = Instant::now() + Duration::from_millis(rand::random_range(300..1_500));
        let killing = async {
            actix_web::rt::time::sleep(until.saturating_duration_since(Instant::now())).await;
            served.kill();
        };
        // It goes on until every client has met its cut connection.
        futures_util::future::join(load.run(&base, true, || false), killing).await;
        served = Served::start(&db.url(), folder.path());
        load.reconcile(&served.base, db.target()).await;
        assert!(load.done() > before, "nothing was done before it was killed");
    }
    load::verify_is_silent(&db.url(), folder.path());
    load::mails_are_made_once(db.target()).await;
    assert!(served.runs());
}

#[actix_web::test]
async fn what_was_answered_survives_kill_9_and_what_was_not_happens_once() {
    killed_again_and_again(3).await;
}

/// `cargo test --test api killed_twenty_times -- --ignored`
#[actix_web::test]
#[ignore = "twenty times; some minutes"]
async fn killed_twenty_times() {
    killed_again_and_again(20).await;
}
