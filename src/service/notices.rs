//! Raising notices: the facts of what happened, in the same transaction.

use crate::domain::ids::{EventId, NoticeId, UserId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::notice::detail::{Detail, DocumentName, NoticeDue};
use crate::domain::notice::due::{self, Ground, Standing};
use crate::domain::notice::telling::Audience;
use crate::domain::notice::{AccountFacts, NoticeEvent, NoticeFacts, telling};
use crate::domain::people::Role;
use crate::domain::policy::Policy;
use crate::domain::reminder::ReminderFacts;
use crate::domain::tranche;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::policy;
use crate::storage::notice::{self, Notice};
use crate::storage::proposal::Proposal;
use crate::storage::tranche::TrancheRequest;
use crate::storage::{AnyConnection, allocation, region};

/// What a notice says beside who and where.
#[derive(Debug, Default)]
pub struct Words {
    /// Why.
    pub comment: Option<String>,
    /// By when the next step is due, where the caller has the rules at hand or only it knows; else it is found.
    pub due: Option<NoticeDue>,
    /// The moment that was missed.
    pub missed: Option<Moment>,
    /// The amount that it is about.
    pub amount: Option<Rupiah>,
    /// Further lines.
    pub details: Vec<Detail>,
}

/// Who of those that the table of `domain::notice::telling` names is told this time.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// Everybody who holds one of the roles that the table names.
    All,
    /// Of these roles only some: those of the arrow that was taken.
    Among(&'a [Role]),
    /// One person, as holder of the role that the table names.
    One(UserId),
}

/// Raises a notice about a proposal for everybody who is told of such an event.
pub fn raise(
    tx: &mut AnyConnection,
    cx: &Context,
    event_id: EventId,
    event: NoticeEvent,
    proposal: &Proposal,
    words: Words,
) -> Result<(), Error> {
    tell(tx, cx, (event_id, event), proposal, Told::All, words)
}

/// Raises a notice about a proposal; none where nobody is told.
pub fn tell(
    tx: &mut AnyConnection,
    cx: &Context,
    (event_id, event): (EventId, NoticeEvent),
    proposal: &Proposal,
    told: Told<'_>,
    words: Words,
) -> Result<(), Error> {
    let mut tells = telling::roles(event);
    let only = match told {
        Told::All => None,
        Told::Among(some) => {
            tells.retain(|role| some.contains(role));
            None
        }
        Told::One(user) => Some(user),
    };
    if tells.is_empty() {
        return Ok(());
    }
    let due = match words.due {
        Some(due) => Some(due),
        None => due_beside(tx, cx, event, proposal, &words.details)?,
    };
    let words = Words { due, ..words };
    append(tx, cx, (event_id, event), proposal, (tells, only), words, None).map(|_| ())
}

/// Raises a reminder of a deadline: about one proposal, or first of all about it.
pub fn remind(
    tx: &mut AnyConnection,
    cx: &Context,
    event_id: EventId,
    proposal: &Proposal,
    tells: &[Role],
    reminder: ReminderFacts,
) -> Result<NoticeId, Error> {
    let event = (event_id, NoticeEvent::Reminder);
    let told = (tells.to_vec(), None);
    append(tx, cx, event, proposal, told, Words::default(), Some(reminder))
}

fn append(
    tx: &mut AnyConnection,
    cx: &Context,
    (event_id, event): (EventId, NoticeEvent),
    proposal: &Proposal,
    (tells, only): (Vec<Role>, Option<UserId>),
    words: Words,
    reminder: Option<ReminderFacts>,
) -> Result<NoticeId, Error> {
    let region = region::find(tx, &proposal.region_code)?.ok_or(Error::NotFound)?;
    let facts = NoticeFacts {
        at: cx.now,
        tells,
        only,
        proposal_id: proposal.id,
        title: proposal.title.clone(),
        region_code: proposal.region_code.clone(),
        region_name: region.name,
        commodity: proposal.commodity.clone(),
        fiscal_year: proposal.fiscal_year,
        state: proposal.state,
        actor: cx.actor.name.clone(),
        actor_id: cx.actor.user,
        comment: words.comment,
        due: words.due,
        missed: words.missed,
        amount: words.amount.map(|amount| amount.0),
        details: words.details,
        reminder,
    };
    let row = Notice {
        id: NoticeId::new(),
        event,
        proposal_id: Some(proposal.id),
        facts: serde_json::to_string(&facts)?,
        event_id,
        created_at: cx.now,
    };
    notice::append(tx, &row)?;
    Ok(row.id)
}

/// Raises a notice about an account, for its owner alone.
pub fn raise_account(
    tx: &mut AnyConnection,
    event_id: EventId,
    event: NoticeEvent,
    facts: &AccountFacts,
) -> Result<(), Error> {
    let row = Notice {
        id: NoticeId::new(),
        event,
        proposal_id: None,
        facts: serde_json::to_string(facts)?,
        event_id,
        created_at: facts.at,
    };
    notice::append(tx, &row)?;
    Ok(())
}

/// What people call a type of document; its code where the policy knows it no more.
pub fn document_name(policy: &Policy, document_type: &str) -> DocumentName {
    let rule = policy.documents.iter().find(|rule| rule.document_type == document_type);
    DocumentName {
        document_type: document_type.to_owned(),
        label_id: rule.map_or(document_type, |rule| &rule.label_id).to_owned(),
        label_en: rule.map_or(document_type, |rule| &rule.label_en).to_owned(),
    }
}

/// By when the next step of a proposal is due where it stands, where a rule sets it.
pub fn due(proposal: &Proposal, policy: &Policy, now: Moment) -> Option<NoticeDue> {
    let standing = Standing {
        state: proposal.state,
        returned: proposal.returned,
        due_on: proposal.due_on,
        recommended: proposal.lump_sum_recommended,
        zone: Zone::of(&proposal.region_code),
    };
    due::of_state(&standing, policy, now)
}

/// By when the step is due that an event asks for over a request for a tranche of some proposals.
pub fn due_of_request(
    tx: &mut AnyConnection,
    cx: &Context,
    event: NoticeEvent,
    row: &TrancheRequest,
    proposals: &[Proposal],
) -> Result<Option<NoticeDue>, Error> {
    let Some(first) = proposals.first() else { return Ok(None) };
    let allocation = allocation::find(tx, row.allocation_id)?.ok_or(Error::NotFound)?;
    let policy = policy::of_allocation(tx, &allocation, cx.now)?.policy;
    let (fixed, limit) = (allocation.mode, policy.lump_sum_limit());
    let recommended = first.lump_sum_recommended;
    let request = due::Request {
        mode: tranche::mode(fixed, recommended, allocation.amount_idr, limit),
        n: row.n,
        reviewed_at: row.reviewed_at,
        zone: Zone::of(&allocation.region_code),
    };
    Ok(due::of_request(event, &request, &policy, cx.now))
}

/// By when the step is due that an event beside the arrows asks for; what a request dates is the caller's to say.
fn due_beside(
    tx: &mut AnyConnection,
    cx: &Context,
    event: NoticeEvent,
    proposal: &Proposal,
    details: &[Detail],
) -> Result<Option<NoticeDue>, Error> {
    let is_arrow = matches!(telling::audience(event), Audience::Arrow(_));
    let ground = due::ground(event, proposal.state);
    if is_arrow || matches!(ground, Ground::Undated | Ground::Request) {
        return Ok(None);
    }
    let policy = policy::of_proposal(tx, proposal, cx.now)?.policy;
    Ok(match ground {
        Ground::State => due(proposal, &policy, cx.now),
        Ground::Report => due::of_report(details, Zone::of(&proposal.region_code), &policy, cx.now),
        Ground::Request | Ground::Undated => None,
    })
}
