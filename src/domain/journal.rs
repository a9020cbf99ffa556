//! The journal: double entry, append-only; every figure is a balance of it.

use crate::domain::money::Rupiah;
use crate::domain::people::{Duty, Role};
use crate::domain::refusal::Blocker;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What an entry records.
    pub enum EntryKind {
        /// Money is set aside for a proposal: ceiling → available.
        Allocate = "allocate",
        /// Less is set aside for it: available → ceiling.
        Cut = "cut",
        /// A contract binds it: available → committed.
        Commit = "commit",
        /// A binding ends, or goes beyond what was ever set aside when that ends: committed → available.
        Decommit = "decommit",
        /// It is set free: available or committed → released.
        Release = "release",
        /// Cash goes out: treasury → region.
        Disburse = "disburse",
        /// A payment order (SP2D): region → paid.
        Spend = "spend",
        /// A vendor pays back: paid → region.
        Recover = "recover",
        /// Leftover comes back: region → treasury.
        Return = "return",
        /// Leftover goes to another proposal of the region, of a later year: region → carried, and there carried → region.
        Carry = "carry",
        /// An entry is taken back: mirrored.
        Reverse = "reverse",
    }
}

impl EntryKind {
    /// Who takes an entry back, and the duty that this counts as: whoever checks such entries, never whoever books them.
    /// Nobody where the entry follows from the end of a proposal, or takes back another itself.
    pub const fn reverser(self) -> Option<(Role, Duty)> {
        match self {
            EntryKind::Allocate | EntryKind::Cut => Some((Role::Treasurer, Duty::Allocation)),
            EntryKind::Disburse => Some((Role::Treasurer, Duty::PaymentVerification)),
            EntryKind::Commit
            | EntryKind::Decommit
            | EntryKind::Spend
            | EntryKind::Recover
            | EntryKind::Return
            | EntryKind::Carry => Some((Role::Inspector, Duty::Inspection)),
            EntryKind::Release | EntryKind::Reverse => None,
        }
    }
}

text_enum! {
    /// Where an entry takes from or gives to.
    pub enum Account {
        /// The region's allocation (authority).
        Ceiling = "ceiling",
        /// Set aside and not bound (authority). May go below zero: contracts above the plan are outside facts.
        Available = "available",
        /// Bound by contracts (authority).
        Committed = "committed",
        /// Set free (authority).
        Released = "released",
        /// The state's cash.
        Treasury = "treasury",
        /// The region's cash.
        Region = "region",
        /// Paid to vendors.
        Paid = "paid",
        /// On its way from one proposal to another; over all proposals it is zero.
        Carried = "carried",
    }
}

/// One movement: an amount above zero from one account to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// What it records.
    pub kind: EntryKind,
    /// From.
    pub from: Account,
    /// To.
    pub to: Account,
    /// How much.
    pub amount: Rupiah,
    /// What the entry recorded that it takes back; of a reversal alone.
    pub undoes: Option<EntryKind>,
}

impl Posting {
    /// A posting of a kind that has one pair of accounts; of what is carried over, the side that gives.
    pub fn of(kind: EntryKind, amount: Rupiah) -> Posting {
        let (from, to) = match kind {
            EntryKind::Allocate => (Account::Ceiling, Account::Available),
            EntryKind::Cut => (Account::Available, Account::Ceiling),
            EntryKind::Commit => (Account::Available, Account::Committed),
            EntryKind::Decommit => (Account::Committed, Account::Available),
            EntryKind::Release => (Account::Available, Account::Released),
            EntryKind::Disburse => (Account::Treasury, Account::Region),
            EntryKind::Spend => (Account::Region, Account::Paid),
            EntryKind::Recover => (Account::Paid, Account::Region),
            EntryKind::Return => (Account::Region, Account::Treasury),
            EntryKind::Carry => (Account::Region, Account::Carried),
            // Its accounts are those of what it takes back: see `mirrored`.
            EntryKind::Reverse => (Account::Available, Account::Available),
        };
        Posting { kind, from, to, amount, undoes: None }
    }

