//! How people want to be told: at once, once a day or not by mail; what can't be off; and unsubscribing by one click.

use crate::on_both;
use crate::support::app::{HOME, Person, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Life};
use chrono::TimeDelta;
use reqwest::Method;
use sentra::domain::people::Role;
use sentra::mail::Site;
use sentra::mail::render::Renderer;
use sentra::service::{digest, reminders};
use serde_json::{Value, json};

const FORM: &str = "application/x-www-form-urlencoded";
const CLICK: &str = "List-Unsubscribe=One-Click";

/// Sets how somebody is told; what was never set has version 0.
async fn set(app: &TestApp, person: &Person, deliveries: Value) -> Value {
    let shown = app.get(person, "/notifications/preferences").await.is(200);
    let body = json!({ "digest_hour": 7, "deliveries": deliveries });
    let version = shown["version"].as_i64().expect("a version");
    app.put(person, "/notifications/preferences", body).if_match(version).await.is(200)
}

async fn notifications(app: &TestApp, person: &Person) -> Vec<Value> {
    let page = app.get(person, "/notifications").await.is(200);
    page["items"].as_array().expect("items").clone()
}

/// The mail that was written to somebody, the newest first, with its lines whole again.
fn written(app: &TestApp, person: &Person) -> Vec<String> {
    let files = std::fs::read_dir(app.mail_folder()).expect("the folder");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let to = format!("To: {}\r\n", person.email);
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).expect("a mail");
    let all = files.iter().rev().map(read).filter(|mail| mail.contains(&to));
    all.map(|mail| mail.replace("\r\n ", " ")).collect()
}

fn header(mail: &str, name: &str) -> Option<String> {
    mail.lines().find_map(|line| line.strip_prefix(name).map(|value| value.trim().to_owned()))
}

/// The path that one click of a message goes to.
fn way_out(mail: &str) -> String {
    let url = header(mail, "List-Unsubscribe:").expect("a way out");
    let path = url.strip_prefix("<https://sentra.example/api/v1").expect("the site's");
    path.strip_suffix('>').expect("an address").to_owned()
}

async fn click(app: &TestApp, path: &str) -> Answer {
    app.call(Method::POST, path).raw(FORM, CLICK).await
}

