//! Activity plans (RK): written by the dinas, approved or returned by the ministry.

use crate::domain::act::{Act, Action};
use crate::domain::audit::SubjectKind;
use crate::domain::guard::Guard;
use crate::domain::ids::{EventId, PlanId, ProposalId};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_LONG};
use crate::domain::line::{Component, FundSource};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::{Duty, Role};
use crate::domain::plan::{Method, PlanState, SupportingActivity};
use crate::domain::policy::Policy;
use crate::domain::proposal::State;
use crate::domain::refusal::{FieldError, Refusal};
use crate::domain::workflow::{self, Door};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::notices::{self, Words};
use crate::service::once::Write;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::money as view;
use crate::service::{Services, access, action, facts, policy};
use crate::storage::plan::{self, Plan, PlanLine};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, journal, line};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What one approved line gets.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanLineDraft {
    /// The approved line.
    pub line_no: i64,
    /// Volume, in thousandths of the unit.
    pub volume_thousandths: i64,
    /// How much.
    pub amount_idr: Rupiah,
    /// How it is carried out: by contract, or by the region itself.
    pub method: Method,
    /// What is to be there of it at the end.
    #[serde(default)]
    #[schema(example = "15 mesin jahit terpasang")]
    pub target_output: String,
    /// Which activity a supporting line pays for; of no other line.
    #[serde(default)]
    pub supporting_activity: Option<SupportingActivity>,
}

/// A new activity plan.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDraft {
    /// What is to be there at the end.
    pub target_output: String,
    /// Its lines.
    pub lines: Vec<PlanLineDraft>,
    /// Why the plan in force is changed; of a first plan none.
    #[serde(default)]
    #[schema(example = "Banjir merusak akses lokasi; volume rumah produksi dikurangi.")]
    pub reason: Option<String>,
}

impl PlanDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/target_output", &self.target_output, MAX_LONG);
        if let Some(reason) = &self.reason {
            checks.text("/reason", reason, MAX_LONG);
        }
        checks.require(!self.lines.is_empty(), "/lines", "required", "must have at least one line");
        checks.require(
            self.lines.len() <= MAX_ITEMS,
            "/lines",
            "too_many",
            "must have at most 500 lines",
        );
        let mut seen = BTreeSet::new();
        for (index, line) in self.lines.iter().enumerate().take(MAX_ITEMS) {
            let volume = format!("/lines/{index}/volume_thousandths");
            checks.between(&volume, line.volume_thousandths, 0, 1_000_000_000_000);
            let target = format!("/lines/{index}/target_output");
            checks.optional_text(&target, Some(&line.target_output), MAX_LONG);
            if !seen.insert(line.line_no) {
                checks.fail(format!("/lines/{index}/line_no"), "twice", "this line is named twice");
            }
        }
        checks.done()
    }
}

/// The approval of a plan.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanApproval {
    /// What has to be met before contracting (tanda bintang).
    pub conditions: Vec<String>,
    /// Pay in one sum after handover, on the ministry's recommendation (PMK 25/2024 Art. 46).
    pub lump_sum_recommended: bool,
    /// Words.
    pub comment: Option<String>,
}

impl PlanApproval {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.require(
            self.conditions.len() <= MAX_ITEMS,
            "/conditions",
            "too_many",
            "must have at most 500 items",
        );
        for (index, condition) in self.conditions.iter().enumerate().take(MAX_ITEMS) {
            checks.text(&format!("/conditions/{index}"), condition, MAX_LONG);
        }
        checks.optional_text("/comment", self.comment.as_deref(), MAX_LONG);
        checks.done()
    }
}

/// Why something is sent back or refused.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// In words.
    pub comment: String,
}

impl Reason {
    /// Whether it says something.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/comment", &self.comment, MAX_LONG);
        checks.done()
    }
}

/// The plans of a proposal.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<PlanId>,
    limit: i64,
) -> Result<Page<view::Plan>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = plan::page(tx, id, after, limit.saturating_add(1))?;
        let lines = plan::lines_of(tx, &rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), |row| view::Plan::of(row, &lines)))
    })
}

/// Writes a new plan.
pub fn create(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<PlanDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("plan.create"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_as(tx, cx, id, (None, Duty::Drafting))?;
            let draft = body.get()?;
            let n = next_number(tx, cx, &proposal, draft)?;
            let plan_id = PlanId::new();
            let lines = rows(tx, &proposal, plan_id, draft)?;
            let row = fresh(cx, &proposal, plan_id, n, draft, &lines)?;
            plan::insert(tx, &row, &lines)?;
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, id, Duty::Drafting)?;
            let event = EventId::new();
            let subject = access::beneath(&proposal, SubjectKind::Plan, row.id);
            let content = json!({ "plan": row, "lines": lines });
            let action = "plan.create";
            trail::done(
                tx,
                cx,
                Event {
                    id: event,
                    action,
                    subject: &subject,
                    by: Some(by),
                    content,
                    personal: &[],
                },
            )?;
            revise(tx, event, &row, Some(&proposal))?;
            let (version, location) = (row.version, format!("/api/v1/proposals/{id}/plans"));
            Reply::created(&view::Plan::of(row, &lines), Some(version), location)
        },
    )
}

