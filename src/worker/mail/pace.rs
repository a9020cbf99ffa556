//! The relay's limit: messages are begun evenly, so many a minute, over all lines of this process.

use crate::worker::Stop;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much of what was missed, because a thread woke late, is made up for.
const CATCH_UP: Duration = Duration::from_millis(100);
const MINUTE: Duration = Duration::from_secs(60);

/// Gives out one place in time after the other.
#[derive(Debug)]
pub struct Pace {
    between: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most so many a minute; as many as go where nothing is said.
    pub fn new(per_minute: Option<NonZeroU32>) -> Pace {
        let between = per_minute.and_then(|count| MINUTE.checked_div(count.get()));
        Pace { between, next: Mutex::default() }
    }

    /// How long to wait from `now` for the next place, which is taken.
    fn take(&self, now: Instant) -> Duration {
        let Some(between) = self.between else { return Duration::ZERO };
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(CATCH_UP.min(between)).unwrap_or(now);
        let place = next.map_or(now, |next| next.max(earliest));
        *next = place.checked_add(between);
        place.saturating_duration_since(now)
    }

    /// Waits for the next place, or until told to stop.
    pub fn rest(&self, stop: &Stop) {
        let wait = self.take(Instant::now());
        if !wait.is_zero() {
            stop.rest(wait);
        }
    }

    /// How many messages fit into a time, at least one; `most` where there is no limit.
    pub fn within(&self, time: Duration, most: i64) -> i64 {
        let Some(between) = self.between else { return most };
        let fit = time.as_micros().checked_div(between.as_micros()).unwrap_or(u128::MAX);
        i64::try_from(fit).unwrap_or(most).clamp(1, most.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_even_and_what_was_not_used_is_not_saved_up() {
        let pace = Pace::new(NonZeroU32::new(600));
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(pace.take(start), Duration::ZERO);
        assert_eq!(pace.take(start), Duration::from_millis(100));
        assert_eq!(pace.take(start), Duration::from_millis(200));
        // Late by a little: the next one is early by as much. Late by a lot: that is forgotten, but for one place.
        assert_eq!(pace.take(after(330)), Duration::ZERO);
        assert_eq!(pace.take(after(330)), Duration::from_millis(70));
        assert_eq!(pace.take(after(60_000)), Duration::ZERO);
        assert_eq!(pace.take(after(60_000)), Duration::ZERO);
        assert_eq!(pace.take(after(60_000)), Duration::from_millis(100));
        assert_eq!(pace.within(Duration::from_secs(2), 200), 20);
        assert_eq!(pace.within(Duration::from_millis(1), 200), 1);
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let pace = Pace::new(None);
        assert_eq!((pace.take(Instant::now()), pace.within(MINUTE, 200)), (Duration::ZERO, 200));
        let most = Pace::new(Some(NonZeroU32::MAX));
        assert_eq!(most.within(MINUTE, 200), 200);
    }
}
