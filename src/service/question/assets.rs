//! Questions 16 and 17: is what was built in use, by how many and since when; and is it recorded as a regional asset (BMD)?

use crate::domain::ids::ProposalId;
use crate::domain::proposal::{Menu, State};
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::audit::EventRow;
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds, facts};
use serde_json::{Value, json};

/// The acts that tell of the asset and of its use.
const ACTS: [&str; 3] = ["proposal.hand_over", "proposal.close", "proposal.close_unused"];

fn content(event: &EventRow) -> Value {
    serde_json::from_str(&event.content).unwrap_or_default()
}

/// What was built and handed over: since when it is in use, and by how many businesses.
pub fn in_use(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let states = [State::Operating, State::Closed];
    let rows = question::of_menu_in(tx, bounds, Menu::Construction, &states)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let acts = facts::events_of(tx, &ids, &ACTS)?.into_iter();
    let acts = acts.filter_map(|event| Some((event.proposal_id?, event))).collect();
    let acts = by_proposal(acts, |(proposal, _)| *proposal);
    let look = |row: &Proposal| {
        let acts = acts.get(&row.id).map(Vec::as_slice).unwrap_or_default();
        looked(row.id, "", Some(tell_use(row, acts)))
    };
    Ok(rows.iter().map(look).collect())
}

fn tell_use(row: &Proposal, acts: &[(ProposalId, EventRow)]) -> Told {
    let mut words = vec![match row.operating_since {
        Some(day) => format!("Handed over to its users on {day}"),
        None => "Ended without a handover to users".to_owned(),
    }];
    let mut told = Told::new(row.id, "").beneath(row.id, "events");
    let mut businesses = Value::Null;
    let mut is_checked = false;
    for (_, event) in acts {
        let content = content(event);
        let at = |pointer: &str| content.pointer(pointer).cloned().unwrap_or_default();
        if let Some(occupants) = content.pointer("/data/occupants").and_then(Value::as_array) {
            words.push(format!("{} businesses were to move in", occupants.len()));
            told = told.figure("occupants", json!(null), json!(occupants.len()));
        }
        let check = at("/data/use_check");
        if !check.is_null() {
            is_checked = true;
            businesses = at("/data/use_check/businesses");
            words.push(format!(
                "on {} {} worked there",
                at("/data/use_check/checked_on"),
                businesses
            ));
        }
        if event.action == "proposal.close_unused" {
            is_checked = true;
            words.push(format!("it was closed unused: {}", at("/comment")));
            businesses = json!(0);
        }
    }
    if !is_checked {
        words.push("nobody has looked since whether it is in use".to_owned());
    }
    told.says = format!("{}.", words.join("; ").replace('"', ""));
    told.figure("in_use_since", json!(null), json!(row.operating_since))
        .figure("businesses", json!(null), businesses)
        .beneath(row.id, "reports")
}

/// What was built, and is not recorded as a regional asset.
pub fn unrecorded(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let states = [State::Reporting, State::Operating, State::Closed];
    let rows = question::of_menu_in(tx, bounds, Menu::Construction, &states)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let mut recorded = Vec::new();
    for event in facts::events_of(tx, &ids, &ACTS)? {
        let content = content(&event);
        let number = content.pointer("/data/asset_number").and_then(Value::as_str);
        if number.is_some_and(|number| !number.trim().is_empty()) {
            recorded.extend(event.proposal_id);
        }
    }
    let look = |row: &Proposal| {
        let told = (!recorded.contains(&row.id)).then(|| tell_unrecorded(row, desk));
        looked(row.id, "", told)
    };
    Ok(rows.iter().map(look).collect())
}

fn tell_unrecorded(row: &Proposal, desk: &Desk) -> Told {
    let since = match row.handover_on {
        Some(day) => {
            let zone = crate::domain::moment::Zone::of(&row.region_code);
            let days = desk.now.date_in(zone).signed_duration_since(day).num_days();
            format!("was handed over on {day}, {days} day(s) ago,")
        }
        None => "ended without a handover".to_owned(),
    };
    let says = format!("What was built {since} and is not recorded as a regional asset (BMD).");
    Told::new(row.id, says)
        .figure("handover_on", json!(null), json!(row.handover_on))
        .figure("asset_number", json!(null), json!(null))
        .beneath(row.id, "events")
        .beneath(row.id, "documents?type=asset_record")
}
