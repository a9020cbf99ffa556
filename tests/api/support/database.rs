//! A fresh database of either kind for each test, made from a template that is migrated once per process.
//!
//! `on_both!` writes each test once and runs it on both: `cargo test sqlite::`, `cargo test postgres::`.

use crate::support::postgres::{self, Server};
use chrono::NaiveDate;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use sentra::domain::moment::Moment;
use sentra::storage::connection::{Opener, Target, Use};
use sentra::storage::{AnyConnection, Database, DbError, Failure, PoolSettings, migrate};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database of one test; gone with the value.
pub struct TestDatabase {
    pub kind: Kind,
    target: Target,
    // Dropped before the place it stands in.
    database: OnceLock<Database>,
    _place: Place,
}

enum Place {
    Folder(#[expect(dead_code, reason = "removed when dropped")] tempfile::TempDir),
    Clone(&'static Server, String),
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Clone(server, name) = self {
            server.administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

impl TestDatabase {
    /// A migrated database. `None` where PostgreSQL is wanted and not found: then the test has said so and returns.
    pub fn fresh(kind: Kind) -> Option<TestDatabase> {
        match kind {
            Kind::Sqlite => {
                let database = TestDatabase::empty_sqlite();
                std::fs::write(database.path(), sqlite_template()).expect("copy the template");
                Some(database)
            }
            Kind::Postgres => {
                let server = postgres::server()?;
                let name = server.name("db");
                server.administer(&format!(
                    "CREATE DATABASE {name} TEMPLATE {}",
                    postgres_template(server)
                ));
                Some(TestDatabase::on(server, name))
            }
        }
    }

    /// A database without a table.
    pub fn empty(kind: Kind) -> Option<TestDatabase> {
        match kind {
            Kind::Sqlite => Some(TestDatabase::empty_sqlite()),
            Kind::Postgres => {
                let server = postgres::server()?;
                Some(TestDatabase::on(server, server.create_database("db")))
            }
        }
    }

    fn empty_sqlite() -> TestDatabase {
        let folder = tempfile::Builder::new().prefix("sentra-").tempdir().expect("a folder");
        TestDatabase {
            kind: Kind::Sqlite,
            target: Target::Sqlite(folder.path().join("sentra.db")),
            database: OnceLock::new(),
            _place: Place::Folder(folder),
        }
    }

    fn on(server: &'static Server, name: String) -> TestDatabase {
        TestDatabase {
            kind: Kind::Postgres,
            target: Target::Postgres(server.url(&name)),
            database: OnceLock::new(),
            _place: Place::Clone(server, name),
        }
    }

    /// Where it is.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Where it is, as `SENTRA_DATABASE_URL` says it.
    pub fn url(&self) -> String {
        match &self.target {
            Target::Sqlite(path) => path.display().to_string(),
            Target::Postgres(url) => url.clone(),
        }
    }

    /// The file of a SQLite database.
    pub fn path(&self) -> PathBuf {
        match &self.target {
            Target::Sqlite(path) => path.clone(),
            Target::Postgres(_) => panic!("PostgreSQL has no file"),
        }
    }

    /// Its name on the PostgreSQL server.
    pub fn name(&self) -> &str {
        match &self._place {
            Place::Clone(_, name) => name,
            Place::Folder(_) => panic!("a file has no name on a server"),
        }
    }

    /// Its pools; the same at each call.
    pub fn database(&self) -> &Database {
        self.database.get_or_init(|| self.another())
    }

    /// Further pools over it, as another process has them.
    pub fn another(&self) -> Database {
        self.pools(PoolSettings { size: 8, wait: Duration::from_secs(20) })
    }

    /// Pools with settings of one's own.
    pub fn pools(&self, settings: PoolSettings) -> Database {
        Database::new(self.target.clone(), settings)
    }

    /// A connection beside the pools.
    pub fn connect(&self) -> AnyConnection {
        Opener { target: self.target.clone(), purpose: Use::Write }.open().expect("open")
    }

    /// Runs statements beside the pools.
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Takes a trigger away, as somebody with the owner's rights could.
    pub fn drop_trigger(&self, table: &str, name: &str) {
        let on = match self.target() {
            Target::Postgres(_) => format!(" ON {table}"),
            Target::Sqlite(_) => String::new(),
        };
        self.execute(&format!("DROP TRIGGER {table}_{name}{on}"));
    }

    /// One number.
    pub fn number(&self, sql: &str) -> i64 {
        number(&mut self.connect(), sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}

/// One number.
pub fn number(c: &mut AnyConnection, sql: &str) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        value: i64,
    }
    diesel::sql_query(format!("SELECT CAST(({sql}) AS BIGINT) AS value"))
        .get_result::<Row>(c)
        .map(|row| row.value)
}

/// One column of text.
pub fn texts(c: &mut AnyConnection, sql: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    let rows: Vec<Row> =
        diesel::sql_query(sql).load(c).unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.into_iter().map(|row| row.value).collect()
}

/// How the database would answer a query, in its words.
pub fn explained(db: &TestDatabase, sql: &str) -> String {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "detail")]
        sqlite: String,
    }
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        postgres: String,
    }
    let mut c = db.connect();
    let lines: Vec<String> = match db.kind {
        Kind::Sqlite => {
            let steps = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load::<Step>(&mut c);
            steps.expect("a plan").into_iter().map(|step| step.sqlite).collect()
        }
        Kind::Postgres => {
            // A few rows are read faster as a whole: what counts is that there is another way.
            c.batch_execute("SET enable_seqscan = off; SET enable_sort = off").expect("settings");
            let lines = diesel::sql_query(format!("EXPLAIN {sql}")).load::<Line>(&mut c);
            lines.expect("a plan").into_iter().map(|line| line.postgres).collect()
        }
    };
    lines.join("\n")
}

