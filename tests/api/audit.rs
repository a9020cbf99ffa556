//! Auditors read the sealed trail in their scope, and have it proved to them.
#![expect(clippy::as_conversions, reason = "the numbers of a test are small")]

use crate::on_both;
use crate::sealing::happen;
use crate::support::app::{FOREIGN, HOME, PROVINCE, Person, SIBLING, TestApp, moment};
use crate::support::client::text;
use crate::support::database::{Kind, TestDatabase, explained, texts};
use crate::support::life::CONSTRUCTION;
use crate::tranche::share;
use chrono::TimeDelta;
use diesel::connection::{Connection, InstrumentationEvent};
use sentra::domain::audit::{Outcome, SubjectKind};
use sentra::domain::ids::ProposalId;
use sentra::domain::people::Role;
use sentra::service::Services;
use sentra::service::audit::Filter;
use sentra::service::clock::Clock;
use sentra::service::console;
use sentra::service::error::Error;
use sentra::service::seal::checkpoint;
use sentra::service::seal::merkle::{Hash, is_consistent, root_of_inclusion};
use sentra::service::seal::note::{self, SealKeys};
use sentra::service::seal::outlet::{Folder, Outlet};
use sentra::service::seal::{self, telling};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Whether an event is one of those that a query asks for.
type Holds = Box<dyn Fn(&Value) -> bool>;

async fn auditor_of(app: &TestApp, region: &str) -> Person {
    let name = format!("auditor {}", region.replace('.', "-"));
    app.someone(&name, Role::Auditor, vec![(Role::Auditor, Some(region.into()))]).await
}

/// All pages of a list.
async fn all(app: &TestApp, person: &Person, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(person, &format!("{path}{cursor}")).await.is(200);
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return items };
        let joint = if path.contains('?') { '&' } else { '?' };
        cursor = format!("{joint}cursor={next}");
    }
}

fn hashes(value: &Value) -> Vec<Hash> {
    let texts = value.as_array().expect("hashes");
    texts.iter().map(hash).collect()
}

fn hash(value: &Value) -> Hash {
    Hash::from_hex(&text(value)).expect("a hash")
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

/// The keys of a service that has none of its own.
pub fn keys() -> SealKeys {
    let folder = tempfile::tempdir().expect("a folder");
    SealKeys::read_or_make(&folder.path().join("key.pem")).expect("keys")
}

/// The statement by which a list of sealed events is read, its values in their places.
fn asked(db: &TestDatabase, filter: &Filter) -> String {
    let statements: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&statements);
    let mut c = db.connect();
    c.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            told.lock().expect("whole").push(query.to_string());
        }
    });
    sentra::storage::seal::page(&mut c, filter, 0, 51).expect("a page");
    let statements = statements.lock().expect("whole");
    let [statement] = &statements[..] else { panic!("{statements:?}") };
    let (sql, binds) = statement.split_once(" -- binds: [").expect("values");
    let values = binds.trim_end_matches(']').split(", ");
    (1..).zip(values).fold(sql.to_owned(), |sql, (n, value)| match db.kind {
        Kind::Sqlite => sql.replacen('?', value, 1),
        Kind::Postgres => sql.replace(&format!("${n}"), value),
    })
}

