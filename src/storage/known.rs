//! What was known at a place of the sealed trail: the newest revisions whose events were sealed by then, and the entries of
//! the journal that came with such events. A condition on the trail costs one look into an index for each row.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{ContractId, DocumentId, EntryId, PlanId, ProposalId, RegionCode};
use crate::domain::journal::EntryKind;
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::people::Sight;
use crate::domain::plan::PlanState;
use crate::storage::IDS_AT_ONCE;
use crate::storage::amendment;
use crate::storage::audit::RevisionRow;
use crate::storage::connection::AnyConnection;
use crate::storage::contract::{self, ContractLine};
use crate::storage::decree::{self, Decree};
use crate::storage::journal::{Entry, Sum};
use crate::storage::policy::PolicyRow;
use crate::storage::proposal::{Filter, Order, narrowed};
use crate::storage::schema::{
    activity_plans, amendment_lines, amendments, decrees, documents, journal_entries, policies,
    proposals, revisions,
};
use crate::storage::usage::{self, Planned};
use diesel::dsl::{exists, min, not, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};

/// The event that a column names was sealed by a sequence.
pub(super) fn sealed(event: &str, seq: i64) -> SqlLiteral<Bool> {
    sql(&format!(
        "EXISTS (SELECT 1 FROM audit_seals s WHERE s.event_id = {event} AND s.seq <= {seq})"
    ))
}

/// The first revision of something that a column names was sealed by a sequence: it was there.
pub(super) fn was_there(kind: SubjectKind, subject: &str, seq: i64) -> SqlLiteral<Bool> {
    sql(&format!(
        "EXISTS (SELECT 1 FROM audit_seals s WHERE s.seq <= {seq} AND s.event_id = \
         (SELECT r.event_id FROM revisions r WHERE r.subject_kind = '{kind}' AND r.subject_id = {subject} \
         ORDER BY r.version LIMIT 1))"
    ))
}

/// No revision of the same is newer, by a sequence.
fn is_newest(seq: i64) -> SqlLiteral<Bool> {
    sql(&format!(
        "NOT EXISTS (SELECT 1 FROM revisions n JOIN audit_seals t ON t.event_id = n.event_id \
         WHERE n.subject_kind = revisions.subject_kind AND n.subject_id = revisions.subject_id \
         AND n.version > revisions.version AND t.seq <= {seq})"
    ))
}

/// The newest revision of each of several things by a sequence; of what was not there, none.
pub fn newest(
    c: &mut AnyConnection,
    kind: SubjectKind,
    subjects: &[String],
    seq: i64,
) -> QueryResult<Vec<RevisionRow>> {
    revisions::table
        .filter(revisions::subject_kind.eq(kind))
        .filter(revisions::subject_id.eq_any(subjects))
        .filter(sealed("revisions.event_id", seq))
        .filter(is_newest(seq))
        .order(revisions::subject_id)
        .select(RevisionRow::as_select())
        .load(c)
}

/// The proposals within sight that were there, narrowed by what never changes of one, in the order of their making; from one
/// on, where it is named.
pub fn proposals(
    c: &mut AnyConnection,
    sight: &Sight,
    filter: &Filter,
    from: Option<ProposalId>,
    (seq, limit): (i64, i64),
) -> QueryResult<Vec<ProposalId>> {
    let mut query = proposals::table
        .filter(narrowed(sight, filter))
        .filter(was_there(SubjectKind::Proposal, "proposals.id", seq))
        .limit(limit)
        .select(proposals::id)
        .into_boxed();
    if let Some(from) = from {
        query = query.filter(proposals::id.ge(from));
    }
    if let Some((_, after)) = filter.after {
        query = match filter.order {
            Order::Newest => query.filter(proposals::id.lt(after)),
            Order::Oldest | Order::Waiting => query.filter(proposals::id.gt(after)),
        };
    }
    query = match filter.order {
        Order::Newest => query.order(proposals::id.desc()),
        Order::Oldest | Order::Waiting => query.order(proposals::id.asc()),
    };
    query.load(c)
}

/// Nothing had taken the place of a document by a sequence, as its newest revision says. Its row may say otherwise: where the
/// scanner refuses the newer one, the older stands again.
fn was_current(seq: i64) -> SqlLiteral<Bool> {
    sql(&format!(
        "(SELECT r.content FROM revisions r JOIN audit_seals s ON s.event_id = r.event_id \
         WHERE r.subject_kind = 'document' AND r.subject_id = documents.id AND s.seq <= {seq} \
         ORDER BY r.version DESC LIMIT 1) NOT LIKE '%\"superseded_by\":\"%'"
    ))
}

