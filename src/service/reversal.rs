//! Taking entries of the journal back: mirrored, with a reason, by whoever checks such entries and not by whoever booked
//! them. What was recorded stays; what it said counts no more, and can be recorded again as it was.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AmendmentId, ContractId, EntryId, EventId, ExpenditureId};
use crate::domain::input::{Checks, MAX_LONG};
use crate::domain::journal::{EntryKind, Figures};
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::domain::people::{Duty, Role};
use crate::domain::refusal::{Blocker, FieldError, Refusal};
use crate::service::context::{By, Context, Input, Reply, needed};
use crate::service::error::Error;
use crate::service::money::{self, Notes, Source};
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::trail::{self, Event};
use crate::service::view::money as view;
use crate::service::{Services, access, carry, contract as contracts, policy};
use crate::storage::amendment::Amendment;
use crate::storage::contract::{self, Contract};
use crate::storage::journal::{self, Entry};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, allocation, amendment, audit, expenditure, recovery, tranche};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// Why an entry is taken back.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReversalDraft {
    /// In words.
    #[schema(example = "SP2D 00123 was entered with Rp45,000,000 instead of Rp54,000,000.")]
    pub reason: String,
    /// As of when; today when absent. From the day of the entry that is taken back to today.
    #[serde(default)]
    pub effective_on: Option<NaiveDate>,
}

impl ReversalDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.date("/effective_on", self.effective_on);
        checks.done()
    }
}

/// Takes an entry back; what is carried over, on both sides.
pub fn reverse(
    sv: &Services,
    cx: &Context,
    id: EntryId,
    body: &Input<ReversalDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("journal.reverse"),
        |tx| {
            let entry = journal::find(tx, id)?.ok_or(Error::NotFound)?;
            let proposal = access::visible(tx, cx, entry.proposal_id)?;
            Ok((access::beneath(&proposal, SubjectKind::JournalEntry, id), entry))
        },
        |tx, _, entry| {
            let (role, duty) = match reverser(&entry) {
                Ok(found) => found,
                // Whoever takes back nothing is told that first, here as anywhere.
                Err(why) => return Err(takes_back(cx, &entry).err().unwrap_or(why)),
            };
            let sides = sides(tx, &entry)?;
            let by = permitted(tx, cx, &entry, &sides, (role, duty))?;
            let locked = lock(tx, cx, &entry, (&sides, duty))?;
            let draft = body.get()?;
            let effective_on = dated(cx, &entry, draft)?;
            let mut blockers = Vec::new();
            for (entry, proposal) in &locked {
                blockers.extend(against(tx, cx, entry, proposal)?);
            }
            if !blockers.is_empty() {
                return Err(Error::Refused(Refusal::because(blockers)));
            }
            let mut shown = None;
            for (one, proposal) in &locked {
                let step = Step { by, duty, effective_on, reason: &draft.reason };
                let made = take_back(tx, cx, &step, one, proposal)?;
                if one.id == id {
                    shown = Some((made, proposal.version));
                }
            }
            let (made, version) = shown
                .ok_or_else(|| Error::Defect("an entry is none of its own sides".to_owned()))?;
            let location = format!("/api/v1/journal?proposal_id={}", made.proposal_id);
            Reply::created(&view::Entry::from(made), Some(version), location)
        },
    )
}

/// Who takes this entry back; refused where nobody does.
fn reverser(entry: &Entry) -> Result<(Role, Duty), Error> {
    let follows = entry.kind == EntryKind::Decommit && entry.source_kind == "proposal";
    match entry.kind.reverser() {
        Some(found) if !follows => Ok(found),
        _ if entry.kind == EntryKind::Reverse => {
            let message =
                "It takes back another entry itself; record again what that one recorded.";
            Err(Error::refused("is_reversal", "/id", message))
        }
        _ => {
            let message =
                "It follows from how the proposal ended, and stands as long as that does.";
            Err(Error::refused("follows_from_the_end", "/id", message))
        }
    }
}

/// Whether the caller holds a role that takes back any entry of the region.
fn takes_back(cx: &Context, entry: &Entry) -> Result<(), Error> {
    let roles = EntryKind::ALL.iter().filter_map(|kind| kind.reverser()).map(|(role, _)| role);
    needed(roles, |role| cx.actor.grant_in(role, &entry.region_code).is_some())
}

