//! How the caller wants to be told: shown, and set anew as a whole.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, UserId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::notice::NoticeFacts;
use crate::domain::people::Grant;
use crate::domain::preference::{
    Deliveries, Delivery, MailKind, Preferences, next_digest, zone_of,
};
use crate::domain::refusal::FieldError;
use crate::service::Services;
use crate::service::context::{Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::plan::need_version;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::preference as view;
use crate::storage::preference::{self, Choice, Settings};
use crate::storage::{AnyConnection, digest, grant, mail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use utoipa::ToSchema;

/// How many of the messages that wait for a digest are looked at at a time.
const WAITING: i64 = 200;

/// How you want to be told, as a whole. A kind that is left out is told at once.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesDraft {
    /// The hour of your daily digest, 0 to 23, on the clocks of the region of your first grant, else of Jakarta.
    #[schema(example = 7)]
    pub digest_hour: i64,
    /// How each kind is told. Decisions and payments can't be off; the account is told at once.
    pub deliveries: Deliveries,
}

impl PreferencesDraft {
    /// Whether it can be taken.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        Preferences::from(self).check()
    }
}

impl From<&PreferencesDraft> for Preferences {
    fn from(draft: &PreferencesDraft) -> Self {
        Preferences { digest_hour: draft.digest_hour, deliveries: draft.deliveries }
    }
}

/// What is kept of a person, and its version: 0 while nothing is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    pub preferences: Preferences,
    pub version: i64,
}

/// What is kept of several people, in two queries; of those who set nothing, what holds for everybody.
pub(super) fn kept_of(
    tx: &mut AnyConnection,
    users: &[UserId],
) -> Result<HashMap<UserId, Kept>, Error> {
    let mut kept: HashMap<UserId, Kept> =
        users.iter().map(|user| (*user, Kept::default())).collect();
    for row in preference::settings_of(tx, users)? {
        let one = kept.entry(row.user_id).or_default();
        one.preferences.digest_hour = row.digest_hour;
        one.version = row.version;
    }
    for choice in preference::choices_of(tx, users)? {
        let one = kept.entry(choice.user_id).or_default();
        let deliveries = one.preferences.deliveries;
        one.preferences.deliveries = deliveries.with(choice.kind, choice.delivery);
    }
    Ok(kept)
}

/// What is kept of one person.
pub(super) fn kept(tx: &mut AnyConnection, user: UserId) -> Result<Kept, Error> {
    Ok(kept_of(tx, &[user])?.remove(&user).unwrap_or_default())
}

/// In which zones several people's days begin, by the grants that hold now.
pub(super) fn zones_of(
    tx: &mut AnyConnection,
    users: &[UserId],
    now: Moment,
) -> Result<HashMap<UserId, Zone>, Error> {
    let mut held: HashMap<UserId, Vec<Grant>> = HashMap::new();
    for row in grant::of_many(tx, users)? {
        let user = row.user_id;
        let grant = Grant::from(row);
        if grant.holds_at(now) {
            held.entry(user).or_default().push(grant);
        }
    }
    Ok(users
        .iter()
        .map(|user| (*user, held.get(user).map_or(Zone::Wib, |all| zone_of(all))))
        .collect())
}

fn caller(cx: &Context) -> Result<UserId, Error> {
    cx.actor.user.ok_or(Error::Unauthenticated("nobody is signed in"))
}

/// How the caller is told.
pub fn show(sv: &Services, cx: &Context) -> Result<view::MailPreferences, Error> {
    let id = caller(cx)?;
    sv.db.read(|tx| {
        let kept = kept(tx, id)?;
        Ok(shown(cx, kept))
    })
}

fn shown(cx: &Context, kept: Kept) -> view::MailPreferences {
    let zone = zone_of(&cx.actor.grants);
    let hour = kept.preferences.digest_hour;
    view::MailPreferences {
        digest_hour: hour,
        zone,
        next_digest_at: next_digest(cx.now, hour, zone),
        deliveries: kept.preferences.deliveries.whole(),
        version: kept.version,
    }
}

