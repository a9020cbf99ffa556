//! The whole trail over HTTP: what an auditor of the nation fetches with curl alone, `tools/verify_audit.py` takes.

use crate::audit::keys;
use crate::exports::Meanwhile;
use crate::findings::auditor_of;
use crate::on_both;
use crate::sealing::{event, happen, services};
use crate::support::app::{HOME, PROVINCE, Person, TestApp, moment};
use crate::support::client::text;
use crate::support::database::{TestDatabase, texts, write};
use crate::support::life::CONSTRUCTION;
use crate::support::python::{python, said, tool};
use sentra::domain::people::Role;
use sentra::http::state::Bounds;
use sentra::service::clock::Clock;
use sentra::service::seal::note::SealKeys;
use sentra::service::seal::{self, checkpoint, export};
use sentra::storage::audit::{self, EventRow};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

/// Every line of an export.
fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What is fetched as the trail.
async fn fetched(app: &TestApp, person: &Person) -> Vec<u8> {
    let answer = app.get(person, "/audit/export").await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!(answer.header("Content-Type"), Some("application/x-ndjson"));
    let name = "attachment; filename=\"trail.ndjson\"";
    assert_eq!(answer.header("Content-Disposition"), Some(name));
    answer.bytes
}

/// What the verifier says of an export, by a checkpoint that was fetched before.
fn verified(python: &str, folder: &Path, (trail, note): (&[u8], &str), key: &str) -> Output {
    let (lines, kept) = (folder.join("trail.ndjson"), folder.join("kept.txt"));
    std::fs::write(&lines, trail).expect("written");
    std::fs::write(&kept, note).expect("kept");
    let mut command = tool(python, "verify_audit.py");
    command.arg(lines).args(["--key", key, "--checkpoint"]).arg(kept);
    command.output().expect("run")
}

/// Seals and signs what happened.
fn sign(app: &TestApp, keys: &SealKeys) {
    seal::drain(&app.services).expect("sealed");
    checkpoint::make(&app.services, keys).expect("signed").expect("a checkpoint");
}

