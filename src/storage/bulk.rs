//! Many rows of many tables at once: what seeding writes. Each row is what its own file says it is.

use crate::domain::ids::{EventId, ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::Duty;
use crate::storage::allocation::Allocation;
use crate::storage::audit::{EventRow, RevisionRow};
use crate::storage::ceiling::Ceiling;
use crate::storage::centre::Centre;
use crate::storage::change_request::ChangeRequest;
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::contract::{Contract, ContractLine};
use crate::storage::expenditure::Expenditure;
use crate::storage::grant::GrantRow;
use crate::storage::journal::{Balance, Entry};
use crate::storage::line::Line;
use crate::storage::plan::{Plan, PlanLine};
use crate::storage::proposal::Proposal;
use crate::storage::report::Report;
use crate::storage::returns::Return;
use crate::storage::schema::{
    activity_plans, allocations, audit_events, audit_pending, balances, ceilings, centres,
    change_requests, contract_lines, contracts, expenditures, grants, journal_entries,
    participations, plan_lines, proposal_lines, proposals, reports, returns, revisions,
    tranche_items, tranche_requests, users,
};
use crate::storage::tranche::{TrancheItem, TrancheRequest};
use crate::storage::user::User;
use diesel::prelude::*;

/// Rows of one statement: some 40 columns of the widest table stay below what either database binds at once.
const ROWS_AT_ONCE: usize = 500;

/// That a person took part in a duty of a proposal.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = participations)]
pub struct ParticipationRow {
    /// In which proposal.
    pub proposal_id: ProposalId,
    /// Who.
    pub user_id: UserId,
    /// In what.
    pub duty: Duty,
    /// Since when.
    pub first_at: Moment,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = audit_pending)]
struct Pending {
    event_id: EventId,
}

/// Rows of one transaction.
#[derive(Debug, Default)]
pub struct Batch {
    /// Users.
    pub users: Vec<User>,
    /// Their grants.
    pub grants: Vec<GrantRow>,
    /// The year's ceiling, new or changed.
    pub ceiling: Option<Ceiling>,
    /// New allocations.
    pub allocations: Vec<Allocation>,
    /// Allocations that are there already, as they are now.
    pub changed_allocations: Vec<Allocation>,
    /// Centres.
    pub centres: Vec<Centre>,
    /// Proposals.
    pub proposals: Vec<Proposal>,
    /// Their lines.
    pub lines: Vec<Line>,
    /// What was asked to be changed.
    pub change_requests: Vec<ChangeRequest>,
    /// Who took part.
    pub participations: Vec<ParticipationRow>,
    /// Plans.
    pub plans: Vec<Plan>,
    /// Their lines.
    pub plan_lines: Vec<PlanLine>,
    /// Contracts.
    pub contracts: Vec<Contract>,
    /// What they cover.
    pub contract_lines: Vec<ContractLine>,
    /// Requests for tranches.
    pub requests: Vec<TrancheRequest>,
    /// Their items.
    pub items: Vec<TrancheItem>,
    /// Payment orders.
    pub expenditures: Vec<Expenditure>,
    /// Deposits of leftover.
    pub returns: Vec<Return>,
    /// Reports.
    pub reports: Vec<Report>,
    /// Entries of the journal.
    pub entries: Vec<Entry>,
    /// The balances that follow from them.
    pub balances: Vec<Balance>,
    /// Events; each is left for the sealer.
    pub events: Vec<EventRow>,
    /// Revisions.
    pub revisions: Vec<RevisionRow>,
}

/// Inserts rows, some hundreds to a statement; only the concrete connections know how.
macro_rules! insert_all {
    ($connection:expr, $table:expr, $rows:expr) => {
        for chunk in $rows.chunks(ROWS_AT_ONCE) {
            on_each!($connection, |c| diesel::insert_into($table).values(chunk).execute(c))?;
        }
    };
}

/// Inserts a batch: what is referred to comes first.
pub fn insert(c: &mut AnyConnection, batch: &Batch) -> QueryResult<()> {
    insert_all!(c, users::table, batch.users);
    insert_all!(c, grants::table, batch.grants);
    above(c, batch)?;
    insert_all!(c, centres::table, batch.centres);
    insert_all!(c, proposals::table, batch.proposals);
    insert_all!(c, proposal_lines::table, batch.lines);
    insert_all!(c, change_requests::table, batch.change_requests);
    insert_all!(c, participations::table, batch.participations);
    insert_all!(c, activity_plans::table, batch.plans);
    insert_all!(c, plan_lines::table, batch.plan_lines);
    insert_all!(c, contracts::table, batch.contracts);
    insert_all!(c, contract_lines::table, batch.contract_lines);
    insert_all!(c, tranche_requests::table, batch.requests);
    insert_all!(c, tranche_items::table, batch.items);
    insert_all!(c, expenditures::table, batch.expenditures);
    insert_all!(c, returns::table, batch.returns);
    insert_all!(c, reports::table, batch.reports);
    insert_all!(c, journal_entries::table, batch.entries);
    insert_all!(c, balances::table, batch.balances);
    insert_all!(c, audit_events::table, batch.events);
    let pending: Vec<Pending> =
        batch.events.iter().map(|event| Pending { event_id: event.id }).collect();
    insert_all!(c, audit_pending::table, pending);
    insert_all!(c, revisions::table, batch.revisions);
    Ok(())
}

/// The ceiling and the allocations, which the batches share.
fn above(c: &mut AnyConnection, batch: &Batch) -> QueryResult<()> {
    if let Some(ceiling) = &batch.ceiling {
        let row = ceilings::table.find(ceiling.fiscal_year);
        if diesel::update(row).set(ceiling).execute(c)? == 0 {
            diesel::insert_into(ceilings::table).values(ceiling).execute(c)?;
        }
    }
    insert_all!(c, allocations::table, batch.allocations);
    for row in &batch.changed_allocations {
        diesel::update(allocations::table.find(row.id))
            .set((
                allocations::amount_idr.eq(row.amount_idr),
                allocations::used_idr.eq(row.used_idr),
                allocations::mode.eq(row.mode),
                allocations::version.eq(row.version),
                allocations::updated_at.eq(row.updated_at),
            ))
            .execute(c)?;
    }
    Ok(())
}
