//! Records other than lines from a spreadsheet, and as one: a table whose columns are named by their first row. Every
//! error names row and column; what would be taken for a formula is neutralised on the way out.

use super::columns::letters;
use super::stream::Stream;
use super::{Cell, Format, ROUNDED, Row, csv, is_rounded, unescaped, xlsx};
use crate::domain::input::MAX_ITEMS;
use crate::domain::money::Rupiah;
use crate::domain::refusal::FieldError;
use crate::domain::written;
use crate::service::error::Error;
use chrono::{Datelike, NaiveDate};
use rust_xlsxwriter::{ExcelDateTime, Format as Look, Workbook, Worksheet, XlsxError};

/// Records as they came in.
#[derive(Debug, Clone, PartialEq)]
pub enum Records<T> {
    /// As JSON, understood already.
    Json(T),
    /// The bytes of a CSV file.
    Csv(Vec<u8>),
    /// The bytes of an XLSX file.
    Xlsx(Vec<u8>),
}

/// A column: the field that it fills, its name in Indonesian, and whether it is read.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// The field, and the name in English.
    pub name: &'static str,
    /// The name in Indonesian.
    pub indonesian: &'static str,
    /// Whether it has to be there, may be there, or is written only.
    pub need: Need,
}

/// Whether a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It has to be there.
    Required,
    /// It may be there.
    Optional,
    /// It is written, and not read.
    Written,
}

/// Where records stand in the spreadsheet that they came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    /// The number of each record's row.
    rows: Vec<u64>,
    /// The letters of each column, by its field.
    columns: Vec<(&'static str, String)>,
}

impl Places {
    /// An error of one record, as the list's: with row and column where it came from a spreadsheet.
    pub fn put(&self, list: &str, index: usize, error: FieldError) -> FieldError {
        let pointer = format!("{list}/{index}{}", error.pointer);
        let field = error.pointer.split('/').nth(1).unwrap_or_default();
        let column = self.columns.iter().find(|(name, _)| *name == field);
        let message = match (self.rows.get(index), column) {
            (Some(row), Some((name, letters))) => {
                format!("row {row}, column {letters} ({name}): {}", error.message)
            }
            (Some(row), None) => format!("row {row}: {}", error.message),
            (None, _) => error.message,
        };
        FieldError { pointer, message, ..error }
    }
}

/// A table that is being read.
pub struct Table {
    list: &'static str,
    places: Places,
    at: Vec<(&'static str, usize)>,
    rows: Vec<Row>,
    errors: Vec<FieldError>,
}

impl Table {
    /// Reads the first row; every error at once.
    pub fn open<T>(
        records: &Records<T>,
        list: &'static str,
        columns: &[Column],
    ) -> Result<Table, Vec<FieldError>> {
        let rows = match records {
            Records::Json(_) => Ok(Vec::new()),
            Records::Csv(bytes) => csv::rows(bytes),
            Records::Xlsx(bytes) => xlsx::rows(bytes),
        };
        let at_list = |error: FieldError| vec![FieldError { pointer: list.to_owned(), ..error }];
        let mut rows = rows.map_err(at_list)?.into_iter().filter(|row| !row.is_empty());
        let fail = |code: &str, message: String| vec![FieldError::new(list, code, message)];
        let header = rows.next().ok_or_else(|| {
            fail("empty_sheet", "the sheet has no row; the first one names the columns".to_owned())
        })?;
        let at = columns_of(&header, list, columns)?;
        let rows: Vec<Row> = rows.collect();
        let mut errors = Vec::new();
        if rows.is_empty() {
            let message =
                format!("there is nothing beneath row {}, which names the columns", header.number);
            return Err(fail("no_rows", message));
        }
        if rows.len() > MAX_ITEMS {
            return Err(fail("too_many", "must have at most 500 rows".to_owned()));
        }
        for (index, row) in rows.iter().enumerate() {
            let known = |place: usize| at.iter().any(|(_, known)| *known == place);
            errors.extend(
                super::lost(row, known)
                    .map(|error| FieldError { pointer: format!("{list}/{index}"), ..error }),
            );
        }
        let places = Places {
            rows: rows.iter().map(|row| row.number).collect(),
            columns: at.iter().map(|(name, index)| (*name, letters(*index))).collect(),
        };
        Ok(Table { list, places, at, rows, errors })
    }

    /// How many records there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Where they stand; or everything that could not be read.
    pub fn done(self) -> Result<Places, Vec<FieldError>> {
        if self.errors.is_empty() { Ok(self.places) } else { Err(self.errors) }
    }

    fn fail(&mut self, index: usize, field: &str, code: &str, message: String) {
        let error = FieldError::new(format!("/{field}"), code, message);
        self.errors.push(self.places.put(self.list, index, error));
    }

