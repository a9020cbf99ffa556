//! Documents of proposals: brought by whose turn it is, looked at, kept, never overwritten.

mod receive;
pub mod tidy;

pub use receive::receive;

use crate::domain::audit::SubjectKind;
use crate::domain::document::{
    DocumentStatus, Exif, MAX_TYPE, MediaType, SameBytes, dates_fit, is_type,
};
use crate::domain::ids::{DocumentId, ProposalId};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::moment::Zone;
use crate::domain::refusal::FieldError;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::evidence::Packing;
use crate::service::scan::Clamd;
use crate::service::store::{Arrival, ObjectStorage};
use crate::service::trail::hex;
use crate::service::view::Page;
use crate::service::view::document as view;
use crate::service::{Services, access, policy, reading, sniff};
use crate::storage::document::{self, Document};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, audit};
use chrono::{NaiveDate, TimeDelta};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::time::Duration;

/// How documents are kept.
#[derive(Debug, Clone)]
pub struct Documents {
    /// Where their bytes are.
    pub store: ObjectStorage,
    /// The most bytes of one.
    pub max_bytes: u64,
    /// How long a sender may take.
    pub upload_time: Duration,
    /// The virus scanner, where there is one.
    pub clamd: Option<Clamd>,
    /// How old bytes without a row have to be before they are swept.
    pub orphan_age: Duration,
    /// The one evidence pack that is written at a time.
    pub packing: Packing,
}

impl Documents {
    /// Documents in a folder, with bounds as they come.
    pub fn in_folder(folder: &std::path::Path) -> Documents {
        Documents {
            store: ObjectStorage::in_folder(folder),
            max_bytes: 25 * 1024 * 1024,
            upload_time: Duration::from_secs(600),
            clamd: None,
            orphan_age: Duration::from_secs(24 * 3600),
            packing: Packing::default(),
        }
    }
}

/// What is said of a document that is brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DocumentDraft {
    /// What it is, as a code.
    pub document_type: String,
    /// Its title.
    pub title: Option<String>,
    /// Its number.
    pub number: Option<String>,
    /// When it was issued.
    pub issued_on: Option<NaiveDate>,
    /// Until when it holds.
    pub valid_until: Option<NaiveDate>,
    /// The budget line that it belongs to.
    pub line_no: Option<i64>,
    /// The older one whose place it takes.
    pub supersedes_id: Option<DocumentId>,
}

impl DocumentDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        if !is_type(&self.document_type) {
            let message = format!("must be 1 to {MAX_TYPE} of a to z, 0 to 9 and _");
            checks.fail("/type", "invalid", message);
        }
        checks.optional_text("/title", self.title.as_deref(), MAX_SHORT);
        checks.optional_text("/number", self.number.as_deref(), MAX_SHORT);
        checks.date("/issued_on", self.issued_on);
        checks.date("/valid_until", self.valid_until);
        checks.require(
            dates_fit(self.issued_on, self.valid_until),
            "/valid_until",
            "before_issue",
            "must not be before issued_on",
        );
        checks.done()
    }
}

/// A file that arrived.
#[derive(Debug)]
pub struct SentFile {
    /// Its bytes.
    pub arrival: Arrival,
    /// What its sender calls it.
    pub file_name: String,
    /// What it is.
    pub media_type: MediaType,
    /// How many bytes.
    pub size_bytes: i64,
    /// Their SHA-256, in hexadecimal.
    pub sha256: String,
    /// What a photo says of itself.
    pub exif: Exif,
}

/// A document that is brought.
#[derive(Debug)]
pub struct Sent {
    /// What is said of it.
    pub draft: DocumentDraft,
    /// Its bytes.
    pub file: SentFile,
}

impl Sent {
    /// A document whose bytes are at hand, and need not be streamed. Blocks.
    pub fn of_bytes(
        documents: &Documents,
        draft: DocumentDraft,
        file_name: String,
        bytes: &[u8],
    ) -> Result<Sent, Error> {
        let (arrival, mut file) = documents.store.arrival().map_err(Error::Store)?;
        file.write_all(bytes).map_err(|error| Error::Store(error.into()))?;
        let (media_type, exif) = inspect(&mut file, None)?;
        let size_bytes = i64::try_from(bytes.len())
            .map_err(|_| Error::Defect("more bytes than a number holds".to_owned()))?;
        let sha256 = hex(&Sha256::digest(bytes));
        let file = SentFile { arrival, file_name, media_type, size_bytes, sha256, exif };
        Ok(Sent { draft, file })
    }
}

