//! The questions that auditors ask.

use crate::domain::ids::{ProposalId, RegionCode};
use crate::domain::question::RowPlace;
use crate::domain::refusal::FieldError;
use crate::http::accept::{Accepts, Form};
use crate::http::call::{Answer, Call, Id};
use crate::http::query::{Query, cursor, limit};
use crate::service::error::Error;
use crate::service::export::{self, Scope};
use crate::service::question::{self, Asked};
use crate::service::sheet::Format;
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
    /// `next_cursor` of the page before; of JSON only.
    cursor: Option<String>,
    /// Items of a page, at most 200; 50 when absent; of JSON only.
    limit: Option<i64>,
}

impl QuestionQuery {
    fn asked(self) -> Result<Asked, Error> {
        Ok(Asked {
            fiscal_year: self.fiscal_year,
            region_code: self.region_code,
            province_code: self.province_code,
            proposal_id: self.proposal_id,
            after: cursor::<RowPlace>(self.cursor.as_deref())?,
        })
    }

    /// The same of a spreadsheet, which has no pages: nobody is to take a part for the whole.
    fn whole(self) -> Result<Asked, Error> {
        let given = [("cursor", self.cursor.is_some()), ("limit", self.limit.is_some())];
        let words = "is not taken for a spreadsheet, which has the rows of all pages; leave it out";
        let errors: Vec<FieldError> = given
            .into_iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(name, _)| FieldError::new(format!("/query/{name}"), "whole", words))
            .collect();
        if errors.is_empty() { self.asked() } else { Err(Error::Invalid(errors)) }
    }
}

/// Answer one of the questions over the proposals that you may see: its rows, each with a sentence, the figures that were
/// expected and found, and where they can be read. `Accept` chooses JSON, CSV or XLSX. Of JSON, a page may hold fewer rows than
/// asked for, or none, and still have a `next_cursor`: so much was looked at. Follow it until it is absent. A spreadsheet has the
/// rows of all pages, and links in place of paths: it is one consistent picture, written first and then sent; only a few are
/// written at once, and who takes one along is kept in the audit trail, since some name firms and people.
#[utoipa::path(get, path = "/audit/questions/{slug}", tag = "audit",
    params(("slug" = String, Path, description = "What the question is called.", example = "payment-orders"),
        QuestionQuery),
    responses(
        (status = 200, description = "A page, or a spreadsheet of all.", content(
            (Page<view::Row> = "application/json"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        )),
        (status = 406, description = "Nothing of what is accepted is there.", body = crate::http::problem::ProblemDetails,
            content_type = "application/problem+json")))]
pub async fn answer_question(
    call: Call,
    accepts: Accepts,
    slug: Id<String>,
    query: Query<QuestionQuery>,
) -> Answer {
    match accepts.form()? {
        Form::Json => {
            call.read(move |sv, cx| {
                let (slug, query) = (slug.get()?, query.get()?);
                let most = query.limit;
                question::ask(sv, cx, &slug, &query.asked()?, limit(most)?)
            })
            .await
        }
        Form::Sheet(format) => spreadsheet(call, slug, query, format).await,
    }
}

async fn spreadsheet(
    call: Call,
    slug: Id<String>,
    query: Query<QuestionQuery>,
    format: Format,
) -> Answer {
    // Who may not have it is told so, also while others are written.
    let (slug, asked) = call
        .ask(move |sv, cx| {
            let (slug, asked) = (slug.get()?, query.get()?.whole()?);
            Ok((question::may(sv, cx, &slug, &asked)?.slug, asked))
        })
        .await?;
    let name = match format {
        Format::Csv => format!("{slug}.csv"),
        Format::Xlsx => format!("{slug}.xlsx"),
    };
    call.export(
        move |sv, cx, publisher, out| {
            let scope = Scope {
                fiscal_year: asked.fiscal_year,
                region_code: asked.region_code.clone(),
                province_code: asked.province_code.clone(),
                proposal_id: asked.proposal_id,
            };
            export::record(sv, cx, slug, &scope)?;
            let form = (format, publisher.base_url.as_str());
            question::sheet(sv, cx, (slug, &asked), form, out).map(|(_, count)| count)
        },
        format.media_type(),
        &name,
    )
    .await
}
