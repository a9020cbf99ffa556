//! Audit holds: they block payment and closing of their proposal, and nothing else.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use sentra::domain::people::Role;
use serde_json::{Value, json};

const TOTAL: i64 = CONSTRUCTION.total();
const BEFORE_THE_GATE: &str = "2021-07-21T09:59:59.999999Z";
const GATE: &str = "2021-07-21T10:00:00Z";

async fn auditor_of(app: &TestApp, region: &str) -> Person {
    let name = format!("auditor {}", region.replace('.', "-"));
    app.someone(&name, Role::Auditor, vec![(Role::Auditor, Some(region.into()))]).await
}

async fn hold(life: &Life<'_>, auditor: &Person) -> Answer {
    let body = json!({ "reason": "Volume tidak sesuai kontrak." });
    life.app.post(auditor, &life.path("holds"), body).await
}

async fn lift(life: &Life<'_>, auditor: &Person, hold: &Value) -> Answer {
    life.step_of(auditor, "holds", hold, "lift", json!({ "reason": "Sudah diperbaiki." })).await
}

async fn share(one: &Life<'_>, two: &Life<'_>) -> Answer {
    let path = format!("/allocations/{}/tranche-requests", one.allocation().await);
    let item = |life: &Life<'_>| json!({ "proposal_id": life.id, "amount_idr": TOTAL });
    let body = json!({ "n": 1, "items": [item(one), item(two)] });
    one.app.post(&one.who(Role::RegionalHead).await, &path, body).await
}

on_both! {
    async fn an_auditor_in_scope_sets_a_hold_with_a_reason_and_lifts_it(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let own = auditor_of(&app, HOME).await;
        hold(&life, &auditor_of(&app, FOREIGN).await).await.is(404);
        for role in [Role::Approver, Role::Treasurer, Role::Inspector] {
            hold(&life, &life.who(role).await).await.is(403);
        }
        app.post(&own, &life.path("holds"), json!({ "reason": " " })).await.refused(422, &["required"]);
        let set = hold(&life, &own).await.is(201);
        assert_eq!((&set["reason"], &set["lifted_at"]), (&json!("Volume tidak sesuai kontrak."), &Value::Null));
        let nation = life.who(Role::Auditor).await;
        hold(&life, &nation).await.is(201);
        assert_eq!(life.list("holds").await.len(), 2);
        lift(&life, &life.who(Role::Approver).await, &set).await.is(403);
        let lifted = lift(&life, &nation, &set).await.is(200);
        assert_eq!(lifted["lifted_reason"], "Sudah diperbaiki.");
        lift(&life, &own, &set).await.is(412);
        lift(&life, &own, &lifted).await.refused(409, &["lifted"]);
        let events = life.list("events?limit=200").await;
        for (action, times) in [("hold.set", 2), ("hold.lift", 1)] {
            let done = events.iter().filter(|event| event["action"] == action && event["outcome"] == "done");
            assert_eq!(done.count(), times, "{action}");
        }
        app.deliver();
        let told = app.get(&life.who(Role::RegionalHead).await, "/notifications?limit=200").await.is(200);
        let told: Vec<String> =
            told["items"].as_array().expect("items").iter().map(|one| text(&one["event"])).collect();
        assert!(told.contains(&"hold_set".to_owned()) && told.contains(&"hold_lifted".to_owned()), "{told:?}");
        let ended = CONSTRUCTION.at(&app, "approved").await;
        ended.act(Role::Approver, json!({ "action": "cancel", "comment": "Lahan." })).await.is(200);
        hold(&ended, &own).await.refused(409, &["not_from_here"]);
        app.verified();
    }

    async fn who_took_part_or_is_in_conflict_audits_nothing(db) {
        let app = TestApp::on(db);
        let name = "drafter and auditor";
        let grants = vec![(Role::Drafter, Some(HOME.into())), (Role::Auditor, None)];
        let both = app.someone(name, Role::Drafter, grants).await;
        let life = CONSTRUCTION.draft(&app).await;
        app.patch(&both, &life.path(""), json!({ "title": "Sentra Tapis" })).if_match(life.version().await).await.is(200);
        hold(&life, &both).await.refused(403, &["four_eyes"]);
        let set = hold(&life, &life.who(Role::Auditor).await).await.is(201);
        lift(&life, &both, &set).await.refused(403, &["four_eyes"]);
        // Nor does an auditor take another part afterwards.
        let grants = vec![(Role::Reviewer, None), (Role::Auditor, None)];
        let other = app.someone("reviewer and auditor", Role::Reviewer, grants).await;
        app.post(&other, &life.path("conflicts"), json!({ "reason": "Saudara." })).await.is(201);
        hold(&life, &other).await.refused(403, &["conflict_of_interest"]);
        lift(&life, &other, &set).await.refused(403, &["conflict_of_interest"]);
    }

    async fn what_is_held_is_left_out_of_a_shared_payment_and_paid_after_the_gate_when_it_is_free(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = CONSTRUCTION.at(&app, "contracted").await;
        let auditor = auditor_of(&app, HOME).await;
        let set = hold(&two, &auditor).await.is(201);
        app.at(BEFORE_THE_GATE);
        // A hold keeps nobody from asking.
        share(&one, &two).await.is(201);
        one.review_and_verify().await;
        let paid = one.pay().await.is(200);
        assert_eq!(paid["total_idr"], TOTAL);
        let item = |life: &Life<'_>| {
            let items = paid["items"].as_array().expect("items");
            items.iter().find(|item| item["proposal_id"] == life.id).expect("its item").clone()
        };
        assert_eq!(item(&one)["left_out"], Value::Null);
        assert_eq!(item(&two)["left_out"]["hold_id"], set["id"]);
        assert_eq!(item(&two)["left_out"]["reason"], "Volume tidak sesuai kontrak.");
        assert_eq!((one.state().await, two.state().await), ("funded".to_owned(), "contracted".to_owned()));
        app.at(GATE);
        assert_eq!(app.sweep().forfeited, 0, "it asked in time");
        two.request_tranche(1, TOTAL).await.is(201);
        two.review_and_verify().await;
        two.pay().await.refused(409, &["no_hold"]);
        lift(&two, &auditor, &set).await.is(200);
        two.pay().await.is(200);
        assert_eq!(two.state().await, "funded");
        assert_eq!((one.figure("disbursed_idr").await, two.figure("disbursed_idr").await), (TOTAL, TOTAL));
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn what_is_held_and_never_asked_is_forfeited_all_the_same(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        hold(&life, &auditor_of(&app, HOME).await).await.is(201);
        app.at(GATE);
        assert_eq!(app.sweep().forfeited, 1);
    }

    async fn a_hold_lets_works_go_on_and_keeps_them_from_being_closed(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        let auditor = auditor_of(&app, HOME).await;
        let set = hold(&life, &auditor).await.is(201);
        life.to("reporting").await;
        life.final_report().await;
        life.close().await.refused(409, &["no_hold"]);
        let listed = app.get(&life.who(Role::Inspector).await, &life.path("actions")).await.is(200);
        let items = listed["items"].as_array().expect("items").clone();
        let close = items.iter().find(|item| item["action"] == "close").expect("close");
        assert_eq!((&close["allowed"], &close["blockers"][0]["code"]), (&json!(false), &json!("no_hold")));
        lift(&life, &auditor, &set).await.is(200);
        life.close().await.is(200);
        app.verified();
    }
}
