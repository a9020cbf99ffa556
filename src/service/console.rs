//! Users as they are kept from the command line, where whoever runs the service needs no token.

use crate::domain::ids::UserId;
use crate::domain::input::Checks;
use crate::domain::people::{Language, Role};
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::grant::{self, GrantDraft};
use crate::service::secret::Secret;
use crate::service::user::{self, UserChange, UserDraft, clean_email, keeper, seen};
use crate::service::view::Page;
use crate::service::view::people as view;
use crate::service::{Services, invitation, password};
use crate::storage::AnyConnection;
use crate::storage::user::{self as rows, User};

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
