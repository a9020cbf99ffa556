//! The sealed trail: which event has which place in it, and the rows as they stand, down to the letter. What is hashed is
//! the text of each column, not what it means: an id in capitals is another id here.

use crate::domain::audit::{Outcome, SubjectKind};
use crate::domain::ids::{EventId, ProposalId, RegionCode, UserId};
use crate::domain::moment::Moment;
use crate::storage::audit;
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::schema::{
    audit_events, audit_pending, audit_sealer, audit_seals, audit_tiles, journal_entries, revisions,
};
use chrono::{NaiveDate, TimeDelta};
use diesel::dsl::{count_star, max, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::Serialize;

/// Rows of one statement.
const ROWS_AT_ONCE: usize = 500;
/// The most regions that are walked one by one: SQLite takes 500 parts of a statement.
const MOST_WALKS: usize = 400;

/// How far events are sealed: the one row of its table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = audit_sealer)]
pub struct Sealer {
    /// The name of this trail, in its checkpoints.
    pub origin: String,
    /// Raised by whoever seals, first.
    pub fence: i64,
    /// The last sequence; 0 before the first.
    pub last_seq: i64,
    /// The chain up to it, in hexadecimal.
    pub last_hash: String,
    /// Nothing will be sealed at this moment, or before, any more.
    pub sealed_through: Moment,
}

/// A place in the sealed trail.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_seals)]
pub struct Seal {
    /// From 1, without a gap.
    pub seq: i64,
    /// Of which event.
    pub event_id: String,
    /// The leaf's hash, in hexadecimal.
    pub leaf: String,
    /// The chain's hash up to here, in hexadecimal.
    pub hash: String,
    /// When; never earlier than the one before.
    pub sealed_at: Moment,
    /// As in the event.
    pub action: String,
    /// As in the event.
    pub actor_id: Option<String>,
    /// As in the event.
    pub region_code: Option<String>,
    /// As in the event.
    pub outcome: String,
    /// As in the event.
    pub subject_kind: String,
}

/// An event as it stands, its texts as strings or as something that leads to them. Made of all columns of the table: a new one
/// does not compile until it is named here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Serialize)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct EventText<T = String> {
    pub id: T,
    pub at: Moment,
    pub actor_id: Option<T>,
    pub actor_role: Option<T>,
    pub grant_id: Option<T>,
    pub action: T,
    pub outcome: T,
    pub subject_kind: T,
    pub subject_id: T,
    pub proposal_id: Option<T>,
    pub region_code: Option<T>,
    pub content: T,
    pub request_id: T,
}

impl<T> EventText<T> {
    /// The same, each text by what leads to it.
    pub fn map<'a, U>(&'a self, text: impl Fn(&'a T) -> U) -> EventText<U> {
        EventText {
            id: text(&self.id),
            at: self.at,
            actor_id: self.actor_id.as_ref().map(&text),
            actor_role: self.actor_role.as_ref().map(&text),
            grant_id: self.grant_id.as_ref().map(&text),
            action: text(&self.action),
            outcome: text(&self.outcome),
            subject_kind: text(&self.subject_kind),
            subject_id: text(&self.subject_id),
            proposal_id: self.proposal_id.as_ref().map(&text),
            region_code: self.region_code.as_ref().map(&text),
            content: text(&self.content),
            request_id: text(&self.request_id),
        }
    }
}

/// A revision as it stands, of all columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Serialize)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct RevisionText<T = String> {
    pub id: T,
    pub subject_kind: T,
    pub subject_id: T,
    pub version: i64,
    pub event_id: T,
    pub content: T,
}

impl<T> RevisionText<T> {
    /// The same, each text by what leads to it.
    pub fn map<'a, U>(&'a self, text: impl Fn(&'a T) -> U) -> RevisionText<U> {
        RevisionText {
            id: text(&self.id),
            subject_kind: text(&self.subject_kind),
            subject_id: text(&self.subject_id),
            version: self.version,
            event_id: text(&self.event_id),
            content: text(&self.content),
        }
    }
}

