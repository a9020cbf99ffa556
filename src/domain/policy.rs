//! A fiscal year's policy: windows, gates, menus, documents, modes and tranches as typed data, with the source of each
//! value. Law changes every year; what varies in number is a list here, so that none of it needs a change of code.

pub mod amendment;
mod check;
pub mod compare;
pub mod overlay;
mod reminders;
pub mod rules;

use crate::domain::calendar::Calendar;
use crate::domain::line::Component;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::proposal::Menu;
use crate::domain::refusal::FieldError;
use chrono::{NaiveDate, NaiveTime, Timelike};
pub use overlay::Change;
pub use reminders::{ReminderRule, ReminderSide, ReminderStep};
pub use rules::{
    DocumentRule, FindingRule, Holiday, LineFlag, MenuRule, ModeRule, PlanRule, RegionalRule,
    Reporting, Theme, TrancheRule, UnitCost,
};
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

/// The rules of one fiscal year, as one immutable document. Each number stands here and none in code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The year in which the money is spent.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// The regulations that the whole rests on.
    pub legal_basis: String,
    /// When proposals are taken; in order, without overlap.
    pub submission_windows: Vec<Window>,
    /// When a returned proposal is taken again; in order, without overlap.
    pub correction_windows: Vec<Window>,
    /// After this moment no money flows for what has no accepted contracts and no complete first request.
    pub contract_gate: Deadline,
    /// The largest share of supporting activities (kegiatan penunjang).
    #[serde(deserialize_with = "rules::any_share")]
    pub supporting_cap_bp: BasisPoints,
    /// How far the place visited may lie from the place proposed, in metres.
    pub site_tolerance_m: i64,
    /// Months from handing over until a new centre's use is checked.
    pub operation_check_months: i64,
    /// What is offered, to whom, for what; one entry of each menu.
    pub menus: Vec<MenuRule>,
    /// The documents that a proposal needs, and from which step on.
    pub documents: Vec<DocumentRule>,
    /// What a unit of something usually costs.
    pub unit_costs: Vec<UnitCost>,
    /// A unit cost that is this many times the reference, or its part, was probably given in another unit of money.
    pub wrong_unit_factor: i64,
    /// Words of a line's description that tell of training or institution building, which the non-physical DAK pays for.
    #[serde(default)]
    pub non_physical_words: Vec<String>,
    /// The colours of provincial verification. Their meaning is not confirmed, so that their words are data.
    pub line_flags: Vec<LineFlag>,
    /// The most points that an assessment can give.
    pub assessment_max_score: i64,
    /// Activity plans (RK).
    pub plan: PlanRule,
    /// How a region can be paid; the first that fits.
    pub modes: Vec<ModeRule>,
    /// The parts of a staged payment, in order; any number.
    pub tranches: Vec<TrancheRule>,
    /// Working days within which a request is paid once it is complete.
    #[serde(default = "five_days")]
    pub payment_working_days: i64,
    /// When reports are due.
    pub reporting: Reporting,
    /// Findings of auditors; where a policy from before there were findings has none, their auditors name each date.
    #[serde(default)]
    pub findings: Option<FindingRule>,
    /// When who is reminded of which deadline; nobody of any where a policy from before there were reminders has none.
    #[serde(default)]
    pub reminders: Vec<ReminderRule>,
    /// Days on which nobody works, beside Saturdays and Sundays.
    #[serde(default)]
    pub holidays: Vec<Holiday>,
    /// What is otherwise in certain regions from the beginning.
    #[serde(default)]
    pub regional: Vec<RegionalRule>,
    /// Where each value comes from.
    pub sources: Vec<Source>,
}

impl Policy {
    /// Reads a policy file: either one error of its form, or every error of its meaning, each with its place.
    pub fn parse(toml: &str) -> Result<Policy, Vec<FieldError>> {
        let reader = toml::Deserializer::parse(toml)
            .map_err(|error| vec![FieldError::new("", "malformed", error.to_string())])?;
        let policy: Policy = serde_path_to_error::deserialize(reader).map_err(|error| {
            let place = overlay::pointer(error.path());
            vec![FieldError::new(place, "malformed", error.into_inner().message().to_owned())]
        })?;
        policy.check()?;
        Ok(policy)
    }

    /// The working days of the year.
    pub fn calendar(&self) -> Calendar {
        Calendar::with(self.holidays.iter().map(|holiday| holiday.date))
    }

