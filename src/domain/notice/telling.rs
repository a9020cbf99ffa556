//! Who is told: one table over all events. What follows from an arrow of the workflow is told to those whom the arrow
//! names; everything else is told to those who stand here. Each role is told within its scope over the proposal, and
//! nobody is told of what they did themselves.

use crate::domain::act::Action;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::Role;
use crate::domain::proposal::{Menu, State};
use crate::domain::workflow;

/// Who is told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The roles of the arrow that was taken.
    Arrow(Action),
    /// Everybody who holds one of the roles over the proposal.
    Roles(&'static [Role]),
    /// The one person that it is about, as holder of a role over the proposal.
    One(Role),
    /// The owner of the account that it is about, or who chose to be told once a day.
    Owner,
}

/// A role that is told of an event that left the proposal in a state; in any, where the event leaves it where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Telling {
    /// As what.
    pub role: Role,
    /// Where the proposal stands then.
    pub state: Option<State>,
}

const REGION_AND_PAYERS: &[Role] =
    &[Role::Drafter, Role::RegionalHead, Role::Inspector, Role::Approver, Role::Treasurer];

/// Who can stand on a ladder of reminders; which of them are told at a step, the policy of the year says.
const LADDER: &[Role] = &[
    Role::Drafter,
    Role::RegionalHead,
    Role::Planner,
    Role::Inspector,
    Role::Verifier,
    Role::Reviewer,
    Role::Approver,
    Role::Treasurer,
    Role::Auditor,
];

/// Who is told of an event.
#[rustfmt::skip]
pub const fn audience(event: NoticeEvent) -> Audience {
    use Audience::{Arrow, One, Owner, Roles};
    match event {
        NoticeEvent::RequestPlanningCheck => Arrow(Action::RequestPlanningCheck),
        NoticeEvent::Return => Arrow(Action::Return),
        NoticeEvent::ConfirmPlanning => Arrow(Action::ConfirmPlanning),
        NoticeEvent::Submit => Arrow(Action::Submit),
        NoticeEvent::Verify => Arrow(Action::Verify),
        NoticeEvent::NotRecommend => Arrow(Action::NotRecommend),
        NoticeEvent::RequestClarification => Arrow(Action::RequestClarification),
        NoticeEvent::Answer => Arrow(Action::Answer),
        NoticeEvent::Lapse => Arrow(Action::Lapse),
        NoticeEvent::Recommend => Arrow(Action::Recommend),
        NoticeEvent::AdviseAgainst => Arrow(Action::AdviseAgainst),
        NoticeEvent::ConfirmSite => Arrow(Action::ConfirmSite),
        NoticeEvent::FailSite => Arrow(Action::FailSite),
        NoticeEvent::ProposeAgreement => Arrow(Action::ProposeAgreement),
        NoticeEvent::AcceptAgreement => Arrow(Action::AcceptAgreement),
        NoticeEvent::DeclineAgreement => Arrow(Action::DeclineAgreement),
        NoticeEvent::CloseWithoutAgreement => Arrow(Action::CloseWithoutAgreement),
        NoticeEvent::Approve => Arrow(Action::Approve),
        NoticeEvent::ApproveWithConditions => Arrow(Action::ApproveWithConditions),
        NoticeEvent::ReturnToReview => Arrow(Action::ReturnToReview),
        NoticeEvent::Reject => Arrow(Action::Reject),
        NoticeEvent::Allocate => Arrow(Action::Allocate),
        NoticeEvent::DeclineAllocation => Arrow(Action::DeclineAllocation),
        NoticeEvent::ApprovePlan => Arrow(Action::ApprovePlan),
        NoticeEvent::ApprovePlanChange => Arrow(Action::ApprovePlanChange),
        NoticeEvent::AcceptContracts => Arrow(Action::AcceptContracts),
        NoticeEvent::RecordHandover => Arrow(Action::RecordHandover),
        NoticeEvent::Disburse => Arrow(Action::Disburse),
        NoticeEvent::Forfeit => Arrow(Action::Forfeit),
        NoticeEvent::CompleteWorks => Arrow(Action::CompleteWorks),
        NoticeEvent::EndShort => Arrow(Action::EndShort),
        NoticeEvent::HandOver => Arrow(Action::HandOver),
        NoticeEvent::Close => Arrow(Action::Close),
        NoticeEvent::CloseUnused => Arrow(Action::CloseUnused),
        NoticeEvent::Withdraw => Arrow(Action::Withdraw),
        NoticeEvent::Cancel => Arrow(Action::Cancel),
        NoticeEvent::Revive => Arrow(Action::Revive),
        NoticeEvent::HoldSet | NoticeEvent::HoldLifted => Roles(REGION_AND_PAYERS),
        NoticeEvent::PaymentHeld => Roles(&[Role::RegionalHead, Role::Drafter, Role::Inspector, Role::Treasurer, Role::Auditor]),
        NoticeEvent::FindingOpened | NoticeEvent::FindingReturned => Roles(&[Role::Drafter, Role::RegionalHead, Role::Inspector]),
        NoticeEvent::FindingAnswered => Roles(&[Role::Auditor, Role::RegionalHead, Role::Inspector]),
        NoticeEvent::FindingClosed => Roles(&[Role::Drafter, Role::RegionalHead, Role::Inspector, Role::Auditor]),
        NoticeEvent::ConditionLifted => Roles(&[Role::Drafter, Role::RegionalHead]),
        NoticeEvent::WaiverGranted | NoticeEvent::WaiverRevoked => Roles(&[Role::Drafter, Role::RegionalHead, Role::Reviewer]),
        NoticeEvent::PlanSubmitted => Roles(&[Role::Approver]),
        NoticeEvent::PlanReturned => Roles(&[Role::Drafter, Role::RegionalHead]),
        NoticeEvent::TrancheRequested => Roles(&[Role::Inspector, Role::Drafter]),
        NoticeEvent::TrancheReviewed => Roles(&[Role::Treasurer, Role::RegionalHead]),
        NoticeEvent::TrancheVerified => Roles(&[Role::Treasurer]),
        NoticeEvent::TrancheRefused => Roles(&[Role::RegionalHead, Role::Drafter, Role::Inspector]),
        NoticeEvent::TrancheReduced => Roles(&[Role::RegionalHead, Role::Inspector, Role::Treasurer]),
        NoticeEvent::EntryReversed => Roles(&[Role::Drafter, Role::RegionalHead, Role::Inspector, Role::Treasurer]),
        NoticeEvent::ContractAmended => Roles(&[Role::Inspector, Role::RegionalHead]),
        NoticeEvent::MoneyRecovered => Roles(&[Role::Inspector, Role::RegionalHead, Role::Drafter]),
        NoticeEvent::LeftoverCarried => Roles(&[Role::Inspector, Role::RegionalHead, Role::Treasurer]),
        NoticeEvent::CeilingChanged => Roles(&[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Approver]),
        NoticeEvent::ReportSubmitted => Roles(&[Role::Inspector]),
        NoticeEvent::ReportReviewed | NoticeEvent::ReportReturned => Roles(&[Role::Drafter, Role::RegionalHead]),
        NoticeEvent::ReviewerAssigned | NoticeEvent::ReviewerReleased => One(Role::Reviewer),
        NoticeEvent::Reminder => Roles(LADDER),
        NoticeEvent::Invited | NoticeEvent::PasswordReset | NoticeEvent::PasswordSet | NoticeEvent::Digest => Owner,
    }
}

