//! Question 17: is what was built or bought recorded as a regional asset (BMD)?

use crate::domain::document::DocumentStatus;
use crate::domain::finding::{FindingKind, FindingOutcome, FindingState};
use crate::domain::ids::ProposalId;
use crate::domain::moment::Zone;
use crate::domain::money::BasisPoints;
use crate::domain::policy::Policy;
use crate::domain::proposal::{Menu, State};
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal};
use crate::service::question::output::handed_over;
use crate::service::question::told::{Told, looked};
use crate::storage::document::Document;
use crate::storage::finding::Finding;
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds, facts};
use crate::storage::{AnyConnection, finding};
use serde_json::{Value, json};
use std::collections::HashSet;

/// The type of document that records of assets are filed as.
const RECORD: &str = "asset_record";

/// Where works have ended; what is paid after its handover was handed over before.
const ENDED: [State; 3] = [State::Reporting, State::Operating, State::Closed];

/// What was built or bought, and is not recorded as a regional asset.
pub fn proposals(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = question::handed_over_or_in(tx, bounds, &ENDED)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let recorded = recorded(tx, &ids)?;
    let output = handed_over(tx, &ids)?;
    let rules = desk.rules(tx, rows.iter())?;
    let mut findings = finding::of_many(tx, &ids)?;
    findings.retain(|one| {
        one.kind == FindingKind::AssetNotRecorded
            && one.outcome != Some(FindingOutcome::Withdrawn)
            && one.state != FindingState::Closed
    });
    let findings = by_proposal(findings, |one| one.proposal_id);
    let look = |row: &Proposal| {
        let is_there = is_there(row, output.get(&row.id).copied());
        let told = (is_there && !recorded.contains(&row.id)).then(|| {
            let is_asked = rules.get(&row.id).is_some_and(|held| asks(&held.policy, row.menu));
            let findings = findings.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            tell(row, desk, is_asked, findings)
        });
        looked(row.id, "", told)
    };
    Ok(rows.iter().map(look).collect())
}

/// Those of several proposals that name a number of the asset: when they were handed over to their users, or in a record that
/// was brought.
fn recorded(tx: &mut AnyConnection, ids: &[ProposalId]) -> Result<HashSet<ProposalId>, Error> {
    let mut recorded = HashSet::new();
    for event in facts::events_of(tx, ids, &["proposal.hand_over"])? {
        let content: Value = serde_json::from_str(&event.content).unwrap_or_default();
        let number = content.pointer("/data/asset_number").and_then(Value::as_str);
        if number.is_some_and(is_number) {
            recorded.extend(event.proposal_id);
        }
    }
    recorded.extend(records(tx, ids)?.into_iter().map(|record| record.proposal_id));
    Ok(recorded)
}

/// The records of several proposals that can be read and name a number of the asset.
pub fn records(tx: &mut AnyConnection, ids: &[ProposalId]) -> Result<Vec<Document>, Error> {
    let mut records = facts::documents_of(tx, ids, &[RECORD])?;
    records.retain(|one| {
        one.status == DocumentStatus::Available && one.number.as_deref().is_some_and(is_number)
    });
    Ok(records)
}

fn is_number(number: &str) -> bool {
    !number.trim().is_empty()
}

/// Whether there is something to record. Where works ended with no output there is nothing; what a revitalisation pays for is
/// there once it was handed over, or some of it is.
fn is_there(row: &Proposal, output: Option<BasisPoints>) -> bool {
    match (output, row.menu) {
        (Some(output), _) => output > BasisPoints(0),
        (None, Menu::Construction) => true,
        (None, Menu::Revitalisation) => row.handover_on.is_some(),
    }
}

/// Whether the rules ask a proposal of a menu for a record of its asset. A construction is not handed over without its number,
/// whatever they say of the document.
fn asks(policy: &Policy, menu: Menu) -> bool {
    let mut asked = policy.documents.iter().filter(|rule| rule.document_type == RECORD);
    menu == Menu::Construction
        || asked.any(|rule| rule.menus.is_empty() || rule.menus.contains(&menu))
}

/// That the proposal ended before its works had been reported on, though they stand.
pub fn gone(row: &Proposal) -> Option<String> {
    let is_gone = row.state.is_end() && row.state != State::Closed;
    is_gone.then(|| format!("the proposal is {}", row.state))
}

fn tell(row: &Proposal, desk: &Desk, is_asked: bool, findings: &[Finding]) -> Told {
    let zone = Zone::of(&row.region_code);
    let since = match row.handover_on {
        Some(day) => {
            let days = desk.now.date_in(zone).signed_duration_since(day).num_days();
            format!("was handed over on {day}, {days} day(s) ago,")
        }
        None => "ended without a handover".to_owned(),
    };
    let what = match row.menu {
        Menu::Construction => "What was built",
        Menu::Revitalisation => "What was built or bought",
    };
    let lacks = match is_asked {
        true => "is not recorded as a regional asset (BMD)",
        false => {
            "no record of it as a regional asset (BMD) was brought; its rules do not ask for one"
        }
    };
    let mut words = vec![format!("{what} {since} and {lacks}")];
    words.extend(gone(row));
    let mut told = Told::new(row.id, "")
        .figure("handover_on", json!(null), json!(row.handover_on))
        .figure("asset_number", json!(null), json!(null))
        .beneath(row.id, "events")
        .beneath(row.id, "documents?type=asset_record");
    for finding in findings {
        let (n, on) = (finding.n, finding.opened_at.date_in(zone));
        words.push(format!("finding {n} of {on} says so ({})", finding.state));
        told = told.at(format!("/api/v1/findings/{}", finding.id));
    }
    Told { says: format!("{}.", words.join("; ")), ..told }
}
