//! The gate of a tranche: gathers what it looks at as of a day, shows it, and keeps requests and payments to it.

pub mod against;

use crate::domain::gate::{Facts, Part, Purpose, When};
use crate::domain::ids::{AllocationId, ProposalId, TrancheRequestId};
use crate::domain::journal::{Account, EntryKind, Figures, Posting};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::policy::Policy;
use crate::domain::readiness::{self, Brought};
use crate::domain::report::{self as reports, ReportKind};
use crate::domain::tranche::{self as rules, Mode, TrancheState};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::readiness::brought;
use crate::service::view::gate as view;
use crate::service::{Services, policy, tranche as tranches};
use crate::storage::allocation::Allocation;
use crate::storage::journal::{self, Sum, Whose};
use crate::storage::proposal::{self, Proposal};
use crate::storage::report::Report;
use crate::storage::tranche::{self, Contents, TrancheRequest};
use crate::storage::{AnyConnection, document, report, waiver};
use chrono::NaiveDate;
use std::collections::{HashMap, HashSet};

/// What is supposed, to ask what would be if it were in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supposed {
    /// So much more is spent.
    pub spent: Rupiah,
    /// The output over the region.
    pub output: Option<BasisPoints>,
    /// Types of documents that are there for each proposal.
    pub documents: Vec<String>,
}

impl Supposed {
    /// Whether anything is supposed.
    pub fn is_something(&self) -> bool {
        *self != Supposed::default()
    }
}

/// Which gate of an allocation is looked at.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// On which day; now when absent.
    pub on: Option<NaiveDate>,
    /// The gate of the proposals that are paid in one sum on recommendation, where others are not.
    pub recommended: bool,
    /// What is supposed.
    pub supposed: Supposed,
}

/// Shows the gate of a tranche.
pub fn show(
    sv: &Services,
    cx: &Context,
    id: AllocationId,
    n: i64,
    asked: &Asked,
) -> Result<view::Gate, Error> {
    sv.db.read(|tx| {
        let row = tranches::visible(tx, cx, id)?;
        let zone = Zone::of(&row.region_code);
        let when = match asked.on {
            Some(day) if day != cx.now.date_in(zone) => When::on(day, zone),
            _ => When::now(cx.now, zone),
        };
        let rules = policy::of_allocation(tx, &row, when.last)?;
        let scene = Scene::of(tx, &row, &rules.policy, (n, when), &asked.supposed)?;
        let recommended = asked.recommended || scene.is_all_recommended();
        let facts = scene.facts(recommended, Deciding::Nothing);
        let gate = facts.gate(Purpose::Payment);
        Ok(view::Gate::of(&row, &facts, gate, asked.supposed.is_something()))
    })
}

/// What is decided while the gate is looked at.
#[derive(Debug, Clone, Copy)]
pub enum Deciding {
    /// Nothing: it is shown.
    Nothing,
    /// Whether an amount can be asked for; and when it was asked for before, where an audit hold kept it back.
    Request(Rupiah, Option<Moment>),
    /// Whether a request is paid with an amount; and the same.
    Payment(TrancheRequestId, Rupiah, Option<Moment>),
}

/// Everything of an allocation that the gates of one tranche look at, as it was or will be.
pub struct Scene<'p> {
    policy: &'p Policy,
    n: i64,
    when: When,
    mode: Mode,
    rows: Vec<Proposal>,
    parts: HashMap<ProposalId, Part>,
    receipts: Rupiah,
    absorbed: Rupiah,
    requests: Vec<TrancheRequest>,
    contents: Contents,
    /// Payments that were taken back: of which request, to which proposal.
    taken_back: HashSet<(TrancheRequestId, ProposalId)>,
    supposed_output: Option<BasisPoints>,
    gone: Vec<Gone>,
}

/// A proposal that has ended.
struct Gone {
    at: Moment,
    recommended: bool,
    ceiling: Rupiah,
}

