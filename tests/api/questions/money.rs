//! Questions of payment orders, contracts and what they add up to.

use super::{contracted, figure, file, filed, finds, paid, passes, said};
use crate::corrections::{carry, of_year, open_later_years};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use sentra::domain::people::Role;
use serde_json::{Value, json};

const TOTAL: i64 = CONSTRUCTION.total();

async fn amend(life: &Life<'_>, but: Value) -> Value {
    let contract = life.last("contracts").await;
    let mut body = json!({ "number": "ADD-1", "signed_on": life.app.today(), "value_idr": TOTAL, "reason": "CCO." });
    crate::support::case::overlay(&mut body, but);
    let path = format!("/contracts/{}/amendments", text(&contract["id"]));
    life.app.post(&life.who(Role::Drafter).await, &path, body).await.is(201)
}

on_both! {
    async fn payment_orders_without_a_document_and_before_the_money_are_found(db) {
        let app = TestApp::on(db);
        let early = filed(&app, CONSTRUCTION, "contracted").await;
        passes(&early, "payment-orders").await;
        paid(&early, "SP2D/9", 1_000).await;
        finds(&early, "payment-orders", &["SP2D/9", "before any money came (there was none)"]).await;
        let life = filed(&app, CONSTRUCTION, "funded").await;
        life.spend(1_000).await.is(201);
        let row = finds(&life, "payment-orders", &["SP2D/0", "has no file of its number"]).await;
        assert_eq!(figure(&row, "file_number").0, json!("SP2D/0"));
        file(&life, "payment_order", "sp2d / 0", &app.today()).await;
        passes(&life, "payment-orders").await;
        let contract = life.last("contracts").await;
        let before = json!({ "contract_id": contract["id"], "number": "SP2D/X", "spent_on": "2020-05-01", "amount_idr": 7 });
        life.add(Role::Drafter, "expenditures", before).await.is(201);
        file(&life, "payment_order", "SP2D/X", "2020-05-01").await;
        finds(&life, "payment-orders", &["before contract 602/01/SPK/2021 was signed", "it was on 2021-05-03"]).await;
        let inspector = life.who(Role::Inspector).await;
        life.reverse(&inspector, &life.entry("spend").await).await.is(201);
        passes(&life, "payment-orders").await;
    }

    async fn a_payment_order_above_the_money_that_had_come_is_found(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION.in_tranches(4), "contracted").await;
        life.request_tranche(1, TOTAL / 4).await.is(201);
        life.review_and_verify().await;
        life.pay().await.is(200);
        paid(&life, "SP2D/0", TOTAL / 4).await;
        passes(&life, "payment-orders").await;
        app.later(chrono::TimeDelta::days(1));
        paid(&life, "SP2D/1", 1_000).await;
        let row = finds(&life, "payment-orders", &["SP2D/1", "brings what was spent by that day to Rp525,001,000"]).await;
        assert_eq!(figure(&row, "spent_idr"), (json!(TOTAL / 4), json!(TOTAL / 4 + 1_000)));
        let contract = life.last("contracts").await;
        let back = json!({ "contract_id": contract["id"], "number": "STS/1", "received_on": app.today(),
            "amount_idr": 1_000, "reason": "Kelebihan bayar." });
        life.add(Role::Drafter, "recoveries", back).await.is(201);
        passes(&life, "payment-orders").await;
    }

    async fn an_absorption_that_is_not_that_of_the_payment_orders_is_found(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "reporting").await;
        life.final_report().await;
        passes(&life, "absorption-reported").await;
        app.later(chrono::TimeDelta::hours(1));
        paid(&life, "SP2D/0b", 3).await;
        passes(&life, "absorption-reported").await;
        app.later(chrono::TimeDelta::days(10));
        // Of today, and so no matter of the report.
        paid(&life, "SP2D/1", 5).await;
        passes(&life, "absorption-reported").await;
        let contract = life.last("contracts").await;
        let late = json!({ "contract_id": contract["id"], "number": "SP2D/2", "spent_on": "2021-05-03", "amount_idr": 7 });
        life.add(Role::Drafter, "expenditures", late).await.is(201);
        let row = finds(&life, "absorption-reported", &["2021-05-03"]).await;
        assert_eq!(figure(&row, "absorbed_idr"), (json!(TOTAL + 7), json!(TOTAL)));
    }

    async fn an_output_that_is_not_that_of_the_handover_is_found(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "reporting").await;
        let write = |bp: i64| {
            let body = json!({ "kind": "final", "as_of": app.today(), "physical_bp": bp });
            let life = &life;
            async move {
                let report = life.add(Role::Drafter, "reports", body).await.is(201);
                let drafter = life.who(Role::Drafter).await;
                life.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200)
            }
        };
        let short = write(9_000).await;
        let row = finds(&life, "output-reached", &["90.00 %", "Satu rumah produksi"]).await;
        assert_eq!(figure(&row, "reported_bp"), (json!(10_000), json!(9_000)));
        // More was paid than that part of the contracts.
        let row = finds(&life, "shortfall-and-penalties", &["90.00 % of the output"]).await;
        assert_eq!(figure(&row, "absorbed_idr"), (json!(TOTAL / 10 * 9), json!(TOTAL)));
        // What the vendor paid back is not paid any more, whatever the report says.
        let contract = life.last("contracts").await;
        let back = json!({ "contract_id": contract["id"], "number": "STS/1", "received_on": app.today(),
            "amount_idr": TOTAL / 10, "reason": "Kekurangan volume." });
        life.add(Role::Drafter, "recoveries", back).await.is(201);
        passes(&life, "shortfall-and-penalties").await;
        let inspector = life.who(Role::Inspector).await;
        let back = json!({ "comment": "Tidak sesuai BAST." });
        life.step_of(&inspector, "reports", &short, "return", back).await.is(200);
        write(10_000).await;
        passes(&life, "output-reached").await;
        passes(&life, "shortfall-and-penalties").await;
    }

    async fn contracts_that_need_more_than_is_there_are_found(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "funded").await;
        passes(&life, "funds-to-finish").await;
        paid(&life, "SP2D/0", 1_000_000).await;
        passes(&life, "funds-to-finish").await;
        amend(&life, json!({ "value_idr": TOTAL + 50_000_000 })).await;
        let row = finds(&life, "funds-to-finish", &["Contracts still have to be paid"]).await;
        assert_eq!(figure(&row, "needed_idr"), (json!(TOTAL + 49_000_000), json!(TOTAL - 1_000_000)));
    }

    async fn a_contract_that_cost_less_is_no_shortfall_whatever_became_of_the_rest(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "funded").await;
        paid(&life, "SP2D/0", TOTAL - 9_000).await;
        life.complete_works().await.is(200);
        passes(&life, "funds-to-finish").await;
        let slip = json!({ "number": "STS/1", "returned_on": app.today(), "amount_idr": 9_000, "reason": "Sisa." });
        life.add(Role::Drafter, "returns", slip).await.is(201);
        passes(&life, "funds-to-finish").await;
        amend(&life, json!({ "value_idr": TOTAL - 9_000 })).await;
        passes(&life, "funds-to-finish").await;
    }

    async fn what_is_paid_from_money_carried_over_is_not_early(db) {
        let app = TestApp::on(db);
        open_later_years(&app, &[2022]);
        let life = REVITALISATION.at(&app, "funded").await;
        life.spend(REVITALISATION.total() - 5_000).await.is(201);
        let next = of_year(2022).at(&app, "contracted").await;
        carry(&life, &next, json!({ "amount_idr": 5_000 })).await.is(201);
        let made = next.spend(2_000).await.is(201);
        assert_eq!(made["flags"], json!([]), "{made}");
        file(&next, "payment_order", "SP2D/0", &app.today()).await;
        passes(&next, "payment-orders").await;
    }

    async fn what_can_still_come_counts_with_what_is_there(db) {
        let app = TestApp::on(db);
        let between = filed(&app, CONSTRUCTION.in_tranches(2), "contracted").await;
        between.request_tranche(1, TOTAL / 2).await.is(201);
        between.review_and_verify().await;
        between.pay().await.is(200);
        // The other half is still to come.
        passes(&between, "funds-to-finish").await;
    }

    async fn a_last_payment_that_was_taken_back_can_come_again_and_is_due_again(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION.in_tranches(2), "contracted").await;
        for n in 1..=2 {
            life.request_tranche(n, TOTAL / 2).await.is(201);
            life.review_and_verify().await;
            life.pay().await.is(200);
        }
        let (allocation, approver) = (life.allocation().await, life.who(Role::Approver).await);
        let due = async || {
            let shown = app.get(&approver, "/deadlines?limit=200").await.is(200);
            let items = shown["items"].as_array().expect("items").clone().into_iter();
            let of_it = items.filter(|item| item["allocation_id"] == allocation.as_str());
            of_it.map(|item| item["n"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(due().await, Vec::<Value>::new());
        let second = app.nth(Role::Treasurer, crate::support::app::HOME, 2).await;
        life.reverse(&second, &life.entry("disburse").await).await.is(201);
        passes(&life, "funds-to-finish").await;
        assert_eq!(due().await, [json!(2), json!(2)]);
    }

    async fn what_was_paid_too_much_on_one_contract_is_not_there_for_another(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let small = 1_000_000;
        let first = contracted(&life, json!({ "number": "A", "value_idr": small, "lines": [2], "role": "design" })).await;
        contracted(&life, json!({ "number": "B", "value_idr": TOTAL - small, "lines": [1, 2] })).await;
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        life.to("funded").await;
        passes(&life, "funds-to-finish").await;
        let order = json!({ "contract_id": first["id"], "number": "1", "spent_on": app.today(), "amount_idr": small + 50 });
        life.add(Role::Drafter, "expenditures", order).await.is(201);
        let row = finds(&life, "funds-to-finish", &["Contracts still have to be paid"]).await;
        assert_eq!(figure(&row, "needed_idr"), (json!(TOTAL - small), json!(TOTAL - small - 50)));
    }

    async fn what_was_carried_on_is_told_though_the_rest_was_spent_as_if_it_were_there(db) {
        let app = TestApp::on(db);
        open_later_years(&app, &[2022]);
        let life = REVITALISATION.at(&app, "funded").await;
        life.spend(REVITALISATION.total() - 5_000).await.is(201);
        let next = of_year(2022).at(&app, "allocated").await;
        carry(&life, &next, json!({ "amount_idr": 5_000 })).await.is(201);
        life.spend(5_000).await.is(201);
        while !app.today().starts_with("2022") {
            app.later(chrono::TimeDelta::days(60));
        }
        finds(&life, "leftover", &["Rp5,000 went on", "to another proposal"]).await;
    }

    async fn leftover_is_told_with_its_year_and_what_became_of_it(db) {
        let app = TestApp::on(db);
        let clean = filed(&app, CONSTRUCTION, "reporting").await;
        passes(&clean, "leftover").await;
        let life = filed(&app, CONSTRUCTION, "funded").await;
        paid(&life, "SP2D/0", TOTAL - 9_000).await;
        passes(&life, "leftover").await;
        life.complete_works().await.is(200);
        let row = finds(&life, "leftover", &["Rp9,000 is in hand of what was paid for 2021"]).await;
        assert_eq!(figure(&row, "in_hand_idr"), (json!(0), json!(9_000)));
        let slip = json!({ "number": "STS/1", "returned_on": app.today(), "amount_idr": 4_000, "reason": "Sisa." });
        life.add(Role::Drafter, "returns", slip).await.is(201);
        finds(&life, "leftover", &["Rp5,000 is in hand", "Rp4,000 went back to the treasury"]).await;
        // Cash is left over once its year is, whatever is still being built.
        let slow = filed(&app, CONSTRUCTION, "funded").await;
        passes(&slow, "leftover").await;
        while !app.today().starts_with("2022") {
            app.later(chrono::TimeDelta::days(60));
        }
        finds(&slow, "leftover", &["is in hand of what was paid for 2021"]).await;
    }

    async fn what_was_carried_into_a_proposal_that_then_ends_is_told_and_can_leave_it(db) {
        let app = TestApp::on(db);
        open_later_years(&app, &[2022, 2023]);
        let life = REVITALISATION.at(&app, "funded").await;
        life.spend(REVITALISATION.total() - 9_000).await.is(201);
        let next = of_year(2022).at(&app, "allocated").await;
        let slow = of_year(2022).at(&app, "allocated").await;
        let last = of_year(2023).at(&app, "allocated").await;
        carry(&life, &next, json!({ "amount_idr": 5_000 })).await.is(201);
        carry(&life, &slow, json!({ "amount_idr": 4_000 })).await.is(201);
        passes(&next, "leftover").await;
        let slip = async |number: &str, amount: i64| {
            let body = json!({ "number": number, "returned_on": app.today(), "amount_idr": amount, "reason": "Sisa." });
            next.add(Role::Drafter, "returns", body).await
        };
        slip("STS/1", 2_000).await.refused(409, &["not_from_here"]);
        let cancelled = json!({ "action": "cancel", "comment": "Lahan sengketa." });
        next.act(Role::Approver, cancelled).await.is(200);
        let row = finds(&next, "leftover",
            &["Rp5,000 is in hand of what was carried over to it", "it is cancelled", "Rp5,000 came from 2021"]).await;
        assert_eq!(figure(&row, "in_hand_idr"), (json!(0), json!(5_000)));
        assert_eq!(app.verified(), [format!("proposal {}: cancelled with Rp5,000 in hand", next.id)]);
        slip("STS/1", 2_000).await.is(201);
        finds(&next, "leftover", &["Rp3,000 is in hand", "Rp2,000 went back to the treasury"]).await;
        let of_2021 = |amount: i64| json!({ "origin_year": 2021, "amount_idr": amount });
        carry(&next, &last, of_2021(3_001)).await.refused(409, &["above_cash"]);
        carry(&next, &last, of_2021(3_000)).await.is(201);
        assert_eq!(app.verified(), Vec::<String>::new());
        slip("STS/2", 1).await.refused(409, &["not_from_here"]);
        carry(&next, &last, of_2021(1)).await.refused(409, &["above_cash"]);
        // Where nothing has ended, money is left over once the year is.
        passes(&slow, "leftover").await;
        while !app.today().starts_with("2023") {
            app.later(chrono::TimeDelta::days(60));
        }
        finds(&slow, "leftover", &["Rp4,000 is in hand of what was carried over to it", "it is allocated"]).await;
    }

    async fn supporting_activities_beyond_their_share_or_of_no_kind_are_found(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let most = TOTAL / 20;
        contracted(&life, json!({ "number": "1", "lines": [2], "value_idr": most, "role": "design" })).await;
        passes(&life, "supporting-activities").await;
        contracted(&life, json!({ "number": "2", "lines": [2], "value_idr": 1, "role": "supervision" })).await;
        let row = finds(&life, "supporting-activities", &["is contracted for supporting activities"]).await;
        assert_eq!(figure(&row, "supporting_contracted_idr"), (json!(most), json!(most + 1)));
        let other = CONSTRUCTION.at(&app, "allocated").await;
        let mut plan = other.plan_body();
        plan["lines"][1]["supporting_activity"] = json!(null);
        let made = other.add(Role::Drafter, "plans", plan).await.is(201);
        let drafter = other.who(Role::Drafter).await;
        other.step_of(&drafter, "plans", &made, "submit", json!({})).await.is(200);
        passes(&other, "supporting-activities").await;
        other.approve_plan(json!({})).await.is(200);
        finds(&other, "supporting-activities", &["planned line(s) 2 do not say"]).await;
    }

    async fn late_payments_without_a_penalty_and_overpayments_are_found(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        contracted(&life, json!({ "ends_on": app.in_days(30) })).await;
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        life.to("funded").await;
        passes(&life, "shortfall-and-penalties").await;
        paid(&life, "B", 10).await;
        let row = finds(&life, "shortfall-and-penalties", &["SP2D B", "no penalty was charged"]).await;
        assert_eq!(figure(&row, "spent_on").1, json!(app.today()));
        // A penalty is charged once, and what is held back is paid later.
        let contract = life.last("contracts").await;
        let fined = json!({ "contract_id": contract["id"], "number": "A", "spent_on": app.today(), "amount_idr": 10,
            "penalty_idr": 1 });
        life.add(Role::Drafter, "expenditures", fined).await.is(201);
        passes(&life, "shortfall-and-penalties").await;
        let inspector = life.who(Role::Inspector).await;
        life.reverse(&inspector, &life.entry("spend").await).await.is(201);
        finds(&life, "shortfall-and-penalties", &["SP2D B"]).await;
        amend(&life, json!({ "ends_on": "2021-12-31" })).await;
        passes(&life, "shortfall-and-penalties").await;
        // What was handed over in time and is paid for later was not late.
        let other = filed(&app, CONSTRUCTION, "funded").await;
        let ends_on = app.in_days(1);
        amend(&other, json!({ "ends_on": ends_on })).await;
        other.complete_works().await.is(200);
        app.later(chrono::TimeDelta::days(10));
        paid(&other, "D", TOTAL).await;
        passes(&other, "shortfall-and-penalties").await;
        paid(&life, "C", TOTAL).await;
        let all = said(&life, "shortfall-and-penalties").await;
        assert!(all.len() == 1 && all[0].contains("was paid on contract"), "{all:?}");
    }

    async fn a_design_and_goods_beside_works_are_not_late_by_the_works_handover(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let (small, ends_on) = (1_000_000, app.in_days(30));
        let sign = async |number: &str, role: &str, value: i64, lines: Value| {
            let body = json!({ "number": number, "role": role, "value_idr": value, "lines": lines, "ends_on": ends_on,
                "vendor_name": format!("PT {number}") });
            life.contract(body).await.is(201)
        };
        let design = sign("D", "design", small, json!([2])).await;
        let goods = sign("G", "goods", small, json!([1])).await;
        let works = sign("W", "works", TOTAL - 2 * small, json!([1, 2])).await;
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        life.to("funded").await;
        let order = async |contract: &Value, number: &str| {
            let body = json!({ "contract_id": contract["id"], "number": number, "spent_on": app.today(), "amount_idr": 10 });
            life.add(Role::Drafter, "expenditures", body).await.is(201)
        };
        order(&design, "1").await;
        order(&goods, "2").await;
        passes(&life, "shortfall-and-penalties").await;
        order(&works, "3").await;
        finds(&life, "shortfall-and-penalties", &["SP2D 3", "contract W"]).await;
    }

    async fn what_the_region_does_itself_is_late_to_nobody_and_no_package_that_was_split(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let (small, ends_on) = (1_000_000, app.in_days(30));
        let sign = async |number: &str, role: &str, value: i64| {
            let vendor = if role == "goods" { "PT Mesin" } else { "Dinas Perindustrian" };
            let body = json!({ "number": number, "role": role, "value_idr": value, "lines": [1, 2], "ends_on": ends_on,
                "vendor_name": vendor });
            life.contract(body).await.is(201)
        };
        let all = [
            sign("S1", "self_managed", small).await,
            sign("S2", "self_managed", TOTAL - 2 * small).await,
            sign("G", "goods", small).await,
        ];
        passes(&life, "same-firm").await;
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        life.to("funded").await;
        assert!(app.today() > ends_on);
        for (n, contract) in all.iter().enumerate() {
            let body = json!({ "contract_id": contract["id"], "number": format!("SP2D/{n}"), "spent_on": app.today(),
                "amount_idr": 10 });
            life.add(Role::Drafter, "expenditures", body).await.is(201);
        }
        passes(&life, "shortfall-and-penalties").await;
    }

    async fn goods_alone_that_were_handed_over_late_without_a_penalty_are_found(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        contracted(&life, json!({ "role": "goods" })).await;
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        life.to("funded").await;
        amend(&life, json!({ "ends_on": app.in_days(5) })).await;
        paid(&life, "A", TOTAL).await;
        app.later(chrono::TimeDelta::days(10));
        life.complete_works().await.is(200);
        finds(&life, "shortfall-and-penalties", &["The goods of contract", "5 day(s) after its last day"]).await;
    }

    async fn works_that_were_paid_in_time_and_handed_over_late_without_a_penalty_are_found(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "funded").await;
        amend(&life, json!({ "ends_on": app.in_days(5) })).await;
        paid(&life, "A", TOTAL - 10).await;
        app.later(chrono::TimeDelta::days(10));
        passes(&life, "shortfall-and-penalties").await;
        life.complete_works().await.is(200);
        let row = finds(&life, "shortfall-and-penalties", &["were handed over on", "5 day(s) after its last day"]).await;
        assert_eq!(figure(&row, "handover_on").1, json!(app.today()));
        let contract = life.last("contracts").await;
        let fined = json!({ "contract_id": contract["id"], "number": "B", "spent_on": app.today(), "amount_idr": 10,
            "penalty_idr": 1 });
        life.add(Role::Drafter, "expenditures", fined).await.is(201);
        passes(&life, "shortfall-and-penalties").await;
    }
}
