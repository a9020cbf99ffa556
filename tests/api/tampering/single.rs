//! Single changes behind the service's back, each of a kind that chance would hardly draw.

use super::*;
use crate::sealing::{event, happen_as};
use sentra::service::verify;
use sentra::storage::audit::EventRow;

#[test]
fn a_moment_that_is_only_written_otherwise_is_found_too() {
    let mut copy = Copy::new();
    let sql = "UPDATE audit_events SET at = replace(at, '-0', '- ') WHERE rowid = (SELECT rowid FROM audit_events \
               WHERE at LIKE '%-0%' LIMIT 1)";
    copy.c.batch_execute(sql).expect("changed");
    let found = copy.findings();
    assert!(!found.is_empty());
}

/// What both verifiers say of a copy that was changed by a statement, which names this sequence first.
fn is_found_at(sql: &str, first: &str) {
    let mut copy = Copy::new();
    let first = copy.number(first).expect("a sequence");
    copy.c.batch_execute(sql).expect(sql);
    let findings = copy.findings();
    assert_eq!(findings.first().map(|one| one.seq), Some(first), "{sql}\n{findings:#?}");
    let Some(python) = python() else { return };
    let said = said(&stand_alone(&python, &copy));
    let words = match first {
        0 => "there is a seal of sequence 0".to_owned(),
        seq => format!("BREACH: sequence {seq}: "),
    };
    assert!(
        said.lines()
            .find(|line| line.starts_with("BREACH"))
            .is_some_and(|line| line.contains(&words)),
        "{sql}\n{said}"
    );
}

#[test]
fn what_reads_the_same_and_is_kept_as_something_else_is_named_by_both_verifiers() {
    let some =
        "SELECT id FROM audit_events WHERE proposal_id IS NOT NULL ORDER BY id LIMIT 1 OFFSET 9";
    let of_some = format!("SELECT seq FROM audit_seals WHERE event_id = ({some})");
    for column in ["proposal_id", "content", "at"] {
        let sql = format!(
            "UPDATE audit_events SET {column} = CAST({column} AS BLOB) WHERE id = ({some})"
        );
        is_found_at(&sql, &of_some);
    }
    let sql = "UPDATE revisions SET version = version + 0.5 \
               WHERE id = (SELECT id FROM revisions ORDER BY event_id LIMIT 1)";
    let first = "SELECT seq FROM audit_seals WHERE event_id = (SELECT event_id FROM revisions ORDER BY event_id LIMIT 1)";
    is_found_at(sql, first);
    // A sequence that leads to itself again and again.
    let last = "SELECT MAX(seq) FROM audit_seals";
    is_found_at(
        "UPDATE audit_seals SET seq = seq + 0.5 WHERE seq = (SELECT MAX(seq) FROM audit_seals)",
        last,
    );
    for sql in [
        "UPDATE audit_checkpoints SET size = size + 0.5 WHERE size = (SELECT MAX(size) FROM audit_checkpoints)",
        "UPDATE audit_tiles SET position = position + 0.5",
        // No text at all.
        "UPDATE audit_tiles SET root = CAST(x'ff' AS TEXT) || SUBSTR(root, 2)",
        "UPDATE audit_checkpoints SET root = CAST(x'ff' AS TEXT) || SUBSTR(root, 2)",
        "UPDATE audit_seals SET leaf = CAST(x'ff' AS TEXT) || SUBSTR(leaf, 2) WHERE seq = 9",
        "UPDATE audit_events SET id = CAST(id AS BLOB) WHERE id = (SELECT MAX(id) FROM audit_events)",
        "DELETE FROM audit_sealer",
    ] {
        let mut copy = Copy::new();
        copy.c.batch_execute(sql).expect(sql);
        assert!(!copy.findings().is_empty(), "{sql}");
    }
}

