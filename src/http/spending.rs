//! Contracts, payment orders (SP2D) and leftover paid back.

use crate::domain::ids::{ContractId, ExpenditureId, ProposalId, ReturnId};
use crate::domain::refusal::FieldError;
use crate::http::body::{self, Body, Checked, Readable};
use crate::http::call::{Answer, Call, Id};
use crate::http::problem::Problem;
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::context::Input;
use crate::service::contract::{self, ContractDraft};
use crate::service::contract_list::{self, ContractsDraft};
use crate::service::expenditure_list::{self, ExpendituresDraft};
use crate::service::sheet::Format;
use crate::service::sheet::table::Records;
use crate::service::spending::{self, ExpenditureDraft, ReturnDraft};
use crate::service::view::Page;
use crate::service::view::money as view;
use crate::service::{Services, context::Context};

impl Checked for ContractDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for ExpenditureDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for ContractsDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for ExpendituresDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl<T: Checked + 'static> Readable for Records<T> {
    fn read(media: &str, bytes: &[u8]) -> Option<Result<Input<Records<T>>, Problem>> {
        Some(match media {
            "text/csv" => Ok(Input(Ok(Records::Csv(bytes.to_vec())))),
            media if media == Format::Xlsx.media_type() => {
                Ok(Input(Ok(Records::Xlsx(bytes.to_vec()))))
            }
            "application/json" => body::parse(bytes).map(|read| Input(read.map(Records::Json))),
            _ => return None,
        })
    }

    const UNDERSTOOD: &'static str = "JSON (application/json), CSV (text/csv) or XLSX";
}

impl Checked for ReturnDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Record a contract as it was signed; what breaks a rule is flagged.
#[utoipa::path(post, path = "/proposals/{id}/contracts", tag = "money", request_body = ContractDraft,
    responses((status = 201, description = "Recorded.", body = view::Contract)))]
pub async fn create_contract(call: Call, id: Id<ProposalId>, body: Body<ContractDraft>) -> Answer {
    call.write(body, move |sv, cx, body| contract::create(sv, cx, id.get()?, body)).await
}

/// List the contracts of a proposal.
#[utoipa::path(get, path = "/proposals/{id}/contracts", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Contract>)))]
pub async fn list_contracts(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ContractId>(query.cursor.as_deref())?;
        contract::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Record a payment order (SP2D) as it was made; what breaks a rule is flagged.
#[utoipa::path(post, path = "/proposals/{id}/expenditures", tag = "money", request_body = ExpenditureDraft,
    responses((status = 201, description = "Recorded.", body = view::Expenditure)))]
pub async fn record_expenditure(
    call: Call,
    id: Id<ProposalId>,
    body: Body<ExpenditureDraft>,
) -> Answer {
    call.write(body, move |sv, cx, body| spending::spend(sv, cx, id.get()?, body)).await
}

