//! Question 19: which findings and recommendations were made, by when were they to be followed up, and what became of them?

use crate::domain::finding::{FindingState, FollowUpSide};
use crate::domain::ids::{DocumentId, FindingId, FollowUpId, ProposalId};
use crate::domain::moment::{Moment, Zone};
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::Desk;
use crate::service::question::plan_changes::key;
use crate::service::question::told::{Told, looked};
use crate::storage::finding::{Finding, FollowUp};
use crate::storage::question::{Bounds, papers};
use crate::storage::{AnyConnection, finding};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::HashMap;

/// What was said of a finding, and every document that shows it or what was done.
#[derive(Default)]
struct Beneath {
    said: Vec<FollowUp>,
    documents: Vec<DocumentId>,
}

/// Every finding, with where its follow-up stands.
pub fn findings(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::findings(tx, bounds)?;
    let mut beneath = beneath(tx, &rows)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.proposal_id).collect();
    let proposals = desk.proposals(tx, &ids)?;
    let look = |row: &Finding| {
        let told = proposals.get(&row.proposal_id).map(|proposal| {
            let zone = Zone::of(&proposal.region_code);
            tell(row, beneath.remove(&row.id).unwrap_or_default(), (desk.now, zone))
        });
        looked(row.proposal_id, key(row.n), told)
    };
    Ok(rows.iter().map(look).collect())
}

fn beneath(tx: &mut AnyConnection, rows: &[Finding]) -> Result<HashMap<FindingId, Beneath>, Error> {
    let ids: Vec<FindingId> = rows.iter().map(|row| row.id).collect();
    let mut all: HashMap<FindingId, Beneath> = HashMap::new();
    for (id, document) in finding::documents_of(tx, &ids)? {
        all.entry(id).or_default().documents.push(document);
    }
    let mut of: HashMap<FollowUpId, FindingId> = HashMap::new();
    for said in finding::said_of(tx, &ids)? {
        of.insert(said.id, said.finding_id);
        all.entry(said.finding_id).or_default().said.push(said);
    }
    for (id, document) in finding::shown_with(tx, &ids)? {
        if let Some(finding) = of.get(&id) {
            all.entry(*finding).or_default().documents.push(document);
        }
    }
    Ok(all)
}

fn tell(row: &Finding, beneath: Beneath, (now, zone): (Moment, Zone)) -> Told {
    let answers = beneath.said.iter().filter(|said| said.side == FollowUpSide::Region);
    // What was returned waits for the region again, as if nothing had been said; what is added to an answer makes it no later.
    let since = beneath.said.rsplit(|said| said.side == FollowUpSide::Auditor).next();
    let answer = since.and_then(<[FollowUp]>::first);
    let says = format!(
        "Finding {} ({}), of which {} is at issue: {}. Recommended: {}. {}",
        row.n,
        row.kind,
        row.at_issue(),
        row.title.trim_end_matches('.'),
        row.recommendation.trim_end_matches('.'),
        standing(row, answer, (now, zone)),
    );
    let mut told = Told::new(row.proposal_id, says)
        .figure("state", json!(FindingState::Closed), json!(row.state))
        .figure("outcome", json!(null), json!(row.outcome))
        .figure("settled_idr", json!(row.at_issue()), json!(row.settled_idr))
        .figure("followed_up_on", json!(row.due_on), json!(answer.map(|said| day(said, zone))))
        .figure("follow_ups", json!(null), json!(answers.count()))
        .at(format!("/api/v1/findings/{}", row.id));
    for document in beneath.documents {
        told = told.document(document);
    }
    told
}

fn day(said: &FollowUp, zone: Zone) -> NaiveDate {
    said.said_at.date_in(zone)
}

fn standing(row: &Finding, answer: Option<&FollowUp>, (now, zone): (Moment, Zone)) -> String {
    let due = row.due_on;
    match (row.state, answer) {
        (FindingState::Closed, _) => {
            let how = row.outcome.map(|outcome| outcome.to_string()).unwrap_or_default();
            let on = row.closed_at.map(|at| at.date_in(zone).to_string()).unwrap_or_default();
            format!("Closed on {on}, {how}: {}", row.closed_reason.as_deref().unwrap_or_default())
        }
        (FindingState::Answered, Some(said)) => {
            let on = day(said, zone);
            let late =
                if on > due { format!(", after its last day ({due})") } else { String::new() };
            format!("Followed up on {on}{late}; an auditor has not judged that yet.")
        }
        (FindingState::Open | FindingState::Answered, _) if zone.end_of(due) <= now => {
            format!("Not followed up, though its last day was {due}.")
        }
        (FindingState::Open | FindingState::Answered, _) => format!("To be followed up by {due}."),
    }
}
