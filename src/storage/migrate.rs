//! Migrations, up and down, and the reference data that belongs to them.

use crate::domain::moment::Moment;
use crate::storage::connection::{AnyConnection, Opener, Target, Use};
use crate::storage::{policy, region};
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::{BTreeMap, BTreeSet};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The key of the advisory lock that lets one process migrate at a time: "sentra" in ASCII.
const ADVISORY_LOCK: i64 = 0x73_65_6e_74_72_61;

/// The most migrations that are named.
const NAMED: usize = 10;

/// Tables whose rows never change: the service's role may insert and read them, and no more.
pub const APPEND_ONLY: [&str; 34] = [
    "amendment_lines",
    "amendments",
    "audit_checkpoints",
    "audit_events",
    "audit_keys",
    "audit_seals",
    "audit_tiles",
    "carries",
    "conflicts",
    "contract_lines",
    "decrees",
    "digests",
    "expenditures",
    "finding_documents",
    "follow_up_documents",
    "follow_ups",
    "funding_answers",
    "journal_entries",
    "line_agreements",
    "mail_attempts",
    "notices",
    "participations",
    "plan_lines",
    "policies",
    "recoveries",
    "reminders",
    "returns",
    "revisions",
    "tranche_items",
    "tranche_omissions",
    "audit_pending",
    "audit_personal",
    "regions",
    "__diesel_schema_migrations",
];

/// Why a migration did not happen.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database could not be opened.
    #[error("can't open the database: {0}")]
    Open(#[from] ConnectionError),
    /// A statement failed.
    #[error("the migration failed: {0}")]
    Failed(String),
    /// A query failed.
    #[error("the migration failed: {0}")]
    Query(#[from] diesel::result::Error),
    /// Reference data could not be read.
    #[error("reference data: {0}")]
    Reference(String),
    /// The bundled SQLite is too old to be trusted with money.
    #[error("SQLite {0} is older than 3.51.3")]
    TooOld(String),
    /// A setting that durability rests on did not hold.
    #[error("SQLite runs with {0}")]
    NotDurable(String),
    /// PostgreSQL tells what went wrong in words, and not all of it in codes that get here.
    #[error(
        "PostgreSQL speaks {0:?}, and Sentra reads its words in English: ask its administrator for \
         ALTER DATABASE … SET lc_messages = 'C'"
    )]
    NotEnglish(String),
    /// There is no file.
    #[error("there is no database {0}")]
    NotThere(String),
    /// The database is older.
    #[error("the database lacks {0}: `sentra migrate` first")]
    Behind(String),
    /// The database is newer.
    #[error("the database has {0}, which this binary does not know: it is older than the database")]
    Ahead(String),
    /// There is history, which is not thrown away.
    #[error("audit rows exist: this database is not taken down")]
    HasHistory,
}

/// Brings the database to this version, and loads what ships with it. Safe to be run by many at once.
pub fn up(target: &Target, service_role: Option<&str>, now: Moment) -> Result<(), MigrateError> {
    locked(target, |connection| {
        match connection {
            AnyConnection::Postgres(c) => {
                check_postgres(c)?;
                run(c, POSTGRES)?;
            }
            AnyConnection::Sqlite(c) => {
                check_sqlite(c)?;
                run(c, SQLITE)?;
            }
        }
        region::load(connection).map_err(MigrateError::Reference)?;
        policy::load_shipped(connection, now).map_err(MigrateError::Reference)?;
        match service_role {
            Some(role) => grant_service(connection, role),
            None => Ok(()),
        }
    })
}

/// Takes every table away again; refuses where there is history.
pub fn down(target: &Target) -> Result<(), MigrateError> {
    locked(target, |connection| {
        if has_history(connection)? {
            return Err(MigrateError::HasHistory);
        }
        match connection {
            AnyConnection::Postgres(c) => revert(c, POSTGRES),
            AnyConnection::Sqlite(c) => revert(c, SQLITE),
        }
    })
}

/// Whether the database is at this version; it is neither made nor changed.
pub fn check(target: &Target) -> Result<(), MigrateError> {
    if let Target::Sqlite(path) = target
        && !path.exists()
    {
        return Err(MigrateError::NotThere(path.display().to_string()));
    }
    let mut connection = Opener { target: target.clone(), purpose: Use::Read }.open()?;
    let known = match &connection {
        AnyConnection::Postgres(_) => names::<diesel::pg::Pg>(&POSTGRES),
        AnyConnection::Sqlite(_) => names::<diesel::sqlite::Sqlite>(&SQLITE),
    }?;
    let mut applied: BTreeSet<String> = BTreeSet::new();
    if has_table(&mut connection, "__diesel_schema_migrations")? {
        let all = "SELECT version AS value FROM __diesel_schema_migrations";
        let rows: Vec<Setting> = diesel::sql_query(all).load(&mut connection)?;
        applied.extend(rows.into_iter().map(|row| row.value));
    }
    let lacking: Vec<&str> = known
        .iter()
        .filter(|(version, _)| !applied.contains(*version))
        .map(|(_, name)| name.as_str())
        .collect();
    let more: Vec<&str> = applied
        .iter()
        .filter(|version| !known.contains_key(*version))
        .map(String::as_str)
        .collect();
    match (lacking.is_empty(), more.is_empty()) {
        (_, false) => Err(MigrateError::Ahead(listed(&more))),
        (false, true) => Err(MigrateError::Behind(listed(&lacking))),
        (true, true) => Ok(()),
    }
}

