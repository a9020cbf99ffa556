//! Money that vendors paid back to the region: outside facts, also after the proposal was closed.

use crate::domain::audit::SubjectKind;
use crate::domain::contract::Flag;
use crate::domain::ids::{ContractId, EventId, ProposalId, RecoveryId};
use crate::domain::input::{Checks, MAX_LONG, number_key};
use crate::domain::journal::{EntryKind, Posting};
use crate::domain::line::FundSource;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::{Duty, Role};
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::contract::known_number;
use crate::service::error::Error;
use crate::service::money::{self, Source};
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::spending::{no_such_contract, not_in_future, record, recording};
use crate::service::trail;
use crate::service::view::Page;
use crate::service::view::correction as view;
use crate::service::view::money::Undone;
use crate::service::{Services, access};
use crate::storage::contract::{self, Contract};
use crate::storage::proposal::Proposal;
use crate::storage::recovery::{self, Recovery};
use crate::storage::{AnyConnection, journal};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// What the entry of a recovery names as its source.
const SOURCE: &str = "recovery";

/// Money that a vendor paid back.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecoveryDraft {
    /// On which contract of the proposal it was paid before.
    pub contract_id: ContractId,
    /// Number of the deposit slip; unique in the proposal, whatever its spaces and the case of its letters.
    #[schema(example = "STS-0091/2022")]
    pub number: String,
    /// Its date; not in the future.
    pub received_on: NaiveDate,
    /// How much; above zero, at most what is paid on the contract.
    #[schema(example = 18_000_000_i64)]
    pub amount_idr: Rupiah,
    /// Why it came back.
    #[schema(example = "Volume shortfall found by the auditor.")]
    pub reason: String,
}

impl RecoveryDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.number("/number", &self.number);
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.date("/received_on", self.received_on);
        checks.require(
            self.amount_idr > Rupiah::ZERO,
            "/amount_idr",
            "out_of_range",
            "must be above zero",
        );
        checks.done()
    }
}

/// What vendors of a proposal paid back.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<RecoveryId>,
    limit: i64,
) -> Result<Page<view::Recovery>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = recovery::of(tx, id, after, limit.saturating_add(1))?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let undone = Undone::of(journal::undone(tx, SOURCE, &ids)?);
        let shown = |row| view::Recovery::of(row, &undone);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), shown))
    })
}

/// Records what a vendor paid back.
pub fn create(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<RecoveryDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("recovery.create"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Spending)?;
            let draft = body.get()?;
            not_in_future(cx, &proposal, draft.received_on, "/received_on")?;
            let contract = contract::find(tx, draft.contract_id)?
                .filter(|contract| contract.proposal_id == id && contract.voided_at.is_none())
                .ok_or_else(no_such_contract)?;
            if draft.amount_idr > contract.spent_idr {
                let message = format!(
                    "{} is more than the {} that is paid on contract {}.",
                    draft.amount_idr, contract.spent_idr, contract.number
                );
                return Err(Error::refused("above_spent", "/amount_idr", message));
            }
            let row = fresh(tx, cx, &proposal, draft)?;
            recovery::insert(tx, &row).map_err(known_number)?;
            let event = EventId::new();
            book(tx, cx, event, &proposal, contract, &row)?;
            let about = (event, SubjectKind::Recovery, row.id.to_string(), "recovery.create");
            record(tx, cx, by, &proposal, about, json!({ "recovery": row }))?;
            let words = Words {
                amount: Some(row.amount_idr),
                comment: Some(row.reason.clone()),
                ..Words::default()
            };
            notices::raise(tx, cx, event, NoticeEvent::MoneyRecovered, &proposal, words)?;
            let location = format!("/api/v1/proposals/{id}/recoveries");
            let shown = view::Recovery::of(row, &Undone::default());
            Reply::created(&shown, Some(proposal.version), location)
        },
    )
}

fn fresh(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    draft: &RecoveryDraft,
) -> Result<Recovery, Error> {
    let flags: &[Flag] = if proposal.state.is_end() { &[Flag::AfterClosing] } else { &[] };
    let key = number_key(&draft.number);
    let last = recovery::last_recording(tx, proposal.id, &key)?;
    let last = last.map(|row| (row.id.to_string(), row.recording));
    Ok(Recovery {
        id: RecoveryId::new(),
        proposal_id: proposal.id,
        contract_id: draft.contract_id,
        number: draft.number.clone(),
        number_key: key,
        recording: recording(tx, SOURCE, last)?,
        received_on: draft.received_on,
        amount_idr: draft.amount_idr,
        reason: draft.reason.clone(),
        flags: serde_json::to_string(flags)?,
        created_at: cx.now,
        created_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
    })
}

/// Takes it off what is paid on the contract, and books it where the contract is paid by the DAK.
fn book(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    proposal: &Proposal,
    contract: Contract,
    row: &Recovery,
) -> Result<(), Error> {
    let after = Contract {
        spent_idr: contract.spent_idr.minus(row.amount_idr).unwrap_or_default(),
        version: contract.version + 1,
        ..contract
    };
    if contract::replace(tx, &after)? == 0 {
        return Err(Error::Stale);
    }
    trail::revise(tx, event, SubjectKind::Contract, after.id, after.version, &after)?;
    if after.fund_source != FundSource::Dak {
        return Ok(());
    }
    let source =
        Source { kind: SOURCE, id: row.id.to_string(), event, effective_on: row.received_on };
    let posting = Posting::of(EntryKind::Recover, row.amount_idr);
    money::post(tx, cx, proposal, &[posting], &source).map(|_| ())
}
