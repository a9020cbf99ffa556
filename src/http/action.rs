//! The workflow: what is possible, and doing it.

use crate::domain::act::Act;
use crate::domain::ids::{ConditionId, ProposalId};
use crate::domain::proposal::Menu;
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::condition::{self, Lifting};
use crate::service::view::Page;
use crate::service::view::proposal as view;
use crate::service::{action, workflow};

impl Checked for Act {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for Lifting {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Show the machine of a menu: every arrow, who takes it, and what has to hold.
#[utoipa::path(get, path = "/workflows/{menu}", tag = "workflow",
    responses((status = 200, description = "The machine.", body = workflow::Machine)))]
pub async fn show_workflow(call: Call, menu: Id<Menu>) -> Answer {
    call.read(move |_, _| Ok(workflow::machine(menu.get()?))).await
}

/// Tell what is possible from here for you, what is in the way, and who is excluded.
#[utoipa::path(get, path = "/proposals/{id}/actions", tag = "workflow",
    responses((status = 200, description = "Every arrow from here.", body = view::Actions,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn list_actions(call: Call, id: Id<ProposalId>) -> Answer {
    call.read_versioned(move |sv, cx| action::list(sv, cx, id.get()?), |shown| Some(shown.version))
        .await
}

/// Act on a proposal. A refusal lists everything that stands in the way.
#[utoipa::path(post, path = "/proposals/{id}/actions", tag = "workflow", request_body(content = Act,
        example = json!({ "action": "return", "comment": "The site is missing." })),
    responses((status = 200, description = "As it is now.", body = view::Proposal)))]
pub async fn act_on_proposal(call: Call, id: Id<ProposalId>, body: Body<Act>) -> Answer {
    call.write(body, move |sv, cx, body| action::act(sv, cx, id.get()?, body)).await
}

/// List the conditions of a proposal (tanda bintang).
#[utoipa::path(get, path = "/proposals/{id}/conditions", tag = "workflow", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Condition>)))]
pub async fn list_conditions(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ConditionId>(query.cursor.as_deref())?;
        condition::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Lift a condition, with evidence.
#[utoipa::path(post, path = "/conditions/{id}/lift", tag = "workflow", request_body = Lifting,
    responses((status = 200, description = "As it is now.", body = view::Condition)))]
pub async fn lift_condition(call: Call, id: Id<ConditionId>, body: Body<Lifting>) -> Answer {
    call.write(body, move |sv, cx, body| condition::lift(sv, cx, id.get()?, body)).await
}
