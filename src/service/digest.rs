//! The daily digest: what waits for a person is told in one message, by proposal, at the hour that they chose. One
//! transaction makes it and marks what it brings, so that nothing is told twice or lost between the two.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, MailId, NoticeId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::domain::notice::{NoticeEvent, NoticeFacts};
use crate::domain::people::{Actor, Grant, Language, Role};
use crate::domain::preference::{DigestFacts, Topic, digest_day, next_digest, zone_of};
use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::outbox::{Render, queued};
use crate::service::session::holding;
use crate::service::trail::{self, Event, Subject};
use crate::service::{preference, unsubscribe};
use crate::storage::digest::{self, Digest};
use crate::storage::notice::{self, Notice};
use crate::storage::user::User;
use crate::storage::{AnyConnection, DbError, mail, user};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::HashMap;

/// How many people are looked up at a time.
const PAGE: i64 = 100;
/// How many messages one digest brings; what is beyond waits for the next day's.
const MAX_MESSAGES: i64 = 1_000;
/// How many of them it spells out, the newest. Of those before them it tells shortly what can't be off, and says how many the
/// others are.
const SHOWN: usize = 100;

/// Something that happened, as a digest tells it.
#[derive(Debug, Clone)]
pub struct Item {
    /// What happened.
    pub event: NoticeEvent,
    /// Its facts.
    pub facts: NoticeFacts,
    /// For which of their roles the recipient is told; those that they hold now.
    pub roles: Vec<Role>,
    /// Whether it is told in one line, without comment and details.
    pub brief: bool,
}

/// What a digest is made of.
#[derive(Debug, Clone, Copy)]
pub struct DigestDraft<'a> {
    /// The id of the message, from which its `Message-ID` is derived.
    pub id: MailId,
    /// The day that it is of.
    pub day: NaiveDate,
    /// The recipient's name.
    pub name: &'a str,
    /// The recipient's language.
    pub language: Language,
    /// What happened, by proposal: the newest last, in each and of all. A reminder of several proposals stands by itself.
    pub groups: &'a [Vec<Item>],
    /// How many messages it brings.
    pub messages: usize,
    /// The token by which what can be off in it is turned off, if anything can.
    pub unsubscribe: Option<&'a str>,
}

/// What became of the digests that were due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// Digests that were made.
    pub digests: usize,
    /// Those who can't be made one, and why. They wait, and keep no other from its turn.
    pub stuck: Vec<(UserId, String)>,
}

/// Makes up to `limit` digests that are due. Any number of workers may do so at once: a person and day have one.
pub fn collect(sv: &Services, render: &dyn Render, limit: usize) -> Result<Collected, Error> {
    let mut done = Collected::default();
    let mut after = None;
    while done.digests < limit {
        let now = sv.clock.now();
        let page = sv.db.read(|tx| Ok::<_, Error>(digest::due(tx, now, after, PAGE)?))?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        for person in &page {
            if done.digests >= limit {
                break;
            }
            match collect_one(sv, render, *person) {
                Ok(true) => done.digests += 1,
                // Another worker was quicker, or there is nothing to say.
                Ok(false) | Err(Error::Database(DbError::Duplicate(_))) => {}
                Err(Error::Defect(reason)) => done.stuck.push((*person, reason)),
                Err(error) => return Err(error),
            }
        }
    }
    Ok(done)
}

/// Whether a digest was made for a person.
fn collect_one(sv: &Services, render: &dyn Render, person: UserId) -> Result<bool, Error> {
    let now = sv.clock.now();
    let tokens = unsubscribe::Tokens::of(sv)?;
    sv.db.write(
        "digest.collect",
        |tx| {
            let owner = user::find(tx, person)?.ok_or(Error::NotFound)?;
            if owner.disabled_at.is_some() {
                let waiting: Vec<MailId> =
                    mail::waiting_of(tx, person)?.into_iter().map(|(id, _)| id).collect();
                mail::mute(tx, &waiting, now)?;
                return Ok(false);
            }
            let preferences = preference::kept(tx, person)?.preferences;
            // What was turned off while a message was being made is held back here at the latest.
            preference::hold_back(tx, person, &preferences, now)?;
            let grants: Vec<Grant> =
                holding(tx, &owner, now)?.into_iter().map(Grant::from).collect();
            let (hour, zone) = (preferences.digest_hour, zone_of(&grants));
            let day = digest_day(now, hour, zone);
            if digest::exists(tx, person, day)? {
                preference::postpone(tx, person, now, next_digest(now, hour, zone))?;
                return Ok(false);
            }
            let due = digest::due_of(tx, person, now, MAX_MESSAGES)?;
            let to = Recipient { owner, grants, day };
            let told = told(&to, due)?;
            // Of what they have no business with any more, since a grant ended, nobody is told.
            mail::mute(tx, &told.lost, now)?;
            if told.ids.is_empty() {
                return Ok(false);
            }
            make(tx, render, &tokens, &to, &told, now)?;
            Ok(true)
        },
        |_, _| Ok(()),
    )
}

