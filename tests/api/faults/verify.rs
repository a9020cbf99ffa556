//! `sentra verify` names what was changed behind the service's back.

use crate::faults::seed::seed;
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::database::{Kind, TestDatabase, texts};
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use crate::support::served::sentra_on;
use sentra::domain::people::Role;
use sentra::service::verify;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::{NoContext, Timestamp, Uuid};

#[test]
fn a_changed_row_of_the_journal_is_named() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    seed(&db, 60, &[]);
    let one = texts(
        &mut db.connect(),
        "SELECT proposal_id AS value FROM journal_entries WHERE kind = 'disburse' LIMIT 1",
    );
    let proposal = one.first().expect("somebody was paid");
    db.execute("DROP TRIGGER journal_entries_no_update");
    db.execute(&format!(
        "UPDATE journal_entries SET amount_idr = amount_idr + 1 WHERE id = \
         (SELECT MIN(id) FROM journal_entries WHERE kind = 'disburse' AND proposal_id = '{proposal}')"
    ));
    let folder = tempfile::tempdir().expect("a folder");
    let output = sentra_on("verify", &db.url(), folder.path()).output().expect("run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    // The figure that the row no longer adds up to, and the payment that it no longer says.
    let named = format!("BREACH: proposal {proposal}: disbursed is kept as");
    let paid = format!("BREACH: proposal {proposal}: entry ");
    assert!(said.contains(&named) && said.contains(&paid), "{said}");
    assert!(said.contains(" 2 breaches"), "{said}");
}

