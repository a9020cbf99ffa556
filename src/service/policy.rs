//! Policies: which rules hold for whom at a moment, and publishing a new version of a year's.

mod held;
mod history;

use crate::domain::audit::{SubjectKind, canonical};
use crate::domain::ids::{EventId, PolicyId, RegionCode};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::people::Role;
use crate::domain::policy::amendment::{Amendment, Unfit};
use crate::domain::policy::overlay::Misfit;
use crate::domain::policy::{Change, Policy, overlay};
use crate::domain::refusal::FieldError;
use crate::service::context::{By, Context, Input, Reply};
use crate::service::error::Error;
use crate::service::known::Known;
use crate::service::once::Write;
use crate::service::trail::{self, Event, Subject};
use crate::service::view::Page;
use crate::service::view::policy::PolicyVersion;
use crate::service::{Services, decree as decrees};
use crate::storage::allocation::Allocation;
use crate::storage::policy::{self, PolicyRow};
use crate::storage::proposal::Proposal;
use crate::storage::{self, AnyConnection, allocation, decree, region};
pub use held::{Held, Rules};
pub use history::values;
use serde_json::json;

/// A policy with the version that it was read from.
#[derive(Debug, Clone)]
pub struct Pinned {
    /// The version.
    pub version: i64,
    /// The rules.
    pub policy: Policy,
}

fn read(row: PolicyRow) -> Result<Pinned, Error> {
    Ok(Pinned { version: row.version, policy: serde_json::from_str(&row.document)? })
}

/// Whether a year has rules at all.
pub fn is_there(tx: &mut AnyConnection, fiscal_year: i64) -> Result<bool, Error> {
    Ok(policy::latest(tx, fiscal_year)?.is_some())
}

/// The newest version of a year as it was published, without what holds in regions or by decree.
pub fn base(tx: &mut AnyConnection, fiscal_year: i64) -> Result<Option<Pinned>, Error> {
    policy::latest(tx, fiscal_year)?.map(read).transpose()
}

/// The newest rules of a year as they hold in a region, or in the nation as such, at a moment.
pub fn latest(
    tx: &mut AnyConnection,
    fiscal_year: i64,
    region: Option<&RegionCode>,
    at: Moment,
) -> Result<Option<Pinned>, Error> {
    let Some(pinned) = base(tx, fiscal_year)? else { return Ok(None) };
    effective(tx, pinned, region, at).map(Some)
}

/// The rules that a proposal stands under now: the version pinned by its allocation, else by its submission, else the
/// newest; with what holds in its region by that version and by decrees.
pub fn of_proposal(
    tx: &mut AnyConnection,
    proposal: &Proposal,
    now: Moment,
) -> Result<Pinned, Error> {
    let row = match pinned_version(tx, proposal)? {
        Some(version) => policy::version(tx, proposal.fiscal_year, version)?,
        None => policy::latest(tx, proposal.fiscal_year)?,
    };
    effective(tx, found(row, proposal)?, Some(&proposal.region_code), now)
}

/// The rules that a proposal, as it was, was known to stand under at an instant.
pub fn of_proposal_as_known(
    tx: &mut AnyConnection,
    proposal: &Proposal,
    known: Known,
) -> Result<Pinned, Error> {
    let (year, region) = (proposal.fiscal_year, &proposal.region_code);
    let row = match pinned_version(tx, proposal)? {
        Some(version) => policy::version(tx, year, version)?,
        None => storage::known::latest_policy(tx, year, known.seq)?,
    };
    let in_force = storage::known::decrees_in_force(tx, year, region, known.at, known.seq)?;
    effective_over(found(row, proposal)?, &amendments(&in_force)?, Some(region))
}

/// The version that a proposal's allocation has pinned, which never changes, else the one that its submission has.
fn pinned_version(tx: &mut AnyConnection, proposal: &Proposal) -> Result<Option<i64>, Error> {
    Ok(match proposal.allocation_id {
        Some(id) => allocation::find(tx, id)?.map(|allocation| allocation.policy_version),
        None => proposal.policy_version,
    })
}

