//! Activity plans (RK).

use crate::domain::ids::{PlanId, ProposalId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked, Nothing};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::plan::{self, PlanApproval, PlanDraft, Reason};
use crate::service::view::Page;
use crate::service::view::money as view;

impl Checked for PlanDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for PlanApproval {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }

    fn empty() -> Option<Self> {
        Some(PlanApproval::default())
    }
}

impl Checked for Reason {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Write an activity plan from the approved lines.
#[utoipa::path(post, path = "/proposals/{id}/plans", tag = "plans", request_body = PlanDraft,
    responses((status = 201, description = "Made, as a draft.", body = view::Plan)))]
pub async fn create_plan(call: Call, id: Id<ProposalId>, body: Body<PlanDraft>) -> Answer {
    call.write(body, move |sv, cx, body| plan::create(sv, cx, id.get()?, body)).await
}

/// List the activity plans of a proposal.
#[utoipa::path(get, path = "/proposals/{id}/plans", tag = "plans", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Plan>)))]
pub async fn list_plans(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<PlanId>(query.cursor.as_deref())?;
        plan::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Send a plan to the ministry.
#[utoipa::path(post, path = "/plans/{id}/submit", tag = "plans", request_body = Nothing,
    responses((status = 200, description = "As it is now.", body = view::Plan)))]
pub async fn submit_plan(call: Call, id: Id<PlanId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| plan::submit(sv, cx, id.get()?)).await
}

/// Approve a plan; its proposal moves on to `planned`.
#[utoipa::path(post, path = "/plans/{id}/approve", tag = "plans", request_body = PlanApproval,
    responses((status = 200, description = "As it is now.", body = view::Plan)))]
pub async fn approve_plan(call: Call, id: Id<PlanId>, body: Body<PlanApproval>) -> Answer {
    call.write(body, move |sv, cx, body| plan::approve(sv, cx, id.get()?, body)).await
}

/// Send a plan back.
#[utoipa::path(post, path = "/plans/{id}/return", tag = "plans", request_body = Reason,
    responses((status = 200, description = "As it is now.", body = view::Plan)))]
pub async fn return_plan(call: Call, id: Id<PlanId>, body: Body<Reason>) -> Answer {
    call.write(body, move |sv, cx, body| plan::send_back(sv, cx, id.get()?, body)).await
}
