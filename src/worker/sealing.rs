//! Seals what happened, some times a second; on a thread beside, signs checkpoints, at most one in a while, writes them into
//! their folder and has the newest mailed; on a third, uploads them: a bucket that is slow, or never answers, keeps nothing
//! else from being done. Any number of processes may do so.

use crate::service::Services;
use crate::service::error::Error;
use crate::service::seal::checkpoint;
use crate::service::seal::note::SealKeys;
use crate::service::seal::outlet::{FOLDER, Folder, IntoBucket, IntoFolder};
use crate::service::seal::{self, Step, telling};
use crate::worker::{Running, Stop, start};
use chrono::TimeDelta;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pages that are written in one go.
const MOST_STEPS: usize = 5;
/// The longest time between two looks at what is to be signed or brought out: it can wait, and is asked for.
const LOOK: Duration = Duration::from_secs(5);

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

    /// Reads the keys that there are, and makes none.
    pub fn read_only(&self) -> Result<SealKeys, String> {
        let (KeyFile::Given(path) | KeyFile::Own(path)) = self;
        SealKeys::read(path)
    }
}

impl Settings {
    /// Everything as it comes, with key and checkpoints in a folder.
    pub fn in_folder(folder: &std::path::Path) -> Settings {
        Settings {
            interval: Duration::from_millis(250),
            pause: Duration::from_millis(5),
            checkpoint_every: Duration::from_secs(60),
            folder: folder.join(FOLDER),
            key: KeyFile::Own(folder.join("seal-key.pem")),
        }
    }
}

/// Seals, signs, and brings out.
pub struct SealWorker {
    sealing: Sealing,
    signing: Signing,
    uploading: Uploading,
}

struct Sealing {
    sv: Services,
    settings: Settings,
    /// When a step last did what it should.
    succeeded: Instant,
}

struct Signing {
    sv: Services,
    settings: Settings,
    keys: Arc<SealKeys>,
    outlet: IntoFolder,
    /// The size of the last checkpoint that this process knows of.
    covered: i64,
}

struct Uploading {
    sv: Services,
    outlet: IntoBucket,
}

impl SealWorker {
    /// Seals for a service, and signs with keys.
    pub fn new(sv: Services, settings: Settings, keys: Arc<SealKeys>) -> Result<SealWorker, Error> {
        let outlet = IntoFolder::new(Folder::new(settings.folder.clone()));
        let covered = checkpoint::newest(&sv)?.map_or(0, |row| row.size);
        let succeeded = Instant::now();
        let sealing = Sealing { sv: sv.clone(), settings: settings.clone(), succeeded };
        let uploading = Uploading { sv: sv.clone(), outlet: IntoBucket::default() };
        let signing = Signing { sv, settings, keys, outlet, covered };
        Ok(SealWorker { sealing, signing, uploading })
    }

    /// Seals what waits, some hundreds of events at most.
    pub fn seal_once(&mut self) -> Result<Step, Error> {
        self.sealing.once()
    }

    /// Signs a checkpoint when there is something new and the last one is some time old, writes what is signed into its
    /// folder and has it mailed; whether it signed.
    pub fn sign_once(&mut self) -> Result<bool, Error> {
        self.signing.once()
    }

    /// Starts the threads.
    pub fn start(self, stop: Stop) -> io::Result<Vec<Running>> {
        let SealWorker { mut sealing, mut signing, mut uploading } = self;
        let Settings { interval, pause, checkpoint_every, .. } = sealing.settings;
        let look = checkpoint_every.min(LOOK);
        let sealing = start("sealing", stop.clone(), move || {
            let step = sealing.once()?;
            Ok::<_, Error>(if step.more { pause } else { interval })
        })?;
        let is_remote = signing.sv.documents.store.is_remote();
        // What failed was told, and what did not is done.
        let signing = start("signing", stop.clone(), move || {
            let _ = signing.once();
            Ok::<_, Error>(look)
        })?;
        let mut running = vec![sealing, signing];
        if is_remote {
            running.push(start("uploading", stop, move || {
                let uploaded = uploading.once().unwrap_or_default();
                Ok::<_, Error>(if uploaded > 0 { pause } else { look })
            })?);
        }
        Ok(running)
    }
}

impl Sealing {
    fn once(&mut self) -> Result<Step, Error> {
        let step = seal::step(&self.sv);
        let lag = match &step {
            Ok(Step { more: false, .. }) => TimeDelta::zero(),
            // Where not even that can be asked, as long as nothing was sealed.
            Ok(_) | Err(_) => seal::lag(&self.sv).unwrap_or_else(|_| {
                TimeDelta::from_std(self.succeeded.elapsed()).unwrap_or(TimeDelta::MAX)
            }),
        };
        metrics::gauge!("sentra_sealer_lag_seconds").set(lag.as_seconds_f64());
        let step = step?;
        self.succeeded = Instant::now();
        let sealed = u64::try_from(step.sealed).unwrap_or(u64::MAX);
        metrics::counter!("sentra_sealed_events_total").increment(sealed);
        if let Some(wait) = step.longest_wait {
            // By a clock that was ahead it waited less than nothing.
            metrics::histogram!("sentra_sealer_wait_seconds")
                .record(wait.as_seconds_f64().max(0.0));
        }
        Ok(step)
    }
}

impl Signing {
    /// Tries everything, each whatever became of the others. Fails by the first that failed.
    fn once(&mut self) -> Result<bool, Error> {
        let signed = told_of("signed", self.sign());
        let written =
            told_of("written into its folder", until_none(|| self.outlet.write(&self.sv)));
        let told = telling::tell_auditors(&self.sv).map(|_| ());
        let told = told_of("mailed to the auditors", told);
        let signed = signed?;
        written.and(told).map(|()| signed)
    }

