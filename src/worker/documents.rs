//! Looks after documents: has those scanned that wait for it, and removes bytes that belong to none.

use crate::service::Services;
use crate::service::document::tidy::{self, Tidied};
use crate::service::error::Error;
use crate::worker::{Running, Stop, start};
use std::io;
use std::time::{Duration, Instant};

/// How often.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Between two looks at what waits for the scanner.
    pub scan_every: Duration,
    /// Between two sweeps of what belongs to no row.
    pub sweep_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { scan_every: Duration::from_secs(30), sweep_every: Duration::from_secs(3600) }
    }
}

/// Looks after documents.
#[derive(Clone)]
pub struct DocumentWorker {
    sv: Services,
    settings: Settings,
}

impl DocumentWorker {
    /// Looks after the documents of a service.
    pub fn new(sv: Services, settings: Settings) -> DocumentWorker {
        DocumentWorker { sv, settings }
    }

    /// Has those scanned that wait, once.
    pub fn scan_once(&self) -> Result<Tidied, Error> {
        tidy::scan(&self.sv)
    }

    /// Removes what belongs to no row, once.
    pub fn sweep_once(&self) -> Result<Tidied, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Defect(error.to_string()))?;
        let swept = runtime.block_on(tidy::sweep(&self.sv))?;
        if swept.swept > 0 {
            tracing::info!(swept = swept.swept, "removed bytes that belonged to no document");
        }
        Ok(swept)
    }

    /// Starts the thread.
    pub fn start(self, stop: Stop) -> io::Result<Running> {
        let mut swept: Option<Instant> = None;
        start("documents", stop, move || {
            let scanned = self.scan_once();
            // Neither waits for the other to go well.
            if swept.is_none_or(|at| at.elapsed() >= self.settings.sweep_every) {
                match self.sweep_once() {
                    Ok(_) => swept = Some(Instant::now()),
                    Err(error) => {
                        tracing::error!(%error, "documents are not swept; it is tried again")
                    }
                }
            }
            scanned.map(|_| self.settings.scan_every)
        })
    }
}
