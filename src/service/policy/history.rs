//! Which value held for whom, when, and by which document.

use crate::domain::ids::RegionCode;
use crate::domain::moment::Moment;
use crate::domain::policy::compare::differences;
use crate::domain::policy::overlay::{self, related};
use crate::domain::policy::{Change, Policy};
use crate::service::Services;
use crate::service::error::Error;
use crate::service::view::policy::{PolicyValue, PolicyValues, Replaced, SetBy};
use crate::storage::policy::{self, PolicyRow};
use crate::storage::{AnyConnection, decree};
use serde_json::Value;

/// A document that set values, and the whole as it was after it.
struct Step {
    set_by: SetBy,
    /// The paths that it set; `None` when it set everything.
    paths: Option<Vec<String>>,
    whole: Value,
}

/// The value at a path, or every value that was ever moved, as it held in a region, or in the nation as such, at a
/// moment: by which document, and what it replaced.
pub fn values(
    sv: &Services,
    fiscal_year: i64,
    region: Option<&RegionCode>,
    at: Moment,
    path: Option<&str>,
) -> Result<PolicyValues, Error> {
    sv.db.read(|tx| {
        super::known(tx, region, "/query/region_code")?;
        let mut rows = policy::versions(tx, fiscal_year)?;
        rows.reverse();
        let first = rows.first().map(|row| row.version).ok_or(Error::NotFound)?;
        rows.retain(|row| row.version == first || row.published_at <= at);
        let version = rows.last().map_or(first, |row| row.version);
        let steps = steps(tx, &rows, region, at)?;
        let paths = match path {
            Some(path) => vec![path.to_owned()],
            None => moved(&steps),
        };
        let items = paths.iter().filter_map(|path| trace(&steps, path)).collect::<Vec<_>>();
        if path.is_some() && items.is_empty() {
            let message = "is no value of this policy; name one, such as /contract_gate/date";
            return Err(Error::invalid("/query/path", "unknown_path", message));
        }
        Ok(PolicyValues { fiscal_year, version, region_code: region.cloned(), at, items })
    })
}

/// Every document in order: versions, then what lies over the last of them.
fn steps(
    tx: &mut AnyConnection,
    rows: &[PolicyRow],
    region: Option<&RegionCode>,
    at: Moment,
) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    for row in rows {
        steps.push(Step {
            set_by: SetBy::Policy { version: row.version, published_at: row.published_at },
            paths: None,
            whole: serde_json::from_str(&row.document)?,
        });
    }
    let Some(last) = rows.last() else { return Ok(steps) };
    let policy: Policy = serde_json::from_str(&last.document)?;
    let mut whole: Value = serde_json::from_str(&last.document)?;
    let of_region = policy
        .regional
        .iter()
        .filter(|rule| region.is_some_and(|region| rule.regions.contains(region)));
    let mut layers: Vec<(SetBy, Vec<Change>)> = of_region
        .map(|rule| (SetBy::Regional { source: rule.source.clone() }, rule.values.clone()))
        .collect();
    for row in decree::in_force(tx, policy.fiscal_year, region, at)? {
        let changes = serde_json::from_str(&row.changes)?;
        let set_by = SetBy::Decree {
            id: row.id,
            number: row.number,
            dated_on: row.dated_on,
            effective_from: row.effective_from,
        };
        layers.push((set_by, changes));
    }
    for (set_by, changes) in layers {
        overlay::apply(&mut whole, &changes)
            .map_err(|errors| Error::Defect(format!("a decree that does not fit: {errors:?}")))?;
        let paths = Some(changes.into_iter().map(|change| change.path).collect());
        steps.push(Step { set_by, paths, whole: whole.clone() });
    }
    Ok(steps)
}

/// Every path that a later document set otherwise than an earlier one.
fn moved(steps: &[Step]) -> Vec<String> {
    let mut paths = Vec::new();
    for pair in steps.windows(2) {
        let [before, after] = pair else { continue };
        match &after.paths {
            Some(set) => paths.extend(set.iter().cloned()),
            None => paths
                .extend(differences(&before.whole, &after.whole).into_iter().map(|one| one.path)),
        }
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Who set the value at a path, the last one first.
fn trace(steps: &[Step], path: &str) -> Option<PolicyValue> {
    let mut chain: Vec<Replaced> = Vec::new();
    for step in steps {
        let Some(value) = step.whole.pointer(path) else { continue };
        let named = |paths: &Vec<String>| paths.iter().any(|one| related(one, path));
        let sets = match &step.paths {
            Some(paths) => named(paths),
            None => chain.last().is_none_or(|last| last.value != *value),
        };
        if sets {
            chain.push(Replaced { value: value.clone(), set_by: step.set_by.clone() });
        }
    }
    let now = chain.pop()?;
    // What a later document took away altogether holds no more.
    steps.last()?.whole.pointer(path)?;
    chain.reverse();
    let path = path.to_owned();
    Some(PolicyValue { path, value: now.value, set_by: now.set_by, replaced: chain })
}
