//! Reports on progress.

use crate::domain::ids::{ProposalId, ReportId, UserId};
use crate::domain::moment::Moment;
use crate::domain::money::BasisPoints;
use crate::domain::report::{ReportKind, ReportState};
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{proposals, reports};
use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};
use serde::Serialize;

/// A report.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = reports, treat_none_as_null = true)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// What it is for.
    pub kind: ReportKind,
    /// Until which day it speaks.
    pub as_of: NaiveDate,
    /// Where it stands.
    pub state: ReportState,
    /// Physical progress.
    pub physical_bp: BasisPoints,
    /// Output reached, in words.
    pub output: String,
    /// People at work.
    pub workforce: i64,
    /// Problems.
    pub problems: String,
    /// What is done about them.
    pub follow_up: String,
    /// The journal's figures as they were when it was submitted, as JSON.
    pub figures: Option<String>,
    /// When it was submitted.
    pub submitted_at: Option<Moment>,
    /// When it was reviewed or returned.
    pub decided_at: Option<Moment>,
    /// Why it was returned.
    pub comment: Option<String>,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
}

/// Inserts a report.
pub fn insert(c: &mut AnyConnection, report: &Report) -> QueryResult<()> {
    diesel::insert_into(reports::table).values(report).execute(c).map(|_| ())
}

/// One report.
pub fn find(c: &mut AnyConnection, id: ReportId) -> QueryResult<Option<Report>> {
    reports::table.find(id).select(Report::as_select()).first(c).optional()
}

/// Whether a final report of the proposal is reviewed.
pub fn final_is_reviewed(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<bool> {
    reports::table
        .filter(reports::proposal_id.eq(proposal))
        .filter(reports::kind.eq(ReportKind::Final).and(reports::state.eq(ReportState::Reviewed)))
        .select(reports::id)
        .first::<ReportId>(c)
        .optional()
        .map(|found| found.is_some())
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, report: &Report) -> QueryResult<usize> {
    diesel::update(reports::table.find(report.id).filter(reports::version.eq(report.version - 1)))
        .set(report)
        .execute(c)
}

/// What was reported of several proposals: reports that stand, speak of a day or of one before, and were submitted by a
/// moment; in the order of the days that they speak of.
pub fn standing(
    c: &mut AnyConnection,
    proposals: &[ProposalId],
    day: NaiveDate,
    by: Moment,
) -> QueryResult<Vec<Report>> {
    reports::table
        .filter(reports::proposal_id.eq_any(proposals))
        .filter(reports::state.eq_any(ReportState::STANDING))
        .filter(reports::as_of.le(day))
        .filter(reports::submitted_at.le(by))
        .order((reports::as_of, reports::submitted_at, reports::id))
        .select(Report::as_select())
        .load(c)
}

/// The physical progress that the newest report that stands says of each of several proposals, by the order of
/// [`standing`]; those that have none are left out. Reads one report of each, however many there are.
pub fn newest_progress(
    c: &mut AnyConnection,
    ids: &[ProposalId],
) -> QueryResult<Vec<(ProposalId, BasisPoints)>> {
    let states = ReportState::STANDING.map(|state| format!("'{state}'")).join(", ");
    let newest = format!(
        "(SELECT reports.physical_bp FROM reports WHERE reports.proposal_id = proposals.id \
         AND reports.state IN ({states}) \
         ORDER BY reports.as_of DESC, reports.submitted_at DESC, reports.id DESC LIMIT 1)"
    );
    let found: Vec<(ProposalId, Option<BasisPoints>)> = proposals::table
        .filter(proposals::id.eq_any(ids))
        .select((proposals::id, sql::<Nullable<BigInt>>(&newest)))
        .load(c)?;
    Ok(found.into_iter().filter_map(|(id, progress)| progress.map(|bp| (id, bp))).collect())
}

/// The ids of the reports of several proposals.
pub fn ids_of(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<ReportId>> {
    reports::table.filter(reports::proposal_id.eq_any(proposals)).select(reports::id).load(c)
}

/// Those of a proposal in the order of their recording, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<ReportId>,
    limit: i64,
) -> QueryResult<Vec<Report>> {
    let mut query = reports::table
        .filter(reports::proposal_id.eq(proposal))
        .order(reports::id)
        .limit(limit)
        .select(Report::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(reports::id.gt(after));
    }
    query.load(c)
}
