//! Populations that auditors draw samples from, in pages by id.

use crate::domain::ids::{ContractId, ExpenditureId, ProposalId};
use crate::domain::journal::EntryKind;
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::people::Sight;
use crate::storage::connection::AnyConnection;
use crate::storage::proposal::{Filter, narrow_joined};
use crate::storage::schema::{balances, contracts, expenditures, journal_entries, proposals};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use uuid::Uuid;

/// What the entry of a payment order names as its source.
const EXPENDITURE: &str = "expenditure";

/// Who asks was asked before: what is narrowed is narrowed by the filter alone.
const NATION: Sight = Sight { nation: true, provinces: Vec::new(), regions: Vec::new() };

/// A unit: its id, its proposal, its number, its amount.
pub type Unit<I> = (I, ProposalId, String, Rupiah);

/// Payment orders that were recorded until a moment, and not taken back until then, after `after`.
pub fn expenditures(
    c: &mut AnyConnection,
    filter: &Filter,
    until: Moment,
    after: Option<ExpenditureId>,
    limit: i64,
) -> QueryResult<Vec<Unit<ExpenditureId>>> {
    let taken_back = exists(
        journal_entries::table
            .filter(journal_entries::source_kind.eq(EXPENDITURE))
            .filter(journal_entries::source_id.eq(expenditures::id))
            .filter(journal_entries::kind.eq(EntryKind::Reverse))
            .filter(journal_entries::recorded_at.le(until)),
    );
    let mut query = expenditures::table
        .inner_join(proposals::table)
        .filter(expenditures::created_at.le(until))
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

/// Contracts that were recorded until a moment, and not taken back until then, after `after`; their values are those of
/// now.
pub fn contracts(
    c: &mut AnyConnection,
    filter: &Filter,
    until: Moment,
    after: Option<ContractId>,
    limit: i64,
) -> QueryResult<Vec<Unit<ContractId>>> {
    let stands =
        contracts::voided_at.is_null().or(contracts::voided_at.gt(until).assume_not_null());
    let mut query = contracts::table
        .inner_join(proposals::table)
        .filter(contracts::created_at.le(until))
        .filter(stands)
        .filter(contracts::id.gt(after.unwrap_or(ContractId(Uuid::nil()))))
        .order(contracts::id)
        .limit(limit)
        .select((contracts::id, contracts::proposal_id, contracts::number, contracts::value_idr))
        .into_boxed();
    narrow_joined!(query, NATION, filter);
    query.load(c)
}

/// Proposals that were made until a moment and have money set aside, after `after`; by title, their ceilings are those of
/// now.
pub fn proposals(
    c: &mut AnyConnection,
    filter: &Filter,
    until: Moment,
    after: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<Unit<ProposalId>>> {
    let mut query = balances::table
        .inner_join(proposals::table)
        .filter(balances::ceiling_idr.gt(Rupiah::ZERO))
        .filter(proposals::created_at.le(until))
        .filter(proposals::id.gt(after.unwrap_or(ProposalId(Uuid::nil()))))
        .order(proposals::id)
        .limit(limit)
        .select((proposals::id, proposals::id, proposals::title, balances::ceiling_idr))
        .into_boxed();
    narrow_joined!(query, NATION, filter);
    query.load(c)
}
