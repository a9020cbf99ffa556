//! What a database can fail with, told apart in one place.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// A failure of the database, by what can be done about it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Another transaction was in the way; the whole is tried again.
    #[error("another transaction was in the way: {0}")]
    Conflict(String),
    /// A unique value exists already.
    #[error("duplicate value: {0}")]
    Duplicate(String),
    /// A lock or a connection was not to be had in time.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// No space is left for writing.
    #[error("no space is left: {0}")]
    Full(String),
    /// The database can't be reached; nothing was committed.
    #[error("the database can't be reached: {0}")]
    Unavailable(String),
    /// The connection was lost while committing: it may have been committed, or not.
    #[error("it is not known whether the transaction was committed: {0}")]
    OutcomeUnknown(String),
    /// The storage under the database fails, or its file is damaged.
    #[error("the storage of the database fails: {0}")]
    Damaged(String),
    /// Anything else: a defect.
    #[error(transparent)]
    Other(Diesel),
}

impl From<Diesel> for DbError {
    fn from(error: Diesel) -> Self {
        classify(error)
    }
}

/// Deadlock, lock timeout, busy and full all come as `Unknown`, so that the server's words have to be read.
fn classify(error: Diesel) -> DbError {
    match error {
        Diesel::DatabaseError(kind, information) => {
            let message = information.message().to_owned();
            match kind {
                DatabaseErrorKind::SerializationFailure => DbError::Conflict(message),
                DatabaseErrorKind::UniqueViolation => {
                    DbError::Duplicate(information.constraint_name().map_or(message, str::to_owned))
                }
                // Read-only is what a server is that is no longer the primary.
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction => DbError::Unavailable(message),
                _ => match by_words(&message) {
                    Some(make) => make(message),
                    None => DbError::Other(Diesel::DatabaseError(kind, information)),
                },
            }
        }
        Diesel::BrokenTransactionManager => {
            DbError::Unavailable("the connection was left in a broken state".to_owned())
        }
        // What was hidden behind a failed rollback is the reason.
        Diesel::RollbackErrorOnCommit { commit_error, .. } => classify(*commit_error),
        other => DbError::Other(other),
    }
}

type Make = fn(String) -> DbError;

/// How a message begins and how it ends. Never what it contains: what it quotes may be anybody's words.
const WORDS: &[(&str, &str, Make)] = &[
    ("deadlock detected", "", DbError::Conflict),
    ("could not serialize access", "", DbError::Conflict),
    ("database is locked", "", DbError::Busy),
    ("database table is locked", "", DbError::Busy),
    ("database schema is locked", "", DbError::Busy),
    ("locking protocol", "", DbError::Busy),
    ("canceling statement due to lock timeout", "", DbError::Busy),
    ("canceling statement due to statement timeout", "", DbError::Busy),
    ("sorry, too many clients", "", DbError::Busy),
    ("too many connections", "", DbError::Busy),
    ("remaining connection slots", "", DbError::Busy),
    ("database or disk is full", "", DbError::Full),
    ("could not ", "No space left on device", DbError::Full),
    ("disk I/O error", "", DbError::Damaged),
    ("database disk image is malformed", "", DbError::Damaged),
    ("malformed database schema", "", DbError::Damaged),
    ("file is not a database", "", DbError::Damaged),
    ("terminating connection", "", DbError::Unavailable),
    ("server closed the connection", "", DbError::Unavailable),
    ("connection to server", "", DbError::Unavailable),
    ("could not receive data from server", "", DbError::Unavailable),
    ("could not send data to server", "", DbError::Unavailable),
    ("no connection to the server", "", DbError::Unavailable),
    ("SSL connection has been closed", "", DbError::Unavailable),
    ("SSL SYSCALL error", "", DbError::Unavailable),
    ("the database system is", "", DbError::Unavailable),
];

fn by_words(message: &str) -> Option<Make> {
    WORDS
        .iter()
        .find(|(first, last, _)| message.starts_with(first) && message.trim_end().ends_with(last))
        .map(|(_, _, make)| *make)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> DbError {
        classify(Diesel::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned())))
    }

    #[test]
    fn the_servers_words_are_understood() {
        assert!(matches!(said("deadlock detected"), DbError::Conflict(_)));
        assert!(matches!(said("canceling statement due to lock timeout"), DbError::Busy(_)));
        assert!(matches!(said("database or disk is full"), DbError::Full(_)));
        assert!(matches!(
            said("could not extend file \"base/1\": No space left on device"),
            DbError::Full(_)
        ));
        assert!(matches!(said("disk I/O error"), DbError::Damaged(_)));
        assert!(matches!(
            said("terminating connection due to administrator command"),
            DbError::Unavailable(_)
        ));
        assert!(matches!(said("database disk image is malformed"), DbError::Damaged(_)));
        assert!(matches!(said("something new"), DbError::Other(_)));
    }

    #[test]
    fn words_that_only_look_like_the_servers_are_not_believed() {
        assert!(matches!(said("malformed JSON"), DbError::Other(_)));
        assert!(matches!(said("no such column: disk I/O error"), DbError::Other(_)));
        assert!(matches!(
            said("invalid input syntax for type bigint: \"deadlock detected\""),
            DbError::Other(_)
        ));
    }
}
