//! Invitations to set a password: shown once, redeemed once, good for a fortnight.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, InvitationId, UserId};
use crate::domain::input::Checks;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::secret::{self, Secret};
use crate::service::session::Visitor;
use crate::service::trail::{self, Event, Subject};
use crate::service::user::{Change, keeper, lock, record, visible};
use crate::service::view::people as view;
use crate::service::{Services, password};
use crate::storage::invitation::{self, Invitation};
use crate::storage::user::{self, User};
use crate::storage::{AnyConnection, token};
use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// How long an invitation can be redeemed.
pub const INVITATION_HOLDS: TimeDelta = TimeDelta::days(14);

/// The password of whoever redeems an invitation.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// 12 to 200 characters.
    pub password: Secret,
}

/// Makes an invitation; those before it are closed.
pub(super) fn issue(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    user_id: UserId,
) -> Result<view::Invitation, Error> {
    let code = secret::random_hex::<32>()?;
    let row = Invitation {
        id: InvitationId::new(),
        user_id,
        code_hash: secret::sha256(&code),
        expires_at: cx.now.after(INVITATION_HOLDS),
        redeemed_at: None,
        created_at: cx.now,
    };
    let closed = invitation::redeem_all(tx, user_id, cx.now)?;
    invitation::insert(tx, &row)?;
    let subject = Subject::of(SubjectKind::Invitation, row.id);
    let content = json!({
        "data": { "user_id": user_id, "expires_at": row.expires_at, "closed_before_it": closed },
    });
    let (id, action) = (EventId::new(), "invitation.create");
    let event = Event { id, action, subject: &subject, by: Some(by), content, personal: &[] };
    trail::done(tx, cx, event)?;
    Ok(view::Invitation { code: code.into(), expires_at: row.expires_at })
}

/// Invites a user within a transaction.
pub(super) fn invite(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    user: &User,
) -> Result<view::Invitation, Error> {
    if user.disabled_at.is_some() {
        let message = "The user is disabled; enable the user first.";
        return Err(Error::refused("disabled", "", message));
    }
    issue(tx, cx, by, user.id)
}

/// Invites a user again, such as one who forgot the password. The code is answered only here.
pub fn create(sv: &Services, cx: &Context, id: UserId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::secret("invitation.create"),
        |tx| {
            let found = visible(tx, cx, id)?;
            Ok((Subject::of(SubjectKind::User, id), found))
        },
        |tx, _, found| {
            let invitation = invite(tx, cx, keeper(cx)?, &found)?;
            Reply::created(&invitation, None, format!("/api/v1/users/{id}"))
        },
    )
}

/// Sets the password of whoever was invited, and ends every session and token from before. Once.
pub fn redeem(
    sv: &Services,
    visitor: &Visitor,
    code: &str,
    body: &Input<Redemption>,
) -> Result<view::Redeemed, Error> {
    let code_hash = secret::sha256(code);
    let (_, invited) = sv.db.read(|tx| open(tx, visitor, &code_hash))?;
    let password = body.get()?.password.reveal();
    let mut checks = Checks::default();
    password::check(&mut checks, "/password", password, &invited.email);
    checks.done().map_err(Error::Invalid)?;
    let hash = sv.hasher.hash(password)?;
    sv.db.write(
        "invitation.redeem",
        |tx| {
            let (found, before) = open(tx, visitor, &code_hash)?;
            let mut after = lock(tx, before.id)?;
            // Whoever comes second finds it redeemed.
            if invitation::redeem(tx, found.id, visitor.now)? == 0 || after.disabled_at.is_some() {
                return Err(Error::NotFound);
            }
            invitation::redeem_all(tx, after.id, visitor.now)?;
            after.password_hash = Some(hash.clone());
            if user::save(tx, &after)? == 0 {
                return Err(Error::Stale);
            }
            let revoked = token::revoke_others(tx, after.id, None, visitor.now)?;
            let change = Change {
                action: "invitation.redeem",
                by: None,
                before: Some(&before),
                after: &after,
                data: json!({ "invitation_id": found.id, "tokens_revoked": revoked }),
                address: Some(&visitor.counted()),
            };
            record(tx, &visitor.context(Some(&after)), change)?;
            Ok(view::Redeemed::from(after))
        },
        |_, _| Ok(()),
    )
}

fn open(
    tx: &mut AnyConnection,
    visitor: &Visitor,
    code_hash: &str,
) -> Result<(Invitation, User), Error> {
    let found = invitation::redeemable(tx, code_hash, visitor.now)?.ok_or(Error::NotFound)?;
    let user = user::find(tx, found.user_id)?.filter(|user| user.disabled_at.is_none());
    Ok((found, user.ok_or(Error::NotFound)?))
}
