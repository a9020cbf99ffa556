//! Documents: kept whole or not at all, told by their bytes, superseded and never overwritten, served with care.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, TestApp};
use crate::support::client::text;
use crate::support::database::{Kind, TestDatabase};
use crate::support::documents::{CSV, FakeClamd, File, PDF, eicar, form, photo, upload};
use crate::support::life::CONSTRUCTION;
use reqwest::Method;
use sentra::domain::people::Role;
use sentra::http::state::Bounds;
use sentra::service::scan::Clamd;
use sentra::worker::documents::{DocumentWorker, Settings};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The fields of a form, its files, and the place and code of what is wrong.
type Case<'a> = (&'a [(&'a str, &'a str)], Vec<File<'a>>, &'a str, &'a str);

/// There are as many objects as rows that say so, and nothing that arrived is left.
fn agrees(app: &TestApp) {
    let rows = app.database.number("SELECT COUNT(*) FROM documents WHERE status <> 'refused'");
    let folder = app.documents_folder();
    assert_eq!(files(&folder.join("objects")).len(), usize::try_from(rows).expect("a number"));
    assert_eq!(files(&folder.join("arrivals")), Vec::<PathBuf>::new());
    app.verified();
}

const KAK: &[(&str, &str)] = &[
    ("type", "kak"),
    ("title", "KAK"),
    ("number", "1/2020"),
    ("issued_on", "2020-05-01"),
    ("valid_until", "2021-05-01"),
    ("line_no", "1"),
];

