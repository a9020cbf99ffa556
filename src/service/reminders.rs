//! Reminders: whoever has to meet a deadline is told of it before, and those above them the nearer it comes; each step of
//! the policy's ladder once, whichever process looks, and however often. What one region is to be told of several proposals
//! at once, by the same rule, is one message.

mod group;
mod scan;

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, NoticeId, ProposalId, ReminderId};
use crate::domain::moment::Moment;
use crate::domain::people::Role;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::radar::{Found, Sky};
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::reminder as view;
use crate::service::{Services, access, notices};
use crate::storage::reminder::{self, Reminder};
use crate::storage::{AnyConnection, DbError, radar};
use group::Group;
use scan::{About, Call, Log, Scan};
use serde_json::json;
use std::collections::HashMap;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reminded {
    /// Notices that were raised: messages, once to each recipient.
    pub notices: usize,
    /// Steps that were taken.
    pub steps: usize,
    /// Steps whose time had passed unused, for which others stood.
    pub collapsed: usize,
    /// Whether something changed while it was looked at, so that it has to be looked at again.
    pub again: bool,
}

/// Takes every step that is to be taken now. Safe to be run by any number of processes at any time.
pub fn run(sv: &Services) -> Result<Reminded, Error> {
    let cx = Context::system(sv.clock.now());
    let mut done = Reminded::default();
    let mut scan = Scan::at(cx.now);
    // A page ends where it ends; what is to be told of its last region waits for the next, which may have more of it.
    let mut waiting: Vec<Call> = Vec::new();
    let mut after = None;
    loop {
        let page = sv.db.read(|tx| scan.proposals(tx, after.as_ref()))?;
        waiting.extend(page.calls);
        let rest = match &page.last {
            Some((region, _)) => {
                let (rest, ready): (Vec<_>, Vec<_>) =
                    waiting.into_iter().partition(|call| call.lead.region_code == *region);
                send_all(sv, &cx, ready, &mut done)?;
                rest
            }
            None => {
                send_all(sv, &cx, waiting, &mut done)?;
                break;
            }
        };
        (waiting, after) = (rest, page.last);
    }
    let mut after = None;
    loop {
        let page = sv.db.read(|tx| scan.tranches(tx, after))?;
        send_all(sv, &cx, page.calls, &mut done)?;
        after = page.last;
        if after.is_none() {
            return Ok(done);
        }
    }
}

/// When the next step is to be taken, if nothing changes; now, when some are to be taken now.
pub fn next(sv: &Services) -> Result<Option<Moment>, Error> {
    let mut scan = Scan::at(sv.clock.now());
    scan.asks_next = true;
    let mut nearest: Option<Moment> = None;
    let mut nearer = |next: Option<Moment>| {
        nearest = [nearest, next].into_iter().flatten().min();
    };
    let mut after = None;
    loop {
        let page = sv.db.read(|tx| scan.proposals(tx, after.as_ref()))?;
        nearer(page.next);
        after = page.last;
        if after.is_none() {
            break;
        }
    }
    let mut after = None;
    loop {
        let page = sv.db.read(|tx| scan.tranches(tx, after))?;
        nearer(page.next);
        after = page.last;
        if after.is_none() {
            return Ok(nearest);
        }
    }
}

fn send_all(
    sv: &Services,
    cx: &Context,
    calls: Vec<Call>,
    done: &mut Reminded,
) -> Result<(), Error> {
    for group in group::of(calls) {
        let sent = send(sv, cx, &group)?;
        done.notices += sent.notices;
        done.steps += sent.steps;
        done.collapsed += sent.collapsed;
        done.again |= sent.again;
    }
    Ok(())
}

/// Takes the steps of a group: notice, events and rows in one transaction, or none of them.
fn send(sv: &Services, cx: &Context, group: &Group) -> Result<Reminded, Error> {
    let outcome = sv.db.write(
        "reminders.send",
        |tx| {
            let (open, again) = still_open(tx, &group.calls)?;
            let Some(told) = group::facts(&open, cx.now) else {
                return Ok(Reminded { again, ..Reminded::default() });
            };
            let events: Vec<EventId> = open.iter().map(|_| EventId::new()).collect();
            let Some(first) = events.first() else { return Ok(Reminded::default()) };
            let notice = notices::remind(tx, cx, *first, &told.lead, &told.tells, told.facts)?;
            let mut collapsed = 0;
            for (call, event) in open.iter().zip(&events) {
                record(tx, cx, call, *event, notice)?;
                collapsed += call.rung.collapsed.len();
            }
            Ok(Reminded { notices: 1, steps: open.len(), collapsed, again })
        },
        |_, _: &Error| Ok(()),
    );
    match outcome {
        // Another process took one of the steps at the same moment; what is left of the group is looked at again.
        Err(Error::Database(DbError::Duplicate(_))) => {
            Ok(Reminded { again: true, ..Reminded::default() })
        }
        outcome => outcome,
    }
}