/// The entry; of what is carried over, the entries of both sides.
fn sides(tx: &mut AnyConnection, entry: &Entry) -> Result<Vec<Entry>, Error> {
    if entry.kind != EntryKind::Carry {
        return Ok(vec![entry.clone()]);
    }
    let of_source = journal::of_source(tx, &entry.source_kind, &entry.source_id)?;
    Ok(of_source.into_iter().filter(|one| one.kind == EntryKind::Carry).collect())
}

/// By which grant: of a role that checks such entries, and by another person than booked it.
fn permitted(
    tx: &mut AnyConnection,
    cx: &Context,
    entry: &Entry,
    sides: &[Entry],
    (role, duty): (Role, Duty),
) -> Result<By, Error> {
    let grant = match role {
        Role::Treasurer => cx.need_national(role)?,
        _ => cx.need_in(role, &entry.region_code)?,
    };
    let by = By::from(grant);
    for side in sides {
        access::four_eyes(tx, cx, side.proposal_id, duty)?;
    }
    let booked = audit::actor(tx, entry.event_id)?;
    if booked.is_some() && booked == cx.actor.user {
        let message = "You booked this entry yourself; another person has to take it back.";
        return Err(Error::forbidden("four_eyes", message));
    }
    Ok(by)
}

/// Locks what the entries move, in the order of locks: the allocation, then the proposals by id. Four eyes is asked again
/// once they are locked: see `access::lock_as`.
fn lock(
    tx: &mut AnyConnection,
    cx: &Context,
    entry: &Entry,
    (sides, duty): (&[Entry], Duty),
) -> Result<Vec<(Entry, Proposal)>, Error> {
    allocation::lock(tx, entry.allocation_id)?;
    let mut sides = sides.to_vec();
    sides.sort_by_key(|side| side.proposal_id);
    sides
        .into_iter()
        .map(|side| {
            let proposal = access::lock(tx, cx, side.proposal_id, None)?;
            access::four_eyes(tx, cx, proposal.id, duty)?;
            Ok((side, proposal))
        })
        .collect()
}

fn dated(cx: &Context, entry: &Entry, draft: &ReversalDraft) -> Result<NaiveDate, Error> {
    let today = cx.now.date_in(Zone::of(&entry.region_code));
    let latest = today.max(entry.effective_on);
    let date = draft.effective_on.unwrap_or(latest);
    if date > latest {
        return Err(Error::invalid("/effective_on", "future", "must not be in the future"));
    }
    if date < entry.effective_on {
        let message = format!("must not lie before what is taken back, of {}", entry.effective_on);
        return Err(Error::invalid("/effective_on", "before_entry", message));
    }
    Ok(date)
}

/// Everything that keeps an entry from being taken back.
fn against(
    tx: &mut AnyConnection,
    cx: &Context,
    entry: &Entry,
    proposal: &Proposal,
) -> Result<Vec<Blocker>, Error> {
    if let Some((_, by)) = journal::reversed(tx, &[entry.id])?.first() {
        let message = format!("It was taken back already, by entry {by}.");
        return Ok(vec![Blocker::new("reversed", "/id", message)]);
    }
    if proposal.state.is_end() && entry.recorded_at <= proposal.state_since {
        let message = format!(
            "The proposal is {}, and what was booked before it ended stays as it was accounted for.",
            proposal.state
        );
        return Ok(vec![Blocker::new("settled", "/state", message)]);
    }
    let mut blockers = Vec::new();
    let tolerance = policy::of_proposal(tx, proposal, cx.now)?.policy.plan.tolerance_idr;
    let figures = journal::figures(tx, proposal.id)?;
    match figures.undo(&entry.posting(), tolerance) {
        Err(more) => blockers.extend(more),
        Ok((_, after)) => blockers.extend(above_approval(entry, proposal, &after)),
    }
    blockers.extend(against_source(tx, entry)?);
    Ok(blockers)
}

/// A cut that is taken back sets no more aside than was approved.
fn above_approval(entry: &Entry, proposal: &Proposal, after: &Figures) -> Option<Blocker> {
    let is_above = entry.kind == EntryKind::Cut && after.ceiling_idr > proposal.approved_idr;
    is_above.then(|| {
        let (ceiling, approved) = (after.ceiling_idr, proposal.approved_idr);
        let message = format!("It would leave {ceiling}, and {approved} was approved.");
        Blocker::new("above_approval", "/figures/ceiling_idr", message)
    })
}

