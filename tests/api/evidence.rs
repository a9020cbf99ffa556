//! The evidence pack: everything of a proposal in one archive, each file with its hash.

use crate::findings::{auditor_of, draft};
use crate::on_both;
use crate::support::app::{FOREIGN, HOME, TestApp};
use crate::support::client::{Answer, text};
use crate::support::database::texts;
use crate::support::documents::{PDF, upload};
use crate::support::life::{CONSTRUCTION, Life};
use crate::support::python::{python, said, tool};
use sentra::domain::people::Role;
use sentra::http::state::Bounds;
use sentra::service::seal::checkpoint;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The files of an archive.
pub fn unpacked(answer: &Answer) -> BTreeMap<String, Vec<u8>> {
    assert_eq!(answer.status, 200, "{answer}");
    let mut archive = zip::ZipArchive::new(Cursor::new(answer.bytes.clone())).expect("an archive");
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("a file");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("bytes");
        let name = file.name().expect("a name").into_owned();
        assert!(file.enclosed_name().is_some(), "{name}");
        assert!(files.insert(name.clone(), bytes).is_none(), "{name}");
    }
    files
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub async fn pack(life: &Life<'_>, by: &crate::support::app::Person) -> Answer {
    life.app.get(by, &life.path("evidence-pack")).await
}

/// An archive of files.
pub fn packed(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("begun");
        archive.write_all(bytes).expect("written");
    }
    archive.finish().expect("ended").into_inner()
}

