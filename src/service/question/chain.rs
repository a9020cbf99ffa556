//! Question 20: the whole history of one rupiah, from the ceiling over plan, contract, tranche and payment order to handover
//! and asset.

use crate::domain::ids::ProposalId;
use crate::domain::journal::EntryKind;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::assets::records;
use crate::service::question::desk::Desk;
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::audit::EventRow;
use crate::storage::document::Document;
use crate::storage::journal::Entry;
use crate::storage::question::{Bounds, Start, facts, money, papers};
use serde_json::{Value, json};

/// What a step of the chain is called.
fn step(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Allocate => "Ceiling (pagu): set aside",
        EntryKind::Cut => "Ceiling (pagu): cut",
        EntryKind::Commit => "Contract: bound",
        EntryKind::Decommit => "Contract: no longer bound",
        EntryKind::Release => "Set free",
        EntryKind::Disburse => "Tranche: disbursed",
        EntryKind::Spend => "Payment order (SP2D): paid on",
        EntryKind::Recover => "Paid back by the vendor",
        EntryKind::Return => "Returned to the treasury",
        EntryKind::Carry => "Carried from year to year",
        EntryKind::Reverse => "Taken back",
    }
}

/// Where what an entry came from can be read.
fn source(row: &Entry) -> Option<String> {
    let of = |list: &str| Some(format!("/api/v1/proposals/{}/{list}", row.proposal_id));
    match row.source_kind.as_str() {
        "contract" => of("contracts"),
        "expenditure" => of("expenditures"),
        "recovery" => of("recoveries"),
        "return" => of("returns"),
        "carry" => of("carries"),
        "tranche_request" => {
            Some(format!("/api/v1/allocations/{}/tranche-requests", row.allocation_id))
        }
        "amendment" => of("contracts"),
        _ => of("events"),
    }
}

fn entries(
    tx: &mut AnyConnection,
    bounds: &Bounds<'_>,
    kinds: &[EntryKind],
) -> Result<Vec<Looked>, Error> {
    let rows = money::entries_of(tx, bounds, kinds)?;
    let look = |row: Entry| {
        let what = match row.reversed_kind {
            Some(kind) => format!("{} (taken back)", step(kind)),
            None => step(row.kind).to_owned(),
        };
        let reason = row.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let says = format!("{what} {} on {}{reason}.", row.amount_idr, row.effective_on);
        let mut told = Told::new(row.proposal_id, says)
            .figure("amount_idr", json!(null), json!(row.amount_idr))
            .figure("effective_on", json!(null), json!(row.effective_on))
            .figure("recorded_at", json!(null), json!(row.recorded_at))
            .journal(row.proposal_id);
        if let Some(path) = source(&row) {
            told = told.at(path);
        }
        looked(row.proposal_id, row.id, Some(told))
    };
    Ok(rows.into_iter().map(look).collect())
}

/// The ceiling.
pub fn ceiling(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    entries(tx, bounds, &[EntryKind::Allocate, EntryKind::Cut])
}

/// The approved plans.
pub fn plans(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::approved_plans(tx, bounds)?;
    let look = |row: crate::storage::plan::Plan| {
        let says = format!("Plan (RK) {}: {} for {:?}.", row.n, row.total_idr, row.target_output);
        let told = Told::new(row.proposal_id, says)
            .figure("amount_idr", json!(null), json!(row.total_idr))
            .figure("approved_at", json!(null), json!(row.decided_at))
            .beneath(row.proposal_id, "plans");
        looked(row.proposal_id, row.id, Some(told))
    };
    Ok(rows.into_iter().map(look).collect())
}

/// Contracts, and what ended without being spent.
pub fn bindings(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    entries(tx, bounds, &[EntryKind::Commit, EntryKind::Decommit, EntryKind::Release])
}

/// Tranches.
pub fn tranches(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    entries(tx, bounds, &[EntryKind::Disburse])
}

/// Payment orders, and money that came back or went on.
pub fn payments(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let kinds = [EntryKind::Spend, EntryKind::Recover, EntryKind::Return, EntryKind::Carry];
    entries(tx, bounds, &kinds)
}

/// The acts by which works end, and what they say of it: action, what it is, which field.
const ENDINGS: [(&str, &str, &str); 6] = [
    ("proposal.record_handover", "Handover (BAST)", "/data/handover/number"),
    ("proposal.complete_works", "Handover (BAST)", "/data/handover/number"),
    ("proposal.end_short", "Ended short, statement", "/data/statement/number"),
    ("proposal.hand_over", "Regional asset (BMD)", "/data/asset_number"),
    ("proposal.close", "Closed", "/data/use_check/report"),
    ("proposal.close_unused", "Closed unused", "/comment"),
];

/// Handover, asset and end; what is recorded as an asset by a document alone is known by that.
pub fn endings(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    // Of one proposal there are a few at most: the question asks for one.
    let Some(proposal) = bounds.scope.proposal_id else { return Ok(Vec::new()) };
    let after = match &bounds.start {
        Start::Beginning => "",
        Start::At(id) if *id <= proposal => "",
        Start::Past(id, key) if *id == proposal => key.as_str(),
        Start::At(_) | Start::Beyond(_) | Start::Past(..) => return Ok(Vec::new()),
    };
    let events = facts::events_of(tx, &[proposal], &ENDINGS.map(|(action, ..)| action))?;
    let events = events.iter().map(|event| looked(proposal, event.id, tell(proposal, event)));
    let records = records(tx, &[proposal])?;
    let records = records.iter().map(|record| looked(proposal, record.id, Some(recorded(record))));
    let mut rows: Vec<Looked> =
        events.chain(records).filter(|one| one.key.as_str() > after).collect();
    rows.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(rows)
}

fn recorded(record: &Document) -> Told {
    let (number, came) = (record.number.as_deref().unwrap_or_default(), record.uploaded_at);
    let says = format!("Regional asset (BMD) {number}, by a document ({came}).");
    Told::new(record.proposal_id, says)
        .figure("at", json!(null), json!(came))
        .figure("dated_on", json!(null), json!(record.issued_on))
        .document(record.id)
}

fn tell(proposal: ProposalId, event: &EventRow) -> Option<Told> {
    let (_, what, pointer) = ENDINGS.iter().find(|(action, ..)| *action == event.action)?;
    let content: Value = serde_json::from_str(&event.content).unwrap_or_default();
    let named = content.pointer(pointer).and_then(Value::as_str);
    let named = named.map(|named| format!(" {named}")).unwrap_or_default();
    let says = format!("{what}{named} ({}).", event.at);
    let told = Told::new(proposal, says)
        .figure("at", json!(null), json!(event.at))
        .beneath(proposal, "events")
        .beneath(proposal, "reports");
    Some(told)
}
