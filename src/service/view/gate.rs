//! What answers about the gate of a tranche look like.

use crate::domain::gate::{self, Facts, Rule};
use crate::domain::ids::{AllocationId, ProposalId};
use crate::domain::moment::Moment;
use crate::domain::tranche::Mode;
use crate::storage::allocation::Allocation;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// The gate of a tranche: what has to hold before it is paid, and how it stands with each.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "allocation_id": "019376a0-0000-7000-8000-000000000001", "n": 2, "mode": "staged", "on": "2021-10-04",
    "at": "2021-10-04T02:00:00.000000Z", "assumed": false, "open": false, "cap_idr": 2_385_000_000_i64,
    "requested_idr": 0, "paid_idr": 0, "room_idr": 2_385_000_000_i64,
    "checks": [{
        "rule": "absorption_reached", "legal_basis": "PMK 130/2019 (id.scribd.com 453753824): 75 % and 90 %.",
        "confirmed": true, "required": "75.00 % of the Rp1,325,000,000 received: Rp993,750,000 spent",
        "actual": "Rp840,000,000 spent (63.39 %)", "met": false, "due": null,
        "how": "Rp153,750,000 more has to be spent, and its payment orders (SP2D) recorded.",
        "required_idr": 993_750_000, "actual_idr": 840_000_000, "missing_idr": 153_750_000,
        "required_bp": 7500, "actual_bp": 6339, "proposal_ids": [],
    }],
}))]
pub struct Gate {
    /// Of which allocation.
    pub allocation_id: AllocationId,
    /// Which tranche, from 1.
    pub n: i64,
    /// How it is paid.
    pub mode: Mode,
    /// The day that is looked at, by the clocks of the region: money counts that took effect on it or before, reports and
    /// documents that had come.
    pub on: NaiveDate,
    /// The moment that is looked at; absent for a whole day.
    pub at: Option<Moment>,
    /// Whether something was supposed.
    pub assumed: bool,
    /// Whether every check holds.
    pub open: bool,
    /// At most so much is paid by the tranche to proposals that have not ended.
    pub cap_idr: i64,
    /// Asked for and waiting.
    pub requested_idr: i64,
    /// Paid.
    pub paid_idr: i64,
    /// What can still be asked for.
    pub room_idr: i64,
    /// Each check, met or not, in the order in which people meet them.
    pub checks: Vec<GateCheck>,
}

/// One check of a gate.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct GateCheck {
    /// Stable, for programs; the code of the blocker when it stands in the way.
    pub rule: Rule,
    /// Document and article that it rests on.
    pub legal_basis: String,
    /// Whether its value was read there, and is no assumption.
    pub confirmed: bool,
    /// What is required, in words.
    pub required: String,
    /// What is there, in words.
    pub actual: String,
    /// Whether it holds.
    pub met: bool,
    /// Until when it can be met, where that is limited: just before this moment.
    pub due: Option<Moment>,
    /// What would meet it; absent where it is met.
    pub how: Option<String>,
    /// Required, where it is money: spent at the least, or asked for at the most.
    pub required_idr: Option<i64>,
    /// There, where it is money.
    pub actual_idr: Option<i64>,
    /// What lacks, or is too much, where it is money and not met.
    pub missing_idr: Option<i64>,
    /// Required at the least, where it is a share.
    pub required_bp: Option<i64>,
    /// There, where it is a share; floored.
    pub actual_bp: Option<i64>,
    /// The proposals that lack something.
    pub proposal_ids: Vec<ProposalId>,
}

impl Gate {
    /// A gate that was weighed.
    pub fn of(row: &Allocation, facts: &Facts<'_>, gate: gate::Gate, assumed: bool) -> Gate {
        Gate {
            allocation_id: row.id,
            n: facts.n,
            mode: facts.mode,
            on: facts.when.day,
            at: (facts.when.first == facts.when.last).then_some(facts.when.first),
            assumed,
            open: gate.is_open(),
            cap_idr: gate.cap.0,
            requested_idr: gate.requested.0,
            paid_idr: gate.paid.0,
            room_idr: gate.room.0,
            checks: gate.checks.into_iter().map(GateCheck::from).collect(),
        }
    }
}

impl From<gate::Check> for GateCheck {
    fn from(check: gate::Check) -> Self {
        GateCheck {
            missing_idr: check.missing().map(|amount| amount.0),
            rule: check.rule,
            legal_basis: check.legal_basis,
            confirmed: check.confirmed,
            required: check.required,
            actual: check.actual,
            met: check.met,
            due: check.due,
            how: check.how,
            required_idr: check.amounts.map(|(required, _)| required.0),
            actual_idr: check.amounts.map(|(_, actual)| actual.0),
            required_bp: check.shares.map(|(required, _)| required.0),
            actual_bp: check.shares.map(|(_, actual)| actual.0),
            proposal_ids: check.proposals,
        }
    }
}
