//! What became of the money of a year: sums of the balances that are kept, in one query, whatever the journal's length.

use crate::domain::ids::RegionCode;
use crate::domain::people::Sight;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{balances, proposals};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// Sums over proposals: how many there are, in how many regions, and their nine kept figures in rupiah, in the order
/// ceiling, plan, contracted, disbursed, absorbed, returned, released, carried in, carried out.
pub type Sums = (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64);

/// The sums of a year's proposals within sight; of a province or a region, where one is named.
pub fn sums(
    c: &mut AnyConnection,
    sight: &Sight,
    fiscal_year: i64,
    province: Option<&RegionCode>,
    region: Option<&RegionCode>,
) -> QueryResult<Sums> {
    let sum = |column: &str| {
        sql::<BigInt>(&format!("CAST(COALESCE(SUM(balances.{column}), 0) AS BIGINT)"))
    };
    let mut query = proposals::table
        .inner_join(balances::table.on(balances::proposal_id.eq(proposals::id)))
        .filter(proposals::fiscal_year.eq(fiscal_year))
        .select((
            count_star(),
            sql::<BigInt>("COUNT(DISTINCT proposals.region_code)"),
            sum("ceiling_idr"),
            sum("plan_idr"),
            sum("contracted_idr"),
            sum("disbursed_idr"),
            sum("absorbed_idr"),
            sum("returned_idr"),
            sum("released_idr"),
            sum("carried_in_idr"),
            sum("carried_out_idr"),
        ))
        .into_boxed();
    if !sight.nation {
        query = query.filter(
            proposals::region_code
                .eq_any(sight.regions.clone())
                .or(proposals::province_code.eq_any(sight.provinces.clone())),
        );
    }
    if let Some(province) = province {
        query = query.filter(proposals::province_code.eq(province.clone()));
    }
    if let Some(region) = region {
        query = query.filter(proposals::region_code.eq(region.clone()));
    }
    query.first(c)
}
