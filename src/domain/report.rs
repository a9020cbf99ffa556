//! Reports on progress.

use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::policy::Policy;
use chrono::NaiveDate;

text_enum! {
    /// What a report is for.
    pub enum ReportKind {
        /// At the end of a quarter.
        Quarterly = "quarterly",
        /// In between, with a request.
        Progress = "progress",
        /// At the end.
        Final = "final",
    }
}

text_enum! {
    /// Where a report stands.
    pub enum ReportState {
        /// Being written.
        Draft = "draft",
        /// With the inspector; its figures are frozen.
        Submitted = "submitted",
        /// Reviewed.
        Reviewed = "reviewed",
        /// Sent back.
        Returned = "returned",
    }
}

impl ReportState {
    /// Reports that stand: the region has said it, and the inspector has not sent it back. What gates and sums of fund
    /// usage go by.
    pub const STANDING: [ReportState; 2] = [ReportState::Submitted, ReportState::Reviewed];
}

/// Physical progress over several proposals: the mean of what was last reported of each, weighted by what its contracts
/// bind. The one definition of gates and of fund usage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    weighted: i128,
    weights: i128,
}

impl Progress {
    /// Counts one more proposal: what its contracts bind, and its progress.
    pub fn add(&mut self, contracted: Rupiah, progress: BasisPoints) {
        let weight = i128::from(contracted.0.max(0));
        self.weights = self.weights.saturating_add(weight);
        let weighted = weight.saturating_mul(i128::from(progress.0));
        self.weighted = self.weighted.saturating_add(weighted);
    }

    /// The mean, floored; nothing where no contract binds anything.
    pub fn mean(&self) -> Option<BasisPoints> {
        let mean = self.weighted.checked_div(self.weights)?;
        Some(BasisPoints(i64::try_from(mean).unwrap_or(BasisPoints::WHOLE.0)))
    }
}

/// The ends of the quarters of the policy's year, each with the last day on which its report is due.
pub fn quarters(policy: &Policy) -> Vec<(NaiveDate, NaiveDate)> {
    let calendar = policy.calendar();
    let year = i32::try_from(policy.fiscal_year).unwrap_or_default();
    let days = u32::try_from(policy.reporting.quarterly_working_days).unwrap_or_default();
    [(3, 31), (6, 30), (9, 30), (12, 31)]
        .into_iter()
        .filter_map(|(month, day)| NaiveDate::from_ymd_opt(year, month, day))
        .map(|end| (end, calendar.add(end, days)))
        .collect()
}

/// The last day on which the final report of the policy's year is due.
pub fn final_due(policy: &Policy) -> Option<NaiveDate> {
    let end = NaiveDate::from_ymd_opt(i32::try_from(policy.fiscal_year).ok()?, 12, 31)?;
    let days = u32::try_from(policy.reporting.final_working_days).unwrap_or_default();
    Some(policy.calendar().add(end, days))
}

/// The first quarter whose report is overdue on a day: it ended when contracts had been bound, its term has passed, and
/// it was not reported.
pub fn overdue(
    policy: &Policy,
    contracted_on: Option<NaiveDate>,
    reported: &[NaiveDate],
    day: NaiveDate,
) -> Option<NaiveDate> {
    let since = contracted_on?;
    quarters(policy)
        .into_iter()
        .find(|(end, due)| since <= *end && *due < day && !reported.contains(end))
        .map(|(end, _)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn progress_is_weighed_by_contracts_and_floored() {
        let mut progress = Progress::default();
        progress.add(Rupiah(0), BasisPoints(9_000));
        assert_eq!(progress.mean(), None);
        progress.add(Rupiah(300), BasisPoints(10_000));
        progress.add(Rupiah(400), BasisPoints(2_500));
        assert_eq!(progress.mean(), Some(BasisPoints(5_714)));
    }

    #[test]
    fn a_quarter_is_overdue_once_its_working_days_are_over_and_until_it_is_reported() {
        let policy = Policy::parse(include_str!("../../policies/2021.toml")).expect("policy");
        // Five working days after Wednesday, 30 June: Wednesday, 7 July.
        assert_eq!(quarters(&policy)[1], (day("2021-06-30"), day("2021-07-07")));
        let since = Some(day("2021-06-21"));
        assert_eq!(overdue(&policy, since, &[], day("2021-07-07")), None);
        assert_eq!(overdue(&policy, since, &[], day("2021-07-08")), Some(day("2021-06-30")));
        assert_eq!(overdue(&policy, since, &[day("2021-06-30")], day("2021-07-08")), None);
        assert_eq!(overdue(&policy, None, &[], day("2021-12-31")), None);
    }
}
