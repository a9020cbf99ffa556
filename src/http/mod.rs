//! The HTTP interface: the route table, extractors, problems, the API's own document; one file per resource.
//! A handler authorises, calls one service function and converts.

pub mod body;
pub mod call;
pub mod middleware;
pub mod multipart;
pub mod openapi;
pub mod problem;
pub mod query;
pub mod radar;
pub mod routes;
pub mod state;
mod unread;

pub mod action;
pub mod allocation;
pub mod amendment;
pub mod assignment;
pub mod centre;
pub mod change_request;
pub mod document;
pub mod evidence;
pub mod finding;
pub mod gate;
pub mod health;
pub mod hold;
pub mod line;
pub mod outbox;
pub mod people;
pub mod plan;
pub mod policy;
pub mod preference;
pub mod proposal;
pub mod readiness;
mod reminder;
pub mod report;
pub mod revision;
pub mod sample;
pub mod session;
pub mod spending;
pub mod tranche;
pub mod unsubscribe;
pub mod usage;
pub mod visitor;
