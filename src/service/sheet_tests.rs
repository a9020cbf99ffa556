//! Spreadsheets as clerks send them, and as nobody should.

use super::*;
use rust_xlsxwriter::Workbook;
use std::io::{Cursor, Read, Write};

const HEADER: &str = "component;description;volume;unit;unit_cost_idr;fund_source";

fn csv_of(text: &str) -> Result<LinesDraft, Vec<FieldError>> {
    Sheet::draft(&Input(Ok(Sheet::Csv(text.as_bytes().to_vec())))).0
}

fn xlsx_of(bytes: Vec<u8>) -> Result<LinesDraft, Vec<FieldError>> {
    Sheet::draft(&Input(Ok(Sheet::Xlsx(bytes)))).0
}

fn codes(errors: Vec<FieldError>) -> Vec<(String, String)> {
    errors.into_iter().map(|error| (error.pointer, error.code)).collect()
}

fn refused(outcome: Result<LinesDraft, Vec<FieldError>>) -> Vec<(String, String)> {
    codes(outcome.expect_err("something is wrong"))
}

fn pair(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

#[test]
fn a_sheet_of_an_indonesian_office_is_read() {
    let text = "\u{feff}Komponen;Uraian;Volume;Satuan;Harga Satuan IDR;Jumlah IDR;Sumber Dana;Bangun Baru\r\n\
        Rumah produksi;\"Gedung; tiga lantai\";800;m2;Rp6.125.000,00;4.900.000.000;DAK;ya\r\n\
        ;;;;;;;\r\n\
        machinery_equipment;Mesin jahit;12,5;unit;5.000.000;;dak;\r\n";
    let lines = csv_of(text).expect("lines").lines;
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].component, Component::ProductionHouse);
    assert_eq!(lines[0].description, "Gedung; tiga lantai");
    assert_eq!((lines[0].volume_thousandths, lines[0].unit_cost_idr.0), (800_000, 6_125_000));
    assert_eq!(lines[0].amount_idr.map(|amount| amount.0), Some(4_900_000_000));
    assert!(lines[0].builds_anew && !lines[1].builds_anew);
    assert_eq!((lines[1].volume_thousandths, lines[1].amount_idr), (12_500, None));
}

#[test]
fn commas_and_tabs_part_cells_too() {
    for mark in [",", "\t"] {
        let text =
            format!("{HEADER}\nsupporting;Konsultan;1;paket;100000000;DAK\n").replace(';', mark);
        assert_eq!(csv_of(&text).expect("lines").lines.len(), 1, "{mark:?}");
    }
}

