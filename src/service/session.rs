//! Signing in and out, and who is asking. Only the hash of a token is kept.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, TokenId, UserId};
use crate::domain::input::Checks;
use crate::domain::moment::Moment;
use crate::domain::people::{Actor, Grant, TokenKind, TokenScope};
use crate::domain::refusal::FieldError;
use crate::service::Services;
use crate::service::context::{Context, Input};
use crate::service::error::{Error, TokenFault};
use crate::service::secret::{self, Secret};
use crate::service::throttle::{Attempt, Limits, counted};
use crate::service::trail::{self, Event, Subject};
use crate::service::user::{Change, MAX_EMAIL, clean_email, personal, record};
use crate::service::view::people as view;
use crate::storage::token::{self, Token};
use crate::storage::user::{self, User};
use crate::storage::{AnyConnection, grant};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use std::net::IpAddr;
use utoipa::ToSchema;

/// What every token begins with, so that one that leaked is recognised.
pub const TOKEN_PREFIX: &str = "sentra_";
/// What is said to whoever shows a token that does not hold.
const NO_TOKEN: &str = "the token is unknown, or it has ended";

/// How long sessions hold, and how often a sign-in may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSettings {
    /// From signing in.
    pub session_holds: TimeDelta,
    /// Of failed sign-ins.
    pub limits: Limits,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { session_holds: TimeDelta::hours(12), limits: Limits::default() }
    }
}

/// Somebody who is not signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Now.
    pub now: Moment,
    /// From where.
    pub address: IpAddr,
    /// Named in logs, answers and events.
    pub request_id: String,
}

impl Visitor {
    /// The address as it is counted and kept.
    pub(super) fn counted(&self) -> String {
        counted(self.address)
    }

    /// For the trail alone: a context without rights, as the user who turned out to be there.
    pub(super) fn context(&self, user: Option<&User>) -> Context {
        let name = user.map(|user| user.name.clone()).unwrap_or_default();
        Context {
            actor: Actor { user: user.map(|user| user.id), name, grants: Vec::new() },
            request_id: self.request_id.clone(),
            ..Context::system(self.now)
        }
    }
}

/// Who wants to sign in.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// E-mail address.
    #[schema(example = "ratna@dinas.example")]
    pub email: String,
    /// Password.
    pub password: Secret,
}

impl SignIn {
    /// Whether the values are within their limits. What is wrong beyond that is told to nobody.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/email", &self.email, MAX_EMAIL);
        checks.done()
    }
}

/// A user whose password was shown.
pub(super) struct Proven {
    user: User,
    hash: String,
    /// The password's hash under the settings of today, where the kept one is older.
    newer: Option<String>,
}

/// Signs in. Whatever is wrong, the answer and its cost are the same.
pub fn sign_in(
    sv: &Services,
    visitor: &Visitor,
    body: &Input<SignIn>,
) -> Result<view::Session, Error> {
    let given = body.get()?;
    let attempt = attempt(sv, visitor.now, &given.email, visitor.address);
    let seen = sv.db.read(|tx| {
        let seen = user::by_email(tx, &attempt.account)?;
        attempt.permit(tx, seen.as_ref().map(|user| user.id))?;
        Ok::<_, Error>(seen)
    })?;
    // Outside of any transaction: hashing is slow, and there is one writer.
    match prove(sv, seen.clone(), given.password.reveal())? {
        Ok(proven) => sv.db.write(
            "session.sign_in",
            |tx| begin(sv, tx, visitor, &attempt, &proven),
            |_, _| Ok(()),
        ),
        Err(reason) => {
            sv.db.write(
                "session.fail",
                |tx| {
                    attempt.permit(tx, seen.as_ref().map(|user| user.id))?;
                    let cx = visitor.context(None);
                    record_failure(tx, &cx, "session.sign_in", &attempt, seen.as_ref(), reason)
                },
                |_, _| Ok(()),
            )?;
            Err(Error::WrongCredentials)
        }
    }
}

