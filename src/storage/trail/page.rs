//! What is kept of some sequences of the trail: each sealed event with all that names it, down to the letter.

use crate::domain::moment::Moment;
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::packed::{self, Columns, Packed, Source, Span, packed};
use crate::storage::schema::{
    audit_events, audit_personal, audit_seals, journal_entries, revisions,
};
use crate::storage::seal::{EntryText, EventText, RevisionText};
use crate::storage::trail::{Counts, apart};
use diesel::deserialize;
use diesel::prelude::*;
use diesel::row::Row;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Timestamp};
use serde::Serialize;
use std::iter::Peekable;
use std::slice;

/// A personal value as it stands, of all columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct PersonalText<T = String> {
    pub event_id: T,
    pub field: T,
    pub salt: T,
    pub value: T,
}

/// A place of the trail, with what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Its sequence.
    pub seq: i64,
    /// When it was sealed.
    pub sealed_at: Moment,
    /// Whether the seal says of its event what the event says; of one that is not there, nothing is said.
    pub repeats: bool,
    event_id: Span,
    leaf: Span,
    hash: Span,
    event: Option<EventText<Span>>,
}

/// What belongs to the event of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed<R> {
    /// The sequence.
    pub seq: i64,
    row: R,
}

// What is selected, by type: a statement of other columns, or of one more, does not compile.
type SealColumns =
    (BigInt, Text, Text, Text, Timestamp, Text, Nullable<Text>, Nullable<Text>, Text, Text);
type EventColumns = (
    Text,
    Timestamp,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Text,
    Text,
    Text,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Text,
    Text,
);
type RevisionColumns = (Text, Text, Text, BigInt, Text, Text);
type EntryColumns = (
    Text,
    Text,
    Text,
    Text,
    BigInt,
    Text,
    Text,
    Text,
    BigInt,
    Date,
    Timestamp,
    Text,
    Text,
    Text,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<Text>,
    Nullable<BigInt>,
);
type PersonalColumns = (Text, Text, Text, Text);
/// How many columns an event has.
const OF_EVENT: usize = 13;

packed!(Sealed, (SealColumns, Nullable<EventColumns>));
packed!(Placed<RevisionText<Span>>, (BigInt, RevisionColumns));
packed!(Placed<EntryText<Span>>, (BigInt, EntryColumns));
packed!(Placed<PersonalText<Span>>, (BigInt, PersonalColumns));

impl Packed<Sealed> {
    /// Of which event.
    pub fn event_id(&self) -> &str {
        self.text(self.row.event_id)
    }

    /// The leaf's hash, in hexadecimal.
    pub fn leaf(&self) -> &str {
        self.text(self.row.leaf)
    }

    /// The chain's hash up to here, in hexadecimal.
    pub fn hash(&self) -> &str {
        self.text(self.row.hash)
    }

    /// The event, where it is there.
    pub fn event(&self) -> Option<EventText<&str>> {
        self.row.event.as_ref().map(|event| event.map(|span| self.text(*span)))
    }
}

/// A revision as it was read.
pub type SealedRevision = Packed<Placed<RevisionText<Span>>>;
/// An entry of the journal as it was read.
pub type SealedEntry = Packed<Placed<EntryText<Span>>>;
/// A personal value that is left, as it was read.
pub type SealedPersonal = Packed<Placed<PersonalText<Span>>>;

impl SealedRevision {
    /// The revision.
    pub fn revision(&self) -> RevisionText<&str> {
        self.row.row.map(|span| self.text(*span))
    }

    /// By what those of a page are in order.
    fn place(&self) -> (i64, &str) {
        (self.row.seq, self.text(self.row.row.id))
    }
}

impl SealedEntry {
    /// The entry.
    pub fn entry(&self) -> EntryText<&str> {
        self.row.row.map(|span| self.text(*span))
    }
}

impl SealedPersonal {
    /// The value.
    pub fn personal(&self) -> PersonalText<&str> {
        let PersonalText { event_id, field, salt, value } = self.row.row;
        PersonalText {
            event_id: self.text(event_id),
            field: self.text(field),
            salt: self.text(salt),
            value: self.text(value),
        }
    }
}

