//! The worker over a real database: each outcome ends as it should, and no message is lost or doubled.

use super::*;
use crate::domain::people::Role;
use crate::mail::Site;
use crate::mail::relay::Relay;
use crate::mail::render::Renderer;
use crate::mail::smtp::{Answer, SmtpServer, Stage};
use crate::mail::transport::Transport;
use crate::service::outbox::tests::Desk;
use chrono::TimeDelta;
use std::collections::HashSet;
use std::path::Path;

fn worker_over(desk: &Desk, transport: Transport, settings: Settings) -> MailWorker {
    let site = Site::parse("https://sentra.example").expect("site");
    let mailer = Mailer::new(&site, None, transport).expect("mailer");
    let render = Arc::new(Renderer::new(site));
    MailWorker::new(desk.sv.clone(), render, mailer, settings, Stop::new())
}

fn worker(desk: &Desk, url: &str) -> MailWorker {
    worker_at(desk, url, Settings::default())
}

fn worker_at(desk: &Desk, url: &str, settings: Settings) -> MailWorker {
    let relay = Relay::parse(url).expect("relay");
    let relay = relay.with_patience(Duration::from_millis(300), Duration::from_millis(900));
    worker_over(desk, Transport::Smtp(Box::new(relay)), settings)
}

/// A desk with `count` people who are told of one thing each of `notices` times.
fn desk(count: usize, notices: usize) -> Desk {
    let desk = Desk::new();
    for index in 0..count {
        desk.person(&format!("p{index:02}@dinas.example"), Role::Drafter, Some("18.08"));
    }
    for _ in 0..notices {
        desk.notice(&[Role::Drafter], None, "Sentra Kopi");
    }
    desk
}

fn states(desk: &Desk) -> Vec<MailState> {
    desk.outbox().into_iter().map(|item| item.state).collect()
}

#[test]
fn each_outcome_ends_as_it_should() {
    for (stage, answer, state, outcome) in [
        (Stage::Recipient, None, MailState::Sent, AttemptOutcome::Sent),
        (
            Stage::Recipient,
            Some("450 4.2.0 greylisted"),
            MailState::Queued,
            AttemptOutcome::Transient,
        ),
        (Stage::Recipient, Some("550 5.1.1 nobody"), MailState::Dead, AttemptOutcome::Permanent),
        (Stage::Taken, Some("451 4.7.1 later"), MailState::Queued, AttemptOutcome::Transient),
        (Stage::Taken, Some("554 5.7.1 spam"), MailState::Dead, AttemptOutcome::Permanent),
    ] {
        let (desk, server) = (desk(1, 1), SmtpServer::start().expect("server"));
        if let Some(line) = answer {
            server.on(stage, "", Answer::Say(line), 1);
        }
        worker(&desk, &server.url()).run_once().expect("run");
        let mail = desk.mail_to("p00@dinas.example");
        assert_eq!((mail.state, mail.attempts), (state, 1), "{stage:?} {answer:?}");
        assert_eq!(mail.history[0].outcome, outcome);
        assert_eq!(mail.history[0].reply, answer.unwrap_or("250 2.0.0 queued"));
        assert_eq!(mail.last_reply.as_deref(), Some(mail.history[0].reply.as_str()));
        assert_eq!(mail.sent_at.is_some(), state == MailState::Sent);
    }
}

#[test]
fn a_message_of_which_nobody_knows_is_sent_again_with_the_same_bytes() {
    let (desk, server) = (desk(1, 1), SmtpServer::start().expect("server"));
    server.on(Stage::Taken, "", Answer::Cut, 1);
    let worker = worker(&desk, &server.url());
    assert_eq!(worker.run_once().expect("run").unknown, 1);
    desk.pass(TimeDelta::seconds(9));
    assert_eq!(worker.run_once().expect("run").attempts(), 0, "it backs off");
    desk.pass(TimeDelta::seconds(3));
    assert_eq!(worker.run_once().expect("run").sent, 1);
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0], received[1]);
    let outcomes: Vec<_> = desk.outbox()[0].history.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [AttemptOutcome::Unknown, AttemptOutcome::Sent]);
}

