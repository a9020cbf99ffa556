//! The way to the relay, against a scripted one.

use super::*;
use crate::mail::line::Line;
use crate::mail::message::seal;
use crate::mail::message::tests::letter;
use crate::mail::smtp::{Answer, SmtpServer, Stage};
use lettre::message::Mailbox;
use std::time::Instant;

fn relay(server: &SmtpServer) -> Relay {
    impatient(&server.url())
}

fn impatient(url: &str) -> Relay {
    let relay = Relay::parse(url).expect("relay");
    relay.with_patience(Duration::from_millis(300), Duration::from_millis(900))
}

fn sender() -> Mailbox {
    "Sentra <sentra@sentra.example>".parse().expect("sender")
}

fn send(line: &mut Line<'_>, to: &str) -> Outcome {
    let sealed = seal(&sender(), &letter(to)).expect("sealed");
    line.send(&sender().email, &sealed.to, &sealed.bytes, &mut || {})
}

/// How one attempt ends when the relay answers so at a stage.
fn ends(stage: Stage, answer: Answer) -> Outcome {
    let server = SmtpServer::start().expect("server");
    server.on(stage, "", answer, 1);
    let relay = relay(&server);
    send(&mut Line::new(&relay), "a@dinas.example")
}

#[test]
fn plain_smtp_stays_on_this_machine() {
    for url in ["smtp://127.0.0.1:2525", "smtp://localhost", "smtp://[::1]:2525"] {
        assert!(Relay::parse(url).is_ok(), "{url}");
    }
    for url in [
        "smtp://relay.example",
        "smtp://10.0.0.1:25",
        "smtp://relay.example?tls=opportunistic",
        "smtp://localhost.example",
        "http://localhost",
        "relay.example:25",
        "",
    ] {
        assert!(Relay::parse(url).is_err(), "{url}");
    }
    let error = Relay::parse("smtp://user:secret@relay.example").expect_err("refused").to_string();
    assert!(error.contains("without TLS") && !error.contains("secret"), "{error}");
}

#[test]
fn safe_lines_are_taken_to_anywhere_with_their_credentials() {
    let tls = Relay::parse("smtps://u%40x:p%2Fw@relay.example").expect("relay");
    assert_eq!((tls.port, tls.host.as_str()), (465, "relay.example"));
    assert!(matches!(tls.security, Security::Tls(_)));
    assert_eq!(tls.credentials, Some(Credentials::new("u@x".to_owned(), "p/w".to_owned())));
    assert!(!format!("{tls:?}").contains("p/w"));
    let start = Relay::parse("smtp://relay.example?tls=required").expect("relay");
    assert_eq!(start.port, 587);
    assert!(matches!(start.security, Security::StartTls(_)));
}

#[test]
fn a_relay_without_starttls_gets_nothing_when_it_is_required() {
    let server = SmtpServer::start().expect("server");
    let relay = impatient(&format!("{}?tls=required", server.url()));
    let outcome = send(&mut Line::new(&relay), "a@dinas.example");
    assert!(matches!(outcome, Outcome::Unreachable(_)), "{outcome:?}");
    assert!(server.received().is_empty());
}

#[test]
fn before_the_greeting_is_over_nothing_is_said_about_the_message() {
    for (stage, answer) in [
        (Stage::Banner, Answer::Say("421 4.3.2 closing")),
        (Stage::Banner, Answer::Say("554 5.3.2 no service")),
        (Stage::Banner, Answer::Cut),
        (Stage::Banner, Answer::Stall),
        (Stage::Hello, Answer::Say("451 4.0.0 later")),
        (Stage::Sender, Answer::Say("530 5.7.0 authentication required")),
    ] {
        let outcome = ends(stage, answer.clone());
        assert!(matches!(outcome, Outcome::Unreachable(_)), "{stage:?} {answer:?} {outcome:?}");
    }
}

