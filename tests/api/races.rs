//! Races: many do the same at once, and exactly as many as may get it.

use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::client::Answer;
use crate::support::life::{CONSTRUCTION, Case, Life, REVITALISATION};
use futures_util::future::join_all;
use sentra::domain::people::Role;
use serde_json::json;
use std::future::IntoFuture;

const TASKS: usize = 32;

/// One was done with the status; each other was told that it came too late, or that there is no room.
fn one_of_many(answers: &[Answer], status: u16) -> &Answer {
    assert_eq!(answers.len(), TASKS);
    let (done, late): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == status);
    assert_eq!(
        done.len(),
        1,
        "{}",
        answers.iter().map(|one| one.status.to_string()).collect::<Vec<_>>().join(" ")
    );
    for answer in late {
        assert!(matches!(answer.status, 409 | 412), "{answer}");
    }
    done[0]
}

on_both! {
    async fn of_many_approvals_one_is_made_and_told_once(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "decision").await;
        life.review_lines(Role::Approver).await;
        let version = life.version().await;
        let mut approvers = Vec::new();
        for n in 1..=4 {
            approvers.push(app.nth(Role::Approver, HOME, n).await);
        }
        let calls = (0..TASKS).map(|n| {
            let body = json!({ "action": "approve" });
            app.post(&approvers[n % 4], &life.path("actions"), body).if_match(version).into_future()
        });
        let answers = join_all(calls).await;
        assert_eq!(one_of_many(&answers, 200).version(), version + 1);
        assert_eq!(life.version().await, version + 1);
        let done = "action = 'proposal.approve' AND outcome = 'done'";
        assert_eq!(app.database.number(&format!("SELECT COUNT(*) FROM audit_events WHERE {done}")), 1);
        assert_eq!(app.database.number("SELECT COUNT(*) FROM notices WHERE event = 'approve'"), 1);
        app.deliver();
        let mails = "SELECT COUNT(*) FROM mails m JOIN notices n ON n.id = m.notice_id WHERE n.event = 'approve'";
        // Drafter, planner and regional head; no treasurer is there yet.
        assert_eq!(app.database.number(mails), 3);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_ceiling_with_room_for_one_allocation_is_given_to_one(db) {
        let app = TestApp::on(db);
        let treasurer = app.of(Role::Treasurer, HOME).await;
        let ceiling = json!({ "fiscal_year": 2021, "amount_idr": 100, "legal_basis": "APBN 2021" });
        app.post(&treasurer, "/ceilings", ceiling).await.is(201);
        let regions = app.get(&treasurer, "/regions?limit=200").await.is(200);
        let regions: Vec<_> =
            regions["items"].as_array().expect("regions").iter().filter(|one| one["autonomous"] == true).collect();
        let calls = regions.iter().take(TASKS).map(|region| {
            let body = json!({
                "fiscal_year": 2021, "region_code": region["code"], "amount_idr": 60, "legal_basis": "Perpres",
            });
            app.post(&treasurer, "/allocations", body).into_future()
        });
        let answers = join_all(calls).await;
        one_of_many(&answers, 201);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.refused(409, &["room_in_ceiling"]);
        }
        let ceilings = app.get(&treasurer, "/ceilings").await.is(200);
        assert_eq!(ceilings["items"][0]["used_idr"], 60);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn one_region_s_first_allocation_is_recorded_once(db) {
        let app = TestApp::on(db);
        let treasurer = app.of(Role::Treasurer, HOME).await;
        let ceiling = json!({ "fiscal_year": 2021, "amount_idr": 100, "legal_basis": "APBN 2021" });
        app.post(&treasurer, "/ceilings", ceiling).await.is(201);
        let body = json!({ "fiscal_year": 2021, "region_code": HOME, "amount_idr": 60, "legal_basis": "Perpres" });
        let calls = (0..TASKS).map(|_| app.post(&treasurer, "/allocations", body.clone()).into_future());
        for answer in join_all(calls).await {
            answer.is(201);
        }
        assert_eq!(app.database.number("SELECT COUNT(*) FROM allocations"), 1);
        assert_eq!(app.get(&treasurer, "/ceilings").await.is(200)["items"][0]["used_idr"], 60);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_region_with_room_for_one_proposal_gives_it_to_one(db) {
        let app = TestApp::on(db);
        let case: Case = REVITALISATION;
        let lives: Vec<Life<'_>> = join_all((0..TASKS).map(|_| case.at(&app, "approved"))).await;
        lives[0].fund().await;
        let treasurer = app.of(Role::Treasurer, HOME).await;
        let mut calls = Vec::new();
        for life in &lives {
            let version = life.version().await;
            let call = app.post(&treasurer, &life.path("actions"), life.allocate_body());
            calls.push(call.if_match(version).into_future());
        }
        let answers = join_all(calls).await;
        one_of_many(&answers, 200);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.refused(409, &["room_in_allocation"]);
        }
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn two_treasurers_pay_a_request_once(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        life.request_tranche(1, CONSTRUCTION.total()).await.is(201);
        life.review_and_verify().await;
        let request = life.request().await;
        app.reach_the_year();
        let treasurers = [app.nth(Role::Treasurer, HOME, 1).await, app.nth(Role::Treasurer, HOME, 3).await];
        let path = format!("/tranche-requests/{}/pay", request["id"].as_str().expect("an id"));
        let calls = (0..TASKS).map(|n| {
            let body = json!({ "payment_number": format!("KPPN/{n}") });
            app.post(&treasurers[n % 2], &path, body).if_match(&request["version"]).into_future()
        });
        one_of_many(&join_all(calls).await, 200);
        assert_eq!(life.figure("disbursed_idr").await, CONSTRUCTION.total());
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn many_payment_orders_at_once_all_count(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        let contract = life.last("contracts").await;
        let drafters = [life.who(Role::Drafter).await, app.nth(Role::Drafter, HOME, 2).await];
        let calls = (0..TASKS).map(|n| {
            let body = json!({
                "contract_id": contract["id"], "number": format!("SP2D/{n}"), "spent_on": app.today(),
                "amount_idr": 1_000 + n,
            });
            app.post(&drafters[n % 2], &life.path("expenditures"), body).into_future()
        });
        for answer in join_all(calls).await {
            answer.is(201);
        }
        assert_eq!(life.figure("absorbed_idr").await, (0..32).map(|n| 1_000 + n).sum::<i64>());
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_sweep_and_a_request_at_the_gate_leave_one_of_the_two(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        app.at("2021-07-21T09:59:59.999999Z");
        let services = app.services.clone();
        let (path, head) = (
            format!("/allocations/{}/tranche-requests", life.allocation().await),
            life.who(Role::RegionalHead).await,
        );
        let body = json!({ "n": 1, "items": [{ "proposal_id": life.id, "amount_idr": CONSTRUCTION.total() }] });
        let clock = app.clock.clone();
        let sweeping = std::thread::spawn(move || {
            clock.advance_to(crate::support::app::moment("2021-07-21T10:00:00Z"));
            sentra::service::sweep::deadlines(&services).expect("a sweep").forfeited
        });
        let asked = app.post(&head, &path, body).await;
        let forfeited = sweeping.join().expect("the sweep") + app.sweep().forfeited;
        match asked.status {
            201 => assert_eq!((forfeited, life.state().await), (0, "contracted".to_owned())),
            409 | 412 => assert_eq!((forfeited, life.state().await), (1, "forfeited".to_owned())),
            _ => panic!("{asked}"),
        }
        assert_eq!(app.verified(), Vec::<String>::new());
    }
}
