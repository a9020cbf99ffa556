//! Events of the audit trail, their personal values, and the revisions of mutable rows.

use crate::domain::audit::{Outcome, READS, SubjectKind};
use crate::domain::ids::{EventId, GrantId, ProposalId, RegionCode, RevisionId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::Role;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{audit_events, audit_pending, audit_personal, revisions};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// An event: never changed, never deleted.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_events)]
pub struct EventRow {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Moment,
    /// Who; the service itself when absent.
    pub actor_id: Option<UserId>,
    /// In which role.
    pub actor_role: Option<Role>,
    /// By which grant.
    pub grant_id: Option<GrantId>,
    /// What was done or tried: `proposal.submit`.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// About what.
    pub subject_kind: SubjectKind,
    /// Which.
    pub subject_id: String,
    /// The proposal that it belongs to.
    pub proposal_id: Option<ProposalId>,
    /// The region that it belongs to.
    pub region_code: Option<RegionCode>,
    /// Before, after and data, as canonical JSON.
    pub content: String,
    /// The request that it came with.
    pub request_id: String,
}

/// A personal value, beside the event that holds its commitment.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_personal)]
pub struct PersonalRow {
    /// The event.
    pub event_id: EventId,
    /// Which value.
    pub field: String,
    /// 128 random bits, in hexadecimal.
    pub salt: String,
    /// The value.
    pub value: String,
}

/// A version of a row that can change.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = revisions)]
pub struct RevisionRow {
    /// Its id.
    pub id: RevisionId,
    /// Of what.
    pub subject_kind: SubjectKind,
    /// Which.
    pub subject_id: String,
    /// Its version.
    pub version: i64,
    /// The event that made it.
    pub event_id: EventId,
    /// The whole row as canonical JSON.
    pub content: String,
}

/// Appends an event with its personal values, and leaves it for the sealer.
pub fn append(
    c: &mut AnyConnection,
    event: &EventRow,
    personal: &[PersonalRow],
) -> QueryResult<()> {
    diesel::insert_into(audit_events::table).values(event).execute(c)?;
    for row in personal {
        diesel::insert_into(audit_personal::table).values(row).execute(c)?;
    }
    diesel::insert_into(audit_pending::table)
        .values(audit_pending::event_id.eq(event.id))
        .execute(c)?;
    Ok(())
}

/// Events and fields of the personal values that are about a user: of events about the user, about the user's grants, and
/// about the tokens that the user made; and wherever a value is one of these addresses.
pub fn personal_about(
    c: &mut AnyConnection,
    user: UserId,
    grants: &[GrantId],
    addresses: &[String],
) -> QueryResult<Vec<(EventId, String)>> {
    let grants: Vec<String> = grants.iter().map(ToString::to_string).collect();
    let is_about_user = audit_events::subject_kind
        .eq(SubjectKind::User)
        .and(audit_events::subject_id.eq(user.to_string()));
    let is_about_grant = audit_events::subject_kind
        .eq(SubjectKind::Grant)
        .and(audit_events::subject_id.eq_any(grants));
    let is_about_token =
        audit_events::subject_kind.eq(SubjectKind::Token).and(audit_events::actor_id.eq(user));
    let has_address = audit_personal::value.eq_any(addresses.to_vec());
    audit_personal::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_personal::event_id)))
        .filter(
            is_about_user.or(is_about_grant).or(is_about_token.assume_not_null()).or(has_address),
        )
        .order((audit_personal::event_id, audit_personal::field))
        .select((audit_personal::event_id, audit_personal::field))
        .load(c)
}

/// The addresses that events about a user name as the user's.
pub fn addresses_of(c: &mut AnyConnection, user: UserId) -> QueryResult<Vec<String>> {
    audit_personal::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_personal::event_id)))
        .filter(audit_events::subject_kind.eq(SubjectKind::User))
        .filter(audit_events::subject_id.eq(user.to_string()))
        .filter(audit_events::outcome.eq(Outcome::Done))
        .filter(audit_personal::field.eq("email"))
        .distinct()
        .select(audit_personal::value)
        .load(c)
}

/// Erases a personal value; 0 when it is not there.
pub fn erase(c: &mut AnyConnection, event: EventId, field: &str) -> QueryResult<usize> {
    diesel::delete(audit_personal::table.find((event, field))).execute(c)
}

/// Appends a revision.
pub fn revise(c: &mut AnyConnection, revision: &RevisionRow) -> QueryResult<()> {
    diesel::insert_into(revisions::table).values(revision).execute(c).map(|_| ())
}

