//! Ends what missed its deadline, every few seconds; deletes what nobody can use any more, every hour.

use crate::service::Services;
use crate::service::error::Error;
use crate::service::sweep::{self, Swept};
use crate::worker::{Running, Stop, start};
use std::io;
use std::time::{Duration, Instant};

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Between two looks at the deadlines.
    pub interval: Duration,
    /// Between two cleanings.
    pub clean_up_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { interval: Duration::from_secs(15), clean_up_every: Duration::from_secs(3600) }
    }
}

/// Watches the deadlines.
#[derive(Clone)]
pub struct DeadlineWorker {
    sv: Services,
    settings: Settings,
}

impl DeadlineWorker {
    /// Watches the deadlines of a service.
    pub fn new(sv: Services, settings: Settings) -> DeadlineWorker {
        DeadlineWorker { sv, settings }
    }

    /// Looks at the deadlines once.
    pub fn run_once(&self) -> Result<Swept, Error> {
        let swept = sweep::deadlines(&self.sv)?;
        if swept != Swept::default() {
            tracing::info!(lapsed = swept.lapsed, forfeited = swept.forfeited, "deadlines passed");
        }
        Ok(swept)
    }

    /// Starts the thread.
    pub fn start(self, stop: Stop) -> io::Result<Running> {
        let mut cleaned: Option<Instant> = None;
        start("deadlines", stop, move || {
            self.run_once()?;
            if cleaned.is_none_or(|at| at.elapsed() >= self.settings.clean_up_every) {
                sweep::clean_up(&self.sv)?;
                cleaned = Some(Instant::now());
            }
            Ok::<_, Error>(self.settings.interval)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::outbox::tests::Desk;

    #[test]
    fn where_nothing_is_due_nothing_ends_and_the_thread_stops() {
        let desk = Desk::new();
        let worker = DeadlineWorker::new(desk.sv.clone(), Settings::default());
        assert_eq!(worker.run_once().expect("run"), Swept::default());
        let running = worker.start(Stop::new()).expect("thread");
        running.stop();
        running.join();
    }
}
