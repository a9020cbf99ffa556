//! The use-cases of people, over a database of their own.

use crate::domain::audit::Outcome;
use crate::domain::ids::{GrantId, TokenId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::TokenScope;
use crate::service::account::{PasswordChange, change_password, me};
use crate::service::clock::Clock;
use crate::service::context::{Context, Input, Reply};
use crate::service::document::Documents;
use crate::service::error::{Error, TokenFault};
use crate::service::grant::GrantDraft;
use crate::service::invitation::Redemption;
use crate::service::password::{HashSettings, Hasher};
use crate::service::session::{SessionSettings, SignIn, Visitor, authenticate, sign_in, sign_out};
use crate::service::token::TokenDraft;
use crate::service::user::{UserChange, UserDraft};
use crate::service::view::people as view;
use crate::service::{Services, console, grant, invitation, outbox, token, user};
use crate::storage::audit::{EventRow, PersonalRow, RevisionRow};
use crate::storage::connection::Target;
use crate::storage::{Database, PoolSettings, audit, migrate, outbox as outbox_rows};
use chrono::{NaiveDate, TimeDelta};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

const PASSWORD: &str = "a long enough one";
const OFFICE: &str = "192.0.2.10";

struct Bench {
    sv: Services,
    _folder: tempfile::TempDir,
}

fn cheap(memory_kib: u32) -> Arc<Hasher> {
    let settings = HashSettings {
        memory_kib,
        iterations: 1,
        patience: Duration::from_secs(20),
        ..HashSettings::default()
    };
    Arc::new(Hasher::new(settings).expect("hasher"))
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().expect("folder");
        let target = Target::Sqlite(folder.path().join("sentra.db"));
        let date = NaiveDate::from_ymd_opt(2021, 3, 1).expect("date");
        let now = Moment(date.and_hms_opt(3, 0, 0).expect("time"));
        migrate::up(&target, None, now).expect("migrations");
        let sv = Services {
            db: Database::new(target, PoolSettings::default()),
            clock: Clock::set_to(now),
            hasher: cheap(8),
            documents: Documents::in_folder(&folder.path().join("documents")),
            sessions: SessionSettings::default(),
        };
        Bench { sv, _folder: folder }
    }

    fn pass(&self, time: TimeDelta) {
        self.sv.clock.advance_to(self.sv.clock.now().after(time));
    }

    fn visitor(&self, address: &str) -> Visitor {
        let address: IpAddr = address.parse().expect("address");
        Visitor { now: self.sv.clock.now(), address, request_id: "test".to_owned() }
    }

    fn add(&self, email: &str, grants: &[&str]) -> view::User {
        let added = console::add(&self.sv, &draft(email, grants), Some(&PASSWORD.into()));
        added.expect("user").user
    }

    fn try_in(&self, email: &str, password: &str, from: &str) -> Result<view::Session, Error> {
        let body = SignIn { email: email.to_owned(), password: password.into() };
        sign_in(&self.sv, &self.visitor(from), &Input(Ok(body)))
    }

    fn session(&self, email: &str) -> view::Session {
        self.try_in(email, PASSWORD, OFFICE).expect("session")
    }

    fn cx(&self, session: &view::Session) -> Context {
        self.shown(session.token.reveal()).expect("context")
    }

    fn shown(&self, token: &str) -> Result<Context, Error> {
        authenticate(&self.sv, token, "test".to_owned())
    }

    fn administrator(&self) -> (view::User, Context) {
        let user = self.add("admin@pusat.example", &["administrator"]);
        let session = self.session("admin@pusat.example");
        (user, self.cx(&session))
    }

    /// The code that waits to be mailed.
    fn mailed_code(&self) -> String {
        outbox::expand(&self.sv, &outbox::tests::Plain, 10).expect("expanded");
        let read = |tx: &mut _| {
            Ok::<_, Error>(outbox_rows::list(tx, &outbox_rows::Filter::default(), None, 1)?)
        };
        let mails = self.sv.db.read(read).expect("mails");
        mails[0].secret.clone().expect("a code")
    }

    fn trail(&self) -> (Vec<EventRow>, Vec<PersonalRow>, Vec<RevisionRow>) {
        self.sv.db.read(|tx| Ok::<_, Error>(audit::whole(tx)?)).expect("trail")
    }

    fn events(&self, action: &str) -> Vec<EventRow> {
        let mut events = self.trail().0;
        events.retain(|event| event.action == action);
        events
    }
}