/// Sets how the caller is told, as a whole.
pub fn change(sv: &Services, cx: &Context, body: &Input<PreferencesDraft>) -> Result<Reply, Error> {
    let id = caller(cx)?;
    sv.once(
        cx,
        Write::editing("preferences.change"),
        |tx| Ok((Subject::of(SubjectKind::Preferences, id), kept(tx, id)?)),
        |tx, subject, before| {
            need_version(cx, before.version)?;
            let preferences = Preferences::from(body.get()?);
            let after = Kept { preferences, version: before.version + 1 };
            let zone = zone_of(&cx.actor.grants);
            let change = Change { user: id, subject, name: "preferences.change", zone };
            save(tx, cx, &change, before, after, json!({}))?;
            Reply::ok(&shown(cx, after), Some(after.version))
        },
    )
}

/// Whose preferences are changed, under which name.
pub(super) struct Change<'a> {
    pub user: UserId,
    pub subject: &'a Subject,
    pub name: &'static str,
    pub zone: Zone,
}

/// Keeps preferences, with their event and revision. What waits for a digest is due at the new hour; of a kind that is
/// off now it is held back.
pub(super) fn save(
    tx: &mut AnyConnection,
    cx: &Context,
    change: &Change<'_>,
    before: Kept,
    after: Kept,
    data: Value,
) -> Result<(), Error> {
    let user_id = change.user;
    let Preferences { digest_hour, deliveries } = after.preferences;
    let settings = Settings { user_id, digest_hour, changed_at: cx.now, version: after.version };
    let choices: Vec<Choice> = MailKind::ALL
        .iter()
        .map(|kind| Choice { user_id, kind: *kind, delivery: deliveries.of(*kind) })
        .collect();
    if preference::replace(tx, &settings, &choices)? == 0 {
        return Err(Error::Stale);
    }
    let held = hold_back(tx, user_id, &after.preferences, cx.now)?;
    if digest_hour != before.preferences.digest_hour {
        postpone(tx, user_id, cx.now, next_digest(cx.now, digest_hour, change.zone))?;
    }
    let whole = |kept: Kept| Preferences {
        deliveries: kept.preferences.deliveries.whole(),
        ..kept.preferences
    };
    let content = json!({
        "before": whole(before), "after": whole(after), "held_back": held, "data": data,
    });
    let id = EventId::new();
    let event = Event {
        id,
        action: change.name,
        subject: change.subject,
        by: None,
        content,
        personal: &[],
    };
    trail::done(tx, cx, event)?;
    let version = after.version;
    trail::revise(tx, id, SubjectKind::Preferences, user_id, version, &whole(after))
}

/// Lets what waits for a person's digest wait until another moment. What names a date that will have passed by then is
/// sent at once, by itself.
pub(super) fn postpone(
    tx: &mut AnyConnection,
    user: UserId,
    now: Moment,
    until: Moment,
) -> Result<(), Error> {
    mail::postpone(tx, user, until)?;
    let mut after = None;
    loop {
        let page = digest::waiting_of(tx, user, after, WAITING)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = Some(*last);
        let mut pressing = Vec::new();
        for (id, notice) in &page {
            let facts: NoticeFacts = serde_json::from_str(&notice.facts)?;
            if facts.passes_before(now, until) {
                pressing.push(*id);
            }
        }
        digest::hasten(tx, &pressing, now)?;
    }
}

/// Holds back what waits for a person's digest and is of a kind that is off; how many messages.
pub(super) fn hold_back(
    tx: &mut AnyConnection,
    user: UserId,
    preferences: &Preferences,
    now: Moment,
) -> Result<usize, Error> {
    let off = |delivery| delivery == Delivery::Off;
    if !MailKind::ALL.iter().any(|kind| off(preferences.deliveries.of(*kind))) {
        return Ok(0);
    }
    let waiting = mail::waiting_of(tx, user)?;
    let muted: Vec<_> = waiting
        .into_iter()
        .filter(|(_, event)| off(preferences.delivery(*event)))
        .map(|(id, _)| id)
        .collect();
    Ok(mail::mute(tx, &muted, now)?)
}
