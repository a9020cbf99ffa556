//! What answers about money look like.

use crate::domain::contract::ContractRole;
use crate::domain::ids::{
    AllocationId, ContractId, EntryId, EventId, ExpenditureId, PlanId, ProposalId, RegionCode,
    ReturnId,
};
use crate::domain::journal::{Account, EntryKind};
use crate::domain::line::{Component, FundSource};
use crate::domain::moment::Moment;
use crate::domain::plan::{Method, PlanState, SupportingActivity};
use crate::domain::tranche::Mode;
use crate::storage::{allocation, ceiling, contract, expenditure, journal, plan, returns};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// The nation's ceiling of a year.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Ceiling {
    /// The year.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// At most.
    #[schema(example = 750_000_000_000_i64)]
    pub amount_idr: i64,
    /// Allocated to regions.
    pub used_idr: i64,
    /// The regulation that sets it.
    pub legal_basis: String,
    /// Raised by every change.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl From<ceiling::Ceiling> for Ceiling {
    fn from(row: ceiling::Ceiling) -> Self {
        Ceiling {
            fiscal_year: row.fiscal_year,
            amount_idr: row.amount_idr.0,
            used_idr: row.used_idr.0,
            legal_basis: row.legal_basis,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

/// A region's allocation of a year.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Allocation {
    /// Its id.
    pub id: AllocationId,
    /// The year.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// Whose.
    pub region_code: RegionCode,
    /// At most.
    #[schema(example = 5_300_000_000_i64)]
    pub amount_idr: i64,
    /// Set aside for proposals and not released.
    pub used_idr: i64,
    /// The regulation that sets it.
    pub legal_basis: String,
    /// The version of the year's policy that plan, tranches and reports follow.
    pub policy_version: i64,
    /// How it is paid, once the first payment has fixed it.
    pub mode: Option<Mode>,
    /// Raised by every write beneath it.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl From<allocation::Allocation> for Allocation {
    fn from(row: allocation::Allocation) -> Self {
        Allocation {
            id: row.id,
            fiscal_year: row.fiscal_year,
            region_code: row.region_code,
            amount_idr: row.amount_idr.0,
            used_idr: row.used_idr.0,
            legal_basis: row.legal_basis,
            policy_version: row.policy_version,
            mode: row.mode,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

/// An activity plan (RK).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Which of the proposal's plans, from 1.
    pub n: i64,
    /// Where it stands.
    pub state: PlanState,
    /// What is to be there at the end.
    pub target_output: String,
    /// Its lines.
    pub lines: Vec<PlanLine>,
    /// Sum of its lines.
    pub total_idr: i64,
    /// Of it for supporting activities.
    pub supporting_idr: i64,
    /// When it was submitted.
    pub submitted_at: Option<Moment>,
    /// When it was approved or returned.
    pub decided_at: Option<Moment>,
    /// Why the plan in force is changed; absent of a first plan.
    pub change_reason: Option<String>,
    /// Why it was returned.
    pub comment: Option<String>,
    /// For `If-Match`.
    pub version: i64,
}

/// A line of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlanLine {
    /// The approved line.
    pub line_no: i64,
    /// What it pays for.
    pub component: Component,
    /// Volume, in thousandths of the unit.
    pub volume_thousandths: i64,
    /// How much.
    pub amount_idr: i64,
    /// How it is carried out.
    pub method: Method,
    /// What is to be there of it at the end.
    #[schema(example = "15 mesin jahit terpasang")]
    pub target_output: String,
    /// Which activity a supporting line pays for.
    pub supporting_activity: Option<SupportingActivity>,
}

impl Plan {
    /// A plan with those of the lines that are its own.
    pub fn of(row: plan::Plan, lines: &[plan::PlanLine]) -> Self {
        let lines = lines.iter().filter(|line| line.plan_id == row.id).map(|line| PlanLine {
            line_no: line.line_no,
            component: line.component,
            volume_thousandths: line.volume_thousandths,
            amount_idr: line.amount_idr.0,
            method: line.method,
            target_output: line.target_output.clone(),
            supporting_activity: line.supporting_activity,
        });
        Plan {
            lines: lines.collect(),
            id: row.id,
            proposal_id: row.proposal_id,
            n: row.n,
            state: row.state,
            target_output: row.target_output,
            total_idr: row.total_idr.0,
            supporting_idr: row.supporting_idr.0,
            submitted_at: row.submitted_at,
            decided_at: row.decided_at,
            change_reason: row.change_reason,
            comment: row.comment,
            version: row.version,
        }
    }
}

/// A contract, or a self-managed work order.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Contract {
    /// Its id.
    pub id: ContractId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Its number.
    pub number: String,
    /// When it was signed.
    pub signed_on: NaiveDate,
    /// What it is for.
    pub role: ContractRole,
    /// Who does it.
    pub vendor_name: String,
    /// Tax number (NPWP).
    pub vendor_tax_number: Option<String>,
    /// For how much.
    pub value_idr: i64,
    /// Paid on it.
    pub spent_idr: i64,
    /// Where the money comes from.
    pub fund_source: FundSource,
    /// Lines that it covers.
    pub lines: Vec<i64>,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Rules that it breaks.
    pub flags: Vec<String>,
    /// When it was recorded.
    pub created_at: Moment,
    /// When it was taken back, if it was recorded by mistake: it binds and covers nothing.
    pub voided_at: Option<Moment>,
}

/// The list of flags that a row keeps as JSON.
pub fn flags(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// Which of several rows were taken back, and by which entry.
#[derive(Debug, Default)]
pub struct Undone(HashMap<String, EntryId>);

impl Undone {
    /// Of pairs of a row's id and the entry that took it back.
    pub fn of(pairs: Vec<(String, EntryId)>) -> Self {
        Undone(pairs.into_iter().collect())
    }

    /// The entry that took a row back, if one did.
    pub fn by(&self, id: impl ToString) -> Option<EntryId> {
        self.0.get(&id.to_string()).copied()
    }
}

impl Contract {
    /// A contract with those of the lines that it covers.
    pub fn of(row: contract::Contract, lines: &[contract::ContractLine]) -> Self {
        Contract {
            lines: lines
                .iter()
                .filter(|line| line.contract_id == row.id)
                .map(|line| line.line_no)
                .collect(),
            flags: flags(&row.flags),
            id: row.id,
            proposal_id: row.proposal_id,
            number: row.number,
            signed_on: row.signed_on,
            role: row.role,
            vendor_name: row.vendor_name,
            vendor_tax_number: row.vendor_tax_number,
            value_idr: row.value_idr.0,
            spent_idr: row.spent_idr.0,
            fund_source: row.fund_source,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            created_at: row.created_at,
            voided_at: row.voided_at,
        }
    }
}

/// A payment order (SP2D).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Expenditure {
    /// Its id.
    pub id: ExpenditureId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// On which contract.
    pub contract_id: ContractId,
    /// Its number.
    pub number: String,
    /// Its date.
    pub spent_on: NaiveDate,
    /// How much.
    pub amount_idr: i64,
    /// What for.
    pub description: String,
    /// Late penalty (denda) that was charged with it; beside the amount.
    pub penalty_idr: i64,
    /// Whether it pays in advance (uang muka).
    pub is_advance: bool,
    /// Rules that it breaks.
    pub flags: Vec<String>,
    /// When it was recorded.
    pub created_at: Moment,
    /// The entry of the journal that took it back; it counts no more then.
    pub reversed_by: Option<EntryId>,
}

impl Expenditure {
    /// The same, and whether it was taken back.
    pub fn marked(self, undone: &Undone) -> Self {
        Expenditure { reversed_by: undone.by(self.id), ..self }
    }
}

impl From<expenditure::Expenditure> for Expenditure {
    fn from(row: expenditure::Expenditure) -> Self {
        Expenditure {
            flags: flags(&row.flags),
            id: row.id,
            proposal_id: row.proposal_id,
            contract_id: row.contract_id,
            number: row.number,
            spent_on: row.spent_on,
            amount_idr: row.amount_idr.0,
            description: row.description,
            penalty_idr: row.penalty_idr.0,
            is_advance: row.is_advance,
            created_at: row.created_at,
            reversed_by: None,
        }
    }
}

/// Leftover paid back to the treasury.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Return {
    /// Its id.
    pub id: ReturnId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Number of the deposit slip.
    pub number: String,
    /// Its date.
    pub returned_on: NaiveDate,
    /// How much.
    pub amount_idr: i64,
    /// Why it was left over.
    pub reason: String,
    /// Rules that it breaks.
    pub flags: Vec<String>,
    /// When it was recorded.
    pub created_at: Moment,
    /// The entry of the journal that took it back; it counts no more then.
    pub reversed_by: Option<EntryId>,
}

