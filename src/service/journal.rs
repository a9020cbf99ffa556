//! Reading the journal.

use crate::domain::ids::{EntryId, ProposalId};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::view::Page;
use crate::service::view::money as view;
use crate::service::{Services, access};
use crate::storage::journal;

/// The entries of a proposal, in the order of their recording.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<EntryId>,
    limit: i64,
) -> Result<Page<view::Entry>, Error> {
    sv.db.read(|tx| {
        access::visible(tx, cx, id)?;
        let rows = journal::of_proposal(tx, id, after, limit.saturating_add(1))?;
        let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
        let reversed = journal::reversed(tx, &ids)?.into_iter();
        let pairs = reversed.filter_map(|(id, by)| id.map(|id| (id.to_string(), by)));
        let undone = view::Undone::of(pairs.collect());
        let shown = |row| view::Entry::from(row).marked(&undone);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), shown))
    })
}
