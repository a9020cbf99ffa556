//! Readiness: the checklist and the list of actions say the same, waivers let go on, double funding has to be answered.

use crate::on_both;
use crate::support::app::{FOREIGN, TestApp};
use crate::support::client::text;
use crate::support::documents::{PDF, photo, upload};
use crate::support::life::{CONSTRUCTION, Case, Life, REVITALISATION};
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the list of actions names as lacking, by action; only actions that look at documents at all have an entry when
/// something lacks.
async fn told_by_actions(life: &Life<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let approver = life.who(Role::Approver).await;
    let body = life.app.get(&approver, &life.path("actions")).await.is(200);
    let mut told = BTreeMap::new();
    for item in body["items"].as_array().expect("actions") {
        let lacking: BTreeSet<String> = item["blockers"]
            .as_array()
            .expect("blockers")
            .iter()
            .filter(|blocker| blocker["code"] == "documents_ready")
            .map(|blocker| text(&blocker["pointer"]).trim_start_matches("/documents/").to_owned())
            .collect();
        told.insert(text(&item["action"]), lacking);
    }
    told
}

/// The actions that look at documents, as the machine tells.
async fn guarded(life: &Life<'_>) -> BTreeSet<String> {
    let approver = life.who(Role::Approver).await;
    let path = format!("/workflows/{}", life.case.menu);
    let machine = life.app.get(&approver, &path).await.is(200);
    machine["arrows"]
        .as_array()
        .expect("arrows")
        .iter()
        .filter(|arrow| {
            arrow["guards"].as_array().is_some_and(|all| all.contains(&json!("documents_ready")))
        })
        .map(|arrow| text(&arrow["action"]))
        .collect()
}

/// The checklist and the list of actions name the same documents for every action from here.
async fn agrees(life: &Life<'_>) {
    let guarded = guarded(life).await;
    for (action, told) in told_by_actions(life).await {
        let expected = match guarded.contains(&action) {
            true => life.lacking(&[action.as_str()]).await,
            false => BTreeSet::new(),
        };
        assert_eq!(told, expected, "{action} from {}", life.state().await);
    }
}

/// Lives to its end, and looks at each step, before and after the documents of the step are there.
async fn lives_in_agreement(life: &Life<'_>) {
    for _ in 0..30 {
        let state = life.state().await;
        agrees(life).await;
        if state == "closed" {
            return;
        }
        if ["draft", "site_verification", "funded"].contains(&state.as_str()) {
            let (role, action) = match state.as_str() {
                "draft" => (Role::Drafter, "request_planning_check"),
                "site_verification" => (Role::Reviewer, "confirm_site"),
                _ => (Role::Drafter, "complete_works"),
            };
            assert!(!life.lacking(&[action]).await.is_empty(), "{state} asks for documents");
            let refused = life.act(role, json!({ "action": action })).await.is(409);
            let codes: BTreeSet<String> = refused["blockers"]
                .as_array()
                .expect("blockers")
                .iter()
                .map(|blocker| text(&blocker["code"]))
                .collect();
            assert!(codes.contains("documents_ready"), "{codes:?}");
            life.bring().await;
            agrees(life).await;
            assert_eq!(life.lacking(&[action]).await, BTreeSet::new());
        }
        Box::pin(life.step(&state)).await;
    }
    panic!("it does not end");
}

async fn item(life: &Life<'_>, document_type: &str) -> Value {
    let approver = life.who(Role::Approver).await;
    let checklist = life.app.get(&approver, &life.path("readiness")).await.is(200);
    let stages = checklist["stages"].as_array().expect("stages").clone();
    stages
        .iter()
        .flat_map(|stage| stage["documents"].as_array().expect("documents"))
        .find(|item| item["document_type"] == document_type)
        .unwrap_or_else(|| panic!("{document_type} is not asked for"))
        .clone()
}

/// A second proposal of the same centre.
async fn sibling<'a>(life: &Life<'a>, case: Case) -> Life<'a> {
    let drafter = life.who(Role::Drafter).await;
    let mut body = case.draft_body();
    body["centre_id"] = life.shown().await["centre_id"].clone();
    let id = text(&life.app.post(&drafter, "/proposals", body).await.is(201)["id"]);
    let other = Life { app: life.app, case, id };
    other.put(Role::Drafter, "lines", case.lines()).await.is(200);
    other
}

