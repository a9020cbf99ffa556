//! A ladder is climbed once, in its order, at its hour, and without haste.

use super::*;
use crate::domain::policy::{Policy, ReminderSide};
use chrono::NaiveDate;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn moment(text: &str) -> Moment {
    serde_json::from_value(serde_json::json!(text)).expect("a moment")
}

fn due(at: &str) -> Due {
    Due { kind: DeadlineKind::ContractGate, rule: None, at: moment(at), zone: Zone::Wib, n: None }
}

/// The gate of Bangkalan: Saturday, 21 July 2018, 17:00 WIB.
fn gate() -> Due {
    due("2018-07-21T10:00:00Z")
}

fn rule(offsets: &[i64]) -> ReminderRule {
    let step = |offset: &i64| ReminderStep {
        working_days: offset.abs(),
        side: if *offset > 0 { ReminderSide::After } else { ReminderSide::Before },
        tells: if *offset < -5 { vec![Role::Drafter] } else { vec![Role::Planner, Role::Verifier] },
    };
    ReminderRule { kinds: Vec::new(), local_hour: 8, steps: offsets.iter().map(step).collect() }
}

#[derive(Debug)]
struct Fixture {
    due: Due,
    rule: ReminderRule,
    calendar: Calendar,
    zone: Zone,
    since: Option<Moment>,
    moments: Vec<Moment>,
}

impl Fixture {
    fn of(due: Due, offsets: &[i64]) -> Fixture {
        let calendar =
            Policy::parse(include_str!("../../policies/2018.toml")).expect("a policy").calendar();
        Fixture {
            due,
            rule: rule(offsets),
            calendar,
            zone: Zone::Wib,
            since: None,
            moments: Vec::new(),
        }
        .timed()
    }

    fn timed(mut self) -> Fixture {
        self.moments = moments(&self.due, &self.rule, &self.calendar, self.zone);
        self
    }

    fn ladder(&self) -> Ladder<'_> {
        let Fixture { due, rule, moments, zone, since, .. } = self;
        Ladder { due, rule, moments, zone: *zone, since: *since }
    }

    /// When the step at a place falls.
    fn moment(&self, offset: i64) -> Moment {
        let place = self.rule.steps.iter().position(|step| step.offset() == offset);
        self.moments[place.expect("a step")]
    }

    fn at(&self, taken: &[i64], now: &str) -> Option<(i64, Vec<i64>)> {
        self.ladder().now(taken, moment(now)).map(|rung| (rung.offset, rung.collapsed))
    }
}

#[test]
fn a_step_falls_on_its_working_day_at_the_hour_of_the_region() {
    let mut fixture = Fixture::of(gate(), &[-10, -5, -1, 0, 2]);
    let texts = |fixture: &Fixture| -> Vec<String> {
        fixture.rule.steps.iter().map(|step| fixture.moment(step.offset()).to_string()).collect()
    };
    let eight_in_jakarta = [
        "2018-07-06T01:00:00.000000Z",
        "2018-07-13T01:00:00.000000Z",
        "2018-07-19T01:00:00.000000Z",
        "2018-07-20T01:00:00.000000Z",
        "2018-07-24T01:00:00.000000Z",
    ];
    assert_eq!(texts(&fixture), eight_in_jakarta);
    fixture.zone = Zone::Wit;
    let fixture = fixture.timed();
    assert_eq!(texts(&fixture)[0], "2018-07-05T23:00:00.000000Z");
}

#[test]
fn a_step_is_taken_at_its_hour_and_not_before_and_not_twice() {
    let fixture = Fixture::of(gate(), &[-10, -5]);
    assert_eq!(fixture.at(&[], "2018-07-06T00:59:59Z"), None);
    assert_eq!(fixture.at(&[], "2018-07-06T01:00:00Z"), Some((-10, vec![])));
    assert_eq!(fixture.at(&[-10], "2018-07-06T01:00:00Z"), None);
    assert_eq!(fixture.at(&[-10], "2018-07-13T01:00:00Z"), Some((-5, vec![])));
    // A step that a later version of the policy puts before what was taken is not made up for.
    assert_eq!(fixture.at(&[-6], "2018-07-12T01:00:00Z"), None);
}

#[test]
fn what_was_missed_collapses_into_the_furthest_step_and_its_people_are_told_too() {
    let fixture = Fixture::of(gate(), &[-10, -5, -3, 0]);
    let rung = fixture.ladder().now(&[], moment("2018-07-18T06:00:00Z")).expect("a rung");
    assert_eq!((rung.offset, rung.collapsed), (-3, vec![-10, -5]));
    assert_eq!(rung.tells, [Role::Planner, Role::Verifier, Role::Drafter]);
    // By night nobody is told, also after the service was down.
    assert_eq!(fixture.at(&[], "2018-07-17T20:00:00Z"), None);
}

#[test]
fn nobody_is_told_that_something_will_be_due_that_was() {
    let fixture = Fixture::of(gate(), &[-3, 0, 2]);
    assert_eq!(fixture.at(&[], "2018-07-21T09:59:59Z"), Some((0, vec![-3])));
    assert_eq!(fixture.at(&[], "2018-07-21T10:00:00Z"), None);
    assert_eq!(fixture.at(&[], "2018-07-24T01:00:00Z"), Some((2, vec![-3, 0])));
    assert_eq!(
        fixture.ladder().next(&[], moment("2018-07-21T10:00:00Z")),
        Some(moment("2018-07-24T01:00:00Z"))
    );
}