/// By which arrow a plan of the proposal is approved: as the first, or as a change of the one in force.
fn approval(state: State) -> Action {
    match state {
        State::Allocated => Action::ApprovePlan,
        _ => Action::ApprovePlanChange,
    }
}

/// Refuses a change that the policy leaves no room for, and one without a reason.
fn can_change(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    reason: Option<&str>,
) -> Result<(), Error> {
    let is_change = approval(proposal.state) == Action::ApprovePlanChange;
    match (is_change, reason) {
        (false, Some(_)) => {
            let message = "a first plan changes none; leave it out";
            return Err(Error::invalid("/reason", "no_change", message));
        }
        (true, None) => {
            let message = "say why the approved plan is changed";
            return Err(Error::invalid("/reason", "required", message));
        }
        (false, None) => return Ok(()),
        (true, Some(_)) => {}
    }
    let pinned = policy::of_proposal(tx, proposal, cx.now)?;
    let act = Act::bare(Action::ApprovePlanChange);
    let facts = facts::gather(tx, proposal, &pinned.policy, &act, None, cx.now)?;
    let unmet = Guard::PlanChangesLeft.check(&facts, &act);
    if unmet.is_empty() { Ok(()) } else { Err(Error::Refused(Refusal::because(unmet))) }
}

/// The number of the next plan; refused while one is with the ministry, and where a plan can't be written.
fn next_number(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    draft: &PlanDraft,
) -> Result<i64, Error> {
    let action = approval(proposal.state);
    if !workflow::arrows(proposal.menu)
        .any(|arrow| arrow.from == proposal.state && arrow.action == action)
    {
        let message = format!(
            "A plan is written when money is allocated, and changed until the works end; it stands in {}.",
            proposal.state
        );
        return Err(Error::refused("not_from_here", "/state", message));
    }
    can_change(tx, cx, proposal, draft.reason.as_deref())?;
    let plans = plan::of(tx, proposal.id)?;
    need_none_pending(&plans)?;
    Ok(plans.last().map_or(1, |last| last.n + 1))
}

/// Refuses while a plan is with the ministry: one is decided at a time, and by its own figures.
fn need_none_pending(plans: &[Plan]) -> Result<(), Error> {
    if plans.iter().all(|plan| plan.state != PlanState::Submitted) {
        return Ok(());
    }
    Err(Error::refused("plan_pending", "/plans", "A plan is with the ministry already."))
}

fn rows(
    tx: &mut AnyConnection,
    proposal: &Proposal,
    plan_id: PlanId,
    draft: &PlanDraft,
) -> Result<Vec<PlanLine>, Error> {
    let approved = line::of(tx, proposal.id)?;
    let mut checks = Checks::default();
    let mut rows = Vec::with_capacity(draft.lines.len());
    for (index, line) in draft.lines.iter().enumerate() {
        let known = approved.iter().find(|one| {
            one.line_no == line.line_no
                && one.fund_source == FundSource::Dak
                && one.approved_idr.is_some_and(|amount| amount > Rupiah::ZERO)
        });
        let Some(known) = known else {
            checks.fail(format!("/lines/{index}/line_no"), "unknown", "this is no approved line");
            continue;
        };
        if line.supporting_activity.is_some() && known.component != Component::Supporting {
            let pointer = format!("/lines/{index}/supporting_activity");
            checks.fail(pointer, "not_supporting", "this line pays for no supporting activity");
        }
        rows.push(PlanLine {
            plan_id,
            line_no: line.line_no,
            component: known.component,
            volume_thousandths: line.volume_thousandths,
            amount_idr: line.amount_idr,
            method: line.method,
            target_output: line.target_output.clone(),
            supporting_activity: line.supporting_activity,
        });
    }
    checks.done().map_err(Error::Invalid)?;
    Ok(rows)
}

fn fresh(
    cx: &Context,
    proposal: &Proposal,
    id: PlanId,
    n: i64,
    draft: &PlanDraft,
    lines: &[PlanLine],
) -> Result<Plan, Error> {
    let supporting = lines.iter().filter(|line| line.component == Component::Supporting);
    Ok(Plan {
        id,
        proposal_id: proposal.id,
        n,
        state: PlanState::Draft,
        target_output: draft.target_output.clone(),
        total_idr: Rupiah::total(lines.iter().map(|line| line.amount_idr)),
        supporting_idr: Rupiah::total(supporting.map(|line| line.amount_idr)),
        submitted_at: None,
        decided_at: None,
        change_reason: draft.reason.clone(),
        comment: None,
        version: 1,
        created_at: cx.now,
        created_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
    })
}