on_both! {
    async fn at_every_step_the_checklist_and_the_actions_say_the_same(db) {
        let app = TestApp::on(db);
        lives_in_agreement(&REVITALISATION.anew().draft(&app).await).await;
        lives_in_agreement(&CONSTRUCTION.draft(&app).await).await;
        app.verified();
    }

    async fn a_revitalisation_that_builds_nothing_needs_no_visit_and_no_certificate(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        let approver = life.who(Role::Approver).await;
        let checklist = app.get(&approver, &life.path("readiness")).await;
        assert_eq!(checklist.header("ETag"), Some(format!("\"{}\"", life.version().await).as_str()));
        let checklist = checklist.is(200);
        let stages: Vec<_> = checklist["stages"].as_array().expect("stages").iter()
            .map(|stage| text(&stage["stage"])).collect();
        assert_eq!(stages, ["request_planning_check", "confirm_planning", "submit", "accept_contracts", "disburse", "complete_works", "close"]);
        let all = checklist.to_string();
        assert!(all.contains("condition_survey") && !all.contains("land_certificate"), "{all}");
        life.to("closed").await;
    }

    async fn a_document_that_is_too_old_or_undated_does_not_do(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let send = |fields: &'static [(&'static str, &'static str)]| upload(&app, &drafter, &life.id, fields, PDF);
        assert_eq!(item(&life, "served_businesses").await["state"], "missing");
        let undated = send(&[("type", "served_businesses")]).await.is(201);
        assert_eq!(item(&life, "served_businesses").await["state"], "undated");
        let old = [("type", "served_businesses"), ("issued_on", "2018-01-05"), ("supersedes_id", &text(&undated["id"]))];
        let old = upload(&app, &drafter, &life.id, &old, PDF).await.is(201);
        let told = item(&life, "served_businesses").await;
        assert_eq!((&told["state"], &told["holds_until"]), (&json!("expired"), &json!("2019-01-05")));
        assert_eq!(told["documents"], json!([old["id"]]));
        let new = [("type", "served_businesses"), ("issued_on", "2020-05-01"), ("supersedes_id", &text(&old["id"]))];
        upload(&app, &drafter, &life.id, &new, PDF).await.is(201);
        assert_eq!(item(&life, "served_businesses").await["state"], "present");
    }

    async fn a_picture_without_its_position_does_not_do(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "site_verification").await;
        let reviewer = life.who(Role::Reviewer).await;
        let bare = photo("2020:05:11 09:00:00", None);
        let file = ("foto.jpg", "image/jpeg", bare.as_slice());
        upload(&app, &reviewer, &life.id, &[("type", "photo_visit")], file).await.is(201);
        assert_eq!(item(&life, "photo_visit").await["state"], "no_position");
        assert!(life.lacking(&["confirm_site"]).await.contains("photo_visit"));
        life.to("harmonisation").await;
        assert_eq!(item(&life, "photo_visit").await["state"], "present");
    }

    async fn a_document_is_brought_by_whose_it_is_and_not_before_its_time(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        for early in ["site_visit_report", "photo_visit", "handover_minutes", "photo_100"] {
            life.bring_one(&drafter, early).await.is(201);
        }
        assert_eq!(item(&life, "site_visit_report").await["state"], "wrong_role");
        assert_eq!(item(&life, "photo_visit").await["state"], "wrong_role");
        assert_eq!(item(&life, "handover_minutes").await["state"], "too_early");
        assert_eq!(item(&life, "photo_100").await["state"], "too_early");
        let shown = life.list("documents").await;
        assert_eq!((&shown[0]["uploaded_role"], &shown[0]["uploaded_in"]), (&json!("drafter"), &json!("draft")));
        life.to("site_verification").await;
        let lacking = life.lacking(&["confirm_site"]).await;
        assert_eq!(lacking, ["photo_visit", "site_visit_report"].map(String::from).into());
        agrees(&life).await;
        life.to("funded").await;
        assert!(life.lacking(&["complete_works"]).await.is_superset(&["handover_minutes", "photo_100"].map(String::from).into()));
        life.to("reporting").await;
    }

    async fn a_document_is_not_issued_tomorrow(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let tomorrow = app.in_days(1);
        let fields = [("type", "served_businesses"), ("issued_on", tomorrow.as_str())];
        let refused = upload(&app, &drafter, &life.id, &fields, PDF).await;
        refused.refused(422, &["future"]);
        assert_eq!(refused.pointers(), ["/issued_on"]);
        assert_eq!(life.list("documents").await, Vec::<Value>::new());
    }

    async fn a_closed_proposal_is_told_how_it_was_and_not_what_to_bring(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "closed").await;
        app.later(chrono::TimeDelta::days(800));
        let approver = life.who(Role::Approver).await;
        let checklist = app.get(&approver, &life.path("readiness")).await.is(200);
        for stage in checklist["stages"].as_array().expect("stages") {
            assert_eq!((&stage["passed"], &stage["ready"]), (&json!(true), &json!(true)), "{stage}");
        }
        assert!(!checklist.to_string().contains("POST"), "{checklist}");
    }

    async fn a_line_that_comes_in_clarification_asks_for_its_documents(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "technical_review").await;
        life.ask_changes(Role::Reviewer, &["/lines"]).await;
        let ask = json!({ "action": "request_clarification", "data": { "due_on": app.in_days(10) } });
        life.act(Role::Reviewer, ask).await.is(200);
        let mut lines = life.case.lines();
        lines["lines"][0]["builds_anew"] = json!(true);
        life.put(Role::Drafter, "lines", lines).await.is(200);
        life.answer_changes().await;
        let answer = json!({ "action": "answer", "comment": "Dibangun baru." });
        life.act(Role::RegionalHead, answer.clone()).await.refused(409, &["documents_ready"]);
        assert_eq!(life.lacking(&[]).await, BTreeSet::from(["land_certificate".to_owned()]));
        agrees(&life).await;
        life.bring().await;
        life.act(Role::RegionalHead, answer).await.is(200);
        life.to("site_verification").await;
    }

    async fn an_approver_waives_a_document_and_takes_that_back(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        life.bring().await;
        life.to("technical_review").await;
        let waiver = json!({ "document_type": "site_visit_report", "reason": "Rapat daring, rekaman terlampir." });
        for role in [Role::Drafter, Role::RegionalHead, Role::Reviewer, Role::Planner] {
            life.add(role, "waivers", waiver.clone()).await.is(403);
        }
        let unknown = json!({ "document_type": "gap_list", "reason": "Tidak perlu." });
        let body = life.add(Role::Approver, "waivers", unknown).await.is(422);
        assert_eq!((&body["errors"][0]["pointer"], &body["errors"][0]["code"]), (&json!("/document_type"), &json!("not_needed")));
        let blank = json!({ "document_type": "site_visit_report", "reason": " " });
        life.add(Role::Approver, "waivers", blank).await.is(422);
        let made = life.add(Role::Approver, "waivers", waiver.clone()).await.is(201);
        assert_eq!(life.list("waivers").await, std::slice::from_ref(&made));
        life.add(Role::Approver, "waivers", waiver.clone()).await.refused(409, &["waived"]);
        let told = item(&life, "site_visit_report").await;
        assert_eq!((&told["state"], &told["waiver_id"]), (&json!("waived"), &made["id"]));
        life.to("site_verification").await;
        assert!(!life.lacking(&["confirm_site"]).await.contains("site_visit_report"));

        let approver = life.who(Role::Approver).await;
        let words = json!({ "reason": "Rekaman tidak ada." });
        let revoke = || life.step_of(&approver, "waivers", &made, "revoke", words.clone());
        let reviewer = life.who(Role::Reviewer).await;
        life.step_of(&reviewer, "waivers", &made, "revoke", words.clone()).await.is(403);
        assert_eq!(revoke().await.is(200)["revoked_reason"], words["reason"]);
        revoke().await.is(412);
        assert_eq!(item(&life, "site_visit_report").await["state"], "missing");
        agrees(&life).await;
        life.add(Role::Approver, "waivers", waiver).await.is(201);
        app.deliver();
        let drafter = life.who(Role::Drafter).await;
        let inbox = app.get(&drafter, "/notifications?limit=200").await.is(200).to_string();
        assert!(inbox.contains("waiver_granted") && inbox.contains("waiver_revoked"), "{inbox}");
        let stranger = app.of(Role::Drafter, FOREIGN).await;
        for path in ["waivers", "readiness", "double-funding"] {
            app.get(&stranger, &life.path(path)).await.is(404);
        }
        app.verified();
    }

    async fn who_reviewed_does_not_waive(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let both = vec![(Role::Reviewer, None), (Role::Approver, None)];
        let both = app.someone("both", Role::Reviewer, both).await;
        app.post(&both, &life.path("change-requests"), json!({ "items": [{ "pointer": "/title", "comment": "Judul." }] }))
            .await.is(201);
        let waiver = json!({ "document_type": "site_visit_report", "reason": "Dikenal." });
        app.post(&both, &life.path("waivers"), waiver).await.refused(403, &["four_eyes"]);
    }

    async fn a_line_answers_a_gap_that_the_proposal_names(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        life.bring().await;
        let ask = || life.act(Role::Drafter, json!({ "action": "request_planning_check" }));
        life.patch(Role::Drafter, json!({ "gaps": [] })).await.is(200);
        ask().await.refused(409, &["gaps_answered"]);
        let other = json!({ "gaps": [{ "code": "G2", "description": "Tidak ada air bersih" }] });
        life.patch(Role::Drafter, other).await.is(200);
        let body = ask().await.refused(409, &["gaps_answered"]);
        assert!(text(&body["blockers"][0]["message"]).contains("(G2)"), "{body}");
        let twice = json!({ "gaps": [{ "code": "G1", "description": "A" }, { "code": "G1", "description": "B" }] });
        let body = life.patch(Role::Drafter, twice).await.is(422);
        assert_eq!(body["errors"][0]["pointer"], "/gaps/1/code");
        let right = json!({ "gaps": [{ "code": "G1", "description": "Ruang sempit" }] });
        let shown = life.patch(Role::Drafter, right.clone()).await.is(200);
        assert_eq!(shown["gaps"], right["gaps"]);
        ask().await.is(200);
    }

    async fn a_line_that_comes_in_clarification_answers_a_gap_too(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "technical_review").await;
        life.ask_changes(Role::Reviewer, &["/lines"]).await;
        let ask = json!({ "action": "request_clarification", "data": { "due_on": app.in_days(10) } });
        life.act(Role::Reviewer, ask).await.is(200);
        let mut lines = life.case.lines();
        lines["lines"][0]["gap"] = json!("G9");
        life.put(Role::Drafter, "lines", lines).await.is(200);
        life.answer_changes().await;
        let answer = json!({ "action": "answer", "comment": "Sudah." });
        let course = life.act(Role::RegionalHead, answer.clone()).await;
        course.refused(409, &["gaps_answered"]);
        // It can be mended at once, though the request is answered.
        life.put(Role::Drafter, "lines", life.case.lines()).await.is(200);
    }

    async fn an_answer_holds_for_no_more_money_than_it_was_given_for(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        life.bring().await;
        let lines = |amount: i64| {
            let mut lines = life.case.lines();
            let mut own = lines["lines"][0].clone();
            own["fund_source"] = json!("APBD");
            own["volume_thousandths"] = json!(1_000);
            own["unit_cost_idr"] = json!(amount);
            lines["lines"].as_array_mut().expect("lines").push(own);
            lines
        };
        life.put(Role::Drafter, "lines", lines(40_000_000)).await.is(200);
        life.answer_warnings().await;
        life.put(Role::Drafter, "lines", lines(4_000_000_000)).await.is(200);
        let shown = app.get(&life.who(Role::Drafter).await, &life.path("double-funding")).await.is(200);
        assert_eq!(shown["warnings"][0]["answered"], false, "{shown}");
        let ask = || life.act(Role::Drafter, json!({ "action": "request_planning_check" }));
        ask().await.refused(409, &["double_funding_answered"]);
        life.answer_warnings().await;
        life.put(Role::Drafter, "lines", lines(30_000_000)).await.is(200);
        ask().await.is(200);
    }

    async fn what_the_same_centre_got_before_is_shown_and_has_to_be_answered(db) {
        let app = TestApp::on(db);
        let first = REVITALISATION.at(&app, "technical_review").await;
        let second = sibling(&first, REVITALISATION).await;
        second.bring().await;
        let ask = || second.act(Role::Drafter, json!({ "action": "request_planning_check" }));
        let body = ask().await.refused(409, &["double_funding_answered"]);
        let key = format!("proposal:{}:production_house", first.id);
        assert_eq!(body["blockers"][0]["pointer"], json!(format!("/double-funding/{key}")));
        let shown = app.get(&second.who(Role::Reviewer).await, &second.path("double-funding")).await.is(200);
        let [warning] = shown["warnings"].as_array().expect("warnings").as_slice() else { panic!("{shown}") };
        for (field, value) in [
            ("key", json!(key)), ("origin", json!("proposal")), ("origin_id", json!(first.id)),
            ("component", json!("production_house")), ("asked_idr", json!(second.case.unit_cost_idr * 800)),
            ("other_idr", json!(first.case.unit_cost_idr * 800)), ("line_nos", json!([1])), ("answer", Value::Null),
        ] {
            assert_eq!(warning[field], value, "{field}");
        }
        let unknown = json!({ "warning": "proposal:x:y", "answer": "Lain." });
        second.add(Role::Drafter, "funding-answers", unknown).await.is(422);
        let answer = json!({ "warning": key, "answer": "Yang dahulu gudang." });
        second.add(Role::Planner, "funding-answers", answer.clone()).await.is(403);
        second.add(Role::Drafter, "funding-answers", answer).await.is(201);
        let again = json!({ "warning": key, "answer": "Yang dahulu lantai satu." });
        let again = second.add(Role::Drafter, "funding-answers", again).await.is(201);
        let shown = app.get(&second.who(Role::Reviewer).await, &second.path("double-funding")).await.is(200);
        assert_eq!(shown["warnings"][0]["answer"], again);
        ask().await.is(200);
        second.add(Role::Drafter, "funding-answers", json!({ "warning": key, "answer": "Terlambat." })).await
            .refused(409, &["not_from_here"]);
        app.verified();
    }

    async fn a_proposal_that_got_no_money_is_no_double_funding(db) {
        let app = TestApp::on(db);
        let first = REVITALISATION.draft(&app).await;
        let second = sibling(&first, REVITALISATION).await;
        let shown = || async { app.get(&second.who(Role::Reviewer).await, &second.path("double-funding")).await.is(200) };
        assert_eq!(shown().await["warnings"].as_array().map(Vec::len), Some(1));
        first.act(Role::RegionalHead, json!({ "action": "withdraw", "comment": "Salah." })).await.is(200);
        assert_eq!(shown().await["warnings"], json!([]));
    }

    async fn money_from_other_budgets_is_recorded_on_the_centre_and_warned_of(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.draft(&app).await;
        life.bring().await;
        let centre = text(&life.shown().await["centre_id"]);
        let path = format!("/centres/{centre}/fundings");
        let body = json!({
            "fiscal_year": 2020, "fund_source": "APBD", "component": "production_house",
            "description": "Rumah produksi tahap pertama", "amount_idr": 300_000_000, "legal_basis": "DPA 2020",
        });
        let planner = life.who(Role::Planner).await;
        let stranger = app.of(Role::Drafter, FOREIGN).await;
        app.post(&stranger, &path, body.clone()).await.is(403);
        let mut nothing = body.clone();
        nothing["amount_idr"] = json!(0);
        app.post(&planner, &path, nothing).await.is(422);
        let made = app.post(&planner, &path, body).await.is(201);
        let listed = app.get(&planner, &path).await.is(200);
        assert_eq!(listed["items"], json!([made]));
        let ask = || life.act(Role::Drafter, json!({ "action": "request_planning_check" }));
        ask().await.refused(409, &["double_funding_answered"]);
        let withdraw = json!({ "reason": "Salah sentra." });
        let gone = life.step_of(&planner, "centre-fundings", &made, "withdraw", withdraw.clone()).await.is(200);
        assert_eq!(gone["withdrawn_reason"], withdraw["reason"]);
        life.step_of(&planner, "centre-fundings", &gone, "withdraw", withdraw.clone()).await.refused(409, &["withdrawn"]);
        let reviewer = life.who(Role::Reviewer).await;
        let body = json!({
            "fiscal_year": 2019, "fund_source": "APBN", "component": "clean_water",
            "description": "Sumur", "amount_idr": 5, "legal_basis": "DIPA 2019",
        });
        let known = app.post(&reviewer, &path, body).await.is(201);
        for role in [Role::Drafter, Role::Planner] {
            life.step_of(&life.who(role).await, "centre-fundings", &known, "withdraw", withdraw.clone()).await.is(403);
        }
        ask().await.is(200);
        app.verified();
    }

    async fn double_funding_that_comes_to_light_later_stops_the_recommendation(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "technical_review").await;
        let centre = text(&life.shown().await["centre_id"]);
        let body = json!({
            "fiscal_year": 2019, "fund_source": "APBN", "component": "production_house",
            "description": "Bantuan kementerian", "amount_idr": 1_000_000, "legal_basis": "DIPA 2019",
        });
        let reviewer = life.who(Role::Reviewer).await;
        let made = app.post(&reviewer, &format!("/centres/{centre}/fundings"), body).await.is(201);
        life.assess_lines().await;
        let recommend = || life.act(Role::Reviewer, json!({ "action": "recommend" }));
        recommend().await.refused(409, &["double_funding_answered"]);
        life.ask_changes(Role::Reviewer, &["/summary"]).await;
        let ask = json!({ "action": "request_clarification", "data": { "due_on": app.in_days(10) } });
        life.act(Role::Reviewer, ask).await.is(200);
        let key = format!("centre_funding:{}:production_house", text(&made["id"]));
        life.add(Role::Drafter, "funding-answers", json!({ "warning": key, "answer": "Itu mesin." })).await.is(201);
        life.step("clarification").await;
        life.step("technical_review").await;
        assert_eq!(life.state().await, "harmonisation");
    }
}