/// An attempt to show a password, under today's limits.
pub(super) fn attempt(sv: &Services, now: Moment, email: &str, address: IpAddr) -> Attempt {
    Attempt {
        account: clean_email(email),
        address: counted(address),
        now,
        limits: sv.sessions.limits,
    }
}

/// Whether the password is the user's who may sign in; else why not. Always costs one hash.
fn prove(
    sv: &Services,
    user: Option<User>,
    password: &str,
) -> Result<Result<Proven, &'static str>, Error> {
    let Some(user) = user else {
        sv.hasher.verify_nobody(password)?;
        return Ok(Err("unknown_account"));
    };
    let Some(hash) = user.password_hash.clone() else {
        sv.hasher.verify_nobody(password)?;
        return Ok(Err("no_password"));
    };
    let is_right = sv.hasher.verify(password, &hash)?;
    if user.disabled_at.is_some() {
        return Ok(Err("disabled"));
    }
    if !is_right {
        return Ok(Err("wrong_password"));
    }
    let newer = if sv.hasher.is_outdated(&hash) { Some(sv.hasher.hash(password)?) } else { None };
    Ok(Ok(Proven { user, hash, newer }))
}

/// Counts and records a failed attempt to show a password. Throttled ones get nowhere near, which bounds the events.
pub(super) fn record_failure(
    tx: &mut AnyConnection,
    cx: &Context,
    action: &str,
    attempt: &Attempt,
    user: Option<&User>,
    reason: &str,
) -> Result<(), Error> {
    attempt.failed(tx)?;
    let subject = match user {
        Some(user) => Subject::of(SubjectKind::User, user.id),
        None => Subject::of(SubjectKind::User, "unknown"),
    };
    let content = json!({ "reason": reason });
    let personal = [("email", attempt.account.as_str()), ("address", attempt.address.as_str())];
    let id = EventId::new();
    trail::failed(
        tx,
        cx,
        Event { id, action, subject: &subject, by: None, content, personal: &personal },
    )
}

fn begin(
    sv: &Services,
    tx: &mut AnyConnection,
    visitor: &Visitor,
    attempt: &Attempt,
    proven: &Proven,
) -> Result<view::Session, Error> {
    attempt.permit(tx, Some(proven.user.id))?;
    // The user's row is held from here on: a change of the password ends this session, or finds it not begun.
    if user::hold(tx, proven.user.id, &proven.hash)? == 0 {
        return Err(Error::Busy);
    }
    let user = user::find(tx, proven.user.id)?.ok_or(Error::Busy)?;
    attempt.succeeded(tx, user.id)?;
    let (secret, row) = new_token(
        &user,
        TokenKind::Session,
        TokenScope::Full,
        "",
        visitor.now,
        visitor.now.after(sv.sessions.session_holds),
    )?;
    token::insert(tx, &row)?;
    let cx = visitor.context(Some(&user));
    let user = record_sign_in(tx, &cx, attempt, proven, user, &row)?;
    let grants = holding(tx, &user, visitor.now)?;
    let user = view::Me::new(user, row.scope, grants);
    Ok(view::Session { token: secret, expires_at: row.expires_at, user })
}

/// The event of a sign-in; with the revision, where the password is hashed anew.
fn record_sign_in(
    tx: &mut AnyConnection,
    cx: &Context,
    attempt: &Attempt,
    proven: &Proven,
    user: User,
    row: &Token,
) -> Result<User, Error> {
    let action = "session.sign_in";
    let data = json!({ "token_id": row.id, "expires_at": row.expires_at });
    let address = attempt.address.as_str();
    let Some(newer) = &proven.newer else {
        let [email, name] = personal(&user);
        let subject = Subject::of(SubjectKind::User, user.id);
        let personal = [email, name, ("address", address)];
        let (id, content) = (EventId::new(), json!({ "data": data }));
        let event = Event { id, action, subject: &subject, by: None, content, personal: &personal };
        trail::done(tx, cx, event)?;
        return Ok(user);
    };
    let after =
        User { password_hash: Some(newer.clone()), version: user.version + 1, ..user.clone() };
    if user::replace(tx, &after)? == 0 {
        return Err(Error::Busy);
    }
    let (before, address) = (Some(&user), Some(address));
    record(tx, cx, Change { action, by: None, before, after: &after, data, address })?;
    Ok(after)
}

