//! Queues and counts, through HTTP: what waits for whom, in which order, and how many stand where.

use crate::findings::{auditor_of, draft};
use crate::on_both;
use crate::support::app::{FOREIGN, HOME, PROVINCE, Person, SIBLING, TestApp, grant};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use chrono::TimeDelta;
use sentra::domain::ids::RegionCode;
use sentra::domain::people::{Language, Role};
use sentra::service::console;
use sentra::service::secret::Secret;
use sentra::service::user::UserDraft;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ROLES: [Role; 10] = [
    Role::Drafter,
    Role::Planner,
    Role::RegionalHead,
    Role::Verifier,
    Role::Reviewer,
    Role::Approver,
    Role::Treasurer,
    Role::Inspector,
    Role::Auditor,
    Role::Administrator,
];

/// The ids of somebody's queue.
async fn queue(app: &TestApp, person: &Person) -> Vec<String> {
    let body = app.get(person, "/proposals?queue=mine&limit=200").await.is(200);
    body["items"].as_array().expect("a list").iter().map(|item| text(&item["id"])).collect()
}

/// The findings of somebody's queue, each of which they may step on.
async fn findings(app: &TestApp, person: &Person, but: &str) -> Vec<String> {
    let body = app.get(person, &format!("/findings?queue=mine{but}")).await.is(200);
    let items = body["items"].as_array().expect("a list").clone();
    for item in &items {
        let steps: &[&str] = match item["state"].as_str() {
            Some("open") => &["follow-ups"],
            _ => &["return", "close"],
        };
        for step in steps {
            let path = format!("/findings/{}/{step}", text(&item["id"]));
            let answer = app.post(person, &path, json!({})).if_match(&item["version"]).await;
            assert_eq!(answer.status, 422, "{step} says nothing, and is theirs to take: {answer}");
        }
    }
    items.iter().map(|item| text(&item["id"])).collect()
}

async fn waits_for(life: &Life<'_>, person: &Person) -> bool {
    queue(life.app, person).await.contains(&life.id)
}

/// The roles whose first person over the region has it in their queue.
async fn awaited(life: &Life<'_>) -> Vec<Role> {
    let mut found = Vec::new();
    for role in ROLES {
        if waits_for(life, &life.who(role).await).await {
            found.push(role);
        }
    }
    found
}

#[track_caller]
fn same(found: &[Role], expected: &[Role], what: &str) {
    assert_eq!(found, expected, "{what}");
}

async fn clarify(life: &Life<'_>, pointer: &str) {
    life.ask_changes(Role::Reviewer, &[pointer]).await;
    let data = json!({ "due_on": life.app.in_days(10) });
    life.act(Role::Reviewer, json!({ "action": "request_clarification", "data": data }))
        .await
        .is(200);
}

/// The person with a new session: those of before have ended.
async fn again(app: &TestApp, person: &Person) -> Person {
    let session = app.sign_in(&person.email, crate::support::app::PASSWORD).await.is(201);
    Person { token: text(&session["token"]), ..person.clone() }
}

/// What three places say of it: the only assignment as it is shown, the queue, and whether a review is taken.
async fn only_assigned(life: &Life<'_>, person: &Person) -> (bool, bool, bool) {
    let shown = life.app.get(person, &life.path("assignments")).await.is(200);
    let in_force = shown["items"][0]["in_force"].as_bool().expect("whether it counts");
    let actions = life.app.get(person, &life.path("actions")).await.is(200).to_string();
    let refused = life.act_as(person, json!({ "action": "request_clarification" })).await;
    assert_eq!(actions.contains("not_assigned"), refused.codes() == ["not_assigned"], "{refused}");
    (in_force, waits_for(life, person).await, refused.status != 403)
}

async fn shut_out(life: &Life<'_>, person: &Person) {
    assert_eq!(only_assigned(life, person).await, (true, false, false));
}

async fn free_for(life: &Life<'_>, person: &Person, why: &str) {
    assert_eq!(only_assigned(life, person).await, (false, true, true), "{why}");
}

