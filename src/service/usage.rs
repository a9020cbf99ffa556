//! The picture of a year: what was set aside, planned, contracted, disbursed and absorbed, summed over what the caller
//! may see.

use crate::domain::ids::RegionCode;
use crate::domain::journal::{EightFigures, Figures};
use crate::domain::money::Rupiah;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::{Services, policy};
use crate::storage::{ceiling, usage};
use serde::Serialize;
use utoipa::ToSchema;

/// The figures of a year, summed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "fiscal_year": 2021, "national_ceiling_idr": 750_000_000_000_i64, "allocated_idr": 750_000_000_000_i64,
    "proposals": 106, "regions": 106,
    "figures": { "ceiling_idr": 750_000_000_000_i64, "plan_idr": 744_000_000_000_i64,
        "contracted_idr": 665_000_000_000_i64, "disbursed_idr": 654_000_000_000_i64,
        "absorbed_idr": 495_000_000_000_i64, "returned_idr": 0, "in_hand_idr": 159_000_000_000_i64,
        "undisbursed_idr": 96_000_000_000_i64, "released_idr": 0 }
}))]
pub struct Usage {
    /// The year.
    pub fiscal_year: i64,
    /// What the nation may allocate in the year; absent where no ceiling is recorded.
    pub national_ceiling_idr: Option<i64>,
    /// What of it is allocated to regions.
    pub allocated_idr: Option<i64>,
    /// Proposals of the year for which money was set aside.
    pub proposals: i64,
    /// Their regions.
    pub regions: i64,
    /// Their figures, summed.
    pub figures: EightFigures,
}

/// The figures of a year, summed over the proposals that the caller may see; of a province or a region, where one is
/// named.
pub fn show(
    sv: &Services,
    cx: &Context,
    fiscal_year: i64,
    province: Option<&RegionCode>,
    region: Option<&RegionCode>,
) -> Result<Usage, Error> {
    sv.db.read(|tx| {
        policy::known(tx, region, "/query/region_code")?;
        policy::known(tx, province, "/query/province_code")?;
        let sight = cx.actor.sight();
        let sums = usage::sums(tx, &sight, fiscal_year, province, region)?;
        let (proposals, regions, ceiling_idr, plan, contracted, disbursed, absorbed, ..) = sums;
        let (.., returned, released, carried_in, carried_out) = sums;
        let figures = Figures {
            ceiling_idr: Rupiah(ceiling_idr),
            plan_idr: Rupiah(plan),
            contracted_idr: Rupiah(contracted),
            disbursed_idr: Rupiah(disbursed),
            absorbed_idr: Rupiah(absorbed),
            returned_idr: Rupiah(returned),
            released_idr: Rupiah(released),
            carried_in_idr: Rupiah(carried_in),
            carried_out_idr: Rupiah(carried_out),
        };
        let ceiling = ceiling::find(tx, fiscal_year)?;
        Ok(Usage {
            fiscal_year,
            national_ceiling_idr: ceiling.as_ref().map(|row| row.amount_idr.0),
            allocated_idr: ceiling.as_ref().map(|row| row.used_idr.0),
            proposals,
            regions,
            figures: figures.into(),
        })
    })
}
