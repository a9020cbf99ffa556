//! What province and ministry say of lines: the verifier flags them, reviewers assess them and agree on them, the
//! approver approves them. One call for all four; what it reads follows from where the proposal stands.

use crate::domain::assessment::Scores;
use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, ProposalId, UserId};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_LONG, MAX_SHORT};
use crate::domain::line::FundSource;
use crate::domain::money::{Rupiah, line_amount};
use crate::domain::people::{Duty, Role};
use crate::domain::policy::Policy;
use crate::domain::proposal::State;
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply, missing};
use crate::service::error::Error;
use crate::service::line::with_totals;
use crate::service::once::Write;
use crate::service::trail::{self, Event, changes};
use crate::service::view::line as view;
use crate::service::{Services, access, policy};
use crate::storage::AnyConnection;
use crate::storage::line::{self, Line};
use crate::storage::proposal::Proposal;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// What is said of one line. In verification `flag` and `words` are read; in technical_review `scores`,
/// `volume_thousandths`, `amount_idr` and `reason`; in harmonisation and decision the last three.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineReview {
    /// Which line.
    #[schema(example = 1)]
    pub line_no: i64,
    /// The verifier's flag: a code of the policy's `line_flags`. Required in verification.
    #[serde(default)]
    #[schema(example = "blue")]
    pub flag: Option<String>,
    /// What the verifier says with it.
    #[serde(default)]
    #[schema(example = "Harga satuan di atas standar daerah.")]
    pub words: Option<String>,
    /// The reviewer's scores. Required in technical_review.
    #[serde(default)]
    pub scores: Option<Scores>,
    /// Volume, in thousandths of the unit, at most as proposed; as proposed when absent.
    #[serde(default)]
    #[schema(example = 800_000)]
    pub volume_thousandths: Option<i64>,
    /// At most as proposed. In technical_review volume × unit cost when absent; required in harmonisation and decision.
    #[serde(default)]
    #[schema(value_type = Option<i64>, example = 4_200_000_000_i64)]
    pub amount_idr: Option<Rupiah>,
    /// Why it differs from what was proposed; required then in technical_review and harmonisation, and of a cut before
    /// the decision.
    #[serde(default)]
    pub reason: Option<String>,
}

impl LineReview {
    /// The fields that are given, beside the line's number.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let fields = [
            ("flag", self.flag.is_some()),
            ("words", self.words.is_some()),
            ("scores", self.scores.is_some()),
            ("volume_thousandths", self.volume_thousandths.is_some()),
            ("amount_idr", self.amount_idr.is_some()),
            ("reason", self.reason.is_some()),
        ];
        fields.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// What is said of lines.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineReviews {
    /// The lines that it is said of; what was said of the others stays.
    pub reviews: Vec<LineReview>,
}

impl LineReviews {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        let some = !self.reviews.is_empty();
        checks.require(some, "/reviews", "required", "must have at least one line");
        let few = self.reviews.len() <= MAX_ITEMS;
        checks.require(few, "/reviews", "too_many", "must have at most 500 lines");
        let mut seen = BTreeSet::new();
        for (index, review) in self.reviews.iter().enumerate().take(MAX_ITEMS) {
            let at = |field: &str| format!("/reviews/{index}/{field}");
            checks.optional_text(&at("flag"), review.flag.as_deref(), MAX_SHORT);
            checks.optional_text(&at("words"), review.words.as_deref(), MAX_LONG);
            checks.optional_text(&at("reason"), review.reason.as_deref(), MAX_LONG);
            if let Some(scores) = &review.scores {
                scores.check_form(&mut checks, &at("scores"));
            }
            if !seen.insert(review.line_no) {
                checks.fail(at("line_no"), "twice", "this line is named twice");
            }
        }
        checks.done()
    }
}

/// Who speaks of lines in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The province flags them.
    Flagging,
    /// The ministry's reviewers assess them.
    Assessing,
    /// The ministry's reviewers say what they agree to.
    Agreeing,
    /// The approver says what is approved.
    Deciding,
}

