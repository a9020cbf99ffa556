//! Changes of contracts (addendum), and the lines that they change.

use crate::domain::ids::{AmendmentId, ContractId, ProposalId, UserId};
use crate::domain::journal::EntryKind;
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::IDS_AT_ONCE;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{amendment_lines, amendments, journal_entries};
use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde::Serialize;

/// What the entry of an amendment names as its source.
pub const SOURCE: &str = "amendment";

/// Whether the entry of an amendment was taken back.
macro_rules! is_taken_back {
    () => {
        exists(
            journal_entries::table
                .filter(journal_entries::source_kind.eq(SOURCE))
                .filter(journal_entries::source_id.eq(amendments::id))
                .filter(journal_entries::kind.eq(EntryKind::Reverse)),
        )
    };
}

/// A change of a contract, as it was signed.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = amendments)]
pub struct Amendment {
    /// Its id.
    pub id: AmendmentId,
    /// Of which contract.
    pub contract_id: ContractId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Which of the contract's amendments, from 1.
    pub n: i64,
    /// Its number; unique in the contract, but for those taken back.
    pub number: String,
    /// The number as it is compared with others.
    #[serde(skip)]
    pub number_key: String,
    /// When it was signed.
    pub signed_on: NaiveDate,
    /// The contract's value before.
    pub value_before_idr: Rupiah,
    /// And from then on.
    pub value_idr: Rupiah,
    /// The contract's last day before.
    pub ends_before_on: NaiveDate,
    /// And from then on.
    pub ends_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// Rules that it breaks, as a JSON list.
    pub flags: String,
    /// When it was recorded.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
}

/// That a contract covers a line from an amendment on, or does not any more.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = amendment_lines)]
pub struct AmendmentLine {
    /// By which amendment.
    pub amendment_id: AmendmentId,
    /// Which line.
    pub line_no: i64,
    /// Whether it is covered from then on.
    pub covered: bool,
}

/// Inserts an amendment with the lines that it changes.
pub fn insert(c: &mut AnyConnection, row: &Amendment, lines: &[AmendmentLine]) -> QueryResult<()> {
    diesel::insert_into(amendments::table).values(row).execute(c)?;
    for line in lines {
        diesel::insert_into(amendment_lines::table).values(line).execute(c)?;
    }
    Ok(())
}

/// One amendment.
pub fn find(c: &mut AnyConnection, id: AmendmentId) -> QueryResult<Option<Amendment>> {
    amendments::table.find(id).select(Amendment::as_select()).first(c).optional()
}

/// The amendments of a contract that stand, in their order.
pub fn standing(c: &mut AnyConnection, contract: ContractId) -> QueryResult<Vec<Amendment>> {
    amendments::table
        .filter(amendments::contract_id.eq(contract).and(not(is_taken_back!())))
        .order(amendments::n)
        .select(Amendment::as_select())
        .load(c)
}

/// The number of a contract's last amendment, whether it stands or not; 0 before the first.
pub fn last_n(c: &mut AnyConnection, contract: ContractId) -> QueryResult<i64> {
    let last: Option<i64> = amendments::table
        .filter(amendments::contract_id.eq(contract))
        .select(diesel::dsl::max(amendments::n))
        .first(c)?;
    Ok(last.unwrap_or(0))
}

/// Those of a contract in the order of their recording, after `after`.
pub fn page(
    c: &mut AnyConnection,
    contract: ContractId,
    after: Option<AmendmentId>,
    limit: i64,
) -> QueryResult<Vec<Amendment>> {
    let mut query = amendments::table
        .filter(amendments::contract_id.eq(contract))
        .order(amendments::id)
        .limit(limit)
        .select(Amendment::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(amendments::id.gt(after));
    }
    query.load(c)
}

/// The lines that several amendments change, however many amendments there are.
pub fn lines_of(c: &mut AnyConnection, ids: &[AmendmentId]) -> QueryResult<Vec<AmendmentLine>> {
    let mut lines = Vec::new();
    for some in ids.chunks(IDS_AT_ONCE) {
        let found: Vec<AmendmentLine> = amendment_lines::table
            .filter(amendment_lines::amendment_id.eq_any(some))
            .order((amendment_lines::amendment_id, amendment_lines::line_no))
            .select(AmendmentLine::as_select())
            .load(c)?;
        lines.extend(found);
    }
    Ok(lines)
}

/// What the amendments of several contracts that stand change in their lines, in the order of the amendments.
pub fn line_changes(
    c: &mut AnyConnection,
    contracts: &[ContractId],
) -> QueryResult<Vec<(ContractId, i64, bool)>> {
    amendment_lines::table
        .inner_join(amendments::table)
        .filter(amendments::contract_id.eq_any(contracts).and(not(is_taken_back!())))
        .order((amendments::contract_id, amendments::n, amendment_lines::line_no))
        .select((amendments::contract_id, amendment_lines::line_no, amendment_lines::covered))
        .load(c)
}
