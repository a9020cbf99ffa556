//! What a forger makes of an evidence pack, with a manifest that agrees, is found without Sentra; and what can not be read
//! is named, and the rest looked at.

use crate::evidence::{pack, packed, sha256, unpacked};
use crate::findings::auditor_of;
use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life};
use crate::support::python::{python, said, tool};
use sentra::domain::people::Role;
use sentra::service::seal::checkpoint;
use sentra::service::seal::note::SealKeys;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Output;

type Files = BTreeMap<String, Vec<u8>>;

/// A proposal with money of every kind, in a year that goes on.
async fn lived(app: &TestApp) -> Life<'_> {
    let life = CONSTRUCTION.at(app, "funded").await;
    life.spend(5_000).await.is(201);
    let wrong = life.entry("spend").await;
    life.reverse(&life.who(Role::Inspector).await, &wrong).await.is(201);
    life.spend(7_000).await.is(201);
    life
}

/// Whoever has a pack, and what is told of it without Sentra.
struct Checker {
    python: String,
    key: String,
    folder: tempfile::TempDir,
}

impl Checker {
    fn of(app: &TestApp, keys: &SealKeys) -> Option<Checker> {
        let origin = checkpoint::origin(&app.services).expect("a name");
        let key = keys.verifiers(&origin)[0].to_string();
        Some(Checker { python: python()?, key, folder: tempfile::tempdir().expect("a folder") })
    }

    fn run(&self, archive: &[u8]) -> Output {
        let path = self.folder.path().join("pack.zip");
        std::fs::write(&path, archive).expect("written");
        let mut command = tool(&self.python, "verify_pack.py");
        command.arg(&path).args(["--key", &self.key]).output().expect("run")
    }

    /// That these words are among those that it says of an archive, with this code.
    fn says(&self, what: &str, archive: &[u8], (code, words): (i32, &[&str])) {
        let output = self.run(archive);
        let all = said(&output);
        assert_eq!(output.status.code(), Some(code), "{what}: {all}");
        for words in words {
            assert!(all.contains(words), "{what}: {words}: {all}");
        }
        assert!(!all.contains("Traceback"), "{what}: {all}");
    }
}

fn told(files: &Files, name: &str) -> String {
    String::from_utf8(files[name].clone()).expect("text")
}

/// The files with another one in the place of one of them, and a manifest that was changed and agrees with all.
fn forged(files: &Files, name: &str, instead: String, change: impl Fn(&mut Value)) -> Vec<u8> {
    let mut files = files.clone();
    files.insert(name.to_owned(), instead.into_bytes());
    let mut manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
    change(&mut manifest);
    for file in manifest["files"].as_array_mut().expect("files") {
        file["sha256"] = json!(sha256(&files[&text(&file["path"])]));
    }
    files.insert("manifest.json".to_owned(), manifest.to_string().into_bytes());
    packed(&files)
}

/// The same without a change of the manifest but for the hashes.
fn rewritten(files: &Files, name: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let (before, after) = (told(files, name), change(told(files, name)));
    assert_ne!(before, after, "{name} is changed");
    forged(files, name, after, |_| ())
}

/// A line that says that an event came after the checkpoint.
fn later(event: &str) -> String {
    format!("{}\n", json!({ "kind": "later", "event_id": event }))
}

/// The archive with other bytes in the middle of a file's.
fn damaged(archive: &[u8], name: &str) -> Vec<u8> {
    let mut bytes = archive.to_vec();
    let mut reader = zip::ZipArchive::new(std::io::Cursor::new(archive)).expect("an archive");
    let file = reader.by_name(name).expect("a file");
    let start = file.data_start().expect("a place") + file.compressed_size() / 2;
    let start = usize::try_from(start).expect("a place");
    bytes[start..start + 20].iter_mut().for_each(|byte| *byte ^= 0x5a);
    bytes
}

