//! Reminders: who is told of which deadline, when, by which rung; each once, whichever process looks, also after downtime.
//! The case of Bangkalan 2018 is lived again day by day: who would have been told that 6.075 billion are about to be lost.

use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, SIBLING, TestApp, golden};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Case, Life, assessment, flags_body};
use chrono::NaiveDate;
use sentra::domain::people::Role;
use sentra::service::reminders::{self, Reminded};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Bangkalan in 2018, paid as the year's policy says.
const BANGKALAN: Case = Case { region: FOREIGN, fiscal_year: 2018, tranches: None, ..CONSTRUCTION };
/// What it lost.
const LOST: i64 = 6_075_000_000;
/// Everybody whom a ladder can name.
const EVERYBODY: [Role; 8] = [
    Role::Drafter,
    Role::Planner,
    Role::RegionalHead,
    Role::Inspector,
    Role::Verifier,
    Role::Reviewer,
    Role::Approver,
    Role::Treasurer,
];

/// Takes the steps that are to be taken now, and sends the messages.
fn remind(app: &TestApp) -> Reminded {
    let done = reminders::run(&app.services).expect("a run");
    assert!(!done.again);
    if done.notices > 0 {
        app.deliver();
    }
    done
}

/// The same by two processes at once.
fn remind_twice_at_once(app: &TestApp) {
    let both: Vec<Reminded> = std::thread::scope(|scope| {
        let run = || reminders::run(&app.services).expect("a run");
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|one| one.join().expect("a thread")).collect()
    });
    // Whoever came second at the very moment looks again, as the worker does.
    if both.iter().any(|done| done.again) {
        assert_eq!(remind(app).notices, 0, "the other took it");
    }
    app.deliver();
}

/// Who was reminded of what is due of a proposal.
async fn told(life: &Life<'_>) -> Vec<Value> {
    life.list("reminders?limit=200").await
}

/// Kind, place on the ladder, and whether another stood for it.
async fn steps(life: &Life<'_>, kind: &str) -> Vec<(i64, bool)> {
    let all = told(life).await;
    all.iter()
        .filter(|one| one["kind"] == kind)
        .map(|one| {
            let days = one["working_days"].as_i64().expect("days");
            let sign = if one["side"] == "before" { -1 } else { 1 };
            (days * sign, one["collapsed"] == true)
        })
        .collect()
}

/// The reminders that somebody got, the first first.
async fn messages(app: &TestApp, person: &Person) -> Vec<Value> {
    let page = app.get(person, "/notifications?limit=200").await.is(200);
    let mut all = page["items"].as_array().expect("items").clone();
    all.retain(|one| one["event"] == "reminder");
    all.reverse();
    all
}

/// The lines of the case: what was asked for, after supporting activities were lowered to what the cap allows.
fn lines() -> Value {
    let line = |component: &str,
                description: &str,
                volume: i64,
                unit: &str,
                cost: i64,
                anew: bool| {
        json!({ "component": component, "description": description, "builds_anew": anew, "gap": null,
            "volume_thousandths": volume, "unit": unit, "unit_cost_idr": cost, "fund_source": "DAK" })
    };
    json!({ "lines": [
        line("production_house", "Gedung produksi", 12_000, "unit", 400_000_000, true),
        line("infrastructure", "Jalan lingkungan dan drainase", 1_000, "paket", 975_000_000, true),
        line("supporting", "Perencanaan dan pengawasan", 1_000, "paket", 300_000_000, false),
    ] })
}

const AMOUNTS: [i64; 3] = [4_800_000_000, 975_000_000, 300_000_000];

fn amounts() -> Value {
    let one = |(n, amount): (usize, &i64)| json!({ "line_no": n + 1, "amount_idr": amount });
    json!({ "reviews": AMOUNTS.iter().enumerate().map(one).collect::<Vec<_>>() })
}

