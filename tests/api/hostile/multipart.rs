//! Forms that no browser would send: each is a problem, bounded, and leaves nothing behind.

use crate::on_both;
use crate::raw::say;
use crate::support::app::TestApp;
use crate::support::client::Answer;
use crate::support::documents::{PDF, form, upload};
use crate::support::life::{CONSTRUCTION, Life};
use reqwest::Method;
use sentra::domain::people::Role;
use serde_json::Value;

const TOR: &[(&str, &str)] = &[("type", "tor")];
const FORM: &str = "multipart/form-data; boundary=x";

/// A part by its head as it stands, and its bytes.
fn part(head: &str, bytes: &[u8]) -> Vec<u8> {
    [b"--x\r\n", head.as_bytes(), b"\r\n\r\n", bytes, b"\r\n"].concat()
}

fn file(disposition: &str, more: &str, bytes: &[u8]) -> Vec<u8> {
    part(&format!("Content-Disposition: form-data; name=\"file\"{disposition}{more}"), bytes)
}

fn text(name: &str, value: &str) -> Vec<u8> {
    part(&format!("Content-Disposition: form-data; name=\"{name}\""), value.as_bytes())
}

/// A form of parts, with its end.
fn whole(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), b"--x--\r\n".to_vec()].concat()
}

async fn send(life: &Life<'_>, media: &str, body: impl Into<Vec<u8>>) -> Answer {
    let drafter = life.who(Role::Drafter).await;
    let call = life.app.by(&drafter, Method::POST, &life.path("documents")).fresh_key();
    call.raw(media, body).await
}

/// No document, nothing that arrived, and the next one is taken.
async fn nothing_is_left(app: &TestApp, life: &Life<'_>) {
    assert_eq!(life.list("documents").await, Vec::<Value>::new());
    for below in ["objects", "arrivals"] {
        let left = std::fs::read_dir(app.documents_folder().join(below));
        assert_eq!(left.map_or(0, Iterator::count), 0, "{below}");
    }
    app.verified();
    let drafter = life.who(Role::Drafter).await;
    upload(app, &drafter, &life.id, TOR, PDF).await.is(201);
}

/// Forms that are wrong somewhere, with what is wrong.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let pdf = "; filename=\"a.pdf\"\r\nContent-Type: application/pdf";
    let good = || file(pdf, "", PDF.2);
    let tor = || text("type", "tor");
    let headers = |count: usize, length: usize| {
        (0..count).map(|n| format!("\r\nX-{n}: {}", "a".repeat(length))).collect::<String>()
    };
    vec![
        ("nothing at all", Vec::new()),
        ("no part", whole(&[])),
        ("no file", whole(&[tor()])),
        ("two files", whole(&[tor(), good(), good()])),
        ("a field after the file", whole(&[good(), tor()])),
        ("a field that is a file", whole(&[part(
            "Content-Disposition: form-data; name=\"type\"; filename=\"a.pdf\"", PDF.2), good()])),
        ("a file without bytes", whole(&[tor(), file(pdf, "", b"")])),
        ("a file without a name", whole(&[tor(), file("", "", PDF.2)])),
        ("a file whose name is empty", whole(&[tor(), file("; filename=\"\"", "", PDF.2)])),
        ("a file whose name is a folder", whole(&[tor(), file("; filename=\"../..\"", "", PDF.2)])),
        ("a file whose name is NUL", whole(&[tor(), file("; filename=\"\0\"", "", PDF.2)])),
        ("a part without a name", whole(&[part("Content-Disposition: form-data", b"tor"), good()])),
        ("a part that says nothing of itself", whole(&[part("X: y", b"tor"), good()])),
        ("a part without a head", whole(&[b"--x\r\n\r\ntor\r\n".to_vec(), good()])),
        ("another disposition", whole(&[part("Content-Disposition: attachment; name=\"type\"", b"tor"), good()])),
        ("a name that is a pointer", whole(&[text("a/b~c", "d"), tor(), good()])),
        ("a field that is no UTF-8", whole(&[part("Content-Disposition: form-data; name=\"type\"", b"\xff\xfe"), good()])),
        ("a field with NUL", whole(&[text("type", "t\0r"), good()])),
        ("a field that is too long", whole(&[text("title", &"a".repeat(4_097)), tor(), good()])),
        ("too many fields", whole(&[vec![tor(); 17].concat(), good()])),
        ("many heads", whole(&[tor(), file(pdf, &headers(10_000, 10), PDF.2)])),
        ("a long head", whole(&[tor(), file(pdf, &headers(1, 1_000_000), PDF.2)])),
        ("a head that has no end", [tor(), b"--x\r\nX: ".to_vec(), vec![b'a'; 200_000]].concat()),
        ("bytes that are coded", whole(&[tor(), file(pdf, "\r\nContent-Transfer-Encoding: base64", b"JVBERi0xLjc=")])),
        ("a form within the form", whole(&[tor(), part(
            "Content-Disposition: form-data; name=\"file\"\r\nContent-Type: multipart/mixed; boundary=y",
            b"--y\r\nContent-Disposition: file; filename=\"a.pdf\"\r\n\r\n%PDF-1.7\r\n--y--\r\n")])),
        ("a form as a field", whole(&[part(
            "Content-Disposition: form-data; name=\"type\"\r\nContent-Type: multipart/mixed; boundary=x",
            b"--x\r\n\r\ntor\r\n--x--"), good()])),
        ("another boundary", form("y", TOR, &[PDF])),
        ("no JSON, no form", b"{\"type\":\"tor\"}".to_vec()),
    ]
}

