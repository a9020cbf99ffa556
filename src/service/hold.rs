//! Audit holds: set and lifted by an auditor, with a reason. A hold blocks payment and closing of its proposal, and
//! nothing else.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, HoldId, ProposalId};
use crate::domain::input::{Checks, MAX_LONG};
use crate::domain::notice::NoticeEvent;
use crate::domain::refusal::FieldError;
use crate::domain::workflow;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::trail::{self, Event};
use crate::service::view::Page;
use crate::service::view::hold as view;
use crate::service::{Services, access};
use crate::storage::AnyConnection;
use crate::storage::hold::{self, Hold};
use crate::storage::proposal::Proposal;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The most holds of a proposal that stand at once.
const MOST: usize = 20;

/// Why a hold is set or lifted.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldReason {
    /// In words.
    #[schema(example = "Volume terpasang tidak sesuai kontrak 602/01/SPK.")]
    pub reason: String,
}

impl HoldReason {
    /// Whether it says something.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.done()
    }
}

/// The holds of a proposal, those that were lifted too.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<HoldId>,
    limit: i64,
) -> Result<Page<view::Hold>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = hold::page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::Hold::from))
    })
}

/// Sets a hold.
pub fn set(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<HoldReason>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("hold.set"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let (by, proposal) = access::lock_auditing(tx, cx, &seen)?;
            let draft = body.get()?;
            can_be_held(tx, &proposal)?;
            let row = Hold {
                id: HoldId::new(),
                proposal_id: id,
                reason: draft.reason.clone(),
                set_at: cx.now,
                set_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
                lifted_at: None,
                lifted_by: None,
                lifted_reason: None,
                version: 1,
            };
            hold::insert(tx, &row)?;
            let told = (NoticeEvent::HoldSet, row.reason.clone());
            let content = json!({ "after": row });
            record(tx, cx, by, &proposal, &row, ("hold.set", content), told)?;
            let location = format!("/api/v1/proposals/{id}/holds");
            let version = row.version;
            Reply::created(&view::Hold::from(row), Some(version), location)
        },
    )
}

/// Refuses where nothing is left to hold, or too much is.
fn can_be_held(tx: &mut AnyConnection, proposal: &Proposal) -> Result<(), Error> {
    if !workflow::arrows(proposal.menu).any(|arrow| arrow.from == proposal.state) {
        let message = format!("It has ended ({}); nothing is left to be held.", proposal.state);
        return Err(Error::refused("not_from_here", "/state", message));
    }
    if hold::open_of(tx, proposal.id)?.len() >= MOST {
        let message = format!("{MOST} holds stand already; lift one first.");
        return Err(Error::refused("too_many_holds", "/holds", message));
    }
    Ok(())
}

/// Lifts a hold.
pub fn lift(
    sv: &Services,
    cx: &Context,
    id: HoldId,
    body: &Input<HoldReason>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("hold.lift"),
        |tx| {
            let row = hold::find(tx, id)?.ok_or(Error::NotFound)?;
            let proposal = access::visible(tx, cx, row.proposal_id)?;
            Ok((access::beneath(&proposal, SubjectKind::Hold, id), (row, proposal)))
        },
        |tx, _, (row, seen)| {
            let (by, proposal) = access::lock_auditing(tx, cx, &seen)?;
            if cx.if_match != Some(row.version) {
                return Err(Error::Stale);
            }
            let lifting = body.get()?;
            if row.lifted_at.is_some() {
                return Err(Error::refused("lifted", "", "This hold is lifted already."));
            }
            let after = Hold {
                lifted_at: Some(cx.now),
                lifted_by: cx.actor.user,
                lifted_reason: Some(lifting.reason.clone()),
                version: row.version + 1,
                ..row.clone()
            };
            if hold::replace(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            let told = (NoticeEvent::HoldLifted, lifting.reason.clone());
            let content = json!({ "before": row, "after": after });
            record(tx, cx, by, &proposal, &after, ("hold.lift", content), told)?;
            let version = after.version;
            Reply::ok(&view::Hold::from(after), Some(version))
        },
    )
}

/// Writes event, revisions and notice of what was done to a hold.
fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    proposal: &Proposal,
    row: &Hold,
    (action, content): (&str, Value),
    (told, reason): (NoticeEvent, String),
) -> Result<(), Error> {
    access::save(tx, proposal)?;
    let event = EventId::new();
    let subject = access::beneath(proposal, SubjectKind::Hold, row.id);
    let by = Some(by);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Hold, row.id, row.version, row)?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)?;
    let words = Words { comment: Some(reason), ..Words::default() };
    notices::raise(tx, cx, event, told, proposal, words)
}
