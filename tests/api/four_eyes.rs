//! Four eyes, over the whole life of a proposal, by person and not by role.

use crate::on_both;
use crate::support::app::{HOME, Person, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Life};
use sentra::domain::ids::RegionCode;
use sentra::domain::people::{Duty, Role};
use serde_json::{Value, json};

/// Somebody who is given every role over the home region: only four eyes stands in the way.
async fn all_rounder(app: &TestApp, name: &str) -> Person {
    let region = || Some(RegionCode::from(HOME));
    let grants = vec![
        (Role::Drafter, region()),
        (Role::Planner, region()),
        (Role::RegionalHead, region()),
        (Role::Inspector, region()),
        (Role::Verifier, Some(RegionCode::from("18"))),
        (Role::Reviewer, None),
        (Role::Approver, None),
        (Role::Treasurer, None),
        (Role::Auditor, None),
    ];
    app.someone(name, Role::Drafter, grants).await
}

/// Where a duty is taken on, and by which call.
async fn take_on(life: &Life<'_>, person: &Person, duty: Duty) -> Answer {
    let app = life.app;
    match duty {
        Duty::Drafting => {
            let report = json!({ "kind": "progress", "as_of": "2020-05-02", "physical_bp": 0 });
            app.post(person, &life.path("reports"), report).await
        }
        Duty::PlanningCheck => life.act_as(person, json!({ "action": "confirm_planning" })).await,
        Duty::Endorsement => life.act_as(person, json!({ "action": "submit" })).await,
        Duty::Verification => life.act_as(person, json!({ "action": "verify" })).await,
        Duty::Review => life.act_as(person, json!({ "action": "recommend" })).await,
        Duty::Decision => {
            life.act_as(person, json!({ "action": "approve", "comment": "Ya." })).await
        }
        Duty::Allocation => life.act_as(person, life.allocate_body()).await,
        Duty::PaymentVerification => {
            life.step_of(person, "tranche-requests", &life.request().await, "verify", json!({}))
                .await
        }
        Duty::Payment => {
            life.app.reach_the_year();
            let body = json!({ "payment_number": "KPPN/1" });
            life.step_of(person, "tranche-requests", &life.request().await, "pay", body).await
        }
        Duty::Spending => {
            let contract = life.last("contracts").await;
            let body = json!({
                "contract_id": contract["id"], "number": "SP2D/X", "spent_on": life.app.today(), "amount_idr": 1,
            });
            app.post(person, &life.path("expenditures"), body).await
        }
        Duty::Audit => {
            app.post(person, &life.path("holds"), json!({ "reason": "Volume kurang." })).await
        }
        Duty::Inspection => {
            life.step_of(person, "tranche-requests", &life.request().await, "review", json!({}))
                .await
        }
    }
}

/// Refused, with the name of who and of what.
fn excluded(answer: &Answer, person: &Person, one: Duty, other: Duty) {
    let body = answer.is(403);
    let codes = answer.codes();
    assert!(
        !codes.is_empty() && codes.iter().all(|code| code == "four_eyes"),
        "{one} {other}: {answer}"
    );
    let said = body["blockers"].to_string();
    for part in [person.name.as_str(), one.as_str(), other.as_str()] {
        assert!(said.contains(part), "{one} {other}: {part} is not named: {answer}");
    }
}

async fn listed(life: &Life<'_>, person: &Person, action: &str, one: Duty) {
    let body = life.app.get(person, &life.path("actions")).await.is(200);
    let items = body["items"].as_array().expect("a list");
    let item =
        items.iter().find(|item| item["action"] == action).unwrap_or_else(|| panic!("{action}"));
    let of_person = |one: &&Value| one["user_id"] == json!(person.id);
    let all = item["excluded"].as_array().expect("a list");
    let found: Vec<_> = all.iter().filter(of_person).collect();
    assert!(found.iter().any(|found| found["duty"] == one.as_str()), "{action} {one}: {item}");
    assert!(found.iter().all(|found| text(&found["reason"]).contains(&person.name)));
    assert_eq!(item["allowed"], false);
    assert!(
        item["blockers"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["code"] == "four_eyes"))
    );
}

/// The state in which a duty can be taken on, and the arrow that the listing shows there.
const STAGES: [(&str, Duty, Option<&str>); 7] = [
    ("planning_check", Duty::PlanningCheck, Some("confirm_planning")),
    ("endorsement", Duty::Endorsement, Some("submit")),
    ("verification", Duty::Verification, Some("verify")),
    ("technical_review", Duty::Review, Some("recommend")),
    ("decision", Duty::Decision, Some("approve")),
    ("approved", Duty::Allocation, Some("allocate")),
    ("contracted", Duty::Inspection, None),
];

