//! Users as they are kept from the command line, where whoever runs the service needs no token.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, UserId};
use crate::domain::input::{Checks, MAX_LONG};
use crate::domain::people::{Language, Role};
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::grant::{self, GrantDraft};
use crate::service::secret::Secret;
use crate::service::trail::{self, Event, Subject};
use crate::service::user::{self, UserChange, UserDraft, clean_email, keeper, seen};
use crate::service::view::Page;
use crate::service::view::people as view;
use crate::service::{Services, invitation, password};
use crate::storage::user::{self as rows, User};
use crate::storage::{AnyConnection, audit, grant as grants, idempotency, throttle, token};
use serde_json::json;
use std::collections::BTreeMap;

/// The first administrator's address, where no other is given: nobody can have it, so that no mail goes astray.
pub const FIRST_ADMINISTRATOR: &str = "administrator@sentra.invalid";

/// A user who was added from the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// The user.
    pub user: view::User,
    /// The invitation, when no password was given.
    pub invitation: Option<view::Invitation>,
}

/// Where there is no user at all: makes an administrator, and gives the invitation, once.
pub fn first_administrator(sv: &Services, email: &str) -> Result<Option<view::Invitation>, Error> {
    let draft = UserDraft {
        email: email.to_owned(),
        name: "Administrator".to_owned(),
        language: Language::Id,
        grants: vec![GrantDraft {
            role: Role::Administrator,
            region_code: None,
            commodity: None,
            valid_from: None,
            valid_until: None,
            decree: None,
        }],
    };
    draft.check().map_err(Error::Invalid)?;
    let made = by_console(sv, "user.first", |tx, cx, by| {
        if rows::any(tx)? {
            return Ok(None);
        }
        let user = user::insert(tx, cx, by, &draft, None)?;
        invitation::print(tx, cx, by, &user).map(Some)
    });
    match made {
        // Another process that starts at the same time was quicker.
        Err(Error::Invalid(_)) => Ok(None),
        made => made,
    }
}

/// Adds a user: with a password, or with an invitation to set one.
pub fn add(sv: &Services, draft: &UserDraft, password: Option<&Secret>) -> Result<Added, Error> {
    draft.check().map_err(Error::Invalid)?;
    let hash = match password {
        None => None,
        Some(password) => {
            let (password, email) = (password.reveal(), clean_email(&draft.email));
            let mut checks = Checks::default();
            password::check(&mut checks, "/password", password, &email);
            checks.done().map_err(Error::Invalid)?;
            Some(sv.hasher.hash(password)?)
        }
    };
    by_console(sv, "user.create", |tx, cx, by| {
        let user = user::insert(tx, cx, by, draft, hash.clone())?;
        let invitation = match &hash {
            Some(_) => None,
            None => Some(invitation::print(tx, cx, by, &user)?),
        };
        Ok(Added { user: seen(tx, user)?, invitation })
    })
}

/// Users in the order of their making.
pub fn list(sv: &Services, after: Option<UserId>, limit: i64) -> Result<Page<view::User>, Error> {
    user::list(sv, &Context::system(sv.clock.now()), after, limit)
}

/// Cuts a user off, or lets a user in again.
pub fn set_disabled(sv: &Services, email: &str, disabled: bool) -> Result<view::User, Error> {
    let change = UserChange { disabled: Some(disabled), ..UserChange::default() };
    by_console(sv, "user.edit", |tx, cx, by| {
        let before = by_email(tx, email)?;
        let after = user::change(tx, cx, by, &before, &change)?;
        seen(tx, after)
    })
}

/// Invites a user again, such as one whom no mail reaches. A user who had a password is told by mail when it is set
/// anew.
pub fn invite(sv: &Services, email: &str) -> Result<view::Invitation, Error> {
    by_console(sv, "invitation.create", |tx, cx, by| {
        let user = by_email(tx, email)?;
        invitation::print(tx, cx, by, &user)
    })
}

