//! Ids in the order of their making, the same for the same dice.

use crate::domain::moment::Moment;
use rand::RngExt;
use rand::rngs::StdRng;
use uuid::Uuid;

/// Ids of one millisecond.
const PER_MILLISECOND: u64 = 4096;

/// Makes ids that sort by their making and before every id of today.
#[derive(Debug)]
pub struct Ids {
    first_milliseconds: u64,
    made: u64,
}

impl Ids {
    /// Ids that begin some time before a moment.
    pub fn before(moment: Moment) -> Ids {
        let milliseconds = u64::try_from(moment.utc().timestamp_millis()).unwrap_or(0);
        Ids { first_milliseconds: milliseconds.saturating_sub(24 * 3_600_000), made: 0 }
    }

    /// The next one: a UUIDv7 whose twelve bits after the version count.
    pub fn next(&mut self, dice: &mut StdRng) -> Uuid {
        let milliseconds = self.first_milliseconds.saturating_add(self.made / PER_MILLISECOND);
        let count = self.made % PER_MILLISECOND;
        self.made = self.made.saturating_add(1);
        let random: u64 = dice.random();
        Uuid::from_u128(
            (u128::from(milliseconds) << 80)
                | (7 << 76)
                | (u128::from(count) << 64)
                | (0b10 << 62)
                | u128::from(random >> 2),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn ids_are_of_version_7_and_grow() {
        let (mut ids, mut dice) = (Ids::before(Moment::default()), StdRng::seed_from_u64(1));
        let made: Vec<Uuid> = (0..10_000).map(|_| ids.next(&mut dice)).collect();
        assert!(made.is_sorted());
        assert!(made.iter().all(|id| id.get_version_num() == 7));
    }
}
