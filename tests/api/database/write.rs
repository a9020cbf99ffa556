//! `Database::write`: whole or not at all, nothing lost in a race, and what is told is what happened.

use crate::on_both;
use crate::support::database::{Failed, Kind, TestDatabase, number, some_moment, texts, write};
use diesel::connection::SimpleConnection;
use diesel::connection::TransactionManager;
use diesel::prelude::*;
use sentra::domain::money::Rupiah;
use sentra::storage::ceiling::{self, Ceiling};
use sentra::storage::{AnyConnection, Database, DbError, PoolSettings};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::time::Duration;

type AnyTransactions = <AnyConnection as Connection>::TransactionManager;

fn set(c: &mut AnyConnection, name: &str, value: i64) -> Result<(), Failed> {
    Ok(c.batch_execute(&format!(
        "DELETE FROM settings WHERE name = '{name}'; \
         INSERT INTO settings (name, value) VALUES ('{name}', '{value}');"
    ))?)
}

fn get(c: &mut AnyConnection, name: &str) -> Result<i64, Failed> {
    let value = format!("SELECT value FROM settings WHERE name = '{name}'");
    Ok(number(c, &value)?)
}

/// Runs `work` in so many threads that start together, and counts how it came out.
fn race<T: Send>(threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let (together, work) = (&Barrier::new(threads), &work);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|n| {
                scope.spawn(move || {
                    together.wait();
                    work(n)
                })
            })
            .collect();
        running.into_iter().map(|thread| thread.join().expect("join")).collect()
    })
}

#[test]
fn reading_then_writing_loses_nothing_between_the_processes_of_one_sqlite_file() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    write(db.database(), |tx| set(tx, "counter", 0)).expect("begin");
    // Four pools, as four processes have them: between them only the database's own lock stands.
    let pools: Vec<Database> = (0..4).map(|_| db.another()).collect();
    race(16, |n| {
        for _ in 0..25 {
            write(&pools[n % 4], |tx| {
                let before = get(tx, "counter")?;
                set(tx, "counter", before + 1)
            })
            .expect("never fails");
        }
    });
    assert_eq!(db.number("SELECT value FROM settings WHERE name = 'counter'"), 400);
}

