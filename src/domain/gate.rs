//! The gate of a tranche: every check that has to hold before money flows, each with what is required, what is there, and
//! what would meet it. One computation for whoever asks, for the request and for the payment.

mod check;

use crate::domain::ids::ProposalId;
use crate::domain::journal::Figures;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::policy::{Deadline, ModeRule, Policy};
use crate::domain::refusal::Blocker;
use crate::domain::report::Progress;
use crate::domain::tranche::Mode;
use chrono::{NaiveDate, NaiveTime, TimeDelta};

text_enum! {
    /// What a gate checks. The text is the blocker's code.
    pub enum Rule {
        /// The way of paying has a tranche of this number; a lump sum has one.
        TrancheExists = "tranche_exists",
        /// The window of the tranche is open.
        PaymentWindow = "payment_window",
        /// The request was received while its documents could come in.
        DocumentsInTime = "documents_in_time",
        /// The first request was received before the contract gate of the year.
        ContractGate = "contract_gate_open",
        /// The tranche before was paid.
        PreviousPaid = "previous_tranche_paid",
        /// Enough of what the region received is spent.
        Absorption = "absorption_reached",
        /// Enough of the output is there.
        Output = "output_reached",
        /// A document of the tranche is there for each proposal that it pays.
        Document = "tranche_document",
        /// No report is overdue, where that stands in the way of tranches.
        Reports = "reports_in_time",
        /// What is paid on handover was handed over.
        Handover = "handover_recorded",
        /// What is asked for is within what the tranche brings.
        WithinCap = "within_cap",
    }
}

/// When a gate is looked at: at a moment, or on a day that is not today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    /// The day, by the clocks of the region.
    pub day: NaiveDate,
    /// The first instant that is looked at.
    pub first: Moment,
    /// The last one; the same for a moment.
    pub last: Moment,
    /// Money counts that took effect by this day.
    pub effective_until: NaiveDate,
    /// What was recorded by this moment counts.
    pub recorded_until: Moment,
}

impl When {
    /// Now. Everything counts that is there: what another process wrote just before may bear a moment that is a little
    /// later, and its day be the next one.
    pub fn now(moment: Moment, zone: Zone) -> When {
        let day = moment.date_in(zone);
        When {
            day,
            first: moment,
            last: moment,
            effective_until: day.succ_opt().unwrap_or(day),
            recorded_until: moment.after(TimeDelta::days(1)),
        }
    }

    /// On a day: what is possible at any time of it is possible.
    pub fn on(day: NaiveDate, zone: Zone) -> When {
        let last = zone.end_of(day).after(-TimeDelta::microseconds(1));
        let first = zone.at(day, NaiveTime::MIN);
        When { day, first, last, effective_until: day, recorded_until: last }
    }

    fn words(&self) -> String {
        if self.first == self.last { self.first.to_string() } else { self.day.to_string() }
    }
}

/// What the gate is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Whether a request is taken: its window may open later.
    Request,
    /// Whether money is paid.
    Payment,
}

/// A proposal that has not ended, as it stood when the gate is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which.
    pub id: ProposalId,
    /// Whether this gate pays it; otherwise it is paid in another way and counts in the output only.
    pub is_paid_here: bool,
    /// Its balances.
    pub figures: Figures,
    /// What it got by requests for this tranche, without what was taken back.
    pub paid: Rupiah,
    /// The value of its handover, where one is recorded.
    pub handover: Option<Rupiah>,
    /// The physical progress that was last reported.
    pub progress: BasisPoints,
    /// Types of the tranche's documents that it lacks.
    pub lacks: Vec<String>,
    /// The first report that it owes and that is overdue: until which day it speaks.
    pub overdue: Option<NaiveDate>,
}

impl Part {
    fn has_contracts(&self) -> bool {
        self.figures.contracted_idr > Rupiah::ZERO
    }

    /// What it got by this tranche: never more than it got in all, whatever the figures say.
    fn net_paid(&self) -> Rupiah {
        self.paid.min(self.figures.disbursed_idr)
    }

    /// What its contracts still need, this tranche set aside: never more than is set aside for it, however much they are
    /// worth.
    fn need(&self) -> Rupiah {
        self.left_of(self.figures.contracted_idr)
    }

