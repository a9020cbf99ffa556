//! Reminds of deadlines: looks at all of them when it starts, and whenever a full hour has come, since every step of every
//! ladder falls on one by the clocks of its region. Any number of processes may do so.

use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::reminders::{self, Reminded};
use crate::worker::{Running, Stop, start};
use std::io;
use std::time::Duration;

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Between two looks at the clock.
    pub interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { interval: Duration::from_secs(15) }
    }
}

/// Reminds of deadlines.
#[derive(Clone)]
pub struct ReminderWorker {
    sv: Services,
    settings: Settings,
    /// The hour of the last look after which nothing was left to do.
    looked: Option<i64>,
}

impl ReminderWorker {
    /// Reminds of the deadlines of a service.
    pub fn new(sv: Services, settings: Settings) -> ReminderWorker {
        ReminderWorker { sv, settings, looked: None }
    }

    /// Looks at the clock, and at the deadlines when an hour has come since they were looked at; nothing when none has.
    pub fn run_once(&mut self) -> Result<Option<Reminded>, Error> {
        let hour = hour(self.sv.clock.now());
        if self.looked == Some(hour) {
            return Ok(None);
        }
        let done = reminders::run(&self.sv)?;
        if done.notices > 0 {
            let Reminded { notices, steps, collapsed, .. } = done;
            tracing::info!(notices, steps, collapsed, "reminded of deadlines");
        }
        metrics::counter!("sentra_reminders_total")
            .increment(u64::try_from(done.steps).unwrap_or(u64::MAX));
        // What changed while it was looked at is looked at again at the next tick.
        self.looked = (!done.again).then_some(hour);
        Ok(Some(done))
    }

    /// Starts the thread.
    pub fn start(mut self, stop: Stop) -> io::Result<Running> {
        start("reminders", stop, move || {
            self.run_once()?;
            Ok::<_, Error>(self.settings.interval)
        })
    }
}

/// The hour since 1970.
fn hour(now: Moment) -> i64 {
    now.utc().timestamp().div_euclid(3_600)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::outbox::tests::Desk;
    use chrono::TimeDelta;

    #[test]
    fn it_looks_once_an_hour_and_the_thread_stops() {
        let desk = Desk::new();
        let mut worker = ReminderWorker::new(desk.sv.clone(), Settings::default());
        assert_eq!(worker.run_once().expect("run"), Some(Reminded::default()));
        assert_eq!(worker.run_once().expect("run"), None);
        desk.pass(TimeDelta::minutes(59));
        assert_eq!(worker.run_once().expect("run"), None);
        desk.pass(TimeDelta::minutes(1));
        assert_eq!(worker.run_once().expect("run"), Some(Reminded::default()));
        let running = worker.start(Stop::new()).expect("thread");
        running.stop();
        running.join();
    }
}
