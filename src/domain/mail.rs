//! Messages: their states, and when one that failed is tried again.

use chrono::TimeDelta;

text_enum! {
    /// Where a message stands.
    pub enum MailState {
        /// To be sent, or tried again.
        Queued = "queued",
        /// Taken by the relay.
        Sent = "sent",
        /// Given up: visible, and can be sent again by hand.
        Dead = "dead",
    }
}

text_enum! {
    /// How an attempt ended.
    pub enum AttemptOutcome {
        /// The relay took it.
        Sent = "sent",
        /// It may go through later.
        Transient = "transient",
        /// It never will.
        Permanent = "permanent",
        /// The line broke after the data: it may have been taken.
        Unknown = "unknown",
    }
}

/// Seconds to the next attempt after the first, second, … failed one; the last repeats.
const BACK_OFF: [i64; 7] = [10, 60, 300, 1_800, 3_600, 7_200, 14_400];
/// After this many days a message is given up.
pub const GIVE_UP_AFTER_DAYS: i64 = 5;

/// How long to wait after `attempts` failed ones. `jitter` in 0..=1000 adds up to a tenth.
pub fn back_off(attempts: i64, jitter: i64) -> TimeDelta {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let seconds = BACK_OFF.get(index).or(BACK_OFF.last()).copied().unwrap_or(10);
    TimeDelta::milliseconds(
        seconds.saturating_mul(1000).saturating_add(seconds.saturating_mul(jitter) / 10),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_then_stay() {
        assert_eq!(back_off(1, 0), TimeDelta::seconds(10));
        assert_eq!(back_off(7, 0), TimeDelta::hours(4));
        assert_eq!(back_off(99, 0), TimeDelta::hours(4));
        assert_eq!(back_off(1, 1000), TimeDelta::seconds(11));
    }
}
