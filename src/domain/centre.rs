//! Industry centres (sentra IKM).

use crate::domain::money::BasisPoints;

/// The statistical criterion of a centre and whether it is met; it warns, it does not forbid.
///
/// A centre's area is a village where the same kind of business counts at least 20 % of the households, that is
/// organised or coached by a ministry or agency, and known to the public (BPS, 2020).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Criterion {
    /// The business's share of the village's households, floored.
    pub share_bp: BasisPoints,
    /// The share that is asked for.
    pub required_bp: BasisPoints,
    /// Whether share, organisation and renown are all given.
    pub met: bool,
}

/// The share of households that makes a centre.
pub const REQUIRED_SHARE: BasisPoints = BasisPoints(2000);

/// Computes the criterion.
pub fn criterion(
    households_in_business: i64,
    households_in_village: i64,
    organised: bool,
    known: bool,
) -> Criterion {
    let share_bp = BasisPoints::of(households_in_business, households_in_village);
    Criterion {
        share_bp,
        required_bp: REQUIRED_SHARE,
        met: share_bp >= REQUIRED_SHARE && organised && known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_households_is_enough_and_a_little_less_is_not() {
        assert!(criterion(240, 1200, true, true).met);
        assert!(!criterion(239, 1200, true, true).met);
        assert!(!criterion(240, 1200, false, true).met);
        assert_eq!(criterion(1, 0, true, true).share_bp, BasisPoints(0));
    }
}
