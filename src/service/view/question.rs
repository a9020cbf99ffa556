//! What the auditors' questions and their answers look like.

use crate::domain::ids::{ProposalId, RegionCode};
use crate::domain::question::RowKind;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A question that auditors ask, as the catalogue tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "number": 2, "slug": "payment-orders", "kind": "breach",
    "question_id": "Apakah setiap SP2D milik suatu kontrak, punya dokumen dasar, dan terbit setelah penyaluran?",
    "question_en": "Does each payment order belong to a contract, rest on a document, and follow the disbursement?",
    "row": "A payment order without a file of its number and date, before its contract, or before the first disbursement.",
    "basis": "PER-3/PK/2020 (APIP review)", "parameters": ["fiscal_year", "region_code", "province_code", "proposal_id"],
    "required": [], "path": "/api/v1/audit/questions/payment-orders"
}))]
pub struct Question {
    /// Its number in the list that auditors work by.
    #[schema(example = 2)]
    pub number: u8,
    /// What it is called in paths.
    #[schema(example = "payment-orders")]
    pub slug: String,
    /// Whether each of its rows is something wrong, or something that is told.
    pub kind: RowKind,
    /// The question, in Indonesian.
    pub question_id: String,
    /// The question, in English.
    pub question_en: String,
    /// What makes a row.
    pub row: String,
    /// The rule or the practice that asks for it.
    pub basis: String,
    /// By what it can be narrowed.
    pub parameters: Vec<String>,
    /// Those of them that it needs.
    pub required: Vec<String>,
    /// Where it is answered.
    pub path: String,
}

/// Every question that is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Catalogue {
    /// By number.
    pub items: Vec<Question>,
}

/// A row of an answer: one thing, with what shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "proposal_id": "0190163d-8694-739b-aea5-966c26f8ad91", "fiscal_year": 2021, "region_code": "18.71",
    "title": "Sentra IKM Tenun Tapis",
    "says": "SP2D 7/2021 of 2021-04-01 has no file of its number; it lies before the first disbursement (2021-05-03).",
    "figures": [{ "name": "spent_on", "expected": "2021-05-03", "found": "2021-04-01" }],
    "evidence": ["/api/v1/proposals/0190163d-8694-739b-aea5-966c26f8ad91/expenditures"]
}))]
pub struct Row {
    /// About which proposal.
    pub proposal_id: ProposalId,
    /// Of which year.
    pub fiscal_year: i64,
    /// Of which region.
    #[schema(example = "18.71")]
    pub region_code: RegionCode,
    /// Its title.
    pub title: String,
    /// What is wrong, or told, in a sentence.
    pub says: String,
    /// What it was found by.
    pub figures: Vec<Figure>,
    /// Where it can be read, as paths of this API.
    pub evidence: Vec<String>,
}

/// A value of which one was expected and another was found.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Figure {
    /// What it is; an amount in rupiah ends in `_idr`, a share in basis points in `_bp`, a date in `_on`.
    #[schema(example = "absorbed_idr")]
    pub name: String,
    /// What should be, as far as something should.
    pub expected: Option<Value>,
    /// What is.
    pub found: Option<Value>,
}
