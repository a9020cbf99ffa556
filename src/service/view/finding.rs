//! What answers about findings look like.

use crate::domain::finding::{AboutKind, FindingKind, FindingOutcome, FindingState, FollowUpSide};
use crate::domain::ids::{
    DocumentId, FindingId, FollowUpId, HoldId, ProposalId, RegionCode, UserId,
};
use crate::domain::moment::{Moment, Zone};
use crate::storage::finding;
use crate::storage::proposal::Proposal;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What was recorded of a proposal, and a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What kind of thing.
    pub kind: AboutKind,
    /// Its id.
    #[schema(example = "019376a0-0000-7000-8000-000000000001")]
    pub id: String,
}

/// What was said of a finding once it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FollowUp {
    /// Its id.
    pub id: FollowUpId,
    /// Who speaks: the region that follows up, or the auditor whom that does not content.
    pub side: FollowUpSide,
    /// In words.
    #[schema(example = "Penyedia telah menyetor kekurangan volume; STS 118 terlampir.")]
    pub text: String,
    /// What the region settled by it.
    #[schema(example = 48_000_000)]
    pub amount_idr: Option<i64>,
    /// The new last day that the auditor set.
    pub due_on: Option<NaiveDate>,
    /// What shows it.
    pub documents: Vec<DocumentId>,
    /// When.
    pub said_at: Moment,
    /// By whom.
    pub said_by: UserId,
}

/// A finding of an auditor, with what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// The region that follows it up.
    pub region_code: RegionCode,
    /// The year of the proposal.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// Its number in the proposal, from 1.
    pub n: i64,
    /// What was found.
    pub kind: FindingKind,
    /// What was recorded that it is about.
    pub about: Option<About>,
    /// The place in the proposal that it is about.
    #[schema(example = "/lines/3")]
    pub pointer: Option<String>,
    /// In a few words.
    pub title: String,
    /// The condition (kondisi).
    pub description: String,
    /// The rule that it is held against (kriteria).
    pub criterion: String,
    /// Why it came to be (sebab).
    pub cause: String,
    /// What it led to (akibat).
    pub effect: String,
    /// What the region claims.
    #[schema(example = 1_260_000_000)]
    pub claimed_idr: Option<i64>,
    /// What was found in its place.
    #[schema(example = 1_212_000_000)]
    pub found_idr: Option<i64>,
    /// What was claimed beyond what was found; 0 where nothing was.
    #[schema(example = 48_000_000)]
    pub at_issue_idr: i64,
    /// What is to be done.
    pub recommendation: String,
    /// The last day of the follow-up.
    pub due_on: NaiveDate,
    /// Whether it waits for the region though that day is over.
    pub overdue: bool,
    /// The audit hold that goes with it.
    pub hold_id: Option<HoldId>,
    /// What it rests on.
    pub documents: Vec<DocumentId>,
    /// Where it stands.
    pub state: FindingState,
    /// Since when.
    pub state_since: Moment,
    /// When it was made.
    pub opened_at: Moment,
    /// By whom.
    pub opened_by: UserId,
    /// What was said of it afterwards, in the order of its saying.
    pub follow_ups: Vec<FollowUp>,
    /// How it ended.
    pub outcome: Option<FindingOutcome>,
    /// What of the amount at issue was settled.
    pub settled_idr: Option<i64>,
    /// Why it ended so.
    pub closed_reason: Option<String>,
    /// When it ended.
    pub closed_at: Option<Moment>,
    /// By whom.
    pub closed_by: Option<UserId>,
    /// For `If-Match`.
    pub version: i64,
}

impl Finding {
    /// The view of a finding of a proposal, at a moment.
    pub fn of(
        row: finding::Finding,
        proposal: &Proposal,
        (documents, follow_ups): (Vec<DocumentId>, Vec<FollowUp>),
        now: Moment,
    ) -> Finding {
        let ends = Zone::of(&proposal.region_code).end_of(row.due_on);
        Finding {
            at_issue_idr: row.at_issue().0,
            overdue: row.state == FindingState::Open && ends <= now,
            id: row.id,
            proposal_id: row.proposal_id,
            region_code: proposal.region_code.clone(),
            fiscal_year: proposal.fiscal_year,
            n: row.n,
            kind: row.kind,
            about: row.about_kind.zip(row.about_id).map(|(kind, id)| About { kind, id }),
            pointer: row.pointer,
            title: row.title,
            description: row.description,
            criterion: row.criterion,
            cause: row.cause,
            effect: row.effect,
            claimed_idr: row.claimed_idr.map(|amount| amount.0),
            found_idr: row.found_idr.map(|amount| amount.0),
            recommendation: row.recommendation,
            due_on: row.due_on,
            hold_id: row.hold_id,
            documents,
            state: row.state,
            state_since: row.state_since,
            opened_at: row.opened_at,
            opened_by: row.opened_by,
            follow_ups,
            outcome: row.outcome,
            settled_idr: row.settled_idr.map(|amount| amount.0),
            closed_reason: row.closed_reason,
            closed_at: row.closed_at,
            closed_by: row.closed_by,
            version: row.version,
        }
    }
}

impl FollowUp {
    /// The view of what was said, with what shows it.
    pub fn of(row: finding::FollowUp, documents: Vec<DocumentId>) -> FollowUp {
        FollowUp {
            id: row.id,
            side: row.side,
            text: row.text,
            amount_idr: row.amount_idr.map(|amount| amount.0),
            due_on: row.due_on,
            documents,
            said_at: row.said_at,
            said_by: row.said_by,
        }
    }
}
