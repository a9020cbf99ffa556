//! Sentra: a workflow service for Special Allocation Fund (DAK Fisik) proposals in the small and medium industry field.

pub mod domain;
pub mod service;
pub mod storage;
