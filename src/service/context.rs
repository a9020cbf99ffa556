//! Who asks, when, and under which headers; and what is answered.

use crate::domain::ids::{GrantId, RegionCode, TokenId};
use crate::domain::moment::Moment;
use crate::domain::people::{Actor, Grant, Language, Place, Role, TokenScope};
use crate::domain::refusal::FieldError;
use crate::service::error::Error;
use serde::Serialize;

/// What a use-case knows of its request.
#[derive(Debug, Clone)]
pub struct Context {
    /// Now; the same for everything that one request does.
    pub now: Moment,
    /// Who asks.
    pub actor: Actor,
    /// The actor's e-mail address.
    pub email: String,
    /// The actor's language.
    pub language: Language,
    /// The token that was shown.
    pub token: Option<TokenId>,
    /// What that token may be used for.
    pub scope: TokenScope,
    /// Named in logs, answers and events.
    pub request_id: String,
    /// `Idempotency-Key`.
    pub key: Option<String>,
    /// SHA-256 of method, path and body.
    pub fingerprint: String,
    /// `If-Match`.
    pub if_match: Option<i64>,
}

impl Context {
    /// The service itself, when a deadline passes.
    pub fn system(now: Moment) -> Self {
        Self {
            now,
            actor: Actor::system(),
            email: String::new(),
            language: Language::Id,
            token: None,
            scope: TokenScope::Full,
            request_id: format!("system-{}", uuid::Uuid::now_v7()),
            key: None,
            fingerprint: String::new(),
            if_match: None,
        }
    }

    /// The grant by which the actor has a role over a place; else a refusal that names the role.
    pub fn need_over(&self, role: Role, place: Place<'_>) -> Result<&Grant, Error> {
        self.actor.grant_over(role, place).ok_or_else(|| missing(&[role]))
    }

    /// The grant by which the actor has a role in a region.
    pub fn need_in(&self, role: Role, region: &RegionCode) -> Result<&Grant, Error> {
        self.actor.grant_in(role, region).ok_or_else(|| missing(&[role]))
    }

    /// The grant by which the actor has a role nationally.
    pub fn need_national(&self, role: Role) -> Result<&Grant, Error> {
        self.actor.national(role).ok_or_else(|| missing(&[role]))
    }
}

/// The refusal for a change by a token that is for reading.
pub fn read_only() -> Error {
    Error::forbidden("token_scope", "This token is for reading only; sign in, or use a full one.")
}

/// The refusal for a role that the actor does not hold here.
pub fn missing(roles: &[Role]) -> Error {
    let names = roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" or ");
    Error::forbidden("role_missing", format!("This takes the role {names} over this region, now."))
}

/// Refuses an actor who holds none of some roles, and names each once.
pub fn needed(
    roles: impl Iterator<Item = Role>,
    holds: impl Fn(Role) -> bool,
) -> Result<(), Error> {
    let mut asked: Vec<Role> = Vec::new();
    for role in roles {
        if holds(role) {
            return Ok(());
        }
        if !asked.contains(&role) {
            asked.push(role);
        }
    }
    Err(missing(&asked))
}

/// The role and grant that an event names.
#[derive(Debug, Clone, Copy)]
pub struct By {
    /// The role.
    pub role: Role,
    /// The grant.
    pub grant: Option<GrantId>,
}

impl From<&Grant> for By {
    fn from(grant: &Grant) -> Self {
        By { role: grant.role, grant: Some(grant.id) }
    }
}

/// A request's body: what was understood, or everything that was not. Looked at when it is its turn, after rights and
/// versions.
#[derive(Debug, Clone)]
pub struct Input<T>(pub Result<T, Vec<FieldError>>);

impl<T> Input<T> {
    /// The values, or what is wrong with them.
    pub fn get(&self) -> Result<&T, Error> {
        self.0.as_ref().map_err(|errors| Error::Invalid(errors.clone()))
    }
}

/// What is answered to a write; kept with its key, so that a retry gets the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 200, 201 or 204.
    pub status: u16,
    /// The version, for `ETag`.
    pub version: Option<i64>,
    /// `Location` of what was made.
    pub location: Option<String>,
    /// JSON.
    pub body: String,
    /// Whether it was answered before.
    pub replayed: bool,
}

impl Reply {
    /// Done; this is how it looks now.
    pub fn ok(body: &impl Serialize, version: Option<i64>) -> Result<Reply, Error> {
        Ok(Reply {
            status: 200,
            version,
            location: None,
            body: serde_json::to_string(body)?,
            replayed: false,
        })
    }

    /// Made, and found there.
    pub fn created(
        body: &impl Serialize,
        version: Option<i64>,
        location: String,
    ) -> Result<Reply, Error> {
        Ok(Reply { status: 201, location: Some(location), ..Reply::ok(body, version)? })
    }

    /// Done; nothing to show.
    pub fn nothing() -> Reply {
        Reply { status: 204, version: None, location: None, body: String::new(), replayed: false }
    }
}
