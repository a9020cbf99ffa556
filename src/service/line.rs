//! Budget lines: replaced as a whole while drafting, assessed by the ministry line by line.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, ProposalId};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_LONG, MAX_SHORT};
use crate::domain::line::{Component, FundSource, LineFacts, totals};
use crate::domain::money::{Rupiah, line_amount};
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::service::change_request::{self, Reach};
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::revision::{Lines, document};
use crate::service::trail::{self, Event};
use crate::service::view::proposal as view;
use crate::service::{Services, access, proposal as proposals};
use crate::storage::AnyConnection;
use crate::storage::line::{self, Line};
use crate::storage::proposal::Proposal;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
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

/// The ministry's values for one line.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineReview {
    /// Which line.
    pub line_no: i64,
    /// Volume, in thousandths of the unit; as proposed when absent.
    #[serde(default)]
    pub volume_thousandths: Option<i64>,
    /// At most as proposed.
    pub amount_idr: Rupiah,
    /// Why it differs from what was proposed.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The ministry's values: agreed ones in harmonisation, approved ones in decision.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineReviews {
    /// The lines that change.
    pub reviews: Vec<LineReview>,
}

impl LineReviews {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.require(
            !self.reviews.is_empty(),
            "/reviews",
            "required",
            "must have at least one line",
        );
        checks.require(
            self.reviews.len() <= MAX_ITEMS,
            "/reviews",
            "too_many",
            "must have at most 500 lines",
        );
        let mut seen = BTreeSet::new();
        for (index, review) in self.reviews.iter().enumerate().take(MAX_ITEMS) {
            checks.optional_text(
                &format!("/reviews/{index}/reason"),
                review.reason.as_deref(),
                MAX_LONG,
            );
            if !seen.insert(review.line_no) {
                checks.fail(
                    format!("/reviews/{index}/line_no"),
                    "twice",
                    "this line is named twice",
                );
            }
        }
        checks.done()
    }
}

/// The lines of a proposal.
pub fn show(sv: &Services, cx: &Context, id: ProposalId) -> Result<view::Lines, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        let lines = line::of(tx, id)?;
        Ok(lines_view(&row, lines))
    })
}

fn lines_view(row: &Proposal, lines: Vec<Line>) -> view::Lines {
    view::Lines {
        items: lines.into_iter().map(view::Line::from).collect(),
        total_idr: row.total_idr.0,
        supporting_idr: row.supporting_idr.0,
        version: row.version,
    }
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
            access::four_eyes(tx, cx, id, Duty::Drafting)?;
            let before = access::lock(tx, id, cx.if_match)?;
            let mut rows = body.get()?.rows(id);
            let reach = change_request::reach(tx, &before)?;
            let mut after = with_totals(&before, &rows, cx);
            if let Reach::Asked(_) = reach {
                let known = line::of(tx, id)?;
                let works = reach.check(&asked_of(&known)?, &asked_of(&rows)?)?;
                after.works_changed = before.works_changed || works;
                keep_reviews(&known, &mut rows);
            }
            line::replace_all(tx, id, &rows)?;
            access::save(tx, &after)?;
            access::took_part(tx, cx, id, Duty::Drafting)?;
            let event = EventId::new();
            proposals::record(tx, cx, event, "proposal.replace_lines", by, Some(&before), &after)?;
            trail::revise(tx, event, SubjectKind::ProposalLines, id, after.version, &rows)?;
            let version = after.version;
            Reply::ok(&lines_view(&after, rows), Some(version))
        },
    )
}

/// The lines as the region writes them.
fn asked_of(rows: &[Line]) -> Result<Value, Error> {
    Ok(document(&Value::Null, &serde_json::to_value(rows)?, Lines::AsProposed))
}

/// Lines that stay as they were keep what the ministry said of them.
fn keep_reviews(known: &[Line], rows: &mut [Line]) {
    for row in rows {
        let Some(old) = known.iter().find(|old| old.line_no == row.line_no) else { continue };
        let reviewed = Line {
            agreed_volume_thousandths: old.agreed_volume_thousandths,
            agreed_idr: old.agreed_idr,
            agreed_reason: old.agreed_reason.clone(),
            approved_volume_thousandths: old.approved_volume_thousandths,
            approved_idr: old.approved_idr,
            approved_reason: old.approved_reason.clone(),
            ..row.clone()
        };
        if reviewed == *old {
            *row = reviewed;
        }
    }
}

