//! Guards of drafting and review: windows, site, centre, lines; comments, due dates, visits.

use super::{Facts, Guard, Said, given, join, numbers, unless, within_cap};
use crate::domain::act::{Act, Action};
use crate::domain::change::RequestState;
use crate::domain::line::{self, LineFacts};
use crate::domain::proposal::Menu;
use crate::domain::refusal::Blocker;
use std::collections::BTreeSet;

/// What has to hold of a draft.
pub(super) fn preparation(guard: Guard, facts: &Facts<'_>) -> Said {
    let revitalises = facts.menu == Menu::Revitalisation;
    match guard {
        Guard::WindowOpen => window_open(facts),
        Guard::RegionEligible => region_eligible(facts),
        Guard::ThemeEligible => theme_eligible(facts),
        Guard::ComponentsAllowed => components_allowed(facts),
        Guard::SiteGiven => {
            unless(facts.site_named && facts.site_position.is_some(), "/site", || {
                "The site needs street, village, district, latitude and longitude; PATCH the proposal.".to_owned()
            })
        }
        Guard::CentreNamed => {
            unless(!revitalises || facts.centre_provisional.is_some(), "/centre_id", || {
                "A revitalisation names the centre of the registry that it improves; PATCH centre_id.".to_owned()
            })
        }
        Guard::CentreMatched => {
            unless(!revitalises || facts.centre_provisional == Some(false), "/centre_id", || {
                "The centre is a provisional entry; it has to be matched (PATCH the centre with its decree).".to_owned()
            })
        }
        Guard::BaselineGiven => {
            unless(!revitalises || facts.baseline.is_some(), "/baseline", || {
                "A revitalisation needs a baseline, to be compared with at its end; PATCH baseline."
                    .to_owned()
            })
        }
        Guard::GapsAnswered => gaps_answered(facts, revitalises),
        Guard::HasLines => unless(facts.lines.iter().any(LineFacts::is_asked), "/lines", || {
            "At least one line has to ask for DAK money; PUT the lines.".to_owned()
        }),
        Guard::SupportingCap => {
            let (total, supporting) = line::totals(&facts.lines, |line| Some(line.amount));
            within_cap(facts.policy, "/lines", total, supporting)
        }
        _ => Ok(()),
    }
}

/// What has to hold of a review.
pub(super) fn review(guard: Guard, facts: &Facts<'_>, act: &Act) -> Said {
    match guard {
        Guard::ChangeRequested => {
            unless(!facts.requests_in(&[RequestState::Open]).is_empty(), "/change-requests", || {
                "Say what has to change: POST at least one change request, each tied to its field or line."
                    .to_owned()
            })
        }
        Guard::RequestsAnswered => {
            let open = facts.requests_in(&[RequestState::Open]);
            unless(open.is_empty(), "/change-requests", || {
                format!(
                    "Change requests without an answer: {}; POST the answer of each.",
                    join(&open)
                )
            })
        }
        Guard::NoOpenRequest => {
            let left = facts.requests_in(&[RequestState::Open, RequestState::Answered]);
            unless(left.is_empty(), "/change-requests", || {
                format!(
                    "Change requests that are not accepted: {}; accept their answers, or ask the region again.",
                    join(&left)
                )
            })
        }
        Guard::CommentGiven => given(act.comment(), "/comment", "Say why, in the comment."),
        Guard::DueDateGiven => {
            let today = facts.today();
            unless(act.data.due_on.is_some_and(|due| due > today), "/data/due_on", || {
                format!("Give the due date, later than today ({today}).")
            })
        }
        Guard::DueDatePassed => due_date_passed(facts),
        Guard::VisitReported => {
            let (drafted, today) = (facts.drafted_at.date_in(facts.zone), facts.today());
            let days = drafted..=today;
            let visit = act.data.visit.as_ref();
            unless(visit.is_some_and(|one| days.contains(&one.visited_on)), "/data/visit", || {
                format!(
                    "Report the visit to the site, which was between the day on which the draft was \
                     begun ({drafted}) and today ({today})."
                )
            })
        }
        Guard::LandClear => unless(
            act.data.visit.as_ref().is_none_or(|visit| visit.land_clear),
            "/data/visit/land_clear",
            || "The land is not clear; a site that is not clear can't be confirmed.".to_owned(),
        ),
        Guard::PositionWithinTolerance => position_within_tolerance(facts, act),
        Guard::LinesFlagged => lines_flagged(facts),
        Guard::LinesAssessed => {
            let missing = numbers(&facts.lines, |line| line.assessed.is_none());
            unless(missing.is_empty(), "/lines", || {
                format!("Lines without an assessment: {missing}; PUT line-reviews.")
            })
        }
        Guard::LinesAgreed => {
            let missing = numbers(&facts.lines, |line| line.agreed.is_none());
            unless(missing.is_empty(), "/lines", || {
                format!("Lines without an agreed volume and amount: {missing}; PUT line-reviews.")
            })
        }
        Guard::AgreementProposed => unless(facts.agreement_proposed, "/state", || {
            "No agreement was put to the region yet.".to_owned()
        }),
        _ => Ok(()),
    }
}

