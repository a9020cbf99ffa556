//! The words of the trade, pure: no clock, no storage, no network. Everything that is decided is decided here.

#[macro_use]
mod text_enum;

pub mod act;
pub mod assessment;
pub mod audit;
pub mod calendar;
pub mod centre;
pub mod change;
pub mod contract;
pub mod deadline;
pub mod document;
pub mod double_funding;
pub mod finding;
pub mod gate;
pub mod guard;
pub mod ids;
pub mod input;
pub mod journal;
pub mod line;
pub mod mail;
pub mod moment;
pub mod money;
pub mod notice;
pub mod people;
pub mod plan;
pub mod policy;
pub mod preference;
pub mod proposal;
pub mod queue;
pub mod readiness;
pub mod refusal;
pub mod region;
pub mod remark;
pub mod reminder;
pub mod report;
pub mod sample;
pub mod tranche;
pub mod workflow;
pub mod written;
