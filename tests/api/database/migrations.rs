//! Migrations go up, down and up again, by many at once, and never over history.

use crate::database::append_only::{insert_anything, insert_row};
use crate::database::schema::Schema;
use crate::on_both;
use crate::support::database::{Kind, TestDatabase, some_moment};
use crate::support::process::{hidden_test, variable};
use diesel::connection::SimpleConnection;
use sentra::storage::connection::Target;
use sentra::storage::migrate::{self, MigrateError};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const CHILD: &str = "SENTRA_TEST_MIGRATE";

fn migration_count() -> i64 {
    let folders = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres"));
    i64::try_from(folders.expect("migrations").count()).expect("few")
}

fn assert_complete(db: &TestDatabase) {
    assert_eq!(db.number("SELECT COUNT(*) FROM __diesel_schema_migrations"), migration_count());
    assert_eq!(db.number("SELECT COUNT(*) FROM regions"), 552);
    assert_eq!(db.number("SELECT COUNT(*) FROM policies"), 4);
}

/// The folders of the migrations from one on, in order.
fn ways_from(db: &TestDatabase, first: &str) -> Vec<PathBuf> {
    let set = match db.kind {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgres",
    };
    let set = format!("{}/migrations/{set}", env!("CARGO_MANIFEST_DIR"));
    let mut ways: Vec<_> = fs::read_dir(set)
        .expect("migrations")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.display().to_string().split('-').next_back() >= Some(first))
        .collect();
    ways.sort();
    ways
}

/// Runs a file of statements as one transaction, as migrations are run.
fn run(db: &TestDatabase, file: &Path) {
    let sql = fs::read_to_string(file).expect("statements");
    db.execute(&format!("BEGIN; {sql}; COMMIT;"));
}