#[test]
fn what_is_no_text_is_not_taken_for_the_mark_that_stands_for_it() {
    let mut copy = Copy::new();
    let sv = Store::new(Target::Sqlite(copy.path.clone())).services().expect("services");
    let marked = event(sv.clock.now());
    let request_id = char::REPLACEMENT_CHARACTER.to_string();
    happen_as(&sv, &EventRow { request_id, ..marked.clone() });
    seal::drain(&sv).expect("sealed");
    assert_eq!(copy.findings(), Vec::new());
    let (id, last) = (marked.id, copy.number("SELECT MAX(seq) FROM audit_seals"));
    copy.c
        .batch_execute(&format!(
            "UPDATE audit_events SET request_id = CAST(x'ff' AS TEXT) WHERE id = '{id}'"
        ))
        .expect("changed");
    let findings = copy.findings();
    assert_eq!(findings.first().map(|one| one.seq), last, "{findings:#?}");
    assert!(findings[0].words.contains("can't be read"), "{findings:#?}");
}

#[test]
fn a_seal_below_the_first_is_named_by_both_verifiers() {
    for seq in [i64::MIN, -7, 0] {
        is_found_at(
            &format!(
                "INSERT INTO audit_events SELECT 'hidden', at, actor_id, actor_role, grant_id, action, outcome, \
                 subject_kind, subject_id, proposal_id, region_code, content, request_id FROM audit_events LIMIT 1; \
                 INSERT INTO audit_seals SELECT {seq}, 'hidden', leaf, hash, sealed_at, action, actor_id, region_code, outcome, subject_kind \
                 FROM audit_seals WHERE seq = 1"
            ),
            &seq.to_string(),
        );
    }
}

#[test]
fn whoever_signs_a_rewritten_trail_by_a_key_of_his_own_is_found_by_the_key_that_others_know() {
    let mut copy = Copy::new();
    let sv = Store::new(Target::Sqlite(copy.path.clone())).services().expect("services");
    copy.c.batch_execute("DELETE FROM audit_checkpoints; DELETE FROM audit_keys").expect("away");
    let forger = SealKeys::read_or_make(&copy.folder.path().join("key.pem")).expect("keys");
    checkpoint::make(&sv, &forger).expect("signed").expect("a checkpoint");
    let (own, known) = (forger.verifiers(&checkpoint::origin(&sv).expect("a name")), &lived().keys);
    let verified = |keys: &[VerifierKey]| trail::verify(&sv, &[], keys, |_| {}).expect("verified");
    assert_eq!(verified(&[]).findings, Vec::new(), "it agrees with itself");
    assert_eq!(verified(&own).findings, Vec::new());
    let found = verified(known);
    assert!(found.findings.iter().any(|one| one.words.contains("signed by no key")), "{found:?}");
    assert!(found.flags.iter().any(|flag| flag.contains(&own[0].to_string())), "{found:?}");
    let both = verified(&[own.clone(), known.clone()].concat());
    assert_eq!((both.findings, both.flags), (Vec::new(), Vec::new()));
    let Some(python) = python() else { return };
    let output = stand_alone(&python, &copy);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("flag: the service names a key"), "{}", said(&output));
}

#[test]
fn a_key_that_was_changed_is_given_together_with_the_one_before() {
    let mut copy = Copy::new();
    let sv = Store::new(Target::Sqlite(copy.path.clone())).services().expect("services");
    let new = SealKeys::read_or_make(&copy.folder.path().join("key.pem")).expect("keys");
    crate::sealing::happen_in(&sv);
    seal::drain(&sv).expect("sealed");
    checkpoint::make(&sv, &new).expect("signed").expect("a checkpoint");
    let new = new.verifiers(&checkpoint::origin(&sv).expect("a name"));
    let both = [lived().keys.clone(), new.clone()].concat();
    assert_eq!(copy.verified(&both).findings, Vec::new());
    assert!(!copy.verified(&new).findings.is_empty());
    let Some(python) = python() else { return };
    let lines = copy.folder.path().join("trail.ndjson");
    let mut file = std::fs::File::create(&lines).expect("a file");
    export::export(&sv, &mut file, |_| {}).expect("exported");
    for (keys, code) in [(&both, 0), (&new, 1)] {
        let output = stand_alone_by(&python, &lines, keys);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    }
}

