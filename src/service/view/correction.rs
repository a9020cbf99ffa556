//! What answers about amended contracts, money that came back and leftover carried over look like.

use crate::domain::ids::{AmendmentId, CarryId, ContractId, EntryId, ProposalId, RecoveryId};
use crate::domain::moment::Moment;
use crate::service::view::money::{Undone, flags};
use crate::storage::{amendment, carry, recovery};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A change of a contract (addendum).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Amendment {
    /// Its id.
    pub id: AmendmentId,
    /// Of which contract.
    pub contract_id: ContractId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Which of the contract's amendments, from 1.
    #[schema(example = 1)]
    pub n: i64,
    /// Its number.
    #[schema(example = "602/01/SPK-FSK/ADD-1/2021")]
    pub number: String,
    /// When it was signed.
    pub signed_on: NaiveDate,
    /// The contract's value before.
    #[schema(example = 4_900_000_000_i64)]
    pub value_before_idr: i64,
    /// And from then on.
    #[schema(example = 4_950_000_000_i64)]
    pub value_idr: i64,
    /// The contract's last day before.
    pub ends_before_on: NaiveDate,
    /// And from then on.
    pub ends_on: NaiveDate,
    /// Lines that the contract covers since then.
    pub lines_added: Vec<i64>,
    /// Lines that it does not cover any more.
    pub lines_removed: Vec<i64>,
    /// Why.
    pub reason: String,
    /// Rules that the contract broke once it was amended.
    pub flags: Vec<String>,
    /// When it was recorded.
    pub created_at: Moment,
    /// The entry of the journal that took it back; it counts no more then.
    pub reversed_by: Option<EntryId>,
}

impl Amendment {
    /// An amendment with those of the lines that it changes.
    pub fn of(
        row: amendment::Amendment,
        lines: &[amendment::AmendmentLine],
        undone: &Undone,
    ) -> Self {
        let changed = |covered: bool| {
            let own = lines.iter().filter(|line| line.amendment_id == row.id);
            own.filter(|line| line.covered == covered).map(|line| line.line_no).collect()
        };
        Amendment {
            lines_added: changed(true),
            lines_removed: changed(false),
            flags: flags(&row.flags),
            reversed_by: undone.by(row.id),
            id: row.id,
            contract_id: row.contract_id,
            proposal_id: row.proposal_id,
            n: row.n,
            number: row.number,
            signed_on: row.signed_on,
            value_before_idr: row.value_before_idr.0,
            value_idr: row.value_idr.0,
            ends_before_on: row.ends_before_on,
            ends_on: row.ends_on,
            reason: row.reason,
            created_at: row.created_at,
        }
    }
}

/// Money that a vendor paid back.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Recovery {
    /// Its id.
    pub id: RecoveryId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Paid on which contract before.
    pub contract_id: ContractId,
    /// Number of the deposit slip.
    #[schema(example = "STS-0091/2022")]
    pub number: String,
    /// Its date.
    pub received_on: NaiveDate,
    /// How much.
    #[schema(example = 18_000_000_i64)]
    pub amount_idr: i64,
    /// Why it came back.
    pub reason: String,
    /// Rules that it breaks.
    pub flags: Vec<String>,
    /// When it was recorded.
    pub created_at: Moment,
    /// The entry of the journal that took it back; it counts no more then.
    pub reversed_by: Option<EntryId>,
}

impl Recovery {
    /// A recovery, and whether it was taken back.
    pub fn of(row: recovery::Recovery, undone: &Undone) -> Self {
        Recovery {
            flags: flags(&row.flags),
            reversed_by: undone.by(row.id),
            id: row.id,
            proposal_id: row.proposal_id,
            contract_id: row.contract_id,
            number: row.number,
            received_on: row.received_on,
            amount_idr: row.amount_idr.0,
            reason: row.reason,
            created_at: row.created_at,
        }
    }
}

/// Leftover that another proposal uses.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Carry {
    /// Its id.
    pub id: CarryId,
    /// The proposal that gave.
    pub from_proposal_id: ProposalId,
    /// The proposal that got it.
    pub to_proposal_id: ProposalId,
    /// The year that the money was first paid in.
    #[schema(example = 2021)]
    pub origin_year: i64,
    /// When.
    pub carried_on: NaiveDate,
    /// How much.
    #[schema(example = 12_500_000_i64)]
    pub amount_idr: i64,
    /// The regulation that allows it.
    #[schema(example = "Perkada Penjabaran APBD 2022")]
    pub legal_basis: String,
    /// What it is for.
    pub reason: String,
    /// When it was recorded.
    pub created_at: Moment,
    /// The entry of the journal that took it back; it counts no more then.
    pub reversed_by: Option<EntryId>,
}

impl Carry {
    /// What was carried over, and whether it was taken back.
    pub fn of(row: carry::Carry, undone: &Undone) -> Self {
        Carry {
            reversed_by: undone.by(row.id),
            id: row.id,
            from_proposal_id: row.from_proposal_id,
            to_proposal_id: row.to_proposal_id,
            origin_year: row.origin_year,
            carried_on: row.carried_on,
            amount_idr: row.amount_idr.0,
            legal_basis: row.legal_basis,
            reason: row.reason,
            created_at: row.created_at,
        }
    }
}
