//! What is sent to ask for changes, to answer and to accept.

use crate::domain::input::{Checks, MAX_LONG, MAX_SHORT};
use crate::domain::refusal::FieldError;
use serde::Deserialize;
use utoipa::ToSchema;

/// The most requests of one call.
const MOST_AT_ONCE: usize = 100;

/// One change that is asked for.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequestDraft {
    /// What it is about: a field (`/title`), all lines (`/lines`), one (`/lines/3`), a field of it, or a type of
    /// document that the policy of the year names, or that goes with an act (`/documents/land_certificate`).
    #[schema(example = "/lines/3/unit_cost_idr")]
    pub pointer: String,
    /// What is asked, in words.
    #[schema(example = "Harga satuan melebihi standar biaya daerah; mohon dasar perhitungannya.")]
    pub comment: String,
}

/// Changes that are asked for.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeRequestsDraft {
    /// They get the next numbers, in this order.
    pub items: Vec<ChangeRequestDraft>,
}

impl ChangeRequestsDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.require(!self.items.is_empty(), "/items", "required", "must have at least one");
        checks.require(
            self.items.len() <= MOST_AT_ONCE,
            "/items",
            "too_many",
            "must have at most 100 items",
        );
        for (index, item) in self.items.iter().enumerate().take(MOST_AT_ONCE) {
            checks.text(&format!("/items/{index}/pointer"), &item.pointer, MAX_SHORT);
            checks.text(&format!("/items/{index}/comment"), &item.comment, MAX_LONG);
        }
        checks.done()
    }
}

/// The region's answer to a request.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestAnswer {
    /// In words.
    #[schema(example = "Harga satuan disesuaikan dengan SK Wali Kota 2020.")]
    pub answer: String,
}

impl RequestAnswer {
    /// Whether it says something.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/answer", &self.answer, MAX_LONG);
        checks.done()
    }
}

/// The acceptance of an answer.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequestAcceptance {
    /// Words, where there is something to say.
    pub comment: Option<String>,
}

impl RequestAcceptance {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.optional_text("/comment", self.comment.as_deref(), MAX_LONG);
        checks.done()
    }
}
