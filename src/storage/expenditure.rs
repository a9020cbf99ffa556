//! Payment orders (SP2D): recorded as they happened.

use crate::domain::ids::{ContractId, ExpenditureId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::expenditures;
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

/// A payment order.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = expenditures)]
pub struct Expenditure {
    /// Its id.
    pub id: ExpenditureId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// On which contract.
    pub contract_id: ContractId,
    /// Its number; unique in the proposal.
    pub number: String,
    /// Its date.
    pub spent_on: NaiveDate,
    /// How much.
    pub amount_idr: Rupiah,
    /// What for.
    pub description: String,
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
    /// Late penalty (denda) that goes with it.
    pub penalty_idr: Rupiah,
    /// Whether it pays in advance (uang muka).
    pub is_advance: bool,
}

/// Inserts a payment order.
pub fn insert(c: &mut AnyConnection, expenditure: &Expenditure) -> QueryResult<()> {
    diesel::insert_into(expenditures::table).values(expenditure).execute(c).map(|_| ())
}

/// Payment orders of a proposal that have some numbers, as they are compared.
pub fn of_numbers(
    c: &mut AnyConnection,
    proposal: ProposalId,
    keys: &[String],
) -> QueryResult<Vec<(ExpenditureId, String)>> {
    expenditures::table
        .filter(expenditures::proposal_id.eq(proposal))
        .filter(expenditures::number_key.eq_any(keys.to_vec()))
        .order(expenditures::id)
        .select((expenditures::id, expenditures::number_key))
        .load(c)
}

/// Those of a proposal in the order of their recording, after `after`.
pub fn of(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<ExpenditureId>,
    limit: i64,
) -> QueryResult<Vec<Expenditure>> {
    let mut query = expenditures::table
        .filter(expenditures::proposal_id.eq(proposal))
        .order(expenditures::id)
        .limit(limit)
        .select(Expenditure::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(expenditures::id.gt(after));
    }
    query.load(c)
}

/// Those of several proposals, by proposal and in the order of their recording.
pub fn of_many(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Expenditure>> {
    expenditures::table
        .filter(expenditures::proposal_id.eq_any(proposals))
        .order((expenditures::proposal_id, expenditures::id))
        .select(Expenditure::as_select())
        .load(c)
}

/// The last recording of a number in a proposal.
pub fn last_recording(
    c: &mut AnyConnection,
    proposal: ProposalId,
    number_key: &str,
) -> QueryResult<Option<Expenditure>> {
    expenditures::table
        .filter(expenditures::proposal_id.eq(proposal).and(expenditures::number_key.eq(number_key)))
        .order(expenditures::recording.desc())
        .select(Expenditure::as_select())
        .first(c)
        .optional()
}

/// One payment order.
pub fn find(c: &mut AnyConnection, id: ExpenditureId) -> QueryResult<Option<Expenditure>> {
    expenditures::table.find(id).select(Expenditure::as_select()).first(c).optional()
}
