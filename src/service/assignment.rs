//! Who reviews a proposal, and who keeps out of it for a conflict of interest.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AssignmentId, ConflictId, EventId, ProposalId, UserId};
use crate::domain::input::{Checks, MAX_LONG};
use crate::domain::notice::NoticeEvent;
use crate::domain::people::{Actor, Duty, Grant, Role};
use crate::domain::refusal::{FieldError, Refusal};
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::Error;
use crate::service::notices::{self, Told, Words};
use crate::service::once::Write;
use crate::service::plan::need_version;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::review as view;
use crate::service::{Services, access, reading};
use crate::storage::assignment::{self, Assignment, Conflict};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, grant, user};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Roles whose holders do something with proposals.
const ACTING: [Role; 8] = [
    Role::Drafter,
    Role::Planner,
    Role::RegionalHead,
    Role::Verifier,
    Role::Reviewer,
    Role::Approver,
    Role::Treasurer,
    Role::Inspector,
];

/// A reviewer for a proposal.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignmentDraft {
    /// Who is to review it.
    pub user_id: UserId,
}

/// A conflict of interest of one's own.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConflictDraft {
    /// Why, in words.
    #[schema(example = "Saudara saya memimpin koperasi pengusul.")]
    pub reason: String,
}

impl ConflictDraft {
    /// Whether it says something.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.done()
    }
}

/// The assignments of a proposal, ended ones too.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<AssignmentId>,
    limit: i64,
) -> Result<Page<view::Assignment>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let standing = access::Standing::of(tx, id, cx.now)?;
        let rows = assignment::page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(
            rows,
            limit,
            |row| row.id.to_string(),
            |row| {
                let in_force = standing.assigned.iter().any(|one| one.id == row.id);
                view::Assignment::of(row, in_force)
            },
        ))
    })
}

/// Assigns a reviewer: from then on, while they can, only those assigned review it.
pub fn assign(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<AssignmentDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("assignment.create"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_over(Role::Approver, access::place(&seen))?);
            let proposal = access::lock_as(tx, cx, id, (None, Duty::Decision))?;
            let draft = body.get()?;
            assignable(tx, cx, &proposal, draft.user_id)?;
            let row = Assignment {
                id: AssignmentId::new(),
                proposal_id: id,
                user_id: draft.user_id,
                assigned_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
                assigned_at: cx.now,
                ended_by: None,
                ended_at: None,
                version: 1,
            };
            assignment::insert(tx, &row)?;
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, id, Duty::Decision)?;
            let event = EventId::new();
            let subject = access::beneath(&proposal, SubjectKind::Assignment, row.id);
            let content = json!({ "assignment": row });
            record(tx, cx, (event, "assignment.create", by), &subject, &proposal, content)?;
            trail::revise(tx, event, SubjectKind::Assignment, row.id, row.version, &row)?;
            tell(tx, cx, (event, NoticeEvent::ReviewerAssigned), &proposal, row.user_id)?;
            let location = format!("/api/v1/proposals/{id}/assignments");
            let version = row.version;
            Reply::created(&view::Assignment::of(row, true), Some(version), location)
        },
    )
}

/// Whether the person could review it: a reviewer over it now, not excluded, not assigned already.
fn assignable(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    who: UserId,
) -> Result<(), Error> {
    let found = user::find(tx, who)?.filter(|user| user.disabled_at.is_none());
    let grants = grant::of(tx, who)?.into_iter().map(Grant::from);
    let grants = grants.filter(|grant| grant.holds_at(cx.now)).collect();
    let actor = Actor { user: Some(who), name: String::new(), grants };
    let reviews = actor.grant_over(Role::Reviewer, access::place(proposal)).is_some();
    if found.is_none() || !reviews {
        let message = "must be a person who is a reviewer over this proposal, now";
        return Err(Error::invalid("/user_id", "no_reviewer", message));
    }
    if proposal.state.is_end() {
        let message = format!("The proposal has ended ({}); nobody reviews it.", proposal.state);
        return Err(Error::refused("not_from_here", "/state", message));
    }
    let standing = access::Standing::of(tx, proposal.id, cx.now)?;
    let blockers = standing.excluded(Some(who), Duty::Review);
    if !blockers.is_empty() {
        return Err(Error::Refused(Refusal::because(blockers)));
    }
    if assignment::open_of(tx, proposal.id)?.iter().any(|one| one.user_id == who) {
        let message = "This person is assigned to it already.";
        return Err(Error::refused("assigned", "/user_id", message));
    }
    Ok(())
}

fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    (event, action, by): (EventId, &str, By),
    subject: &Subject,
    proposal: &Proposal,
    content: Value,
) -> Result<(), Error> {
    let told = Event { id: event, action, subject, by: Some(by), content, personal: &[] };
    trail::done(tx, cx, told)?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)
}