on_both! {
    async fn a_document_is_kept_and_read_back(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let before = life.version().await;
        let made = upload(&app, &drafter, &life.id, KAK, PDF).await;
        let body = made.is(201);
        assert_eq!(life.version().await, before + 1, "a write beneath raises the proposal's version");
        let path = format!("/documents/{}", text(&body["id"]));
        assert_eq!(made.header("Location"), Some(format!("/api/v1{path}").as_str()));
        for (field, value) in [
            ("type", json!("kak")), ("title", json!("KAK")), ("number", json!("1/2020")), ("line_no", json!(1)),
            ("issued_on", json!("2020-05-01")), ("valid_until", json!("2021-05-01")), ("file_name", json!("KAK.pdf")),
            ("media_type", json!("application/pdf")), ("size_bytes", json!(PDF.2.len())), ("status", json!("available")),
            ("superseded_by", Value::Null), ("flags", json!([])), ("uploaded_by", json!(drafter.id)),
        ] {
            assert_eq!(body[field], value, "{field}");
        }
        assert_eq!(app.get(&drafter, &path).await.is(200), body);
        assert_eq!(life.list("documents").await, std::slice::from_ref(&body));
        assert_eq!(life.list("documents?type=other").await, Vec::<Value>::new());
        let events = app.database.number("SELECT COUNT(*) FROM audit_events WHERE action = 'document.upload'");
        let revisions = app.database.number("SELECT COUNT(*) FROM revisions WHERE subject_kind = 'document'");
        assert_eq!((events, revisions), (1, 1));
        let stranger = app.of(Role::Drafter, FOREIGN).await;
        for path in [path.clone(), format!("{path}/content")] {
            app.get(&stranger, &path).await.is(404);
        }
        agrees(&app);
    }

    async fn the_bytes_are_served_whole_in_part_or_not_again(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let named = ("Kerangka \u{e9} acuan.pdf", PDF.1, PDF.2);
        let body = upload(&app, &drafter, &life.id, KAK, named).await.is(201);
        let path = format!("/documents/{}/content", text(&body["id"]));
        let whole = app.get(&drafter, &path).await;
        assert_eq!((whole.status, whole.bytes.as_slice()), (200, PDF.2));
        let etag = format!("\"{}\"", text(&body["sha256"]));
        for (name, value) in [
            ("ETag", etag.as_str()), ("Content-Type", "application/pdf"), ("Accept-Ranges", "bytes"),
            ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "sandbox; default-src 'none'"),
            ("Cache-Control", "private, no-cache"), ("Content-Length", PDF.2.len().to_string().as_str()),
            ("Content-Disposition",
             "attachment; filename=\"Kerangka _ acuan.pdf\"; filename*=UTF-8''Kerangka%20%C3%A9%20acuan.pdf"),
        ] {
            assert_eq!(whole.header(name), Some(value), "{name}");
        }
        let call = || app.get(&drafter, &path);
        let same = call().header("If-None-Match", &etag).await;
        assert_eq!((same.status, same.bytes.len(), same.header("ETag")), (304, 0, Some(etag.as_str())));
        assert_eq!(call().header("If-None-Match", "\"other\"").await.status, 200);
        let size = PDF.2.len();
        for (range, from, to) in [("bytes=0-4", 0, 5), ("bytes=5-", 5, size), ("bytes=-3", size - 3, size),
            ("bytes=2-9999", 2, size)]
        {
            let part = call().header("Range", range).await;
            assert_eq!((part.status, part.bytes.as_slice()), (206, &PDF.2[from..to]), "{range}");
            let told = format!("bytes {from}-{}/{size}", to - 1);
            assert_eq!(part.header("Content-Range"), Some(told.as_str()));
        }
        let beyond = call().header("Range", "bytes=9999-").await;
        beyond.is(416);
        assert_eq!(beyond.header("Content-Range"), Some(format!("bytes */{size}").as_str()));
        for whole in ["bytes=0-1,3-4", "lines=1-2", "bytes=x"] {
            assert_eq!(call().header("Range", whole).await.status, 200, "{whole}");
        }
        assert_eq!(call().header("Range", "bytes=0-4").header("If-Range", "\"old\"").await.status, 200);
    }

    async fn the_same_upload_under_the_same_key_happens_once(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let send = |boundary: &str, file: File<'_>| {
            let call = app.by(&drafter, Method::POST, &life.path("documents")).key("once");
            call.raw(&format!("multipart/form-data; boundary={boundary}"), form(boundary, KAK, &[file]))
        };
        let first = send("one", PDF).await;
        first.is(201);
        let again = send("another", PDF).await;
        again.is(201);
        assert!(again.replayed() && again.bytes == first.bytes && !first.replayed());
        send("one", CSV).await.refused(422, &["idempotency_key_reused"]);
        send("one", ("other.pdf", PDF.1, PDF.2)).await.refused(422, &["idempotency_key_reused"]);
        assert_eq!(life.list("documents").await.len(), 1);
        agrees(&app);
    }

    async fn what_can_not_be_taken_is_named_and_leaves_nothing(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let exe = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".as_slice();
        let kak = &[("type", "kak")][..];
        let cases: Vec<Case<'_>> = vec![
            (kak, vec![("kak.pdf", "application/pdf", exe)], "/file", "type_not_taken"),
            (kak, vec![("a.svg", "image/svg+xml", b"<svg xmlns='a,b'/>")], "/file", "type_not_taken"),
            (kak, vec![("a.html", "text/html", b"<html>a,b</html>")], "/file", "type_not_taken"),
            (kak, vec![("a.zip", "application/zip", b"PK\x05\x06\0\0\0\0")], "/file", "type_not_taken"),
            (kak, vec![("a.png", "image/png", PDF.2)], "/file", "type_mismatch"),
            (kak, vec![("a.pdf", "application/pdf", b"")], "/file", "empty"),
            (kak, vec![("..", "application/pdf", PDF.2)], "/file", "no_name"),
            (kak, vec![], "/file", "required"),
            (kak, vec![PDF, PDF], "/file", "after_file"),
            (&[], vec![PDF], "/type", "invalid"),
            (&[("type", "KAK!")], vec![PDF], "/type", "invalid"),
            (&[("type", "kak"), ("type", "kak")], vec![PDF], "/type", "twice"),
            (&[("type", "kak"), ("owner", "me")], vec![PDF], "/owner", "unknown"),
            (&[("type", "kak"), ("issued_on", "1 Mei")], vec![PDF], "/issued_on", "invalid"),
            (&[("type", "kak"), ("line_no", "1.5")], vec![PDF], "/line_no", "invalid"),
            (&[("type", "kak"), ("line_no", "77")], vec![PDF], "/line_no", "unknown"),
            (&[("type", "kak"), ("title", "a\0b")], vec![PDF], "/title", "nul"),
            (&[("type", "kak"), ("issued_on", "2021-01-02"), ("valid_until", "2021-01-01")], vec![PDF],
             "/valid_until", "before_issue"),
            (&[("type", "kak"), ("supersedes_id", "019376a0-0000-7000-8000-000000000001")], vec![PDF],
             "/supersedes_id", "unknown"),
        ];
        let call = || app.by(&drafter, Method::POST, &life.path("documents"));
        for (fields, files, pointer, code) in cases {
            let answer = call().raw("multipart/form-data; boundary=x", form("x", fields, &files)).await;
            answer.refused(422, &[code]);
            assert_eq!(answer.pointers(), [pointer], "{answer}");
        }
        call().json(&json!({})).await.is(415);
        call().raw("multipart/form-data", "x").await.is(400);
        let cut = form("x", KAK, &[PDF]);
        call().raw("multipart/form-data; boundary=x", &cut[..cut.len() - 30]).await.is(400);
        let long = "x".repeat(10_000);
        call().raw("multipart/form-data; boundary=x", form("x", &[("title", &long)], &[PDF])).await.is(413);
        assert_eq!(life.list("documents").await, Vec::<Value>::new());
        agrees(&app);
        let path = ("../../../etc/passwd\u{202e}.pdf", PDF.1, PDF.2);
        let body = upload(&app, &drafter, &life.id, KAK, path).await.is(201);
        assert_eq!(text(&body["file_name"]), "passwd.pdf");
        agrees(&app);
    }

    async fn a_newer_document_takes_the_place_of_an_older_once(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let old = text(&upload(&app, &drafter, &life.id, KAK, PDF).await.is(201)["id"]);
        let newer = [("type", "kak"), ("supersedes_id", old.as_str())];
        let other = [("type", "other"), ("supersedes_id", old.as_str())];
        upload(&app, &drafter, &life.id, &other, CSV).await.refused(422, &["other_type"]);
        let (one, two) = futures_util::join!(
            async { upload(&app, &drafter, &life.id, &newer, CSV).await },
            async { upload(&app, &drafter, &life.id, &newer, CSV).await },
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "one wins: {one} {two}");
        let (winner, loser) = if one.status == 201 { (one, two) } else { (two, one) };
        loser.refused(409, &["superseded"]);
        let shown = app.get(&drafter, &format!("/documents/{old}")).await.is(200);
        assert_eq!((&shown["superseded_by"], &shown["version"]), (&winner.json()["id"], &json!(2)));
        assert_eq!(life.list("documents").await.len(), 2);
        assert_eq!(life.list("documents?current=true").await, [winner.json()]);
        agrees(&app);
    }

    async fn a_photo_is_held_against_the_site_and_the_period(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let sent = |bytes: Vec<u8>| {
            let (app, life, drafter) = (&app, &life, &drafter);
            async move {
                let file = ("foto.jpg", "image/jpeg", bytes.as_slice());
                upload(app, drafter, &life.id, &[("type", "photo")], file).await.is(201)
            }
        };
        let good = photo("2020:05:10 08:30:00", Some((-5.45, 105.25)));
        let first = sent(good.clone()).await;
        assert_eq!(first["flags"], json!([]));
        assert_eq!(text(&first["taken_at"]), "2020-05-10T01:30:00.000000Z", "WIB is seven hours ahead");
        assert!((first["latitude"].as_f64().expect("a position") + 5.45).abs() < 1e-4);
        let again = sent(good).await;
        assert_eq!(again["flags"], json!([{ "code": "same_bytes_used", "documents": [first["id"]] }]));
        let far = sent(photo("2018:01:01 00:00:00", Some((-6.2, 106.8)))).await;
        assert_eq!(far["flags"][0]["code"], "far_from_site");
        assert!(far["flags"][0]["distance_m"].as_i64().expect("metres") > 100_000);
        assert_eq!(far["flags"][1]["code"], "outside_period");
        let bare = sent(photo("2020:05:10 08:30:00", None)).await;
        assert_eq!(bare["flags"], json!([{ "code": "no_position" }]));
        let future = sent(photo("2020:05:30 08:30:00", Some((-5.45, 105.25)))).await;
        assert_eq!(future["flags"][0]["code"], "outside_period");
    }

    async fn documents_are_brought_by_whose_turn_it_is(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let (drafter, planner) = (life.who(Role::Drafter).await, life.who(Role::Planner).await);
        let kak = &[("type", "kak")];
        upload(&app, &planner, &life.id, kak, PDF).await.refused(409, &["not_from_here"]);
        let auditor = app.of(Role::Auditor, HOME).await;
        upload(&app, &auditor, &life.id, kak, PDF).await.refused(403, &["role_missing"]);
        let both = app.someone("both", Role::Drafter,
            vec![(Role::Drafter, Some(HOME.into())), (Role::Planner, Some(HOME.into()))]).await;
        upload(&app, &both, &life.id, kak, PDF).await.is(201);
        life.to("planning_check").await;
        upload(&app, &planner, &life.id, kak, PDF).await.is(201);
        upload(&app, &both, &life.id, kak, PDF).await.refused(403, &["four_eyes"]);
        upload(&app, &drafter, &life.id, kak, PDF).await.refused(409, &["not_from_here"]);
        life.to("endorsement").await;
        life.act(Role::RegionalHead, json!({ "action": "withdraw", "comment": "Batal." })).await.is(200);
        for role in [Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector] {
            let person = life.who(role).await;
            upload(&app, &person, &life.id, kak, PDF).await.refused(409, &["not_from_here"]);
        }
        agrees(&app);
    }

    async fn a_virus_is_refused_and_what_waits_is_not_served(db) {
        let clamd = FakeClamd::start();
        let address = clamd.address.to_string();
        let app = TestApp::keeping(db, Bounds::default(), |documents| documents.clamd = Some(Clamd::Tcp(address)));
        let worker = DocumentWorker::new(app.services.clone(), Settings::default());
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let kak = &[("type", "kak")];
        let bad = [PDF.2, &eicar()].concat();
        let bad = ("a.pdf", "application/pdf", bad.as_slice());
        let answer = upload(&app, &drafter, &life.id, kak, bad).await;
        answer.refused(422, &["infected"]);
        assert!(answer.to_string().contains("Eicar-Test-Signature"), "{answer}");
        let clean = upload(&app, &drafter, &life.id, kak, PDF).await.is(201);
        assert_eq!(clean["status"], "available");
        agrees(&app);
        clamd.is_down(true);
        let mut waiting = Vec::new();
        for file in [PDF, bad] {
            let body = upload(&app, &drafter, &life.id, kak, file).await.is(201);
            assert_eq!(body["status"], "pending_scan");
            let path = format!("/documents/{}", text(&body["id"]));
            app.get(&drafter, &format!("{path}/content")).await.refused(409, &["pending_scan"]);
            waiting.push(path);
        }
        let counts = worker.scan_once().expect("a run");
        assert_eq!((counts.cleared, counts.refused), (0, 0), "they wait on");
        clamd.is_down(false);
        let counts = worker.scan_once().expect("a run");
        assert_eq!((counts.cleared, counts.refused), (1, 1));
        assert_eq!(app.get(&drafter, &format!("{}/content", waiting[0])).await.bytes, PDF.2);
        assert_eq!(app.get(&drafter, &waiting[1]).await.is(200)["status"], "refused");
        app.get(&drafter, &format!("{}/content", waiting[1])).await.refused(409, &["infected"]);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action IN ('document.clear', 'document.refuse')";
        assert_eq!(app.database.number(events), 2);
        agrees(&app);
    }

    async fn what_belongs_to_no_row_is_swept_and_nothing_else(db) {
        let app = TestApp::on(db);
        let worker = DocumentWorker::new(app.services.clone(), Settings::default());
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let kept = upload(&app, &drafter, &life.id, KAK, PDF).await.is(201);
        let folder = app.documents_folder();
        let old = SystemTime::now() - Duration::from_secs(25 * 3600);
        let make = |name: &str| {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            let mut file = std::fs::File::create(&path).expect("a file");
            file.write_all(b"left").expect("written");
            (path, file)
        };
        let (orphan, file) = make("objects/nobody/old");
        file.set_modified(old).expect("aged");
        let (arrival, file) = make("arrivals/old");
        file.set_modified(old).expect("aged");
        let (young, _) = make("objects/nobody/young");
        for path in files(&folder.join("objects").join(&life.id)) {
            std::fs::File::options().write(true).open(path).expect("open").set_modified(old).expect("aged");
        }
        let uploads = async {
            futures_util::future::join_all((0..8).map(|n| {
                let csv = format!("a,b\n{n},1\n");
                let (app, drafter, id) = (&app, &drafter, &life.id);
                async move { upload(app, drafter, id, KAK, ("a.csv", "text/csv", csv.as_bytes())).await.is(201) }
            })).await
        };
        let sweeps = actix_web::web::block(move || {
            let mut swept = 0;
            for _ in 0..20 {
                swept += worker.sweep_once().expect("a sweep").swept;
                std::thread::sleep(Duration::from_millis(10));
            }
            swept
        });
        let (made, swept) = futures_util::join!(uploads, sweeps);
        assert_eq!(swept.expect("swept"), 2);
        assert!(!orphan.exists() && !arrival.exists() && young.exists());
        std::fs::remove_file(young).expect("removed");
        for body in made.iter().chain([&kept]) {
            let path = format!("/documents/{}/content", text(&body["id"]));
            assert_eq!(app.get(&drafter, &path).await.status, 200);
        }
        agrees(&app);
    }
}

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
    let start = "--x\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nkak\r\n--x\r\nContent-Disposition: \
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

