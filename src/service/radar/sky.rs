//! What the deadlines of some proposals are made of, read in a fixed number of queries however many there are; shared by
//! the radar, which shows them, and the reminders, which tell of them.

use crate::domain::deadline::{self, DeadlineKind, Due, Prospect};
use crate::domain::finding::Awaited;
use crate::domain::ids::{AllocationId, ProposalId, RegionCode};
use crate::domain::journal::Figures;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::proposal::State;
use crate::domain::report::ReportKind;
use crate::domain::tranche::{self as rules, Mode, TrancheState};
use crate::service::error::Error;
use crate::service::policy::{Held, Rules};
use crate::storage::proposal::Proposal;
use crate::storage::{AnyConnection, QueryError, finding, radar};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

/// Ids of one query.
const PART: usize = 10_000;

/// The states in which a proposal is paid from its allocation.
pub const PAID: [State; 3] = [State::Contracted, State::Funded, State::Reporting];

/// Asks for many ids in parts that either database can bind at once.
pub fn in_parts<I, T>(
    ids: &[I],
    mut query: impl FnMut(&[I]) -> Result<Vec<T>, QueryError>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::new();
    for part in ids.chunks(PART) {
        all.extend(query(part)?);
    }
    Ok(all)
}

/// What a deadline is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A proposal, by its place among the rows.
    Proposal(usize),
    /// An allocation of a region, with the places of the proposals that it pays.
    Allocation(AllocationId, RegionCode, Vec<usize>),
}

/// A deadline, with what it is about.
pub struct Found {
    /// The deadline.
    pub due: Due,
    /// The rules that set it.
    pub held: Rc<Held>,
    /// What it is about.
    pub about: About,
    /// What may be lost; of a finding, what is at issue.
    pub at_risk: Rupiah,
    /// Since when it lies before a proposal; unknown of an allocation.
    pub since: Option<Moment>,
}

/// Everything that the deadlines are made of.
pub struct Sky {
    /// The proposals.
    pub rows: Vec<Proposal>,
    figures: HashMap<ProposalId, Figures>,
    funds: HashMap<AllocationId, radar::Funds>,
    requests: HashMap<ProposalId, Vec<(i64, TrancheState)>>,
    held_back: HashSet<ProposalId>,
    quarterly: HashMap<ProposalId, chrono::NaiveDate>,
    final_reported: HashSet<ProposalId>,
    contracted: HashMap<ProposalId, chrono::NaiveDate>,
    findings: HashMap<ProposalId, Vec<Awaited>>,
}

impl Sky {
    /// Reads what lies beneath some proposals.
    pub fn over(tx: &mut AnyConnection, rows: Vec<Proposal>) -> Result<Sky, Error> {
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
        let mut findings: HashMap<ProposalId, Vec<Awaited>> = HashMap::new();
        for row in in_parts(&ids, |part| finding::awaited(tx, part))? {
            findings.entry(row.proposal_id).or_default().push(Awaited {
                n: row.n,
                due_on: row.due_on,
                since: row.state_since,
                at_issue: row.at_issue(),
            });
        }
        Ok(Sky {
            figures: balances.into_iter().map(|row| (row.proposal_id, row.into())).collect(),
            funds: funds.into_iter().map(|row| (row.0, row)).collect(),
            requests,
            held_back: held_back.into_iter().collect(),
            quarterly: quarterly.filter_map(|(id, _, until)| Some((*id, (*until)?))).collect(),
            final_reported: finals.map(|(id, ..)| *id).collect(),
            contracted: contracted.into_iter().filter_map(|(id, on)| Some((id, on?))).collect(),
            findings,
            rows,
        })
    }

    /// What may be lost of a proposal.
    pub fn at_risk(&self, row: &Proposal) -> Rupiah {
        match row.allocation_id {
            None => row.total_idr,
            Some(_) => {
                let figures = self.figures.get(&row.id).copied().unwrap_or_default();
                figures.undisbursed().max(Rupiah::ZERO)
            }
        }
    }

