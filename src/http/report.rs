//! Reports on progress.

use crate::domain::ids::{ProposalId, ReportId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked, Nothing};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::plan::Reason;
use crate::service::report::{self, ReportDraft};
use crate::service::view::Page;
use crate::service::view::report as view;

impl Checked for ReportDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Write a report.
#[utoipa::path(post, path = "/proposals/{id}/reports", tag = "reports", request_body = ReportDraft,
    responses((status = 201, description = "Made, as a draft.", body = view::Report)))]
pub async fn create_report(call: Call, id: Id<ProposalId>, body: Body<ReportDraft>) -> Answer {
    call.write(body, move |sv, cx, body| report::create(sv, cx, id.get()?, body)).await
}

/// List the reports of a proposal.
#[utoipa::path(get, path = "/proposals/{id}/reports", tag = "reports", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Report>)))]
pub async fn list_reports(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ReportId>(query.cursor.as_deref())?;
        report::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Send a report to the inspector; the journal's figures are frozen in it.
#[utoipa::path(post, path = "/reports/{id}/submit", tag = "reports", request_body = Nothing,
    responses((status = 200, description = "As it is now.", body = view::Report)))]
pub async fn submit_report(call: Call, id: Id<ReportId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| report::submit(sv, cx, id.get()?)).await
}

/// Record the inspector's review of a report.
#[utoipa::path(post, path = "/reports/{id}/review", tag = "reports", request_body = Nothing,
    responses((status = 200, description = "As it is now.", body = view::Report)))]
pub async fn review_report(call: Call, id: Id<ReportId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| report::review(sv, cx, id.get()?)).await
}

/// Send a report back.
#[utoipa::path(post, path = "/reports/{id}/return", tag = "reports", request_body = Reason,
    responses((status = 200, description = "As it is now.", body = view::Report)))]
pub async fn return_report(call: Call, id: Id<ReportId>, body: Body<Reason>) -> Answer {
    call.write(body, move |sv, cx, body| report::send_back(sv, cx, id.get()?, body)).await
}
