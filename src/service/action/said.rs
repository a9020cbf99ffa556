//! What the notice of an action lists: what it asks, cuts or agrees, and what was lacking where the service itself ended a
//! proposal.

use crate::domain::act::{Act, Action};
use crate::domain::change::{RequestFacts, RequestState};
use crate::domain::contract;
use crate::domain::guard::{Facts, Guard};
use crate::domain::line::LineFacts;
use crate::domain::notice::detail::{Detail, DocumentName, Milestone};
use crate::domain::proposal::State;
use crate::domain::workflow;
use crate::service::notices::document_name;
use std::collections::BTreeSet;

/// The requests that wait for the region, with their numbers.
pub(super) fn open_requests(facts: &Facts<'_>) -> Vec<Detail> {
    let asked = |request: &RequestFacts| Detail::ChangeAsked {
        n: request.n,
        pointer: request.pointer.clone(),
        document: request
            .pointer
            .strip_prefix("/documents/")
            .map(|code| document_name(facts.policy, code)),
        comment: request.comment.clone(),
    };
    let open = facts.requests.iter().filter(|request| request.state == RequestState::Open);
    open.map(asked).collect()
}

/// What the verifier says of the lines whose flag does not let them pass.
pub(super) fn doubts(facts: &Facts<'_>) -> Vec<Detail> {
    let doubt = |line: &LineFacts| {
        let flag = facts.policy.line_flag(line.flag.as_deref()?)?;
        (!flag.passes).then(|| Detail::LineFlagged {
            line_no: line.line_no,
            component: line.component,
            label_id: flag.label_id.clone(),
            label_en: flag.label_en.clone(),
            comment: line.flag_words.clone(),
        })
    };
    facts.lines.iter().filter_map(doubt).collect()
}

/// What is put to the region, line by line.
pub(super) fn agreement(facts: &Facts<'_>) -> Vec<Detail> {
    let asked = facts.lines.iter().filter(|line| line.is_asked());
    asked
        .filter_map(|line| {
            line.agreed.map(|agreed| Detail::LineAgreed {
                line_no: line.line_no,
                component: line.component,
                proposed_idr: line.amount.0,
                agreed_idr: agreed.0,
            })
        })
        .collect()
}

/// Lines of which less is approved than was proposed, with reasons.
pub(super) fn cuts(facts: &Facts<'_>) -> Vec<Detail> {
    let lines = facts.lines.iter();
    lines
        .filter_map(|line| {
            let approved = line.approved.filter(|approved| *approved < line.amount)?;
            Some(Detail::LineCut {
                line_no: line.line_no,
                component: line.component,
                proposed_idr: line.amount.0,
                approved_idr: approved.0,
                reason: line.approved_reason.clone(),
            })
        })
        .collect()
}

/// What kept a proposal from passing the gate that it missed: the step that was not taken in time, and what stood in the way
/// of it by the guards of its arrow.
pub(super) fn lacking(facts: &Facts<'_>) -> Vec<Detail> {
    let (action, milestone) = match facts.state {
        State::Allocated => (Action::ApprovePlan, Milestone::PlanApproved),
        State::Planned => (Action::AcceptContracts, Milestone::ContractsAccepted),
        State::Contracted => (Action::Disburse, Milestone::FirstRequest),
        _ => return Vec::new(),
    };
    let mut all = match facts.first_request_at {
        Some(received_at) if milestone == Milestone::FirstRequest => {
            vec![Detail::RequestLate { received_at }]
        }
        _ => vec![Detail::NotReached { milestone }],
    };
    let act = Act::bare(action);
    let arrow = workflow::arrows(facts.menu)
        .find(|arrow| arrow.from == facts.state && arrow.action == action);
    for guard in arrow.map(|arrow| arrow.guards).unwrap_or_default() {
        // That the gate has passed is what is told; a payment was not being made.
        if matches!(guard, Guard::ContractGateOpen | Guard::PaymentWithinContracts) {
            continue;
        }
        if !guard.check(facts, &act).is_empty() {
            all.extend(unmet(*guard, facts, action));
        }
    }
    all
}

fn unmet(guard: Guard, facts: &Facts<'_>, action: Action) -> Vec<Detail> {
    let figures = match guard {
        Guard::DocumentsReady => return documents(facts, action),
        // Without a plan there is nothing that could be within its bounds.
        Guard::PlanWithinCeiling | Guard::PlanSupportingCap if facts.plan.is_none() => {
            return Vec::new();
        }
        Guard::ContractListComplete => contract::uncovered(facts.plan.as_ref(), &facts.contracts),
        Guard::ConditionsLifted => vec![i64::try_from(facts.open_conditions).unwrap_or(i64::MAX)],
        _ => Vec::new(),
    };
    vec![Detail::Unmet { guard, figures }]
}

/// The documents for want of which the action was not possible, each type once.
fn documents(facts: &Facts<'_>, action: Action) -> Vec<Detail> {
    let mut told = BTreeSet::new();
    let lacking = facts.readiness.iter().filter(|item| item.stands_in_the_way_of(action));
    lacking
        .filter(|item| told.insert(&item.rule.document_type))
        .map(|item| {
            Detail::DocumentLacking(DocumentName {
                document_type: item.rule.document_type.clone(),
                label_id: item.rule.label_id.clone(),
                label_en: item.rule.label_en.clone(),
            })
        })
        .collect()
}
