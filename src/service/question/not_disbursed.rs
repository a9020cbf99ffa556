//! Question 15: why was an amount not disbursed or forfeited, and who missed which date?

use crate::domain::ids::EventId;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::audit::EventRow;
use crate::storage::journal::Entry;
use crate::storage::question::{Bounds, money};
use crate::storage::{AnyConnection, audit};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What was set free, with the event that did it: a date that was missed, or a decision.
pub fn releases(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = money::releases(tx, bounds)?;
    let ids: Vec<EventId> = distinct(rows.iter().map(|row| row.event_id));
    let events: HashMap<EventId, EventRow> =
        audit::events_by_ids(tx, &ids)?.into_iter().map(|event| (event.id, event)).collect();
    let look = |row: &Entry| {
        let told = events.get(&row.event_id).map(|event| tell(row, event));
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

fn tell(row: &Entry, event: &EventRow) -> Told {
    let content: Value = serde_json::from_str(&event.content).unwrap_or_default();
    let text = |pointer: &str| content.pointer(pointer).and_then(Value::as_str);
    let state = text("/before/state").unwrap_or_default();
    let why = match (text("/missed"), text("/comment")) {
        (Some(missed), _) => format!("by {missed} {}", missed_step(state)),
        (None, Some(comment)) => comment.to_owned(),
        (None, None) => "it was not needed".to_owned(),
    };
    let says = format!(
        "{} was set free on {} from {} ({}), where it stood in {state}: {why}.",
        row.amount_idr, row.effective_on, row.from_account, event.action
    );
    Told::new(row.proposal_id, says)
        .figure("released_idr", json!(null), json!(row.amount_idr))
        .figure("missed", json!(content.pointer("/missed")), json!(event.at))
        .figure("lacking", json!(null), json!(content.pointer("/details")))
        .beneath(row.proposal_id, "events")
        .journal(row.proposal_id)
}
