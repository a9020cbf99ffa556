//! Changing what is set aside for a proposal after it was allocated: cut in mid-year, or raised again, with a legal basis.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, ProposalId};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::journal::{BELOW_PLAN, EntryKind, Posting};
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::{Blocker, FieldError, Refusal};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::money::{self, Notes, Source};
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::trail::{self, Event};
use crate::service::{Services, access, policy, proposal as proposals};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, allocation, journal};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// What is to be set aside for a proposal.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CeilingChange {
    /// In all from then on, not the difference; at most what was approved, never below what contracts bind or was disbursed.
    #[schema(example = 5_000_000_000_i64)]
    pub amount_idr: Rupiah,
    /// The regulation that changes it.
    #[schema(example = "Inpres 1/2025")]
    pub legal_basis: String,
    /// As of when; today when absent.
    #[serde(default)]
    pub effective_on: Option<NaiveDate>,
}

impl CeilingChange {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/legal_basis", &self.legal_basis, MAX_SHORT);
        checks.date("/effective_on", self.effective_on);
        checks.done()
    }
}

/// Changes what is set aside for a proposal; its region's allocation gives the difference, or gets it back.
pub fn set_ceiling(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<CeilingChange>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("proposal.set_ceiling"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, subject, seen| {
            let by = By::from(cx.need_national(Role::Treasurer)?);
            access::four_eyes(tx, cx, id, Duty::Allocation)?;
            if let Some(allocation_id) = seen.allocation_id {
                allocation::lock(tx, allocation_id)?;
            }
            let proposal = access::lock(tx, cx, id, cx.if_match)?;
            let draft = body.get()?;
            let before = journal::figures(tx, id)?.ceiling_idr;
            decide(tx, cx, &proposal, draft, before)?;
            let event = EventId::new();
            let more = draft.amount_idr.minus(before).unwrap_or_default();
            book(tx, cx, event, &proposal, draft, more)?;
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, id, Duty::Allocation)?;
            let content = json!({
                "before": { "ceiling_idr": before },
                "after": { "ceiling_idr": draft.amount_idr },
                "legal_basis": draft.legal_basis,
            });
            let action = "proposal.set_ceiling";
            trail::done(
                tx,
                cx,
                Event { id: event, action, subject, by: Some(by), content, personal: &[] },
            )?;
            trail::revise(tx, event, SubjectKind::Proposal, id, proposal.version, &proposal)?;
            let words = Words {
                amount: Some(draft.amount_idr),
                comment: Some(draft.legal_basis.clone()),
                details: vec![Detail::Ceiling {
                    before_idr: before.0,
                    after_idr: draft.amount_idr.0,
                }],
                ..Words::default()
            };
            notices::raise(tx, cx, event, NoticeEvent::CeilingChanged, &proposal, words)?;
            proposals::shown(tx, proposal)
        },
    )
}

/// Whether the ceiling can be that: every figure that stands in the way.
fn decide(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    draft: &CeilingChange,
    before: Rupiah,
) -> Result<(), Error> {
    let funded = [
        State::Allocated,
        State::Planned,
        State::Contracted,
        State::Funded,
        State::Reporting,
        State::Operating,
    ];
    if !funded.contains(&proposal.state) {
        let message =
            format!("Nothing is set aside that could be changed; it stands in {}.", proposal.state);
        return Err(Error::refused("not_from_here", "/state", message));
    }
    let mut blockers = Vec::new();
    let amount = draft.amount_idr;
    if amount == before {
        let message = format!("{before} is set aside already.");
        blockers.push(Blocker::new("unchanged", "/amount_idr", message));
    }
    if amount > proposal.approved_idr {
        let message = format!("{amount} is more than the approved {}.", proposal.approved_idr);
        blockers.push(Blocker::new("above_approval", "/amount_idr", message));
    }
    if amount < before {
        let tolerance = policy::of_proposal(tx, proposal, cx.now)?.policy.plan.tolerance_idr;
        let figures = journal::figures(tx, proposal.id)?;
        // A cut comes from outside: the plan has to follow it, and may be changed for it at any time.
        let against = figures.against_ceiling(amount, tolerance).into_iter();
        blockers.extend(against.filter(|blocker| blocker.code != BELOW_PLAN));
    }
    if blockers.is_empty() { Ok(()) } else { Err(Error::Refused(Refusal::because(blockers))) }
}

/// Takes the difference of the region's allocation, or gives it back, and books it.
fn book(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    proposal: &Proposal,
    draft: &CeilingChange,
    more: Rupiah,
) -> Result<(), Error> {
    let id = proposal.allocation_id.ok_or_else(|| {
        Error::Defect("money is set aside for a proposal without an allocation".to_owned())
    })?;
    let room = allocation::take(tx, id, more, cx.now)?;
    if room == 0 {
        let message = format!("{more} is more than what is left in the region's allocation.");
        return Err(Error::refused("room_in_allocation", "/amount_idr", message));
    }
    money::revise_allocation(tx, event, id)?;
    let posting = if more > Rupiah::ZERO {
        Posting::of(EntryKind::Allocate, more)
    } else {
        Posting::of(EntryKind::Cut, more.negated())
    };
    let today = cx.now.date_in(Zone::of(&proposal.region_code));
    let effective_on = draft.effective_on.unwrap_or(today);
    let source = Source { kind: "proposal", id: proposal.id.to_string(), event, effective_on };
    let notes = Notes { reason: Some(draft.legal_basis.clone()), ..Notes::default() };
    money::post_one(tx, cx, proposal, &posting, &source, notes).map(|_| ())
}
