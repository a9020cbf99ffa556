//! Reminders as the policy states them: a ladder of steps over each kind of deadline, in working days before it and after
//! it, and who is told at each.

use crate::domain::deadline::DeadlineKind;
use crate::domain::input::Checks;
use crate::domain::people::Role;
use crate::domain::policy::Policy;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The most steps over one kind of deadline.
const MOST_STEPS: usize = 12;
/// The most working days between a step and its deadline.
const MOST_DAYS: i64 = 60;

text_enum! {
    /// On which side of its deadline a reminder lies.
    pub enum ReminderSide {
        /// Before it.
        Before = "before",
        /// After it, for what can still be done.
        After = "after",
    }
}

/// A step of a ladder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReminderStep {
    /// How many working days lie between it and the deadline: 0 before is the last working day.
    #[schema(example = 10)]
    pub working_days: i64,
    /// On which side.
    pub side: ReminderSide,
    /// Who is told: those who have to do it, and from rung to rung those above them.
    pub tells: Vec<Role>,
}

impl ReminderStep {
    /// Its place on the ladder, in working days from the deadline: below zero before it, above zero after it.
    pub const fn offset(&self) -> i64 {
        match self.side {
            ReminderSide::Before => self.working_days.saturating_neg(),
            ReminderSide::After => self.working_days,
        }
    }
}

/// The ladder over some kinds of deadlines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReminderRule {
    /// Of which deadlines; of all that no other ladder names when empty.
    #[serde(default)]
    pub kinds: Vec<DeadlineKind>,
    /// From which hour of the day on, by the clocks of the region.
    #[serde(default = "eight")]
    #[schema(example = 8)]
    pub local_hour: i64,
    /// In the order of time.
    pub steps: Vec<ReminderStep>,
}

/// When offices open.
const fn eight() -> i64 {
    8
}

/// Whether holders of a role can be told of a deadline; auditors only of what they judge themselves.
const fn is_told(role: Role, of_findings: bool) -> bool {
    match role {
        Role::Drafter
        | Role::Planner
        | Role::RegionalHead
        | Role::Verifier
        | Role::Reviewer
        | Role::Approver
        | Role::Treasurer
        | Role::Inspector => true,
        Role::Auditor => of_findings,
        Role::Administrator | Role::System => false,
    }
}

impl Policy {
    /// The ladder over a kind of deadline: its own, else that of all others; absent where the year reminds of nothing.
    pub fn reminders_of(&self, kind: DeadlineKind) -> Option<&ReminderRule> {
        let own = self.reminders.iter().find(|rule| rule.kinds.contains(&kind));
        own.or_else(|| self.reminders.iter().find(|rule| rule.kinds.is_empty()))
    }

    pub(super) fn check_reminders(&self, checks: &mut Checks) {
        let mut named = BTreeSet::new();
        let mut others = 0;
        for (index, rule) in self.reminders.iter().enumerate() {
            let at = format!("/reminders/{index}");
            others += usize::from(rule.kinds.is_empty());
            let message = "is the ladder of all others already; name the kinds of one of them";
            let alone = !rule.kinds.is_empty() || others == 1;
            checks.require(alone, &format!("{at}/kinds"), "duplicate", message);
            for (place, kind) in rule.kinds.iter().enumerate() {
                let pointer = format!("{at}/kinds/{place}");
                let message = "has a ladder already; each kind has one";
                checks.require(named.insert(*kind), &pointer, "duplicate", message);
            }
            checks.between(&format!("{at}/local_hour"), rule.local_hour, 0, 23);
            let of_findings = rule.kinds == [DeadlineKind::FindingFollowUp];
            check_steps(checks, &at, &rule.steps, of_findings);
        }
    }
}

fn check_steps(checks: &mut Checks, at: &str, steps: &[ReminderStep], of_findings: bool) {
    if !(1..=MOST_STEPS).contains(&steps.len()) {
        let message = format!("must have from 1 to {MOST_STEPS} entries");
        checks.fail(format!("{at}/steps"), "count", message);
    }
    let mut before: Option<i64> = None;
    for (index, step) in steps.iter().enumerate() {
        let at = format!("{at}/steps/{index}");
        let least = i64::from(step.side == ReminderSide::After);
        checks.between(&format!("{at}/working_days"), step.working_days, least, MOST_DAYS);
        let offset = step.offset();
        let message = "is the day of the step before; each day has one";
        checks.require(before != Some(offset), &at, "duplicate", message);
        let message = "must come later than the step before: steps are in the order of time";
        checks.require(before.is_none_or(|before| before <= offset), &at, "order", message);
        before = Some(offset);
        check_tells(checks, &format!("{at}/tells"), &step.tells, of_findings);
    }
}