    /// What of an amount is left to pay, this tranche set aside, within what is set aside for the proposal.
    fn left_of(&self, amount: Rupiah) -> Rupiah {
        let Figures { ceiling_idr, released_idr, disbursed_idr, .. } = self.figures;
        let others = Rupiah::total([disbursed_idr, self.net_paid().negated()]);
        let set_aside = Rupiah::total([ceiling_idr, released_idr.negated()]);
        Rupiah::total([amount.min(set_aside), others.negated()]).max(Rupiah::ZERO)
    }
}

/// Everything that a gate looks at.
#[derive(Debug, Clone)]
pub struct Facts<'p> {
    /// The rules as they hold in the region.
    pub policy: &'p Policy,
    /// How it is paid.
    pub mode: Mode,
    /// Which tranche, from 1.
    pub n: i64,
    /// When.
    pub when: When,
    /// When the request was received; none was when absent.
    pub received: Option<Moment>,
    /// The proposals of the allocation that have not ended.
    pub parts: Vec<Part>,
    /// What the whole allocation received, net, with what was carried in from earlier years.
    pub receipts: Rupiah,
    /// What the whole allocation spent, net.
    pub absorbed: Rupiah,
    /// What was set aside for proposals that have ended since the request was received: a request that came in time is not
    /// worth less because of others.
    pub ended_since: Rupiah,
    /// What of that counts for requests that wait alone, and gives a new one no room.
    pub ended_since_for_waiting: Rupiah,
    /// When the tranche before was paid.
    pub previous_paid_on: Option<NaiveDate>,
    /// What other requests for this tranche ask for and wait for.
    pub requested: Rupiah,
    /// What is being asked for, or paid.
    pub asked: Rupiah,
    /// Supposed output, in place of what was reported.
    pub supposed_output: Option<BasisPoints>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which rule.
    pub rule: Rule,
    /// Document and article that it rests on.
    pub legal_basis: String,
    /// Whether the value was read there, and is no assumption.
    pub confirmed: bool,
    /// What is required, in words.
    pub required: String,
    /// What is there, in words.
    pub actual: String,
    /// Whether it holds.
    pub met: bool,
    /// Until when it can be met, where that is limited.
    pub due: Option<Moment>,
    /// What would meet it; nothing where it is met.
    pub how: Option<String>,
    /// What is required and what is there, where it is money.
    pub amounts: Option<(Rupiah, Rupiah)>,
    /// What is required and what is there, where it is a share.
    pub shares: Option<(BasisPoints, BasisPoints)>,
    /// The proposals that lack something.
    pub proposals: Vec<ProposalId>,
}

impl Check {
    /// How much money lacks; nothing where it is met, or no matter of money.
    pub fn missing(&self) -> Option<Rupiah> {
        let (required, actual) = self.amounts.filter(|_| !self.met)?;
        let difference = Rupiah::total([required, actual.negated()]);
        Some(difference.max(difference.negated()))
    }

    /// The same as a blocker.
    pub fn blocker(&self) -> Blocker {
        let pointer = if self.rule == Rule::WithinCap { "/items" } else { "/n" };
        let how = self.how.as_deref().unwrap_or_default();
        let message = format!("Required: {}; there is: {}. {how}", self.required, self.actual);
        Blocker::new(self.rule.as_str(), pointer, message.trim_end())
    }
}

/// The gate of a tranche.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Each check, met or not.
    pub checks: Vec<Check>,
    /// At most so much is paid by the tranche.
    pub cap: Rupiah,
    /// Paid by it.
    pub paid: Rupiah,
    /// Asked for and waiting.
    pub requested: Rupiah,
    /// What can still be asked for.
    pub room: Rupiah,
}

impl Gate {
    /// Whether every check holds.
    pub fn is_open(&self) -> bool {
        self.checks.iter().all(|check| check.met)
    }

    /// One blocker for each check that does not hold.
    pub fn blockers(&self) -> Vec<Blocker> {
        self.checks.iter().filter(|check| !check.met).map(Check::blocker).collect()
    }
}

/// When a way of paying is open for one of its tranches.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// From when.
    pub opens: Option<Deadline>,
    /// Until when.
    pub closes: Deadline,
    /// Until when the request has to be received.
    pub due: Deadline,
    /// Until when it is paid.
    pub payable_until: Moment,
    /// Where it stands in the policy.
    pub path: &'static str,
}

