//! PostgreSQL restarted under load: 503 while it is away, then on without a restart of Sentra.

use crate::faults::load::{self, Load};
use crate::support::postgres::{self, Throwaway};
use crate::support::served::Served;
use sentra::storage::connection::Target;
use sentra::storage::migrate;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A PostgreSQL that can be stopped and started again; stopped for good when dropped.
struct Restarted {
    binaries: PathBuf,
    folder: PathBuf,
    child: Option<Child>,
}

impl Restarted {
    fn signal(&mut self, how: &str) {
        let pid_file = self.folder.join("data/postmaster.pid");
        let text = std::fs::read_to_string(&pid_file).expect("its pid");
        let pid = text.lines().next().expect("a line").to_owned();
        let sent = Command::new("kill").args([how, &pid]).status().expect("run kill");
        assert!(sent.success());
        if let Some(mut child) = self.child.take() {
            child.wait().expect("gone");
        }
        let started = Instant::now();
        // One that is killed at once leaves its file behind; a process that is gone, or waits to be collected, has no
        // command line.
        let runs =
            || std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
        while runs() {
            assert!(started.elapsed() < Duration::from_secs(60), "PostgreSQL does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn start(&mut self) {
        self.child = Some(postgres::run_again(&self.binaries, &self.folder));
    }
}

impl Drop for Restarted {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.signal("-QUIT");
        }
    }
}

async fn restarted_again_and_again(times: usize) {
    let Some(binaries) = postgres::binaries() else { return postgres::skip() };
    let settings = ["fsync=on", "full_page_writes=on", "synchronous_commit=on"];
    let settings = settings.map(str::to_owned).to_vec();
    let server = Throwaway { settings, ..Throwaway::default() }.start(&binaries);
    let url = server.url(&server.create_database("restarted"));
    let host = url.split("host=").nth(1).and_then(|rest| rest.split('&').next());
    let folder = Path::new(host.expect("a socket")).to_owned();
    let mut postgres = Restarted { binaries, folder, child: None };
    let target = Target::Postgres(url.clone());
    migrate::up(&target, None, sentra::service::clock::Clock::System.now()).expect("migrate");
    let data = tempfile::tempdir().expect("a folder");
    let year = load::people(&target);
    let mut served = Served::start(&url, data.path());
    let load = Rc::new(Load::new(&served.base, year).await);
    for n in 0..times {
        let before = load.done();
        let over = Rc::new(std::cell::Cell::new(usize::MAX));
        let restart = async {
            let pause = Duration::from_millis(rand::random_range(300..1_500));
            actix_web::rt::time::sleep(pause).await;
            postgres.signal(if n % 2 == 0 { "-INT" } else { "-QUIT" });
            actix_web::rt::time::sleep(Duration::from_millis(500)).await;
            postgres.start();
            // Until so much was done again that nobody can doubt that it goes on.
            over.set(load.done() + 40);
        };
        let enough = {
            let (load, over, started) = (load.clone(), over.clone(), Instant::now());
            move || load.done() >= over.get() || started.elapsed() > Duration::from_secs(90)
        };
        futures_util::future::join(load.run(&served.base, false, enough), restart).await;
        assert!(load.done() >= over.get().max(before), "it does not go on");
        load.reconcile(&served.base, &target).await;
    }
    assert!(served.runs(), "Sentra itself was not restarted");
    load::verify_is_silent(&url, data.path());
    load::mails_are_made_once(&target).await;
}

#[actix_web::test]
async fn a_restart_of_postgresql_is_survived_without_one_of_sentra() {
    restarted_again_and_again(2).await;
}

/// `cargo test --test api restarted_ten_times -- --ignored`
#[actix_web::test]
#[ignore = "ten times; some minutes"]
async fn postgresql_restarted_ten_times() {
    restarted_again_and_again(10).await;
}
