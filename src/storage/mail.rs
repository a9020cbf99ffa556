//! Messages, one to a recipient, and the attempts to send them.

use crate::domain::ids::{MailAttemptId, MailId, NoticeId, UserId};
use crate::domain::mail::{AttemptOutcome, MailState};
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::Language;
use crate::storage::IDS_AT_ONCE;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{mail_attempts, mails, notices};
use diesel::prelude::*;

/// A message to one recipient, rendered once.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = mails)]
pub struct Mail {
    /// Its id.
    pub id: MailId,
    /// What it tells of.
    pub notice_id: NoticeId,
    /// To whom.
    pub user_id: UserId,
    /// At which address.
    pub address: String,
    /// In which language.
    pub language: Language,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text_body: String,
    /// HTML.
    pub html_body: String,
    /// `Message-ID`, the same at every attempt.
    pub message_id: String,
    /// `Date`, the same at every attempt.
    pub dated_at: Moment,
    /// Where it stands.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_attempt_at: Moment,
    /// Which worker has it in hand.
    pub leased_by: Option<String>,
    /// Until when.
    pub leased_until: Option<Moment>,
    /// What the relay said last.
    pub last_reply: Option<String>,
    /// When the relay took it.
    pub sent_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
    /// Raised by every change.
    pub version: i64,
    /// The code that it brings, which stands in no body; erased when it has gone out or is given up.
    pub secret: Option<String>,
    /// The digest that brought what it says.
    pub collected_in: Option<MailId>,
    /// Where one click ends messages of its kind.
    pub unsubscribe: Option<String>,
}

/// An attempt to send a message.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = mail_attempts)]
pub struct Attempt {
    /// Its id.
    pub id: MailAttemptId,
    /// Of which message.
    pub mail_id: MailId,
    /// When.
    pub at: Moment,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// What the relay said.
    pub reply: String,
}

/// Inserts a message; one to a notice and recipient, however often it is tried.
pub fn insert_once(c: &mut AnyConnection, mail: &Mail) -> QueryResult<()> {
    let exists = mails::table
        .filter(mails::notice_id.eq(mail.notice_id).and(mails::user_id.eq(mail.user_id)))
        .select(mails::id)
        .first::<MailId>(c)
        .optional()?;
    if exists.is_none() {
        diesel::insert_into(mails::table).values(mail).execute(c)?;
    }
    Ok(())
}

/// One message.
pub fn find(c: &mut AnyConnection, id: MailId) -> QueryResult<Option<Mail>> {
    mails::table.find(id).select(Mail::as_select()).first(c).optional()
}

/// Leases due messages to a worker until a moment: a page at a time. Two workers never get the same one, since the second
/// finds the lease of the first when it comes to the row.
pub fn lease(
    c: &mut AnyConnection,
    worker: &str,
    now: Moment,
    until: Moment,
    limit: i64,
) -> QueryResult<Vec<Mail>> {
    let ids: Vec<MailId> = mails::table
        .filter(mails::state.eq(MailState::Queued).and(mails::next_attempt_at.le(now)))
        .filter(mails::leased_until.is_null().or(mails::leased_until.le(now)))
        .order((mails::next_attempt_at, mails::id))
        .limit(limit)
        .select(mails::id)
        .load(c)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let due = mails::table
        .filter(mails::id.eq_any(&ids).and(mails::state.eq(MailState::Queued)))
        .filter(mails::next_attempt_at.le(now))
        .filter(mails::leased_until.is_null().or(mails::leased_until.le(now)));
    diesel::update(due)
        .set((
            mails::leased_by.eq(worker),
            mails::leased_until.eq(until),
            mails::version.eq(mails::version + 1),
        ))
        .execute(c)?;
    mails::table
        .filter(mails::id.eq_any(&ids).and(mails::leased_by.eq(worker)))
        .filter(mails::leased_until.eq(until))
        .order((mails::next_attempt_at, mails::id))
        .select(Mail::as_select())
        .load(c)
}

