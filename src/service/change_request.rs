//! Change requests: what reviewers ask the region to change, answered and accepted item by item.

mod draft;
mod reach;

pub use draft::{ChangeRequestDraft, ChangeRequestsDraft, RequestAcceptance, RequestAnswer};
pub use reach::{Reach, reach};

use crate::domain::audit::{SubjectKind, canonical};
use crate::domain::change::{RequestState, covers};
use crate::domain::document::{DocumentStatus, is_type, known_type};
use crate::domain::ids::{ChangeRequestId, EventId, ProposalId};
use crate::domain::input::{Checks, MAX_ITEMS};
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::plan::{Reason, need_version};
use crate::service::revision::{Lines, document};
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::review as view;
use crate::service::{Services, access, policy};
use crate::storage::change_request::{self, ChangeRequest};
use crate::storage::proposal::Proposal;
use crate::storage::{self, AnyConnection, line};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where a request stands that the region may still answer, and whose place it may still mend, as long as it has the
/// proposal: an answer can be wrong too, and nobody has looked at it yet.
const IN_HAND: &[RequestState] = &[RequestState::Open, RequestState::Answered];

/// The proposal as requests point into it, without its documents.
pub(super) fn written(tx: &mut AnyConnection, row: &Proposal) -> Result<Value, Error> {
    let lines = line::of(tx, row.id)?;
    Ok(document(&serde_json::to_value(row)?, &serde_json::to_value(lines)?, Lines::AsProposed))
}

/// What stands where requests point, documents too: of each type the hashes of those that no newer one has replaced and
/// the scanner has not refused, in the order of the hashes.
fn pointed(tx: &mut AnyConnection, row: &Proposal) -> Result<Value, Error> {
    let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for document in storage::document::current_of(tx, row.id)? {
        if document.status != DocumentStatus::Refused {
            types.entry(document.document_type).or_default().insert(document.sha256);
        }
    }
    let mut value = written(tx, row)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("documents".to_owned(), serde_json::to_value(types)?);
    }
    Ok(value)
}

/// What is wrong with a pointer, which names something that is there, or a type of document that the rules know.
fn misses(document: &Value, types: &[&str], pointer: &str) -> Option<String> {
    let names_something = "must name a field (/title, /site/village), the lines (/lines), a line (/lines/3), a field of \
        it, or a type of document (/documents/land_certificate)";
    if let Some(line) = line_of_amount(pointer)
        && document.pointer(pointer).is_some()
    {
        return Some(format!(
            "the amount of a line follows from its volume and unit cost, and can't be changed by itself; name \
             {line}/unit_cost_idr or {line}/volume_thousandths, or one request for each"
        ));
    }
    if let Some(list) = list_above(document, pointer) {
        return Some(format!("{list} is a list, which is changed as a whole; name {list}"));
    }
    match pointer.strip_prefix("/documents/") {
        Some(code) if is_type(code) => known_type(code, types).err(),
        None if pointer.starts_with('/') && document.pointer(pointer).is_some() => None,
        Some(_) | None => Some(names_something.to_owned()),
    }
}

/// The list that the pointer points into: what differs in a list is told of the whole.
fn list_above<'a>(document: &Value, pointer: &'a str) -> Option<&'a str> {
    pointer
        .match_indices('/')
        .filter_map(|(at, _)| pointer.get(..at))
        .find(|above| document.pointer(above).is_some_and(Value::is_array))
}

/// The line whose amount the pointer names: `/lines/3` of `/lines/3/amount_idr`.
fn line_of_amount(pointer: &str) -> Option<&str> {
    pointer.strip_suffix("/amount_idr").filter(|line| covers("/lines", line) && *line != "/lines")
}

/// The requests of a proposal, by number; accepted ones tell whether what they are about was changed since.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<i64>,
    limit: i64,
) -> Result<Page<view::ChangeRequest>, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        let now = pointed(tx, &row)?;
        let rows = change_request::page(tx, id, after, limit.saturating_add(1))?;
        Ok(Page::cut(
            rows,
            limit,
            |row| row.n.to_string(),
            |row| {
                let changed = changed_since(&row, &now);
                view::ChangeRequest::of(row, changed)
            },
        ))
    })
}

/// Whether what was accepted differs from what stands there now.
fn changed_since(row: &ChangeRequest, now: &Value) -> bool {
    let value = now.pointer(&row.pointer).unwrap_or(&Value::Null).to_string();
    row.state == RequestState::Accepted && row.accepted_value.as_ref() != Some(&value)
}

