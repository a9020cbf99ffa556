//! The journal: double entry, append-only; every figure is a balance of it.

use crate::domain::money::Rupiah;
use crate::domain::refusal::Blocker;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    /// What an entry records.
    pub enum EntryKind {
        /// Money is set aside for a proposal: ceiling → available.
        Allocate = "allocate",
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
        /// Leftover comes back: region → treasury.
        Return = "return",
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
}

impl Posting {
    /// A posting of a kind that has one pair of accounts.
    pub fn of(kind: EntryKind, amount: Rupiah) -> Posting {
        let (from, to) = match kind {
            EntryKind::Allocate => (Account::Ceiling, Account::Available),
            EntryKind::Commit => (Account::Available, Account::Committed),
            EntryKind::Decommit => (Account::Committed, Account::Available),
            EntryKind::Release => (Account::Available, Account::Released),
            EntryKind::Disburse => (Account::Treasury, Account::Region),
            EntryKind::Spend => (Account::Region, Account::Paid),
            EntryKind::Return => (Account::Region, Account::Treasury),
        };
        Posting { kind, from, to, amount }
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
}

impl Figures {
    /// Cash left in the region: disbursed − absorbed − returned.
    pub fn in_hand(&self) -> Rupiah {
        Rupiah::total([
            self.disbursed_idr,
            self.absorbed_idr.negated(),
            self.returned_idr.negated(),
        ])
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

    /// The figures after a posting; `None` if one would overflow.
    pub fn after(&self, posting: &Posting) -> Option<Figures> {
        let mut next = *self;
        let amount = posting.amount;
        match posting.kind {
            EntryKind::Allocate => next.ceiling_idr = next.ceiling_idr.plus(amount)?,
            EntryKind::Commit => next.contracted_idr = next.contracted_idr.plus(amount)?,
            EntryKind::Decommit => next.contracted_idr = next.contracted_idr.minus(amount)?,
            EntryKind::Release => {
                next.released_idr = next.released_idr.plus(amount)?;
                if posting.from == Account::Committed {
                    next.contracted_idr = next.contracted_idr.minus(amount)?;
                }
            }
            EntryKind::Disburse => next.disbursed_idr = next.disbursed_idr.plus(amount)?,
            EntryKind::Spend => next.absorbed_idr = next.absorbed_idr.plus(amount)?,
            EntryKind::Return => next.returned_idr = next.returned_idr.plus(amount)?,
        }
        Some(next)
    }

    /// Sets free all authority that no cash was paid on: first what contracts bind beyond what was set aside is no
    /// longer counted as bound, then what is not bound is set free, then what contracts bind beyond what was disbursed.
    /// Contracts bind no more afterwards than was disbursed, and nothing is available.
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
    Blocker::new(
        "amount_too_large",
        "/amount_idr",
        "The figures would be larger than what can be counted.",
    )
}

/// The eight figures as they are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EightFigures {
    /// Set aside (pagu): allocate − cut.
    #[schema(example = 5_300_000_000_i64)]
    pub ceiling_idr: i64,
    /// In the approved activity plan (RK).
    pub plan_idr: i64,
    /// Bound by contracts.
    pub contracted_idr: i64,
    /// Paid to the region.
    pub disbursed_idr: i64,
    /// Paid on by the region.
    pub absorbed_idr: i64,
    /// Paid back.
    pub returned_idr: i64,
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

    proptest! {
        #[test]
        fn releasing_the_rest_always_settles_the_authority(
            ceiling in 0i64..1_000, committed in 0i64..1_500, disbursed in 0i64..1_000,
        ) {
            prop_assume!(disbursed <= committed);
            let figures = post(Figures::default(), EntryKind::Allocate, ceiling);
            let figures = post(figures, EntryKind::Commit, committed);
            let figures = post(figures, EntryKind::Disburse, disbursed);
            let after = figures.release_rest().iter().fold(figures, |f, posting| f.after(posting).expect("fits"));
            prop_assert!(after.undisbursed() <= Rupiah::ZERO);
            prop_assert_eq!(after.contracted_idr, after.disbursed_idr);
            prop_assert!(after.available() <= Rupiah::ZERO);
            prop_assert!(after.available() == Rupiah::ZERO || disbursed > ceiling);
            prop_assert!(after.release_rest().is_empty());
        }
    }
}
