//! A spreadsheet that is written row by row, in the memory of a row, however many there are.

use super::table::{Column, Out, day_look, put};
use super::{Format, csv};
use crate::service::error::Error;
use crate::service::store::StoreError;
use rust_xlsxwriter::{Format as Look, Workbook, XlsxError};
use std::io::{self, Write};

/// Rows that a worksheet can hold, the one with the names among them (ECMA-376).
const MOST_ROWS: u32 = 1_048_576;

/// A spreadsheet that is being written.
pub struct Stream<W: Write + Send> {
    kind: Kind<W>,
    rows: u32,
    /// How days look.
    look: Look,
}

enum Kind<W: Write + Send> {
    Csv(Box<::csv::Writer<W>>),
    Xlsx(Box<Workbook>, W),
}

impl<W: Write + Send> Stream<W> {
    /// Begins one with the names of its columns: semicolons and a byte order mark in CSV, as an Indonesian spreadsheet
    /// expects them.
    pub fn begin(
        format: Format,
        name: &str,
        columns: &[Column],
        out: W,
    ) -> Result<Stream<W>, Error> {
        let kind = match format {
            Format::Csv => {
                let mut writer = csv::writer(out).map_err(failed)?;
                let names = columns.iter().map(|column| column.name);
                writer.write_record(names).map_err(of_csv)?;
                Kind::Csv(Box::new(writer))
            }
            Format::Xlsx => {
                let mut book = Workbook::new();
                head(&mut book, name, columns).map_err(of_xlsx)?;
                Kind::Xlsx(Box::new(book), out)
            }
        };
        Ok(Stream { kind, rows: 1, look: day_look() })
    }

    /// Writes a row.
    pub fn row(&mut self, cells: &[Out]) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Csv(writer) => {
                writer.write_record(cells.iter().map(Out::text)).map_err(of_csv)?;
            }
            Kind::Xlsx(book, _) => {
                if self.rows >= MOST_ROWS {
                    let words = format!(
                        "There are more rows than a worksheet holds ({MOST_ROWS}); take CSV, or name a year or a region."
                    );
                    return Err(Error::refused("too_many", "", words));
                }
                fill(book, self.rows, cells, &self.look).map_err(of_xlsx)?;
            }
        }
        self.rows = self.rows.saturating_add(1);
        Ok(())
    }

    /// Ends it, and gives back what it was written to.
    pub fn end(self) -> Result<W, Error> {
        match self.kind {
            Kind::Csv(writer) => writer.into_inner().map_err(|error| {
                failed(io::Error::new(error.error().kind(), error.error().to_string()))
            }),
            Kind::Xlsx(mut book, mut out) => {
                book.save_to_writer(&mut out).map_err(of_xlsx)?;
                Ok(out)
            }
        }
    }
}

fn head(book: &mut Workbook, name: &str, columns: &[Column]) -> Result<(), XlsxError> {
    let bold = Look::new().set_bold();
    let sheet = book.add_worksheet_with_constant_memory()?.set_name(name)?;
    for (at, column) in (0_u16..).zip(columns) {
        sheet.set_column_width(at, 22)?;
        sheet.write_with_format(0, at, column.name, &bold)?;
    }
    Ok(())
}

fn fill(book: &mut Workbook, row: u32, cells: &[Out], look: &Look) -> Result<(), XlsxError> {
    let sheet = book.worksheet_from_index(0)?;
    (0_u16..).zip(cells).try_for_each(|(at, cell)| put(sheet, (row, at), cell, look))
}

/// Nothing more can be written: there is no room, or the disk fails.
fn failed(error: io::Error) -> Error {
    Error::Store(StoreError::from(error))
}

fn of_csv(error: ::csv::Error) -> Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => failed(error),
        other => Error::Defect(format!("writing CSV: {other:?}")),
    }
}

fn of_xlsx(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) => failed(error),
        other => Error::Defect(format!("writing XLSX: {other}")),
    }
}
