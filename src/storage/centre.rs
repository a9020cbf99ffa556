//! Industry centres.

use crate::domain::ids::{CentreId, RegionCode, UserId};
use crate::domain::moment::Moment;
use crate::domain::proposal::OutcomeClass;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::centres;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

/// An entry of the registry of centres.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = centres, treat_none_as_null = true)]
pub struct Centre {
    /// Its id.
    pub id: CentreId,
    /// Where.
    pub region_code: RegionCode,
    /// Name.
    pub name: String,
    /// What is made there.
    pub commodity: String,
    /// Standard classification of the business (KBLI).
    pub kbli: Option<String>,
    /// Village.
    pub village: String,
    /// District.
    pub district: String,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// The regional head's decree that names it.
    pub decree_number: Option<String>,
    /// Its date.
    pub decree_date: Option<NaiveDate>,
    /// Not matched with a decree yet.
    pub provisional: bool,
    /// Households in the village.
    pub households_in_village: i64,
    /// Of them in this business.
    pub households_in_business: i64,
    /// Organised or coached by a ministry or agency.
    pub organised: bool,
    /// Known to the public.
    pub known_to_public: bool,
    /// Business units.
    pub businesses: i64,
    /// Members (anggota).
    pub members: i64,
    /// Administrators (pengurus).
    pub administrators: i64,
    /// Manager (pengelola).
    pub manager: Option<String>,
    /// Technical service unit (UPT).
    pub technical_service_unit: Option<String>,
    /// What it is to bear.
    pub outcome_class: OutcomeClass,
    /// Raised by every change.
    pub version: i64,
    /// When it was entered.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
}

/// Inserts a centre.
pub fn insert(c: &mut AnyConnection, centre: &Centre) -> QueryResult<()> {
    diesel::insert_into(centres::table).values(centre).execute(c).map(|_| ())
}

/// One centre.
pub fn find(c: &mut AnyConnection, id: CentreId) -> QueryResult<Option<Centre>> {
    centres::table.find(id).select(Centre::as_select()).first(c).optional()
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, centre: &Centre) -> QueryResult<usize> {
    diesel::update(centres::table.find(centre.id).filter(centres::version.eq(centre.version - 1)))
        .set(centre)
        .execute(c)
}

/// Centres in the order of their entry, after `after`; of a region, where one is named.
pub fn list(
    c: &mut AnyConnection,
    region: Option<&RegionCode>,
    after: Option<CentreId>,
    limit: i64,
) -> QueryResult<Vec<Centre>> {
    let mut query =
        centres::table.select(Centre::as_select()).order(centres::id).limit(limit).into_boxed();
    if let Some(region) = region {
        query = query.filter(centres::region_code.eq(region));
    }
    if let Some(after) = after {
        query = query.filter(centres::id.gt(after));
    }
    query.load(c)
}
