//! Users, as administrators keep them. What is personal stands beside an event, never in it or in a revision.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, UserId};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::people::{Language, Role};
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::grant::{self, GrantDraft, MAX_GRANTS};
use crate::service::once::Write;
use crate::service::proposal::given;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::people as view;
use crate::service::{Services, invitation, reading};
use crate::storage::grant::GrantRow;
use crate::storage::user::{self, User};
use crate::storage::{AnyConnection, DbError, token};
use email_address::{EmailAddress, Options};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// The longest e-mail address that mail can be sent to.
pub const MAX_EMAIL: usize = 254;

/// A new user.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserDraft {
    /// E-mail address; nobody else may have it.
    #[schema(example = "ratna@dinas.example")]
    pub email: String,
    /// Full name.
    pub name: String,
    /// Of the mail.
    #[serde(default = "indonesian")]
    pub language: Language,
    /// What the user may do, from the start.
    #[serde(default)]
    pub grants: Vec<GrantDraft>,
}

fn indonesian() -> Language {
    Language::Id
}

impl UserDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        check_email(&mut checks, "/email", &clean_email(&self.email));
        checks.text("/name", &self.name, MAX_SHORT);
        if self.grants.len() > MAX_GRANTS {
            let message = format!("a user has at most {MAX_GRANTS} grants");
            checks.fail("/grants", "too_many", message);
        }
        for (index, grant) in self.grants.iter().enumerate().take(MAX_GRANTS) {
            grant.collect(&mut checks, &format!("/grants/{index}"));
        }
        checks.done()
    }
}

/// A change of a user; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Full name.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub name: Option<String>,
    /// Of the mail.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Language, required = false)]
    pub language: Option<Language>,
    /// Whether the user is cut off: at once, with every token and open invitation.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool, required = false)]
    pub disabled: Option<bool>,
    /// Another e-mail address, to sign in with and for mail; nobody else may have it. Open invitations end, since they went
    /// to the one before.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, example = "ratna@dinas.example")]
    pub email: Option<String>,
    /// `false` clears the mark that a relay refuses the address: mail is sent there again. Nobody sets it by hand.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool, required = false, example = false)]
    pub address_refused: Option<bool>,
}

impl UserChange {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        if let Some(name) = &self.name {
            checks.text("/name", name, MAX_SHORT);
        }
        if let Some(email) = &self.email {
            check_email(&mut checks, "/email", &clean_email(email));
        }
        let message =
            "must be false, which clears the mark; a relay that refuses the address sets it";
        checks.require(self.address_refused != Some(true), "/address_refused", "value", message);
        checks.done()
    }
}

/// The address as it is kept and looked for.
pub fn clean_email(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

fn check_email(checks: &mut Checks, pointer: &str, email: &str) {
    let options = Options::default().without_domain_literal().without_display_text();
    let right = email.is_ascii()
        && email.len() <= MAX_EMAIL
        && !email.contains('"')
        && EmailAddress::parse_with_options(email, options).is_ok();
    checks.require(
        right,
        pointer,
        "format",
        "must be an e-mail address such as ratna@dinas.example",
    );
}

/// The role and grant of an administrator, or of the service itself where it is used from the command line.
pub(super) fn keeper(cx: &Context) -> Result<By, Error> {
    match cx.actor.user {
        Some(_) => cx.need_national(Role::Administrator).map(By::from),
        None => Ok(By { role: Role::System, grant: None }),
    }
}

/// A user whom the caller may see: to whom is no administrator, nobody is there.
pub(super) fn visible(tx: &mut AnyConnection, cx: &Context, id: UserId) -> Result<User, Error> {
    keeper(cx).map_err(|_| Error::NotFound)?;
    user::find(tx, id)?.ok_or(Error::NotFound)
}

/// Users in the order of their making.
pub fn list(
    sv: &Services,
    cx: &Context,
    after: Option<UserId>,
    limit: i64,
) -> Result<Page<view::User>, Error> {
    let subject = Subject::of(SubjectKind::Collection, "users");
    let by = reading::permitted(sv, cx, (reading::USER_READ, None), &subject, keeper(cx))?;
    let work = |tx: &mut AnyConnection| {
        let rows = user::list(tx, after, limit.saturating_add(1))?;
        let ids: Vec<UserId> = rows.iter().map(|row| row.id).collect();
        let grants = crate::storage::grant::of_many(tx, &ids)?;
        let page = Page::cut(
            rows,
            limit,
            |row| row.id.to_string(),
            |row| {
                let of_user = grants.iter().filter(|grant| grant.user_id == row.id).cloned();
                view::User::new(row.clone(), of_user)
            },
        );
        let ids: Vec<UserId> = page.items.iter().map(|user| user.id).collect();
        reading::record_ids(tx, cx, reading::USER_READ, ("users", ids), by)?;
        Ok::<_, Error>(page)
    };
    sv.db.write(reading::USER_READ, work, |_, _| Ok(()))
}

/// One user.
pub fn show(sv: &Services, cx: &Context, id: UserId) -> Result<view::User, Error> {
    let work = |tx: &mut AnyConnection| {
        let row = visible(tx, cx, id)?;
        if cx.actor.user != Some(id) {
            let read = (Some(keeper(cx)?), serde_json::json!({}));
            let subject = Subject::of(SubjectKind::User, id);
            reading::record(tx, cx, reading::USER_READ, &subject, read)?;
        }
        seen(tx, row)
    };
    sv.db.write(reading::USER_READ, work, |_, _| Ok(()))
}

/// Makes a user, who is invited by mail to set a password.
pub fn create(sv: &Services, cx: &Context, body: &Input<UserDraft>) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("user.create"),
        |_| Ok((Subject::of(SubjectKind::Collection, "users"), ())),
        |tx, _, ()| {
            let by = keeper(cx)?;
            let row = insert(tx, cx, by, body.get()?, None)?;
            let invitation = invitation::send(tx, cx, by, &row)?;
            let (version, location) = (row.version, format!("/api/v1/users/{}", row.id));
            let view = view::InvitedUser { user: seen(tx, row)?, invitation };
            Reply::created(&view, Some(version), location)
        },
    )
}

