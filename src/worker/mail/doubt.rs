//! Between the final dot and the record of what became of it a message is in doubt: a process that is killed then will
//! send it again. So as a rule one message at a time is in doubt, however many lines there are; only where one takes long,
//! since the relay thinks, the next does not wait for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The messages that are in doubt.
#[derive(Debug)]
pub struct Doubt {
    /// How long one of them keeps the next from being so too.
    patience: Duration,
    /// Since when, each under a number.
    within: Mutex<(u64, Vec<(u64, Instant)>)>,
    left: Condvar,
}

/// A message that is in doubt as long as this lives.
#[derive(Debug)]
pub struct Pass<'a> {
    doubt: &'a Doubt,
    number: u64,
}

impl Doubt {
    /// No message is in doubt.
    pub fn new(patience: Duration) -> Doubt {
        Doubt { patience, within: Mutex::default(), left: Condvar::new() }
    }

    /// Waits until no other message is in doubt but such as take long, then puts this one in doubt.
    pub fn enter(&self) -> Pass<'_> {
        let mut within = self.lock();
        loop {
            let youngest = within.1.iter().map(|(_, since)| since.elapsed()).min();
            let wait = youngest.map_or(Duration::ZERO, |age| self.patience.saturating_sub(age));
            if wait.is_zero() {
                break;
            }
            let woken = self.left.wait_timeout(within, wait);
            within = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        let number = within.0;
        within.0 = number.wrapping_add(1);
        within.1.push((number, Instant::now()));
        Pass { doubt: self, number }
    }

    fn lock(&self) -> MutexGuard<'_, (u64, Vec<(u64, Instant)>)> {
        self.within.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.doubt.lock().1.retain(|(number, _)| *number != self.number);
        self.doubt.left.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn one_message_at_a_time_is_in_doubt() {
        let doubt = Doubt::new(Duration::from_secs(60));
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let pass = doubt.enter();
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(1, Ordering::SeqCst);
                        drop(pass);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn nobody_waits_for_one_that_takes_long() {
        let doubt = Doubt::new(Duration::from_millis(20));
        let started = Instant::now();
        let slow = doubt.enter();
        let other = doubt.enter();
        assert!(started.elapsed() >= Duration::from_millis(20));
        drop((slow, other));
        assert!(doubt.lock().1.is_empty());
    }
}