#[test]
fn wrong_credentials_are_no_messages_fault() {
    let server = SmtpServer::start().expect("server");
    server.on(Stage::Auth, "", Answer::Say("535 5.7.8 who are you?"), 1);
    let url = server.url().replace("smtp://", "smtp://user:secret@");
    let relay = Relay::parse(&url).expect("relay");
    let outcome = send(&mut Line::new(&relay), "a@dinas.example");
    assert!(matches!(&outcome, Outcome::Unreachable(said) if said.contains("535")), "{outcome:?}");
    assert!(matches!(send(&mut Line::new(&relay), "a@dinas.example"), Outcome::Sent(_)));
}

#[test]
fn replies_decide_at_every_stage() {
    for stage in [Stage::Sender, Stage::Recipient, Stage::Data, Stage::Taken] {
        for later in ["450 4.2.0 later", "451 4.7.1 later", "452 4.2.2 full"] {
            let transient = Outcome::Transient(later.to_owned());
            assert_eq!(ends(stage, Answer::Say(later)), transient, "{stage:?}");
        }
        for line in ["530 5.7.0 sign in", "535 5.7.8 who are you?"] {
            let outcome = ends(stage, Answer::Say(line));
            let is_of_the_line = matches!(outcome, Outcome::Unreachable(_));
            // After the data nobody asks for credentials; there it is a refusal as any other.
            assert_eq!(is_of_the_line, stage != Stage::Taken, "{stage:?} {outcome:?}");
        }
    }
    for stage in [Stage::Recipient, Stage::Data, Stage::Taken] {
        let closing = "421 4.3.2 closing";
        assert_eq!(ends(stage, Answer::Say(closing)), Outcome::Transient(closing.to_owned()));
        for never in ["550 5.6.0 never", "552 5.2.2 mailbox full"] {
            let permanent = Outcome::Permanent(never.to_owned());
            assert_eq!(ends(stage, Answer::Say(never)), permanent, "{stage:?}");
        }
    }
}

#[test]
fn what_a_relay_has_against_the_sender_says_nothing_about_the_message() {
    for said in [
        "421 4.7.0 too many lines",
        "550 5.1.1 no",
        "550 no",
        "553 5.7.1 sender not owned by user",
        "554 5.7.1 relay access denied",
    ] {
        let outcome = ends(Stage::Sender, Answer::Say(said));
        assert_eq!(outcome, Outcome::Unreachable(said.to_owned()));
    }
    for answer in [Answer::Cut, Answer::Stall] {
        let outcome = ends(Stage::Sender, answer);
        assert!(matches!(outcome, Outcome::Unreachable(_)), "{outcome:?}");
    }
    for said in ["552 too big", "552 5.3.4 too big"] {
        assert_eq!(ends(Stage::Sender, Answer::Say(said)), Outcome::Permanent(said.to_owned()));
    }
}