fn check_tells(checks: &mut Checks, at: &str, tells: &[Role], of_findings: bool) {
    checks.require(!tells.is_empty(), at, "required", "must name who is told");
    let mut seen = BTreeSet::new();
    for (index, role) in tells.iter().enumerate() {
        let pointer = format!("{at}/{index}");
        let message = "can't be told of a proposal; name a role that acts on proposals";
        checks.require(is_told(*role, of_findings), &pointer, "role", message);
        let message = "is there already; each is named once";
        checks.require(seen.insert(*role), &pointer, "duplicate", message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Policy {
        Policy::parse(include_str!("../../../policies/2018.toml")).expect("a policy")
    }

    fn errors(policy: &Policy) -> Vec<(String, String)> {
        let errors = policy.check_plain().err().unwrap_or_default();
        errors.into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn every_kind_of_deadline_has_a_ladder_that_begins_with_the_region_and_climbs() {
        let rung = |role: Role| match role {
            Role::Drafter | Role::Inspector => 0,
            Role::Planner | Role::RegionalHead => 1,
            Role::Verifier => 2,
            _ => 3,
        };
        for text in [
            include_str!("../../../policies/2018.toml"),
            include_str!("../../../policies/2019.toml"),
            include_str!("../../../policies/2021.toml"),
            include_str!("../../../policies/2024.toml"),
        ] {
            let policy = Policy::parse(text).expect("a policy");
            for kind in DeadlineKind::ALL {
                let ladder = policy.reminders_of(*kind).expect("a ladder");
                let reach: Vec<i32> = ladder
                    .steps
                    .iter()
                    .map(|step| step.tells.iter().map(|role| rung(*role)).max().unwrap_or(0))
                    .collect();
                assert!(reach.is_sorted(), "{kind}: {reach:?}");
                assert_eq!(ladder.local_hour, 8);
            }
        }
    }

    #[test]
    fn a_ladder_that_makes_no_sense_is_told_with_its_place() {
        let mut policy = shipped();
        let step = |working_days, side, tells: &[Role]| ReminderStep {
            working_days,
            side,
            tells: tells.to_vec(),
        };
        let (before, after) = (ReminderSide::Before, ReminderSide::After);
        policy.reminders = vec![
            ReminderRule {
                kinds: vec![DeadlineKind::ContractGate],
                local_hour: 24,
                steps: vec![
                    step(61, before, &[Role::Drafter]),
                    step(5, before, &[Role::Drafter, Role::Drafter]),
                    step(5, before, &[Role::Auditor]),
                    step(9, before, &[]),
                    step(0, after, &[Role::System]),
                ],
            },
            ReminderRule {
                kinds: vec![DeadlineKind::Submission, DeadlineKind::ContractGate],
                local_hour: 8,
                steps: Vec::new(),
            },
            ReminderRule {
                kinds: Vec::new(),
                local_hour: 8,
                steps: vec![step(1, after, &[Role::Planner])],
            },
            ReminderRule {
                kinds: Vec::new(),
                local_hour: -1,
                steps: vec![step(1, before, &[Role::Planner]); 13],
            },
        ];
        let found = errors(&policy);
        for (pointer, code) in [
            ("/reminders/0/local_hour", "out_of_range"),
            ("/reminders/0/steps/0/working_days", "out_of_range"),
            ("/reminders/0/steps/1/tells/1", "duplicate"),
            ("/reminders/0/steps/2", "duplicate"),
            ("/reminders/0/steps/2/tells/0", "role"),
            ("/reminders/0/steps/3", "order"),
            ("/reminders/0/steps/3/tells", "required"),
            ("/reminders/0/steps/4/working_days", "out_of_range"),
            ("/reminders/0/steps/4/tells/0", "role"),
            ("/reminders/1/kinds/1", "duplicate"),
            ("/reminders/1/steps", "count"),
            ("/reminders/3/kinds", "duplicate"),
            ("/reminders/3/local_hour", "out_of_range"),
            ("/reminders/3/steps", "count"),
        ] {
            assert!(
                found.contains(&(pointer.to_owned(), code.to_owned())),
                "{pointer} {code}\n{found:?}"
            );
        }
    }

    #[test]
    fn auditors_are_told_of_findings_and_of_no_other_deadline() {
        let mut policy = shipped();
        let at = policy
            .reminders
            .iter()
            .position(|rule| rule.kinds == [DeadlineKind::FindingFollowUp])
            .expect("a ladder of findings");
        let tells = |policy: &Policy| {
            policy.reminders[at].steps.iter().any(|step| step.tells.contains(&Role::Auditor))
        };
        assert!(tells(&policy) && errors(&policy).is_empty());
        policy.reminders[at].kinds = vec![DeadlineKind::OperationCheck];
        let found = errors(&policy);
        assert!(!found.is_empty() && found.iter().all(|(_, code)| code == "role"), "{found:?}");
    }

    #[test]
    fn a_policy_from_before_there_were_reminders_reminds_of_nothing_and_is_one_still() {
        let mut policy = shipped();
        policy.reminders.clear();
        policy.sources.retain(|source| source.value != "reminders");
        assert_eq!(errors(&policy), []);
        let mut document = serde_json::to_value(&policy).expect("JSON");
        document.as_object_mut().expect("an object").remove("reminders");
        let read: Policy = serde_json::from_value(document).expect("a policy");
        assert_eq!(read.reminders_of(DeadlineKind::ContractGate), None);
        policy.reminders = shipped().reminders;
        assert_eq!(errors(&policy), [("/sources (reminders)".to_owned(), "missing".to_owned())]);
    }
}
