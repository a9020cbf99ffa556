//! A digest is made once a day, of what waited for it, whatever happens around it.

use super::*;
use crate::domain::ids::GrantId;
use crate::domain::mail::MailState;
use crate::domain::moment::Zone;
use crate::domain::notice::detail::{DueAt, NoticeDue};
use crate::domain::preference::{Deliveries, Delivery};
use crate::service::context::Input;
use crate::service::notifications;
use crate::service::outbox::tests::{Desk, Plain};
use crate::service::outbox::{expand, lease};
use crate::service::preference::{PreferencesDraft, change, show};
use crate::service::view::mail::OutboxItem;
use crate::storage::grant::{self, GrantRow};
use chrono::TimeDelta;

fn context(desk: &Desk, person: UserId) -> Context {
    let mut cx = Context::system(desk.sv.clock.now());
    cx.actor.user = Some(person);
    cx
}

/// Sets how a person is told of tasks.
fn set(desk: &Desk, person: UserId, task: Delivery, digest_hour: i64) {
    let deliveries = Deliveries { task: Some(task), ..Deliveries::default() };
    set_all(desk, person, deliveries, digest_hour);
}

fn set_all(desk: &Desk, person: UserId, deliveries: Deliveries, digest_hour: i64) {
    let mut cx = context(desk, person);
    cx.if_match = Some(show(&desk.sv, &cx).expect("shown").version);
    let draft = PreferencesDraft { digest_hour, deliveries };
    change(&desk.sv, &cx, &Input(Ok(draft))).expect("changed");
}

/// A person at the desk of 15 July 2021, 07:00 WIB, who is told of tasks once a day at an hour.
fn daily(hour: i64) -> (Desk, UserId) {
    let desk = Desk::new();
    let person = desk.person("a", Role::Verifier, Some("18"));
    set(&desk, person, Delivery::Daily, hour);
    (desk, person)
}

fn notice(desk: &Desk, title: &str) {
    desk.notice(&[Role::Verifier], None, title);
    expand(&desk.sv, &Plain, 10).expect("expanded");
}

fn made(desk: &Desk) -> usize {
    let collected = collect(&desk.sv, &Plain, 10).expect("collected");
    assert_eq!(collected.stuck, Vec::new());
    collected.digests
}

fn of(desk: &Desk, state: MailState) -> Vec<OutboxItem> {
    desk.outbox().into_iter().filter(|item| item.state == state).collect()
}

/// What a person's newest message says.
fn newest(desk: &Desk, person: UserId) -> String {
    let page = notifications::list(&desk.sv, &context(desk, person), None, 1).expect("a page");
    page.items[0].text.clone().expect("a text")
}

#[test]
fn what_waits_is_told_once_at_the_hour_the_newest_last() {
    let (desk, person) = daily(7);
    for title in ["one", "two", "three"] {
        notice(&desk, title);
        desk.pass(TimeDelta::minutes(1));
    }
    assert_eq!((of(&desk, MailState::Digest).len(), made(&desk)), (3, 0));
    desk.pass(TimeDelta::hours(23));
    assert_eq!(made(&desk), 0, "it is not seven yet");
    desk.pass(TimeDelta::hours(1));
    assert_eq!((made(&desk), made(&desk)), (1, 0));
    let digest = of(&desk, MailState::Queued);
    let collected = of(&desk, MailState::Collected);
    assert_eq!((digest.len(), collected.len()), (1, 3));
    assert_eq!(
        (digest[0].event, digest[0].subject.as_str()),
        (NoticeEvent::Digest, "2021-07-16 3")
    );
    assert!(collected.iter().all(|item| item.collected_in == Some(digest[0].id)));
    let text = newest(&desk, person);
    let places = ["one", "two", "three"].map(|title| text.find(title).expect("told"));
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains("[Verifier]"), "{text}");
    let leased = lease(&desk.sv, "w", TimeDelta::minutes(5), 10).expect("leased");
    assert_eq!(leased.len(), 1, "what was collected is not sent by itself");
    assert!(
        leased[0].letter.unsubscribe.as_deref().is_some_and(|token| token.contains(".digest."))
    );
    desk.pass(TimeDelta::days(1));
    assert_eq!(made(&desk), 0, "nothing to say, no mail");
}

#[test]
fn after_days_of_downtime_there_is_one_digest_and_the_next_is_at_its_hour() {
    let (desk, _) = daily(7);
    notice(&desk, "one");
    desk.pass(TimeDelta::hours(30));
    notice(&desk, "two");
    // 18 July, one in the night: yesterday's digest, late.
    desk.pass(TimeDelta::hours(36));
    assert_eq!(made(&desk), 1);
    assert_eq!(of(&desk, MailState::Collected).len(), 2);
    notice(&desk, "three");
    assert_eq!(made(&desk), 0);
    desk.pass(TimeDelta::days(1));
    assert_eq!(made(&desk), 1);
}

