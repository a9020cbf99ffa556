//! Contracts as a list: out as CSV or XLSX, and in, all rows or none. Each row is recorded as one posted alone.

use crate::domain::contract::ContractRole;
use crate::domain::ids::{EventId, ProposalId};
use crate::domain::input::{Checks, MAX_ITEMS, number_key};
use crate::domain::line::FundSource;
use crate::domain::people::{Duty, Role};
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::contract::{self, ContractDraft};
use crate::service::error::Error;
use crate::service::export::{Scope, record};
use crate::service::once::Write;
use crate::service::sheet::Format;
use crate::service::sheet::table::{Column, Need, Out, Places, Records, Table, written_as};
use crate::service::view::Page;
use crate::service::{Services, access};
use crate::storage::contract as contracts;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

const LIST: &str = "/contracts";

const fn column(name: &'static str, indonesian: &'static str, need: Need) -> Column {
    Column { name, indonesian, need }
}

/// The columns of a sheet of contracts.
const COLUMNS: [Column; 13] = [
    column("number", "nomor", Need::Required),
    column("signed_on", "tanggal", Need::Required),
    column("role", "jenis", Need::Required),
    column("vendor_name", "penyedia", Need::Required),
    column("vendor_tax_number", "npwp", Need::Optional),
    column("value_idr", "nilai_idr", Need::Required),
    column("fund_source", "sumber_dana", Need::Required),
    column("lines", "rincian", Need::Required),
    column("starts_on", "mulai", Need::Required),
    column("ends_on", "selesai", Need::Required),
    column("spent_idr", "terbayar_idr", Need::Written),
    column("flags", "tanda", Need::Written),
    column("reversed", "dibatalkan", Need::Written),
];

/// Contracts that are recorded together.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractsDraft {
    /// At least one, at most 500; no two under one number.
    pub contracts: Vec<ContractDraft>,
    /// Where they stand in the sheet that they came from.
    #[serde(skip)]
    #[schema(ignore)]
    pub places: Places,
}

impl ContractsDraft {
    /// Whether the values are within their limits; every error names its contract and field.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        let count = self.contracts.len();
        checks.require(count > 0, LIST, "required", "must have at least one contract");
        checks.require(count <= MAX_ITEMS, LIST, "too_many", "must have at most 500 contracts");
        let mut errors = checks.done().err().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for (index, draft) in self.contracts.iter().enumerate().take(MAX_ITEMS) {
            let mut of_row = draft.check().err().unwrap_or_default();
            if !seen.insert(number_key(&draft.number)) {
                of_row.push(FieldError::new("/number", "twice", "this number is there twice"));
            }
            errors.extend(of_row.into_iter().map(|error| self.places.put(LIST, index, error)));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The contracts, or everything that is wrong with them. Takes time for a large file: never within a transaction.
    pub fn read(input: &Input<Records<ContractsDraft>>) -> Input<ContractsDraft> {
        match &input.0 {
            Err(errors) => Input(Err(errors.clone())),
            Ok(Records::Json(draft)) => Input(Ok(draft.clone())),
            Ok(records) => Input(of_sheet(records)),
        }
    }
}

fn of_sheet(records: &Records<ContractsDraft>) -> Result<ContractsDraft, Vec<FieldError>> {
    let mut table = Table::open(records, LIST, &COLUMNS)?;
    let mut contracts = Vec::with_capacity(table.count());
    for at in 0..table.count() {
        let tax_number = table.text(at, "vendor_tax_number");
        contracts.push(ContractDraft {
            number: table.text(at, "number"),
            signed_on: table.date(at, "signed_on"),
            role: table.choice(at, "role", ContractRole::ALL).unwrap_or(ContractRole::Works),
            vendor_name: table.text(at, "vendor_name"),
            vendor_tax_number: Some(tax_number).filter(|number| !number.is_empty()),
            value_idr: table.rupiah(at, "value_idr"),
            fund_source: table
                .choice(at, "fund_source", FundSource::ALL)
                .unwrap_or(FundSource::Dak),
            lines: table.numbers(at, "lines"),
            starts_on: table.date(at, "starts_on"),
            ends_on: table.date(at, "ends_on"),
        });
    }
    let draft = ContractsDraft { contracts, places: table.done()? };
    draft.check().map(|()| draft)
}

/// Records contracts together: all of them, or none.
pub fn import(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ContractsDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("contract.import"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Drafting)?;
            let list = body.get()?;
            let known: BTreeSet<String> =
                contracts::of(tx, id)?.into_iter().map(|row| row.number_key).collect();
            let mut errors = Vec::new();
            for (index, draft) in list.contracts.iter().enumerate() {
                let mut of_row = match contract::check(tx, cx, &proposal, draft) {
                    Ok(()) => Vec::new(),
                    Err(Error::Invalid(of_row)) => of_row,
                    Err(other) => return Err(other),
                };
                if known.contains(&number_key(&draft.number)) {
                    of_row.push(contract::known_already());
                }
                errors.extend(of_row.into_iter().map(|error| list.places.put(LIST, index, error)));
            }
            if !errors.is_empty() {
                return Err(Error::Invalid(errors));
            }
            let mut made = Vec::with_capacity(list.contracts.len());
            let mut last = EventId::new();
            for draft in &list.contracts {
                let (event, shown) = contract::add(tx, cx, by, &proposal, draft)?;
                made.push(shown);
                last = event;
            }
            contract::settle(tx, cx, &proposal, last)?;
            let location = format!("/api/v1/proposals/{id}/contracts");
            Reply::created(&Page::whole(made), Some(proposal.version), location)
        },
    )
}

/// The contracts of a proposal as a spreadsheet; the columns that are read can be filled in and sent back. It names vendors with
/// their tax numbers: who takes it along is kept first.
pub fn export(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    format: Format,
) -> Result<Vec<u8>, Error> {
    let scope = Scope { proposal_id: Some(id), ..Scope::default() };
    record(sv, cx, "contracts", &scope)?;
    let (rows, covered) = sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = contracts::of(tx, id)?;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        Ok::<_, Error>((rows, contracts::lines_of(tx, &ids)?))
    })?;
    let rows: Vec<Vec<Out>> = rows
        .into_iter()
        .map(|row| {
            let lines = covered.iter().filter(|line| line.contract_id == row.id);
            let lines = lines.map(|line| line.line_no.to_string()).collect::<Vec<_>>().join(", ");
            vec![
                Out::Text(row.number),
                Out::Day(row.signed_on),
                Out::Text(row.role.to_string()),
                Out::Text(row.vendor_name),
                Out::Text(row.vendor_tax_number.unwrap_or_default()),
                Out::Number(row.value_idr.0),
                Out::Text(row.fund_source.to_string()),
                Out::Text(lines),
                Out::Day(row.starts_on),
                Out::Day(row.ends_on),
                Out::Number(row.spent_idr.0),
                Out::Text(flags(&row.flags)),
                Out::Text(reversed(row.voided_at.is_some())),
            ]
        })
        .collect();
    written_as(format, "Contracts", &COLUMNS, &rows)
}

/// Whether a row was taken back and counts no more, as it stands in a cell.
pub(super) fn reversed(is_reversed: bool) -> String {
    if is_reversed { "ya" } else { "" }.to_owned()
}

/// Flags as they stand in a cell.
pub(super) fn flags(kept: &str) -> String {
    let flags: Vec<String> = serde_json::from_str(kept).unwrap_or_default();
    flags.join(", ")
}
