//! CSV as an Indonesian spreadsheet expects it, and as spreadsheets write it: with or without a byte order mark, parted by commas, semicolons or tabs, its rows ended
//! in any system's way.

use super::columns::letters;
use super::{Cell, Row, escaped};
use crate::domain::input::MAX_ITEMS;
use crate::domain::refusal::FieldError;
use ::csv::{ByteRecord, QuoteStyle, Writer, WriterBuilder};
use std::io::{self, Read, Write};

/// Rows that say something and are kept: the header, the lines, and one by which too many are told.
const MAX_ROWS: usize = MAX_ITEMS + 2;
/// Cells of a row that says something, up to the last that does.
const MAX_COLUMNS: usize = 50;
/// A row behind the last. A quote that is never closed takes it into its cell, with every row between.
const BEHIND: &[u8] = b"\nend of the file";

/// What writes CSV: semicolons, and a byte order mark before them. Cells come as [`cell`] makes them.
pub(super) fn writer<W: Write>(mut out: W) -> io::Result<Writer<W>> {
    out.write_all(b"\xef\xbb\xbf")?;
    let style = QuoteStyle::Never;
    Ok(WriterBuilder::new().delimiter(b';').quote_style(style).from_writer(out))
}

/// A text as a cell: no formula, and in quotes where it holds what parts cells in a file of any country.
pub(super) fn cell(text: &str) -> String {
    let text = escaped(text);
    if text.contains([',', ';', '\t', '\n', '\r', '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

fn unreadable(message: String) -> FieldError {
    FieldError::new("/lines", "unreadable", message)
}

pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Row>, FieldError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(unreadable("the file is UTF-16; save it as CSV UTF-8".to_owned()));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(unreadable("the file contains NUL; it is no CSV".to_owned()));
    }
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(bytes))
        .from_reader(bytes.chain(BEHIND));
    let whole = u64::try_from(bytes.len().saturating_add(BEHIND.len())).unwrap_or(u64::MAX);
    let mut rows: Vec<Row> = Vec::new();
    let mut number = 0_u64;
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|error| unreadable(error.to_string()))? {
        let start = record.position().map_or(0, ::csv::Position::byte);
        number = number.saturating_add(1).saturating_add(blank_rows(bytes, start));
        if reader.position().byte() >= whole {
            return if is_behind(&record) { Ok(rows) } else { Err(open_quote(number)) };
        }
        let row = row(number, &record)?;
        if !row.is_empty() {
            rows.push(row);
        }
        if rows.len() >= MAX_ROWS {
            break;
        }
    }
    Ok(rows)
}

fn is_behind(record: &ByteRecord) -> bool {
    record.len() == 1 && record.iter().all(|cell| Some(cell) == BEHIND.strip_prefix(b"\n"))
}

fn open_quote(number: u64) -> FieldError {
    let message = format!(
        "row {number} has a quotation mark that is not closed, so that all rows after it would be one cell; close it, or \
         write it twice where it is part of the text"
    );
    FieldError::new("/lines", "open_quote", message)
}

fn row(number: u64, record: &ByteRecord) -> Result<Row, FieldError> {
    let said = record.iter().rposition(|cell| !cell.trim_ascii().is_empty());
    let count = said.map_or(0, |last| last.saturating_add(1));
    if count > MAX_COLUMNS {
        let message =
            format!("row {number} has {count} cells; only {MAX_COLUMNS} columns are read");
        return Err(FieldError::new("/lines", "too_large", message));
    }
    let mut cells = Vec::with_capacity(count);
    for (index, cell) in record.iter().enumerate().take(count) {
        let text = std::str::from_utf8(cell).map_err(|_| {
            let column = letters(index);
            unreadable(format!(
                "row {number}, column {column}: not UTF-8; save the file as CSV UTF-8"
            ))
        })?;
        cells.push(if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) });
    }
    Ok(Row { number, cells })
}

/// How many empty rows the reader passed over before a record that it began to read at `start`. A spreadsheet counts
/// them, and counts a cell with line breaks in it as one row, so neither records nor line ends can be counted alone.
fn blank_rows(bytes: &[u8], start: u64) -> u64 {
    let start = usize::try_from(start).unwrap_or(usize::MAX);
    let mut last = start.checked_sub(1).and_then(|before| bytes.get(before)).copied();
    let mut count = 0_u64;
    let rest = bytes.get(start..).unwrap_or_default();
    for byte in rest.iter().copied().take_while(|byte| is_row_end(*byte)) {
        // The second half of CR LF ends nothing more, and may be all that is left of the row before.
        if (last, byte) != (Some(b'\r'), b'\n') {
            count = count.saturating_add(1);
        }
        last = Some(byte);
    }
    count
}

fn is_row_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// What parts the first row that says something: the mark that stands in it most often.
fn delimiter(bytes: &[u8]) -> u8 {
    let mut lines = bytes.split(|byte| is_row_end(*byte));
    let header = lines.find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let count = |mark: &u8| header.iter().filter(|byte| *byte == mark).count();
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}
