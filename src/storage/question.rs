//! What the auditors' questions read: candidates in the order of proposal and own key, within the caller's sight, and what is
//! told beside them. Each is one query, whatever its number of rows.

pub mod facts;
pub mod money;
pub mod papers;

use crate::domain::ids::{ProposalId, RegionCode};
use crate::domain::people::Sight;
use crate::domain::proposal::State;
use crate::storage::connection::AnyConnection;
use crate::storage::proposal::{Condition, Filter, Proposal, narrowed};
use crate::storage::schema::{activity_plans, balances, contracts, proposal_lines, proposals};
use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// What a question is asked of.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// What the caller may see.
    pub sight: Sight,
    /// Of this year.
    pub fiscal_year: Option<i64>,
    /// Of this region.
    pub region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    pub province_code: Option<RegionCode>,
    /// Of this proposal.
    pub proposal_id: Option<ProposalId>,
}

/// Where rows begin, in the order of proposal and own key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At the first.
    Beginning,
    /// At the first of a proposal.
    At(ProposalId),
    /// After the last of a proposal.
    Beyond(ProposalId),
    /// After one of a proposal's.
    Past(ProposalId, String),
}

/// Which rows.
#[derive(Debug, Clone)]
pub struct Bounds<'a> {
    /// Of what.
    pub scope: &'a Scope,
    /// From where on.
    pub start: Start,
    /// At most so many.
    pub limit: i64,
}

fn all_within(scope: &Scope) -> Condition {
    let filter = Filter {
        fiscal_year: scope.fiscal_year,
        region_code: scope.region_code.clone(),
        province_code: scope.province_code.clone(),
        ..Filter::default()
    };
    let seen = narrowed(&scope.sight, &filter);
    match scope.proposal_id {
        Some(id) => Box::new(seen.and(proposals::id.eq(id))),
        None => seen,
    }
}

/// The proposal of a row lies within a scope. Written out, since a boxed condition on proposals is none on a query of another
/// table; what is not named is let through by a bound truth.
macro_rules! is_within {
    ($table:ident, $scope:expr) => {{
        let scope: &$crate::storage::question::Scope = $scope;
        let (sight, year) = (&scope.sight, scope.fiscal_year);
        let (region, province) = (scope.region_code.clone(), scope.province_code.clone());
        diesel::dsl::exists(
            proposals::table
                .filter(proposals::id.eq($table::proposal_id))
                .filter(
                    sight
                        .nation
                        .into_sql::<diesel::sql_types::Bool>()
                        .or(proposals::region_code.eq_any(sight.regions.clone()))
                        .or(proposals::province_code.eq_any(sight.provinces.clone())),
                )
                .filter(
                    year.is_none()
                        .into_sql::<diesel::sql_types::Bool>()
                        .or(proposals::fiscal_year.eq(year.unwrap_or_default())),
                )
                .filter(
                    region
                        .is_none()
                        .into_sql::<diesel::sql_types::Bool>()
                        .or(proposals::region_code.eq_any(region.into_iter().collect::<Vec<_>>())),
                )
                .filter(
                    province.is_none().into_sql::<diesel::sql_types::Bool>().or(
                        proposals::province_code.eq_any(province.into_iter().collect::<Vec<_>>()),
                    ),
                )
                .filter(
                    scope.proposal_id.is_none().into_sql::<diesel::sql_types::Bool>().or(
                        proposals::id.eq_any(scope.proposal_id.into_iter().collect::<Vec<_>>()),
                    ),
                ),
        )
    }};
}
pub(super) use is_within;

/// Rows of a table that belong to proposals within bounds and meet a condition. A key that is none of the table's leads
/// nowhere: it was made up.
macro_rules! rows_within {
    ($c:expr, $bounds:expr, $table:ident, $key:ident: $id:ty, $row:ty, $condition:expr) => {{
        let mut query = $table::table
            .filter($condition)
            .filter($crate::storage::question::is_within!($table, $bounds.scope))
            .order(($table::proposal_id, $table::$key))
            .limit($bounds.limit)
            .select(<$row>::as_select())
            .into_boxed();
        // Once more, on the table itself, so that an index leads to its rows.
        if let Some(proposal) = $bounds.scope.proposal_id {
            query = query.filter($table::proposal_id.eq(proposal));
        }
        match &$bounds.start {
            $crate::storage::question::Start::Beginning => {}
            $crate::storage::question::Start::At(proposal) => {
                query = query.filter($table::proposal_id.ge(*proposal));
            }
            $crate::storage::question::Start::Beyond(proposal) => {
                query = query.filter($table::proposal_id.gt(*proposal));
            }
            $crate::storage::question::Start::Past(proposal, key) => {
                let Ok(key) = key.parse::<$id>() else { return Ok(Vec::new()) };
                query = query
                    .filter($table::proposal_id.ge(*proposal))
                    .filter($table::proposal_id.gt(*proposal).or($table::$key.gt(key)));
            }
        }
        query.load($c)
    }};
}
use rows_within;

