//! What stands beside the sealed trail and does not belong there.

use crate::service::error::Error;
use crate::service::verify::trail::{LIMIT, PAGE, Walk};
use crate::storage::odd::{self, Odd};
use crate::storage::{AnyConnection, DbError, QueryError, trail};

/// Names it.
pub(super) fn look(tx: &mut AnyConnection, walk: &mut Walk) -> Result<(), Error> {
    let next = walk.last.saturating_add(1);
    let mut after = String::new();
    loop {
        let rows = walk.told(trail::unsealed(tx, &after, PAGE));
        // An id that is no text leads no further.
        let last = rows.last().map(|(event, _)| event.clone()).filter(|last| *last > after);
        for (event, waits) in rows {
            if waits.is_some() {
                walk.report.waiting = walk.report.waiting.saturating_add(1);
                continue;
            }
            let place = trail::first_after(tx, &event)?.unwrap_or(next);
            let words = "is neither sealed nor waits to be; by its id it would stand before";
            walk.fail(next, format!("event {event} {words} sequence {place}"));
        }
        let Some(last) = last else { break };
        after = last;
    }
    for (event, seq) in walk.told(trail::falsely_pending(tx, LIMIT)) {
        let seq = seq.unwrap_or(next);
        walk.fail(seq, format!("event {event} waits to be sealed, and is sealed or not there"));
    }
    for (what, id, event) in walk.told(trail::orphans(tx, LIMIT)) {
        let seq = trail::seq_of(tx, &event)?.unwrap_or(next);
        walk.fail(seq, format!("the {what} {id} is of event {event}, which is not there"));
    }
    for Odd { place, event_id, seq } in walk.told(odd::odd(tx, LIMIT)) {
        let seq = match event_id {
            Some(_) => seq.unwrap_or(next),
            None => 0,
        };
        walk.fail(seq, format!("{place} is not kept as it is written here"));
    }
    Ok(())
}

impl Walk {
    /// What was read; nothing, and a finding, where it can't be.
    fn told<T>(&mut self, rows: Result<Vec<T>, QueryError>) -> Vec<T> {
        rows.unwrap_or_else(|error| {
            let error = DbError::from(error);
            self.fail(0, format!("what stands beside the trail can't be read: {error}"));
            Vec::new()
        })
    }
}
