//! Budget lines from a spreadsheet: CSV or XLSX is read into the same draft as JSON, and every error names its row
//! and column. Nothing is guessed: what can be read in two ways is refused.

mod columns;
mod csv;
pub mod stream;
pub mod table;
mod template;
mod xlsx;

use crate::domain::input::MAX_ITEMS;
use crate::domain::line::{Component, FundSource};
use crate::domain::money::Rupiah;
use crate::domain::refusal::FieldError;
use crate::domain::written::{self, Unclear};
use crate::service::context::Input;
use crate::service::line::{LineDraft, LinesDraft};
use chrono::NaiveDate;
use columns::{Column, Columns};

pub use template::{Format, template};

/// Lines as they came in.
#[derive(Debug, Clone, PartialEq)]
pub enum Sheet {
    /// As JSON, understood already.
    Json(LinesDraft),
    /// The bytes of a CSV file.
    Csv(Vec<u8>),
    /// The bytes of an XLSX file.
    Xlsx(Vec<u8>),
}

/// A cell of either kind of file.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Truth(bool),
    /// A date, as workbooks know them.
    Day(NaiveDate),
    /// What the spreadsheet itself could not compute, such as `#REF!`.
    Broken(String),
}

impl Cell {
    fn is_empty(&self) -> bool {
        match self {
            Cell::Empty => true,
            Cell::Text(text) => text.trim().is_empty(),
            Cell::Number(_) | Cell::Truth(_) | Cell::Day(_) | Cell::Broken(_) => false,
        }
    }
}

/// A row, with the number that the spreadsheet shows beside it.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    number: u64,
    cells: Vec<Cell>,
}

impl Row {
    fn cell(&self, index: usize) -> &Cell {
        self.cells.get(index).unwrap_or(&Cell::Empty)
    }

    fn is_empty(&self) -> bool {
        self.cells.iter().all(Cell::is_empty)
    }
}

impl Sheet {
    /// The lines, or everything that is wrong with them. Takes time for a large file: never within a transaction.
    pub fn draft(input: &Input<Sheet>) -> Input<LinesDraft> {
        let rows = match &input.0 {
            Err(errors) => return Input(Err(errors.clone())),
            Ok(Sheet::Json(draft)) => return Input(Ok(draft.clone())),
            Ok(Sheet::Csv(bytes)) => csv::rows(bytes),
            Ok(Sheet::Xlsx(bytes)) => xlsx::rows(bytes),
        };
        Input(rows.map_err(|error| vec![error]).and_then(|rows| lines(&rows)))
    }
}

fn lines(rows: &[Row]) -> Result<LinesDraft, Vec<FieldError>> {
    let mut rows = rows.iter().filter(|row| !row.is_empty());
    let header = rows.next().ok_or_else(|| {
        vec![FieldError::new(
            "/lines",
            "empty_sheet",
            "the sheet has no row; the first one names the columns",
        )]
    })?;
    let columns = Columns::of(header)?;
    let mut reader = Reader { columns, errors: Vec::new() };
    let mut draft = LinesDraft { lines: Vec::new() };
    let mut places = Vec::new();
    for (index, row) in rows.enumerate() {
        if index >= MAX_ITEMS {
            reader.errors.push(FieldError::new(
                "/lines",
                "too_many",
                "must have at most 500 lines",
            ));
            break;
        }
        reader.outside(index, row);
        draft.lines.push(reader.line(index, row));
        places.push(row.number);
    }
    let Reader { columns, mut errors } = reader;
    if draft.lines.is_empty() {
        let message = format!(
            "the sheet has no line: there is nothing beneath row {}, which names the columns; to delete all lines, PUT \
             {{\"lines\":[]}} as JSON",
            header.number
        );
        return Err(vec![FieldError::new("/lines", "no_lines", message)]);
    }
    if let Err(more) = draft.check() {
        let fresh: Vec<FieldError> = more
            .into_iter()
            .filter(|error| !errors.iter().any(|known| known.pointer == error.pointer))
            .map(|error| placed(error, &columns, &places))
            .collect();
        errors.extend(fresh);
    }
    if errors.is_empty() { Ok(draft) } else { Err(errors) }
}

