//! Mail while things go wrong: the process is killed, the relay is away, two processes send from one database. Nothing is
//! lost, nothing is sent twice but what was in doubt when a process died, and then with the same bytes.

use crate::on_both;
use crate::support::app::{HOME, Person, TestApp};
use crate::support::database::{Kind, TestDatabase};
use crate::support::mails::{backlog, by_id};
use crate::support::served::{self, Served};
use crate::support::smtp::{Answer, SmtpServer, Stage};
use chrono::TimeDelta;
use sentra::app::{Serving, mail_worker};
use sentra::domain::ids::UserId;
use sentra::domain::people::Role;
use sentra::service::clock::Clock;
use sentra::worker::mail::MailWorker;
use std::path::Path;
use std::time::{Duration, Instant};

const QUEUED: &str = "SELECT COUNT(*) FROM mails WHERE state = 'queued'";
const SENT: &str = "SELECT COUNT(*) FROM mails WHERE state = 'sent'";

fn recipient(db: &TestDatabase) -> UserId {
    let sv = served::services(db.target(), Clock::System);
    served::hire(&sv, "penerima", &["drafter@18.71"])
}

fn until_none_waits(db: &TestDatabase, patience: Duration) {
    let started = Instant::now();
    while db.number(QUEUED) > 0 {
        assert!(started.elapsed() < patience, "{} messages wait", db.number(QUEUED));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Kills the process so many times while it sends; at most `in_doubt` messages come twice for each. The relay thinks for so
/// long after each final dot.
fn killed(times: usize, messages: usize, (in_doubt, think): (usize, Duration), more: &[&str]) {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let folder = tempfile::tempdir().expect("a folder");
    backlog(&db, recipient(&db), messages);
    let server = SmtpServer::start().expect("a relay");
    server.on(Stage::Taken, "", Answer::Think(think), usize::MAX);
    let url = server.url();
    // Slowly enough that there is something to send whenever it is killed.
    let mut arguments = vec!["--smtp-url", &url, "--smtp-per-minute", "9000"];
    arguments.extend(more);
    for _ in 0..times {
        let mut process = Served::start_with(&db.url(), folder.path(), &arguments);
        std::thread::sleep(Duration::from_millis(rand::random_range(100..700)));
        process.kill();
    }
    assert!(db.number(QUEUED) > 0, "all was sent before the last kill");
    let process = Served::start_with(&db.url(), folder.path(), &arguments);
    until_none_waits(&db, Duration::from_secs(600));
    drop(process);
    let counts = by_id(&server.received());
    let total: usize = counts.values().sum();
    println!("{times} kills, {think:?} after the dot: {} messages came twice", total - messages);
    assert_eq!(counts.len(), messages, "lost");
    assert!(total - messages <= times * in_doubt, "{} doubles", total - messages);
    assert_eq!(usize::try_from(db.number(SENT)), Ok(messages));
}

const QUICK: Duration = Duration::ZERO;
const SLOW: Duration = Duration::from_millis(200);

#[test]
fn a_kill_doubles_one_message_at_the_most_and_loses_none() {
    killed(3, 600, (1, QUICK), &[]);
}

#[test]
fn a_kill_doubles_one_message_at_the_most_also_where_the_relay_takes_its_time() {
    killed(4, 40, (1, SLOW), &[]);
}

#[test]
fn a_kill_doubles_no_more_messages_than_may_be_in_doubt() {
    killed(3, 100, (4, SLOW), &["--smtp-in-doubt", "4"]);
}

/// `cargo test --test api killed_a_hundred_times -- --ignored --nocapture`
#[test]
#[ignore = "a hundred times; some minutes"]
fn killed_a_hundred_times_while_it_sends() {
    killed(100, 12_000, (1, QUICK), &[]);
    killed(100, 600, (1, SLOW), &[]);
}

fn two_processes(messages: usize) {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    backlog(&db, recipient(&db), messages);
    let server = SmtpServer::start().expect("a relay");
    let url = server.url();
    let arguments = ["--smtp-url", &url];
    let processes =
        folders.each_ref().map(|folder| Served::start_with(&db.url(), folder.path(), &arguments));
    until_none_waits(&db, Duration::from_secs(300));
    drop(processes);
    let counts = by_id(&server.received());
    assert_eq!((counts.len(), counts.values().sum::<usize>()), (messages, messages));
    let workers = "SELECT COUNT(*) FROM mail_attempts WHERE outcome <> 'sent'";
    assert_eq!(db.number(workers), 0);
}

#[test]
fn two_processes_on_one_database_send_each_message_once() {
    two_processes(500);
}

/// `cargo test --test api two_processes_send_ten_thousand -- --ignored`
#[test]
#[ignore = "ten thousand messages"]
fn two_processes_send_ten_thousand_messages_once() {
    two_processes(10_000);
}

fn worker(app: &TestApp, url: &str, folder: &Path) -> MailWorker {
    let mut serving = Serving::new(String::new(), folder);
    serving.smtp_url = Some(url.to_owned());
    serving.mail.idle = Duration::from_millis(20);
    mail_worker(&app.services, &serving, "https://sentra.example").expect("a mail worker")
}

/// The median time of a read and a write, in microseconds.
async fn pace_of(app: &TestApp, person: &Person) -> u128 {
    let mut times = Vec::new();
    for n in 0..40 {
        let started = Instant::now();
        app.get(person, "/me").await.is(200);
        let body = serde_json::json!({
            "label": format!("token {n}"), "scope": "read", "expires_at": app.clock.now().after(TimeDelta::days(9)),
        });
        let made = app.post(person, "/tokens", body).await.is(201);
        let id = made["id"].as_str().expect("an id").to_owned();
        app.delete(person, &format!("/tokens/{id}")).await;
        times.push(started.elapsed().as_micros());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// Nothing is lost or doubled, and whoever works meanwhile is answered; how fast is told by what is returned: the pace
/// without mail, and the pace while the relay is away.
async fn relay_away(db: TestDatabase, messages: usize) -> (u128, u128) {
    let app = TestApp::on(db);
    let person = app.of(Role::Drafter, HOME).await;
    backlog(&app.database, person.id.parse().expect("an id"), messages);
    let server = SmtpServer::start().expect("a relay");
    let (url, address) = (server.url(), server.address());
    drop(server);
    let folder = tempfile::tempdir().expect("a folder");
    let worker = worker(&app, &url, folder.path());
    let quiet = pace_of(&app, &person).await;
    // An hour, half a minute at a time, while somebody works.
    let clock = app.clock.clone();
    let runs = std::thread::spawn(move || {
        for _ in 0..120 {
            assert_eq!(worker.run_once().expect("a run").attempts(), 0);
            clock.advance_to(clock.now().after(TimeDelta::seconds(30)));
        }
        worker
    });
    let away = pace_of(&app, &person).await;
    let worker = runs.join().expect("an hour");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM mail_attempts"), 0);
    assert_eq!(usize::try_from(app.database.number(QUEUED)), Ok(messages));
    let server = SmtpServer::start_at(address).expect("it is back");
    app.clock.advance_to(app.clock.now().after(TimeDelta::minutes(2)));
    let drained = worker.drain(1_000).expect("drained");
    assert_eq!(drained.sent, messages, "{drained:?}");
    let counts = by_id(&server.received());
    assert_eq!((counts.len(), counts.values().sum::<usize>()), (messages, messages));
    assert_eq!(app.database.number(QUEUED), 0);
    (quiet, away)
}

on_both! {
    async fn a_relay_that_is_away_for_an_hour_costs_nothing_but_the_hour(db) {
        relay_away(db, 500).await;
    }

    /// `cargo test --test api ten_thousand_messages_wait -- --ignored --nocapture`
    #[ignore = "ten thousand messages, and a pace that other tests would disturb"]
    async fn ten_thousand_messages_wait_for_a_relay_that_is_away(db) {
        let (quiet, away) = relay_away(db, 10_000).await;
        println!("a read and two writes: {quiet} µs without mail, {away} µs while the relay is away");
        assert!(away <= quiet * 2 + 2_000, "{away} µs instead of {quiet} µs");
    }
}

/// `SENTRA_FIGURES_MAILS=50000 cargo test --release --test api mails_a_second -- --ignored --nocapture`
#[test]
#[ignore = "prints figures; it holds memory to be flat"]
fn mails_a_second_and_the_memory_that_they_take() {
    let messages = crate::support::process::variable("SENTRA_FIGURES_MAILS")
        .map_or(50_000, |count| count.parse().expect("a number"));
    let per_minute = crate::support::process::variable("SENTRA_FIGURES_PER_MINUTE")
        .map_or(30_000, |count| count.parse().expect("a number"));
    for (kind, per_minute) in
        [(Kind::Sqlite, None), (Kind::Postgres, None), (Kind::Sqlite, Some(per_minute))]
    {
        let Some(db) = TestDatabase::fresh(kind) else { continue };
        backlog(&db, recipient(&db), messages);
        let folder = tempfile::tempdir().expect("a folder");
        let server = SmtpServer::start().expect("a relay");
        server.only_count();
        let (url, limit) = (server.url(), per_minute.unwrap_or_default().to_string());
        let mut arguments = vec!["--smtp-url", &url];
        if per_minute.is_some() {
            arguments.extend(["--smtp-per-minute", &limit]);
        }
        let process = Served::start_with(&db.url(), folder.path(), &arguments);
        let (started, mut memory) = (Instant::now(), Vec::new());
        while server.taken() < messages {
            assert!(started.elapsed() < Duration::from_secs(1_200), "{} are sent", server.taken());
            std::thread::sleep(Duration::from_millis(250));
            memory.push(process.resident_kib());
        }
        let rate =
            f64::from(u32::try_from(messages).expect("few")) / started.elapsed().as_secs_f64();
        let (early, late) = (memory[memory.len() / 4], memory[memory.len() - 1]);
        println!(
            "{kind:?}, limit {per_minute:?} a minute: {messages} messages, {rate:.0} a second; {early} KiB after a quarter, {late} KiB at the end"
        );
        assert!(late <= early + early / 5 + 8_192, "it grows: {memory:?}");
    }
}
