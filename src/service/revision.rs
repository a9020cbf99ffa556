//! Versions of a proposal: what was changed by whom, and what differs between any two of them.

use crate::domain::audit::SubjectKind;
use crate::domain::change::differences;
use crate::domain::ids::{DocumentId, EventId, ProposalId};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::view::Page;
use crate::service::view::review as view;
use crate::service::{Services, access};
use crate::storage::audit::{self, EventRow, RevisionRow};
use crate::storage::document::Document;
use crate::storage::line::Line;
use crate::storage::{self, AnyConnection};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};

/// Which values of the lines are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Those that the region writes.
    AsProposed,
    /// Those of province and ministry too: flag, assessed, agreed, approved.
    AsReviewed,
}

/// The proposal's own fields and its lines as one document, made from canonical rows: its pointers are those of
/// diffs and of change requests. Lines are named by their numbers.
pub fn document(row: &Value, lines: &Value, values: Lines) -> Value {
    let field = |name: &str| row.get(name).cloned().unwrap_or_default();
    let baseline = row.get("baseline").and_then(Value::as_str);
    let baseline: Value =
        baseline.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let gaps = row.get("gaps").and_then(Value::as_str);
    let gaps: Value =
        gaps.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| json!([]));
    let judging = ["flag", "assessed_", "agreed_", "approved_"];
    let is_judgement = |name: &str| judging.iter().any(|start| name.starts_with(start));
    let lines: Map<String, Value> = lines
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|line| {
            let mut line = line.as_object()?.clone();
            let number = line.remove("line_no")?;
            line.remove("proposal_id");
            line.retain(|name, _| values == Lines::AsReviewed || !is_judgement(name));
            Some((number.to_string(), Value::Object(line)))
        })
        .collect();
    json!({
        "title": field("title"),
        "summary": field("summary"),
        "commodity": field("commodity"),
        "outcome_class": field("outcome_class"),
        "theme": field("theme"),
        "centre_id": field("centre_id"),
        "site": {
            "street": field("site_street"),
            "village": field("site_village"),
            "district": field("site_district"),
            "latitude": field("latitude"),
            "longitude": field("longitude"),
        },
        "baseline": baseline,
        "gaps": gaps,
        "design_firm_name": field("design_firm_name"),
        "design_firm_tax_number": field("design_firm_tax_number"),
        "lines": lines,
    })
}

/// A version of a proposal with its documents: of each type those that no newer one had taken the place of by then, by
/// their ids.
fn whole((row, lines): &(Value, Value), brought: &[Document]) -> Value {
    let mut value = document(row, lines, Lines::AsReviewed);
    let (Some(version), Some(fields)) =
        (row.get("version").and_then(Value::as_i64), value.as_object_mut())
    else {
        return value;
    };
    let is_there = |id: DocumentId| {
        let found = brought.iter().find(|one| one.id == id);
        found.is_some_and(|one| one.proposal_version.is_none_or(|brought| brought <= version))
    };
    let mut types: Map<String, Value> = Map::new();
    for one in brought {
        if is_there(one.id) && !one.superseded_by.is_some_and(is_there) {
            let of_type = types.entry(&one.document_type).or_insert_with(|| json!({}));
            if let Some(of_type) = of_type.as_object_mut() {
                let shown = json!({
                    "file_name": one.file_name, "sha256": one.sha256,
                    "issued_on": one.issued_on, "valid_until": one.valid_until,
                });
                of_type.insert(one.id.to_string(), shown);
            }
        }
    }
    fields.insert("documents".to_owned(), Value::Object(types));
    value
}

fn content(revision: Option<&RevisionRow>) -> Result<Value, Error> {
    match revision {
        Some(revision) => Ok(serde_json::from_str(&revision.content)?),
        None => Ok(Value::Null),
    }
}

/// The lines that a revision tells of, with the columns that have nothing; as they are told where they are no lines of today.
fn lines_of(revision: Option<&RevisionRow>) -> Result<Value, Error> {
    let told = content(revision)?;
    match serde_json::from_value::<Vec<Line>>(told.clone()) {
        Ok(lines) => Ok(serde_json::to_value(lines)?),
        Err(_) => Ok(told),
    }
}

/// The proposal as it was at a version; before its first there is nothing.
fn as_of(tx: &mut AnyConnection, id: &str, version: i64) -> Result<(Value, Value), Error> {
    let row = audit::revision_at(tx, SubjectKind::Proposal, id, version)?;
    let lines = audit::revision_at(tx, SubjectKind::ProposalLines, id, version)?;
    Ok((content(row.as_ref())?, lines_of(lines.as_ref())?))
}

/// The versions of a proposal, oldest first, with what each changed.
pub fn list(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<i64>,
    limit: i64,
) -> Result<Page<view::Revision>, Error> {
    sv.db.read(|tx| {
        let proposal = access::visible(tx, cx, id)?;
        let (id, from) = (id.to_string(), after.unwrap_or(0).max(0));
        let range = (from.saturating_add(1), proposal.version);
        let kind = SubjectKind::Proposal;
        let rows = audit::revisions_between(tx, kind, &id, range, limit.saturating_add(1))?;
        let range = (range.0, rows.last().map_or(0, |last| last.version));
        let kind = SubjectKind::ProposalLines;
        let lines = audit::revisions_between(tx, kind, &id, range, i64::MAX)?;
        let events: Vec<EventId> = rows.iter().map(|row| row.event_id).collect();
        let events: HashMap<EventId, EventRow> =
            audit::events_by_ids(tx, &events)?.into_iter().map(|one| (one.id, one)).collect();
        let brought = storage::document::brought_to(tx, proposal.id)?;
        let mut before = as_of(tx, &id, from)?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            let of_lines = lines.iter().find(|one| one.version == row.version);
            let now = (
                content(Some(row))?,
                if of_lines.is_some() { lines_of(of_lines)? } else { before.1.clone() },
            );
            items.push(view::Revision::of(
                row.version,
                events.get(&row.event_id),
                parts(&whole(&before, &brought), &whole(&now, &brought)),
            ));
            before = now;
        }
        Ok(Page::cut(items, limit, |item| item.version.to_string(), |item| item))
    })
}

/// The parts of the proposal that differ.
fn parts(before: &Value, now: &Value) -> Vec<String> {
    let parts: BTreeSet<String> = differences(before, now)
        .iter()
        .filter_map(|one| one.pointer.split('/').nth(1))
        .map(|part| format!("/{part}"))
        .collect();
    parts.into_iter().collect()
}

/// What differs between two versions of a proposal; against the one before when none is named.
pub fn diff(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    version: i64,
    against: Option<i64>,
) -> Result<view::Diff, Error> {
    sv.db.read(|tx| {
        let proposal = access::visible(tx, cx, id)?;
        if !(1..=proposal.version).contains(&version) {
            return Err(Error::NotFound);
        }
        let against = against.unwrap_or(version - 1);
        if !(0..=proposal.version).contains(&against) {
            let message = format!("must be from 0 (nothing) to {}", proposal.version);
            return Err(Error::invalid("/query/against", "out_of_range", message));
        }
        let id = id.to_string();
        let (before, after) = (as_of(tx, &id, against)?, as_of(tx, &id, version)?);
        let brought = storage::document::brought_to(tx, proposal.id)?;
        let items = differences(&whole(&before, &brought), &whole(&after, &brought));
        Ok(view::Diff { version, against, items })
    })
}
