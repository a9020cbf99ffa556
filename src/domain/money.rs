//! Whole rupiah, checked; percentages in basis points, floored. Never a float.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use serde::de::{Unexpected, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use utoipa::ToSchema;

/// An amount in whole rupiah. Arithmetic is checked: what would overflow is `None`, never a wrong number.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    ToSchema,
    AsExpression,
    FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::BigInt)]
#[serde(transparent)]
#[schema(value_type = i64, example = 5_300_000_000_i64)]
pub struct Rupiah(pub i64);

impl Rupiah {
    /// Nothing.
    pub const ZERO: Rupiah = Rupiah(0);
    /// The largest amount that is taken in: Rp1,000 trillion, a hundred times the whole fund, so that no sum overflows.
    pub const MAX_INPUT: Rupiah = Rupiah(1_000_000_000_000_000);

    /// The sum, unless it overflows.
    pub fn plus(self, other: Rupiah) -> Option<Rupiah> {
        self.0.checked_add(other.0).map(Rupiah)
    }

    /// The difference, unless it overflows.
    pub fn minus(self, other: Rupiah) -> Option<Rupiah> {
        self.0.checked_sub(other.0).map(Rupiah)
    }

    /// The same amount, the other way.
    pub fn negated(self) -> Rupiah {
        Rupiah(self.0.saturating_neg())
    }

    /// Whether `self` is at most `share` of `whole`, compared exactly and without rounding.
    pub fn is_within(self, share: BasisPoints, whole: Rupiah) -> bool {
        i128::from(self.0) * i128::from(BasisPoints::WHOLE.0)
            <= i128::from(whole.0) * i128::from(share.0)
    }

    /// The sum of many amounts; saturates at the bounds, which input limits keep far away.
    pub fn total(amounts: impl IntoIterator<Item = Rupiah>) -> Rupiah {
        amounts.into_iter().sum()
    }
}

impl Sum for Rupiah {
    fn sum<I: Iterator<Item = Rupiah>>(amounts: I) -> Rupiah {
        amounts.fold(Rupiah::ZERO, |sum, amount| Rupiah(sum.0.saturating_add(amount.0)))
    }
}

impl fmt::Display for Rupiah {
    /// `Rp5,300,000,000`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.unsigned_abs().to_string();
        let mut grouped = String::with_capacity(digits.len().saturating_mul(2));
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && digits.len().saturating_sub(position).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{}Rp{grouped}", if self.0 < 0 { "-" } else { "" })
    }
}

impl<'de> Deserialize<'de> for Rupiah {
    /// An integer from zero to [`Rupiah::MAX_INPUT`]; `1.0`, `1e3` and `"1"` are refused.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_i64(Within { most: Self::MAX_INPUT.0, of: "whole rupiah" })
            .map(Rupiah)
    }
}

/// Takes an integer from zero to a bound, and says what it wants when it gets anything else.
struct Within {
    most: i64,
    of: &'static str,
}

impl Visitor<'_> for Within {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from 0 to {}, written in digits alone", self.of, self.most)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<i64, E> {
        if (0..=self.most).contains(&value) {
            return Ok(value);
        }
        Err(E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<i64, E> {
        let signed = i64::try_from(value);
        signed
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
            .and_then(|value| self.visit_i64(value))
    }
}

/// A share in hundredths of a percent: 500 is 5 %.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    ToSchema,
    AsExpression,
    FromSqlRow,
)]
#[diesel(sql_type = diesel::sql_types::BigInt)]
#[serde(transparent)]
#[schema(value_type = i64, example = 500)]
pub struct BasisPoints(pub i64);

impl BasisPoints {
    /// All of it.
    pub const WHOLE: BasisPoints = BasisPoints(10_000);

    /// What part `part` is of `whole`, floored; nothing of nothing is nothing.
    pub fn of(part: i64, whole: i64) -> BasisPoints {
        if whole <= 0 {
            return BasisPoints(0);
        }
        let share = i128::from(part) * i128::from(Self::WHOLE.0) / i128::from(whole);
        BasisPoints(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// This share of an amount, floored to whole rupiah.
    pub fn of_whole(self, whole: Rupiah) -> Rupiah {
        let part = i128::from(whole.0) * i128::from(self.0) / i128::from(Self::WHOLE.0);
        Rupiah(i64::try_from(part).unwrap_or(whole.0))
    }
}

impl fmt::Display for BasisPoints {
    /// `6.17 %`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} %", self.0 / 100, (self.0 % 100).abs())
    }
}

impl<'de> Deserialize<'de> for BasisPoints {
    /// An integer from 0 to 10,000.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_i64(Within { most: Self::WHOLE.0, of: "basis points" })
            .map(BasisPoints)
    }
}

/// `volume × unit cost`, rounded half up to whole rupiah. The volume is in thousandths of a unit.
///
/// `None` when the product is beyond [`Rupiah::MAX_INPUT`].
pub fn line_amount(volume_thousandths: i64, unit_cost: Rupiah) -> Option<Rupiah> {
    let product = i128::from(volume_thousandths) * i128::from(unit_cost.0);
    let amount = i64::try_from((product + 500) / 1000).ok()?;
    (amount <= Rupiah::MAX_INPUT.0).then_some(Rupiah(amount))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_round_half_up() {
        assert_eq!(line_amount(1500, Rupiah(3)), Some(Rupiah(5)));
        assert_eq!(line_amount(1499, Rupiah(3)), Some(Rupiah(4)));
        assert_eq!(line_amount(800_000, Rupiah(6_125_000)), Some(Rupiah(4_900_000_000)));
        assert_eq!(line_amount(i64::MAX, Rupiah::MAX_INPUT), None);
    }

    #[test]
    fn money_is_read_as_an_integer_and_as_nothing_else() {
        for text in ["1.0", "\"1\"", "1e3", "9223372036854775808", "-1", "1000000000000001", "null"]
        {
            assert!(serde_json::from_str::<Rupiah>(text).is_err(), "{text} was taken");
        }
        assert_eq!(
            serde_json::from_str::<Rupiah>("1000000000000000").ok(),
            Some(Rupiah::MAX_INPUT)
        );
    }

    #[test]
    fn money_is_shown_in_groups() {
        assert_eq!(Rupiah(5_300_000_000).to_string(), "Rp5,300,000,000");
        assert_eq!(Rupiah(-999).to_string(), "-Rp999");
    }

    proptest! {
        #[test]
        fn a_share_within_a_cap_is_compared_exactly(part in 0..=Rupiah::MAX_INPUT.0, whole in 0..=Rupiah::MAX_INPUT.0) {
            let within = Rupiah(part).is_within(BasisPoints(500), Rupiah(whole));
            prop_assert_eq!(within, i128::from(part) * 20 <= i128::from(whole));
        }
    }
}
