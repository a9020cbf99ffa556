//! Who may do what: every endpoint, by every role in the own, a sibling and a foreign region, as a golden file.
//!
//! What is permitted is proved by a stale `If-Match` (412) or a body that says nothing (422), so that nothing is spent.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, PROVINCE, Person, SIBLING, TestApp, golden, grant};
use crate::support::client::{Answer, text};
use crate::support::documents::{PDF, upload};
use crate::support::life::{CONSTRUCTION, Life};
use reqwest::Method;
use sentra::domain::act::Action;
use sentra::domain::people::{Language, Role};
use sentra::http::routes::{Needs, ROUTES, Route};
use sentra::service::secret::Secret;
use sentra::service::user::UserDraft;
use sentra::service::{console, seal};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What stands behind the ids of paths.
struct Fixture<'a> {
    life: Life<'a>,
    ids: BTreeMap<&'static str, String>,
}

/// A proposal of the home region with one of everything beneath it.
async fn fixture(app: &TestApp) -> Fixture<'_> {
    let life = CONSTRUCTION.at(app, "verification").await;
    life.ask_changes(Role::Verifier, &["/title"]).await;
    let back = json!({ "action": "return", "comment": "Judul." });
    life.act(Role::Verifier, back).await.is(200);
    life.to("decision").await;
    life.review_lines(Role::Approver).await;
    let body =
        json!({ "action": "approve_with_conditions", "data": { "conditions": ["Sertifikat"] } });
    life.act(Role::Approver, body).await.is(200);
    life.to("allocated").await;
    life.submit_plan().await;
    life.approve_plan(json!({})).await.is(200);
    let reviewer = life.who(Role::Reviewer).await;
    let condition = life.last("conditions").await;
    let auditor = app.of(Role::Auditor, HOME).await;
    let reason = json!({ "reason": "Volume." });
    let hold = app.post(&auditor, &life.path("holds"), reason.clone()).await.is(201);
    life.step_of(&auditor, "holds", &hold, "lift", reason).await.is(200);
    let finding = crate::findings::draft(json!({}));
    let finding = app.post(&auditor, &life.path("findings"), finding).await.is(201);
    let lift = life.evidence().await;
    life.step_of(&reviewer, "conditions", &condition, "lift", lift).await.is(200);
    life.to("contracted").await;
    life.request_tranche(1, 1_000).await.is(201);
    let approver = life.who(Role::Approver).await;
    let spare = app.nth(Role::Reviewer, HOME, 8).await;
    let path = life.path("assignments");
    let assigned = app.post(&approver, &path, json!({ "user_id": spare.id })).await.is(201);
    let report = json!({ "kind": "progress", "as_of": app.today(), "physical_bp": 100 });
    let report = life.add(Role::Drafter, "reports", report).await.is(201);
    let drafter = life.who(Role::Drafter).await;
    let document = upload(app, &drafter, &life.id, &[("type", "tor")], PDF).await.is(201);
    let centre = app.post(&drafter, "/centres", CONSTRUCTION.centre()).await.is(201);
    let money = json!({ "fiscal_year": 2020, "fund_source": "APBD", "component": "clean_water",
        "description": "Sumur", "amount_idr": 5, "legal_basis": "DPA" });
    let path = format!("/centres/{}/fundings", text(&centre["id"]));
    let funding = app.post(&drafter, &path, money).await.is(201);
    let waiver = json!({ "document_type": "handover_minutes", "reason": "Sudah dilihat." });
    let waiver = life.add(Role::Approver, "waivers", waiver).await.is(201);
    app.deliver();
    let administrator = app.of(Role::Administrator, HOME).await;
    let mail = app.get(&administrator, "/outbox").await.is(200)["items"][0]["id"].clone();
    let spare = app.of(Role::Auditor, HOME).await;
    let spare = app.get(&administrator, &format!("/users/{}", spare.id)).await.is(200);
    seal::drain(&app.services).expect("sealed");
    let events = format!("/audit/events?proposal_id={}", life.id);
    let event = app.get(&auditor, &events).await.is(200)["items"][0].clone();
    let ids = BTreeMap::from([
        ("/proposals", life.id.clone()),
        ("/change-requests", text(&life.change(1).await["id"])),
        ("/assignments", text(&assigned["id"])),
        ("/plans", text(&life.last("plans").await["id"])),
        ("/conditions", text(&condition["id"])),
        ("/holds", text(&hold["id"])),
        ("/findings", text(&finding["id"])),
        ("/reports", text(&report["id"])),
        ("/documents", text(&document["id"])),
        ("/allocations", life.allocation().await),
        ("/tranche-requests", text(&life.request().await["id"])),
        ("/centres", text(&centre["id"])),
        ("/centre-fundings", text(&funding["id"])),
        ("/waivers", text(&waiver["id"])),
        ("/outbox", text(&mail)),
        ("/contracts", text(&life.last("contracts").await["id"])),
        ("/journal", text(&life.entry("commit").await["id"])),
        ("/users", text(&spare["id"])),
        ("grant", text(&spare["grants"][0]["id"])),
        ("/tokens", uuid::Uuid::now_v7().to_string()),
        ("/invitations", "00".repeat(32)),
        ("/regions", HOME.to_owned()),
        ("/workflows", "construction".to_owned()),
        ("/policies", "2021".to_owned()),
        ("/audit", text(&event["id"])),
    ]);
    Fixture { life, ids }
}

