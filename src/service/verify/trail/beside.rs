//! What stands beside the sealed trail and does not belong there.

use crate::service::error::Error;
use crate::service::verify::trail::{LIMIT, PAGE, Walk};
use crate::storage::{AnyConnection, trail};

/// Names it.
pub(super) fn look(tx: &mut AnyConnection, walk: &mut Walk) -> Result<(), Error> {
    let next = walk.last.saturating_add(1);
    let mut after = String::new();
    loop {
        let rows = trail::unsealed(tx, &after, PAGE)?;
        let Some((last, _)) = rows.last() else { break };
        after.clone_from(last);
        for (event, waits) in rows {
            if waits.is_some() {
                walk.report.waiting = walk.report.waiting.saturating_add(1);
                continue;
            }
            let place = trail::first_after(tx, &event)?.unwrap_or(next);
            let words = "is neither sealed nor waits to be; by its id it would stand before";
            walk.fail(next, format!("event {event} {words} sequence {place}"));
        }
    }
    for event in trail::falsely_pending(tx, LIMIT)? {
        let seq = trail::seq_of(tx, &event)?.unwrap_or(next);
        walk.fail(seq, format!("event {event} waits to be sealed, and is sealed or not there"));
    }
    for (what, id, event) in trail::orphans(tx, LIMIT)? {
        let seq = trail::seq_of(tx, &event)?.unwrap_or(next);
        walk.fail(seq, format!("the {what} {id} is of event {event}, which is not there"));
    }
    for (place, event) in trail::odd_moments(tx, LIMIT)? {
        let seq = match &event {
            Some(event) => trail::seq_of(tx, event)?.unwrap_or(next),
            None => 0,
        };
        walk.fail(seq, format!("{place} is not written as moments are here"));
    }
    Ok(())
}
