//! The guards of the workflow: what has to hold before an arrow can be taken, each with its code and its sentence.

mod ending;
mod funding;
mod preparation;

pub use preparation::distance_m;

use crate::domain::act::Act;
use crate::domain::change::{RequestFacts, RequestState};
use crate::domain::contract::{self, ContractFacts};
use crate::domain::double_funding::Warning;
use crate::domain::ids::RegionCode;
use crate::domain::journal::Figures;
use crate::domain::line::{self, LineFacts};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::plan::PlanFacts;
use crate::domain::policy::Policy;
use crate::domain::proposal::{Menu, State};
use crate::domain::readiness::Item;
use crate::domain::refusal::Blocker;
use crate::domain::tranche::{Mode, Payment};
use crate::domain::workflow::Course;
use chrono::NaiveDate;
use serde_json::Value;

/// Everything that guards look at; read in the same transaction as the decision.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Now.
    pub now: Moment,
    /// The rules of the proposal's fiscal year.
    pub policy: &'a Policy,
    /// What is asked for.
    pub menu: Menu,
    /// Where it stands.
    pub state: State,
    /// Who proposes.
    pub region: RegionCode,
    /// The theme that is named.
    pub theme: Option<String>,
    /// The zone of the region.
    pub zone: Zone,
    /// When its draft was begun.
    pub drafted_at: Moment,
    /// Whether a province proposes for itself.
    pub is_province: bool,
    /// Whether the region's government can receive money.
    pub autonomous: bool,
    /// Whether it was sent back before.
    pub returned: bool,
    /// Street, village and district are given.
    pub site_named: bool,
    /// Position of the site.
    pub site_position: Option<(f64, f64)>,
    /// The centre named: whether its entry is provisional.
    pub centre_provisional: Option<bool>,
    /// The baseline, where one was given.
    pub baseline: Option<Value>,
    /// The lines.
    pub lines: Vec<LineFacts>,
    /// Whether one of them builds anew.
    pub builds_anew: bool,
    /// The gaps of the centre that a revitalisation names, by their codes.
    pub gaps: Vec<String>,
    /// The documents that the policy asks for, and how it stands with each.
    pub readiness: Vec<Item<'a>>,
    /// Warnings of double funding that nobody has answered.
    pub unanswered_funding: Vec<Warning>,
    /// What was asked to be changed.
    pub requests: Vec<RequestFacts>,
    /// Whether a line, an amount or the site was changed since the clarification was asked for.
    pub works_changed: bool,
    /// Until when an answer is due.
    pub due_on: Option<NaiveDate>,
    /// Whether an agreement was put to the region.
    pub agreement_proposed: bool,
    /// Whether the reviewers advised against it.
    pub adverse_advice: bool,
    /// Audit holds not lifted.
    pub open_holds: usize,
    /// Conditions not lifted.
    pub open_conditions: usize,
    /// Room left in the region's allocation; absent when the region has none for the year.
    pub allocation_room: Option<Rupiah>,
    /// The mode of payment.
    pub mode: Mode,
    /// The activity plan that is in force; before one is, the one being decided.
    pub plan: Option<PlanFacts>,
    /// The change of the plan in force that is being decided.
    pub plan_change: Option<PlanFacts>,
    /// How often the approved plan was changed already.
    pub plan_changes: i64,
    /// Contracts.
    pub contracts: Vec<ContractFacts>,
    /// The firm that designed the works in an earlier year.
    pub design_firm: Option<contract::Firm>,
    /// The journal's figures.
    pub figures: Figures,
    /// When the first request for a tranche that contains it was received, if it still stands.
    pub first_request_at: Option<Moment>,
    /// The payment being made.
    pub payment: Option<Payment>,
    /// Value of the handover minutes, once recorded.
    pub handover_value: Option<Rupiah>,
    /// Whether the final report was reviewed.
    pub final_report_reviewed: bool,
    /// Whether a finding that was not withdrawn says that it is not in use.
    pub unused_found: bool,
    /// Whether the centre or the proposal that the act names exists in the region.
    pub named_exists: bool,
    /// Since when the new centre is in use.
    pub operating_since: Option<NaiveDate>,
    /// Since when it stands in its state.
    pub state_since: Moment,
    /// The state that it left when it was forfeited.
    pub forfeited_from: Option<State>,
    /// What reviving a forfeited proposal takes; absent for any other.
    pub revival: Option<Revival>,
}

