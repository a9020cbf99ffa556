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

/// How far one answer looks for the rows of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Proposals that are looked at in one step.
    pub(super) window: i64,
    /// Steps: where they are used up before the page is full, the page is shorter, and its cursor goes on.
    pub(super) steps: usize,
}

/// That of the service.
pub(super) const REACH: Reach = Reach { window: 500, steps: 20 };

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
/// order of recording. A page may be shorter than its limit, or empty, though another follows.
pub fn list_of_many(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    after: Option<Place>,
    limit: i64,
) -> Result<Page<view::Entry>, Error> {
    list_within(sv, cx, filter, (after, limit), REACH)
}

pub(super) fn list_within(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    (after, limit): (Option<Place>, i64),
    reach: Reach,
) -> Result<Page<view::Entry>, Error> {
    sv.db.read(|tx| {
        policy::known(tx, filter.region_code.as_ref(), "/query/region_code")?;
        policy::known(tx, filter.province_code.as_ref(), "/query/province_code")?;
        let scope = (&cx.actor.sight(), filter);
        let (rows, next) = found(tx, reach, scope, (after, limit.saturating_add(1)))?;
        let cursor = |row: &Entry| Place { proposal: row.proposal_id, entry: row.id }.to_string();
        let page = shown(tx, rows, limit, cursor)?;
        let beyond = next.map(|last| Place::beyond(last).to_string());
        Ok(Page { next_cursor: page.next_cursor.or(beyond), ..page })
    })
}

/// At most `most` entries; and the last proposal that was looked at, where they are fewer and there may be more.
fn found(
    tx: &mut AnyConnection,
    reach: Reach,
    (sight, filter): (&Sight, &Filter),
    (after, most): (Option<Place>, i64),
) -> Result<(Vec<Entry>, Option<ProposalId>), Error> {
    let mut rows: Vec<Entry> = Vec::new();
    let mut from = after.map(|place| place.proposal);
    let mut behind = after.map(|place| (place.proposal, place.entry));
    let mut next = None;
    for _ in 0..reach.steps {
        // One more than is looked at: where the next look begins.
        let mut ids = usage::ids(tx, sight, filter, from, reach.window.saturating_add(1))?;
        let window = usize::try_from(reach.window).unwrap_or(usize::MAX);
        from = ids.get(window).copied();
        ids.truncate(window);
        let left = most.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        rows.extend(journal::of_proposals(tx, &ids, behind.take(), left)?);
        let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= most);
        if is_full || from.is_none() {
            return Ok((rows, None));
        }
        next = ids.last().copied();
    }
    Ok((rows, next))
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
