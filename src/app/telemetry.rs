//! The log and the metrics of this process.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::{Mutex, PoisonError};
use tracing_subscriber::EnvFilter;

static METRICS: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Upper bounds of the buckets of a duration, in seconds.
const BUCKETS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The same for how long events waited to be sealed: a second is much at rest, a minute under load.
const WAITS: [f64; 10] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// The metrics of this process; the recorder is installed once.
pub fn metrics() -> Result<PrometheusHandle, String> {
    let mut known = METRICS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*known {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
        .and_then(|builder| {
            let waits = Matcher::Full("sentra_sealer_wait_seconds".to_owned());
            builder.set_buckets_for_metric(waits, &WAITS)
        })
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| error.to_string())?;
    *known = Some(handle.clone());
    Ok(handle)
}

/// Starts the log on standard error; a second start changes nothing. Where a photo was taken is in nobody's log, unless
/// the filter asks for it.
pub fn log(filter: &str, json: bool) {
    let quiet = |filter: &str| format!("nom_exif=warn,{filter}");
    let filter =
        EnvFilter::try_new(quiet(filter)).unwrap_or_else(|_| EnvFilter::new(quiet("info")));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A process that logs already, such as a test's, keeps its log.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}