    /// The cell of a field; a formula that came as text and what the spreadsheet could not compute are errors.
    fn cell(&mut self, index: usize, field: &'static str) -> Cell {
        let column = self.at.iter().find(|(name, _)| *name == field).map(|(_, at)| *at);
        let found = column.and_then(|at| self.rows.get(index).map(|row| row.cell(at).clone()));
        match found.unwrap_or(Cell::Empty) {
            Cell::Broken(error) => {
                let message = format!("the spreadsheet shows {error}; mend the formula");
                self.fail(index, field, "broken_formula", message);
                Cell::Empty
            }
            Cell::Text(text) if text.trim_start().starts_with(['=', '@', '+']) => {
                let message = "a formula is not taken; write its value".to_owned();
                self.fail(index, field, "formula", message);
                Cell::Empty
            }
            cell => cell,
        }
    }

    /// A text; nothing for an empty cell. A number of more digits than a cell holds is an error.
    pub fn text(&mut self, index: usize, field: &'static str) -> String {
        match self.cell(index, field) {
            Cell::Text(text) => unescaped(text.trim()),
            Cell::Number(number) if is_rounded(number) => {
                self.fail(index, field, "rounded_number", ROUNDED.to_owned());
                String::new()
            }
            Cell::Number(number) => number.to_string(),
            Cell::Truth(truth) => truth.to_string(),
            Cell::Day(day) => day.to_string(),
            Cell::Empty | Cell::Broken(_) => String::new(),
        }
    }

    /// One of a vocabulary, in either case.
    pub fn choice<T: Copy + std::fmt::Display>(
        &mut self,
        index: usize,
        field: &'static str,
        all: &[T],
    ) -> Option<T> {
        let before = self.errors.len();
        let text = self.text(index, field).replace([' ', '-'], "_");
        let found = all.iter().find(|one| one.to_string().eq_ignore_ascii_case(&text)).copied();
        if found.is_none() && self.errors.len() == before {
            let names: Vec<String> = all.iter().map(ToString::to_string).collect();
            self.fail(index, field, "unknown", format!("write one of {}", names.join(", ")));
        }
        found
    }

    /// An amount of money.
    pub fn rupiah(&mut self, index: usize, field: &'static str) -> Rupiah {
        let before = self.errors.len();
        let (read, shown) = match self.cell(index, field) {
            Cell::Text(text) => (written::rupiah(&text), text),
            Cell::Number(number) => (written::rupiah_of(number), number.to_string()),
            other => {
                let shown =
                    if let Cell::Truth(truth) = other { truth.to_string() } else { String::new() };
                (Err(written::Unclear::NoNumber), shown)
            }
        };
        match read {
            Ok(amount) => amount,
            Err(why) => {
                if self.errors.len() == before {
                    self.fail(index, field, why.code(), why.message(&shown));
                }
                Rupiah::ZERO
            }
        }
    }

    /// An amount of money, where there is one.
    pub fn rupiah_if_any(&mut self, index: usize, field: &'static str) -> Option<Rupiah> {
        let column = self.at.iter().find(|(name, _)| *name == field).map(|(_, at)| *at)?;
        let is_empty = self.rows.get(index).is_none_or(|row| row.cell(column).is_empty());
        if is_empty { None } else { Some(self.rupiah(index, field)) }
    }

    /// Yes or no; an empty cell is no.
    pub fn truth(&mut self, index: usize, field: &'static str) -> bool {
        let before = self.errors.len();
        let text = self.text(index, field);
        match super::columns::truth(&text) {
            Ok(truth) => truth,
            Err(message) => {
                if self.errors.len() == before {
                    self.fail(index, field, "unknown", message);
                }
                false
            }
        }
    }

    /// A date: a date cell, or year, month and day. What may be day first or month first is refused.
    pub fn date(&mut self, index: usize, field: &'static str) -> NaiveDate {
        let before = self.errors.len();
        let read = match self.cell(index, field) {
            Cell::Day(day) => Some(day),
            Cell::Text(text) => text.trim().parse().ok(),
            Cell::Empty | Cell::Number(_) | Cell::Truth(_) | Cell::Broken(_) => None,
        };
        if read.is_none() && self.errors.len() == before {
            let message = "write year, month and day, such as 2021-05-31, or use a date cell";
            self.fail(index, field, "no_date", message.to_owned());
        }
        read.unwrap_or_default()
    }

