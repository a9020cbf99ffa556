//! Exports.

use crate::domain::ids::RegionCode;
use crate::http::call::{Answer, Call};
use crate::http::query::Query;
use crate::service::export::{self, Scope};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which projects.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// Of this year.
    #[param(example = 2021)]
    fiscal_year: Option<i64>,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>, example = "18")]
    province_code: Option<RegionCode>,
    /// Of this region.
    #[param(value_type = Option<String>, example = "18.71")]
    region_code: Option<RegionCode>,
}

impl ExportQuery {
    fn scope(self) -> Scope {
        Scope {
            fiscal_year: self.fiscal_year,
            region_code: self.region_code,
            province_code: self.province_code,
        }
    }
}

/// Export the projects that you may see as a package of the Open Contracting for Infrastructure Data Standard (OC4IDS 0.9):
/// every proposal that was approved, with budget, finance, parties, contracting processes, progress, documents and completion.
/// It is one consistent picture, written first and then sent; only a few are written at once.
#[utoipa::path(get, path = "/exports/oc4ids", tag = "money", params(ExportQuery),
    responses((status = 200, description = "The project package.", body = serde_json::Value)))]
pub async fn export_projects(call: Call, query: Query<ExportQuery>) -> Answer {
    call.export(
        move |sv, cx, publisher, out| export::oc4ids(sv, cx, &query.get()?.scope(), publisher, out),
        "application/json",
        "oc4ids.json",
    )
    .await
}