impl Fixture<'_> {
    /// The path of a route, to what is there or to what is not.
    fn path(&self, route: &Route, exists: bool) -> String {
        let first = route.path.split('/').nth(1).unwrap_or_default();
        let unknown = uuid::Uuid::now_v7().to_string();
        let id = |of: &str| if exists { self.ids[of].clone() } else { unknown.clone() };
        let mut path = route.path.to_owned();
        if path.contains("{user_id}") {
            path = path.replace("{user_id}", &self.ids["/users"]).replace("{id}", &id("grant"));
        }
        let start = path.find('{');
        if let (Some(start), Some(end)) = (start, path.find('}')) {
            path.replace_range(start..=end, &id(&format!("/{first}")));
        }
        path = path.replace("{n}", "1");
        if route.path == "/journal" {
            path = format!("/journal?proposal_id={}", id("/proposals"));
        }
        path
    }
}

/// Everybody who tries, by the name of their column.
async fn people(app: &TestApp) -> Vec<(String, Person)> {
    let mut people = Vec::new();
    for role in [Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector] {
        for (place, region) in [("own", HOME), ("sibling", SIBLING), ("foreign", FOREIGN)] {
            people.push((format!("{role} {place}"), app.nth(role, region, 9).await));
        }
    }
    people.push(("verifier own".to_owned(), app.nth(Role::Verifier, HOME, 9).await));
    people.push(("verifier foreign".to_owned(), app.nth(Role::Verifier, FOREIGN, 9).await));
    for (place, region) in
        [("own", HOME), ("province", PROVINCE), ("sibling", SIBLING), ("foreign", FOREIGN)]
    {
        let name = format!("auditor {place}");
        let person =
            app.someone(&name, Role::Auditor, vec![(Role::Auditor, Some(region.into()))]).await;
        people.push((name, person));
    }
    people.push(("auditor nation".to_owned(), app.nth(Role::Auditor, HOME, 9).await));
    people.push(("reviewer".to_owned(), app.nth(Role::Reviewer, HOME, 9).await));
    people.push(("reviewer of batik".to_owned(), specialist(app).await));
    for role in [Role::Approver, Role::Treasurer] {
        people.push((role.to_string(), app.nth(role, HOME, 9).await));
    }
    people.push(("administrator".to_owned(), app.nth(Role::Administrator, HOME, 9).await));
    people
}

/// A reviewer of another commodity.
async fn specialist(app: &TestApp) -> Person {
    let mut person = app.nth(Role::Reviewer, HOME, 9).await;
    let mut only = grant(Role::Reviewer, None);
    only.commodity = Some("batik".to_owned());
    let email = "batik@sentra.example";
    let draft = UserDraft {
        email: email.to_owned(),
        name: "Batik".to_owned(),
        language: Language::Id,
        grants: vec![only],
    };
    let password = crate::support::app::PASSWORD;
    console::add(&app.services, &draft, Some(&Secret::from(password))).expect("a user");
    person.token = text(&app.sign_in(email, password).await.is(201)["token"]);
    person
}

