//! Activity plans (RK) and their lines.

use crate::domain::ids::{PlanId, ProposalId, UserId};
use crate::domain::line::Component;
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::plan::{Method, PlanFacts, PlanState, SupportingActivity};
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{activity_plans, plan_lines};
use diesel::prelude::*;
use serde::Serialize;

/// An activity plan.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = activity_plans, treat_none_as_null = true)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Which of the proposal's plans, from 1.
    pub n: i64,
    /// Where it stands.
    pub state: PlanState,
    /// What is to be there at the end.
    pub target_output: String,
    /// Sum of its lines.
    pub total_idr: Rupiah,
    /// Of it for supporting activities.
    pub supporting_idr: Rupiah,
    /// When it was submitted.
    pub submitted_at: Option<Moment>,
    /// When it was approved or returned.
    pub decided_at: Option<Moment>,
    /// Why the plan in force is changed; absent of a first plan.
    pub change_reason: Option<String>,
    /// Why it was returned.
    pub comment: Option<String>,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// By whom.
    pub created_by: UserId,
}

/// A line of a plan: what one of the approved lines gets.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = plan_lines)]
pub struct PlanLine {
    /// Of which plan.
    pub plan_id: PlanId,
    /// The approved line.
    pub line_no: i64,
    /// What it pays for.
    pub component: Component,
    /// Volume, in thousandths of the unit.
    pub volume_thousandths: i64,
    /// How much.
    pub amount_idr: Rupiah,
    /// How it is carried out.
    pub method: Method,
    /// What is to be there of it at the end.
    pub target_output: String,
    /// Which activity a supporting line pays for.
    pub supporting_activity: Option<SupportingActivity>,
}

/// What the rules look at.
pub fn facts(plan: &Plan, lines: &[PlanLine]) -> PlanFacts {
    PlanFacts {
        total: plan.total_idr,
        supporting: plan.supporting_idr,
        funded_lines: lines
            .iter()
            .filter(|line| line.plan_id == plan.id && line.amount_idr > Rupiah::ZERO)
            .map(|line| line.line_no)
            .collect(),
    }
}

/// Inserts a plan with its lines.
pub fn insert(c: &mut AnyConnection, plan: &Plan, lines: &[PlanLine]) -> QueryResult<()> {
    diesel::insert_into(activity_plans::table).values(plan).execute(c)?;
    for line in lines {
        diesel::insert_into(plan_lines::table).values(line).execute(c)?;
    }
    Ok(())
}

/// One plan.
pub fn find(c: &mut AnyConnection, id: PlanId) -> QueryResult<Option<Plan>> {
    activity_plans::table.find(id).select(Plan::as_select()).first(c).optional()
}

/// The plans of a proposal, in order.
pub fn of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Plan>> {
    activity_plans::table
        .filter(activity_plans::proposal_id.eq(proposal))
        .order(activity_plans::n)
        .select(Plan::as_select())
        .load(c)
}

/// The lines of several plans.
pub fn lines_of(c: &mut AnyConnection, plans: &[PlanId]) -> QueryResult<Vec<PlanLine>> {
    plan_lines::table
        .filter(plan_lines::plan_id.eq_any(plans))
        .order((plan_lines::plan_id, plan_lines::line_no))
        .select(PlanLine::as_select())
        .load(c)
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, plan: &Plan) -> QueryResult<usize> {
    diesel::update(
        activity_plans::table.find(plan.id).filter(activity_plans::version.eq(plan.version - 1)),
    )
    .set(plan)
    .execute(c)
}

/// Those of a proposal in the order of their recording, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<PlanId>,
    limit: i64,
) -> QueryResult<Vec<Plan>> {
    let mut query = activity_plans::table
        .filter(activity_plans::proposal_id.eq(proposal))
        .order(activity_plans::id)
        .limit(limit)
        .select(Plan::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(activity_plans::id.gt(after));
    }
    query.load(c)
}
