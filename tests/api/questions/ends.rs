//! Questions of what was not disbursed, of use and assets, of the whole chain; and a life in order.

use super::{asked, figure, file, filed, finds, passes, said};
use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::client::text;
use crate::support::documents::{PDF, upload};
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use chrono::TimeDelta;
use sentra::domain::people::Role;
use serde_json::json;

const TOTAL: i64 = CONSTRUCTION.total();

/// That no question of what is wrong finds anything about a life.
async fn in_order(life: &Life<'_>) {
    let auditor = life.who(Role::Auditor).await;
    let listed = life.app.get(&auditor, "/audit/questions").await.is(200);
    let questions = listed["items"].as_array().expect("questions").clone();
    let numbers: Vec<i64> = questions.iter().filter_map(|one| one["number"].as_i64()).collect();
    let expected: Vec<i64> = (1..=20).collect();
    assert_eq!(numbers, expected);
    for question in questions {
        let slug = text(&question["slug"]);
        let rows = asked(life, &slug).await;
        match text(&question["kind"]).as_str() {
            "breach" => assert!(rows.is_empty(), "{slug}: {rows:#?}"),
            kind => assert_eq!(kind, "fact"),
        }
    }
    assert_eq!(life.app.verified(), Vec::<String>::new());
}

on_both! {
    async fn what_was_forfeited_is_told_with_the_date_that_was_missed(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        passes(&life, "not-disbursed").await;
        let cancelled = CONSTRUCTION.at(&app, "approved").await;
        cancelled.fund().await;
        cancelled.act(Role::Treasurer, cancelled.allocate_body()).await.is(200);
        cancelled.act(Role::Approver, json!({ "action": "cancel", "comment": "Lahan sengketa." })).await.is(200);
        finds(&cancelled, "not-disbursed", &["proposal.cancel", "Lahan sengketa."]).await;
        app.at("2021-07-21T10:00:00Z");
        app.sweep();
        assert_eq!(life.state().await, "forfeited");
        let row = finds(&life, "not-disbursed", &["planned", "2021-07-21", "the contract list was not accepted"]).await;
        assert_eq!(figure(&row, "released_idr").1, json!(TOTAL));
    }

    async fn a_tranche_that_passed_its_date_unpaid_is_told_with_what_became_of_its_requests(db) {
        let app = TestApp::on(db);
        let case = CONSTRUCTION.in_tranches(2);
        let mut lives = Vec::new();
        for _ in 0..4 {
            let life = filed(&app, case, "contracted").await;
            life.request_tranche(1, TOTAL / 2).await.is(201);
            life.review_and_verify().await;
            life.pay().await.is(200);
            passes(&life, "not-disbursed").await;
            lives.push(life);
        }
        let [silent, refused, held, other] = lives.as_slice() else { panic!("four lives") };
        refused.request_tranche(2, TOTAL / 2).await.is(201);
        // Whoever paid the first one does not decide on the next.
        let treasurer = app.nth(Role::Treasurer, HOME, 2).await;
        let request = refused.request().await;
        let reason = json!({ "comment": "Tidak lengkap." });
        refused.step_of(&treasurer, "tranche-requests", &request, "refuse", reason).await.is(200);
        let item = |life: &Life<'_>| json!({ "proposal_id": life.id, "amount_idr": TOTAL / 2 });
        let body = json!({ "n": 2, "items": [item(held), item(other)] });
        let path = format!("/allocations/{}/tranche-requests", held.allocation().await);
        app.post(&held.who(Role::RegionalHead).await, &path, body).await.is(201);
        let hold = json!({ "reason": "Volume diperiksa." });
        app.post(&held.who(Role::Auditor).await, &held.path("holds"), hold).await.is(201);
        held.review_and_verify().await;
        held.pay().await.is(200);
        for life in &lives {
            passes(life, "not-disbursed").await;
        }
        app.at("2022-01-05T03:00:00Z");
        passes(other, "not-disbursed").await;
        let date = "tranche 2 could be paid until 2021-12-31";
        let row = finds(silent, "not-disbursed", &[date, "no request was received (regional head)"]).await;
        assert_eq!(figure(&row, "undisbursed_idr"), (json!(0), json!(TOTAL / 2)));
        finds(refused, "not-disbursed", &[date, "the request of", "was refused on", "Tidak lengkap."]).await;
        finds(held, "not-disbursed", &[date, "left it out on", "for a hold of an auditor: Volume diperiksa."]).await;
        silent.to("closed").await;
        let closed = "it was not disbursed when it was closed";
        finds(silent, "not-disbursed", &["proposal.close", closed, date, "no request was received"]).await;
    }

    async fn use_and_asset_are_told_from_handover_to_closing(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "reporting").await;
        let nobody = "nobody has looked since";
        finds(&life, "in-use", &["Handed over by its builder on", "and not to its users", nobody]).await;
        finds(&life, "regional-asset", &["What was built was handed over on", "is not recorded as a regional asset"]).await;
        life.hand_over().await.is(200);
        passes(&life, "regional-asset").await;
        let registered = "the registry names 40 businesses of the centre since";
        let row = finds(&life, "in-use", &["1 businesses were to move in", registered, nobody]).await;
        assert_eq!(figure(&row, "in_use_since").1, json!(app.today()));
        assert_eq!((figure(&row, "businesses").1, figure(&row, "registered_businesses").1), (json!(null), json!(40)));
        life.bring_one(&life.who(Role::Drafter).await, "photo_use").await.is(201);
        let row = finds(&life, "in-use", &["last seen on a picture taken on", "0 m from the site"]).await;
        assert!(!text(&row["says"]).contains(nobody), "{row:#?}");
        assert_eq!(figure(&row, "last_seen_on").1, json!(app.today()));
        life.to("closed").await;
        let row = finds(&life, "in-use", &["12 worked there"]).await;
        assert_eq!(figure(&row, "businesses").1, json!(12));
    }

    async fn what_was_closed_unused_is_told_with_the_reason(db) {
        let app = TestApp::on(db);
        let idle = filed(&app, CONSTRUCTION, "operating").await;
        idle.final_report().await;
        let auditor = idle.who(Role::Auditor).await;
        let finding = crate::findings::draft(json!({ "kind": "unused" }));
        app.post(&auditor, &idle.path("findings"), finding).await.is(201);
        let row = finds(&idle, "in-use", &["finding 1 of", "says that it is not in use (open)"]).await;
        assert!(!text(&row["says"]).contains("nobody has looked"), "{row:#?}");
        let unused = json!({ "action": "close_unused", "comment": "Listrik belum tersambung." });
        idle.act(Role::Inspector, unused).await.is(200);
        finds(&idle, "in-use", &["it was closed unused", "Listrik belum tersambung."]).await;
    }

    async fn use_and_asset_of_a_revitalisation_are_told_by_what_is_recorded(db) {
        let app = TestApp::on(db);
        let life = filed(&app, REVITALISATION, "reporting").await;
        let registered = "the registry names 40 businesses of the centre since";
        let row = finds(&life, "in-use", &["Handed over on", registered, "nobody has looked since"]).await;
        assert_eq!(figure(&row, "in_use_since").1, json!(app.today()));
        finds(&life, "regional-asset", &["What was built or bought was handed over on", "is not recorded"]).await;
        let finding = crate::findings::draft(json!({ "kind": "asset_not_recorded" }));
        app.post(&life.who(Role::Auditor).await, &life.path("findings"), finding).await.is(201);
        finds(&life, "regional-asset", &["finding 1 of", "says so (open)"]).await;
        let today = app.today();
        let fields = [("type", "asset_record"), ("issued_on", today.as_str())];
        let drafter = life.who(Role::Drafter).await;
        upload(&app, &drafter, &life.id, &fields, PDF).await.is(201);
        finds(&life, "regional-asset", &["is not recorded"]).await;
        file(&life, "asset_record", "BMD/7", &app.today()).await;
        passes(&life, "regional-asset").await;
        life.to("closed").await;
        let row = finds(&life, "in-use", &["with 55 businesses, where there had been 40"]).await;
        assert_eq!(figure(&row, "businesses").1, json!(55));
        assert!(!text(&row["says"]).contains("nobody has looked"), "{row:#?}");
    }

    async fn what_was_handed_over_before_it_was_paid_is_told_whatever_becomes_of_it(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION.recommended(), "contracted").await;
        passes(&life, "in-use").await;
        passes(&life, "regional-asset").await;
        life.record_handover().await.is(200);
        finds(&life, "in-use", &["Handed over by its builder on"]).await;
        finds(&life, "regional-asset", &["What was built was handed over on", "is not recorded"]).await;
        life.act(Role::Approver, json!({ "action": "cancel", "comment": "Tidak direkomendasikan." })).await.is(200);
        finds(&life, "in-use", &["Handed over by its builder on", "the proposal is cancelled"]).await;
        finds(&life, "regional-asset", &["is not recorded", "the proposal is cancelled"]).await;
    }

    async fn rules_that_ask_for_no_record_make_none_of_a_revitalisation_lacking(db) {
        let app = TestApp::on(db);
        app.pay_in(1).await;
        let administrator = app.of(Role::Administrator, HOME).await;
        let shown = app.get(&administrator, "/policies/2021").await.is(200);
        let mut policy = shown["policy"].clone();
        let rules = policy["documents"].as_array_mut().expect("documents");
        rules.retain(|rule| rule["type"] != "asset_record" || rule["menus"] == json!(["construction"]));
        app.put(&administrator, "/policies/2021", policy).if_match(&shown["version"]).await.is(200);
        let life = filed(&app, REVITALISATION, "reporting").await;
        finds(&life, "regional-asset", &["no record of it as a regional asset (BMD) was brought"]).await;
    }

    async fn what_ended_with_no_output_is_no_asset_that_is_not_recorded(db) {
        let app = TestApp::on(db);
        let (nothing, some) = (filed(&app, CONSTRUCTION, "funded").await, filed(&app, CONSTRUCTION, "funded").await);
        app.later(chrono::TimeDelta::days(200));
        for (life, output_bp, is_there) in [(nothing, 0, false), (some, 7_000, true)] {
            let statement = json!({ "number": "S/1", "date": app.today(), "finished_by": "APBD 2022" });
            let data = json!({ "output_bp": output_bp, "statement": statement });
            life.act(Role::Inspector, json!({ "action": "end_short", "data": data })).await.is(200);
            assert_eq!(asked(&life, "regional-asset").await.len(), usize::from(is_there), "{output_bp}");
        }
    }

    async fn a_finding_is_told_from_its_recommendation_to_its_judgement(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "contracted").await;
        passes(&life, "recommendations").await;
        let (auditor, drafter) = (life.who(Role::Auditor).await, life.who(Role::Drafter).await);
        let due_on = app.in_days(30);
        let draft = crate::findings::draft(json!({ "due_on": due_on }));
        let made = app.post(&auditor, &life.path("findings"), draft).await.is(201);
        let row = finds(&life, "recommendations", &["Tagih dan setorkan. To be followed up by", &due_on]).await;
        assert_eq!(figure(&row, "followed_up_on"), (json!(due_on), json!(null)));
        app.later(TimeDelta::days(40));
        finds(&life, "recommendations", &["Not followed up, though its last day was", &due_on]).await;
        let body = json!({ "text": "Disetor.", "amount_idr": made["at_issue_idr"] });
        let path = format!("/findings/{}/follow-ups", text(&made["id"]));
        let answered = app.post(&drafter, &path, body).await.is(201);
        let late = "after its last day";
        let row = finds(&life, "recommendations", &["Followed up on", late, "has not judged"]).await;
        assert_eq!(figure(&row, "followed_up_on"), (json!(due_on), json!(app.today())));
        let body = json!({ "outcome": "settled", "reason": "Bukti setor sesuai." });
        life.step_of(&auditor, "findings", &answered, "close", body).await.is(200);
        let row = finds(&life, "recommendations", &["Closed on", "settled", "Bukti setor sesuai."]).await;
        assert_eq!(figure(&row, "settled_idr"), (made["at_issue_idr"].clone(), made["at_issue_idr"].clone()));
        assert_eq!(figure(&row, "state").1, json!("closed"));
    }

    async fn an_answer_in_time_stays_in_time_and_one_that_was_returned_is_none(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "contracted").await;
        let (auditor, drafter) = (life.who(Role::Auditor).await, life.who(Role::Drafter).await);
        let draft = crate::findings::draft(json!({ "due_on": app.in_days(30) }));
        let made = app.post(&auditor, &life.path("findings"), draft).await.is(201);
        let path = format!("/findings/{}/follow-ups", text(&made["id"]));
        app.post(&drafter, &path, json!({ "text": "Disetor." })).await.is(201);
        let answered_on = app.today();
        app.later(TimeDelta::days(40));
        let added = app.post(&drafter, &path, json!({ "text": "Bukti setor menyusul." })).await.is(201);
        let in_time = format!("Followed up on {answered_on}; an auditor has not judged that yet.");
        let row = finds(&life, "recommendations", &[&in_time]).await;
        assert_eq!((figure(&row, "followed_up_on").1, figure(&row, "follow_ups").1), (json!(answered_on), json!(2)));
        let back = json!({ "reason": "STS palsu." });
        let back = life.step_of(&auditor, "findings", &added, "return", back).await.is(200);
        let row = finds(&life, "recommendations", &["Not followed up"]).await;
        assert_eq!(figure(&row, "followed_up_on").1, json!(null));
        let body = json!({ "outcome": "withdrawn", "reason": "Diukur ulang: sesuai." });
        life.step_of(&auditor, "findings", &back, "close", body).await.is(200);
        let row = finds(&life, "recommendations", &["Closed on", "withdrawn"]).await;
        assert_eq!(figure(&row, "followed_up_on").1, json!(null));
    }

    async fn findings_beyond_nine_are_told_in_their_order(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "contracted").await;
        let auditor = life.who(Role::Auditor).await;
        for n in 1..=12 {
            let draft = crate::findings::draft(json!({ "title": format!("Temuan ke-{n}.") }));
            app.post(&auditor, &life.path("findings"), draft).await.is(201);
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/audit/questions/recommendations?proposal_id={}&limit=1{cursor}", life.id);
            let page = app.get(&auditor, &path).await.is(200);
            seen.extend(page["items"].as_array().expect("rows").iter().map(|row| text(&row["says"])));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), 12);
        for (n, said) in (1..).zip(&seen) {
            assert!(said.contains(&format!("Temuan ke-{n}. ")), "{said}");
        }
    }

    async fn one_rupiah_is_followed_from_the_ceiling_to_the_asset(db) {
        let app = TestApp::on(db);
        let life = filed(&app, CONSTRUCTION, "closed").await;
        let auditor = life.who(Role::Auditor).await;
        let nobody = app.get(&auditor, "/audit/questions/one-rupiah").await;
        nobody.refused(422, &["required"]);
        assert_eq!(nobody.pointers(), ["/query/proposal_id"]);
        let steps = ["Ceiling (pagu)", "Plan (RK)", "Contract: bound", "Tranche", "Payment order", "Handover (BAST)",
            "Regional asset (BMD)", "Closed"];
        let all = said(&life, "one-rupiah").await;
        assert_eq!(all.len(), steps.len(), "{all:#?}");
        for (step, said) in steps.iter().zip(&all) {
            assert!(said.starts_with(step), "{step}: {all:#?}");
        }
        // One row a page, and the same rows.
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/audit/questions/one-rupiah?proposal_id={}&limit=1{cursor}", life.id);
            let page = app.get(&auditor, &path).await.is(200);
            paged.extend(page["items"].as_array().expect("rows").iter().map(|row| text(&row["says"])));
            if page["next_cursor"].is_null() {
                break;
            }
            cursor = format!("&cursor={}", text(&page["next_cursor"]));
        }
        assert_eq!(paged, all);
    }

    async fn one_rupiah_of_a_revitalisation_is_followed_to_the_asset_that_a_document_records(db) {
        let app = TestApp::on(db);
        let life = filed(&app, REVITALISATION, "reporting").await;
        file(&life, "asset_record", "BMD/7", &app.today()).await;
        life.to("closed").await;
        let steps = ["Ceiling (pagu)", "Plan (RK)", "Contract: bound", "Tranche", "Payment order", "Handover (BAST)",
            "Regional asset (BMD) BMD/7", "Closed ("];
        let all = said(&life, "one-rupiah").await;
        assert_eq!(all.len(), steps.len(), "{all:#?}");
        for (step, said) in steps.iter().zip(&all) {
            assert!(said.starts_with(step), "{step}: {all:#?}");
        }
        let rows = asked(&life, "one-rupiah").await;
        let evidence = rows[6]["evidence"].as_array().expect("evidence");
        assert!(evidence.iter().any(|path| text(path).starts_with("/api/v1/documents/")), "{evidence:?}");
    }

    async fn a_construction_in_order_is_found_by_no_question_of_what_is_wrong(db) {
        let app = TestApp::on(db);
        in_order(&filed(&app, CONSTRUCTION, "closed").await).await;
    }

    async fn a_revitalisation_in_order_is_found_by_no_question_of_what_is_wrong(db) {
        let app = TestApp::on(db);
        let life = filed(&app, REVITALISATION, "reporting").await;
        file(&life, "asset_record", "BMD/7", &app.today()).await;
        life.to("closed").await;
        in_order(&life).await;
    }
}
