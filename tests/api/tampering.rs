//! A copied database that was changed behind the service's back is found out: by `sentra verify`, and by the verifier that
//! works without Sentra. What was changed, and where, is drawn by lot.

mod commands;
mod single;

use crate::support::database::{Kind, TestDatabase, texts};
use crate::support::python::{python, said, tool};
use crate::support::served::sentra_on;
use diesel::connection::SimpleConnection;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sentra::app::Store;
use sentra::cli::demo;
use sentra::domain::audit::canonical;
use sentra::domain::moment::Moment;
use sentra::service::clock::Clock;
use sentra::service::seal::note::{SealKeys, VerifierKey};
use sentra::service::seal::outlet::{Folder, Outlet};
use sentra::service::seal::{self, checkpoint, export};
use sentra::service::verify::trail::{self, By, Finding, Kept, TrailReport};
use sentra::storage::AnyConnection;
use sentra::storage::connection::{Opener, Target, Use};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

/// The tables that make up the trail.
const TABLES: [&str; 10] = [
    "audit_events",
    "revisions",
    "journal_entries",
    "audit_seals",
    "audit_tiles",
    "audit_checkpoints",
    "audit_keys",
    "audit_personal",
    "audit_pending",
    "audit_sealer",
];

/// A trail that was lived and sealed, its checkpoints as they left the database, and the key that signed them.
struct Trail {
    database: Vec<u8>,
    notes: Vec<Kept>,
    files: Vec<PathBuf>,
    keys: Vec<VerifierKey>,
    columns: Vec<(&'static str, Vec<String>)>,
    _folder: tempfile::TempDir,
}

/// The demonstration's four cases, sealed day by day, with a checkpoint now and then.
fn lived() -> &'static Trail {
    static TRAIL: OnceLock<Trail> = OnceLock::new();
    TRAIL.get_or_init(|| {
        let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::new(db.target().clone());
        store.clock = Clock::set_to(Moment::default());
        store.hash.memory_kib = 8;
        store.hash.iterations = 1;
        let sv = store.services().expect("services");
        let keys = SealKeys::read_or_make(&folder.path().join("key.pem")).expect("keys");
        let mut steps = 0;
        demo::play(&sv, "sepeda biru di sawah", || {
            steps += 1;
            if steps % 20 == 0 {
                checkpoint::make(&sv, &keys).map_err(|error| error.to_string())?;
            }
            Ok(())
        })
        .expect("it is lived");
        seal::drain(&sv).expect("sealed");
        checkpoint::make(&sv, &keys).expect("signed");
        let out = folder.path().join("checkpoints");
        Outlet::new(Folder::new(out.clone())).bring_out(&sv).expect("brought out");
        let mut files: Vec<PathBuf> = std::fs::read_dir(&out)
            .expect("days")
            .flat_map(|day| std::fs::read_dir(day.expect("a day").path()).expect("files"))
            .map(|file| file.expect("a file").path())
            .collect();
        files.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
        let notes = files
            .iter()
            .map(|path| Kept {
                name: path.display().to_string(),
                note: std::fs::read_to_string(path).expect("a note"),
            })
            .collect();
        let keys = keys.verifiers(&checkpoint::origin(&sv).expect("a name"));
        let triggers = texts(
            &mut db.connect(),
            "SELECT name AS value FROM sqlite_master WHERE type = 'trigger'",
        );
        for trigger in triggers {
            db.execute(&format!("DROP TRIGGER {trigger}"));
        }
        let columns = TABLES.iter().map(|table| {
            let sql = format!("SELECT name AS value FROM pragma_table_info('{table}')");
            (*table, texts(&mut db.connect(), &sql))
        });
        let columns = columns.collect();
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)");
        let database = std::fs::read(db.path()).expect("the database");
        Trail { database, notes, files, keys, columns, _folder: folder }
    })
}

/// A copy of the trail's database.
struct Copy {
    c: AnyConnection,
    path: PathBuf,
    folder: tempfile::TempDir,
}

