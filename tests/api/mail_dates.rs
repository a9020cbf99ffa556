//! A date in a message is the date of what is asked: what a preview shows dated is dated when it is raised, and a
//! treasurer is told of the treasury's own term.

use crate::mail::messages;
use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::text;
use crate::support::database::texts;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use sentra::domain::notice::detail::NoticeDue;
use sentra::domain::notice::telling::{Audience, audience};
use sentra::domain::notice::{NoticeEvent, NoticeFacts};
use sentra::domain::people::Role;
use sentra::mail::sample;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Every notice about a proposal, as it was raised.
fn raised(app: &TestApp) -> Vec<(NoticeEvent, NoticeFacts)> {
    let sql = "SELECT event || ' ' || facts AS value FROM notices WHERE proposal_id IS NOT NULL ORDER BY id";
    let rows = texts(&mut app.database.connect(), sql);
    let read = |row: &String| {
        let (event, facts) = row.split_once(' ').expect("two parts");
        (event.parse().expect("an event"), serde_json::from_str(facts).expect("facts"))
    };
    rows.iter().map(read).collect()
}

/// The role of a person steps something that has a version.
async fn step(life: &Life<'_>, role: Role, what: &str, of: &Value, step: &str, body: Value) {
    life.step_of(&life.who(role).await, what, of, step, body).await.is(200);
}

/// Up to a plan that is approved, with everything that can come between.
async fn planned(life: &Life<'_>) {
    life.to("verification").await;
    life.ask_changes(Role::Verifier, &["/title"]).await;
    life.act(Role::Verifier, json!({ "action": "return", "comment": "Judul." })).await.is(200);
    life.to("technical_review").await;
    let waiver = json!({ "document_type": "handover_minutes", "reason": "Sudah dilihat." });
    let waiver = life.add(Role::Approver, "waivers", waiver).await.is(201);
    let reason = json!({ "reason": "Belum dilihat." });
    step(life, Role::Approver, "waivers", &waiver, "revoke", reason).await;
    life.ask_changes(Role::Reviewer, &["/title"]).await;
    let ask =
        json!({ "action": "request_clarification", "data": { "due_on": life.app.in_days(3) } });
    life.act(Role::Reviewer, ask).await.is(200);
    life.to("decision").await;
    life.review_lines(Role::Approver).await;
    let stars = json!({ "action": "approve_with_conditions", "data": { "conditions": ["AMDAL"] } });
    life.act(Role::Approver, stars).await.is(200);
    life.to("allocated").await;
    let cut = json!({ "amount_idr": CONSTRUCTION.total() - 1, "legal_basis": "Inpres 1/2025" });
    life.put_with_key(Role::Treasurer, "ceiling", cut).await.is(200);
    let whole = json!({ "amount_idr": CONSTRUCTION.total(), "legal_basis": "Inpres 2/2025" });
    life.put_with_key(Role::Treasurer, "ceiling", whole).await.is(200);
    life.submit_plan().await;
    let (plan, comment) = (life.last("plans").await, json!({ "comment": "Jadwal." }));
    step(life, Role::Approver, "plans", &plan, "return", comment).await;
    life.to("planned").await;
    let waiver = json!({ "document_type": "handover_minutes", "reason": "Sudah dilihat." });
    life.add(Role::Approver, "waivers", waiver).await.is(201);
    let (condition, lift) = (life.last("conditions").await, life.evidence().await);
    step(life, Role::Reviewer, "conditions", &condition, "lift", lift).await;
}

/// From there to its end: requests that are refused and held, a hold, a report that is sent back.
async fn ended(life: &Life<'_>, beside: &Life<'_>) {
    let app = life.app;
    life.to("contracted").await;
    let auditor = app.of(Role::Auditor, life.case.region).await;
    let reason = json!({ "reason": "Volume." });
    let total = CONSTRUCTION.total();
    life.request_tranche(1, total).await.is(201);
    let comment = json!({ "comment": "Lampiran." });
    step(life, Role::Treasurer, "tranche-requests", &life.request().await, "refuse", comment).await;
    let hold = app.post(&auditor, &beside.path("holds"), reason.clone()).await.is(201);
    let item = |one: &Life<'_>| json!({ "proposal_id": one.id, "amount_idr": total });
    let path = format!("/allocations/{}/tranche-requests", life.allocation().await);
    let body = json!({ "n": 1, "items": [item(life), item(beside)] });
    app.post(&life.who(Role::RegionalHead).await, &path, body).await.is(201);
    life.review_and_verify().await;
    life.pay().await.is(200);
    life.step_of(&auditor, "holds", &hold, "lift", reason).await.is(200);
    app.at("2021-07-08T02:00:00Z");
    let report = json!({ "kind": "quarterly", "as_of": "2021-06-30", "physical_bp": 5_000 });
    let report = life.add(Role::Drafter, "reports", report).await.is(201);
    let drafter = life.who(Role::Drafter).await;
    let report = life.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200);
    let comment = json!({ "comment": "Foto." });
    step(life, Role::Inspector, "reports", &report, "return", comment).await;
    life.to("closed").await;
}

on_both! {
    async fn what_a_preview_shows_dated_is_dated_when_it_is_raised_and_nothing_else_is(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "draft").await;
        planned(&life).await;
        let beside = CONSTRUCTION.at(&app, "contracted").await;
        ended(&life, &beside).await;
        let mut differ: BTreeMap<String, String> = BTreeMap::new();
        let mut beside_arrows = BTreeSet::new();
        for (event, facts) in raised(&app) {
            let shown = sample::facts(event, facts.state).expect("a sample");
            if shown.due.is_some() != facts.due.is_some() {
                let both = format!("shown {:?}, raised {:?}", shown.due, facts.due);
                differ.insert(format!("{event} to {}", facts.state), both);
            }
            if !matches!(audience(event), Audience::Arrow(_)) {
                beside_arrows.insert(event);
            }
        }
        assert!(differ.is_empty(), "{differ:#?}");
        use NoticeEvent as E;
        for event in [
            E::HoldSet, E::HoldLifted, E::PaymentHeld, E::ConditionLifted, E::WaiverGranted, E::WaiverRevoked,
            E::PlanSubmitted, E::PlanReturned, E::TrancheRequested, E::TrancheReviewed, E::TrancheVerified,
            E::TrancheRefused, E::CeilingChanged, E::ReportSubmitted, E::ReportReviewed, E::ReportReturned,
        ] {
            assert!(beside_arrows.contains(&event), "{event} was not raised");
        }
    }

    async fn a_treasurer_reads_until_when_the_request_is_paid(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "contracted").await;
        app.reach_the_year();
        life.request_tranche(1, REVITALISATION.total()).await.is(201);
        life.review_and_verify().await;
        app.deliver();
        let due_on = text(&life.request().await["due_on"]);
        let paid: NoticeFacts = {
            let all = raised(&app);
            all.into_iter().rfind(|(event, _)| *event == NoticeEvent::TrancheVerified).expect("raised").1
        };
        let Some(NoticeDue::At(due)) = paid.due else { panic!("{:?}", paid.due) };
        let last = due.at.after(chrono::TimeDelta::microseconds(-1)).date_in(due.zone);
        assert_eq!((last.to_string(), due.working_days_left), (due_on, 5));
        let treasurer = app.nth(Role::Treasurer, life.case.region, 1).await;
        let all = messages(&app, &treasurer).await;
        let told = all.iter().find(|one| one["event"] == "tranche_verified").expect("told");
        let body = text(&told["text"]);
        assert!(body.contains("5 working days left") || body.contains("sisa 5 hari kerja"), "{body}");
    }
}