/// The case up to its approval in September 2017, on its own dates.
async fn approved(app: &TestApp) -> Life<'_> {
    let life = BANGKALAN.draft(app).await;
    let title = json!({ "title": "Pembangunan Sentra IKM Kabupaten Bangkalan" });
    life.patch(Role::Drafter, title).await.is(200);
    life.put(Role::Drafter, "lines", lines()).await.is(200);
    let act = async |role: Role, action: &str| {
        life.act(role, json!({ "action": action })).await.is(200);
    };
    life.step("draft").await;
    app.at("2017-05-22T02:00:00Z");
    act(Role::Planner, "confirm_planning").await;
    app.at("2017-06-05T02:00:00Z");
    act(Role::RegionalHead, "submit").await;
    app.at("2017-06-20T02:00:00Z");
    life.put(Role::Verifier, "line-reviews", flags_body(&["green"; 3])).await.is(200);
    act(Role::Verifier, "verify").await;
    app.at("2017-07-10T02:00:00Z");
    let scores: Vec<Value> = (1..=3).map(|n| assessment(n, json!({}))).collect();
    life.put(Role::Reviewer, "line-reviews", json!({ "reviews": scores })).await.is(200);
    act(Role::Reviewer, "recommend").await;
    app.at("2017-07-20T02:00:00Z");
    life.step("site_verification").await;
    app.at("2017-08-22T02:00:00Z");
    life.put(Role::Reviewer, "line-reviews", amounts()).await.is(200);
    life.propose_agreement().await;
    app.at("2017-08-23T02:00:00Z");
    act(Role::Planner, "accept_agreement").await;
    app.at("2017-09-14T02:00:00Z");
    life.put(Role::Approver, "line-reviews", amounts()).await.is(200);
    act(Role::Approver, "approve").await;
    life
}

/// What happens on a day of the case after that.
async fn lived(life: &Life<'_>, day: &str) {
    match day {
        "2017-12-04" => {
            life.fund().await;
            life.allot(LOST).await.is(201);
            let data = json!({ "amount_idr": LOST, "legal_basis": "Perpres Rincian APBN 2018" });
            let allocate = json!({ "action": "allocate", "data": data });
            life.act(Role::Treasurer, allocate).await.is(200);
        }
        "2017-12-15" => {
            let line = |(n, amount): (usize, &i64)| {
                let method = if n == 2 { "self_managed" } else { "contract" };
                let volume = if n == 0 { 12_000 } else { 1_000 };
                json!({ "line_no": n + 1, "volume_thousandths": volume, "amount_idr": amount, "method": method })
            };
            let lines: Vec<Value> = AMOUNTS.iter().enumerate().map(line).collect();
            let body = json!({ "target_output": "Dua belas gedung produksi", "lines": lines });
            let plan = life.add(Role::Drafter, "plans", body).await.is(201);
            let drafter = life.who(Role::Drafter).await;
            life.step_of(&drafter, "plans", &plan, "submit", json!({})).await.is(200);
        }
        "2018-01-05" => drop(life.approve_plan(json!({})).await.is(200)),
        _ => {}
    }
}

/// Lives the case from its allocation to the day after its gate, and writes down who was told what and when. Somebody looks
/// just before eight, at eight, and when the gate closes.
async fn replay(app: &TestApp, look: impl Fn(&TestApp)) -> String {
    for role in EVERYBODY {
        app.of(role, FOREIGN).await;
    }
    let life = approved(app).await;
    let last = NaiveDate::from_ymd_opt(2018, 7, 22).expect("a day");
    let mut day = NaiveDate::from_ymd_opt(2017, 12, 4).expect("a day");
    while day <= last {
        for (hour, acts) in
            [("00:59:59", false), ("01:00:00", false), ("03:00:00", true), ("10:00:00", false)]
        {
            app.at(&format!("{day}T{hour}Z"));
            if acts {
                lived(&life, &day.to_string()).await;
            } else {
                app.sweep();
                look(app);
            }
        }
        day = day.succ_opt().expect("a day");
    }
    assert_eq!(life.state().await, "forfeited", "nobody acted on what they were told");
    assert_eq!(app.verified(), Vec::<String>::new());
    written(app, &life).await
}

