//! The whole trail in bounded pages, for whoever verifies or exports it: each sealed event with all that names it, and
//! what names an event that is not there.

use crate::storage::connection::AnyConnection;
use crate::storage::schema::{
    audit_events, audit_pending, audit_personal, audit_seals, audit_tiles, journal_entries,
    revisions,
};
use crate::storage::seal::{EntryText, EventText, RevisionText, Seal, Tile};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde::Serialize;

/// A personal value as it stands, of all columns.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Serialize)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct PersonalText {
    pub event_id: String,
    pub field: String,
    pub salt: String,
    pub value: String,
}

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

/// Seals of a range of sequences, both included, with their events where those are there.
pub fn seals(
    c: &mut AnyConnection,
    from: i64,
    to: i64,
) -> QueryResult<Vec<(Seal, Option<EventText>)>> {
    audit_seals::table
        .left_join(audit_events::table.on(audit_events::id.eq(audit_seals::event_id)))
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order(audit_seals::seq)
        .select((Seal::as_select(), audit_events::all_columns.nullable()))
        .load(c)
}

/// The revisions of the events of a range of sequences, each with its sequence, by sequence and id.
pub fn revisions(
    c: &mut AnyConnection,
    from: i64,
    to: i64,
) -> QueryResult<Vec<(i64, RevisionText)>> {
    revisions::table
        .inner_join(audit_seals::table.on(audit_seals::event_id.eq(revisions::event_id)))
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order((audit_seals::seq, revisions::id))
        .select((audit_seals::seq, revisions::all_columns))
        .load(c)
}

/// The entries of the journal of the events of a range of sequences, each with its sequence, by sequence and id.
pub fn entries(c: &mut AnyConnection, from: i64, to: i64) -> QueryResult<Vec<(i64, EntryText)>> {
    journal_entries::table
        .inner_join(audit_seals::table.on(audit_seals::event_id.eq(journal_entries::event_id)))
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order((audit_seals::seq, journal_entries::id))
        .select((audit_seals::seq, journal_entries::all_columns))
        .load(c)
}

/// The personal values that are left of the events of a range of sequences, each with its sequence.
pub fn personal(
    c: &mut AnyConnection,
    from: i64,
    to: i64,
) -> QueryResult<Vec<(i64, PersonalText)>> {
    audit_personal::table
        .inner_join(audit_seals::table.on(audit_seals::event_id.eq(audit_personal::event_id)))
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order((audit_seals::seq, audit_personal::field))
        .select((audit_seals::seq, audit_personal::all_columns))
        .load(c)
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