on_both! {
    async fn what_is_forged_in_a_pack_is_found_though_the_manifest_agrees(db) {
        let app = TestApp::on(db);
        let life = lived(&app).await;
        let keys = crate::audit::keys();
        let Some(checker) = Checker::of(&app, &keys) else { return };
        app.verified();
        checkpoint::make(&app.services, &keys).expect("signed").expect("a checkpoint");
        let files = unpacked(&pack(&life, &auditor_of(&app, HOME).await).await);
        checker.says("as it is", &packed(&files), (0, &[", 0 later than the checkpoint: 0 findings"]));
        let journal = told(&files, "journal.csv");
        let last = format!("{}\n", journal.lines().last().expect("an entry"));
        let proofs = told(&files, "proofs.ndjson");
        let event = |at: usize| {
            let line: Value = serde_json::from_str(proofs.lines().nth(at).expect("a line")).expect("JSON");
            text(&line["event"]["id"])
        };
        type Change<'a> = &'a dyn Fn(String) -> String;
        let changes: [(&str, Change<'_>, &[&str]); 14] = [
            ("proofs.ndjson", &|text| text.replacen("\"kind\":\"event\",", "\"kind\":\"event\",\"more\":1,", 1), &["its line has other names"]),
            ("journal.csv", &|text| text.replace("Perpres", "Keppres"), &["its reason is not what was sealed"]),
            ("journal.csv", &|text| text.replace(&life.id, "x"), &["its proposal_id is not what was sealed"]),
            ("journal.csv", &|text| text.replace(&last, ""), &["it was sealed, and is not in journal.csv"]),
            ("journal.csv", &|text| format!("{text}{last}"), &["it is there twice"]),
            ("journal.csv", &|text| text.replacen("source_id", "source", 1), &["journal.csv: it has other columns"]),
            ("figures.csv", &|text| text.replace("absorbed_idr;7000", "absorbed_idr;9000"), &["its absorbed_idr is 9000"]),
            ("figures.csv", &|text| text.replace("plan_idr;2100000000", "plan_idr;1"), &["its plan_idr is 1"]),
            ("figures.csv", &|text| text.replace("returned_idr;0\n", ""), &["it has other figures"]),
            ("proofs.ndjson", &|_| String::new(), &["there is no checkpoint that holds, so that nothing is proved"]),
            ("proofs.ndjson", &|text| text.lines().take(1).map(|line| format!("{line}\n{}", later("x"))).collect(), &["no event is proved"]),
            ("proofs.ndjson", &|text| text + &later(&event(3)), &["is there twice"]),
            ("proofs.ndjson", &|text| text + &later("x") + &later("x"), &["event x is there twice"]),
            ("proofs.ndjson", &|text| text + &"[".repeat(200_000) + "\n", &["RecursionError"]),
        ];
        for (name, change, words) in changes {
            checker.says(name, &rewritten(&files, name, change), (1, words));
        }
        // An entry that is invented together with its event proves nothing, and is told so.
        let entry = last.replacen(&last[..36], "new", 1).replace(&text(&life.entry("spend").await["event_id"]), "x");
        let mut invented = files.clone();
        invented.insert("journal.csv".to_owned(), format!("{journal}{entry}").into_bytes());
        let figures = told(&files, "figures.csv").replace("absorbed_idr;7000", "absorbed_idr;14000");
        let in_hand = life.figure("in_hand_idr").await;
        let figures = figures.replace(&format!("in_hand_idr;{in_hand}"), &format!("in_hand_idr;{}", in_hand - 7_000));
        invented.insert("figures.csv".to_owned(), figures.into_bytes());
        let archive = rewritten(&invented, "proofs.ndjson", |text| text + &later("x"));
        checker.says("invented", &archive, (0, &["note: journal entry new, spend of 7000", "is not covered by the checkpoint yet"]));
    }

    async fn what_the_manifest_says_of_documents_and_of_the_proposal_is_what_was_sealed(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let keys = crate::audit::keys();
        let Some(checker) = Checker::of(&app, &keys) else { return };
        let auditor = auditor_of(&app, HOME).await;
        let early = pack(&life, &auditor).await;
        let words = "there is no checkpoint that holds, so that nothing is proved: where the service has signed none yet";
        checker.says("before a checkpoint", &early.bytes, (1, &[words, "0 events proved", ": 1 findings"]));
        app.verified();
        checkpoint::make(&app.services, &keys).expect("signed").expect("a checkpoint");
        let files = unpacked(&pack(&life, &auditor).await);
        let manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
        let path = text(&manifest["documents"][0]["path"]);
        // A document that is forged is called a file, of which the trail knows nothing.
        let moved = |manifest: &mut Value| {
            manifest["documents"].as_array_mut().expect("documents").remove(0);
            manifest["files"].as_array_mut().expect("files").push(json!({ "path": path, "size_bytes": 6, "sha256": "" }));
        };
        let archive = forged(&files, &path, "forged".to_owned(), moved);
        checker.says("moved", &archive, (1, &["it is no file of a pack", "an event that is proved tells of it, and the manifest does not"]));
        type Change<'a> = &'a dyn Fn(&mut Value);
        let changes: [(Change<'_>, &str); 8] = [
            (&|manifest| manifest["documents"][0]["path"] = json!("Documents/0001-permit.pdf"), "its path is none of a document"),
            (&|manifest| manifest["documents"][0]["path"] = json!("timeline.html"), "its path is none of a document"),
            (&|manifest| manifest["proposal_id"] = json!("x"), "its event is not of this proposal"),
            (&|manifest| manifest["state"] = json!("closed"), "its state is not what was sealed"),
            (&|manifest| manifest["documents"][0]["type"] = json!("other"), "its type is not what was sealed"),
            (&|manifest| manifest["documents"][0]["issued_on"] = json!("2001-01-01"), "its issued_on was sealed as"),
            (&|manifest| manifest["documents"][1]["id"] = manifest["documents"][0]["id"].clone(), "it is there twice"),
            (&|manifest| manifest["files"].as_array_mut().expect("files").truncate(4), "the manifest does not name it as a file"),
        ];
        for (change, words) in changes {
            let archive = forged(&files, "timeline.html", told(&files, "timeline.html"), change);
            checker.says(words, &archive, (1, &[words]));
        }
        let mut twice = files.clone();
        let other = told(&files, "manifest.json").replacen('{', "{\"proposal_id\":\"x\",", 1);
        twice.insert("manifest.json".to_owned(), other.into_bytes());
        checker.says("twice", &packed(&twice), (1, &["manifest.json: a name is there twice"]));
        let good = packed(&files);
        for name in ["manifest.json", "proofs.ndjson", "journal.csv", "figures.csv", "timeline.html", &path] {
            let named = if name == path { text(&manifest["documents"][0]["id"]) } else { name.to_owned() };
            checker.says(name, &damaged(&good, name), (1, &["BREACH: ", &named, " findings"]));
        }
        let acting = "a\u{1b}[2K\n0 findings".to_owned();
        let mut more = files.clone();
        more.insert(acting, Vec::new());
        checker.says("a name that acts", &packed(&more), (1, &[r"BREACH: a\x1b[2K\n0 findings: the manifest does not name it"]));
    }
}

#[test]
fn the_verifier_of_packs_is_short() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/verify_pack.py");
    let lines = std::fs::read_to_string(path).expect("the verifier").lines().count();
    assert!(lines <= 300, "{lines}");
}
