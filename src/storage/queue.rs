//! What waits for a person, as a condition on the rows of proposals, or of findings: by their grants, where proposals stand, what lies
//! beneath them, who is assigned; without those from which four eyes or a conflict of interest excludes them.

use crate::domain::change::RequestState;
use crate::domain::finding::FindingState;
use crate::domain::ids::UserId;
use crate::domain::people::{Duty, Grant, Role};
use crate::domain::plan::PlanState;
use crate::domain::proposal::{Menu, State};
use crate::domain::queue::{FindingWait, Wait, When, excluding, findings as awaited, of};
use crate::domain::report::{ReportKind, ReportState};
use crate::domain::tranche::TrancheState;
use crate::storage::connection::MultiBackend;
use crate::storage::proposal::Condition;
use crate::storage::schema::{
    activity_plans, assignments, change_requests, conflicts, contracts, findings, grants,
    participations, proposals, reports, tranche_items, tranche_omissions, tranche_requests, users,
};
use crate::storage::tranche::is_left_out;
use chrono::NaiveDate;
use diesel::dsl::{InnerJoinQuerySource, exists, not};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

#[diesel::declare_sql_function]
extern "SQL" {
    /// Small letters.
    fn lower(text: Text) -> Text;
}

/// Where a grant reaches, as `Actor::grant_over` has it; on proposals, or on what joins them.
macro_rules! reach {
    ($grant:expr) => {
        match (&$grant.region, $grant.role) {
            (None, _) => Box::new(proposals::version.ge(0)),
            (Some(province), Role::Verifier) => Box::new(
                proposals::province_code
                    .eq(province.clone())
                    .and(proposals::region_code.ne(province.clone())),
            ),
            // An auditor of a province has its kabupaten and kota too.
            (Some(province), Role::Auditor) if province.province() == *province => {
                Box::new(proposals::province_code.eq(province.clone()))
            }
            (Some(region), _) => Box::new(proposals::region_code.eq(region.clone())),
        }
    };
}

/// The person took no part in a proposal that excludes them from a duty.
macro_rules! not_excluded {
    ($user:expr, $duty:expr) => {
        not(exists(
            participations::table
                .filter(participations::proposal_id.eq(proposals::id))
                .filter(participations::user_id.eq($user))
                .filter(participations::duty.eq_any(excluding($duty))),
        ))
    };
}

/// The person declared no conflict of interest in a proposal.
macro_rules! not_in_conflict {
    ($user:expr) => {
        not(exists(
            conflicts::table
                .filter(conflicts::proposal_id.eq(proposals::id))
                .filter(conflicts::user_id.eq($user)),
        ))
    };
}

/// A condition on the rows of findings with their proposals.
pub(super) type FindingCondition = Box<
    dyn BoxableExpression<
            InnerJoinQuerySource<findings::table, proposals::table>,
            MultiBackend,
            SqlType = Bool,
        >,
>;

/// Whose queue it is.
#[derive(Debug, Clone)]
pub struct Queue {
    /// The person.
    pub user: UserId,
    /// The grants that hold now.
    pub grants: Vec<Grant>,
    /// Today, in western Indonesia: where due dates pass last.
    pub today: NaiveDate,
}

impl Queue {
    /// What waits for the person.
    pub(super) fn condition(&self) -> Condition {
        let waits: Vec<Condition> =
            self.grants.iter().filter_map(|grant| self.of_grant(grant)).collect();
        let states: Vec<State> =
            self.grants.iter().flat_map(|grant| of(grant.role)).map(|wait| wait.state).collect();
        // The states once more, on their own, so that an index leads to them.
        Box::new(proposals::state.eq_any(states).and(any(waits)).and(not_in_conflict!(self.user)))
    }

    /// What waits under one grant; nothing does under some.
    fn of_grant(&self, grant: &Grant) -> Option<Condition> {
        let waits: Vec<&Wait> = of(grant.role).collect();
        if waits.is_empty() {
            return None;
        }
        let within: Condition = reach!(grant);
        let waits = waits.into_iter().map(|wait| self.of_wait(wait)).collect();
        let mut all: Condition = Box::new(any(waits).and(within));
        if let Some(commodity) = &grant.commodity {
            let commodity = lower(commodity.clone());
            all = Box::new(all.and(lower(proposals::commodity).eq(commodity)));
        }
        if grant.role == Role::Reviewer {
            all = Box::new(all.and(self.assigned()));
        }
        Some(all)
    }

    /// The findings that wait for the person: of proposals in whatever state.
    pub(super) fn of_findings(&self) -> FindingCondition {
        let waits = self.grants.iter().flat_map(|grant| {
            let of_role = awaited().filter(move |wait| wait.role == grant.role);
            of_role.map(move |wait| self.of_finding(grant, wait))
        });
        let none: FindingCondition = Box::new(findings::version.lt(0));
        waits.fold(none, |one, other| Box::new(one.or(other)))
    }

    fn of_finding(&self, grant: &Grant, wait: FindingWait) -> FindingCondition {
        let within: FindingCondition = reach!(grant);
        let here = findings::state
            .eq(wait.state)
            .and(within)
            .and(not_excluded!(self.user, wait.duty))
            .and(not_in_conflict!(self.user));
        match wait.state {
            // Whoever made a finding does not answer it.
            FindingState::Open => Box::new(here.and(findings::opened_by.ne(self.user))),
            FindingState::Answered | FindingState::Closed => Box::new(here),
        }
    }

