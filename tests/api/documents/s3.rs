//! An S3 server that fails, is cut off or is slow: the answer is a problem that says when to try again, or a connection that
//! is cut; never half a document, never a row without its object, and nobody else waits.

use crate::documents::{Place, TOR, files};
use crate::support::app::TestApp;
use crate::support::client::{Answer, text};
use crate::support::database::{Kind, TestDatabase};
use crate::support::documents::{PDF, upload};
use crate::support::life::{CONSTRUCTION, Life};
use crate::support::s3::{Line, S3Server};
use reqwest::Method;
use sentra::domain::people::Role;
use sentra::service::store::Patience;
use sentra::worker::documents::{DocumentWorker, Settings};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

/// Waits for less than people would, so that the tests do not.
const SHORT: Patience = Patience {
    connect: Duration::from_secs(1),
    answer: Duration::from_millis(1_500),
    bytes_per_second: 16 * 1024 * 1024,
    retries: 1,
    pause: Duration::from_millis(20),
    in_all: Duration::from_secs(4),
};
/// What an answer takes at most under it, on a busy machine.
const SOON: Duration = Duration::from_secs(12);

fn place() -> Place {
    Place::bucket(TestDatabase::fresh(Kind::Sqlite).expect("SQLite"))
}

fn impatient(place: &mut Place) -> TestApp {
    let store = place.bucket.as_ref().expect("a bucket").store(SHORT);
    place.app_with(|documents| documents.store = store)
}

async fn sends(life: &Life<'_>, bytes: &[u8]) -> Answer {
    let drafter = life.who(Role::Drafter).await;
    upload(life.app, &drafter, &life.id, TOR, ("a.pdf", PDF.1, bytes)).await
}

/// A document of so many mebibytes, no two of which are alike.
fn large(mebibytes: u32) -> Vec<u8> {
    let mut bytes = PDF.2.to_vec();
    for n in 0..mebibytes * 32 * 1024 {
        bytes.extend_from_slice(&Sha256::digest(n.to_be_bytes()));
    }
    bytes
}

fn unavailable(answer: &Answer) {
    answer.refused(503, &["unavailable"]);
    assert_eq!(answer.header("Retry-After"), Some("5"));
}

