//! What a project of OC4IDS tells of money, files and its end, where something was taken back, carried over or paid from
//! other funds.

use crate::corrections::{carry, of_year, open_later_years};
use crate::exports::{package, project, publisher, validated};
use crate::on_both;
use crate::support::app::{HOME, SIBLING, TestApp};
use crate::support::client::text;
use crate::support::documents::{PDF, upload};
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use sentra::domain::ids::{AmendmentId, ContractId};
use sentra::domain::people::Role;
use sentra::service::context::Context;
use sentra::service::export::{self, Scope};
use sentra::storage::{amendment, contract, known};
use serde_json::{Value, json};

/// More than the values of one statement, of either database.
const MANY: usize = 66_000;

fn idr(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "IDR" })
}

/// The project of a proposal, in a package that the standard's checker takes.
async fn shown(life: &Life<'_>) -> Value {
    let auditor = life.app.nth(Role::Auditor, HOME, 3).await;
    let package = package(life.app, &auditor, "").await;
    validated(&package);
    project(&package, life).clone()
}

async fn amend(life: &Life<'_>, number: &str, value_idr: i64, days: i64) {
    let contract = life.last("contracts").await;
    let body = json!({ "number": number, "signed_on": life.app.today(), "value_idr": value_idr,
        "ends_on": life.app.in_days(days), "reason": "Adendum." });
    let path = format!("/contracts/{}/amendments", text(&contract["id"]));
    life.app.post(&life.who(Role::Drafter).await, &path, body).await.is(201);
}

