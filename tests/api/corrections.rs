//! The books put right: entries taken back, contracts amended, money that came back, leftover carried over, ceilings cut.

use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::client::{Answer, text};
use crate::support::life::{CONSTRUCTION, Case, Life, REVITALISATION};
use futures_util::future::join_all;
use sentra::domain::money::Rupiah;
use sentra::domain::people::Role;
use sentra::service::{demonstration, verify};
use serde_json::{Value, json};
use std::future::IntoFuture;

const TOTAL: i64 = CONSTRUCTION.total();

fn flags(made: &Value) -> Vec<String> {
    made["flags"].as_array().expect("flags").iter().map(text).collect()
}

/// What is said of the first thing that stands in the way.
fn said(answer: &Answer) -> String {
    text(&answer.json()["blockers"][0]["message"])
}

async fn order(life: &Life<'_>, number: &str, amount_idr: i64) -> Answer {
    let contract = life.last("contracts").await;
    let body = json!({
        "contract_id": contract["id"], "number": number, "spent_on": life.app.today(), "amount_idr": amount_idr,
    });
    life.add(Role::Drafter, "expenditures", body).await
}

async fn back(life: &Life<'_>, number: &str, amount_idr: i64) -> Answer {
    let contract = life.last("contracts").await;
    let body = json!({ "contract_id": contract["id"], "number": number, "received_on": life.app.today(),
        "amount_idr": amount_idr, "reason": "Kekurangan volume." });
    life.add(Role::Drafter, "recoveries", body).await
}

async fn slip(life: &Life<'_>, number: &str, amount_idr: i64) -> Answer {
    let body = json!({ "number": number, "returned_on": life.app.today(), "amount_idr": amount_idr, "reason": "Sisa." });
    life.add(Role::Drafter, "returns", body).await
}

async fn amend(life: &Life<'_>, number: &str, but: Value) -> Answer {
    let contract = life.last("contracts").await;
    let mut body = json!({ "number": number, "signed_on": life.app.today(), "value_idr": TOTAL, "reason": "CCO." });
    crate::support::case::overlay(&mut body, but);
    let path = format!("/contracts/{}/amendments", text(&contract["id"]));
    life.app.post(&life.who(Role::Drafter).await, &path, body).await
}

async fn set_ceiling(life: &Life<'_>, amount_idr: i64) -> Answer {
    let body = json!({ "amount_idr": amount_idr, "legal_basis": "Inpres 1/2025" });
    life.put_with_key(Role::Treasurer, "ceiling", body).await
}

pub async fn carry(life: &Life<'_>, to: &Life<'_>, but: Value) -> Answer {
    let mut body = json!({ "to_proposal_id": to.id, "carried_on": life.app.today(), "amount_idr": 1_000,
        "legal_basis": "Perkada 7/2022", "reason": "Menambah mesin." });
    crate::support::case::overlay(&mut body, but);
    life.add(Role::Drafter, "carries", body).await
}

/// Years after those of the shipped policies, whose proposals are taken from the start and paid in one tranche.
pub fn open_later_years(app: &TestApp, years: &[i64]) {
    open_years_of(app, years, &[(10_000, 0)]);
}

/// The same with any tranches: which share each is, and how much has to be spent before, in basis points.
fn open_years_of(app: &TestApp, years: &[i64], tranches: &[(i64, i64)]) {
    let policies = demonstration::policies(&app.services).expect("policies");
    let like = policies.iter().find(|one| one.fiscal_year == 2021).expect("2021");
    for year in years {
        let mut policy = like.clone();
        policy.fiscal_year = *year;
        let mut window = policy.submission_windows[0];
        window.closes.date = chrono::NaiveDate::from_ymd_opt(2021, 12, 31).expect("a day");
        policy.submission_windows = vec![window];
        policy.correction_windows = vec![window];
        policy.contract_gate.date = chrono::NaiveDate::from_ymd_opt(2030, 7, 21).expect("a day");
        // Paid at any time.
        let mut written = serde_json::to_value(&policy).expect("JSON");
        let zoned = |date: &str| json!({ "date": date, "time": "17:00", "zone": "WIB" });
        let tranche = |(share, absorption): &(i64, i64)| {
            json!({
                "share_bp": share, "opens": zoned("2020-01-02"), "closes": zoned("2030-07-20"),
                "documents_due": zoned("2030-07-20"), "min_absorption_bp": absorption, "min_output_bp": 0,
                "documents": [],
            })
        };
        written["tranches"] = tranches.iter().map(tranche).collect();
        let policy = serde_json::from_value(written).expect("a policy");
        demonstration::publish(&app.services, &policy).expect("published");
    }
}

