//! The whole trail as lines of JSON, in one snapshot, for whoever checks it without Sentra: `tools/verify_audit.py` reads
//! these lines, and `docs/audit.md` says what each holds.

use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::seal::checkpoint::MOST_KEYS;
use crate::service::store::StoreError;
use crate::storage::checkpoint::Key;
use crate::storage::odd::{Odd, Rows};
use crate::storage::packed::Packed;
use crate::storage::seal::{EntryText, EventText, RevisionText, Sealer};
use crate::storage::trail::page::{Page, PersonalText, Sealed, of_seq, page};
use crate::storage::{AnyConnection, DbError, QueryError, checkpoint, odd, seal, trail};
use serde::Serialize;
use std::io::Write;

/// Sequences, or other rows, of one page.
const PAGE: i64 = 500;
/// The most rows that are named as being of no event; one is enough to distrust the rest.
const MOST_ORPHANS: i64 = 1_000;
/// Of what the lines are made; raised when they are made of something else.
const FORMAT: i64 = 2;

/// A line of an export.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    /// The first.
    Trail {
        format: i64,
        origin: &'a str,
        last_seq: i64,
        last_hash: &'a str,
        sealed_through: Moment,
        exported_at: Moment,
    },
    /// A key that ever signed.
    Key { verifier_key: &'a str, first_used_at: Moment },
    /// A checkpoint as it was signed.
    Checkpoint { size: i64, root: &'a str, note: &'a str, made_at: Moment },
    /// A sealed event with all that its leaf covers.
    Event {
        seq: i64,
        sealed_at: Moment,
        leaf: &'a str,
        hash: &'a str,
        event_id: &'a str,
        event: Option<&'a EventText<&'a str>>,
        revisions: Vec<RevisionText<&'a str>>,
        entries: Vec<EntryText<&'a str>>,
        personal: Vec<PersonalText<&'a str>>,
    },
    /// An event that has no seal, and whether it waits for one.
    Unsealed { event_id: &'a str, waits: bool },
    /// A seal that can't be read, or what belongs to it.
    Unreadable { seq: i64, why: String },
    /// What names an event that is not there.
    Orphan { what: &'a str, id: &'a str, event_id: &'a str },
    /// An event that waits to be sealed though it is sealed, as this sequence, or not there.
    FalselyPending { event_id: &'a str, seq: Option<i64> },
    /// A value that is kept otherwise than it is written here, and reads the same all the same.
    Odd { place: &'a str, event_id: Option<&'a str>, seq: Option<i64> },
    /// The last; an export without it was cut.
    End { lines: i64 },
}

/// Writes lines and counts them.
struct Out<'a> {
    out: &'a mut dyn Write,
    lines: i64,
}

impl Out<'_> {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Error> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        self.out.write_all(text.as_bytes()).map_err(StoreError::from)?;
        self.lines = self.lines.saturating_add(1);
        Ok(())
    }
}

/// Writes the trail; how many sealed events it has. `progress` is told how many were written so far.
pub fn export(
    sv: &Services,
    out: &mut dyn Write,
    mut progress: impl FnMut(i64),
) -> Result<i64, Error> {
    let exported_at = sv.clock.now();
    sv.db.read(|tx| {
        let mut out = Out { out, lines: 0 };
        begin(tx, &mut out, exported_at)?;
        keys(tx, &mut out)?;
        let (mut after, mut written) = (None, 0_i64);
        loop {
            let seqs = trail::seqs(tx, after, PAGE)?;
            let Some((from, to)) = trail::ends(&seqs, after) else { break };
            // Before the events that they cover, so that whoever reads has to read but once, and remember little.
            signed(tx, &mut out, after, to)?;
            match page(tx, from, to) {
                Ok(page) => write(&mut out, &page)?,
                // What can't be read is looked for row by row, so that it can be named.
                Err(_) => one_by_one(tx, &mut out, &seqs)?,
            }
            after = Some(to);
            written = written.saturating_add(i64::try_from(seqs.len()).unwrap_or(i64::MAX));
            progress(written);
        }
        signed(tx, &mut out, after, i64::MAX)?;
        beside(tx, &mut out)?;
        let lines = out.lines;
        out.line(&Line::End { lines })?;
        out.out.flush().map_err(StoreError::from)?;
        Ok(written)
    })
}

