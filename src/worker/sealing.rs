//! Seals what happened, some times a second; signs checkpoints, at most one in a while, and brings them out. Any number of
//! processes may do so.

use crate::service::Services;
use crate::service::error::Error;
use crate::service::seal::checkpoint::{self, Folder, Outlet};
use crate::service::seal::note::SealKeys;
use crate::service::seal::{self, Step, telling};
use crate::worker::{Running, Stop, start};
use chrono::TimeDelta;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often, and where to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Between two looks where nothing waits; where nothing else is done, nothing waits longer.
    pub interval: Duration,
    /// Between two looks where more waits: writers get their turn.
    pub pause: Duration,
    /// Between two checkpoints at the least.
    pub checkpoint_every: Duration,
    /// Where checkpoints are written.
    pub folder: PathBuf,
    /// The file of the keys that sign.
    pub key: KeyFile,
}

/// Where the keys that sign are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFile {
    /// In a file that somebody keeps.
    Given(PathBuf),
    /// In a file of the data folder, which is made when it is not there.
    Own(PathBuf),
}

impl KeyFile {
    /// Reads the keys.
    pub fn read(&self) -> Result<SealKeys, String> {
        match self {
            KeyFile::Given(path) => SealKeys::read(path),
            KeyFile::Own(path) => SealKeys::read_or_make(path),
        }
    }
}

impl Settings {
    /// Everything as it comes, with key and checkpoints in a folder.
    pub fn in_folder(folder: &std::path::Path) -> Settings {
        Settings {
            interval: Duration::from_millis(250),
            pause: Duration::from_millis(5),
            checkpoint_every: Duration::from_secs(60),
            folder: folder.join("checkpoints"),
            key: KeyFile::Own(folder.join("seal-key.pem")),
        }
    }
}

/// Seals.
pub struct SealWorker {
    sv: Services,
    settings: Settings,
    keys: Arc<SealKeys>,
    outlet: Outlet,
    /// The size of the last checkpoint that this process knows of.
    covered: i64,
    looked: Option<Instant>,
}

impl SealWorker {
    /// Seals for a service, and signs with keys.
    pub fn new(sv: Services, settings: Settings, keys: Arc<SealKeys>) -> Result<SealWorker, Error> {
        let outlet = Outlet::new(Folder::new(settings.folder.clone()))?;
        let covered = checkpoint::newest(&sv)?.map_or(0, |row| row.size);
        Ok(SealWorker { sv, settings, keys, outlet, covered, looked: None })
    }

    /// Seals what waits, some hundreds of events at most.
    pub fn seal_once(&self) -> Result<Step, Error> {
        let step = seal::step(&self.sv)?;
        let sealed = u64::try_from(step.sealed).unwrap_or(u64::MAX);
        metrics::counter!("sentra_sealed_events_total").increment(sealed);
        let lag = match step.more {
            true => seal::lag(&self.sv)?,
            false => TimeDelta::zero(),
        };
        metrics::gauge!("sentra_sealer_lag_seconds").set(lag.as_seconds_f64());
        Ok(step)
    }

    /// Signs a checkpoint when there is something new and the last one is some time old, and brings out what is signed;
    /// whether it signed.
    pub fn sign_once(&mut self, last_seq: i64) -> Result<bool, Error> {
        let mut signed = false;
        if last_seq > self.covered {
            let newest = checkpoint::newest(&self.sv)?;
            self.covered = newest.as_ref().map_or(0, |row| row.size);
            let every = TimeDelta::from_std(self.settings.checkpoint_every).unwrap_or_default();
            let now = self.sv.clock.now();
            let due = newest.is_none_or(|row| now >= row.made_at.after(every));
            if last_seq > self.covered
                && due
                && let Some(made) = checkpoint::make(&self.sv, &self.keys)?
            {
                self.covered = made.size;
                signed = true;
                tracing::debug!(size = made.size, root = made.root, "signed a checkpoint");
            }
        }
        self.outlet.bring_out(&self.sv)?;
        telling::tell_auditors(&self.sv)?;
        Ok(signed)
    }