    /// What is carried over, at the proposal that gets it.
    pub fn carried_in(amount: Rupiah) -> Posting {
        let Posting { from, to, .. } = Posting::of(EntryKind::Carry, amount);
        Posting { from: to, to: from, ..Posting::of(EntryKind::Carry, amount) }
    }

    /// What takes it back: the same amount the other way.
    pub fn mirrored(&self) -> Posting {
        Posting {
            kind: EntryKind::Reverse,
            from: self.to,
            to: self.from,
            amount: self.amount,
            undoes: Some(self.kind),
        }
    }
}

/// The balances of a proposal, or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Figures {
    /// Set aside (pagu).
    pub ceiling_idr: Rupiah,
    /// In the approved activity plan (RK).
    pub plan_idr: Rupiah,
    /// Bound by contracts.
    pub contracted_idr: Rupiah,
    /// Paid to the region.
    pub disbursed_idr: Rupiah,
    /// Paid on by the region.
    pub absorbed_idr: Rupiah,
    /// Paid back.
    pub returned_idr: Rupiah,
    /// Set free.
    pub released_idr: Rupiah,
    /// Got from proposals of earlier years.
    pub carried_in_idr: Rupiah,
    /// Given to proposals of later years.
    pub carried_out_idr: Rupiah,
}

/// The code of what keeps a ceiling from being brought below its plan.
pub const BELOW_PLAN: &str = "below_plan";

/// The most that a figure of one proposal comes to: more than the budget of any year of the fund, and so little that ninety
/// thousand proposals can be added up.
pub const MAX_FIGURE: Rupiah = Rupiah(100_000_000_000_000);

impl Figures {
    /// Cash left in the region: disbursed + carried in − absorbed − returned − carried out.
    pub fn in_hand(&self) -> Rupiah {
        Rupiah::total([
            self.disbursed_idr,
            self.carried_in_idr,
            self.absorbed_idr.negated(),
            self.returned_idr.negated(),
            self.carried_out_idr.negated(),
        ])
    }

    /// These and those of another, added up.
    pub fn plus(&self, other: &Figures) -> Figures {
        let sum = |of: fn(&Figures) -> Rupiah| Rupiah::total([of(self), of(other)]);
        Figures {
            ceiling_idr: sum(|one| one.ceiling_idr),
            plan_idr: sum(|one| one.plan_idr),
            contracted_idr: sum(|one| one.contracted_idr),
            disbursed_idr: sum(|one| one.disbursed_idr),
            absorbed_idr: sum(|one| one.absorbed_idr),
            returned_idr: sum(|one| one.returned_idr),
            released_idr: sum(|one| one.released_idr),
            carried_in_idr: sum(|one| one.carried_in_idr),
            carried_out_idr: sum(|one| one.carried_out_idr),
        }
    }

    /// Authority that was not set free: ceiling − released.
    pub fn authority(&self) -> Rupiah {
        Rupiah::total([self.ceiling_idr, self.released_idr.negated()])
    }

    /// Authority that no cash was paid on: ceiling − released − disbursed.
    pub fn undisbursed(&self) -> Rupiah {
        Rupiah::total([self.ceiling_idr, self.released_idr.negated(), self.disbursed_idr.negated()])
    }

    /// Authority that is neither bound nor set free.
    pub fn available(&self) -> Rupiah {
        Rupiah::total([
            self.ceiling_idr,
            self.contracted_idr.negated(),
            self.released_idr.negated(),
        ])
    }

    /// The figures after a posting; `None` if one would be beyond [`MAX_FIGURE`], or if a reversal does not say what it takes
    /// back.
    pub fn after(&self, posting: &Posting) -> Option<Figures> {
        self.summed(posting).filter(Figures::can_be_summed)
    }

    /// Whether each figure is small enough that those of a nation's year can be added up.
    fn can_be_summed(&self) -> bool {
        let Figures {
            ceiling_idr,
            plan_idr,
            contracted_idr,
            disbursed_idr,
            absorbed_idr,
            returned_idr,
            released_idr,
            carried_in_idr,
            carried_out_idr,
        } = *self;
        [
            ceiling_idr,
            plan_idr,
            contracted_idr,
            disbursed_idr,
            absorbed_idr,
            returned_idr,
            released_idr,
            carried_in_idr,
            carried_out_idr,
        ]
        .iter()
        .all(|figure| (MAX_FIGURE.negated()..=MAX_FIGURE).contains(figure))
    }