/// The error of a check, with the row and column where the spreadsheet shows it.
fn placed(error: FieldError, columns: &Columns, places: &[u64]) -> FieldError {
    let mut steps = error.pointer.split('/').skip(2);
    let row = steps.next().and_then(|index| places.get(index.parse::<usize>().ok()?));
    let column = steps.next().and_then(Column::of_field);
    match (row, column) {
        (Some(row), Some(column)) => {
            let message = format!("{}: {}", columns.place(*row, column), error.message);
            FieldError { message, ..error }
        }
        _ => error,
    }
}

struct Reader {
    columns: Columns,
    errors: Vec<FieldError>,
}

impl Reader {
    fn line(&mut self, index: usize, row: &Row) -> LineDraft {
        let before = self.errors.len();
        let mut line = LineDraft {
            component: self
                .choice(index, row, Column::Component, columns::component)
                .unwrap_or(Component::Infrastructure),
            description: self.text(index, row, Column::Description),
            builds_anew: self
                .choice(index, row, Column::BuildsAnew, columns::truth)
                .unwrap_or_default(),
            volume_thousandths: self
                .number(index, row, Column::Volume, written::thousandths, written::thousandths_of)
                .unwrap_or(1),
            unit: self.text(index, row, Column::Unit),
            unit_cost_idr: self
                .number(index, row, Column::UnitCost, written::rupiah, written::rupiah_of)
                .unwrap_or_default(),
            amount_idr: self.amount(index, row),
            fund_source: self
                .choice(index, row, Column::FundSource, columns::fund_source)
                .unwrap_or(FundSource::Dak),
            gap: Some(self.text(index, row, Column::Gap)).filter(|gap| !gap.is_empty()),
        };
        if self.errors.len() > before {
            // What stands in for a cell that was not understood can't be multiplied.
            line.amount_idr = None;
        }
        line
    }

    fn outside(&mut self, index: usize, row: &Row) {
        if let Some(error) = lost(row, |at| self.columns.names(at)) {
            self.errors.push(FieldError { pointer: format!("/lines/{index}"), ..error });
        }
    }

    fn fail(&mut self, index: usize, row: &Row, column: Column, code: &str, message: &str) {
        let pointer = format!("/lines/{index}/{}", column.field());
        let message = format!("{}: {message}", self.columns.place(row.number, column));
        self.errors.push(FieldError::new(pointer, code, message));
    }

    /// The cell of a column; a formula that came as text and what the spreadsheet could not compute are errors.
    fn cell<'a>(&mut self, index: usize, row: &'a Row, column: Column) -> Option<&'a Cell> {
        let cell = row.cell(self.columns.index(column)?);
        match cell {
            Cell::Empty => None,
            Cell::Broken(error) => {
                let message = format!("the spreadsheet shows {error}; mend the formula");
                self.fail(index, row, column, "broken_formula", &message);
                None
            }
            Cell::Text(text) if text.trim_start().starts_with(['=', '@', '+']) => {
                let message = "a formula is not taken; write its value";
                self.fail(index, row, column, "formula", message);
                None
            }
            Cell::Day(day) => {
                let message = format!("a date ({day}) is no value of this column");
                self.fail(index, row, column, "date", &message);
                None
            }
            Cell::Text(_) | Cell::Number(_) | Cell::Truth(_) => Some(cell),
        }
    }

    fn text(&mut self, index: usize, row: &Row, column: Column) -> String {
        match self.cell(index, row, column) {
            Some(Cell::Text(text)) => unescaped(text.trim()),
            Some(Cell::Number(number)) if is_rounded(*number) => {
                self.fail(index, row, column, "rounded_number", ROUNDED);
                String::new()
            }
            Some(Cell::Number(number)) => number.to_string(),
            Some(Cell::Truth(truth)) => truth.to_string(),
            _ => String::new(),
        }
    }

    fn choice<T>(
        &mut self,
        index: usize,
        row: &Row,
        column: Column,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let before = self.errors.len();
        let text = self.text(index, row, column);
        if self.errors.len() > before {
            return None;
        }
        read(&text).map_err(|message| self.fail(index, row, column, "unknown", &message)).ok()
    }

    fn number<T>(
        &mut self,
        index: usize,
        row: &Row,
        column: Column,
        of_text: impl Fn(&str) -> Result<T, Unclear>,
        of_number: impl Fn(f64) -> Result<T, Unclear>,
    ) -> Option<T> {
        let before = self.errors.len();
        let (read, shown) = match self.cell(index, row, column) {
            Some(Cell::Text(text)) => (of_text(text), text.clone()),
            Some(Cell::Number(number)) => (of_number(*number), number.to_string()),
            Some(Cell::Truth(truth)) => (Err(Unclear::NoNumber), truth.to_string()),
            _ if self.errors.len() > before => return None,
            _ => (Err(Unclear::NoNumber), String::new()),
        };
        read.map_err(|why| self.fail(index, row, column, why.code(), &why.message(&shown))).ok()
    }

    fn amount(&mut self, index: usize, row: &Row) -> Option<Rupiah> {
        let column = self.columns.index(Column::Amount)?;
        match row.cell(column) {
            Cell::Empty => None,
            Cell::Text(text) if text.trim().is_empty() => None,
            _ => self.number(index, row, Column::Amount, written::rupiah, written::rupiah_of),
        }
    }
}