/// A download, byte by byte: what was promised, and what came of it until the connection was closed.
fn downloads(app: &TestApp, token: &str, path: &str) -> (usize, Vec<u8>) {
    let mut stream = TcpStream::connect(app.address).expect("connect");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    let head =
        format!("GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("said");
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    let end = said.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let head = String::from_utf8_lossy(&said[..end]).to_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    (length.expect("a length").parse().expect("a number"), said[end..].to_vec())
}

async fn ready(app: &TestApp) -> String {
    text(&app.call(Method::GET, "/health/ready").await.is(200)["documents"])
}

fn worker(app: &TestApp) -> DocumentWorker {
    DocumentWorker::new(app.services.clone(), Settings::default())
}

/// What a sweep takes away, run as its worker runs it.
async fn swept(app: &TestApp) -> usize {
    let worker = worker(app);
    let swept = actix_web::web::block(move || worker.sweep_once().expect("a sweep").swept);
    swept.await.expect("swept")
}

fn aged(paths: &[PathBuf]) {
    let old = SystemTime::now() - Duration::from_secs(25 * 3600);
    for path in paths {
        let file = std::fs::File::options().write(true).open(path).expect("open");
        file.set_modified(old).expect("aged");
    }
}

#[actix_web::test]
async fn a_server_that_fails_is_asked_again_and_then_the_answer_says_when_to_try() {
    let mut place = place();
    let app = impatient(&mut place);
    let bucket = place.bucket.as_ref().expect("a bucket");
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    bucket.answers("PutObject", 500, 1);
    let body = sends(&life, PDF.2).await.is(201);
    assert_eq!(bucket.calls("PutObject"), 2, "once failing, once well");
    bucket.answers("PutObject", 503, 1_000);
    unavailable(&sends(&life, PDF.2).await);
    assert_eq!(bucket.calls("PutObject"), 4, "it is not asked for ever");
    place.agrees(&app);
    let path = format!("/documents/{}/content", text(&body["id"]));
    bucket.answers("GetObject", 500, 1);
    assert_eq!(app.get(&drafter, &path).await.bytes, PDF.2);
    bucket.answers("GetObject", 500, 1_000);
    unavailable(&app.get(&drafter, &path).await);
    // What would have been the answer to a key is not lost: the same request is made again.
    bucket.answers("GetObject", 500, 0);
    bucket.answers("PutObject", 500, 0);
    assert_eq!(app.get(&drafter, &path).await.bytes, PDF.2);
    sends(&life, PDF.2).await.is(201);
    place.agrees(&app);
}

#[actix_web::test]
async fn a_large_document_goes_in_parts_and_comes_back_whole_and_in_ranges() {
    let mut place = place();
    let app = place.app();
    let bucket = place.bucket.as_ref().expect("a bucket");
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let bytes = large(20);
    let body = sends(&life, &bytes).await.is(201);
    assert_eq!((bucket.calls("UploadPart"), bucket.calls("PutObject")), (3, 0));
    place.agrees(&app);
    let path = format!("/documents/{}/content", text(&body["id"]));
    assert!(app.get(&drafter, &path).await.bytes == bytes, "it is another");
    let part = app.get(&drafter, &path).header("Range", "bytes=8388600-8388620").await;
    assert_eq!((part.status, part.bytes.as_slice()), (206, &bytes[8_388_600..=8_388_620]));
}

#[actix_web::test]
async fn parts_of_a_document_that_was_not_kept_are_given_up() {
    let mut place = place();
    let app = impatient(&mut place);
    let bucket = place.bucket.as_ref().expect("a bucket");
    let life = CONSTRUCTION.draft(&app).await;
    let bytes = large(9);
    for call in ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] {
        bucket.answers(call, 500, 1_000);
        unavailable(&sends(&life, &bytes).await);
        bucket.answers(call, 500, 0);
        place.agrees(&app);
    }
    // Where giving up fails too, they are swept; what is young, or somebody else's, is not.
    bucket.answers("CompleteMultipartUpload", 500, 1_000);
    bucket.answers("AbortMultipartUpload", 500, 1_000);
    unavailable(&sends(&life, &bytes).await);
    let left = bucket.unfinished();
    assert_eq!((left.len(), bucket.parts()), (1, 2));
    bucket.answers("CompleteMultipartUpload", 500, 0);
    bucket.answers("AbortMultipartUpload", 500, 0);
    assert_eq!(swept(&app).await, 0, "it may still be under way");
    aged(&left);
    let other = bucket.objects().join("readme.txt");
    std::fs::create_dir_all(bucket.objects()).expect("made");
    std::fs::write(&other, "somebody else's").expect("written");
    aged(std::slice::from_ref(&other));
    assert_eq!(swept(&app).await, 1);
    assert!(other.exists());
    std::fs::remove_file(other).expect("removed");
    place.agrees(&app);
    sends(&life, &bytes).await.is(201);
    place.agrees(&app);
}

#[actix_web::test]
async fn an_upload_whose_answer_is_lost_leaves_no_row_and_its_object_is_swept() {
    let mut place = place();
    let app = impatient(&mut place);
    let bucket = place.bucket.as_ref().expect("a bucket");
    let life = CONSTRUCTION.draft(&app).await;
    bucket.line(Line::CutAfter(0));
    unavailable(&sends(&life, PDF.2).await);
    bucket.line(Line::Open);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM documents"), 0);
    let left = files(&bucket.objects());
    assert_eq!(left.len(), 1, "the server took it, and could not say so");
    assert_eq!(swept(&app).await, 0);
    aged(&left);
    assert_eq!(swept(&app).await, 1);
    place.agrees(&app);
    sends(&life, PDF.2).await.is(201);
    place.agrees(&app);
}

