//! Signed checkpoints of the sealed trail, and the public keys that they were signed with.

use crate::domain::moment::Moment;
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::schema::{audit_checkpoints, audit_keys};
use diesel::prelude::*;

/// A checkpoint as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_checkpoints)]
pub struct Checkpoint {
    /// How many events it covers.
    pub size: i64,
    /// The root over their leaves, in hexadecimal.
    pub root: String,
    /// The signed note.
    pub note: String,
    /// When it was made.
    pub made_at: Moment,
}

/// A public key, as a C2SP verifier key.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_keys)]
pub struct Key {
    /// Name, id and key.
    pub verifier_key: String,
    /// When it signed first.
    pub first_used_at: Moment,
}

/// Appends a checkpoint; 0 when there is one of its size.
pub fn append(c: &mut AnyConnection, checkpoint: &Checkpoint) -> QueryResult<usize> {
    on_each!(c, |c| diesel::insert_into(audit_checkpoints::table)
        .values(checkpoint)
        .on_conflict_do_nothing()
        .execute(c))
}

/// Remembers a key, unless it is known.
pub fn remember_key(c: &mut AnyConnection, key: &Key) -> QueryResult<usize> {
    on_each!(c, |c| diesel::insert_into(audit_keys::table)
        .values(key)
        .on_conflict_do_nothing()
        .execute(c))
}

/// The keys that ever signed, in the order of their first use. They are few: one more each time a key is changed.
pub fn keys(c: &mut AnyConnection, limit: i64) -> QueryResult<Vec<Key>> {
    audit_keys::table
        .order((audit_keys::first_used_at, audit_keys::verifier_key))
        .limit(limit)
        .select(Key::as_select())
        .load(c)
}

/// The newest checkpoint.
pub fn newest(c: &mut AnyConnection) -> QueryResult<Option<Checkpoint>> {
    audit_checkpoints::table
        .order(audit_checkpoints::size.desc())
        .select(Checkpoint::as_select())
        .first(c)
        .optional()
}

/// The checkpoint of a size.
pub fn of_size(c: &mut AnyConnection, size: i64) -> QueryResult<Option<Checkpoint>> {
    audit_checkpoints::table.find(size).select(Checkpoint::as_select()).first(c).optional()
}

/// Checkpoints by size, larger than `after`.
pub fn page(c: &mut AnyConnection, after: i64, limit: i64) -> QueryResult<Vec<Checkpoint>> {
    audit_checkpoints::table
        .filter(audit_checkpoints::size.gt(after))
        .order(audit_checkpoints::size)
        .limit(limit)
        .select(Checkpoint::as_select())
        .load(c)
}

/// Checkpoints by size, larger than `after`, from the very first where that is absent, and not larger than `until`.
pub fn between(
    c: &mut AnyConnection,
    after: Option<i64>,
    until: i64,
    limit: i64,
) -> QueryResult<Vec<Checkpoint>> {
    let mut query = audit_checkpoints::table
        .filter(audit_checkpoints::size.le(until))
        .order(audit_checkpoints::size)
        .limit(limit)
        .select(Checkpoint::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(audit_checkpoints::size.gt(after));
    }
    query.load(c)
}

/// Checkpoints, the largest first, smaller than `before`.
pub fn page_back(
    c: &mut AnyConnection,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Checkpoint>> {
    let mut query = audit_checkpoints::table
        .order(audit_checkpoints::size.desc())
        .limit(limit)
        .select(Checkpoint::as_select())
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(audit_checkpoints::size.lt(before));
    }
    query.load(c)
}
