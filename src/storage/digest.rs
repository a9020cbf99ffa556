//! Digests: that a person's was made for a day, what is due in one, and what one brought.

use crate::domain::ids::{MailId, UserId};
use crate::domain::mail::MailState;
use crate::domain::moment::Moment;
use crate::storage::IDS_AT_ONCE;
use crate::storage::connection::AnyConnection;
use crate::storage::notice::Notice;
use crate::storage::schema::{digests, mails, notices};
use chrono::NaiveDate;
use diesel::prelude::*;

/// That a digest was made.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = digests)]
pub struct Digest {
    /// For whom.
    pub user_id: UserId,
    /// Of which day, on the clocks of where that person works.
    pub day: NaiveDate,
    /// Its message.
    pub mail_id: MailId,
    /// When it was made.
    pub created_at: Moment,
}

/// Inserts a digest; a second one of the same person and day is a duplicate.
pub fn insert(c: &mut AnyConnection, digest: &Digest) -> QueryResult<()> {
    diesel::insert_into(digests::table).values(digest).execute(c).map(|_| ())
}

/// Whether a person's digest of a day was made.
pub fn exists(c: &mut AnyConnection, user: UserId, day: NaiveDate) -> QueryResult<bool> {
    let found: Option<MailId> =
        digests::table.find((user, day)).select(digests::mail_id).first(c).optional()?;
    Ok(found.is_some())
}

/// Who has something due in a digest, in the order of their ids, after `after`.
pub fn due(
    c: &mut AnyConnection,
    now: Moment,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<UserId>> {
    let mut query = mails::table
        .filter(mails::state.eq(MailState::Digest).and(mails::next_attempt_at.le(now)))
        .select(mails::user_id)
        .distinct()
        .order(mails::user_id)
        .limit(limit)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(mails::user_id.gt(after));
    }
    query.load(c)
}

/// What is due in a person's digest, with the notices that it tells of, the oldest first.
pub fn due_of(
    c: &mut AnyConnection,
    user: UserId,
    now: Moment,
    limit: i64,
) -> QueryResult<Vec<(MailId, Notice)>> {
    mails::table
        .inner_join(notices::table)
        .filter(mails::user_id.eq(user).and(mails::state.eq(MailState::Digest)))
        .filter(mails::next_attempt_at.le(now))
        .order(mails::id)
        .limit(limit)
        .select((mails::id, Notice::as_select()))
        .load(c)
}

/// What waits for a person's digest, due or not, with the notices that it tells of, in the order of its making, after
/// `after`.
pub fn waiting_of(
    c: &mut AnyConnection,
    user: UserId,
    after: Option<MailId>,
    limit: i64,
) -> QueryResult<Vec<(MailId, Notice)>> {
    let mut query = mails::table
        .inner_join(notices::table)
        .filter(mails::user_id.eq(user).and(mails::state.eq(MailState::Digest)))
        .order(mails::id)
        .limit(limit)
        .select((mails::id, Notice::as_select()))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(mails::id.gt(after));
    }
    query.load(c)
}

/// Lets messages that wait for a digest be sent at once by themselves; how many did wait.
pub fn hasten(c: &mut AnyConnection, ids: &[MailId], now: Moment) -> QueryResult<usize> {
    let mut hastened = 0;
    for some in ids.chunks(IDS_AT_ONCE) {
        let waiting = mails::id.eq_any(some).and(mails::state.eq(MailState::Digest));
        hastened += diesel::update(mails::table.filter(waiting))
            .set((
                mails::state.eq(MailState::Queued),
                mails::next_attempt_at.eq(now),
                mails::version.eq(mails::version + 1),
            ))
            .execute(c)?;
    }
    Ok(hastened)
}

/// Marks messages as told in a digest; how many had waited until now.
pub fn collect(
    c: &mut AnyConnection,
    ids: &[MailId],
    digest: MailId,
    now: Moment,
) -> QueryResult<usize> {
    let mut collected = 0;
    for some in ids.chunks(IDS_AT_ONCE) {
        let waiting = mails::id.eq_any(some).and(mails::state.eq(MailState::Digest));
        collected += diesel::update(mails::table.filter(waiting))
            .set((
                mails::state.eq(MailState::Collected),
                mails::collected_in.eq(digest),
                mails::next_attempt_at.eq(now),
                mails::version.eq(mails::version + 1),
            ))
            .execute(c)?;
    }
    Ok(collected)
}