impl Return {
    /// The same, and whether it was taken back.
    pub fn marked(self, undone: &Undone) -> Self {
        Return { reversed_by: undone.by(self.id), ..self }
    }
}

impl From<returns::Return> for Return {
    fn from(row: returns::Return) -> Self {
        Return {
            flags: flags(&row.flags),
            id: row.id,
            proposal_id: row.proposal_id,
            number: row.number,
            returned_on: row.returned_on,
            amount_idr: row.amount_idr.0,
            reason: row.reason,
            created_at: row.created_at,
            reversed_by: None,
        }
    }
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// What it records.
    pub kind: EntryKind,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Of which allocation.
    pub allocation_id: AllocationId,
    /// Of which year.
    pub fiscal_year: i64,
    /// From.
    pub from_account: Account,
    /// To.
    pub to_account: Account,
    /// How much.
    pub amount_idr: i64,
    /// When it happened.
    pub effective_on: NaiveDate,
    /// When we knew.
    pub recorded_at: Moment,
    /// What it came from: `contract`, `expenditure`, `tranche_request`, …
    pub source_kind: String,
    /// Which.
    pub source_id: String,
    /// The event that it came with.
    pub event_id: EventId,
    /// Why: the legal basis of authority and of what is carried over, the reason of a reversal.
    pub reason: Option<String>,
    /// The year that money carried over was first paid in.
    pub origin_year: Option<i64>,
    /// Of a reversal: the entry that it takes back.
    pub reverses_id: Option<EntryId>,
    /// Of a reversal: what that one recorded.
    pub reversed_kind: Option<EntryKind>,
    /// The entry that took this one back.
    pub reversed_by: Option<EntryId>,
}

impl Entry {
    /// The same, and whether it was taken back.
    pub fn marked(self, undone: &Undone) -> Self {
        Entry { reversed_by: undone.by(self.id), ..self }
    }
}

impl From<journal::Entry> for Entry {
    fn from(row: journal::Entry) -> Self {
        Entry {
            id: row.id,
            kind: row.kind,
            proposal_id: row.proposal_id,
            allocation_id: row.allocation_id,
            fiscal_year: row.fiscal_year,
            from_account: row.from_account,
            to_account: row.to_account,
            amount_idr: row.amount_idr.0,
            effective_on: row.effective_on,
            recorded_at: row.recorded_at,
            source_kind: row.source_kind,
            source_id: row.source_id,
            event_id: row.event_id,
            reason: row.reason,
            origin_year: row.origin_year,
            reverses_id: row.reverses_id,
            reversed_kind: row.reversed_kind,
            reversed_by: None,
        }
    }
}