fn found(row: Option<PolicyRow>, proposal: &Proposal) -> Result<Pinned, Error> {
    row.map(read)
        .transpose()?
        .ok_or_else(|| Error::Defect(format!("no policy for {}", proposal.fiscal_year)))
}

/// The rules that an allocation has pinned, as they hold in its region at a moment.
pub fn of_allocation(
    tx: &mut AnyConnection,
    row: &Allocation,
    at: Moment,
) -> Result<Pinned, Error> {
    let found = policy::version(tx, row.fiscal_year, row.policy_version)?;
    let pinned = found
        .map(read)
        .transpose()?
        .ok_or_else(|| Error::Defect(format!("no policy for {}", row.fiscal_year)))?;
    effective(tx, pinned, Some(&row.region_code), at)
}

/// Lays over a policy what holds in a region at a moment.
fn effective(
    tx: &mut AnyConnection,
    pinned: Pinned,
    region: Option<&RegionCode>,
    at: Moment,
) -> Result<Pinned, Error> {
    let in_force = decree::in_force(tx, pinned.policy.fiscal_year, region, at)?;
    effective_over(pinned, &amendments(&in_force)?, region)
}

/// Lays over a policy what its own regional values and some decrees, those that hold in the region, change.
fn effective_over(
    pinned: Pinned,
    amendments: &[Amendment],
    region: Option<&RegionCode>,
) -> Result<Pinned, Error> {
    let layers = pinned.policy.layers(amendments, region);
    if layers.is_empty() {
        return Ok(pinned);
    }
    // Whoever published or decreed was refused what does not fit.
    let policy = pinned
        .policy
        .overlaid(&layers)
        .map_err(|misfit| Error::Defect(format!("a decree that does not fit: {misfit:?}")))?;
    Ok(Pinned { policy, ..pinned })
}

/// The last decree in force over a proposal that moves what the policy says at a path.
pub fn moved_by(
    tx: &mut AnyConnection,
    proposal: &Proposal,
    path: &str,
    now: Moment,
) -> Result<Option<decree::Decree>, Error> {
    let region = Some(&proposal.region_code);
    let mut last = None;
    for row in decree::in_force(tx, proposal.fiscal_year, region, now)? {
        let changes: Vec<Change> = serde_json::from_str(&row.changes)?;
        if changes.iter().any(|change| overlay::related(&change.path, path)) {
            last = Some(row);
        }
    }
    Ok(last)
}

/// What decrees change.
pub fn amendments(rows: &[decree::Decree]) -> Result<Vec<Amendment>, Error> {
    rows.iter()
        .map(|row| {
            Ok(Amendment {
                regions: serde_json::from_str(&row.regions)?,
                changes: serde_json::from_str::<Vec<Change>>(&row.changes)?,
                effective_from: row.effective_from,
            })
        })
        .collect()
}

/// The earliest contract gate of a year in any region: before it, no proposal of the year is too late.
pub fn earliest_gate(
    tx: &mut AnyConnection,
    fiscal_year: i64,
    now: Moment,
) -> Result<Option<Moment>, Error> {
    let Some(Pinned { policy, .. }) = base(tx, fiscal_year)? else { return Ok(None) };
    let moved = |changes: &[Change]| {
        changes.iter().any(|change| overlay::related(&change.path, "/contract_gate"))
    };
    let mut amendments = amendments(&decree::of_year(tx, fiscal_year)?)?;
    amendments.retain(|one| one.effective_from <= now && moved(&one.changes));
    let mut earliest = policy.contract_gate.moment();
    for region in policy.groups(&amendments) {
        let changes: Vec<&[Change]> = policy.layers(&amendments, region.as_ref());
        if changes.iter().any(|changes| moved(changes)) {
            let effective = latest(tx, fiscal_year, region.as_ref(), now)?;
            let gate = effective.map(|effective| effective.policy.contract_gate.moment());
            earliest = gate.map_or(earliest, |gate| gate.min(earliest));
        }
    }
    Ok(Some(earliest))
}

