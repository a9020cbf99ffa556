//! The steps of a request for a tranche: reviewed by the inspector, verified by one treasurer, paid by another, or refused.

use super::{amounts, held, settle, term, visible};
use crate::domain::act::{Act, Action};
use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, ProposalId, TrancheRequestId};
use crate::domain::input::{Checks, number_key};
use crate::domain::journal::{EntryKind, Posting};
use crate::domain::moment::Zone;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::{Duty, Role};
use crate::domain::refusal::{FieldError, Refusal};
use crate::domain::tranche::{Payment, TrancheState};
use crate::domain::workflow::{self, Door};
use crate::service::action::{self, Step};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::money::{self, Source};
use crate::service::once::Write;
use crate::service::plan::{Reason, need_version};
use crate::service::trail::{self, Event, Subject};
use crate::service::view::tranche as view;
use crate::service::{Services, access, facts, gate, policy};
use crate::storage::AnyConnection;
use crate::storage::allocation::{self, Allocation};
use crate::storage::proposal::Proposal;
use crate::storage::tranche::{self, Contents, TrancheRequest};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

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
        checks.number("/payment_number", &self.payment_number);
        checks.date("/paid_on", self.paid_on);
        checks.done()
    }
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

/// Locks allocation, request and the proposals that it still pays, in this order, for a step of a request.
fn begin(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &TrancheRequest,
    duty: Duty,
) -> Result<(Contents, Vec<Proposal>), Error> {
    let contents = tranche::contents_of(tx, &[row.id])?;
    for item in contents.paid() {
        access::four_eyes(tx, cx, item.proposal_id, duty)?;
    }
    allocation::lock(tx, row.allocation_id)?;
    need_version(cx, row.version)?;
    let mut ids: Vec<ProposalId> = contents.paid().map(|item| item.proposal_id).collect();
    ids.sort_unstable();
    let lock = |id| {
        let row = access::lock(tx, cx, id, None)?;
        // Again, since it is locked: see `access::lock_as`.
        access::four_eyes(tx, cx, id, duty)?;
        Ok::<_, Error>(row)
    };
    let proposals = ids.into_iter().map(lock).collect::<Result<_, _>>()?;
    Ok((contents, proposals))
}

fn need_state(row: &TrancheRequest, wanted: &[TrancheState]) -> Result<(), Error> {
    if wanted.contains(&row.state) {
        return Ok(());
    }
    let names = wanted.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(" or ");
    let message = format!("This takes a request that is {names}; it is {}.", row.state);
    Err(Error::refused("tranche_state", "/state", message))
}

fn replace(tx: &mut AnyConnection, row: &TrancheRequest) -> Result<(), Error> {
    if tranche::replace(tx, row)? == 0 { Err(Error::Stale) } else { Ok(()) }
}

fn answer(
    tx: &mut AnyConnection,
    cx: &Context,
    allocation: &Allocation,
    row: TrancheRequest,
    contents: &Contents,
) -> Result<Reply, Error> {
    let version = row.version;
    let shown = view::TrancheRequest::of(row, contents, &term(tx, cx, allocation)?);
    Reply::ok(&shown, Some(version))
}

/// The inspector (APIP) has reviewed the request.
pub fn review(sv: &Services, cx: &Context, id: TrancheRequestId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("tranche.review"),
        |tx| find(tx, cx, id),
        |tx, _, (row, allocation)| {
            let by = By::from(cx.need_in(Role::Inspector, &allocation.region_code)?);
            let (contents, proposals) = begin(tx, cx, &row, Duty::Inspection)?;
            need_state(&row, &[TrancheState::Requested])?;
            let after = TrancheRequest {
                state: TrancheState::Reviewed,
                reviewed_at: Some(cx.now),
                reviewed_by: cx.actor.user,
                version: row.version + 1,
                ..row
            };
            replace(tx, &after)?;
            let told = NoticeEvent::TrancheReviewed;
            settle(
                tx,
                cx,
                "tranche.review",
                (by, Some(Duty::Inspection)),
                &after,
                &proposals,
                json!({}),
                told,
            )?;
            answer(tx, cx, &allocation, after, &contents)
        },
    )
}

