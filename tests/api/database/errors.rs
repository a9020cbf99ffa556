//! Real errors of both databases, and what each is taken for.

use crate::on_both;
use crate::support::database::{Failed, Kind, TestDatabase, write};
use diesel::connection::SimpleConnection;
use sentra::storage::DbError;

fn variant(error: &DbError) -> &'static str {
    match error {
        DbError::Conflict(_) => "conflict",
        DbError::Duplicate(_) => "duplicate",
        DbError::Busy(_) => "busy",
        DbError::Full(_) => "full",
        DbError::Unavailable(_) => "unavailable",
        DbError::OutcomeUnknown(_) => "outcome unknown",
        DbError::Damaged(_) => "damaged",
        DbError::Other(_) => "other",
    }
}

fn fails_with(db: &TestDatabase, sql: &str) -> DbError {
    match write(db.database(), |tx| Ok(tx.batch_execute(sql)?)) {
        Err(Failed::Db(error)) => error,
        other => panic!("{sql}: {other:?}"),
    }
}

const USER: &str = "INSERT INTO users (id, email, name, language, version, created_at) VALUES ";

on_both! {
    fn each_error_is_taken_for_what_it_is(db) {
        let user = |id: &str| format!("{USER} ('{id}', 'a@example.id', 'A', 'id', 1, '2021-02-03 04:05:06');");
        let cases = [
            ("duplicate", format!("{}{}", user("1"), user("2"))),
            ("duplicate", "INSERT INTO settings (name, value) VALUES ('a', ''); INSERT INTO settings (name, value) VALUES ('a', '');".to_owned()),
            ("other", "INSERT INTO notice_pending (notice_id) VALUES ('nobody')".to_owned()),
            ("other", "INSERT INTO settings (name) VALUES ('a')".to_owned()),
            ("other", "INSERT INTO ceilings VALUES (2021, 1, 2, '', 1, '2021-02-03 04:05:06', '2021-02-03 04:05:06')".to_owned()),
            ("other", "DELETE FROM policies".to_owned()),
            ("other", "SELECT nothing FROM nowhere".to_owned()),
            ("other", "SELEKT 1".to_owned()),
        ];
        for (expected, sql) in cases {
            let error = fails_with(db, &sql);
            assert_eq!(variant(&error), expected, "{sql}: {error:?}");
        }
        assert_eq!(db.number("SELECT COUNT(*) FROM settings"), 0);
    }

    fn a_duplicate_names_what_must_be_unique(db) {
        let twice = format!(
            "{USER} ('1', 'a@example.id', 'A', 'id', 1, '2021-02-03 04:05:06'), \
             ('2', 'a@example.id', 'B', 'id', 1, '2021-02-03 04:05:06')"
        );
        let error = fails_with(db, &twice).to_string();
        let named = match db.kind {
            Kind::Sqlite => "users.email",
            Kind::Postgres => "users_by_email",
        };
        assert!(error.contains(named), "{error}");
        assert!(!error.contains("a@example.id"), "the value itself is nobody's business: {error}");
    }
}

#[test]
fn what_only_postgresql_says_is_taken_for_what_it_is() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let raise = |code: &str, words: &str| {
        format!("DO $$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '{code}'; END $$")
    };
    let cases = [
        ("busy", "SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(60)".to_owned()),
        ("conflict", raise("40001", "could not serialize access due to concurrent update")),
        ("conflict", raise("40P01", "deadlock detected")),
        ("full", raise("53100", "could not extend file \"base/1\": No space left on device")),
        ("unavailable", "SET LOCAL transaction_read_only = on; INSERT INTO settings (name, value) VALUES ('a', '')".to_owned()),
        ("unavailable", "SET LOCAL idle_in_transaction_session_timeout = '50ms'; SELECT pg_terminate_backend(pg_backend_pid()); SELECT 1".to_owned()),
        ("other", raise("22000", "something new")),
    ];
    for (expected, sql) in cases {
        let error = fails_with(&db, &sql);
        assert_eq!(variant(&error), expected, "{sql}: {error:?}");
    }
}

#[test]
fn words_of_a_user_are_not_taken_for_the_servers() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    // A value that a message quotes may contain anything.
    let error = fails_with(&db, "SELECT CAST('deadlock detected' AS BIGINT)");
    assert_eq!(variant(&error), "other", "{error:?}");
    let error = fails_with(&db, "SELECT CAST('a malformed disk I/O error' AS BIGINT)");
    assert_eq!(variant(&error), "other", "{error:?}");
}

#[test]
fn a_snapshot_that_others_overtook_is_a_conflict() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    db.execute("INSERT INTO settings (name, value) VALUES ('one', '0')");
    let mut snapshot = db.connect();
    snapshot
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT value FROM settings;")
        .expect("a snapshot");
    db.execute("UPDATE settings SET value = '1'");
    let error = snapshot.batch_execute("UPDATE settings SET value = '2'").expect_err("overtaken");
    assert_eq!(variant(&error.into()), "conflict");
}