#[test]
fn two_workers_never_send_a_row_twice() {
    let (desk, server) = (desk(10, 20), SmtpServer::start().expect("server"));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| worker(&desk, &server.url()).drain(100).expect("drained"));
        }
    });
    let received = server.received();
    let ids: HashSet<_> = received.iter().filter_map(|one| one.header("Message-ID")).collect();
    assert_eq!((received.len(), ids.len()), (200, 200));
    assert!(received.iter().all(|one| one.to.len() == 1), "one recipient to a message");
    assert!(states(&desk).iter().all(|state| *state == MailState::Sent));
}

#[test]
fn a_dead_relay_burns_no_attempts_and_the_mail_goes_when_it_is_back() {
    let desk = desk(5, 2);
    let server = SmtpServer::start().expect("server");
    let (url, address) = (server.url(), server.address());
    drop(server);
    let worker = worker(&desk, &url);
    for _ in 0..100 {
        let counts = worker.run_once().expect("run");
        assert_eq!(counts.attempts(), 0);
        desk.pass(TimeDelta::minutes(120));
    }
    assert!(desk.outbox().iter().all(|mail| mail.attempts == 0 && mail.history.is_empty()));
    let server = SmtpServer::start_at(address).expect("server");
    assert_eq!(worker.drain(10).expect("drained").sent, 10);
    assert_eq!(server.received().len(), 10);
}

#[test]
fn while_the_breaker_is_open_the_relay_is_left_alone() {
    let (desk, server) = (desk(3, 1), SmtpServer::start().expect("server"));
    server.on(Stage::Banner, "", Answer::Say("421 4.3.2 closing"), usize::MAX);
    let worker = worker(&desk, &server.url());
    assert_eq!(worker.run_once().expect("run").released, 3);
    assert_eq!(worker.run_once().expect("run").released, 0);
    assert_eq!(server.connections(), 1);
    desk.pass(TimeDelta::seconds(5));
    assert_eq!(worker.run_once().expect("run").released, 1, "one message tries the line");
    desk.pass(TimeDelta::seconds(5));
    worker.run_once().expect("run");
    assert_eq!(server.connections(), 2, "the pause has doubled");
    server.behave();
    desk.pass(TimeDelta::seconds(5));
    assert_eq!(worker.drain(10).expect("drained").sent, 3);
}

#[test]
fn of_many_recipients_only_the_refused_ones_are_dead() {
    let (desk, server) = (desk(10, 1), SmtpServer::start().expect("server"));
    for index in (0..10).step_by(2) {
        let pattern = format!("p{index:02}@");
        server.on(Stage::Recipient, &pattern, Answer::Say("550 5.1.1 nobody"), 9);
    }
    let counts = worker(&desk, &server.url()).drain(10).expect("drained");
    assert_eq!((counts.sent, counts.permanent, counts.dead), (5, 5, 5));
    let ends = [MailState::Dead, MailState::Sent].repeat(5);
    assert_eq!(states(&desk), ends);
}

#[test]
fn a_message_in_the_hands_of_a_dead_worker_is_sent_when_its_lease_ends() {
    let (desk, server) = (desk(1, 1), SmtpServer::start().expect("server"));
    let first = worker(&desk, &server.url());
    first.core.expand(&mut Counts::default()).expect("expanded");
    // It sends, and dies before it can say so.
    let lease = TimeDelta::minutes(5);
    let held = outbox::lease(&desk.sv, "dead", lease, 10).expect("leased");
    first.core.mailer.session().send(&held[0].letter);
    let second = worker(&desk, &server.url());
    assert_eq!(second.drain(10).expect("drained").attempts(), 0);
    desk.pass(lease);
    assert_eq!(second.drain(10).expect("drained").sent, 1);
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0], received[1]);
}

