//! Too much at once: who can't have a turn is told so soon, and when to come again.

use crate::on_both;
use crate::support::database::Kind;
use crate::support::served::{self, send};
use diesel::connection::SimpleConnection;
use sentra::app::{self, Serving, Store};
use sentra::http::state::Bounds;
use sentra::service::password::HashSettings;
use std::time::{Duration, Instant};

on_both! {
    async fn a_request_without_a_turn_is_told_to_come_again(db) {
        let year = crate::faults::load::people(db.target());
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::new(db.target().clone());
        store.hash = HashSettings { memory_kib: 64, iterations: 1, ..HashSettings::default() };
        let serving = Serving {
            bounds: Bounds { at_work: 1, ..Bounds::default() },
            workers: false,
            ..Serving::new("127.0.0.1:0".to_owned(), folder.path())
        };
        let running = app::start(store.open().expect("open"), &serving).expect("start");
        let (base, handle) = (format!("http://{}", running.address), running.server.handle());
        let server = actix_web::rt::spawn(running.serve());
        let http = reqwest::Client::new();
        let token = served::sign_in(&http, &base, "drafter").await;

        let mut holder = db.connect();
        holder
            .batch_execute(match db.kind {
                Kind::Sqlite => "BEGIN IMMEDIATE",
                Kind::Postgres => "BEGIN; LOCK TABLE proposals IN EXCLUSIVE MODE",
            })
            .expect("hold");
        let waiting = {
            let (http, base) = (http.clone(), base.clone());
            let sent = served::start_proposal(&token, year, "waits");
            actix_web::rt::spawn(async move { send(&http, &base, &sent).await })
        };
        actix_web::rt::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..3 {
            let started = Instant::now();
            let answer = send(&http, &base, &served::get("/me", &token)).await.expect("answered");
            assert_eq!((answer.status, answer.code().as_str()), (503, "busy"));
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
            if waiting.is_finished() {
                break;
            }
        }
        holder.batch_execute("ROLLBACK").expect("let go");
        let answer = waiting.await.expect("joined").expect("answered");
        // On a slow machine its own wait may have come to an end before.
        assert!(answer.status == 201 || answer.code() == "busy", "{}", answer.body);
        let answer = send(&http, &base, &served::get("/me", &token)).await.expect("answered");
        assert_eq!(answer.status, 200);
        handle.stop(true).await;
        server.await.expect("joined").expect("ended well");
    }
}