/// A reviewer of one commodity.
async fn specialist(app: &TestApp, commodity: &str) -> Person {
    let mut person = app.of(Role::Reviewer, HOME).await;
    let mut only = grant(Role::Reviewer, None);
    only.commodity = Some(commodity.to_owned());
    let email = format!("{}@sentra.example", commodity.replace(' ', "."));
    let draft = UserDraft {
        email: email.clone(),
        name: commodity.to_owned(),
        language: Language::Id,
        grants: vec![only],
    };
    let password = crate::support::app::PASSWORD;
    console::add(&app.services, &draft, Some(&Secret::from(password))).expect("a user");
    person.token = text(&app.sign_in(&email, password).await.is(201)["token"]);
    person
}

async fn counts(app: &TestApp, person: &Person, query: &str) -> BTreeMap<String, i64> {
    let body = app.get(person, &format!("/proposals/counts?{query}")).await.is(200);
    let items = body["items"].as_array().expect("items");
    let found: BTreeMap<String, i64> = items
        .iter()
        .map(|item| (text(&item["state"]), item["count"].as_i64().expect("a count")))
        .collect();
    assert_eq!(body["count"], found.values().sum::<i64>());
    found
}

async fn listed(app: &TestApp, person: &Person, query: &str) -> BTreeMap<String, i64> {
    let body = app.get(person, &format!("/proposals?limit=200&{query}")).await.is(200);
    let mut found = BTreeMap::new();
    for item in body["items"].as_array().expect("a list") {
        *found.entry(text(&item["state"])).or_insert(0) += 1;
    }
    found
}

