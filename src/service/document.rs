//! Documents of proposals: brought by whose turn it is, looked at, kept, never overwritten.

pub mod tidy;

use crate::domain::audit::SubjectKind;
use crate::domain::document::{
    DocumentStatus, Exif, Flag, MAX_TYPE, MediaType, Setting, dates_fit, is_type, photo_flags,
    uploaders,
};
use crate::domain::ids::{DocumentId, EventId, ProposalId};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::moment::Zone;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::{DbError, Error};
use crate::service::once::Write;
use crate::service::scan::{Clamd, Found};
use crate::service::store::{Arrival, ObjectStorage};
use crate::service::trail::{self, Event};
use crate::service::view::Page;
use crate::service::view::document as view;
use crate::service::{Services, access, policy, sniff};
use crate::storage::document::{self, Document};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, idempotency, line};
use chrono::{NaiveDate, TimeDelta};
use serde_json::json;
use std::fs::File;
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

/// Takes a document: looks at it, keeps its bytes, then writes its row; whole or not at all.
pub fn receive(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    sent: &Input<Sent>,
) -> Result<Reply, Error> {
    let document = DocumentId::new();
    let key = format!("{id}/{document}");
    // What would be refused, or was answered before, is not kept first; the transaction says why.
    let kept = match (admitted(sv, cx, id), &sent.0) {
        (Ok(true), Ok(sent)) => Some(keep(&sv.documents, &sent.file, &key)?),
        _ => None,
    };
    let outcome = add(sv, cx, id, sent, (document, &key, kept));
    let used = match &outcome {
        Ok(reply) => !reply.replayed,
        // Perhaps there is a row: then the bytes have to stay, else they are swept.
        Err(Error::Database(DbError::OutcomeUnknown(_))) => true,
        Err(_) => false,
    };
    if kept.is_some()
        && !used
        && let Err(error) = sv.documents.store.remove(&key)
    {
        tracing::warn!(%error, key, "bytes without a row stay until they are swept");
    }
    outcome
}

/// Whether a document would be taken now, as far as its sender goes; `false` when it was answered before.
fn admitted(sv: &Services, cx: &Context, id: ProposalId) -> Result<bool, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        if let (Some(user), Some(key)) = (cx.actor.user, cx.key.as_deref())
            && idempotency::find(tx, user, key)?.is_some()
        {
            return Ok(false);
        }
        let Some((_, duty)) = turn(cx, &row)? else { return Ok(false) };
        access::four_eyes(tx, cx, id, duty).map(|()| true)
    })
}

/// Has the bytes scanned, and keeps them for good.
fn keep(documents: &Documents, file: &SentFile, key: &str) -> Result<DocumentStatus, Error> {
    let status = match &documents.clamd {
        None => DocumentStatus::Available,
        Some(clamd) => {
            let scanned =
                File::open(file.arrival.path()).and_then(|mut bytes| clamd.scan(&mut bytes));
            match scanned {
                Ok(Found::Nothing) => DocumentStatus::Available,
                Ok(Found::Virus(name)) => {
                    tracing::warn!(signature = name, "an infected file was refused");
                    metrics::counter!("sentra_documents_infected_total").increment(1);
                    let message = format!("holds the virus {name}; nothing was kept of it");
                    return Err(Error::invalid("/file", "infected", message));
                }
                Err(error) => {
                    tracing::warn!(%error, "the virus scanner does not answer; a document waits");
                    DocumentStatus::PendingScan
                }
            }
        }
    };
    documents.store.keep(&file.arrival, key).map_err(Error::Store)?;
    Ok(status)
}

/// By which grant and duty it is the caller's turn; nothing when it is another's.
fn turn(cx: &Context, row: &Proposal) -> Result<Option<(By, Duty)>, Error> {
    const EVER: [Role; 6] = [
        Role::Drafter,
        Role::Planner,
        Role::RegionalHead,
        Role::Verifier,
        Role::Reviewer,
        Role::Inspector,
    ];
    let grant = |role: Role| cx.actor.grant_over(role, access::place(row));
    let now = uploaders(row.state)
        .iter()
        .find_map(|(role, duty)| grant(*role).map(|grant| (By::from(grant), *duty)));
    if now.is_none() && EVER.into_iter().all(|role| grant(role).is_none()) {
        return Err(missing(&EVER));
    }
    Ok(now)
}

fn not_from_here(state: State) -> Error {
    let roles = uploaders(state).iter().map(|(role, _)| role.as_str()).collect::<Vec<_>>();
    let who = if roles.is_empty() { "nobody".to_owned() } else { roles.join(" or ") };
    let message = format!("It stands in {state}, where documents are brought by {who}.");
    Error::refused("not_from_here", "/state", message)
}

type Place<'a> = (DocumentId, &'a str, Option<DocumentStatus>);