#[test]
fn what_was_sealed_by_a_clock_that_is_ahead_is_flagged() {
    let mut copy = Copy::new();
    assert_eq!(copy.verified(&lived().keys).flags, Vec::<String>::new());
    copy.c
        .batch_execute("UPDATE audit_sealer SET sealed_through = '2999-01-01 00:00:00'")
        .expect("changed");
    let found = copy.verified(&lived().keys);
    assert_eq!(found.findings, Vec::new());
    assert!(found.flags[0].contains("2999-01-01"), "{found:?}");
    let Some(python) = python() else { return };
    let output = stand_alone(&python, &copy);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("flag: the trail is sealed through 2999"), "{}", said(&output));
}

#[test]
fn many_findings_do_not_hide_the_first() {
    let mut copy = Copy::new();
    // Found after all the others, and before them.
    copy.c
        .batch_execute(
            "UPDATE audit_events SET request_id = 'x' WHERE id > (SELECT event_id FROM audit_seals WHERE seq = 9); \
             INSERT INTO audit_pending SELECT event_id FROM audit_seals WHERE seq = 3",
        )
        .expect("changed");
    let findings = copy.findings();
    assert_eq!((findings.len(), findings[0].seq), (50, 3), "{findings:#?}");
}

#[test]
fn the_command_takes_the_checkpoints_of_the_data_folder_too() {
    let copy = Copy::new();
    let key = lived().keys[0].to_string();
    let verify = || {
        let mut command = sentra_on("verify", &copy.path.display().to_string(), copy.folder.path());
        command.args(["--trail-only", "--key", &key]).output().expect("run")
    };
    let hold = |output: &Output| {
        let said = said(output);
        let (_, rest) = said.split_once(" s, ").expect("figures");
        rest.split(' ').next().expect("a number").parse::<usize>().expect("a number")
    };
    let alone = verify();
    assert_eq!(alone.status.code(), Some(0), "{}", said(&alone));
    let day = copy.folder.path().join("checkpoints/2020-01-01");
    std::fs::create_dir_all(&day).expect("a folder");
    let newest = lived().files.last().expect("a file");
    let kept = day.join(newest.file_name().expect("a name"));
    std::fs::copy(newest, &kept).expect("kept");
    let with = verify();
    assert_eq!((with.status.code(), hold(&with)), (Some(0), hold(&alone) + 1), "{}", said(&with));
    let other = std::fs::read_to_string(&lived().files[0]).expect("a note");
    std::fs::write(&kept, other.replacen("Z\n", "Z \n", 1)).expect("changed");
    assert_eq!(verify().status.code(), Some(1));
    // What can't be read is named, without acting on the terminal, and the books are looked at all the same.
    std::fs::write(&kept, "x".repeat(1 << 20)).expect("changed");
    let mut whole = sentra_on("verify", &copy.path.display().to_string(), copy.folder.path());
    let named = copy.folder.path().join("no\u{1b}[2K.txt");
    let output = whole.arg("--checkpoint").arg(&named).output().expect("run");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("it is too long for a note") && said.contains(" proposals, "), "{said}");
    assert!(said.contains("no\\u{1b}[2K.txt") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn what_an_export_says_twice_or_besides_is_refused_and_acts_on_no_terminal() {
    let Some(python) = python() else { return };
    let copy = Copy::new();
    let path = exported(&copy);
    let lines = std::fs::read_to_string(&path).expect("lines");
    let starting = |kind: &str| {
        let start = format!("{{\"kind\":\"{kind}\",");
        lines.lines().find(|line| line.starts_with(&start)).expect("a line").to_owned()
    };
    let (event, key, note) = (starting("event"), starting("key"), starting("checkpoint"));
    let through =
        starting("trail").split("\"sealed_through\":\"").nth(1).expect("it")[..27].to_owned();
    let more = |line: &str, more: &str| line.replacen(',', &format!(",{more},"), 1);
    let twice = |line: &str| format!("{line}\n{line}");
    for (from, to, words) in [
        (&event, more(&event, "\"seq\":7"), "a name is there twice"),
        (&event, more(&event, "\"more\":7"), "sequence 1: its line has other names"),
        (&key, twice(&key), "a key is named twice"),
        (&note, twice(&note), "a checkpoint of "),
        (&note, "x".repeat((1 << 26) + 1), "it is cut, or too long"),
    ] {
        std::fs::write(&path, lines.replacen(from, &to, 1)).expect("written");
        let output = by_the_key_alone(&python, &path);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{words}: {said}");
        assert!(said.contains(words) && !said.contains("Traceback"), "{words}: {said}");
    }
    let acting = lines.replacen(&through, "2999\\u001b[2K", 1);
    std::fs::write(&path, acting).expect("written");
    let output = by_the_key_alone(&python, &path);
    let said = said(&output);
    assert!(said.contains("sealed through 2999\\x1b[2K") && !said.contains('\u{1b}'), "{said}");
}

/// The content of each event and revision of a database is canonical JSON, whatever its kind.
fn all_is_canonical(c: &mut AnyConnection) {
    let all = "SELECT content AS value FROM audit_events UNION ALL SELECT content FROM revisions";
    let contents = texts(c, all);
    assert!(contents.len() > 100);
    for content in contents {
        let value: serde_json::Value = serde_json::from_str(&content).expect("JSON");
        assert_eq!(canonical(&value).expect("text"), content);
    }
}

#[test]
fn the_content_of_each_kind_of_event_is_canonical() {
    all_is_canonical(&mut Copy::new().c);
}

#[test]
fn what_the_commands_sign_and_export_is_accepted_without_sentra() {
    let db = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let folder = tempfile::tempdir().expect("a folder");
    let run = |command: &str, more: &[&str]| {
        let output = sentra_on(command, &db.url(), folder.path()).args(more).output().expect("run");
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).expect("text")
    };
    run("seed", &["--proposals", "20"]);
    all_is_canonical(&mut db.connect());
    let early = sentra_on("audit", &db.url(), folder.path()).arg("key").output().expect("run");
    assert!(!early.status.success(), "there is no key yet, and none is made for the asking");
    assert!(!folder.path().join("seal-key.pem").exists());
    let note = run("audit", &["checkpoint"]);
    let key = run("audit", &["key"]);
    assert_eq!(run("audit", &["checkpoint"]), note, "nothing happened since");
    let (lines, kept) = (folder.path().join("trail.ndjson"), folder.path().join("kept.txt"));
    std::fs::write(&kept, &note).expect("kept");
    let (to, kept) = (lines.display().to_string(), kept.display().to_string());
    run("export", &["audit", "--to", &to]);
    let verified = run("verify", &["--checkpoint", &kept, "--key", key.trim()]);
    assert!(
        // That it was exported is an event, too.
        verified.contains("3 checkpoints hold, 1 events wait to be sealed: 0 breaches"),
        "{verified}"
    );
    let Some(python) = python() else { return };
    let arguments = [&to, "--key", key.trim(), "--checkpoint", &kept];
    let output = tool(&python, "verify_audit.py").args(arguments).output().expect("run");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("2 checkpoints hold"), "{}", said(&output));
}

