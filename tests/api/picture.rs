//! The picture of 2021, at a thousandth of its size: what was set aside, planned, contracted, disbursed and absorbed, as
//! one answer.

use crate::faults::seed::seed;
use crate::on_both;
use crate::support::app::{HOME, SIBLING, TestApp};
use crate::support::life::{CONSTRUCTION, Case};
use sentra::domain::people::Role;
use serde_json::{Value, json};

/// A region's half of it, in rupiah.
const CEILING: i64 = 375_000_000;
const PLAN: i64 = 372_000_000;
const CONTRACT: i64 = 332_500_000;
const DISBURSED: i64 = 327_000_000;
const ABSORBED: i64 = 247_500_000;

async fn half(app: &TestApp, region: &'static str) {
    let case = Case { unit_cost_idr: 500_000, ..CONSTRUCTION }.within(region);
    let life = case.at(app, "approved").await;
    life.fund().await;
    // Larger than what is paid in one sum.
    life.allot(2_000_000_000).await.is(201);
    let mut body = life.allocate_body();
    body["data"]["amount_idr"] = json!(CEILING);
    life.act(Role::Treasurer, body).await.is(200);
    let mut plan = life.plan_body();
    plan["lines"][0]["amount_idr"] = json!(PLAN - 18_000_000);
    plan["lines"][1]["amount_idr"] = json!(18_000_000);
    let plan = life.add(Role::Drafter, "plans", plan).await.is(201);
    let drafter = life.who(Role::Drafter).await;
    life.step_of(&drafter, "plans", &plan, "submit", json!({})).await.is(200);
    life.approve_plan(json!({})).await.is(200);
    life.contract(json!({ "value_idr": CONTRACT })).await.is(201);
    life.act(Role::Inspector, json!({ "action": "accept_contracts" })).await.is(200);
    life.request_tranche(1, DISBURSED).await.is(201);
    life.review_and_verify().await;
    life.pay().await.is(200);
    life.spend(ABSORBED).await.is(201);
}

on_both! {
    /// The figures of 2021 as they stood on 17 January 2022, in billions: 750, 744, 665, 654 and 495.
    async fn the_year_2021_is_seeded_to_the_rupiah_and_read_in_one_query(db) {
        let amounts = "750000000000,744000000000,665000000000,654000000000,495000000000";
        seed(&db, 107, &["--fiscal-year", "2021", "--picture", amounts]);
        let app = TestApp::on(db);
        let approver = app.of(Role::Approver, HOME).await;
        let nation = app.get(&approver, "/fund-usage?fiscal_year=2021").await.is(200);
        for (name, billions) in [
            ("ceiling_idr", 750), ("plan_idr", 744), ("contracted_idr", 665), ("disbursed_idr", 654),
            ("absorbed_idr", 495), ("in_hand_idr", 159), ("undisbursed_idr", 96),
        ] {
            assert_eq!(nation["figures"][name], json!(billions * 1_000_000_000_i64), "{name}");
        }
        assert_eq!(nation["proposals"], 107);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_year_is_one_picture_for_the_nation_a_province_and_a_region(db) {
        let app = TestApp::on(db);
        half(&app, HOME).await;
        half(&app, SIBLING).await;
        let approver = app.of(Role::Approver, HOME).await;
        let shown = async |query: &str| -> Value {
            app.get(&approver, &format!("/fund-usage?fiscal_year=2021{query}")).await.is(200)
        };
        let nation = shown("").await;
        for (name, amount) in [
            ("ceiling_idr", 750_000_000), ("plan_idr", 744_000_000), ("contracted_idr", 665_000_000),
            ("disbursed_idr", 654_000_000), ("absorbed_idr", 495_000_000), ("in_hand_idr", 159_000_000),
            ("undisbursed_idr", 96_000_000), ("returned_idr", 0), ("released_idr", 0),
        ] {
            assert_eq!(nation["figures"][name], amount, "{name}");
        }
        assert_eq!((&nation["proposals"], &nation["regions"]), (&json!(2), &json!(2)));
        assert_eq!(nation["allocated_idr"], json!(4_000_000_000_i64));
        assert_eq!(shown("&province_code=18").await["figures"], nation["figures"]);
        assert_eq!(shown(&format!("&region_code={SIBLING}")).await["figures"]["ceiling_idr"], CEILING);
        assert_eq!(shown("&province_code=35").await["figures"]["ceiling_idr"], 0);
        let drafter = app.of(Role::Drafter, HOME).await;
        let own = app.get(&drafter, "/fund-usage?fiscal_year=2021").await.is(200);
        assert_eq!((&own["figures"]["absorbed_idr"], &own["regions"]), (&json!(ABSORBED), &json!(1)));
        for query in ["", "fiscal_year=x", "fiscal_year=2021&region_code=99.99", "fiscal_year=2021&x=1"] {
            app.get(&approver, &format!("/fund-usage?{query}")).await.is(422);
        }
        assert_eq!(app.verified(), Vec::<String>::new());
    }
}
