//! The two sets of migrations make the same schema, and `schema.rs` says it.

use crate::database::schema::{Schema, of_source};
use crate::on_both;
use crate::support::database::{Kind, TestDatabase, texts};
use diesel::connection::SimpleConnection;
use sentra::storage::migrate::APPEND_ONLY;
use std::collections::BTreeSet;

/// Tables of `APPEND_ONLY` that no trigger protects from deleting: a queue, erasable values, and what only a
/// migration fills.
const NOT_BY_TRIGGER: [&str; 4] =
    ["audit_pending", "audit_personal", "regions", "__diesel_schema_migrations"];

on_both! {
    fn schema_rs_says_what_the_migrations_make(db) {
        let made = Schema::of(db);
        let (said, joins) = of_source();
        assert_eq!(said.columns, made.columns);
        assert_eq!(said.keys, made.keys);
        for join in joins {
            assert!(
                made.references.iter().any(|reference| reference.starts_with(&format!("{join}."))),
                "{join} is no foreign key"
            );
        }
    }

    fn every_append_only_table_is_protected_and_known_to_the_grants(db) {
        let made = Schema::of(db);
        let known: BTreeSet<String> = APPEND_ONLY
            .iter()
            .filter(|table| !NOT_BY_TRIGGER.contains(table))
            .map(|table| (*table).to_owned())
            .collect();
        assert_eq!(made.protected_from("delete"), known);
        let mut unchanging = known.clone();
        unchanging.insert("audit_personal".to_owned());
        assert_eq!(made.protected_from("update"), unchanging);
        if db.kind == Kind::Postgres {
            assert_eq!(made.protected_from("truncate"), known);
        }
    }

    fn text_that_is_ordered_is_ordered_by_its_bytes(db) {
        let names = ["b", "B", "a", "Z", "_", "1", "é", "e", "-x", "x", "18.71", "18"];
        let mut c = db.connect();
        for name in names {
            c.batch_execute(&format!("INSERT INTO settings (name, value) VALUES ('{name}', '')"))
                .expect("insert");
        }
        let mut expected = names.map(str::to_owned);
        expected.sort();
        assert_eq!(texts(&mut c, "SELECT name AS value FROM settings ORDER BY name"), expected);
    }
}

#[test]
fn both_sets_of_migrations_make_the_same_schema() {
    let (Some(sqlite), Some(postgres)) =
        (TestDatabase::fresh(Kind::Sqlite), TestDatabase::fresh(Kind::Postgres))
    else {
        return;
    };
    let (sqlite, mut postgres) = (Schema::of(&sqlite), Schema::of(&postgres));
    assert!(sqlite.columns.len() > 30, "the catalogue was read");
    assert_eq!(sqlite.columns, postgres.columns);
    assert_eq!(sqlite.keys, postgres.keys);
    assert_eq!(sqlite.indexes, postgres.indexes);
    assert_eq!(sqlite.references, postgres.references);
    assert_eq!(sqlite.checks, postgres.checks);
    // SQLite has no TRUNCATE.
    postgres.triggers.retain(|trigger| !trigger.ends_with("_no_truncate truncate"));
    assert_eq!(sqlite.triggers, postgres.triggers);
    assert_eq!(sqlite, postgres);
}

/// Columns that hold a word of a vocabulary, beside those that a key, an index or a reference orders.
const VOCABULARIES: [&str; 25] = [
    "action",
    "actor_role",
    "component",
    "duty",
    "event",
    "from_account",
    "fund_source",
    "kbli",
    "kind",
    "language",
    "level",
    "menu",
    "method",
    "mode",
    "outcome",
    "outcome_class",
    "role",
    "scope",
    "source_kind",
    "state",
    "subject_id",
    "subject_kind",
    "to_account",
    "request_id",
    "fingerprint",
];

#[test]
fn postgresql_orders_ids_and_vocabularies_by_bytes() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let schema = Schema::of(&db);
    let mut ordered: BTreeSet<String> = BTreeSet::new();
    for (table, columns) in &schema.keys {
        ordered.extend(columns.iter().map(|column| format!("{table}.{column}")));
    }
    for index in schema.indexes.values() {
        let parts: Vec<&str> = index.split('|').collect();
        ordered.extend(parts[2].split(',').map(|column| format!("{}.{column}", parts[0])));
    }
    for reference in &schema.references {
        ordered.extend(reference.split(" -> ").map(str::to_owned));
    }
    for (table, columns) in &schema.columns {
        for (column, _, _) in columns {
            let is_id = column.ends_with("_id") || column.ends_with("_code");
            if is_id || VOCABULARIES.contains(&column.as_str()) {
                ordered.insert(format!("{table}.{column}"));
            }
        }
    }
    let by_language: BTreeSet<String> = texts(
        &mut db.connect(),
        "SELECT table_name || '.' || column_name AS value FROM information_schema.columns \
         WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
    )
    .into_iter()
    .collect();
    assert!(!by_language.is_empty(), "the catalogue was read");
    assert_eq!(ordered.intersection(&by_language).collect::<Vec<_>>(), Vec::<&String>::new());
}
