//! Findings: made by an auditor, followed up by the region, judged by an auditor. What was found is recorded as it was
//! found; it blocks nothing by itself (an audit hold does), and any proposal can have some, ended ones too.

mod draft;
mod step;

pub use draft::{ClosingDraft, FindingDraft, FindingReturnDraft, FollowUpDraft};
pub use step::{close, follow_up, send_back};

use crate::domain::audit::SubjectKind;
use crate::domain::deadline::{self, DeadlineKind, Due};
use crate::domain::finding::FindingState;
use crate::domain::ids::{DocumentId, EventId, FindingId, FollowUpId, ProposalId};
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::{Detail, DueAt, NoticeDue};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::trail::{self, Event};
use crate::service::view::Page;
use crate::service::view::finding as view;
use crate::service::{Services, access, policy};
use crate::storage::finding::{self, Finding};
use crate::storage::proposal::{self, Filter, Proposal};
use crate::storage::{AnyConnection, document};
pub use finding::Look;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The most findings of a proposal.
const MOST: i64 = 500;

/// The findings of a proposal, by number.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<i64>,
    limit: i64,
) -> Result<Page<view::Finding>, Error> {
    sv.db.read(|tx| {
        let proposal = access::visible(tx, cx, id)?;
        let rows = finding::page(tx, id, after, limit.saturating_add(1))?;
        let items = shown(tx, cx, &[proposal], rows)?;
        Ok(Page::cut(items, limit, |item| item.n.to_string(), |item| item))
    })
}

/// The findings of all proposals that the caller may see, narrowed, in the order of their making; of a queue, what has stood in
/// its state the longest first.
pub fn list_all(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    look: &Look,
    limit: i64,
) -> Result<Page<view::Finding>, Error> {
    sv.db.read(|tx| {
        policy::known(tx, filter.region_code.as_ref(), "/query/region_code")?;
        policy::known(tx, filter.province_code.as_ref(), "/query/province_code")?;
        let sight = cx.actor.sight();
        let rows = finding::list(tx, (&sight, filter), look, limit.saturating_add(1))?;
        let mut ids: Vec<ProposalId> = rows.iter().map(|row| row.proposal_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let proposals = proposal::by_ids(tx, &ids)?;
        let items = shown(tx, cx, &proposals, rows)?;
        let cursor = |item: &view::Finding| match look.queue {
            Some(_) => format!("{}_{}", item.state_since, item.id),
            None => item.id.to_string(),
        };
        Ok(Page::cut(items, limit, cursor, |item| item))
    })
}

/// One finding.
pub fn show(sv: &Services, cx: &Context, id: FindingId) -> Result<view::Finding, Error> {
    sv.db.read(|tx| {
        let row = finding::find(tx, id)?.ok_or(Error::NotFound)?;
        let proposal = access::visible(tx, cx, row.proposal_id)?;
        one(tx, cx, proposal, row)
    })
}

/// All findings of a proposal, of which there are not many, by number.
pub fn all_of(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
) -> Result<Vec<view::Finding>, Error> {
    let rows = finding::page(tx, proposal.id, None, MOST)?;
    shown(tx, cx, std::slice::from_ref(proposal), rows)
}

/// A finding as it is shown.
fn one(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: Proposal,
    row: Finding,
) -> Result<view::Finding, Error> {
    shown(tx, cx, &[proposal], vec![row])?.pop().ok_or(Error::NotFound)
}

/// Findings as they are shown, with everything beneath them, in three queries.
fn shown(
    tx: &mut AnyConnection,
    cx: &Context,
    proposals: &[Proposal],
    rows: Vec<Finding>,
) -> Result<Vec<view::Finding>, Error> {
    let ids: Vec<FindingId> = rows.iter().map(|row| row.id).collect();
    let mut documents: HashMap<FindingId, Vec<DocumentId>> = HashMap::new();
    for (id, document) in finding::documents_of(tx, &ids)? {
        documents.entry(id).or_default().push(document);
    }
    let mut shows: HashMap<FollowUpId, Vec<DocumentId>> = HashMap::new();
    for (id, document) in finding::shown_with(tx, &ids)? {
        shows.entry(id).or_default().push(document);
    }
    let mut said: HashMap<FindingId, Vec<view::FollowUp>> = HashMap::new();
    for row in finding::said_of(tx, &ids)? {
        let (of, with) = (row.finding_id, shows.remove(&row.id).unwrap_or_default());
        said.entry(of).or_default().push(view::FollowUp::of(row, with));
    }
    let by_id: HashMap<ProposalId, &Proposal> =
        proposals.iter().map(|proposal| (proposal.id, proposal)).collect();
    let view = |row: Finding| -> Result<view::Finding, Error> {
        let proposal = by_id.get(&row.proposal_id).copied().ok_or(Error::NotFound)?;
        let beneath = (
            documents.remove(&row.id).unwrap_or_default(),
            said.remove(&row.id).unwrap_or_default(),
        );
        Ok(view::Finding::of(row, proposal, beneath, cx.now))
    };
    rows.into_iter().map(view).collect()
}

/// Makes a finding.
pub fn open(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<FindingDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("finding.open"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let (by, proposal) = access::lock_auditing(tx, cx, &seen)?;
            let draft = body.get()?;
            let row = fresh(tx, cx, &proposal, draft)?;
            finding::insert(tx, &row, &draft.documents)?;
            let content = json!({ "finding": row, "documents": draft.documents });
            let told = Told {
                event: NoticeEvent::FindingOpened,
                said: row.recommendation.clone(),
                amount: row.at_issue(),
                details: amounts(&row),
                due: true,
            };
            settle(tx, cx, ("finding.open", by), &proposal, &row, content, told)?;
            let (version, location) = (row.version, format!("/api/v1/findings/{}", row.id));
            Reply::created(&one(tx, cx, proposal, row)?, Some(version), location)
        },
    )
}

