//! A desk for tests of the outbox: a real database, people with grants, notices, and a clock that is moved by hand.

use super::*;
use crate::domain::ids::{EventId, GrantId, ProposalId};
use crate::domain::people::Actor;
use crate::domain::proposal::State;
use crate::service::clock::Clock;
use crate::service::context::Context;
use crate::service::document::Documents;
use crate::service::notifications::{self, Which};
use crate::service::password::{HashSettings, Hasher};
use crate::service::session::SessionSettings;
use crate::storage::connection::Target;
use crate::storage::grant::GrantRow;
use crate::storage::{Database, PoolSettings, migrate};
use chrono::{NaiveDate, NaiveTime};
use std::sync::Arc;

/// A service with a database of its own.
pub struct Desk {
    /// The service.
    pub sv: Services,
    _folder: tempfile::TempDir,
}

/// Shows the facts as they are.
pub struct Plain;

impl Render for Plain {
    fn render(&self, draft: &Draft<'_>) -> Result<Rendered, String> {
        if draft.facts.title == "unspeakable" {
            return Err("no words for this".to_owned());
        }
        Ok(Rendered {
            subject: format!("{} {}", draft.event, draft.language),
            text: format!("{} {:?}", draft.name, draft.roles),
            html: "<p></p>".to_owned(),
            message_id: format!("<{}@sentra.example>", draft.id),
            unsubscribe: draft.unsubscribe.map(str::to_owned),
        })
    }

    fn render_digest(&self, draft: &DigestDraft<'_>) -> Result<Rendered, String> {
        let told = |item: &crate::service::digest::Item| {
            let brief = if item.brief { " brief" } else { "" };
            format!("{} {} {:?}{brief}", item.facts.title, item.event, item.roles)
        };
        let groups = draft.groups.iter();
        let text = groups.map(|group| group.iter().map(told).collect::<Vec<_>>().join("\n"));
        Ok(Rendered {
            subject: format!("{} {}", draft.day, draft.messages),
            text: text.collect::<Vec<_>>().join("\n\n"),
            html: "<p></p>".to_owned(),
            message_id: format!("<{}@sentra.example>", draft.id),
            unsubscribe: draft.unsubscribe.map(str::to_owned),
        })
    }

    fn render_account(&self, draft: &AccountDraft<'_>) -> Result<Rendered, String> {
        Ok(Rendered {
            subject: format!("{} {}", draft.event, draft.language),
            text: format!("{} {:?}", draft.name, draft.code),
            html: "<p></p>".to_owned(),
            message_id: format!("<{}@sentra.example>", draft.id),
            unsubscribe: None,
        })
    }
}

#[expect(clippy::new_without_default, reason = "a database is not a default value")]
impl Desk {
    /// A desk on 15 July 2021.
    pub fn new() -> Desk {
        let folder = tempfile::tempdir().expect("folder");
        let target = Target::Sqlite(folder.path().join("test.db"));
        let day = NaiveDate::from_ymd_opt(2021, 7, 15).expect("date");
        let now = Moment(day.and_time(NaiveTime::MIN));
        migrate::up(&target, None, now).expect("migrated");
        let sv = Services {
            db: Database::new(target, PoolSettings::default()),
            clock: Clock::set_to(now),
            hasher: Arc::new(Hasher::new(HashSettings::default()).expect("hasher")),
            documents: Documents::in_folder(&folder.path().join("documents")),
            sessions: SessionSettings::default(),
        };
        Desk { sv, _folder: folder }
    }

    /// Lets time pass.
    pub fn pass(&self, delta: TimeDelta) {
        self.sv.clock.advance_to(self.sv.clock.now().after(delta));
    }

    /// A person with a grant that holds in 2021, or in another year.
    pub fn person_in(
        &self,
        year: i32,
        email: &str,
        role: Role,
        region: Option<&str>,
        commodity: Option<&str>,
    ) -> UserId {
        let now = self.sv.clock.now();
        let id = UserId::new();
        let user = User {
            id,
            email: email.to_owned(),
            name: email.to_owned(),
            language: Language::Id,
            password_hash: None,
            disabled_at: None,
            version: 1,
            created_at: now,
            address_refused_at: None,
            address_refused_reply: None,
        };
        let grant = GrantRow {
            id: GrantId::new(),
            user_id: id,
            role,
            region_code: region.map(Into::into),
            commodity: commodity.map(str::to_owned),
            valid_from: NaiveDate::from_ymd_opt(year, 1, 1).expect("date"),
            valid_until: NaiveDate::from_ymd_opt(year, 12, 31),
            decree: None,
            revoked_at: None,
            created_at: now,
        };
        self.write(|tx| {
            user::insert(tx, &user)?;
            Ok(grant::insert(tx, &grant)?)
        });
        id
    }

