//! Contracts: recorded as they were signed; what breaks a rule is flagged.

use crate::domain::audit::SubjectKind;
use crate::domain::contract::{ContractFacts, ContractRole, Firm, Flag, designer_and_supervisor};
use crate::domain::ids::{ContractId, EventId, ProposalId};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_SHORT, number_key};
use crate::domain::journal::{EntryKind, Figures, Posting};
use crate::domain::line::FundSource;
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::people::{Duty, Role};
use crate::domain::plan::PlanState;
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::money::{self, Source};
use crate::service::once::Write;
use crate::service::trail::{self, Event};
use crate::service::view::Page;
use crate::service::view::money as view;
use crate::service::{Services, access};
use crate::storage::contract::{self, Contract, ContractLine};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, DbError, line, plan};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// A contract, or a self-managed work order.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractDraft {
    /// Its number; unique in the proposal, whatever its spaces and the case of its letters.
    #[schema(example = "602/01/SPK-FSK/DISPERIN/2021")]
    pub number: String,
    /// When it was signed; not in the future.
    pub signed_on: NaiveDate,
    /// What it is for.
    pub role: ContractRole,
    /// Who does it.
    pub vendor_name: String,
    /// Tax number (NPWP).
    #[serde(default)]
    pub vendor_tax_number: Option<String>,
    /// For how much; above zero.
    pub value_idr: Rupiah,
    /// Where the money comes from.
    pub fund_source: FundSource,
    /// Lines that it covers.
    pub lines: Vec<i64>,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
}

impl ContractDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.number("/number", &self.number);
        checks.text("/vendor_name", &self.vendor_name, MAX_SHORT);
        checks.date("/signed_on", self.signed_on);
        checks.date("/starts_on", self.starts_on);
        checks.date("/ends_on", self.ends_on);
        checks.optional_text("/vendor_tax_number", self.vendor_tax_number.as_deref(), MAX_SHORT);
        checks.require(
            self.value_idr > Rupiah::ZERO,
            "/value_idr",
            "out_of_range",
            "must be above zero",
        );
        checks.require(
            !self.lines.is_empty(),
            "/lines",
            "required",
            "must cover at least one line",
        );
        checks.require(
            self.lines.len() <= MAX_ITEMS,
            "/lines",
            "too_many",
            "must have at most 500 lines",
        );
        let mut sorted = self.lines.clone();
        sorted.sort_unstable();
        sorted.dedup();
        checks.require(
            sorted.len() == self.lines.len(),
            "/lines",
            "twice",
            "a line is named twice",
        );
        checks.require(
            self.starts_on <= self.ends_on,
            "/ends_on",
            "order",
            "must not be before starts_on",
        );
        checks.done()
    }
}

/// The contracts of a proposal.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<ContractId>,
    limit: i64,
) -> Result<Page<view::Contract>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = contract::page(tx, id, after, limit.saturating_add(1))?;
        let lines = contract::lines_of(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), |row| view::Contract::of(row, &lines)))
    })
}

/// Records a contract, and binds its value.
pub fn create(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<ContractDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("contract.create"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_feeding_as(tx, cx, &seen, Duty::Drafting)?;
            let draft = body.get()?;
            check(tx, cx, &proposal, draft)?;
            let (event, shown) = add(tx, cx, by, &proposal, draft)?;
            settle(tx, cx, &proposal, event)?;
            let location = format!("/api/v1/proposals/{id}/contracts");
            Reply::created(&shown, Some(proposal.version), location)
        },
    )
}

/// Records a contract of a locked proposal, alone or as a row of a list: the contract, what it binds, its event.
pub fn add(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    proposal: &Proposal,
    draft: &ContractDraft,
) -> Result<(EventId, view::Contract), Error> {
    let event = EventId::new();
    let row = fresh(tx, cx, proposal, draft)?;
    contract::insert(tx, &row, &draft.lines).map_err(known_number)?;
    if draft.fund_source == FundSource::Dak {
        let source = Source {
            kind: "contract",
            id: row.id.to_string(),
            event,
            effective_on: draft.signed_on,
        };
        let posting = Posting::of(EntryKind::Commit, draft.value_idr);
        money::post(tx, cx, proposal, &[posting], &source)?;
    }
    let subject = access::beneath(proposal, SubjectKind::Contract, row.id);
    let content = json!({ "contract": row, "lines": draft.lines });
    let (action, by) = ("contract.create", Some(by));
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Contract, row.id, row.version, &row)?;
    let lines: Vec<ContractLine> = draft
        .lines
        .iter()
        .map(|line_no| ContractLine { contract_id: row.id, line_no: *line_no })
        .collect();
    Ok((event, view::Contract::of(row, &lines)))
}

/// Writes the proposal back whose contracts were recorded, with its revision.
pub fn settle(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    event: EventId,
) -> Result<(), Error> {
    access::save(tx, proposal)?;
    access::took_part(tx, cx, proposal.id, Duty::Drafting)?;
    trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)
}

/// A number that the proposal knows already is a value error, not a failure.
pub fn known_number(error: crate::storage::QueryError) -> Error {
    match DbError::from(error) {
        DbError::Duplicate(_) => duplicate(),
        other => Error::Database(other),
    }
}

/// A number that is known already.
pub fn duplicate() -> Error {
    Error::Invalid(vec![known_already()])
}

