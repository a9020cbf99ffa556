//! The sealer: gives each event its place in a dense sequence, a link of a hash chain and a leaf of a Merkle tree.
//!
//! Writers only leave a row in `audit_pending`; what sealing costs, it costs here, later, in a transaction of its own.
//! Any number of processes may seal: whoever does raises the fence of the sealer's one row first, and so comes after
//! whoever did before. An event that was committed late is sealed late; none is missed, and none is sealed twice.

pub mod checkpoint;
pub mod export;
pub mod leaf;
pub mod merkle;
pub mod note;
pub mod outlet;
pub mod proof;
pub mod telling;

use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::error::Error;
use crate::storage::seal::{self, EntryText, EventText, RevisionText, Seal, Sealer, Tile};
use crate::storage::{AnyConnection, DbError, trail};
use chrono::TimeDelta;
use leaf::{Leaf, Room};
use merkle::{Growing, Hash};

/// Events of one transaction: on SQLite no writer waits longer than these take, some hundredths of a second.
const BATCH: i64 = 500;
/// The most events that are sealed for one question about a moment just past; more are left to the worker.
const MOST_FOR_A_QUESTION: i64 = 5_000;
/// The most transactions of one call of [`drain`].
const MOST_STEPS: usize = 100_000;
/// How many rows that stand in the way are named at the most.
const NAMED: i64 = 5;
/// How many leaves, or roots of tiles, have a tile over them.
pub const TILE: i64 = 256;
/// Levels of whole subtrees from one level of tiles to the next.
pub const TILE_LEVELS: u32 = 8;
/// The most levels of tiles: 256 to this power is more than there are sequences.
const MOST_TILE_LEVELS: i64 = 8;

/// What a step did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Step {
    /// Events that it sealed.
    pub sealed: usize,
    /// The last sequence now.
    pub last_seq: i64,
    /// Whether more may wait.
    pub more: bool,
    /// How long ago the first of those that it sealed had happened; nothing where it sealed none.
    pub longest_wait: Option<TimeDelta>,
}

/// Seals what waits, by event id, at most some hundreds of events; does nothing when nothing waits.
///
/// All of a step have the same `sealed_at`: now by the clock, or just after the step before, whichever is later.
pub fn step(sv: &Services) -> Result<Step, Error> {
    let idle = sv.db.read(|tx| {
        let some = seal::pending(tx, None, 1)?;
        Ok::<_, Error>(if some.is_empty() { Some(sealer(seal::find(tx)?)?) } else { None })
    })?;
    if let Some(sealer) = idle {
        return Ok(Step { last_seq: sealer.last_seq, ..Step::default() });
    }
    sv.db
        .write(
            "seal.step",
            |tx| {
                let before = sealer(seal::lock(tx)?)?;
                let ids = seal::pending(tx, None, BATCH)?;
                if ids.is_empty() {
                    return Ok(Step { last_seq: before.last_seq, ..Step::default() });
                }
                // Strictly after: what was answered about the moment before stays true.
                let next = before.sealed_through.after(TimeDelta::microseconds(1));
                let at = sv.clock.now().max(next);
                let (last_seq, first_at) = seal_at(tx, before, &ids, at)?;
                let more = i64::try_from(ids.len()) == Ok(BATCH);
                let longest_wait = first_at.map(|first| at.since(first));
                Ok(Step { sealed: ids.len(), last_seq, more, longest_wait })
            },
            |_, _| Ok(()),
        )
        .map_err(|error| named(sv, error))
}

/// What stands in the way of sealing, by its ids, where a row that waits falsely does.
fn named(sv: &Services, error: Error) -> Error {
    if !matches!(error, Error::Defect(_) | Error::Database(DbError::Duplicate(_))) {
        return error;
    }
    let found = sv.db.read(|tx| Ok::<_, Error>(trail::falsely_pending(tx, NAMED)?));
    match found {
        Ok(found) if !found.is_empty() => {
            let ids: Vec<&str> = found.iter().map(|(event, _)| event.as_str()).collect();
            let words = "waits to be sealed (audit_pending), and is sealed already or not there";
            Error::Defect(format!("{error}: {} {words}", ids.join(", ")))
        }
        _ => error,
    }
}