/// What of the entry's own source stands in the way: what was built upon it has to be taken back first.
fn against_source(tx: &mut AnyConnection, entry: &Entry) -> Result<Vec<Blocker>, Error> {
    match entry.source_kind.as_str() {
        "contract" => {
            let row = contract_of(tx, entry)?;
            against_contract(tx, &row)
        }
        "amendment" => against_amendment(tx, entry),
        "expenditure" => {
            let row = contract_of(tx, entry)?;
            let left = row.spent_idr.minus(entry.amount_idr).unwrap_or_default();
            Ok(if left < Rupiah::ZERO {
                let message = format!(
                    "Of contract {} the vendor paid back all but {}.",
                    row.number, row.spent_idr
                );
                vec![Blocker::new("recovered", "/contracts", message)]
            } else {
                Vec::new()
            })
        }
        "tranche_request" => against_disbursement(tx, entry),
        carry::SOURCE => carry::against_undoing(tx, entry),
        _ => Ok(Vec::new()),
    }
}

fn against_contract(tx: &mut AnyConnection, row: &Contract) -> Result<Vec<Blocker>, Error> {
    let mut blockers = Vec::new();
    if let Some(last) = last_of_value(tx, row.id)? {
        let message = format!(
            "Contract {} was amended by {}, which is taken back first.",
            row.number, last.number
        );
        blockers.push(Blocker::new("amended", "/contracts", message));
    }
    if row.spent_idr != Rupiah::ZERO {
        let message = format!("{} is paid on contract {}.", row.spent_idr, row.number);
        blockers.push(Blocker::new("below_spent", "/contracts", message));
    }
    Ok(blockers)
}

/// The last amendment of a contract that changed its value, and so has an entry.
fn last_of_value(tx: &mut AnyConnection, id: ContractId) -> Result<Option<Amendment>, Error> {
    let standing = amendment::standing(tx, id)?;
    Ok(standing.into_iter().rfind(|row| row.value_idr != row.value_before_idr))
}

fn against_amendment(tx: &mut AnyConnection, entry: &Entry) -> Result<Vec<Blocker>, Error> {
    let row = contract_of(tx, entry)?;
    let mut blockers = Vec::new();
    let Some(last) = last_of_value(tx, row.id)? else { return Ok(blockers) };
    if last.id.to_string() != entry.source_id {
        let message = format!("Amendment {} is later, and is taken back first.", last.number);
        blockers.push(Blocker::new("amended", "/contracts", message));
    } else if last.value_before_idr < row.spent_idr {
        let message = format!(
            "It would leave contract {} at {}, and {} is paid on it.",
            row.number, last.value_before_idr, row.spent_idr
        );
        blockers.push(Blocker::new("below_spent", "/contracts", message));
    }
    Ok(blockers)
}

/// Payments are taken back from the last on, and not under a request that waits.
fn against_disbursement(tx: &mut AnyConnection, entry: &Entry) -> Result<Vec<Blocker>, Error> {
    let mut blockers = Vec::new();
    let standing = journal::disbursements(tx, entry.proposal_id)?;
    if let Some(last) = standing.last().filter(|last| last.id != entry.id) {
        let message = format!("{} was paid later; entry {} first.", last.amount_idr, last.id);
        blockers.push(Blocker::new("paid_later", "/id", message));
    }
    if let Some(waits) = tranche::waiting_for(tx, entry.proposal_id)?.first() {
        let message =
            format!("The request for tranche {} rests on it; it is refused first.", waits.n);
        blockers.push(Blocker::new("request_stands", "/tranche-requests", message));
    }
    Ok(blockers)
}

