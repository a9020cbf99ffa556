//! Requests for tranches: asked by the regional head, then taken through their steps.

mod held;
mod omission;
mod steps;

pub use omission::leave_out;
pub use steps::{PaymentDraft, pay, refuse, review, verify};

use crate::domain::act::{Act, Action};
use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AllocationId, EventId, ProposalId, TrancheRequestId};
use crate::domain::input::{Checks, MAX_ITEMS};
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::domain::people::{Duty, Role};
use crate::domain::refusal::{Blocker, FieldError, Refusal};
use crate::domain::tranche::{Payment, TrancheState};
use crate::domain::workflow::{self, Door};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::tranche as view;
use crate::service::{Services, access, facts, gate, policy};
use crate::storage::AnyConnection;
use crate::storage::allocation::{self, Allocation};
use crate::storage::proposal::{self, Proposal};
use crate::storage::tranche::{self, Contents, TrancheItem, TrancheRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The amount for one proposal.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemDraft {
    /// For which proposal of the allocation.
    pub proposal_id: ProposalId,
    /// How much; above zero.
    pub amount_idr: Rupiah,
}

/// A request for a tranche.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrancheDraft {
    /// Which tranche, from 1; a lump sum has only the first.
    pub n: i64,
    /// The amount for each proposal.
    pub items: Vec<ItemDraft>,
}

impl TrancheDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.between("/n", self.n, 1, 99);
        checks.require(!self.items.is_empty(), "/items", "required", "must have at least one item");
        checks.require(
            self.items.len() <= MAX_ITEMS,
            "/items",
            "too_many",
            "must have at most 500 items",
        );
        let mut seen = BTreeSet::new();
        for (index, item) in self.items.iter().enumerate().take(MAX_ITEMS) {
            let pointer = format!("/items/{index}/amount_idr");
            checks.require(
                item.amount_idr > Rupiah::ZERO,
                &pointer,
                "out_of_range",
                "must be above zero",
            );
            if !seen.insert(item.proposal_id) {
                checks.fail(
                    format!("/items/{index}/proposal_id"),
                    "twice",
                    "this proposal is named twice",
                );
            }
        }
        checks.done()
    }
}

/// The requests of an allocation.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: AllocationId,
    after: Option<TrancheRequestId>,
    limit: i64,
) -> Result<Page<view::TrancheRequest>, Error> {
    sv.db.read(|tx| {
        let allocation = visible(tx, cx, id)?;
        let rows = tranche::page(tx, id, after, limit.saturating_add(1))?;
        let ids: Vec<TrancheRequestId> = rows.iter().map(|row| row.id).collect();
        let contents = tranche::contents_of(tx, &ids)?;
        let term = term(tx, cx, &allocation)?;
        let view = |row| view::TrancheRequest::of(row, &contents, &term);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view))
    })
}

/// An allocation that the caller may see; any other is not there.
pub fn visible(
    tx: &mut AnyConnection,
    cx: &Context,
    id: AllocationId,
) -> Result<Allocation, Error> {
    let found = allocation::find(tx, id)?.ok_or(Error::NotFound)?;
    if cx.actor.sight().includes(&found.region_code) { Ok(found) } else { Err(Error::NotFound) }
}

/// Asks for a tranche.
pub fn request(
    sv: &Services,
    cx: &Context,
    id: AllocationId,
    body: &Input<TrancheDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("tranche.request"),
        |tx| {
            let row = visible(tx, cx, id)?;
            Ok((Subject::within(SubjectKind::Allocation, id, &row.region_code), row))
        },
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::RegionalHead, &seen.region_code)?);
            allocation::lock(tx, id)?;
            let draft = body.get()?;
            // As it is since it was locked: a payment may have fixed its mode.
            let seen = allocation::find(tx, id)?.ok_or(Error::NotFound)?;
            let request_id = TrancheRequestId::new();
            let items: Vec<TrancheItem> = draft
                .items
                .iter()
                .map(|item| TrancheItem {
                    request_id,
                    proposal_id: item.proposal_id,
                    amount_idr: item.amount_idr,
                })
                .collect();
            let proposals = lock_items(tx, cx, &seen, draft)?;
            let row = fresh(cx, id, request_id, draft)?;
            for one in &proposals {
                access::four_eyes(tx, cx, one.id, Duty::Endorsement)?;
            }
            can_ask(tx, cx, &seen, &proposals, draft)?;
            tranche::insert(tx, &row, &items)?;
            let content = json!({ "n": row.n, "items": items });
            let told = NoticeEvent::TrancheRequested;
            settle(
                tx,
                cx,
                "tranche.request",
                (by, Some(Duty::Endorsement)),
                &row,
                &proposals,
                content,
                told,
            )?;
            let location = format!("/api/v1/allocations/{id}/tranche-requests");
            let version = row.version;
            let contents = Contents { items, ..Contents::default() };
            let shown = view::TrancheRequest::of(row, &contents, &term(tx, cx, &seen)?);
            Reply::created(&shown, Some(version), location)
        },
    )
}

fn fresh(
    cx: &Context,
    allocation_id: AllocationId,
    id: TrancheRequestId,
    draft: &TrancheDraft,
) -> Result<TrancheRequest, Error> {
    Ok(TrancheRequest {
        id,
        allocation_id,
        n: draft.n,
        state: TrancheState::Requested,
        total_idr: Rupiah::total(draft.items.iter().map(|item| item.amount_idr)),
        requested_at: cx.now,
        requested_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
        reviewed_at: None,
        reviewed_by: None,
        verified_at: None,
        verified_by: None,
        decided_at: None,
        decided_by: None,
        payment_number: None,
        paid_on: None,
        reason: None,
        version: 1,
    })
}

