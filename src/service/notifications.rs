//! Messages as people ask for them: their own, and the whole outbox for administrators.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, MailId, NoticeId, ProposalId, UserId};
use crate::domain::mail::MailState;
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeEvent;
use crate::domain::people::Role;
use crate::service::context::{By, Context, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::outbox::{self, Waiting, reach};
use crate::service::plan::need_version;
use crate::service::trail::{self, Event, Subject};
use crate::service::user::clean_email;
use crate::service::view::Page;
use crate::service::view::mail as view;
use crate::service::{Services, reading};
use crate::storage::AnyConnection;
use crate::storage::mail::{self, Mail};
use crate::storage::notice::{self, Notice};
use crate::storage::outbox::{self as rows, Filter};
use crate::storage::user;
use serde_json::json;
use std::collections::HashMap;

/// The caller's own messages, the newest first.
pub fn list(
    sv: &Services,
    cx: &Context,
    before: Option<MailId>,
    limit: i64,
) -> Result<Page<view::Notification>, Error> {
    let user = cx.actor.user.ok_or(Error::Unauthenticated("no user"))?;
    sv.db.read(|tx| {
        let filter = Filter { user: Some(user), ..Filter::default() };
        let rows = rows::list(tx, &filter, before, limit.saturating_add(1))?;
        let notices = notices(tx, &rows)?;
        let item = |row: Mail| -> Result<view::Notification, Error> {
            let notice = of(&notices, &row)?;
            let withheld = !reached(&row) && reach::is_lost(notice, &cx.actor);
            Ok(view::Notification::new(row, notice, withheld))
        };
        let items = rows.into_iter().map(item).collect::<Result<Vec<_>, Error>>()?;
        Ok(Page::cut(items, limit, |item| item.id.to_string(), |item| item))
    })
}

/// Whether what a message says went to its recipient, by itself or in a digest.
fn reached(row: &Mail) -> bool {
    row.sent_at.is_some() || row.collected_in.is_some()
}

/// Which messages of the outbox; what is absent leaves nothing out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Which {
    /// Standing in this state.
    pub state: Option<MailState>,
    /// To this user.
    pub user: Option<UserId>,
    /// To this address, in any case.
    pub address: Option<String>,
    /// About this proposal.
    pub proposal: Option<ProposalId>,
    /// Telling of this.
    pub event: Option<NoticeEvent>,
    /// Made at this moment or later.
    pub since: Option<Moment>,
}

impl From<Which> for Filter {
    fn from(which: Which) -> Filter {
        let Which { state, user, address, proposal, event, since } = which;
        let address = address.map(|address| clean_email(&address));
        Filter { state, user, address, proposal, event, since }
    }
}

/// Every message, the newest first, as far as it is asked for. For administrators.
pub fn list_outbox(
    sv: &Services,
    cx: &Context,
    which: Which,
    before: Option<MailId>,
    limit: i64,
) -> Result<Page<view::OutboxItem>, Error> {
    let subject = Subject::of(SubjectKind::Collection, "outbox");
    let right = cx.need_national(Role::Administrator).map(By::from);
    let by = reading::permitted(sv, cx, (reading::MAIL_READ, None), &subject, right)?;
    let filter = Filter::from(which);
    let work = |tx: &mut AnyConnection| {
        let rows = rows::list(tx, &filter, before, limit.saturating_add(1))?;
        let items = items(tx, rows)?;
        let page = Page::cut(items, limit, |item| item.id.to_string(), |item| item);
        let ids: Vec<MailId> = page.items.iter().map(|item| item.id).collect();
        reading::record_ids(tx, cx, reading::MAIL_READ, ("outbox", ids), by)?;
        Ok::<_, Error>(page)
    };
    sv.db.write(reading::MAIL_READ, work, |_, _| Ok(()))
}

/// One message with its attempts. For administrators.
pub fn show(sv: &Services, cx: &Context, id: MailId) -> Result<view::OutboxItem, Error> {
    let by = By::from(cx.need_national(Role::Administrator).map_err(|_| Error::NotFound)?);
    let work = |tx: &mut AnyConnection| {
        let row = mail::find(tx, id)?.ok_or(Error::NotFound)?;
        let read = (Some(by), json!({ "user_id": row.user_id }));
        reading::record(tx, cx, reading::MAIL_READ, &Subject::of(SubjectKind::Mail, id), read)?;
        items(tx, vec![row])?.pop().ok_or(Error::NotFound)
    };
    sv.db.write(reading::MAIL_READ, work, |_, _| Ok(()))
}

/// What waits, and what does not go out. For administrators.
pub fn summary(sv: &Services, cx: &Context) -> Result<Waiting, Error> {
    cx.need_national(Role::Administrator)?;
    outbox::waiting(sv)
}

