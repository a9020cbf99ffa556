//! Access is audited too: who read which document, and whose data. Those who are audited are not told.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, TestApp};
use crate::support::client::text;
use crate::support::database::texts;
use crate::support::documents::{PDF, upload};
use crate::support::life::CONSTRUCTION;
use chrono::TimeDelta;
use reqwest::Method;
use sentra::domain::ids::RegionCode;
use sentra::domain::people::Role;
use sentra::service::seal;
use serde_json::{Value, json};

/// Who read what: actor, action, kind and id of the subject, content.
fn reads(app: &TestApp) -> Vec<(String, String, String, Value)> {
    let sql = "SELECT actor_id || '|' || action || '|' || subject_kind || ' ' || subject_id || '|' || content AS value \
         FROM audit_events WHERE action LIKE '%.read' AND outcome = 'done' ORDER BY id";
    let rows = texts(&mut app.database.connect(), sql);
    let split = |row: &String| {
        let mut parts = row.splitn(4, '|').map(str::to_owned);
        let mut next = || parts.next().expect("a part");
        let (actor, action, subject, content) = (next(), next(), next(), next());
        (actor, action, subject, serde_json::from_str(&content).expect("JSON"))
    };
    rows.iter().map(split).collect()
}

on_both! {
    async fn each_reading_of_a_document_is_kept_and_nothing_else_of_it(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let (drafter, approver) = (life.who(Role::Drafter).await, life.who(Role::Approver).await);
        let paper = upload(&app, &drafter, &life.id, &[("type", "tor")], PDF).await.is(201);
        let (id, path) = (text(&paper["id"]), format!("/documents/{}/content", text(&paper["id"])));
        // Lists, and what is kept of a document, tell nobody's secrets.
        app.get(&approver, &life.path("documents")).await.is(200);
        app.get(&approver, &format!("/documents/{id}")).await.is(200);
        app.get(&app.of(Role::Drafter, FOREIGN).await, &path).await.is(404);
        assert_eq!(reads(&app), []);
        assert_eq!(app.get(&approver, &path).await.status, 200);
        let subject = format!("document {id}");
        let content = json!({ "type": "tor", "sha256": paper["sha256"], "range": null });
        let whole = (approver.id.clone(), "document.read".to_owned(), subject.clone(), content.clone());
        assert_eq!(reads(&app), std::slice::from_ref(&whole));
        // Who has the bytes gets none, and what is not there is not read.
        let etag = format!("\"{}\"", text(&paper["sha256"]));
        assert_eq!(app.get(&approver, &path).header("If-None-Match", etag).await.status, 304);
        assert_eq!(app.get(&approver, &path).header("Range", "bytes=999999-").await.status, 416);
        assert_eq!(reads(&app).len(), 1);
        // A file that is fetched in parts is read once; after an hour, or by another, it is read anew.
        let part = async |by: &Person, range: &str| {
            assert_eq!(app.get(by, &path).header("Range", range).await.status, 206);
            reads(&app).len()
        };
        assert_eq!(part(&drafter, "bytes=0-9").await, 2);
        assert_eq!(reads(&app)[1].3["range"], json!([0, 10]));
        assert_eq!(part(&drafter, "bytes=10-19").await, 2);
        assert_eq!(part(&drafter, "bytes=20-29").await, 2);
        assert_eq!(part(&life.who(Role::Planner).await, "bytes=5-9").await, 3);
        app.later(TimeDelta::minutes(61));
        assert_eq!(part(&drafter, "bytes=30-39").await, 4);
        assert_eq!(part(&drafter, "bytes=0-9").await, 5, "from the beginning: again");
        // The proposal's own events do not tell who looks at it, to nobody; its version stays.
        for role in [Role::Drafter, Role::Approver, Role::Auditor] {
            let events = app.get(&life.who(role).await, &life.path("events?limit=200")).await.is(200);
            let items = events["items"].as_array().expect("items").clone();
            assert!(items.iter().all(|event| event["action"] != "document.read"), "{role}");
        }
        // Each waits for the sealer like any other event.
        let pending = "SELECT COUNT(*) FROM audit_pending WHERE event_id IN (SELECT id FROM audit_events WHERE action = 'document.read')";
        assert_eq!(app.database.number(pending), 5);
        app.verified();
    }

    async fn a_reading_names_the_grant_that_it_was_by(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let paper = upload(&app, &life.who(Role::Drafter).await, &life.id, &[("type", "tor")], PDF).await.is(201);
        let grants = vec![(Role::Drafter, Some(FOREIGN.into())), (Role::Auditor, Some(HOME.into()))];
        let several = app.someone("several", Role::Auditor, grants).await;
        assert_eq!(app.get(&several, &format!("/documents/{}/content", text(&paper["id"]))).await.status, 200);
        let sql = "SELECT actor_role || ' ' || (SELECT region_code FROM grants WHERE id = grant_id) || ' ' || region_code AS value \
            FROM audit_events WHERE action = 'document.read'";
        assert_eq!(texts(&mut app.database.connect(), sql), [format!("auditor {HOME} {HOME}")]);
    }

    async fn whose_data_an_administrator_looked_at_is_kept(db) {
        let app = TestApp::on(db);
        let (administrator, drafter) = (app.of(Role::Administrator, HOME).await, app.of(Role::Drafter, HOME).await);
        let life = CONSTRUCTION.draft(&app).await;
        life.who(Role::Planner).await;
        life.to("planning_check").await;
        app.deliver();
        let before = reads(&app).len();
        // What people look at of themselves is nobody else's.
        app.get(&drafter, "/me").await.is(200);
        app.get(&drafter, "/notifications").await.is(200);
        app.get(&administrator, &format!("/users/{}", administrator.id)).await.is(200);
        app.get(&drafter, "/users").await.is(403);
        app.get(&drafter, &format!("/users/{}", administrator.id)).await.is(404);
        assert_eq!(reads(&app).len(), before);
        app.get(&administrator, &format!("/users/{}", drafter.id)).await.is(200);
        let users = app.get(&administrator, "/users?limit=2").await.is(200);
        let mails = app.get(&administrator, "/outbox").await.is(200);
        let mail = mails["items"][0].clone();
        app.get(&administrator, &format!("/outbox/{}", text(&mail["id"]))).await.is(200);
        let ids = |of: &Value| of["items"].as_array().expect("items").iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
        let by = |action: &str, subject: String, content: Value| (administrator.id.clone(), action.to_owned(), subject, content);
        assert_eq!(reads(&app)[before..], [
            by("user.read", format!("user {}", drafter.id), json!({})),
            by("user.read", "collection users".to_owned(), json!({ "users": ids(&users) })),
            by("mail.read", "collection outbox".to_owned(), json!({ "outbox": ids(&mails) })),
            by("mail.read", format!("mail {}", text(&mail["id"])), json!({ "user_id": mail["user_id"] })),
        ]);
        assert_eq!(ids(&users).len(), 2);
        app.call(Method::GET, "/users").await.is(401);
        app.verified();
    }

    async fn an_export_is_told_to_who_audits_the_place_and_names_the_grant_that_sees_it(db) {
        let app = TestApp::on(db);
        let (home, foreign) = (CONSTRUCTION.at(&app, "approved").await, CONSTRUCTION.within(FOREIGN).at(&app, "approved").await);
        let province = RegionCode::from(FOREIGN).province();
        let grants = vec![(Role::Drafter, Some(HOME.into())), (Role::Auditor, Some(province.clone()))];
        let several = app.someone("several", Role::Auditor, grants).await;
        let nation = home.who(Role::Auditor).await;
        let written = || {
            let sql = "SELECT COALESCE(actor_role, '-') || ' ' || \
                COALESCE((SELECT region_code FROM grants WHERE id = grant_id), 'nation') || ' ' || \
                COALESCE(e.region_code, '-') || ' ' || COALESCE(proposal_id, '-') AS value \
                FROM audit_events e WHERE action = 'export.write' AND outcome = 'done' ORDER BY id";
            texts(&mut app.database.connect(), sql)
        };
        let fetch = async |person: &Person, path: &str, accept: &str| {
            assert_eq!(app.get(person, path).header("Accept", accept).await.status, 200, "{path}");
        };
        let mut expected = Vec::new();
        for (person, path, accept, told) in [
            (&several, format!("/exports/oc4ids?province_code={province}"), "application/json", format!("auditor {province} {province} -")),
            (&several, format!("/exports/oc4ids?region_code={HOME}"), "application/json", format!("drafter {HOME} {HOME} -")),
            (&nation, "/exports/oc4ids".to_owned(), "application/json", "auditor nation - -".to_owned()),
            (&several, home.path("contracts.csv"), "*/*", format!("drafter {HOME} {HOME} {}", home.id)),
            (&several, foreign.path("contracts.xlsx"), "*/*", format!("auditor {province} {FOREIGN} {}", foreign.id)),
            (&nation, "/audit/questions/same-firm".to_owned(), "text/csv", "auditor nation - -".to_owned()),
            (&nation, format!("/audit/questions/same-firm?region_code={FOREIGN}"), "text/csv", format!("auditor nation {FOREIGN} -")),
        ] {
            fetch(person, &path, accept).await;
            expected.push(told);
            assert_eq!(written(), expected, "{path}");
        }
        // A page is no export, and who may see nothing of it leaves none.
        app.get(&nation, "/audit/questions/same-firm").await.is(200);
        app.get(&app.of(Role::Drafter, FOREIGN).await, &home.path("contracts.csv")).await.is(404);
        assert_eq!(written(), expected);
        seal::drain(&app.services).expect("sealed");
        let auditor = app.someone("auditor province", Role::Auditor, vec![(Role::Auditor, Some(province))]).await;
        let seen = app.get(&auditor, "/audit/events?action=export.write").await.is(200);
        assert_eq!(seen["items"].as_array().expect("events").len(), 3);
        app.verified();
    }

    async fn whoever_may_not_read_what_is_kept_of_people_or_of_all_has_tried(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let (drafter, head) = (life.who(Role::Drafter).await, life.who(Role::RegionalHead).await);
        let regional = app.someone("auditor home", Role::Auditor, vec![(Role::Auditor, Some(HOME.into()))]).await;
        let proposal = format!("proposal {}", life.id);
        let mut expected = Vec::new();
        for (person, path, action, subject) in [
            (&drafter, life.path("evidence-pack"), "evidence_pack.read", proposal.as_str()),
            (&drafter, life.path("conflicts"), "conflict.read", &proposal),
            (&regional, "/audit/export".to_owned(), "export.write", "collection exports"),
            (&head, "/users".to_owned(), "user.read", "collection users"),
            (&regional, "/outbox".to_owned(), "mail.read", "collection outbox"),
        ] {
            app.get(person, &path).await.is(403);
            expected.push(format!("{} {action} {subject}", person.id));
        }
        // What is not there for them, and lists of what is theirs, leave none.
        app.get(&app.of(Role::Drafter, FOREIGN).await, &life.path("evidence-pack")).await.is(404);
        app.get(&drafter, &format!("/users/{}", head.id)).await.is(404);
        app.get(&drafter, "/audit/events").await.is(403);
        let refused = "SELECT actor_id || ' ' || action || ' ' || subject_kind || ' ' || subject_id AS value FROM audit_events \
            WHERE outcome = 'refused' AND content LIKE '%\"reason\":\"forbidden\"%' ORDER BY id";
        assert_eq!(texts(&mut app.database.connect(), refused), expected);
        // Those who are audited are not told who looks at them, nor who tried.
        let events = life.list("events?limit=200").await;
        assert!(events.iter().all(|event| !text(&event["action"]).ends_with(".read")), "{events:?}");
        app.verified();
    }
}
