//! Leftover paid back to the treasury.

use crate::domain::ids::{ProposalId, ReturnId, UserId};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::returns;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

/// A deposit of leftover.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = returns)]
pub struct Return {
    /// Its id.
    pub id: ReturnId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Number of the deposit slip; unique in the proposal.
    pub number: String,
    /// Its date.
    pub returned_on: NaiveDate,
    /// How much.
    pub amount_idr: Rupiah,
    /// Why it was left over.
    pub reason: String,
    /// Rules that it breaks, as a JSON list.
    pub flags: String,
    /// When it was recorded.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
    /// The number as it is compared with others.
    #[serde(skip)]
    pub number_key: String,
    /// Which recording of its number, from 1; those before it were taken back.
    pub recording: i64,
}

/// Inserts a deposit.
pub fn insert(c: &mut AnyConnection, row: &Return) -> QueryResult<()> {
    diesel::insert_into(returns::table).values(row).execute(c).map(|_| ())
}

/// Those of a proposal in the order of their recording, after `after`.
pub fn of(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<ReturnId>,
    limit: i64,
) -> QueryResult<Vec<Return>> {
    let mut query = returns::table
        .filter(returns::proposal_id.eq(proposal))
        .order(returns::id)
        .limit(limit)
        .select(Return::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(returns::id.gt(after));
    }
    query.load(c)
}

/// Those of several proposals, by proposal and in the order of their recording.
pub fn of_many(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Return>> {
    returns::table
        .filter(returns::proposal_id.eq_any(proposals))
        .order((returns::proposal_id, returns::id))
        .select(Return::as_select())
        .load(c)
}

/// The last recording of a number in a proposal.
pub fn last_recording(
    c: &mut AnyConnection,
    proposal: ProposalId,
    number_key: &str,
) -> QueryResult<Option<Return>> {
    returns::table
        .filter(returns::proposal_id.eq(proposal).and(returns::number_key.eq(number_key)))
        .order(returns::recording.desc())
        .select(Return::as_select())
        .first(c)
        .optional()
}
