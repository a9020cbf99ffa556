//! Looking for steps that are to be taken: proposals and allocations in pages, each with everything beneath it in a fixed
//! number of queries.

use crate::domain::deadline::{self, DeadlineKind, Due};
use crate::domain::ids::{AllocationId, ProposalId, RegionCode};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::people::Role;
use crate::domain::reminder::{self as domain, Earlier, Ladder, Rung};
use crate::service::error::Error;
use crate::service::policy::Rules;
use crate::service::radar::{self, Found, PAID, Sky, in_parts};
use crate::service::reminders::Told;
use crate::storage::proposal::Proposal;
use crate::storage::reminder::{self, Reminder};
use crate::storage::{AnyConnection, radar as rows};
use std::collections::HashMap;
use std::rc::Rc;

/// Proposals of one page.
const PAGE: i64 = 1_000;
/// Allocations of one page.
const ALLOCATIONS: i64 = 200;

/// What a reminder is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A proposal.
    Proposal(ProposalId),
    /// An allocation.
    Allocation(AllocationId),
}

/// A step that is to be taken, with what its message is made of.
#[derive(Debug, Clone)]
pub struct Call {
    /// What it is about.
    pub about: About,
    /// Its version when it was seen.
    pub version: i64,
    /// The proposal, or that of the allocation at the greatest risk.
    pub lead: Proposal,
    /// The proposals that it is about, with what may be lost of each.
    pub proposals: Vec<(ProposalId, String, Rupiah)>,
    /// What may be lost in all.
    pub at_risk: Rupiah,
    /// The deadline.
    pub due: Due,
    /// Days until then, and of them working days.
    pub left: (i64, i64),
    /// The decree that moved it.
    pub moved_by: Option<String>,
    /// Who was told before.
    pub earlier: Vec<Earlier>,
    /// The step.
    pub rung: Rung,
}

/// The reminders of some proposals and allocations, by deadline.
pub struct Log(HashMap<(About, DeadlineKind, i64, Moment), Vec<Reminder>>);

impl Log {
    /// Reads them.
    pub fn read(
        tx: &mut AnyConnection,
        proposals: &[ProposalId],
        allocations: &[AllocationId],
    ) -> Result<Log, Error> {
        let mut all = in_parts(proposals, |part| reminder::of_proposals(tx, part))?;
        all.extend(in_parts(allocations, |part| reminder::of_allocations(tx, part))?);
        let mut log: HashMap<_, Vec<Reminder>> = HashMap::new();
        for row in all {
            let proposal = row.proposal_id.map(About::Proposal);
            let Some(about) = proposal.or(row.allocation_id.map(About::Allocation)) else {
                continue;
            };
            log.entry((about, row.kind, row.n, row.due_at)).or_default().push(row);
        }
        Ok(Log(log))
    }

