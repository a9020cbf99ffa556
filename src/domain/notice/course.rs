//! Whether what was told later makes a step out of date that was asked for before: of what happened to a proposal in a day,
//! the steps that are open still.

use crate::domain::deadline::DeadlineKind;
use crate::domain::notice::detail::Detail;
use crate::domain::notice::telling::{Audience, audience};
use crate::domain::notice::{NoticeEvent, NoticeFacts};
use crate::domain::proposal::State;
use crate::domain::report::ReportKind;
use chrono::NaiveDate;

/// What runs its own course, from one message to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Course {
    /// The proposal's way through the workflow.
    Proposal,
    /// Its activity plan.
    Plan,
    /// A request for a tranche.
    Request,
    /// A report.
    Report,
    /// An audit hold.
    Hold,
    /// A document that need not be there, or has to be again.
    Waiver,
    /// Who reviews it.
    Assignment,
    /// A deadline.
    Reminder,
    /// Money and contracts: each message is about something of its own.
    Books,
}

fn course(event: NoticeEvent) -> Course {
    use NoticeEvent as E;
    if matches!(audience(event), Audience::Arrow(_)) {
        return Course::Proposal;
    }
    match event {
        E::PlanSubmitted | E::PlanReturned => Course::Plan,
        E::TrancheRequested
        | E::TrancheReviewed
        | E::TrancheVerified
        | E::TrancheRefused
        | E::TrancheReduced
        | E::PaymentHeld => Course::Request,
        E::ReportSubmitted | E::ReportReviewed | E::ReportReturned => Course::Report,
        E::HoldSet | E::HoldLifted => Course::Hold,
        E::WaiverGranted | E::WaiverRevoked => Course::Waiver,
        E::ReviewerAssigned | E::ReviewerReleased => Course::Assignment,
        E::Reminder => Course::Reminder,
        _ => Course::Books,
    }
}

/// Which request, report, document or deadline it is about, where that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Matter {
    Tranche(i64),
    Report(ReportKind, NaiveDate),
    Document(String),
    Deadline(DeadlineKind, Option<i64>),
}

fn matter(facts: &NoticeFacts) -> Option<Matter> {
    if let Some(reminder) = &facts.reminder {
        return Some(Matter::Deadline(reminder.kind, reminder.n));
    }
    facts.details.iter().find_map(|detail| match detail {
        Detail::Tranche { n } | Detail::RequestReduced { n, .. } => Some(Matter::Tranche(*n)),
        Detail::Report { report, as_of, .. } => Some(Matter::Report(*report, *as_of)),
        Detail::Document(name) => Some(Matter::Document(name.document_type.clone())),
        _ => None,
    })
}

/// Whether a later message about a proposal makes out of date what an earlier one asked for.
pub fn settles(later: (NoticeEvent, &NoticeFacts), earlier: (NoticeEvent, &NoticeFacts)) -> bool {
    let (now, before) = (course(later.0), course(earlier.0));
    let is_same_matter = matter(later.1) == matter(earlier.1);
    // What these ask for is what the state asked for then.
    let follows_state = matches!(
        earlier.0,
        NoticeEvent::ConditionLifted | NoticeEvent::WaiverGranted | NoticeEvent::TrancheReduced
    );
    if follows_state && now == Course::Proposal {
        return true;
    }
    match before {
        // Where it stands now is what counts; what left it where it stands asks for the same once more.
        Course::Proposal => now == Course::Proposal,
        Course::Books => later.0 == earlier.0 && earlier.0 == NoticeEvent::CeilingChanged,
        _ if now == before => is_same_matter,
        _ if now != Course::Proposal => false,
        // The workflow went on.
        _ if is_over(later.1.state) => true,
        Course::Plan => {
            matches!(later.0, NoticeEvent::ApprovePlan | NoticeEvent::ApprovePlanChange)
        }
        Course::Request => later.0 == NoticeEvent::Disburse && is_same_matter,
        Course::Reminder => match matter(earlier.1) {
            Some(Matter::Deadline(kind, _)) => is_of_the_way(kind),
            _ => false,
        },
        Course::Report | Course::Hold | Course::Waiver | Course::Assignment => false,
    }
}

