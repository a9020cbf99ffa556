//! Users and their grants, kept by administrators.

use crate::domain::ids::{GrantId, UserId};
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked, Nothing};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::error::Error;
use crate::service::grant::{self, GrantDraft};
use crate::service::invitation;
use crate::service::user::{self, UserChange, UserDraft};
use crate::service::view::Page;
use crate::service::view::people as view;
use actix_web::web::Path;

impl Checked for UserDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for UserChange {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for GrantDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

/// Make a user, who gets an invitation to set a password by mail.
#[utoipa::path(post, path = "/users", tag = "people", request_body = UserDraft,
    responses((status = 201, description = "Made.", body = view::InvitedUser)))]
pub async fn create_user(call: Call, body: Body<UserDraft>) -> Answer {
    call.write(body, user::create).await
}

/// List users in the order of their making.
#[utoipa::path(get, path = "/users", tag = "people", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::User>)))]
pub async fn list_users(call: Call, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let query = query.get()?;
        user::list(sv, cx, cursor::<UserId>(query.cursor.as_deref())?, limit(query.limit)?)
    })
    .await
}

/// Show a user.
#[utoipa::path(get, path = "/users/{id}", tag = "people",
    responses((status = 200, description = "The user.", body = view::User,
        headers(("ETag" = String, description = "The version, for `If-Match`.")))))]
pub async fn show_user(call: Call, id: Id<UserId>) -> Answer {
    call.read_versioned(move |sv, cx| user::show(sv, cx, id.get()?), |shown| Some(shown.version))
        .await
}

/// Change a user, clear the mark of a refused address, or cut one off.
#[utoipa::path(patch, path = "/users/{id}", tag = "people", request_body = UserChange,
    responses((status = 200, description = "As it is now.", body = view::User)))]
pub async fn edit_user(call: Call, id: Id<UserId>, body: Body<UserChange>) -> Answer {
    call.write(body, move |sv, cx, body| user::edit(sv, cx, id.get()?, body)).await
}

/// Invite a user again, by mail; earlier invitations do not hold any more, a password still does.
#[utoipa::path(post, path = "/users/{id}/invitations", tag = "people", request_body = Nothing,
    responses((status = 201, description = "The invitation is on its way.", body = view::SentInvitation)))]
pub async fn invite_user(call: Call, id: Id<UserId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| invitation::create(sv, cx, id.get()?)).await
}

/// Give a user a role in a scope, for a time, by a decree.
#[utoipa::path(post, path = "/users/{id}/grants", tag = "people", request_body = GrantDraft,
    responses((status = 201, description = "Given.", body = view::Grant)))]
pub async fn add_grant(call: Call, id: Id<UserId>, body: Body<GrantDraft>) -> Answer {
    call.write(body, move |sv, cx, body| grant::add(sv, cx, id.get()?, body)).await
}

/// Take a grant back.
#[utoipa::path(delete, path = "/users/{user_id}/grants/{id}", tag = "people",
    responses((status = 204, description = "Taken back.")))]
pub async fn revoke_grant(call: Call, path: Path<(String, String)>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| {
        let user = path.0.parse::<UserId>().map_err(|_| Error::NotFound)?;
        let id = path.1.parse::<GrantId>().map_err(|_| Error::NotFound)?;
        grant::revoke(sv, cx, user, id)
    })
    .await
}