    /// Starts the thread.
    pub fn start(mut self, stop: Stop) -> io::Result<Running> {
        start("sealing", stop, move || {
            let step = self.seal_once()?;
            // Some times a minute: what is to be signed can wait, and is asked for.
            let pause = self.settings.checkpoint_every.min(Duration::from_secs(5));
            if self.looked.is_none_or(|at| at.elapsed() >= pause) {
                self.looked = Some(Instant::now());
                // What is sealed is sealed: a folder or bucket that fails keeps nothing from it.
                if let Err(error) = self.sign_once(step.last_seq) {
                    metrics::counter!("sentra_checkpoint_failures_total").increment(1);
                    tracing::error!(%error, "a checkpoint is not brought out; it is tried again");
                }
            }
            Ok::<_, Error>(if step.more { self.settings.pause } else { self.settings.interval })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::SubjectKind;
    use crate::domain::ids::EventId;
    use crate::service::context::Context;
    use crate::service::outbox::tests::Desk;
    use crate::service::seal::note;
    use crate::service::trail::{self, Event, Subject};

    fn worker(desk: &Desk, folder: &std::path::Path) -> SealWorker {
        let settings = Settings::in_folder(folder);
        let keys = Arc::new(settings.key.read().expect("keys"));
        SealWorker::new(desk.sv.clone(), settings, keys).expect("a worker")
    }

    /// Something that is kept in the trail.
    fn happens(desk: &Desk) {
        let cx = Context::system(desk.sv.clock.now());
        let subject = Subject::of(SubjectKind::Collection, "tests");
        let written = desk.sv.db.write(
            "test.happen",
            |tx| {
                let (id, action, content) = (EventId::new(), "test.happen", serde_json::json!({}));
                let event =
                    Event { id, action, subject: &subject, by: None, content, personal: &[] };
                trail::done(tx, &cx, event)
            },
            |_, _: &Error| Ok(()),
        );
        written.expect("written");
    }

    fn files(folder: &std::path::Path) -> Vec<PathBuf> {
        let Ok(days) = std::fs::read_dir(folder.join("checkpoints")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = days
            .flat_map(|day| std::fs::read_dir(day.expect("a day").path()).expect("a folder"))
            .map(|file| file.expect("a file").path())
            .collect();
        files.sort();
        files
    }

    #[test]
    fn what_happens_is_sealed_signed_and_brought_out_at_most_once_a_minute() {
        let (desk, folder) = (Desk::new(), tempfile::tempdir().expect("a folder"));
        let mut worker = worker(&desk, folder.path());
        assert!(!worker.sign_once(0).expect("nothing to sign"));
        happens(&desk);
        let step = worker.seal_once().expect("sealed");
        assert!(step.sealed > 0 && worker.sign_once(step.last_seq).expect("signed"));
        assert!(!worker.sign_once(step.last_seq).expect("signed already"));
        happens(&desk);
        let step = worker.seal_once().expect("sealed");
        assert!(!worker.sign_once(step.last_seq).expect("too soon"));
        desk.pass(TimeDelta::minutes(1));
        assert!(worker.sign_once(step.last_seq).expect("signed"));
        let files = files(folder.path());
        assert_eq!(files.len(), 2);
        let keys = checkpoint::known_keys(&desk.sv).expect("keys");
        let newest = std::fs::read_to_string(&files[1]).expect("a note");
        let opened = note::open(&newest, &keys).expect("a checkpoint");
        assert_eq!(i64::try_from(opened.size), Ok(step.last_seq));
    }

    #[test]
    fn what_another_process_signed_is_brought_out_too_and_after_a_restart_nothing_twice() {
        let (desk, one) = (Desk::new(), tempfile::tempdir().expect("a folder"));
        let other = tempfile::tempdir().expect("a folder");
        happens(&desk);
        let mut first = worker(&desk, one.path());
        let step = first.seal_once().expect("sealed");
        first.sign_once(step.last_seq).expect("signed");
        let mut second = worker(&desk, other.path());
        assert!(!second.sign_once(step.last_seq).expect("nothing to sign"));
        assert_eq!(files(other.path()).len(), 1);
        std::fs::write(&files(other.path())[0], "kept").expect("written");
        worker(&desk, other.path()).sign_once(step.last_seq).expect("nothing to do");
        assert_eq!(std::fs::read_to_string(&files(other.path())[0]).expect("there"), "kept");
    }

    #[test]
    fn the_thread_seals_and_stops() {
        let (desk, folder) = (Desk::new(), tempfile::tempdir().expect("a folder"));
        happens(&desk);
        let running = worker(&desk, folder.path()).start(Stop::new()).expect("a thread");
        while files(folder.path()).is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        running.stop();
        running.join();
    }
}