    /// Those of one deadline, in the order of their making.
    pub fn of(&self, about: About, due: &Due) -> &[Reminder] {
        let key = (about, due.kind, due.n.unwrap_or_default(), due.at);
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// What a page has.
pub struct Looked<C> {
    /// Steps that are to be taken now.
    pub calls: Vec<Call>,
    /// When the next is, where that was asked.
    pub next: Option<Moment>,
    /// Where the next page begins; absent behind the last.
    pub last: Option<C>,
}

/// Proposals often share a deadline: which rules, what, which part, when, by whose clocks it is due, and is told.
type Shared = (usize, DeadlineKind, Option<i64>, Moment, Zone, Zone);

/// A look at everything at one moment.
pub struct Scan {
    now: Moment,
    /// Whether to find out when the next step is, rather than which are to be taken now.
    pub asks_next: bool,
    rules: Rules,
    moments: HashMap<Shared, Rc<Vec<Moment>>>,
}

impl Scan {
    /// A look at a moment.
    pub fn at(now: Moment) -> Scan {
        Scan { now, asks_next: false, rules: Rules::at(now), moments: HashMap::new() }
    }

    /// A page of proposals, by region, so that what is told of one region stands together.
    pub fn proposals(
        &mut self,
        tx: &mut AnyConnection,
        after: Option<&(RegionCode, ProposalId)>,
    ) -> Result<Looked<(RegionCode, ProposalId)>, Error> {
        let page = rows::page(tx, after, PAGE)?;
        let last = page.last().map(|row| (row.region_code.clone(), row.id));
        let sky = Sky::over(tx, page)?;
        let founds = sky.of_proposals(tx, &mut self.rules, self.now)?;
        self.look(tx, &sky, &founds, last)
    }

    /// A page of allocations.
    pub fn tranches(
        &mut self,
        tx: &mut AnyConnection,
        after: Option<AllocationId>,
    ) -> Result<Looked<AllocationId>, Error> {
        let page = rows::paying(tx, &PAID, after, ALLOCATIONS)?;
        let last = page.last().copied();
        let paid = rows::paid_from(tx, &PAID, &page)?;
        let sky = Sky::over(tx, paid)?;
        let founds = sky.of_tranches(tx, &mut self.rules, self.now)?;
        self.look(tx, &sky, &founds, last)
    }

    fn look<C>(
        &mut self,
        tx: &mut AnyConnection,
        sky: &Sky,
        founds: &[Found],
        last: Option<C>,
    ) -> Result<Looked<C>, Error> {
        let founds: Vec<&Found> = founds.iter().collect();
        let log = log_of(tx, sky, &founds)?;
        let mut looked = Looked { calls: Vec::new(), next: None, last };
        for found in founds {
            let Some(about) = about(sky, found) else { continue };
            let before = log.of(about, &found.due);
            if self.asks_next {
                let next = self.next(sky, found, before);
                looked.next = [looked.next, next].into_iter().flatten().min();
            } else if let Some(rung) = self.rung(sky, found, before) {
                looked.calls.extend(self.call(sky, found, about, before, rung)?);
            }
        }
        Ok(looked)
    }

    /// When somebody was told of some deadlines last, and will be next.
    pub fn told(
        &mut self,
        tx: &mut AnyConnection,
        sky: &Sky,
        founds: &[&Found],
    ) -> Result<Vec<Told>, Error> {
        let log = log_of(tx, sky, founds)?;
        let told = founds.iter().map(|found| {
            let before = about(sky, found).map_or(&[][..], |about| log.of(about, &found.due));
            let last = before.iter().map(|row| row.reminded_at).max();
            Told { last, next: self.next(sky, found, before) }
        });
        Ok(told.collect())
    }

    fn rung(&mut self, sky: &Sky, found: &Found, before: &[Reminder]) -> Option<Rung> {
        let (now, taken) = (self.now, taken(before));
        self.with_ladder(sky, found, |ladder| ladder.now(&taken, now))
    }

    fn next(&mut self, sky: &Sky, found: &Found, before: &[Reminder]) -> Option<Moment> {
        let (now, taken) = (self.now, taken(before));
        self.with_ladder(sky, found, |ladder| ladder.next(&taken, now))
    }

    fn with_ladder<T>(
        &mut self,
        sky: &Sky,
        found: &Found,
        ask: impl FnOnce(&Ladder<'_>) -> Option<T>,
    ) -> Option<T> {
        let Found { due, held, about, since, .. } = found;
        let rule = held.policy.reminders_of(due.kind)?;
        let zone = match about {
            radar::About::Proposal(index) => Zone::of(&sky.rows.get(*index)?.region_code),
            radar::About::Allocation(_, region, _) => Zone::of(region),
        };
        let shared = (Rc::as_ptr(held).addr(), due.kind, due.n, due.at, due.zone, zone);
        let moments = self
            .moments
            .entry(shared)
            .or_insert_with(|| Rc::new(domain::moments(due, rule, &held.calendar, zone)));
        ask(&Ladder { due, rule, moments, zone, since: *since })
    }

    fn call(
        &self,
        sky: &Sky,
        found: &Found,
        about: About,
        before: &[Reminder],
        rung: Rung,
    ) -> Result<Option<Call>, Error> {
        let places = match &found.about {
            radar::About::Proposal(index) => std::slice::from_ref(index),
            radar::About::Allocation(_, _, places) => places.as_slice(),
        };
        let mut at_stake: Vec<(&Proposal, Rupiah)> = places
            .iter()
            .filter_map(|index| sky.rows.get(*index))
            .map(|row| match about {
                About::Proposal(_) => (row, found.at_risk),
                About::Allocation(_) => (row, sky.at_risk(row)),
            })
            .collect();
        at_stake.sort_by_key(|(row, at_risk)| (std::cmp::Reverse(*at_risk), row.id));
        let Some((lead, _)) = at_stake.first() else { return Ok(None) };
        let version = match about {
            About::Proposal(_) => Some(lead.version),
            About::Allocation(id) => sky.version_of(id),
        };
        let moved = found.due.rule.as_deref().and_then(|rule| found.held.moved_by(rule));
        Ok(Some(Call {
            about,
            version: version.unwrap_or_default(),
            lead: (*lead).clone(),
            proposals: at_stake
                .iter()
                .map(|(row, at_risk)| (row.id, row.title.clone(), *at_risk))
                .collect(),
            at_risk: found.at_risk,
            left: deadline::left(&found.held.calendar, self.now, &found.due),
            moved_by: moved.map(|decree| decree.number.clone()),
            earlier: earlier(before)?,
            due: found.due.clone(),
            rung,
        }))
    }
}

fn about(sky: &Sky, found: &Found) -> Option<About> {
    match &found.about {
        radar::About::Proposal(index) => sky.rows.get(*index).map(|row| About::Proposal(row.id)),
        radar::About::Allocation(id, ..) => Some(About::Allocation(*id)),
    }
}

fn log_of(tx: &mut AnyConnection, sky: &Sky, founds: &[&Found]) -> Result<Log, Error> {
    let (mut proposals, mut allocations) = (Vec::new(), Vec::new());
    for found in founds {
        match about(sky, found) {
            Some(About::Proposal(id)) => proposals.push(id),
            Some(About::Allocation(id)) => allocations.push(id),
            None => {}
        }
    }
    proposals.sort_unstable();
    proposals.dedup();
    allocations.sort_unstable();
    allocations.dedup();
    Log::read(tx, &proposals, &allocations)
}

fn taken(before: &[Reminder]) -> Vec<i64> {
    before.iter().map(|row| row.step).collect()
}

/// Who was told before: those that others stood for told nobody.
fn earlier(before: &[Reminder]) -> Result<Vec<Earlier>, Error> {
    before
        .iter()
        .filter(|row| !row.collapsed)
        .map(|row| {
            let tells: Vec<Role> = serde_json::from_str(&row.tells)?;
            Ok(Earlier { at: row.reminded_at, tells })
        })
        .collect()
}
