//! Budget lines.

use crate::domain::ids::ProposalId;
use crate::domain::refusal::FieldError;
use crate::http::body::{self, Body, Checked, Readable};
use crate::http::call::{Answer, Call, Id};
use crate::http::problem::Problem;
use crate::http::proposal::AsOfQuery;
use crate::http::query::Query;
use crate::service::context::Input;
use crate::service::known;
use crate::service::line::{self, LinesDraft};
use crate::service::line_review::{self, LineReviews};
use crate::service::sheet::{self, Format, Sheet};
use crate::service::view::line as view;

impl Checked for LinesDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Readable for Sheet {
    fn read(media: &str, bytes: &[u8]) -> Option<Result<Input<Sheet>, Problem>> {
        Some(match media {
            "text/csv" => Ok(Input(Ok(Sheet::Csv(bytes.to_vec())))),
            media if media == Format::Xlsx.media_type() => {
                Ok(Input(Ok(Sheet::Xlsx(bytes.to_vec()))))
            }
            "application/json" => body::parse(bytes).map(|read| Input(read.map(Sheet::Json))),
            _ => return None,
        })
    }

    const UNDERSTOOD: &str = "JSON (application/json), CSV (text/csv) or XLSX";
}

impl Checked for LineReviews {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Show the lines of a proposal, with the verifier's flags, the reviewers' assessments, and what is remarked of each by
/// itself: its price beside the policy's reference, a likely wrong unit, matter of the non-physical DAK.
#[utoipa::path(get, path = "/proposals/{id}/lines", tag = "proposals", params(AsOfQuery),
    responses((status = 200, description = "The lines.", body = view::Lines,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_lines(call: Call, id: Id<ProposalId>, query: Query<AsOfQuery>) -> Answer {
    call.read_versioned(
        move |sv, cx| known::lines(sv, cx, id.get()?, query.get()?.as_of),
        |shown| Some(shown.version),
    )
    .await
}

/// Replace all lines of a draft, as JSON, CSV or XLSX; every error names its line and field, of a spreadsheet its row
/// and column too, and nothing is half written. A spreadsheet to fill in is at `lines.csv` and `lines.xlsx`. Numbers
/// are read as Indonesian (`1.000.000,00`) or English; what has two readings is refused.
#[utoipa::path(put, path = "/proposals/{id}/lines", tag = "proposals",
    request_body(content(
        (LinesDraft = "application/json"),
        (String = "text/csv", example = "component;description;volume;unit;unit_cost_idr;fund_source\n\
            machinery_equipment;Mesin jahit;15;unit;5.000.000;DAK\n"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses((status = 200, description = "As they are now.", body = view::Lines)))]
pub async fn replace_lines(call: Call, id: Id<ProposalId>, body: Body<Sheet>) -> Answer {
    call.write(body, move |sv, cx, body| {
        let id = id.get()?;
        line::may_replace(sv, cx, id)?;
        line::replace(sv, cx, id, &Sheet::draft(body))
    })
    .await
}

/// The lines as CSV, to fill in and send back.
#[utoipa::path(get, path = "/proposals/{id}/lines.csv", tag = "proposals",
    responses((status = 200, description = "Semicolons, UTF-8 with a byte order mark.", body = String,
        content_type = "text/csv")))]
pub async fn lines_as_csv(call: Call, id: Id<ProposalId>) -> Answer {
    download(call, id, Format::Csv, "lines.csv").await
}

/// The lines as a workbook, to fill in and send back: with lists to choose from and a sheet that explains them.
#[utoipa::path(get, path = "/proposals/{id}/lines.xlsx", tag = "proposals",
    responses((status = 200, description = "The workbook.", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn lines_as_xlsx(call: Call, id: Id<ProposalId>) -> Answer {
    download(call, id, Format::Xlsx, "lines.xlsx").await
}

async fn download(call: Call, id: Id<ProposalId>, format: Format, name: &str) -> Answer {
    call.read_bytes(
        move |sv, cx| sheet::template(sv, cx, id.get()?, format),
        format.media_type(),
        name,
    )
    .await
}

/// Say something of lines: flag them (the verifier, in verification), assess them (a reviewer, in technical_review), set
/// agreed values (a reviewer, in harmonisation) or approved ones (an approver, in decision). A field that is not read in
/// the proposal's state is refused. Lines that are not named keep what was said of them; a line that the region changes
/// loses it.
#[utoipa::path(put, path = "/proposals/{id}/line-reviews", tag = "proposals",
    request_body(content = LineReviews, examples(
        ("flags" = (summary = "In verification", value = json!({ "reviews": [
            { "line_no": 1, "flag": "green" },
            { "line_no": 2, "flag": "blue", "words": "Harga satuan di atas standar daerah." }] }))),
        ("assessments" = (summary = "In technical_review", value = json!({ "reviews": [
            { "line_no": 1, "scores": {
                "technical": { "score": 85 }, "output_target": { "score": 80 },
                "unit_price": { "score": 45, "words": "Di atas harga satuan acuan." }, "readiness": { "score": 90 } },
              "amount_idr": 4_200_000_000_i64, "reason": "Harga satuan disesuaikan." }] }))),
        ("values" = (summary = "In harmonisation or decision", value = json!({ "reviews": [
            { "line_no": 1, "volume_thousandths": 800_000, "amount_idr": 4_200_000_000_i64,
              "reason": "Harga satuan disesuaikan." }] }))),
    )),
    responses((status = 200, description = "As they are now.", body = view::Lines)))]
pub async fn review_lines(call: Call, id: Id<ProposalId>, body: Body<LineReviews>) -> Answer {
    call.write(body, move |sv, cx, body| line_review::review(sv, cx, id.get()?, body)).await
}
