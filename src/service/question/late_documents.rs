//! Question 18: were readiness documents there before the approval, or filled in afterwards?

use crate::domain::act::Action;
use crate::domain::ids::ProposalId;
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::{DocumentRule, Policy};
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, distinct};
use crate::service::question::land::approved_at;
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::document::Document;
use crate::storage::proposal::Proposal;
use crate::storage::question::{Bounds, papers};
use serde_json::json;

/// Documents of readiness that came after the approval.
pub fn documents(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::after_approval(tx, bounds)?;
    let ids: Vec<ProposalId> = distinct(rows.iter().map(|row| row.proposal_id));
    let proposals = desk.proposals(tx, &ids)?;
    let rules = desk.rules(tx, proposals.values())?;
    let approved = approved_at(tx, &ids)?;
    let look = |row: &Document| {
        let id = row.proposal_id;
        let told = proposals.get(&id).zip(rules.get(&id)).zip(approved.get(&id));
        let told = told.and_then(|((proposal, held), at)| tell(row, proposal, &held.policy, *at));
        looked(id, row.id, told)
    };
    Ok(rows.iter().map(look).collect())
}

/// Whether a document is asked for before the ministry decides, and at no later step.
fn is_of_readiness(policy: &Policy, proposal: &Proposal, document_type: &str) -> bool {
    let fits = |rule: &&DocumentRule| {
        rule.document_type == document_type
            && (rule.menus.is_empty() || rule.menus.contains(&proposal.menu))
    };
    let mut asked = policy.documents.iter().filter(fits).peekable();
    let early = [
        Action::RequestPlanningCheck,
        Action::ConfirmPlanning,
        Action::Submit,
        Action::Verify,
        Action::Recommend,
        Action::ConfirmSite,
        Action::Approve,
    ];
    asked.peek().is_some()
        && asked.all(|rule| rule.action().is_some_and(|action| early.contains(&action)))
}

fn tell(row: &Document, proposal: &Proposal, policy: &Policy, at: Moment) -> Option<Told> {
    if row.uploaded_at <= at || !is_of_readiness(policy, proposal, &row.document_type) {
        return None;
    }
    let zone = Zone::of(&proposal.region_code);
    let (approved_on, came_on) = (at.date_in(zone), row.uploaded_at.date_in(zone));
    let dated = match row.issued_on {
        Some(issued) if issued <= approved_on => {
            format!("It is dated {issued}, before the approval: it was filled in afterwards.")
        }
        Some(issued) => format!("It is dated {issued}, after the approval."),
        None => "It has no date.".to_owned(),
    };
    let (kind, name) = (&row.document_type, &row.file_name);
    let says =
        format!("{kind} ({name}) came on {came_on}; the approval was on {approved_on}. {dated}");
    let told = Told::new(row.proposal_id, says)
        .figure("uploaded_at", json!(at), json!(row.uploaded_at))
        .figure("issued_on", json!(null), json!(row.issued_on))
        .document(row.id)
        .beneath(row.proposal_id, "readiness")
        .beneath(row.proposal_id, "events");
    Some(told)
}
