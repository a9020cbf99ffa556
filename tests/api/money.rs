//! Money through HTTP: modes of payment, the gate, what is refused and what is only flagged.

use crate::on_both;
use crate::support::app::{Person, SIBLING, TestApp};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use sentra::domain::people::Role;
use serde_json::{Value, json};

const TOTAL: i64 = CONSTRUCTION.total();
/// The contract gate of 2021, 21 July 17:00 WIB, and the last microsecond before it.
const GATE: &str = "2021-07-21T10:00:00Z";
const BEFORE_THE_GATE: &str = "2021-07-21T09:59:59.999999Z";

async fn mode(life: &Life<'_>) -> Value {
    let path = format!("/allocations/{}", life.allocation().await);
    life.app.get(&life.who(Role::Approver).await, &path).await.is(200)["mode"].clone()
}

async fn treasurer(life: &Life<'_>) -> Person {
    life.who(Role::Treasurer).await
}

fn flags(made: &Value) -> Vec<String> {
    made["flags"].as_array().expect("flags").iter().map(text).collect()
}

on_both! {
    async fn nothing_is_paid_above_what_is_set_aside_however_much_is_contracted(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let made = life.contract(json!({ "value_idr": 2 * TOTAL })).await.is(201);
        assert_eq!(flags(&made), ["above_plan"]);
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        let refused = life.request_tranche(1, TOTAL + 1).await;
        refused.refused(409, &["payment_within_contracts", "within_cap"]);
        life.request_tranche(1, TOTAL).await.is(201);
        life.review_and_verify().await;
        life.pay().await.is(200);
        assert_eq!(life.figure("undisbursed_idr").await, 0);
        app.verified();
    }

    async fn a_line_that_another_budget_pays_for_is_not_covered(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        life.contract(json!({ "fund_source": "APBD" })).await.is(201);
        let accept = json!({ "action": "accept_contracts" });
        life.act(Role::Inspector, accept.clone()).await.refused(409, &["contract_list_complete"]);
        life.contract(json!({ "number": "602/02" })).await.is(201);
        life.act(Role::Inspector, accept).await.is(200);
    }

    async fn tranches_are_paid_one_after_the_other_and_never_above_the_contracts(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.in_tranches(2).at(&app, "contracted").await;
        let second = life.request_tranche(2, TOTAL / 2).await;
        second.refused(409, &["tranche_order", "previous_tranche_paid"]);
        assert_eq!(second.pointers(), ["/n", "/n"]);
        let above = life.request_tranche(1, TOTAL + 1).await;
        above.refused(409, &["payment_within_contracts", "within_cap"]);
        assert_eq!(above.pointers(), ["/items", "/items"]);
        life.request_tranche(1, TOTAL / 2 + 1).await.refused(409, &["within_cap"]);
        life.request_tranche(1, TOTAL / 2).await.is(201);
        life.request_tranche(1, 1).await.refused(409, &["request_stands", "within_cap"]);
        life.pay().await.refused(409, &["tranche_state"]);
        life.review_and_verify().await;
        life.pay().await.is(200);
        assert_eq!((life.state().await, mode(&life).await), ("funded".to_owned(), json!("staged")));
        life.request_tranche(2, TOTAL / 2 + 1).await.refused(409, &["payment_within_contracts", "within_cap"]);
        life.request_tranche(2, TOTAL / 2).await.is(201);
        life.review_and_verify().await;
        life.pay().await.is(200);
        assert_eq!(life.figure("disbursed_idr").await, TOTAL);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_small_region_is_paid_in_one_sum_that_equals_its_contracts(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.small().at(&app, "planned").await;
        let value = REVITALISATION.small().total() - 1_000_000;
        life.contract(json!({ "value_idr": value })).await.is(201);
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        life.request_tranche(1, value - 1).await.refused(409, &["payment_within_contracts"]);
        life.request_tranche(1, value).await.is(201);
        life.review_and_verify().await;
        life.pay().await.is(200);
        assert_eq!(mode(&life).await, "lump_sum");
        life.request_tranche(2, 1).await.refused(409, &["payment_within_contracts", "tranche_exists"]);
        life.to("closed").await;
        let figures = life.shown().await["figures"].clone();
        assert_eq!((&figures["released_idr"], &figures["undisbursed_idr"]), (&json!(1_000_000), &json!(0)));
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_lump_sum_on_recommendation_is_paid_on_handover_and_has_a_gate_of_its_own(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.recommended().at(&app, "contracted").await;
        let refused = life.request_tranche(1, TOTAL).await;
        refused.refused(409, &["payment_within_contracts", "handover_recorded", "within_cap"]);
        let refused = life.act(Role::Drafter, json!({ "action": "record_handover" })).await;
        refused.refused(409, &["handover_given", "handover_valued", "output_complete"]);
        app.at(GATE);
        assert_eq!(app.sweep().forfeited, 0);
        life.record_handover().await.is(200);
        life.record_handover().await.refused(409, &["paid_on_recommendation"]);
        assert_eq!(life.shown().await["handover_value_idr"], TOTAL);
        life.request_tranche(1, TOTAL - 1).await.refused(409, &["payment_within_contracts"]);
        app.at("2021-12-15T09:59:59.999999Z");
        life.request_tranche(1, TOTAL).await.is(201);
        app.at("2021-12-15T10:00:00Z");
        assert_eq!(app.sweep().forfeited, 0);
        life.review_and_verify().await;
        life.pay().await.is(200);
        assert_eq!(life.state().await, "funded");
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn what_has_asked_for_nothing_is_forfeited_at_the_gate_and_once(db) {
        let app = TestApp::on(db);
        let mut lives = Vec::new();
        for state in ["allocated", "planned", "contracted"] {
            lives.push(CONSTRUCTION.at(&app, state).await);
        }
        let asked = CONSTRUCTION.at(&app, "contracted").await;
        let refused = CONSTRUCTION.at(&app, "contracted").await;
        let late = CONSTRUCTION.at(&app, "contracted").await;
        refused.request_tranche(1, TOTAL).await.is(201);
        let request = refused.request().await;
        let treasurer = app.nth(Role::Treasurer, "18.71", 2).await;
        let reason = json!({ "comment": "Tidak lengkap." });
        refused.step_of(&treasurer, "tranche-requests", &request, "refuse", reason).await.is(200);
        app.at(BEFORE_THE_GATE);
        asked.request_tranche(1, TOTAL).await.is(201);
        assert_eq!(app.sweep().forfeited, 0);
        app.at(GATE);
        late.request_tranche(1, TOTAL).await.refused(409, &["contract_gate_open"]);
        assert_eq!((app.sweep().forfeited, app.sweep().forfeited), (5, 0));
        for life in lives.iter().chain([&refused, &late]) {
            let shown = life.shown().await;
            assert_eq!(shown["state"], "forfeited");
            assert_eq!(shown["figures"]["released_idr"], TOTAL);
            assert_eq!(shown["figures"]["undisbursed_idr"], 0);
            let events = life.list("events?limit=200").await;
            assert_eq!(events.iter().filter(|event| event["action"] == "proposal.forfeit").count(), 1);
        }
        asked.review_and_verify().await;
        asked.pay().await.is(200);
        assert_eq!(asked.state().await, "funded");
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn after_the_gate_nothing_new_is_allocated_planned_or_contracted(db) {
        let app = TestApp::on(db);
        let approved = CONSTRUCTION.at(&app, "approved").await;
        let planned = CONSTRUCTION.at(&app, "planned").await;
        let submitted = CONSTRUCTION.at(&app, "allocated").await;
        approved.fund().await;
        submitted.submit_plan().await;
        planned.contract(json!({})).await.is(201);
        app.at(GATE);
        let late = ["contract_gate_open"];
        approved.act(Role::Treasurer, approved.allocate_body()).await.refused(409, &late);
        submitted.approve_plan(json!({})).await.refused(409, &late);
        planned.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.refused(409, &late);
    }

    async fn an_allocation_is_within_the_approval_and_the_region_s_room(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "approved").await;
        let bare = life.act(Role::Treasurer, json!({ "action": "allocate" })).await;
        bare.refused(409, &["legal_basis_given", "amount_within_approval", "room_in_allocation"]);
        assert_eq!(bare.pointers(), ["/data/legal_basis", "/data/amount_idr", "/region_code"]);
        life.allot(TOTAL).await.refused(409, &["no_ceiling"]);
        let treasurer = life.who(Role::Treasurer).await;
        let ceiling = |amount: i64| json!({ "fiscal_year": 2021, "amount_idr": amount, "legal_basis": "APBN" });
        app.post(&treasurer, "/ceilings", ceiling(TOTAL - 1)).await.is(201);
        life.allot(TOTAL).await.refused(409, &["room_in_ceiling"]);
        life.allot(TOTAL - 1).await.is(201);
        app.post(&treasurer, "/ceilings", ceiling(TOTAL - 2)).await.refused(409, &["below_used"]);
        life.act(Role::Treasurer, life.allocate_body()).await.refused(409, &["room_in_allocation"]);
        let mut body = life.allocate_body();
        body["data"]["amount_idr"] = json!(TOTAL + 1);
        life.act(Role::Treasurer, body.clone()).await
            .refused(409, &["amount_within_approval", "room_in_allocation"]);
        body["data"]["amount_idr"] = json!(TOTAL - 1);
        for day in ["2020-01-31", "2022-01-01", "2100-01-01"] {
            body["data"]["effective_on"] = json!(day);
            let wrong = life.act(Role::Treasurer, body.clone()).await;
            wrong.refused(422, &["out_of_range"]);
            assert_eq!(wrong.pointers(), ["/data/effective_on"], "{day}");
        }
        body["data"]["effective_on"] = json!("2021-01-02");
        life.act(Role::Treasurer, body).await.is(200);
        life.allot(TOTAL - 2).await.refused(409, &["below_used"]);
        let nowhere = json!({ "fiscal_year": 2021, "region_code": "31.01", "amount_idr": 1, "legal_basis": "X" });
        app.post(&treasurer, "/allocations", nowhere).await.refused(422, &["not_autonomous"]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_plan_stays_within_its_ceiling_and_its_tolerance(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "allocated").await;
        let drafter = life.who(Role::Drafter).await;
        let mut body = life.plan_body();
        body["lines"][1]["amount_idr"] = json!(110_000_000);
        let above = life.add(Role::Drafter, "plans", body.clone()).await.is(201);
        let refused = life.step_of(&drafter, "plans", &above, "submit", json!({})).await;
        refused.refused(409, &["plan_within_ceiling", "plan_supporting_cap"]);
        body["lines"][1]["amount_idr"] = json!(101_000_000);
        let within = life.add(Role::Drafter, "plans", body).await.is(201);
        assert_eq!(within["n"], 2);
        let submitted = life.step_of(&drafter, "plans", &within, "submit", json!({})).await.is(200);
        life.add(Role::Drafter, "plans", life.plan_body()).await.refused(409, &["plan_pending"]);
        let approver = life.who(Role::Approver).await;
        let empty = life.step_of(&approver, "plans", &submitted, "return", json!({ "comment": "" })).await;
        empty.refused(422, &["required"]);
        let reason = json!({ "comment": "Perbaiki." });
        let back = life.step_of(&approver, "plans", &submitted, "return", reason).await.is(200);
        life.step_of(&drafter, "plans", &back, "submit", json!({})).await.refused(409, &["plan_state"]);
        life.submit_plan().await;
        life.approve_plan(json!({})).await.is(200);
        assert_eq!(life.figure("plan_idr").await, TOTAL);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn outside_facts_are_recorded_and_flagged(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let contract = life.contract(json!({ "value_idr": TOTAL + 7, "signed_on": "2020-05-01" })).await.is(201);
        assert_eq!(flags(&contract), ["above_plan", "before_plan"]);
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        let early = life.spend(1_000).await.is(201);
        assert_eq!(flags(&early), ["above_cash", "before_disbursement"]);
        life.request_tranche(1, TOTAL / 2).await.is(201);
        life.review_and_verify().await;
        life.pay().await.is(200);
        let above = life.spend(TOTAL + 1_000).await.is(201);
        assert_eq!(flags(&above), ["above_contract", "above_cash"]);
        let future = app.in_days(1);
        let body = json!({
            "contract_id": contract["id"], "number": "SP2D/9", "spent_on": future, "amount_idr": 1,
        });
        life.add(Role::Drafter, "expenditures", body).await.refused(422, &["future"]);
        assert_eq!(app.verified().len(), 6);
    }

    async fn what_is_left_over_is_returned_before_closing(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        life.spend(TOTAL - 500).await.is(201);
        life.complete_works().await.is(200);
        life.final_report().await;
        let refused = life.close().await;
        refused.refused(409, &["leftover_settled"]);
        assert_eq!(refused.pointers(), ["/figures/in_hand_idr"]);
        let slip = |number: &str, amount_idr: i64| json!({
            "number": number, "returned_on": app.today(), "amount_idr": amount_idr, "reason": "Sisa kontrak.",
        });
        let path = life.path("returns");
        app.post(&life.who(Role::Inspector).await, &path, slip("1", 500)).await.is(403);
        let returned = life.add(Role::Drafter, "returns", slip("1", 400)).await.is(201);
        assert_eq!(flags(&returned), Vec::<String>::new());
        life.add(Role::Drafter, "returns", slip("1", 100)).await.refused(422, &["duplicate"]);
        life.close().await.refused(409, &["leftover_settled"]);
        life.add(Role::Drafter, "returns", slip("2", 100)).await.is(201);
        life.close().await.is(200);
        assert_eq!((life.figure("returned_idr").await, life.figure("in_hand_idr").await), (500, 0));
        let drafter = life.who(Role::Drafter).await;
        let journal = app.get(&drafter, &format!("/journal?proposal_id={}", life.id)).await.is(200);
        let kinds: Vec<String> =
            journal["items"].as_array().expect("a list").iter().map(|entry| text(&entry["kind"])).collect();
        assert_eq!(kinds, ["allocate", "commit", "disburse", "spend", "return", "return"]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn one_request_pays_several_proposals_or_none(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = CONSTRUCTION.at(&app, "contracted").await;
        let foreign = CONSTRUCTION.within(SIBLING).at(&app, "contracted").await;
        let path = format!("/allocations/{}/tranche-requests", one.allocation().await);
        let item = |life: &Life<'_>, amount: i64| json!({ "proposal_id": life.id, "amount_idr": amount });
        let head = one.who(Role::RegionalHead).await;
        let body = json!({ "n": 1, "items": [item(&one, 1), item(&foreign, 1), item(&one, 0)] });
        let refused = app.post(&head, &path, body).await;
        refused.refused(422, &["out_of_range", "twice"]);
        let body = json!({ "n": 1, "items": [item(&one, 1), item(&foreign, 1)] });
        let refused = app.post(&head, &path, body).await;
        refused.refused(422, &["unknown"]);
        assert_eq!(refused.pointers(), ["/items/1/proposal_id"]);
        let body = json!({ "n": 1, "items": [item(&two, TOTAL), item(&one, TOTAL)] });
        app.post(&head, &path, body).await.is(201);
        one.review_and_verify().await;
        one.pay().await.is(200);
        assert_eq!((one.state().await, two.state().await), ("funded".to_owned(), "funded".to_owned()));
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_payment_is_not_dated_before_its_request_and_not_numbered_like_another(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.in_tranches(4).at(&app, "contracted").await;
        let part = CONSTRUCTION.total() / 4;
        life.request_tranche(1, part).await.is(201);
        life.review_and_verify().await;
        app.reach_the_year();
        let treasurer = life.who(Role::Treasurer).await;
        let request = life.request().await;
        let pay = |body| life.step_of(&treasurer, "tranche-requests", &request, "pay", body);
        let early = pay(json!({ "payment_number": "KPPN/7", "paid_on": "1999-01-01" })).await;
        early.refused(422, &["before_request"]);
        pay(json!({ "payment_number": "KPPN/7" })).await.is(200);
        life.request_tranche(2, part).await.is(201);
        life.review_and_verify().await;
        let request = life.request().await;
        let body = json!({ "payment_number": "KPPN/7" });
        let again = life.step_of(&treasurer, "tranche-requests", &request, "pay", body).await;
        again.refused(422, &["used_already"]);
    }

    async fn numbers_that_differ_in_spaces_and_case_are_the_same(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.in_tranches(4).at(&app, "planned").await;
        let made = life.contract(json!({ "number": "602/01/SPK-FSK/2021" })).await.is(201);
        assert_eq!(made["number"], "602/01/SPK-FSK/2021");
        for number in ["602/01/spk-fsk/2021", " 602 / 01 / SPK-FSK / 2021"] {
            let again = life.contract(json!({ "number": number })).await;
            again.refused(422, &["duplicate"]);
            assert_eq!(again.pointers(), ["/number"]);
        }
        life.contract(json!({ "number": "602/01\u{a0}SPK" })).await.refused(422, &["space"]);
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        let spend = |number: &str| json!({
            "contract_id": made["id"], "number": number, "spent_on": app.today(), "amount_idr": 1_000,
        });
        life.add(Role::Drafter, "expenditures", spend("00123 A")).await.is(201);
        life.add(Role::Drafter, "expenditures", spend("00123a")).await.refused(422, &["duplicate"]);
        let treasurer = life.who(Role::Treasurer).await;
        for (n, number, codes) in [(1, "KPPN/7a", None), (2, "kppn / 7A", Some(["used_already"]))] {
            life.request_tranche(n, TOTAL / 4).await.is(201);
            life.review_and_verify().await;
            app.reach_the_year();
            let body = json!({ "payment_number": number });
            let paid = life.step_of(&treasurer, "tranche-requests", &life.request().await, "pay", body).await;
            match codes {
                None => paid.is(200),
                Some(codes) => paid.refused(422, &codes),
            };
        }
    }

    async fn contracts_above_what_was_set_aside_bind_nothing_once_the_proposal_is_cancelled(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        life.contract(json!({ "value_idr": TOTAL + 100_000_000 })).await.is(201);
        assert_eq!(life.figure("contracted_idr").await, TOTAL + 100_000_000);
        life.act(Role::Approver, json!({ "action": "cancel", "comment": "Lahan." })).await.is(200);
        let figures = life.shown().await["figures"].clone();
        for (name, amount) in [("contracted_idr", 0), ("released_idr", TOTAL), ("undisbursed_idr", 0), ("ceiling_idr", TOTAL)] {
            assert_eq!(figures[name], amount, "{name}: {figures}");
        }
        let drafter = life.who(Role::Drafter).await;
        let journal = app.get(&drafter, &format!("/journal?proposal_id={}", life.id)).await.is(200);
        let kinds: Vec<String> =
            journal["items"].as_array().expect("a list").iter().map(|entry| text(&entry["kind"])).collect();
        assert_eq!(kinds, ["allocate", "commit", "decommit", "release"]);
        let allocation = format!("/allocations/{}", life.allocation().await);
        assert_eq!(app.get(&treasurer(&life).await, &allocation).await.is(200)["used_idr"], 0);
        assert_eq!(app.verified().len(), 1, "the contract above the plan stays flagged");
    }

    async fn whoever_refused_a_request_may_verify_the_next(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        life.request_tranche(1, CONSTRUCTION.total() / 4).await.is(201);
        let treasurer = life.who(Role::Treasurer).await;
        let reason = json!({ "comment": "Tidak lengkap." });
        life.step_of(&treasurer, "tranche-requests", &life.request().await, "refuse", reason).await.is(200);
        life.request_tranche(1, CONSTRUCTION.total() / 4).await.is(201);
        life.review_and_verify().await;
        life.pay().await.is(200);
    }

    async fn a_final_report_is_written_when_the_works_have_ended(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let body = json!({ "kind": "final", "as_of": app.today(), "physical_bp": 0 });
        life.add(Role::Drafter, "reports", body.clone()).await.refused(409, &["works_not_ended"]);
        life.to("reporting").await;
        let mut early = body;
        early["as_of"] = json!("1950-01-02");
        life.add(Role::Drafter, "reports", early).await.refused(422, &["before_handover"]);
    }
}