fn draft(email: &str, grants: &[&str]) -> UserDraft {
    UserDraft {
        email: email.to_owned(),
        name: "Ratna Sari".to_owned(),
        language: crate::domain::people::Language::Id,
        grants: grants.iter().map(|text| text.parse().expect("grant")).collect(),
    }
}

fn given<T>(value: T) -> Input<T> {
    Input(Ok(value))
}

fn code_of(outcome: &Result<Reply, Error>) -> String {
    match outcome {
        Err(Error::Invalid(errors)) => errors[0].code.clone(),
        Err(Error::Forbidden(refusal) | Error::Refused(refusal)) => {
            refusal.blockers[0].code.clone()
        }
        other => format!("{other:?}"),
    }
}

fn body(reply: &Reply) -> serde_json::Value {
    serde_json::from_str(&reply.body).expect("JSON")
}

fn is_throttled(outcome: &Result<view::Session, Error>) -> bool {
    matches!(outcome, Err(Error::Throttled(_)))
}

#[test]
fn who_signs_in_is_known_by_the_token_until_it_ends() {
    let bench = Bench::new();
    bench.add("Ratna@Dinas.example", &["drafter@18.71"]);
    let session = bench.try_in(" RATNA@dinas.example", PASSWORD, OFFICE).expect("session");
    assert!(session.token.reveal().starts_with("sentra_"));
    assert!(!format!("{session:?}").contains(session.token.reveal()));
    let cx = bench.cx(&session);
    assert_eq!((cx.email.as_str(), cx.actor.grants.len()), ("ratna@dinas.example", 1));
    assert_eq!(me(&bench.sv, &cx).expect("me"), session.user);
    sign_out(&bench.sv, &cx).expect("signed out");
    assert!(matches!(
        bench.shown(session.token.reveal()),
        Err(Error::InvalidToken(TokenFault::Revoked))
    ));
    let second = bench.session("ratna@dinas.example");
    bench.pass(TimeDelta::hours(12));
    assert!(matches!(
        bench.shown(second.token.reveal()),
        Err(Error::InvalidToken(TokenFault::Expired))
    ));
    assert!(matches!(bench.shown("sentra_"), Err(Error::InvalidToken(TokenFault::Unknown))));
    assert_eq!(bench.events("session.sign_in").len(), 2);
}

#[test]
fn whatever_is_wrong_the_answer_and_the_work_are_the_same() {
    let bench = Bench::new();
    bench.add("wrong@dinas.example", &[]);
    bench.add("off@dinas.example", &[]);
    console::set_disabled(&bench.sv, "off@dinas.example", true).expect("disabled");
    console::add(&bench.sv, &draft("none@dinas.example", &[]), None).expect("invited");
    let attempts = [
        ("wrong@dinas.example", "not the right one", "wrong_password"),
        ("off@dinas.example", PASSWORD, "disabled"),
        ("none@dinas.example", PASSWORD, "no_password"),
        ("nobody@dinas.example", PASSWORD, "unknown_account"),
    ];
    let mut said = Vec::new();
    for (email, password, _) in attempts {
        let before = bench.sv.hasher.computed();
        said.push(bench.try_in(email, password, OFFICE).expect_err("failure").to_string());
        assert_eq!(bench.sv.hasher.computed() - before, 1, "{email}");
    }
    said.dedup();
    assert_eq!(said.len(), 1, "{said:?}");
    let events = bench.events("session.sign_in");
    for (event, (email, _, reason)) in events.iter().zip(attempts) {
        let content = &event.content;
        assert_eq!(event.outcome, Outcome::Refused);
        assert!(content.contains(reason), "{content}");
        assert!(!content.contains(email), "{content}");
    }
    assert_eq!(events.len(), 4);
}

