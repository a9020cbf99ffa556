//! Contracts, payment orders (SP2D) and leftover paid back.

use crate::domain::ids::{ContractId, ExpenditureId, ProposalId, ReturnId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::contract::{self, ContractDraft};
use crate::service::spending::{self, ExpenditureDraft, ReturnDraft};
use crate::service::view::Page;
use crate::service::view::money as view;

impl Checked for ContractDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for ExpenditureDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for ReturnDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Record a contract as it was signed; what breaks a rule is flagged.
#[utoipa::path(post, path = "/proposals/{id}/contracts", tag = "money", request_body = ContractDraft,
    responses((status = 201, description = "Recorded.", body = view::Contract)))]
pub async fn create_contract(call: Call, id: Id<ProposalId>, body: Body<ContractDraft>) -> Answer {
    call.write(body, move |sv, cx, body| contract::create(sv, cx, id.get()?, body)).await
}

/// List the contracts of a proposal.
#[utoipa::path(get, path = "/proposals/{id}/contracts", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Contract>)))]
pub async fn list_contracts(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ContractId>(query.cursor.as_deref())?;
        contract::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Record a payment order (SP2D) as it was made; what breaks a rule is flagged.
#[utoipa::path(post, path = "/proposals/{id}/expenditures", tag = "money", request_body = ExpenditureDraft,
    responses((status = 201, description = "Recorded.", body = view::Expenditure)))]
pub async fn record_expenditure(
    call: Call,
    id: Id<ProposalId>,
    body: Body<ExpenditureDraft>,
) -> Answer {
    call.write(body, move |sv, cx, body| spending::spend(sv, cx, id.get()?, body)).await
}

/// List the payment orders of a proposal.
#[utoipa::path(get, path = "/proposals/{id}/expenditures", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Expenditure>)))]
pub async fn list_expenditures(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ExpenditureId>(query.cursor.as_deref())?;
        spending::expenditures(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Record leftover that was paid back to the treasury.
#[utoipa::path(post, path = "/proposals/{id}/returns", tag = "money", request_body = ReturnDraft,
    responses((status = 201, description = "Recorded.", body = view::Return)))]
pub async fn record_return(call: Call, id: Id<ProposalId>, body: Body<ReturnDraft>) -> Answer {
    call.write(body, move |sv, cx, body| spending::give_back(sv, cx, id.get()?, body)).await
}

/// List the leftover of a proposal that was paid back.
#[utoipa::path(get, path = "/proposals/{id}/returns", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Return>)))]
pub async fn list_returns(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ReturnId>(query.cursor.as_deref())?;
        spending::returned(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}
