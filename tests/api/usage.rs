//! Fund usage: grouped and narrowed, whole whatever it is grouped by, as JSON, CSV and XLSX, with ways to what it is made of.

use crate::faults::seed::seed;
use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, SIBLING, TestApp};
use crate::support::case::overlay;
use crate::support::client::text;
use crate::support::database::{Kind, explained};
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use calamine::{Data, Reader, Xlsx};
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Cursor;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Everything that sums can be grouped by, but for components, of which there are other amounts.
const WHOLE: [&str; 7] =
    ["region", "province", "menu", "fiscal_year", "centre", "state", "outcome_class"];

async fn usage(app: &TestApp, person: &Person, query: &str) -> Value {
    app.get(person, &format!("/fund-usage?{query}")).await.is(200)
}

fn items<'a>(body: &'a Value, name: &str) -> &'a Vec<Value> {
    body[name].as_array().unwrap_or_else(|| panic!("no {name}: {body}"))
}

fn keys(group: &Value) -> Vec<String> {
    items(group, "keys").iter().map(|key| key["value"].as_str().unwrap_or("-").to_owned()).collect()
}

/// The group of some values.
fn group<'a>(body: &'a Value, values: &[&str]) -> &'a Value {
    items(body, "groups")
        .iter()
        .find(|group| keys(group) == values)
        .unwrap_or_else(|| panic!("no {values:?}: {body}"))
}

/// Every group's figures added up are those of the whole.
fn adds_up(body: &Value) {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for group in items(body, "groups") {
        for (name, amount) in group["figures"].as_object().expect("figures") {
            *sums.entry(name.clone()).or_default() += amount.as_i64().expect("a number");
        }
    }
    let whole = body["figures"].as_object().expect("figures");
    let whole: BTreeMap<String, i64> = whole
        .iter()
        .map(|(name, amount)| (name.clone(), amount.as_i64().expect("a number")))
        .collect();
    assert_eq!(sums, whole, "{}", body["group_by"]);
    let proposals: i64 =
        items(body, "groups").iter().filter_map(|one| one["proposals"].as_i64()).sum();
    assert_eq!(body["proposals"], proposals, "{}", body["group_by"]);
}

async fn report(life: &Life<'_>, as_of: &str, physical_bp: i64) {
    let body = json!({ "kind": "progress", "as_of": as_of, "physical_bp": physical_bp });
    let report = life.add(Role::Drafter, "reports", body).await.is(201);
    let drafter = life.who(Role::Drafter).await;
    life.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200);
}

