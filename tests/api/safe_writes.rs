//! Safe writes: what is sent again acts once and answers the same bytes; and the order of checks.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::CONSTRUCTION;
use futures_util::future::join_all;
use reqwest::Method;
use sentra::domain::ids::RegionCode;
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::future::IntoFuture;

const KEY: &str = "petugas-18.71-0001";

/// One of them acted; all say the same, byte for byte.
fn one_effect(answers: &[Answer], status: u16) {
    for answer in answers {
        assert_eq!((answer.status, &answer.bytes), (status, &answers[0].bytes), "{answer}");
        for header in ["ETag", "Location"] {
            assert_eq!(answer.header(header), answers[0].header(header), "{header}");
        }
    }
    assert_eq!(answers.iter().filter(|answer| !answer.replayed()).count(), 1);
}

/// An unknown id.
fn nothing() -> String {
    uuid::Uuid::now_v7().to_string()
}

on_both! {
    async fn the_same_request_five_times_at_once_acts_once(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        let create = || app.post(&drafter, "/proposals", CONSTRUCTION.draft_body()).key(KEY).into_future();
        let made = join_all((0..5).map(|_| create())).await;
        one_effect(&made, 201);
        assert_eq!(app.database.number("SELECT COUNT(*) FROM proposals"), 1);

        let life = CONSTRUCTION.at(&app, "planned").await;
        let contract = || {
            app.post(&drafter, &life.path("contracts"), life.contract_body(json!({}))).key("kontrak").into_future()
        };
        one_effect(&join_all((0..5).map(|_| contract())).await, 201);
        assert_eq!(life.figure("contracted_idr").await, CONSTRUCTION.total());

        let (inspector, version) = (life.who(Role::Inspector).await, life.version().await);
        let accept = || {
            let body = json!({ "action": "accept_contracts" });
            app.post(&inspector, &life.path("actions"), body).key("terima").if_match(version).into_future()
        };
        one_effect(&join_all((0..5).map(|_| accept())).await, 200);
        assert_eq!(life.version().await, version + 1);
        app.verified();
    }

    async fn an_answer_outlives_a_restart(db) {
        let mut app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        let first = app.post(&drafter, "/proposals", CONSTRUCTION.draft_body()).key(KEY).await;
        first.is(201);
        app.restart();
        let again = app.post(&drafter, "/proposals", CONSTRUCTION.draft_body()).key(KEY).await;
        one_effect(&[first, again], 201);
        assert_eq!(app.database.number("SELECT COUNT(*) FROM proposals"), 1);
    }

    async fn another_request_under_a_key_is_refused(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        app.post(&drafter, "/proposals", CONSTRUCTION.draft_body()).key(KEY).await.is(201);
        let mut other = CONSTRUCTION.draft_body();
        other["title"] = json!("Lain");
        app.post(&drafter, "/proposals", other.clone()).key(KEY).await.refused(422, &["idempotency_key_reused"]);
        app.post(&drafter, "/centres", CONSTRUCTION.centre()).key(KEY).await.refused(422, &["idempotency_key_reused"]);
        // A key is its sender's own.
        let other_drafter = app.nth(Role::Drafter, HOME, 2).await;
        app.post(&other_drafter, "/proposals", other).key(KEY).await.is(201);
    }

    async fn what_was_refused_may_be_sent_again_under_its_key(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let planner = life.who(Role::Planner).await;
        let send = |body: Value, version: i64| {
            app.post(&planner, &life.path("actions"), body).key(KEY).if_match(version).into_future()
        };
        let version = life.version().await;
        send(json!({ "action": "return" }), version).await.is(409);
        send(json!({ "action": "return", "comment": "Lahan." }), version).await.is(200);
    }

    async fn a_retry_with_the_version_it_knew_gets_its_answer(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let (planner, version) = (life.who(Role::Planner).await, life.version().await);
        let send = || {
            let body = json!({ "action": "confirm_planning" });
            app.post(&planner, &life.path("actions"), body).key(KEY).if_match(version).into_future()
        };
        let first = send().await;
        first.is(200);
        life.to("verification").await;
        one_effect(&[first, send().await], 200);
        assert_eq!(life.state().await, "verification");
        let body = json!({ "action": "confirm_planning" });
        app.post(&planner, &life.path("actions"), body).if_match(version).await.is(412);
    }

    async fn a_patch_takes_a_key_when_it_is_sent(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let (drafter, version) = (life.who(Role::Drafter).await, life.version().await);
        let send = || {
            app.patch(&drafter, &life.path(""), json!({ "title": "Baru" })).key(KEY).if_match(version).into_future()
        };
        one_effect(&[send().await, send().await], 200);
        assert_eq!(life.version().await, version + 1);
    }

    async fn where_state_or_money_moves_a_key_is_required(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        let drafter = life.who(Role::Drafter).await;
        let contract = life.contract_body(json!({}));
        app.post(&drafter, &life.path("contracts"), contract).no_key().await.refused(400, &["idempotency_key_required"]);
        let accept = json!({ "action": "accept_contracts" });
        let inspector = life.who(Role::Inspector).await;
        app.post(&inspector, &life.path("actions"), accept.clone()).no_key().if_match(1).await
            .refused(400, &["idempotency_key_required"]);
        app.post(&inspector, &life.path("actions"), accept).await.refused(428, &["version_required"]);
        app.patch(&drafter, &life.path(""), json!({ "title": "X" })).await.refused(428, &["version_required"]);
    }

    async fn checks_come_in_the_order_that_is_promised(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let (planner, drafter) = (life.who(Role::Planner).await, life.who(Role::Drafter).await);
        let foreign = app.of(Role::Planner, FOREIGN).await;
        let (path, gone) = (life.path("actions"), format!("/proposals/{}/actions", nothing()));
        let confirm = json!({ "action": "confirm_planning" });
        let version = life.version().await;
        // 401 before a malformed body, before 404 and before everything else.
        app.call(Method::POST, &gone).raw("application/json", "{").await.is(401);
        app.call(Method::POST, &gone).json(&confirm).await.is(401);
        // 404 before 428, a missing key, 403, 412 and 422.
        app.post(&planner, &gone, json!({})).no_key().await.is(404);
        app.post(&foreign, &path, json!({})).no_key().await.is(404);
        app.post(&foreign, &path, json!({ "x": 1 })).if_match(version + 7).await.is(404);
        // 428 before a missing key, before 403 and 422.
        app.post(&drafter, &path, json!({ "x": 1 })).no_key().await.is(428);
        app.post(&drafter, &path, confirm.clone()).await.is(428);
        app.post(&drafter, &path, confirm.clone()).no_key().if_match(version).await.is(400);
        // 403 before 412, 412 before 422.
        app.post(&drafter, &path, confirm.clone()).if_match(version + 7).await.is(403);
        app.post(&planner, &path, json!({ "x": 1 })).if_match(version + 7).await.is(412);
        let wrong = json!({ "action": "confirm_planning", "data": { "manager": "X" } });
        app.post(&planner, &path, wrong).if_match(version + 7).await.is(412);
        // 422 before 409: the lines are wrong, and it is no draft any more.
        let lines = life.path("lines");
        app.put(&drafter, &lines, json!({ "lines": [{}] })).if_match(version).await.is(422);
        app.put(&drafter, &lines, json!({ "lines": [] })).if_match(version).await.is(409);
        app.put(&drafter, &lines, json!({ "lines": [] })).if_match(version - 1).await.is(412);
        app.put(&planner, &lines, json!({ "lines": [{}] })).if_match(version - 1).await.is(403);
    }

    async fn a_replay_comes_after_404_and_428_and_before_403_412_422_and_409(db) {
        let app = TestApp::on(db);
        let administrator = app.of(Role::Administrator, HOME).await;
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let grants = vec![(Role::Planner, Some(RegionCode::from(HOME))), (Role::Auditor, None)];
        let person = app.someone("Perencana dan Pemeriksa", Role::Planner, grants).await;
        let (path, version) = (life.path("actions"), life.version().await);
        let send = |body: &Value| app.post(&person, &path, body.clone()).key(KEY);
        let confirm = json!({ "action": "confirm_planning" });
        let first = send(&confirm).if_match(version).await;
        first.is(200);
        send(&confirm).await.is(428);
        send(&confirm).if_match(version + 9).await.is(200);
        let user = format!("/users/{}", person.id);
        let shown = app.get(&administrator, &user).await.is(200);
        let held = |role: &str| {
            let grants = shown["grants"].as_array().expect("grants");
            text(&grants.iter().find(|grant| grant["role"] == role).expect("a grant")["id"])
        };
        app.delete(&administrator, &format!("{user}/grants/{}", held("planner"))).await.is(204);
        app.post(&person, &path, confirm.clone()).if_match(version).await.is(403);
        one_effect(&[first, send(&confirm).if_match(version).await], 200);
        send(&json!({ "x": 1 })).if_match(version).await.refused(422, &["idempotency_key_reused"]);
        app.delete(&administrator, &format!("{user}/grants/{}", held("auditor"))).await.is(204);
        send(&confirm).if_match(version).await.is(404);
    }

    async fn secrets_are_not_kept_under_a_key(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        let until = app.clock.now().after(chrono::TimeDelta::days(1));
        let body = json!({ "label": "a", "scope": "read", "expires_at": until });
        let one = app.post(&drafter, "/tokens", body.clone()).key(KEY).await.is(201);
        let two = app.post(&drafter, "/tokens", body).key(KEY).await;
        assert!(!two.replayed());
        assert_ne!(one["token"], two.is(201)["token"]);
    }
}
