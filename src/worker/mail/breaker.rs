//! The breaker: while there is no line to the relay, nothing is tried.

use crate::domain::moment::Moment;
use chrono::TimeDelta;

/// The first pause; it doubles with each failure.
const FIRST_PAUSE_SECONDS: i64 = 5;
/// The longest pause.
const LONGEST_PAUSE_SECONDS: i64 = 60;

/// Stops sending while there is no line to the relay. Each relay has its own: one of another process knows nothing of it.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    open_until: Option<Moment>,
}

impl Breaker {
    /// How many messages may be leased: none while it is open, one to try the line, else the batch.
    pub fn admits(&self, now: Moment, batch: i64) -> i64 {
        match self.open_until {
            Some(until) if now < until => 0,
            Some(_) => 1,
            None => batch,
        }
    }

    /// Opens it; the pause in seconds. When several lines fail together, it was one failure: nothing is told again.
    pub fn open(&mut self, now: Moment) -> Option<i64> {
        if self.open_until.is_some_and(|until| now < until) {
            return None;
        }
        let doubled = FIRST_PAUSE_SECONDS.saturating_mul(2_i64.saturating_pow(self.failures));
        let pause = doubled.min(LONGEST_PAUSE_SECONDS);
        self.failures = self.failures.saturating_add(1);
        self.open_until = Some(now.after(TimeDelta::seconds(pause)));
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_one_message_tries_the_line() {
        let mut breaker = Breaker::default();
        let mut now = Moment::from(chrono::DateTime::UNIX_EPOCH);
        assert_eq!(breaker.admits(now, 50), 50);
        for pause in [5, 10, 20, 40, 60, 60] {
            assert_eq!(breaker.open(now), Some(pause));
            assert_eq!(breaker.open(now), None, "another line of the same failure");
            assert_eq!(breaker.admits(now.after(TimeDelta::seconds(pause - 1)), 50), 0);
            now = now.after(TimeDelta::seconds(pause));
            assert_eq!(breaker.admits(now, 50), 1);
        }
    }
}
