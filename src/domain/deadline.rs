//! The radar of deadlines: which dates lie before a proposal, or an allocation, by the rules that hold for it now.

use crate::domain::calendar::Calendar;
use crate::domain::finding::Awaited;
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::{Deadline, ModeRule, Policy};
use crate::domain::proposal::State;
use crate::domain::tranche::Mode;
use chrono::{Datelike, Months, NaiveDate};

text_enum! {
    /// What is due.
    pub enum DeadlineKind {
        /// A draft is submitted before its window closes.
        Submission = "submission",
        /// A returned draft is submitted again before its window closes.
        Correction = "correction",
        /// The region answers a clarification; without an answer the proposal lapses.
        Clarification = "clarification",
        /// The region answers an agreement.
        Harmonisation = "harmonisation",
        /// The activity plan (RK) is approved.
        PlanApproval = "plan_approval",
        /// Contracts and the first request are there; what misses it is forfeited.
        ContractGate = "contract_gate",
        /// A lump sum on recommendation is asked for; what misses it is forfeited.
        RecommendationGate = "recommendation_gate",
        /// The documents of a tranche are there.
        TrancheDocuments = "tranche_documents",
        /// A tranche is paid.
        TrancheWindow = "tranche_window",
        /// The report of a quarter is submitted.
        QuarterlyReport = "quarterly_report",
        /// The final report is submitted.
        FinalReport = "final_report",
        /// The use of a new centre is checked.
        OperationCheck = "operation_check",
        /// The region follows up a finding of an auditor.
        FindingFollowUp = "finding_follow_up",
    }
}

/// The states in which something can be due; a finding can wait for its region in any.
pub const STATES: [State; 11] = [
    State::Draft,
    State::PlanningCheck,
    State::Endorsement,
    State::Clarification,
    State::Harmonisation,
    State::Allocated,
    State::Planned,
    State::Contracted,
    State::Funded,
    State::Reporting,
    State::Operating,
];

/// A date that lies before something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What is due.
    pub kind: DeadlineKind,
    /// Where the policy states it, as a JSON pointer; the proposal's own due date has none there.
    pub rule: Option<String>,
    /// When it passes: the first instant that is too late.
    pub at: Moment,
    /// Whose clocks count.
    pub zone: Zone,
    /// The number of the tranche, of the quarter or of the finding.
    pub n: Option<i64>,
}

/// What the radar looks at in a proposal.
#[derive(Debug, Clone, Default)]
pub struct Prospect {
    /// Whether it was sent back before.
    pub returned: bool,
    /// Until when an answer is due.
    pub due_on: Option<NaiveDate>,
    /// Whether it is paid in one sum on recommendation.
    pub recommended: bool,
    /// Whether a first request that contains it was received, and stands.
    pub asked: bool,
    /// When its first contract was signed.
    pub contracted_on: Option<NaiveDate>,
    /// Until which day its quarterly reports speak.
    pub reported_until: Option<NaiveDate>,
    /// Whether its final report is submitted or reviewed.
    pub final_reported: bool,
    /// Since when the new centre is in use.
    pub operating_since: Option<NaiveDate>,
    /// Findings that wait for the region.
    pub findings: Vec<Awaited>,
}

/// The dates that lie before a proposal that stands in a state, the payment of tranches left aside: that is its
/// allocation's. What has passed and can still be done is among them; what has passed for good is not.
pub fn of_proposal(
    state: State,
    prospect: &Prospect,
    policy: &Policy,
    zone: Zone,
    now: Moment,
) -> Vec<Due> {
    let mut all = Vec::new();
    match state {
        State::Draft | State::PlanningCheck | State::Endorsement => {
            all.extend(window(prospect.returned, policy, now));
        }
        State::Clarification => all.extend(answer(DeadlineKind::Clarification, prospect, zone)),
        State::Harmonisation => all.extend(answer(DeadlineKind::Harmonisation, prospect, zone)),
        State::Allocated | State::Planned | State::Contracted => {
            if state == State::Allocated {
                let due = policy.plan.due;
                let rule = Some("/plan/due".to_owned());
                let (kind, at) = (DeadlineKind::PlanApproval, due.moment());
                all.push(Due { kind, rule, at, zone: due.zone, n: None });
            }
            all.extend((!prospect.asked).then(|| gate(prospect, policy)));
        }
        State::Funded
        | State::Reporting
        | State::Operating
        | State::Verification
        | State::TechnicalReview
        | State::SiteVerification
        | State::Decision
        | State::Approved
        | State::Closed
        | State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded
        | State::Forfeited
        | State::Cancelled => {}
    }
    all.extend(reports(state, prospect, policy, zone));
    if state == State::Operating {
        all.extend(operation_check(prospect, policy, zone));
    }
    all.extend(prospect.findings.iter().map(|finding| follow_up(finding, zone)));
    all
}

