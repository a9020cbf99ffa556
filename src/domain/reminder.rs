//! Reminders: which step of a ladder is to be taken now, given what was said before. What was missed while nobody looked
//! is not made up for step by step: the furthest step that is reached stands for all before it.

use crate::domain::calendar::Calendar;
use crate::domain::deadline::{DeadlineKind, Due};
use crate::domain::ids::{NoticeId, ProposalId, RegionCode};
use crate::domain::moment::{Moment, Zone};
use crate::domain::people::Role;
use crate::domain::policy::{ReminderRule, ReminderSide, ReminderStep};
use chrono::{Days, TimeDelta};
use serde::{Deserialize, Serialize};

/// The ladder over one deadline of one proposal, or of one allocation. A deadline that is met is none any more, and so has
/// no ladder; one that was moved is another.
#[derive(Debug, Clone, Copy)]
pub struct Ladder<'a> {
    /// The deadline.
    pub due: &'a Due,
    /// The steps over it.
    pub rule: &'a ReminderRule,
    /// When each of them falls.
    pub moments: &'a [Moment],
    /// Whose clocks show the hour: the region's.
    pub zone: Zone,
    /// Since when the deadline lies before it. Whatever brought it there told of the deadline, so that nobody is reminded
    /// of it in the same hour, but from the next morning on.
    pub since: Option<Moment>,
}

/// A step that is to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Its place, in working days from the deadline: below zero before it.
    pub offset: i64,
    /// Who is told: by the step itself, and by those that it stands for.
    pub tells: Vec<Role>,
    /// The places of the steps that it stands for, because their time passed unused.
    pub collapsed: Vec<i64>,
}

/// When each step over a deadline falls: counted in working days by the clocks of the deadline, at the hour of those of the
/// region.
pub fn moments(due: &Due, rule: &ReminderRule, calendar: &Calendar, zone: Zone) -> Vec<Moment> {
    // A day that is due lasts until its end, which is the first instant of the next.
    let last = due.at.after(TimeDelta::microseconds(-1)).date_in(due.zone);
    let of = |step: &ReminderStep| {
        let days = u32::try_from(step.working_days).unwrap_or_default();
        let day = match step.side {
            ReminderSide::Before => calendar.back(last, days),
            ReminderSide::After => calendar.add(last, days),
        };
        zone.at_hour(day, rule.local_hour)
    };
    rule.steps.iter().map(of).collect()
}