/// Proposals within bounds that meet a condition; they are their own key.
fn proposals_within(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    condition: Condition,
) -> QueryResult<Vec<Proposal>> {
    let mut query = proposals::table
        .filter(all_within(bounds.scope))
        .filter(condition)
        .order(proposals::id)
        .limit(bounds.limit)
        .select(Proposal::as_select())
        .into_boxed();
    match &bounds.start {
        Start::Beginning => {}
        Start::At(proposal) => query = query.filter(proposals::id.ge(*proposal)),
        Start::Beyond(proposal) | Start::Past(proposal, _) => {
            query = query.filter(proposals::id.gt(*proposal));
        }
    }
    query.load(c)
}

/// Proposals in one of some states to which money was disbursed.
pub fn disbursed_to(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    states: &[State],
) -> QueryResult<Vec<Proposal>> {
    let paid = balances::table
        .filter(balances::proposal_id.eq(proposals::id))
        .filter(balances::disbursed_idr.gt(0).or(balances::carried_in_idr.gt(0)));
    let condition = proposals::state.eq_any(states.to_vec()).and(exists(paid));
    proposals_within(c, bounds, Box::new(condition))
}

/// Proposals whose region has cash, gave some of it back, or carried some from year to year; in one of some states, or in one
/// of some others though their year is over.
pub fn with_leftover(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    ended: &[State],
    (going_on, this_year): (&[State], i64),
) -> QueryResult<Vec<Proposal>> {
    let in_hand = sql::<Bool>(
        "(balances.disbursed_idr + balances.carried_in_idr - balances.absorbed_idr <> 0 \
         OR balances.returned_idr <> 0 OR balances.carried_in_idr <> 0 OR balances.carried_out_idr <> 0)",
    );
    let left = balances::table.filter(balances::proposal_id.eq(proposals::id)).filter(in_hand);
    let overdue =
        proposals::state.eq_any(going_on.to_vec()).and(proposals::fiscal_year.lt(this_year));
    let condition = proposals::state.eq_any(ended.to_vec()).or(overdue).and(exists(left));
    proposals_within(c, bounds, Box::new(condition))
}

/// Proposals that have lines for supporting activities, and a plan or contracts.
pub fn with_supporting(c: &mut AnyConnection, bounds: &Bounds<'_>) -> QueryResult<Vec<Proposal>> {
    let supporting = proposal_lines::table
        .filter(proposal_lines::proposal_id.eq(proposals::id))
        .filter(proposal_lines::component.eq(crate::domain::line::Component::Supporting));
    let planned = activity_plans::table.filter(activity_plans::proposal_id.eq(proposals::id));
    let contracted = contracts::table.filter(contracts::proposal_id.eq(proposals::id));
    let condition = exists(supporting).and(exists(planned).or(exists(contracted)));
    proposals_within(c, bounds, Box::new(condition))
}

/// Proposals in one of some states.
pub fn standing_in(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    states: &[State],
) -> QueryResult<Vec<Proposal>> {
    proposals_within(c, bounds, Box::new(proposals::state.eq_any(states.to_vec())))
}

/// Proposals in one of some states to which less was disbursed than is set aside for them.
pub fn undisbursed(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    states: &[State],
) -> QueryResult<Vec<Proposal>> {
    let left = balances::table.filter(balances::proposal_id.eq(proposals::id)).filter(sql::<Bool>(
        "balances.ceiling_idr - balances.released_idr - balances.disbursed_idr > 0",
    ));
    let condition = proposals::state.eq_any(states.to_vec()).and(exists(left));
    proposals_within(c, bounds, Box::new(condition))
}

/// Proposals in one of some states, or whose works were handed over, wherever they stand.
pub fn handed_over_or_in(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    states: &[State],
) -> QueryResult<Vec<Proposal>> {
    let condition =
        proposals::state.eq_any(states.to_vec()).or(proposals::handover_on.is_not_null());
    proposals_within(c, bounds, Box::new(condition))
}

/// Proposals in none of some states, whose centre got money elsewhere, or whose own lines name another source.
pub fn funded_elsewhere(
    c: &mut AnyConnection,
    bounds: &Bounds<'_>,
    but: &[State],
) -> QueryResult<Vec<Proposal>> {
    let centre = sql::<Bool>(
        "(EXISTS (SELECT 1 FROM proposals o WHERE o.centre_id = proposals.centre_id AND o.id <> proposals.id) \
         OR EXISTS (SELECT 1 FROM centre_fundings f WHERE f.centre_id = proposals.centre_id AND f.withdrawn_at IS NULL) \
         OR EXISTS (SELECT 1 FROM proposal_lines l WHERE l.proposal_id = proposals.id AND l.fund_source <> 'DAK'))",
    );
    let condition = proposals::state.ne_all(but.to_vec()).and(centre);
    proposals_within(c, bounds, Box::new(condition))
}
