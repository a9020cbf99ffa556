//! Requests for tranches: asked by the regional head, reviewed by the inspector, verified by one treasurer and paid by
//! another.

use crate::domain::act::{Act, Action};
use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AllocationId, EventId, ProposalId, TrancheRequestId};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_SHORT};
use crate::domain::journal::{EntryKind, Posting};
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::{Blocker, FieldError, Refusal};
use crate::domain::tranche::{Payment, TrancheState};
use crate::domain::workflow::{self, Door};
use crate::service::action::{self, Step};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::money::{self, Source};
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::plan::{Reason, need_version};
use crate::service::trail::{self, Event, Subject};
use crate::service::view::money as view;
use crate::service::{Services, access, facts, policy};
use crate::storage::AnyConnection;
use crate::storage::allocation::{self, Allocation};
use crate::storage::proposal::{self, Proposal};
use crate::storage::tranche::{self, TrancheItem, TrancheRequest};
use chrono::NaiveDate;
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

/// A payment.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentDraft {
    /// Number of the payment order of the treasury office (KPPN).
    pub payment_number: String,
    /// Its date; today when absent, never in the future.
    #[serde(default)]
    pub paid_on: Option<NaiveDate>,
}

impl PaymentDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/payment_number", &self.payment_number, MAX_SHORT);
        checks.done()
    }
}

