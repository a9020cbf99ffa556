//! CSV as spreadsheets write it: with or without a byte order mark, parted by commas, semicolons or tabs.

use super::{Cell, Row};
use crate::domain::input::MAX_ITEMS;
use crate::domain::refusal::FieldError;

/// More rows than lines can be are not read: header, lines, and some empty ones.
const MAX_ROWS: usize = MAX_ITEMS * 2;

pub(super) fn rows(bytes: &[u8]) -> Result<Vec<Row>, FieldError> {
    let unreadable = |message: String| FieldError::new("/lines", "unreadable", message);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(unreadable("the file is UTF-16; save it as CSV UTF-8".to_owned()));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
        unreadable(format!("row {}: not UTF-8; save the file as CSV UTF-8", line.saturating_add(1)))
    })?;
    if text.contains('\0') {
        return Err(unreadable("the file contains NUL; it is no CSV".to_owned()));
    }
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records().take(MAX_ROWS) {
        let record = record.map_err(|error| unreadable(error.to_string()))?;
        let number = record.position().map_or(0, ::csv::Position::line);
        let cells = record
            .iter()
            .map(|cell| if cell.is_empty() { Cell::Empty } else { Cell::Text(cell.to_owned()) })
            .collect();
        rows.push(Row { number, cells });
    }
    Ok(rows)
}

/// What parts the first row that says something: the mark that stands in it most often.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |mark: &u8| header.bytes().filter(|byte| byte == mark).count();
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}
