//! What a use-case can fail with. Nothing here knows HTTP; each variant has a stable code.

use crate::domain::refusal::{Blocker, FieldError, Refusal};
pub use crate::service::store::StoreError;
pub use crate::storage::DbError;
use crate::storage::Failure;

/// Why a token does not hold. Only whoever shows the token itself is told that there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// There is none like it.
    Unknown,
    /// Its time is over.
    Expired,
    /// It was ended: by signing out, by a new password, by its owner, or since the user was disabled.
    Revoked,
}

impl TokenFault {
    /// What is said of it, and what to do.
    pub const fn words(self) -> &'static str {
        match self {
            TokenFault::Unknown => "the token is not known; sign in first",
            TokenFault::Expired => "the token has expired; sign in again, or make a new one",
            TokenFault::Revoked => "the token was ended; sign in again, or make a new one",
        }
    }
}

/// Why a use-case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in, or not with what was shown.
    #[error("sign in first")]
    Unauthenticated(&'static str),
    /// Address and password do not belong together; which of them is wrong is told to nobody.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// A token was shown that does not hold.
    #[error("{}", .0.words())]
    InvalidToken(TokenFault),
    /// Not there, or not for the caller to know.
    #[error("there is nothing here under this name that you may see")]
    NotFound,
    /// Visible, but not for this person to do.
    #[error("{}", .0.detail)]
    Forbidden(Refusal),
    /// The version that the change is meant for is not named.
    #[error("name the version that you have seen in If-Match (its ETag)")]
    VersionRequired,
    /// A key is needed, so that a retry does not act twice.
    #[error("send an Idempotency-Key of your choice, so that a retry does not act twice")]
    KeyRequired,
    /// The key was used for another request.
    #[error("this Idempotency-Key was used for another request; choose a new one")]
    KeyReused,
    /// The version was changed meanwhile.
    #[error("it was changed meanwhile; read it again, then decide")]
    Stale,
    /// What the caller sent can't be read in one way.
    #[error("{}", summary(.0))]
    Malformed(Vec<FieldError>),
    /// Values that can't be taken.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// The machine refuses; everything that stands in the way.
    #[error("{}", .0.detail)]
    Refused(Refusal),
    /// Too many attempts.
    #[error("too many attempts; wait {0} seconds")]
    Throttled(i64),
    /// Too much work at once.
    #[error("the service is busy; try again in a moment")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// The store of documents failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect: what was kept can't be read back.
    #[error("{0}")]
    Defect(String),
}

fn summary(errors: &[FieldError]) -> String {
    match errors {
        [one] => format!("{}: {}", one.pointer, one.message),
        several => format!("{} values can't be taken", several.len()),
    }
}

impl Error {
    /// A single value that can't be taken.
    pub fn invalid(pointer: &str, code: &str, message: impl Into<String>) -> Error {
        Error::Invalid(vec![FieldError::new(pointer, code, message)])
    }

    /// A single reason of the machine.
    pub fn refused(code: &str, pointer: &str, message: impl Into<String>) -> Error {
        Error::Refused(Refusal::of(Blocker::new(code, pointer, message)))
    }

    /// A single reason why this person may not.
    pub fn forbidden(code: &str, message: impl Into<String>) -> Error {
        Error::Forbidden(Refusal::of(Blocker::new(code, "", message)))
    }
}

impl From<crate::storage::QueryError> for Error {
    fn from(error: crate::storage::QueryError) -> Self {
        Error::Database(error.into())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Defect(error.to_string())
    }
}

impl Failure for Error {
    fn leaves_a_trace(&self) -> bool {
        matches!(self, Error::Forbidden(_) | Error::Refused(_))
    }

    fn database(&self) -> Option<&DbError> {
        match self {
            Error::Database(error) => Some(error),
            _ => None,
        }
    }
}