#[test]
fn a_refusal_of_the_recipient_names_the_address_the_message_or_perhaps_all() {
    let address = |said: &str| Outcome::AddressRefused(said.to_owned());
    let permanent = |said: &str| Outcome::Permanent(said.to_owned());
    let mailbox = |said: &str| Outcome::Ambiguous(said.to_owned(), Refusal::Mailbox);
    let rule = |said: &str| Outcome::Ambiguous(said.to_owned(), Refusal::Rule);
    type Expected<'a> = &'a dyn Fn(&str) -> Outcome;
    let cases: [(Stage, &str, Expected<'_>); 12] = [
        (Stage::Recipient, "550 5.1.1 no such user", &address),
        (Stage::Recipient, "553 5.1.3 bad", &address),
        (Stage::Recipient, "552 5.2.2 full", &permanent),
        (Stage::Recipient, "550 no such user", &mailbox),
        (Stage::Recipient, "551 not here", &mailbox),
        (Stage::Recipient, "550 relay not permitted", &rule),
        (Stage::Recipient, "554 5.7.1 <a@dinas.example>: Relay access denied", &rule),
        (Stage::Recipient, "554 no", &rule),
        (Stage::Data, "550 5.1.1 no", &permanent),
        (Stage::Taken, "550 5.1.1 no such user", &address),
        (Stage::Taken, "550 spam", &permanent),
        (Stage::Taken, "554 5.7.1 spam", &permanent),
    ];
    for (stage, said, expected) in cases {
        assert_eq!(ends(stage, Answer::Say(said)), expected(said), "{stage:?}");
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_gets_nothing() {
    let server = SmtpServer::start().expect("server");
    server.offer_tls();
    // The same host name, so that only the certificate is in the way.
    let url = server.url().replace("127.0.0.1", "localhost");
    let outcome = send(&mut Line::new(&impatient(&format!("{url}?tls=required"))), "a@b.example");
    assert!(matches!(&outcome, Outcome::Unreachable(_)), "{outcome:?}");
    assert_eq!(server.connections(), 1);
    assert_eq!(server.tls_begun(), 1, "it came as far as the certificate");
    assert!(server.received().is_empty());
    // A relay that does not speak TLS at all where it has to.
    let outcome = send(&mut Line::new(&impatient(&url.replace("smtp:", "smtps:"))), "a@b.example");
    assert!(matches!(&outcome, Outcome::Unreachable(_)), "{outcome:?}");
    assert!(server.received().is_empty());
}

const DRIBBLED: [Stage; 5] =
    [Stage::Banner, Stage::Sender, Stage::Recipient, Stage::Data, Stage::Taken];

#[test]
fn a_relay_that_dribbles_within_its_time_is_waited_for() {
    for stage in DRIBBLED {
        let server = SmtpServer::start().expect("server");
        server.on(stage, "", Answer::Dribble, 1);
        let patience = Duration::from_secs(10);
        let relay = Relay::parse(&server.url()).expect("relay").with_patience(patience, patience);
        let outcome = send(&mut Line::new(&relay), "a@dinas.example");
        assert!(matches!(outcome, Outcome::Sent(_)), "{stage:?} {outcome:?}");
    }
}

#[test]
fn a_relay_that_dribbles_for_longer_holds_no_line() {
    for stage in DRIBBLED {
        let server = SmtpServer::start().expect("server");
        // Each letter comes well within the time for a whole reply, and all of them do not.
        server.on(stage, "", Answer::Dribble, 1);
        let (step, after_dot) = (Duration::from_millis(150), Duration::from_millis(200));
        let relay = Relay::parse(&server.url()).expect("relay").with_patience(step, after_dot);
        let started = Instant::now();
        let outcome = send(&mut Line::new(&relay), "a@dinas.example");
        let is_as_it_should = match stage {
            Stage::Banner | Stage::Sender => matches!(outcome, Outcome::Unreachable(_)),
            Stage::Taken => matches!(outcome, Outcome::Unknown(_)),
            _ => matches!(outcome, Outcome::Transient(_)),
        };
        assert!(is_as_it_should, "{stage:?} {outcome:?}");
        assert!(started.elapsed() < step * 6 + after_dot, "{stage:?} {:?}", started.elapsed());
    }
}

#[test]
fn what_is_waited_for_before_the_dot_is_not_the_relays_time() {
    let server = SmtpServer::start().expect("server");
    let relay = relay(&server);
    let sealed = seal(&sender(), &letter("a@dinas.example")).expect("sealed");
    let mut wait = || std::thread::sleep(Duration::from_millis(1_500));
    let outcome = Line::new(&relay).send(&sender().email, &sealed.to, &sealed.bytes, &mut wait);
    assert!(matches!(outcome, Outcome::Sent(_)), "{outcome:?}");
}

#[test]
fn what_comes_before_the_dot_comes_once_and_only_when_all_else_is_sent() {
    let server = SmtpServer::start().expect("server");
    server.on(Stage::Recipient, "a@", Answer::Say("450 4.2.0 later"), 1);
    let relay = relay(&server);
    let mut line = Line::new(&relay);
    let mut called = 0;
    for to in ["a@dinas.example", "b@dinas.example"] {
        let sealed = seal(&sender(), &letter(to)).expect("sealed");
        line.send(&sender().email, &sealed.to, &sealed.bytes, &mut || {
            called += 1;
            assert!(server.received().is_empty(), "the dot is not sent yet");
        });
    }
    assert_eq!((called, server.received().len()), (1, 1));
}

#[test]
fn the_answer_to_the_dot_is_waited_for_ten_minutes() {
    let relay = Relay::parse("smtp://localhost").expect("relay");
    assert!(relay.after_dot >= Duration::from_secs(600), "RFC 5321, 4.5.3.2.6");
    assert!(relay.step < relay.body && relay.body < relay.after_dot);
}

#[test]
fn only_after_the_final_dot_nobody_knows() {
    for answer in [Answer::Cut, Answer::Stall] {
        for stage in [Stage::Recipient, Stage::Data] {
            let outcome = ends(stage, answer.clone());
            assert!(matches!(outcome, Outcome::Transient(_)), "{stage:?} {answer:?} {outcome:?}");
        }
        let outcome = ends(Stage::Taken, answer.clone());
        assert!(matches!(outcome, Outcome::Unknown(_)), "{answer:?} {outcome:?}");
    }
    let nonsense = ends(Stage::Taken, Answer::Say("354 what?"));
    assert!(matches!(nonsense, Outcome::Unknown(_)), "{nonsense:?}");
}

#[test]
fn several_messages_share_a_line_and_a_refusal_does_not_end_it() {
    let server = SmtpServer::start().expect("server");
    server.on(Stage::Recipient, "b@", Answer::Say("550 5.1.1 no such mailbox"), 1);
    let relay = relay(&server);
    let mut line = Line::new(&relay);
    assert!(matches!(send(&mut line, "a@dinas.example"), Outcome::Sent(_)));
    assert!(matches!(send(&mut line, "b@dinas.example"), Outcome::AddressRefused(_)));
    assert!(matches!(send(&mut line, "c@dinas.example"), Outcome::Sent(_)));
    drop(line);
    let to: Vec<String> = server.received().into_iter().flat_map(|one| one.to).collect();
    assert_eq!(to, ["RCPT TO:<a@dinas.example>", "RCPT TO:<c@dinas.example>"]);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_line_that_the_relay_closed_between_two_messages_is_opened_anew() {
    let server = SmtpServer::start().expect("server");
    let relay = relay(&server);
    let mut line = Line::new(&relay);
    assert!(matches!(send(&mut line, "a@dinas.example"), Outcome::Sent(_)));
    for answer in [Answer::Cut, Answer::Say("421 4.7.0 too many messages")] {
        server.on(Stage::Sender, "", answer, 1);
        assert!(matches!(send(&mut line, "b@dinas.example"), Outcome::Sent(_)));
    }
    assert_eq!(server.connections(), 3);
    assert_eq!(server.received().len(), 3);
}

#[test]
fn what_arrives_is_what_was_sealed() {
    let server = SmtpServer::start().expect("server");
    let relay = relay(&server);
    let letter = letter("a@dinas.example");
    let sealed = seal(&sender(), &letter).expect("sealed");
    let outcome = Line::new(&relay).send(&sender().email, &sealed.to, &sealed.bytes, &mut || {});
    assert_eq!(outcome, Outcome::Sent("250 2.0.0 queued".to_owned()));
    let received = server.received().pop().expect("message");
    assert_eq!(received.data.as_bytes(), sealed.bytes);
    assert_eq!(received.from, "MAIL FROM:<sentra@sentra.example>");
    assert_eq!(received.header("Message-ID"), Some(letter.message_id.as_str()));
}
