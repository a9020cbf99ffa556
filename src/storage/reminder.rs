//! Reminders of deadlines, and who got the message of each.

use crate::domain::deadline::DeadlineKind;
use crate::domain::ids::{AllocationId, EventId, NoticeId, ProposalId, ReminderId, UserId};
use crate::domain::mail::MailState;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::people::Language;
use crate::storage::connection::AnyConnection;
use crate::storage::schema::{mails, reminders, users};
use diesel::prelude::*;

/// A step of a ladder that was taken, or that another stood for.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reminders)]
pub struct Reminder {
    /// Its id.
    pub id: ReminderId,
    /// The proposal whose deadline it is.
    pub proposal_id: Option<ProposalId>,
    /// The allocation whose deadline it is: a tranche is its region's.
    pub allocation_id: Option<AllocationId>,
    /// What is due.
    pub kind: DeadlineKind,
    /// The tranche, or the quarter; 0 where there is none.
    pub n: i64,
    /// The first instant that is too late.
    pub due_at: Moment,
    /// Whose clocks count.
    pub zone: Zone,
    /// In working days from the deadline; below zero before it.
    pub step: i64,
    /// Whether its time passed unused, and a later one stands for it.
    pub collapsed: bool,
    /// Who was told: roles, as JSON.
    pub tells: String,
    /// What might have been lost.
    pub at_risk_idr: Rupiah,
    /// The notice that told of it.
    pub notice_id: NoticeId,
    /// The event of the audit trail that it came with.
    pub event_id: EventId,
    /// When.
    pub reminded_at: Moment,
}

/// Appends reminders. Two processes can't both take a step: to the second it is a duplicate.
pub fn append(c: &mut AnyConnection, rows: &[Reminder]) -> QueryResult<()> {
    for row in rows {
        diesel::insert_into(reminders::table).values(row).execute(c)?;
    }
    Ok(())
}

/// Those about some proposals, in the order of their making.
pub fn of_proposals(c: &mut AnyConnection, ids: &[ProposalId]) -> QueryResult<Vec<Reminder>> {
    reminders::table
        .filter(reminders::proposal_id.eq_any(ids))
        .order(reminders::id)
        .select(Reminder::as_select())
        .load(c)
}

/// Those about some allocations, in the order of their making.
pub fn of_allocations(c: &mut AnyConnection, ids: &[AllocationId]) -> QueryResult<Vec<Reminder>> {
    reminders::table
        .filter(reminders::allocation_id.eq_any(ids))
        .order(reminders::id)
        .select(Reminder::as_select())
        .load(c)
}

/// Those about a proposal, and about the allocation that it is paid from, in the order of their making, after `after`.
pub fn page(
    c: &mut AnyConnection,
    proposal: ProposalId,
    allocation: Option<AllocationId>,
    after: Option<ReminderId>,
    limit: i64,
) -> QueryResult<Vec<Reminder>> {
    let mut query = reminders::table
        .order(reminders::id)
        .limit(limit)
        .select(Reminder::as_select())
        .into_boxed();
    query = match allocation {
        Some(allocation) => query.filter(
            reminders::proposal_id.eq(proposal).or(reminders::allocation_id.eq(allocation)),
        ),
        None => query.filter(reminders::proposal_id.eq(proposal)),
    };
    if let Some(after) = after {
        query = query.filter(reminders::id.gt(after));
    }
    query.load(c)
}

/// Of a message: its notice, its recipient with their name, its language, and where it stands.
pub type Recipient = (NoticeId, UserId, String, Language, MailState, Option<Moment>);

/// Who got a message of some notices.
pub fn recipients(c: &mut AnyConnection, notices: &[NoticeId]) -> QueryResult<Vec<Recipient>> {
    mails::table
        .inner_join(users::table)
        .filter(mails::notice_id.eq_any(notices))
        .order(mails::id)
        .select((
            mails::notice_id,
            mails::user_id,
            users::name,
            mails::language,
            mails::state,
            mails::sent_at,
        ))
        .load(c)
}
