//! A gate tells each check with its figures; what it says would meet a check does meet it.

use super::check::share_of;
use super::*;
use crate::domain::moment::Zone;
use proptest::prelude::*;

fn shipped() -> Policy {
    Policy::parse(include_str!("../../../policies/2021.toml")).expect("policy")
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn part(ceiling: i64, contracted: i64, disbursed: i64) -> Part {
    Part {
        id: ProposalId::new(),
        is_paid_here: true,
        figures: Figures {
            ceiling_idr: Rupiah(ceiling),
            contracted_idr: Rupiah(contracted),
            disbursed_idr: Rupiah(disbursed),
            ..Figures::default()
        },
        paid: Rupiah::ZERO,
        handover: None,
        progress: BasisPoints(0),
        lacks: Vec::new(),
        overdue: None,
    }
}

/// The Tapis centre of 2021 when its tranche `n` was asked for.
fn tapis<'p>(policy: &'p Policy, n: i64, on: &str, disbursed: i64, absorbed: i64) -> Facts<'p> {
    Facts {
        policy,
        mode: Mode::Staged,
        n,
        when: When::on(day(on), Zone::Wib),
        received: None,
        parts: vec![part(5_300_000_000, 4_569_450_000, disbursed)],
        receipts: Rupiah(disbursed),
        absorbed: Rupiah(absorbed),
        ended_since: Rupiah(0),
        ended_since_for_waiting: Rupiah(0),
        previous_paid_on: (n > 1).then(|| day("2021-07-15")),
        requested: Rupiah::ZERO,
        asked: Rupiah::ZERO,
        supposed_output: None,
    }
}

