//! The whole trail in bounded pages, for whoever verifies or exports it: each sealed event with all that names it, and
//! what names an event that is not there.

pub mod page;

use crate::storage::connection::AnyConnection;
use crate::storage::schema::{
    audit_events, audit_pending, audit_personal, audit_seals, audit_tiles, journal_entries,
    revisions,
};
use crate::storage::seal::Tile;
use diesel::dsl::{count_star, exists, max, not};
use diesel::prelude::*;

/// Reads within a savepoint on PostgreSQL, whose transaction would end with the first statement that fails.
#[expect(clippy::disallowed_methods, reason = "a savepoint within a transaction that only reads")]
pub fn apart<T, E: From<diesel::result::Error>>(
    c: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    match c {
        AnyConnection::Postgres(_) => c.transaction(work),
        AnyConnection::Sqlite(_) => work(c),
    }
}

/// The sequences that there are, after `after`; from the very first, also below 1, where that is absent.
pub fn seqs(c: &mut AnyConnection, after: Option<i64>, limit: i64) -> QueryResult<Vec<i64>> {
    let mut query = audit_seals::table
        .order(audit_seals::seq)
        .limit(limit)
        .select(audit_seals::seq)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(audit_seals::seq.gt(after));
    }
    query.load(c)
}

/// The first and the last of the sequences of a page; `None` when it does not lead on, as one that is kept as something
/// else than a whole number does not.
pub fn ends(seqs: &[i64], after: Option<i64>) -> Option<(i64, i64)> {
    let further = || seqs.iter().copied().filter(|seq| after.is_none_or(|after| *seq > after));
    Some((further().min()?, further().max()?))
}

/// How many rows of the trail there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events.
    pub events: i64,
    /// Revisions.
    pub revisions: i64,
    /// Entries of the journal.
    pub entries: i64,
    /// Personal values.
    pub personal: i64,
}

impl Counts {
    /// Of both together.
    pub fn and(self, other: Counts) -> Counts {
        Counts {
            events: self.events.saturating_add(other.events),
            revisions: self.revisions.saturating_add(other.revisions),
            entries: self.entries.saturating_add(other.entries),
            personal: self.personal.saturating_add(other.personal),
        }
    }
}

/// All that there are.
pub fn counts(c: &mut AnyConnection) -> QueryResult<Counts> {
    Ok(Counts {
        events: audit_events::table.count().get_result(c)?,
        revisions: revisions::table.count().get_result(c)?,
        entries: journal_entries::table.count().get_result(c)?,
        personal: audit_personal::table.count().get_result(c)?,
    })
}

/// Those of events that wait to be sealed, and have no seal.
pub fn waiting(c: &mut AnyConnection) -> QueryResult<Counts> {
    let waits = || {
        let seal = audit_seals::table.filter(audit_seals::event_id.eq(audit_pending::event_id));
        audit_pending::table.filter(not(exists(seal))).select(audit_pending::event_id)
    };
    Ok(Counts {
        events: audit_events::table
            .filter(audit_events::id.eq_any(waits()))
            .count()
            .get_result(c)?,
        revisions: revisions::table
            .filter(revisions::event_id.eq_any(waits()))
            .count()
            .get_result(c)?,
        entries: journal_entries::table
            .filter(journal_entries::event_id.eq_any(waits()))
            .count()
            .get_result(c)?,
        personal: audit_personal::table
            .filter(audit_personal::event_id.eq_any(waits()))
            .count()
            .get_result(c)?,
    })
}

/// Of some events, the last sequences of those that have several: an index forbids it, and whoever owns the tables can take
/// an index away.
pub fn sealed_twice(c: &mut AnyConnection, events: &[String]) -> QueryResult<Vec<i64>> {
    let last: Vec<Option<i64>> = audit_seals::table
        .filter(audit_seals::event_id.eq_any(events))
        .group_by(audit_seals::event_id)
        .having(count_star().gt(1))
        .select(max(audit_seals::seq))
        .load(c)?;
    Ok(last.into_iter().flatten().collect())
}

/// Events without a seal, by id, after `after`, each with whether it waits for one; from the very first, also one whose id
/// is empty, where that is absent.
pub fn unsealed(
    c: &mut AnyConnection,
    after: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<(String, Option<String>)>> {
    let seal = audit_seals::table.filter(audit_seals::event_id.eq(audit_events::id));
    let mut query = audit_events::table
        .left_join(audit_pending::table.on(audit_pending::event_id.eq(audit_events::id)))
        .filter(not(exists(seal)))
        .order(audit_events::id)
        .limit(limit)
        .select((audit_events::id, audit_pending::event_id.nullable()))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(audit_events::id.gt(after));
    }
    query.load(c)
}