/// Changes a user's name, language or address, clears the mark of a refused address, or cuts the user off.
pub fn edit(
    sv: &Services,
    cx: &Context,
    id: UserId,
    body: &Input<UserChange>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::editing("user.edit"),
        |tx| {
            let row = visible(tx, cx, id)?;
            Ok((Subject::of(SubjectKind::User, id), row))
        },
        |tx, _, before| {
            let by = keeper(cx)?;
            if cx.if_match != Some(before.version) {
                return Err(Error::Stale);
            }
            let after = change(tx, cx, by, &before, body.get()?)?;
            let version = after.version;
            Reply::ok(&seen(tx, after)?, Some(version))
        },
    )
}

/// Changes a user within a transaction; what changes nothing leaves no trace.
pub(super) fn change(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    before: &User,
    change: &UserChange,
) -> Result<User, Error> {
    let disabled = change.disabled.unwrap_or(before.disabled_at.is_some());
    let email = change.email.as_deref().map_or_else(|| before.email.clone(), clean_email);
    let is_moved = email != before.email;
    let is_cleared = is_moved || change.address_refused == Some(false);
    let kept = before.address_refused_at.filter(|_| !is_cleared);
    let after = User {
        email,
        address_refused_at: kept,
        address_refused_reply: kept.and(before.address_refused_reply.clone()),
        name: change.name.as_deref().map_or_else(|| before.name.clone(), |n| n.trim().to_owned()),
        language: change.language.unwrap_or(before.language),
        disabled_at: if disabled { before.disabled_at.or(Some(cx.now)) } else { None },
        version: before.version + 1,
        ..before.clone()
    };
    let is_same = after.name == before.name
        && after.language == before.language
        && after.disabled_at == before.disabled_at
        && after.address_refused_at == before.address_refused_at
        && !is_moved;
    if is_same {
        return Ok(before.clone());
    }
    let is_cut_off = disabled && before.disabled_at.is_none();
    if is_cut_off {
        if cx.actor.user == Some(before.id) {
            let message = "You can't disable yourself; another administrator has to.";
            return Err(Error::refused("own_account", "/disabled", message));
        }
        grant::an_administrator_stays(tx, cx, "/disabled", |row| row.user_id == before.id)?;
    }
    if is_moved && user::by_email(tx, &after.email)?.is_some() {
        return Err(taken());
    }
    let replaced = user::replace(tx, &after).map_err(unless_taken)?;
    if replaced == 0 {
        return Err(Error::Stale);
    }
    if is_cut_off {
        token::revoke_others(tx, before.id, None, cx.now)?;
    }
    if is_cut_off || is_moved {
        crate::storage::invitation::redeem_all(tx, before.id, cx.now)?;
    }
    let data = json!({ "name_changed": before.name != after.name, "email_changed": is_moved });
    let (action, before) = ("user.edit", Some(before));
    record(tx, cx, Change { action, by: Some(by), before, after: &after, data, address: None })?;
    Ok(after)
}

