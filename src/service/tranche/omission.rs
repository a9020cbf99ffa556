//! Leaving a proposal out of the requests that wait, once it can't be paid where it stands: the others proceed, and what
//! is paid was verified all the same.

use crate::domain::act::Action;
use crate::domain::audit::SubjectKind;
use crate::domain::ids::EventId;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::domain::tranche::TrancheState;
use crate::domain::workflow;
use crate::service::access;
use crate::service::action::Step;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::trail::{self, Event};
use crate::storage::AnyConnection;
use crate::storage::proposal::Proposal;
use crate::storage::tranche::{self, Omission, TrancheRequest};
use serde_json::json;

/// Whether the machine has an arrow by which a proposal is paid where it stands.
fn can_be_paid(row: &Proposal) -> bool {
    workflow::arrows(row.menu)
        .any(|arrow| arrow.from == row.state && arrow.action == Action::Disburse)
}

/// Leaves a proposal out of every request that waits, when a step took it to where it can't be paid. The allocation is
/// locked by then, as it is by each step of a request.
pub fn leave_out(
    tx: &mut AnyConnection,
    cx: &Context,
    before: &Proposal,
    after: &Proposal,
    step: &Step<'_>,
) -> Result<(), Error> {
    if !can_be_paid(before) || can_be_paid(after) {
        return Ok(());
    }
    for request in tranche::waiting_for(tx, after.id)? {
        leave_out_of(tx, cx, request, after, step)?;
    }
    Ok(())
}

fn leave_out_of(
    tx: &mut AnyConnection,
    cx: &Context,
    request: TrancheRequest,
    proposal: &Proposal,
    step: &Step<'_>,
) -> Result<(), Error> {
    let contents = tranche::contents_of(tx, &[request.id])?;
    let (gone, rest): (Vec<_>, Vec<_>) =
        contents.paid().partition(|item| item.proposal_id == proposal.id);
    let amount = Rupiah::total(gone.iter().map(|item| item.amount_idr));
    let omission = Omission {
        request_id: request.id,
        proposal_id: proposal.id,
        amount_idr: amount,
        state: proposal.state,
        reason: step.act.comment().map(str::to_owned),
        event_id: step.event,
        left_out_at: cx.now,
        hold_id: None,
    };
    tranche::leave_out(tx, &omission)?;
    let after = without(cx, &request, Rupiah::total(rest.iter().map(|item| item.amount_idr)));
    if tranche::replace(tx, &after)? == 0 {
        return Err(Error::Stale);
    }
    let event = EventId::new();
    let subject = access::beneath(proposal, SubjectKind::TrancheRequest, request.id);
    let content = json!({
        "before": { "state": request.state, "total_idr": request.total_idr },
        "after": { "state": after.state, "total_idr": after.total_idr },
        "left_out": omission,
    });
    let action = "tranche.leave_out";
    let by = Some(step.by);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::TrancheRequest, after.id, after.version, &after)?;
    let words = Words {
        comment: omission.reason,
        amount: Some(amount),
        details: vec![Detail::RequestReduced {
            n: after.n,
            before_idr: request.total_idr.0,
            after_idr: after.total_idr.0,
        }],
        ..Words::default()
    };
    notices::raise(tx, cx, event, NoticeEvent::TrancheReduced, proposal, words)
}

/// The request without the proposal; one that has nothing left to pay ends.
fn without(cx: &Context, request: &TrancheRequest, total_idr: Rupiah) -> TrancheRequest {
    let reduced = TrancheRequest { total_idr, version: request.version + 1, ..request.clone() };
    if total_idr > Rupiah::ZERO {
        return reduced;
    }
    TrancheRequest {
        state: TrancheState::Refused,
        decided_at: Some(cx.now),
        decided_by: cx.actor.user,
        reason: Some("None of its proposals can be paid any more.".to_owned()),
        ..reduced
    }
}