/// Everything that anybody was told, as a person would write it down.
async fn written(app: &TestApp, life: &Life<'_>) -> String {
    let mut subjects: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut received = 0;
    for role in EVERYBODY {
        let person = app.of(role, FOREIGN).await;
        for message in messages(app, &person).await {
            received += 1;
            let key = (text(&message["created_at"]), text(&message["language"]));
            let subject = text(&message["subject"]);
            assert_eq!(subjects.entry(key).or_insert(subject.clone()), &subject);
        }
    }
    let mut out = String::from(
        "Bangkalan 2018, day by day: who is told of what is due, when, and in which language.\n",
    );
    let mut expected = 0;
    for one in told(life).await {
        let at = text(&one["reminded_at"]);
        let local = app_time(&at);
        let (kind, side) = (text(&one["kind"]), text(&one["side"]));
        assert_eq!(one["at_risk_idr"], LOST);
        assert_eq!(one["collapsed"], false, "nobody was away");
        writeln!(out, "\n{local}  {kind}, {} {side}", one["working_days"]).expect("text");
        for language in ["id", "en"] {
            if let Some(subject) = subjects.get(&(at.clone(), language.to_owned())) {
                writeln!(out, "    {language}: {subject}").expect("text");
            }
        }
        let recipients = one["recipients"].as_array().expect("recipients");
        expected += recipients.len();
        for recipient in recipients {
            assert_eq!(recipient["state"], "sent");
            writeln!(out, "    {} ({})", text(&recipient["name"]), text(&recipient["language"]))
                .expect("text");
        }
    }
    assert_eq!(
        received, expected,
        "each message belongs to one reminder, and each reached its recipient once"
    );
    out
}

/// The clocks of western Indonesia at a moment.
fn app_time(at: &str) -> String {
    let moment = crate::support::app::moment(at);
    let wall = moment.after(chrono::TimeDelta::hours(7)).0;
    wall.format("%a %Y-%m-%d %H:%M WIB").to_string()
}