#[test]
fn guesses_from_elsewhere_do_not_lock_the_owner_out() {
    let bench = Bench::new();
    bench.add("ratna@dinas.example", &[]);
    bench.session("ratna@dinas.example");
    for n in 0..6 {
        for _ in 0..5 {
            let _ = bench.try_in(
                "ratna@dinas.example",
                "a guess in the dark",
                &format!("198.51.100.{n}"),
            );
        }
    }
    let before = bench.sv.hasher.computed();
    let events = bench.events("session.sign_in").len();
    assert!(is_throttled(&bench.try_in("ratna@dinas.example", PASSWORD, "203.0.113.1")));
    // A throttled attempt costs no hash and leaves no event.
    assert_eq!(bench.sv.hasher.computed(), before);
    assert_eq!(bench.events("session.sign_in").len(), events);
    assert_eq!(events, 21);
    bench.session("ratna@dinas.example");
    bench.pass(TimeDelta::minutes(15));
    assert!(bench.try_in("ratna@dinas.example", PASSWORD, "203.0.113.1").is_ok());
}

#[test]
fn five_failures_of_a_pair_make_it_wait_longer_and_longer() {
    let bench = Bench::new();
    bench.add("ratna@dinas.example", &[]);
    bench.session("ratna@dinas.example");
    let guess = || bench.try_in("ratna@dinas.example", "a guess in the dark", OFFICE);
    for _ in 0..5 {
        assert!(matches!(guess(), Err(Error::WrongCredentials)));
    }
    assert!(matches!(guess(), Err(Error::Throttled(30))));
    bench.pass(TimeDelta::seconds(30));
    assert!(matches!(guess(), Err(Error::WrongCredentials)));
    assert!(matches!(guess(), Err(Error::Throttled(60))));
    // From another address the owner comes in, and at this one after the wait; then all is forgotten.
    assert!(bench.try_in("ratna@dinas.example", PASSWORD, "203.0.113.1").is_ok());
    bench.pass(TimeDelta::seconds(60));
    bench.session("ratna@dinas.example");
    assert!(matches!(guess(), Err(Error::WrongCredentials)));
}

#[test]
fn an_address_that_tries_many_accounts_has_to_wait_but_for_those_who_use_it() {
    let bench = Bench::new();
    bench.add("ratna@dinas.example", &[]);
    bench.add("budi@dinas.example", &[]);
    bench.session("ratna@dinas.example");
    for n in 0..50 {
        let _ = bench.try_in(&format!("nobody{n}@dinas.example"), PASSWORD, OFFICE);
    }
    assert!(is_throttled(&bench.try_in("budi@dinas.example", PASSWORD, OFFICE)));
    bench.session("ratna@dinas.example");
}

#[test]
fn guesses_sent_all_at_once_learn_no_more() {
    let bench = Bench::new();
    bench.add("ratna@dinas.example", &[]);
    let told = std::thread::scope(|scope| {
        let one = || bench.try_in("ratna@dinas.example", "a guess in the dark", OFFICE);
        let all: Vec<_> = (0..16).map(|_| scope.spawn(one)).collect();
        all.into_iter()
            .map(|guess| guess.join().expect("thread"))
            .filter(|outcome| matches!(outcome, Err(Error::WrongCredentials)))
            .count()
    });
    assert_eq!(told, 5);
}

