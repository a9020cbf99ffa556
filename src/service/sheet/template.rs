//! The spreadsheet that a clerk fills in: the columns, the lines that there are, and the components to choose from.

use super::columns::{COLUMNS, Column};
use super::{csv, xlsx};
use crate::domain::ids::ProposalId;
use crate::domain::line::{Component, FundSource};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::view::line::remarks_of;
use crate::service::{Services, access, policy};
use crate::storage::line::{self, Line};
use rust_xlsxwriter::{DataValidation, Format as Look, Workbook, Worksheet, XlsxError};

/// A kind of spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Semicolons and a byte order mark, as an Indonesian spreadsheet expects them.
    Csv,
    /// A workbook, with lists to choose from and a sheet that explains them.
    Xlsx,
}

impl Format {
    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// The rows that lists to choose from are put on.
const LAST_ROW: u32 = 500;

/// A proposal's lines as a spreadsheet that can be sent back.
pub fn template(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    format: Format,
) -> Result<Vec<u8>, Error> {
    let (lines, policy) = sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        let policy = policy::of_proposal(tx, &row, cx.now)?.policy;
        Ok::<_, Error>((line::of(tx, id)?, policy))
    })?;
    let rows: Vec<(Line, String)> = lines
        .into_iter()
        .map(|line| {
            let remarks = remarks_of(&line, &policy).into_iter().map(|remark| remark.message);
            let remarks = remarks.collect::<Vec<_>>().join(" ");
            (line, remarks)
        })
        .collect();
    match format {
        Format::Csv => {
            as_csv(&rows).map_err(|error| Error::Defect(format!("writing CSV: {error}")))
        }
        Format::Xlsx => {
            workbook(&rows).map_err(|error| Error::Defect(format!("writing XLSX: {error}")))
        }
    }
}

/// A volume with its decimals after `mark`. Three of them get a zero: `1,125` alone would have two readings.
fn volume(thousandths: i64, mark: char) -> String {
    let (whole, rest) = (thousandths / 1000, format!("{:03}", thousandths % 1000));
    match rest.trim_end_matches('0') {
        "" => whole.to_string(),
        decimals if decimals.len() == 3 => format!("{whole}{mark}{decimals}0"),
        decimals => format!("{whole}{mark}{decimals}"),
    }
}

fn cells((line, remarks): &(Line, String), mark: char) -> [String; 10] {
    [
        line.component.to_string(),
        line.description.clone(),
        if line.builds_anew { "ya" } else { "tidak" }.to_owned(),
        volume(line.volume_thousandths, mark),
        line.unit.clone(),
        line.unit_cost_idr.0.to_string(),
        line.amount_idr.0.to_string(),
        line.fund_source.to_string(),
        line.gap.clone().unwrap_or_default(),
        remarks.clone(),
    ]
}

/// Whether a column holds a volume or money.
const fn is_number(column: usize) -> bool {
    matches!(column, 3 | 5 | 6)
}

fn as_csv(lines: &[(Line, String)]) -> Result<Vec<u8>, String> {
    let mut writer = csv::writer(Vec::new()).map_err(|error| error.to_string())?;
    writer.write_record(COLUMNS.map(|column| column.1)).map_err(|error| error.to_string())?;
    for line in lines {
        let cells = cells(line, ',').into_iter().enumerate();
        let cells = cells.map(|(at, text)| if is_number(at) { text } else { csv::cell(&text) });
        writer.write_record(cells).map_err(|error| error.to_string())?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

fn workbook(lines: &[(Line, String)]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Look::new().set_bold();
    let sheet = book.add_worksheet().set_name(xlsx::SHEET)?;
    for (column, (_, name, ..)) in (0_u16..).zip(COLUMNS) {
        sheet.write_with_format(0, column, name, &bold)?;
        sheet.set_column_width(column, 22)?;
    }
    for (row, line) in (1_u32..).zip(lines) {
        fill(sheet, row, line)?;
    }
    let components: Vec<&str> = Component::ALL.iter().map(|component| component.as_str()).collect();
    let sources: Vec<&str> = FundSource::ALL.iter().map(|source| source.as_str()).collect();
    for (column, words) in [(0, components), (2, vec!["ya", "tidak"]), (7, sources)] {
        let choice = DataValidation::new().allow_list_strings(&words)?;
        sheet.add_data_validation(1, column, LAST_ROW, column, &choice)?;
    }
    explain(book.add_worksheet().set_name("Petunjuk")?, &bold)?;
    book.save_to_buffer()
}

fn fill(sheet: &mut Worksheet, row: u32, line: &(Line, String)) -> Result<(), XlsxError> {
    for (column, (at, text)) in (0_u16..).zip(cells(line, '.').into_iter().enumerate()) {
        // Volume and money as numbers: both are exact in a cell, being far below 2^53.
        let number = is_number(at).then(|| text.parse::<f64>().ok()).flatten();
        match number {
            Some(number) => sheet.write_number(row, column, number)?,
            None => sheet.write_string(row, column, text)?,
        };
    }
    Ok(())
}

fn explain(sheet: &mut Worksheet, bold: &Look) -> Result<(), XlsxError> {
    sheet.write_with_format(0, 0, "column", bold)?.write_with_format(0, 1, "kolom", bold)?;
    for (row, (column, name, indonesian, required)) in (1_u32..).zip(COLUMNS) {
        let needed = match (column, required) {
            (Column::Remarks, _) => "tidak dibaca / not read",
            (_, true) => "wajib / required",
            (_, false) => "opsional / optional",
        };
        sheet.write(row, 0, name)?.write(row, 1, indonesian)?.write(row, 2, needed)?;
    }
    sheet
        .write_with_format(12, 0, "component", bold)?
        .write_with_format(12, 1, "komponen", bold)?;
    for (row, component) in (13_u32..).zip(Component::ALL) {
        sheet.write(row, 0, component.as_str())?.write(row, 1, component.label_id())?;
    }
    sheet.set_column_width(0, 26)?.set_column_width(1, 30)?.set_column_width(2, 22)?;
    Ok(())
}
