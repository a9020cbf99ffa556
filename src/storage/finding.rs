//! Findings of auditors, what they rest on, and what was said of them afterwards.

use crate::domain::finding::{
    AboutKind, FindingKind, FindingOutcome, FindingState, FollowUpSide, at_issue,
};
use crate::domain::ids::{
    DocumentId, FindingId, FollowUpId, HoldId, ProposalId, RegionCode, UserId,
};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::people::Sight;
use crate::storage::connection::AnyConnection;
use crate::storage::proposal::{Filter, narrow_joined};
use crate::storage::queue::Queue;
use crate::storage::schema::{
    finding_documents, findings, follow_up_documents, follow_ups, proposals,
};
use chrono::NaiveDate;
use diesel::dsl::max;
use diesel::prelude::*;
use serde::Serialize;

/// A finding.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = findings, treat_none_as_null = true)]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Its number in the proposal, from 1.
    pub n: i64,
    /// What was found.
    pub kind: FindingKind,
    /// What kind of thing it is about, where it is about one.
    pub about_kind: Option<AboutKind>,
    /// Which.
    pub about_id: Option<String>,
    /// The place in the proposal that it is about, where it is about one.
    pub pointer: Option<String>,
    /// In a few words.
    pub title: String,
    /// The condition (kondisi).
    pub description: String,
    /// The rule that it is held against (kriteria).
    pub criterion: String,
    /// Why it came to be (sebab).
    pub cause: String,
    /// What it led to (akibat).
    pub effect: String,
    /// What the region claims.
    pub claimed_idr: Option<Rupiah>,
    /// What was found in its place.
    pub found_idr: Option<Rupiah>,
    /// What is to be done.
    pub recommendation: String,
    /// The last day of the follow-up.
    pub due_on: NaiveDate,
    /// The hold that goes with it.
    pub hold_id: Option<HoldId>,
    /// Where it stands.
    pub state: FindingState,
    /// Since when.
    pub state_since: Moment,
    /// When it was made.
    pub opened_at: Moment,
    /// By whom.
    pub opened_by: UserId,
    /// How it ended.
    pub outcome: Option<FindingOutcome>,
    /// What of the amount at issue was settled.
    pub settled_idr: Option<Rupiah>,
    /// Why it ended so.
    pub closed_reason: Option<String>,
    /// When it ended.
    pub closed_at: Option<Moment>,
    /// By whom.
    pub closed_by: Option<UserId>,
    /// Raised by every change.
    pub version: i64,
}

impl Finding {
    /// What is at issue.
    pub fn at_issue(&self) -> Rupiah {
        at_issue(self.claimed_idr, self.found_idr)
    }
}

/// What was said of a finding afterwards.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = follow_ups)]
pub struct FollowUp {
    /// Its id.
    pub id: FollowUpId,
    /// Of which finding.
    pub finding_id: FindingId,
    /// Who speaks.
    pub side: FollowUpSide,
    /// In words.
    pub text: String,
    /// What the region settled by it.
    pub amount_idr: Option<Rupiah>,
    /// The new last day that the auditor set.
    pub due_on: Option<NaiveDate>,
    /// When.
    pub said_at: Moment,
    /// By whom.
    pub said_by: UserId,
}

/// Inserts a finding with what it rests on.
pub fn insert(
    c: &mut AnyConnection,
    finding: &Finding,
    documents: &[DocumentId],
) -> QueryResult<()> {
    diesel::insert_into(findings::table).values(finding).execute(c)?;
    for document in documents {
        let values = (
            finding_documents::finding_id.eq(finding.id),
            finding_documents::document_id.eq(*document),
        );
        diesel::insert_into(finding_documents::table).values(values).execute(c)?;
    }
    Ok(())
}

/// Appends what was said of a finding, with what shows it.
pub fn follow_up(
    c: &mut AnyConnection,
    said: &FollowUp,
    documents: &[DocumentId],
) -> QueryResult<()> {
    diesel::insert_into(follow_ups::table).values(said).execute(c)?;
    for document in documents {
        let values = (
            follow_up_documents::follow_up_id.eq(said.id),
            follow_up_documents::document_id.eq(*document),
        );
        diesel::insert_into(follow_up_documents::table).values(values).execute(c)?;
    }
    Ok(())
}

/// One finding.
pub fn find(c: &mut AnyConnection, id: FindingId) -> QueryResult<Option<Finding>> {
    findings::table.find(id).select(Finding::as_select()).first(c).optional()
}

/// The highest number of a finding of a proposal; 0 when there is none.
pub fn last_number(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<i64> {
    let last: Option<i64> = findings::table
        .filter(findings::proposal_id.eq(proposal))
        .select(max(findings::n))
        .first(c)?;
    Ok(last.unwrap_or_default())
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, finding: &Finding) -> QueryResult<usize> {
    diesel::update(
        findings::table.find(finding.id).filter(findings::version.eq(finding.version - 1)),
    )
    .set(finding)
    .execute(c)
}

/// Those of a proposal by number, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Finding>> {
    findings::table
        .filter(findings::proposal_id.eq(proposal))
        .filter(findings::n.gt(after.unwrap_or_default()))
        .order(findings::n)
        .limit(limit)
        .select(Finding::as_select())
        .load(c)
}

