//! What the radar of deadlines reads: proposals in which something can be due, and what lies beneath them, in a fixed
//! number of queries for some thousands of them.

use crate::domain::deadline::STATES;
use crate::domain::finding::FindingState;
use crate::domain::ids::{AllocationId, ProposalId, RegionCode};
use crate::domain::journal::EntryKind;
use crate::domain::people::Sight;
use crate::domain::proposal::State;
use crate::domain::report::{ReportKind, ReportState};
use crate::domain::tranche::{Mode, TrancheState};
use crate::storage::connection::AnyConnection;
use crate::storage::journal::Balance;
use crate::storage::proposal::{Condition, Filter, Proposal, narrowed};
use crate::storage::schema::{
    allocations, balances, contracts, findings, journal_entries, proposals, reports, tranche_items,
    tranche_omissions, tranche_requests,
};
use crate::storage::tranche::{is_left_out, is_taken_back};
use chrono::NaiveDate;
use diesel::dsl::{exists, max, min, not};
use diesel::prelude::*;

/// Those in which something can be due: by where they stand, or because a finding waits for their region.
fn can_be_due() -> Condition {
    let awaited = findings::table
        .filter(findings::state.eq(FindingState::Open))
        .select(findings::proposal_id);
    Box::new(proposals::state.eq_any(STATES).or(proposals::id.eq_any(awaited)))
}

/// The proposals in which something can be due, within sight, narrowed; at most `limit`.
pub fn proposals(
    c: &mut AnyConnection,
    sight: &Sight,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<Proposal>> {
    proposals::table
        .filter(narrowed(sight, filter))
        .filter(can_be_due())
        .limit(limit)
        .select(Proposal::as_select())
        .load(c)
}

/// The proposals in which something can be due, by region and id, after `after`; at most `limit`.
pub fn page(
    c: &mut AnyConnection,
    after: Option<&(RegionCode, ProposalId)>,
    limit: i64,
) -> QueryResult<Vec<Proposal>> {
    let mut query = proposals::table
        .filter(can_be_due())
        .order((proposals::region_code, proposals::id))
        .limit(limit)
        .select(Proposal::as_select())
        .into_boxed();
    if let Some((region, id)) = after {
        // The first condition alone is one that an index answers on either database.
        query = query.filter(proposals::region_code.ge(region.clone())).filter(
            proposals::region_code
                .gt(region.clone())
                .or(proposals::region_code.eq(region.clone()).and(proposals::id.gt(*id))),
        );
    }
    query.load(c)
}

/// The allocations that pay proposals in one of some states, after `after`; at most `limit`.
pub fn paying(
    c: &mut AnyConnection,
    states: &[State],
    after: Option<AllocationId>,
    limit: i64,
) -> QueryResult<Vec<AllocationId>> {
    let mut query = proposals::table
        .filter(proposals::state.eq_any(states))
        .filter(proposals::allocation_id.is_not_null())
        .order(proposals::allocation_id)
        .limit(limit)
        .select(proposals::allocation_id.assume_not_null())
        .distinct()
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(proposals::allocation_id.gt(after));
    }
    query.load(c)
}

/// The proposals in one of some states that are paid from some allocations, by id.
pub fn paid_from(
    c: &mut AnyConnection,
    states: &[State],
    allocations: &[AllocationId],
) -> QueryResult<Vec<Proposal>> {
    proposals::table
        .filter(proposals::allocation_id.eq_any(allocations))
        .filter(proposals::state.eq_any(states))
        .order(proposals::id)
        .select(Proposal::as_select())
        .load(c)
}

/// The versions of some proposals.
pub fn versions(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<(ProposalId, i64)>> {
    proposals::table
        .filter(proposals::id.eq_any(ids))
        .select((proposals::id, proposals::version))
        .load(c)
}

/// The balances of some proposals.
pub fn balances(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Balance>> {
    balances::table.filter(balances::proposal_id.eq_any(ids)).select(Balance::as_select()).load(c)
}

/// Of an allocation: its id, the policy version that it pins, its mode once that is fixed, its amount, and its version.
pub type Funds = (AllocationId, i64, Option<Mode>, crate::domain::money::Rupiah, i64);

/// Some allocations.
pub fn funds(c: &mut AnyConnection, ids: &[AllocationId]) -> QueryResult<Vec<Funds>> {
    allocations::table
        .filter(allocations::id.eq_any(ids))
        .select((
            allocations::id,
            allocations::policy_version,
            allocations::mode,
            allocations::amount_idr,
            allocations::version,
        ))
        .load(c)
}

/// The requests that contain some proposals, did not leave them out, were not refused, and whose payment to them was not taken
/// back: proposal, number, state.
pub fn requests(
    c: &mut AnyConnection,
    ids: &[ProposalId],
) -> QueryResult<Vec<(ProposalId, i64, TrancheState)>> {
    tranche_items::table
        .inner_join(tranche_requests::table)
        .filter(tranche_items::proposal_id.eq_any(ids))
        .filter(not(is_left_out!()))
        .filter(tranche_requests::state.ne(TrancheState::Refused))
        .filter(not(is_taken_back!()))
        .select((tranche_items::proposal_id, tranche_requests::n, tranche_requests::state))
        .load(c)
}

/// Those of them whose first request was held back from its payment: it stands against the gate all the same.
pub fn held_back(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<ProposalId>> {
    tranche_omissions::table
        .filter(tranche_omissions::proposal_id.eq_any(ids))
        .filter(tranche_omissions::hold_id.is_not_null())
        .select(tranche_omissions::proposal_id)
        .load(c)
}

/// Until which day the reports of each kind of some proposals speak, as far as they were submitted.
pub fn reported(
    c: &mut AnyConnection,
    ids: &[ProposalId],
) -> QueryResult<Vec<(ProposalId, ReportKind, Option<NaiveDate>)>> {
    reports::table
        .filter(reports::proposal_id.eq_any(ids))
        .filter(reports::state.eq_any([ReportState::Submitted, ReportState::Reviewed]))
        .group_by((reports::proposal_id, reports::kind))
        .select((reports::proposal_id, reports::kind, max(reports::as_of)))
        .load(c)
}

/// When the first contract of each of some proposals was signed.
pub fn contracted(
    c: &mut AnyConnection,
    ids: &[ProposalId],
) -> QueryResult<Vec<(ProposalId, Option<NaiveDate>)>> {
    contracts::table
        .filter(contracts::proposal_id.eq_any(ids))
        .group_by(contracts::proposal_id)
        .select((contracts::proposal_id, min(contracts::signed_on)))
        .load(c)
}
