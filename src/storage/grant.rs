//! Grants: roles in scopes, for a time. Revoked, never deleted.

use crate::domain::ids::{GrantId, RegionCode, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::{Grant, Role};
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{grants, users};
use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;

/// A grant as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = grants)]
pub struct GrantRow {
    /// Its id.
    pub id: GrantId,
    /// Whose.
    pub user_id: UserId,
    /// Which role.
    pub role: Role,
    /// Where.
    pub region_code: Option<RegionCode>,
    /// A reviewer's commodity group.
    pub commodity: Option<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day.
    pub valid_until: Option<NaiveDate>,
    /// The decree that gives it.
    pub decree: Option<String>,
    /// Since when it is revoked.
    pub revoked_at: Option<Moment>,
    /// When it was given.
    pub created_at: Moment,
}

impl From<GrantRow> for Grant {
    fn from(row: GrantRow) -> Self {
        Grant {
            id: row.id,
            role: row.role,
            region: row.region_code,
            commodity: row.commodity,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
        }
    }
}

/// Inserts a grant.
pub fn insert(c: &mut AnyConnection, grant: &GrantRow) -> QueryResult<()> {
    diesel::insert_into(grants::table).values(grant).execute(c).map(|_| ())
}

/// The grants of a user that are not revoked.
pub fn of(c: &mut AnyConnection, user: UserId) -> QueryResult<Vec<GrantRow>> {
    grants::table
        .filter(grants::user_id.eq(user).and(grants::revoked_at.is_null()))
        .order(grants::id)
        .select(GrantRow::as_select())
        .load(c)
}

/// The grants of several users that are not revoked.
pub fn of_many(c: &mut AnyConnection, users: &[UserId]) -> QueryResult<Vec<GrantRow>> {
    grants::table
        .filter(grants::user_id.eq_any(users).and(grants::revoked_at.is_null()))
        .order(grants::id)
        .select(GrantRow::as_select())
        .load(c)
}

/// The grants of a role that are not revoked, of those of the users who are not disabled.
pub fn of_active(
    c: &mut AnyConnection,
    role: Role,
    users: &[UserId],
) -> QueryResult<Vec<GrantRow>> {
    grants::table
        .inner_join(users::table)
        .filter(grants::user_id.eq_any(users).and(grants::role.eq(role)))
        .filter(grants::revoked_at.is_null().and(users::disabled_at.is_null()))
        .order(grants::id)
        .select(GrantRow::as_select())
        .load(c)
}

/// One grant of a user, revoked or not.
pub fn find(c: &mut AnyConnection, user: UserId, id: GrantId) -> QueryResult<Option<GrantRow>> {
    grants::table
        .find(id)
        .filter(grants::user_id.eq(user))
        .select(GrantRow::as_select())
        .first(c)
        .optional()
}

/// Revokes a grant; 0 when it was revoked before.
pub fn revoke(c: &mut AnyConnection, id: GrantId, now: Moment) -> QueryResult<usize> {
    diesel::update(grants::table.find(id).filter(grants::revoked_at.is_null()))
        .set(grants::revoked_at.eq(now))
        .execute(c)
}

/// The grants of a role over the nation, held by users who could sign in: neither disabled nor without a password.
pub fn active_nationally(c: &mut AnyConnection, role: Role) -> QueryResult<Vec<GrantRow>> {
    grants::table
        .inner_join(users::table)
        .filter(grants::role.eq(role).and(grants::region_code.is_null()))
        .filter(grants::revoked_at.is_null().and(users::disabled_at.is_null()))
        .filter(users::password_hash.is_not_null())
        .order(grants::id)
        .select(GrantRow::as_select())
        .load(c)
}

/// Grants of any of the roles, held by users who are not disabled, in a region, its province or the nation.
pub fn holders(
    c: &mut AnyConnection,
    roles: &[Role],
    region: &RegionCode,
) -> QueryResult<Vec<GrantRow>> {
    let scopes = [region.clone(), region.province()];
    grants::table
        .inner_join(users::table)
        .filter(grants::role.eq_any(roles))
        .filter(grants::region_code.is_null().or(grants::region_code.eq_any(scopes)))
        .filter(grants::revoked_at.is_null().and(users::disabled_at.is_null()))
        .order(grants::id)
        .select(GrantRow::as_select())
        .load(c)
}
