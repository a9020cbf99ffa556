//! What a pack holds, file by file.

use super::written::{Archive, Kept, Part, failed};
use super::{Happened, Head, Names, TimeLine, learn};
use crate::domain::document::MediaType;
use crate::domain::ids::{EventId, ProposalId};
use crate::domain::journal::EightFigures;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::export::listing;
use crate::service::sheet::Format;
use crate::service::sheet::stream::Stream;
use crate::service::sheet::table::{Column, Out};
use crate::service::store::{self, StoreError};
use crate::service::view::proposal::EventView;
use crate::service::{Services, finding};
use crate::storage::document::Document;
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, audit, journal as entries};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::Write;

/// Rows of one page.
const PAGE: i64 = 1_000;

/// The time line: what happened to the proposal, refused attempts too, in its order.
pub fn time_line(
    tx: &mut AnyConnection,
    archive: &mut Archive,
    head: &Head,
    (page, names): (&impl TimeLine, &mut Names),
) -> Result<(), Error> {
    archive.write("timeline.html", |part| {
        let mut say = |text: String| part.write_all(text.as_bytes()).map_err(failed);
        say(page.head(head)?)?;
        let mut after: Option<EventId> = None;
        loop {
            let rows = audit::of_proposal(tx, head.id, after, PAGE)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.id);
            learn(tx, names, rows.iter().filter_map(|row| row.actor_id))?;
            for row in rows {
                let actor = row.actor_id.and_then(|id| names.get(&id).cloned());
                say(page.event(&Happened { event: EventView::from(row), actor })?)?;
            }
        }
        say(page.tail()?)
    })
}

/// The journal, entry by entry.
pub fn journal(tx: &mut AnyConnection, archive: &mut Archive, id: ProposalId) -> Result<(), Error> {
    archive.write("journal.csv", |part| listing::journal_of(tx, id, part).map(|_| ()))
}

const FIGURES: [Column; 2] =
    [listing::column("figure", "angka"), listing::column("amount_idr", "jumlah_idr")];

/// The figures that the journal comes to.
pub fn figures(tx: &mut AnyConnection, archive: &mut Archive, id: ProposalId) -> Result<(), Error> {
    let figures = serde_json::to_value(EightFigures::from(entries::figures(tx, id)?))?;
    archive.write("figures.csv", |part| {
        let mut table = Stream::begin(Format::Csv, "Figures", &FIGURES, part)?;
        for (name, amount) in figures.as_object().into_iter().flatten() {
            let amount = Out::Number(amount.as_i64().unwrap_or_default());
            table.row(&[Out::Text(name.clone()), amount])?;
        }
        table.end().map(|_| ())
    })
}

fn json_into(part: &mut Part<'_>, value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value)?;
    part.write_all(text.as_bytes()).map_err(failed)?;
    part.write_all(b"\n").map_err(failed)
}

/// The findings, with what was said of each.
pub fn findings(
    tx: &mut AnyConnection,
    cx: &Context,
    archive: &mut Archive,
    proposal: &Proposal,
) -> Result<(), Error> {
    let findings = finding::all_of(tx, cx, proposal)?;
    archive.write("findings.json", |part| json_into(part, &findings))
}

/// The bytes of a document; nothing where the store lacks them, which the manifest tells.
pub fn document(
    sv: &Services,
    archive: &mut Archive,
    n: usize,
    row: &Document,
) -> Result<Option<Kept>, Error> {
    let size = u64::try_from(row.size_bytes)
        .map_err(|_| Error::Defect(format!("{} has less than no bytes", row.id)))?;
    // The types of documents are codes, and so is what follows: no name of a sender becomes a path.
    let path = format!("documents/{n:04}-{}.{}", row.document_type, ending(row.media_type));
    let opened = store::wait(sv.documents.store.open(&row.object_key, size));
    let mut bytes = match opened {
        Ok(bytes) => bytes,
        Err(StoreError::Missing(_)) => return Ok(None),
        Err(error) => return Err(Error::Store(error)),
    };
    let copied = archive.keep(&path, |part| {
        std::io::copy(&mut bytes, part).map_err(failed)?;
        Ok(())
    });
    copied.map(Some)
}

const fn ending(media_type: MediaType) -> &'static str {
    match media_type {
        MediaType::Pdf => "pdf",
        MediaType::Jpeg => "jpg",
        MediaType::Png => "png",
        MediaType::Xlsx => "xlsx",
        MediaType::Docx => "docx",
        MediaType::Csv => "csv",
    }
}

/// What is in the pack, with the hash of each file; of documents also what is kept of them, and whether their bytes are
/// those that were brought.
pub fn manifest(
    cx: &Context,
    archive: &mut Archive,
    proposal: &Proposal,
    (documents, names): (&[(Document, Option<Kept>)], &Names),
) -> Result<(), Error> {
    let of = |(row, kept): &(Document, Option<Kept>)| -> Value {
        json!({
            "id": row.id,
            "type": row.document_type,
            "title": row.title,
            "number": row.number,
            "issued_on": row.issued_on,
            "valid_until": row.valid_until,
            "line_no": row.line_no,
            "file_name": row.file_name,
            "media_type": row.media_type,
            "size_bytes": row.size_bytes,
            "sha256": row.sha256,
            "status": row.status,
            "superseded_by": row.superseded_by,
            "uploaded_by": row.uploaded_by,
            "uploader": names.get(&row.uploaded_by),
            "uploaded_at": row.uploaded_at,
            "path": kept.as_ref().map(|kept| &kept.path),
            "intact": kept.as_ref().map(|kept| kept.sha256 == row.sha256),
        })
    };
    let files: Vec<Value> = archive
        .files
        .iter()
        .map(|kept| {
            json!({ "path": kept.path, "size_bytes": kept.size_bytes, "sha256": kept.sha256 })
        })
        .collect();
    let manifest = json!({
        "proposal_id": proposal.id,
        "title": proposal.title,
        "menu": proposal.menu,
        "region_code": proposal.region_code,
        "fiscal_year": proposal.fiscal_year,
        "state": proposal.state,
        "version": proposal.version,
        "made_at": cx.now,
        "made_for": cx.actor.user,
        "files": files,
        "documents": documents.iter().map(of).collect::<Vec<_>>(),
    });
    archive.write("manifest.json", |part| json_into(part, &manifest))
}
