//! Messages: one's own, and the whole outbox for administrators.

use crate::domain::ids::MailId;
use crate::domain::mail::MailState;
use crate::http::body::{Body, Nothing};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::notifications;
use crate::service::view::Page;
use crate::service::view::mail as view;
use serde::Deserialize;
use utoipa::IntoParams;

/// List the messages to you, newest first.
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
        notifications::outbox(sv, cx, query.state, before, limit(query.limit)?)
    })
    .await
}

/// Queue a message again that was given up or did not arrive; for administrators.
#[utoipa::path(post, path = "/outbox/{id}/resend", tag = "mail", request_body = Nothing,
    responses((status = 200, description = "As it is now.", body = view::OutboxItem)))]
pub async fn resend_mail(call: Call, id: Id<MailId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| notifications::resend(sv, cx, id.get()?)).await
}
