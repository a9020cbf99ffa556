//! Taking a document: scanned, kept, then written with its row, its event and its revisions.

use crate::domain::audit::SubjectKind;
use crate::domain::change::covers;
use crate::domain::document::{
    DocumentStatus, FOLLOW_UP, FOLLOWERS, Flag, MediaType, Setting, known_type, photo_flags,
    uploaders,
};
use crate::domain::ids::{DocumentId, EventId, ProposalId};
use crate::domain::line::LineFacts;
use crate::domain::moment::Zone;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::readiness::Item;
use crate::service::change_request::{self, Reach};
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::document::{DocumentDraft, Sent, SentFile};
use crate::service::error::{DbError, Error};
use crate::service::once::Write;
use crate::service::scan::Found;
use crate::service::trail::{self, Event};
use crate::service::{Services, access, policy, readiness, store};
use crate::storage::document::{self, Document};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, finding, idempotency, line};
use serde_json::json;
use std::fs::File;

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
    let kept = match &sent.0 {
        Ok(sent) if matches!(admitted(sv, cx, id, &sent.draft), Ok(true)) => {
            Some(keep(sv, cx, id, sent, &key)?)
        }
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
        && let Err(error) = store::wait(sv.documents.store.remove(&key))
    {
        tracing::warn!(%error, key, "bytes without a row stay until they are swept");
    }
    outcome
}

/// Whether a document would be taken now, as far as its sender and its type go; `false` when it was answered before.
fn admitted(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    draft: &DocumentDraft,
) -> Result<bool, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        if let (Some(user), Some(key)) = (cx.actor.user, cx.key.as_deref())
            && idempotency::find(tx, user, key)?.is_some()
        {
            return Ok(false);
        }
        let Some((_, duty)) = turn(tx, cx, &row, draft)? else { return Ok(false) };
        access::four_eyes(tx, cx, id, duty)?;
        let older = superseded(tx, id, draft)?;
        check_type(tx, cx, &row, draft, older.as_ref()).map(|()| true)
    })
}

/// Has the bytes scanned, and keeps them for good.
fn keep(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    sent: &Sent,
    key: &str,
) -> Result<DocumentStatus, Error> {
    let (documents, file) = (&sv.documents, &sent.file);
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
                    tell_infected(sv, cx, id, sent, &name)?;
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
    store::wait(documents.store.keep(&file.arrival, key)).map_err(Error::Store)?;
    Ok(status)
}

/// That someone sent a virus is on record, though nothing is kept of it.
fn tell_infected(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    sent: &Sent,
    signature: &str,
) -> Result<(), Error> {
    let work = |tx: &mut AnyConnection| {
        let row = access::visible(tx, cx, id)?;
        let subject = access::subject(&row);
        let content = json!({
            "type": sent.draft.document_type, "file_name": sent.file.file_name,
            "sha256": sent.file.sha256, "signature": signature,
        });
        let by = turn(tx, cx, &row, &sent.draft)?.map(|(by, _)| by);
        let action = "document.infected";
        let event =
            Event { id: EventId::new(), action, subject: &subject, by, content, personal: &[] };
        trail::done(tx, cx, event)
    };
    sv.db.write("document.infected", work, |_, _| Ok(()))
}