pub fn of_year(fiscal_year: i64) -> Case {
    Case { fiscal_year, ..REVITALISATION }
}

on_both! {
    async fn a_mistyped_payment_order_is_taken_back_recorded_again_and_the_proposal_closes(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        let wrong = order(&life, "SP2D/7", TOTAL - 45).await.is(201);
        order(&life, "sp2d / 7", TOTAL).await.refused(422, &["duplicate"]);
        let entry = life.entry("spend").await;
        let (drafter, inspector) = (life.who(Role::Drafter).await, life.who(Role::Inspector).await);
        life.reverse(&drafter, &entry).await.refused(403, &["role_missing"]);
        let made = life.reverse(&inspector, &entry).await.is(201);
        assert_eq!((&made["kind"], &made["reversed_kind"]), (&json!("reverse"), &json!("spend")));
        assert_eq!((&made["from_account"], &made["to_account"]), (&json!("paid"), &json!("region")));
        assert_eq!((&made["reverses_id"], &made["reason"]), (&entry["id"], &json!("Salah ketik.")));
        assert_eq!(life.entry("spend").await["reversed_by"], made["id"]);
        assert_eq!((life.figure("absorbed_idr").await, life.figure("in_hand_idr").await), (0, TOTAL));
        assert_eq!(life.last("contracts").await["spent_idr"], 0);
        assert_eq!(life.last("expenditures").await["reversed_by"], made["id"]);
        life.reverse(&inspector, &entry).await.refused(409, &["reversed"]);
        life.reverse(&inspector, &made).await.refused(409, &["is_reversal"]);
        let right = order(&life, "SP2D/7", TOTAL).await.is(201);
        assert_ne!(right["id"], wrong["id"]);
        assert_eq!(flags(&right), Vec::<String>::new());
        order(&life, "SP2D/7", 1).await.refused(422, &["duplicate"]);
        life.complete_works().await.is(200);
        life.to("closed").await;
        assert_eq!(life.figure("absorbed_idr").await, TOTAL);
        assert_eq!(app.verified(), Vec::<String>::new());
        life.reverse(&inspector, &life.entry("spend").await).await.refused(409, &["settled"]);
        app.deliver();
        let told = app.database.number("SELECT COUNT(*) FROM notices WHERE event = 'entry_reversed'");
        assert_eq!(told, 1);
    }

    async fn a_reversal_is_dated_from_its_entry_to_today_and_says_why(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        order(&life, "1", 5).await.is(201);
        let entry = life.entry("spend").await;
        let inspector = life.who(Role::Inspector).await;
        let path = format!("/journal/{}/reverse", text(&entry["id"]));
        app.post(&inspector, &path, json!({ "reason": " " })).await.refused(422, &["required"]);
        let dated = |date: String| app.post(&inspector, &path, json!({ "reason": "a", "effective_on": date }));
        dated(app.in_days(1)).await.refused(422, &["future"]);
        let early = dated(app.in_days(-1)).await;
        early.refused(422, &["before_entry"]);
        assert_eq!(early.pointers(), ["/effective_on"]);
        let date = app.today();
        app.later(chrono::TimeDelta::days(3));
        let made = dated(date.clone()).await.is(201);
        assert_eq!(made["effective_on"], json!(date));
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_disbursement_is_taken_back_by_a_treasurer_who_did_not_pay_and_can_be_asked_for_again(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        let entry = life.entry("disburse").await;
        let (paid, second) =
            (life.who(Role::Treasurer).await, app.nth(Role::Treasurer, HOME, 2).await);
        life.reverse(&life.who(Role::Inspector).await, &entry).await.refused(403, &["role_missing"]);
        life.reverse(&paid, &entry).await.refused(403, &["four_eyes"]);
        order(&life, "1", 1_000).await.is(201);
        let refused = life.reverse(&second, &entry).await;
        refused.refused(409, &["above_cash"]);
        let left = Rupiah(TOTAL - 1_000);
        assert_eq!(said(&refused), format!("{} would be taken back, and {left} is in hand.", Rupiah(TOTAL)));
        life.reverse(&life.who(Role::Inspector).await, &life.entry("spend").await).await.is(201);
        life.reverse(&second, &entry).await.is(201);
        assert_eq!((life.figure("disbursed_idr").await, life.state().await), (0, "funded".to_owned()));
        assert_eq!(app.verified(), Vec::<String>::new());
        life.request_tranche(1, TOTAL).await.is(201);
        life.review_and_verify().await;
        life.pay().await.is(200);
        life.to("closed").await;
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_contract_recorded_by_mistake_binds_and_covers_nothing_once_it_is_taken_back(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "planned").await;
        life.contract(json!({ "value_idr": TOTAL / 10 })).await.is(201);
        let inspector = life.who(Role::Inspector).await;
        life.reverse(&inspector, &life.entry("commit").await).await.is(201);
        assert_eq!(life.figure("contracted_idr").await, 0);
        let accept = json!({ "action": "accept_contracts" });
        life.act(Role::Inspector, accept.clone()).await.refused(409, &["contract_list_complete"]);
        assert!(life.last("contracts").await["voided_at"].is_string());
        amend(&life, "ADD/1", json!({})).await.refused(409, &["voided"]);
        let made = life.contract(json!({})).await.is(201);
        assert_eq!(made["voided_at"], Value::Null);
        life.act(Role::Inspector, accept).await.is(200);
        order(&life, "1", 7).await.is(201);
        let refused = life.reverse(&inspector, &life.entry("commit").await).await;
        refused.refused(409, &["below_spent"]);
        assert_eq!(said(&refused), "Rp7 is paid on contract 602/01/SPK/2021.");
        life.reverse(&inspector, &life.entry("spend").await).await.is(201);
        life.to("funded").await;
        let refused = life.reverse(&inspector, &life.entry("commit").await).await;
        refused.refused(409, &["below_disbursed"]);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn what_was_set_aside_is_taken_back_as_far_as_nothing_rests_on_it(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "allocated").await;
        let entry = life.entry("allocate").await;
        let (first, second) = (life.who(Role::Treasurer).await, app.nth(Role::Treasurer, HOME, 3).await);
        life.reverse(&first, &entry).await.refused(403, &["four_eyes"]);
        life.reverse(&second, &entry).await.is(201);
        let path = format!("/allocations/{}", life.allocation().await);
        let used = || async { app.get(&first, &path).await.is(200)["used_idr"].as_i64() };
        assert_eq!((life.figure("ceiling_idr").await, used().await), (0, Some(0)));
        set_ceiling(&life, TOTAL).await.is(200);
        assert_eq!(used().await, Some(TOTAL));
        life.to("funded").await;
        let refused = life.reverse(&second, &life.entry("allocate").await).await;
        refused.refused(409, &["below_contracted", "below_disbursed", "below_plan"]);
        let figure = format!("It would leave Rp0, and {} is bound by contracts.", Rupiah(TOTAL));
        assert_eq!(said(&refused), figure);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_contract_is_amended_up_and_down_but_never_below_what_is_paid_on_it(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        order(&life, "1", TOTAL / 2).await.is(201);
        let refused = amend(&life, "ADD/0", json!({ "value_idr": TOTAL / 2 - 1 })).await;
        refused.refused(409, &["below_spent"]);
        assert_eq!(refused.pointers(), ["/value_idr"]);
        assert!(said(&refused).contains(&format!("the {} that is paid", Rupiah(TOTAL / 2))), "{refused}");
        let up = amend(&life, "ADD/1", json!({ "value_idr": TOTAL + 500, "ends_on": app.in_days(300) })).await.is(201);
        assert_eq!((&up["value_before_idr"], &up["value_idr"], &up["n"]), (&json!(TOTAL), &json!(TOTAL + 500), &json!(1)));
        assert_eq!(flags(&up), ["above_plan"]);
        amend(&life, " add / 1", json!({})).await.refused(422, &["duplicate"]);
        let down = amend(&life, "ADD/2", json!({ "value_idr": TOTAL - 300, "lines": [1] })).await.is(201);
        assert_eq!((flags(&down), &down["lines_removed"]), (vec!["below_disbursed".to_owned()], &json!([2])));
        let contract = life.last("contracts").await;
        assert_eq!((&contract["value_idr"], &contract["lines"]), (&json!(TOTAL - 300), &json!([1])));
        assert_eq!(contract["ends_on"], json!(app.in_days(300)));
        assert_eq!(life.figure("contracted_idr").await, TOTAL - 300);
        let kinds: Vec<String> = life.journal().await.iter().map(|entry| text(&entry["kind"])).collect();
        assert_eq!(kinds, ["allocate", "commit", "disburse", "spend", "commit", "decommit"]);
        assert_eq!(app.verified().len(), 1);
        let inspector = life.who(Role::Inspector).await;
        let early = life.reverse(&inspector, &life.entry("commit").await).await;
        early.refused(409, &["below_disbursed", "amended"]);
        life.reverse(&inspector, &life.entry("decommit").await).await.is(201);
        let contract = life.last("contracts").await;
        assert_eq!((&contract["value_idr"], &contract["lines"]), (&json!(TOTAL + 500), &json!([1, 2])));
        assert_eq!(flags(&contract), ["above_plan"]);
        life.reverse(&inspector, &life.entry("commit").await).await.is(201);
        let contract = life.last("contracts").await;
        assert_eq!((&contract["value_idr"], flags(&contract)), (&json!(TOTAL), Vec::new()));
        let path = format!("/contracts/{}/amendments", text(&contract["id"]));
        let listed = app.get(&inspector, &path).await.is(200);
        let listed = listed["items"].as_array().expect("a list");
        assert!(listed.len() == 2 && listed.iter().all(|one| one["reversed_by"].is_string()), "{listed:?}");
        amend(&life, "ADD/1", json!({ "value_idr": TOTAL - 1 })).await.is(201);
        assert_eq!(app.verified().len(), 1);
    }

    async fn an_amendment_is_signed_after_its_contract_and_covers_lines_that_there_are(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "planned").await;
        let contract = life.contract(json!({})).await.is(201);
        let early = amend(&life, "1", json!({ "signed_on": app.in_days(-1), "lines": [1, 9] })).await;
        early.refused(422, &["before_contract", "unknown"]);
        amend(&life, "1", json!({ "signed_on": app.in_days(1) })).await.refused(422, &["future"]);
        amend(&life, "1", json!({ "lines": [] })).await.refused(422, &["required"]);
        amend(&life, "1", json!({ "value_idr": 0 })).await.refused(422, &["out_of_range"]);
        let path = format!("/contracts/{}/amendments", text(&contract["id"]));
        app.post(&life.who(Role::Inspector).await, &path, json!({})).await.is(403);
        let early = CONSTRUCTION.at(&app, "closed").await;
        amend(&early, "1", json!({})).await.refused(409, &["not_from_here"]);
    }

    async fn what_a_vendor_pays_back_after_closing_is_flagged_until_it_is_returned(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "closed").await;
        app.later(chrono::TimeDelta::days(1));
        slip(&life, "1", 5).await.refused(409, &["not_from_here"]);
        let refused = back(&life, "STS/1", TOTAL + 1).await;
        refused.refused(409, &["above_spent"]);
        let made = back(&life, "STS/1", 400).await.is(201);
        assert_eq!(flags(&made), ["after_closing"]);
        assert_eq!((life.figure("absorbed_idr").await, life.figure("in_hand_idr").await), (TOTAL - 400, 400));
        assert_eq!(life.last("contracts").await["spent_idr"], TOTAL - 400);
        let expected = [
            format!("proposal {}: recovery STS/1: after_closing", life.id),
            format!("proposal {}: closed with Rp400 in hand", life.id),
        ];
        assert_eq!(app.verified(), expected);
        let inspector = life.who(Role::Inspector).await;
        life.reverse(&inspector, &life.entry("recover").await).await.is(201);
        assert_eq!(app.verified(), Vec::<String>::new());
        back(&life, "STS/1", 300).await.is(201);
        slip(&life, "1", 300).await.is(201);
        life.reverse(&inspector, &life.entry("recover").await).await.refused(409, &["above_cash"]);
        assert_eq!((life.figure("in_hand_idr").await, app.verified().len()), (0, 1));
        let listed = life.list("recoveries").await;
        assert!(listed[0]["reversed_by"].is_string() && listed[1]["reversed_by"].is_null(), "{listed:?}");
    }

    async fn leftover_goes_to_a_later_proposal_of_the_region_and_keeps_its_year(db) {
        let app = TestApp::on(db);
        open_later_years(&app, &[2022, 2023]);
        let life = REVITALISATION.at(&app, "funded").await;
        let next = of_year(2022).at(&app, "allocated").await;
        let last = of_year(2023).at(&app, "allocated").await;
        order(&life, "1", TOTAL - 5_000).await.is(201);
        let above = carry(&life, &next, json!({ "amount_idr": 5_001 })).await;
        above.refused(409, &["above_cash"]);
        assert_eq!(said(&above), "Rp5,001 is more than the Rp5,000 in hand.");
        carry(&next, &life, json!({})).await.refused(422, &["not_later"]);
        carry(&life, &life, json!({})).await.refused(422, &["unknown"]);
        carry(&life, &next, json!({ "origin_year": 2020 })).await.refused(409, &["above_origin"]);
        let made = carry(&life, &next, json!({ "amount_idr": 5_000 })).await.is(201);
        assert_eq!(made["origin_year"], 2021);
        assert_eq!((life.figure("in_hand_idr").await, next.figure("in_hand_idr").await), (0, 5_000));
        assert_eq!((life.figure("carried_out_idr").await, next.figure("carried_in_idr").await), (5_000, 5_000));
        let entry = next.entry("carry").await;
        assert_eq!((&entry["origin_year"], &entry["reason"]), (&json!(2021), &json!("Perkada 7/2022")));
        assert_eq!((&entry["from_account"], &entry["to_account"]), (&json!("carried"), &json!("region")));
        assert_eq!(next.list("carries").await[0]["from_proposal_id"], json!(life.id));
        carry(&next, &last, json!({ "origin_year": 2021 })).await.refused(409, &["not_from_here"]);
        next.to("funded").await;
        carry(&next, &last, json!({ "origin_year": 2021, "amount_idr": 5_001 })).await.refused(409, &["above_origin"]);
        carry(&next, &last, json!({ "origin_year": 2021, "amount_idr": 3_000 })).await.is(201);
        let inspector = life.who(Role::Inspector).await;
        life.reverse(&life.who(Role::Drafter).await, &entry).await.is(403);
        let rests = life.reverse(&inspector, &entry).await;
        rests.refused(409, &["carried_on"]);
        life.reverse(&inspector, &last.entry("carry").await).await.is(201);
        life.reverse(&inspector, &entry).await.is(201);
        assert_eq!((life.figure("in_hand_idr").await, next.figure("carried_in_idr").await), (5_000, 0));
        assert_eq!(last.figure("carried_in_idr").await, 0);
        assert_eq!(app.verified(), Vec::<String>::new());
        life.complete_works().await.is(200);
        life.final_report().await;
        let open = life.close().await;
        open.refused(409, &["leftover_settled"]);
        carry(&life, &next, json!({ "amount_idr": 5_000 })).await.is(201);
        life.close().await.is(200);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn spending_what_was_carried_in_does_not_stand_for_what_was_received(db) {
        let app = TestApp::on(db);
        open_years_of(&app, &[2022], &[(5_000, 0), (5_000, 7_500)]);
        let life = REVITALISATION.at(&app, "funded").await;
        let next = of_year(2022).at(&app, "contracted").await;
        next.request_tranche(1, TOTAL / 2).await.is(201);
        next.review_and_verify().await;
        next.pay().await.is(200);
        carry(&life, &next, json!({ "amount_idr": TOTAL / 2 })).await.is(201);
        order(&next, "1", TOTAL / 2).await.is(201);
        let gate = async || {
            let path = format!("/allocations/{}/tranches/2/gate", next.allocation().await);
            let shown = app.get(&next.who(Role::RegionalHead).await, &path).await.is(200);
            let checks = shown["checks"].as_array().expect("checks").clone();
            checks.into_iter().find(|check| check["rule"] == "absorption_reached").expect("a check")
        };
        // As much was spent as was carried in: half of what there was.
        let half = gate().await;
        assert_eq!((&half["met"], &half["actual_bp"]), (&json!(false), &json!(5_000)), "{half}");
        order(&next, "2", TOTAL / 4).await.is(201);
        assert_eq!(gate().await["met"], true);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_ceiling_is_cut_and_raised_within_what_rests_on_it_and_what_was_approved(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "allocated").await;
        let treasurer = life.who(Role::Treasurer).await;
        let path = format!("/allocations/{}", life.allocation().await);
        let used = || async { app.get(&treasurer, &path).await.is(200)["used_idr"].as_i64() };
        let cut = set_ceiling(&life, TOTAL - 100).await.is(200);
        assert_eq!((&cut["figures"]["ceiling_idr"], used().await), (&json!(TOTAL - 100), Some(TOTAL - 100)));
        let entry = life.entry("cut").await;
        assert_eq!((&entry["amount_idr"], &entry["reason"]), (&json!(100), &json!("Inpres 1/2025")));
        set_ceiling(&life, TOTAL - 100).await.refused(409, &["unchanged"]);
        set_ceiling(&life, TOTAL + 1).await.refused(409, &["above_approval"]);
        life.allot(TOTAL - 100).await.is(201);
        set_ceiling(&life, TOTAL).await.refused(409, &["room_in_allocation"]);
        let third = app.nth(Role::Treasurer, HOME, 3).await;
        life.reverse(&third, &entry).await.refused(409, &["room_in_allocation"]);
        life.allot(TOTAL).await.is(201);
        life.reverse(&third, &entry).await.is(201);
        life.to("contracted").await;
        let refused = set_ceiling(&life, TOTAL - 2_000_000).await;
        refused.refused(409, &["below_contracted"]);
        assert_eq!(refused.pointers(), ["/amount_idr"]);
        assert_eq!((life.figure("ceiling_idr").await, used().await), (TOTAL, Some(TOTAL)));
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn a_cut_by_law_goes_below_the_plan_which_follows_it_at_any_time(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "planned").await;
        // The plan itself could be changed until March.
        app.at("2021-06-14T02:00:00Z");
        let mut change = life.plan_body();
        change["reason"] = json!("Inpres 4/2021");
        let amount = change["lines"][0]["amount_idr"].as_i64().expect("an amount");
        change["lines"][0]["amount_idr"] = json!(amount - 5_000_000);
        life.add(Role::Drafter, "plans", change.clone()).await.refused(409, &["plan_changes_left"]);
        set_ceiling(&life, TOTAL - 5_000_000).await.is(200);
        let report = sentra::service::verify::verify(&app.services, |_| {}).expect("verified");
        assert_eq!((report.breaches, report.flags.len()), (Vec::<String>::new(), 1), "{:?}", report.flags);
        let made = life.add(Role::Drafter, "plans", change).await.is(201);
        let drafter = life.who(Role::Drafter).await;
        life.step_of(&drafter, "plans", &made, "submit", json!({})).await.is(200);
        life.approve_plan(json!({})).await.is(200);
        assert_eq!(life.figure("plan_idr").await, TOTAL - 5_000_000);
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn thirty_two_cuts_and_allocations_at_once_stay_within_what_is_above_them(db) {
        let app = TestApp::on(db);
        let mut lives = Vec::new();
        for _ in 0..4 {
            lives.push(REVITALISATION.at(&app, "allocated").await);
        }
        let treasurer = lives[0].who(Role::Treasurer).await;
        let path = format!("/allocations/{}", lives[0].allocation().await);
        // Half of what the four have; each is cut and raised by eight at once, and the region's allocation with them.
        for life in &lives {
            set_ceiling(life, TOTAL / 2).await.is(200);
        }
        lives[0].allot(2 * TOTAL).await.is(201);
        let mut calls = Vec::new();
        for n in 0..32_i64 {
            let life = &lives[usize::try_from(n % 4).expect("small")];
            let amount = TOTAL / 2 + (n - 12) * TOTAL / 40;
            let body = json!({ "amount_idr": amount, "legal_basis": "Perpres" });
            let version = life.version().await;
            let set = app.put(&treasurer, &life.path("ceiling"), body).fresh_key().if_match(version);
            calls.push(set.into_future());
            let body = json!({ "fiscal_year": 2021, "region_code": HOME, "amount_idr": 2 * TOTAL + (n - 16) * TOTAL / 40,
                "legal_basis": "Perpres" });
            calls.push(app.post(&treasurer, "/allocations", body).into_future());
            let body = json!({ "fiscal_year": 2021, "amount_idr": 2 * TOTAL + (n - 8) * TOTAL / 40, "legal_basis": "APBN" });
            calls.push(app.post(&treasurer, "/ceilings", body).into_future());
        }
        let answers = join_all(calls).await;
        let done = answers.iter().filter(|answer| answer.status < 300).count();
        assert!(done >= 2, "something was done");
        for answer in &answers {
            assert!(matches!(answer.status, 200 | 201 | 409 | 412), "{answer}");
        }
        let shown = app.get(&treasurer, &path).await.is(200);
        let mut sum = 0;
        for life in &lives {
            sum += life.figure("ceiling_idr").await;
        }
        assert_eq!(shown["used_idr"], json!(sum));
        assert!(shown["used_idr"].as_i64() <= shown["amount_idr"].as_i64(), "{shown}");
        let ceilings = app.get(&treasurer, "/ceilings").await.is(200);
        let ceiling = &ceilings["items"][0];
        assert_eq!(ceiling["used_idr"], shown["amount_idr"]);
        assert!(ceiling["used_idr"].as_i64() <= ceiling["amount_idr"].as_i64(), "{ceiling}");
        assert_eq!(app.verified(), Vec::<String>::new());
    }

    async fn advance_payments_and_penalties_are_recorded_and_flagged(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        let contract = life.last("contracts").await;
        let mut body = json!({ "contract_id": contract["id"], "number": "1", "spent_on": app.today(), "amount_idr": 5,
            "is_advance": true });
        let advance = life.add(Role::Drafter, "expenditures", body.clone()).await.is(201);
        assert_eq!((flags(&advance), &advance["is_advance"]), (vec!["advance_payment".to_owned()], &json!(true)));
        app.later(chrono::TimeDelta::days(700));
        for (number, penalty, expected) in [("2", json!(0), "late_without_penalty"), ("3", json!(9), "late_penalty")] {
            (body["number"], body["penalty_idr"], body["is_advance"]) = (json!(number), penalty.clone(), json!(false));
            body["spent_on"] = json!(app.today());
            let made = life.add(Role::Drafter, "expenditures", body.clone()).await.is(201);
            assert_eq!((flags(&made), &made["penalty_idr"]), (vec![expected.to_owned()], &penalty));
        }
        assert_eq!(app.verified().len(), 3);
    }

    async fn an_entry_that_was_changed_by_hand_is_named(db) {
        let app = TestApp::on(db);
        let life = REVITALISATION.at(&app, "funded").await;
        order(&life, "SP2D/1", 1_000).await.is(201);
        let kept = life.entry("spend").await;
        let (entry, day) = (text(&kept["id"]), text(&kept["effective_on"]));
        let made = life.reverse(&life.who(Role::Inspector).await, &life.entry("spend").await).await.is(201);
        assert_eq!(app.verified(), Vec::<String>::new());
        app.database.drop_trigger("journal_entries", "no_update");
        app.database.execute(&format!("UPDATE journal_entries SET amount_idr = 1001 WHERE id = '{entry}'"));
        let report = verify::verify(&app.services, |_| {}).expect("a verification");
        let of = |words: String| format!("proposal {}: {words}", life.id);
        let mirror = of(format!("entry {} is no mirror of entry {entry}", text(&made["id"])));
        let source = of(format!("entry {entry} says Rp1,001 on {day}, and expenditure SP2D/1 is of Rp1,000 on {day}"));
        assert!(report.breaches.contains(&mirror) && report.breaches.contains(&source), "{report:?}");
    }

    async fn what_follows_from_an_end_is_not_taken_back(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        life.contract(json!({ "value_idr": TOTAL + 100 })).await.is(201);
        life.act(Role::Approver, json!({ "action": "cancel", "comment": "Lahan." })).await.is(200);
        let inspector = life.who(Role::Inspector).await;
        for kind in ["release", "decommit"] {
            life.reverse(&inspector, &life.entry(kind).await).await.refused(409, &["follows_from_the_end"]);
        }
        life.reverse(&inspector, &life.entry("commit").await).await.refused(409, &["settled"]);
    }

    async fn who_takes_back_nothing_is_told_so_of_any_entry(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        life.contract(json!({})).await.is(201);
        life.reverse(&life.who(Role::Inspector).await, &life.entry("commit").await).await.is(201);
        life.act(Role::Approver, json!({ "action": "cancel", "comment": "Lahan." })).await.is(200);
        for role in [Role::Auditor, Role::Drafter, Role::Approver] {
            let person = life.who(role).await;
            for kind in ["allocate", "commit", "reverse", "release"] {
                life.reverse(&person, &life.entry(kind).await).await.refused(403, &["role_missing"]);
            }
        }
        for role in [Role::Inspector, Role::Treasurer] {
            let person = life.who(role).await;
            life.reverse(&person, &life.entry("reverse").await).await.refused(409, &["is_reversal"]);
            life.reverse(&person, &life.entry("release").await).await.refused(409, &["follows_from_the_end"]);
        }
    }
}