/// How far a plan may have gone beyond its ceiling at the most, in any region, under any version of a year's policy and
/// whatever decrees said meanwhile.
pub fn largest_tolerance(tx: &mut AnyConnection, fiscal_year: i64) -> Result<Rupiah, Error> {
    let amendments = amendments(&decree::of_year(tx, fiscal_year)?)?;
    let mut largest = Rupiah::ZERO;
    for version in policy::versions(tx, fiscal_year)? {
        let Pinned { policy, .. } = read(version)?;
        for region in policy.groups(&amendments) {
            let layers = policy.layers(&amendments, region.as_ref());
            for held in (0..=layers.len()).filter_map(|upto| layers.get(..upto)) {
                let tolerance = policy.overlaid(held).map(|held| held.plan.tolerance_idr);
                largest = largest.max(tolerance.unwrap_or_default());
            }
        }
    }
    Ok(largest)
}

/// The rules of a year as they hold in a region, or in the nation as such, at a moment.
pub fn show(
    sv: &Services,
    fiscal_year: i64,
    region: Option<&RegionCode>,
    at: Moment,
) -> Result<PolicyVersion, Error> {
    sv.db.read(|tx| {
        known(tx, region, "/query/region_code")?;
        let row = version_at(policy::versions(tx, fiscal_year)?, at).ok_or(Error::NotFound)?;
        let shown = PolicyVersion::of(row)?;
        let pinned = Pinned { version: shown.version, policy: shown.policy };
        let policy = effective(tx, pinned, region, at)?.policy;
        Ok(PolicyVersion { policy, ..shown })
    })
}

/// The version that was the newest at a moment; the first one before it was published.
fn version_at(mut newest_first: Vec<PolicyRow>, at: Moment) -> Option<PolicyRow> {
    let place = newest_first.iter().position(|row| row.published_at <= at);
    let last = newest_first.len().checked_sub(1)?;
    Some(newest_first.swap_remove(place.unwrap_or(last)))
}

/// Refuses a region that is none, in a query.
pub(super) fn known(
    tx: &mut AnyConnection,
    code: Option<&RegionCode>,
    pointer: &str,
) -> Result<(), Error> {
    let Some(code) = code else { return Ok(()) };
    match region::find(tx, code)? {
        Some(_) => Ok(()),
        None => Err(Error::invalid(pointer, "unknown", "there is no such region")),
    }
}

/// Every version of a year as it was published, newest first.
pub fn versions(sv: &Services, fiscal_year: i64) -> Result<Page<PolicyVersion>, Error> {
    sv.db.read(|tx| {
        let rows = policy::versions(tx, fiscal_year)?;
        if rows.is_empty() {
            return Err(Error::NotFound);
        }
        rows.into_iter().map(PolicyVersion::of).collect::<Result<_, _>>().map(Page::whole)
    })
}

/// Publishes a new version of a year's policy; what has pinned an earlier one goes on under that.
pub fn publish(
    sv: &Services,
    cx: &Context,
    fiscal_year: i64,
    body: &Input<Policy>,
) -> Result<Reply, Error> {
    sv.once(
        cx,
        Write::editing("policy.publish"),
        |_| Ok((Subject::of(SubjectKind::Policy, fiscal_year), ())),
        |tx, subject, ()| {
            let by = By::from(cx.need_national(Role::Administrator)?);
            policy::hold(tx, fiscal_year)?;
            let before = policy::latest(tx, fiscal_year)?;
            let newest = before.as_ref().map_or(0, |row| row.version);
            if cx.if_match != Some(newest) {
                return Err(Error::Stale);
            }
            let document = body.get()?;
            check_published(tx, fiscal_year, document)?;
            let row = PolicyRow {
                id: PolicyId::new(),
                fiscal_year,
                version: newest.saturating_add(1),
                document: canonical(document)?,
                published_at: cx.now,
                published_by: cx.actor.user,
            };
            policy::insert(tx, &row)?;
            let event = EventId::new();
            let content = json!({
                "version": row.version,
                "before": before.map(|row| row.id),
                "after": row.id,
            });
            trail::done(
                tx,
                cx,
                Event {
                    id: event,
                    action: "policy.publish",
                    subject,
                    by: Some(by),
                    content,
                    personal: &[],
                },
            )?;
            let version = row.version;
            Reply::ok(&PolicyVersion::of(row)?, Some(version))
        },
    )
}

