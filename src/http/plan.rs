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

/// Write an activity plan from the approved lines. Once one is approved, another is a change of it, which takes a reason;
/// how often and until when, the year's policy says. A line that a contract covers stays in it.
#[utoipa::path(post, path = "/proposals/{id}/plans", tag = "plans", request_body(content = PlanDraft, examples(
        ("first" = (summary = "A first plan", value = json!({ "target_output": "Satu rumah produksi", "lines": [
            { "line_no": 1, "volume_thousandths": 800_000, "amount_idr": 4_200_000_000_i64, "method": "contract",
              "target_output": "Rumah produksi 800 m2" },
            { "line_no": 2, "volume_thousandths": 1_000, "amount_idr": 99_450_000, "method": "self_managed",
              "supporting_activity": "supervision" }] }))),
        ("change" = (summary = "A change of it", value = json!({ "target_output": "Satu rumah produksi",
            "reason": "Banjir merusak akses lokasi; volume dikurangi.", "lines": [
            { "line_no": 1, "volume_thousandths": 760_000, "amount_idr": 4_000_000_000_i64, "method": "contract" }] }))),
    )),
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

/// Approve a plan; its proposal moves on to `planned`. A change takes the place of the plan in force, and its proposal
/// stays where it stands.
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
