//! Users.

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::domain::people::Language;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::users;
use diesel::prelude::*;

/// A person who may sign in.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users, treat_none_as_null = true)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Lower-case e-mail address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Of the mail.
    pub language: Language,
    /// argon2id, in PHC form; absent until an invitation is redeemed.
    pub password_hash: Option<String>,
    /// Since when the user is cut off.
    pub disabled_at: Option<Moment>,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
    /// Since when a relay refuses the address for good: no mail is sent to it until it is changed or cleared.
    pub address_refused_at: Option<Moment>,
    /// What the relay said then.
    pub address_refused_reply: Option<String>,
}

/// Inserts a user; the address has to be new.
pub fn insert(c: &mut AnyConnection, user: &User) -> QueryResult<()> {
    diesel::insert_into(users::table).values(user).execute(c).map(|_| ())
}

/// One user.
pub fn find(c: &mut AnyConnection, id: UserId) -> QueryResult<Option<User>> {
    users::table.find(id).select(User::as_select()).first(c).optional()
}

/// The user with an address.
pub fn by_email(c: &mut AnyConnection, email: &str) -> QueryResult<Option<User>> {
    users::table.filter(users::email.eq(email)).select(User::as_select()).first(c).optional()
}

/// Several users.
pub fn by_ids(c: &mut AnyConnection, ids: &[UserId]) -> QueryResult<Vec<User>> {
    users::table.filter(users::id.eq_any(ids)).select(User::as_select()).load(c)
}

/// Users in the order of their making, after `after`.
pub fn list(c: &mut AnyConnection, after: Option<UserId>, limit: i64) -> QueryResult<Vec<User>> {
    let mut query =
        users::table.select(User::as_select()).order(users::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(users::id.gt(after));
    }
    query.load(c)
}

/// How many users have an address that is refused.
pub fn refused_addresses(c: &mut AnyConnection) -> QueryResult<i64> {
    users::table.filter(users::address_refused_at.is_not_null()).count().get_result(c)
}

/// Whether there is any user.
pub fn any(c: &mut AnyConnection) -> QueryResult<bool> {
    users::table.select(users::id).first::<UserId>(c).optional().map(|found| found.is_some())
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, user: &User) -> QueryResult<usize> {
    diesel::update(users::table.find(user.id).filter(users::version.eq(user.version - 1)))
        .set(user)
        .execute(c)
}

/// Raises the version and so takes the row for this transaction; 0 when there is no such user.
pub fn lock(c: &mut AnyConnection, id: UserId) -> QueryResult<usize> {
    diesel::update(users::table.find(id)).set(users::version.eq(users::version + 1)).execute(c)
}

/// Writes a locked user back; 0 when its version is not the one that was locked.
pub fn save(c: &mut AnyConnection, user: &User) -> QueryResult<usize> {
    diesel::update(users::table.find(user.id).filter(users::version.eq(user.version)))
        .set(user)
        .execute(c)
}

/// Takes the row for this transaction if the user still has the password and is not disabled; else 0.
pub fn hold(c: &mut AnyConnection, id: UserId, password_hash: &str) -> QueryResult<usize> {
    let unchanged = users::password_hash.eq(password_hash).and(users::disabled_at.is_null());
    diesel::update(users::table.find(id).filter(unchanged))
        .set(users::version.eq(users::version))
        .execute(c)
}

/// Takes the row for this transaction if the user is disabled; else 0.
pub fn hold_disabled(c: &mut AnyConnection, id: UserId) -> QueryResult<usize> {
    diesel::update(users::table.find(id).filter(users::disabled_at.is_not_null()))
        .set(users::version.eq(users::version))
        .execute(c)
}