/// Follows one life; whoever took on a duty early is refused each duty that conflicts with it later.
async fn whole_life(app: &TestApp) {
    let life = CONSTRUCTION.draft(app).await;
    let mut parts: Vec<(Person, Duty)> = Vec::new();
    let drafting = all_rounder(app, "Semua Menyusun").await;
    let version = life.version().await;
    let title = json!({ "title": "Sentra" });
    app.patch(&drafting, &life.path(""), title).if_match(version).await.is(200);
    parts.push((drafting, Duty::Drafting));
    for (state, duty, arrow) in STAGES {
        life.to(state).await;
        match duty {
            Duty::Verification => life.flag_lines().await,
            Duty::Review => life.assess_lines().await,
            Duty::Decision => life.review_lines(Role::Approver).await,
            Duty::Allocation => life.fund().await,
            Duty::Inspection => {
                life.request_tranche(1, CONSTRUCTION.total()).await.is(201);
            }
            _ => {}
        }
        refuse_all(&life, &parts, duty, arrow).await;
        let person = all_rounder(app, &format!("Semua {duty}")).await;
        take_on(&life, &person, duty).await.is(200);
        parts.push((person, duty));
    }
    for duty in [Duty::PaymentVerification, Duty::Payment] {
        refuse_all(&life, &parts, duty, None).await;
        let person = all_rounder(app, &format!("Semua {duty}")).await;
        take_on(&life, &person, duty).await.is(200);
        parts.push((person, duty));
    }
    for duty in [Duty::Spending, Duty::Drafting, Duty::Audit] {
        refuse_all(&life, &parts, duty, None).await;
        let person = all_rounder(app, &format!("Semua lagi {duty}")).await;
        take_on(&life, &person, duty).await.is(201);
        parts.push((person, duty));
    }
    late_inspection(&life, &parts).await;
}

async fn refuse_all(life: &Life<'_>, parts: &[(Person, Duty)], duty: Duty, arrow: Option<&str>) {
    for (person, earlier) in parts {
        if sentra::domain::people::conflict(*earlier, duty) {
            excluded(&take_on(life, person, duty).await, person, *earlier, duty);
            if let Some(action) = arrow {
                listed(life, person, action, *earlier).await;
            }
        }
    }
}

/// Whoever spent, or wrote, does not inspect at the end either.
async fn late_inspection(life: &Life<'_>, parts: &[(Person, Duty)]) {
    let body = json!({ "kind": "progress", "as_of": life.app.today(), "physical_bp": 10_000 });
    let drafter = life.who(Role::Drafter).await;
    let report = life.add(Role::Drafter, "reports", body).await.is(201);
    let report = life.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200);
    for (person, earlier) in parts {
        if sentra::domain::people::conflict(*earlier, Duty::Inspection) {
            let answer = life.step_of(person, "reports", &report, "review", json!({})).await;
            excluded(&answer, person, *earlier, Duty::Inspection);
        }
    }
}

on_both! {
    async fn whoever_took_part_is_kept_from_what_conflicts_for_the_whole_life(db) {
        let app = TestApp::on(db);
        whole_life(&app).await;
        assert_eq!(app.verified().len(), 0);
    }

    async fn another_proposal_is_another_life(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "planning_check").await;
        let two = CONSTRUCTION.at(&app, "endorsement").await;
        let person = all_rounder(&app, "Semua").await;
        take_on(&one, &person, Duty::PlanningCheck).await.is(200);
        excluded(&take_on(&one, &person, Duty::Endorsement).await, &person, Duty::PlanningCheck, Duty::Endorsement);
        take_on(&two, &person, Duty::Endorsement).await.is(200);
    }

    async fn a_refused_attempt_is_in_the_trail_and_changes_nothing(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let person = all_rounder(&app, "Semua").await;
        take_on(&life, &person, Duty::PlanningCheck).await.is(200);
        let version = life.version().await;
        take_on(&life, &person, Duty::Endorsement).await.is(403);
        assert_eq!(life.version().await, version);
        let events = life.list("events?limit=200").await;
        let last = events.last().expect("an event");
        assert_eq!((&last["outcome"], &last["actor_id"]), (&json!("refused"), &json!(person.id)));
        assert_eq!(last["content"]["blockers"][0]["code"], "four_eyes");
        assert_eq!(last["content"]["tried"], "submit");
    }
}
