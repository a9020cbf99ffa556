//! Guards of deciding and paying: approved amounts, allocation, plan, contracts, gates.

use super::{Facts, Guard, Said, given, join, numbers, unless, within_cap};
use crate::domain::act::Act;
use crate::domain::contract;
use crate::domain::journal::Figures;
use crate::domain::line;
use crate::domain::money::Rupiah;
use crate::domain::tranche::Mode;

/// What has to hold of a decision and of setting money aside.
pub(super) fn decision(guard: Guard, facts: &Facts<'_>, act: &Act) -> Said {
    match guard {
        Guard::LinesApproved => {
            let missing = numbers(&facts.lines, |line| line.approved.is_none());
            unless(missing.is_empty() && facts.approved_total() > Rupiah::ZERO, "/lines", || {
                if missing.is_empty() {
                    "Nothing is approved in any line; reject it, or PUT line-reviews.".to_owned()
                } else {
                    format!("Lines without an approved amount: {missing}; PUT line-reviews.")
                }
            })
        }
        Guard::CutsExplained => {
            let missing = numbers(&facts.lines, |line| {
                let is_cut = |approved: Rupiah| {
                    approved < line.amount || line.agreed.is_some_and(|agreed| agreed != approved)
                };
                line.approved.is_some_and(is_cut)
                    && line.approved_reason.as_deref().is_none_or(|reason| reason.trim().is_empty())
            });
            unless(missing.is_empty(), "/lines", || {
                format!(
                    "Lines cut, or approved otherwise than agreed, without a reason: {missing}."
                )
            })
        }
        Guard::ApprovedSupportingCap => {
            let (total, supporting) = line::totals(&facts.lines, |line| line.approved);
            within_cap(facts.policy, "/lines", total, supporting)
        }
        Guard::AdverseAdviceAnswered => {
            unless(!facts.adverse_advice || act.comment().is_some(), "/comment", || {
                "The reviewers advised against it; overruling them asks for a comment.".to_owned()
            })
        }
        Guard::ConditionsGiven => {
            let some =
                act.data.conditions.as_ref().is_some_and(|conditions| !conditions.is_empty());
            unless(some, "/data/conditions", || "Name at least one condition.".to_owned())
        }
        Guard::LegalBasisGiven => {
            let basis =
                act.data.legal_basis.as_deref().map(str::trim).filter(|basis| !basis.is_empty());
            given(basis, "/data/legal_basis", "Name the regulation or decree that this rests on.")
        }
        Guard::AmountWithinApproval => {
            let approved = facts.approved_total();
            let fits = |amount: Rupiah| Rupiah::ZERO < amount && amount <= approved;
            unless(act.data.amount_idr.is_some_and(fits), "/data/amount_idr", || {
                format!("Give the amount, above zero and at most the approved {approved}.")
            })
        }
        Guard::RoomInAllocation => match (facts.allocation_room, act.data.amount_idr) {
            (None, _) => Err((
                "/region_code",
                "The region has no allocation for this fiscal year; POST /allocations first."
                    .to_owned(),
            )),
            (Some(room), Some(amount)) => unless(amount <= room, "/data/amount_idr", || {
                format!("{amount} is more than the {room} left in the region's allocation.")
            }),
            (Some(_), None) => Ok(()),
        },
        _ => Ok(()),
    }
}

/// What has to hold before money flows.
pub(super) fn funding(guard: Guard, facts: &Facts<'_>) -> Said {
    match guard {
        Guard::ContractGateOpen => unless(facts.now < facts.gate(), "/fiscal_year", || {
            format!("The gate of this year passed at {}.", facts.gate())
        }),
        Guard::PlanWithinCeiling => plan_within_ceiling(facts),
        Guard::PlanChangesLeft => plan_changes_left(facts),
        Guard::ContractedLinesKept => contracted_lines_kept(facts),
        Guard::PlanSupportingCap => match facts.decided_plan() {
            Some(plan) => within_cap(facts.policy, "/lines", plan.total, plan.supporting),
            None => Ok(()),
        },
        Guard::ContractListComplete => {
            let missing = contract::uncovered(facts.plan.as_ref(), &facts.contracts);
            unless(missing.is_empty() && !facts.contracts.is_empty(), "/contracts", || {
                format!("Planned lines without a contract: {}; POST contracts.", join(&missing))
            })
        }
        Guard::ConditionsLifted => {
            unless(facts.open_conditions == 0, "/conditions", || match facts.open_conditions {
                1 => "One condition is not lifted yet.".to_owned(),
                several => format!("{several} conditions are not lifted yet."),
            })
        }
        Guard::NoHold => unless(facts.open_holds == 0, "/holds", || {
            "An auditor holds it: it is neither paid nor closed until the hold is lifted."
                .to_owned()
        }),
        Guard::DesignerNotSupervisor => {
            match contract::designer_and_supervisor(facts.design_firm.as_ref(), &facts.contracts) {
                None => Ok(()),
                Some(firm) => {
                    Err(("/contracts", format!("{firm} both designed and supervises the works.")))
                }
            }
        }
        Guard::PaymentWithinContracts => payment_within_contracts(facts),
        Guard::NothingDisbursed => {
            unless(facts.figures.disbursed_idr == Rupiah::ZERO, "/state", || {
                format!("{} was disbursed already.", facts.figures.disbursed_idr)
            })
        }
        Guard::ContractGateMissed => {
            let gate = facts.gate();
            let protected = facts.first_request_at.is_some_and(|received| received < gate);
            unless(facts.now >= gate && !protected, "/state", || {
                if protected {
                    "A first request was received before the gate.".to_owned()
                } else {
                    format!("The gate passes at {gate}.")
                }
            })
        }
        _ => Ok(()),
    }
}

