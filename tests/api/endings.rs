//! The ends of a proposal's life other than the good one, and the conditions on the way there.

use crate::findings::draft;
use crate::on_both;
use crate::support::app::{HOME, SIBLING, TestApp};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use sentra::domain::people::Role;
use serde_json::{Value, json};

fn commented(action: &str) -> Value {
    json!({ "action": action, "comment": "Karena alasan ini." })
}

/// Every action of its machine is refused, since it has ended.
async fn has_ended(life: &Life<'_>) {
    assert_eq!(life.list("actions").await, Vec::<Value>::new());
    for (role, action) in [
        (Role::Drafter, "request_planning_check"),
        (Role::Approver, "approve"),
        (Role::Inspector, "close"),
        (Role::RegionalHead, "withdraw"),
    ] {
        life.act(role, commented(action)).await.refused(409, &["not_from_here"]);
    }
}

on_both! {
    async fn a_region_withdraws_until_the_decision(db) {
        let app = TestApp::on(db);
        for state in [
            "draft", "planning_check", "endorsement", "verification", "technical_review", "clarification",
            "site_verification", "harmonisation", "decision",
        ] {
            let life = if state == "clarification" {
                let life = CONSTRUCTION.at(&app, "technical_review").await;
                life.ask_changes(Role::Reviewer, &["/site"]).await;
                let data = json!({ "due_on": app.in_days(5) });
                let ask = json!({ "action": "request_clarification", "comment": "Lahan?", "data": data });
                life.act(Role::Reviewer, ask).await.is(200);
                life
            } else {
                CONSTRUCTION.at(&app, state).await
            };
            assert_eq!(life.state().await, state);
            life.act(Role::RegionalHead, json!({ "action": "withdraw" })).await.refused(409, &["comment_given"]);
            let ended = life.act(Role::RegionalHead, commented("withdraw")).await.is(200);
            assert_eq!(ended["state"], "withdrawn", "{state}");
        }
        let life = CONSTRUCTION.at(&app, "approved").await;
        life.act(Role::RegionalHead, commented("withdraw")).await.refused(409, &["not_from_here"]);
    }

    async fn the_ministry_cancels_until_money_is_disbursed_and_the_room_comes_back(db) {
        let app = TestApp::on(db);
        for state in ["approved", "allocated", "planned", "contracted"] {
            let life = CONSTRUCTION.at(&app, state).await;
            life.act(Role::Approver, json!({ "action": "cancel" })).await.refused(409, &["comment_given"]);
            let ended = life.act(Role::Approver, commented("cancel")).await.is(200);
            assert_eq!(ended["state"], "cancelled", "{state}");
            assert_eq!(ended["figures"]["undisbursed_idr"], 0);
        }
        let life = CONSTRUCTION.at(&app, "allocated").await;
        let path = format!("/allocations/{}", life.allocation().await);
        let allocation = app.get(&life.who(Role::Treasurer).await, &path).await.is(200);
        assert_eq!(allocation["used_idr"], CONSTRUCTION.total());
        life.to("funded").await;
        life.act(Role::Approver, commented("cancel")).await.refused(409, &["not_from_here"]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn an_end_is_an_end(db) {
        let app = TestApp::on(db);
        let rejected = CONSTRUCTION.at(&app, "verification").await;
        rejected.act(Role::Verifier, json!({ "action": "not_recommend" })).await.refused(409, &["comment_given"]);
        rejected.act(Role::Verifier, commented("not_recommend")).await.is(200);
        assert_eq!(rejected.state().await, "rejected");
        has_ended(&rejected).await;
        let unfunded = REVITALISATION.at(&app, "approved").await;
        let decline = json!({ "action": "decline_allocation" });
        unfunded.act(Role::Treasurer, decline).await.refused(409, &["legal_basis_given"]);
        let decline = json!({ "action": "decline_allocation", "data": { "legal_basis": "Perpres 1" } });
        unfunded.act(Role::Treasurer, decline).await.is(200);
        assert_eq!(unfunded.state().await, "unfunded");
        has_ended(&unfunded).await;
        let closed = REVITALISATION.at(&app, "closed").await;
        has_ended(&closed).await;
    }

    async fn conditions_keep_contracts_waiting_until_each_is_lifted(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "decision").await;
        life.review_lines(Role::Approver).await;
        let body = json!({ "action": "approve_with_conditions", "data": { "conditions": ["AMDAL", "Sertifikat"] } });
        life.act(Role::Approver, body).await.is(200);
        life.to("allocated").await;
        life.submit_plan().await;
        life.approve_plan(json!({ "conditions": ["Gambar"] })).await.is(200);
        life.contract(json!({})).await.is(201);
        let accept = json!({ "action": "accept_contracts" });
        let refused = life.act(Role::Inspector, accept.clone()).await;
        refused.refused(409, &["conditions_lifted"]);
        assert_eq!(refused.pointers(), ["/conditions"]);
        let conditions = life.list("conditions").await;
        let sources: Vec<String> = conditions.iter().map(|one| text(&one["source"])).collect();
        assert_eq!(sources, ["decision", "decision", "plan"]);
        let reviewer = life.who(Role::Reviewer).await;
        let lift = life.evidence().await;
        let mut without = lift.clone();
        without["document_id"] = json!(uuid::Uuid::now_v7());
        for condition in &conditions {
            let nobody = life.who(Role::Approver).await;
            let refused = life.step_of(&nobody, "conditions", condition, "lift", lift.clone()).await;
            assert_eq!(refused.status, 403);
            life.act(Role::Inspector, accept.clone()).await.refused(409, &["conditions_lifted"]);
            let refused = life.step_of(&reviewer, "conditions", condition, "lift", without.clone()).await;
            refused.refused(422, &["unknown"]);
            assert_eq!(refused.pointers(), ["/document_id"]);
            let lifted = life.step_of(&reviewer, "conditions", condition, "lift", lift.clone()).await.is(200);
            life.step_of(&reviewer, "conditions", &lifted, "lift", lift.clone()).await.refused(409, &["lifted"]);
            life.step_of(&reviewer, "conditions", condition, "lift", lift.clone()).await.is(412);
        }
        life.act(Role::Inspector, accept).await.is(200);
    }

    async fn contracts_are_accepted_when_the_list_is_whole_and_designer_is_not_supervisor(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let accept = json!({ "action": "accept_contracts" });
        life.act(Role::Inspector, accept.clone()).await.refused(409, &["contract_list_complete"]);
        life.contract(json!({ "number": "1", "role": "design", "lines": [2], "value_idr": 50_000_000,
            "vendor_name": "CV Rancang" })).await.is(201);
        life.contract(json!({ "number": "2", "role": "supervision", "lines": [2], "value_idr": 50_000_000,
            "vendor_name": "cv. rancang" })).await.is(201);
        let refused = life.act(Role::Inspector, accept).await;
        refused.refused(409, &["contract_list_complete", "designer_not_supervisor"]);
        assert_eq!(refused.pointers(), ["/contracts", "/contracts"]);
        let twice = life.contract(json!({ "number": "2" })).await;
        twice.refused(422, &["duplicate"]);
        assert_eq!(twice.pointers(), ["/number"]);
    }

    async fn works_that_end_short_ask_for_a_statement_and_for_their_time(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        let short = json!({ "action": "end_short" });
        let refused = life.act(Role::Inspector, short).await;
        refused.refused(409, &["year_or_contracts_over", "statement_given"]);
        assert_eq!(refused.pointers(), ["/contracts", "/data/statement"]);
        life.bring().await;
        let unfinished = json!({ "action": "complete_works", "data": { "output_bp": 9_999 } });
        life.act(Role::Drafter, unfinished).await.refused(409, &["handover_given", "output_complete"]);
        let statement = json!({ "number": "S/1", "date": "2020-11-01", "finished_by": "APBD 2022" });
        let short = json!({ "action": "end_short", "data": { "output_bp": 7_000, "statement": statement } });
        life.act(Role::Inspector, short.clone()).await.refused(409, &["year_or_contracts_over"]);
        app.later(chrono::TimeDelta::days(151));
        life.act(Role::Drafter, short.clone()).await.is(403);
        assert_eq!(life.act(Role::Inspector, short).await.is(200)["state"], "reporting");
    }

    async fn a_centre_is_handed_over_complete_and_closed_when_it_is_in_use(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "reporting").await;
        let refused = life.act(Role::Drafter, json!({ "action": "hand_over" })).await;
        refused.refused(409, &["asset_recorded", "manager_named", "occupants_named", "centre_registered"]);
        assert_eq!(refused.pointers(), ["/data/asset_number", "/data/manager", "/data/occupants", "/data/centre_id"]);
        let neighbour = app.of(Role::Drafter, SIBLING).await;
        let elsewhere = app.post(&neighbour, "/centres", CONSTRUCTION.within(SIBLING).centre()).await.is(201);
        let data = json!({
            "asset_number": "BMD/1", "manager": "UPT", "occupants": ["Ibu Ratna"], "centre_id": elsewhere["id"],
        });
        let body = json!({ "action": "hand_over", "data": data });
        life.act(Role::Drafter, body).await.refused(409, &["centre_registered"]);
        life.to("operating").await;
        let body = json!({ "action": "close" });
        life.act(Role::Inspector, body).await.refused(409, &["use_confirmed", "final_report_reviewed", "baseline_compared"]);
        let check = json!({ "checked_on": app.today(), "businesses": 3, "report": "Baru." });
        let early = json!({ "action": "close", "data": { "use_check": check } });
        life.act(Role::Inspector, early).await.refused(409, &["use_confirmed", "final_report_reviewed", "baseline_compared"]);
        let later = CONSTRUCTION.draft(&app).await;
        life.final_report().await;
        let compared = |successor: &str| json!({
            "successor_id": successor, "baseline_comparison": "Naik.", "baseline_outcome": { "businesses": 55 },
        });
        let successor = json!({ "action": "close", "data": compared(&life.id) });
        life.act(Role::Inspector, successor).await.refused(409, &["use_confirmed"]);
        let successor = json!({ "action": "close", "data": compared(&later.id) });
        assert_eq!(life.act(Role::Inspector, successor).await.is(200)["state"], "closed");
    }

    async fn a_centre_that_is_not_in_use_is_closed_with_words(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.within(HOME).at(&app, "operating").await;
        life.act(Role::Inspector, json!({ "action": "close_unused" })).await.refused(409, &["comment_given", "unused_found"]);
        life.act(Role::Inspector, commented("close_unused")).await.refused(409, &["unused_found"]);
        let auditor = app.of(Role::Auditor, HOME).await;
        let found = async |kind: &str| app.post(&auditor, &life.path("findings"), draft(json!({ "kind": kind }))).await.is(201);
        found("land").await;
        let doubtful = found("unused").await;
        let withdrawn = json!({ "outcome": "withdrawn", "reason": "Ternyata dipakai." });
        life.step_of(&auditor, "findings", &doubtful, "close", withdrawn).await.is(200);
        life.act(Role::Inspector, commented("close_unused")).await.refused(409, &["unused_found"]);
        let listed = app.get(&life.who(Role::Inspector).await, &life.path("actions")).await.is(200);
        let items = listed["items"].as_array().expect("items").clone();
        let unused = items.iter().find(|item| item["action"] == "close_unused").expect("close_unused");
        assert_eq!((&unused["blockers"][0]["code"], &unused["blockers"][0]["pointer"]), (&json!("unused_found"), &json!("/findings")));
        found("unused").await;
        let closed = life.act(Role::Inspector, commented("close_unused")).await.is(200);
        assert_eq!(closed["state"], "closed");
        has_ended(&life).await;
        app.verified();
    }

    async fn a_provisional_centre_is_matched_before_harmonisation(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        let mut entry = REVITALISATION.centre();
        entry["decree_number"] = Value::Null;
        let centre = app.post(&drafter, "/centres", entry).await.is(201);
        assert_eq!(centre["provisional"], true);
        let life = REVITALISATION.draft(&app).await;
        life.patch(Role::Drafter, json!({ "centre_id": centre["id"] })).await.is(200);
        life.to("technical_review").await;
        life.assess_lines().await;
        let recommend = json!({ "action": "recommend" });
        let refused = life.act(Role::Reviewer, recommend.clone()).await;
        refused.refused(409, &["centre_matched"]);
        assert_eq!(refused.pointers(), ["/centre_id"]);
        let path = format!("/centres/{}", text(&centre["id"]));
        app.patch(&drafter, &path, json!({ "decree_number": "188/2019" })).if_match(1).await.is(200);
        assert_eq!(life.act(Role::Reviewer, recommend).await.is(200)["state"], "harmonisation");
    }
}
