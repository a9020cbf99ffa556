//! What is told together: steps of one region, by the same rule, on the same deadline, to the same people who were told the
//! same before.

use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::people::Role;
use crate::domain::reminder::{Reminded, ReminderFacts};
use crate::service::reminders::scan::{About, Call};
use crate::storage::proposal::Proposal;
use std::cmp::Reverse;

/// The most proposals that a message names one by one.
const NAMED: usize = 20;

/// Steps that are told in one message.
pub struct Group {
    /// They.
    pub calls: Vec<Call>,
}

/// Whether two steps are told in one message.
fn together(one: &Call, other: &Call) -> bool {
    let both_of_proposals =
        matches!((one.about, other.about), (About::Proposal(_), About::Proposal(_)));
    // Some reviewers have one commodity alone.
    let same_group = !one.rung.tells.contains(&Role::Reviewer)
        || one.lead.commodity.eq_ignore_ascii_case(&other.lead.commodity);
    both_of_proposals
        && same_group
        && one.lead.region_code == other.lead.region_code
        && one.lead.fiscal_year == other.lead.fiscal_year
        && (&one.due, one.rung.offset, &one.rung.tells)
            == (&other.due, other.rung.offset, &other.rung.tells)
        && (&one.moved_by, &one.earlier) == (&other.moved_by, &other.earlier)
}

/// Steps as they are told, in the order of the first of each.
pub fn of(calls: Vec<Call>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for call in calls {
        let fits = |group: &&mut Group| group.calls.first().is_some_and(|one| together(one, &call));
        match groups.iter_mut().find(fits) {
            Some(group) => group.calls.push(call),
            None => groups.push(Group { calls: vec![call] }),
        }
    }
    groups
}

/// What a message says, to whom, and of which proposal first.
pub struct Message {
    /// The proposal at the greatest risk.
    pub lead: Proposal,
    /// Who is told.
    pub tells: Vec<Role>,
    /// What it says.
    pub facts: ReminderFacts,
}

/// What the message of some steps that are told together says; absent when there are none.
pub fn facts(calls: &[&Call], now: Moment) -> Option<Message> {
    let first = calls.iter().max_by_key(|call| (call.at_risk, Reverse(call.lead.id)))?;
    let mut proposals: Vec<_> = calls.iter().flat_map(|call| &call.proposals).collect();
    proposals.sort_by_key(|(id, _, at_risk)| (Reverse(*at_risk), *id));
    let count = i64::try_from(proposals.len()).unwrap_or(i64::MAX);
    let named = proposals.into_iter().take(NAMED).map(|(id, title, at_risk)| Reminded {
        id: *id,
        title: title.clone(),
        at_risk_idr: at_risk.0,
    });
    let facts = ReminderFacts {
        kind: first.due.kind,
        n: first.due.n,
        due_at: first.due.at,
        due_zone: first.due.zone,
        days_left: first.left.0,
        working_days_left: first.left.1,
        at_risk_idr: Rupiah::total(calls.iter().map(|call| call.at_risk)).0,
        moved_by: first.moved_by.clone(),
        earlier: first.earlier.clone(),
        proposals: named.collect(),
        count,
    };
    debug_assert_eq!(facts.is_overdue(now), first.rung.offset > 0);
    Some(Message { lead: first.lead.clone(), tells: first.rung.tells.clone(), facts })
}
