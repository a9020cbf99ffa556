//! Rows of which every change is a revision: as they stand, in bounded pages, and as their newest revisions tell.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{
    AllocationId, AssignmentId, CentreFundingId, CentreId, ChangeRequestId, ConditionId,
    ContractId, DocumentId, FindingId, GrantId, HoldId, PlanId, ProposalId, ReportId,
    TrancheRequestId, WaiverId,
};
use crate::storage::allocation::Allocation;
use crate::storage::assignment::Assignment;
use crate::storage::ceiling::Ceiling;
use crate::storage::centre::Centre;
use crate::storage::change_request::ChangeRequest;
use crate::storage::condition::Condition;
use crate::storage::connection::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::document::Document;
use crate::storage::finding::Finding;
use crate::storage::funding::CentreFunding;
use crate::storage::grant::GrantRow;
use crate::storage::hold::Hold;
use crate::storage::plan::Plan;
use crate::storage::proposal::Proposal;
use crate::storage::report::Report;
use crate::storage::schema::{
    activity_plans, allocations, assignments, ceilings, centre_fundings, centres, change_requests,
    conditions, contracts, documents, findings, grants, holds, proposals, reports, revisions,
    tranche_requests, waivers,
};
use crate::storage::tranche::TrancheRequest;
use crate::storage::waiver::Waiver;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;

/// A row as it stands, as a revision of it would be written.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Which.
    pub id: String,
    /// What it says.
    pub content: serde_json::Value,
}

impl Standing {
    fn of(id: impl ToString, row: &impl Serialize) -> QueryResult<Standing> {
        let content = serde_json::to_value(row)
            .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
        Ok(Standing { id: id.to_string(), content })
    }
}

/// What the newest revision of something tells.
#[derive(Debug, Clone, Queryable)]
pub struct Told {
    /// Of what.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// Canonical JSON.
    pub content: String,
}

macro_rules! versioned {
    ($($kind:ident: $row:ty = $table:ident.$key:ident, $id:ty, $text:literal;)+) => {
        /// The kinds of rows of which every change is a revision.
        pub const VERSIONED: &[SubjectKind] = &[$(SubjectKind::$kind),+];

        /// Rows of a kind in the order of their ids, after `after`, at most `limit`; none of a kind that has no revisions.
        pub fn rows(
            c: &mut AnyConnection,
            kind: SubjectKind,
            after: Option<&str>,
            limit: i64,
        ) -> QueryResult<Vec<Standing>> {
            match kind {
                $(SubjectKind::$kind => {
                    let mut query = $table::table
                        .order($table::$key)
                        .limit(limit)
                        .select(<$row>::as_select())
                        .into_boxed();
                    if let Some(after) = after.and_then(|after| after.parse::<$id>().ok()) {
                        query = query.filter($table::$key.gt(after));
                    }
                    let rows: Vec<$row> = query.load(c)?;
                    rows.iter().map(|row| Standing::of(&row.$key, row)).collect()
                })+
                _ => Ok(Vec::new()),
            }
        }

        /// What is told by revisions of a kind, and is not there; at most `limit`.
        pub fn gone(c: &mut AnyConnection, kind: SubjectKind, limit: i64) -> QueryResult<Vec<String>> {
            match kind {
                $(SubjectKind::$kind => {
                    let row = $table::table
                        .filter(sql::<Bool>(concat!($text, " = revisions.subject_id")));
                    revisions::table
                        .filter(revisions::subject_kind.eq(kind))
                        .filter(diesel::dsl::not(diesel::dsl::exists(row)))
                        .select(revisions::subject_id)
                        .distinct()
                        .limit(limit)
                        .load(c)
                })+
                _ => Ok(Vec::new()),
            }
        }
    };
}
versioned! {
    Grant: GrantRow = grants.id, GrantId, "grants.id";
    Centre: Centre = centres.id, CentreId, "centres.id";
    CentreFunding: CentreFunding = centre_fundings.id, CentreFundingId, "centre_fundings.id";
    Ceiling: Ceiling = ceilings.fiscal_year, i64, "CAST(ceilings.fiscal_year AS TEXT)";
    Allocation: Allocation = allocations.id, AllocationId, "allocations.id";
    Proposal: Proposal = proposals.id, ProposalId, "proposals.id";
    ChangeRequest: ChangeRequest = change_requests.id, ChangeRequestId, "change_requests.id";
    Assignment: Assignment = assignments.id, AssignmentId, "assignments.id";
    Waiver: Waiver = waivers.id, WaiverId, "waivers.id";
    Document: Document = documents.id, DocumentId, "documents.id";
    Condition: Condition = conditions.id, ConditionId, "conditions.id";
    Hold: Hold = holds.id, HoldId, "holds.id";
    Finding: Finding = findings.id, FindingId, "findings.id";
    Plan: Plan = activity_plans.id, PlanId, "activity_plans.id";
    Contract: Contract = contracts.id, ContractId, "contracts.id";
    TrancheRequest: TrancheRequest = tranche_requests.id, TrancheRequestId, "tranche_requests.id";
    Report: Report = reports.id, ReportId, "reports.id";
}

/// The newest revision of each of several things of a kind.
pub fn newest(c: &mut AnyConnection, kind: SubjectKind, ids: &[String]) -> QueryResult<Vec<Told>> {
    revisions::table
        .filter(revisions::subject_kind.eq(kind))
        .filter(revisions::subject_id.eq_any(ids))
        .filter(sql::<Bool>(
            "NOT EXISTS (SELECT 1 FROM revisions n WHERE n.subject_kind = revisions.subject_kind \
             AND n.subject_id = revisions.subject_id AND n.version > revisions.version)",
        ))
        .order(revisions::subject_id)
        .select((revisions::subject_id, revisions::version, revisions::content))
        .load(c)
}
