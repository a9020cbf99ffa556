//! What answers about messages look like: to their recipient, and to administrators.

use crate::domain::ids::{MailId, NoticeId, ProposalId, UserId};
use crate::domain::mail::{AttemptOutcome, MailState};
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::Language;
use crate::domain::preference::MailKind;
use crate::storage::mail::{self, Mail};
use crate::storage::notice::Notice;
use serde::Serialize;
use utoipa::ToSchema;

/// A message as its recipient sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Notification {
    /// Its id.
    pub id: MailId,
    /// What happened.
    pub event: NoticeEvent,
    /// Its kind, for which you choose how you are told; none for a digest, which brings several.
    pub kind: Option<MailKind>,
    /// To which proposal.
    pub proposal_id: Option<ProposalId>,
    /// In one line.
    #[schema(example = "Usulan disetujui: Revitalisasi Sentra IKM Kopi Way Kanan")]
    pub subject: String,
    /// What happened, what is to be done by when, and where; absent of what did not go out before you lost the role for
    /// which you would be told.
    pub text: Option<String>,
    /// In which language it is written.
    pub language: Language,
    /// Where the mail stands: `muted` when you do not want to be mailed of its kind.
    pub state: MailState,
    /// The digest that it was told in.
    pub collected_in: Option<MailId>,
    /// When the relay took the mail.
    pub sent_at: Option<Moment>,
    /// When it happened.
    pub created_at: Moment,
}

impl Notification {
    /// A message, with the notice that it tells of; its text may be withheld.
    pub fn new(mail: Mail, notice: &Notice, withheld: bool) -> Notification {
        Notification {
            id: mail.id,
            event: notice.event,
            kind: MailKind::of(notice.event),
            proposal_id: notice.proposal_id,
            subject: mail.subject,
            text: Some(mail.text_body).filter(|_| !withheld),
            language: mail.language,
            state: mail.state,
            collected_in: mail.collected_in,
            sent_at: mail.sent_at,
            created_at: notice.created_at,
        }
    }
}

/// A message as administrators see it: how its delivery stands, not what it says.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OutboxItem {
    /// Its id.
    pub id: MailId,
    /// The notice that it tells of.
    pub notice_id: NoticeId,
    /// What happened.
    pub event: NoticeEvent,
    /// To which proposal.
    pub proposal_id: Option<ProposalId>,
    /// To whom.
    pub user_id: UserId,
    /// At which address.
    #[schema(example = "bappeda@lampung.example")]
    pub address: String,
    /// In which language.
    pub language: Language,
    /// In one line.
    pub subject: String,
    /// The same at every attempt.
    #[schema(example = "<0190163d-8694-739b-aea5-966c26f8ad91@sentra.example>")]
    pub message_id: String,
    /// Where it stands.
    pub state: MailState,
    /// How often it was tried since it was queued.
    pub attempts: i64,
    /// When it is tried next, while it is queued; when its digest is due, while it waits for that.
    pub next_attempt_at: Moment,
    /// The digest that it was told in.
    pub collected_in: Option<MailId>,
    /// What the relay said last.
    #[schema(example = "550 5.1.1 no such mailbox")]
    pub last_reply: Option<String>,
    /// When the relay took it.
    pub sent_at: Option<Moment>,
    /// When it was made.
    pub created_at: Moment,
    /// Send it as `If-Match` to have the message sent again.
    pub version: i64,
    /// Every attempt, the first first.
    pub history: Vec<MailAttempt>,
}

impl OutboxItem {
    /// A message, with the notice that it tells of and the attempts at it.
    pub fn new(row: Mail, notice: &Notice, history: Vec<MailAttempt>) -> OutboxItem {
        OutboxItem {
            id: row.id,
            notice_id: row.notice_id,
            event: notice.event,
            proposal_id: notice.proposal_id,
            user_id: row.user_id,
            address: row.address,
            language: row.language,
            subject: row.subject,
            message_id: row.message_id,
            state: row.state,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            collected_in: row.collected_in,
            last_reply: row.last_reply,
            sent_at: row.sent_at,
            created_at: row.created_at,
            version: row.version,
            history,
        }
    }
}

/// An attempt to send a message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MailAttempt {
    /// When.
    pub at: Moment,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// What the relay said, or what stood in the way.
    #[schema(example = "451 4.7.1 try again later")]
    pub reply: String,
}

impl From<mail::Attempt> for MailAttempt {
    fn from(row: mail::Attempt) -> Self {
        MailAttempt { at: row.at, outcome: row.outcome, reply: row.reply }
    }
}

/// How many messages were queued again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Resent {
    /// Messages that this call queued again. One whose recipient lost the role for which they were told ends when it is its
    /// turn.
    #[schema(example = 9_871)]
    pub queued: i64,
    /// Whether there are more that can be sent again: call again, under another key.
    pub more: bool,
    /// Messages of those asked for that are given up still: more of them, or such as can't be sent again, since they brought
    /// a code, or since their recipient is disabled or has the address refused.
    #[schema(example = 3)]
    pub left: i64,
}
