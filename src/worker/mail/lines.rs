//! Several lines to the relay, each a thread with one message in hand; and whoever feeds them: leases a page before the
//! last is used up, keeps the leases alive, and gives back what was not begun.

use crate::domain::ids::MailId;
use crate::domain::mail::{AttemptOutcome, MailState};
use crate::mail::transport::Session;
use crate::service::error::Error;
use crate::service::outbox::{self, Leased};
use crate::worker::mail::doubt::Doubt;
use crate::worker::mail::{Core, Counts, Sent};
use chrono::TimeDelta;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often whoever feeds the lines looks up, if nothing wakes it.
const LOOK: Duration = Duration::from_millis(50);
/// Messages that wait for each line before another one is opened.
const ENOUGH: usize = 8;
/// A message that takes longer keeps no other one waiting: another line is opened.
const SLOW: Duration = Duration::from_secs(1);
/// After which part of a lease its renewal is due, and after which it is tried again when it failed.
const RENEWED_EACH: u32 = 3;
const RETRIED_EACH: u32 = 30;
/// A message in hand, and until when by this machine's clock.
struct Held {
    leased: Leased,
    until: Instant,
}

#[derive(Default)]
struct Shared {
    waiting: VecDeque<Held>,
    /// What each line sends, and since when.
    busy: BTreeMap<usize, (MailId, Instant)>,
    open: usize,
    opened: usize,
    /// To be given back untried.
    unused: Vec<Leased>,
    counts: Counts,
    failure: Option<Error>,
    /// No more comes: lines that have nothing to do end.
    is_over: bool,
}

impl Shared {
    /// Nothing of what waits is begun.
    fn put_away(&mut self) {
        self.unused.extend(self.waiting.drain(..).map(|held| held.leased));
    }

    /// Nothing of what waits for an address is begun.
    fn put_away_to(&mut self, address: &str) {
        let waiting = std::mem::take(&mut self.waiting);
        let (of_it, others) =
            waiting.into_iter().partition(|held| held.leased.letter.address == address);
        self.waiting = others;
        let of_it: VecDeque<Held> = of_it;
        self.unused.extend(of_it.into_iter().map(|held| held.leased));
    }
}

/// The lines, and what they share.
pub(super) struct Lines {
    core: Arc<Core>,
    doubt: Doubt,
    shared: Mutex<Shared>,
    changed: Condvar,
}

