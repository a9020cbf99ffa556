//! What is kept of the trail, page by page.

use crate::service::error::Error;
use crate::service::seal::Group;
use crate::service::verify::trail::PAGE;
use crate::storage::AnyConnection;
use crate::storage::seal::{Seal, Tile};
use crate::storage::trail::{self, Counts, PersonalText};
use std::collections::HashMap;

/// A place of a tile, and its root where it can be read.
pub(super) type Rooted = ((i64, i64), Option<String>);

/// The next tiles. What can't be read is looked for one by one, so that it can be named.
pub(super) fn tiles_after(
    tx: &mut AnyConnection,
    after: Option<(i64, i64)>,
) -> Result<Vec<Rooted>, Error> {
    if let Ok(rows) = trail::tiles(tx, after, PAGE) {
        let rooted = |Tile { level, position, root }| ((level, position), Some(root));
        return Ok(rows.into_iter().map(rooted).collect());
    }
    let places = trail::tile_places(tx, after, PAGE)?.into_iter();
    Ok(places.map(|place| (place, trail::tile_root(tx, place).ok())).collect())
}

/// What is kept of some sequences.
pub(super) struct Page {
    pub(super) seals: Vec<(Seal, Option<Group>)>,
    pub(super) personal: HashMap<i64, Vec<PersonalText>>,
    /// How many rows these are.
    pub(super) found: Counts,
    /// Whether a value of them is not kept as it is written here.
    pub(super) is_odd: bool,
}

/// Within a step of its own, so that PostgreSQL goes on with the next when this one can't be read.
pub(super) fn page(tx: &mut AnyConnection, from: i64, to: i64) -> Result<Page, Error> {
    trail::apart(tx, |tx| kept_of(tx, from, to))
}

fn kept_of(tx: &mut AnyConnection, from: i64, to: i64) -> Result<Page, Error> {
    let mut is_odd = false;
    let (seals, revisions) = (trail::seals(tx, from, to)?, trail::revisions(tx, from, to)?);
    let (entries, values) = (trail::entries(tx, from, to)?, trail::personal(tx, from, to)?);
    let mut found = Counts {
        events: 0,
        revisions: count(&revisions),
        entries: count(&entries),
        personal: count(&values),
    };
    let mut personal: HashMap<i64, Vec<PersonalText>> = HashMap::new();
    for ((seq, row), is_kept) in values {
        is_odd |= !is_kept;
        personal.entry(seq).or_default().push(row);
    }
    let (mut revisions, mut entries) =
        (revisions.into_iter().peekable(), entries.into_iter().peekable());
    // All of them come by sequence.
    let seals = seals.into_iter().map(|(seal, event, is_kept)| {
        is_odd |= !is_kept;
        let mut of = (Vec::new(), Vec::new());
        while let Some(((_, row), is_kept)) = revisions.next_if(|((seq, _), _)| *seq == seal.seq) {
            is_odd |= !is_kept;
            of.0.push(row);
        }
        while let Some(((_, row), is_kept)) = entries.next_if(|((seq, _), _)| *seq == seal.seq) {
            is_odd |= !is_kept;
            of.1.push(row);
        }
        let group = event.map(|event| Group { event, revisions: of.0, entries: of.1 });
        found.events = found.events.saturating_add(i64::from(group.is_some()));
        (seal, group)
    });
    let seals = seals.collect();
    Ok(Page { seals, personal, found, is_odd })
}

fn count<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