impl Turn {
    const ALL: [Turn; 4] = [Turn::Flagging, Turn::Assessing, Turn::Agreeing, Turn::Deciding];

    /// Where it is this turn.
    const fn state(self) -> State {
        match self {
            Turn::Flagging => State::Verification,
            Turn::Assessing => State::TechnicalReview,
            Turn::Agreeing => State::Harmonisation,
            Turn::Deciding => State::Decision,
        }
    }

    fn of(state: State) -> Option<Turn> {
        Turn::ALL.into_iter().find(|turn| turn.state() == state)
    }

    const fn role(self) -> (Role, Duty) {
        match self {
            Turn::Flagging => (Role::Verifier, Duty::Verification),
            Turn::Assessing | Turn::Agreeing => (Role::Reviewer, Duty::Review),
            Turn::Deciding => (Role::Approver, Duty::Decision),
        }
    }

    /// The fields that are read.
    const fn fields(self) -> &'static [&'static str] {
        match self {
            Turn::Flagging => &["flag", "words"],
            Turn::Assessing => &["scores", "volume_thousandths", "amount_idr", "reason"],
            Turn::Agreeing | Turn::Deciding => &["volume_thousandths", "amount_idr", "reason"],
        }
    }
}

/// Flags lines (a verifier, in verification), assesses them (a reviewer, in technical_review), sets agreed values (a
/// reviewer, in harmonisation) or approved ones (an approver, in decision).
pub fn review(
    sv: &Services,
    cx: &Context,
    id: ProposalId,
    body: &Input<LineReviews>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::editing("proposal.review_lines"),
        |tx| access::visible(tx, cx, id).map(|row| (access::subject(&row), row)),
        |tx, _, seen| {
            let (by, duty) = reviewer_of(cx, &seen)?;
            let before = access::lock_as(tx, cx, id, (cx.if_match, duty))?;
            let reviews = body.get()?;
            let known = line::of(tx, id)?;
            let policy = policy::of_proposal(tx, &before, cx.now)?.policy;
            let lines = reviewed(cx, &before, &policy, &known, &reviews.reviews)?;
            // Whose turn it is was asked of the row as it was seen; it may have moved until it was locked.
            if Turn::of(before.state).is_some_and(|turn| turn.role().1 != duty) {
                return Err(reviewer_of(cx, &before).err().unwrap_or(Error::Stale));
            }
            let changed: Vec<(&Line, &Line)> =
                known.iter().zip(&lines).filter(|(old, now)| old != now).collect();
            for (_, now) in &changed {
                line::save(tx, now)?;
            }
            let mut after = with_totals(&before, &lines);
            if before.state == State::Harmonisation && !changed.is_empty() {
                // What the region was asked to agree to is another now: it has to be proposed again.
                after.agreement_proposed = false;
                after.due_on = None;
            }
            access::save(tx, &after)?;
            access::took_part(tx, cx, id, duty)?;
            record(tx, cx, by, &after, &spoken(&changed)?, &lines)?;
            let version = after.version;
            Reply::ok(&view::Lines::of(&after, lines, &policy), Some(version))
        },
    )
}

/// Whose turn it is where the proposal stands; elsewhere each of them may learn that it is nobody's.
fn reviewer_of(cx: &Context, row: &Proposal) -> Result<(By, Duty), Error> {
    let turns: Vec<(Role, Duty)> = match Turn::of(row.state) {
        Some(turn) => vec![turn.role()],
        None => Turn::ALL.into_iter().map(Turn::role).collect(),
    };
    let place = access::place(row);
    turns
        .iter()
        .find_map(|(role, duty)| {
            cx.actor.grant_over(*role, place).map(|grant| (By::from(grant), *duty))
        })
        .ok_or_else(|| {
            let mut roles: Vec<Role> = turns.iter().map(|(role, _)| *role).collect();
            roles.dedup();
            missing(&roles)
        })
}