    /// The rules of a menu; absent when it is not offered this year.
    pub fn menu(&self, menu: Menu) -> Option<&MenuRule> {
        self.menus.iter().find(|rule| rule.menu == menu)
    }

    /// Every kind of document that the year knows, sorted.
    pub fn document_types(&self) -> Vec<&str> {
        let mut types: Vec<&str> =
            self.documents.iter().map(|rule| rule.document_type.as_str()).collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// Up to which ceiling a region is paid in one sum; absent when no region is.
    pub fn lump_sum_limit(&self) -> Option<Rupiah> {
        self.modes.iter().find_map(|mode| match mode {
            ModeRule::LumpSum { limit_idr, .. } => Some(*limit_idr),
            ModeRule::LumpSumOnRecommendation { .. } | ModeRule::Staged {} => None,
        })
    }

    /// Until when the ministry recommends that a proposal be paid in one sum; absent where the year has no such mode.
    pub fn recommended_until(&self) -> Option<Deadline> {
        self.modes.iter().find_map(|mode| match mode {
            ModeRule::LumpSumOnRecommendation { recorded_before, .. } => Some(*recorded_before),
            ModeRule::LumpSum { .. } | ModeRule::Staged {} => None,
        })
    }

    /// Where that moment stands in the policy.
    pub fn recommendation_gate_path(&self) -> String {
        let is_recommended =
            |mode: &ModeRule| matches!(mode, ModeRule::LumpSumOnRecommendation { .. });
        match self.modes.iter().position(is_recommended) {
            Some(index) => format!("/modes/{index}/closes"),
            None => "/contract_gate".to_owned(),
        }
    }

    /// Until when a lump sum on recommendation is paid; the contract gate where the year has none.
    pub fn recommendation_gate(&self) -> Deadline {
        self.modes
            .iter()
            .find_map(|mode| match mode {
                ModeRule::LumpSumOnRecommendation { closes, .. } => Some(*closes),
                ModeRule::LumpSum { .. } | ModeRule::Staged {} => None,
            })
            .unwrap_or(self.contract_gate)
    }

    /// What each tranche of a ceiling is: shares floored to whole rupiah, and the last takes what is left, so that
    /// the sum is the ceiling.
    pub fn tranche_amounts(&self, ceiling: Rupiah) -> Vec<Rupiah> {
        let last = self.tranches.len().saturating_sub(1);
        let mut left = ceiling;
        self.tranches
            .iter()
            .enumerate()
            .map(|(index, tranche)| {
                let amount = match tranche.share_bp {
                    Some(share) if index < last => share.of_whole(ceiling),
                    _ => left,
                };
                left = left.minus(amount).unwrap_or_default();
                amount
            })
            .collect()
    }

    /// The source of the first of some values that has one, and whether it is confirmed; a part of a value is accounted
    /// for by the whole, and everything by the policy's own legal basis.
    pub fn basis(&self, values: &[&str]) -> (&str, bool) {
        let of = |value: &&str| self.sources.iter().find(|source| source.value == **value);
        match values.iter().find_map(of) {
            Some(source) => (&source.source, source.confirmed),
            None => (&self.legal_basis, false),
        }
    }

    /// Whether a moment lies in one of the windows in which the proposal is taken.
    pub fn takes(&self, returned: bool, now: Moment) -> bool {
        let open = |windows: &[Window]| windows.iter().any(|window| window.is_open(now));
        open(&self.submission_windows) || (returned && open(&self.correction_windows))
    }

    /// The window that is open, else the next, else the last one.
    pub fn window_at(&self, returned: bool, now: Moment) -> Option<&Window> {
        let windows = if returned { &self.correction_windows } else { &self.submission_windows };
        windows.iter().find(|window| now < window.closes.moment()).or(windows.last())
    }

    /// The verifiers' flag of a code.
    pub fn line_flag(&self, code: &str) -> Option<&LineFlag> {
        self.line_flags.iter().find(|flag| flag.code == code)
    }

    /// The components of a menu that lines may name; none is refused for a menu that is not offered.
    pub fn allows(&self, menu: Menu, component: Component) -> bool {
        self.menu(menu).is_none_or(|rule| rule.components.contains(&component))
    }
}

/// What policies say that were published before they said it: PMK 25/2024 Art. 45.
const fn five_days() -> i64 {
    5
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
mod tests;