on_both! {
    async fn each_state_waits_for_those_whose_turn_it_is(db) {
        use Role::{Approver, Drafter, Inspector, Planner, RegionalHead, Reviewer, Treasurer, Verifier};
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        for (state, expected) in [
            ("draft", vec![Drafter]), ("planning_check", vec![Planner]), ("endorsement", vec![RegionalHead]),
            ("verification", vec![Verifier]), ("technical_review", vec![Reviewer]),
            ("site_verification", vec![Reviewer]), ("harmonisation", vec![Reviewer]),
        ] {
            life.to(state).await;
            same(&awaited(&life).await, &expected, state);
        }
        life.review_lines(Reviewer).await;
        life.propose_agreement().await;
        same(&awaited(&life).await, &[Planner], "an agreement is proposed");
        app.later(TimeDelta::days(15));
        same(&awaited(&life).await, &[Planner, Reviewer], "its due date passed");
        life.act(Planner, json!({ "action": "accept_agreement" })).await.is(200);
        same(&awaited(&life).await, &[Approver], "decision");
        life.to("approved").await;
        same(&awaited(&life).await, &[Treasurer], "approved");
        life.to("allocated").await;
        same(&awaited(&life).await, &[Drafter], "allocated");
        life.submit_plan().await;
        same(&awaited(&life).await, &[Approver], "a plan is submitted");
        life.approve_plan(json!({})).await.is(200);
        same(&awaited(&life).await, &[Drafter], "planned");
        life.contract(json!({})).await.is(201);
        same(&awaited(&life).await, &[Drafter, Inspector], "a contract is recorded");
        life.act(Inspector, json!({ "action": "accept_contracts" })).await.is(200);
        same(&awaited(&life).await, &[RegionalHead], "contracted");
        life.request_tranche(1, life.case.total()).await.is(201);
        same(&awaited(&life).await, &[Inspector], "money is requested");
        let (inspector, first) = (life.who(Inspector).await, life.who(Treasurer).await);
        life.step_of(&inspector, "tranche-requests", &life.request().await, "review", json!({})).await.is(200);
        same(&awaited(&life).await, &[Treasurer], "the request is reviewed");
        let second = app.nth(Treasurer, HOME, 2).await;
        life.step_of(&second, "tranche-requests", &life.request().await, "verify", json!({})).await.is(200);
        assert!(waits_for(&life, &first).await);
        assert!(!waits_for(&life, &second).await, "who verified does not pay");
        life.pay().await.is(200);
        same(&awaited(&life).await, &[Drafter], "funded");
        let report = json!({ "kind": "progress", "as_of": app.today(), "physical_bp": 100 });
        let report = life.add(Drafter, "reports", report).await.is(201);
        let drafter = life.who(Drafter).await;
        life.step_of(&drafter, "reports", &report, "submit", json!({})).await.is(200);
        same(&awaited(&life).await, &[Drafter, Inspector], "a report is submitted");
        life.to("reporting").await;
        let inspected = life.last("reports").await;
        life.step_of(&inspector, "reports", &inspected, "review", json!({})).await.is(200);
        same(&awaited(&life).await, &[Drafter], "reporting");
        life.to("operating").await;
        same(&awaited(&life).await, &[Drafter], "operating");
        life.final_report().await;
        same(&awaited(&life).await, &[Inspector], "the final report is reviewed");
        life.close().await.is(200);
        same(&awaited(&life).await, &[], "closed");
    }

    async fn a_finding_waits_for_the_region_and_then_for_who_audits_it(db) {
        let app = TestApp::on(db);
        for ended in [false, true] {
            let life = CONSTRUCTION.at(&app, if ended { "closed" } else { "funded" }).await;
            let (drafter, head) = (life.who(Role::Drafter).await, life.who(Role::RegionalHead).await);
            let (own, province) = (auditor_of(&app, HOME).await, auditor_of(&app, PROVINCE).await);
            let (nation, sibling, foreign) =
                (app.of(Role::Auditor, HOME).await, auditor_of(&app, SIBLING).await, auditor_of(&app, FOREIGN).await);
            let (region, auditors) = ([&drafter, &head], [&own, &province, &nation]);
            let mut others = vec![sibling, foreign, app.of(Role::Drafter, SIBLING).await, app.of(Role::RegionalHead, FOREIGN).await];
            for role in [Role::Planner, Role::Inspector, Role::Verifier, Role::Reviewer, Role::Approver, Role::Administrator] {
                others.push(life.who(role).await);
            }
            let waits = async |id: &str, of_region: bool, of_auditors: bool| {
                for person in region {
                    assert_eq!(findings(&app, person, "").await.contains(&id.to_owned()), of_region, "{}", person.name);
                }
                for person in auditors {
                    assert_eq!(findings(&app, person, "").await.contains(&id.to_owned()), of_auditors, "{}", person.name);
                }
                for person in &others {
                    assert_eq!(findings(&app, person, "").await, Vec::<String>::new(), "{}", person.name);
                }
            };
            let made = app.post(&own, &life.path("findings"), draft(json!({}))).await.is(201);
            let id = text(&made["id"]);
            waits(&id, true, false).await;
            let follow = async |by: &Person| {
                app.post(by, &format!("/findings/{id}/follow-ups"), json!({ "text": "Sudah disetor." })).await.is(201)
            };
            let answered = follow(&drafter).await;
            waits(&id, false, true).await;
            let back = json!({ "reason": "Belum." });
            life.step_of(&province, "findings", &answered, "return", back).await.is(200);
            waits(&id, true, false).await;
            let answered = follow(&head).await;
            waits(&id, false, true).await;
            let closing = json!({ "outcome": "settled", "reason": "Cukup." });
            life.step_of(&nation, "findings", &answered, "close", closing).await.is(200);
            waits(&id, false, false).await;
        }
    }

    async fn a_finding_waits_for_nobody_whom_four_eyes_or_an_ended_grant_keeps_from_it(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        let here = |role: Role| (role, Some(RegionCode::from(HOME)));
        let both = vec![here(Role::Auditor), here(Role::Drafter)];
        let turned = app.someone("auditor drafter", Role::Auditor, both.clone()).await;
        let wrote = app.someone("drafter auditor", Role::Drafter, both).await;
        let kin = vec![here(Role::Auditor), here(Role::Inspector)];
        let kin = app.someone("kin auditor", Role::Auditor, kin).await;
        app.post(&kin, &life.path("conflicts"), json!({ "reason": "Kerabat." })).await.is(201);
        let made = app.post(&turned, &life.path("findings"), draft(json!({}))).await.is(201);
        let id = text(&made["id"]);
        assert_eq!(findings(&app, &turned, "").await, Vec::<String>::new(), "who made it does not answer it");
        assert_eq!(findings(&app, &wrote, "").await, [id.as_str()]);
        app.post(&wrote, &format!("/findings/{id}/follow-ups"), json!({ "text": "Sudah." })).await.is(201);
        assert_eq!(findings(&app, &wrote, "").await, Vec::<String>::new(), "who answered it does not judge it");
        assert_eq!(findings(&app, &kin, "").await, Vec::<String>::new(), "a conflict of interest");
        assert_eq!(findings(&app, &turned, "").await, [id.as_str()]);
        let administrator = app.of(Role::Administrator, HOME).await;
        let user = format!("/users/{}", turned.id);
        let shown = app.get(&administrator, &user).await.is(200);
        let mut grants = shown["grants"].as_array().expect("grants").iter();
        let held = grants.find(|grant| grant["role"] == "auditor").expect("one")["id"].clone();
        app.delete(&administrator, &format!("{user}/grants/{}", text(&held))).await.is(204);
        assert_eq!(findings(&app, &turned, "").await, Vec::<String>::new(), "its grant ended");
    }

    async fn a_queue_of_findings_is_narrowed_and_read_page_by_page_the_longest_wait_first(db) {
        let app = TestApp::on(db);
        let (life, other) = (CONSTRUCTION.at(&app, "funded").await, CONSTRUCTION.at(&app, "contracted").await);
        let (auditor, drafter) = (auditor_of(&app, HOME).await, life.who(Role::Drafter).await);
        let mut made = Vec::new();
        for (life, kind) in [(&life, "unused"), (&other, "volume_shortfall"), (&life, "volume_shortfall")] {
            app.later(TimeDelta::hours(1));
            let finding = app.post(&auditor, &life.path("findings"), draft(json!({ "kind": kind }))).await.is(201);
            made.push(text(&finding["id"]));
        }
        // Answered and returned, the first has waited the shortest.
        app.later(TimeDelta::hours(1));
        let path = format!("/findings/{}/follow-ups", made[0]);
        let answered = app.post(&drafter, &path, json!({ "text": "Sudah." })).await.is(201);
        life.step_of(&auditor, "findings", &answered, "return", json!({ "reason": "Belum." })).await.is(200);
        let expected = [made[1].clone(), made[2].clone(), made[0].clone()];
        assert_eq!(findings(&app, &drafter, "").await, expected);
        let (mut paged, mut next) = (Vec::new(), String::new());
        loop {
            let page = app.get(&drafter, &format!("/findings?queue=mine&limit=1{next}")).await.is(200);
            paged.extend(page["items"].as_array().expect("items").iter().map(|item| text(&item["id"])));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("&cursor={}", cursor.replace(':', "%3A"));
        }
        assert_eq!(paged, expected);
        for (but, count) in [
            ("&kind=unused", 1), ("&state=open", 3), ("&state=answered", 0), ("&overdue=true", 0), ("&fiscal_year=2021", 3),
            ("&fiscal_year=2020", 0), ("&region_code=18.71", 3), ("&province_code=35", 0),
        ] {
            assert_eq!(findings(&app, &drafter, but).await.len(), count, "{but}");
        }
        app.later(TimeDelta::days(100));
        let drafter = again(&app, &drafter).await;
        assert_eq!(findings(&app, &drafter, "&overdue=true").await, expected);
        // Without a queue they stand in the order of their making.
        let listed = app.get(&drafter, "/findings").await.is(200);
        let listed: Vec<String> = listed["items"].as_array().expect("items").iter().map(|item| text(&item["id"])).collect();
        assert_eq!(listed, made);
        app.get(&drafter, "/findings?queue=all").await.is(422);
        app.get(&drafter, &format!("/findings?queue=mine&cursor={}", made[0])).await.is(422);
    }

    async fn a_clarification_waits_for_whoever_answers(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        clarify(&life, "/lines/1").await;
        same(&awaited(&life).await, &[Role::Drafter], "asked");
        let mut lines = life.case.lines();
        lines["lines"][0]["unit_cost_idr"] = json!(2_400_000);
        life.put(Role::Drafter, "lines", lines).await.is(200);
        same(&awaited(&life).await, &[Role::Drafter], "changed, but not answered");
        life.answer_changes().await;
        same(&awaited(&life).await, &[Role::RegionalHead], "changed and answered");
        life.act(Role::RegionalHead, json!({ "action": "answer" })).await.is(200);
        same(&awaited(&life).await, &[Role::Reviewer], "back in review");
    }

    async fn a_lump_sum_on_recommendation_waits_for_its_handover(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.recommended().at(&app, "contracted").await;
        same(&awaited(&life).await, &[Role::Drafter], "not handed over");
        life.record_handover().await.is(200);
        same(&awaited(&life).await, &[Role::RegionalHead], "handed over");
    }

    async fn a_revitalisation_waits_for_its_inspector_to_close_it(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "reporting").await;
        same(&awaited(&life).await, &[Role::Drafter], "no final report");
        life.final_report().await;
        same(&awaited(&life).await, &[Role::Inspector], "the final report is reviewed");
    }

    async fn grants_reach_as_far_in_the_queue_as_elsewhere(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "verification").await;
        assert!(waits_for(&life, &app.of(Role::Verifier, HOME).await).await);
        assert!(!waits_for(&life, &app.of(Role::Verifier, FOREIGN).await).await);
        let draft = CONSTRUCTION.draft(&app).await;
        for region in [SIBLING, FOREIGN, PROVINCE] {
            assert!(!waits_for(&draft, &app.of(Role::Drafter, region).await).await, "{region}");
        }
        let own = CONSTRUCTION.within(PROVINCE).at(&app, "technical_review").await;
        let (tapis, batik) = (specialist(&app, "KAIN TAPIS").await, specialist(&app, "batik").await);
        life.to("technical_review").await;
        let mut both = vec![life.id.clone(), own.id.clone()];
        both.sort();
        let mut found = queue(&app, &tapis).await;
        found.sort();
        assert_eq!(found, both);
        assert_eq!(queue(&app, &batik).await, Vec::<String>::new());
    }

    async fn four_eyes_assignments_and_conflicts_take_it_out_of_the_queue(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let (one, other) = (life.who(Role::Reviewer).await, app.nth(Role::Reviewer, HOME, 2).await);
        assert!(waits_for(&life, &one).await && waits_for(&life, &other).await);
        let assigned = life.add(Role::Approver, "assignments", json!({ "user_id": other.id })).await.is(201);
        assert!(!waits_for(&life, &one).await && waits_for(&life, &other).await);
        let approver = life.who(Role::Approver).await;
        life.step_of(&approver, "assignments", &assigned, "end", json!({})).await.is(200);
        assert!(waits_for(&life, &one).await && waits_for(&life, &other).await);
        app.post(&other, &life.path("conflicts"), json!({ "reason": "Saudara." })).await.is(201);
        assert!(waits_for(&life, &one).await && !waits_for(&life, &other).await);

        let grants = vec![(Role::Reviewer, None), (Role::Approver, None)];
        let all_rounder = app.someone("Semua", Role::Reviewer, grants).await;
        life.assess_lines().await;
        life.act_as(&all_rounder, json!({ "action": "recommend" })).await.is(200);
        assert!(waits_for(&life, &all_rounder).await, "still a reviewer");
        life.to("decision").await;
        assert!(waits_for(&life, &approver).await && !waits_for(&life, &all_rounder).await);
    }

    async fn an_assignment_counts_while_its_reviewer_can_review(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let grants = vec![(Role::Reviewer, None), (Role::Auditor, None)];
        let (one, other) = (life.who(Role::Reviewer).await, app.someone("Penelaah", Role::Reviewer, grants).await);
        life.to("technical_review").await;
        life.add(Role::Approver, "assignments", json!({ "user_id": other.id })).await.is(201);
        shut_out(&life, &one).await;
        assert!(waits_for(&life, &other).await);

        let administrator = app.of(Role::Administrator, HOME).await;
        let user = format!("/users/{}", other.id);
        let shown = app.get(&administrator, &user).await.is(200);
        let of_reviewer = |grant: &&Value| grant["role"] == "reviewer";
        let held = shown["grants"].as_array().expect("grants").iter().find(of_reviewer).expect("one")["id"].clone();
        app.delete(&administrator, &format!("{user}/grants/{}", text(&held))).await.is(204);
        free_for(&life, &one, "revoked").await;
        assert!(!waits_for(&life, &other).await);

        // A grant that begins, and runs out, by date: the assignment counts for that time.
        let from = app.in_days(2);
        let grant = json!({ "role": "reviewer", "valid_from": from, "valid_until": app.in_days(3), "decree": "SK 1" });
        app.post(&administrator, &format!("{user}/grants"), grant).await.is(201);
        free_for(&life, &one, "not yet").await;
        app.later(TimeDelta::days(2));
        let (one, administrator) = (again(&app, &one).await, again(&app, &administrator).await);
        shut_out(&life, &one).await;
        assert!(waits_for(&life, &again(&app, &other).await).await);
        app.later(TimeDelta::days(2));
        let (one, administrator) = (again(&app, &one).await, again(&app, &administrator).await);
        free_for(&life, &one, "run out").await;

        // For another commodity; for this one, until the person is disabled.
        for (commodity, counts) in [("Batik", false), ("kain tapis", true)] {
            let grant = json!({ "role": "reviewer", "commodity": commodity });
            app.post(&administrator, &format!("{user}/grants"), grant).await.is(201);
            if counts { shut_out(&life, &one).await } else { free_for(&life, &one, commodity).await }
        }
        let version = app.get(&administrator, &user).await.version();
        app.patch(&administrator, &user, json!({ "disabled": true })).if_match(version).await.is(200);
        free_for(&life, &one, "disabled").await;
        let version = app.get(&administrator, &user).await.version();
        app.patch(&administrator, &user, json!({ "disabled": false })).if_match(version).await.is(200);
        shut_out(&life, &one).await;
        let back = again(&app, &other).await;
        life.act_as(&back, json!({ "action": "request_clarification" })).await.refused(409, &[
            "change_requested", "due_date_given",
        ]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn an_assigned_reviewer_whom_four_eyes_excludes_does_not_count(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let grants = vec![(Role::Reviewer, None), (Role::Planner, Some(HOME.into()))];
        let (one, other) = (life.who(Role::Reviewer).await, app.someone("Penelaah", Role::Reviewer, grants).await);
        life.to("planning_check").await;
        life.add(Role::Approver, "assignments", json!({ "user_id": other.id })).await.is(201);
        life.act_as(&other, json!({ "action": "confirm_planning" })).await.is(200);
        life.to("technical_review").await;
        free_for(&life, &one, "excluded").await;
        assert!(!waits_for(&life, &other).await);
    }

    async fn what_has_waited_longest_comes_first_page_by_page(db) {
        let app = TestApp::on(db);
        let mut lives = Vec::new();
        for _ in 0..5 {
            lives.push(CONSTRUCTION.draft(&app).await);
        }
        let order = [3, 0, 4, 1, 2];
        for index in order {
            app.later(TimeDelta::minutes(7));
            lives[index].to("planning_check").await;
        }
        let planner = app.of(Role::Planner, HOME).await;
        let expected: Vec<String> = order.iter().map(|index| lives[*index].id.clone()).collect();
        assert_eq!(queue(&app, &planner).await, expected);
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let page = app.get(&planner, &format!("/proposals?queue=mine&limit=2{next}")).await.is(200);
            found.extend(page["items"].as_array().expect("a list").iter().map(|item| text(&item["id"])));
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(found, expected);
        let ids = |body: &Value| -> Vec<String> {
            body["items"].as_array().expect("a list").iter().map(|item| text(&item["id"])).collect()
        };
        let made: Vec<String> = lives.iter().map(|life| life.id.clone()).collect();
        assert_eq!(ids(&app.get(&planner, "/proposals?queue=mine&sort=created_at").await.is(200)), made);
        assert_eq!(ids(&app.get(&planner, "/proposals?sort=state_since").await.is(200)), expected);
        let first = app.get(&planner, "/proposals?queue=mine&fiscal_year=2021&menu=construction&limit=1").await.is(200);
        assert_eq!(ids(&first), expected[..1]);
        assert_eq!(ids(&app.get(&planner, "/proposals?queue=mine&menu=revitalisation").await.is(200)), Vec::<String>::new());
    }

    async fn a_request_that_left_a_proposal_out_awaits_nobody_for_it(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = CONSTRUCTION.at(&app, "contracted").await;
        let path = format!("/allocations/{}/tranche-requests", one.allocation().await);
        let item = |life: &Life<'_>| json!({ "proposal_id": life.id, "amount_idr": life.case.total() });
        let body = json!({ "n": 1, "items": [item(&one), item(&two)] });
        app.post(&one.who(Role::RegionalHead).await, &path, body).await.is(201);
        one.review_and_verify().await;
        same(&awaited(&two).await, &[Role::Treasurer], "as the request has it");
        app.database.execute(&format!(
            "INSERT INTO tranche_omissions (request_id, proposal_id, amount_idr, state, event_id, left_out_at) \
             SELECT request_id, proposal_id, amount_idr, 'contracted', (SELECT MAX(id) FROM audit_events), \
             '2020-05-01 00:00:00' FROM tranche_items WHERE proposal_id = '{}'",
            two.id
        ));
        same(&awaited(&two).await, &[Role::RegionalHead], "another request is due");
        same(&awaited(&one).await, &[Role::Treasurer], "the others go on");
    }

    async fn many_who_stand_since_one_moment_are_each_listed_once(db) {
        let app = TestApp::on(db);
        for _ in 0..7 {
            CONSTRUCTION.draft(&app).await;
        }
        let drafter = app.of(Role::Drafter, HOME).await;
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let page = app.get(&drafter, &format!("/proposals?sort=state_since&limit=3{next}")).await.is(200);
            found.extend(page["items"].as_array().expect("a list").iter().map(|item| text(&item["id"])));
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        let mut sorted = found.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((found.len(), &sorted), (7, &found));
    }

    async fn counts_agree_with_lists(db) {
        let app = TestApp::on(db);
        for (case, state) in [
            (CONSTRUCTION, "draft"), (CONSTRUCTION, "verification"), (CONSTRUCTION, "verification"),
            (REVITALISATION, "verification"), (REVITALISATION, "technical_review"),
            (CONSTRUCTION.within(SIBLING), "verification"), (CONSTRUCTION.within(FOREIGN), "endorsement"),
        ] {
            case.at(&app, state).await;
        }
        let people = [
            app.of(Role::Drafter, HOME).await, app.of(Role::Verifier, HOME).await, app.of(Role::Reviewer, HOME).await,
            app.of(Role::Auditor, HOME).await, app.of(Role::Administrator, HOME).await,
            app.of(Role::Planner, FOREIGN).await,
        ];
        for person in &people {
            for query in [
                "", "queue=mine", "menu=revitalisation", "state=verification", "region_code=18.71",
                "province_code=18&queue=mine", "fiscal_year=2021", "fiscal_year=2020",
            ] {
                assert_eq!(counts(&app, person, query).await, listed(&app, person, query).await, "{} {query}", person.name);
            }
        }
        let seen = counts(&app, &people[1], "").await;
        assert_eq!(seen.get("verification"), Some(&4));
        assert_eq!(counts(&app, &people[1], "queue=mine").await, BTreeMap::from([("verification".to_owned(), 4)]));
        assert_eq!(counts(&app, &people[4], "").await, BTreeMap::new());
        let body = app.get(&people[2], "/proposals/counts").await.is(200);
        let states: Vec<String> =
            body["items"].as_array().expect("items").iter().map(|item| text(&item["state"])).collect();
        assert_eq!(states, ["draft", "endorsement", "verification", "technical_review"]);
    }
}