/// The same, as one error of several.
pub fn known_already() -> FieldError {
    FieldError::new(
        "/number",
        "duplicate",
        "this proposal has an entry with this number already; spaces and the case of letters make no other number",
    )
}

/// Whether a contract can be recorded of a proposal as it stands.
pub fn check(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    draft: &ContractDraft,
) -> Result<(), Error> {
    let today = cx.now.date_in(Zone::of(&proposal.region_code));
    let known = line::of(tx, proposal.id)?;
    let mut checks = Checks::default();
    checks.require(draft.signed_on <= today, "/signed_on", "future", "must not be in the future");
    for (index, line_no) in draft.lines.iter().enumerate() {
        if !known.iter().any(|line| line.line_no == *line_no) {
            checks.fail(format!("/lines/{index}"), "unknown", "there is no such line");
        }
    }
    checks.done().map_err(Error::Invalid)?;
    if matches!(proposal.state, State::Planned | State::Contracted | State::Funded) {
        return Ok(());
    }
    let message = format!(
        "Contracts are recorded once the plan is approved; it stands in {}.",
        proposal.state
    );
    Err(Error::refused("not_from_here", "/state", message))
}

fn fresh(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    draft: &ContractDraft,
) -> Result<Contract, Error> {
    let key = number_key(&draft.number);
    let recording = match contract::last_recording(tx, proposal.id, &key)? {
        None => 1,
        Some(last) if last.voided_at.is_some() => last.recording.saturating_add(1),
        Some(_) => return Err(duplicate()),
    };
    Ok(Contract {
        id: ContractId::new(),
        proposal_id: proposal.id,
        number: draft.number.clone(),
        number_key: key,
        signed_on: draft.signed_on,
        role: draft.role,
        vendor_name: draft.vendor_name.clone(),
        vendor_tax_number: draft.vendor_tax_number.clone(),
        value_idr: draft.value_idr,
        spent_idr: Rupiah::ZERO,
        fund_source: draft.fund_source,
        starts_on: draft.starts_on,
        ends_on: draft.ends_on,
        flags: serde_json::to_string(&flags(tx, proposal, draft)?)?,
        version: 1,
        created_at: cx.now,
        created_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
        voided_at: None,
        recording,
    })
}

/// The flags of a contract with those that follow from the figures as they are now.
pub fn reflagged(row: &Contract, figures: &Figures) -> Result<String, Error> {
    let mut flags: Vec<Flag> = serde_json::from_str(&row.flags)?;
    flags.retain(|flag| !matches!(flag, Flag::AbovePlan | Flag::BelowDisbursed));
    if row.fund_source == FundSource::Dak {
        if is_above_plan(figures, figures.contracted_idr) {
            flags.push(Flag::AbovePlan);
        }
        if figures.contracted_idr < figures.disbursed_idr {
            flags.push(Flag::BelowDisbursed);
        }
    }
    Ok(serde_json::to_string(&flags)?)
}

/// Whether contracts in all are above the plan. Money carried over is planned where it comes from.
pub fn is_above_plan(figures: &Figures, contracted: Rupiah) -> bool {
    contracted > Rupiah::total([figures.plan_idr, figures.carried_in_idr])
}

/// Whether the contract makes one firm both designer and supervisor: before contracts are accepted the guard refuses it,
/// and afterwards it is known at least.
fn designs_and_supervises(
    tx: &mut AnyConnection,
    proposal: &Proposal,
    draft: &ContractDraft,
) -> Result<bool, Error> {
    if !matches!(draft.role, ContractRole::Design | ContractRole::Supervision) {
        return Ok(false);
    }
    let mut contracts: Vec<ContractFacts> = contract::of(tx, proposal.id)?
        .iter()
        .filter(|row| row.voided_at.is_none())
        .map(|row| contract::facts(row, &[]))
        .collect();
    contracts.push(ContractFacts {
        role: draft.role,
        vendor: Firm {
            name: draft.vendor_name.clone(),
            tax_number: draft.vendor_tax_number.clone(),
        },
        value: draft.value_idr,
        fund_source: draft.fund_source,
        lines: draft.lines.clone(),
        ends_on: draft.ends_on,
    });
    let earlier = proposal
        .design_firm_name
        .clone()
        .map(|name| Firm { name, tax_number: proposal.design_firm_tax_number.clone() });
    Ok(designer_and_supervisor(earlier.as_ref(), &contracts).is_some())
}

fn flags(
    tx: &mut AnyConnection,
    proposal: &Proposal,
    draft: &ContractDraft,
) -> Result<Vec<Flag>, Error> {
    let mut flags = Vec::new();
    let figures = crate::storage::journal::figures(tx, proposal.id)?;
    let contracted = Rupiah::total([figures.contracted_idr, draft.value_idr]);
    if draft.fund_source == FundSource::Dak && is_above_plan(&figures, contracted) {
        flags.push(Flag::AbovePlan);
    }
    let zone = Zone::of(&proposal.region_code);
    let plans = plan::of(tx, proposal.id)?;
    let approved = plans.iter().find(|plan| plan.state == PlanState::Approved);
    let approved_on = approved.and_then(|plan| plan.decided_at).map(|at| at.date_in(zone));
    if approved_on.is_some_and(|approved_on| draft.signed_on < approved_on) {
        flags.push(Flag::BeforePlan);
    }
    if designs_and_supervises(tx, proposal, draft)? {
        flags.push(Flag::DesignerSupervises);
    }
    Ok(flags)
}