#[test]
fn a_relay_that_stalls_costs_each_message_one_attempt_and_no_more() {
    let (desk, server) = (desk(2, 1), SmtpServer::start().expect("server"));
    server.on(Stage::Recipient, "p00@", Answer::Stall, 1);
    let worker = worker(&desk, &server.url());
    let counts = worker.run_once().expect("run");
    assert_eq!((counts.transient, counts.sent), (1, 1));
    desk.pass(TimeDelta::seconds(11));
    assert_eq!(worker.run_once().expect("run").sent, 1);
}

#[test]
fn a_message_that_stalls_keeps_no_other_waiting() {
    let (desk, server) = (desk(5, 1), SmtpServer::start().expect("server"));
    server.on(Stage::Taken, "p00@", Answer::Stall, 1);
    let relay = Relay::parse(&server.url()).expect("relay");
    let relay = relay.with_patience(Duration::from_secs(5), Duration::from_secs(10));
    // A minute by default; nobody waits so long here.
    let settings = Settings { patience: Duration::from_millis(500), ..Settings::default() };
    let worker = worker_over(&desk, Transport::Smtp(Box::new(relay)), settings);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| worker.run_once().expect("run"));
        let started = Instant::now();
        while server.received().len() < 5 {
            assert!(started.elapsed() < Duration::from_secs(8), "they wait for the one");
            std::thread::sleep(Duration::from_millis(20));
        }
        let counts = run.join().expect("joined");
        assert_eq!((counts.sent, counts.unknown), (4, 1));
    });
}

#[test]
fn a_lease_is_renewed_while_its_worker_lives() {
    let (desk, server) = (desk(1, 1), SmtpServer::start().expect("server"));
    server.on(Stage::Taken, "", Answer::Stall, 1);
    let relay = Relay::parse(&server.url()).expect("relay");
    let relay = relay.with_patience(Duration::from_secs(5), Duration::from_secs(3));
    let settings = Settings { lease: Duration::from_millis(900), ..Settings::default() };
    let first = worker_over(&desk, Transport::Smtp(Box::new(relay)), settings);
    let second = worker_at(&desk, &server.url(), settings);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| first.run_once().expect("run"));
        while server.received().is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
        for _ in 0..4 {
            // Time passes for the leases; a worker that lives renews them more often than they end.
            std::thread::sleep(Duration::from_millis(400));
            desk.pass(TimeDelta::milliseconds(400));
            assert_eq!(second.run_once().expect("run").attempts(), 0, "it is in other hands");
        }
        assert_eq!(run.join().expect("joined").unknown, 1);
    });
    assert_eq!(server.received().len(), 1);
}

#[test]
fn what_a_killed_process_had_in_hand_goes_at_once_where_no_other_process_can_be() {
    let (desk, server) = (desk(3, 1), SmtpServer::start().expect("server"));
    let worker = worker(&desk, &server.url());
    worker.core.expand(&mut Counts::default()).expect("expanded");
    outbox::lease(&desk.sv, "dead", TimeDelta::minutes(5), 10).expect("leased");
    assert_eq!(worker.run_once().expect("run").sent, 0);
    assert_eq!(outbox::release_all(&desk.sv).expect("released"), 3);
    assert_eq!(worker.run_once().expect("run").sent, 3);
}

#[test]
fn the_limit_of_the_relay_holds_over_all_lines() {
    let (desk, server) = (desk(10, 4), SmtpServer::start().expect("server"));
    let settings = Settings { per_minute: NonZeroU32::new(1_200), ..Settings::default() };
    let worker = worker_at(&desk, &server.url(), settings);
    worker.core.expand(&mut Counts::default()).expect("expanded");
    let started = Instant::now();
    assert_eq!(worker.drain(10).expect("drained").sent, 40);
    // Forty at twenty a second, but for the first and what is made up for.
    assert!(started.elapsed() >= Duration::from_millis(1_750), "{:?}", started.elapsed());
    assert!(server.connections() > 1, "over several lines");
}

