//! What is done for documents later: scanning those that wait, sweeping bytes that belong to none.

use crate::domain::audit::SubjectKind;
use crate::domain::document::DocumentStatus;
use crate::domain::ids::{DocumentId, EventId};
use crate::service::context::Context;
use crate::service::error::{Error, StoreError};
use crate::service::scan::Found;
use crate::service::trail::{self, Event};
use crate::service::{Services, access, store};
use crate::storage::AnyConnection;
use crate::storage::document::{self, Document};
use crate::storage::proposal;
use futures_util::{StreamExt, TryStreamExt};
use serde_json::json;

/// How many documents, or keys, are looked at in one step.
const PAGE: usize = 200;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tidied {
    /// Documents that were found clean.
    pub cleared: usize,
    /// Documents that were found infected.
    pub refused: usize,
    /// Objects, arrivals and uploads begun and never finished that belonged to no row.
    pub swept: usize,
}

/// Has those scanned that wait for it. Where the scanner still does not answer, they wait on. Blocks.
pub fn scan(sv: &Services) -> Result<Tidied, Error> {
    let mut tidied = Tidied::default();
    let Some(clamd) = &sv.documents.clamd else { return Ok(tidied) };
    let mut after: Option<DocumentId> = None;
    loop {
        let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let status = DocumentStatus::PendingScan;
        let rows =
            sv.db.read(|tx| Ok::<_, Error>(document::standing(tx, status, after, limit)?))?;
        let Some(last) = rows.last() else { return Ok(tidied) };
        after = Some(last.id);
        for row in &rows {
            let size = u64::try_from(row.size_bytes).unwrap_or_default();
            let opened = store::wait(sv.documents.store.open(&row.object_key, size));
            let mut bytes = match opened {
                Ok(bytes) => bytes,
                // It can't be looked at, and is not served; those behind it can, unless the whole store fails.
                Err(error) => {
                    tracing::error!(%error, document = %row.id, "a document can't be scanned");
                    if is_missing(&error) || store_answers(sv)? {
                        continue;
                    }
                    return Ok(tidied);
                }
            };
            match clamd.scan(&mut bytes) {
                Ok(Found::Nothing) => {
                    tidied.cleared += usize::from(settle(sv, row, None)?);
                }
                Ok(Found::Virus(name)) => {
                    tidied.refused += usize::from(settle(sv, row, Some(&name))?);
                    let removed = store::wait(sv.documents.store.remove(&row.object_key));
                    if let Err(error) = removed {
                        tracing::warn!(%error, document = %row.id, "its bytes stay until they are swept");
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, document = %row.id, "the virus scanner tells nothing of it");
                    // It may be these bytes that it does not take, or that can't be read.
                    if !clamd.answers() {
                        return Ok(tidied);
                    }
                }
            }
        }
    }
}

fn is_missing(error: &StoreError) -> bool {
    matches!(error, StoreError::Missing(_))
}

fn store_answers(sv: &Services) -> Result<bool, Error> {
    Ok(store::wait(async { Ok(sv.documents.store.answers().await) })?)
}

/// Writes what the scanner found; `false` when another process did so first.
fn settle(sv: &Services, row: &Document, virus: Option<&str>) -> Result<bool, Error> {
    let cx = Context::system(sv.clock.now());
    let (status, action) = match virus {
        None => (DocumentStatus::Available, "document.clear"),
        Some(_) => (DocumentStatus::Refused, "document.refuse"),
    };
    let settled = sv.db.write(
        "document.settle_scan",
        |tx| {
            // What is refused may be what a tranche asks for.
            let seen = proposal::find(tx, row.proposal_id)?.ok_or(Error::NotFound)?;
            let proposal = access::lock_feeding(tx, &cx, &seen)?;
            let found = document::find(tx, row.id)?.ok_or(Error::NotFound)?;
            if found.status != DocumentStatus::PendingScan {
                // Another process wrote it: this one leaves no trace, the version that it raised neither.
                return Err(Error::Stale);
            }
            access::save(tx, &proposal)?;
            let after = Document { status, version: found.version + 1, ..found };
            if document::replace(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            let event = EventId::new();
            let subject = access::beneath(&proposal, SubjectKind::Document, after.id);
            let older = match status {
                DocumentStatus::Refused => document::superseded_by(tx, (proposal.id, after.id))?,
                DocumentStatus::Available | DocumentStatus::PendingScan => Vec::new(),
            };
            let restored: Vec<DocumentId> = older.iter().map(|older| older.id).collect();
            let content = json!({
                "status": status, "signature": virus, "sha256": after.sha256, "restored": restored,
            });
            trail::done(
                tx,
                &cx,
                Event { id: event, action, subject: &subject, by: None, content, personal: &[] },
            )?;
            trail::revise(tx, event, SubjectKind::Document, after.id, after.version, &after)?;
            for older in older {
                restore(tx, event, older, after.superseded_by)?;
            }
            let kind = SubjectKind::Proposal;
            trail::revise(tx, event, kind, proposal.id, proposal.version, &proposal)?;
            Ok(())
        },
        |_, _| Ok(()),
    );
    match settled {
        Ok(()) => Ok(true),
        Err(Error::Stale) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives a document its place back that a refused one had taken, or to the one that has taken the refused one's.
fn restore(
    tx: &mut AnyConnection,
    event: EventId,
    older: Document,
    newer: Option<DocumentId>,
) -> Result<(), Error> {
    let after = Document { superseded_by: newer, version: older.version + 1, ..older };
    if document::replace(tx, &after)? == 0 {
        return Err(Error::Stale);
    }
    trail::revise(tx, event, SubjectKind::Document, after.id, after.version, &after)
}

/// Removes bytes that belong to no row and are old enough that none can still come.
pub async fn sweep(sv: &Services) -> Result<Tidied, Error> {
    let (store, age) = (&sv.documents.store, sv.documents.orphan_age);
    let mut tidied = Tidied { swept: store.drop_arrivals(age)?, ..Tidied::default() };
    match store.give_up_unfinished(age).await {
        Ok(given_up) => tidied.swept += given_up,
        // A server may not let us ask; objects are swept all the same.
        Err(error) => tracing::warn!(%error, "unfinished uploads are not swept"),
    }
    let mut pages = store.older_than(age)?.try_chunks(PAGE);
    while let Some(page) = pages.next().await {
        let keys = page.map_err(|error| Error::Store(error.1))?;
        let used = sv.db.read(|tx| Ok::<_, Error>(document::keys_in_use(tx, &keys)?))?;
        for key in keys.iter().filter(|key| !used.contains(key)) {
            store.remove(key).await?;
            tidied.swept += 1;
        }
    }
    metrics::counter!("sentra_documents_swept_total")
        .increment(u64::try_from(tidied.swept).unwrap_or(u64::MAX));
    Ok(tidied)
}