#[test]
fn two_in_one_day_are_not_made_though_the_hour_is_changed() {
    let (desk, person) = daily(10);
    notice(&desk, "one");
    desk.pass(TimeDelta::hours(3));
    assert_eq!(made(&desk), 1);
    notice(&desk, "two");
    set(&desk, person, Delivery::Daily, 12);
    desk.pass(TimeDelta::hours(2));
    assert_eq!(made(&desk), 0, "today's was made at ten");
    desk.pass(TimeDelta::hours(23));
    assert_eq!(made(&desk), 0);
    desk.pass(TimeDelta::hours(1));
    assert_eq!(made(&desk), 1, "tomorrow's is made at twelve");
    // What waits follows the hour.
    notice(&desk, "three");
    set(&desk, person, Delivery::Daily, 8);
    desk.pass(TimeDelta::hours(20));
    assert_eq!(made(&desk), 1);
}

#[test]
fn what_is_turned_off_while_it_waits_is_held_back() {
    let (desk, person) = daily(7);
    notice(&desk, "one");
    set(&desk, person, Delivery::Off, 7);
    assert_eq!(of(&desk, MailState::Muted).len(), 1);
    notice(&desk, "two");
    assert_eq!(of(&desk, MailState::Muted).len(), 2);
    desk.pass(TimeDelta::days(2));
    assert_eq!(made(&desk), 0);
    assert!(lease(&desk.sv, "w", TimeDelta::minutes(5), 10).expect("leased").is_empty());
    // It stays held back when the kind is turned on again: it was never promised.
    set(&desk, person, Delivery::AtOnce, 7);
    notice(&desk, "three");
    assert_eq!(of(&desk, MailState::Queued).len(), 1);
    let mut cx = desk.administrator();
    for item in of(&desk, MailState::Muted) {
        (cx.key, cx.if_match) = (Some(item.id.to_string()), Some(item.version));
        let resent = notifications::resend(&desk.sv, &cx, item.id);
        assert!(matches!(resent, Err(Error::Refused(_))), "{resent:?}");
    }
}

#[test]
fn on_the_night_of_a_gate_no_decision_is_left_out_and_what_can_be_off_is_counted() {
    let (desk, person) = daily(7);
    let deliveries = Deliveries {
        task: Some(Delivery::Daily),
        decision: Some(Delivery::Daily),
        ..Deliveries::default()
    };
    set_all(&desk, person, deliveries, 7);
    for n in 0..40 {
        desk.notice(&[Role::Verifier], None, &format!("task {n} ends"));
    }
    for n in 0..150 {
        desk.notice_of(NoticeEvent::Forfeit, &[Role::Verifier], |facts| {
            facts.title = format!("forfeit {n} ends");
        });
    }
    expand(&desk.sv, &Plain, 1_000).expect("expanded");
    desk.pass(TimeDelta::days(1));
    assert_eq!(made(&desk), 1);
    let text = newest(&desk, person);
    for n in 0..150 {
        assert!(text.contains(&format!("forfeit {n} ends")), "{n}");
    }
    // The newest hundred are spelled out; decisions before them are told shortly, and tasks are counted.
    assert_eq!(text.matches("brief").count(), 50);
    assert_eq!(text.matches("task ").count(), 0);
    let told = of(&desk, MailState::Queued);
    assert_eq!(
        told.iter().map(|item| item.subject.as_str()).collect::<Vec<_>>(),
        ["2021-07-16 190"]
    );
    let left = |item: &OutboxItem| item.state != MailState::Queued && item.collected_in.is_none();
    assert!(!desk.outbox().iter().any(left));
}

