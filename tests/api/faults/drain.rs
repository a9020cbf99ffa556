//! SIGTERM: what is in flight is answered, then the process ends well.

use crate::support::database::{Kind, TestDatabase};
use crate::support::served::{self, Served, send};
use diesel::connection::SimpleConnection;
use std::time::Duration;

#[actix_web::test]
async fn a_request_in_flight_is_answered_before_the_process_ends() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let folder = tempfile::tempdir().expect("a folder");
    let year = crate::faults::load::people(db.target());
    let mut served = Served::start(&db.url(), folder.path());
    let http = reqwest::Client::new();
    let token = served::sign_in(&http, &served.base, "drafter").await;
    let mut holder = db.connect();
    holder.batch_execute("BEGIN IMMEDIATE").expect("hold");
    let in_flight = {
        let (http, base) = (http.clone(), served.base.clone());
        let sent = served::start_proposal(&token, year, "in flight");
        actix_web::rt::spawn(async move { send(&http, &base, &sent).await })
    };
    actix_web::rt::time::sleep(Duration::from_millis(500)).await;
    served.terminate();
    actix_web::rt::time::sleep(Duration::from_millis(500)).await;
    holder.batch_execute("ROLLBACK").expect("let go");
    let answer = in_flight.await.expect("joined").expect("answered");
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(served.wait().code(), Some(0));
    assert_eq!(db.number("SELECT COUNT(*) FROM proposals"), 1);
}
