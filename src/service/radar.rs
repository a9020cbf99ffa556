//! The radar of deadlines: every date that lies before the proposals and allocations that the caller may see, the
//! nearest first, with what is at risk. Computed from the rules that hold now, so that a decree moves it at once.

mod sky;

use crate::domain::deadline::{self, DeadlineKind};
use crate::domain::ids::{AllocationId, RegionCode};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::policy::{self, Rules};
use crate::service::reminders;
use crate::service::view::radar as view;
use crate::storage::proposal::{Filter, Proposal};
use crate::storage::{AnyConnection, radar, region};
pub use sky::{About, Found, PAID, Sky, in_parts};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// The most proposals that one look takes in.
const MOST: i64 = 20_000;

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Of this region.
    pub region: Option<RegionCode>,
    /// Of this province, and its kabupaten and kota.
    pub province: Option<RegionCode>,
    /// Of this year.
    pub fiscal_year: Option<i64>,
    /// Of this kind.
    pub kind: Option<DeadlineKind>,
    /// Passing before this instant.
    pub until: Option<Moment>,
    /// Beyond the last item of the page before.
    pub after: Option<Place>,
}

/// The place of an item in the order of all: when, what, about what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    at: Moment,
    kind: DeadlineKind,
    n: Option<i64>,
    about: Uuid,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}~{}~{}", self.at, self.kind, self.n.unwrap_or_default(), self.about)
    }
}

impl std::str::FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let [at, kind, n, about] = text.split('~').collect::<Vec<_>>()[..] else { return Err(()) };
        let n: i64 = n.parse().map_err(|_| ())?;
        Ok(Place {
            at: serde_json::from_value(serde_json::Value::from(at)).map_err(|_| ())?,
            kind: kind.parse().map_err(|_| ())?,
            n: (n > 0).then_some(n),
            about: about.parse().map_err(|_| ())?,
        })
    }
}

/// A deadline at its place.
struct Item {
    place: Place,
    found: Found,
}

/// The deadlines that lie before what the caller may see.
pub fn list(sv: &Services, cx: &Context, look: &Look, limit: i64) -> Result<view::Radar, Error> {
    sv.db.read(|tx| {
        policy::known(tx, look.region.as_ref(), "/query/region_code")?;
        policy::known(tx, look.province.as_ref(), "/query/province_code")?;
        let sky = read(tx, cx, look)?;
        let mut items = items(tx, &sky, cx.now)?;
        items.retain(|item| {
            look.kind.is_none_or(|kind| item.place.kind == kind)
                && look.until.is_none_or(|until| item.place.at <= until)
        });
        items.sort_by_key(|item| item.place);
        view(tx, &sky, cx, look, limit, items)
    })
}

/// What the caller looks at.
fn read(tx: &mut AnyConnection, cx: &Context, look: &Look) -> Result<Sky, Error> {
    let sight = cx.actor.sight();
    let filter = Filter {
        fiscal_year: look.fiscal_year,
        region_code: look.region.clone(),
        province_code: look.province.clone(),
        ..Filter::default()
    };
    let rows = radar::proposals(tx, &sight, &filter, MOST.saturating_add(1))?;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) > MOST {
        let message = format!(
            "more than {MOST} proposals wait for a date; name a year, a province or a region"
        );
        return Err(Error::invalid("/query/region_code", "too_many", message));
    }
    Sky::over(tx, rows)
}

fn items(tx: &mut AnyConnection, sky: &Sky, now: Moment) -> Result<Vec<Item>, Error> {
    let mut rules = Rules::at(now);
    let mut all = sky.of_proposals(tx, &mut rules, now)?;
    all.extend(sky.of_tranches(tx, &mut rules, now)?);
    let placed = all.into_iter().filter_map(|found| {
        let about = match &found.about {
            About::Proposal(index) => sky.rows.get(*index)?.id.0,
            About::Allocation(id, ..) => id.0,
        };
        let place = Place { at: found.due.at, kind: found.due.kind, n: found.due.n, about };
        Some(Item { place, found })
    });
    Ok(placed.collect())
}

