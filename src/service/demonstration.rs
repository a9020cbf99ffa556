//! What a demonstration needs beside the use-cases: its mark, and a policy that is open today.

use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::{Deadline, Policy, Source, Window};
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
    let source = "Made for the demonstration.".to_owned();
    Policy {
        fiscal_year: i64::from(year).saturating_add(1),
        legal_basis: source.clone(),
        submission_window: all_year,
        correction_window: all_year,
        contract_gate: day(year.saturating_add(1), 12, 1),
        recommendation_gate: day(year.saturating_add(1), 12, 15),
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
