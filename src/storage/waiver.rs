//! Waivers: that a proposal goes on without a document.

use crate::domain::ids::{ProposalId, UserId, WaiverId};
use crate::domain::moment::Moment;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::waivers;
use diesel::prelude::*;
use serde::Serialize;

/// A waiver, and how it was revoked.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize)]
#[diesel(table_name = waivers, treat_none_as_null = true)]
pub struct Waiver {
    /// Its id.
    pub id: WaiverId,
    /// Of which proposal.
    pub proposal_id: ProposalId,
    /// Of which type of document.
    pub document_type: String,
    /// Why.
    pub reason: String,
    /// By whom.
    pub granted_by: UserId,
    /// When.
    pub granted_at: Moment,
    /// Who took it back.
    pub revoked_by: Option<UserId>,
    /// When.
    pub revoked_at: Option<Moment>,
    /// Why.
    pub revoked_reason: Option<String>,
    /// Raised by every change.
    pub version: i64,
}

impl Waiver {
    /// Whether it stood at a moment.
    pub fn stood_at(&self, at: Moment) -> bool {
        self.granted_at <= at && self.revoked_at.is_none_or(|revoked_at| revoked_at > at)
    }
}

/// Inserts a waiver.
pub fn insert(c: &mut AnyConnection, waiver: &Waiver) -> QueryResult<()> {
    diesel::insert_into(waivers::table).values(waiver).execute(c).map(|_| ())
}

/// One waiver.
pub fn find(c: &mut AnyConnection, id: WaiverId) -> QueryResult<Option<Waiver>> {
    waivers::table.find(id).select(Waiver::as_select()).first(c).optional()
}

/// Those of a proposal that stand.
pub fn standing(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Waiver>> {
    waivers::table
        .filter(waivers::proposal_id.eq(proposal))
        .filter(waivers::revoked_at.is_null())
        .order(waivers::id)
        .select(Waiver::as_select())
        .load(c)
}

/// Those of several proposals that stood at a moment.
pub fn standing_at(
    c: &mut AnyConnection,
    proposals: &[ProposalId],
    at: Moment,
) -> QueryResult<Vec<Waiver>> {
    waivers::table
        .filter(waivers::proposal_id.eq_any(proposals))
        .filter(waivers::granted_at.le(at))
        .filter(waivers::revoked_at.is_null().or(waivers::revoked_at.assume_not_null().gt(at)))
        .order((waivers::proposal_id, waivers::id))
        .select(Waiver::as_select())
        .load(c)
}

/// Compare-and-set on the version before; 0 when it was another.
pub fn replace(c: &mut AnyConnection, waiver: &Waiver) -> QueryResult<usize> {
    diesel::update(waivers::table.find(waiver.id).filter(waivers::version.eq(waiver.version - 1)))
        .set(waiver)
        .execute(c)
}

/// Those of a proposal in the order of their granting, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<WaiverId>,
    limit: i64,
) -> QueryResult<Vec<Waiver>> {
    let mut query = waivers::table
        .filter(waivers::proposal_id.eq(proposal))
        .order(waivers::id)
        .limit(limit)
        .select(Waiver::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(waivers::id.gt(after));
    }
    query.load(c)
}
