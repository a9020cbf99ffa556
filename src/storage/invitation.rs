//! Invitations to set a password.

use crate::domain::ids::{InvitationId, UserId};
use crate::domain::moment::Moment;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::invitations;
use diesel::prelude::*;

/// An invitation; the code itself is known only to whom it was given.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = invitations)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Who is invited.
    pub user_id: UserId,
    /// SHA-256 of the code.
    pub code_hash: String,
    /// Until when it can be redeemed.
    pub expires_at: Moment,
    /// When it was.
    pub redeemed_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
}

/// Inserts an invitation.
pub fn insert(c: &mut AnyConnection, invitation: &Invitation) -> QueryResult<()> {
    diesel::insert_into(invitations::table).values(invitation).execute(c).map(|_| ())
}

/// The invitation with a code's hash, if it can be redeemed now.
pub fn redeemable(
    c: &mut AnyConnection,
    code_hash: &str,
    now: Moment,
) -> QueryResult<Option<Invitation>> {
    invitations::table
        .filter(invitations::code_hash.eq(code_hash))
        .filter(invitations::redeemed_at.is_null().and(invitations::expires_at.gt(now)))
        .select(Invitation::as_select())
        .first(c)
        .optional()
}

/// Gives an open invitation its code; 0 when it is not open any more.
pub fn give_code(
    c: &mut AnyConnection,
    id: InvitationId,
    code_hash: &str,
    now: Moment,
) -> QueryResult<usize> {
    diesel::update(
        invitations::table
            .find(id)
            .filter(invitations::redeemed_at.is_null().and(invitations::expires_at.gt(now))),
    )
    .set(invitations::code_hash.eq(code_hash))
    .execute(c)
}

/// Marks one invitation as redeemed; 0 when it was before.
pub fn redeem(c: &mut AnyConnection, id: InvitationId, now: Moment) -> QueryResult<usize> {
    diesel::update(invitations::table.find(id).filter(invitations::redeemed_at.is_null()))
        .set(invitations::redeemed_at.eq(now))
        .execute(c)
}

/// Marks every open invitation of a user as redeemed, and says how many there were.
pub fn redeem_all(c: &mut AnyConnection, user: UserId, now: Moment) -> QueryResult<usize> {
    diesel::update(
        invitations::table
            .filter(invitations::user_id.eq(user).and(invitations::redeemed_at.is_null())),
    )
    .set(invitations::redeemed_at.eq(now))
    .execute(c)
}
