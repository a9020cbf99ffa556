//! Addresses at which there is nobody: marked when a relay says so, so that no more mail is sent there until an
//! administrator changes the address or clears the mark.

use crate::domain::ids::UserId;
use crate::domain::moment::Moment;
use crate::domain::people::Role;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::user::{Change, record};
use crate::storage::user::{self, User};
use crate::storage::{AnyConnection, mail};
use serde_json::json;

/// How often a user is looked at again whom somebody else is changing.
const TRIES: usize = 3;

/// What stands at a message that is given up since its address is refused.
pub(super) fn given_up(since: Moment) -> String {
    format!("address refused on {}", since.utc().format("%Y-%m-%d"))
}

/// Marks the address of a user, unless it is another one by now or marked already, and gives up what waits for it.
pub(super) fn mark(
    tx: &mut AnyConnection,
    id: UserId,
    address: &str,
    reply: &str,
    now: Moment,
) -> Result<(), Error> {
    for _ in 0..TRIES {
        let is_news = |user: &User| user.email == address && user.address_refused_at.is_none();
        let Some(before) = user::find(tx, id)?.filter(is_news) else { return Ok(()) };
        let after = User {
            address_refused_at: Some(now),
            address_refused_reply: Some(reply.to_owned()),
            version: before.version + 1,
            ..before.clone()
        };
        if user::replace(tx, &after)? == 1 {
            return stop(tx, &before, &after, now);
        }
    }
    // Whoever changes this user is at it; the next message will be refused too.
    Ok(())
}

/// Gives up what waits for an address that was just marked, and writes down that it was.
fn stop(tx: &mut AnyConnection, before: &User, after: &User, now: Moment) -> Result<(), Error> {
    let stopped = mail::give_up(tx, after.id, &after.email, now, &given_up(now))?;
    let cx = Context::system(now);
    let change = Change {
        action: "user.address_refused",
        by: Some(By { role: Role::System, grant: None }),
        before: Some(before),
        after,
        data: json!({ "messages_given_up": stopped }),
        address: None,
    };
    record(tx, &cx, change)?;
    Ok(())
}
