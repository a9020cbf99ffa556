//! Drawing: pure, unit by unit in the order of ids, so that a population of any size passes through bounded memory; and the
//! same again for whoever has the same population and seed.

use crate::domain::ids::ProposalId;
use crate::domain::money::Rupiah;
use sha2::{Digest, Sha256};
use std::collections::BinaryHeap;

/// A unit of the population.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// Its id as text, which is what is hashed and ordered by.
    pub id: String,
    /// Its proposal.
    pub proposal_id: ProposalId,
    /// What people call it: a number, or a title.
    pub name: String,
    /// Its amount.
    pub amount: Rupiah,
}

/// What a population is, so that two draws can be told to be from the same.
#[derive(Default)]
pub struct Counted {
    /// How many units.
    pub count: u64,
    /// The amounts of those above zero.
    pub sum: Rupiah,
    /// How many units are not above zero: no monetary unit is in them.
    pub without_amount: u64,
    hash: Sha256,
}

impl Counted {
    /// Counts a unit; `None` when the sum is beyond all numbers.
    pub fn add(&mut self, unit: &Unit) -> Option<()> {
        self.count = self.count.checked_add(1)?;
        if unit.amount > Rupiah::ZERO {
            self.sum = self.sum.plus(unit.amount)?;
        } else {
            self.without_amount = self.without_amount.saturating_add(1);
        }
        self.hash.update(format!("{} {}\n", unit.id, unit.amount.0));
        Some(())
    }

    /// SHA-256 over a line `id amount` of each unit, in the order of ids.
    pub fn sha256(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }
}

/// A unit with its rank.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranked {
    /// SHA-256 over seed, a line feed and id.
    pub rank: [u8; 32],
    /// The unit.
    pub unit: Unit,
}

/// Random sampling without replacement: the units whose ranks are the lowest. A larger sample from the same population and
/// seed begins with the smaller one.
pub struct Lowest {
    seed: String,
    size: usize,
    kept: BinaryHeap<Ranked>,
}

impl Lowest {
    /// A draw of so many units.
    pub fn new(seed: &str, size: usize) -> Lowest {
        Lowest { seed: seed.to_owned(), size, kept: BinaryHeap::new() }
    }

    /// Looks at a unit.
    pub fn add(&mut self, unit: Unit) {
        let rank = hash(&self.seed, &unit.id);
        self.kept.push(Ranked { rank, unit });
        if self.kept.len() > self.size {
            self.kept.pop();
        }
    }

    /// The sample, the lowest rank first.
    pub fn drawn(self) -> Vec<Ranked> {
        self.kept.into_sorted_vec()
    }
}

/// Where the points of a monetary unit sample lie: at the start, and from there at every interval up to the sum. What the
/// division leaves over can hold a point more than was asked for; without it a large unit at the end could be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    /// Rupiah from one point to the next: sum over size, without the rest.
    pub interval: i64,
    /// The first, from 1 to the interval.
    pub start: i64,
}

impl Points {
    /// So many points over a sum; `None` where there are fewer rupiah than points.
    pub fn over(sum: Rupiah, seed: &str, size: i64) -> Option<Points> {
        let interval = sum.0.checked_div(size).filter(|interval| *interval > 0)?;
        let digest = Sha256::digest(seed);
        let head = digest.first_chunk::<16>().map(|bytes| u128::from_be_bytes(*bytes))?;
        let offset = i64::try_from(head.checked_rem(u128::try_from(interval).ok()?)?).ok()?;
        Some(Points { interval, start: offset.checked_add(1)? })
    }

    /// How many points lie at or below a sum.
    fn until(&self, sum: i64) -> i64 {
        if sum < self.start {
            return 0;
        }
        let beyond = sum.saturating_sub(self.start).checked_div(self.interval).unwrap_or_default();
        beyond.saturating_add(1)
    }
}

/// A unit that a point lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The unit.
    pub unit: Unit,
    /// How many points lie in it: more than one where it is larger than the interval.
    pub hits: i64,
    /// The amounts of all units until here, this one with them.
    pub cumulative: Rupiah,
}

/// Monetary unit sampling with a fixed interval: the amounts are laid end to end in the order of ids, and the units are
/// drawn that a point lies in.
pub struct Walk {
    points: Points,
    walked: i64,
    drawn: Vec<Hit>,
}

impl Walk {
    /// A walk past some points.
    pub fn past(points: Points) -> Walk {
        Walk { points, walked: 0, drawn: Vec::new() }
    }

    /// Walks over a unit. What is not above zero has no length.
    pub fn add(&mut self, unit: Unit) {
        if unit.amount <= Rupiah::ZERO {
            return;
        }
        let before = self.points.until(self.walked);
        self.walked = self.walked.saturating_add(unit.amount.0);
        let hits = self.points.until(self.walked).saturating_sub(before);
        if hits > 0 {
            self.drawn.push(Hit { unit, hits, cumulative: Rupiah(self.walked) });
        }
    }

