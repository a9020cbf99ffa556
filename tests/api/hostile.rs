//! Hostile input: whatever is sent, the answer is a problem that names the place, and the service goes on.

mod multipart;

use crate::on_both;
use crate::raw::say;
use crate::support::app::{HOME, Person, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Life};
use reqwest::Method;
use sentra::domain::people::Role;
use sentra::http::routes::{ROUTES, Route};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A request that would be taken, but for what is changed in it.
struct Sample {
    method: Method,
    path: String,
    by: Person,
    version: Option<i64>,
    body: Value,
}

fn sample(method: Method, path: String, by: &Person, version: Option<i64>, body: Value) -> Sample {
    Sample { method, path, by: by.clone(), version, body }
}

/// One of each body that is taken in, for a proposal where it can be.
async fn samples(app: &TestApp) -> (Life<'_>, Vec<Sample>) {
    let draft = CONSTRUCTION.draft(app).await;
    let reviewed = CONSTRUCTION.at(app, "technical_review").await;
    let reviewer = reviewed.who(Role::Reviewer).await;
    let submitted = CONSTRUCTION.at(app, "verification").await;
    let verifier = submitted.who(Role::Verifier).await;
    let flagged = submitted.version().await;
    let decision = CONSTRUCTION.at(app, "decision").await;
    let approved = CONSTRUCTION.at(app, "approved").await;
    let changed = CONSTRUCTION.at(app, "planned").await;
    let auditor = app.of(Role::Auditor, HOME).await;
    let allocated = CONSTRUCTION.at(app, "allocated").await;
    let life = CONSTRUCTION.at(app, "contracted").await;
    let (drafter, treasurer) = (life.who(Role::Drafter).await, life.who(Role::Treasurer).await);
    let (head, approver) = (life.who(Role::RegionalHead).await, life.who(Role::Approver).await);
    let administrator = app.of(Role::Administrator, HOME).await;
    let contract = life.last("contracts").await;
    let spent = json!({ "contract_id": contract["id"], "number": "1", "spent_on": "2020-05-02", "amount_idr": 5,
        "description": "a", "penalty_idr": 5, "is_advance": false });
    let back = json!({ "contract_id": contract["id"], "number": "1", "received_on": "2020-05-02", "amount_idr": 5,
        "reason": "a" });
    let over = json!({ "to_proposal_id": allocated.id, "carried_on": "2020-05-02", "amount_idr": 5,
        "origin_year": 2021, "legal_basis": "a", "reason": "b" });
    let amended = json!({ "number": "1", "signed_on": app.today(), "value_idr": 5, "ends_on": app.in_days(9),
        "lines": [1], "reason": "a" });
    let (inspector, allocated_at) = (life.who(Role::Inspector).await, allocated.version().await);
    let entry = life.entry("commit").await;
    let finding = crate::findings::draft(json!({}));
    let finding = app.post(&auditor, &life.path("findings"), finding).await.is(201);
    let slip =
        json!({ "number": "1", "returned_on": "2020-05-02", "amount_idr": 5, "reason": "b" });
    let report = json!({ "kind": "progress", "as_of": "2020-05-02", "physical_bp": 5, "output": "a", "workforce": 4,
        "problems": "b", "follow_up": "c" });
    let tranche = json!({ "n": 1, "items": [{ "proposal_id": life.id, "amount_idr": 5 }] });
    let money =
        json!({ "fiscal_year": 2021, "amount_idr": 900_000_000_000_i64, "legal_basis": "a" });
    let region = json!({ "fiscal_year": 2021, "region_code": HOME, "amount_idr": 900_000_000, "legal_basis": "a" });
    let user = json!({ "email": "a@b.example", "name": "a", "language": "id", "grants": [
        { "role": "drafter", "region_code": HOME, "valid_from": "2020-05-02", "decree": "a" }] });
    let decree = json!({ "fiscal_year": 2021, "number": "a", "dated_on": "2020-05-02", "reason": "b",
        "regions": [HOME], "effective_from": "2020-05-02T00:00:00Z",
        "changes": [{ "path": "/site_tolerance_m", "value": 600 }] });
    let path = format!("/allocations/{}/tranche-requests", life.allocation().await);
    let centre = app.post(&drafter, "/centres", CONSTRUCTION.centre()).await.is(201);
    let centre = format!("/centres/{}/fundings", text(&centre["id"]));
    let versions = (draft.version().await, decision.version().await, approved.version().await);
    let post = Method::POST;
    let mut act = approved.allocate_body();
    act["comment"] = json!("a");
    act["data"]["effective_on"] = json!("2020-05-02");
    let all = vec![
        sample(post.clone(), "/proposals".to_owned(), &drafter, None, CONSTRUCTION.draft_body()),
        sample(
            Method::PATCH,
            draft.path(""),
            &drafter,
            Some(versions.0),
            json!({ "title": "a", "summary": "b",
            "commodity": "c", "theme": "t", "gaps": [{ "code": "a", "description": "b" }], "baseline": { "a": "b" }, "design_firm_name": "d" }),
        ),
        sample(Method::PUT, draft.path("lines"), &drafter, Some(versions.0), CONSTRUCTION.lines()),
        sample(
            Method::PUT,
            decision.path("line-reviews"),
            &approver,
            Some(versions.1),
            json!({ "reviews": [
            { "line_no": 1, "volume_thousandths": 5, "amount_idr": 5, "reason": "a" }] }),
        ),
        sample(
            Method::PUT,
            submitted.path("line-reviews"),
            &verifier,
            Some(flagged),
            json!({ "reviews": [{ "line_no": 1, "flag": "blue", "words": "a" }] }),
        ),
        sample(
            Method::PUT,
            reviewed.path("line-reviews"),
            &reviewer,
            Some(reviewed.version().await),
            json!({ "reviews": [{ "line_no": 1, "volume_thousandths": 5, "amount_idr": 5, "reason": "a", "scores": {
                "technical": { "score": 5, "words": "a" }, "output_target": { "score": 5, "words": "b" },
                "unit_price": { "score": 5, "words": "c" }, "readiness": { "score": 5, "words": "d" } } }] }),
        ),
        sample(
            post.clone(),
            reviewed.path("change-requests"),
            &reviewer,
            None,
            json!({ "items": [{ "pointer": "/title", "comment": "a" }] }),
        ),
        sample(post.clone(), approved.path("actions"), &treasurer, Some(versions.2), act),
        sample(post.clone(), allocated.path("plans"), &drafter, None, allocated.plan_body()),
        sample(
            post.clone(),
            life.path("contracts"),
            &drafter,
            None,
            life.contract_body(json!({ "number": "9" })),
        ),
        sample(
            post.clone(),
            changed.path("plans"),
            &drafter,
            None,
            json!({ "target_output": "a", "reason": "b", "lines": [
            { "line_no": 2, "volume_thousandths": 5, "amount_idr": 5, "method": "contract", "target_output": "c",
              "supporting_activity": "travel" }] }),
        ),
        sample(
            post.clone(),
            changed.path("contracts/import"),
            &drafter,
            None,
            json!({ "contracts": [changed.contract_body(json!({ "number": "9" }))] }),
        ),
        sample(
            post.clone(),
            life.path("expenditures/import"),
            &drafter,
            None,
            json!({ "expenditures": [{ "contract_number": contract["number"], "number": "8", "spent_on": "2020-05-02",
            "amount_idr": 5, "description": "a" }] }),
        ),
        sample(post.clone(), life.path("holds"), &auditor, None, json!({ "reason": "a" })),
        sample(
            post.clone(),
            life.path("findings"),
            &auditor,
            None,
            crate::findings::draft(json!({ "due_on": app.in_days(9) })),
        ),
        sample(
            post.clone(),
            format!("/findings/{}/follow-ups", text(&finding["id"])),
            &drafter,
            None,
            json!({ "text": "a", "amount_idr": 5 }),
        ),
        sample(
            post.clone(),
            format!("/findings/{}/close", text(&finding["id"])),
            &auditor,
            Some(1),
            json!({ "outcome": "settled", "reason": "a", "settled_idr": 5 }),
        ),
        sample(post.clone(), life.path("expenditures"), &drafter, None, spent),
        sample(post.clone(), life.path("returns"), &drafter, None, slip),
        sample(post.clone(), life.path("recoveries"), &drafter, None, back),
        sample(
            post.clone(),
            format!("/contracts/{}/amendments", text(&contract["id"])),
            &drafter,
            None,
            amended,
        ),
        sample(post.clone(), life.path("carries"), &drafter, None, over),
        sample(
            Method::PUT,
            allocated.path("ceiling"),
            &treasurer,
            Some(allocated_at),
            json!({ "amount_idr": 5, "legal_basis": "a", "effective_on": "2020-05-02" }),
        ),
        sample(
            post.clone(),
            format!("/journal/{}/reverse", text(&entry["id"])),
            &inspector,
            None,
            json!({ "reason": "a", "effective_on": app.today() }),
        ),
        sample(post.clone(), life.path("reports"), &drafter, None, report),
        sample(post.clone(), path, &head, None, tranche),
        sample(post.clone(), "/ceilings".to_owned(), &treasurer, None, money),
        sample(post.clone(), "/allocations".to_owned(), &treasurer, None, region),
        sample(post.clone(), "/centres".to_owned(), &drafter, None, CONSTRUCTION.centre()),
        sample(
            post.clone(),
            reviewed.path("waivers"),
            &approver,
            None,
            json!({ "document_type": "site_visit_report", "reason": "a" }),
        ),
        sample(
            post.clone(),
            centre,
            &drafter,
            None,
            json!({ "fiscal_year": 2020, "fund_source": "APBD", "component": "clean_water", "description": "a",
            "amount_idr": 5, "legal_basis": "b" }),
        ),
        sample(post.clone(), "/users".to_owned(), &administrator, None, user),
        sample(
            Method::PUT,
            "/me/preferences".to_owned(),
            &drafter,
            Some(0),
            json!({ "digest_hour": 7, "deliveries": { "decision": "daily", "task": "off" } }),
        ),
        sample(post, "/decrees".to_owned(), &administrator, None, decree),
    ];
    (life, all)
}

