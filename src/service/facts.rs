//! Gathers what guards look at, in the transaction that decides.

use crate::domain::act::Act;
use crate::domain::change::RequestFacts;
use crate::domain::contract::Firm;
use crate::domain::finding::FindingKind;
use crate::domain::guard::{Facts, Guard, Revival};
use crate::domain::ids::PlanId;
use crate::domain::journal::EntryKind;
use crate::domain::line::LineFacts;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::plan::{PlanFacts, PlanState};
use crate::domain::policy::Policy;
use crate::domain::proposal::{Gap, State};
use crate::domain::region::is_autonomous;
use crate::domain::tranche::{self as rules, Payment};
use crate::domain::workflow;
use crate::service::error::Error;
use crate::service::{double_funding, policy as policies, readiness};
use crate::storage::proposal::Proposal;
use crate::storage::{
    AnyConnection, allocation, centre, change_request, condition, contract, finding, hold, journal,
    line, plan, proposal, report, tranche,
};

/// The facts of a proposal for an act.
pub fn gather<'a>(
    tx: &mut AnyConnection,
    row: &Proposal,
    policy: &'a Policy,
    act: &Act,
    payment: Option<Payment>,
    now: Moment,
) -> Result<Facts<'a>, Error> {
    let lines: Vec<LineFacts> = line::of(tx, row.id)?.iter().map(LineFacts::from).collect();
    let asks = |guard: Guard| {
        workflow::arrows(row.menu)
            .any(|arrow| arrow.from == row.state && arrow.guards.contains(&guard))
    };
    let readiness = match asks(Guard::DocumentsReady) {
        true => readiness::items(tx, row, policy, &lines, now)?,
        false => Vec::new(),
    };
    let unanswered_funding = match asks(Guard::DoubleFundingAnswered) {
        true => double_funding::unanswered(tx, row, &lines)?,
        false => Vec::new(),
    };
    let centre = match row.centre_id {
        Some(id) => centre::find(tx, id)?,
        None => None,
    };
    let open_conditions =
        condition::of(tx, row.id)?.iter().filter(|condition| condition.lifted_at.is_none()).count();
    let contracts = contract::of(tx, row.id)?;
    let covered = contract::lines_of(tx, &contracts.iter().map(|one| one.id).collect::<Vec<_>>())?;
    let allocation = match row.allocation_id {
        Some(id) => allocation::find(tx, id)?,
        None => allocation::of(tx, row.fiscal_year, &row.region_code)?,
    };
    let mode = rules::mode(
        allocation.as_ref().and_then(|one| one.mode),
        row.lump_sum_recommended,
        allocation.as_ref().map(|one| one.amount_idr).unwrap_or_default(),
        policy.lump_sum_limit(),
    );
    let plans = plans(tx, row)?;
    let mut facts = Facts {
        now,
        policy,
        menu: row.menu,
        state: row.state,
        region: row.region_code.clone(),
        theme: row.theme.clone(),
        zone: Zone::of(&row.region_code),
        drafted_at: row.created_at,
        is_province: row.region_code == row.province_code,
        autonomous: is_autonomous(&row.region_code),
        returned: row.returned,
        site_named: [&row.site_street, &row.site_village, &row.site_district]
            .iter()
            .all(|part| !part.trim().is_empty()),
        site_position: row.latitude.zip(row.longitude),
        centre_provisional: centre.map(|centre| centre.provisional),
        baseline: row.baseline.as_deref().map(serde_json::from_str).transpose()?,
        lines,
        builds_anew: row.builds_anew,
        gaps: gaps(row)?,
        readiness,
        unanswered_funding,
        requests: change_request::of(tx, row.id)?.iter().map(RequestFacts::from).collect(),
        works_changed: row.works_changed,
        due_on: row.due_on,
        agreement_proposed: row.agreement_proposed,
        adverse_advice: row.adverse_advice,
        open_holds: hold::open_of(tx, row.id)?.len(),
        open_conditions,
        allocation_room: allocation.and_then(|one| one.amount_idr.minus(one.used_idr)),
        mode,
        plan: plans.decided_or_in_force,
        plan_change: plans.change,
        plan_changes: plans.changes,
        contracts: contracts.iter().map(|one| contract::facts(one, &covered)).collect(),
        design_firm: row
            .design_firm_name
            .clone()
            .map(|name| Firm { name, tax_number: row.design_firm_tax_number.clone() }),
        figures: journal::figures(tx, row.id)?,
        first_request_at: tranche::first_received(tx, row.id)?,
        payment,
        handover_value: row.handover_value_idr,
        final_report_reviewed: report::final_is_reviewed(tx, row.id)?,
        unused_found: asks(Guard::UnusedFound) && finding::stands(tx, row.id, FindingKind::Unused)?,
        named_exists: named_exists(tx, row, act)?,
        operating_since: row.operating_since,
        state_since: row.state_since,
        forfeited_from: row.forfeited_from,
        revival: None,
    };
    if row.state == State::Forfeited {
        facts.revival = Some(revival(tx, row, &facts)?);
    }
    Ok(facts)
}

