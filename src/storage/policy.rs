//! Policies by fiscal year, in versions that never change.

use crate::domain::ids::{PolicyId, UserId};
use crate::domain::moment::Moment;
use crate::domain::policy::Policy;
use crate::storage::connection::{AnyConnection, take_turn};
use crate::storage::schema::policies;
use diesel::prelude::*;

/// The policies that ship with the binary.
const SHIPPED: [&str; 4] = [
    include_str!("../../policies/2018.toml"),
    include_str!("../../policies/2019.toml"),
    include_str!("../../policies/2021.toml"),
    include_str!("../../policies/2024.toml"),
];

/// Where the keys of the advisory locks on a year's rules begin: "rules" in ASCII, and three bytes of room for the year.
const RULES_LOCK: i64 = 0x72_75_6c_65_73_00_00_00;

/// A version of a year's policy.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = policies)]
pub struct PolicyRow {
    /// Its id.
    pub id: PolicyId,
    /// The year.
    pub fiscal_year: i64,
    /// From 1.
    pub version: i64,
    /// The policy as canonical JSON.
    pub document: String,
    /// Since when it holds for what pins a version from then on.
    pub published_at: Moment,
    /// By whom; absent for what ships.
    pub published_by: Option<UserId>,
}

/// Inserts the first version of each shipped year that has none.
pub fn load_shipped(c: &mut AnyConnection, now: Moment) -> Result<(), String> {
    for toml in SHIPPED {
        let policy = Policy::parse(toml).map_err(|errors| format!("{errors:?}"))?;
        publish_first(c, &policy, now)?;
    }
    Ok(())
}

/// Publishes a policy as the first version of its year, unless the year has one.
pub fn publish_first(c: &mut AnyConnection, policy: &Policy, now: Moment) -> Result<(), String> {
    let known: i64 = policies::table
        .filter(policies::fiscal_year.eq(policy.fiscal_year))
        .count()
        .get_result(c)
        .map_err(|error| error.to_string())?;
    if known > 0 {
        return Ok(());
    }
    let document = crate::domain::audit::canonical(policy).map_err(|error| error.to_string())?;
    let row = PolicyRow {
        id: PolicyId::new(),
        fiscal_year: policy.fiscal_year,
        version: 1,
        document,
        published_at: now,
        published_by: None,
    };
    diesel::insert_into(policies::table)
        .values(&row)
        .execute(c)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// The newest version of a year.
pub fn latest(c: &mut AnyConnection, fiscal_year: i64) -> QueryResult<Option<PolicyRow>> {
    policies::table
        .filter(policies::fiscal_year.eq(fiscal_year))
        .order(policies::version.desc())
        .select(PolicyRow::as_select())
        .first(c)
        .optional()
}

/// One version of a year.
pub fn version(
    c: &mut AnyConnection,
    fiscal_year: i64,
    version: i64,
) -> QueryResult<Option<PolicyRow>> {
    policies::table
        .filter(policies::fiscal_year.eq(fiscal_year))
        .filter(policies::version.eq(version))
        .select(PolicyRow::as_select())
        .first(c)
        .optional()
}

/// All versions of a year, newest first.
pub fn versions(c: &mut AnyConnection, fiscal_year: i64) -> QueryResult<Vec<PolicyRow>> {
    policies::table
        .filter(policies::fiscal_year.eq(fiscal_year))
        .order(policies::version.desc())
        .select(PolicyRow::as_select())
        .load(c)
}

/// The newest version of every year that has one.
pub fn newest(c: &mut AnyConnection) -> QueryResult<Vec<PolicyRow>> {
    let mut rows: Vec<PolicyRow> = policies::table
        .order((policies::fiscal_year, policies::version.desc()))
        .select(PolicyRow::as_select())
        .load(c)?;
    rows.dedup_by_key(|row| row.fiscal_year);
    Ok(rows)
}

/// Takes a year's rules for this transaction: who publishes or decrees comes one after the other.
pub fn hold(c: &mut AnyConnection, fiscal_year: i64) -> QueryResult<()> {
    take_turn(c, RULES_LOCK.saturating_add(fiscal_year))
}

/// Appends a version.
pub fn insert(c: &mut AnyConnection, row: &PolicyRow) -> QueryResult<()> {
    diesel::insert_into(policies::table).values(row).execute(c).map(|_| ())
}
