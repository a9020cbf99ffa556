//! Fund usage.

use crate::domain::ids::{CentreId, RegionCode};
use crate::domain::line::Component;
use crate::domain::moment::Moment;
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::http::accept::{Accepts, Form};
use crate::http::call::{Answer, Call};
use crate::http::query::Query;
use crate::service::error::Error;
use crate::service::proposal::Filter;
use crate::service::sheet::Format;
use crate::service::usage::{self, Asked};
use crate::service::view::usage::Usage;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which money, and how it is grouped.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UsageQuery {
    /// Up to two of `region`, `province`, `menu`, `fiscal_year`, `centre`, `component`, `state`, `outcome_class`, parted by
    /// a comma.
    #[param(example = "province,menu")]
    group_by: Option<String>,
    /// Of this year. Needed, unless grouped by `fiscal_year`.
    #[param(example = 2021)]
    fiscal_year: Option<i64>,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>, example = "18")]
    province_code: Option<RegionCode>,
    /// Of this region.
    #[param(value_type = Option<String>, example = "18.71")]
    region_code: Option<RegionCode>,
    /// Of this menu.
    menu: Option<Menu>,
    /// Of proposals that name this centre.
    #[param(value_type = Option<String>)]
    centre_id: Option<CentreId>,
    /// Of proposals that stand here.
    state: Option<State>,
    /// Of proposals whose centre is to bear this.
    outcome_class: Option<OutcomeClass>,
    /// The groups of this component; only where groups are components. Totals and the spread are of the whole proposals that
    /// have a line of the DAK for it.
    component: Option<Component>,
    /// As it was known at this instant, which is not in the future: what was recorded later, however far back it is dated,
    /// is left out, and the answer never changes. Now when absent.
    #[param(value_type = Option<String>, format = DateTime, example = "2021-07-15T02:30:00Z")]
    as_of: Option<Moment>,
}

impl UsageQuery {
    fn asked(self) -> Result<Asked, Error> {
        let by = Asked::dimensions(self.group_by.as_deref())?;
        let filter = Filter {
            state: self.state,
            menu: self.menu,
            fiscal_year: self.fiscal_year,
            region_code: self.region_code,
            province_code: self.province_code,
            centre_id: self.centre_id,
            outcome_class: self.outcome_class,
            component: self.component,
            ..Filter::default()
        };
        Ok(Asked { by, filter, as_of: self.as_of })
    }
}

/// Show what became of money, summed over the proposals that you may see: set aside, planned, contracted, disbursed,
/// absorbed, returned, in hand, with physical progress; in all, by group, and how evenly over the provinces. `Accept`
/// chooses JSON, CSV or XLSX. The figures are the balances that are kept, and agree with the journal; with `as_of` they are
/// summed from the entries that were known. Of a component there are only the amounts of lines, plans and contracts, as the journal knows no components.
#[utoipa::path(get, path = "/fund-usage", tag = "money", params(UsageQuery),
    responses(
        (status = 200, description = "The sums.", content(
            (Usage = "application/json"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        )),
        (status = 406, description = "Nothing of what is accepted is there.", body = crate::http::problem::ProblemDetails,
            content_type = "application/problem+json")))]
pub async fn show_fund_usage(call: Call, accepts: Accepts, query: Query<UsageQuery>) -> Answer {
    match accepts.form()? {
        Form::Json => call.read(move |sv, cx| usage::show(sv, cx, &query.get()?.asked()?)).await,
        Form::Sheet(format) => {
            let name = match format {
                Format::Csv => "fund-usage.csv",
                Format::Xlsx => "fund-usage.xlsx",
            };
            let media_type = format.media_type();
            call.read_bytes(
                move |sv, cx| usage::sheet(sv, cx, &query.get()?.asked()?, format),
                media_type,
                name,
            )
            .await
        }
    }
}