on_both! {
    async fn money_is_grouped_by_one_or_two_of_what_proposals_are(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "funded").await;
        let two = REVITALISATION.within(SIBLING).small().at(&app, "contracted").await;
        let three = CONSTRUCTION.within(FOREIGN).small().at(&app, "allocated").await;
        CONSTRUCTION.at(&app, "approved").await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        for by in WHOLE {
            adds_up(&usage(&app, &auditor, &format!("fiscal_year=2021&group_by={by}")).await);
            for other in WHOLE {
                if by != other {
                    adds_up(&usage(&app, &auditor, &format!("fiscal_year=2021&group_by={by},{other}")).await);
                }
            }
        }
        let body = usage(&app, &auditor, "fiscal_year=2021&group_by=province,menu").await;
        let found: Vec<_> = items(&body, "groups").iter().map(keys).collect();
        assert_eq!(found, [["18", "construction"], ["18", "revitalisation"], ["35", "construction"]]);
        assert_eq!(body["groups"][0]["keys"][0]["name"], "Lampung");
        assert_eq!(body["proposals"], 3, "money was set aside for three of four");
        let (case, small) = (CONSTRUCTION.total(), CONSTRUCTION.small().total());
        let first = group(&body, &["18", "construction"]);
        assert_eq!((&first["figures"]["ceiling_idr"], &first["figures"]["disbursed_idr"]), (&json!(case), &json!(case)));
        assert_eq!(group(&body, &["18", "revitalisation"])["figures"]["contracted_idr"], small);
        assert_eq!(group(&body, &["35", "construction"])["figures"]["contracted_idr"], 0);
        let states = usage(&app, &auditor, "fiscal_year=2021&group_by=state").await;
        assert_eq!(group(&states, &[&one.state().await])["proposals"], 1);
        let narrow = usage(&app, &auditor, "fiscal_year=2021&menu=revitalisation&state=contracted").await;
        assert_eq!((&narrow["proposals"], &narrow["figures"]["ceiling_idr"]), (&json!(1), &json!(small)));
        assert_eq!(usage(&app, &auditor, "fiscal_year=2021&outcome_class=export").await["proposals"], 0);
        let centre = text(&two.shown().await["centre_id"]);
        let of_centre = usage(&app, &auditor, &format!("group_by=fiscal_year&centre_id={centre}")).await;
        assert_eq!((keys(&of_centre["groups"][0]), &of_centre["fiscal_year"]), (vec!["2021".to_owned()], &Value::Null));
        let drafter = app.of(Role::Drafter, FOREIGN).await;
        let own = usage(&app, &drafter, "fiscal_year=2021&group_by=region").await;
        assert_eq!(items(&own, "groups").iter().map(keys).collect::<Vec<_>>(), [[FOREIGN]]);
        assert_eq!(own["figures"]["ceiling_idr"], three.figure("ceiling_idr").await);
    }

    async fn what_can_not_be_grouped_or_narrowed_is_refused(db) {
        let app = TestApp::on(db);
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        for (query, pointer, code) in [
            ("", "/query/fiscal_year", "required"),
            ("group_by=menu", "/query/fiscal_year", "required"),
            ("fiscal_year=2021&group_by=village", "/query/group_by", "invalid"),
            ("fiscal_year=2021&group_by=", "/query/group_by", "invalid"),
            ("fiscal_year=2021&group_by=menu,state,region", "/query/group_by", "too_many"),
            ("fiscal_year=2021&group_by=menu,menu", "/query/group_by", "twice"),
            ("fiscal_year=2021&component=supporting", "/query/component", "needs_group"),
            ("fiscal_year=2021&province_code=99", "/query/province_code", "unknown"),
        ] {
            let answer = app.get(&auditor, &format!("/fund-usage?{query}")).await;
            answer.refused(422, &[code]);
            assert_eq!(answer.pointers(), [pointer], "{query}");
        }
        let path = "/fund-usage?fiscal_year=2021";
        app.get(&auditor, path).header("Accept", "text/html").await.is(406);
        app.get(&auditor, path).header("Accept", "text/html, */*;q=0.1").await.is(200);
    }

    async fn physical_progress_is_weighed_as_gates_weigh_it(db) {
        let app = TestApp::on(db);
        let large = CONSTRUCTION.in_tranches(2).at(&app, "contracted").await;
        let small = CONSTRUCTION.small().in_tranches(2).at(&app, "contracted").await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let path = "fiscal_year=2021&group_by=region";
        let before = usage(&app, &auditor, path).await;
        assert_eq!(before["physical_progress_bp"], 0);
        report(&large, &app.in_days(-3), 9_000).await;
        // What speaks of a later day counts, whichever was written first.
        report(&large, &app.in_days(-1), 2_500).await;
        report(&large, &app.in_days(-2), 8_000).await;
        report(&small, &app.in_days(-1), 10_000).await;
        // A draft says nothing yet.
        let draft = json!({ "kind": "progress", "as_of": app.today(), "physical_bp": 9_999 });
        large.add(Role::Drafter, "reports", draft).await.is(201);
        let (heavy, light) = (CONSTRUCTION.total(), CONSTRUCTION.small().total());
        let expected = (heavy * 2_500 + light * 10_000) / (heavy + light);
        let body = usage(&app, &auditor, path).await;
        assert_eq!(body["physical_progress_bp"], expected);
        assert_eq!(group(&body, &[HOME])["physical_progress_bp"], expected);
        let gate = format!("/allocations/{}/tranches/2/gate", large.allocation().await);
        let gate = app.get(&auditor, &gate).await.is(200);
        let check = items(&gate, "checks").iter().find(|check| check["rule"] == "output_reached");
        assert_eq!(check.expect("a check of output")["actual_bp"], expected, "{gate}");
    }

    async fn components_have_the_amounts_of_their_lines_and_of_contracts_over_them_alone(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let unit = CONSTRUCTION.unit_cost_idr;
        let contract = |number: &str, lines: Value, value: i64| json!({ "number": number, "lines": lines, "value_idr": value });
        life.contract(contract("A", json!([1]), 700 * unit)).await.is(201);
        life.contract(contract("B", json!([1, 2]), 60 * unit)).await.is(201);
        life.contract(contract("C", json!([2]), 5)).await.is(201);
        let mistaken = life.last("contracts").await;
        let inspector = life.who(Role::Inspector).await;
        let entries = life.journal().await;
        let entry = entries.iter().find(|one| one["source_id"] == mistaken["id"]).expect("an entry");
        life.reverse(&inspector, entry).await.is(201);
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let body = usage(&app, &auditor, "fiscal_year=2021&group_by=component").await;
        let amounts = |key: &str| group(&body, &[key])["amounts"].clone();
        let of = |lines: i64, volume: i64, contracted: i64| json!({
            "lines": lines, "proposed_idr": volume * unit, "assessed_idr": volume * unit, "agreed_idr": volume * unit,
            "approved_idr": volume * unit, "planned_idr": volume * unit, "contract_value_idr": contracted, "paid_idr": 0,
        });
        assert_eq!(amounts("production_house"), of(1, 800, 700 * unit));
        assert_eq!(amounts("supporting"), of(1, 40, 0));
        assert_eq!(amounts("-"), of(0, 0, 60 * unit));
        for one in items(&body, "groups") {
            assert_eq!((&one["figures"], &one["centres"]), (&Value::Null, &Value::Null), "nothing is apportioned");
        }
        assert_eq!(body["figures"]["contracted_idr"], 760 * unit);
        assert_eq!(body["amounts"], of(2, 840, 760 * unit));
        assert_eq!(usage(&app, &auditor, "fiscal_year=2021&group_by=menu").await["amounts"], Value::Null);
        let csv = app.get(&auditor, "/fund-usage?fiscal_year=2021&group_by=component").header("Accept", "text/csv").await;
        let sheet = String::from_utf8(csv.bytes.clone()).expect("text");
        let column = |name: &str| sheet.trim_start_matches('\u{feff}').lines().next()
            .and_then(|head| head.split(';').position(|one| one == name)).unwrap_or_else(|| panic!("no {name}: {sheet}"));
        let total: Vec<&str> = sheet.lines().last().expect("a row").split(';').collect();
        assert_eq!((total[0], total[column("proposals")], total[column("lines")]), ("total", "1", "2"), "{sheet}");
        let (all, value) = ((840 * unit).to_string(), (760 * unit).to_string());
        assert_eq!((total[column("planned_idr")], total[column("contract_value_idr")]), (all.as_str(), value.as_str()), "{sheet}");
        let one = usage(&app, &auditor, "fiscal_year=2021&group_by=component,menu&component=supporting").await;
        assert_eq!(items(&one, "groups").iter().map(keys).collect::<Vec<_>>(), [["supporting", "construction"]]);
    }

    async fn groups_lead_to_their_proposals_and_entries(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = REVITALISATION.at(&app, "allocated").await;
        CONSTRUCTION.within(FOREIGN).at(&app, "allocated").await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        for by in ["province,menu", "state,outcome_class", "region,fiscal_year", "centre", "component,menu"] {
            let body = usage(&app, &auditor, &format!("fiscal_year=2021&province_code=18&group_by={by}")).await;
            for group in items(&body, "groups") {
                let known = keys(group).iter().all(|key| key != "-");
                assert_eq!(group["links"].is_object(), known, "{by}: {group}");
                if !known {
                    continue;
                }
                let path = |name: &str| text(&group["links"][name]).replace("/api/v1", "");
                let listed = app.get(&auditor, &path("proposals")).await.is(200);
                assert_eq!(items(&listed, "items").len(), usize::try_from(group["proposals"].as_u64().expect("a count")).expect("few"), "{by}: {group}");
                let mut entries = Vec::new();
                let mut next = format!("{}&limit=2", path("journal"));
                loop {
                    let page = app.get(&auditor, &next).await.is(200);
                    entries.extend(items(&page, "items").clone());
                    let Some(cursor) = page["next_cursor"].as_str() else { break };
                    next = format!("{}&limit=2&cursor={cursor}", path("journal"));
                }
                if let Some(ceiling) = group["figures"]["ceiling_idr"].as_i64() {
                    let allocated: i64 = entries.iter().filter(|one| one["kind"] == "allocate").filter_map(|one| one["amount_idr"].as_i64()).sum();
                    assert_eq!(allocated, ceiling, "{by}: {group}");
                }
            }
        }
        let all = app.get(&auditor, "/journal?province_code=18&limit=200").await.is(200);
        let expected = one.journal().await.len() + two.journal().await.len();
        assert_eq!(items(&all, "items").len(), expected);
        let drafter = app.of(Role::Drafter, FOREIGN).await;
        let foreign = app.get(&drafter, "/journal?fiscal_year=2021").await.is(200);
        assert!(items(&foreign, "items").iter().all(|entry| entry["proposal_id"] != json!(one.id)));
        app.get(&auditor, "/journal").await.refused(422, &["required"]);
        app.get(&auditor, &format!("/journal?proposal_id={}&menu=construction", one.id)).await.refused(422, &["narrowed"]);
    }

    async fn evenness_sets_each_province_s_money_beside_its_centres_and_businesses(db) {
        let app = TestApp::on(db);
        // Forty businesses in each centre: one more centre in the foreign province, which gets nothing for it.
        let here = REVITALISATION.at(&app, "allocated").await;
        REVITALISATION.within(FOREIGN).small().at(&app, "allocated").await;
        let drafter = app.of(Role::Drafter, FOREIGN).await;
        app.post(&drafter, "/centres", REVITALISATION.within(FOREIGN).centre()).await.is(201);
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let body = usage(&app, &auditor, "fiscal_year=2021&group_by=province").await;
        let (large, small) = (REVITALISATION.total(), REVITALISATION.small().total());
        let of_home = group(&body, &["18"])["centres"].clone();
        assert_eq!(of_home, json!({ "centres": 1, "businesses": 40, "set_aside_idr": large,
            "per_centre_idr": large, "per_business_idr": large / 40 }));
        let spread = &body["spread"];
        let share = |part: i64, whole: i64| part * 10_000 / whole;
        let provinces = items(spread, "provinces");
        let with_money: Vec<_> = provinces.iter().filter(|one| one["set_aside_idr"] != 0).cloned().collect();
        assert_eq!(json!(with_money), json!([
            { "province_code": "18", "name": "Lampung", "set_aside_idr": large, "share_of_money_bp": share(large, large + small),
              "centres": 1, "share_of_centres_bp": 3_333, "per_centre_idr": large,
              "businesses": 40, "share_of_businesses_bp": 3_333, "per_business_idr": large / 40 },
            { "province_code": "35", "name": "Jawa Timur", "set_aside_idr": small, "share_of_money_bp": share(small, large + small),
              "centres": 2, "share_of_centres_bp": 6_666, "per_centre_idr": small / 2,
              "businesses": 80, "share_of_businesses_bp": 6_666, "per_business_idr": small / 80 },
        ]));
        // Thirty-six provinces that get nothing count as well.
        assert_eq!(provinces.len(), 38);
        let whole = 38 * i128::from(large + small);
        let even = i128::from(3 * small + large);
        assert_eq!(i128::from(spread["gini_over_provinces_bp"].as_i64().expect("a share")), (whole - even) * 10_000 / whole);
        // The third of the centres that has five sevenths of the money.
        assert_eq!(spread["gini_over_centres_bp"], 10_000 * 8 / 21);
        assert_eq!(spread["gini_over_businesses_bp"], spread["gini_over_centres_bp"]);
        assert_eq!(here.figure("ceiling_idr").await, large);
        let one = usage(&app, &auditor, "fiscal_year=2021&province_code=18").await;
        assert_eq!((&one["spread"]["gini_over_provinces_bp"], items(&one["spread"], "provinces").len()), (&json!(0), 1));
    }

    async fn spreadsheets_hold_numbers_as_numbers_and_no_formula_from_a_name(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "allocated").await;
        let drafter = life.who(Role::Drafter).await;
        let path = format!("/centres/{}", text(&life.shown().await["centre_id"]));
        let centre = app.get(&drafter, &path).await;
        let mut body = REVITALISATION.centre();
        body.as_object_mut().expect("fields").remove("region_code");
        body["name"] = json!("=HYPERLINK(\"http://x\")");
        app.patch(&drafter, &path, body).if_match(centre.version()).await.is(200);
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let path = "/fund-usage?fiscal_year=2021&group_by=centre,menu";
        let csv = app.get(&auditor, path).header("Accept", "text/csv").await;
        assert_eq!(csv.header("Content-Type"), Some("text/csv; charset=utf-8"), "{csv}");
        let sheet = String::from_utf8(csv.bytes.clone()).expect("text");
        let rows: Vec<Vec<String>> = csv::ReaderBuilder::new().delimiter(b';').from_reader(sheet.trim_start_matches('\u{feff}').as_bytes())
            .into_records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        let ceiling = REVITALISATION.total().to_string();
        assert_eq!(rows[0][1..6], ["'=HYPERLINK(\"http://x\")", "revitalisation", "1", "1", ceiling.as_str()]);
        assert_eq!((rows[1][0].as_str(), rows[1][5].as_str(), rows.len()), ("total", ceiling.as_str(), 2));
        let book = app.get(&auditor, path).header("Accept", XLSX).await;
        assert_eq!(book.header("Content-Type"), Some(XLSX), "{book}");
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes)).expect("a workbook");
        assert!(book.worksheet_formula("Fund usage").expect("formulas").is_empty());
        let range = book.worksheet_range("Fund usage").expect("a sheet");
        let cell = |row, column| range.get_value((row, column)).cloned().expect("a cell");
        assert_eq!(cell(1, 1), Data::String("=HYPERLINK(\"http://x\")".to_owned()));
        let path = "/fund-usage?fiscal_year=2021&group_by=fiscal_year";
        let book = app.get(&auditor, path).header("Accept", XLSX).await;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book.bytes)).expect("a workbook");
        let range = book.worksheet_range("Fund usage").expect("a sheet");
        assert_eq!(range.get_value((1, 0)), Some(&Data::Float(2021.0)), "a year is a number");
        assert_eq!(cell(1, 5), Data::Float(ceiling.parse().expect("a number")));
    }

    async fn a_seeded_nation_adds_up_whatever_it_is_grouped_by(db) {
        seed(&db, 300, &[]);
        let app = TestApp::on(db);
        let year = app.database.number("SELECT MAX(fiscal_year) FROM proposals");
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        for by in WHOLE {
            adds_up(&usage(&app, &auditor, &format!("fiscal_year={year}&group_by={by}")).await);
        }
        // What contracts over one component are worth, and what others are, is what all contracts are worth; of proposals
        // that ended they bind what is left of it when the rest was set free.
        let body = usage(&app, &auditor, &format!("fiscal_year={year}&group_by=component")).await;
        let values = items(&body, "groups").iter().filter_map(|one| one["amounts"]["contract_value_idr"].as_i64());
        let value = body["amounts"]["contract_value_idr"].as_i64().expect("a sum");
        assert_eq!(values.sum::<i64>(), value);
        let freed = app.database.number(&format!(
            "SELECT COALESCE(SUM(j.amount_idr), 0) FROM journal_entries j JOIN proposals p ON p.id = j.proposal_id \
             WHERE p.fiscal_year = {year} AND NOT EXISTS (SELECT 1 FROM journal_entries r WHERE r.reverses_id = j.id) \
             AND ((j.kind = 'release' AND j.from_account = 'committed') OR (j.kind = 'decommit' AND j.source_kind = 'proposal'))"
        ));
        assert!(freed > 0, "some ended before all was paid");
        assert_eq!(body["figures"]["contracted_idr"], value - freed);
    }

    async fn a_component_that_other_funds_pay_for_leads_to_no_proposal(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let mut lines = life.case.lines();
        let mut own = lines["lines"][0].clone();
        overlay(&mut own, json!({ "component": "clean_water", "fund_source": "APBD" }));
        lines["lines"].as_array_mut().expect("lines").push(own);
        life.put(Role::Drafter, "lines", lines).await.is(200);
        life.to("allocated").await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let body = usage(&app, &auditor, "fiscal_year=2021&group_by=component").await;
        let found: Vec<_> = items(&body, "groups").iter().map(keys).collect();
        assert_eq!(found, [["production_house"], ["supporting"]]);
        let at = app.clock.now();
        for and in [String::new(), format!("&as_of={at}")] {
            for list in ["proposals", "journal"] {
                let count = async |component: &str| {
                    let path = format!("/{list}?fiscal_year=2021&component={component}{and}");
                    items(&app.get(&auditor, &path).await.is(200), "items").len()
                };
                assert_eq!(count("clean_water").await, 0, "{list}{and}");
                assert!(count("production_house").await > 0, "{list}{and}");
            }
        }
    }

    fn sums_are_led_to_their_rows_by_indexes(db) {
        seed(db, 300, &[]);
        let plan = |sql: &str| explained(db, sql);
        let page = "SELECT id, menu, state FROM proposals WHERE version >= 0 AND fiscal_year = 2021 AND id > '0' ORDER BY id LIMIT 1000";
        assert!(plan(page).contains("proposals_by_fiscal_year_id"), "{}", plan(page));
        let newest = "SELECT id, (SELECT reports.physical_bp FROM reports WHERE reports.proposal_id = proposals.id \
            AND reports.state IN ('submitted', 'reviewed') ORDER BY reports.as_of DESC, reports.submitted_at DESC, reports.id DESC LIMIT 1) \
            FROM proposals WHERE id IN ('a', 'b')";
        assert!(plan(newest).contains("reports_by_proposal_id_as_of_submitted_at_id"), "{}", plan(newest));
        let balances = "SELECT * FROM balances WHERE proposal_id IN ('a', 'b')";
        assert!(!plan(balances).to_lowercase().contains("scan balances") || db.kind == Kind::Postgres, "{}", plan(balances));
        let entries = "SELECT * FROM journal_entries WHERE proposal_id IN ('a', 'b') ORDER BY proposal_id, id LIMIT 200";
        assert!(plan(entries).contains("journal_entries_by_proposal_id_id"), "{}", plan(entries));
        let releases = "SELECT * FROM journal_entries WHERE journal_entries.kind = 'release' ORDER BY proposal_id, id LIMIT 250";
        assert!(plan(releases).contains("journal_entries_released_by_proposal_id_id"), "{}", plan(releases));
    }
}