on_both! {
    async fn a_form_that_is_wrong_is_a_problem_and_leaves_nothing(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        for (what, body) in forms() {
            let answer = send(&life, FORM, body).await;
            assert!((400..500).contains(&answer.status), "{what}: {answer}");
        }
        for name in ["type", "title", "number", "issued_on", "valid_until", "line_no", "supersedes_id"] {
            let twice = [TOR, &[(name, "1"), (name, "1")]].concat();
            let answer = send(&life, FORM, form("x", &twice, &[PDF])).await;
            answer.is(422);
            assert!(answer.to_string().contains("\"twice\""), "{answer}");
        }
        nothing_is_left(&app, &life).await;
    }

    async fn a_boundary_that_is_none_is_a_problem(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let long = format!("multipart/form-data; boundary={}", "x".repeat(5_000));
        for media in [
            "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
            "multipart/form-data; boundary=x y", "multipart/form-data; boundary=\"x", "multipart/form-data;;;",
            "multipart/form-data; charset=utf-8", "multipart/mixed; boundary=x", long.as_str(),
        ] {
            let answer = send(&life, media, form("x", TOR, &[PDF])).await;
            assert!(matches!(answer.status, 400 | 415), "{media}: {answer}");
        }
        nothing_is_left(&app, &life).await;
    }

    async fn a_form_that_is_cut_anywhere_is_a_problem(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let body = form("x", TOR, &[PDF]);
        // The last line break may be missing: the form is whole without it.
        for length in (0..body.len() - 4).step_by(3) {
            let answer = send(&life, FORM, &body[..length]).await;
            assert!((400..500).contains(&answer.status), "{length} bytes: {answer}");
        }
        // Fewer bytes than were promised, and the line is closed.
        let drafter = life.who(Role::Drafter).await;
        let head = format!(
            "POST /api/v1{} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: {FORM}\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n",
            life.path("documents"), drafter.token, body.len() - 10
        );
        let said = say(&app, &head, &body);
        assert!(said.starts_with("HTTP/1.1 4"), "{said}");
        nothing_is_left(&app, &life).await;
    }

    async fn a_name_is_kept_as_a_name_whatever_it_is(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let long = format!("{}.pdf", "n".repeat(3_000));
        for (given, kept) in [
            ("../../../../etc/cron.d/a.pdf", "a.pdf"),
            ("C:\\\\Windows\\\\a.pdf", "a.pdf"),
            ("/dev/null", "null"),
            ("a.pdf\0.exe", "a.pdf.exe"),
            ("<script>.pdf", "<script>.pdf"),
            ("%2e%2e%2fa.pdf", "%2e%2e%2fa.pdf"),
            (long.as_str(), ""),
        ] {
            let body = whole(&[text("type", "tor"),
                file(&format!("; filename=\"{given}\""), "\r\nContent-Type: application/pdf", PDF.2)]);
            let answer = send(&life, FORM, body).await;
            // A control character in a head may be more than its reader takes.
            if given.contains('\0') && answer.status == 400 {
                continue;
            }
            let document = answer.is(201);
            let name = document["file_name"].as_str().expect("a name");
            assert!(name == kept || (kept.is_empty() && name.len() <= 255), "{given}: {name}");
            let path = format!("/documents/{}/content", crate::support::client::text(&document["id"]));
            let served = app.get(&drafter, &path).await;
            assert_eq!((served.status, served.bytes.as_slice()), (200, PDF.2));
        }
        app.verified();
    }
}
