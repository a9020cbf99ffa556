//! Reading the journal.

use crate::domain::ids::{EntryId, ProposalId};
use crate::domain::people::Sight;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::proposal::Filter;
use crate::service::view::Page;
use crate::service::view::money as view;
use crate::service::{Services, access, policy};
use crate::storage::journal::{self, Entry};
use crate::storage::{AnyConnection, usage};
use uuid::Uuid;

/// Proposals that are looked at for entries at once.
const AT_ONCE: i64 = 500;

/// The place of an entry in the order of many proposals' journals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The proposal.
    pub proposal: ProposalId,
    /// Its entry.
    pub entry: EntryId,
}

impl Place {
    /// Beyond all entries of a proposal: no id is greater.
    pub fn beyond(proposal: ProposalId) -> Place {
        Place { proposal, entry: EntryId(Uuid::max()) }
    }

    /// Whether the proposal has nothing more behind it.
    pub fn is_beyond(&self) -> bool {
        self.entry.0.is_max()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}", self.proposal, self.entry)
    }
}

impl std::str::FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (proposal, entry) = text.split_once('~').ok_or(())?;
        let proposal = proposal.parse().map_err(|_| ())?;
        Ok(Place { proposal, entry: entry.parse().map_err(|_| ())? })
    }
}

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
        shown(tx, rows, limit, |row| row.id.to_string())
    })
}

/// The entries of the proposals that the caller may see and that a filter narrows to: proposal by proposal, each in the
/// order of recording.
pub fn list_of_many(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Page<view::Entry>, Error> {
    sv.db.read(|tx| {
        policy::known(tx, filter.region_code.as_ref(), "/query/region_code")?;
        policy::known(tx, filter.province_code.as_ref(), "/query/province_code")?;
        let rows = of_many(tx, &cx.actor.sight(), filter, after, limit.saturating_add(1))?;
        let cursor = |row: &Entry| Place { proposal: row.proposal_id, entry: row.id }.to_string();
        shown(tx, rows, limit, cursor)
    })
}

/// At most `limit` entries of the proposals within sight that a filter narrows to, after a place, in few queries however
/// many of them have none.
pub fn of_many(
    tx: &mut AnyConnection,
    sight: &Sight,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Entry>, Error> {
    let mut rows: Vec<Entry> = Vec::new();
    let mut from = after.map(|place| place.proposal);
    let mut after = after.map(|place| (place.proposal, place.entry));
    loop {
        // One more than is looked at: where the next look begins.
        let mut ids = usage::ids(tx, sight, filter, from, AT_ONCE.saturating_add(1))?;
        let at_once = usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        from = ids.get(at_once).copied();
        ids.truncate(at_once);
        let left = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        rows.extend(journal::of_proposals(tx, &ids, after.take(), left)?);
        let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= limit);
        if is_full || from.is_none() {
            return Ok(rows);
        }
    }
}

fn shown(
    tx: &mut AnyConnection,
    rows: Vec<Entry>,
    limit: i64,
    cursor: impl Fn(&Entry) -> String,
) -> Result<Page<view::Entry>, Error> {
    let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
    let reversed = journal::reversed(tx, &ids)?.into_iter();
    let pairs = reversed.filter_map(|(id, by)| id.map(|id| (id.to_string(), by)));
    let undone = view::Undone::of(pairs.collect());
    let shown = |row| view::Entry::from(row).marked(&undone);
    Ok(Page::cut(rows, limit, cursor, shown))
}