#[test]
fn an_invitation_is_redeemed_once_also_by_two_at_once() {
    let bench = Bench::new();
    let (_, admin) = bench.administrator();
    let made =
        user::create(&bench.sv, &admin, &given(draft("budi@dinas.example", &["planner@18"])));
    let made = made.expect("created");
    let code = bench.mailed_code();
    assert!(!made.body.contains(&code));
    let redeem = |code: &str, password: &str| {
        let body = given(Redemption { password: password.into() });
        invitation::redeem(&bench.sv, &bench.visitor(OFFICE), code, &body)
    };
    assert!(matches!(redeem("no such code", PASSWORD), Err(Error::NotFound)));
    assert!(matches!(redeem(&code, "too short"), Err(Error::Invalid(_))));
    let won = std::thread::scope(|scope| {
        let race: Vec<_> =
            (0..2).map(|_| scope.spawn(|| redeem(&code, PASSWORD).is_ok())).collect();
        race.into_iter().map(|one| one.join().expect("thread")).filter(|won| *won).count()
    });
    assert_eq!(won, 1);
    assert!(matches!(redeem(&code, PASSWORD), Err(Error::NotFound)));
    let session = bench.session("budi@dinas.example");
    // Invited again: the code before it is closed, and redeeming ends what was begun with the old password.
    let first = console::invite(&bench.sv, "budi@dinas.example").expect("invitation");
    let second = console::invite(&bench.sv, "budi@dinas.example").expect("invitation");
    assert!(matches!(redeem(first.code.reveal(), PASSWORD), Err(Error::NotFound)));
    redeem(second.code.reveal(), "another long one").expect("redeemed");
    assert!(matches!(
        bench.shown(session.token.reveal()),
        Err(Error::InvalidToken(TokenFault::Revoked))
    ));
    let late = console::invite(&bench.sv, "budi@dinas.example").expect("invitation");
    bench.pass(TimeDelta::days(14));
    assert!(matches!(redeem(late.code.reveal(), PASSWORD), Err(Error::NotFound)));
}

#[test]
fn whoever_is_disabled_is_cut_off_at_the_next_request() {
    let bench = Bench::new();
    let (_, mut admin) = bench.administrator();
    let user = bench.add("budi@dinas.example", &["drafter@18.71"]);
    let session = bench.session("budi@dinas.example");
    let disable = UserChange { disabled: Some(true), ..UserChange::default() };
    let edit = |cx: &Context, change: &UserChange| {
        user::edit(&bench.sv, cx, user.id, &given(change.clone()))
    };
    assert!(matches!(edit(&admin, &disable), Err(Error::VersionRequired)));
    admin.if_match = Some(7);
    assert!(matches!(edit(&admin, &disable), Err(Error::Stale)));
    admin.if_match = Some(1);
    assert_eq!(edit(&admin, &disable).expect("disabled").version, Some(2));
    assert!(matches!(
        bench.shown(session.token.reveal()),
        Err(Error::InvalidToken(TokenFault::Revoked))
    ));
    // Let in again, but not with the tokens of before.
    admin.if_match = Some(2);
    edit(&admin, &UserChange { disabled: Some(false), ..UserChange::default() }).expect("enabled");
    assert!(matches!(
        bench.shown(session.token.reveal()),
        Err(Error::InvalidToken(TokenFault::Revoked))
    ));
    bench.session("budi@dinas.example");
}