on_both! {
    async fn what_is_fetched_is_verified_by_a_checkpoint_that_was_fetched_and_a_changed_word_is_found(db) {
        let Some(python) = python() else { return };
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "endorsement").await;
        let auditor = life.who(Role::Auditor).await;
        let keys = keys();
        sign(&app, &keys);
        let kept = app.get(&auditor, "/audit/checkpoints?limit=1").await.is(200);
        let (note, size) = (text(&kept["items"][0]["note"]), kept["items"][0]["size"].clone());
        life.act(Role::RegionalHead, json!({ "action": "return", "comment": "Judul belum sesuai." })).await.is(200);
        sign(&app, &keys);
        let key = keys.verifiers(&checkpoint::origin(&app.services).expect("a name"))[0].to_string();
        let folder = tempfile::tempdir().expect("a folder");
        let check = |trail: &[u8]| verified(&python, folder.path(), (trail, &note), &key);
        let trail = fetched(&app, &auditor).await;
        let good = check(&trail);
        assert_eq!(good.status.code(), Some(0), "{}", said(&good));
        // Both that are in it, and the one that was kept.
        assert!(said(&good).contains(" 3 checkpoints hold, 1 events wait to be sealed: 0 findings"), "{}", said(&good));
        assert!(lines(&trail).iter().any(|line| line["size"] == size && line["note"] == note.as_str()));

        // A word that is changed in the file, the file cut, and a word that is changed behind the service's back.
        let seq = lines(&trail).iter().find(|line| line.to_string().contains("Judul belum")).expect("an event")["seq"].clone();
        let changed = String::from_utf8(trail.clone()).expect("text").replace("Judul belum", "Judul sudah");
        let cut = &trail[..trail.len() - trail.split(|byte| *byte == b'\n').rev().nth(1).expect("a line").len() - 1];
        app.database.drop_trigger("audit_events", "no_update");
        app.database.execute("UPDATE audit_events SET content = REPLACE(content, 'Judul belum', 'Judul sudah')");
        let rewritten = fetched(&app, &auditor).await;
        let here = format!("BREACH: sequence {seq}: what is kept of its event is not what was sealed");
        for (trail, words) in [(changed.as_bytes(), here.as_str()), (cut, "the export was cut"), (&rewritten, here.as_str())] {
            let bad = check(trail);
            assert_eq!(bad.status.code(), Some(1), "{words}: {}", said(&bad));
            assert!(said(&bad).contains(words), "{words}: {}", said(&bad));
        }
    }

    async fn it_is_what_the_command_line_writes_and_who_takes_it_along_is_kept_first(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let auditor = life.who(Role::Auditor).await;
        seal::drain(&app.services).expect("sealed");
        let trail = fetched(&app, &auditor).await;
        let mut same = Vec::new();
        export::export(&app.services, &mut same, |_| {}).expect("exported");
        assert_eq!(trail, same, "on a clock that stands, of the same events");
        let read = "SELECT id || ' ' || actor_id || ' ' || actor_role || ' ' || content AS value FROM audit_events \
            WHERE action = 'export.write' AND outcome = 'done' AND subject_kind = 'collection' AND grant_id IS NOT NULL";
        let read = texts(&mut app.database.connect(), read);
        let [read] = &read[..] else { panic!("{read:?}") };
        let (id, by) = read.split_once(' ').expect("its id");
        let scope = r#"{"fiscal_year":null,"province_code":null,"region_code":null}"#;
        assert_eq!(by, format!("{} auditor {{\"kind\":\"audit\",\"scope\":{scope}}}", auditor.id));
        let lines = lines(&trail);
        let unsealed: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "unsealed").collect();
        assert_eq!(unsealed, [&json!({ "kind": "unsealed", "event_id": id, "waits": true })], "it came before the first line");
        // Personal values are there until they are erased.
        let drafter = life.who(Role::Drafter).await;
        let values = |line: &Value| line["personal"].as_array().is_some_and(|rows| rows.iter().any(|row| row["value"] == drafter.email.as_str()));
        assert!(lines.iter().any(values));
        let left = std::fs::read_dir(app.documents_folder().join("arrivals")).expect("a folder").count();
        assert_eq!(left, 0, "nothing is left of what was sent");
        app.verified();
    }

    async fn it_is_for_auditors_of_the_nation_and_others_are_told_what_there_is_instead(db) {
        let app = TestApp::with(db, Bounds { exports: 0, ..Bounds::default() });
        for region in [HOME, PROVINCE] {
            let answer = app.get(&auditor_of(&app, region).await, "/audit/export").await;
            answer.refused(403, &["scope"]);
            let words = answer.json()["blockers"].to_string();
            assert!(words.contains("evidence-pack") && words.contains("/audit/proof"), "{answer}");
        }
        for role in [Role::Drafter, Role::Approver, Role::Administrator] {
            app.get(&app.of(role, HOME).await, "/audit/export").await.refused(403, &["role_missing"]);
        }
        let auditor = app.of(Role::Auditor, HOME).await;
        app.get(&auditor, "/audit/export?region_code=18.71").await.is(400);
        // As many are written as may be: none is begun, and none is kept.
        let answer = app.get(&auditor, "/audit/export").await;
        answer.refused(503, &["busy"]);
        assert!(answer.header("Retry-After").is_some(), "{answer}");
        let counted = |outcome: &str| {
            let sql = "SELECT COUNT(*) FROM audit_events WHERE action = 'export.write'";
            app.database.number(&format!("{sql} AND outcome = '{outcome}'"))
        };
        assert_eq!((counted("done"), counted("refused")), (0, 5));
    }

    async fn one_that_nobody_reads_is_given_up_and_its_turn_is_another_s(db) {
        let app = TestApp::with(db, Bounds { exports: 1, stall: Duration::from_millis(800), ..Bounds::default() });
        let auditor = app.of(Role::Auditor, HOME).await;
        // More than what lies between the two ends of a connection holds.
        const BYTES: usize = 24 * 1024 * 1024;
        let content = format!("{{\"after\":\"{}\"}}", "x".repeat(BYTES / 48));
        for _ in 0..48 {
            let row = EventRow { content: content.clone(), ..event(app.clock.now()) };
            write(app.database.database(), |tx| Ok(audit::append(tx, &row, &[])?)).expect("it happens");
        }
        seal::drain(&app.services).expect("sealed");
        let arrivals = || std::fs::read_dir(app.documents_folder().join("arrivals")).expect("a folder").count();
        let mut stream = TcpStream::connect(app.address).expect("connect");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        let head = format!("GET /api/v1/audit/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", auditor.token);
        stream.write_all(head.as_bytes()).expect("asked");
        let mut first = [0; 15];
        stream.read_exact(&mut first).expect("an answer");
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        app.get(&auditor, "/audit/export").await.refused(503, &["busy"]);
        assert_eq!(arrivals(), 1);
        for _ in 0..300 {
            if arrivals() == 0 {
                break;
            }
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(arrivals(), 0, "it is given up");
        let whole = fetched(&app, &auditor).await;
        assert!(whole.len() > BYTES && lines(&whole).last().expect("a line")["kind"] == "end");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.len() < BYTES, "the first answer broke off");
    }

    fn it_is_one_picture_whatever_is_written_meanwhile(db) {
        let clock = Clock::set_to(moment("2021-05-03T02:00:00Z"));
        let sv = services(db, &clock);
        // More than a page.
        happen(db, clock.now(), 1_200);
        seal::drain(&sv).expect("sealed");
        let other: &TestDatabase = db;
        let act = || {
            happen(other, clock.now(), 5);
            seal::drain(&services(other, &clock)).expect("sealed");
        };
        let mut sink = Meanwhile { bytes: Vec::new(), after: 0, act: Some(act) };
        assert_eq!(export::export(&sv, &mut sink, |_| {}).expect("exported"), 1_200);
        assert!(sink.act.is_none(), "it was written meanwhile");
        let found = lines(&sink.bytes);
        assert_eq!((&found[0]["last_seq"], found.iter().filter(|line| line["kind"] == "unsealed").count()), (&json!(1_200), 0));
        let mut next = Vec::new();
        assert_eq!(export::export(&sv, &mut next, |_| {}).expect("exported"), 1_205);
    }
}