/// A treasurer has verified the request.
pub fn verify(sv: &Services, cx: &Context, id: TrancheRequestId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("tranche.verify"),
        |tx| find(tx, cx, id),
        |tx, _, (row, allocation)| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            let (contents, proposals) = begin(tx, cx, &row, Duty::PaymentVerification)?;
            need_state(&row, &[TrancheState::Reviewed])?;
            let after = TrancheRequest {
                state: TrancheState::Verified,
                verified_at: Some(cx.now),
                verified_by: cx.actor.user,
                version: row.version + 1,
                ..row
            };
            replace(tx, &after)?;
            let told = NoticeEvent::TrancheVerified;
            let parts = (by, Some(Duty::PaymentVerification));
            settle(tx, cx, "tranche.verify", parts, &after, &proposals, json!({}), told)?;
            answer(tx, cx, &allocation, after, &contents)
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
        |tx, _, (row, allocation)| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            let (contents, proposals) = begin(tx, cx, &row, Duty::PaymentVerification)?;
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
            let told = NoticeEvent::TrancheRefused;
            // To refuse is no verification: whoever refused may verify or pay the next request.
            let parts = (by, None);
            let content = json!({ "reason": reason.comment });
            settle(tx, cx, "tranche.refuse", parts, &after, &proposals, content, told)?;
            answer(tx, cx, &allocation, after, &contents)
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
        |tx, subject, (row, allocation)| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            let (contents, proposals) = begin(tx, cx, &row, Duty::Payment)?;
            let payment = body.get()?;
            let paid_on = payment.paid_on.unwrap_or_else(|| cx.now.date_in(Zone::Wib));
            if paid_on > cx.now.date_in(Zone::Wib) {
                return Err(Error::invalid("/paid_on", "future", "must not be in the future"));
            }
            let requested_on = row.requested_at.date_in(Zone::Wib);
            if paid_on < requested_on {
                let message =
                    format!("must not lie before the request, which is of {requested_on}");
                return Err(Error::invalid("/paid_on", "before_request", message));
            }
            need_state(&row, &[TrancheState::Verified])?;
            let key = number_key(&payment.payment_number);
            let used = tranche::payment_numbers(tx, row.allocation_id)?;
            if used.iter().any(|number| number_key(number) == key) {
                let message = "another request of this allocation was paid under this number";
                return Err(Error::invalid("/payment_number", "used_already", message));
            }
            let (row, contents, proposals) = held::hold_back(tx, cx, by, row, contents, proposals)?;
            need_open(tx, cx, &allocation, &row, &contents, &proposals, paid_on)?;
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
                disburse(tx, cx, by, one, &after, &contents, paid_on)?;
            }
            let event = EventId::new();
            let content = json!({ "payment_number": after.payment_number, "paid_on": paid_on,
                "items": contents.paid().collect::<Vec<_>>(), "left_out": contents.omissions });
            let action = "tranche.pay";
            trail::done(
                tx,
                cx,
                Event { id: event, action, subject, by: Some(by), content, personal: &[] },
            )?;
            trail::revise(tx, event, SubjectKind::TrancheRequest, id, after.version, &after)?;
            answer(tx, cx, &allocation, after, &contents)
        },
    )
}

/// Whether the gate of the tranche is open on the day of the payment. The allocation is locked by then, so that what feeds
/// the gate stands still.
fn need_open(
    tx: &mut AnyConnection,
    cx: &Context,
    allocation: &Allocation,
    request: &TrancheRequest,
    contents: &Contents,
    proposals: &[Proposal],
    paid_on: NaiveDate,
) -> Result<(), Error> {
    // As it is since it was locked: another payment may have fixed its mode.
    let allocation = allocation::find(tx, allocation.id)?.ok_or(Error::NotFound)?;
    let items: Vec<_> = contents.paid().map(|item| (item.proposal_id, item.amount_idr)).collect();
    let items = amounts(&items, proposals);
    let dated = (paid_on, cx.now);
    let blockers = gate::against::payment(tx, &allocation, request, &items, dated)?;
    if blockers.is_empty() { Ok(()) } else { Err(Error::Refused(Refusal::because(blockers))) }
}

fn disburse(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    row: &Proposal,
    request: &TrancheRequest,
    contents: &Contents,
    paid_on: NaiveDate,
) -> Result<Proposal, Error> {
    let item = contents.paid().find(|item| item.proposal_id == row.id);
    let amount = item.map(|item| item.amount_idr);
    let payment = Payment { n: request.n, amount: amount.unwrap_or_default() };
    let pinned = policy::of_proposal(tx, row, cx.now)?;
    let act = Act::bare(Action::Disburse);
    let facts = facts::gather(tx, row, &pinned.policy, &act, Some(payment), cx.now)?;
    let arrow = workflow::decide(&act, &facts, Door::TranchePayment).map_err(Error::Refused)?;
    let event = EventId::new();
    let fixes = !row.lump_sum_recommended;
    if fixes && allocation::fix_mode(tx, request.allocation_id, facts.mode)? == 1 {
        money::revise_allocation(tx, event, request.allocation_id)?;
    }
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
