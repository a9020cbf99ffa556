//! Between the final dot and the record of what became of it a message is in doubt: a process that is killed then will
//! send it again. So only so many messages at a time are in doubt, by default one, however many lines there are. One about
//! which the relay is silent for long is counted no more, since it would hold up all others.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The messages that are in doubt.
#[derive(Debug)]
pub struct Doubt {
    /// How many keep the next from being so too.
    most: usize,
    /// How long each of them does.
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
    /// No message is in doubt; `most` may be, at least one.
    pub fn new(most: usize, patience: Duration) -> Doubt {
        Doubt { most: most.max(1), patience, within: Mutex::default(), left: Condvar::new() }
    }

    /// Waits until this message may be in doubt.
    pub fn enter(&self) -> Pass<'_> {
        let mut within = self.lock();
        loop {
            let left =
                within.1.iter().map(|(_, since)| self.patience.saturating_sub(since.elapsed()));
            let counted: Vec<Duration> = left.filter(|left| !left.is_zero()).collect();
            let Some(wait) = counted.iter().min().filter(|_| counted.len() >= self.most) else {
                break;
            };
            let woken = self.left.wait_timeout(within, *wait);
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
    fn no_more_messages_are_in_doubt_than_may_be() {
        for allowed in [1, 3] {
            let doubt = Doubt::new(allowed, Duration::from_secs(60));
            let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for _ in 0..6 {
                    scope.spawn(|| {
                        for _ in 0..50 {
                            let pass = doubt.enter();
                            most.fetch_max(
                                now.fetch_add(1, Ordering::SeqCst) + 1,
                                Ordering::SeqCst,
                            );
                            std::thread::sleep(Duration::from_micros(100));
                            now.fetch_sub(1, Ordering::SeqCst);
                            drop(pass);
                        }
                    });
                }
            });
            assert_eq!(most.load(Ordering::SeqCst), allowed);
        }
    }

    #[test]
    fn one_that_takes_very_long_holds_up_no_other() {
        let doubt = Doubt::new(1, Duration::from_millis(50));
        let started = Instant::now();
        let slow = doubt.enter();
        let other = doubt.enter();
        assert!(started.elapsed() >= Duration::from_millis(50));
        drop((slow, other));
        assert!(doubt.lock().1.is_empty());
    }
}
