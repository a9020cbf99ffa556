//! What answers about requests for tranches look like.

use crate::domain::calendar::Calendar;
use crate::domain::ids::{AllocationId, HoldId, ProposalId, RegionCode, TrancheRequestId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::Policy;
use crate::domain::proposal::State;
use crate::domain::tranche::{TrancheState, pays_until};
use crate::storage::tranche;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A request for a tranche.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrancheRequest {
    /// Its id.
    pub id: TrancheRequestId,
    /// Of which allocation.
    pub allocation_id: AllocationId,
    /// Which tranche, from 1.
    pub n: i64,
    /// Where it stands.
    pub state: TrancheState,
    /// The amount for each proposal.
    pub items: Vec<TrancheItem>,
    /// Sum of the items that are not left out: what is paid.
    pub total_idr: i64,
    /// When it was received.
    pub requested_at: Moment,
    /// When the inspector reviewed it.
    pub reviewed_at: Option<Moment>,
    /// Until when it is paid: the policy's working days after the inspector's review made it complete. Absent before, and
    /// once it is refused.
    #[schema(example = "2021-07-15")]
    pub due_on: Option<NaiveDate>,
    /// When a treasurer verified it.
    pub verified_at: Option<Moment>,
    /// When it was paid or refused.
    pub decided_at: Option<Moment>,
    /// Number of the payment.
    pub payment_number: Option<String>,
    /// Its date.
    pub paid_on: Option<NaiveDate>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// For `If-Match`.
    pub version: i64,
}

/// The amount for one proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrancheItem {
    /// For which proposal.
    pub proposal_id: ProposalId,
    /// How much.
    pub amount_idr: i64,
    /// Why it is not paid, where the proposal can't be paid any more or was under an audit hold.
    pub left_out: Option<LeftOut>,
}

/// Within how many working days a complete request is paid, and by whose clocks and holidays.
#[derive(Debug, Clone)]
pub struct Term {
    calendar: Calendar,
    days: u32,
    zone: Zone,
}

impl Term {
    /// That of a policy in a region.
    pub fn of(policy: &Policy, region: &RegionCode) -> Term {
        let days = u32::try_from(policy.payment_working_days).unwrap_or_default();
        Term { calendar: policy.calendar(), days, zone: Zone::of(region) }
    }

    fn due_on(&self, row: &tranche::TrancheRequest) -> Option<NaiveDate> {
        let complete = row.reviewed_at.filter(|_| row.state != TrancheState::Refused)?;
        Some(pays_until(&self.calendar, self.days, complete, self.zone))
    }
}

/// Why a request does not pay one of its proposals any more.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LeftOut {
    /// Where the proposal went, or stood.
    #[schema(example = "cancelled")]
    pub state: State,
    /// Why, in the words of whoever moved it.
    pub reason: Option<String>,
    /// When.
    pub at: Moment,
    /// The audit hold for which it was not paid.
    pub hold_id: Option<HoldId>,
}

impl TrancheRequest {
    /// A request with those of the items that are its own.
    pub fn of(row: tranche::TrancheRequest, contents: &tranche::Contents, term: &Term) -> Self {
        let own = contents.items.iter().filter(|item| item.request_id == row.id);
        let items = own.map(|item| TrancheItem {
            proposal_id: item.proposal_id,
            amount_idr: item.amount_idr.0,
            left_out: contents.omission(item).map(|one| LeftOut {
                state: one.state,
                reason: one.reason.clone(),
                at: one.left_out_at,
                hold_id: one.hold_id,
            }),
        });
        TrancheRequest {
            items: items.collect(),
            due_on: term.due_on(&row),
            id: row.id,
            allocation_id: row.allocation_id,
            n: row.n,
            state: row.state,
            total_idr: row.total_idr.0,
            requested_at: row.requested_at,
            reviewed_at: row.reviewed_at,
            verified_at: row.verified_at,
            decided_at: row.decided_at,
            payment_number: row.payment_number,
            paid_on: row.paid_on,
            reason: row.reason,
            version: row.version,
        }
    }
}