    /// The same without that bound, which is one of balances: in the sum of a kind what was mistyped counts in full, and
    /// what took it back stands in the sum of another.
    pub fn summed(&self, posting: &Posting) -> Option<Figures> {
        let mut next = *self;
        let (kind, from, amount) = match posting.kind {
            // Its mirror, the other way.
            EntryKind::Reverse => (posting.undoes?, posting.to, posting.amount.negated()),
            kind => (kind, posting.from, posting.amount),
        };
        match kind {
            EntryKind::Allocate => next.ceiling_idr = next.ceiling_idr.plus(amount)?,
            EntryKind::Cut => next.ceiling_idr = next.ceiling_idr.minus(amount)?,
            EntryKind::Commit => next.contracted_idr = next.contracted_idr.plus(amount)?,
            EntryKind::Decommit => next.contracted_idr = next.contracted_idr.minus(amount)?,
            EntryKind::Release => {
                next.released_idr = next.released_idr.plus(amount)?;
                if from == Account::Committed {
                    next.contracted_idr = next.contracted_idr.minus(amount)?;
                }
            }
            EntryKind::Disburse => next.disbursed_idr = next.disbursed_idr.plus(amount)?,
            EntryKind::Spend => next.absorbed_idr = next.absorbed_idr.plus(amount)?,
            EntryKind::Recover => next.absorbed_idr = next.absorbed_idr.minus(amount)?,
            EntryKind::Return => next.returned_idr = next.returned_idr.plus(amount)?,
            EntryKind::Carry if from == Account::Region => {
                next.carried_out_idr = next.carried_out_idr.plus(amount)?;
            }
            EntryKind::Carry => next.carried_in_idr = next.carried_in_idr.plus(amount)?,
            EntryKind::Reverse => return None,
        }
        Some(next)
    }

    /// What keeps the ceiling from being brought to `ceiling`: contracts that bind it, cash that was paid on it, the plan
    /// that rests on it (with the policy's tolerance). Each says the figure that stands in the way.
    pub fn against_ceiling(&self, ceiling: Rupiah, tolerance: Rupiah) -> Vec<Blocker> {
        let kept = |figure: Rupiah| Rupiah::total([figure, self.released_idr]);
        let least_plan = self.plan_idr.minus(tolerance).unwrap_or_default();
        let bounds = [
            (
                "below_contracted",
                kept(self.contracted_idr),
                self.contracted_idr,
                "bound by contracts",
            ),
            ("below_disbursed", kept(self.disbursed_idr), self.disbursed_idr, "disbursed"),
            (
                BELOW_PLAN,
                least_plan,
                self.plan_idr,
                "in the approved plan, which has to change first",
            ),
        ];
        let broken = bounds.into_iter().filter(|(_, least, ..)| ceiling < *least);
        broken
            .map(|(code, _, figure, words)| {
                let message = format!("It would leave {ceiling}, and {figure} is {words}.");
                Blocker::new(code, "/amount_idr", message)
            })
            .collect()
    }

    /// Takes back a posting: what to post, and the figures then; or every figure that stands in the way.
    ///
    /// What Sentra itself decides stays true: nobody was paid more than is contracted, no plan and no contract is above
    /// its ceiling by what is taken back, and no cash is taken back that is not there.
    pub fn undo(
        &self,
        posting: &Posting,
        tolerance: Rupiah,
    ) -> Result<(Posting, Figures), Vec<Blocker>> {
        let mirror = posting.mirrored();
        let after = self.after(&mirror).ok_or_else(|| vec![overflow()])?;
        let amount = posting.amount;
        let takes_cash = mirror.from == Account::Region;
        let mut blockers = Vec::new();
        if takes_cash && after.in_hand() < Rupiah::ZERO {
            let message =
                format!("{amount} would be taken back, and {} is in hand.", self.in_hand());
            blockers.push(Blocker::new("above_cash", "/figures/in_hand_idr", message));
        }
        if mirror.undoes == Some(EntryKind::Commit) && after.contracted_idr < self.disbursed_idr {
            let message = format!(
                "It would leave {} contracted, and {} is disbursed.",
                after.contracted_idr, self.disbursed_idr
            );
            blockers.push(Blocker::new("below_disbursed", "/figures/disbursed_idr", message));
        }
        if mirror.undoes == Some(EntryKind::Allocate) {
            blockers.extend(self.against_ceiling(after.ceiling_idr, tolerance));
        }
        if after.absorbed_idr < Rupiah::ZERO {
            let message = format!(
                "{amount} would be taken back, and vendors paid back all of it but {}.",
                self.absorbed_idr
            );
            blockers.push(Blocker::new("recovered", "/figures/absorbed_idr", message));
        }
        if blockers.is_empty() { Ok((mirror, after)) } else { Err(blockers) }
    }