on_both! {
    fn a_ceiling_holds_in_a_race_of_thirty_two(db) {
        let row = Ceiling {
            fiscal_year: 2021,
            amount_idr: Rupiah(100),
            used_idr: Rupiah(0),
            legal_basis: "test".to_owned(),
            version: 1,
            created_at: some_moment(),
            updated_at: some_moment(),
        };
        write(db.database(), |tx| Ok(ceiling::insert(tx, &row)?)).expect("insert");
        let outcomes = race(32, |_| {
            write(db.database(), |tx| match ceiling::take(tx, 2021, Rupiah(7), some_moment())? {
                0 => Err(Failed::Refused("no room")),
                _ => Ok(()),
            })
        });
        let taken = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let refused =
            outcomes.iter().filter(|outcome| matches!(outcome, Err(Failed::Refused(_)))).count();
        assert_eq!((taken, refused), (14, 18));
        assert_eq!(db.number("SELECT used_idr FROM ceilings"), 98);
        assert_eq!(db.number("SELECT version FROM ceilings"), 15);
    }

    fn of_thirty_two_who_saw_the_same_version_one_changes_it(db) {
        write(db.database(), |tx| set(tx, "version", 1)).expect("begin");
        let changed = race(32, |n| {
            write(db.database(), |tx| {
                let sql = format!("UPDATE settings SET value = '{}' WHERE name = 'version' AND value = '1'", n + 2);
                Ok(diesel::sql_query(sql).execute(tx)?)
            })
            .expect("write")
        });
        assert_eq!(changed.iter().sum::<usize>(), 1);
        let winner = changed.iter().position(|rows| *rows == 1).expect("one");
        assert_eq!(
            db.number("SELECT value FROM settings WHERE name = 'version'"),
            i64::try_from(winner).expect("few") + 2
        );
    }

    fn a_refusal_undoes_the_work_and_keeps_its_trace(db) {
        let outcome = db.database().write(
            "test",
            |tx| {
                set(tx, "work", 1)?;
                Err::<(), _>(Failed::Refused("not yet"))
            },
            |tx, error| {
                assert!(matches!(error, Failed::Refused("not yet")));
                set(tx, "trace", 1)
            },
        );
        assert!(matches!(outcome, Err(Failed::Refused("not yet"))));
        assert_eq!(texts(&mut db.connect(), "SELECT name AS value FROM settings"), ["trace"]);
    }

    fn a_failure_undoes_everything_and_leaves_no_trace(db) {
        let outcome = db.database().write(
            "test",
            |tx| {
                set(tx, "work", 1)?;
                Err::<(), _>(Failed::Otherwise("of its own"))
            },
            |_, _| panic!("this is no refusal"),
        );
        assert!(matches!(outcome, Err(Failed::Otherwise("of its own"))));
        assert_eq!(db.number("SELECT COUNT(*) FROM settings"), 0);
    }

    fn a_trace_that_can_not_be_written_is_what_is_told(db) {
        let outcome = db.database().write(
            "test",
            |tx| {
                set(tx, "work", 1)?;
                Err::<(), _>(Failed::Refused("not yet"))
            },
            |tx, _| Ok(tx.batch_execute("INSERT INTO settings (name) VALUES ('without a value')")?),
        );
        assert!(matches!(outcome, Err(Failed::Db(DbError::Other(_)))), "{outcome:?}");
        assert_eq!(db.number("SELECT COUNT(*) FROM settings"), 0);
    }

    fn an_error_that_the_work_swallowed_does_not_pass_for_success(db) {
        let small = db.pools(PoolSettings { size: 1, wait: Duration::from_secs(20) });
        let outcome = write(&small, |tx| {
            set(tx, "work", 1)?;
            let _ = tx.batch_execute("SELECT nothing FROM nowhere");
            Ok(())
        });
        // SQLite undoes only the statement; PostgreSQL has given up the whole, and must not say otherwise.
        let kept = db.number("SELECT COUNT(*) FROM settings");
        match db.kind {
            Kind::Sqlite => assert!(outcome.is_ok() && kept == 1),
            Kind::Postgres => assert!(outcome.is_err() && kept == 0, "{outcome:?}"),
        }
        write(&small, |tx| set(tx, "after", 1)).expect("the pool is whole");
        assert_eq!(db.number("SELECT COUNT(*) FROM settings WHERE name = 'after'"), 1);
    }

    fn a_transaction_that_was_left_open_is_never_built_upon(db) {
        let small = db.pools(PoolSettings { size: 1, wait: Duration::from_secs(20) });
        let outcome = write(&small, |tx| {
            set(tx, "work", 1)?;
            // One level more than is closed.
            Ok(AnyTransactions::begin_transaction(tx)?)
        });
        drop(outcome);
        write(&small, |tx| set(tx, "after", 1)).expect("the pool is whole");
        assert_eq!(texts(&mut db.connect(), "SELECT name AS value FROM settings"), ["after"]);
    }

    fn a_panic_in_the_middle_undoes_the_work_and_leaves_the_pool_whole(db) {
        let small = db.pools(PoolSettings { size: 1, wait: Duration::from_secs(20) });
        for _ in 0..3 {
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                write(&small, |tx| -> Result<(), Failed> {
                    set(tx, "work", 1)?;
                    panic!("in the middle")
                })
            }));
            assert!(panicked.is_err());
        }
        write(&small, |tx| set(tx, "after", 1)).expect("the pool is whole");
        assert_eq!(texts(&mut db.connect(), "SELECT name AS value FROM settings"), ["after"]);
    }

    fn who_waits_too_long_for_a_connection_is_told_that_the_database_is_busy(db) {
        let small = db.pools(PoolSettings { size: 1, wait: Duration::from_millis(200) });
        write(&small, |_| {
            let inner = write(&small, |_| Ok(()));
            assert!(matches!(inner, Err(Failed::Db(DbError::Busy(_)))), "{inner:?}");
            Ok(())
        })
        .expect("the outer one");
    }
}