impl packed::Read for Sealed {
    fn read<'a, R: Row<'a, DB>, DB: Source>(
        columns: &mut Columns<'_, R, DB>,
    ) -> deserialize::Result<Self> {
        let (seq, event_id) = (columns.number()?, columns.text()?);
        let (leaf, hash, sealed_at) = (columns.text()?, columns.text()?, columns.moment()?);
        let action = Some(columns.text()?);
        let (actor_id, region_code) = (columns.maybe()?, columns.maybe()?);
        let (outcome, subject_kind) = (Some(columns.text()?), Some(columns.text()?));
        let event = event(columns)?;
        let repeats = event.as_ref().is_none_or(|event| {
            let says = [
                (action, Some(event.action)),
                (actor_id, event.actor_id),
                (region_code, event.region_code),
                (outcome, Some(event.outcome)),
                (subject_kind, Some(event.subject_kind)),
            ];
            let text = |span: Option<Span>| span.map(|span| columns.at(span));
            says.iter().all(|(seal, event)| text(*seal) == text(*event))
        });
        Ok(Sealed { seq, sealed_at, repeats, event_id, leaf, hash, event })
    }
}

/// The columns of an event, or of none.
fn event<'a, R: Row<'a, DB>, DB: Source>(
    columns: &mut Columns<'_, R, DB>,
) -> deserialize::Result<Option<EventText<Span>>> {
    let Some(id) = columns.maybe()? else {
        columns.pass(OF_EVENT - 1);
        return Ok(None);
    };
    Ok(Some(EventText {
        id,
        at: columns.moment()?,
        actor_id: columns.maybe()?,
        actor_role: columns.maybe()?,
        grant_id: columns.maybe()?,
        action: columns.text()?,
        outcome: columns.text()?,
        subject_kind: columns.text()?,
        subject_id: columns.text()?,
        proposal_id: columns.maybe()?,
        region_code: columns.maybe()?,
        content: columns.text()?,
        request_id: columns.text()?,
    }))
}

impl<T: packed::Read> packed::Read for Placed<T> {
    fn read<'a, R: Row<'a, DB>, DB: Source>(
        columns: &mut Columns<'_, R, DB>,
    ) -> deserialize::Result<Self> {
        Ok(Placed { seq: columns.number()?, row: T::read(columns)? })
    }
}

impl packed::Read for RevisionText<Span> {
    fn read<'a, R: Row<'a, DB>, DB: Source>(
        columns: &mut Columns<'_, R, DB>,
    ) -> deserialize::Result<Self> {
        Ok(RevisionText {
            id: columns.text()?,
            subject_kind: columns.text()?,
            subject_id: columns.text()?,
            version: columns.number()?,
            event_id: columns.text()?,
            content: columns.text()?,
        })
    }
}

impl packed::Read for EntryText<Span> {
    fn read<'a, R: Row<'a, DB>, DB: Source>(
        columns: &mut Columns<'_, R, DB>,
    ) -> deserialize::Result<Self> {
        Ok(EntryText {
            id: columns.text()?,
            kind: columns.text()?,
            proposal_id: columns.text()?,
            allocation_id: columns.text()?,
            fiscal_year: columns.number()?,
            region_code: columns.text()?,
            from_account: columns.text()?,
            to_account: columns.text()?,
            amount_idr: columns.number()?,
            effective_on: columns.day()?,
            recorded_at: columns.moment()?,
            source_kind: columns.text()?,
            source_id: columns.text()?,
            event_id: columns.text()?,
            reverses_id: columns.maybe()?,
            reversed_kind: columns.maybe()?,
            reason: columns.maybe()?,
            origin_year: columns.maybe_number()?,
        })
    }
}

impl packed::Read for PersonalText<Span> {
    fn read<'a, R: Row<'a, DB>, DB: Source>(
        columns: &mut Columns<'_, R, DB>,
    ) -> deserialize::Result<Self> {
        Ok(PersonalText {
            event_id: columns.text()?,
            field: columns.text()?,
            salt: columns.text()?,
            value: columns.text()?,
        })
    }
}

/// What is kept of some sequences. All of it comes by sequence.
#[derive(Debug)]
pub struct Page {
    /// The places, with their events.
    pub seals: Vec<Packed<Sealed>>,
    /// Revisions, each event's by their ids.
    pub revisions: Vec<SealedRevision>,
    /// Entries of the journal, each event's by their ids.
    pub entries: Vec<SealedEntry>,
    /// Personal values that are left, each event's by their fields.
    pub personal: Vec<SealedPersonal>,
}