impl Copy {
    fn new() -> Copy {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sentra.db");
        std::fs::write(&path, &lived().database).expect("a copy");
        let opener = Opener { target: Target::Sqlite(path.clone()), purpose: Use::Write };
        let mut c = opener.open().expect("open");
        c.batch_execute("PRAGMA foreign_keys = OFF").expect("past references");
        Copy { c, path, folder }
    }

    fn texts(&mut self, sql: &str) -> Vec<String> {
        texts(&mut self.c, sql)
    }

    fn number(&mut self, sql: &str) -> Option<i64> {
        self.texts(&format!("SELECT CAST(({sql}) AS TEXT) AS value WHERE ({sql}) IS NOT NULL"))
            .pop()?
            .parse()
            .ok()
    }

    fn findings(&mut self) -> Vec<Finding> {
        self.verified(&lived().keys).findings
    }

    fn verified(&mut self, keys: &[VerifierKey]) -> TrailReport {
        let by = By { outside: &lived().notes, keys, now: Clock::System.now() };
        trail::verify_in(&mut self.c, by, &mut |_| {}).expect("verified")
    }

    /// The sequence of the event that a row is of, or names.
    fn seq_of(&mut self, table: &str, row: i64) -> Option<i64> {
        let event = match table {
            "audit_events" => "id",
            "revisions" | "journal_entries" | "audit_personal" | "audit_pending" => "event_id",
            "audit_seals" => {
                return self.number(&format!("SELECT seq FROM audit_seals WHERE rowid = {row}"));
            }
            _ => return None,
        };
        self.number(&format!(
            "SELECT seq FROM audit_seals WHERE event_id = (SELECT {event} FROM {table} WHERE rowid = {row})"
        ))
    }

    fn some_row(&mut self, dice: &mut StdRng, table: &str) -> Option<i64> {
        let count = self.number(&format!("SELECT COUNT(*) FROM {table}"))?;
        let at = dice.random_range(0..count.max(1));
        self.number(&format!("SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {at}"))
    }
}

/// What was done, and the sequence that has to be named first, where it is that of an event.
struct Change {
    words: String,
    first: Option<i64>,
    /// Whether it is in what only repeats the trail for speed, and is in no export.
    repeats: bool,
}

/// Whether a column only repeats, for speed, what the trail says elsewhere.
fn repeats(table: &str, column: &str) -> bool {
    table == "audit_tiles"
        || (table == "audit_seals"
            && ["action", "actor_id", "region_code", "outcome", "subject_kind"].contains(&column))
}

/// Changes a copy in a way that is drawn; `None` when the draw changes nothing, or is refused by the database itself.
fn change(copy: &mut Copy, dice: &mut StdRng) -> Option<Change> {
    match dice.random_range(0..6) {
        0 => turn_a_bit(copy, dice),
        1 => delete(copy, dice),
        2 => insert(copy, dice),
        3 => swap(copy, dice),
        4 => keep_as_something_else(copy, dice),
        _ => cut(copy, dice),
    }
}

/// Whether a column says nothing of the trail: what the fence is raised to, and until when there was nothing to seal.
fn says_nothing(table: &str, column: &str) -> bool {
    table == "audit_sealer" && ["fence", "sealed_through"].contains(&column)
}

/// A column, but for what names a row: turning that is deleting one and inserting another.
fn is_name(table: &str, column: &str) -> bool {
    matches!(
        (table, column),
        ("audit_events", "id") | ("audit_seals", "seq" | "event_id") | (_, "event_id")
    )
}