/// What has to hold before a forfeited proposal goes on.
pub(super) fn revival(guard: Guard, facts: &Facts<'_>) -> Said {
    let Some(revival) = &facts.revival else { return Ok(()) };
    match guard {
        Guard::GateMoved => {
            let gate = facts.gate();
            let moved = revival.decree.is_some() && facts.now < gate && facts.state_since < gate;
            unless(moved, "/fiscal_year", || {
                format!(
                    "The date that was missed still stands at {gate}; a decree in force in the region has to move it to \
                     a moment still to come (POST /decrees, path {}).",
                    facts.gate_path()
                )
            })
        }
        Guard::RoomToRevive => {
            let (amount, room) = (revival.amount, facts.allocation_room.unwrap_or_default());
            unless(amount <= room, "/region_code", || {
                format!(
                    "{amount} was set free and {room} is left in the region's allocation; record a larger one first \
                     (POST /allocations)."
                )
            })
        }
        _ => Ok(()),
    }
}

fn plan_within_ceiling(facts: &Facts<'_>) -> Said {
    let Some(plan) = facts.decided_plan() else {
        return Err(("/plans", "No activity plan is submitted.".to_owned()));
    };
    let ceiling = facts.figures.authority();
    let tolerance = facts.policy.plan.tolerance_idr;
    let most = Rupiah::total([ceiling, tolerance]);
    unless(Rupiah::ZERO < plan.total && plan.total <= most, "/lines", || {
        format!(
            "The plan's {} is more than the ceiling of {ceiling} and the tolerance of {tolerance}.",
            plan.total
        )
    })
}

fn plan_changes_left(facts: &Facts<'_>) -> Said {
    let rule = &facts.policy.plan;
    // What was cut by law has to be planned anew, whenever that comes.
    let most = Rupiah::total([facts.figures.authority(), rule.tolerance_idr]);
    if facts.figures.plan_idr > most {
        return Ok(());
    }
    if facts.now >= rule.changes_until.moment() {
        let until = rule.changes_until;
        return Err(("/plans", format!("An approved plan could be changed until {until}.")));
    }
    unless(facts.plan_changes < rule.max_changes, "/plans", || {
        let (made, most) = (facts.plan_changes, rule.max_changes);
        format!("An approved plan is changed at most {most} times; it was {made} times.")
    })
}

/// A line that a contract covers is not planned away, and the plan is not cut below what is contracted.
fn contracted_lines_kept(facts: &Facts<'_>) -> Said {
    let (Some(change), Some(plan)) = (&facts.plan_change, &facts.plan) else { return Ok(()) };
    let covered = |line: &i64| facts.contracts.iter().any(|contract| contract.lines.contains(line));
    let lost: Vec<i64> = plan
        .funded_lines
        .iter()
        .filter(|line| covered(line) && !change.funded_lines.contains(line))
        .copied()
        .collect();
    unless(lost.is_empty(), "/lines", || {
        format!("Lines with a contract can't be planned away: {}.", join(&lost))
    })?;
    let contracted = facts.figures.contracted_idr;
    unless(change.total >= contracted.min(plan.total), "/lines", || {
        format!("The plan's {} is less than the {contracted} that is contracted.", change.total)
    })
}

/// A payment is what contracts need, and never more than is set aside: contracts are outside facts, payments are not.
fn payment_within_contracts(facts: &Facts<'_>) -> Said {
    let Some(payment) = &facts.payment else { return Ok(()) };
    let Figures { ceiling_idr, released_idr, contracted_idr: contracted, .. } = facts.figures;
    let disbursed = facts.figures.disbursed_idr;
    let amount = payment.amount;
    let set_aside = Rupiah::total([ceiling_idr, released_idr.negated()]);
    let left = Rupiah::total([set_aside, disbursed.negated()]);
    unless(amount <= left, "/items", || {
        format!(
            "{amount} is more than the {left} that is set aside ({set_aside}) and not paid yet."
        )
    })?;
    match facts.mode {
        Mode::Staged => {
            let unpaid = contracted.minus(disbursed).unwrap_or_default();
            unless(amount <= unpaid, "/items", || {
                format!(
                    "{amount} is more than the {unpaid} that is contracted ({contracted}) and unpaid."
                )
            })
        }
        Mode::LumpSum => {
            let due = contracted.min(set_aside);
            unless(amount == due && disbursed == Rupiah::ZERO, "/items", || {
                format!(
                    "A lump sum equals the contract list of {contracted}, at most the {set_aside} that is set aside, in one payment; {disbursed} is paid."
                )
            })
        }
        Mode::LumpSumOnRecommendation => {
            let due = facts.handover_value.map(|value| value.min(set_aside));
            unless(due == Some(amount) && disbursed == Rupiah::ZERO, "/items", || match due {
                Some(value) => format!(
                    "A lump sum on recommendation equals the handover value of {value}, once."
                ),
                None => "The handover (BAST) is not recorded yet.".to_owned(),
            })
        }
    }
}