/// What is left of a page's rows of a kind.
pub type Rest<'a, R> = Peekable<slice::Iter<'a, Packed<Placed<R>>>>;

/// The rows of a sequence, where all before it were asked for.
pub fn of_seq<'a, 'b, R>(
    rest: &'b mut Rest<'a, R>,
    seq: i64,
) -> impl Iterator<Item = &'a Packed<Placed<R>>> + use<'a, 'b, R> {
    // What a broken index tells of a sequence that is not there hides nothing behind it.
    while rest.next_if(|one| one.row.seq < seq).is_some() {}
    std::iter::from_fn(move || rest.next_if(|one| one.row.seq == seq))
}

impl Page {
    /// How many rows these are.
    pub fn counts(&self) -> Counts {
        let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
        let events = self.seals.iter().filter(|place| place.row.event.is_some());
        Counts {
            events: count(events.count()),
            revisions: count(self.revisions.len()),
            entries: count(self.entries.len()),
            personal: count(self.personal.len()),
        }
    }

    /// Whether a value of them is not kept as it is written here.
    pub fn is_odd(&self) -> bool {
        !(self.seals.iter().all(|row| row.is_kept)
            && self.revisions.iter().all(|row| row.is_kept)
            && self.entries.iter().all(|row| row.is_kept)
            && self.personal.iter().all(|row| row.is_kept))
    }
}

/// What is kept of a range of sequences, both included; within a step of its own, so that PostgreSQL goes on with the next
/// when this one can't be read.
pub fn page(c: &mut AnyConnection, from: i64, to: i64) -> QueryResult<Page> {
    apart(c, |c| {
        Ok(Page {
            seals: seals(c, from, to)?,
            revisions: revisions(c, from, to)?,
            entries: entries(c, from, to)?,
            personal: personal(c, from, to)?,
        })
    })
}

/// Seals of a range of sequences, both included, with their events where those are there.
fn seals(c: &mut AnyConnection, from: i64, to: i64) -> QueryResult<Vec<Packed<Sealed>>> {
    on_each!(c, |c| audit_seals::table
        .left_join(audit_events::table.on(audit_events::id.eq(audit_seals::event_id)))
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order(audit_seals::seq)
        .select((audit_seals::all_columns, audit_events::all_columns.nullable()))
        .load(c))
}

/// The revisions of the events of a range of sequences, by sequence and id.
fn revisions(c: &mut AnyConnection, from: i64, to: i64) -> QueryResult<Vec<SealedRevision>> {
    let mut rows: Vec<SealedRevision> = on_each!(c, |c| revisions::table
        .inner_join(audit_seals::table.on(audit_seals::event_id.eq(revisions::event_id)))
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order(audit_seals::seq)
        .select((audit_seals::seq, revisions::all_columns))
        .load(c))?;
    // Sorted here, where the contents need not be carried along: most events have one.
    rows.sort_by(|one, other| one.place().cmp(&other.place()));
    Ok(rows)
}

/// The entries of the journal of the events of a range of sequences, by sequence and id.
fn entries(c: &mut AnyConnection, from: i64, to: i64) -> QueryResult<Vec<SealedEntry>> {
    on_each!(c, |c| journal_entries::table
        .inner_join(audit_seals::table.on(audit_seals::event_id.eq(journal_entries::event_id)))
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order((audit_seals::seq, journal_entries::id))
        .select((audit_seals::seq, journal_entries::all_columns))
        .load(c))
}

/// The personal values that are left of the events of a range of sequences, by sequence and field.
fn personal(c: &mut AnyConnection, from: i64, to: i64) -> QueryResult<Vec<SealedPersonal>> {
    on_each!(c, |c| audit_personal::table
        .inner_join(audit_seals::table.on(audit_seals::event_id.eq(audit_personal::event_id)))
        .filter(audit_seals::seq.ge(from))
        .filter(audit_seals::seq.le(to))
        .order((audit_seals::seq, audit_personal::field))
        .select((audit_seals::seq, audit_personal::all_columns))
        .load(c))
}