/// What the bytes of a file are, held against what its sender calls them. Blocks.
pub fn inspect(file: &mut File, declared: Option<&str>) -> Result<(MediaType, Exif), Error> {
    let found = sniff::media_type(file).map_err(|error| Error::Store(error.into()))?;
    let media_type = found.map_err(|seems| {
        let message = format!(
            "must be PDF, JPEG, PNG, XLSX, DOCX or CSV by its bytes, whatever it is called; this is {seems}"
        );
        Error::invalid("/file", "type_not_taken", message)
    })?;
    if let Some(declared) = declared.filter(|declared| !media_type.may_be_called(declared)) {
        let message =
            format!("is sent as {declared}, but its bytes are {media_type}; send what it is");
        return Err(Error::invalid("/file", "type_mismatch", message));
    }
    let exif = match media_type {
        // A camera that names no zone shows the time of its place; WIB is the most common.
        MediaType::Jpeg => sniff::exif(file, TimeDelta::hours(Zone::Wib.hours())),
        MediaType::Pdf | MediaType::Png | MediaType::Xlsx | MediaType::Docx | MediaType::Csv => {
            Exif::default()
        }
    };
    Ok((media_type, exif))
}

/// Whether the caller may see the proposal: asked before a file is read.
pub fn may_see(sv: &Services, cx: &Context, id: ProposalId) -> Result<(), Error> {
    sv.db.read(|tx| access::visible(tx, cx, id).map(|_| ()))
}

/// Which documents of a proposal are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this type.
    pub document_type: Option<String>,
    /// Only those that no newer one has taken the place of.
    pub current: bool,
    /// After this one.
    pub after: Option<DocumentId>,
}

/// The documents of a proposal.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    filter: &Filter,
    limit: i64,
) -> Result<Page<view::Document>, Error> {
    sv.db.read(|tx| {
        let proposal = access::visible(tx, cx, id)?;
        let site = site_of(tx, cx, &proposal)?;
        let bounds = (filter.after, limit.saturating_add(1));
        let rows = document::page(tx, id, filter.document_type.as_deref(), filter.current, bounds)?;
        let items = shown(tx, cx, rows, &site)?;
        Ok(Page::cut(items, limit, |item| item.id.to_string(), |item| item))
    })
}

fn visible(tx: &mut AnyConnection, cx: &Context, id: DocumentId) -> Result<Document, Error> {
    seen(tx, cx, id).map(|(row, _)| row)
}

fn seen(
    tx: &mut AnyConnection,
    cx: &Context,
    id: DocumentId,
) -> Result<(Document, Proposal), Error> {
    let row = document::find(tx, id)?.ok_or(Error::NotFound)?;
    let proposal = access::visible(tx, cx, row.proposal_id)?;
    Ok((row, proposal))
}

/// Where the works of a proposal are now.
fn site_of(tx: &mut AnyConnection, cx: &Context, row: &Proposal) -> Result<view::Site, Error> {
    let tolerance_m = policy::of_proposal(tx, row, cx.now)?.policy.site_tolerance_m;
    Ok(view::Site { position: row.latitude.zip(row.longitude), tolerance_m })
}