#[test]
fn every_error_is_named_at_once_with_row_and_column() {
    let text = format!(
        "{HEADER}\nrumah;Gedung;1.500;m2;1,000;DAK\nsupporting;=SUM(A1);1;;5,5;BUMN\nsupporting;Baik;1;paket;5;DAK\n"
    );
    let errors = csv_of(&text).expect_err("wrong");
    let first = errors.first().expect("one").message.clone();
    assert!(
        first.starts_with("row 2, column A (component): write one of production_house"),
        "{first}"
    );
    let found = codes(errors);
    let expected = [
        pair("/lines/0/component", "unknown"),
        pair("/lines/0/volume_thousandths", "two_readings"),
        pair("/lines/0/unit_cost_idr", "two_readings"),
        pair("/lines/1/description", "formula"),
        pair("/lines/1/unit_cost_idr", "part_of_rupiah"),
        pair("/lines/1/fund_source", "unknown"),
        pair("/lines/1/unit", "required"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_error_of_a_check_names_row_and_column_too() {
    let text = "component;description;volume;unit;unit_cost_idr;amount_idr;fund_source\n\
        supporting;Jasa;2;paket;100;300;DAK\n";
    let errors = csv_of(text).expect_err("wrong");
    assert_eq!(errors[0].code, "wrong_amount");
    assert!(errors[0].message.starts_with("row 2, column F (amount_idr): volume"), "{errors:?}");
}

#[test]
fn the_first_row_has_to_name_the_columns() {
    let found = refused(csv_of("component;volume;volume;harga\n"));
    let expected: Vec<_> = [
        "column_twice",
        "unknown_column",
        "missing_column",
        "missing_column",
        "missing_column",
        "missing_column",
    ]
    .map(|code| pair("/lines", code))
    .into();
    assert_eq!(found, expected);
    assert_eq!(refused(csv_of("")), [pair("/lines", "empty_sheet")]);
}

#[test]
fn a_file_in_another_encoding_is_refused() {
    let mut bytes = format!("{HEADER}\nsupporting;Jasa ").into_bytes();
    bytes.push(0xe9);
    let errors = Sheet::draft(&Input(Ok(Sheet::Csv(bytes)))).0.expect_err("Latin-1");
    assert!(errors[0].message.contains("row 2, column B: not UTF-8"), "{errors:?}");
    let utf16 = Input(Ok(Sheet::Csv(vec![0xff, 0xfe, b'a', 0])));
    assert_eq!(refused(Sheet::draft(&utf16).0), [pair("/lines", "unreadable")]);
}

#[test]
fn more_lines_than_a_proposal_has_are_refused() {
    let row = "supporting;Jasa;1;paket;5;DAK\n";
    assert_eq!(csv_of(&format!("{HEADER}\n{}", row.repeat(500))).expect("lines").lines.len(), 500);
    assert_eq!(
        refused(csv_of(&format!("{HEADER}\n{}", row.repeat(501)))),
        [pair("/lines", "too_many")]
    );
}

fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0_u16..).zip(HEADER.split(';')) {
        sheet.write(0, column, name).expect("a cell");
    }
    fill(sheet);
    book.save_to_buffer().expect("a workbook")
}

fn row(sheet: &mut rust_xlsxwriter::Worksheet) {
    for (column, text) in [(0, "supporting"), (1, "Jasa"), (3, "paket"), (5, "DAK")] {
        sheet.write(1, column, text).expect("a cell");
    }
    sheet.write(1, 2, 1.125).expect("a cell");
    sheet.write(1, 4, 4_000_000_000_000_i64).expect("a cell");
}

#[test]
fn numbers_of_a_workbook_are_exact() {
    let lines = xlsx_of(workbook(row)).expect("lines").lines;
    assert_eq!((lines[0].volume_thousandths, lines[0].unit_cost_idr.0), (1_125, 4_000_000_000_000));
}

#[test]
fn a_number_that_a_workbook_rounds_is_no_text() {
    let typed = |number: i64| {
        let bytes = workbook(|sheet| {
            row(sheet);
            sheet.write(1, 1, number).expect("a cell");
        });
        xlsx_of(bytes)
    };
    let errors = typed(1_000_000_000_000_000).expect_err("16 digits");
    assert_eq!(errors[0].code, "rounded_number");
    assert!(errors[0].message.contains("row 2, column B (description): "), "{errors:?}");
    let lines = typed(999_999_999_999_999).expect("15 digits").lines;
    assert_eq!(lines[0].description, "999999999999999");
}

#[test]
fn what_a_workbook_could_not_compute_is_refused() {
    let bytes = workbook(|sheet| {
        row(sheet);
        let formula = rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!");
        sheet.write_formula(1, 4, formula).expect("a cell");
        sheet.write(1, 2, -3).expect("a cell");
    });
    let found = refused(xlsx_of(bytes));
    assert!(found.contains(&pair("/lines/0/volume_thousandths", "negative")), "{found:?}");
    assert!(found.iter().any(|(pointer, _)| pointer == "/lines/0/unit_cost_idr"), "{found:?}");
}

#[test]
fn a_cell_at_the_far_corner_costs_nothing_and_is_refused() {
    let bytes = workbook(|sheet| {
        row(sheet);
        sheet.write(1_048_575, 16_383, "x").expect("a cell");
    });
    assert_eq!(refused(xlsx_of(bytes)), [pair("/lines", "too_large")]);
}

#[test]
fn a_bomb_is_not_unpacked() {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("xl/workbook.xml", options).expect("a file");
    let block = vec![b' '; 1024 * 1024];
    for _ in 0..64 {
        archive.write_all(&block).expect("a block");
    }
    let bytes = archive.finish().expect("an archive").into_inner();
    assert!(bytes.len() < 200_000, "{}", bytes.len());
    assert_eq!(refused(xlsx_of(bytes)), [pair("/lines", "too_large")]);
}

#[test]
fn what_is_no_workbook_is_refused() {
    for bytes in
        [b"MZ\x90".to_vec(), b"PK\x03\x04".to_vec(), Vec::new(), workbook(|_| ())[..600].to_vec()]
    {
        assert_eq!(refused(xlsx_of(bytes)), [pair("/lines", "unreadable")]);
    }
}

#[test]
fn what_stands_beside_the_named_columns_is_refused_and_not_lost() {
    let header = "component,description,volume,unit,fund_source,unit_cost_idr";
    for price in ["1,000,000", "1000000,50", "1000000,,x"] {
        let text = format!("{header}\nmachinery_equipment,Mesin,15,unit,DAK,{price}\n");
        assert_eq!(refused(csv_of(&text)), [pair("/lines/0", "no_column")], "{price}");
    }
    let text = format!("{header},\nmachinery_equipment,Mesin,15,unit,DAK,1000000,\n");
    assert_eq!(csv_of(&text).expect("lines").lines[0].unit_cost_idr.0, 1_000_000);
    let nameless = "component;description;volume;unit;unit_cost_idr;;fund_source\n\
        machinery_equipment;Mesin;15;unit;1000000;x;DAK\n";
    assert_eq!(refused(csv_of(nameless)), [pair("/lines/0", "no_column")]);
}

#[test]
fn a_formula_that_was_never_computed_is_not_read_as_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let header = ["component", "description", "volume", "unit", "unit_cost_idr", "fund_source"];
    for (column, name) in (0_u16..).zip(header.into_iter().chain(["builds_anew"])) {
        sheet.write(0, column, name).expect("written");
    }
    let cells = ["production_house", "Gedung", "800", "m2", "6125000", "DAK"];
    for (column, text) in (0_u16..).zip(cells) {
        sheet.write(1, column, text).expect("written");
    }
    sheet.write_formula(1, 6, "=TRUE()").expect("written");
    let bytes = book.save_to_buffer().expect("saved");
    let computed = "<f>TRUE()</f><v>0</v>";
    for kept in ["<f>TRUE()</f>", "<f>TRUE()</f><v></v>", "<f>TRUE()</f><v/>"] {
        let bytes = altered(&bytes, computed, kept);
        let expected = [pair("/lines/0/builds_anew", "broken_formula")];
        assert_eq!(refused(xlsx_of(bytes)), expected, "{kept}");
    }
}

