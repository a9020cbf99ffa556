//! Who reviews a proposal, and conflicts of interest.

use crate::domain::ids::{AssignmentId, ConflictId, ProposalId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked, Nothing};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::assignment::{self, AssignmentDraft, ConflictDraft};
use crate::service::view::Page;
use crate::service::view::review as view;

impl Checked for AssignmentDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        Ok(())
    }
}

impl Checked for ConflictDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Assign a reviewer; from then on only those assigned review the proposal, while at least one of them can.
#[utoipa::path(post, path = "/proposals/{id}/assignments", tag = "review", request_body = AssignmentDraft,
    responses((status = 201, description = "Assigned.", body = view::Assignment)))]
pub async fn assign_reviewer(
    call: Call,
    id: Id<ProposalId>,
    body: Body<AssignmentDraft>,
) -> Answer {
    call.write(body, move |sv, cx, body| assignment::assign(sv, cx, id.get()?, body)).await
}

/// List who was assigned to a proposal, ended assignments too; each tells whether it counts now.
#[utoipa::path(get, path = "/proposals/{id}/assignments", tag = "review", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Assignment>)))]
pub async fn list_assignments(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<AssignmentId>(query.cursor.as_deref())?;
        assignment::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// End an assignment.
#[utoipa::path(post, path = "/assignments/{id}/end", tag = "review", request_body = Nothing,
    responses((status = 200, description = "As it is now.", body = view::Assignment)))]
pub async fn end_assignment(call: Call, id: Id<AssignmentId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| assignment::end(sv, cx, id.get()?)).await
}

/// Declare a conflict of interest of your own, in any role that does something with the proposal: drafter, planner, regional head,
/// verifier, reviewer, approver, treasurer or inspector. From then on you only read the proposal.
#[utoipa::path(post, path = "/proposals/{id}/conflicts", tag = "review", request_body = ConflictDraft,
    responses((status = 201, description = "Declared.", body = view::Conflict)))]
pub async fn declare_conflict(call: Call, id: Id<ProposalId>, body: Body<ConflictDraft>) -> Answer {
    call.write(body, move |sv, cx, body| assignment::declare(sv, cx, id.get()?, body)).await
}

/// List the conflicts of interest that were declared: for approvers and auditors.
#[utoipa::path(get, path = "/proposals/{id}/conflicts", tag = "review", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Conflict>)))]
pub async fn list_conflicts(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ConflictId>(query.cursor.as_deref())?;
        assignment::list_conflicts(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}
