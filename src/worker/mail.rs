//! Delivers mail: makes messages of notices, leases them, sends them over several lines, records how each attempt ended.

mod breaker;
mod doubt;
mod lines;
mod pace;
mod trust;

use crate::domain::mail::{AttemptOutcome, MailState, Refusal};
use crate::mail::relay::Outcome;
use crate::mail::transport::Mailer;
use crate::service::Services;
use crate::service::digest;
use crate::service::error::Error;
use crate::service::outbox::{self, Attempted, Leased, Render};
use crate::worker::mail::breaker::Breaker;
use crate::worker::mail::lines::Lines;
use crate::worker::mail::pace::Pace;
use crate::worker::mail::trust::Trust;
use crate::worker::{Running, Stop, start};
use std::io;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest rest before recording an attempt is tried again.
const LONGEST_SETTLE_REST: Duration = Duration::from_secs(5);
/// By how much that rest grows each time.
const SETTLE_REST: Duration = Duration::from_millis(200);
/// How often what waits is counted for the metrics.
const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// How much at a time, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Notices that become messages in one run.
    pub notices: usize,
    /// Messages that are leased at a time.
    pub batch: i64,
    /// How long a lease lasts; it is renewed while its worker lives. A message in the hands of a worker that died is sent
    /// again after this.
    pub lease: Duration,
    /// How long the threads rest when nothing was to be done.
    pub idle: Duration,
    /// Lines to the relay at the most.
    pub lines: usize,
    /// Messages that the relay may have, and of which nothing is recorded yet, at the most. A process that is killed sends
    /// at most so many again.
    pub in_doubt: usize,
    /// Messages that the relay takes in a minute from this process; as many as go when absent.
    pub per_minute: Option<NonZeroU32>,
    /// How long a message in doubt keeps others from being so; one of which the relay has said nothing for longer is
    /// counted no more, so that it holds up no other.
    pub patience: Duration,
    /// How long a line is waited for by whoever is told to stop; the relay may take minutes for its answer.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            notices: 200,
            batch: 200,
            lease: Duration::from_secs(120),
            idle: Duration::from_secs(1),
            lines: 4,
            in_doubt: 1,
            per_minute: None,
            patience: Duration::from_secs(60),
            grace: Duration::from_secs(20),
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
    /// Daily digests that were made of messages that waited for them.
    pub digests: usize,
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
        self.notices > 0 || self.digests > 0 || self.attempts() > 0
    }

    fn add(&mut self, other: Counts) {
        self.notices += other.notices;
        self.mails += other.mails;
        self.digests += other.digests;
        self.sent += other.sent;
        self.transient += other.transient;
        self.permanent += other.permanent;
        self.unknown += other.unknown;
        self.dead += other.dead;
        self.released += other.released;
        self.late += other.late;
    }

    fn log(&self) {
        if *self != Counts::default() {
            tracing::info!(
                made = self.mails,
                digests = self.digests,
                sent = self.sent,
                transient = self.transient,
                permanent = self.permanent,
                unknown = self.unknown,
                dead = self.dead,
                released = self.released,
                "mail"
            );
        }
    }
}

/// How sending one message went.
enum Sent {
    /// It was tried.
    Tried(Tried),
    /// There is no line to the relay.
    NoLine,
}

/// What became of an attempt.
struct Tried {
    outcome: AttemptOutcome,
    /// Where the message stands now; nothing when its lease had ended.
    end: Option<MailState>,
    /// Whether nothing more is to be sent to its address.
    refuses_address: bool,
    /// Whether nothing more is to be sent at all for a while.
    pauses: bool,
}

/// What the threads of one worker share.
struct Core {
    sv: Services,
    render: Arc<dyn Render>,
    mailer: Mailer,
    name: String,
    settings: Settings,
    stop: Stop,
    breaker: Mutex<Breaker>,
    pace: Pace,
    trust: Trust,
    /// Attempts that were made and could not be recorded so far: until they are, their messages must not be leased anew.
    unrecorded: AtomicUsize,
    stuck: Mutex<usize>,
    stuck_digests: Mutex<usize>,
    measured: Mutex<Option<Instant>>,
}

/// An attempt that was made and could not be recorded so far, as long as this lives.
struct Unrecorded<'a>(&'a AtomicUsize);

impl<'a> Unrecorded<'a> {
    fn new(count: &'a AtomicUsize) -> Unrecorded<'a> {
        count.fetch_add(1, Ordering::SeqCst);
        Unrecorded(count)
    }
}

impl Drop for Unrecorded<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Delivers mail. Any number of these may work on one database.
pub struct MailWorker {
    core: Arc<Core>,
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
        let core = Core {
            sv,
            render,
            mailer,
            name: format!("mail-{}", uuid::Uuid::now_v7()),
            settings,
            stop,
            breaker: Mutex::default(),
            pace: Pace::new(settings.per_minute),
            trust: Trust::default(),
            unrecorded: AtomicUsize::new(0),
            stuck: Mutex::default(),
            stuck_digests: Mutex::default(),
            measured: Mutex::default(),
        };
        MailWorker { core: Arc::new(core) }
    }

    /// Starts the threads: one makes messages of notices, one sees to it that they are sent. A relay that takes its time
    /// keeps no message from being made.
    pub fn start(self) -> io::Result<[Running; 2]> {
        let (making, sending) = (self.core.clone(), self.core);
        let (stop, idle) = (sending.stop.clone(), sending.settings.idle);
        let made = start("mail-making", stop.clone(), move || {
            let mut counts = Counts::default();
            making.expand(&mut counts)?;
            making.collect(&mut counts)?;
            making.measure()?;
            Ok::<_, Error>(if counts.moved() { Duration::ZERO } else { idle })
        })?;
        let sent = start("mail", stop, move || {
            let mut counts = Counts::default();
            let delivered = sending.deliver(&mut counts);
            counts.log();
            delivered?;
            Ok::<_, Error>(if counts.moved() { Duration::ZERO } else { idle })
        })?;
        Ok([made, sent])
    }

