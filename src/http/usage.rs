//! The picture of a year.

use crate::domain::ids::RegionCode;
use crate::domain::moment::Moment;
use crate::http::call::{Answer, Call};
use crate::http::query::Query;
use crate::service::known;
use crate::service::usage::Usage;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which year, and where.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UsageQuery {
    /// Of this year.
    #[param(example = 2021)]
    fiscal_year: i64,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>, example = "18")]
    province_code: Option<RegionCode>,
    /// Of this region.
    #[param(value_type = Option<String>, example = "18.71")]
    region_code: Option<RegionCode>,
    /// As they were known at this instant, which is not in the future: what was recorded later, however far back it is dated, is left
    /// out, and the answer never changes. Now when absent.
    #[param(value_type = Option<String>, format = DateTime, example = "2021-07-15T02:30:00Z")]
    as_of: Option<Moment>,
}

/// Show the figures of a year, summed over the proposals that you may see: set aside, planned, contracted, disbursed,
/// absorbed, returned, in hand. They are read from the balances that are kept, and agree with the journal; with `as_of` they are
/// summed from the entries of the journal that were known.
#[utoipa::path(get, path = "/fund-usage", tag = "money", params(UsageQuery),
    responses((status = 200, description = "The sums.", body = Usage)))]
pub async fn show_fund_usage(call: Call, query: Query<UsageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        let (province, region) = (query.province_code.as_ref(), query.region_code.as_ref());
        known::usage(sv, cx, query.fiscal_year, (province, region), query.as_of)
    })
    .await
}
