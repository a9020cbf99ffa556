//! What is said of lines, through HTTP: remarks, the province's flags, the ministry's assessments, and their totals.

use crate::on_both;
use crate::support::app::{Person, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION, assessment, flags_body};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use sentra::domain::people::Role;
use serde_json::{Value, json};
use std::future::IntoFuture;

/// Calls at once.
const TASKS: usize = 16;

async fn act(life: &Life<'_>, role: Role, action: &str) -> Answer {
    life.act(role, json!({ "action": action })).await
}

async fn say(life: &Life<'_>, role: Role, reviews: Value) -> Answer {
    life.put(role, "line-reviews", json!({ "reviews": reviews })).await
}

fn codes(line: &Value) -> Vec<String> {
    let remarks = line["remarks"].as_array().expect("remarks");
    remarks.iter().map(|remark| text(&remark["code"])).collect()
}

/// The drafter corrects what the province asks, and it is before the province again.
async fn corrected(life: &Life<'_>, lines: Value) {
    life.ask_changes(Role::Verifier, &["/lines"]).await;
    life.act(Role::Verifier, json!({ "action": "return", "comment": "Rincian." })).await.is(200);
    life.put(Role::Drafter, "lines", lines).await.is(200);
    life.to("verification").await;
}

/// A line of the random budgets.
fn any_line(rng: &mut StdRng, source: &str) -> Value {
    let components = ["production_house", "machinery_equipment", "infrastructure"];
    json!({
        "component": components[rng.random_range(0..3)], "description": format!("Baris {}", rng.random_range(0..3)),
        "volume_thousandths": rng.random_range(1..5_000_i64), "unit": "unit",
        "unit_cost_idr": rng.random_range(1_000..9_000_000_i64), "fund_source": source, "gap": "G1",
    })
}

/// One to five lines, the first of the DAK, so that it can be submitted.
fn any_lines(rng: &mut StdRng) -> Vec<Value> {
    let more = rng.random_range(0..5);
    let mut lines = vec![any_line(rng, "DAK")];
    for _ in 0..more {
        let source = ["DAK", "DAK", "APBD"][rng.random_range(0..3)];
        lines.push(any_line(rng, source));
    }
    lines
}

/// What the parts come to, reckoned anew from what each line says.
fn sum(lines: &[Value], amount: &str) -> i64 {
    let asked = lines.iter().filter(|line| line["fund_source"] == "DAK");
    asked.map(|line| line.pointer(amount).and_then(Value::as_i64).unwrap_or(0)).sum()
}

async fn totals_agree(life: &Life<'_>, approved: bool) -> Vec<Value> {
    let approver = life.who(Role::Approver).await;
    let body = life.app.get(&approver, &life.path("lines")).await.is(200);
    let lines = body["items"].as_array().expect("lines").clone();
    let shown = life.shown().await;
    for (total, part) in [
        ("total_idr", "/amount_idr"),
        ("assessed_idr", "/assessment/amount_idr"),
        ("agreed_idr", "/agreed_idr"),
    ] {
        assert_eq!(shown[total], sum(&lines, part), "{total}");
        assert_eq!(body[total], shown[total], "{total}");
    }
    assert_eq!(body["approved_idr"], sum(&lines, "/approved_idr"));
    let expected = if approved { sum(&lines, "/approved_idr") } else { 0 };
    assert_eq!(shown["approved_idr"], expected);
    lines
}

/// A part of the lines, in any order; the whole of them at the last turn.
fn some_of(rng: &mut StdRng, lines: &[Value], all: bool) -> Vec<Value> {
    let mut lines = lines.to_vec();
    lines.shuffle(rng);
    let count = if all { lines.len() } else { rng.random_range(1..=lines.len()) };
    lines.truncate(count);
    lines
}

