//! Requests that no client would make, byte by byte: they are bounded, answered as problems, and leave the service as it
//! was.

use crate::support::app::{HOME, TestApp};
use crate::support::client::text;
use crate::support::database::{Kind, TestDatabase};
use reqwest::Method;
use sentra::domain::people::Role;
use sentra::http::routes::ROUTES;
use sentra::http::state::Bounds;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Everything that a server says to bytes that are no request that a client would make.
pub fn say(app: &TestApp, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.address).expect("connect");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    // The server may answer, and hang up, before it has read everything.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// These look at nothing that depends on the database.
fn small(bounds: Bounds) -> TestApp {
    TestApp::with(TestDatabase::fresh(Kind::Sqlite).expect("SQLite"), bounds)
}

#[actix_web::test]
async fn another_method_is_a_problem_that_names_those_that_are_possible() {
    let app = small(Bounds::default());
    let all = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "PROPFIND"];
    for route in ROUTES {
        let known: BTreeSet<String> = ROUTES
            .iter()
            .filter(|other| other.path == route.path)
            .flat_map(|other| match other.method {
                "get" => vec!["GET".to_owned(), "HEAD".to_owned()],
                method => vec![method.to_uppercase()],
            })
            .collect();
        for method in all.iter().filter(|method| !known.contains(**method)) {
            let path = route.path;
            let answer = app.call(method.parse().expect("a method"), path).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            let allowed: BTreeSet<String> =
                answer.header("Allow").unwrap_or_default().split(", ").map(str::to_owned).collect();
            assert_eq!(allowed, known, "{method} {path}");
        }
    }
    for path in ["/api/v1/nothing", "/nothing", "/api/v1", "/api", "/api/v1/proposals/a/b/c"] {
        let answer = app.call(Method::GET, "/health/live").await;
        assert_eq!(answer.status, 200);
        let head = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let said = say(&app, &head, b"");
        assert!(
            said.starts_with("HTTP/1.1 404") && said.contains("urn:sentra:problem:not_found"),
            "{said}"
        );
    }
}

#[actix_web::test]
async fn what_can_be_got_can_be_asked_for_without_its_body() {
    let app = TestApp::spawn(Kind::Sqlite).expect("SQLite");
    let person = app.of(Role::Drafter, HOME).await;
    for path in ["/me", "/regions?limit=1", "/regions/18.71"] {
        let whole = app.get(&person, path).await;
        let head = app.by(&person, Method::HEAD, path).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0), "{path}");
        assert_eq!(head.header("content-length"), whole.header("content-length"), "{path}");
    }
    let client = reqwest::Client::new();
    for path in ["/health/live", "/health/ready", "/metrics"] {
        let answer =
            client.head(format!("http://{}{path}", app.address)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
}

#[actix_web::test]
async fn a_body_that_comes_too_slowly_is_not_waited_for() {
    let app = small(Bounds { body_time: Duration::from_millis(100), ..Bounds::default() });
    let drafter = app.of(Role::Drafter, HOME).await;
    let head = format!(
        "POST /api/v1/proposals HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\n\r\n",
        drafter.token
    );
    let said = say(&app, &head, b"{");
    assert!(
        said.starts_with("HTTP/1.1 408") && said.contains("urn:sentra:problem:too_slow"),
        "{said}"
    );
    app.get(&drafter, "/me").await.is(200);
}

#[actix_web::test]
async fn a_body_without_a_length_is_bounded_too() {
    let app = small(Bounds { body_bytes: 1_000, ..Bounds::default() });
    let head = "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("400\r\n{}\r\n0\r\n\r\n", " ".repeat(0x400));
    let said = say(&app, head, chunk.as_bytes());
    assert!(
        said.starts_with("HTTP/1.1 413") && said.contains("urn:sentra:problem:too_large"),
        "{said}"
    );
}

#[actix_web::test]
async fn what_is_no_request_at_all_leaves_the_service_as_it_was() {
    let app = small(Bounds::default());
    let huge =
        format!("GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Huge: {}\r\n\r\n", "a".repeat(1_000_000));
    let many = format!("GET /api/v1/me HTTP/1.1\r\n{}\r\n", "X-Many: a\r\n".repeat(10_000));
    for head in [
        huge.as_str(),
        many.as_str(),
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let said = say(&app, head, b"");
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 4") || said.starts_with("HTTP/1.0 4"),
            "{said}"
        );
    }
    let long = format!("Bearer sentra_{}", "0".repeat(20_000));
    app.call(Method::GET, "/me").header("Authorization", long).await.is(401);
    app.call(Method::GET, "/me").header("Authorization", b"Bearer \xff\xfe").await.is(401);
    let text = text(&app.call(Method::GET, "/health/live").await.is(200)["status"]);
    assert_eq!(text, "live");
}
