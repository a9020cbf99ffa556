//! Who read what: documents, and what is kept of other people. Such a read leaves an event of the audit trail before
//! anything is answered; where it can't be kept, nothing is; and so does the attempt that is refused. Lists of proposals and
//! what else officials look at in their daily work leave none.

use crate::domain::audit::SubjectKind;
pub use crate::domain::audit::{CONFLICT_READ, DOCUMENT_READ, EXPORT_WRITE, MAIL_READ, USER_READ};
use crate::domain::ids::{EventId, RegionCode};
use crate::domain::people::{Actor, Grant, Sight};
use crate::service::Services;
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::trail::{self, Event, Subject};
use crate::storage::AnyConnection;
use serde_json::{Value, json};

/// Keeps that something was read.
pub fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    action: &str,
    subject: &Subject,
    (by, content): (Option<By>, Value),
) -> Result<(), Error> {
    let id = EventId::new();
    trail::done(tx, cx, Event { id, action, subject, by, content, personal: &[] })
}

/// Keeps that a page of a list, or one of its entries, was read: whose it was, by their ids.
pub fn record_ids<I: ToString>(
    tx: &mut AnyConnection,
    cx: &Context,
    action: &str,
    (list, ids): (&str, Vec<I>),
    by: By,
) -> Result<(), Error> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let content = json!({ list: ids });
    let subject = Subject::of(SubjectKind::Collection, list);
    record(tx, cx, action, &subject, (Some(by), content))
}

/// Whether somebody may read what is kept of people, or of the whole: by which right. That it was refused is kept, as of a write.
pub fn permitted<T>(
    sv: &Services,
    cx: &Context,
    (action, tried): (&'static str, Option<&'static str>),
    subject: &Subject,
    right: Result<T, Error>,
) -> Result<T, Error> {
    if let Err(error @ Error::Forbidden(_)) = &right {
        let write = Write::adding(action).trying(tried);
        let work = |tx: &mut AnyConnection| trail::refused(tx, cx, &write, subject, error);
        sv.db.write(action, work, |_, _| Ok(()))?;
    }
    right
}

/// A grant by which somebody sees a region.
pub fn by_sight(actor: &Actor, region: &RegionCode) -> Option<By> {
    by(actor, |sight| sight.includes(region))
}

/// A grant by which somebody sees the whole nation.
pub fn by_nation(actor: &Actor) -> Option<By> {
    by(actor, |sight| sight.nation)
}

fn by(actor: &Actor, sees: impl Fn(&Sight) -> bool) -> Option<By> {
    let alone = |grant: &Grant| {
        let grants = vec![grant.clone()];
        Actor { user: actor.user, name: String::new(), grants }.sight()
    };
    actor.grants.iter().find(|grant| sees(&alone(grant))).map(By::from)
}
