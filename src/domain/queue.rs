//! Whose turn it is: for each state, which role a proposal waits for, and under what condition.
//!
//! Not every arrow that a person could take is awaited of them: nobody waits for a withdrawal, a cancellation or the
//! next payment order. So this is a table of its own; a test holds it to the machine. Findings wait in whatever state their
//! proposal is, and have a table of theirs.

use crate::domain::document::FOLLOWERS;
use crate::domain::finding::FindingState;
use crate::domain::people::{Duty, Role, conflict};
use crate::domain::proposal::State;

use State::*;

text_enum! {
    /// Whose queue is asked for.
    pub enum Whose {
        /// The caller's own.
        Mine = "mine",
    }
}

/// Under which condition a proposal in a state waits for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// Always.
    Always,
    /// A change request is open, or no line, amount or site was changed: the drafter answers.
    AnswerDue,
    /// Every request is answered, and a line, an amount or the site was changed: the regional head answers.
    HeadAnswerDue,
    /// No agreement was put to the region.
    AgreementDue,
    /// An agreement was put to the region, which may still answer when the due date has passed.
    AgreementProposed,
    /// The due date of an agreement has passed.
    AgreementOverdue,
    /// No activity plan waits for approval.
    PlanDue,
    /// An activity plan waits for approval.
    PlanSubmitted,
    /// A contract is recorded.
    ContractsRecorded,
    /// It is paid on recommendation, and its handover is not recorded.
    HandoverDue,
    /// No request for money stands; a lump sum on recommendation is handed over.
    RequestDue,
    /// A request for money waits for the inspector.
    RequestMade,
    /// A request for money waits for the treasurer who verifies.
    RequestReviewed,
    /// A request for money waits for the treasurer who pays.
    RequestVerified,
    /// A report waits for its review.
    ReportSubmitted,
    /// A new centre is to be handed over, or no final report is submitted.
    WindUpDue,
    /// No final report is submitted.
    FinalReportDue,
    /// The final report of what is to be closed next is reviewed.
    CloseDue,
}

/// That a proposal in a state waits for a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Where it stands.
    pub state: State,
    /// For whom.
    pub role: Role,
    /// Under which condition.
    pub when: When,
    /// What doing it counts as; four eyes excludes some.
    pub duty: Duty,
}

const fn wait(state: State, role: Role, when: When, duty: Duty) -> Wait {
    Wait { state, role, when, duty }
}

/// Everything that is awaited of anybody.
#[rustfmt::skip]
pub const WAITS: &[Wait] = &[
    wait(Draft,            Role::Drafter,      When::Always,            Duty::Drafting),
    wait(PlanningCheck,    Role::Planner,      When::Always,            Duty::PlanningCheck),
    wait(Endorsement,      Role::RegionalHead, When::Always,            Duty::Endorsement),
    wait(Verification,     Role::Verifier,     When::Always,            Duty::Verification),
    wait(TechnicalReview,  Role::Reviewer,     When::Always,            Duty::Review),
    wait(Clarification,    Role::Drafter,      When::AnswerDue,         Duty::Drafting),
    wait(Clarification,    Role::RegionalHead, When::HeadAnswerDue,     Duty::Endorsement),
    wait(SiteVerification, Role::Reviewer,     When::Always,            Duty::Review),
    wait(Harmonisation,    Role::Reviewer,     When::AgreementDue,      Duty::Review),
    wait(Harmonisation,    Role::Planner,      When::AgreementProposed, Duty::PlanningCheck),
    wait(Harmonisation,    Role::Reviewer,     When::AgreementOverdue,  Duty::Review),
    wait(Decision,         Role::Approver,     When::Always,            Duty::Decision),
    wait(Approved,         Role::Treasurer,    When::Always,            Duty::Allocation),
    wait(Allocated,        Role::Drafter,      When::PlanDue,           Duty::Drafting),
    wait(Allocated,        Role::Approver,     When::PlanSubmitted,     Duty::Decision),
    wait(Planned,          Role::Drafter,      When::Always,            Duty::Drafting),
    wait(Planned,          Role::Approver,     When::PlanSubmitted,     Duty::Decision),
    wait(Planned,          Role::Inspector,    When::ContractsRecorded, Duty::Inspection),
    wait(Contracted,       Role::Drafter,      When::HandoverDue,       Duty::Drafting),
    wait(Contracted,       Role::Approver,     When::PlanSubmitted,     Duty::Decision),
    wait(Contracted,       Role::RegionalHead, When::RequestDue,        Duty::Endorsement),
    wait(Contracted,       Role::Inspector,    When::RequestMade,       Duty::Inspection),
    wait(Contracted,       Role::Treasurer,    When::RequestReviewed,   Duty::PaymentVerification),
    wait(Contracted,       Role::Treasurer,    When::RequestVerified,   Duty::Payment),
    wait(Contracted,       Role::Inspector,    When::ReportSubmitted,   Duty::Inspection),
    wait(Funded,           Role::Drafter,      When::Always,            Duty::Drafting),
    wait(Funded,           Role::Approver,     When::PlanSubmitted,     Duty::Decision),
    wait(Funded,           Role::Inspector,    When::RequestMade,       Duty::Inspection),
    wait(Funded,           Role::Treasurer,    When::RequestReviewed,   Duty::PaymentVerification),
    wait(Funded,           Role::Treasurer,    When::RequestVerified,   Duty::Payment),
    wait(Funded,           Role::Inspector,    When::ReportSubmitted,   Duty::Inspection),
    wait(Reporting,        Role::Drafter,      When::WindUpDue,         Duty::Drafting),
    wait(Reporting,        Role::Inspector,    When::RequestMade,       Duty::Inspection),
    wait(Reporting,        Role::Treasurer,    When::RequestReviewed,   Duty::PaymentVerification),
    wait(Reporting,        Role::Treasurer,    When::RequestVerified,   Duty::Payment),
    wait(Reporting,        Role::Inspector,    When::ReportSubmitted,   Duty::Inspection),
    wait(Reporting,        Role::Inspector,    When::CloseDue,          Duty::Inspection),
    wait(Operating,        Role::Drafter,      When::FinalReportDue,    Duty::Drafting),
    wait(Operating,        Role::Inspector,    When::ReportSubmitted,   Duty::Inspection),
    wait(Operating,        Role::Inspector,    When::CloseDue,          Duty::Inspection),
];

