//! Decrees: what takes the place of a policy's values, never changed.

use crate::domain::ids::{DecreeId, RegionCode, UserId};
use crate::domain::moment::Moment;
use crate::storage::connection::{AnyConnection, MultiBackend};
use crate::storage::schema::decrees;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;

/// A decree.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = decrees)]
pub struct Decree {
    /// Its id.
    pub id: DecreeId,
    /// The year whose policy it changes.
    pub fiscal_year: i64,
    /// Its number.
    pub number: String,
    /// Its date.
    pub dated_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// Where, as a JSON list of codes; everywhere when empty.
    pub regions: String,
    /// What takes the place of what, as a JSON list.
    pub changes: String,
    /// From when.
    pub effective_from: Moment,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// By whom.
    pub recorded_by: UserId,
}

type Condition = Box<dyn BoxableExpression<decrees::table, MultiBackend, SqlType = Bool>>;

/// Codes have digits and a dot, so that the text of the list can be searched for one in its quotation marks.
pub(super) fn holding_in(region: Option<&RegionCode>) -> Condition {
    let everywhere = decrees::regions.eq("[]");
    match region {
        None => Box::new(everywhere),
        Some(code) => Box::new(everywhere.or(decrees::regions.like(format!("%\"{}\"%", code.0)))),
    }
}

/// Inserts a decree.
pub fn insert(c: &mut AnyConnection, decree: &Decree) -> QueryResult<()> {
    diesel::insert_into(decrees::table).values(decree).execute(c).map(|_| ())
}

/// What holds in a region at a moment, in the order in which it took effect.
pub fn in_force(
    c: &mut AnyConnection,
    fiscal_year: i64,
    region: Option<&RegionCode>,
    at: Moment,
) -> QueryResult<Vec<Decree>> {
    decrees::table
        .filter(decrees::fiscal_year.eq(fiscal_year))
        .filter(decrees::effective_from.le(at))
        .filter(holding_in(region))
        .order((decrees::effective_from, decrees::id))
        .select(Decree::as_select())
        .load(c)
}

/// Every decree of a year, in the order in which they take effect.
pub fn of_year(c: &mut AnyConnection, fiscal_year: i64) -> QueryResult<Vec<Decree>> {
    decrees::table
        .filter(decrees::fiscal_year.eq(fiscal_year))
        .order((decrees::effective_from, decrees::id))
        .select(Decree::as_select())
        .load(c)
}

/// Decrees in the order of their recording, after `after`; of a year, and such as hold in a region.
pub fn list(
    c: &mut AnyConnection,
    fiscal_year: Option<i64>,
    region: Option<&RegionCode>,
    after: Option<DecreeId>,
    limit: i64,
) -> QueryResult<Vec<Decree>> {
    let mut query =
        decrees::table.order(decrees::id).limit(limit).select(Decree::as_select()).into_boxed();
    if let Some(year) = fiscal_year {
        query = query.filter(decrees::fiscal_year.eq(year));
    }
    if region.is_some() {
        query = query.filter(holding_in(region));
    }
    if let Some(after) = after {
        query = query.filter(decrees::id.gt(after));
    }
    query.load(c)
}