/// Makes the leases of a worker last until a later moment: those that it still has, which are told. The version stays, so
/// that what is under way can be recorded.
pub fn renew(
    c: &mut AnyConnection,
    worker: &str,
    ids: &[MailId],
    until: Moment,
) -> QueryResult<Vec<MailId>> {
    let held = || mails::table.filter(mails::id.eq_any(ids).and(mails::leased_by.eq(worker)));
    diesel::update(held()).set(mails::leased_until.eq(until)).execute(c)?;
    held().select(mails::id).load(c)
}

/// Takes every lease away, where no other worker can be alive; how many there were.
pub fn release_all(c: &mut AnyConnection) -> QueryResult<usize> {
    let leased = mails::state.eq(MailState::Queued).and(mails::leased_until.is_not_null());
    diesel::update(mails::table.filter(leased))
        .set((
            mails::leased_by.eq(None::<String>),
            mails::leased_until.eq(None::<Moment>),
            mails::version.eq(mails::version + 1),
        ))
        .execute(c)
}

/// Gives up what waits for an address of a user, but for what a worker has in hand; how many there were.
pub fn give_up(
    c: &mut AnyConnection,
    user: UserId,
    address: &str,
    now: Moment,
    why: &str,
) -> QueryResult<usize> {
    let waiting = mails::user_id.eq(user).and(mails::address.eq(address));
    let waiting = waiting.and(mails::state.eq(MailState::Queued));
    diesel::update(mails::table.filter(waiting))
        .filter(mails::leased_until.is_null().or(mails::leased_until.le(now)))
        .set((
            mails::state.eq(MailState::Dead),
            mails::secret.eq(None::<String>),
            mails::leased_by.eq(None::<String>),
            mails::leased_until.eq(None::<Moment>),
            mails::last_reply.eq(why),
            mails::version.eq(mails::version + 1),
        ))
        .execute(c)
}

/// Ends messages, which are then sent no more, and says why; how many there were.
pub fn end(c: &mut AnyConnection, ids: &[MailId], why: &str) -> QueryResult<usize> {
    let mut ended = 0;
    for some in ids.chunks(IDS_AT_ONCE) {
        let waiting = mails::id.eq_any(some).and(mails::state.eq(MailState::Queued));
        ended += diesel::update(mails::table.filter(waiting))
            .set((
                mails::state.eq(MailState::Dead),
                mails::secret.eq(None::<String>),
                mails::leased_by.eq(None::<String>),
                mails::leased_until.eq(None::<Moment>),
                mails::last_reply.eq(why),
                mails::version.eq(mails::version + 1),
            ))
            .execute(c)?;
    }
    Ok(ended)
}

/// Sends messages in hand to another address. The version stays, so that what becomes of them can be recorded.
pub fn readdress(c: &mut AnyConnection, ids: &[MailId], address: &str) -> QueryResult<usize> {
    let mut moved = 0;
    for some in ids.chunks(IDS_AT_ONCE) {
        moved += diesel::update(mails::table.filter(mails::id.eq_any(some)))
            .set(mails::address.eq(address))
            .execute(c)?;
    }
    Ok(moved)
}

/// How an attempt changes a message.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Where it stands now.
    pub state: MailState,
    /// When it is tried next.
    pub next_attempt_at: Moment,
    /// When the relay took it.
    pub sent_at: Option<Moment>,
}

/// Records an attempt and its verdict; 0 when the lease was lost meanwhile.
pub fn settle(
    c: &mut AnyConnection,
    mail: &Mail,
    attempt: &Attempt,
    verdict: &Verdict,
) -> QueryResult<usize> {
    diesel::insert_into(mail_attempts::table).values(attempt).execute(c)?;
    let secret = match verdict.state {
        MailState::Queued => mail.secret.clone(),
        MailState::Sent
        | MailState::Dead
        | MailState::Digest
        | MailState::Collected
        | MailState::Muted => None,
    };
    diesel::update(mails::table.find(mail.id).filter(mails::version.eq(mail.version)))
        .set((
            mails::secret.eq(secret),
            mails::state.eq(verdict.state),
            mails::attempts.eq(mails::attempts + 1),
            mails::next_attempt_at.eq(verdict.next_attempt_at),
            mails::sent_at.eq(verdict.sent_at),
            mails::leased_by.eq(None::<String>),
            mails::leased_until.eq(None::<Moment>),
            mails::last_reply.eq(Some(attempt.reply.as_str())),
            mails::version.eq(mails::version + 1),
        ))
        .execute(c)
}

