//! The evidence pack of a proposal: one ZIP that an auditor takes along. Every document's bytes, a manifest with the hash of
//! each file, the time line, the journal with its figures, the findings, and the proofs that the trail holds all that. What
//! lies in the database is read in one snapshot; the pack is written into a file of its own, and served from there.

mod parts;
mod proofs;
mod written;

use crate::domain::audit::{EVIDENCE_READ, SubjectKind};
use crate::domain::document::DocumentStatus;
use crate::domain::ids::{DocumentId, ProposalId};
use crate::domain::moment::Moment;
use crate::domain::people::Role;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::store::Arrival;
use crate::service::view::proposal::EventView;
use crate::service::{Services, access, reading};
use crate::storage::document::{self, Document};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, user};
use serde::Serialize;
use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use written::{Archive, Kept};

/// The most documents of a pack.
const MOST_DOCUMENTS: i64 = 2_000;
/// The most bytes of its documents, and of everything else in it: 2 GiB of each.
const MOST_BYTES: i64 = 2 * 1024 * 1024 * 1024;

/// One pack at a time is made in a process: each takes a thread, and room on the disk until it is sent.
#[derive(Debug, Clone, Default)]
pub struct Packing(Arc<AtomicBool>);

/// The turn of whoever makes a pack. It is over when this goes.
#[derive(Debug)]
pub struct Turn(Arc<AtomicBool>);

