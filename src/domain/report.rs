//! Reports on progress.

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
