//! Amended contracts, money that vendors paid back, leftover carried over, and entries taken back.

use crate::domain::ids::{AmendmentId, CarryId, ContractId, EntryId, ProposalId, RecoveryId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::amendment::{self, AmendmentDraft};
use crate::service::authority::{self, CeilingChange};
use crate::service::carry::{self, CarryDraft};
use crate::service::recovery::{self, RecoveryDraft};
use crate::service::reversal::{self, ReversalDraft};
use crate::service::view::correction as view;
use crate::service::view::{Page, money, proposal};

macro_rules! checked {
    ($($name:ty),+ $(,)?) => {$(
        impl Checked for $name {
            fn checked(&self) -> Result<(), Vec<FieldError>> {
                self.check()
            }
        }
    )+};
}

checked!(AmendmentDraft, CarryDraft, CeilingChange, RecoveryDraft, ReversalDraft);

/// Take an entry of the journal back: its mirror is booked, and what it recorded counts no more.
///
/// Contracts, payment orders, what came back, was returned or carried over are taken back by the region's inspector;
/// what was set aside, cut or disbursed by a treasurer. Never by whoever booked the entry. What was built upon it is taken
/// back first; what follows from the end of a proposal stands.
#[utoipa::path(post, path = "/journal/{id}/reverse", tag = "money", request_body = ReversalDraft,
    responses((status = 201, description = "The entry that takes it back.", body = money::Entry)))]
pub async fn reverse_entry(call: Call, id: Id<EntryId>, body: Body<ReversalDraft>) -> Answer {
    call.write(body, move |sv, cx, body| reversal::reverse(sv, cx, id.get()?, body)).await
}

/// Record a change of a contract (addendum) as it was signed: its value up or down, its last day, its lines.
///
/// The difference of the value is bound or freed in the journal. A value below what is paid on the contract is refused;
/// contracts above the plan, or below what was disbursed, are flagged.
#[utoipa::path(post, path = "/contracts/{id}/amendments", tag = "money", request_body = AmendmentDraft,
    responses((status = 201, description = "Recorded.", body = view::Amendment)))]
pub async fn amend_contract(call: Call, id: Id<ContractId>, body: Body<AmendmentDraft>) -> Answer {
    call.write(body, move |sv, cx, body| amendment::create(sv, cx, id.get()?, body)).await
}

/// List the amendments of a contract.
#[utoipa::path(get, path = "/contracts/{id}/amendments", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Amendment>)))]
pub async fn list_amendments(call: Call, id: Id<ContractId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<AmendmentId>(query.cursor.as_deref())?;
        amendment::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Record money that a vendor paid back to the region, also after the proposal was closed.
///
/// It is in hand again, and has to be returned or carried over.
#[utoipa::path(post, path = "/proposals/{id}/recoveries", tag = "money", request_body = RecoveryDraft,
    responses((status = 201, description = "Recorded.", body = view::Recovery)))]
pub async fn record_recovery(call: Call, id: Id<ProposalId>, body: Body<RecoveryDraft>) -> Answer {
    call.write(body, move |sv, cx, body| recovery::create(sv, cx, id.get()?, body)).await
}

/// List what the vendors of a proposal paid back.
#[utoipa::path(get, path = "/proposals/{id}/recoveries", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Recovery>)))]
pub async fn list_recoveries(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<RecoveryId>(query.cursor.as_deref())?;
        recovery::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Carry leftover over to another proposal of the region, of a later year.
///
/// At most what is in hand. The year that the money was first paid in goes with it.
#[utoipa::path(post, path = "/proposals/{id}/carries", tag = "money", request_body = CarryDraft,
    responses((status = 201, description = "Carried over.", body = view::Carry)))]
pub async fn carry_leftover(call: Call, id: Id<ProposalId>, body: Body<CarryDraft>) -> Answer {
    call.write(body, move |sv, cx, body| carry::create(sv, cx, id.get()?, body)).await
}

/// List what a proposal carried over to others and got from them.
#[utoipa::path(get, path = "/proposals/{id}/carries", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Carry>)))]
pub async fn list_carries(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<CarryId>(query.cursor.as_deref())?;
        carry::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Change what is set aside for a proposal: cut in mid-year, or raised again, with its legal basis.
///
/// Never below what contracts bind and what was disbursed, and never above what was approved. A plan that is above it then is
/// changed, for which there is no term.
#[utoipa::path(put, path = "/proposals/{id}/ceiling", tag = "money", request_body = CeilingChange,
    responses((status = 200, description = "The proposal with its new ceiling.", body = proposal::Proposal)))]
pub async fn set_ceiling(call: Call, id: Id<ProposalId>, body: Body<CeilingChange>) -> Answer {
    call.write(body, move |sv, cx, body| authority::set_ceiling(sv, cx, id.get()?, body)).await
}
