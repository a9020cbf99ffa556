//! What waits in the outbox and what does not go out, in figures: for administrators and for the metrics.

use crate::domain::ids::NoticeId;
use crate::domain::mail::MailState;
use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::error::Error;
use crate::storage::{mail, notice, user};
use serde::Serialize;
use utoipa::ToSchema;

/// How many notices that can't be made into messages are told one by one.
const STUCK_SHOWN: i64 = 20;

/// What waits in the outbox, and what does not go out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    /// Messages that are queued.
    pub queued: i64,
    /// How long the oldest of them has waited, in seconds; 0 when none waits.
    pub oldest_seconds: i64,
    /// Messages that are given up.
    pub dead: i64,
    /// Users whose address is refused: no mail goes to them until it is changed or cleared.
    pub addresses_refused: i64,
    /// Notices of which no messages are made yet.
    pub notices_pending: i64,
    /// How long the oldest of them has waited, in seconds; 0 when none waits.
    pub notices_oldest_seconds: i64,
    /// Those of them that could not be made into messages so far. It is tried again all along; nobody is told meanwhile.
    pub notices_stuck: i64,
    /// The oldest of those, at most twenty.
    pub stuck: Vec<StuckNotice>,
}

/// A notice that could not be made into messages so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StuckNotice {
    /// The notice.
    pub notice_id: NoticeId,
    /// Since when it could not be done.
    pub failed_at: Moment,
    /// Why not.
    #[schema(example = "no words for this")]
    pub reason: String,
}

/// What waits in the outbox, and what does not go out.
pub fn waiting(sv: &Services) -> Result<Waiting, Error> {
    let now = sv.clock.now();
    let age = |since: Option<Moment>| since.map_or(0, |at| now.since(at).num_seconds().max(0));
    sv.db.read(|tx| {
        let stuck = notice::stuck(tx, STUCK_SHOWN)?;
        let told = |(notice_id, failed_at, reason): (NoticeId, Option<Moment>, Option<String>)| {
            let (failed_at, reason) = (failed_at.unwrap_or(now), reason.unwrap_or_default());
            StuckNotice { notice_id, failed_at, reason }
        };
        Ok(Waiting {
            queued: mail::count(tx, MailState::Queued)?,
            oldest_seconds: age(mail::oldest_queued(tx)?),
            dead: mail::count(tx, MailState::Dead)?,
            addresses_refused: user::refused_addresses(tx)?,
            notices_pending: notice::count_pending(tx)?,
            notices_oldest_seconds: age(notice::oldest_pending(tx)?),
            notices_stuck: notice::count_stuck(tx)?,
            stuck: stuck.into_iter().map(told).collect(),
        })
    })
}
