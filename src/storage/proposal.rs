//! Proposals.

use crate::domain::ids::{AllocationId, CentreId, ProposalId, RegionCode, UserId};
use crate::domain::line::{Component, FundSource};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::people::Sight;
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::storage::connection::{AnyConnection, MultiBackend};
use crate::storage::queue::Queue;
use crate::storage::schema::{balances, proposal_lines, proposals};
use chrono::NaiveDate;
use diesel::dsl::{count_star, exists, not};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};

/// A proposal. Its version is raised by every write beneath it.
#[derive(
    Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize,
)]
#[diesel(table_name = proposals, treat_none_as_null = true)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// What is asked for.
    pub menu: Menu,
    /// The year in which the money is to be spent.
    pub fiscal_year: i64,
    /// Who proposes.
    pub region_code: RegionCode,
    /// The province that it lies in.
    pub province_code: RegionCode,
    /// Title.
    pub title: String,
    /// Why and what, in words.
    pub summary: String,
    /// What is made there.
    pub commodity: String,
    /// What the centre is to bear.
    pub outcome_class: OutcomeClass,
    /// The theme under which it is made, in years that have themes.
    pub theme: Option<String>,
    /// The centre of the registry: improved by a revitalisation, registered by a construction when handed over.
    pub centre_id: Option<CentreId>,
    /// Street of the site.
    pub site_street: String,
    /// Village of the site.
    pub site_village: String,
    /// District of the site.
    pub site_district: String,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// What is to be compared at the end, as JSON.
    pub baseline: Option<String>,
    /// The firm that designed the works in an earlier year.
    pub design_firm_name: Option<String>,
    /// Its tax number (NPWP).
    pub design_firm_tax_number: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub state_since: Moment,
    /// Whether it was sent back before.
    pub returned: bool,
    /// The version of the year's policy that it was submitted under.
    pub policy_version: Option<i64>,
    /// How many lines it has.
    pub line_count: i64,
    /// Whether one of them builds anew.
    pub builds_anew: bool,
    /// What its lines ask of the DAK.
    pub total_idr: Rupiah,
    /// Of it for supporting activities.
    pub supporting_idr: Rupiah,
    /// What the ministry's reviewers would grant of it, as far as they have assessed it.
    pub assessed_idr: Rupiah,
    /// What is agreed of it.
    pub agreed_idr: Rupiah,
    /// What is approved of it.
    pub approved_idr: Rupiah,
    /// Whether the reviewers advised against it.
    pub adverse_advice: bool,
    /// Whether an agreement was put to the region.
    pub agreement_proposed: bool,
    /// Until when an answer is due.
    pub due_on: Option<NaiveDate>,
    /// The allocation that it is paid from.
    pub allocation_id: Option<AllocationId>,
    /// Paid in one sum after handover, on the ministry's recommendation.
    pub lump_sum_recommended: bool,
    /// The state that it left when it was forfeited the last time; it is revived to there.
    pub forfeited_from: Option<State>,
    /// When it was handed over.
    pub handover_on: Option<NaiveDate>,
    /// The value of the handover minutes.
    pub handover_value_idr: Option<Rupiah>,
    /// Since when the new centre is in use.
    pub operating_since: Option<NaiveDate>,
    /// Whether a line, an amount or the site was changed since the clarification was asked for.
    pub works_changed: bool,
    /// The gaps of the centre that a revitalisation answers, as JSON.
    pub gaps: String,
    /// Raised by every write beneath it.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
    /// When it was last changed, or something was written beneath it.
    pub updated_at: Moment,
}

/// What a list of proposals is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Standing in this state.
    pub state: Option<State>,
    /// Of this menu.
    pub menu: Option<Menu>,
    /// Of this year.
    pub fiscal_year: Option<i64>,
    /// Of this region.
    pub region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    pub province_code: Option<RegionCode>,
    /// Of this centre.
    pub centre_id: Option<CentreId>,
    /// Whose centre is to bear this.
    pub outcome_class: Option<OutcomeClass>,
    /// With a line of the DAK that pays for this.
    pub component: Option<Component>,
    /// Whether money was set aside for it.
    pub funded: Option<bool>,
    /// Waiting for somebody, whose queue it is.
    pub queue: Option<Queue>,
    /// In which order.
    pub order: Order,
    /// Beyond this one; its moment counts only in the order of waiting.
    pub after: Option<(Moment, ProposalId)>,
}

