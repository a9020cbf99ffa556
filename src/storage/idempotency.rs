//! Keys of safe writes: a key and its answer stand in the same transaction as what was done.

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::schema::idempotency_keys;
use diesel::prelude::*;

/// A key with the answer that was given.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
pub struct StoredAnswer {
    /// SHA-256 of method, path and body.
    pub fingerprint: String,
    /// HTTP status.
    pub status: Option<i64>,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Location`.
    pub location: Option<String>,
    /// The bytes.
    pub body: Option<String>,
}

/// Claims a key. `false` when it was claimed before; waits for a transaction that is about to claim it.
pub fn claim(
    c: &mut AnyConnection,
    user: UserId,
    key: &str,
    fingerprint: &str,
    now: Moment,
) -> QueryResult<bool> {
    let user = user.to_string();
    on_each!(c, |c| diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::user_id.eq(&user),
            idempotency_keys::key.eq(key),
            idempotency_keys::fingerprint.eq(fingerprint),
            idempotency_keys::created_at.eq(now.0),
        ))
        .on_conflict_do_nothing()
        .execute(c))
    .map(|rows| rows == 1)
}

/// What is kept under a key.
pub fn find(c: &mut AnyConnection, user: UserId, key: &str) -> QueryResult<Option<StoredAnswer>> {
    idempotency_keys::table.find((user, key)).select(StoredAnswer::as_select()).first(c).optional()
}

/// Keeps the answer.
pub fn answer(
    c: &mut AnyConnection,
    user: UserId,
    key: &str,
    (status, etag, location, body): (i64, Option<&str>, Option<&str>, &str),
) -> QueryResult<()> {
    diesel::update(idempotency_keys::table.find((user, key)))
        .set((
            idempotency_keys::status.eq(status),
            idempotency_keys::etag.eq(etag),
            idempotency_keys::location.eq(location),
            idempotency_keys::body.eq(body),
        ))
        .execute(c)
        .map(|_| ())
}

/// Deletes keys older than a moment.
pub fn sweep(c: &mut AnyConnection, before: Moment) -> QueryResult<usize> {
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.lt(before)))
        .execute(c)
}

/// Deletes everything that is kept for a user.
pub fn forget(c: &mut AnyConnection, user: UserId) -> QueryResult<usize> {
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::user_id.eq(user))).execute(c)
}
