//! Fund usage: what became of money, grouped by what its proposals are, with their physical progress, and how evenly it
//! is spread. Whoever gathers the proposals may take their figures from where they like.

use crate::domain::ids::{CentreId, ProposalId, RegionCode};
use crate::domain::journal::Figures;
use crate::domain::line::{Component, LineFacts};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::domain::report::Progress;
use std::collections::{BTreeMap, BTreeSet};

/// The most dimensions that sums are grouped by at once.
pub const MOST_DIMENSIONS: usize = 2;

text_enum! {
    /// What sums are grouped by.
    pub enum Dimension {
        /// The region that proposes.
        Region = "region",
        /// The province that it is or lies in.
        Province = "province",
        /// The menu.
        Menu = "menu",
        /// The fiscal year.
        FiscalYear = "fiscal_year",
        /// The centre that the proposal names; one that is built has none before it is handed over.
        Centre = "centre",
        /// What lines pay for.
        Component = "component",
        /// Where the proposal stands.
        State = "state",
        /// What the centre is to bear.
        OutcomeClass = "outcome_class",
    }
}

/// A proposal for which money was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Funded {
    /// Which.
    pub id: ProposalId,
    /// Its menu.
    pub menu: Menu,
    /// Its year.
    pub fiscal_year: i64,
    /// Its region.
    pub region: RegionCode,
    /// The province of it.
    pub province: RegionCode,
    /// What its centre is to bear.
    pub outcome_class: OutcomeClass,
    /// Where it stands.
    pub state: State,
    /// The centre that it names, with that centre's businesses.
    pub centre: Option<(CentreId, i64)>,
    /// Its balances.
    pub figures: Figures,
    /// The physical progress that was last reported.
    pub progress: BasisPoints,
}

/// The values of the dimensions that a group stands for; `None` where its proposals have none.
pub type Key = Vec<Option<String>>;

impl Funded {
    /// Where it belongs among groups.
    pub fn key(&self, by: &[Dimension], component: Option<Component>) -> Key {
        let value = |dimension: &Dimension| match dimension {
            Dimension::Region => Some(self.region.to_string()),
            Dimension::Province => Some(self.province.to_string()),
            Dimension::Menu => Some(self.menu.to_string()),
            Dimension::FiscalYear => Some(self.fiscal_year.to_string()),
            Dimension::Centre => self.centre.map(|(id, _)| id.to_string()),
            Dimension::Component => component.map(|component| component.to_string()),
            Dimension::State => Some(self.state.to_string()),
            Dimension::OutcomeClass => Some(self.outcome_class.to_string()),
        };
        by.iter().map(value).collect()
    }
}

/// What some proposals add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many there are.
    pub proposals: i64,
    /// Their regions.
    pub regions: BTreeSet<RegionCode>,
    /// Their balances.
    pub figures: Figures,
    /// Their physical progress, weighted by contracts.
    pub progress: Progress,
    /// The centres that they name, each with its businesses.
    pub centres: BTreeMap<CentreId, i64>,
    /// What is set aside, and was not set free, for those that name a centre.
    pub of_centres: Rupiah,
}

impl Sums {
    /// Counts one more proposal.
    pub fn add(&mut self, one: &Funded) {
        self.proposals = self.proposals.saturating_add(1);
        self.regions.insert(one.region.clone());
        self.figures = self.figures.plus(&one.figures);
        self.progress.add(one.figures.contracted_idr, one.progress);
        if let Some((id, businesses)) = one.centre {
            self.centres.insert(id, businesses);
            self.of_centres = Rupiah::total([self.of_centres, one.figures.authority()]);
        }
    }

    /// The businesses of their centres, each centre once.
    pub fn businesses(&self) -> i64 {
        self.centres.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// What is set aside for each centre, floored.
    pub fn per_centre(&self) -> Option<Rupiah> {
        self.of_centres.0.checked_div(i64::try_from(self.centres.len()).ok()?).map(Rupiah)
    }

    /// What is set aside for each business of those centres, floored.
    pub fn per_business(&self) -> Option<Rupiah> {
        self.of_centres.0.checked_div(self.businesses()).map(Rupiah)
    }
}

/// The amounts that exist for a component, of lines that the DAK pays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Lines.
    pub lines: i64,
    /// As proposed.
    pub proposed: Rupiah,
    /// As assessed by the ministry's reviewers.
    pub assessed: Rupiah,
    /// As agreed in harmonisation.
    pub agreed: Rupiah,
    /// As approved.
    pub approved: Rupiah,
    /// In the plan in force.
    pub planned: Rupiah,
    /// The value of contracts that stand and whose lines are of this component alone.
    pub contract_value: Rupiah,
    /// Paid on them.
    pub paid: Rupiah,
}