fn turn_a_bit(copy: &mut Copy, dice: &mut StdRng) -> Option<Change> {
    let (table, columns) = lived().columns.choose(dice)?;
    let column = columns.choose(dice).filter(|column| !says_nothing(table, column))?;
    let row = copy.some_row(dice, table)?;
    let first = copy.seq_of(table, row).filter(|_| !is_name(table, column));
    let place = format!("FROM {table} WHERE rowid = {row}");
    let kind = copy.texts(&format!("SELECT typeof({column}) AS value {place}")).pop()?;
    let new = match kind.as_str() {
        "integer" => {
            let number = copy.number(&format!("SELECT {column} {place}"))?;
            (number ^ (1 << dice.random_range(0..41))).to_string()
        }
        "text" => {
            let hex = copy.texts(&format!("SELECT hex({column}) AS value {place}")).pop()?;
            let mut bytes: Vec<u8> = (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal"))
                .collect();
            match bytes.len() {
                0 => bytes.push(b'x'),
                length => bytes[dice.random_range(0..length)] ^= 1 << dice.random_range(0..8),
            }
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("CAST(x'{hex}' AS TEXT)")
        }
        "null" => "'x'".to_owned(),
        other => panic!("{table}.{column} is {other}"),
    };
    copy.c
        .batch_execute(&format!("UPDATE {table} SET {column} = {new} WHERE rowid = {row}"))
        .ok()?;
    let repeats = repeats(table, column);
    Some(Change { words: format!("{table}.{column} of row {row} is {new}"), first, repeats })
}

/// Keeps a value as bytes, or a whole number as one with a fraction: it reads the same, and is no longer found.
fn keep_as_something_else(copy: &mut Copy, dice: &mut StdRng) -> Option<Change> {
    let (table, columns) = lived().columns.choose(dice)?;
    let column = columns.choose(dice)?;
    let row = copy.some_row(dice, table)?;
    let first = copy.seq_of(table, row).filter(|_| !is_name(table, column));
    let place = format!("FROM {table} WHERE rowid = {row}");
    let kind = copy.texts(&format!("SELECT typeof({column}) AS value {place}")).pop()?;
    let new = match kind.as_str() {
        "integer" if dice.random_bool(0.5) => format!("{column} + 0.5"),
        "null" => "x''".to_owned(),
        _ => format!("CAST({column} AS BLOB)"),
    };
    let sql = format!("UPDATE {table} SET {column} = {new} WHERE rowid = {row}");
    copy.c.batch_execute(&sql).ok()?;
    let words = format!("{table}.{column} of row {row} is {new}, and was {kind}");
    // A name that is kept otherwise may be looked for in vain, or leave a gap that another sequence names.
    let repeats = repeats(table, column);
    Some(Change { words, first, repeats })
}

fn delete(copy: &mut Copy, dice: &mut StdRng) -> Option<Change> {
    // A personal value that is deleted is erased, which is allowed.
    let table = TABLES.iter().filter(|table| **table != "audit_personal").collect::<Vec<_>>();
    let table = **table.choose(dice)?;
    let row = copy.some_row(dice, table)?;
    let first = copy.seq_of(table, row);
    copy.c.batch_execute(&format!("DELETE FROM {table} WHERE rowid = {row}")).expect("deleted");
    let repeats = repeats(table, "");
    Some(Change { words: format!("row {row} of {table} is deleted"), first, repeats })
}

fn insert(copy: &mut Copy, dice: &mut StdRng) -> Option<Change> {
    let new = uuid::Uuid::now_v7();
    let last = copy.number("SELECT MAX(seq) FROM audit_seals")?;
    let below = [i64::MIN, -1, -last][dice.random_range(0..3)];
    let (table, names): (&str, &[(&str, String)]) = match dice.random_range(0..8) {
        0 => ("audit_events", &[("id", format!("'{new}'"))]),
        1 => ("revisions", &[("id", format!("'{new}'"))]),
        2 => ("journal_entries", &[("id", format!("'{new}'")), ("reverses_id", "NULL".to_owned())]),
        3 => ("audit_seals", &[("seq", (last + 1).to_string()), ("event_id", format!("'{new}'"))]),
        4 => ("audit_checkpoints", &[("size", format!("size + {}", dice.random_range(1..9)))]),
        5 => ("audit_personal", &[("field", "'other'".to_owned())]),
        6 => ("audit_seals", &[("seq", below.to_string()), ("event_id", format!("'{new}'"))]),
        _ => ("audit_tiles", &[("position", "position + 7".to_owned())]),
    };
    let row = copy.some_row(dice, table)?;
    let first = match (table, names[0].1.starts_with('-')) {
        ("audit_seals", true) => Some(below),
        ("audit_events" | "audit_seals", _) => Some(last + 1),
        _ => copy.seq_of(table, row),
    };
    let (_, columns) = lived().columns.iter().find(|(known, _)| *known == table)?;
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let given = names.iter().find(|(name, _)| name == column);
            given.map_or(column.clone(), |(_, value)| value.clone())
        })
        .collect();
    let sql = format!(
        "INSERT INTO {table} SELECT {} FROM {table} WHERE rowid = {row}",
        values.join(", ")
    );
    copy.c.batch_execute(&sql).ok()?;
    let words = format!("row {row} of {table} is there once more: {names:?}");
    Some(Change { words, first, repeats: repeats(table, "") })
}

