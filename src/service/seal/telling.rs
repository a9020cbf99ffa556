//! Sends the newest checkpoint to the auditors of the nation, once a day at most: what is in their mailboxes is out of
//! reach of whoever has the database.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, UserId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::notice::{AccountFacts, NoticeEvent};
use crate::domain::people::{Grant, Role};
use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::notices;
use crate::service::trail::{self, Event, Subject};
use crate::storage::checkpoint::{self, Checkpoint};
use crate::storage::{AnyConnection, grant, seal, setting};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

/// The setting that remembers what was sent last.
const SENT: &str = "checkpoint_sent";

/// What was sent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    /// On which day of western Indonesia.
    day: NaiveDate,
    /// The checkpoint of which size.
    size: i64,
}

/// Raises a notice with the newest checkpoint for each auditor of the nation; how many. None where today's was raised, or
/// where nothing happened since but that.
pub fn tell_auditors(sv: &Services) -> Result<usize, Error> {
    let cx = Context::system(sv.clock.now());
    let today = cx.now.date_in(Zone::Wib);
    if sv.db.read(|tx| due(tx, today))?.is_none() {
        return Ok(0);
    }
    sv.db.write(
        "seal.tell",
        |tx| {
            // So that of two processes the second finds today's sent.
            seal::lock(tx)?;
            let Some(newest) = due(tx, today)? else { return Ok(0) };
            let auditors = auditors(tx, cx.now)?;
            if auditors.is_empty() {
                return Ok(0);
            }
            let sent = Sent { day: today, size: newest.size };
            setting::put(tx, SENT, &serde_json::to_string(&sent)?)?;
            tell(tx, &cx, &newest, &auditors)
        },
        |_, _| Ok(()),
    )
}

/// The checkpoint to be sent today, if there is one.
fn due(tx: &mut AnyConnection, today: NaiveDate) -> Result<Option<Checkpoint>, Error> {
    let Some(newest) = checkpoint::newest(tx)? else { return Ok(None) };
    let sent =
        setting::get(tx, SENT)?.map(|text| serde_json::from_str::<Sent>(&text)).transpose()?;
    // Sending is an event itself, which alone is no news. A day that lies ahead is that of a clock that was wrong once.
    let is_news = |sent: Sent| today != sent.day && newest.size > sent.size.saturating_add(1);
    Ok(Some(newest.clone()).filter(|_| sent.is_none_or(is_news)))
}

/// Those who audit the nation now, and can read it.
fn auditors(tx: &mut AnyConnection, now: Moment) -> Result<BTreeSet<UserId>, Error> {
    let grants = grant::active_nationally(tx, Role::Auditor)?;
    let holding = grants.into_iter().filter_map(|row| {
        let user = row.user_id;
        Grant::from(row).holds_at(now).then_some(user)
    });
    Ok(holding.collect())
}

fn tell(
    tx: &mut AnyConnection,
    cx: &Context,
    newest: &Checkpoint,
    auditors: &BTreeSet<UserId>,
) -> Result<usize, Error> {
    let event = EventId::new();
    let subject = Subject::of(SubjectKind::Collection, "audit_checkpoints");
    let content = json!({ "size": newest.size, "root": newest.root, "auditors": auditors });
    let action = "checkpoint.send";
    trail::done(
        tx,
        cx,
        Event { id: event, action, subject: &subject, by: None, content, personal: &[] },
    )?;
    for user in auditors {
        let facts = AccountFacts {
            at: newest.made_at,
            user_id: *user,
            actor: cx.actor.name.clone(),
            invitation_id: None,
            until: None,
            checkpoint: Some(newest.note.clone()),
        };
        notices::raise_account(tx, event, NoticeEvent::CheckpointSigned, &facts)?;
    }
    Ok(auditors.len())
}
