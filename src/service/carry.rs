//! Leftover that another proposal of the region uses in a later year: the cash goes on, with its legal basis and the year
//! that it was first paid in. Sentra keeps it within what is in hand; the money itself never leaves the region's account.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{CarryId, EventId, ProposalId};
use crate::domain::input::{Checks, MAX_LONG, MAX_SHORT};
use crate::domain::journal::{EntryKind, Posting};
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
use crate::service::spending::{not_in_future, record};
use crate::service::view::Page;
use crate::service::view::correction as view;
use crate::service::view::money::Undone;
use crate::service::{Services, access};
pub use crate::storage::carry::SOURCE;
use crate::storage::carry::{self, Carry};
use crate::storage::journal::{self, Entry};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, proposal};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// Leftover of a proposal that another one uses.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CarryDraft {
    /// The proposal that gets it: of the same region, of a later year, with money set aside, not ended.
    pub to_proposal_id: ProposalId,
    /// When; not in the future.
    pub carried_on: NaiveDate,
    /// How much; above zero, at most what is in hand.
    #[schema(example = 12_500_000_i64)]
    pub amount_idr: Rupiah,
    /// The year that the money was first paid in: the proposal's own when absent, or one that money was carried over to it
    /// from.
    #[serde(default)]
    #[schema(example = 2021)]
    pub origin_year: Option<i64>,
    /// The regulation that allows it.
    #[schema(example = "Perkada Penjabaran APBD 2022")]
    pub legal_basis: String,
    /// What it is for.
    pub reason: String,
}

impl CarryDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.date("/carried_on", self.carried_on);
        checks.require(
            self.amount_idr > Rupiah::ZERO,
            "/amount_idr",
            "out_of_range",
            "must be above zero",
        );
        if let Some(year) = self.origin_year {
            checks.between("/origin_year", year, 2000, 2100);
        }
        checks.text("/legal_basis", &self.legal_basis, MAX_SHORT);
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.done()
    }
}

/// What a proposal gave and got.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<CarryId>,
    limit: i64,
) -> Result<Page<view::Carry>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = carry::page(tx, id, after, limit.saturating_add(1))?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let undone = Undone::of(journal::undone(tx, SOURCE, &ids)?);
        let shown = |row| view::Carry::of(row, &undone);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), shown))
    })
}

/// Carries leftover over to another proposal.
pub fn create(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<CarryDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("carry.create"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            access::four_eyes(tx, cx, id, Duty::Spending)?;
            let draft = body.get()?;
            let to = target(tx, cx, &seen, draft)?;
            access::four_eyes(tx, cx, to.id, Duty::Spending)?;
            let (from, to) = lock(tx, cx, id, to.id)?;
            // Again, since both are locked: see `access::lock_as`.
            access::four_eyes(tx, cx, from.id, Duty::Spending)?;
            access::four_eyes(tx, cx, to.id, Duty::Spending)?;
            not_in_future(cx, &from, draft.carried_on, "/carried_on")?;
            let origin_year = draft.origin_year.unwrap_or(from.fiscal_year);
            decide(tx, &from, &to, draft, origin_year)?;
            let row = Carry {
                id: CarryId::new(),
                from_proposal_id: from.id,
                to_proposal_id: to.id,
                origin_year,
                carried_on: draft.carried_on,
                amount_idr: draft.amount_idr,
                legal_basis: draft.legal_basis.clone(),
                reason: draft.reason.clone(),
                created_at: cx.now,
                created_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
            };
            carry::insert(tx, &row)?;
            settle(tx, cx, by, &from, &row, &Posting::of(EntryKind::Carry, row.amount_idr))?;
            settle(tx, cx, by, &to, &row, &Posting::carried_in(row.amount_idr))?;
            let location = format!("/api/v1/proposals/{id}/carries");
            let shown = view::Carry::of(row, &Undone::default());
            Reply::created(&shown, Some(from.version), location)
        },
    )
}

/// The proposal that gets it, as it was seen.
fn target(
    tx: &mut AnyConnection,
    cx: &Context,
    from: &Proposal,
    draft: &CarryDraft,
) -> Result<Proposal, Error> {
    let pointer = "/to_proposal_id";
    let to = proposal::find(tx, draft.to_proposal_id)?
        .filter(|to| cx.actor.sight().includes(&to.region_code))
        .filter(|to| to.region_code == from.region_code && to.id != from.id)
        .ok_or_else(|| Error::invalid(pointer, "unknown", "the region has no such proposal"))?;
    if to.fiscal_year > from.fiscal_year {
        return Ok(to);
    }
    let message =
        format!("must be of a later year than {}; it is of {}", from.fiscal_year, to.fiscal_year);
    Err(Error::invalid(pointer, "not_later", message))
}

