//! The schema as it is said in three places: the catalogues of both databases, and `schema.rs`.

use crate::support::database::{Kind, TestDatabase, texts};
use std::collections::{BTreeMap, BTreeSet};

/// A column: name, whether it may be null, and what `schema.rs` calls its type.
pub type Column = (String, bool, String);

/// A schema, as far as both databases have it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The columns of each table, in their order.
    pub columns: BTreeMap<String, Vec<Column>>,
    /// The primary key of each table.
    pub keys: BTreeMap<String, Vec<String>>,
    /// Index → what it is on, and whether it is unique.
    pub indexes: BTreeMap<String, String>,
    /// `table.column -> table.column`.
    pub references: BTreeSet<String>,
    /// `table.trigger event`.
    pub triggers: BTreeSet<String>,
    /// How many checks each table has.
    pub checks: BTreeMap<String, usize>,
}

impl Schema {
    /// Reads the catalogue of a database.
    pub fn of(db: &TestDatabase) -> Schema {
        match db.kind {
            Kind::Sqlite => Schema::of_sqlite(db),
            Kind::Postgres => Schema::of_postgres(db),
        }
    }

    /// The tables that a trigger protects from `event`.
    pub fn protected_from(&self, event: &str) -> BTreeSet<String> {
        self.triggers
            .iter()
            .filter_map(|trigger| trigger.split_once('.'))
            .filter(|(table, trigger)| *trigger == format!("{table}_no_{event} {event}"))
            .map(|(table, _)| table.to_owned())
            .collect()
    }

    fn of_sqlite(db: &TestDatabase) -> Schema {
        let mut c = db.connect();
        let mut lines = |sql: &str| split(texts(&mut c, sql));
        let tables = "(SELECT name FROM sqlite_master WHERE type = 'table' \
             AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\') AS t";
        let mut schema = Schema::default();
        for row in lines(&format!(
            "SELECT t.name || '|' || c.name || '|' || (c.\"notnull\" = 0) || '|' || c.type AS value \
             FROM {tables}, pragma_table_info(t.name) AS c ORDER BY t.name, c.cid"
        )) {
            schema.add_column(&row);
        }
        for row in lines(&format!(
            "SELECT t.name || '|' || c.name AS value FROM {tables}, pragma_table_info(t.name) AS c \
             WHERE c.pk > 0 ORDER BY t.name, c.pk"
        )) {
            schema.keys.entry(row[0].clone()).or_default().push(row[1].clone());
        }
        for row in lines(&format!(
            "SELECT i.name || '|' || t.name || '|' || i.\"unique\" || '|' || \
               (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) AS value \
             FROM {tables}, pragma_index_list(t.name) AS i WHERE i.origin = 'c'"
        )) {
            schema.indexes.insert(row[0].clone(), row[1..].join("|"));
        }
        for row in lines(&format!(
            "SELECT t.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" AS value \
             FROM {tables}, pragma_foreign_key_list(t.name) AS f"
        )) {
            schema.references.insert(row[0].clone());
        }
        for row in lines(
            "SELECT tbl_name || '|' || name || '|' || sql AS value FROM sqlite_master WHERE type = 'trigger'",
        ) {
            for event in ["INSERT", "UPDATE", "DELETE"] {
                if row[2].contains(&format!("BEFORE {event} ON {}", row[0])) {
                    schema.triggers.insert(format!(
                        "{}.{} {}",
                        row[0],
                        row[1],
                        event.to_lowercase()
                    ));
                }
            }
        }
        for row in
            lines("SELECT name || '|' || sql AS value FROM sqlite_master WHERE type = 'table'")
        {
            let checks = row[1].matches("CHECK (").count();
            if checks > 0 {
                schema.checks.insert(row[0].clone(), checks);
            }
        }
        schema
    }

