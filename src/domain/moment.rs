//! Moments, and the three time zones of Indonesia.

use crate::domain::ids::RegionCode;
use crate::domain::input::YEARS;
use chrono::{
    DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, TimeDelta, Timelike, Utc,
};
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// An instant in UTC, cut to microseconds when made, so that both databases give back what they were given.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    ToSchema,
    AsExpression,
    FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::Timestamp)]
#[schema(value_type = String, format = DateTime, example = "2021-07-15T02:30:00.000000Z")]
pub struct Moment(pub NaiveDateTime);

impl Moment {
    /// The same instant with its zone.
    pub fn utc(self) -> DateTime<Utc> {
        self.0.and_utc()
    }

    /// The instant `delta` later; the end of time if that is beyond it.
    pub fn after(self, delta: TimeDelta) -> Moment {
        Moment(self.0.checked_add_signed(delta).unwrap_or(NaiveDateTime::MAX))
    }

    /// The time from `earlier` to this.
    pub fn since(self, earlier: Moment) -> TimeDelta {
        self.0.signed_duration_since(earlier.0)
    }

    /// The date on the wall of a zone at this instant.
    pub fn date_in(self, zone: Zone) -> NaiveDate {
        self.after(TimeDelta::hours(zone.hours())).0.date()
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        // A leap second is the last instant of the second before: databases know none.
        let at = at.naive_utc();
        let nanosecond = at.nanosecond().min(999_999_999);
        Self(at.with_nanosecond(nanosecond).unwrap_or(at).trunc_subsecs(6))
    }
}

impl Moment {
    /// The letters of `2021-07-15T02:30:00.000000Z`, of a year of four digits. By hand: this is written several times for
    /// every event of a trail.
    pub fn letters(self) -> Option<[u8; 27]> {
        let at = self.0;
        let year = u32::try_from(at.year()).ok().filter(|year| *year <= 9_999)?;
        let microsecond = at.nanosecond().checked_div(1_000).unwrap_or_default();
        let mut letters = *b"0000-00-00T00:00:00.000000Z";
        for (place, number) in [
            (0..4, year),
            (5..7, at.month()),
            (8..10, at.day()),
            (11..13, at.hour()),
            (14..16, at.minute()),
            (17..19, at.second()),
            (20..26, microsecond),
        ] {
            let mut left = number;
            for letter in letters.get_mut(place).unwrap_or_default().iter_mut().rev() {
                *letter = b'0'.saturating_add(u8::try_from(left % 10).unwrap_or_default());
                left /= 10;
            }
        }
        Some(letters)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.letters() {
            Some(letters) => f.write_str(str::from_utf8(&letters).unwrap_or_default()),
            None => write!(f, "{}", self.0.format("%Y-%m-%dT%H:%M:%S%.6fZ")),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = DateTime::<Utc>::deserialize(deserializer)?;
        if YEARS.contains(&at.year()) {
            return Ok(Moment::from(at));
        }
        let (first, last) = (YEARS.start(), YEARS.end());
        Err(serde::de::Error::custom(format!("must be from the year {first} to {last}")))
    }
}

text_enum! {
    /// A time zone. None of the three has summer time, so that fixed offsets serve.
    pub enum Zone {
        /// Western Indonesia: UTC+7.
        Wib = "WIB",
        /// Central Indonesia: UTC+8.
        Wita = "WITA",
        /// Eastern Indonesia: UTC+9.
        Wit = "WIT",
    }
}

impl Zone {
    /// Hours ahead of UTC.
    pub const fn hours(self) -> i64 {
        match self {
            Zone::Wib => 7,
            Zone::Wita => 8,
            Zone::Wit => 9,
        }
    }

    /// The zone of a region, by its province (Keputusan Presiden 41/1987).
    pub fn of(region: &RegionCode) -> Zone {
        let province = region.province();
        let lies_in = |zone: &Zone| zone.provinces().contains(&province.0.as_str());
        [Zone::Wita, Zone::Wit].into_iter().find(lies_in).unwrap_or(Zone::Wib)
    }

    /// The provinces of a zone, but for the westernmost, which has all others.
    pub const fn provinces(self) -> &'static [&'static str] {
        match self {
            Zone::Wib => &[],
            Zone::Wita => &["51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"],
            Zone::Wit => &["81", "82", "91", "92", "93", "94", "95", "96"],
        }
    }

    /// The instant when the clocks of the zone show `date` and `time`.
    pub fn at(self, date: NaiveDate, time: NaiveTime) -> Moment {
        Moment(date.and_time(time)).after(TimeDelta::hours(-self.hours()))
    }

    /// The hour that the clocks of the zone show.
    pub fn hour(self, now: Moment) -> i64 {
        i64::from(now.after(TimeDelta::hours(self.hours())).0.hour())
    }

    /// The instant when the clocks of the zone show a full hour of a day; 24 is the end of it.
    pub fn at_hour(self, date: NaiveDate, hour: i64) -> Moment {
        self.at(date, NaiveTime::MIN).after(TimeDelta::hours(hour.clamp(0, 24)))
    }

    /// The first instant of the day after `date`: a date that is due lasts until here.
    pub fn end_of(self, date: NaiveDate) -> Moment {
        self.at(date, NaiveTime::MIN).after(TimeDelta::days(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_to_the_microsecond_in_every_year() {
        for text in ["1970-01-01T00:00:00", "2021-12-31T23:59:59", "0001-02-03T04:05:06"] {
            for part in [0, 1, 250_000, 999_999] {
                let at: NaiveDateTime = text.parse().expect("a moment");
                let at = Moment(at).after(TimeDelta::microseconds(part));
                assert_eq!(at.to_string(), format!("{text}.{part:06}Z"));
            }
        }
        for at in [NaiveDateTime::MAX, NaiveDateTime::MIN] {
            let expected = at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
            assert_eq!(Moment(at).to_string(), expected);
        }
    }

    #[test]
    fn a_deadline_is_a_different_instant_in_each_zone() {
        let date = NaiveDate::from_ymd_opt(2018, 7, 21).expect("date");
        let five = NaiveTime::from_hms_opt(17, 0, 0).expect("time");
        assert_eq!(Zone::Wib.at(date, five).to_string(), "2018-07-21T10:00:00.000000Z");
        assert_eq!(Zone::Wit.at(date, five).to_string(), "2018-07-21T08:00:00.000000Z");
        assert_eq!(Zone::of(&"94.71".into()), Zone::Wit);
        assert_eq!(Zone::Wib.end_of(date).date_in(Zone::Wib).to_string(), "2018-07-22");
    }
}
