//! Readiness (kesiapan): which documents a proposal needs, at which step, and whether they are there. One computation
//! for the checklist that people read and for the guard that stops an action.

use crate::domain::act::Action;
use crate::domain::document::DocumentStatus;
use crate::domain::guard::Guard;
use crate::domain::ids::{DocumentId, WaiverId};
use crate::domain::line::{Component, LineFacts};
use crate::domain::moment::{Moment, Zone};
use crate::domain::people::Role;
use crate::domain::policy::{DocumentRule, Policy};
use crate::domain::proposal::{Menu, State};
use crate::domain::refusal::Blocker;
use crate::domain::workflow::{self, Course};
use chrono::{Months, NaiveDate};
use std::cmp::Reverse;

text_enum! {
    /// How it stands with a document that the policy asks for.
    pub enum ItemState {
        /// It is there and holds.
        Present = "present",
        /// An approver lets the proposal go on without it.
        Waived = "waived",
        /// It was not brought.
        Missing = "missing",
        /// It was brought, and the virus scanner has not seen it yet.
        PendingScan = "pending_scan",
        /// It holds for some months only, and does not say from when on.
        Undated = "undated",
        /// It held, and does not any more.
        Expired = "expired",
        /// It has to be a picture that says where it was taken, and does not say it.
        NoPosition = "no_position",
        /// It was brought before it could be true, such as minutes of a handover with the draft.
        TooEarly = "too_early",
        /// Another role has to bring it.
        WrongRole = "wrong_role",
    }
}

/// What the checklist looks at in a document that was brought, and that no newer one has taken the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Its id.
    pub id: DocumentId,
    /// What it is, as a code.
    pub document_type: String,
    /// Whether it may be fetched.
    pub status: DocumentStatus,
    /// When it was issued.
    pub issued_on: Option<NaiveDate>,
    /// Until when it says that it holds.
    pub valid_until: Option<NaiveDate>,
    /// When it was brought.
    pub uploaded_at: Moment,
    /// Whether it says where it was taken.
    pub has_position: bool,
    /// In which role it was brought; unknown of older ones.
    pub uploaded_role: Option<Role>,
    /// Where the proposal stood; unknown of older ones.
    pub uploaded_in: Option<State>,
}

/// What the checklist looks at in a waiver that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waived {
    /// Its id.
    pub id: WaiverId,
    /// Of which type of document.
    pub document_type: String,
}

/// What of a proposal decides which documents it needs.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What is asked for.
    pub menu: Menu,
    /// Where it stands.
    pub state: State,
    /// What tells its arrows apart.
    pub course: Course,
    /// Its lines.
    pub lines: &'a [LineFacts],
    /// Whether one of them builds anew.
    pub builds_anew: bool,
    /// The zone of the region, whose days count.
    pub zone: Zone,
    /// Now.
    pub now: Moment,
}

/// A document that the policy asks of the proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item<'p> {
    /// The rule that asks for it.
    pub rule: &'p DocumentRule,
    /// From which action on.
    pub stage: Action,
    /// Whether the proposal has gone past that action.
    pub passed: bool,
    /// Whether the proposal has ended, so that nothing is brought any more.
    pub ended: bool,
    /// Whether it has, and later steps ask for it still: until the decision, since lines can change after the step.
    pub still_asked: bool,
    /// How it stands.
    pub state: ItemState,
    /// What was brought of its type.
    pub documents: Vec<DocumentId>,
    /// The last day on which what was brought holds, where it does not hold for good.
    pub holds_until: Option<NaiveDate>,
    /// The waiver, where one stands.
    pub waiver: Option<WaiverId>,
}

