//! What answers about policies and decrees look like.

use crate::domain::ids::{DecreeId, RegionCode, UserId};
use crate::domain::moment::Moment;
use crate::domain::policy::{Change, Policy};
use crate::service::error::Error;
use crate::storage::decree;
use crate::storage::policy::PolicyRow;
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A version of a year's policy.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PolicyVersion {
    /// The year.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// From 1; the `ETag`.
    pub version: i64,
    /// Since when it holds for what pins a version from then on.
    pub published_at: Moment,
    /// By whom; absent for what ships.
    pub published_by: Option<UserId>,
    /// The rules.
    pub policy: Policy,
}

impl PolicyVersion {
    /// A version as it is kept.
    pub fn of(row: PolicyRow) -> Result<Self, Error> {
        Ok(PolicyVersion {
            fiscal_year: row.fiscal_year,
            version: row.version,
            published_at: row.published_at,
            published_by: row.published_by,
            policy: serde_json::from_str(&row.document)?,
        })
    }
}

/// A decree.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Decree {
    /// Its id.
    pub id: DecreeId,
    /// The year whose policy it changes.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// Its number.
    #[schema(example = "KMK 15/2024")]
    pub number: String,
    /// Its date.
    pub dated_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// Where; everywhere when empty.
    pub regions: Vec<RegionCode>,
    /// What takes the place of what.
    pub changes: Vec<Change>,
    /// From when.
    pub effective_from: Moment,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// By whom.
    pub recorded_by: UserId,
}

impl Decree {
    /// A decree as it is kept.
    pub fn of(row: decree::Decree) -> Result<Self, Error> {
        Ok(Decree {
            id: row.id,
            fiscal_year: row.fiscal_year,
            number: row.number,
            dated_on: row.dated_on,
            reason: row.reason,
            regions: serde_json::from_str(&row.regions)?,
            changes: serde_json::from_str(&row.changes)?,
            effective_from: row.effective_from,
            recorded_at: row.recorded_at,
            recorded_by: row.recorded_by,
        })
    }
}

/// Which values of a year's policy hold in a region at a moment, and by which document.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PolicyValues {
    /// The year.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// The version that held.
    pub version: i64,
    /// Where; the nation as such when absent.
    pub region_code: Option<RegionCode>,
    /// When.
    pub at: Moment,
    /// Each value, by its path.
    pub items: Vec<PolicyValue>,
}

/// A value, who set it, and what was there before.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PolicyValue {
    /// Where, as a JSON pointer into the policy.
    #[schema(example = "/submission_windows/0/closes/date")]
    pub path: String,
    /// What holds.
    #[schema(value_type = Object, example = "2020-07-31")]
    pub value: Value,
    /// By which document.
    pub set_by: SetBy,
    /// What it replaced, the latest first.
    pub replaced: Vec<Replaced>,
}

/// A value that was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Replaced {
    /// What held.
    #[schema(value_type = Object, example = "2020-06-15")]
    pub value: Value,
    /// By which document.
    pub set_by: SetBy,
}

/// The document that set a value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SetBy {
    /// A version of the year's policy.
    Policy {
        /// Which.
        version: i64,
        /// When it was published.
        published_at: Moment,
    },
    /// The policy's own value for the region.
    Regional {
        /// Document and article.
        source: String,
    },
    /// A decree.
    Decree {
        /// Its id.
        id: DecreeId,
        /// Its number.
        number: String,
        /// Its date.
        dated_on: NaiveDate,
        /// From when.
        effective_from: Moment,
    },
}
