//! The outbox as administrators look through it, and what of it is sent again.

use crate::domain::ids::{MailId, ProposalId, UserId};
use crate::domain::mail::MailState;
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeEvent;
use crate::storage::IDS_AT_ONCE;
use crate::storage::connection::AnyConnection;
use crate::storage::mail::Mail;
use crate::storage::schema::{mails, notices, users};
use diesel::prelude::*;

/// Which messages; what is absent leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Standing in this state.
    pub state: Option<MailState>,
    /// To this user.
    pub user: Option<UserId>,
    /// To this address.
    pub address: Option<String>,
    /// About this proposal.
    pub proposal: Option<ProposalId>,
    /// Telling of this.
    pub event: Option<NoticeEvent>,
    /// Made at this moment or later.
    pub since: Option<Moment>,
}

/// Leaves out of a query over messages and their notices what the filter does not name.
macro_rules! narrowed {
    ($query:expr, $filter:expr) => {{
        let (mut query, filter) = ($query, $filter);
        if let Some(state) = filter.state {
            query = query.filter(mails::state.eq(state));
        }
        if let Some(user) = filter.user {
            query = query.filter(mails::user_id.eq(user));
        }
        if let Some(address) = &filter.address {
            query = query.filter(mails::address.eq(address.as_str()));
        }
        if let Some(proposal) = filter.proposal {
            query = query.filter(notices::proposal_id.eq(proposal));
        }
        if let Some(event) = filter.event {
            query = query.filter(notices::event.eq(event));
        }
        if let Some(since) = filter.since {
            query = query.filter(mails::created_at.ge(since));
        }
        query
    }};
}

/// Messages, the newest first, made before `before`.
pub fn list(
    c: &mut AnyConnection,
    filter: &Filter,
    before: Option<MailId>,
    limit: i64,
) -> QueryResult<Vec<Mail>> {
    let query = mails::table
        .inner_join(notices::table)
        .select(Mail::as_select())
        .order(mails::id.desc())
        .limit(limit)
        .into_boxed();
    let mut query = narrowed!(query, filter);
    if let Some(before) = before {
        query = query.filter(mails::id.lt(before));
    }
    query.load(c)
}

/// How many messages there are.
pub fn count(c: &mut AnyConnection, filter: &Filter) -> QueryResult<i64> {
    let query =
        mails::table.inner_join(notices::table).select(diesel::dsl::count(mails::id)).into_boxed();
    narrowed!(query, filter).first(c)
}

/// Which messages that were given up can be sent again, the oldest first: they brought no code, which is erased, and their
/// recipients can be reached.
pub fn resendable(c: &mut AnyConnection, filter: &Filter, limit: i64) -> QueryResult<Vec<MailId>> {
    let query = mails::table
        .inner_join(notices::table)
        .inner_join(users::table)
        .filter(mails::state.eq(MailState::Dead))
        .filter(notices::event.ne_all(NoticeEvent::BRINGING_CODES))
        .filter(users::disabled_at.is_null().and(users::address_refused_at.is_null()))
        .select(mails::id)
        .order(mails::id)
        .limit(limit)
        .into_boxed();
    narrowed!(query, filter).load(c)
}

/// Queues messages again that were given up, with all their attempts before them; how many there were.
pub fn requeue(c: &mut AnyConnection, ids: &[MailId], now: Moment) -> QueryResult<usize> {
    let mut queued = 0;
    for some in ids.chunks(IDS_AT_ONCE) {
        let dead = mails::id.eq_any(some).and(mails::state.eq(MailState::Dead));
        queued += diesel::update(mails::table.filter(dead))
            .set((
                mails::state.eq(MailState::Queued),
                mails::attempts.eq(0),
                mails::next_attempt_at.eq(now),
                mails::version.eq(mails::version + 1),
            ))
            .execute(c)?;
    }
    Ok(queued)
}
