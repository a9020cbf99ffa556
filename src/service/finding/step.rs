//! What follows a finding: the region tells what it did, the auditor returns that or closes the finding.

use super::{Told, check_documents, draft, one, settle};
use crate::domain::audit::SubjectKind;
use crate::domain::document::FOLLOWERS;
use crate::domain::finding::{FindingOutcome, FindingState, FollowUpSide, Step, decide};
use crate::domain::ids::{FindingId, FollowUpId};
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeEvent;
use crate::domain::notice::detail::Detail;
use crate::domain::people::Duty;
use crate::domain::refusal::{Blocker, Refusal};
use crate::service::Services;
use crate::service::access::{self, Standing};
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::Error;
use crate::service::finding::{ClosingDraft, FindingReturnDraft, FollowUpDraft};
use crate::service::once::Write;
use crate::service::plan::need_version;
use crate::service::trail::Subject;
use crate::storage::AnyConnection;
use crate::storage::finding::{self, Finding, FollowUp};
use crate::storage::proposal::Proposal;
use serde_json::json;

/// The most that is said of one finding, but for the answer to a last return.
const MOST_SAID: usize = 100;

type Found = (Finding, Proposal);

fn find(tx: &mut AnyConnection, cx: &Context, id: FindingId) -> Result<(Subject, Found), Error> {
    let row = finding::find(tx, id)?.ok_or(Error::NotFound)?;
    let proposal = access::visible(tx, cx, row.proposal_id)?;
    Ok((access::beneath(&proposal, SubjectKind::Finding, id), (row, proposal)))
}

/// The finding, read again since its proposal is locked: it may have been changed meanwhile.
fn again(tx: &mut AnyConnection, id: FindingId) -> Result<Finding, Error> {
    finding::find(tx, id)?.ok_or(Error::NotFound)
}

fn said(cx: &Context, of: FindingId, side: FollowUpSide, text: &str) -> Result<FollowUp, Error> {
    Ok(FollowUp {
        id: FollowUpId::new(),
        finding_id: of,
        side,
        text: text.to_owned(),
        amount_idr: None,
        due_on: None,
        said_at: cx.now,
        said_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
    })
}

fn replace(tx: &mut AnyConnection, row: &Finding) -> Result<(), Error> {
    if finding::replace(tx, row)? == 0 { Err(Error::Stale) } else { Ok(()) }
}

/// Tells what the region did about a finding.
pub fn follow_up(
    sv: &Services,
    cx: &Context,
    id: FindingId,
    body: &Input<FollowUpDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("finding.follow_up"),
        |tx| find(tx, cx, id),
        |tx, _, seen| {
            follower(tx, cx, &seen.0, &seen.1)?;
            let proposal = access::lock(tx, cx, seen.1.id, None)?;
            let row = again(tx, id)?;
            // Asked before and again, as `access::lock_as` does.
            let (by, duty) = follower(tx, cx, &row, &proposal)?;
            let draft = body.get()?;
            check_documents(tx, proposal.id, &draft.documents)?;
            let state =
                decide(row.state, row.at_issue(), Step::FollowUp).map_err(Error::Refused)?;
            // What came back can be answered always: what is settled has to be followed up before.
            if row.state != FindingState::Open {
                has_room(tx, id)?;
            }
            let told = FollowUp {
                amount_idr: draft.amount_idr,
                ..said(cx, id, FollowUpSide::Region, &draft.text)?
            };
            finding::follow_up(tx, &told, &draft.documents)?;
            // What is added while the auditor judges does not begin that anew.
            let since = if row.state == state { row.state_since } else { cx.now };
            let after =
                Finding { state, state_since: since, version: row.version + 1, ..row.clone() };
            replace(tx, &after)?;
            access::took_part(tx, cx, proposal.id, duty)?;
            let content =
                json!({ "state": state, "follow_up": told, "documents": draft.documents });
            let words = Told {
                event: NoticeEvent::FindingAnswered,
                said: draft.text.clone(),
                amount: draft.amount_idr.unwrap_or_default(),
                details: Vec::new(),
                due: false,
            };
            settle(tx, cx, ("finding.follow_up", by), &proposal, &after, content, words)?;
            let (version, location) = (after.version, format!("/api/v1/findings/{id}"));
            Reply::created(&one(tx, cx, proposal, after)?, Some(version), location)
        },
    )
}

/// Refuses where enough was said of a finding.
fn has_room(tx: &mut AnyConnection, id: FindingId) -> Result<(), Error> {
    if finding::said_of(tx, &[id])?.len() < MOST_SAID {
        return Ok(());
    }
    let message = format!("{MOST_SAID} entries were made already; an auditor has to close it.");
    Err(Error::refused("too_many_follow_ups", "/follow_ups", message))
}

