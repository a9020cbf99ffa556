//! Change requests, item by item.

use crate::domain::ids::{ChangeRequestId, ProposalId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::change_request::{self, ChangeRequestsDraft, RequestAcceptance, RequestAnswer};
use crate::service::plan::Reason;
use crate::service::view::Page;
use crate::service::view::review as view;

impl Checked for ChangeRequestsDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for RequestAnswer {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for RequestAcceptance {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }

    fn empty() -> Option<Self> {
        Some(RequestAcceptance::default())
    }
}

/// Ask for changes, each tied to a field, a line or a document: the verifier, then the reviewer.
#[utoipa::path(post, path = "/proposals/{id}/change-requests", tag = "review", request_body = ChangeRequestsDraft,
    responses((status = 201, description = "Asked; the `ETag` is the proposal's version.",
        body = view::ChangeRequests)))]
pub async fn ask_changes(
    call: Call,
    id: Id<ProposalId>,
    body: Body<ChangeRequestsDraft>,
) -> Answer {
    call.write(body, move |sv, cx, body| change_request::ask(sv, cx, id.get()?, body)).await
}

/// List the change requests of a proposal by number, marking accepted ones whose subject was changed since.
#[utoipa::path(get, path = "/proposals/{id}/change-requests", tag = "review", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::ChangeRequest>)))]
pub async fn list_change_requests(
    call: Call,
    id: Id<ProposalId>,
    query: Query<PageQuery>,
) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<i64>(query.cursor.as_deref())?;
        change_request::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Answer a change request: the drafter, in draft or clarification. Until the proposal goes back, an answer can be given
/// again; the last one counts.
#[utoipa::path(post, path = "/change-requests/{id}/answer", tag = "review", request_body = RequestAnswer,
    responses((status = 200, description = "As it is now.", body = view::ChangeRequest)))]
pub async fn answer_change_request(
    call: Call,
    id: Id<ChangeRequestId>,
    body: Body<RequestAnswer>,
) -> Answer {
    call.write(body, move |sv, cx, body| change_request::answer(sv, cx, id.get()?, body)).await
}

/// Accept the answer to a change request.
#[utoipa::path(post, path = "/change-requests/{id}/accept", tag = "review", request_body = RequestAcceptance,
    responses((status = 200, description = "As it is now.", body = view::ChangeRequest)))]
pub async fn accept_change_request(
    call: Call,
    id: Id<ChangeRequestId>,
    body: Body<RequestAcceptance>,
) -> Answer {
    call.write(body, move |sv, cx, body| change_request::accept(sv, cx, id.get()?, body)).await
}

/// Refuse the answer to a change request: it is open again.
#[utoipa::path(post, path = "/change-requests/{id}/refuse", tag = "review", request_body = Reason,
    responses((status = 200, description = "As it is now.", body = view::ChangeRequest)))]
pub async fn refuse_change_request(
    call: Call,
    id: Id<ChangeRequestId>,
    body: Body<Reason>,
) -> Answer {
    call.write(body, move |sv, cx, body| change_request::refuse(sv, cx, id.get()?, body)).await
}
