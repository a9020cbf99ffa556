//! Raising notices: the facts of what happened, in the same transaction.

use crate::domain::deadline::{self, DeadlineKind, Due};
use crate::domain::ids::{EventId, NoticeId, UserId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::notice::detail::{Detail, DocumentName, DueAt, NoticeDue};
use crate::domain::notice::{AccountFacts, NoticeEvent, NoticeFacts, telling};
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

/// By when the next step of a proposal is due, where a rule sets it, and how many working days lie between.
pub fn due(proposal: &Proposal, policy: &Policy, now: Moment) -> Option<NoticeDue> {
    let (kind, at, zone) = due_at(proposal, policy, now)?;
    let (_, working_days_left) =
        deadline::left(&policy.calendar(), now, &Due { kind, rule: None, at, zone, n: None });
    Some(NoticeDue::At(DueAt { at, zone, working_days_left }))
}

fn due_at(
    proposal: &Proposal,
    policy: &Policy,
    now: Moment,
) -> Option<(DeadlineKind, Moment, Zone)> {
    let answer = |kind| {
        let zone = Zone::of(&proposal.region_code);
        proposal.due_on.map(|due| (kind, zone.end_of(due), zone))
    };
    let (kind, stated) = match proposal.state {
        State::Clarification => return answer(DeadlineKind::Clarification),
        State::Harmonisation => return answer(DeadlineKind::Harmonisation),
        State::Draft | State::PlanningCheck | State::Endorsement => {
            let window = policy.window_at(proposal.returned, now)?;
            (DeadlineKind::Submission, window.closes)
        }
        State::Allocated if now < policy.plan.due.moment() => {
            (DeadlineKind::PlanApproval, policy.plan.due)
        }
        State::Allocated | State::Planned | State::Contracted if proposal.lump_sum_recommended => {
            (DeadlineKind::RecommendationGate, policy.recommendation_gate())
        }
        State::Allocated | State::Planned | State::Contracted => {
            (DeadlineKind::ContractGate, policy.contract_gate)
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
        | State::Cancelled => return None,
    };
    Some((kind, stated.moment(), stated.zone))
}
