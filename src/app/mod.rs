//! Builds pools, workers and the server from configuration. `main`, the command line and the tests all start here.

pub mod config;
pub mod telemetry;

use crate::domain::moment::Moment;
use crate::http::middleware::around;
use crate::http::routes;
use crate::http::state::{Bounds, State};
use crate::mail::Site;
use crate::mail::dkim::Signer;
use crate::mail::render::Renderer;
use crate::mail::transport::{Mailer, Transport};
use crate::service::Services;
use crate::service::clock::Clock;
use crate::service::document::Documents;
use crate::service::export::{Publisher, UNREGISTERED};
use crate::service::outbox;
use crate::service::password::{HashSettings, Hasher};
use crate::service::seal::checkpoint;
use crate::service::session::SessionSettings;
use crate::storage::connection::Target;
use crate::storage::lock::{self, FileLock};
use crate::storage::{Database, PoolSettings, migrate};
use crate::worker::{self, Stop, deadlines, documents, mail, reminders, sealing};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// Turns any failure to start into its words.
fn because(error: impl std::fmt::Display) -> StartError {
    StartError(error.to_string())
}

/// Where the data is, and how it is used.
#[derive(Debug, Clone)]
pub struct Store {
    /// The database.
    pub target: Target,
    /// The same as the role that migrates, where that is another.
    pub migration: Option<Target>,
    /// Connections.
    pub pool: PoolSettings,
    /// Passwords' hashes.
    pub hash: HashSettings,
    /// Documents.
    pub documents: Documents,
    /// Sessions.
    pub sessions: SessionSettings,
    /// The clock.
    pub clock: Clock,
}

impl Store {
    /// A store with everything but the database as it comes.
    pub fn new(target: Target) -> Store {
        let beside = match &target {
            Target::Sqlite(path) => path.parent().unwrap_or(std::path::Path::new(".")).to_owned(),
            Target::Postgres(_) => PathBuf::from("sentra-data"),
        };
        Store {
            documents: Documents::in_folder(&beside.join("documents")),
            target,
            migration: None,
            pool: PoolSettings::default(),
            hash: HashSettings::default(),
            sessions: SessionSettings::default(),
            clock: Clock::System,
        }
    }

    /// The use-cases over the database as it is; nothing is migrated or locked.
    pub fn services(&self) -> Result<Services, StartError> {
        Ok(Services {
            db: Database::new(self.target.clone(), self.pool),
            clock: self.clock.clone(),
            hasher: Arc::new(Hasher::new(self.hash).map_err(because)?),
            documents: self.documents.clone(),
            sessions: self.sessions,
        })
    }

    /// The same over a database that has to be there, and at this version.
    pub fn services_at_this_version(&self) -> Result<Services, StartError> {
        migrate::check(&self.target).map_err(because)?;
        self.services()
    }

    /// Takes the lock of a SQLite file; `patience` is how long to wait for another process.
    pub fn lock(&self, patience: Duration) -> Result<Option<FileLock>, StartError> {
        lock::take(&self.target, patience).map_err(because)
    }

    /// Brings the database to this version.
    pub fn migrate(&self) -> Result<(), StartError> {
        let now: Moment = self.clock.now();
        match &self.migration {
            Some(owner) => migrate::up(owner, self.target.role().as_deref(), now),
            None => migrate::up(&self.target, None, now),
        }
        .map_err(because)
    }

    /// Takes every table away again; refused where there is history.
    pub fn take_down(&self) -> Result<(), StartError> {
        migrate::down(self.migration.as_ref().unwrap_or(&self.target)).map_err(because)
    }

    /// Lock, migrate, build.
    pub fn open(&self) -> Result<Opened, StartError> {
        let lock = self.lock(Duration::ZERO)?;
        self.migrate()?;
        Ok(Opened { services: self.services()?, lock })
    }
}

/// A store that is open for serving.
pub struct Opened {
    /// The use-cases.
    pub services: Services,
    /// Held as long as it serves.
    pub lock: Option<FileLock>,
}

/// How it serves.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Where to listen.
    pub listen: String,
    /// The address that people reach it by.
    pub base_url: Option<String>,
    /// The relay for mail; files when absent.
    pub smtp_url: Option<String>,
    /// The sender of mail.
    pub mail_from: Option<String>,
    /// Signs mail (DKIM), where that is wanted.
    pub signer: Option<Arc<Signer>>,
    /// Where mail is written when there is no relay.
    pub mail_folder: PathBuf,
    /// Bounds of a request.
    pub bounds: Bounds,
    /// Threads that answer.
    pub threads: usize,
    /// The mail worker's pace.
    pub mail: mail::Settings,
    /// The deadline worker's pace.
    pub deadlines: deadlines::Settings,
    /// The reminder worker's pace.
    pub reminders: reminders::Settings,
    /// The document worker's pace.
    pub documents: documents::Settings,
    /// The sealer's pace, its keys, and where checkpoints go.
    pub sealing: sealing::Settings,
    /// Whether the workers run; a test may run them by hand.
    pub workers: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Who publishes projects.
    pub publishing: Publishing,
}

/// Who publishes projects, wherever that is served.
#[derive(Debug, Clone)]
pub struct Publishing {
    /// Who.
    pub name: String,
    /// What project identifiers begin with.
    pub prefix: String,
    /// The licence of the data, as a URL.
    pub licence: Option<String>,
}