#[test]
fn an_address_at_which_there_is_nobody_gets_no_more_until_it_is_changed() {
    let (desk, server) = (desk(2, 3), SmtpServer::start().expect("server"));
    server.on(Stage::Recipient, "p00@", Answer::Say("550 5.1.1 <p00@dinas.example> nobody"), 99);
    let worker =
        worker_at(&desk, &server.url(), Settings { lines: 1, batch: 1, ..Settings::default() });
    let counts = worker.drain(10).expect("drained");
    assert_eq!((counts.sent, counts.permanent), (3, 1), "one refusal was enough");
    let dead: Vec<_> =
        desk.outbox().into_iter().filter(|one| one.address.starts_with("p00")).collect();
    assert!(dead.iter().all(|one| one.state == MailState::Dead), "{dead:?}");
    let given_up = "address refused on 2021-07-15";
    let words = dead.iter().filter(|one| one.last_reply.as_deref() == Some(given_up)).count();
    assert_eq!((dead.len(), words), (3, 2));
    // What is made later is given up at once.
    desk.notice(&[Role::Drafter], None, "later");
    let counts = worker.drain(10).expect("drained");
    assert_eq!((counts.mails, counts.attempts()), (2, 1));
    let waiting = outbox::waiting(&desk.sv).expect("waiting");
    assert_eq!((waiting.queued, waiting.dead, waiting.addresses_refused), (0, 4, 1));
}

#[test]
fn what_is_in_hand_for_a_refused_address_is_not_tried_either() {
    // So few that one line is enough.
    let (desk, server) = (desk(2, 3), SmtpServer::start().expect("server"));
    server.on(Stage::Recipient, "p00@", Answer::Say("550 5.1.1 nobody"), 99);
    let counts = worker(&desk, &server.url()).drain(10).expect("drained");
    assert_eq!((counts.sent, counts.permanent), (3, 1), "one refusal was enough");
    let waiting = outbox::waiting(&desk.sv).expect("waiting");
    assert_eq!((waiting.queued, waiting.dead, waiting.addresses_refused), (0, 3, 1));
}

#[test]
fn a_relay_that_refuses_every_recipient_costs_no_message_and_marks_nobody() {
    for said in
        ["550 relay not permitted", "554 5.7.1 <x>: Relay access denied", "550 no such user"]
    {
        let (desk, server) = (desk(5, 4), SmtpServer::start().expect("server"));
        server.on(Stage::Recipient, "", Answer::Say(said), usize::MAX);
        let worker = worker(&desk, &server.url());
        let mut attempts = 0;
        for _ in 0..30 {
            attempts += worker.run_once().expect("run").attempts();
            desk.pass(TimeDelta::seconds(61));
        }
        assert!((25..=40).contains(&attempts), "one tries at a time, after each pause: {attempts}");
        let waiting = outbox::waiting(&desk.sv).expect("waiting");
        assert_eq!((waiting.queued, waiting.dead, waiting.addresses_refused), (20, 0, 0), "{said}");
        server.behave();
        desk.pass(TimeDelta::hours(5));
        assert_eq!(worker.drain(10).expect("drained").sent, 20, "{said}");
    }
}

#[test]
fn a_relay_that_begins_to_refuse_everything_costs_one_message_at_the_most() {
    let (desk, server) = (desk(5, 4), SmtpServer::start().expect("server"));
    let settings = Settings { lines: 1, ..Settings::default() };
    let worker = worker_at(&desk, &server.url(), settings);
    assert_eq!(worker.drain(10).expect("drained").sent, 20);
    server.on(Stage::Recipient, "", Answer::Say("554 5.7.1 Relay access denied"), usize::MAX);
    for _ in 0..4 {
        desk.notice(&[Role::Drafter], None, "later");
    }
    for _ in 0..20 {
        worker.run_once().expect("run");
        desk.pass(TimeDelta::seconds(61));
    }
    let waiting = outbox::waiting(&desk.sv).expect("waiting");
    assert_eq!((waiting.queued, waiting.dead, waiting.addresses_refused), (19, 1, 0));
}