fn fresh(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    draft: &FindingDraft,
) -> Result<Finding, Error> {
    draft::check_about(tx, cx, proposal, draft)?;
    let due_on = draft::due_on(tx, cx, proposal, draft.due_on)?;
    let last = finding::last_number(tx, proposal.id)?;
    if last >= MOST {
        let message = format!("It has {MOST} findings already, the most that there can be.");
        return Err(Error::refused("too_many_findings", "/findings", message));
    }
    Ok(Finding {
        id: FindingId::new(),
        proposal_id: proposal.id,
        n: last + 1,
        kind: draft.kind,
        about_kind: draft.about.as_ref().map(|about| about.kind),
        about_id: draft.about.as_ref().map(|about| about.id.clone()),
        pointer: draft.pointer.clone(),
        title: draft.title.clone(),
        description: draft.description.clone(),
        criterion: draft.criterion.clone(),
        cause: draft.cause.clone(),
        effect: draft.effect.clone(),
        claimed_idr: draft.claimed_idr,
        found_idr: draft.found_idr,
        recommendation: draft.recommendation.clone(),
        due_on,
        hold_id: draft.hold_id,
        state: FindingState::Open,
        state_since: cx.now,
        opened_at: cx.now,
        opened_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
        outcome: None,
        settled_idr: None,
        closed_reason: None,
        closed_at: None,
        closed_by: None,
        version: 1,
    })
}

fn amounts(row: &Finding) -> Vec<Detail> {
    let both = row.claimed_idr.zip(row.found_idr);
    both.map(|(claimed, found)| Detail::ClaimedAndFound {
        claimed_idr: claimed.0,
        found_idr: found.0,
    })
    .into_iter()
    .collect()
}

/// What people are told of a step.
struct Told {
    event: NoticeEvent,
    /// What the step says, in words.
    said: String,
    /// The amount that it is about; none is told of zero.
    amount: Rupiah,
    /// What is told beside the finding's name.
    details: Vec<Detail>,
    /// Whether the date of the follow-up is told.
    due: bool,
}

/// Writes what every step of a finding brings with it: the proposal's version, event, revisions, notice.
fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    (action, by): (&str, By),
    proposal: &Proposal,
    row: &Finding,
    content: Value,
    told: Told,
) -> Result<(), Error> {
    access::save(tx, proposal)?;
    let event = EventId::new();
    let subject = access::beneath(proposal, SubjectKind::Finding, row.id);
    let by = Some(by);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Finding, row.id, row.version, row)?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)?;
    let (n, finding, title) = (row.n, row.kind, row.title.clone());
    let mut details = vec![Detail::Finding { n, finding, title }];
    details.extend(told.details);
    let words = Words {
        comment: Some(told.said),
        amount: (told.amount > Rupiah::ZERO).then_some(told.amount),
        due: if told.due { Some(due(tx, cx, proposal, row)?) } else { None },
        details,
        ..Words::default()
    };
    notices::raise(tx, cx, event, told.event, proposal, words)
}

/// By when the region follows it up, and how many working days lie between.
fn due(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    row: &Finding,
) -> Result<NoticeDue, Error> {
    let rules = policy::of_proposal(tx, proposal, cx.now)?.policy;
    let zone = Zone::of(&proposal.region_code);
    let (kind, at, n) = (DeadlineKind::FindingFollowUp, zone.end_of(row.due_on), Some(row.n));
    let due = Due { kind, rule: None, at, zone, n };
    let (_, working_days_left) = deadline::left(&rules.calendar(), cx.now, &due);
    Ok(NoticeDue::At(DueAt { at, zone, working_days_left }))
}

/// Refuses documents that are not of the proposal, or whose bytes the scanner refused.
fn check_documents(
    tx: &mut AnyConnection,
    proposal: ProposalId,
    documents: &[DocumentId],
) -> Result<(), Error> {
    let known = document::known(tx, proposal, documents)?;
    match documents.iter().position(|id| !known.contains(id)) {
        None => Ok(()),
        Some(index) => {
            let message = "there is no such document of this proposal; bring it first";
            Err(Error::invalid(&format!("/documents/{index}"), "unknown", message))
        }
    }
}
