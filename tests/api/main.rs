//! The one integration test binary: everything that needs a database, a process or the whole source tree.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can not go on fails; clippy knows only functions marked as tests"
)]

mod access;
mod audit;
mod audit_export;
mod bounces;
mod corrections;
mod database;
mod demo;
mod docs;
mod documents;
mod endings;
mod erasure;
mod evasions;
mod evidence;
mod exports;
mod faults;
mod figures;
mod findings;
mod forged;
mod four_eyes;
mod gates;
mod holds;
mod hostile;
mod known;
mod layers;
mod line_review;
mod lines;
mod lists;
mod mail;
mod mail_dates;
mod mail_texts;
mod matrix;
mod money;
mod openapi;
mod people;
mod picture;
mod plans;
mod policy;
mod preferences;
mod projects;
mod questions;
mod queue;
mod races;
mod radar;
mod raw;
mod readiness;
mod reminders;
mod review;
mod revival;
mod safe_writes;
mod samples;
mod sealing;
mod sealing_served;
mod support;
mod tampering;
mod tranche;
mod usage;
mod walks;
mod workflow;
