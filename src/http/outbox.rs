//! Messages: one's own, and the whole outbox for administrators.

use crate::domain::ids::{MailId, ProposalId, UserId};
use crate::domain::mail::MailState;
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeEvent;
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked, Nothing};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::notifications::{self, Which};
use crate::service::outbox::Waiting;
use crate::service::resend::{self, ResendDraft};
use crate::service::user::MAX_EMAIL;
use crate::service::view::Page;
use crate::service::view::mail as view;
use serde::Deserialize;
use utoipa::IntoParams;

/// List the messages to you, newest first. What went out stays as it was; of what did not go out before you lost the role for
/// which you would be told, there is no text.
#[utoipa::path(get, path = "/notifications", tag = "mail", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Notification>)))]
pub async fn list_notifications(call: Call, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        notifications::list(sv, cx, cursor::<MailId>(query.cursor.as_deref())?, limit(query.limit)?)
    })
    .await
}

/// Which messages.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OutboxQuery {
    /// Standing in this state.
    state: Option<MailState>,
    /// To this user.
    user_id: Option<UserId>,
    /// To this address.
    #[param(max_length = 254, example = "ratna@dinas.example")]
    address: Option<String>,
    /// About this proposal.
    proposal_id: Option<ProposalId>,
    /// Telling of this.
    event: Option<NoticeEvent>,
    /// Made at this moment or later.
    since: Option<Moment>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// List all messages, newest first; for administrators.
#[utoipa::path(get, path = "/outbox", tag = "mail", params(OutboxQuery),
    responses((status = 200, description = "A page.", body = Page<view::OutboxItem>)))]
pub async fn list_outbox(call: Call, query: Query<OutboxQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        let before = cursor::<MailId>(query.cursor.as_deref())?;
        let limit = limit(query.limit)?;
        if query.address.as_ref().is_some_and(|address| address.len() > MAX_EMAIL) {
            let message = format!("has at most {MAX_EMAIL} characters");
            return Err(Error::invalid("/query/address", "too_long", message));
        }
        let which = Which {
            state: query.state,
            user: query.user_id,
            address: query.address,
            proposal: query.proposal_id,
            event: query.event,
            since: query.since,
        };
        notifications::list_outbox(sv, cx, which, before, limit)
    })
    .await
}

impl Checked for ResendDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Queue again all messages that were given up and fit, as after something was wrong with the relay, at most 10000 in a
/// call; for administrators. They go to the addresses that their recipients have then. Left out is what brought a code, and
/// what goes to users who are disabled or whose address is refused; what goes to whoever lost the role for which they were told
/// ends when it is its turn.
#[utoipa::path(post, path = "/outbox/resend", tag = "mail", request_body = ResendDraft,
    responses((status = 200, description = "How many were queued.", body = view::Resent)))]
pub async fn resend_outbox(call: Call, body: Body<ResendDraft>) -> Answer {
    call.write(body, resend::resend_many).await
}

/// Tell how many messages wait, how long the oldest has, what does not go out, and of what no message can be made; for
/// administrators.
#[utoipa::path(get, path = "/outbox/summary", tag = "mail",
    responses((status = 200, description = "As it is now.", body = Waiting)))]
pub async fn summarise_outbox(call: Call) -> Answer {
    call.read(notifications::summary).await
}

/// Show a message with every attempt and what the relay said; for administrators.
#[utoipa::path(get, path = "/outbox/{id}", tag = "mail",
    responses((status = 200, description = "The message.", body = view::OutboxItem)))]
pub async fn show_mail(call: Call, id: Id<MailId>) -> Answer {
    let show = move |sv: &Services, cx: &Context| notifications::show(sv, cx, id.get()?);
    call.read_versioned(show, |shown| Some(shown.version)).await
}

/// Queue a message again that was given up or did not arrive, to the address that its recipient has now; for administrators.
/// One about a proposal goes to nobody who holds no role over it any more that is told of it.
#[utoipa::path(post, path = "/outbox/{id}/resend", tag = "mail", request_body = Nothing,
    responses((status = 200, description = "As it is now.", body = view::OutboxItem)))]
pub async fn resend_mail(call: Call, id: Id<MailId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| notifications::resend(sv, cx, id.get()?)).await
}
