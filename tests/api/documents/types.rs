//! The type of a document is one that the rules of its proposal know.

use crate::documents::Place;
use crate::on_both;
use crate::support::app::HOME;
use crate::support::client::text;
use crate::support::documents::{PDF, upload};
use crate::support::life::CONSTRUCTION;
use sentra::domain::document::ACT_TYPES;
use sentra::domain::people::Role;
use serde_json::{Value, json};

on_both! {
    async fn a_type_that_no_rule_knows_is_refused_with_those_that_are_known(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let answer = upload(&app, &drafter, &life.id, &[("type", "kak")], PDF).await;
        answer.refused(422, &["unknown"]);
        assert_eq!(answer.pointers(), ["/type"]);
        let said = answer.to_string();
        let rules = app.get(&drafter, "/policies/2021").await.is(200)["policy"]["documents"].clone();
        for rule in rules.as_array().expect("a list") {
            assert!(said.contains(&text(&rule["type"])), "{said}");
        }
        place.agrees(&app);
        for (code, _) in ACT_TYPES {
            assert!(said.contains(code), "{said}");
            upload(&app, &drafter, &life.id, &[("type", code)], PDF).await.is(201);
        }
        place.agrees(&app);
    }

    async fn a_newer_document_may_have_a_type_that_the_rules_have_left_out_meanwhile(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let tor = &[("type", "tor")];
        let old = text(&upload(&app, &drafter, &life.id, tor, PDF).await.is(201)["id"]);
        let administrator = app.of(Role::Administrator, HOME).await;
        let shown = app.get(&administrator, "/policies/2021").await.is(200);
        let mut rules = shown["policy"].clone();
        let kept = rules["documents"].as_array_mut().expect("a list");
        kept.retain(|rule: &Value| rule["type"] != "tor");
        let version = shown["version"].as_i64().expect("a version");
        app.put(&administrator, "/policies/2021", rules).if_match(version).await.is(200);
        upload(&app, &drafter, &life.id, tor, PDF).await.refused(422, &["unknown"]);
        let newer = &[("type", "tor"), ("supersedes_id", old.as_str())];
        upload(&app, &drafter, &life.id, newer, PDF).await.is(201);
        place.agrees(&app);
    }

    async fn a_change_request_names_a_type_that_is_known(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        for pointer in ["/documents/kak", "/documents/Tor", "/documents/tor/1", "/documents"] {
            let body = json!({ "items": [{ "pointer": pointer, "comment": "a" }] });
            let answer = life.add(Role::Reviewer, "change-requests", body).await;
            answer.refused(422, &["unknown"]);
            assert_eq!(answer.pointers(), ["/items/0/pointer"]);
            assert_eq!(answer.to_string().contains("photo_50"), pointer == "/documents/kak", "{answer}");
        }
        life.ask_changes(Role::Reviewer, &["/documents/tor", "/documents/correspondence"]).await;
    }
}
