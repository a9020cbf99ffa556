//! What lapsed or was forfeited, once and at its minute, and how it is revived.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, TestApp, moment};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Case, Life, REVITALISATION};
use sentra::domain::people::Role;
use sentra::service::Services;
use sentra::service::clock::Clock;
use sentra::service::sweep::{self, Swept};
use serde_json::{Value, json};

/// Bangkalan in 2018: its tender missed 21 July, 17:00 WIB.
const BANGKALAN: Case = Case { region: FOREIGN, fiscal_year: 2018, ..CONSTRUCTION };
const TOTAL: i64 = BANGKALAN.total();
const BEFORE_THE_GATE: &str = "2018-07-21T09:59:59.999999Z";
const GATE: &str = "2018-07-21T10:00:00Z";

async fn decree(app: &TestApp, number: &str, region: &str, changes: Value) -> Answer {
    let administrator = app.of(Role::Administrator, HOME).await;
    let body = json!({
        "fiscal_year": 2018, "number": number, "dated_on": app.today(), "reason": "Lelang terlambat.",
        "regions": [region], "changes": changes,
    });
    app.post(&administrator, "/decrees", body).await
}

fn to_the_end_of_august() -> Value {
    let dates =
        ["/contract_gate/date", "/tranches/0/documents_due/date", "/tranches/0/closes/date"];
    dates.iter().map(|path| json!({ "path": path, "value": "2018-08-31" })).collect()
}

fn revive() -> Value {
    json!({ "action": "revive", "comment": "Batas waktu diperpanjang." })
}

/// The service as another process runs it, on another clock.
fn elsewhere(app: &TestApp, at: &str) -> Services {
    let mut services = app.services.clone();
    services.clock = Clock::set_to(moment(at));
    services
}

fn swept(services: &Services) -> Swept {
    sweep::deadlines(services).expect("a sweep")
}

async fn kinds(life: &Life<'_>) -> Vec<String> {
    let approver = life.who(Role::Approver).await;
    let journal =
        life.app.get(&approver, &format!("/journal?proposal_id={}", life.id)).await.is(200);
    journal["items"].as_array().expect("a list").iter().map(|entry| text(&entry["kind"])).collect()
}

async fn count(life: &Life<'_>, action: &str) -> usize {
    let events = life.list("events?limit=200").await;
    events.iter().filter(|event| event["action"] == action).count()
}