on_both! {
    async fn what_a_pack_tells_is_proved_by_the_trail_without_sentra(db) {
        let Some(python) = python() else { return };
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        life.spend(5_000).await.is(201);
        app.verified();
        let keys = crate::audit::keys();
        checkpoint::make(&app.services, &keys).expect("signed").expect("a checkpoint");
        let auditor = auditor_of(&app, HOME).await;
        let covered = life.list("events?limit=200").await.len();
        upload(&app, &life.who(Role::Drafter).await, &life.id, &[("type", "tor")], PDF).await.is(201);
        let files = unpacked(&pack(&life, &auditor).await);
        let key = keys.verifiers(&checkpoint::origin(&app.services).expect("a name"))[0].to_string();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pack.zip");
        let run = |files: &BTreeMap<String, Vec<u8>>| {
            std::fs::write(&path, packed(files)).expect("written");
            tool(&python, "verify_pack.py").arg(&path).args(["--key", &key]).output().expect("run")
        };
        let good = run(&files);
        assert_eq!(good.status.code(), Some(0), "{}", said(&good));
        for expected in [
            &format!("{covered} events proved, 1 later than the checkpoint: 0 findings"),
            "-tor.pdf) is not covered by the checkpoint yet", "note: no event covers timeline.html and findings.json",
            &format!("manifest.json has the SHA-256 {}", sha256(&files["manifest.json"])),
        ] {
            assert!(said(&good).contains(expected), "{expected}: {}", said(&good));
        }

        let told = |name: &str| String::from_utf8(files[name].clone()).expect("text");
        let proofs = told("proofs.ndjson");
        let spent = proofs.lines().position(|line| line.contains("\"kind\":\"spend\"")).expect("a spending");
        let without = |gone: usize| {
            let left = proofs.lines().enumerate().filter(|(at, _)| *at != gone);
            left.map(|(_, line)| format!("{line}\n")).collect::<String>()
        };
        let document = files.keys().find(|name| name.starts_with("documents/")).expect("a document").clone();
        let mut bytes = files[&document].clone();
        bytes.push(b'\n');
        let page = told("timeline.html").replace("funded", "closed");
        for (name, instead, words) in [
            ("proofs.ndjson", proofs.replace("\"amount_idr\":5000,", "\"amount_idr\":4000,"), "is not what was sealed"),
            ("proofs.ndjson", without(0), "there is no checkpoint"),
            ("proofs.ndjson", without(spent), "no event that is proved tells of it"),
            ("journal.csv", told("journal.csv").replace(";5000;", ";4000;"), "its amount_idr is not what was sealed"),
            ("timeline.html", page, "its bytes have the hash"),
            (&document, String::from_utf8_lossy(&bytes).into_owned(), "its bytes have the hash"),
            ("more.txt", "x".to_owned(), "the manifest does not name it"),
        ] {
            let mut changed = files.clone();
            changed.insert(name.to_owned(), instead.into_bytes());
            let output = run(&changed);
            assert_eq!(output.status.code(), Some(1), "{name}: {}", said(&output));
            assert!(said(&output).contains(words), "{name}: {}", said(&output));
        }
        let stranger = crate::audit::keys().verifiers(&checkpoint::origin(&app.services).expect("a name"))[0].to_string();
        std::fs::write(&path, packed(&files)).expect("written");
        let output = tool(&python, "verify_pack.py").arg(&path).args(["--key", &stranger]).output().expect("run");
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("signed by none of the keys"), "{}", said(&output));
    }

    async fn a_pack_holds_each_document_and_the_hash_of_each_file(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        let auditor = auditor_of(&app, HOME).await;
        let drafter = life.who(Role::Drafter).await;
        life.spend(5_000).await.is(201);
        let evil = "<script>alert(1)</script>";
        let paper = upload(&app, &drafter, &life.id, &[("type", "tor"), ("title", evil)], ("../../a<b>.pdf", PDF.1, PDF.2)).await.is(201);
        let newer = [("type", "tor"), ("supersedes_id", paper["id"].as_str().expect("an id"))];
        upload(&app, &drafter, &life.id, &newer, PDF).await.is(201);
        app.post(&auditor, &life.path("findings"), draft(json!({ "title": evil }))).await.is(201);
        let listed = life.list("documents?limit=200").await;
        let answer = pack(&life, &auditor).await;
        assert_eq!(answer.header("content-type"), Some("application/zip"));
        let name = format!("attachment; filename=\"sentra-2021-{HOME}-{}.zip\"", life.id);
        assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
        let files = unpacked(&answer);
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
        let told = manifest["documents"].as_array().expect("documents").clone();
        assert_eq!(told.len(), listed.len());
        for (told, listed) in told.iter().zip(&listed) {
            for name in ["id", "type", "title", "number", "file_name", "sha256", "size_bytes", "uploaded_by", "uploaded_at", "superseded_by"] {
                assert_eq!(told[name], listed[name], "{name}");
            }
            let bytes = &files[&text(&told["path"])];
            assert_eq!((sha256(bytes), &told["intact"]), (text(&listed["sha256"]), &json!(true)));
            assert!(!text(&told["uploader"]).is_empty());
        }
        let others: Vec<String> = manifest["files"].as_array().expect("files").iter().map(|one| {
            assert_eq!(sha256(&files[&text(&one["path"])]), text(&one["sha256"]));
            text(&one["path"])
        }).collect();
        assert_eq!(others, ["timeline.html", "journal.csv", "figures.csv", "findings.json", "proofs.ndjson"]);
        assert_eq!(files.len(), listed.len() + others.len() + 1);

        let page = String::from_utf8(files["timeline.html"].clone()).expect("text");
        assert!(!page.contains("<script") && page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "{page}");
        for event in life.list("events?limit=200").await {
            assert!(page.contains(&format!("<li id=\"{}\">", text(&event["id"]))), "{event}");
        }
        let journal = String::from_utf8(files["journal.csv"].clone()).expect("text");
        assert_eq!(journal.lines().count(), life.journal().await.len() + 1);
        let figures = String::from_utf8(files["figures.csv"].clone()).expect("text");
        assert!(figures.contains("absorbed_idr;5000\n"), "{figures}");
        let findings: Value = serde_json::from_slice(&files["findings.json"]).expect("JSON");
        assert_eq!(findings[0]["title"], evil);
        // Nothing of it stays behind, and that it was read does.
        let arrivals = app.documents_folder().join("arrivals");
        assert_eq!(std::fs::read_dir(arrivals).expect("a folder").count(), 0);
        let sql = "SELECT COUNT(*) FROM audit_events WHERE action = 'evidence_pack.read'";
        assert_eq!(app.database.number(sql), 1);
        app.verified();
    }

    async fn what_was_done_for_several_proposals_at_once_is_told_of_each(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = CONSTRUCTION.at(&app, "contracted").await;
        crate::tranche::share(&one, &two).await;
        for life in [&one, &two] {
            let events = life.list("events?limit=200").await;
            let page = unpacked(&pack(life, &auditor_of(&app, HOME).await).await);
            let page = String::from_utf8(page["timeline.html"].clone()).expect("text");
            for action in ["tranche.request", "tranche.review", "tranche.verify"] {
                let found = events.iter().filter(|event| event["action"] == action).collect::<Vec<_>>();
                assert_eq!(found.len(), 1, "{action}");
                assert!(page.contains(&format!("<li id=\"{}\">", text(&found[0]["id"]))), "{action}");
            }
        }
    }

    async fn a_pack_that_nobody_reads_is_let_go_of_and_the_next_one_is_made(db) {
        let app = TestApp::with(db, Bounds { stall: Duration::from_millis(800), ..Bounds::default() });
        let life = CONSTRUCTION.draft(&app).await;
        let auditor = auditor_of(&app, HOME).await;
        // More than what lies between the two ends of a connection holds.
        let mut bytes = PDF.2.to_vec();
        bytes.extend_from_slice(b"\n%");
        bytes.resize(24 * 1024 * 1024, b'x');
        let file = ("kak.pdf", "application/pdf", bytes.as_slice());
        upload(&app, &life.who(Role::Drafter).await, &life.id, &[("type", "tor")], file).await.is(201);
        let arrivals = || std::fs::read_dir(app.documents_folder().join("arrivals")).expect("a folder").count();
        let mut stream = TcpStream::connect(app.address).expect("connect");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let (path, token) = (life.path("evidence-pack"), &auditor.token);
        let head = format!("GET /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("asked");
        let mut first = [0; 15];
        stream.read_exact(&mut first).expect("an answer");
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        // Its turn lasts until it is sent, and so does its file.
        pack(&life, &auditor).await.refused(503, &["busy"]);
        assert_eq!(arrivals(), 1);
        for _ in 0..100 {
            if arrivals() == 0 {
                break;
            }
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(arrivals(), 0, "it is given up");
        assert_eq!(unpacked(&pack(&life, &auditor).await).len(), 7);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < bytes.len(), "the first answer broke off");
    }

    async fn a_pack_is_for_auditors_in_scope(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        pack(&life, &auditor_of(&app, FOREIGN).await).await.is(404);
        for role in [Role::Drafter, Role::Approver] {
            pack(&life, &life.who(role).await).await.is(403);
        }
        let files = unpacked(&pack(&life, &app.of(Role::Auditor, HOME).await).await);
        let names: Vec<&String> = files.keys().collect();
        assert_eq!(names, ["figures.csv", "findings.json", "journal.csv", "manifest.json", "proofs.ndjson", "timeline.html"]);
    }

    async fn bytes_that_are_gone_or_other_are_told_and_the_rest_is_there(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let mut ids = Vec::new();
        for n in 0..3 {
            let mut bytes = PDF.2.to_vec();
            bytes.extend_from_slice(format!("\n%{n}\n").as_bytes());
            let file = ("kak.pdf", "application/pdf", bytes.as_slice());
            ids.push(text(&upload(&app, &drafter, &life.id, &[("type", "tor")], file).await.is(201)["id"]));
        }
        let object = |id: &str| app.documents_folder().join("objects").join(&life.id).join(id);
        std::fs::remove_file(object(&ids[0])).expect("removed");
        let mut bytes = std::fs::read(object(&ids[1])).expect("bytes");
        let last = bytes.len() - 2;
        bytes[last] ^= 1;
        std::fs::write(object(&ids[1]), bytes).expect("written");
        let files = unpacked(&pack(&life, &auditor_of(&app, HOME).await).await);
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
        let intact: Vec<Value> =
            manifest["documents"].as_array().expect("documents").iter().map(|one| one["intact"].clone()).collect();
        assert_eq!(intact, [Value::Null, json!(false), json!(true)]);
        assert_eq!(manifest["documents"][0]["path"], Value::Null);
        // What is kept of the reading are those whose bytes went out, and which manifest went with them.
        let sql = "SELECT content AS value FROM audit_events WHERE action = 'evidence_pack.read'";
        let read: Value = serde_json::from_str(&texts(&mut app.database.connect(), sql)[0]).expect("JSON");
        assert_eq!(read["documents"], json!(ids[1..]));
        assert_eq!(read["manifest_sha256"], sha256(&files["manifest.json"]));
    }
}
