//! Budget lines: replaced as a whole while drafting, and in clarification where that was asked.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, ProposalId};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_LONG, MAX_SHORT};
use crate::domain::line::{Component, FundSource, LineFacts, totals};
use crate::domain::money::{Rupiah, line_amount};
use crate::domain::people::{Duty, Role};
use crate::domain::refusal::FieldError;
use crate::service::change_request::{self, Reach};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::revision::{Lines, document};
use crate::service::trail;
use crate::service::view::line as view;
use crate::service::{Services, access, policy, proposal as proposals};
use crate::storage::AnyConnection;
use crate::storage::line::{self, Line, Opinion};
use crate::storage::proposal::Proposal;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A budget line (RAB).
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineDraft {
    /// What it pays for.
    pub component: Component,
    /// In words.
    pub description: String,
    /// Whether it builds anew.
    #[serde(default)]
    pub builds_anew: bool,
    /// Volume, in thousandths of the unit: 15 machines are 15000.
    #[schema(example = 15_000)]
    pub volume_thousandths: i64,
    /// Unit.
    #[schema(example = "unit")]
    pub unit: String,
    /// Cost of one unit.
    pub unit_cost_idr: Rupiah,
    /// Volume × unit cost, rounded half up; may be left out, and has to be right when it is not.
    #[serde(default)]
    pub amount_idr: Option<Rupiah>,
    /// Where its money comes from.
    pub fund_source: FundSource,
    /// Which gap of the centre it answers (revitalisation).
    #[serde(default)]
    pub gap: Option<String>,
}

/// All lines of a proposal.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinesDraft {
    /// They get the numbers 1, 2, 3, … in this order.
    pub lines: Vec<LineDraft>,
}

impl LinesDraft {
    /// Whether the values are within their limits; every error names its line and field.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.require(
            self.lines.len() <= MAX_ITEMS,
            "/lines",
            "too_many",
            "must have at most 500 lines",
        );
        for (index, line) in self.lines.iter().enumerate().take(MAX_ITEMS) {
            let at = |field: &str| format!("/lines/{index}/{field}");
            checks.text(&at("description"), &line.description, MAX_LONG);
            checks.text(&at("unit"), &line.unit, MAX_SHORT);
            checks.optional_text(&at("gap"), line.gap.as_deref(), MAX_LONG);
            checks.between(
                &at("volume_thousandths"),
                line.volume_thousandths,
                1,
                1_000_000_000_000,
            );
            match (line_amount(line.volume_thousandths, line.unit_cost_idr), line.amount_idr) {
                (None, _) => {
                    checks.fail(at("unit_cost_idr"), "too_large", "volume × unit cost is too large")
                }
                (Some(right), Some(given)) if right != given => checks.fail(
                    at("amount_idr"),
                    "wrong_amount",
                    format!("volume × unit cost is {}, not {}", right.0, given.0),
                ),
                (Some(_), _) => {}
            }
        }
        checks.done()
    }

    fn rows(&self, proposal_id: ProposalId) -> Vec<Line> {
        (1_i64..)
            .zip(&self.lines)
            .map(|(line_no, line)| Line {
                proposal_id,
                line_no,
                component: line.component,
                description: line.description.clone(),
                builds_anew: line.builds_anew,
                volume_thousandths: line.volume_thousandths,
                unit: line.unit.clone(),
                unit_cost_idr: line.unit_cost_idr,
                amount_idr: line_amount(line.volume_thousandths, line.unit_cost_idr)
                    .unwrap_or_default(),
                fund_source: line.fund_source,
                gap: line.gap.clone(),
                opinion: Opinion::default(),
                agreed_volume_thousandths: None,
                agreed_idr: None,
                agreed_reason: None,
                approved_volume_thousandths: None,
                approved_idr: None,
                approved_reason: None,
            })
            .collect()
    }
}

/// The lines of a proposal.
pub fn show(sv: &Services, cx: &Context, id: ProposalId) -> Result<view::Lines, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        let lines = line::of(tx, id)?;
        lines_view(tx, cx, &row, lines)
    })
}

/// The lines as they are answered, with what the year's policy makes of them.
pub fn lines_view(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &Proposal,
    lines: Vec<Line>,
) -> Result<view::Lines, Error> {
    let policy = policy::of_proposal(tx, row, cx.now)?.policy;
    Ok(view::Lines::of(row, lines, &policy))
}

/// Whether the caller may replace lines of the proposal at all: asked before a file is read, which takes time.
pub fn may_replace(sv: &Services, cx: &Context, id: ProposalId) -> Result<(), Error> {
    let seen = sv.db.read(|tx| access::visible(tx, cx, id))?;
    cx.need_in(Role::Drafter, &seen.region_code).map(|_| ())
}

/// Replaces all lines of a draft; in clarification only those change whose change was requested.
pub fn replace(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<LinesDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::editing("proposal.replace_lines"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let before = access::lock_as(tx, cx, id, (cx.if_match, Duty::Drafting))?;
            let mut rows = body.get()?.rows(id);
            let reach = change_request::reach(tx, &before)?;
            let known = line::of(tx, id)?;
            let mut works_changed = before.works_changed;
            if let Reach::Asked(_) = reach {
                works_changed |= reach.check(&asked_of(&known)?, &asked_of(&rows)?)?;
            }
            keep_reviews(&known, &mut rows);
            let after = Proposal { works_changed, ..with_totals(&before, &rows) };
            line::replace_all(tx, id, &rows)?;
            access::save(tx, &after)?;
            access::took_part(tx, cx, id, Duty::Drafting)?;
            let event = EventId::new();
            proposals::record(tx, cx, event, "proposal.replace_lines", by, Some(&before), &after)?;
            trail::revise(tx, event, SubjectKind::ProposalLines, id, after.version, &rows)?;
            let version = after.version;
            Reply::ok(&lines_view(tx, cx, &after, rows)?, Some(version))
        },
    )
}

/// The lines as the region writes them.
fn asked_of(rows: &[Line]) -> Result<Value, Error> {
    Ok(document(&Value::Null, &serde_json::to_value(rows)?, Lines::AsProposed))
}

/// Lines that stay as they were keep what province and ministry said of them, under whatever number they are now. What
/// was said of a line that is changed was not said of what it is now: it is dropped, and stands in the revisions.
fn keep_reviews(known: &[Line], rows: &mut [Line]) {
    let mut left: Vec<&Line> = known.iter().collect();
    let mut moved: Vec<&mut Line> = Vec::new();
    for row in rows {
        match left.iter().position(|old| old.line_no == row.line_no && old.asks_as(row)) {
            Some(place) => row.keep_reviews_of(left.swap_remove(place)),
            None => moved.push(row),
        }
    }
    for row in moved {
        if let Some(place) = left.iter().position(|old| old.asks_as(row)) {
            row.keep_reviews_of(left.swap_remove(place));
        }
    }
}

/// The proposal with the totals of its lines, which it keeps.
pub fn with_totals(before: &Proposal, rows: &[Line]) -> Proposal {
    let facts: Vec<LineFacts> = rows.iter().map(LineFacts::from).collect();
    let (total_idr, supporting_idr) = totals(&facts, |line| Some(line.amount));
    Proposal {
        total_idr,
        supporting_idr,
        assessed_idr: totals(&facts, |line| line.assessed).0,
        agreed_idr: totals(&facts, |line| line.agreed).0,
        line_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        builds_anew: rows.iter().any(|row| row.builds_anew),
        ..before.clone()
    }
}

#[cfg(test)]
#[path = "line_tests.rs"]
mod tests;