/// The newest revision of something at a version: itself, or the last one before.
pub fn revision_at(
    c: &mut AnyConnection,
    kind: SubjectKind,
    id: &str,
    version: i64,
) -> QueryResult<Option<RevisionRow>> {
    revisions::table
        .filter(revisions::subject_kind.eq(kind))
        .filter(revisions::subject_id.eq(id))
        .filter(revisions::version.le(version))
        .order(revisions::version.desc())
        .select(RevisionRow::as_select())
        .first(c)
        .optional()
}

/// The revisions of something from one version to another, both included, by version.
pub fn revisions_between(
    c: &mut AnyConnection,
    kind: SubjectKind,
    id: &str,
    versions: (i64, i64),
    limit: i64,
) -> QueryResult<Vec<RevisionRow>> {
    revisions::table
        .filter(revisions::subject_kind.eq(kind))
        .filter(revisions::subject_id.eq(id))
        .filter(revisions::version.ge(versions.0))
        .filter(revisions::version.le(versions.1))
        .order(revisions::version)
        .limit(limit)
        .select(RevisionRow::as_select())
        .load(c)
}

/// Several events.
pub fn events_by_ids(c: &mut AnyConnection, ids: &[EventId]) -> QueryResult<Vec<EventRow>> {
    audit_events::table.filter(audit_events::id.eq_any(ids)).select(EventRow::as_select()).load(c)
}

/// When somebody last read something by an action, from a moment on.
pub fn last_read(
    c: &mut AnyConnection,
    (kind, id): (SubjectKind, &str),
    (actor, action): (UserId, &str),
    since: Moment,
) -> QueryResult<Option<Moment>> {
    audit_events::table
        .filter(audit_events::subject_kind.eq(kind))
        .filter(audit_events::subject_id.eq(id))
        .filter(audit_events::actor_id.eq(actor))
        .filter(audit_events::action.eq(action))
        .filter(audit_events::at.ge(since))
        .order(audit_events::id.desc())
        .select(audit_events::at)
        .first(c)
        .optional()
}

/// The ids of the events of a proposal, also of those that it shares with others: they left a revision of it, or are about a
/// request for money that names it.
pub(super) fn ids_of(proposal: ProposalId) -> String {
    format!(
        "SELECT e.id FROM audit_events e WHERE e.proposal_id = '{proposal}' UNION \
         SELECT r.event_id FROM revisions r WHERE r.subject_kind = 'proposal' AND r.subject_id = '{proposal}' UNION \
         SELECT t.id FROM audit_events t WHERE t.subject_kind = 'tranche_request' AND t.subject_id IN \
         (SELECT i.request_id FROM tranche_items i WHERE i.proposal_id = '{proposal}')"
    )
}

/// Events of a proposal in the order of their making, after `after`, also those that it shares with others. Who read what is
/// told elsewhere.
pub fn of_proposal(
    c: &mut AnyConnection,
    proposal: ProposalId,
    after: Option<EventId>,
    limit: i64,
) -> QueryResult<Vec<EventRow>> {
    let of_it = sql::<Bool>(&format!("audit_events.id IN ({})", ids_of(proposal)));
    let mut query = audit_events::table
        .filter(of_it)
        .filter(audit_events::action.ne_all(READS))
        .order(audit_events::id)
        .limit(limit)
        .select(EventRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(audit_events::id.gt(after));
    }
    query.load(c)
}

/// Who did what an event tells of; nobody when the service did.
pub fn actor(c: &mut AnyConnection, id: EventId) -> QueryResult<Option<UserId>> {
    let found: Option<Option<UserId>> =
        audit_events::table.find(id).select(audit_events::actor_id).first(c).optional()?;
    Ok(found.flatten())
}

/// When several proposals were submitted, in the order of time: a later submission follows an earlier one.
pub fn submissions(
    c: &mut AnyConnection,
    proposals: &[ProposalId],
) -> QueryResult<Vec<(Option<ProposalId>, Moment)>> {
    audit_events::table
        .filter(audit_events::proposal_id.eq_any(proposals))
        .filter(audit_events::action.eq("proposal.submit"))
        .filter(audit_events::outcome.eq(Outcome::Done))
        .order(audit_events::id)
        .select((audit_events::proposal_id, audit_events::at))
        .load(c)
}

/// The whole trail, for tests.
#[cfg(test)]
pub fn whole(
    c: &mut AnyConnection,
) -> QueryResult<(Vec<EventRow>, Vec<PersonalRow>, Vec<RevisionRow>)> {
    Ok((
        audit_events::table.order(audit_events::id).select(EventRow::as_select()).load(c)?,
        audit_personal::table.select(PersonalRow::as_select()).load(c)?,
        revisions::table.order(revisions::id).select(RevisionRow::as_select()).load(c)?,
    ))
}
