//! What the same centre got from elsewhere, and the region's answers to warnings of double funding.

use crate::domain::audit::SubjectKind;
use crate::domain::double_funding::{Origin, OtherMoney, Warning, warnings};
use crate::domain::ids::{EventId, FundingAnswerId, ProposalId};
use crate::domain::input::{Checks, MAX_LONG, MAX_SHORT};
use crate::domain::line::{FundSource, LineFacts};
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::trail::{self, Event};
use crate::service::view::readiness as view;
use crate::service::{Services, access};
use crate::storage::funding::{self, CentreFunding, FundingAnswer};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, line};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Proposals that ended like this get no money, and so are no double funding.
pub const WITHOUT_MONEY: [State; 6] = [
    State::Rejected,
    State::Withdrawn,
    State::Lapsed,
    State::Unfunded,
    State::Forfeited,
    State::Cancelled,
];

/// The most answers that a proposal has, earlier ones counted.
const MOST_ANSWERS: i64 = 500;

/// Money for the same centre from other proposals and from other sources.
fn elsewhere(tx: &mut AnyConnection, row: &Proposal) -> Result<Vec<OtherMoney>, Error> {
    let Some(centre) = row.centre_id else { return Ok(Vec::new()) };
    let others = funding::other_lines(tx, centre, row.id, &WITHOUT_MONEY)?.into_iter();
    let of_proposals = others.map(|line| OtherMoney {
        origin: Origin::Proposal,
        id: line.proposal_id.to_string(),
        title: line.title,
        fiscal_year: line.fiscal_year,
        fund_source: FundSource::Dak,
        component: line.component,
        amount: line.approved_idr.unwrap_or(line.amount_idr),
    });
    let of_centre = funding::standing(tx, centre)?.into_iter().map(recorded);
    Ok(of_proposals.chain(of_centre).filter(|other| other.amount.0 > 0).collect())
}

/// Money that the registry records for a centre.
pub fn recorded(one: CentreFunding) -> OtherMoney {
    OtherMoney {
        origin: Origin::CentreFunding,
        id: one.id.to_string(),
        title: one.description,
        fiscal_year: one.fiscal_year,
        fund_source: one.fund_source,
        component: one.component,
        amount: one.amount_idr,
    }
}

/// The last answer to each warning.
fn answers(
    tx: &mut AnyConnection,
    id: ProposalId,
) -> Result<BTreeMap<String, FundingAnswer>, Error> {
    let rows = funding::answers(tx, id)?.into_iter();
    Ok(rows.map(|row| (row.warning.clone(), row)).collect())
}

/// Whether an answer speaks of what the warning says now: it was given for no less money on either side.
pub fn answers_it(answer: &FundingAnswer, warning: &Warning) -> bool {
    warning.asked <= answer.asked_idr && warning.other.amount <= answer.other_idr
}

/// The warnings of a proposal that nobody has answered, or whose amounts grew since.
pub fn unanswered(
    tx: &mut AnyConnection,
    row: &Proposal,
    lines: &[LineFacts],
) -> Result<Vec<Warning>, Error> {
    let elsewhere = elsewhere(tx, row)?;
    let mut found = warnings(row.fiscal_year, lines, elsewhere);
    if !found.is_empty() {
        let answers = answers(tx, row.id)?;
        found.retain(|warning| {
            !answers.get(&warning.key).is_some_and(|one| answers_it(one, warning))
        });
    }
    Ok(found)
}

fn lines(tx: &mut AnyConnection, id: ProposalId) -> Result<Vec<LineFacts>, Error> {
    Ok(line::of(tx, id)?.iter().map(LineFacts::from).collect())
}

