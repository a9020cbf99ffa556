//! Guards of finishing: handover, use, reports, leftover.

use super::{Facts, Guard, Said, given, unless};
use crate::domain::act::{Act, Action};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::tranche::Mode;
use chrono::{Datelike, Months};

/// What has to hold of a handover.
pub(super) fn handover(guard: Guard, facts: &Facts<'_>, act: &Act) -> Said {
    match guard {
        Guard::PaidOnRecommendation => {
            let fits =
                facts.mode == Mode::LumpSumOnRecommendation && facts.handover_value.is_none();
            unless(fits, "/state", || {
                "Only a lump sum on recommendation records its handover here, and once.".to_owned()
            })
        }
        Guard::HandoverGiven => {
            let today = facts.today();
            let given = act.data.handover.as_ref().is_some_and(|handover| handover.date <= today);
            unless(given, "/data/handover", || {
                format!(
                    "Give number and date of the handover minutes (BAST), not later than today ({today})."
                )
            })
        }
        Guard::HandoverValued => {
            let contracted = facts.figures.contracted_idr;
            let value = act.data.handover.as_ref().and_then(|handover| handover.value_idr);
            let fits = value.is_some_and(|value| Rupiah::ZERO < value && value <= contracted);
            unless(fits, "/data/handover/value_idr", || {
                format!(
                    "Give the value handed over, above zero and at most the contracted {contracted}."
                )
            })
        }
        Guard::OutputComplete => {
            unless(act.data.output_bp == Some(BasisPoints::WHOLE), "/data/output_bp", || {
                "Output has to be 100 % (10000); if the works end unfinished, use end_short."
                    .to_owned()
            })
        }
        _ => Ok(()),
    }
}

/// What has to hold before a proposal ends.
pub(super) fn ending(guard: Guard, facts: &Facts<'_>, act: &Act) -> Said {
    let data = &act.data;
    match guard {
        Guard::YearOrContractsOver => {
            let today = facts.today();
            let year_over = i64::from(today.year()) > facts.policy.fiscal_year;
            let contracts_over = facts.contracts.iter().all(|contract| contract.ends_on < today);
            unless(year_over || contracts_over, "/contracts", || {
                "The year is not over, and a contract still runs.".to_owned()
            })
        }
        Guard::StatementGiven => {
            unless(data.statement.is_some() && data.output_bp.is_some(), "/data/statement", || {
                "Give the drafter's statement (number, date, who finishes) and the output reached."
                    .to_owned()
            })
        }
        Guard::AssetRecorded => given(
            said(&data.asset_number),
            "/data/asset_number",
            "Record the building as a regional asset (BMD).",
        ),
        Guard::ManagerNamed => given(
            said(&data.manager),
            "/data/manager",
            "Name the manager or the technical service unit (UPT).",
        ),
        Guard::OccupantsNamed => {
            let some = data.occupants.as_ref().is_some_and(|occupants| !occupants.is_empty());
            unless(some, "/data/occupants", || "Name the businesses that move in.".to_owned())
        }
        Guard::CentreRegistered => {
            unless(data.centre_id.is_some() && facts.named_exists, "/data/centre_id", || {
                "Register the new centre of this region (POST /centres) and name its id.".to_owned()
            })
        }
        Guard::FinalReportReviewed => unless(facts.final_report_reviewed, "/reports", || {
            "The final report is not reviewed yet.".to_owned()
        }),
        Guard::UnusedFound => unless(facts.unused_found, "/findings", || {
            "No finding says that it is not in use: an auditor makes one of the kind unused (POST \
             findings), or the use is confirmed (close)."
                .to_owned()
        }),
        Guard::BaselineCompared => given(
            said(&data.baseline_comparison),
            "/data/baseline_comparison",
            "Compare with the baseline, in words.",
        ),
        Guard::LeftoverSettled => {
            let left = facts.figures.in_hand();
            unless(left == Rupiah::ZERO, "/figures/in_hand_idr", || {
                if left < Rupiah::ZERO {
                    return format!(
                        "{} more was spent than was received; a payment order that is wrong is taken back (POST /journal/{{id}}/reverse).",
                        left.negated()
                    );
                }
                format!(
                    "{left} is still in hand; it has to be spent, returned (POST returns) or carried over to a later year (POST carries)."
                )
            })
        }
        Guard::UseConfirmed => use_confirmed(facts, act),
        _ => Ok(()),
    }
}

fn use_confirmed(facts: &Facts<'_>, act: &Act) -> Said {
    if act.action == Action::Close && act.data.successor_id.is_some() {
        return unless(facts.named_exists, "/data/successor_id", || {
            "The successor has to be another proposal of the same region and of this or a later year, which has not come to \
             nothing.".to_owned()
        });
    }
    let months = u32::try_from(facts.policy.operation_check_months).unwrap_or(0);
    let due = facts.operating_since.and_then(|since| since.checked_add_months(Months::new(months)));
    let checked = act.data.use_check.as_ref().is_some_and(|check| {
        check.businesses > 0
            && check.checked_on <= facts.today()
            && due.is_some_and(|due| check.checked_on >= due)
    });
    unless(checked, "/data/use_check", || {
        let when = due.map_or_else(String::new, |due| format!(", on {due} or later"));
        format!(
            "Show that the centre is in use {months} months after handing over{when}; or name the successor."
        )
    })
}

fn said(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}
