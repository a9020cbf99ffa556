//! Question 7: what is left over in the region's account, from which year, and what was it spent on?

use crate::domain::ids::ProposalId;
use crate::domain::journal::Figures;
use crate::domain::moment::Zone;
use crate::domain::proposal::State;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::Desk;
use crate::service::question::told::{Told, looked};
use crate::storage::carry::Carry;
use crate::storage::journal::Balance;
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds};
use crate::storage::{AnyConnection, carry, radar};
use chrono::Datelike;
use serde_json::json;
use std::collections::HashMap;

/// Where money is set aside or paid still: what is in hand is left over once the year is.
const GOING_ON: [State; 4] = [State::Allocated, State::Planned, State::Contracted, State::Funded];

/// Where works have ended, or the whole proposal has, and what is in hand is left over.
fn ended() -> Vec<State> {
    let is_over =
        |state: &State| state.is_end() || matches!(state, State::Reporting | State::Operating);
    State::ALL.iter().copied().filter(is_over).collect()
}

/// Proposals with leftover: in hand, returned, or carried from year to year.
pub fn proposals(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    // Years end in eastern Indonesia first; what is left over is told everywhere once they have in the west.
    let this_year = i64::from(desk.now.date_in(Zone::Wib).year());
    let rows = question::with_leftover(tx, bounds, &ended(), (&GOING_ON, this_year))?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let balances = radar::balances(tx, &ids)?;
    let figures: HashMap<ProposalId, Figures> =
        balances.into_iter().map(|row: Balance| (row.proposal_id, row.into())).collect();
    let carries = carry::standing(tx, &ids)?;
    let look = |row: &Proposal| {
        let figures = figures.get(&row.id).copied().unwrap_or_default();
        looked(row.id, "", Some(tell(row, &figures, &carries)))
    };
    Ok(rows.iter().map(look).collect())
}

fn tell(row: &Proposal, figures: &Figures, carries: &[Carry]) -> Told {
    let (in_hand, year) = (figures.in_hand(), row.fiscal_year);
    let mut words = vec![match (figures.disbursed_idr.0, figures.carried_in_idr.0) {
        (_, 0) => format!("{in_hand} is in hand of what was paid for {year}"),
        (0, _) => format!("{in_hand} is in hand of what was carried over to it"),
        _ => format!("{in_hand} is in hand of what was paid for {year} and carried over to it"),
    }];
    if matches!(row.state, State::Forfeited | State::Cancelled) || GOING_ON.contains(&row.state) {
        words.push(format!("it is {}", row.state));
    }
    if figures.returned_idr.0 != 0 {
        words.push(format!("{} went back to the treasury", figures.returned_idr));
    }
    let mut told = Told::new(row.id, "")
        .figure("in_hand_idr", json!(0), json!(figures.in_hand()))
        .figure("returned_idr", json!(null), json!(figures.returned_idr))
        .figure("carried_in_idr", json!(null), json!(figures.carried_in_idr))
        .figure("carried_out_idr", json!(null), json!(figures.carried_out_idr));
    for one in carries {
        if one.from_proposal_id == row.id {
            let (amount, on, reason) = (one.amount_idr, one.carried_on, &one.reason);
            words.push(format!("{amount} went on {on} to another proposal: {reason}"));
            told = told.at(format!("/api/v1/proposals/{}", one.to_proposal_id));
        } else if one.to_proposal_id == row.id {
            words.push(format!("{} came from {}: {}", one.amount_idr, one.origin_year, one.reason));
            told = told.at(format!("/api/v1/proposals/{}", one.from_proposal_id));
        }
    }
    told.says = format!("{}.", words.join("; "));
    told.beneath(row.id, "returns").beneath(row.id, "expenditures").journal(row.id)
}
