//! Budget lines by spreadsheet, through the API.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::{Answer, text};
use crate::support::life::{Life, REVITALISATION};
use reqwest::Method;
use sentra::domain::people::Role;
use serde_json::json;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn send(life: &Life<'_>, media: &str, bytes: impl Into<Vec<u8>>) -> Answer {
    let (drafter, version) = (life.who(Role::Drafter).await, life.version().await);
    life.app
        .by(&drafter, Method::PUT, &life.path("lines"))
        .if_match(version)
        .raw(media, bytes)
        .await
}

async fn download(life: &Life<'_>, kind: &str) -> Answer {
    life.app.get(&life.who(Role::Drafter).await, &life.path(kind)).await
}

on_both! {
    async fn lines_go_out_as_a_spreadsheet_and_come_back_the_same(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        let before = life.list("lines").await;
        for (kind, media) in [("lines.csv", "text/csv"), ("lines.xlsx", XLSX)] {
            let file = download(&life, kind).await;
            assert_eq!(file.status, 200);
            assert!(file.header("content-type").is_some_and(|found| found.starts_with(media)));
            assert!(file.header("content-disposition").is_some_and(|found| found.starts_with("attachment")));
            send(&life, media, file.bytes.clone()).await.is(200);
            assert_eq!(life.list("lines").await, before, "{kind}");
        }
        assert_eq!(app.verified().len(), 0);
    }

    async fn a_sheet_with_errors_changes_nothing(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        let (before, version) = (life.list("lines").await, life.version().await);
        let text = "component;description;volume;unit;unit_cost_idr;fund_source\n\
            supporting;Baik;1;paket;5.000.000;DAK\nsupporting;Buruk;1.500;paket;1,000;DAK\n";
        let answer = send(&life, "text/csv; charset=utf-8", text).await;
        answer.refused(422, &["two_readings", "two_readings"]);
        assert_eq!(answer.pointers(), ["/lines/1/volume_thousandths", "/lines/1/unit_cost_idr"]);
        assert_eq!((life.list("lines").await, life.version().await), (before, version));
    }

    async fn a_quotation_mark_that_is_not_closed_swallows_no_rows(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        let before = life.list("lines").await;
        let header = "component;description;volume;unit;unit_cost_idr;fund_source;remarks";
        let row = "supporting;Baik;1;paket;5.000.000;DAK;";
        for (open, end) in [("\"lihat catatan", ""), ("\"lihat catatan", "\n"), ("\"", "\r\n\r\n")] {
            let sheet = format!("{header}\n{row}\n{row}{open}\n{row}\n{row}{end}");
            let refused = send(&life, "text/csv", sheet).await;
            let body = refused.refused(422, &["open_quote"]);
            assert!(text(&body["errors"][0]["message"]).starts_with("row 3 "), "{refused}");
        }
        assert_eq!(life.list("lines").await, before);
        // One that is closed, or stands within a text, is part of it.
        let sheet = format!("{header}\n{row}\"a\nend of the file\"\nend of the file\nsupporting;Pipa 2\";1;paket;1000000;DAK;");
        let refused = send(&life, "text/csv", sheet).await;
        refused.is(422);
        assert!(refused.pointers().iter().all(|pointer| pointer.starts_with("/lines/1")), "{refused}");
        let sheet = format!("{header}\n{row}\"a\nend of the file\"\nsupporting;Pipa 2\";1;paket;1.000.000;DAK;");
        send(&life, "text/csv", sheet).await.is(200);
        let lines = life.list("lines").await;
        assert_eq!((lines.len(), &lines[1]["description"]), (2, &json!("Pipa 2\"")));
    }

    async fn rows_are_counted_as_the_spreadsheet_counts_them(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        // The header, a line, a cell with line breaks in it, an empty row, one of marks only, and then a wrong volume.
        let rows = [
            "component;description;volume;unit;unit_cost_idr;fund_source", "supporting;Baik;1;paket;5.000.000;DAK",
            "supporting;\"Dua\nbaris\r\nbaris\";1;paket;5.000.000;DAK", "", ";;;;;",
            "supporting;Buruk;1.500;paket;5.000.000;DAK", "supporting;Buruk;1.500;paket;5.000.000;DAK",
        ];
        for end in ["\r\n", "\n", "\r"] {
            for (start, first) in [("", 6), (end, 7)] {
                let answer = send(&life, "text/csv", format!("{start}{}{end}", rows.join(end))).await;
                let body = answer.refused(422, &["two_readings", "two_readings"]);
                let messages: Vec<&str> = body["errors"].as_array().expect("errors").iter()
                    .map(|error| error["message"].as_str().expect("a message")).collect();
                for (row, message) in (first..).zip(&messages) {
                    assert!(message.starts_with(&format!("row {row}, column C (volume)")), "{end:?}: {message}");
                }
            }
        }
    }

    async fn a_sheet_without_a_line_deletes_nothing(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        let before = life.list("lines").await;
        let header = "component;description;volume;unit;unit_cost_idr;fund_source";
        for text in [header.to_owned(), format!("{header}\r\n;;;;;\r\n ; ;;;;\r\n\r\n")] {
            send(&life, "text/csv", text).await.refused(422, &["no_lines"]);
        }
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (column, name) in (0_u16..).zip(header.split(';')) {
            sheet.write(0, column, name).expect("a cell");
            sheet.write(1, column, " ").expect("a cell");
        }
        let book = book.save_to_buffer().expect("a workbook");
        send(&life, XLSX, book).await.refused(422, &["no_lines"]);
        assert_eq!(life.list("lines").await, before);
        // Whoever means it says so.
        life.put(Role::Drafter, "lines", serde_json::json!({ "lines": [] })).await.is(200);
        assert_eq!(life.list("lines").await.len(), 0);
    }

    async fn another_kind_of_file_is_told_what_is_taken(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        let answer = send(&life, "application/pdf", "%PDF-1.7").await;
        let detail = answer.is(415)["detail"].to_string();
        assert!(detail.contains("CSV (text/csv) or XLSX"), "{detail}");
        send(&life, XLSX, "MZ").await.refused(422, &["unreadable"]);
    }
}
