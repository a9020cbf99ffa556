//! Contracts and the lines that they cover.

use crate::domain::contract::{ContractFacts, ContractRole, Firm};
use crate::domain::ids::{ContractId, ProposalId, UserId};
use crate::domain::line::FundSource;
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::IDS_AT_ONCE;
use crate::storage::amendment;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{contract_lines, contracts};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;

/// A contract, or a self-managed work order.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = contracts)]
pub struct Contract {
    /// Its id.
    pub id: ContractId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Its number; unique in the proposal.
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
    pub value_idr: Rupiah,
    /// Paid on it.
    pub spent_idr: Rupiah,
    /// Where the money comes from.
    pub fund_source: FundSource,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Rules that it breaks, as a JSON list.
    pub flags: String,
    /// Raised by every write beneath it.
    pub version: i64,
    /// When it was recorded.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
    /// The number as it is compared with others.
    #[serde(skip)]
    pub number_key: String,
    /// When it was taken back, if it was recorded by mistake: it binds and covers nothing.
    pub voided_at: Option<Moment>,
    /// Which recording of its number, from 1; those before it were taken back.
    pub recording: i64,
}

/// That a contract covers a line.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = contract_lines)]
pub struct ContractLine {
    /// Which contract.
    pub contract_id: ContractId,
    /// Which line.
    pub line_no: i64,
}

/// What the rules look at.
pub fn facts(contract: &Contract, lines: &[ContractLine]) -> ContractFacts {
    ContractFacts {
        fund_source: contract.fund_source,
        role: contract.role,
        vendor: Firm {
            name: contract.vendor_name.clone(),
            tax_number: contract.vendor_tax_number.clone(),
        },
        value: contract.value_idr,
        lines: lines
            .iter()
            .filter(|line| line.contract_id == contract.id)
            .map(|line| line.line_no)
            .collect(),
        ends_on: contract.ends_on,
    }
}

/// Inserts a contract with the lines that it covers.
pub fn insert(c: &mut AnyConnection, contract: &Contract, lines: &[i64]) -> QueryResult<()> {
    diesel::insert_into(contracts::table).values(contract).execute(c)?;
    for line_no in lines {
        diesel::insert_into(contract_lines::table)
            .values(ContractLine { contract_id: contract.id, line_no: *line_no })
            .execute(c)?;
    }
    Ok(())
}

/// One contract.
pub fn find(c: &mut AnyConnection, id: ContractId) -> QueryResult<Option<Contract>> {
    contracts::table.find(id).select(Contract::as_select()).first(c).optional()
}

/// The contracts of a proposal that stand, in the order of their recording.
pub fn of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Contract>> {
    contracts::table
        .filter(contracts::proposal_id.eq(proposal).and(contracts::voided_at.is_null()))
        .order(contracts::id)
        .select(Contract::as_select())
        .load(c)
}

/// Which lines the contracts cover, as they were amended; however many contracts there are.
pub fn lines_of(c: &mut AnyConnection, contracts: &[ContractId]) -> QueryResult<Vec<ContractLine>> {
    let mut rows = Vec::new();
    for some in contracts.chunks(IDS_AT_ONCE) {
        let changes = amendment::line_changes(c, some)?;
        rows.extend(lines_after(c, some, changes)?);
    }
    rows.sort_by_key(|row| (row.contract_id, row.line_no));
    Ok(rows)
}

/// Which lines the contracts cover after some changes by amendments, in their order; those that were signed never change.
pub(super) fn lines_after(
    c: &mut AnyConnection,
    contracts: &[ContractId],
    changes: Vec<(ContractId, i64, bool)>,
) -> QueryResult<Vec<ContractLine>> {
    let signed: Vec<(ContractId, i64)> = contract_lines::table
        .filter(contract_lines::contract_id.eq_any(contracts))
        .select((contract_lines::contract_id, contract_lines::line_no))
        .load(c)?;
    let mut covered: BTreeSet<(ContractId, i64)> = signed.into_iter().collect();
    for (contract, line_no, covers) in changes {
        if covers {
            covered.insert((contract, line_no));
        } else {
            covered.remove(&(contract, line_no));
        }
    }
    let row = |(contract_id, line_no)| ContractLine { contract_id, line_no };
    Ok(covered.into_iter().map(row).collect())
}

/// The last recording of a number in a proposal.
pub fn last_recording(
    c: &mut AnyConnection,
    proposal: ProposalId,
    number_key: &str,
) -> QueryResult<Option<Contract>> {
    contracts::table
        .filter(contracts::proposal_id.eq(proposal).and(contracts::number_key.eq(number_key)))
        .order(contracts::recording.desc())
        .select(Contract::as_select())
        .first(c)
        .optional()
}

/// Writes what changes in a contract, on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, row: &Contract) -> QueryResult<usize> {
    diesel::update(contracts::table.find(row.id).filter(contracts::version.eq(row.version - 1)))
        .set((
            contracts::value_idr.eq(row.value_idr),
            contracts::spent_idr.eq(row.spent_idr),
            contracts::ends_on.eq(row.ends_on),
            contracts::flags.eq(&row.flags),
            contracts::voided_at.eq(row.voided_at),
            contracts::version.eq(row.version),
        ))
        .execute(c)
}

/// Adds to what was paid on a contract.
pub fn spend(c: &mut AnyConnection, id: ContractId, amount: Rupiah) -> QueryResult<usize> {
    diesel::update(contracts::table.find(id))
        .set((
            contracts::spent_idr.eq(contracts::spent_idr + amount.0),
            contracts::version.eq(contracts::version + 1),
        ))
        .execute(c)
}

/// Those of a proposal in the order of their recording, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<ContractId>,
    limit: i64,
) -> QueryResult<Vec<Contract>> {
    let mut query = contracts::table
        .filter(contracts::proposal_id.eq(proposal))
        .order(contracts::id)
        .limit(limit)
        .select(Contract::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(contracts::id.gt(after));
    }
    query.load(c)
}
