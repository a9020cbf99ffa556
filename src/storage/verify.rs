//! Queries of the verifier: rows in bounded pages, for sums that are done in code.

use crate::domain::audit::{Outcome, SubjectKind};
use crate::domain::ids::{AllocationId, ContractId, EntryId, ProposalId};
use crate::domain::money::Rupiah;
use crate::domain::plan::PlanState;
use crate::storage::allocation::Allocation;
use crate::storage::amendment::Amendment;
use crate::storage::ceiling::Ceiling;
use crate::storage::connection::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::expenditure::Expenditure;
use crate::storage::journal::Entry;
use crate::storage::line::Line;
use crate::storage::proposal::Proposal;
use crate::storage::recovery::Recovery;
use crate::storage::returns::Return;
use crate::storage::schema::{
    activity_plans, allocations, amendments, audit_events, ceilings, contracts, expenditures,
    journal_entries, proposal_lines, proposals, recoveries, returns, revisions,
};
use crate::storage::versioned::Standing;
use chrono::NaiveDate;
use diesel::dsl::{exists, not};
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

/// What the verifier reads of a payment order, of what came back, and of what was returned.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Recorded {
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Which; the source of its entry.
    pub id: String,
    /// On which contract; of what was returned none.
    pub contract_id: Option<ContractId>,
    /// How much.
    pub amount_idr: Rupiah,
    /// Rules that it breaks, as a JSON list.
    pub flags: String,
    /// Its number.
    pub number: String,
    /// Its date.
    pub on: NaiveDate,
}

/// Payment orders of several proposals.
pub fn expenditures(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Recorded>> {
    expenditures::table
        .filter(expenditures::proposal_id.eq_any(ids))
        .order(expenditures::id)
        .select((
            expenditures::proposal_id,
            expenditures::id,
            expenditures::contract_id.nullable(),
            expenditures::amount_idr,
            expenditures::flags,
            expenditures::number,
            expenditures::spent_on,
        ))
        .load(c)
}

/// What vendors of several proposals paid back.
pub fn recoveries(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Recorded>> {
    recoveries::table
        .filter(recoveries::proposal_id.eq_any(ids))
        .order(recoveries::id)
        .select((
            recoveries::proposal_id,
            recoveries::id,
            recoveries::contract_id.nullable(),
            recoveries::amount_idr,
            recoveries::flags,
            recoveries::number,
            recoveries::received_on,
        ))
        .load(c)
}

/// Deposits of leftover of several proposals.
pub fn returns(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Recorded>> {
    let rows: Vec<(ProposalId, String, Rupiah, String, String, NaiveDate)> = returns::table
        .filter(returns::proposal_id.eq_any(ids))
        .order(returns::id)
        .select((
            returns::proposal_id,
            returns::id,
            returns::amount_idr,
            returns::flags,
            returns::number,
            returns::returned_on,
        ))
        .load(c)?;
    let row = |(proposal_id, id, amount_idr, flags, number, on)| Recorded {
        proposal_id,
        id,
        contract_id: None,
        amount_idr,
        flags,
        number,
        on,
    };
    Ok(rows.into_iter().map(row).collect())
}

/// What events of several proposals about things of a kind tell: which, and the content.
pub fn told(
    c: &mut AnyConnection,
    kind: SubjectKind,
    ids: &[ProposalId],
) -> QueryResult<Vec<(String, String)>> {
    audit_events::table
        .filter(audit_events::proposal_id.eq_any(ids.iter().copied().map(Some)))
        .filter(audit_events::subject_kind.eq(kind))
        .filter(audit_events::outcome.eq(Outcome::Done))
        .select((audit_events::subject_id, audit_events::content))
        .load(c)
}

/// What was recorded of several proposals, whole, as its event was written: payment orders, what vendors paid back, or
/// deposits; nothing of another kind.
pub fn facts(
    c: &mut AnyConnection,
    kind: SubjectKind,
    ids: &[ProposalId],
) -> QueryResult<Vec<Standing>> {
    match kind {
        SubjectKind::Expenditure => {
            let all = expenditures::table.filter(expenditures::proposal_id.eq_any(ids));
            let rows: Vec<Expenditure> = all.select(Expenditure::as_select()).load(c)?;
            rows.iter().map(|row| Standing::of(row.id, row)).collect()
        }
        SubjectKind::Recovery => {
            let all = recoveries::table.filter(recoveries::proposal_id.eq_any(ids));
            let rows: Vec<Recovery> = all.select(Recovery::as_select()).load(c)?;
            rows.iter().map(|row| Standing::of(row.id, row)).collect()
        }
        SubjectKind::Return => {
            let all = returns::table.filter(returns::proposal_id.eq_any(ids));
            let rows: Vec<Return> = all.select(Return::as_select()).load(c)?;
            rows.iter().map(|row| Standing::of(row.id, row)).collect()
        }
        _ => Ok(Vec::new()),
    }
}

/// The amendments of several proposals' contracts, in their order.
pub fn amendments(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Amendment>> {
    amendments::table
        .filter(amendments::proposal_id.eq_any(ids))
        .order((amendments::contract_id, amendments::n))
        .select(Amendment::as_select())
        .load(c)
}

/// The entries of several proposals that came with an event that is not there.
pub fn without_event(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<EntryId>> {
    journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(ids))
        .filter(not(exists(
            audit_events::table.filter(audit_events::id.eq(journal_entries::event_id)),
        )))
        .select(journal_entries::id)
        .load(c)
}

/// The proposals of several of which findings were made, once for each.
pub fn findings_made(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<ProposalId>> {
    audit_events::table
        .filter(audit_events::proposal_id.eq_any(ids.iter().copied().map(Some)))
        .filter(audit_events::action.eq("finding.open"))
        .filter(audit_events::outcome.eq(Outcome::Done))
        .select(audit_events::proposal_id.assume_not_null())
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
