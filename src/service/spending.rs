//! Payment orders (SP2D) and leftover paid back: outside facts, recorded and flagged.

use crate::domain::act::Action;
use crate::domain::audit::SubjectKind;
use crate::domain::contract::Flag;
use crate::domain::ids::{ContractId, EventId, ExpenditureId, ProposalId, ReturnId};
use crate::domain::input::{Checks, MAX_LONG, number_key};
use crate::domain::journal::{EntryKind, Figures, Posting};
use crate::domain::line::FundSource;
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::domain::workflow;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::contract::{duplicate, known_number};
use crate::service::error::Error;
use crate::service::money::{self, Source};
use crate::service::once::Write;
use crate::service::trail::{self, Event};
use crate::service::view::Page;
use crate::service::view::money as view;
use crate::service::{Services, access, action, gate};
use crate::storage::AnyConnection;
use crate::storage::contract::{self, Contract};
use crate::storage::expenditure::{self, Expenditure};
use crate::storage::journal::{self, Whose};
use crate::storage::proposal::Proposal;
use crate::storage::returns::{self, Return};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A payment order.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpenditureDraft {
    /// On which contract of the proposal.
    pub contract_id: ContractId,
    /// Number of the SP2D; unique in the proposal, whatever its spaces and the case of its letters.
    pub number: String,
    /// Its date; not in the future.
    pub spent_on: NaiveDate,
    /// How much; above zero.
    pub amount_idr: Rupiah,
    /// What for.
    #[serde(default)]
    pub description: String,
    /// Late penalty (denda) that was charged with it; beside the amount, not part of it.
    #[serde(default)]
    pub penalty_idr: Option<Rupiah>,
    /// Whether it pays in advance (uang muka).
    #[serde(default)]
    pub is_advance: bool,
}

impl ExpenditureDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.number("/number", &self.number);
        checks.optional_text("/description", Some(&self.description), MAX_LONG);
        checks.date("/spent_on", self.spent_on);
        checks.require(
            self.amount_idr > Rupiah::ZERO,
            "/amount_idr",
            "out_of_range",
            "must be above zero",
        );
        checks.done()
    }
}

/// A deposit of leftover to the treasury.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnDraft {
    /// Number of the deposit slip; unique in the proposal, whatever its spaces and the case of its letters.
    pub number: String,
    /// Its date; not in the future.
    pub returned_on: NaiveDate,
    /// How much; above zero.
    pub amount_idr: Rupiah,
    /// Why it was left over.
    pub reason: String,
}

impl ReturnDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.number("/number", &self.number);
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.date("/returned_on", self.returned_on);
        checks.require(
            self.amount_idr > Rupiah::ZERO,
            "/amount_idr",
            "out_of_range",
            "must be above zero",
        );
        checks.done()
    }
}

/// Payment orders of a proposal.
pub fn expenditures(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<ExpenditureId>,
    limit: i64,
) -> Result<Page<view::Expenditure>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = expenditure::of(tx, id, after, limit.saturating_add(1))?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let undone = view::Undone::of(journal::undone(tx, "expenditure", &ids)?);
        let shown = |row| view::Expenditure::from(row).marked(&undone);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), shown))
    })
}

/// Deposits of leftover of a proposal.
pub fn returned(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<ReturnId>,
    limit: i64,
) -> Result<Page<view::Return>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = returns::of(tx, id, after, limit.saturating_add(1))?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let undone = view::Undone::of(journal::undone(tx, "return", &ids)?);
        let shown = |row| view::Return::from(row).marked(&undone);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), shown))
    })
}

/// Refuses a date after today, by the region's clock.
pub fn not_in_future(
    cx: &Context,
    proposal: &Proposal,
    date: NaiveDate,
    pointer: &str,
) -> Result<(), Error> {
    let today = cx.now.date_in(Zone::of(&proposal.region_code));
    if date <= today {
        return Ok(());
    }
    Err(Error::invalid(pointer, "future", "must not be in the future"))
}

/// Locks the allocation, which the write feeds, then the proposal; and asks four eyes again: see `access::lock_as`.
pub fn locked(tx: &mut AnyConnection, cx: &Context, seen: &Proposal) -> Result<Proposal, Error> {
    let row = access::lock_feeding(tx, cx, seen)?;
    access::four_eyes(tx, cx, row.id, Duty::Spending)?;
    Ok(row)
}

