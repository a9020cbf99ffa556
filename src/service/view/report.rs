//! What answers about reports look like.

use crate::domain::ids::{ProposalId, ReportId};
use crate::domain::journal::EightFigures;
use crate::domain::moment::Moment;
use crate::domain::report::{ReportKind, ReportState};
use crate::storage::report;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A report on progress.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// What it is for.
    pub kind: ReportKind,
    /// Until which day it speaks.
    pub as_of: NaiveDate,
    /// Where it stands.
    pub state: ReportState,
    /// Physical progress, in basis points.
    pub physical_bp: i64,
    /// Output reached, in words.
    pub output: String,
    /// People at work.
    pub workforce: i64,
    /// Problems.
    pub problems: String,
    /// What is done about them.
    pub follow_up: String,
    /// The journal's figures as they were when it was submitted.
    pub figures: Option<EightFigures>,
    /// When it was submitted.
    pub submitted_at: Option<Moment>,
    /// When it was reviewed or returned.
    pub decided_at: Option<Moment>,
    /// Why it was returned.
    pub comment: Option<String>,
    /// For `If-Match`.
    pub version: i64,
}

impl From<report::Report> for Report {
    fn from(row: report::Report) -> Self {
        Report {
            figures: row.figures.as_deref().and_then(|figures| serde_json::from_str(figures).ok()),
            id: row.id,
            proposal_id: row.proposal_id,
            kind: row.kind,
            as_of: row.as_of,
            state: row.state,
            physical_bp: row.physical_bp.0,
            output: row.output,
            workforce: row.workforce,
            problems: row.problems,
            follow_up: row.follow_up,
            submitted_at: row.submitted_at,
            decided_at: row.decided_at,
            comment: row.comment,
            version: row.version,
        }
    }
}