on_both! {
    async fn bangkalan_loses_2018_at_its_gate_and_a_later_decree_brings_each_back_to_where_it_stood(db) {
        let app = TestApp::from(db, "2017-05-10T02:00:00Z");
        let mut lives = Vec::new();
        for state in ["allocated", "planned", "contracted"] {
            lives.push((state, BANGKALAN.at(&app, state).await));
        }
        app.at(BEFORE_THE_GATE);
        assert_eq!(app.sweep().forfeited, 0);
        app.at(GATE);
        assert_eq!((app.sweep().forfeited, app.sweep().forfeited), (3, 0));
        for (state, life) in &lives {
            let shown = life.shown().await;
            assert_eq!((&shown["state"], &shown["forfeited_from"]), (&json!("forfeited"), &json!(state)));
            let bare = life.act(Role::Approver, json!({ "action": "revive" })).await;
            bare.refused(409, &["comment_given", "gate_moved"]);
            life.act(Role::Drafter, revive()).await.is(403);
        }
        app.at("2018-07-25T03:00:00Z");
        decree(&app, "KMK 1/2018", HOME, to_the_end_of_august()).await.is(201);
        lives[0].1.act(Role::Approver, revive()).await.refused(409, &["gate_moved"]);
        decree(&app, "KMK 2/2018", FOREIGN, to_the_end_of_august()).await.is(201);
        // The treasurer gave most of what was set free to nobody yet, but took it from the region.
        lives[0].1.allot(TOTAL).await.is(201);
        for (index, (state, life)) in lives.iter().enumerate() {
            if index == 1 {
                life.act(Role::Approver, revive()).await.refused(409, &["room_to_revive"]);
                life.allot(3 * TOTAL).await.is(201);
            }
            let mut dated = revive();
            dated["data"] = json!({ "due_on": app.in_days(20) });
            life.act(Role::Approver, dated).await.is(422);
            let revived = life.act(Role::Approver, revive()).await.is(200);
            assert_eq!(revived["state"], *state);
            let figures = &revived["figures"];
            let bound = if *state == "contracted" { TOTAL } else { 0 };
            for (name, amount) in [
                ("ceiling_idr", TOTAL), ("released_idr", 0), ("undisbursed_idr", TOTAL),
                ("contracted_idr", bound), ("disbursed_idr", 0),
            ] {
                assert_eq!(figures[name], amount, "{state} {name}: {figures}");
            }
        }
        assert_eq!(kinds(&lives[0].1).await, ["allocate", "release", "reverse"]);
        assert_eq!(kinds(&lives[2].1).await, ["allocate", "commit", "release", "reverse"]);
        let last = lives[2].1.list("events?limit=200").await.last().expect("an event").clone();
        assert_eq!(last["action"], "proposal.revive");
        assert!(last.to_string().contains("KMK 2/2018"), "{last}");
        assert_eq!(app.sweep().forfeited, 0);
        app.verified();
        // What asks in time is not forfeited again.
        lives[2].1.request_tranche(1, TOTAL / 4).await.is(201);
        lives[1].1.to("contracted").await;
        // What has its money back stays within it.
        let plan = lives[0].1.plan_body();
        let mut above = plan.clone();
        above["lines"][0]["amount_idr"] = json!(2 * TOTAL);
        let drafter = lives[0].1.who(Role::Drafter).await;
        let above = lives[0].1.add(Role::Drafter, "plans", above).await.is(201);
        lives[0].1.step_of(&drafter, "plans", &above, "submit", json!({})).await
            .refused(409, &["plan_within_ceiling"]);
        app.at("2018-08-31T09:59:59.999999Z");
        assert_eq!(app.sweep().forfeited, 0);
        app.at("2018-08-31T10:00:00Z");
        assert_eq!((app.sweep().forfeited, app.sweep().forfeited), (2, 0));
        let again = lives[1].1.shown().await;
        assert_eq!((&again["state"], &again["forfeited_from"]), (&json!("forfeited"), &json!("contracted")));
        lives[1].1.act(Role::Approver, revive()).await.refused(409, &["gate_moved"]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn what_lapsed_is_revived_with_a_new_due_date(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "technical_review").await;
        life.ask_changes(Role::Reviewer, &["/title"]).await;
        let data = json!({ "due_on": app.in_days(2) });
        let ask = json!({ "action": "request_clarification", "comment": "Judul?", "data": data });
        life.act(Role::Reviewer, ask).await.is(200);
        life.act(Role::Approver, revive()).await.refused(409, &["not_from_here"]);
        app.at(&(app.in_days(2) + "T17:00:00Z"));
        assert_eq!((app.sweep().lapsed, app.sweep().lapsed), (1, 0));
        life.act(Role::Approver, json!({ "action": "revive" })).await
            .refused(409, &["comment_given", "due_date_given"]);
        let mut body = revive();
        body["data"] = json!({ "due_on": app.today() });
        life.act(Role::Reviewer, body.clone()).await.is(403);
        body["data"] = json!({ "due_on": app.in_days(5) });
        let revived = life.act(Role::Approver, body).await.is(200);
        assert_eq!((&revived["state"], &revived["due_on"]), (&json!("clarification"), &json!(app.in_days(5))));
        assert_eq!(app.sweep().lapsed, 0);
        life.to("harmonisation").await;
        app.verified();
    }

    async fn a_date_passes_by_the_clocks_of_its_zone(db) {
        let app = TestApp::from(db, "2017-05-10T02:00:00Z");
        let jayapura = Case { region: "91.71", ..BANGKALAN };
        let due = jayapura.at(&app, "technical_review").await;
        due.ask_changes(Role::Reviewer, &["/title"]).await;
        let day = app.in_days(1);
        let ask = json!({ "action": "request_clarification", "comment": "?", "data": { "due_on": day } });
        due.act(Role::Reviewer, ask).await.is(200);
        let here = BANGKALAN.at(&app, "allocated").await;
        let there = jayapura.at(&app, "allocated").await;
        app.at(&format!("{day}T14:59:59.999999Z"));
        assert_eq!(app.sweep().lapsed, 0);
        app.at(&format!("{day}T15:00:00Z"));
        assert_eq!(app.sweep().lapsed, 1, "midnight in Jayapura is nine hours before that of Greenwich");
        decree(&app, "KMK 3/2018", "91.71", json!([{ "path": "/contract_gate/zone", "value": "WIT" }])).await.is(201);
        app.at("2018-07-21T07:59:59.999999Z");
        assert_eq!(app.sweep().forfeited, 0);
        app.at("2018-07-21T08:00:00Z");
        assert_eq!(app.sweep().forfeited, 1);
        assert_eq!((here.state().await, there.state().await), ("allocated".to_owned(), "forfeited".to_owned()));
    }

    async fn what_passed_while_the_service_was_down_ends_once_whoever_sweeps(db) {
        let mut app = TestApp::from(db, "2017-05-10T02:00:00Z");
        let (one, two) = {
            let lapsing = BANGKALAN.at(&app, "technical_review").await;
            lapsing.ask_changes(Role::Reviewer, &["/title"]).await;
            let data = json!({ "due_on": app.in_days(1) });
            let ask = json!({ "action": "request_clarification", "comment": "?", "data": data });
            lapsing.act(Role::Reviewer, ask).await.is(200);
            (lapsing.id, BANGKALAN.at(&app, "contracted").await.id)
        };
        app.at("2018-09-01T00:00:00Z");
        app.restart();
        let sweeps: Vec<Swept> = std::thread::scope(|scope| {
            let both: Vec<_> = (0..2)
                .map(|_| {
                    let services = app.services.clone();
                    scope.spawn(move || swept(&services))
                })
                .collect();
            both.into_iter().map(|one| one.join().expect("a sweep")).collect()
        });
        let sum = |of: fn(&Swept) -> usize| sweeps.iter().map(of).sum::<usize>();
        assert_eq!((sum(|one| one.lapsed), sum(|one| one.forfeited)), (1, 1), "{sweeps:?}");
        let lapsed = Life { app: &app, case: BANGKALAN, id: one };
        let forfeited = Life { app: &app, case: BANGKALAN, id: two };
        assert_eq!(count(&lapsed, "proposal.lapse").await, 1);
        assert_eq!(count(&forfeited, "proposal.forfeit").await, 1);
        // What was missed is the gate, not the moment at which somebody looked.
        let events = forfeited.list("events?limit=200").await;
        let missed = events.iter().find(|event| event["action"] == "proposal.forfeit").expect("an event");
        assert!(missed.to_string().contains("2018-07-21T10:00:00"), "{missed}");
        // A clock that was put back brings nothing back.
        let before = elsewhere(&app, BEFORE_THE_GATE);
        assert_eq!(swept(&before), Swept::default());
        assert_eq!(forfeited.state().await, "forfeited");
        assert_eq!(swept(&app.services), Swept::default());
        assert_eq!(kinds(&forfeited).await, ["allocate", "commit", "release"]);
        app.verified();
    }
}