#[test]
fn the_stand_alone_verifier_is_short_and_asks_for_one_package() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/verify_audit.py");
    let source = std::fs::read_to_string(path).expect("the verifier");
    assert!(source.lines().count() <= 300, "{}", source.lines().count());
    let imports =
        source.lines().filter(|line| line.starts_with("import ") || line.starts_with("from "));
    let foreign: Vec<&str> = imports
        .filter_map(|line| line.split([' ', '.']).nth(1))
        .filter(|name| !["argparse", "base64", "hashlib", "json", "sys", "time"].contains(name))
        .collect();
    assert_eq!(foreign, ["cryptography", "cryptography"]);
}

#[test]
fn an_event_without_an_id_hides_nothing() {
    let hidden = "INSERT INTO audit_events SELECT '', at, actor_id, actor_role, grant_id, action, outcome, subject_kind, \
                  subject_id, proposal_id, region_code, content, request_id FROM audit_events LIMIT 1; \
                  INSERT INTO revisions SELECT 'more', subject_kind, subject_id, version + 1000, '', content FROM revisions \
                  LIMIT 1";
    is_found_at(hidden, "SELECT MAX(seq) + 1 FROM audit_seals");
}

#[test]
fn an_event_that_was_sealed_twice_is_named_and_hides_no_other() {
    let mut copy = Copy::new();
    let last = copy.number("SELECT MAX(seq) FROM audit_seals").expect("a sequence");
    // As many events as seals with an event: by their number nothing is amiss.
    let sql = "DROP INDEX audit_seals_by_event_id; \
               INSERT INTO audit_seals SELECT (SELECT MAX(seq) + 1 FROM audit_seals), event_id, leaf, hash, sealed_at, \
               action, actor_id, region_code, outcome, subject_kind FROM audit_seals WHERE seq = 3; \
               INSERT INTO audit_events SELECT '00000000-0000-7000-8000-000000000000', at, actor_id, actor_role, grant_id, \
               action, outcome, subject_kind, subject_id, proposal_id, region_code, content, request_id \
               FROM audit_events LIMIT 1";
    copy.c.batch_execute(sql).expect("changed");
    let findings = copy.findings();
    let twice = findings.iter().find(|one| one.words.contains("has sealed its event already"));
    assert_eq!(twice.map(|one| one.seq), Some(last + 1), "{findings:#?}");
}