on_both! {
    fn refused_attempts_are_led_to_by_an_index_also_where_there_is_none(db) {
        let clock = Clock::set_to(moment("2021-05-03T02:00:00Z"));
        happen(db, clock.now(), 3_000);
        seal::drain(&crate::sealing::services(db, &clock)).expect("sealed");
        if db.kind == Kind::Postgres {
            db.execute("ANALYZE");
        }
        let plan = explained(db, &asked(db, &Filter { outcome: Some(Outcome::Refused), ..Filter::default() }));
        assert!(plan.contains("audit_seals_refused_by_seq"), "{plan}");
        assert!(!plan.to_lowercase().contains("order by") && !plan.contains("Sort"), "{plan}");
    }

    fn a_list_is_led_to_by_an_index_whatever_alone_it_is_narrowed_to(db) {
        let clock = Clock::set_to(moment("2021-05-03T02:00:00Z"));
        happen(db, clock.now(), 3_000);
        seal::drain(&crate::sealing::services(db, &clock)).expect("sealed");
        if db.kind == Kind::Postgres {
            db.execute("ANALYZE");
        }
        let regions = Some(vec![HOME.into(), SIBLING.into(), FOREIGN.into()]);
        for (filter, index) in [
            (Filter { subject_kind: Some(SubjectKind::Grant), ..Filter::default() }, "audit_seals_by_subject_kind_seq"),
            (Filter { regions, ..Filter::default() }, "audit_seals_by_region_code_seq"),
            (Filter { proposal: Some(ProposalId::new()), ..Filter::default() }, "audit_seals_by_event_id"),
        ] {
            // PostgreSQL, which is kept from sorting here, sorts the few events of a proposal otherwise.
            if filter.proposal.is_some() && db.kind == Kind::Postgres {
                continue;
            }
            let plan = explained(db, &asked(db, &filter));
            assert!(plan.contains(index), "{plan}");
            let is_walked = !plan.to_lowercase().contains("order by") && !plan.contains("Sort");
            // A proposal has few events, and few of several regions are left.
            assert!(is_walked || filter.subject_kind.is_none(), "{plan}");
            assert!(!plan.contains("SCAN audit_seals") && !plan.contains("Seq Scan"), "{plan}");
        }
    }

    async fn steps_that_several_proposals_share_are_among_the_events_of_each(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = CONSTRUCTION.at(&app, "contracted").await;
        let other = CONSTRUCTION.at(&app, "funded").await;
        share(&one, &two).await;
        one.step_of(&one.who(Role::Drafter).await, "tranche-requests", &one.request().await, "pay", json!({})).await.is(403);
        one.pay().await.is(200);
        seal::drain(&app.services).expect("sealed");
        let auditors = [one.who(Role::Auditor).await, auditor_of(&app, HOME).await, auditor_of(&app, PROVINCE).await];
        let steps = ["tranche.request", "tranche.review", "tranche.verify", "tranche.pay", "tranche.pay"];
        let shared = |events: &[Value]| {
            let mut found: Vec<String> = events.iter().map(|event| text(&event["action"])).collect();
            found.retain(|action| action.starts_with("tranche."));
            found.sort_by_key(|action| steps.iter().position(|step| step == action));
            found
        };
        for life in [&one, &two] {
            for auditor in &auditors {
                let path = format!("/audit/events?proposal_id={}&limit=7", life.id);
                assert_eq!(shared(&all(&app, auditor, &path).await), steps);
            }
            assert_eq!(shared(&life.list("events?limit=200").await), steps);
            let foreign = auditor_of(&app, FOREIGN).await;
            let path = format!("/audit/events?proposal_id={}", life.id);
            assert_eq!(all(&app, &foreign, &path).await, Vec::<Value>::new());
        }
        assert_eq!(shared(&other.list("events?limit=200").await), steps[..4]);
    }

    async fn an_auditor_sees_what_happened_in_the_scope_and_nobody_else_does(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "endorsement").await;
        let nation = life.who(Role::Auditor).await;
        let (home, province) = (auditor_of(&app, HOME).await, auditor_of(&app, PROVINCE).await);
        let (sibling, foreign) = (auditor_of(&app, SIBLING).await, auditor_of(&app, FOREIGN).await);
        seal::drain(&app.services).expect("sealed");
        let path = format!("/audit/events?proposal_id={}&limit=3", life.id);
        let seen = all(&app, &nation, &path).await;
        assert!(seen.len() > 3, "more than a page");
        assert!(seen.is_sorted_by_key(|one| one["seq"].as_i64()));
        assert!(seen.iter().all(|one| one["proposal_id"] == life.id));
        assert_eq!(all(&app, &home, &path).await, seen);
        assert_eq!(all(&app, &province, &path).await, seen);
        for stranger in [&sibling, &foreign] {
            assert_eq!(all(&app, stranger, &path).await, Vec::<Value>::new());
            let own = all(&app, stranger, "/audit/events?limit=200").await;
            let region = if stranger.name == sibling.name { SIBLING } else { FOREIGN };
            assert!(own.iter().all(|one| one["region_code"] == region), "{own:?}");
            let asked = format!("/audit/events?region_code={HOME}");
            assert_eq!(all(&app, stranger, &asked).await, Vec::<Value>::new());
        }
        let whole = all(&app, &nation, "/audit/events?limit=200").await;
        let sequence: Vec<i64> = whole.iter().filter_map(|one| one["seq"].as_i64()).collect();
        assert_eq!(sequence, (1..=whole.len() as i64).collect::<Vec<_>>());
        assert!(whole.iter().any(|one| one["region_code"] == Value::Null), "people are of no region");
        let of_the_province = all(&app, &province, "/audit/events?limit=200").await;
        assert!(of_the_province.iter().any(|one| one["region_code"] == SIBLING));
        assert!(!of_the_province.iter().any(|one| one["region_code"] == FOREIGN));
        for role in [Role::Drafter, Role::Inspector, Role::Approver, Role::Treasurer, Role::Administrator] {
            let other = life.who(role).await;
            for path in ["/audit/events", "/audit/checkpoints", "/audit/keys", "/audit/consistency?from=1&to=2"] {
                app.get(&other, path).await.refused(403, &["role_missing"]);
            }
            app.get(&other, &format!("/audit/proof/{}", text(&seen[0]["id"]))).await.is(404);
        }
    }

    async fn events_are_narrowed_by_what_they_say(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "endorsement").await;
        let auditor = life.who(Role::Auditor).await;
        seal::drain(&app.services).expect("sealed");
        let whole = all(&app, &auditor, "/audit/events?limit=200").await;
        let drafter = life.who(Role::Drafter).await;
        let third = &whole[2];
        let same = |name: &'static str, value: Value| move |one: &Value| one[name] == value;
        let last = whole[whole.len() - 1]["sealed_at"].clone();
        let cases: Vec<(String, Holds)> = vec![
            (format!("actor_id={}", drafter.id), Box::new(same("actor_id", json!(drafter.id)))),
            ("action=proposal.create".to_owned(), Box::new(same("action", json!("proposal.create")))),
            (format!("region_code={HOME}"), Box::new(same("region_code", json!(HOME)))),
            ("subject_kind=user".to_owned(), Box::new(same("subject_kind", json!("user")))),
            (format!("subject_id={}", life.id), Box::new(same("subject_id", json!(life.id)))),
            ("outcome=refused".to_owned(), Box::new(same("outcome", json!("refused")))),
            ("from_seq=3&until_seq=5".to_owned(), Box::new(|one| (3..=5).contains(&number(&one["seq"])))),
            (format!("from={}", text(&third["sealed_at"])), {
                let since = text(&third["sealed_at"]);
                Box::new(move |one| text(&one["sealed_at"]) >= since)
            }),
            (format!("until={}", text(&last)), Box::new(|_| true)),
            ("until=2001-01-01T00:00:00Z".to_owned(), Box::new(|_| false)),
        ];
        for (query, is_meant) in cases {
            let expected: Vec<&Value> = whole.iter().filter(|one| is_meant(one)).collect();
            let found = all(&app, &auditor, &format!("/audit/events?{query}&limit=7")).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
        }
        for (query, pointer) in [
            ("region_code=99.99", "/query/region_code"), ("region_code=x", "/query/region_code"),
            ("action=%00", "/query/action"), ("subject_id=%00", "/query/subject_id"),
            ("from_seq=x", "/query/from_seq"), ("cursor=x", "/query/cursor"), ("limit=201", "/query/limit"),
            ("from=yesterday", "/query/from"), ("outcome=x", "/query/outcome"), ("seq=1", "/query/seq"),
        ] {
            let answer = app.get(&auditor, &format!("/audit/events?{query}")).await.is(422);
            let found = text(&answer["errors"][0]["pointer"]);
            assert!(found == pointer || found == "/query", "{query}: {answer}");
        }
    }

    async fn an_event_is_proved_to_be_in_a_signed_trail(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "endorsement").await;
        let auditor = life.who(Role::Auditor).await;
        happen(&app.database, app.clock.now(), 600);
        seal::drain(&app.services).expect("sealed");
        let keys = keys();
        let made = checkpoint::make(&app.services, &keys).expect("made").expect("a checkpoint");
        assert_eq!(checkpoint::make(&app.services, &keys).expect("nothing to do"), None);
        life.act(Role::RegionalHead, json!({ "action": "return", "comment": "Judul." })).await.is(200);
        let listed = all(&app, &auditor, &format!("/audit/events?proposal_id={}", life.id)).await;
        seal::drain(&app.services).expect("sealed");
        let origin = checkpoint::origin(&app.services).expect("a name");
        for event in &listed {
            let proof = app.get(&auditor, &format!("/audit/proof/{}", text(&event["id"]))).await.is(200);
            assert_eq!(proof["size"], made.size);
            let opened = note::open(&text(&proof["note"]), &keys.verifiers(&origin)).expect("a note");
            let leaf = Hash::leaf(text(&proof["leaf"]).as_bytes());
            assert_eq!((hash(&proof["leaf_hash"]), hash(&event["leaf_hash"])), (leaf, leaf));
            let root = root_of_inclusion(leaf, number(&proof["seq"]) - 1, number(&proof["size"]), &hashes(&proof["hashes"]));
            assert_eq!(root, Some(opened.root));
            let said: Value = serde_json::from_str(&text(&proof["leaf"])).expect("JSON");
            let content: Value = serde_json::from_str(&text(&said["content"])).expect("JSON");
            assert_eq!((&said["id"], &said["action"], &content), (&event["id"], &event["action"], &event["content"]));
        }
        // One that no checkpoint covers yet is proved in the whole trail.
        let newer = all(&app, &auditor, &format!("/audit/events?from_seq={}", made.size + 1)).await;
        let path = format!("/audit/proof/{}", text(&newer[0]["id"]));
        let proof = app.get(&auditor, &path).await.is(200);
        assert_eq!(proof["note"], Value::Null);
        for size in [0, -1, made.size, 1_000_000] {
            app.get(&auditor, &format!("{path}?size={size}")).await.refused(422, &["out_of_range"]);
        }
        app.get(&auditor_of(&app, FOREIGN).await, &format!("/audit/proof/{}", text(&listed[0]["id"]))).await.is(404);
    }

    async fn the_trail_is_proved_to_continue_what_it_was(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let auditor = life.who(Role::Auditor).await;
        app.get(&auditor, "/audit/consistency?from=1&to=1").await.refused(422, &["out_of_range"]);
        let mut roots = Vec::new();
        for count in [250, 3, 270, 1] {
            happen(&app.database, app.clock.now(), count);
            seal::drain(&app.services).expect("sealed");
            let last = app.database.number("SELECT MAX(seq) FROM audit_seals");
            roots.push((last, app.get(&auditor, &format!("/audit/consistency?from={last}&to={last}")).await.is(200)));
        }
        for (at, (from, one)) in roots.iter().enumerate() {
            for (to, other) in &roots[at..] {
                let proof = app.get(&auditor, &format!("/audit/consistency?from={from}&to={to}")).await.is(200);
                assert_eq!((&proof["from_root"], &proof["to_root"]), (&one["to_root"], &other["to_root"]));
                let (old, new) = (hash(&proof["from_root"]), hash(&proof["to_root"]));
                assert!(is_consistent((*from as u64, old), (*to as u64, new), &hashes(&proof["hashes"])));
            }
        }
        for query in ["from=0&to=5", "from=5&to=4", "from=1&to=1000000", "from=-1&to=2"] {
            app.get(&auditor, &format!("/audit/consistency?{query}")).await.refused(422, &["out_of_range"]);
        }
    }

    async fn checkpoints_are_listed_with_the_keys_that_signed_them_also_after_a_key_is_changed(db) {
        let app = TestApp::on(db);
        let auditor = CONSTRUCTION.draft(&app).await.who(Role::Auditor).await;
        let (old, new) = (keys(), keys());
        for keys in [&old, &old, &new] {
            happen(&app.database, app.clock.now(), 2);
            seal::drain(&app.services).expect("sealed");
            checkpoint::make(&app.services, keys).expect("made").expect("a checkpoint");
        }
        let checkpoints = all(&app, &auditor, "/audit/checkpoints?limit=2").await;
        assert_eq!(checkpoints.len(), 3);
        assert!(checkpoints.is_sorted_by_key(|one| -one["size"].as_i64().expect("a size")));
        let listed = app.get(&auditor, "/audit/keys").await.is(200);
        let origin = checkpoint::origin(&app.services).expect("a name");
        let mut expected: Vec<String> =
            [&old, &new].iter().flat_map(|keys| keys.verifiers(&origin)).map(|key| key.to_string()).collect();
        let mut found: Vec<String> =
            listed["items"].as_array().expect("keys").iter().map(|one| text(&one["verifier_key"])).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        let known = checkpoint::known_keys(&app.services).expect("keys");
        for one in &checkpoints {
            let opened = note::open(&text(&one["note"]), &known).expect("a note");
            assert_eq!((Some(opened.size), opened.root), (one["size"].as_u64(), hash(&one["root"])));
        }
    }
    async fn the_auditors_of_the_nation_are_mailed_the_newest_checkpoint_once_a_day_at_most(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.draft(&app).await;
        let (auditor, other) = (life.who(Role::Auditor).await, app.nth(Role::Auditor, HOME, 2).await);
        auditor_of(&app, HOME).await;
        let keys = keys();
        let sign = || {
            seal::drain(&app.services).expect("sealed");
            checkpoint::make(&app.services, &keys).expect("signed")
        };
        assert_eq!(telling::tell_auditors(&app.services).expect("nothing is signed"), 0);
        let first = sign().expect("a checkpoint");
        assert_eq!(telling::tell_auditors(&app.services).expect("told"), 2);
        happen(&app.database, app.clock.now(), 3);
        sign().expect("a checkpoint");
        assert_eq!(telling::tell_auditors(&app.services).expect("told today already"), 0);
        app.later(TimeDelta::days(1));
        assert_eq!(telling::tell_auditors(&app.services).expect("told"), 2);
        app.later(TimeDelta::days(1));
        sign().expect("of the telling alone");
        assert_eq!(telling::tell_auditors(&app.services).expect("that is no news"), 0);
        app.deliver();
        let administrator = app.of(Role::Administrator, HOME).await;
        let mails = all(&app, &administrator, "/outbox").await;
        let brings = |one: &&Value| text(&one["event"]) == "checkpoint_signed";
        let mut to: Vec<String> = mails.iter().filter(brings).map(|one| text(&one["address"])).collect();
        to.sort();
        let mut expected = [auditor.email.clone(), auditor.email, other.email.clone(), other.email].to_vec();
        expected.sort();
        assert_eq!(to, expected);
        let signature = first.note.lines().last().expect("a signature");
        let bodies = texts(
            &mut app.database.connect(),
            "SELECT text_body AS value FROM mails m JOIN notices n ON n.id = m.notice_id WHERE n.event = 'checkpoint_signed'",
        );
        let brought = bodies.iter().filter(|body| body.contains(signature));
        assert_eq!(brought.count(), 2, "the first, to each of both");
    }

    async fn a_clock_that_was_ahead_once_silences_no_checkpoint_afterwards(db) {
        let kind = db.kind;
        let app = TestApp::on(db);
        CONSTRUCTION.draft(&app).await.who(Role::Auditor).await;
        let keys = keys();
        let folder = tempfile::tempdir().expect("a folder");
        let outlet = || Outlet::new(Folder::new(folder.path().to_owned()));
        let sign = |sv: &Services| {
            happen(&app.database, sv.clock.now(), 3);
            seal::drain(sv).expect("sealed");
            checkpoint::make(sv, &keys).expect("signed").expect("a checkpoint");
            outlet().bring_out(sv).expect("brought out");
            telling::tell_auditors(sv).expect("told")
        };
        let years_ahead = Clock::set_to(app.clock.now().after(TimeDelta::days(3_000)));
        assert_eq!(sign(&Services { clock: years_ahead, ..app.services.clone() }), 1);
        for _ in 0..2 {
            assert_eq!(sign(&app.services), 1, "of another day");
            app.later(TimeDelta::days(1));
        }
        // The one of the largest size is compared, on whatever day it was signed.
        let other = TestDatabase::fresh(kind).expect("a database");
        let forked = crate::sealing::services(&other, &app.clock);
        for count in [3, 300] {
            happen(&other, forked.clock.now(), count);
            seal::drain(&forked).expect("sealed");
            checkpoint::make(&forked, &keys).expect("signed").expect("a checkpoint");
            let error = outlet().bring_out(&forked).expect_err("it is told").to_string();
            assert!(error.contains("set back, cut or rewritten"), "{error}");
        }
    }

    async fn what_is_personal_of_somebody_who_left_is_erased_and_the_trail_still_verifies(db) {
        let app = TestApp::on(db);
        let (leaving, staying) =
            (app.nth(Role::Drafter, HOME, 1).await, app.nth(Role::Drafter, HOME, 2).await);
        let values = |person: &Person| {
            let email = &person.email;
            app.database.number(&format!("SELECT COUNT(*) FROM audit_personal WHERE value = '{email}'"))
        };
        let token = json!({ "label": "Laptop Sekar", "scope": "read", "expires_at": app.clock.now().after(TimeDelta::days(9)) });
        app.post(&leaving, "/tokens", token).await.is(201);
        app.post(&leaving, "/proposals", CONSTRUCTION.draft_body()).key("usulan").await.is(201);
        let erase = |user: &str| console::erase(&app.services, user, "Permintaan tertulis 12/2021.");
        assert!(matches!(erase("nobody@sentra.example"), Err(Error::NotFound)));
        assert!(matches!(erase(&leaving.email), Err(Error::Invalid(_))), "still lets in");
        console::set_disabled(&app.services, &leaving.email, true).expect("disabled");
        let before = (values(&leaving), values(&staying));
        assert!(before.0 > 0 && before.1 > 0, "{before:?}");
        app.verified();
        assert!(matches!(console::erase(&app.services, &leaving.email, ""), Err(Error::Invalid(_))));
        let kept = || {
            let of = |table: &str, but: &str| {
                app.database.number(&format!("SELECT COUNT(*) FROM {table} WHERE user_id = '{}'{but}", leaving.id))
            };
            [of("sign_in_addresses", ""), of("idempotency_keys", ""), of("tokens", " AND label <> ''")]
        };
        assert!(kept().iter().all(|count| *count > 0), "{:?}", kept());
        let erased = erase(&leaving.email).expect("erased");
        assert_eq!(kept(), [0, 0, 0]);
        assert!(erased.values > 0);
        assert_eq!((values(&leaving), values(&staying)), (0, before.1));
        let of_user = format!(
            "SELECT COUNT(*) FROM audit_personal WHERE event_id IN \
             (SELECT id FROM audit_events WHERE subject_id = '{}')",
            leaving.id
        );
        assert_eq!(app.database.number(&of_user), 0);
        let events = texts(
            &mut app.database.connect(),
            "SELECT content AS value FROM audit_events WHERE action = 'personal.erase'",
        );
        let content: Value = serde_json::from_str(&events.concat()).expect("one event");
        assert_eq!(content["reason"], "Permintaan tertulis 12/2021.");
        let told = content["erased"].as_object().expect("fields").values();
        let told: usize = told.map(|ids| ids.as_array().expect("ids").len()).sum();
        assert_eq!(told, erased.values);
        assert!(!events.concat().contains(&leaving.email));
        app.verified();
        assert_eq!(erase(&leaving.id.to_string()).expect("nothing is left").values, 0);
    }
}
