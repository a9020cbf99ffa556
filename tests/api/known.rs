//! What was known at an instant: asked twice it is the same to the byte, whatever was written between, and however far back it
//! is dated.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, TestApp};
use crate::support::client::text;
use crate::support::documents::{PDF, upload};
use crate::support::life::{CONSTRUCTION, Life};
use chrono::TimeDelta;
use sentra::domain::people::Role;
use serde_json::{Value, json};

const TOTAL: i64 = CONSTRUCTION.total();

/// Everything that is answered as of an instant.
fn asked(life: &Life<'_>, at: &str) -> Vec<String> {
    let id = &life.id;
    let mut all = vec![
        format!("/proposals?fiscal_year=2021&menu=construction&region_code={HOME}&as_of={at}"),
        format!("/proposals?sort=-created_at&limit=1&as_of={at}"),
        format!("/proposals?outcome_class=ovop&state=funded&funded=true&as_of={at}"),
        format!("/journal?fiscal_year=2021&state=funded&limit=2&as_of={at}"),
        format!("/journal?proposal_id={id}&limit=200&as_of={at}"),
        format!("/fund-usage?fiscal_year=2021&as_of={at}"),
        format!("/fund-usage?fiscal_year=2021&region_code={HOME}&as_of={at}"),
        format!("/fund-usage?fiscal_year=2021&group_by=component,region&as_of={at}"),
        format!("/fund-usage?fiscal_year=2021&group_by=component&component=supporting&as_of={at}"),
        format!("/proposals?component=production_house&as_of={at}"),
        format!("/journal?component=production_house&limit=2&as_of={at}"),
    ];
    for below in ["", "lines", "documents?limit=200", "documents?current=true&type=tor"] {
        let path = life.path(below);
        let mark = if path.contains('?') { '&' } else { '?' };
        all.push(format!("{path}{mark}as_of={at}"));
    }
    all
}

async fn bytes(life: &Life<'_>, person: &Person, at: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for path in asked(life, at) {
        let answer = life.app.get(person, &path).await;
        answer.is(200);
        all.push((path, answer.bytes));
    }
    all
}

/// An answer of now.
async fn now(life: &Life<'_>, person: &Person, path: &str) -> Value {
    life.app.get(person, path).await.is(200)
}

/// What is told of components: grouped by them, with another dimension, and narrowed to one.
const PARTS: [&str; 3] = [
    "group_by=component",
    "group_by=component,state",
    "group_by=menu,component&component=supporting",
];

/// The same, with the ways to rows left out: those of an instant lead to the rows of then.
async fn parts(life: &Life<'_>, person: &Person, and: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for by in PARTS {
        let path = format!("/fund-usage?fiscal_year=2021&{by}{and}");
        let mut body = now(life, person, &path).await;
        for group in body["groups"].as_array_mut().expect("groups") {
            group.as_object_mut().expect("a group").remove("links");
        }
        all.push(body);
    }
    all
}

/// What an amount of all components adds up to.
fn sum_of(body: &Value, amount: &str) -> i64 {
    let groups = body["groups"].as_array().expect("groups").iter();
    groups.filter_map(|group| group["amounts"][amount].as_i64()).sum()
}

async fn amend(life: &Life<'_>, number: &str, lines: Value, value_idr: i64) {
    let contract = life.last("contracts").await;
    let body = json!({
        "number": number, "signed_on": life.app.today(), "value_idr": value_idr, "lines": lines, "reason": "CCO.",
    });
    let path = format!("/contracts/{}/amendments", text(&contract["id"]));
    life.app.post(&life.who(Role::Drafter).await, &path, body).await.is(201);
}

/// The plan in force gives the second line less.
async fn change_plan(life: &Life<'_>) {
    let mut body = life.plan_body();
    body["reason"] = json!("Banjir merusak akses lokasi.");
    body["lines"][1]["amount_idr"] = json!(99_000_000);
    let plan = life.add(Role::Drafter, "plans", body).await.is(201);
    let drafter = life.who(Role::Drafter).await;
    life.step_of(&drafter, "plans", &plan, "submit", json!({})).await.is(200);
    life.approve_plan(json!({})).await.is(200);
}

