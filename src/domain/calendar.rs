//! Working days: Monday to Friday, but for the holidays of the year.

use crate::domain::moment::{Moment, Zone};
use chrono::{Datelike, Days, NaiveDate, Weekday};
use std::collections::BTreeSet;

/// The most working days that are counted forward at once; a bound against a number that is no term of any rule.
const MOST: u32 = 10_000;

/// Which days nobody works on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    /// A calendar with holidays beside Saturdays and Sundays.
    pub fn with(holidays: impl IntoIterator<Item = NaiveDate>) -> Self {
        Self { holidays: holidays.into_iter().collect() }
    }

    /// Whether people work on this day.
    pub fn is_working(&self, date: NaiveDate) -> bool {
        !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !self.holidays.contains(&date)
    }

    /// The day that is `days` working days after `date`; the day itself, or the next working one, for none.
    pub fn add(&self, date: NaiveDate, days: u32) -> NaiveDate {
        let mut day = date;
        let mut left = days.min(MOST);
        while left > 0 || !self.is_working(day) {
            let Some(next) = day.checked_add_days(Days::new(1)) else { return day };
            day = next;
            if self.is_working(day) {
                left = left.saturating_sub(1);
            }
        }
        day
    }

    /// The last working day from which on `days` working days are left until the end of `date`: for none, the day itself,
    /// or the last working one before it.
    pub fn back(&self, date: NaiveDate, days: u32) -> NaiveDate {
        let mut day = date;
        let mut left = days.min(MOST);
        while left > 0 || !self.is_working(day) {
            if self.is_working(day) {
                left = left.saturating_sub(1);
            }
            let Some(before) = day.checked_sub_days(Days::new(1)) else { return day };
            day = before;
        }
        day
    }

    /// How many working days there are after `from`, up to and with `to`; none when `to` is not later.
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> usize {
        from.iter_days()
            .skip(1)
            .take_while(|day| *day <= to)
            .filter(|day| self.is_working(*day))
            .count()
    }

    /// The instant at which a term of working days is over that runs from a moment, by the clocks of a zone: the end
    /// of its last day.
    pub fn ends(&self, from: Moment, days: u32, zone: Zone) -> Moment {
        zone.end_of(self.add(from.date_in(zone), days))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn weekends_and_holidays_are_passed_over() {
        let calendar = Calendar::with([day("2021-01-01")]);
        assert_eq!(calendar.add(day("2020-12-31"), 1), day("2021-01-04"));
        assert_eq!(calendar.add(day("2021-01-02"), 0), day("2021-01-04"));
        assert_eq!(calendar.add(day("2021-01-04"), 5), day("2021-01-11"));
        assert_eq!(calendar.between(day("2020-12-31"), day("2021-01-04")), 1);
        assert_eq!(calendar.between(day("2021-01-04"), day("2020-12-31")), 0);
    }

    #[test]
    fn the_last_working_day_before_a_saturday_is_its_friday() {
        // 21 July 2018 was a Saturday; Monday the 16th is a holiday here.
        let calendar = Calendar::with([day("2018-07-16")]);
        let back = |days| calendar.back(day("2018-07-21"), days).to_string();
        let found: Vec<String> = (0..5).map(back).collect();
        assert_eq!(found, ["2018-07-20", "2018-07-19", "2018-07-18", "2018-07-17", "2018-07-13"]);
    }

    #[test]
    fn a_term_runs_by_the_clocks_of_its_zone() {
        let calendar = Calendar::default();
        // 00:30 on Tuesday in Jayapura is still Monday evening in Jakarta.
        let from = Zone::Wit
            .at(day("2021-03-02"), chrono::NaiveTime::from_hms_opt(0, 30, 0).expect("time"));
        assert_eq!(calendar.ends(from, 1, Zone::Wib), Zone::Wib.end_of(day("2021-03-02")));
        assert_eq!(calendar.ends(from, 1, Zone::Wit), Zone::Wit.end_of(day("2021-03-03")));
    }

    proptest! {
        #[test]
        fn what_is_added_is_counted(start in 0..3_000_u64, days in 1..300_u32, off in prop::collection::btree_set(0..3_500_u64, 0..60)) {
            let first = day("2018-01-01");
            let at = |n: u64| first.checked_add_days(Days::new(n)).expect("a date");
            let calendar = Calendar::with(off.into_iter().map(at));
            let from = at(start);
            let to = calendar.add(from, days);
            prop_assert!(calendar.is_working(to));
            prop_assert_eq!(calendar.between(from, to), usize::try_from(days).expect("few"));
            let before = calendar.back(from, days);
            prop_assert!(calendar.is_working(before));
            prop_assert_eq!(calendar.between(before, from), usize::try_from(days).expect("few"));
        }
    }
}
