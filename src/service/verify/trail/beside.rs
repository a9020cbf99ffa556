//! What stands beside the sealed trail and does not belong there.

use crate::domain::moment::Moment;
use crate::service::error::Error;
use crate::service::verify::trail::{LIMIT, MOST, PAGE, WAIT, Walk};
use crate::storage::odd::{self, Odd, Rows};
use crate::storage::trail::Counts;
use crate::storage::{AnyConnection, DbError, QueryError, seal, trail};

/// Names it. What the walk came by is counted: only where more is there than that and what waits, it is looked for.
pub(super) fn look(tx: &mut AnyConnection, walk: &mut Walk, now: Moment) -> Result<(), Error> {
    let next = walk.last.saturating_add(1);
    if let sealers @ 2.. = walk.told(seal::sealers(tx)) {
        walk.fail(0, format!("the sealer has {sealers} rows"));
    }
    let (all, waiting) = (walk.told(trail::counts(tx)), walk.told(trail::waiting(tx)));
    let known = walk.found.and(waiting);
    walk.report.waiting = usize::try_from(waiting.events).unwrap_or_default();
    if let Some(since) = walk.told(seal::waiting_since(tx)).filter(|at| at.after(WAIT) < now) {
        let words = "an event has waited for longer than a minute to be sealed, since";
        walk.report.flags.push(format!("{words} {since}"));
    }
    if all.events != known.events {
        unsealed(tx, walk, next)?;
    }
    for (event, seq) in walk.told(trail::falsely_pending(tx, LIMIT)) {
        let seq = seq.unwrap_or(next);
        walk.fail(seq, format!("event {event} waits to be sealed, and is sealed or not there"));
    }
    let parts = |counts: Counts| (counts.revisions, counts.entries, counts.personal);
    if parts(all) != parts(known) {
        for (what, id, event) in walk.told(trail::orphans(tx, LIMIT)) {
            let seq = trail::seq_of(tx, &event)?.unwrap_or(next);
            walk.fail(seq, format!("the {what} {id} is of event {event}, which is not there"));
        }
    }
    let rows = if walk.is_odd || all != known { Rows::All } else { Rows::Beside };
    for Odd { place, event_id, seq } in walk.told(odd::odd(tx, rows, LIMIT)) {
        let seq = match event_id {
            Some(_) => seq.unwrap_or(next),
            None => 0,
        };
        walk.fail(seq, format!("{place} is not kept as it is written here"));
    }
    Ok(())
}

/// Events that have no seal: they wait for one, or somebody put them there.
fn unsealed(tx: &mut AnyConnection, walk: &mut Walk, next: i64) -> Result<(), Error> {
    let (mut after, mut strays): (Option<String>, usize) = (None, 0);
    loop {
        let rows = walk.told(trail::unsealed(tx, after.as_deref(), PAGE));
        let last = rows.last().map(|(event, _)| event.clone());
        for (event, waits) in rows {
            if waits.is_some() {
                continue;
            }
            // The place of each is a query of its own, and no more are told than these.
            strays = strays.saturating_add(1);
            if strays <= MOST {
                let place = trail::first_after(tx, &event)?.unwrap_or(next);
                let words = "is neither sealed nor waits to be; by its id it would stand before";
                walk.fail(next, format!("event {event:?} {words} sequence {place}"));
            }
        }
        // An id that is no text leads no further.
        if last <= after {
            return Ok(());
        }
        after = last;
    }
}

impl Walk {
    /// What was read; nothing, and a finding, where it can't be.
    pub(super) fn told<T: Default>(&mut self, rows: Result<T, QueryError>) -> T {
        rows.unwrap_or_else(|error| {
            let error = DbError::from(error);
            self.fail(0, format!("what stands beside the trail can't be read: {error}"));
            T::default()
        })
    }
}
