//! Budget lines of a proposal.

use crate::domain::ids::{ProposalId, UserId};
use crate::domain::line::{Component, FundSource, LineFacts};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::proposal_lines;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// What the province's verifier and the ministry's reviewers said of a line before it was agreed on.
#[derive(
    Debug,
    Clone,
    Default,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
    Serialize,
    Deserialize,
)]
#[diesel(table_name = proposal_lines, treat_none_as_null = true)]
pub struct Opinion {
    /// The code of the verifier's flag.
    pub flag: Option<String>,
    /// What the verifier says with it.
    pub flag_words: Option<String>,
    /// Who flagged it.
    pub flagged_by: Option<UserId>,
    /// When.
    pub flagged_at: Option<Moment>,
    /// Score of the activity itself.
    pub assessed_technical: Option<i64>,
    /// Why.
    pub assessed_technical_words: Option<String>,
    /// Score of the output target.
    pub assessed_output_target: Option<i64>,
    /// Why.
    pub assessed_output_target_words: Option<String>,
    /// Score of the unit price.
    pub assessed_unit_price: Option<i64>,
    /// Why.
    pub assessed_unit_price_words: Option<String>,
    /// Score of readiness.
    pub assessed_readiness: Option<i64>,
    /// Why.
    pub assessed_readiness_words: Option<String>,
    /// Volume as assessed.
    pub assessed_volume_thousandths: Option<i64>,
    /// Amount as assessed.
    pub assessed_idr: Option<Rupiah>,
    /// Why it differs.
    pub assessed_reason: Option<String>,
    /// Who assessed it.
    pub assessed_by: Option<UserId>,
    /// When.
    pub assessed_at: Option<Moment>,
}

/// A budget line.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Queryable,
    Selectable,
    Insertable,
    AsChangeset,
    Serialize,
    Deserialize,
)]
#[diesel(table_name = proposal_lines, primary_key(proposal_id, line_no), treat_none_as_null = true)]
pub struct Line {
    /// Whose.
    pub proposal_id: ProposalId,
    /// From 1.
    pub line_no: i64,
    /// What it pays for.
    pub component: Component,
    /// In words.
    pub description: String,
    /// Whether it builds anew.
    pub builds_anew: bool,
    /// Volume, in thousandths of the unit.
    pub volume_thousandths: i64,
    /// Unit.
    pub unit: String,
    /// Cost of one unit.
    pub unit_cost_idr: Rupiah,
    /// Volume × unit cost, rounded half up.
    pub amount_idr: Rupiah,
    /// Where its money comes from.
    pub fund_source: FundSource,
    /// Which gap of the centre it answers.
    pub gap: Option<String>,
    /// Flag and assessment.
    #[diesel(embed)]
    #[serde(flatten)]
    pub opinion: Opinion,
    /// Volume as agreed.
    pub agreed_volume_thousandths: Option<i64>,
    /// Amount as agreed.
    pub agreed_idr: Option<Rupiah>,
    /// Why it differs.
    pub agreed_reason: Option<String>,
    /// Volume as approved.
    pub approved_volume_thousandths: Option<i64>,
    /// Amount as approved.
    pub approved_idr: Option<Rupiah>,
    /// Why it was cut.
    pub approved_reason: Option<String>,
}

impl Line {
    /// Whether the other asks for the same, whatever its number and whatever was said of either.
    pub fn asks_as(&self, other: &Line) -> bool {
        let asked = |line: &Line| {
            (
                line.component,
                line.builds_anew,
                line.volume_thousandths,
                line.unit_cost_idr,
                line.fund_source,
            )
        };
        asked(self) == asked(other)
            && self.amount_idr == other.amount_idr
            && self.unit == other.unit
            && self.description == other.description
            && self.gap == other.gap
    }

    /// Takes over what was said of another line.
    pub fn keep_reviews_of(&mut self, other: &Line) {
        self.opinion = other.opinion.clone();
        self.agreed_volume_thousandths = other.agreed_volume_thousandths;
        self.agreed_idr = other.agreed_idr;
        self.agreed_reason.clone_from(&other.agreed_reason);
        self.approved_volume_thousandths = other.approved_volume_thousandths;
        self.approved_idr = other.approved_idr;
        self.approved_reason.clone_from(&other.approved_reason);
    }
}

impl From<&Line> for LineFacts {
    fn from(line: &Line) -> Self {
        LineFacts {
            line_no: line.line_no,
            component: line.component,
            fund_source: line.fund_source,
            gap: line.gap.clone(),
            amount: line.amount_idr,
            flag: line.opinion.flag.clone(),
            flag_words: line.opinion.flag_words.clone(),
            assessed: line.opinion.assessed_idr,
            agreed: line.agreed_idr,
            approved: line.approved_idr,
            approved_reason: line.approved_reason.clone(),
        }
    }
}

/// The lines of a proposal, by number.
pub fn of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Line>> {
    proposal_lines::table
        .filter(proposal_lines::proposal_id.eq(proposal))
        .order(proposal_lines::line_no)
        .select(Line::as_select())
        .load(c)
}

/// The lines of several proposals, by proposal and number.
pub fn of_many(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Line>> {
    proposal_lines::table
        .filter(proposal_lines::proposal_id.eq_any(proposals))
        .order((proposal_lines::proposal_id, proposal_lines::line_no))
        .select(Line::as_select())
        .load(c)
}

/// Replaces all lines of a proposal.
pub fn replace_all(c: &mut AnyConnection, proposal: ProposalId, lines: &[Line]) -> QueryResult<()> {
    diesel::delete(proposal_lines::table.filter(proposal_lines::proposal_id.eq(proposal)))
        .execute(c)?;
    lines.iter().try_for_each(|line| insert(c, line))
}

/// Inserts a line.
pub fn insert(c: &mut AnyConnection, line: &Line) -> QueryResult<()> {
    diesel::insert_into(proposal_lines::table).values(line).execute(c).map(|_| ())
}

/// Writes one line back.
pub fn save(c: &mut AnyConnection, line: &Line) -> QueryResult<usize> {
    diesel::update(proposal_lines::table.find((line.proposal_id, line.line_no)))
        .set(line)
        .execute(c)
}