#[actix_web::test]
async fn an_endless_file_is_cut_at_the_limit() {
    const LIMIT: u64 = 256_000_000;
    const ALL: u64 = 100_000_000_000;
    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let app =
        TestApp::keeping(database, Bounds::default(), |documents| documents.max_bytes = LIMIT);
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let before = memory();
    let endless = endless(&app, &drafter.token, &life.id, ALL);
    let grown = memory().saturating_sub(before);
    let said = &endless.said;
    assert!(said.starts_with("HTTP/1.1 413") && said.contains("too_large"), "{said}");
    assert!(said.to_lowercase().contains("connection: close"), "{said}");
    // The server lingers for a second, throwing away what comes, so that a sender sees the answer; then it hangs up.
    assert!(endless.sent > LIMIT && endless.sent < ALL, "{} bytes were sent", endless.sent);
    assert!(endless.open < Duration::from_secs(10), "open for {:?}", endless.open);
    assert!(grown < LIMIT / 2, "{grown} bytes of memory for a file of {LIMIT}");
    agrees(&app);
    upload(&app, &drafter, &life.id, KAK, PDF).await.is(201);
    agrees(&app);
}

#[actix_web::test]
async fn a_file_is_taken_up_to_the_limit_and_not_beyond() {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let app =
        TestApp::keeping(database, Bounds::default(), |documents| documents.max_bytes = 1_000_000);
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let large = [PDF.2, &vec![b'a'; 1_000_001 - PDF.2.len()]].concat();
    upload(&app, &drafter, &life.id, KAK, ("a.pdf", PDF.1, &large))
        .await
        .refused(413, &["too_large"]);
    upload(&app, &drafter, &life.id, KAK, ("a.pdf", PDF.1, &large[..1_000_000])).await.is(201);
    agrees(&app);
}

#[actix_web::test]
async fn a_file_that_comes_too_slowly_is_not_waited_for() {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let app = TestApp::keeping(database, Bounds::default(), |documents| {
        documents.upload_time = Duration::from_millis(200);
    });
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let said = endless(&app, &drafter.token, &life.id, 1).said;
    assert!(said.starts_with("HTTP/1.1 408"), "{said}");
    agrees(&app);
}

#[actix_web::test]
async fn bytes_that_are_gone_or_cut_are_an_error_and_never_a_part() {
    let app = TestApp::spawn(Kind::Sqlite).expect("SQLite");
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let body = upload(&app, &drafter, &life.id, KAK, PDF).await.is(201);
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