/// An entry of the journal as it stands, of all columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Serialize)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct EntryText<T = String> {
    pub id: T,
    pub kind: T,
    pub proposal_id: T,
    pub allocation_id: T,
    pub fiscal_year: i64,
    pub region_code: T,
    pub from_account: T,
    pub to_account: T,
    pub amount_idr: i64,
    pub effective_on: NaiveDate,
    pub recorded_at: Moment,
    pub source_kind: T,
    pub source_id: T,
    pub event_id: T,
    pub reverses_id: Option<T>,
    pub reversed_kind: Option<T>,
    pub reason: Option<T>,
    pub origin_year: Option<i64>,
}

impl<T> EntryText<T> {
    /// The same, each text by what leads to it.
    pub fn map<'a, U>(&'a self, text: impl Fn(&'a T) -> U) -> EntryText<U> {
        EntryText {
            id: text(&self.id),
            kind: text(&self.kind),
            proposal_id: text(&self.proposal_id),
            allocation_id: text(&self.allocation_id),
            fiscal_year: self.fiscal_year,
            region_code: text(&self.region_code),
            from_account: text(&self.from_account),
            to_account: text(&self.to_account),
            amount_idr: self.amount_idr,
            effective_on: self.effective_on,
            recorded_at: self.recorded_at,
            source_kind: text(&self.source_kind),
            source_id: text(&self.source_id),
            event_id: text(&self.event_id),
            reverses_id: self.reverses_id.as_ref().map(&text),
            reversed_kind: self.reversed_kind.as_ref().map(&text),
            reason: self.reason.as_ref().map(&text),
            origin_year: self.origin_year,
        }
    }
}

/// The root of a subtree of 256 leaves, or of 256 such subtrees.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_tiles)]
pub struct Tile {
    /// 1 over leaves, 2 over tiles of level 1, and so on.
    pub level: i64,
    /// From 0.
    pub position: i64,
    /// In hexadecimal.
    pub root: String,
}

/// Raises the fence, and so waits for whoever seals now; then tells how far events are sealed.
pub fn lock(c: &mut AnyConnection) -> QueryResult<Option<Sealer>> {
    diesel::update(audit_sealer::table.find(1_i64))
        .set(audit_sealer::fence.eq(audit_sealer::fence + 1))
        .execute(c)?;
    find(c)
}

/// How far events are sealed.
pub fn find(c: &mut AnyConnection) -> QueryResult<Option<Sealer>> {
    audit_sealer::table.find(1_i64).select(Sealer::as_select()).first(c).optional()
}

/// How many rows there are of the sealer, which has one.
pub fn sealers(c: &mut AnyConnection) -> QueryResult<i64> {
    audit_sealer::table.count().get_result(c)
}

/// Compare-and-set on the fence; 0 when somebody else has sealed.
pub fn advance(c: &mut AnyConnection, after: &Sealer) -> QueryResult<usize> {
    let row = audit_sealer::table.find(1_i64).filter(audit_sealer::fence.eq(after.fence));
    diesel::update(row)
        .set((
            audit_sealer::last_seq.eq(after.last_seq),
            audit_sealer::last_hash.eq(&after.last_hash),
            audit_sealer::sealed_through.eq(after.sealed_through),
        ))
        .execute(c)
}

/// Events that wait to be sealed, by id; with `until`, only those that happened by then.
pub fn pending(
    c: &mut AnyConnection,
    until: Option<Moment>,
    limit: i64,
) -> QueryResult<Vec<String>> {
    let Some(until) = until else {
        return audit_pending::table
            .order(audit_pending::event_id)
            .limit(limit)
            .select(audit_pending::event_id)
            .load(c);
    };
    audit_pending::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_pending::event_id)))
        .filter(audit_events::at.le(until))
        .order(audit_pending::event_id)
        .limit(limit)
        .select(audit_pending::event_id)
        .load(c)
}

/// How many events wait to be sealed.
pub fn waiting(c: &mut AnyConnection) -> QueryResult<i64> {
    audit_pending::table.select(count_star()).first(c)
}

/// When the first of those that wait happened; asked of the one with the smallest id, which is nearly so. What waits and
/// is no event does not count.
pub fn waiting_since(c: &mut AnyConnection) -> QueryResult<Option<Moment>> {
    audit_pending::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_pending::event_id)))
        .order(audit_pending::event_id)
        .select(audit_events::at)
        .first(c)
        .optional()
}

/// Takes events off the list.
pub fn settle(c: &mut AnyConnection, ids: &[String]) -> QueryResult<usize> {
    diesel::delete(audit_pending::table.filter(audit_pending::event_id.eq_any(ids))).execute(c)
}

