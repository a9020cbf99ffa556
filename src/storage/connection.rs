//! A connection to either database, opened by the scheme of its URL.

use crate::storage::private;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use std::path::PathBuf;

/// A connection of either kind. The derive also makes `MultiBackend`, which every query is checked against.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// More than one machine serves.
    Postgres(PgConnection),
    /// The embedded default.
    Sqlite(SqliteConnection),
}

/// For the few statements that only the concrete connections know.
macro_rules! on_each {
    ($connection:expr, |$c:ident| $query:expr) => {
        match $connection {
            $crate::storage::connection::AnyConnection::Postgres($c) => $query,
            $crate::storage::connection::AnyConnection::Sqlite($c) => $query,
        }
    };
}
pub(super) use on_each;

/// Waits until it is this transaction's turn at something that has no row of its own to be locked, or none that the service may
/// change. SQLite has one writer anyway.
pub(super) fn take_turn(c: &mut AnyConnection, key: i64) -> QueryResult<()> {
    match c {
        AnyConnection::Postgres(c) => diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(key)
            .execute(c)
            .map(|_| ()),
        AnyConnection::Sqlite(_) => Ok(()),
    }
}

/// Which database, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file.
    Sqlite(PathBuf),
    /// A libpq URL.
    Postgres(String),
}

impl Target {
    /// Chooses by scheme; what has none is a path.
    pub fn parse(url: &str) -> Result<Target, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Target::Postgres(url.to_owned()));
        }
        let path =
            url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        if path.contains("://") || path.is_empty() {
            let scheme = url.split("://").next().unwrap_or_default();
            return Err(format!(
                "unknown database scheme {scheme:?}: use postgres://… or the path of a SQLite file"
            ));
        }
        Ok(Target::Sqlite(PathBuf::from(path)))
    }
}

impl Target {
    /// The role that a PostgreSQL URL names, to whom the owner of the tables grants what serving needs.
    pub fn role(&self) -> Option<String> {
        let Target::Postgres(url) = self else { return None };
        let authority = url.split("://").nth(1)?.split(['/', '?']).next()?;
        let user = authority.rsplit_once('@')?.0.split(':').next()?;
        (!user.is_empty()).then(|| user.to_owned())
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Reading and writing.
    Write,
    /// Reading only; SQLite holds it to that.
    Read,
}

/// Opens connections for a pool, each with the settings that every use relies on.
#[derive(Debug, Clone)]
pub struct Opener {
    /// Which database.
    pub target: Target,
    /// What for.
    pub purpose: Use,
}

/// Durable at every commit; waits for another process's writer; holds foreign keys. Recursive triggers, because
/// `REPLACE` deletes, which the append-only triggers would not see otherwise. What is deleted is overwritten by zeros, since
/// personal values are erased so.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -4000;";

/// A statement, a wait for a lock and an idle transaction are all bounded.
const POSTGRES_SETTINGS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC'; SET client_min_messages = 'warning';";

impl Opener {
    /// Opens a connection.
    pub fn open(&self) -> ConnectionResult<AnyConnection> {
        match &self.target {
            Target::Postgres(url) => {
                let mut connection = PgConnection::establish(url)?;
                connection
                    .batch_execute(POSTGRES_SETTINGS)
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Postgres(connection))
            }
            Target::Sqlite(path) => {
                if !path.exists() {
                    // SQLite would let everybody read it; its log and index take over the mode of the file.
                    private::options()
                        .open(path)
                        .map_err(|error| ConnectionError::BadConnection(error.to_string()))?;
                }
                let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
                let reading =
                    if self.purpose == Use::Read { "PRAGMA query_only = ON;" } else { "" };
                connection
                    .batch_execute(&format!("{SQLITE_SETTINGS}{reading}"))
                    .map_err(ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Sqlite(connection))
            }
        }
    }
}

impl ManageConnection for Opener {
    type Connection = AnyConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<AnyConnection, Self::Error> {
        self.open().map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, connection: &mut AnyConnection) -> Result<(), Self::Error> {
        match connection {
            AnyConnection::Postgres(c) => c.ping().map_err(diesel::r2d2::Error::QueryError),
            AnyConnection::Sqlite(_) => Ok(()),
        }
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        std::thread::panicking() || connection.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_chooses_and_an_unknown_one_is_refused() {
        assert_eq!(Target::parse("a.db"), Ok(Target::Sqlite("a.db".into())));
        assert_eq!(Target::parse("sqlite:///x/a.db"), Ok(Target::Sqlite("/x/a.db".into())));
        assert!(matches!(Target::parse("postgresql://h/d"), Ok(Target::Postgres(_))));
        assert!(Target::parse("mysql://h/d").is_err());
    }
}
