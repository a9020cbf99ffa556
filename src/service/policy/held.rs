//! The rules of many proposals at one moment: each set of rules is made once, whatever the number of proposals that
//! stand under it.

use super::{Amendment, amendments, effective_over, read};
use crate::domain::calendar::Calendar;
use crate::domain::ids::RegionCode;
use crate::domain::moment::Moment;
use crate::domain::policy::Policy;
use crate::domain::policy::overlay::related;
use crate::service::error::Error;
use crate::storage::decree::Decree;
use crate::storage::{AnyConnection, decree, policy};
use std::collections::HashMap;
use std::rc::Rc;

/// Rules as they hold over some proposals.
#[derive(Debug)]
pub struct Held {
    /// The version that was published.
    pub version: i64,
    /// The rules.
    pub policy: Policy,
    /// Their working days.
    pub calendar: Calendar,
    /// The decrees in force over them, in the order in which they took effect: with the paths that each moves.
    decrees: Vec<(Decree, Vec<String>)>,
}

impl Held {
    /// The last decree that moves what the policy says at a path.
    pub fn moved_by(&self, path: &str) -> Option<&Decree> {
        let moves = |paths: &[String]| paths.iter().any(|one| related(one, path));
        self.decrees.iter().rev().find(|(_, paths)| moves(paths)).map(|(decree, _)| decree)
    }
}

/// The decrees of a year in force at a moment.
struct Year {
    rows: Vec<Decree>,
    amendments: Vec<Amendment>,
}

/// Which rules: the year, the version, which of the policy's own regional values and which decrees lie over it.
type Key = (i64, i64, Vec<bool>, Vec<bool>);

/// The rules of many proposals at one moment.
pub struct Rules {
    now: Moment,
    years: HashMap<i64, Year>,
    published: HashMap<(i64, Option<i64>), Rc<super::Pinned>>,
    made: HashMap<Key, Rc<Held>>,
}

impl Rules {
    /// Those that hold at a moment.
    pub fn at(now: Moment) -> Self {
        Rules { now, years: HashMap::new(), published: HashMap::new(), made: HashMap::new() }
    }

    /// The rules over a region's proposals of a year that pinned a version, or follow the newest; absent where the
    /// year has none.
    pub fn of(
        &mut self,
        tx: &mut AnyConnection,
        fiscal_year: i64,
        version: Option<i64>,
        region: &RegionCode,
    ) -> Result<Option<Rc<Held>>, Error> {
        self.made(tx, fiscal_year, version, region, None)
    }

    /// The same as they held at an earlier moment: without the decrees that took effect, or were recorded, after it.
    pub fn of_then(
        &mut self,
        tx: &mut AnyConnection,
        fiscal_year: i64,
        version: Option<i64>,
        region: &RegionCode,
        then: Moment,
    ) -> Result<Option<Rc<Held>>, Error> {
        self.made(tx, fiscal_year, version, region, Some(then))
    }

    fn made(
        &mut self,
        tx: &mut AnyConnection,
        fiscal_year: i64,
        version: Option<i64>,
        region: &RegionCode,
        then: Option<Moment>,
    ) -> Result<Option<Rc<Held>>, Error> {
        let Some(pinned) = self.published(tx, fiscal_year, version)? else { return Ok(None) };
        let now = self.now;
        let year = match self.years.entry(fiscal_year) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => {
                let mut rows = decree::of_year(tx, fiscal_year)?;
                rows.retain(|row| row.effective_from <= now);
                let amendments = amendments(&rows)?;
                new.insert(Year { rows, amendments })
            }
        };
        let regional =
            pinned.policy.regional.iter().map(|rule| rule.regions.contains(region)).collect();
        let was_known = |row: &Decree| {
            then.is_none_or(|then| row.effective_from <= then && row.recorded_at <= then)
        };
        let decrees = || year.rows.iter().zip(&year.amendments);
        let applying: Vec<bool> =
            decrees().map(|(row, one)| one.applies(Some(region)) && was_known(row)).collect();
        let key = (fiscal_year, pinned.version, regional, applying);
        if let Some(held) = self.made.get(&key) {
            return Ok(Some(held.clone()));
        }
        let in_force = || decrees().zip(&key.3).filter(|(_, applies)| **applies);
        let amendments: Vec<Amendment> = in_force().map(|((_, one), _)| one.clone()).collect();
        let policy = effective_over((*pinned).clone(), &amendments, Some(region))?.policy;
        let decrees = in_force()
            .map(|((row, one), _)| {
                (row.clone(), one.changes.iter().map(|change| change.path.clone()).collect())
            })
            .collect();
        let held = Rc::new(Held { version: key.1, calendar: policy.calendar(), policy, decrees });
        self.made.insert(key, held.clone());
        Ok(Some(held))
    }

    /// A version as it was published.
    fn published(
        &mut self,
        tx: &mut AnyConnection,
        fiscal_year: i64,
        version: Option<i64>,
    ) -> Result<Option<Rc<super::Pinned>>, Error> {
        let key = (fiscal_year, version);
        if let Some(known) = self.published.get(&key) {
            return Ok(Some(known.clone()));
        }
        let row = match version {
            Some(version) => policy::version(tx, fiscal_year, version)?,
            None => policy::latest(tx, fiscal_year)?,
        };
        let Some(pinned) = row.map(read).transpose()?.map(Rc::new) else { return Ok(None) };
        self.published.insert(key, pinned.clone());
        Ok(Some(pinned))
    }
}