/// What is at risk in all: of each proposal once, and what is at issue in each finding.
fn sum(sky: &Sky, items: &[Item]) -> Rupiah {
    let (findings, items): (Vec<&Item>, Vec<&Item>) =
        items.iter().partition(|item| item.place.kind == DeadlineKind::FindingFollowUp);
    let mut proposals: HashSet<usize> = HashSet::new();
    let mut allocations: HashSet<AllocationId> = HashSet::new();
    for item in items {
        match &item.found.about {
            About::Proposal(index) => drop(proposals.insert(*index)),
            About::Allocation(id, ..) => drop(allocations.insert(*id)),
        }
    }
    let counted = sky.rows.iter().enumerate().filter(|(index, row)| {
        let paid_from = PAID.contains(&row.state);
        proposals.contains(index)
            || (paid_from && row.allocation_id.is_some_and(|id| allocations.contains(&id)))
    });
    let at_issue = findings.into_iter().map(|item| item.found.at_risk);
    Rupiah::total(counted.map(|(_, row)| sky.at_risk(row)).chain(at_issue))
}

fn view(
    tx: &mut AnyConnection,
    sky: &Sky,
    cx: &Context,
    look: &Look,
    limit: i64,
    items: Vec<Item>,
) -> Result<view::Radar, Error> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let limit = usize::try_from(limit).unwrap_or_default();
    let overdue = items.iter().filter(|item| item.place.at <= cx.now).count();
    let (all, at_risk) = (items.len(), sum(sky, &items));
    let page: Vec<Item> = items
        .into_iter()
        .filter(|item| look.after.is_none_or(|after| item.place > after))
        .take(limit.saturating_add(1))
        .collect();
    let last = limit.checked_sub(1).and_then(|last| page.get(last));
    let next_cursor = last.filter(|_| page.len() > limit).map(|item| item.place.to_string());
    let codes: Vec<RegionCode> = page.iter().map(|item| region_of(sky, &item.found)).collect();
    let names = region::names(tx, &codes)?.into_iter().collect();
    let founds: Vec<&Found> = page.iter().take(limit).map(|item| &item.found).collect();
    let reminded = reminders::told(tx, sky, &founds, cx.now)?;
    let shown = founds.iter().zip(reminded).map(|(found, told)| {
        let item = shown(sky, found, &names, cx.now);
        view::DeadlineItem { reminded_at: told.last, next_reminder_at: told.next, ..item }
    });
    Ok(view::Radar {
        items: shown.collect(),
        next_cursor,
        count: count(all),
        overdue: count(overdue),
        at_risk_idr: at_risk.0,
        at: cx.now,
    })
}

fn row_of<'a>(sky: &'a Sky, found: &Found) -> Option<&'a Proposal> {
    match &found.about {
        About::Proposal(index) => sky.rows.get(*index),
        About::Allocation(..) => None,
    }
}

fn region_of(sky: &Sky, found: &Found) -> RegionCode {
    match (&found.about, row_of(sky, found)) {
        (About::Allocation(_, region, _), _) => region.clone(),
        (About::Proposal(_), Some(row)) => row.region_code.clone(),
        (About::Proposal(_), None) => RegionCode::from(""),
    }
}

fn shown(
    sky: &Sky,
    found: &Found,
    names: &HashMap<RegionCode, String>,
    now: Moment,
) -> view::DeadlineItem {
    let Found { due, held, about, at_risk, .. } = found;
    let (days_left, working_days_left) = deadline::left(&held.calendar, now, due);
    let row = row_of(sky, found);
    let allocation_id = match about {
        About::Allocation(id, ..) => Some(*id),
        About::Proposal(_) => None,
    };
    let region_code = region_of(sky, found);
    let moved = due.rule.as_deref().and_then(|rule| held.moved_by(rule));
    view::DeadlineItem {
        kind: due.kind,
        n: due.n,
        rule: due.rule.clone(),
        legal_basis: held.policy.legal_basis.clone(),
        at: due.at,
        zone: due.zone,
        days_left,
        working_days_left,
        overdue: due.at <= now,
        moved_by: moved.map(|decree| view::MovedBy {
            id: decree.id,
            number: decree.number.clone(),
            dated_on: decree.dated_on,
        }),
        proposal_id: row.map(|row| row.id),
        allocation_id,
        title: row.map(|row| row.title.clone()),
        state: row.map(|row| row.state),
        fiscal_year: held.policy.fiscal_year,
        region_name: names.get(&region_code).cloned().unwrap_or_default(),
        region_code,
        at_risk_idr: at_risk.0,
        reminded_at: None,
        next_reminder_at: None,
    }
}