/// The pointers of every value that is no list and no object.
fn leaves(value: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                leaves(field, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &format!("{pointer}/{index}"), found);
            }
        }
        leaf => found.push((pointer.to_owned(), leaf.clone())),
    }
}

const MARK: &str = "\"THE-VALUE\"";

/// The body with other text where a value stands.
fn with(body: &Value, pointer: &str, text: &str) -> String {
    let mut body = body.clone();
    *body.pointer_mut(pointer).expect("a value") = json!("THE-VALUE");
    body.to_string().replace(MARK, text)
}

async fn send(app: &TestApp, sample: &Sample, body: impl Into<Vec<u8>>) -> Answer {
    let call = app.by(&sample.by, sample.method.clone(), &sample.path).fresh_key();
    let call = match sample.version {
        Some(version) => call.if_match(version),
        None => call,
    };
    call.raw("application/json", body).await
}

/// What stands at the pointer can't be a whole number of rupiah, a date, a word …
async fn wrong_values(app: &TestApp, sample: &Sample) -> usize {
    let mut found = Vec::new();
    leaves(&sample.body, "", &mut found);
    let mut tried = 0;
    for (pointer, leaf) in found {
        let is_money = pointer.ends_with("_idr");
        let wrong: &[&str] = match leaf {
            Value::Number(number) if number.is_f64() => &["\"1\"", "true", "[]"],
            Value::Number(_) => &[
                "9223372036854775808",
                "1.0",
                "\"1\"",
                "1e3",
                "-9223372036854775809",
                "[]",
                "true",
            ],
            Value::String(_) => &["\"a\\u0000b\"", "\"\\ud800\"", "7", "{}"],
            _ => &["\"x\"", "7"],
        };
        for text in wrong.iter().chain(is_money.then_some(&"-1")) {
            // A baseline holds any JSON but NUL.
            if pointer.starts_with("/baseline") && !text.contains("u0000") {
                continue;
            }
            let answer = send(app, sample, with(&sample.body, &pointer, text)).await;
            tried += 1;
            assert_eq!(answer.status, 422, "{pointer} {text}: {answer}");
            let named = answer.pointers();
            let fits =
                named.iter().any(|one| *one == pointer || pointer.starts_with(&format!("{one}/")));
            assert!(fits, "{pointer} {text}: {answer}");
        }
    }
    tried
}