/// A finding was made with its date: no rule moves it afterwards.
fn follow_up(finding: &Awaited, zone: Zone) -> Due {
    let (kind, at) = (DeadlineKind::FindingFollowUp, zone.end_of(finding.due_on));
    Due { kind, rule: None, at, zone, n: Some(finding.n) }
}

/// The window that is open, or the next one; none when the last has closed.
fn window(returned: bool, policy: &Policy, now: Moment) -> Option<Due> {
    let (kind, list, windows) = match returned {
        false => (DeadlineKind::Submission, "submission_windows", &policy.submission_windows),
        true => (DeadlineKind::Correction, "correction_windows", &policy.correction_windows),
    };
    let (index, window) =
        windows.iter().enumerate().find(|(_, window)| now < window.closes.moment())?;
    let rule = Some(format!("/{list}/{index}/closes"));
    let closes = window.closes;
    Some(Due { kind, rule, at: closes.moment(), zone: closes.zone, n: None })
}

fn answer(kind: DeadlineKind, prospect: &Prospect, zone: Zone) -> Option<Due> {
    let at = zone.end_of(prospect.due_on?);
    Some(Due { kind, rule: None, at, zone, n: None })
}

fn gate(prospect: &Prospect, policy: &Policy) -> Due {
    let (kind, rule, gate) = if prospect.recommended {
        let path = policy.recommendation_gate_path();
        (DeadlineKind::RecommendationGate, path, policy.recommendation_gate())
    } else {
        (DeadlineKind::ContractGate, "/contract_gate".to_owned(), policy.contract_gate)
    };
    Due { kind, rule: Some(rule), at: gate.moment(), zone: gate.zone, n: None }
}

/// The reports of quarters that ended since the first contract, or are the next to end, and the final one.
fn reports(state: State, prospect: &Prospect, policy: &Policy, zone: Zone) -> Vec<Due> {
    let works = matches!(state, State::Contracted | State::Funded | State::Reporting);
    let mut all = Vec::new();
    let calendar = policy.calendar();
    let due_after = |end: NaiveDate, days: i64| {
        zone.end_of(calendar.add(end, u32::try_from(days).unwrap_or_default()))
    };
    let since = prospect.contracted_on.filter(|_| works);
    let open = |end: &NaiveDate| {
        since.is_some_and(|since| since <= *end)
            && prospect.reported_until.is_none_or(|until| until < *end)
    };
    for (n, end) in (1_i64..).zip(quarters(policy.fiscal_year)) {
        if open(&end) {
            let rule = Some("/reporting/quarterly_working_days".to_owned());
            let at = due_after(end, policy.reporting.quarterly_working_days);
            all.push(Due { kind: DeadlineKind::QuarterlyReport, rule, at, zone, n: Some(n) });
        }
    }
    let owes_final = matches!(state, State::Funded | State::Reporting | State::Operating);
    if let Some(end) = quarters(policy.fiscal_year).last()
        && owes_final
        && !prospect.final_reported
    {
        let rule = Some("/reporting/final_working_days".to_owned());
        let at = due_after(end, policy.reporting.final_working_days);
        all.push(Due { kind: DeadlineKind::FinalReport, rule, at, zone, n: None });
    }
    all
}

/// The last days of the quarters of a year.
fn quarters(fiscal_year: i64) -> impl Iterator<Item = NaiveDate> {
    let year = i32::try_from(fiscal_year).unwrap_or_default();
    [(3, 31), (6, 30), (9, 30), (12, 31)]
        .into_iter()
        .filter_map(move |(month, day)| NaiveDate::from_ymd_opt(year, month, day))
}

fn operation_check(prospect: &Prospect, policy: &Policy, zone: Zone) -> Option<Due> {
    let months = Months::new(u32::try_from(policy.operation_check_months).ok()?);
    let at = zone.end_of(prospect.operating_since?.checked_add_months(months)?);
    let rule = Some("/operation_check_months".to_owned());
    Some(Due { kind: DeadlineKind::OperationCheck, rule, at, zone, n: None })
}

