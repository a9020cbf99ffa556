//! Both state machines as one allow-list of arrows, and the pure decision over it.

use crate::domain::act::{Act, Action};
use crate::domain::guard::{Facts, Guard};
use crate::domain::people::{Actor, Duty, Grant, Place, Role};
use crate::domain::proposal::{Menu, State};
use crate::domain::refusal::{Blocker, Refusal};

use Action::*;
use Guard::*;
use State::*;

text_enum! {
    /// Which of two arrows with the same start and action is meant.
    pub enum Route {
        /// There is only one.
        Always = "always",
        /// A kabupaten or kota proposes.
        ByRegency = "by_regency",
        /// A province proposes for itself: no province verifies it.
        ByProvince = "by_province",
        /// Something is built anew: a visit is due.
        VisitDue = "visit_due",
        /// Nothing is built anew.
        NoVisitDue = "no_visit_due",
        /// The answer changes no line, no amount and not the site.
        WorksUnchanged = "works_unchanged",
        /// The answer changes a line, an amount or the site.
        WorksChanged = "works_changed",
        /// It was forfeited when money was set aside for it.
        LeftAllocated = "left_allocated",
        /// It was forfeited when its plan was approved.
        LeftPlanned = "left_planned",
        /// It was forfeited when its contracts were accepted.
        LeftContracted = "left_contracted",
    }
}

/// What of a proposal tells two arrows with the same start and action apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// Whether a province proposes for itself.
    pub is_province: bool,
    /// Whether the site has to be visited.
    pub visit_due: bool,
    /// Whether a line, an amount or the site was changed since the clarification was asked for.
    pub works_changed: bool,
    /// The state that it left when it was forfeited.
    pub forfeited_from: Option<State>,
}

impl Course {
    /// The course of a proposal.
    pub fn of(menu: Menu, is_province: bool, builds_anew: bool, works_changed: bool) -> Self {
        let visit_due = menu == Menu::Construction || builds_anew;
        Course { is_province, visit_due, works_changed, forfeited_from: None }
    }

    /// The same, of what was forfeited from a state.
    pub const fn forfeited_from(self, state: Option<State>) -> Self {
        Course { forfeited_from: state, ..self }
    }
}

impl Route {
    /// Whether an arrow of this route is the one for the course.
    pub const fn fits(self, course: Course) -> bool {
        match self {
            Route::Always => true,
            Route::ByRegency => !course.is_province,
            Route::ByProvince => course.is_province,
            Route::VisitDue => course.visit_due,
            Route::NoVisitDue => !course.visit_due,
            Route::WorksUnchanged => !course.works_changed,
            Route::WorksChanged => course.works_changed,
            Route::LeftAllocated => matches!(course.forfeited_from, Some(Allocated)),
            Route::LeftPlanned => matches!(course.forfeited_from, Some(Planned)),
            Route::LeftContracted => matches!(course.forfeited_from, Some(Contracted)),
        }
    }
}

text_enum! {
    /// Where an arrow is taken.
    pub enum Door {
        /// `POST /proposals/{id}/actions`.
        Actions = "POST /proposals/{id}/actions",
        /// `POST /plans/{id}/approve`.
        PlanApproval = "POST /plans/{id}/approve",
        /// `POST /tranche-requests/{id}/pay`.
        TranchePayment = "POST /tranche-requests/{id}/pay",
        /// `POST /proposals/{id}/expenditures`.
        Expenditure = "POST /proposals/{id}/expenditures",
    }
}

/// One arrow of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrow {
    /// From.
    pub from: State,
    /// By.
    pub action: Action,
    /// To.
    pub to: State,
    /// Whose arrow it is.
    pub role: Role,
    /// What has to hold.
    pub guards: &'static [Guard],
    /// Who is told.
    pub tells: &'static [Role],
    /// Which of several.
    pub route: Route,
}

const fn arrow(
    from: State,
    action: Action,
    to: State,
    role: Role,
    guards: &'static [Guard],
    tells: &'static [Role],
) -> Arrow {
    Arrow { from, action, to, role, guards, tells, route: Route::Always }
}

const fn routed(route: Route, arrow: Arrow) -> Arrow {
    Arrow { route, ..arrow }
}

