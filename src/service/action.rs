//! Moving a proposal along the arrows of its machine, and telling what is possible.

use crate::domain::act::{Act, Action};
use crate::domain::audit::SubjectKind;
use crate::domain::guard::Facts;
use crate::domain::ids::{ConditionId, EventId, ProposalId};
use crate::domain::journal::{EntryKind, Posting};
use crate::domain::line::totals;
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::notice::detail::Detail;
use crate::domain::people::{Duty, Role, conflict};
use crate::domain::refusal::Blocker;
use crate::domain::workflow::{self, Arrow, Door};
use crate::service::context::{By, Context, Input, Reply, missing, needed};
use crate::service::error::Error;
use crate::service::money::{self, Notes, Source};
use crate::service::notices::{self, Told, Words};
use crate::service::once::Write;
use crate::service::policy::Pinned;
use crate::service::trail::{self, Event};
use crate::service::view::proposal as view;
use crate::service::{Services, access, agreement, facts, policy, proposal as proposals, tranche};
use crate::storage::condition::{self, Condition};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, allocation, journal};
use chrono::NaiveDate;
use serde_json::json;

mod said;

/// Moves a proposal along one arrow, and records, books and announces what follows from it.
pub fn act(sv: &Services, cx: &Context, id: ProposalId, body: &Input<Act>) -> Result<Reply, Error> {
    let tried = body.get().ok().map(|act| act.action.as_str());
    sv.once(
        cx,
        Write::acting("proposal.act").trying(tried),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            // The action has to be known to say who may do it: a body without one is a value error at once, for whoever
            // may do anything.
            let wanted = body.get().map(|act| act.action);
            let by = match &wanted {
                Ok(action) => Some(permitted(tx, cx, &seen, *action)?),
                Err(_) => {
                    acting(cx, &seen)?;
                    None
                }
            };
            let before = access::lock_for(tx, cx, &seen, cx.if_match, wanted.ok())?;
            let (act, by) = (body.get()?, by.unwrap_or(By { role: Role::System, grant: None }));
            let after = take(tx, cx, by, &before, act, Door::Actions)?;
            proposals::shown(tx, after)
        },
    )
}

/// Refuses whoever holds no role over the proposal that any arrow of its menu names.
fn acting(cx: &Context, row: &Proposal) -> Result<(), Error> {
    let roles =
        workflow::arrows(row.menu).map(|arrow| arrow.role).filter(|role| *role != Role::System);
    needed(roles, |role| cx.actor.grant_over(role, access::place(row)).is_some())
}

/// Who may try the action here: by role, and by four eyes.
pub fn permitted(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &Proposal,
    action: Action,
) -> Result<By, Error> {
    let course = access::course(row);
    let grant =
        workflow::permit(row.menu, (row.state, course), action, &cx.actor, access::place(row));
    let named = || workflow::arrows(row.menu).filter(|arrow| arrow.action == action);
    let is_here = |arrow: &Arrow| arrow.from == row.state && arrow.route.fits(course);
    let arrow = named()
        .max_by_key(|arrow| (is_here(arrow), grant.is_some_and(|grant| grant.role == arrow.role)));
    let (Some(grant), Some(arrow)) = (grant, arrow) else {
        // The roles that `permit` asked for: of the arrow from here, where there is one.
        let here = named().any(is_here);
        let mut roles: Vec<Role> = Vec::new();
        for arrow in named().filter(|arrow| !here || is_here(arrow)) {
            if !roles.contains(&arrow.role) {
                roles.push(arrow.role);
            }
        }
        return Err(missing(&roles));
    };
    if let Some(duty) = arrow.duty() {
        access::four_eyes(tx, cx, row.id, duty)?;
    }
    Ok(By::from(grant))
}

/// Takes an arrow of a locked proposal: decides, writes, books, records, announces.
pub fn take(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    before: &Proposal,
    act: &Act,
    door: Door,
) -> Result<Proposal, Error> {
    let pinned = policy::of_proposal(tx, before, cx.now)?;
    let facts = facts::gather(tx, before, &pinned.policy, act, None, cx.now)?;
    let arrow = workflow::decide(act, &facts, door).map_err(Error::Refused)?;
    // Whose turn it is was asked of the row as it was seen; it may have moved until it was locked.
    if by.role != arrow.role {
        return Err(missing(&[arrow.role]));
    }
    // And again, since it is locked: see `access::lock_as`. No person takes what a deadline takes.
    if let (Some(_), Some(duty)) = (cx.actor.user, arrow.duty()) {
        access::four_eyes(tx, cx, before.id, duty)?;
    }
    let step = Step { event: EventId::new(), by, act, arrow, facts: &facts, pinned: &pinned };
    follow(tx, cx, before, &step)
}

