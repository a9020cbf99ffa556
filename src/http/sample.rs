//! Samples of auditors.

use crate::domain::ids::RegionCode;
use crate::domain::moment::Moment;
use crate::domain::sample::{Population, SampleMethod};
use crate::http::call::{Answer, Call};
use crate::http::query::Query;
use crate::service::sample::{self, Asked, Sample};
use serde::Deserialize;
use utoipa::IntoParams;

/// What is drawn, and how.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SampleQuery {
    /// From what.
    population: Population,
    /// How.
    method: SampleMethod,
    /// How many units, or monetary units; from 1 to 500.
    #[param(example = 25)]
    size: i64,
    /// What the draw follows from: any text.
    #[param(example = "LHP 12/2022")]
    seed: String,
    /// Of proposals of this year.
    #[param(example = 2021)]
    fiscal_year: Option<i64>,
    /// Of proposals of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>, example = "18")]
    province_code: Option<RegionCode>,
    /// Of proposals of this region.
    #[param(value_type = Option<String>, example = "18.71")]
    region_code: Option<RegionCode>,
    /// Only what was known at this moment, with the amounts of then; now when absent.
    recorded_until: Option<Moment>,
}

/// Draw a sample of payment orders, contracts or proposals, which anybody who sees the whole population repeats with the same
/// parameters, here or by hand.
///
/// Random: units in the order of SHA-256 over seed, line feed and id; the lowest are drawn. Monetary unit: the amounts above
/// zero are laid end to end in the order of ids; interval = sum divided by size, without the rest; start = the first 16
/// bytes of SHA-256 over the seed as a number, modulo the interval, and one; each unit in which the start, or a point at a
/// whole number of intervals behind it, lies is drawn. Ids are written as in the answer, texts in UTF-8. Few are drawn at once.
#[utoipa::path(get, path = "/audit/samples", tag = "audit", params(SampleQuery),
    responses((status = 200, description = "The sample.", body = Sample)))]
pub async fn draw_sample(call: Call, query: Query<SampleQuery>) -> Answer {
    // Who may not have it is told so, also while others are drawn.
    let asked = call
        .ask(move |_, cx| {
            let query = query.get()?;
            let asked = Asked {
                population: query.population,
                method: query.method,
                size: query.size,
                seed: query.seed,
                fiscal_year: query.fiscal_year,
                province_code: query.province_code,
                region_code: query.region_code,
                recorded_until: query.recorded_until.unwrap_or(cx.now),
            };
            sample::may(cx, &asked)?;
            Ok(asked)
        })
        .await?;
    call.read_much(move |sv, cx| sample::draw(sv, cx, asked)).await
}