/// Several events, by id.
pub fn events(c: &mut AnyConnection, ids: &[String]) -> QueryResult<Vec<EventText>> {
    audit_events::table.filter(audit_events::id.eq_any(ids)).order(audit_events::id).load(c)
}

/// The revisions that several events made, by event and id.
pub fn revisions(c: &mut AnyConnection, events: &[String]) -> QueryResult<Vec<RevisionText>> {
    revisions::table
        .filter(revisions::event_id.eq_any(events))
        .order((revisions::event_id, revisions::id))
        .load(c)
}

/// The entries of the journal that came with several events, by event and id.
pub fn entries(c: &mut AnyConnection, events: &[String]) -> QueryResult<Vec<EntryText>> {
    journal_entries::table
        .filter(journal_entries::event_id.eq_any(events))
        .order((journal_entries::event_id, journal_entries::id))
        .load(c)
}

/// Appends seals.
pub fn append(c: &mut AnyConnection, seals: &[Seal]) -> QueryResult<()> {
    for chunk in seals.chunks(ROWS_AT_ONCE) {
        on_each!(c, |c| diesel::insert_into(audit_seals::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// Appends the root of a whole subtree.
pub fn append_tile(c: &mut AnyConnection, tile: &Tile) -> QueryResult<()> {
    diesel::insert_into(audit_tiles::table).values(tile).execute(c).map(|_| ())
}

/// The last sequence that was sealed at a moment or before; 0 when there is none.
pub fn last_at(c: &mut AnyConnection, moment: Moment) -> QueryResult<i64> {
    // In a transaction several get the same moment, and the index holds both: its last row is the answer.
    let last: Option<i64> = audit_seals::table
        .filter(audit_seals::sealed_at.le(moment))
        .order((audit_seals::sealed_at.desc(), audit_seals::seq.desc()))
        .select(audit_seals::seq)
        .first(c)
        .optional()?;
    Ok(last.unwrap_or_default())
}

/// The leaves of a range of sequences, both included, in hexadecimal.
pub fn leaves(c: &mut AnyConnection, from: i64, to: i64) -> QueryResult<Vec<String>> {
    audit_seals::table
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order(audit_seals::seq)
        .select(audit_seals::leaf)
        .load(c)
}

/// The roots of tiles of a level, from a position on.
pub fn tiles(c: &mut AnyConnection, level: i64, from: i64, count: i64) -> QueryResult<Vec<String>> {
    audit_tiles::table
        .filter(audit_tiles::level.eq(level))
        .filter(audit_tiles::position.ge(from))
        .filter(audit_tiles::position.lt(from.saturating_add(count)))
        .order(audit_tiles::position)
        .select(audit_tiles::root)
        .load(c)
}

/// The seal of an event.
pub fn of_event(c: &mut AnyConnection, event: EventId) -> QueryResult<Option<Seal>> {
    audit_seals::table
        .filter(audit_seals::event_id.eq(event.to_string()))
        .select(Seal::as_select())
        .first(c)
        .optional()
}

/// The seals of some events, in their sequence; of those that wait there is none.
pub fn of_events(c: &mut AnyConnection, events: &[String]) -> QueryResult<Vec<Seal>> {
    audit_seals::table
        .filter(audit_seals::event_id.eq_any(events))
        .order(audit_seals::seq)
        .select(Seal::as_select())
        .load(c)
}

/// The last sequence that there is.
pub fn last(c: &mut AnyConnection) -> QueryResult<i64> {
    let last: Option<i64> = audit_seals::table.select(max(audit_seals::seq)).first(c)?;
    Ok(last.unwrap_or_default())
}

/// What a list of sealed events is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The first sequence.
    pub from_seq: Option<i64>,
    /// The last sequence.
    pub until_seq: Option<i64>,
    /// Sealed at this moment or later.
    pub from: Option<Moment>,
    /// Sealed at this moment or before.
    pub until: Option<Moment>,
    /// Of these regions; when absent of all, and of none.
    pub regions: Option<Vec<RegionCode>>,
    /// By whom.
    pub actor: Option<UserId>,
    /// What was done or tried.
    pub action: Option<String>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Of which proposal, also those that it shares with others.
    pub proposal: Option<ProposalId>,
    /// About what kind of thing.
    pub subject_kind: Option<SubjectKind>,
    /// About which.
    pub subject_id: Option<String>,
}

impl Filter {
    /// Whether several regions, and a part of the sequence, are all that the list is narrowed to; not too many for one statement.
    fn is_of_regions_alone(&self) -> bool {
        let count = self.regions.as_ref().map_or(0, Vec::len);
        (2..=MOST_WALKS).contains(&count)
            && self.actor.is_none()
            && self.action.is_none()
            && self.outcome.is_none()
            && self.proposal.is_none()
            && self.subject_kind.is_none()
            && self.subject_id.is_none()
    }
}

/// The part of the sequence that a filter names, after the first and up to the last: what is sealed later has a higher place.
fn bounds(c: &mut AnyConnection, filter: &Filter, after: i64) -> QueryResult<(i64, Option<i64>)> {
    let before = |moment: Moment| moment.after(-TimeDelta::microseconds(1));
    let since = filter.from.map(|from| last_at(c, before(from))).transpose()?;
    let until = filter.until.map(|until| last_at(c, until)).transpose()?;
    let from = filter.from_seq.map(|seq| seq.saturating_sub(1));
    let after = [since, from].into_iter().flatten().fold(after, i64::max);
    Ok((after, [until, filter.until_seq].into_iter().flatten().min()))
}

/// The first places of each region: one walk along an index for each, where all of several regions would be sorted.
fn first_of_each(regions: &[RegionCode], (after, until): (i64, Option<i64>), limit: i64) -> String {
    let until = until.map(|until| format!(" AND seq <= {until}")).unwrap_or_default();
    let walk = |region: &RegionCode| {
        format!(
            "SELECT seq FROM (SELECT seq FROM audit_seals WHERE region_code = '{region}' AND seq > {after}{until} \
             ORDER BY seq LIMIT {limit}) AS walk"
        )
    };
    regions.iter().map(walk).collect::<Vec<_>>().join(" UNION ALL ")
}

/// Sealed events in their sequence, after `after`.
pub fn page(
    c: &mut AnyConnection,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(Seal, EventText)>> {
    let (after, until) = bounds(c, filter, after)?;
    let mut query = audit_seals::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_seals::event_id)))
        .filter(audit_seals::seq.gt(after))
        .order(audit_seals::seq)
        .limit(limit)
        .select((Seal::as_select(), audit_events::all_columns))
        .into_boxed();
    if let Some(until) = until {
        query = query.filter(audit_seals::seq.le(until));
    }
    match &filter.regions {
        None => {}
        Some(regions) if filter.is_of_regions_alone() => {
            let walks = first_of_each(regions, (after, until), limit);
            query = query.filter(sql::<Bool>(&format!("audit_seals.seq IN ({walks})")));
        }
        // What leads to the few events of one thing is not to give way to an index over all of the regions.
        Some(regions) if filter.proposal.is_some() || filter.subject_id.is_some() => {
            query = query.filter(audit_events::region_code.eq_any(regions));
        }
        Some(regions) => query = query.filter(audit_seals::region_code.eq_any(regions)),
    }
    if let Some(actor) = filter.actor {
        query = query.filter(audit_seals::actor_id.eq(actor.to_string()));
    }
    if let Some(action) = &filter.action {
        query = query.filter(audit_seals::action.eq(action));
    }
    if let Some(outcome) = filter.outcome {
        // Written out, as the index of refused attempts has it.
        query = query.filter(sql::<Bool>(&format!("audit_seals.outcome = '{outcome}'")));
    }
    if let Some(proposal) = filter.proposal {
        let of_it = format!("audit_seals.event_id IN ({})", audit::ids_of(proposal));
        query = query.filter(sql::<Bool>(&of_it));
    }
    match (filter.subject_kind, &filter.subject_id) {
        (Some(kind), None) => {
            // Written out, as with an outcome.
            query = query.filter(sql::<Bool>(&format!("audit_seals.subject_kind = '{kind}'")));
        }
        (kind, Some(subject)) => {
            // The index leads from a kind to its subjects.
            let kinds = kind.map_or(SubjectKind::ALL.to_vec(), |kind| vec![kind]);
            let of_it = audit_events::subject_kind.eq_any(kinds);
            query = query.filter(of_it.and(audit_events::subject_id.eq(subject)));
        }
        (None, None) => {}
    }
    query.load(c)
}
