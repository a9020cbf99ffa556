//! Audit holds.

use crate::domain::ids::{HoldId, ProposalId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::hold::{self, HoldReason};
use crate::service::view::Page;
use crate::service::view::hold as view;

impl Checked for HoldReason {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Set an audit hold, as an auditor whose scope the proposal lies in. While it stands, the proposal is neither paid nor
/// closed; everything else goes on. In a payment for several proposals it is left out, and the others are paid; its
/// request in time still keeps it from being forfeited.
#[utoipa::path(post, path = "/proposals/{id}/holds", tag = "audit", request_body(content = HoldReason,
        example = json!({ "reason": "Volume terpasang tidak sesuai kontrak 602/01/SPK." })),
    responses((status = 201, description = "Set.", body = view::Hold)))]
pub async fn set_hold(call: Call, id: Id<ProposalId>, body: Body<HoldReason>) -> Answer {
    call.write(body, move |sv, cx, body| hold::set(sv, cx, id.get()?, body)).await
}

/// List the audit holds of a proposal, those that were lifted too.
#[utoipa::path(get, path = "/proposals/{id}/holds", tag = "audit", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Hold>)))]
pub async fn list_holds(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<HoldId>(query.cursor.as_deref())?;
        hold::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Lift an audit hold, as an auditor whose scope its proposal lies in.
#[utoipa::path(post, path = "/holds/{id}/lift", tag = "audit", request_body(content = HoldReason,
        example = json!({ "reason": "Kekurangan volume telah dikerjakan; berita acara 12/2021." })),
    responses((status = 200, description = "As it is now.", body = view::Hold)))]
pub async fn lift_hold(call: Call, id: Id<HoldId>, body: Body<HoldReason>) -> Answer {
    call.write(body, move |sv, cx, body| hold::lift(sv, cx, id.get()?, body)).await
}