/// What reviving a forfeited proposal takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revival {
    /// What its forfeiture set free: set aside again.
    pub amount: Rupiah,
    /// The number of the last decree in force in the region that moves the date missed.
    pub decree: Option<String>,
}

impl Facts<'_> {
    fn today(&self) -> NaiveDate {
        self.now.date_in(self.zone)
    }

    /// What tells two arrows with the same start and action apart.
    pub fn course(&self) -> Course {
        Course::of(self.menu, self.is_province, self.builds_anew, self.works_changed)
            .forfeited_from(self.forfeited_from)
    }

    /// The numbers of the change requests that stand so.
    fn requests_in(&self, states: &[RequestState]) -> Vec<i64> {
        let these = self.requests.iter().filter(|request| states.contains(&request.state));
        these.map(|request| request.n).collect()
    }

    fn approved_total(&self) -> Rupiah {
        line::totals(&self.lines, |line| line.approved).0
    }

    /// The plan that is being decided.
    fn decided_plan(&self) -> Option<&PlanFacts> {
        match self.state {
            State::Allocated => self.plan.as_ref(),
            _ => self.plan_change.as_ref(),
        }
    }

    /// Where the policy states the gate of the proposal's mode.
    pub fn gate_path(&self) -> String {
        match self.mode {
            Mode::LumpSumOnRecommendation => self.policy.recommendation_gate_path(),
            Mode::LumpSum | Mode::Staged => "/contract_gate".to_owned(),
        }
    }

    /// The gate that the proposal has to pass to get money at all.
    pub fn gate(&self) -> Moment {
        match self.mode {
            Mode::LumpSumOnRecommendation => self.policy.recommendation_gate().moment(),
            Mode::LumpSum | Mode::Staged => self.policy.contract_gate.moment(),
        }
    }
}