/// A new token, and the row that keeps its hash.
pub(super) fn new_token(
    user: &User,
    kind: TokenKind,
    scope: TokenScope,
    label: &str,
    now: Moment,
    expires_at: Moment,
) -> Result<(Secret, Token), Error> {
    let secret = format!("{TOKEN_PREFIX}{}", secret::random_hex::<32>()?);
    let row = Token {
        id: TokenId::new(),
        user_id: user.id,
        kind,
        scope,
        label: label.to_owned(),
        token_hash: secret::sha256(&secret),
        expires_at,
        revoked_at: None,
        created_at: now,
    };
    Ok((secret.into(), row))
}

/// The user's grants that hold at a moment.
pub(super) fn holding(
    tx: &mut AnyConnection,
    user: &User,
    now: Moment,
) -> Result<Vec<grant::GrantRow>, Error> {
    let mut rows = grant::of(tx, user.id)?;
    rows.retain(|row| Grant::from(row.clone()).holds_at(now));
    Ok(rows)
}

/// Who shows the token, with the grants that hold now. Asked anew for every request, so that whoever is disabled, or
/// loses a grant, is cut off at the next one. The caller adds key, fingerprint and version.
pub fn authenticate(sv: &Services, token: &str, request_id: String) -> Result<Context, Error> {
    let now = sv.clock.now();
    let invalid = |fault| Err(Error::InvalidToken(fault));
    if !token.starts_with(TOKEN_PREFIX) {
        return invalid(TokenFault::Unknown);
    }
    let token_hash = secret::sha256(token);
    sv.db.read(|tx| {
        let Some(shown) = token::by_hash(tx, &token_hash)? else {
            return invalid(TokenFault::Unknown);
        };
        if shown.revoked_at.is_some() {
            return invalid(TokenFault::Revoked);
        }
        if shown.expires_at <= now {
            return invalid(TokenFault::Expired);
        }
        let cx = acting(tx, shown.user_id, now, request_id)?;
        Ok(Context { token: Some(shown.id), scope: shown.scope, ..cx })
    })
}

/// A user as the actor of a request, without a token: for the demonstration, which plays people in this process.
pub fn context_of(sv: &Services, user: UserId, request_id: String) -> Result<Context, Error> {
    let now = sv.clock.now();
    sv.db.read(|tx| acting(tx, user, now, request_id))
}

fn acting(
    tx: &mut AnyConnection,
    user: UserId,
    now: Moment,
    request_id: String,
) -> Result<Context, Error> {
    let user = user::find(tx, user)?
        .filter(|user| user.disabled_at.is_none())
        .ok_or(Error::InvalidToken(TokenFault::Revoked))?;
    let grants = holding(tx, &user, now)?.into_iter().map(Grant::from).collect();
    Ok(Context {
        actor: Actor { user: Some(user.id), name: user.name, grants },
        email: user.email,
        language: user.language,
        request_id,
        ..Context::system(now)
    })
}

/// Ends the session, or the personal token, whose token was shown.
pub fn sign_out(sv: &Services, cx: &Context) -> Result<(), Error> {
    let (Some(user), Some(shown)) = (cx.actor.user, cx.token) else {
        return Err(Error::Unauthenticated(NO_TOKEN));
    };
    sv.db.write(
        "session.sign_out",
        |tx| {
            if token::revoke(tx, user, shown, cx.now)? == 0 {
                return Ok(());
            }
            let subject = Subject::of(SubjectKind::Token, shown);
            let (id, action, content) = (EventId::new(), "session.sign_out", json!({}));
            trail::done(
                tx,
                cx,
                Event { id, action, subject: &subject, by: None, content, personal: &[] },
            )
        },
        |_, _| Ok(()),
    )
}
