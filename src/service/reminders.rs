//! Reminders: whoever has to meet a deadline is told of it before, and those above them the nearer it comes; each step of
//! the policy's ladder once, whichever process looks, and however often. What one region is to be told of several proposals
//! at once, by the same rule, is one message; so is what those above are to be told of several regions.

mod group;
mod scan;

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, NoticeId, ProposalId, RegionCode, ReminderId};
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeFacts;
use crate::domain::people::Role;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::radar::{Found, Sky, in_parts};
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::reminder as view;
use crate::service::{Services, access, notices};
use crate::storage::reminder::{self, Reminder};
use crate::storage::{AnyConnection, DbError, notice, radar, region};
use group::{Batch, Message, Telling};
use scan::{About, Call, Log, Scan};
use serde_json::json;
use std::collections::{HashMap, HashSet};

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

/// The most steps of one transaction, but for those of one region more; as many are told of in one message to those above.
const AT_ONCE: usize = 1_000;

/// Takes every step that is to be taken now. Safe to be run by any number of processes at any time.
pub fn run(sv: &Services) -> Result<Reminded, Error> {
    let cx = Context::system(sv.clock.now());
    let mut done = Reminded::default();
    let mut scan = Scan::at(cx.now);
    // What is to be told of a page's last region waits for the next page, which may have more of it; and everything waits
    // until there is so much of it that it has to be told.
    let mut waiting: Vec<Call> = Vec::new();
    let mut after = None;
    loop {
        let page = sv.db.read(|tx| scan.proposals(tx, after.as_ref()))?;
        waiting.extend(page.calls);
        after = page.last;
        let Some((region, _)) = &after else { break };
        if waiting.len() >= AT_ONCE {
            let (rest, ready): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|call| call.lead.region_code == *region);
            send_all(sv, &cx, ready, &mut done)?;
            waiting = rest;
        }
    }
    send_all(sv, &cx, waiting, &mut done)?;
    let (mut waiting, mut after) = (Vec::new(), None);
    loop {
        let page = sv.db.read(|tx| scan.tranches(tx, after))?;
        waiting.extend(page.calls);
        after = page.last;
        if after.is_none() || waiting.len() >= AT_ONCE {
            send_all(sv, &cx, std::mem::take(&mut waiting), &mut done)?;
        }
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
    for batch in group::of(calls) {
        let sent = send(sv, cx, &batch)?;
        done.notices += sent.notices;
        done.steps += sent.steps;
        done.collapsed += sent.collapsed;
        done.again |= sent.again;
    }
    Ok(())
}

/// Takes the same step of several regions: notices, events and rows in one transaction, or none of them.
fn send(sv: &Services, cx: &Context, batch: &Batch) -> Result<Reminded, Error> {
    let outcome = sv.db.write(
        "reminders.send",
        |tx| {
            let calls = batch.groups.iter().flat_map(|group| &group.calls);
            let (open, again) = still_open(tx, &calls.collect::<Vec<_>>())?;
            let mut groups: Vec<Vec<&Call>> =
                batch.groups.iter().map(|group| group.among(&open)).collect();
            groups.retain(|calls| !calls.is_empty());
            let done = tell(tx, cx, &groups)?;
            Ok(Reminded { again, ..done })
        },
        |_, _: &Error| Ok(()),
    );
    match outcome {
        // Another process took one of the steps at the same moment; what is left of them is looked at again.
        Err(Error::Database(DbError::Duplicate(_))) => {
            Ok(Reminded { again: true, ..Reminded::default() })
        }
        outcome => outcome,
    }
}

/// Raises the notices of some groups, those to whom stands above them first, and keeps that their steps were taken.
fn tell(tx: &mut AnyConnection, cx: &Context, groups: &[Vec<&Call>]) -> Result<Reminded, Error> {
    let (above, own) = group::tellings(groups);
    let names = names(tx, &above, groups)?;
    let events: Vec<Vec<EventId>> =
        groups.iter().map(|calls| calls.iter().map(|_| EventId::new()).collect()).collect();
    let mut done = Reminded::default();
    let mut told_above: Vec<Vec<NoticeId>> = vec![Vec::new(); groups.len()];
    for telling in &above {
        let Some(message) = group::facts_above(telling, groups, &names, cx.now) else { continue };
        let first = telling.groups.first().and_then(|place| events.get(*place)?.first());
        let Some(first) = first else { continue };
        let notice = raise(tx, cx, *first, &message)?;
        done.notices += 1;
        for place in &telling.groups {
            if let Some(told) = told_above.get_mut(*place) {
                told.push(notice);
            }
        }
    }
    for (((calls, tells), events), above) in groups.iter().zip(own).zip(&events).zip(told_above) {
        // Where a step is for those above alone, its own notice tells nobody, and says who was told.
        done.notices += usize::from(!tells.is_empty());
        let Some(message) = group::facts(calls, tells, above, cx.now) else { continue };
        let Some(first) = events.first() else { continue };
        let notice = raise(tx, cx, *first, &message)?;
        for (call, event) in calls.iter().zip(events) {
            record(tx, cx, call, *event, notice)?;
            done.steps += 1;
            done.collapsed += call.rung.collapsed.len();
        }
    }
    Ok(done)
}

