//! Why something is taken back: the body of several calls.

use crate::domain::input::{Checks, MAX_LONG};
use crate::domain::refusal::FieldError;
use serde::Deserialize;
use utoipa::ToSchema;

/// Why something is taken back.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakingBack {
    /// Why, in words.
    #[schema(example = "Salah catat.")]
    pub reason: String,
}

impl TakingBack {
    /// Whether it says something.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.done()
    }
}
