//! What is told beside the candidates of a question: in one query for all of them.

use crate::domain::audit::{Outcome, SubjectKind};
use crate::domain::document::DocumentStatus;
use crate::domain::ids::{CentreId, EventId, ProposalId, TrancheRequestId};
use crate::domain::journal::{Account, EntryKind};
use crate::domain::line::{Component, FundSource};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::plan::PlanState;
use crate::domain::proposal::State;
use crate::domain::tranche::TrancheState;
use crate::storage::audit::EventRow;
use crate::storage::connection::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::document::Document;
use crate::storage::funding::{CentreFunding, FundingAnswer};
use crate::storage::plan::Plan;
use crate::storage::schema::{
    activity_plans, audit_events, centre_fundings, contracts, documents, funding_answers,
    journal_entries, proposal_lines, proposals, revisions, tranche_items, tranche_omissions,
    tranche_requests, waivers,
};
use crate::storage::tranche::Omission;
use crate::storage::waiver::Waiver;
use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// The actions by which a proposal is approved.
pub const APPROVALS: [&str; 2] = ["proposal.approve", "proposal.approve_with_conditions"];

/// The contracts of several proposals that stand, in the order of their recording.
pub fn contracts_of(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Contract>> {
    contracts::table
        .filter(contracts::proposal_id.eq_any(ids))
        .filter(contracts::voided_at.is_null())
        .order(contracts::id)
        .select(Contract::as_select())
        .load(c)
}

/// The current documents of some types of several proposals; without what the scanner refused.
pub fn documents_of(
    c: &mut AnyConnection,
    ids: &[ProposalId],
    types: &[&str],
) -> QueryResult<Vec<Document>> {
    documents::table
        .filter(documents::proposal_id.eq_any(ids))
        .filter(documents::document_type.eq_any(types.to_vec()))
        .filter(documents::superseded_by.is_null())
        .filter(documents::status.ne(DocumentStatus::Refused))
        .order(documents::id)
        .select(Document::as_select())
        .load(c)
}

/// Every document of some types of several proposals, superseded ones too; without what the scanner refused.
pub fn documents_ever(
    c: &mut AnyConnection,
    ids: &[ProposalId],
    types: &[String],
) -> QueryResult<Vec<Document>> {
    documents::table
        .filter(documents::proposal_id.eq_any(ids))
        .filter(documents::document_type.eq_any(types))
        .filter(documents::status.ne(DocumentStatus::Refused))
        .order(documents::id)
        .select(Document::as_select())
        .load(c)
}

/// Of which proposal, on which day, how much.
pub type OnDay = (ProposalId, NaiveDate, Rupiah);

/// What was disbursed to several proposals, or carried over to them, and not taken back: the earliest first.
pub fn money_came_on(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<OnDay>> {
    journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(ids))
        .filter(journal_entries::kind.eq_any([EntryKind::Disburse, EntryKind::Carry]))
        .filter(journal_entries::to_account.eq(Account::Region))
        .filter(stands())
        .order((journal_entries::proposal_id, journal_entries::effective_on))
        .select((
            journal_entries::proposal_id,
            journal_entries::effective_on,
            journal_entries::amount_idr,
        ))
        .load(c)
}

/// Nothing took the entry back.
fn stands() -> diesel::expression::SqlLiteral<Bool> {
    sql("NOT EXISTS (SELECT 1 FROM journal_entries r WHERE r.reverses_id = journal_entries.id)")
}

/// What was spent by the entries that stand, less what vendors paid back: of which proposal, on which day, recorded when, how
/// much.
pub fn absorbed_by_day(
    c: &mut AnyConnection,
    ids: &[ProposalId],
) -> QueryResult<Vec<(ProposalId, NaiveDate, Moment, i64)>> {
    let when =
        (journal_entries::proposal_id, journal_entries::effective_on, journal_entries::recorded_at);
    journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(ids))
        .filter(journal_entries::kind.eq_any([EntryKind::Spend, EntryKind::Recover]))
        .filter(stands())
        .group_by(when)
        .order(when)
        .select((
            journal_entries::proposal_id,
            journal_entries::effective_on,
            journal_entries::recorded_at,
            sql::<BigInt>(
                "CAST(SUM(CASE WHEN kind = 'spend' THEN amount_idr ELSE -amount_idr END) AS BIGINT)",
            ),
        ))
        .load(c)
}

/// The events of some actions of several proposals that were done, in their order.
pub fn events_of(
    c: &mut AnyConnection,
    ids: &[ProposalId],
    actions: &[&str],
) -> QueryResult<Vec<EventRow>> {
    audit_events::table
        .filter(audit_events::proposal_id.eq_any(ids))
        .filter(audit_events::action.eq_any(actions.to_vec()))
        .filter(audit_events::outcome.eq(Outcome::Done))
        .order(audit_events::id)
        .select(EventRow::as_select())
        .load(c)
}

/// The event by which each of several things got the version that it has: subject, version, event.
pub fn made_by(
    c: &mut AnyConnection,
    kind: SubjectKind,
    subjects: &[String],
) -> QueryResult<Vec<(String, i64, EventId)>> {
    revisions::table
        .filter(revisions::subject_kind.eq(kind))
        .filter(revisions::subject_id.eq_any(subjects))
        .order((revisions::subject_id, revisions::version))
        .select((revisions::subject_id, revisions::version, revisions::event_id))
        .load(c)
}

