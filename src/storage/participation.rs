//! Who took part in which duty of which proposal: what four eyes looks at.

use crate::domain::ids::{ProposalId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::{Duty, Participation};
use crate::storage::connection::{AnyConnection, on_each};
use crate::storage::schema::{participations, users};
use diesel::prelude::*;

/// Who took part in a proposal, in what.
pub fn of(c: &mut AnyConnection, proposal: ProposalId) -> QueryResult<Vec<Participation>> {
    let rows: Vec<(UserId, String, Duty, Moment)> = participations::table
        .inner_join(users::table)
        .filter(participations::proposal_id.eq(proposal))
        .order((participations::first_at, participations::user_id, participations::duty))
        .select((
            participations::user_id,
            users::name,
            participations::duty,
            participations::first_at,
        ))
        .load(c)?;
    Ok(rows
        .into_iter()
        .map(|(user, name, duty, since)| Participation { user, name, duty, since })
        .collect())
}

/// Remembers a participation; once is enough.
pub fn remember(
    c: &mut AnyConnection,
    proposal: ProposalId,
    user: UserId,
    duty: Duty,
    now: Moment,
) -> QueryResult<()> {
    let (proposal, user) = (proposal.to_string(), user.to_string());
    on_each!(c, |c| diesel::insert_into(participations::table)
        .values((
            participations::proposal_id.eq(&proposal),
            participations::user_id.eq(&user),
            participations::duty.eq(duty.as_str()),
            participations::first_at.eq(now.0),
        ))
        .on_conflict_do_nothing()
        .execute(c))
    .map(|_| ())
}
