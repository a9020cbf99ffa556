//! The gate of a tranche.

use crate::domain::document::is_type;
use crate::domain::ids::AllocationId;
use crate::domain::input::Checks;
use crate::domain::money::{BasisPoints, Rupiah};
use crate::http::call::{Answer, Call};
use crate::http::query::Query;
use crate::service::error::Error;
use crate::service::gate::{self, Asked, Supposed};
use crate::service::view::gate as view;
use actix_web::web::Path;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

/// The most types of documents that are supposed at once.
const MOST_TYPES: usize = 50;

/// When the gate is looked at, and what is supposed to be in by then.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct GateQuery {
    /// A day, past or to come, by the clocks of the region; now when absent.
    #[param(example = "2021-10-04")]
    on: Option<NaiveDate>,
    /// `true` for the proposals that are paid in one sum on recommendation, where others of the region are not.
    #[serde(default)]
    #[param(required = false)]
    recommended: bool,
    /// Suppose that so much more is spent.
    #[param(value_type = Option<i64>, example = 153_750_000)]
    assume_spent_idr: Option<Rupiah>,
    /// Suppose this output over the region, in basis points.
    #[param(value_type = Option<i64>, example = 7000)]
    assume_output_bp: Option<BasisPoints>,
    /// Suppose that these types of documents are there for each proposal; with commas between them.
    #[param(example = "photo_50")]
    assume_documents: Option<String>,
}

impl GateQuery {
    fn asked(self) -> Result<Asked, Error> {
        let mut checks = Checks::default();
        checks.date("/query/on", self.on);
        let given = self.assume_documents.as_deref().unwrap_or_default();
        let documents: Vec<String> = given
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        let pointer = "/query/assume_documents";
        let message = format!("must have at most {MOST_TYPES} types");
        checks.require(documents.len() <= MOST_TYPES, pointer, "too_many", &message);
        let message = "must be types of documents, of the letters a to z, digits and _, with commas between them";
        checks.require(documents.iter().all(|name| is_type(name)), pointer, "invalid", message);
        checks.done().map_err(Error::Invalid)?;
        let spent = self.assume_spent_idr.unwrap_or_default();
        let supposed = Supposed { spent, output: self.assume_output_bp, documents };
        Ok(Asked { on: self.on, recommended: self.recommended, supposed })
    }
}

/// Show the gate of a tranche: every check with what is required, what is there, the rule that it rests on and what would
/// meet it; on any day, and as it would be if more were spent, built or brought. The same checks keep requests and payments.
#[utoipa::path(get, path = "/allocations/{id}/tranches/{n}/gate", tag = "money", params(GateQuery),
    responses((status = 200, description = "The gate.", body = view::Gate)))]
pub async fn show_tranche_gate(
    call: Call,
    path: Path<(String, String)>,
    query: Query<GateQuery>,
) -> Answer {
    call.read(move |sv, cx| {
        let id = path.0.parse::<AllocationId>().map_err(|_| Error::NotFound)?;
        let n =
            path.1.parse::<i64>().ok().filter(|n| (1..=99).contains(n)).ok_or(Error::NotFound)?;
        gate::show(sv, cx, id, n, &query.get()?.asked()?)
    })
    .await
}
