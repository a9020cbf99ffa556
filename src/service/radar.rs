//! The radar of deadlines: every date that lies before the proposals and allocations that the caller may see, the
//! nearest first, with what is at risk. Computed from the rules that hold now, so that a decree moves it at once.

use crate::domain::deadline::{self, DeadlineKind, Due, Prospect};
use crate::domain::ids::{AllocationId, ProposalId, RegionCode};
use crate::domain::journal::Figures;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::proposal::State;
use crate::domain::report::ReportKind;
use crate::domain::tranche::{self as rules, Mode, TrancheState};
use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::policy::{self, Held, Rules};
use crate::service::view::radar as view;
use crate::storage::proposal::{Filter, Proposal};
use crate::storage::{AnyConnection, QueryError, radar, region};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;
use uuid::Uuid;

/// The most proposals that one look takes in.
const MOST: i64 = 20_000;
/// Ids of one query.
const PART: usize = 10_000;

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

/// A deadline, with what it is about.
struct Item {
    place: Place,
    due: Due,
    held: Rc<Held>,
    about: About,
    at_risk: Rupiah,
}

enum About {
    Proposal(usize),
    Allocation(AllocationId, RegionCode),
}

/// The deadlines that lie before what the caller may see.
pub fn list(sv: &Services, cx: &Context, look: &Look, limit: i64) -> Result<view::Radar, Error> {
    sv.db.read(|tx| {
        policy::known(tx, look.region.as_ref(), "/query/region_code")?;
        policy::known(tx, look.province.as_ref(), "/query/province_code")?;
        let sky = Sky::read(tx, cx, look)?;
        let mut items = sky.items(tx, cx.now)?;
        items.retain(|item| {
            look.kind.is_none_or(|kind| item.due.kind == kind)
                && look.until.is_none_or(|until| item.due.at <= until)
        });
        items.sort_by_key(|item| item.place);
        sky.view(tx, cx, look, limit, items)
    })
}

/// Asks for many ids in parts that either database can bind at once.
fn in_parts<I, T>(
    ids: &[I],
    mut query: impl FnMut(&[I]) -> Result<Vec<T>, QueryError>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    for part in ids.chunks(PART) {
        all.extend(query(part)?);
    }
    Ok(all)
}

/// Everything that the deadlines are made of.
struct Sky {
    rows: Vec<Proposal>,
    figures: HashMap<ProposalId, Figures>,
    funds: HashMap<AllocationId, radar::Funds>,
    requests: HashMap<ProposalId, Vec<(i64, TrancheState)>>,
    held_back: HashSet<ProposalId>,
    quarterly: HashMap<ProposalId, chrono::NaiveDate>,
    final_reported: HashSet<ProposalId>,
    contracted: HashMap<ProposalId, chrono::NaiveDate>,
}

