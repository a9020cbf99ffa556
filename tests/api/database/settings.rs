//! The settings that durability rests on hold on every connection of the pools, as the database itself reads them.

use crate::on_both;
use crate::support::database::{Failed, Kind, TestDatabase, texts, write};
use diesel::connection::SimpleConnection;
use sentra::storage::{AnyConnection, DbError};
use std::sync::Barrier;

fn pragmas(c: &mut AnyConnection) -> Vec<String> {
    let mut found = texts(c, "SELECT 'busy_timeout ' || timeout AS value FROM pragma_busy_timeout");
    for name in [
        "synchronous",
        "journal_mode",
        "foreign_keys",
        "query_only",
        "recursive_triggers",
        "secure_delete",
    ] {
        found.extend(texts(c, &format!("SELECT '{name} ' || {name} AS value FROM pragma_{name}")));
    }
    found
}

/// Looks at several connections of the readers at once.
fn of_four_readers(
    db: &TestDatabase,
    look: impl Fn(&mut AnyConnection) -> Vec<String> + Sync,
) -> Vec<Vec<String>> {
    let together = Barrier::new(4);
    let (database, look, together) = (db.database(), &look, &together);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    database.read(|c| {
                        together.wait();
                        Ok::<_, Failed>(look(c))
                    })
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().expect("join").expect("read")).collect()
    })
}

#[test]
fn sqlite_is_durable_at_each_commit_and_holds_its_references() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let durable = |query_only: &str| {
        vec![
            "busy_timeout 5000".to_owned(),
            "synchronous 2".to_owned(),
            "journal_mode wal".to_owned(),
            "foreign_keys 1".to_owned(),
            format!("query_only {query_only}"),
            "recursive_triggers 1".to_owned(),
            "secure_delete 1".to_owned(),
        ]
    };
    let writer = write(db.database(), |tx| Ok(pragmas(tx))).expect("write");
    assert_eq!(writer, durable("0"));
    for reader in of_four_readers(&db, pragmas) {
        assert_eq!(reader, durable("1"));
    }
}

#[test]
fn the_bundled_sqlite_is_new_enough() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let version = &texts(&mut db.connect(), "SELECT sqlite_version() AS value")[0];
    let parts: Vec<u32> = version.split('.').map(|part| part.parse().expect("number")).collect();
    assert!(parts.as_slice() >= [3, 51, 3].as_slice(), "{version}");
}

#[test]
fn postgresql_bounds_statements_locks_and_idleness_and_counts_in_utc() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let look = |c: &mut AnyConnection| {
        ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone"]
            .map(|name| texts(c, &format!("SELECT current_setting('{name}') AS value")).concat())
            .to_vec()
    };
    for connection in of_four_readers(&db, look) {
        assert_eq!(connection, ["30s", "10s", "1min", "UTC"]);
    }
}

on_both! {
    fn reading_never_writes(db) {
        let outcome = db.database().read(|c| {
            c.batch_execute("INSERT INTO settings (name, value) VALUES ('a', 'b')").map_err(Failed::from)
        });
        match (db.kind, outcome) {
            (Kind::Sqlite, Err(Failed::Db(DbError::Other(error)))) => {
                assert!(error.to_string().contains("readonly"), "{error}");
            }
            (Kind::Postgres, Err(Failed::Db(error))) => {
                assert!(error.to_string().contains("read-only transaction"), "{error}");
            }
            (_, other) => panic!("{other:?}"),
        }
        assert_eq!(db.number("SELECT COUNT(*) FROM settings"), 0);
    }
}
