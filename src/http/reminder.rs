//! Reminders of deadlines.

use crate::domain::ids::{ProposalId, ReminderId};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::reminders;
use crate::service::view::Page;
use crate::service::view::reminder as view;

/// List who was reminded of the deadlines of a proposal, and of those of the allocation that it is paid from, in order: which
/// step of the policy's ladder, which roles, who by name, when, and what became of each message. A step whose time passed
/// while the service was down is listed as `collapsed`, beside the one that told in its place.
#[utoipa::path(get, path = "/proposals/{id}/reminders", tag = "mail", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Reminder>)))]
pub async fn list_reminders(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<ReminderId>(query.cursor.as_deref())?;
        reminders::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}
