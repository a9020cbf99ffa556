//! Question 10: was the land clear before the approval, and by which document?

use crate::domain::ids::{DocumentId, ProposalId};
use crate::domain::line::Component;
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::{DocumentRule, Policy};
use crate::domain::proposal::State;
use crate::domain::readiness::{self, Brought, ItemState};
use crate::service::access;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::service::readiness::brought;
use crate::storage::AnyConnection;
use crate::storage::audit::EventRow;
use crate::storage::document::Document;
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds, facts};
use crate::storage::waiver::Waiver;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// The last approval of each of several proposals.
pub fn approvals(
    tx: &mut AnyConnection,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, EventRow>, Error> {
    let events = facts::events_of(tx, ids, &facts::APPROVALS)?;
    Ok(events.into_iter().filter_map(|event| Some((event.proposal_id?, event))).collect())
}

/// When several proposals were approved the last time.
pub fn approved_at(
    tx: &mut AnyConnection,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, Moment>, Error> {
    Ok(approvals(tx, ids)?.into_iter().map(|(id, event)| (id, event.at)).collect())
}

/// The waiver of a type of document that stood at a moment, in words.
pub fn waived(waivers: &[Waiver], document_type: &str, at: Moment) -> Option<String> {
    let stood = |one: &&Waiver| one.document_type == document_type && one.stood_at(at);
    waivers.iter().find(stood).map(|waiver| format!("(waived: {})", waiver.reason))
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

/// What was there of some documents at a moment: it had come, none that came by then had taken its place, and it is not dated
/// later.
fn there(documents: &[Document], at: Moment, day: NaiveDate) -> Vec<Brought> {
    let came = || documents.iter().filter(|one| one.uploaded_at <= at);
    let known: HashSet<DocumentId> = came().map(|one| one.id).collect();
    came()
        .filter(|one| one.superseded_by.is_none_or(|newer| !known.contains(&newer)))
        .filter(|one| one.issued_on.is_none_or(|issued| issued <= day))
        .cloned()
        .map(brought)
        .collect()
}

/// What a document of a type lacked by how it stood, in words.
fn lacking(document_type: &str, state: ItemState) -> Option<String> {
    let why = match state {
        ItemState::Present | ItemState::Waived => return None,
        ItemState::Missing => return Some(format!("no {document_type} was there")),
        ItemState::PendingScan => "has not been seen by the virus scanner",
        ItemState::Undated => "has no date, and holds for some months only",
        ItemState::Expired => "had run out",
        ItemState::NoPosition => "does not say where it was taken",
        ItemState::TooEarly => "was brought before it could be true",
        ItemState::WrongRole => "was brought by another role",
    };
    Some(format!("the {document_type} that was there {why}"))
}

fn tell<'a>(
    row: &Proposal,
    asked: impl Iterator<Item = &'a DocumentRule>,
    at: Moment,
    documents: &[Document],
    waivers: &[Waiver],
) -> Option<Told> {
    let zone = Zone::of(&row.region_code);
    let day = at.date_in(zone);
    let there = there(documents, at, day);
    let mut words = Vec::new();
    let mut told = Told::new(row.id, "");
    for rule in asked {
        let kind = &rule.document_type;
        let of_type = there.iter().filter(|one| one.document_type == *kind);
        let waived = waived(waivers, kind, at);
        let when = (row.menu, zone, at);
        let stood = readiness::stood_at_decision(rule, when, waived.is_some(), of_type);
        let Some(mut said) = lacking(kind, stood.map_or(ItemState::Missing, |(state, _)| state))
        else {
            continue;
        };
        if let Some(waived) = waived {
            said = format!("{said} {waived}");
            told = told.beneath(row.id, "waivers");
        }
        let first = documents.iter().find(|one| one.document_type == *kind);
        let came = match (stood, first) {
            (Some((_, one)), _) => Some((one.id, one.uploaded_at)),
            (None, Some(first)) => {
                let (came, dated) = (first.uploaded_at, first.issued_on);
                let dated = dated.map(|day| format!(", dated {day}")).unwrap_or_default();
                said = format!("{said}; one came on {came}{dated}");
                Some((first.id, came))
            }
            (None, None) => None,
        };
        if let Some((id, _)) = came {
            told = told.document(id);
        }
        told = told.figure(kind, json!(at), json!(came.map(|(_, came)| came)));
        words.push(said);
    }
    if words.is_empty() {
        return None;
    }
    told.says = format!("Approved on {day}, when {}.", words.join("; and "));
    Some(told.beneath(row.id, "readiness").beneath(row.id, "events"))
}
