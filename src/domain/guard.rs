//! The guards of the workflow: what has to hold before an arrow can be taken, each with its code and its sentence.

use crate::domain::act::{Act, Action};
use crate::domain::contract::{self, ContractFacts};
use crate::domain::journal::Figures;
use crate::domain::line::{self, LineFacts};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::plan::PlanFacts;
use crate::domain::policy::Policy;
use crate::domain::proposal::{Menu, State};
use crate::domain::refusal::Blocker;
use crate::domain::tranche::{Mode, Payment};
use chrono::{Datelike, Months, NaiveDate};

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
    /// The zone of the region.
    pub zone: Zone,
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
    /// Whether a baseline was given.
    pub has_baseline: bool,
    /// The lines.
    pub lines: Vec<LineFacts>,
    /// Whether one of them builds anew.
    pub builds_anew: bool,
    /// Until when an answer is due.
    pub due_on: Option<NaiveDate>,
    /// Whether an agreement was put to the region.
    pub agreement_proposed: bool,
    /// Whether the reviewers advised against it.
    pub adverse_advice: bool,
    /// Conditions not lifted.
    pub open_conditions: usize,
    /// Room left in the region's allocation; absent when the region has none for the year.
    pub allocation_room: Option<Rupiah>,
    /// The mode of payment.
    pub mode: Mode,
    /// The activity plan that is in force or being decided.
    pub plan: Option<PlanFacts>,
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
    /// Whether the centre or the proposal that the act names exists in the region.
    pub named_exists: bool,
    /// Since when the new centre is in use.
    pub operating_since: Option<NaiveDate>,
}

impl Facts<'_> {
    fn today(&self) -> NaiveDate {
        self.now.date_in(self.zone)
    }

    fn approved_total(&self) -> Rupiah {
        line::totals(&self.lines, |line| line.approved).0
    }

    /// The gate that the proposal has to pass to get money at all.
    pub fn gate(&self) -> Moment {
        match self.mode {
            Mode::LumpSumOnRecommendation => self.policy.recommendation_gate.moment(),
            Mode::LumpSum | Mode::Staged => self.policy.contract_gate.moment(),
        }
    }
}