    /// The version of an allocation when it was read.
    pub fn version_of(&self, allocation: AllocationId) -> Option<i64> {
        self.funds.get(&allocation).map(|funds| funds.4)
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
            findings: self.findings.get(&row.id).cloned().unwrap_or_default(),
        }
    }

    /// What may be lost by a deadline of a proposal, and since when that lies before it.
    fn stake(&self, row: &Proposal, due: &Due) -> (Rupiah, Moment) {
        let finding = (due.kind == DeadlineKind::FindingFollowUp)
            .then(|| self.findings.get(&row.id)?.iter().find(|one| Some(one.n) == due.n))
            .flatten();
        match finding {
            Some(finding) => (finding.at_issue, finding.since),
            None => (self.at_risk(row), row.state_since),
        }
    }

    fn funds_of(&self, row: &Proposal) -> Option<&radar::Funds> {
        self.funds.get(&row.allocation_id?)
    }

    /// The rules over a proposal; absent where its year has none.
    fn rules_over(
        &self,
        tx: &mut AnyConnection,
        rules: &mut Rules,
        row: &Proposal,
    ) -> Result<Option<Rc<Held>>, Error> {
        let version = self.funds_of(row).map(|funds| funds.1).or(row.policy_version);
        rules.of(tx, row.fiscal_year, version, &row.region_code)
    }

    /// The deadlines of the proposals themselves.
    pub fn of_proposals(
        &self,
        tx: &mut AnyConnection,
        rules: &mut Rules,
        now: Moment,
    ) -> Result<Vec<Found>, Error> {
        let mut all = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let Some(held) = self.rules_over(tx, rules, row)? else { continue };
            let (zone, prospect) = (Zone::of(&row.region_code), self.prospect(row));
            for due in deadline::of_proposal(row.state, &prospect, &held.policy, zone, now) {
                let (held, about) = (held.clone(), About::Proposal(index));
                let (at_risk, since) = self.stake(row, &due);
                all.push(Found { due, held, about, at_risk, since: Some(since) });
            }
        }
        Ok(all)
    }

    /// The deadlines of the allocations that pay them. All proposals that an allocation pays have to be among the rows.
    pub fn of_tranches(
        &self,
        tx: &mut AnyConnection,
        rules: &mut Rules,
        now: Moment,
    ) -> Result<Vec<Found>, Error> {
        let mut tranches: BTreeMap<(AllocationId, i64), Tranche> = BTreeMap::new();
        for (index, row) in self.rows.iter().enumerate() {
            if PAID.contains(&row.state)
                && let Some(held) = self.rules_over(tx, rules, row)?
            {
                self.add_tranche(index, row, &held, &mut tranches);
            }
        }
        let mut all = Vec::new();
        for ((allocation, n), tranche) in tranches {
            let Tranche { mode, held, region, rows, at_risk, unasked } = tranche;
            for due in deadline::of_tranche(mode, n, unasked == 0, &held.policy, now) {
                let about = About::Allocation(allocation, region.clone(), rows.clone());
                let held = held.clone();
                all.push(Found { due, held, about, at_risk, since: None });
            }
        }
        Ok(all)
    }

    /// Adds a proposal that is paid to the next tranche of its allocation.
    fn add_tranche(
        &self,
        index: usize,
        row: &Proposal,
        held: &Rc<Held>,
        tranches: &mut BTreeMap<(AllocationId, i64), Tranche>,
    ) {
        let at_risk = self.at_risk(row);
        let Some((allocation, _, mode, amount, _)) = self.funds_of(row) else { return };
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
            rows: Vec::new(),
            at_risk: Rupiah::ZERO,
            unasked: 0,
        });
        tranche.rows.push(index);
        tranche.at_risk = Rupiah::total([tranche.at_risk, at_risk]);
        tranche.unasked += usize::from(!asked);
    }
}

/// The next tranche of an allocation.
struct Tranche {
    mode: Mode,
    held: Rc<Held>,
    region: RegionCode,
    /// The places of its proposals.
    rows: Vec<usize>,
    at_risk: Rupiah,
    /// How many of its proposals have not asked for it.
    unasked: usize,
}
