//! A year whose figures are known: so many proposals, all funded, whose sums are those of the year to the rupiah.

use crate::domain::money::Rupiah;
use rand::rngs::StdRng;
use rand_distr::{Distribution, LogNormal};
use std::str::FromStr;

/// What a proposal of such a year has at the least: more than is paid in one sum, which contracts would have to equal.
const LEAST_EACH_IDR: i64 = 2_000_000_000;
/// How far the proposals' ceilings spread, as the standard deviation of their logarithm.
const SPREAD: f64 = 0.3;

/// The sums of a year, each at most the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Set aside for proposals.
    pub ceiling: Rupiah,
    /// In approved plans.
    pub plan: Rupiah,
    /// Bound by contracts.
    pub contracted: Rupiah,
    /// Paid to regions.
    pub disbursed: Rupiah,
    /// Spent by them.
    pub absorbed: Rupiah,
}

impl FromStr for Picture {
    type Err = String;

    fn from_str(text: &str) -> Result<Picture, String> {
        let amounts: Vec<i64> = text
            .split(',')
            .map(|one| one.trim().parse().map_err(|_| format!("{one:?} is no amount in rupiah")))
            .collect::<Result<_, _>>()?;
        let [ceiling, plan, contracted, disbursed, absorbed] = amounts[..] else {
            return Err("give ceiling, plan, contracted, disbursed and absorbed".to_owned());
        };
        if amounts.windows(2).any(|pair| pair.first() < pair.last()) || absorbed < 1 {
            return Err("each has to be above zero and at most the one before it".to_owned());
        }
        Ok(Picture {
            ceiling: Rupiah(ceiling),
            plan: Rupiah(plan),
            contracted: Rupiah(contracted),
            disbursed: Rupiah(disbursed),
            absorbed: Rupiah(absorbed),
        })
    }
}

impl Picture {
    /// What each of so many proposals contributes; the sums of all are the picture's.
    pub fn parts(self, proposals: u32, dice: &mut StdRng) -> Result<Vec<Picture>, String> {
        if self.ceiling.0 / i64::from(proposals) < LEAST_EACH_IDR {
            let most = self.ceiling.0 / LEAST_EACH_IDR;
            return Err(format!("{} is for at most {most} proposals", self.ceiling));
        }
        let weights: Vec<i64> = (0..proposals).map(|_| weight(dice)).collect();
        let mut ceilings = Portions::of(weights.iter().sum(), self.ceiling);
        let mut plans = Portions::of(self.ceiling.0, self.plan);
        let mut contracted = Portions::of(self.ceiling.0, self.contracted);
        let mut disbursed = Portions::of(self.ceiling.0, self.disbursed);
        let mut absorbed = Portions::of(self.ceiling.0, self.absorbed);
        let part = |weight| {
            let ceiling = ceilings.next(weight);
            Picture {
                ceiling,
                plan: plans.next(ceiling.0),
                contracted: contracted.next(ceiling.0),
                disbursed: disbursed.next(ceiling.0),
                absorbed: absorbed.next(ceiling.0),
            }
        };
        Ok(weights.into_iter().map(part).collect())
    }
}

/// How much larger or smaller than the others, in thousandths.
fn weight(dice: &mut StdRng) -> i64 {
    let sample = LogNormal::new(0.0, SPREAD).map_or(1.0, |weights| weights.sample(dice));
    #[expect(clippy::as_conversions, reason = "clamped to what a whole number holds")]
    let thousandths = (sample.clamp(0.6, 3.0) * 1000.0) as i64;
    thousandths
}

/// Divides a whole in the proportion of parts that are named one after the other, so that nothing is left over.
#[derive(Debug)]
pub struct Portions {
    of: i128,
    whole: i128,
    named: i128,
    given: i128,
}

impl Portions {
    /// A whole for parts that add up to `of`.
    pub fn of(of: i64, whole: Rupiah) -> Portions {
        Portions { of: i128::from(of).max(1), whole: i128::from(whole.0), named: 0, given: 0 }
    }

    /// What the next part gets.
    pub fn next(&mut self, part: i64) -> Rupiah {
        self.named += i128::from(part);
        let up_to = self.whole * self.named / self.of;
        let portion = up_to - self.given;
        self.given = up_to;
        Rupiah(i64::try_from(portion).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_parts_of_a_picture_add_up_to_it_and_each_keeps_its_order() {
        let picture: Picture = "750,744,665,654,495"
            .split(',')
            .map(|amount| format!("{amount}000000007"))
            .collect::<Vec<_>>()
            .join(",")
            .parse()
            .expect("a picture");
        let parts = picture.parts(107, &mut StdRng::seed_from_u64(1)).expect("parts");
        let sum = |of: fn(&Picture) -> Rupiah| Rupiah::total(parts.iter().map(of));
        assert_eq!(sum(|part| part.ceiling), picture.ceiling);
        assert_eq!(sum(|part| part.plan), picture.plan);
        assert_eq!(sum(|part| part.contracted), picture.contracted);
        assert_eq!(sum(|part| part.disbursed), picture.disbursed);
        assert_eq!(sum(|part| part.absorbed), picture.absorbed);
        for part in &parts {
            assert!(part.ceiling > part.plan && part.plan > part.contracted, "{part:?}");
            assert!(part.contracted > part.disbursed && part.disbursed > part.absorbed, "{part:?}");
            assert!(part.ceiling > Rupiah(1_050_000_000), "{part:?}");
        }
        assert!(picture.parts(1_000, &mut StdRng::seed_from_u64(1)).is_err());
    }

    #[test]
    fn a_picture_names_five_amounts_in_order() {
        for wrong in ["", "1,2,3,4,5", "5,4,3,2", "5,4,3,2,0", "5,4,3,2,x", "6,5,4,3,2,1"] {
            assert!(wrong.parse::<Picture>().is_err(), "{wrong}");
        }
    }
}
