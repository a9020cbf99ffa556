//! Versions of a proposal, what differs between them, and what was agreed on record.

use crate::domain::ids::{LineAgreementId, ProposalId};
use crate::http::call::{Answer, Call, Id};
use crate::http::proposal::PageQuery;
use crate::http::query::{Query, cursor, limit};
use crate::service::error::Error;
use crate::service::view::Page;
use crate::service::view::review as view;
use crate::service::{agreement, revision};
use actix_web::web::Path;
use serde::Deserialize;
use utoipa::IntoParams;

/// List the versions of a proposal, oldest first: when, by whom, by which act, and which parts changed.
#[utoipa::path(get, path = "/proposals/{id}/revisions", tag = "review", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::Revision>)))]
pub async fn list_revisions(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<i64>(query.cursor.as_deref())?;
        revision::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}

/// What a version is compared with.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DiffQuery {
    /// Another version; the one before when absent, and 0 for nothing.
    against: Option<i64>,
}

/// Tell what differs between two versions of a proposal, field by field and line by line.
#[utoipa::path(get, path = "/proposals/{id}/revisions/{n}/diff", tag = "review", params(DiffQuery),
    responses((status = 200, description = "What differs.", body = view::Diff)))]
pub async fn show_diff(
    call: Call,
    path: Path<(String, String)>,
    query: Query<DiffQuery>,
) -> Answer {
    call.read(move |sv, cx| {
        let id = path.0.parse::<ProposalId>().map_err(|_| Error::NotFound)?;
        let version = path.1.parse::<i64>().map_err(|_| Error::NotFound)?;
        revision::diff(sv, cx, id, version, query.get()?.against)
    })
    .await
}

/// List what ministry and region said to each line in harmonisation, oldest first.
#[utoipa::path(get, path = "/proposals/{id}/agreements", tag = "review", params(PageQuery),
    responses((status = 200, description = "A page.", body = Page<view::LineAgreement>)))]
pub async fn list_agreements(call: Call, id: Id<ProposalId>, query: Query<PageQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (id, query) = (id.get()?, query.get()?);
        let after = cursor::<LineAgreementId>(query.cursor.as_deref())?;
        agreement::list(sv, cx, id, after, limit(query.limit)?)
    })
    .await
}