/// The dates that lie before the next tranche of an allocation; none when its window has closed.
pub fn of_tranche(mode: Mode, n: i64, requested: bool, policy: &Policy, now: Moment) -> Vec<Due> {
    let index = usize::try_from(n.saturating_sub(1)).unwrap_or(usize::MAX);
    let rules = match mode {
        Mode::Staged => policy.tranches.get(index).map(|rule| {
            let documents = (!requested).then(|| {
                let path = format!("/tranches/{index}/documents_due");
                (DeadlineKind::TrancheDocuments, path, rule.documents_due)
            });
            (documents, (format!("/tranches/{index}/closes"), rule.closes))
        }),
        Mode::LumpSum | Mode::LumpSumOnRecommendation if index == 0 => {
            closes(mode, policy).map(|(at, closes)| (None, (format!("/modes/{at}/closes"), closes)))
        }
        Mode::LumpSum | Mode::LumpSumOnRecommendation => None,
    };
    let Some((documents, (path, closes))) = rules else { return Vec::new() };
    if closes.moment() <= now {
        return Vec::new();
    }
    documents
        .into_iter()
        .chain([(DeadlineKind::TrancheWindow, path, closes)])
        .map(|(kind, rule, due)| Due {
            kind,
            rule: Some(rule),
            at: due.moment(),
            zone: due.zone,
            n: Some(n),
        })
        .collect()
}

/// Until when the documents of a tranche have to be there, where that is said apart, and until when it is paid; none where the
/// mode has no such tranche.
pub fn dates_of_tranche(
    mode: Mode,
    n: i64,
    policy: &Policy,
) -> Option<(Option<Deadline>, Deadline)> {
    let index = usize::try_from(n.checked_sub(1)?).ok()?;
    match mode {
        Mode::Staged => {
            policy.tranches.get(index).map(|rule| (Some(rule.documents_due), rule.closes))
        }
        Mode::LumpSum | Mode::LumpSumOnRecommendation if index == 0 => {
            closes(mode, policy).map(|(_, closes)| (None, closes))
        }
        Mode::LumpSum | Mode::LumpSumOnRecommendation => None,
    }
}

/// When a mode of one payment closes, and which of the policy's modes it is.
fn closes(mode: Mode, policy: &Policy) -> Option<(usize, Deadline)> {
    policy.modes.iter().enumerate().find_map(|(index, rule)| match (mode, rule) {
        (Mode::LumpSum, ModeRule::LumpSum { closes, .. })
        | (Mode::LumpSumOnRecommendation, ModeRule::LumpSumOnRecommendation { closes, .. }) => {
            Some((index, *closes))
        }
        _ => None,
    })
}

/// Days from now until a deadline by the clocks of its zone, and of them working days; below zero when it has passed.
pub fn left(calendar: &Calendar, now: Moment, due: &Due) -> (i64, i64) {
    left_until(calendar, now, due.at, due.zone)
}

