//! Question 12: is there a shortfall of volume, an overpayment, or a late penalty that was not collected?

use crate::domain::ids::{ContractId, ProposalId};
use crate::domain::journal::EightFigures;
use crate::domain::line::FundSource;
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::report::ReportKind;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::expenditure::Expenditure;
use crate::storage::question::{Bounds, facts, money, papers};
use crate::storage::report::Report;
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
                "SP2D {} was paid {days} day(s) after the last day of contract {} ({}); no penalty was charged, and no handover \
                 by that day is recorded.",
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

/// Final reports of less than the whole output, for which more was paid than that share of the contracts.
pub fn short(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::reports(tx, bounds, &[ReportKind::Final])?;
    let ids: Vec<ProposalId> = distinct(rows.iter().map(|row| row.proposal_id));
    let contracts = by_proposal(facts::contracts_of(tx, &ids)?, |row| row.proposal_id);
    let look = |row: Report| {
        let bound = contracts.get(&row.proposal_id).into_iter().flatten();
        let values = bound.filter(|one| one.fund_source == FundSource::Dak);
        let contracted = Rupiah::total(values.map(|one| one.value_idr));
        looked(row.proposal_id, row.id, tell_short(&row, contracted))
    };
    Ok(rows.into_iter().map(look).collect())
}

fn tell_short(row: &Report, contracted: Rupiah) -> Option<Told> {
    if row.physical_bp >= BasisPoints::WHOLE {
        return None;
    }
    let figures: EightFigures = serde_json::from_str(row.figures.as_deref()?).ok()?;
    let (paid, earned) = (Rupiah(figures.absorbed_idr), row.physical_bp.of_whole(contracted));
    if paid <= earned {
        return None;
    }
    let says = format!(
        "The final report of {} says {} of the output, worth {earned} of the contracts ({contracted}); {paid} was paid.",
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
