//! What the commands say of a database that is not theirs, of one in which everything waits, and where a bucket is away.

use super::single::by_the_key_alone;
use super::*;
use chrono::TimeDelta;

#[test]
fn a_trail_that_only_waits_is_held_by_no_key_and_flagged_where_it_waits_long() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let clock = Clock::set_to(Clock::System.now());
    let mut store = Store::new(db.target().clone());
    store.clock = clock.clone();
    let sv = store.services().expect("services");
    crate::sealing::happen_in(&sv);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("trail.ndjson");
    let words = "no checkpoint that is signed by a trusted key holds";
    for (minutes, flags) in [(0, 0), (2, 1)] {
        clock.advance_to(clock.now().after(TimeDelta::minutes(minutes)));
        let report = trail::verify(&sv, &[], &lived().keys, |_| {}).expect("verified");
        assert!(report.findings.iter().any(|one| one.words == words), "{report:?}");
        assert_eq!(report.flags.len(), flags, "{report:?}");
        let mut file = std::fs::File::create(&path).expect("a file");
        export::export(&sv, &mut file, |_| {}).expect("exported");
        let Some(python) = python() else { return };
        let output = by_the_key_alone(&python, &path);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(words), "{said}");
        assert_eq!(said.contains("has waited for longer than a minute"), flags == 1, "{said}");
    }
}

#[test]
fn a_database_of_another_version_is_told_from_one_that_was_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("trail.ndjson").display().to_string();
    let commands: [(&str, &[&str]); 3] =
        [("verify", &[]), ("audit", &["key"]), ("export", &["audit", "--to", &to])];
    for (kind, sql, words) in [
        (None, "", "there is no database"),
        (
            Some(Kind::Sqlite),
            "DELETE FROM __diesel_schema_migrations WHERE version LIKE '2026113%'",
            "`sentra migrate` first",
        ),
        (
            Some(Kind::Sqlite),
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101')",
            "it is older than the database",
        ),
        (
            Some(Kind::Postgres),
            "DELETE FROM __diesel_schema_migrations WHERE version LIKE '2026113%'",
            "`sentra migrate` first",
        ),
    ] {
        let db = kind.and_then(TestDatabase::fresh);
        if kind.is_some() && db.is_none() {
            continue;
        }
        let nowhere = folder.path().join("nowhere.db");
        let url = db.as_ref().map_or(nowhere.display().to_string(), TestDatabase::url);
        if let Some(db) = &db {
            db.execute(sql);
        }
        for (command, more) in commands {
            let output = sentra_on(command, &url, folder.path()).args(more).output().expect("run");
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{command}: {said}");
            assert!(said.contains(words) && !said.contains("BREACH"), "{command}: {said}");
            assert!(!nowhere.exists(), "{command}");
        }
    }
    let empty = TestDatabase::empty(Kind::Sqlite).expect("SQLite");
    std::fs::write(empty.path(), "").expect("a file");
    let output = sentra_on("verify", &empty.url(), folder.path()).output().expect("run");
    assert!(said(&output).contains(" more: `sentra migrate` first"), "{}", said(&output));
}

#[test]
fn a_checkpoint_is_printed_though_it_can_t_be_brought_out() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    crate::sealing::happen(&db, Clock::System.now(), 1);
    let folder = tempfile::tempdir().expect("a folder");
    let output = sentra_on("audit", &db.url(), folder.path())
        .args(["--documents-url=s3://sentra/documents/", "--documents-endpoint=http://127.0.0.1:1"])
        .args(["--documents-region=a", "--documents-key-id=me"])
        .env("SENTRA_DOCUMENTS_SECRET_KEY", "secret")
        .arg("checkpoint")
        .output()
        .expect("run");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.starts_with("sentra-") && printed.contains("\n\n\u{2014} "),
        "{}",
        said(&output)
    );
}
