//! Invitations to set a password: sent to the owner's address and to nobody else, redeemed once, good for a fortnight.
//! Only the command line prints a code, for whoever runs the service.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, InvitationId, UserId};
use crate::domain::input::Checks;
use crate::domain::moment::Moment;
use crate::domain::notice::{AccountFacts, NoticeEvent};
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::secret::{self, Secret};
use crate::service::session::Visitor;
use crate::service::trail::{self, Event, Subject};
use crate::service::user::{Change, keeper, lock, record, visible};
use crate::service::view::people as view;
use crate::service::{Services, notices, password};
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

/// Makes an invitation; those before it are closed. `way` is how its code gets to the owner.
fn issue(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    user: &User,
    (code, way): (&str, &str),
) -> Result<(Invitation, EventId), Error> {
    if user.disabled_at.is_some() {
        let message = "The user is disabled; enable the user first.";
        return Err(Error::refused("disabled", "", message));
    }
    let row = Invitation {
        id: InvitationId::new(),
        user_id: user.id,
        code_hash: secret::sha256(code),
        expires_at: cx.now.after(INVITATION_HOLDS),
        redeemed_at: None,
        created_at: cx.now,
    };
    let closed = invitation::redeem_all(tx, user.id, cx.now)?;
    invitation::insert(tx, &row)?;
    let subject = Subject::of(SubjectKind::Invitation, row.id);
    let content = json!({
        "data": {
            "user_id": user.id,
            "expires_at": row.expires_at,
            "closed_before_it": closed,
            "code": way,
            "has_password": user.password_hash.is_some(),
        },
    });
    let (id, action) = (EventId::new(), "invitation.create");
    let event = Event { id, action, subject: &subject, by: Some(by), content, personal: &[] };
    trail::done(tx, cx, event)?;
    Ok((row, id))
}

/// Invites a user by mail. Its code is made with the message; the one that stands until then is known to nobody.
pub(super) fn send(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    user: &User,
) -> Result<view::SentInvitation, Error> {
    let nobodys = secret::random_hex::<32>()?;
    let (row, event) = issue(tx, cx, by, user, (&nobodys, "by_mail"))?;
    let told = match &user.password_hash {
        Some(_) => NoticeEvent::PasswordReset,
        None => NoticeEvent::Invited,
    };
    let facts = AccountFacts {
        at: cx.now,
        user_id: user.id,
        actor: cx.actor.name.clone(),
        invitation_id: Some(row.id),
        until: Some(row.expires_at),
        checkpoint: None,
    };
    notices::raise_account(tx, event, told, &facts)?;
    Ok(view::SentInvitation { sent_to: user.email.clone(), expires_at: row.expires_at })
}

/// Invites a user from the command line, which prints the code.
pub(super) fn print(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    user: &User,
) -> Result<view::Invitation, Error> {
    let code = secret::random_hex::<32>()?;
    let (row, _) = issue(tx, cx, by, user, (&code, "printed"))?;
    Ok(view::Invitation { code: code.into(), expires_at: row.expires_at })
}

/// Invites a user again, such as one who forgot the password: by mail, whoever asks for it.
pub fn create(sv: &Services, cx: &Context, id: UserId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("invitation.create"),
        |tx| {
            let found = visible(tx, cx, id)?;
            Ok((Subject::of(SubjectKind::User, id), found))
        },
        |tx, _, found| {
            let invitation = send(tx, cx, keeper(cx)?, &found)?;
            Reply::created(&invitation, None, format!("/api/v1/users/{id}"))
        },
    )
}

/// Tells the owner of an account that its password was set anew.
pub(super) fn tell_owner(
    tx: &mut AnyConnection,
    event: EventId,
    owner: &User,
    now: Moment,
) -> Result<(), Error> {
    let facts = AccountFacts {
        at: now,
        user_id: owner.id,
        actor: owner.name.clone(),
        invitation_id: None,
        until: None,
        checkpoint: None,
    };
    notices::raise_account(tx, event, NoticeEvent::PasswordSet, &facts)
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
            let event = record(tx, &visitor.context(Some(&after)), change)?;
            if before.password_hash.is_some() {
                tell_owner(tx, event, &after, visitor.now)?;
            }
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
