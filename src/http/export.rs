//! Exports.

use crate::domain::ids::{CentreId, ProposalId, RegionCode};
use crate::domain::line::Component;
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::domain::queue::Whose;
use crate::http::call::{Answer, Call};
use crate::http::query::Query;
use crate::service::error::Error;
use crate::service::export::{self, Entries, Scope};
use crate::service::proposal::{self, Filter};
use crate::service::sheet::Format;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

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
            proposal_id: None,
        }
    }
}

/// Export the projects that you may see as a package of the Open Contracting for Infrastructure Data Standard (OC4IDS 0.9):
/// every proposal that was approved, with budget, finance, parties, contracting processes, progress, documents and completion.
/// It is one consistent picture, written first and then sent; only a few are written at once. It names vendors with their tax
/// numbers, so who takes it along is kept in the audit trail.
#[utoipa::path(get, path = "/exports/oc4ids", tag = "money", params(ExportQuery),
    responses((status = 200, description = "The project package.", body = serde_json::Value)))]
pub async fn export_projects(call: Call, query: Query<ExportQuery>) -> Answer {
    call.export(
        move |sv, cx, publisher, out| {
            let scope = query.get()?.scope();
            export::record(sv, cx, "oc4ids", &scope)?;
            export::oc4ids(sv, cx, &scope, publisher, out)
        },
        "application/json",
        "oc4ids.json",
    )
    .await
}

/// A kind of spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SheetFormat {
    /// Semicolons and a byte order mark.
    Csv,
    /// A workbook.
    Xlsx,
}

impl SheetFormat {
    const fn format(self) -> Format {
        match self {
            SheetFormat::Csv => Format::Csv,
            SheetFormat::Xlsx => Format::Xlsx,
        }
    }

    /// A file's name.
    fn named(self, name: &str) -> String {
        match self {
            SheetFormat::Csv => format!("{name}.csv"),
            SheetFormat::Xlsx => format!("{name}.xlsx"),
        }
    }
}

/// Which proposals, in which form.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ProposalsQuery {
    /// `csv` or `xlsx`.
    #[param(inline, example = "csv")]
    format: SheetFormat,
    /// Standing in this state.
    state: Option<State>,
    /// Of this menu.
    menu: Option<Menu>,
    /// Of this year.
    fiscal_year: Option<i64>,
    /// Of this region.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>)]
    province_code: Option<RegionCode>,
    /// Of this centre.
    #[param(value_type = Option<String>)]
    centre_id: Option<CentreId>,
    /// Whose centre is to bear this.
    outcome_class: Option<OutcomeClass>,
    /// With a line of the DAK that pays for this.
    component: Option<Component>,
    /// For which money was, or was not, set aside.
    funded: Option<bool>,
    /// `mine`: only what waits for you to do something.
    #[param(inline, example = "mine")]
    queue: Option<Whose>,
}

/// Export the proposals that you may see, with their figures, as a spreadsheet; narrowed as their list is. It is one
/// consistent picture, written first and then sent; only a few are written at once.
#[utoipa::path(get, path = "/exports/proposals", tag = "proposals", params(ProposalsQuery),
    responses((status = 200, description = "The spreadsheet.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub async fn export_proposals(call: Call, query: Query<ProposalsQuery>) -> Answer {
    call.check()?;
    let query = query.get()?;
    let (format, name) = (query.format.format(), query.format.named("proposals"));
    call.export(
        move |sv, cx, _, out| {
            let filter = Filter {
                state: query.state,
                menu: query.menu,
                fiscal_year: query.fiscal_year,
                region_code: query.region_code,
                province_code: query.province_code,
                centre_id: query.centre_id,
                outcome_class: query.outcome_class,
                component: query.component,
                funded: query.funded,
                queue: query.queue.and_then(|_| proposal::queue_of(cx)),
                ..Filter::default()
            };
            export::proposals(sv, cx, &filter, format, out).map(|(_, count)| count)
        },
        format.media_type(),
        &name,
    )
    .await
}

/// Which entries of the journal, in which form.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EntriesQuery {
    /// `csv` or `xlsx`.
    #[param(inline, example = "csv")]
    format: SheetFormat,
    /// Of this proposal; then none of the other fields may be named.
    #[param(value_type = Option<String>)]
    proposal_id: Option<ProposalId>,
    /// Of proposals standing in this state.
    state: Option<State>,
    /// Of this menu.
    menu: Option<Menu>,
    /// Of this year.
    fiscal_year: Option<i64>,
    /// Of this region.
    #[param(value_type = Option<String>)]
    region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>)]
    province_code: Option<RegionCode>,
    /// Of this centre.
    #[param(value_type = Option<String>)]
    centre_id: Option<CentreId>,
    /// Of proposals whose centre is to bear this.
    outcome_class: Option<OutcomeClass>,
    /// Of proposals with a line of the DAK that pays for this.
    component: Option<Component>,
    /// For which money was, or was not, set aside.
    funded: Option<bool>,
}

impl EntriesQuery {
    fn entries(self) -> Result<Entries, Error> {
        let filter = Filter {
            state: self.state,
            menu: self.menu,
            fiscal_year: self.fiscal_year,
            region_code: self.region_code,
            province_code: self.province_code,
            centre_id: self.centre_id,
            outcome_class: self.outcome_class,
            component: self.component,
            funded: self.funded,
            ..Filter::default()
        };
        match self.proposal_id {
            None => Ok(Entries::Proposals(filter)),
            Some(id) if !filter.is_narrow() => Ok(Entries::Proposal(id)),
            Some(_) => {
                let message =
                    "names one proposal, and other fields narrow the list; name one or the other";
                Err(Error::invalid("/query/proposal_id", "narrowed", message))
            }
        }
    }
}

/// Export the journal as a spreadsheet: of a proposal, or of all that you may see, narrowed as its list is, proposal by
/// proposal, each in the order of its recording. It is one consistent picture, written first and then sent; only a few are
/// written at once. In a workbook a day is a date, and a moment a text, as in CSV.
#[utoipa::path(get, path = "/exports/journal", tag = "money", params(EntriesQuery),
    responses((status = 200, description = "The spreadsheet.", content(
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))))]
pub async fn export_journal(call: Call, query: Query<EntriesQuery>) -> Answer {
    call.check()?;
    let query = query.get()?;
    let (format, name) = (query.format.format(), query.format.named("journal"));
    call.export(
        move |sv, cx, _, out| {
            export::journal(sv, cx, &query.entries()?, format, out).map(|(_, count)| count)
        },
        format.media_type(),
        &name,
    )
    .await
}