impl Amounts {
    /// Both together.
    pub fn with(&self, other: &Amounts) -> Amounts {
        let sum = |of: fn(&Amounts) -> Rupiah| Rupiah::total([of(self), of(other)]);
        Amounts {
            lines: self.lines.saturating_add(other.lines),
            proposed: sum(|one| one.proposed),
            assessed: sum(|one| one.assessed),
            agreed: sum(|one| one.agreed),
            approved: sum(|one| one.approved),
            planned: sum(|one| one.planned),
            contract_value: sum(|one| one.contract_value),
            paid: sum(|one| one.paid),
        }
    }
}

/// A contract of the DAK that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Lines that it covers.
    pub lines: Vec<i64>,
    /// For how much.
    pub value: Rupiah,
    /// Paid on it.
    pub paid: Rupiah,
}

/// The amounts of a proposal by component. What binds lines of several components, or of none, stands under `None`: no
/// record says how much of it is whose.
pub fn by_component(
    lines: &[LineFacts],
    planned: &[(Component, Rupiah)],
    bindings: &[Binding],
) -> BTreeMap<Option<Component>, Amounts> {
    let mut all: BTreeMap<Option<Component>, Amounts> = BTreeMap::new();
    let mut add = |component, amounts: Amounts| {
        let sum = all.entry(component).or_default();
        *sum = sum.with(&amounts);
    };
    for line in lines.iter().filter(|line| line.is_asked()) {
        let amounts = Amounts {
            lines: 1,
            proposed: line.amount,
            assessed: line.assessed.unwrap_or_default(),
            agreed: line.agreed.unwrap_or_default(),
            approved: line.approved.unwrap_or_default(),
            ..Amounts::default()
        };
        add(Some(line.component), amounts);
    }
    for (component, amount) in planned {
        add(Some(*component), Amounts { planned: *amount, ..Amounts::default() });
    }
    for binding in bindings {
        let components: BTreeSet<Component> = lines
            .iter()
            .filter(|line| binding.lines.contains(&line.line_no))
            .map(|line| line.component)
            .collect();
        let only = components.first().filter(|_| components.len() == 1).copied();
        let (contract_value, paid) = (binding.value, binding.paid);
        add(only, Amounts { contract_value, paid, ..Amounts::default() });
    }
    all
}

/// A part of the nation, with what it has of what money is for, and what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// How much it weighs: centres, businesses, or one.
    pub weight: i64,
    /// What it gets.
    pub money: Rupiah,
}