/// How a route is tried without spending anything.
async fn attempt(app: &TestApp, fixture: &Fixture<'_>, route: &Route, person: &Person) -> Answer {
    let method: Method = route.method.to_uppercase().parse().expect("a method");
    if route.path == "/sessions/current" {
        let session = app.sign_in(&person.email, crate::support::app::PASSWORD).await.is(201);
        return app.call(method, route.path).token(&text(&session["token"])).await;
    }
    let call = app.by(person, method, &fixture.path(route, true)).fresh_key();
    if route.method == "get" || route.method == "delete" {
        return call.await;
    }
    let call = if route.needs.version() { call.if_match(999_999) } else { call };
    if route.path == "/proposals/{id}/documents" {
        return call.raw("multipart/form-data; boundary=x", "--x--\r\n").await;
    }
    call.json(&json!({})).await
}

/// A status, and how much was seen of a list.
fn cell(answer: &Answer) -> String {
    let is_json = answer.header("content-type").is_some_and(|media| media.ends_with("/json"));
    let body = if is_json { answer.json() } else { Value::Null };
    let items = body["items"].as_array().or(body.as_array());
    match items.filter(|_| answer.status == 200) {
        Some(items) => format!("{} {}", answer.status, items.len()),
        None => answer.status.to_string(),
    }
}

fn line(text: &mut String, name: &str, cells: &[(String, String)]) {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (person, cell) in cells {
        match groups.iter_mut().find(|(known, _)| known == cell) {
            Some((_, people)) => people.push(person),
            None => groups.push((cell, vec![person])),
        }
    }
    groups.sort();
    writeln!(text, "{name}").expect("text");
    for (cell, people) in groups {
        let people =
            if people.len() == cells.len() { "everybody".to_owned() } else { people.join(", ") };
        writeln!(text, "    {cell}: {people}").expect("text");
    }
}

async fn routes(
    app: &TestApp,
    fixture: &Fixture<'_>,
    people: &[(String, Person)],
    text: &mut String,
) {
    for route in ROUTES.iter().filter(|route| route.needs.token()) {
        let mut cells = Vec::new();
        for (name, person) in people {
            let answer = attempt(app, fixture, route, person).await;
            assert_ne!(answer.status, 401, "{name}: {answer}");
            cells.push((name.clone(), cell(&answer)));
        }
        line(text, &format!("{} {}", route.method.to_uppercase(), route.path), &cells);
    }
}

async fn actions(app: &TestApp, life: &Life<'_>, people: &[(String, Person)], text: &mut String) {
    for action in Action::ALL {
        let mut cells = Vec::new();
        for (name, person) in people {
            let call =
                app.post(person, &life.path("actions"), json!({ "action": action.as_str() }));
            let answer = call.if_match(999_999).await;
            cells.push((name.clone(), answer.status.to_string()));
        }
        line(text, &format!("action {action}, from {}", life.state().await), &cells);
    }
}

/// What names its region in the body; the year of the proposal has no policy, so that only a centre is made.
async fn by_body(app: &TestApp, people: &[(String, Person)], text: &mut String) {
    let mut proposal = CONSTRUCTION.draft_body();
    proposal["fiscal_year"] = json!(2050);
    for (path, body) in [("/proposals", proposal), ("/centres", CONSTRUCTION.centre())] {
        let mut cells = Vec::new();
        for (name, person) in people {
            cells.push((
                name.clone(),
                app.post(person, path, body.clone()).await.status.to_string(),
            ));
        }
        line(text, &format!("POST {path}, for the own region"), &cells);
    }
}

