//! A fiscal year's policy: windows, gates, caps and limits as typed data, with the source of each value.

use crate::domain::input::Checks;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::refusal::FieldError;
use chrono::{NaiveDate, NaiveTime, Timelike};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A moment as a rule states it: a date, a time of day and the zone whose clocks count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// The day.
    pub date: NaiveDate,
    /// The time of day, to the minute.
    #[serde(with = "hour_minute")]
    #[schema(value_type = String, example = "17:00")]
    pub time: NaiveTime,
    /// Whose clocks.
    pub zone: Zone,
}

impl Deadline {
    /// The instant.
    pub fn moment(self) -> Moment {
        self.zone.at(self.date, self.time)
    }
}

impl std::fmt::Display for Deadline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.date, self.time.format("%H:%M"), self.zone)
    }
}

/// A span of time; it is open from `opens` until just before `closes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// From here on.
    pub opens: Deadline,
    /// Until just before here.
    pub closes: Deadline,
}

impl Window {
    /// Whether the moment lies within.
    pub fn is_open(&self, now: Moment) -> bool {
        self.opens.moment() <= now && now < self.closes.moment()
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The value's path in the policy.
    pub value: String,
    /// Document and article, or what was read.
    pub source: String,
    /// Whether the value was read in that source, and is no assumption.
    pub confirmed: bool,
}

/// The rules of one fiscal year. Law changes every year, so that each number stands here and none in code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The year in which the money is spent.
    pub fiscal_year: i64,
    /// The regulations that the whole rests on.
    pub legal_basis: String,
    /// When proposals are taken.
    pub submission_window: Window,
    /// Until when a returned proposal is taken again.
    pub correction_window: Window,
    /// After this moment no money flows for what has no accepted contracts and no complete first request.
    pub contract_gate: Deadline,
    /// The same for a lump sum on recommendation, which is paid on handover.
    pub recommendation_gate: Deadline,
    /// The largest share of supporting activities (kegiatan penunjang).
    pub supporting_cap_bp: BasisPoints,
    /// How far an activity plan may exceed its ceiling, for rounding.
    pub plan_tolerance_idr: Rupiah,
    /// A region whose whole ceiling of the field is at most this is paid in one sum.
    pub lump_sum_limit_idr: Rupiah,
    /// How far the place visited may lie from the place proposed, in metres.
    pub site_tolerance_m: i64,
    /// Months from handing over until a new centre's use is checked.
    pub operation_check_months: i64,
    /// Where each value comes from.
    pub sources: Vec<Source>,
}

/// The values that `sources` has to account for.
const VALUES: [&str; 9] = [
    "submission_window",
    "correction_window",
    "contract_gate",
    "recommendation_gate",
    "supporting_cap_bp",
    "plan_tolerance_idr",
    "lump_sum_limit_idr",
    "site_tolerance_m",
    "operation_check_months",
];

impl Policy {
    /// Reads a policy file; an error names the place.
    pub fn parse(toml: &str) -> Result<Policy, Vec<FieldError>> {
        let policy: Policy = toml::from_str(toml)
            .map_err(|error| vec![FieldError::new("", "malformed", error.to_string())])?;
        policy.check()?;
        Ok(policy)
    }

    /// Whether the values make sense together.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.between("/fiscal_year", self.fiscal_year, 2000, 2100);
        for (pointer, window) in [
            ("/submission_window", &self.submission_window),
            ("/correction_window", &self.correction_window),
        ] {
            checks.require(
                window.opens.moment() < window.closes.moment(),
                pointer,
                "order",
                "must open before it closes",
            );
        }
        for (pointer, gate) in [
            ("/contract_gate", &self.contract_gate),
            ("/recommendation_gate", &self.recommendation_gate),
        ] {
            let year = i64::from(chrono::Datelike::year(&gate.date));
            checks.require(
                year == self.fiscal_year,
                pointer,
                "year",
                "must lie in the fiscal year",
            );
        }
        checks.between("/site_tolerance_m", self.site_tolerance_m, 1, 100_000);
        checks.between("/operation_check_months", self.operation_check_months, 0, 60);
        for value in VALUES {
            let pointer = format!("/sources ({value})");
            let known = self.sources.iter().any(|source| source.value == value);
            checks.require(known, &pointer, "missing", "each value needs an entry in sources");
        }
        checks.done()
    }
}

mod hour_minute {
    use super::{NaiveTime, Timelike};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = NaiveTime::parse_from_str(&text, "%H:%M")
            .map_err(|_| serde::de::Error::custom("must be a time of day such as 17:00"))?;
        debug_assert_eq!(time.second(), 0);
        Ok(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../policies/2021.toml");

    #[test]
    fn a_window_is_open_at_its_first_instant_and_shut_at_its_last() {
        let policy = Policy::parse(SHIPPED).expect("policy");
        let window = policy.submission_window;
        assert!(window.is_open(window.opens.moment()));
        assert!(!window.is_open(window.closes.moment()));
    }

    #[test]
    fn an_error_names_the_place() {
        let shut = SHIPPED.replace("supporting_cap_bp = 500", "supporting_cap_bp = 10001");
        let errors = Policy::parse(&shut).expect_err("cap above the whole");
        assert!(
            errors.iter().any(|error| error.message.contains("supporting_cap_bp")),
            "{errors:?}"
        );
        let backwards = SHIPPED.replace("fiscal_year = 2021", "fiscal_year = 2022");
        let errors = Policy::parse(&backwards).expect_err("gate in another year");
        assert!(errors.iter().any(|error| error.pointer == "/contract_gate"), "{errors:?}");
        let unsourced = SHIPPED.replace("value = \"contract_gate\"", "value = \"other\"");
        assert!(Policy::parse(&unsourced).is_err());
    }
}