#[test]
fn a_fraction_of_a_second_that_tells_nothing_is_named() {
    let some = "SELECT id FROM audit_events WHERE length(at) = 19 ORDER BY id LIMIT 1 OFFSET 3";
    for zeros in [".000", ".000000"] {
        let sql = format!("UPDATE audit_events SET at = at || '{zeros}' WHERE id = ({some})");
        is_found_at(&sql, &format!("SELECT seq FROM audit_seals WHERE event_id = ({some})"));
    }
}

#[test]
fn a_trail_that_nobody_signed_is_not_held_by_a_key() {
    let mut copy = Copy::new();
    copy.c.batch_execute("DELETE FROM audit_checkpoints; DELETE FROM audit_keys").expect("away");
    let by = |keys| By { outside: &[], keys, now: Clock::System.now() };
    let verified = |copy: &mut Copy, keys| trail::verify_in(&mut copy.c, by(keys), &mut |_| {});
    assert_eq!(verified(&mut copy, &[]).expect("verified").findings, Vec::new());
    let found = verified(&mut copy, &lived().keys).expect("verified").findings;
    assert!(found.iter().any(|one| one.words.contains("no checkpoint")), "{found:?}");
}

#[test]
fn a_row_that_an_index_does_not_hold_is_named() {
    let mut copy = Copy::new();
    let rows = copy.number("SELECT COUNT(*) FROM revisions").expect("a number");
    copy.c
        .batch_execute(
            "PRAGMA writable_schema = ON; \
             CREATE TEMP TABLE away AS SELECT * FROM sqlite_schema WHERE name = 'revisions_by_event_id'; \
             DELETE FROM sqlite_schema WHERE name = 'revisions_by_event_id'; \
             PRAGMA writable_schema = RESET",
        )
        .expect("the index is not known");
    copy.c
        .batch_execute(
            "INSERT INTO revisions SELECT 'more', subject_kind, subject_id, version + 1000, event_id, content \
             FROM revisions ORDER BY id LIMIT 1; \
             PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM away; PRAGMA writable_schema = RESET",
        )
        .expect("it is known again");
    let sv = Store::new(Target::Sqlite(copy.path.clone())).services().expect("services");
    let found = verify::file(&sv).expect("looked at").expect("a file");
    assert!(found.iter().any(|words| words.contains("revisions_by_event_id")), "{found:?}, {rows}");
}

