//! Conditions of an approval, lifted one by one with evidence.

use crate::domain::audit::SubjectKind;
use crate::domain::document::DocumentStatus;
use crate::domain::ids::{ConditionId, DocumentId, EventId, ProposalId};
use crate::domain::input::{Checks, MAX_LONG};
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::trail::{self, Event};
use crate::service::view::Page;
use crate::service::view::proposal as view;
use crate::service::{Services, access};
use crate::storage::condition::{self, Condition};
use crate::storage::{AnyConnection, document};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The lifting of a condition.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifting {
    /// What shows that it is met, in words.
    pub evidence: String,
    /// The document of the proposal that shows it, such as a `condition_evidence` that the region brought.
    pub document_id: DocumentId,
}

impl Lifting {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/evidence", &self.evidence, MAX_LONG);
        checks.done()
    }
}

/// The conditions of a proposal.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<ConditionId>,
    limit: i64,
) -> Result<Page<view::Condition>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = condition::page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::Condition::from))
    })
}

/// Whether the document is one that shows something: of this proposal, seen by the scanner, and the newest of its kind.
fn check_evidence(
    tx: &mut AnyConnection,
    proposal: ProposalId,
    id: DocumentId,
) -> Result<(), Error> {
    let invalid = |code, message: &str| Err(Error::invalid("/document_id", code, message));
    match document::find(tx, id)?.filter(|found| found.proposal_id == proposal) {
        None => invalid("unknown", "there is no such document of this proposal"),
        Some(found) if found.superseded_by.is_some() => {
            invalid("superseded", "a newer document has taken its place; name that one")
        }
        Some(found) if found.status != DocumentStatus::Available => {
            invalid("not_available", "the virus scanner has not let it pass")
        }
        Some(_) => Ok(()),
    }
}

/// Lifts a condition.
pub fn lift(
    sv: &Services,
    cx: &Context,
    id: ConditionId,
    body: &Input<Lifting>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("condition.lift"),
        |tx| {
            let row = condition::find(tx, id)?.ok_or(Error::NotFound)?;
            let proposal = access::visible(tx, cx, row.proposal_id)?;
            Ok((access::beneath(&proposal, SubjectKind::Condition, id), (row, proposal)))
        },
        |tx, subject, (row, seen)| {
            let by = By::from(cx.need_over(Role::Reviewer, access::place(&seen))?);
            let proposal = access::lock_as(tx, cx, seen.id, (None, Duty::Review))?;
            if cx.if_match != Some(row.version) {
                return Err(Error::Stale);
            }
            let lifting = body.get()?;
            if row.lifted_at.is_some() {
                return Err(Error::refused("lifted", "", "This condition is lifted already."));
            }
            if !matches!(proposal.state, State::Approved | State::Allocated | State::Planned) {
                let message = format!(
                    "Conditions are lifted before contracting; it stands in {}.",
                    proposal.state
                );
                return Err(Error::refused("not_from_here", "/state", message));
            }
            check_evidence(tx, proposal.id, lifting.document_id)?;
            let after = Condition {
                lifted_at: Some(cx.now),
                lifted_by: cx.actor.user,
                evidence: Some(lifting.evidence.clone()),
                document_id: Some(lifting.document_id),
                version: row.version + 1,
                ..row
            };
            if condition::replace(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, proposal.id, Duty::Review)?;
            let event = EventId::new();
            let content = json!({
                "text": after.text, "evidence": after.evidence, "document_id": after.document_id,
            });
            let action = "condition.lift";
            trail::done(
                tx,
                cx,
                Event { id: event, action, subject, by: Some(by), content, personal: &[] },
            )?;
            trail::revise(tx, event, SubjectKind::Condition, after.id, after.version, &after)?;
            trail::revise(
                tx,
                event,
                SubjectKind::Proposal,
                proposal.id,
                proposal.version,
                &proposal,
            )?;
            let words = Words {
                comment: after.evidence.clone(),
                details: vec![Detail::Condition { text: after.text.clone() }],
                ..Words::default()
            };
            notices::raise(tx, cx, event, NoticeEvent::ConditionLifted, &proposal, words)?;
            let version = after.version;
            Reply::ok(&view::Condition::from(after), Some(version))
        },
    )
}