    /// A person with a grant that holds.
    pub fn person(&self, email: &str, role: Role, region: Option<&str>) -> UserId {
        self.person_in(2021, email, role, region, None)
    }

    /// A notice for roles over a proposal of Way Kanan (18.08), not for `actor`.
    pub fn notice(&self, tells: &[Role], actor: Option<UserId>, title: &str) -> NoticeId {
        let told = |facts: &mut NoticeFacts| {
            (facts.actor_id, facts.title) = (actor, title.to_owned());
        };
        self.notice_of(NoticeEvent::Submit, tells, told)
    }

    /// A notice of an event for roles over a proposal of Way Kanan (18.08), with facts that differ.
    pub fn notice_of(
        &self,
        event: NoticeEvent,
        tells: &[Role],
        differ: impl FnOnce(&mut NoticeFacts),
    ) -> NoticeId {
        let now = self.sv.clock.now();
        let mut facts = NoticeFacts {
            at: now,
            tells: tells.to_vec(),
            only: None,
            proposal_id: ProposalId::new(),
            title: String::new(),
            region_code: "18.08".into(),
            region_name: "Kabupaten Way Kanan".to_owned(),
            commodity: "kopi".to_owned(),
            fiscal_year: 2021,
            state: State::Verification,
            actor: "Sri".to_owned(),
            actor_id: None,
            comment: None,
            due: None,
            missed: None,
            amount: None,
            details: Vec::new(),
            reminder: None,
        };
        differ(&mut facts);
        let row = Notice {
            id: NoticeId::new(),
            event,
            proposal_id: Some(facts.proposal_id),
            facts: serde_json::to_string(&facts).expect("json"),
            event_id: EventId::new(),
            created_at: now,
        };
        self.write(|tx| Ok(notice::append(tx, &row)?));
        row.id
    }

    /// Writes to the database as a service would.
    pub fn write(&self, work: impl FnMut(&mut AnyConnection) -> Result<(), Error>) {
        self.sv.db.write("test", work, |_, _| Ok(())).expect("written");
    }

    /// Every message as an administrator sees it, by address.
    pub fn outbox(&self) -> Vec<crate::service::view::mail::OutboxItem> {
        let page = notifications::list_outbox(
            &self.sv,
            &self.administrator(),
            Which::default(),
            None,
            200,
        );
        let mut items = page.expect("page").items;
        items.sort_by(|one, other| one.address.cmp(&other.address));
        items
    }

    /// The message to an address.
    pub fn mail_to(&self, address: &str) -> crate::service::view::mail::OutboxItem {
        self.outbox().into_iter().find(|item| item.address == address).expect("mail")
    }

    /// A context of an administrator who is no user of this database.
    pub fn administrator(&self) -> Context {
        let grant = Grant {
            id: GrantId::new(),
            role: Role::Administrator,
            region: None,
            commodity: None,
            valid_from: NaiveDate::MIN,
            valid_until: None,
        };
        let mut cx = Context::system(self.sv.clock.now());
        cx.actor = Actor { user: None, name: "Admin".to_owned(), grants: vec![grant] };
        cx
    }
}

fn addresses(desk: &Desk) -> Vec<String> {
    desk.outbox().into_iter().map(|item| item.address).collect()
}

#[test]
fn those_are_told_who_hold_the_role_here_and_now() {
    let desk = Desk::new();
    let told = [Role::Drafter, Role::Verifier, Role::Reviewer];
    let actor = desk.person("actor", Role::Drafter, Some("18.08"));
    desk.person("drafter", Role::Drafter, Some("18.08"));
    desk.person("elsewhere", Role::Drafter, Some("18.71"));
    desk.person("province", Role::Drafter, Some("18"));
    desk.person("planner", Role::Planner, Some("18.08"));
    desk.person("verifier", Role::Verifier, Some("18"));
    desk.person("other verifier", Role::Verifier, Some("35"));
    desk.person("reviewer", Role::Reviewer, None);
    desk.person_in(2021, "kopi", Role::Reviewer, None, Some("Kopi"));
    desk.person_in(2021, "batik", Role::Reviewer, None, Some("batik"));
    desk.person_in(2020, "former", Role::Drafter, Some("18.08"), None);
    desk.person_in(2022, "future", Role::Drafter, Some("18.08"), None);
    desk.notice(&told, Some(actor), "x");
    let done = expand(&desk.sv, &Plain, 10).expect("expanded");
    assert_eq!((done.notices, done.mails), (1, 4));
    assert_eq!(addresses(&desk), ["drafter", "kopi", "reviewer", "verifier"]);
}

