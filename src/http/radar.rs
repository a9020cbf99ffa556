//! The radar of deadlines.

use crate::domain::deadline::DeadlineKind;
use crate::domain::ids::RegionCode;
use crate::domain::moment::Zone;
use crate::http::call::{Answer, Call};
use crate::http::query::{Query, cursor, limit};
use crate::service::radar::{self, Look};
use crate::service::view::radar as view;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which deadlines.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeadlineQuery {
    /// Of this region.
    #[param(value_type = Option<String>, example = "18.71")]
    region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>, example = "18")]
    province_code: Option<RegionCode>,
    /// Of this year.
    fiscal_year: Option<i64>,
    /// Of this kind.
    #[param(inline)]
    kind: Option<DeadlineKind>,
    /// Passing on this day (of western Indonesia) or before.
    #[param(example = "2021-07-31")]
    until: Option<NaiveDate>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// List the deadlines that lie before the proposals and allocations that you may see, the nearest first: with rule, days
/// and working days left, the decree that moved it, and what is at risk. What has passed and can still be met is listed
/// as overdue; what has passed for good is not. The sum counts each proposal once.
#[utoipa::path(get, path = "/deadlines", tag = "money", params(DeadlineQuery),
    responses((status = 200, description = "A page, and sums over all pages.", body = view::Radar)))]
pub async fn list_deadlines(call: Call, query: Query<DeadlineQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        let look = Look {
            region: query.region_code,
            province: query.province_code,
            fiscal_year: query.fiscal_year,
            kind: query.kind,
            until: query.until.map(|day| Zone::Wib.end_of(day)),
            after: cursor(query.cursor.as_deref())?,
        };
        radar::list(sv, cx, &look, limit(query.limit)?)
    })
    .await
}
