//! By when the step that an event asks for is due, where a rule of the year dates it. What is raised and what a preview
//! shows are dated here alike.

use crate::domain::deadline;
use crate::domain::gate;
use crate::domain::moment::{Moment, Zone};
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::{Detail, DueAt, NoticeDue};
use crate::domain::notice::telling::{Audience, audience};
use crate::domain::policy::Policy;
use crate::domain::proposal::State;
use crate::domain::report::{self, ReportKind};
use crate::domain::tranche::{Mode, pays_until};
use chrono::NaiveDate;

/// What dates the step that an event asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The deadline that lies before the proposal where it stands.
    State,
    /// The terms of the request for a tranche.
    Request,
    /// When the report was due that was sent back.
    Report,
    /// No rule does.
    Undated,
}

/// What dates the step of an event that left a proposal in a state.
pub fn ground(event: NoticeEvent, state: State) -> Ground {
    if matches!(audience(event), Audience::Arrow(_)) {
        return Ground::State;
    }
    match event {
        NoticeEvent::PlanSubmitted | NoticeEvent::PlanReturned | NoticeEvent::ConditionLifted => {
            Ground::State
        }
        // The date before a harmonisation is the region's to answer by, and asks for no document.
        NoticeEvent::WaiverGranted | NoticeEvent::WaiverRevoked => match state {
            State::Harmonisation => Ground::Undated,
            _ => Ground::State,
        },
        // A first plan has its date; for a cut an approved one may be changed at any time.
        NoticeEvent::CeilingChanged => match state {
            State::Allocated => Ground::State,
            _ => Ground::Undated,
        },
        NoticeEvent::TrancheRequested
        | NoticeEvent::TrancheReviewed
        | NoticeEvent::TrancheVerified
        | NoticeEvent::TrancheRefused
        | NoticeEvent::PaymentHeld => Ground::Request,
        NoticeEvent::ReportReturned => Ground::Report,
        _ => Ground::Undated,
    }
}

/// Where a proposal stands, as far as a date follows from it.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Its state.
    pub state: State,
    /// Whether it was sent back before.
    pub returned: bool,
    /// Until when an answer is due.
    pub due_on: Option<NaiveDate>,
    /// Whether it is paid in one sum on recommendation.
    pub recommended: bool,
    /// The clocks of its region.
    pub zone: Zone,
}

/// The deadline that lies before a proposal where it stands.
pub fn of_state(standing: &Standing, policy: &Policy, now: Moment) -> Option<NoticeDue> {
    let answer = || standing.due_on.map(|due| (standing.zone.end_of(due), standing.zone));
    let stated = match standing.state {
        State::Clarification | State::Harmonisation => return dated(answer()?, policy, now),
        State::Draft | State::PlanningCheck | State::Endorsement => {
            policy.window_at(standing.returned, now)?.closes
        }
        State::Allocated if now < policy.plan.due.moment() => policy.plan.due,
        State::Allocated | State::Planned | State::Contracted if standing.recommended => {
            policy.recommendation_gate()
        }
        State::Allocated | State::Planned | State::Contracted => policy.contract_gate,
        State::Verification
        | State::TechnicalReview
        | State::SiteVerification
        | State::Decision
        | State::Approved
        | State::Funded
        | State::Reporting
        | State::Operating
        | State::Closed
        | State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded
        | State::Forfeited
        | State::Cancelled => return None,
    };
    dated((stated.moment(), stated.zone), policy, now)
}

/// A request for a tranche, as far as dates follow from it.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// How its region is paid.
    pub mode: Mode,
    /// Which tranche, from 1.
    pub n: i64,
    /// When the inspector's review made it complete.
    pub reviewed_at: Option<Moment>,
    /// The clocks of its region.
    pub zone: Zone,
}

/// By when the step is due that an event asks for over a request: until its tranche is paid no more, it is reviewed; within
/// the working days of the policy after that, it is verified and paid; a new one for what was refused has to be received
/// while documents are, and for what a hold kept back, which is not late, while the tranche is paid.
pub fn of_request(
    event: NoticeEvent,
    request: &Request,
    policy: &Policy,
    now: Moment,
) -> Option<NoticeDue> {
    let index = usize::try_from(request.n.saturating_sub(1)).ok()?;
    let span = gate::span(policy, request.mode, index)?;
    let until = match event {
        NoticeEvent::TrancheRequested | NoticeEvent::PaymentHeld => {
            (span.payable_until, span.closes.zone)
        }
        NoticeEvent::TrancheReviewed | NoticeEvent::TrancheVerified => {
            let days = u32::try_from(policy.payment_working_days).unwrap_or_default();
            let last = pays_until(&policy.calendar(), days, request.reviewed_at?, request.zone);
            (request.zone.end_of(last), request.zone)
        }
        NoticeEvent::TrancheRefused => {
            // What is handed over first and paid then is bound by no gate but its own.
            let is_gated = request.n == 1 && request.mode != Mode::LumpSumOnRecommendation;
            let gate = Some(policy.contract_gate).filter(|_| is_gated);
            let first = gate.into_iter().chain([span.due]).min_by_key(|one| one.moment())?;
            (first.moment(), first.zone)
        }
        _ => return None,
    };
    dated(until, policy, now)
}

