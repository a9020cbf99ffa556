//! Rows of which every change is a revision: as they stand, by ids in bounded pages, and as their newest revisions tell.

use crate::domain::audit::SubjectKind;
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
use diesel::sql_types::{Bool, Text};
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
    pub(super) fn of(id: impl ToString, row: &impl Serialize) -> QueryResult<Standing> {
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
    ($($kind:ident: $row:ty = $table:ident.$key:ident, $text:literal;)+) => {
        /// The kinds of rows of which every change is a revision.
        pub const VERSIONED: &[SubjectKind] = &[$(SubjectKind::$kind),+];

        /// Their tables, and whose lines have revisions as wholes, each with its id as a text.
        pub const TABLES: &[(&str, &str)] = &[
            $((stringify!($table), $text),)+
            ("proposal_lines", "proposal_lines.proposal_id"),
        ];

        /// Ids of a kind as they are kept, in their order, after `after`, at most `limit`; none of a kind that has no
        /// revisions.
        pub fn ids(
            c: &mut AnyConnection,
            kind: SubjectKind,
            after: Option<&str>,
            limit: i64,
        ) -> QueryResult<Vec<String>> {
            match kind {
                $(SubjectKind::$kind => {
                    let mut query = $table::table
                        .order(sql::<Text>($text))
                        .limit(limit)
                        .select(sql::<Text>($text))
                        .into_boxed();
                    if let Some(after) = after {
                        query = query.filter(sql::<Text>($text).gt(after));
                    }
                    query.load(c)
                })+
                _ => Ok(Vec::new()),
            }
        }

        /// Rows of a kind by their ids.
        pub fn rows(
            c: &mut AnyConnection,
            kind: SubjectKind,
            ids: &[String],
        ) -> QueryResult<Vec<Standing>> {
            match kind {
                $(SubjectKind::$kind => {
                    let rows: Vec<$row> = $table::table
                        .filter(sql::<Text>($text).eq_any(ids))
                        .select(<$row>::as_select())
                        .load(c)?;
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
    Grant: GrantRow = grants.id, "grants.id";
    Centre: Centre = centres.id, "centres.id";
    CentreFunding: CentreFunding = centre_fundings.id, "centre_fundings.id";
    Ceiling: Ceiling = ceilings.fiscal_year, "CAST(ceilings.fiscal_year AS TEXT)";
    Allocation: Allocation = allocations.id, "allocations.id";
    Proposal: Proposal = proposals.id, "proposals.id";
    ChangeRequest: ChangeRequest = change_requests.id, "change_requests.id";
    Assignment: Assignment = assignments.id, "assignments.id";
    Waiver: Waiver = waivers.id, "waivers.id";
    Document: Document = documents.id, "documents.id";
    Condition: Condition = conditions.id, "conditions.id";
    Hold: Hold = holds.id, "holds.id";
    Finding: Finding = findings.id, "findings.id";
    Plan: Plan = activity_plans.id, "activity_plans.id";
    Contract: Contract = contracts.id, "contracts.id";
    TrancheRequest: TrancheRequest = tranche_requests.id, "tranche_requests.id";
    Report: Report = reports.id, "reports.id";
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
