//! Payment orders (SP2D) as a list: out as CSV or XLSX, and in, all rows or none. Each row is recorded as one posted
//! alone; a row names its contract by its number.

use crate::domain::act::Action;
use crate::domain::ids::{ContractId, EventId, ExpenditureId, ProposalId};
use crate::domain::input::{Checks, MAX_ITEMS, number_key};
use crate::domain::money::Rupiah;
use crate::domain::refusal::FieldError;
use crate::service::context::{Context, Input, Reply};
use crate::service::contract::known_already;
use crate::service::contract_list::{flags, reversed};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::sheet::Format;
use crate::service::sheet::table::{Column, Need, Out, Places, Records, Table, written_as};
use crate::service::spending::{self, ExpenditureDraft};
use crate::service::view::Page;
use crate::service::{Services, access, action};
use crate::storage::{AnyConnection, contract, expenditure, journal};
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use utoipa::ToSchema;

const LIST: &str = "/expenditures";
/// The most payment orders of one spreadsheet; of more none is made, so that nobody takes a part for the whole.
const MOST: i64 = 20_000;

const fn column(name: &'static str, indonesian: &'static str, need: Need) -> Column {
    Column { name, indonesian, need }
}

/// The columns of a sheet of payment orders.
const COLUMNS: [Column; 9] = [
    column("contract_number", "nomor_kontrak", Need::Required),
    column("number", "nomor_sp2d", Need::Required),
    column("spent_on", "tanggal", Need::Required),
    column("amount_idr", "jumlah_idr", Need::Required),
    column("description", "uraian", Need::Optional),
    column("penalty_idr", "denda_idr", Need::Optional),
    column("is_advance", "uang_muka", Need::Optional),
    column("flags", "tanda", Need::Written),
    column("reversed", "dibatalkan", Need::Written),
];

/// A payment order of a list.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpenditureRow {
    /// The number of the contract of the proposal that it pays on.
    #[schema(example = "602/01/SPK-FSK/DISPERIN/2021")]
    pub contract_number: String,
    /// Number of the SP2D; unique in the proposal, whatever its spaces and the case of its letters.
    #[schema(example = "00123/SP2D-LS/2021")]
    pub number: String,
    /// Its date; not in the future.
    pub spent_on: NaiveDate,
    /// How much; above zero.
    #[schema(example = 150_000_000)]
    pub amount_idr: Rupiah,
    /// What for.
    #[serde(default)]
    pub description: String,
    /// What was kept back for being late (denda keterlambatan).
    #[serde(default)]
    pub penalty_idr: Option<Rupiah>,
    /// Whether it is an advance (uang muka).
    #[serde(default)]
    pub is_advance: bool,
}

impl ExpenditureRow {
    /// As one that is posted alone.
    fn on(&self, contract_id: ContractId) -> ExpenditureDraft {
        ExpenditureDraft {
            contract_id,
            number: self.number.clone(),
            spent_on: self.spent_on,
            amount_idr: self.amount_idr,
            description: self.description.clone(),
            penalty_idr: self.penalty_idr,
            is_advance: self.is_advance,
        }
    }
}

/// Payment orders that are recorded together.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpendituresDraft {
    /// At least one, at most 500; no two under one number.
    pub expenditures: Vec<ExpenditureRow>,
    /// Where they stand in the sheet that they came from.
    #[serde(skip)]
    #[schema(ignore)]
    pub places: Places,
}