/// Gives a leased message back untried.
pub fn release(c: &mut AnyConnection, mail: &Mail, next_attempt_at: Moment) -> QueryResult<usize> {
    diesel::update(mails::table.find(mail.id).filter(mails::version.eq(mail.version)))
        .set((
            mails::next_attempt_at.eq(next_attempt_at),
            mails::leased_by.eq(None::<String>),
            mails::leased_until.eq(None::<Moment>),
            mails::version.eq(mails::version + 1),
        ))
        .execute(c)
}

/// Queues a message again, to the address that its recipient has now, with all its attempts before it; 0 when its version
/// is not the one expected.
pub fn requeue(
    c: &mut AnyConnection,
    id: MailId,
    version: i64,
    address: &str,
    now: Moment,
) -> QueryResult<usize> {
    diesel::update(mails::table.find(id).filter(mails::version.eq(version)))
        .set((
            mails::state.eq(MailState::Queued),
            mails::address.eq(address),
            mails::attempts.eq(0),
            mails::next_attempt_at.eq(now),
            mails::version.eq(version + 1),
        ))
        .execute(c)
}

/// When the first of the last `attempts` attempts at a message was made: those since it was queued.
pub fn first_attempt(
    c: &mut AnyConnection,
    id: MailId,
    attempts: i64,
) -> QueryResult<Option<Moment>> {
    if attempts < 1 {
        return Ok(None);
    }
    mail_attempts::table
        .filter(mail_attempts::mail_id.eq(id))
        .order(mail_attempts::id.desc())
        .offset(attempts - 1)
        .limit(1)
        .select(mail_attempts::at)
        .first(c)
        .optional()
}

/// The attempts at several messages, in the order of their making.
pub fn attempts_of(c: &mut AnyConnection, ids: &[MailId]) -> QueryResult<Vec<Attempt>> {
    mail_attempts::table
        .filter(mail_attempts::mail_id.eq_any(ids))
        .order(mail_attempts::id)
        .select(Attempt::as_select())
        .load(c)
}

/// How many messages stand in a state.
pub fn count(c: &mut AnyConnection, state: MailState) -> QueryResult<i64> {
    mails::table.filter(mails::state.eq(state)).count().get_result(c)
}

/// Since when the oldest of the messages that wait does: ids grow with time.
pub fn oldest_queued(c: &mut AnyConnection) -> QueryResult<Option<Moment>> {
    mails::table
        .filter(mails::state.eq(MailState::Queued))
        .order(mails::id)
        .limit(1)
        .select(mails::created_at)
        .first(c)
        .optional()
}

/// What waits for a person's digest, with the events that it tells of, in the order of its making.
pub fn waiting_of(c: &mut AnyConnection, user: UserId) -> QueryResult<Vec<(MailId, NoticeEvent)>> {
    mails::table
        .inner_join(notices::table)
        .filter(mails::user_id.eq(user).and(mails::state.eq(MailState::Digest)))
        .order(mails::id)
        .select((mails::id, notices::event))
        .load(c)
}

/// Holds back messages that wait for a digest; how many did.
pub fn mute(c: &mut AnyConnection, ids: &[MailId], now: Moment) -> QueryResult<usize> {
    let mut muted = 0;
    for some in ids.chunks(IDS_AT_ONCE) {
        let waiting = mails::id.eq_any(some).and(mails::state.eq(MailState::Digest));
        muted += diesel::update(mails::table.filter(waiting))
            .set((
                mails::state.eq(MailState::Muted),
                mails::next_attempt_at.eq(now),
                mails::version.eq(mails::version + 1),
            ))
            .execute(c)?;
    }
    Ok(muted)
}

/// Lets everything that waits for a person's digest be due at a moment.
pub fn postpone(c: &mut AnyConnection, user: UserId, until: Moment) -> QueryResult<usize> {
    let waiting = mails::user_id.eq(user).and(mails::state.eq(MailState::Digest));
    diesel::update(mails::table.filter(waiting))
        .set((mails::next_attempt_at.eq(until), mails::version.eq(mails::version + 1)))
        .execute(c)
}
