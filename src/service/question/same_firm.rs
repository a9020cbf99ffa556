//! Question 13: do one firm's hands both plan and supervise, and were packages split?

use crate::domain::contract::{ContractRole, Firm};
use crate::domain::ids::ProposalId;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::proposal::Proposal;
use crate::storage::question::{Bounds, facts, money};
use serde_json::json;

/// Contracts for supervision whose firm designed the works, and contracts beside an earlier one of the same firm and role.
pub fn contracts(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::contracts_beside_others(tx, bounds)?;
    let ids: Vec<ProposalId> = distinct(rows.iter().map(|row| row.proposal_id));
    let proposals = desk.proposals(tx, &ids)?;
    let all = by_proposal(facts::contracts_of(tx, &ids)?, |row| row.proposal_id);
    let look = |row: &Contract| {
        let others = all.get(&row.proposal_id).map(Vec::as_slice).unwrap_or_default();
        let told = proposals.get(&row.proposal_id).and_then(|proposal| tell(row, proposal, others));
        looked(row.proposal_id, row.id, told)
    };
    Ok(rows.iter().map(look).collect())
}

fn firm(row: &Contract) -> Firm {
    Firm { name: row.vendor_name.clone(), tax_number: row.vendor_tax_number.clone() }
}

/// The firm that designed the works in an earlier year, if one did.
fn designed_earlier(row: &Proposal) -> Option<Firm> {
    let name = row.design_firm_name.clone()?;
    Some(Firm { name, tax_number: row.design_firm_tax_number.clone() })
}

fn tell(row: &Contract, proposal: &Proposal, others: &[Contract]) -> Option<Told> {
    let own = firm(row);
    let mut words = Vec::new();
    let mut told = Told::new(row.proposal_id, "").beneath(row.proposal_id, "contracts");
    if row.role == ContractRole::Supervision {
        let designs = others.iter().filter(|one| one.role == ContractRole::Design);
        let earlier = designed_earlier(proposal);
        let designer = designs.map(firm).chain(earlier).find(|designer| designer.is_same(&own));
        if let Some(designer) = designer {
            words.push(format!("supervises what {} designed", designer.name));
            told = told.figure("supervisor", json!(null), json!(row.vendor_name));
        }
    }
    // The first of them is the package; those after it may be parts of it.
    let first = others
        .iter()
        .find(|one| one.role == row.role && one.id < row.id && firm(one).is_same(&own));
    if let Some(first) = first {
        words.push(format!(
            "is with the firm of contract {} for the same ({}): perhaps one package that was split",
            first.number, row.role
        ));
        told = told.figure("value_idr", json!(null), json!([first.value_idr, row.value_idr]));
    }
    if words.is_empty() {
        return None;
    }
    told.says =
        format!("Contract {} with {} {}.", row.number, row.vendor_name, words.join("; it "));
    Some(told)
}