#[test]
fn a_bare_refusal_is_believed_of_the_address_once_the_relay_takes_other_mail() {
    let (desk, server) = (desk(2, 1), SmtpServer::start().expect("server"));
    server.on(Stage::Recipient, "p00@", Answer::Say("550 no such user"), usize::MAX);
    let worker = worker(&desk, &server.url());
    for _ in 0..4 {
        worker.run_once().expect("run");
        desk.pass(TimeDelta::seconds(90));
    }
    let mail = desk.mail_to("p00@dinas.example");
    assert_eq!(mail.state, MailState::Dead);
    assert!(mail.history.len() <= 2, "{:?}", mail.history);
    assert_eq!(desk.mail_to("p01@dinas.example").state, MailState::Sent);
    assert_eq!(outbox::waiting(&desk.sv).expect("waiting").addresses_refused, 1);
}

#[test]
fn a_sender_whom_the_relay_does_not_like_burns_no_attempts() {
    let (desk, server) = (desk(5, 4), SmtpServer::start().expect("server"));
    for said in ["550 5.7.1 not your address", "421 4.7.0 too many lines", "553 who are you?"] {
        server.behave();
        server.on(Stage::Sender, "", Answer::Say(said), usize::MAX);
        let worker = worker(&desk, &server.url());
        let before = server.connections();
        for _ in 0..10 {
            assert_eq!(worker.run_once().expect("run").attempts(), 0, "{said}");
            desk.pass(TimeDelta::seconds(61));
        }
        assert!(server.connections() - before <= 13, "the relay is left alone between");
    }
    assert!(desk.outbox().iter().all(|mail| mail.attempts == 0 && mail.history.is_empty()));
    server.behave();
    assert_eq!(worker(&desk, &server.url()).drain(10).expect("drained").sent, 20);
}

#[test]
fn one_message_is_in_doubt_however_slowly_the_relay_answers() {
    let (desk, server) = (desk(10, 2), SmtpServer::start().expect("server"));
    server.on(Stage::Taken, "", Answer::Think(Duration::from_millis(100)), usize::MAX);
    for (in_doubt, rounds) in [(1, 20), (4, 5)] {
        let settings = Settings { in_doubt, ..Settings::default() };
        let worker = worker_at(&desk, &server.url(), settings);
        worker.core.expand(&mut Counts::default()).expect("expanded");
        let started = Instant::now();
        assert_eq!(worker.drain(10).expect("drained").sent, 20);
        let least = Duration::from_millis(100) * rounds;
        assert!(started.elapsed() >= least, "{in_doubt}: {:?}", started.elapsed());
        assert!(server.most_in_doubt() <= in_doubt, "{}", server.most_in_doubt());
        for _ in 0..2 {
            desk.notice(&[Role::Drafter], None, "again");
        }
    }
    assert!(server.most_in_doubt() > 1, "what is allowed is made use of");
}

#[test]
fn an_address_that_is_none_is_dead_at_once() {
    let (desk, server) = (desk(0, 0), SmtpServer::start().expect("server"));
    desk.person("nobody", Role::Drafter, Some("18.08"));
    desk.notice(&[Role::Drafter], None, "x");
    let counts = worker(&desk, &server.url()).drain(10).expect("drained");
    assert_eq!((counts.permanent, counts.dead), (1, 1));
    assert_eq!(outbox::waiting(&desk.sv).expect("waiting").addresses_refused, 1);
    assert!(server.received().is_empty());
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map(Iterator::count).unwrap_or(0)
}

#[test]
fn the_thread_delivers_into_a_folder_and_stops() {
    let (desk, folder) = (desk(3, 1), tempfile::tempdir().expect("folder"));
    let settings = Settings { idle: Duration::from_millis(5), ..Settings::default() };
    let running = worker_over(&desk, Transport::Files(folder.path().to_owned()), settings)
        .start()
        .expect("threads");
    while states(&desk).iter().filter(|state| **state == MailState::Sent).count() < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    for one in running {
        one.stop();
        one.join();
    }
    assert_eq!(files(folder.path()), 3);
}
