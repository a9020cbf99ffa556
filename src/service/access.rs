//! Who may see and do what with a proposal: tenancy and four eyes, in one place.

use crate::domain::act::Action;
use crate::domain::audit::SubjectKind;
use crate::domain::ids::{ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::{Duty, Grant, Participation, Place, Role, exclusions};
use crate::domain::refusal::{Blocker, Refusal};
use crate::domain::workflow::Course;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::trail::Subject;
use crate::storage::AnyConnection;
use crate::storage::assignment::{Assignment, Conflict};
use crate::storage::proposal::{self, Proposal};
use crate::storage::{allocation, assignment, grant, participation};

/// Where a proposal lies.
pub fn place(proposal: &Proposal) -> Place<'_> {
    Place { region: &proposal.region_code, commodity: &proposal.commodity }
}

/// What tells two arrows with the same start and action apart.
pub fn course(row: &Proposal) -> Course {
    let is_province = row.region_code == row.province_code;
    Course::of(row.menu, is_province, row.builds_anew, row.works_changed)
        .forfeited_from(row.forfeited_from)
}

/// A proposal that the caller may see; any other is not there.
pub fn visible(tx: &mut AnyConnection, cx: &Context, id: ProposalId) -> Result<Proposal, Error> {
    let found = proposal::find(tx, id)?.ok_or(Error::NotFound)?;
    if cx.actor.user.is_none() || cx.actor.sight().includes(&found.region_code) {
        return Ok(found);
    }
    Err(Error::NotFound)
}

/// The proposal as the subject of an event.
pub fn subject(proposal: &Proposal) -> Subject {
    beneath(proposal, SubjectKind::Proposal, proposal.id)
}

/// Something that belongs to the proposal, as the subject of an event.
pub fn beneath(proposal: &Proposal, kind: SubjectKind, id: impl ToString) -> Subject {
    Subject {
        kind,
        id: id.to_string(),
        proposal: Some(proposal.id),
        region: Some(proposal.region_code.clone()),
    }
}

/// What decides who may do what with one proposal, beside roles: parts taken, conflicts declared, reviewers assigned.
#[derive(Debug)]
pub struct Standing {
    /// Who took part in which duty.
    pub parts: Vec<Participation>,
    /// Who declared a conflict of interest, with their names.
    pub conflicts: Vec<(Conflict, String)>,
    /// Who is assigned to review it and can; everybody who may when there is nobody.
    pub assigned: Vec<Assignment>,
}

impl Standing {
    /// That of a proposal, now.
    pub fn of(
        tx: &mut AnyConnection,
        proposal: ProposalId,
        now: Moment,
    ) -> Result<Standing, Error> {
        let mut standing = Standing {
            parts: participation::of(tx, proposal)?,
            conflicts: assignment::conflicts_of(tx, proposal)?,
            assigned: Vec::new(),
        };
        let open = assignment::open_of(tx, proposal)?;
        if !open.is_empty() {
            let reviewers = reviewers_among(tx, proposal, &open, now)?;
            let can = |one: &Assignment| {
                let who = Some(one.user_id);
                reviewers.contains(&one.user_id) && standing.excluded(who, Duty::Review).is_empty()
            };
            standing.assigned = open.into_iter().filter(can).collect();
        }
        Ok(standing)
    }

    /// What excludes a person from a duty for good: an earlier part, or a conflict of interest.
    pub fn excluded(&self, user: Option<UserId>, duty: Duty) -> Vec<Blocker> {
        let parts = exclusions(&self.parts, user, duty).map(|part| excluded(part, duty));
        let conflicts = self.conflicts.iter().filter(|(one, _)| Some(one.user_id) == user);
        parts.chain(conflicts.map(|(one, name)| in_conflict(one, name))).collect()
    }

    /// What keeps a person from a duty now: what excludes them, or that others are assigned.
    pub fn against(&self, user: Option<UserId>, duty: Duty) -> Vec<Blocker> {
        let mut blockers = self.excluded(user, duty);
        let is_assigned = self.assigned.iter().any(|one| Some(one.user_id) == user);
        if duty == Duty::Review && !self.assigned.is_empty() && !is_assigned {
            let message =
                "Other reviewers are assigned to this proposal; an approver can assign you too.";
            blockers.push(Blocker::new("not_assigned", "/assignments", message));
        }
        blockers
    }
}

/// Those of the assigned who are reviewers over the proposal now: not disabled, by a grant that holds. The queue asks
/// the same of its rows.
fn reviewers_among(
    tx: &mut AnyConnection,
    id: ProposalId,
    open: &[Assignment],
    now: Moment,
) -> Result<Vec<UserId>, Error> {
    let row = proposal::find(tx, id)?.ok_or(Error::NotFound)?;
    let users: Vec<UserId> = open.iter().map(|one| one.user_id).collect();
    let grants = grant::of_active(tx, Role::Reviewer, &users)?;
    Ok(grants
        .into_iter()
        .map(|row| (row.user_id, Grant::from(row)))
        .filter(|(_, grant)| grant.holds_at(now) && grant.covers(place(&row)))
        .map(|(user, _)| user)
        .collect())
}

/// Why a person who declared a conflict of interest is excluded. The reason they gave is for approvers and auditors.
pub fn in_conflict(one: &Conflict, name: &str) -> Blocker {
    let message = format!(
        "{name} declared a conflict of interest in this proposal on {}, and so only reads it.",
        one.declared_at.0.date()
    );
    Blocker::new("conflict_of_interest", "", message)
}