/// How far events are sealed.
pub fn reached(sv: &Services) -> Result<i64, Error> {
    Ok(sv.db.read(|tx| sealer(seal::find(tx)?))?.last_seq)
}

/// How long ago the first of the events that wait happened.
pub fn lag(sv: &Services) -> Result<TimeDelta, Error> {
    let since = sv.db.read(|tx| Ok::<_, Error>(seal::waiting_since(tx)?))?;
    Ok(since.map_or(TimeDelta::zero(), |since| sv.clock.now().since(since)))
}

/// Seals until nothing waits; how many events it sealed.
pub fn drain(sv: &Services) -> Result<usize, Error> {
    let mut sealed = 0_usize;
    for _ in 0..MOST_STEPS {
        let done = step(sv)?;
        sealed = sealed.saturating_add(done.sealed);
        if !done.more {
            break;
        }
    }
    Ok(sealed)
}

/// The last sequence that was sealed at `moment` or before it; 0 when there was none. What `?as_of=` means.
///
/// The same moment always has the same answer: nothing is ever sealed at a moment that was answered about, or before.
/// Where the sealer has not come as far as `moment`, what happened by then and is committed is sealed now, as of
/// `moment` itself; an event whose transaction is still open is sealed later, and belongs to later moments only.
///
/// # Errors
///
/// `Invalid` at `/query/as_of` when the moment is in the future; `Busy` when more waits than one question may seal.
pub fn through(sv: &Services, moment: Moment) -> Result<i64, Error> {
    if moment > sv.clock.now() {
        let message = "must not be in the future";
        return Err(Error::invalid("/query/as_of", "out_of_range", message));
    }
    let known = sv.db.read(|tx| answered(tx, moment))?;
    match known {
        Some(seq) => Ok(seq),
        None => sv.db.write("seal.through", |tx| seal_until(tx, moment), |_, _| Ok(())),
    }
}

/// The answer about a moment that the sealer has passed.
fn answered(tx: &mut AnyConnection, moment: Moment) -> Result<Option<i64>, Error> {
    let sealer = sealer(seal::find(tx)?)?;
    if moment > sealer.sealed_through {
        return Ok(None);
    }
    Ok(Some(seal::last_at(tx, moment)?))
}

fn seal_until(tx: &mut AnyConnection, moment: Moment) -> Result<i64, Error> {
    let before = sealer(seal::lock(tx)?)?;
    if moment <= before.sealed_through {
        return Ok(seal::last_at(tx, moment)?);
    }
    let ids = seal::pending(tx, Some(moment), MOST_FOR_A_QUESTION.saturating_add(1))?;
    if i64::try_from(ids.len()).unwrap_or(i64::MAX) > MOST_FOR_A_QUESTION {
        return Err(Error::Busy);
    }
    let (last_seq, _) = seal_at(tx, before, &ids, moment)?;
    Ok(last_seq)
}

/// The one row, which a migration made.
pub(super) fn sealer(found: Option<Sealer>) -> Result<Sealer, Error> {
    found.ok_or_else(|| Error::Defect("the row of the sealer is not there".to_owned()))
}

/// Seals events at a moment after all before; the fence is raised already. The last sequence then, and when the first of
/// the events happened.
fn seal_at(
    tx: &mut AnyConnection,
    before: Sealer,
    ids: &[String],
    at: Moment,
) -> Result<(i64, Option<Moment>), Error> {
    let mut chain = Hash::from_hex(&before.last_hash)
        .ok_or_else(|| Error::Defect("the sealer's last hash is none".to_owned()))?;
    let (mut seq, mut first_at) = (before.last_seq, None::<Moment>);
    let (mut seals, mut room) = (Vec::with_capacity(ids.len()), Room::new());
    for group in grouped(tx, ids)? {
        seq = seq.saturating_add(1);
        let leaf = group.leaf(seq, at, &mut room);
        chain = chain.link(leaf);
        first_at = Some(first_at.map_or(group.event.at, |first| first.min(group.event.at)));
        let EventText { id, action, actor_id, region_code, outcome, subject_kind, .. } =
            group.event;
        seals.push(Seal {
            seq,
            event_id: id,
            leaf: leaf.to_string(),
            hash: chain.to_string(),
            sealed_at: at,
            action,
            actor_id,
            region_code,
            outcome,
            subject_kind,
        });
    }
    if seals.len() != ids.len() {
        return Err(Error::Defect("an event that is to be sealed is not there".to_owned()));
    }
    seal::append(tx, &seals)?;
    complete_tiles(tx, before.last_seq, seq)?;
    if seal::settle(tx, ids)? != ids.len() {
        return Err(Error::Defect("an event was sealed by somebody else".to_owned()));
    }
    let after =
        Sealer { last_seq: seq, last_hash: chain.to_string(), sealed_through: at, ..before };
    match seal::advance(tx, &after)? {
        0 => Err(Error::Defect("the fence was raised by somebody else".to_owned())),
        _ => Ok((seq, first_at)),
    }
}

