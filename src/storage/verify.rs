//! Queries of the verifier: rows in bounded pages, for sums that are done in code.

use crate::domain::ids::ProposalId;
use crate::storage::connection::AnyConnection;
use crate::storage::journal::Entry;
use crate::storage::proposal::Proposal;
use crate::storage::schema::{journal_entries, proposals};
use diesel::prelude::*;

/// Proposals by id, after `after`.
pub fn proposals(
    c: &mut AnyConnection,
    after: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<Proposal>> {
    let mut query = proposals::table
        .order(proposals::id)
        .limit(limit)
        .select(Proposal::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(proposals::id.gt(after));
    }
    query.load(c)
}

/// Every entry of several proposals.
pub fn entries(c: &mut AnyConnection, proposals: &[ProposalId]) -> QueryResult<Vec<Entry>> {
    journal_entries::table
        .filter(journal_entries::proposal_id.eq_any(proposals))
        .order((journal_entries::proposal_id, journal_entries::id))
        .select(Entry::as_select())
        .load(c)
}