/// A moment to write where any will do.
pub fn some_moment() -> Moment {
    Moment(
        NaiveDate::from_ymd_opt(2021, 2, 3)
            .and_then(|date| date.and_hms_opt(4, 5, 6))
            .expect("time"),
    )
}

/// What the work of a test fails with.
#[derive(Debug)]
pub enum Failed {
    /// As a use-case refuses.
    Refused(&'static str),
    /// In some other way of its own.
    Otherwise(&'static str),
    /// By the database.
    Db(DbError),
}

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        Failed::Db(error)
    }
}

impl From<diesel::result::Error> for Failed {
    fn from(error: diesel::result::Error) -> Self {
        Failed::Db(error.into())
    }
}

impl Failure for Failed {
    fn leaves_a_trace(&self) -> bool {
        matches!(self, Failed::Refused(_))
    }

    fn database(&self) -> Option<&DbError> {
        match self {
            Failed::Db(error) => Some(error),
            Failed::Refused(_) | Failed::Otherwise(_) => None,
        }
    }
}

/// Writes, with nothing to remember of a refusal.
pub fn write<T>(
    database: &Database,
    work: impl FnMut(&mut AnyConnection) -> Result<T, Failed>,
) -> Result<T, Failed> {
    database.write("test", work, |_, _| Ok(()))
}

fn sqlite_template() -> &'static [u8] {
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let database = TestDatabase::empty_sqlite();
        migrate::up(database.target(), None, some_moment()).expect("migrate");
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        std::fs::read(database.path()).expect("the template")
    })
}

fn postgres_template(server: &'static Server) -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = server.create_database("template");
        migrate::up(&Target::Postgres(server.url(&name)), None, some_moment()).expect("migrate");
        name
    })
}

/// Each test once, run on both databases:
///
/// ```ignore
/// on_both! {
///     fn a_name_that_is_a_sentence(db) { … }          // db: &TestDatabase
///     async fn another_one(db) { … }                  // db: TestDatabase, in actix's runtime
/// }
/// ```
///
/// Once per module: it writes the modules `sqlite` and `postgres`.
#[macro_export]
macro_rules! on_both {
    (@go [$(($how:ident $(#[$attribute:meta])* $name:ident))*]) => {
        mod sqlite {
            $( $crate::on_both!(@test Sqlite $how $(#[$attribute])* $name); )*
        }
        mod postgres {
            $( $crate::on_both!(@test Postgres $how $(#[$attribute])* $name); )*
        }
    };
    (@go [$($done:tt)*] $(#[$attribute:meta])* fn $name:ident($db:ident) $body:block $($rest:tt)*) => {
        fn $name($db: &$crate::support::database::TestDatabase) $body
        $crate::on_both!(@go [$($done)* (plain $(#[$attribute])* $name)] $($rest)*);
    };
    (@go [$($done:tt)*] $(#[$attribute:meta])* async fn $name:ident($db:ident) $body:block $($rest:tt)*) => {
        async fn $name($db: $crate::support::database::TestDatabase) $body
        $crate::on_both!(@go [$($done)* (awaited $(#[$attribute])* $name)] $($rest)*);
    };
    (@test $kind:ident plain $(#[$attribute:meta])* $name:ident) => {
        #[test]
        $(#[$attribute])*
        fn $name() {
            use $crate::support::database::{Kind, TestDatabase};
            if let Some(db) = TestDatabase::fresh(Kind::$kind) {
                super::$name(&db);
            }
        }
    };
    (@test $kind:ident awaited $(#[$attribute:meta])* $name:ident) => {
        #[actix_web::test]
        $(#[$attribute])*
        async fn $name() {
            use $crate::support::database::{Kind, TestDatabase};
            if let Some(db) = TestDatabase::fresh(Kind::$kind) {
                super::$name(db).await;
            }
        }
    };
    ($($items:tt)*) => {
        $crate::on_both!(@go [] $($items)*);
    };
}
