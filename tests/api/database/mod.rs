//! What both databases have to hold, each test run on both where it applies.

mod append_only;
mod damage;
mod errors;
mod faults;
mod lock;
mod migrations;
mod parity;
mod read;
mod roles;
pub mod schema;
mod settings;
mod tls;
mod write;
