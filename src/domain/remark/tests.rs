//! Remarks: at their edges, and as invariants.

use super::*;
use proptest::prelude::*;

fn policy(factor: i64, reference: i64) -> Policy {
    let mut policy =
        Policy::parse(include_str!("../../../policies/2021.toml")).expect("a shipped policy");
    policy.wrong_unit_factor = factor;
    policy.unit_costs = vec![UnitCost {
        component: Component::ProductionHouse,
        unit: "m2".to_owned(),
        reference_idr: Rupiah(reference),
    }];
    policy
}

fn house(unit_cost: i64) -> Described<'static> {
    Described {
        component: Component::ProductionHouse,
        description: "Rumah produksi",
        builds_anew: true,
        unit: "m2",
        unit_cost: Rupiah(unit_cost),
        fund_source: FundSource::Dak,
    }
}

fn codes(line: &Described<'_>, policy: &Policy) -> Vec<RemarkCode> {
    remarks(line, policy).into_iter().map(|remark| remark.code).collect()
}

#[test]
fn a_price_is_told_beside_its_reference_with_the_ratio() {
    let policy = policy(1_000, 5_000_000);
    assert_eq!(codes(&house(5_000_000), &policy), []);
    let remark = remarks(&house(6_125_000), &policy).remove(0);
    assert_eq!(remark.code, RemarkCode::AboveReference);
    assert_eq!(remark.reference_idr, Some(Rupiah(5_000_000)));
    assert_eq!(remark.ratio_bp, Some(BasisPoints(12_250)));
    assert!(remark.message.contains("122.50 %"), "{}", remark.message);
    assert_eq!(codes(&house(4_999_999), &policy), [RemarkCode::BelowReference]);
}

#[test]
fn a_thousandth_and_a_thousandfold_are_likely_a_wrong_unit_and_a_third_of_the_price_is_not() {
    use RemarkCode::{AboveReference, BelowReference, LikelyWrongUnit};
    let policy = policy(1_000, 6_000_000);
    for (cost, expected) in [
        (6_000, vec![BelowReference, LikelyWrongUnit]),
        (6, vec![BelowReference, LikelyWrongUnit]),
        (18_000, vec![BelowReference, LikelyWrongUnit]),
        (18_001, vec![BelowReference]),
        (2_000_000, vec![BelowReference]),
        (60_000_000, vec![AboveReference]),
        (1_999_999_999, vec![AboveReference]),
        (2_000_000_000, vec![AboveReference, LikelyWrongUnit]),
        (6_000_000_000, vec![AboveReference, LikelyWrongUnit]),
        (0, vec![BelowReference]),
    ] {
        assert_eq!(codes(&house(cost), &policy), expected, "{cost}");
    }
    let remark = remarks(&house(6_125), &policy).remove(1);
    assert!(remark.message.contains("one part in 979"), "{}", remark.message);
}

#[test]
fn another_unit_and_another_component_have_no_reference() {
    let policy = policy(1_000, 5_000_000);
    assert_eq!(codes(&Described { unit: "unit", ..house(1) }, &policy), []);
    let office = Described { component: Component::UptOffice, ..house(1) };
    assert_eq!(codes(&office, &policy), []);
    for unit in ["M2", " m² ", "m2"] {
        let line = Described { unit, ..house(5_000_001) };
        assert_eq!(codes(&line, &policy), [RemarkCode::AboveReference], "{unit}");
    }
}

#[test]
fn training_in_a_line_of_the_physical_dak_is_matter_of_the_other_one() {
    let policy = policy(1_000, 5_000_000);
    let said = |description: &'static str| Described {
        component: Component::Supporting,
        description,
        builds_anew: false,
        unit: "paket",
        ..house(50_000_000)
    };
    for text in [
        "Pelatihan operator",
        "Bimbingan  Teknis (BIMTEK)",
        "studi-banding ke Jepara",
        "PENDAMPINGAN",
    ] {
        assert_eq!(codes(&said(text), &policy), [RemarkCode::NonPhysicalMatter], "{text}");
    }
    for text in
        ["Perencanaan dan pengawasan", "Mesin latih", "Studi kelayakan", "Banding studi", ""]
    {
        assert_eq!(codes(&said(text), &policy), [], "{text}");
    }
    let elsewhere = Described { fund_source: FundSource::NonPhysicalDak, ..said("Pelatihan") };
    assert_eq!(codes(&elsewhere, &policy), []);
    let built = Described { builds_anew: true, ..said("Gedung pelatihan") };
    assert_eq!(codes(&built, &policy), []);
}

proptest! {
    #[test]
    fn a_price_is_above_or_below_or_equal_and_nothing_else(cost in 0..=Rupiah::MAX_INPUT.0, reference in 1..=Rupiah::MAX_INPUT.0, factor in 2..=1_000_000_i64) {
        let codes = codes(&house(cost), &policy(factor, reference));
        let above = codes.contains(&RemarkCode::AboveReference);
        let below = codes.contains(&RemarkCode::BelowReference);
        prop_assert_eq!((above, below), (cost > reference, cost < reference));
        prop_assert!(codes.contains(&RemarkCode::LikelyWrongUnit) <= (above || below));
    }

    #[test]
    fn what_is_off_by_the_factor_is_always_told(reference in 1..=1_000_000_000_i64, factor in 2..=1_000_000_i64) {
        let times = codes(&house(reference * factor), &policy(factor, reference));
        prop_assert!(times.contains(&RemarkCode::LikelyWrongUnit));
        let part = codes(&house(reference), &policy(factor, reference * factor));
        prop_assert!(part.contains(&RemarkCode::LikelyWrongUnit));
    }

    #[test]
    fn within_three_times_the_reference_no_unit_is_doubted(reference in 3..=1_000_000_000_i64, factor in 10..=1_000_000_i64, share in 3_334..=29_999_i64) {
        let cost = reference * share / 10_000;
        prop_assume!(cost * 3 > reference);
        let codes = codes(&house(cost), &policy(factor, reference));
        prop_assert!(!codes.contains(&RemarkCode::LikelyWrongUnit), "{cost} {reference}");
    }
}