/// What reviving a forfeited proposal takes.
fn revival(tx: &mut AnyConnection, row: &Proposal, facts: &Facts<'_>) -> Result<Revival, Error> {
    let decree = policies::moved_by(tx, row, &facts.gate_path(), facts.now)?;
    Ok(Revival {
        amount: Rupiah::total(
            journal::set_free(tx, row.id)?
                .iter()
                .filter(|entry| entry.kind == EntryKind::Release)
                .map(|entry| entry.amount_idr),
        ),
        decree: decree.map(|decree| decree.number),
    })
}

/// The codes of the gaps that the proposal names.
fn gaps(row: &Proposal) -> Result<Vec<String>, Error> {
    let gaps: Vec<Gap> = serde_json::from_str(&row.gaps)?;
    Ok(gaps.into_iter().map(|gap| gap.code).collect())
}

/// The activity plans that rules look at.
struct Plans {
    /// While money is set aside and nothing is approved: the one being decided; else the one in force.
    decided_or_in_force: Option<PlanFacts>,
    /// The change being decided of the one in force.
    change: Option<PlanFacts>,
    /// How often the first one was changed.
    changes: i64,
}

fn plans(tx: &mut AnyConnection, row: &Proposal) -> Result<Plans, Error> {
    let all = plan::of(tx, row.id)?;
    let last = |state| all.iter().rev().find(move |plan| plan.state == state);
    let (submitted, approved) = (last(PlanState::Submitted), last(PlanState::Approved));
    let (current, change) = match row.state {
        State::Allocated => (submitted.or(approved), None),
        _ => (approved, submitted),
    };
    let ids: Vec<PlanId> = current.iter().chain(&change).map(|plan| plan.id).collect();
    let lines = plan::lines_of(tx, &ids)?;
    let approvals = all.iter().filter(|plan| plan.state == PlanState::Approved).count();
    Ok(Plans {
        decided_or_in_force: current.map(|plan| plan::facts(plan, &lines)),
        change: change.map(|plan| plan::facts(plan, &lines)),
        changes: i64::try_from(approvals.saturating_sub(1)).unwrap_or(i64::MAX),
    })
}

/// Whether the centre or the successor that the act names exists in the proposal's region.
fn named_exists(tx: &mut AnyConnection, row: &Proposal, act: &Act) -> Result<bool, Error> {
    if let Some(id) = act.data.centre_id {
        return Ok(
            centre::find(tx, id)?.is_some_and(|centre| centre.region_code == row.region_code)
        );
    }
    if let Some(id) = act.data.successor_id {
        let found = proposal::find(tx, id)?;
        return Ok(found.is_some_and(|other| {
            other.id != row.id
                && other.region_code == row.region_code
                && other.fiscal_year >= row.fiscal_year
                && (!other.state.is_end() || other.state == State::Closed)
        }));
    }
    Ok(false)
}
