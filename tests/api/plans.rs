//! Changes of an approved activity plan: counted and dated by the policy, with a reason, and never past what is
//! contracted.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Life};
use sentra::domain::people::Role;
use serde_json::{Value, json};

const TOTAL: i64 = CONSTRUCTION.total();

/// A change that gives the second line a million less.
fn change(life: &Life<'_>) -> Value {
    let mut body = life.plan_body();
    body["reason"] = json!("Banjir merusak akses lokasi.");
    body["lines"][1]["amount_idr"] = json!(99_000_000);
    body
}

async fn submit(life: &Life<'_>, body: Value) -> Answer {
    let plan = life.add(Role::Drafter, "plans", body).await.is(201);
    life.step_of(&life.who(Role::Drafter).await, "plans", &plan, "submit", json!({})).await
}

on_both! {
    async fn one_plan_is_with_the_ministry_at_a_time_and_is_decided_by_its_own_figures(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "allocated").await;
        let mut above = life.plan_body();
        above["lines"][0]["amount_idr"] = json!(900_000_000_000_i64);
        let above = life.add(Role::Drafter, "plans", above).await.is(201);
        let within = life.add(Role::Drafter, "plans", life.plan_body()).await.is(201);
        let (drafter, approver) = (life.who(Role::Drafter).await, life.who(Role::Approver).await);
        let send = async |plan: &Value| life.step_of(&drafter, "plans", plan, "submit", json!({})).await;
        send(&above).await.refused(409, &["plan_within_ceiling"]);
        let submitted = send(&within).await.is(200);
        send(&above).await.refused(409, &["plan_pending"]);
        life.step_of(&approver, "plans", &submitted, "approve", json!({})).await.is(200);
        send(&above).await.refused(409, &["plan_state"]);
        assert_eq!(life.figure("plan_idr").await, TOTAL);
    }

    async fn an_approved_plan_is_changed_with_a_reason_as_often_as_the_policy_says(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let without = life.add(Role::Drafter, "plans", life.plan_body()).await;
        without.refused(422, &["required"]);
        assert_eq!(without.pointers(), ["/reason"]);
        let submitted = submit(&life, change(&life)).await.is(200);
        assert_eq!((&submitted["n"], &submitted["change_reason"]), (&json!(2), &json!("Banjir merusak akses lokasi.")));
        assert_eq!(life.figure("plan_idr").await, TOTAL, "the plan in force holds until then");
        let drafter = life.who(Role::Drafter).await;
        life.step_of(&drafter, "plans", &submitted, "approve", json!({})).await.is(403);
        let approver = life.who(Role::Approver).await;
        let recommended = json!({ "lump_sum_recommended": true });
        life.step_of(&approver, "plans", &submitted, "approve", recommended).await.refused(422, &["no_first_plan"]);
        let approved = life.approve_plan(json!({})).await.is(200);
        assert_eq!(approved["state"], "approved");
        life.step_of(&approver, "plans", &approved, "approve", json!({})).await.refused(409, &["plan_state"]);
        assert_eq!((life.state().await, life.figure("plan_idr").await), ("planned".to_owned(), TOTAL - 1_000_000));
        life.add(Role::Drafter, "plans", change(&life)).await.refused(409, &["plan_changes_left"]);
        let events = life.list("events?limit=200").await;
        assert_eq!(events.iter().filter(|one| one["action"] == "proposal.approve_plan_change").count(), 1);
        life.contract(json!({ "value_idr": TOTAL - 1_000_000 })).await.is(201);
        life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_lump_sum_is_recommended_before_its_date_or_not_at_all(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "allocated").await;
        let made = life.add(Role::Drafter, "plans", life.plan_body()).await.is(201);
        let drafter = life.who(Role::Drafter).await;
        let submitted = life.step_of(&drafter, "plans", &made, "submit", json!({})).await.is(200);
        app.at("2020-12-31T10:00:00Z");
        let approver = life.who(Role::Approver).await;
        let recommended = json!({ "lump_sum_recommended": true });
        let late = life.step_of(&approver, "plans", &submitted, "approve", recommended).await;
        late.refused(422, &["too_late"]);
        assert_eq!(late.pointers(), ["/lump_sum_recommended"]);
        life.step_of(&approver, "plans", &submitted, "approve", json!({})).await.is(200);
    }

    async fn a_change_comes_before_its_date_or_not_at_all(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let made = life.add(Role::Drafter, "plans", change(&life)).await.is(201);
        let until = "2021-03-31T10:00:00Z";
        app.at(until);
        life.add(Role::Drafter, "plans", change(&life)).await.refused(409, &["plan_changes_left"]);
        let drafter = life.who(Role::Drafter).await;
        life.step_of(&drafter, "plans", &made, "submit", json!({})).await.refused(409, &["plan_changes_left"]);
    }

    async fn what_is_contracted_is_not_planned_away(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        life.contract(json!({ "lines": [2], "value_idr": 100_000_000 })).await.is(201);
        let mut without = change(&life);
        without["lines"].as_array_mut().expect("lines").pop();
        let refused = submit(&life, without).await;
        refused.refused(409, &["contracted_lines_kept"]);
        let mut below = change(&life);
        below["lines"][0]["amount_idr"] = json!(900_000);
        below["lines"][1]["amount_idr"] = json!(40_000);
        submit(&life, below).await.refused(409, &["contracted_lines_kept"]);
        let mut above = change(&life);
        above["lines"][0]["amount_idr"] = json!(2 * TOTAL);
        submit(&life, above).await.refused(409, &["plan_within_ceiling"]);
        submit(&life, change(&life)).await.is(200);
        let listed = app.get(&life.who(Role::Approver).await, &life.path("actions")).await.is(200);
        let items = listed["items"].as_array().expect("items").clone();
        let offered = items.iter().find(|item| item["action"] == "approve_plan_change").expect("the change");
        assert_eq!((&offered["allowed"], &offered["via"]), (&json!(true), &json!("POST /plans/{id}/approve")));
    }

    async fn a_line_says_what_is_to_be_there_and_what_it_supports(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "allocated").await;
        let mut body = life.plan_body();
        body["lines"][0]["target_output"] = json!("Rumah produksi 800 m2");
        body["lines"][1]["supporting_activity"] = json!("supervision");
        let mut wrong = body.clone();
        wrong["lines"][0]["supporting_activity"] = json!("travel");
        let refused = life.add(Role::Drafter, "plans", wrong).await;
        refused.refused(422, &["not_supporting"]);
        assert_eq!(refused.pointers(), ["/lines/0/supporting_activity"]);
        let mut early = body.clone();
        early["reason"] = json!("Banjir.");
        life.add(Role::Drafter, "plans", early).await.refused(422, &["no_change"]);
        let forgotten = life.add(Role::Drafter, "plans", body.clone()).await.is(201);
        assert_eq!(text(&forgotten["lines"][0]["target_output"]), "Rumah produksi 800 m2");
        assert_eq!(text(&forgotten["lines"][1]["supporting_activity"]), "supervision");
        assert_eq!(text(&forgotten["lines"][1]["method"]), "self_managed");
        life.to("planned").await;
        let drafter = life.who(Role::Drafter).await;
        life.step_of(&drafter, "plans", &forgotten, "submit", json!({})).await.refused(409, &["plan_state"]);
    }

    async fn a_star_on_a_change_keeps_contracts_waiting(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        submit(&life, change(&life)).await.is(200);
        life.approve_plan(json!({ "conditions": ["Gambar direvisi"] })).await.is(200);
        life.contract(json!({ "value_idr": 2_000_000_000 })).await.is(201);
        let accept = json!({ "action": "accept_contracts" });
        life.act(Role::Inspector, accept.clone()).await.refused(409, &["conditions_lifted"]);
        let (reviewer, condition) = (life.who(Role::Reviewer).await, life.last("conditions").await);
        assert_eq!(condition["source"], "plan");
        let lift = life.evidence().await;
        life.step_of(&reviewer, "conditions", &condition, "lift", lift).await.is(200);
        life.act(Role::Inspector, accept).await.is(200);
    }
}
