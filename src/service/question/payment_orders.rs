//! Question 2: does each payment order (SP2D) belong to a contract, rest on a document, and follow the disbursement?
//! That it belongs to a contract is held by the database.

use crate::domain::ids::{ContractId, ProposalId};
use crate::domain::line::FundSource;
use crate::domain::money::Rupiah;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::evidence::{Files, doubt, file_of};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::expenditure::Expenditure;
use crate::storage::question::{Bounds, facts, money};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::HashMap;

/// The type of document that payment orders are filed as.
const FILE: &str = "payment_order";

/// What payment orders are held against.
struct Beside {
    files: Files,
    contracts: HashMap<ContractId, Contract>,
    /// What came, by day.
    came: HashMap<ProposalId, Vec<(NaiveDate, Rupiah)>>,
    /// What was spent, less what vendors paid back, by day.
    spent: HashMap<ProposalId, Vec<(NaiveDate, Rupiah)>>,
}

/// What of some amounts lies on a day or before it.
fn until(amounts: Option<&Vec<(NaiveDate, Rupiah)>>, day: NaiveDate) -> Rupiah {
    let by_then = amounts.into_iter().flatten().filter(|(on, _)| *on <= day);
    Rupiah::total(by_then.map(|(_, amount)| *amount))
}

impl Beside {
    fn of(tx: &mut AnyConnection, rows: &[Expenditure]) -> Result<Beside, Error> {
        let ids = distinct(rows.iter().map(|row| row.proposal_id));
        let files = facts::documents_of(tx, &ids, &[FILE])?;
        let contracts = facts::contracts_of(tx, &ids)?;
        let mut came: HashMap<ProposalId, Vec<(NaiveDate, Rupiah)>> = HashMap::new();
        for (proposal, day, amount) in facts::money_came_on(tx, &ids)? {
            came.entry(proposal).or_default().push((day, amount));
        }
        let mut spent: HashMap<ProposalId, Vec<(NaiveDate, Rupiah)>> = HashMap::new();
        for (proposal, day, _, amount) in facts::absorbed_by_day(tx, &ids)? {
            spent.entry(proposal).or_default().push((day, Rupiah(amount)));
        }
        Ok(Beside {
            files: by_proposal(files, |file| file.proposal_id),
            contracts: contracts.into_iter().map(|row| (row.id, row)).collect(),
            came,
            spent,
        })
    }

    fn tell(&self, row: &Expenditure) -> Option<Told> {
        let mut words = Vec::new();
        let mut told = Told::new(row.proposal_id, "").beneath(row.proposal_id, "expenditures");
        let file = file_of(&self.files, row.proposal_id, (&row.number, row.spent_on));
        if let Some(doubt) = doubt(file, &row.number, row.spent_on) {
            told = doubt.on(told);
            words.push(doubt.words);
        }
        if let Some(file) = file {
            told = told.document(file.id);
        }
        let contract = self.contracts.get(&row.contract_id);
        if let Some(contract) = contract.filter(|one| row.spent_on < one.signed_on) {
            let (number, signed_on) = (&contract.number, contract.signed_on);
            words.push(format!("lies before contract {number} was signed ({signed_on})"));
            told = told
                .figure("contract_signed_on", json!(signed_on), json!(row.spent_on))
                .beneath(row.proposal_id, "contracts");
        }
        let is_dak = contract.is_none_or(|one| one.fund_source == FundSource::Dak);
        let came = self.came.get(&row.proposal_id);
        let first = came.and_then(|came| came.first()).map(|(day, _)| *day);
        let by_then = until(came, row.spent_on);
        let spent = until(self.spent.get(&row.proposal_id), row.spent_on);
        if is_dak && first.is_none_or(|first| row.spent_on < first) {
            let when = first.map_or("there was none".to_owned(), |day| format!("it was on {day}"));
            words.push(format!("lies before any money came ({when})"));
            told = told
                .figure("money_came_on", json!(first), json!(row.spent_on))
                .journal(row.proposal_id);
        } else if is_dak && spent > by_then {
            words.push(format!(
                "brings what was spent by that day to {spent}, and {by_then} had come by then"
            ));
            told = told.figure("spent_idr", json!(by_then), json!(spent)).journal(row.proposal_id);
        }
        if words.is_empty() {
            return None;
        }
        told.says = format!(
            "SP2D {} of {} over {} {}.",
            row.number,
            row.spent_on,
            row.amount_idr,
            words.join("; it ")
        );
        Some(told)
    }
}

/// Payment orders that rest on nothing, or came too early.
pub fn orders(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::unfounded_orders(tx, bounds)?;
    let beside = Beside::of(tx, &rows)?;
    Ok(rows.iter().map(|row| looked(row.proposal_id, row.id, beside.tell(row))).collect())
}
