//! What goes wrong under a transaction, made to happen, and told for what it is.

use crate::support::database::{Failed, Kind, TestDatabase, number, texts, write};
use crate::support::postgres;
use diesel::connection::SimpleConnection;
use sentra::storage::{AnyConnection, DbError};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Barrier, mpsc};

fn two_rows(db: &TestDatabase) {
    db.execute("INSERT INTO settings (name, value) VALUES ('one', '0'), ('two', '0')");
}

fn raise(c: &mut AnyConnection, name: &str) -> Result<(), Failed> {
    Ok(c.batch_execute(&format!(
        "UPDATE settings SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = '{name}'"
    ))?)
}

/// Ends the server's side of a connection, and waits until it is gone.
fn end_backend(db: &TestDatabase, c: &mut AnyConnection) {
    let pid = number(c, "SELECT pg_backend_pid()").expect("pid");
    db.execute(&format!("SELECT pg_terminate_backend({pid}, 20000)"));
}

#[test]
fn two_transactions_in_a_deadlock_both_succeed_in_the_end() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    two_rows(&db);
    let (both_hold_one, attempts) = (Barrier::new(2), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for (first, second) in [("one", "two"), ("two", "one")] {
            let (db, both_hold_one, attempts) = (&db, &both_hold_one, &attempts);
            scope.spawn(move || {
                let mut again = false;
                write(db.database(), |tx| {
                    attempts.fetch_add(1, Ordering::SeqCst);
                    raise(tx, first)?;
                    if !std::mem::replace(&mut again, true) {
                        both_hold_one.wait();
                    }
                    raise(tx, second)
                })
                .expect("tried again");
            });
        }
    });
    assert!(attempts.load(Ordering::SeqCst) > 2, "there was a deadlock");
    assert_eq!(texts(&mut db.connect(), "SELECT value FROM settings"), ["2", "2"]);
}

#[test]
fn a_deadlock_that_comes_again_and_again_is_told_at_last() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let mut attempts = 0;
    let outcome = write(db.database(), |_| -> Result<(), Failed> {
        attempts += 1;
        Err(DbError::Conflict("once more".to_owned()).into())
    });
    assert!(matches!(outcome, Err(Failed::Db(DbError::Conflict(_)))));
    assert_eq!(attempts, 9);
}

#[test]
fn a_lock_that_is_not_to_be_had_is_busy() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    two_rows(&db);
    let (held, is_held) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let db = &db;
        scope.spawn(move || {
            write(db.database(), |tx| {
                raise(tx, "one")?;
                held.send(()).expect("tell");
                let _ = released.recv();
                Ok(())
            })
            .expect("the holder");
        });
        is_held.recv().expect("held");
        let outcome = write(db.database(), |tx| {
            tx.batch_execute("SET LOCAL lock_timeout = '50ms'")?;
            raise(tx, "one")
        });
        drop(release);
        assert!(matches!(outcome, Err(Failed::Db(DbError::Busy(_)))), "{outcome:?}");
    });
    assert_eq!(db.number("SELECT value FROM settings WHERE name = 'one'"), 1);
}

#[test]
fn another_process_that_keeps_writing_makes_sqlite_busy() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    write(db.database(), |tx| Ok(tx.batch_execute("PRAGMA busy_timeout = 50")?)).expect("setting");
    let mut other = db.connect();
    other.batch_execute("BEGIN IMMEDIATE").expect("the other writes");
    let outcome = write(db.database(), |_| Ok(()));
    assert!(matches!(outcome, Err(Failed::Db(DbError::Busy(_)))), "{outcome:?}");
    other.batch_execute("ROLLBACK").expect("the other is done");
    write(db.database(), |_| Ok(())).expect("free again");
}

#[test]
fn a_connection_lost_in_the_middle_means_nothing_was_written() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    two_rows(&db);
    let outcome = write(db.database(), |tx| {
        raise(tx, "one")?;
        end_backend(&db, tx);
        raise(tx, "two")
    });
    assert!(matches!(outcome, Err(Failed::Db(DbError::Unavailable(_)))), "{outcome:?}");
    assert_eq!(texts(&mut db.connect(), "SELECT value FROM settings"), ["0", "0"]);
    write(db.database(), |tx| raise(tx, "one")).expect("the pool has another connection");
}

#[test]
fn a_connection_lost_after_the_last_statement_is_known_to_have_written_nothing() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    two_rows(&db);
    // The savepoint's release comes before COMMIT, and finds the connection gone.
    let outcome = write(db.database(), |tx| {
        raise(tx, "one")?;
        end_backend(&db, tx);
        Ok(())
    });
    assert!(matches!(outcome, Err(Failed::Db(DbError::Unavailable(_)))), "{outcome:?}");
    assert_eq!(texts(&mut db.connect(), "SELECT value FROM settings"), ["0", "0"]);
}