/// Says something of random lines three times, then of every one.
async fn say_at_random(
    life: &Life<'_>,
    rng: &mut StdRng,
    role: Role,
    word: impl Fn(&mut StdRng, &Value) -> Value,
) {
    for turn in 0..4 {
        let mut lines = totals_agree(life, false).await;
        // Of lines of other funds nothing but a flag is said.
        lines.retain(|line| role == Role::Verifier || line["fund_source"] == "DAK");
        let reviews: Vec<Value> =
            some_of(rng, &lines, turn == 3).iter().map(|line| word(rng, line)).collect();
        say(life, role, json!(reviews)).await.is(200);
        totals_agree(life, false).await;
    }
}

fn any_flag(rng: &mut StdRng, line: &Value) -> Value {
    let codes = ["green", "blue", "yellow", "red"];
    json!({ "line_no": line["line_no"], "flag": codes[rng.random_range(0..4)], "words": "Lihat HPS." })
}

fn any_amount(rng: &mut StdRng, line: &Value) -> Value {
    let most = line["amount_idr"].as_i64().expect("an amount");
    json!({ "line_no": line["line_no"], "amount_idr": rng.random_range(1..=most.max(1)).min(most), "reason": "Pagu." })
}

fn any_assessment(rng: &mut StdRng, line: &Value) -> Value {
    assessment(line["line_no"].as_i64().expect("a number"), any_amount(rng, line))
}

/// One proposal from its draft to its approval, with edits at random on the way.
async fn at_random(app: &TestApp, rng: &mut StdRng) {
    let life = REVITALISATION.draft(app).await;
    for _ in 0..4 {
        let lines = any_lines(rng);
        life.put(Role::Drafter, "lines", json!({ "lines": lines })).await.is(200);
        totals_agree(&life, false).await;
    }
    life.to("verification").await;
    say_at_random(&life, rng, Role::Verifier, any_flag).await;
    let mut lines = any_lines(rng);
    lines.extend(any_lines(rng));
    corrected(&life, json!({ "lines": lines })).await;
    say_at_random(&life, rng, Role::Verifier, any_flag).await;
    life.accept_changes(Role::Verifier).await;
    act(&life, Role::Verifier, "verify").await.is(200);
    say_at_random(&life, rng, Role::Reviewer, any_assessment).await;
    life.ask_changes(Role::Reviewer, &["/lines"]).await;
    let due = json!({ "action": "request_clarification", "data": { "due_on": app.in_days(9) } });
    life.act(Role::Reviewer, due).await.is(200);
    let keep = rng.random_range(0..lines.len());
    let mut lines: Vec<Value> = lines[keep..].to_vec();
    lines.extend(any_lines(rng));
    life.put(Role::Drafter, "lines", json!({ "lines": lines })).await.is(200);
    totals_agree(&life, false).await;
    life.answer_changes().await;
    life.answer_warnings().await;
    life.bring().await;
    act(&life, Role::RegionalHead, "answer").await.is(200);
    say_at_random(&life, rng, Role::Reviewer, any_assessment).await;
    life.accept_changes(Role::Reviewer).await;
    act(&life, Role::Reviewer, "recommend").await.is(200);
    say_at_random(&life, rng, Role::Reviewer, any_amount).await;
    life.propose_agreement().await;
    act(&life, Role::Planner, "accept_agreement").await.is(200);
    say_at_random(&life, rng, Role::Approver, any_amount).await;
    act(&life, Role::Approver, "approve").await.is(200);
    totals_agree(&life, true).await;
}

