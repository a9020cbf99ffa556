//! Budget lines of a proposal.

use crate::domain::ids::ProposalId;
use crate::domain::line::{Component, FundSource, LineFacts};
use crate::domain::money::Rupiah;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::proposal_lines;
use diesel::prelude::*;
use serde::Serialize;

/// A budget line.
#[derive(
    Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset, Serialize,
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

impl From<&Line> for LineFacts {
    fn from(line: &Line) -> Self {
        LineFacts {
            line_no: line.line_no,
            component: line.component,
            fund_source: line.fund_source,
            gap: line.gap.clone(),
            amount: line.amount_idr,
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
