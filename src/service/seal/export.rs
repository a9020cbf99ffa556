//! The whole trail as lines of JSON, in one snapshot, for whoever checks it without Sentra: `tools/verify_audit.py` reads
//! these lines, and `docs/audit.md` says what each holds.

use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::seal::checkpoint::MOST_KEYS;
use crate::service::seal::sealer;
use crate::service::store::StoreError;
use crate::storage::seal::{EntryText, EventText, RevisionText, Seal};
use crate::storage::trail::{self, PersonalText};
use crate::storage::{AnyConnection, checkpoint, seal};
use serde::Serialize;
use std::io::Write;

/// Sequences, or other rows, of one page.
const PAGE: i64 = 500;
/// The most rows that are named as being of no event; one is enough to distrust the rest.
const MOST_ORPHANS: i64 = 1_000;
/// Of what the lines are made; raised when they are made of something else.
const FORMAT: i64 = 1;

/// A line of an export.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    /// The first.
    Trail { format: i64, origin: &'a str, last_seq: i64, last_hash: &'a str, exported_at: Moment },
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
        event: Option<&'a EventText>,
        revisions: &'a [RevisionText],
        entries: &'a [EntryText],
        personal: &'a [PersonalText],
    },
    /// An event that has no seal, and whether it waits for one.
    Unsealed { event_id: &'a str, waits: bool },
    /// What names an event that is not there.
    Orphan { what: &'a str, id: &'a str, event_id: &'a str },
    /// A moment that is not written as moments are here, and reads the same all the same.
    Odd { place: &'a str, event_id: Option<&'a str> },
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
        let sealer = sealer(seal::find(tx)?)?;
        let (origin, last_hash) = (&sealer.origin, &sealer.last_hash);
        let last_seq = sealer.last_seq;
        let mut out = Out { out, lines: 0 };
        out.line(&Line::Trail { format: FORMAT, origin, last_seq, last_hash, exported_at })?;
        // Before the events, so that whoever reads has to read but once.
        signed(tx, &mut out)?;
        let (mut after, mut written) = (i64::MIN, 0_i64);
        loop {
            let seqs = trail::seqs(tx, after, PAGE)?;
            let (Some(from), Some(to)) = (seqs.first(), seqs.last()) else { break };
            events(tx, &mut out, *from, *to)?;
            after = *to;
            written = written.saturating_add(i64::try_from(seqs.len()).unwrap_or(i64::MAX));
            progress(written);
        }
        beside(tx, &mut out)?;
        let lines = out.lines;
        out.line(&Line::End { lines })?;
        out.out.flush().map_err(StoreError::from)?;
        Ok(written)
    })
}

fn events(tx: &mut AnyConnection, out: &mut Out<'_>, from: i64, to: i64) -> Result<(), Error> {
    let mut revisions = trail::revisions(tx, from, to)?.into_iter().peekable();
    let mut entries = trail::entries(tx, from, to)?.into_iter().peekable();
    let mut personal = trail::personal(tx, from, to)?.into_iter().peekable();
    // All of them come by sequence.
    for (Seal { seq, sealed_at, leaf, hash, event_id, .. }, event) in trail::seals(tx, from, to)? {
        let mut of: (Vec<RevisionText>, Vec<EntryText>, Vec<PersonalText>) = Default::default();
        while let Some((_, row)) = revisions.next_if(|(found, _)| *found == seq) {
            of.0.push(row);
        }
        while let Some((_, row)) = entries.next_if(|(found, _)| *found == seq) {
            of.1.push(row);
        }
        while let Some((_, row)) = personal.next_if(|(found, _)| *found == seq) {
            of.2.push(row);
        }
        out.line(&Line::Event {
            seq,
            sealed_at,
            leaf: &leaf,
            hash: &hash,
            event_id: &event_id,
            event: event.as_ref(),
            revisions: &of.0,
            entries: &of.1,
            personal: &of.2,
        })?;
    }
    Ok(())
}

fn signed(tx: &mut AnyConnection, out: &mut Out<'_>) -> Result<(), Error> {
    for key in checkpoint::keys(tx, MOST_KEYS)? {
        let verifier_key = &key.verifier_key;
        out.line(&Line::Key { verifier_key, first_used_at: key.first_used_at })?;
    }
    let mut after = i64::MIN;
    loop {
        let rows = checkpoint::page(tx, after, PAGE)?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.size;
        for row in &rows {
            let (root, note) = (&row.root, &row.note);
            out.line(&Line::Checkpoint { size: row.size, root, note, made_at: row.made_at })?;
        }
    }
}

fn beside(tx: &mut AnyConnection, out: &mut Out<'_>) -> Result<(), Error> {
    let mut after = String::new();
    loop {
        let rows = trail::unsealed(tx, &after, PAGE)?;
        let Some((last, _)) = rows.last() else { break };
        after.clone_from(last);
        for (event_id, waits) in &rows {
            out.line(&Line::Unsealed { event_id, waits: waits.is_some() })?;
        }
    }
    for (what, id, event_id) in trail::orphans(tx, MOST_ORPHANS)? {
        out.line(&Line::Orphan { what, id: &id, event_id: &event_id })?;
    }
    for (place, event_id) in trail::odd_moments(tx, MOST_ORPHANS)? {
        out.line(&Line::Odd { place: &place, event_id: event_id.as_deref() })?;
    }
    Ok(())
}