on_both! {
    async fn bangkalan_would_have_been_told_eight_times_and_by_whom(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let found = replay(&app, |app| _ = remind(app)).await;
        golden("tests/api/golden/bangkalan-2018.txt", &found);
        // The province reads who was told before it, and what is at stake.
        let verifier = app.of(Role::Verifier, FOREIGN).await;
        let last = messages(&app, &verifier).await.pop().expect("a message");
        let body = text(&last["text"]);
        for part in [
            "1 hari kerja lagi: kontrak dan permintaan pertama", "Nilai yang dipertaruhkan: Rp6.075.000.000",
            "Sabtu, 21 Juli 2018 pukul 17.00 WIB", "Sudah diingatkan pada", "penyusun (dinas)",
            "Hubungi pemerintah daerah ini hari ini",
        ] {
            assert!(format!("{}\n{body}", text(&last["subject"])).contains(part), "{part}\n{body}");
        }
        let twice = "SELECT COUNT(*) FROM (SELECT 1 FROM reminders GROUP BY proposal_id, kind, n, due_at, step HAVING COUNT(*) > 1) AS twice";
        assert_eq!(app.database.number(twice), 0);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action = 'reminder.send'";
        assert_eq!(app.database.number(events), app.database.number("SELECT COUNT(*) FROM reminders"));
    }

    async fn two_processes_tell_no_more_than_one(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let found = replay(&app, remind_twice_at_once).await;
        golden("tests/api/golden/bangkalan-2018.txt", &found);
    }

    async fn what_a_week_of_downtime_missed_collapses_into_one(db) {
        let mut app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let id = {
            let life = BANGKALAN.at(&app, "planned").await;
            for role in EVERYBODY {
                app.of(role, FOREIGN).await;
            }
            app.at("2018-07-05T01:00:00Z");
            assert_eq!(remind(&app).collapsed, 2, "it entered the ladder in its midst");
            assert_eq!(steps(&life, "contract_gate").await, [(-60, true), (-40, true), (-20, false)]);
            life.id
        };
        app.at("2018-07-12T20:00:00Z");
        app.restart();
        let life = Life { app: &app, case: BANGKALAN, id };
        assert_eq!(remind(&app), Reminded::default(), "three in the morning is no hour for mail");
        app.at("2018-07-13T06:00:00Z");
        let done = remind(&app);
        assert_eq!((done.notices, done.steps, done.collapsed), (1, 1, 1));
        assert_eq!(remind(&app), Reminded::default());
        let all = told(&life).await;
        let [collapsed, taken] = &all[all.len() - 2..] else { panic!("{all:?}") };
        assert_eq!((&collapsed["working_days"], &taken["working_days"]), (&json!(10), &json!(5)));
        assert_eq!((&collapsed["collapsed"], &collapsed["notice_id"]), (&json!(true), &taken["notice_id"]));
        // Whom the missed step would have told is told too.
        let roles = ["drafter", "inspector", "regional_head", "verifier", "approver", "planner"];
        assert_eq!(taken["tells"], json!(roles));
        assert_eq!(taken["recipients"].as_array().map(Vec::len), Some(6));
        assert_eq!(messages(&app, &app.of(Role::Drafter, FOREIGN).await).await.len(), 2);
        app.verified();
    }

    async fn whoever_acts_is_reminded_of_it_no_more(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let life = BANGKALAN.at(&app, "planned").await;
        app.at("2018-05-28T01:00:00Z");
        remind(&app);
        app.at("2018-06-22T01:00:00Z");
        remind(&app);
        let before = [(-60, true), (-40, false), (-20, false)];
        assert_eq!(steps(&life, "contract_gate").await, before);
        life.to("contracted").await;
        life.request_tranche(1, BANGKALAN.total() / 4).await.is(201);
        for day in ["2018-07-06", "2018-07-13", "2018-07-17", "2018-07-19", "2018-07-20", "2018-07-23"] {
            app.at(&format!("{day}T01:00:00Z"));
            app.sweep();
            remind(&app);
        }
        assert_eq!(steps(&life, "contract_gate").await, before);
        // What is due next is another deadline, of the allocation, and the treasury's to meet.
        let windows = steps(&life, "tranche_window").await;
        assert_eq!(windows, [(-10, false)], "{:?}", told(&life).await);
        let of_allocation = told(&life).await.into_iter().find(|one| one["kind"] == "tranche_window").expect("one");
        assert_eq!((&of_allocation["proposal_id"], text(&of_allocation["allocation_id"])), (&Value::Null, life.allocation().await));
        assert_eq!(of_allocation["n"], 1);
    }

    async fn eight_o_clock_is_eight_o_clock_where_the_region_lies(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let jayapura = Case { region: "91.71", ..BANGKALAN };
        let there = jayapura.at(&app, "planned").await;
        let here = BANGKALAN.at(&app, "planned").await;
        app.at("2018-07-05T03:00:00Z");
        remind(&app);
        app.at("2018-07-05T22:59:59Z");
        assert_eq!(remind(&app), Reminded::default());
        app.at("2018-07-05T23:00:00Z");
        assert_eq!(remind(&app).notices, 1);
        assert_eq!(steps(&there, "contract_gate").await.last(), Some(&(-10, false)));
        assert_eq!(steps(&here, "contract_gate").await.last(), Some(&(-20, false)));
        app.at("2018-07-06T01:00:00Z");
        assert_eq!(remind(&app).notices, 1);
        assert_eq!(steps(&here, "contract_gate").await.last(), Some(&(-10, false)));
        let drafter = there.who(Role::Drafter).await;
        let body = text(&messages(&app, &drafter).await.pop().expect("a message")["text"]);
        assert!(body.contains("Sabtu, 21 Juli 2018 pukul 19.00 WIT (= 17.00 WIB)"), "{body}");
        assert!(body.contains("6 Juli 2018 08.00 WIT"), "{body}");
    }

    async fn a_decree_that_moves_the_date_begins_a_ladder_of_its_own(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let life = BANGKALAN.at(&app, "planned").await;
        app.at("2018-07-13T01:00:00Z");
        remind(&app);
        let first = steps(&life, "contract_gate").await;
        assert_eq!(first.last(), Some(&(-5, false)));
        let administrator = app.of(Role::Administrator, HOME).await;
        let changes: Vec<Value> =
            ["/contract_gate/date", "/tranches/0/documents_due/date", "/tranches/0/closes/date"]
                .iter().map(|path| json!({ "path": path, "value": "2018-08-31" })).collect();
        let body = json!({
            "fiscal_year": 2018, "number": "KMK 2/2018", "dated_on": app.today(), "reason": "Gempa.",
            "regions": [FOREIGN], "changes": changes,
        });
        app.post(&administrator, "/decrees", body).await.is(201);
        app.at("2018-07-17T01:00:00Z");
        assert_eq!(remind(&app).notices, 1);
        let all = steps(&life, "contract_gate").await;
        assert_eq!(&all[first.len()..], [(-60, true), (-40, false)]);
        let due: Vec<String> = told(&life).await.iter().map(|one| text(&one["due_at"])).collect();
        assert_eq!((due[0].as_str(), due.last().map(String::as_str)),
            ("2018-07-21T10:00:00.000000Z", Some("2018-08-31T10:00:00.000000Z")));
        let drafter = life.who(Role::Drafter).await;
        let body = text(&messages(&app, &drafter).await.pop().expect("a message")["text"]);
        assert!(body.contains("Batas waktu ini dipindahkan oleh KMK 2/2018"), "{body}");
        assert!(!body.contains("Sudah diingatkan"), "of this date nobody was told before: {body}");
        // The old date is no date any more.
        for day in ["2018-07-19", "2018-07-20", "2018-07-31"] {
            app.at(&format!("{day}T01:00:00Z"));
            assert_eq!(remind(&app), Reminded::default(), "{day}");
        }
    }

    async fn what_one_region_is_told_of_several_proposals_is_one_message(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let mut lives = Vec::new();
        for _ in 0..3 {
            lives.push(BANGKALAN.at(&app, "planned").await);
        }
        let elsewhere = Case { region: HOME, ..BANGKALAN }.at(&app, "planned").await;
        app.at("2018-07-06T01:00:00Z");
        let done = remind(&app);
        // One to each region, and one to the ministry of both.
        assert_eq!((done.notices, done.steps), (3, 4));
        let drafter = lives[0].who(Role::Drafter).await;
        let all = messages(&app, &drafter).await;
        assert_eq!(all.len(), 1);
        assert!(text(&all[0]["subject"]).ends_with("Bangkalan 2018 (3 usulan)"), "{}", all[0]["subject"]);
        let total = 3 * BANGKALAN.total() / 1_000_000_000;
        assert!(text(&all[0]["text"]).contains(&format!("Nilai yang dipertaruhkan: Rp{total}.")), "{}", all[0]["text"]);
        let mut notices = Vec::new();
        for life in lives.iter().chain([&elsewhere]) {
            let last = told(life).await.pop().expect("a reminder");
            assert_eq!(last["proposal_id"], life.id);
            notices.push(text(&last["notice_id"]));
        }
        notices.dedup();
        assert_eq!(notices.len(), 2, "one for each region");
        // Each is told of on its own when its own way parts.
        lives[0].to("contracted").await;
        lives[0].request_tranche(1, BANGKALAN.total() / 4).await.is(201);
        app.at("2018-07-13T01:00:00Z");
        remind(&app);
        let subject = text(&messages(&app, &drafter).await.pop().expect("a message")["subject"]);
        assert!(subject.ends_with("(2 usulan)"), "{subject}");
    }

    async fn those_above_are_told_of_all_regions_in_one_message(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let mut lives = Vec::new();
        for region in [FOREIGN, HOME, SIBLING] {
            for role in EVERYBODY {
                app.of(role, region).await;
            }
            lives.push(Case { region, ..BANGKALAN }.at(&app, "planned").await);
        }
        app.at("2018-07-06T01:00:00Z");
        let done = remind(&app);
        // Three regions, the province that has two of them, and the nation.
        assert_eq!((done.notices, done.steps), (5, 3));
        let one = async |role: Role, region: &str| {
            let all = messages(&app, &app.of(role, region).await).await;
            assert_eq!(all.len(), 1, "{role} {region}: {all:?}");
            (text(&all[0]["subject"]), text(&all[0]["text"]))
        };
        let gate = "10 hari kerja lagi: kontrak dan permintaan pertama";
        let (subject, body) = one(Role::Approver, HOME).await;
        assert_eq!(subject, format!("{gate} – Indonesia 2018 (3 daerah, 3 usulan)"));
        let total = sentra::domain::money::Rupiah(BANGKALAN.total()).to_string().replace(',', ".");
        for name in ["Kabupaten Bangkalan", "Kota Bandar Lampung", "Kabupaten Lampung Barat"] {
            assert!(body.contains(&format!("- {name}: {total} (1 usulan)")), "{name}\n{body}");
        }
        assert!(body.contains("Hubungi daerah yang disebut di atas") && !body.contains("Status"), "{body}");
        let (subject, body) = one(Role::Verifier, HOME).await;
        assert_eq!(subject, format!("{gate} – Provinsi Lampung 2018 (2 daerah, 2 usulan)"));
        assert!(!body.contains("Bangkalan"), "{body}");
        let (subject, _) = one(Role::Verifier, FOREIGN).await;
        assert!(subject.starts_with(&format!("{gate} – Kabupaten Bangkalan 2018 – ")), "{subject}");
        for region in [FOREIGN, HOME, SIBLING] {
            let (subject, body) = one(Role::Drafter, region).await;
            assert!(!subject.contains("daerah") && !body.contains("daerah lain"), "{subject}\n{body}");
        }
        // The links lead to what is told of.
        for (role, region, count) in [(Role::Approver, HOME, 3), (Role::Verifier, HOME, 2)] {
            let person = app.of(role, region).await;
            let body = text(&messages(&app, &person).await[0]["text"]);
            let (_, link) = body.split_once("https://sentra.example/api/v1").expect("a link");
            let link = link.lines().next().expect("a line");
            assert_eq!(app.get(&person, link).await.is(200)["count"], count, "{link}");
        }
        // Each step says who was told of it: its own region, its province and the ministry.
        let names = async |life: &Life<'_>| -> BTreeSet<String> {
            let last = told(life).await.pop().expect("a step");
            last["recipients"].as_array().expect("a list").iter().map(|one| text(&one["name"])).collect()
        };
        let here = names(&lives[1]).await;
        let expected = ["approver 1 pusat", "drafter 1 18-71", "planner 1 18-71", "regional_head 1 18-71", "verifier 1 18"];
        assert_eq!(here.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        assert!(names(&lives[0]).await.contains("verifier 1 35"));
        // Two processes at once, the next step, whatever one of the regions does meanwhile.
        lives[2].to("contracted").await;
        lives[2].request_tranche(1, BANGKALAN.total() / 4).await.is(201);
        app.at("2018-07-13T01:00:00Z");
        remind_twice_at_once(&app);
        let all = messages(&app, &app.of(Role::Approver, HOME).await).await;
        assert_eq!(all.len(), 2, "{all:?}");
        assert!(text(&all[1]["subject"]).ends_with("Indonesia 2018 (2 daerah, 2 usulan)"), "{}", all[1]["subject"]);
        let twice = "SELECT COUNT(*) FROM (SELECT 1 FROM reminders GROUP BY proposal_id, kind, n, due_at, step HAVING COUNT(*) > 1) AS twice";
        assert_eq!(app.database.number(twice), 0);
        app.verified();
    }

    async fn documents_that_are_due_with_the_gate_are_not_told_of_twice(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let life = BANGKALAN.at(&app, "planned").await;
        app.at("2018-06-22T01:00:00Z");
        life.to("contracted").await;
        for day in ["2018-07-06", "2018-07-13", "2018-07-17", "2018-07-19"] {
            app.at(&format!("{day}T01:00:00Z"));
            remind(&app);
        }
        let gate: Vec<i64> = steps(&life, "contract_gate").await.iter().map(|(step, _)| *step).collect();
        assert_eq!(&gate[gate.len() - 4..], [-10, -5, -3, -1]);
        assert_eq!(steps(&life, "tranche_documents").await, []);
        let approver = life.who(Role::Approver).await;
        let shown = app.get(&approver, "/deadlines?kind=tranche_documents").await.is(200);
        assert_eq!((&shown["count"], &shown["items"][0]["next_reminder_at"]), (&json!(1), &Value::Null));
        // Moved away from the gate, they are a date of their own.
        let administrator = app.of(Role::Administrator, HOME).await;
        let changes: Vec<Value> = ["/tranches/0/documents_due/date", "/tranches/0/closes/date"]
            .iter().map(|path| json!({ "path": path, "value": "2018-07-27" })).collect();
        let body = json!({
            "fiscal_year": 2018, "number": "KMK 2/2018", "dated_on": app.today(), "reason": "Gempa.",
            "regions": [FOREIGN], "changes": changes,
        });
        app.post(&administrator, "/decrees", body).await.is(201);
        app.at("2018-07-20T01:00:00Z");
        remind(&app);
        assert_eq!(steps(&life, "contract_gate").await.last(), Some(&(0, false)));
        assert_eq!(steps(&life, "tranche_documents").await.last(), Some(&(-5, false)));
    }

    async fn the_radar_says_when_somebody_was_reminded_and_when_next(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let life = BANGKALAN.at(&app, "planned").await;
        let approver = life.who(Role::Approver).await;
        let gate = async || {
            let shown = app.get(&approver, "/deadlines?kind=contract_gate").await.is(200);
            (shown["items"][0]["reminded_at"].clone(), shown["items"][0]["next_reminder_at"].clone())
        };
        app.at("2018-07-06T00:00:00Z");
        let eight = json!("2018-07-06T01:00:00.000000Z");
        assert_eq!(gate().await, (Value::Null, eight.clone()));
        app.at("2018-07-06T01:00:00Z");
        remind(&app);
        assert_eq!(gate().await, (eight, json!("2018-07-13T01:00:00.000000Z")));
        assert_eq!(reminders::next(&app.services).expect("the next"), Some(crate::support::app::moment("2018-07-13T01:00:00Z")));
        // Nobody sees who was reminded of what they may not see; a page ends where it is told to.
        let stranger = app.of(Role::Drafter, HOME).await;
        app.get(&stranger, &life.path("reminders")).await.is(404);
        let mut seen = 0;
        let mut next = String::new();
        loop {
            let page = app.get(&approver, &life.path(&format!("reminders?limit=1{next}"))).await.is(200);
            seen += page["items"].as_array().map_or(0, Vec::len);
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("&cursor={cursor}");
        }
        assert_eq!(seen, told(&life).await.len());
        for query in ["limit=0", "cursor=x", "nobody_knows=1"] {
            app.get(&approver, &life.path(&format!("reminders?{query}"))).await.is(422);
        }
    }

    async fn a_year_whose_policy_has_no_ladder_reminds_of_nothing(db) {
        let app = TestApp::from(db, "2017-05-12T02:00:00Z");
        let administrator = app.of(Role::Administrator, HOME).await;
        let shown = app.get(&administrator, "/policies/2018").await.is(200);
        let mut policy = shown["policy"].clone();
        assert_eq!(policy["reminders"][0]["kinds"][0], "contract_gate");
        policy["reminders"][0]["steps"][0]["tells"] = json!(["auditor"]);
        let refused = app.put(&administrator, "/policies/2018", policy.clone()).if_match(1).await;
        refused.refused(422, &["role"]);
        assert_eq!(refused.pointers(), ["/reminders/0/steps/0/tells/0"]);
        policy.as_object_mut().expect("an object").remove("reminders");
        policy["sources"].as_array_mut().expect("sources").retain(|one| one["value"] != "reminders");
        app.put(&administrator, "/policies/2018", policy).if_match(1).await.is(200);
        let life = BANGKALAN.at(&app, "planned").await;
        app.at("2018-07-20T01:00:00Z");
        assert_eq!(remind(&app), Reminded::default());
        assert_eq!(told(&life).await, Vec::<Value>::new());
    }
}
