//! The use-cases. One public function is one named transaction; views are what answers look like.

pub mod access;
pub mod clock;
pub mod context;
pub mod error;
pub mod once;
pub mod secret;
pub mod trail;
pub mod view;

pub mod action;
pub mod allocation;
pub mod centre;
pub mod condition;
pub mod contract;
pub mod facts;
pub mod journal;
pub mod line;
pub mod money;
pub mod notices;
pub mod plan;
pub mod policy;
pub mod proposal;
pub mod report;
pub mod spending;
pub mod sweep;
pub mod tranche;
pub mod verify;

use crate::storage::Database;
use clock::Clock;

/// What every use-case works with.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Database,
    /// The clock.
    pub clock: Clock,
}
