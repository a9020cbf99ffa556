//! Personal tokens: made by their owner for a program, with an end and a scope.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, TokenId, UserId};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::moment::Moment;
use crate::domain::people::{TokenKind, TokenScope};
use crate::domain::refusal::FieldError;
use crate::service::Services;
use crate::service::context::{Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::session::new_token;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::people as view;
use crate::storage::token::{self, Token};
use crate::storage::{AnyConnection, user};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The longest that a personal token holds.
pub const MAX_HOLDS: TimeDelta = TimeDelta::days(366);
/// The most personal tokens that one user has at a time.
pub const MAX_TOKENS: usize = 50;

/// A new personal token.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenDraft {
    /// What it is for.
    #[schema(example = "monthly report")]
    pub label: String,
    /// What it may be used for.
    pub scope: TokenScope,
    /// Until when it holds: at most 366 days from now.
    pub expires_at: Moment,
}

impl TokenDraft {
    /// Whether the values are within their limits, but for what depends on the time.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/label", &self.label, MAX_SHORT);
        checks.done()
    }
}

fn owner(cx: &Context) -> Result<UserId, Error> {
    cx.actor.user.ok_or(Error::Unauthenticated("nobody is signed in"))
}

/// The caller's personal tokens that hold now; there are few.
pub fn list(sv: &Services, cx: &Context) -> Result<Page<view::PersonalToken>, Error> {
    let owner = owner(cx)?;
    sv.db.read(|tx| {
        let rows = token::of(tx, owner, TokenKind::Personal, cx.now)?;
        Ok(Page::whole(rows.into_iter().map(view::PersonalToken::from).collect()))
    })
}

/// Makes a personal token for the caller; its secret is answered only here.
pub fn create(sv: &Services, cx: &Context, body: &Input<TokenDraft>) -> Result<Reply, Error> {
    let owner = owner(cx)?;
    sv.once(
        cx,
        Write::secret("token.create"),
        |tx| {
            let found = user::find(tx, owner)?.ok_or(Error::NotFound)?;
            Ok((Subject::of(SubjectKind::User, owner), found))
        },
        |tx, _, found| {
            let draft = body.get()?;
            if draft.expires_at <= cx.now || draft.expires_at > cx.now.after(MAX_HOLDS) {
                let message = "must be in the future, and at most 366 days from now";
                return Err(Error::invalid("/expires_at", "out_of_range", message));
            }
            if token::of(tx, owner, TokenKind::Personal, cx.now)?.len() >= MAX_TOKENS {
                let message = format!("You have {MAX_TOKENS} personal tokens; revoke one first.");
                return Err(Error::refused("too_many_tokens", "", message));
            }
            let (kind, label) = (TokenKind::Personal, draft.label.trim());
            let (secret, row) =
                new_token(&found, kind, draft.scope, label, cx.now, draft.expires_at)?;
            token::insert(tx, &row)?;
            record(tx, cx, "token.create", &row)?;
            let location = format!("/api/v1/tokens/{}", row.id);
            let view = view::NewPersonalToken { info: row.into(), token: secret };
            Reply::created(&view, None, location)
        },
    )
}

/// Revokes one of the caller's personal tokens.
pub fn revoke(sv: &Services, cx: &Context, id: TokenId) -> Result<Reply, Error> {
    let owner = owner(cx)?;
    sv.once(
        cx,
        Write::adding("token.revoke"),
        |tx| {
            let found = token::find(tx, owner, id, cx.now)?
                .filter(|found| found.kind == TokenKind::Personal)
                .ok_or(Error::NotFound)?;
            Ok((Subject::of(SubjectKind::Token, id), found))
        },
        |tx, _, found| {
            if token::revoke(tx, owner, id, cx.now)? == 0 {
                return Err(Error::NotFound);
            }
            record(tx, cx, "token.revoke", &found)?;
            Ok(Reply::nothing())
        },
    )
}

fn record(tx: &mut AnyConnection, cx: &Context, action: &str, row: &Token) -> Result<(), Error> {
    let subject = Subject::of(SubjectKind::Token, row.id);
    let content = json!({
        "data": { "scope": row.scope, "expires_at": row.expires_at, "user_id": row.user_id },
    });
    // What a token is called may say something of its owner.
    let personal = [("label", row.label.as_str())];
    let id = EventId::new();
    trail::done(
        tx,
        cx,
        Event { id, action, subject: &subject, by: None, content, personal: &personal },
    )
}