/// The proposal with the totals of its lines, which it keeps.
pub fn with_totals(before: &Proposal, rows: &[Line], cx: &Context) -> Proposal {
    let facts: Vec<LineFacts> = rows.iter().map(LineFacts::from).collect();
    let (total_idr, supporting_idr) = totals(&facts, |line| Some(line.amount));
    Proposal {
        total_idr,
        supporting_idr,
        line_count: i64::try_from(rows.len()).unwrap_or(i64::MAX),
        builds_anew: rows.iter().any(|row| row.builds_anew),
        updated_at: cx.now,
        ..before.clone()
    }
}

/// Sets agreed values (a reviewer, in harmonisation) or approved ones (an approver, in decision).
pub fn review(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<LineReviews>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::editing("proposal.review_lines"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let (by, duty) = reviewer_of(cx, &seen)?;
            access::four_eyes(tx, cx, id, duty)?;
            let before = access::lock(tx, id, cx.if_match)?;
            let reviews = body.get()?;
            let mut lines = line::of(tx, id)?;
            apply(&before, duty, &mut lines, &reviews.reviews)?;
            for row in &lines {
                line::save(tx, row)?;
            }
            let after = Proposal { updated_at: cx.now, ..before.clone() };
            access::save(tx, &after)?;
            access::took_part(tx, cx, id, duty)?;
            record_review(tx, cx, by, &after, &lines)?;
            let version = after.version;
            Reply::ok(&lines_view(&after, lines), Some(version))
        },
    )
}

/// In harmonisation it is the reviewer's turn, in decision the approver's; else either may learn that it is not.
fn reviewer_of(cx: &Context, row: &Proposal) -> Result<(By, Duty), Error> {
    let roles: &[(Role, Duty)] = match row.state {
        State::Harmonisation => &[(Role::Reviewer, Duty::Review)],
        State::Decision => &[(Role::Approver, Duty::Decision)],
        _ => &[(Role::Reviewer, Duty::Review), (Role::Approver, Duty::Decision)],
    };
    roles
        .iter()
        .find_map(|(role, duty)| {
            cx.actor.grant_over(*role, access::place(row)).map(|grant| (By::from(grant), *duty))
        })
        .ok_or_else(|| missing(&roles.iter().map(|(role, _)| *role).collect::<Vec<_>>()))
}

fn apply(
    row: &Proposal,
    duty: Duty,
    lines: &mut [Line],
    reviews: &[LineReview],
) -> Result<(), Error> {
    let mut checks = Checks::default();
    for (index, review) in reviews.iter().enumerate() {
        let Some(line) = lines.iter_mut().find(|line| line.line_no == review.line_no) else {
            checks.fail(format!("/reviews/{index}/line_no"), "unknown", "there is no such line");
            continue;
        };
        let volume = review.volume_thousandths.unwrap_or(line.volume_thousandths);
        if review.amount_idr > line.amount_idr {
            let message = format!("must be at most the proposed {}", line.amount_idr.0);
            checks.fail(format!("/reviews/{index}/amount_idr"), "above_proposed", message);
        }
        if !(0..=line.volume_thousandths).contains(&volume) {
            let message = format!("must be from 0 to the proposed {}", line.volume_thousandths);
            checks.fail(format!("/reviews/{index}/volume_thousandths"), "above_proposed", message);
        }
        let (volume, amount) = (Some(volume), Some(review.amount_idr));
        if duty == Duty::Decision {
            line.approved_volume_thousandths = volume;
            (line.approved_idr, line.approved_reason) = (amount, review.reason.clone());
        } else {
            line.agreed_volume_thousandths = volume;
            (line.agreed_idr, line.agreed_reason) = (amount, review.reason.clone());
        }
    }
    checks.done().map_err(Error::Invalid)?;
    if matches!(row.state, State::Harmonisation | State::Decision) {
        return Ok(());
    }
    let message =
        format!("Lines are reviewed in harmonisation and decision; it stands in {}.", row.state);
    Err(Error::refused("not_reviewable", "/state", message))
}

fn record_review(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    after: &Proposal,
    lines: &[Line],
) -> Result<(), Error> {
    let event = EventId::new();
    let subject = access::subject(after);
    let content = json!({ "lines": lines });
    let action = "proposal.review_lines";
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    trail::revise(tx, event, SubjectKind::Proposal, after.id, after.version, after)?;
    trail::revise(tx, event, SubjectKind::ProposalLines, after.id, after.version, &lines)
}
