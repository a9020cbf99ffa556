//! The proofs of a pack: that what happened to the proposal is in the sealed trail, as it is told there. `docs/audit.md` says
//! what each line holds, and `tools/verify_pack.py` checks them without Sentra.

use super::written::{Archive, Part, failed};
use crate::domain::ids::{EventId, ProposalId};
use crate::domain::moment::Moment;
use crate::service::error::Error;
use crate::service::seal::merkle::Hash;
use crate::service::seal::proof::Tiles;
use crate::service::seal::{Group, grouped};
use crate::storage::checkpoint::Checkpoint;
use crate::storage::seal::{EntryText, EventText, RevisionText, Seal};
use crate::storage::{AnyConnection, audit, checkpoint, seal};
use serde::Serialize;
use std::collections::HashMap;
use std::io::Write;

/// Events of one page: each comes with all that its leaf covers.
const PAGE: i64 = 250;

/// A line of the proofs.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line<'a> {
    /// The checkpoint that the proofs lead to; the first, where there is one.
    Checkpoint { size: i64, note: &'a str },
    /// An event with all that its leaf covers, and the hashes that lead from its leaf to the root.
    Event {
        seq: i64,
        sealed_at: Moment,
        leaf: &'a str,
        event: &'a EventText,
        revisions: &'a [RevisionText],
        entries: &'a [EntryText],
        hashes: Vec<String>,
    },
    /// An event that happened after the checkpoint.
    Later { event_id: &'a str },
}

/// Writes a proof of each event of the proposal that the newest checkpoint covers, and names the others.
pub fn proofs(tx: &mut AnyConnection, archive: &mut Archive, id: ProposalId) -> Result<(), Error> {
    let newest = checkpoint::newest(tx)?;
    archive.write("proofs.ndjson", |part| {
        if let Some(Checkpoint { size, note, .. }) = &newest {
            line(part, &Line::Checkpoint { size: *size, note })?;
        }
        let size = newest.map_or(0, |one| one.size);
        let mut tiles = Tiles::default();
        let mut after: Option<EventId> = None;
        loop {
            let rows = audit::of_proposal(tx, id, after, PAGE)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id);
            let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
            let mut seals: HashMap<String, Seal> = seal::of_events(tx, &ids)?
                .into_iter()
                .map(|one| (one.event_id.clone(), one))
                .collect();
            for group in grouped(tx, &ids)? {
                let found = seals.remove(&group.event.id).filter(|one| one.seq <= size);
                match found {
                    Some(seal) => {
                        let hashes = tiles.inclusion(tx, seal.seq, size)?.unwrap_or_default();
                        line(part, &proof(&seal, &group, &hashes))?;
                    }
                    None => line(part, &Line::Later { event_id: &group.event.id })?,
                }
            }
        }
    })
}

fn proof<'a>(seal: &'a Seal, group: &'a Group, hashes: &[Hash]) -> Line<'a> {
    Line::Event {
        seq: seal.seq,
        sealed_at: seal.sealed_at,
        leaf: &seal.leaf,
        event: &group.event,
        revisions: &group.revisions,
        entries: &group.entries,
        hashes: hashes.iter().map(ToString::to_string).collect(),
    }
}

fn line(part: &mut Part<'_>, line: &Line<'_>) -> Result<(), Error> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    part.write_all(text.as_bytes()).map_err(failed)
}
