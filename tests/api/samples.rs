//! Samples that anybody repeats: by parameters through the API, and by hand.

use crate::findings::auditor_of;
use crate::on_both;
use crate::support::app::{FOREIGN, HOME, Person, TestApp};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life, REVITALISATION};
use sentra::domain::people::Role;
use sentra::http::state::Bounds;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const SEED: &str = "LHP%2012/2022";

async fn sample(app: &TestApp, by: &Person, query: &str) -> Value {
    app.get(by, &format!("/audit/samples?{query}&seed={SEED}")).await.is(200)
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(text: &str) -> String {
    hex(Sha256::digest(text))
}

/// Payment orders as `(id, amount)`, in the order of ids.
async fn spent(lives: &[&Life<'_>]) -> Vec<(String, i64)> {
    let mut all = Vec::new();
    for life in lives {
        for one in life.list("expenditures?limit=200").await {
            all.push((text(&one["id"]), one["amount_idr"].as_i64().expect("an amount")));
        }
    }
    all.sort();
    all
}

fn ids(sample: &Value) -> Vec<String> {
    sample["items"].as_array().expect("items").iter().map(|one| text(&one["id"])).collect()
}

on_both! {
    async fn a_random_sample_is_what_hashes_of_seed_and_id_say_for_whoever_draws_it(db) {
        let app = TestApp::on(db);
        let here = CONSTRUCTION.at(&app, "funded").await;
        let there = CONSTRUCTION.within(FOREIGN).at(&app, "funded").await;
        for amount in [700, 20, 5_000, 1, 80] {
            here.spend(amount).await.is(201);
            there.spend(amount + 3).await.is(201);
        }
        let all = spent(&[&here, &there]).await;
        let nation = app.of(Role::Auditor, HOME).await;
        let drawn = sample(&app, &nation, "population=expenditures&method=random&size=4&fiscal_year=2021").await;
        assert_eq!((&drawn["count"], &drawn["sum_idr"]), (&json!(10), &json!(all.iter().map(|one| one.1).sum::<i64>())));
        let lines: String = all.iter().map(|(id, amount)| format!("{id} {amount}\n")).collect();
        assert_eq!(drawn["population_sha256"], sha256(&lines));
        let mut ranked: Vec<(String, &String)> =
            all.iter().map(|(id, _)| (sha256(&format!("LHP 12/2022\n{id}")), id)).collect();
        ranked.sort();
        let expected: Vec<String> = ranked.iter().take(4).map(|(_, id)| (*id).clone()).collect();
        assert_eq!(ids(&drawn), expected);
        assert_eq!((&drawn["items"][0]["rank"], &drawn["items"][0]["place"]), (&json!(ranked[0].0), &json!(1)));
        assert_eq!((&drawn["interval_idr"], &drawn["items"][0]["hits"]), (&Value::Null, &Value::Null));
        // A reviewer sees the nation too, and draws the same; more is an extension of less.
        let approver = here.who(Role::Approver).await;
        let until = format!("recorded_until={}", text(&drawn["asked"]["recorded_until"]));
        let query = format!("population=expenditures&method=random&size=4&fiscal_year=2021&{until}");
        assert_eq!(sample(&app, &approver, &query).await, drawn);
        let more = sample(&app, &nation, &query.replace("size=4", "size=9")).await;
        assert_eq!(ids(&more)[..4], expected);
        // What is recorded later, or taken back later, changes nothing of it.
        app.later(chrono::TimeDelta::hours(1));
        here.spend(9).await.is(201);
        let spend = here.entry("spend").await;
        here.reverse(&here.who(Role::Inspector).await, &spend).await.is(201);
        there.spend(90).await.is(201);
        assert_eq!(sample(&app, &nation, &query).await, drawn);
        let now = sample(&app, &nation, "population=expenditures&method=random&size=500").await;
        assert_eq!(now["count"], 11, "what was taken back is not in it");
        let href = text(&now["items"][0]["href"]);
        app.get(&nation, href.strip_prefix("/api/v1").expect("a path")).await.is(200);
    }

    async fn monetary_units_are_laid_end_to_end_from_a_start_that_the_seed_says(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        for amount in [700, 20, 5_000, 1, 80, 350, 351] {
            life.spend(amount).await.is(201);
        }
        let all = spent(&[&life]).await;
        let auditor = auditor_of(&app, HOME).await;
        let query = format!("population=expenditures&method=monetary_unit&size=5&region_code={HOME}");
        let drawn = sample(&app, &auditor, &query).await;
        let sum: i64 = all.iter().map(|one| one.1).sum();
        let interval = sum / 5;
        let head: [u8; 16] = Sha256::digest("LHP 12/2022")[..16].try_into().expect("16 bytes");
        let start = i64::try_from(u128::from_be_bytes(head) % u128::try_from(interval).expect("above zero")).expect("small") + 1;
        assert_eq!((&drawn["interval_idr"], &drawn["start_idr"], &drawn["sum_idr"]), (&json!(interval), &json!(start), &json!(sum)));
        let (mut walked, mut expected) = (0, Vec::new());
        for (id, amount) in &all {
            let before = walked;
            walked += amount;
            let points = (0..10).map(|k| start + k * interval);
            let hits = points.filter(|at| before < *at && *at <= walked).count();
            if hits > 0 {
                expected.push((id.clone(), hits, walked));
            }
        }
        let found: Vec<(String, usize, i64)> = drawn["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|one| {
                let hits = one["hits"].as_u64().expect("hits");
                (text(&one["id"]), usize::try_from(hits).expect("few"), one["cumulative_idr"].as_i64().expect("a sum"))
            })
            .collect();
        assert_eq!(found, expected);
        assert!(found.iter().any(|one| one.1 > 1), "5,000 of {sum} is more than an interval");
    }

    async fn contracts_and_proposals_are_populations_too(db) {
        let app = TestApp::on(db);
        let one = CONSTRUCTION.at(&app, "contracted").await;
        let two = CONSTRUCTION.at(&app, "contracted").await;
        CONSTRUCTION.at(&app, "draft").await;
        let auditor = auditor_of(&app, HOME).await;
        let of = async |population: &str| {
            sample(&app, &auditor, &format!("population={population}&method=random&size=9&region_code={HOME}")).await
        };
        let total = 2 * CONSTRUCTION.total();
        let contracts = of("contracts").await;
        assert_eq!((&contracts["count"], &contracts["sum_idr"]), (&json!(2), &json!(total)));
        let proposals = of("proposals").await;
        assert_eq!((&proposals["count"], &proposals["sum_idr"]), (&json!(2), &json!(total)));
        let mut drawn = ids(&proposals);
        drawn.sort();
        let mut both = [one.id.clone(), two.id.clone()];
        both.sort();
        assert_eq!(drawn, both);
    }

    async fn a_population_of_the_past_is_drawn_with_the_amounts_of_then(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        let auditor = auditor_of(&app, HOME).await;
        let of = async |population: &str, until: &str| {
            sample(&app, &auditor, &format!("population={population}&method=random&size=9&region_code={HOME}{until}")).await
        };
        let other = CONSTRUCTION.at(&app, "allocated").await;
        life.spend(700).await.is(201);
        let mut before = Vec::new();
        for population in ["expenditures", "contracts", "proposals"] {
            before.push((population, of(population, "").await));
        }
        app.later(chrono::TimeDelta::hours(1));
        let contract = life.last("contracts").await;
        let amendment = json!({
            "number": "ADD/1", "signed_on": app.today(), "value_idr": REVITALISATION.total() - 7_000_000,
            "ends_on": app.in_days(200), "reason": "Volume nyata lebih kecil.",
        });
        let path = format!("/contracts/{}/amendments", text(&contract["id"]));
        app.post(&life.who(Role::Drafter).await, &path, amendment).await.is(201);
        let ceiling = json!({ "amount_idr": CONSTRUCTION.total() - 3_000_000, "legal_basis": "PMK 17/2021" });
        other.put_with_key(Role::Treasurer, "ceiling", ceiling).await.is(200);
        life.spend(9).await.is(201);
        for (population, drawn) in before {
            let until = format!("&recorded_until={}", text(&drawn["asked"]["recorded_until"]));
            assert_eq!(of(population, &until).await, drawn, "{population}");
            assert_ne!(of(population, "").await["population_sha256"], drawn["population_sha256"], "{population}");
        }
    }

    async fn what_is_committed_after_a_sample_is_not_in_it_though_its_request_came_before(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "funded").await;
        let auditor = auditor_of(&app, HOME).await;
        life.spend(700).await.is(201);
        let query = format!("population=expenditures&method=random&size=9&region_code={HOME}");
        let drawn = sample(&app, &auditor, &query).await;
        // The clock stands: what follows bears the same moment as the sample.
        life.spend(9).await.is(201);
        let until = format!("{query}&recorded_until={}", text(&drawn["asked"]["recorded_until"]));
        assert_eq!(sample(&app, &auditor, &until).await, drawn);
    }

    async fn samples_are_drawn_few_at_once(db) {
        let app = TestApp::with(db, Bounds { exports: 0, ..Bounds::default() });
        let base = "/audit/samples?population=contracts&method=random&size=3&seed=a";
        app.get(&app.of(Role::Auditor, HOME).await, base).await.refused(503, &["busy"]);
        app.get(&auditor_of(&app, HOME).await, base).await.is(403);
    }

    async fn who_does_not_see_the_whole_population_names_what_they_see(db) {
        let app = TestApp::on(db);
        CONSTRUCTION.at(&app, "contracted").await;
        let auditor = auditor_of(&app, HOME).await;
        let get = async |by: &Person, query: &str| app.get(by, &format!("/audit/samples?{query}")).await;
        let base = "population=contracts&method=random&size=3&seed=a";
        get(&auditor, base).await.is(403);
        // Who may is told before what.
        get(&auditor, "population=contracts&method=random&size=0&seed=a").await.is(403);
        get(&auditor, &format!("{base}&region_code={FOREIGN}")).await.is(403);
        get(&auditor, &format!("{base}&province_code=18")).await.is(403);
        assert_eq!(get(&auditor, &format!("{base}&region_code={HOME}")).await.is(200)["count"], 1);
        let province = auditor_of(&app, "18").await;
        assert_eq!(get(&province, &format!("{base}&province_code=18")).await.is(200)["count"], 1);
        get(&app.of(Role::Administrator, HOME).await, base).await.is(403);
        let nation = app.of(Role::Auditor, HOME).await;
        for (query, pointer) in [
            ("population=contracts&method=random&size=0&seed=a", "/query/size"),
            ("population=contracts&method=random&size=501&seed=a", "/query/size"),
            ("population=contracts&method=random&size=3&seed=%20", "/query/seed"),
            ("population=contracts&method=random&size=3&seed=a&recorded_until=2099-01-01T00:00:00Z", "/query/recorded_until"),
            ("population=contracts&method=random&size=3&seed=a&region_code=99.99", "/query/region_code"),
            ("population=expenditures&method=monetary_unit&size=3&seed=a", "/query/size"),
            ("population=firms&method=random&size=3&seed=a", "/query/population"),
        ] {
            let answer = get(&nation, query).await;
            answer.is(422);
            assert_eq!(answer.pointers(), [pointer], "{query}");
        }
    }
}
