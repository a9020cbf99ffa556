//! What is said when something is not done: unmet guards, and values that were not understood.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Blocker {
    /// Stable, for programs.
    #[schema(example = "supporting_cap")]
    pub code: String,
    /// For people: what is wrong, with its figures, and how to mend it.
    pub message: String,
    /// Where, as a JSON pointer into the resource or the request.
    #[schema(example = "/lines")]
    pub pointer: String,
}

impl Blocker {
    /// A blocker with its three parts.
    pub fn new(code: &str, pointer: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), pointer: pointer.to_owned() }
    }
}

/// Why a decision was refused: every reason at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One sentence for people.
    pub detail: String,
    /// Each reason.
    pub blockers: Vec<Blocker>,
}

impl Refusal {
    /// A refusal for one reason.
    pub fn of(blocker: Blocker) -> Self {
        Self { detail: blocker.message.clone(), blockers: vec![blocker] }
    }

    /// A refusal for several reasons.
    pub fn because(blockers: Vec<Blocker>) -> Self {
        let detail = match blockers.as_slice() {
            [one] => one.message.clone(),
            several => format!("{} things stand in the way.", several.len()),
        };
        Self { detail, blockers }
    }
}

/// One value of a request that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where, as a JSON pointer into the request.
    #[schema(example = "/lines/3/unit_cost_idr")]
    pub pointer: String,
    /// Stable, for programs.
    #[schema(example = "invalid")]
    pub code: String,
    /// For people: what is wrong and how to mend it.
    pub message: String,
}

impl FieldError {
    /// An error with its three parts.
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.to_owned(), message: message.into() }
    }
}

/// A text that is not one of a closed vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown value {given:?}; known are: {known}")]
pub struct UnknownText {
    /// What was given.
    pub given: String,
    /// What would have been understood.
    pub known: String,
}