/// The contract that an entry is about.
fn contract_of(tx: &mut AnyConnection, entry: &Entry) -> Result<Contract, Error> {
    let gone = || Error::Defect(format!("entry {} has no source", entry.id));
    let id: ContractId = match entry.source_kind.as_str() {
        "contract" => entry.source_id.parse().map_err(|_| gone())?,
        "amendment" => {
            let id: AmendmentId = entry.source_id.parse().map_err(|_| gone())?;
            amendment::find(tx, id)?.ok_or_else(gone)?.contract_id
        }
        "recovery" => {
            let id = entry.source_id.parse().map_err(|_| gone())?;
            recovery::find(tx, id)?.ok_or_else(gone)?.contract_id
        }
        _ => {
            let id: ExpenditureId = entry.source_id.parse().map_err(|_| gone())?;
            expenditure::find(tx, id)?.ok_or_else(gone)?.contract_id
        }
    };
    contract::find(tx, id)?.ok_or_else(gone)
}

/// What each side of a reversal is written with.
struct Step<'a> {
    by: By,
    duty: Duty,
    effective_on: NaiveDate,
    reason: &'a str,
}

/// Posts the mirror of an entry, and undoes what it did beside the journal.
fn take_back(
    tx: &mut AnyConnection,
    cx: &Context,
    step: &Step<'_>,
    entry: &Entry,
    proposal: &Proposal,
) -> Result<Entry, Error> {
    let event = EventId::new();
    let room = match entry.kind {
        EntryKind::Allocate => Some(entry.amount_idr.negated()),
        EntryKind::Cut => Some(entry.amount_idr),
        _ => None,
    };
    if let Some(room) = room {
        money::take_room(tx, cx, entry.allocation_id, room, event)?;
    }
    let source = Source {
        kind: source_kind(entry),
        id: entry.source_id.clone(),
        event,
        effective_on: step.effective_on,
    };
    let notes = Notes {
        reason: Some(step.reason.to_owned()),
        reverses: Some(entry.id),
        origin_year: entry.origin_year,
    };
    let mirror = entry.posting().mirrored();
    let (figures, made) = money::post_one(tx, cx, proposal, &mirror, &source, notes)?;
    undo_contract(tx, cx, event, entry, &figures)?;
    access::save(tx, proposal)?;
    access::took_part(tx, cx, proposal.id, step.duty)?;
    let subject = access::beneath(proposal, SubjectKind::JournalEntry, entry.id);
    let content = json!({ "reversed": entry, "by": made, "reason": step.reason });
    let action = "journal.reverse";
    let by = Some(step.by);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)?;
    let words = Words {
        comment: Some(step.reason.to_owned()),
        amount: Some(entry.amount_idr),
        details: vec![Detail::Entry { entry: entry.kind, effective_on: entry.effective_on }],
        ..Words::default()
    };
    notices::raise(tx, cx, event, NoticeEvent::EntryReversed, proposal, words)?;
    Ok(made)
}

/// The same source as that of the entry that is taken back.
fn source_kind(entry: &Entry) -> &'static str {
    match entry.source_kind.as_str() {
        "contract" => "contract",
        "amendment" => amendment::SOURCE,
        "expenditure" => "expenditure",
        "recovery" => "recovery",
        "return" => "return",
        "tranche_request" => "tranche_request",
        carry::SOURCE => carry::SOURCE,
        _ => "proposal",
    }
}

/// The contract as it was before the entry.
fn undo_contract(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    entry: &Entry,
    figures: &Figures,
) -> Result<(), Error> {
    let paid = match entry.source_kind.as_str() {
        "contract" | "amendment" => Rupiah::ZERO,
        "expenditure" => entry.amount_idr.negated(),
        "recovery" => entry.amount_idr,
        _ => return Ok(()),
    };
    let mut row = contract_of(tx, entry)?;
    row.spent_idr = Rupiah::total([row.spent_idr, paid]);
    match entry.source_kind.as_str() {
        "contract" => row.voided_at = Some(cx.now),
        "amendment" => {
            let id: AmendmentId = entry
                .source_id
                .parse()
                .map_err(|_| Error::Defect(format!("entry {} has no source", entry.id)))?;
            let undone = amendment::find(tx, id)?.ok_or(Error::NotFound)?;
            row.value_idr = undone.value_before_idr;
            if row.ends_on == undone.ends_on {
                row.ends_on = undone.ends_before_on;
            }
            row.flags = contracts::reflagged(&row, figures)?;
        }
        _ => {}
    }
    row.version += 1;
    if contract::replace(tx, &row)? == 0 {
        return Err(Error::Stale);
    }
    trail::revise(tx, event, SubjectKind::Contract, row.id, row.version, &row)
}