/// For whom, and of which day.
struct Recipient {
    owner: User,
    grants: Vec<Grant>,
    day: NaiveDate,
}

fn make(
    tx: &mut AnyConnection,
    render: &dyn Render,
    tokens: &unsubscribe::Tokens,
    to: &Recipient,
    told: &Told,
    now: Moment,
) -> Result<(), Error> {
    let (id, person) = (MailId::new(), to.owner.id);
    // First, so that a second worker waits here on PostgreSQL, and then fails as a duplicate.
    digest::insert(tx, &Digest { user_id: person, day: to.day, mail_id: id, created_at: now })?;
    let token = told.can_be_left.then(|| tokens.token(person, Topic::Digest)).transpose()?;
    let draft = DigestDraft {
        id,
        day: to.day,
        name: &to.owner.name,
        language: to.owner.language,
        groups: &told.groups,
        messages: told.ids.len(),
        unsubscribe: token.as_deref(),
    };
    let rendered = render.render_digest(&draft).map_err(Error::Defect)?;
    let notice = announce(tx, to, &told.ids, id, now)?;
    mail::insert_once(tx, &queued(id, &notice, &to.owner, rendered, now))?;
    if digest::collect(tx, &told.ids, id, now)? != told.ids.len() {
        let words = "what waited for a digest was changed meanwhile".to_owned();
        return Err(Error::Database(DbError::Conflict(words)));
    }
    Ok(())
}

/// The notice that a digest tells of, with the event of its making: which messages were told in it.
fn announce(
    tx: &mut AnyConnection,
    to: &Recipient,
    ids: &[MailId],
    id: MailId,
    now: Moment,
) -> Result<Notice, Error> {
    let facts = DigestFacts { at: now, user_id: to.owner.id, day: to.day, messages: ids.len() };
    let row = Notice {
        id: NoticeId::new(),
        event: NoticeEvent::Digest,
        proposal_id: None,
        facts: serde_json::to_string(&facts)?,
        event_id: EventId::new(),
        created_at: now,
    };
    let event = Event {
        id: row.event_id,
        action: "mail.digest",
        subject: &Subject::of(SubjectKind::Mail, id),
        by: None,
        content: json!({ "user_id": to.owner.id, "day": to.day, "mail_ids": ids }),
        personal: &[],
    };
    trail::done(tx, &Context::system(now), event)?;
    notice::append_told(tx, &row)?;
    Ok(row)
}

/// What a digest brings, and what it does not.
#[derive(Default)]
struct Told {
    /// What happened, by proposal; the proposal of the newest last.
    groups: Vec<Vec<Item>>,
    /// The messages that it stands for.
    ids: Vec<MailId>,
    /// Those of which the person is told for no role any more.
    lost: Vec<MailId>,
    /// Whether anything of it can be off.
    can_be_left: bool,
}

/// What stands together: what happened to a proposal, or a reminder of several.
#[derive(PartialEq, Eq, Hash)]
enum Together {
    Proposal(ProposalId),
    Several(MailId),
}

fn told(to: &Recipient, due: Vec<(MailId, Notice)>) -> Result<Told, Error> {
    let owner = &to.owner;
    let actor = Actor { user: Some(owner.id), name: owner.name.clone(), grants: to.grants.clone() };
    let mut told = Told::default();
    let mut items: Vec<(Together, Item)> = Vec::with_capacity(due.len());
    for (id, notice) in due {
        let facts: NoticeFacts = serde_json::from_str(&notice.facts)?;
        let roles = facts.roles_of(&actor);
        if roles.is_empty() {
            told.lost.push(id);
            continue;
        }
        told.ids.push(id);
        told.can_be_left |= Topic::of(notice.event).is_some();
        let several = facts.reminder.as_ref().is_some_and(|reminder| reminder.count > 1);
        let together = match several {
            true => Together::Several(id),
            false => Together::Proposal(facts.proposal_id),
        };
        items.push((together, Item { event: notice.event, facts, roles, brief: false }));
    }
    let before = items.len().saturating_sub(SHOWN);
    let mut of: HashMap<Together, (usize, Vec<Item>)> = HashMap::new();
    for (index, (together, mut item)) in items.into_iter().enumerate() {
        item.brief = index < before;
        // What can be off may be left to the list of notifications; a decision or a payment may not.
        if item.brief && Topic::of(item.event).is_some() {
            continue;
        }
        let (newest, items) = of.entry(together).or_default();
        *newest = index;
        items.push(item);
    }
    let mut groups: Vec<(usize, Vec<Item>)> = of.into_values().collect();
    groups.sort_by_key(|(newest, _)| *newest);
    told.groups = groups.into_iter().map(|(_, items)| items).collect();
    Ok(told)
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
