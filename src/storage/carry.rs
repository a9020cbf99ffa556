//! Leftover that another proposal of the region uses in a later year.

use crate::domain::ids::{CarryId, ProposalId, UserId};
use crate::domain::journal::EntryKind;
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{carries, journal_entries};
use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde::Serialize;

/// What the entries of money carried over name as their source.
pub const SOURCE: &str = "carry";

/// Money carried over.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = carries)]
pub struct Carry {
    /// Its id.
    pub id: CarryId,
    /// The proposal that gives.
    pub from_proposal_id: ProposalId,
    /// The proposal that gets it.
    pub to_proposal_id: ProposalId,
    /// The year that the money was first paid in.
    pub origin_year: i64,
    /// When.
    pub carried_on: NaiveDate,
    /// How much.
    pub amount_idr: Rupiah,
    /// The regulation that allows it.
    pub legal_basis: String,
    /// What it is for.
    pub reason: String,
    /// When it was recorded.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
}

/// Inserts what is carried over.
pub fn insert(c: &mut AnyConnection, row: &Carry) -> QueryResult<()> {
    diesel::insert_into(carries::table).values(row).execute(c).map(|_| ())
}

/// What several proposals gave and got, and was not taken back.
pub fn standing(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Carry>> {
    let taken_back = exists(
        journal_entries::table
            .filter(journal_entries::source_kind.eq(SOURCE))
            .filter(journal_entries::source_id.eq(carries::id))
            .filter(journal_entries::kind.eq(EntryKind::Reverse)),
    );
    carries::table
        .filter(
            carries::from_proposal_id
                .eq_any(proposals)
                .or(carries::to_proposal_id.eq_any(proposals)),
        )
        .filter(not(taken_back))
        .order(carries::id)
        .select(Carry::as_select())
        .load(c)
}

/// What a proposal gave and got, in the order of recording, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<CarryId>,
    limit: i64,
) -> QueryResult<Vec<Carry>> {
    let mut query = carries::table
        .filter(carries::from_proposal_id.eq(proposal).or(carries::to_proposal_id.eq(proposal)))
        .order(carries::id)
        .limit(limit)
        .select(Carry::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(carries::id.gt(after));
    }
    query.load(c)
}

/// One of them.
pub fn find(c: &mut AnyConnection, id: CarryId) -> QueryResult<Option<Carry>> {
    carries::table.find(id).select(Carry::as_select()).first(c).optional()
}
