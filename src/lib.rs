//! Sentra: a workflow service for Special Allocation Fund (DAK Fisik) proposals in the small and medium industry field.

pub mod app;
pub mod cli;
pub mod domain;
pub mod http;
pub mod mail;
pub mod service;
pub mod storage;
pub mod worker;
