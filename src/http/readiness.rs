//! Readiness, waivers, and what a centre got from elsewhere.

use crate::domain::ids::{CentreFundingId, CentreId, ProposalId, WaiverId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::centre_funding::{self, CentreFundingDraft};
use crate::service::double_funding::{self, FundingAnswerDraft};
use crate::service::readiness;
use crate::service::reason::TakingBack;
use crate::service::view::Page;
use crate::service::view::readiness as view;
use crate::service::waiver::{self, WaiverDraft};

macro_rules! checked {
    ($($body:ty),+) => {$(
        impl Checked for $body {
            fn checked(&self) -> Result<(), Vec<FieldError>> {
                self.check()
            }
        }
    )+};
}

checked!(WaiverDraft, CentreFundingDraft, FundingAnswerDraft, TakingBack);

/// Show which documents a proposal needs, step by step, and what is there, missing, expired or waived. What is not ready
/// here stands in the way in the list of actions.
#[utoipa::path(get, path = "/proposals/{id}/readiness", tag = "readiness",
    responses((status = 200, description = "The checklist.", body = view::Readiness,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_readiness(call: Call, id: Id<ProposalId>) -> Answer {
    call.read_versioned(
        move |sv, cx| readiness::show(sv, cx, id.get()?),
        |shown| Some(shown.version),
    )
    .await
}

/// Let a proposal go on without a document, with a reason.
#[utoipa::path(post, path = "/proposals/{id}/waivers", tag = "readiness", request_body = WaiverDraft,
    responses((status = 201, description = "Waived.", body = view::Waiver)))]
pub async fn grant_waiver(call: Call, id: Id<ProposalId>, body: Body<WaiverDraft>) -> Answer {
    call.write(body, move |sv, cx, body| waiver::grant(sv, cx, id.get()?, body)).await
}

/// List the waivers of a proposal, revoked ones too.
#[utoipa::path(get, path = "/proposals/{id}/waivers", tag = "readiness", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Waiver>)))]
pub async fn list_waivers(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<WaiverId>(query.cursor.as_deref())?;
        waiver::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Take a waiver back: from then on the document is needed again.
#[utoipa::path(post, path = "/waivers/{id}/revoke", tag = "readiness", request_body = TakingBack,
    responses((status = 200, description = "As it is now.", body = view::Waiver)))]
pub async fn revoke_waiver(call: Call, id: Id<WaiverId>, body: Body<TakingBack>) -> Answer {
    call.write(body, move |sv, cx, body| waiver::revoke(sv, cx, id.get()?, body)).await
}

/// Show what the proposal's centre got from other proposals and sources, and what of it is asked for again.
#[utoipa::path(get, path = "/proposals/{id}/double-funding", tag = "readiness",
    responses((status = 200, description = "Money from elsewhere, and warnings.", body = view::DoubleFunding)))]
pub async fn show_double_funding(call: Call, id: Id<ProposalId>) -> Answer {
    call.read(move |sv, cx| double_funding::show(sv, cx, id.get()?)).await
}

/// Answer a warning of double funding, for the region; a later answer counts instead.
#[utoipa::path(post, path = "/proposals/{id}/funding-answers", tag = "readiness", request_body = FundingAnswerDraft,
    responses((status = 201, description = "Answered.", body = view::FundingAnswer)))]
pub async fn answer_funding_warning(
    call: Call,
    id: Id<ProposalId>,
    body: Body<FundingAnswerDraft>,
) -> Answer {
    call.write(body, move |sv, cx, body| double_funding::answer(sv, cx, id.get()?, body)).await
}

/// Record money that a centre got from elsewhere: the region's or the state's budget, the non-physical DAK.
#[utoipa::path(post, path = "/centres/{id}/fundings", tag = "reference", request_body = CentreFundingDraft,
    responses((status = 201, description = "Recorded.", body = view::CentreFunding)))]
pub async fn record_centre_funding(
    call: Call,
    id: Id<CentreId>,
    body: Body<CentreFundingDraft>,
) -> Answer {
    call.write(body, move |sv, cx, body| centre_funding::record(sv, cx, id.get()?, body)).await
}

/// List what a centre got from elsewhere, withdrawn records too.
#[utoipa::path(get, path = "/centres/{id}/fundings", tag = "reference", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::CentreFunding>)))]
pub async fn list_centre_fundings(call: Call, id: Id<CentreId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, _| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<CentreFundingId>(query.cursor.as_deref())?;
        centre_funding::list(sv, id, after, limit(query.limit)?)
    })
    .await
}

/// Withdraw a record of money from elsewhere that was wrong.
#[utoipa::path(post, path = "/centre-fundings/{id}/withdraw", tag = "reference", request_body = TakingBack,
    responses((status = 200, description = "As it is now.", body = view::CentreFunding)))]
pub async fn withdraw_centre_funding(
    call: Call,
    id: Id<CentreFundingId>,
    body: Body<TakingBack>,
) -> Answer {
    call.write(body, move |sv, cx, body| centre_funding::withdraw(sv, cx, id.get()?, body)).await
}
