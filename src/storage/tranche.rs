//! Requests for tranches, with the amount for each proposal.

use crate::domain::ids::{AllocationId, EventId, HoldId, ProposalId, TrancheRequestId, UserId};
use crate::domain::journal::EntryKind;
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::proposal::State;
use crate::domain::tranche::TrancheState;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{journal_entries, tranche_items, tranche_omissions, tranche_requests};
use chrono::NaiveDate;
use diesel::dsl::{exists, min, not};
use diesel::prelude::*;
use serde::Serialize;

/// Whether the request of an item has left it out.
macro_rules! is_left_out {
    () => {
        exists(
            tranche_omissions::table
                .filter(tranche_omissions::request_id.eq(tranche_items::request_id))
                .filter(tranche_omissions::proposal_id.eq(tranche_items::proposal_id)),
        )
    };
}
pub(super) use is_left_out;

/// Whether the request of an item has left it out for good: what a hold keeps from being paid was asked for all the same.
macro_rules! is_left_out_for_good {
    () => {
        exists(
            tranche_omissions::table
                .filter(tranche_omissions::request_id.eq(tranche_items::request_id))
                .filter(tranche_omissions::proposal_id.eq(tranche_items::proposal_id))
                .filter(tranche_omissions::hold_id.is_null()),
        )
    };
}

/// Whether what the request of an item paid to its proposal was taken back.
macro_rules! is_taken_back {
    () => {
        exists(
            journal_entries::table
                .filter(journal_entries::source_kind.eq("tranche_request"))
                .filter(journal_entries::source_id.eq(tranche_requests::id))
                .filter(journal_entries::proposal_id.eq(tranche_items::proposal_id))
                .filter(journal_entries::kind.eq(EntryKind::Reverse)),
        )
    };
}
pub(super) use is_taken_back;

/// A request for a tranche.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = tranche_requests, treat_none_as_null = true)]
pub struct TrancheRequest {
    /// Its id.
    pub id: TrancheRequestId,
    /// Of which allocation.
    pub allocation_id: AllocationId,
    /// Which tranche, from 1.
    pub n: i64,
    /// Where it stands.
    pub state: TrancheState,
    /// Sum of its items that are not left out.
    pub total_idr: Rupiah,
    /// When it was received.
    pub requested_at: Moment,
    /// From whom.
    pub requested_by: UserId,
    /// When the inspector reviewed it.
    pub reviewed_at: Option<Moment>,
    /// Who.
    pub reviewed_by: Option<UserId>,
    /// When a treasurer verified it.
    pub verified_at: Option<Moment>,
    /// Who.
    pub verified_by: Option<UserId>,
    /// When it was paid or refused.
    pub decided_at: Option<Moment>,
    /// By whom.
    pub decided_by: Option<UserId>,
    /// Number of the payment.
    pub payment_number: Option<String>,
    /// Its date.
    pub paid_on: Option<NaiveDate>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Raised by every change.
    pub version: i64,
}

/// The amount for one proposal.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = tranche_items)]
pub struct TrancheItem {
    /// Of which request.
    pub request_id: TrancheRequestId,
    /// For which proposal.
    pub proposal_id: ProposalId,
    /// How much.
    pub amount_idr: Rupiah,
}

/// That a request does not pay one of its proposals any more.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = tranche_omissions)]
pub struct Omission {
    /// Of which request.
    pub request_id: TrancheRequestId,
    /// Which proposal.
    pub proposal_id: ProposalId,
    /// What was asked for it.
    pub amount_idr: Rupiah,
    /// Where the proposal went, or stood.
    pub state: State,
    /// Why, in the words of whoever moved it.
    pub reason: Option<String>,
    /// The event that moved it, or set the hold.
    pub event_id: EventId,
    /// When.
    pub left_out_at: Moment,
    /// The audit hold for which it was left out of the payment; absent where it can't be paid any more.
    pub hold_id: Option<HoldId>,
}

/// What requests ask for, and what of it is left out.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// The amount for each proposal.
    pub items: Vec<TrancheItem>,
    /// Those that are not paid any more.
    pub omissions: Vec<Omission>,
}

impl Contents {
    /// Why an item is not paid, if it is not.
    pub fn omission(&self, item: &TrancheItem) -> Option<&Omission> {
        // They are in the order of their key.
        let key = (item.request_id, item.proposal_id);
        let found =
            self.omissions.binary_search_by_key(&key, |one| (one.request_id, one.proposal_id));
        found.ok().and_then(|at| self.omissions.get(at))
    }

    /// The items that are paid.
    pub fn paid(&self) -> impl Iterator<Item = &TrancheItem> {
        self.items.iter().filter(|item| self.omission(item).is_none())
    }
}

/// The requests of several allocations.
pub fn of_allocations(
    c: &mut AnyConnection,
    allocations: &[AllocationId],
) -> QueryResult<Vec<TrancheRequest>> {
    tranche_requests::table
        .filter(tranche_requests::allocation_id.eq_any(allocations))
        .order(tranche_requests::id)
        .select(TrancheRequest::as_select())
        .load(c)
}

/// What several requests ask for, and what of it is left out.
pub fn contents_of(c: &mut AnyConnection, requests: &[TrancheRequestId]) -> QueryResult<Contents> {
    Ok(Contents { items: items_of(c, requests)?, omissions: omissions_of(c, requests)? })
}

