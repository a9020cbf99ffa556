//! Files that have no end, come too slowly, or are gone: bounded, and never served in part.

use crate::documents::{Place, TOR, files};
use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::database::{Kind, TestDatabase};
use crate::support::documents::{PDF, upload};
use crate::support::life::CONSTRUCTION;
use reqwest::Method;
use sentra::domain::people::Role;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What became of a file that has no end.
struct Endless {
    /// How many bytes of it were sent.
    sent: u64,
    /// What was answered.
    said: String,
    /// How long the connection was open after the answer.
    open: Duration,
}

/// Says a head and then more and more of a file, whatever is answered, until nobody takes more of it.
fn endless(app: &TestApp, token: &str, proposal: &str, most: u64) -> Endless {
    let mut stream = TcpStream::connect(app.address).expect("connect");
    stream.set_write_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    let mut listening = stream.try_clone().expect("a second handle");
    let listener = std::thread::spawn(move || {
        let mut said = vec![0; 64 * 1024];
        let length = listening.read(&mut said).expect("an answer");
        let answered = Instant::now();
        said.truncate(length);
        let _ = listening.read_to_end(&mut said);
        (String::from_utf8_lossy(&said).into_owned(), answered.elapsed())
    });
    let head = format!(
        "POST /api/v1/proposals/{proposal}/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("said");
    let start = "--x\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\ntor\r\n--x\r\nContent-Disposition: \
                 form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7\n";
    let chunk =
        |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
    stream.write_all(&chunk(start.as_bytes())).expect("said");
    let more = chunk(&[b'a'; 64 * 1024]);
    let mut sent = 0;
    while sent < most && stream.write_all(&more).is_ok() {
        sent += 64 * 1024;
    }
    let (said, open) = listener.join().expect("heard");
    Endless { sent, said, open }
}

/// How much memory this process has, the service in it, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("kB") * 1024
}

/// The most memory that this process has while work goes on, in bytes.
fn peak_during<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let (done, most) = (AtomicBool::new(false), AtomicU64::new(0));
    let made = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                most.fetch_max(memory(), Ordering::AcqRel);
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let made = work();
        done.store(true, Ordering::Release);
        made
    });
    (made, most.into_inner())
}

#[actix_web::test]
async fn an_endless_file_is_cut_at_the_limit() {
    const LIMIT: u64 = 256_000_000;
    const ALL: u64 = 100_000_000_000;
    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let mut place = Place::folder(database);
    let app = place.app_with(|documents| documents.max_bytes = LIMIT);
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let before = memory();
    let (endless, peak) = peak_during(|| endless(&app, &drafter.token, &life.id, ALL));
    let grown = peak.saturating_sub(before);
    let said = &endless.said;
    assert!(said.starts_with("HTTP/1.1 413") && said.contains("too_large"), "{said}");
    assert!(said.to_lowercase().contains("connection: close"), "{said}");
    // The server lingers for a second, throwing away what comes, so that a sender sees the answer; then it hangs up.
    assert!(endless.sent > LIMIT && endless.sent < ALL, "{} bytes were sent", endless.sent);
    assert!(endless.open < Duration::from_secs(10), "open for {:?}", endless.open);
    assert!(grown < LIMIT / 2, "{grown} bytes of memory for a file of {LIMIT}");
    place.agrees(&app);
    upload(&app, &drafter, &life.id, TOR, PDF).await.is(201);
    place.agrees(&app);
}

#[actix_web::test]
async fn a_file_is_taken_up_to_the_limit_and_not_beyond() {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let mut place = Place::folder(database);
    let app = place.app_with(|documents| documents.max_bytes = 1_000_000);
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let large = [PDF.2, &vec![b'a'; 1_000_001 - PDF.2.len()]].concat();
    upload(&app, &drafter, &life.id, TOR, ("a.pdf", PDF.1, &large))
        .await
        .refused(413, &["too_large"]);
    upload(&app, &drafter, &life.id, TOR, ("a.pdf", PDF.1, &large[..1_000_000])).await.is(201);
    place.agrees(&app);
}

#[actix_web::test]
async fn a_file_that_comes_too_slowly_is_not_waited_for() {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let mut place = Place::folder(database);
    let app = place.app_with(|documents| {
        documents.upload_time = Duration::from_millis(200);
    });
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let said = endless(&app, &drafter.token, &life.id, 1).said;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    place.agrees(&app);
}

#[actix_web::test]
async fn bytes_that_are_gone_or_cut_are_an_error_and_never_a_part() {
    let app = TestApp::spawn(Kind::Sqlite).expect("SQLite");
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let body = upload(&app, &drafter, &life.id, TOR, PDF).await.is(201);
    let path = format!("/documents/{}/content", text(&body["id"]));
    let object = files(&app.documents_folder().join("objects")).pop().expect("an object");
    let head = format!(
        "GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        drafter.token
    );
    std::fs::File::options().write(true).open(&object).expect("open").set_len(5).expect("cut");
    assert!(crate::raw::say(&app, &head, b"").starts_with("HTTP/1.1 500"));
    std::fs::remove_file(&object).expect("gone");
    let said = crate::raw::say(&app, &head, b"");
    assert!(
        said.starts_with("HTTP/1.1 500") && said.contains("urn:sentra:problem:internal"),
        "{said}"
    );
    let metrics = app.call(Method::GET, "/metrics").await;
    assert!(String::from_utf8_lossy(&metrics.bytes).contains("sentra_documents_missing_total"));
}
