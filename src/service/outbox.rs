//! The outbox: notices become messages, one to a recipient; workers lease them, and say how each attempt ended.

use crate::domain::ids::{MailAttemptId, MailId, NoticeId, UserId};
use crate::domain::mail::{AttemptOutcome, Letter, MailState, judge};
use crate::domain::moment::{Moment, Zone};
use crate::domain::notice::{NoticeEvent, NoticeFacts};
use crate::domain::people::{Actor, Grant, Language, Role};
use crate::domain::preference::{Delivery, Topic, next_digest};
use crate::service::Services;
use crate::service::digest::DigestDraft;
use crate::service::error::Error;
use crate::service::preference;
use crate::service::unsubscribe::Tokens;
use crate::storage::mail::{self, Attempt, Mail, Verdict};
use crate::storage::notice::{self, Notice};
use crate::storage::user::User;
use crate::storage::{AnyConnection, DbError, grant, user};
use chrono::TimeDelta;
use std::collections::{BTreeMap, HashMap};

pub mod account;
pub mod bounce;
pub(super) mod reach;
mod waiting;

pub use waiting::{StuckNotice, Waiting, waiting};

use account::{AccountDraft, CODE_PLACE};

/// How many notices are read at a time.
const PAGE: i64 = 100;
/// Letters of a reason that are kept.
const MAX_REASON: usize = 500;

/// What a message is made of.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The id of the message, from which its `Message-ID` is derived.
    pub id: MailId,
    /// What happened.
    pub event: NoticeEvent,
    /// Its facts.
    pub facts: &'a NoticeFacts,
    /// The recipient's name.
    pub name: &'a str,
    /// The recipient's language.
    pub language: Language,
    /// The roles for which the recipient is told.
    pub roles: &'a [Role],
    /// The token by which messages of its kind are ended, where they can be off.
    pub unsubscribe: Option<&'a str>,
}

/// A message, made once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// `Message-ID`.
    pub message_id: String,
    /// Where one click ends messages of its kind, where they can be off.
    pub unsubscribe: Option<String>,
}