impl Ladder<'_> {
    /// The step that is to be taken now, after those whose places are given; none outside of the hours.
    pub fn now(&self, taken: &[i64], now: Moment) -> Option<Rung> {
        if now < self.admitted(now) {
            return None;
        }
        self.reached(taken, now)
    }

    /// When the next step is to be taken, if nothing changes; not before now.
    pub fn next(&self, taken: &[i64], now: Moment) -> Option<Moment> {
        let mut at = self.turn(taken, now)?;
        loop {
            let admitted = self.admitted(at);
            if admitted <= at {
                return Some(at);
            }
            // What falls before the hour at which it is admitted waits for it, unless the deadline passes meanwhile.
            at = self.turn(taken, admitted)?;
        }
    }

    /// The first instant from a moment on at which a step is reached.
    fn turn(&self, taken: &[i64], from: Moment) -> Option<Moment> {
        if self.reached(taken, from).is_some() {
            return Some(from);
        }
        let coming = self.open(taken).filter(|(step, at)| *at > from && self.serves(step, *at));
        coming.map(|(_, at)| at).min()
    }

    /// The earliest instant, not before the given one unless it is admitted itself, at which anything is said.
    fn admitted(&self, now: Moment) -> Moment {
        let since = self.since.map_or(now, |since| self.next_hour(since));
        if now < since {
            return since;
        }
        let is_open = self.zone.hour(now) >= self.rule.local_hour;
        if is_open { now } else { self.next_hour(now) }
    }

    /// The next time, or now, when the clocks of the region show the hour.
    fn next_hour(&self, from: Moment) -> Moment {
        let today = from.date_in(self.zone);
        let at = self.zone.at_hour(today, self.rule.local_hour);
        if from <= at {
            return at;
        }
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        self.zone.at_hour(tomorrow, self.rule.local_hour)
    }

    /// The steps beyond the furthest that was taken, in the order of time, with their moments.
    fn open(&self, taken: &[i64]) -> impl Iterator<Item = (&ReminderStep, Moment)> {
        let furthest = taken.iter().max().copied();
        self.rule
            .steps
            .iter()
            .zip(self.moments.iter().copied())
            .filter(move |(step, _)| furthest.is_none_or(|furthest| step.offset() > furthest))
    }

    /// Whether a step makes sense at a moment: nobody is told that something will be due that was.
    fn serves(&self, step: &ReminderStep, at: Moment) -> bool {
        if step.offset() > 0 { at >= self.due.at } else { at < self.due.at }
    }

    fn reached(&self, taken: &[i64], now: Moment) -> Option<Rung> {
        let passed = self.open(taken).filter(|(_, at)| *at <= now);
        let passed: Vec<&ReminderStep> = passed.map(|(step, _)| step).collect();
        let step = passed.iter().rev().find(|step| self.serves(step, now))?;
        let before = || passed.iter().filter(|other| other.offset() < step.offset());
        let mut tells = step.tells.clone();
        for role in before().flat_map(|step| &step.tells) {
            if !tells.contains(role) {
                tells.push(*role);
            }
        }
        Some(Rung {
            offset: step.offset(),
            tells,
            collapsed: before().map(|step| step.offset()).collect(),
        })
    }
}

/// An earlier reminder of the same deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// When.
    pub at: Moment,
    /// Who was told.
    pub tells: Vec<Role>,
}

/// A proposal that a reminder is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// Which.
    pub id: ProposalId,
    /// Its title.
    pub title: String,
    /// What may be lost of it.
    pub at_risk_idr: i64,
}

/// A region that a reminder is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemindedRegion {
    /// Its name.
    pub name: String,
    /// What may be lost there.
    pub at_risk_idr: i64,
    /// How many proposals it is about there.
    pub count: i64,
}

/// Over what a reminder of several regions is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The province; absent where it is the nation.
    pub province: Option<Province>,
    /// The regions, those at the greatest risk first: at most a page of them.
    pub regions: Vec<RemindedRegion>,
    /// How many there are in all.
    pub count: i64,
}

/// A province, by code and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Province {
    /// Its code.
    pub code: RegionCode,
    /// Its name.
    pub name: String,
}

/// What the message of a reminder says beside who and where. Figures are those of the moment at which it was raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderFacts {
    /// What is due.
    pub kind: DeadlineKind,
    /// The number of the tranche, or of the quarter.
    pub n: Option<i64>,
    /// The first instant that is too late.
    pub due_at: Moment,
    /// Whose clocks count.
    pub due_zone: Zone,
    /// Days from today until then; below zero when it has passed.
    pub days_left: i64,
    /// Of them working days.
    pub working_days_left: i64,
    /// What may be lost in all.
    pub at_risk_idr: i64,
    /// The decree that moved it last.
    pub moved_by: Option<String>,
    /// Who was told before, the first first.
    pub earlier: Vec<Earlier>,
    /// The proposals that it is about, those at the greatest risk first: at most a page of them.
    pub proposals: Vec<Reminded>,
    /// How many there are in all.
    pub count: i64,
    /// The regions, where those above several are told of them together.
    #[serde(default)]
    pub scope: Option<Scope>,
    /// The notices by which those above are told of the same steps.
    #[serde(default)]
    pub above: Vec<NoticeId>,
}

impl ReminderFacts {
    /// Whether it was too late already when this was said.
    pub fn is_overdue(&self, at: Moment) -> bool {
        self.due_at <= at
    }
}

#[cfg(test)]
#[path = "reminder_tests.rs"]
mod tests;