impl Lines {
    /// No line is open yet.
    pub fn new(core: &Arc<Core>) -> Arc<Lines> {
        let doubt = Doubt::new(core.settings.in_doubt, core.settings.patience);
        Arc::new(Lines {
            core: core.clone(),
            doubt,
            shared: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// Sends what is due, until nothing is any more.
    pub fn run(self: &Arc<Self>, counts: &mut Counts) -> Result<(), Error> {
        let fed = self.feed();
        let mut shared = self.lock();
        shared.is_over = true;
        self.changed.notify_all();
        counts.add(shared.counts);
        match shared.failure.take() {
            Some(failure) => Err(failure),
            None => fed,
        }
    }

    /// Feeds the lines until nothing is due and nothing is under way any more. What is under way keeps its lease until
    /// then, also when something fails: only who is told to stop leaves a line that the relay does not answer.
    fn feed(self: &Arc<Self>) -> Result<(), Error> {
        let mut stopped: Option<Instant> = None;
        // When there was less than was asked for, or nothing could be asked for.
        let mut exhausted: Option<Instant> = None;
        let mut failed: Option<Error> = None;
        let mut renewed = Instant::now();
        let mut renewal = self.core.settings.lease / RENEWED_EACH;
        loop {
            let is_stopping = self.core.stop.is_set();
            let is_ending = is_stopping || self.lock().failure.is_some();
            if is_ending {
                self.lock().put_away();
            } else if exhausted.is_none_or(|at| at.elapsed() >= self.core.settings.idle) {
                let leased = self.lease();
                let is_exhausted = !matches!(leased, Ok(true));
                exhausted = is_exhausted.then(Instant::now);
                failed = leased.err();
            }
            self.give_back();
            if renewed.elapsed() >= renewal {
                let part = if self.renew() { RENEWED_EACH } else { RETRIED_EACH };
                (renewed, renewal) = (Instant::now(), self.core.settings.lease / part);
            }
            if !is_ending && let Err(error) = self.open() {
                self.fail(error);
            }
            let shared = self.lock();
            let is_idle = shared.waiting.is_empty() && shared.busy.is_empty();
            if is_idle && shared.unused.is_empty() && (is_ending || exhausted.is_some()) {
                return failed.map_or(Ok(()), Err);
            }
            let grace = self.core.settings.grace;
            if is_stopping && stopped.get_or_insert_with(Instant::now).elapsed() >= grace {
                let lines = shared.busy.len();
                tracing::warn!(lines, "the relay does not answer; its lines are left");
                return Ok(());
            }
            drop(self.changed.wait_timeout(shared, LOOK));
        }
    }

    /// Leases the next page, before the last is used up; whether there may be more.
    fn lease(&self) -> Result<bool, Error> {
        let core = &self.core;
        let waiting = i64::try_from(self.lock().waiting.len()).unwrap_or(i64::MAX);
        // Not more than can be begun while the lease holds.
        let batch = core.pace.within(core.settings.lease / 2, core.settings.batch);
        if waiting > batch / 2 {
            return Ok(true);
        }
        let limit = core.breaker(|breaker| breaker.admits(core.sv.clock.now(), batch));
        // What was sent and is not recorded is not to be leased anew, should its lease have ended.
        if limit == 0 || core.unrecorded.load(Ordering::SeqCst) > 0 {
            return Ok(false);
        }
        let until = Instant::now().checked_add(core.settings.lease).unwrap_or_else(Instant::now);
        let leased = outbox::lease(&core.sv, &core.name, core.lease(), limit)?;
        let is_full = i64::try_from(leased.len()).is_ok_and(|count| count >= limit);
        let mut shared = self.lock();
        shared.waiting.extend(leased.into_iter().map(|leased| Held { leased, until }));
        self.changed.notify_all();
        // One that tries the line has to come back first.
        Ok(is_full && limit > 1)
    }

    /// Makes the leases of all that is in hand last; what another worker has by now is put out of hand. Whether it could
    /// be done.
    fn renew(&self) -> bool {
        let core = &self.core;
        let until = Instant::now().checked_add(core.settings.lease).unwrap_or_else(Instant::now);
        let ids: Vec<MailId> = {
            let shared = self.lock();
            let busy = shared.busy.values().map(|(id, _)| *id);
            shared.waiting.iter().map(|held| held.leased.letter.id).chain(busy).collect()
        };
        if ids.is_empty() {
            return true;
        }
        match outbox::renew(&core.sv, &core.name, &ids, core.lease()) {
            Ok(kept) => {
                let mut shared = self.lock();
                shared.waiting.retain(|held| {
                    let id = held.leased.letter.id;
                    kept.contains(&id) || !ids.contains(&id)
                });
                for held in &mut shared.waiting {
                    if ids.contains(&held.leased.letter.id) {
                        held.until = until;
                    }
                }
                true
            }
            // Nothing is begun whose lease is nearly over; what is under way is under way.
            Err(error) => {
                tracing::warn!(%error, "leases of mail could not be renewed");
                false
            }
        }
    }

    /// Opens another line where there is work for it.
    fn open(self: &Arc<Self>) -> Result<(), Error> {
        let mut shared = self.lock();
        let is_wanted = !shared.waiting.is_empty()
            && shared.open < self.core.settings.lines.max(1)
            && (shared.waiting.len() >= shared.open.saturating_mul(ENOUGH)
                || (shared.open == shared.busy.len()
                    && shared.busy.values().all(|(_, since)| since.elapsed() >= SLOW)));
        if !is_wanted {
            return Ok(());
        }
        let number = shared.opened;
        shared.opened += 1;
        shared.open += 1;
        drop(shared);
        let lines = self.clone();
        let spawned = std::thread::Builder::new().name(format!("mail-{number}")).spawn(move || {
            let alive = Alive { lines: &lines, number };
            lines.send(number);
            drop(alive);
        });
        spawned.map(drop).map_err(|error| {
            self.lock().open -= 1;
            Error::Defect(format!("a thread for mail could not be started: {error}"))
        })
    }

    /// One line: sends one message after the other, until no more come.
    fn send(&self, number: usize) {
        let core = &self.core;
        let mut session = core.mailer.session();
        while self.has_work() {
            core.pace.rest(&core.stop);
            // Another line may have been quicker.
            let Some(held) = self.take(number) else { continue };
            // An attempt is begun only while its lease holds for a while: two workers do not send one message at once.
            let begun = Instant::now().checked_add(core.settings.lease / 4);
            if core.stop.is_set() || begun.is_none_or(|begun| begun >= held.until) {
                self.ended(number, |shared| shared.unused.push(held.leased));
                continue;
            }
            match self.attempt(&mut session, &held.leased) {
                Ok(Sent::Tried(tried)) => self.ended(number, |shared| {
                    shared.counts.count(tried.outcome, tried.end);
                    if tried.pauses {
                        shared.put_away();
                    } else if tried.refuses_address {
                        shared.put_away_to(&held.leased.letter.address);
                    }
                }),
                Ok(Sent::NoLine) => self.ended(number, |shared| {
                    shared.unused.push(held.leased);
                    shared.put_away();
                }),
                // One that was tried and can't be recorded keeps its lease: given back, it would be sent again at once.
                Err(error) => self.ended(number, |shared| {
                    shared.failure.get_or_insert(error);
                }),
            }
        }
    }

    /// Sends one message and records how that ended, before the next message may be in doubt.
    fn attempt(&self, session: &mut Session<'_>, leased: &Leased) -> Result<Sent, Error> {
        let mut pass = None;
        let outcome = session.send_watched(&leased.letter, &mut || pass = Some(self.doubt.enter()));
        let sent = self.core.record(leased, outcome);
        drop(pass);
        sent
    }

    /// Waits for something to send; false when nothing more comes.
    fn has_work(&self) -> bool {
        let mut shared = self.lock();
        while shared.waiting.is_empty() && !shared.is_over {
            let woken = self.changed.wait(shared);
            shared = woken.unwrap_or_else(PoisonError::into_inner);
        }
        !shared.is_over
    }

    fn take(&self, number: usize) -> Option<Held> {
        let mut shared = self.lock();
        let held = shared.waiting.pop_front()?;
        shared.busy.insert(number, (held.leased.letter.id, Instant::now()));
        Some(held)
    }

    fn ended(&self, number: usize, work: impl FnOnce(&mut Shared)) {
        let mut shared = self.lock();
        shared.busy.remove(&number);
        work(&mut shared);
        drop(shared);
        self.changed.notify_all();
    }

    fn fail(&self, error: Error) {
        self.lock().failure.get_or_insert(error);
    }

    /// Gives back what was not begun.
    fn give_back(&self) {
        let unused = std::mem::take(&mut self.lock().unused);
        if unused.is_empty() {
            return;
        }
        let count = unused.len();
        match outbox::release(&self.core.sv, &unused) {
            Ok(()) => self.lock().counts.released += count,
            Err(error) => {
                tracing::warn!(%error, count, "mail could not be given back; its leases end by themselves");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line that is open as long as this lives, also when its thread panics.
struct Alive<'a> {
    lines: &'a Lines,
    number: usize,
}

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        let mut shared = self.lines.lock();
        shared.open = shared.open.saturating_sub(1);
        shared.busy.remove(&self.number);
        if std::thread::panicking() {
            metrics::counter!("sentra_worker_panics_total", "worker" => "mail").increment(1);
            shared.failure.get_or_insert(Error::Defect("a line for mail panicked".to_owned()));
        }
        drop(shared);
        self.lines.changed.notify_all();
    }
}

impl Counts {
    fn count(&mut self, outcome: AttemptOutcome, end: Option<MailState>) {
        match outcome {
            AttemptOutcome::Sent => self.sent += 1,
            AttemptOutcome::Transient => self.transient += 1,
            AttemptOutcome::Permanent => self.permanent += 1,
            AttemptOutcome::Unknown => self.unknown += 1,
        }
        match end {
            Some(MailState::Dead) => self.dead += 1,
            Some(
                MailState::Queued
                | MailState::Sent
                | MailState::Digest
                | MailState::Collected
                | MailState::Muted,
            ) => {}
            None => self.late += 1,
        }
    }
}

impl Core {
    fn lease(&self) -> TimeDelta {
        TimeDelta::from_std(self.settings.lease).unwrap_or(TimeDelta::MAX)
    }
}
