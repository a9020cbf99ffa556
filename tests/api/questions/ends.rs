//! Questions of what was not disbursed, of use and assets, of the whole chain; and a life in order.

use super::{asked, figure, filed, finds, passes, said};
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::life::CONSTRUCTION;
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
        let expected: Vec<i64> = (1..=20).filter(|n| *n != 19).collect();
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