/// Gives a grant to a user.
pub fn add_grant(sv: &Services, email: &str, draft: &GrantDraft) -> Result<view::Grant, Error> {
    draft.check().map_err(Error::Invalid)?;
    by_console(sv, "grant.add", |tx, cx, by| {
        let user = by_email(tx, email)?;
        let (_, given) = grant::add_to(tx, cx, by, user.id, draft)?;
        Ok(given.into())
    })
}

/// What was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Whose.
    pub user: UserId,
    /// How many personal values.
    pub values: usize,
    /// Whether SQLite's log, which has them still, was cut; always so on PostgreSQL.
    pub log_cut: bool,
}

/// Erases the personal values that the audit trail keeps beside its events about a user, who has to be cut off before; and
/// from where the user signed in, the answers that are kept for retries, and the names of the user's tokens. The
/// trail tells that it was done and why; its commitments stay, and it verifies as before.
///
/// # Errors
///
/// `NotFound` where nobody has this id or address; `Invalid` for a reason that can't be taken, and while the user is not
/// disabled.
pub fn erase(sv: &Services, user: &str, reason: &str) -> Result<Erased, Error> {
    let mut checks = Checks::default();
    checks.text("/reason", reason, MAX_LONG);
    checks.done().map_err(Error::Invalid)?;
    let mut erased = by_console(sv, "personal.erase", |tx, cx, by| {
        let found = match user.parse::<UserId>() {
            Ok(id) => rows::find(tx, id)?.ok_or(Error::NotFound)?,
            Err(_) => by_email(tx, user)?,
        };
        if rows::hold_disabled(tx, found.id)? == 0 {
            let message = "must be disabled first: whoever signs in leaves new values";
            return Err(Error::invalid("/user", "not_disabled", message));
        }
        erase_values(tx, cx, by, &found, reason)
    })?;
    // They are erased whether or not this goes well.
    erased.log_cut = sv.db.cut_log().unwrap_or_default();
    Ok(erased)
}

fn erase_values(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    user: &User,
    reason: &str,
) -> Result<Erased, Error> {
    let grants: Vec<_> = grants::of(tx, user.id)?.into_iter().map(|grant| grant.id).collect();
    let mut addresses = audit::addresses_of(tx, user.id)?;
    addresses.push(user.email.clone());
    let about = audit::personal_about(tx, user.id, &grants, &addresses)?;
    let mut erased: BTreeMap<&str, Vec<EventId>> = BTreeMap::new();
    for (event, field) in &about {
        // Somebody else erases it at the same time.
        if audit::erase(tx, *event, field)? == 0 {
            return Err(Error::Stale);
        }
        erased.entry(field).or_default().push(*event);
    }
    // Beside the trail: from where the user signed in, what the user was answered, what the user called tokens.
    throttle::forget(tx, user.id)?;
    idempotency::forget(tx, user.id)?;
    token::unlabel(tx, user.id)?;
    let (id, subject) = (EventId::new(), Subject::of(SubjectKind::User, user.id));
    let (action, by) = ("personal.erase", Some(by));
    let content = json!({ "reason": reason, "erased": erased });
    trail::done(tx, cx, Event { id, action, subject: &subject, by, content, personal: &[] })?;
    Ok(Erased { user: user.id, values: about.len(), log_cut: false })
}

fn by_email(tx: &mut AnyConnection, email: &str) -> Result<User, Error> {
    rows::by_email(tx, &clean_email(email))?.ok_or(Error::NotFound)
}

fn by_console<T>(
    sv: &Services,
    name: &'static str,
    work: impl Fn(&mut AnyConnection, &Context, By) -> Result<T, Error>,
) -> Result<T, Error> {
    let cx = Context::system(sv.clock.now());
    let by = keeper(&cx)?;
    sv.db.write(name, |tx| work(tx, &cx, by), |_, _| Ok(()))
}

/// Whether there is any user.
pub fn has_users(sv: &Services) -> Result<bool, Error> {
    sv.db.read(|tx| Ok(rows::any(tx)?))
}
