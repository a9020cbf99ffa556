//! Money that centres got from elsewhere, and what regions answer to warnings of double funding.

use crate::domain::ids::{CentreFundingId, CentreId, FundingAnswerId, ProposalId, UserId};
use crate::domain::line::{Component, FundSource};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::proposal::State;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{centre_fundings, funding_answers, proposal_lines, proposals};
use diesel::prelude::*;
use serde::Serialize;

/// Money that a centre got from elsewhere.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = centre_fundings, treat_none_as_null = true)]
pub struct CentreFunding {
    /// Its id.
    pub id: CentreFundingId,
    /// Which centre.
    pub centre_id: CentreId,
    /// In which fiscal year.
    pub fiscal_year: i64,
    /// From which source.
    pub fund_source: FundSource,
    /// For what.
    pub component: Component,
    /// For what, in words.
    pub description: String,
    /// How much.
    pub amount_idr: Rupiah,
    /// The budget document or decree that it rests on.
    pub legal_basis: String,
    /// By whom it was recorded.
    pub recorded_by: UserId,
    /// When.
    pub recorded_at: Moment,
    /// Who withdrew the record.
    pub withdrawn_by: Option<UserId>,
    /// When.
    pub withdrawn_at: Option<Moment>,
    /// Why.
    pub withdrawn_reason: Option<String>,
    /// Raised by every change.
    pub version: i64,
}

/// What a region answers to a warning.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = funding_answers)]
pub struct FundingAnswer {
    /// Its id.
    pub id: FundingAnswerId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// The key of the warning.
    pub warning: String,
    /// What the proposal asked for the component when it was answered.
    pub asked_idr: Rupiah,
    /// What came from elsewhere when it was answered.
    pub other_idr: Rupiah,
    /// The answer.
    pub answer: String,
    /// By whom.
    pub answered_by: UserId,
    /// When.
    pub answered_at: Moment,
}

/// A DAK line of another proposal of the same centre.
#[derive(Debug, Clone, Queryable)]
pub struct OtherLine {
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Its title.
    pub title: String,
    /// Its year.
    pub fiscal_year: i64,
    /// Where it stands.
    pub state: State,
    /// For what.
    pub component: Component,
    /// As proposed.
    pub amount_idr: Rupiah,
    /// As approved.
    pub approved_idr: Option<Rupiah>,
}

/// Inserts a record of money from elsewhere.
pub fn insert(c: &mut AnyConnection, row: &CentreFunding) -> QueryResult<()> {
    diesel::insert_into(centre_fundings::table).values(row).execute(c).map(|_| ())
}

/// One record.
pub fn find(c: &mut AnyConnection, id: CentreFundingId) -> QueryResult<Option<CentreFunding>> {
    centre_fundings::table.find(id).select(CentreFunding::as_select()).first(c).optional()
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, row: &CentreFunding) -> QueryResult<usize> {
    diesel::update(
        centre_fundings::table.find(row.id).filter(centre_fundings::version.eq(row.version - 1)),
    )
    .set(row)
    .execute(c)
}

/// Those of a centre that stand.
pub fn standing(c: &mut AnyConnection, centre: CentreId) -> QueryResult<Vec<CentreFunding>> {
    centre_fundings::table
        .filter(centre_fundings::centre_id.eq(centre))
        .filter(centre_fundings::withdrawn_at.is_null())
        .order(centre_fundings::id)
        .select(CentreFunding::as_select())
        .load(c)
}

/// Those of a centre in the order of their recording, after `after`.
pub fn page(
    c: &mut AnyConnection,
    centre: CentreId,
    after: Option<CentreFundingId>,
    limit: i64,
) -> QueryResult<Vec<CentreFunding>> {
    let mut query = centre_fundings::table
        .filter(centre_fundings::centre_id.eq(centre))
        .order(centre_fundings::id)
        .limit(limit)
        .select(CentreFunding::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(centre_fundings::id.gt(after));
    }
    query.load(c)
}

/// The DAK lines of the other proposals of a centre, in the order of their proposals, but for those that stand in
/// one of some states.
pub fn other_lines(
    c: &mut AnyConnection,
    centre: CentreId,
    but: ProposalId,
    left_out: &[State],
) -> QueryResult<Vec<OtherLine>> {
    proposals::table
        .inner_join(proposal_lines::table)
        .filter(proposals::centre_id.eq(centre))
        .filter(proposals::id.ne(but))
        .filter(proposals::state.ne_all(left_out))
        .filter(proposal_lines::fund_source.eq(FundSource::Dak))
        .order((proposals::id, proposal_lines::line_no))
        .select((
            proposals::id,
            proposals::title,
            proposals::fiscal_year,
            proposals::state,
            proposal_lines::component,
            proposal_lines::amount_idr,
            proposal_lines::approved_idr,
        ))
        .load(c)
}

/// How many records of a centre stand.
pub fn standing_count(c: &mut AnyConnection, centre: CentreId) -> QueryResult<i64> {
    centre_fundings::table
        .filter(centre_fundings::centre_id.eq(centre))
        .filter(centre_fundings::withdrawn_at.is_null())
        .count()
        .get_result(c)
}

/// How many answers a proposal has.
pub fn answers_count(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<i64> {
    funding_answers::table.filter(funding_answers::proposal_id.eq(proposal)).count().get_result(c)
}

/// Adds an answer.
pub fn answer(c: &mut AnyConnection, row: &FundingAnswer) -> QueryResult<()> {
    diesel::insert_into(funding_answers::table).values(row).execute(c).map(|_| ())
}

/// The answers of a proposal, the oldest first.
pub fn answers(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<FundingAnswer>> {
    funding_answers::table
        .filter(funding_answers::proposal_id.eq(proposal))
        .order(funding_answers::id)
        .select(FundingAnswer::as_select())
        .load(c)
}
