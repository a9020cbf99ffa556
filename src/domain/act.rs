//! What a person asks of a proposal: an action with its comment and its data.

use crate::domain::ids::{CentreId, ProposalId};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_LONG, MAX_SHORT};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::refusal::FieldError;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;

text_enum! {
    /// What can be done to a proposal.
    pub enum Action {
        /// Send the draft to Bappeda.
        RequestPlanningCheck = "request_planning_check",
        /// Send it back to the drafter.
        Return = "return",
        /// It fits the regional plans.
        ConfirmPlanning = "confirm_planning",
        /// Endorse and submit.
        Submit = "submit",
        /// It is in order, says the province.
        Verify = "verify",
        /// The province does not recommend it.
        NotRecommend = "not_recommend",
        /// Ask the region.
        RequestClarification = "request_clarification",
        /// Answer the ministry.
        Answer = "answer",
        /// No answer came in time.
        Lapse = "lapse",
        /// The ministry's reviewer recommends it.
        Recommend = "recommend",
        /// The reviewer advises against it.
        AdviseAgainst = "advise_against",
        /// The site is as proposed.
        ConfirmSite = "confirm_site",
        /// The site is not fit.
        FailSite = "fail_site",
        /// Put agreed volumes and amounts to the region.
        ProposeAgreement = "propose_agreement",
        /// The region agrees.
        AcceptAgreement = "accept_agreement",
        /// The region does not agree.
        DeclineAgreement = "decline_agreement",
        /// No word came in time.
        CloseWithoutAgreement = "close_without_agreement",
        /// Approve.
        Approve = "approve",
        /// Approve with conditions (tanda bintang).
        ApproveWithConditions = "approve_with_conditions",
        /// Back to the reviewers.
        ReturnToReview = "return_to_review",
        /// Do not approve.
        Reject = "reject",
        /// Set money aside.
        Allocate = "allocate",
        /// No money for it.
        DeclineAllocation = "decline_allocation",
        /// Approve the activity plan (RK).
        ApprovePlan = "approve_plan",
        /// Approve a change of the activity plan.
        ApprovePlanChange = "approve_plan_change",
        /// Accept the contract list.
        AcceptContracts = "accept_contracts",
        /// Handover minutes of a lump sum on recommendation.
        RecordHandover = "record_handover",
        /// Money is paid.
        Disburse = "disburse",
        /// A payment order (SP2D) is recorded.
        RecordExpenditure = "record_expenditure",
        /// The contract gate passed.
        Forfeit = "forfeit",
        /// The works are finished.
        CompleteWorks = "complete_works",
        /// The works end unfinished.
        EndShort = "end_short",
        /// The new centre is handed over to its users.
        HandOver = "hand_over",
        /// Everything is accounted for.
        Close = "close",
        /// Closed, though it is not in use.
        CloseUnused = "close_unused",
        /// The region takes it back.
        Withdraw = "withdraw",
        /// The ministry calls it off.
        Cancel = "cancel",
        /// What lapsed or was forfeited goes on.
        Revive = "revive",
    }
}

impl Action {
    /// The fields of [`ActData`] that the action reads; any other is refused.
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Action::RequestClarification | Action::ProposeAgreement | Action::Revive => &["due_on"],
            Action::DeclineAgreement => &["lines"],
            Action::ConfirmSite | Action::FailSite => &["visit"],
            Action::ApproveWithConditions => &["conditions"],
            Action::Allocate => &["amount_idr", "legal_basis", "effective_on"],
            Action::DeclineAllocation => &["legal_basis"],
            Action::RecordHandover => &["handover", "output_bp"],
            Action::CompleteWorks => &["handover", "output_bp"],
            Action::EndShort => &["output_bp", "statement"],
            Action::HandOver => &["asset_number", "manager", "occupants", "centre_id"],
            Action::Close => {
                &["baseline_comparison", "baseline_outcome", "use_check", "successor_id"]
            }
            Action::RequestPlanningCheck
            | Action::Return
            | Action::ConfirmPlanning
            | Action::Submit
            | Action::Verify
            | Action::NotRecommend
            | Action::Answer
            | Action::Lapse
            | Action::Recommend
            | Action::AdviseAgainst
            | Action::AcceptAgreement
            | Action::CloseWithoutAgreement
            | Action::Approve
            | Action::ReturnToReview
            | Action::Reject
            | Action::ApprovePlan
            | Action::ApprovePlanChange
            | Action::AcceptContracts
            | Action::Disburse
            | Action::RecordExpenditure
            | Action::Forfeit
            | Action::CloseUnused
            | Action::Withdraw
            | Action::Cancel => &[],
        }
    }
}