fn window_open(facts: &Facts<'_>) -> Said {
    unless(facts.policy.takes(facts.returned, facts.now), "/fiscal_year", || {
        let year = facts.policy.fiscal_year;
        match facts.policy.window_at(facts.returned, facts.now) {
            Some(window) => format!(
                "The window of fiscal year {year} is open from {} until {}.",
                window.opens, window.closes
            ),
            None => format!("Fiscal year {year} has no window."),
        }
    })
}

fn region_eligible(facts: &Facts<'_>) -> Said {
    let pointer = "/region_code";
    unless(facts.autonomous, pointer, || {
        "This region has no budget of its own (DKI Jakarta's administrative areas); the province proposes."
            .to_owned()
    })?;
    let (menu, year) = (facts.menu, facts.policy.fiscal_year);
    let Some(rule) = facts.policy.menu(menu) else {
        return Err(("/menu", format!("The menu {menu} is not offered in {year}.")));
    };
    let listed = rule.regions.is_empty() || rule.regions.contains(&facts.region);
    unless(listed, pointer, || {
        format!(
            "The menu {menu} of {year} is open to listed regions only; {} is none.",
            facts.region
        )
    })
}

fn theme_eligible(facts: &Facts<'_>) -> Said {
    let themes = facts.policy.menu(facts.menu).map(|rule| rule.themes.as_slice());
    let themes = themes.unwrap_or_default();
    let named = |theme: &str| themes.iter().any(|known| known.code == theme);
    let fits = themes.is_empty() || facts.theme.as_deref().is_some_and(named);
    unless(fits, "/theme", || {
        let known: Vec<&str> = themes.iter().map(|theme| theme.code.as_str()).collect();
        format!("The proposal names a theme of the year: {}; PATCH theme.", known.join(", "))
    })
}

fn components_allowed(facts: &Facts<'_>) -> Said {
    let refused = numbers(&facts.lines, |line| !facts.policy.allows(facts.menu, line.component));
    unless(refused.is_empty(), "/lines", || {
        format!(
            "The menu {} does not pay for the components of lines {refused}; PUT the lines.",
            facts.menu
        )
    })
}

fn gaps_answered(facts: &Facts<'_>, revitalises: bool) -> Said {
    if !revitalises {
        return Ok(());
    }
    unless(!facts.gaps.is_empty(), "/gaps", || {
        "A revitalisation names the gaps of its centre, from its condition survey; PATCH gaps."
            .to_owned()
    })?;
    let named = |gap: &str| facts.gaps.iter().any(|known| known == gap);
    let missing = numbers(&facts.lines, |line| {
        line.component != line::Component::Supporting && !line.gap.as_deref().is_some_and(named)
    });
    unless(missing.is_empty(), "/lines", || {
        format!(
            "Each line of a revitalisation answers a gap of the centre by its code ({}); lines that do not: {missing}.",
            facts.gaps.join(", ")
        )
    })
}

