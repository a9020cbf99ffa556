//! Tranches: how money is paid, and the life of a request for it.

use crate::domain::calendar::Calendar;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use chrono::NaiveDate;

text_enum! {
    /// How a region is paid. Fixed at the first payment.
    pub enum Mode {
        /// In one sum: the region's whole ceiling of the field is small (sekaligus).
        LumpSum = "lump_sum",
        /// In one sum after handover, on the ministry's recommendation.
        LumpSumOnRecommendation = "lump_sum_on_recommendation",
        /// In tranches (bertahap).
        Staged = "staged",
    }
}

text_enum! {
    /// Where a request for a tranche stands.
    pub enum TrancheState {
        /// Sent by the regional head.
        Requested = "requested",
        /// Reviewed by the inspector.
        Reviewed = "reviewed",
        /// Verified by one treasurer.
        Verified = "verified",
        /// Paid by another.
        Paid = "paid",
        /// Refused.
        Refused = "refused",
    }
}

/// The mode that follows from the region's whole ceiling, unless a payment has fixed it.
pub fn mode(
    fixed: Option<Mode>,
    recommended: bool,
    region_ceiling: Rupiah,
    limit: Option<Rupiah>,
) -> Mode {
    match fixed {
        _ if recommended => Mode::LumpSumOnRecommendation,
        Some(mode) => mode,
        None if limit.is_some_and(|limit| region_ceiling <= limit) => Mode::LumpSum,
        None => Mode::Staged,
    }
}

/// The last day on which a request is paid: so many working days after the inspector's review made it complete, by the
/// clocks of its region.
pub fn pays_until(calendar: &Calendar, days: u32, reviewed_at: Moment, zone: Zone) -> NaiveDate {
    calendar.add(reviewed_at.date_in(zone), days)
}

/// What is being paid to one proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payment {
    /// Number of the tranche, from 1.
    pub n: i64,
    /// How much.
    pub amount: Rupiah,
}