impl Item<'_> {
    /// Whether it is there, or not needed any more.
    pub const fn is_met(&self) -> bool {
        matches!(self.state, ItemState::Present | ItemState::Waived)
    }

    /// Whether the action is refused for want of it. What is needed to approve is needed to approve with conditions.
    pub fn stands_in_the_way_of(&self, action: Action) -> bool {
        let action = match action {
            Action::ApproveWithConditions => Action::Approve,
            other => other,
        };
        self.rule.mandatory && !self.is_met() && (self.still_asked || self.stage == action)
    }

    /// What is wrong with it, and how to mend it.
    pub fn sentence(&self) -> String {
        let DocumentRule { document_type, label_id, label_en, valid_months, .. } = self.rule;
        let name = format!("{label_en} ({label_id}; {document_type})");
        let until = self.holds_until.map(|day| day.to_string()).unwrap_or_default();
        match self.state {
            ItemState::Present => format!("{name} is there."),
            ItemState::Waived => format!("{name} is waived."),
            ItemState::Missing if self.ended => format!("{name} is not there."),
            ItemState::Missing => format!(
                "{name} is missing; POST it to the proposal's documents, or ask an approver for a waiver."
            ),
            ItemState::PendingScan => {
                format!("{name} waits for the virus scanner; try again later.")
            }
            ItemState::Undated => format!(
                "{name} holds for {} months from its issue; POST it again with issued_on.",
                valid_months.unwrap_or_default()
            ),
            ItemState::Expired => {
                format!("{name} held until {until}; POST a newer one that supersedes it.")
            }
            ItemState::NoPosition => {
                format!(
                    "{name} has to be a picture with its position (EXIF); POST one that has it."
                )
            }
            ItemState::TooEarly => {
                let first = self.rule.not_before.map(|state| state.as_str()).unwrap_or_default();
                format!(
                    "{name} was brought before the proposal stood in {first}; POST a newer one."
                )
            }
            ItemState::WrongRole => {
                let roles: Vec<_> = self.rule.brought_by.iter().map(|role| role.as_str()).collect();
                format!("{name} has to be brought by {}.", roles.join(" or "))
            }
        }
    }

    /// The same as a blocker.
    pub fn blocker(&self) -> Blocker {
        let pointer = format!("/documents/{}", self.rule.document_type);
        Blocker::new(Guard::DocumentsReady.as_str(), &pointer, self.sentence())
    }
}

/// Whether an action of a menu can be the stage of a document: its arrow looks at the documents, and every proposal of
/// the menu takes it or goes past it.
pub fn is_stage(menu: Menu, action: Action) -> bool {
    !matches!(action, Action::Answer | Action::ApproveWithConditions)
        && workflow::arrows(menu)
            .any(|arrow| arrow.action == action && arrow.guards.contains(&Guard::DocumentsReady))
}

/// The documents that the policy asks of the proposal, in its order, and how it stands with each.
pub fn checklist<'p>(
    policy: &'p Policy,
    subject: &Subject<'_>,
    brought: &[Brought],
    waived: &[Waived],
) -> Vec<Item<'p>> {
    let asked = policy.documents.iter().filter(|rule| applies(rule, subject));
    let item = |rule: &'p DocumentRule| {
        let stage = rule.action().filter(|stage| is_on_the_way(*stage, subject))?;
        Some(stand(rule, stage, subject, brought, waived))
    };
    asked.filter_map(item).collect()
}

fn applies(rule: &DocumentRule, subject: &Subject<'_>) -> bool {
    let pays = |component: &Component| {
        subject.lines.iter().any(|line| line.is_asked() && line.component == *component)
    };
    is_asked_of(rule, subject.menu, subject.builds_anew, pays)
}

/// Whether a rule asks for its document of a proposal: by its menu, by the components that its lines pay for with money of the
/// DAK, and by whether one of them builds anew.
pub fn is_asked_of(
    rule: &DocumentRule,
    menu: Menu,
    builds_anew: bool,
    pays: impl Fn(&Component) -> bool,
) -> bool {
    (rule.menus.is_empty() || rule.menus.contains(&menu))
        && (rule.components.is_empty() || rule.components.iter().any(pays))
        && (!rule.builds_anew || builds_anew)
}

