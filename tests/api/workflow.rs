//! Both machines from draft to decision, through HTTP: who moves what, and everything that stands in the way.

use crate::on_both;
use crate::support::app::{PROVINCE, TestApp};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION, overlay};
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The actions that were done, in order.
async fn done(life: &Life<'_>) -> Vec<String> {
    let events = life.list("events?limit=200").await;
    let states = events.iter().filter(|event| {
        event["outcome"] == "done" && event["content"]["after"]["state"] != Value::Null
    });
    states.map(|event| text(&event["action"]).replace("proposal.", "")).collect()
}

fn commented(action: &str) -> Value {
    json!({ "action": action, "comment": "Karena alasan ini." })
}

on_both! {
    async fn a_construction_lives_from_draft_to_closed(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "closed").await;
        let total = CONSTRUCTION.total();
        let figures = life.shown().await["figures"].clone();
        for (name, expected) in [
            ("ceiling_idr", total), ("plan_idr", total), ("contracted_idr", total), ("disbursed_idr", total),
            ("absorbed_idr", total), ("returned_idr", 0), ("in_hand_idr", 0), ("undisbursed_idr", 0),
            ("released_idr", 0),
        ] {
            assert_eq!(figures[name], expected, "{name}");
        }
        assert_eq!(done(&life).await, [
            "create", "request_planning_check", "confirm_planning", "submit", "verify", "recommend", "confirm_site",
            "propose_agreement", "accept_agreement", "approve", "allocate", "approve_plan", "accept_contracts",
            "disburse", "complete_works", "hand_over", "close",
        ]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_revitalisation_is_not_visited_and_ends_compared_with_its_baseline(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "reporting").await;
        life.app.later(chrono::TimeDelta::days(1));
        let close = json!({ "action": "close" });
        let refused = life.act(Role::Inspector, close).await;
        refused.refused(409, &["final_report_reviewed", "baseline_compared"]);
        assert_eq!(refused.pointers(), ["/reports", "/data/baseline_comparison"]);
        let words = json!({ "action": "close", "data": { "baseline_comparison": "Naik.", "baseline_outcome": { "members": 1 } } });
        let refused = life.act(Role::Inspector, words).await;
        assert_eq!(refused.pointers(), ["/reports", "/data/baseline_outcome"]);
        assert!(refused.to_string().contains("/businesses"), "{refused}");
        life.to("closed").await;
        assert!(!done(&life).await.contains(&"confirm_site".to_owned()));
        assert_eq!(life.shown().await["figures"]["in_hand_idr"], 0);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_revitalisation_that_builds_anew_is_visited(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.anew().at(&app, "technical_review").await;
        life.assess_lines().await;
        let next = life.act(Role::Reviewer, json!({ "action": "recommend" })).await.is(200);
        assert_eq!(next["state"], "site_verification");
        life.to("harmonisation").await;
    }

    async fn a_province_s_own_proposal_is_verified_by_no_province(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.within(PROVINCE).at(&app, "endorsement").await;
        let next = life.act(Role::RegionalHead, json!({ "action": "submit" })).await.is(200);
        assert_eq!(next["state"], "technical_review");
        let verifier = life.who(Role::Verifier).await;
        assert_eq!(life.act_as(&verifier, json!({ "action": "verify" })).await.status, 403);
    }

    async fn an_empty_draft_is_told_everything_that_is_missing(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, REVITALISATION.region).await;
        let mut body = REVITALISATION.draft_body();
        overlay(&mut body, json!({ "site": {}, "baseline": null }));
        let id = text(&app.post(&drafter, "/proposals", body).await.is(201)["id"]);
        let life = Life { app: &app, case: REVITALISATION, id };
        let lacking = life.lacking(&["request_planning_check"]).await;
        assert_eq!(lacking.len(), 5, "{lacking:?}");
        let request = json!({ "action": "request_planning_check" });
        let expected = [&["site_given", "centre_named", "baseline_given", "has_lines"], &["documents_ready"; 5][..]].concat();
        let refused = life.act(Role::Drafter, request.clone()).await;
        refused.refused(409, &expected);
        assert_eq!(refused.pointers()[..4], ["/site", "/centre_id", "/baseline", "/lines"]);
        let named: BTreeSet<String> = refused.pointers()[4..].iter()
            .map(|pointer| pointer.trim_start_matches("/documents/").to_owned()).collect();
        assert_eq!(named, lacking);
        life.bring().await;

        let mut lines = REVITALISATION.lines();
        lines["lines"][0]["gap"] = json!(" ");
        lines["lines"][1]["unit_cost_idr"] = json!(REVITALISATION.unit_cost_idr * 43);
        life.put(Role::Drafter, "lines", lines).await.is(200);
        app.at("2020-06-15T10:00:00Z");
        life.act(Role::Drafter, request).await.refused(
            409,
            &["window_open", "site_given", "centre_named", "baseline_given", "gaps_answered", "supporting_cap"],
        );
    }

    async fn the_window_closes_at_its_instant_and_the_correction_window_later(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "verification").await;
        let late = CONSTRUCTION.at(&app, "endorsement").await;
        life.ask_changes(Role::Verifier, &["/site"]).await;
        life.act(Role::Verifier, commented("return")).await.is(200);
        app.at("2020-06-15T09:59:59.999999Z");
        let other = CONSTRUCTION.draft(&app).await;
        other.to("planning_check").await;
        app.at("2020-06-15T10:00:00Z");
        late.act(Role::RegionalHead, json!({ "action": "submit" })).await.refused(409, &["window_open"]);
        life.to("verification").await;
        life.ask_changes(Role::Verifier, &["/lines"]).await;
        life.act(Role::Verifier, commented("return")).await.is(200);
        life.answer_changes().await;
        app.at("2020-07-01T10:00:00Z");
        let again = life.act(Role::Drafter, json!({ "action": "request_planning_check" })).await;
        again.refused(409, &["window_open"]);
    }

    async fn whoever_returns_says_why_and_it_can_be_submitted_again(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        for (state, role) in [
            ("planning_check", Role::Planner), ("endorsement", Role::RegionalHead), ("verification", Role::Verifier),
        ] {
            life.to(state).await;
            if state == "verification" {
                life.act(role, commented("return")).await.refused(409, &["change_requested"]);
                life.ask_changes(role, &["/title"]).await;
            }
            life.act(role, json!({ "action": "return" })).await.refused(409, &["comment_given"]);
            life.act(role, json!({ "action": "return", "comment": " " })).await.refused(409, &["comment_given"]);
            let back = life.act(role, commented("return")).await.is(200);
            assert_eq!((&back["state"], &back["returned"]), (&json!("draft"), &json!(true)));
            life.patch(Role::Drafter, json!({ "title": format!("Setelah {state}") })).await.is(200);
        }
        life.to("technical_review").await;
        life.patch(Role::Drafter, json!({ "title": "Terlambat" })).await.refused(409, &["not_editable"]);
        let lines = life.put(Role::Drafter, "lines", CONSTRUCTION.lines()).await;
        lines.refused(409, &["not_editable"]);
    }

    async fn a_clarification_is_answered_or_lapses_at_the_end_of_its_day(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let lapsing = CONSTRUCTION.at(&app, "technical_review").await;
        let ask = json!({ "action": "request_clarification" });
        let refused = life.act(Role::Reviewer, ask.clone()).await;
        refused.refused(409, &["change_requested", "due_date_given"]);
        assert_eq!(refused.pointers(), ["/change-requests", "/data/due_on"]);
        life.ask_changes(Role::Reviewer, &["/site"]).await;
        lapsing.ask_changes(Role::Reviewer, &["/site"]).await;
        let today = json!({ "due_on": app.today() });
        let ask = json!({ "action": "request_clarification", "comment": "Lahan?", "data": today });
        life.act(Role::Reviewer, ask.clone()).await.refused(409, &["due_date_given"]);
        let mut ask = ask;
        ask["data"]["due_on"] = json!("2020-05-20");
        for one in [&life, &lapsing] {
            let asked = one.act(Role::Reviewer, ask.clone()).await.is(200);
            assert_eq!((&asked["state"], &asked["due_on"]), (&json!("clarification"), &json!("2020-05-20")));
        }
        let system = lapsing.act(Role::Drafter, json!({ "action": "lapse" })).await;
        assert_eq!(system.status, 403);
        life.act(Role::Drafter, json!({ "action": "answer" })).await.refused(409, &["requests_answered"]);
        life.to("technical_review").await;
        // The end of 20 May in western Indonesia.
        app.at("2020-05-20T16:59:59.999999Z");
        assert_eq!(app.sweep().lapsed, 0);
        app.at("2020-05-20T17:00:00Z");
        assert_eq!((app.sweep().lapsed, app.sweep().lapsed), (1, 0));
        assert_eq!(lapsing.state().await, "lapsed");
        assert_eq!(life.state().await, "technical_review");
    }

    async fn adverse_advice_is_overruled_with_words_only(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        life.act(Role::Reviewer, json!({ "action": "advise_against" })).await.refused(409, &["comment_given"]);
        let advised = life.act(Role::Reviewer, commented("advise_against")).await.is(200);
        assert_eq!((&advised["state"], &advised["adverse_advice"]), (&json!("decision"), &json!(true)));
        let silent = life.act(Role::Approver, json!({ "action": "approve" })).await;
        silent.refused(409, &["lines_approved", "adverse_advice_answered"]);
        assert_eq!(silent.pointers(), ["/lines", "/comment"]);
        life.review_lines(Role::Approver).await;
        let silent = life.act(Role::Approver, json!({ "action": "approve" })).await;
        silent.refused(409, &["adverse_advice_answered"]);
        assert_eq!(life.act(Role::Approver, commented("approve")).await.is(200)["state"], "approved");
    }

    async fn a_site_is_confirmed_only_where_it_is_and_when_it_is_clear(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "site_verification").await;
        life.bring().await;
        let unseen = life.act(Role::Reviewer, json!({ "action": "confirm_site" })).await;
        unseen.refused(409, &["visit_reported"]);
        for day in ["1945-08-17", &app.in_days(1)] {
            let mut visit = life.visit();
            overlay(&mut visit, json!({ "visited_on": day }));
            let body = json!({ "action": "confirm_site", "data": { "visit": visit } });
            life.act(Role::Reviewer, body).await.refused(409, &["visit_reported"]);
        }
        let mut visit = life.visit();
        overlay(&mut visit, json!({ "land_clear": false, "latitude": -5.46 }));
        let body = json!({ "action": "confirm_site", "data": { "visit": visit } });
        let refused = life.act(Role::Reviewer, body).await;
        refused.refused(409, &["land_clear", "position_within_tolerance"]);
        assert_eq!(refused.pointers(), ["/data/visit/land_clear", "/data/visit"]);
        life.act(Role::Reviewer, json!({ "action": "fail_site" })).await
            .refused(409, &["visit_reported", "comment_given"]);
        let body = json!({ "action": "fail_site", "comment": "Sengketa.", "data": { "visit": visit } });
        let failed = life.act(Role::Reviewer, body).await.is(200);
        assert_eq!((&failed["state"], &failed["adverse_advice"]), (&json!("decision"), &json!(true)));
        life.act(Role::Approver, commented("return_to_review")).await.is(200);
        assert_eq!(life.shown().await["adverse_advice"], false);
    }

    async fn the_region_accepts_or_declines_or_says_nothing(db) {
        let app = TestApp::on(db);
        let lives = [
            REVITALISATION.at(&app, "harmonisation").await,
            REVITALISATION.at(&app, "harmonisation").await,
            REVITALISATION.at(&app, "harmonisation").await,
        ];
        let early = lives[0].act(Role::Reviewer, json!({ "action": "propose_agreement" })).await;
        early.refused(409, &["lines_agreed", "due_date_given"]);
        for less in [
            json!({ "line_no": 1, "amount_idr": 1 }),
            json!({ "line_no": 1, "amount_idr": lives[0].case.unit_cost_idr * 800, "volume_thousandths": 1 }),
            json!({ "line_no": 1, "amount_idr": 1, "reason": " " }),
        ] {
            let silent = lives[0].put(Role::Reviewer, "line-reviews", json!({ "reviews": [less] })).await;
            silent.refused(422, &["required"]);
            assert_eq!(silent.pointers(), ["/reviews/0/reason"]);
        }
        let early = lives[0].act(Role::Planner, json!({ "action": "accept_agreement" })).await;
        early.refused(409, &["agreement_proposed"]);
        for life in &lives {
            life.review_lines(Role::Reviewer).await;
            life.propose_agreement().await;
        }
        let silent = json!({ "action": "close_without_agreement" });
        lives[2].act(Role::Reviewer, silent.clone()).await.refused(409, &["due_date_passed"]);
        assert_eq!(lives[0].act(Role::Planner, json!({ "action": "accept_agreement" })).await.is(200)["state"], "decision");
        lives[1].act(Role::Planner, json!({ "action": "decline_agreement" })).await.refused(409, &["comment_given"]);
        assert_eq!(lives[1].act(Role::Planner, commented("decline_agreement")).await.is(200)["state"], "decision");
        // The end of the fourteenth day.
        app.at("2020-05-25T17:00:00Z");
        assert_eq!(lives[2].act(Role::Reviewer, silent).await.is(200)["state"], "decision");
    }

    async fn a_cut_has_its_reason_and_the_cap_holds_at_the_decision_too(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "decision").await;
        let reviews = json!({ "reviews": [
            { "line_no": 1, "amount_idr": 1_000_000_000 }, { "line_no": 2, "amount_idr": 100_000_000 },
        ] });
        life.put(Role::Approver, "line-reviews", reviews).await.is(200);
        let refused = life.act(Role::Approver, json!({ "action": "approve_with_conditions" })).await;
        refused.refused(409, &["cuts_explained", "approved_supporting_cap", "conditions_given"]);
        assert_eq!(refused.pointers(), ["/lines", "/lines", "/data/conditions"]);
        let reviews = json!({ "reviews": [
            { "line_no": 1, "amount_idr": 2_000_000_001, "volume_thousandths": 800_001 }, { "line_no": 9, "amount_idr": 1 },
        ] });
        let above = life.put(Role::Approver, "line-reviews", reviews).await;
        above.refused(422, &["above_proposed", "above_proposed", "unknown"]);
        assert_eq!(above.pointers(), ["/reviews/0/amount_idr", "/reviews/0/volume_thousandths", "/reviews/1/line_no"]);
        life.act(Role::Approver, json!({ "action": "reject" })).await.refused(409, &["comment_given"]);
        assert_eq!(life.act(Role::Approver, commented("reject")).await.is(200)["state"], "rejected");
    }

    async fn what_is_another_call_s_effect_says_where_to_go(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "allocated").await;
        let refused = life.act(Role::Approver, json!({ "action": "approve_plan" })).await;
        refused.refused(409, &["elsewhere"]);
        assert!(refused.to_string().contains("POST /plans/{id}/approve"));
        let actions = life.list("actions").await;
        let plan = actions.iter().find(|item| item["action"] == "approve_plan").expect("the arrow");
        assert_eq!(plan["via"], "POST /plans/{id}/approve");
        life.to("contracted").await;
        let refused = life.act(Role::Treasurer, json!({ "action": "disburse" })).await;
        refused.refused(409, &["elsewhere"]);
        let refused = life.act(Role::Drafter, json!({ "action": "record_expenditure" })).await;
        refused.refused(409, &["elsewhere"]);
    }

    async fn the_listing_of_actions_agrees_with_what_happens(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "technical_review").await;
        life.assess_lines().await;
        let reviewer = life.who(Role::Reviewer).await;
        let listed = app.get(&reviewer, &life.path("actions")).await;
        assert_eq!(listed.version(), life.version().await);
        let body = listed.is(200);
        let of = |name: &str| {
            let items = body["items"].as_array().expect("a list");
            items.iter().find(|item| item["action"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
        };
        assert_eq!((&of("recommend")["to"], &of("recommend")["allowed"]), (&json!("harmonisation"), &json!(true)));
        let ask = of("request_clarification");
        assert_eq!(ask["needs"].as_array().map(Vec::len), Some(1), "{ask}");
        assert_eq!(ask["blockers"][0]["code"], "change_requested", "{ask}");
        let withdraw = of("withdraw");
        assert_eq!(withdraw["allowed"], false);
        assert_eq!(withdraw["blockers"][0]["code"], "role_missing");
        let codes = life.act(Role::Drafter, json!({ "action": "answer", "comment": "?" })).await;
        codes.refused(409, &["not_from_here"]);
    }

    async fn an_action_takes_no_data_of_another(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let body = json!({ "action": "confirm_planning", "data": { "amount_idr": 1, "manager": "X" } });
        let refused = life.act(Role::Planner, body).await;
        refused.refused(422, &["unknown_field", "unknown_field"]);
        assert_eq!(refused.pointers(), ["/data/amount_idr", "/data/manager"]);
        assert_eq!(life.state().await, "planning_check");
    }
}
