//! Raising notices: the facts of what happened, in the same transaction.

use crate::domain::ids::{EventId, NoticeId, UserId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::notice::{AccountFacts, NoticeEvent, NoticeFacts};
use crate::domain::people::Role;
use crate::domain::policy::Policy;
use crate::domain::proposal::State;
use crate::domain::reminder::ReminderFacts;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::storage::notice::{self, Notice};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, region};

/// What a notice says beside who and where.
#[derive(Debug, Default)]
pub struct Words {
    /// Why.
    pub comment: Option<String>,
    /// By when the next step is due.
    pub due: Option<String>,
    /// The moment that was missed.
    pub missed: Option<Moment>,
    /// The amount that it is about.
    pub amount: Option<Rupiah>,
    /// Further lines.
    pub details: Vec<String>,
}

/// Who is told.
#[derive(Debug, Clone, Copy)]
pub enum Told<'a> {
    /// Everybody who holds one of the roles over the proposal.
    Roles(&'a [Role]),
    /// One person, as holder of a role over it.
    One(Role, UserId),
}

/// Raises a notice about a proposal for the roles that are told.
pub fn raise(
    tx: &mut AnyConnection,
    cx: &Context,
    event_id: EventId,
    event: NoticeEvent,
    proposal: &Proposal,
    tells: &[Role],
    words: Words,
) -> Result<(), Error> {
    if tells.is_empty() {
        return Ok(());
    }
    tell(tx, cx, (event_id, event), proposal, Told::Roles(tells), words)
}

/// Raises a notice about a proposal.
pub fn tell(
    tx: &mut AnyConnection,
    cx: &Context,
    (event_id, event): (EventId, NoticeEvent),
    proposal: &Proposal,
    told: Told<'_>,
    words: Words,
) -> Result<(), Error> {
    let (tells, only) = match told {
        Told::Roles(roles) => (roles.to_vec(), None),
        Told::One(role, user) => (vec![role], Some(user)),
    };
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

/// By when the next step of a proposal is due, where a rule sets it.
pub fn due(proposal: &Proposal, policy: &Policy, now: Moment) -> Option<String> {
    match proposal.state {
        State::Draft | State::PlanningCheck | State::Endorsement => {
            policy.window_at(proposal.returned, now).map(|window| window.closes.to_string())
        }
        State::Clarification | State::Harmonisation => {
            proposal.due_on.map(|due| format!("{due} 24:00 {}", Zone::of(&proposal.region_code)))
        }
        State::Allocated if now < policy.plan.due.moment() => Some(policy.plan.due.to_string()),
        State::Allocated | State::Planned | State::Contracted if proposal.lump_sum_recommended => {
            Some(policy.recommendation_gate().to_string())
        }
        State::Allocated | State::Planned | State::Contracted => {
            Some(policy.contract_gate.to_string())
        }
        State::Verification
        | State::TechnicalReview
        | State::SiteVerification
        | State::Decision
        | State::Approved
        | State::Funded
        | State::Reporting
        | State::Operating
        | State::Closed
        | State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded
        | State::Forfeited
        | State::Cancelled => None,
    }
}