    /// Makes messages of what is pending, and sends what is due.
    pub fn run_once(&self) -> Result<Counts, Error> {
        let mut counts = Counts::default();
        // Messages that exist are sent also when new ones can't be made.
        let expanded = self.core.expand(&mut counts).and_then(|()| self.core.collect(&mut counts));
        let delivered = self.core.deliver(&mut counts);
        self.core.measure()?;
        counts.log();
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
}

impl Core {
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

    /// Makes the digests that are due.
    fn collect(&self, counts: &mut Counts) -> Result<(), Error> {
        let collected = digest::collect(&self.sv, &*self.render, self.settings.notices)?;
        counts.digests = collected.digests;
        let mut stuck = self.stuck_digests.lock().unwrap_or_else(PoisonError::into_inner);
        if *stuck != collected.stuck.len() {
            *stuck = collected.stuck.len();
            for (person, reason) in &collected.stuck {
                tracing::error!(%person, %reason, "a digest can't be made");
            }
        }
        Ok(())
    }

    fn deliver(self: &Arc<Self>, counts: &mut Counts) -> Result<(), Error> {
        if self.stop.is_set() {
            return Ok(());
        }
        Lines::new(self).run(counts)
    }

    /// Records how sending a message went, or that there is no line to the relay.
    fn record(&self, one: &Leased, outcome: Outcome) -> Result<Sent, Error> {
        let jitter = rand::random_range(0..=1000);
        let attempted = |outcome, reply| Attempted::new(outcome, reply, jitter);
        let mut pauses = false;
        let attempted = match outcome {
            Outcome::Sent(reply) => {
                self.trust.earned();
                attempted(AttemptOutcome::Sent, reply)
            }
            Outcome::Transient(reply) => attempted(AttemptOutcome::Transient, reply),
            Outcome::Permanent(reply) => attempted(AttemptOutcome::Permanent, reply),
            Outcome::AddressRefused(reply) => Attempted::address_refused(reply),
            Outcome::Ambiguous(reply, refusal) if self.trust.spend() => match refusal {
                Refusal::Address | Refusal::Mailbox => Attempted::address_refused(reply),
                Refusal::Message | Refusal::Rule => attempted(AttemptOutcome::Permanent, reply),
            },
            // Not believed of this recipient: it is tried again, after others were.
            Outcome::Ambiguous(reply, _) => {
                self.pause(&reply);
                pauses = true;
                attempted(AttemptOutcome::Transient, reply)
            }
            Outcome::Unknown(reply) => attempted(AttemptOutcome::Unknown, reply),
            Outcome::Unreachable(reason) => {
                self.pause(&reason);
                return Ok(Sent::NoLine);
            }
        };
        if !pauses {
            self.breaker(|breaker| *breaker = Breaker::default());
            metrics::gauge!("sentra_mail_relay_up").set(1.0);
        }
        let (outcome, refuses_address) = (attempted.outcome(), attempted.refuses_address());
        metrics::counter!("sentra_mail_attempts_total", "outcome" => outcome.as_str()).increment(1);
        let end = self.settle(one, &attempted)?;
        Ok(Sent::Tried(Tried { outcome, end, refuses_address, pauses }))
    }

    /// Leaves the relay alone for a while.
    fn pause(&self, reason: &str) {
        if let Some(pause) = self.breaker(|breaker| breaker.open(self.sv.clock.now())) {
            metrics::gauge!("sentra_mail_relay_up").set(0.0);
            tracing::warn!(%reason, pause, "the relay takes nothing; mail waits");
        }
    }

    /// Records an attempt, however long the database is away: what is not recorded would be sent again. Who is told to
    /// stop tries once more.
    fn settle(&self, one: &Leased, attempted: &Attempted) -> Result<Option<MailState>, Error> {
        let mut rest = SETTLE_REST;
        let mut unrecorded = None;
        loop {
            let is_last = self.stop.is_set();
            match outbox::settle(&self.sv, one, attempted) {
                Err(Error::Database(error)) if !is_last => {
                    tracing::warn!(mail = %one.letter.id, %error, "an attempt is not recorded yet");
                    unrecorded.get_or_insert_with(|| Unrecorded::new(&self.unrecorded));
                    self.stop.rest(rest);
                    rest = rest.saturating_add(SETTLE_REST).min(LONGEST_SETTLE_REST);
                }
                settled => return settled,
            }
        }
    }

    fn measure(&self) -> Result<(), Error> {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        if measured.is_some_and(|at| at.elapsed() < MEASURE_EVERY) {
            return Ok(());
        }
        *measured = Some(Instant::now());
        let waiting = outbox::waiting(&self.sv)?;
        metrics::gauge!("sentra_mail_queued").set(gauge(waiting.queued));
        metrics::gauge!("sentra_mail_dead").set(gauge(waiting.dead));
        metrics::gauge!("sentra_mail_oldest_seconds").set(gauge(waiting.oldest_seconds));
        metrics::gauge!("sentra_mail_addresses_refused").set(gauge(waiting.addresses_refused));
        metrics::gauge!("sentra_mail_notices_pending").set(gauge(waiting.notices_pending));
        metrics::gauge!("sentra_mail_notices_stuck").set(gauge(waiting.notices_stuck));
        let oldest = waiting.notices_oldest_seconds;
        metrics::gauge!("sentra_mail_notices_oldest_seconds").set(gauge(oldest));
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
