//! Whether a message can still be sent to whom it was made for. Between its making and an attempt its recipient may be cut
//! off, lose the grant for which they are told, have the address refused, or get another one.

use crate::domain::ids::{MailId, NoticeId, UserId};
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeFacts;
use crate::domain::people::{Actor, Grant};
use crate::service::error::Error;
use crate::service::outbox::bounce;
use crate::storage::mail::Mail;
use crate::storage::notice::{self, Notice};
use crate::storage::user::{self, User};
use crate::storage::{AnyConnection, grant, mail};
use std::collections::HashMap;

/// What stands at a message whose code is worth nothing any more.
const CODE_ENDED: &str = "address changed, which ends the code that this brought";

/// What stands at a message about a proposal over which its recipient holds no role any more that is told of it.
const GRANT_ENDED: &str = "the recipient has no role any more that is told of this";

/// Whether a person is told of what happened to a proposal for no role any more, since a grant ended. What is about accounts, and
/// a digest, is told to one person whatever they hold; and facts that can be read no more, as they could when the message was
/// made, end none.
pub(in crate::service) fn is_lost(notice: &Notice, actor: &Actor) -> bool {
    let facts = serde_json::from_str::<NoticeFacts>(&notice.facts);
    notice.event.is_about_proposal() && facts.is_ok_and(|facts| facts.roles_of(actor).is_empty())
}

/// Why nothing is sent to a user, if so.
pub(super) fn hindrance(user: &User) -> Option<String> {
    let disabled = |since: Moment| format!("user disabled on {}", since.utc().format("%Y-%m-%d"));
    user.disabled_at.map(disabled).or_else(|| user.address_refused_at.map(bounce::given_up))
}

/// Of messages that were just leased those that can be sent, each to the address that its recipient has now. The others
/// end, with the reason.
///
/// Nothing of a message is kept but its text: its bytes are made anew at each attempt, and are the same as long as the
/// address is. One that follows its recipient was at most tried at an address that is theirs no more.
pub(super) fn follow(
    tx: &mut AnyConnection,
    rows: Vec<Mail>,
    now: Moment,
) -> Result<Vec<Mail>, Error> {
    let (users, actors) = (users_of(tx, &rows)?, actors_of(tx, &rows, now)?);
    let ids: Vec<NoticeId> = rows.iter().map(|row| row.notice_id).collect();
    let notices: HashMap<NoticeId, Notice> =
        notice::by_ids(tx, &ids)?.into_iter().map(|notice| (notice.id, notice)).collect();
    let mut kept = Vec::with_capacity(rows.len());
    let mut ended: HashMap<String, Vec<MailId>> = HashMap::new();
    let mut moved: HashMap<String, Vec<MailId>> = HashMap::new();
    for mut row in rows {
        let user = users.get(&row.user_id).ok_or(Error::NotFound)?;
        let is_moved = user.email != row.address;
        let ends = is_moved && row.secret.is_some();
        let notice = notices.get(&row.notice_id).ok_or(Error::NotFound)?;
        let actor = actors.get(&row.user_id).ok_or(Error::NotFound)?;
        let because = [(ends, CODE_ENDED), (is_lost(notice, actor), GRANT_ENDED)];
        let because = because.into_iter().find(|(is_so, _)| *is_so);
        if let Some(why) = hindrance(user).or(because.map(|(_, why)| why.to_owned())) {
            ended.entry(why).or_default().push(row.id);
            continue;
        }
        if is_moved {
            row.address.clone_from(&user.email);
            moved.entry(row.address.clone()).or_default().push(row.id);
        }
        kept.push(row);
    }
    for (why, ids) in &ended {
        mail::end(tx, ids, why)?;
    }
    for (address, ids) in &moved {
        mail::readdress(tx, ids, address)?;
    }
    Ok(kept)
}

/// Ends those of messages that wait again whose recipients can't be reached any more; which.
pub(super) fn end_unreachable(
    tx: &mut AnyConnection,
    rows: &[&Mail],
) -> Result<Vec<MailId>, Error> {
    let ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let mut why_not: HashMap<UserId, String> = HashMap::new();
    for user in user::by_ids(tx, &ids)? {
        if let Some(why) = hindrance(&user) {
            why_not.insert(user.id, why);
        }
    }
    let mut ended: HashMap<&str, Vec<MailId>> = HashMap::new();
    for row in rows {
        if let Some(why) = why_not.get(&row.user_id) {
            ended.entry(why).or_default().push(row.id);
        }
    }
    for (why, ids) in &ended {
        mail::end(tx, ids, why)?;
    }
    Ok(ended.into_values().flatten().collect())
}

/// The recipients of some messages, with the grants that they hold now.
pub(in crate::service) fn actors_of(
    tx: &mut AnyConnection,
    rows: &[Mail],
    now: Moment,
) -> Result<HashMap<UserId, Actor>, Error> {
    let ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    let nobody = |id: &UserId| Actor { user: Some(*id), name: String::new(), grants: Vec::new() };
    let mut actors: HashMap<UserId, Actor> = ids.iter().map(|id| (*id, nobody(id))).collect();
    for row in grant::of_many(tx, &ids)? {
        let user = row.user_id;
        let grant = Grant::from(row);
        if let Some(actor) = actors.get_mut(&user).filter(|_| grant.holds_at(now)) {
            actor.grants.push(grant);
        }
    }
    Ok(actors)
}

fn users_of(tx: &mut AnyConnection, rows: &[Mail]) -> Result<HashMap<UserId, User>, Error> {
    let ids: Vec<UserId> = rows.iter().map(|row| row.user_id).collect();
    Ok(user::by_ids(tx, &ids)?.into_iter().map(|user| (user.id, user)).collect())
}