fn unmet(facts: &Facts<'_>, purpose: Purpose) -> Vec<&'static str> {
    let gate = facts.gate(purpose);
    gate.checks.iter().filter(|check| !check.met).map(|check| check.rule.as_str()).collect()
}

#[test]
fn the_first_tranche_of_the_tapis_centre_is_a_quarter_of_its_ceiling() {
    let policy = shipped();
    let mut facts = tapis(&policy, 1, "2021-07-15", 0, 0);
    facts.asked = Rupiah(1_325_000_000);
    let gate = facts.gate(Purpose::Payment);
    assert_eq!((gate.cap, gate.is_open()), (Rupiah(1_325_000_000), true), "{gate:?}");
    facts.asked = Rupiah(1_325_000_001);
    assert_eq!(unmet(&facts, Purpose::Payment), ["within_cap"]);
    let blockers = facts.gate(Purpose::Payment).blockers();
    assert!(blockers[0].message.contains("Rp1,325,000,000 can still be asked for"), "{blockers:?}");
}

#[test]
fn the_second_tranche_says_how_much_more_has_to_be_spent() {
    let policy = shipped();
    let mut facts = tapis(&policy, 2, "2021-09-19", 1_325_000_000, 840_000_000);
    facts.parts[0].lacks = vec!["photo_50".to_owned()];
    assert_eq!(unmet(&facts, Purpose::Payment), ["absorption_reached", "tranche_document"]);
    let gate = facts.gate(Purpose::Payment);
    let check = gate.checks.iter().find(|check| check.rule == Rule::Absorption).expect("a check");
    assert_eq!(check.amounts, Some((Rupiah(993_750_000), Rupiah(840_000_000))));
    assert_eq!((check.missing(), check.confirmed), (Some(Rupiah(153_750_000)), true));
    assert!(check.legal_basis.starts_with("PMK 130/2019"), "{check:?}");
    facts.absorbed = Rupiah(993_750_000);
    facts.parts[0].lacks.clear();
    assert_eq!(unmet(&facts, Purpose::Payment), [""; 0]);
    assert_eq!(facts.gate(Purpose::Payment).cap, Rupiah(2_385_000_000));
}

#[test]
fn the_last_tranche_is_what_contracts_need_and_asks_for_output() {
    let policy = shipped();
    let mut facts = tapis(&policy, 3, "2021-12-02", 3_710_000_000, 3_420_000_000);
    facts.parts[0].progress = BasisPoints(3_500);
    assert_eq!(unmet(&facts, Purpose::Payment), ["output_reached"]);
    facts.parts[0].progress = BasisPoints(7_800);
    let gate = facts.gate(Purpose::Payment);
    assert_eq!((gate.is_open(), gate.cap), (true, Rupiah(859_450_000)));
}

#[test]
fn output_is_weighted_by_contracts() {
    let policy = shipped();
    let mut facts = tapis(&policy, 3, "2021-12-02", 3_710_000_000, 3_710_000_000);
    let mut small = part(600_000_000, 1_000_000_000, 0);
    (small.progress, small.is_paid_here) = (BasisPoints(10_000), false);
    facts.parts = vec![part(0, 3_000_000_000, 0), small];
    facts.parts[0].progress = BasisPoints(6_001);
    // (3 × 60.01 % + 1 × 100 %) / 4 = 70.0075 %, floored.
    assert_eq!(facts.output(), BasisPoints(7_000));
    assert!(!unmet(&facts, Purpose::Payment).contains(&"output_reached"));
    facts.parts[0].progress = BasisPoints(5_999);
    assert!(unmet(&facts, Purpose::Payment).contains(&"output_reached"));
}

#[test]
fn a_request_received_in_time_protects_and_its_window_may_open_later() {
    let policy = shipped();
    let due = policy.tranches[1].documents_due.moment();
    let mut facts = tapis(&policy, 2, "2021-10-25", 1_325_000_000, 1_325_000_000);
    assert_eq!(unmet(&facts, Purpose::Payment), ["documents_in_time"]);
    facts.received = Some(due.after(-TimeDelta::microseconds(1)));
    assert_eq!(unmet(&facts, Purpose::Payment), [""; 0]);
    facts.received = Some(due);
    assert_eq!(unmet(&facts, Purpose::Payment), ["documents_in_time"]);
    facts.received = None;
    facts.when = When::on(day("2021-03-31"), Zone::Wib);
    assert_eq!(unmet(&facts, Purpose::Payment), ["payment_window"]);
    assert_eq!(unmet(&facts, Purpose::Request), [""; 0]);
    let closes = policy.tranches[1].closes.moment();
    facts.received = Some(due.after(-TimeDelta::days(1)));
    facts.when = When::now(closes, Zone::Wib);
    assert_eq!(unmet(&facts, Purpose::Request), ["payment_window"]);
    facts.when = When::now(closes.after(-TimeDelta::microseconds(1)), Zone::Wib);
    assert_eq!(unmet(&facts, Purpose::Payment), [""; 0]);
    facts.when = When::on(day("2021-10-31"), Zone::Wib);
    assert_eq!(unmet(&facts, Purpose::Payment), [""; 0], "open at some time of that day");
}

#[test]
fn a_lump_sum_has_one_tranche_and_is_the_contract_list() {
    let policy = shipped();
    let mut facts = tapis(&policy, 1, "2021-06-01", 0, 0);
    facts.mode = Mode::LumpSum;
    facts.parts = vec![part(600_000_000, 588_400_000, 0)];
    let gate = facts.gate(Purpose::Payment);
    assert_eq!((gate.cap, gate.is_open()), (Rupiah(588_400_000), true));
    facts.n = 2;
    assert_eq!(unmet(&facts, Purpose::Payment), ["tranche_exists"]);
    facts.n = 1;
    facts.when = When::on(day("2021-03-31"), Zone::Wib);
    assert_eq!(unmet(&facts, Purpose::Payment), ["payment_window"]);
}

#[test]
fn one_on_recommendation_waits_for_its_handover_and_is_paid_until_the_year_is_over() {
    let policy = shipped();
    let mut facts = tapis(&policy, 1, "2021-12-20", 0, 0);
    facts.mode = Mode::LumpSumOnRecommendation;
    facts.asked = Rupiah(100);
    let lacking = ["documents_in_time", "handover_recorded", "within_cap"];
    assert_eq!(unmet(&facts, Purpose::Payment), lacking);
    facts.received = Some(policy.recommendation_gate().moment().after(-TimeDelta::microseconds(1)));
    facts.parts[0].handover = Some(Rupiah(100));
    assert_eq!(unmet(&facts, Purpose::Payment), [""; 0]);
    facts.when = When::on(day("2022-01-01"), Zone::Wib);
    assert_eq!(unmet(&facts, Purpose::Payment), ["payment_window"]);
}

#[test]
fn a_report_that_is_overdue_blocks_where_the_policy_says_so() {
    let mut policy = shipped();
    policy.reporting.overdue_blocks_tranches = true;
    let mut facts = tapis(&policy, 1, "2021-07-15", 0, 0);
    facts.parts[0].overdue = Some(day("2021-06-30"));
    assert_eq!(unmet(&facts, Purpose::Payment), ["reports_in_time"]);
    let lenient = shipped();
    facts.policy = &lenient;
    assert_eq!(unmet(&facts, Purpose::Payment), [""; 0]);
}

fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![0..1_000_i64, 0..5_000_000_000_i64, Just(Rupiah::MAX_INPUT.0)]
}

