//! Whether the service can do its work.

use crate::service::Services;
use crate::service::error::Error;
use crate::storage::setting;
use serde::Serialize;
use utoipa::ToSchema;

/// That the service is ready.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Ready {
    /// `ready`.
    pub status: &'static str,
    /// Whether this is a demonstration, whose clock is not the world's.
    pub demo: bool,
}

/// The setting that marks a database as a demonstration.
pub const DEMO: &str = "demo";

/// Asks the database.
pub fn ready(sv: &Services) -> Result<Ready, Error> {
    sv.db.read(|tx| Ok(Ready { status: "ready", demo: setting::get(tx, DEMO)?.is_some() }))
}