const READY: &[Guard] = &[
    WindowOpen,
    RegionEligible,
    ThemeEligible,
    ComponentsAllowed,
    SiteGiven,
    CentreNamed,
    BaselineGiven,
    HasLines,
    GapsAnswered,
    SupportingCap,
    RequestsAnswered,
    DocumentsReady,
    DoubleFundingAnswered,
];
/// What a clarification can change has to hold as it had to when the proposal was sent on.
const ANSWERED: &[Guard] = &[
    ThemeEligible,
    ComponentsAllowed,
    SiteGiven,
    CentreNamed,
    BaselineGiven,
    HasLines,
    GapsAnswered,
    SupportingCap,
    RequestsAnswered,
    DocumentsReady,
    DoubleFundingAnswered,
];
const APPROVAL: &[Guard] = &[
    NoOpenRequest,
    DocumentsReady,
    LinesApproved,
    CutsExplained,
    ApprovedSupportingCap,
    CentreMatched,
    AdverseAdviceAnswered,
];
const CONDITIONAL: &[Guard] = &[
    NoOpenRequest,
    DocumentsReady,
    LinesApproved,
    CutsExplained,
    ApprovedSupportingCap,
    CentreMatched,
    AdverseAdviceAnswered,
    ConditionsGiven,
];
/// What a change of an approved plan has to keep to.
const PLAN_CHANGE: &[Guard] =
    &[PlanWithinCeiling, PlanSupportingCap, PlanChangesLeft, ContractedLinesKept];
const REGION: &[Role] = &[Role::Drafter, Role::Planner, Role::RegionalHead];
/// What was forfeited is revived where a decree moved the date that it missed, and its money is still there.
const REVIVAL: &[Guard] = &[CommentGiven, GateMoved, RoomToRevive];
const REVIVED: &[Role] =
    &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector, Role::Treasurer];
const FUNDED_REGION: &[Role] = &[Role::Drafter, Role::RegionalHead, Role::Inspector];

