//! What sums of fund usage are made of: proposals in bounded pages with what they are grouped by, and what lies beneath
//! them. Balances come from [`crate::storage::journal::balances_of`]: they are kept, and never added up from the journal.

use crate::domain::ids::{CentreId, ContractId, PlanId, ProposalId, RegionCode};
use crate::domain::line::{Component, FundSource};
use crate::domain::money::Rupiah;
use crate::domain::people::Sight;
use crate::domain::plan::PlanState;
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::storage::connection::AnyConnection;
use crate::storage::contract::Contract;
use crate::storage::proposal::{Filter, Proposal, narrowed};
use crate::storage::schema::{activity_plans, centres, contracts, plan_lines, proposals};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// What a proposal is grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = proposals)]
pub struct Attributes {
    /// Which.
    pub id: ProposalId,
    /// Its menu.
    pub menu: Menu,
    /// Its year.
    pub fiscal_year: i64,
    /// Its region.
    pub region_code: RegionCode,
    /// The province of it.
    pub province_code: RegionCode,
    /// What its centre is to bear.
    pub outcome_class: OutcomeClass,
    /// Where it stands.
    pub state: State,
    /// The centre that it names.
    pub centre_id: Option<CentreId>,
}

/// Proposals within sight, narrowed, by id after `after`; at most `limit`.
pub fn page(
    c: &mut AnyConnection,
    sight: &Sight,
    filter: &Filter,
    after: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<Attributes>> {
    let mut query = proposals::table
        .filter(narrowed(sight, filter))
        .order(proposals::id)
        .limit(limit)
        .select(Attributes::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(proposals::id.gt(after));
    }
    query.load(c)
}

/// Their ids alone, from `from` on.
pub fn ids(
    c: &mut AnyConnection,
    sight: &Sight,
    filter: &Filter,
    from: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<ProposalId>> {
    let mut query = proposals::table
        .filter(narrowed(sight, filter))
        .order(proposals::id)
        .limit(limit)
        .select(proposals::id)
        .into_boxed();
    if let Some(from) = from {
        query = query.filter(proposals::id.ge(from));
    }
    query.load(c)
}

impl From<Proposal> for Attributes {
    fn from(row: Proposal) -> Self {
        Attributes {
            id: row.id,
            menu: row.menu,
            fiscal_year: row.fiscal_year,
            region_code: row.region_code,
            province_code: row.province_code,
            outcome_class: row.outcome_class,
            state: row.state,
            centre_id: row.centre_id,
        }
    }
}

/// The name of each of several centres, how many businesses it has, and its region.
pub fn centres(
    c: &mut AnyConnection,
    ids: &[CentreId],
) -> QueryResult<Vec<(CentreId, String, i64, RegionCode)>> {
    centres::table
        .filter(centres::id.eq_any(ids))
        .select((centres::id, centres::name, centres::businesses, centres::region_code))
        .load(c)
}

/// The ids of centres after `after`, in their order.
pub fn centre_ids(
    c: &mut AnyConnection,
    after: Option<CentreId>,
    limit: i64,
) -> QueryResult<Vec<CentreId>> {
    let mut query = centres::table.order(centres::id).limit(limit).select(centres::id).into_boxed();
    if let Some(after) = after {
        query = query.filter(centres::id.gt(after));
    }
    query.load(c)
}

/// How many centres the registry has in each region, and how many businesses they have.
pub fn registered(c: &mut AnyConnection) -> QueryResult<Vec<(RegionCode, i64, i64)>> {
    centres::table
        .group_by(centres::region_code)
        .select((
            centres::region_code,
            count_star(),
            sql::<BigInt>("CAST(COALESCE(SUM(centres.businesses), 0) AS BIGINT)"),
        ))
        .load(c)
}

/// A line of a plan: of which proposal, what it is for, and how much.
pub type Planned = (ProposalId, Component, Rupiah);

/// The lines of the plans in force of several proposals.
pub fn planned(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Planned>> {
    // In their order: what is approved last is in force.
    let plans: Vec<(ProposalId, PlanId)> = activity_plans::table
        .filter(activity_plans::proposal_id.eq_any(ids))
        .filter(activity_plans::state.eq(PlanState::Approved))
        .order((activity_plans::proposal_id, activity_plans::n))
        .select((activity_plans::proposal_id, activity_plans::id))
        .load(c)?;
    lines_of_last(c, &plans)
}

/// The lines of the last of each proposal's plans, which are given by proposal and in their order.
pub(super) fn lines_of_last(
    c: &mut AnyConnection,
    plans: &[(ProposalId, PlanId)],
) -> QueryResult<Vec<Planned>> {
    let is_last = |at: usize, of: ProposalId| plans.get(at + 1).is_none_or(|next| next.0 != of);
    let in_force: Vec<PlanId> = plans
        .iter()
        .enumerate()
        .filter(|(at, (of, _))| is_last(*at, *of))
        .map(|(_, (_, plan))| *plan)
        .collect();
    plan_lines::table
        .inner_join(activity_plans::table)
        .filter(plan_lines::plan_id.eq_any(in_force))
        .select((activity_plans::proposal_id, plan_lines::component, plan_lines::amount_idr))
        .load(c)
}

/// The ids of the contracts of several proposals, of those that were taken back too.
pub fn contract_ids(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<ContractId>> {
    contracts::table
        .filter(contracts::proposal_id.eq_any(ids))
        .order(contracts::id)
        .select(contracts::id)
        .load(c)
}

/// The contracts of several proposals that the DAK pays and that stand.
pub fn bindings(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Contract>> {
    contracts::table
        .filter(contracts::proposal_id.eq_any(ids))
        .filter(contracts::fund_source.eq(FundSource::Dak).and(contracts::voided_at.is_null()))
        .order(contracts::id)
        .select(Contract::as_select())
        .load(c)
}
