//! Question 5: is the output of the handover (BAST) that of the final report and of the plan (RK)?

use crate::domain::ids::ProposalId;
use crate::domain::money::BasisPoints;
use crate::domain::report::ReportKind;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::audit::EventRow;
use crate::storage::question::{Bounds, facts, papers};
use crate::storage::report::Report;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The acts that say which output was handed over.
const ENDINGS: [&str; 3] =
    ["proposal.complete_works", "proposal.record_handover", "proposal.end_short"];

/// The output that each of several proposals ended with, by the last act that says it.
pub fn handed_over(
    tx: &mut AnyConnection,
    ids: &[ProposalId],
) -> Result<HashMap<ProposalId, BasisPoints>, Error> {
    let mut found = HashMap::new();
    for event in facts::events_of(tx, ids, &ENDINGS)? {
        if let (Some(proposal), Some(output)) = (event.proposal_id, output(&event)) {
            found.insert(proposal, output);
        }
    }
    Ok(found)
}

fn output(event: &EventRow) -> Option<BasisPoints> {
    let content: Value = serde_json::from_str(&event.content).ok()?;
    content.pointer("/data/output_bp")?.as_i64().map(BasisPoints)
}

/// Final reports whose output is not that of the handover, or not the whole of what was planned.
pub fn reports(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::reports(tx, bounds, &[ReportKind::Final])?;
    let ids = distinct(rows.iter().map(|row| row.proposal_id));
    let handed_over = handed_over(tx, &ids)?;
    let plans = by_proposal(facts::approved_plans_of(tx, &ids)?, |plan| plan.proposal_id);
    let look = |row: &Report| {
        let target = plans.get(&row.proposal_id).and_then(|plans| plans.last());
        let target = target.map(|plan| plan.target_output.as_str());
        let told = tell(row, handed_over.get(&row.proposal_id).copied(), target);
        looked(row.proposal_id, row.id, told)
    };
    Ok(rows.iter().map(look).collect())
}

fn tell(row: &Report, handed_over: Option<BasisPoints>, target: Option<&str>) -> Option<Told> {
    let reported = row.physical_bp;
    let agrees = handed_over.is_none_or(|output| output == reported);
    let whole = BasisPoints::WHOLE;
    let is_whole = reported == whole && handed_over.is_none_or(|output| output == whole);
    if agrees && is_whole {
        return None;
    }
    let handover = handed_over.map_or("no handover".to_owned(), |output| output.to_string());
    let says = format!(
        "The final report of {} says {reported} of the output; the handover says {handover}; the plan is the whole of {:?}.",
        row.as_of,
        target.unwrap_or_default()
    );
    let told = Told::new(row.proposal_id, says)
        .figure("reported_bp", json!(whole), json!(reported))
        .figure("handed_over_bp", json!(whole), json!(handed_over))
        .beneath(row.proposal_id, "reports")
        .beneath(row.proposal_id, "plans")
        .beneath(row.proposal_id, "events");
    Some(told)
}
