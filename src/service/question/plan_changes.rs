//! Question 9: which lines are outside the plan or the menu, and who approved which change, when, under which version?

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AllocationId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::service::error::Error;
use crate::service::policy::Held;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, distinct};
use crate::service::question::land::approved_at;
use crate::service::question::told::{Told, looked};
use crate::storage::audit::EventRow;
use crate::storage::line::Line;
use crate::storage::plan::Plan;
use crate::storage::proposal::Proposal;
use crate::storage::question::{Bounds, facts, papers};
use crate::storage::{AnyConnection, audit, radar, user};
use serde_json::json;
use std::collections::HashMap;

/// Changes of plans that were approved.
pub fn changes(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::plan_changes(tx, bounds)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.proposal_id).collect();
    let proposals = desk.proposals(tx, &ids)?;
    let allocations = distinct(proposals.values().filter_map(|row| row.allocation_id));
    let versions: HashMap<AllocationId, i64> =
        radar::funds(tx, &allocations)?.into_iter().map(|funds| (funds.0, funds.1)).collect();
    let approvals = approvals(tx, &rows)?;
    let names = names(tx, approvals.values().filter_map(|event| event.actor_id))?;
    let look = |row: Plan| {
        let event = approvals.get(&row.id.to_string());
        let by = event.and_then(|event| event.actor_id).and_then(|id| names.get(&id));
        let version = proposals.get(&row.proposal_id).and_then(|proposal| {
            // The allocation's, which plans are judged by.
            match proposal.allocation_id {
                Some(id) => versions.get(&id).copied(),
                None => proposal.policy_version,
            }
        });
        let says = format!(
            "Plan {} changed the one in force ({}); approved by {} on {}, judged under version {} of the year's policy.",
            row.n,
            row.change_reason.as_deref().unwrap_or_default(),
            by.map_or("nobody who is known", String::as_str),
            row.decided_at.map_or("an unknown day".to_owned(), |at| at.to_string()),
            version.map_or("?".to_owned(), |version| version.to_string()),
        );
        let told = Told::new(row.proposal_id, says)
            .figure("plan_total_idr", json!(null), json!(row.total_idr))
            .figure("approved_by", json!(null), json!(event.and_then(|event| event.actor_id)))
            .beneath(row.proposal_id, "plans")
            .beneath(row.proposal_id, "events");
        looked(row.proposal_id, row.id, Some(told))
    };
    Ok(rows.into_iter().map(look).collect())
}

/// The event by which each plan got the version that it has.
fn approvals(tx: &mut AnyConnection, plans: &[Plan]) -> Result<HashMap<String, EventRow>, Error> {
    let subjects: Vec<String> = plans.iter().map(|plan| plan.id.to_string()).collect();
    let versions: HashMap<String, i64> =
        plans.iter().map(|plan| (plan.id.to_string(), plan.version)).collect();
    let made: HashMap<_, String> = facts::made_by(tx, SubjectKind::Plan, &subjects)?
        .into_iter()
        .filter(|(subject, version, _)| versions.get(subject) == Some(version))
        .map(|(subject, _, event)| (event, subject))
        .collect();
    let events = audit::events_by_ids(tx, &made.keys().copied().collect::<Vec<_>>())?;
    let of = |event: EventRow| Some((made.get(&event.id)?.clone(), event));
    Ok(events.into_iter().filter_map(of).collect())
}

/// The names of several people.
pub fn names(
    tx: &mut AnyConnection,
    ids: impl Iterator<Item = UserId>,
) -> Result<HashMap<UserId, String>, Error> {
    let ids = distinct(ids);
    Ok(user::by_ids(tx, &ids)?.into_iter().map(|user| (user.id, user.name)).collect())
}

/// Approved lines on which the plan in force spends nothing.
pub fn lines(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::lines_outside_plan(tx, bounds)?;
    let look = |row: Line| {
        let approved = row.approved_idr.unwrap_or_default();
        let says = format!(
            "Line {} ({}) was approved with {approved}, and the plan in force spends nothing on it.",
            row.line_no, row.component
        );
        let told = Told::new(row.proposal_id, says)
            .figure("planned_idr", json!(approved), json!(0))
            .beneath(row.proposal_id, "lines")
            .beneath(row.proposal_id, "plans");
        looked(row.proposal_id, key(row.line_no), Some(told))
    };
    Ok(rows.into_iter().map(look).collect())
}

/// Approved lines for a component that the menu does not pay for, under the rules that the approval was given under.
pub fn off_menu(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::approved_lines(tx, bounds)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.proposal_id).collect();
    let proposals = desk.proposals(tx, &ids)?;
    let approved_at = approved_at(tx, &distinct(ids))?;
    let rules = desk.rules_then(tx, proposals.values(), &approved_at)?;
    let look = |row: Line| {
        let beside = proposals.get(&row.proposal_id).zip(approved_at.get(&row.proposal_id));
        let told = beside
            .zip(rules.get(&row.proposal_id))
            .and_then(|((proposal, at), held)| tell_off_menu(&row, proposal, held, *at));
        looked(row.proposal_id, key(row.line_no), told)
    };
    Ok(rows.into_iter().map(look).collect())
}

fn tell_off_menu(row: &Line, proposal: &Proposal, held: &Held, at: Moment) -> Option<Told> {
    let menu = proposal.menu;
    let rule = held.policy.menus.iter().find(|rule| rule.menu == menu)?;
    if rule.components.contains(&row.component) {
        return None;
    }
    let says = format!(
        "Line {} pays for {}, which the menu {menu} does not pay for by version {} of the rules of {}.",
        row.line_no, row.component, held.version, proposal.fiscal_year
    );
    let told = Told::new(row.proposal_id, says)
        .figure("component", json!(rule.components), json!(row.component))
        .beneath(row.proposal_id, "lines");
    Some(told.rules_then(proposal, at))
}

/// The key of a line: its number, with zeros before it.
pub fn key(line_no: i64) -> String {
    format!("{line_no:010}")
}
