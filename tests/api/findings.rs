//! Findings: made by an auditor, followed up by the region, judged by an auditor; told, reminded of, and listed.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, PROVINCE, Person, SIBLING, TestApp};
use crate::support::client::{Answer, text};
use crate::support::database::Kind;
use crate::support::documents::{PDF, upload};
use crate::support::life::{CONSTRUCTION, Life};
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use futures_util::future::join4;
use sentra::domain::people::Role;
use sentra::service::{reminders, verify};
use serde_json::{Value, json};
use std::future::IntoFuture;

const CLAIMED: i64 = 1_260_000_000;
const FOUND: i64 = 1_212_000_000;
const AT_ISSUE: i64 = CLAIMED - FOUND;

/// An auditor of a region.
pub async fn auditor_of(app: &TestApp, region: &str) -> Person {
    let name = format!("auditor {}", region.replace('.', "-"));
    app.someone(&name, Role::Auditor, vec![(Role::Auditor, Some(region.into()))]).await
}

/// A finding of a shortfall, with some fields otherwise.
pub fn draft(but: Value) -> Value {
    let mut body = json!({
        "kind": "volume_shortfall", "title": "Fondasi lebih pendek dari kontrak",
        "description": "Terpasang 212 m dari 240 m.", "criterion": "Kontrak 602/01/SPK.",
        "cause": "Pengawas tidak mengukur.", "effect": "Kelebihan pembayaran.",
        "claimed_idr": CLAIMED, "found_idr": FOUND, "recommendation": "Tagih dan setorkan.",
    });
    for (name, value) in but.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

async fn open(life: &Life<'_>, auditor: &Person, but: Value) -> Answer {
    life.app.post(auditor, &life.path("findings"), draft(but)).await
}

async fn follow_up(app: &TestApp, by: &Person, finding: &Value, body: Value) -> Answer {
    app.post(by, &format!("/findings/{}/follow-ups", text(&finding["id"])), body).await
}

async fn evidence(life: &Life<'_>, by: &Person) -> Answer {
    let mut bytes = PDF.2.to_vec();
    bytes.extend_from_slice(format!("\n%STS {} {}\n", life.id, life.app.today()).as_bytes());
    let file = ("sts.pdf", "application/pdf", bytes.as_slice());
    upload(life.app, by, &life.id, &[("type", "finding_follow_up")], file).await
}

/// The events of the messages that somebody got.
async fn told(app: &TestApp, person: &Person) -> Vec<Value> {
    app.deliver();
    let page = app.get(person, "/notifications?limit=200").await.is(200);
    let mut all = page["items"].as_array().expect("items").clone();
    all.retain(|one| text(&one["event"]).starts_with("finding_"));
    all.reverse();
    all
}

fn events(told: &[Value]) -> Vec<String> {
    told.iter().map(|one| text(&one["event"])).collect()
}

on_both! {
    async fn a_finding_is_followed_up_returned_followed_up_again_and_closed(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        let auditor = auditor_of(&app, HOME).await;
        let (drafter, head) = (life.who(Role::Drafter).await, life.who(Role::RegionalHead).await);
        let contract = life.last("contracts").await;
        let paper = life.list("documents?limit=200").await[0]["id"].clone();
        let hold = app.post(&auditor, &life.path("holds"), json!({ "reason": "Volume." })).await.is(201);
        let about = json!({ "kind": "contract", "id": contract["id"] });
        let but = json!({ "about": about, "pointer": "/lines/1", "documents": [paper], "hold_id": hold["id"] });
        let made = open(&life, &auditor, but).await.is(201);
        for (name, value) in [
            ("n", json!(1)), ("state", json!("open")), ("at_issue_idr", json!(AT_ISSUE)), ("about", about),
            ("pointer", json!("/lines/1")), ("documents", json!([paper])), ("hold_id", hold["id"].clone()),
            // The policy of the year says sixty days.
            ("due_on", json!(app.in_days(60))), ("overdue", json!(false)), ("region_code", json!(HOME)),
            ("follow_ups", json!([])), ("outcome", Value::Null), ("version", json!(1)),
        ] {
            assert_eq!(made[name], value, "{name}");
        }
        // Nothing was followed up yet.
        life.step_of(&auditor, "findings", &made, "return", json!({ "reason": "?" })).await.refused(409, &["not_followed_up"]);
        let settled = json!({ "outcome": "settled", "reason": "Cukup." });
        life.step_of(&auditor, "findings", &made, "close", settled.clone()).await.refused(409, &["not_followed_up"]);
        let slip = evidence(&life, &drafter).await.is(201);
        let body = json!({ "text": "Penyedia menyetor sebagian.", "amount_idr": 8_000_000, "documents": [slip["id"]] });
        let answered = follow_up(&app, &drafter, &made, body).await.is(201);
        assert_eq!((&answered["state"], &answered["version"]), (&json!("answered"), &json!(2)));
        let said = &answered["follow_ups"][0];
        assert_eq!((&said["side"], &said["amount_idr"], &said["documents"]), (&json!("region"), &json!(8_000_000), &json!([slip["id"]])));
        let part = json!({ "outcome": "settled", "reason": "Cukup.", "settled_idr": 8_000_000 });
        life.step_of(&auditor, "findings", &answered, "close", part).await.refused(409, &["not_settled"]);
        let back = json!({ "reason": "Baru sebagian.", "due_on": app.in_days(90) });
        life.step_of(&auditor, "findings", &made, "return", back.clone()).await.is(412);
        let returned = life.step_of(&auditor, "findings", &answered, "return", back).await.is(200);
        assert_eq!((&returned["state"], &returned["due_on"]), (&json!("open"), &json!(app.in_days(90))));
        assert_eq!(returned["follow_ups"][1]["side"], "auditor");
        let rest = json!({ "text": "Sisanya disetor.", "amount_idr": AT_ISSUE - 8_000_000 });
        let answered = follow_up(&app, &head, &made, rest).await.is(201);
        let more = json!({ "outcome": "cannot_be_followed_up", "reason": "x", "settled_idr": AT_ISSUE + 1 });
        life.step_of(&auditor, "findings", &answered, "close", more).await.refused(409, &["more_than_at_issue"]);
        let closed = life.step_of(&auditor, "findings", &answered, "close", settled.clone()).await.is(200);
        assert_eq!((&closed["state"], &closed["outcome"], &closed["settled_idr"]), (&json!("closed"), &json!("settled"), &json!(AT_ISSUE)));
        follow_up(&app, &head, &made, json!({ "text": "Lagi." })).await.refused(409, &["closed"]);
        life.step_of(&auditor, "findings", &closed, "close", settled).await.refused(409, &["closed"]);
        let listed = life.list("findings").await;
        assert_eq!(listed, std::slice::from_ref(&closed));
        let shown = app.get(&drafter, &format!("/findings/{}", text(&made["id"]))).await;
        assert_eq!((shown.is(200), shown.version()), (closed, 5));

        let of_drafter = told(&app, &drafter).await;
        assert_eq!(events(&of_drafter), ["finding_opened", "finding_returned", "finding_closed"]);
        assert_eq!(events(&told(&app, &auditor).await), ["finding_answered", "finding_answered"]);
        let of_head = told(&app, &head).await;
        assert_eq!(events(&of_head), ["finding_opened", "finding_answered", "finding_returned", "finding_closed"]);
        let events = life.list("events?limit=200").await;
        for (action, times) in [("finding.open", 1), ("finding.follow_up", 2), ("finding.return", 1), ("finding.close", 1)] {
            let done = events.iter().filter(|event| event["action"] == action && event["outcome"] == "done");
            assert_eq!(done.count(), times, "{action}");
        }
        app.verified();
    }

    async fn who_makes_findings_audits_here_and_took_no_part(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        open(&life, &auditor_of(&app, FOREIGN).await, json!({})).await.is(404);
        open(&life, &auditor_of(&app, SIBLING).await, json!({})).await.is(404);
        for role in [Role::Drafter, Role::Inspector, Role::Approver, Role::Treasurer] {
            open(&life, &life.who(role).await, json!({})).await.is(403);
        }
        let own = auditor_of(&app, HOME).await;
        let made = open(&life, &own, json!({})).await.is(201);
        let second = open(&life, &auditor_of(&app, PROVINCE).await, json!({})).await.is(201);
        assert_eq!(second["n"], 2);
        // Who took part does not audit, whatever they hold now.
        let both = app
            .someone("reviewer auditor", Role::Reviewer, vec![(Role::Reviewer, None), (Role::Auditor, None)])
            .await;
        open(&life, &both, json!({})).await.is(201);
        let conflict = json!({ "reason": "Kerabat." });
        app.post(&both, &life.path("conflicts"), conflict).await.is(201);
        open(&life, &both, json!({})).await.refused(403, &["conflict_of_interest"]);
        // Auditors do not follow up, and whoever found it does not answer it.
        follow_up(&app, &own, &made, json!({ "text": "Saya." })).await.is(403);
        let turned = app
            .someone("auditor drafter", Role::Auditor, vec![(Role::Auditor, Some(HOME.into())), (Role::Drafter, Some(HOME.into()))])
            .await;
        let theirs = open(&life, &turned, json!({})).await.is(201);
        follow_up(&app, &turned, &theirs, json!({ "text": "Saya." })).await.refused(403, &["four_eyes", "four_eyes"]);
        // Nor anything else: who audits takes no other part.
        follow_up(&app, &turned, &made, json!({ "text": "Sudah." })).await.refused(403, &["four_eyes"]);
        // Whoever wrote for the region audits no more.
        let wrote = app
            .someone("drafter auditor", Role::Drafter, vec![(Role::Auditor, Some(HOME.into())), (Role::Drafter, Some(HOME.into()))])
            .await;
        follow_up(&app, &wrote, &made, json!({ "text": "Sudah." })).await.is(201);
        open(&life, &wrote, json!({})).await.refused(403, &["four_eyes"]);
        // The region's people of another duty, and of another region.
        follow_up(&app, &life.who(Role::Planner).await, &made, json!({ "text": "Saya." })).await.is(403);
        follow_up(&app, &app.of(Role::Drafter, SIBLING).await, &made, json!({ "text": "Saya." })).await.is(404);
        for role in [Role::Drafter, Role::Approver] {
            let body = json!({ "outcome": "withdrawn", "reason": "x" });
            life.step_of(&life.who(role).await, "findings", &made, "close", body).await.is(403);
        }
        // A finding can be closed by another auditor in scope, and blocks nothing by itself.
        let body = json!({ "outcome": "withdrawn", "reason": "Diukur ulang: sesuai." });
        let withdrawn = life.step_of(&auditor_of(&app, PROVINCE).await, "findings", &second, "close", body).await.is(200);
        assert_eq!((&withdrawn["outcome"], &withdrawn["settled_idr"]), (&json!("withdrawn"), &json!(0)));
        life.to("funded").await;
        app.verified();
    }

    async fn what_a_finding_names_is_there_and_its_values_make_sense(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let other = CONSTRUCTION.within(SIBLING).at(&app, "contracted").await;
        let auditor = app.of(Role::Auditor, HOME).await;
        let foreign = other.last("contracts").await["id"].clone();
        let foreign_paper = other.list("documents").await[0]["id"].clone();
        let hold = app.post(&auditor, &other.path("holds"), json!({ "reason": "x" })).await.is(201);
        let nothing = uuid::Uuid::now_v7();
        for (but, pointer, code) in [
            (json!({ "about": { "kind": "contract", "id": foreign } }), "/about/id", "unknown"),
            (json!({ "about": { "kind": "expenditure", "id": nothing } }), "/about/id", "unknown"),
            (json!({ "about": { "kind": "plan", "id": "abc" } }), "/about/id", "unknown"),
            (json!({ "pointer": "/lines/99" }), "/pointer", "unknown"),
            (json!({ "pointer": "/documents/no_such_type" }), "/pointer", "unknown"),
            (json!({ "documents": [foreign_paper] }), "/documents/0", "unknown"),
            (json!({ "documents": [nothing, nothing] }), "/documents/1", "duplicate"),
            (json!({ "hold_id": hold["id"] }), "/hold_id", "unknown"),
            (json!({ "found_idr": null }), "/found_idr", "incomplete"),
            (json!({ "claimed_idr": null }), "/claimed_idr", "incomplete"),
            (json!({ "claimed_idr": -1 }), "/claimed_idr", "invalid"),
            (json!({ "title": " " }), "/title", "required"),
            (json!({ "recommendation": "" }), "/recommendation", "required"),
            (json!({ "due_on": app.today() }), "/due_on", "out_of_range"),
            (json!({ "due_on": app.in_days(3_000) }), "/due_on", "out_of_range"),
        ] {
            let refused = open(&life, &auditor, but.clone()).await;
            refused.refused(422, &[code]);
            assert_eq!(refused.pointers(), [pointer], "{but}");
        }
        for about in [
            ("contract", life.last("contracts").await["id"].clone()),
            ("plan", life.last("plans").await["id"].clone()),
            ("journal_entry", life.entry("commit").await["id"].clone()),
        ] {
            let but = json!({ "about": { "kind": about.0, "id": about.1 }, "pointer": "/documents/tor" });
            open(&life, &auditor, but).await.is(201);
        }
        // Without amounts nothing is at issue, and nothing has to be settled.
        let bare = json!({ "claimed_idr": null, "found_idr": null, "kind": "reporting" });
        let made = open(&life, &auditor, bare).await.is(201);
        assert_eq!((&made["at_issue_idr"], &made["claimed_idr"]), (&json!(0), &Value::Null));
        let answered = follow_up(&app, &life.who(Role::Drafter).await, &made, json!({ "text": "Sudah." })).await.is(201);
        let body = json!({ "outcome": "settled", "reason": "Laporan diperbaiki." });
        assert_eq!(life.step_of(&auditor, "findings", &answered, "close", body).await.is(200)["settled_idr"], 0);
    }

    async fn a_finding_that_waits_is_on_the_radar_and_its_region_is_reminded_and_then_the_auditor(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "closed").await;
        let (auditor, drafter) = (auditor_of(&app, HOME).await, life.who(Role::Drafter).await);
        let made = open(&life, &auditor, json!({})).await.is(201);
        let radar = async |by: &Person| {
            let path = "/deadlines?kind=finding_follow_up";
            app.get(by, path).await.is(200)
        };
        let shown = radar(&auditor).await;
        let item = &shown["items"][0];
        assert_eq!((&shown["count"], &shown["at_risk_idr"]), (&json!(1), &json!(AT_ISSUE)));
        for (name, value) in [
            ("proposal_id", json!(life.id)), ("n", json!(1)), ("rule", Value::Null), ("days_left", json!(60)),
            ("at_risk_idr", json!(AT_ISSUE)), ("state", json!("closed")), ("overdue", json!(false)),
        ] {
            assert_eq!(item[name], value, "{name}");
        }
        assert_eq!(radar(&auditor_of(&app, FOREIGN).await).await["count"], 0);
        let reminded = || {
            let done = reminders::run(&app.services).expect("a run");
            app.deliver();
            done.steps
        };
        assert_eq!(reminded(), 0, "nobody is reminded of it in the same hour");
        let mut steps = 0;
        for _ in 0..100 {
            app.later(TimeDelta::days(1));
            steps += reminded();
        }
        // Twenty, five and no working days before; one and twenty after.
        assert_eq!(steps, 5);
        let got = async |person: &Person| {
            let page = app.get(person, "/notifications?limit=200").await.is(200);
            let items = page["items"].as_array().expect("items").clone();
            items.into_iter().filter(|one| one["event"] == "reminder").count()
        };
        assert_eq!(got(&drafter).await, 5);
        assert_eq!(got(&auditor).await, 2, "only once it is late");
        let shown = app.get(&auditor, &life.path("findings")).await.is(200);
        assert_eq!(shown["items"][0]["overdue"], true);
        // What is followed up waits for nobody of the region; what comes back does again, and what is closed does not.
        let slip = evidence(&life, &drafter).await.is(201);
        let body = json!({ "text": "Disetor.", "amount_idr": AT_ISSUE, "documents": [slip["id"]] });
        let answered = follow_up(&app, &drafter, &made, body).await.is(201);
        assert_eq!(radar(&auditor).await["count"], 0);
        let back = json!({ "reason": "Belum jelas.", "due_on": app.in_days(40) });
        life.step_of(&auditor, "findings", &answered, "return", back).await.is(200);
        assert_eq!(radar(&auditor).await["items"][0]["days_left"], 40);
        let answered = follow_up(&app, &drafter, &made, json!({ "text": "Terlampir." })).await.is(201);
        let body = json!({ "outcome": "settled", "reason": "Sesuai." });
        life.step_of(&auditor, "findings", &answered, "close", body).await.is(200);
        assert_eq!(radar(&auditor).await["count"], 0);
        // Nothing is left to bring evidence for.
        evidence(&life, &drafter).await.refused(409, &["not_from_here"]);
        app.verified();
    }

    async fn what_is_settled_is_the_auditor_s_word_and_not_what_the_region_said(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let auditor = auditor_of(&app, HOME).await;
        let drafter = life.who(Role::Drafter).await;
        let answered = async || {
            let made = open(&life, &auditor, json!({})).await.is(201);
            let first = follow_up(&app, &drafter, &made, json!({ "text": "Disetor.", "amount_idr": 8_000_000 })).await.is(201);
            let back = life.step_of(&auditor, "findings", &first, "return", json!({ "reason": "STS palsu." })).await.is(200);
            follow_up(&app, &drafter, &back, json!({ "text": "Tidak dapat disetor." })).await.is(201)
        };
        let close = async |finding: &Value, outcome: &str, settled: Value| {
            let mut body = json!({ "outcome": outcome, "reason": "Penyedia pailit." });
            if !settled.is_null() {
                body["settled_idr"] = settled;
            }
            life.step_of(&auditor, "findings", finding, "close", body).await
        };
        let one = answered().await;
        let refused = close(&one, "cannot_be_followed_up", Value::Null).await;
        refused.refused(422, &["required"]);
        assert_eq!(refused.pointers(), ["/settled_idr"]);
        let closed = close(&one, "cannot_be_followed_up", json!(0)).await.is(200);
        assert_eq!(closed["settled_idr"], 0);
        let closed = close(&answered().await, "withdrawn", Value::Null).await.is(200);
        assert_eq!(closed["settled_idr"], 0);
        let closed = close(&answered().await, "settled", Value::Null).await.is(200);
        assert_eq!(closed["settled_idr"], AT_ISSUE);
        let bare = open(&life, &auditor, json!({ "claimed_idr": null, "found_idr": null })).await.is(201);
        let closed = close(&bare, "cannot_be_followed_up", Value::Null).await.is(200);
        assert_eq!(closed["settled_idr"], 0, "nothing is at issue");
        app.verified();
    }

    async fn a_day_is_over_by_the_region_s_clock_in_lists_too(db) {
        let app = TestApp::on(db);
        let nation = app.of(Role::Auditor, HOME).await;
        let here = CONSTRUCTION.draft(&app).await;
        let far = CONSTRUCTION.within("91.03").draft(&app).await;
        let due = json!({ "due_on": app.in_days(3) });
        open(&here, &nation, due.clone()).await.is(201);
        open(&far, &nation, due).await.is(201);
        // Half past midnight in Papua is half past ten in the evening in Bandar Lampung.
        app.at(&format!("{}T15:30:00Z", app.in_days(3)));
        let all = app.get(&nation, "/findings").await.is(200);
        let late: Vec<_> = all["items"].as_array().expect("items").iter().map(|one| one["overdue"].clone()).collect();
        assert_eq!(late, [json!(false), json!(true)]);
        let listed = app.get(&nation, "/findings?overdue=true").await.is(200);
        let items = listed["items"].as_array().expect("items");
        assert_eq!((items.len(), &items[0]["region_code"]), (1, &json!("91.03")));
    }

    async fn what_came_back_can_be_answered_however_much_was_said(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let auditor = auditor_of(&app, HOME).await;
        let drafter = life.who(Role::Drafter).await;
        let made = open(&life, &auditor, json!({})).await.is(201);
        let mut now = made.clone();
        for _ in 0..99 {
            now = follow_up(&app, &drafter, &made, json!({ "text": "Sudah." })).await.is(201);
        }
        let back = json!({ "reason": "Belum." });
        let returned = life.step_of(&auditor, "findings", &now, "return", back.clone()).await.is(200);
        assert_eq!(returned["follow_ups"].as_array().map(Vec::len), Some(100));
        let answered = follow_up(&app, &drafter, &made, json!({ "text": "Disetor.", "amount_idr": AT_ISSUE })).await.is(201);
        follow_up(&app, &drafter, &made, json!({ "text": "Lagi." })).await.refused(409, &["too_many_follow_ups"]);
        life.step_of(&auditor, "findings", &answered, "return", back).await.refused(409, &["too_many_follow_ups"]);
        let body = json!({ "outcome": "settled", "reason": "Sesuai." });
        life.step_of(&auditor, "findings", &answered, "close", body).await.is(200);
    }

    async fn what_is_changed_of_a_finding_behind_the_service_is_found(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let auditor = auditor_of(&app, HOME).await;
        let drafter = life.who(Role::Drafter).await;
        for _ in 0..3 {
            let made = open(&life, &auditor, json!({})).await.is(201);
            let answered = follow_up(&app, &drafter, &made, json!({ "text": "Disetor." })).await.is(201);
            let body = json!({ "outcome": "settled", "reason": "Sesuai." });
            life.step_of(&auditor, "findings", &answered, "close", body).await.is(200);
        }
        app.verified();
        let breaches = |sql: &str| {
            app.database.execute(sql);
            verify::verify(&app.services, |_| {}).expect("a verification").breaches
        };
        let found = breaches("UPDATE findings SET settled_idr = 5 WHERE n = 1");
        assert!(found.iter().any(|one| one.contains("finding") && one.contains("revision") && one.contains("/settled_idr")), "{found:?}");
        let found = breaches(&format!("UPDATE findings SET settled_idr = {} WHERE n = 1", AT_ISSUE + 1));
        assert!(found.iter().any(|one| one.contains("finding 1") && one.contains("at issue")), "{found:?}");
        breaches(&format!("UPDATE findings SET settled_idr = {AT_ISSUE} WHERE n = 1"));
        app.verified();
        let found = breaches("UPDATE findings SET outcome = NULL WHERE n = 3");
        assert!(found.iter().any(|one| one.contains("finding 3") && one.contains("closed")), "{found:?}");
        let found = breaches("UPDATE findings SET outcome = 'settled', n = 4 WHERE n = 3");
        assert!(found.iter().any(|one| one.contains("number")), "{found:?}");
    }

    async fn one_person_does_not_audit_and_follow_up_however_close_together(db) {
        let app = TestApp::on(db);
        let grants = vec![(Role::Auditor, Some(HOME.into())), (Role::Drafter, Some(HOME.into()))];
        let both = app.someone("auditor drafter", Role::Drafter, grants).await;
        let auditor = auditor_of(&app, HOME).await;
        for _ in 0..3 {
            let life = CONSTRUCTION.draft(&app).await;
            let made = open(&life, &auditor, json!({})).await.is(201);
            let path = format!("/findings/{}/follow-ups", text(&made["id"]));
            // Both come as far as they get while another transaction has the row; then it lets them go on.
            let mut other = app.database.connect();
            let taken = match app.database.kind {
                Kind::Sqlite => "BEGIN IMMEDIATE".to_owned(),
                Kind::Postgres => format!("BEGIN; SELECT 1 FROM proposals WHERE id = '{}' FOR UPDATE", life.id),
            };
            other.batch_execute(&taken).expect("taken");
            let let_go = async {
                actix_web::rt::time::sleep(std::time::Duration::from_millis(400)).await;
                other.batch_execute("ROLLBACK").expect("let go");
            };
            let audits = app.post(&both, &life.path("findings"), draft(json!({}))).into_future();
            let follows = app.post(&both, &path, json!({ "text": "Sudah." })).into_future();
            let holds = app.post(&both, &life.path("holds"), json!({ "reason": "Volume." })).into_future();
            let (audits, follows, holds, ()) = join4(audits, follows, holds, let_go).await;
            let audited = [audits.status, holds.status];
            match follows.status {
                201 => assert_eq!(audited, [403, 403], "{audits} {holds}"),
                _ => assert_eq!((audited, follows.status), ([201, 201], 403), "{follows}"),
            }
        }
        let sql = "SELECT COUNT(*) FROM participations a JOIN participations b ON a.proposal_id = b.proposal_id \
            AND a.user_id = b.user_id WHERE a.duty = 'audit' AND b.duty <> 'audit'";
        assert_eq!(app.database.number(sql), 0);
        app.verified();
    }

    async fn findings_of_all_proposals_are_listed_within_sight(db) {
        let app = TestApp::on(db);
        let nation = app.of(Role::Auditor, HOME).await;
        let here = CONSTRUCTION.at(&app, "contracted").await;
        let there = CONSTRUCTION.within(FOREIGN).at(&app, "contracted").await;
        let first = open(&here, &nation, json!({ "due_on": app.in_days(3) })).await.is(201);
        let second = open(&here, &nation, json!({ "kind": "land" })).await.is(201);
        let third = open(&there, &nation, json!({})).await.is(201);
        follow_up(&app, &here.who(Role::Drafter).await, &second, json!({ "text": "Sudah." })).await.is(201);
        app.later(TimeDelta::days(4));
        let ids = async |by: &Person, query: &str| {
            let page = app.get(by, &format!("/findings?{query}")).await.is(200);
            let items = page["items"].as_array().expect("items").clone();
            items.iter().map(|one| text(&one["id"])).collect::<Vec<_>>()
        };
        let all = [&first, &second, &third].map(|one| text(&one["id"]));
        assert_eq!(ids(&nation, "").await, all);
        assert_eq!(ids(&nation, "state=open").await, [all[0].clone(), all[2].clone()]);
        assert_eq!(ids(&nation, "kind=land").await, [all[1].clone()]);
        assert_eq!(ids(&nation, "overdue=true").await, [all[0].clone()]);
        assert_eq!(ids(&nation, &format!("region_code={FOREIGN}&fiscal_year=2021")).await, [all[2].clone()]);
        assert_eq!(ids(&nation, "fiscal_year=2020").await, Vec::<String>::new());
        assert_eq!(ids(&auditor_of(&app, HOME).await, "").await, all[..2]);
        assert_eq!(ids(&here.who(Role::Drafter).await, "").await, all[..2]);
        let page = app.get(&nation, "/findings?limit=2").await.is(200);
        let rest = ids(&nation, &format!("cursor={}", text(&page["next_cursor"]))).await;
        assert_eq!(rest, [all[2].clone()]);
    }

    async fn the_same_follow_up_sent_twice_is_said_once(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let made = open(&life, &auditor_of(&app, HOME).await, json!({})).await.is(201);
        let (drafter, path) = (life.who(Role::Drafter).await, format!("/findings/{}/follow-ups", text(&made["id"])));
        let send = || app.post(&drafter, &path, json!({ "text": "Sudah." })).key("tindak-lanjut-1");
        let one = send().await;
        one.is(201);
        let two = send().await;
        assert_eq!((one.bytes, two.replayed()), (two.bytes.clone(), true));
        assert_eq!(life.list("findings").await[0]["follow_ups"].as_array().expect("a list").len(), 1);
        assert_eq!(app.database.number("SELECT COUNT(*) FROM follow_ups"), 1);
    }
}