/// Events that wait to be sealed though they are sealed, with their sequences, and though they are not there.
pub fn falsely_pending(
    c: &mut AnyConnection,
    limit: i64,
) -> QueryResult<Vec<(String, Option<i64>)>> {
    let mut found: Vec<(String, Option<i64>)> = audit_pending::table
        .inner_join(audit_seals::table.on(audit_seals::event_id.eq(audit_pending::event_id)))
        .order(audit_seals::seq)
        .limit(limit)
        .select((audit_pending::event_id, audit_seals::seq.nullable()))
        .load(c)?;
    let seal = audit_seals::table.filter(audit_seals::event_id.eq(audit_pending::event_id));
    let event = audit_events::table.filter(audit_events::id.eq(audit_pending::event_id));
    let missing: Vec<String> = audit_pending::table
        .filter(not(exists(event)))
        .filter(not(exists(seal)))
        .order(audit_pending::event_id)
        .limit(limit)
        .select(audit_pending::event_id)
        .load(c)?;
    found.extend(missing.into_iter().map(|event| (event, None)));
    Ok(found)
}

/// Revisions, entries of the journal and personal values of events that are not there: what, which, and which event.
pub fn orphans(
    c: &mut AnyConnection,
    limit: i64,
) -> QueryResult<Vec<(&'static str, String, String)>> {
    let of = |what, rows: Vec<(String, String)>| {
        rows.into_iter().map(move |(id, event)| (what, id, event))
    };
    let event = audit_events::table.filter(audit_events::id.eq(revisions::event_id));
    let rows = revisions::table
        .filter(not(exists(event)))
        .limit(limit)
        .select((revisions::id, revisions::event_id))
        .load(c)?;
    let mut found: Vec<_> = of("revision", rows).collect();
    let event = audit_events::table.filter(audit_events::id.eq(journal_entries::event_id));
    let rows = journal_entries::table
        .filter(not(exists(event)))
        .limit(limit)
        .select((journal_entries::id, journal_entries::event_id))
        .load(c)?;
    found.extend(of("entry", rows));
    let event = audit_events::table.filter(audit_events::id.eq(audit_personal::event_id));
    let rows = audit_personal::table
        .filter(not(exists(event)))
        .limit(limit)
        .select((audit_personal::field, audit_personal::event_id))
        .load(c)?;
    found.extend(of("personal value", rows));
    Ok(found)
}

/// Tiles by level and position, after `after`.
pub fn tiles(
    c: &mut AnyConnection,
    after: Option<(i64, i64)>,
    limit: i64,
) -> QueryResult<Vec<Tile>> {
    let mut query = audit_tiles::table
        .order((audit_tiles::level, audit_tiles::position))
        .limit(limit)
        .select(Tile::as_select())
        .into_boxed();
    if let Some((level, position)) = after {
        let further = audit_tiles::level.eq(level).and(audit_tiles::position.gt(position));
        query = query.filter(audit_tiles::level.gt(level).or(further));
    }
    query.load(c)
}

/// Where there are tiles, by level and position, after `after`; without what they hold.
pub fn tile_places(
    c: &mut AnyConnection,
    after: Option<(i64, i64)>,
    limit: i64,
) -> QueryResult<Vec<(i64, i64)>> {
    let mut query = audit_tiles::table
        .order((audit_tiles::level, audit_tiles::position))
        .limit(limit)
        .select((audit_tiles::level, audit_tiles::position))
        .into_boxed();
    if let Some((level, position)) = after {
        let further = audit_tiles::level.eq(level).and(audit_tiles::position.gt(position));
        query = query.filter(audit_tiles::level.gt(level).or(further));
    }
    query.load(c)
}

/// The root of one tile.
pub fn tile_root(c: &mut AnyConnection, (level, position): (i64, i64)) -> QueryResult<String> {
    audit_tiles::table.find((level, position)).select(audit_tiles::root).first(c)
}

/// The first sequence whose event has a larger id than one; where an event that is not sealed would have stood.
pub fn first_after(c: &mut AnyConnection, event: &str) -> QueryResult<Option<i64>> {
    audit_seals::table
        .filter(audit_seals::event_id.gt(event))
        .order(audit_seals::event_id)
        .select(audit_seals::seq)
        .first(c)
        .optional()
}

/// The sequence of an event that has a seal.
pub fn seq_of(c: &mut AnyConnection, event: &str) -> QueryResult<Option<i64>> {
    audit_seals::table
        .filter(audit_seals::event_id.eq(event))
        .select(audit_seals::seq)
        .first(c)
        .optional()
}