/// Makes messages. Implemented where the templates are, which this layer does not know.
pub trait Render: Send + Sync {
    /// Makes the message of a notice to one recipient.
    fn render(&self, draft: &Draft<'_>) -> Result<Rendered, String>;

    /// Makes the message of a notice about an account to its owner.
    fn render_account(&self, draft: &AccountDraft<'_>) -> Result<Rendered, String>;

    /// Makes a person's digest.
    fn render_digest(&self, draft: &DigestDraft<'_>) -> Result<Rendered, String>;
}

/// What became of the notices that were pending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expanded {
    /// Notices that became messages, as far as there was anybody to tell.
    pub notices: usize,
    /// Messages that were made of them.
    pub mails: usize,
    /// Notices that can't be made into messages, and why. They stay, and keep no other from its turn.
    pub stuck: Vec<(NoticeId, String)>,
}

/// Makes messages of up to `limit` pending notices. Any number of workers may do so at once: each notice is one
/// transaction, and the one that takes it off the list makes its messages.
pub fn expand(sv: &Services, render: &dyn Render, limit: usize) -> Result<Expanded, Error> {
    let mut done = Expanded::default();
    let mut after = None;
    while done.notices < limit {
        let page = sv.db.read(|tx| Ok::<_, Error>(notice::pending(tx, after, PAGE)?))?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        let tokens = Tokens::of(sv)?;
        for row in &page {
            if done.notices >= limit {
                break;
            }
            match expand_one(sv, render, &tokens, row) {
                Ok(Some(mails)) => {
                    done.notices += 1;
                    done.mails += mails;
                }
                // Another worker was quicker.
                Ok(None) | Err(Error::Database(DbError::Duplicate(_))) => {}
                Err(Error::Defect(reason)) => {
                    note_stuck(sv, row.id, &reason)?;
                    done.stuck.push((row.id, reason));
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(done)
}

/// Keeps at a pending notice why it could not be made into messages, where everybody can see it.
fn note_stuck(sv: &Services, id: NoticeId, reason: &str) -> Result<(), Error> {
    let now = sv.clock.now();
    let short: String = reason.chars().take(MAX_REASON).collect();
    sv.db.write(
        "outbox.note_stuck",
        |tx| Ok::<_, Error>(notice::note_stuck(tx, id, now, &short).map(drop)?),
        |_, _| Ok(()),
    )
}

/// The number of messages made of a notice; nothing when another worker made them.
fn expand_one(
    sv: &Services,
    render: &dyn Render,
    tokens: &Tokens,
    row: &Notice,
) -> Result<Option<usize>, Error> {
    let now = sv.clock.now();
    sv.db.write(
        "outbox.expand",
        |tx| {
            // First, so that a second worker waits here on PostgreSQL, and then finds nothing to do.
            if notice::settle(tx, row.id)? == 0 {
                return Ok(None);
            }
            if row.event.is_about_account() {
                return account::expand(tx, render, row, now).map(Some);
            }
            if !row.event.is_about_proposal() {
                return Err(Error::Defect(format!("nobody raises a notice of {}", row.event)));
            }
            let facts: NoticeFacts = serde_json::from_str(&row.facts)?;
            let recipients = recipients(tx, &facts, now)?;
            let ways = ways(tx, row.event, &facts, &recipients, now)?;
            let maker = Maker { render, tokens, now };
            for (user, roles) in &recipients {
                let mut mail = compose(&maker, row, &facts, user, roles)?;
                // A refused address is none of choice.
                let chosen = ways.get(&user.id).filter(|_| mail.state == MailState::Queued);
                if let Some((state, due)) = chosen {
                    (mail.state, mail.next_attempt_at) = (*state, *due);
                }
                mail::insert_once(tx, &mail)?;
            }
            Ok(Some(recipients.len()))
        },
        |_, _| Ok(()),
    )
}

/// Who is told: holders of the roles by grants that hold now over the place, each once, but not who did it; where one
/// person is meant, only they.
fn recipients(
    tx: &mut AnyConnection,
    facts: &NoticeFacts,
    now: Moment,
) -> Result<Vec<(User, Vec<Role>)>, Error> {
    let mut held: BTreeMap<UserId, Vec<Grant>> = BTreeMap::new();
    for row in grant::holders(tx, &facts.tells, &facts.region_code)? {
        let user = row.user_id;
        let grant = Grant::from(row);
        let is_meant = facts.only.is_none_or(|only| only == user);
        if is_meant && Some(user) != facts.actor_id && grant.holds_at(now) {
            held.entry(user).or_default().push(grant);
        }
    }
    let ids: Vec<UserId> = held.keys().copied().collect();
    let mut told = Vec::with_capacity(ids.len());
    for user in user::by_ids(tx, &ids)? {
        let grants = held.remove(&user.id).unwrap_or_default();
        let actor = Actor { user: Some(user.id), name: user.name.clone(), grants };
        let roles = facts.roles_of(&actor);
        if !roles.is_empty() {
            told.push((user, roles));
        }
    }
    Ok(told)
}

/// How each recipient is told of an event, as they chose: at once, with the digest that comes next, or not by mail. What
/// names a date that will have passed when the digest comes goes at once: told afterwards, it is of no use.
fn ways(
    tx: &mut AnyConnection,
    event: NoticeEvent,
    facts: &NoticeFacts,
    recipients: &[(User, Vec<Role>)],
    now: Moment,
) -> Result<HashMap<UserId, (MailState, Moment)>, Error> {
    let ids: Vec<UserId> = recipients.iter().map(|(user, _)| user.id).collect();
    let kept = preference::kept_of(tx, &ids)?;
    let delivery = |id: &UserId| kept.get(id).map(|kept| kept.preferences.delivery(event));
    let daily: Vec<UserId> =
        ids.iter().copied().filter(|id| delivery(id) == Some(Delivery::Daily)).collect();
    let zones =
        if daily.is_empty() { HashMap::new() } else { preference::zones_of(tx, &daily, now)? };
    let way = |(id, kept): (&UserId, &preference::Kept)| {
        let way = match kept.preferences.delivery(event) {
            Delivery::AtOnce => (MailState::Queued, now),
            Delivery::Off => (MailState::Muted, now),
            Delivery::Daily => {
                let zone = zones.get(id).copied().unwrap_or(Zone::Wib);
                let next = next_digest(now, kept.preferences.digest_hour, zone);
                match facts.passes_before(now, next) {
                    true => (MailState::Queued, now),
                    false => (MailState::Digest, next),
                }
            }
        };
        (*id, way)
    };
    Ok(kept.iter().map(way).collect())
}

/// What messages are made with.
struct Maker<'a> {
    render: &'a dyn Render,
    tokens: &'a Tokens,
    now: Moment,
}

fn compose(
    maker: &Maker<'_>,
    notice: &Notice,
    facts: &NoticeFacts,
    user: &User,
    roles: &[Role],
) -> Result<Mail, Error> {
    let id = MailId::new();
    let topic = Topic::of(notice.event);
    let token = topic.map(|topic| maker.tokens.token(user.id, topic)).transpose()?;
    let draft = Draft {
        id,
        event: notice.event,
        facts,
        name: &user.name,
        language: user.language,
        roles,
        unsubscribe: token.as_deref(),
    };
    let rendered = maker.render.render(&draft).map_err(Error::Defect)?;
    Ok(queued(id, notice, user, rendered, maker.now))
}

/// A message that is to be sent at once; one to an address that is refused is made, and given up at once.
pub(super) fn queued(
    id: MailId,
    notice: &Notice,
    user: &User,
    rendered: Rendered,
    now: Moment,
) -> Mail {
    let refused = user.address_refused_at.map(bounce::given_up);
    Mail {
        id,
        notice_id: notice.id,
        user_id: user.id,
        address: user.email.clone(),
        language: user.language,
        subject: rendered.subject,
        text_body: rendered.text,
        html_body: rendered.html,
        message_id: rendered.message_id,
        dated_at: now,
        state: if refused.is_some() { MailState::Dead } else { MailState::Queued },
        attempts: 0,
        next_attempt_at: now,
        leased_by: None,
        leased_until: None,
        last_reply: refused,
        sent_at: None,
        created_at: now,
        version: 1,
        secret: None,
        collected_in: None,
        unsubscribe: rendered.unsubscribe,
    }
}

/// A message that a worker has in hand until its lease ends.
#[derive(Debug, Clone)]
pub struct Leased {
    /// What is to be sent.
    pub letter: Letter,
    row: Mail,
}

impl From<Mail> for Leased {
    fn from(row: Mail) -> Self {
        let whole = |body: &str| match &row.secret {
            Some(code) => body.replace(CODE_PLACE, code),
            None => body.to_owned(),
        };
        let letter = Letter {
            id: row.id,
            address: row.address.clone(),
            subject: row.subject.clone(),
            text: whole(&row.text_body),
            html: whole(&row.html_body),
            message_id: row.message_id.clone(),
            dated_at: row.dated_at,
            unsubscribe: row.unsubscribe.clone(),
        };
        Leased { letter, row }
    }
}

/// Leases up to `limit` due messages to a worker. No two workers have one at the same time. What can't be sent to its
/// recipient any more ends here.
pub fn lease(
    sv: &Services,
    worker: &str,
    lease: TimeDelta,
    limit: i64,
) -> Result<Vec<Leased>, Error> {
    let now = sv.clock.now();
    let rows = sv.db.write(
        "outbox.lease",
        |tx| {
            let rows = mail::lease(tx, worker, now, now.after(lease), limit)?;
            reach::follow(tx, rows, now)
        },
        |_, _| Ok(()),
    )?;
    Ok(rows.into_iter().map(Leased::from).collect())
}

/// How an attempt at a leased message ended. Recording it twice records it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempted {
    id: MailAttemptId,
    outcome: AttemptOutcome,
    reply: String,
    jitter: i64,
    refuses_address: bool,
}

impl Attempted {
    /// An attempt that has just been made. `jitter` in 0..=1000 spreads the next ones.
    pub fn new(outcome: AttemptOutcome, reply: String, jitter: i64) -> Attempted {
        Attempted { id: MailAttemptId::new(), outcome, reply, jitter, refuses_address: false }
    }

    /// An attempt that has just been made, to an address at which there is nobody.
    pub fn address_refused(reply: String) -> Attempted {
        let refuses_address = true;
        Attempted { refuses_address, ..Attempted::new(AttemptOutcome::Permanent, reply, 0) }
    }

    /// How it ended.
    pub const fn outcome(&self) -> AttemptOutcome {
        self.outcome
    }

    /// Whether nothing more is to be sent to the address.
    pub const fn refuses_address(&self) -> bool {
        self.refuses_address
    }
}

/// Records an attempt and what follows from it: where the message stands now, or nothing when the lease had ended.
pub fn settle(
    sv: &Services,
    leased: &Leased,
    attempted: &Attempted,
) -> Result<Option<MailState>, Error> {
    let now = sv.clock.now();
    let row = &leased.row;
    let outcome = sv.db.write(
        "outbox.settle",
        |tx| {
            let first = mail::first_attempt(tx, row.id, row.attempts)?.unwrap_or(now);
            let end = judge(attempted.outcome, row.attempts, first, now, attempted.jitter);
            let attempt = Attempt {
                id: attempted.id,
                mail_id: row.id,
                at: now,
                outcome: attempted.outcome,
                reply: attempted.reply.clone(),
            };
            let verdict = Verdict {
                state: end.state,
                next_attempt_at: end.next_attempt_at,
                sent_at: end.sent_at,
            };
            // An attempt that outlived its lease was made all the same: it is kept, and decides nothing.
            let settled = mail::settle(tx, row, &attempt, &verdict)?;
            if attempted.refuses_address {
                bounce::mark(tx, row.user_id, &row.address, &attempted.reply, now)?;
            }
            if settled != 1 {
                return Ok(None);
            }
            let waits = end.state == MailState::Queued;
            let is_ended = waits && !reach::end_unreachable(tx, &[row])?.is_empty();
            Ok(Some(if is_ended { MailState::Dead } else { end.state }))
        },
        |_, _| Ok(()),
    );
    match outcome {
        // A first try of this was committed after all, though its answer was lost.
        Err(Error::Database(DbError::Duplicate(_))) => {
            sv.db.read(|tx| Ok::<_, Error>(mail::find(tx, row.id)?.map(|row| row.state)))
        }
        outcome => outcome,
    }
}

/// Gives leased messages back untried: they are due as they were, and nothing is counted. What can't be sent to its
/// recipient any more ends here.
pub fn release(sv: &Services, leased: &[Leased]) -> Result<(), Error> {
    if leased.is_empty() {
        return Ok(());
    }
    sv.db.write(
        "outbox.release",
        |tx| {
            let mut released = Vec::with_capacity(leased.len());
            for one in leased {
                if mail::release(tx, &one.row, one.row.next_attempt_at)? == 1 {
                    released.push(&one.row);
                }
            }
            reach::end_unreachable(tx, &released).map(drop)
        },
        |_, _| Ok(()),
    )
}

/// Makes the leases of what a worker has in hand last until `lease` from now; which of them it still has.
pub fn renew(
    sv: &Services,
    worker: &str,
    ids: &[MailId],
    lease: TimeDelta,
) -> Result<Vec<MailId>, Error> {
    let until = sv.clock.now().after(lease);
    sv.db.write(
        "outbox.renew",
        |tx| Ok::<_, Error>(mail::renew(tx, worker, ids, until)?),
        |_, _| Ok(()),
    )
}

/// Gives back what a process that ended had in hand, where only one process can have the database: what waits then goes
/// at once, not when its lease ends. How many messages it were.
pub fn release_all(sv: &Services) -> Result<usize, Error> {
    sv.db.write("outbox.release_all", |tx| Ok::<_, Error>(mail::release_all(tx)?), |_, _| Ok(()))
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
pub mod tests;
