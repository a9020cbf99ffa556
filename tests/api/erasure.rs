//! Erasing what is personal, from the command line and beside a service that runs: it is gone from the database, and the
//! trail verifies as before.

use crate::database::schema::Schema;
use crate::on_both;
use crate::support::database::{Kind, TestDatabase, texts};
use crate::support::python::{python, said, tool};
use crate::support::served::{Sent, Served, get, hire, send, sentra_on, services, sign_in};
use sentra::service::clock::Clock;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

const REASON: &str = "Permintaan tertulis 12/2021.";

/// The command on a database.
fn run(db: &TestDatabase, folder: &Path, command: &str, arguments: &[&str]) -> Output {
    sentra_on(command, &db.url(), folder).args(arguments).output().expect("run")
}

/// The same where it has to succeed; what it printed.
fn done(db: &TestDatabase, folder: &Path, command: &str, arguments: &[&str]) -> String {
    let output = run(db, folder, command, arguments);
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).expect("text")
}

/// The columns of text, of any table, in which a word stands.
fn places(db: &TestDatabase, word: &str) -> Vec<String> {
    let schema = Schema::of(db);
    let columns = schema.columns.iter().flat_map(|(table, columns)| {
        columns
            .iter()
            .filter(|(_, _, family)| family == "Text")
            .map(move |(name, _, _)| (table, name))
    });
    let holds = |(table, column): &(&String, &String)| {
        db.number(&format!("SELECT COUNT(*) FROM {table} WHERE {column} LIKE '%{word}%'")) > 0
    };
    columns.filter(holds).map(|(table, column)| format!("{table}.{column}")).collect()
}

/// The files of a SQLite database in whose bytes a word stands.
fn files_with(db: &TestDatabase, word: &str) -> Vec<String> {
    let named = |end: &str| format!("{}{end}", db.path().display());
    let holds = |path: &String| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    };
    ["", "-wal", "-shm", "-journal"].map(named).into_iter().filter(holds).collect()
}

on_both! {
    async fn what_is_personal_of_somebody_who_left_is_erased_beside_a_service_that_runs(db) {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let sv = services(db.target(), Clock::System);
        hire(&sv, "admin", &["administrator"]);
        // Some before and after, so that pages are full and are parted.
        let others = |from: usize| {
            for n in from..from + 40 {
                hire(&sv, &format!("rekan-{n}"), &["drafter@18.71"]);
            }
        };
        others(0);
        let leaving = hire(&sv, "sekar.wulandari", &["drafter@18.71"]).to_string();
        others(40);
        let served = Served::start(&db.url(), folder);
        let http = reqwest::Client::new();
        sign_in(&http, &served.base, "sekar.wulandari").await;
        let admin = sign_in(&http, &served.base, "admin").await;
        let values = |word: &str| db.number(&format!("SELECT COUNT(*) FROM audit_personal WHERE value LIKE '{word}%'"));
        let (before, staying) = (values("sekar.wulandari"), values("rekan-"));
        assert!(before > 0 && staying > 0, "{before} {staying}");

        let erase = |user: &str, reason: &str| run(&db, folder, "audit", &["erase", "--user", user, "--reason", reason]);
        for (user, reason, words) in [
            ("nobody@sentra.example", REASON, "not"),
            ("019a0000-0000-7000-8000-000000000000", REASON, "not"),
            ("sekar.wulandari@sentra.example", REASON, "must be disabled first"),
            ("sekar.wulandari@sentra.example", "", "reason"),
            ("sekar.wulandari@sentra.example", "  ", "reason"),
        ] {
            let refused = erase(user, reason);
            assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
            assert!(said(&refused).contains(words), "{user} {reason:?}: {}", said(&refused));
        }
        for missing in [["--user", &leaving], ["--reason", REASON]] {
            let refused = run(&db, folder, "audit", &["erase", missing[0], missing[1]]);
            assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        }
        assert_eq!(values("sekar.wulandari"), before);
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'personal.erase'"), 0);

        // What stands in the user's own row is changed first, as the documents say.
        let path = format!("/users/{leaving}");
        let version = send(&http, &served.base, &get(&path, &admin)).await.expect("answered").json()["version"].as_i64();
        let body = json!({ "name": "Pengguna 17", "email": "pengguna-17@sentra.invalid", "disabled": true });
        let changed = Sent { method: "PATCH", version, body, ..get(&path, &admin) };
        let changed = send(&http, &served.base, &changed).await.expect("answered");
        assert_eq!(changed.status, 200, "{}", changed.body);
        let erased = erase("pengguna-17@sentra.invalid", REASON);
        assert!(erased.status.success(), "{}", said(&erased));
        let count: usize = said(&erased).split(' ').next().and_then(|count| count.parse().ok()).expect("a number");
        assert_eq!(said(&erased), format!("{count} personal values of user {leaving} are erased\n"));
        assert!(i64::try_from(count).expect("few") >= before);
        let again = erase(&leaving, REASON);
        assert_eq!((again.status.code(), said(&again)), (Some(0), format!("0 personal values of user {leaving} are erased\n")));
        assert_eq!((values("sekar.wulandari"), values("rekan-")), (0, staying));

        // Why, and what, is kept; whose is told by the id alone.
        let events = texts(&mut db.connect(), "SELECT content AS value FROM audit_events WHERE action = 'personal.erase' ORDER BY id");
        let told: Vec<Value> = events.iter().map(|content| serde_json::from_str(content).expect("JSON")).collect();
        assert!(told.iter().all(|one| one["reason"] == REASON));
        let named = |one: &Value| -> usize {
            let fields = one["erased"].as_object().expect("fields");
            fields.values().map(|ids| ids.as_array().expect("ids").len()).sum()
        };
        assert_eq!(told.iter().map(named).collect::<Vec<_>>(), [count, 0]);

        // It is nowhere any more, also not in what a file keeps of what was deleted.
        assert_eq!(places(&db, "sekar.wulandari"), Vec::<String>::new());
        if db.kind == Kind::Sqlite {
            assert_eq!(files_with(&db, "sekar.wulandari"), Vec::<String>::new());
            assert!(!files_with(&db, "rekan-41").is_empty(), "what stays is found");
        }
        still_verifies(&db, folder);
    }
}

/// The trail verifies by the command and by the verifier that works without Sentra.
fn still_verifies(db: &TestDatabase, folder: &Path) {
    let kept = folder.join("kept.txt");
    std::fs::write(&kept, done(db, folder, "audit", &["checkpoint"])).expect("kept");
    let (kept, key) = (kept.display().to_string(), done(db, folder, "audit", &["key"]));
    let said_of_it = done(db, folder, "verify", &["--key", key.trim(), "--checkpoint", &kept]);
    assert!(said_of_it.contains(": 0 breaches"), "{said_of_it}");
    let Some(python) = python() else { return };
    let lines = folder.join("trail.ndjson").display().to_string();
    done(db, folder, "export", &["audit", "--to", &lines]);
    let arguments = [&lines, "--key", key.trim(), "--checkpoint", &kept];
    let output = tool(&python, "verify_audit.py").args(arguments).output().expect("run");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains(": 0 findings"), "{}", said(&output));
    let exported = std::fs::read_to_string(&lines).expect("the export");
    assert!(exported.contains("personal.erase") && !exported.contains("sekar.wulandari"));
}