on_both! {
    async fn remarks_warn_and_refuse_nothing(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let first = life.list("lines").await;
        assert_eq!(codes(&first[0]), ["below_reference"]);
        let remark = &first[0]["remarks"][0];
        assert_eq!((&remark["reference_idr"], &remark["ratio_bp"]), (&json!(5_000_000), &json!(5_000)));
        assert_eq!(codes(&first[1]), Vec::<String>::new());
        let mut lines = life.case.lines();
        lines["lines"][0]["unit_cost_idr"] = json!(6_125);
        lines["lines"][1]["unit_cost_idr"] = json!(200_000);
        lines["lines"][1]["description"] = json!("Pelatihan operator mesin");
        let put = life.put(Role::Drafter, "lines", lines).await.is(200);
        assert_eq!(codes(&put["items"][0]), ["below_reference", "likely_wrong_unit"]);
        assert_eq!(codes(&put["items"][1]), ["non_physical_matter"]);
        assert_eq!(put["items"][1]["remarks"][0]["word"], "pelatihan");
        assert_eq!(put["items"], json!(life.list("lines").await));
        life.bring().await;
        act(&life, Role::Drafter, "request_planning_check").await.is(200);

        let file = app.get(&life.who(Role::Drafter).await, &life.path("lines.csv")).await;
        let text = String::from_utf8(file.bytes).expect("text");
        assert!(text.lines().nth(1).is_some_and(|row| row.contains("one part in 816")), "{text}");
    }

    async fn the_province_flags_every_line_before_it_verifies(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "verification").await;
        let refused = act(&life, Role::Verifier, "verify").await;
        refused.refused(409, &["lines_flagged"]);
        assert!(refused.to_string().contains(": 1, 2; PUT line-reviews with one of green, blue, yellow, red."), "{refused}");

        let unknown = say(&life, Role::Verifier, json!([{ "line_no": 1, "flag": "purple" }])).await;
        unknown.refused(422, &["unknown_flag"]);
        assert_eq!(unknown.pointers(), ["/reviews/0/flag"]);
        assert!(unknown.to_string().contains("green, blue, yellow, red"), "{unknown}");
        let wrong = json!([
            { "line_no": 1, "words": "a" }, { "line_no": 2, "flag": "red", "words": "b", "amount_idr": 1 },
            { "line_no": 3, "flag": "red" },
        ]);
        let wrong = say(&life, Role::Verifier, wrong).await;
        wrong.refused(422, &["required", "not_read_here", "unknown"]);
        assert_eq!(wrong.pointers(), ["/reviews/0/flag", "/reviews/1/amount_idr", "/reviews/2/line_no"]);
        for role in [Role::Reviewer, Role::Approver, Role::Drafter] {
            say(&life, role, json!([{ "line_no": 1, "flag": "green" }])).await.is(403);
        }

        let yellow = json!([{ "line_no": 2, "flag": "yellow", "words": "Tanpa rincian." }]);
        say(&life, Role::Verifier, yellow).await.is(200);
        let refused = act(&life, Role::Verifier, "verify").await;
        assert!(refused.refused(409, &["lines_flagged"]).to_string().contains(": 1; PUT"), "{refused}");
        say(&life, Role::Verifier, json!([{ "line_no": 1, "flag": "green", "words": " " }])).await.is(200);
        let verifier = life.who(Role::Verifier).await;
        let lines = life.list("lines").await;
        assert_eq!(lines[0]["flag"]["words"], Value::Null);
        assert_eq!(lines[1]["flag"], json!({
            "code": "yellow", "label_id": "Kuning: perlu perbaikan", "label_en": "Yellow: needs mending", "passes": false,
            "words": "Tanpa rincian.", "flagged_by": verifier.id, "flagged_at": app.clock.now(),
        }));
        let reviewer = life.who(Role::Reviewer).await;
        act(&life, Role::Verifier, "verify").await.is(200);
        say(&life, Role::Verifier, json!([{ "line_no": 1, "flag": "red" }])).await.is(403);
        app.deliver();
        let told = app.get(&reviewer, "/notifications").await.is(200);
        let told = text(&told["items"][0]["text"]);
        assert!(told.contains("- Line 2 (Supporting activities): Yellow: needs mending – Tanpa rincian."), "{told}");
        assert!(!told.contains("Line 1 "), "{told}");
    }

    async fn a_returned_line_keeps_its_flag_unless_it_was_changed(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "verification").await;
        life.put(Role::Verifier, "line-reviews", flags_body(&["blue", "green"])).await.is(200);
        let events = life.list("events?limit=200").await;
        let said = events.iter().find(|one| one["action"] == "proposal.review_lines").expect("an event");
        let first = &said["content"]["lines"][0];
        assert_eq!(
            (&first["line_no"], &first["before"]["flag"], &first["after"]["flag"]),
            (&json!(1), &Value::Null, &json!("blue")),
            "{said}"
        );
        assert_eq!(first["after"].get("description"), None, "what stays is in the revision");
        let mut lines = life.case.lines();
        let all = lines["lines"].as_array_mut().expect("lines");
        all.reverse();
        all[1]["unit_cost_idr"] = json!(2_400_000);
        all[0]["unit_cost_idr"] = json!(life.case.unit_cost_idr * 40);
        corrected(&life, lines.clone()).await;
        let kept = life.list("lines").await;
        assert_eq!((&kept[0]["flag"]["code"], &kept[1]["flag"]), (&json!("green"), &Value::Null));
        life.accept_changes(Role::Verifier).await;
        let refused = act(&life, Role::Verifier, "verify").await;
        assert!(refused.refused(409, &["lines_flagged"]).to_string().contains(": 2; PUT"), "{refused}");
        say(&life, Role::Verifier, json!([{ "line_no": 2, "flag": "red", "words": "Tidak perlu." }])).await.is(200);
        act(&life, Role::Verifier, "verify").await.is(200);
        // What was said of the line before is in its history.
        let shown = life.list("revisions").await;
        assert!(shown.iter().filter(|one| one["action"] == "proposal.review_lines").count() >= 2);
    }

    async fn reviewers_assess_every_line_before_they_recommend(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let refused = act(&life, Role::Reviewer, "recommend").await;
        assert!(refused.refused(409, &["lines_assessed"]).to_string().contains(": 1, 2; PUT"), "{refused}");
        let low = |score: i64| json!({ "score": score });
        let mut wrong = assessment(1, json!({ "amount_idr": 1_000 }));
        wrong["scores"]["technical"] = low(101);
        wrong["scores"]["readiness"] = low(49);
        let wrong = say(&life, Role::Reviewer, json!([wrong, { "line_no": 2, "flag": "green" }])).await;
        wrong.refused(422, &["out_of_range", "required", "required", "not_read_here", "required"]);
        assert_eq!(wrong.pointers(), [
            "/reviews/0/scores/technical/score", "/reviews/0/scores/readiness/words", "/reviews/0/reason",
            "/reviews/1/flag", "/reviews/1/scores",
        ]);
        let above = assessment(1, json!({ "volume_thousandths": 800_001, "amount_idr": 2_000_000_001, "reason": "a" }));
        say(&life, Role::Reviewer, json!([above])).await.refused(422, &["above_proposed", "above_proposed"]);

        let mut half = assessment(1, json!({ "volume_thousandths": 400_000, "reason": "Setengah cukup." }));
        half["scores"]["unit_price"] = json!({ "score": 30, "words": "Mahal." });
        say(&life, Role::Reviewer, json!([half])).await.is(200);
        let refused = act(&life, Role::Reviewer, "recommend").await;
        assert!(refused.refused(409, &["lines_assessed"]).to_string().contains(": 2; PUT"), "{refused}");
        let reviewer = life.who(Role::Reviewer).await;
        let line = life.list("lines").await[0].clone();
        let sound = json!({ "score": 80, "words": null });
        assert_eq!(line["assessment"], json!({
            "scores": {
                "technical": sound, "output_target": sound, "unit_price": { "score": 30, "words": "Mahal." },
                "readiness": sound,
            },
            "volume_thousandths": 400_000, "amount_idr": 1_000_000_000, "reason": "Setengah cukup.",
            "assessed_by": reviewer.id, "assessed_at": app.clock.now(),
        }));
        assert_eq!(life.shown().await["assessed_idr"], 1_000_000_000);
        say(&life, Role::Reviewer, json!([assessment(2, json!({}))])).await.is(200);
        assert_eq!(life.shown().await["assessed_idr"], 1_100_000_000);
        let version = life.version().await;
        let diff = app.get(&reviewer, &life.path(&format!("revisions/{}/diff", version - 1))).await.is(200);
        assert!(diff.to_string().contains("/lines/1/assessed_idr"), "{diff}");

        // What is changed in a clarification is assessed anew, and what is not stays.
        life.ask_changes(Role::Reviewer, &["/lines/1"]).await;
        let due = json!({ "action": "request_clarification", "data": { "due_on": app.in_days(9) } });
        life.act(Role::Reviewer, due).await.is(200);
        let mut lines = life.case.lines();
        lines["lines"][0]["unit_cost_idr"] = json!(2_400_000);
        life.put(Role::Drafter, "lines", lines).await.is(200);
        let lines = life.list("lines").await;
        assert_eq!((&lines[0]["assessment"], lines[1]["assessment"].is_object()), (&Value::Null, true));
        assert_eq!(life.shown().await["assessed_idr"], 100_000_000);
        life.answer_changes().await;
        act(&life, Role::RegionalHead, "answer").await.is(200);
        life.accept_changes(Role::Reviewer).await;
        act(&life, Role::Reviewer, "recommend").await.refused(409, &["lines_assessed"]);
        life.assess_lines().await;
        assert_eq!(life.shown().await["assessed_idr"], 2_020_000_000);
        act(&life, Role::Reviewer, "recommend").await.is(200);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn lines_of_other_funds_are_neither_flagged_nor_assessed_of_necessity(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let mut lines = life.case.lines();
        lines["lines"][1]["fund_source"] = json!("APBD");
        life.put(Role::Drafter, "lines", lines).await.is(200);
        life.to("verification").await;
        say(&life, Role::Verifier, json!([{ "line_no": 1, "flag": "green" }])).await.is(200);
        act(&life, Role::Verifier, "verify").await.is(200);
        say(&life, Role::Reviewer, json!([assessment(1, json!({}))])).await.is(200);
        act(&life, Role::Reviewer, "recommend").await.is(200);
    }

    async fn nothing_is_said_of_lines_where_it_is_nobody_s_turn(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "site_verification").await;
        for (role, review) in [
            (Role::Verifier, json!({ "line_no": 1, "flag": "green" })),
            (Role::Reviewer, assessment(1, json!({}))),
            (Role::Approver, json!({ "line_no": 1, "amount_idr": 1 })),
        ] {
            say(&life, role, json!([review])).await.refused(409, &["not_reviewable"]);
        }
        life.to("harmonisation").await;
        let wrong = say(&life, Role::Reviewer, json!([{ "line_no": 1, "reason": "a" }, assessment(2, json!({}))])).await;
        wrong.refused(422, &["required", "not_read_here", "required"]);
    }

    async fn of_many_who_assess_one_line_at_once_one_wins(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let people: Vec<Person> =
            join_all((1..=4).map(|n| app.nth(Role::Reviewer, life.case.region, n))).await;
        let version = life.version().await;
        let calls = (0..TASKS).map(|n| {
            let but = json!({ "amount_idr": 1_000 + n, "reason": "Harga." });
            let body = json!({ "reviews": [assessment(1, but)] });
            app.put(&people[n % 4], &life.path("line-reviews"), body).if_match(version).into_future()
        });
        let answers = join_all(calls).await;
        let won: Vec<usize> = (0..TASKS).filter(|n| answers[*n].status == 200).collect();
        assert_eq!(won.len(), 1, "{won:?}");
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 412)));
        let line = life.list("lines").await[0].clone();
        assert_eq!(line["assessment"]["amount_idr"], 1_000 + won[0]);
        assert_eq!(line["assessment"]["assessed_by"], people[won[0] % 4].id);
        assert_eq!(life.version().await, version + 1);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn totals_never_drift_from_lines(db) {
        let app = TestApp::on(db);
        for seed in 0..3 {
            at_random(&app, &mut StdRng::seed_from_u64(seed)).await;
        }
        assert_eq!(app.verified(), Vec::<String>::new());
    }
}
