//! Policies as data: what a decree moves, what is refused and how completely, and who wins when two publish.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, SIBLING, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Life};
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::process::Command;

async fn administrator(app: &TestApp) -> Person {
    app.of(Role::Administrator, HOME).await
}

async fn decree(app: &TestApp, body: Value) -> Answer {
    app.post(&administrator(app).await, "/decrees", body).await
}

fn extension(regions: &[&str]) -> Value {
    json!({
        "fiscal_year": 2021, "number": "KMK 1/2020", "dated_on": "2020-05-10", "reason": "Banjir",
        "regions": regions,
        "changes": [{ "path": "/submission_windows/0/closes/date", "value": "2020-07-31" }],
    })
}

/// The policy of 2021 as it was published.
async fn published(app: &TestApp) -> Value {
    let path = "/policies/2021/versions";
    let versions = app.get(&administrator(app).await, path).await.is(200);
    versions["items"][0]["policy"].clone()
}

async fn publish(app: &TestApp, by: &Person, body: &Value, version: i64) -> Answer {
    app.put(by, "/policies/2021", body.clone()).if_match(version).await
}

/// Whether the arrow out of a draft is open to its drafter, and what is in the way.
async fn request(life: &Life<'_>) -> (Value, Vec<String>) {
    let drafter = life.who(Role::Drafter).await;
    let listed = life.app.get(&drafter, &life.path("actions")).await.is(200);
    let items = listed["items"].as_array().expect("a list").clone();
    let arrow = items.iter().find(|item| item["action"] == "request_planning_check");
    let arrow = arrow.expect("the arrow");
    let blockers = arrow["blockers"].as_array().expect("a list");
    (arrow["allowed"].clone(), blockers.iter().map(|one| text(&one["code"])).collect())
}

