//! What happens when a deadline passes: the service itself lapses and forfeits, once, also after it was down.

use crate::domain::act::{Act, Action};
use crate::domain::ids::ProposalId;
use crate::domain::moment::Zone;
use crate::domain::people::Role;
use crate::domain::proposal::State;
use crate::domain::workflow::Door;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::{Services, access, action, policy};
use crate::storage::{idempotency, proposal, throttle, token};
use chrono::{NaiveDate, TimeDelta};

/// How many proposals are looked at in one step.
const PAGE: i64 = 200;
/// The states that the contract gate ends.
const BEFORE_THE_GATE: [State; 3] = [State::Allocated, State::Planned, State::Contracted];
/// How long keys of safe writes are kept.
const KEEP_KEYS: TimeDelta = TimeDelta::days(30);
/// How long failed sign-ins are remembered.
const KEEP_FAILURES: TimeDelta = TimeDelta::days(1);
/// How long ended tokens are kept.
const KEEP_TOKENS: TimeDelta = TimeDelta::days(30);

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Proposals that lapsed for want of an answer.
    pub lapsed: usize,
    /// Proposals that were forfeited at the gate.
    pub forfeited: usize,
}

/// Ends what missed its deadline. Safe to be run by any number of processes at any time.
pub fn deadlines(sv: &Services) -> Result<Swept, Error> {
    let cx = Context::system(sv.clock.now());
    // Where the day begins first; whether it is over where the proposal lies is seen by itself.
    let today = cx.now.date_in(Zone::Wit);
    let due = (None, Some(today));
    let lapsed = each(sv, &cx, &[State::Clarification], due, Action::Lapse)?;
    let mut forfeited = 0;
    for year in
        sv.db.read(|tx| Ok::<_, Error>(proposal::years_standing_in(tx, &BEFORE_THE_GATE)?))?
    {
        let gate = sv.db.read(|tx| policy::earliest_gate(tx, year, cx.now))?;
        if gate.is_some_and(|gate| cx.now >= gate) {
            forfeited += each(sv, &cx, &BEFORE_THE_GATE, (Some(year), None), Action::Forfeit)?;
        }
    }
    Ok(Swept { lapsed, forfeited })
}

fn each(
    sv: &Services,
    cx: &Context,
    states: &[State],
    which: (Option<i64>, Option<NaiveDate>),
    action: Action,
) -> Result<usize, Error> {
    let mut ended = 0;
    let mut after: Option<ProposalId> = None;
    loop {
        let page = sv
            .db
            .read(|tx| Ok::<_, Error>(proposal::standing_in(tx, states, which, after, PAGE)?))?;
        for id in &page {
            ended += usize::from(end(sv, cx, *id, action)?);
        }
        match page.last() {
            Some(last) => after = Some(*last),
            None => return Ok(ended),
        }
    }
}

/// Ends one proposal, if its deadline is past. What does not apply, or another process did, is no error.
fn end(sv: &Services, cx: &Context, id: ProposalId, action: Action) -> Result<bool, Error> {
    let name = if action == Action::Lapse { "sweep.lapse" } else { "sweep.forfeit" };
    let act = Act::bare(action);
    let outcome = sv.db.write(
        name,
        |tx| {
            let seen = proposal::find(tx, id)?.ok_or(Error::NotFound)?;
            let before = access::lock_for(tx, cx, &seen, None, Some(action))?;
            let by = By { role: Role::System, grant: None };
            action::take(tx, cx, by, &before, &act, Door::Actions).map(|_| ())
        },
        // A deadline that has not passed is no attempt that anybody has to hear of.
        |_, _| Ok(()),
    );
    match outcome {
        Ok(()) => Ok(true),
        Err(Error::Refused(_) | Error::Stale | Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes what nobody can use any more: old keys, ended tokens, forgotten failures.
pub fn clean_up(sv: &Services) -> Result<(), Error> {
    let now = sv.clock.now();
    sv.db.write(
        "sweep.clean_up",
        |tx| {
            idempotency::sweep(tx, now.after(-KEEP_KEYS))?;
            token::sweep(tx, now.after(-KEEP_TOKENS))?;
            throttle::sweep(tx, now.after(-KEEP_FAILURES))?;
            Ok::<_, Error>(())
        },
        |_, _| Ok(()),
    )
}