    fn of_wait(&self, wait: &Wait) -> Condition {
        let here = proposals::state.eq(wait.state).and(not_excluded!(self.user, wait.duty));
        match self.when(wait.when) {
            Some(when) => Box::new(here.and(when)),
            None => Box::new(here),
        }
    }

    /// Nobody is assigned who can review it, or the person is: as `Standing` has it.
    fn assigned(&self) -> Condition {
        // Of whom four eyes excludes, one row for each part; of everybody else a row without one.
        let took_part = participations::proposal_id
            .eq(assignments::proposal_id)
            .and(participations::user_id.eq(assignments::user_id))
            .and(participations::duty.eq_any(excluding(Duty::Review)));
        let in_force = assignments::table
            .inner_join(users::table.on(users::id.eq(assignments::user_id)))
            .inner_join(grants::table.on(grants::user_id.eq(assignments::user_id)))
            .left_join(participations::table.on(took_part))
            .filter(assignments::proposal_id.eq(proposals::id))
            .filter(assignments::ended_at.is_null().and(users::disabled_at.is_null()))
            .filter(grants::role.eq(Role::Reviewer).and(grants::revoked_at.is_null()))
            .filter(grants::valid_from.le(self.today))
            .filter(
                grants::valid_until
                    .is_null()
                    .or(grants::valid_until.assume_not_null().ge(self.today)),
            )
            .filter(
                grants::commodity
                    .is_null()
                    .or(lower(grants::commodity.assume_not_null()).eq(lower(proposals::commodity))),
            )
            .filter(participations::user_id.nullable().is_null());
        let own = in_force.clone().filter(assignments::user_id.eq(self.user));
        Box::new(not(exists(in_force)).or(exists(own)))
    }

    fn when(&self, when: When) -> Option<Condition> {
        let due_passed = || proposals::due_on.lt(self.today).assume_not_null();
        Some(match when {
            When::Always => return None,
            When::AnswerDue => Box::new(request_open().or(proposals::works_changed.eq(false))),
            When::HeadAnswerDue => {
                Box::new(proposals::works_changed.eq(true).and(not(request_open())))
            }
            When::AgreementDue => Box::new(proposals::agreement_proposed.eq(false)),
            When::AgreementProposed => Box::new(proposals::agreement_proposed.eq(true)),
            When::AgreementOverdue => {
                Box::new(proposals::agreement_proposed.eq(true).and(due_passed()))
            }
            When::PlanDue => Box::new(not(plan_submitted())),
            When::PlanSubmitted => plan_submitted(),
            When::ContractsRecorded => {
                Box::new(exists(contracts::table.filter(contracts::proposal_id.eq(proposals::id))))
            }
            When::HandoverDue => Box::new(
                proposals::lump_sum_recommended.eq(true).and(proposals::handover_on.is_null()),
            ),
            When::RequestDue => {
                let standing =
                    [TrancheState::Requested, TrancheState::Reviewed, TrancheState::Verified];
                Box::new(
                    not(request_in(standing.to_vec())).and(
                        proposals::lump_sum_recommended
                            .eq(false)
                            .or(proposals::handover_on.is_not_null()),
                    ),
                )
            }
            When::RequestMade => request_in(vec![TrancheState::Requested]),
            When::RequestReviewed => request_in(vec![TrancheState::Reviewed]),
            When::RequestVerified => request_in(vec![TrancheState::Verified]),
            When::ReportSubmitted => Box::new(exists(
                reports::table
                    .filter(reports::proposal_id.eq(proposals::id))
                    .filter(reports::state.eq(ReportState::Submitted)),
            )),
            When::WindUpDue => {
                Box::new(proposals::menu.eq(Menu::Construction).or(not(final_report_made())))
            }
            When::FinalReportDue => Box::new(not(final_report_made())),
            When::CloseDue => Box::new(final_report(vec![ReportState::Reviewed]).and(
                proposals::menu.eq(Menu::Revitalisation).or(proposals::state.eq(State::Operating)),
            )),
        })
    }
}

/// At least one of them; of none, none.
fn any(conditions: Vec<Condition>) -> Condition {
    conditions
        .into_iter()
        .reduce(|one, other| Box::new(one.or(other)))
        .unwrap_or_else(|| Box::new(proposals::version.lt(0)))
}

fn request_open() -> Condition {
    Box::new(exists(
        change_requests::table
            .filter(change_requests::proposal_id.eq(proposals::id))
            .filter(change_requests::state.eq(RequestState::Open)),
    ))
}

fn plan_submitted() -> Condition {
    Box::new(exists(
        activity_plans::table
            .filter(activity_plans::proposal_id.eq(proposals::id))
            .filter(activity_plans::state.eq(PlanState::Submitted)),
    ))
}

/// A request stands so, and has not left the proposal out.
fn request_in(states: Vec<TrancheState>) -> Condition {
    Box::new(exists(
        tranche_items::table
            .inner_join(tranche_requests::table)
            .filter(tranche_items::proposal_id.eq(proposals::id).and(not(is_left_out!())))
            .filter(tranche_requests::state.eq_any(states)),
    ))
}

/// Submitted, or reviewed already.
fn final_report_made() -> Condition {
    final_report(vec![ReportState::Submitted, ReportState::Reviewed])
}

fn final_report(states: Vec<ReportState>) -> Condition {
    Box::new(exists(
        reports::table
            .filter(reports::proposal_id.eq(proposals::id))
            .filter(reports::kind.eq(ReportKind::Final))
            .filter(reports::state.eq_any(states)),
    ))
}
