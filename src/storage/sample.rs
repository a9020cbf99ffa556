//! Populations that auditors draw samples from, in pages by id, as they were known at a place of the sealed trail.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{ContractId, ExpenditureId, ProposalId};
use crate::domain::journal::EntryKind;
use crate::domain::money::Rupiah;
use crate::domain::people::Sight;
use crate::storage::connection::AnyConnection;
use crate::storage::known::{sealed, was_there};
use crate::storage::proposal::{Filter, narrow_joined};
use crate::storage::schema::{contracts, expenditures, journal_entries, proposals};
use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use uuid::Uuid;

/// What the entry of a payment order names as its source.
const EXPENDITURE: &str = "expenditure";

/// Who asks was asked before: what is narrowed is narrowed by the filter alone.
const NATION: Sight = Sight { nation: true, provinces: Vec::new(), regions: Vec::new() };

/// A unit: its id, its proposal, its number, its amount.
pub type Unit<I> = (I, ProposalId, String, Rupiah);

/// Payment orders whose events were sealed by a sequence, and that nothing had taken back by then, after `after`. They never
/// change.
pub fn expenditures(
    c: &mut AnyConnection,
    filter: &Filter,
    seq: i64,
    after: Option<ExpenditureId>,
    limit: i64,
) -> QueryResult<Vec<Unit<ExpenditureId>>> {
    let recorded = sql::<Bool>(&format!(
        "EXISTS (SELECT 1 FROM audit_events e JOIN audit_seals s ON s.event_id = e.id \
         WHERE e.subject_kind = '{}' AND e.subject_id = expenditures.id AND e.outcome = 'done' \
         AND s.seq <= {seq})",
        SubjectKind::Expenditure
    ));
    let taken_back = exists(
        journal_entries::table
            .filter(journal_entries::source_kind.eq(EXPENDITURE))
            .filter(journal_entries::source_id.eq(expenditures::id))
            .filter(journal_entries::kind.eq(EntryKind::Reverse))
            .filter(sealed("journal_entries.event_id", seq)),
    );
    let mut query = expenditures::table
        .inner_join(proposals::table)
        .filter(recorded)
        .filter(not(taken_back))
        .filter(expenditures::id.gt(after.unwrap_or(ExpenditureId(Uuid::nil()))))
        .order(expenditures::id)
        .limit(limit)
        .select((
            expenditures::id,
            expenditures::proposal_id,
            expenditures::number,
            expenditures::amount_idr,
        ))
        .into_boxed();
    narrow_joined!(query, NATION, filter);
    query.load(c)
}

/// Contracts that were there by a sequence, those that were taken back too, after `after`. What they were like is in their
/// revisions.
pub fn contracts(
    c: &mut AnyConnection,
    filter: &Filter,
    seq: i64,
    after: Option<ContractId>,
    limit: i64,
) -> QueryResult<Vec<ContractId>> {
    let mut query = contracts::table
        .inner_join(proposals::table)
        .filter(was_there(SubjectKind::Contract, "contracts.id", seq))
        .filter(contracts::id.gt(after.unwrap_or(ContractId(Uuid::nil()))))
        .order(contracts::id)
        .limit(limit)
        .select(contracts::id)
        .into_boxed();
    narrow_joined!(query, NATION, filter);
    query.load(c)
}

/// Proposals that the journal has entries of, after `after`. What was set aside for them by a sequence is the sum of those that
/// were sealed by then, and what has none had nothing.
pub fn proposals(
    c: &mut AnyConnection,
    filter: &Filter,
    after: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<ProposalId>> {
    let is_booked =
        exists(journal_entries::table.filter(journal_entries::proposal_id.eq(proposals::id)));
    let mut query = proposals::table
        .filter(is_booked)
        .filter(proposals::id.gt(after.unwrap_or(ProposalId(Uuid::nil()))))
        .order(proposals::id)
        .limit(limit)
        .select(proposals::id)
        .into_boxed();
    narrow_joined!(query, NATION, filter);
    query.load(c)
}