#[actix_web::test]
async fn outside_facts_are_listed_as_flags_and_are_no_breach() {
    let app = TestApp::spawn(Kind::Sqlite).expect("SQLite");
    let life = REVITALISATION.at(&app, "planned").await;
    life.contract(json!({ "value_idr": REVITALISATION.total() + 1 })).await.is(201);
    let folder = tempfile::tempdir().expect("a folder");
    let output = sentra_on("verify", &app.database.url(), folder.path()).output().expect("run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let named = format!("flag: proposal {}: contract 602/01/SPK/2021: above_plan", life.id);
    assert!(said.contains(&named) && said.contains(" 0 breaches, 1 flags"), "{said}");
}

on_both! {
    /// Several processes serve one database, and their clocks differ.
    async fn a_move_written_by_a_process_whose_clock_is_behind_is_no_breach(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "planning_check").await;
        let version = life.version().await;
        behind(&app, &life, version + 1, "planning_check", "endorsement");
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    /// Earlier versions kept the columns that have nothing, too.
    async fn revisions_that_tell_of_columns_that_have_nothing_are_read_the_same(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let auditor = life.who(Role::Auditor).await;
        let paths = ["revisions", "revisions/5/diff", "revisions/12/diff?against=3"].map(|end| life.path(end));
        let shown = async || {
            let mut all = Vec::new();
            for path in &paths {
                all.push(app.get(&auditor, path).await.is(200));
            }
            all
        };
        let before = shown().await;
        app.database.drop_trigger("revisions", "no_update");
        let mut c = app.database.connect();
        for id in texts(&mut c, "SELECT id AS value FROM revisions WHERE subject_kind IN ('proposal', 'proposal_lines')") {
            let content = texts(&mut c, &format!("SELECT content AS value FROM revisions WHERE id = '{id}'"));
            let row: Value = serde_json::from_str(&content[0]).expect("JSON");
            assert!(!content[0].contains("\"theme\":null"), "{}", content[0]);
            let fuller = match row {
                Value::Array(lines) => lines.into_iter().map(|line| fuller(line, &["gap", "flag_words"])).collect(),
                row => fuller(row, &["theme", "handover_on", "baseline"]),
            };
            let fuller = fuller.to_string().replace('\'', "''");
            app.database.execute(&format!("UPDATE revisions SET content = '{fuller}' WHERE id = '{id}'"));
        }
        assert_eq!(shown().await, before);
        let books = verify::verify(&app.services, |_| {}).expect("a verification");
        assert_eq!(books.breaches, Vec::<String>::new());
    }

    async fn money_beyond_what_is_set_aside_is_named(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        app.database.execute("UPDATE balances SET ceiling_idr = disbursed_idr - 2000000");
        let report = verify::verify(&app.services, |_| {}).expect("a verification");
        for words in [" is disbursed, and Rp", " is above the ceiling of Rp"] {
            let named = |breach: &&String| breach.contains(&life.id) && breach.contains(words);
            assert_eq!(report.breaches.iter().filter(named).count(), 1, "{words}: {report:?}");
        }
    }

    async fn a_request_whose_total_was_changed_is_named(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "contracted").await;
        life.request_tranche(1, 1_000).await.is(201);
        assert_eq!(app.verified(), Vec::<String>::new());
        app.database.execute("UPDATE tranche_requests SET total_idr = total_idr + 1");
        let report = verify::verify(&app.services, |_| {}).expect("a verification");
        let named = "its total is kept as Rp1,001, what it pays adds up to Rp1,000";
        assert!(report.breaches.iter().any(|one| one.ends_with(named)), "{report:?}");
    }

    async fn events_that_do_not_follow_one_another_are_named(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "planning_check").await;
        let version = life.version().await;
        behind(&app, &life, version + 1, "verification", "technical_review");
        let report = verify::verify(&app.services, |_| {}).expect("a verification");
        let named = format!(
            "proposal {}: its events leave it in planning_check and go on from verification",
            life.id
        );
        assert_eq!(report.breaches, [named]);
    }

    async fn what_stands_otherwise_than_its_newest_revision_tells_is_named(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        assert_eq!(app.verified(), Vec::<String>::new());
        let text = |field: &str| format!("{field} = 'Balai Besar'");
        for (table, set, named) in [
            ("proposals", text("title"), format!("proposal {} ", life.id)),
            ("proposal_lines", text("description"), format!("the lines of proposal {} ", life.id)),
            ("documents", text("sha256"), "tells: /sha256".to_owned()),
            ("centres", text("name"), "tells: /name".to_owned()),
            ("grants", text("decree"), "tells: /decree".to_owned()),
            ("activity_plans", "created_at = '2020-01-01 00:00:00'".to_owned(), "plan ".to_owned()),
        ] {
            app.database.execute(&format!("UPDATE {table} SET {set}"));
            let report = verify::verify(&app.services, |_| {}).expect("a verification");
            assert!(report.breaches.iter().any(|one| one.contains(&named)), "{table}: {report:?}");
        }
        let other = Uuid::now_v7();
        app.database.execute(&format!(
            "INSERT INTO grants (id, user_id, role, valid_from, created_at) \
             SELECT '{other}', user_id, role, valid_from, created_at FROM grants WHERE role = 'approver' LIMIT 1"
        ));
        app.database.execute("DELETE FROM grants WHERE id = (SELECT MIN(id) FROM grants)");
        let report = verify::verify(&app.services, |_| {}).expect("a verification");
        for words in ["no revision tells of it", "is told of by its revisions, and is not there"] {
            assert!(report.breaches.iter().any(|one| one.contains(words)), "{words}: {report:?}");
        }
    }

    async fn what_was_recorded_once_is_held_against_its_event(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        life.spend(5_000).await.is(201);
        assert_eq!(app.verified(), Vec::<String>::new());
        app.database.drop_trigger("expenditures", "no_update");
        app.database.execute("UPDATE expenditures SET description = 'Balai Besar'");
        app.database.execute(&format!(
            "INSERT INTO returns (id, proposal_id, number, number_key, returned_on, amount_idr, reason, flags, created_at, created_by, recording) \
             SELECT '{}', proposal_id, number, number_key, spent_on, amount_idr, '', flags, created_at, created_by, 1 FROM expenditures",
            Uuid::now_v7()
        ));
        let report = verify::verify(&app.services, |_| {}).expect("a verification");
        for words in ["is kept otherwise than its event tells: /description", " is there, and no event tells of it"] {
            assert!(report.breaches.iter().any(|one| one.contains(words)), "{words}: {report:?}");
        }
    }

    async fn ids_in_capitals_are_named_and_the_rest_is_looked_at(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        let auditor = life.who(Role::Auditor).await;
        let hold = app.post(&auditor, &life.path("holds"), json!({ "reason": "Volume diperiksa." })).await.is(201);
        assert_eq!(app.verified(), Vec::<String>::new());
        app.database.execute("UPDATE centres SET name = 'Balai Besar'");
        let named = |words: &str| {
            let report = verify::verify(&app.services, |_| {}).expect("a verification");
            assert!(report.breaches.iter().any(|one| one.contains(words)), "{words}: {report:?}");
            assert!(report.breaches.iter().any(|one| one.contains("tells: /name")), "{report:?}");
        };
        past_references(&app.database, "UPDATE holds SET proposal_id = upper(proposal_id)");
        named(&format!("hold {} can't be read", text(&hold["id"])));
        for (table, words) in [("allocations", "the allocations and ceilings can't be read"), ("proposals", "the proposals can't be read")] {
            past_references(&app.database, &format!("UPDATE {table} SET id = upper(id)"));
            named(words);
        }
        named(&format!("proposal {} can't be read", life.id.to_uppercase()));
    }
}

