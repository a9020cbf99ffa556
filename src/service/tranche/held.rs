//! What an audit hold keeps from being paid: it is left out of the payment, and the others proceed. It was asked for all
//! the same, and so is not forfeited.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::EventId;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::service::access;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::trail::{self, Event};
use crate::storage::AnyConnection;
use crate::storage::hold::{self, Hold};
use crate::storage::proposal::Proposal;
use crate::storage::tranche::{self, Contents, Omission, TrancheRequest};
use serde_json::json;

/// Leaves the proposals under a hold out of a request that is being paid. Gives the request with the total that is
/// paid, its contents and the proposals that are; refuses when none is left.
pub(super) fn hold_back(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    request: TrancheRequest,
    mut contents: Contents,
    proposals: Vec<Proposal>,
) -> Result<(TrancheRequest, Contents, Vec<Proposal>), Error> {
    let ids: Vec<_> = proposals.iter().map(|one| one.id).collect();
    let holds = hold::open_among(tx, &ids)?;
    if holds.is_empty() {
        return Ok((request, contents, proposals));
    }
    let first = |one: &Proposal| holds.iter().find(|hold| hold.proposal_id == one.id);
    if proposals.iter().all(|one| first(one).is_some()) {
        let message = "Every proposal of this request is under an audit hold; none can be paid.";
        return Err(Error::refused("no_hold", "/items", message));
    }
    let mut paid = Vec::with_capacity(proposals.len());
    for one in proposals {
        match first(&one) {
            None => paid.push(one),
            Some(hold) => {
                let omission = leave_out(tx, cx, by, &request, &contents, &one, hold)?;
                contents.omissions.push(omission);
            }
        }
    }
    contents.omissions.sort_by_key(|one| (one.request_id, one.proposal_id));
    let total_idr = Rupiah::total(contents.paid().map(|item| item.amount_idr));
    Ok((TrancheRequest { total_idr, ..request }, contents, paid))
}

fn leave_out(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    request: &TrancheRequest,
    contents: &Contents,
    proposal: &Proposal,
    hold: &Hold,
) -> Result<Omission, Error> {
    let item = contents.paid().find(|item| item.proposal_id == proposal.id);
    let event = EventId::new();
    let omission = Omission {
        request_id: request.id,
        proposal_id: proposal.id,
        amount_idr: item.map(|item| item.amount_idr).unwrap_or_default(),
        state: proposal.state,
        reason: Some(hold.reason.clone()),
        event_id: event,
        left_out_at: cx.now,
        hold_id: Some(hold.id),
    };
    tranche::leave_out(tx, &omission)?;
    access::save(tx, proposal)?;
    let subject = access::beneath(proposal, SubjectKind::TrancheRequest, request.id);
    let content = json!({ "left_out": omission });
    let action = "tranche.hold_back";
    let by = Some(by);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)?;
    let told = NoticeEvent::PaymentHeld;
    let due = notices::due_of_request(tx, cx, told, request, std::slice::from_ref(proposal))?;
    let words = Words {
        due,
        comment: omission.reason.clone(),
        amount: Some(omission.amount_idr),
        details: vec![Detail::Tranche { n: request.n }],
        ..Words::default()
    };
    notices::raise(tx, cx, event, told, proposal, words)?;
    Ok(omission)
}
