//! The columns of a spreadsheet of lines: their names in English and Indonesian, and the words of their cells.

use super::{Cell, Row};
use crate::domain::line::{Component, FundSource};
use crate::domain::refusal::FieldError;

/// A column that lines are read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Component,
    Description,
    BuildsAnew,
    Volume,
    Unit,
    UnitCost,
    Amount,
    FundSource,
    Gap,
    /// What the service remarks of the line; nothing is read from it.
    Remarks,
}

/// Each column, with the field that it fills, its name in Indonesian, and whether it has to be there.
pub(super) const COLUMNS: [(Column, &str, &str, bool); 10] = [
    (Column::Component, "component", "komponen", true),
    (Column::Description, "description", "uraian", true),
    (Column::BuildsAnew, "builds_anew", "bangun_baru", false),
    (Column::Volume, "volume", "volume", true),
    (Column::Unit, "unit", "satuan", true),
    (Column::UnitCost, "unit_cost_idr", "harga_satuan_idr", true),
    (Column::Amount, "amount_idr", "jumlah_idr", false),
    (Column::FundSource, "fund_source", "sumber_dana", true),
    (Column::Gap, "gap", "kesenjangan", false),
    (Column::Remarks, "remarks", "catatan_sistem", false),
];

impl Column {
    /// Its name in the sheet.
    pub(super) fn name(self) -> &'static str {
        COLUMNS.iter().find(|column| column.0 == self).map_or("", |column| column.1)
    }

    /// The field of a line that it fills.
    pub(super) fn field(self) -> &'static str {
        if self == Column::Volume { "volume_thousandths" } else { self.name() }
    }

    pub(super) fn of_field(field: &str) -> Option<Column> {
        COLUMNS.iter().map(|column| column.0).find(|column| column.field() == field)
    }
}

/// Where each column stands.
#[derive(Debug)]
pub(super) struct Columns(Vec<(Column, usize)>);

impl Columns {
    /// Reads the first row; every error at once.
    pub(super) fn of(header: &Row) -> Result<Columns, Vec<FieldError>> {
        let mut found: Vec<(Column, usize)> = Vec::new();
        let mut errors = Vec::new();
        for (index, cell) in header.cells.iter().enumerate() {
            let name = match cell {
                Cell::Text(text) => normal(text),
                _ => continue,
            };
            if name.is_empty() {
                continue;
            }
            let place = format!("row {}, column {}", header.number, letters(index));
            match COLUMNS.iter().find(|column| column.1 == name || column.2 == name) {
                None => {
                    let names: Vec<&str> = COLUMNS.iter().map(|column| column.1).collect();
                    let message = format!(
                        "{place}: there is no column {:?}; known are {}",
                        shown(&name),
                        names.join(", ")
                    );
                    errors.push(FieldError::new("/lines", "unknown_column", message));
                }
                Some((column, ..)) if found.iter().any(|known| known.0 == *column) => {
                    let message = format!("{place}: the column {name:?} is there twice");
                    errors.push(FieldError::new("/lines", "column_twice", message));
                }
                Some((column, ..)) => found.push((*column, index)),
            }
        }
        for (column, name, indonesian, required) in COLUMNS {
            if required && !found.iter().any(|known| known.0 == column) {
                let message =
                    format!("row {}: the column {name} ({indonesian}) is missing", header.number);
                errors.push(FieldError::new("/lines", "missing_column", message));
            }
        }
        if errors.is_empty() { Ok(Columns(found)) } else { Err(errors) }
    }

    pub(super) fn index(&self, column: Column) -> Option<usize> {
        self.0.iter().find(|known| known.0 == column).map(|known| known.1)
    }

    /// Whether the first row names a column at the place.
    pub(super) fn names(&self, at: usize) -> bool {
        self.0.iter().any(|known| known.1 == at)
    }

    /// `row 7, column E (volume)`
    pub(super) fn place(&self, row: u64, column: Column) -> String {
        let letters = self.index(column).map(letters).unwrap_or_default();
        format!("row {row}, column {letters} ({})", column.name())
    }
}

pub(super) fn normal(text: &str) -> String {
    text.trim().trim_start_matches('\u{feff}').to_lowercase().replace([' ', '-'], "_")
}

/// As much of a text as an error repeats.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A column as spreadsheets name it: A, B, …, Z, AA.
pub(super) fn letters(index: usize) -> String {
    let mut rest = index;
    let mut text = String::new();
    loop {
        let digit = u8::try_from(rest % 26).unwrap_or(0);
        text.insert(0, char::from(b'A'.saturating_add(digit)));
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => return text,
        }
    }
}

/// A component by its code or by what officials call it.
pub(super) fn component(text: &str) -> Result<Component, String> {
    let known = |component: &&Component| {
        component.as_str() == normal(text) || component.label_id().eq_ignore_ascii_case(text)
    };
    Component::ALL.iter().find(known).copied().ok_or_else(|| {
        let names: Vec<&str> = Component::ALL.iter().map(|component| component.as_str()).collect();
        format!("write one of {}", names.join(", "))
    })
}

/// A source of funds by its code, in either case.
pub(super) fn fund_source(text: &str) -> Result<FundSource, String> {
    let known = |source: &&FundSource| source.as_str().eq_ignore_ascii_case(&normal(text));
    FundSource::ALL.iter().find(known).copied().ok_or_else(|| {
        let names: Vec<&str> = FundSource::ALL.iter().map(|source| source.as_str()).collect();
        format!("write one of {}", names.join(", "))
    })
}

/// Yes or no; nothing is no.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    match normal(text).as_str() {
        "ya" | "yes" | "true" | "1" | "x" => Ok(true),
        "tidak" | "no" | "false" | "0" | "" | "-" => Ok(false),
        _ => Err("write ya or tidak (yes or no)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_name_them() {
        let names: Vec<String> = [0, 25, 26, 27, 701, 702].map(letters).into();
        assert_eq!(names, ["A", "Z", "AA", "AB", "ZZ", "AAA"]);
    }
}