/// Whether an arrow of the workflow answers a reminder of such a deadline; reports and payments have ways of their own.
const fn is_of_the_way(kind: DeadlineKind) -> bool {
    match kind {
        DeadlineKind::Submission
        | DeadlineKind::Correction
        | DeadlineKind::Clarification
        | DeadlineKind::Harmonisation
        | DeadlineKind::PlanApproval
        | DeadlineKind::ContractGate
        | DeadlineKind::RecommendationGate
        | DeadlineKind::OperationCheck => true,
        DeadlineKind::TrancheDocuments
        | DeadlineKind::TrancheWindow
        | DeadlineKind::QuarterlyReport
        | DeadlineKind::FinalReport
        | DeadlineKind::FindingFollowUp => false,
    }
}

/// Whether nothing is left to do about a proposal.
const fn is_over(state: State) -> bool {
    matches!(
        state,
        State::Closed
            | State::Rejected
            | State::Withdrawn
            | State::Lapsed
            | State::Unfunded
            | State::Forfeited
            | State::Cancelled
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProposalId;
    use crate::domain::moment::Moment;

    fn facts(state: State, details: Vec<Detail>) -> NoticeFacts {
        NoticeFacts {
            at: Moment::default(),
            tells: Vec::new(),
            only: None,
            proposal_id: ProposalId::new(),
            title: String::new(),
            region_code: "18.08".into(),
            region_name: String::new(),
            commodity: String::new(),
            fiscal_year: 2021,
            state,
            actor: String::new(),
            actor_id: None,
            comment: None,
            due: None,
            missed: None,
            amount: None,
            details,
            reminder: None,
        }
    }

    #[test]
    fn a_course_goes_on_and_leaves_those_beside_it_alone() {
        use NoticeEvent as E;
        let funded = facts(State::Funded, Vec::new());
        let first = facts(State::Funded, vec![Detail::Tranche { n: 1 }]);
        let second = facts(State::Funded, vec![Detail::Tranche { n: 2 }]);
        assert!(settles((E::TrancheReviewed, &first), (E::TrancheRequested, &first)));
        assert!(settles((E::Disburse, &first), (E::TrancheVerified, &first)));
        assert!(!settles((E::Disburse, &first), (E::TrancheRefused, &second)));
        assert!(!settles((E::ReportReviewed, &funded), (E::TrancheRefused, &first)));
        assert!(settles((E::Verify, &funded), (E::Submit, &funded)));
        assert!(settles((E::ApprovePlan, &funded), (E::PlanReturned, &funded)));
        assert!(!settles((E::AcceptContracts, &funded), (E::PlanReturned, &funded)));
        assert!(settles((E::HoldLifted, &funded), (E::HoldSet, &funded)));
        assert!(!settles((E::EntryReversed, &funded), (E::EntryReversed, &funded)));
        let over = facts(State::Cancelled, Vec::new());
        assert!(settles((E::Cancel, &over), (E::TrancheRefused, &first)));
        assert!(!settles((E::Cancel, &over), (E::MoneyRecovered, &funded)));
    }

    #[test]
    fn a_report_is_settled_by_its_own_and_a_document_too() {
        use NoticeEvent as E;
        let report = |as_of: &str| {
            let as_of = as_of.parse().expect("a day");
            let kind = ReportKind::Quarterly;
            facts(State::Funded, vec![Detail::Report { report: kind, as_of, physical_bp: 1 }])
        };
        let (first, second) = (report("2021-06-30"), report("2021-09-30"));
        assert!(settles((E::ReportReviewed, &first), (E::ReportReturned, &first)));
        assert!(!settles((E::ReportReviewed, &second), (E::ReportReturned, &first)));
    }
}
