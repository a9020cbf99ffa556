//! Question 6: are the funds that are needed to finish what contracts still have to be paid?

use crate::domain::ids::ProposalId;
use crate::domain::journal::Figures;
use crate::domain::line::FundSource;
use crate::domain::money::Rupiah;
use crate::domain::policy::Policy;
use crate::domain::proposal::State;
use crate::domain::tranche::{Mode, TrancheState};
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::contract::Contract;
use crate::storage::journal::Balance;
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds, facts};
use crate::storage::{AnyConnection, radar};
use serde_json::json;
use std::collections::HashMap;

/// Where money has been paid and contracts are to be paid from it.
const PAID: [State; 4] = [State::Funded, State::Reporting, State::Operating, State::Closed];

/// Proposals whose contracts still have to be paid more than there is for them.
pub fn proposals(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = question::disbursed_to(tx, bounds, &PAID)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let rules = desk.rules(tx, rows.iter())?;
    let balances = radar::balances(tx, &ids)?;
    let figures: HashMap<ProposalId, Figures> =
        balances.into_iter().map(|row: Balance| (row.proposal_id, row.into())).collect();
    let contracts = by_proposal(facts::contracts_of(tx, &ids)?, |row| row.proposal_id);
    let mut paid: HashMap<ProposalId, i64> = HashMap::new();
    for (proposal, n, state) in radar::requests(tx, &ids)? {
        if state == TrancheState::Paid {
            let last = paid.entry(proposal).or_default();
            *last = n.max(*last);
        }
    }
    let allocations = distinct(rows.iter().filter_map(|row| row.allocation_id));
    let modes: HashMap<_, Option<Mode>> =
        radar::funds(tx, &allocations)?.into_iter().map(|(id, _, mode, ..)| (id, mode)).collect();
    let look = |row: &Proposal| {
        let bound = contracts.get(&row.id).into_iter().flatten();
        let bound = Bound::of(bound.filter(|one| one.fund_source == FundSource::Dak));
        let mode = row.allocation_id.and_then(|id| modes.get(&id).copied().flatten());
        let is_last = rules.get(&row.id).is_some_and(|held| {
            is_last(&held.policy, mode, paid.get(&row.id).copied().unwrap_or_default())
        });
        let figures = figures.get(&row.id).copied().unwrap_or_default();
        looked(row.id, "", tell(row, &figures, &bound, is_last))
    };
    Ok(rows.iter().map(look).collect())
}

/// What the contracts of a proposal are worth together, and what still has to be paid on them.
struct Bound {
    contracted: Rupiah,
    needed: Rupiah,
}

impl Bound {
    /// What was paid on one of them beyond its worth pays for no other.
    fn of<'a>(contracts: impl Iterator<Item = &'a Contract> + Clone) -> Self {
        let left = |one: &Contract| {
            one.value_idr.minus(one.spent_idr).unwrap_or_default().max(Rupiah::ZERO)
        };
        Bound {
            contracted: Rupiah::total(contracts.clone().map(|one| one.value_idr)),
            needed: Rupiah::total(contracts.map(left)),
        }
    }
}

/// Whether the last payment that the mode has was made.
fn is_last(policy: &Policy, mode: Option<Mode>, paid: i64) -> bool {
    match mode {
        Some(Mode::Staged) | None => {
            i64::try_from(policy.tranches.len()).is_ok_and(|last| paid >= last)
        }
        Some(Mode::LumpSum | Mode::LumpSumOnRecommendation) => paid > 0,
    }
}

/// As long as money can come, what comes counts with what is there, and only too little is told.
fn tell(row: &Proposal, figures: &Figures, bound: &Bound, is_last: bool) -> Option<Told> {
    let Bound { contracted, needed } = *bound;
    let ended = is_last || row.state != State::Funded;
    let to_come = if ended { Rupiah::ZERO } else { figures.undisbursed().max(Rupiah::ZERO) };
    // What was given back or carried on was there: a contract that cost less than it is worth leaves it.
    let gone = [figures.returned_idr, figures.carried_out_idr];
    let there = Rupiah::total([figures.in_hand(), to_come].into_iter().chain(gone));
    if needed == Rupiah::ZERO || needed <= there {
        return None;
    }
    let says = format!(
        "Contracts still have to be paid {needed} (worth {contracted}, paid {}); {there} is there for it.",
        figures.absorbed_idr
    );
    let told = Told::new(row.id, says)
        .figure("needed_idr", json!(needed), json!(there))
        .figure("in_hand_idr", json!(null), json!(figures.in_hand()))
        .figure("to_come_idr", json!(null), json!(to_come))
        .figure("given_back_or_carried_on_idr", json!(null), json!(Rupiah::total(gone)))
        .beneath(row.id, "contracts")
        .beneath(row.id, "documents?type=funds_needed_report")
        .journal(row.id);
    Some(told)
}
