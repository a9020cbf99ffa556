//! People through HTTP: cut off at once, read-only tokens, the throttle, grants that end.

use crate::on_both;
use crate::support::app::{HOME, PASSWORD, SIBLING, TestApp};
use crate::support::client::text;
use crate::support::life::CONSTRUCTION;
use chrono::TimeDelta;
use reqwest::Method;
use sentra::domain::people::Role;
use serde_json::json;

const INVALID: &str = "Bearer error=\"invalid_token\"";

on_both! {
    async fn a_user_is_not_changed_by_nothing_and_has_a_name(db) {
        let app = TestApp::on(db);
        let (drafter, administrator) = (app.of(Role::Drafter, HOME).await, app.of(Role::Administrator, HOME).await);
        let path = format!("/users/{}", drafter.id);
        let seen = app.get(&administrator, &path).await;
        let events = app.database.number("SELECT COUNT(*) FROM audit_events");
        for body in [json!({}), json!({ "name": drafter.name }), json!({ "disabled": false })] {
            let same = app.patch(&administrator, &path, body).if_match(seen.version()).await;
            assert_eq!((same.is(200), same.version()), (seen.json(), seen.version()));
        }
        for field in ["name", "language", "disabled"] {
            let body = json!({ field: null });
            let refused = app.patch(&administrator, &path, body).if_match(seen.version()).await;
            refused.is(422);
            assert_eq!(refused.pointers(), [format!("/{field}")]);
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM audit_events"), events);
        app.patch(&administrator, &path, json!({})).if_match(seen.version() + 1).await.is(412);
    }

    async fn a_disabled_user_is_cut_off_at_the_next_request(db) {
        let app = TestApp::on(db);
        let (drafter, administrator) = (app.of(Role::Drafter, HOME).await, app.of(Role::Administrator, HOME).await);
        app.get(&drafter, "/me").await.is(200);
        let path = format!("/users/{}", drafter.id);
        let seen = app.get(&administrator, &path).await;
        app.patch(&administrator, &path, json!({ "disabled": true })).if_match(seen.version()).await.is(200);
        let answer = app.get(&drafter, "/me").await;
        answer.refused(401, &["token_revoked"]);
        assert_eq!(answer.header("WWW-Authenticate"), Some(INVALID));
        app.sign_in(&drafter.email, PASSWORD).await.is(401);
        let itself = format!("/users/{}", administrator.id);
        app.patch(&administrator, &itself, json!({ "disabled": true })).if_match(1).await
            .refused(409, &["own_account"]);
    }

    async fn a_personal_token_for_reading_changes_nothing(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let mut drafter = life.who(Role::Drafter).await;
        let until = app.clock.now().after(TimeDelta::days(30));
        let body = json!({ "label": "laporan", "scope": "read", "expires_at": until });
        let made = app.post(&drafter, "/tokens", body).await.is(201);
        drafter.token = text(&made["token"]);
        assert_eq!(app.get(&drafter, "/me").await.is(200)["scope"], "read");
        app.get(&drafter, &life.path("")).await.is(200);
        let version = life.version().await;
        let act = json!({ "action": "request_planning_check" });
        app.post(&drafter, &life.path("actions"), act).if_match(version).await.refused(403, &["token_scope"]);
        app.patch(&drafter, &life.path(""), json!({ "title": "X" })).if_match(version).await
            .refused(403, &["token_scope"]);
        app.put(&drafter, &life.path("lines"), CONSTRUCTION.lines()).if_match(version).await
            .refused(403, &["token_scope"]);
        app.post(&drafter, "/proposals", CONSTRUCTION.draft_body()).await.refused(403, &["token_scope"]);
        let body = json!({ "label": "mehr", "scope": "full", "expires_at": until });
        app.post(&drafter, "/tokens", body).await.refused(403, &["token_scope"]);
        assert_eq!(life.version().await, version);
        app.later(TimeDelta::days(30));
        let expired = app.get(&drafter, "/me").await;
        expired.refused(401, &["token_expired"]);
        assert_eq!(expired.header("WWW-Authenticate"), Some(INVALID));
        // Whoever shows no token, or one that never was, learns of none.
        for (token, challenge) in [(None, "Bearer"), (Some("sentra_00"), INVALID), (Some("x"), INVALID)] {
            let call = app.call(Method::GET, "/me");
            let answer = if let Some(token) = token { call.token(token).await } else { call.await };
            answer.refused(401, &["unauthenticated"]);
            assert_eq!(answer.header("WWW-Authenticate"), Some(challenge), "{token:?}");
        }
    }

    async fn guesses_are_throttled_and_the_owner_gets_in_from_where_the_owner_is_known(db) {
        let app = TestApp::on(db);
        let owner = app.of(Role::Drafter, HOME).await;
        for _ in 0..5 {
            app.sign_in("siapa@sentra.example", "tebakan yang salah").await.is(401);
        }
        let throttled = app.sign_in("siapa@sentra.example", "tebakan yang salah").await;
        throttled.is(429);
        assert_eq!(throttled.header("Retry-After"), Some("30"));
        // Twenty failures from other addresses would keep a stranger out, but not the owner at a known address.
        for account in 0..45 {
            app.sign_in(&format!("{account}@sentra.example"), "tebakan yang salah").await.is(401);
        }
        let stranger = app.sign_in("baru@sentra.example", PASSWORD).await;
        stranger.is(429);
        assert!(stranger.header("Retry-After").is_some());
        app.sign_in(&owner.email, PASSWORD).await.is(201);
        app.later(TimeDelta::minutes(15));
        app.sign_in("siapa@sentra.example", "tebakan yang salah").await.is(401);
    }

    async fn whatever_is_wrong_a_sign_in_fails_alike(db) {
        let app = TestApp::on(db);
        let owner = app.of(Role::Drafter, HOME).await;
        let answers = [
            app.sign_in(&owner.email, "salah sama sekali").await,
            app.sign_in("tidak.ada@sentra.example", PASSWORD).await,
        ];
        for answer in &answers {
            let body = answer.refused(401, &["unauthenticated"]);
            assert_eq!(body["detail"], "the e-mail address or the password is wrong");
        }
    }

    async fn an_invitation_sets_a_password_once(db) {
        let app = TestApp::on(db);
        let administrator = app.of(Role::Administrator, HOME).await;
        let body = json!({ "email": "Ratna@Dinas.example", "name": "Ratna" });
        let made = app.post(&administrator, "/users", body).await.is(201);
        assert_eq!(made["invitation"]["sent_to"], "ratna@dinas.example");
        let code = app.invited("ratna@dinas.example");
        assert_eq!(code.len(), 64, "{code}");
        assert!(!made.to_string().contains(&code));
        let path = format!("/invitations/{code}");
        let short = app.call(Method::POST, &path).json(&json!({ "password": "pendek" })).await;
        short.is(422);
        assert_eq!(short.pointers(), ["/password"]);
        let body = json!({ "password": PASSWORD });
        app.call(Method::POST, &path).json(&body).await.is(200);
        app.call(Method::POST, &path).json(&body).await.is(404);
        let session = app.sign_in("ratna@dinas.example", PASSWORD).await.is(201);
        let me = app.call(Method::GET, "/me").token(&text(&session["token"])).await.is(200);
        assert_eq!(me["grants"], json!([]));
    }

    async fn only_the_owner_gets_to_set_a_password_anew_whoever_asks_for_it(db) {
        let app = TestApp::on(db);
        let (owner, administrator) = (app.of(Role::Drafter, HOME).await, app.of(Role::Administrator, HOME).await);
        let path = format!("/users/{}/invitations", owner.id);
        let asked = || app.by(&administrator, Method::POST, &path).key("again").json(&json!({}));
        let answer = asked().await;
        let said = answer.is(201);
        assert_eq!((&said["sent_to"], &said["code"]), (&json!(owner.email), &json!(null)), "{answer}");
        assert!(asked().await.replayed());
        let code = app.invited(&owner.email);
        for shown in [
            answer,
            app.get(&administrator, "/outbox").await,
            app.get(&administrator, &format!("/users/{}", owner.id)).await,
            app.get(&owner, "/notifications").await,
        ] {
            assert!(!shown.to_string().contains(&code), "{shown}");
        }
        let kept = "SELECT COUNT(*) FROM mails WHERE secret IS NOT NULL";
        assert_eq!(app.database.number(kept), 0, "a code is erased once it has gone out");
        app.sign_in(&owner.email, PASSWORD).await.is(201);
        let body = json!({ "password": "padi kuning di lereng" });
        app.call(Method::POST, &format!("/invitations/{code}")).json(&body).await.is(200);
        app.sign_in(&owner.email, PASSWORD).await.is(401);
        app.get(&owner, "/me").await.is(401);
        app.deliver();
        let outbox = app.get(&administrator, "/outbox").await.is(200);
        let events: Vec<_> = outbox["items"].as_array().expect("items").iter().map(|one| text(&one["event"])).collect();
        assert_eq!(events, ["password_set", "password_reset"]);
        let resend = format!("/outbox/{}/resend", text(&outbox["items"][1]["id"]));
        let version = &outbox["items"][1]["version"];
        app.post(&administrator, &resend, json!({})).if_match(version).await.refused(409, &["code_erased"]);
    }

    async fn an_invitation_that_was_replaced_before_its_mail_went_out_brings_nothing(db) {
        let app = TestApp::on(db);
        let administrator = app.of(Role::Administrator, HOME).await;
        let body = json!({ "email": "ratna@dinas.example", "name": "Ratna" });
        let made = app.post(&administrator, "/users", body).await.is(201);
        let path = format!("/users/{}/invitations", text(&made["id"]));
        app.post(&administrator, &path, json!({})).await.is(201);
        assert_eq!(app.deliver().sent, 1);
        let code = app.invited("ratna@dinas.example");
        let body = json!({ "password": PASSWORD });
        app.call(Method::POST, &format!("/invitations/{code}")).json(&body).await.is(200);
        let user = format!("/users/{}", text(&made["id"]));
        let version = app.get(&administrator, &user).await.version();
        app.post(&administrator, &path, json!({})).await.is(201);
        app.patch(&administrator, &user, json!({ "disabled": true })).if_match(version).await.is(200);
        assert_eq!(app.deliver().sent, 0, "whoever is disabled is told nothing");
        app.post(&administrator, &path, json!({})).await.refused(409, &["disabled"]);
    }

    async fn signing_out_ends_the_session_and_a_new_password_ends_the_others(db) {
        let app = TestApp::on(db);
        let owner = app.of(Role::Drafter, HOME).await;
        let mut other = owner.clone();
        other.token = text(&app.sign_in(&owner.email, PASSWORD).await.is(201)["token"]);
        let change = json!({ "current_password": PASSWORD, "new_password": "padi kuning di lereng" });
        app.put(&owner, "/me/password", change).await.is(204);
        app.get(&other, "/me").await.is(401);
        app.get(&owner, "/me").await.is(200);
        app.delete(&owner, "/sessions/current").await.is(204);
        app.get(&owner, "/me").await.is(401);
    }

    async fn a_grant_holds_for_its_days_and_for_its_region(db) {
        let app = TestApp::on(db);
        let administrator = app.of(Role::Administrator, HOME).await;
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let acting = app.of(Role::Planner, SIBLING).await;
        life.act_as(&acting, json!({ "action": "confirm_planning" })).await.is(404);
        let path = format!("/users/{}/grants", acting.id);
        let grant = json!({
            "role": "planner", "region_code": HOME, "decree": "Plt. 800/12", "valid_from": app.in_days(1),
            "valid_until": app.in_days(2),
        });
        let given = app.post(&administrator, &path, grant.clone()).await.is(201);
        life.act_as(&acting, json!({ "action": "confirm_planning" })).await.is(404);
        app.later(TimeDelta::days(1));
        app.get(&acting, &life.path("")).await.is(200);
        let revoke = format!("{path}/{}", text(&given["id"]));
        let take_back = || app.delete(&administrator, &revoke).key("cabut");
        let (first, again) = (take_back().await, take_back().await);
        assert_eq!((first.status, again.status, first.replayed(), again.replayed()), (204, 204, false, true));
        assert_eq!(first.header("ETag"), again.header("ETag"));
        app.delete(&administrator, &revoke).await.is(404);
        app.get(&acting, &life.path("")).await.is(404);
        app.post(&acting, &path, grant).await.is(404);
    }
}