impl Filter {
    /// Whether it narrows to anything less than everything that is seen.
    pub fn is_narrow(&self) -> bool {
        let Filter {
            state,
            menu,
            fiscal_year,
            region_code,
            province_code,
            centre_id,
            outcome_class,
            component,
            funded,
            queue,
            order: _,
            after: _,
        } = self;
        state.is_some()
            || menu.is_some()
            || fiscal_year.is_some()
            || region_code.is_some()
            || province_code.is_some()
            || centre_id.is_some()
            || outcome_class.is_some()
            || component.is_some()
            || funded.is_some()
            || queue.is_some()
    }
}

/// The order of a list of proposals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The oldest first.
    #[default]
    Oldest,
    /// The newest first.
    Newest,
    /// That which has stood in its state the longest first.
    Waiting,
}

/// A condition on a proposal's row.
pub(super) type Condition =
    Box<dyn BoxableExpression<proposals::table, MultiBackend, SqlType = Bool>>;

fn within(sight: &Sight) -> Condition {
    if sight.nation {
        return Box::new(proposals::version.ge(0));
    }
    Box::new(
        proposals::region_code
            .eq_any(sight.regions.clone())
            .or(proposals::province_code.eq_any(sight.provinces.clone())),
    )
}

/// Inserts a proposal.
pub fn insert(c: &mut AnyConnection, proposal: &Proposal) -> QueryResult<()> {
    diesel::insert_into(proposals::table).values(proposal).execute(c).map(|_| ())
}

/// One proposal.
pub fn find(c: &mut AnyConnection, id: ProposalId) -> QueryResult<Option<Proposal>> {
    proposals::table.find(id).select(Proposal::as_select()).first(c).optional()
}

