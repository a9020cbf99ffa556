//! The gate of a tranche, through HTTP, under the rules as they are shipped: what it shows on any day, what it would show if
//! more were in, and that requests and payments are kept to it.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, SIBLING, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Case, Life, REVITALISATION};
use chrono::TimeDelta;
use futures_util::future::join;
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::future::IntoFuture;

const SHIPPED: Case = CONSTRUCTION.as_shipped();
const TOTAL: i64 = SHIPPED.total();
const FIRST: i64 = TOTAL / 100 * 25;
const SECOND: i64 = TOTAL / 100 * 45;
const REST: i64 = TOTAL - FIRST - SECOND;

async fn gate(life: &Life<'_>, n: i64, query: &str) -> Value {
    let path = format!("/allocations/{}/tranches/{n}/gate{query}", life.allocation().await);
    life.app.get(&life.who(Role::RegionalHead).await, &path).await.is(200)
}

/// The rules of the checks that do not hold.
fn unmet(gate: &Value) -> Vec<String> {
    let checks = gate["checks"].as_array().expect("checks");
    checks.iter().filter(|check| check["met"] == false).map(|check| text(&check["rule"])).collect()
}

fn check<'a>(gate: &'a Value, rule: &str) -> &'a Value {
    let checks = gate["checks"].as_array().expect("checks");
    checks.iter().find(|check| check["rule"] == rule).unwrap_or_else(|| panic!("no {rule}: {gate}"))
}

/// Asks for a tranche, which is taken, reviewed, verified and paid.
async fn paid(life: &Life<'_>, n: i64, amount: i64) {
    life.request_tranche(n, amount).await.is(201);
    life.review_and_verify().await;
    life.pay().await.is(200);
}

/// Submits a report of progress.
async fn report(life: &Life<'_>, as_of: &str, physical_bp: i64) -> Value {
    let body = json!({ "kind": "progress", "as_of": as_of, "physical_bp": physical_bp });
    let report = life.add(Role::Drafter, "reports", body).await.is(201);
    let drafter = life.who(Role::Drafter).await;
    life.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200)
}

async fn bring(life: &Life<'_>, document_type: &str) {
    life.bring_one(&life.who(Role::Drafter).await, document_type).await.is(201);
}

/// Brings an allocated proposal to its first tranche on a day of the year on which that is paid.
async fn contracted<'a>(app: &'a TestApp, case: Case) -> Life<'a> {
    let life = case.at(app, "planned").await;
    app.reach_the_year();
    life.to("contracted").await;
    life
}

async fn pay(life: &Life<'_>, body: Value) -> Answer {
    let (treasurer, request) = (life.who(Role::Treasurer).await, life.request().await);
    life.step_of(&treasurer, "tranche-requests", &request, "pay", body).await
}