/// Inserts a request with its items.
pub fn insert(
    c: &mut AnyConnection,
    request: &TrancheRequest,
    items: &[TrancheItem],
) -> QueryResult<()> {
    diesel::insert_into(tranche_requests::table).values(request).execute(c)?;
    for item in items {
        diesel::insert_into(tranche_items::table).values(item).execute(c)?;
    }
    Ok(())
}

/// One request.
pub fn find(c: &mut AnyConnection, id: TrancheRequestId) -> QueryResult<Option<TrancheRequest>> {
    tranche_requests::table.find(id).select(TrancheRequest::as_select()).first(c).optional()
}

/// The requests of an allocation in the order of their receipt, after `after`.
pub fn page(
    c: &mut AnyConnection,
    allocation: AllocationId,
    after: Option<TrancheRequestId>,
    limit: i64,
) -> QueryResult<Vec<TrancheRequest>> {
    let mut query = tranche_requests::table
        .filter(tranche_requests::allocation_id.eq(allocation))
        .order(tranche_requests::id)
        .limit(limit)
        .select(TrancheRequest::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(tranche_requests::id.gt(after));
    }
    query.load(c)
}

/// The items of several requests, by proposal.
fn items_of(c: &mut AnyConnection, requests: &[TrancheRequestId]) -> QueryResult<Vec<TrancheItem>> {
    tranche_items::table
        .filter(tranche_items::request_id.eq_any(requests))
        .order((tranche_items::request_id, tranche_items::proposal_id))
        .select(TrancheItem::as_select())
        .load(c)
}

/// Leaves a proposal out of a request.
pub fn leave_out(c: &mut AnyConnection, omission: &Omission) -> QueryResult<()> {
    diesel::insert_into(tranche_omissions::table).values(omission).execute(c).map(|_| ())
}

/// What was left out of several requests.
fn omissions_of(
    c: &mut AnyConnection,
    requests: &[TrancheRequestId],
) -> QueryResult<Vec<Omission>> {
    tranche_omissions::table
        .filter(tranche_omissions::request_id.eq_any(requests))
        .order((tranche_omissions::request_id, tranche_omissions::proposal_id))
        .select(Omission::as_select())
        .load(c)
}

/// Requests that wait for review, verification or payment, and still contain a proposal.
pub fn waiting_for(
    c: &mut AnyConnection,
    proposal: ProposalId,
) -> QueryResult<Vec<TrancheRequest>> {
    tranche_requests::table
        .inner_join(tranche_items::table)
        .filter(tranche_items::proposal_id.eq(proposal).and(not(is_left_out!())))
        .filter(tranche_requests::state.ne_all([TrancheState::Paid, TrancheState::Refused]))
        .order(tranche_requests::id)
        .select(TrancheRequest::as_select())
        .load(c)
}

/// Requests that contain a proposal, did not leave it out, were not refused, and whose payment was not taken back: number,
/// state.
pub fn standing_for(
    c: &mut AnyConnection,
    proposal: ProposalId,
) -> QueryResult<Vec<(i64, TrancheState)>> {
    tranche_requests::table
        .inner_join(tranche_items::table)
        .filter(tranche_items::proposal_id.eq(proposal).and(not(is_left_out!())))
        .filter(tranche_requests::state.ne(TrancheState::Refused))
        .filter(not(is_taken_back!()))
        .order(tranche_requests::id)
        .select((tranche_requests::n, tranche_requests::state))
        .load(c)
}

/// When the first request for the first tranche that contains a proposal, did not leave it out for good and was not
/// refused, was received.
pub fn first_received(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Option<Moment>> {
    let at: Option<chrono::NaiveDateTime> = tranche_requests::table
        .inner_join(tranche_items::table)
        .filter(tranche_items::proposal_id.eq(proposal).and(not(is_left_out_for_good!())))
        .filter(tranche_requests::n.eq(1).and(tranche_requests::state.ne(TrancheState::Refused)))
        .select(min(tranche_requests::requested_at))
        .first(c)?;
    Ok(at.map(Moment))
}

/// What a request paid to a proposal.
#[derive(Debug, Clone, Queryable)]
pub struct Payment {
    /// To which.
    pub proposal_id: ProposalId,
    /// By which request.
    pub request_id: TrancheRequestId,
    /// How much.
    pub amount_idr: Rupiah,
    /// On which day.
    pub paid_on: Option<NaiveDate>,
}

/// What was paid to several proposals.
pub fn payments(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Payment>> {
    tranche_items::table
        .inner_join(tranche_requests::table)
        .filter(tranche_items::proposal_id.eq_any(ids).and(not(is_left_out!())))
        .filter(tranche_requests::state.eq(TrancheState::Paid))
        .select((
            tranche_items::proposal_id,
            tranche_items::request_id,
            tranche_items::amount_idr,
            tranche_requests::paid_on,
        ))
        .load(c)
}

/// The numbers under which requests of an allocation were paid; there are few.
pub fn payment_numbers(
    c: &mut AnyConnection,
    allocation: AllocationId,
) -> QueryResult<Vec<String>> {
    let numbers: Vec<Option<String>> = tranche_requests::table
        .filter(tranche_requests::allocation_id.eq(allocation))
        .filter(tranche_requests::payment_number.is_not_null())
        .select(tranche_requests::payment_number)
        .load(c)?;
    Ok(numbers.into_iter().flatten().collect())
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, request: &TrancheRequest) -> QueryResult<usize> {
    diesel::update(
        tranche_requests::table
            .find(request.id)
            .filter(tranche_requests::version.eq(request.version - 1)),
    )
    .set(request)
    .execute(c)
}