/// The same until a moment by the clocks of a zone.
pub fn left_until(calendar: &Calendar, now: Moment, at: Moment, zone: Zone) -> (i64, i64) {
    let today = now.date_in(zone);
    // A day that is due lasts until its end, which is the first instant of the next.
    let last = at.after(-chrono::TimeDelta::microseconds(1)).date_in(zone);
    let days = i64::from(last.num_days_from_ce()) - i64::from(today.num_days_from_ce());
    let count = |from, to| i64::try_from(calendar.between(from, to)).unwrap_or(i64::MAX);
    let working = if days < 0 { -count(last, today) } else { count(today, last) };
    (days, working)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn policy() -> Policy {
        Policy::parse(include_str!("../../policies/2021.toml")).expect("a policy")
    }

    fn moment(text: &str) -> Moment {
        serde_json::from_value(serde_json::json!(text)).expect("a moment")
    }

    fn kinds(state: State, prospect: &Prospect, now: &str) -> Vec<(DeadlineKind, String)> {
        let all = of_proposal(state, prospect, &policy(), Zone::Wit, moment(now));
        all.into_iter().map(|due| (due.kind, due.at.to_string())).collect()
    }

    #[test]
    fn a_gate_lies_before_what_has_not_asked_and_before_nothing_else() {
        let gate = (DeadlineKind::ContractGate, "2021-07-21T10:00:00.000000Z".to_owned());
        let prospect = Prospect::default();
        assert!(kinds(State::Planned, &prospect, "2021-07-01T00:00:00Z").contains(&gate));
        assert!(kinds(State::Planned, &prospect, "2021-07-22T00:00:00Z").contains(&gate));
        let asked = Prospect { asked: true, ..prospect };
        assert_eq!(kinds(State::Planned, &asked, "2021-07-01T00:00:00Z"), []);
        let recommended = Prospect { recommended: true, ..Prospect::default() };
        let due = kinds(State::Planned, &recommended, "2021-07-01T00:00:00Z");
        assert_eq!(due[0].0, DeadlineKind::RecommendationGate);
    }

    #[test]
    fn an_answer_is_due_until_its_day_ends_where_the_region_lies() {
        let prospect =
            Prospect { due_on: NaiveDate::from_ymd_opt(2020, 8, 3), ..Prospect::default() };
        let due = kinds(State::Clarification, &prospect, "2020-08-01T00:00:00Z");
        assert_eq!(due, [(DeadlineKind::Clarification, "2020-08-03T15:00:00.000000Z".to_owned())]);
    }

    #[test]
    fn a_window_that_has_closed_for_good_is_on_no_radar() {
        let prospect = Prospect::default();
        assert_eq!(kinds(State::Draft, &prospect, "2020-05-11T00:00:00Z").len(), 1);
        assert_eq!(kinds(State::Draft, &prospect, "2021-01-01T00:00:00Z"), []);
    }

    #[test]
    fn reports_of_quarters_are_due_from_the_first_contract_on_until_they_are_made() {
        let date = |m, d| NaiveDate::from_ymd_opt(2021, m, d);
        let prospect = Prospect { contracted_on: date(5, 2), asked: true, ..Prospect::default() };
        let numbers = |prospect: &Prospect| -> Vec<Option<i64>> {
            let all = of_proposal(
                State::Funded,
                prospect,
                &policy(),
                Zone::Wib,
                moment("2021-06-01T00:00:00Z"),
            );
            let quarterly = all.iter().filter(|due| due.kind == DeadlineKind::QuarterlyReport);
            quarterly.map(|due| due.n).collect()
        };
        assert_eq!(numbers(&prospect), [Some(2), Some(3), Some(4)]);
        let reported = Prospect { reported_until: date(6, 30), ..prospect };
        assert_eq!(numbers(&reported), [Some(3), Some(4)]);
    }

    #[test]
    fn a_tranche_that_was_asked_for_waits_for_its_window_alone() {
        let now = moment("2021-03-01T00:00:00Z");
        let due = of_tranche(Mode::Staged, 1, false, &policy(), now);
        let kinds: Vec<_> = due.iter().map(|due| due.kind).collect();
        assert_eq!(kinds, [DeadlineKind::TrancheDocuments, DeadlineKind::TrancheWindow]);
        assert_eq!(of_tranche(Mode::Staged, 1, true, &policy(), now).len(), 1);
        assert_eq!(of_tranche(Mode::Staged, 4, false, &policy(), now), []);
        assert_eq!(of_tranche(Mode::LumpSum, 2, false, &policy(), now), []);
        let over = moment("2022-02-01T00:00:00Z");
        assert_eq!(of_tranche(Mode::Staged, 1, false, &policy(), over), []);
    }

    #[test]
    fn a_finding_waits_for_its_region_wherever_the_proposal_stands() {
        let awaited = Awaited {
            n: 2,
            due_on: NaiveDate::from_ymd_opt(2022, 3, 1).expect("a date"),
            since: moment("2022-01-01T00:00:00Z"),
            at_issue: crate::domain::money::Rupiah(5),
        };
        let prospect = Prospect { findings: vec![awaited], ..Prospect::default() };
        let due = (DeadlineKind::FindingFollowUp, "2022-03-01T15:00:00.000000Z".to_owned());
        for state in State::ALL {
            let all = kinds(*state, &prospect, "2022-06-01T00:00:00Z");
            assert_eq!(all.iter().filter(|one| **one == due).count(), 1, "{state}");
        }
    }

    proptest! {
        #[test]
        fn working_days_are_never_more_than_days(at in 0i64..800, now in 0i64..800) {
            let moment = |days: i64| moment("2021-01-01T03:00:00Z").after(chrono::TimeDelta::days(days));
            let due = Due { kind: DeadlineKind::ContractGate, rule: None, at: moment(at), zone: Zone::Wib, n: None };
            let (days, working) = left(&policy().calendar(), moment(now), &due);
            prop_assert_eq!(days, at - now);
            prop_assert!(working.abs() <= days.abs());
            prop_assert!(working.signum() == 0 || working.signum() == days.signum());
        }
    }
}