fn shown(tx: &mut AnyConnection, row: &Proposal) -> Result<view::DoubleFunding, Error> {
    let elsewhere = elsewhere(tx, row)?;
    let found = warnings(row.fiscal_year, &lines(tx, row.id)?, elsewhere.clone());
    let mut answers = answers(tx, row.id)?;
    let of = |warning: Warning| {
        let answer = answers.remove(&warning.key);
        let answered = answer.as_ref().is_some_and(|answer| answers_it(answer, &warning));
        view::FundingWarning::of(warning, answered, answer.map(view::FundingAnswer::from))
    };
    let other = |one: OtherMoney| view::OtherMoney {
        origin: one.origin,
        origin_id: one.id,
        title: one.title,
        fiscal_year: one.fiscal_year,
        fund_source: one.fund_source,
        component: one.component,
        amount_idr: one.amount,
    };
    Ok(view::DoubleFunding {
        proposal_id: row.id,
        warnings: found.into_iter().map(of).collect(),
        elsewhere: elsewhere.into_iter().map(other).collect(),
    })
}

/// What the same centre gets, or got, and what of it the proposal asks for again.
pub fn show(sv: &Services, cx: &Context, id: ProposalId) -> Result<view::DoubleFunding, Error> {
    sv.db.read(|tx| {
        let row = access::visible(tx, cx, id)?;
        shown(tx, &row)
    })
}

/// The region's answer to a warning.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundingAnswerDraft {
    /// The key of the warning.
    #[schema(example = "proposal:0190163d-8694-739b-aea5-966c26f8ad91:production_house")]
    pub warning: String,
    /// Why it is no double funding, or what is done about it.
    #[schema(example = "Yang dahulu gudang; yang sekarang rumah produksi di lantai dua.")]
    pub answer: String,
}

impl FundingAnswerDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.text("/warning", &self.warning, MAX_SHORT);
        checks.text("/answer", &self.answer, MAX_LONG);
        checks.done()
    }
}

/// Answers a warning, while the region writes: as a draft, and in clarification. A later answer counts instead.
pub fn answer(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<FundingAnswerDraft>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::adding("funding_answer.add"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let by = By::from(cx.need_in(Role::Drafter, &seen.region_code)?);
            let proposal = access::lock_as(tx, cx, id, (None, Duty::Drafting))?;
            let draft = body.get()?;
            if !matches!(proposal.state, State::Draft | State::Clarification) {
                let message = format!(
                    "The region answers as a draft and in clarification; it stands in {}.",
                    proposal.state
                );
                return Err(Error::refused("not_from_here", "/state", message));
            }
            let warning = known(tx, &proposal, &draft.warning)?;
            if funding::answers_count(tx, id)? >= MOST_ANSWERS {
                let message = format!("A proposal has at most {MOST_ANSWERS} answers.");
                return Err(Error::refused("too_many", "/warning", message));
            }
            let row = FundingAnswer {
                id: FundingAnswerId::new(),
                proposal_id: id,
                warning: warning.key,
                asked_idr: warning.asked,
                other_idr: warning.other.amount,
                answer: draft.answer.clone(),
                answered_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
                answered_at: cx.now,
            };
            funding::answer(tx, &row)?;
            access::save(tx, &proposal)?;
            access::took_part(tx, cx, id, Duty::Drafting)?;
            let event = EventId::new();
            let subject = access::beneath(&proposal, SubjectKind::FundingAnswer, row.id);
            let action = "funding_answer.add";
            let content = json!({ "funding_answer": row });
            trail::done(
                tx,
                cx,
                Event {
                    id: event,
                    action,
                    subject: &subject,
                    by: Some(by),
                    content,
                    personal: &[],
                },
            )?;
            trail::revise(tx, event, SubjectKind::Proposal, id, proposal.version, &proposal)?;
            let location = format!("/api/v1/proposals/{id}/double-funding");
            Reply::created(&view::FundingAnswer::from(row), Some(proposal.version), location)
        },
    )
}

fn known(tx: &mut AnyConnection, row: &Proposal, key: &str) -> Result<Warning, Error> {
    let elsewhere = elsewhere(tx, row)?;
    let found = warnings(row.fiscal_year, &lines(tx, row.id)?, elsewhere);
    found.into_iter().find(|warning| warning.key == key).ok_or_else(|| {
        let message = "there is no such warning now; GET double-funding lists them";
        Error::invalid("/warning", "unknown", message)
    })
}
