//! A request for several proposals of a region goes on when one of them ends: that one is left out, and it is shown why.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life};
use sentra::domain::people::Role;
use serde_json::{Value, json};

const TOTAL: i64 = CONSTRUCTION.total();

/// Asks for the first tranche of both, and has it verified.
pub async fn share(one: &Life<'_>, two: &Life<'_>) {
    let path = format!("/allocations/{}/tranche-requests", one.allocation().await);
    let item = |life: &Life<'_>| json!({ "proposal_id": life.id, "amount_idr": TOTAL });
    let body = json!({ "n": 1, "items": [item(one), item(two)] });
    one.app.post(&one.who(Role::RegionalHead).await, &path, body).await.is(201);
    one.review_and_verify().await;
}

async fn cancel(life: &Life<'_>) {
    let body = json!({ "action": "cancel", "comment": "Lahan bersengketa." });
    life.act(Role::Approver, body).await.is(200);
}

fn left_out<'a>(request: &'a Value, life: &Life<'_>) -> &'a Value {
    let items = request["items"].as_array().expect("items");
    &items.iter().find(|item| item["proposal_id"] == life.id).expect("its item")["left_out"]
}

on_both! {
    async fn a_proposal_that_is_cancelled_is_left_out_of_the_request_and_the_others_are_paid(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = CONSTRUCTION.at(&app, "contracted").await;
        share(&one, &two).await;
        let before = one.request().await;
        cancel(&two).await;
        let request = one.request().await;
        assert_eq!((&request["state"], &request["total_idr"]), (&json!("verified"), &json!(TOTAL)));
        assert_eq!(left_out(&request, &two)["state"], "cancelled");
        assert_eq!(left_out(&request, &two)["reason"], "Lahan bersengketa.");
        assert_eq!(left_out(&request, &one), &Value::Null);
        // Whoever pays has to have seen what is paid now.
        let treasurer = one.who(Role::Treasurer).await;
        let body = json!({ "payment_number": "KPPN/1" });
        one.step_of(&treasurer, "tranche-requests", &before, "pay", body).await.is(412);
        let paid = one.pay().await.is(200);
        assert_eq!((&paid["total_idr"], &left_out(&paid, &two)["state"]), (&json!(TOTAL), &json!("cancelled")));
        assert_eq!((one.state().await, two.state().await), ("funded".to_owned(), "cancelled".to_owned()));
        assert_eq!((one.figure("disbursed_idr").await, two.figure("disbursed_idr").await), (TOTAL, 0));
        let events = two.list("events?limit=200").await;
        assert_eq!(events.iter().filter(|event| event["action"] == "tranche.leave_out").count(), 1);
        app.deliver();
        let told = app.get(&one.who(Role::RegionalHead).await, "/notifications?limit=200").await.is(200);
        let told = told["items"].as_array().expect("items").clone();
        assert!(told.iter().any(|one| text(&one["event"]) == "tranche_reduced"), "{told:?}");
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_request_of_which_nothing_is_left_ends(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = CONSTRUCTION.at(&app, "contracted").await;
        share(&one, &two).await;
        cancel(&two).await;
        cancel(&one).await;
        let request = one.request().await;
        assert_eq!((&request["state"], &request["total_idr"]), (&json!("refused"), &json!(0)));
        assert!(!text(&request["reason"]).is_empty(), "{request}");
        one.pay().await.refused(409, &["tranche_state"]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_proposal_handed_over_before_its_last_tranche_was_paid_is_left_out_of_it(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.in_tranches(2).at(&app, "contracted").await;
        one.request_tranche(1, TOTAL / 2).await.is(201);
        one.review_and_verify().await;
        one.pay().await.is(200);
        one.spend(TOTAL / 2).await.is(201);
        one.complete_works().await.is(200);
        one.request_tranche(2, TOTAL / 2).await.is(201);
        one.hand_over().await.is(200);
        let request = one.request().await;
        assert_eq!((&request["state"], left_out(&request, &one)["state"].as_str()), (&json!("refused"), Some("operating")));
        assert_eq!(app.verified(), Vec::<String>::new());
    }
}