/// Each role that can be told of an event, with each state in which the event leaves the proposal for it.
pub fn tellings(event: NoticeEvent) -> Vec<Telling> {
    let mut all: Vec<Telling> = Vec::new();
    let mut add = |role: Role, state: Option<State>| {
        let telling = Telling { role, state };
        if !all.contains(&telling) {
            all.push(telling);
        }
    };
    match audience(event) {
        Audience::Arrow(action) => {
            for arrow in Menu::ALL.iter().flat_map(|menu| workflow::arrows(*menu)) {
                if arrow.action == action {
                    arrow.tells.iter().for_each(|role| add(*role, Some(arrow.to)));
                }
            }
        }
        Audience::Roles(roles) => roles.iter().for_each(|role| add(*role, None)),
        Audience::One(role) => add(role, None),
        Audience::Owner => {}
    }
    all
}

/// The roles that are told of an event, whatever became of the proposal.
pub fn roles(event: NoticeEvent) -> Vec<Role> {
    let mut all: Vec<Role> = Vec::new();
    for telling in tellings(event) {
        if !all.contains(&telling.role) {
            all.push(telling.role);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_arrow_that_tells_has_the_event_of_its_name() {
        for arrow in Menu::ALL.iter().flat_map(|menu| workflow::arrows(*menu)) {
            let event: Result<NoticeEvent, _> = arrow.action.as_str().parse();
            match event {
                Ok(event) => {
                    assert_eq!(audience(event), Audience::Arrow(arrow.action));
                    let known = roles(event);
                    assert!(arrow.tells.iter().all(|role| known.contains(role)), "{event}");
                }
                Err(_) => assert!(arrow.tells.is_empty(), "{} tells nobody", arrow.action),
            }
        }
    }

    #[test]
    fn each_event_about_a_proposal_is_told_to_somebody_and_to_no_role_that_nobody_holds() {
        for event in NoticeEvent::ALL {
            let told = roles(*event);
            assert_eq!(told.is_empty(), !event.is_about_proposal(), "{event}");
            assert!(
                !told.contains(&Role::System) && !told.contains(&Role::Administrator),
                "{event}"
            );
        }
    }
}