    /// Sets free all authority that no cash was paid on: first what contracts bind beyond what was set aside is no
    /// longer counted as bound, then what is not bound is set free, then what contracts bind beyond what was disbursed.
    /// Contracts bind no more afterwards than was disbursed, and nothing is available but what was disbursed beyond
    /// contracts that were amended down.
    pub fn release_rest(&self) -> Vec<Posting> {
        let undisbursed = self.undisbursed().max(Rupiah::ZERO);
        let unpaid =
            Rupiah::total([self.contracted_idr, self.disbursed_idr.negated()]).max(Rupiah::ZERO);
        let beyond = self.available().negated().max(Rupiah::ZERO).min(unpaid);
        let unbound = self.available().max(Rupiah::ZERO).min(undisbursed);
        let bound = Rupiah::total([undisbursed, unbound.negated()]);
        let release = |from, amount| Posting {
            kind: EntryKind::Release,
            from,
            to: Account::Released,
            amount,
            undoes: None,
        };
        [
            Posting::of(EntryKind::Decommit, beyond),
            release(Account::Available, unbound),
            release(Account::Committed, bound),
        ]
        .into_iter()
        .filter(|posting| posting.amount > Rupiah::ZERO)
        .collect()
    }
}

/// The blocker for figures beyond what can be counted.
pub fn overflow() -> Blocker {
    let message = format!("A figure of the proposal would be beyond {MAX_FIGURE}.");
    Blocker::new("amount_too_large", "/amount_idr", message)
}

/// The figures as they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EightFigures {
    /// Set aside (pagu): allocate − cut.
    #[schema(example = 5_300_000_000_i64)]
    pub ceiling_idr: i64,
    /// In the approved activity plan (RK).
    pub plan_idr: i64,
    /// What contracts still bind; of a proposal that ended, no more than was disbursed.
    pub contracted_idr: i64,
    /// Paid to the region.
    pub disbursed_idr: i64,
    /// Paid on by the region.
    pub absorbed_idr: i64,
    /// Paid back.
    pub returned_idr: i64,
    /// Got from proposals of earlier years.
    #[serde(default)]
    pub carried_in_idr: i64,
    /// Given to proposals of later years.
    #[serde(default)]
    pub carried_out_idr: i64,
    /// Cash left in the region.
    pub in_hand_idr: i64,
    /// Authority that no cash was paid on.
    pub undisbursed_idr: i64,
    /// Set free: forfeited, cancelled, or not needed at closing.
    pub released_idr: i64,
}