#[test]
fn who_holds_two_roles_is_told_once() {
    let desk = Desk::new();
    let user = desk.person("both", Role::Drafter, Some("18.08"));
    let now = desk.sv.clock.now();
    let grant = GrantRow {
        id: GrantId::new(),
        user_id: user,
        role: Role::Planner,
        region_code: Some("18.08".into()),
        commodity: None,
        valid_from: NaiveDate::MIN,
        valid_until: None,
        decree: None,
        revoked_at: None,
        created_at: now,
    };
    let grant = GrantRow { valid_from: now.0.date(), ..grant };
    desk.write(|tx| Ok(grant::insert(tx, &grant)?));
    desk.notice(&[Role::Planner, Role::Drafter], None, "x");
    expand(&desk.sv, &Plain, 10).expect("expanded");
    assert_eq!(addresses(&desk), ["both"]);
    let mut cx = desk.administrator();
    (cx.actor.user, cx.actor.grants) = (Some(user), vec![grant.into()]);
    let own = notifications::list(&desk.sv, &cx, None, 10).expect("list").items;
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].text.as_deref(), Some("both [Planner, Drafter]"));
}

#[test]
fn a_notice_becomes_messages_once_whoever_is_first() {
    let desk = Desk::new();
    for address in ["a", "b", "c"] {
        desk.person(address, Role::Drafter, Some("18.08"));
    }
    for _ in 0..20 {
        desk.notice(&[Role::Drafter], None, "x");
    }
    let done: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| expand(&desk.sv, &Plain, 100).expect("expanded")))
            .collect();
        workers.into_iter().map(|one| one.join().expect("joined").mails).sum()
    });
    assert_eq!(done, 60);
    assert_eq!(desk.outbox().len(), 60);
    assert_eq!(expand(&desk.sv, &Plain, 100).expect("expanded"), Expanded::default());
}

#[test]
fn a_notice_without_words_keeps_no_other_from_its_turn() {
    let desk = Desk::new();
    desk.person("a", Role::Drafter, Some("18.08"));
    let stuck = desk.notice(&[Role::Drafter], None, "unspeakable");
    desk.notice(&[Role::Drafter], None, "x");
    let done = expand(&desk.sv, &Plain, 1).expect("expanded");
    assert_eq!((done.notices, done.mails), (1, 1));
    assert_eq!(done.stuck, [(stuck, "no words for this".to_owned())]);
    assert_eq!(desk.outbox().len(), 1);
    let since = desk.sv.clock.now();
    desk.pass(TimeDelta::hours(2));
    desk.notice(&[Role::Drafter], None, "y");
    let shown = waiting(&desk.sv).expect("waiting");
    assert_eq!((shown.notices_pending, shown.notices_oldest_seconds), (2, 7_200));
    expand(&desk.sv, &Plain, 10).expect("expanded");
    let shown = waiting(&desk.sv).expect("waiting");
    assert_eq!((shown.notices_pending, shown.notices_stuck), (1, 1));
    let reason = "no words for this".to_owned();
    assert_eq!(shown.stuck, [StuckNotice { notice_id: stuck, failed_at: since, reason }]);
    // Once there are words for it, it goes like any other.
    expand(&desk.sv, &Wordy, 10).expect("expanded");
    let shown = waiting(&desk.sv).expect("waiting");
    assert_eq!((shown.notices_pending, shown.notices_stuck, shown.stuck.len()), (0, 0, 0));
    assert_eq!(desk.outbox().len(), 3);
}

/// Has words for everything.
struct Wordy;

impl Render for Wordy {
    fn render(&self, draft: &Draft<'_>) -> Result<Rendered, String> {
        let facts = NoticeFacts { title: "x".to_owned(), ..draft.facts.clone() };
        Plain.render(&Draft { facts: &facts, ..*draft })
    }

    fn render_account(&self, draft: &AccountDraft<'_>) -> Result<Rendered, String> {
        Plain.render_account(draft)
    }

    fn render_digest(&self, draft: &DigestDraft<'_>) -> Result<Rendered, String> {
        Plain.render_digest(draft)
    }
}

fn leased(desk: &Desk) -> Vec<Leased> {
    lease(&desk.sv, "w", TimeDelta::minutes(5), 10).expect("leased")
}

fn one_mail(desk: &Desk) {
    desk.person("a", Role::Drafter, Some("18.08"));
    desk.notice(&[Role::Drafter], None, "x");
    expand(&desk.sv, &Plain, 10).expect("expanded");
}