proptest! {
    #[test]
    fn a_gate_answers_whatever_the_figures_and_says_what_would_meet_each_check(
        n in -1..6_i64,
        mode in 0..3_usize,
        parts in prop::collection::vec((amounts(), amounts(), amounts(), amounts(), 0..=10_000_i64), 0..4),
        (disbursed, absorbed, requested, asked) in (amounts(), -1_000..2_000_000_000_i64, amounts(), amounts()),
        days in 0..700_u64,
    ) {
        let policy = shipped();
        let on = day("2020-06-01") + chrono::Days::new(days);
        let mut facts = tapis(&policy, n, "2021-01-01", disbursed, absorbed);
        facts.when = When::on(on, Zone::Wit);
        facts.mode = Mode::ALL[mode];
        (facts.requested, facts.asked) = (Rupiah(requested), Rupiah(asked));
        facts.parts = parts.iter().map(|(ceiling, contracted, disbursed, paid, progress)| Part {
            paid: Rupiah(*paid), progress: BasisPoints(*progress), handover: Some(Rupiah(*contracted)),
            ..part(*ceiling, *contracted, *disbursed)
        }).collect();
        for purpose in [Purpose::Request, Purpose::Payment] {
            let gate = facts.gate(purpose);
            prop_assert!(gate.room >= Rupiah::ZERO && gate.room <= gate.cap);
            let contracted = Rupiah::total(facts.parts.iter().map(|part| part.figures.contracted_idr));
            prop_assert!(gate.cap <= contracted, "{} > {contracted}", gate.cap);
            for check in &gate.checks {
                prop_assert_eq!(check.met, check.how.is_none(), "{:?}", check);
                prop_assert!(!check.legal_basis.is_empty() && !check.required.is_empty() && !check.actual.is_empty());
            }
            prop_assert_eq!(gate.blockers().len(), gate.checks.iter().filter(|check| !check.met).count());
            prop_assert_eq!(gate.is_open(), gate.blockers().is_empty());
            let absorption = gate.checks.iter().find(|check| check.rule == Rule::Absorption);
            if let Some(missing) = absorption.and_then(Check::missing) {
                let met = |more: i64| {
                    let after = Facts { absorbed: Rupiah(facts.absorbed.0 + more), ..facts.clone() };
                    !unmet(&after, purpose).contains(&"absorption_reached")
                };
                prop_assert!(met(missing.0) && !met(missing.0 - 1), "{missing}");
            }
            if gate.room > Rupiah::ZERO && purpose == Purpose::Request {
                let within = !unmet(&facts, purpose).contains(&"within_cap");
                prop_assert_eq!(within, facts.asked <= gate.room);
            }
        }
    }

    #[test]
    fn a_share_is_reached_exactly(whole in 0..=Rupiah::MAX_INPUT.0, share in 0..=10_000_i64) {
        let least = share_of(Rupiah(whole), BasisPoints(share));
        let reached = |part: i64| i128::from(part) * 10_000 >= i128::from(whole) * i128::from(share);
        prop_assert!(reached(least.0) && (least.0 == 0 || !reached(least.0 - 1)));
    }
}
