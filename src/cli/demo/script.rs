//! What happens in each case, as dated steps, to be played interleaved on one clock.

use crate::cli::demo::case::{Case, Tranche};
use crate::domain::act::Action;
use crate::domain::moment::{Moment, Zone};
use crate::domain::policy::Policy;
use crate::domain::report::ReportKind;
use chrono::{NaiveDate, NaiveTime, TimeDelta};

/// One thing that one person does.
#[derive(Debug, Clone)]
pub enum Step {
    /// The dinas registers the centre, where there is one, and writes the draft with its lines.
    Draft,
    /// Lowers supporting activities to what the cap allows, as the case tells.
    LowerSupporting,
    /// An action of the review.
    Act(Action),
    /// The same, which the machine has to refuse.
    Refused(Action),
    /// The treasury records ceiling and allocation, and sets money aside.
    Allocate,
    /// The dinas writes and submits the plan.
    SubmitPlan,
    /// The ministry approves it.
    ApprovePlan,
    /// The dinas records a contract.
    Contract(usize),
    /// The inspector accepts the contract list.
    AcceptContracts,
    /// The regional head asks for a tranche; it is reviewed and verified.
    Request(Tranche),
    /// The treasury pays it.
    Pay(Tranche),
    /// The dinas records a payment order.
    Spend(usize),
    /// The dinas writes and submits a report.
    Report(usize),
    /// The inspector reviews it.
    ReviewReport(usize),
    /// The dinas writes and submits a final report that the file does not list.
    FinalReport,
    /// The inspector reviews it.
    ReviewFinalReport,
    /// The works are finished.
    CompleteWorks,
    /// Everything is accounted for.
    Close,
    /// An auditor finds that something else was claimed than was spent.
    Find,
    /// A deadline passes, and the service looks at it.
    Sweep,
}

/// A step at its moment.
#[derive(Debug, Clone)]
pub struct Scheduled {
    /// When.
    pub at: Moment,
    /// In which case; `None` for the whole service.
    pub case: Option<usize>,
    /// What.
    pub step: Step,
}

/// Minutes after midnight, WIB, at which a kind of step takes place: so that what follows on one day keeps its order.
const OFFICE_OPENS: i64 = 8 * 60;

fn at(date: NaiveDate, minutes: i64) -> Moment {
    Zone::Wib.at(date, NaiveTime::MIN).after(TimeDelta::minutes(minutes))
}

/// Every step of every case, and a look at each deadline of each year, in the order of time.
pub fn schedule(cases: &[Case], policies: &[Policy]) -> Result<Vec<Scheduled>, String> {
    let mut steps = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        for (minute, (date, step)) in (OFFICE_OPENS..).step_by(5).zip(of_case(case)?) {
            steps.push(Scheduled { at: at(date, minute), case: Some(index), step });
        }
    }
    for policy in policies {
        steps.push(Scheduled { at: policy.contract_gate.moment(), case: None, step: Step::Sweep });
    }
    steps.sort_by_key(|scheduled| scheduled.at);
    Ok(steps)
}

fn of_case(case: &Case) -> Result<Vec<(NaiveDate, Step)>, String> {
    let mut steps = review(case)?;
    let assumed = &case.assumed;
    if let Some(allocation) = &assumed.allocation {
        steps.push((allocation.on, Step::Allocate));
    }
    if let Some(plan) = &assumed.plan {
        steps.push((plan.submitted, Step::SubmitPlan));
        steps.push((plan.approved, Step::ApprovePlan));
    }
    let contracts = assumed.contracts.iter().enumerate();
    steps.extend(contracts.map(|(index, contract)| (contract.date, Step::Contract(index))));
    steps.extend(assumed.contracts_accepted.map(|date| (date, Step::AcceptContracts)));
    // What feeds a tranche's gate comes before the tranche on the same day.
    let spent = assumed.expenditures.iter().enumerate();
    steps.extend(spent.map(|(index, expenditure)| (expenditure.date, Step::Spend(index))));
    for (index, report) in assumed.reports.iter().enumerate() {
        let day_after = report.as_of.succ_opt().unwrap_or(report.as_of);
        steps.push((day_after, Step::Report(index)));
        steps.extend(report.reviewed.map(|date| (date, Step::ReviewReport(index))));
    }
    for tranche in &assumed.tranches {
        steps.push((tranche.requested, Step::Request(tranche.clone())));
        steps.push((tranche.paid, Step::Pay(tranche.clone())));
    }
    steps.extend(assumed.works_complete.map(|date| (date, Step::CompleteWorks)));
    let listed = assumed.reports.iter().any(|report| report.kind == ReportKind::Final);
    if let Some(date) = assumed.final_report_reviewed.filter(|_| !listed) {
        steps.push((date - TimeDelta::days(5), Step::FinalReport));
        steps.push((date, Step::ReviewFinalReport));
    }
    steps.extend(assumed.closed.map(|date| (date, Step::Close)));
    let found = assumed.closed.filter(|_| case.expected.finding.is_some());
    steps.extend(found.map(|date| (date, Step::Find)));
    steps.sort_by_key(|(date, _)| *date);
    Ok(steps)
}

fn review(case: &Case) -> Result<Vec<(NaiveDate, Step)>, String> {
    let mut steps = Vec::new();
    for entry in &case.assumed.review {
        let mut words = entry.splitn(3, ' ');
        let (date, action, note) = (words.next(), words.next(), words.next());
        let date: NaiveDate = date
            .and_then(|date| date.parse().ok())
            .ok_or_else(|| format!("{entry:?} does not begin with a date"))?;
        let action: Action =
            action.unwrap_or_default().parse().map_err(|error| format!("{entry:?}: {error}"))?;
        if steps.is_empty() {
            steps.push((date, Step::Draft));
        }
        if note.is_some_and(|note| note.contains("refused")) {
            steps.push((date, Step::Refused(action)));
            steps.push((date, Step::LowerSupporting));
        } else {
            steps.push((date, Step::Act(action)));
        }
    }
    Ok(steps)
}