/// The documents of a proposal that were there, in the order of their coming, after `after`; only those that nothing had taken
/// the place of by then, where that is asked.
pub fn documents(
    c: &mut AnyConnection,
    proposal: ProposalId,
    (document_type, current): (Option<&str>, bool),
    seq: i64,
    (after, limit): (Option<DocumentId>, i64),
) -> QueryResult<Vec<DocumentId>> {
    let mut query = documents::table
        .filter(documents::proposal_id.eq(proposal))
        .filter(was_there(SubjectKind::Document, "documents.id", seq))
        .order(documents::id)
        .limit(limit)
        .select(documents::id)
        .into_boxed();
    if let Some(document_type) = document_type {
        query = query.filter(documents::document_type.eq(document_type.to_owned()));
    }
    if current {
        query = query.filter(was_current(seq));
    }
    if let Some(after) = after {
        query = query.filter(documents::id.gt(after));
    }
    query.load(c)
}

/// Entries of a proposal that were known, in the order of their recording, after `after`.
pub fn entries(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<EntryId>,
    seq: i64,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    let mut query = journal_entries::table
        .filter(journal_entries::proposal_id.eq(proposal))
        .filter(sealed("journal_entries.event_id", seq))
        .order(journal_entries::id)
        .limit(limit)
        .select(Entry::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(journal_entries::id.gt(after));
    }
    query.load(c)
}

/// Entries of several proposals that were known, proposal by proposal, each in the order of their recording, after `after`.
pub fn entries_of_many(
    c: &mut AnyConnection,
    ids: &[ProposalId],
    after: Option<(ProposalId, EntryId)>,
    (seq, limit): (i64, i64),
) -> QueryResult<Vec<Entry>> {
    let mut query = journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(ids))
        .filter(sealed("journal_entries.event_id", seq))
        .order((journal_entries::proposal_id, journal_entries::id))
        .limit(limit)
        .select(Entry::as_select())
        .into_boxed();
    if let Some((proposal, entry)) = after {
        let later = journal_entries::proposal_id.eq(proposal).and(journal_entries::id.gt(entry));
        query = query.filter(journal_entries::proposal_id.gt(proposal).or(later));
    }
    query.load(c)
}

/// Those of several entries of which it was known that they were taken back, each with the entry that did.
pub fn reversed(
    c: &mut AnyConnection,
    ids: &[EntryId],
    seq: i64,
) -> QueryResult<Vec<(Option<EntryId>, EntryId)>> {
    journal_entries::table
        .filter(journal_entries::reverses_id.eq_any(ids.iter().copied().map(Some)))
        .filter(sealed("journal_entries.event_id", seq))
        .select((journal_entries::reverses_id, journal_entries::id))
        .load(c)
}

/// The entries of several proposals that were known, summed for each proposal, kind and pair of accounts.
pub fn sums(c: &mut AnyConnection, ids: &[ProposalId], seq: i64) -> QueryResult<Vec<Sum>> {
    let kinds = (
        journal_entries::proposal_id,
        journal_entries::kind,
        journal_entries::reversed_kind,
        journal_entries::from_account,
        journal_entries::to_account,
    );
    journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(ids))
        .filter(sealed("journal_entries.event_id", seq))
        .group_by(kinds)
        .order(kinds)
        .select((
            journal_entries::proposal_id,
            journal_entries::kind,
            journal_entries::reversed_kind,
            journal_entries::from_account,
            journal_entries::to_account,
            sql::<BigInt>("CAST(SUM(amount_idr) AS BIGINT)"),
            min(journal_entries::effective_on),
        ))
        .load(c)
}

/// A plan was known to be approved: nothing follows approval, and the lines of a plan never change.
fn was_approved(seq: i64) -> SqlLiteral<Bool> {
    sql(&format!(
        "EXISTS (SELECT 1 FROM revisions r JOIN audit_seals s ON s.event_id = r.event_id \
         WHERE r.subject_kind = 'plan' AND r.subject_id = activity_plans.id \
         AND r.version = activity_plans.version AND s.seq <= {seq})"
    ))
}

/// The totals of the plans of several proposals that were known to be approved, by number: the last of each was in force.
pub fn plans(
    c: &mut AnyConnection,
    ids: &[ProposalId],
    seq: i64,
) -> QueryResult<Vec<(ProposalId, Rupiah)>> {
    activity_plans::table
        .filter(activity_plans::proposal_id.eq_any(ids))
        .filter(activity_plans::state.eq(PlanState::Approved))
        .filter(was_approved(seq))
        .order((activity_plans::proposal_id, activity_plans::n))
        .select((activity_plans::proposal_id, activity_plans::total_idr))
        .load(c)
}