/// The lines with what is said of them, or everything that is wrong with it.
fn reviewed(
    cx: &Context,
    row: &Proposal,
    policy: &Policy,
    known: &[Line],
    reviews: &[LineReview],
) -> Result<Vec<Line>, Error> {
    let by = cx.actor.user.ok_or(Error::Unauthenticated("no user"))?;
    let turn = Turn::of(row.state);
    let mut lines = known.to_vec();
    let mut checks = Checks::default();
    for (index, review) in reviews.iter().enumerate() {
        let at = format!("/reviews/{index}");
        let Some(line) = lines.iter_mut().find(|line| line.line_no == review.line_no) else {
            checks.fail(format!("{at}/line_no"), "unknown", "there is no such line");
            continue;
        };
        let Some(turn) = turn else { continue };
        only_read(&mut checks, &at, turn, review);
        if turn != Turn::Flagging && line.fund_source != FundSource::Dak {
            let message = format!(
                "the line is paid by {}: nothing of it is assessed, agreed or approved",
                line.fund_source
            );
            checks.fail(format!("{at}/line_no"), "not_asked", message);
            continue;
        }
        match turn {
            Turn::Flagging => flag(&mut checks, &at, policy, review, line, (by, cx)),
            Turn::Assessing => assess(&mut checks, &at, policy, review, line, (by, cx)),
            Turn::Agreeing | Turn::Deciding => grant(&mut checks, &at, turn, review, line),
        }
    }
    checks.done().map_err(Error::Invalid)?;
    if turn.is_some() {
        return Ok(lines);
    }
    let message = format!(
        "Lines are reviewed in verification, technical_review, harmonisation and decision; it stands in {}.",
        row.state
    );
    Err(Error::refused("not_reviewable", "/state", message))
}

/// A field of another turn is refused, so that nothing that was meant is lost.
fn only_read(checks: &mut Checks, at: &str, turn: Turn, review: &LineReview) {
    for field in review.given().filter(|field| !turn.fields().contains(field)) {
        let message = format!(
            "{field} is not read in {}; it reads {}",
            turn.state(),
            turn.fields().join(", ")
        );
        checks.fail(format!("{at}/{field}"), "not_read_here", message);
    }
}

fn flag(
    checks: &mut Checks,
    at: &str,
    policy: &Policy,
    review: &LineReview,
    line: &mut Line,
    (by, cx): (UserId, &Context),
) {
    let pointer = format!("{at}/flag");
    let codes =
        || policy.line_flags.iter().map(|flag| flag.code.as_str()).collect::<Vec<_>>().join(", ");
    match review.flag.as_deref() {
        None => checks.fail(pointer, "required", format!("name one of {}", codes())),
        Some(code) if policy.line_flag(code).is_none() => {
            let message =
                format!("the policy of the year has no such flag; name one of {}", codes());
            checks.fail(pointer, "unknown_flag", message);
        }
        Some(code) => {
            let is_fit = policy.line_flag(code).is_some_and(|flag| flag.passes);
            if !is_fit && said(review.words.as_ref()).is_none() {
                let message = "say what is wrong with the line: its flag lets it not pass";
                checks.fail(format!("{at}/words"), "required", message);
            }
            line.opinion.flag = Some(code.to_owned());
            line.opinion.flag_words = said(review.words.as_ref());
            line.opinion.flagged_by = Some(by);
            line.opinion.flagged_at = Some(cx.now);
        }
    }
}

/// A text that says something.
fn said(text: Option<&String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).cloned()
}

