//! Question 18: were readiness documents there before the approval, or filled in afterwards?

use crate::domain::document::DocumentStatus;
use crate::domain::ids::ProposalId;
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::{DocumentRule, Policy};
use crate::domain::readiness;
use crate::service::access;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::land::{Components, approved_at, asks, waived};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::document::Document;
use crate::storage::proposal::Proposal;
use crate::storage::question::{Bounds, facts, papers};
use serde_json::json;
use std::collections::HashSet;

/// Documents of readiness that came after the approval: where none of their type had come by then, or dated before it.
pub fn documents(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::after_approval(tx, bounds)?;
    let ids: Vec<ProposalId> = distinct(rows.iter().map(|row| row.proposal_id));
    let types = distinct(rows.iter().map(|row| row.document_type.clone()));
    let proposals = desk.proposals(tx, &ids)?;
    let approved = approved_at(tx, &ids)?;
    let rules = desk.rules_then(tx, proposals.values(), &approved)?;
    let components: Components = facts::components_of(tx, &ids)?.into_iter().collect();
    let in_time: HashSet<(ProposalId, String)> = facts::documents_ever(tx, &ids, &types)?
        .into_iter()
        .filter(|one| one.status == DocumentStatus::Available)
        .filter(|one| approved.get(&one.proposal_id).is_some_and(|at| one.uploaded_at <= *at))
        .map(|one| (one.proposal_id, one.document_type))
        .collect();
    let waivers = by_proposal(facts::waivers_of(tx, &ids)?, |one| one.proposal_id);
    let look = |row: &Document| {
        let id = row.proposal_id;
        let told = proposals.get(&id).zip(rules.get(&id)).zip(approved.get(&id));
        let told = told
            .filter(|((proposal, held), _)| {
                is_of_readiness(&held.policy, proposal, &components, &row.document_type)
            })
            .and_then(|((proposal, _), at)| {
                let was_there = in_time.contains(&(id, row.document_type.clone()));
                let waivers = waivers.get(&id).map(Vec::as_slice).unwrap_or_default();
                let waived = waived(waivers, &row.document_type, *at);
                tell(row, proposal, *at, (was_there, waived))
            });
        looked(id, row.id, told)
    };
    Ok(rows.iter().map(look).collect())
}

/// Whether a document is asked for before the ministry decides, and at no later step.
fn is_of_readiness(
    policy: &Policy,
    proposal: &Proposal,
    components: &Components,
    document_type: &str,
) -> bool {
    let fits = |rule: &&DocumentRule| {
        rule.document_type == document_type
            && (rule.menus.is_empty() || rule.menus.contains(&proposal.menu))
    };
    let asked = || policy.documents.iter().filter(fits);
    let is_late = |rule: &DocumentRule| {
        !readiness::is_due_by_approval(rule, proposal.menu, &access::course(proposal))
    };
    asked().any(|rule| asks(rule, proposal, components)) && !asked().any(is_late)
}

fn tell(
    row: &Document,
    proposal: &Proposal,
    at: Moment,
    (was_there, waived): (bool, Option<String>),
) -> Option<Told> {
    let zone = Zone::of(&proposal.region_code);
    let (approved_on, came_on) = (at.date_in(zone), row.uploaded_at.date_in(zone));
    let is_back_dated = row.issued_on.is_some_and(|issued| issued <= approved_on);
    // What was there in time may be revised.
    if row.uploaded_at <= at || (was_there && !is_back_dated) {
        return None;
    }
    let dated = match row.issued_on {
        Some(issued) if is_back_dated => {
            format!("It is dated {issued}, before the approval: it was filled in afterwards.")
        }
        Some(issued) => format!("It is dated {issued}, after the approval."),
        None => "It has no date.".to_owned(),
    };
    let there = if was_there { "another had come by then" } else { "none had come by then" };
    let excused = waived.as_ref().map(|waived| format!(" {waived}")).unwrap_or_default();
    let (kind, name) = (&row.document_type, &row.file_name);
    let says = format!(
        "{kind} ({name}) came on {came_on}; the approval was on {approved_on}, and {there}{excused}. {dated}"
    );
    let told = Told::new(row.proposal_id, says)
        .figure("uploaded_at", json!(at), json!(row.uploaded_at))
        .figure("issued_on", json!(null), json!(row.issued_on))
        .document(row.id)
        .beneath(row.proposal_id, "readiness")
        .beneath(row.proposal_id, "events");
    Some(match waived {
        Some(_) => told.beneath(row.proposal_id, "waivers"),
        None => told,
    })
}
