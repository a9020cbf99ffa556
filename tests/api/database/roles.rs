//! On PostgreSQL one role migrates and owns, another serves, and can do what serving needs and no more.

use crate::audit::keys;
use crate::database::schema::Schema;
use crate::support::database::{Kind, TestDatabase, number, some_moment};
use crate::support::postgres;
use diesel::connection::SimpleConnection;
use sentra::app::Store;
use sentra::cli::demo;
use sentra::domain::moment::Moment;
use sentra::service::clock::Clock;
use sentra::service::seal::checkpoint;
use sentra::service::{seal, verify};
use sentra::storage::AnyConnection;
use sentra::storage::connection::{Opener, Target, Use};
use sentra::storage::migrate::{self, APPEND_ONLY};

struct Parted {
    db: TestDatabase,
    owner: Target,
    service_role: String,
    service: AnyConnection,
}

fn parted() -> Option<Parted> {
    let db = TestDatabase::empty(Kind::Postgres)?;
    let server = postgres::server()?;
    let (owner, service) = (server.role("owner"), server.role("service"));
    server.administer(&format!("ALTER DATABASE {} OWNER TO {owner}", db.name()));
    db.execute(&format!("ALTER SCHEMA public OWNER TO {owner}"));
    let target = |role: &str| Target::Postgres(server.url_of_role(role, db.name()));
    let owner = target(&owner);
    migrate::up(&owner, Some(&service), some_moment()).expect("migrate");
    let opener = Opener { target: target(&service), purpose: Use::Write };
    let connection = opener.open().expect("the service connects");
    Some(Parted { db, owner, service_role: service, service: connection })
}

fn denied(c: &mut AnyConnection, sql: &str) {
    match c.batch_execute(sql) {
        Ok(()) => panic!("{sql}: was not denied"),
        Err(error) => {
            let words = error.to_string();
            assert!(
                words.contains("permission denied") || words.contains("must be owner"),
                "{sql}: {words}"
            );
        }
    }
}