fn revise(
    tx: &mut AnyConnection,
    event: EventId,
    row: &Plan,
    proposal: Option<&Proposal>,
) -> Result<(), Error> {
    trail::revise(tx, event, SubjectKind::Plan, row.id, row.version, row)?;
    match proposal {
        Some(proposal) => {
            trail::revise(tx, event, SubjectKind::Proposal, proposal.id, proposal.version, proposal)
        }
        None => Ok(()),
    }
}

fn find(
    tx: &mut AnyConnection,
    cx: &Context,
    id: PlanId,
) -> Result<(Subject, (Plan, Proposal)), Error> {
    let row = plan::find(tx, id)?.ok_or(Error::NotFound)?;
    let proposal = access::visible(tx, cx, row.proposal_id)?;
    Ok((access::beneath(&proposal, SubjectKind::Plan, id), (row, proposal)))
}

/// A plan in another state, written back and recorded.
#[expect(clippy::too_many_arguments, reason = "all that a change of a plan is recorded with")]
fn change(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    action: &str,
    by: By,
    after: &Plan,
    proposal: &Proposal,
    content: Value,
) -> Result<(), Error> {
    if plan::replace(tx, after)? == 0 {
        return Err(Error::Stale);
    }
    let subject = access::beneath(proposal, SubjectKind::Plan, after.id);
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] },
    )?;
    // An approval moves the proposal, whose own event has its revision.
    let moved = after.state == PlanState::Approved;
    revise(tx, event, after, (!moved).then_some(proposal))
}

fn need_state(row: &Plan, wanted: PlanState) -> Result<(), Error> {
    if row.state == wanted {
        return Ok(());
    }
    let message = format!("This takes a plan that is {wanted}; it is {}.", row.state);
    Err(Error::refused("plan_state", "/state", message))
}

fn answer(tx: &mut AnyConnection, row: Plan) -> Result<Reply, Error> {
    let lines = plan::lines_of(tx, &[row.id])?;
    let version = row.version;
    Reply::ok(&view::Plan::of(row, &lines), Some(version))
}

/// Sends a plan to the ministry.
pub fn submit(sv: &Services, cx: &Context, id: PlanId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("plan.submit"),
        |tx| find(tx, cx, id),
        |tx, _, (row, seen)| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_as(tx, cx, seen.id, (None, Duty::Drafting))?;
            need_version(cx, row.version)?;
            need_state(&row, PlanState::Draft)?;
            fits_state(&row, &proposal)?;
            need_none_pending(&plan::of(tx, proposal.id)?)?;
            let pinned = policy::of_proposal(tx, &proposal, cx.now)?;
            let after = Plan {
                state: PlanState::Submitted,
                submitted_at: Some(cx.now),
                version: row.version + 1,
                ..row
            };
            let event = EventId::new();
            let content =
                json!({ "total_idr": after.total_idr, "change_reason": after.change_reason });
            change(tx, cx, event, "plan.submit", by, &after, &proposal, content)?;
            check_plan(tx, cx, &proposal, &pinned)?;
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, proposal.id, Duty::Drafting)?;
            let due = notices::due(&proposal, &pinned.policy, cx.now);
            let words = Words {
                amount: Some(after.total_idr),
                due,
                comment: after.change_reason.clone(),
                ..Words::default()
            };
            notices::raise(tx, cx, event, NoticeEvent::PlanSubmitted, &proposal, words)?;
            answer(tx, after)
        },
    )
}

/// Tells the drafter at submission what would keep the ministry from approving.
fn check_plan(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    pinned: &policy::Pinned,
) -> Result<(), Error> {
    let act = Act::bare(approval(proposal.state));
    let facts = facts::gather(tx, proposal, &pinned.policy, &act, None, cx.now)?;
    workflow::decide(&act, &facts, Door::PlanApproval).map(|_| ()).map_err(Error::Refused)
}

/// Refuses a plan that was written as the first one when another is in force already.
fn fits_state(row: &Plan, proposal: &Proposal) -> Result<(), Error> {
    let is_change = approval(proposal.state) == Action::ApprovePlanChange;
    if is_change == row.change_reason.is_some() {
        return Ok(());
    }
    let message =
        "This was written before the plan in force was approved; write a change with its reason.";
    Err(Error::refused("plan_state", "/plans", message))
}

/// Refuses a version that is not the one seen.
pub fn need_version(cx: &Context, version: i64) -> Result<(), Error> {
    if cx.if_match == Some(version) { Ok(()) } else { Err(Error::Stale) }
}