impl<'p> Scene<'p> {
    /// Gathers it, in a fixed number of queries.
    pub fn of(
        tx: &mut AnyConnection,
        allocation: &Allocation,
        policy: &'p Policy,
        (n, when): (i64, When),
        supposed: &Supposed,
    ) -> Result<Scene<'p>, Error> {
        let rows = proposal::of_allocation(tx, allocation.id)?;
        let sums = journal::sums_until(tx, Whose::Allocation(allocation.id), when.effective_until)?;
        let figures = figures(&sums);
        let whole = |amount: fn(&Figures) -> Rupiah| Rupiah::total(figures.values().map(amount));
        // What was carried in can be spent here too: left out, its spending would stand for this year's.
        let receipts = whole(|one| Rupiah::total([one.disbursed_idr, one.carried_in_idr]));
        // What is said to be spent beyond what was received is flagged, and opens nothing.
        let absorbed = whole(|one| {
            one.absorbed_idr.min(Rupiah::total([one.disbursed_idr, one.carried_in_idr]))
        });
        let requests = tranche::of_allocations(tx, &[allocation.id])?;
        let ids: Vec<TrancheRequestId> = requests.iter().map(|request| request.id).collect();
        let contents = tranche::contents_of(tx, &ids)?;
        let mut scene = Scene {
            policy,
            n,
            when,
            mode: rules::mode(
                allocation.mode,
                false,
                allocation.amount_idr,
                policy.lump_sum_limit(),
            ),
            rows,
            parts: HashMap::new(),
            receipts,
            absorbed: Rupiah::total([absorbed, supposed.spent]),
            requests,
            contents,
            taken_back: journal::payments_taken_back(tx, allocation.id, when.effective_until)?
                .into_iter()
                .collect(),
            supposed_output: supposed.output,
            gone: Vec::new(),
        };
        scene.gone = scene
            .rows
            .iter()
            .filter(|row| has_ended(row, when.recorded_until))
            .map(|row| Gone {
                at: row.state_since,
                recommended: row.lump_sum_recommended,
                ceiling: figures.get(&row.id).map(|one| one.ceiling_idr).unwrap_or_default(),
            })
            .collect();
        scene.rows.retain(|row| !has_ended(row, when.recorded_until));
        scene.parts = scene.gather(tx, &figures, &sums, &supposed.documents)?;
        Ok(scene)
    }

    fn gather(
        &self,
        tx: &mut AnyConnection,
        figures: &HashMap<ProposalId, Figures>,
        sums: &[Sum],
        supposed: &[String],
    ) -> Result<HashMap<ProposalId, Part>, Error> {
        let ids: Vec<ProposalId> = self.rows.iter().map(|row| row.id).collect();
        let reported =
            report::standing(tx, &ids, self.when.effective_until, self.when.recorded_until)?;
        let lacking = self.lacking(tx, &ids, supposed)?;
        let paid = self.paid();
        let parts = self.rows.iter().map(|row| {
            let reported = || reported.iter().filter(|one| one.proposal_id == row.id);
            let contracted_on = sums
                .iter()
                .filter(|sum| sum.proposal_id == row.id && sum.kind == EntryKind::Commit)
                .filter_map(|sum| sum.first_on)
                .min();
            let handed_over = row.handover_on.is_some_and(|day| day <= self.when.effective_until);
            let part = Part {
                id: row.id,
                is_paid_here: true,
                figures: figures.get(&row.id).copied().unwrap_or_default(),
                paid: paid.get(&row.id).copied().unwrap_or_default(),
                handover: row.handover_value_idr.filter(|_| handed_over),
                progress: reported().next_back().map(|one| one.physical_bp).unwrap_or_default(),
                lacks: lacking.get(&row.id).cloned().unwrap_or_default(),
                overdue: self.overdue(contracted_on, reported()),
            };
            (row.id, part)
        });
        Ok(parts.collect())
    }

    fn overdue<'r>(
        &self,
        contracted_on: Option<NaiveDate>,
        reported: impl Iterator<Item = &'r Report>,
    ) -> Option<NaiveDate> {
        let ends: Vec<NaiveDate> =
            reported.filter(|one| one.kind == ReportKind::Quarterly).map(|one| one.as_of).collect();
        reports::overdue(self.policy, contracted_on, &ends, self.when.day)
    }

    /// The tranche's documents that each proposal lacks.
    fn lacking(
        &self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
        supposed: &[String],
    ) -> Result<HashMap<ProposalId, Vec<String>>, Error> {
        let index = usize::try_from(self.n).ok().and_then(|n| n.checked_sub(1));
        let rule = index.and_then(|index| self.policy.tranches.get(index));
        let types: Vec<String> = rule
            .map_or(&[][..], |rule| &rule.documents)
            .iter()
            .filter(|name| !supposed.contains(name))
            .cloned()
            .collect();
        if types.is_empty() {
            return Ok(HashMap::new());
        }
        let found = document::of_types(tx, ids, &types, self.when.recorded_until)?;
        let known: HashSet<_> = found.iter().map(|one| one.id).collect();
        let mut documents: HashMap<ProposalId, Vec<Brought>> = HashMap::new();
        for one in found {
            // What was taken the place of by then does not count.
            if one.superseded_by.is_none_or(|newer| !known.contains(&newer)) {
                documents.entry(one.proposal_id).or_default().push(brought(one));
            }
        }
        let waivers = waiver::standing_at(tx, ids, self.when.recorded_until)?;
        let lacking = self.rows.iter().map(|row| {
            let these = documents.get(&row.id).map_or(&[][..], Vec::as_slice);
            let is_there = |name: &str| {
                let waived = waivers
                    .iter()
                    .any(|one| one.proposal_id == row.id && one.document_type == name);
                readiness::is_there(self.policy, (row.menu, name), self.when.day, these, waived)
            };
            (row.id, types.iter().filter(|name| !is_there(name)).cloned().collect())
        });
        Ok(lacking.collect())
    }

    /// Whether every proposal with contracts is paid in one sum on recommendation.
    pub fn is_all_recommended(&self) -> bool {
        let mut with_contracts = self
            .rows
            .iter()
            .filter(|row| {
                let part = self.parts.get(&row.id);
                part.is_some_and(|part| part.figures.contracted_idr > Rupiah::ZERO)
            })
            .peekable();
        with_contracts.peek().is_some() && with_contracts.all(|row| row.lump_sum_recommended)
    }

    /// What a gate of this tranche looks at: that of the proposals paid on recommendation, or that of the others.
    pub fn facts(&self, recommended: bool, deciding: Deciding) -> Facts<'p> {
        let here = |id: ProposalId| {
            self.rows.iter().any(|row| row.id == id && row.lump_sum_recommended == recommended)
        };
        let mut parts: Vec<Part> = self
            .rows
            .iter()
            .filter_map(|row| self.parts.get(&row.id))
            .map(|part| Part { is_paid_here: here(part.id), ..part.clone() })
            .collect();
        parts.sort_by_key(|part| part.id);
        let (asked, decided) = match deciding {
            Deciding::Nothing => (Rupiah::ZERO, None),
            Deciding::Request(amount, _) => (amount, None),
            Deciding::Payment(id, amount, _) => (amount, Some(id)),
        };
        let received = match deciding {
            Deciding::Nothing => self.received(&here),
            Deciding::Request(_, held_since) => held_since,
            Deciding::Payment(id, _, held_since) => {
                let request = self.requests.iter().find(|request| request.id == id);
                request.map(|one| one.requested_at).into_iter().chain(held_since).min()
            }
        };
        let ended_since = self.gone.iter().filter(|one| {
            one.recommended == recommended && received.is_some_and(|received| one.at > received)
        });
        let ended_since = Rupiah::total(ended_since.map(|one| one.ceiling));
        let ended_since_for_waiting = match deciding {
            Deciding::Nothing => ended_since,
            Deciding::Request(..) | Deciding::Payment(..) => Rupiah::ZERO,
        };
        // A payment comes before what others wait for.
        let requested = match decided {
            Some(_) => Rupiah::ZERO,
            None => self.waiting(&here),
        };
        Facts {
            policy: self.policy,
            mode: if recommended { Mode::LumpSumOnRecommendation } else { self.mode },
            n: self.n,
            when: self.when,
            received,
            parts,
            receipts: self.receipts,
            absorbed: self.absorbed,
            ended_since,
            ended_since_for_waiting,
            previous_paid_on: self.previous_paid_on(),
            requested,
            asked,
            supposed_output: self.supposed_output,
        }
    }

    /// The requests of a tranche that stood.
    fn standing(&self, n: i64) -> impl Iterator<Item = &TrancheRequest> {
        let last = self.when.recorded_until;
        self.requests.iter().filter(move |request| {
            let refused = request.state == TrancheState::Refused
                && request.decided_at.is_none_or(|decided| decided <= last);
            request.n == n && request.requested_at <= last && !refused
        })
    }

    fn is_paid(&self, request: &TrancheRequest) -> bool {
        request.paid_on.is_some_and(|day| day <= self.when.effective_until)
    }

    /// The amounts of a request for proposals, but for those that were left out by then, or paid and taken back.
    fn items<'a>(
        &'a self,
        request: &'a TrancheRequest,
    ) -> impl Iterator<Item = (ProposalId, Rupiah)> + 'a {
        let left_out = |at: Moment| at <= self.when.recorded_until;
        self.contents
            .items
            .iter()
            .filter(move |item| item.request_id == request.id)
            .filter(|item| !self.taken_back.contains(&(item.request_id, item.proposal_id)))
            .filter(move |item| {
                self.contents.omission(item).is_none_or(|one| !left_out(one.left_out_at))
            })
            .map(|item| (item.proposal_id, item.amount_idr))
    }

    fn paid(&self) -> HashMap<ProposalId, Rupiah> {
        let mut paid: HashMap<ProposalId, Rupiah> = HashMap::new();
        for request in self.standing(self.n).filter(|request| self.is_paid(request)) {
            for (id, amount) in self.items(request) {
                let sum = paid.entry(id).or_default();
                *sum = Rupiah::total([*sum, amount]);
            }
        }
        paid
    }

    fn waiting(&self, here: &impl Fn(ProposalId) -> bool) -> Rupiah {
        let waiting = self.standing(self.n).filter(|request| !self.is_paid(request));
        let items = waiting.flat_map(|request| self.items(request));
        Rupiah::total(items.filter(|(id, _)| here(*id)).map(|(_, amount)| amount))
    }

    /// When the first request was received that stands.
    fn received(&self, here: &impl Fn(ProposalId) -> bool) -> Option<Moment> {
        self.standing(self.n)
            .filter(|request| self.items(request).any(|(id, _)| here(id)))
            .map(|request| request.requested_at)
            .min()
    }

    /// When all of these had been asked for by requests for this tranche of whose payment an audit hold kept them back:
    /// asked for again, they are not late.
    pub fn held_since(&self, ids: &[ProposalId]) -> Option<Moment> {
        let since = |id: &ProposalId| {
            let kept_back = self
                .contents
                .omissions
                .iter()
                .filter(|one| one.proposal_id == *id && one.hold_id.is_some());
            kept_back
                .filter_map(|one| {
                    self.standing(self.n).find(|request| request.id == one.request_id)
                })
                .map(|request| request.requested_at)
                .min()
        };
        let each: Option<Vec<Moment>> = ids.iter().map(since).collect();
        each?.into_iter().max()
    }

    fn previous_paid_on(&self) -> Option<NaiveDate> {
        self.standing(self.n.saturating_sub(1))
            .filter(|request| self.is_paid(request) && self.items(request).next().is_some())
            .filter_map(|request| request.paid_on)
            .min()
    }
}

/// Whether a proposal had ended by a moment; no state is left that ends it.
fn has_ended(row: &Proposal, by: Moment) -> bool {
    row.state.is_end() && row.state_since <= by
}

/// The balances that sums of entries give. A sum is no balance, and may be beyond what a balance can be. What would overflow is
/// left as it was: inputs are bounded far below, and databases refuse such a sum.
pub fn figures(sums: &[Sum]) -> HashMap<ProposalId, Figures> {
    let mut all: HashMap<ProposalId, Figures> = HashMap::new();
    for sum in sums {
        let figures = all.entry(sum.proposal_id).or_default();
        let (from, to): (Account, Account) = (sum.from_account, sum.to_account);
        let (kind, undoes, amount) = (sum.kind, sum.reversed_kind, sum.amount_idr);
        let posting = Posting { kind, from, to, amount, undoes };
        *figures = figures.summed(&posting).unwrap_or(*figures);
    }
    all
}