on_both! {
    async fn a_request_in_time_is_worth_no_less_because_another_proposal_is_forfeited(db) {
        let app = TestApp::on(db);
        let one = SHIPPED.at(&app, "planned").await;
        let two = SHIPPED.at(&app, "planned").await;
        app.reach_the_year();
        one.to("contracted").await;
        app.at("2021-07-20T02:00:00Z");
        // The first quarter of what both have set aside.
        one.request_tranche(1, 2 * FIRST).await.is(201);
        one.review_and_verify().await;
        app.at("2021-07-21T10:00:00Z");
        assert_eq!((app.sweep().forfeited, two.state().await), (1, "forfeited".to_owned()));
        assert_eq!(gate(&one, 1, "").await["cap_idr"], 2 * FIRST);
        app.at("2021-07-22T02:00:00Z");
        one.pay().await.is(200);
        assert_eq!(one.figure("disbursed_idr").await, 2 * FIRST);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn three_tranches_are_paid_as_their_gates_open(db) {
        let app = TestApp::on(db);
        let life = contracted(&app, SHIPPED).await;
        let first = gate(&life, 1, "").await;
        assert_eq!((&first["open"], &first["mode"], &first["cap_idr"]), (&json!(true), &json!("staged"), &json!(FIRST)));
        life.request_tranche(1, FIRST + 1).await.refused(409, &["within_cap"]);
        paid(&life, 1, FIRST).await;
        app.at("2021-05-10T02:00:00Z");
        life.spend(FIRST / 2).await.is(201);
        let refused = life.request_tranche(2, SECOND).await;
        refused.refused(409, &["absorption_reached", "tranche_document"]);
        // FIRST is 525 million: 75 % of it is 393,750,000, and half of it is spent.
        assert!(refused.to_string().contains("Rp131,250,000 more has to be spent"), "{refused}");
        let second = gate(&life, 2, "").await;
        assert_eq!(unmet(&second), ["absorption_reached", "tranche_document"]);
        let absorption = check(&second, "absorption_reached");
        assert_eq!(absorption["required_idr"], FIRST / 4 * 3);
        assert_eq!((&absorption["actual_idr"], &absorption["missing_idr"]), (&json!(FIRST / 2), &json!(FIRST / 4)));
        assert_eq!((&absorption["actual_bp"], &absorption["confirmed"]), (&json!(5_000), &json!(true)));
        assert_eq!(check(&second, "tranche_document")["proposal_ids"], json!([life.id]));
        // If that were spent and the picture there, it would be open.
        let query = format!("?assume_spent_idr={}&assume_documents=photo_50", FIRST / 4);
        let supposed = gate(&life, 2, &query).await;
        assert_eq!((&supposed["open"], &supposed["assumed"]), (&json!(true), &json!(true)), "{supposed}");
        let query = format!("?assume_spent_idr={}&assume_documents=photo_50", FIRST / 4 - 1);
        assert_eq!(unmet(&gate(&life, 2, &query).await), ["absorption_reached"]);
        app.at("2021-05-17T02:00:00Z");
        life.spend(FIRST / 4).await.is(201);
        bring(&life, "photo_50").await;
        life.request_tranche(3, REST).await.refused(409, &[
            "tranche_order", "previous_tranche_paid", "absorption_reached", "output_reached",
        ]);
        life.request_tranche(2, SECOND).await.is(201);
        life.review_and_verify().await;
        app.at("2021-05-18T02:00:00Z");
        life.pay().await.is(200);
        // Any day can be looked at: the day before, nothing more had been spent or brought.
        let before = gate(&life, 2, "?on=2021-05-16").await;
        assert_eq!(unmet(&before), ["absorption_reached", "tranche_document"]);
        assert_eq!((&before["paid_idr"], &before["at"]), (&json!(0), &Value::Null));
        let on_the_day = gate(&life, 2, "?on=2021-05-17").await;
        assert_eq!((&on_the_day["open"], &on_the_day["requested_idr"]), (&json!(true), &json!(SECOND)));
        assert_eq!((&on_the_day["paid_idr"], &on_the_day["room_idr"]), (&json!(0), &json!(0)));
        // What was just received has to be spent too, before more is paid.
        let after = gate(&life, 2, "?on=2021-05-18").await;
        assert_eq!((unmet(&after), &after["paid_idr"]), (vec!["absorption_reached".to_owned()], &json!(SECOND)));
        life.spend(FIRST / 4 + SECOND).await.is(201);
        report(&life, "2021-05-17", 6_999).await;
        let third = gate(&life, 3, "").await;
        assert_eq!(unmet(&third), ["payment_window", "output_reached"]);
        assert_eq!((&third["cap_idr"], &check(&third, "output_reached")["actual_bp"]), (&json!(REST), &json!(6_999)));
        assert_eq!(unmet(&gate(&life, 3, "?on=2021-09-01&assume_output_bp=7000").await), Vec::<String>::new());
        assert_eq!(unmet(&gate(&life, 3, "?on=2021-12-15&assume_output_bp=7000").await), Vec::<String>::new());
        assert_eq!(unmet(&gate(&life, 3, "?on=2021-12-16&assume_output_bp=7000").await), ["documents_in_time"]);
        app.at("2021-08-31T02:00:00Z");
        report(&life, "2021-08-30", 7_000).await;
        life.request_tranche(3, REST).await.is(201);
        life.review_and_verify().await;
        // A request may come before its window opens; a payment may not.
        life.pay().await.refused(409, &["payment_window"]);
        app.at("2021-09-01T02:00:00Z");
        life.pay().await.is(200);
        assert_eq!(life.figure("disbursed_idr").await, TOTAL);
        let gone = gate(&life, 4, "").await;
        assert_eq!((unmet(&gone), &gone["cap_idr"]), (vec!["tranche_exists".to_owned()], &json!(0)));
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn what_a_request_was_taken_on_has_to_hold_when_it_is_paid(db) {
        let app = TestApp::on(db);
        let life = contracted(&app, SHIPPED).await;
        paid(&life, 1, FIRST).await;
        life.spend(FIRST).await.is(201);
        bring(&life, "photo_50").await;
        let mut decree = json!({
            "fiscal_year": 2021, "number": "KMK 9/2021", "dated_on": app.today(), "reason": "Uji.", "regions": [HOME],
            "changes": [{ "path": "/tranches/1/min_output_bp", "value": 5_000 }],
        });
        let administrator = app.of(Role::Administrator, HOME).await;
        app.post(&administrator, "/decrees", decree.clone()).await.is(201);
        let first = report(&life, &app.today(), 5_000).await;
        life.request_tranche(2, SECOND).await.is(201);
        life.review_and_verify().await;
        let inspector = life.who(Role::Inspector).await;
        let reason = json!({ "comment": "Foto tidak sesuai." });
        life.step_of(&inspector, "reports", &first, "return", reason).await.is(200);
        let refused = life.pay().await;
        refused.refused(409, &["output_reached"]);
        assert!(refused.to_string().contains("output of 0.00 %"), "{refused}");
        assert_eq!(life.figure("disbursed_idr").await, FIRST);
        // Another decree, and it is paid: the request waited.
        decree["number"] = json!("KMK 10/2021");
        decree["changes"][0]["value"] = json!(0);
        app.later(chrono::TimeDelta::minutes(1));
        app.post(&administrator, "/decrees", decree).await.is(201);
        life.pay().await.is(200);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_payment_dated_earlier_has_to_fit_that_day_too(db) {
        let app = TestApp::on(db);
        let life = contracted(&app, SHIPPED).await;
        paid(&life, 1, FIRST).await;
        bring(&life, "photo_50").await;
        app.at("2021-05-10T02:00:00Z");
        life.spend(FIRST).await.is(201);
        life.request_tranche(2, SECOND).await.is(201);
        life.review_and_verify().await;
        app.at("2021-11-02T02:00:00Z");
        // The window closed on 31 October: it was received in time, and is not paid in it.
        pay(&life, json!({ "payment_number": "KPPN/2" })).await.refused(409, &["payment_window"]);
        pay(&life, json!({ "payment_number": "KPPN/2", "paid_on": "2021-10-29" })).await.is(200);
        assert_eq!(gate(&life, 2, "?on=2021-10-28").await["requested_idr"], SECOND);
        assert_eq!(gate(&life, 2, "?on=2021-10-29").await["paid_idr"], SECOND);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_second_proposal_that_lifts_the_region_s_ceiling_makes_it_staged(db) {
        let app = TestApp::on(db);
        let case = REVITALISATION.small().within(SIBLING).as_shipped();
        let one = case.at(&app, "planned").await;
        let two = case.at(&app, "approved").await;
        app.reach_the_year();
        one.to("contracted").await;
        let total = case.total();
        let alone = gate(&one, 1, "").await;
        assert_eq!((&alone["mode"], &alone["cap_idr"], &alone["open"]), (&json!("lump_sum"), &json!(total), &json!(true)));
        // Rp840 million and as much again: above the Rp1 billion of one sum.
        two.fund().await;
        let staged = gate(&one, 1, "").await;
        assert_eq!((&staged["mode"], &staged["cap_idr"]), (&json!("staged"), &json!(total / 4)));
        one.request_tranche(1, total).await.refused(409, &["within_cap"]);
        paid(&one, 1, total / 4).await;
        let path = format!("/allocations/{}", one.allocation().await);
        let allocation = app.get(&one.who(Role::Treasurer).await, &path).await.is(200);
        assert_eq!(allocation["mode"], "staged");
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn the_region_s_tranche_is_shared_by_its_proposals(db) {
        let app = TestApp::on(db);
        let one = SHIPPED.at(&app, "planned").await;
        let two = SHIPPED.at(&app, "planned").await;
        app.reach_the_year();
        one.to("contracted").await;
        two.to("contracted").await;
        assert_eq!(gate(&one, 1, "").await["cap_idr"], 2 * FIRST);
        // One of them may take more than its own quarter, within the region's.
        one.request_tranche(1, FIRST + 1).await.is(201);
        assert_eq!(gate(&one, 1, "").await["room_idr"], FIRST - 1);
        two.request_tranche(1, FIRST).await.refused(409, &["within_cap"]);
        two.request_tranche(1, FIRST - 1).await.is(201);
        // The output over the region is weighted, and one without a report counts as nothing.
        report(&one, &app.today(), 8_000).await;
        assert_eq!(check(&gate(&one, 3, "").await, "output_reached")["actual_bp"], 4_000);
        // Once the other is cancelled, it is left out; what waits was asked for before and is worth no less by it, but
        // leaves no room to anybody.
        app.later(TimeDelta::minutes(1));
        let body = json!({ "action": "cancel", "comment": "Lahan bersengketa." });
        two.act(Role::Approver, body).await.is(200);
        let alone = gate(&one, 3, "").await;
        assert_eq!(check(&alone, "output_reached")["actual_bp"], 8_000);
        let first = gate(&one, 1, "").await;
        assert_eq!((&first["cap_idr"], &first["requested_idr"]), (&json!(2 * FIRST), &json!(FIRST + 1)));
        assert_eq!((&first["room_idr"], &check(&first, "within_cap")["met"]), (&json!(0), &json!(true)));
        one.request_tranche(1, 1).await.refused(409, &["request_stands", "within_cap"]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_complete_request_says_until_when_it_is_paid(db) {
        let app = TestApp::on(db);
        let life = contracted(&app, SHIPPED).await;
        app.at("2021-05-25T02:00:00Z");
        let asked = life.request_tranche(1, FIRST).await.is(201);
        assert_eq!(asked["due_on"], Value::Null);
        // Tuesday, 25 May; the 1st of June is a holiday: 26, 27, 28, 31 May and 2 June.
        life.review_and_verify().await;
        assert_eq!(life.request().await["due_on"], "2021-06-02");
        assert_eq!(life.pay().await.is(200)["due_on"], "2021-06-02");
    }

    async fn a_gate_is_seen_by_whoever_sees_its_allocation_and_a_wrong_question_is_named(db) {
        let app = TestApp::on(db);
        let life = SHIPPED.at(&app, "allocated").await;
        let allocation = life.allocation().await;
        let path = |n: &str, query: &str| format!("/allocations/{allocation}/tranches/{n}/gate{query}");
        let head = life.who(Role::RegionalHead).await;
        app.get(&app.of(Role::RegionalHead, FOREIGN).await, &path("1", "")).await.is(404);
        for n in ["0", "-1", "100", "x", "1.0", "9223372036854775808", "%00"] {
            app.get(&head, &path(n, "")).await.is(404);
        }
        for (query, place) in [
            ("?on=yesterday", "/query/on"),
            ("?on=1600-01-01", "/query/on"),
            ("?on=2021-02-30", "/query/on"),
            ("?assume_spent_idr=-1", "/query/assume_spent_idr"),
            ("?assume_spent_idr=9223372036854775807", "/query/assume_spent_idr"),
            ("?assume_spent_idr=1.5", "/query/assume_spent_idr"),
            ("?assume_output_bp=10001", "/query/assume_output_bp"),
            ("?assume_documents=Photo%2050", "/query/assume_documents"),
            ("?recommended=maybe", "/query/recommended"),
        ] {
            let refused = app.get(&head, &path("1", query)).await;
            refused.is(422);
            assert_eq!(refused.pointers(), [place], "{query}: {refused}");
        }
        app.get(&head, &path("1", "?nobody_knows=1")).await.is(422);
        app.get(&head, &path("1", "?on=2021-01-01&on=2021-01-01")).await.is(400);
        let most = app.get(&head, &path("1", "?assume_spent_idr=1000000000000000&on=2100-12-31")).await.is(200);
        assert_eq!(most["open"], false);
        let nothing = app.get(&head, &path("2", "")).await.is(200);
        assert_eq!((&nothing["cap_idr"], &nothing["on"]), (&json!(0), &json!(app.today())));
    }

    async fn a_report_that_is_returned_and_a_payment_do_not_pass_each_other(db) {
        let app = TestApp::on(db);
        let life = contracted(&app, SHIPPED).await;
        paid(&life, 1, FIRST).await;
        life.spend(FIRST).await.is(201);
        bring(&life, "photo_50").await;
        let decree = json!({
            "fiscal_year": 2021, "number": "KMK 9/2021", "dated_on": app.today(), "reason": "Uji.", "regions": [],
            "changes": [{ "path": "/tranches/1/min_output_bp", "value": 5_000 }],
        });
        app.post(&app.of(Role::Administrator, HOME).await, "/decrees", decree).await.is(201);
        let (inspector, treasurer) = (life.who(Role::Inspector).await, life.who(Role::Treasurer).await);
        let mut waiting = None;
        for round in 0..8 {
            app.later(chrono::TimeDelta::days(1));
            let submitted = report(&life, &app.today(), 5_000).await;
            if waiting.is_none() {
                life.request_tranche(2, SECOND).await.is(201);
                life.review_and_verify().await;
                waiting = Some(life.request().await);
            }
            let request = waiting.clone().expect("a request");
            let back = format!("/reports/{}/return", text(&submitted["id"]));
            let back = app.post(&inspector, &back, json!({ "comment": "Ulangi." })).if_match(&submitted["version"]);
            let path = format!("/tranche-requests/{}/pay", text(&request["id"]));
            let body = json!({ "payment_number": format!("KPPN/2/{round}") });
            let paying = app.post(&treasurer, &path, body).if_match(&request["version"]);
            let (returned, payment) = if round % 2 == 0 {
                join(back.into_future(), paying.into_future()).await
            } else {
                let (payment, returned) = join(paying.into_future(), back.into_future()).await;
                (returned, payment)
            };
            returned.is(200);
            // Both hold the allocation: whichever came first, its event was made first.
            let newest = |action: &str| format!(
                "SELECT COUNT(*) FROM audit_events a WHERE a.action = '{action}' AND a.outcome = 'done' AND a.id > \
                 (SELECT MAX(b.id) FROM audit_events b WHERE b.action = 'report.submit')"
            );
            match payment.status {
                200 => {
                    let order = "SELECT COUNT(*) FROM audit_events a JOIN audit_events b ON a.id < b.id \
                        WHERE a.action = 'tranche.pay' AND a.outcome = 'done' AND b.action = 'report.return' \
                        AND b.id = (SELECT MAX(id) FROM audit_events WHERE action = 'report.return')";
                    assert!(app.database.number(order) > 0, "it was paid on a report that had been returned");
                    assert_eq!(app.verified(), Vec::<String>::new());
                    return;
                }
                _ => {
                    payment.refused(409, &["output_reached"]);
                    assert_eq!(app.database.number(&newest("tranche.pay")), 0);
                }
            }
        }
        assert_eq!(life.figure("disbursed_idr").await, FIRST);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn of_many_requests_that_fill_a_tranche_one_is_taken(db) {
        let app = TestApp::on(db);
        let mut lives = Vec::new();
        for _ in 0..4 {
            lives.push(SHIPPED.at(&app, "planned").await);
        }
        app.reach_the_year();
        for life in &lives {
            life.to("contracted").await;
        }
        let head = lives[0].who(Role::RegionalHead).await;
        let path = format!("/allocations/{}/tranche-requests", lives[0].allocation().await);
        let calls = lives.iter().map(|life| {
            let body = json!({ "n": 1, "items": [{ "proposal_id": life.id, "amount_idr": TOTAL }] });
            app.post(&head, &path, body).into_future()
        });
        let answers = futures_util::future::join_all(calls).await;
        let taken = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(taken, 1, "a quarter of four proposals is one of them");
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.refused(409, &["within_cap"]);
        }
        assert_eq!(app.verified(), Vec::<String>::new());
    }
}
