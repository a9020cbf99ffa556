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