impl Packing {
    fn begin(&self) -> Option<Turn> {
        let was_free = self.0.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire);
        was_free.ok().map(|_| Turn(Arc::clone(&self.0)))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// What the time line is about.
#[derive(Debug, Clone)]
pub struct Head {
    /// The proposal's title.
    pub title: String,
    /// Which.
    pub id: ProposalId,
    /// Its region.
    pub region_code: String,
    /// Its year.
    pub fiscal_year: i64,
    /// Where it stands.
    pub state: String,
    /// When the pack was made.
    pub made_at: Moment,
    /// For whom.
    pub made_for: String,
}

/// Something that happened, as the time line tells it.
#[derive(Debug, Clone)]
pub struct Happened {
    /// The event.
    pub event: EventView,
    /// Who did it; absent for the service itself.
    pub actor: Option<String>,
}

/// How the time line looks: its words and its markup are not the service's.
pub trait TimeLine {
    /// Its beginning.
    fn head(&self, head: &Head) -> Result<String, Error>;
    /// One event.
    fn event(&self, happened: &Happened) -> Result<String, Error>;
    /// Its end.
    fn tail(&self) -> Result<String, Error>;
}

/// A pack that is written.
#[derive(Debug)]
pub struct Pack {
    /// Its bytes, read from their beginning.
    pub file: File,
    /// How many.
    pub size_bytes: u64,
    /// What the receiver may call it.
    pub name: String,
    /// What is kept of its reading.
    pub read: Read,
    /// It goes with the value, and so does the turn.
    held: Held,
}

/// What a reading of a pack gave out.
#[derive(Debug, Clone, Serialize)]
pub struct Read {
    /// The documents whose bytes are in it.
    pub documents: Vec<DocumentId>,
    /// The SHA-256 of its manifest, which tells everything else.
    pub manifest_sha256: String,
}

/// What a pack holds until it was sent: its file's name, which is taken away, and the turn.
pub type Held = (Arrival, Turn);

impl Pack {
    /// The file, with what removes it once it was read.
    pub fn into_parts(self) -> (File, Held) {
        (self.file, self.held)
    }
}

/// Who is named in a pack: people by their ids.
type Names = HashMap<crate::domain::ids::UserId, String>;

/// Writes the pack of a proposal, for an auditor whose scope it lies in. Blocks, for as long as its documents take.
pub fn pack(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    time_line: &impl TimeLine,
) -> Result<Pack, Error> {
    // Who may not have it is told so, also while another pack is written.
    let seen = sv.db.read(|tx| access::visible(tx, cx, id))?;
    let what = (EVIDENCE_READ, None);
    reading::permitted(sv, cx, what, &access::subject(&seen), rights(cx, &seen))?;
    let turn = sv.documents.packing.begin().ok_or(Error::Busy)?;
    let (arrival, file) = sv.documents.store.arrival().map_err(Error::Store)?;
    let mut archive = Archive::over(file, MOST_BYTES.unsigned_abs());
    let (proposal, documents, names) = sv.db.read(|tx| {
        let proposal = access::visible(tx, cx, id)?;
        rights(cx, &proposal)?;
        bounded(document::weight(tx, id)?)?;
        let documents = document::of_proposal(tx, id)?;
        let mut names = Names::new();
        parts::time_line(tx, &mut archive, &head(cx, &proposal), (time_line, &mut names))?;
        parts::journal(tx, &mut archive, id)?;
        parts::figures(tx, &mut archive, id)?;
        parts::findings(tx, cx, &mut archive, &proposal)?;
        proofs::proofs(tx, &mut archive, id)?;
        learn(tx, &mut names, documents.iter().map(|row| row.uploaded_by))?;
        Ok::<_, Error>((proposal, documents, names))
    })?;
    let mut kept: Vec<(Document, Option<Kept>)> = Vec::with_capacity(documents.len());
    for (n, row) in (1_usize..).zip(documents) {
        let bytes = match row.status {
            DocumentStatus::Available => parts::document(sv, &mut archive, n, &row)?,
            DocumentStatus::PendingScan | DocumentStatus::Refused => None,
        };
        kept.push((row, bytes));
    }
    parts::manifest(cx, &mut archive, &proposal, (&kept, &names))?;
    let manifest = archive.files.last().map(|kept| kept.sha256.clone());
    let (file, size_bytes) = archive.finish()?;
    let name = format!("sentra-{}-{}-{id}.zip", proposal.fiscal_year, proposal.region_code);
    let given = kept.iter().filter(|(_, bytes)| bytes.is_some());
    let read = Read {
        documents: given.map(|(row, _)| row.id).collect(),
        manifest_sha256: manifest.unwrap_or_default(),
    };
    Ok(Pack { file, size_bytes, name, read, held: (arrival, turn) })
}

fn rights(cx: &Context, proposal: &Proposal) -> Result<By, Error> {
    cx.need_over(Role::Auditor, access::place(proposal)).map(By::from)
}

/// Keeps that somebody reads a pack, and what it gives out; before it is served.
pub fn record_read(sv: &Services, cx: &Context, id: ProposalId, given: &Read) -> Result<(), Error> {
    let content = serde_json::to_value(given)?;
    let work = |tx: &mut AnyConnection| {
        let proposal = access::visible(tx, cx, id)?;
        let by = rights(cx, &proposal)?;
        let subject = access::beneath(&proposal, SubjectKind::Proposal, id);
        let read = (Some(by), content.clone());
        reading::record(tx, cx, EVIDENCE_READ, &subject, read)
    };
    sv.db.write(EVIDENCE_READ, work, |_, _| Ok(()))
}

fn bounded((documents, bytes): (i64, i64)) -> Result<(), Error> {
    if documents > MOST_DOCUMENTS || bytes > MOST_BYTES {
        let message = format!(
            "It has {documents} documents of {bytes} bytes; a pack has at most {MOST_DOCUMENTS} of {MOST_BYTES} bytes. \
             Fetch them one by one."
        );
        return Err(Error::refused("too_large", "/documents", message));
    }
    Ok(())
}

fn head(cx: &Context, proposal: &Proposal) -> Head {
    Head {
        title: proposal.title.clone(),
        id: proposal.id,
        region_code: proposal.region_code.to_string(),
        fiscal_year: proposal.fiscal_year,
        state: proposal.state.to_string(),
        made_at: cx.now,
        made_for: cx.actor.name.clone(),
    }
}

/// Looks up those names that are not known yet.
fn learn(
    tx: &mut AnyConnection,
    names: &mut Names,
    ids: impl Iterator<Item = crate::domain::ids::UserId>,
) -> Result<(), Error> {
    let mut unknown: Vec<_> = ids.filter(|id| !names.contains_key(id)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    if unknown.is_empty() {
        return Ok(());
    }
    for row in user::by_ids(tx, &unknown)? {
        names.insert(row.id, row.name);
    }
    Ok(())
}