impl Facts<'_> {
    /// Weighs everything. Total: any figures give an answer.
    pub fn gate(&self, purpose: Purpose) -> Gate {
        let cap = self.cap(self.ended_since);
        let paid = Rupiah::total(self.paid_here().map(Part::net_paid));
        Gate {
            checks: self.checks(purpose, cap, paid),
            cap,
            paid,
            requested: self.requested,
            room: self.room(paid),
        }
    }

    /// What a new request can ask for.
    fn room(&self, paid: Rupiah) -> Rupiah {
        let ended_since = Rupiah::total([self.ended_since, self.ended_since_for_waiting.negated()]);
        let cap = self.cap(ended_since);
        Rupiah::total([cap, paid.negated(), self.requested.negated()]).max(Rupiah::ZERO)
    }

    /// The proposals that it pays.
    fn paid_here(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.is_paid_here)
    }

    /// How many tranches the way of paying has.
    fn tranches(&self) -> usize {
        match self.mode {
            Mode::Staged => self.policy.tranches.len(),
            Mode::LumpSum | Mode::LumpSumOnRecommendation => 1,
        }
    }

    /// The place of the tranche among them.
    fn index(&self) -> Option<usize> {
        let index = usize::try_from(self.n).ok()?.checked_sub(1)?;
        (index < self.tranches()).then_some(index)
    }

    /// The most that the tranche brings: its share of what is set aside, with `ended_since` of what has ended; the last one
    /// what contracts still need; never more than contracts need. A lump sum is the contract list's value, one on recommendation the handover's; all of them
    /// within what is set aside.
    fn cap(&self, ended_since: Rupiah) -> Rupiah {
        let Some(index) = self.index() else { return Rupiah::ZERO };
        let need = Rupiah::total(self.paid_here().map(Part::need));
        match self.mode {
            Mode::LumpSum => need,
            Mode::LumpSumOnRecommendation => {
                let handovers = self
                    .paid_here()
                    .filter_map(|part| part.handover.map(|handover| part.left_of(handover)));
                Rupiah::total(handovers)
            }
            Mode::Staged if index.saturating_add(1) == self.tranches() => need,
            Mode::Staged => {
                let set_aside = self.paid_here().map(|part| {
                    let Figures { ceiling_idr, released_idr, .. } = part.figures;
                    Rupiah::total([ceiling_idr, released_idr.negated()]).max(Rupiah::ZERO)
                });
                let whole = Rupiah::total(set_aside.chain([ended_since]));
                let shares = self.policy.tranche_amounts(whole);
                shares.get(index).copied().unwrap_or_default().min(need)
            }
        }
    }

    /// Physical progress over the region: the mean of what was last reported, weighted by contracts, floored.
    fn output(&self) -> BasisPoints {
        if let Some(supposed) = self.supposed_output {
            return supposed;
        }
        let mut progress = Progress::default();
        for part in &self.parts {
            progress.add(part.figures.contracted_idr, part.progress);
        }
        progress.mean().unwrap_or_default()
    }
}

/// When a tranche is open, by its place from 0; absent where the mode has none there. A lump sum's request has to be
/// received before it closes; it is paid until the year is over then.
pub fn span(policy: &Policy, mode: Mode, index: usize) -> Option<Span> {
    let lump = |opens: Option<Deadline>, closes: Deadline, path| {
        let year = i32::try_from(policy.fiscal_year).unwrap_or(i32::MAX);
        let last = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(closes.date);
        let payable_until = closes.zone.end_of(last).max(closes.moment());
        Span { opens, closes, due: closes, payable_until, path }
    };
    match mode {
        Mode::Staged => policy.tranches.get(index).map(|rule| Span {
            opens: Some(rule.opens),
            closes: rule.closes,
            due: rule.documents_due,
            payable_until: rule.closes.moment(),
            path: "tranches",
        }),
        Mode::LumpSum => policy.modes.iter().find_map(|rule| match rule {
            ModeRule::LumpSum { opens, closes, .. } => Some(lump(Some(*opens), *closes, "modes")),
            ModeRule::LumpSumOnRecommendation { .. } | ModeRule::Staged {} => None,
        }),
        Mode::LumpSumOnRecommendation => {
            let rule = policy.modes.iter().find_map(|rule| match rule {
                ModeRule::LumpSumOnRecommendation { opens, closes, .. } => {
                    Some(lump(Some(*opens), *closes, "modes"))
                }
                ModeRule::LumpSum { .. } | ModeRule::Staged {} => None,
            });
            rule.or_else(|| Some(lump(None, policy.contract_gate, "contract_gate")))
        }
    }
}

#[cfg(test)]
mod tests;