/// What the documents that are asked for until an action lack; each type once.
pub(super) fn documents_ready(facts: &Facts<'_>, action: Action) -> Vec<Blocker> {
    let mut told = BTreeSet::new();
    let lacking = facts.readiness.iter().filter(|item| item.stands_in_the_way_of(action));
    lacking
        .filter(|item| told.insert(&item.rule.document_type))
        .map(|item| item.blocker())
        .collect()
}

/// The warnings of double funding that nobody has answered.
pub(super) fn double_funding_answered(facts: &Facts<'_>) -> Vec<Blocker> {
    let code = Guard::DoubleFundingAnswered.as_str();
    let said = |warning: &crate::domain::double_funding::Warning| {
        let message = format!(
            "{} The region answers it (POST funding-answers) as a draft, or in clarification.",
            warning.sentence()
        );
        Blocker::new(code, &format!("/double-funding/{}", warning.key), message)
    };
    facts.unanswered_funding.iter().map(said).collect()
}

/// A flag that the policy does not know, as after a new version of it, is none. A policy without flags asks for none.
fn lines_flagged(facts: &Facts<'_>) -> Said {
    let flags = &facts.policy.line_flags;
    let is_flagged = |line: &LineFacts| {
        line.flag.as_deref().is_some_and(|flag| facts.policy.line_flag(flag).is_some())
    };
    let missing = numbers(&facts.lines, |line| !is_flagged(line));
    unless(missing.is_empty() || flags.is_empty(), "/lines", || {
        let known: Vec<&str> = flags.iter().map(|flag| flag.code.as_str()).collect();
        format!(
            "Lines without a flag of the province: {missing}; PUT line-reviews with one of {}.",
            known.join(", ")
        )
    })
}

fn due_date_passed(facts: &Facts<'_>) -> Said {
    let due = facts.due_on;
    unless(due.is_some_and(|due| facts.now >= facts.zone.end_of(due)), "/due_on", || match due {
        Some(due) => format!("The region may answer until the end of {due} ({}).", facts.zone),
        None => "No due date was set.".to_owned(),
    })
}

fn position_within_tolerance(facts: &Facts<'_>, act: &Act) -> Said {
    let Some(visit) = &act.data.visit else { return Ok(()) };
    let Some(site) = facts.site_position else {
        return Err(("/site", "The proposal does not say where its site is.".to_owned()));
    };
    let metres = distance_m(site, (visit.latitude, visit.longitude));
    let tolerance = facts.policy.site_tolerance_m;
    unless(metres <= tolerance, "/data/visit", || {
        format!(
            "The place visited lies {metres} m from the place proposed; at most {tolerance} m are tolerated."
        )
    })
}

/// The distance between two positions in degrees, in whole metres (haversine, mean radius of the earth).
pub fn distance_m(a: (f64, f64), b: (f64, f64)) -> i64 {
    let (lat_a, lat_b) = (a.0.to_radians(), b.0.to_radians());
    let half_lat = (lat_b - lat_a) / 2.0;
    let half_lon = (b.1 - a.1).to_radians() / 2.0;
    let h = half_lat.sin().powi(2) + lat_a.cos() * lat_b.cos() * half_lon.sin().powi(2);
    let metres = 2.0 * 6_371_000.0 * h.sqrt().min(1.0).asin();
    #[expect(clippy::as_conversions, reason = "at most 20,015,087: half the way round the earth")]
    let whole = metres.round() as i64;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_right_to_a_few_metres() {
        let monas = (-6.1754, 106.8272);
        let istiqlal = (-6.1702, 106.8314);
        assert!((700..800).contains(&distance_m(monas, istiqlal)));
        assert_eq!(distance_m(monas, monas), 0);
    }
}
