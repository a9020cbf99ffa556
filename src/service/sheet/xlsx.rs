//! XLSX, read cell by cell: a small file can unpack to gigabytes, or name a cell at the far corner of the sheet.

use super::{Cell, Row};
use crate::domain::refusal::FieldError;
use calamine::{DataRef, Reader, Xlsx};
use chrono::NaiveDate;
use std::collections::HashSet;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// What a workbook may unpack to, in bytes: a hundred times what 500 lines need.
const MAX_UNPACKED: u64 = 32 * 1024 * 1024;
/// Files within a workbook.
const MAX_FILES: usize = 500;
/// Rows looked at, the empty ones too.
const MAX_ROWS: u32 = 2_000;
/// Columns looked at.
const MAX_COLUMNS: u32 = 50;
/// Letters of all cells, in bytes: a workbook keeps a text once, however many cells show it.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Cells looked at, also where a file names one many times: as many as those rows and columns have.
const MAX_CELLS: usize = 100_000;
/// The sheet that is read, where there are several; else the first.
pub(super) const SHEET: &str = "Lines";

pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Row>, FieldError> {
    measure(bytes)?;
    let mut workbook = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let names = workbook.sheet_names();
    let name = names
        .iter()
        .find(|name| name.eq_ignore_ascii_case(SHEET))
        .or(names.first())
        .cloned()
        .ok_or_else(|| unreadable("the workbook has no sheet"))?;
    let formulas = formulas(&mut workbook, &name)?;
    let mut reader = workbook.worksheet_cells_reader(&name).map_err(unreadable)?;
    let mut rows: Vec<Row> = Vec::new();
    let (mut count, mut text) = (0_usize, 0_usize);
    while let Some(found) = reader.next_cell().map_err(unreadable)? {
        count = one_more(count)?;
        text = text.saturating_add(length(found.get_value()));
        if text > MAX_TEXT {
            let message = format!("the cells have more than {MAX_TEXT} bytes of text together");
            return Err(FieldError::new("/lines", "too_large", message));
        }
        let (row, column) = found.get_position();
        let cell = match of(found.get_value()) {
            // A formula that was never computed would read as nothing: a price left out, a "yes" taken for a "no".
            Cell::Empty if formulas.contains(&(row, column)) => {
                Cell::Broken("a formula without a value".to_owned())
            }
            cell => cell,
        };
        if cell == Cell::Empty {
            continue;
        }
        if row >= MAX_ROWS || column >= MAX_COLUMNS {
            let message = format!(
                "there is something in row {}, column {}; only the first {MAX_ROWS} rows and {MAX_COLUMNS} columns are read",
                u64::from(row).saturating_add(1),
                u64::from(column).saturating_add(1),
            );
            return Err(FieldError::new("/lines", "too_large", message));
        }
        put(&mut rows, row, column, cell);
    }
    Ok(rows)
}

/// Where formulas stand.
fn formulas(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: &str,
) -> Result<HashSet<(u32, u32)>, FieldError> {
    let mut reader = workbook.worksheet_cells_reader(name).map_err(unreadable)?;
    let (mut places, mut count) = (HashSet::new(), 0_usize);
    while let Some(found) = reader.next_formula().map_err(unreadable)? {
        count = one_more(count)?;
        if !found.get_value().is_empty() {
            places.insert(found.get_position());
        }
    }
    Ok(places)
}

fn one_more(count: usize) -> Result<usize, FieldError> {
    if count < MAX_CELLS {
        return Ok(count.saturating_add(1));
    }
    let message = format!("the sheet has more than {MAX_CELLS} cells; delete what is no line");
    Err(FieldError::new("/lines", "too_large", message))
}

fn put(rows: &mut Vec<Row>, row: u32, column: u32, cell: Cell) {
    let number = u64::from(row).saturating_add(1);
    if rows.last().is_none_or(|last| last.number != number) {
        rows.push(Row { number, cells: Vec::new() });
    }
    let at = usize::try_from(column).unwrap_or_default();
    if let Some(last) = rows.last_mut() {
        last.cells.resize(last.cells.len().max(at.saturating_add(1)), Cell::Empty);
        if let Some(place) = last.cells.get_mut(at) {
            *place = cell;
        }
    }
}

/// Bytes of a cell's text, before any of it is copied.
fn length(value: &DataRef<'_>) -> usize {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.len()
        }
        DataRef::SharedString(text) => text.len(),
        DataRef::Empty
        | DataRef::Float(_)
        | DataRef::Int(_)
        | DataRef::Bool(_)
        | DataRef::DateTime(_)
        | DataRef::Error(_) => 0,
    }
}

fn of(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            typed(text)
        }
        DataRef::SharedString(text) => typed(text),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::Int(number) => Cell::Text(number.to_string()),
        DataRef::Bool(truth) => Cell::Truth(*truth),
        DataRef::DateTime(date) => {
            let (year, month, day, ..) = date.to_ymd_hms_milli();
            let (year, month, day) = (i32::from(year), u32::from(month), u32::from(day));
            NaiveDate::from_ymd_opt(year, month, day)
                .map_or_else(|| Cell::Broken(format!("a date ({date})")), Cell::Day)
        }
        DataRef::Error(error) => Cell::Broken(error.to_string()),
    }
}

/// A text of a workbook is one, whatever it begins with; it gets the apostrophe that CSV has there.
fn typed(text: &str) -> Cell {
    let mark = if text.trim_start().starts_with(['=', '@', '+']) { "'" } else { "" };
    Cell::Text(format!("{mark}{text}"))
}

fn unreadable(error: impl std::fmt::Display) -> FieldError {
    FieldError::new("/lines", "unreadable", format!("the file is no XLSX workbook: {error}"))
}

/// Unpacks into nothing, and stops where it becomes too much: what a file says of its own size proves nothing.
fn measure(bytes: &[u8]) -> Result<(), FieldError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(unreadable)?;
    let too_large = || {
        let message =
            format!("the workbook unpacks to more than {MAX_UNPACKED} bytes or {MAX_FILES} files");
        FieldError::new("/lines", "too_large", message)
    };
    if archive.len() > MAX_FILES {
        return Err(too_large());
    }
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(unreadable)?;
        let mut bounded = (&mut file).take(left.saturating_add(1));
        let size = std::io::copy(&mut bounded, &mut std::io::sink()).map_err(unreadable)?;
        left = left.checked_sub(size).ok_or_else(too_large)?;
    }
    Ok(())
}