#[test]
fn the_works_own_error_is_told_when_the_connection_is_gone_too() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let outcome = write(db.database(), |tx| -> Result<(), Failed> {
        end_backend(&db, tx);
        Err(Failed::Otherwise("of its own"))
    });
    assert!(matches!(outcome, Err(Failed::Otherwise("of its own"))), "{outcome:?}");
}

#[test]
fn a_refusal_whose_trace_can_not_be_kept_is_not_told_as_a_refusal() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let outcome = write(db.database(), |tx| -> Result<(), Failed> {
        end_backend(&db, tx);
        Err(Failed::Refused("not yet"))
    });
    assert!(matches!(outcome, Err(Failed::Db(DbError::Unavailable(_)))), "{outcome:?}");
}

#[test]
fn a_connection_lost_while_committing_is_an_unknown_outcome() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    two_rows(&db);
    db.execute(
        "CREATE FUNCTION end_myself() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON settings DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION end_myself();",
    );
    let mut attempts = 0;
    let outcome = write(db.database(), |tx| {
        attempts += 1;
        raise(tx, "one")
    });
    assert!(matches!(outcome, Err(Failed::Db(DbError::OutcomeUnknown(_)))), "{outcome:?}");
    assert_eq!(attempts, 1, "what may have happened is not done again");
    write(db.database(), |_| Ok(())).expect("the pool has another connection");
}

#[test]
fn a_commit_that_the_database_refuses_is_known_to_have_failed() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    two_rows(&db);
    db.execute(
        "CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'not at all'; END $$;
         CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON settings DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION never();",
    );
    let outcome = write(db.database(), |tx| raise(tx, "one"));
    assert!(matches!(outcome, Err(Failed::Db(DbError::Other(_)))), "{outcome:?}");
    assert_eq!(texts(&mut db.connect(), "SELECT value FROM settings"), ["0", "0"]);
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    use sentra::storage::{Database, PoolSettings, connection::Target};
    let nowhere = Target::Postgres("postgres://x@127.0.0.1:1/x?connect_timeout=1".to_owned());
    // Long enough to tell one that waits it out from one that does not.
    let settings = PoolSettings { size: 1, wait: std::time::Duration::from_secs(120) };
    let database = Database::new(nowhere, settings);
    let began = std::time::Instant::now();
    for _ in 0..3 {
        let outcome = write(&database, |_| Ok(()));
        assert!(matches!(outcome, Err(Failed::Db(DbError::Unavailable(_)))), "{outcome:?}");
    }
    assert!(began.elapsed() < settings.wait / 2, "{:?}", began.elapsed());
}

#[test]
fn a_database_that_goes_away_and_comes_back_is_used_again() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let server = postgres::server().expect("as above");
    two_rows(&db);
    write(db.database(), |tx| raise(tx, "one")).expect("before");
    server.administer(&format!(
        "ALTER DATABASE {name} ALLOW_CONNECTIONS false; \
         SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE datname = '{name}';",
        name = db.name()
    ));
    let small =
        sentra::storage::PoolSettings { size: 1, wait: std::time::Duration::from_millis(500) };
    let outcome = write(&db.pools(small), |tx| raise(tx, "one"));
    assert!(matches!(outcome, Err(Failed::Db(DbError::Unavailable(_)))), "{outcome:?}");
    server.administer(&format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", db.name()));
    write(db.database(), |tx| raise(tx, "one")).expect("after");
    assert_eq!(db.number("SELECT value FROM settings WHERE name = 'one'"), 2);
}

#[test]
fn a_full_disk_undoes_the_work_and_is_no_more_than_that() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let limit = |pages: i64| {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        write(db.database(), |tx| Ok(tx.batch_execute(&pragma)?)).expect("limit");
    };
    let fill = || {
        write(db.database(), |tx| {
            Ok(tx.batch_execute(
                "INSERT INTO settings (name, value) VALUES ('much', printf('%.*c', 1000000, 'x'))",
            )?)
        })
    };
    let pages = db.number("SELECT page_count FROM pragma_page_count()");
    limit(pages + 10);
    let outcome = fill();
    assert!(matches!(outcome, Err(Failed::Db(DbError::Full(_)))), "{outcome:?}");
    assert_eq!(db.number("SELECT COUNT(*) FROM settings"), 0);
    limit(pages + 1000);
    fill().expect("there is room now");
    assert_eq!(
        texts(&mut db.connect(), "SELECT integrity_check AS value FROM pragma_integrity_check()"),
        ["ok"]
    );
}