    fn sign(&mut self) -> Result<bool, Error> {
        if seal::reached(&self.sv)? <= self.covered {
            return Ok(false);
        }
        let newest = checkpoint::newest(&self.sv)?;
        self.covered = newest.as_ref().map_or(0, |row| row.size);
        let every = TimeDelta::from_std(self.settings.checkpoint_every).unwrap_or_default();
        if !checkpoint::is_due(newest.as_ref(), every, self.sv.clock.now()) {
            return Ok(false);
        }
        // A folder that can't be read is told of when it is written.
        let kept = Folder::new(self.settings.folder.clone()).last().unwrap_or_default();
        let made = checkpoint::make_continuing(&self.sv, &self.keys, Some(every), kept.as_ref())?;
        let Some(made) = made else {
            return Ok(false);
        };
        self.covered = made.size;
        tracing::debug!(size = made.size, root = made.root, "signed a checkpoint");
        Ok(true)
    }
}

impl Uploading {
    fn once(&mut self) -> Result<usize, Error> {
        told_of("uploaded", self.outlet.upload(&self.sv))
    }
}

/// Counts and logs what failed.
fn told_of<T>(what: &str, outcome: Result<T, Error>) -> Result<T, Error> {
    if let Err(error) = &outcome {
        metrics::counter!("sentra_checkpoint_failures_total").increment(1);
        tracing::error!(%error, "a checkpoint is not {what}; it is tried again");
    }
    outcome
}

/// Takes steps until one has nothing left to do; at most so many that others get their turn.
fn until_none(mut step: impl FnMut() -> Result<usize, Error>) -> Result<(), Error> {
    for _ in 0..MOST_STEPS {
        if step()? == 0 {
            break;
        }
    }
    Ok(())
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
        assert!(!worker.sign_once().expect("nothing to sign"));
        happens(&desk);
        let step = worker.seal_once().expect("sealed");
        assert!(step.sealed > 0 && worker.sign_once().expect("signed"));
        assert!(!worker.sign_once().expect("signed already"));
        happens(&desk);
        let step = worker.seal_once().expect("sealed");
        assert!(!worker.sign_once().expect("too soon"));
        desk.pass(TimeDelta::minutes(1));
        assert!(worker.sign_once().expect("signed"));
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
        first.seal_once().expect("sealed");
        first.sign_once().expect("signed");
        let mut second = worker(&desk, other.path());
        assert!(!second.sign_once().expect("nothing to sign"));
        assert_eq!(files(other.path()).len(), 1);
        let made = files(other.path())[0].metadata().and_then(|of| of.modified()).expect("a time");
        worker(&desk, other.path()).sign_once().expect("nothing to do");
        let found = files(other.path())[0].metadata().and_then(|of| of.modified()).expect("a time");
        assert_eq!(found, made);
    }

    #[test]
    fn what_was_brought_out_of_another_trail_is_told_and_never_replaced() {
        let (desk, folder) = (Desk::new(), tempfile::tempdir().expect("a folder"));
        happens(&desk);
        let mut first = worker(&desk, folder.path());
        first.seal_once().expect("sealed");
        assert!(first.sign_once().expect("signed"));
        // The same day, the same number of events, and others.
        let forked = Desk::new();
        happens(&forked);
        let before = std::fs::read_to_string(&files(folder.path())[0]).expect("a note");
        let mut second = worker(&forked, folder.path());
        let told = |worker: &mut SealWorker| {
            let error = worker.sign_once().expect_err("it is told").to_string();
            assert!(error.contains("set back, cut or rewritten"), "{error}");
        };
        // With no checkpoint of its own, with one of this size, and with a larger one.
        told(&mut second);
        for _ in 0..2 {
            second.seal_once().expect("sealed");
            told(&mut second);
            told(&mut worker(&forked, folder.path()));
            happens(&forked);
            forked.pass(TimeDelta::minutes(1));
        }
        assert_eq!(files(folder.path()).len(), 1);
        assert_eq!(std::fs::read_to_string(&files(folder.path())[0]).expect("there"), before);
    }

    #[test]
    fn one_outlet_that_fails_keeps_the_others_from_nothing_and_a_clock_that_was_ahead_is_not_waited_for()
     {
        let (desk, folder) = (Desk::new(), tempfile::tempdir().expect("a folder"));
        let mut blocked = worker(&desk, folder.path());
        std::fs::write(folder.path().join("checkpoints"), "no folder").expect("written");
        happens(&desk);
        blocked.seal_once().expect("sealed");
        assert!(blocked.sign_once().is_err());
        let newest = checkpoint::newest(&desk.sv).expect("read").expect("signed all the same");
        let every = TimeDelta::minutes(1);
        for (from_now, due) in [(0, false), (59, false), (60, true), (-1, true), (-86_400, true)] {
            let now = newest.made_at.after(TimeDelta::seconds(from_now));
            assert_eq!(checkpoint::is_due(Some(&newest), every, now), due, "{from_now}");
        }
    }

    #[test]
    fn the_threads_seal_sign_and_stop() {
        let (desk, folder) = (Desk::new(), tempfile::tempdir().expect("a folder"));
        happens(&desk);
        let mut worker = worker(&desk, folder.path());
        worker.sealing.settings.checkpoint_every = Duration::from_millis(5);
        let running = worker.start(Stop::new()).expect("threads");
        while files(folder.path()).is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        running.iter().for_each(Running::stop);
        running.into_iter().for_each(Running::join);
    }
}
