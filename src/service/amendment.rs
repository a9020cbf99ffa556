//! Changes of contracts (addendum): recorded as they were signed; the value binds more or less, never less than was paid.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{AmendmentId, ContractId, EventId};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_LONG, number_key};
use crate::domain::journal::{EntryKind, Figures, Posting};
use crate::domain::line::FundSource;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::contract::{duplicate, reflagged};
use crate::service::error::Error;
use crate::service::money::{self, Source};
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::spending::not_in_future;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::correction as view;
use crate::service::view::money::Undone;
use crate::service::{Services, access};
use crate::storage::amendment::{self, Amendment, AmendmentLine, SOURCE};
use crate::storage::contract::{self, Contract};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, journal, line};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A change of a contract.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendmentDraft {
    /// Its number; unique in the contract, whatever its spaces and the case of its letters.
    #[schema(example = "602/01/SPK-FSK/ADD-1/2021")]
    pub number: String,
    /// When it was signed; not before the contract, not in the future.
    pub signed_on: NaiveDate,
    /// The contract's value from then on, not the difference; above zero, not below what is paid on it.
    #[schema(example = 4_950_000_000_i64)]
    pub value_idr: Rupiah,
    /// The contract's last day from then on; as before when absent.
    #[serde(default)]
    pub ends_on: Option<NaiveDate>,
    /// All lines that the contract covers from then on; as before when absent.
    #[serde(default)]
    pub lines: Option<Vec<i64>>,
    /// Why.
    #[schema(example = "Contract change order 1: deeper foundation.")]
    pub reason: String,
}

impl AmendmentDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.number("/number", &self.number);
        checks.date("/signed_on", self.signed_on);
        checks.date("/ends_on", self.ends_on);
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.require(
            self.value_idr > Rupiah::ZERO,
            "/value_idr",
            "out_of_range",
            "must be above zero",
        );
        if let Some(lines) = &self.lines {
            let distinct: BTreeSet<&i64> = lines.iter().collect();
            checks.require(!lines.is_empty(), "/lines", "required", "must cover at least one line");
            checks.require(
                lines.len() <= MAX_ITEMS,
                "/lines",
                "too_many",
                "must have at most 500 lines",
            );
            let once = distinct.len() == lines.len();
            checks.require(once, "/lines", "twice", "a line is named twice");
        }
        checks.done()
    }
}

type Found = (Contract, Proposal);

fn find(tx: &mut AnyConnection, cx: &Context, id: ContractId) -> Result<(Subject, Found), Error> {
    let row = contract::find(tx, id)?.ok_or(Error::NotFound)?;
    let proposal = access::visible(tx, cx, row.proposal_id)?;
    Ok((access::beneath(&proposal, SubjectKind::Contract, id), (row, proposal)))
}

/// The amendments of a contract.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ContractId,
    after: Option<AmendmentId>,
    limit: i64,
) -> Result<Page<view::Amendment>, Error> {
    sv.db.read(|tx| {
        find(tx, cx, id)?;
        let rows = amendment::page(tx, id, after, limit.saturating_add(1))?;
        let ids: Vec<AmendmentId> = rows.iter().map(|row| row.id).collect();
        let lines = amendment::lines_of(tx, &ids)?;
        let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let undone = Undone::of(journal::undone(tx, SOURCE, &names)?);
        let shown = |row| view::Amendment::of(row, &lines, &undone);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), shown))
    })
}

/// Records a change of a contract, and binds or frees the difference of its value.
pub fn create(
    sv: &Services,
    cx: &Context,
    id: ContractId,
    body: &Input<AmendmentDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("amendment.create"),
        |tx| find(tx, cx, id),
        |tx, _, (_, seen)| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            // What contracts are worth feeds the allocation's gates.
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Drafting)?;
            let draft = body.get()?;
            let before = contract::find(tx, id)?.ok_or(Error::NotFound)?;
            let lines = check(tx, cx, &proposal, &before, draft)?;
            decide(&proposal, &before, draft)?;
            let event = EventId::new();
            let amendment_id = AmendmentId::new();
            let figures = book(tx, cx, event, &proposal, &before, (amendment_id, draft))?;
            let after = amended(tx, event, &before, draft, &figures)?;
            let row = fresh(tx, cx, (amendment_id, draft), &before, &after)?;
            let lines: Vec<AmendmentLine> = lines
                .into_iter()
                .map(|(line_no, covered)| AmendmentLine { amendment_id, line_no, covered })
                .collect();
            amendment::insert(tx, &row, &lines)?;
            settle(tx, cx, event, by, &proposal, &row, &lines)?;
            let location = format!("/api/v1/contracts/{id}/amendments");
            let shown = view::Amendment::of(row, &lines, &Undone::default());
            Reply::created(&shown, Some(proposal.version), location)
        },
    )
}