#[actix_web::test]
async fn a_download_is_a_problem_before_its_first_byte_and_cut_after_it() {
    let mut place = place();
    let app = impatient(&mut place);
    let bucket = place.bucket.as_ref().expect("a bucket");
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let bytes = large(6);
    let body = sends(&life, &bytes).await.is(201);
    let path = format!("/documents/{}/content", text(&body["id"]));
    for line in [Line::CutAfter(0), Line::CutAfter(100)] {
        bucket.line(line);
        unavailable(&app.get(&drafter, &path).await);
    }
    bucket.line(Line::CutAfter(4 * 1024 * 1024));
    let (promised, came) = downloads(&app, &drafter.token, &path);
    assert_eq!(promised, bytes.len());
    assert!(!came.is_empty() && came.len() < bytes.len(), "{} bytes came", came.len());
    assert!(bytes.starts_with(&came), "what came is what was there");
    bucket.line(Line::Open);
    assert!(app.get(&drafter, &path).await.bytes == bytes);
}

#[actix_web::test]
async fn a_server_that_is_silent_or_dribbles_is_given_up_and_nobody_else_waits() {
    let mut place = place();
    let app = impatient(&mut place);
    let bucket = place.bucket.as_ref().expect("a bucket");
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let body = sends(&life, PDF.2).await.is(201);
    let path = format!("/documents/{}/content", text(&body["id"]));
    for line in [Line::Silent, Line::Dribbles] {
        bucket.line(line);
        let begun = Instant::now();
        unavailable(&app.get(&drafter, &path).await);
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
    bucket.line(Line::Silent);
    let begun = Instant::now();
    let upload = sends(&life, PDF.2);
    let others = async {
        // Neither a thread that answers nor the proposal is held meanwhile.
        tokio::time::sleep(Duration::from_millis(300)).await;
        life.patch(Role::Drafter, json!({ "summary": "Meanwhile." })).await.is(200);
        app.get(&drafter, "/me").await.is(200);
        begun.elapsed()
    };
    let (answer, meanwhile) = futures_util::join!(upload, others);
    unavailable(&answer);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(meanwhile < begun.elapsed(), "they waited for the store: {meanwhile:?}");
    bucket.line(Line::Open);
    sends(&life, PDF.2).await.is(201);
}

#[actix_web::test]
async fn a_store_that_is_not_there_is_told_and_stops_nothing_else() {
    let mut place = place();
    let bucket = place.bucket.as_ref().expect("a bucket");
    let nobody =
        TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let mut settings = bucket.settings(SHORT);
    settings.endpoint = Some(format!("http://{nobody}"));
    let store = bucket.store_as(&settings);
    let app = place.app_with(|documents| documents.store = store);
    assert_eq!(ready(&app).await, "unavailable");
    let life = CONSTRUCTION.draft(&app).await;
    unavailable(&sends(&life, PDF.2).await);
    life.patch(Role::Drafter, json!({ "title": "Sentra Tapis" })).await.is(200);
    app.verified();
}

#[actix_web::test]
async fn a_key_that_is_not_let_in_is_told() {
    let bucket = S3Server::start();
    let mut settings = bucket.settings(SHORT);
    let known = bucket.store_as(&settings);
    assert!(known.answers().await);
    settings.key.as_mut().expect("a key").secret = "another".into();
    let store = bucket.store_as(&settings);
    assert!(!store.answers().await);
    settings.key = bucket.settings(SHORT).key;
    settings.bucket = "no-such-bucket".to_owned();
    assert!(!bucket.store_as(&settings).answers().await);
    let mut place = place();
    let app = place.app_with(|documents| documents.store = store);
    let life = CONSTRUCTION.draft(&app).await;
    unavailable(&sends(&life, PDF.2).await);
    assert_eq!(ready(&app).await, "unavailable");
    assert_eq!(app.database.number("SELECT COUNT(*) FROM documents"), 0);
}
