//! Requests for tranches, with the amount for each proposal.

use crate::domain::ids::{AllocationId, ProposalId, TrancheRequestId, UserId};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::tranche::TrancheState;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{tranche_items, tranche_requests};
use chrono::NaiveDate;
use diesel::dsl::min;
use diesel::prelude::*;
use serde::Serialize;

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
    /// Sum of its items.
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
pub fn items_of(
    c: &mut AnyConnection,
    requests: &[TrancheRequestId],
) -> QueryResult<Vec<TrancheItem>> {
    tranche_items::table
        .filter(tranche_items::request_id.eq_any(requests))
        .order((tranche_items::request_id, tranche_items::proposal_id))
        .select(TrancheItem::as_select())
        .load(c)
}

/// Requests that contain a proposal and were not refused: number, state.
pub fn standing_for(
    c: &mut AnyConnection,
    proposal: ProposalId,
) -> QueryResult<Vec<(i64, TrancheState)>> {
    tranche_requests::table
        .inner_join(tranche_items::table)
        .filter(tranche_items::proposal_id.eq(proposal))
        .filter(tranche_requests::state.ne(TrancheState::Refused))
        .order(tranche_requests::id)
        .select((tranche_requests::n, tranche_requests::state))
        .load(c)
}

/// When the first request for the first tranche that contains a proposal, and was not refused, was received.
pub fn first_received(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Option<Moment>> {
    let at: Option<chrono::NaiveDateTime> = tranche_requests::table
        .inner_join(tranche_items::table)
        .filter(tranche_items::proposal_id.eq(proposal))
        .filter(tranche_requests::n.eq(1).and(tranche_requests::state.ne(TrancheState::Refused)))
        .select(min(tranche_requests::requested_at))
        .first(c)?;
    Ok(at.map(Moment))
}

/// Whether a request of the allocation was paid under the number.
pub fn is_paid_under(
    c: &mut AnyConnection,
    allocation: AllocationId,
    payment_number: &str,
) -> QueryResult<bool> {
    tranche_requests::table
        .filter(tranche_requests::allocation_id.eq(allocation))
        .filter(tranche_requests::payment_number.eq(payment_number))
        .select(tranche_requests::id)
        .first::<TrancheRequestId>(c)
        .optional()
        .map(|found| found.is_some())
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