/// The requests of an allocation.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: AllocationId,
) -> Result<Vec<view::TrancheRequest>, Error> {
    sv.db.read(|tx| {
        visible(tx, cx, id)?;
        let rows = tranche::of(tx, id)?;
        let items = tranche::items_of(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
        Ok(rows.into_iter().map(|row| view::TrancheRequest::of(row, &items)).collect())
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
                can_ask(tx, cx, one, draft)?;
            }
            tranche::insert(tx, &row, &items)?;
            let content = json!({ "n": row.n, "items": items });
            let told = (NoticeEvent::TrancheRequested, &[Role::Inspector, Role::Drafter][..]);
            settle(
                tx,
                cx,
                "tranche.request",
                (by, Duty::Endorsement),
                &row,
                &proposals,
                content,
                told,
            )?;
            let location = format!("/api/v1/allocations/{id}/tranche-requests");
            let version = row.version;
            Reply::created(&view::TrancheRequest::of(row, &items), Some(version), location)
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
    ids.into_iter().map(|id| access::lock(tx, id, None)).collect()
}

/// Whether the tranche can be asked for, by the rules that will hold at its payment.
fn can_ask(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &Proposal,
    draft: &TrancheDraft,
) -> Result<(), Error> {
    let amount =
        draft.items.iter().find(|item| item.proposal_id == row.id).map(|item| item.amount_idr);
    let payment = Payment { n: draft.n, amount: amount.unwrap_or_default() };
    let pinned = policy::of_proposal(tx, row)?;
    let act = Act::bare(Action::Disburse);
    let facts = facts::gather(tx, row, &pinned.policy, &act, Some(payment), cx.now)?;
    workflow::decide(&act, &facts, Door::TranchePayment).map_err(Error::Refused)?;
    let mut blockers = Vec::new();
    if row.state == State::Contracted && cx.now >= facts.gate() {
        let message = format!("The gate of this year passed at {}.", facts.gate());
        blockers.push(Blocker::new("contract_gate_open", "/items", message));
    }
    let standing = tranche::standing_for(tx, row.id)?;
    if standing.iter().any(|(n, state)| *n == draft.n || *state != TrancheState::Paid) {
        let message = format!(
            "A request for {} stands already; tranche {} can't be asked for.",
            row.id, draft.n
        );
        blockers.push(Blocker::new("request_stands", "/n", message));
    }
    let paid =
        standing.iter().filter(|(_, state)| *state == TrancheState::Paid).map(|(n, _)| *n).max();
    if draft.n != paid.unwrap_or(0) + 1 {
        let message =
            format!("The next tranche of {} is number {}.", row.id, paid.unwrap_or(0) + 1);
        blockers.push(Blocker::new("tranche_order", "/n", message));
    }
    if blockers.is_empty() { Ok(()) } else { Err(Error::Refused(Refusal::because(blockers))) }
}

type Found = (TrancheRequest, Allocation);

fn find(
    tx: &mut AnyConnection,
    cx: &Context,
    id: TrancheRequestId,
) -> Result<(Subject, Found), Error> {
    let row = tranche::find(tx, id)?.ok_or(Error::NotFound)?;
    let allocation = visible(tx, cx, row.allocation_id)?;
    let subject = Subject::within(SubjectKind::TrancheRequest, id, &allocation.region_code);
    Ok((subject, (row, allocation)))
}

/// Locks allocation, request and proposals, in this order, for a step of a request.
fn begin(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &TrancheRequest,
    duty: Duty,
) -> Result<(Vec<TrancheItem>, Vec<Proposal>), Error> {
    let items = tranche::items_of(tx, &[row.id])?;
    for item in &items {
        access::four_eyes(tx, cx, item.proposal_id, duty)?;
    }
    allocation::lock(tx, row.allocation_id)?;
    need_version(cx, row.version)?;
    let mut ids: Vec<ProposalId> = items.iter().map(|item| item.proposal_id).collect();
    ids.sort_unstable();
    let proposals =
        ids.into_iter().map(|id| access::lock(tx, id, None)).collect::<Result<_, _>>()?;
    Ok((items, proposals))
}

fn need_state(row: &TrancheRequest, wanted: &[TrancheState]) -> Result<(), Error> {
    if wanted.contains(&row.state) {
        return Ok(());
    }
    let names = wanted.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(" or ");
    let message = format!("This takes a request that is {names}; it is {}.", row.state);
    Err(Error::refused("tranche_state", "/state", message))
}

/// Writes what a step of a request changes: proposals, parts, event, revisions, notices.
#[expect(clippy::too_many_arguments, reason = "all that a step is recorded with")]
fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    action: &str,
    (by, duty): (By, Duty),
    row: &TrancheRequest,
    proposals: &[Proposal],
    content: Value,
    (told, tells): (NoticeEvent, &[Role]),
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
    for one in proposals {
        access::save(tx, one)?;
        access::took_part(tx, cx, one.id, duty)?;
        trail::revise(tx, event, SubjectKind::Proposal, one.id, one.version, one)?;
        let words = Words {
            amount: Some(row.total_idr),
            comment: row.reason.clone(),
            details: vec![format!("Tranche {}", row.n)],
            ..Words::default()
        };
        notices::raise(tx, cx, event, told, one, tells, words)?;
    }
    Ok(())
}

fn replace(tx: &mut AnyConnection, row: &TrancheRequest) -> Result<(), Error> {
    if tranche::replace(tx, row)? == 0 { Err(Error::Stale) } else { Ok(()) }
}

fn answer(row: TrancheRequest, items: &[TrancheItem]) -> Result<Reply, Error> {
    let version = row.version;
    Reply::ok(&view::TrancheRequest::of(row, items), Some(version))
}

/// The inspector (APIP) has reviewed the request.
pub fn review(sv: &Services, cx: &Context, id: TrancheRequestId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("tranche.review"),
        |tx| find(tx, cx, id),
        |tx, _, (row, allocation)| {
            let by = By::from(cx.need_in(Role::Inspector, &allocation.region_code)?);
            let (items, proposals) = begin(tx, cx, &row, Duty::Inspection)?;
            need_state(&row, &[TrancheState::Requested])?;
            let after = TrancheRequest {
                state: TrancheState::Reviewed,
                reviewed_at: Some(cx.now),
                reviewed_by: cx.actor.user,
                version: row.version + 1,
                ..row
            };
            replace(tx, &after)?;
            let told = (NoticeEvent::TrancheReviewed, &[Role::Treasurer, Role::RegionalHead][..]);
            settle(
                tx,
                cx,
                "tranche.review",
                (by, Duty::Inspection),
                &after,
                &proposals,
                json!({}),
                told,
            )?;
            answer(after, &items)
        },
    )
}

/// A treasurer has verified the request.
pub fn verify(sv: &Services, cx: &Context, id: TrancheRequestId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("tranche.verify"),
        |tx| find(tx, cx, id),
        |tx, _, (row, _)| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            let (items, proposals) = begin(tx, cx, &row, Duty::PaymentVerification)?;
            need_state(&row, &[TrancheState::Reviewed])?;
            let after = TrancheRequest {
                state: TrancheState::Verified,
                verified_at: Some(cx.now),
                verified_by: cx.actor.user,
                version: row.version + 1,
                ..row
            };
            replace(tx, &after)?;
            let told = (NoticeEvent::TrancheVerified, &[Role::Treasurer][..]);
            let parts = (by, Duty::PaymentVerification);
            settle(tx, cx, "tranche.verify", parts, &after, &proposals, json!({}), told)?;
            answer(after, &items)
        },
    )
}