/// A visit to the site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// When.
    pub visited_on: NaiveDate,
    /// What was found.
    pub report: String,
    /// Whether the land is free of claims (clean and clear).
    pub land_clear: bool,
    /// Where the visitor stood, in decimal degrees.
    pub latitude: f64,
    /// Where the visitor stood, in decimal degrees.
    pub longitude: f64,
}

/// What the region says to one line of an agreement that it declines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineWord {
    /// Which line.
    #[schema(example = 3)]
    pub line_no: i64,
    /// Whether the region agrees to its volume and amount.
    pub agrees: bool,
    /// In which words.
    #[serde(default)]
    pub words: Option<String>,
}

/// Handover minutes (BAST).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// Number of the minutes.
    pub number: String,
    /// Their date.
    pub date: NaiveDate,
    /// The value handed over: what a lump sum on recommendation pays.
    pub value_idr: Option<Rupiah>,
}

/// The drafter's statement when works end short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Number of the statement.
    pub number: String,
    /// Its date.
    pub date: NaiveDate,
    /// Who finishes the works, and with which money.
    pub finished_by: String,
}

/// A look at a centre some months after it was handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseCheck {
    /// When.
    pub checked_on: NaiveDate,
    /// How many businesses work there.
    pub businesses: i64,
    /// What was seen.
    pub report: String,
}

/// What an action may bring along. Each action reads the fields that [`Action::fields`] names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ActData {
    /// Until when an answer is due, in the region's own days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
    /// What is said to single lines of an agreement that is declined; those not named agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineWord>>,
    /// A visit to the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit: Option<Visit>,
    /// What has to be met before contracting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<String>>,
    /// How much is set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_idr: Option<Rupiah>,
    /// The regulation or decree that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
    /// From which day; today when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_on: Option<NaiveDate>,
    /// Handover minutes (BAST).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
    /// Physical output reached, in basis points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_bp: Option<BasisPoints>,
    /// The drafter's statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
    /// Under which number the building is recorded as a regional asset (BMD).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asset_number: Option<String>,
    /// Who manages the centre: a manager or a technical service unit (UPT).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// The businesses that move in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occupants: Option<Vec<String>>,
    /// The registry's entry of the new centre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub centre_id: Option<CentreId>,
    /// What became of the baseline, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline_comparison: Option<String>,
    /// The figures of the baseline as they are now: a number in the place of each number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, example = json!({ "members": 47 }))]
    pub baseline_outcome: Option<Map<String, Value>>,
    /// Whether the centre is in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_check: Option<UseCheck>,
    /// The proposal that carries the work on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor_id: Option<ProposalId>,
}

/// An action on a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// What to do.
    pub action: Action,
    /// Why, in words; some actions ask for it.
    #[serde(default)]
    pub comment: Option<String>,
    /// What the action needs beside it.
    #[serde(default)]
    pub data: ActData,
}

impl Act {
    /// An action with nothing beside it.
    pub fn bare(action: Action) -> Self {
        Self { action, comment: None, data: ActData::default() }
    }