/// Changes rows past their references.
fn past_references(db: &TestDatabase, sql: &str) {
    let past = match db.kind {
        Kind::Sqlite => "PRAGMA foreign_keys = OFF",
        Kind::Postgres => "SET session_replication_role = replica",
    };
    db.execute(&format!("{past}; {sql}"));
}

#[actix_web::test]
async fn what_is_kept_as_bytes_is_named_and_ends() {
    let app = TestApp::spawn(Kind::Sqlite).expect("SQLite");
    let life = REVITALISATION.at(&app, "funded").await;
    let auditor = life.who(Role::Auditor).await;
    let reason = json!({ "reason": "Volume diperiksa." });
    let hold = app.post(&auditor, &life.path("holds"), reason).await.is(201);
    let file = || verify::file(&app.services).expect("looked at").expect("a file");
    assert_eq!(file(), Vec::<String>::new());
    let sql = "UPDATE holds SET proposal_id = CAST(proposal_id AS BLOB)";
    past_references(&app.database, sql);
    let named =
        format!("holds.proposal_id of {} is not kept as its column says", text(&hold["id"]));
    let found = file();
    assert!(found.contains(&named), "{found:?}");
    assert!(
        found.iter().any(|words| words.contains(" of holds names a row of proposals")),
        "{found:?}"
    );
    app.database.execute("UPDATE proposals SET latitude = 9e999");
    let named = format!("proposals.latitude of {} is not kept as its column says", life.id);
    assert!(file().contains(&named), "{:?}", file());
    for table in ["allocations", "proposals", "grants"] {
        past_references(&app.database, &format!("UPDATE {table} SET id = CAST(id AS BLOB)"));
        let report = verify::verify(&app.services, |_| {}).expect("a verification");
        let named = report.breaches.iter().any(|one| one.contains("is not kept as text"));
        assert!(named, "{table}: {report:?}");
    }
}

/// A row with columns that have nothing, where it has none of them.
fn fuller(mut row: Value, columns: &[&str]) -> Value {
    for column in columns {
        if row.get(column).is_none() {
            row[*column] = Value::Null;
        }
    }
    row
}

/// Moves a proposal that stands in `planning_check` as a process does whose clock is an hour behind.
fn behind(app: &TestApp, life: &Life<'_>, version: i64, from: &str, to: &str) {
    let long_ago = SystemTime::now() - Duration::from_secs(3600);
    let since = long_ago.duration_since(UNIX_EPOCH).expect("after 1970");
    let stamp = Timestamp::from_unix(NoContext, since.as_secs(), 0);
    let (event, revision) = (Uuid::new_v7(stamp), Uuid::new_v7(stamp));
    let (id, before) = (&life.id, version - 1);
    app.database.execute(&format!(
        r#"INSERT INTO audit_events (id, at, action, outcome, subject_kind, subject_id, proposal_id,
             content, request_id)
           VALUES ('{event}', '2024-03-11 00:00:00', 'proposal.moved', 'done', 'proposal', '{id}', '{id}',
             '{{"before":{{"state":"{from}"}},"after":{{"state":"{to}"}}}}', 'behind');
           INSERT INTO audit_pending (event_id) VALUES ('{event}');
           INSERT INTO revisions (id, subject_kind, subject_id, version, event_id, content)
           SELECT '{revision}', 'proposal', '{id}', {version}, '{event}',
             replace(replace(content, '"state":"planning_check"', '"state":"{to}"'), '"version":{before}', '"version":{version}')
           FROM revisions WHERE subject_kind = 'proposal' AND subject_id = '{id}' AND version = {before};
           UPDATE proposals SET state = '{to}', version = {version} WHERE id = '{id}'"#
    ));
}