#[test]
fn the_last_administrator_stays() {
    let bench = Bench::new();
    let (first, mut admin) = bench.administrator();
    // Invited, but not able to sign in yet: does not count.
    console::add(&bench.sv, &draft("soon@pusat.example", &["administrator"]), None).expect("added");
    admin.if_match = Some(1);
    let change = given(UserChange { disabled: Some(true), ..UserChange::default() });
    let own = user::edit(&bench.sv, &admin, first.id, &change);
    assert_eq!(code_of(&own), "own_account");
    admin.if_match = None;
    let revoked = grant::revoke(&bench.sv, &admin, first.id, first.grants[0].id);
    assert_eq!(code_of(&revoked), "last_administrator");
    let disabled = console::set_disabled(&bench.sv, "admin@pusat.example", true);
    assert!(matches!(disabled, Err(Error::Refused(_))));
    bench.add("second@pusat.example", &["administrator"]);
    grant::revoke(&bench.sv, &admin, first.id, first.grants[0].id).expect("revoked");
    let now = bench.session("admin@pusat.example");
    let refused = user::list(&bench.sv, &bench.cx(&now), None, 10);
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

#[test]
fn grants_are_given_within_their_scope_and_hold_for_their_time() {
    let bench = Bench::new();
    let (first, admin) = bench.administrator();
    let user = bench.add("budi@dinas.example", &[]);
    let add = |id: UserId, text: &str, from: Option<NaiveDate>| {
        let mut draft: GrantDraft = text.parse().expect("grant");
        draft.valid_from = from;
        grant::add(&bench.sv, &admin, id, &given(draft))
    };
    let tomorrow = NaiveDate::from_ymd_opt(2021, 3, 2);
    assert_eq!(code_of(&add(user.id, "drafter@99.99", None)), "unknown");
    assert_eq!(code_of(&add(user.id, "drafter@\0", None)), "unknown");
    assert_eq!(code_of(&add(first.id, "approver", None)), "administrator_apart");
    assert!(matches!(add(UserId::new(), "approver", None), Err(Error::NotFound)));
    let reply = add(user.id, "drafter@18.71", tomorrow).expect("given");
    assert_eq!((reply.status, reply.version), (201, Some(2)));
    assert_eq!(code_of(&add(user.id, "administrator", None)), "administrator_apart");
    let session = bench.session("budi@dinas.example");
    assert!(bench.cx(&session).actor.grants.is_empty());
    // 2 March begins in Lampung at 17:00 UTC of the day before.
    bench.pass(TimeDelta::hours(11));
    assert_eq!(bench.cx(&session).actor.grants.len(), 0);
    bench.pass(TimeDelta::hours(3));
    let session = bench.session("budi@dinas.example");
    assert_eq!(bench.cx(&session).actor.grants.len(), 1);
    let id: GrantId = body(&reply)["id"].as_str().expect("id").parse().expect("id");
    grant::revoke(&bench.sv, &admin, user.id, id).expect("revoked");
    assert!(bench.cx(&session).actor.grants.is_empty());
    assert!(matches!(grant::revoke(&bench.sv, &admin, user.id, id), Err(Error::NotFound)));
    let outsider = grant::revoke(&bench.sv, &bench.cx(&session), first.id, first.grants[0].id);
    assert!(matches!(outsider, Err(Error::NotFound)), "to an outsider nobody is there");
    assert_eq!(bench.events("grant.revoke").len(), 1);
}

#[test]
fn a_token_for_reading_changes_nothing() {
    let bench = Bench::new();
    let (_, admin) = bench.administrator();
    let expires_at = admin.now.after(TimeDelta::days(30));
    let make = |cx: &Context, scope, expires_at| {
        let draft = TokenDraft { label: "report".to_owned(), scope, expires_at };
        token::create(&bench.sv, cx, &given(draft))
    };
    let too_long = make(&admin, TokenScope::Full, admin.now.after(TimeDelta::days(367)));
    assert_eq!(code_of(&too_long), "out_of_range");
    assert_eq!(code_of(&make(&admin, TokenScope::Full, admin.now)), "out_of_range");
    let made = body(&make(&admin, TokenScope::Read, expires_at).expect("made"));
    let reader = bench.shown(made["token"].as_str().expect("token")).expect("context");
    assert_eq!(reader.scope, TokenScope::Read);
    user::list(&bench.sv, &reader, None, 10).expect("read");
    let written = user::create(&bench.sv, &reader, &given(draft("new@dinas.example", &[])));
    assert_eq!(code_of(&written), "token_scope");
    assert_eq!(code_of(&make(&reader, TokenScope::Full, expires_at)), "token_scope");
    let change = PasswordChange {
        current_password: PASSWORD.into(),
        new_password: "another long one".into(),
    };
    let address = OFFICE.parse().expect("address");
    let changed = change_password(&bench.sv, &reader, address, &given(change));
    assert_eq!(code_of(&changed), "token_scope");
    let id: TokenId = made["id"].as_str().expect("id").parse().expect("id");
    assert_eq!(token::list(&bench.sv, &admin).expect("tokens").items.len(), 1);
    token::revoke(&bench.sv, &admin, id).expect("revoked");
    assert!(matches!(token::revoke(&bench.sv, &admin, id), Err(Error::NotFound)));
    assert!(bench.shown(made["token"].as_str().expect("token")).is_err());
}

#[test]
fn a_changed_password_ends_the_other_sessions() {
    let bench = Bench::new();
    bench.add("budi@dinas.example", &[]);
    let (here, there) = (bench.session("budi@dinas.example"), bench.session("budi@dinas.example"));
    let change = |current: &str, new: &str| {
        let body = PasswordChange { current_password: current.into(), new_password: new.into() };
        let address = OFFICE.parse().expect("address");
        change_password(&bench.sv, &bench.cx(&here), address, &given(body))
    };
    assert_eq!(code_of(&change("not the right one", "another long one")), "wrong");
    assert_eq!(code_of(&change(PASSWORD, "short")), "too_short");
    change(PASSWORD, "another long one").expect("changed");
    assert!(bench.shown(here.token.reveal()).is_ok());
    assert!(bench.shown(there.token.reveal()).is_err());
    assert!(bench.try_in("budi@dinas.example", PASSWORD, OFFICE).is_err());
    assert!(bench.try_in("budi@dinas.example", "another long one", OFFICE).is_ok());
    for _ in 0..5 {
        let _ = change("not the right one", "yet another one");
    }
    assert!(matches!(change("not the right one", "yet another one"), Err(Error::Throttled(_))));
}

#[test]
fn a_password_is_hashed_anew_when_the_settings_changed() {
    let mut bench = Bench::new();
    bench.add("budi@dinas.example", &[]);
    bench.sv.hasher = cheap(16);
    bench.session("budi@dinas.example");
    assert_eq!(bench.sv.hasher.computed(), 2);
    bench.session("budi@dinas.example");
    assert_eq!(bench.sv.hasher.computed(), 3);
}

#[test]
fn the_first_administrator_is_invited_once() {
    let bench = Bench::new();
    let first = console::first_administrator(&bench.sv, console::FIRST_ADMINISTRATOR);
    let code = first.expect("first").expect("invitation").code;
    assert_eq!(
        console::first_administrator(&bench.sv, console::FIRST_ADMINISTRATOR).expect("second"),
        None
    );
    let password = given(Redemption { password: PASSWORD.into() });
    let redeemed = invitation::redeem(&bench.sv, &bench.visitor(OFFICE), code.reveal(), &password);
    let session = bench.session(&redeemed.expect("redeemed").email);
    assert!(user::list(&bench.sv, &bench.cx(&session), None, 10).is_ok());
}

#[test]
fn secrets_are_not_kept_and_names_stand_beside_the_trail() {
    let bench = Bench::new();
    let (_, mut admin) = bench.administrator();
    admin.key = Some("same key".to_owned());
    let create =
        || user::create(&bench.sv, &admin, &given(draft("budi@dinas.example", &["planner@18"])));
    let made = create().expect("created");
    assert!(!made.replayed);
    // No secret is in the answer, so it is kept, and given again under its key.
    let again = create().expect("replayed");
    assert_eq!((again.replayed, &again.body), (true, &made.body));
    let (events, personal, kept) = bench.trail();
    assert!(events.len() > 5 && kept.len() > 3, "{} {}", events.len(), kept.len());
    let texts = events.iter().map(|event| &event.content);
    for text in texts.chain(kept.iter().map(|revision| &revision.content)) {
        assert!(!text.contains("budi@") && !text.contains("Ratna"), "{text}");
    }
    assert_eq!(personal.iter().filter(|one| one.value == "budi@dinas.example").count(), 2);
    let page = user::list(&bench.sv, &admin, None, 1).expect("page");
    let after = page.next_cursor.expect("cursor").parse().expect("cursor");
    let page = user::list(&bench.sv, &admin, Some(after), 1).expect("page");
    assert_eq!(page.items[0].email, "budi@dinas.example");
    assert_eq!(user::show(&bench.sv, &admin, page.items[0].id).expect("user"), page.items[0]);
}