impl Sky {
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
        let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
        let mut paid_from: Vec<AllocationId> =
            rows.iter().filter_map(|row| row.allocation_id).collect();
        paid_from.sort_unstable();
        paid_from.dedup();
        let balances = in_parts(&ids, |part| radar::balances(tx, part))?;
        let funds = in_parts(&paid_from, |part| radar::funds(tx, part))?;
        let mut requests: HashMap<ProposalId, Vec<(i64, TrancheState)>> = HashMap::new();
        for (proposal, n, state) in in_parts(&ids, |part| radar::requests(tx, part))? {
            requests.entry(proposal).or_default().push((n, state));
        }
        let reported = in_parts(&ids, |part| radar::reported(tx, part))?;
        let quarterly = reported.iter().filter(|(_, kind, _)| *kind == ReportKind::Quarterly);
        let finals = reported.iter().filter(|(_, kind, _)| *kind == ReportKind::Final);
        let held_back = in_parts(&ids, |part| radar::held_back(tx, part))?;
        let contracted = in_parts(&ids, |part| radar::contracted(tx, part))?;
        Ok(Sky {
            figures: balances.into_iter().map(|row| (row.proposal_id, row.into())).collect(),
            funds: funds.into_iter().map(|row| (row.0, row)).collect(),
            requests,
            held_back: held_back.into_iter().collect(),
            quarterly: quarterly.filter_map(|(id, _, until)| Some((*id, (*until)?))).collect(),
            final_reported: finals.map(|(id, ..)| *id).collect(),
            contracted: contracted.into_iter().filter_map(|(id, on)| Some((id, on?))).collect(),
            rows,
        })
    }

    /// What may be lost of a proposal.
    fn at_risk(&self, row: &Proposal) -> Rupiah {
        match row.allocation_id {
            None => row.total_idr,
            Some(_) => {
                let figures = self.figures.get(&row.id).copied().unwrap_or_default();
                figures.undisbursed().max(Rupiah::ZERO)
            }
        }
    }

    fn prospect(&self, row: &Proposal) -> Prospect {
        Prospect {
            returned: row.returned,
            due_on: row.due_on,
            recommended: row.lump_sum_recommended,
            asked: self.requests.contains_key(&row.id) || self.held_back.contains(&row.id),
            contracted_on: self.contracted.get(&row.id).copied(),
            reported_until: self.quarterly.get(&row.id).copied(),
            final_reported: self.final_reported.contains(&row.id),
            operating_since: row.operating_since,
        }
    }

    fn funds_of(&self, row: &Proposal) -> Option<&radar::Funds> {
        self.funds.get(&row.allocation_id?)
    }

    fn items(&self, tx: &mut AnyConnection, now: Moment) -> Result<Vec<Item>, Error> {
        let mut rules = Rules::at(now);
        let mut items = Vec::new();
        let mut tranches: BTreeMap<(AllocationId, i64), Tranche> = BTreeMap::new();
        for (index, row) in self.rows.iter().enumerate() {
            let version = self.funds_of(row).map(|funds| funds.1).or(row.policy_version);
            let Some(held) = rules.of(tx, row.fiscal_year, version, &row.region_code)? else {
                continue;
            };
            let zone = Zone::of(&row.region_code);
            let prospect = self.prospect(row);
            for due in deadline::of_proposal(row.state, &prospect, &held.policy, zone, now) {
                let place = Place { at: due.at, kind: due.kind, n: due.n, about: row.id.0 };
                let (held, about) = (held.clone(), About::Proposal(index));
                items.push(Item { place, due, held, about, at_risk: self.at_risk(row) });
            }
            self.add_tranche(row, &held, &mut tranches);
        }
        for ((allocation, n), tranche) in tranches {
            let requested = tranche.unasked == 0;
            for due in deadline::of_tranche(tranche.mode, n, requested, &tranche.held.policy, now) {
                let place = Place { at: due.at, kind: due.kind, n: due.n, about: allocation.0 };
                items.push(Item {
                    place,
                    due,
                    held: tranche.held.clone(),
                    about: About::Allocation(allocation, tranche.region.clone()),
                    at_risk: tranche.at_risk,
                });
            }
        }
        Ok(items)
    }

    /// Adds a proposal that is paid to the next tranche of its allocation.
    fn add_tranche(
        &self,
        row: &Proposal,
        held: &Rc<Held>,
        tranches: &mut BTreeMap<(AllocationId, i64), Tranche>,
    ) {
        let paid_from = matches!(row.state, State::Contracted | State::Funded | State::Reporting);
        let at_risk = self.at_risk(row);
        let Some((allocation, _, mode, amount)) = self.funds_of(row).filter(|_| paid_from) else {
            return;
        };
        if at_risk == Rupiah::ZERO {
            return;
        }
        let limit = held.policy.lump_sum_limit();
        let mode = rules::mode(*mode, row.lump_sum_recommended, *amount, limit);
        let requests = self.requests.get(&row.id).map_or(&[][..], Vec::as_slice);
        let paid = requests.iter().filter(|(_, state)| *state == TrancheState::Paid);
        let n = paid.map(|(n, _)| *n).max().unwrap_or(0).saturating_add(1);
        let asked = requests.iter().any(|(of, _)| *of == n);
        let tranche = tranches.entry((*allocation, n)).or_insert_with(|| Tranche {
            mode,
            held: held.clone(),
            region: row.region_code.clone(),
            at_risk: Rupiah::ZERO,
            unasked: 0,
        });
        tranche.at_risk = Rupiah::total([tranche.at_risk, at_risk]);
        tranche.unasked += usize::from(!asked);
    }

    /// What is at risk in all: of each proposal once.
    fn sum(&self, items: &[Item]) -> Rupiah {
        let mut proposals: HashSet<usize> = HashSet::new();
        let mut allocations: HashSet<AllocationId> = HashSet::new();
        for item in items {
            match &item.about {
                About::Proposal(index) => drop(proposals.insert(*index)),
                About::Allocation(id, ..) => drop(allocations.insert(*id)),
            }
        }
        let counted = self.rows.iter().enumerate().filter(|(index, row)| {
            let paid_from =
                matches!(row.state, State::Contracted | State::Funded | State::Reporting);
            proposals.contains(index)
                || (paid_from && row.allocation_id.is_some_and(|id| allocations.contains(&id)))
        });
        Rupiah::total(counted.map(|(_, row)| self.at_risk(row)))
    }

    fn view(
        &self,
        tx: &mut AnyConnection,
        cx: &Context,
        look: &Look,
        limit: i64,
        items: Vec<Item>,
    ) -> Result<view::Radar, Error> {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let limit = usize::try_from(limit).unwrap_or_default();
        let overdue = items.iter().filter(|item| item.due.at <= cx.now).count();
        let (all, at_risk) = (items.len(), self.sum(&items));
        let page: Vec<Item> = items
            .into_iter()
            .filter(|item| look.after.is_none_or(|after| item.place > after))
            .take(limit.saturating_add(1))
            .collect();
        let last = limit.checked_sub(1).and_then(|last| page.get(last));
        let next_cursor = last.filter(|_| page.len() > limit).map(|item| item.place.to_string());
        let codes: Vec<RegionCode> = page.iter().map(|item| self.region_of(item)).collect();
        let names = region::names(tx, &codes)?.into_iter().collect();
        Ok(view::Radar {
            items: page.iter().take(limit).map(|item| self.shown(item, &names, cx.now)).collect(),
            next_cursor,
            count: count(all),
            overdue: count(overdue),
            at_risk_idr: at_risk.0,
            at: cx.now,
        })
    }

    fn region_of(&self, item: &Item) -> RegionCode {
        match &item.about {
            About::Allocation(_, region) => region.clone(),
            About::Proposal(index) => match self.rows.get(*index) {
                Some(row) => row.region_code.clone(),
                None => RegionCode::from(""),
            },
        }
    }

    fn shown(
        &self,
        item: &Item,
        names: &HashMap<RegionCode, String>,
        now: Moment,
    ) -> view::DeadlineItem {
        let Item { due, held, about, at_risk, .. } = item;
        let (days_left, working_days_left) = deadline::left(&held.calendar, now, due);
        let row = match about {
            About::Proposal(index) => self.rows.get(*index),
            About::Allocation(..) => None,
        };
        let allocation_id = match about {
            About::Allocation(id, _) => Some(*id),
            About::Proposal(_) => None,
        };
        let region_code = self.region_of(item);
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
        }
    }
}

/// The next tranche of an allocation.
struct Tranche {
    mode: Mode,
    held: Rc<Held>,
    region: RegionCode,
    at_risk: Rupiah,
    /// How many of its proposals have not asked for it.
    unasked: usize,
}
