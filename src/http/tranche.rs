//! Requests for tranches.

use crate::domain::ids::{AllocationId, TrancheRequestId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked, Nothing};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::plan::Reason;
use crate::service::tranche::{self, PaymentDraft, TrancheDraft};
use crate::service::view::Page;
use crate::service::view::tranche as view;

impl Checked for TrancheDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for PaymentDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Ask for a tranche, with the amount for each proposal. The tranche's gate is asked, but for what only a payment can know:
/// a refusal (409) has one blocker for each check that does not hold, with its figures. `GET
/// /allocations/{id}/tranches/{n}/gate` shows the same beforehand.
#[utoipa::path(post, path = "/allocations/{id}/tranche-requests", tag = "money", request_body = TrancheDraft,
    responses((status = 201, description = "Received.", body = view::TrancheRequest)))]
pub async fn request_tranche(call: Call, id: Id<AllocationId>, body: Body<TrancheDraft>) -> Answer {
    call.write(body, move |sv, cx, body| tranche::request(sv, cx, id.get()?, body)).await
}

/// List the requests of an allocation.
#[utoipa::path(get, path = "/allocations/{id}/tranche-requests", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::TrancheRequest>)))]
pub async fn list_tranche_requests(
    call: Call,
    id: Id<AllocationId>,
    query: Query<PageQuery>,
) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<TrancheRequestId>(query.cursor.as_deref())?;
        tranche::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Record the inspector's (APIP) review of a request.
#[utoipa::path(post, path = "/tranche-requests/{id}/review", tag = "money", request_body = Nothing,
    responses((status = 200, description = "As it is now.", body = view::TrancheRequest)))]
pub async fn review_tranche(call: Call, id: Id<TrancheRequestId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| tranche::review(sv, cx, id.get()?)).await
}

/// Verify a request, as the first treasurer.
#[utoipa::path(post, path = "/tranche-requests/{id}/verify", tag = "money", request_body = Nothing,
    responses((status = 200, description = "As it is now.", body = view::TrancheRequest)))]
pub async fn verify_tranche(call: Call, id: Id<TrancheRequestId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| tranche::verify(sv, cx, id.get()?)).await
}

/// Pay a verified request, as another treasurer; all of its proposals or none. The tranche's gate has to be open on the day of
/// the payment.
#[utoipa::path(post, path = "/tranche-requests/{id}/pay", tag = "money", request_body = PaymentDraft,
    responses((status = 200, description = "As it is now.", body = view::TrancheRequest)))]
pub async fn pay_tranche(call: Call, id: Id<TrancheRequestId>, body: Body<PaymentDraft>) -> Answer {
    call.write(body, move |sv, cx, body| tranche::pay(sv, cx, id.get()?, body)).await
}

/// Refuse a request.
#[utoipa::path(post, path = "/tranche-requests/{id}/refuse", tag = "money", request_body = Reason,
    responses((status = 200, description = "As it is now.", body = view::TrancheRequest)))]
pub async fn refuse_tranche(call: Call, id: Id<TrancheRequestId>, body: Body<Reason>) -> Answer {
    call.write(body, move |sv, cx, body| tranche::refuse(sv, cx, id.get()?, body)).await
}
