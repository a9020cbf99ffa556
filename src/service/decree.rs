//! Decrees: moving what a policy says, in some regions or in all, without a new version.

use crate::domain::audit::{SubjectKind, canonical};
use crate::domain::ids::{DecreeId, EventId, RegionCode};
use crate::domain::input::{Checks, MAX_ITEMS, MAX_LONG, MAX_SHORT};
use crate::domain::moment::{Moment, Zone};
use crate::domain::people::Role;
use crate::domain::policy::overlay::related;
use crate::domain::policy::{Change, Policy};
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::once::Write;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::policy as view;
use crate::service::{Services, policy};
use crate::storage::decree::{self, Decree};
use crate::storage::{AnyConnection, policy as policies};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

/// The most decrees of a year: each is weighed against the others.
pub const MOST: usize = 500;
/// The most values that one decree moves.
const MOST_CHANGES: usize = 100;

/// A decree that is to be recorded.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecreeDraft {
    /// The year whose policy it changes.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// Its number.
    #[schema(example = "KMK 15/2024")]
    pub number: String,
    /// Its date.
    pub dated_on: NaiveDate,
    /// Why.
    #[schema(example = "Flood in the region's capital.")]
    pub reason: String,
    /// Where; everywhere when empty.
    #[serde(default)]
    pub regions: Vec<RegionCode>,
    /// What takes the place of what.
    pub changes: Vec<Change>,
    /// From when; from now on when absent.
    pub effective_from: Option<Moment>,
}

impl DecreeDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.between("/fiscal_year", self.fiscal_year, 2000, 2100);
        checks.number("/number", &self.number);
        checks.text("/reason", &self.reason, MAX_LONG);
        checks.between("/dated_on", i64::from(self.dated_on.year()), 2000, 2100);
        if let Some(moment) = self.effective_from {
            checks.between("/effective_from", i64::from(moment.0.year()), 2000, 2100);
        }
        let (regions, changes) = (self.regions.len(), self.changes.len());
        checks.require(regions <= MAX_ITEMS, "/regions", "count", "must have at most 500 entries");
        let fits = (1..=MOST_CHANGES).contains(&changes);
        checks.require(fits, "/changes", "count", "must have from 1 to 100 entries");
        for (index, code) in self.regions.iter().enumerate() {
            let twice = self.regions.iter().take(index).any(|other| other == code);
            let pointer = format!("/regions/{index}");
            checks.require(!twice, &pointer, "duplicate", "is there already");
        }
        for (index, change) in self.changes.iter().enumerate() {
            let pointer = format!("/changes/{index}/path");
            checks.text(&pointer, &change.path, MAX_SHORT);
            let twice =
                self.changes.iter().take(index).any(|other| related(&other.path, &change.path));
            checks.require(!twice, &pointer, "duplicate", "is moved already by this decree");
        }
        checks.done()
    }
}

/// Records a decree; it holds from its moment on, without anything being started anew.
pub fn record(sv: &Services, cx: &Context, body: &Input<DecreeDraft>) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::moving("decree.record"),
        |_| Ok((Subject::of(SubjectKind::Collection, "decrees"), ())),
        |tx, _, ()| {
            let by = By::from(cx.need_national(Role::Administrator)?);
            let draft = body.get()?;
            policies::hold(tx, draft.fiscal_year)?;
            let row = fresh(cx, draft)?;
            check_against_policies(tx, draft, &row)?;
            decree::insert(tx, &row)?;
            let subject = Subject::of(SubjectKind::Decree, row.id);
            let event = Event {
                id: EventId::new(),
                action: "decree.record",
                subject: &subject,
                by: Some(by),
                content: json!({ "after": row }),
                personal: &[],
            };
            trail::done(tx, cx, event)?;
            let location = format!("/api/v1/decrees?fiscal_year={}", row.fiscal_year);
            Reply::created(&view::Decree::of(row)?, None, location)
        },
    )
}

fn fresh(cx: &Context, draft: &DecreeDraft) -> Result<Decree, Error> {
    Ok(Decree {
        id: DecreeId::new(),
        fiscal_year: draft.fiscal_year,
        number: draft.number.clone(),
        dated_on: draft.dated_on,
        reason: draft.reason.clone(),
        regions: canonical(&draft.regions)?,
        changes: canonical(&draft.changes)?,
        effective_from: draft.effective_from.unwrap_or(cx.now),
        recorded_at: cx.now,
        recorded_by: cx.actor.user.ok_or(Error::Unauthenticated("no user"))?,
    })
}

/// Whether every version of the year, with every decree and this one, is still a policy that makes sense, in each
/// region that it touches and from its moment on.
fn check_against_policies(
    tx: &mut AnyConnection,
    draft: &DecreeDraft,
    row: &Decree,
) -> Result<(), Error> {
    let versions = policies::versions(tx, draft.fiscal_year)?;
    if versions.is_empty() {
        let message = format!("there is no policy for {}", draft.fiscal_year);
        return Err(Error::invalid("/fiscal_year", "no_policy", message));
    }
    let mut errors = policy::unknown_regions(tx, "/regions", &draft.regions)?;
    let today = row.recorded_at.date_in(Zone::Wib);
    if draft.dated_on > today {
        let message = format!(
            "must not be later than today, {today}; a decree that holds later has effective_from"
        );
        errors.push(FieldError::new("/dated_on", "future", message));
    }
    let mut rows = policy::of_year(tx, draft.fiscal_year)?;
    rows.push(row.clone());
    rows.sort_by_key(|one| (one.effective_from, one.id));
    let touched = rows.iter().position(|one| one.id == row.id);
    let amendments = policy::amendments(&rows)?;
    for version in versions {
        let document: Policy = serde_json::from_str(&version.document)?;
        if let Ok(moved) = document.overlaid(&[&draft.changes]) {
            for error in policy::unknown_in_menus(tx, &moved)? {
                say(&mut errors, placed(draft, None, error));
            }
        }
        for unfit in document.unfit(&amendments, touched) {
            let of_this = unfit.amendment.is_none_or(|index| Some(index) == touched);
            for (change, error) in policy::said(&unfit) {
                say(&mut errors, placed(draft, change.filter(|_| of_this), error));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Adds an error that is not told yet: versions have much in common.
fn say(errors: &mut Vec<FieldError>, error: FieldError) {
    let is_it =
        |known: &FieldError| known.pointer == error.pointer && known.message == error.message;
    if !errors.iter().any(is_it) {
        errors.push(error);
    }
}

/// An error with its place in the request: the change that has no place, or that made what makes no sense.
fn placed(draft: &DecreeDraft, change: Option<usize>, error: FieldError) -> FieldError {
    if let Some(index) = change {
        return FieldError { pointer: format!("/changes/{index}/path"), ..error };
    }
    let cause = draft.changes.iter().position(|change| related(&change.path, &error.pointer));
    let pointer = match cause {
        Some(index) => format!("/changes/{index}/value"),
        None => "/changes".to_owned(),
    };
    FieldError { pointer, ..error }
}

/// Decrees, in the order of their recording; of a year, and such as hold in a region.
pub fn list(
    sv: &Services,
    fiscal_year: Option<i64>,
    region: Option<&RegionCode>,
    after: Option<DecreeId>,
    limit: i64,
) -> Result<Page<view::Decree>, Error> {
    sv.db.read(|tx| {
        let rows = decree::list(tx, fiscal_year, region, after, limit.saturating_add(1))?;
        let views = rows.into_iter().map(view::Decree::of).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::cut(views, limit, |one| one.id.to_string(), |one| one))
    })
}
