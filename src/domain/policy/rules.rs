//! The parts of a policy that are lists: menus, documents, prices, flags, modes, tranches.

use crate::domain::act::Action;
use crate::domain::ids::RegionCode;
use crate::domain::line::Component;
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::people::Role;
use crate::domain::policy::{Change, Deadline};
use crate::domain::proposal::{Menu, State};
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A theme under which a menu is offered (tematik).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// What proposals name: letters a to z, digits and `_`, at most 64.
    #[schema(example = "tourism")]
    pub code: String,
    /// In Indonesian.
    pub label_id: String,
    /// In English.
    pub label_en: String,
}

/// What is offered under a menu, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MenuRule {
    /// Which menu.
    pub menu: Menu,
    /// The governments that may propose (lokasi prioritas); every one when empty.
    #[serde(default)]
    pub regions: Vec<RegionCode>,
    /// A proposal names one of them; none when empty.
    #[serde(default)]
    pub themes: Vec<Theme>,
    /// What lines may pay for from the DAK.
    pub components: Vec<Component>,
}

/// A document that a proposal needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRule {
    /// What it is: letters a to z, digits and `_`, at most 64.
    #[serde(rename = "type")]
    #[schema(example = "land_certificate")]
    pub document_type: String,
    /// Of which menus; of both when empty.
    #[serde(default)]
    pub menus: Vec<Menu>,
    /// Needed when a DAK line pays for one of them; of the whole proposal when empty.
    #[serde(default)]
    pub components: Vec<Component>,
    /// Needed only when a line builds anew.
    #[serde(default)]
    pub builds_anew: bool,
    /// The action at which it is needed, by its name.
    #[schema(example = "request_planning_check")]
    pub stage: String,
    /// Whether nothing goes on without it.
    pub mandatory: bool,
    /// For how many months from its date it holds; for good when absent.
    pub valid_months: Option<i64>,
    /// Whether it is a picture that has to say where it was taken.
    #[serde(default)]
    pub geotag: bool,
    /// In which roles it is brought; in any when empty.
    #[serde(default)]
    pub brought_by: Vec<Role>,
    /// Where the proposal stands at the earliest when it is brought: minutes of a handover are not written with the
    /// draft.
    #[serde(default)]
    pub not_before: Option<State>,
    /// In Indonesian.
    pub label_id: String,
    /// In English.
    pub label_en: String,
    /// The rule that asks for it.
    pub legal_basis: Option<String>,
}

impl DocumentRule {
    /// The action at which it is needed; a checked policy knows every stage.
    pub fn action(&self) -> Option<Action> {
        self.stage.parse().ok()
    }
}

/// Findings of auditors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingRule {
    /// Days, from the day that it is made, within which a region follows up a finding whose auditor names no date.
    #[schema(example = 60)]
    pub follow_up_days: i64,
}

/// What a unit of something usually costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitCost {
    /// Of what.
    pub component: Component,
    /// In which unit.
    #[schema(example = "m2")]
    pub unit: String,
    /// The reference.
    pub reference_idr: Rupiah,
}

/// A colour of provincial verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineFlag {
    /// What verifiers name: letters a to z, digits and `_`, at most 64.
    #[schema(example = "green")]
    pub code: String,
    /// In Indonesian.
    pub label_id: String,
    /// In English.
    pub label_en: String,
    /// Whether a line with this flag is found fit. The ministry is told of those that are not, with the verifier's words, and
    /// decides.
    pub passes: bool,
}

/// Activity plans (RK).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRule {
    /// Until when a plan is to be approved.
    pub due: Deadline,
    /// How far a plan may exceed its ceiling, for rounding.
    pub tolerance_idr: Rupiah,
    /// How often an approved plan can be changed.
    pub max_changes: i64,
    /// Until when.
    pub changes_until: Deadline,
}

/// A way of paying, and when it is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum ModeRule {
    /// In one sum: the region's whole ceiling of the field is small (sekaligus).
    LumpSum {
        /// The largest such ceiling.
        limit_idr: Rupiah,
        /// From when.
        opens: Deadline,
        /// Until when.
        closes: Deadline,
    },
    /// In one sum after handover, on the ministry's recommendation.
    LumpSumOnRecommendation {
        /// Until when the ministry recommends.
        recorded_before: Deadline,
        /// From when.
        opens: Deadline,
        /// Until when: the gate of this mode.
        closes: Deadline,
    },
    /// In tranches (bertahap).
    Staged {},
}

impl ModeRule {
    /// Its name.
    pub const fn name(&self) -> &'static str {
        match self {
            ModeRule::LumpSum { .. } => "lump_sum",
            ModeRule::LumpSumOnRecommendation { .. } => "lump_sum_on_recommendation",
            ModeRule::Staged {} => "staged",
        }
    }
}

/// A share of any size: whether it can be one is told with everything else that is wrong with the policy.
pub(super) fn any_share<'de, D: Deserializer<'de>>(of: D) -> Result<BasisPoints, D::Error> {
    i64::deserialize(of).map(BasisPoints)
}

fn some_share<'de, D: Deserializer<'de>>(of: D) -> Result<Option<BasisPoints>, D::Error> {
    Ok(Option::<i64>::deserialize(of)?.map(BasisPoints))
}

/// A part of a staged payment, and what has to hold before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrancheRule {
    /// Of the ceiling; the last may leave it out, and is what is still needed.
    #[serde(default, deserialize_with = "some_share")]
    pub share_bp: Option<BasisPoints>,
    /// From when it is paid.
    pub opens: Deadline,
    /// Until when.
    pub closes: Deadline,
    /// Until when its documents have to be there.
    pub documents_due: Deadline,
    /// How much of what was received has to be spent.
    #[serde(deserialize_with = "any_share")]
    pub min_absorption_bp: BasisPoints,
    /// How much of the output has to be there.
    #[serde(deserialize_with = "any_share")]
    pub min_output_bp: BasisPoints,
    /// Types of documents.
    #[serde(default)]
    pub documents: Vec<String>,
}

/// When reports are due, in working days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reporting {
    /// After the end of a quarter.
    pub quarterly_working_days: i64,
    /// After the end of the year.
    pub final_working_days: i64,
    /// Whether a quarterly report that is overdue stands in the way of tranches.
    #[serde(default)]
    pub overdue_blocks_tranches: bool,
}

/// A day on which nobody works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// The day.
    pub date: NaiveDate,
    /// Its name.
    pub name: String,
}

/// What is otherwise in certain regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionalRule {
    /// Where.
    pub regions: Vec<RegionCode>,
    /// What takes the place of what.
    pub values: Vec<Change>,
    /// Document and article.
    pub source: String,
}
