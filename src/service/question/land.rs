//! Question 10: was the land clear before the approval, and by which document?

use crate::domain::document::DocumentStatus;
use crate::domain::ids::ProposalId;
use crate::domain::line::Component;
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::{DocumentRule, Policy};
use crate::domain::proposal::State;
use crate::domain::readiness;
use crate::service::access;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::document::Document;
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds, facts};
use crate::storage::waiver::Waiver;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// When several proposals were approved the last time.
pub fn approved_at(
    tx: &mut AnyConnection,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Moment>, Error> {
    let events = facts::events_of(tx, ids, &facts::APPROVALS)?;
    Ok(events.into_iter().filter_map(|event| Some((event.proposal_id?, event.at))).collect())
}

/// The states of what was approved, whatever became of it.
fn approved() -> Vec<State> {
    State::ALL.iter().copied().filter(|state| state.was_approved()).collect()
}

/// Whether a rule asks for what shows that the land, or the site, is the region's: certificates and statements are of types
/// that begin with `land_`, what stands there already is `site_right`.
fn is_of_land(rule: &DocumentRule) -> bool {
    rule.document_type.starts_with("land_") || rule.document_type == "site_right"
}

/// For what several proposals have lines of the DAK.
pub type Components = HashSet<(ProposalId, Component)>;

/// Whether a rule asks a proposal for its document by the time that the ministry decides.
pub fn asks(rule: &DocumentRule, proposal: &Proposal, components: &Components) -> bool {
    let pays = |component: &Component| components.contains(&(proposal.id, *component));
    let course = access::course(proposal);
    readiness::is_asked_of(rule, proposal.menu, proposal.builds_anew, pays)
        && readiness::is_due_by_approval(rule, proposal.menu, &course)
}

/// Proposals that were approved before a document showed that the land is clear.
pub fn proposals(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = question::standing_in(tx, bounds, &approved())?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let approved = approved_at(tx, &ids)?;
    let rules = desk.rules_then(tx, rows.iter(), &approved)?;
    let components: Components = facts::components_of(tx, &ids)?.into_iter().collect();
    let of_land = |policy: &Policy| -> Vec<String> {
        let rules = policy.documents.iter().filter(|rule| is_of_land(rule));
        rules.map(|rule| rule.document_type.clone()).collect()
    };
    let types = distinct(rules.values().flat_map(|held| of_land(&held.policy)));
    let documents = by_proposal(facts::documents_ever(tx, &ids, &types)?, |one| one.proposal_id);
    let waivers = by_proposal(facts::waivers_of(tx, &ids)?, |one| one.proposal_id);
    let look = |row: &Proposal| {
        let told = rules.get(&row.id).zip(approved.get(&row.id)).and_then(|(held, at)| {
            let documents = documents.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let waivers = waivers.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let asked = held.policy.documents.iter();
            let asked = asked.filter(|rule| rule.mandatory && is_of_land(rule));
            let asked = asked.filter(|rule| asks(rule, row, &components));
            tell(row, asked, *at, documents, waivers)
        });
        looked(row.id, "", told)
    };
    Ok(rows.iter().map(look).collect())
}

fn tell<'a>(
    row: &Proposal,
    asked: impl Iterator<Item = &'a DocumentRule>,
    at: Moment,
    documents: &[Document],
    waivers: &[Waiver],
) -> Option<Told> {
    let day = at.date_in(Zone::of(&row.region_code));
    let mut words = Vec::new();
    let mut told = Told::new(row.id, "");
    for rule in asked {
        let of_type = || documents.iter().filter(|one| one.document_type == rule.document_type);
        let in_time = of_type().any(|one| {
            one.uploaded_at <= at
                && one.issued_on.is_none_or(|issued| issued <= day)
                && one.valid_until.is_none_or(|until| until >= day)
                && one.status == DocumentStatus::Available
        });
        if in_time {
            continue;
        }
        let mut said = format!("no {} was there", rule.document_type);
        if let Some(waiver) = waivers.iter().find(|one| one.document_type == rule.document_type) {
            said.push_str(&format!(" (waived: {})", waiver.reason));
            told = told.beneath(row.id, "waivers");
        }
        let first = of_type().next();
        if let Some(document) = first {
            said.push_str(&format!("; one came on {}", document.uploaded_at));
            told = told.document(document.id);
        }
        let came = first.map(|document| document.uploaded_at);
        told = told.figure(&rule.document_type, json!(at), json!(came));
        words.push(said);
    }
    if words.is_empty() {
        return None;
    }
    told.says = format!("Approved on {day}, when {}.", words.join("; and "));
    Some(told.beneath(row.id, "readiness").beneath(row.id, "events"))
}
