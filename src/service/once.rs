//! One write, once: find, replay or claim the key, work, record, answer; all in one transaction.

use crate::domain::ids::UserId;
use crate::domain::people::TokenScope;
use crate::service::Services;
use crate::service::context::{Context, Reply, read_only};
use crate::service::error::Error;
use crate::service::trail::{self, Subject};
use crate::storage::{AnyConnection, idempotency};
use std::cell::RefCell;

/// What a write asks of its request.
#[derive(Debug, Clone, Copy)]
pub struct Write {
    /// The name of the transaction, and of its event when it is refused.
    pub name: &'static str,
    /// Whether it needs `Idempotency-Key`.
    pub needs_key: bool,
    /// Whether it needs `If-Match`.
    pub needs_version: bool,
    /// Whether the answer is kept with the key.
    pub keeps_answer: bool,
    /// Which of several actions it is, where one transaction serves them all.
    pub tried: Option<&'static str>,
}

impl Write {
    const fn of(name: &'static str, needs_key: bool, needs_version: bool) -> Write {
        Write { name, needs_key, needs_version, keeps_answer: true, tried: None }
    }

    /// Adds something; a key is taken when it is sent.
    pub const fn adding(name: &'static str) -> Write {
        Write::of(name, false, false)
    }

    /// Adds something whose answer holds a secret: that is not kept, so a key means nothing here.
    pub const fn secret(name: &'static str) -> Write {
        Write { keeps_answer: false, ..Write::of(name, false, false) }
    }

    /// Adds something that moves state or money.
    pub const fn moving(name: &'static str) -> Write {
        Write::of(name, true, false)
    }

    /// Changes what the caller has seen.
    pub const fn editing(name: &'static str) -> Write {
        Write::of(name, false, true)
    }

    /// Changes what the caller has seen, and moves state or money.
    pub const fn acting(name: &'static str) -> Write {
        Write::of(name, true, true)
    }

    /// The same, trying one of several actions.
    pub const fn trying(self, action: Option<&'static str>) -> Write {
        Write { tried: action, ..self }
    }
}

impl Services {
    /// Runs a write in the order that the API promises: 404 (`find`), 428 and missing key, replay, then `work` with
    /// 403 (a token for reading changes nothing, whoever holds it), 412, 422 and 409. A refusal undoes the work and
    /// leaves its event.
    pub fn once<L>(
        &self,
        cx: &Context,
        write: Write,
        find: impl Fn(&mut AnyConnection) -> Result<(Subject, L), Error>,
        work: impl Fn(&mut AnyConnection, &Subject, L) -> Result<Reply, Error>,
    ) -> Result<Reply, Error> {
        let seen: RefCell<Option<Subject>> = RefCell::new(None);
        self.db.write(
            write.name,
            |tx| {
                let (subject, found) = find(tx)?;
                seen.replace(Some(subject.clone()));
                if write.needs_version && cx.if_match.is_none() {
                    return Err(Error::VersionRequired);
                }
                if write.needs_key && cx.key.is_none() {
                    return Err(Error::KeyRequired);
                }
                let claim = match (cx.actor.user, cx.key.as_deref()) {
                    (Some(user), Some(key)) if write.keeps_answer => Some((user, key)),
                    _ => None,
                };
                if let Some((user, key)) = claim
                    && let Some(reply) = replay(tx, cx, user, key)?
                {
                    return Ok(reply);
                }
                match cx.scope {
                    TokenScope::Full => {}
                    TokenScope::Read => return Err(read_only()),
                }
                let reply = work(tx, &subject, found)?;
                if let Some((user, key)) = claim {
                    let etag = reply.version.map(|version| version.to_string());
                    let answer = (
                        i64::from(reply.status),
                        etag.as_deref(),
                        reply.location.as_deref(),
                        reply.body.as_str(),
                    );
                    idempotency::answer(tx, user, key, answer)?;
                }
                Ok(reply)
            },
            |tx, error| match &*seen.borrow() {
                Some(subject) => trail::refused(tx, cx, &write, subject, error),
                None => Ok(()),
            },
        )
    }
}

/// The answer that was given under this key, if there was one; else the key is claimed now.
fn replay(
    tx: &mut AnyConnection,
    cx: &Context,
    user: UserId,
    key: &str,
) -> Result<Option<Reply>, Error> {
    if idempotency::claim(tx, user, key, &cx.fingerprint, cx.now)? {
        return Ok(None);
    }
    let kept = idempotency::find(tx, user, key)?
        .ok_or_else(|| Error::Defect("a key was claimed and is not there".to_owned()))?;
    if kept.fingerprint != cx.fingerprint {
        return Err(Error::KeyReused);
    }
    let (Some(status), Some(body)) = (kept.status, kept.body) else {
        return Err(Error::Defect("a key was committed without its answer".to_owned()));
    };
    Ok(Some(Reply {
        status: u16::try_from(status)
            .map_err(|_| Error::Defect(format!("kept status {status}")))?,
        version: kept.etag.and_then(|etag| etag.parse().ok()),
        location: kept.location,
        body,
        replayed: true,
    }))
}
