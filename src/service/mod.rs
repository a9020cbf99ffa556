//! The use-cases. One public function is one named transaction; views are what answers look like.

pub mod access;
pub mod clock;
pub mod context;
pub mod demonstration;
pub mod error;
pub mod once;
pub mod secret;
pub mod trail;
pub mod view;

pub use crate::storage::private;

pub mod account;
pub mod action;
pub mod agreement;
pub mod allocation;
pub mod amendment;
pub mod assignment;
pub mod authority;
pub mod carry;
pub mod centre;
pub mod centre_funding;
pub mod change_request;
pub mod compare;
pub mod condition;
pub mod console;
pub mod contract;
pub mod contract_list;
pub mod decree;
pub mod digest;
pub mod document;
pub mod double_funding;
pub mod evidence;
pub mod expenditure_list;
pub mod facts;
pub mod finding;
pub mod gate;
pub mod grant;
pub mod health;
pub mod hold;
pub mod invitation;
pub mod journal;
pub mod line;
pub mod line_review;
pub mod money;
pub mod notices;
pub mod notifications;
pub mod outbox;
pub mod password;
pub mod plan;
pub mod policy;
pub mod preference;
pub mod proposal;
pub mod radar;
pub mod readiness;
pub mod reading;
pub mod reason;
pub mod recovery;
pub mod reminders;
pub mod report;
pub mod reversal;
pub mod revision;
pub mod sample;
pub mod scan;
pub mod session;
pub mod sheet;
pub mod sniff;
pub mod spending;
pub mod store;
pub mod sweep;
pub mod throttle;
pub mod token;
pub mod tranche;
pub mod unsubscribe;
pub mod usage;
pub mod user;
pub mod verify;
pub mod waiver;
pub mod workflow;

#[cfg(test)]
mod people_tests;

use crate::storage::Database;
use clock::Clock;
use document::Documents;
use password::Hasher;
use session::SessionSettings;
use std::sync::Arc;

/// What every use-case works with.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub db: Database,
    /// The clock.
    pub clock: Clock,
    /// Hashes passwords, on no more threads than there are cores.
    pub hasher: Arc<Hasher>,
    /// Where documents are, and their bounds.
    pub documents: Documents,
    /// How long sessions and invitations hold, and how sign-ins are throttled.
    pub sessions: SessionSettings,
}