/// By which grant and duty the caller follows up for the region. Whoever made the finding does not answer it.
fn follower(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &Finding,
    proposal: &Proposal,
) -> Result<(By, Duty), Error> {
    let standing = Standing::of(tx, proposal.id, cx.now)?;
    let mut excluded: Option<Vec<Blocker>> = None;
    for (role, duty) in FOLLOWERS {
        let Some(grant) = cx.actor.grant_in(*role, &proposal.region_code) else { continue };
        let mut blockers = standing.against(cx.actor.user, *duty);
        if cx.actor.user == Some(row.opened_by) {
            let message = "You made this finding; another person has to follow it up.";
            blockers.push(Blocker::new("four_eyes", "", message));
        }
        if blockers.is_empty() {
            return Ok((By::from(grant), *duty));
        }
        excluded.get_or_insert(blockers);
    }
    Err(match excluded {
        Some(blockers) => Error::Forbidden(Refusal::because(blockers)),
        None => missing(&FOLLOWERS.iter().map(|(role, _)| *role).collect::<Vec<_>>()),
    })
}

/// Returns a follow-up that does not content the auditor.
pub fn send_back(
    sv: &Services,
    cx: &Context,
    id: FindingId,
    body: &Input<FindingReturnDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("finding.return"),
        |tx| find(tx, cx, id),
        |tx, _, seen| {
            let (by, proposal) = access::lock_auditing(tx, cx, &seen.1)?;
            let row = again(tx, id)?;
            need_version(cx, row.version)?;
            let draft = body.get()?;
            let due_on = match draft.due_on {
                Some(day) => draft::due_on(tx, cx, &proposal, Some(day))?,
                None => row.due_on,
            };
            let state = decide(row.state, row.at_issue(), Step::Return).map_err(Error::Refused)?;
            has_room(tx, id)?;
            let told = FollowUp {
                due_on: draft.due_on,
                ..said(cx, id, FollowUpSide::Auditor, &draft.reason)?
            };
            finding::follow_up(tx, &told, &[])?;
            let after = Finding {
                state,
                state_since: cx.now,
                due_on,
                version: row.version + 1,
                ..row.clone()
            };
            replace(tx, &after)?;
            let content = json!({ "state": state, "due_on": due_on, "return": told });
            let words = Told {
                event: NoticeEvent::FindingReturned,
                said: draft.reason.clone(),
                amount: after.at_issue(),
                details: Vec::new(),
                due: true,
            };
            settle(tx, cx, ("finding.return", by), &proposal, &after, content, words)?;
            let version = after.version;
            Reply::ok(&one(tx, cx, proposal, after)?, Some(version))
        },
    )
}

/// Ends a finding.
pub fn close(
    sv: &Services,
    cx: &Context,
    id: FindingId,
    body: &Input<ClosingDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("finding.close"),
        |tx| find(tx, cx, id),
        |tx, _, seen| {
            let (by, proposal) = access::lock_auditing(tx, cx, &seen.1)?;
            let row = again(tx, id)?;
            need_version(cx, row.version)?;
            let draft = body.get()?;
            let settled = settled(draft, row.at_issue())?;
            let step = Step::Close(draft.outcome, settled);
            let state = decide(row.state, row.at_issue(), step).map_err(Error::Refused)?;
            let after = Finding {
                state,
                state_since: cx.now,
                outcome: Some(draft.outcome),
                settled_idr: Some(settled),
                closed_reason: Some(draft.reason.clone()),
                closed_at: Some(cx.now),
                closed_by: cx.actor.user,
                version: row.version + 1,
                ..row.clone()
            };
            debug_assert_eq!(state, FindingState::Closed);
            replace(tx, &after)?;
            let content = json!({ "finding_before": row, "finding": after });
            let (outcome, settled_idr) = (draft.outcome, settled.0);
            let words = Told {
                event: NoticeEvent::FindingClosed,
                said: draft.reason.clone(),
                amount: after.at_issue(),
                details: vec![Detail::FindingClosed { outcome, settled_idr }],
                due: false,
            };
            settle(tx, cx, ("finding.close", by), &proposal, &after, content, words)?;
            let version = after.version;
            Reply::ok(&one(tx, cx, proposal, after)?, Some(version))
        },
    )
}

/// What is settled. That is the auditor's word: where it is not said, it follows from the outcome, and never from what
/// the region told, which may have been returned as untrue.
fn settled(draft: &ClosingDraft, at_issue: Rupiah) -> Result<Rupiah, Error> {
    match (draft.settled_idr, draft.outcome) {
        (Some(settled), _) => Ok(settled),
        (None, FindingOutcome::Settled) => Ok(at_issue),
        (None, FindingOutcome::Withdrawn) => Ok(Rupiah::ZERO),
        (None, FindingOutcome::CannotBeFollowedUp) if at_issue == Rupiah::ZERO => Ok(Rupiah::ZERO),
        (None, FindingOutcome::CannotBeFollowedUp) => {
            let message = format!("must be given: what of the {at_issue} at issue is settled");
            Err(Error::invalid("/settled_idr", "required", message))
        }
    }
}
