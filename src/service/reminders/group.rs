//! What is told together. A region is told in one message what one rule asks of it: steps on the same deadline, for the same
//! people, who were told the same before. Whoever stands above regions is told of the same step in all of them in one.

use crate::domain::ids::{NoticeId, RegionCode};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::people::Role;
use crate::domain::reminder::{Earlier, Province, Reminded, RemindedRegion, ReminderFacts, Scope};
use crate::service::reminders::scan::{About, Call};
use crate::storage::proposal::Proposal;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

/// The most proposals that a message names one by one.
const NAMED: usize = 20;
/// The most regions.
const REGIONS: usize = 40;

/// Steps that a region is told of in one message.
pub struct Group {
    /// They.
    pub calls: Vec<Call>,
}

impl Group {
    /// Those that are about something that is open still.
    pub fn among(&self, open: &HashSet<About>) -> Vec<&Call> {
        self.calls.iter().filter(|call| open.contains(&call.about)).collect()
    }
}

/// The same step, on the same deadline, of the groups of several regions.
pub struct Batch {
    /// They.
    pub groups: Vec<Group>,
}

/// Whether two steps are the same one on the same deadline, wherever it is.
fn alike(one: &Call, other: &Call) -> bool {
    let both_of_proposals = |call: &Call| matches!(call.about, About::Proposal(_));
    both_of_proposals(one) == both_of_proposals(other)
        && one.lead.fiscal_year == other.lead.fiscal_year
        // The rule's place may differ where a region has a rule of its own.
        && (one.due.kind, one.due.n, one.due.at, one.due.zone)
            == (other.due.kind, other.due.n, other.due.at, other.due.zone)
        && (one.rung.offset, &one.rung.tells) == (other.rung.offset, &other.rung.tells)
}

/// Whether a region is told of two steps in one message.
fn together(one: &Call, other: &Call) -> bool {
    let both_of_proposals =
        matches!((one.about, other.about), (About::Proposal(_), About::Proposal(_)));
    // Some reviewers have one commodity alone.
    let same_group = !one.rung.tells.contains(&Role::Reviewer)
        || one.lead.commodity.eq_ignore_ascii_case(&other.lead.commodity);
    both_of_proposals
        && same_group
        && alike(one, other)
        && one.lead.region_code == other.lead.region_code
        && (&one.moved_by, &one.earlier) == (&other.moved_by, &other.earlier)
}

/// Steps as they are told, in the order of the first of each.
pub fn of(calls: Vec<Call>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for call in calls {
        let is_alike =
            |batch: &&mut Batch| first(&batch.groups).is_some_and(|one| alike(one, &call));
        let Some(batch) = batches.iter_mut().find(is_alike) else {
            batches.push(Batch { groups: vec![Group { calls: vec![call] }] });
            continue;
        };
        let fits = |group: &&mut Group| group.calls.first().is_some_and(|one| together(one, &call));
        match batch.groups.iter_mut().find(fits) {
            Some(group) => group.calls.push(call),
            None => batch.groups.push(Group { calls: vec![call] }),
        }
    }
    batches
}

fn first(groups: &[Group]) -> Option<&Call> {
    groups.first().and_then(|group| group.calls.first())
}

/// Over what somebody is told who stands above the regions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Above {
    Nation,
    Province(RegionCode),
    /// Some reviewers have one commodity alone, and may not read of others.
    Commodity(String),
}

fn above(role: Role, lead: &Proposal) -> Option<Above> {
    match role {
        Role::Verifier => Some(Above::Province(lead.region_code.province())),
        Role::Reviewer => Some(Above::Commodity(lead.commodity.to_lowercase())),
        Role::Approver | Role::Treasurer => Some(Above::Nation),
        Role::Drafter
        | Role::Planner
        | Role::RegionalHead
        | Role::Inspector
        | Role::Auditor
        | Role::Administrator
        | Role::System => None,
    }
}

/// Who is told of some groups by which message. A message to those above has several groups; a group's own message tells
/// all others, and those above whom nothing else concerns.
pub struct Telling {
    /// The places of the groups.
    pub groups: Vec<usize>,
    /// Who is told.
    pub tells: Vec<Role>,
    /// The province of all of them, where it is told over one.
    province: Option<RegionCode>,
}