#[test]
fn who_has_lost_the_grant_meanwhile_is_told_nothing_of_what_it_was_for() {
    let (desk, person) = daily(7);
    notice(&desk, "secret");
    let revoke = |tx: &mut AnyConnection| {
        let now = desk.sv.clock.now();
        for row in grant::of(tx, person)? {
            grant::revoke(tx, row.id, now)?;
        }
        Ok(())
    };
    desk.write(revoke);
    desk.pass(TimeDelta::days(1));
    assert_eq!(made(&desk), 0);
    let muted = of(&desk, MailState::Muted);
    assert_eq!(muted.len(), 1, "it waits no more");
    // One grant of two: what the other is for is told, alone.
    let other = desk.person("b", Role::Verifier, Some("18"));
    let deliveries = Deliveries { task: Some(Delivery::Daily), ..Deliveries::default() };
    set_all(&desk, other, deliveries, 7);
    let row = GrantRow {
        id: GrantId::new(),
        user_id: other,
        role: Role::Drafter,
        region_code: Some("18.08".into()),
        commodity: None,
        valid_from: desk.sv.clock.now().0.date(),
        valid_until: None,
        decree: None,
        revoked_at: None,
        created_at: desk.sv.clock.now(),
    };
    desk.write(|tx| Ok(grant::insert(tx, &row)?));
    desk.notice(&[Role::Drafter], None, "secret");
    desk.notice(&[Role::Verifier], None, "known");
    expand(&desk.sv, &Plain, 10).expect("expanded");
    desk.write(|tx| Ok(grant::revoke(tx, row.id, row.created_at).map(|_| ())?));
    desk.pass(TimeDelta::days(1));
    assert_eq!(made(&desk), 1);
    let text = newest(&desk, other);
    assert!(text.contains("known") && !text.contains("secret"), "{text}");
}

/// A task of Way Kanan whose date passes at an hour of UTC on 16 July 2021.
fn due_at(desk: &Desk, hour: u32) {
    let day = NaiveDate::from_ymd_opt(2021, 7, 16).expect("a day");
    let at = Moment(day.and_hms_opt(hour, 0, 0).expect("an hour"));
    let due = DueAt { at, zone: Zone::Wib, working_days_left: 1 };
    desk.notice_of(NoticeEvent::Submit, &[Role::Verifier], |facts| {
        facts.due = Some(NoticeDue::At(due));
    });
    expand(&desk.sv, &Plain, 10).expect("expanded");
}

#[test]
fn what_would_be_told_after_its_date_does_not_wait_whatever_becomes_of_the_hour() {
    let (desk, person) = daily(7);
    // The digest of 16 July comes at its hour, 00:00 UTC: too late is what passes then, or before.
    due_at(&desk, 0);
    assert_eq!((of(&desk, MailState::Queued).len(), of(&desk, MailState::Digest).len()), (1, 0));
    due_at(&desk, 1);
    assert_eq!((of(&desk, MailState::Queued).len(), of(&desk, MailState::Digest).len()), (1, 1));
    due_at(&desk, 3);
    desk.pass(TimeDelta::hours(3));
    set(&desk, person, Delivery::Daily, 9);
    assert_eq!((of(&desk, MailState::Queued).len(), of(&desk, MailState::Digest).len()), (2, 1));
    desk.pass(TimeDelta::hours(23));
    assert_eq!(made(&desk), 1);
    // Today's was made: what comes now, and would have come with a later hour of today, waits for tomorrow, or does not.
    set(&desk, person, Delivery::Daily, 11);
    due_at(&desk, 23);
    due_at(&desk, 3);
    assert_eq!((of(&desk, MailState::Queued).len(), of(&desk, MailState::Digest).len()), (4, 1));
    desk.pass(TimeDelta::hours(3));
    assert_eq!(made(&desk), 0);
    assert_eq!((of(&desk, MailState::Queued).len(), of(&desk, MailState::Digest).len()), (5, 0));
    // What is overdue already can as well be told with the rest.
    due_at(&desk, 2);
    assert_eq!(of(&desk, MailState::Digest).len(), 1);
}

#[test]
fn a_digest_that_cant_be_made_keeps_no_other_from_its_turn() {
    let (desk, _) = daily(7);
    let other = desk.person("b", Role::Drafter, Some("18.08"));
    set(&desk, other, Delivery::Daily, 7);
    notice(&desk, "one");
    desk.notice(&[Role::Drafter], None, "two");
    expand(&desk.sv, &Plain, 10).expect("expanded");
    desk.pass(TimeDelta::days(1));
    struct Mute;
    impl Render for Mute {
        fn render(&self, _: &crate::service::outbox::Draft<'_>) -> Made {
            Err("no".to_owned())
        }
        fn render_account(&self, _: &crate::service::outbox::account::AccountDraft<'_>) -> Made {
            Err("no".to_owned())
        }
        fn render_digest(&self, draft: &DigestDraft<'_>) -> Made {
            if draft.name == "a" { Err("no words".to_owned()) } else { Plain.render_digest(draft) }
        }
    }
    type Made = Result<crate::service::outbox::Rendered, String>;
    let collected = collect(&desk.sv, &Mute, 10).expect("collected");
    assert_eq!((collected.digests, collected.stuck.len()), (1, 1));
    assert_eq!(of(&desk, MailState::Digest).len(), 1, "nothing of it happened");
    assert_eq!(made(&desk), 1);
}