/// Locks both, in the order of their ids.
fn lock(
    tx: &mut AnyConnection,
    cx: &Context,
    from: ProposalId,
    to: ProposalId,
) -> Result<(Proposal, Proposal), Error> {
    if from < to {
        let first = access::lock(tx, cx, from, None)?;
        Ok((first, access::lock(tx, cx, to, None)?))
    } else {
        let first = access::lock(tx, cx, to, None)?;
        Ok((access::lock(tx, cx, from, None)?, first))
    }
}

/// Whether the money is there, and can go there.
fn decide(
    tx: &mut AnyConnection,
    from: &Proposal,
    to: &Proposal,
    draft: &CarryDraft,
    origin_year: i64,
) -> Result<(), Error> {
    let mut blockers = Vec::new();
    let gives = [
        State::Funded,
        State::Reporting,
        State::Operating,
        State::Closed,
        State::Forfeited,
        State::Cancelled,
    ];
    if !gives.contains(&from.state) {
        let message = format!("Nothing is there to carry over; it stands in {}.", from.state);
        blockers.push(Blocker::new("not_from_here", "/state", message));
    }
    if to.allocation_id.is_none() || to.state.is_end() {
        let message = format!(
            "Money is carried over to a proposal that has money set aside and has not ended; it is {}.",
            to.state
        );
        blockers.push(Blocker::new("not_there", "/to_proposal_id", message));
    }
    let in_hand = journal::figures(tx, from.id)?.in_hand();
    if draft.amount_idr > in_hand {
        let message = format!("{} is more than the {in_hand} in hand.", draft.amount_idr);
        blockers.push(Blocker::new("above_cash", "/amount_idr", message));
    }
    let held = held(tx, from, origin_year)?;
    if let Some(held) = held.filter(|held| draft.amount_idr > *held) {
        let message = format!(
            "{} is more than the {held} of {origin_year} that was carried over to it.",
            draft.amount_idr
        );
        blockers.push(Blocker::new("above_origin", "/origin_year", message));
    }
    if blockers.is_empty() { Ok(()) } else { Err(Error::Refused(Refusal::because(blockers))) }
}

/// What a proposal got of money of an earlier year and did not carry on; nothing where it is its own year.
fn held(tx: &mut AnyConnection, row: &Proposal, origin_year: i64) -> Result<Option<Rupiah>, Error> {
    if origin_year == row.fiscal_year {
        return Ok(None);
    }
    let all = carry::standing(tx, &[row.id])?;
    let of_year = all.iter().filter(|one| one.origin_year == origin_year);
    let signed = of_year.map(|one| match one.to_proposal_id == row.id {
        true => one.amount_idr,
        false => one.amount_idr.negated(),
    });
    Ok(Some(Rupiah::total(signed)))
}

/// What keeps money carried over from being taken back: what it was carried on to.
pub fn against_undoing(tx: &mut AnyConnection, entry: &Entry) -> Result<Vec<Blocker>, Error> {
    let gone = || Error::Defect(format!("entry {} has no source", entry.id));
    let id: CarryId = entry.source_id.parse().map_err(|_| gone())?;
    let row = carry::find(tx, id)?.ok_or_else(gone)?;
    if row.to_proposal_id != entry.proposal_id {
        return Ok(Vec::new());
    }
    let to = proposal::find(tx, row.to_proposal_id)?.ok_or_else(gone)?;
    let held = held(tx, &to, row.origin_year)?;
    let Some(held) = held.filter(|held| row.amount_idr > *held) else { return Ok(Vec::new()) };
    let message = format!(
        "Of the money of {} only {held} is left there; the rest was carried on, which is taken back first.",
        row.origin_year
    );
    Ok(vec![Blocker::new("carried_on", "/id", message)])
}

/// Books one side, and records it.
fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    proposal: &Proposal,
    row: &Carry,
    posting: &Posting,
) -> Result<(), Error> {
    let event = EventId::new();
    let source =
        Source { kind: SOURCE, id: row.id.to_string(), event, effective_on: row.carried_on };
    let notes = Notes {
        reason: Some(row.legal_basis.clone()),
        origin_year: Some(row.origin_year),
        ..Notes::default()
    };
    money::post_one(tx, cx, proposal, posting, &source, notes)?;
    let about = (event, SubjectKind::Carry, row.id.to_string(), "carry.create");
    record(tx, cx, by, proposal, about, json!({ "carry": row }))?;
    let words = Words {
        amount: Some(row.amount_idr),
        comment: Some(row.reason.clone()),
        details: vec![Detail::LegalBasis { text: row.legal_basis.clone() }],
        ..Words::default()
    };
    notices::raise(tx, cx, event, NoticeEvent::LeftoverCarried, proposal, words)
}
