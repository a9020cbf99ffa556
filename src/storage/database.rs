//! The one way to the database: `write` for a transaction that changes something, `read` for a snapshot.

use crate::storage::connection::{AnyConnection, Opener, Target, Use};
use crate::storage::error::DbError;
use crate::storage::private;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{Pool, PooledConnection};
use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

type Manager = <AnyConnection as Connection>::TransactionManager;

/// What a transaction's work may fail with.
pub trait Failure: From<DbError> {
    /// Whether the attempt is to be remembered though its work is undone: a refusal.
    fn leaves_a_trace(&self) -> bool;
    /// The database's own failure, if that is what it was.
    fn database(&self) -> Option<&DbError>;
}

/// How many connections, and how long to wait for one.
#[derive(Debug, Clone, Copy)]
pub struct PoolSettings {
    /// Connections of the pool; on SQLite, of its readers.
    pub size: u32,
    /// How long a request waits for a connection before it is told that the service is busy.
    pub wait: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { size: 8, wait: Duration::from_secs(5) }
    }
}

/// Pools of connections. On SQLite one writer and several readers, on PostgreSQL one pool for both.
#[derive(Clone)]
pub struct Database {
    target: Target,
    writers: Pool<Opener>,
    readers: Pool<Opener>,
    wait: Duration,
    failing: Failing,
}

/// How often a transaction that met another one is tried again.
const RETRIES: u32 = 8;
/// The exit code after a failure of the storage itself: `EX_IOERR`.
const EXIT_STORAGE_FAILED: i32 = 74;
/// What SQLite says of any I/O error, one for want of room too.
const IO_ERROR: &str = "disk I/O error";
/// How long a request waits at the least, though no connection can be opened just now.
const LEAST_WAIT: Duration = Duration::from_millis(250);
/// How long a failure to open a connection is news: the pool tries again within this.
const NEWS: Duration = Duration::from_secs(5);
/// What SQLite's shared memory grows by.
const PROBE_BYTES: usize = 32 * 1024;

impl Database {
    /// Makes the pools. Connections are opened when they are needed.
    pub fn new(target: Target, settings: PoolSettings) -> Database {
        let failing = Failing::default();
        let pool = |purpose, size| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .connection_timeout(settings.wait)
                .error_handler(Box::new(failing.clone()))
                .build_unchecked(Opener { target: target.clone(), purpose })
        };
        let (writers, readers) = match &target {
            Target::Sqlite(_) => (pool(Use::Write, 1), pool(Use::Read, settings.size)),
            Target::Postgres(_) => {
                let both = pool(Use::Write, settings.size);
                (both.clone(), both)
            }
        };
        Database { target, writers, readers, wait: settings.wait, failing }
    }

    /// Which database it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Runs one named write transaction, whole or not at all.
    ///
    /// What the work did is undone when it fails; for a refusal, what `trace` writes about it stays. A transaction
    /// that met another one is run again from its beginning. A connection lost while committing is an unknown
    /// outcome, not a failure.
    pub fn write<T, E: Failure>(
        &self,
        name: &'static str,
        mut work: impl FnMut(&mut AnyConnection) -> Result<T, E>,
        mut trace: impl FnMut(&mut AnyConnection, &E) -> Result<(), E>,
    ) -> Result<T, E> {
        let started = Instant::now();
        let mut attempt = 0;
        loop {
            let outcome = self
                .connection(&self.writers)
                .map_err(E::from)
                .and_then(|mut c| once(&mut c, &mut work, &mut trace));
            match outcome {
                Err(error)
                    if matches!(error.database(), Some(DbError::Conflict(_)))
                        && attempt < RETRIES =>
                {
                    attempt += 1;
                    tracing::debug!(transaction = name, attempt, "met another transaction; again");
                    std::thread::sleep(Duration::from_millis(u64::from(
                        2_u32.saturating_pow(attempt),
                    )));
                }
                outcome => {
                    metrics::histogram!("sentra_transaction_seconds", "transaction" => name)
                        .record(started.elapsed().as_secs_f64());
                    return self.end_process_if_damaged(name, outcome);
                }
            }
        }
    }

    /// Runs several reads in one snapshot.
    pub fn read<T, E: Failure>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let outcome = self.connection(&self.readers).map_err(E::from).and_then(|mut c| {
            match &mut *c {
                AnyConnection::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
                    c,
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                ),
                AnyConnection::Sqlite(c) => {
                    AnsiTransactionManager::begin_transaction_sql(c, "BEGIN DEFERRED")
                }
            }
            .map_err(|error| E::from(error.into()))?;
            let result = work(&mut c);
            // Nothing was written: whether the end of the snapshot went well changes no answer.
            let _ = Manager::rollback_transaction(&mut *c);
            result
        });
        self.end_process_if_damaged("read", outcome)
    }

    /// Brings what SQLite's log holds into the file and cuts the log: what was deleted before is then in neither. Whether
    /// it could: whoever reads, or writes, for longer than a connection waits keeps the log. PostgreSQL clears away what was
    /// deleted by itself, when it cleans its tables.
    pub fn cut_log(&self) -> Result<bool, DbError> {
        let mut c = self.connection(&self.writers)?;
        let AnyConnection::Sqlite(c) = &mut *c else { return Ok(true) };
        let cut: Cut = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(c)?;
        Ok(cut.busy == 0)
    }

    /// A connection of a pool. While none can be opened, nobody waits for long: what is asked then is told so soon, and
    /// does not keep others from their turn.
    fn connection(&self, pool: &Pool<Opener>) -> Result<PooledConnection<Opener>, DbError> {
        let since = Instant::now();
        loop {
            let left = self.wait.saturating_sub(since.elapsed());
            match pool.get_timeout(left.min(LEAST_WAIT)) {
                Ok(connection) => {
                    self.failing.set(None);
                    return Ok(connection);
                }
                Err(error) => {
                    if let Some(reason) = self.failing.news() {
                        let message =
                            format!("no connection to the database can be opened: {reason}");
                        return Err(DbError::Unavailable(message));
                    }
                    if since.elapsed() >= self.wait {
                        return Err(DbError::Busy(error.to_string()));
                    }
                }
            }
        }
    }

    /// Going on after an I/O error or over a damaged file would make it worse: the process ends, and says so.
    ///
    /// But SQLite says "disk I/O error" too when its shared memory can't grow on a full disk. That is no damage.
    fn end_process_if_damaged<T, E: Failure>(
        &self,
        name: &'static str,
        outcome: Result<T, E>,
    ) -> Result<T, E> {
        let Err(error) = &outcome else { return outcome };
        let Some(damage @ DbError::Damaged(words)) = error.database() else { return outcome };
        if words == IO_ERROR && self.is_full() {
            return Err(E::from(DbError::Full(words.clone())));
        }
        tracing::error!(transaction = name, error = %damage, "the storage fails; this process ends");
        std::process::exit(EXIT_STORAGE_FAILED)
    }

    /// Whether there is no room beside a SQLite file for a little more, which is tried.
    fn is_full(&self) -> bool {
        let Target::Sqlite(path) = &self.target else { return false };
        let mut name = path.clone().into_os_string();
        name.push(".probe");
        let tried = private::file(std::path::Path::new(&name)).and_then(|mut file| {
            file.write_all(&[0; PROBE_BYTES])?;
            file.sync_all()
        });
        // What is left of it takes room that nobody has; that it could not be made is the answer already.
        let _ = std::fs::remove_file(&name);
        tried.is_err_and(|error| {
            matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        })
    }
}

