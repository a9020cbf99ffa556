//! Contracts and payment orders as spreadsheets: all rows or none, each as one that is posted alone, and out again.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Life};
use calamine::{Data, Reader, Xlsx};
use reqwest::Method;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use sentra::domain::people::Role;
use serde_json::{Value, json};

const HEAD: &str =
    "nomor;tanggal;jenis;penyedia;npwp;nilai_idr;sumber_dana;rincian;mulai;selesai\n";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn send(life: &Life<'_>, what: &str, media: &str, body: impl Into<Vec<u8>>) -> Answer {
    let path = life.path(&format!("{what}/import"));
    let drafter = life.who(Role::Drafter).await;
    life.app.by(&drafter, Method::POST, &path).fresh_key().raw(media, body).await
}

fn messages(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    body["errors"].as_array().expect("errors").iter().map(|error| text(&error["message"])).collect()
}

on_both! {
    async fn contracts_come_in_together_as_if_each_were_posted_alone(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let today = app.today();
        let sheet = format!(
            "{HEAD}602/01;{today};works;PT Karya;;Rp2.000.000.000,00;DAK;1;{today};2021-01-31\n\
             602/02;{today};supervision;CV Awas;01.234.567.8-901.000;100000000;dak;2;{today};2021-01-31\n"
        );
        let made = send(&life, "contracts", "text/csv", sheet.clone()).await.is(201);
        assert_eq!(made["items"].as_array().map(Vec::len), Some(2));
        assert_eq!((&made["items"][0]["value_idr"], &made["items"][1]["role"]), (&json!(2_000_000_000), &json!("supervision")));
        assert_eq!(life.figure("contracted_idr").await, 2_100_000_000);
        let events = life.list("events?limit=200").await;
        assert_eq!(events.iter().filter(|one| one["action"] == "contract.create").count(), 2);
        let again = send(&life, "contracts", "text/csv", sheet).await;
        again.refused(422, &["duplicate", "duplicate"]);
        assert_eq!(again.pointers(), ["/contracts/0/number", "/contracts/1/number"]);
        assert!(messages(&again)[1].starts_with("row 3, column A (number): "), "{again}");
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn date_cells_and_numbers_of_a_workbook_are_read_as_what_they_are(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let today = app.today();
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let day = Format::new().set_num_format("dd/mm/yyyy");
        for (column, name) in (0..).zip(HEAD.trim().split(';')) {
            sheet.write(0, column, name).expect("written");
        }
        for (column, cell) in [(0, "602/01"), (2, "works"), (3, "PT Karya"), (6, "DAK")] {
            sheet.write(1, column, cell).expect("written");
        }
        let date = |text: &str| ExcelDateTime::parse_from_str(text).expect("a date");
        for (column, text) in [(1, today.as_str()), (8, today.as_str()), (9, "2021-01-31")] {
            sheet.write_datetime_with_format(1, column, date(text), &day).expect("written");
        }
        sheet.write(1, 5, 2_000_000_000_i64).expect("written");
        sheet.write(1, 7, 1).expect("written");
        let bytes = workbook.save_to_buffer().expect("a workbook");
        let made = send(&life, "contracts", XLSX, bytes).await.is(201);
        let made = &made["items"][0];
        assert_eq!((&made["signed_on"], &made["ends_on"]), (&json!(today), &json!("2021-01-31")));
        assert_eq!((&made["value_idr"], &made["lines"]), (&json!(2_000_000_000), &json!([1])));
        // A tax number of 16 digits that was typed as a number has lost its last one.
        let sheet = workbook.worksheet_from_index(0).expect("a sheet");
        sheet.write(1, 0, "602/02").expect("written").write(1, 4, 1_234_567_890_123_450_i64).expect("written");
        let rounded = send(&life, "contracts", XLSX, workbook.save_to_buffer().expect("a workbook")).await;
        rounded.refused(422, &["rounded_number"]);
        assert_eq!(rounded.pointers(), ["/contracts/0/vendor_tax_number"]);
        let words = "row 2, column E (vendor_tax_number): a spreadsheet keeps 15 digits";
        assert!(messages(&rounded)[0].starts_with(words), "{rounded}");
        let sheet = workbook.worksheet_from_index(0).expect("a sheet");
        sheet.write(1, 4, 123_456_789_012_345_i64).expect("written");
        let made = send(&life, "contracts", XLSX, workbook.save_to_buffer().expect("a workbook")).await.is(201);
        assert_eq!(made["items"][0]["vendor_tax_number"], "123456789012345");
    }

    async fn one_wrong_row_keeps_all_out_and_every_error_names_its_cell(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let today = app.today();
        let sheet = format!(
            "{HEAD}1;{today};works;PT Karya;;2.000;DAK;1;{today};2021-01-31\n\
             2;01/02/2021;builder;=1+1;;1,5;DAK;satu;{today};2021-01-31\n"
        );
        let refused = send(&life, "contracts", "text/csv", sheet).await;
        refused.refused(422, &["no_date", "unknown", "formula", "part_of_rupiah", "no_numbers"]);
        assert!(messages(&refused).iter().all(|message| message.starts_with("row 3, column ")), "{refused}");
        let sheet = format!(
            "{HEAD}1;{today};works;PT Karya;;2.000;DAK;1;{today};2021-01-31\n\
             1 ;{};works;PT Karya;;2.000;DAK;1, 9;{today};2021-01-31\n", app.in_days(2)
        );
        let twice = send(&life, "contracts", "text/csv", sheet.clone()).await;
        twice.refused(422, &["twice"]);
        let refused = send(&life, "contracts", "text/csv", sheet.replace("1 ;", "2;")).await;
        refused.refused(422, &["future", "unknown"]);
        assert_eq!(refused.pointers(), ["/contracts/1/signed_on", "/contracts/1/lines/1"]);
        for (sheet, code) in [
            (String::new(), "empty_sheet"), (HEAD.to_owned(), "no_rows"),
            (HEAD.replace("nomor;", ""), "missing_column"), (HEAD.replace("nomor;", "nomor;x;"), "unknown_column"),
        ] {
            let answer = send(&life, "contracts", "text/csv", sheet).await;
            assert_eq!(answer.status, 422, "{answer}");
            assert!(answer.codes().contains(&code.to_owned()), "{code}: {answer}");
        }
        send(&life, "contracts", XLSX, b"no workbook".to_vec()).await.refused(422, &["unreadable"]);
        send(&life, "contracts", "text/plain", "x").await.is(415);
        assert_eq!(life.list("contracts").await, Vec::<Value>::new());
        assert_eq!(life.figure("contracted_idr").await, 0);
    }

    async fn payment_orders_name_their_contract_by_its_number_and_come_in_once(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        let number = text(&life.last("contracts").await["number"]);
        let today = app.today();
        let rows = json!({ "expenditures": [
            { "contract_number": number.to_lowercase(), "number": "SP2D/1", "spent_on": today, "amount_idr": 700 },
            { "contract_number": number, "number": "SP2D/2", "spent_on": today, "amount_idr": 300, "description": "Termin" },
        ] });
        let drafter = life.who(Role::Drafter).await;
        let path = life.path("expenditures/import");
        let call = || app.by(&drafter, Method::POST, &path).header("Idempotency-Key", "sekali").json(&rows);
        let first = call().await;
        assert_eq!(first.is(201)["items"].as_array().map(Vec::len), Some(2));
        let replayed = call().await;
        assert_eq!((replayed.is(201), replayed.header("Idempotency-Replayed")), (first.json(), Some("true")));
        assert_eq!(life.figure("absorbed_idr").await, 1_000);
        let sheet = format!("nomor_kontrak;nomor_sp2d;tanggal;jumlah_idr\n{number};sp2d / 2;{today};5\nX/1;9;{};5\n", app.in_days(3));
        let refused = send(&life, "expenditures", "text/csv", sheet).await;
        refused.refused(422, &["duplicate", "unknown", "future"]);
        assert_eq!(refused.pointers(), [
            "/expenditures/0/number", "/expenditures/1/contract_number", "/expenditures/1/spent_on",
        ]);
        assert_eq!(life.figure("absorbed_idr").await, 1_000);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn what_goes_out_is_no_formula_and_comes_in_elsewhere(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        life.contract(json!({ "vendor_name": "=HYPERLINK(1)" })).await.is(201);
        let approver = life.who(Role::Approver).await;
        let csv = app.get(&approver, &life.path("contracts.csv")).await;
        assert_eq!(csv.status, 200);
        let written = String::from_utf8(csv.bytes.clone()).expect("text");
        assert!(written.contains(";'=HYPERLINK(1);"), "{written}");
        let workbook = app.get(&approver, &life.path("contracts.xlsx")).await;
        assert_eq!(workbook.header("content-type"), Some(XLSX));
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(workbook.bytes.clone())).expect("a workbook");
        let cells = book.worksheet_range("Contracts").expect("a sheet");
        for column in [1, 8, 9] {
            let cell = cells.get_value((1, column));
            assert!(matches!(cell, Some(Data::DateTime(_))), "a day is a date: {cell:?}");
        }
        let other = CONSTRUCTION.at(&app, "planned").await;
        let made = send(&other, "contracts", XLSX, workbook.bytes.clone()).await.is(201);
        assert_eq!(made["items"][0]["vendor_name"], "=HYPERLINK(1)");
        assert_eq!(made["items"][0]["value_idr"], CONSTRUCTION.total());
        let third = CONSTRUCTION.at(&app, "planned").await;
        send(&third, "contracts", "text/csv", csv.bytes.clone()).await.is(201);
        third.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        third.to("funded").await;
        third.spend(1_000).await.is(201);
        for name in ["expenditures.csv", "expenditures.xlsx"] {
            let answer = app.get(&approver, &third.path(name)).await;
            assert_eq!(answer.status, 200, "{name}");
            assert!(answer.bytes.len() > 50);
        }
    }
}
