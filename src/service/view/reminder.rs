//! What answers about reminders look like: who was told of which deadline, when, and by which step.

use crate::domain::deadline::DeadlineKind;
use crate::domain::ids::{AllocationId, NoticeId, ProposalId, ReminderId, UserId};
use crate::domain::mail::MailState;
use crate::domain::moment::{Moment, Zone};
use crate::domain::people::{Language, Role};
use crate::domain::policy::ReminderSide;
use crate::service::error::Error;
use crate::storage::reminder::{self as storage, Recipient};
use serde::Serialize;
use utoipa::ToSchema;

/// A step of a ladder of reminders that was taken, or that another stood for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "019376a0-0000-7000-8000-000000000003", "proposal_id": "019376a0-0000-7000-8000-000000000001",
    "allocation_id": null, "kind": "contract_gate", "n": null, "due_at": "2018-07-21T10:00:00.000000Z", "zone": "WIB",
    "side": "before", "working_days": 10, "collapsed": false,
    "tells": ["drafter", "planner", "regional_head", "verifier", "approver"], "at_risk_idr": 6_075_000_000_i64,
    "notice_id": "019376a0-0000-7000-8000-000000000004", "reminded_at": "2018-07-06T01:00:00.000000Z",
    "recipients": [{ "user_id": "019376a0-0000-7000-8000-000000000005", "name": "Sri Wahyuni", "language": "id",
        "state": "sent", "sent_at": "2018-07-06T01:00:02.000000Z" }]
}))]
pub struct Reminder {
    /// Its id.
    pub id: ReminderId,
    /// The proposal whose deadline it is.
    pub proposal_id: Option<ProposalId>,
    /// The allocation whose deadline it is: a tranche is its region's.
    pub allocation_id: Option<AllocationId>,
    /// What was due.
    pub kind: DeadlineKind,
    /// The number of the tranche, or of the quarter.
    pub n: Option<i64>,
    /// The first instant that was too late.
    pub due_at: Moment,
    /// Whose clocks counted.
    pub zone: Zone,
    /// On which side of the deadline the step lies.
    pub side: ReminderSide,
    /// How many working days from it.
    pub working_days: i64,
    /// Whether its time passed unused, as after downtime, so that a later step told in its place: that of the same notice.
    pub collapsed: bool,
    /// The roles that were told.
    pub tells: Vec<Role>,
    /// What might have been lost then.
    pub at_risk_idr: i64,
    /// The notice that told of it; of several proposals, where one rule held for them.
    pub notice_id: NoticeId,
    /// When.
    pub reminded_at: Moment,
    /// Who was told by name, and what became of the message; empty until the messages are made, and where the role had no
    /// holder.
    pub recipients: Vec<ReminderRecipient>,
}

/// A recipient of a reminder.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReminderRecipient {
    /// Who.
    pub user_id: UserId,
    /// By name.
    pub name: String,
    /// In which language.
    pub language: Language,
    /// Where the message stands.
    pub state: MailState,
    /// When the relay took it.
    pub sent_at: Option<Moment>,
}

impl From<Recipient> for ReminderRecipient {
    fn from((_, user_id, name, language, state, sent_at): Recipient) -> Self {
        ReminderRecipient { user_id, name, language, state, sent_at }
    }
}

impl Reminder {
    /// A reminder, with who got its message.
    pub fn of(
        row: storage::Reminder,
        recipients: Vec<ReminderRecipient>,
    ) -> Result<Reminder, Error> {
        Ok(Reminder {
            id: row.id,
            proposal_id: row.proposal_id,
            allocation_id: row.allocation_id,
            kind: row.kind,
            n: (row.n > 0).then_some(row.n),
            due_at: row.due_at,
            zone: row.zone,
            side: if row.step > 0 { ReminderSide::After } else { ReminderSide::Before },
            working_days: row.step.saturating_abs(),
            collapsed: row.collapsed,
            tells: serde_json::from_str(&row.tells)?,
            at_risk_idr: row.at_risk_idr.0,
            notice_id: row.notice_id,
            reminded_at: row.reminded_at,
            recipients,
        })
    }
}