/// The migrations of this version: their names, by what the database keeps of them.
fn names<DB: diesel::backend::Backend>(
    migrations: &EmbeddedMigrations,
) -> Result<BTreeMap<String, String>, MigrateError> {
    let found: Vec<Box<dyn Migration<DB>>> =
        migrations.migrations().map_err(|error: Box<dyn std::error::Error + Send + Sync>| {
            MigrateError::Failed(error.to_string())
        })?;
    let named = found.iter().map(|one| one.name());
    Ok(named.map(|name| (name.version().to_string(), name.to_string())).collect())
}

/// Some names; how many there are more.
fn listed(names: &[&str]) -> String {
    let told = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => format!("the migrations {told}"),
        more => format!("the migrations {told} and {more} more"),
    }
}

fn locked(
    target: &Target,
    work: impl FnOnce(&mut AnyConnection) -> Result<(), MigrateError>,
) -> Result<(), MigrateError> {
    let mut connection = Opener { target: target.clone(), purpose: Use::Write }.open()?;
    match &mut connection {
        AnyConnection::Postgres(c) => c.batch_execute(&format!(
            "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock({ADVISORY_LOCK});"
        ))?,
        // The operating system's lock on the file beside it is held by the caller.
        AnyConnection::Sqlite(_) => {}
    }
    // On PostgreSQL the lock goes with the connection.
    work(&mut connection)
}

fn run<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<(), MigrateError> {
    connection
        .run_pending_migrations(migrations)
        .map(|_| ())
        .map_err(|error| MigrateError::Failed(error.to_string()))
}

fn revert<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<(), MigrateError> {
    connection
        .revert_all_migrations(migrations)
        .map(|_| ())
        .map_err(|error| MigrateError::Failed(error.to_string()))
}

/// Whether there are audit rows. What can't be asked is not taken for an absence.
fn has_history(connection: &mut AnyConnection) -> QueryResult<bool> {
    use crate::storage::schema::audit_events;
    if !has_table(connection, "audit_events")? {
        return Ok(false);
    }
    let first: Option<String> =
        audit_events::table.select(audit_events::id).first(connection).optional()?;
    Ok(first.is_some())
}

fn has_table(connection: &mut AnyConnection, table: &str) -> QueryResult<bool> {
    let tables = match connection {
        AnyConnection::Postgres(_) => {
            "SELECT table_name::TEXT AS value FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = "
        }
        AnyConnection::Sqlite(_) => {
            "SELECT name AS value FROM sqlite_master WHERE type = 'table' AND name = "
        }
    };
    let query = diesel::sql_query(format!("{tables}'{table}'"));
    Ok(query.get_result::<Setting>(connection).optional()?.is_some())
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

/// Deadlocks, timeouts and full disks are told apart by the server's words.
fn check_postgres(c: &mut PgConnection) -> Result<(), MigrateError> {
    let language: Setting =
        diesel::sql_query("SELECT current_setting('lc_messages') AS value").get_result(c)?;
    if is_english(&language.value) { Ok(()) } else { Err(MigrateError::NotEnglish(language.value)) }
}

/// The C locale under its names, and English of any country.
fn is_english(locale: &str) -> bool {
    let language = locale.split(['.', '_', '@']).next().unwrap_or_default();
    ["", "c", "posix", "en", "english"].contains(&language.to_lowercase().as_str())
}

fn check_sqlite(c: &mut SqliteConnection) -> Result<(), MigrateError> {
    let version: Setting = diesel::sql_query("SELECT sqlite_version() AS value").get_result(c)?;
    let parts: Vec<u32> = version.value.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < [3, 51, 3].as_slice() {
        return Err(MigrateError::TooOld(version.value));
    }
    for (pragma, wanted) in [("synchronous", "2"), ("journal_mode", "wal"), ("foreign_keys", "1")] {
        let sql = format!("SELECT CAST({pragma} AS TEXT) AS value FROM pragma_{pragma}");
        let found: Setting = diesel::sql_query(sql).get_result(c)?;
        if found.value != wanted {
            return Err(MigrateError::NotDurable(format!("{pragma} = {}", found.value)));
        }
    }
    Ok(())
}

/// The role that migrates owns the tables; the role that serves gets what each kind of table needs.
fn grant_service(connection: &mut AnyConnection, role: &str) -> Result<(), MigrateError> {
    let AnyConnection::Postgres(c) = connection else { return Ok(()) };
    let role = format!("\"{}\"", role.replace('"', "\"\""));
    let mut sql = format!(
        "GRANT USAGE ON SCHEMA public TO {role};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
    );
    for table in APPEND_ONLY {
        let right = match table {
            "audit_pending" | "audit_personal" => "UPDATE, TRUNCATE",
            "regions" | "__diesel_schema_migrations" => "INSERT, UPDATE, DELETE, TRUNCATE",
            _ => "UPDATE, DELETE, TRUNCATE",
        };
        sql.push_str(&format!("REVOKE {right} ON {table} FROM {role};"));
    }
    // Sent as one, so that it is one transaction: at no moment can the service delete what was recorded.
    Ok(c.batch_execute(&sql)?)
}

#[cfg(test)]
mod tests {
    use super::is_english;

    #[test]
    fn a_server_that_does_not_speak_english_is_known_by_its_locale() {
        for locale in
            ["", "C", "C.UTF-8", "POSIX", "en_US.UTF-8", "en_GB", "English_United States.1252"]
        {
            assert!(is_english(locale), "{locale}");
        }
        for locale in ["id_ID.UTF-8", "de_DE", "ca_ES.UTF-8", "enm"] {
            assert!(!is_english(locale), "{locale}");
        }
    }
}