impl ExpendituresDraft {
    /// Whether the values are within their limits; every error names its payment order and field.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        let count = self.expenditures.len();
        checks.require(count > 0, LIST, "required", "must have at least one payment order");
        let few = count <= MAX_ITEMS;
        checks.require(few, LIST, "too_many", "must have at most 500 payment orders");
        let mut errors = checks.done().err().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for (index, row) in self.expenditures.iter().enumerate().take(MAX_ITEMS) {
            let mut checks = Checks::default();
            checks.number("/contract_number", &row.contract_number);
            let mut of_row = checks.done().err().unwrap_or_default();
            of_row.extend(row.on(ContractId(uuid::Uuid::nil())).check().err().unwrap_or_default());
            if !seen.insert(number_key(&row.number)) {
                of_row.push(FieldError::new("/number", "twice", "this number is there twice"));
            }
            errors.extend(of_row.into_iter().map(|error| self.places.put(LIST, index, error)));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// The payment orders, or everything that is wrong with them. Takes time for a large file: never within a
    /// transaction.
    pub fn read(input: &Input<Records<ExpendituresDraft>>) -> Input<ExpendituresDraft> {
        match &input.0 {
            Err(errors) => Input(Err(errors.clone())),
            Ok(Records::Json(draft)) => Input(Ok(draft.clone())),
            Ok(records) => Input(of_sheet(records)),
        }
    }
}

fn of_sheet(records: &Records<ExpendituresDraft>) -> Result<ExpendituresDraft, Vec<FieldError>> {
    let mut table = Table::open(records, LIST, &COLUMNS)?;
    let mut expenditures = Vec::with_capacity(table.count());
    for at in 0..table.count() {
        expenditures.push(ExpenditureRow {
            contract_number: table.text(at, "contract_number"),
            number: table.text(at, "number"),
            spent_on: table.date(at, "spent_on"),
            amount_idr: table.rupiah(at, "amount_idr"),
            description: table.text(at, "description"),
            penalty_idr: table.rupiah_if_any(at, "penalty_idr"),
            is_advance: table.truth(at, "is_advance"),
        });
    }
    let draft = ExpendituresDraft { expenditures, places: table.done()? };
    draft.check().map(|()| draft)
}

/// Those of some numbers under which payment orders of a proposal are recorded and were not taken back.
fn standing(
    tx: &mut AnyConnection,
    id: ProposalId,
    keys: &[String],
) -> Result<BTreeSet<String>, Error> {
    let known = expenditure::of_numbers(tx, id, keys)?;
    let ids: Vec<String> = known.iter().map(|(id, _)| id.to_string()).collect();
    let undone = journal::undone(tx, "expenditure", &ids)?;
    let stands = |id: &ExpenditureId| undone.iter().all(|(undone, _)| *undone != id.to_string());
    Ok(known.into_iter().filter(|(id, _)| stands(id)).map(|(_, key)| key).collect())
}

/// Records payment orders together: all of them, or none.
pub fn import(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ExpendituresDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("expenditure.import"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = action::permitted(tx, cx, &seen, Action::RecordExpenditure)?;
            let proposal = spending::locked(tx, cx, &seen)?;
            let list = body.get()?;
            let contracts: HashMap<String, ContractId> =
                contract::of(tx, id)?.into_iter().map(|row| (row.number_key, row.id)).collect();
            let keys: Vec<String> =
                list.expenditures.iter().map(|row| number_key(&row.number)).collect();
            let known = standing(tx, id, &keys)?;
            let mut errors = Vec::new();
            let mut drafts = Vec::with_capacity(list.expenditures.len());
            for (index, row) in list.expenditures.iter().enumerate() {
                let mut of_row = Vec::new();
                match contracts.get(&number_key(&row.contract_number)) {
                    Some(contract) => drafts.push(row.on(*contract)),
                    None => of_row.push(FieldError::new(
                        "/contract_number",
                        "unknown",
                        "the proposal has no contract with this number",
                    )),
                }
                if let Err(error) =
                    spending::not_in_future(cx, &proposal, row.spent_on, "/spent_on")
                {
                    match error {
                        Error::Invalid(more) => of_row.extend(more),
                        other => return Err(other),
                    }
                }
                if known.contains(&number_key(&row.number)) {
                    of_row.push(known_already());
                }
                errors.extend(of_row.into_iter().map(|error| list.places.put(LIST, index, error)));
            }
            if !errors.is_empty() {
                return Err(Error::Invalid(errors));
            }
            let mut made = Vec::with_capacity(drafts.len());
            let mut last = EventId::new();
            for draft in &drafts {
                let (event, shown) = spending::add(tx, cx, by, &proposal, draft)?;
                made.push(shown);
                last = event;
            }
            spending::settle(tx, cx, &proposal, last)?;
            let location = format!("/api/v1/proposals/{id}/expenditures");
            Reply::created(&Page::whole(made), Some(proposal.version), location)
        },
    )
}

/// The payment orders of a proposal as a spreadsheet; the columns that are read can be filled in and sent back.
pub fn export(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    format: Format,
) -> Result<Vec<u8>, Error> {
    let (rows, contracts, undone) = sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = expenditure::of(tx, id, None, MOST.saturating_add(1))?;
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) > MOST {
            let message = format!(
                "It has more than {MOST} payment orders, more than a spreadsheet is made of; read them in pages \
                 (GET /proposals/{id}/expenditures)."
            );
            return Err(Error::refused("too_many", "", message));
        }
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let undone = journal::undone(tx, "expenditure", &ids)?;
        let undone: BTreeSet<String> = undone.into_iter().map(|(id, _)| id).collect();
        Ok::<_, Error>((rows, contract::of(tx, id)?, undone))
    })?;
    let numbers: HashMap<ContractId, String> =
        contracts.into_iter().map(|row| (row.id, row.number)).collect();
    let rows: Vec<Vec<Out>> = rows
        .into_iter()
        .map(|row| {
            vec![
                Out::Text(numbers.get(&row.contract_id).cloned().unwrap_or_default()),
                Out::Text(row.number),
                Out::Day(row.spent_on),
                Out::Number(row.amount_idr.0),
                Out::Text(row.description),
                Out::Number(row.penalty_idr.0),
                Out::Text(if row.is_advance { "ya" } else { "tidak" }.to_owned()),
                Out::Text(flags(&row.flags)),
                Out::Text(reversed(undone.contains(&row.id.to_string()))),
            ]
        })
        .collect();
    written_as(format, "Expenditures", &COLUMNS, &rows)
}
