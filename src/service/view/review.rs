//! What answers about reviews look like: change requests, versions, agreements.

use crate::domain::change::{Difference, RequestState, Side};
use crate::domain::ids::{
    AssignmentId, ChangeRequestId, ConflictId, EventId, LineAgreementId, UserId,
};
use crate::domain::moment::Moment;
use crate::domain::people::Role;
use crate::storage::audit::EventRow;
use crate::storage::{agreement, assignment, change_request};
use serde::Serialize;
use utoipa::ToSchema;

/// A change that was asked for, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChangeRequest {
    /// Its id.
    pub id: ChangeRequestId,
    /// Which of the proposal's requests, from 1.
    #[schema(example = 1)]
    pub n: i64,
    /// What it is about, as a JSON pointer.
    #[schema(example = "/lines/3/unit_cost_idr")]
    pub pointer: String,
    /// What is asked, in words.
    pub comment: String,
    /// Where it stands.
    pub state: RequestState,
    /// How often an answer was refused.
    pub rounds: i64,
    /// In which role it was asked.
    pub asked_role: Role,
    /// By whom.
    pub asked_by: UserId,
    /// When.
    pub asked_at: Moment,
    /// At which version of the proposal.
    pub asked_version: i64,
    /// The region's last answer.
    pub answer: Option<String>,
    /// By whom.
    pub answered_by: Option<UserId>,
    /// When.
    pub answered_at: Option<Moment>,
    /// Who accepted or refused the last answer that was judged.
    pub decided_by: Option<UserId>,
    /// When.
    pub decided_at: Option<Moment>,
    /// With which words.
    pub decision_comment: Option<String>,
    /// At which version of the proposal it was accepted.
    pub accepted_version: Option<i64>,
    /// Whether what it is about was changed after it was accepted.
    pub changed_since_acceptance: bool,
    /// For `If-Match`.
    pub version: i64,
}

impl ChangeRequest {
    /// A request, with whether its subject was changed since it was accepted.
    pub fn of(row: change_request::ChangeRequest, changed_since_acceptance: bool) -> Self {
        ChangeRequest {
            id: row.id,
            n: row.n,
            pointer: row.pointer,
            comment: row.comment,
            state: row.state,
            rounds: row.rounds,
            asked_role: row.asked_role,
            asked_by: row.asked_by,
            asked_at: row.asked_at,
            asked_version: row.asked_version,
            answer: row.answer,
            answered_by: row.answered_by,
            answered_at: row.answered_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decision_comment: row.decision_comment,
            accepted_version: row.accepted_version,
            changed_since_acceptance,
            version: row.version,
        }
    }
}

/// The requests that one call made.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChangeRequests {
    /// In the order of their numbers.
    pub items: Vec<ChangeRequest>,
}

/// A version of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Revision {
    /// Which, from 1.
    #[schema(example = 7)]
    pub version: i64,
    /// The event that made it.
    pub event_id: Option<EventId>,
    /// When.
    pub at: Option<Moment>,
    /// What was done.
    #[schema(example = "proposal.edit")]
    pub action: Option<String>,
    /// By whom; the service itself when absent.
    pub actor_id: Option<UserId>,
    /// In which role.
    pub actor_role: Option<Role>,
    /// The parts of the proposal that it changed, as JSON pointers.
    #[schema(example = json!(["/lines", "/title"]))]
    pub changed: Vec<String>,
}

impl Revision {
    /// A version, with the event that made it.
    pub fn of(version: i64, event: Option<&EventRow>, changed: Vec<String>) -> Self {
        Revision {
            version,
            event_id: event.map(|event| event.id),
            at: event.map(|event| event.at),
            action: event.map(|event| event.action.clone()),
            actor_id: event.and_then(|event| event.actor_id),
            actor_role: event.and_then(|event| event.actor_role),
            changed,
        }
    }
}

/// What differs between two versions of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Diff {
    /// The version that is looked at.
    #[schema(example = 7)]
    pub version: i64,
    /// The version that it is compared with; 0 is nothing.
    #[schema(example = 6)]
    pub against: i64,
    /// Each value that differs.
    pub items: Vec<Difference>,
}

/// What one side said to one line in harmonisation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct LineAgreement {
    /// Its id.
    pub id: LineAgreementId,
    /// The event that it was said with.
    pub event_id: EventId,
    /// Of which line.
    #[schema(example = 3)]
    pub line_no: i64,
    /// Which side.
    pub side: Side,
    /// Whether it agrees.
    pub agrees: bool,
    /// To which volume, in thousandths of the unit.
    pub volume_thousandths: Option<i64>,
    /// To which amount.
    pub amount_idr: Option<i64>,
    /// In which words.
    pub words: Option<String>,
    /// By whom.
    pub said_by: UserId,
    /// When.
    pub said_at: Moment,
}

impl From<agreement::LineAgreement> for LineAgreement {
    fn from(row: agreement::LineAgreement) -> Self {
        LineAgreement {
            id: row.id,
            event_id: row.event_id,
            line_no: row.line_no,
            side: row.side,
            agrees: row.agrees,
            volume_thousandths: row.volume_thousandths,
            amount_idr: row.amount_idr.map(|amount| amount.0),
            words: row.words,
            said_by: row.said_by,
            said_at: row.said_at,
        }
    }
}

/// That a person reviews a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// Who reviews it.
    pub user_id: UserId,
    /// Who says so.
    pub assigned_by: UserId,
    /// Since when.
    pub assigned_at: Moment,
    /// Until when.
    pub ended_at: Option<Moment>,
    /// Whether it counts now: it has not ended, and the person can review the proposal. Somebody who is disabled, whose
    /// grant is revoked, has run out or is for another commodity, or whom four eyes excludes, can't. Where none counts,
    /// every reviewer may review.
    pub in_force: bool,
    /// For `If-Match`.
    pub version: i64,
}

impl Assignment {
    /// An assignment, with whether it counts.
    pub fn of(row: assignment::Assignment, in_force: bool) -> Self {
        Assignment {
            id: row.id,
            user_id: row.user_id,
            assigned_by: row.assigned_by,
            assigned_at: row.assigned_at,
            ended_at: row.ended_at,
            in_force,
            version: row.version,
        }
    }
}

/// A conflict of interest that a person declared.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Conflict {
    /// Its id.
    pub id: ConflictId,
    /// Whose.
    pub user_id: UserId,
    /// Why, in words.
    pub reason: String,
    /// When.
    pub declared_at: Moment,
}

impl From<assignment::Conflict> for Conflict {
    fn from(row: assignment::Conflict) -> Self {
        Conflict {
            id: row.id,
            user_id: row.user_id,
            reason: row.reason,
            declared_at: row.declared_at,
        }
    }
}
