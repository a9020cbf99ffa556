//! Change requests: numbered items, each tied to a field, a line or a document of its proposal.

use crate::domain::change::{RequestFacts, RequestState};
use crate::domain::ids::{ChangeRequestId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::Role;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::change_requests;
use diesel::prelude::*;
use serde::Serialize;

/// A change request, and what became of it.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize,
)]
#[diesel(table_name = change_requests, treat_none_as_null = true)]
pub struct ChangeRequest {
    /// Its id.
    pub id: ChangeRequestId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Which of the proposal's requests, from 1.
    pub n: i64,
    /// What it is about, as a JSON pointer.
    pub pointer: String,
    /// What is asked, in words.
    pub comment: String,
    /// Where it stands.
    pub state: RequestState,
    /// How often an answer was refused.
    pub rounds: i64,
    /// In which role it was asked.
    pub asked_role: Role,
    /// By whom.
    pub asked_by: UserId,
    /// When.
    pub asked_at: Moment,
    /// At which version of the proposal.
    pub asked_version: i64,
    /// The region's last answer.
    pub answer: Option<String>,
    /// By whom.
    pub answered_by: Option<UserId>,
    /// When.
    pub answered_at: Option<Moment>,
    /// Who accepted or refused the last answer.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<Moment>,
    /// With which words.
    pub decision_comment: Option<String>,
    /// At which version of the proposal it was accepted.
    pub accepted_version: Option<i64>,
    /// What stood at the pointer then, as canonical JSON.
    pub accepted_value: Option<String>,
    /// Raised by every change.
    pub version: i64,
}

impl From<&ChangeRequest> for RequestFacts {
    fn from(row: &ChangeRequest) -> Self {
        RequestFacts {
            n: row.n,
            pointer: row.pointer.clone(),
            comment: row.comment.clone(),
            state: row.state,
        }
    }
}

/// Inserts a request.
pub fn insert(c: &mut AnyConnection, row: &ChangeRequest) -> QueryResult<()> {
    diesel::insert_into(change_requests::table).values(row).execute(c).map(|_| ())
}

/// One request.
pub fn find(c: &mut AnyConnection, id: ChangeRequestId) -> QueryResult<Option<ChangeRequest>> {
    change_requests::table.find(id).select(ChangeRequest::as_select()).first(c).optional()
}

/// Those of a proposal, by number.
pub fn of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<ChangeRequest>> {
    page(c, proposal, None, i64::MAX)
}

/// Those of a proposal by number, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<ChangeRequest>> {
    change_requests::table
        .filter(change_requests::proposal_id.eq(proposal))
        .filter(change_requests::n.gt(after.unwrap_or(0)))
        .order(change_requests::n)
        .limit(limit)
        .select(ChangeRequest::as_select())
        .load(c)
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, row: &ChangeRequest) -> QueryResult<usize> {
    diesel::update(
        change_requests::table.find(row.id).filter(change_requests::version.eq(row.version - 1)),
    )
    .set(row)
    .execute(c)
}
