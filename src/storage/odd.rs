//! Values of the trail that are kept otherwise than they are written here, and read the same all the same. SQLite keeps
//! whatever it is given in any column, and several texts are the same moment; PostgreSQL keeps what they mean.

use crate::storage::connection::AnyConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

/// How the values of a column are kept.
#[derive(Clone, Copy)]
enum Kept {
    /// As text.
    Letters,
    /// As text, or not at all.
    MaybeLetters,
    /// As a whole number.
    Number,
    /// As a whole number, or not at all.
    MaybeNumber,
    /// As text: a moment in the one way that it is written here.
    Moment,
    /// As text: a day.
    Day,
}
use Kept::{Day, Letters, MaybeLetters, MaybeNumber, Moment, Number};

/// A table of the trail, the column that names its event, and how each of its columns is kept.
type Shape = (&'static str, &'static str, &'static [(&'static str, Kept)]);

const SHAPES: [Shape; 10] = [
    (
        "audit_events",
        "id",
        &[
            ("id", Letters),
            ("at", Moment),
            ("actor_id", MaybeLetters),
            ("actor_role", MaybeLetters),
            ("grant_id", MaybeLetters),
            ("action", Letters),
            ("outcome", Letters),
            ("subject_kind", Letters),
            ("subject_id", Letters),
            ("proposal_id", MaybeLetters),
            ("region_code", MaybeLetters),
            ("content", Letters),
            ("request_id", Letters),
        ],
    ),
    (
        "revisions",
        "event_id",
        &[
            ("id", Letters),
            ("subject_kind", Letters),
            ("subject_id", Letters),
            ("version", Number),
            ("event_id", Letters),
            ("content", Letters),
        ],
    ),
    (
        "journal_entries",
        "event_id",
        &[
            ("id", Letters),
            ("kind", Letters),
            ("proposal_id", Letters),
            ("allocation_id", Letters),
            ("fiscal_year", Number),
            ("region_code", Letters),
            ("from_account", Letters),
            ("to_account", Letters),
            ("amount_idr", Number),
            ("effective_on", Day),
            ("recorded_at", Moment),
            ("source_kind", Letters),
            ("source_id", Letters),
            ("event_id", Letters),
            ("reverses_id", MaybeLetters),
            ("reversed_kind", MaybeLetters),
            ("reason", MaybeLetters),
            ("origin_year", MaybeNumber),
        ],
    ),
    (
        "audit_personal",
        "event_id",
        &[("event_id", Letters), ("field", Letters), ("salt", Letters), ("value", Letters)],
    ),
    (
        "audit_seals",
        "event_id",
        &[
            ("seq", Number),
            ("event_id", Letters),
            ("leaf", Letters),
            ("hash", Letters),
            ("sealed_at", Moment),
            ("action", Letters),
            ("actor_id", MaybeLetters),
            ("region_code", MaybeLetters),
            ("outcome", Letters),
            ("subject_kind", Letters),
        ],
    ),
    ("audit_pending", "event_id", &[("event_id", Letters)]),
    ("audit_tiles", "NULL", &[("level", Number), ("position", Number), ("root", Letters)]),
    (
        "audit_checkpoints",
        "NULL",
        &[("size", Number), ("root", Letters), ("note", Letters), ("made_at", Moment)],
    ),
    ("audit_keys", "NULL", &[("verifier_key", Letters), ("first_used_at", Moment)]),
    (
        "audit_sealer",
        "NULL",
        &[
            ("id", Number),
            ("origin", Letters),
            ("fence", Number),
            ("last_seq", Number),
            ("last_hash", Letters),
            ("sealed_through", Moment),
        ],
    ),
];

/// A value that is kept otherwise.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Odd {
    /// Table and column.
    #[diesel(sql_type = Text)]
    pub place: String,
    /// The event that it belongs to, where it belongs to one.
    #[diesel(sql_type = Nullable<Text>)]
    pub event_id: Option<String>,
    /// The sequence of that event, where it has one.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub seq: Option<i64>,
}

#[derive(QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    words: String,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    declared: String,
}

/// What SQLite says of its file, its tables and their indexes, at most `limit`; `None` of a PostgreSQL.
pub fn damage(c: &mut AnyConnection, limit: i64) -> QueryResult<Option<Vec<String>>> {
    let AnyConnection::Sqlite(c) = c else { return Ok(None) };
    let said: Vec<Said> = diesel::sql_query(format!("PRAGMA integrity_check({limit})")).load(c)?;
    let words = said.into_iter().map(|one| one.integrity_check);
    Ok(Some(words.filter(|words| words != "ok").collect()))
}

/// References of rows to others that are not there, at most `limit`; `None` of a PostgreSQL.
pub fn astray(c: &mut AnyConnection, limit: i64) -> QueryResult<Option<Vec<String>>> {
    let AnyConnection::Sqlite(c) = c else { return Ok(None) };
    let found: Vec<Found> = diesel::sql_query(format!(
        "SELECT 'row ' || IFNULL(rowid, '?') || ' of ' || \"table\" || ' names a row of ' || parent || \
         ' that is not there' AS words FROM pragma_foreign_key_check LIMIT {limit}"
    ))
    .load(c)?;
    Ok(Some(found.into_iter().map(|one| one.words).collect()))
}

