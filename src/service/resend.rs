//! Sending again many messages that were given up, after something was wrong with the relay: in one call, by what they are
//! about.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, MailId, ProposalId, UserId};
use crate::domain::input::Checks;
use crate::domain::mail::MailState;
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::Role;
use crate::domain::refusal::FieldError;
use crate::service::Services;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::proposal::given;
use crate::service::trail::{self, Event, Subject};
use crate::service::user::{MAX_EMAIL, clean_email};
use crate::service::view::mail::Resent;
use crate::storage::AnyConnection;
use crate::storage::outbox::{self, Filter};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// How many messages one call queues again at the most: they are changed in one transaction.
pub const MOST: i64 = 10_000;

/// Which messages are sent again; what is absent leaves nothing out.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendDraft {
    /// `dead`: what was given up. Nothing else is sent again by many.
    #[schema(example = "dead")]
    pub state: MailState,
    /// To this user.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = UserId, required = false)]
    pub user_id: Option<UserId>,
    /// To this address.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, max_length = 254, example = "ratna@dinas.example")]
    pub address: Option<String>,
    /// About this proposal.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = ProposalId, required = false)]
    pub proposal_id: Option<ProposalId>,
    /// Telling of this.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = NoticeEvent, required = false)]
    pub event: Option<NoticeEvent>,
    /// Made at this moment or later.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Moment, required = false)]
    pub since: Option<Moment>,
    /// How many at the most, the oldest first; 10000 when absent, and never more.
    #[serde(default = "most")]
    #[schema(minimum = 1, maximum = 10_000, default = 10_000)]
    pub limit: i64,
}

fn most() -> i64 {
    MOST
}

impl ResendDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        let is_dead = self.state == MailState::Dead;
        checks.require(is_dead, "/state", "value", "must be dead: what was given up");
        if self.address.as_ref().is_some_and(|address| address.len() > MAX_EMAIL) {
            let message = format!("has at most {MAX_EMAIL} characters");
            checks.fail("/address", "too_long", message);
        }
        let fits = (1..=MOST).contains(&self.limit);
        checks.require(fits, "/limit", "range", "must be from 1 to 10000");
        checks.done()
    }

    fn filter(&self) -> Filter {
        Filter {
            state: Some(self.state),
            user: self.user_id,
            address: self.address.as_deref().map(clean_email),
            proposal: self.proposal_id,
            event: self.event,
            since: self.since,
        }
    }
}

/// Queues many messages again that were given up, to the addresses that their recipients have when they are sent. For
/// administrators.
pub fn resend_many(sv: &Services, cx: &Context, body: &Input<ResendDraft>) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("outbox.resend"),
        |_| Ok((Subject::of(SubjectKind::Collection, "outbox"), ())),
        |tx, subject, ()| {
            let by = By::from(cx.need_national(Role::Administrator)?);
            let draft = body.get()?;
            let filter = draft.filter();
            let mut ids = outbox::resendable(tx, &filter, draft.limit.saturating_add(1))?;
            let limit = usize::try_from(draft.limit).unwrap_or(usize::MAX);
            let more = ids.len() > limit;
            ids.truncate(limit);
            let queued = outbox::requeue(tx, &ids, cx.now)?;
            record(tx, cx, (by, subject), draft, (&ids, queued))?;
            let left = outbox::count(tx, &filter)?;
            let queued = i64::try_from(queued).unwrap_or(i64::MAX);
            Reply::ok(&Resent { queued, more, left }, None)
        },
    )
}

/// The event: what was asked for, how many there were, and between which messages, whose ids grow with time.
fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    (by, subject): (By, &Subject),
    draft: &ResendDraft,
    (ids, queued): (&[MailId], usize),
) -> Result<(), Error> {
    let content = json!({
        "state": draft.state,
        "user_id": draft.user_id,
        "proposal_id": draft.proposal_id,
        "event": draft.event,
        "since": draft.since,
        "limit": draft.limit,
        "queued": queued,
        "first_mail_id": ids.first(),
        "last_mail_id": ids.last(),
    });
    let address = draft.address.as_deref().map(clean_email);
    let personal: Vec<(&str, &str)> =
        address.iter().map(|address| ("address", address.as_str())).collect();
    let event = Event {
        id: EventId::new(),
        action: "outbox.resend",
        subject,
        by: Some(by),
        content,
        personal: &personal,
    };
    trail::done(tx, cx, event)
}
