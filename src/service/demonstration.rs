//! What a demonstration needs beside the use-cases: its mark, and a policy that is open today.

use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::{
    Deadline, Holiday, ModeRule, PlanRule, Policy, Source, TrancheRule, Window,
};
use crate::service::Services;
use crate::service::error::Error;
use crate::service::health::DEMO;
use crate::storage::{policy, setting};
use chrono::{Datelike, NaiveDate, NaiveTime};

/// The newest policy of every year that has one.
pub fn policies(sv: &Services) -> Result<Vec<Policy>, Error> {
    sv.db.read(|tx| {
        policy::newest(tx)?.iter().map(|row| Ok(serde_json::from_str(&row.document)?)).collect()
    })
}

/// Marks the database as a demonstration, so that nobody takes it for the real thing.
pub fn mark(sv: &Services, how: &str) -> Result<(), Error> {
    sv.db.write("demonstration.mark", |tx| Ok(setting::put(tx, DEMO, how)?), |_, _: &Error| Ok(()))
}

/// How the database was marked, if it was.
pub fn marked(sv: &Services) -> Result<Option<String>, Error> {
    sv.db.read(|tx| Ok(setting::get(tx, DEMO)?))
}

/// Publishes a policy as the first of its year.
pub fn publish(sv: &Services, document: &Policy) -> Result<(), Error> {
    let now = sv.clock.now();
    sv.db.write(
        "demonstration.publish",
        |tx| policy::publish_first(tx, document, now).map_err(Error::Defect),
        |_, _| Ok(()),
    )
}

/// A policy for proposals of next year, which are taken all this year: for walking one through by hand.
pub fn open_policy(now: Moment, like: &Policy) -> Policy {
    let year = now.date_in(Zone::Wib).year();
    let day = |year, month, day| Deadline {
        date: NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default(),
        time: NaiveTime::MIN,
        zone: Zone::Wib,
    };
    let all_year = Window { opens: day(year, 1, 1), closes: day(year.saturating_add(1), 1, 1) };
    let next = year.saturating_add(1);
    open_in(i64::from(next), all_year, day(next, 12, 1), like)
}

/// A policy of a year whose proposals are taken in one window, and pass one gate; all else as in another, its days
/// moved to the year.
pub fn open_in(fiscal_year: i64, window: Window, gate: Deadline, like: &Policy) -> Policy {
    let years = fiscal_year.saturating_sub(like.fiscal_year);
    let moved =
        |deadline: Deadline| Deadline { date: in_other_year(deadline.date, years), ..deadline };
    let source = "Made for the demonstration.".to_owned();
    Policy {
        fiscal_year,
        legal_basis: source.clone(),
        submission_windows: vec![window],
        correction_windows: vec![window],
        contract_gate: gate,
        plan: PlanRule {
            due: moved(like.plan.due),
            changes_until: moved(like.plan.changes_until),
            ..like.plan
        },
        modes: like.modes.iter().map(|mode| open_mode(mode, &moved)).collect(),
        tranches: like.tranches.iter().map(|tranche| open_tranche(tranche, &moved)).collect(),
        holidays: like
            .holidays
            .iter()
            .map(|day| Holiday { date: in_other_year(day.date, years), name: day.name.clone() })
            .collect(),
        regional: Vec::new(),
        sources: like
            .sources
            .iter()
            .map(|one| Source {
                value: one.value.clone(),
                source: source.clone(),
                confirmed: false,
            })
            .collect(),
        ..like.clone()
    }
}

fn in_other_year(date: NaiveDate, years: i64) -> NaiveDate {
    let months = chrono::Months::new(u32::try_from(years.abs().saturating_mul(12)).unwrap_or(0));
    let moved =
        if years < 0 { date.checked_sub_months(months) } else { date.checked_add_months(months) };
    moved.unwrap_or(date)
}

fn open_mode(mode: &ModeRule, moved: &impl Fn(Deadline) -> Deadline) -> ModeRule {
    match mode {
        ModeRule::LumpSum { limit_idr, opens, closes } => ModeRule::LumpSum {
            limit_idr: *limit_idr,
            opens: moved(*opens),
            closes: moved(*closes),
        },
        ModeRule::LumpSumOnRecommendation { recorded_before, opens, closes } => {
            // To the end of the year, so that the whole way can be walked.
            let closes = moved(*closes);
            let date = NaiveDate::from_ymd_opt(closes.date.year(), 12, 31).unwrap_or(closes.date);
            ModeRule::LumpSumOnRecommendation {
                recorded_before: moved(*recorded_before),
                opens: moved(*opens),
                closes: Deadline { date, ..closes },
            }
        }
        ModeRule::Staged {} => ModeRule::Staged {},
    }
}

fn open_tranche(tranche: &TrancheRule, moved: &impl Fn(Deadline) -> Deadline) -> TrancheRule {
    TrancheRule {
        opens: moved(tranche.opens),
        closes: moved(tranche.closes),
        documents_due: moved(tranche.documents_due),
        ..tranche.clone()
    }
}
