//! Days and moments as people read them: in the language of the recipient, on the clocks of the region.

use crate::domain::moment::{Moment, Zone};
use crate::domain::notice::detail::DueAt;
use crate::domain::people::Language;
use crate::mail::words::{Words, words};
use chrono::{Datelike, NaiveDate, TimeDelta, Timelike};

const MONTHS: [Words; 12] = [
    words("Januari", "January"),
    words("Februari", "February"),
    words("Maret", "March"),
    words("April", "April"),
    words("Mei", "May"),
    words("Juni", "June"),
    words("Juli", "July"),
    words("Agustus", "August"),
    words("September", "September"),
    words("Oktober", "October"),
    words("November", "November"),
    words("Desember", "December"),
];

/// `15 Juli 2021`
pub(super) fn day(day: NaiveDate, language: Language) -> String {
    let index = usize::try_from(day.month0()).unwrap_or(0);
    let month = MONTHS.get(index).map(|month| month.in_language(language)).unwrap_or_default();
    format!("{} {month} {}", day.day(), day.year())
}

/// On the wall of a zone: `15 Juli 2021 09.30 WIB`.
pub(super) fn moment(at: Moment, zone: Zone, language: Language) -> String {
    let wall = at.after(TimeDelta::hours(zone.hours())).0;
    let separator = match language {
        Language::Id => '.',
        Language::En => ':',
    };
    let day = day(wall.date(), language);
    format!("{day} {:02}{separator}{:02} {zone}", wall.hour(), wall.minute())
}

/// The first instant that is too late, as a date that people keep: the beginning of a day is the end of the one before,
/// `akhir hari 3 Agustus 2020 WIT`.
pub(super) fn limit(at: Moment, zone: Zone, language: Language) -> String {
    let wall = at.after(TimeDelta::hours(zone.hours())).0;
    let is_midnight = wall.num_seconds_from_midnight() == 0;
    match wall.date().pred_opt().filter(|_| is_midnight) {
        Some(last) => {
            let day = day(last, language);
            match language {
                Language::Id => format!("akhir hari {day} {zone}"),
                Language::En => format!("the end of {day} {zone}"),
            }
        }
        None => moment(at, zone, language),
    }
}

/// Until when, on the clocks of the region and on those that count where they are others, and how many working days were
/// left when it was told.
pub(super) fn due(due: &DueAt, told_at: Moment, region: Zone, language: Language) -> String {
    let mut until = limit(due.at, region, language);
    if due.zone != region {
        until = format!("{until} ({})", limit(due.at, due.zone, language));
    }
    let left = left(due, told_at, language);
    match language {
        Language::Id => format!("sampai {until}, {left}"),
        Language::En => format!("until {until}, {left}"),
    }
}

fn left(due: &DueAt, told_at: Moment, language: Language) -> String {
    let today = day(told_at.date_in(due.zone), language);
    let days = due.working_days_left;
    if told_at >= due.at {
        return match language {
            Language::Id => format!("sudah lewat pada {today}"),
            Language::En => format!("already past on {today}"),
        };
    }
    match (language, days) {
        (Language::Id, ..=0) => format!("tidak ada hari kerja lagi setelah {today}"),
        (Language::En, ..=0) => format!("no working day left after {today}"),
        (Language::Id, _) => format!("sisa {days} hari kerja per {today}"),
        (Language::En, 1) => format!("1 working day left as of {today}"),
        (Language::En, _) => format!("{days} working days left as of {today}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str) -> Moment {
        serde_json::from_value(serde_json::json!(day)).expect("a moment")
    }

    #[test]
    fn a_day_lasts_until_its_end_and_is_never_the_next_one_or_twenty_four_o_clock() {
        let end = DueAt { at: at("2020-08-03T15:00:00Z"), zone: Zone::Wit, working_days_left: 9 };
        let told = at("2020-07-21T02:30:00Z");
        assert_eq!(
            due(&end, told, Zone::Wit, Language::Id),
            "sampai akhir hari 3 Agustus 2020 WIT, sisa 9 hari kerja per 21 Juli 2020"
        );
        assert_eq!(
            due(&end, told, Zone::Wit, Language::En),
            "until the end of 3 August 2020 WIT, 9 working days left as of 21 July 2020"
        );
    }

    #[test]
    fn what_counts_elsewhere_is_told_by_both_clocks() {
        let gate = DueAt { at: at("2018-07-21T10:00:00Z"), zone: Zone::Wib, working_days_left: 1 };
        assert_eq!(
            due(&gate, at("2018-07-19T02:00:00Z"), Zone::Wit, Language::En),
            "until 21 July 2018 19:00 WIT (21 July 2018 17:00 WIB), 1 working day left as of 19 July 2018"
        );
        let none = DueAt { working_days_left: 0, ..gate };
        assert_eq!(
            due(&none, at("2018-07-20T09:00:00Z"), Zone::Wib, Language::Id),
            "sampai 21 Juli 2018 17.00 WIB, tidak ada hari kerja lagi setelah 20 Juli 2018"
        );
        assert_eq!(
            due(&none, at("2018-07-23T09:00:00Z"), Zone::Wib, Language::Id),
            "sampai 21 Juli 2018 17.00 WIB, sudah lewat pada 23 Juli 2018"
        );
    }
}