    /// The sample, in the order of ids.
    pub fn drawn(self) -> Vec<Hit> {
        self.drawn
    }
}

fn hash(seed: &str, id: &str) -> [u8; 32] {
    Sha256::digest(format!("{seed}\n{id}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::trail::hex;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn unit(id: u128, amount: i64) -> Unit {
        let id = Uuid::from_u128(id);
        let proposal_id = ProposalId(Uuid::nil());
        Unit { id: id.to_string(), proposal_id, name: String::new(), amount: Rupiah(amount) }
    }

    fn lowest(seed: &str, size: usize, units: &[Unit]) -> Vec<Ranked> {
        let mut lowest = Lowest::new(seed, size);
        units.iter().cloned().for_each(|unit| lowest.add(unit));
        lowest.drawn()
    }

    fn walked(points: Points, units: &[Unit]) -> Vec<Hit> {
        let mut walk = Walk::past(points);
        units.iter().cloned().for_each(|unit| walk.add(unit));
        walk.drawn()
    }

    #[test]
    fn ranks_are_those_that_sha256sum_tells() {
        // printf 'LHP 12/2022\n00000000-0000-0000-0000-00000000000N' | sha256sum
        let units: Vec<Unit> = (1..=4).map(|id| unit(id, 10)).collect();
        let all = lowest("LHP 12/2022", 4, &units);
        let found: Vec<(String, String)> =
            all.iter().map(|one| (hex(&one.rank[..4]), one.unit.id[35..].to_owned())).collect();
        let expected = [("61841dcc", "3"), ("64efb9c6", "4"), ("711f2216", "1"), ("9296398c", "2")]
            .map(|(rank, id)| (rank.to_owned(), id.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn points_are_those_of_a_calculation_by_hand() {
        // The first 16 bytes of SHA-256("LHP 12/2022") as a number, modulo 250 (1000 over 4), and one.
        let points = Points::over(Rupiah(1_000), "LHP 12/2022", 4).expect("points");
        assert_eq!((points.interval, points.start), (250, 209));
        // Units of 100, 0, 600, 50 and 250 end at 100, 100, 700, 750 and 1000.
        let units: Vec<Unit> =
            [100, 0, 600, 50, 250].iter().zip(1..).map(|(amount, id)| unit(id, *amount)).collect();
        let hits: Vec<(String, i64, i64)> = walked(points, &units)
            .into_iter()
            .map(|hit| (hit.unit.id[35..].to_owned(), hit.hits, hit.cumulative.0))
            .collect();
        // The points [209, 459, 709, 959] lie in them so.
        let expected = [("3", 2, 700), ("4", 1, 750), ("5", 1, 1000)]
            .map(|(id, hits, to)| (id.to_owned(), hits, to));
        assert_eq!(hits, expected);
        assert_eq!(Points::over(Rupiah(3), "x", 4), None);
    }

    proptest! {
        #[test]
        fn a_larger_sample_begins_with_the_smaller(count in 0u128..60, size in 1usize..40, seed in "[ -~]{1,12}") {
            let units: Vec<Unit> = (0..count).map(|id| unit(id, 1)).collect();
            let mut ranked: Vec<Ranked> = units
                .iter()
                .map(|unit| Ranked { rank: hash(&seed, &unit.id), unit: unit.clone() })
                .collect();
            ranked.sort();
            ranked.truncate(size);
            prop_assert_eq!(&lowest(&seed, size, &units), &ranked);
            prop_assert!(lowest(&seed, size + 1, &units).starts_with(&ranked));
        }

        #[test]
        fn every_point_lies_in_a_unit_and_large_units_are_never_left_out(
            amounts in prop::collection::vec(-5i64..200, 1..60), size in 1i64..20, seed in "[a-z]{1,6}",
        ) {
            let units: Vec<Unit> =
                amounts.iter().zip(1..).map(|(amount, id)| unit(id, *amount)).collect();
            let mut counted = Counted::default();
            units.iter().for_each(|unit| counted.add(unit).expect("few"));
            let Some(points) = Points::over(counted.sum, &seed, size) else { return Ok(()) };
            prop_assert!((1..=points.interval).contains(&points.start));
            let drawn = walked(points, &units);
            let hits = drawn.iter().map(|hit| hit.hits).sum::<i64>();
            prop_assert!((size..2 * size).contains(&hits), "{hits} of {size}");
            for unit in units.iter().filter(|unit| unit.amount.0 >= points.interval) {
                prop_assert!(drawn.iter().any(|hit| hit.unit == *unit), "{unit:?} {points:?}");
            }
        }
    }
}
