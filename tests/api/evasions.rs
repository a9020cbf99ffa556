//! Ways round the rules that somebody could think of, and that lead nowhere.

use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION, overlay};
use sentra::domain::people::Role;
use serde_json::{Value, json};

/// A life in clarification, with requests about some places.
async fn asked<'a>(life: Life<'a>, pointers: &[&str]) -> Life<'a> {
    life.to("technical_review").await;
    life.ask_changes(Role::Reviewer, pointers).await;
    let due_on = life.app.in_days(10);
    let ask = json!({ "action": "request_clarification", "data": { "due_on": due_on } });
    life.act(Role::Reviewer, ask).await.is(200);
    life
}

/// The answer is refused for one reason, whoever's it is.
async fn answer_is_refused(life: &Life<'_>, code: &str) {
    life.answer_changes().await;
    let answer = json!({ "action": "answer", "comment": "Sudah." });
    let by_drafter = life.act(Role::Drafter, answer.clone()).await;
    let refused = match by_drafter.status {
        403 => life.act(Role::RegionalHead, answer).await,
        _ => by_drafter,
    };
    refused.refused(409, &[code]);
}

on_both! {
    async fn a_clarification_takes_nothing_away_that_was_needed_to_be_sent_on(db) {
        let app = TestApp::on(db);
        let gaps = asked(REVITALISATION.draft(&app).await, &["/gaps"]).await;
        gaps.patch(Role::Drafter, json!({ "gaps": [] })).await.is(200);
        answer_is_refused(&gaps, "gaps_answered").await;
        let baseline = asked(REVITALISATION.draft(&app).await, &["/baseline"]).await;
        baseline.patch(Role::Drafter, json!({ "baseline": null })).await.is(200);
        answer_is_refused(&baseline, "baseline_given").await;
        let centre = asked(REVITALISATION.draft(&app).await, &["/centre_id"]).await;
        centre.patch(Role::Drafter, json!({ "centre_id": null })).await.is(200);
        answer_is_refused(&centre, "centre_named").await;
        let site = asked(CONSTRUCTION.draft(&app).await, &["/site"]).await;
        site.patch(Role::Drafter, json!({ "site": {} })).await.is(200);
        answer_is_refused(&site, "site_given").await;
        let lines = asked(CONSTRUCTION.draft(&app).await, &["/lines"]).await;
        let mut own = CONSTRUCTION.lines();
        own["lines"].as_array_mut().expect("lines").truncate(1);
        own["lines"][0]["fund_source"] = json!("APBD");
        lines.put(Role::Drafter, "lines", own).await.is(200);
        answer_is_refused(&lines, "has_lines").await;
    }

    async fn a_line_of_another_fund_is_neither_assessed_nor_approved_nor_planned(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let mut lines = life.case.lines();
        let mut own = lines["lines"][0].clone();
        overlay(&mut own, json!({ "component": "clean_water", "fund_source": "APBD" }));
        lines["lines"].as_array_mut().expect("lines").push(own);
        life.put(Role::Drafter, "lines", lines).await.is(200);
        life.to("decision").await;
        let review = json!({ "reviews": [{ "line_no": 3, "amount_idr": 500_000 }] });
        let refused = life.put(Role::Approver, "line-reviews", review).await;
        refused.refused(422, &["not_asked"]);
        assert_eq!(refused.pointers(), ["/reviews/0/line_no"]);
        life.to("allocated").await;
        let mut plan = life.plan_body();
        plan["lines"][0]["line_no"] = json!(3);
        life.add(Role::Drafter, "plans", plan).await.refused(422, &["unknown"]);
    }

    async fn what_the_region_agrees_to_is_what_was_proposed_to_it(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "harmonisation").await;
        life.review_lines(Role::Reviewer).await;
        life.propose_agreement().await;
        let other = json!({ "reviews": [{ "line_no": 1, "amount_idr": 1, "reason": "Harga." }] });
        life.put(Role::Reviewer, "line-reviews", other).await.is(200);
        let accept = json!({ "action": "accept_agreement" });
        life.act(Role::Planner, accept.clone()).await.refused(409, &["agreement_proposed"]);
        life.propose_agreement().await;
        life.act(Role::Planner, accept).await.is(200);
        app.deliver();
        let planner = life.who(Role::Planner).await;
        let inbox = app.get(&planner, "/notifications?limit=200").await.is(200).to_string();
        assert!(inbox.contains("propose_agreement"), "{inbox}");
    }

    async fn why_somebody_keeps_out_is_for_approvers_and_auditors(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let reviewer = app.nth(Role::Reviewer, HOME, 2).await;
        let secret = json!({ "reason": "RAHASIA: saudara kandung." });
        app.post(&reviewer, &life.path("conflicts"), secret).await.is(201);
        for role in [Role::Drafter, Role::Planner, Role::Reviewer] {
            let person = life.who(role).await;
            for below in ["actions", "events?limit=200", "revisions?limit=200"] {
                let seen = app.get(&person, &life.path(below)).await.is(200).to_string();
                assert!(!seen.contains("RAHASIA"), "{role} reads it in {below}");
            }
        }
        let known = life.list("conflicts").await;
        assert_eq!(known[0]["reason"], "RAHASIA: saudara kandung.");
    }

    async fn a_comment_that_nobody_sees_says_nothing(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        for nothing in ["\u{200b}", "\u{2060}\u{feff}", " \u{ad} ", "\u{115f}"] {
            let body = json!({ "action": "return", "comment": nothing });
            let refused = life.act(Role::Planner, body).await;
            refused.is(422);
            assert_eq!(refused.pointers()[0], "/comment", "{nothing:?}");
        }
        life.act(Role::Planner, json!({ "action": "return", "comment": "  " })).await.refused(409, &["comment_given"]);
    }

    async fn a_date_lies_in_the_years_of_the_republic(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        for odd in ["-262143-01-01", "0000-01-01", "0001-01-01", "1944-12-31", "2101-01-01", "+262142-12-31"] {
            let contract = life.contract(json!({ "signed_on": odd })).await;
            contract.is(422);
            assert!(contract.pointers().contains(&"/signed_on".to_owned()), "{odd}: {contract}");
            let report = json!({ "kind": "progress", "as_of": odd, "physical_bp": 0 });
            life.add(Role::Drafter, "reports", report).await.is(422);
            let drafter = life.who(Role::Drafter).await;
            app.get(&drafter, &format!("/policies/2021?at={odd}T00:00:00Z")).await.is(422);
        }
        let review = CONSTRUCTION.at(&app, "technical_review").await;
        review.ask_changes(Role::Reviewer, &["/title"]).await;
        let ask = json!({ "action": "request_clarification", "data": { "due_on": "+262142-12-31" } });
        review.act(Role::Reviewer, ask).await.refused(422, &["out_of_range"]);
    }

    async fn a_waiver_is_not_revoked_where_nobody_could_bring_the_document(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let waiver = json!({ "document_type": "tor", "reason": "Rapat." });
        let made = life.add(Role::Approver, "waivers", waiver).await.is(201);
        life.to("decision").await;
        let approver = life.who(Role::Approver).await;
        let words = json!({ "reason": "Tidak jadi." });
        life.step_of(&approver, "waivers", &made, "revoke", words).await.refused(409, &["not_from_here"]);
    }

    async fn a_list_is_no_action(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let head = life.who(Role::RegionalHead).await;
        let version = life.version().await;
        let body = json!(["withdraw", "Alasan", {}]);
        app.post(&head, &life.path("actions"), body).if_match(version).await.is(422);
        assert_eq!(life.state().await, "draft");
    }

    async fn who_verified_for_the_province_does_not_decide(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "verification").await;
        let both = vec![(Role::Verifier, Some("18".into())), (Role::Approver, None)];
        let both = app.someone("both sides", Role::Approver, both).await;
        let flags = json!({ "reviews": [{ "line_no": 1, "flag": "green" }, { "line_no": 2, "flag": "green" }] });
        let version = life.version().await;
        app.put(&both, &life.path("line-reviews"), flags).if_match(version).await.is(200);
        life.act_as(&both, json!({ "action": "verify" })).await.is(200);
        life.to("decision").await;
        life.review_lines(Role::Approver).await;
        life.act_as(&both, json!({ "action": "approve" })).await.refused(403, &["four_eyes"]);
        let told = app.get(&both, &life.path("actions")).await.is(200);
        let approve = told["items"].as_array().expect("actions").iter().find(|item| item["action"] == "approve");
        assert_eq!(approve.map(|item| &item["allowed"]), Some(&Value::Bool(false)));
        assert!(told.to_string().contains("both sides"), "{told}");
    }
}
