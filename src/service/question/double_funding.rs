//! Question 11: was the same centre or component funded by another source or in another year?

use crate::domain::double_funding::{Origin, OtherMoney, Warning, warnings};
use crate::domain::ids::{CentreId, ProposalId};
use crate::domain::line::{FundSource, LineFacts};
use crate::service::double_funding::{WITHOUT_MONEY, answers_it, recorded};
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::funding::{CentreFunding, FundingAnswer};
use crate::storage::proposal::Proposal;
use crate::storage::question::facts::CentreLine;
use crate::storage::question::{self, Bounds, facts};
use crate::storage::{AnyConnection, line};
use serde_json::json;

/// The most warnings of one proposal that are told one by one; the number of all is told.
const MOST: usize = 10;

/// Proposals that ask for what the same centre gets, or got, from elsewhere too; with what the region answered.
pub fn proposals(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = question::funded_elsewhere(tx, bounds, &WITHOUT_MONEY)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let centres: Vec<CentreId> = distinct(rows.iter().filter_map(|row| row.centre_id));
    let others = facts::lines_of_centres(tx, &centres, &WITHOUT_MONEY)?;
    let fundings = facts::fundings_of(tx, &centres)?;
    let lines = by_proposal(line::of_many(tx, &ids)?, |line| line.proposal_id);
    let answers = by_proposal(facts::answers_of(tx, &ids)?, |answer| answer.proposal_id);
    let look = |row: &Proposal| {
        let lines = lines.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        let lines: Vec<LineFacts> = lines.iter().map(LineFacts::from).collect();
        let found = warnings(row.fiscal_year, &lines, elsewhere(row, &others, &fundings));
        let answers = answers.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        looked(row.id, "", tell(row, &found, answers))
    };
    Ok(rows.iter().map(look).collect())
}

/// Money for the proposal's centre from other proposals and from other sources.
fn elsewhere(row: &Proposal, others: &[CentreLine], fundings: &[CentreFunding]) -> Vec<OtherMoney> {
    let Some(centre) = row.centre_id else { return Vec::new() };
    let of_proposals = others
        .iter()
        .filter(|line| line.centre_id == Some(centre) && line.proposal_id != row.id)
        .map(|line| OtherMoney {
            origin: Origin::Proposal,
            id: line.proposal_id.to_string(),
            title: line.title.clone(),
            fiscal_year: line.fiscal_year,
            fund_source: FundSource::Dak,
            component: line.component,
            amount: line.approved_idr.unwrap_or(line.amount_idr),
        });
    let of_centre = fundings.iter().filter(|one| one.centre_id == centre).cloned().map(recorded);
    of_proposals.chain(of_centre).filter(|other| other.amount.0 > 0).collect()
}

fn tell(row: &Proposal, found: &[Warning], answers: &[FundingAnswer]) -> Option<Told> {
    if found.is_empty() {
        return None;
    }
    let mut told = Told::new(row.id, "").beneath(row.id, "double-funding");
    let mut words = Vec::new();
    for warning in found.iter().take(MOST) {
        let answer = answers.iter().rev().find(|answer| answer.warning == warning.key);
        let answered = answer.filter(|answer| answers_it(answer, warning));
        let said = answered
            .map_or("Not answered.".to_owned(), |answer| format!("Answered: {}", answer.answer));
        words.push(format!("{} {said}", warning.sentence()));
        told = told.figure(&warning.key, json!(0), json!(warning.other.amount));
        if warning.other.origin == Origin::Proposal {
            told = told.at(format!("/api/v1/proposals/{}", warning.other.id));
        }
    }
    if found.len() > MOST {
        words.push(format!("{} in all.", found.len()));
    }
    told.says = words.join(" ");
    Some(told)
}
