//! What a rule about documents has to be like.

use super::named;
use crate::domain::act::Action;
use crate::domain::document::uploaders;
use crate::domain::input::{Checks, MAX_LONG};
use crate::domain::policy::DocumentRule;
use crate::domain::proposal::{Menu, State};
use crate::domain::readiness::{is_stage, place};
use crate::domain::workflow;
use std::str::FromStr;

/// A rule about one type of document at one stage.
pub(super) fn document(checks: &mut Checks, at: &str, rule: &DocumentRule) {
    named(checks, at, "type", &rule.document_type, &rule.label_id, &rule.label_en);
    let pointer = format!("{at}/stage");
    match Action::from_str(&rule.stage) {
        Err(unknown) => {
            let message = format!("{:?} is no action; known are: {}", unknown.given, unknown.known);
            checks.fail(pointer, "unknown_stage", message);
        }
        Ok(stage) if !menus(rule).iter().any(|menu| is_stage(*menu, stage)) => {
            let looks = |action: &&Action| menus(rule).iter().any(|menu| is_stage(*menu, **action));
            let known: Vec<&str> =
                Action::ALL.iter().filter(looks).map(|one| one.as_str()).collect();
            let message = format!("{stage} looks at no documents; these do: {}", known.join(", "));
            checks.fail(pointer, "no_stage", message);
        }
        Ok(stage) if !can_be_brought(rule, stage) => {
            let message = "nobody of brought_by can bring it between not_before and its stage";
            checks.fail(at, "never_brought", message);
        }
        Ok(_) => {}
    }
    if let Some(months) = rule.valid_months {
        checks.between(&format!("{at}/valid_months"), months, 1, 600);
    }
    checks.optional_text(&format!("{at}/legal_basis"), rule.legal_basis.as_deref(), MAX_LONG);
}

fn menus(rule: &DocumentRule) -> &[Menu] {
    if rule.menus.is_empty() { Menu::ALL } else { &rule.menus }
}

/// Whether there is a state, not too early and not past the stage, in which one of the roles brings documents.
fn can_be_brought(rule: &DocumentRule, stage: Action) -> bool {
    let from = menus(rule).iter().flat_map(|menu| workflow::arrows(*menu));
    let last = from.filter(|arrow| arrow.action == stage).map(|arrow| place(arrow.from)).max();
    let in_time = |state: &&State| {
        Some(place(**state)) <= last
            && rule.not_before.is_none_or(|first| place(first) <= place(**state))
    };
    let brings = |state: &State| {
        let mut roles = uploaders(*state).iter().map(|(role, _)| role);
        roles.any(|role| rule.brought_by.is_empty() || rule.brought_by.contains(role))
    };
    State::ALL.iter().filter(in_time).any(brings)
}
