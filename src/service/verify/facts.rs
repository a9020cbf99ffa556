//! That payment orders, what vendors paid back and deposits of leftover are what their events tell: they never change, and
//! have no revisions.

use super::Report;
use super::rows::differing;
use crate::domain::audit::{SubjectKind, canonical};
use crate::domain::ids::ProposalId;
use crate::service::error::Error;
use crate::storage::{AnyConnection, verify};
use serde_json::Value;
use std::collections::HashMap;

/// The kinds, each by the name that the content of its events has for the row.
const FACTS: [(SubjectKind, &str); 3] = [
    (SubjectKind::Expenditure, "expenditure"),
    (SubjectKind::Recovery, "recovery"),
    (SubjectKind::Return, "return"),
];

/// Compares those of several proposals, both ways.
pub(super) fn look(
    tx: &mut AnyConnection,
    ids: &[ProposalId],
    report: &mut Report,
) -> Result<(), Error> {
    for (kind, name) in FACTS {
        let mut told: HashMap<String, Value> = HashMap::new();
        for (id, content) in verify::told(tx, kind, ids)? {
            let mut content: Value = serde_json::from_str(&content).unwrap_or_default();
            if let Some(row) = content.get_mut(name) {
                told.insert(id, row.take());
            }
        }
        for row in verify::facts(tx, kind, ids)? {
            let id = row.id;
            let Some(told) = told.remove(&id) else {
                report.breach(format!("{kind} {id} is there, and no event tells of it"));
                continue;
            };
            if row.content != told {
                let what = differing(&row.content, &canonical(&told)?);
                let words = "is kept otherwise than its event tells";
                report.breach(format!("{kind} {id} {words}: {what}"));
            }
        }
        for id in told.into_keys() {
            report.breach(format!("{kind} {id} is told of by its event, and is not there"));
        }
    }
    Ok(())
}
