//! Periodic work, each kind on a thread of its own: it starts, goes on after errors and panics, and stops when told.

pub mod deadlines;
pub mod documents;
pub mod mail;
pub mod reminders;
pub mod sealing;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a thread rests after an error or a panic.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// A flag that tells threads to stop, and wakes those that rest.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// A flag that is not set.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Tells everybody to stop.
    pub fn set(&self) {
        *self.flag() = true;
        self.0.1.notify_all();
    }

    /// Whether it is time to stop.
    pub fn is_set(&self) -> bool {
        *self.flag()
    }

    /// Rests for a while, or until told to stop; whether it was.
    pub fn rest(&self, pause: Duration) -> bool {
        let flag = self.flag();
        let rested = self.0.1.wait_timeout_while(flag, pause, |stop| !*stop);
        *rested.unwrap_or_else(PoisonError::into_inner).0
    }

    fn flag(&self) -> MutexGuard<'_, bool> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread at work.
#[derive(Debug)]
pub struct Running {
    name: &'static str,
    stop: Stop,
    thread: JoinHandle<()>,
}

impl Running {
    /// Tells the thread to stop after what it has in hand.
    pub fn stop(&self) {
        self.stop.set();
    }

    /// Waits until the thread has ended. Call [`Running::stop`] first.
    pub fn join(self) {
        if self.thread.join().is_err() {
            tracing::error!(worker = self.name, "the thread ended by a panic");
        }
    }
}

/// Runs `step` again and again on a thread of its own, until told to stop. A step says how long to rest after it; one
/// that fails or panics is logged, and tried again after a while.
fn start<E: std::fmt::Display>(
    name: &'static str,
    stop: Stop,
    step: impl FnMut() -> Result<Duration, E> + Send + 'static,
) -> io::Result<Running> {
    start_resting(name, stop, AFTER_FAILURE, step)
}

fn start_resting<E: std::fmt::Display>(
    name: &'static str,
    stop: Stop,
    after_failure: Duration,
    mut step: impl FnMut() -> Result<Duration, E> + Send + 'static,
) -> io::Result<Running> {
    let flag = stop.clone();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        while !flag.is_set() {
            // What a step leaves behind when it panics is in the database or made anew: nothing half-done is used again.
            let pause = match catch_unwind(AssertUnwindSafe(&mut step)) {
                Ok(Ok(pause)) => pause,
                Ok(Err(error)) => {
                    tracing::error!(worker = name, %error, "a step failed; it is tried again");
                    after_failure
                }
                Err(_) => {
                    metrics::counter!("sentra_worker_panics_total", "worker" => name).increment(1);
                    tracing::error!(worker = name, "a step panicked; it is tried again");
                    after_failure
                }
            };
            if flag.rest(pause) {
                break;
            }
        }
        tracing::info!(worker = name, "stopped");
    })?;
    Ok(Running { name, stop, thread })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_thread_rests_until_it_is_told_to_stop() {
        let steps = Arc::new(AtomicUsize::new(0));
        let counted = steps.clone();
        let running = start("test", Stop::new(), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, String>(Duration::from_secs(60))
        })
        .expect("thread");
        while steps.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        running.stop();
        running.join();
        assert_eq!(steps.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_panic_and_an_error_do_not_end_the_thread() {
        let steps = Arc::new(AtomicUsize::new(0));
        let counted = steps.clone();
        let rest = Duration::from_millis(1);
        let running = start_resting("test", Stop::new(), rest, move || {
            match counted.fetch_add(1, Ordering::SeqCst) {
                0 => Err("an error".to_owned()),
                1 => std::panic::panic_any("a panic"),
                _ => Ok(rest),
            }
        })
        .expect("thread");
        while steps.load(Ordering::SeqCst) < 3 {
            std::thread::yield_now();
        }
        running.stop();
        running.join();
    }
}
