//! What answers about people look like.

use crate::domain::ids::{GrantId, RegionCode, TokenId, UserId};
use crate::domain::moment::Moment;
use crate::domain::people::{Language, Role, TokenScope};
use crate::service::secret::Secret;
use crate::storage::grant::GrantRow;
use crate::storage::{token, user};
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// A role in a scope, for a time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// What may be done.
    pub role: Role,
    /// Where; the nation when absent.
    pub region_code: Option<RegionCode>,
    /// A reviewer's commodity group, when limited to one.
    pub commodity: Option<String>,
    /// First day.
    pub valid_from: NaiveDate,
    /// Last day; without end when absent.
    pub valid_until: Option<NaiveDate>,
    /// The decree that gives it.
    pub decree: Option<String>,
    /// When it was given.
    pub created_at: Moment,
}

impl From<GrantRow> for Grant {
    fn from(row: GrantRow) -> Self {
        Grant {
            id: row.id,
            role: row.role,
            region_code: row.region_code,
            commodity: row.commodity,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            decree: row.decree,
            created_at: row.created_at,
        }
    }
}

/// A user, as an administrator sees it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Lower-case e-mail address.
    #[schema(example = "ratna@dinas.example")]
    pub email: String,
    /// Full name.
    pub name: String,
    /// Of the mail.
    pub language: Language,
    /// Whether a password was set; until then there is an invitation to redeem.
    pub has_password: bool,
    /// Since when the user is cut off.
    pub disabled_at: Option<Moment>,
    /// Since when a relay refuses the address for good. No mail is sent there until the address is changed, or
    /// `address_refused` is set to `false`.
    pub address_refused_at: Option<Moment>,
    /// What the relay said.
    #[schema(example = "550 5.1.1 no such mailbox")]
    pub address_refused_reply: Option<String>,
    /// The grants that are not revoked, also those that do not hold yet or any more.
    pub grants: Vec<Grant>,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Moment,
}

impl User {
    /// The view of a user with the grants.
    pub fn new(row: user::User, grants: impl IntoIterator<Item = GrantRow>) -> Self {
        User {
            id: row.id,
            email: row.email,
            name: row.name,
            language: row.language,
            has_password: row.password_hash.is_some(),
            disabled_at: row.disabled_at,
            address_refused_at: row.address_refused_at,
            address_refused_reply: row.address_refused_reply,
            grants: grants.into_iter().map(Grant::from).collect(),
            version: row.version,
            created_at: row.created_at,
        }
    }
}

/// That an invitation to set a password was sent. Its code goes to the owner's address alone: no answer holds it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SentInvitation {
    /// The owner's address.
    #[schema(example = "ratna@dinas.example")]
    pub sent_to: String,
    /// Until when it can be redeemed.
    pub expires_at: Moment,
}

/// An invitation with its code, as the command line prints it, once: for whoever runs the service.
#[derive(Debug, Clone, PartialEq)]
pub struct Invitation {
    /// For `POST /invitations/{code}`; only its hash is kept.
    pub code: Secret,
    /// Until when it can be redeemed.
    pub expires_at: Moment,
}

/// A new user with an invitation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InvitedUser {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// The invitation, whose code is on its way by mail.
    pub invitation: SentInvitation,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Me {
    /// Your id.
    pub id: UserId,
    /// Lower-case e-mail address.
    pub email: String,
    /// Full name.
    pub name: String,
    /// Of the mail.
    pub language: Language,
    /// What the token that you showed may be used for.
    pub scope: TokenScope,
    /// Since when mail to your address is refused, so that none is sent: ask an administrator to change it. Messages are
    /// kept under `/notifications`.
    pub address_refused_at: Option<Moment>,
    /// The grants that hold now.
    pub grants: Vec<Grant>,
}

impl Me {
    /// The view of a user with the grants that hold now.
    pub fn new(
        row: user::User,
        scope: TokenScope,
        grants: impl IntoIterator<Item = GrantRow>,
    ) -> Self {
        Me {
            id: row.id,
            email: row.email,
            name: row.name,
            language: row.language,
            scope,
            address_refused_at: row.address_refused_at,
            grants: grants.into_iter().map(Grant::from).collect(),
        }
    }
}

/// A session: who signed in, with the token to show.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Session {
    /// For `Authorization: Bearer`; shown once, only its hash is kept.
    pub token: Secret,
    /// Until when it holds.
    pub expires_at: Moment,
    /// Who signed in.
    pub user: Me,
}

/// Who redeemed an invitation, and may sign in now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Redeemed {
    /// The user's id.
    pub id: UserId,
    /// The e-mail address to sign in with.
    pub email: String,
    /// Full name.
    pub name: String,
}

impl From<user::User> for Redeemed {
    fn from(row: user::User) -> Self {
        Redeemed { id: row.id, email: row.email, name: row.name }
    }
}

/// A personal token, for a program.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PersonalToken {
    /// Its id.
    pub id: TokenId,
    /// What its owner calls it.
    pub label: String,
    /// What it may be used for.
    pub scope: TokenScope,
    /// Until when it holds.
    pub expires_at: Moment,
    /// When it was made.
    pub created_at: Moment,
}

impl From<token::Token> for PersonalToken {
    fn from(row: token::Token) -> Self {
        PersonalToken {
            id: row.id,
            label: row.label,
            scope: row.scope,
            expires_at: row.expires_at,
            created_at: row.created_at,
        }
    }
}

/// A new personal token with its secret.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NewPersonalToken {
    /// What will be listed.
    #[serde(flatten)]
    pub info: PersonalToken,
    /// For `Authorization: Bearer`; shown once, only its hash is kept.
    pub token: Secret,
}