/// Values of some tables, each given with its id, that are kept as something else than their columns say, such as text as
/// bytes: they read the same, and are not found. At most `limit` of each table; `None` of a PostgreSQL.
pub fn mistyped(
    c: &mut AnyConnection,
    tables: &[(&str, &str)],
    limit: i64,
) -> QueryResult<Option<Vec<String>>> {
    let AnyConnection::Sqlite(c) = c else { return Ok(None) };
    let mut words = Vec::new();
    for (table, id) in tables {
        let columns: Vec<Column> = diesel::sql_query(format!(
            "SELECT name, type AS declared FROM pragma_table_info('{table}')"
        ))
        .load(c)?;
        let cases = columns.iter().filter_map(|Column { name, declared }| {
            let kept = match declared.as_str() {
                "TEXT" | "TIMESTAMP" | "DATE" => "text",
                "BIGINT" | "BOOLEAN" => "integer",
                // JSON has no infinite number: it would read as nothing.
                "DOUBLE" => {
                    return Some(format!(
                        "WHEN typeof({table}.{name}) NOT IN ('real', 'null') OR abs({table}.{name}) = 9e999 THEN '{name}'"
                    ));
                }
                _ => return None,
            };
            Some(format!("WHEN typeof({table}.{name}) NOT IN ('{kept}', 'null') THEN '{name}'"))
        });
        let cases = cases.collect::<Vec<_>>().join(" ");
        let found: Vec<Found> = diesel::sql_query(format!(
            "SELECT '{table}.' || name || ' of ' || CAST(id AS TEXT) || ' is not kept as its column says' AS words \
             FROM (SELECT CASE {cases} END AS name, {id} AS id FROM {table}) WHERE name IS NOT NULL LIMIT {limit}"
        ))
        .load(c)?;
        words.extend(found.into_iter().map(|one| one.words));
    }
    Ok(Some(words))
}

/// Whether a column is kept as it should be, in SQL.
fn holds(column: &str, kept: Kept) -> String {
    let digits = |n: usize| "[0-9]".repeat(n);
    let day = format!("{}-{}-{}", digits(4), digits(2), digits(2));
    match kept {
        Letters => format!("typeof({column}) = 'text'"),
        MaybeLetters => format!("typeof({column}) IN ('text', 'null')"),
        Number => format!("typeof({column}) = 'integer'"),
        MaybeNumber => format!("typeof({column}) IN ('integer', 'null')"),
        Day => format!("(typeof({column}) = 'text' AND {column} GLOB '{day}')"),
        Moment => {
            // Of a fraction as much as tells something; the sixtieth second of a minute would be read as the one before.
            let second = format!("{day} {}:[0-5][0-9]:[0-5][0-9]", digits(2));
            format!(
                "(typeof({column}) = 'text' AND substr({column}, -3) <> '000' \
                 AND CASE length({column}) WHEN 19 THEN {column} GLOB '{second}' \
                 WHEN 23 THEN {column} GLOB '{second}.{}' \
                 WHEN 26 THEN {column} GLOB '{second}.{}' ELSE FALSE END)",
                digits(3),
                digits(6)
            )
        }
    }
}

/// Which rows are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// Each.
    All,
    /// Those that whoever walks through the trail does not come by: of events that wait, and of tables of no event.
    Beside,
}

/// What is odd: of each row the first such column; by the sequence of its event, what has none last.
pub fn odd(c: &mut AnyConnection, rows: Rows, limit: i64) -> QueryResult<Vec<Odd>> {
    let AnyConnection::Sqlite(c) = c else { return Ok(Vec::new()) };
    let all = SHAPES.map(|(table, event, columns)| {
        let cases: String = columns
            .iter()
            .map(|(name, kept)| {
                let holds = holds(name, *kept);
                format!(" WHEN NOT {holds} THEN '{table}.{name}'")
            })
            .collect();
        let which = match rows {
            Rows::Beside if event != "NULL" && table != "audit_pending" => {
                format!(" WHERE {event} IN (SELECT event_id FROM audit_pending)")
            }
            Rows::Beside | Rows::All => String::new(),
        };
        format!("SELECT CASE{cases} END AS place, {event} AS event_id FROM {table}{which}")
    });
    let all = all.join(" UNION ALL ");
    diesel::sql_query(format!(
        "SELECT place, CAST(event_id AS TEXT) AS event_id, seq FROM \
         (SELECT place, event_id, (SELECT seq FROM audit_seals AS s \
         WHERE s.event_id = CAST(o.event_id AS TEXT)) AS seq \
         FROM ({all}) AS o WHERE place IS NOT NULL) ORDER BY seq IS NULL, seq LIMIT {limit}"
    ))
    .load(c)
}
