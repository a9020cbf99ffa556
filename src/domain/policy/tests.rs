//! A policy is read, checked, overlaid and reckoned with; what makes no sense is told with its place.

use super::*;
use proptest::prelude::*;

const SHIPPED: &str = include_str!("../../../policies/2021.toml");

fn shipped() -> Policy {
    Policy::parse(SHIPPED).expect("policy")
}

fn pointers(policy: &Policy) -> Vec<String> {
    policy.check().err().unwrap_or_default().into_iter().map(|error| error.pointer).collect()
}

fn on(date: &str) -> Deadline {
    Deadline {
        date: date.parse().expect("date"),
        time: NaiveTime::from_hms_opt(17, 0, 0).expect("time"),
        zone: Zone::Wib,
    }
}

#[test]
fn a_window_is_open_at_its_first_instant_and_shut_at_its_last() {
    let policy = shipped();
    let window = policy.submission_windows[0];
    assert!(window.is_open(window.opens.moment()));
    assert!(!window.is_open(window.closes.moment()));
    assert!(!policy.takes(false, window.closes.moment()));
    assert!(policy.takes(true, window.closes.moment()), "the correction window is longer");
}

#[test]
fn an_error_names_the_place() {
    let shut = SHIPPED.replace("supporting_cap_bp = 500", "supporting_cap_bp = 10001");
    let errors = Policy::parse(&shut).expect_err("cap above the whole");
    assert_eq!(errors[0].pointer, "/supporting_cap_bp", "{errors:?}");
    let backwards = SHIPPED.replace("fiscal_year = 2021", "fiscal_year = 2022");
    let errors = Policy::parse(&backwards).expect_err("gate in another year");
    assert!(errors.iter().any(|error| error.pointer == "/contract_gate"), "{errors:?}");
    let unsourced = SHIPPED.replace("value = \"contract_gate\"", "value = \"other\"");
    assert!(Policy::parse(&unsourced).is_err());
    let unknown = format!("nothing = 1\n{SHIPPED}");
    assert!(Policy::parse(&unknown).expect_err("unknown")[0].message.contains("nothing"));
}

#[test]
fn everything_that_makes_no_sense_is_told_at_once() {
    let mut policy = shipped();
    policy.submission_windows.push(policy.submission_windows[0]);
    let [opens, closes] = [policy.correction_windows[0].closes, policy.correction_windows[0].opens];
    policy.correction_windows = vec![Window { opens, closes }];
    policy.tranches[2].share_bp = Some(BasisPoints(3_100));
    policy.tranches[1].documents.push("no_such_paper".to_owned());
    policy.documents[0].stage = "dream".to_owned();
    policy.menus[1].menu = policy.menus[0].menu;
    policy.contract_gate = on("2022-07-21");
    policy.regional.push(RegionalRule {
        regions: vec!["18.71".into()],
        values: vec![Change { path: "/no/such".to_owned(), value: 1.into() }],
        source: "x".to_owned(),
    });
    let mut found = pointers(&policy);
    found.sort();
    assert_eq!(
        found,
        [
            "/contract_gate",
            "/correction_windows/0",
            "/documents/0/stage",
            "/menus/1/menu",
            "/regional/0/values/0/path",
            "/submission_windows/1",
            "/tranches",
            "/tranches/1/documents/1",
        ]
    );
}

#[test]
fn four_quarterly_tranches_are_no_change_of_code() {
    let mut policy = shipped();
    let quarter = |from: &str, until: &str| TrancheRule {
        share_bp: Some(BasisPoints(2_500)),
        opens: on(from),
        closes: on(until),
        documents_due: on(until),
        min_absorption_bp: BasisPoints(5_000),
        min_output_bp: BasisPoints(0),
        documents: vec!["photo_50".to_owned()],
    };
    policy.tranches = vec![
        quarter("2021-01-04", "2021-03-31"),
        quarter("2021-04-01", "2021-06-30"),
        quarter("2021-07-01", "2021-09-30"),
        quarter("2021-10-01", "2021-12-31"),
    ];
    assert_eq!(pointers(&policy), [""; 0]);
    let amounts = policy.tranche_amounts(Rupiah(1_003));
    assert_eq!(amounts, [Rupiah(250), Rupiah(250), Rupiah(250), Rupiah(253)]);
}

#[test]
fn a_region_can_have_its_own_thresholds() {
    let policy = Policy::parse(include_str!("../../../policies/2019.toml")).expect("policy");
    let palu = policy.overlaid(&policy.regional_layers(Some(&"72.71".into()))).expect("fits");
    assert_eq!(palu.tranches[1].min_absorption_bp, BasisPoints(5_000));
    assert_eq!(palu.contract_gate.date.to_string(), "2019-08-21");
    assert!(policy.regional_layers(Some(&"18.71".into())).is_empty());
    assert_eq!(policy.tranches[1].min_absorption_bp, BasisPoints(7_500));
}

#[test]
fn a_regional_value_that_spoils_the_policy_is_told() {
    let mut policy = shipped();
    policy.regional.push(RegionalRule {
        regions: vec!["18.71".into()],
        values: vec![Change { path: "/contract_gate/date".to_owned(), value: "2023-01-01".into() }],
        source: "x".to_owned(),
    });
    let errors = policy.check().expect_err("a gate in another year");
    assert_eq!(errors[0].pointer, "/regional/0/values");
    assert!(errors[0].message.contains("18.71") && errors[0].message.contains("/contract_gate"));
}

#[test]
fn what_tells_the_document_apart_is_not_overlaid() {
    let policy = shipped();
    for path in ["", "/fiscal_year", "/sources/0/confirmed", "/regional", "contract_gate"] {
        let change = Change { path: path.to_owned(), value: 2030.into() };
        assert!(
            matches!(policy.overlaid(&[&[change]]), Err(overlay::Misfit::NoPlace(..))),
            "{path}"
        );
    }
}

proptest! {
    #[test]
    fn tranches_are_the_ceiling_exactly(
        ceiling in 0..=Rupiah::MAX_INPUT.0,
        shares in prop::collection::vec(0..=2_000_i64, 0..5),
        last in prop::option::of(0..=10_000_i64),
    ) {
        let mut policy = shipped();
        let like = policy.tranches[0].clone();
        let with = |share: Option<i64>| TrancheRule { share_bp: share.map(BasisPoints), ..like.clone() };
        policy.tranches = shares.iter().map(|share| with(Some(*share))).collect();
        policy.tranches.push(with(last));
        let amounts = policy.tranche_amounts(Rupiah(ceiling));
        prop_assert_eq!(amounts.len(), shares.len() + 1);
        prop_assert!(amounts.iter().all(|amount| *amount >= Rupiah::ZERO));
        prop_assert_eq!(Rupiah::total(amounts), Rupiah(ceiling));
    }

    #[test]
    fn a_policy_survives_json(meters in 1..100_000_i64) {
        let mut policy = shipped();
        policy.site_tolerance_m = meters;
        let text = crate::domain::audit::canonical(&policy).expect("json");
        let back: Policy = serde_json::from_str(&text).expect("policy");
        prop_assert_eq!(back, policy);
    }
}
