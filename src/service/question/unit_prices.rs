//! Question 14: which unit prices differ from the standard price, and who accepted it?

use crate::domain::ids::{ProposalId, UserId};
use crate::domain::money::{Rupiah, line_amount};
use crate::domain::policy::Policy;
use crate::domain::remark::RemarkCode;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, distinct};
use crate::service::question::land::approvals;
use crate::service::question::plan_changes::{key, names};
use crate::service::question::told::{Told, looked};
use crate::service::view::line::remarks_of;
use crate::storage::AnyConnection;
use crate::storage::audit::EventRow;
use crate::storage::line::Line;
use crate::storage::proposal::Proposal;
use crate::storage::question::{Bounds, papers};
use serde_json::json;
use std::collections::HashMap;

/// Approved lines whose unit, as approved, costs more or less than the reference of the rules that the approval was given under.
pub fn lines(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::approved_lines(tx, bounds)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.proposal_id).collect();
    let proposals = desk.proposals(tx, &ids)?;
    let approvals = approvals(tx, &distinct(ids))?;
    let approved_at = approvals.iter().map(|(id, event)| (*id, event.at)).collect();
    let rules = desk.rules_then(tx, proposals.values(), &approved_at)?;
    let assessors = rows.iter().filter_map(|row| row.opinion.assessed_by);
    let approvers = approvals.values().filter_map(|event| event.actor_id);
    let names = names(tx, assessors.chain(approvers))?;
    let look = |row: &Line| {
        let beside = rules.get(&row.proposal_id).zip(proposals.get(&row.proposal_id));
        let told =
            beside.zip(approvals.get(&row.proposal_id)).and_then(|((held, proposal), approval)| {
                tell(row, proposal, &held.policy, (approval, &names))
            });
        looked(row.proposal_id, key(row.line_no), told)
    };
    Ok(rows.iter().map(look).collect())
}

/// What a unit costs as it was approved: as proposed, where the approved amount is that price's, or no volume was approved.
fn approved_unit_cost(row: &Line) -> Option<Rupiah> {
    let (amount, volume) = (row.approved_idr?, row.approved_volume_thousandths?);
    if line_amount(volume, row.unit_cost_idr) == Some(amount) {
        return None;
    }
    // Rounded half up, as amounts are; at most 10^18 times 1,000.
    let doubled = i128::from(amount.0).checked_mul(2_000)?.checked_add(i128::from(volume))?;
    let unit = doubled.checked_div(i128::from(volume).checked_mul(2)?)?;
    i64::try_from(unit).ok().map(Rupiah)
}

fn tell(
    row: &Line,
    proposal: &Proposal,
    policy: &Policy,
    (approval, names): (&EventRow, &HashMap<UserId, String>),
) -> Option<Told> {
    let proposed = row.unit_cost_idr;
    let changed = approved_unit_cost(row);
    let unit_cost = changed.unwrap_or(proposed);
    let priced = Line { unit_cost_idr: unit_cost, ..row.clone() };
    let remark = remarks_of(&priced, policy).into_iter().find(|remark| {
        matches!(remark.code, RemarkCode::AboveReference | RemarkCode::BelowReference)
    })?;
    let name = |id: Option<UserId>| id.and_then(|id| names.get(&id)).map(String::as_str);
    let approver = name(approval.actor_id).unwrap_or("nobody who is known");
    let what = match changed {
        Some(_) => "that price in place of the proposed one",
        None => "it as proposed",
    };
    let why = row.approved_reason.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    let words = row.opinion.assessed_unit_price_words.as_deref();
    let said = words.map_or("said nothing of it".to_owned(), |words| format!("said: {words}"));
    let assessed = match name(row.opinion.assessed_by) {
        Some(name) => format!("{name} assessed what was proposed and {said}"),
        None => "nobody assessed what was proposed".to_owned(),
    };
    let says = format!(
        "Line {}: {} {approver} approved {what}{why}; {assessed}.",
        row.line_no, remark.message
    );
    let told = Told::new(row.proposal_id, says)
        .figure("unit_cost_idr", json!(remark.reference_idr), json!(unit_cost))
        .figure("proposed_unit_cost_idr", json!(null), json!(proposed))
        .figure("ratio_bp", json!(10_000), json!(remark.ratio_bp))
        .figure("approved_by", json!(null), json!(approval.actor_id))
        .figure("assessed_by", json!(null), json!(row.opinion.assessed_by))
        .beneath(row.proposal_id, "lines")
        .beneath(row.proposal_id, "events");
    Some(told.rules_then(proposal, approval.at))
}