#[test]
fn recording_an_attempt_twice_records_it_once() {
    let desk = Desk::new();
    one_mail(&desk);
    let one = leased(&desk).pop().expect("mail");
    let sent = Attempted::new(AttemptOutcome::Sent, "250 ok".to_owned(), 0);
    assert_eq!(settle(&desk.sv, &one, &sent).expect("settled"), Some(MailState::Sent));
    assert_eq!(settle(&desk.sv, &one, &sent).expect("settled"), Some(MailState::Sent));
    assert_eq!(desk.mail_to("a").history.len(), 1);
}

#[test]
fn an_attempt_that_outlived_its_lease_is_kept_and_decides_nothing() {
    let desk = Desk::new();
    one_mail(&desk);
    let slow = leased(&desk).pop().expect("mail");
    desk.pass(TimeDelta::minutes(6));
    let quick = leased(&desk).pop().expect("mail");
    let failed = Attempted::new(AttemptOutcome::Permanent, "550 no".to_owned(), 0);
    assert_eq!(settle(&desk.sv, &slow, &failed).expect("settled"), None);
    let sent = Attempted::new(AttemptOutcome::Sent, "250 ok".to_owned(), 0);
    assert_eq!(settle(&desk.sv, &quick, &sent).expect("settled"), Some(MailState::Sent));
    assert_eq!(desk.mail_to("a").history.len(), 2);
}

fn changed(desk: &Desk, id: UserId, change: impl Fn(&mut User)) {
    desk.write(|tx| {
        let mut after = user::find(tx, id)?.expect("a user");
        after.version += 1;
        change(&mut after);
        assert_eq!(user::replace(tx, &after)?, 1);
        Ok(())
    });
}

#[test]
fn what_cant_reach_its_recipient_ends_wherever_it_stands() {
    for is_disabled in [true, false] {
        let words = if is_disabled { "user disabled on" } else { "address refused on" };
        let cut_off = |desk: &Desk, id| {
            let now = desk.sv.clock.now();
            changed(desk, id, |user| match is_disabled {
                true => user.disabled_at = Some(now),
                false => user.address_refused_at = Some(now),
            });
        };
        let ended = |desk: &Desk| {
            let mail = desk.mail_to("a");
            let said = mail.last_reply.clone().unwrap_or_default();
            mail.state == MailState::Dead && said.starts_with(words)
        };
        let new = || {
            let desk = Desk::new();
            let id = desk.person("a", Role::Drafter, Some("18.08"));
            desk.notice(&[Role::Drafter], None, "x");
            expand(&desk.sv, &Plain, 10).expect("expanded");
            (desk, id)
        };
        // Before it is leased, while it is in hand, and after an attempt that failed for now.
        let (desk, id) = new();
        cut_off(&desk, id);
        assert!(leased(&desk).is_empty() && ended(&desk));
        let (desk, id) = new();
        let held = leased(&desk);
        cut_off(&desk, id);
        release(&desk.sv, &held).expect("released");
        assert!(ended(&desk));
        let (desk, id) = new();
        let one = leased(&desk).pop().expect("mail");
        cut_off(&desk, id);
        let failed = Attempted::new(AttemptOutcome::Transient, "451 later".to_owned(), 0);
        assert_eq!(settle(&desk.sv, &one, &failed).expect("settled"), Some(MailState::Dead));
        assert!(ended(&desk));
        assert_eq!(desk.mail_to("a").history[0].reply, "451 later");
        // What the relay took is sent all the same.
        let (desk, id) = new();
        let one = leased(&desk).pop().expect("mail");
        cut_off(&desk, id);
        let sent = Attempted::new(AttemptOutcome::Sent, "250 ok".to_owned(), 0);
        assert_eq!(settle(&desk.sv, &one, &sent).expect("settled"), Some(MailState::Sent));
    }
}

#[test]
fn what_waits_follows_its_recipient_to_another_address() {
    let desk = Desk::new();
    let id = desk.person("a", Role::Drafter, Some("18.08"));
    desk.notice(&[Role::Drafter], None, "x");
    expand(&desk.sv, &Plain, 10).expect("expanded");
    changed(&desk, id, |user| user.email = "b".to_owned());
    let one = leased(&desk).pop().expect("mail");
    assert_eq!(one.letter.address, "b");
    let sent = Attempted::new(AttemptOutcome::Sent, "250 ok".to_owned(), 0);
    assert_eq!(settle(&desk.sv, &one, &sent).expect("settled"), Some(MailState::Sent));
    assert_eq!(desk.mail_to("b").state, MailState::Sent);
}