text_enum! {
    /// What has to hold. The text is the blocker's code.
    pub enum Guard {
        /// A submission window is open; or it was returned and a correction window is.
        WindowOpen = "window_open",
        /// The region has a government of its own, and the year's menu is open to it.
        RegionEligible = "region_eligible",
        /// The theme is one of the menu's, where the menu has themes.
        ThemeEligible = "theme_eligible",
        /// Every DAK line pays for something that the menu allows.
        ComponentsAllowed = "components_allowed",
        /// The site has street, village, district and position.
        SiteGiven = "site_given",
        /// A revitalisation names a centre of the registry.
        CentreNamed = "centre_named",
        /// A revitalisation's centre is no provisional entry any more.
        CentreMatched = "centre_matched",
        /// A revitalisation has a baseline to compare with at its end.
        BaselineGiven = "baseline_given",
        /// A revitalisation names the gaps of its centre, and its lines, but supporting ones, the gap that each answers.
        GapsAnswered = "gaps_answered",
        /// Each document that the policy asks for until here is there, or waived.
        DocumentsReady = "documents_ready",
        /// Each warning of double funding is answered.
        DoubleFundingAnswered = "double_funding_answered",
        /// At least one line asks for money.
        HasLines = "has_lines",
        /// Supporting activities are within the cap (Perpres 123/2016 Art. 7).
        SupportingCap = "supporting_cap",
        /// At least one change is requested, and waits for the region.
        ChangeRequested = "change_requested",
        /// Every line that asks for money has a flag of the policy.
        LinesFlagged = "lines_flagged",
        /// Every line that asks for money is assessed.
        LinesAssessed = "lines_assessed",
        /// Every requested change is answered.
        RequestsAnswered = "requests_answered",
        /// Every requested change is answered, and the answer accepted.
        NoOpenRequest = "no_open_request",
        /// A comment says why.
        CommentGiven = "comment_given",
        /// A due date in the future is given.
        DueDateGiven = "due_date_given",
        /// The due date has passed.
        DueDatePassed = "due_date_passed",
        /// The visit is reported.
        VisitReported = "visit_reported",
        /// The land is clear.
        LandClear = "land_clear",
        /// The place visited is the place proposed.
        PositionWithinTolerance = "position_within_tolerance",
        /// Every line has an agreed volume and amount.
        LinesAgreed = "lines_agreed",
        /// An agreement was put to the region.
        AgreementProposed = "agreement_proposed",
        /// Every line has an approved amount, and something is approved.
        LinesApproved = "lines_approved",
        /// Each cut has its reason.
        CutsExplained = "cuts_explained",
        /// Supporting activities are within the cap of what is approved.
        ApprovedSupportingCap = "approved_supporting_cap",
        /// Adverse advice is overruled with words.
        AdverseAdviceAnswered = "adverse_advice_answered",
        /// At least one condition is set.
        ConditionsGiven = "conditions_given",
        /// The legal basis is named.
        LegalBasisGiven = "legal_basis_given",
        /// The amount set aside is given and within what was approved.
        AmountWithinApproval = "amount_within_approval",
        /// The region's allocation has room for it.
        RoomInAllocation = "room_in_allocation",
        /// A decree in force in the region moves the date that was missed to a moment still to come.
        GateMoved = "gate_moved",
        /// The region's allocation and the nation's ceiling have room for what was set free.
        RoomToRevive = "room_to_revive",
        /// The contract gate has not passed.
        ContractGateOpen = "contract_gate_open",
        /// The plan is submitted and covers its ceiling with no more than the tolerance above.
        PlanWithinCeiling = "plan_within_ceiling",
        /// Supporting activities are within the cap of the plan.
        PlanSupportingCap = "plan_supporting_cap",
        /// The policy lets an approved plan be changed once more, and still.
        PlanChangesLeft = "plan_changes_left",
        /// What is contracted stays in the plan.
        ContractedLinesKept = "contracted_lines_kept",
        /// Each line of the plan has a contract.
        ContractListComplete = "contract_list_complete",
        /// Each condition is lifted.
        ConditionsLifted = "conditions_lifted",
        /// No audit hold stands.
        NoHold = "no_hold",
        /// Designer and supervisor are different firms.
        DesignerNotSupervisor = "designer_not_supervisor",
        /// It is paid in one sum on recommendation, and its handover is not recorded yet.
        PaidOnRecommendation = "paid_on_recommendation",
        /// Handover minutes (BAST) are given.
        HandoverGiven = "handover_given",
        /// Handover minutes name a value within the contracts.
        HandoverValued = "handover_valued",
        /// Output is at 100 %.
        OutputComplete = "output_complete",
        /// The payment is within what is contracted and unpaid; a lump sum equals its list.
        PaymentWithinContracts = "payment_within_contracts",
        /// Nothing was disbursed.
        NothingDisbursed = "nothing_disbursed",
        /// The contract gate passed, and no first request that contains it was received in time.
        ContractGateMissed = "contract_gate_missed",
        /// The year is over, or every contract ended.
        YearOrContractsOver = "year_or_contracts_over",
        /// Output, who finishes and the drafter's statement are given.
        StatementGiven = "statement_given",
        /// The building is recorded as a regional asset.
        AssetRecorded = "asset_recorded",
        /// The centre has a manager or a technical service unit.
        ManagerNamed = "manager_named",
        /// The businesses that move in are named.
        OccupantsNamed = "occupants_named",
        /// The new centre is in the registry.
        CentreRegistered = "centre_registered",
        /// The final report is reviewed.
        FinalReportReviewed = "final_report_reviewed",
        /// A finding says that it is not in use.
        UnusedFound = "unused_found",
        /// The baseline is compared with what became of it, figure by figure and in words.
        BaselineCompared = "baseline_compared",
        /// No cash is left in the region.
        LeftoverSettled = "leftover_settled",
        /// The centre is in use after the policy's months, or a successor is named.
        UseConfirmed = "use_confirmed",
    }
}