/// By which grant and duty it is the caller's turn; nothing when it is another's.
fn turn(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &Proposal,
    draft: &DocumentDraft,
) -> Result<Option<(By, Duty)>, Error> {
    const EVER: [Role; 6] = [
        Role::Drafter,
        Role::Planner,
        Role::RegionalHead,
        Role::Verifier,
        Role::Reviewer,
        Role::Inspector,
    ];
    let grant = |role: Role| cx.actor.grant_over(role, access::place(row));
    let follows = draft.document_type == FOLLOW_UP && finding::is_open(tx, row.id)?;
    let now = uploaders(row.state)
        .iter()
        .chain(if follows { FOLLOWERS } else { &[] })
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
            let unread = DocumentDraft::default();
            let draft = sent.0.as_ref().map_or(&unread, |sent| &sent.draft);
            if let Some((_, duty)) = turn(tx, cx, &seen, draft)? {
                access::four_eyes(tx, cx, id, duty)?;
            }
            let proposal = access::lock_feeding(tx, cx, &seen)?;
            let sent = sent.get()?;
            check_line(tx, id, &sent.draft)?;
            let older = superseded(tx, id, &sent.draft)?;
            check_type(tx, cx, &proposal, &sent.draft, older.as_ref())?;
            let (by, duty) = turn(tx, cx, &proposal, &sent.draft)?
                .ok_or_else(|| not_from_here(proposal.state))?;
            access::four_eyes(tx, cx, id, duty)?;
            check_issue(cx, &proposal, &sent.draft)?;
            check_reach(tx, cx, &proposal, &sent.draft)?;
            let row = fresh(tx, cx, by, &proposal, sent, place)?;
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
            let site = super::site_of(tx, cx, &after)?;
            let shown = super::shown_one(tx, cx, row, &site)?;
            Reply::created(&shown, Some(version), location)
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

/// Whether the rules that the proposal stands under know the type. What takes the place of an older one has a type that
/// was known, also where a later version of the rules has left it out.
fn check_type(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    draft: &DocumentDraft,
    older: Option<&Document>,
) -> Result<(), Error> {
    if older.is_some() {
        return Ok(());
    }
    let rules = policy::of_proposal(tx, proposal, cx.now)?.policy;
    known_type(&draft.document_type, &rules.document_types())
        .map_err(|message| Error::invalid("/type", "unknown", message))
}

/// While a proposal is clarified, a document that is there and holds changes only where that was asked; what it lacks is
/// brought at any time.
fn check_reach(
    tx: &mut AnyConnection,
    cx: &Context,
    row: &Proposal,
    draft: &DocumentDraft,
) -> Result<(), Error> {
    if row.state != State::Clarification {
        return Ok(());
    }
    let pointer = format!("/documents/{}", draft.document_type);
    let Reach::Asked(asked) = change_request::reach(tx, row)? else { return Ok(()) };
    if asked.iter().any(|asked| covers(asked, &pointer)) {
        return Ok(());
    }
    let rules = policy::of_proposal(tx, row, cx.now)?.policy;
    let lines: Vec<LineFacts> = line::of(tx, row.id)?.iter().map(LineFacts::from).collect();
    let items = readiness::items(tx, row, &rules, &lines, cx.now)?;
    let mut of_type =
        items.iter().filter(|item| item.rule.document_type == draft.document_type).peekable();
    let stands = draft.supersedes_id.is_some() || of_type.peek().is_some();
    if stands && of_type.all(Item::is_met) {
        let message = format!(
            "{pointer} was not asked to be changed, and what is there holds; leave it as it is, or ask for a request \
             that names it."
        );
        return Err(Error::refused("not_requested", &pointer, message));
    }
    Ok(())
}

/// A document is not issued tomorrow, in the region's own days.
fn check_issue(cx: &Context, row: &Proposal, draft: &DocumentDraft) -> Result<(), Error> {
    let today = cx.now.date_in(Zone::of(&row.region_code));
    match draft.issued_on {
        Some(issued) if issued > today => {
            let message = format!("must not be later than today, {today}");
            Err(Error::invalid("/issued_on", "future", message))
        }
        _ => Ok(()),
    }
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
    by: By,
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
        uploaded_role: Some(by.role),
        uploaded_in: Some(proposal.state),
        proposal_version: Some(proposal.version),
        version: 1,
    })
}

/// What is said of it by itself. Whose bytes it has too is looked up for each reader: that is no part of its row, which
/// all who see the proposal read in its events.
fn flags(
    tx: &mut AnyConnection,
    cx: &Context,
    proposal: &Proposal,
    file: &SentFile,
) -> Result<Vec<Flag>, Error> {
    match file.media_type {
        MediaType::Jpeg => {
            let setting = Setting {
                site: proposal.latitude.zip(proposal.longitude),
                tolerance_m: policy::of_proposal(tx, proposal, cx.now)?.policy.site_tolerance_m,
                fiscal_year: proposal.fiscal_year,
                now: cx.now,
            };
            Ok(photo_flags(&file.exif, &setting))
        }
        MediaType::Pdf | MediaType::Png | MediaType::Xlsx | MediaType::Docx | MediaType::Csv => {
            Ok(Vec::new())
        }
    }
}
