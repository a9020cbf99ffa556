//! Question 12: is there a shortfall of volume, an overpayment, or a late penalty that was not collected?

use crate::domain::contract::ContractRole;
use crate::domain::ids::{ContractId, ProposalId};
use crate::domain::journal::Figures;
use crate::domain::line::FundSource;
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::report::ReportKind;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::contract::Contract;
use crate::storage::expenditure::Expenditure;
use crate::storage::question::{Bounds, facts, money, papers};
use crate::storage::report::Report;
use crate::storage::{AnyConnection, radar};
use serde_json::json;
use std::collections::HashMap;

/// Payment orders after the last day of their contract without a penalty.
pub fn late(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::late_orders(tx, bounds)?;
    let ids: Vec<ProposalId> = distinct(rows.iter().map(|row| row.proposal_id));
    let contracts: HashMap<ContractId, Contract> =
        facts::contracts_of(tx, &ids)?.into_iter().map(|row| (row.id, row)).collect();
    let look = |row: Expenditure| {
        let told = contracts.get(&row.contract_id).map(|contract| {
            let days = row.spent_on.signed_duration_since(contract.ends_on).num_days();
            let says = format!(
                "SP2D {} was paid {days} day(s) after the last day of contract {} ({}); no penalty was charged on it, and no \
                 handover by that day is recorded.",
                row.number, contract.number, contract.ends_on
            );
            Told::new(row.proposal_id, says)
                .figure("spent_on", json!(contract.ends_on), json!(row.spent_on))
                .figure("penalty_idr", json!(null), json!(row.penalty_idr))
                .beneath(row.proposal_id, "expenditures")
                .beneath(row.proposal_id, "contracts")
        });
        looked(row.proposal_id, row.id, told)
    };
    Ok(rows.into_iter().map(look).collect())
}

/// Contracts for works, or for goods alone, that were handed over after their last day, without a penalty on any payment order.
pub fn handed_over_late(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::late_handovers(tx, bounds)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.proposal_id).collect();
    let proposals = desk.proposals(tx, &ids)?;
    let look = |row: Contract| {
        let handover = proposals.get(&row.proposal_id).and_then(|proposal| proposal.handover_on);
        let told = handover.map(|handover| {
            let days = handover.signed_duration_since(row.ends_on).num_days();
            let what = if row.role == ContractRole::Goods { "goods" } else { "works" };
            let says = format!(
                "The {what} of contract {} were handed over on {handover}, {days} day(s) after its last day ({}); {} was paid on \
                 it, and no penalty was charged.",
                row.number, row.ends_on, row.spent_idr
            );
            Told::new(row.proposal_id, says)
                .figure("handover_on", json!(row.ends_on), json!(handover))
                .figure("penalty_idr", json!(null), json!(0))
                .beneath(row.proposal_id, "contracts")
                .beneath(row.proposal_id, "expenditures")
        });
        looked(row.proposal_id, row.id, told)
    };
    Ok(rows.into_iter().map(look).collect())
}

/// Contracts on which more was paid than they are worth.
pub fn overpaid(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::overpaid_contracts(tx, bounds)?;
    let look = |row: Contract| {
        let says = format!(
            "{} was paid on contract {} with {}, which is worth {}.",
            row.spent_idr, row.number, row.vendor_name, row.value_idr
        );
        let told = Told::new(row.proposal_id, says)
            .figure("spent_idr", json!(row.value_idr), json!(row.spent_idr))
            .beneath(row.proposal_id, "contracts")
            .beneath(row.proposal_id, "expenditures");
        looked(row.proposal_id, row.id, Some(told))
    };
    Ok(rows.into_iter().map(look).collect())
}

/// Final reports of less than the whole output, for which more is paid than that share of the contracts; what vendors paid back
/// since is paid no more.
pub fn short(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::reports(tx, bounds, &[ReportKind::Final])?;
    let ids: Vec<ProposalId> = distinct(rows.iter().map(|row| row.proposal_id));
    let contracts = by_proposal(facts::contracts_of(tx, &ids)?, |row| row.proposal_id);
    let absorbed: HashMap<ProposalId, Rupiah> = radar::balances(tx, &ids)?
        .into_iter()
        .map(|row| (row.proposal_id, Figures::from(row).absorbed_idr))
        .collect();
    let look = |row: Report| {
        let bound = contracts.get(&row.proposal_id).into_iter().flatten();
        let values = bound.filter(|one| one.fund_source == FundSource::Dak);
        let contracted = Rupiah::total(values.map(|one| one.value_idr));
        let paid = absorbed.get(&row.proposal_id).copied().unwrap_or_default();
        looked(row.proposal_id, row.id, tell_short(&row, contracted, paid))
    };
    Ok(rows.into_iter().map(look).collect())
}

fn tell_short(row: &Report, contracted: Rupiah, paid: Rupiah) -> Option<Told> {
    if row.physical_bp >= BasisPoints::WHOLE {
        return None;
    }
    let earned = row.physical_bp.of_whole(contracted);
    if paid <= earned {
        return None;
    }
    let says = format!(
        "The final report of {} says {} of the output, worth {earned} of the contracts ({contracted}); {paid} is paid.",
        row.as_of, row.physical_bp
    );
    let told = Told::new(row.proposal_id, says)
        .figure("absorbed_idr", json!(earned), json!(paid))
        .figure("reported_bp", json!(BasisPoints::WHOLE), json!(row.physical_bp))
        .beneath(row.proposal_id, "reports")
        .beneath(row.proposal_id, "contracts")
        .journal(row.proposal_id);
    Some(told)
}
