//! Delivers mail: makes messages of notices, leases them, sends them, records how that ended.

use crate::domain::mail::{AttemptOutcome, MailState};
use crate::domain::moment::Moment;
use crate::mail::relay::Outcome;
use crate::mail::transport::{Mailer, Session};
use crate::service::Services;
use crate::service::error::Error;
use crate::service::outbox::{self, Attempted, Leased, Render};
use crate::worker::{Running, Stop, start};
use chrono::TimeDelta;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often recording an attempt is tried, so that a busy database does not get a message sent twice.
const SETTLE_TRIES: u32 = 5;
/// The breaker's first pause; it doubles with each failure.
const FIRST_PAUSE_SECONDS: i64 = 5;
/// The breaker's longest pause.
const LONGEST_PAUSE_SECONDS: i64 = 60;
/// What is left of a lease, at the least, for sending; the rest of it is for the attempt that is under way.
const SENDING: Duration = Duration::from_secs(30);

/// How much at a time, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Notices that become messages in one run.
    pub notices: usize,
    /// Messages that are leased in one run.
    pub batch: i64,
    /// How long a lease lasts; raised to what the transport may need. A message in the hands of a worker that died is
    /// sent again after this.
    pub lease: Duration,
    /// How long the thread rests when nothing was to be done.
    pub idle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            notices: 200,
            batch: 50,
            lease: Duration::from_secs(320),
            idle: Duration::from_secs(1),
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Notices that became messages.
    pub notices: usize,
    /// Messages that were made of them.
    pub mails: usize,
    /// Messages that the relay took.
    pub sent: usize,
    /// Attempts that failed for now.
    pub transient: usize,
    /// Attempts that failed for good.
    pub permanent: usize,
    /// Attempts of which nobody knows.
    pub unknown: usize,
    /// Messages that are given up, by these attempts.
    pub dead: usize,
    /// Messages given back untried.
    pub released: usize,
    /// Attempts whose lease had ended when they were recorded.
    pub late: usize,
}

impl Counts {
    /// How many attempts were made.
    pub const fn attempts(&self) -> usize {
        self.sent + self.transient + self.permanent + self.unknown
    }

    /// Whether there may be more to do at once.
    pub const fn moved(&self) -> bool {
        self.notices > 0 || self.attempts() > 0
    }

    fn add(&mut self, other: Counts) {
        self.notices += other.notices;
        self.mails += other.mails;
        self.sent += other.sent;
        self.transient += other.transient;
        self.permanent += other.permanent;
        self.unknown += other.unknown;
        self.dead += other.dead;
        self.released += other.released;
        self.late += other.late;
    }
}

/// Stops sending while there is no line to the relay.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    open_until: Option<Moment>,
}

impl Breaker {
    /// How many messages may be leased: none while it is open, one to try the line, else the batch.
    fn admits(&self, now: Moment, batch: i64) -> i64 {
        match self.open_until {
            Some(until) if now < until => 0,
            Some(_) => 1,
            None => batch,
        }
    }

    fn open(&mut self, now: Moment) -> i64 {
        let doubled = FIRST_PAUSE_SECONDS.saturating_mul(2_i64.saturating_pow(self.failures));
        let pause = doubled.min(LONGEST_PAUSE_SECONDS);
        self.failures = self.failures.saturating_add(1);
        self.open_until = Some(now.after(TimeDelta::seconds(pause)));
        pause
    }
}

/// Delivers mail. Any number of these may work on one database.
pub struct MailWorker {
    sv: Services,
    render: Arc<dyn Render>,
    mailer: Mailer,
    name: String,
    settings: Settings,
    stop: Stop,
    breaker: Mutex<Breaker>,
    stuck: Mutex<usize>,
}

impl MailWorker {
    /// Delivers the mail of a service. `stop` is heeded between two messages too.
    pub fn new(
        sv: Services,
        render: Arc<dyn Render>,
        mailer: Mailer,
        settings: Settings,
        stop: Stop,
    ) -> MailWorker {
        let lease = settings.lease.max(mailer.longest().saturating_add(SENDING));
        MailWorker {
            sv,
            render,
            mailer,
            name: format!("mail-{}", uuid::Uuid::now_v7()),
            settings: Settings { lease, ..settings },
            stop,
            breaker: Mutex::default(),
            stuck: Mutex::default(),
        }
    }

    /// Starts the thread.
    pub fn start(self) -> io::Result<Running> {
        let (stop, idle) = (self.stop.clone(), self.settings.idle);
        start("mail", stop, move || {
            let counts = self.run_once()?;
            Ok::<_, Error>(if counts.moved() { Duration::ZERO } else { idle })
        })
    }

    /// Makes messages of what is pending, and sends one batch of what is due.
    pub fn run_once(&self) -> Result<Counts, Error> {
        let mut counts = Counts::default();
        // Messages that exist are sent also when new ones can't be made.
        let expanded = self.expand(&mut counts);
        let delivered = self.deliver(&mut counts);
        self.measure()?;
        if counts != Counts::default() {
            tracing::info!(
                made = counts.mails,
                sent = counts.sent,
                transient = counts.transient,
                permanent = counts.permanent,
                unknown = counts.unknown,
                dead = counts.dead,
                released = counts.released,
                "mail"
            );
        }
        expanded.and(delivered).map(|()| counts)
    }