/// An arrow that was decided, and what it was decided on.
pub struct Step<'a> {
    /// The event that it will be recorded as.
    pub event: EventId,
    /// By which role and grant.
    pub by: By,
    /// What was asked.
    pub act: &'a Act,
    /// Which arrow.
    pub arrow: &'a Arrow,
    /// What its guards looked at.
    pub facts: &'a Facts<'a>,
    /// The rules.
    pub pinned: &'a Pinned,
}

/// Carries out an arrow that was decided.
pub fn follow(
    tx: &mut AnyConnection,
    cx: &Context,
    before: &Proposal,
    step: &Step<'_>,
) -> Result<Proposal, Error> {
    let mut after = moved(before, step, cx);
    let mut words = Words { comment: step.act.comment().map(str::to_owned), ..Words::default() };
    effects(tx, cx, step, &mut after, &mut words)?;
    access::save(tx, &after)?;
    if let Some(duty) = step.arrow.duty() {
        access::took_part(tx, cx, after.id, duty)?;
    }
    record(tx, cx, step, before, &after, &words)?;
    tranche::leave_out(tx, cx, before, &after, step)?;
    words.due = notices::due(&after, &step.pinned.policy, cx.now);
    if let Ok(told) = step.act.action.as_str().parse() {
        let among = Told::Among(step.arrow.tells);
        notices::tell(tx, cx, (step.event, told), &after, among, words)?;
    }
    Ok(after)
}

/// How the proposal's own row changes.
fn moved(before: &Proposal, step: &Step<'_>, cx: &Context) -> Proposal {
    let Step { arrow, act, facts, pinned, .. } = step;
    let mut after = before.clone();
    after.state = arrow.to;
    if arrow.to != arrow.from {
        after.state_since = cx.now;
        after.due_on = None;
    }
    let today = cx.now.date_in(facts.zone);
    match act.action {
        Action::Return => after.returned = true,
        Action::Submit => after.policy_version = Some(pinned.version),
        Action::RequestClarification => {
            after.due_on = act.data.due_on;
            after.works_changed = false;
        }
        Action::Recommend | Action::ConfirmSite => after.adverse_advice = false,
        Action::AdviseAgainst | Action::FailSite => after.adverse_advice = true,
        Action::ProposeAgreement => {
            after.agreement_proposed = true;
            after.due_on = act.data.due_on;
        }
        Action::ReturnToReview => {
            after.agreement_proposed = false;
            after.adverse_advice = false;
        }
        Action::Approve | Action::ApproveWithConditions => {
            after.approved_idr = totals(&facts.lines, |line| line.approved).0;
        }
        Action::RecordHandover | Action::CompleteWorks => {
            let handover = act.data.handover.as_ref();
            after.handover_on = after.handover_on.or(handover.map(|handover| handover.date));
            if act.action == Action::RecordHandover {
                after.handover_value_idr = handover.and_then(|handover| handover.value_idr);
            }
        }
        Action::Forfeit => after.forfeited_from = Some(arrow.from),
        Action::Revive => after.due_on = act.data.due_on,
        Action::HandOver => {
            after.centre_id = act.data.centre_id;
            after.operating_since = Some(today);
        }
        Action::RequestPlanningCheck
        | Action::ConfirmPlanning
        | Action::Verify
        | Action::NotRecommend
        | Action::Answer
        | Action::Lapse
        | Action::AcceptAgreement
        | Action::DeclineAgreement
        | Action::CloseWithoutAgreement
        | Action::Reject
        | Action::Allocate
        | Action::DeclineAllocation
        | Action::ApprovePlan
        | Action::ApprovePlanChange
        | Action::AcceptContracts
        | Action::Disburse
        | Action::RecordExpenditure
        | Action::EndShort
        | Action::Close
        | Action::CloseUnused
        | Action::Withdraw
        | Action::Cancel => {}
    }
    after
}

