//! Conditions of an approval (tanda bintang).

use crate::domain::ids::{ConditionId, DocumentId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::conditions;
use diesel::prelude::*;
use serde::Serialize;

/// A condition, and how it was lifted.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = conditions, treat_none_as_null = true)]
pub struct Condition {
    /// Its id.
    pub id: ConditionId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// `decision` or `plan`.
    pub source: String,
    /// What has to be met.
    pub text: String,
    /// When it was set.
    pub set_at: Moment,
    /// By whom.
    pub set_by: UserId,
    /// When it was lifted.
    pub lifted_at: Option<Moment>,
    /// By whom.
    pub lifted_by: Option<UserId>,
    /// On what evidence.
    pub evidence: Option<String>,
    /// Raised by every change.
    pub version: i64,
    /// The document that shows it; unknown of those lifted before there was one.
    pub document_id: Option<DocumentId>,
}

/// Inserts a condition.
pub fn insert(c: &mut AnyConnection, condition: &Condition) -> QueryResult<()> {
    diesel::insert_into(conditions::table).values(condition).execute(c).map(|_| ())
}

/// One condition.
pub fn find(c: &mut AnyConnection, id: ConditionId) -> QueryResult<Option<Condition>> {
    conditions::table.find(id).select(Condition::as_select()).first(c).optional()
}

/// Those of a proposal.
pub fn of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Condition>> {
    conditions::table
        .filter(conditions::proposal_id.eq(proposal))
        .order(conditions::id)
        .select(Condition::as_select())
        .load(c)
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, condition: &Condition) -> QueryResult<usize> {
    diesel::update(
        conditions::table.find(condition.id).filter(conditions::version.eq(condition.version - 1)),
    )
    .set(condition)
    .execute(c)
}

/// Those of a proposal in the order of their recording, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<ConditionId>,
    limit: i64,
) -> QueryResult<Vec<Condition>> {
    let mut query = conditions::table
        .filter(conditions::proposal_id.eq(proposal))
        .order(conditions::id)
        .limit(limit)
        .select(Condition::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(conditions::id.gt(after));
    }
    query.load(c)
}
