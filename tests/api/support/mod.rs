//! What tests stand on: databases of both kinds, processes of their own, the application and its people.

pub mod app;
pub mod case;
pub mod client;
pub mod database;
pub mod disk;
pub mod documents;
pub mod life;
pub mod mails;
pub mod postgres;
pub mod process;
pub mod python;
pub mod s3;
pub mod served;
#[expect(dead_code, reason = "the unit tests of the way to the relay use the rest of it")]
pub mod smtp;