/// Whose turn it is to ask and to judge answers: the verifier's in verification, then the reviewer's.
fn asker_of(cx: &Context, row: &Proposal) -> Result<(By, Duty), Error> {
    let roles: &[(Role, Duty)] = match row.state {
        State::Verification => &[(Role::Verifier, Duty::Verification)],
        State::TechnicalReview | State::Harmonisation => &[(Role::Reviewer, Duty::Review)],
        _ => &[(Role::Reviewer, Duty::Review), (Role::Verifier, Duty::Verification)],
    };
    roles
        .iter()
        .find_map(|(role, duty)| {
            cx.actor.grant_over(*role, access::place(row)).map(|grant| (By::from(grant), *duty))
        })
        .ok_or_else(|| missing(&roles.iter().map(|(role, _)| *role).collect::<Vec<_>>()))
}

fn need_review(row: &Proposal) -> Result<(), Error> {
    if matches!(row.state, State::Verification | State::TechnicalReview | State::Harmonisation) {
        return Ok(());
    }
    let message = format!(
        "Changes are asked for, and answers judged, in verification, technical_review and harmonisation; it stands \
         in {}.",
        row.state
    );
    Err(Error::refused("not_from_here", "/state", message))
}

/// Asks for changes.
pub fn ask(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ChangeRequestsDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("change_request.ask"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, subject, seen| {
            let (by, duty) = asker_of(cx, &seen)?;
            let proposal = access::lock_as(tx, cx, id, (None, duty))?;
            let draft = body.get()?;
            let rows = fresh(tx, cx, by, &proposal, draft)?;
            need_review(&proposal)?;
            let event = EventId::new();
            for row in &rows {
                change_request::insert(tx, row)?;
                trail::revise(tx, event, SubjectKind::ChangeRequest, row.id, row.version, row)?;
            }
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, id, duty)?;
            let content = json!({ "requests": rows });
            record(tx, cx, (event, "change_request.ask", by), subject, &proposal, content)?;
            let items: Vec<_> =
                rows.into_iter().map(|row| view::ChangeRequest::of(row, false)).collect();
            let location = format!("/api/v1/proposals/{id}/change-requests");
            Reply::created(&view::ChangeRequests { items }, Some(proposal.version), location)
        },
    )
}

