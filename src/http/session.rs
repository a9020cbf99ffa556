//! Signing in and out, passwords, personal tokens, invitations.

use crate::domain::ids::TokenId;
use crate::domain::refusal::FieldError;
use crate::http::body::{Body, Checked, Nothing};
use crate::http::call::{Answer, Call, Id};
use crate::http::visitor::Visit;
use crate::service::account::{self, PasswordChange};
use crate::service::context::Reply;
use crate::service::invitation::{self, Redemption};
use crate::service::session::{self, SignIn};
use crate::service::token::{self, TokenDraft};
use crate::service::view::Page;
use crate::service::view::people as view;
use actix_web::HttpResponse;
use actix_web::web::Path;

impl Checked for SignIn {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for TokenDraft {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        self.check()
    }
}

impl Checked for PasswordChange {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        Ok(())
    }
}

impl Checked for Redemption {
    fn checked(&self) -> Result<(), Vec<FieldError>> {
        Ok(())
    }
}

/// Sign in. Whatever is wrong, the answer is the same; after several failures it is a wait.
#[utoipa::path(post, path = "/sessions", tag = "people", request_body = SignIn,
    responses((status = 201, description = "Signed in; the token is shown once.", body = view::Session)))]
pub async fn create_session(visit: Visit, body: Body<SignIn>) -> Answer {
    let session = visit.write(body, session::sign_in).await?;
    Ok(HttpResponse::Created().json(session))
}

/// Sign out: the token that was shown does not hold any more.
#[utoipa::path(delete, path = "/sessions/current", tag = "people",
    responses((status = 204, description = "Signed out.")))]
pub async fn end_session(call: Call, body: Body<Nothing>) -> Answer {
    call.write_bare(body, |sv, cx| session::sign_out(sv, cx).map(|()| Reply::nothing())).await
}

/// Show who is signed in, with the grants that hold now.
#[utoipa::path(get, path = "/me", tag = "people",
    responses((status = 200, description = "You.", body = view::Me)))]
pub async fn show_me(call: Call) -> Answer {
    call.read(account::me).await
}

/// Change your password; your other sessions and tokens end.
#[utoipa::path(put, path = "/me/password", tag = "people", request_body = PasswordChange,
    responses((status = 204, description = "Changed.")))]
pub async fn change_password(call: Call, body: Body<PasswordChange>) -> Answer {
    let address = call.address;
    call.write(body, move |sv, cx, body| account::change_password(sv, cx, address, body)).await
}

/// Make a personal token for a program; its secret is shown once.
#[utoipa::path(post, path = "/tokens", tag = "people", request_body = TokenDraft,
    responses((status = 201, description = "Made.", body = view::NewPersonalToken)))]
pub async fn create_token(call: Call, body: Body<TokenDraft>) -> Answer {
    call.write(body, token::create).await
}

/// List your personal tokens that hold.
#[utoipa::path(get, path = "/tokens", tag = "people",
    responses((status = 200, description = "The tokens.", body = Page<view::PersonalToken>)))]
pub async fn list_tokens(call: Call) -> Answer {
    call.read(token::list).await
}

/// End a personal token.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "people",
    responses((status = 204, description = "Ended.")))]
pub async fn revoke_token(call: Call, id: Id<TokenId>, body: Body<Nothing>) -> Answer {
    call.write_bare(body, move |sv, cx| token::revoke(sv, cx, id.get()?)).await
}

/// Redeem an invitation: set your password, then sign in.
#[utoipa::path(post, path = "/invitations/{code}", tag = "people", request_body = Redemption,
    responses((status = 200, description = "Redeemed.", body = view::Redeemed)))]
pub async fn redeem_invitation(visit: Visit, code: Path<String>, body: Body<Redemption>) -> Answer {
    let redeemed = visit
        .write(body, move |sv, visitor, body| invitation::redeem(sv, visitor, &code, body))
        .await?;
    Ok(HttpResponse::Ok().json(redeemed))
}
