//! What is done for documents later: scanning those that wait, sweeping bytes that belong to none.

use crate::domain::audit::SubjectKind;
use crate::domain::document::DocumentStatus;
use crate::domain::ids::{DocumentId, EventId};
use crate::service::context::Context;
use crate::service::error::{Error, StoreError};
use crate::service::scan::Found;
use crate::service::trail::{self, Event};
use crate::service::{Services, access, store};
use crate::storage::document::{self, Document};
use crate::storage::proposal::Proposal;
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
                Err(StoreError::Missing(words)) => {
                    // It can't be looked at, and is not served; those behind it can.
                    tracing::error!(document = %row.id, words, "the bytes of a document are missing");
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            match clamd.scan(&mut bytes) {
                Ok(Found::Nothing) => {
                    tidied.cleared += usize::from(settle(sv, row, None)?);
                }
                Ok(Found::Virus(name)) => {
                    tidied.refused += usize::from(settle(sv, row, Some(&name))?);
                    store::wait(sv.documents.store.remove(&row.object_key))?;
                }
                Err(error) => {
                    tracing::warn!(%error, document = %row.id, "the virus scanner does not answer");
                    return Ok(tidied);
                }
            }
        }
    }
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
            let before = access::lock(tx, row.proposal_id, None)?;
            let found = document::find(tx, row.id)?.ok_or(Error::NotFound)?;
            if found.status != DocumentStatus::PendingScan {
                // Another process wrote it: this one leaves no trace, the version that it raised neither.
                return Err(Error::Stale);
            }
            let proposal = Proposal { updated_at: cx.now, ..before };
            access::save(tx, &proposal)?;
            let after = Document { status, version: found.version + 1, ..found };
            if document::replace(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            let event = EventId::new();
            let subject = access::beneath(&proposal, SubjectKind::Document, after.id);
            let content = json!({ "status": status, "signature": virus, "sha256": after.sha256 });
            trail::done(
                tx,
                &cx,
                Event { id: event, action, subject: &subject, by: None, content, personal: &[] },
            )?;
            trail::revise(tx, event, SubjectKind::Document, after.id, after.version, &after)?;
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