on_both! {
    async fn what_is_set_is_shown_and_what_must_be_told_cant_be_off(db) {
        let app = TestApp::on(db);
        let planner = app.of(Role::Planner, HOME).await;
        let shown = app.get(&planner, "/notifications/preferences").await.is(200);
        assert_eq!((&shown["version"], &shown["digest_hour"], &shown["zone"]), (&json!(0), &json!(7), &json!("WIB")));
        assert_eq!(shown["deliveries"].as_object().expect("kinds").len(), 7);
        let put = |body: Value| app.put(&planner, "/notifications/preferences", body);
        let off = json!({ "digest_hour": 24, "deliveries": { "decision": "off", "payment": "off", "account": "daily" } });
        put(off.clone()).await.is(428);
        put(off.clone()).if_match(5).await.is(412);
        let answer = put(off).if_match(0).await;
        answer.is(422);
        assert_eq!(
            answer.pointers(), ["/digest_hour", "/deliveries/decision", "/deliveries/payment", "/deliveries/account"],
        );
        assert_eq!(answer.codes(), ["hour", "cannot_be_off", "cannot_be_off", "cannot_wait"]);
        let set = json!({ "digest_hour": 18, "deliveries": { "decision": "daily", "progress": "off" } });
        let changed = put(set.clone()).if_match(0).await;
        assert_eq!(changed.header("ETag"), Some("\"1\""));
        let changed = changed.is(200);
        assert_eq!((&changed["deliveries"]["decision"], &changed["deliveries"]["task"]), (&json!("daily"), &json!("at_once")));
        assert_eq!(app.get(&planner, "/notifications/preferences").await.is(200), changed);
        put(set.clone()).if_match(0).await.is(412);
        // What was seen can be sent back as it was.
        let same = json!({ "digest_hour": changed["digest_hour"], "deliveries": changed["deliveries"] });
        put(same).if_match(1).await.is(200);
        let key = "preferences-1";
        put(set.clone()).if_match(2).key(key).await.is(200);
        let again = put(set).if_match(2).key(key).await;
        assert_eq!((again.status, again.header("Idempotency-Replayed")), (200, Some("true")));
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'preferences.change' AND outcome = 'done'";
        assert_eq!(app.database.number(events), 3);
        assert_eq!(app.database.number("SELECT COUNT(*) FROM revisions WHERE subject_kind = 'preferences'"), 3);
        app.verified();
    }

    async fn what_is_off_is_not_mailed_and_stays_listed(db) {
        let app = TestApp::on(db);
        let (planner, other) = (app.of(Role::Planner, HOME).await, app.nth(Role::Planner, HOME, 2).await);
        set(&app, &planner, json!({ "task": "off" })).await;
        CONSTRUCTION.at(&app, "planning_check").await;
        app.deliver();
        let [muted, sent] = [&planner, &other].map(|person| notifications(&app, person));
        let (muted, sent) = (muted.await, sent.await);
        assert_eq!((muted.len(), sent.len()), (1, 1));
        assert_eq!((&muted[0]["event"], &muted[0]["kind"], &muted[0]["state"]),
            (&json!("request_planning_check"), &json!("task"), &json!("muted")));
        assert_eq!(sent[0]["state"], "sent");
        assert_eq!((written(&app, &planner).len(), written(&app, &other).len()), (0, 1));
        let administrator = app.of(Role::Administrator, HOME).await;
        let outbox = app.get(&administrator, "/outbox?state=muted").await.is(200);
        let item = &outbox["items"][0];
        assert_eq!(item["user_id"], planner.id.as_str());
        let resend = format!("/outbox/{}/resend", text(&item["id"]));
        app.post(&administrator, &resend, json!({})).if_match(1).await.refused(409, &["mail_state"]);
    }

    async fn a_digest_is_sent_at_its_hour_and_two_workers_make_one(db) {
        let app = TestApp::on(db);
        let planner = app.of(Role::Planner, HOME).await;
        set(&app, &planner, json!({ "task": "daily" })).await;
        let one = CONSTRUCTION.at(&app, "planning_check").await;
        let other = CONSTRUCTION.at(&app, "planning_check").await;
        assert_eq!(app.deliver().digests, 0);
        let waiting = notifications(&app, &planner).await;
        assert_eq!(waiting.iter().map(|one| text(&one["state"])).collect::<Vec<_>>(), ["digest", "digest"]);
        app.later(TimeDelta::days(1));
        let render = Renderer::new(Site::parse("https://sentra.example").expect("a site"));
        let made: usize = std::thread::scope(|scope| {
            let work = || digest::collect(&app.services, &render, 10).expect("collected").digests;
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|worker| worker.join().expect("it ends")).sum()
        });
        assert_eq!(made, 1);
        assert_eq!(app.deliver().sent, 1);
        let told = notifications(&app, &planner).await;
        assert_eq!((&told[0]["event"], &told[0]["kind"], &told[0]["state"]), (&json!("digest"), &Value::Null, &json!("sent")));
        for item in &told[1..] {
            assert_eq!((&item["state"], &item["collected_in"]), (&json!("collected"), &told[0]["id"]));
        }
        let body = text(&told[0]["text"]);
        let place = |id: &str| body.find(id).unwrap_or_else(|| panic!("{id} is not in {body}"));
        assert!(place(&one.id) < place(&other.id), "the newest last: {body}");
        app.later(TimeDelta::days(1));
        assert_eq!((app.deliver().digests, written(&app, &planner).len()), (0, 1));
        app.verified();
    }

    async fn a_date_that_passes_before_the_digest_comes_is_told_at_once(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let drafter = life.who(Role::Drafter).await;
        app.deliver();
        set(&app, &drafter, json!({ "task": "daily", "reminder": "daily" })).await;
        // An answer is due tomorrow at the earliest, until the end of the day: the digest of that morning is in time.
        life.ask_changes(Role::Reviewer, &["/title"]).await;
        let ask = json!({ "action": "request_clarification", "data": { "due_on": app.in_days(1) } });
        life.act(Role::Reviewer, ask).await.is(200);
        app.deliver();
        assert_eq!(notifications(&app, &drafter).await[0]["state"], "digest");
        life.to("planned").await;
        // Of the gate, 21 July 17:00, the digest of 21 July is early enough, and the one of 22 July is not.
        for (at, subject, state) in [
            ("2021-07-20T01:00:00Z", "1 hari kerja lagi", "digest"), ("2021-07-21T01:00:00Z", "Hari kerja terakhir", "sent"),
        ] {
            app.at(at);
            assert_eq!(reminders::run(&app.services).expect("a run").notices, 1);
            app.deliver();
            let told = notifications(&app, &drafter).await;
            let last = told.iter().find(|one| one["event"] == "reminder").expect("a reminder");
            assert!(text(&last["subject"]).starts_with(subject), "{last}");
            assert_eq!(last["state"], state, "{last}");
        }
        app.verified();
    }

    async fn one_click_ends_a_kind_and_a_link_that_is_followed_ends_nothing(db) {
        let mut app = TestApp::on(db);
        let planner = app.of(Role::Planner, HOME).await;
        let id = CONSTRUCTION.at(&app, "planning_check").await.id;
        app.deliver();
        let mail = written(&app, &planner).remove(0);
        assert_eq!(header(&mail, "List-Unsubscribe-Post:").as_deref(), Some(CLICK));
        let path = way_out(&mail);
        // The key is the database's: a restart does not end it.
        app.restart();
        let life = Life { app: &app, case: CONSTRUCTION, id };
        let page = app.call(Method::GET, &path).await;
        assert_eq!((page.status, page.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.header("Content-Security-Policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
        let html = String::from_utf8(page.bytes.clone()).expect("text");
        assert!(html.contains("<form method=\"post\">") && html.contains("tasks that wait for you"), "{html}");
        assert_eq!(app.get(&planner, "/notifications/preferences").await.is(200)["deliveries"]["task"], "at_once");

        app.call(Method::POST, &path).raw(FORM, "List-Unsubscribe=Perhaps").await.is(422);
        app.call(Method::POST, &path).raw("application/json", "{}").await.is(415);
        app.call(Method::POST, &path).raw(FORM, "a".repeat(5_000)).await.is(413);
        for wrong in [path.replace("task", "report"), format!("{path}0"), "/unsubscribe/x".to_owned()] {
            click(&app, &wrong).await.is(404);
            app.call(Method::GET, &wrong).await.is(404);
        }
        let parts = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        let ended = app.call(Method::POST, &path).raw("multipart/form-data; boundary=x", parts).await;
        assert_eq!((ended.status, click(&app, &path).await.status), (200, 200));
        let shown = app.get(&planner, "/notifications/preferences").await.is(200);
        assert_eq!((&shown["deliveries"]["task"], &shown["version"]), (&json!("off"), &json!(1)));
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'preferences.unsubscribe'";
        assert_eq!(app.database.number(events), 1, "twice is once");
        let page = app.call(Method::GET, &path).await;
        assert!(!String::from_utf8_lossy(&page.bytes).contains("<form"), "{page}");

        // A decision is told all the same, and says no way out.
        life.to("endorsement").await;
        let back = json!({ "action": "return", "comment": "Judul." });
        life.act(Role::RegionalHead, back).await.is(200);
        app.deliver();
        let drafter = life.who(Role::Drafter).await;
        let decision = written(&app, &drafter).remove(0);
        assert_eq!(header(&decision, "List-Unsubscribe:"), None, "{decision}");
        app.verified();
    }

    async fn two_clicks_and_a_change_at_once_all_end_well(db) {
        let app = TestApp::on(db);
        let planner = app.of(Role::Planner, HOME).await;
        CONSTRUCTION.at(&app, "planning_check").await;
        app.deliver();
        let path = way_out(&written(&app, &planner)[0]);
        let clicks = futures_util::future::join_all((0..6).map(|_| click(&app, &path))).await;
        for answer in clicks {
            assert!(matches!(answer.status, 200 | 503), "{answer}");
        }
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'preferences.unsubscribe'";
        assert_eq!(app.database.number(events), 1);
        assert_eq!(app.get(&planner, "/notifications/preferences").await.is(200)["version"], 1);
    }
}