/// Locks the proposals of a request in the order of their ids; each has to belong to the allocation.
fn lock_items(
    tx: &mut AnyConnection,
    cx: &Context,
    allocation: &Allocation,
    draft: &TrancheDraft,
) -> Result<Vec<Proposal>, Error> {
    let mut ids: Vec<ProposalId> = draft.items.iter().map(|item| item.proposal_id).collect();
    ids.sort_unstable();
    let known = proposal::by_ids(tx, &ids)?;
    let mut checks = Checks::default();
    for (index, item) in draft.items.iter().enumerate() {
        let belongs = known
            .iter()
            .any(|row| row.id == item.proposal_id && row.allocation_id == Some(allocation.id));
        if !belongs || !cx.actor.sight().includes(&allocation.region_code) {
            let pointer = format!("/items/{index}/proposal_id");
            checks.fail(pointer, "unknown", "the allocation has no such proposal");
        }
    }
    checks.done().map_err(Error::Invalid)?;
    ids.into_iter().map(|id| access::lock(tx, cx, id, None)).collect()
}

/// Until when requests of an allocation are paid.
fn term(
    tx: &mut AnyConnection,
    cx: &Context,
    allocation: &Allocation,
) -> Result<view::Term, Error> {
    let rules = policy::of_allocation(tx, allocation, cx.now)?;
    Ok(view::Term::of(&rules.policy, &allocation.region_code))
}

/// The amounts of a request with their proposals.
fn amounts<'a>(
    items: &[(ProposalId, Rupiah)],
    proposals: &'a [Proposal],
) -> Vec<(&'a Proposal, Rupiah)> {
    let of = |row: &Proposal| items.iter().find(|(id, _)| *id == row.id).map(|(_, amount)| *amount);
    proposals.iter().map(|row| (row, of(row).unwrap_or_default())).collect()
}

/// Whether the tranche can be asked for: by what holds of each proposal, and by the gate. Everything that stands in the
/// way is said at once.
fn can_ask(
    tx: &mut AnyConnection,
    cx: &Context,
    allocation: &Allocation,
    proposals: &[Proposal],
    draft: &TrancheDraft,
) -> Result<(), Error> {
    let items: Vec<_> =
        draft.items.iter().map(|item| (item.proposal_id, item.amount_idr)).collect();
    let items = amounts(&items, proposals);
    let mut blockers = Vec::new();
    for (row, amount) in &items {
        blockers.extend(against(tx, cx, row, draft.n, *amount)?);
    }
    blockers.extend(gate::against::request(tx, allocation, draft.n, &items, cx.now)?);
    let mut said = BTreeSet::new();
    blockers.retain(|one| said.insert((one.code.clone(), one.message.clone())));
    if blockers.is_empty() { Ok(()) } else { Err(Error::Refused(Refusal::because(blockers))) }
}

/// What of one proposal stands in the way of asking for a tranche.
fn against(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &Proposal,
    n: i64,
    amount: Rupiah,
) -> Result<Vec<Blocker>, Error> {
    let pinned = policy::of_proposal(tx, row, cx.now)?;
    let act = Act::bare(Action::Disburse);
    let payment = Payment { n, amount };
    let mut facts = facts::gather(tx, row, &pinned.policy, &act, Some(payment), cx.now)?;
    // A hold keeps it from being paid, not from asking.
    facts.open_holds = 0;
    let decided = workflow::decide(&act, &facts, Door::TranchePayment);
    let mut blockers = decided.err().map(|refusal| refusal.blockers).unwrap_or_default();
    let standing = tranche::standing_for(tx, row.id)?;
    if standing.iter().any(|(of, state)| *of == n || *state != TrancheState::Paid) {
        let message =
            format!("A request for {} stands already; tranche {n} can't be asked for.", row.id);
        blockers.push(Blocker::new("request_stands", "/n", message));
    }
    let paid = standing.iter().filter(|(_, state)| *state == TrancheState::Paid);
    let next = paid.map(|(of, _)| *of).max().unwrap_or(0).saturating_add(1);
    if n != next {
        let message = format!("The next tranche of {} is number {next}.", row.id);
        blockers.push(Blocker::new("tranche_order", "/n", message));
    }
    Ok(blockers)
}

/// Writes what a step of a request changes: proposals, parts, event, revisions, notices.
#[expect(clippy::too_many_arguments, reason = "all that a step is recorded with")]
fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    action: &str,
    (by, duty): (By, Option<Duty>),
    row: &TrancheRequest,
    proposals: &[Proposal],
    content: Value,
    told: NoticeEvent,
) -> Result<(), Error> {
    let event = EventId::new();
    let region = proposals.first().map(|one| one.region_code.clone());
    let subject = Subject {
        region,
        proposal: match proposals {
            [one] => Some(one.id),
            _ => None,
        },
        ..Subject::of(SubjectKind::TrancheRequest, row.id)
    };
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::TrancheRequest, row.id, row.version, row)?;
    let due = notices::due_of_request(tx, cx, told, row, proposals)?;
    for one in proposals {
        access::save(tx, one)?;
        if let Some(duty) = duty {
            access::took_part(tx, cx, one.id, duty)?;
        }
        trail::revise(tx, event, SubjectKind::Proposal, one.id, one.version, one)?;
        let words = Words {
            amount: Some(row.total_idr),
            comment: row.reason.clone(),
            details: vec![Detail::Tranche { n: row.n }],
            due: due.clone(),
            ..Words::default()
        };
        notices::raise(tx, cx, event, told, one, words)?;
    }
    Ok(())
}