on_both! {
    async fn a_contract_is_told_as_it_was_signed_whichever_amendment_was_taken_back(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let (signed, total) = (life.last("contracts").await, CONSTRUCTION.total());
        amend(&life, "ADD/1", total - 10, 300).await;
        amend(&life, "ADD/2", total - 10, 400).await;
        life.reverse(&life.who(Role::Inspector).await, &life.entry("decommit").await).await.is(201);
        let drafter = life.who(Role::Drafter).await;
        let mut files = Vec::new();
        for (n, number) in ["ADD / 1", "602/01/SPK/2021"].into_iter().enumerate() {
            let mut bytes = PDF.2.to_vec();
            bytes.extend_from_slice(format!("\n%{n}\n").as_bytes());
            let file = ("k.pdf", "application/pdf", bytes.as_slice());
            let brought = upload(&app, &drafter, &life.id, &[("type", "contract"), ("number", number)], file).await;
            files.push(brought.is(201)["id"].clone());
        }
        let project = shown(&life).await;
        let summary = &project["contractingProcesses"][0]["summary"];
        assert_eq!(summary["contractValue"], idr(total));
        let end = format!("{}T23:59:59+07:00", text(&signed["ends_on"]));
        assert_eq!(summary["contractPeriod"]["endDate"], end);
        let changes = summary["modifications"].as_array().expect("modifications");
        let told: Vec<_> = changes.iter().map(|one| (text(&one["type"]), text(&one["description"]))).collect();
        let words = format!("Adendum ADD/2: ends on {} and not on {}", app.in_days(400), app.in_days(300));
        assert_eq!(told, [("duration".to_owned(), words)]);
        let types: Vec<Value> = files.iter().map(|id| {
            let all = project["documents"].as_array().expect("documents");
            all.iter().find(|one| one["id"] == *id).expect("a document")["documentType"].clone()
        }).collect();
        assert_eq!(types, ["contractAmendment", "contractSigned"]);
        app.verified();
    }

    async fn the_cost_is_that_of_all_funds_and_money_is_told_as_of_the_day_when_it_was_read(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "planned").await;
        let other = life.contract(json!({ "number": "602/APBD", "fund_source": "APBD", "value_idr": 9_000, "lines": [2] })).await.is(201);
        life.to("funded").await;
        let order = json!({ "contract_id": other["id"], "number": "SP2D/APBD", "spent_on": app.today(), "amount_idr": 9_000 });
        life.add(Role::Drafter, "expenditures", order).await.is(201);
        life.to("reporting").await;
        let as_of = app.today();
        app.later(chrono::TimeDelta::days(20));
        let drafter = life.who(Role::Drafter).await;
        let report = json!({ "kind": "final", "as_of": as_of, "physical_bp": 10_000 });
        let report = life.add(Role::Drafter, "reports", report).await.is(201);
        let report = life.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200);
        life.step_of(&life.who(Role::Inspector).await, "reports", &report, "review", json!({})).await.is(200);
        life.close().await.is(200);
        let project = shown(&life).await;
        let total = REVITALISATION.total();
        assert_eq!(project["completion"]["finalValue"], idr(total + 9_000));
        assert_eq!(project["completion"]["finalValueDetails"], "Rp2,100,000,000 of it was paid from the DAK.");
        let end = |metric: usize| project["metrics"][metric]["observations"][0]["period"]["endDate"].clone();
        assert_eq!(end(0), format!("{as_of}T23:59:59+07:00"));
        assert_eq!(end(1), format!("{}T23:59:59+07:00", app.today()));
        assert_eq!(project["metrics"][1]["observations"][0]["value"], idr(total));
    }

    async fn what_is_carried_over_is_told_on_both_sides_and_authority_with_the_bases_that_stand(db) {
        let app = TestApp::on(db);
        open_later_years(&app, &[2022]);
        let life = REVITALISATION.at(&app, "funded").await;
        let next = of_year(2022).at(&app, "allocated").await;
        life.spend(REVITALISATION.total() - 5_000).await.is(201);
        for amount_idr in [2_000, 3_000] {
            carry(&life, &next, json!({ "amount_idr": amount_idr })).await.is(201);
        }
        life.complete_works().await.is(200);
        life.final_report().await;
        life.close().await.is(200);
        let less = json!({ "amount_idr": REVITALISATION.total() - 1_000, "legal_basis": "Inpres 1/2025" });
        next.put_with_key(Role::Treasurer, "ceiling", less).await.is(200);
        let cut = shown(&next).await["budget"]["finance"].clone();
        assert_eq!(cut[0]["description"], "Perpres Rincian APBN 2021; Inpres 1/2025");
        assert_eq!((&cut[0]["value"], &cut[0]["id"]), (&idr(REVITALISATION.total() - 1_000), &json!("DAK")));
        assert_eq!((&cut[1]["value"], &cut[1]["id"], &cut[1]["description"]), (&idr(5_000), &json!("DAK-2021"), &json!("Perkada 7/2022")));
        assert_eq!(cut[1]["period"]["endDate"], "2021-12-31T23:59:59+07:00");
        let details = "Rp2,100,000,000 was set aside; Rp0 of it was released, Rp0 was paid back. Rp5,000 went to projects of later years.";
        assert_eq!(shown(&life).await["completion"]["finalValueDetails"], details);
        let second = app.nth(Role::Treasurer, HOME, 2).await;
        next.reverse(&second, &next.entry("cut").await).await.is(201);
        let back = shown(&next).await["budget"]["finance"].clone();
        assert_eq!(back[0]["description"], "Perpres Rincian APBN 2021");
        assert_eq!(back[0]["value"], idr(REVITALISATION.total()));
    }

    async fn what_was_closed_unused_or_with_nothing_made_is_not_maintained(db) {
        let app = TestApp::on(db);
        let unused = CONSTRUCTION.at(&app, "operating").await;
        let auditor = app.of(Role::Auditor, HOME).await;
        let finding = crate::findings::draft(json!({ "kind": "unused" }));
        app.post(&auditor, &unused.path("findings"), finding).await.is(201);
        unused.act(Role::Inspector, json!({ "action": "close_unused", "comment": "Kosong." })).await.is(200);
        let nothing = REVITALISATION.within(SIBLING).at(&app, "reporting").await;
        let report = json!({ "kind": "final", "as_of": app.today(), "physical_bp": 0 });
        let report = nothing.add(Role::Drafter, "reports", report).await.is(201);
        let report = nothing.step_of(&nothing.who(Role::Drafter).await, "reports", &report, "submit", json!({})).await.is(200);
        nothing.step_of(&nothing.who(Role::Inspector).await, "reports", &report, "review", json!({})).await.is(200);
        nothing.close().await.is(200);
        assert_eq!(shown(&unused).await["status"], "completion");
        assert_eq!(shown(&nothing).await["status"], "cancelled");
    }

    async fn what_is_written_beneath_a_proposal_changes_it_and_its_project(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let drafter = life.who(Role::Drafter).await;
        let inspector = life.who(Role::Inspector).await;
        let auditor = app.nth(Role::Auditor, HOME, 3).await;
        let mut marks = Vec::new();
        for step in ["contract", "amendment", "order", "order taken back", "report", "submission", "hold", "finding"] {
            if step == "order" {
                life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
                life.to("funded").await;
            }
            app.later(chrono::TimeDelta::hours(1));
            match step {
                "contract" => { life.contract(json!({})).await.is(201); }
                "amendment" => amend(&life, "ADD/1", CONSTRUCTION.total(), 300).await,
                "order" => { life.spend(5_000).await.is(201); }
                "order taken back" => { life.reverse(&inspector, &life.entry("spend").await).await.is(201); }
                "report" => {
                    let report = json!({ "kind": "progress", "as_of": app.today(), "physical_bp": 100 });
                    life.add(Role::Drafter, "reports", report).await.is(201);
                }
                "submission" => {
                    let report = life.last("reports").await;
                    life.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200);
                }
                "hold" => {
                    app.post(&auditor, &life.path("holds"), json!({ "reason": "Volume kurang." })).await.is(201);
                }
                _ => {
                    app.post(&auditor, &life.path("findings"), crate::findings::draft(json!({}))).await.is(201);
                }
            }
            let now = app.clock.now().to_string();
            assert_eq!(text(&life.shown().await["updated_at"]), now, "{step}");
            let package = package(&app, &auditor, "").await;
            let told = (text(&project(&package, &life)["updated"]), text(&package["publishedDate"]));
            assert_eq!(told, (now.clone(), now.clone()), "{step}");
            marks.push(now);
        }
        app.later(chrono::TimeDelta::hours(1));
        for at in marks {
            let known = app.get(&auditor, &format!("{}?as_of={at}", life.path(""))).await.is(200);
            assert_eq!(text(&known["updated_at"]), at);
        }
        app.verified();
    }

    async fn any_number_of_payment_orders_is_told(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        life.spend(5_000).await.is(201);
        // As they are imported, but for their journal: what is asked here is how they are read.
        let of_row = "proposal_id, contract_id, spent_on, amount_idr, description, flags, created_at, created_by, recording, penalty_idr, is_advance";
        app.database.execute(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) \
             INSERT INTO expenditures (id, number, number_key, {of_row}) \
             SELECT '00000000-0000-7000-8000-' || SUBSTR(CAST(1000000000000 + n.i AS TEXT), 2), 'X/' || n.i, 'x/' || n.i, {of_row} \
             FROM expenditures, n WHERE proposal_id = '{}'", life.id
        ));
        let (cx, mut bytes) = (Context::system(app.clock.now()), Vec::new());
        let count = export::oc4ids(&app.services, &cx, &Scope::default(), &publisher(), &mut bytes);
        assert_eq!(count.expect("an export"), 1);
        let package: Value = serde_json::from_slice(&bytes).expect("JSON");
        let orders = &project(&package, &life)["contractingProcesses"][0]["summary"]["transactions"];
        assert_eq!(orders.as_array().map(Vec::len), Some(MANY + 1));
    }

    fn the_lines_of_any_number_of_contracts_and_amendments_are_read(db) {
        let contracts: Vec<ContractId> = (0..MANY).map(|_| ContractId::new()).collect();
        let amendments: Vec<AmendmentId> = (0..MANY).map(|_| AmendmentId::new()).collect();
        let mut c = db.connect();
        assert_eq!(contract::lines_of(&mut c, &contracts).expect("read").len(), 0);
        assert_eq!(amendment::lines_of(&mut c, &amendments).expect("read").len(), 0);
        assert_eq!(known::contract_lines(&mut c, &contracts, i64::MAX).expect("read").len(), 0);
    }
}
