//! A question as a spreadsheet: the rows of all its pages, with numbers as numbers, links that lead to the evidence, and nothing
//! that a spreadsheet would compute.

use super::filed;
use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, TestApp};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use calamine::{Data, Reader, Xlsx};
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::io::Cursor;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const FORMULA: &str = "=HYPERLINK(\"http://x\")";

/// The rows of all pages of JSON.
async fn listed(app: &TestApp, person: &Person, path: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(person, &format!("{path}&limit=3{cursor}")).await.is(200);
        all.extend(page["items"].as_array().expect("rows").clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// The rows of the CSV, each by the names of its columns.
async fn csv(app: &TestApp, person: &Person, path: &str, slug: &str) -> Vec<Vec<(String, String)>> {
    let answer = app.get(person, path).header("Accept", "text/csv").await;
    assert_eq!(answer.header("Content-Type"), Some("text/csv; charset=utf-8"), "{answer}");
    let named = format!("attachment; filename=\"{slug}.csv\"");
    assert_eq!(answer.header("Content-Disposition"), Some(named.as_str()));
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
    let sheet = String::from_utf8(answer.bytes).expect("text");
    let sheet = sheet.strip_prefix('\u{feff}').expect("a byte order mark");
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(sheet.as_bytes());
    let names = reader.headers().expect("names").clone();
    let row = |row: csv::StringRecord| {
        names.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| row(record.expect("a row"))).collect()
}

fn cell<'a>(row: &'a [(String, String)], name: &str) -> &'a str {
    let found = row.iter().find(|(column, _)| column == name);
    found.map_or_else(|| panic!("no {name}: {row:?}"), |(_, cell)| cell)
}

/// What a JSON value is in a cell of CSV; what begins as a formula has an apostrophe before it.
fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(words) => words.clone(),
        other => other.to_string(),
    }
}

/// That the spreadsheet has the rows of the pages, nothing more and nothing less.
async fn is_the_same(life: &Life<'_>, person: &Person, slug: &str) -> usize {
    let app = life.app;
    let path = format!("/audit/questions/{slug}?proposal_id={}", life.id);
    let rows = listed(app, person, &path).await;
    let sheet = csv(app, person, &path, slug).await;
    assert_eq!(sheet.len(), rows.len(), "{slug}");
    for (row, cells) in rows.iter().zip(&sheet) {
        assert_eq!(cell(cells, "proposal_id"), text(&row["proposal_id"]), "{slug}");
        assert_eq!(cell(cells, "region_code"), text(&row["region_code"]), "{slug}");
        assert_eq!(cell(cells, "fiscal_year"), row["fiscal_year"].to_string(), "{slug}");
        assert_eq!(
            cell(cells, "says").replace('\'', ""),
            text(&row["says"]).replace('\'', ""),
            "{slug}"
        );
        let figures = row["figures"].as_array().expect("figures");
        for (figure, n) in figures.iter().zip(1..=5) {
            for (name, column) in [("name", "figure"), ("expected", "expected"), ("found", "found")]
            {
                let found = cell(cells, &format!("{column}_{n}")).replace('\'', "");
                assert_eq!(found, written(&figure[name]).replace('\'', ""), "{slug}");
            }
        }
        let links = cell(cells, "evidence").split(' ');
        let paths: Vec<&str> =
            links.map(|link| &link[link.find("/api/v1/").expect("a path")..]).collect();
        assert_eq!(json!(paths), row["evidence"], "{slug}");
    }
    let book = app.get(person, &path).header("Accept", XLSX).await;
    assert_eq!(book.header("Content-Type"), Some(XLSX), "{book}");
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes)).expect("a workbook");
    assert!(book.worksheet_formula(slug).expect("formulas").is_empty(), "{slug}");
    let range = book.worksheet_range(slug).expect("a sheet");
    assert_eq!(range.height(), rows.len() + 1, "{slug}");
    for (at, row) in (1_u32..).zip(&rows) {
        let says = range.get_value((at, 4)).cloned();
        assert_eq!(says, Some(Data::String(text(&row["says"]))), "{slug}");
        if let Some(amount) = row["figures"][0]["found"].as_i64() {
            let amount = amount.to_string().parse().expect("a number");
            assert_eq!(range.get_value((at, 7)), Some(&Data::Float(amount)), "{slug}");
        }
    }
    rows.len()
}