fn add(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    sent: &Input<Sent>,
    place: Place<'_>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("document.upload"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            if let Some((_, duty)) = turn(cx, &seen)? {
                access::four_eyes(tx, cx, id, duty)?;
            }
            let proposal = access::lock(tx, id, None)?;
            let sent = sent.get()?;
            check_line(tx, id, &sent.draft)?;
            let older = superseded(tx, id, &sent.draft)?;
            let (by, duty) = turn(cx, &proposal)?.ok_or_else(|| not_from_here(proposal.state))?;
            access::four_eyes(tx, cx, id, duty)?;
            let row = fresh(tx, cx, &proposal, sent, place)?;
            document::insert(tx, &row)?;
            let after = Proposal { updated_at: cx.now, ..proposal };
            access::save(tx, &after)?;
            access::took_part(tx, cx, id, duty)?;
            let event = EventId::new();
            let subject = access::beneath(&after, SubjectKind::Document, row.id);
            let content = json!({ "document": row, "supersedes": sent.draft.supersedes_id });
            let action = "document.upload";
            trail::done(
                tx,
                cx,
                Event {
                    id: event,
                    action,
                    subject: &subject,
                    by: Some(by),
                    content,
                    personal: &[],
                },
            )?;
            if let Some(older) = older {
                supersede(tx, event, older, row.id)?;
            }
            trail::revise(tx, event, SubjectKind::Document, row.id, row.version, &row)?;
            trail::revise(tx, event, SubjectKind::Proposal, id, after.version, &after)?;
            let location = format!("/api/v1/documents/{}", row.id);
            let version = row.version;
            Reply::created(&view::Document::from(row), Some(version), location)
        },
    )
}

fn check_line(tx: &mut AnyConnection, id: ProposalId, draft: &DocumentDraft) -> Result<(), Error> {
    let Some(line_no) = draft.line_no else { return Ok(()) };
    if line::of(tx, id)?.iter().any(|line| line.line_no == line_no) {
        return Ok(());
    }
    Err(Error::invalid("/line_no", "unknown", "there is no such line"))
}

/// The older document whose place is taken: of this proposal and type, and nothing has taken it before.
fn superseded(
    tx: &mut AnyConnection,
    id: ProposalId,
    draft: &DocumentDraft,
) -> Result<Option<Document>, Error> {
    let Some(older) = draft.supersedes_id else { return Ok(None) };
    let found = document::find(tx, older)?.filter(|found| found.proposal_id == id);
    let Some(found) = found else {
        let message = "there is no such document of this proposal";
        return Err(Error::invalid("/supersedes_id", "unknown", message));
    };
    if found.document_type != draft.document_type {
        let message = format!("is of the type {}; a newer one has the same", found.document_type);
        return Err(Error::invalid("/supersedes_id", "other_type", message));
    }
    if let Some(newer) = found.superseded_by {
        let message = format!("The document {newer} has taken its place already.");
        return Err(Error::refused("superseded", "/supersedes_id", message));
    }
    Ok(Some(found))
}

fn supersede(
    tx: &mut AnyConnection,
    event: EventId,
    older: Document,
    newer: DocumentId,
) -> Result<(), Error> {
    let after = Document { superseded_by: Some(newer), version: older.version + 1, ..older };
    if document::replace(tx, &after)? == 0 {
        return Err(Error::Stale);
    }
    trail::revise(tx, event, SubjectKind::Document, after.id, after.version, &after)
}

fn fresh(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    sent: &Sent,
    (id, key, kept): Place<'_>,
) -> Result<Document, Error> {
    // It became this person's turn only meanwhile: the bytes were not kept.
    let status = kept.ok_or(Error::Busy)?;
    let (draft, file) = (&sent.draft, &sent.file);
    let flags = flags(tx, cx, proposal, file)?;
    Ok(Document {
        id,
        proposal_id: proposal.id,
        document_type: draft.document_type.clone(),
        title: draft.title.clone(),
        number: draft.number.clone(),
        issued_on: draft.issued_on,
        valid_until: draft.valid_until,
        line_no: draft.line_no,
        file_name: file.file_name.clone(),
        media_type: file.media_type,
        size_bytes: file.size_bytes,
        sha256: file.sha256.clone(),
        object_key: key.to_owned(),
        status,
        superseded_by: None,
        uploaded_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
        uploaded_at: cx.now,
        taken_at: file.exif.taken_at,
        latitude: file.exif.position.map(|position| position.0),
        longitude: file.exif.position.map(|position| position.1),
        flags: serde_json::to_string(&flags)?,
        version: 1,
    })
}

fn flags(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    file: &SentFile,
) -> Result<Vec<Flag>, Error> {
    let mut flags = match file.media_type {
        MediaType::Jpeg => {
            let setting = Setting {
                site: proposal.latitude.zip(proposal.longitude),
                tolerance_m: policy::of_proposal(tx, proposal)?.policy.site_tolerance_m,
                fiscal_year: proposal.fiscal_year,
                now: cx.now,
            };
            photo_flags(&file.exif, &setting)
        }
        MediaType::Pdf | MediaType::Png | MediaType::Xlsx | MediaType::Docx | MediaType::Csv => {
            Vec::new()
        }
    };
    let documents = document::with_bytes(tx, &file.sha256)?;
    if !documents.is_empty() {
        flags.push(Flag::SameBytesUsed { documents });
    }
    Ok(flags)
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
        access::visible(tx, cx, id)?;
        let bounds = (filter.after, limit.saturating_add(1));
        let rows = document::page(tx, id, filter.document_type.as_deref(), filter.current, bounds)?;
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view::Document::from))
    })
}

fn visible(tx: &mut AnyConnection, cx: &Context, id: DocumentId) -> Result<Document, Error> {
    let row = document::find(tx, id)?.ok_or(Error::NotFound)?;
    access::visible(tx, cx, row.proposal_id)?;
    Ok(row)
}

/// One document.
pub fn show(sv: &Services, cx: &Context, id: DocumentId) -> Result<view::Document, Error> {
    sv.db.read(|tx| visible(tx, cx, id).map(view::Document::from))
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