/// What several things said in each of their versions: subject, event, the whole row as JSON; by version.
pub fn versions_of(
    c: &mut AnyConnection,
    kind: SubjectKind,
    subjects: &[String],
) -> QueryResult<Vec<(String, EventId, String)>> {
    revisions::table
        .filter(revisions::subject_kind.eq(kind))
        .filter(revisions::subject_id.eq_any(subjects))
        .order((revisions::subject_id, revisions::version))
        .select((revisions::subject_id, revisions::event_id, revisions::content))
        .load(c)
}

/// For which components several proposals have lines of the DAK: each pair once.
pub fn components_of(
    c: &mut AnyConnection,
    ids: &[ProposalId],
) -> QueryResult<Vec<(ProposalId, Component)>> {
    proposal_lines::table
        .filter(proposal_lines::proposal_id.eq_any(ids))
        .filter(proposal_lines::fund_source.eq(FundSource::Dak))
        .select((proposal_lines::proposal_id, proposal_lines::component))
        .distinct()
        .load(c)
}

/// That a request asked for money of a proposal.
#[derive(Debug, Clone, Queryable)]
pub struct Asked {
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Which request.
    pub request_id: TrancheRequestId,
    /// Of which tranche.
    pub n: i64,
    /// Where it stands.
    pub state: TrancheState,
    /// When it was received.
    pub requested_at: Moment,
    /// When it was paid or refused.
    pub decided_at: Option<Moment>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// Every request that asked for money of several proposals, in the order of their receipt.
pub fn requests_of(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Asked>> {
    tranche_items::table
        .inner_join(tranche_requests::table)
        .filter(tranche_items::proposal_id.eq_any(ids))
        .order((tranche_items::proposal_id, tranche_requests::id))
        .select((
            tranche_items::proposal_id,
            tranche_requests::id,
            tranche_requests::n,
            tranche_requests::state,
            tranche_requests::requested_at,
            tranche_requests::decided_at,
            tranche_requests::reason,
        ))
        .load(c)
}

/// From which requests several proposals were left out.
pub fn omissions_of(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Omission>> {
    tranche_omissions::table
        .filter(tranche_omissions::proposal_id.eq_any(ids))
        .select(Omission::as_select())
        .load(c)
}

/// What requests paid to several proposals and was taken back: proposal, request.
pub fn payments_taken_back(
    c: &mut AnyConnection,
    ids: &[ProposalId],
) -> QueryResult<Vec<(ProposalId, String)>> {
    journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(ids))
        .filter(journal_entries::kind.eq(EntryKind::Reverse))
        .filter(journal_entries::source_kind.eq("tranche_request"))
        .select((journal_entries::proposal_id, journal_entries::source_id))
        .load(c)
}

/// The approved plans of several proposals, by number: the last of each is in force.
pub fn approved_plans_of(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Plan>> {
    activity_plans::table
        .filter(activity_plans::proposal_id.eq_any(ids))
        .filter(activity_plans::state.eq(PlanState::Approved))
        .order((activity_plans::proposal_id, activity_plans::n))
        .select(Plan::as_select())
        .load(c)
}

/// The waivers of several proposals, revoked ones too.
pub fn waivers_of(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Waiver>> {
    waivers::table
        .filter(waivers::proposal_id.eq_any(ids))
        .order(waivers::id)
        .select(Waiver::as_select())
        .load(c)
}

/// A DAK line of a proposal of one of several centres.
#[derive(Debug, Clone, Queryable)]
pub struct CentreLine {
    /// Of which centre.
    pub centre_id: Option<CentreId>,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Its title.
    pub title: String,
    /// Its year.
    pub fiscal_year: i64,
    /// For what.
    pub component: Component,
    /// As proposed.
    pub amount_idr: Rupiah,
    /// As approved.
    pub approved_idr: Option<Rupiah>,
}

/// The DAK lines of every proposal of several centres, but for those that stand in one of some states.
pub fn lines_of_centres(
    c: &mut AnyConnection,
    centres: &[CentreId],
    left_out: &[State],
) -> QueryResult<Vec<CentreLine>> {
    proposals::table
        .inner_join(proposal_lines::table)
        .filter(proposals::centre_id.eq_any(centres))
        .filter(proposals::state.ne_all(left_out))
        .filter(proposal_lines::fund_source.eq(FundSource::Dak))
        .order((proposals::id, proposal_lines::line_no))
        .select((
            proposals::centre_id,
            proposals::id,
            proposals::title,
            proposals::fiscal_year,
            proposal_lines::component,
            proposal_lines::amount_idr,
            proposal_lines::approved_idr,
        ))
        .load(c)
}

/// What several centres got from other sources, and stands.
pub fn fundings_of(c: &mut AnyConnection, ids: &[CentreId]) -> QueryResult<Vec<CentreFunding>> {
    centre_fundings::table
        .filter(centre_fundings::centre_id.eq_any(ids))
        .filter(centre_fundings::withdrawn_at.is_null())
        .order(centre_fundings::id)
        .select(CentreFunding::as_select())
        .load(c)
}

/// What several proposals answered to warnings of double funding, the oldest first.
pub fn answers_of(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<FundingAnswer>> {
    funding_answers::table
        .filter(funding_answers::proposal_id.eq_any(ids))
        .order(funding_answers::id)
        .select(FundingAnswer::as_select())
        .load(c)
}