#[test]
fn the_service_can_not_rewrite_what_was_recorded() {
    let Some(Parted { db: _db, service: mut c, .. }) = parted() else { return };
    for table in APPEND_ONLY {
        c.batch_execute(&format!("SELECT * FROM {table}")).expect("may read");
        let insert = format!("SELECT CAST(has_table_privilege('{table}', 'INSERT') AS INT)");
        let only_by_migration = ["regions", "__diesel_schema_migrations"].contains(&table);
        assert_eq!(number(&mut c, &insert), Ok(i64::from(!only_by_migration)), "{table}");
        let erasable = ["audit_pending", "audit_personal"].contains(&table);
        if erasable {
            c.batch_execute(&format!("DELETE FROM {table}")).expect("may erase");
        } else {
            denied(&mut c, &format!("DELETE FROM {table}"));
        }
        let column = format!(
            "SELECT attname::TEXT AS value FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum = 1"
        );
        let column = crate::support::database::texts(&mut c, &column).concat();
        denied(&mut c, &format!("UPDATE {table} SET {column} = {column}"));
        denied(&mut c, &format!("TRUNCATE {table}"));
        denied(&mut c, &format!("DROP TABLE {table}"));
        denied(&mut c, &format!("ALTER TABLE {table} DISABLE TRIGGER ALL"));
        denied(&mut c, &format!("ALTER TABLE {table} ADD COLUMN more TEXT"));
        denied(
            &mut c,
            &format!(
                "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION sentra_append_only()"
            ),
        );
    }
    denied(&mut c, "SET session_replication_role = replica");
    denied(&mut c, "DROP FUNCTION sentra_append_only CASCADE");
    denied(
        &mut c,
        "CREATE OR REPLACE FUNCTION sentra_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    );
    denied(&mut c, "CREATE TABLE mine (id TEXT)");
}

#[test]
fn the_service_records_and_changes_what_serving_needs() {
    let Some(Parted { db, service: mut c, .. }) = parted() else { return };
    c.batch_execute(
        "INSERT INTO audit_events (id, at, action, outcome, subject_kind, subject_id, content, request_id) \
         VALUES ('1', '2021-02-03 04:05:06', 'x', 'x', 'x', 'x', 'x', 'x'); \
         INSERT INTO audit_pending (event_id) VALUES ('1'); DELETE FROM audit_pending; \
         INSERT INTO revisions (id, subject_kind, subject_id, version, event_id, content) VALUES ('1', 'x', 'x', 1, '1', 'x'); \
         INSERT INTO settings (name, value) VALUES ('a', 'b');",
    )
    .expect("record");
    for (table, columns) in Schema::of(&db).columns {
        if !APPEND_ONLY.contains(&table.as_str()) {
            let column = &columns[0].0;
            c.batch_execute(&format!("UPDATE {table} SET {column} = {column}")).expect("change");
            c.batch_execute(&format!("DELETE FROM {table}")).expect("delete");
            denied(&mut c, &format!("TRUNCATE {table}"));
            denied(&mut c, &format!("DROP TABLE {table}"));
        }
    }
}

#[test]
fn the_service_seals_and_signs_by_the_rights_that_it_has() {
    let Some(Parted { db, service_role, mut service, .. }) = parted() else { return };
    service
        .batch_execute(
            "INSERT INTO audit_events (id, at, action, outcome, subject_kind, subject_id, content, request_id) \
             VALUES ('1', '2021-02-03 04:05:06', 'x', 'x', 'x', 'x', 'x', 'x'); \
             INSERT INTO audit_pending (event_id) VALUES ('1');",
        )
        .expect("an event");
    let server = postgres::server().expect("a server");
    let url = server.url_of_role(&service_role, db.name());
    let sv = Store::new(Target::Postgres(url)).services().expect("services");
    assert_eq!(seal::drain(&sv).expect("sealed"), 1);
    let made = checkpoint::make(&sv, &keys()).expect("signed").expect("a checkpoint");
    assert_eq!(made.size, 1);
    denied(&mut service, "UPDATE audit_seals SET sealed_at = sealed_at");
    denied(&mut service, "DELETE FROM audit_checkpoints");
}

/// Whatever serving does: four cases from their first draft to their end.
#[test]
fn the_service_lives_the_demonstration_by_the_rights_that_it_has() {
    let Some(Parted { db, service_role, .. }) = parted() else { return };
    let server = postgres::server().expect("a server");
    let mut store = Store::new(Target::Postgres(server.url_of_role(&service_role, db.name())));
    store.clock = Clock::set_to(Moment::default());
    (store.hash.memory_kib, store.hash.iterations) = (8, 1);
    let sv = store.services().expect("services");
    demo::play(&sv, "sepeda biru di sawah", || Ok(())).expect("it is lived");
    let books = verify::verify(&sv, |_| {}).expect("a verification");
    assert_eq!(books.breaches, Vec::<String>::new());
}

#[test]
fn granting_again_never_opens_a_gap() {
    let Some(Parted { db: _db, owner, service_role, service: mut c }) = parted() else { return };
    let allowed = "SELECT CAST(has_table_privilege('audit_events', 'DELETE') AS INT)";
    std::thread::scope(|scope| {
        let migrating = scope.spawn(|| {
            for _ in 0..5 {
                migrate::up(&owner, Some(&service_role), some_moment()).expect("migrate");
            }
        });
        while !migrating.is_finished() {
            assert_eq!(number(&mut c, allowed), Ok(0), "for a moment, history could be deleted");
        }
        migrating.join().expect("join");
    });
}

#[test]
fn a_role_with_a_name_of_any_kind_is_only_a_name() {
    let Some(db) = TestDatabase::fresh(Kind::Postgres) else { return };
    let nobody = "x\"; DROP TABLE settings; --";
    assert!(migrate::up(db.target(), Some(nobody), some_moment()).is_err());
    assert_eq!(db.number("SELECT COUNT(*) FROM settings"), 0);
}