#[test]
fn whoever_was_told_of_the_deadline_today_is_reminded_from_the_next_morning_on() {
    let mut fixture = Fixture::of(gate(), &[-10, -5]);
    fixture.since = Some(moment("2018-07-10T03:00:00Z"));
    assert_eq!(fixture.at(&[], "2018-07-10T03:00:00Z"), None);
    assert_eq!(fixture.at(&[], "2018-07-11T01:00:00Z"), Some((-10, vec![])));
    assert_eq!(
        fixture.ladder().next(&[], moment("2018-07-10T03:00:00Z")),
        Some(moment("2018-07-11T01:00:00Z"))
    );
}

#[test]
fn a_day_that_is_due_has_its_own_last_morning() {
    // The end of Monday, 23 July, in Jakarta.
    let fixture = Fixture::of(due("2018-07-23T17:00:00Z"), &[0]);
    assert_eq!(fixture.moment(0), moment("2018-07-23T01:00:00Z"));
}

/// Offsets, in order, and each once.
fn offsets() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::btree_set(-60_i64..=60, 1..12)
        .prop_map(|set: BTreeSet<i64>| set.into_iter().collect())
}

fn fixtures() -> impl Strategy<Value = Fixture> {
    let start = NaiveDate::from_ymd_opt(2018, 3, 1).expect("a date");
    let holidays = prop::collection::btree_set(0_u64..200, 0..20);
    (
        offsets(),
        holidays,
        100_i64..140,
        0_i64..1_440,
        0_usize..3,
        0_usize..3,
        0_i64..24,
        prop::option::of(0_i64..100_000),
    )
        .prop_map(move |(offsets, holidays, days, minutes, zone, other, hour, since)| {
            let first = Zone::Wib.at(start, chrono::NaiveTime::MIN);
            let at = first.after(TimeDelta::days(days)).after(TimeDelta::minutes(minutes));
            let zones = [Zone::Wib, Zone::Wita, Zone::Wit];
            let mut rule = rule(&offsets);
            rule.local_hour = hour;
            Fixture {
                due: Due {
                    kind: DeadlineKind::PlanApproval,
                    rule: None,
                    at,
                    zone: zones[other],
                    n: None,
                },
                rule,
                calendar: Calendar::with(
                    holidays.into_iter().filter_map(|day| start.checked_add_days(Days::new(day))),
                ),
                zone: zones[zone],
                since: since.map(|minutes| first.after(TimeDelta::minutes(minutes))),
                moments: Vec::new(),
            }
            .timed()
        })
}

proptest! {
    #[test]
    fn however_the_clock_steps_each_step_is_taken_once_in_its_day_and_after_its_hour(
        fixture in fixtures(),
        // In any order: the clocks of two machines differ.
        looks in prop::collection::vec(0_i64..300_000, 1..80),
        sorted in any::<bool>(),
    ) {
        let ladder = fixture.ladder();
        let first = Zone::Wib.at(NaiveDate::from_ymd_opt(2018, 3, 1).expect("a date"), chrono::NaiveTime::MIN);
        let mut looks = looks;
        if sorted { looks.sort_unstable(); }
        let mut taken: Vec<i64> = Vec::new();
        for minutes in looks {
            let now = first.after(TimeDelta::minutes(minutes));
            let Some(rung) = ladder.now(&taken, now) else { continue };
            for offset in rung.collapsed.iter().chain([&rung.offset]) {
                prop_assert!(!taken.contains(offset), "{offset} was taken");
                prop_assert!(fixture.moment(*offset) <= now);
            }
            prop_assert!(fixture.zone.hour(now) >= fixture.rule.local_hour);
            prop_assert!(fixture.since.is_none_or(|since| since <= now));
            prop_assert_eq!(rung.offset > 0, now >= fixture.due.at, "before is before, after is after");
            prop_assert!(!rung.tells.is_empty());
            taken.extend(rung.collapsed);
            taken.push(rung.offset);
            // One and no more: nothing else is to be said at the same moment.
            prop_assert_eq!(ladder.now(&taken, now), None);
        }
    }

    #[test]
    fn whoever_looks_whenever_something_is_next_takes_every_step_that_serves_at_its_own_moment(fixture in fixtures()) {
        let fixture = Fixture { since: None, ..fixture };
        let ladder = fixture.ladder();
        let mut now = moment("2017-01-01T00:00:00Z");
        let mut taken: Vec<i64> = Vec::new();
        while let Some(next) = ladder.next(&taken, now) {
            prop_assert!(next >= now);
            now = next;
            let rung = ladder.now(&taken, now);
            prop_assert!(rung.is_some(), "nothing to say at {now}");
            let rung = rung.expect("a rung");
            prop_assert_eq!(fixture.moment(rung.offset), now);
            taken.extend(rung.collapsed);
            taken.push(rung.offset);
        }
        for step in &fixture.rule.steps {
            let serves = ladder.serves(step, fixture.moment(step.offset()));
            prop_assert!(taken.contains(&step.offset()) || !serves, "{} was never taken", step.offset());
        }
    }
}
