//! Posting to the journal: entries and balances together, or not at all.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AllocationId, EntryId, EventId};
use crate::domain::journal::{EntryKind, Figures, Posting, overflow};
use crate::domain::money::Rupiah;
use crate::domain::refusal::Refusal;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::trail;
use crate::storage::journal::{self, Entry};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, allocation};
use chrono::NaiveDate;

/// What entries come from.
#[derive(Debug, Clone)]
pub struct Source {
    /// `contract`, `expenditure`, `tranche_request`, `proposal`, …
    pub kind: &'static str,
    /// Which.
    pub id: String,
    /// The event that they come with.
    pub event: EventId,
    /// When it happened.
    pub effective_on: NaiveDate,
}

/// What an entry says beside its amount.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Why: a legal basis, or the reason of a reversal.
    pub reason: Option<String>,
    /// The entry that it takes back.
    pub reverses: Option<EntryId>,
    /// The year that money carried over was first paid in.
    pub origin_year: Option<i64>,
}

/// Appends the postings to the journal of a locked proposal, and keeps its balances.
pub fn post(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    postings: &[Posting],
    source: &Source,
) -> Result<Figures, Error> {
    let mut figures = journal::figures(tx, proposal.id)?;
    for posting in postings {
        (figures, _) = post_one(tx, cx, proposal, posting, source, Notes::default())?;
    }
    Ok(figures)
}

/// Appends one posting to the journal of a locked proposal, with what it says beside its amount, and keeps its balances.
pub fn post_one(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    posting: &Posting,
    source: &Source,
    notes: Notes,
) -> Result<(Figures, Entry), Error> {
    let figures = journal::figures(tx, proposal.id)?;
    let allocation_id = proposal.allocation_id.ok_or_else(|| {
        Error::Defect("money is posted to a proposal without an allocation".to_owned())
    })?;
    let figures = figures.after(posting).ok_or_else(|| Error::Refused(Refusal::of(overflow())))?;
    let entry = Entry {
        id: EntryId::new(),
        kind: posting.kind,
        proposal_id: proposal.id,
        allocation_id,
        fiscal_year: proposal.fiscal_year,
        region_code: proposal.region_code.clone(),
        from_account: posting.from,
        to_account: posting.to,
        amount_idr: posting.amount,
        effective_on: source.effective_on,
        recorded_at: cx.now,
        source_kind: source.kind.to_owned(),
        source_id: source.id.clone(),
        event_id: source.event,
        reverses_id: notes.reverses,
        reversed_kind: posting.undoes,
        reason: notes.reason,
        origin_year: notes.origin_year,
    };
    journal::append(tx, &entry)?;
    journal::save_figures(tx, proposal.id, &figures)?;
    Ok((figures, entry))
}

/// Takes room of a locked allocation for a proposal; a refusal when there is none. A negative amount gives back.
pub fn take_room(
    tx: &mut AnyConnection,
    cx: &Context,
    id: AllocationId,
    amount: Rupiah,
    event: EventId,
) -> Result<(), Error> {
    if allocation::take(tx, id, amount, cx.now)? == 0 {
        let message = format!("{amount} is more than what is left in the region's allocation.");
        return Err(Error::refused("room_in_allocation", "/data/amount_idr", message));
    }
    revise_allocation(tx, event, id)
}

/// Appends the revision of an allocation that was changed.
pub fn revise_allocation(
    tx: &mut AnyConnection,
    event: EventId,
    id: AllocationId,
) -> Result<(), Error> {
    let row = allocation::find(tx, id)?.ok_or(Error::NotFound)?;
    trail::revise(tx, event, SubjectKind::Allocation, id, row.version, &row)
}

/// Sets free what is left of a proposal's authority, and gives the room back to its allocation.
pub fn release_rest(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    source: &Source,
) -> Result<(), Error> {
    let Some(allocation_id) = proposal.allocation_id else { return Ok(()) };
    let postings = journal::figures(tx, proposal.id)?.release_rest();
    if postings.is_empty() {
        return Ok(());
    }
    let releases = postings.iter().filter(|posting| posting.kind == EntryKind::Release);
    let released = Rupiah::total(releases.map(|posting| posting.amount));
    if released > Rupiah::ZERO {
        take_room(tx, cx, allocation_id, released.negated(), source.event)?;
    }
    post(tx, cx, proposal, &postings, source).map(|_| ())
}
