//! What answers about preferences look like.

use crate::domain::moment::{Moment, Zone};
use crate::domain::preference::Deliveries;
use serde::Serialize;
use utoipa::ToSchema;

/// How you are told, with every kind said.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MailPreferences {
    /// The hour of your daily digest, 0 to 23.
    #[schema(example = 7)]
    pub digest_hour: i64,
    /// On which clocks: those of the region of your first grant, else those of Jakarta.
    pub zone: Zone,
    /// When your next digest is due, if anything waits for it by then.
    pub next_digest_at: Moment,
    /// How each kind is told.
    pub deliveries: Deliveries,
    /// Send it as `If-Match` to change any of it; 0 while you have set nothing.
    #[schema(example = 3)]
    pub version: i64,
}