/// Whether a finding of a kind was made of a proposal, and was not withdrawn.
pub fn stands(c: &mut AnyConnection, proposal: ProposalId, kind: FindingKind) -> QueryResult<bool> {
    findings::table
        .filter(findings::proposal_id.eq(proposal))
        .filter(findings::kind.eq(kind))
        .filter(
            findings::outcome
                .is_null()
                .or(findings::outcome.ne(FindingOutcome::Withdrawn).assume_not_null()),
        )
        .select(findings::id)
        .first::<FindingId>(c)
        .optional()
        .map(|found| found.is_some())
}

/// Whether a finding of a proposal is not closed.
pub fn is_open(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<bool> {
    findings::table
        .filter(findings::state.ne(FindingState::Closed))
        .filter(findings::proposal_id.eq(proposal))
        .select(findings::id)
        .first::<FindingId>(c)
        .optional()
        .map(|found| found.is_some())
}

/// Every finding of several proposals, by number.
pub fn of_many(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Finding>> {
    findings::table
        .filter(findings::proposal_id.eq_any(proposals))
        .order((findings::proposal_id, findings::n))
        .select(Finding::as_select())
        .load(c)
}

/// Those of some proposals that wait for their region.
pub fn awaited(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Finding>> {
    findings::table
        .filter(findings::state.eq(FindingState::Open))
        .filter(findings::proposal_id.eq_any(proposals))
        .order((findings::proposal_id, findings::n))
        .select(Finding::as_select())
        .load(c)
}

/// What a list of findings is narrowed to, beside the proposals that they are of.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Standing so.
    pub state: Option<FindingState>,
    /// Of this kind.
    pub kind: Option<FindingKind>,
    /// Waiting for their region though their last day is over at this moment, by the region's clock.
    pub overdue_at: Option<Moment>,
    /// Only those that wait for this person; what has stood in its state the longest first.
    pub queue: Option<Queue>,
    /// After this one, with the moment since which it stands so in a queue.
    pub after: Option<(Moment, FindingId)>,
}

/// Those of the proposals within sight, narrowed, in the order of their making, or in that of a queue.
pub fn list(
    c: &mut AnyConnection,
    (sight, filter): (&Sight, &Filter),
    look: &Look,
    limit: i64,
) -> QueryResult<Vec<Finding>> {
    let mut query = findings::table
        .inner_join(proposals::table)
        .limit(limit)
        .select(Finding::as_select())
        .into_boxed();
    narrow_joined!(query, sight, filter);
    if let Some(state) = look.state {
        query = query.filter(findings::state.eq(state));
    }
    if let Some(kind) = look.kind {
        query = query.filter(findings::kind.eq(kind));
    }
    if let Some(now) = look.overdue_at {
        // No day is over in the west before it is in the east.
        let is_over = findings::due_on.lt(now.date_in(Zone::Wib));
        let over_in = |zone: Zone| {
            let provinces: Vec<RegionCode> =
                zone.provinces().iter().copied().map(RegionCode::from).collect();
            findings::due_on.lt(now.date_in(zone)).and(proposals::province_code.eq_any(provinces))
        };
        let is_over = is_over.or(over_in(Zone::Wita)).or(over_in(Zone::Wit));
        query = query.filter(findings::state.eq(FindingState::Open)).filter(is_over);
    }
    let Some(queue) = &look.queue else {
        if let Some((_, after)) = look.after {
            query = query.filter(findings::id.gt(after));
        }
        return query.order(findings::id).load(c);
    };
    query = query.filter(queue.of_findings());
    if let Some((since, after)) = look.after {
        let as_long = findings::state_since.eq(since).and(findings::id.gt(after));
        query = query.filter(findings::state_since.gt(since).or(as_long));
    }
    query.order((findings::state_since, findings::id)).load(c)
}

/// The documents of some findings, in the order of their coming.
pub fn documents_of(
    c: &mut AnyConnection,
    ids: &[FindingId],
) -> QueryResult<Vec<(FindingId, DocumentId)>> {
    finding_documents::table
        .filter(finding_documents::finding_id.eq_any(ids))
        .order((finding_documents::finding_id, finding_documents::document_id))
        .select((finding_documents::finding_id, finding_documents::document_id))
        .load(c)
}

/// What was said of some findings, in the order of its saying.
pub fn said_of(c: &mut AnyConnection, ids: &[FindingId]) -> QueryResult<Vec<FollowUp>> {
    follow_ups::table
        .filter(follow_ups::finding_id.eq_any(ids))
        .order((follow_ups::finding_id, follow_ups::id))
        .select(FollowUp::as_select())
        .load(c)
}

/// The documents of what was said of some findings, in the order of their coming.
pub fn shown_with(
    c: &mut AnyConnection,
    ids: &[FindingId],
) -> QueryResult<Vec<(FollowUpId, DocumentId)>> {
    follow_up_documents::table
        .inner_join(follow_ups::table)
        .filter(follow_ups::finding_id.eq_any(ids))
        .order((follow_up_documents::follow_up_id, follow_up_documents::document_id))
        .select((follow_up_documents::follow_up_id, follow_up_documents::document_id))
        .load(c)
}