fn swap(copy: &mut Copy, dice: &mut StdRng) -> Option<Change> {
    let (table, columns) = lived().columns.choose(dice)?;
    let column = columns.choose(dice)?;
    let (one, other) = (copy.some_row(dice, table)?, copy.some_row(dice, table)?);
    let read = |copy: &mut Copy, row| {
        copy.texts(&format!("SELECT quote({column}) AS value FROM {table} WHERE rowid = {row}"))
            .pop()
    };
    let (mine, its) = (read(copy, one)?, read(copy, other)?);
    if mine == its {
        return None;
    }
    let firsts = (copy.seq_of(table, one), copy.seq_of(table, other));
    let first = match firsts {
        (Some(one), Some(other)) if !is_name(table, column) => Some(one.min(other)),
        _ => None,
    };
    let set =
        |row, value: &str| format!("UPDATE {table} SET {column} = {value} WHERE rowid = {row};");
    // By way of a value that nothing has, where two may not have the same.
    let away = if mine.starts_with('\'') { "'~'" } else { "-1" };
    let sql = [set(one, away), set(other, &mine), set(one, &its)].concat();
    copy.c.batch_execute(&sql).ok()?;
    let words = format!("{table}.{column} of rows {one} and {other} are swapped");
    Some(Change { words, first, repeats: repeats(table, column) })
}

/// Takes away the end of the trail, with all that would tell of it within the database.
fn cut(copy: &mut Copy, dice: &mut StdRng) -> Option<Change> {
    let covered = copy.number("SELECT MAX(size) FROM audit_checkpoints")?;
    let last = dice.random_range(1..covered);
    let gone = format!("(SELECT event_id FROM audit_seals WHERE seq > {last})");
    copy.c
        .batch_execute(&format!(
            "DELETE FROM audit_events WHERE id IN {gone}; DELETE FROM revisions WHERE event_id IN {gone}; \
             DELETE FROM journal_entries WHERE event_id IN {gone}; DELETE FROM audit_personal WHERE event_id IN {gone}; \
             DELETE FROM audit_seals WHERE seq > {last}; DELETE FROM audit_checkpoints WHERE size > {last}; \
             DELETE FROM audit_keys WHERE NOT EXISTS (SELECT 1 FROM audit_checkpoints); \
             DELETE FROM audit_tiles WHERE (level = 1 AND (position + 1) * 256 > {last}) OR level > 1; \
             UPDATE audit_sealer SET last_seq = {last}, \
             last_hash = (SELECT hash FROM audit_seals WHERE seq = {last});"
        ))
        .expect("cut");
    let words = format!("the trail is cut after {last}");
    Some(Change { words, first: Some(last + 1), repeats: false })
}

/// Every change that is drawn is found, and the first bad sequence named.
fn all_are_found(seed: u64, count: usize) {
    let mut copy = Copy::new();
    assert_eq!(copy.findings(), Vec::new(), "the copy itself");
    let mut dice = StdRng::seed_from_u64(seed);
    let mut made = 0;
    while made < count {
        copy.c.batch_execute("SAVEPOINT changed").expect("a savepoint");
        if let Some(change) = change(&mut copy, &mut dice) {
            made += 1;
            let findings = copy.findings();
            assert!(!findings.is_empty(), "change {made}, not found: {}", change.words);
            if let Some(first) = change.first {
                let named = findings.iter().map(|finding| finding.seq).find(|seq| *seq != 0);
                assert_eq!(named, Some(first), "change {made}: {}\n{findings:#?}", change.words);
            }
        }
        copy.c.batch_execute("ROLLBACK TO changed; RELEASE changed").expect("as before");
    }
    assert_eq!(copy.findings(), Vec::new(), "the copy is as it was");
}