impl From<Figures> for EightFigures {
    fn from(figures: Figures) -> Self {
        Self {
            ceiling_idr: figures.ceiling_idr.0,
            plan_idr: figures.plan_idr.0,
            contracted_idr: figures.contracted_idr.0,
            disbursed_idr: figures.disbursed_idr.0,
            absorbed_idr: figures.absorbed_idr.0,
            returned_idr: figures.returned_idr.0,
            carried_in_idr: figures.carried_in_idr.0,
            carried_out_idr: figures.carried_out_idr.0,
            in_hand_idr: figures.in_hand().0,
            undisbursed_idr: figures.undisbursed().0,
            released_idr: figures.released_idr.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn post(figures: Figures, kind: EntryKind, amount: i64) -> Figures {
        figures.after(&Posting::of(kind, Rupiah(amount))).expect("no overflow")
    }

    #[test]
    fn the_rest_is_released_and_nothing_is_left_undisbursed() {
        let figures = post(Figures::default(), EntryKind::Allocate, 600);
        let figures = post(figures, EntryKind::Commit, 588);
        let figures = post(figures, EntryKind::Disburse, 500);
        let released = figures.release_rest();
        let after =
            released.iter().fold(figures, |figures, posting| figures.after(posting).expect("fits"));
        assert_eq!(
            (after.released_idr, after.contracted_idr, after.undisbursed()),
            (Rupiah(100), Rupiah(500), Rupiah(0))
        );
    }

    #[test]
    fn what_is_taken_back_says_which_figure_stands_in_the_way() {
        let figures = post(Figures::default(), EntryKind::Allocate, 600);
        let figures = post(figures, EntryKind::Commit, 500);
        let figures = post(figures, EntryKind::Disburse, 400);
        let figures = post(figures, EntryKind::Spend, 300);
        let refused = |kind, amount| {
            let blockers = figures.undo(&Posting::of(kind, Rupiah(amount)), Rupiah(0)).unwrap_err();
            blockers.into_iter().map(|blocker| (blocker.code, blocker.message)).collect::<Vec<_>>()
        };
        let cash = "Rp101 would be taken back, and Rp100 is in hand.";
        assert_eq!(refused(EntryKind::Disburse, 101), [("above_cash".to_owned(), cash.to_owned())]);
        let contracted = "It would leave Rp399 contracted, and Rp400 is disbursed.";
        let expected = [("below_disbursed".to_owned(), contracted.to_owned())];
        assert_eq!(refused(EntryKind::Commit, 101), expected);
        let ceiling = "It would leave Rp499, and Rp500 is bound by contracts.";
        let expected = [("below_contracted".to_owned(), ceiling.to_owned())];
        assert_eq!(refused(EntryKind::Allocate, 101), expected);
        let (mirror, after) = figures
            .undo(&Posting::of(EntryKind::Spend, Rupiah(300)), Rupiah(0))
            .expect("taken back");
        assert_eq!((mirror.from, mirror.to), (Account::Paid, Account::Region));
        assert_eq!((after.absorbed_idr, after.in_hand()), (Rupiah(0), Rupiah(400)));
    }

    proptest! {
        #[test]
        fn whatever_is_posted_and_taken_back_leaves_the_figures_as_they_were(
            kinds in proptest::collection::vec((0usize..11, 1i64..1_000), 1..20),
        ) {
            let posting = |(kind, amount): (usize, i64)| match EntryKind::ALL[kind] {
                EntryKind::Reverse => Posting::carried_in(Rupiah(amount)),
                kind => Posting::of(kind, Rupiah(amount)),
            };
            let before: Vec<Posting> = kinds.into_iter().map(posting).collect();
            let there = before.iter().fold(Figures::default(), |f, one| f.after(one).expect("fits"));
            let back = before.iter().rev().fold(there, |f, one| f.after(&one.mirrored()).expect("fits"));
            prop_assert_eq!(back, Figures::default());
        }
    }

    proptest! {
        #[test]
        fn releasing_the_rest_always_settles_the_authority(
            ceiling in 0i64..1_000, committed in 0i64..1_500, disbursed in 0i64..1_000, amended in 0i64..1_000,
        ) {
            prop_assume!(disbursed <= committed && amended <= committed);
            let figures = post(Figures::default(), EntryKind::Allocate, ceiling);
            let figures = post(figures, EntryKind::Commit, committed);
            let figures = post(figures, EntryKind::Disburse, disbursed);
            let figures = post(figures, EntryKind::Decommit, amended);
            let after = figures.release_rest().iter().fold(figures, |f, posting| f.after(posting).expect("fits"));
            prop_assert!(after.undisbursed() <= Rupiah::ZERO);
            prop_assert_eq!(after.contracted_idr, Rupiah(disbursed.min(committed - amended)));
            let beyond = Rupiah((disbursed - (committed - amended)).max(0));
            prop_assert!(after.available() <= beyond);
            prop_assert!(after.available() == beyond || disbursed > ceiling);
            prop_assert!(after.release_rest().is_empty());
        }
    }
}
