//! Question 15: why was an amount not disbursed or forfeited, and who missed which date?

use crate::domain::ids::{EventId, ProposalId};
use crate::domain::proposal::State;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, distinct};
use crate::service::question::told::{Told, looked};
use crate::service::question::tranches::Tranches;
use crate::storage::audit::EventRow;
use crate::storage::journal::{Balance, Entry};
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds, money};
use crate::storage::{AnyConnection, audit, radar};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Where a tranche can be asked for or paid, or could have been.
const PAID: [State; 4] = [State::Contracted, State::Funded, State::Reporting, State::Operating];

/// What was set free, with the event that did it: a date that was missed, or a decision.
pub fn releases(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::releases(tx, bounds)?;
    let ids: Vec<EventId> = distinct(rows.iter().map(|row| row.event_id));
    let events: HashMap<EventId, EventRow> =
        audit::events_by_ids(tx, &ids)?.into_iter().map(|event| (event.id, event)).collect();
    let ids: Vec<ProposalId> = distinct(rows.iter().map(|row| row.proposal_id));
    let proposals = desk.proposals(tx, &ids)?;
    let tranches = Tranches::of(tx, desk, proposals.values())?;
    let look = |row: &Entry| {
        let beside = events.get(&row.event_id).zip(proposals.get(&row.proposal_id));
        let told = beside.map(|(event, proposal)| tell(row, event, proposal, &tranches));
        looked(row.proposal_id, row.id, told)
    };
    Ok(rows.iter().map(look).collect())
}

/// The step that was not taken in time, by where the proposal stood, and whose it was.
fn missed_step(state: &str) -> &'static str {
    match state {
        "allocated" => "the activity plan was not approved (drafter, approver)",
        "planned" => "the contract list was not accepted (drafter, inspector)",
        "contracted" => "no complete first request was received (regional head)",
        _ => "a date was missed",
    }
}

fn tell(row: &Entry, event: &EventRow, proposal: &Proposal, tranches: &Tranches) -> Told {
    let content: Value = serde_json::from_str(&event.content).unwrap_or_default();
    let text = |pointer: &str| content.pointer(pointer).and_then(Value::as_str);
    let state = text("/before/state").unwrap_or_default();
    let is_closing = matches!(event.action.as_str(), "proposal.close" | "proposal.close_unused");
    let mut words = vec![match (text("/missed"), text("/comment")) {
        (Some(missed), _) => format!("by {missed} {}", missed_step(state)),
        (None, Some(comment)) => comment.to_owned(),
        (None, None) if is_closing => "it was not disbursed when it was closed".to_owned(),
        (None, None) => "no reason was given".to_owned(),
    }];
    if text("/missed").is_some() {
        words.extend(tranches.vain(proposal.id, 1, event.at));
    }
    if is_closing {
        words.extend(tranches.missed(proposal, event.at));
    }
    let says = format!(
        "{} was set free on {} from {} ({}), where it stood in {state}: {}.",
        row.amount_idr,
        row.effective_on,
        row.from_account,
        event.action,
        words.join("; ")
    );
    Told::new(row.proposal_id, says)
        .figure("released_idr", json!(null), json!(row.amount_idr))
        .figure("missed", json!(content.pointer("/missed")), json!(event.at))
        .figure("lacking", json!(null), json!(content.pointer("/details")))
        .beneath(row.proposal_id, "events")
        .journal(row.proposal_id)
}

/// What is set aside still and was not paid by a date of its tranche.
pub fn missed(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = question::undisbursed(tx, bounds, &PAID)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let balances: HashMap<ProposalId, Balance> =
        radar::balances(tx, &ids)?.into_iter().map(|row| (row.proposal_id, row)).collect();
    let tranches = Tranches::of(tx, desk, rows.iter())?;
    let look = |row: &Proposal| {
        let words = tranches.missed(row, desk.now);
        let told = balances
            .get(&row.id)
            .filter(|_| !words.is_empty())
            .map(|balance| tell_missed(row, *balance, &words));
        looked(row.id, "", told)
    };
    Ok(rows.iter().map(look).collect())
}

fn tell_missed(row: &Proposal, balance: Balance, words: &[String]) -> Told {
    let figures = crate::domain::journal::Figures::from(balance);
    let undisbursed = figures.undisbursed();
    let says = format!("{undisbursed} is set aside and was not disbursed: {}.", words.join("; "));
    Told::new(row.id, says)
        .figure("undisbursed_idr", json!(0), json!(undisbursed))
        .figure("disbursed_idr", json!(null), json!(figures.disbursed_idr))
        .figure("contracted_idr", json!(null), json!(figures.contracted_idr))
        .beneath(row.id, "events")
        .beneath(row.id, "contracts")
        .journal(row.id)
}