/// List the payment orders of a proposal.
#[utoipa::path(get, path = "/proposals/{id}/expenditures", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Expenditure>)))]
pub async fn list_expenditures(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ExpenditureId>(query.cursor.as_deref())?;
        spending::expenditures(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// Record contracts together, as JSON, CSV or XLSX: all of them, or none. Each is recorded as one that is posted alone;
/// every error names the row and the column. A spreadsheet with its columns is at `contracts.csv` and `contracts.xlsx`;
/// money is read as Indonesian (`1.000.000`) or English, dates as `2021-05-31` or from date cells. A number of 16 digits
/// in a workbook, such as a tax number, has to be a text: the spreadsheet keeps 15 of a number.
#[utoipa::path(post, path = "/proposals/{id}/contracts/import", tag = "money",
    request_body(content(
        (ContractsDraft = "application/json"),
        (String = "text/csv", example = "nomor;tanggal;jenis;penyedia;nilai_idr;sumber_dana;rincian;mulai;selesai\n\
            602/01/SPK/2021;2021-03-15;works;PT Karya Bangun;4.200.000.000;DAK;1;2021-03-20;2021-10-20\n"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses((status = 201, description = "Recorded, all on one page.", body = Page<view::Contract>)))]
pub async fn import_contracts(
    call: Call,
    id: Id<ProposalId>,
    body: Body<Records<ContractsDraft>>,
) -> Answer {
    call.write(body, move |sv, cx, body| {
        contract_list::import(sv, cx, id.get()?, &ContractsDraft::read(body))
    })
    .await
}

/// The contracts of a proposal as CSV.
#[utoipa::path(get, path = "/proposals/{id}/contracts.csv", tag = "money",
    responses((status = 200, description = "Semicolons, UTF-8 with a byte order mark.", body = String,
        content_type = "text/csv")))]
pub async fn contracts_as_csv(call: Call, id: Id<ProposalId>) -> Answer {
    let (format, name) = (Format::Csv, "contracts.csv");
    let work = move |sv: &Services, cx: &Context| contract_list::export(sv, cx, id.get()?, format);
    call.read_bytes(work, format.media_type(), name).await
}

/// The contracts of a proposal as a workbook.
#[utoipa::path(get, path = "/proposals/{id}/contracts.xlsx", tag = "money",
    responses((status = 200, description = "The workbook.", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn contracts_as_xlsx(call: Call, id: Id<ProposalId>) -> Answer {
    let (format, name) = (Format::Xlsx, "contracts.xlsx");
    let work = move |sv: &Services, cx: &Context| contract_list::export(sv, cx, id.get()?, format);
    call.read_bytes(work, format.media_type(), name).await
}

/// Record payment orders (SP2D) together, as JSON, CSV or XLSX: all of them, or none. Each is recorded as one that is
/// posted alone, and names its contract by its number; every error names the row and the column. A spreadsheet with its
/// columns is at `expenditures.csv` and `expenditures.xlsx`.
#[utoipa::path(post, path = "/proposals/{id}/expenditures/import", tag = "money",
    request_body(content(
        (ExpendituresDraft = "application/json"),
        (String = "text/csv", example = "nomor_kontrak;nomor_sp2d;tanggal;jumlah_idr;uraian\n\
            602/01/SPK/2021;00123/SP2D-LS/2021;2021-06-04;1.050.000.000;Termin I\n"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses((status = 201, description = "Recorded, all on one page.", body = Page<view::Expenditure>)))]
pub async fn import_expenditures(
    call: Call,
    id: Id<ProposalId>,
    body: Body<Records<ExpendituresDraft>>,
) -> Answer {
    call.write(body, move |sv, cx, body| {
        expenditure_list::import(sv, cx, id.get()?, &ExpendituresDraft::read(body))
    })
    .await
}

/// The payment orders of a proposal as CSV.
#[utoipa::path(get, path = "/proposals/{id}/expenditures.csv", tag = "money",
    responses((status = 200, description = "Semicolons, UTF-8 with a byte order mark.", body = String,
        content_type = "text/csv")))]
pub async fn expenditures_as_csv(call: Call, id: Id<ProposalId>) -> Answer {
    let (format, name) = (Format::Csv, "expenditures.csv");
    let work =
        move |sv: &Services, cx: &Context| expenditure_list::export(sv, cx, id.get()?, format);
    call.read_bytes(work, format.media_type(), name).await
}

/// The payment orders of a proposal as a workbook.
#[utoipa::path(get, path = "/proposals/{id}/expenditures.xlsx", tag = "money",
    responses((status = 200, description = "The workbook.", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn expenditures_as_xlsx(call: Call, id: Id<ProposalId>) -> Answer {
    let (format, name) = (Format::Xlsx, "expenditures.xlsx");
    let work =
        move |sv: &Services, cx: &Context| expenditure_list::export(sv, cx, id.get()?, format);
    call.read_bytes(work, format.media_type(), name).await
}

/// Record leftover that was paid back to the treasury.
#[utoipa::path(post, path = "/proposals/{id}/returns", tag = "money", request_body = ReturnDraft,
    responses((status = 201, description = "Recorded.", body = view::Return)))]
pub async fn record_return(call: Call, id: Id<ProposalId>, body: Body<ReturnDraft>) -> Answer {
    call.write(body, move |sv, cx, body| spending::give_back(sv, cx, id.get()?, body)).await
}

/// List the leftover of a proposal that was paid back.
#[utoipa::path(get, path = "/proposals/{id}/returns", tag = "money", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Return>)))]
pub async fn list_returns(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ReturnId>(query.cursor.as_deref())?;
        spending::returned(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}
