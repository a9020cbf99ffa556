//! Question 1: is every contract in the list the contract in the file?

use crate::domain::ids::ProposalId;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::evidence::{Doubt, Files, doubt, file_of, files_of};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::amendment::Amendment;
use crate::storage::contract::Contract;
use crate::storage::question::{Bounds, facts, money};
use serde_json::json;
use std::collections::HashMap;

/// The type of document that contracts and their amendments are filed as.
const FILE: &str = "contract";

fn files(tx: &mut AnyConnection, ids: &[ProposalId]) -> Result<Files, Error> {
    Ok(by_proposal(facts::documents_of(tx, ids, &[FILE])?, |file| file.proposal_id))
}

/// Contracts without their file.
pub fn contracts(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::contracts_without_file(tx, bounds)?;
    let files = files(tx, &rows.iter().map(|row| row.proposal_id).collect::<Vec<_>>())?;
    let look = |row: Contract| {
        let file = file_of(&files, row.proposal_id, (&row.number, row.signed_on));
        let told = doubt(file, &row.number, row.signed_on).map(|doubt| {
            let says = format!("Contract {} with {} {}.", row.number, row.vendor_name, doubt.words);
            let told =
                doubt.on(Told::new(row.proposal_id, says)).beneath(row.proposal_id, "contracts");
            match file {
                Some(file) => told.document(file.id),
                None => told.beneath(row.proposal_id, "documents?type=contract"),
            }
        });
        looked(row.proposal_id, row.id, told)
    };
    Ok(rows.into_iter().map(look).collect())
}

/// Amendments without their file. Numbers of amendments are their contract's own: where several acts of a proposal have the
/// same number and date, each needs a file of its own.
pub fn amendments(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::amendments_without_file(tx, bounds)?;
    let ids = distinct(rows.iter().map(|row| row.proposal_id));
    let acts = Acts {
        files: files(tx, &ids)?,
        contracts: by_proposal(facts::contracts_of(tx, &ids)?, |row| row.proposal_id),
        amendments: by_proposal(money::amendments_of(tx, &ids)?, |row| row.proposal_id),
    };
    Ok(rows.iter().map(|row| looked(row.proposal_id, row.id, acts.tell(row))).collect())
}

/// The acts of some proposals that stand, and their files.
struct Acts {
    files: Files,
    contracts: HashMap<ProposalId, Vec<Contract>>,
    amendments: HashMap<ProposalId, Vec<Amendment>>,
}

impl Acts {
    fn tell(&self, row: &Amendment) -> Option<Told> {
        let (proposal, act) = (row.proposal_id, (row.number.as_str(), row.signed_on));
        let mut contracts = self.contracts.get(&proposal).into_iter().flatten();
        let contract = contracts.find(|one| one.id == row.contract_id)?;
        let (own, before) = (files_of(&self.files, proposal, act), self.before(row));
        let file = own.get(before).copied().or_else(|| file_of(&self.files, proposal, act));
        let doubt = match own.len() {
            count @ 1.. if count <= before => Doubt {
                words: format!(
                    "has no file of its own: {count} of its number and date is there, and {before} other act(s) have them too"
                ),
                figure: ("files", json!(before.saturating_add(1)), json!(count)),
            },
            _ => doubt(file, &row.number, row.signed_on)?,
        };
        let (number, vendor) = (&contract.number, &contract.vendor_name);
        let says =
            format!("Amendment {} of contract {number} with {vendor} {}.", row.number, doubt.words);
        let told = doubt
            .on(Told::new(proposal, says))
            .at(format!("/api/v1/contracts/{}/amendments", row.contract_id));
        Some(match file {
            Some(file) => told.document(file.id),
            None => told.beneath(proposal, "documents?type=contract"),
        })
    }

    /// How many acts of its proposal have the number and the date of an amendment and come before it: contracts, and
    /// amendments that were recorded earlier.
    fn before(&self, row: &Amendment) -> usize {
        let contracts = self.contracts.get(&row.proposal_id).into_iter().flatten();
        let contracts = contracts
            .filter(|one| one.number_key == row.number_key && one.signed_on == row.signed_on);
        let amendments = self.amendments.get(&row.proposal_id).into_iter().flatten();
        let amendments = amendments.filter(|one| {
            one.id < row.id && one.number_key == row.number_key && one.signed_on == row.signed_on
        });
        contracts.count().saturating_add(amendments.count())
    }
}
