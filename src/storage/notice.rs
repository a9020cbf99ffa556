//! Notices of what happened, and which of them have still to become messages.

use crate::domain::ids::{EventId, NoticeId, ProposalId};
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeEvent;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{notice_pending, notices};
use diesel::prelude::*;

/// A notice.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = notices)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// What happened.
    pub event: NoticeEvent,
    /// To which proposal.
    pub proposal_id: Option<ProposalId>,
    /// Its facts, as JSON.
    pub facts: String,
    /// The event of the audit trail that it came with.
    pub event_id: EventId,
    /// When.
    pub created_at: Moment,
}

/// Appends a notice, and leaves it for the worker.
pub fn append(c: &mut AnyConnection, notice: &Notice) -> QueryResult<()> {
    append_told(c, notice)?;
    diesel::insert_into(notice_pending::table)
        .values(notice_pending::notice_id.eq(notice.id))
        .execute(c)?;
    Ok(())
}

/// Appends a notice whose message is made with it.
pub fn append_told(c: &mut AnyConnection, notice: &Notice) -> QueryResult<()> {
    diesel::insert_into(notices::table).values(notice).execute(c).map(|_| ())
}

/// The oldest notices that have still to become messages, after `after`.
pub fn pending(
    c: &mut AnyConnection,
    after: Option<NoticeId>,
    limit: i64,
) -> QueryResult<Vec<Notice>> {
    let mut query = notice_pending::table
        .inner_join(notices::table)
        .order(notice_pending::notice_id)
        .limit(limit)
        .select(Notice::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(notice_pending::notice_id.gt(after));
    }
    query.load(c)
}

/// Several notices.
pub fn by_ids(c: &mut AnyConnection, ids: &[NoticeId]) -> QueryResult<Vec<Notice>> {
    notices::table.filter(notices::id.eq_any(ids)).select(Notice::as_select()).load(c)
}

/// Takes a notice off the list; 0 when another worker did.
pub fn settle(c: &mut AnyConnection, id: NoticeId) -> QueryResult<usize> {
    diesel::delete(notice_pending::table.find(id)).execute(c)
}

/// A notice that could not be made into messages: since when, and why.
pub type Stuck = (NoticeId, Option<Moment>, Option<String>);

/// Keeps at a pending notice that it could not be made into messages, and why; the first time stands. 0 when that is known
/// already, so that trying again and again writes nothing.
pub fn note_stuck(
    c: &mut AnyConnection,
    id: NoticeId,
    now: Moment,
    reason: &str,
) -> QueryResult<usize> {
    let is_news = notice_pending::failed_at.is_null();
    diesel::update(notice_pending::table.find(id).filter(is_news))
        .set((notice_pending::failed_at.eq(now), notice_pending::reason.eq(reason)))
        .execute(c)
}

/// The oldest notices that could not be made into messages so far.
pub fn stuck(c: &mut AnyConnection, limit: i64) -> QueryResult<Vec<Stuck>> {
    notice_pending::table
        .filter(notice_pending::failed_at.is_not_null())
        .order((notice_pending::failed_at, notice_pending::notice_id))
        .limit(limit)
        .select((notice_pending::notice_id, notice_pending::failed_at, notice_pending::reason))
        .load(c)
}

/// How many notices could not be made into messages so far.
pub fn count_stuck(c: &mut AnyConnection) -> QueryResult<i64> {
    notice_pending::table.filter(notice_pending::failed_at.is_not_null()).count().get_result(c)
}

/// How many notices have still to become messages.
pub fn count_pending(c: &mut AnyConnection) -> QueryResult<i64> {
    notice_pending::table.count().get_result(c)
}

/// Since when the oldest of them waits: ids grow with time.
pub fn oldest_pending(c: &mut AnyConnection) -> QueryResult<Option<Moment>> {
    notice_pending::table
        .inner_join(notices::table)
        .order(notice_pending::notice_id)
        .limit(1)
        .select(notices::created_at)
        .first(c)
        .optional()
}