on_both! {
    async fn every_question_is_the_same_as_pages_and_as_a_spreadsheet(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "reporting").await;
        life.spend(1_000).await.is(201);
        for _ in 0..4 {
            life.spend(2_000).await.is(201);
        }
        let auditor = life.who(Role::Auditor).await;
        let catalogue = app.get(&auditor, "/audit/questions").await.is(200);
        let mut with_rows = 0;
        for question in catalogue["items"].as_array().expect("questions") {
            let rows = is_the_same(&life, &auditor, &text(&question["slug"])).await;
            with_rows += usize::from(rows > 0);
        }
        assert!(with_rows >= 5, "only {with_rows} questions had a row");
    }

    async fn a_spreadsheet_has_what_its_reader_may_see_and_computes_nothing(db) {
        let app = TestApp::on(db);
        let one = REVITALISATION.draft(&app).await;
        one.patch(Role::Drafter, json!({ "title": FORMULA })).await.is(200);
        one.to("funded").await;
        one.spend(1_000).await.is(201);
        let other = CONSTRUCTION.within(FOREIGN).at(&app, "funded").await;
        for amount in [1_000, 2_000] {
            other.spend(amount).await.is(201);
        }
        let path = "/audit/questions/payment-orders?fiscal_year=2021";
        let auditor = one.who(Role::Auditor).await;
        let all = csv(&app, &auditor, path, "payment-orders").await;
        let titles: Vec<&str> = all.iter().map(|row| cell(row, "title")).collect();
        assert_eq!((titles.len(), titles[0]), (3, format!("'{FORMULA}").as_str()));
        let regional = app.someone("auditor foreign", Role::Auditor, vec![(Role::Auditor, Some(FOREIGN.into()))]).await;
        let own = csv(&app, &regional, path, "payment-orders").await;
        assert!(own.len() == 2 && own.iter().all(|row| cell(row, "proposal_id") == other.id));
        let drafter = one.who(Role::Drafter).await;
        assert_eq!(csv(&app, &drafter, path, "payment-orders").await.len(), 1);
        let book = app.get(&auditor, path).header("Accept", XLSX).await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes)).expect("a workbook");
        assert!(book.worksheet_formula("payment-orders").expect("formulas").is_empty());
        let range = book.worksheet_range("payment-orders").expect("a sheet");
        assert_eq!(range.get_value((1, 3)), Some(&Data::String(FORMULA.to_owned())));
    }

    async fn a_spreadsheet_that_can_not_be_had_is_refused_as_a_problem(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "draft").await;
        let auditor = life.who(Role::Auditor).await;
        let asked = async |person: &Person, path: &str, accept: &str| {
            app.get(person, &format!("/audit/questions/{path}")).header("Accept", accept).await
        };
        asked(&auditor, "photos", "text/html").await.is(406);
        asked(&auditor, "no-such-question", "text/csv").await.is(404);
        let regional = app.someone("auditor foreign", Role::Auditor, vec![(Role::Auditor, Some(FOREIGN.into()))]).await;
        asked(&regional, &format!("photos?proposal_id={}", life.id), "text/csv").await.is(404);
        asked(&auditor, "one-rupiah", XLSX).await.refused(422, &["required"]);
        // It has no pages: nobody is to take a part for the whole.
        for (query, pointer) in [("limit=5", "/query/limit"), ("cursor=x", "/query/cursor")] {
            let refused = asked(&auditor, &format!("photos?{query}"), "text/csv").await;
            refused.refused(422, &["whole"]);
            assert_eq!(refused.pointers(), [pointer]);
        }
        asked(&auditor, "photos?region_code=99", XLSX).await.refused(422, &["unknown"]);
        // A question without a row is a sheet with the names of its columns.
        assert_eq!(csv(&app, &auditor, &format!("/audit/questions/photos?region_code={HOME}"), "photos").await.len(), 0);
    }
}
