//! The caller's own account.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::UserId;
use crate::domain::input::Checks;
use crate::domain::people::TokenScope;
use crate::service::context::{Context, Input, Reply, read_only};
use crate::service::error::Error;
use crate::service::invitation::tell_owner;
use crate::service::once::Write;
use crate::service::secret::Secret;
use crate::service::session::{attempt, holding, record_failure};
use crate::service::trail::Subject;
use crate::service::user::{Change, lock, record};
use crate::service::view::people as view;
use crate::service::{Services, password};
use crate::storage::token;
use crate::storage::user::{self, User};
use serde::Deserialize;
use serde_json::json;
use std::net::IpAddr;
use utoipa::ToSchema;

/// A new password, with the one before it.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    pub current_password: Secret,
    /// 12 to 200 characters.
    pub new_password: Secret,
}

fn caller(cx: &Context) -> Result<UserId, Error> {
    cx.actor.user.ok_or(Error::Unauthenticated("nobody is signed in"))
}

/// Who the caller is, with the grants that hold now.
pub fn me(sv: &Services, cx: &Context) -> Result<view::Me, Error> {
    let id = caller(cx)?;
    sv.db.read(|tx| {
        let row = user::find(tx, id)?.ok_or(Error::NotFound)?;
        let grants = holding(tx, &row, cx.now)?;
        Ok(view::Me::new(row, cx.scope, grants))
    })
}

/// Changes the caller's password, and ends every other session and token of theirs.
pub fn change_password(
    sv: &Services,
    cx: &Context,
    address: IpAddr,
    body: &Input<PasswordChange>,
) -> Result<Reply, Error> {
    let id = caller(cx)?;
    // A token for reading is refused below, with its event, before anything is hashed for it.
    let proof = match cx.scope {
        TokenScope::Full => Some(prove(sv, cx, id, address, body.get()?)?),
        TokenScope::Read => None,
    };
    sv.once(
        cx,
        Write::secret("password.change"),
        |tx| {
            let found = user::find(tx, id)?.ok_or(Error::NotFound)?;
            Ok((Subject::of(SubjectKind::User, id), found))
        },
        |tx, _, before| {
            let (current, new) = proof.as_ref().ok_or_else(read_only)?;
            let mut after = lock(tx, id)?;
            if after.disabled_at.is_some() || after.password_hash.as_ref() != Some(current) {
                return Err(Error::Busy);
            }
            after.password_hash = Some(new.clone());
            if user::save(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            let attempt = attempt(sv, cx.now, &after.email, address);
            attempt.succeeded(tx, id)?;
            let revoked = token::revoke_others(tx, id, cx.token, cx.now)?;
            let change = Change {
                action: "password.change",
                by: None,
                before: Some(&before),
                after: &after,
                data: json!({ "tokens_revoked": revoked }),
                address: Some(&attempt.address),
            };
            let event = record(tx, cx, change)?;
            tell_owner(tx, event, &after, cx.now)?;
            Ok(Reply::nothing())
        },
    )
}

/// The kept hash of the current password, which was shown, and the hash of the new one. Guessing here is throttled as
/// it is at the door.
fn prove(
    sv: &Services,
    cx: &Context,
    id: UserId,
    address: IpAddr,
    given: &PasswordChange,
) -> Result<(String, String), Error> {
    let attempt = attempt(sv, cx.now, &cx.email, address);
    let seen: User = sv.db.read(|tx| user::find(tx, id)?.ok_or(Error::NotFound))?;
    let mut checks = Checks::default();
    let new = given.new_password.reveal();
    password::check(&mut checks, "/new_password", new, &seen.email);
    checks.done().map_err(Error::Invalid)?;
    sv.db.read(|tx| attempt.permit(tx, Some(id)))?;
    let hash = seen.password_hash.clone().ok_or(Error::NotFound)?;
    if sv.hasher.verify(given.current_password.reveal(), &hash)? {
        let newer = sv.hasher.hash(new)?;
        return Ok((hash, newer));
    }
    let (action, reason) = ("password.change", "wrong_password");
    sv.db.write(
        "password.fail",
        |tx| {
            attempt.permit(tx, Some(id))?;
            record_failure(tx, cx, action, &attempt, Some(&seen), reason)
        },
        |_, _| Ok(()),
    )?;
    Err(Error::invalid("/current_password", "wrong", "this is not your current password"))
}