fn raise(
    tx: &mut AnyConnection,
    cx: &Context,
    event: EventId,
    message: &Message,
) -> Result<NoticeId, Error> {
    notices::remind(tx, cx, event, &message.lead, &message.tells, message.facts.clone())
}

/// What the regions are called that those above are told of, and their provinces.
fn names(
    tx: &mut AnyConnection,
    above: &[Telling],
    groups: &[Vec<&Call>],
) -> Result<HashMap<RegionCode, String>, Error> {
    if above.is_empty() {
        return Ok(HashMap::new());
    }
    let regions = groups.iter().filter_map(|calls| Some(&calls.first()?.lead.region_code));
    let mut codes: Vec<RegionCode> =
        regions.flat_map(|code| [code.clone(), code.province()]).collect();
    codes.sort_unstable();
    codes.dedup();
    Ok(region::names(tx, &codes)?.into_iter().collect())
}

/// Those whose proposal, or allocation, is as it was seen, and whose step nobody took meanwhile; and whether any changed.
fn still_open(tx: &mut AnyConnection, calls: &[&Call]) -> Result<(HashSet<About>, bool), Error> {
    let (mut proposals, mut allocations) = (Vec::new(), Vec::new());
    for call in calls {
        match call.about {
            About::Proposal(id) => proposals.push(id),
            About::Allocation(id) => allocations.push(id),
        }
    }
    let of_proposals = in_parts(&proposals, |part| radar::versions(tx, part))?;
    let of_allocations = in_parts(&allocations, |part| radar::funds(tx, part))?;
    let versions: HashMap<_, _> = of_proposals
        .into_iter()
        .map(|(id, version)| (About::Proposal(id), version))
        .chain(of_allocations.into_iter().map(|funds| (About::Allocation(funds.0), funds.4)))
        .collect();
    let log = Log::read(tx, &proposals, &allocations)?;
    let is_seen = |call: &&&Call| versions.get(&call.about) == Some(&call.version);
    let again = !calls.iter().all(|call| is_seen(&call));
    let is_taken = |call: &&&Call| {
        log.of(call.about, &call.due).iter().any(|row| row.step >= call.rung.offset)
    };
    let open = calls.iter().filter(|call| is_seen(call) && !is_taken(call));
    let open = open.map(|call| call.about).collect();
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
        let recipients = recipients(tx, &rows)?;
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

/// Who got the messages of some steps, by the notice of the step: its own, and those to whom stands above its region.
fn recipients(
    tx: &mut AnyConnection,
    rows: &[Reminder],
) -> Result<HashMap<NoticeId, Vec<view::ReminderRecipient>>, Error> {
    let mut own: Vec<NoticeId> =
        rows.iter().filter(|row| !row.collapsed).map(|row| row.notice_id).collect();
    own.sort_unstable();
    own.dedup();
    let mut steps: HashMap<NoticeId, Vec<NoticeId>> = HashMap::new();
    for row in notice::by_ids(tx, &own)? {
        let facts: NoticeFacts = serde_json::from_str(&row.facts)?;
        let above = facts.reminder.map(|reminder| reminder.above).unwrap_or_default();
        for one in above.into_iter().chain([row.id]) {
            steps.entry(one).or_default().push(row.id);
        }
    }
    let all: Vec<NoticeId> = steps.keys().copied().collect();
    let mut told: HashMap<NoticeId, Vec<view::ReminderRecipient>> = HashMap::new();
    for one in reminder::recipients(tx, &all)? {
        let of = steps.get(&one.0).cloned().unwrap_or_default();
        let recipient = view::ReminderRecipient::from(one);
        for step in of {
            told.entry(step).or_default().push(recipient.clone());
        }
    }
    Ok(told)
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
