//! Candidates among documents, reports, lines and plans.

use crate::domain::audit::Outcome;
use crate::domain::document::{DocumentStatus, MediaType};
use crate::domain::ids::{DocumentId, PlanId, ReportId};
use crate::domain::line::FundSource;
use crate::domain::people::Sight;
use crate::domain::plan::PlanState;
use crate::domain::report::{ReportKind, ReportState};
use crate::storage::connection::AnyConnection;
use crate::storage::document::Document;
use crate::storage::finding::Finding;
use crate::storage::line::Line;
use crate::storage::plan::Plan;
use crate::storage::question::facts::APPROVALS;
use crate::storage::question::{Bounds, Scope, is_within, rows_within};
use crate::storage::report::Report;
use crate::storage::schema::{
    activity_plans, audit_events, documents, findings, proposal_lines, proposals, reports,
};
use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// Pictures that nothing has taken the place of.
pub fn pictures(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Document>> {
    let condition = documents::superseded_by
        .is_null()
        .and(documents::status.ne(DocumentStatus::Refused))
        .and(documents::media_type.eq_any([MediaType::Jpeg, MediaType::Png]));
    rows_within!(c, bounds, documents, id: DocumentId, Document, condition)
}

/// The documents within sight that have the bytes of one of some digests, by digest, the oldest first: without what a newer one
/// took the place of, and without what the scanner refused.
pub fn of_bytes(
    c: &mut AnyConnection,
    digests: &[String],
    sight: &Sight,
) -> QueryResult<Vec<(String, DocumentId)>> {
    documents::table
        .filter(documents::sha256.eq_any(digests))
        .filter(documents::superseded_by.is_null())
        .filter(documents::status.ne(DocumentStatus::Refused))
        .filter(is_within!(documents, &Scope { sight: sight.clone(), ..Scope::default() }))
        .order((documents::sha256, documents::id))
        .select((documents::sha256, documents::id))
        .load(c)
}

/// Documents that came after their proposal had been approved.
pub fn after_approval(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Document>> {
    let approved = exists(
        audit_events::table
            .filter(audit_events::proposal_id.is_not_null())
            .filter(audit_events::proposal_id.assume_not_null().eq(documents::proposal_id))
            .filter(audit_events::action.eq_any(APPROVALS))
            .filter(audit_events::outcome.eq(Outcome::Done))
            .filter(audit_events::at.lt(documents::uploaded_at)),
    );
    let condition = documents::status.ne(DocumentStatus::Refused).and(approved);
    rows_within!(c, bounds, documents, id: DocumentId, Document, condition)
}

/// Reports that were submitted and not sent back; of one kind, where it is named.
pub fn reports(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    kinds: &[ReportKind],
) -> QueryResult<Vec<Report>> {
    let condition = reports::state
        .eq_any([ReportState::Submitted, ReportState::Reviewed])
        .and(reports::kind.eq_any(kinds.to_vec()));
    rows_within!(c, bounds, reports, id: ReportId, Report, condition)
}

/// Lines that were approved with money of the DAK.
pub fn approved_lines(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Line>> {
    let condition = proposal_lines::fund_source
        .eq(FundSource::Dak)
        .and(proposal_lines::approved_idr.is_not_null())
        .and(proposal_lines::approved_idr.assume_not_null().gt(0));
    rows_within!(c, bounds, proposal_lines, line_no: i64, Line, condition)
}

/// Approved lines on which the plan in force spends nothing.
pub fn lines_outside_plan(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Line>> {
    let planned = exists(
        activity_plans::table
            .filter(activity_plans::proposal_id.eq(proposal_lines::proposal_id))
            .filter(activity_plans::state.eq(PlanState::Approved)),
    );
    let spent_on = sql::<Bool>(
        "EXISTS (SELECT 1 FROM plan_lines l JOIN activity_plans p ON p.id = l.plan_id \
         WHERE p.proposal_id = proposal_lines.proposal_id AND l.line_no = proposal_lines.line_no AND l.amount_idr > 0 \
         AND p.n = (SELECT MAX(q.n) FROM activity_plans q WHERE q.proposal_id = p.proposal_id AND q.state = 'approved'))",
    );
    let condition = proposal_lines::fund_source
        .eq(FundSource::Dak)
        .and(proposal_lines::approved_idr.is_not_null())
        .and(proposal_lines::approved_idr.assume_not_null().gt(0))
        .and(planned)
        .and(not(spent_on));
    rows_within!(c, bounds, proposal_lines, line_no: i64, Line, condition)
}

/// Plans that were approved as a change of the one in force.
pub fn plan_changes(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Plan>> {
    let condition = activity_plans::change_reason
        .is_not_null()
        .and(activity_plans::state.eq(PlanState::Approved));
    rows_within!(c, bounds, activity_plans, id: PlanId, Plan, condition)
}

/// Plans that were approved.
pub fn approved_plans(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Plan>> {
    let condition = activity_plans::state.eq(PlanState::Approved);
    rows_within!(c, bounds, activity_plans, id: PlanId, Plan, condition)
}

/// Every finding.
pub fn findings(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Finding>> {
    rows_within!(c, bounds, findings, n: i64, Finding, findings::n.gt(0))
}
