//! Question 3: is the sum of the payment orders what was reported as absorbed?

use crate::domain::journal::EightFigures;
use crate::domain::moment::{Moment, Zone};
use crate::domain::report::ReportKind;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::AnyConnection;
use crate::storage::question::{Bounds, facts, papers};
use crate::storage::report::Report;
use chrono::NaiveDate;
use serde_json::json;
use std::collections::HashMap;

/// Reports whose absorbed amount is another than that of the payment orders, less what vendors paid back, that are dated by the
/// day of its submission: its figures were frozen then.
pub fn reports(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::reports(tx, bounds, ReportKind::ALL)?;
    let ids = distinct(rows.iter().map(|row| row.proposal_id));
    let proposals = desk.proposals(tx, &ids)?;
    let mut spent: HashMap<_, Vec<(NaiveDate, Moment, i64)>> = HashMap::new();
    for (proposal, day, at, amount) in facts::absorbed_by_day(tx, &ids)? {
        spent.entry(proposal).or_default().push((day, at, amount));
    }
    let look = |row: &Report| {
        let told = proposals.get(&row.proposal_id).and_then(|proposal| {
            let submitted_at = row.submitted_at?;
            let zone = Zone::of(&proposal.region_code);
            let until = submitted_at.date_in(zone);
            let frozen: EightFigures = serde_json::from_str(row.figures.as_deref()?).ok()?;
            let days = spent.get(&row.proposal_id).map(Vec::as_slice).unwrap_or_default();
            let sum = days
                .iter()
                // What was recorded later on the same day is no news that was held back.
                .filter(|(_, at, _)| *at <= submitted_at || at.date_in(zone) > until)
                .filter(|(day, ..)| *day <= until)
                .fold(0_i64, |sum, (.., amount)| sum.saturating_add(*amount));
            (sum != frozen.absorbed_idr).then(|| tell(row, until, sum, frozen.absorbed_idr))
        });
        looked(row.proposal_id, row.id, told)
    };
    Ok(rows.iter().map(look).collect())
}

fn tell(row: &Report, until: NaiveDate, sum: i64, reported: i64) -> Told {
    let says = format!(
        "The {} report of {} says Rp{reported} absorbed; the payment orders dated by {until}, the day of its submission, \
         come to Rp{sum}.",
        row.kind, row.as_of
    );
    Told::new(row.proposal_id, says)
        .figure("absorbed_idr", json!(sum), json!(reported))
        .beneath(row.proposal_id, "reports")
        .beneath(row.proposal_id, "expenditures")
        .journal(row.proposal_id)
}
