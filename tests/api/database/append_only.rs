//! What was recorded stays as it was: the database itself refuses.

use crate::database::schema::Schema;
use crate::on_both;
use crate::support::database::{Kind, TestDatabase, number};
use diesel::connection::SimpleConnection;
use sentra::storage::AnyConnection;

/// Puts a row of no meaning into a table, past its foreign keys.
pub fn insert_anything(db: &TestDatabase, schema: &Schema, table: &str) {
    insert_row(db, schema, table, &[]);
}

/// Puts a row into a table, past its foreign keys; what is not given has no meaning.
pub fn insert_row(db: &TestDatabase, schema: &Schema, table: &str, given: &[(&str, &str)]) {
    let columns = &schema.columns[table];
    let names: Vec<&str> = columns.iter().map(|(name, _, _)| name.as_str()).collect();
    let values: Vec<String> = columns
        .iter()
        .map(|(name, _, family)| {
            if let Some((_, value)) = given.iter().find(|(column, _)| column == name) {
                return format!("'{value}'");
            }
            // A reminder is of a proposal or of an allocation.
            if (table, name.as_str()) == ("reminders", "allocation_id") {
                return "NULL".to_owned();
            }
            let value = match family.as_str() {
                "Text" => "'x'",
                "BigInt" | "Double" => "1",
                "Bool" => "TRUE",
                "Timestamp" => "'2021-02-03 04:05:06'",
                "Date" => "'2021-02-03'",
                other => panic!("no value for {other}"),
            };
            value.to_owned()
        })
        .collect();
    let past_references = match db.kind {
        Kind::Sqlite => "PRAGMA foreign_keys = OFF",
        Kind::Postgres => "SET session_replication_role = replica",
    };
    db.execute(&format!(
        "{past_references}; INSERT INTO {table} ({}) VALUES ({});",
        names.join(", "),
        values.join(", ")
    ));
}

fn refused(c: &mut AnyConnection, sql: &str) {
    match c.batch_execute(sql) {
        Ok(()) => panic!("{sql}: was not refused"),
        Err(error) => assert!(error.to_string().contains("is append-only"), "{sql}: {error}"),
    }
}

on_both! {
    fn a_recorded_row_is_neither_changed_nor_deleted_nor_replaced(db) {
        let schema = Schema::of(db);
        let tables = schema.protected_from("delete");
        assert!(tables.len() >= 12);
        for table in &tables {
            insert_anything(db, &schema, table);
            let mut c = db.connect();
            let before = number(&mut c, &format!("SELECT COUNT(*) FROM {table}")).expect("count");
            for (column, _, _) in &schema.columns[table] {
                refused(&mut c, &format!("UPDATE {table} SET {column} = {column}"));
            }
            refused(&mut c, &format!("DELETE FROM {table}"));
            match db.kind {
                // Replacing deletes, which no trigger sees unless triggers are recursive.
                Kind::Sqlite => refused(&mut c, &format!("REPLACE INTO {table} SELECT * FROM {table}")),
                Kind::Postgres => refused(&mut c, &format!("TRUNCATE {table} CASCADE")),
            }
            let after = number(&mut c, &format!("SELECT COUNT(*) FROM {table}")).expect("count");
            assert_eq!(before, after);
        }
    }

    fn personal_values_are_erased_and_never_rewritten(db) {
        insert_anything(db, &Schema::of(db), "audit_personal");
        let mut c = db.connect();
        refused(&mut c, "UPDATE audit_personal SET value = 'y'");
        c.batch_execute("DELETE FROM audit_personal").expect("erase");
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_personal"), 0);
    }
}