    /// The comment, if it says something.
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_deref().map(str::trim).filter(|comment| !comment.is_empty())
    }

    /// Whether the values are within their limits and the fields are those that the action reads.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.optional_text("/comment", self.comment.as_deref(), MAX_LONG);
        self.check_fields(&mut checks);
        let data = &self.data;
        for (index, condition) in data.conditions.iter().flatten().enumerate() {
            checks.text(&format!("/data/conditions/{index}"), condition, MAX_LONG);
        }
        for (index, occupant) in data.occupants.iter().flatten().enumerate() {
            checks.text(&format!("/data/occupants/{index}"), occupant, MAX_SHORT);
        }
        for (pointer, items) in
            [("/data/conditions", &data.conditions), ("/data/occupants", &data.occupants)]
        {
            let count = items.as_ref().map_or(0, Vec::len);
            checks.require(count <= MAX_ITEMS, pointer, "too_many", "must have at most 500 items");
        }
        for (pointer, text) in [
            ("/data/legal_basis", &data.legal_basis),
            ("/data/asset_number", &data.asset_number),
            ("/data/manager", &data.manager),
        ] {
            checks.optional_text(pointer, text.as_deref(), MAX_SHORT);
        }
        checks.optional_text(
            "/data/baseline_comparison",
            data.baseline_comparison.as_deref(),
            MAX_LONG,
        );
        let size = data.baseline_outcome.as_ref().map(|outcome| json!(outcome).to_string().len());
        let fits = size.is_none_or(|size| size <= MAX_LONG);
        let most = "must have at most 5000 bytes";
        checks.require(fits, "/data/baseline_outcome", "too_long", most);
        check_lines(&mut checks, data.lines.as_deref());
        checks.date("/data/due_on", data.due_on);
        checks.date("/data/effective_on", data.effective_on);
        if let Some(visit) = &data.visit {
            checks.date("/data/visit/visited_on", visit.visited_on);
            checks.text("/data/visit/report", &visit.report, MAX_LONG);
            checks.position("/data/visit", Some(visit.latitude), Some(visit.longitude));
        }
        if let Some(handover) = &data.handover {
            checks.text("/data/handover/number", &handover.number, MAX_SHORT);
            checks.date("/data/handover/date", handover.date);
        }
        if let Some(statement) = &data.statement {
            checks.text("/data/statement/number", &statement.number, MAX_SHORT);
            checks.date("/data/statement/date", statement.date);
            checks.text("/data/statement/finished_by", &statement.finished_by, MAX_LONG);
        }
        if let Some(check) = &data.use_check {
            checks.date("/data/use_check/checked_on", check.checked_on);
            checks.between("/data/use_check/businesses", check.businesses, 0, 100_000);
            checks.text("/data/use_check/report", &check.report, MAX_LONG);
        }
        checks.done()
    }

    fn check_fields(&self, checks: &mut Checks) {
        let known = self.action.fields();
        let given = serde_json::to_value(&self.data).unwrap_or_default();
        for field in given.as_object().into_iter().flat_map(|fields| fields.keys()) {
            if !known.contains(&field.as_str()) {
                let expected =
                    if known.is_empty() { "no data".to_owned() } else { known.join(", ") };
                checks.fail(
                    format!("/data/{field}"),
                    "unknown_field",
                    format!("{} does not read this; it reads {expected}", self.action),
                );
            }
        }
    }
}

fn check_lines(checks: &mut Checks, lines: Option<&[LineWord]>) {
    let Some(lines) = lines else { return };
    let at = "/data/lines";
    checks.require(lines.len() <= MAX_ITEMS, at, "too_many", "must have at most 500 items");
    let disagrees = lines.iter().any(|line| !line.agrees);
    checks.require(disagrees, at, "required", "at least one line has to disagree");
    let mut seen = BTreeSet::new();
    for (index, line) in lines.iter().enumerate().take(MAX_ITEMS) {
        checks.optional_text(&format!("{at}/{index}/words"), line.words.as_deref(), MAX_LONG);
        if !seen.insert(line.line_no) {
            checks.fail(format!("{at}/{index}/line_no"), "twice", "this line is named twice");
        }
    }
}