/// The arrows that both menus share.
#[rustfmt::skip]
const COMMON: &[Arrow] = &[
    //    from               action                 to                 who                  guards                                   told
    arrow(Draft,             RequestPlanningCheck,  PlanningCheck,     Role::Drafter,       READY,                                   &[Role::Planner]),
    arrow(PlanningCheck,     Return,                Draft,             Role::Planner,       &[CommentGiven],                         &[Role::Drafter]),
    arrow(PlanningCheck,     ConfirmPlanning,       Endorsement,       Role::Planner,       &[DocumentsReady],                       &[Role::RegionalHead, Role::Drafter]),
    arrow(Endorsement,       Return,                Draft,             Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner]),
    routed(Route::ByRegency,
    arrow(Endorsement,       Submit,                Verification,      Role::RegionalHead,  &[WindowOpen, RequestsAnswered, DocumentsReady], &[Role::Verifier, Role::Drafter, Role::Planner])),
    routed(Route::ByProvince,
    arrow(Endorsement,       Submit,                TechnicalReview,   Role::RegionalHead,  &[WindowOpen, RequestsAnswered, DocumentsReady], &[Role::Reviewer, Role::Drafter, Role::Planner])),
    arrow(Verification,      Return,                Draft,             Role::Verifier,      &[CommentGiven, ChangeRequested],        REGION),
    arrow(Verification,      Verify,                TechnicalReview,   Role::Verifier,      &[LinesFlagged, DocumentsReady],         &[Role::Reviewer, Role::Drafter]),
    arrow(Verification,      NotRecommend,          Rejected,          Role::Verifier,      &[CommentGiven],                         REGION),
    arrow(TechnicalReview,   RequestClarification,  Clarification,     Role::Reviewer,      &[ChangeRequested, DueDateGiven],        REGION),
    routed(Route::WorksUnchanged,
    arrow(Clarification,     Answer,                TechnicalReview,   Role::Drafter,       ANSWERED,                                &[Role::Reviewer, Role::RegionalHead])),
    routed(Route::WorksChanged,
    arrow(Clarification,     Answer,                TechnicalReview,   Role::RegionalHead,  ANSWERED,                                &[Role::Reviewer, Role::Drafter])),
    arrow(Clarification,     Lapse,                 Lapsed,            Role::System,        &[DueDatePassed],                        &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Reviewer]),
    routed(Route::VisitDue,
    arrow(TechnicalReview,   Recommend,             SiteVerification,  Role::Reviewer,      &[NoOpenRequest, LinesAssessed, DocumentsReady, DoubleFundingAnswered], &[Role::Drafter])),
    routed(Route::NoVisitDue,
    arrow(TechnicalReview,   Recommend,             Harmonisation,     Role::Reviewer,      &[NoOpenRequest, LinesAssessed, DocumentsReady, DoubleFundingAnswered, CentreMatched], &[Role::Drafter, Role::Planner])),
    arrow(TechnicalReview,   AdviseAgainst,         Decision,          Role::Reviewer,      &[CommentGiven],                         &[Role::Approver]),
    arrow(SiteVerification,  ConfirmSite,           Harmonisation,     Role::Reviewer,      &[VisitReported, LandClear, PositionWithinTolerance, CentreMatched, DocumentsReady], &[Role::Drafter, Role::Planner]),
    arrow(SiteVerification,  FailSite,              Decision,          Role::Reviewer,      &[VisitReported, CommentGiven],          &[Role::Approver]),
    arrow(Harmonisation,     ProposeAgreement,      Harmonisation,     Role::Reviewer,      &[LinesAgreed, DueDateGiven],            &[Role::Planner, Role::Drafter]),
    arrow(Harmonisation,     AcceptAgreement,       Decision,          Role::Planner,       &[AgreementProposed],                    &[Role::Approver, Role::Drafter]),
    arrow(Harmonisation,     DeclineAgreement,      Decision,          Role::Planner,       &[CommentGiven],                         &[Role::Approver, Role::Drafter]),
    arrow(Harmonisation,     CloseWithoutAgreement, Decision,          Role::Reviewer,      &[DueDatePassed],                        &[Role::Approver, Role::Drafter, Role::Planner]),
    arrow(Decision,          Approve,               Approved,          Role::Approver,      APPROVAL,                                &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Treasurer]),
    arrow(Decision,          ApproveWithConditions, Approved,          Role::Approver,      CONDITIONAL,                             &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Treasurer, Role::Reviewer]),
    arrow(Decision,          ReturnToReview,        TechnicalReview,   Role::Approver,      &[CommentGiven],                         &[Role::Reviewer]),
    arrow(Decision,          Reject,                Rejected,          Role::Approver,      &[CommentGiven],                         REGION),
    arrow(Approved,          Allocate,              Allocated,         Role::Treasurer,     &[LegalBasisGiven, AmountWithinApproval, RoomInAllocation, ContractGateOpen], &[Role::Drafter, Role::RegionalHead]),
    arrow(Approved,          DeclineAllocation,     Unfunded,          Role::Treasurer,     &[LegalBasisGiven],                      REGION),
    arrow(Allocated,         ApprovePlan,           Planned,           Role::Approver,      &[PlanWithinCeiling, PlanSupportingCap, ContractGateOpen], FUNDED_REGION),
    arrow(Planned,           ApprovePlanChange,     Planned,           Role::Approver,      PLAN_CHANGE,                             FUNDED_REGION),
    arrow(Contracted,        ApprovePlanChange,     Contracted,        Role::Approver,      PLAN_CHANGE,                             FUNDED_REGION),
    arrow(Funded,            ApprovePlanChange,     Funded,            Role::Approver,      PLAN_CHANGE,                             FUNDED_REGION),
    arrow(Planned,           AcceptContracts,       Contracted,        Role::Inspector,     &[ContractListComplete, ConditionsLifted, DesignerNotSupervisor, ContractGateOpen, DocumentsReady], &[Role::Drafter, Role::RegionalHead]),
    arrow(Contracted,        RecordHandover,        Contracted,        Role::Drafter,       &[PaidOnRecommendation, HandoverGiven, HandoverValued, OutputComplete], &[Role::RegionalHead, Role::Inspector]),
    arrow(Contracted,        Disburse,              Funded,            Role::Treasurer,     &[PaymentWithinContracts, DocumentsReady, NoHold], FUNDED_REGION),
    arrow(Funded,            Disburse,              Funded,            Role::Treasurer,     &[PaymentWithinContracts, DocumentsReady, NoHold], FUNDED_REGION),
    arrow(Reporting,         Disburse,              Reporting,         Role::Treasurer,     &[PaymentWithinContracts, DocumentsReady, NoHold], FUNDED_REGION),
    arrow(Contracted,        RecordExpenditure,     Contracted,        Role::Drafter,       &[],                                     &[]),
    arrow(Funded,            RecordExpenditure,     Funded,            Role::Drafter,       &[],                                     &[]),
    arrow(Reporting,         RecordExpenditure,     Reporting,         Role::Drafter,       &[],                                     &[]),
    arrow(Allocated,         Forfeit,               Forfeited,         Role::System,        &[ContractGateMissed],                   &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector, Role::Approver, Role::Treasurer]),
    arrow(Planned,           Forfeit,               Forfeited,         Role::System,        &[ContractGateMissed],                   &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector, Role::Approver, Role::Treasurer]),
    arrow(Contracted,        Forfeit,               Forfeited,         Role::System,        &[ContractGateMissed],                   &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector, Role::Approver, Role::Treasurer]),
    arrow(Funded,            CompleteWorks,         Reporting,         Role::Drafter,       &[HandoverGiven, OutputComplete, DocumentsReady], &[Role::Inspector, Role::RegionalHead]),
    arrow(Funded,            EndShort,              Reporting,         Role::Inspector,     &[YearOrContractsOver, StatementGiven],  &[Role::Drafter, Role::RegionalHead, Role::Approver]),
    arrow(Draft,             Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner]),
    arrow(PlanningCheck,     Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner]),
    arrow(Endorsement,       Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner]),
    arrow(Verification,      Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner, Role::Verifier]),
    arrow(TechnicalReview,   Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner, Role::Reviewer]),
    arrow(Clarification,     Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner, Role::Reviewer]),
    arrow(SiteVerification,  Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner, Role::Reviewer]),
    arrow(Harmonisation,     Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner, Role::Reviewer]),
    arrow(Decision,          Withdraw,              Withdrawn,         Role::RegionalHead,  &[CommentGiven],                         &[Role::Drafter, Role::Planner, Role::Approver]),
    arrow(Approved,          Cancel,                Cancelled,         Role::Approver,      &[CommentGiven, NothingDisbursed],       REGION),
    arrow(Allocated,         Cancel,                Cancelled,         Role::Approver,      &[CommentGiven, NothingDisbursed],       REGION),
    arrow(Planned,           Cancel,                Cancelled,         Role::Approver,      &[CommentGiven, NothingDisbursed],       REGION),
    arrow(Contracted,        Cancel,                Cancelled,         Role::Approver,      &[CommentGiven, NothingDisbursed],       REGION),
    arrow(Lapsed,            Revive,                Clarification,     Role::Approver,      &[CommentGiven, DueDateGiven],           &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Reviewer]),
    routed(Route::LeftAllocated,
    arrow(Forfeited,         Revive,                Allocated,         Role::Approver,      REVIVAL,                                 REVIVED)),
    routed(Route::LeftPlanned,
    arrow(Forfeited,         Revive,                Planned,           Role::Approver,      REVIVAL,                                 REVIVED)),
    routed(Route::LeftContracted,
    arrow(Forfeited,         Revive,                Contracted,        Role::Approver,      REVIVAL,                                 REVIVED)),
];