/// That a finding in a state waits for a role, wherever its proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FindingWait {
    /// Where the finding stands.
    pub state: FindingState,
    /// For whom.
    pub role: Role,
    /// What doing it counts as; four eyes excludes some.
    pub duty: Duty,
}

/// Everything that is awaited of anybody over a finding: it is followed up by those who may, and then judged.
pub fn findings() -> impl Iterator<Item = FindingWait> {
    let judged =
        FindingWait { state: FindingState::Answered, role: Role::Auditor, duty: Duty::Audit };
    FOLLOWERS
        .iter()
        .map(|(role, duty)| FindingWait { state: FindingState::Open, role: *role, duty: *duty })
        .chain([judged])
}

/// What is awaited of a role.
pub fn of(role: Role) -> impl Iterator<Item = &'static Wait> {
    WAITS.iter().filter(move |wait| wait.role == role)
}

/// The earlier duties that keep a person from one.
pub fn excluding(duty: Duty) -> Vec<Duty> {
    Duty::ALL.iter().copied().filter(|other| conflict(*other, duty)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::proposal::Menu;
    use crate::domain::workflow;

    #[test]
    fn whatever_has_not_ended_waits_for_somebody_and_what_has_for_nobody() {
        for state in State::ALL {
            let awaited = WAITS.iter().any(|wait| wait.state == *state);
            assert_eq!(awaited, !state.is_end(), "{state}");
        }
    }

    #[test]
    fn nobody_is_awaited_who_could_never_move_it() {
        // Reports, requests and plans are moved by calls of their own, whose roles the machine names elsewhere.
        let own_course = |wait: &Wait| {
            matches!(
                wait.when,
                When::PlanDue
                    | When::RequestDue
                    | When::RequestMade
                    | When::ReportSubmitted
                    | When::FinalReportDue
            ) || (wait.state, wait.role) == (Planned, Role::Drafter)
        };
        for wait in WAITS.iter().filter(|wait| !own_course(wait)) {
            let moves = Menu::ALL.iter().flat_map(|menu| workflow::arrows(*menu));
            let arrow =
                moves.filter(|arrow| arrow.from == wait.state && arrow.role == wait.role).find(
                    |arrow| arrow.duty() == Some(wait.duty) || wait.when == When::RequestReviewed,
                );
            assert!(arrow.is_some(), "{wait:?}");
        }
    }

    #[test]
    fn a_finding_waits_for_somebody_until_it_is_closed() {
        for state in FindingState::ALL {
            let awaited = findings().any(|wait| wait.state == *state);
            assert_eq!(awaited, *state != FindingState::Closed, "{state}");
        }
    }

    #[test]
    fn each_is_awaited_once_under_one_condition() {
        let mut seen = std::collections::BTreeSet::new();
        for wait in WAITS {
            assert!(seen.insert((wait.state, wait.role, wait.when)), "{wait:?}");
        }
    }
}
