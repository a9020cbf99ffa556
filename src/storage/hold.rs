//! Audit holds.

use crate::domain::ids::{HoldId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::holds;
use diesel::prelude::*;
use serde::Serialize;

/// An audit hold, and how it was lifted.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = holds, treat_none_as_null = true)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Why.
    pub reason: String,
    /// When it was set.
    pub set_at: Moment,
    /// By whom.
    pub set_by: UserId,
    /// When it was lifted.
    pub lifted_at: Option<Moment>,
    /// By whom.
    pub lifted_by: Option<UserId>,
    /// Why.
    pub lifted_reason: Option<String>,
    /// Raised by every change.
    pub version: i64,
}

/// Inserts a hold.
pub fn insert(c: &mut AnyConnection, hold: &Hold) -> QueryResult<()> {
    diesel::insert_into(holds::table).values(hold).execute(c).map(|_| ())
}

/// One hold.
pub fn find(c: &mut AnyConnection, id: HoldId) -> QueryResult<Option<Hold>> {
    holds::table.find(id).select(Hold::as_select()).first(c).optional()
}

/// Those of a proposal that are not lifted, in the order of their setting.
pub fn open_of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Hold>> {
    open_among(c, &[proposal])
}

/// Those of several proposals that are not lifted, in the order of their setting.
pub fn open_among(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Hold>> {
    holds::table
        .filter(holds::proposal_id.eq_any(proposals))
        .filter(holds::lifted_at.is_null())
        .order(holds::id)
        .select(Hold::as_select())
        .load(c)
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, hold: &Hold) -> QueryResult<usize> {
    diesel::update(holds::table.find(hold.id).filter(holds::version.eq(hold.version - 1)))
        .set(hold)
        .execute(c)
}

/// Those of a proposal in the order of their setting, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<HoldId>,
    limit: i64,
) -> QueryResult<Vec<Hold>> {
    let mut query = holds::table
        .filter(holds::proposal_id.eq(proposal))
        .order(holds::id)
        .limit(limit)
        .select(Hold::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(holds::id.gt(after));
    }
    query.load(c)
}