text_enum! {
    /// What has to hold. The text is the blocker's code.
    pub enum Guard {
        /// The submission window is open; or it was returned and the correction window is.
        WindowOpen = "window_open",
        /// The region has a government of its own.
        RegionEligible = "region_eligible",
        /// The site has street, village, district and position.
        SiteGiven = "site_given",
        /// A revitalisation names a centre of the registry.
        CentreNamed = "centre_named",
        /// A revitalisation's centre is no provisional entry any more.
        CentreMatched = "centre_matched",
        /// A revitalisation has a baseline to compare with at its end.
        BaselineGiven = "baseline_given",
        /// A revitalisation's lines, but supporting ones, name the gap that they answer.
        GapsAnswered = "gaps_answered",
        /// At least one line asks for money.
        HasLines = "has_lines",
        /// Supporting activities are within the cap (Perpres 123/2016 Art. 7).
        SupportingCap = "supporting_cap",
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
        /// The contract gate has not passed.
        ContractGateOpen = "contract_gate_open",
        /// The plan is submitted and covers its ceiling with no more than the tolerance above.
        PlanWithinCeiling = "plan_within_ceiling",
        /// Supporting activities are within the cap of the plan.
        PlanSupportingCap = "plan_supporting_cap",
        /// Each line of the plan has a contract.
        ContractListComplete = "contract_list_complete",
        /// Each condition is lifted.
        ConditionsLifted = "conditions_lifted",
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
        /// The baseline is compared with what became of it.
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

    /// Whether the guard holds; else what is in the way.
    pub fn check(self, facts: &Facts<'_>, act: &Act) -> Option<Blocker> {
        self.say(facts, act)
            .err()
            .map(|(pointer, message)| Blocker::new(self.as_str(), pointer, message))
    }

    fn say(self, facts: &Facts<'_>, act: &Act) -> Said {
        match self {
            Guard::WindowOpen
            | Guard::RegionEligible
            | Guard::SiteGiven
            | Guard::CentreNamed
            | Guard::CentreMatched
            | Guard::BaselineGiven
            | Guard::GapsAnswered
            | Guard::HasLines
            | Guard::SupportingCap => self.preparation(facts),
            Guard::CommentGiven
            | Guard::DueDateGiven
            | Guard::DueDatePassed
            | Guard::VisitReported
            | Guard::LandClear
            | Guard::PositionWithinTolerance
            | Guard::LinesAgreed
            | Guard::AgreementProposed => self.review(facts, act),
            Guard::LinesApproved
            | Guard::CutsExplained
            | Guard::ApprovedSupportingCap
            | Guard::AdverseAdviceAnswered
            | Guard::ConditionsGiven
            | Guard::LegalBasisGiven
            | Guard::AmountWithinApproval
            | Guard::RoomInAllocation => self.decision(facts, act),
            Guard::ContractGateOpen
            | Guard::PlanWithinCeiling
            | Guard::PlanSupportingCap
            | Guard::ContractListComplete
            | Guard::ConditionsLifted
            | Guard::DesignerNotSupervisor
            | Guard::PaymentWithinContracts
            | Guard::NothingDisbursed
            | Guard::ContractGateMissed => self.funding(facts),
            Guard::PaidOnRecommendation
            | Guard::HandoverGiven
            | Guard::HandoverValued
            | Guard::OutputComplete => self.handover(facts, act),
            Guard::YearOrContractsOver
            | Guard::StatementGiven
            | Guard::AssetRecorded
            | Guard::ManagerNamed
            | Guard::OccupantsNamed
            | Guard::CentreRegistered
            | Guard::FinalReportReviewed
            | Guard::BaselineCompared
            | Guard::LeftoverSettled
            | Guard::UseConfirmed => self.ending(facts, act),
        }
    }

    fn preparation(self, facts: &Facts<'_>) -> Said {
        let revitalises = facts.menu == Menu::Revitalisation;
        match self {
            Guard::WindowOpen => window_open(facts),
            Guard::RegionEligible => unless(facts.autonomous, "/region_code", || {
                "This region has no budget of its own (DKI Jakarta's administrative areas); the province proposes."
                    .to_owned()
            }),
            Guard::SiteGiven => {
                unless(facts.site_named && facts.site_position.is_some(), "/site", || {
                    "The site needs street, village, district, latitude and longitude; PATCH the proposal.".to_owned()
                })
            }
            Guard::CentreNamed => {
                unless(!revitalises || facts.centre_provisional.is_some(), "/centre_id", || {
                    "A revitalisation names the centre of the registry that it improves; PATCH centre_id.".to_owned()
                })
            }
            Guard::CentreMatched => unless(
                !revitalises || facts.centre_provisional == Some(false),
                "/centre_id",
                || {
                    "The centre is a provisional entry; it has to be matched (PATCH the centre with its decree).".to_owned()
                },
            ),
            Guard::BaselineGiven => unless(!revitalises || facts.has_baseline, "/baseline", || {
                "A revitalisation needs a baseline, to be compared with at its end; PATCH baseline."
                    .to_owned()
            }),
            Guard::GapsAnswered => gaps_answered(facts, revitalises),
            Guard::HasLines => {
                unless(facts.lines.iter().any(LineFacts::is_asked), "/lines", || {
                    "At least one line has to ask for DAK money; PUT the lines.".to_owned()
                })
            }
            Guard::SupportingCap => {
                let (total, supporting) = line::totals(&facts.lines, |line| Some(line.amount));
                within_cap(facts.policy, "/lines", total, supporting)
            }
            _ => Ok(()),
        }
    }

    fn review(self, facts: &Facts<'_>, act: &Act) -> Said {
        match self {
            Guard::CommentGiven => given(act.comment(), "/comment", "Say why, in the comment."),
            Guard::DueDateGiven => {
                let today = facts.today();
                unless(act.data.due_on.is_some_and(|due| due > today), "/data/due_on", || {
                    format!("Give the due date, later than today ({today}).")
                })
            }
            Guard::DueDatePassed => due_date_passed(facts),
            Guard::VisitReported => {
                given(act.data.visit.as_ref(), "/data/visit", "Report the visit to the site.")
            }
            Guard::LandClear => unless(
                act.data.visit.as_ref().is_none_or(|visit| visit.land_clear),
                "/data/visit/land_clear",
                || "The land is not clear; a site that is not clear can't be confirmed.".to_owned(),
            ),
            Guard::PositionWithinTolerance => position_within_tolerance(facts, act),
            Guard::LinesAgreed => {
                let missing = numbers(&facts.lines, |line| line.agreed.is_none());
                unless(missing.is_empty(), "/lines", || {
                    format!(
                        "Lines without an agreed volume and amount: {missing}; PUT line-reviews."
                    )
                })
            }
            Guard::AgreementProposed => unless(facts.agreement_proposed, "/state", || {
                "No agreement was put to the region yet.".to_owned()
            }),
            _ => Ok(()),
        }
    }

    fn decision(self, facts: &Facts<'_>, act: &Act) -> Said {
        match self {
            Guard::LinesApproved => {
                let missing = numbers(&facts.lines, |line| line.approved.is_none());
                unless(
                    missing.is_empty() && facts.approved_total() > Rupiah::ZERO,
                    "/lines",
                    || {
                        if missing.is_empty() {
                            "Nothing is approved in any line; reject it, or PUT line-reviews."
                                .to_owned()
                        } else {
                            format!(
                                "Lines without an approved amount: {missing}; PUT line-reviews."
                            )
                        }
                    },
                )
            }
            Guard::CutsExplained => {
                let missing = numbers(&facts.lines, |line| {
                    line.approved.is_some_and(|approved| approved < line.amount)
                        && line
                            .approved_reason
                            .as_deref()
                            .is_none_or(|reason| reason.trim().is_empty())
                });
                unless(missing.is_empty(), "/lines", || {
                    format!("Lines cut without a reason: {missing}.")
                })
            }
            Guard::ApprovedSupportingCap => {
                let (total, supporting) = line::totals(&facts.lines, |line| line.approved);
                within_cap(facts.policy, "/lines", total, supporting)
            }
            Guard::AdverseAdviceAnswered => {
                unless(!facts.adverse_advice || act.comment().is_some(), "/comment", || {
                    "The reviewers advised against it; overruling them asks for a comment."
                        .to_owned()
                })
            }
            Guard::ConditionsGiven => {
                let some =
                    act.data.conditions.as_ref().is_some_and(|conditions| !conditions.is_empty());
                unless(some, "/data/conditions", || "Name at least one condition.".to_owned())
            }
            Guard::LegalBasisGiven => {
                let basis = act
                    .data
                    .legal_basis
                    .as_deref()
                    .map(str::trim)
                    .filter(|basis| !basis.is_empty());
                given(
                    basis,
                    "/data/legal_basis",
                    "Name the regulation or decree that this rests on.",
                )
            }
            Guard::AmountWithinApproval => {
                let approved = facts.approved_total();
                let fits = |amount: Rupiah| Rupiah::ZERO < amount && amount <= approved;
                unless(act.data.amount_idr.is_some_and(fits), "/data/amount_idr", || {
                    format!("Give the amount, above zero and at most the approved {approved}.")
                })
            }
            Guard::RoomInAllocation => match (facts.allocation_room, act.data.amount_idr) {
                (None, _) => Err((
                    "/region_code",
                    "The region has no allocation for this fiscal year; POST /allocations first."
                        .to_owned(),
                )),
                (Some(room), Some(amount)) => unless(amount <= room, "/data/amount_idr", || {
                    format!("{amount} is more than the {room} left in the region's allocation.")
                }),
                (Some(_), None) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn funding(self, facts: &Facts<'_>) -> Said {
        match self {
            Guard::ContractGateOpen => unless(facts.now < facts.gate(), "/fiscal_year", || {
                format!("The gate of this year passed at {}.", facts.gate())
            }),
            Guard::PlanWithinCeiling => plan_within_ceiling(facts),
            Guard::PlanSupportingCap => match &facts.plan {
                Some(plan) => within_cap(facts.policy, "/lines", plan.total, plan.supporting),
                None => Ok(()),
            },
            Guard::ContractListComplete => {
                let missing = contract::uncovered(facts.plan.as_ref(), &facts.contracts);
                unless(missing.is_empty() && !facts.contracts.is_empty(), "/contracts", || {
                    format!("Planned lines without a contract: {}; POST contracts.", join(&missing))
                })
            }
            Guard::ConditionsLifted => unless(facts.open_conditions == 0, "/conditions", || {
                format!("{} conditions are not lifted yet.", facts.open_conditions)
            }),
            Guard::DesignerNotSupervisor => {
                match contract::designer_and_supervisor(
                    facts.design_firm.as_ref(),
                    &facts.contracts,
                ) {
                    None => Ok(()),
                    Some(firm) => Err((
                        "/contracts",
                        format!("{firm} both designed and supervises the works."),
                    )),
                }
            }
            Guard::PaymentWithinContracts => payment_within_contracts(facts),
            Guard::NothingDisbursed => {
                unless(facts.figures.disbursed_idr == Rupiah::ZERO, "/state", || {
                    format!("{} was disbursed already.", facts.figures.disbursed_idr)
                })
            }
            Guard::ContractGateMissed => {
                let gate = facts.gate();
                let protected = facts.first_request_at.is_some_and(|received| received < gate);
                unless(facts.now >= gate && !protected, "/state", || {
                    if protected {
                        "A first request was received before the gate.".to_owned()
                    } else {
                        format!("The gate passes at {gate}.")
                    }
                })
            }
            _ => Ok(()),
        }
    }

    fn handover(self, facts: &Facts<'_>, act: &Act) -> Said {
        match self {
            Guard::PaidOnRecommendation => {
                let fits =
                    facts.mode == Mode::LumpSumOnRecommendation && facts.handover_value.is_none();
                unless(fits, "/state", || {
                    "Only a lump sum on recommendation records its handover here, and once."
                        .to_owned()
                })
            }
            Guard::HandoverGiven => given(
                act.data.handover.as_ref(),
                "/data/handover",
                "Give number and date of the handover minutes (BAST).",
            ),
            Guard::HandoverValued => {
                let contracted = facts.figures.contracted_idr;
                let value = act.data.handover.as_ref().and_then(|handover| handover.value_idr);
                let fits = value.is_some_and(|value| Rupiah::ZERO < value && value <= contracted);
                unless(fits, "/data/handover/value_idr", || {
                    format!(
                        "Give the value handed over, above zero and at most the contracted {contracted}."
                    )
                })
            }
            Guard::OutputComplete => {
                unless(act.data.output_bp == Some(BasisPoints::WHOLE), "/data/output_bp", || {
                    "Output has to be 100 % (10000); if the works end unfinished, use end_short."
                        .to_owned()
                })
            }
            _ => Ok(()),
        }
    }

    fn ending(self, facts: &Facts<'_>, act: &Act) -> Said {
        let data = &act.data;
        match self {
            Guard::YearOrContractsOver => {
                let today = facts.today();
                let year_over = i64::from(today.year()) > facts.policy.fiscal_year;
                let contracts_over =
                    facts.contracts.iter().all(|contract| contract.ends_on < today);
                unless(year_over || contracts_over, "/contracts", || {
                    "The year is not over, and a contract still runs.".to_owned()
                })
            }
            Guard::StatementGiven => unless(
                data.statement.is_some() && data.output_bp.is_some(),
                "/data/statement",
                || {
                    "Give the drafter's statement (number, date, who finishes) and the output reached.".to_owned()
                },
            ),
            Guard::AssetRecorded => given(
                said(&data.asset_number),
                "/data/asset_number",
                "Record the building as a regional asset (BMD).",
            ),
            Guard::ManagerNamed => given(
                said(&data.manager),
                "/data/manager",
                "Name the manager or the technical service unit (UPT).",
            ),
            Guard::OccupantsNamed => {
                let some = data.occupants.as_ref().is_some_and(|occupants| !occupants.is_empty());
                unless(some, "/data/occupants", || "Name the businesses that move in.".to_owned())
            }
            Guard::CentreRegistered => {
                unless(data.centre_id.is_some() && facts.named_exists, "/data/centre_id", || {
                    "Register the new centre of this region (POST /centres) and name its id."
                        .to_owned()
                })
            }
            Guard::FinalReportReviewed => unless(facts.final_report_reviewed, "/reports", || {
                "The final report is not reviewed yet.".to_owned()
            }),
            Guard::BaselineCompared => given(
                said(&data.baseline_comparison),
                "/data/baseline_comparison",
                "Compare with the baseline, in words.",
            ),
            Guard::LeftoverSettled => {
                let left = facts.figures.in_hand();
                unless(left == Rupiah::ZERO, "/figures/in_hand_idr", || {
                    format!(
                        "{left} is still in hand; it has to be spent or returned (POST returns)."
                    )
                })
            }
            Guard::UseConfirmed => use_confirmed(facts, act),
            _ => Ok(()),
        }
    }
}

fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
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

fn window_open(facts: &Facts<'_>) -> Said {
    let submission = &facts.policy.submission_window;
    let correction = &facts.policy.correction_window;
    let open = submission.is_open(facts.now) || (facts.returned && correction.is_open(facts.now));
    unless(open, "/fiscal_year", || {
        let until = if facts.returned { correction.closes } else { submission.closes };
        format!(
            "The window of fiscal year {} is open from {} until {until}.",
            facts.policy.fiscal_year, submission.opens
        )
    })
}

fn gaps_answered(facts: &Facts<'_>, revitalises: bool) -> Said {
    let missing = numbers(&facts.lines, |line| {
        line.component != line::Component::Supporting
            && line.gap.as_deref().is_none_or(|gap| gap.trim().is_empty())
    });
    unless(!revitalises || missing.is_empty(), "/lines", || {
        format!(
            "Each line of a revitalisation answers a gap of the centre; lines without one: {missing}."
        )
    })
}

fn due_date_passed(facts: &Facts<'_>) -> Said {
    let due = facts.due_on;
    unless(due.is_some_and(|due| facts.now >= facts.zone.end_of(due)), "/due_on", || match due {
        Some(due) => format!("The region may answer until the end of {due} ({}).", facts.zone),
        None => "No due date was set.".to_owned(),
    })
}

fn position_within_tolerance(facts: &Facts<'_>, act: &Act) -> Said {
    let (Some(visit), Some(site)) = (&act.data.visit, facts.site_position) else { return Ok(()) };
    let metres = distance_m(site, (visit.latitude, visit.longitude));
    let tolerance = facts.policy.site_tolerance_m;
    unless(metres <= tolerance, "/data/visit", || {
        format!(
            "The place visited lies {metres} m from the place proposed; at most {tolerance} m are tolerated."
        )
    })
}

/// The distance between two positions in degrees, in whole metres (haversine, mean radius of the earth).
pub fn distance_m(a: (f64, f64), b: (f64, f64)) -> i64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let half_lat = (lat_b - lat_a) / 2.0;
    let half_lon = (b.1 - a.1).to_radians() / 2.0;
    let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    let metres = 2.0 * 6_371_000.0 * h.sqrt().min(1.0).asin();
    #[expect(clippy::as_conversions, reason = "at most 20,015,087: half the way round the earth")]
    let whole = metres.round() as i64;
    whole
}

fn plan_within_ceiling(facts: &Facts<'_>) -> Said {
    let Some(plan) = &facts.plan else {
        return Err(("/plans", "No activity plan is submitted.".to_owned()));
    };
    let ceiling = facts.figures.ceiling_idr;
    let tolerance = facts.policy.plan_tolerance_idr;
    let most = Rupiah::total([ceiling, tolerance]);
    unless(Rupiah::ZERO < plan.total && plan.total <= most, "/lines", || {
        format!(
            "The plan's {} is more than the ceiling of {ceiling} and the tolerance of {tolerance}.",
            plan.total
        )
    })
}

fn payment_within_contracts(facts: &Facts<'_>) -> Said {
    let Some(payment) = &facts.payment else { return Ok(()) };
    let contracted = facts.figures.contracted_idr;
    let disbursed = facts.figures.disbursed_idr;
    let amount = payment.amount;
    match facts.mode {
        Mode::Staged => {
            let unpaid = contracted.minus(disbursed).unwrap_or_default();
            unless(amount <= unpaid, "/items", || {
                format!(
                    "{amount} is more than the {unpaid} that is contracted ({contracted}) and unpaid."
                )
            })
        }
        Mode::LumpSum => {
            unless(amount == contracted && disbursed == Rupiah::ZERO, "/items", || {
                format!(
                    "A lump sum equals the contract list of {contracted}, in one payment; {disbursed} is paid."
                )
            })
        }
        Mode::LumpSumOnRecommendation => {
            let due = facts.handover_value;
            unless(due == Some(amount) && disbursed == Rupiah::ZERO, "/items", || match due {
                Some(value) => format!(
                    "A lump sum on recommendation equals the handover value of {value}, once."
                ),
                None => "The handover (BAST) is not recorded yet.".to_owned(),
            })
        }
    }
}

fn use_confirmed(facts: &Facts<'_>, act: &Act) -> Said {
    if act.action == Action::Close && act.data.successor_id.is_some() {
        return unless(facts.named_exists, "/data/successor_id", || {
            "The successor has to be a later proposal of the same region.".to_owned()
        });
    }
    let months = u32::try_from(facts.policy.operation_check_months).unwrap_or(0);
    let due = facts.operating_since.and_then(|since| since.checked_add_months(Months::new(months)));
    let checked = act.data.use_check.as_ref().is_some_and(|check| {
        check.businesses > 0
            && check.checked_on <= facts.today()
            && due.is_some_and(|due| check.checked_on >= due)
    });
    unless(checked, "/data/use_check", || {
        let when = due.map_or_else(String::new, |due| format!(", on {due} or later"));
        format!(
            "Show that the centre is in use {months} months after handing over{when}; or name the successor."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_right_to_a_few_metres() {
        let monas = (-6.1754, 106.8272);
        let istiqlal = (-6.1702, 106.8314);
        assert!((700..800).contains(&distance_m(monas, istiqlal)));
        assert_eq!(distance_m(monas, monas), 0);
    }
}
