//! The radar of deadlines: what is due to whom, when, by which rule, and what is at risk.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, SIBLING, TestApp};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life};
use sentra::domain::people::Role;
use serde_json::{Value, json};

const TOTAL: i64 = CONSTRUCTION.total();

async fn radar(app: &TestApp, by: &Person, query: &str) -> Value {
    app.get(by, &format!("/deadlines?{query}")).await.is(200)
}

fn items(shown: &Value) -> Vec<Value> {
    shown["items"].as_array().expect("items").clone()
}

fn kinds(shown: &Value) -> Vec<String> {
    items(shown).iter().map(|item| text(&item["kind"])).collect()
}

/// What is about one proposal, and has not passed.
fn of<'a>(shown: &'a Value, life: &Life<'_>) -> Vec<&'a str> {
    let all = shown["items"].as_array().expect("items").iter();
    all.filter(|item| item["proposal_id"] == life.id)
        .map(|item| item["kind"].as_str().expect("a kind"))
        .collect()
}

on_both! {
    async fn each_stage_has_its_date_with_rule_days_and_money(db) {
        let app = TestApp::on(db);
        let draft = CONSTRUCTION.draft(&app).await;
        let asked = CONSTRUCTION.at(&app, "technical_review").await;
        asked.ask_changes(Role::Reviewer, &["/title"]).await;
        let data = json!({ "due_on": app.in_days(3) });
        let ask = json!({ "action": "request_clarification", "comment": "?", "data": data });
        asked.act(Role::Reviewer, ask).await.is(200);
        let planned = CONSTRUCTION.at(&app, "planned").await;
        let approver = draft.who(Role::Approver).await;
        let shown = radar(&app, &approver, "limit=200").await;
        assert_eq!(of(&shown, &draft), ["submission"]);
        assert_eq!(of(&shown, &asked), ["clarification"]);
        assert_eq!(of(&shown, &planned), ["contract_gate"]);
        let moments: Vec<String> = items(&shown).iter().map(|item| text(&item["at"])).collect();
        assert!(moments.is_sorted(), "{moments:?}");
        assert_eq!((&shown["count"], &shown["overdue"], &shown["at_risk_idr"]), (&json!(3), &json!(0), &json!(3 * TOTAL)));
        let all = items(&shown);
        let clarification = all.iter().find(|item| item["kind"] == "clarification").expect("one");
        // 11 May 2020 is a Monday.
        assert_eq!((&clarification["days_left"], &clarification["working_days_left"]), (&json!(3), &json!(3)));
        assert_eq!((&clarification["rule"], &clarification["zone"]), (&Value::Null, &json!("WIB")));
        let gate = all.iter().find(|item| item["kind"] == "contract_gate").expect("one");
        for (name, value) in [
            ("rule", json!("/contract_gate")), ("at", json!("2021-07-21T10:00:00.000000Z")), ("zone", json!("WIB")),
            ("overdue", json!(false)), ("moved_by", Value::Null), ("state", json!("planned")),
            ("fiscal_year", json!(2021)), ("region_code", json!(HOME)), ("at_risk_idr", json!(TOTAL)),
            ("title", json!("Sentra IKM Tenun Tapis")),
        ] {
            assert_eq!(gate[name], value, "{name}");
        }
        assert!(!text(&gate["region_name"]).is_empty());
    }

    async fn a_decree_moves_a_date_at_once_and_is_named(db) {
        let app = TestApp::on(db);
        let here = CONSTRUCTION.at(&app, "planned").await;
        let there = CONSTRUCTION.within(FOREIGN).at(&app, "planned").await;
        let administrator = app.of(Role::Administrator, HOME).await;
        let body = json!({
            "fiscal_year": 2021, "number": "KMK 9/2021", "dated_on": app.today(), "reason": "Banjir.",
            "regions": [HOME], "changes": [{ "path": "/contract_gate/date", "value": "2021-08-29" }],
        });
        app.post(&administrator, "/decrees", body).await.is(201);
        let approver = here.who(Role::Approver).await;
        let shown = radar(&app, &approver, "kind=contract_gate").await;
        let all = items(&shown);
        assert_eq!(all.iter().map(|item| text(&item["proposal_id"])).collect::<Vec<_>>(), [there.id.clone(), here.id.clone()]);
        assert_eq!((&all[0]["moved_by"], &all[1]["moved_by"]["number"]), (&Value::Null, &json!("KMK 9/2021")));
        assert_eq!(all[1]["at"], "2021-08-29T10:00:00.000000Z");
        // Overdue until the sweep has passed it by.
        app.at("2021-07-22T00:00:00Z");
        let shown = radar(&app, &approver, "kind=contract_gate").await;
        assert_eq!((&shown["overdue"], &items(&shown)[0]["overdue"]), (&json!(1), &json!(true)));
        assert_eq!(items(&shown)[0]["days_left"], -1);
        app.sweep();
        assert_eq!(kinds(&radar(&app, &approver, "kind=contract_gate").await), ["contract_gate"]);
    }

    async fn tranches_reports_and_the_check_of_use_follow_the_payments(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.as_shipped().at(&app, "contracted").await;
        let approver = life.who(Role::Approver).await;
        let allocation = life.allocation().await;
        let of_tranche = |shown: &Value| -> Vec<(String, i64, i64)> {
            let all = items(shown).into_iter().filter(|item| item["allocation_id"] == allocation);
            all.map(|item| (text(&item["kind"]), item["n"].as_i64().unwrap_or(0), item["at_risk_idr"].as_i64().unwrap_or(0)))
                .collect()
        };
        let documents = |n, risk| ("tranche_documents".to_owned(), n, risk);
        let window = |n, risk| ("tranche_window".to_owned(), n, risk);
        let shown = radar(&app, &approver, "limit=200").await;
        assert_eq!(of_tranche(&shown), [documents(1, TOTAL), window(1, TOTAL)]);
        assert!(of(&shown, &life).contains(&"contract_gate"), "{shown}");
        life.request_tranche(1, TOTAL / 4).await.is(201);
        let shown = radar(&app, &approver, "limit=200").await;
        assert_eq!(of_tranche(&shown), [window(1, TOTAL)]);
        assert!(!of(&shown, &life).contains(&"contract_gate"), "it has asked");
        life.review_and_verify().await;
        life.pay().await.is(200);
        let shown = radar(&app, &approver, "limit=200").await;
        assert_eq!(of_tranche(&shown), [documents(2, TOTAL - TOTAL / 4), window(2, TOTAL - TOTAL / 4)]);
        assert_eq!(of(&shown, &life).iter().filter(|kind| **kind == "quarterly_report").count(), 4);
        assert_eq!(shown["at_risk_idr"], TOTAL - TOTAL / 4, "each proposal once");
        life.to("operating").await;
        let shown = radar(&app, &approver, "limit=200").await;
        assert_eq!(of(&shown, &life), ["operation_check", "final_report"]);
        life.final_report().await;
        assert_eq!(of(&radar(&app, &approver, "limit=200").await, &life), ["operation_check"]);
    }

    async fn what_is_paid_on_recommendation_has_its_date_beside_those_of_the_tranches(db) {
        let app = TestApp::on(db);
        let recommended = CONSTRUCTION.as_shipped().recommended().at(&app, "planned").await;
        let staged = CONSTRUCTION.as_shipped().at(&app, "planned").await;
        app.reach_the_year();
        recommended.to("contracted").await;
        staged.to("contracted").await;
        let approver = staged.who(Role::Approver).await;
        let allocation = staged.allocation().await;
        let all = items(&radar(&app, &approver, "limit=200").await);
        let of_tranche = all.iter().filter(|item| item["allocation_id"] == allocation);
        let shown: Vec<_> = of_tranche.map(|item| (text(&item["kind"]), text(&item["at"]), item["at_risk_idr"].clone())).collect();
        let expected = [
            ("tranche_documents", "2021-07-21T10:00:00.000000Z"), ("tranche_window", "2021-07-31T10:00:00.000000Z"),
            ("tranche_window", "2021-12-15T10:00:00.000000Z"),
        ];
        assert_eq!(shown, expected.map(|(kind, at)| (kind.to_owned(), at.to_owned(), json!(TOTAL))));
    }

    async fn everybody_sees_the_dates_of_what_they_see(db) {
        let app = TestApp::on(db);
        for region in [HOME, SIBLING, FOREIGN] {
            CONSTRUCTION.within(region).draft(&app).await;
        }
        let count = async |by: &Person, query: &str| radar(&app, by, query).await["count"].clone();
        let drafter = app.of(Role::Drafter, HOME).await;
        let verifier = app.of(Role::Verifier, HOME).await;
        let approver = app.of(Role::Approver, HOME).await;
        assert_eq!(count(&drafter, "").await, 1);
        assert_eq!(count(&drafter, &format!("region_code={FOREIGN}")).await, 0);
        assert_eq!(count(&verifier, "").await, 2);
        assert_eq!(count(&approver, "").await, 3);
        assert_eq!(count(&approver, "province_code=18").await, 2);
        assert_eq!(count(&approver, &format!("region_code={SIBLING}")).await, 1);
        assert_eq!(count(&approver, "fiscal_year=2019").await, 0);
        assert_eq!(count(&approver, "until=2020-06-14").await, 0);
        assert_eq!(count(&approver, "until=2020-06-15").await, 3);
        assert_eq!(count(&app.of(Role::Administrator, HOME).await, "").await, 0);
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = radar(&app, &approver, &format!("limit=1{cursor}")).await;
            assert_eq!(page["count"], 3, "sums are over all pages");
            seen.extend(items(&page).iter().map(|item| text(&item["proposal_id"])));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3);
        for query in [
            "region_code=99.99", "province_code=x", "until=2021-13-01", "kind=x", "limit=0", "cursor=x", "cursor=~~~",
            "cursor=2020-05-11T02:00:00Z~submission~-1~x", "nobody_knows=1", "fiscal_year=x",
        ] {
            app.get(&approver, &format!("/deadlines?{query}")).await.is(422);
        }
    }
}
