//! Who read what: documents, and what is kept of other people. Such a read leaves an event of the audit trail before
//! anything is answered; where it can't be kept, nothing is. Lists of proposals and what else officials look at in their
//! daily work leave none.

use crate::domain::audit::SubjectKind;
pub use crate::domain::audit::{DOCUMENT_READ, EXPORT_WRITE, MAIL_READ, USER_READ};
use crate::domain::ids::{EventId, RegionCode};
use crate::domain::people::{Actor, Grant};
use crate::service::context::{By, Context};
use crate::service::error::Error;
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

/// A grant by which somebody sees a region.
pub fn by_sight(actor: &Actor, region: &RegionCode) -> Option<By> {
    let sees = |grant: &&Grant| {
        let alone = Actor { user: actor.user, name: String::new(), grants: vec![(*grant).clone()] };
        alone.sight().includes(region)
    };
    actor.grants.iter().find(sees).map(By::from)
}