/// What became of cutting SQLite's log.
#[derive(QueryableByName)]
struct Cut {
    /// 0 when it was cut.
    #[diesel(sql_type = diesel::sql_types::Integer)]
    busy: i32,
}

fn once<T, E: Failure>(
    c: &mut AnyConnection,
    work: &mut impl FnMut(&mut AnyConnection) -> Result<T, E>,
    trace: &mut impl FnMut(&mut AnyConnection, &E) -> Result<(), E>,
) -> Result<T, E> {
    let db = |error: diesel::result::Error| E::from(error.into());
    match &mut *c {
        // In so many words: `begin_transaction` would nest into one that was left open, and commit nothing.
        AnyConnection::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
        AnyConnection::Sqlite(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE")
        }
    }
    .map_err(db)?;
    let outcome = savepoint(c, work);
    let kept = match &outcome {
        Ok(_) => Ok(()),
        Err(error) if error.leaves_a_trace() => trace(c, error),
        Err(_) => {
            // The closure's own error is what is told, even when the rollback fails too.
            let _ = Manager::rollback_transaction(c);
            return outcome;
        }
    };
    if let Err(error) = kept {
        let _ = Manager::rollback_transaction(c);
        return Err(error);
    }
    match Manager::commit_transaction(c).map_err(DbError::from) {
        Ok(()) => outcome,
        Err(error) => {
            let _ = Manager::rollback_transaction(c);
            Err(E::from(match error {
                DbError::Unavailable(message) => DbError::OutcomeUnknown(message),
                known => known,
            }))
        }
    }
}

fn savepoint<T, E: Failure>(
    c: &mut AnyConnection,
    work: &mut impl FnMut(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    let db = |error: diesel::result::Error| E::from(error.into());
    Manager::begin_transaction(c).map_err(db)?;
    match work(c) {
        Ok(value) => Manager::commit_transaction(c).map(|()| value).map_err(db),
        Err(error) => {
            let undone = Manager::rollback_transaction(c);
            if error.leaves_a_trace() {
                undone.map_err(db)?;
            }
            Err(error)
        }
    }
}

/// When and why a connection could not be opened last, unless one could since.
#[derive(Debug, Clone, Default)]
struct Failing(Arc<Mutex<Option<(Instant, String)>>>);

impl Failing {
    fn set(&self, failure: Option<(Instant, String)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Why none can be opened, where that is news.
    fn news(&self) -> Option<String> {
        let failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failure.as_ref().filter(|(at, _)| at.elapsed() < NEWS).map(|(_, reason)| reason.clone())
    }
}

impl diesel::r2d2::HandleError<diesel::r2d2::Error> for Failing {
    fn handle_error(&self, error: diesel::r2d2::Error) {
        tracing::warn!(%error, "a connection to the database could not be opened");
        self.set(Some((Instant::now(), error.to_string())));
    }
}
