//! The questions that auditors of the fund ask, each answered by rows with what shows them.
//!
//! A question looks at one or more kinds of things, its strands. Each strand's candidates are found by one query, in the order
//! of proposal and own key; whether a candidate is a row is then told by the rules that the rest of the service goes by, with
//! what lies beside the candidates read in a fixed number of queries. A page looks at a bounded number of candidates: where
//! that is used up before it is full, it is shorter, and its cursor goes on. To find those candidates, the database may pass
//! over many more rows that columns alone show to be in order. A spreadsheet has the rows of all pages.

mod assets;
mod catalogue;
mod chain;
mod contract_files;
mod desk;
mod double_funding;
mod evidence;
mod funds_to_finish;
mod in_use;
mod land;
mod late_documents;
mod leftover;
mod not_disbursed;
mod output;
mod payment_orders;
mod photos;
mod plan_changes;
mod recommendations;
mod reported;
mod same_firm;
mod sheet;
mod shortfall;
mod supporting;
mod told;
mod tranches;
mod unit_prices;
mod walk;

use crate::domain::ids::{ProposalId, RegionCode};
use crate::domain::question::{RowKind, RowPlace};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::view::Page;
use crate::service::view::question as view;
use crate::service::{Services, access, policy};
use crate::storage::AnyConnection;
use crate::storage::question::{Bounds, Scope};
use desk::Desk;
use std::ops::ControlFlow;
use told::Told;
use walk::walk;

pub use catalogue::QUESTIONS;
pub use sheet::sheet;

/// Steps in which each strand is looked at for one page.
const STEPS: usize = 4;

/// A kind of thing that a question looks at.
pub type Strand = fn(&mut AnyConnection, &mut Desk, &Bounds<'_>) -> Result<Vec<Looked>, Error>;

/// A candidate that was looked at.
#[derive(Debug)]
pub struct Looked {
    /// Of which proposal.
    pub proposal: ProposalId,
    /// Its own key; empty of what is a proposal itself.
    pub key: String,
    /// What is told of it, if something is.
    pub told: Option<Told>,
}

/// A question that is answered.
pub struct Question {
    /// Its number in the list that auditors work by.
    pub number: u8,
    /// What it is called in paths.
    pub slug: &'static str,
    /// What its rows are.
    pub kind: RowKind,
    /// The question, in Indonesian.
    pub question_id: &'static str,
    /// The question, in English.
    pub question_en: &'static str,
    /// What makes a row.
    pub row: &'static str,
    /// The rule or the practice that asks for it.
    pub basis: &'static str,
    /// Whether it is asked of one proposal only.
    pub of_one: bool,
    /// The kinds of things that it looks at, in the order in which they are told.
    pub strands: &'static [Strand],
}

/// What a question is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Of this year.
    pub fiscal_year: Option<i64>,
    /// Of this region.
    pub region_code: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    pub province_code: Option<RegionCode>,
    /// Of this proposal.
    pub proposal_id: Option<ProposalId>,
    /// After this row.
    pub after: Option<RowPlace>,
}

/// Every question that is answered, by number.
pub fn catalogue() -> view::Catalogue {
    let parameters = ["fiscal_year", "region_code", "province_code", "proposal_id"];
    let shown = |one: &Question| view::Question {
        number: one.number,
        slug: one.slug.to_owned(),
        kind: one.kind,
        question_id: one.question_id.to_owned(),
        question_en: one.question_en.to_owned(),
        row: one.row.to_owned(),
        basis: one.basis.to_owned(),
        parameters: parameters.map(str::to_owned).to_vec(),
        required: one.of_one.then(|| "proposal_id".to_owned()).into_iter().collect(),
        path: format!("/api/v1/audit/questions/{}", one.slug),
    };
    view::Catalogue { items: QUESTIONS.iter().map(shown).collect() }
}

fn find(slug: &str) -> Result<&'static Question, Error> {
    QUESTIONS.iter().find(|one| one.slug == slug).ok_or(Error::NotFound)
}

/// The question of a name, where the caller may ask it so.
pub fn may(
    sv: &Services,
    cx: &Context,
    slug: &str,
    asked: &Asked,
) -> Result<&'static Question, Error> {
    let question = find(slug)?;
    sv.db.read(|tx| scope(tx, cx, question, asked))?;
    Ok(question)
}

/// What a question is asked of, where it can be.
fn scope(
    tx: &mut AnyConnection,
    cx: &Context,
    question: &Question,
    asked: &Asked,
) -> Result<Scope, Error> {
    policy::known(tx, asked.region_code.as_ref(), "/query/region_code")?;
    policy::known(tx, asked.province_code.as_ref(), "/query/province_code")?;
    match asked.proposal_id {
        Some(id) => access::visible(tx, cx, id).map(|_| ())?,
        None if question.of_one => {
            let message = "this question follows the money of one proposal; name it";
            return Err(Error::invalid("/query/proposal_id", "required", message));
        }
        None => {}
    }
    Ok(Scope {
        sight: cx.actor.sight(),
        fiscal_year: asked.fiscal_year,
        region_code: asked.region_code.clone(),
        province_code: asked.province_code.clone(),
        proposal_id: asked.proposal_id,
    })
}

/// Rows at their places.
type Rows = Vec<(RowPlace, Told)>;

/// The rows of a question, over the proposals that the caller may see: until a page is full, nothing is left, or enough was
/// looked at.
pub fn ask(
    sv: &Services,
    cx: &Context,
    slug: &str,
    asked: &Asked,
    limit: i64,
) -> Result<Page<view::Row>, Error> {
    let question = find(slug)?;
    sv.db.read(|tx| {
        let scope = scope(tx, cx, question, asked)?;
        let mut desk = Desk::new(cx.now, scope.sight.clone());
        let limit = usize::try_from(limit).unwrap_or_default();
        let mut rows = Rows::new();
        let within = (asked.after.clone(), STEPS);
        let next = walk(tx, &mut desk, (question, &scope), within, |_, _, place, told| {
            if rows.len() == limit {
                return Ok(ControlFlow::Break(()));
            }
            rows.push((place, told));
            Ok(ControlFlow::Continue(()))
        })?;
        let next_cursor = next.map(|place| place.to_string());
        Ok(Page { items: shown(tx, &desk, rows)?, next_cursor })
    })
}

fn shown(tx: &mut AnyConnection, desk: &Desk, rows: Rows) -> Result<Vec<view::Row>, Error> {
    let ids: Vec<ProposalId> = rows.iter().map(|(place, _)| place.proposal).collect();
    let proposals = desk.proposals(tx, &ids)?;
    let of = |(place, told): (RowPlace, Told)| {
        let proposal = proposals.get(&place.proposal)?;
        Some(view::Row {
            proposal_id: proposal.id,
            fiscal_year: proposal.fiscal_year,
            region_code: proposal.region_code.clone(),
            title: proposal.title.clone(),
            says: told.says,
            figures: told.figures,
            evidence: told.evidence,
        })
    };
    Ok(rows.into_iter().filter_map(of).collect())
}