async fn order(life: &Life<'_>, number: &str, spent_on: &str, amount_idr: i64) {
    let contract = life.last("contracts").await;
    let body = json!({ "contract_id": contract["id"], "number": number, "spent_on": spent_on, "amount_idr": amount_idr });
    life.add(Role::Drafter, "expenditures", body).await.is(201);
}

on_both! {
    async fn asked_twice_with_back_dated_writes_between_it_is_the_same_to_the_byte(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        life.bring().await;
        order(&life, "X/1", &app.today(), 1_000_000).await;
        let auditor = life.who(Role::Auditor).await;
        let plain: Vec<Value> = vec![
            now(&life, &auditor, &life.path("")).await,
            now(&life, &auditor, &life.path("lines")).await,
            now(&life, &auditor, &life.path("documents?limit=200")).await,
            now(&life, &auditor, &format!("/journal?proposal_id={}&limit=200", life.id)).await,
            now(&life, &auditor, "/fund-usage?fiscal_year=2021").await,
        ];
        let at = app.clock.now().to_string();
        let first = bytes(&life, &auditor, &at).await;
        // What was known now is what is: the same views, of the same rows.
        for (known, path) in [
            (&plain[0], life.path(&format!("?as_of={at}")).replace("/?", "?")),
            (&plain[1], life.path(&format!("lines?as_of={at}"))),
            (&plain[2], life.path(&format!("documents?limit=200&as_of={at}"))),
            (&plain[3], format!("/journal?proposal_id={}&limit=200&as_of={at}", life.id)),
            (&plain[4], format!("/fund-usage?fiscal_year=2021&as_of={at}")),
        ] {
            assert_eq!(&now(&life, &auditor, &path).await, known, "{path}");
        }
        // At the same instant, and later; dated before it, and taking back what was there.
        order(&life, "X/2", "2021-01-04", 7).await;
        let inspector = life.who(Role::Inspector).await;
        life.reverse(&inspector, &life.entry("spend").await).await.is(201);
        app.later(TimeDelta::hours(1));
        order(&life, "X/3", "2020-12-31", 9).await;
        let drafter = life.who(Role::Drafter).await;
        let tor = life.list("documents?type=tor").await[0].clone();
        let old = text(&tor["id"]);
        let fields = [("type", "tor"), ("issued_on", "2020-01-02"), ("supersedes_id", old.as_str())];
        upload(&app, &drafter, &life.id, &fields, PDF).await.is(201);
        let other = CONSTRUCTION.at(&app, "draft").await;
        let administrator = app.of(Role::Administrator, HOME).await;
        let decree = json!({
            "fiscal_year": 2021, "number": "KMK 15/2021", "dated_on": "2021-01-02", "reason": "Surut.",
            "effective_from": "2021-01-03T00:00:00Z",
            "regions": [], "changes": [{ "path": "/site_tolerance_m", "value": 1 }],
        });
        app.post(&administrator, "/decrees", decree).await.is(201);
        life.to("closed").await;
        let second = bytes(&life, &auditor, &at).await;
        for (one, other) in first.iter().zip(&second) {
            assert_eq!(one.0, other.0);
            assert_eq!(String::from_utf8_lossy(&one.1), String::from_utf8_lossy(&other.1), "{}", one.0);
        }
        // And now it is another.
        let closed = now(&life, &auditor, &life.path("")).await;
        assert_eq!((&closed["state"], &plain[0]["state"]), (&json!("closed"), &json!("funded")));
        let later = app.clock.now().to_string();
        let list = now(&life, &auditor, &format!("/proposals?region_code={HOME}&as_of={later}")).await;
        let ids: Vec<String> = list["items"].as_array().expect("items").iter().map(|one| text(&one["id"])).collect();
        assert_eq!(ids, [life.id.clone(), other.id.clone()]);
        assert_eq!(list["items"][0], closed);
        app.verified();
    }

    async fn before_a_change_the_old_value_was_known(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "draft").await;
        let auditor = life.who(Role::Auditor).await;
        let before_lines = app.clock.now();
        app.later(TimeDelta::hours(1));
        life.patch(Role::Drafter, json!({ "title": "Judul baru", "site": {
            "street": "Jalan Baru", "village": "A", "district": "B", "latitude": -5.123_456_789, "longitude": 105.987_654_321,
        } })).await.is(200);
        let mut lines = life.case.lines();
        lines["lines"].as_array_mut().expect("lines").pop();
        life.put(Role::Drafter, "lines", lines).await.is(200);
        let then = |below: &str| life.path(&format!("{below}?as_of={before_lines}")).replace("/?", "?");
        let known = now(&life, &auditor, &then("")).await;
        assert_eq!(text(&known["title"]), "Sentra IKM Tenun Tapis");
        assert_eq!(known["line_count"], 2);
        assert_eq!(now(&life, &auditor, &then("lines")).await["items"].as_array().expect("lines").len(), 2);
        // The line that was taken out was the one for supporting activities.
        let with = async |at: &str| {
            let list = now(&life, &auditor, &format!("/proposals?component=supporting{at}")).await;
            list["items"].as_array().expect("proposals").len()
        };
        assert_eq!((with(&format!("&as_of={before_lines}")).await, with("").await), (1, 0));
        assert_eq!(with(&format!("&as_of={}", app.clock.now())).await, 0);
        let at = app.clock.now().to_string();
        let changed = now(&life, &auditor, &life.path("")).await;
        assert_eq!(text(&changed["title"]), "Judul baru");
        assert_eq!(now(&life, &auditor, &format!("{}?as_of={at}", life.path(""))).await, changed);
        // Before it was made it was not there.
        let long_ago = "2020-05-01T00:00:00Z";
        app.get(&auditor, &format!("{}?as_of={long_ago}", life.path(""))).await.is(404);
        let list = now(&life, &auditor, &format!("/proposals?as_of={long_ago}")).await;
        assert_eq!(list["items"], json!([]));
        let usage = now(&life, &auditor, &format!("/fund-usage?fiscal_year=2021&as_of={long_ago}")).await;
        assert_eq!((&usage["proposals"], &usage["national_ceiling_idr"]), (&json!(0), &json!(null)));
    }

    async fn the_figures_of_a_year_are_followed_through_it(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "approved").await;
        let auditor = life.who(Role::Auditor).await;
        let mut marks = Vec::new();
        for state in ["allocated", "planned", "contracted", "funded", "reporting"] {
            app.later(TimeDelta::hours(1));
            life.to(state).await;
            let shown = now(&life, &auditor, &life.path("")).await["figures"].clone();
            marks.push((app.clock.now().to_string(), shown, now(&life, &auditor, "/fund-usage?fiscal_year=2021").await));
        }
        for (at, figures, usage) in marks {
            let known = now(&life, &auditor, &format!("{}?as_of={at}", life.path(""))).await;
            assert_eq!(known["figures"], figures, "{at}");
            let path = format!("/fund-usage?fiscal_year=2021&as_of={at}");
            assert_eq!(now(&life, &auditor, &path).await, usage, "{at}");
        }
        assert_eq!(life.figure("absorbed_idr").await, TOTAL);
    }

    async fn components_are_those_of_the_lines_plans_and_contracts_that_were_known(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let auditor = life.who(Role::Auditor).await;
        let inspector = life.who(Role::Inspector).await;
        let unit = CONSTRUCTION.unit_cost_idr;
        let contract = |number: &str, lines: Value, value: i64| json!({ "number": number, "lines": lines, "value_idr": value });
        let mut marks: Vec<(String, Vec<Value>)> = Vec::new();
        for step in 0..10 {
            app.later(TimeDelta::hours(1));
            match step {
                0 => change_plan(&life).await,
                1 => { life.contract(contract("A", json!([1]), 700 * unit)).await.is(201); }
                // From then on it binds two components, until that is taken back.
                2 => amend(&life, "ADD/1", json!([1, 2]), 720 * unit).await,
                3 => { life.reverse(&inspector, &life.entry("commit").await).await.is(201); }
                // No money is moved: nothing but the lines says so.
                4 => amend(&life, "ADD/2", json!([2]), 700 * unit).await,
                5 => { life.contract(contract("B", json!([1, 2]), 60 * unit)).await.is(201); }
                6 => { life.reverse(&inspector, &life.entry("commit").await).await.is(201); }
                7 => {
                    life.contract(contract("C", json!([1]), 30 * unit)).await.is(201);
                    life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
                }
                8 => order(&life, "X/1", &app.today(), 1_000_000).await,
                _ => { life.reverse(&inspector, &life.entry("spend").await).await.is(201); }
            }
            marks.push((app.clock.now().to_string(), parts(&life, &auditor, "").await));
        }
        app.later(TimeDelta::hours(1));
        let distinct: std::collections::BTreeSet<String> = marks.iter().map(|(_, parts)| parts[0].to_string()).collect();
        // Taking back makes it as it was: after the amendment, the second contract and the order.
        assert_eq!(distinct.len(), 7);
        for round in ["X/2", "X/3"] {
            for (at, told) in &marks {
                let known = parts(&life, &auditor, &format!("&as_of={at}")).await;
                assert_eq!(&known, told, "{at}");
                let all = now(&life, &auditor, &format!("/fund-usage?fiscal_year=2021&group_by=region&as_of={at}")).await;
                let figures = &all["groups"][0]["figures"];
                assert_eq!((&known[0]["figures"], &known[1]["spread"]), (&all["figures"], &all["spread"]), "{at}");
                assert_eq!(figures["contracted_idr"], sum_of(&known[0], "contract_value_idr"), "{at}");
                assert_eq!(known[0]["amounts"]["contract_value_idr"], sum_of(&known[0], "contract_value_idr"), "{at}");
                assert_eq!(figures["absorbed_idr"], sum_of(&known[0], "paid_idr"), "{at}");
                assert_eq!(figures["plan_idr"], sum_of(&known[0], "planned_idr"), "{at}");
            }
            // Dated before all of them.
            order(&life, round, &app.in_days(-60), 5).await;
        }
        // Before money was set aside there was none for anything.
        let long_ago = parts(&life, &auditor, "&as_of=2020-05-01T00:00:00Z").await;
        assert_eq!((&long_ago[0]["groups"], &long_ago[0]["proposals"]), (&json!([]), &json!(0)));
        app.verified();
    }

    async fn what_was_mistyped_and_taken_back_leaves_no_trace_in_sums_of_then(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let (auditor, inspector) = (life.who(Role::Auditor).await, life.who(Role::Inspector).await);
        let contract = |number: &str, value: i64| json!({ "number": number, "value_idr": value });
        life.contract(contract("A", TOTAL)).await.is(201);
        // Each is within what a figure can be; both together are not.
        for number in ["B", "C"] {
            life.contract(contract(number, 60_000_000_000_000)).await.is(201);
            life.reverse(&inspector, &life.entry("commit").await).await.is(201);
        }
        let at = app.clock.now();
        for path in [life.path(&format!("?as_of={at}")).replace("/?", "?"), format!("/fund-usage?fiscal_year=2021&as_of={at}")] {
            assert_eq!(now(&life, &auditor, &path).await["figures"]["contracted_idr"], TOTAL, "{path}");
        }
        assert_eq!(life.figure("contracted_idr").await, TOTAL);
    }

    async fn lists_are_narrowed_by_what_was_known_and_lead_from_sums_to_rows(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "allocated").await;
        let draft = CONSTRUCTION.draft(&app).await;
        let auditor = life.who(Role::Auditor).await;
        app.later(TimeDelta::hours(1));
        let at = app.clock.now().to_string();
        let path = format!("/fund-usage?fiscal_year=2021&group_by=state,outcome_class&as_of={at}");
        let usage = now(&life, &auditor, &path).await;
        app.later(TimeDelta::hours(1));
        life.to("contracted").await;
        let class = json!({ "outcome_class": "export" });
        let drafter = draft.who(Role::Drafter).await;
        app.patch(&drafter, &draft.path(""), class).if_match(draft.version().await).await.is(200);
        let ids = async |path: &str| {
            let mut all = Vec::new();
            let mut cursor = String::new();
            loop {
                let page = now(&life, &auditor, &format!("{path}&limit=1{cursor}")).await;
                all.extend(page["items"].as_array().expect("items").iter().map(|one| text(&one["id"])));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => return all,
                }
            }
        };
        let [group] = usage["groups"].as_array().expect("groups").as_slice() else { panic!("{usage}") };
        let below = |name: &str| text(&group["links"][name]).replacen("/api/v1", "", 1);
        let (allocated, drafted) = (vec![life.id.clone()], vec![draft.id.clone()]);
        assert_eq!(ids(&below("proposals")).await, allocated);
        let entries = ids(&below("journal")).await;
        let known = life.journal().await.into_iter().filter(|one| text(&one["recorded_at"]) <= at);
        assert_eq!(entries, known.map(|one| text(&one["id"])).collect::<Vec<_>>());
        assert!(entries.len() < life.journal().await.len());
        let then = |narrowed: &str| format!("/proposals?{narrowed}&as_of={at}");
        assert_eq!(ids(&then("state=draft")).await, drafted);
        assert_eq!(ids(&then("outcome_class=export")).await, Vec::<String>::new());
        assert_eq!(ids(&then("funded=false")).await, drafted);
        assert_eq!(ids("/proposals?funded=true").await, allocated);
        let sheet = app.get(&auditor, "/exports/proposals?format=csv&funded=true").await;
        let sheet = String::from_utf8_lossy(&sheet.bytes).into_owned();
        assert!(sheet.contains(&life.id) && !sheet.contains(&draft.id), "{sheet}");
        assert_eq!(ids("/proposals?outcome_class=export").await, drafted);
    }

    async fn an_instant_to_come_another_region_and_what_changes_in_a_life_are_not_asked(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "draft").await;
        let auditor = life.who(Role::Auditor).await;
        let at = app.clock.now().to_string();
        for path in asked(&life, &app.clock.now().after(TimeDelta::seconds(1)).to_string()) {
            let refused = app.get(&auditor, &path).await;
            refused.is(422);
            assert_eq!(refused.pointers(), ["/query/as_of"], "{path}");
        }
        let stranger = app.someone("auditor far", Role::Auditor, vec![(Role::Auditor, Some(FOREIGN.into()))]).await;
        for path in asked(&life, &at).iter().filter(|path| path.contains(&life.id)) {
            app.get(&stranger, path).await.is(404);
        }
        let list = now(&life, &stranger, &format!("/proposals?as_of={at}")).await;
        assert_eq!(list["items"], json!([]));
        for (narrowed, pointer) in [
            ("queue=mine&sort=created_at", "/query/queue"), ("sort=state_since", "/query/sort"),
        ] {
            let refused = app.get(&auditor, &format!("/proposals?{narrowed}&as_of={at}")).await;
            refused.refused(422, &["not_as_of"]);
            assert_eq!(refused.pointers(), [pointer]);
        }
        app.get(&auditor, &format!("{}?as_of=yesterday", life.path(""))).await.is(422);
    }
}