/// Several proposals, in the order of their ids.
pub fn by_ids(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Proposal>> {
    proposals::table
        .filter(proposals::id.eq_any(ids))
        .order(proposals::id)
        .select(Proposal::as_select())
        .load(c)
}

/// The proposals that are paid from an allocation, in the order of their ids.
pub fn of_allocation(c: &mut AnyConnection, id: AllocationId) -> QueryResult<Vec<Proposal>> {
    proposals::table
        .filter(proposals::allocation_id.eq(id))
        .order(proposals::id)
        .select(Proposal::as_select())
        .load(c)
}

/// Raises the version and so takes the row for this transaction; 0 when the version is not the one expected.
pub fn lock(c: &mut AnyConnection, id: ProposalId, expected: Option<i64>) -> QueryResult<usize> {
    let row = proposals::table.find(id);
    let raised = proposals::version.eq(proposals::version + 1);
    match expected {
        Some(version) => {
            diesel::update(row.filter(proposals::version.eq(version))).set(raised).execute(c)
        }
        None => diesel::update(row).set(raised).execute(c),
    }
}

/// Writes a locked proposal back; 0 when its version is not the one that was locked.
pub fn save(c: &mut AnyConnection, proposal: &Proposal) -> QueryResult<usize> {
    diesel::update(
        proposals::table.find(proposal.id).filter(proposals::version.eq(proposal.version)),
    )
    .set(proposal)
    .execute(c)
}

/// Everything that a list is narrowed to, but for its page.
pub(super) fn narrowed(sight: &Sight, filter: &Filter) -> Condition {
    let mut all = within(sight);
    let mut also = |condition: Condition| {
        let before = std::mem::replace(&mut all, Box::new(proposals::version.ge(0)));
        all = Box::new(before.and(condition));
    };
    if let Some(state) = filter.state {
        also(Box::new(proposals::state.eq(state)));
    }
    if let Some(menu) = filter.menu {
        also(Box::new(proposals::menu.eq(menu)));
    }
    if let Some(year) = filter.fiscal_year {
        also(Box::new(proposals::fiscal_year.eq(year)));
    }
    if let Some(region) = &filter.region_code {
        also(Box::new(proposals::region_code.eq(region.clone())));
    }
    if let Some(province) = &filter.province_code {
        also(Box::new(proposals::province_code.eq(province.clone())));
    }
    if let Some(centre) = filter.centre_id {
        also(Box::new(proposals::centre_id.eq(centre).assume_not_null()));
    }
    if let Some(class) = filter.outcome_class {
        also(Box::new(proposals::outcome_class.eq(class)));
    }
    if let Some(component) = filter.component {
        let of_it = proposal_lines::table
            .filter(proposal_lines::proposal_id.eq(proposals::id))
            .filter(proposal_lines::component.eq(component))
            .filter(proposal_lines::fund_source.eq(FundSource::Dak));
        also(Box::new(exists(of_it)));
    }
    if let Some(funded) = filter.funded {
        let set_aside = exists(balances::table.filter(balances::proposal_id.eq(proposals::id)));
        also(if funded { Box::new(set_aside) } else { Box::new(not(set_aside)) });
    }
    if let Some(queue) = &filter.queue {
        also(queue.condition());
    }
    all
}

/// Narrows a boxed query that joins proposals to those within sight, of a year, a province and a region. A condition on
/// proposals alone, as `narrowed` makes it, is none on such a join.
macro_rules! narrow_joined {
    ($query:ident, $sight:expr, $filter:expr) => {
        if !$sight.nation {
            $query = $query.filter(
                proposals::region_code
                    .eq_any($sight.regions.clone())
                    .or(proposals::province_code.eq_any($sight.provinces.clone())),
            );
        }
        if let Some(year) = $filter.fiscal_year {
            $query = $query.filter(proposals::fiscal_year.eq(year));
        }
        if let Some(region) = &$filter.region_code {
            $query = $query.filter(proposals::region_code.eq(region.clone()));
        }
        if let Some(province) = &$filter.province_code {
            $query = $query.filter(proposals::province_code.eq(province.clone()));
        }
    };
}
pub(super) use narrow_joined;

/// Proposals within sight, narrowed, in order.
pub fn list(
    c: &mut AnyConnection,
    sight: &Sight,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<Proposal>> {
    let mut query = proposals::table
        .filter(narrowed(sight, filter))
        .select(Proposal::as_select())
        .limit(limit)
        .into_boxed();
    if let Some((since, after)) = filter.after {
        query = match filter.order {
            Order::Oldest => query.filter(proposals::id.gt(after)),
            Order::Newest => query.filter(proposals::id.lt(after)),
            Order::Waiting => query.filter(
                proposals::state_since
                    .gt(since)
                    .or(proposals::state_since.eq(since).and(proposals::id.gt(after))),
            ),
        };
    }
    query = match filter.order {
        Order::Oldest => query.order(proposals::id.asc()),
        Order::Newest => query.order(proposals::id.desc()),
        Order::Waiting => query.order((proposals::state_since.asc(), proposals::id.asc())),
    };
    query.load(c)
}

/// How many proposals within sight, narrowed, stand in each state.
pub fn counts(
    c: &mut AnyConnection,
    sight: &Sight,
    filter: &Filter,
) -> QueryResult<Vec<(State, i64)>> {
    proposals::table
        .filter(narrowed(sight, filter))
        .group_by(proposals::state)
        .select((proposals::state, count_star()))
        .load(c)
}

/// Ids of proposals that stand in one of the states, after `after`: work for a sweep; those of a year, or those whose
/// due date lies before a day.
pub fn standing_in(
    c: &mut AnyConnection,
    states: &[State],
    (fiscal_year, due_before): (Option<i64>, Option<NaiveDate>),
    after: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<ProposalId>> {
    let mut query = proposals::table
        .filter(proposals::state.eq_any(states))
        .order(proposals::id)
        .limit(limit)
        .select(proposals::id)
        .into_boxed();
    if let Some(year) = fiscal_year {
        query = query.filter(proposals::fiscal_year.eq(year));
    }
    if let Some(day) = due_before {
        query = query.filter(proposals::due_on.lt(day));
    }
    if let Some(after) = after {
        query = query.filter(proposals::id.gt(after));
    }
    query.load(c)
}

/// The fiscal years that have proposals in one of the states.
pub fn years_standing_in(c: &mut AnyConnection, states: &[State]) -> QueryResult<Vec<i64>> {
    proposals::table
        .filter(proposals::state.eq_any(states))
        .select(proposals::fiscal_year)
        .distinct()
        .load(c)
}
