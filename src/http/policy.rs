//! Policies: which rules hold for whom, publishing them, and decrees.

use crate::domain::ids::{DecreeId, RegionCode};
use crate::domain::moment::Moment;
use crate::domain::policy::Policy;
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::query::{Query, cursor, limit};
use crate::service::decree::{self, DecreeDraft};
use crate::service::policy;
use crate::service::view::Page;
use crate::service::view::policy as view;
use serde::Deserialize;
use utoipa::IntoParams;

impl Checked for Policy {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for DecreeDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// For whom, and when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PolicyQuery {
    /// As it holds in this region; in the nation as such when absent.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// At this moment; now when absent.
    #[param(value_type = Option<String>)]
    at: Option<Moment>,
}

/// Show the policy of a fiscal year as it holds for a region at a moment, decrees included, with the source of each value.
#[utoipa::path(get, path = "/policies/{fiscal_year}", tag = "reference", params(PolicyQuery),
    responses((status = 200, description = "The policy; its version is the `ETag`.", body = view::PolicyVersion,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_policy(call: Call, fiscal_year: Id<i64>, query: Query<PolicyQuery>) -> Answer {
    call.read_versioned(
        move |sv, cx| {
            let year = fiscal_year.get()?;
            let query = query.get()?;
            policy::show(sv, year, query.region_code.as_ref(), query.at.unwrap_or(cx.now))
        },
        |shown| Some(shown.version),
    )
    .await
}

/// Publish a new version of a fiscal year's policy, as an administrator; `If-Match` names the newest version, `"0"` where there is none.
#[utoipa::path(put, path = "/policies/{fiscal_year}", tag = "reference", request_body = Policy,
    responses((status = 200, description = "Published; the version is the `ETag`.", body = view::PolicyVersion)))]
pub async fn publish_policy(call: Call, fiscal_year: Id<i64>, body: Body<Policy>) -> Answer {
    call.write(body, move |sv, cx, body| policy::publish(sv, cx, fiscal_year.get()?, body)).await
}

/// List every version of a fiscal year's policy as it was published, newest first.
#[utoipa::path(get, path = "/policies/{fiscal_year}/versions", tag = "reference",
    responses((status = 200, description = "The versions.", body = Page<view::PolicyVersion>)))]
pub async fn list_policy_versions(call: Call, fiscal_year: Id<i64>) -> Answer {
    call.read(move |sv, _| policy::versions(sv, fiscal_year.get()?)).await
}

/// Which value, for whom, and when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ValuesQuery {
    /// As it holds in this region; in the nation as such when absent.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// At this moment; now when absent.
    #[param(value_type = Option<String>)]
    at: Option<Moment>,
    /// A JSON pointer into the policy; every value that was moved when absent.
    #[param(example = "/contract_gate/date")]
    path: Option<String>,
}

/// Say which value of a policy holds for a region at a moment, by which document, and what it replaced.
#[utoipa::path(get, path = "/policies/{fiscal_year}/values", tag = "reference", params(ValuesQuery),
    responses((status = 200, description = "The values.", body = view::PolicyValues)))]
pub async fn list_policy_values(
    call: Call,
    fiscal_year: Id<i64>,
    query: Query<ValuesQuery>,
) -> Answer {
    call.read(move |sv, cx| {
        let year = fiscal_year.get()?;
        let query = query.get()?;
        let at = query.at.unwrap_or(cx.now);
        policy::values(sv, year, query.region_code.as_ref(), at, query.path.as_deref())
    })
    .await
}

/// Record a decree, as an administrator: values that take the place of a policy's, in some regions or in all.
#[utoipa::path(post, path = "/decrees", tag = "reference", request_body = DecreeDraft,
    responses((status = 201, description = "Recorded; it holds from its moment on.", body = view::Decree)))]
pub async fn record_decree(call: Call, body: Body<DecreeDraft>) -> Answer {
    call.write(body, decree::record).await
}

/// Which decrees.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DecreeQuery {
    /// Of this year.
    fiscal_year: Option<i64>,
    /// Such as hold in this region.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// List decrees in the order of their recording.
#[utoipa::path(get, path = "/decrees", tag = "reference", params(DecreeQuery),
    responses((status = 200, description = "A page.", body = Page<view::Decree>)))]
pub async fn list_decrees(call: Call, query: Query<DecreeQuery>) -> Answer {
    call.read(move |sv, _| {
        let query = query.get()?;
        let after = cursor::<DecreeId>(query.cursor.as_deref())?;
        let (year, region) = (query.fiscal_year, query.region_code.as_ref());
        decree::list(sv, year, region, after, limit(query.limit)?)
    })
    .await
}
