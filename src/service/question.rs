//! The questions that auditors of the fund ask, each answered by rows with what shows them.
//!
//! A question looks at one or more kinds of things, its strands. Each strand's candidates are found by one query, in the order
//! of proposal and own key; whether a candidate is a row is then told by the rules that the rest of the service goes by, with
//! what lies beside the candidates read in a fixed number of queries. One answer looks at a bounded number of candidates: where
//! that is used up before the page is full, the page is shorter, and its cursor goes on.

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
mod shortfall;
mod supporting;
mod told;
mod tranches;
mod unit_prices;

use crate::domain::ids::{ProposalId, RegionCode};
use crate::domain::question::{RowKind, RowPlace};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::view::Page;
use crate::service::view::question as view;
use crate::service::{Services, access, policy};
use crate::storage::AnyConnection;
use crate::storage::question::{Bounds, Scope, Start};
use desk::Desk;
use told::Told;

pub use catalogue::QUESTIONS;

/// Candidates of each strand that are looked at in one step.
const WINDOW: i64 = 250;
/// Steps of one answer.
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

/// The rows of a question, over the proposals that the caller may see.
pub fn ask(
    sv: &Services,
    cx: &Context,
    slug: &str,
    asked: &Asked,
    limit: i64,
) -> Result<Page<view::Row>, Error> {
    let question = QUESTIONS.iter().find(|one| one.slug == slug).ok_or(Error::NotFound)?;
    sv.db.read(|tx| {
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
        let scope = Scope {
            sight: cx.actor.sight(),
            fiscal_year: asked.fiscal_year,
            region_code: asked.region_code.clone(),
            province_code: asked.province_code.clone(),
            proposal_id: asked.proposal_id,
        };
        let mut desk = Desk::new(cx.now, scope.sight.clone());
        let limit = usize::try_from(limit).unwrap_or_default();
        let (rows, next) = walk(tx, &mut desk, question, &scope, asked.after.clone(), limit)?;
        let next_cursor = next.map(|place| place.to_string());
        Ok(Page { items: shown(tx, &desk, rows)?, next_cursor })
    })
}

/// Rows at their places.
type Rows = Vec<(RowPlace, Told)>;

/// Looks at candidates from a place on, until a page is full, nothing is left, or enough was looked at; and where the next page
/// begins.
fn walk(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    question: &Question,
    scope: &Scope,
    after: Option<RowPlace>,
    limit: usize,
) -> Result<(Rows, Option<RowPlace>), Error> {
    let mut rows = Rows::new();
    let mut place = after;
    for _ in 0..STEPS {
        let (looked, is_whole) = window(tx, desk, question, scope, place.as_ref())?;
        for (at, told) in looked {
            if let Some(told) = told {
                if rows.len() == limit {
                    let last = rows.last().map(|(place, _)| place.clone());
                    return Ok((rows, last));
                }
                rows.push((at.clone(), told));
            }
            place = Some(at);
        }
        if is_whole {
            return Ok((rows, None));
        }
    }
    Ok((rows, place))
}

/// The next candidates of all strands, in their order; and whether these are the last.
type Window = (Vec<(RowPlace, Option<Told>)>, bool);

/// Looks at them.
fn window(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    question: &Question,
    scope: &Scope,
    place: Option<&RowPlace>,
) -> Result<Window, Error> {
    let mut all = Vec::new();
    // A strand that may have more is known only up to its last candidate, and so is what lies beyond it.
    let mut known_until: Option<RowPlace> = None;
    for (strand, look) in question.strands.iter().enumerate() {
        let bounds = Bounds { scope, start: start(place, strand), limit: WINDOW };
        let looked = look(tx, desk, &bounds)?;
        let is_full = i64::try_from(looked.len()).unwrap_or(i64::MAX) >= WINDOW;
        let placed = looked
            .into_iter()
            .map(|one| (RowPlace { proposal: one.proposal, strand, key: one.key }, one.told));
        let placed: Vec<(RowPlace, Option<Told>)> = placed.collect();
        if let Some((last, _)) = placed.last().filter(|_| is_full) {
            known_until = Some(known_until.map_or(last.clone(), |known| known.min(last.clone())));
        }
        all.extend(placed);
    }
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let is_whole = known_until.is_none();
    if let Some(until) = known_until {
        all.retain(|(place, _)| *place <= until);
    }
    Ok((all, is_whole))
}

/// Where a strand goes on after a place, which may be in another one.
fn start(place: Option<&RowPlace>, strand: usize) -> Start {
    let Some(at) = place else { return Start::Beginning };
    match strand.cmp(&at.strand) {
        std::cmp::Ordering::Less => Start::Beyond(at.proposal),
        std::cmp::Ordering::Equal => Start::Past(at.proposal, at.key.clone()),
        std::cmp::Ordering::Greater => Start::At(at.proposal),
    }
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