/// Whether the values can be: dates, number, lines. What changes in the lines: each with whether it is covered from then
/// on.
fn check(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    before: &Contract,
    draft: &AmendmentDraft,
) -> Result<Vec<(i64, bool)>, Error> {
    not_in_future(cx, proposal, draft.signed_on, "/signed_on")?;
    let mut checks = Checks::default();
    if draft.signed_on < before.signed_on {
        let message = format!("must not lie before the contract, which is of {}", before.signed_on);
        checks.fail("/signed_on", "before_contract", message);
    }
    if draft.ends_on.is_some_and(|ends_on| ends_on < before.starts_on) {
        let message = format!("must not lie before the first day, which is {}", before.starts_on);
        checks.fail("/ends_on", "order", message);
    }
    let known = line::of(tx, proposal.id)?;
    for (index, line_no) in draft.lines.iter().flatten().enumerate() {
        if !known.iter().any(|line| line.line_no == *line_no) {
            checks.fail(format!("/lines/{index}"), "unknown", "there is no such line");
        }
    }
    checks.done().map_err(Error::Invalid)?;
    let key = number_key(&draft.number);
    if amendment::standing(tx, before.id)?.iter().any(|row| row.number_key == key) {
        return Err(duplicate());
    }
    let Some(wanted) = &draft.lines else { return Ok(Vec::new()) };
    let covered = contract::lines_of(tx, &[before.id])?;
    let covered: BTreeSet<i64> = covered.into_iter().map(|line| line.line_no).collect();
    let wanted: BTreeSet<i64> = wanted.iter().copied().collect();
    let changed = covered.symmetric_difference(&wanted);
    Ok(changed.map(|line_no| (*line_no, wanted.contains(line_no))).collect())
}

/// Whether the contract can be amended where its proposal stands, and to that value.
fn decide(proposal: &Proposal, before: &Contract, draft: &AmendmentDraft) -> Result<(), Error> {
    let amendable = [State::Planned, State::Contracted, State::Funded, State::Reporting];
    if before.voided_at.is_some() {
        let message = format!("Contract {} was taken back; it binds nothing.", before.number);
        return Err(Error::refused("voided", "/voided_at", message));
    }
    if !amendable.contains(&proposal.state) {
        let message = format!(
            "Contracts are amended until the works are accounted for; it stands in {}.",
            proposal.state
        );
        return Err(Error::refused("not_from_here", "/state", message));
    }
    if draft.value_idr < before.spent_idr {
        let message = format!(
            "{} is less than the {} that is paid on contract {}.",
            draft.value_idr, before.spent_idr, before.number
        );
        return Err(Error::refused("below_spent", "/value_idr", message));
    }
    Ok(())
}

/// Books the difference of the value, where the contract is paid by the DAK; the figures then.
fn book(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    proposal: &Proposal,
    before: &Contract,
    (id, draft): (AmendmentId, &AmendmentDraft),
) -> Result<Figures, Error> {
    let more = draft.value_idr.minus(before.value_idr).unwrap_or_default();
    if before.fund_source != FundSource::Dak || more == Rupiah::ZERO {
        return Ok(journal::figures(tx, proposal.id)?);
    }
    let posting = if more > Rupiah::ZERO {
        Posting::of(EntryKind::Commit, more)
    } else {
        Posting::of(EntryKind::Decommit, more.negated())
    };
    let source = Source { kind: SOURCE, id: id.to_string(), event, effective_on: draft.signed_on };
    money::post(tx, cx, proposal, &[posting], &source)
}

/// The contract from then on, written back.
fn amended(
    tx: &mut AnyConnection,
    event: EventId,
    before: &Contract,
    draft: &AmendmentDraft,
    figures: &Figures,
) -> Result<Contract, Error> {
    let mut after = Contract {
        value_idr: draft.value_idr,
        ends_on: draft.ends_on.unwrap_or(before.ends_on),
        version: before.version + 1,
        ..before.clone()
    };
    after.flags = reflagged(&after, figures)?;
    if contract::replace(tx, &after)? == 0 {
        return Err(Error::Stale);
    }
    trail::revise(tx, event, SubjectKind::Contract, after.id, after.version, &after)?;
    Ok(after)
}

fn fresh(
    tx: &mut AnyConnection,
    cx: &Context,
    (id, draft): (AmendmentId, &AmendmentDraft),
    before: &Contract,
    after: &Contract,
) -> Result<Amendment, Error> {
    Ok(Amendment {
        id,
        contract_id: before.id,
        proposal_id: before.proposal_id,
        n: amendment::last_n(tx, before.id)?.saturating_add(1),
        number: draft.number.clone(),
        number_key: number_key(&draft.number),
        signed_on: draft.signed_on,
        value_before_idr: before.value_idr,
        value_idr: after.value_idr,
        ends_before_on: before.ends_on,
        ends_on: after.ends_on,
        reason: draft.reason.clone(),
        flags: after.flags.clone(),
        created_at: cx.now,
        created_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
    })
}

fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    by: By,
    proposal: &Proposal,
    row: &Amendment,
    lines: &[AmendmentLine],
) -> Result<(), Error> {
    access::save(tx, proposal)?;
    access::took_part(tx, cx, proposal.id, Duty::Drafting)?;
    let subject = access::beneath(proposal, SubjectKind::Amendment, row.id);
    let content = json!({ "amendment": row, "lines": lines });
    let action = "amendment.create";
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)?;
    let words = Words {
        amount: Some(row.value_idr),
        comment: Some(row.reason.clone()),
        details: vec![Detail::ContractValue {
            number: row.number.clone(),
            before_idr: row.value_before_idr.0,
            after_idr: row.value_idr.0,
        }],
        ..Words::default()
    };
    notices::raise(tx, cx, event, NoticeEvent::ContractAmended, proposal, words)
}