/// How a construction ends: handed over, looked at when in use, closed.
#[rustfmt::skip]
const CONSTRUCTION_END: &[Arrow] = &[
    arrow(Reporting,         HandOver,              Operating,         Role::Drafter,       &[AssetRecorded, ManagerNamed, OccupantsNamed, CentreRegistered, DocumentsReady], &[Role::Inspector, Role::RegionalHead]),
    arrow(Operating,         RecordExpenditure,     Operating,         Role::Drafter,       &[],                                     &[]),
    arrow(Operating,         Close,                 Closed,            Role::Inspector,     &[UseConfirmed, FinalReportReviewed, LeftoverSettled, DocumentsReady, NoHold], &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Approver]),
    arrow(Operating,         CloseUnused,           Closed,            Role::Inspector,     &[CommentGiven, UnusedFound, LeftoverSettled, NoHold], &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Approver]),
];

/// How a revitalisation ends: compared with its baseline, closed.
#[rustfmt::skip]
const REVITALISATION_END: &[Arrow] = &[
    arrow(Reporting,         Close,                 Closed,            Role::Inspector,     &[FinalReportReviewed, BaselineCompared, LeftoverSettled, DocumentsReady, NoHold], &[Role::Drafter, Role::Planner, Role::RegionalHead, Role::Approver]),
];

