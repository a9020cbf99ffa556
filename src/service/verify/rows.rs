//! That what stands is what the sealed trail tells: every row of which each change is a revision is as its newest revision
//! says, none is there without one, and none is gone.

use super::Report;
use crate::domain::audit::{SubjectKind, canonical_row};
use crate::domain::ids::ProposalId;
use crate::service::error::Error;
use crate::service::grouped::Grouped;
use crate::storage::trail::apart;
use crate::storage::versioned::{self, Standing, Told, VERSIONED};
use crate::storage::{AnyConnection, verify};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// How many rows are looked at in one step.
const PAGE: i64 = 200;
/// The most rows of a kind that are named as gone; one is enough to distrust the rest.
const MOST_GONE: i64 = 50;

/// Names what stands otherwise than the trail tells, and what can't be read.
pub(super) fn look(tx: &mut AnyConnection, report: &mut Report) {
    for kind in VERSIONED.iter().copied() {
        let looked = apart(tx, |tx| look_at(tx, kind, report));
        report.unread(&format!("rows of the kind {kind}"), looked);
    }
}

fn look_at(tx: &mut AnyConnection, kind: SubjectKind, report: &mut Report) -> Result<(), Error> {
    let mut after: Option<String> = None;
    loop {
        let ids = versioned::ids(tx, kind, after.as_deref(), PAGE)?;
        let Some(last) = ids.last() else { break };
        // Other databases have other orders of letters.
        if after.as_ref() == Some(last) {
            break;
        }
        after = Some(last.clone());
        page(tx, kind, &ids, report)?;
    }
    for id in versioned::gone(tx, kind, MOST_GONE)? {
        report.breach(format!("{kind} {id} is told of by its revisions, and is not there"));
    }
    Ok(())
}

/// Some rows. What can't be read, or is not found, is looked for row by row, so that it can be named.
fn page(
    tx: &mut AnyConnection,
    kind: SubjectKind,
    ids: &[String],
    report: &mut Report,
) -> Result<(), Error> {
    let mut rows = read(tx, kind, ids).unwrap_or_default();
    if rows.len() != ids.len() {
        rows.clear();
        for id in ids {
            match read(tx, kind, std::slice::from_ref(id)) {
                Ok(found) if found.is_empty() => {
                    report.breach(format!("the id of {kind} {id} is not kept as text"));
                }
                Ok(found) => rows.extend(found),
                Err(error) => report.breach(format!("{kind} {id} can't be read: {error}")),
            }
        }
    }
    compare(tx, kind, &rows, report)?;
    if kind == SubjectKind::Proposal {
        let looked = apart(tx, |tx| lines(tx, &rows, report));
        report.unread("the lines of some proposals", looked);
    }
    Ok(())
}

fn read(tx: &mut AnyConnection, kind: SubjectKind, ids: &[String]) -> Result<Vec<Standing>, Error> {
    apart(tx, |tx| Ok(versioned::rows(tx, kind, ids)?))
}

fn compare(
    tx: &mut AnyConnection,
    kind: SubjectKind,
    rows: &[Standing],
    report: &mut Report,
) -> Result<(), Error> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let newest: HashMap<String, Told> =
        versioned::newest(tx, kind, &ids)?.into_iter().map(|one| (one.id.clone(), one)).collect();
    for Standing { id, content } in rows {
        let Some(told) = newest.get(id) else {
            report.breach(format!("{kind} {id} is there, and no revision tells of it"));
            continue;
        };
        let mut kept = content.clone();
        let version = told.version;
        // Whoever takes a share of a row raises its version, so that another one comes after; that alone changes nothing.
        if let Some(number) = kept.get_mut("version") {
            *number = version.into();
        }
        if !tells(&told.content, &kept)? {
            let told: Value = serde_json::from_str(&told.content).unwrap_or_default();
            let kept = serde_json::from_str(&canonical_row(&kept)?)?;
            let what = differing(&kept, &canonical_row(&told)?);
            report.breach(format!(
                "{kind} {id} is kept otherwise than its newest revision, {version}, tells: {what}"
            ));
        }
    }
    Ok(())
}

/// The lines of several proposals have revisions as wholes.
fn lines(tx: &mut AnyConnection, rows: &[Standing], report: &mut Report) -> Result<(), Error> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let proposals: Vec<ProposalId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let kind = SubjectKind::ProposalLines;
    let kept = Grouped::by(verify::lines(tx, &proposals)?, |row| row.proposal_id, |row| row);
    let newest = versioned::newest(tx, kind, &ids)?.into_iter();
    let newest: HashMap<String, String> = newest.map(|one| (one.id, one.content)).collect();
    for id in proposals {
        let told = newest.get(&id.to_string()).map_or("[]", String::as_str);
        if !tells(told, &kept.of(id))? {
            let words = "are kept otherwise than their newest revision tells";
            report.breach(format!("the lines of proposal {id} {words}"));
        }
    }
    Ok(())
}

/// Whether a revision tells what is kept. Those of earlier versions of Sentra told of columns that have nothing, too.
fn tells(told: &str, kept: &impl Serialize) -> Result<bool, Error> {
    let kept = canonical_row(kept)?;
    let told_anew = || canonical_row(&serde_json::from_str::<Value>(told).unwrap_or_default());
    Ok(kept == told || kept == told_anew()?)
}

/// The names of what differs, as pointers.
pub(super) fn differing(kept: &Value, told: &str) -> String {
    let told: Value = serde_json::from_str(told).unwrap_or_default();
    let fields = |value: &Value| -> BTreeSet<String> {
        value.as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    };
    let names: BTreeSet<String> = fields(kept).union(&fields(&told)).cloned().collect();
    let names = names.into_iter().filter(|name| kept.get(name) != told.get(name));
    names.map(|name| format!("/{name}")).collect::<Vec<_>>().join(", ")
}
