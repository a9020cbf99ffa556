//! Questions of what was not disbursed, of use and assets, of the whole chain; and a life in order.

use super::{asked, figure, filed, finds, passes, said};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::life::CONSTRUCTION;
use chrono::TimeDelta;
use sentra::domain::people::Role;
use serde_json::json;

const TOTAL: i64 = CONSTRUCTION.total();

on_both! {
    async fn what_was_forfeited_is_told_with_the_date_that_was_missed(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        passes(&life, "not-disbursed").await;
        let cancelled = CONSTRUCTION.at(&app, "approved").await;
        cancelled.fund().await;
        cancelled.act(Role::Treasurer, cancelled.allocate_body()).await.is(200);
        cancelled.act(Role::Approver, json!({ "action": "cancel", "comment": "Lahan sengketa." })).await.is(200);
        finds(&cancelled, "not-disbursed", &["proposal.cancel", "Lahan sengketa."]).await;
        app.at("2021-07-21T10:00:00Z");
        app.sweep();
        assert_eq!(life.state().await, "forfeited");
        let row = finds(&life, "not-disbursed", &["planned", "2021-07-21", "the contract list was not accepted"]).await;
        assert_eq!(figure(&row, "released_idr").1, json!(TOTAL));
    }

    async fn use_and_asset_are_told_from_handover_to_closing(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "reporting").await;
        passes(&life, "in-use").await;
        finds(&life, "regional-asset", &["is not recorded as a regional asset"]).await;
        life.hand_over().await.is(200);
        passes(&life, "regional-asset").await;
        let row = finds(&life, "in-use", &["1 businesses were to move in", "nobody has looked since"]).await;
        assert_eq!(figure(&row, "in_use_since").1, json!(app.today()));
        life.to("closed").await;
        let row = finds(&life, "in-use", &["12 worked there"]).await;
        assert_eq!(figure(&row, "businesses").1, json!(12));
    }

    async fn what_was_closed_unused_is_told_with_the_reason(db) {
        let app = TestApp::on(db);
        let idle = filed(&app, CONSTRUCTION, "operating").await;
        idle.final_report().await;
        let auditor = idle.who(Role::Auditor).await;
        let finding = crate::findings::draft(json!({ "kind": "unused" }));
        app.post(&auditor, &idle.path("findings"), finding).await.is(201);
        let unused = json!({ "action": "close_unused", "comment": "Listrik belum tersambung." });
        idle.act(Role::Inspector, unused).await.is(200);
        finds(&idle, "in-use", &["it was closed unused", "Listrik belum tersambung."]).await;
    }

    async fn a_finding_is_told_from_its_recommendation_to_its_judgement(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "contracted").await;
        passes(&life, "recommendations").await;
        let (auditor, drafter) = (life.who(Role::Auditor).await, life.who(Role::Drafter).await);
        let due_on = app.in_days(30);
        let draft = crate::findings::draft(json!({ "due_on": due_on }));
        let made = app.post(&auditor, &life.path("findings"), draft).await.is(201);
        let row = finds(&life, "recommendations", &["Tagih dan setorkan. To be followed up by", &due_on]).await;
        assert_eq!(figure(&row, "followed_up_on"), (json!(due_on), json!(null)));
        app.later(TimeDelta::days(40));
        finds(&life, "recommendations", &["Not followed up, though its last day was", &due_on]).await;
        let body = json!({ "text": "Disetor.", "amount_idr": made["at_issue_idr"] });
        let path = format!("/findings/{}/follow-ups", text(&made["id"]));
        let answered = app.post(&drafter, &path, body).await.is(201);
        let late = "after its last day";
        let row = finds(&life, "recommendations", &["Followed up on", late, "has not judged"]).await;
        assert_eq!(figure(&row, "followed_up_on"), (json!(due_on), json!(app.today())));
        let body = json!({ "outcome": "settled", "reason": "Bukti setor sesuai." });
        life.step_of(&auditor, "findings", &answered, "close", body).await.is(200);
        let row = finds(&life, "recommendations", &["Closed on", "settled", "Bukti setor sesuai."]).await;
        assert_eq!(figure(&row, "settled_idr"), (made["at_issue_idr"].clone(), made["at_issue_idr"].clone()));
        assert_eq!(figure(&row, "state").1, json!("closed"));
    }

    async fn findings_beyond_nine_are_told_in_their_order(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "contracted").await;
        let auditor = life.who(Role::Auditor).await;
        for n in 1..=12 {
            let draft = crate::findings::draft(json!({ "title": format!("Temuan ke-{n}.") }));
            app.post(&auditor, &life.path("findings"), draft).await.is(201);
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/audit/questions/recommendations?proposal_id={}&limit=1{cursor}", life.id);
            let page = app.get(&auditor, &path).await.is(200);
            seen.extend(page["items"].as_array().expect("rows").iter().map(|row| text(&row["says"])));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 12);
        for (n, said) in (1..).zip(&seen) {
            assert!(said.contains(&format!("Temuan ke-{n}. ")), "{said}");
        }
    }

    async fn one_rupiah_is_followed_from_the_ceiling_to_the_asset(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "closed").await;
        let auditor = life.who(Role::Auditor).await;
        let nobody = app.get(&auditor, "/audit/questions/one-rupiah").await;
        nobody.refused(422, &["required"]);
        assert_eq!(nobody.pointers(), ["/query/proposal_id"]);
        let steps = ["Ceiling (pagu)", "Plan (RK)", "Contract: bound", "Tranche", "Payment order", "Handover (BAST)",
            "Regional asset (BMD)", "Closed"];
        let all = said(&life, "one-rupiah").await;
        assert_eq!(all.len(), steps.len(), "{all:#?}");
        for (step, said) in steps.iter().zip(&all) {
            assert!(said.starts_with(step), "{step}: {all:#?}");
        }
        // One row a page, and the same rows.
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/audit/questions/one-rupiah?proposal_id={}&limit=1{cursor}", life.id);
            let page = app.get(&auditor, &path).await.is(200);
            paged.extend(page["items"].as_array().expect("rows").iter().map(|row| text(&row["says"])));
            if page["next_cursor"].is_null() {
                break;
            }
            cursor = format!("&cursor={}", text(&page["next_cursor"]));
        }
        assert_eq!(paged, all);
    }

    async fn a_life_in_order_is_found_by_no_question_of_what_is_wrong(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "closed").await;
        let auditor = life.who(Role::Auditor).await;
        let listed = app.get(&auditor, "/audit/questions").await.is(200);
        let questions = listed["items"].as_array().expect("questions").clone();
        let numbers: Vec<i64> = questions.iter().filter_map(|one| one["number"].as_i64()).collect();
        let expected: Vec<i64> = (1..=20).collect();
        assert_eq!(numbers, expected);
        for question in questions {
            let slug = text(&question["slug"]);
            let rows = asked(&life, &slug).await;
            match text(&question["kind"]).as_str() {
                "breach" => assert!(rows.is_empty(), "{slug}: {rows:#?}"),
                kind => assert_eq!(kind, "fact"),
            }
        }
        assert_eq!(app.verified(), Vec::<String>::new());
    }
}
