//! The whole answer of a question as a spreadsheet: a row for each row of its pages, in one snapshot and in their order.

use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::question::desk::Desk;
use crate::service::question::walk::walk;
use crate::service::question::{Asked, Rows, find, scope, shown};
use crate::service::sheet::Format;
use crate::service::sheet::stream::Stream;
use crate::service::sheet::table::{Column, Need, Out};
use crate::service::view::question::{Figure, Row};
use crate::storage::AnyConnection;
use serde_json::Value;
use std::io::Write;
use std::ops::ControlFlow;

const fn column(name: &'static str, indonesian: &'static str) -> Column {
    Column { name, indonesian, need: Need::Written }
}

/// Figures of a row that have cells of their own; more are told in one cell.
const FIGURES: usize = 5;

const COLUMNS: [Column; 22] = [
    column("proposal_id", "id_usulan"),
    column("fiscal_year", "tahun_anggaran"),
    column("region_code", "kode_daerah"),
    column("title", "judul"),
    column("says", "uraian"),
    column("figure_1", "angka_1"),
    column("expected_1", "seharusnya_1"),
    column("found_1", "ditemukan_1"),
    column("figure_2", "angka_2"),
    column("expected_2", "seharusnya_2"),
    column("found_2", "ditemukan_2"),
    column("figure_3", "angka_3"),
    column("expected_3", "seharusnya_3"),
    column("found_3", "ditemukan_3"),
    column("figure_4", "angka_4"),
    column("expected_4", "seharusnya_4"),
    column("found_4", "ditemukan_4"),
    column("figure_5", "angka_5"),
    column("expected_5", "seharusnya_5"),
    column("found_5", "ditemukan_5"),
    column("further_figures", "angka_lain"),
    column("evidence", "bukti"),
];

/// Rows that are written at once.
const AT_ONCE: usize = 250;
/// Letters that a cell of a workbook holds, in units of UTF-16.
const MOST_LETTERS: usize = 32_767;