/// Queues a message again that was given up, or that its recipient did not get. For administrators.
pub fn resend(sv: &Services, cx: &Context, id: MailId) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::acting("mail.resend"),
        |tx| {
            let row = mail::find(tx, id)?.ok_or(Error::NotFound)?;
            let own = cx.actor.user == Some(row.user_id);
            if !own && cx.actor.national(Role::Administrator).is_none() {
                return Err(Error::NotFound);
            }
            Ok((Subject::of(SubjectKind::Mail, id), row))
        },
        |tx, subject, row| {
            let by = By::from(cx.need_national(Role::Administrator)?);
            need_version(cx, row.version)?;
            match row.state {
                MailState::Dead | MailState::Sent => {}
                MailState::Queued => {
                    let message = "The message is queued already; it is sent when it is its turn.";
                    return Err(Error::refused("mail_state", "/state", message));
                }
                MailState::Digest => {
                    let message = "The message waits for its recipient's daily digest, as they chose.";
                    return Err(Error::refused("mail_state", "/state", message));
                }
                MailState::Collected => {
                    let message = "The message was told in a digest (collected_in); send that again.";
                    return Err(Error::refused("mail_state", "/state", message));
                }
                MailState::Muted => {
                    let message = "Its recipient does not want to be mailed of this kind; they see it in their \
                                   notifications.";
                    return Err(Error::refused("mail_state", "/state", message));
                }
            }
            let notices = notices(tx, std::slice::from_ref(&row))?;
            let notice = of(&notices, &row)?;
            if notice.event.brings_code() {
                let message = "This message brought a code, which is erased once it has gone out or is given up; invite \
                    the user again instead.";
                return Err(Error::refused("code_erased", "/id", message));
            }
            let address = reachable(tx, &row)?;
            let actors = reach::actors_of(tx, std::slice::from_ref(&row), cx.now)?;
            if reach::is_lost(notice, actors.get(&row.user_id).ok_or(Error::NotFound)?) {
                let message = "The recipient holds no role over the proposal any more that is told of this; see the grants \
                    of the user.";
                return Err(Error::refused("grant_ended", "/user_id", message));
            }
            if mail::requeue(tx, id, row.version, &address, cx.now)? == 0 {
                return Err(Error::Stale);
            }
            let after = mail::find(tx, id)?.ok_or(Error::NotFound)?;
            let content = json!({
                "before": { "state": row.state, "attempts": row.attempts },
                "after": { "state": after.state, "attempts": after.attempts },
            });
            let event = Event {
                id: EventId::new(),
                action: "mail.resend",
                subject,
                by: Some(by),
                content,
                personal: &[],
            };
            trail::done(tx, cx, event)?;
            let version = after.version;
            let item = items(tx, vec![after])?.pop().ok_or(Error::NotFound)?;
            Reply::ok(&item, Some(version))
        },
    )
}

/// The address that a message's recipient has now, unless it is refused.
fn reachable(tx: &mut AnyConnection, row: &Mail) -> Result<String, Error> {
    let user = user::find(tx, row.user_id)?.ok_or(Error::NotFound)?;
    if user.address_refused_at.is_some() {
        let message = "The relay refuses the recipient's address; change it, or clear the mark by address_refused: false, \
            at the user first.";
        return Err(Error::refused("address_refused", "/address", message));
    }
    if user.disabled_at.is_some() {
        let message = "The recipient is disabled, and gets no mail; see disabled at the user.";
        return Err(Error::refused("user_disabled", "/user_id", message));
    }
    Ok(user.email)
}

fn items(tx: &mut AnyConnection, rows: Vec<Mail>) -> Result<Vec<view::OutboxItem>, Error> {
    let notices = notices(tx, &rows)?;
    let ids: Vec<MailId> = rows.iter().map(|row| row.id).collect();
    let mut histories: HashMap<MailId, Vec<view::MailAttempt>> = HashMap::new();
    for attempt in mail::attempts_of(tx, &ids)? {
        histories.entry(attempt.mail_id).or_default().push(attempt.into());
    }
    rows.into_iter()
        .map(|row| {
            let history = histories.remove(&row.id).unwrap_or_default();
            of(&notices, &row).map(|notice| view::OutboxItem::new(row, notice, history))
        })
        .collect()
}

fn notices(tx: &mut AnyConnection, rows: &[Mail]) -> Result<HashMap<NoticeId, Notice>, Error> {
    let ids: Vec<NoticeId> = rows.iter().map(|row| row.notice_id).collect();
    Ok(notice::by_ids(tx, &ids)?.into_iter().map(|notice| (notice.id, notice)).collect())
}

fn of<'a>(notices: &'a HashMap<NoticeId, Notice>, row: &Mail) -> Result<&'a Notice, Error> {
    notices
        .get(&row.notice_id)
        .ok_or_else(|| Error::Defect(format!("the notice of message {} is not there", row.id)))
}