/// What a guard says: it holds, or what is in the way.
type Said = Result<(), (&'static str, String)>;

fn unless(holds: bool, pointer: &'static str, message: impl FnOnce() -> String) -> Said {
    if holds { Ok(()) } else { Err((pointer, message())) }
}

fn given<T>(value: Option<T>, pointer: &'static str, message: &str) -> Said {
    unless(value.is_some(), pointer, || message.to_owned())
}

impl Guard {
    /// Whether the guard asks for something that comes with the act itself, and is not in the way before.
    pub const fn is_input(self) -> bool {
        matches!(
            self,
            Guard::CommentGiven
                | Guard::DueDateGiven
                | Guard::VisitReported
                | Guard::LandClear
                | Guard::PositionWithinTolerance
                | Guard::AdverseAdviceAnswered
                | Guard::ConditionsGiven
                | Guard::LegalBasisGiven
                | Guard::AmountWithinApproval
                | Guard::HandoverGiven
                | Guard::HandoverValued
                | Guard::OutputComplete
                | Guard::StatementGiven
                | Guard::AssetRecorded
                | Guard::ManagerNamed
                | Guard::OccupantsNamed
                | Guard::CentreRegistered
                | Guard::BaselineCompared
                | Guard::UseConfirmed
        )
    }

    /// What is in the way, for the guard to hold; nothing when it holds.
    pub fn check(self, facts: &Facts<'_>, act: &Act) -> Vec<Blocker> {
        match self {
            Guard::DocumentsReady => preparation::documents_ready(facts, act.action),
            Guard::DoubleFundingAnswered => preparation::double_funding_answered(facts),
            single => {
                let said = single.say(facts, act).err();
                let blocker = |(pointer, message)| Blocker::new(single.as_str(), pointer, message);
                said.map(blocker).into_iter().collect()
            }
        }
    }

    fn say(self, facts: &Facts<'_>, act: &Act) -> Said {
        match self {
            Guard::WindowOpen
            | Guard::RegionEligible
            | Guard::ThemeEligible
            | Guard::ComponentsAllowed
            | Guard::SiteGiven
            | Guard::CentreNamed
            | Guard::CentreMatched
            | Guard::BaselineGiven
            | Guard::GapsAnswered
            | Guard::HasLines
            | Guard::SupportingCap => preparation::preparation(self, facts),
            // These say more than one thing, and are asked by `check`.
            Guard::DocumentsReady | Guard::DoubleFundingAnswered => Ok(()),
            Guard::ChangeRequested
            | Guard::RequestsAnswered
            | Guard::NoOpenRequest
            | Guard::CommentGiven
            | Guard::DueDateGiven
            | Guard::DueDatePassed
            | Guard::VisitReported
            | Guard::LandClear
            | Guard::PositionWithinTolerance
            | Guard::LinesFlagged
            | Guard::LinesAssessed
            | Guard::LinesAgreed
            | Guard::AgreementProposed => preparation::review(self, facts, act),
            Guard::LinesApproved
            | Guard::CutsExplained
            | Guard::ApprovedSupportingCap
            | Guard::AdverseAdviceAnswered
            | Guard::ConditionsGiven
            | Guard::LegalBasisGiven
            | Guard::AmountWithinApproval
            | Guard::RoomInAllocation => funding::decision(self, facts, act),
            Guard::ContractGateOpen
            | Guard::PlanWithinCeiling
            | Guard::PlanSupportingCap
            | Guard::PlanChangesLeft
            | Guard::ContractedLinesKept
            | Guard::ContractListComplete
            | Guard::ConditionsLifted
            | Guard::NoHold
            | Guard::DesignerNotSupervisor
            | Guard::PaymentWithinContracts
            | Guard::NothingDisbursed
            | Guard::ContractGateMissed => funding::funding(self, facts),
            Guard::GateMoved | Guard::RoomToRevive => funding::revival(self, facts),
            Guard::PaidOnRecommendation
            | Guard::HandoverGiven
            | Guard::HandoverValued
            | Guard::OutputComplete => ending::handover(self, facts, act),
            Guard::YearOrContractsOver
            | Guard::StatementGiven
            | Guard::AssetRecorded
            | Guard::ManagerNamed
            | Guard::OccupantsNamed
            | Guard::CentreRegistered
            | Guard::FinalReportReviewed
            | Guard::UnusedFound
            | Guard::BaselineCompared
            | Guard::LeftoverSettled
            | Guard::UseConfirmed => ending::ending(self, facts, act),
        }
    }
}

fn join(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

fn numbers(lines: &[LineFacts], wanted: impl Fn(&LineFacts) -> bool) -> String {
    join(
        &lines
            .iter()
            .filter(|line| line.is_asked() && wanted(line))
            .map(|line| line.line_no)
            .collect::<Vec<_>>(),
    )
}

fn within_cap(policy: &Policy, pointer: &'static str, total: Rupiah, supporting: Rupiah) -> Said {
    let cap = policy.supporting_cap_bp;
    unless(supporting.is_within(cap, total), pointer, || {
        let share = BasisPoints::of(supporting.0, total.0);
        format!("Supporting activities are {supporting} of {total} ({share}); the cap is {cap}.")
    })
}