on_both! {
    async fn every_endpoint_by_every_role_and_region(db) {
        let app = TestApp::on(db);
        let fixture = fixture(&app).await;
        let draft = CONSTRUCTION.draft(&app).await;
        let people = people(&app).await;
        let mut text = String::from(
            "Who gets what, from a proposal of a city; `own` is that city, `sibling` a regency of its province.\n\
             412: permitted, but the version named is stale. 422: permitted, but the body says nothing.\n\
             The number after a 200 is how many items the first page has.\n\n",
        );
        let before = (fixture.life.version().await, draft.version().await);
        routes(&app, &fixture, &people, &mut text).await;
        by_body(&app, &people, &mut text).await;
        actions(&app, &draft, &people, &mut text).await;
        actions(&app, &fixture.life, &people, &mut text).await;
        assert_eq!(before, (fixture.life.version().await, draft.version().await), "nothing was spent");
        golden("tests/api/golden/matrix.txt", &text);
    }

    async fn an_auditor_changes_nothing_but_findings_and_holds(db) {
        let app = TestApp::on(db);
        let fixture = fixture(&app).await;
        let own = ["/sessions/current", "/me/password", "/notifications/preferences", "/tokens", "/tokens/{id}"];
        let audits = [
            "/proposals/{id}/holds", "/holds/{id}/lift", "/proposals/{id}/findings", "/findings/{id}/return",
            "/findings/{id}/close",
        ];
        let writes = ROUTES.iter().filter(|route| route.method != "get" && route.needs.token());
        let mut tried = 0;
        for auditor in [app.of(Role::Auditor, HOME).await, crate::findings::auditor_of(&app, HOME).await] {
            for route in writes.clone().filter(|route| !own.contains(&route.path)) {
                let answer = attempt(&app, &fixture, route, &auditor).await;
                let hidden = ["/users/", "/outbox/"].iter().any(|start| route.path.starts_with(start));
                let wanted: &[u16] = match (audits.contains(&route.path), hidden) {
                    (true, _) => &[412, 422],
                    (false, true) => &[403, 404],
                    (false, false) => &[403],
                };
                assert!(wanted.contains(&answer.status), "{} {}: {answer}", route.method, route.path);
                tried += 1;
            }
            for action in Action::ALL {
                let body = json!({ "action": action.as_str() });
                app.post(&auditor, &fixture.life.path("actions"), body).if_match(999_999).await.is(403);
            }
        }
        assert!(tried > 100, "{tried}");
    }

    async fn without_a_token_nothing_is_answered(db) {
        let app = TestApp::on(db);
        let mut open = Vec::new();
        for route in ROUTES {
            let method: Method = route.method.to_uppercase().parse().expect("a method");
            let path = route.path.replace("{id}", &uuid::Uuid::now_v7().to_string());
            if route.needs == Needs::Nothing {
                open.push(route.path);
                continue;
            }
            for token in ["", "Bearer ", "Bearer sentra_00", "Basic YTpi", "Bearer x", "sentra_00"] {
                let call = app.call(method.clone(), &path).fresh_key().if_match(1);
                let call = if token.is_empty() { call } else { call.header("Authorization", token) };
                let answer = call.await;
                answer.is(401);
                let shown = token.strip_prefix("Bearer ").is_some_and(|token| !token.is_empty());
                let challenge = if shown { "Bearer error=\"invalid_token\"" } else { "Bearer" };
                assert_eq!(answer.header("WWW-Authenticate"), Some(challenge), "{token}");
            }
        }
        let unsubscribe = "/unsubscribe/{token}";
        assert_eq!(open, ["/sessions", unsubscribe, unsubscribe, "/invitations/{code}"]);
    }

    async fn what_is_another_s_and_what_is_nothing_look_alike(db) {
        let app = TestApp::on(db);
        let fixture = fixture(&app).await;
        let strangers = [
            app.of(Role::Drafter, FOREIGN).await, app.of(Role::RegionalHead, SIBLING).await,
            app.of(Role::Inspector, FOREIGN).await,
        ];
        // Of these, everybody who is signed in sees all.
        let open = ["/regions", "/centres", "/centre-fundings", "/workflows", "/policies"];
        let with_id = |route: &&Route| {
            (route.path.contains('{') || route.path == "/journal")
                && route.needs.token()
                && !open.iter().any(|start| route.path.starts_with(start))
        };
        for route in ROUTES.iter().filter(with_id) {
            for stranger in &strangers {
                let method: Method = route.method.to_uppercase().parse().expect("a method");
                let mut bodies: Vec<Value> = Vec::new();
                for exists in [true, false] {
                    let call = app.by(stranger, method.clone(), &fixture.path(route, exists)).fresh_key().if_match(1);
                    let call = if route.method == "get" || route.method == "delete" { call } else { call.json(&json!({})) };
                    let answer = call.await;
                    let mut body = answer.is(404);
                    body["request_id"] = Value::Null;
                    bodies.push(body);
                }
                assert_eq!(bodies[0], bodies[1], "{} {}", route.method, route.path);
            }
        }
    }
}