#[test]
fn two_hundred_changes_behind_the_service_s_back_are_found() {
    all_are_found(1, 200);
}

/// `cargo test --test api ten_thousand_changes -- --ignored`
#[test]
#[ignore = "minutes"]
fn ten_thousand_changes_behind_the_service_s_back_are_found() {
    all_are_found(2, 10_000);
}

/// The export of a copy.
fn exported(copy: &Copy) -> PathBuf {
    let lines = copy.folder.path().join("trail.ndjson");
    let sv = Store::new(Target::Sqlite(copy.path.clone())).services().expect("services");
    let mut file = std::fs::File::create(&lines).expect("a file");
    export::export(&sv, &mut file, |_| {}).expect("exported");
    lines
}

/// What the stand-alone verifier says of the export of a database.
fn stand_alone(python: &str, copy: &Copy) -> Output {
    stand_alone_by(python, &exported(copy), &lived().keys)
}

/// The same of an export, by keys of one's own.
fn stand_alone_by(python: &str, lines: &Path, keys: &[VerifierKey]) -> Output {
    let mut command = tool(python, "verify_audit.py");
    command.arg(lines);
    for key in keys {
        command.args(["--key", &key.to_string()]);
    }
    for file in &lived().files {
        command.arg("--checkpoint").arg(file);
    }
    command.output().expect("run")
}

/// Each change that is drawn, in a copy of its own, is found without Sentra too.
fn all_are_found_without_sentra(seed: u64, count: usize) {
    let Some(python) = python() else { return };
    let untouched = stand_alone(&python, &Copy::new());
    assert_eq!(untouched.status.code(), Some(0), "{}", said(&untouched));
    let mut dice = StdRng::seed_from_u64(seed);
    let mut made = 0;
    while made < count {
        let mut copy = Copy::new();
        let drawn = change(&mut copy, &mut dice);
        let Some(change) = drawn.filter(|change| !change.repeats) else { continue };
        made += 1;
        let output = stand_alone(&python, &copy);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "change {made}: {}\n{said}", change.words);
        if let Some(first) = change.first {
            let named = said.lines().find_map(|line| line.strip_prefix("BREACH: sequence "));
            let named = named.and_then(|rest| rest.split(':').next());
            assert_eq!(
                named,
                Some(first.to_string().as_str()),
                "change {made}: {}\n{said}",
                change.words
            );
        }
    }
}

#[test]
fn changes_behind_the_service_s_back_are_found_without_sentra() {
    all_are_found_without_sentra(3, 8);
}

/// `cargo test --test api a_hundred_changes -- --ignored`
#[test]
#[ignore = "a minute"]
fn a_hundred_changes_behind_the_service_s_back_are_found_without_sentra() {
    all_are_found_without_sentra(4, 100);
}

#[test]
fn personal_values_can_be_erased_and_the_trail_still_holds() {
    let mut copy = Copy::new();
    assert!(copy.number("SELECT COUNT(*) FROM audit_personal").is_some_and(|count| count > 10));
    copy.c.batch_execute("DELETE FROM audit_personal").expect("erased");
    assert_eq!(copy.findings(), Vec::new());
    if let Some(python) = python() {
        let output = stand_alone(&python, &copy);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }
}

#[test]
fn the_command_compares_with_checkpoints_that_were_kept_elsewhere() {
    let mut copy = Copy::new();
    let newest = lived().files.last().expect("a checkpoint").clone();
    let verify = |copy: &Copy| {
        let mut command = sentra_on("verify", &copy.path.display().to_string(), copy.folder.path());
        command.arg("--checkpoint").arg(&newest).args(["--key", &lived().keys[0].to_string()]);
        command.output().expect("run")
    };
    let output = verify(&copy);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let last = copy.number("SELECT MAX(seq) FROM audit_seals").expect("a sequence");
    let cut = cut(&mut copy, &mut StdRng::seed_from_u64(5)).expect("cut");
    let output = verify(&copy);
    let first = cut.first.expect("a sequence");
    assert!(first <= last);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains(&format!("BREACH: sequence {first}: ")), "{}", said(&output));
}