/// Which recording of a number a new row is: the first, or the next after one that was taken back. `last` is the id of
/// the last row with the number, and which recording that was.
pub fn recording(
    tx: &mut AnyConnection,
    kind: &str,
    last: Option<(String, i64)>,
) -> Result<i64, Error> {
    let Some((id, n)) = last else { return Ok(1) };
    if journal::undone(tx, kind, &[id])?.is_empty() {
        return Err(duplicate());
    }
    Ok(n.saturating_add(1))
}

/// Writes the event of an outside fact and the revision of its proposal.
pub fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    proposal: &Proposal,
    (event, kind, id, action): (EventId, SubjectKind, String, &str),
    content: Value,
) -> Result<(), Error> {
    let subject = access::beneath(proposal, kind, id);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    settle(tx, cx, proposal, event)
}

/// Records a payment order.
pub fn spend(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ExpenditureDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("expenditure.create"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = action::permitted(tx, cx, &seen, Action::RecordExpenditure)?;
            let proposal = locked(tx, cx, &seen)?;
            let draft = body.get()?;
            not_in_future(cx, &proposal, draft.spent_on, "/spent_on")?;
            let (event, shown) = add(tx, cx, by, &proposal, draft)?;
            settle(tx, cx, &proposal, event)?;
            let location = format!("/api/v1/proposals/{id}/expenditures");
            Reply::created(&shown, Some(proposal.version), location)
        },
    )
}

/// Records a payment order of a locked proposal, alone or as a row of a list: the order, its entry, its event.
pub fn add(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    proposal: &Proposal,
    draft: &ExpenditureDraft,
) -> Result<(EventId, view::Expenditure), Error> {
    let contract = contract::find(tx, draft.contract_id)?
        .filter(|contract| contract.proposal_id == proposal.id && contract.voided_at.is_none())
        .ok_or_else(no_such_contract)?;
    can_record(proposal)?;
    let event = EventId::new();
    let row = fresh(tx, cx, proposal, &contract, draft)?;
    expenditure::insert(tx, &row).map_err(known_number)?;
    contract::spend(tx, contract.id, draft.amount_idr)?;
    let paid_on = contract::find(tx, contract.id)?.ok_or(Error::NotFound)?;
    trail::revise(tx, event, SubjectKind::Contract, paid_on.id, paid_on.version, &paid_on)?;
    if contract.fund_source == FundSource::Dak {
        let source = Source {
            kind: "expenditure",
            id: row.id.to_string(),
            event,
            effective_on: draft.spent_on,
        };
        let posting = Posting::of(EntryKind::Spend, draft.amount_idr);
        money::post(tx, cx, proposal, &[posting], &source)?;
    }
    let subject = access::beneath(proposal, SubjectKind::Expenditure, row.id);
    let content = json!({ "expenditure": row });
    let (action, by) = ("proposal.record_expenditure", Some(by));
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &[] },
    )?;
    Ok((event, view::Expenditure::from(row)))
}

/// Writes the proposal back whose money was moved from outside, with its revision.
pub fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    event: EventId,
) -> Result<(), Error> {
    access::save(tx, proposal)?;
    access::took_part(tx, cx, proposal.id, Duty::Spending)?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)
}

/// A contract that the proposal does not have, or that was taken back.
pub fn no_such_contract() -> Error {
    Error::invalid("/contract_id", "unknown", "the proposal has no such contract")
}

fn fresh(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    contract: &Contract,
    draft: &ExpenditureDraft,
) -> Result<Expenditure, Error> {
    let now = journal::figures(tx, contract.proposal_id)?;
    let then = figures_then(tx, cx, proposal, draft.spent_on, now)?;
    let key = number_key(&draft.number);
    let last = expenditure::last_recording(tx, contract.proposal_id, &key)?;
    let last = last.map(|row| (row.id.to_string(), row.recording));
    Ok(Expenditure {
        id: ExpenditureId::new(),
        proposal_id: contract.proposal_id,
        contract_id: contract.id,
        number: draft.number.clone(),
        number_key: key,
        spent_on: draft.spent_on,
        amount_idr: draft.amount_idr,
        description: draft.description.clone(),
        flags: serde_json::to_string(&spending_flags(draft, contract, [now, then]))?,
        created_at: cx.now,
        created_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
        recording: recording(tx, "expenditure", last)?,
        penalty_idr: draft.penalty_idr.unwrap_or_default(),
        is_advance: draft.is_advance,
    })
}

/// The arrow `record_expenditure`: spending is recorded from contracting to the end of operation.
fn can_record(proposal: &Proposal) -> Result<(), Error> {
    let known = workflow::arrows(proposal.menu)
        .any(|arrow| arrow.from == proposal.state && arrow.action == Action::RecordExpenditure);
    if known {
        return Ok(());
    }
    let message = format!(
        "Spending is recorded once contracts are accepted; it stands in {}.",
        proposal.state
    );
    Err(Error::refused("not_from_here", "/state", message))
}