/// The lines of the plans of several proposals that were known to be in force.
pub fn planned(c: &mut AnyConnection, ids: &[ProposalId], seq: i64) -> QueryResult<Vec<Planned>> {
    let plans: Vec<(ProposalId, PlanId)> = activity_plans::table
        .filter(activity_plans::proposal_id.eq_any(ids))
        .filter(activity_plans::state.eq(PlanState::Approved))
        .filter(was_approved(seq))
        .order((activity_plans::proposal_id, activity_plans::n))
        .select((activity_plans::proposal_id, activity_plans::id))
        .load(c)?;
    usage::lines_of_last(c, &plans)
}

/// Which lines several contracts were known to cover, however many contracts there are: as they were signed, and as those
/// amendments changed them that were recorded by a sequence and not taken back by it.
pub fn contract_lines(
    c: &mut AnyConnection,
    contracts: &[ContractId],
    seq: i64,
) -> QueryResult<Vec<ContractLine>> {
    let mut rows = Vec::new();
    for some in contracts.chunks(IDS_AT_ONCE) {
        let changes = line_changes(c, some, seq)?;
        rows.extend(contract::lines_after(c, some, changes)?);
    }
    Ok(rows)
}

/// Which lines those amendments of contracts took in or out that counted by a sequence, in their order.
fn line_changes(
    c: &mut AnyConnection,
    contracts: &[ContractId],
    seq: i64,
) -> QueryResult<Vec<(ContractId, i64, bool)>> {
    let recorded = sql::<Bool>(&format!(
        "EXISTS (SELECT 1 FROM audit_events e JOIN audit_seals s ON s.event_id = e.id \
         WHERE e.subject_kind = '{}' AND e.subject_id = amendments.id AND e.outcome = 'done' \
         AND s.seq <= {seq})",
        SubjectKind::Amendment
    ));
    let taken_back = exists(
        journal_entries::table
            .filter(journal_entries::source_kind.eq(amendment::SOURCE))
            .filter(journal_entries::source_id.eq(amendments::id))
            .filter(journal_entries::kind.eq(EntryKind::Reverse))
            .filter(sealed("journal_entries.event_id", seq)),
    );
    amendment_lines::table
        .inner_join(amendments::table)
        .filter(amendments::contract_id.eq_any(contracts))
        .filter(recorded)
        .filter(not(taken_back))
        .order((amendments::contract_id, amendments::n, amendment_lines::line_no))
        .select((amendments::contract_id, amendment_lines::line_no, amendment_lines::covered))
        .load(c)
}

/// The newest version of a year's policy that was known; those that came with the service were known from the start.
pub fn latest_policy(
    c: &mut AnyConnection,
    fiscal_year: i64,
    seq: i64,
) -> QueryResult<Option<PolicyRow>> {
    let came_later = sql::<Bool>(&format!(
        "NOT EXISTS (SELECT 1 FROM audit_events e LEFT JOIN audit_seals s ON s.event_id = e.id \
         WHERE e.subject_kind = 'policy' AND e.subject_id = '{fiscal_year}' AND e.action = 'policy.publish' \
         AND e.outcome = 'done' AND e.content LIKE '%\"after\":\"' || policies.id || '\"%' \
         AND (s.seq IS NULL OR s.seq > {seq}))"
    ));
    policies::table
        .filter(policies::fiscal_year.eq(fiscal_year))
        .filter(came_later)
        .order(policies::version.desc())
        .select(PolicyRow::as_select())
        .first(c)
        .optional()
}

/// What held in a region at a moment, as far as it was known, in the order in which it took effect.
pub fn decrees_in_force(
    c: &mut AnyConnection,
    fiscal_year: i64,
    region: &RegionCode,
    at: Moment,
    seq: i64,
) -> QueryResult<Vec<Decree>> {
    let known = sql::<Bool>(&format!(
        "EXISTS (SELECT 1 FROM audit_events e JOIN audit_seals s ON s.event_id = e.id \
         WHERE e.subject_kind = 'decree' AND e.subject_id = decrees.id AND s.seq <= {seq})"
    ));
    decrees::table
        .filter(decrees::fiscal_year.eq(fiscal_year))
        .filter(decrees::effective_from.le(at))
        .filter(decree::holding_in(Some(region)))
        .filter(known)
        .order((decrees::effective_from, decrees::id))
        .select(Decree::as_select())
        .load(c)
}
