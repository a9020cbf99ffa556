//! Mail while the database hiccups: what the relay has, or thinks about, is neither sent by another nor sent again.

use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::database::{Kind, TestDatabase};
use crate::support::mails::backlog;
use crate::support::smtp::{Answer, SmtpServer, Stage};
use chrono::TimeDelta;
use sentra::app::{Serving, mail_worker};
use sentra::domain::people::Role;
use sentra::worker::mail::MailWorker;
use std::path::Path;
use std::time::{Duration, Instant};

const LEASE: Duration = Duration::from_millis(1_500);
const SENT: &str = "SELECT COUNT(*) FROM mails WHERE state = 'sent'";

/// A worker whose leases are short; told to stop, it waits for nobody.
fn leasing_worker(app: &TestApp, url: &str, folder: &Path) -> MailWorker {
    let mut serving = Serving::new(String::new(), folder);
    serving.smtp_url = Some(url.to_owned());
    serving.mail.idle = Duration::from_millis(20);
    serving.mail.lease = LEASE;
    serving.mail.grace = Duration::ZERO;
    mail_worker(&app.services, &serving, "https://sentra.example").expect("a mail worker")
}

/// The database does not take such writes, until the trigger is dropped.
fn refuse(db: &TestDatabase, table: &str, write: &str, when: &str) {
    let name = format!("{table}_away BEFORE {write} ON {table}");
    match db.kind {
        Kind::Sqlite => db.execute(&format!(
            "CREATE TRIGGER {name} WHEN {when} BEGIN SELECT RAISE(ABORT, 'database is locked'); END"
        )),
        Kind::Postgres => db.execute(&format!(
            "CREATE OR REPLACE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'the database system is away'; END; $$; \
             CREATE TRIGGER {name} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION away()"
        )),
    }
}

/// An application with one message that waits, and a relay that thinks about it.
async fn one_that_takes_long(db: TestDatabase, think: Duration) -> (TestApp, SmtpServer) {
    let app = TestApp::on(db);
    let person = app.of(Role::Drafter, HOME).await;
    backlog(&app.database, person.id.parse().expect("an id"), 1);
    let server = SmtpServer::start().expect("a relay");
    server.on(Stage::Taken, "", Answer::Think(think), 1);
    (app, server)
}

fn until_it_has_one(server: &SmtpServer) {
    let started = Instant::now();
    while server.taken() == 0 {
        assert!(started.elapsed() < Duration::from_secs(20), "nothing is sent");
        std::thread::sleep(Duration::from_millis(10));
    }
}

on_both! {
    async fn what_the_relay_thinks_about_stays_in_hand_when_nothing_can_be_leased(db) {
        let (app, server) = one_that_takes_long(db, Duration::from_secs(4)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let first = leasing_worker(&app, &server.url(), folder.path());
        let second = leasing_worker(&app, &server.url(), folder.path());
        let run = std::thread::spawn(move || first.run_once());
        until_it_has_one(&server);
        // Another message is due, and can't be leased for a while.
        let spare = app.of(Role::Planner, HOME).await;
        refuse(&app.database, "mails", "UPDATE", "NEW.leased_by IS NOT NULL AND OLD.leased_by IS NULL");
        app.database.execute(&format!(
            "INSERT INTO mails (id, notice_id, user_id, address, language, subject, text_body, html_body, message_id, \
             dated_at, state, attempts, next_attempt_at, created_at, version) \
             SELECT replace(id, '01900000', '01900001'), notice_id, '{}', '{}', language, subject, text_body, html_body, \
             '<b@sentra.example>', dated_at, 'queued', 0, dated_at, created_at, 1 FROM mails",
            spare.id, spare.email
        ));
        std::thread::sleep(Duration::from_millis(300));
        app.database.execute("DELETE FROM mails WHERE message_id = '<b@sentra.example>'");
        app.database.drop_trigger("mails", "away");
        for _ in 0..6 {
            std::thread::sleep(Duration::from_millis(500));
            app.clock.advance_to(app.clock.now().after(TimeDelta::milliseconds(500)));
            assert_eq!(second.run_once().expect("a run").attempts(), 0, "it is in other hands");
        }
        let _ = run.join().expect("it ended");
        assert_eq!((server.received().len(), app.database.number(SENT)), (1, 1));
    }

    async fn an_attempt_is_recorded_however_long_the_database_takes_no_writes(db) {
        let (app, server) = one_that_takes_long(db, Duration::from_millis(1_500)).await;
        let folder = tempfile::tempdir().expect("a folder");
        let worker = leasing_worker(&app, &server.url(), folder.path());
        let run = std::thread::spawn(move || (worker.drain(10), worker));
        until_it_has_one(&server);
        refuse(&app.database, "mail_attempts", "INSERT", "NEW.reply IS NOT NULL");
        refuse(&app.database, "mails", "UPDATE", "NEW.version IS NOT NULL");
        for _ in 0..8 {
            std::thread::sleep(Duration::from_millis(500));
            app.clock.advance_to(app.clock.now().after(TimeDelta::seconds(2)));
        }
        for table in ["mail_attempts", "mails"] {
            app.database.drop_trigger(table, "away");
        }
        let (drained, worker) = run.join().expect("it ended");
        drained.expect("drained");
        app.clock.advance_to(app.clock.now().after(TimeDelta::minutes(9)));
        worker.drain(10).expect("drained");
        assert_eq!((server.received().len(), app.database.number(SENT)), (1, 1));
        assert_eq!(app.database.number("SELECT COUNT(*) FROM mail_attempts"), 1);
    }
}