fn fresh(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    proposal: &Proposal,
    draft: &ChangeRequestsDraft,
) -> Result<Vec<ChangeRequest>, Error> {
    let document = written(tx, proposal)?;
    let known = change_request::of(tx, proposal.id)?;
    let first = known.last().map_or(1, |last| last.n + 1);
    let asked_by = cx.actor.user.ok_or(Error::Unauthenticated("no user"))?;
    let rules = policy::of_proposal(tx, proposal, cx.now)?.policy;
    let types = rules.document_types();
    let mut checks = Checks::default();
    for (index, item) in draft.items.iter().enumerate() {
        if let Some(message) = misses(&document, &types, &item.pointer) {
            checks.fail(format!("/items/{index}/pointer"), "unknown", message);
        }
    }
    checks.done().map_err(Error::Invalid)?;
    if known.len().saturating_add(draft.items.len()) > MAX_ITEMS {
        let message = "A proposal has at most 500 change requests.";
        return Err(Error::refused("too_many", "/change-requests", message));
    }
    let rows = (first..).zip(&draft.items).map(|(n, item)| ChangeRequest {
        id: ChangeRequestId::new(),
        proposal_id: proposal.id,
        n,
        pointer: item.pointer.clone(),
        comment: item.comment.clone(),
        state: RequestState::Open,
        rounds: 0,
        asked_role: by.role,
        asked_by,
        asked_at: cx.now,
        asked_version: proposal.version,
        answer: None,
        answered_by: None,
        answered_at: None,
        decided_by: None,
        decided_at: None,
        decision_comment: None,
        accepted_version: None,
        accepted_value: None,
        version: 1,
    });
    Ok(rows.collect())
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

type Found = (ChangeRequest, Proposal);

fn find(
    tx: &mut AnyConnection,
    cx: &Context,
    id: ChangeRequestId,
) -> Result<(Subject, Found), Error> {
    let row = change_request::find(tx, id)?.ok_or(Error::NotFound)?;
    let proposal = access::visible(tx, cx, row.proposal_id)?;
    Ok((access::beneath(&proposal, SubjectKind::ChangeRequest, id), (row, proposal)))
}

fn need_state(row: &ChangeRequest, wanted: &[RequestState]) -> Result<(), Error> {
    if wanted.contains(&row.state) {
        return Ok(());
    }
    let names = wanted.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(" or ");
    let message = format!("This takes a request that is {names}; it is {}.", row.state);
    Err(Error::refused("request_state", "/state", message))
}

/// Writes a request back, and records and answers it.
fn change(
    tx: &mut AnyConnection,
    cx: &Context,
    (action, by, duty): (&str, By, Duty),
    subject: &Subject,
    after: ChangeRequest,
    proposal: &Proposal,
) -> Result<Reply, Error> {
    if change_request::replace(tx, &after)? == 0 {
        return Err(Error::Stale);
    }
    access::save(tx, proposal)?;
    access::took_part(tx, cx, proposal.id, duty)?;
    let event = EventId::new();
    let content = json!({
        "n": after.n,
        "pointer": after.pointer,
        "request_state": after.state,
        "answer": after.answer,
        "comment": after.decision_comment,
    });
    record(tx, cx, (event, action, by), subject, proposal, content)?;
    trail::revise(tx, event, SubjectKind::ChangeRequest, after.id, after.version, &after)?;
    let version = after.version;
    Reply::ok(&view::ChangeRequest::of(after, false), Some(version))
}

/// Answers a request, or gives another answer instead: the drafter, while the proposal is with the region. The last
/// answer counts; those before it stand in the revisions.
pub fn answer(
    sv: &Services,
    cx: &Context,
    id: ChangeRequestId,
    body: &Input<RequestAnswer>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("change_request.answer"),
        |tx| find(tx, cx, id),
        |tx, subject, (row, seen)| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_as(tx, cx, seen.id, (None, Duty::Drafting))?;
            need_version(cx, row.version)?;
            let given = body.get()?;
            if !matches!(proposal.state, State::Draft | State::Clarification) {
                let message = format!(
                    "Requests are answered in draft and clarification; it stands in {}.",
                    proposal.state
                );
                return Err(Error::refused("not_from_here", "/state", message));
            }
            need_state(&row, IN_HAND)?;
            let after = ChangeRequest {
                state: RequestState::Answered,
                answer: Some(given.answer.clone()),
                answered_by: cx.actor.user,
                answered_at: Some(cx.now),
                version: row.version + 1,
                ..row
            };
            let how = ("change_request.answer", by, Duty::Drafting);
            change(tx, cx, how, subject, after, &proposal)
        },
    )
}

/// Accepts an answer.
pub fn accept(
    sv: &Services,
    cx: &Context,
    id: ChangeRequestId,
    body: &Input<RequestAcceptance>,
) -> Result<Reply, Error> {
    judge(sv, cx, id, "change_request.accept", |tx, row, proposal| {
        let comment = body.get()?.comment.clone();
        let now = pointed(tx, proposal)?;
        Ok(ChangeRequest {
            state: RequestState::Accepted,
            decision_comment: comment,
            accepted_version: Some(proposal.version),
            accepted_value: Some(canonical(now.pointer(&row.pointer).unwrap_or(&Value::Null))?),
            ..row
        })
    })
}

/// Refuses an answer: the request is open again.
pub fn refuse(
    sv: &Services,
    cx: &Context,
    id: ChangeRequestId,
    body: &Input<Reason>,
) -> Result<Reply, Error> {
    judge(sv, cx, id, "change_request.refuse", |_, row, _| {
        let comment = body.get()?.comment.clone();
        Ok(ChangeRequest {
            state: RequestState::Open,
            rounds: row.rounds.saturating_add(1),
            decision_comment: Some(comment),
            ..row
        })
    })
}

fn judge(
    sv: &Services,
    cx: &Context,
    id: ChangeRequestId,
    action: &'static str,
    decide: impl Fn(&mut AnyConnection, ChangeRequest, &Proposal) -> Result<ChangeRequest, Error>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting(action),
        |tx| find(tx, cx, id),
        |tx, subject, (row, seen)| {
            let (by, duty) = asker_of(cx, &seen)?;
            let proposal = access::lock_as(tx, cx, seen.id, (None, duty))?;
            need_version(cx, row.version)?;
            let before = row.clone();
            let after = ChangeRequest {
                decided_by: cx.actor.user,
                decided_at: Some(cx.now),
                version: row.version + 1,
                ..decide(tx, row, &proposal)?
            };
            need_review(&proposal)?;
            need_state(&before, &[RequestState::Answered])?;
            change(tx, cx, (action, by, duty), subject, after, &proposal)
        },
    )
}