/// Documents of one proposal as they are shown to the caller. Which others have the same bytes is looked up now, as far as the
/// caller may see those: two queries, however many documents there are.
pub fn shown(
    tx: &mut AnyConnection,
    cx: &Context,
    rows: Vec<Document>,
    site: &view::Site,
) -> Result<Vec<view::Document>, Error> {
    let Some(proposal) = rows.first().map(|row| row.proposal_id) else { return Ok(Vec::new()) };
    let before: HashMap<DocumentId, DocumentId> = document::succession(tx, proposal)?
        .into_iter()
        .map(|(older, newer)| (newer, older))
        .collect();
    // As many as there are at the most: rows that somebody led into a circle have no first.
    let chain = |id: DocumentId| {
        let older = std::iter::successors(before.get(&id), |older| before.get(*older));
        older.take(before.len()).copied().collect()
    };
    let page: Vec<(DocumentId, &str, Vec<DocumentId>)> =
        rows.iter().map(|row| (row.id, row.sha256.as_str(), chain(row.id))).collect();
    let sight = cx.actor.sight();
    let mut same: HashMap<DocumentId, Vec<SameBytes>> = HashMap::new();
    for twin in document::twins(tx, &sight, &page)? {
        let one = SameBytes { document_id: twin.twin_id, region_code: twin.region_code };
        same.entry(twin.document_id).or_default().push(one);
    }
    let view = |row: Document| {
        let twins = same.remove(&row.id).unwrap_or_default();
        view::Document::of(row, &sight, site).with_twins(twins)
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The same, of one document.
fn shown_one(
    tx: &mut AnyConnection,
    cx: &Context,
    row: Document,
    site: &view::Site,
) -> Result<view::Document, Error> {
    shown(tx, cx, vec![row], site)?.pop().ok_or(Error::NotFound)
}

/// One document.
pub fn show(sv: &Services, cx: &Context, id: DocumentId) -> Result<view::Document, Error> {
    sv.db.read(|tx| {
        let (row, proposal) = seen(tx, cx, id)?;
        let site = site_of(tx, cx, &proposal)?;
        shown_one(tx, cx, row, &site)
    })
}

/// What is needed to serve the bytes of a document.
#[derive(Debug, Clone)]
pub struct Served {
    /// Where they are.
    pub object_key: String,
    /// The name that the receiver may give the file.
    pub file_name: String,
    /// What they are.
    pub media_type: MediaType,
    /// How many.
    pub size_bytes: u64,
    /// Their SHA-256.
    pub sha256: String,
}

/// For how long a range of a document's bytes that begins behind the first is the continuation of what the same person
/// began to read: readers of PDF fetch a file in parts.
const READING: TimeDelta = TimeDelta::hours(1);

/// Keeps that somebody reads the bytes of a document, or a range of them; before they are served.
pub fn record_read(
    sv: &Services,
    cx: &Context,
    id: DocumentId,
    range: Option<&Range<u64>>,
) -> Result<(), Error> {
    let continues = range.is_some_and(|range| range.start > 0);
    let work = |tx: &mut AnyConnection| {
        let (row, proposal) = seen(tx, cx, id)?;
        if continues && let Some(user) = cx.actor.user {
            let (of, what) =
                ((SubjectKind::Document, id.to_string()), (user, reading::DOCUMENT_READ));
            let since = cx.now.after(-READING);
            if audit::last_read(tx, (of.0, &of.1), what, since)?.is_some() {
                return Ok(());
            }
        }
        let subject = access::beneath(&proposal, SubjectKind::Document, id);
        let by = reading::by_sight(&cx.actor, &proposal.region_code);
        let content = json!({
            "type": row.document_type, "sha256": row.sha256,
            "range": range.map(|range| [range.start, range.end]),
        });
        reading::record(tx, cx, reading::DOCUMENT_READ, &subject, (by, content))
    };
    sv.db.write(reading::DOCUMENT_READ, work, |_, _| Ok(()))
}

/// The bytes of a document, when they may be served.
pub fn content(sv: &Services, cx: &Context, id: DocumentId) -> Result<Served, Error> {
    sv.db.read(|tx| {
        let row = visible(tx, cx, id)?;
        match row.status {
            DocumentStatus::Available => {}
            DocumentStatus::PendingScan => {
                let message = "The virus scanner has not seen it yet; try again later.";
                return Err(Error::refused("pending_scan", "/status", message));
            }
            DocumentStatus::Refused => {
                let message = "The virus scanner refused it; its bytes are gone.";
                return Err(Error::refused("infected", "/status", message));
            }
        }
        Ok(Served {
            object_key: row.object_key,
            file_name: row.file_name,
            media_type: row.media_type,
            size_bytes: u64::try_from(row.size_bytes)
                .map_err(|_| Error::Defect(format!("{id} has less than no bytes")))?,
            sha256: row.sha256,
        })
    })
}
