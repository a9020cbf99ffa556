//! Question 1: is every contract in the list the contract in the file?

use crate::domain::ids::ProposalId;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal};
use crate::service::question::evidence::{Files, doubt, file_of};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::question::{Bounds, facts, money};

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
    let look = |row: crate::storage::contract::Contract| {
        let file = file_of(&files, row.proposal_id, &row.number);
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

/// Amendments without their file.
pub fn amendments(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::amendments_without_file(tx, bounds)?;
    let files = files(tx, &rows.iter().map(|row| row.proposal_id).collect::<Vec<_>>())?;
    let look = |row: crate::storage::amendment::Amendment| {
        let file = file_of(&files, row.proposal_id, &row.number);
        let told = doubt(file, &row.number, row.signed_on).map(|doubt| {
            let says = format!("Amendment {} of a contract {}.", row.number, doubt.words);
            let told = doubt
                .on(Told::new(row.proposal_id, says))
                .at(format!("/api/v1/contracts/{}/amendments", row.contract_id));
            match file {
                Some(file) => told.document(file.id),
                None => told.beneath(row.proposal_id, "documents?type=contract"),
            }
        });
        looked(row.proposal_id, row.id, told)
    };
    Ok(rows.into_iter().map(look).collect())
}
