//! Regions, and the registry of centres.

use crate::domain::ids::{CentreId, RegionCode};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked};
use crate::http::call::{Answer, Call, Id};
use crate::http::query::{Query, cursor, limit};
use crate::service::centre::{self, CentreDraft, CentrePatch};
use crate::service::view::Page;
use crate::service::view::proposal as view;
use serde::Deserialize;
use utoipa::IntoParams;

impl Checked for CentreDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for CentrePatch {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        // The whole is checked when the change is laid over what is kept.
        Ok(())
    }
}

/// Which regions.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct RegionQuery {
    /// Of this province.
    #[param(value_type = Option<String>)]
    province_code: Option<RegionCode>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// List regions in the order of their codes.
#[utoipa::path(get, path = "/regions", tag = "reference", params(RegionQuery),
    responses((status = 200, description = "A page.", body = Page<view::Region>)))]
pub async fn list_regions(call: Call, query: Query<RegionQuery>) -> Answer {
    call.read(move |sv, _| {
        let query = query.get()?;
        let after = cursor::<RegionCode>(query.cursor.as_deref())?;
        centre::regions(sv, query.province_code.as_ref(), after.as_ref(), limit(query.limit)?)
    })
    .await
}

/// Show a region.
#[utoipa::path(get, path = "/regions/{code}", tag = "reference",
    responses((status = 200, description = "The region.", body = view::Region)))]
pub async fn show_region(call: Call, code: Id<RegionCode>) -> Answer {
    call.read(move |sv, _| centre::region(sv, &code.get()?)).await
}

/// Enter a centre in the registry, in a region in which you are a drafter.
#[utoipa::path(post, path = "/centres", tag = "reference", request_body = CentreDraft,
    responses((status = 201, description = "Entered; `Location` names it.", body = view::Centre)))]
pub async fn create_centre(call: Call, body: Body<CentreDraft>) -> Answer {
    call.write(body, centre::create).await
}

/// Which centres.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CentreQuery {
    /// Of this region.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// List the centres of the registry.
#[utoipa::path(get, path = "/centres", tag = "reference", params(CentreQuery),
    responses((status = 200, description = "A page.", body = Page<view::Centre>)))]
pub async fn list_centres(call: Call, query: Query<CentreQuery>) -> Answer {
    call.read(move |sv, _| {
        let query = query.get()?;
        let after = cursor::<CentreId>(query.cursor.as_deref())?;
        centre::list(sv, query.region_code.as_ref(), after, limit(query.limit)?)
    })
    .await
}

/// Show a centre, with its computed criterion.
#[utoipa::path(get, path = "/centres/{id}", tag = "reference",
    responses((status = 200, description = "The centre.", body = view::Centre,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_centre(call: Call, id: Id<CentreId>) -> Answer {
    call.read_versioned(move |sv, _| centre::show(sv, id.get()?), |shown| Some(shown.entry.version))
        .await
}

/// Change a centre, such as to match a provisional entry with its decree; what is absent stays, `null` clears.
#[utoipa::path(patch, path = "/centres/{id}", tag = "reference", request_body = CentrePatch,
    responses((status = 200, description = "As it is now.", body = view::Centre)))]
pub async fn edit_centre(call: Call, id: Id<CentreId>, body: Body<CentrePatch>) -> Answer {
    call.write(body, move |sv, cx, body| centre::edit(sv, cx, id.get()?, body)).await
}
