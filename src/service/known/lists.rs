//! Lists as they were known: the proposals of a year or a place, the documents and the journal of a proposal.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EntryId, ProposalId};
use crate::domain::journal::EightFigures;
use crate::domain::moment::Moment;
use crate::domain::refusal::FieldError;
use crate::service::context::Context;
use crate::service::document::{self, Filter as DocumentFilter};
use crate::service::error::Error;
use crate::service::known::Known;
use crate::service::proposal::{self, Filter, Order};
use crate::service::view::Page;
use crate::service::view::{document as document_view, money, proposal as view};
use crate::service::{Services, journal as now};
use crate::storage::document::Document;
use crate::storage::known;
use crate::storage::proposal::Proposal;

/// What a list as of an instant is not narrowed or ordered by: it changes in the life of a proposal, and what it was then
/// stands in no index.
fn not_offered(filter: &Filter) -> Result<(), Error> {
    let given = [
        ("/query/state", filter.state.is_some()),
        ("/query/centre_id", filter.centre_id.is_some()),
        ("/query/queue", filter.queue.is_some()),
        ("/query/sort", filter.order == Order::Waiting),
    ];
    let message = "is not offered together with as_of: it changes in the life of a proposal; narrow by fiscal_year, menu, \
                   region_code or province_code, and look at the rows";
    let errors = given.into_iter().filter(|(_, is_given)| *is_given);
    let errors: Vec<FieldError> =
        errors.map(|(pointer, _)| FieldError::new(pointer, "not_as_of", message)).collect();
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
    not_offered(filter)?;
    let known = Known::at(sv, at)?;
    sv.db.read(|tx| {
        let sight = cx.actor.sight();
        let ids = known::proposals(tx, &sight, filter, known.seq, limit.saturating_add(1))?;
        let subjects: Vec<String> = ids.iter().map(ProposalId::to_string).collect();
        let mut rows = known.rows::<Proposal>(tx, SubjectKind::Proposal, &subjects)?;
        let figures = known.figures(tx, &ids)?;
        let rows: Vec<Proposal> =
            subjects.iter().filter_map(|subject| rows.remove(subject)).collect();
        Ok(Page::cut(
            rows,
            limit,
            |row| row.id.to_string(),
            |row| {
                let figures = figures.get(&row.id).copied().unwrap_or_default();
                view::Proposal::of(row, EightFigures::from(figures))
            },
        ))
    })
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
        let sight = cx.actor.sight();
        let view = |row| document_view::Document::of(row, &sight, &site);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), view))
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
        let ids: Vec<EntryId> = rows.iter().map(|row| row.id).collect();
        let reversed = known::reversed(tx, &ids, known.seq)?.into_iter();
        let pairs = reversed.filter_map(|(id, by)| id.map(|id| (id.to_string(), by)));
        let undone = money::Undone::of(pairs.collect());
        let shown = |row| money::Entry::from(row).marked(&undone);
        Ok(Page::cut(rows, limit, |row| row.id.to_string(), shown))
    })
}
