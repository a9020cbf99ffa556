//! Sealing as `serve` does it: at rest, in a burst, under load, and beside a bucket that hangs.

use crate::faults::load::{self, Load};
use crate::on_both;
use crate::sealing::{QUICK, happen, happen_in, sealed, services};
use crate::support::database::TestDatabase;
use crate::support::served::Served;
use diesel::prelude::*;
use sentra::domain::moment::Moment;
use sentra::service::clock::Clock;
use sentra::service::seal::outlet::{FOLDER, Folder, Outlet};
use sentra::service::seal::{self, checkpoint};
use sentra::service::store::{BucketKey, BucketSettings, ObjectStorage, Patience};
use sentra::storage::schema::{audit_events, audit_seals};
use sentra::worker::sealing::{SealWorker, Settings};
use sentra::worker::{Running, Stop};
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Longer than any machine that runs tests takes for what it waits for.
const GENEROUS: Duration = Duration::from_secs(120);

/// Waits until something is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < GENEROUS, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What a piece of work comes to, which has to end by itself.
fn ended<T: Send>(what: &str, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        scope.spawn(move || tell.send(work()));
        told.recv_timeout(GENEROUS).unwrap_or_else(|_| panic!("{what} does not end"))
    })
}

/// Takes connections, reads nothing of them, and never answers.
struct Hanging {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<TcpStream>>>,
    ending: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Hanging {
    fn start() -> Hanging {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (taken, ending) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
        let (keeps, ends) = (Arc::clone(&taken), Arc::clone(&ending));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                keeps.lock().expect("whole").push(stream.expect("a connection"));
            }
        });
        Hanging { address, taken, ending, thread: Some(thread) }
    }

    fn connections(&self) -> usize {
        self.taken.lock().expect("whole").len()
    }

    /// A store in a bucket behind it.
    fn store(&self, patience: Patience, folder: &Path) -> ObjectStorage {
        let settings = BucketSettings {
            bucket: "sentra".to_owned(),
            prefix: String::new(),
            endpoint: Some(format!("http://{}", self.address)),
            region: None,
            virtual_host: false,
            key: Some(BucketKey { id: "id".to_owned(), secret: "secret".into() }),
            patience,
        };
        ObjectStorage::in_bucket(&settings, folder).expect("a store")
    }
}

impl Drop for Hanging {
    fn drop(&mut self) {
        self.ending.store(true, Ordering::SeqCst);
        self.taken.lock().expect("whole").clear();
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            thread.join().expect("it ends");
        }
    }
}

/// How many checkpoints are in a folder.
fn files(folder: &Path) -> usize {
    let Ok(days) = std::fs::read_dir(folder.join(FOLDER)) else { return 0 };
    let of_day = |day: std::io::Result<std::fs::DirEntry>| {
        let files = std::fs::read_dir(day.expect("a day").path()).expect("files");
        files
            .filter(|file| {
                file.as_ref().is_ok_and(|file| file.path().extension() == Some("txt".as_ref()))
            })
            .count()
    };
    days.map(of_day).sum()
}

/// Looks now and then how far the sealer lags; the largest lag that was seen, in milliseconds.
struct Watch {
    largest: Arc<AtomicI64>,
    ending: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Watch {
    fn start(db: &TestDatabase) -> Watch {
        let sv = services(db, &Clock::System);
        let (largest, ending) = (Arc::<AtomicI64>::default(), Arc::<AtomicBool>::default());
        let (seen, ends) = (Arc::clone(&largest), Arc::clone(&ending));
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::SeqCst) {
                let lag = seal::lag(&sv).expect("a lag").num_milliseconds();
                seen.fetch_max(lag, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Watch { largest, ending, thread }
    }

    fn end(self) {
        self.ending.store(true, Ordering::SeqCst);
        self.thread.join().expect("it ends");
    }
}

/// Waits until everything is sealed, and prints how long what happened since a moment had waited.
fn print_waits(db: &TestDatabase, watch: &Watch, (phase, since): (&str, Moment)) {
    let took = Clock::System.now().since(since).as_seconds_f64();
    until("some wait still", || db.number("SELECT COUNT(*) FROM audit_pending") == 0);
    let rows: Vec<(Moment, Moment)> = audit_seals::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_seals::event_id)))
        .filter(audit_events::at.ge(since))
        .select((audit_events::at, audit_seals::sealed_at))
        .load(&mut db.connect())
        .expect("events");
    let mut waits: Vec<i64> =
        rows.iter().map(|(at, sealed)| sealed.since(*at).num_milliseconds()).collect();
    waits.sort_unstable();
    let part = |hundredths: usize| waits[(waits.len() - 1) * hundredths / 100];
    println!(
        "{:?}, {phase}: {} events in {took:.1} s; waited in ms: half {}, 99 of 100 {}, longest {}; largest lag seen {}",
        db.kind,
        waits.len(),
        part(50),
        part(99),
        part(100),
        watch.largest.swap(0, Ordering::SeqCst),
    );
}