/// Whether a rule asks for its document at a step that lies before the ministry's decision, or at its approval, and that a
/// proposal of this menu and course takes.
pub fn is_due_by_approval(rule: &DocumentRule, menu: Menu, course: &Course) -> bool {
    let early = [
        Action::RequestPlanningCheck,
        Action::ConfirmPlanning,
        Action::Submit,
        Action::Verify,
        Action::Recommend,
        Action::ConfirmSite,
        Action::Approve,
    ];
    rule.action().is_some_and(|action| early.contains(&action) && is_taken(action, menu, course))
}

/// Whether the proposal takes the action: a site that is not visited is not confirmed, and a province's own proposal is
/// verified by nobody.
fn is_on_the_way(stage: Action, subject: &Subject<'_>) -> bool {
    is_taken(stage, subject.menu, &subject.course)
}

fn is_taken(stage: Action, menu: Menu, course: &Course) -> bool {
    let taken = match stage {
        Action::ConfirmSite => course.visit_due,
        Action::Verify => !course.is_province,
        _ => true,
    };
    taken && is_stage(menu, stage)
}

/// Whether a proposal of a menu that stands in a state is beyond every state in which the action is taken. A closed one has
/// taken all of them; where another ended is not looked up.
fn has_passed(stage: Action, menu: Menu, state: State) -> bool {
    let from = workflow::arrows(menu).filter(|arrow| arrow.action == stage);
    match state {
        State::Closed => true,
        state if state.is_end() => false,
        state => from.map(|arrow| place(arrow.from)).max() < Some(place(state)),
    }
}

/// Whether steps up to the decision ask for what an earlier one needed. A visit's papers belong to the visit alone: it
/// can be left out, or fail, and an approver overrule that with words.
fn is_asked_still(stage: Action, state: State) -> bool {
    stage != Action::ConfirmSite && place(state) <= place(State::Decision)
}

/// How far a proposal has come in a state. A clarification is part of the technical review.
pub(super) fn place(state: State) -> usize {
    let state = if state == State::Clarification { State::TechnicalReview } else { state };
    State::ALL.iter().position(|known| *known == state).unwrap_or(usize::MAX)
}

fn stand<'p>(
    rule: &'p DocumentRule,
    stage: Action,
    subject: &Subject<'_>,
    brought: &[Brought],
    waived: &[Waived],
) -> Item<'p> {
    let passed = has_passed(stage, subject.menu, subject.state);
    let today = subject.now.date_in(subject.zone);
    // A document that was good when it was needed stays good: what holds for a year need not be renewed every year.
    let on = |one: &Brought| {
        let came = one.uploaded_at.date_in(subject.zone);
        if passed || subject.state.is_end() { came.min(today) } else { today }
    };
    let these: Vec<&Brought> =
        brought.iter().filter(|one| one.document_type == rule.document_type).collect();
    let best = best(rule, these.iter().copied(), on);
    let (state, holds_until) =
        best.map_or((ItemState::Missing, None), |(state, until, _)| (state, until));
    let waiver = waived.iter().find(|one| one.document_type == rule.document_type);
    let state = match waiver {
        Some(_) if state != ItemState::Present => ItemState::Waived,
        _ => state,
    };
    Item {
        rule,
        stage,
        passed,
        ended: subject.state.is_end(),
        still_asked: passed && is_asked_still(stage, subject.state),
        state,
        documents: these.iter().map(|one| one.id).collect(),
        holds_until,
        waiver: waiver.map(|one| one.id),
    }
}

/// The best of several documents by a rule, each judged on a day of its own; of equals the one that holds longest: how it
/// stands, and its last day.
fn best<'b>(
    rule: &DocumentRule,
    these: impl Iterator<Item = &'b Brought>,
    on: impl Fn(&Brought) -> NaiveDate,
) -> Option<(ItemState, Option<NaiveDate>, &'b Brought)> {
    let judged = these.map(|one| (judge(rule, one, on(one)), holds_until(rule, one), one));
    judged.min_by_key(|(state, until, _)| (distance(*state), until.is_some(), Reverse(*until)))
}

