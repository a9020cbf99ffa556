//! Lines keep what was said of them as long as they ask for the same; totals are sums.

use super::*;
use proptest::prelude::*;

/// A line that asks for one of a few things; what was said of it names where it came from.
fn line(line_no: i64, what: u8, flag: Option<usize>) -> Line {
    let amount_idr = Rupiah(i64::from(what) * 1_000);
    Line {
        proposal_id: ProposalId(uuid::Uuid::nil()),
        line_no,
        component: if what.is_multiple_of(5) {
            Component::Supporting
        } else {
            Component::CleanWater
        },
        description: format!("Baris {what}"),
        builds_anew: what.is_multiple_of(2),
        volume_thousandths: 1_000,
        unit: "unit".to_owned(),
        unit_cost_idr: amount_idr,
        amount_idr,
        fund_source: if what.is_multiple_of(3) { FundSource::Apbd } else { FundSource::Dak },
        gap: None,
        opinion: Opinion {
            flag: flag.map(|flag| flag.to_string()),
            assessed_idr: flag.map(|flag| Rupiah(i64::try_from(flag).expect("small"))),
            ..Opinion::default()
        },
        agreed_volume_thousandths: None,
        agreed_idr: flag.map(|_| Rupiah(i64::from(what))),
        agreed_reason: None,
        approved_volume_thousandths: None,
        approved_idr: None,
        approved_reason: None,
    }
}

fn lines(whats: &[u8], said: bool) -> Vec<Line> {
    let numbered = (1_i64..).zip(whats).enumerate();
    numbered.map(|(index, (n, what))| line(n, *what, said.then_some(index))).collect()
}

fn kept(known: &[Line], rows: &mut [Line]) -> Vec<(u8, usize)> {
    keep_reviews(known, rows);
    let of = |row: &Line| {
        let flag = row.opinion.flag.as_deref()?.parse().ok()?;
        Some((u8::try_from(row.amount_idr.0 / 1_000).ok()?, flag))
    };
    rows.iter().filter_map(of).collect()
}

#[test]
fn a_line_keeps_its_own_number_before_another_takes_it() {
    let known = lines(&[7, 7, 8], true);
    let mut rows = lines(&[9, 7, 7], false);
    keep_reviews(&known, &mut rows);
    let flags: Vec<Option<&str>> = rows.iter().map(|row| row.opinion.flag.as_deref()).collect();
    assert_eq!(flags, [None, Some("1"), Some("0")]);
}

proptest! {
    #[test]
    fn what_was_said_is_kept_by_lines_that_ask_for_the_same_and_by_each_once(
        before in prop::collection::vec(1_u8..12, 0..12), after in prop::collection::vec(1_u8..12, 0..12),
    ) {
        let known = lines(&before, true);
        let mut rows = lines(&after, false);
        let found = kept(&known, &mut rows);
        for (what, from) in &found {
            prop_assert_eq!(before.get(*from), Some(what));
        }
        for what in 1_u8..12 {
            let count = |of: &[u8]| of.iter().filter(|one| **one == what).count();
            let both = count(&before).min(count(&after));
            prop_assert_eq!(found.iter().filter(|one| one.0 == what).count(), both);
        }
        let mut origins: Vec<usize> = found.iter().map(|one| one.1).collect();
        origins.sort_unstable();
        origins.dedup();
        prop_assert_eq!(origins.len(), found.len());
    }

    #[test]
    fn whatever_order_lines_are_sent_in_nothing_is_lost(
        (before, after) in prop::collection::vec(1_u8..12, 0..12)
            .prop_flat_map(|whats| (Just(whats.clone()), Just(whats).prop_shuffle())),
    ) {
        let known = lines(&before, true);
        let mut rows = lines(&after, false);
        prop_assert_eq!(kept(&known, &mut rows).len(), before.len());
        let total = |rows: &[Line], amount: fn(&LineFacts) -> Option<Rupiah>| {
            let facts: Vec<LineFacts> = rows.iter().map(LineFacts::from).collect();
            totals(&facts, amount).0
        };
        prop_assert_eq!(total(&rows, |line| line.assessed), total(&known, |line| line.assessed));
        prop_assert_eq!(total(&rows, |line| line.agreed), total(&known, |line| line.agreed));
    }
}