/// Whether a document can be this year's: its year, its regions, and the decrees that lie over it.
fn check_published(
    tx: &mut AnyConnection,
    fiscal_year: i64,
    document: &Policy,
) -> Result<(), Error> {
    let mut errors = Vec::new();
    if document.fiscal_year != fiscal_year {
        let message = format!("must be {fiscal_year}, as in the path");
        errors.push(FieldError::new("/fiscal_year", "year", message));
    }
    errors.extend(unknown_in_menus(tx, document)?);
    for (index, rule) in document.regional.iter().enumerate() {
        let pointer = format!("/regional/{index}/regions");
        errors.extend(unknown_regions(tx, &pointer, &rule.regions)?);
    }
    let rows = decree::of_year(tx, fiscal_year)?;
    let amendments = amendments(&rows)?;
    for unfit in document.unfit(&amendments, None) {
        let number = unfit.amendment.and_then(|index| rows.get(index)).map(|row| &row.number);
        let whose = number.map_or("a decree".to_owned(), |number| format!("decree {number}"));
        let what = said(&unfit);
        for (_, error) in what {
            let message = format!("{whose} does not fit any more: {}", error.message);
            errors.push(FieldError::new(error.pointer, &error.code, message));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Codes that the menus name and that are no regions, each with its place.
pub fn unknown_in_menus(
    tx: &mut AnyConnection,
    document: &Policy,
) -> Result<Vec<FieldError>, Error> {
    let mut errors = Vec::new();
    for (index, rule) in document.menus.iter().enumerate() {
        let list = format!("/menus/{index}/regions");
        errors.extend(unknown_regions(tx, &list, &rule.regions)?);
    }
    Ok(errors)
}

/// Codes of a list that are no regions, each with its place.
pub fn unknown_regions(
    tx: &mut AnyConnection,
    list: &str,
    codes: &[RegionCode],
) -> Result<Vec<FieldError>, Error> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let known = region::known(tx, codes)?;
    let unknown = codes.iter().enumerate().filter(|(_, code)| !known.contains(code));
    Ok(unknown
        .map(|(index, _)| {
            FieldError::new(format!("{list}/{index}"), "unknown", "there is no such region")
        })
        .collect())
}

/// What is wrong where decrees don't fit, with the region in which it shows; each with the index of its change, where
/// a change has no place, and with its place in the policy.
pub fn said(unfit: &Unfit) -> Vec<(Option<usize>, FieldError)> {
    let place = match &unfit.region {
        Some(region) => format!("in {region}"),
        None => "in the nation".to_owned(),
    };
    match &unfit.misfit {
        Misfit::NoPlace(_, errors) => errors
            .iter()
            .map(|(index, error)| {
                let message = format!("{place}: {}", error.message);
                (Some(*index), FieldError::new("", &error.code, message))
            })
            .collect(),
        Misfit::Invalid(errors) => errors
            .iter()
            .map(|error| {
                let message = format!("{place}, {}: {}", error.pointer, error.message);
                (None, FieldError::new(error.pointer.clone(), &error.code, message))
            })
            .collect(),
    }
}

/// Decrees of a year, for those who weigh them against a version.
pub(super) fn of_year(
    tx: &mut AnyConnection,
    fiscal_year: i64,
) -> Result<Vec<decree::Decree>, Error> {
    let rows = decree::of_year(tx, fiscal_year)?;
    if rows.len() >= decrees::MOST {
        let message = format!(
            "The year has {} decrees, which is the most; publish a new version of its policy.",
            rows.len()
        );
        return Err(Error::refused("too_many_decrees", "/fiscal_year", message));
    }
    Ok(rows)
}