/// What the arrow changes beside the proposal's own row: conditions, money.
fn effects(
    tx: &mut AnyConnection,
    cx: &Context,
    step: &Step<'_>,
    after: &mut Proposal,
    words: &mut Words,
) -> Result<(), Error> {
    let Step { event, act, facts, .. } = step;
    match act.action {
        Action::Approve | Action::ApproveWithConditions => {
            words.amount = Some(after.approved_idr);
            words.details = said::cuts(facts);
            for text in act.data.conditions.iter().flatten() {
                set_condition(tx, cx, *event, after, "decision", text)?;
                words.details.push(Detail::Condition { text: text.clone() });
            }
            Ok(())
        }
        Action::RequestClarification | Action::Return => {
            words.details = said::open_requests(facts);
            Ok(())
        }
        Action::Verify => {
            words.details = said::doubts(facts);
            Ok(())
        }
        Action::ProposeAgreement | Action::AcceptAgreement | Action::DeclineAgreement => {
            if act.action == Action::ProposeAgreement {
                words.details = said::agreement(facts);
            }
            agreement::record(tx, cx, step, after.id)
        }
        Action::Allocate => allocate(tx, cx, step, after, words),
        Action::Disburse => {
            words.amount = facts.payment.map(|payment| payment.amount);
            words.details.extend(facts.payment.map(|payment| Detail::Tranche { n: payment.n }));
            Ok(())
        }
        Action::DeclineAllocation => {
            words.comment = act.data.legal_basis.clone();
            Ok(())
        }
        Action::Forfeit => {
            let gate = facts.gate();
            let source = source(cx, *event, after);
            words.amount = Some(facts.figures.undisbursed());
            words.missed = Some(gate);
            words.details = said::lacking(facts);
            words.details.push(Detail::LegalBasis { text: facts.policy.legal_basis.clone() });
            money::release_rest(
                tx,
                cx,
                after,
                &Source { effective_on: gate.date_in(facts.zone), ..source },
            )
        }
        Action::Lapse => {
            words.missed = facts.due_on.map(|due| facts.zone.end_of(due));
            words.details = said::open_requests(facts);
            Ok(())
        }
        Action::Revive => revive(tx, cx, step, after, words),
        Action::Cancel | Action::Close | Action::CloseUnused => {
            let source = source(cx, *event, after);
            money::release_rest(tx, cx, after, &source)
        }
        _ => Ok(()),
    }
}

fn source(cx: &Context, event: EventId, proposal: &Proposal) -> Source {
    let effective_on = cx.now.date_in(Zone::of(&proposal.region_code));
    Source { kind: "proposal", id: proposal.id.to_string(), event, effective_on }
}

fn allocate(
    tx: &mut AnyConnection,
    cx: &Context,
    step: &Step<'_>,
    after: &mut Proposal,
    words: &mut Words,
) -> Result<(), Error> {
    let Step { event, act, facts, .. } = step;
    let amount = act.data.amount_idr.unwrap_or(Rupiah::ZERO);
    let found = allocation::of(tx, after.fiscal_year, &after.region_code)?
        .ok_or_else(|| Error::Defect("an allocation that was found is gone".to_owned()))?;
    let effective_on = set_aside_from(cx, act, facts)?;
    money::take_room(tx, cx, found.id, amount, *event)?;
    after.allocation_id = Some(found.id);
    let source = Source { effective_on, ..source(cx, *event, after) };
    let notes = Notes { reason: act.data.legal_basis.clone(), ..Notes::default() };
    money::post_one(tx, cx, after, &Posting::of(EntryKind::Allocate, amount), &source, notes)?;
    words.amount = Some(amount);
    words.comment = act.data.legal_basis.clone();
    Ok(())
}

/// From which day money is set aside: not before it was approved, and not beyond the year that it is for.
fn set_aside_from(cx: &Context, act: &Act, facts: &Facts<'_>) -> Result<NaiveDate, Error> {
    let today = cx.now.date_in(facts.zone);
    let Some(day) = act.data.effective_on else { return Ok(today) };
    let first = facts.state_since.date_in(facts.zone).min(today);
    let year = i32::try_from(facts.policy.fiscal_year).unwrap_or(i32::MAX);
    let last = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today).max(today);
    if (first..=last).contains(&day) {
        return Ok(day);
    }
    let message = format!("must be from {first}, when it was approved, to {last}");
    Err(Error::invalid("/data/effective_on", "out_of_range", message))
}

/// Takes back, by new entries, those by which a forfeiture set authority free: set aside and bound is what was before.
fn revive(
    tx: &mut AnyConnection,
    cx: &Context,
    step: &Step<'_>,
    after: &Proposal,
    words: &mut Words,
) -> Result<(), Error> {
    let (Some(revival), Some(allocation)) = (&step.facts.revival, after.allocation_id) else {
        return Ok(());
    };
    if step.act.data.due_on.is_some() {
        let message =
            "is for a proposal that lapsed; what was forfeited goes on by the year's own dates";
        return Err(Error::invalid("/data/due_on", "unknown", message));
    }
    money::take_room(tx, cx, allocation, revival.amount, step.event)?;
    for entry in journal::set_free(tx, after.id)?.iter().rev() {
        let notes =
            Notes { reason: revival.decree.clone(), reverses: Some(entry.id), ..Notes::default() };
        let source = source(cx, step.event, after);
        money::post_one(tx, cx, after, &entry.posting().mirrored(), &source, notes)?;
    }
    words.amount = Some(revival.amount);
    words.details.extend(revival.decree.clone().map(|number| Detail::Decree { number }));
    Ok(())
}