#[test]
fn a_cell_that_is_named_without_end_is_not_read_to_the_end() {
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, 1).expect("written");
    let bytes = book.save_to_buffer().expect("saved");
    let cell = "<c r=\"A1\"><v>1</v></c>";
    let bytes = altered(&bytes, cell, &cell.repeat(100_001));
    assert_eq!(refused(xlsx_of(bytes)), [pair("/lines", "too_large")]);
}

/// A workbook with other words in its first sheet.
fn altered(workbook: &[u8], words: &str, others: &str) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(Cursor::new(workbook)).expect("an archive");
    let mut copy = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("a file");
        let name = file.name().expect("a name").into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text).expect("text");
        copy.start_file(&name, zip::write::SimpleFileOptions::default()).expect("a file");
        if name == "xl/worksheets/sheet1.xml" {
            assert!(text.contains(words), "{text}");
            text = text.replace(words, others);
        }
        copy.write_all(text.as_bytes()).expect("written");
    }
    copy.finish().expect("an archive").into_inner()
}

#[test]
fn a_text_is_one_cell_and_no_formula_in_any_country_and_comes_back_as_it_was() {
    for (text, safe) in [
        ("Rumah produksi", "Rumah produksi"),
        ("-5 m", "'-5 m"),
        ("a,=cmd|' /C calc'!A0,b", "\"a,'=cmd|' /C calc'!A0,b\""),
        ("a; \"@SUM(1)", "\"a; \"\"'@SUM(1)\""),
        ("a\t+1", "\"a\t'+1\""),
        ("Rp5.000,- saja", "\"Rp5.000,'- saja\""),
        ("Rp5.000,-", "\"Rp5.000,-\""),
        ("a-b, c", "\"a-b, c\""),
        ("=1,=2", "\"'=1,'=2\""),
    ] {
        assert_eq!(csv::cell(text), safe);
        assert_eq!(unescaped(&escaped(text)), text);
    }
}

#[test]
fn a_text_of_a_workbook_is_no_formula_whatever_it_begins_with() {
    let bytes = workbook(|sheet| {
        row(sheet);
        sheet.write_string(1, 1, "=Gedung").expect("a cell");
    });
    let draft = Sheet::draft(&Input(Ok(Sheet::Xlsx(bytes)))).0.expect("lines");
    assert_eq!(draft.lines[0].description, "=Gedung");
}
