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
    /// Whether the store of documents can be reached: `available` or `unavailable`. A folder that is full or read-only is
    /// `unavailable`, although what is in it is served; a bucket is only read, and may be `available` while it takes
    /// nothing. Everything but the bytes of documents is served without either, so that a process stays ready.
    pub documents: &'static str,
}

/// The setting that marks a database as a demonstration.
pub const DEMO: &str = "demo";

/// Whether the store of documents can be reached, in a word.
pub async fn documents(sv: &Services) -> &'static str {
    if sv.documents.store.answers().await { "available" } else { "unavailable" }
}

/// Asks the database; the store was asked before.
pub fn ready(sv: &Services, documents: &'static str) -> Result<Ready, Error> {
    sv.db.read(|tx| {
        Ok(Ready { status: "ready", demo: setting::get(tx, DEMO)?.is_some(), documents })
    })
}
