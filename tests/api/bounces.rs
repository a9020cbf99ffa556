//! An address that a relay refuses: marked, shown, left alone, and put right by an administrator.

use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::client::text;
use crate::support::database::Kind;
use crate::support::life::CONSTRUCTION;
use crate::support::mails::backlog;
use crate::support::smtp::{Answer, SmtpServer, Stage};
use sentra::app::{Serving, mail_worker};
use sentra::domain::people::Role;
use sentra::worker::mail::{Counts, MailWorker};
use serde_json::{Value, json};
use std::path::Path;

const NOBODY: &str = "550 5.1.1 nobody of that name";

fn worker(app: &TestApp, server: &SmtpServer, folder: &Path) -> MailWorker {
    let mut serving = Serving::new(String::new(), folder);
    serving.smtp_url = Some(server.url());
    mail_worker(&app.services, &serving, "https://sentra.example").expect("a mail worker")
}

fn deliver(worker: &MailWorker) -> Counts {
    worker.drain(20).expect("drained")
}

on_both! {
    async fn a_refused_address_is_marked_and_left_alone_until_an_administrator_changes_it(db) {
        let app = TestApp::on(db);
        let (server, folder) = (SmtpServer::start().expect("a relay"), tempfile::tempdir().expect("a folder"));
        let worker = worker(&app, &server, folder.path());
        let (planner, administrator) = (app.of(Role::Planner, HOME).await, app.of(Role::Administrator, HOME).await);
        let pattern = format!("<{}>", planner.email);
        server.on(Stage::Recipient, &pattern, Answer::Say(NOBODY), usize::MAX);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        deliver(&worker);
        let path = format!("/users/{}", planner.id);
        let seen = app.get(&administrator, &path).await;
        assert!(seen.json()["address_refused_at"].is_string(), "{}", seen.json());
        assert_eq!(seen.json()["address_refused_reply"], NOBODY);
        assert!(app.get(&planner, "/me").await.is(200)["address_refused_at"].is_string());
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'user.address_refused'";
        assert_eq!(app.database.number(events), 1);

        // A second message to it is made, and given up without being tried.
        life.act(Role::Planner, json!({ "action": "return", "comment": "Lengkapi." })).await.is(200);
        life.act(Role::Drafter, json!({ "action": "request_planning_check" })).await.is(200);
        deliver(&worker);
        let dead = format!("/outbox?state=dead&address={}", planner.email.to_uppercase());
        let page = app.get(&administrator, &dead).await.is(200);
        let items = page["items"].as_array().expect("items").clone();
        assert_eq!(items.len(), 2, "{page}");
        assert!(text(&items[0]["last_reply"]).starts_with("address refused on "), "{page}");
        assert_eq!((&items[0]["attempts"], items[0]["history"].as_array().map(Vec::len)), (&json!(0), Some(0)));
        assert_eq!(items[1]["history"][0]["reply"], NOBODY);
        let summary = app.get(&administrator, "/outbox/summary").await.is(200);
        assert_eq!((&summary["dead"], &summary["addresses_refused"]), (&json!(2), &json!(1)));
        assert_eq!((&summary["queued"], &summary["oldest_seconds"]), (&json!(0), &json!(0)));

        // While it is marked, nothing is sent again.
        let mail = format!("/outbox/{}", text(&items[0]["id"]));
        let resend = format!("{mail}/resend");
        let version = app.get(&administrator, &mail).await.version();
        app.post(&administrator, &resend, json!({})).if_match(version).await.refused(409, &["address_refused"]);
        let twice = app.patch(&administrator, &path, json!({ "address_refused": true })).if_match(seen.version()).await;
        twice.is(422);
        assert_eq!(twice.pointers(), ["/address_refused"]);
        let taken = json!({ "email": administrator.email });
        let taken = app.patch(&administrator, &path, taken).if_match(seen.version()).await;
        taken.is(422);
        assert_eq!(taken.pointers(), ["/email"]);
        let moved = json!({ "email": "Perencana.Baru@Sentra.example" });
        let moved = app.patch(&administrator, &path, moved).if_match(seen.version()).await;
        assert_eq!(moved.is(200)["email"], "perencana.baru@sentra.example");
        assert!(moved.json()["address_refused_at"].is_null() && moved.json()["address_refused_reply"].is_null());

        app.post(&administrator, &resend, json!({})).if_match(version).await.is(200);
        assert_eq!(deliver(&worker).sent, 1);
        let last = server.received().pop().expect("a message");
        assert_eq!(last.to, ["RCPT TO:<perencana.baru@sentra.example>"]);
        assert_eq!(app.get(&administrator, &mail).await.is(200)["state"], "sent");
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_mark_that_was_wrong_is_cleared_and_a_full_mailbox_makes_none(db) {
        let app = TestApp::on(db);
        let (server, folder) = (SmtpServer::start().expect("a relay"), tempfile::tempdir().expect("a folder"));
        let worker = worker(&app, &server, folder.path());
        let (planner, administrator) = (app.of(Role::Planner, HOME).await, app.of(Role::Administrator, HOME).await);
        let path = format!("/users/{}", planner.id);
        let pattern = format!("<{}>", planner.email);
        server.on(Stage::Recipient, &pattern, Answer::Say("552 5.2.2 mailbox full"), 1);
        server.on(Stage::Recipient, &pattern, Answer::Say(NOBODY), 1);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        deliver(&worker);
        assert!(app.get(&administrator, &path).await.is(200)["address_refused_at"].is_null());
        for _ in 0..2 {
            life.act(Role::Planner, json!({ "action": "return", "comment": "Lengkapi." })).await.is(200);
            life.act(Role::Drafter, json!({ "action": "request_planning_check" })).await.is(200);
            deliver(&worker);
            let seen = app.get(&administrator, &path).await;
            if seen.is(200)["address_refused_at"].is_string() {
                let body = json!({ "address_refused": false });
                let cleared = app.patch(&administrator, &path, body).if_match(seen.version()).await;
                assert!(cleared.is(200)["address_refused_at"].is_null());
            }
        }
        let states = |state: &str| {
            let of = format!("user_id = '{}' AND state = '{state}'", planner.id);
            app.database.number(&format!("SELECT COUNT(*) FROM mails WHERE {of}"))
        };
        assert_eq!((states("dead"), states("sent"), states("queued")), (2, 1, 0));
    }

    async fn the_outbox_is_searched_by_what_a_message_is_about(db) {
        let app = TestApp::on(db);
        let (server, folder) = (SmtpServer::start().expect("a relay"), tempfile::tempdir().expect("a folder"));
        let worker = worker(&app, &server, folder.path());
        let (planner, administrator) = (app.of(Role::Planner, HOME).await, app.of(Role::Administrator, HOME).await);
        let one = CONSTRUCTION.at(&app, "planning_check").await;
        let other = CONSTRUCTION.at(&app, "planning_check").await;
        deliver(&worker);
        let count = async |query: &str| {
            let page = app.get(&administrator, &format!("/outbox?{query}")).await.is(200);
            page["items"].as_array().expect("items").len()
        };
        let all = count(&format!("user_id={}", planner.id)).await;
        assert_eq!(all, 2);
        for life in [&one, &other] {
            assert_eq!(count(&format!("user_id={}&proposal_id={}", planner.id, life.id)).await, 1);
        }
        assert_eq!(count(&format!("event=request_planning_check&user_id={}", planner.id)).await, 2);
        assert_eq!(count("event=close").await, 0);
        let later = app.clock.now().after(chrono::TimeDelta::seconds(1));
        let later = serde_json::to_value(later).expect("a moment");
        assert_eq!(count(&format!("since={}", text(&later))).await, 0);
        assert_eq!(count("since=2020-01-01T00:00:00Z&limit=200").await, count("limit=200").await);
        for wrong in ["event=shout", "since=yesterday", "user_id=1", "proposal_id=x", "state=lost"] {
            app.get(&administrator, &format!("/outbox?{wrong}")).await.is(422);
        }
        app.get(&planner, "/outbox/summary").await.refused(403, &["role_missing"]);
    }

    async fn what_an_incident_ended_is_sent_again_in_one_call(db) {
        let app = TestApp::on(db);
        let (server, folder) = (SmtpServer::start().expect("a relay"), tempfile::tempdir().expect("a folder"));
        let worker = worker(&app, &server, folder.path());
        let (planner, administrator) = (app.of(Role::Planner, HOME).await, app.of(Role::Administrator, HOME).await);
        backlog(&app.database, planner.id.parse().expect("an id"), 25);
        app.database.execute("UPDATE mails SET state = 'dead', attempts = 1, last_reply = '554 no'");
        let path = "/outbox/resend";
        let resend = |body: Value| app.post(&administrator, path, body);
        resend(json!({ "state": "dead" })).no_key().await.is(400);
        app.post(&planner, path, json!({ "state": "dead" })).await.refused(403, &["role_missing"]);
        for (body, pointer) in [
            (json!({ "state": "queued" }), "/state"),
            (json!({ "state": "dead", "limit": 0 }), "/limit"),
            (json!({ "state": "dead", "limit": 10_001 }), "/limit"),
            (json!({ "state": "dead", "address": "x".repeat(255) }), "/address"),
            (json!({ "state": "dead", "since": null }), "/since"),
        ] {
            let refused = resend(body).await;
            refused.is(422);
            assert_eq!(refused.pointers(), [pointer]);
        }
        let found = |queued: i64, more: bool, left: i64| json!({ "queued": queued, "more": more, "left": left });
        for other in [
            json!({ "state": "dead", "user_id": administrator.id }),
            json!({ "state": "dead", "event": "close" }),
            json!({ "state": "dead", "address": administrator.email }),
            json!({ "state": "dead", "proposal_id": administrator.id }),
            json!({ "state": "dead", "since": app.clock.now() }),
        ] {
            assert_eq!(resend(other).await.is(200), found(0, false, 0));
        }
        // Ten, the oldest, however often it is asked under one key.
        let ten = json!({ "state": "dead", "user_id": planner.id, "event": "submit", "limit": 10 });
        for replayed in [None, Some("true")] {
            let answer = resend(ten.clone()).key("ten").await;
            assert_eq!(answer.is(200), found(10, true, 15));
            assert_eq!(answer.header("Idempotency-Replayed"), replayed);
        }
        let order = "(SELECT MAX(id) FROM mails WHERE state = 'queued') < (SELECT MIN(id) FROM mails WHERE state = 'dead')";
        assert_eq!(app.database.number(&format!("SELECT COUNT(*) FROM users WHERE id = '{}' AND {order}", planner.id)), 1);
        // What cannot arrive is left where it is.
        let seen = app.get(&administrator, &format!("/users/{}", planner.id)).await;
        let disabled = |value: bool, version: i64| {
            app.patch(&administrator, &format!("/users/{}", planner.id), json!({ "disabled": value })).if_match(version)
        };
        let version = disabled(true, seen.version()).await.version();
        assert_eq!(resend(json!({ "state": "dead" })).await.is(200), found(0, false, 15));
        let mail = app.get(&administrator, "/outbox?state=dead&limit=1").await.is(200)["items"][0].clone();
        let one = app.post(&administrator, &format!("/outbox/{}/resend", text(&mail["id"])), json!({}));
        one.if_match(&mail["version"]).await.refused(409, &["user_disabled"]);
        disabled(false, version).await.is(200);
        assert_eq!(resend(json!({ "state": "dead" })).await.is(200), found(15, false, 0));
        assert_eq!(deliver(&worker).sent, 25);
        assert_eq!(server.received().len(), 25);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'outbox.resend' AND outcome = 'done'";
        assert_eq!(app.database.number(events), 8);
        let said = "SELECT COUNT(*) FROM audit_events WHERE action = 'outbox.resend' AND content LIKE '%\"queued\":15%'";
        assert_eq!(app.database.number(said), 1);
    }

    async fn a_notice_without_a_message_is_counted_and_told(db) {
        let app = TestApp::on(db);
        let administrator = app.of(Role::Administrator, HOME).await;
        app.deliver();
        let quiet = app.get(&administrator, "/outbox/summary").await.is(200);
        assert_eq!((&quiet["notices_pending"], &quiet["notices_stuck"], &quiet["stuck"]), (&json!(0), &json!(0), &json!([])));
        let id = uuid::Uuid::now_v7();
        let then = match app.database.kind {
            Kind::Sqlite => "'2020-01-01 00:00:00'",
            Kind::Postgres => "TIMESTAMP '2020-01-01 00:00:00'",
        };
        app.database.execute(&format!(
            "INSERT INTO notices (id, event, facts, event_id, created_at) VALUES ('{id}', 'submit', '{{}}', '{id}', {then}); \
             INSERT INTO notice_pending (notice_id) VALUES ('{id}')"
        ));
        let waits = app.get(&administrator, "/outbox/summary").await.is(200);
        assert_eq!((&waits["notices_pending"], &waits["notices_stuck"]), (&json!(1), &json!(0)));
        assert!(waits["notices_oldest_seconds"].as_i64().expect("seconds") > 86_400, "{waits}");
        assert_eq!(app.deliver().mails, 0);
        let stuck = app.get(&administrator, "/outbox/summary").await.is(200);
        assert_eq!((&stuck["notices_pending"], &stuck["notices_stuck"]), (&json!(1), &json!(1)));
        assert_eq!(stuck["stuck"][0]["notice_id"], id.to_string());
        assert!(text(&stuck["stuck"][0]["reason"]).contains("missing field"), "{stuck}");
        let metrics = app.call(reqwest::Method::GET, "/metrics").await;
        let metrics = String::from_utf8_lossy(&metrics.bytes).into_owned();
        for name in ["sentra_mail_notices_pending", "sentra_mail_notices_stuck", "sentra_mail_notices_oldest_seconds"] {
            assert!(metrics.contains(name), "{name}");
        }
    }
}
