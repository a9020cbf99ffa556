//! Exports: projects that the standard's own checker takes, spreadsheets that open cleanly; each one picture, whatever is
//! written meanwhile.

use crate::faults::seed::seed;
use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, SIBLING, TestApp};
use crate::support::client::text;
use crate::support::database::TestDatabase;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use crate::support::process::variable;
use crate::support::served::sentra_on;
use calamine::{Data, Reader, Xlsx};
use diesel::connection::SimpleConnection;
use sentra::app::Store;
use sentra::domain::people::Role;
use sentra::http::state::Bounds;
use sentra::service::clock::Clock;
use sentra::service::context::Context;
use sentra::service::export::{self, Entries, Publisher, Scope};
use sentra::service::sheet::Format;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

const CHECKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/check_oc4ids.py");

/// A Python that has the standard's checker. Where there is none, the test says so and goes on; not so in CI.
fn python() -> Option<String> {
    let python = variable("SENTRA_TEST_PYTHON").unwrap_or_else(|| "python3".to_owned());
    let tried = Command::new(&python).args(["-c", "import libcoveoc4ids"]).output();
    if tried.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(variable("CI").is_none(), "CI has to have tools/requirements.txt: {python} lacks it");
    println!(
        "skipped: {python} has no libcoveoc4ids (tools/requirements.txt), so that OC4IDS is not checked"
    );
    None
}

/// Holds a package against the standard.
fn is_valid(package: &Path) {
    let Some(python) = python() else { return };
    let output = Command::new(python).arg(CHECKER).arg(package).output().expect("run");
    assert!(output.status.success(), "{}", said(&output));
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

pub fn validated(package: &Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("package.json");
    std::fs::write(&path, package.to_string()).expect("written");
    is_valid(&path);
}

pub async fn package(app: &TestApp, person: &Person, query: &str) -> Value {
    let answer = app.get(person, &format!("/exports/oc4ids{query}")).await;
    assert_eq!(answer.header("Content-Type"), Some("application/json"), "{answer}");
    answer.is(200)
}

pub fn project<'a>(package: &'a Value, life: &Life<'_>) -> &'a Value {
    let id = format!("oc4ids-sentra-{}", life.id);
    let projects = package["projects"].as_array().expect("projects");
    projects.iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("no {id}"))
}

pub fn publisher() -> Publisher {
    Publisher {
        name: "Kementerian".to_owned(),
        base_url: "https://sentra.example".to_owned(),
        prefix: export::UNREGISTERED.to_owned(),
        licence: Some("https://creativecommons.org/licenses/by/4.0/".to_owned()),
    }
}

/// A sink that does something once it gets bytes, some times over.
pub struct Meanwhile<F: FnMut()> {
    pub bytes: Vec<u8>,
    /// Writes that go by before.
    pub after: usize,
    pub act: Option<F>,
}

impl<F: FnMut()> Write for Meanwhile<F> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self.after.checked_sub(1) {
            Some(left) => self.after = left,
            None => {
                if let Some(mut act) = self.act.take() {
                    act();
                }
            }
        }
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A life with an amended contract, a payment order that was taken back, money that came back from the vendor, and the rest.
pub async fn eventful(app: &TestApp) -> Life<'_> {
    let life = REVITALISATION.at(app, "funded").await;
    let contract = life.last("contracts").await;
    let amendment = json!({
        "number": "ADD/1", "signed_on": app.today(), "value_idr": REVITALISATION.total() - 7_000_000,
        "ends_on": app.in_days(200), "reason": "Volume nyata lebih kecil.",
    });
    let path = format!("/contracts/{}/amendments", text(&contract["id"]));
    app.post(&life.who(Role::Drafter).await, &path, amendment).await.is(201);
    life.spend(11_000_000).await.is(201);
    let mistaken = life.entry("spend").await;
    life.reverse(&life.who(Role::Inspector).await, &mistaken).await.is(201);
    life.spend(90_000_000).await.is(201);
    let recovery = json!({ "contract_id": contract["id"], "number": "STS/1", "received_on": app.today(),
        "amount_idr": 2_000_000, "reason": "Kelebihan bayar." });
    life.add(Role::Drafter, "recoveries", recovery).await.is(201);
    life
}