#[test]
fn books_that_can_t_be_read_do_not_hide_what_the_trail_tells() {
    let mut copy = Copy::new();
    let sql = "UPDATE proposals SET state = 'bogus'; UPDATE audit_events SET request_id = 'x' \
               WHERE id = (SELECT event_id FROM audit_seals WHERE seq = 9)";
    copy.c.batch_execute(sql).expect("changed");
    let mut command = sentra_on("verify", &copy.path.display().to_string(), copy.folder.path());
    let output = command.output().expect("run");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("BREACH: sequence 9: "), "{said}");
    assert!(said.contains("BREACH: the proposals can't be read"), "{said}");
    assert!(said.contains("BREACH: proposal 0") && said.contains(" proposals, "), "{said}");
}

/// What the stand-alone verifier says of a copy by the key alone: whoever asks kept no checkpoint.
pub(super) fn by_the_key_alone(python: &str, lines: &Path) -> Output {
    let mut command = tool(python, "verify_audit.py");
    command.arg(lines).args(["--key", &lived().keys[0].to_string()]).output().expect("run")
}

#[test]
fn a_sealer_that_is_set_back_is_found_by_both_verifiers() {
    let mut copy = Copy::new();
    let last = copy.number("SELECT MAX(seq) FROM audit_seals").expect("a sequence");
    copy.c
        .batch_execute("UPDATE audit_sealer SET sealed_through = '2001-01-01 00:00:00'")
        .expect("changed");
    let words = "it was sealed later than the sealer says it did";
    let finding = Finding { seq: last, words: words.to_owned() };
    assert_eq!(copy.findings(), [finding]);
    let Some(python) = python() else { return };
    let output = stand_alone(&python, &copy);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let expected = format!("BREACH: sequence {last}: {words}");
    assert!(said(&output).contains(&expected), "{}", said(&output));
}

#[test]
fn a_text_that_is_kept_as_a_key_and_is_none_is_found_by_both_verifiers() {
    let mut copy = Copy::new();
    let sql = "INSERT INTO audit_keys SELECT 'sentra+0badcafe+AQ==', first_used_at FROM audit_keys LIMIT 1";
    copy.c.batch_execute(sql).expect("changed");
    let findings = copy.findings();
    assert!(findings.iter().any(|one| one.words.contains("sentra+0badcafe")), "{findings:?}");
    let Some(python) = python() else { return };
    let output = stand_alone(&python, &copy);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("'sentra+0badcafe+AQ==' is no key"), "{}", said(&output));
}

#[test]
fn a_trail_of_which_nothing_is_signed_is_not_clean_without_sentra() {
    let Some(python) = python() else { return };
    let mut copy = Copy::new();
    let whole = by_the_key_alone(&python, &exported(&copy));
    assert_eq!(whole.status.code(), Some(0), "{}", said(&whole));
    copy.c.batch_execute("DELETE FROM audit_checkpoints; DELETE FROM audit_keys").expect("away");
    let output = by_the_key_alone(&python, &exported(&copy));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let words = "no checkpoint that is signed by a trusted key holds";
    assert!(said(&output).contains(words), "{}", said(&output));
}

#[test]
fn a_line_that_is_nested_too_deeply_is_named_and_the_rest_is_looked_at() {
    let Some(python) = python() else { return };
    let mut copy = Copy::new();
    let last = copy.number("SELECT MAX(seq) FROM audit_seals").expect("a sequence");
    let path = exported(&copy);
    let lines = std::fs::read_to_string(&path).expect("lines");
    let (first, rest) = lines.split_once('\n').expect("a line");
    let deep = "[".repeat(200_000);
    std::fs::write(&path, format!("{first}\n{deep}\n{rest}")).expect("written");
    let output = by_the_key_alone(&python, &path);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("line 2 of the export: maximum recursion depth"), "{said}");
    assert!(said.contains(&format!("{last} events, ")) && !said.contains("Traceback"), "{said}");
    assert!(!said.contains(", 0 checkpoints hold"), "{said}");
}
