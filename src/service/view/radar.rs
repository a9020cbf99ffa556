//! What the radar of deadlines answers.

use crate::domain::deadline::DeadlineKind;
use crate::domain::ids::{AllocationId, DecreeId, ProposalId, RegionCode};
use crate::domain::moment::{Moment, Zone};
use crate::domain::proposal::State;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// Deadlines, the nearest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Radar {
    /// The items of this page.
    pub items: Vec<DeadlineItem>,
    /// Send it as `cursor` to get the next page; absent on the last.
    pub next_cursor: Option<String>,
    /// How many there are on all pages.
    #[schema(example = 42)]
    pub count: i64,
    /// Of them those that have passed, and can still be met.
    #[schema(example = 3)]
    pub overdue: i64,
    /// What is at risk in all: each proposal once, whatever the number of its deadlines, and what is at issue in findings.
    #[schema(example = 6_075_000_000_i64)]
    pub at_risk_idr: i64,
    /// When it was looked at.
    pub at: Moment,
}

/// A deadline.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "kind": "contract_gate", "n": null, "rule": "/contract_gate", "legal_basis": "Perpres 123/2020; PMK 130/2019",
    "at": "2021-07-21T10:00:00.000000Z", "zone": "WIB", "days_left": 6, "working_days_left": 4, "overdue": false,
    "moved_by": null, "proposal_id": "019376a0-0000-7000-8000-000000000001", "allocation_id": null,
    "title": "Sentra IKM Tenun Tapis", "state": "planned", "fiscal_year": 2021, "region_code": "18.71",
    "region_name": "Kota Bandar Lampung", "at_risk_idr": 5_300_000_000_i64,
    "reminded_at": "2021-07-14T01:00:00.000000Z", "next_reminder_at": "2021-07-16T01:00:00.000000Z"
}))]
pub struct DeadlineItem {
    /// What is due.
    pub kind: DeadlineKind,
    /// The number of the tranche, of the quarter or of the finding.
    pub n: Option<i64>,
    /// Where the year's policy states it, as a JSON pointer; absent for a due date that somebody named.
    pub rule: Option<String>,
    /// What the year's policy rests on.
    pub legal_basis: String,
    /// When it passes: the first instant that is too late.
    pub at: Moment,
    /// Whose clocks count.
    pub zone: Zone,
    /// Days from today by those clocks; below zero when it has passed.
    pub days_left: i64,
    /// Of them working days.
    pub working_days_left: i64,
    /// Whether it has passed. What can't be met any more is not listed.
    pub overdue: bool,
    /// The decree that moved it last.
    pub moved_by: Option<MovedBy>,
    /// The proposal that it is about.
    pub proposal_id: Option<ProposalId>,
    /// The allocation that it is about: a tranche is its region's.
    pub allocation_id: Option<AllocationId>,
    /// The proposal's title.
    pub title: Option<String>,
    /// Where the proposal stands.
    pub state: Option<State>,
    /// The year.
    pub fiscal_year: i64,
    /// The region.
    pub region_code: RegionCode,
    /// Its name.
    pub region_name: String,
    /// What may be lost: what is asked for before money is set aside, authority without cash after it; of a finding, what
    /// is at issue.
    pub at_risk_idr: i64,
    /// When somebody was reminded of it last; `GET /proposals/{id}/reminders` says who.
    pub reminded_at: Option<Moment>,
    /// When somebody is reminded of it next, if nothing changes.
    pub next_reminder_at: Option<Moment>,
}

/// A decree that moved a deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MovedBy {
    /// Its id.
    pub id: DecreeId,
    /// Its number.
    #[schema(example = "KMK 15/2024")]
    pub number: String,
    /// Its date.
    pub dated_on: NaiveDate,
}