on_both! {
    async fn at_rest_what_happens_is_sealed_without_anybody_s_asking(db) {
        let folder = tempfile::tempdir().expect("a folder");
        let served = Served::start(&db.url(), folder.path());
        for _ in 0..3 {
            let id = happen(&db, Clock::System.now(), 1).concat();
            let sealed = format!("SELECT COUNT(*) FROM audit_seals WHERE event_id = '{id}'");
            until("it is not sealed", || db.number(&sealed) == 1);
        }
        until("no checkpoint is signed", || files(folder.path()) > 0);
        // Whoever runs the service sees how long that took.
        let metrics = reqwest::get(format!("{}/metrics", served.base)).await.expect("answered").text().await.expect("text");
        assert!(metrics.contains("sentra_sealer_lag_seconds 0\n"), "{metrics}");
        let count = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("no {name}: {metrics}"));
            line.trim().parse::<u32>().expect("a number")
        };
        assert!(count("sentra_sealer_wait_seconds_bucket{le=\"60\"}") >= 3);
        assert!(count("sentra_sealed_events_total") >= 3);
    }

    fn a_burst_is_sealed_whole_and_dense_in_steps_of_bounded_size(db) {
        let folder = tempfile::tempdir().expect("a folder");
        let _served = Served::start(&db.url(), folder.path());
        let burst: Vec<String> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..6)
                .map(|_| scope.spawn(|| (0..50).flat_map(|_| happen(db, Clock::System.now(), 10)).collect::<Vec<_>>()))
                .collect();
            writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect()
        });
        until("some wait still", || db.number("SELECT COUNT(*) FROM audit_pending") == 0);
        // Each has one place, from the first on without a gap, and the chain leads through all.
        let found = sealed(db);
        let places: BTreeSet<&String> = found.iter().collect();
        assert_eq!((burst.len(), places.len()), (3_000, found.len()));
        assert!(burst.iter().all(|id| places.contains(id)));
        let largest = "SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM audit_seals GROUP BY sealed_at) AS steps";
        let largest = db.number(largest);
        assert!((1..=500).contains(&largest), "{largest}");
    }

    fn a_bucket_that_hangs_keeps_nothing_else_from_being_done(db) {
        let (bucket, folder) = (Hanging::start(), tempfile::tempdir().expect("a folder"));
        let mut sv = services(db, &Clock::System);
        // For longer than this test lasts.
        let patient = Patience { answer: GENEROUS * 5, in_all: GENEROUS * 5, ..QUICK };
        sv.documents.store = bucket.store(patient, folder.path());
        let mut settings = Settings::in_folder(folder.path());
        settings.checkpoint_every = Duration::from_millis(20);
        let worker = SealWorker::new(sv.clone(), settings, Arc::new(crate::audit::keys())).expect("a worker");
        let running = worker.start(Stop::new()).expect("threads");
        until("the bucket is not asked", || bucket.connections() > 0);
        for signed in 1..=3 {
            happen_in(&sv);
            until("nothing is signed, or written into the folder", || files(folder.path()) >= signed);
        }
        assert_eq!(db.number("SELECT COUNT(*) FROM audit_pending"), 0);
        drop(bucket);
        running.iter().for_each(Running::stop);
        ended("a thread", || running.into_iter().for_each(Running::join));
    }

    fn a_bucket_that_hangs_is_waited_for_in_bounded_time_and_the_folder_comes_first(db) {
        let (bucket, folder) = (Hanging::start(), tempfile::tempdir().expect("a folder"));
        let mut sv = services(db, &Clock::System);
        sv.documents.store = bucket.store(QUICK, folder.path());
        happen_in(&sv);
        seal::drain(&sv).expect("sealed");
        checkpoint::make(&sv, &crate::audit::keys()).expect("signed").expect("a checkpoint");
        let mut outlet = Outlet::new(Folder::new(folder.path().join(FOLDER)));
        let error = ended("bringing out", || outlet.bring_out(&sv)).expect_err("it is told").to_string();
        assert!(error.contains("the store of documents fails"), "{error}");
        assert_eq!((files(folder.path()), bucket.connections() > 0), (1, true));
    }

    // How far the sealer lags, at rest and beside eight writers, over HTTP and straight into the database:
    // `cargo test --test api how_far_the_sealer_lags -- --ignored --nocapture --test-threads 1`
    #[ignore = "a measurement"]
    async fn how_far_the_sealer_lags(db) {
        let folder = tempfile::tempdir().expect("a folder");
        let year = load::people(db.target());
        let served = Served::start(&db.url(), folder.path());
        let loading = Load::new(&served.base, year).await;
        let watch = Watch::start(&db);
        until("some wait still", || db.number("SELECT COUNT(*) FROM audit_pending") == 0);
        watch.largest.store(0, Ordering::SeqCst);
        let since = Clock::System.now();
        for _ in 0..30 {
            happen(&db, Clock::System.now(), 1);
            actix_web::rt::time::sleep(Duration::from_millis(310)).await;
        }
        print_waits(&db, &watch, ("at rest", since));
        let (since, end) = (Clock::System.now(), Instant::now() + Duration::from_secs(10));
        loading.run(&served.base, false, move || Instant::now() > end).await;
        print_waits(&db, &watch, ("eight writers over HTTP", since));
        let (since, end) = (Clock::System.now(), Instant::now() + Duration::from_secs(10));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| while Instant::now() < end {
                    happen(&db, Clock::System.now(), 1);
                });
            }
        });
        print_waits(&db, &watch, ("eight writers into the database", since));
        watch.end();
        println!("{:?}: {} writes over HTTP were done", db.kind, loading.done());
    }
}