/// When a report was due that was sent back; none for one that goes with a request.
pub fn of_report(
    details: &[Detail],
    zone: Zone,
    policy: &Policy,
    now: Moment,
) -> Option<NoticeDue> {
    let (kind, as_of) = details.iter().find_map(|detail| match detail {
        Detail::Report { report, as_of, .. } => Some((*report, *as_of)),
        _ => None,
    })?;
    let last = match kind {
        ReportKind::Quarterly => {
            report::quarters(policy).into_iter().find(|(end, _)| *end == as_of)?.1
        }
        ReportKind::Final => report::final_due(policy)?,
        ReportKind::Progress => return None,
    };
    dated((zone.end_of(last), zone), policy, now)
}

/// A date, with the working days that are left until it.
pub fn dated((at, zone): (Moment, Zone), policy: &Policy, now: Moment) -> Option<NoticeDue> {
    let (_, working_days_left) = deadline::left_until(&policy.calendar(), now, at, zone);
    Some(NoticeDue::At(DueAt { at, zone, working_days_left }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy::parse(include_str!("../../../policies/2021.toml")).expect("a policy")
    }

    fn moment(text: &str) -> Moment {
        serde_json::from_value(serde_json::json!(text)).expect("a moment")
    }

    fn at(due: Option<NoticeDue>) -> Option<(String, i64)> {
        due.map(|due| match due {
            NoticeDue::At(due) => (due.at.to_string(), due.working_days_left),
            NoticeDue::Plain(text) => panic!("{text}"),
        })
    }

    #[test]
    fn a_request_is_paid_within_five_working_days_of_its_review_and_asked_for_anew_before_the_gate()
    {
        let policy = policy();
        let now = moment("2021-07-08T03:00:00Z");
        let request = Request { mode: Mode::Staged, n: 1, reviewed_at: Some(now), zone: Zone::Wit };
        let due = |event, request: &Request| at(of_request(event, request, &policy, now));
        // Thursday, 8 July: the fifth working day is the next Thursday, until its end in Papua.
        let paid = Some(("2021-07-15T15:00:00.000000Z".to_owned(), 5));
        assert_eq!(due(NoticeEvent::TrancheReviewed, &request), paid);
        assert_eq!(due(NoticeEvent::TrancheVerified, &request), paid);
        let unreviewed = Request { reviewed_at: None, ..request };
        assert_eq!(due(NoticeEvent::TrancheVerified, &unreviewed), None);
        let closes = policy.tranches[0].closes.moment().to_string();
        let until = |event| due(event, &unreviewed).expect("a date").0;
        assert_eq!(until(NoticeEvent::TrancheRequested), closes);
        assert_eq!(until(NoticeEvent::PaymentHeld), closes);
        assert_eq!(until(NoticeEvent::TrancheRefused), "2021-07-21T10:00:00.000000Z");
        let second = Request { n: 2, ..unreviewed };
        let documents = policy.tranches[1].documents_due.moment().to_string();
        assert_eq!(due(NoticeEvent::TrancheRefused, &second).expect("a date").0, documents);
        assert_eq!(due(NoticeEvent::TrancheRefused, &Request { n: 9, ..second }), None);
        assert_eq!(due(NoticeEvent::HoldSet, &request), None);
    }

    #[test]
    fn a_report_that_was_sent_back_is_due_when_it_was_and_one_in_between_is_not() {
        let policy = policy();
        let now = moment("2021-07-08T03:00:00Z");
        let due = |report, as_of: &str| {
            let as_of = as_of.parse().expect("a day");
            let detail = Detail::Report { report, as_of, physical_bp: 5_000 };
            at(of_report(&[detail], Zone::Wib, &policy, now)).map(|(at, _)| at)
        };
        let quarter = report::quarters(&policy)[1];
        let end = Zone::Wib.end_of(quarter.1).to_string();
        assert_eq!(due(ReportKind::Quarterly, "2021-06-30"), Some(end));
        assert_eq!(due(ReportKind::Quarterly, "2021-06-29"), None);
        assert_eq!(due(ReportKind::Progress, "2021-06-30"), None);
        let last = report::final_due(&policy).expect("a day");
        assert!(last > "2022-01-01".parse().expect("a day"));
        assert_eq!(due(ReportKind::Final, "2021-07-01"), Some(Zone::Wib.end_of(last).to_string()));
    }

    #[test]
    fn a_cut_dates_a_first_plan_alone() {
        assert_eq!(ground(NoticeEvent::CeilingChanged, State::Allocated), Ground::State);
        assert_eq!(ground(NoticeEvent::CeilingChanged, State::Planned), Ground::Undated);
        assert_eq!(ground(NoticeEvent::WaiverRevoked, State::Harmonisation), Ground::Undated);
        assert_eq!(ground(NoticeEvent::Approve, State::Approved), Ground::State);
        assert_eq!(ground(NoticeEvent::HoldLifted, State::Contracted), Ground::Undated);
    }
}
