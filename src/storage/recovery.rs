//! Money that vendors paid back to the region.

use crate::domain::ids::{ContractId, ProposalId, RecoveryId, UserId};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::recoveries;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

/// Money that a vendor paid back.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = recoveries)]
pub struct Recovery {
    /// Its id.
    pub id: RecoveryId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Paid on which contract before.
    pub contract_id: ContractId,
    /// Number of the deposit slip; unique in the proposal.
    pub number: String,
    /// The number as it is compared with others.
    #[serde(skip)]
    pub number_key: String,
    /// Which recording of its number, from 1; those before it were taken back.
    pub recording: i64,
    /// Its date.
    pub received_on: NaiveDate,
    /// How much.
    pub amount_idr: Rupiah,
    /// Why it came back.
    pub reason: String,
    /// Rules that it breaks, as a JSON list.
    pub flags: String,
    /// When it was recorded.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
}

/// Inserts what came back.
pub fn insert(c: &mut AnyConnection, row: &Recovery) -> QueryResult<()> {
    diesel::insert_into(recoveries::table).values(row).execute(c).map(|_| ())
}

/// The last recording of a number in a proposal.
pub fn last_recording(
    c: &mut AnyConnection,
    proposal: ProposalId,
    number_key: &str,
) -> QueryResult<Option<Recovery>> {
    recoveries::table
        .filter(recoveries::proposal_id.eq(proposal).and(recoveries::number_key.eq(number_key)))
        .order(recoveries::recording.desc())
        .select(Recovery::as_select())
        .first(c)
        .optional()
}

/// Those of a proposal in the order of their recording, after `after`.
pub fn of(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<RecoveryId>,
    limit: i64,
) -> QueryResult<Vec<Recovery>> {
    let mut query = recoveries::table
        .filter(recoveries::proposal_id.eq(proposal))
        .order(recoveries::id)
        .limit(limit)
        .select(Recovery::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(recoveries::id.gt(after));
    }
    query.load(c)
}

/// Those of several proposals, by proposal and in the order of their recording.
pub fn of_many(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Recovery>> {
    recoveries::table
        .filter(recoveries::proposal_id.eq_any(proposals))
        .order((recoveries::proposal_id, recoveries::id))
        .select(Recovery::as_select())
        .load(c)
}

/// One of them.
pub fn find(c: &mut AnyConnection, id: RecoveryId) -> QueryResult<Option<Recovery>> {
    recoveries::table.find(id).select(Recovery::as_select()).first(c).optional()
}