/// An event with what came with it, as they stand.
#[derive(Debug)]
pub struct Group {
    /// The event.
    pub event: EventText,
    /// Its revisions, by id.
    pub revisions: Vec<RevisionText>,
    /// Its entries of the journal, by id.
    pub entries: Vec<EntryText>,
}

impl Group {
    /// The hash of its leaf at a place.
    fn leaf(&self, seq: i64, sealed_at: Moment, room: &mut Room) -> Hash {
        let (revisions, entries) = self.hashes(room);
        let event = &self.event;
        Leaf { seq, sealed_at, event, revisions: &revisions, entries: &entries }.hash(room)
    }

    /// The canonical text of its leaf at a place.
    pub fn text(&self, seq: i64, sealed_at: Moment) -> String {
        let (revisions, entries) = self.hashes(&mut Room::new());
        let event = &self.event;
        Leaf { seq, sealed_at, event, revisions: &revisions, entries: &entries }.text()
    }

    fn hashes(&self, room: &mut Room) -> (Vec<Hash>, Vec<Hash>) {
        let revisions = self.revisions.iter().map(|row| leaf::revision_hash(row, room)).collect();
        let entries = self.entries.iter().map(|row| leaf::entry_hash(row, room)).collect();
        (revisions, entries)
    }
}

/// Events by their ids, each with what came with it, in the order of their ids.
pub(super) fn grouped(tx: &mut AnyConnection, ids: &[String]) -> Result<Vec<Group>, Error> {
    let events = seal::events(tx, ids)?;
    let revisions = seal::revisions(tx, ids)?;
    let entries = seal::entries(tx, ids)?;
    let mut revisions = revisions.into_iter().peekable();
    let mut entries = entries.into_iter().peekable();
    let mut groups = Vec::with_capacity(events.len());
    // All three come by event.
    for event in events {
        let mut group = Group { event, revisions: Vec::new(), entries: Vec::new() };
        while let Some(row) = revisions.next_if(|row| row.event_id == group.event.id) {
            group.revisions.push(row);
        }
        while let Some(row) = entries.next_if(|row| row.event_id == group.event.id) {
            group.entries.push(row);
        }
        groups.push(group);
    }
    Ok(groups)
}

/// Writes the root of each tile that was completed from one sequence to another.
fn complete_tiles(tx: &mut AnyConnection, before: i64, after: i64) -> Result<(), Error> {
    let (mut from, mut to) = (before, after);
    for level in 1..=MOST_TILE_LEVELS {
        // How many tiles of this level were there, and are there.
        (from, to) = (from.div_euclid(TILE), to.div_euclid(TILE));
        if from == to {
            return Ok(());
        }
        for position in from..to {
            let first = position.saturating_mul(TILE);
            let below = match level {
                1 => seal::leaves(tx, first.saturating_add(1), first.saturating_add(TILE))?,
                _ => seal::tiles(tx, level.saturating_sub(1), first, TILE)?,
            };
            let root = tile_root(&below)?.to_string();
            seal::append_tile(tx, &Tile { level, position, root })?;
        }
    }
    Ok(())
}

/// The root over all that a tile has.
fn tile_root(below: &[String]) -> Result<Hash, Error> {
    let broken = || Error::Defect("a tile lacks what it is made of".to_owned());
    if i64::try_from(below.len()) != Ok(TILE) {
        return Err(broken());
    }
    let mut growing = Growing::default();
    for text in below {
        growing.push(Hash::from_hex(text).ok_or_else(broken)?);
    }
    Ok(growing.root())
}