/// A field that nobody knows, in every object.
async fn unknown_fields(app: &TestApp, sample: &Sample) {
    let mut objects = BTreeSet::from([String::new()]);
    let mut found = Vec::new();
    leaves(&sample.body, "", &mut found);
    for (pointer, _) in found {
        let above = pointer.rsplit_once('/').expect("a pointer").0;
        if sample.body.pointer(above).is_some_and(Value::is_object)
            && !above.starts_with("/baseline")
        {
            objects.insert(above.to_owned());
        }
    }
    for above in objects {
        let mut body = sample.body.clone();
        body.pointer_mut(&above).expect("an object")["nobody_knows"] = json!(1);
        let answer = send(app, sample, body.to_string()).await;
        assert_eq!(answer.status, 422, "{above}: {answer}");
        assert!(answer.to_string().contains("nobody_knows"), "{answer}");
    }
}

fn nested(depth: usize) -> Vec<u8> {
    ("{\"baseline\":".repeat(depth) + "1" + &"}".repeat(depth)).into_bytes()
}

/// Writing routes, with a path to nothing where there is an id.
fn writing() -> impl Iterator<Item = (&'static Route, Method, String)> {
    ROUTES.iter().filter(|route| route.method != "get").map(|route| {
        let id = uuid::Uuid::now_v7().to_string();
        let path = route.path.replace("{id}", &id).replace("{user_id}", &id);
        let path = path.replace("{code}", "ff").replace("{token}", "ff");
        (route, route.method.to_uppercase().parse().expect("a method"), path)
    })
}