    fn of_postgres(db: &TestDatabase) -> Schema {
        let mut c = db.connect();
        let mut lines = |sql: &str| split(texts(&mut c, sql));
        let tables = "(SELECT oid, relname::TEXT AS name FROM pg_class WHERE relkind = 'r' \
             AND relnamespace = 'public'::regnamespace AND NOT starts_with(relname, '__')) AS t";
        let columns = "(SELECT attrelid, attname::TEXT AS name, attnum, attnotnull, atttypid FROM pg_attribute \
             WHERE attnum > 0 AND NOT attisdropped) AS c";
        let mut schema = Schema::default();
        for row in lines(&format!(
            "SELECT concat_ws('|', t.name, c.name, CASE WHEN c.attnotnull THEN '0' ELSE '1' END, format_type(c.atttypid, NULL)) AS value \
             FROM {tables} JOIN {columns} ON c.attrelid = t.oid ORDER BY t.name COLLATE \"C\", c.attnum"
        )) {
            schema.add_column(&row);
        }
        for row in lines(&format!(
            "SELECT concat_ws('|', t.name, c.name) AS value FROM {tables} \
             JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'p' \
             CROSS JOIN LATERAL unnest(k.conkey) WITH ORDINALITY AS part (attnum, place) \
             JOIN {columns} ON c.attrelid = t.oid AND c.attnum = part.attnum ORDER BY t.name, part.place"
        )) {
            schema.keys.entry(row[0].clone()).or_default().push(row[1].clone());
        }
        for row in lines(&format!(
            "SELECT concat_ws('|', i.relname, t.name, CASE WHEN x.indisunique THEN '1' ELSE '0' END, \
               (SELECT string_agg(pg_get_indexdef(i.oid, n, true), ',' ORDER BY n) FROM generate_series(1, x.indnatts) AS n)) AS value \
             FROM {tables} JOIN pg_index x ON x.indrelid = t.oid AND NOT x.indisprimary \
             JOIN pg_class i ON i.oid = x.indexrelid"
        )) {
            schema.indexes.insert(row[0].clone(), row[1..].join("|"));
        }
        for row in lines(&format!(
            "SELECT t.name || '.' || a.attname || ' -> ' || k.confrelid::regclass || '.' || b.attname AS value \
             FROM {tables} JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f' \
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] \
             JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]"
        )) {
            schema.references.insert(row[0].clone());
        }
        // The bits of tgtype: before 2, insert 4, delete 8, update 16, truncate 32.
        for row in lines(&format!(
            "SELECT t.name || '.' || g.tgname || ' ' || CASE WHEN g.tgtype & 2 = 0 OR g.tgenabled <> 'O' THEN 'never' \
               WHEN g.tgtype & 4 > 0 THEN 'insert' WHEN g.tgtype & 8 > 0 THEN 'delete' WHEN g.tgtype & 16 > 0 THEN 'update' \
               WHEN g.tgtype & 32 > 0 THEN 'truncate' END AS value \
             FROM {tables} JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal"
        )) {
            schema.triggers.insert(row[0].clone());
        }
        for row in lines(&format!(
            "SELECT concat_ws('|', t.name, COUNT(*)) AS value FROM {tables} \
             JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'c' GROUP BY t.name"
        )) {
            schema.checks.insert(row[0].clone(), row[1].parse().expect("a count"));
        }
        schema
    }

    fn add_column(&mut self, row: &[String]) {
        let family = match row[3].to_lowercase().as_str() {
            "text" => "Text",
            "bigint" => "BigInt",
            "boolean" => "Bool",
            "timestamp" | "timestamp without time zone" => "Timestamp",
            "date" => "Date",
            "double" | "double precision" => "Double",
            other => panic!("{}.{} has type {other}, which is not for both", row[0], row[1]),
        };
        self.columns.entry(row[0].clone()).or_default().push((
            row[1].clone(),
            row[2] == "1",
            family.to_owned(),
        ));
    }
}

fn split(rows: Vec<String>) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.split('|').map(str::to_owned).collect()).collect()
}

/// What `schema.rs` says: columns and keys, and the pairs that it lets be joined.
pub fn of_source() -> (Schema, BTreeSet<String>) {
    let mut schema = Schema::default();
    let mut joins = BTreeSet::new();
    let mut table = String::new();
    for line in include_str!("../../../src/storage/schema.rs").lines().map(str::trim) {
        if let Some((name, key)) = line.strip_suffix(") {").and_then(|line| line.split_once(" (")) {
            table = name.to_owned();
            schema.keys.insert(table.clone(), key.split(", ").map(str::to_owned).collect());
        } else if let Some(join) = line.strip_prefix("diesel::joinable!(") {
            let (child, rest) = join.split_once(" -> ").expect("child -> parent");
            let (parent, column) = rest.trim_end_matches("));").split_once(" (").expect("column");
            joins.insert(format!("{child}.{column} -> {parent}"));
        } else if let Some((name, kind)) = line.split_once(" -> ") {
            let kind = kind.trim_end_matches(',');
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            schema.columns.entry(table.clone()).or_default().push((
                name.to_owned(),
                inner.is_some(),
                inner.unwrap_or(kind).to_owned(),
            ));
        }
    }
    (schema, joins)
}