/// Those whose proposal, or allocation, is as it was seen, and whose step nobody took meanwhile; and whether any changed.
fn still_open<'a>(
    tx: &mut AnyConnection,
    calls: &'a [Call],
) -> Result<(Vec<&'a Call>, bool), Error> {
    let (mut proposals, mut allocations) = (Vec::new(), Vec::new());
    for call in calls {
        match call.about {
            About::Proposal(id) => proposals.push(id),
            About::Allocation(id) => allocations.push(id),
        }
    }
    let versions: HashMap<_, _> = radar::versions(tx, &proposals)?
        .into_iter()
        .map(|(id, version)| (About::Proposal(id), version))
        .chain(
            radar::funds(tx, &allocations)?
                .into_iter()
                .map(|funds| (About::Allocation(funds.0), funds.4)),
        )
        .collect();
    let log = Log::read(tx, &proposals, &allocations)?;
    let is_seen = |call: &&Call| versions.get(&call.about) == Some(&call.version);
    let again = !calls.iter().all(|call| is_seen(&call));
    let is_taken =
        |call: &&Call| log.of(call.about, &call.due).iter().any(|row| row.step >= call.rung.offset);
    let open = calls.iter().filter(|call| is_seen(call) && !is_taken(call)).collect();
    Ok((open, again))
}

/// Keeps that a step was taken, and those that it stands for.
fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    call: &Call,
    event: EventId,
    notice: NoticeId,
) -> Result<(), Error> {
    let (proposal_id, allocation_id, subject) = match call.about {
        About::Proposal(id) => (Some(id), None, access::subject(&call.lead)),
        About::Allocation(id) => {
            let region = &call.lead.region_code;
            (None, Some(id), Subject::within(SubjectKind::Allocation, id, region))
        }
    };
    let content = json!({
        "kind": call.due.kind,
        "n": call.due.n,
        "due_at": call.due.at,
        "step": call.rung.offset,
        "collapsed": call.rung.collapsed,
        "tells": call.rung.tells,
        "at_risk_idr": call.at_risk,
        "notice_id": notice,
    });
    let by = Some(By { role: Role::System, grant: None });
    let action = "reminder.send";
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &[] },
    )?;
    let tells = serde_json::to_string(&call.rung.tells)?;
    let row = |step: i64, collapsed: bool| Reminder {
        id: ReminderId::new(),
        proposal_id,
        allocation_id,
        kind: call.due.kind,
        n: call.due.n.unwrap_or_default(),
        due_at: call.due.at,
        zone: call.due.zone,
        step,
        collapsed,
        tells: tells.clone(),
        at_risk_idr: call.at_risk,
        notice_id: notice,
        event_id: event,
        reminded_at: cx.now,
    };
    let mut rows: Vec<Reminder> = call.rung.collapsed.iter().map(|step| row(*step, true)).collect();
    rows.push(row(call.rung.offset, false));
    reminder::append(tx, &rows)?;
    Ok(())
}

/// Who was reminded of the deadlines of a proposal, and of those of the allocation that it is paid from; when, by which
/// step, and what became of each message.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<ReminderId>,
    limit: i64,
) -> Result<Page<view::Reminder>, Error> {
    sv.db.read(|tx| {
        let proposal = access::visible(tx, cx, id)?;
        let allocation = proposal.allocation_id;
        let rows = reminder::page(tx, id, allocation, after, limit.saturating_add(1))?;
        let mut notices: Vec<NoticeId> =
            rows.iter().filter(|row| !row.collapsed).map(|row| row.notice_id).collect();
        notices.dedup();
        let mut recipients: HashMap<NoticeId, Vec<view::ReminderRecipient>> = HashMap::new();
        for one in reminder::recipients(tx, &notices)? {
            recipients.entry(one.0).or_default().push(one.into());
        }
        let items = rows
            .into_iter()
            .map(|row| {
                let told = if row.collapsed { None } else { recipients.get(&row.notice_id) };
                view::Reminder::of(row, told.cloned().unwrap_or_default())
            })
            .collect::<Result<Vec<_>, Error>>()?;
        Ok(Page::cut(items, limit, |item| item.id.to_string(), |item| item))
    })
}

/// When somebody was reminded of a deadline last, and when somebody will be next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// When last.
    pub last: Option<Moment>,
    /// When next, if nothing changes.
    pub next: Option<Moment>,
}

/// The same of some deadlines, in their order.
pub fn told(
    tx: &mut AnyConnection,
    sky: &Sky,
    founds: &[&Found],
    now: Moment,
) -> Result<Vec<Told>, Error> {
    Scan::at(now).told(tx, sky, founds)
}
