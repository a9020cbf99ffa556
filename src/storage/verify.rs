//! Queries of the verifier: rows in bounded pages, for sums that are done in code.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AllocationId, ContractId, ProposalId};
use crate::domain::money::Rupiah;
use crate::domain::plan::PlanState;
use crate::storage::allocation::Allocation;
use crate::storage::ceiling::Ceiling;
use crate::storage::connection::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::journal::Entry;
use crate::storage::line::Line;
use crate::storage::proposal::Proposal;
use crate::storage::schema::{
    activity_plans, allocations, audit_events, ceilings, contracts, expenditures, journal_entries,
    proposal_lines, proposals, returns, revisions,
};
use diesel::prelude::*;

/// Proposals by id, after `after`.
pub fn proposals(
    c: &mut AnyConnection,
    after: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<Proposal>> {
    let mut query = proposals::table
        .order(proposals::id)
        .limit(limit)
        .select(Proposal::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(proposals::id.gt(after));
    }
    query.load(c)
}

/// Every entry of several proposals.
pub fn entries(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Entry>> {
    journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(ids))
        .order((journal_entries::proposal_id, journal_entries::id))
        .select(Entry::as_select())
        .load(c)
}

/// Every line of several proposals.
pub fn lines(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Line>> {
    proposal_lines::table
        .filter(proposal_lines::proposal_id.eq_any(ids))
        .order((proposal_lines::proposal_id, proposal_lines::line_no))
        .select(Line::as_select())
        .load(c)
}

/// Every contract of several proposals.
pub fn contracts(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Contract>> {
    contracts::table
        .filter(contracts::proposal_id.eq_any(ids))
        .order(contracts::id)
        .select(Contract::as_select())
        .load(c)
}

/// What was done to several proposals: proposal and content of the event of each revision, in the order of their
/// versions. The order of identifiers is that of clocks, which may differ between processes.
pub fn events(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<(String, String)>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    revisions::table
        .inner_join(audit_events::table.on(audit_events::id.eq(revisions::event_id)))
        .filter(revisions::subject_kind.eq(SubjectKind::Proposal))
        .filter(revisions::subject_id.eq_any(ids))
        .order((revisions::subject_id, revisions::version))
        .select((revisions::subject_id, audit_events::content))
        .load(c)
}

/// The totals of the plans in force of several proposals.
pub fn plans(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<(ProposalId, Rupiah)>> {
    activity_plans::table
        .filter(activity_plans::proposal_id.eq_any(ids))
        .filter(activity_plans::state.eq(PlanState::Approved))
        .order(activity_plans::n)
        .select((activity_plans::proposal_id, activity_plans::total_idr))
        .load(c)
}

/// What the verifier reads of a payment order: proposal, contract, amount, flags, number.
pub type Spent = (ProposalId, ContractId, Rupiah, String, String);
/// What the verifier reads of a deposit: proposal, amount, flags, number.
pub type Returned = (ProposalId, Rupiah, String, String);

/// Payment orders of several proposals.
pub fn expenditures(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Spent>> {
    expenditures::table
        .filter(expenditures::proposal_id.eq_any(ids))
        .order(expenditures::id)
        .select((
            expenditures::proposal_id,
            expenditures::contract_id,
            expenditures::amount_idr,
            expenditures::flags,
            expenditures::number,
        ))
        .load(c)
}

/// Deposits of leftover of several proposals.
pub fn returns(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Returned>> {
    returns::table
        .filter(returns::proposal_id.eq_any(ids))
        .order(returns::id)
        .select((returns::proposal_id, returns::amount_idr, returns::flags, returns::number))
        .load(c)
}

/// Allocations by id, after `after`.
pub fn allocations(
    c: &mut AnyConnection,
    after: Option<AllocationId>,
    limit: i64,
) -> QueryResult<Vec<Allocation>> {
    let mut query = allocations::table
        .order(allocations::id)
        .limit(limit)
        .select(Allocation::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(allocations::id.gt(after));
    }
    query.load(c)
}

/// Every ceiling.
pub fn ceilings(c: &mut AnyConnection) -> QueryResult<Vec<Ceiling>> {
    ceilings::table.order(ceilings::fiscal_year).select(Ceiling::as_select()).load(c)
}