impl Arrow {
    /// Where the arrow is taken.
    pub const fn door(&self) -> Door {
        match self.action {
            ApprovePlan | ApprovePlanChange => Door::PlanApproval,
            Disburse => Door::TranchePayment,
            RecordExpenditure => Door::Expenditure,
            _ => Door::Actions,
        }
    }

    /// The duty that taking the arrow counts as.
    pub const fn duty(&self) -> Option<Duty> {
        match self.role {
            Role::Drafter => match self.action {
                RecordExpenditure => Some(Duty::Spending),
                _ => Some(Duty::Drafting),
            },
            Role::Planner => Some(Duty::PlanningCheck),
            Role::RegionalHead => Some(Duty::Endorsement),
            Role::Verifier => Some(Duty::Verification),
            Role::Reviewer => Some(Duty::Review),
            Role::Approver => Some(Duty::Decision),
            Role::Treasurer => match self.action {
                Disburse => Some(Duty::Payment),
                _ => Some(Duty::Allocation),
            },
            Role::Inspector => Some(Duty::Inspection),
            Role::Auditor | Role::Administrator | Role::System => None,
        }
    }

    /// Every guard of the arrow that does not hold.
    pub fn unmet(&self, facts: &Facts<'_>, act: &Act) -> Vec<Blocker> {
        self.guards.iter().flat_map(|guard| guard.check(facts, act)).collect()
    }

    /// Whether the arrow is the one meant, where two share start and action.
    pub fn fits(&self, facts: &Facts<'_>) -> bool {
        self.route.fits(facts.course())
    }
}

/// The arrows of a menu.
pub fn arrows(menu: Menu) -> impl Iterator<Item = &'static Arrow> {
    let end = match menu {
        Menu::Construction => CONSTRUCTION_END,
        Menu::Revitalisation => REVITALISATION_END,
    };
    COMMON.iter().chain(end)
}

/// By which arrow's role the actor may try the action here.
///
/// From a state that knows the action its arrow's role is asked for; from any other the role of some arrow of that
/// name, so that whoever may never do it learns that, and whoever came too late learns that.
pub fn permit<'a>(
    menu: Menu,
    (state, course): (State, Course),
    action: Action,
    actor: &'a Actor,
    place: Place<'_>,
) -> Option<&'a Grant> {
    let is_here = |arrow: &Arrow| arrow.from == state && arrow.route.fits(course);
    let here = arrows(menu).any(|arrow| is_here(arrow) && arrow.action == action);
    arrows(menu)
        .filter(|arrow| arrow.action == action && (!here || is_here(arrow)))
        .find_map(|arrow| actor.grant_over(arrow.role, place))
}

/// The arrow that the act takes, or every reason against it.
///
/// Pure and total: whose turn it is was asked before by [`permit`] and four eyes.
pub fn decide(act: &Act, facts: &Facts<'_>, door: Door) -> Result<&'static Arrow, Refusal> {
    let Some(arrow) = arrows(facts.menu)
        .find(|arrow| arrow.from == facts.state && arrow.action == act.action && arrow.fits(facts))
    else {
        return Err(Refusal::of(not_from_here(act.action, facts)));
    };
    if arrow.door() != door {
        let message = format!("This is the effect of {}; call that instead.", arrow.door());
        return Err(Refusal::of(Blocker::new("elsewhere", "/action", message)));
    }
    let unmet = arrow.unmet(facts, act);
    if unmet.is_empty() { Ok(arrow) } else { Err(Refusal::because(unmet)) }
}

fn not_from_here(action: Action, facts: &Facts<'_>) -> Blocker {
    let mut possible: Vec<&str> = arrows(facts.menu)
        .filter(|arrow| arrow.from == facts.state)
        .map(|arrow| arrow.action.as_str())
        .collect();
    possible.dedup();
    let message = if possible.is_empty() {
        format!("The proposal has ended ({}); nothing more happens to it.", facts.state)
    } else {
        format!(
            "{action} is not possible from {}; possible are: {}.",
            facts.state,
            possible.join(", ")
        )
    };
    Blocker::new("not_from_here", "/action", message)
}

/// A machine as a Mermaid state diagram.
pub fn mermaid(menu: Menu) -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> draft\n");
    for arrow in arrows(menu) {
        text.push_str(&format!(
            "    {} --> {}: {} ({})\n",
            arrow.from, arrow.to, arrow.action, arrow.role
        ));
    }
    for end in State::ALL.iter().filter(|state| state.is_end()) {
        text.push_str(&format!("    {end} --> [*]\n"));
    }
    text
}