impl Default for Publishing {
    fn default() -> Self {
        Publishing { name: "Sentra".to_owned(), prefix: UNREGISTERED.to_owned(), licence: None }
    }
}

impl Publishing {
    /// The same, at an address that people reach it by.
    pub fn at(&self, base_url: &str) -> Publisher {
        let Publishing { name, prefix, licence } = self.clone();
        Publisher { name, base_url: base_url.trim_end_matches('/').to_owned(), prefix, licence }
    }
}

impl Serving {
    /// Everything as it comes, with mail under a folder.
    pub fn new(listen: String, data_dir: &std::path::Path) -> Serving {
        Serving {
            listen,
            base_url: None,
            smtp_url: None,
            mail_from: None,
            signer: None,
            mail_folder: data_dir.join("mail"),
            bounds: Bounds::default(),
            threads: std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8),
            mail: mail::Settings::default(),
            deadlines: deadlines::Settings::default(),
            reminders: reminders::Settings::default(),
            documents: documents::Settings::default(),
            sealing: sealing::Settings::in_folder(data_dir),
            workers: true,
            trusted_proxies: Vec::new(),
            publishing: Publishing::default(),
        }
    }
}

/// A service that runs.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The use-cases.
    pub services: Services,
    /// Ends when the server does.
    pub server: actix_web::dev::Server,
    workers: Vec<worker::Running>,
    _lock: Option<FileLock>,
}

/// A mail worker to be run by hand.
pub fn mail_worker(
    services: &Services,
    serving: &Serving,
    base_url: &str,
) -> Result<mail::MailWorker, StartError> {
    stoppable_mail_worker(services, serving, base_url, Stop::new())
}

fn stoppable_mail_worker(
    services: &Services,
    serving: &Serving,
    base_url: &str,
    stop: Stop,
) -> Result<mail::MailWorker, StartError> {
    let site = Site::parse(base_url).map_err(because)?;
    let transport =
        Transport::choose(serving.smtp_url.as_deref(), &serving.mail_folder).map_err(because)?;
    let mailer = Mailer::new(&site, serving.mail_from.as_deref(), transport)
        .map_err(because)?
        .signing(serving.signer.clone());
    let render = Arc::new(Renderer::new(site));
    Ok(mail::MailWorker::new(services.clone(), render, mailer, serving.mail, stop))
}

/// A sealer, with the keys that it signs by; which are told, so that whoever verifies can know them from elsewhere.
pub fn seal_worker(
    services: &Services,
    serving: &Serving,
) -> Result<sealing::SealWorker, StartError> {
    let keys = serving.sealing.key.read().map_err(because)?;
    let origin = checkpoint::origin(services).map_err(because)?;
    for key in keys.verifiers(&origin) {
        tracing::info!(%key, "checkpoints of the audit trail are signed by this verifier key");
    }
    let settings = serving.sealing.clone();
    sealing::SealWorker::new(services.clone(), settings, Arc::new(keys)).map_err(because)
}

/// Starts to serve. The server has to be awaited; the workers run on threads of their own.
pub fn start(opened: Opened, serving: &Serving) -> Result<Running, StartError> {
    let listener = TcpListener::bind(&serving.listen)
        .map_err(|error| StartError(format!("can't listen on {}: {error}", serving.listen)))?;
    let address = listener.local_addr().map_err(because)?;
    let base_url = serving.base_url.clone().unwrap_or_else(|| format!("http://{address}"));
    let Opened { services, lock } = opened;
    let metrics = telemetry::metrics().map_err(because)?;
    let state = State::new(
        services.clone(),
        serving.bounds,
        Some(metrics),
        serving.trusted_proxies.clone(),
        serving.publishing.at(&base_url),
    );
    let state = Data::new(state);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .wrap(from_fn(around))
            .configure(routes::configure_outside)
            .service(web::scope("/api/v1").configure(routes::configure))
            .default_service(web::to(crate::http::middleware::nothing_here))
    })
    .workers(serving.threads)
    .max_connections(4_096)
    .client_request_timeout(Duration::from_secs(10))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(30)
    .listen(listener)
    .map_err(because)?
    .run();
    let mut workers = Vec::new();
    let stop = Stop::new();
    let mail = stoppable_mail_worker(&services, serving, &base_url, stop.clone())?;
    if serving.workers {
        if lock.is_some() {
            // No other process can have it: what one that was killed had in hand goes at once.
            outbox::release_all(&services).map_err(because)?;
        }
        workers.extend(mail.start().map_err(because)?);
        let deadlines = deadlines::DeadlineWorker::new(services.clone(), serving.deadlines);
        workers.push(deadlines.start(stop.clone()).map_err(because)?);
        let reminders = reminders::ReminderWorker::new(services.clone(), serving.reminders);
        workers.push(reminders.start(stop.clone()).map_err(because)?);
        let documents = documents::DocumentWorker::new(services.clone(), serving.documents);
        workers.push(documents.start(stop.clone()).map_err(because)?);
        let sealing = seal_worker(&services, serving)?;
        workers.extend(sealing.start(stop).map_err(because)?);
    }
    Ok(Running { address, services, server, workers, _lock: lock })
}

impl Running {
    /// Serves until it is told to stop (SIGTERM drains), then stops the workers.
    pub async fn serve(self) -> Result<(), StartError> {
        let outcome = self.server.await;
        for worker in &self.workers {
            worker.stop();
        }
        for worker in self.workers {
            worker.join();
        }
        outcome.map_err(because)
    }
}
