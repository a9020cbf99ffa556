//! Regions, loaded from the data that ships with the binary.

use crate::domain::ids::RegionCode;
use crate::domain::region::{RegionLevel, is_autonomous};
use crate::storage::connection::{AnyConnection, on_each, take_turn};
use crate::storage::schema::regions;
use diesel::prelude::*;

/// The 38 provinces and 514 kabupaten and kota (Kepmendagri 300.2.2-2138/2025).
const SHIPPED: &str = include_str!("../../data/regions.csv");
/// Where the keys of the advisory locks on regions begin: "regio" in ASCII, and three bytes of room for the code.
const REGION_LOCK: i64 = 0x72_65_67_69_6f_00_00_00;

/// A region.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = regions)]
pub struct Region {
    /// Kemendagri code.
    pub code: RegionCode,
    /// Kind of government.
    pub level: RegionLevel,
    /// The province that it is, or lies in.
    pub province_code: RegionCode,
    /// Name, with `Kabupaten` or `Kota`.
    pub name: String,
    /// Whether it has a budget of its own.
    pub autonomous: bool,
}

/// Reads what ships.
pub fn shipped() -> Result<Vec<Region>, String> {
    csv::Reader::from_reader(SHIPPED.as_bytes())
        .into_deserialize::<(RegionCode, RegionLevel, RegionCode, String)>()
        .map(|row| {
            let (code, level, province_code, name) = row.map_err(|error| error.to_string())?;
            let autonomous = is_autonomous(&code);
            Ok(Region { code, level, province_code, name, autonomous })
        })
        .collect()
}

/// Inserts the regions that are not there yet. Provinces come first: the others refer to them.
#[expect(clippy::disallowed_methods, reason = "a migration has the database to itself")]
pub fn load(c: &mut AnyConnection) -> Result<(), String> {
    let count: i64 = regions::table.count().get_result(c).map_err(|error| error.to_string())?;
    let mut all = shipped()?;
    if i64::try_from(all.len()) == Ok(count) {
        return Ok(());
    }
    all.sort_by_key(|region| region.level != RegionLevel::Provinsi);
    c.transaction(|c| all.iter().try_for_each(|region| insert_missing(c, region)))
        .map_err(|error| error.to_string())
}

/// Takes a region for this transaction: who enters centres there comes one after the other. Its row is not for the service to
/// change, and so not for it to lock.
pub fn lock(c: &mut AnyConnection, code: &RegionCode) -> QueryResult<()> {
    let digits: i64 = code.0.replace('.', "").parse().unwrap_or_default();
    take_turn(c, REGION_LOCK.saturating_add(digits))
}

fn insert_missing(c: &mut AnyConnection, region: &Region) -> QueryResult<()> {
    on_each!(c, |c| diesel::insert_into(regions::table)
        .values(region)
        .on_conflict_do_nothing()
        .execute(c))
    .map(|_| ())
}

/// One region.
pub fn find(c: &mut AnyConnection, code: &RegionCode) -> QueryResult<Option<Region>> {
    regions::table.find(code).select(Region::as_select()).first(c).optional()
}

/// Those of the codes that are regions.
pub fn known(c: &mut AnyConnection, codes: &[RegionCode]) -> QueryResult<Vec<RegionCode>> {
    regions::table.filter(regions::code.eq_any(codes.to_vec())).select(regions::code).load(c)
}

/// The names of some regions.
pub fn names(
    c: &mut AnyConnection,
    codes: &[RegionCode],
) -> QueryResult<Vec<(RegionCode, String)>> {
    regions::table
        .filter(regions::code.eq_any(codes.to_vec()))
        .select((regions::code, regions::name))
        .load(c)
}

/// Regions in the order of their codes, after `after`; those of a province, where one is named.
pub fn list(
    c: &mut AnyConnection,
    province: Option<&RegionCode>,
    after: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<Region>> {
    let mut query =
        regions::table.select(Region::as_select()).order(regions::code).limit(limit).into_boxed();
    if let Some(province) = province {
        query = query.filter(regions::province_code.eq(province));
    }
    if let Some(after) = after {
        query = query.filter(regions::code.gt(after.to_owned()));
    }
    query.load(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_is_the_whole_nation() {
        let all = shipped().expect("regions");
        let count = |level| all.iter().filter(|region| region.level == level).count();
        assert_eq!(
            (count(RegionLevel::Provinsi), count(RegionLevel::Kabupaten), count(RegionLevel::Kota)),
            (38, 416, 98)
        );
        assert_eq!(all.iter().filter(|region| region.autonomous).count(), 546);
    }
}
