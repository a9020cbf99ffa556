//! Writing the audit trail: an event with what it did, commitments to personal values, revisions of rows.

use crate::domain::audit::{Outcome, SubjectKind, canonical, canonical_row};
use crate::domain::ids::{EventId, ProposalId, RegionCode, RevisionId};
use crate::service::context::{By, Context};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::storage::AnyConnection;
use crate::storage::audit::{self, EventRow, PersonalRow, RevisionRow};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Which.
    pub id: String,
    /// The proposal that it belongs to.
    pub proposal: Option<ProposalId>,
    /// The region that it belongs to.
    pub region: Option<RegionCode>,
}

impl Subject {
    /// Something that belongs to no proposal and no region.
    pub fn of(kind: SubjectKind, id: impl ToString) -> Self {
        Self { kind, id: id.to_string(), proposal: None, region: None }
    }

    /// Something within a region.
    pub fn within(kind: SubjectKind, id: impl ToString, region: &RegionCode) -> Self {
        Self { region: Some(region.clone()), ..Subject::of(kind, id) }
    }
}

/// An event that is about to be written.
pub struct Event<'a> {
    /// Made first, so that rows can name it.
    pub id: EventId,
    /// What was done: `proposal.submit`.
    pub action: &'a str,
    /// To what.
    pub subject: &'a Subject,
    /// By which role and grant.
    pub by: Option<By>,
    /// Before, after, data.
    pub content: Value,
    /// Personal values: they stand beside the event, which holds their commitments.
    pub personal: &'a [(&'a str, &'a str)],
}

/// The fields of a row that are different in another.
pub fn changes<T: Serialize>(one: &T, other: &T) -> Result<Value, Error> {
    let other = serde_json::to_value(other)?;
    let mut one = serde_json::to_value(one)?;
    if let Some(fields) = one.as_object_mut() {
        fields.retain(|name, value| other.get(name) != Some(value));
    }
    Ok(one)
}

/// Appends an event that tells of something done.
pub fn done(tx: &mut AnyConnection, cx: &Context, event: Event<'_>) -> Result<(), Error> {
    append(tx, cx, event, Outcome::Done)
}

/// Appends an event that tells of an attempt that came to nothing, such as a failed sign-in.
pub fn failed(tx: &mut AnyConnection, cx: &Context, event: Event<'_>) -> Result<(), Error> {
    append(tx, cx, event, Outcome::Refused)
}

/// Appends an event that tells of an attempt refused.
pub fn refused(
    tx: &mut AnyConnection,
    cx: &Context,
    write: &Write,
    subject: &Subject,
    error: &Error,
) -> Result<(), Error> {
    let (reason, refusal) = match error {
        Error::Forbidden(refusal) => ("forbidden", refusal),
        Error::Refused(refusal) => ("refused", refusal),
        _ => return Ok(()),
    };
    let mut content = json!({ "reason": reason, "blockers": refusal.blockers });
    if let (Some(tried), Some(fields)) = (write.tried, content.as_object_mut()) {
        fields.insert("tried".to_owned(), json!(tried));
    }
    let action = write.name;
    let event = Event { id: EventId::new(), action, subject, by: None, content, personal: &[] };
    append(tx, cx, event, Outcome::Refused)
}

fn append(
    tx: &mut AnyConnection,
    cx: &Context,
    event: Event<'_>,
    outcome: Outcome,
) -> Result<(), Error> {
    let mut content = event.content;
    let mut rows = Vec::with_capacity(event.personal.len());
    for (field, value) in event.personal {
        let (row, commitment) = commit(event.id, field, value)?;
        if let Some(content) = content.as_object_mut() {
            content.insert(format!("{field}_commitment"), json!(commitment));
        }
        rows.push(row);
    }
    let row = EventRow {
        id: event.id,
        at: cx.now,
        actor_id: cx.actor.user,
        actor_role: event.by.map(|by| by.role),
        grant_id: event.by.and_then(|by| by.grant),
        action: event.action.to_owned(),
        outcome,
        subject_kind: event.subject.kind,
        subject_id: event.subject.id.clone(),
        proposal_id: event.subject.proposal,
        region_code: event.subject.region.clone(),
        content: canonical(&content)?,
        request_id: cx.request_id.clone(),
    };
    audit::append(tx, &row, &rows)?;
    Ok(())
}

/// Appends the revision of a row that the event made.
pub fn revise(
    tx: &mut AnyConnection,
    event_id: EventId,
    kind: SubjectKind,
    id: impl ToString,
    version: i64,
    row: &impl Serialize,
) -> Result<(), Error> {
    let revision = RevisionRow {
        id: RevisionId::new(),
        subject_kind: kind,
        subject_id: id.to_string(),
        version,
        event_id,
        content: canonical_row(row)?,
    };
    audit::revise(tx, &revision)?;
    Ok(())
}

fn commit(event_id: EventId, field: &str, value: &str) -> Result<(PersonalRow, String), Error> {
    let salt = crate::service::secret::random_hex::<16>()?;
    let commitment = commitment(&salt, field, value);
    Ok((
        PersonalRow { event_id, field: field.to_owned(), salt, value: value.to_owned() },
        commitment,
    ))
}

/// SHA-256 over salt, field and value: whoever is given salt and value can check it, nobody can guess it.
pub fn commitment(salt: &str, field: &str, value: &str) -> String {
    hex(&Sha256::digest(format!("{salt}\n{field}\n{value}")))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| digits(*byte)).map(char::from).collect()
}

/// The two hexadecimal digits of a byte, in lower case.
pub fn digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0xf].map(|nibble| match nibble {
        0..10 => nibble.wrapping_add(b'0'),
        _ => nibble.wrapping_sub(10).wrapping_add(b'a'),
    })
}