/// Refuses a person whose earlier part in the proposal, or whose conflict of interest, forbids this duty; and, where
/// reviewers are assigned, every other one.
pub fn four_eyes(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: ProposalId,
    duty: Duty,
) -> Result<(), Error> {
    let blockers = Standing::of(tx, proposal, cx.now)?.against(cx.actor.user, duty);
    if blockers.is_empty() { Ok(()) } else { Err(Error::Forbidden(Refusal::because(blockers))) }
}

/// The auditor's grant by which the caller audits a proposal, and its locked row: nobody audits who took another part in
/// it, or declared a conflict of interest. What they do is remembered as their part.
pub fn lock_auditing(
    tx: &mut AnyConnection,
    cx: &Context,
    seen: &Proposal,
) -> Result<(By, Proposal), Error> {
    let by = By::from(cx.need_over(Role::Auditor, place(seen))?);
    let proposal = lock_as(tx, cx, seen.id, (None, Duty::Audit))?;
    took_part(tx, cx, proposal.id, Duty::Audit)?;
    Ok((by, proposal))
}

/// Why a person is excluded from a duty.
pub fn excluded(part: &Participation, duty: Duty) -> Blocker {
    let message = format!(
        "{} took part in this proposal as {} on {}, and so may not do {duty}; another person has to.",
        part.name,
        part.duty,
        part.since.0.date()
    );
    Blocker::new("four_eyes", "", message)
}

/// Takes the proposal's row for this transaction, and reads it again. Its version is raised already; `expected` is
/// the one that the caller has seen. What is given is changed now, whatever is written beneath it: whoever writes a revision
/// of it has to [`save`] it too.
pub fn lock(
    tx: &mut AnyConnection,
    cx: &Context,
    id: ProposalId,
    expected: Option<i64>,
) -> Result<Proposal, Error> {
    if proposal::lock(tx, id, expected)? == 0 {
        return Err(Error::Stale);
    }
    let row = proposal::find(tx, id)?.ok_or(Error::NotFound)?;
    Ok(Proposal { updated_at: cx.now, ..row })
}

/// The same, for a duty of the caller. Whether four eyes allows it is asked before, so that whoever may not is told that
/// and nothing else; and again once the row is taken: on PostgreSQL another part that the same person took meanwhile, in a
/// transaction of its own, is seen only then.
pub fn lock_as(
    tx: &mut AnyConnection,
    cx: &Context,
    id: ProposalId,
    (expected, duty): (Option<i64>, Duty),
) -> Result<Proposal, Error> {
    four_eyes(tx, cx, id, duty)?;
    let row = lock(tx, cx, id, expected)?;
    four_eyes(tx, cx, id, duty)?;
    Ok(row)
}

/// The same, with the allocation's row first where the action moves authority: the order of locks is ceiling,
/// allocation, tranche, proposals, balances.
pub fn lock_for(
    tx: &mut AnyConnection,
    cx: &Context,
    seen: &Proposal,
    expected: Option<i64>,
    action: Option<Action>,
) -> Result<Proposal, Error> {
    let frees = matches!(
        action,
        Some(
            Action::Forfeit
                | Action::Cancel
                | Action::Close
                | Action::CloseUnused
                | Action::ApprovePlan
                // Feeds the gate of what is paid on handover.
                | Action::RecordHandover
                | Action::ApprovePlanChange
                | Action::Revive
                // Takes the proposal out of requests that wait, whose steps begin with the allocation's row.
                | Action::HandOver
        )
    );
    match (action, seen.allocation_id) {
        (Some(Action::Allocate), _) => {
            if let Some(found) = allocation::of(tx, seen.fiscal_year, &seen.region_code)? {
                allocation::lock(tx, found.id)?;
            }
        }
        (Some(_), Some(id)) if frees => {
            allocation::lock(tx, id)?;
        }
        _ => {}
    }
    lock(tx, cx, seen.id, expected)
}

/// The same, for a write that feeds the gates of its allocation: a payment decided meanwhile has seen it, or is seen by it.
pub fn lock_feeding(
    tx: &mut AnyConnection,
    cx: &Context,
    seen: &Proposal,
) -> Result<Proposal, Error> {
    if let Some(id) = seen.allocation_id {
        allocation::lock(tx, id)?;
    }
    lock(tx, cx, seen.id, None)
}

/// The same, for a duty of the caller: see [`lock_as`].
pub fn lock_feeding_as(
    tx: &mut AnyConnection,
    cx: &Context,
    seen: &Proposal,
    duty: Duty,
) -> Result<Proposal, Error> {
    four_eyes(tx, cx, seen.id, duty)?;
    let row = lock_feeding(tx, cx, seen)?;
    four_eyes(tx, cx, seen.id, duty)?;
    Ok(row)
}

/// Remembers the part that the caller took.
pub fn took_part(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: ProposalId,
    duty: Duty,
) -> Result<(), Error> {
    if let Some(user) = cx.actor.user {
        participation::remember(tx, proposal, user, duty, cx.now)?;
    }
    Ok(())
}

/// Writes a locked proposal back.
pub fn save(tx: &mut AnyConnection, proposal: &Proposal) -> Result<(), Error> {
    if proposal::save(tx, proposal)? == 0 { Err(Error::Stale) } else { Ok(()) }
}