/// The messages to those above, and the roles that each group's own message is left with.
pub fn tellings(groups: &[Vec<&Call>]) -> (Vec<Telling>, Vec<Vec<Role>>) {
    let mut own: Vec<Vec<Role>> = Vec::with_capacity(groups.len());
    let mut scopes: BTreeMap<Above, Telling> = BTreeMap::new();
    for (place, group) in groups.iter().enumerate() {
        let mut rest = Vec::new();
        for (role, lead) in group
            .first()
            .into_iter()
            .flat_map(|call| call.rung.tells.iter().map(|role| (*role, &call.lead)))
        {
            let Some(above) = above(role, lead) else {
                rest.push(role);
                continue;
            };
            let province = match &above {
                Above::Province(code) => Some(code.clone()),
                Above::Nation | Above::Commodity(_) => None,
            };
            let telling = scopes.entry(above).or_insert_with(|| Telling {
                groups: Vec::new(),
                tells: Vec::new(),
                province,
            });
            if telling.groups.last() != Some(&place) {
                telling.groups.push(place);
            }
            if !telling.tells.contains(&role) {
                telling.tells.push(role);
            }
        }
        own.push(rest);
    }
    let (alone, several): (Vec<Telling>, Vec<Telling>) =
        scopes.into_values().partition(|telling| telling.groups.len() == 1);
    for telling in alone {
        let place = telling.groups.first().and_then(|place| own.get_mut(*place));
        if let Some(rest) = place {
            rest.extend(telling.tells);
        }
    }
    // In the order in which the rung names them.
    for (rest, group) in own.iter_mut().zip(groups) {
        let order = group.first().map_or(&[][..], |call| call.rung.tells.as_slice());
        rest.sort_by_key(|role| order.iter().position(|one| one == role));
    }
    (several, own)
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

/// What a region's message of some steps says; absent when there are none.
pub fn facts(
    calls: &[&Call],
    tells: Vec<Role>,
    above: Vec<NoticeId>,
    now: Moment,
) -> Option<Message> {
    let first = calls.iter().max_by_key(|call| (call.at_risk, Reverse(call.lead.id)))?;
    let mut proposals: Vec<_> = calls.iter().flat_map(|call| &call.proposals).collect();
    proposals.sort_by_key(|(id, _, at_risk)| (Reverse(*at_risk), *id));
    let count = number(proposals.len());
    let named = proposals.into_iter().take(NAMED).map(|(id, title, at_risk)| Reminded {
        id: *id,
        title: title.clone(),
        at_risk_idr: at_risk.0,
    });
    let moved_by = first.moved_by.clone();
    let moved_by = moved_by.filter(|_| calls.iter().all(|call| call.moved_by == first.moved_by));
    let facts = ReminderFacts {
        kind: first.due.kind,
        n: first.due.n,
        due_at: first.due.at,
        due_zone: first.due.zone,
        days_left: first.left.0,
        working_days_left: first.left.1,
        at_risk_idr: Rupiah::total(calls.iter().map(|call| call.at_risk)).0,
        moved_by,
        earlier: said_to_all(first, calls),
        proposals: named.collect(),
        count,
        scope: None,
        above,
    };
    debug_assert_eq!(facts.is_overdue(now), first.rung.offset > 0);
    Some(Message { lead: first.lead.clone(), tells, facts })
}

/// Those who were told before of everything that a message is about.
fn said_to_all(first: &Call, calls: &[&Call]) -> Vec<Earlier> {
    let of_all = |one: &&Earlier| calls.iter().all(|call| call.earlier.contains(one));
    first.earlier.iter().filter(of_all).cloned().collect()
}

/// What a message to those above says of the groups of several regions, by the names of these; absent when there are none.
pub fn facts_above(
    telling: &Telling,
    groups: &[Vec<&Call>],
    names: &HashMap<RegionCode, String>,
    now: Moment,
) -> Option<Message> {
    let calls: Vec<&Call> = telling
        .groups
        .iter()
        .filter_map(|place| groups.get(*place))
        .flat_map(|group| group.iter().copied())
        .collect();
    let mut message = facts(&calls, telling.tells.clone(), Vec::new(), now)?;
    let mut regions: BTreeMap<&RegionCode, (Rupiah, i64)> = BTreeMap::new();
    for call in &calls {
        let (at_risk, count) = regions.entry(&call.lead.region_code).or_default();
        *at_risk = Rupiah::total([*at_risk, call.at_risk]);
        *count = count.saturating_add(number(call.proposals.len()));
    }
    let name = |code: &RegionCode| names.get(code).cloned().unwrap_or_default();
    if regions.len() > 1 {
        let count = number(regions.len());
        let mut regions: Vec<_> = regions.into_iter().collect();
        regions.sort_by_key(|(code, (at_risk, _))| (Reverse(*at_risk), (*code).clone()));
        let regions = regions.into_iter().take(REGIONS).map(|(code, (at_risk, count))| {
            RemindedRegion { name: name(code), at_risk_idr: at_risk.0, count }
        });
        let regions = regions.collect();
        let province =
            telling.province.as_ref().map(|code| Province { code: code.clone(), name: name(code) });
        message.facts.scope = Some(Scope { province, regions, count });
        // A list of regions leads to the list of proposals.
        message.facts.proposals.clear();
    }
    Some(message)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
