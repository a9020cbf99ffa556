//! Mail of a whole life: each recipient of a notice gets one message, in their language, that says who did what, what
//! comes next and where; whoever did it is not told.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, TestApp};
use crate::support::client::text;
use crate::support::life::CONSTRUCTION;
use sentra::domain::people::{Language, Role};
use sentra::mail::Site;
use sentra::mail::render::Renderer;
use sentra::service::outbox;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every message to somebody.
pub async fn messages(app: &TestApp, person: &Person) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = String::new();
    loop {
        let page = app.get(person, &format!("/notifications?limit=20{next}")).await.is(200);
        all.extend(page["items"].as_array().expect("items").clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return all,
        }
    }
}

/// The roles that the machine's table says are told of an action here.
async fn told(app: &TestApp, person: &Person, action: &str) -> BTreeSet<String> {
    let machine = app.get(person, "/workflows/construction").await.is(200);
    let arrows = machine["arrows"].as_array().expect("arrows").clone();
    let of_action =
        arrows.iter().filter(|arrow| arrow["action"] == action && arrow["route"] != "by_province");
    of_action.flat_map(|arrow| arrow["tells"].as_array().expect("roles").iter().map(text)).collect()
}

on_both! {
    async fn each_recipient_of_a_life_gets_one_message_per_notice(db) {
        let app = TestApp::on(db);
        let mut people = Vec::new();
        for role in [
            Role::Drafter, Role::Planner, Role::RegionalHead, Role::Verifier, Role::Reviewer, Role::Approver,
            Role::Treasurer, Role::Inspector,
        ] {
            for n in 1..=2 {
                people.push(app.nth(role, HOME, n).await);
            }
        }
        let strangers = [app.of(Role::Drafter, FOREIGN).await, app.of(Role::Auditor, HOME).await];
        let life = CONSTRUCTION.at(&app, "closed").await;
        let counts = app.deliver();
        assert_eq!((counts.mails, counts.dead, app.deliver().mails), (counts.sent, 0, 0));
        assert!(counts.notices >= 20, "{counts:?}");

        let mut all = 0;
        for person in &people {
            let messages = messages(&app, person).await;
            all += messages.len();
            let ids: BTreeSet<String> = messages.iter().map(|one| text(&one["id"])).collect();
            assert_eq!(ids.len(), messages.len());
            for message in &messages {
                says_it_all(message, person, &life.id);
            }
        }
        assert_eq!(all, counts.mails);
        for person in &strangers {
            assert_eq!(messages(&app, person).await, Vec::<Value>::new());
        }
        let twice = "SELECT COUNT(*) FROM (SELECT 1 FROM mails GROUP BY notice_id, user_id HAVING COUNT(*) > 1) AS twice";
        assert_eq!(app.database.number(twice), 0);
        as_files(&app, counts.mails);
        who_is_told(&app, &people).await;
    }

    async fn the_reviewer_alone_is_told_of_an_assignment_and_of_its_end(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        let (one, other) = (life.who(Role::Reviewer).await, app.nth(Role::Reviewer, HOME, 2).await);
        let approver = life.who(Role::Approver).await;
        app.deliver();
        let assign = json!({ "user_id": other.id });
        let assigned = life.add(Role::Approver, "assignments", assign.clone()).await.is(201);
        life.step_of(&approver, "assignments", &assigned, "end", json!({})).await.is(200);
        // Whoever declares a conflict ends their own assignment, and is told nothing.
        life.add(Role::Approver, "assignments", assign).await.is(201);
        app.post(&other, &life.path("conflicts"), json!({ "reason": "Saudara." })).await.is(201);
        assert_eq!(app.deliver().mails, 3);
        let told: Vec<Value> = messages(&app, &other).await.into_iter().take(3).collect();
        let events: Vec<String> = told.iter().map(|one| text(&one["event"])).collect();
        assert_eq!(events, ["reviewer_assigned", "reviewer_released", "reviewer_assigned"]);
        for (message, words) in told.iter().zip(["assigned you to review", "ended your assignment", "assigned you"]) {
            says_it_all(message, &other, &life.id);
            assert!(text(&message["text"]).contains(words), "{message}");
        }
        assert!(text(&told[0]["text"]).contains("declare it"), "{}", told[0]);
        for person in [&one, &approver] {
            let about = |one: &Value| text(&one["event"]).starts_with("reviewer_");
            assert!(!messages(&app, person).await.iter().any(about), "{}", person.name);
        }
    }

    async fn whoever_lost_the_role_gets_no_mail_of_it_any_more(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        let (planner, administrator) = (life.who(Role::Planner).await, app.of(Role::Administrator, HOME).await);
        app.deliver();
        let shown = async || app.get(&administrator, &format!("/users/{}", planner.id)).await.is(200);
        let sent = messages(&app, &planner).await.remove(0);
        assert_eq!((&sent["event"], &sent["state"]), (&json!("request_planning_check"), &json!("sent")));
        // Made, and still to be sent, when the grant ends.
        let back = json!({ "action": "return", "comment": "Nilai sel A5 salah." });
        life.act(Role::Planner, back).await.is(200);
        life.step("draft").await;
        let render = Renderer::new(Site::parse("https://sentra.example").expect("a site"));
        outbox::expand(&app.services, &render, 100).expect("made");
        let grant = text(&shown().await["grants"][0]["id"]);
        app.delete(&administrator, &format!("/users/{}/grants/{grant}", planner.id)).await.is(204);
        app.deliver();
        let told = messages(&app, &planner).await;
        let [ended, kept] = &told[..] else { panic!("{told:?}") };
        assert_eq!((&ended["event"], &ended["state"]), (&json!("request_planning_check"), &json!("dead")));
        assert_eq!((&ended["text"], text(&ended["subject"]).is_empty()), (&Value::Null, false));
        assert_eq!(kept, &sent, "what was sent stays as it was");
        let path = format!("/outbox/{}", text(&ended["id"]));
        let item = app.get(&administrator, &path).await.is(200);
        assert_eq!(item["last_reply"], "the recipient has no role any more that is told of this");
        assert_eq!(item["history"], json!([]), "it was never tried");
        for id in [&ended["id"], &sent["id"]] {
            let path = format!("/outbox/{}", text(id));
            let version = app.get(&administrator, &path).await.version();
            let again = app.post(&administrator, &format!("{path}/resend"), json!({})).if_match(version).await;
            again.refused(409, &["grant_ended"]);
        }
        // Many together end again, each when it is its turn.
        app.post(&administrator, "/outbox/resend", json!({ "state": "dead" })).await.is(200);
        app.deliver();
        assert_eq!(app.get(&administrator, &path).await.is(200)["history"], json!([]));
        let given = json!({ "role": "planner", "region_code": HOME, "decree": "SK 2" });
        app.post(&administrator, &format!("/users/{}/grants", planner.id), given).await.is(201);
        let version = app.get(&administrator, &path).await.version();
        app.post(&administrator, &format!("{path}/resend"), json!({})).if_match(version).await.is(200);
        app.deliver();
        let told = messages(&app, &planner).await;
        assert_eq!((&told[0]["state"], told[0]["text"].is_string()), (&json!("sent"), true));
    }

    async fn nobody_is_told_of_what_was_rolled_back(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        app.of(Role::RegionalHead, HOME).await;
        let before = app.database.number("SELECT COUNT(*) FROM notices");
        life.act(Role::Planner, json!({ "action": "return" })).await.is(409);
        life.act(Role::Drafter, json!({ "action": "confirm_planning" })).await.is(403);
        assert_eq!(app.database.number("SELECT COUNT(*) FROM notices"), before);
    }
}