/// Refuses a request.
pub fn refuse(
    sv: &Services,
    cx: &Context,
    id: TrancheRequestId,
    body: &Input<Reason>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("tranche.refuse"),
        |tx| find(tx, cx, id),
        |tx, _, (row, _)| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            let (items, proposals) = begin(tx, cx, &row, Duty::PaymentVerification)?;
            let reason = body.get()?;
            need_state(
                &row,
                &[TrancheState::Requested, TrancheState::Reviewed, TrancheState::Verified],
            )?;
            let after = TrancheRequest {
                state: TrancheState::Refused,
                decided_at: Some(cx.now),
                decided_by: cx.actor.user,
                reason: Some(reason.comment.clone()),
                version: row.version + 1,
                ..row
            };
            replace(tx, &after)?;
            let told = (
                NoticeEvent::TrancheRefused,
                &[Role::RegionalHead, Role::Drafter, Role::Inspector][..],
            );
            let parts = (by, Duty::PaymentVerification);
            let content = json!({ "reason": reason.comment });
            settle(tx, cx, "tranche.refuse", parts, &after, &proposals, content, told)?;
            answer(after, &items)
        },
    )
}

/// Pays a verified request: the arrow `disburse` of each of its proposals, all or none.
pub fn pay(
    sv: &Services,
    cx: &Context,
    id: TrancheRequestId,
    body: &Input<PaymentDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("tranche.pay"),
        |tx| find(tx, cx, id),
        |tx, subject, (row, _)| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            let (items, proposals) = begin(tx, cx, &row, Duty::Payment)?;
            let payment = body.get()?;
            let paid_on = payment.paid_on.unwrap_or_else(|| cx.now.date_in(Zone::Wib));
            if paid_on > cx.now.date_in(Zone::Wib) {
                return Err(Error::invalid("/paid_on", "future", "must not be in the future"));
            }
            need_state(&row, &[TrancheState::Verified])?;
            let after = TrancheRequest {
                state: TrancheState::Paid,
                decided_at: Some(cx.now),
                decided_by: cx.actor.user,
                payment_number: Some(payment.payment_number.clone()),
                paid_on: Some(paid_on),
                version: row.version + 1,
                ..row
            };
            replace(tx, &after)?;
            for one in &proposals {
                disburse(tx, cx, by, one, &after, &items, paid_on)?;
            }
            let event = EventId::new();
            let content = json!({ "payment_number": after.payment_number, "paid_on": paid_on, "items": items });
            let action = "tranche.pay";
            trail::done(tx, cx, Event { id: event, action, subject, by: Some(by), content, personal: &[] })?;
            trail::revise(tx, event, SubjectKind::TrancheRequest, id, after.version, &after)?;
            answer(after, &items)
        },
    )
}

fn disburse(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    row: &Proposal,
    request: &TrancheRequest,
    items: &[TrancheItem],
    paid_on: NaiveDate,
) -> Result<Proposal, Error> {
    let amount = items.iter().find(|item| item.proposal_id == row.id).map(|item| item.amount_idr);
    let payment = Payment { n: request.n, amount: amount.unwrap_or_default() };
    let pinned = policy::of_proposal(tx, row)?;
    let act = Act::bare(Action::Disburse);
    let facts = facts::gather(tx, row, &pinned.policy, &act, Some(payment), cx.now)?;
    let arrow = workflow::decide(&act, &facts, Door::TranchePayment).map_err(Error::Refused)?;
    if !row.lump_sum_recommended {
        allocation::fix_mode(tx, request.allocation_id, facts.mode)?;
    }
    let event = EventId::new();
    let source = Source {
        kind: "tranche_request",
        id: request.id.to_string(),
        event,
        effective_on: paid_on,
    };
    let posting = Posting::of(EntryKind::Disburse, payment.amount);
    money::post(tx, cx, row, &[posting], &source)?;
    let step = Step { event, by, act: &act, arrow, facts: &facts, pinned: &pinned };
    action::follow(tx, cx, row, &step)
}
