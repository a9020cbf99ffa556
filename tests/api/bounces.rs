//! An address that a relay refuses: marked, shown, left alone, and put right by an administrator.

use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::client::text;
use crate::support::life::CONSTRUCTION;
use crate::support::smtp::{Answer, SmtpServer, Stage};
use sentra::app::{Serving, mail_worker};
use sentra::domain::people::Role;
use sentra::worker::mail::{Counts, MailWorker};
use serde_json::json;
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
}
