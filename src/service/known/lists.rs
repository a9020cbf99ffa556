//! Lists as they were known: the proposals of a year or a place, the documents and the journal of a proposal.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EntryId, ProposalId};
use crate::domain::journal::EightFigures;
use crate::domain::moment::Moment;
use crate::domain::people::Sight;
use crate::domain::refusal::FieldError;
use crate::service::context::Context;
use crate::service::document::{self, Filter as DocumentFilter};
use crate::service::error::Error;
use crate::service::journal::{self as now, REACH, Reach};
use crate::service::known::Known;
use crate::service::proposal::{self, Filter, Order};
use crate::service::view::Page;
use crate::service::view::{document as document_view, money, proposal as view};
use crate::service::{Services, policy};
use crate::storage::document::Document;
use crate::storage::journal::Entry;
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, known};

/// Refuses what a list as of an instant is not narrowed or ordered by.
fn not_offered(filter: &Filter) -> Result<(), Error> {
    let Filter {
        state: _,
        menu: _,
        fiscal_year: _,
        region_code: _,
        province_code: _,
        centre_id: _,
        outcome_class: _,
        funded: _,
        component: _,
        after: _,
        queue,
        order,
    } = filter;
    let mut errors: Vec<FieldError> = Vec::new();
    if queue.is_some() {
        let words = "is not offered together with as_of: whose turn it was followed from the grants, assignments and \
                     conflicts of interest of then, and who asks is known by those of now; narrow by state";
        errors.push(FieldError::new("/query/queue", "not_as_of", words));
    }
    if *order == Order::Waiting {
        let words = "is not offered together with as_of: since when each stood in its state is in no order as it was \
                     then; sort by created_at";
        errors.push(FieldError::new("/query/sort", "not_as_of", words));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Proposals that the caller may see; those that were there, as they were known, where an instant is named.
pub fn proposals(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    limit: i64,
    as_of: Option<Moment>,
) -> Result<Page<view::Proposal>, Error> {
    let Some(at) = as_of else { return proposal::list(sv, cx, filter, limit) };
    proposals_within(sv, cx, filter, limit, (at, REACH))
}

fn proposals_within(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    limit: i64,
    (at, reach): (Moment, Reach),
) -> Result<Page<view::Proposal>, Error> {
    not_offered(filter)?;
    let known = Known::at(sv, at)?;
    sv.db.read(|tx| {
        policy::known(tx, filter.region_code.as_ref(), "/query/region_code")?;
        policy::known(tx, filter.province_code.as_ref(), "/query/province_code")?;
        let (rows, next) = found(tx, (known, reach), (&cx.actor.sight(), filter), limit)?;
        let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
        let figures = known.figures(tx, &ids)?;
        let shown = |row: Proposal| {
            let figures = figures.get(&row.id).copied().unwrap_or_default();
            view::Proposal::of(row, EightFigures::from(figures))
        };
        let items = rows.into_iter().map(shown).collect();
        Ok(Page { items, next_cursor: next.map(|id| id.to_string()) })
    })
}

/// At most `limit` proposals, and beyond which one the next page begins.
fn found(
    tx: &mut AnyConnection,
    (known, reach): (Known, Reach),
    (sight, filter): (&Sight, &Filter),
    limit: i64,
) -> Result<(Vec<Proposal>, Option<ProposalId>), Error> {
    let most = usize::try_from(limit).unwrap_or_default();
    let mut filter = filter.clone();
    let mut rows: Vec<Proposal> = Vec::new();
    let mut next = None;
    for _ in 0..reach.steps {
        let window = known.window(tx, (sight, &filter), None, reach.window)?;
        rows.extend(window.rows);
        if rows.len() > most {
            rows.truncate(most);
            return Ok((rows.clone(), rows.last().map(|row| row.id)));
        }
        next = window.next;
        let Some(last) = next else { break };
        filter.after = Some((Moment::default(), last));
    }
    Ok((rows, next))
}

/// The documents of a proposal; those that were there, as they were known, where an instant is named.
pub fn documents(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    filter: &DocumentFilter,
    limit: i64,
    as_of: Option<Moment>,
) -> Result<Page<document_view::Document>, Error> {
    let Some(at) = as_of else { return document::list(sv, cx, id, filter, limit) };
    let known = Known::of(sv, cx, id, at)?;
    sv.db.read(|tx| {
        let proposal = known.proposal(tx, id)?;
        let policy = known.policy(tx, &proposal)?.policy;
        let site = document_view::Site {
            position: proposal.latitude.zip(proposal.longitude),
            tolerance_m: policy.site_tolerance_m,
        };
        let which = (filter.document_type.as_deref(), filter.current);
        let bounds = (filter.after, limit.saturating_add(1));
        let ids = known::documents(tx, id, which, known.seq, bounds)?;
        let subjects: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut rows = known.rows::<Document>(tx, SubjectKind::Document, &subjects)?;
        let rows: Vec<Document> =
            subjects.iter().filter_map(|subject| rows.remove(subject)).collect();
        let items = document::shown(tx, cx, rows, &site)?;
        Ok(Page::cut(items, limit, |item| item.id.to_string(), |item| item))
    })
}

/// The journal of a proposal; the entries that were known, and which of them were known to be taken back, where an instant is
/// named.
pub fn journal(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    after: Option<EntryId>,
    limit: i64,
    as_of: Option<Moment>,
) -> Result<Page<money::Entry>, Error> {
    let Some(at) = as_of else { return now::list(sv, cx, id, after, limit) };
    let known = Known::of(sv, cx, id, at)?;
    sv.db.read(|tx| {
        known.proposal(tx, id)?;
        let rows = known::entries(tx, id, after, known.seq, limit.saturating_add(1))?;
        marked(tx, known, rows, limit, |row| row.id.to_string())
    })
}

/// The entries of the proposals that a filter narrows to, as both were known at an instant: proposal by proposal, each in the
/// order of recording. A page may be shorter than its limit, or empty, though another follows.
pub fn journal_of_many(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    (after, limit): (Option<now::Place>, i64),
    at: Moment,
) -> Result<Page<money::Entry>, Error> {
    journal_within(sv, cx, filter, (after, limit), (at, REACH))
}

fn journal_within(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    (after, limit): (Option<now::Place>, i64),
    (at, reach): (Moment, Reach),
) -> Result<Page<money::Entry>, Error> {
    not_offered(filter)?;
    let known = Known::at(sv, at)?;
    sv.db.read(|tx| {
        policy::known(tx, filter.region_code.as_ref(), "/query/region_code")?;
        policy::known(tx, filter.province_code.as_ref(), "/query/province_code")?;
        let scope = (&cx.actor.sight(), filter);
        let most = limit.saturating_add(1);
        let (rows, next) = entries_found(tx, (known, reach), scope, (after, most))?;
        let cursor = |row: &Entry| now::Place { proposal: row.proposal_id, entry: row.id };
        let page = marked(tx, known, rows, limit, |row| cursor(row).to_string())?;
        let beyond = next.map(|last| now::Place::beyond(last).to_string());
        Ok(Page { next_cursor: page.next_cursor.or(beyond), ..page })
    })
}

/// At most `most` entries; and the last proposal that was looked at, where they are fewer and there may be more.
fn entries_found(
    tx: &mut AnyConnection,
    (known, reach): (Known, Reach),
    (sight, filter): (&Sight, &Filter),
    (after, most): (Option<now::Place>, i64),
) -> Result<(Vec<Entry>, Option<ProposalId>), Error> {
    let mut filter = filter.clone();
    let mut within = after.filter(|place| !place.is_beyond());
    if let Some(place) = after.filter(now::Place::is_beyond) {
        filter.after = Some((Moment::default(), place.proposal));
    }
    let mut rows: Vec<Entry> = Vec::new();
    let mut next = None;
    for _ in 0..reach.steps {
        let from = within.map(|place| place.proposal);
        let window = known.window(tx, (sight, &filter), from, reach.window)?;
        let ids: Vec<ProposalId> = window.rows.iter().map(|row| row.id).collect();
        let left = most.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let behind = within.take().map(|place| (place.proposal, place.entry));
        rows.extend(known::entries_of_many(tx, &ids, behind, (known.seq, left))?);
        if i64::try_from(rows.len()).is_ok_and(|count| count >= most) {
            return Ok((rows, None));
        }
        next = window.next;
        let Some(last) = next else { break };
        filter.after = Some((Moment::default(), last));
    }
    Ok((rows, next))
}

/// A page of entries, with which of them were known to be taken back.
fn marked(
    tx: &mut AnyConnection,
    known: Known,
    rows: Vec<Entry>,
    limit: i64,
    cursor: impl Fn(&Entry) -> String,
) -> Result<Page<money::Entry>, Error> {
    let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
    let reversed = known::reversed(tx, &ids, known.seq)?.into_iter();
    let pairs = reversed.filter_map(|(id, by)| id.map(|id| (id.to_string(), by)));
    let undone = money::Undone::of(pairs.collect());
    let shown = |row| money::Entry::from(row).marked(&undone);
    Ok(Page::cut(rows, limit, cursor, shown))
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