#[test]
fn a_code_does_not_follow_to_another_address() {
    let desk = Desk::new();
    let id = desk.person("a", Role::Drafter, Some("18.08"));
    desk.notice(&[Role::Drafter], None, "x");
    expand(&desk.sv, &Plain, 10).expect("expanded");
    let first = desk.mail_to("a").id;
    let notice_id = desk.notice(&[Role::Drafter], None, "y");
    desk.write(|tx| {
        let row = mail::find(tx, first)?.expect("mail");
        let secret = Some("the code".to_owned());
        Ok(mail::insert_once(tx, &Mail { id: MailId::new(), notice_id, secret, ..row })?)
    });
    changed(&desk, id, |user| user.email = "b".to_owned());
    let held = leased(&desk);
    assert_eq!(held.iter().map(|one| one.letter.id).collect::<Vec<_>>(), [first]);
    let ended = desk.mail_to("a");
    assert_eq!(ended.state, MailState::Dead);
    assert!(ended.last_reply.is_some_and(|said| said.starts_with("address changed")));
}

#[test]
fn a_message_is_given_up_after_five_days_and_resent_for_five_more() {
    let desk = Desk::new();
    one_mail(&desk);
    let fail = || {
        let one = leased(&desk).pop().expect("mail");
        let failed = Attempted::new(AttemptOutcome::Transient, "451 later".to_owned(), 0);
        settle(&desk.sv, &one, &failed).expect("settled").expect("held")
    };
    assert_eq!(fail(), MailState::Queued);
    assert!(leased(&desk).is_empty(), "it waits");
    desk.pass(TimeDelta::days(4));
    assert_eq!(fail(), MailState::Queued);
    desk.pass(TimeDelta::days(1));
    assert_eq!(fail(), MailState::Dead);
    let dead = desk.mail_to("a");
    let admin = desk.person("admin", Role::Administrator, None);
    let mut cx = desk.administrator();
    cx.actor.user = Some(admin);
    (cx.key, cx.if_match) = (Some("k".to_owned()), Some(dead.version));
    assert_eq!(notifications::resend(&desk.sv, &cx, dead.id).expect("resent").status, 200);
    assert!(notifications::resend(&desk.sv, &cx, dead.id).expect("replayed").replayed);
    let queued = desk.mail_to("a");
    assert_eq!((queued.state, queued.attempts), (MailState::Queued, 0));
    assert_eq!(queued.message_id, dead.message_id);
    (cx.key, cx.if_match) = (Some("l".to_owned()), Some(queued.version));
    assert!(matches!(notifications::resend(&desk.sv, &cx, dead.id), Err(Error::Refused(_))));
    assert_eq!(fail(), MailState::Queued);
    desk.pass(TimeDelta::days(4));
    assert_eq!(fail(), MailState::Queued);
    assert_eq!(desk.mail_to("a").history.len(), 5);
}

#[test]
fn the_outbox_is_for_administrators_and_a_strange_message_is_not_there() {
    let desk = Desk::new();
    let stranger = desk.person("stranger", Role::Planner, Some("18.08"));
    one_mail(&desk);
    let mut cx = desk.administrator();
    cx.actor = Actor { user: Some(stranger), name: "S".to_owned(), grants: Vec::new() };
    (cx.key, cx.if_match) = (Some("k".to_owned()), Some(1));
    let all = notifications::list_outbox(&desk.sv, &cx, Which::default(), None, 10);
    assert!(matches!(all, Err(Error::Forbidden(_))));
    let mail = desk.mail_to("a");
    let resent = notifications::resend(&desk.sv, &cx, mail.id);
    assert!(matches!(resent, Err(Error::NotFound)));
    cx.actor.user = Some(mail.user_id);
    let resent = notifications::resend(&desk.sv, &cx, mail.id);
    assert!(matches!(resent, Err(Error::Forbidden(_))));
}

#[test]
fn pages_go_from_the_newest_to_the_oldest() {
    let desk = Desk::new();
    one_mail(&desk);
    for _ in 0..4 {
        desk.notice(&[Role::Drafter], None, "x");
    }
    expand(&desk.sv, &Plain, 10).expect("expanded");
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let which = Which { state: Some(MailState::Queued), ..Which::default() };
        let cx = desk.administrator();
        let page = notifications::list_outbox(&desk.sv, &cx, which, before, 2).expect("page");
        seen.extend(page.items.iter().map(|item| item.id));
        let Some(cursor) = page.next_cursor else { break };
        before = Some(cursor.parse().expect("id"));
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]));
}