on_both! {
    fn a_database_goes_up_and_down_and_up_again(db) {
        let before = Schema::of(db);
        assert_complete(db);
        migrate::down(db.target()).expect("down");
        assert_eq!(Schema::of(db), Schema::default(), "nothing is left behind");
        migrate::up(db.target(), None, some_moment()).expect("up again");
        assert_eq!(Schema::of(db), before);
        assert_complete(db);
    }

    fn migrating_again_changes_nothing(db) {
        db.execute("UPDATE regions SET name = 'changed' WHERE code = '18'");
        migrate::up(db.target(), None, some_moment()).expect("up");
        assert_complete(db);
        assert_eq!(db.number("SELECT COUNT(*) FROM regions WHERE name = 'changed'"), 1);
    }

    fn a_database_with_history_is_not_taken_down(db) {
        let schema = Schema::of(db);
        insert_anything(db, &schema, "audit_events");
        assert!(matches!(migrate::down(db.target()), Err(MigrateError::HasHistory)));
        assert_eq!(Schema::of(db), schema);
    }

    fn numbers_that_were_twice_by_another_case_keep_both_rows(db) {
        let ways = ways_from(db, "001102");
        for way in ways.iter().rev() {
            run(db, &way.join("down.sql"));
        }
        let schema = Schema::of(db);
        let tables = ["contracts", "expenditures", "returns"];
        for table in tables {
            assert!(schema.columns[table].iter().all(|(name, _, _)| name != "number_key"));
            for (id, proposal, number) in [
                ("a", "p", "K-1"), ("b", "p", "k-1"), ("c", "p", "k - 1"), ("d", "p", "K-2"), ("e", "q", "k-1"),
            ] {
                let given = [("id", id), ("proposal_id", proposal), ("number", number)];
                insert_row(db, &schema, table, &given);
            }
        }
        for way in &ways {
            run(db, &way.join("up.sql"));
        }
        for table in tables {
            for (id, key) in [("a", "k-1"), ("b", "k-1 b"), ("c", "k-1 c"), ("d", "k-2"), ("e", "k-1")] {
                let found = format!("SELECT COUNT(*) FROM {table} WHERE id = '{id}' AND number_key = '{key}'");
                assert_eq!(db.number(&found), 1, "{table} {id}");
            }
        }
    }

    fn what_was_forfeited_before_says_where_it_goes_back_to(db) {
        let ways = ways_from(db, "001600");
        for way in ways.iter().rev() {
            run(db, &way.join("down.sql"));
        }
        let schema = Schema::of(db);
        for (id, state) in [("a", "forfeited"), ("b", "forfeited"), ("c", "planned")] {
            insert_row(db, &schema, "proposals", &[("id", id), ("state", state)]);
        }
        for (id, proposal, outcome, from) in [
            ("1", "a", "done", "allocated"), ("2", "a", "done", "contracted"), ("3", "a", "refused", "planned"),
            ("4", "c", "done", "planned"),
        ] {
            let content = format!(r#"{{"before":{{"state":"{from}"}}}}"#);
            let given = [
                ("id", id), ("proposal_id", proposal), ("action", "proposal.forfeit"), ("outcome", outcome),
                ("content", content.as_str()),
            ];
            insert_row(db, &schema, "audit_events", &given);
        }
        for way in &ways {
            run(db, &way.join("up.sql"));
        }
        for (id, from) in [("a", "= 'contracted'"), ("b", "IS NULL"), ("c", "IS NULL")] {
            let found = format!("SELECT COUNT(*) FROM proposals WHERE id = '{id}' AND forfeited_from {from}");
            assert_eq!(db.number(&found), 1, "{id}");
        }
    }

    fn what_was_sealed_before_says_how_it_ended(db) {
        let mut ways = ways_from(db, "000320");
        ways.retain(|way| way.ends_with("2026-11-30-000320_refused_attempts"));
        let [way] = &ways[..] else { panic!("{ways:?}") };
        run(db, &way.join("down.sql"));
        let schema = Schema::of(db);
        for (seq, id, outcome) in [("1", "a", "done"), ("2", "b", "refused"), ("3", "c", "done")] {
            insert_row(db, &schema, "audit_events", &[("id", id), ("outcome", outcome)]);
            insert_row(db, &schema, "audit_seals", &[("seq", seq), ("event_id", id)]);
        }
        run(db, &way.join("up.sql"));
        let refused = "SELECT SUM(seq) FROM audit_seals WHERE outcome = 'refused'";
        assert_eq!((db.number(refused), db.number("SELECT COUNT(*) FROM audit_seals WHERE outcome = 'done'")), (2, 2));
        let changed = db.connect().batch_execute("UPDATE audit_seals SET outcome = 'done'");
        assert!(changed.is_err(), "it is append-only again");
    }

    fn what_was_sealed_before_says_what_it_is_about(db) {
        let mut ways = ways_from(db, "000340");
        ways.retain(|way| way.ends_with("2026-11-30-000340_sealed_subjects"));
        let [way] = &ways[..] else { panic!("{ways:?}") };
        run(db, &way.join("down.sql"));
        let schema = Schema::of(db);
        for (seq, id, kind) in [("1", "a", "user"), ("2", "b", "grant")] {
            insert_row(db, &schema, "audit_events", &[("id", id), ("subject_kind", kind)]);
            insert_row(db, &schema, "audit_seals", &[("seq", seq), ("event_id", id)]);
        }
        run(db, &way.join("up.sql"));
        let grants = "SELECT SUM(seq) FROM audit_seals WHERE subject_kind = 'grant'";
        assert_eq!((db.number(grants), db.number("SELECT COUNT(*) FROM audit_seals WHERE subject_kind = 'user'")), (2, 1));
        let changed = db.connect().batch_execute("UPDATE audit_seals SET subject_kind = 'user'");
        assert!(changed.is_err(), "it is append-only again");
    }

    fn the_sql_of_each_way_down_refuses_history_by_itself(db) {
        let schema = Schema::of(db);
        insert_anything(db, &schema, "audit_events");
        // What came before the audit trail is below it, and is reached only past it.
        let ways = ways_from(db, "000300");
        assert!(ways.len() >= 4);
        for way in ways {
            let sql = fs::read_to_string(way.join("down.sql")).expect("down.sql");
            let mut c = db.connect();
            c.batch_execute("BEGIN").expect("begin");
            let error = c.batch_execute(&sql).expect_err("history").to_string();
            assert!(
                error.contains("audit rows exist") || error.contains("CHECK constraint failed: n = 0"),
                "{}: {error}", way.display()
            );
            c.batch_execute("ROLLBACK").expect("rollback");
        }
        assert_eq!(Schema::of(db), schema);
    }
}

#[test]
fn a_database_that_can_not_be_asked_is_not_taken_down() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let schema = Schema::of(&db);
    // Whether there is history can't be read: that is no leave to throw it away.
    db.execute("ALTER TABLE audit_events RENAME COLUMN id TO other");
    assert!(matches!(migrate::down(db.target()), Err(MigrateError::Query(_))));
    db.execute("ALTER TABLE audit_events RENAME COLUMN other TO id");
    assert_eq!(Schema::of(&db), schema);
}

#[test]
fn five_processes_migrate_an_empty_database_at_once() {
    let Some(db) = TestDatabase::empty(Kind::Postgres) else { return };
    let children: Vec<_> = (0..5)
        .map(|_| {
            hidden_test("database::migrations::migrates_as_a_process_of_its_own")
                .env(CHILD, db.url())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("start")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("wait");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert!(said.contains("migrated"), "{said}");
    }
    assert_complete(&db);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn migrates_as_a_process_of_its_own() {
    let Some(url) = variable(CHILD) else { return };
    migrate::up(&Target::parse(&url).expect("target"), None, some_moment()).expect("migrate");
    println!("migrated");
}