/// From here on a spreadsheet rounds a number that is typed: it keeps 15 digits, and a number of 16 ends in 0.
const ROUNDED_FROM: f64 = 1e15;
/// What is told of such a number where a text is wanted, such as a tax number (NPWP) of 16 digits.
const ROUNDED: &str = "a spreadsheet keeps 15 digits of a number, and puts 0 for the others; format the cell as text and type it again";

fn is_rounded(number: f64) -> bool {
    number.abs() >= ROUNDED_FROM
}

/// What stands where no column is named, and would be lost: most often the thousands of a number that commas part, in a
/// file whose cells commas part too.
fn lost(row: &Row, names: impl Fn(usize) -> bool) -> Option<FieldError> {
    let is_lost = |(at, cell): &(usize, &Cell)| !cell.is_empty() && !names(*at);
    let (at, _) = row.cells.iter().enumerate().find(is_lost)?;
    let message = format!(
        "row {}, column {}: there is something where the first row names no column; a number such as 1,000,000 is \
         several cells where commas part cells: write 1000000, or put it in quotes",
        row.number,
        columns::letters(at)
    );
    Some(FieldError::new("", "no_column", message))
}

/// What a formula begins with.
const FORMULA: [char; 4] = ['=', '@', '+', '-'];
/// What parts cells, or rows, in a CSV file of some country.
const MARKS: [char; 5] = [',', ';', '\t', '\n', '\r'];

/// A text without the apostrophes that CSV has before what would be a formula.
fn unescaped(text: &str) -> String {
    let (mut plain, mut rest, mut begins) = (String::with_capacity(text.len()), text, false);
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        if begins && letter == '\'' && is_formula(rest) {
            begins = false;
            continue;
        }
        begins = may_begin(letter, begins);
        plain.push(letter);
    }
    match plain.strip_prefix('\'') {
        Some(bare) if bare.trim_start().starts_with(FORMULA) => bare.to_owned(),
        _ => plain,
    }
}

/// The text with an apostrophe where it would be taken for a formula: at its beginning, and behind each mark that parts
/// cells somewhere. A spreadsheet whose country parts them by another mark than the file takes a quote for one only at the
/// beginning of what it holds for a cell, so that quotes alone do not keep a text together.
pub fn escaped(text: &str) -> String {
    let (mut safe, mut begins) = (String::with_capacity(text.len()), false);
    if text.starts_with(['\t', '\r']) || text.trim_start().starts_with(FORMULA) {
        safe.push('\'');
    }
    for (at, letter) in text.char_indices() {
        if begins && text.get(at..).is_some_and(is_formula) {
            safe.push('\'');
        }
        begins = may_begin(letter, begins);
        safe.push(letter);
    }
    safe
}

/// Whether a cell may begin behind a letter: behind a mark, and behind the blanks and quotes that follow one.
fn may_begin(letter: char, before: bool) -> bool {
    MARKS.contains(&letter) || (before && matches!(letter, ' ' | '"'))
}

/// Whether a text that follows a mark begins as a formula does, and goes on as one: `Rp5.000,-` is an amount.
fn is_formula(text: &str) -> bool {
    let mut cell = text.chars().take_while(|letter| !MARKS.contains(letter));
    match cell.next() {
        Some('=' | '@') => true,
        Some('+' | '-') => cell.any(char::is_alphanumeric),
        _ => false,
    }
}

#[cfg(test)]
#[path = "sheet_tests.rs"]
mod tests;