/// Sets a condition on a proposal.
pub fn set_condition(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    proposal: &Proposal,
    source: &str,
    text: &str,
) -> Result<(), Error> {
    let row = Condition {
        id: ConditionId::new(),
        proposal_id: proposal.id,
        source: source.to_owned(),
        text: text.to_owned(),
        set_at: cx.now,
        set_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
        lifted_at: None,
        lifted_by: None,
        evidence: None,
        document_id: None,
        version: 1,
    };
    condition::insert(tx, &row)?;
    trail::revise(tx, event, SubjectKind::Condition, row.id, row.version, &row)
}

fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    step: &Step<'_>,
    before: &Proposal,
    after: &Proposal,
    words: &Words,
) -> Result<(), Error> {
    let content = json!({
        "before": { "state": before.state },
        "after": { "state": after.state },
        "comment": step.act.comment(),
        "data": step.act.data,
        "amount_idr": words.amount,
        "details": words.details,
        "missed": words.missed,
    });
    let action = format!("proposal.{}", step.act.action);
    let subject = access::subject(after);
    let event = Event {
        id: step.event,
        action: &action,
        subject: &subject,
        by: Some(step.by),
        content,
        personal: &[],
    };
    trail::done(tx, cx, event)?;
    trail::revise(tx, step.event, SubjectKind::Proposal, after.id, after.version, after)
}

/// Every arrow from where the proposal stands: what is possible, what is in the way, who is excluded.
pub fn list(sv: &Services, cx: &Context, id: ProposalId) -> Result<view::Actions, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        let pinned = policy::of_proposal(tx, &row, cx.now)?;
        let standing = access::Standing::of(tx, id, cx.now)?;
        let facts =
            facts::gather(tx, &row, &pinned.policy, &Act::bare(Action::Answer), None, cx.now)?;
        let items = workflow::arrows(row.menu)
            .filter(|arrow| arrow.from == row.state && arrow.fits(&facts))
            .map(|arrow| arrow_view(cx, &row, arrow, &facts, &standing))
            .collect();
        Ok(view::Actions { state: row.state, version: row.version, items })
    })
}

fn arrow_view(
    cx: &Context,
    row: &Proposal,
    arrow: &Arrow,
    facts: &Facts<'_>,
    standing: &access::Standing,
) -> view::ActionView {
    let act = Act::bare(arrow.action);
    let (needs, mut blockers): (Vec<_>, Vec<_>) = arrow
        .guards
        .iter()
        .flat_map(|guard| {
            let said = guard.check(facts, &act).into_iter();
            said.map(|blocker| (guard.is_input(), blocker))
        })
        .partition(|(is_input, _)| *is_input);
    let duty = arrow.duty();
    let excluded =
        standing.parts.iter().filter(|part| duty.is_some_and(|duty| conflict(part.duty, duty)));
    let mut excluded: Vec<view::Excluded> = excluded
        .map(|part| view::Excluded {
            user_id: part.user,
            name: part.name.clone(),
            duty: Some(part.duty),
            reason: access::excluded(part, duty.unwrap_or(Duty::Drafting)).message,
        })
        .collect();
    if cx.actor.grant_over(arrow.role, access::place(row)).is_none() {
        let message = format!("This takes the role {} over this region.", arrow.role);
        blockers.insert(0, (false, Blocker::new("role_missing", "", message)));
    }
    if let Some(duty) = duty {
        excluded.extend(standing.conflicts.iter().map(|(one, name)| view::Excluded {
            user_id: one.user_id,
            name: name.clone(),
            duty: None,
            reason: access::in_conflict(one, name).message,
        }));
        let against = standing.against(cx.actor.user, duty);
        blockers.extend(against.into_iter().map(|blocker| (false, blocker)));
    }
    view::ActionView {
        action: arrow.action,
        to: arrow.to,
        role: arrow.role,
        allowed: blockers.is_empty(),
        blockers: blockers.into_iter().map(|(_, blocker)| blocker).collect(),
        needs: needs.into_iter().map(|(_, blocker)| blocker).collect(),
        via: (arrow.door() != Door::Actions).then(|| arrow.door().to_string()),
        excluded,
    }
}
