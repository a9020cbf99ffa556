//! Waivers: an approver lets a proposal go on without a document, with a reason, and can take that back.

use crate::domain::audit::SubjectKind;
use crate::domain::document::uploaders;
use crate::domain::ids::{EventId, ProposalId, WaiverId};
use crate::domain::input::{Checks, MAX_LONG, MAX_SHORT};
use crate::domain::line::LineFacts;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::{Detail, DocumentName};
use crate::domain::people::{Duty, Role};
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::plan::need_version;
use crate::service::reason::TakingBack;
use crate::service::trail::{self, Event};
use crate::service::view::Page;
use crate::service::view::readiness as view;
use crate::service::{Services, access, policy, readiness};
use crate::storage::proposal::Proposal;
use crate::storage::waiver::{self, Waiver};
use crate::storage::{AnyConnection, line};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// That a proposal goes on without a document.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverDraft {
    /// Without which: a type that the checklist asks for.
    #[schema(example = "price_quotes")]
    pub document_type: String,
    /// Why.
    #[schema(example = "Hanya ada satu penyedia; harga mengacu pada e-katalog.")]
    pub reason: String,
}

impl WaiverDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/document_type", &self.document_type, MAX_SHORT);
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.done()
    }
}

/// The waivers of a proposal, revoked ones too.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<WaiverId>,
    limit: i64,
) -> Result<Page<view::Waiver>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = waiver::page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::Waiver::from))
    })
}

/// Lets a proposal go on without a document.
pub fn grant(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<WaiverDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("waiver.grant"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_over(Role::Approver, access::place(&seen))?);
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Decision)?;
            let draft = body.get()?;
            waivable(tx, cx, &proposal, &draft.document_type)?;
            let row = Waiver {
                id: WaiverId::new(),
                proposal_id: id,
                document_type: draft.document_type.clone(),
                reason: draft.reason.clone(),
                granted_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
                granted_at: cx.now,
                revoked_by: None,
                revoked_at: None,
                revoked_reason: None,
                version: 1,
            };
            waiver::insert(tx, &row)?;
            settle(tx, cx, by, &proposal, &row)?;
            let location = format!("/api/v1/proposals/{id}/waivers");
            let version = row.version;
            Reply::created(&view::Waiver::from(row), Some(version), location)
        },
    )
}

fn not_ended(proposal: &Proposal) -> Result<(), Error> {
    if proposal.state.is_end() {
        let message = format!("The proposal has ended ({}); it needs nothing.", proposal.state);
        return Err(Error::refused("not_from_here", "/state", message));
    }
    Ok(())
}

/// Whether there is something to waive: the checklist asks for it, and no waiver stands.
fn waivable(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    document_type: &str,
) -> Result<(), Error> {
    not_ended(proposal)?;
    let pinned = policy::of_proposal(tx, proposal, cx.now)?;
    let lines: Vec<LineFacts> = line::of(tx, proposal.id)?.iter().map(LineFacts::from).collect();
    let items = readiness::items(tx, proposal, &pinned.policy, &lines, cx.now)?;
    let asked: Vec<&str> = items
        .iter()
        .filter(|item| item.rule.mandatory)
        .map(|item| item.rule.document_type.as_str())
        .collect();
    if !asked.contains(&document_type) {
        let message = format!("must be one that this proposal needs: {}", asked.join(", "));
        return Err(Error::invalid("/document_type", "not_needed", message));
    }
    let stands = |item: &crate::domain::readiness::Item<'_>| {
        item.rule.document_type == document_type && item.waiver.is_some()
    };
    if items.iter().any(stands) {
        let message = "A waiver of this document stands already.";
        return Err(Error::refused("waived", "/document_type", message));
    }
    Ok(())
}

/// Takes a waiver back: from then on the document is needed again.
pub fn revoke(
    sv: &Services,
    cx: &Context,
    id: WaiverId,
    body: &Input<TakingBack>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("waiver.revoke"),
        |tx| {
            let row = waiver::find(tx, id)?.ok_or(Error::NotFound)?;
            let proposal = access::visible(tx, cx, row.proposal_id)?;
            Ok((access::beneath(&proposal, SubjectKind::Waiver, id), (row, proposal)))
        },
        |tx, _, (row, seen)| {
            let by = By::from(cx.need_over(Role::Approver, access::place(&seen))?);
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Decision)?;
            need_version(cx, row.version)?;
            let reason = body.get()?.reason.clone();
            not_ended(&proposal)?;
            if uploaders(proposal.state).is_empty() {
                let message = format!(
                    "In {} nobody can bring the document; return the proposal to review first.",
                    proposal.state
                );
                return Err(Error::refused("not_from_here", "/state", message));
            }
            if row.revoked_at.is_some() {
                return Err(Error::refused("revoked", "", "This waiver is revoked already."));
            }
            let after = Waiver {
                revoked_by: cx.actor.user,
                revoked_at: Some(cx.now),
                revoked_reason: Some(reason),
                version: row.version + 1,
                ..row
            };
            if waiver::replace(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            settle(tx, cx, by, &proposal, &after)?;
            let version = after.version;
            Reply::ok(&view::Waiver::from(after), Some(version))
        },
    )
}

/// What follows from a waiver that was granted or revoked.
fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    proposal: &Proposal,
    row: &Waiver,
) -> Result<(), Error> {
    access::save(tx, proposal)?;
    access::took_part(tx, cx, proposal.id, Duty::Decision)?;
    let event = EventId::new();
    let subject = access::beneath(proposal, SubjectKind::Waiver, row.id);
    let (action, told) = match row.revoked_at {
        None => ("waiver.grant", NoticeEvent::WaiverGranted),
        Some(_) => ("waiver.revoke", NoticeEvent::WaiverRevoked),
    };
    let content = json!({ "waiver": row });
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Waiver, row.id, row.version, row)?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)?;
    let comment = row.revoked_reason.clone().unwrap_or_else(|| row.reason.clone());
    let words = Words {
        comment: Some(comment),
        details: vec![Detail::Document(name(tx, cx, proposal, &row.document_type)?)],
        ..Words::default()
    };
    notices::raise(tx, cx, event, told, proposal, words)
}

/// What people call a type of document, in both languages.
fn name(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    document_type: &str,
) -> Result<DocumentName, Error> {
    let pinned = policy::of_proposal(tx, proposal, cx.now)?;
    Ok(notices::document_name(&pinned.policy, document_type))
}
