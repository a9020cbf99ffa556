//! Sessions and personal tokens; only the hash of each secret is kept.

use crate::domain::ids::{TokenId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::{TokenKind, TokenScope};
use crate::storage::connection::AnyConnection;
use crate::storage::schema::tokens;
use diesel::prelude::*;

/// A session or personal token.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose.
    pub user_id: UserId,
    /// How it came to be.
    pub kind: TokenKind,
    /// What it may be used for.
    pub scope: TokenScope,
    /// What its owner calls it.
    pub label: String,
    /// SHA-256 of the secret.
    pub token_hash: String,
    /// Until when it holds.
    pub expires_at: Moment,
    /// Since when it does not any more.
    pub revoked_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
}

/// Inserts a token.
pub fn insert(c: &mut AnyConnection, token: &Token) -> QueryResult<()> {
    diesel::insert_into(tokens::table).values(token).execute(c).map(|_| ())
}

/// The token with a hash, whether it holds or not.
pub fn by_hash(c: &mut AnyConnection, token_hash: &str) -> QueryResult<Option<Token>> {
    tokens::table
        .filter(tokens::token_hash.eq(token_hash))
        .select(Token::as_select())
        .first(c)
        .optional()
}

/// The tokens of a kind that a user holds now.
pub fn of(
    c: &mut AnyConnection,
    user: UserId,
    kind: TokenKind,
    now: Moment,
) -> QueryResult<Vec<Token>> {
    tokens::table
        .filter(tokens::user_id.eq(user).and(tokens::kind.eq(kind)))
        .filter(tokens::revoked_at.is_null().and(tokens::expires_at.gt(now)))
        .order(tokens::id)
        .select(Token::as_select())
        .load(c)
}

/// One token of a user, if it holds now.
pub fn find(
    c: &mut AnyConnection,
    user: UserId,
    id: TokenId,
    now: Moment,
) -> QueryResult<Option<Token>> {
    tokens::table
        .find(id)
        .filter(tokens::user_id.eq(user))
        .filter(tokens::revoked_at.is_null().and(tokens::expires_at.gt(now)))
        .select(Token::as_select())
        .first(c)
        .optional()
}

/// Revokes a token of a user; 0 when there is none that holds.
pub fn revoke(c: &mut AnyConnection, user: UserId, id: TokenId, now: Moment) -> QueryResult<usize> {
    diesel::update(
        tokens::table.find(id).filter(tokens::user_id.eq(user).and(tokens::revoked_at.is_null())),
    )
    .set(tokens::revoked_at.eq(now))
    .execute(c)
}

/// Revokes every token of a user but one.
pub fn revoke_others(
    c: &mut AnyConnection,
    user: UserId,
    keep: Option<TokenId>,
    now: Moment,
) -> QueryResult<usize> {
    let mut query = diesel::update(tokens::table)
        .filter(tokens::user_id.eq(user).and(tokens::revoked_at.is_null()))
        .set(tokens::revoked_at.eq(now))
        .into_boxed();
    if let Some(keep) = keep {
        query = query.filter(tokens::id.ne(keep));
    }
    query.execute(c)
}

/// Deletes tokens that ended before a moment.
pub fn sweep(c: &mut AnyConnection, before: Moment) -> QueryResult<usize> {
    diesel::delete(tokens::table.filter(tokens::expires_at.lt(before))).execute(c)
}

/// Takes away what a user called the tokens.
pub fn unlabel(c: &mut AnyConnection, user: UserId) -> QueryResult<usize> {
    diesel::update(tokens::table.filter(tokens::user_id.eq(user)))
        .set(tokens::label.eq(""))
        .execute(c)
}
