//! The questions that auditors ask.

use crate::domain::ids::{ProposalId, RegionCode};
use crate::domain::question::RowPlace;
use crate::http::call::{Answer, Call, Id};
use crate::http::query::{Query, cursor, limit};
use crate::service::question::{self, Asked};
use crate::service::view::Page;
use crate::service::view::question as view;
use serde::Deserialize;
use utoipa::IntoParams;

/// List the questions that auditors ask: what each asks, what makes a row of it, by what it is narrowed, and the rule or
/// practice behind it.
#[utoipa::path(get, path = "/audit/questions", tag = "audit",
    responses((status = 200, description = "By number.", body = view::Catalogue)))]
pub async fn list_questions(call: Call) -> Answer {
    call.read(|_, _| Ok(question::catalogue())).await
}

/// What a question is narrowed to.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QuestionQuery {
    /// Of this year.
    #[param(example = 2021)]
    fiscal_year: Option<i64>,
    /// Of this region.
    #[param(value_type = Option<String>, example = "18.71")]
    region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    #[param(value_type = Option<String>, example = "18")]
    province_code: Option<RegionCode>,
    /// Of this proposal.
    #[param(value_type = Option<String>)]
    proposal_id: Option<ProposalId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent.
    limit: Option<i64>,
}

/// Answer one of the questions over the proposals that you may see: its rows, each with a sentence, the figures that were
/// expected and found, and the paths at which they can be read. A page may hold fewer rows than asked for, or none, and
/// still have a `next_cursor`: so much was looked at. Follow it until it is absent.
#[utoipa::path(get, path = "/audit/questions/{slug}", tag = "audit",
    params(("slug" = String, Path, description = "What the question is called.", example = "payment-orders"),
        QuestionQuery),
    responses((status = 200, description = "A page.", body = Page<view::Row>)))]
pub async fn answer_question(call: Call, slug: Id<String>, query: Query<QuestionQuery>) -> Answer {
    call.read(move |sv, cx| {
        let (slug, query) = (slug.get()?, query.get()?);
        let asked = Asked {
            fiscal_year: query.fiscal_year,
            region_code: query.region_code,
            province_code: query.province_code,
            proposal_id: query.proposal_id,
            after: cursor::<RowPlace>(query.cursor.as_deref())?,
        };
        question::ask(sv, cx, &slug, &asked, limit(query.limit)?)
    })
    .await
}