/// Inserts a user with its grants.
pub(super) fn insert(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    draft: &UserDraft,
    password_hash: Option<String>,
) -> Result<User, Error> {
    let row = User {
        id: UserId::new(),
        email: clean_email(&draft.email),
        name: draft.name.trim().to_owned(),
        language: draft.language,
        password_hash,
        disabled_at: None,
        version: 1,
        created_at: cx.now,
        address_refused_at: None,
        address_refused_reply: None,
    };
    if user::by_email(tx, &row.email)?.is_some() {
        return Err(taken());
    }
    user::insert(tx, &row).map_err(unless_taken)?;
    let action = "user.create";
    let data = Value::Null;
    let change = Change { action, by: Some(by), before: None, after: &row, data, address: None };
    record(tx, cx, change)?;
    let mut held: Vec<GrantRow> = Vec::with_capacity(draft.grants.len());
    for (index, grant) in draft.grants.iter().enumerate() {
        let given = grant.row(row.id, cx.now);
        grant::check_against(tx, &held, &given, &format!("/grants/{index}"))?;
        grant::give(tx, cx, by, &row, &given)?;
        held.push(given);
    }
    Ok(row)
}

fn taken() -> Error {
    Error::invalid("/email", "taken", "there is a user with this e-mail address")
}

/// What a write failed with: where another transaction was quicker, the address is taken.
fn unless_taken(error: impl Into<DbError>) -> Error {
    match error.into() {
        DbError::Duplicate(_) => taken(),
        other => Error::Database(other),
    }
}

/// A user with the grants.
pub(super) fn seen(tx: &mut AnyConnection, row: User) -> Result<view::User, Error> {
    let grants = crate::storage::grant::of(tx, row.id)?;
    Ok(view::User::new(row, grants))
}

/// A user who is locked by this transaction, with the version raised.
pub(super) fn lock(tx: &mut AnyConnection, id: UserId) -> Result<User, Error> {
    if user::lock(tx, id)? == 0 {
        return Err(Error::NotFound);
    }
    user::find(tx, id)?.ok_or(Error::NotFound)
}

/// A change of a user, for the trail.
pub(super) struct Change<'a> {
    /// What was done.
    pub action: &'a str,
    /// By which role and grant; by the user themself when absent.
    pub by: Option<By>,
    /// Before; absent for a new user.
    pub before: Option<&'a User>,
    /// After.
    pub after: &'a User,
    /// What else there is to know.
    pub data: Value,
    /// From where, when it came with a password.
    pub address: Option<&'a str>,
}

/// Writes the event of a change, and the revision that it made.
pub(super) fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    change: Change<'_>,
) -> Result<EventId, Error> {
    let Change { action, by, before, after, data, address } = change;
    let event = EventId::new();
    let subject = Subject::of(SubjectKind::User, after.id);
    let content = json!({ "before": before.map(plain), "after": plain(after), "data": data });
    let mut personal = personal(after).to_vec();
    personal.extend(address.map(|address| ("address", address)));
    // What a relay says may name the address.
    let is_refused = before.is_some_and(|before| before.address_refused_at.is_none());
    let reply = after.address_refused_reply.as_deref().filter(|_| is_refused);
    personal.extend(reply.map(|reply| ("address_refused_reply", reply)));
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by, content, personal: &personal },
    )?;
    trail::revise(tx, event, SubjectKind::User, after.id, after.version, &plain(after))?;
    Ok(event)
}

/// What a revision shows of a user. The event that it names holds the commitments to name and address.
pub(super) fn plain(user: &User) -> Value {
    json!({
        "id": user.id,
        "language": user.language,
        "has_password": user.password_hash.is_some(),
        "disabled_at": user.disabled_at,
        "address_refused_at": user.address_refused_at,
        "version": user.version,
        "created_at": user.created_at,
    })
}

/// What stands beside the event of a change of a user.
pub(super) fn personal(user: &User) -> [(&str, &str); 2] {
    [("email", &user.email), ("name", &user.name)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_such_that_mail_can_be_sent_to() {
        let right = |email: &str| {
            let mut checks = Checks::default();
            check_email(&mut checks, "/email", &clean_email(email));
            checks.done().is_ok()
        };
        for email in ["ratna@dinas.example", " Ratna.Sari+dak@Dinas.GO.id ", "admin@localhost"] {
            assert!(right(email), "{email}");
        }
        let long = format!("{}@dinas.example", "a".repeat(250));
        for email in
            ["", "ratna", "ratna@", "@dinas.example", "Ratna <r@dinas.example>", "a b@x.example"]
                .into_iter()
                .chain(["\"a b\"@x.example", "r@[127.0.0.1]", "rätna@x.example", "r@x\0.example"])
                .chain([long.as_str(), "a@b.example\r\nBcc: c@d.example"])
        {
            assert!(!right(email), "{email:?}");
        }
    }
}