/// Writes every row of a question over the proposals that the caller may see; how many there are. `base_url` is what the paths
/// of evidence become links by, without a slash at its end.
pub fn sheet<W: Write + Send>(
    sv: &Services,
    cx: &Context,
    (slug, asked): (&str, &Asked),
    (format, base_url): (Format, &str),
    out: W,
) -> Result<(W, u64), Error> {
    let question = find(slug)?;
    let mut sheet = Stream::begin(format, question.slug, &COLUMNS, out)?;
    let mut count = 0_u64;
    sv.db.read(|tx| {
        let scope = scope(tx, cx, question, asked)?;
        let mut desk = Desk::new(cx.now, scope.sight.clone());
        let mut rows = Rows::new();
        let mut write = |tx: &mut AnyConnection, desk: &Desk, rows: Rows| {
            for row in shown(tx, desk, rows)? {
                sheet.row(&cells(&row, base_url))?;
                count = count.saturating_add(1);
            }
            Ok::<(), Error>(())
        };
        let within = (asked.after.clone(), usize::MAX);
        walk(tx, &mut desk, (question, &scope), within, |tx, desk, place, told| {
            rows.push((place, told));
            if rows.len() >= AT_ONCE {
                write(tx, desk, std::mem::take(&mut rows))?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        write(tx, &desk, rows)
    })?;
    Ok((sheet.end()?, count))
}

fn cells(row: &Row, base_url: &str) -> Vec<Out> {
    let mut cells = vec![
        Out::Text(row.proposal_id.to_string()),
        Out::Number(row.fiscal_year),
        Out::Text(row.region_code.to_string()),
        text(&row.title),
        text(&row.says),
    ];
    for place in 0..FIGURES {
        cells.extend(match row.figures.get(place) {
            Some(one) => [text(&one.name), value(one.expected.as_ref()), value(one.found.as_ref())],
            None => [text(""), text(""), text("")],
        });
    }
    let further = row.figures.iter().skip(FIGURES).map(in_words).collect::<Vec<_>>();
    cells.push(text(&further.join("; ")));
    cells.push(Out::Text(links(&row.evidence, base_url)));
    cells
}

fn value(value: Option<&Value>) -> Out {
    match value {
        None => text(""),
        Some(Value::Number(number)) => {
            number.as_i64().map_or_else(|| text(&number.to_string()), Out::Number)
        }
        Some(Value::String(words)) => text(words),
        Some(other) => text(&other.to_string()),
    }
}

fn in_words(figure: &Figure) -> String {
    let known = |value: &Option<Value>| value.as_ref().map_or("-".to_owned(), Value::to_string);
    format!("{}: expected {}, found {}", figure.name, known(&figure.expected), known(&figure.found))
}

/// A text as far as a cell holds it.
fn text(words: &str) -> Out {
    if words.encode_utf16().count() <= MOST_LETTERS {
        return Out::Text(words.to_owned());
    }
    let mut room = MOST_LETTERS.saturating_sub(1);
    let fits = words.chars().take_while(|letter| {
        let left = room.checked_sub(letter.len_utf16());
        room = left.unwrap_or_default();
        left.is_some()
    });
    Out::Text(fits.chain(std::iter::once('…')).collect())
}

/// Paths as links, parted by blanks: as many as a cell holds, and how many there are beyond.
fn links(paths: &[String], base_url: &str) -> String {
    let mut cell = String::new();
    for (at, path) in paths.iter().enumerate() {
        let link = format!("{base_url}{path}");
        // Links are ASCII; the number of those that are left out has its room behind them.
        if cell.len().saturating_add(link.len()).saturating_add(20) > MOST_LETTERS {
            let left = paths.len().saturating_sub(at);
            return format!("{cell} (+{left})");
        }
        if !cell.is_empty() {
            cell.push(' ');
        }
        cell.push_str(&link);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProposalId;
    use serde_json::json;

    fn figure(name: &str, expected: Option<Value>, found: Option<Value>) -> Figure {
        Figure { name: name.to_owned(), expected, found }
    }

    fn row(figures: Vec<Figure>, evidence: Vec<String>) -> Row {
        Row {
            proposal_id: ProposalId::new(),
            fiscal_year: 2021,
            region_code: "18.71".into(),
            title: "=1+1".to_owned(),
            says: "x".repeat(MOST_LETTERS + 1),
            figures,
            evidence,
        }
    }

    fn letters(cell: &Out) -> usize {
        match cell {
            Out::Text(text) => text.encode_utf16().count(),
            Out::Number(_) | Out::Day(_) => 0,
        }
    }

    #[test]
    fn numbers_stay_numbers_and_no_figure_is_left_out() {
        let mut figures = vec![
            figure("absorbed_idr", Some(json!(5)), Some(json!(7))),
            figure("missed", None, Some(json!(["a", 1]))),
            figure("supervisor", None, Some(json!("PT X"))),
        ];
        figures.extend((4..8).map(|n| figure(&format!("f{n}"), Some(json!(n)), None)));
        let cells = cells(&row(figures, Vec::new()), "https://x");
        assert_eq!(cells.len(), COLUMNS.len());
        assert_eq!(cells[5..8], [text("absorbed_idr"), Out::Number(5), Out::Number(7)]);
        assert_eq!(cells[8..11], [text("missed"), text(""), text("[\"a\",1]")]);
        assert_eq!(cells[11..14], [text("supervisor"), text(""), text("PT X")]);
        assert_eq!(cells[20], text("f6: expected 6, found -; f7: expected 7, found -"));
    }

    #[test]
    fn no_cell_is_longer_than_a_workbook_takes_and_no_link_is_cut() {
        let path = "/api/v1/documents/0190163d-8694-739b-aea5-966c26f8ad91".to_owned();
        let many = row(Vec::new(), vec![path.clone(); 1_000]);
        let cells = cells(&many, "https://sentra.example");
        assert!(cells.iter().all(|cell| letters(cell) <= MOST_LETTERS));
        assert_eq!(letters(&cells[4]), MOST_LETTERS);
        let Out::Text(evidence) = &cells[21] else { panic!("{cells:?}") };
        let (links, left) = evidence.rsplit_once(" (+").expect("some are left out");
        let links: Vec<&str> = links.split(' ').collect();
        assert!(links.iter().all(|link| *link == format!("https://sentra.example{path}")));
        assert_eq!(
            links.len() + left.trim_end_matches(')').parse::<usize>().expect("a number"),
            1_000
        );
        let few = links_of(&["/a", "/b"]);
        assert_eq!(few, "https://x/a https://x/b");
    }

    fn links_of(paths: &[&str]) -> String {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        links(&paths, "https://x")
    }

    #[test]
    fn a_letter_of_two_units_is_not_cut_in_half() {
        let Out::Text(cut) = text(&"😀".repeat(MOST_LETTERS)) else { panic!("no text") };
        assert!(cut.encode_utf16().count() <= MOST_LETTERS);
        assert!(cut.ends_with("😀…"));
    }
}