/// A machine as a Markdown table.
pub fn table(menu: Menu) -> String {
    let mut text =
        String::from("| from | action | to | who | guards | told |\n|---|---|---|---|---|---|\n");
    for arrow in arrows(menu) {
        let route = if arrow.route == Route::Always {
            String::new()
        } else {
            format!(" ({})", arrow.route)
        };
        let door = if arrow.door() == Door::Actions { "" } else { " ⇐" };
        let guards =
            arrow.guards.iter().map(|guard| format!("`{guard}`")).collect::<Vec<_>>().join(" ");
        let tells = arrow.tells.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ");
        text.push_str(&format!(
            "| {} | `{}`{door} | {}{route} | {} | {guards} | {tells} |\n",
            arrow.from, arrow.action, arrow.to, arrow.role
        ));
    }
    text
}

/// The heading, diagram and table of a machine, as Markdown.
pub fn section(menu: Menu) -> String {
    format!("## {menu}\n\n```mermaid\n{}```\n\n{}\n", mermaid(menu), table(menu))
}

/// Both machines as one document, made from the table that decides.
pub fn document() -> String {
    let mut text = String::from(
        "# The workflow\n\nMade by `sentra workflow > docs/workflow.md`; a test fails when it is not fresh.\n\n\
         An arrow marked ⇐ is the effect of another resource's call. A guard is named by its code; the code's words \
         stand in `src/domain/guard.rs`.\n\n",
    );
    for menu in Menu::ALL {
        text.push_str(&section(*menu));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_state_is_reachable_and_an_end_is_left_only_by_revival() {
        for menu in Menu::ALL {
            let mut reached = BTreeSet::from([Draft]);
            loop {
                let before = reached.len();
                let next: Vec<State> = arrows(*menu)
                    .filter(|arrow| reached.contains(&arrow.from))
                    .map(|arrow| arrow.to)
                    .collect();
                reached.extend(next);
                if reached.len() == before {
                    break;
                }
            }
            let missing: Vec<_> =
                State::ALL.iter().filter(|state| !reached.contains(state)).collect();
            match menu {
                Menu::Construction => assert_eq!(missing, Vec::<&State>::new()),
                Menu::Revitalisation => assert_eq!(missing, vec![&Operating]),
            }
            let left: BTreeSet<State> =
                arrows(*menu).filter(|a| a.from.is_end()).map(|a| a.from).collect();
            assert_eq!(left, BTreeSet::from([Lapsed, Forfeited]));
            assert!(arrows(*menu).all(|a| !a.from.is_end() || a.action == Revive));
        }
    }

    #[test]
    fn two_arrows_with_one_start_and_action_differ_in_route() {
        for menu in Menu::ALL {
            let mut seen = BTreeSet::new();
            for arrow in arrows(*menu) {
                assert!(seen.insert((arrow.from, arrow.action, arrow.route)), "{arrow:?}");
            }
        }
    }

    #[test]
    fn every_guard_and_every_action_is_used() {
        let all: Vec<&Arrow> = Menu::ALL.iter().flat_map(|menu| arrows(*menu)).collect();
        for guard in Guard::ALL {
            assert!(all.iter().any(|arrow| arrow.guards.contains(guard)), "{guard}");
        }
        for action in Action::ALL {
            assert!(all.iter().any(|arrow| arrow.action == *action), "{action}");
        }
    }
}