on_both! {
    async fn a_package_is_what_the_standard_s_own_checker_takes(db) {
        let app = TestApp::on(db);
        let eventful = eventful(&app).await;
        let begun = CONSTRUCTION.within(FOREIGN).small().at(&app, "approved").await;
        let unapproved = CONSTRUCTION.at(&app, "decision").await;
        // The last one: half a year goes by before it is closed.
        let whole = CONSTRUCTION.within(SIBLING).at(&app, "closed").await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let package = package(&app, &auditor, "").await;
        validated(&package);
        assert_eq!(package["projects"].as_array().map(Vec::len), Some(3));
        assert!(!package.to_string().contains(&unapproved.id), "what was not approved is no project yet");
        let total = CONSTRUCTION.total();
        let idr = |amount: i64| json!({ "amount": amount, "currency": "IDR" });
        let done = project(&package, &whole);
        assert_eq!((&done["status"], &done["type"]), (&json!("maintenance"), &json!("construction")));
        assert_eq!(done["budget"]["amount"], idr(total));
        for breakdown in done["budget"]["budgetBreakdowns"].as_array().expect("breakdowns") {
            let parts = breakdown["budgetBreakdown"].as_array().expect("parts");
            let sum: i64 = parts.iter().filter_map(|part| part["amount"]["amount"].as_i64()).sum();
            assert_eq!(sum, total, "{breakdown}");
        }
        assert!(done["budget"]["approvalDate"].is_string() && done["budget"]["requestDate"].is_string());
        assert_eq!(done["budget"]["finance"][0]["value"], idr(total));
        assert_eq!(done["completion"]["finalValue"], idr(total));
        assert!(done["completion"]["endDate"].is_string(), "{}", done["completion"]);
        assert_eq!(done["metrics"][0]["observations"][0]["measure"], "100.00");
        assert_eq!(done["transactions"][0]["value"], idr(total));
        let brought = whole.list("documents?current=true&limit=200").await;
        assert_eq!(done["documents"].as_array().map(Vec::len), Some(brought.len()));
        let started = project(&package, &begun);
        assert_eq!((&started["status"], &started["completion"]), (&json!("preparation"), &Value::Null));
        // The amendment, and payments: the order that was taken back is none, what the vendor paid back goes the other way.
        let project = project(&package, &eventful);
        let summary = &project["contractingProcesses"][0]["summary"];
        assert_eq!(summary["contractValue"], idr(REVITALISATION.total()), "as it was signed");
        let kinds: Vec<_> = summary["modifications"].as_array().expect("modifications").iter().map(|one| text(&one["type"])).collect();
        assert_eq!(kinds, ["value", "duration"]);
        assert_eq!(summary["modifications"][0]["newContractValue"], idr(REVITALISATION.total() - 7_000_000));
        let paid: Vec<_> = summary["transactions"].as_array().expect("transactions").iter()
            .map(|one| (one["value"]["amount"].as_i64().unwrap_or_default(), text(&one["payee"]["name"]))).collect();
        assert_eq!(paid, [(90_000_000, "PT Karya Bangun".to_owned()), (2_000_000, "Pemerintah Kota Bandar Lampung".to_owned())]);
        let roles: Vec<_> = project["parties"].as_array().expect("parties").iter().map(|one| text(&one["name"])).collect();
        assert_eq!(roles, ["Pemerintah Kota Bandar Lampung", "Kementerian Keuangan", "Kementerian Perindustrian", "PT Karya Bangun"]);
        let left = std::fs::read_dir(app.documents_folder().join("arrivals")).expect("a folder").count();
        assert_eq!(left, 0, "nothing is left of what was sent");
    }

    async fn days_are_those_of_the_region_and_a_period_lasts_until_the_end_of_its_last(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let far = CONSTRUCTION.within("91.03").at(&app, "approved").await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let package = package(&app, &auditor, "").await;
        validated(&package);
        let contract = life.last("contracts").await;
        let (starts, ends) = (text(&contract["starts_on"]), text(&contract["ends_on"]));
        let period = json!({ "startDate": format!("{starts}T00:00:00+07:00"), "endDate": format!("{ends}T23:59:59+07:00") });
        let here = project(&package, &life);
        assert_eq!(here["contractingProcesses"][0]["summary"]["contractPeriod"], period);
        assert_eq!((&here["period"], &here["implementationPeriod"]), (&period, &period));
        let year = json!({ "startDate": "2021-01-01T00:00:00+07:00", "endDate": "2021-12-31T23:59:59+07:00" });
        assert_eq!(here["budget"]["finance"][0]["period"], year);
        let there = json!({ "startDate": "2021-01-01T00:00:00+09:00", "endDate": "2021-12-31T23:59:59+09:00" });
        assert_eq!(project(&package, &far)["period"], there);
    }

    async fn a_vendor_has_one_name_wherever_it_is_named_and_an_end_is_told_once_it_is_one(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let part = CONSTRUCTION.total() / 8;
        for (n, (name, number)) in [
            ("PT Karya Bangun", Some("01.234.567.8-999.000")), ("PT. KARYA BANGUN", Some("012345678999000")),
            ("***", None), ("---", None), ("***", None),
        ].into_iter().enumerate() {
            let body = json!({ "number": format!("602/{n}"), "vendor_name": name, "vendor_tax_number": number, "value_idr": part });
            life.contract(body).await.is(201);
        }
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let shown = package(&app, &auditor, "").await;
        validated(&shown);
        let shown = project(&shown, &life).clone();
        let parties = shown["parties"].as_array().expect("parties");
        let mut ids = Vec::new();
        for process in shown["contractingProcesses"].as_array().expect("processes") {
            let supplier = &process["summary"]["suppliers"][0];
            let party = parties.iter().find(|one| one["id"] == supplier["id"]).expect("a party");
            assert_eq!(party["name"], supplier["name"]);
            ids.push(text(&supplier["id"]));
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 3, "{ids:?}");
        // While money can still be spent, nothing is final.
        let whole = CONSTRUCTION.within(SIBLING).at(&app, "reporting").await;
        let before = package(&app, &auditor, "").await;
        let process = |package: &Value| project(package, &whole)["contractingProcesses"][0]["summary"]["finalValue"].clone();
        assert!(project(&before, &whole)["completion"]["endDate"].is_string());
        assert_eq!((&project(&before, &whole)["completion"]["finalValue"], process(&before)), (&Value::Null, Value::Null));
        whole.to("closed").await;
        let after = package(&app, &auditor, "").await;
        let value = json!({ "amount": CONSTRUCTION.total(), "currency": "IDR" });
        assert_eq!((&project(&after, &whole)["completion"]["finalValue"], process(&after)), (&value, value.clone()));
    }

    async fn who_takes_projects_along_is_kept(db) {
        let app = TestApp::on(db);
        CONSTRUCTION.at(&app, "approved").await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        package(&app, &auditor, "?fiscal_year=2021").await;
        let event = format!(
            "SELECT COUNT(*) FROM audit_events WHERE action = 'export.write' AND actor_id = '{}' AND subject_kind = 'collection' \
             AND content LIKE '%\"kind\":\"oc4ids\"%' AND content LIKE '%2021%'",
            auditor.id
        );
        assert_eq!(app.database.number(&event), 1);
        app.verified();
    }

    async fn proposals_and_the_journal_are_spreadsheets_over_http_too_each_of_what_the_caller_sees(db) {
        let app = TestApp::on(db);
        let home = CONSTRUCTION.at(&app, "funded").await;
        let foreign = CONSTRUCTION.within(FOREIGN).at(&app, "allocated").await;
        home.spend(5_000).await.is(201);
        let (auditor, drafter) = (app.nth(Role::Auditor, HOME, 3).await, app.of(Role::Drafter, HOME).await);
        let rows = async |person: &Person, path: &str| -> Vec<Vec<String>> {
            let answer = app.get(person, path).await;
            assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("text/csv; charset=utf-8")), "{answer}");
            let text = String::from_utf8(answer.bytes).expect("text");
            let text = text.strip_prefix('\u{feff}').expect("a byte order mark").to_owned();
            csv::ReaderBuilder::new().delimiter(b';').has_headers(false).from_reader(text.as_bytes())
                .records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
        };
        let all = rows(&auditor, "/exports/proposals?format=csv&fiscal_year=2021").await;
        assert_eq!((all.len(), all[0][0].as_str(), &all[1][0], &all[2][0]), (3, "id", &home.id, &foreign.id));
        for query in ["state=funded", "province_code=18", &format!("region_code={HOME}"), "state=funded&menu=construction&outcome_class=ovop&component=production_house"] {
            let narrow = rows(&auditor, &format!("/exports/proposals?format=csv&{query}")).await;
            assert_eq!((narrow.len(), &narrow[1][0]), (2, &home.id), "{query}");
        }
        assert_eq!(rows(&drafter, "/exports/proposals?format=csv").await.len(), 2);
        assert_eq!(rows(&auditor, "/exports/proposals?format=csv&menu=revitalisation").await.len(), 1, "the names of columns");
        let entries = home.journal().await;
        let journal = rows(&auditor, &format!("/exports/journal?format=csv&region_code={HOME}")).await;
        assert_eq!(journal.len(), entries.len() + 1);
        let alone = rows(&auditor, &format!("/exports/journal?format=csv&proposal_id={}", home.id)).await;
        assert_eq!(alone, journal);
        assert_eq!(rows(&drafter, "/exports/journal?format=csv").await, journal);
        assert!(rows(&auditor, "/exports/journal?format=csv").await.len() > journal.len());
        app.get(&drafter, &format!("/exports/journal?format=csv&proposal_id={}", foreign.id)).await.is(404);
        for (path, pointer) in [
            ("/exports/proposals", "/query"), ("/exports/proposals?format=pdf", "/query/format"),
            ("/exports/journal?format=csv&region_code=99.99", "/query/region_code"),
            ("/exports/proposals?format=csv&limit=5", "/query/limit"),
        ] {
            let answer = app.get(&auditor, path).await;
            answer.is(422);
            assert_eq!(answer.pointers(), [pointer], "{path}");
        }
        let narrowed = format!("/exports/journal?format=csv&proposal_id={}&state=funded", home.id);
        app.get(&auditor, &narrowed).await.is(422);
        for (what, name) in [("proposals", "Proposals"), ("journal", "Journal")] {
            let answer = app.get(&auditor, &format!("/exports/{what}?format=xlsx")).await;
            assert_eq!(answer.status, 200, "{answer}");
            let wanted = format!("attachment; filename=\"{what}.xlsx\"");
            assert_eq!(answer.header("Content-Disposition"), Some(wanted.as_str()));
            let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(answer.bytes)).expect("a workbook");
            assert!(book.worksheet_range(name).expect("a sheet").height() > 2);
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM audit_events WHERE action = 'export.write'"), 0, "lists leave none");
        let left = std::fs::read_dir(app.documents_folder().join("arrivals")).expect("a folder").count();
        assert_eq!(left, 0, "nothing is left of what was sent");
    }

    async fn everybody_exports_what_they_see_and_no_more(db) {
        let app = TestApp::on(db);
        let home = CONSTRUCTION.at(&app, "approved").await;
        let foreign = CONSTRUCTION.within(FOREIGN).at(&app, "approved").await;
        let count = |package: &Value| package["projects"].as_array().map(Vec::len);
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        assert_eq!(count(&package(&app, &auditor, "?fiscal_year=2021").await), Some(2));
        let narrow = package(&app, &auditor, "?province_code=35").await;
        assert_eq!((count(&narrow), &narrow["uri"]), (Some(1), &json!("https://sentra.example/api/v1/exports/oc4ids?province_code=35")));
        let drafter = app.of(Role::Drafter, HOME).await;
        let own = package(&app, &drafter, "").await;
        assert_eq!(count(&own), Some(1));
        project(&own, &home);
        for (person, query) in [
            (&drafter, format!("?region_code={FOREIGN}")), (&auditor, "?fiscal_year=2019".to_owned()),
            (&app.of(Role::Administrator, HOME).await, String::new()),
        ] {
            app.get(person, &format!("/exports/oc4ids{query}")).await.refused(422, &["nothing_to_export"]);
        }
        app.get(&auditor, "/exports/oc4ids?region_code=99.99").await.is(422);
        assert_eq!(foreign.state().await, "approved");
    }

    async fn as_many_exports_as_are_allowed_are_written_at_once(db) {
        let app = TestApp::with(db, Bounds { exports: 0, ..Bounds::default() });
        CONSTRUCTION.at(&app, "approved").await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let answer = app.get(&auditor, "/exports/oc4ids").await;
        answer.refused(503, &["busy"]);
        assert!(answer.header("Retry-After").is_some(), "{answer}");
    }

    async fn an_export_is_one_picture_whatever_is_written_meanwhile(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        let other = CONSTRUCTION.within(FOREIGN).small().at(&app, "approved").await;
        let cx = Context::system(app.clock.now());
        let scope = Scope::default();
        let change = "UPDATE proposals SET title = 'Berubah', approved_idr = 1; UPDATE balances SET absorbed_idr = 1";
        let mut sink = Meanwhile { bytes: Vec::new(), after: 0, act: Some(|| app.database.execute(change)) };
        let count = export::oc4ids(&app.services, &cx, &scope, &publisher(), &mut sink).expect("an export");
        assert!(sink.act.is_none(), "it was written meanwhile");
        let package: Value = serde_json::from_slice(&sink.bytes).expect("JSON");
        assert_eq!((count, package["projects"][0]["title"].clone()), (2, json!("Sentra IKM Tenun Tapis")));
        assert!(!package.to_string().contains("Berubah"));
        project(&package, &life);
        project(&package, &other);
        let mut sink = Meanwhile { bytes: Vec::new(), after: 0, act: None::<fn()> };
        export::oc4ids(&app.services, &cx, &scope, &publisher(), &mut sink).expect("an export");
        assert!(String::from_utf8(sink.bytes).expect("text").contains("Berubah"), "the next one has it");
    }

    fn a_journal_is_one_picture_whatever_is_written_meanwhile(db) {
        seed(db, 700, &[]);
        let mut store = Store::new(db.target().clone());
        store.clock = Clock::set_to(crate::support::app::in_the_window());
        let services = store.services().expect("services");
        db.drop_trigger("journal_entries", "no_update");
        let mut other = db.connect();
        let change = move || other.batch_execute("UPDATE journal_entries SET reason = 'Berubah'").expect("changed");
        // The mark of its beginning comes before the database is looked at.
        let sink = Meanwhile { bytes: Vec::new(), after: 1, act: Some(change) };
        let cx = Context::system(services.clock.now());
        let all = Entries::Proposals(Scope::default().filter());
        let (sink, count) = export::journal(&services, &cx, &all, Format::Csv, sink).expect("an export");
        assert!(sink.act.is_none() && count > 1_000, "it was written meanwhile, and there is more than a page: {count}");
        assert!(!String::from_utf8(sink.bytes).expect("text").contains("Berubah"));
        let (bytes, again) = export::journal(&services, &cx, &all, Format::Csv, Vec::new()).expect("an export");
        assert!(again == count && String::from_utf8(bytes).expect("text").contains("Berubah"), "the next one has it");
    }

    fn the_command_line_writes_what_spreadsheets_open_cleanly(db) {
        seed(db, 60, &[]);
        db.execute("UPDATE proposals SET title = '=1+1' WHERE id = (SELECT MIN(id) FROM proposals)");
        let folder = tempfile::tempdir().expect("a folder");
        let to = |name: &str| folder.path().join(name);
        let run = |what: &str, name: &str, more: &[&str]| -> Output {
            let mut command = sentra_on("export", &db.url(), folder.path());
            command.arg(what).arg("--to").arg(to(name)).args(more).output().expect("run")
        };
        for (what, name) in [("proposals", "p.csv"), ("proposals", "p.xlsx"), ("journal", "j.csv"), ("journal", "j.xlsx"), ("oc4ids", "o.json")] {
            let output = run(what, name, &[]);
            assert!(output.status.success(), "{}", said(&output));
        }
        let csv = |name: &str| -> Vec<Vec<String>> {
            let sheet = std::fs::read_to_string(to(name)).expect("a file");
            let mut reader = csv::ReaderBuilder::new().delimiter(b';').has_headers(false)
                .from_reader(sheet.strip_prefix('\u{feff}').expect("a byte order mark").as_bytes());
            reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
        };
        let cells = |name: &str| -> Vec<Vec<Data>> {
            let mut book: Xlsx<_> = calamine::open_workbook(to(name)).expect("a workbook");
            let sheet = book.sheet_names()[0].clone();
            assert!(book.worksheet_formula(&sheet).expect("formulas").is_empty());
            book.worksheet_range(&sheet).expect("a sheet").rows().map(<[Data]>::to_vec).collect()
        };
        let (proposals, entries) = (csv("p.csv"), csv("j.csv"));
        assert_eq!(proposals.len(), 61);
        assert_eq!(count(entries.len()), db.number("SELECT COUNT(*) FROM journal_entries") + 1);
        assert_eq!(proposals[1][1], "'=1+1");
        assert_eq!(cells("p.xlsx")[1][1], Data::String("=1+1".to_owned()), "a text is one in a workbook");
        let column = |rows: &[Vec<String>], name: &str| rows[0].iter().position(|cell| cell == name).expect("a column");
        let absorbed = column(&proposals, "absorbed_idr");
        let sum: i64 = proposals[1..].iter().map(|row| row[absorbed].parse::<i64>().expect("a number")).sum();
        assert_eq!(sum, db.number("SELECT COALESCE(SUM(absorbed_idr), 0) FROM balances"));
        let effective = column(&entries, "effective_on");
        for (row, expected) in cells("j.xlsx").iter().zip(&entries).skip(1) {
            let Data::DateTime(day) = &row[effective] else { panic!("no date: {row:?}") };
            let (year, month, day, ..) = day.to_ymd_hms_milli();
            assert_eq!(format!("{year:04}-{month:02}-{day:02}"), expected[effective]);
        }
        for (csv, book, number) in [(&proposals, cells("p.xlsx"), absorbed), (&entries, cells("j.xlsx"), column(&entries, "amount_idr"))] {
            assert_eq!(book.len(), csv.len());
            for (row, expected) in book.iter().zip(csv.iter()).skip(1) {
                assert!(matches!(row[number], Data::Float(_)), "{row:?}");
                assert_eq!(row[0], Data::String(expected[0].clone()));
                assert_eq!(row[number].to_string(), expected[number]);
            }
        }
        // That they were written is kept, by nobody who signed in; and the trail, which knows no regions, takes none.
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'export.write' AND actor_id IS NULL"), 5);
        assert!(!run("audit", "a.jsonl", &["--region", "18.71"]).status.success(), "it would be the nation's");
        assert!(!to("a.jsonl").exists());
        assert!(run("audit", "a.jsonl", &[]).status.success());
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_events WHERE action = 'export.write' AND content LIKE '%\"audit\"%'"), 1);
        is_valid(&to("o.json"));
        let package: Value = serde_json::from_slice(&std::fs::read(to("o.json")).expect("a file")).expect("JSON");
        let approved = "SELECT COUNT(DISTINCT proposal_id) FROM audit_events WHERE action IN ('proposal.approve', 'proposal.approve_with_conditions') AND outcome = 'done'";
        assert_eq!(count(package["projects"].as_array().expect("projects").len()), db.number(approved));
        // What is there stays, where a new one can't be written whole; nothing of it is left beside it.
        for (what, name, more) in [("journal", "j.txt", &[][..]), ("proposals", "p.csv", &["--region", "99.99"][..]), ("oc4ids", "o.json", &["--fiscal-year", "2001"][..])] {
            assert!(!run(what, name, more).status.success(), "{what} {name}");
        }
        assert_eq!(csv("p.csv"), proposals);
        let parts = std::fs::read_dir(folder.path()).expect("a folder").filter(|file| {
            file.as_ref().expect("a file").file_name().to_string_lossy().ends_with(".part")
        });
        assert_eq!(parts.count(), 0);
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).expect("few")
}

/// `cargo test --test api exports::a_thousand -- --ignored`
#[test]
#[ignore = "a minute in a build for tests"]
fn a_thousand_seeds_validate() {
    let db = TestDatabase::fresh(crate::support::database::Kind::Sqlite).expect("SQLite");
    seed(&db, 1_000, &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("o.json");
    let mut command = sentra_on("export", &db.url(), folder.path());
    let output = command.args(["oc4ids", "--to"]).arg(&to).output().expect("run");
    assert!(output.status.success(), "{}", said(&output));
    is_valid(&to);
}