/// The first line. Without the sealer's row nothing holds, and what there is can be looked at all the same.
fn begin(tx: &mut AnyConnection, out: &mut Out<'_>, exported_at: Moment) -> Result<(), Error> {
    let found = seal::find(tx);
    let blank = Sealer::default();
    let Sealer { origin, last_seq, last_hash, sealed_through, .. } = match &found {
        Ok(Some(sealer)) => sealer,
        Ok(None) | Err(_) => &blank,
    };
    let (format, last_seq, sealed_through) = (FORMAT, *last_seq, *sealed_through);
    out.line(&Line::Trail { format, origin, last_seq, last_hash, sealed_through, exported_at })?;
    found.map(|_| ()).or_else(|error| unreadable(out, error))
}

/// Writes what was read of some sealed events, each with all that names it.
fn write(out: &mut Out<'_>, page: &Page) -> Result<(), Error> {
    let mut revisions = page.revisions.iter().peekable();
    let mut entries = page.entries.iter().peekable();
    let mut personal = page.personal.iter().peekable();
    // All of them come by sequence.
    for place in &page.seals {
        let (Sealed { seq, sealed_at, .. }, event) = (place.row, place.event());
        out.line(&Line::Event {
            seq,
            sealed_at,
            leaf: place.leaf(),
            hash: place.hash(),
            event_id: place.event_id(),
            event: event.as_ref(),
            revisions: of_seq(&mut revisions, seq).map(Packed::revision).collect(),
            entries: of_seq(&mut entries, seq).map(Packed::entry).collect(),
            personal: of_seq(&mut personal, seq).map(Packed::personal).collect(),
        })?;
    }
    Ok(())
}

fn one_by_one(tx: &mut AnyConnection, out: &mut Out<'_>, seqs: &[i64]) -> Result<(), Error> {
    for seq in seqs {
        match page(tx, *seq, *seq) {
            Ok(page) => write(out, &page)?,
            Err(error) => {
                let why = DbError::from(error).to_string();
                out.line(&Line::Unreadable { seq: *seq, why })?;
            }
        }
    }
    Ok(())
}

fn keys(tx: &mut AnyConnection, out: &mut Out<'_>) -> Result<(), Error> {
    match checkpoint::keys(tx, MOST_KEYS) {
        Ok(keys) => keys.iter().try_for_each(|Key { verifier_key, first_used_at }| {
            out.line(&Line::Key { verifier_key, first_used_at: *first_used_at })
        }),
        Err(error) => unreadable(out, error),
    }
}

/// Checkpoints of a size above one and up to another.
fn signed(
    tx: &mut AnyConnection,
    out: &mut Out<'_>,
    mut after: Option<i64>,
    until: i64,
) -> Result<(), Error> {
    loop {
        let rows = match checkpoint::between(tx, after, until, PAGE) {
            Ok(rows) => rows,
            Err(error) => return unreadable(out, error),
        };
        for row in &rows {
            let (root, note) = (&row.root, &row.note);
            out.line(&Line::Checkpoint { size: row.size, root, note, made_at: row.made_at })?;
        }
        // A size that is no whole number leads no further.
        let last = rows.last().map(|row| row.size);
        if last <= after {
            return Ok(());
        }
        after = last;
    }
}

/// Something that belongs to no sequence.
fn unreadable(out: &mut Out<'_>, error: QueryError) -> Result<(), Error> {
    out.line(&Line::Unreadable { seq: 0, why: DbError::from(error).to_string() })
}

/// What stands beside the trail. What can't be read is told, and the rest all the same.
fn beside(tx: &mut AnyConnection, out: &mut Out<'_>) -> Result<(), Error> {
    let mut after: Option<String> = None;
    loop {
        let rows = told(out, trail::unsealed(tx, after.as_deref(), PAGE))?;
        for (event_id, waits) in &rows {
            out.line(&Line::Unsealed { event_id, waits: waits.is_some() })?;
        }
        // An id that is no text leads no further.
        let last = rows.last().map(|(event, _)| event.clone());
        if last <= after {
            break;
        }
        after = last;
    }
    for (event_id, seq) in told(out, trail::falsely_pending(tx, MOST_ORPHANS))? {
        out.line(&Line::FalselyPending { event_id: &event_id, seq })?;
    }
    for (what, id, event_id) in told(out, trail::orphans(tx, MOST_ORPHANS))? {
        out.line(&Line::Orphan { what, id: &id, event_id: &event_id })?;
    }
    for Odd { place, event_id, seq } in told(out, odd::odd(tx, Rows::All, MOST_ORPHANS))? {
        out.line(&Line::Odd { place: &place, event_id: event_id.as_deref(), seq })?;
    }
    Ok(())
}

fn told<T>(out: &mut Out<'_>, rows: Result<Vec<T>, QueryError>) -> Result<Vec<T>, Error> {
    rows.or_else(|error| unreadable(out, error).map(|()| Vec::new()))
}