/// The Gini coefficient of money over what weighs, floored to basis points: 0 where each gets as its weight, near 10,000
/// where one gets all. Computed in integers, from the areas beneath the Lorenz curve. `None` where there is no money, or
/// nothing that weighs.
pub fn gini(portions: &[Portion]) -> Option<BasisPoints> {
    let mut known: Vec<(i128, i128)> = portions
        .iter()
        .map(|one| (i128::from(one.weight.max(0)), i128::from(one.money.0.max(0))))
        .filter(|(weight, money)| *weight > 0 || *money > 0)
        .collect();
    // By money for each unit of weight; what gets something and weighs nothing comes last.
    known.sort_by(|(weight, money), (other, much)| {
        money.saturating_mul(*other).cmp(&much.saturating_mul(*weight))
    });
    let weights: i128 = known.iter().map(|(weight, _)| weight).sum();
    let all: i128 = known.iter().map(|(_, money)| money).sum();
    let whole = weights.checked_mul(all).filter(|whole| *whole > 0)?;
    let (mut below, mut twice) = (0_i128, 0_i128);
    for (weight, money) in known {
        let up_to = below.saturating_add(money);
        twice = twice.saturating_add(weight.saturating_mul(below.saturating_add(up_to)));
        below = up_to;
    }
    let uneven = whole.saturating_sub(twice).max(0);
    let share = uneven.checked_mul(i128::from(BasisPoints::WHOLE.0))?.checked_div(whole)?;
    i64::try_from(share).ok().map(BasisPoints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::line::FundSource;
    use proptest::prelude::*;

    fn portions(of: &[(i64, i64)]) -> Vec<Portion> {
        of.iter()
            .map(|(weight, money)| Portion { weight: *weight, money: Rupiah(*money) })
            .collect()
    }

    fn of(pairs: &[(i64, i64)]) -> Option<i64> {
        gini(&portions(pairs)).map(|share| share.0)
    }

    #[test]
    fn the_coefficient_is_what_textbooks_say() {
        assert_eq!(of(&[(1, 100), (1, 100), (1, 100)]), Some(0));
        // One of four gets all: 1 - 1/n.
        assert_eq!(of(&[(1, 0), (1, 0), (1, 0), (1, 80)]), Some(7_500));
        // Sum of |x - y| over all pairs is 40, n² times twice the mean is 160.
        assert_eq!(of(&[(1, 1), (1, 2), (1, 3), (1, 4)]), Some(2_500));
        // Ten times the businesses, ten times the money.
        assert_eq!(of(&[(10, 1_000), (1, 100)]), Some(0));
        // Money where nothing is registered.
        assert_eq!(of(&[(5, 0), (0, 70)]), Some(10_000));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[(3, 0)]), None);
    }

    fn line(line_no: i64, component: Component, fund_source: FundSource) -> LineFacts {
        LineFacts {
            line_no,
            component,
            fund_source,
            gap: None,
            amount: Rupiah(100),
            flag: None,
            flag_words: None,
            assessed: Some(Rupiah(90)),
            agreed: None,
            approved: Some(Rupiah(80)),
            approved_reason: None,
        }
    }

    #[test]
    fn a_contract_over_two_components_is_nobody_s_share() {
        let (house, machines) = (Component::ProductionHouse, Component::MachineryEquipment);
        let lines = [
            line(1, house, FundSource::Dak),
            line(2, machines, FundSource::Dak),
            line(3, machines, FundSource::Apbd),
        ];
        let binding = |lines: &[i64], value| Binding {
            lines: lines.to_vec(),
            value: Rupiah(value),
            paid: Rupiah(value / 2),
        };
        let bindings = [binding(&[1], 70), binding(&[1, 2], 60), binding(&[2, 3], 50)];
        let found = by_component(&lines, &[(machines, Rupiah(75))], &bindings);
        let amounts = |component: Option<Component>| found.get(&component).copied();
        let expected = Amounts {
            lines: 1,
            proposed: Rupiah(100),
            assessed: Rupiah(90),
            approved: Rupiah(80),
            ..Amounts::default()
        };
        let of_house = Amounts { contract_value: Rupiah(70), paid: Rupiah(35), ..expected };
        assert_eq!(amounts(Some(house)), Some(of_house));
        let of_machines = Amounts {
            planned: Rupiah(75),
            contract_value: Rupiah(50),
            paid: Rupiah(25),
            ..expected
        };
        assert_eq!(amounts(Some(machines)), Some(of_machines));
        let shared = Amounts { contract_value: Rupiah(60), paid: Rupiah(30), ..Amounts::default() };
        assert_eq!(amounts(None), Some(shared));
    }

    proptest! {
        #[test]
        fn it_is_a_share_and_does_not_ask_for_the_order(
            mut pairs in proptest::collection::vec((0i64..600_000, 0i64..1_000_000_000_000_000), 1..40),
        ) {
            let one = of(&pairs);
            prop_assert!(one.is_none_or(|share| (0..=10_000).contains(&share)));
            pairs.reverse();
            prop_assert_eq!(one, of(&pairs));
        }

        #[test]
        fn everybody_s_money_doubled_is_as_even_as_before(
            pairs in proptest::collection::vec((1i64..600_000, 0i64..1_000_000_000), 1..40),
        ) {
            let doubled: Vec<_> = pairs.iter().map(|(weight, money)| (*weight, money * 2)).collect();
            prop_assert_eq!(of(&pairs), of(&doubled));
        }
    }
}