/// How it stood with the document of a rule when the ministry decided on a proposal, and with which of those that were there.
/// What an earlier step needed had to hold when it came, as in the checklist; what was waived all the same, when it was decided.
pub fn stood_at_decision<'b>(
    rule: &DocumentRule,
    (menu, zone, decided_at): (Menu, Zone, Moment),
    is_waived: bool,
    there: impl Iterator<Item = &'b Brought>,
) -> Option<(ItemState, &'b Brought)> {
    let has_passed = |stage: Action| has_passed(stage, menu, State::Decision);
    let passed = !is_waived && rule.action().is_some_and(has_passed);
    let decided_on = decided_at.date_in(zone);
    let on = |one: &Brought| {
        if passed { one.uploaded_at.date_in(zone).min(decided_on) } else { decided_on }
    };
    best(rule, there, on).map(|(state, _, one)| (state, one))
}

/// Whether a document of a type is there outside the checklist's steps, such as for a tranche: one that was brought as a
/// rule of the menu has it, or, where the menu has none for it, one that may be fetched; or it is waived.
pub fn is_there(
    policy: &Policy,
    (menu, document_type): (Menu, &str),
    on: NaiveDate,
    brought: &[Brought],
    waived: bool,
) -> bool {
    let rules: Vec<&DocumentRule> = policy
        .documents
        .iter()
        .filter(|rule| rule.document_type == document_type)
        .filter(|rule| rule.menus.is_empty() || rule.menus.contains(&menu))
        .collect();
    let holds = |one: &Brought| match rules.as_slice() {
        [] => one.status == DocumentStatus::Available,
        some => some.iter().any(|rule| judge(rule, one, on) == ItemState::Present),
    };
    waived || brought.iter().filter(|one| one.document_type == document_type).any(holds)
}

/// How far a state is from what is wanted.
const fn distance(state: ItemState) -> u8 {
    match state {
        ItemState::Present => 0,
        ItemState::Waived => 1,
        ItemState::PendingScan => 2,
        ItemState::Undated => 3,
        ItemState::Expired => 4,
        ItemState::NoPosition => 5,
        ItemState::TooEarly => 6,
        ItemState::WrongRole => 7,
        ItemState::Missing => 8,
    }
}

/// The last day on which a document holds: by what it says itself, and by how long the rule trusts it.
fn holds_until(rule: &DocumentRule, one: &Brought) -> Option<NaiveDate> {
    let months = rule.valid_months.and_then(|months| u32::try_from(months).ok()).map(Months::new);
    let by_rule =
        one.issued_on.zip(months).and_then(|(issued, months)| issued.checked_add_months(months));
    [by_rule, one.valid_until].into_iter().flatten().min()
}

fn judge(rule: &DocumentRule, one: &Brought, on: NaiveDate) -> ItemState {
    match one.status {
        DocumentStatus::Refused => return ItemState::Missing,
        DocumentStatus::PendingScan => return ItemState::PendingScan,
        DocumentStatus::Available => {}
    }
    let is_theirs = |role: Role| rule.brought_by.is_empty() || rule.brought_by.contains(&role);
    let stood = rule.not_before.zip(one.uploaded_in);
    if !one.uploaded_role.is_none_or(is_theirs) {
        ItemState::WrongRole
    } else if stood.is_some_and(|(first, stood)| place(stood) < place(first)) {
        ItemState::TooEarly
    } else if rule.geotag && !one.has_position {
        ItemState::NoPosition
    } else if rule.valid_months.is_some() && one.issued_on.is_none() {
        ItemState::Undated
    } else if holds_until(rule, one).is_some_and(|until| until < on) {
        ItemState::Expired
    } else {
        ItemState::Present
    }
}

#[cfg(test)]
mod tests;
