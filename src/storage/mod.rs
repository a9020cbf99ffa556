//! Everything that speaks to the database: pools, the schema, and one file per table with its rows and queries.
//! Queries take a connection and return what they found; nothing is decided here.

#[expect(missing_docs, reason = "the derive of MultiConnection writes items without")]
pub mod connection;
pub mod database;
pub mod error;
pub mod lock;
pub mod migrate;
#[rustfmt::skip]
#[expect(missing_docs, reason = "generated")]
pub mod schema;
mod types;

pub mod agreement;
pub mod allocation;
pub mod amendment;
pub mod assignment;
pub mod audit;
pub mod bulk;
pub mod carry;
pub mod ceiling;
pub mod centre;
pub mod change_request;
pub mod checkpoint;
pub mod condition;
pub mod contract;
pub mod decree;
pub mod digest;
pub mod document;
pub mod expenditure;
pub mod export;
pub mod finding;
pub mod funding;
pub mod grant;
pub mod hold;
pub mod idempotency;
pub mod invitation;
pub mod journal;
pub mod known;
pub mod line;
pub mod mail;
pub mod notice;
pub mod odd;
pub mod outbox;
pub mod packed;
pub mod participation;
pub mod plan;
pub mod policy;
pub mod preference;
pub mod private;
pub mod proposal;
pub mod question;
pub mod queue;
pub mod radar;
pub mod recovery;
pub mod region;
pub mod reminder;
pub mod report;
pub mod returns;
pub mod sample;
pub mod seal;
pub mod setting;
pub mod throttle;
pub mod token;
pub mod trail;
pub mod tranche;
pub mod usage;
pub mod user;
pub mod verify;
pub mod versioned;
pub mod waiver;

pub use connection::AnyConnection;
pub use database::{Database, Failure, PoolSettings};
pub use error::DbError;

/// How many ids one statement names, where there may be any number of them: SQLite binds at most 32,766 values, and a statement
/// of some hundreds is as quick for each id as a longer one.
const IDS_AT_ONCE: usize = 500;

/// What a query fails with, before it is told apart.
pub type QueryError = diesel::result::Error;
