//! Who reviews a proposal, and who may not because of a conflict of interest.

use crate::domain::ids::{AssignmentId, ConflictId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{assignments, conflicts, users};
use diesel::prelude::*;
use serde::Serialize;

/// That a person reviews a proposal.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize,
)]
#[diesel(table_name = assignments, treat_none_as_null = true)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// Which proposal.
    pub proposal_id: ProposalId,
    /// Who reviews it.
    pub user_id: UserId,
    /// Who says so.
    pub assigned_by: UserId,
    /// Since when.
    pub assigned_at: Moment,
    /// Who ended it.
    pub ended_by: Option<UserId>,
    /// Until when.
    pub ended_at: Option<Moment>,
    /// Raised by every change.
    pub version: i64,
}

/// A conflict of interest that a person declared.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = conflicts)]
pub struct Conflict {
    /// Its id.
    pub id: ConflictId,
    /// In which proposal.
    pub proposal_id: ProposalId,
    /// Whose.
    pub user_id: UserId,
    /// Why, in words.
    pub reason: String,
    /// When.
    pub declared_at: Moment,
}

/// Inserts an assignment.
pub fn insert(c: &mut AnyConnection, row: &Assignment) -> QueryResult<()> {
    diesel::insert_into(assignments::table).values(row).execute(c).map(|_| ())
}

/// One assignment.
pub fn find(c: &mut AnyConnection, id: AssignmentId) -> QueryResult<Option<Assignment>> {
    assignments::table.find(id).select(Assignment::as_select()).first(c).optional()
}

/// Those of a proposal that have not ended.
pub fn open_of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Assignment>> {
    assignments::table
        .filter(assignments::proposal_id.eq(proposal).and(assignments::ended_at.is_null()))
        .order(assignments::id)
        .select(Assignment::as_select())
        .load(c)
}

/// Those of a proposal in the order of their making, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<AssignmentId>,
    limit: i64,
) -> QueryResult<Vec<Assignment>> {
    let mut query = assignments::table
        .filter(assignments::proposal_id.eq(proposal))
        .order(assignments::id)
        .limit(limit)
        .select(Assignment::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(assignments::id.gt(after));
    }
    query.load(c)
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, row: &Assignment) -> QueryResult<usize> {
    diesel::update(assignments::table.find(row.id).filter(assignments::version.eq(row.version - 1)))
        .set(row)
        .execute(c)
}

/// Appends a conflict.
pub fn declare(c: &mut AnyConnection, row: &Conflict) -> QueryResult<()> {
    diesel::insert_into(conflicts::table).values(row).execute(c).map(|_| ())
}

/// The conflicts of a proposal, with the names of those who declared them.
pub fn conflicts_of(
    c: &mut AnyConnection,
    proposal: ProposalId,
) -> QueryResult<Vec<(Conflict, String)>> {
    conflicts::table
        .inner_join(users::table)
        .filter(conflicts::proposal_id.eq(proposal))
        .order(conflicts::id)
        .select((Conflict::as_select(), users::name))
        .load(c)
}

/// The conflicts of a proposal in the order of their declaration, after `after`.
pub fn conflicts_page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<ConflictId>,
    limit: i64,
) -> QueryResult<Vec<Conflict>> {
    let mut query = conflicts::table
        .filter(conflicts::proposal_id.eq(proposal))
        .order(conflicts::id)
        .limit(limit)
        .select(Conflict::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(conflicts::id.gt(after));
    }
    query.load(c)
}
