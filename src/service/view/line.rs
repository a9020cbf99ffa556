//! What answers about budget lines look like: what the region asks, what province and ministry say to it, and what is
//! remarked by itself.

use crate::domain::assessment::{Score, Scores};
use crate::domain::ids::UserId;
use crate::domain::line::{Component, FundSource, LineFacts, totals};
use crate::domain::moment::Moment;
use crate::domain::policy::Policy;
use crate::domain::remark::{Described, Remark, remarks};
use crate::storage::line::{self, Opinion};
use crate::storage::proposal::Proposal;
use serde::Serialize;
use utoipa::ToSchema;

/// The lines of a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Lines {
    /// Each line, by number.
    pub items: Vec<Line>,
    /// What they ask of the DAK.
    pub total_idr: i64,
    /// Of it for supporting activities.
    pub supporting_idr: i64,
    /// What the ministry's reviewers would grant of it, as far as they have assessed it.
    pub assessed_idr: i64,
    /// What is agreed of it.
    pub agreed_idr: i64,
    /// What the approver means to approve of it, or has approved.
    pub approved_idr: i64,
    /// The proposal's version.
    pub version: i64,
}

impl Lines {
    /// The lines of a proposal under its policy.
    pub fn of(row: &Proposal, lines: Vec<line::Line>, policy: &Policy) -> Self {
        let facts: Vec<LineFacts> = lines.iter().map(LineFacts::from).collect();
        Lines {
            items: lines.into_iter().map(|line| Line::of(line, policy)).collect(),
            total_idr: row.total_idr.0,
            supporting_idr: row.supporting_idr.0,
            assessed_idr: row.assessed_idr.0,
            agreed_idr: row.agreed_idr.0,
            approved_idr: totals(&facts, |line| line.approved).0.0,
            version: row.version,
        }
    }
}

/// A budget line (RAB).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[expect(missing_docs, reason = "each field is documented where it is taken in")]
pub struct Line {
    #[schema(example = 1)]
    pub line_no: i64,
    pub component: Component,
    pub description: String,
    pub builds_anew: bool,
    #[schema(example = 800_000)]
    pub volume_thousandths: i64,
    #[schema(example = "m2")]
    pub unit: String,
    #[schema(example = 6_125_000)]
    pub unit_cost_idr: i64,
    #[schema(example = 4_900_000_000_i64)]
    pub amount_idr: i64,
    pub fund_source: FundSource,
    pub gap: Option<String>,
    /// What is remarked of it by itself; remarks warn, nothing is refused for them.
    pub remarks: Vec<Remark>,
    /// The verifier's flag.
    pub flag: Option<Flag>,
    /// The reviewers' assessment.
    pub assessment: Option<Assessment>,
    pub agreed_volume_thousandths: Option<i64>,
    pub agreed_idr: Option<i64>,
    pub agreed_reason: Option<String>,
    pub approved_volume_thousandths: Option<i64>,
    pub approved_idr: Option<i64>,
    pub approved_reason: Option<String>,
}

impl Line {
    /// A line under its proposal's policy.
    pub fn of(row: line::Line, policy: &Policy) -> Self {
        let remarks = remarks_of(&row, policy);
        Line {
            line_no: row.line_no,
            component: row.component,
            description: row.description,
            builds_anew: row.builds_anew,
            volume_thousandths: row.volume_thousandths,
            unit: row.unit,
            unit_cost_idr: row.unit_cost_idr.0,
            amount_idr: row.amount_idr.0,
            fund_source: row.fund_source,
            gap: row.gap,
            remarks,
            flag: Flag::of(&row.opinion, policy),
            assessment: Assessment::of(&row.opinion),
            agreed_volume_thousandths: row.agreed_volume_thousandths,
            agreed_idr: row.agreed_idr.map(|amount| amount.0),
            agreed_reason: row.agreed_reason,
            approved_volume_thousandths: row.approved_volume_thousandths,
            approved_idr: row.approved_idr.map(|amount| amount.0),
            approved_reason: row.approved_reason,
        }
    }
}

/// What is remarked of a line by itself.
pub fn remarks_of(row: &line::Line, policy: &Policy) -> Vec<Remark> {
    let line = Described {
        component: row.component,
        description: &row.description,
        builds_anew: row.builds_anew,
        unit: &row.unit,
        unit_cost: row.unit_cost_idr,
        fund_source: row.fund_source,
    };
    remarks(&line, policy)
}

/// The verifier's flag of a line (one of the colours of provincial verification).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Flag {
    /// A code of the policy's `line_flags`.
    #[schema(example = "blue")]
    pub code: String,
    /// In Indonesian; absent when the policy does not know the code any more.
    #[schema(example = "Biru: layak dengan catatan")]
    pub label_id: Option<String>,
    /// In English.
    #[schema(example = "Blue: sound, with notes")]
    pub label_en: Option<String>,
    /// Whether the policy lets a line with this flag pass; the ministry decides all the same.
    pub passes: bool,
    /// What the verifier says with it.
    pub words: Option<String>,
    /// By whom.
    pub flagged_by: Option<UserId>,
    /// When.
    pub flagged_at: Option<Moment>,
}

impl Flag {
    fn of(opinion: &Opinion, policy: &Policy) -> Option<Self> {
        let code = opinion.flag.clone()?;
        let known = policy.line_flag(&code);
        Some(Flag {
            label_id: known.map(|flag| flag.label_id.clone()),
            label_en: known.map(|flag| flag.label_en.clone()),
            passes: known.is_some_and(|flag| flag.passes),
            code,
            words: opinion.flag_words.clone(),
            flagged_by: opinion.flagged_by,
            flagged_at: opinion.flagged_at,
        })
    }
}

/// The reviewers' assessment of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Assessment {
    /// Under each criterion.
    pub scores: Scores,
    /// Volume as assessed, in thousandths of the unit.
    #[schema(example = 800_000)]
    pub volume_thousandths: i64,
    /// Amount as assessed.
    #[schema(example = 4_200_000_000_i64)]
    pub amount_idr: i64,
    /// Why it differs from what was proposed.
    pub reason: Option<String>,
    /// By whom.
    pub assessed_by: Option<UserId>,
    /// When.
    pub assessed_at: Option<Moment>,
}

impl Assessment {
    fn of(opinion: &Opinion) -> Option<Self> {
        let score = |score: Option<i64>, words: &Option<String>| {
            score.map(|score| Score { score, words: words.clone() })
        };
        Some(Assessment {
            scores: Scores {
                technical: score(opinion.assessed_technical, &opinion.assessed_technical_words)?,
                output_target: score(
                    opinion.assessed_output_target,
                    &opinion.assessed_output_target_words,
                )?,
                unit_price: score(opinion.assessed_unit_price, &opinion.assessed_unit_price_words)?,
                readiness: score(opinion.assessed_readiness, &opinion.assessed_readiness_words)?,
            },
            volume_thousandths: opinion.assessed_volume_thousandths?,
            amount_idr: opinion.assessed_idr?.0,
            reason: opinion.assessed_reason.clone(),
            assessed_by: opinion.assessed_by,
            assessed_at: opinion.assessed_at,
        })
    }
}