    /// Runs until nothing is due any more, `runs` times at the most.
    pub fn drain(&self, runs: usize) -> Result<Counts, Error> {
        let mut total = Counts::default();
        for _ in 0..runs {
            let counts = self.run_once()?;
            total.add(counts);
            if !counts.moved() {
                break;
            }
        }
        Ok(total)
    }

    fn expand(&self, counts: &mut Counts) -> Result<(), Error> {
        let expanded = outbox::expand(&self.sv, &*self.render, self.settings.notices)?;
        counts.notices = expanded.notices;
        counts.mails = expanded.mails;
        // Told when it changes, not at every run.
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        if *stuck != expanded.stuck.len() {
            *stuck = expanded.stuck.len();
            for (notice, reason) in &expanded.stuck {
                tracing::error!(%notice, %reason, "a notice can't be made into messages");
            }
        }
        Ok(())
    }

    fn deliver(&self, counts: &mut Counts) -> Result<(), Error> {
        let limit =
            self.breaker(|breaker| breaker.admits(self.sv.clock.now(), self.settings.batch));
        if limit == 0 || self.stop.is_set() {
            return Ok(());
        }
        let began = Instant::now();
        let lease = TimeDelta::from_std(self.settings.lease).unwrap_or(TimeDelta::MAX);
        let leased = outbox::lease(&self.sv, &self.name, lease, limit)?;
        // An attempt is begun only while the lease outlasts it: two workers never send one message at the same time.
        let window = self.settings.lease.saturating_sub(self.mailer.longest());
        let mut session = self.mailer.session();
        let mut done = 0;
        let mut outcome = Ok(true);
        for one in &leased {
            if self.stop.is_set() || began.elapsed() >= window {
                break;
            }
            outcome = self.attempt(&mut session, one, counts);
            if matches!(outcome, Ok(false)) {
                break;
            }
            // One that was sent and could not be recorded keeps its lease: given back, it would be sent again at once.
            done += 1;
            if outcome.is_err() {
                break;
            }
        }
        let rest = leased.get(done..).unwrap_or_default();
        counts.released += rest.len();
        let released = outbox::release(&self.sv, rest);
        outcome.and(released)
    }

    /// Sends one message; whether it was tried: not when there is no line to the relay.
    fn attempt(
        &self,
        session: &mut Session<'_>,
        one: &Leased,
        counts: &mut Counts,
    ) -> Result<bool, Error> {
        let (outcome, reply) = match session.send(&one.letter) {
            Outcome::Sent(reply) => (AttemptOutcome::Sent, reply),
            Outcome::Transient(reply) => (AttemptOutcome::Transient, reply),
            Outcome::Permanent(reply) => (AttemptOutcome::Permanent, reply),
            Outcome::Unknown(reply) => (AttemptOutcome::Unknown, reply),
            Outcome::Unreachable(reason) => {
                let pause = self.breaker(|breaker| breaker.open(self.sv.clock.now()));
                metrics::gauge!("sentra_mail_relay_up").set(0.0);
                tracing::warn!(%reason, pause, "no line to the relay; mail waits");
                return Ok(false);
            }
        };
        self.breaker(|breaker| *breaker = Breaker::default());
        metrics::gauge!("sentra_mail_relay_up").set(1.0);
        metrics::counter!("sentra_mail_attempts_total", "outcome" => outcome.as_str()).increment(1);
        match outcome {
            AttemptOutcome::Sent => counts.sent += 1,
            AttemptOutcome::Transient => counts.transient += 1,
            AttemptOutcome::Permanent => counts.permanent += 1,
            AttemptOutcome::Unknown => counts.unknown += 1,
        }
        match self.settle(one, outcome, reply)? {
            Some(MailState::Dead) => counts.dead += 1,
            Some(MailState::Queued | MailState::Sent) => {}
            None => counts.late += 1,
        }
        Ok(true)
    }

    fn settle(
        &self,
        one: &Leased,
        outcome: AttemptOutcome,
        reply: String,
    ) -> Result<Option<MailState>, Error> {
        let attempted = Attempted::new(outcome, reply, rand::random_range(0..=1000));
        let mut tries = 1;
        loop {
            match outbox::settle(&self.sv, one, &attempted) {
                Err(Error::Database(error)) if tries < SETTLE_TRIES => {
                    tracing::warn!(mail = %one.letter.id, %error, tries, "an attempt is not recorded yet");
                    std::thread::sleep(Duration::from_millis(u64::from(tries) * 200));
                    tries += 1;
                }
                settled => return settled,
            }
        }
    }

    fn measure(&self) -> Result<(), Error> {
        let waiting = outbox::waiting(&self.sv)?;
        metrics::gauge!("sentra_mail_queued").set(gauge(waiting.queued));
        metrics::gauge!("sentra_mail_oldest_seconds").set(gauge(waiting.oldest_seconds));
        Ok(())
    }

    fn breaker<T>(&self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        work(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A count as a gauge takes it; beyond four thousand million it no longer matters.
fn gauge(count: i64) -> f64 {
    f64::from(u32::try_from(count.max(0)).unwrap_or(u32::MAX))
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
