//! What every handler can reach, and the bounds of its work.

use crate::domain::moment::Moment;
use crate::http::problem::Problem;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::export::{self, Publisher, Spool};
use metrics_exporter_prometheus::PrometheusHandle;
use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bounds of a request.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes of a JSON body.
    pub body_bytes: usize,
    /// How long a client may take to send its body.
    pub body_time: Duration,
    /// Requests that may be at work in the database at once.
    pub at_work: usize,
    /// How long a request waits for its turn before it is told that the service is busy.
    pub turn: Duration,
    /// Exports, and samples, that may be made at once; another one is told to come later. An export counts until it is sent.
    pub exports: usize,
    /// How long a client may take none of a file that was made for it, before that is given up.
    pub stall: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            body_time: Duration::from_secs(30),
            at_work: 64,
            turn: Duration::from_millis(800),
            exports: 2,
            stall: Duration::from_secs(30),
        }
    }
}

/// What every handler can reach.
#[derive(Clone)]
pub struct State {
    /// The use-cases.
    pub services: Services,
    /// Bounds of a request.
    pub bounds: Bounds,
    /// Prometheus' view of the metrics.
    pub metrics: Option<PrometheusHandle>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Who publishes projects, and where.
    pub publisher: Publisher,
    turns: Arc<Semaphore>,
    exports: Arc<Semaphore>,
}

impl State {
    /// The state of a service.
    pub fn new(
        services: Services,
        bounds: Bounds,
        metrics: Option<PrometheusHandle>,
        trusted_proxies: Vec<IpAddr>,
        publisher: Publisher,
    ) -> State {
        let turns = Arc::new(Semaphore::new(bounds.at_work));
        let exports = Arc::new(Semaphore::new(bounds.exports));
        State { services, bounds, metrics, trusted_proxies, publisher, turns, exports }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.services.clock.now()
    }

    /// Writes an export into a file of its own, one of few at once; when there are as many, says so at once. The turn goes
    /// with the export: it is over when that is sent.
    pub async fn export(
        &self,
        work: impl FnOnce(&Services, &mut (dyn Write + Send)) -> Result<u64, Error> + Send + 'static,
    ) -> Result<(Spool, OwnedSemaphorePermit), Problem> {
        self.few(move |sv| export::spooled(sv, |out| work(sv, out))).await
    }

    /// Runs work that reads much, with its turn: one of few at once; when there are as many, says so at once.
    pub async fn few<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Services) -> Result<T, Error> + Send + 'static,
    ) -> Result<(T, OwnedSemaphorePermit), Problem> {
        let turn = Arc::clone(&self.exports).try_acquire_owned();
        let turn = turn.map_err(|_| Problem::from(Error::Busy))?;
        self.blocking(move |sv| work(sv).map(|done| (done, turn))).await
    }

    /// Runs work that blocks on a thread of its own, when it is its turn; when too many wait, says so at once.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Services) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = tokio::time::timeout(self.bounds.turn, Arc::clone(&self.turns).acquire_owned());
        let Ok(Ok(turn)) = turn.await else { return Err(Error::Busy.into()) };
        let services = self.services.clone();
        let done = actix_web::web::block(move || {
            // The turn is over when the work is, also when the client went away meanwhile.
            let _turn = turn;
            work(&services)
        });
        match done.await {
            Ok(outcome) => outcome.map_err(Problem::from),
            Err(_) => Err(Error::Defect("the work panicked".to_owned()).into()),
        }
    }
}