fn named(answer: &Answer, status: u16, pointer: &str) {
    answer.is(status);
    assert_eq!(answer.pointers(), [pointer], "{answer}");
}

on_both! {
    async fn a_wrong_value_is_named_wherever_it_stands(db) {
        let app = TestApp::on(db);
        let (life, samples) = samples(&app).await;
        let events = "SELECT COUNT(*) FROM audit_events";
        let before = app.database.number(events);
        let mut tried = 0;
        for sample in &samples {
            tried += wrong_values(&app, sample).await;
            unknown_fields(&app, sample).await;
        }
        assert!(tried > 300, "{tried}");
        assert_eq!(app.database.number(events), before, "nothing happened");
        // What was changed in each of them was what kept it from being taken.
        // Leftover goes to a proposal of a later year, and all of these are of one year.
        for sample in samples.iter().filter(|sample| !sample.path.ends_with("/carries")) {
            let answer = send(&app, sample, sample.body.to_string()).await;
            assert!(!matches!(answer.status, 400 | 422), "{answer}");
        }
        life.shown().await;
        app.verified();
    }

    async fn a_body_that_is_no_json_is_a_problem_on_every_route(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        // One route takes a form, and its proposal is looked for before the form is read.
        let form = "/proposals/{id}/documents";
        for (route, method, path) in writing().filter(|(route, ..)| route.path != form) {
            let call = || app.by(&drafter, method.clone(), &path).fresh_key().if_match(1);
            let json = "application/json";
            for body in ["{", "[1,2", "nul", "{} {}", "\"\\ud800\"", "\u{feff}{}", "{\"a\":\"\u{1}\"}"] {
                let answer = call().raw(json, body).await;
                assert!((400..500).contains(&answer.status), "{body}: {answer}");
            }
            for body in [b"{\"a\":\0}".to_vec(), b"{\"a\":\"\xff\xfe\"}".to_vec(), vec![b'['; 10_000], nested(10_000)] {
                let answer = call().raw(json, body).await;
                assert!((400..500).contains(&answer.status), "{answer}");
            }
            let head = format!(
                "{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/json\r\nContent-Length: 10485760\r\n\r\n",
                drafter.token
            );
            let said = say(&app, &head, b"");
            assert!(said.starts_with("HTTP/1.1 413") && said.contains("urn:sentra:problem:too_large"), "{said}");
            for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"] {
                // One route takes forms of both kinds, and looks at its token first.
                let takes_it = route.path.starts_with("/unsubscribe") && kind.contains("form");
                call().raw(kind, "{}").await.is(if takes_it { 404 } else { 415 });
            }
            if route.path != "/sessions/current" {
                let empty = call().await;
                assert!(matches!(empty.status, 404 | 415), "{empty}");
            }
        }
    }

    async fn what_takes_no_body_refuses_one(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "allocated").await;
        let plan = life.add(Role::Drafter, "plans", life.plan_body()).await.is(201);
        let drafter = life.who(Role::Drafter).await;
        let answer = life.step_of(&drafter, "plans", &plan, "submit", json!({ "nobody_knows": 1 })).await;
        assert!(matches!(answer.status, 400 | 422), "{answer}");
        assert!(answer.to_string().contains("nobody_knows"), "{answer}");
        assert_eq!(life.last("plans").await["state"], "draft");
    }

    async fn a_wrong_query_is_named(db) {
        let app = TestApp::on(db);
        let administrator = app.of(Role::Administrator, HOME).await;
        let life = CONSTRUCTION.draft(&app).await;
        let approver = life.who(Role::Approver).await;
        let events = life.path("events");
        for path in [
            "/regions", "/centres", "/proposals", "/allocations", "/users", "/outbox", "/notifications",
            events.as_str(),
        ] {
            let by = if matches!(path, "/users" | "/outbox") { &administrator } else { &approver };
            named(&app.get(by, &format!("{path}?limit=0")).await, 422, "/query/limit");
            named(&app.get(by, &format!("{path}?limit=201")).await, 422, "/query/limit");
            named(&app.get(by, &format!("{path}?limit=-1")).await, 422, "/query/limit");
            for query in ["limit=abc", "limit=", "limit=9223372036854775808"] {
                named(&app.get(by, &format!("{path}?{query}")).await, 422, "/query/limit");
            }
            let unknown = app.get(by, &format!("{path}?nobody_knows=1")).await;
            unknown.is(422);
            assert!(unknown.to_string().contains("nobody_knows"), "{unknown}");
            for query in ["limit=1&limit=2", "limit=1&limit=1", "lim%69t=1&limit=2"] {
                let twice = app.get(by, &format!("{path}?{query}")).await;
                named(&twice, 400, "/query/limit");
                assert_eq!(twice.codes(), ["twice"]);
            }
            for cursor in ["x", "%00", "%ff", "00000000-0000-0000-0000-00000000000g"] {
                let answer = app.get(by, &format!("{path}?cursor={cursor}")).await;
                named(&answer, 422, "/query/cursor");
            }
        }
        for query in [
            "state=nowhere", "menu=x", "fiscal_year=x", "centre_id=x", "sort=title", "region_code=%00",
            "region_code=%00&limit=1", "queue=theirs", "queue=",
        ] {
            let answer = app.get(&approver, &format!("/proposals?{query}")).await;
            answer.is(422);
        }
        for query in ["state=nowhere", "queue=theirs", "limit=1", "cursor=x", "sort=created_at", "region_code=%00"] {
            app.get(&approver, &format!("/proposals/counts?{query}")).await.is(422);
        }
        let since = "2020-05-11T02:00:00.000000Z";
        let id = uuid::Uuid::now_v7();
        for cursor in [id.to_string(), format!("{since}_"), format!("_{id}"), format!("x_{id}"), format!("{since}_x")] {
            let answer = app.get(&approver, &format!("/proposals?sort=state_since&cursor={cursor}")).await;
            named(&answer, 422, "/query/cursor");
        }
        named(&app.get(&approver, &format!("/proposals?cursor={since}_{id}")).await, 422, "/query/cursor");
        for path in [
            "/regions?province_code=%00", "/centres?region_code=%00", "/allocations?region_code=%00",
            "/regions/%00", "/regions/%ff", "/policies/x", "/workflows/x", "/journal", "/journal?proposal_id=x",
        ] {
            let answer = app.get(&approver, path).await;
            assert!(matches!(answer.status, 200 | 404 | 422), "{answer}");
        }
        app.call(Method::GET, "/health/ready").await.is(200);
    }

    async fn an_id_that_is_none_names_nothing(db) {
        let app = TestApp::on(db);
        let administrator = app.of(Role::Administrator, HOME).await;
        let long = "a".repeat(5_000);
        for route in ROUTES.iter().filter(|route| route.path.contains("id}") && route.needs.token()) {
            let method: Method = route.method.to_uppercase().parse().expect("a method");
            for id in ["x", "0", "%00", "%ff", "..%2f..", "1'--", "019376a0-0000-7000-8000-00000000000g", &long] {
                let path = route.path.replace("{id}", id).replace("{user_id}", id);
                app.by(&administrator, method.clone(), &path).fresh_key().if_match(1).json(&json!({})).await.is(404);
            }
        }
    }

    async fn a_wrong_header_is_named(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let call = || app.post(&drafter, &life.path("actions"), json!({ "action": "request_planning_check" })).if_match(1);
        let long = "k".repeat(101);
        for key in ["", " ", "a b", "ä", &long, "a\tb"] {
            named(&call().header("Idempotency-Key", key).await, 400, "/headers/Idempotency-Key");
        }
        for version in ["", "2", "W/\"2\"", "*", "\"x\"", "\"9223372036854775808\"", "\"1\", \"2\"", "\"1.0\""] {
            named(&call().header("If-Match", version).await, 400, "/headers/If-Match");
        }
        call().header("If-Match", "\"-1\"").await.is(412);
        assert_eq!(life.state().await, "draft");
    }

    async fn a_header_that_is_sent_twice_is_named(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let version = life.version().await;
        let body = json!({ "action": "request_planning_check" }).to_string();
        let all = [
            ("Authorization", format!("Bearer {}", drafter.token), format!("Bearer {}", drafter.token)),
            ("Idempotency-Key", "a".to_owned(), "b".to_owned()),
            ("If-Match", format!("\"{version}\""), "\"1\"".to_owned()),
        ];
        for (twice, _, second) in &all {
            let mut head = format!(
                "POST /api/v1{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n{twice}: {second}\r\n",
                life.path("actions"),
                body.len(),
            );
            for (name, value, _) in &all {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            let said = say(&app, &format!("{head}\r\n"), body.as_bytes());
            let pointer = format!("\"pointer\":\"/headers/{twice}\",\"code\":\"twice\"");
            assert!(said.starts_with("HTTP/1.1 400") && said.contains(&pointer), "{said}");
        }
        assert_eq!(life.state().await, "draft");
    }

    async fn a_text_is_seen_and_keeps_to_its_line(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        let create = |field: &str, value: &str| {
            let mut body = CONSTRUCTION.draft_body();
            body[field] = json!(value);
            app.post(&drafter, "/proposals", body)
        };
        for (title, code) in [
            ("\u{200d}\u{200d}", "invisible"),
            ("\u{2800}", "invisible"),
            ("\u{3164} \u{a0}", "invisible"),
            ("Sentra\u{202e}pipat", "control_character"),
            ("Sentra\nTapis", "control_character"),
            ("Sentra\u{200b}Tapis", "control_character"),
            ("Sentra \u{7f}", "control_character"),
            ("Sentra\u{2028}Tapis", "control_character"),
        ] {
            let answer = create("title", title).await;
            answer.refused(422, &[code]);
            assert_eq!(answer.pointers(), ["/title"], "{title:?}");
        }
        for title in ["Sentra Tapis 🧵👩‍🏫", "ꦱꦺꦤ꧀ꦠꦿ", "Sentra “Way Kanan” – kopi"] {
            create("title", title).await.is(201);
        }
        create("summary", "Satu.\n\tDua.\r\n").await.is(201);
        create("summary", "Satu\u{202e}.").await.refused(422, &["control_character"]);
        create("summary", "Satu\u{8}.").await.refused(422, &["control_character"]);
    }

    async fn a_proposal_and_a_centre_are_not_changed_by_nothing_and_keep_what_has_to_be_there(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let centre = app.post(&drafter, "/centres", CONSTRUCTION.centre()).await.is(201);
        let centre = format!("/centres/{}", centre["id"].as_str().expect("an id"));
        // What differs in any field is a change.
        let themed = life.patch(Role::Drafter, json!({ "theme": "tourism" })).await;
        assert_eq!(themed.is(200)["theme"], "tourism");
        let events = "SELECT COUNT(*) FROM audit_events";
        let before = app.database.number(events);
        let places = [
            (life.path(""), "title", ["title", "summary", "commodity", "outcome_class", "site"].as_slice()),
            (centre, "name", ["name", "village", "businesses", "organised", "outcome_class"].as_slice()),
        ];
        for (path, text, fields) in places {
            let seen = app.get(&drafter, &path).await;
            for body in [json!({}), json!({ text: seen.json()[text] })] {
                let same = app.patch(&drafter, &path, body).if_match(seen.version()).await;
                assert_eq!((same.is(200), same.version()), (seen.json(), seen.version()));
            }
            for field in fields {
                let body = json!({ *field: null });
                let refused = app.patch(&drafter, &path, body).if_match(seen.version()).await;
                named(&refused, 422, &format!("/{field}"));
            }
            app.patch(&drafter, &path, json!({})).if_match(seen.version() - 1).await.is(412);
        }
        assert_eq!(app.database.number(events), before);
    }

    async fn a_centre_s_decree_is_of_a_day_that_has_come(db) {
        let app = TestApp::on(db);
        let drafter = app.of(Role::Drafter, HOME).await;
        let dated = |date: String| {
            let mut body = CONSTRUCTION.centre();
            body["decree_date"] = json!(date);
            body
        };
        named(&app.post(&drafter, "/centres", dated(app.in_days(2))).await, 422, "/decree_date");
        let made = app.post(&drafter, "/centres", dated(app.in_days(1))).await.is(201);
        let path = format!("/centres/{}", made["id"].as_str().expect("an id"));
        let later = json!({ "decree_date": app.in_days(2) });
        named(&app.patch(&drafter, &path, later).if_match(1).await, 422, "/decree_date");
    }
}
