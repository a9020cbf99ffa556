//! What exports read: proposals in bounded pages, and when what was decided of them.

use crate::domain::audit::Outcome;
use crate::domain::ids::ProposalId;
use crate::domain::moment::Moment;
use crate::domain::people::Sight;
use crate::domain::proposal::State;
use crate::storage::connection::AnyConnection;
use crate::storage::proposal::{Filter, Proposal, narrowed};
use crate::storage::schema::{audit_events, proposals};
use diesel::dsl::max;
use diesel::prelude::*;

/// Proposals within sight that stand in one of some states, narrowed, by id after `after`; at most `limit`.
pub fn page(
    c: &mut AnyConnection,
    sight: &Sight,
    (filter, states): (&Filter, &[State]),
    after: Option<ProposalId>,
    limit: i64,
) -> QueryResult<Vec<Proposal>> {
    let mut query = proposals::table
        .filter(narrowed(sight, filter))
        .filter(proposals::state.eq_any(states))
        .order(proposals::id)
        .limit(limit)
        .select(Proposal::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(proposals::id.gt(after));
    }
    query.load(c)
}

/// When one of them was changed last; nothing where there is none.
pub fn last_change(
    c: &mut AnyConnection,
    sight: &Sight,
    (filter, states): (&Filter, &[State]),
) -> QueryResult<Option<Moment>> {
    proposals::table
        .filter(narrowed(sight, filter))
        .filter(proposals::state.eq_any(states))
        .select(max(proposals::updated_at))
        .first::<Option<Moment>>(c)
}

/// When each of some things was done to several proposals, in the order of their happening: proposal, action, when.
pub fn decided(
    c: &mut AnyConnection,
    ids: &[ProposalId],
    actions: &[&str],
) -> QueryResult<Vec<(ProposalId, String, Moment)>> {
    audit_events::table
        .filter(audit_events::proposal_id.eq_any(ids.iter().copied().map(Some)))
        .filter(audit_events::action.eq_any(actions.iter().copied()))
        .filter(audit_events::outcome.eq(Outcome::Done))
        .order((audit_events::proposal_id, audit_events::id))
        .select((
            audit_events::proposal_id.assume_not_null(),
            audit_events::action,
            audit_events::at,
        ))
        .load(c)
}
