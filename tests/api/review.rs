//! Change requests, clarification, versions and agreements, through HTTP.

use crate::on_both;
use crate::support::app::TestApp;
use crate::support::client::{Answer, text};
use crate::support::documents::upload;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use sentra::domain::people::Role;
use serde_json::{Value, json};
use tokio::join;

async fn clarify(life: &Life<'_>) {
    let data = json!({ "due_on": life.app.in_days(10) });
    let body = json!({ "action": "request_clarification", "data": data });
    life.act(Role::Reviewer, body).await.is(200);
}

async fn act(life: &Life<'_>, role: Role, action: &str) -> Answer {
    life.act(role, json!({ "action": action })).await
}

/// The case's lines, with another unit cost of the first.
fn dearer(life: &Life<'_>, unit_cost_idr: i64) -> Value {
    let mut lines = life.case.lines();
    lines["lines"][0]["unit_cost_idr"] = json!(unit_cost_idr);
    lines
}

fn pointers(diff: &Value) -> Vec<&str> {
    let items = diff["items"].as_array().expect("items");
    items.iter().map(|item| item["pointer"].as_str().expect("a pointer")).collect()
}

on_both! {
    async fn a_clarification_goes_its_whole_round(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        life.assess_lines().await;
        let asked = life.ask_changes(Role::Reviewer, &["/summary", "/lines/1/unit_cost_idr"]).await;
        assert_eq!((&asked[0]["n"], &asked[1]["n"]), (&json!(1), &json!(2)));
        act(&life, Role::Reviewer, "recommend").await.refused(409, &["no_open_request"]);
        clarify(&life).await;
        life.change_step(Role::Drafter, 1, "answer", json!({ "answer": "Dilengkapi." })).await.is(200);
        let refused = act(&life, Role::Drafter, "answer").await;
        refused.refused(409, &["requests_answered"]);
        assert!(refused.to_string().contains(": 2;"), "{refused}");
        life.change_step(Role::Drafter, 2, "answer", json!({ "answer": "Sesuai standar." })).await.is(200);
        life.change_step(Role::Reviewer, 2, "accept", json!({})).await.refused(409, &["not_from_here"]);
        act(&life, Role::Drafter, "answer").await.is(200);

        life.change_step(Role::Reviewer, 1, "accept", json!({})).await.is(200);
        life.change_step(Role::Reviewer, 2, "refuse", json!({ "comment": " " })).await.refused(422, &["required"]);
        let again = life.change_step(Role::Reviewer, 2, "refuse", json!({ "comment": "Belum." })).await.is(200);
        assert_eq!((&again["state"], &again["rounds"]), (&json!("open"), &json!(1)));
        assert_eq!(again["decision_comment"], "Belum.");
        act(&life, Role::Reviewer, "recommend").await.refused(409, &["no_open_request"]);
        clarify(&life).await;
        life.change_step(Role::Drafter, 2, "answer", json!({ "answer": "Lampiran SK." })).await.is(200);
        act(&life, Role::Drafter, "answer").await.is(200);
        act(&life, Role::Reviewer, "recommend").await.refused(409, &["no_open_request"]);
        let done = life.change_step(Role::Reviewer, 2, "accept", json!({ "comment": "Baik." })).await.is(200);
        assert_eq!((&done["state"], &done["rounds"]), (&json!("accepted"), &json!(1)));
        assert_eq!(done["accepted_version"], life.version().await);
        act(&life, Role::Reviewer, "recommend").await.is(200);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_request_names_something_that_is_there(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        for pointer in ["/nothing", "title", "/", "/lines/3", "/lines/1/approved_idr", "/documents/", "/version"] {
            let body = json!({ "items": [
                { "pointer": "/title", "comment": "a" }, { "pointer": pointer, "comment": "a" },
            ] });
            let refused = life.add(Role::Reviewer, "change-requests", body).await;
            refused.refused(422, &["unknown"]);
            assert_eq!(refused.pointers(), ["/items/1/pointer"]);
        }
        let fine = ["/title", "/site", "/site/village", "/baseline/businesses", "/lines", "/lines/2", "/lines/2/unit",
            "/documents/land_certificate"];
        assert_eq!(life.ask_changes(Role::Reviewer, &fine).await.len(), fine.len());
        let items: Vec<_> = (0..101).map(|_| json!({ "pointer": "/title", "comment": "a" })).collect();
        life.add(Role::Reviewer, "change-requests", json!({ "items": items })).await.refused(422, &["too_many"]);
        life.add(Role::Reviewer, "change-requests", json!({ "items": [] })).await.refused(422, &["required"]);
        let body = json!({ "items": [{ "pointer": "/title", "comment": "a" }] });
        assert_eq!(life.add(Role::Verifier, "change-requests", body.clone()).await.status, 403);
        clarify(&life).await;
        life.to("site_verification").await;
        life.add(Role::Reviewer, "change-requests", body).await.refused(409, &["not_from_here"]);
    }

    async fn only_what_was_asked_is_edited_in_clarification(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        life.ask_changes(Role::Reviewer, &["/summary", "/lines/1/unit_cost_idr"]).await;
        clarify(&life).await;
        let beyond = json!({ "summary": "Lengkap.", "title": "Lain", "site": {
            "street": "Jalan Tenun 2", "village": "Negeri Olok Gading", "district": "Telukbetung",
            "latitude": -5.45, "longitude": 105.25,
        } });
        let refused = life.patch(Role::Drafter, beyond).await;
        refused.refused(409, &["not_requested", "not_requested"]);
        assert_eq!(refused.pointers(), ["/site/street", "/title"]);
        life.patch(Role::Drafter, json!({ "summary": "Lengkap." })).await.is(200);
        let mut lines = dearer(&life, life.case.unit_cost_idr - 1_000);
        lines["lines"][1]["description"] = json!("Pengawasan");
        let refused = life.put(Role::Drafter, "lines", lines).await;
        refused.refused(409, &["not_requested"]);
        assert_eq!(refused.pointers(), ["/lines/2/description"]);
        let one = json!({ "lines": [life.case.lines()["lines"][0]] });
        let refused = life.put(Role::Drafter, "lines", one).await;
        refused.refused(409, &["not_requested"]);
        assert_eq!(refused.pointers(), ["/lines/2"]);
        life.patch(Role::Drafter, json!({ "theme": "tourism" })).await.refused(409, &["not_requested"]);
        life.put(Role::Drafter, "lines", dearer(&life, 2_400_000)).await.is(200);
        assert_eq!(life.shown().await["total_idr"], 2_400_000_i64 * 800 + 2_500_000 * 40);
    }

    async fn a_document_that_holds_is_replaced_in_clarification_only_where_that_was_asked(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        life.ask_changes(Role::Reviewer, &["/title", "/documents/tor"]).await;
        clarify(&life).await;
        let drafter = life.who(Role::Drafter).await;
        let refused = life.bring_one(&drafter, "land_statement").await;
        refused.refused(409, &["not_requested"]);
        assert_eq!(refused.pointers(), ["/documents/land_statement"]);
        life.bring_one(&drafter, "correspondence").await.is(201);
        let brought = life.bring_one(&drafter, "tor").await.is(201);
        let version = life.shown().await["version"].as_i64().expect("a version");
        let path = life.path(&format!("revisions/{version}/diff"));
        let diff = app.get(&life.who(Role::Reviewer).await, &path).await.is(200);
        assert_eq!(pointers(&diff), [format!("/documents/tor/{}", text(&brought["id"]))]);
        let listed = life.list("revisions").await;
        let last = listed.last().expect("one");
        assert_eq!((&last["version"], &last["changed"]), (&json!(version), &json!(["/documents"])));
    }

    async fn a_place_within_a_list_is_not_asked_about(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "technical_review").await;
        let item = |pointer: &str| json!({ "items": [{ "pointer": pointer, "comment": "?" }] });
        for pointer in ["/gaps/0", "/gaps/0/code"] {
            let refused = life.add(Role::Reviewer, "change-requests", item(pointer)).await;
            refused.refused(422, &["unknown"]);
            assert!(refused.to_string().contains("name /gaps"), "{refused}");
        }
        life.add(Role::Reviewer, "change-requests", item("/gaps")).await.is(201);
    }

    async fn an_answer_can_be_mended_until_it_is_sent(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        life.ask_changes(Role::Reviewer, &["/summary", "/title"]).await;
        clarify(&life).await;
        let answer = |n, words: &'static str| life.change_step(Role::Drafter, n, "answer", json!({ "answer": words }));
        answer(1, "Sudah.").await.is(200);
        answer(2, "Sudah.").await.is(200);
        life.patch(Role::Drafter, json!({ "summary": "Lebih lengkap." })).await.is(200);
        let again = answer(1, "Sudah, dengan data 2019.").await.is(200);
        assert_eq!((&again["state"], &again["rounds"]), (&json!("answered"), &json!(0)));
        assert_eq!(again["answer"], "Sudah, dengan data 2019.");
        let events = life.list("events?limit=200").await;
        let given = events.iter().filter(|event| event["action"] == "change_request.answer");
        let given: Vec<_> = given.map(|event| event["content"]["answer"].clone()).collect();
        assert_eq!(given, ["Sudah.", "Sudah.", "Sudah, dengan data 2019."]);
        act(&life, Role::Drafter, "answer").await.is(200);
        // With the reviewer it is closed; what is accepted stays closed when the proposal comes back.
        answer(1, "Terlambat.").await.refused(409, &["not_from_here"]);
        life.change_step(Role::Reviewer, 1, "accept", json!({})).await.is(200);
        life.change_step(Role::Reviewer, 2, "refuse", json!({ "comment": "Belum." })).await.is(200);
        clarify(&life).await;
        answer(1, "Lagi.").await.refused(409, &["request_state"]);
        life.patch(Role::Drafter, json!({ "summary": "Lagi." })).await.refused(409, &["not_requested"]);
        life.patch(Role::Drafter, json!({ "title": "Judul lain" })).await.is(200);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn an_answer_can_be_mended_in_a_draft_that_came_back(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "verification").await;
        life.ask_changes(Role::Verifier, &["/title"]).await;
        life.act(Role::Verifier, json!({ "action": "return", "comment": "Judul." })).await.is(200);
        for words in ["Sudah.", "Sudah diganti."] {
            life.change_step(Role::Drafter, 1, "answer", json!({ "answer": words })).await.is(200);
        }
        assert_eq!(life.change(1).await["answer"], "Sudah diganti.");
        life.to("verification").await;
        life.change_step(Role::Drafter, 1, "answer", json!({ "answer": "Lagi." })).await
            .refused(409, &["not_from_here"]);
    }

    async fn an_amount_is_asked_for_by_what_it_follows_from(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        life.patch(Role::Drafter, json!({ "baseline": { "amount_idr": 4 } })).await.is(200);
        life.to("technical_review").await;
        let body = json!({ "items": [{ "pointer": "/lines/1/amount_idr", "comment": "Kurangi." }] });
        let refused = life.add(Role::Reviewer, "change-requests", body).await;
        refused.refused(422, &["unknown"]);
        for named in ["/lines/1/unit_cost_idr", "/lines/1/volume_thousandths"] {
            assert!(refused.to_string().contains(named), "{refused}");
        }
        life.ask_changes(Role::Reviewer, &["/lines/1/unit_cost_idr"]).await;
        clarify(&life).await;
        life.put(Role::Drafter, "lines", dearer(&life, 2_400_000)).await.is(200);
        // An amount elsewhere follows from nothing.
        let baseline = json!({ "baseline": { "amount_idr": 5 } });
        life.patch(Role::Drafter, baseline).await.refused(409, &["not_requested"]);
    }

    async fn the_regional_head_answers_when_the_works_changed(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        life.ask_changes(Role::Reviewer, &["/lines/1", "/summary"]).await;
        clarify(&life).await;
        assert_eq!(act(&life, Role::RegionalHead, "answer").await.status, 403);
        life.patch(Role::Drafter, json!({ "summary": "Hanya kata-kata." })).await.is(200);
        assert_eq!(act(&life, Role::RegionalHead, "answer").await.status, 403);
        life.put(Role::Drafter, "lines", dearer(&life, 2_400_000)).await.is(200);
        life.answer_changes().await;
        // The words name the one role whose turn it is.
        let refused = act(&life, Role::Drafter, "answer").await;
        refused.refused(403, &["role_missing"]);
        assert!(refused.to_string().contains("the role regional_head over"), "{refused}");
        let actions = life.list("actions").await;
        let answer = actions.iter().find(|item| item["action"] == "answer").expect("an answer");
        assert_eq!(answer["role"], "regional_head");
        act(&life, Role::RegionalHead, "answer").await.is(200);
        // The next round begins anew.
        life.change_step(Role::Reviewer, 1, "refuse", json!({ "comment": "Belum." })).await.is(200);
        clarify(&life).await;
        life.answer_changes().await;
        act(&life, Role::Drafter, "answer").await.is(200);
    }

    async fn what_the_province_asks_is_answered_before_it_comes_back(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "verification").await;
        life.ask_changes(Role::Verifier, &["/title"]).await;
        life.act(Role::Verifier, json!({ "action": "return", "comment": "Judul." })).await.is(200);
        life.patch(Role::Drafter, json!({ "title": "Judul baru", "summary": "Bebas." })).await.is(200);
        act(&life, Role::Drafter, "request_planning_check").await.refused(409, &["requests_answered"]);
        life.answer_changes().await;
        life.to("verification").await;
        life.change_step(Role::Reviewer, 1, "accept", json!({})).await.is(403);
        life.change_step(Role::Verifier, 1, "accept", json!({})).await.is(200);
        assert_eq!(life.change(1).await["changed_since_acceptance"], false);
        life.ask_changes(Role::Verifier, &["/site"]).await;
        life.act(Role::Verifier, json!({ "action": "return", "comment": "Lokasi." })).await.is(200);
        life.patch(Role::Drafter, json!({ "title": "Judul lain lagi" })).await.is(200);
        assert_eq!(life.change(1).await["changed_since_acceptance"], true);
        life.patch(Role::Drafter, json!({ "title": "Judul baru" })).await.is(200);
        assert_eq!(life.change(1).await["changed_since_acceptance"], false);
    }

    async fn a_document_that_was_accepted_and_is_replaced_is_marked_as_changed(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let bring = async |fields: &[(&str, &str)], csv: &[u8]| {
            let body = upload(&app, &drafter, &life.id, fields, ("a.csv", "text/csv", csv)).await.is(201);
            text(&body["id"])
        };
        let first = bring(&[("type", "correspondence")], b"a,b\n1,1\n").await;
        life.to("verification").await;
        life.ask_changes(Role::Verifier, &["/documents/correspondence", "/documents/finding_follow_up"]).await;
        life.act(Role::Verifier, json!({ "action": "return", "comment": "Surat." })).await.is(200);
        life.answer_changes().await;
        life.to("verification").await;
        life.accept_changes(Role::Verifier).await;
        let marks = async || {
            let marks = life.list("change-requests").await;
            marks.iter().take(2).map(|one| one["changed_since_acceptance"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(marks().await, [json!(false), json!(false)]);
        life.ask_changes(Role::Verifier, &["/title"]).await;
        life.act(Role::Verifier, json!({ "action": "return", "comment": "Judul." })).await.is(200);
        let second = [("type", "correspondence"), ("supersedes_id", first.as_str())];
        let second = bring(&second, b"a,b\n2,1\n").await;
        assert_eq!(marks().await, [json!(true), json!(false)]);
        // The same bytes as were accepted stand there again.
        let third = [("type", "correspondence"), ("supersedes_id", second.as_str())];
        bring(&third, b"a,b\n1,1\n").await;
        assert_eq!(marks().await, [json!(false), json!(false)]);
        bring(&[("type", "finding_follow_up")], b"a,b\n3,1\n").await;
        assert_eq!(marks().await, [json!(false), json!(true)]);
    }

    async fn versions_are_listed_and_any_two_compared(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        life.patch(Role::Drafter, json!({ "title": "Kedua", "baseline": { "businesses": 41 } })).await.is(200);
        life.put(Role::Drafter, "lines", dearer(&life, 2_400_000)).await.is(200);
        let mut lines = dearer(&life, 2_400_000);
        lines["lines"].as_array_mut().expect("lines").push(life.case.lines()["lines"][1].clone());
        life.put(Role::Drafter, "lines", lines).await.is(200);
        let versions = life.list("revisions").await;
        let changed: Vec<_> = versions.iter().map(|one| one["changed"].clone()).collect();
        assert_eq!(changed[1..], [
            json!(["/lines"]), json!(["/baseline", "/title"]), json!(["/lines"]), json!(["/lines"]),
        ]);
        assert_eq!(versions[2]["action"], "proposal.edit");
        assert_eq!(versions[2]["actor_role"], "drafter");
        let approver = life.who(Role::Approver).await;
        let first = app.get(&approver, &life.path("revisions?limit=3")).await.is(200);
        let path = life.path(&format!("revisions?cursor={}", first["next_cursor"].as_str().expect("more")));
        assert_eq!(app.get(&approver, &path).await.is(200)["items"], json!(versions[3..]));

        let diff = async |path: &str| app.get(&approver, &life.path(&format!("revisions/{path}"))).await;
        let one = diff("3/diff").await.is(200);
        assert_eq!(one["items"], json!([
            { "pointer": "/baseline/businesses", "before": 40, "after": 41 },
            { "pointer": "/title", "before": "Sentra IKM Tenun Tapis", "after": "Kedua" },
        ]));
        assert_eq!(pointers(&diff("4/diff").await.is(200)), ["/lines/1/amount_idr", "/lines/1/unit_cost_idr"]);
        let whole = diff("5/diff").await.is(200);
        assert_eq!(pointers(&whole), ["/lines/3"]);
        assert_eq!(whole["items"][0]["before"], Value::Null);
        assert_eq!(whole["items"][0]["after"]["unit"], "paket");
        let far = diff("5/diff?against=2").await.is(200);
        assert_eq!(pointers(&far).len(), 5, "{far}");
        let back = diff("2/diff?against=5").await.is(200);
        assert_eq!(back["items"][0]["after"], far["items"][0]["before"]);
        assert_eq!(diff("5/diff?against=5").await.is(200)["items"], json!([]));
        for nowhere in ["0/diff", "6/diff", "x/diff", "-1/diff"] {
            diff(nowhere).await.is(404);
        }
        diff("5/diff?against=6").await.refused(422, &["out_of_range"]);
        diff("5/diff?against=x").await.is(422);
    }

    async fn what_each_side_said_to_each_line_is_on_record(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "harmonisation").await;
        life.review_lines(Role::Reviewer).await;
        life.propose_agreement().await;
        let decline = |lines: Value| json!({
            "action": "decline_agreement", "comment": "Tidak semua.", "data": { "lines": lines },
        });
        life.act(Role::Planner, decline(json!([{ "line_no": 1, "agrees": true }]))).await
            .refused(422, &["required"]);
        life.act(Role::Planner, decline(json!([{ "line_no": 7, "agrees": false }]))).await
            .refused(422, &["unknown"]);
        let word = json!([{ "line_no": 1, "agrees": false, "words": "Volume kurang." }]);
        life.act(Role::Planner, decline(word)).await.is(200);
        let said: Vec<_> = life.list("agreements").await.iter()
            .map(|one| (one["side"].clone(), one["line_no"].clone(), one["agrees"].clone(), one["words"].clone()))
            .collect();
        assert_eq!(said, [
            (json!("ministry"), json!(1), json!(true), Value::Null),
            (json!("ministry"), json!(2), json!(true), Value::Null),
            (json!("region"), json!(1), json!(false), json!("Volume kurang.")),
            (json!("region"), json!(2), json!(true), Value::Null),
        ]);
        assert_eq!(life.list("agreements").await[0]["amount_idr"], life.case.unit_cost_idr * 800);
    }

    async fn of_two_who_judge_one_answer_at_once_one_wins(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        life.ask_changes(Role::Reviewer, &["/title"]).await;
        clarify(&life).await;
        life.answer_changes().await;
        act(&life, Role::Drafter, "answer").await.is(200);
        let (one, other) = (life.who(Role::Reviewer).await, app.nth(Role::Reviewer, life.case.region, 2).await);
        let request = life.change(1).await;
        let (yes, no) = join!(
            life.step_of(&one, "change-requests", &request, "accept", json!({})),
            life.step_of(&other, "change-requests", &request, "refuse", json!({ "comment": "Belum." })),
        );
        let mut statuses = [yes.status, no.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        let expected = if yes.status == 200 { "accepted" } else { "open" };
        assert_eq!(life.change(1).await["state"], expected);
    }

    async fn of_two_reviewers_who_edit_one_line_at_once_one_wins(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "harmonisation").await;
        let (one, other) = (life.who(Role::Reviewer).await, app.nth(Role::Reviewer, life.case.region, 2).await);
        let version = life.version().await;
        let put = async |person, amount: i64| {
            let body = json!({ "reviews": [{ "line_no": 1, "amount_idr": amount, "reason": "Pagu." }] });
            app.put(person, &life.path("line-reviews"), body).if_match(version).await
        };
        let (first, second) = join!(put(&one, 1_000), put(&other, 2_000));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        let expected = if first.status == 200 { 1_000 } else { 2_000 };
        assert_eq!(life.list("lines").await[0]["agreed_idr"], expected);
    }

    async fn once_reviewers_are_assigned_only_they_review(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let (one, other) = (life.who(Role::Reviewer).await, app.nth(Role::Reviewer, life.case.region, 2).await);
        let assign = |id: &str| json!({ "user_id": id });
        life.assess_lines().await;
        let drafter = life.who(Role::Drafter).await;
        life.add(Role::Approver, "assignments", assign(&drafter.id)).await.refused(422, &["no_reviewer"]);
        life.add(Role::Reviewer, "assignments", assign(&one.id)).await.is(403);
        let assigned = life.add(Role::Approver, "assignments", assign(&other.id)).await.is(201);
        life.add(Role::Approver, "assignments", assign(&other.id)).await.refused(409, &["assigned"]);
        act(&life, Role::Reviewer, "recommend").await.refused(403, &["not_assigned"]);
        let body = json!({ "items": [{ "pointer": "/title", "comment": "a" }] });
        life.add(Role::Reviewer, "change-requests", body).await.refused(403, &["not_assigned"]);
        let actions = app.get(&one, &life.path("actions")).await.is(200);
        let items = actions["items"].as_array().expect("a list").clone();
        let recommend = items.iter().find(|item| item["action"] == "recommend").expect("the arrow");
        assert_eq!(recommend["blockers"][0]["code"], "not_assigned", "{recommend}");
        let approver = life.who(Role::Approver).await;
        let ended = life.step_of(&approver, "assignments", &assigned, "end", json!({})).await.is(200);
        assert!(ended["ended_at"].is_string());
        life.step_of(&approver, "assignments", &ended, "end", json!({})).await.refused(409, &["ended"]);
        act(&life, Role::Reviewer, "recommend").await.is(200);
    }

    async fn who_declares_a_conflict_only_reads(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let (one, other) = (life.who(Role::Reviewer).await, app.nth(Role::Reviewer, life.case.region, 2).await);
        life.assess_lines().await;
        life.add(Role::Approver, "assignments", json!({ "user_id": one.id })).await.is(201);
        life.add(Role::Auditor, "conflicts", json!({ "reason": "Saya." })).await.is(403);
        let reason = json!({ "reason": "Saudara saya ketua koperasi." });
        life.add(Role::Reviewer, "conflicts", reason.clone()).await.is(201);
        life.add(Role::Reviewer, "conflicts", reason).await.refused(409, &["declared"]);
        act(&life, Role::Reviewer, "recommend").await.refused(403, &["conflict_of_interest"]);
        assert!(life.last("assignments").await["ended_at"].is_string());
        life.add(Role::Approver, "assignments", json!({ "user_id": one.id })).await
            .refused(409, &["conflict_of_interest"]);
        app.get(&one, &life.path("")).await.is(200);
        app.get(&one, &life.path("conflicts")).await.is(403);
        assert_eq!(life.list("conflicts").await[0]["reason"], "Saudara saya ketua koperasi.");
        let actions = life.list("actions").await;
        let recommend = actions.iter().find(|item| item["action"] == "recommend").expect("the arrow");
        let excluded = recommend["excluded"].as_array().expect("a list");
        assert!(excluded.iter().any(|who| who["user_id"] == one.id && who["duty"].is_null()), "{recommend}");
        life.act_as(&other, json!({ "action": "recommend" })).await.is(200);
        assert_eq!(app.verified(), Vec::<String>::new());
    }
}