/// The figures of a proposal as they were on the day of a payment order, which may lie before what was booked since.
fn figures_then(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    day: NaiveDate,
    now: Figures,
) -> Result<Figures, Error> {
    let today = cx.now.date_in(Zone::of(&proposal.region_code));
    if day >= today {
        return Ok(now);
    }
    let sums = journal::sums_until(tx, Whose::Proposal(proposal.id), day)?;
    Ok(gate::figures(&sums).get(&proposal.id).copied().unwrap_or_default())
}

/// What a payment order breaks, by the figures of now and of its own day.
fn spending_flags(
    draft: &ExpenditureDraft,
    contract: &Contract,
    figures: [Figures; 2],
) -> Vec<Flag> {
    let mut flags = Vec::new();
    if draft.spent_on < contract.signed_on {
        flags.push(Flag::BeforeContract);
    }
    if Rupiah::total([contract.spent_idr, draft.amount_idr]) > contract.value_idr {
        flags.push(Flag::AboveContract);
    }
    if draft.penalty_idr.is_some_and(|penalty| penalty > Rupiah::ZERO) {
        flags.push(Flag::LatePenalty);
    } else if draft.spent_on > contract.ends_on {
        flags.push(Flag::LateWithoutPenalty);
    }
    if draft.is_advance {
        flags.push(Flag::AdvancePayment);
    }
    if contract.fund_source != FundSource::Dak {
        return flags;
    }
    if figures.iter().any(|figures| draft.amount_idr > figures.in_hand()) {
        flags.push(Flag::AboveCash);
    }
    let nothing_came =
        |one: &Figures| Rupiah::total([one.disbursed_idr, one.carried_in_idr]) == Rupiah::ZERO;
    if figures.iter().any(nothing_came) {
        flags.push(Flag::BeforeDisbursement);
    }
    flags
}

/// Whether there can be leftover to pay back. What has ended can still have some: a vendor pays back after the closing, and what
/// was carried over to a proposal is there when it is forfeited or cancelled.
fn can_give_back(state: State, in_hand: Rupiah) -> bool {
    match state {
        State::Funded | State::Reporting | State::Operating => true,
        State::Closed | State::Forfeited | State::Cancelled => in_hand > Rupiah::ZERO,
        State::Draft
        | State::PlanningCheck
        | State::Endorsement
        | State::Verification
        | State::TechnicalReview
        | State::Clarification
        | State::SiteVerification
        | State::Harmonisation
        | State::Decision
        | State::Approved
        | State::Allocated
        | State::Planned
        | State::Contracted
        | State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded => false,
    }
}

/// Records leftover that was paid back to the treasury.
pub fn give_back(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ReturnDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("return.create"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Spending)?;
            let draft = body.get()?;
            not_in_future(cx, &proposal, draft.returned_on, "/returned_on")?;
            let in_hand = journal::figures(tx, id)?.in_hand();
            if !can_give_back(proposal.state, in_hand) {
                let message =
                    format!("Nothing is there to return; it stands in {}.", proposal.state);
                return Err(Error::refused("not_from_here", "/state", message));
            }
            let flags: &[Flag] = if draft.amount_idr > in_hand { &[Flag::AboveCash] } else { &[] };
            let event = EventId::new();
            let key = number_key(&draft.number);
            let last = returns::last_recording(tx, id, &key)?;
            let last = last.map(|row| (row.id.to_string(), row.recording));
            let row = Return {
                id: ReturnId::new(),
                proposal_id: id,
                number: draft.number.clone(),
                number_key: key,
                recording: recording(tx, "return", last)?,
                returned_on: draft.returned_on,
                amount_idr: draft.amount_idr,
                reason: draft.reason.clone(),
                flags: serde_json::to_string(flags)?,
                created_at: cx.now,
                created_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
            };
            returns::insert(tx, &row).map_err(known_number)?;
            let source = Source {
                kind: "return",
                id: row.id.to_string(),
                event,
                effective_on: draft.returned_on,
            };
            money::post(
                tx,
                cx,
                &proposal,
                &[Posting::of(EntryKind::Return, draft.amount_idr)],
                &source,
            )?;
            let about = (event, SubjectKind::Return, row.id.to_string(), "return.create");
            record(tx, cx, by, &proposal, about, json!({ "return": row }))?;
            let location = format!("/api/v1/proposals/{id}/returns");
            Reply::created(&view::Return::from(row), Some(proposal.version), location)
        },
    )
}