fn assess(
    checks: &mut Checks,
    at: &str,
    policy: &Policy,
    review: &LineReview,
    line: &mut Line,
    (by, cx): (UserId, &Context),
) {
    let Some(scores) = &review.scores else {
        let message = "score the line: technical, output_target, unit_price, readiness";
        checks.fail(format!("{at}/scores"), "required", message);
        return;
    };
    scores.check(checks, &format!("{at}/scores"), policy.assessment_max_score);
    let volume = review.volume_thousandths.unwrap_or(line.volume_thousandths);
    let amount = review.amount_idr.or_else(|| line_amount(volume, line.unit_cost_idr));
    let amount = amount.unwrap_or(line.amount_idr);
    within_proposed(checks, at, line, volume, amount);
    explained(checks, at, review, line, volume, amount);
    let reason = said(review.reason.as_ref());
    let opinion = &mut line.opinion;
    let words = |score: &crate::domain::assessment::Score| said(score.words.as_ref());
    opinion.assessed_technical = Some(scores.technical.score);
    opinion.assessed_technical_words = words(&scores.technical);
    opinion.assessed_output_target = Some(scores.output_target.score);
    opinion.assessed_output_target_words = words(&scores.output_target);
    opinion.assessed_unit_price = Some(scores.unit_price.score);
    opinion.assessed_unit_price_words = words(&scores.unit_price);
    opinion.assessed_readiness = Some(scores.readiness.score);
    opinion.assessed_readiness_words = words(&scores.readiness);
    opinion.assessed_volume_thousandths = Some(volume);
    opinion.assessed_idr = Some(amount);
    opinion.assessed_reason = reason;
    opinion.assessed_by = Some(by);
    opinion.assessed_at = Some(cx.now);
}

/// Agreed and approved values.
fn grant(checks: &mut Checks, at: &str, turn: Turn, review: &LineReview, line: &mut Line) {
    let volume = review.volume_thousandths.unwrap_or(line.volume_thousandths);
    let Some(amount) = review.amount_idr else {
        checks.fail(format!("{at}/amount_idr"), "required", "give the amount; 0 grants nothing");
        return;
    };
    within_proposed(checks, at, line, volume, amount);
    // What is approved may be put down piece by piece: the decision asks for the reasons.
    if turn == Turn::Agreeing {
        explained(checks, at, review, line, volume, amount);
    }
    let (volume, amount, reason) = (Some(volume), Some(amount), review.reason.clone());
    if turn == Turn::Deciding {
        line.approved_volume_thousandths = volume;
        (line.approved_idr, line.approved_reason) = (amount, reason);
    } else {
        line.agreed_volume_thousandths = volume;
        (line.agreed_idr, line.agreed_reason) = (amount, reason);
    }
}

/// What differs from what was proposed has its reason.
fn explained(
    checks: &mut Checks,
    at: &str,
    review: &LineReview,
    line: &Line,
    volume: i64,
    amount: Rupiah,
) {
    let differs = volume != line.volume_thousandths || amount != line.amount_idr;
    if differs && said(review.reason.as_ref()).is_none() {
        let message = "say why it differs from what was proposed";
        checks.fail(format!("{at}/reason"), "required", message);
    }
}

fn within_proposed(checks: &mut Checks, at: &str, line: &Line, volume: i64, amount: Rupiah) {
    if amount > line.amount_idr {
        let message = format!("must be at most the proposed {}", line.amount_idr.0);
        checks.fail(format!("{at}/amount_idr"), "above_proposed", message);
    }
    if !(0..=line.volume_thousandths).contains(&volume) {
        let message = format!("must be from 0 to the proposed {}", line.volume_thousandths);
        checks.fail(format!("{at}/volume_thousandths"), "above_proposed", message);
    }
}

/// What an event tells of lines of which something was said: of each, given as it was and as it is, its number and what
/// differs. All of them stand whole in the revision.
pub fn spoken(changed: &[(&Line, &Line)]) -> Result<Value, Error> {
    let line = |(old, now): &(&Line, &Line)| {
        let (before, after) = (changes(*old, *now)?, changes(*now, *old)?);
        Ok(json!({ "line_no": now.line_no, "before": before, "after": after }))
    };
    changed.iter().map(line).collect()
}

fn record(
    tx: &mut AnyConnection,
    cx: &Context,
    by: By,
    after: &Proposal,
    spoken: &Value,
    lines: &[Line],
) -> Result<(), Error> {
    let event = EventId::new();
    let subject = access::subject(after);
    let content = json!({ "lines": spoken });
    let action = "proposal.review_lines";
    let told = Event { id: event, action, subject: &subject, by: Some(by), content, personal: &[] };
    trail::done(tx, cx, told)?;
    trail::revise(tx, event, SubjectKind::Proposal, after.id, after.version, after)?;
    trail::revise(tx, event, SubjectKind::ProposalLines, after.id, after.version, &lines)
}