fn says_it_all(message: &Value, person: &Person, proposal: &str) {
    let body = text(&message["text"]);
    assert_eq!(message["language"], person.language.as_str());
    assert_eq!(message["state"], "sent");
    let (next, by) = match person.language {
        Language::Id => ("Yang perlu Anda lakukan:", "Oleh: "),
        Language::En => ("What you have to do:", "By: "),
    };
    let link = format!("https://sentra.example/api/v1/proposals/{proposal}");
    for part in [next, by, link.as_str(), "Sentra IKM Tenun Tapis", person.name.as_str()] {
        assert!(body.contains(part), "{part:?} is not in:\n{body}");
    }
    assert!(!body.contains(&format!("{by}{}\n", person.name)), "told of their own act:\n{body}");
}

/// Of an approval both of each role are told, and of an endorsement nobody but the other head would be; the actor never.
async fn who_is_told(app: &TestApp, people: &[Person]) {
    for action in ["submit", "approve", "allocate", "close"] {
        let roles = told(app, &people[0], action).await;
        for (index, person) in people.iter().enumerate() {
            let messages = messages(app, person).await;
            let found = messages.iter().filter(|one| one["event"] == action).count();
            let is_told = roles.contains(person.role.as_str());
            // The first of each role did what the role does in the life; the second only looked on.
            let acted = index % 2 == 0 && acts(action) == person.role;
            assert_eq!(found, usize::from(is_told && !acted), "{action} {}", person.name);
        }
    }
    let verified = "tranche_verified";
    let [first, second] = [&people[12], &people[13]];
    let count = |all: &[Value]| all.iter().filter(|one| one["event"] == verified).count();
    assert_eq!(count(&messages(app, first).await), 1);
    assert_eq!(count(&messages(app, second).await), 0, "who verified is not told");
}

fn acts(action: &str) -> Role {
    match action {
        "submit" => Role::RegionalHead,
        "approve" => Role::Approver,
        "allocate" => Role::Treasurer,
        _ => Role::Inspector,
    }
}

fn as_files(app: &TestApp, expected: usize) {
    let files: Vec<_> = std::fs::read_dir(app.mail_folder()).expect("the folder").collect();
    assert_eq!(files.len(), expected);
    let mut ids = BTreeSet::new();
    for file in files {
        let mail = std::fs::read_to_string(file.expect("a file").path()).expect("a message");
        let field = |name: &str| {
            let found: Vec<_> = mail.lines().filter_map(|line| line.strip_prefix(name)).collect();
            assert_eq!(found.len(), 1, "{name} {mail}");
            found[0].trim().to_owned()
        };
        assert!(field("To:").contains("@sentra.example"));
        assert!(ids.insert(field("Message-ID:")), "a Message-ID is there twice");
        assert!(mail.contains("text/plain") && mail.contains("text/html"));
    }
}