/// Whether the ministry may still recommend that a proposal be paid in one sum (PMK 25/2024 Art. 46).
fn can_recommend(policy: &Policy, now: Moment) -> Result<(), Error> {
    let pointer = "/lump_sum_recommended";
    match policy.recommended_until() {
        Some(until) if now < until.moment() => Ok(()),
        Some(until) => {
            let message =
                format!("the ministry recommended until {until}; approve the plan without it");
            Err(Error::invalid(pointer, "too_late", message))
        }
        None => Err(Error::invalid(pointer, "not_offered", "the year's policy has no such mode")),
    }
}

/// What an approval sets once: of a change, only conditions while contracts are not accepted.
fn check_approval(
    approval: &PlanApproval,
    action: Action,
    proposal: &Proposal,
    (policy, now): (&Policy, Moment),
) -> Result<(), Error> {
    if action == Action::ApprovePlan {
        return if approval.lump_sum_recommended { can_recommend(policy, now) } else { Ok(()) };
    }
    if approval.lump_sum_recommended && !proposal.lump_sum_recommended {
        let message = "is recorded when the first plan is approved";
        return Err(Error::invalid("/lump_sum_recommended", "no_first_plan", message));
    }
    if !approval.conditions.is_empty() && proposal.state != State::Planned {
        let message = "keep contracts waiting, and these are accepted already";
        return Err(Error::invalid("/conditions", "too_late", message));
    }
    Ok(())
}

/// Approves a plan, and so moves its proposal on; or a change, which takes the place of the plan in force.
pub fn approve(
    sv: &Services,
    cx: &Context,
    id: PlanId,
    body: &Input<PlanApproval>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("plan.approve"),
        |tx| find(tx, cx, id),
        |tx, _, (row, seen)| {
            let action = approval(seen.state);
            let by = action::permitted(tx, cx, &seen, action)?;
            let mut before = access::lock_for(tx, cx, &seen, None, Some(action))?;
            need_version(cx, row.version)?;
            let approval = body.get()?;
            need_state(&row, PlanState::Submitted)?;
            let rules = policy::of_proposal(tx, &before, cx.now)?;
            check_approval(approval, action, &before, (&rules.policy, cx.now))?;
            if action == Action::ApprovePlan {
                before.lump_sum_recommended = approval.lump_sum_recommended;
            }
            let act = Act { comment: approval.comment.clone(), ..Act::bare(action) };
            let proposal = action::take(tx, cx, by, &before, &act, Door::PlanApproval)?;
            let after = Plan {
                state: PlanState::Approved,
                decided_at: Some(cx.now),
                comment: approval.comment.clone(),
                version: row.version + 1,
                ..row
            };
            let mut figures = journal::figures(tx, proposal.id)?;
            figures.plan_idr = after.total_idr;
            journal::save_figures(tx, proposal.id, &figures)?;
            let event = EventId::new();
            for text in &approval.conditions {
                action::set_condition(tx, cx, event, &proposal, "plan", text)?;
            }
            let content = json!({
                "total_idr": after.total_idr,
                "conditions": approval.conditions,
                "lump_sum_recommended": proposal.lump_sum_recommended,
                "change_reason": after.change_reason,
            });
            change(tx, cx, event, "plan.approve", by, &after, &proposal, content)?;
            answer(tx, after)
        },
    )
}

/// Sends a plan back.
pub fn send_back(
    sv: &Services,
    cx: &Context,
    id: PlanId,
    body: &Input<Reason>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("plan.return"),
        |tx| find(tx, cx, id),
        |tx, _, (row, seen)| {
            let by = By::from(cx.need_over(Role::Approver, access::place(&seen))?);
            let proposal = access::lock_as(tx, cx, seen.id, (None, Duty::Decision))?;
            need_version(cx, row.version)?;
            let reason = body.get()?;
            need_state(&row, PlanState::Submitted)?;
            let after = Plan {
                state: PlanState::Returned,
                decided_at: Some(cx.now),
                comment: Some(reason.comment.clone()),
                version: row.version + 1,
                ..row
            };
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, proposal.id, Duty::Decision)?;
            let event = EventId::new();
            let content = json!({ "comment": reason.comment });
            change(tx, cx, event, "plan.return", by, &after, &proposal, content)?;
            let pinned = policy::of_proposal(tx, &proposal, cx.now)?;
            let due = notices::due(&proposal, &pinned.policy, cx.now);
            let words = Words { comment: Some(reason.comment.clone()), due, ..Words::default() };
            notices::raise(tx, cx, event, NoticeEvent::PlanReturned, &proposal, words)?;
            answer(tx, after)
        },
    )
}