    /// Whole numbers, parted by commas, semicolons or spaces.
    pub fn numbers(&mut self, index: usize, field: &'static str) -> Vec<i64> {
        let before = self.errors.len();
        let text = self.text(index, field);
        let parts = text.split([',', ';', ' ']).map(str::trim).filter(|part| !part.is_empty());
        let read: Result<Vec<i64>, _> = parts.map(str::parse).collect();
        if read.is_err() && self.errors.len() == before {
            let message = "write the numbers of the lines, such as 1, 2, 3".to_owned();
            self.fail(index, field, "no_numbers", message);
        }
        read.unwrap_or_default()
    }
}

fn columns_of(
    header: &Row,
    list: &str,
    columns: &[Column],
) -> Result<Vec<(&'static str, usize)>, Vec<FieldError>> {
    let mut found: Vec<(&'static str, usize)> = Vec::new();
    let mut errors = Vec::new();
    let mut fail = |code: &str, message| errors.push(FieldError::new(list, code, message));
    for (index, cell) in header.cells.iter().enumerate() {
        let Cell::Text(text) = cell else { continue };
        let name = super::columns::normal(text);
        if name.is_empty() {
            continue;
        }
        let place = format!("row {}, column {}", header.number, letters(index));
        match columns.iter().find(|one| one.name == name || one.indonesian == name) {
            None => {
                let names: Vec<&str> = columns.iter().map(|one| one.name).collect();
                let known = names.join(", ");
                let name = super::columns::shown(&name);
                let message = format!("{place}: there is no column {name:?}; known are {known}");
                fail("unknown_column", message);
            }
            Some(one) if found.iter().any(|(known, _)| *known == one.name) => {
                fail("column_twice", format!("{place}: the column {name:?} is there twice"));
            }
            Some(one) => found.push((one.name, index)),
        }
    }
    for one in columns.iter().filter(|one| one.need == Need::Required) {
        if !found.iter().any(|(known, _)| *known == one.name) {
            let (row, name, other) = (header.number, one.name, one.indonesian);
            fail("missing_column", format!("row {row}: the column {name} ({other}) is missing"));
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(errors) }
}

/// A cell that is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Out {
    /// A text; what CSV would make a formula of gets an apostrophe there.
    Text(String),
    /// Money or a number.
    Number(i64),
    /// A day: in a workbook a date, that sorts and is counted as one.
    Day(NaiveDate),
}

impl Out {
    /// As it stands in a CSV file.
    pub(super) fn text(&self) -> String {
        match self {
            Out::Text(text) => csv::cell(text),
            Out::Number(number) => number.to_string(),
            Out::Day(day) => day.to_string(),
        }
    }
}

/// How a day looks in a workbook of any country: as in CSV.
pub(super) fn day_look() -> Look {
    Look::new().set_num_format("yyyy-mm-dd")
}

/// The day as workbooks count them; none before 1900.
fn counted(day: NaiveDate) -> Option<ExcelDateTime> {
    let year = u16::try_from(day.year()).ok().filter(|year| *year >= 1900)?;
    let (month, of_month) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
    ExcelDateTime::from_ymd(year, month, of_month).ok()
}

/// Writes a cell of a workbook: a number as a number, a day as a date of this look, a text as nothing but a text.
pub(super) fn put(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    cell: &Out,
    look: &Look,
) -> Result<(), XlsxError> {
    match cell {
        Out::Day(day) => match counted(*day) {
            Some(date) => sheet.write_datetime_with_format(row, at, &date, look)?,
            None => sheet.write_string(row, at, day.to_string())?,
        },
        Out::Text(text) => sheet.write_string(row, at, text)?,
        // Money is below 2^53, and so exact in a cell.
        Out::Number(number) => match number.to_string().parse::<f64>() {
            Ok(exact) => sheet.write_number(row, at, exact)?,
            Err(_) => sheet.write_string(row, at, number.to_string())?,
        },
    };
    Ok(())
}

/// A table as a spreadsheet of a format.
pub fn written_as(
    format: Format,
    sheet: &str,
    columns: &[Column],
    rows: &[Vec<Out>],
) -> Result<Vec<u8>, Error> {
    match format {
        Format::Csv => {
            let mut written = Stream::begin(format, sheet, columns, Vec::new())?;
            rows.iter().try_for_each(|row| written.row(row))?;
            written.end()
        }
        Format::Xlsx => as_workbook(sheet, columns, rows)
            .map_err(|error| Error::Defect(format!("writing XLSX: {error}"))),
    }
}

fn as_workbook(name: &str, columns: &[Column], rows: &[Vec<Out>]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (bold, look) = (Look::new().set_bold(), day_look());
    let sheet = book.add_worksheet().set_name(name)?;
    for (at, column) in (0_u16..).zip(columns) {
        sheet.write_with_format(0, at, column.name, &bold)?;
        sheet.set_column_width(at, 22)?;
    }
    for (row, cells) in (1_u32..).zip(rows) {
        for (at, cell) in (0_u16..).zip(cells) {
            put(sheet, (row, at), cell, &look)?;
        }
    }
    let help = book.add_worksheet().set_name("Petunjuk")?;
    help.write_with_format(0, 0, "column", &bold)?.write_with_format(0, 1, "kolom", &bold)?;
    for (row, column) in (1_u32..).zip(columns) {
        let needed = match column.need {
            Need::Required => "wajib / required",
            Need::Optional => "opsional / optional",
            Need::Written => "tidak dibaca / not read",
        };
        help.write(row, 0, column.name)?.write(row, 1, column.indonesian)?.write(row, 2, needed)?;
    }
    book.save_to_buffer()
}