/// Tells the reviewer whom it is about.
fn tell(
    tx: &mut AnyConnection,
    cx: &Context,
    what: (EventId, NoticeEvent),
    proposal: &Proposal,
    who: UserId,
) -> Result<(), Error> {
    notices::tell(tx, cx, what, proposal, Told::One(who), Words::default())
}

/// Ends an assignment.
pub fn end(sv: &Services, cx: &Context, id: AssignmentId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("assignment.end"),
        |tx| {
            let row = assignment::find(tx, id)?.ok_or(Error::NotFound)?;
            let proposal = access::visible(tx, cx, row.proposal_id)?;
            Ok((access::beneath(&proposal, SubjectKind::Assignment, id), (row, proposal)))
        },
        |tx, subject, (row, seen)| {
            let by = By::from(cx.need_over(Role::Approver, access::place(&seen))?);
            let proposal = access::lock_as(tx, cx, seen.id, (None, Duty::Decision))?;
            need_version(cx, row.version)?;
            if row.ended_at.is_some() {
                return Err(Error::refused("ended", "", "This assignment has ended already."));
            }
            let event = EventId::new();
            let after = ended(tx, cx, event, row)?;
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, seen.id, Duty::Decision)?;
            let content = json!({ "user_id": after.user_id, "ended_at": after.ended_at });
            record(tx, cx, (event, "assignment.end", by), subject, &proposal, content)?;
            tell(tx, cx, (event, NoticeEvent::ReviewerReleased), &proposal, after.user_id)?;
            let version = after.version;
            Reply::ok(&view::Assignment::of(after, false), Some(version))
        },
    )
}

fn ended(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    row: Assignment,
) -> Result<Assignment, Error> {
    let after = Assignment {
        ended_by: cx.actor.user,
        ended_at: Some(cx.now),
        version: row.version + 1,
        ..row
    };
    if assignment::replace(tx, &after)? == 0 {
        return Err(Error::Stale);
    }
    trail::revise(tx, event, SubjectKind::Assignment, after.id, after.version, &after)?;
    Ok(after)
}

/// Declares a conflict of interest of one's own: from then on the proposal is only read.
pub fn declare(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ConflictDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("conflict.declare"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, subject, seen| {
            let place = access::place(&seen);
            let grant = ACTING.iter().find_map(|role| cx.actor.grant_over(*role, place));
            let by = By::from(grant.ok_or_else(|| missing(&ACTING))?);
            let proposal = access::lock(tx, cx, id, None)?;
            let draft = body.get()?;
            let user_id = cx.actor.user.ok_or(Error::Unauthenticated("no user"))?;
            let standing = access::Standing::of(tx, id, cx.now)?;
            if standing.conflicts.iter().any(|(known, _)| known.user_id == user_id) {
                let message = "You declared a conflict of interest already.";
                return Err(Error::refused("declared", "", message));
            }
            let row = Conflict {
                id: ConflictId::new(),
                proposal_id: id,
                user_id,
                reason: draft.reason.clone(),
                declared_at: cx.now,
            };
            assignment::declare(tx, &row)?;
            let event = EventId::new();
            // One that does not count just now ends too: it would come back with the grant.
            let open = assignment::open_of(tx, id)?.into_iter();
            for one in open.filter(|one| one.user_id == user_id) {
                ended(tx, cx, event, one)?;
            }
            access::save(tx, &proposal)?;
            // The reason stands in the row alone, which is never changed: events are read by more people than reasons.
            let content = json!({ "conflict_id": row.id, "user_id": row.user_id });
            record(tx, cx, (event, "conflict.declare", by), subject, &proposal, content)?;
            let location = format!("/api/v1/proposals/{id}/conflicts");
            Reply::created(&view::Conflict::from(row), Some(proposal.version), location)
        },
    )
}

/// The conflicts of interest that were declared: for the approver and the auditor.
pub fn list_conflicts(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<ConflictId>,
    limit: i64,
) -> Result<Page<view::Conflict>, Error> {
    let seen = sv.db.read(|tx| access::visible(tx, cx, id))?;
    let (roles, place) = ([Role::Approver, Role::Auditor], access::place(&seen));
    let grant = roles.iter().find_map(|role| cx.actor.grant_over(*role, place));
    let (what, subject) = ((reading::CONFLICT_READ, None), access::subject(&seen));
    reading::permitted(sv, cx, what, &subject, grant.ok_or_else(|| missing(&roles)))?;
    sv.db.read(|tx| {
        let rows = assignment::conflicts_page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::Conflict::from))
    })
}