on_both! {
    async fn a_decree_opens_the_window_of_one_region_and_of_no_other(db) {
        let app = TestApp::on(db);
        let here = CONSTRUCTION.draft(&app).await;
        let there = CONSTRUCTION.within(SIBLING).draft(&app).await;
        here.bring().await;
        there.bring().await;
        app.at("2020-07-10T03:00:00Z");
        for life in [&here, &there] {
            assert_eq!(request(life).await, (json!(false), vec!["window_open".to_owned()]));
        }
        let recorded = decree(&app, extension(&[HOME])).await.is(201);
        assert_eq!(recorded["regions"], json!([HOME]));
        assert_eq!(request(&here).await, (json!(true), vec![]));
        assert_eq!(request(&there).await, (json!(false), vec!["window_open".to_owned()]));
        let ask = || json!({ "action": "request_planning_check" });
        there.act(Role::Drafter, ask()).await.refused(409, &["window_open"]);
        assert_eq!(here.act(Role::Drafter, ask()).await.is(200)["state"], "planning_check");
        here.to("verification").await;
        app.at("2020-08-01T03:00:00Z");
        let late = CONSTRUCTION.draft(&app).await;
        late.bring().await;
        late.act(Role::Drafter, ask()).await.refused(409, &["window_open"]);
        app.verified();
    }

    async fn a_decree_holds_from_its_moment_and_says_what_it_replaced(db) {
        let app = TestApp::on(db);
        let mut body = extension(&[HOME]);
        body["effective_from"] = json!("2020-06-20T00:00:00Z");
        decree(&app, body).await.is(201);
        let drafter = app.of(Role::Drafter, HOME).await;
        let path = "/submission_windows/0/closes/date";
        let asked = |query: &str| format!("/policies/2021/values?path={path}&{query}");
        let before = app.get(&drafter, &asked("region_code=18.71&at=2020-06-19T00:00:00Z")).await.is(200);
        assert_eq!(before["items"][0]["value"], "2020-06-15");
        assert_eq!(before["items"][0]["set_by"]["kind"], "policy");
        let after = app.get(&drafter, &asked("region_code=18.71&at=2020-06-21T00:00:00Z")).await.is(200);
        assert_eq!(after["items"][0]["value"], "2020-07-31");
        assert_eq!(after["items"][0]["set_by"]["number"], "KMK 1/2020");
        assert_eq!(after["items"][0]["replaced"][0]["value"], "2020-06-15");
        assert_eq!(after["items"][0]["replaced"][0]["set_by"]["kind"], "policy");
        let moved = app.get(&drafter, "/policies/2021/values?region_code=18.71&at=2020-06-21T00:00:00Z").await.is(200);
        assert_eq!(moved["items"].as_array().map(Vec::len), Some(1), "{moved}");
        let elsewhere = app.get(&drafter, &asked("region_code=35.26&at=2020-06-21T00:00:00Z")).await.is(200);
        assert_eq!(elsewhere["items"][0]["value"], "2020-06-15");
        let shown = app.get(&drafter, "/policies/2021?region_code=18.71&at=2020-06-21T00:00:00Z").await.is(200);
        assert_eq!(shown["policy"]["submission_windows"][0]["closes"]["date"], "2020-07-31");
        app.get(&drafter, "/policies/2021?region_code=99.99").await.refused(422, &["unknown"]);
        app.get(&drafter, "/policies/2021/values?path=/nothing").await.refused(422, &["unknown_path"]);
        let listed = |region: &str| format!("/decrees?fiscal_year=2021&region_code={region}");
        assert_eq!(app.get(&drafter, &listed(HOME)).await.is(200)["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(app.get(&drafter, &listed(FOREIGN)).await.is(200)["items"].as_array().map(Vec::len), Some(0));
    }

    async fn a_region_s_own_thresholds_hold_there_alone(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        let absorbed = |shown: Value| shown["policy"]["tranches"][1]["min_absorption_bp"].clone();
        let palu = app.get(&drafter, "/policies/2019?region_code=72.71").await.is(200);
        let home = app.get(&drafter, "/policies/2019?region_code=18.71").await.is(200);
        assert_eq!((absorbed(palu), absorbed(home)), (json!(5_000), json!(7_500)));
        let values = "/policies/2019/values?region_code=72.71&path=/tranches/1/min_absorption_bp";
        let value = app.get(&drafter, values).await.is(200)["items"][0].clone();
        assert_eq!(value["set_by"]["kind"], "regional");
        assert_eq!(value["replaced"][0]["value"], 7_500);
    }

    async fn a_decree_that_makes_no_sense_is_refused_with_everything_that_is_wrong(db) {
        let app = TestApp::on(db);
        let mut body = extension(&[HOME, "99.99"]);
        body["changes"] = json!([
            { "path": "/no/such", "value": 1 },
            { "path": "/fiscal_year", "value": 2030 },
        ]);
        let refused = decree(&app, body).await;
        refused.refused(422, &["unknown", "unknown_path", "unknown_path"]);
        assert_eq!(refused.pointers(), ["/regions/1", "/changes/0/path", "/changes/1/path"]);
        let mut body = extension(&[HOME]);
        body["changes"] = json!([
            { "path": "/submission_windows/0/closes/date", "value": "2020-04-01" },
            { "path": "/contract_gate/date", "value": "2023-01-01" },
        ]);
        let refused = decree(&app, body).await;
        refused.refused(422, &["order", "year"]);
        assert_eq!(refused.pointers(), ["/changes/0/value", "/changes/1/value"]);
        let mut body = extension(&[]);
        body["changes"] = json!([{ "path": "/supporting_cap_bp", "value": "five" }]);
        assert_eq!(decree(&app, body).await.refused(422, &["malformed"])["errors"][0]["pointer"], "/changes/0/value");
        let mut body = extension(&[]);
        body["fiscal_year"] = json!(2050);
        decree(&app, body).await.refused(422, &["no_policy"]);
        let drafter = app.of(Role::Drafter, HOME).await;
        app.post(&drafter, "/decrees", extension(&[HOME])).await.refused(403, &["role_missing"]);
        let mut body = extension(&[HOME]);
        body["dated_on"] = json!("2099-01-01");
        body["changes"] = json!([
            { "path": "/menus/0/regions", "value": ["99.98"] },
            { "path": "/site_tolerance_m", "value": 100 },
        ]);
        let refused = decree(&app, body.clone()).await;
        refused.refused(422, &["future", "unknown"]);
        assert_eq!(refused.pointers(), ["/dated_on", "/changes/0/value"]);
        body["changes"][0] = body["changes"][1].clone();
        decree(&app, body).await.refused(422, &["duplicate"]);
        let listed = app.get(&drafter, "/decrees").await.is(200);
        assert_eq!(listed["items"], json!([]));
    }

    async fn a_policy_that_makes_no_sense_is_refused_with_everything_that_is_wrong(db) {
        let app = TestApp::on(db);
        let by = administrator(&app).await;
        let mut body = published(&app).await;
        let twice = body["submission_windows"][0].clone();
        body["submission_windows"].as_array_mut().expect("a list").push(twice);
        body["tranches"][2]["share_bp"] = json!(3_100);
        body["tranches"][1]["min_output_bp"] = json!(10_100);
        body["sources"][0]["value"] = json!("submission_windows.openings");
        body["tranches"][1]["documents"] = json!(["no_such_paper"]);
        let refused = publish(&app, &by, &body, 1).await;
        let mut pointers = refused.pointers();
        pointers.sort();
        assert_eq!(refused.status, 422, "{refused}");
        let wrong = [
            "/sources/0/value", "/submission_windows/1", "/tranches",
            "/tranches/1/documents/0", "/tranches/1/min_output_bp",
        ];
        assert_eq!(pointers, wrong);
        let mut body = published(&app).await;
        body["menus"][0]["regions"] = json!(["18.71", "99.98"]);
        let refused = publish(&app, &by, &body, 1).await;
        refused.refused(422, &["unknown"]);
        assert_eq!(refused.pointers(), ["/menus/0/regions/1"]);
    }

    async fn dates_of_a_policy_lie_in_years_that_people_mean(db) {
        let app = TestApp::on(db);
        let by = administrator(&app).await;
        let mut policy = published(&app).await;
        policy["submission_windows"][0]["closes"]["date"] = json!("+262142-12-31");
        policy["plan"]["due"]["date"] = json!("9999-12-31");
        policy["holidays"][0]["date"] = json!("0000-01-01");
        let refused = publish(&app, &by, &policy, 1).await;
        refused.is(422);
        let pointers = refused.pointers();
        for pointer in ["/submission_windows/0/closes/date", "/plan/due/date", "/holidays/0/date"] {
            assert!(pointers.contains(&pointer.to_owned()), "{pointer}: {refused}");
        }
    }

    async fn a_new_version_lets_what_is_pinned_go_on_under_the_old_one(db) {
        let app = TestApp::on(db);
        let by = administrator(&app).await;
        let submitted = CONSTRUCTION.at(&app, "verification").await;
        let draft = CONSTRUCTION.draft(&app).await;
        draft.bring().await;
        let mut body = published(&app).await;
        body["menus"][0]["components"] = json!(["supporting", "packaging_house"]);
        body["menus"][0]["regions"] = json!([FOREIGN]);
        body["menus"][0]["themes"] = json!([{ "code": "tourism", "label_id": "Pariwisata", "label_en": "Tourism" }]);
        let quarter = |from: &str, until: &str| {
            let mut quarter = body["tranches"][0].clone();
            quarter["opens"]["date"] = json!(from);
            quarter["closes"]["date"] = json!(until);
            quarter["documents_due"]["date"] = json!(until);
            quarter
        };
        body["tranches"] = json!([
            quarter("2021-01-04", "2021-03-31"), quarter("2021-04-01", "2021-06-30"),
            quarter("2021-07-01", "2021-09-30"), quarter("2021-10-01", "2021-12-31"),
        ]);
        let done = publish(&app, &by, &body, 1).await;
        assert_eq!((done.is(200)["version"].clone(), done.version()), (json!(2), 2));
        publish(&app, &by, &body, 1).await.is(412);
        let codes = request(&draft).await.1;
        assert_eq!(codes, ["region_eligible", "theme_eligible", "components_allowed"]);
        submitted.to("technical_review").await;
        assert_eq!(submitted.shown().await["policy_version"], 1);
        body["menus"][0]["regions"] = json!([]);
        body["menus"][0]["components"] = json!(["supporting", "production_house"]);
        publish(&app, &by, &body, 2).await.is(200);
        assert_eq!(request(&draft).await.1, ["theme_eligible"]);
        let drafter = draft.who(Role::Drafter).await;
        let patch = app.patch(&drafter, &draft.path(""), json!({ "theme": "tourism" }));
        assert_eq!(patch.if_match(draft.version().await).await.is(200)["theme"], "tourism");
        assert_eq!(request(&draft).await, (json!(true), vec![]));
        draft.to("verification").await;
        assert_eq!(draft.shown().await["policy_version"], 3);
        app.verified();
    }

    async fn a_year_without_a_policy_gets_its_first_under_no_version(db) {
        let app = TestApp::on(db);
        let by = administrator(&app).await;
        let mut body = published(&app).await;
        body["fiscal_year"] = json!(2022);
        let put = |body: Value, version: i64| app.put(&by, "/policies/2022", body).if_match(version);
        let refused = put(body.clone(), 0).await;
        assert!(refused.is(422)["errors"].as_array().is_some_and(|errors| errors.len() > 5), "{refused}");
        let text = body.to_string().replace("\"2021-", "\"2022-").replace("\"2020-12-31", "\"2021-12-31");
        let body: Value = serde_json::from_str(&text).expect("json");
        put(body.clone(), 1).await.is(412);
        put(body.clone(), 0).await.is(200);
        put(body, 0).await.is(412);
    }

    async fn of_two_who_publish_at_once_one_wins(db) {
        let app = TestApp::on(db);
        let one = administrator(&app).await;
        let two = app.nth(Role::Administrator, HOME, 2).await;
        let body = published(&app).await;
        for version in 1..=5 {
            let (first, second) = futures_util::future::join(
                publish(&app, &one, &body, version),
                publish(&app, &two, &body, version),
            ).await;
            let mut both = [first.status, second.status];
            both.sort_unstable();
            assert_eq!(both, [200, 412], "{first} {second}");
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM policies WHERE fiscal_year = 2021"), 6);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'policy.publish' AND outcome = 'done'";
        assert_eq!(app.database.number(events), 5);
    }

    async fn a_version_that_a_decree_does_not_fit_is_not_published(db) {
        let app = TestApp::on(db);
        let by = administrator(&app).await;
        let mut body = extension(&[HOME]);
        body["changes"] = json!([{ "path": "/tranches/2/min_output_bp", "value": 5_000 }]);
        decree(&app, body).await.is(201);
        let mut body = published(&app).await;
        body["tranches"].as_array_mut().expect("a list").truncate(2);
        body["tranches"][1]["share_bp"] = Value::Null;
        let refused = publish(&app, &by, &body, 1).await;
        assert!(refused.is(422).to_string().contains("KMK 1/2020"), "{refused}");
    }

    async fn a_comparison_names_what_comes_out_otherwise(db) {
        let app = TestApp::on(db);
        let by = administrator(&app).await;
        let life = CONSTRUCTION.as_shipped().at(&app, "allocated").await;
        let other = crate::support::life::REVITALISATION.draft(&app).await;
        let mut body = published(&app).await;
        body["supporting_cap_bp"] = json!(400);
        body["submission_windows"][0]["closes"]["date"] = json!("2020-05-02");
        body["tranches"][0]["share_bp"] = json!(3_000);
        body["documents"].as_array_mut().expect("a list").retain(|rule| rule["type"] != "condition_survey");
        publish(&app, &by, &body, 1).await.is(200);
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentra"));
        command.args(["policy", "compare", "2021@1", "2021", "--database-url", &app.database.url()]);
        let output = command.output().expect("run");
        let said = String::from_utf8(output.stdout).expect("text");
        assert!(output.status.success(), "{said}");
        let line = |start: &str| said.lines().find(|line| line.starts_with(start)).unwrap_or_default().to_owned();
        assert_eq!(line("/supporting_cap_bp"), "/supporting_cap_bp: 500 -> 400");
        let proposal = line(&format!("proposal {}", life.id));
        for change in ["within the window: yes -> no", "within the supporting cap: yes -> no"] {
            assert!(proposal.contains(change), "{change}: {said}");
        }
        assert!(!proposal.contains("needs:"), "{said}");
        let draft = line(&format!("proposal {}", other.id));
        assert!(draft.contains("condition_survey at confirm_planning") && !draft.contains("window"), "{said}");
        assert!(line("allocation ").contains("tranches: Rp525,000,000 + Rp945,000,000 + Rp630,000,000 -> "), "{said}");
        assert!(said.contains("3 come out otherwise, of 2 proposals and 1 allocations of 2021"), "{said}");
        // A file that nobody has published yet is held against the same proposals.
        let wanted = include_str!("../../policies/2021.toml").replace("supporting_cap_bp = 500", "supporting_cap_bp = 1");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), wanted).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentra"));
        command.args(["policy", "compare", "policies/2021.toml"]).arg(file.path());
        command.args(["--database-url", &app.database.url()]);
        let said = String::from_utf8(command.output().expect("run").stdout).expect("text");
        assert!(said.starts_with("/supporting_cap_bp: 500 -> 1\n1 values differ\n"), "{said}");
        assert!(said.contains("within the supporting cap: yes -> no"), "{said}");
    }

    async fn a_gate_that_a_decree_moves_forfeits_there_alone(db) {
        let app = TestApp::on(db);
        let here = CONSTRUCTION.at(&app, "allocated").await;
        let there = CONSTRUCTION.within(FOREIGN).at(&app, "allocated").await;
        let mut body = extension(&[HOME]);
        body["changes"] = json!([{ "path": "/contract_gate/date", "value": "2021-08-29" }]);
        decree(&app, body).await.is(201);
        let mut body = extension(&[FOREIGN]);
        body["changes"] = json!([{ "path": "/contract_gate/date", "value": "2021-06-30" }]);
        decree(&app, body).await.is(201);
        app.at("2021-07-01T00:00:00Z");
        app.sweep();
        assert_eq!((here.state().await, there.state().await), ("allocated".to_owned(), "forfeited".to_owned()));
        app.at("2021-08-20T00:00:00Z");
        app.sweep();
        assert_eq!(here.state().await, "allocated");
        app.at("2021-08-30T00:00:00Z");
        app.sweep();
        assert_eq!(here.state().await, "forfeited");
        app.verified();
    }
}

#[test]
fn the_check_of_a_file_names_every_error_and_fails() {
    let folder = tempfile::tempdir().expect("a folder");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/policies/2021.toml");
    let check = |path: &std::path::Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sentra"));
        let output = command.args(["policy", "check"]).arg(path).output().expect("run");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, said) = check(shipped.as_ref());
    assert_eq!(code, Some(0), "{said}");
    let window = "{ opens = { date = \"2020-05-01\", time = \"00:00\", zone = \"WIB\" }, closes = { date = \"2020-06-15\", \
                  time = \"17:00\", zone = \"WIB\" } },";
    let text = std::fs::read_to_string(shipped).expect("the file");
    let spoilt = text
        .replacen(window, &format!("{window}{window}"), 1)
        .replacen("share_bp = 2500", "share_bp = 5600", 1)
        .replacen("documents = [\"photo_50\"]", "documents = [\"no_such_paper\"]", 1);
    let path = folder.path().join("spoilt.toml");
    std::fs::write(&path, spoilt).expect("write");
    let (code, said) = check(&path);
    assert_eq!(code, Some(1), "{said}");
    for place in ["/submission_windows/1", "/tranches:", "/tranches/1/documents/0"] {
        assert!(said.contains(place), "{place}: {said}");
    }
}
