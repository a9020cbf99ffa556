//! Contracts: who does what for how much, and who may not do both.

use crate::domain::line::FundSource;
use crate::domain::money::Rupiah;
use crate::domain::plan::PlanFacts;
use chrono::NaiveDate;
use std::collections::BTreeSet;

text_enum! {
    /// What a contract is for.
    pub enum ContractRole {
        /// Building works.
        Works = "works",
        /// Machines and goods.
        Goods = "goods",
        /// Design (perencanaan).
        Design = "design",
        /// Supervision (pengawasan).
        Supervision = "supervision",
        /// Done by the region itself (swakelola).
        SelfManaged = "self_managed",
    }
}

text_enum! {
    /// Outside facts that break a rule are recorded, and flagged.
    pub enum Flag {
        /// Contracts in all exceed the plan.
        AbovePlan = "above_plan",
        /// Spending exceeds its contract.
        AboveContract = "above_contract",
        /// Spending or return exceeds the cash in hand.
        AboveCash = "above_cash",
        /// Spending before money was disbursed.
        BeforeDisbursement = "before_disbursement",
        /// Dated before its contract was signed.
        BeforeContract = "before_contract",
        /// Signed before the plan was approved.
        BeforePlan = "before_plan",
        /// Amended to less than was disbursed for its proposal.
        BelowDisbursed = "below_disbursed",
        /// Spending with a late penalty (denda).
        LatePenalty = "late_penalty",
        /// Spending after the last day of its contract, and no late penalty.
        LateWithoutPenalty = "late_without_penalty",
        /// Paid in advance (uang muka).
        AdvancePayment = "advance_payment",
        /// Its firm both designs and supervises the works.
        DesignerSupervises = "designer_supervises",
        /// Came back after the proposal was closed: it has to be returned, or carried over.
        AfterClosing = "after_closing",
    }
}

/// A firm, known by its tax number where there is one, else by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firm {
    /// Name.
    pub name: String,
    /// Tax number (NPWP).
    pub tax_number: Option<String>,
}

impl Firm {
    /// Whether two names stand for one firm: the tax numbers agree, or the names do but for case and spaces.
    pub fn is_same(&self, other: &Firm) -> bool {
        let digits = |firm: &Firm| {
            let digits: String = firm
                .tax_number
                .iter()
                .flat_map(|n| n.chars())
                .filter(char::is_ascii_digit)
                .collect();
            (!digits.is_empty()).then_some(digits)
        };
        let letters = |firm: &Firm| -> String {
            firm.name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        match (digits(self), digits(other)) {
            (Some(one), Some(two)) if one == two => true,
            _ => letters(self) == letters(other),
        }
    }
}

/// What the rules look at in a contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractFacts {
    /// What it is for.
    pub role: ContractRole,
    /// Who does it.
    pub vendor: Firm,
    /// For how much.
    pub value: Rupiah,
    /// Who pays.
    pub fund_source: FundSource,
    /// Lines that it covers.
    pub lines: Vec<i64>,
    /// Last day.
    pub ends_on: NaiveDate,
}

/// Planned lines that no contract covers; what the plan pays for is paid by the DAK.
pub fn uncovered(plan: Option<&PlanFacts>, contracts: &[ContractFacts]) -> Vec<i64> {
    let planned = plan.map_or(&[][..], |plan| &plan.funded_lines);
    planned
        .iter()
        .filter(|line| {
            !contracts
                .iter()
                .any(|one| one.fund_source == FundSource::Dak && one.lines.contains(line))
        })
        .copied()
        .collect()
}

/// Lines that contracts cover and the plan does not spend money on: what is contracted can't be planned away.
pub fn planned_away(plan: Option<&PlanFacts>, contracts: &[ContractFacts]) -> Vec<i64> {
    let planned = plan.map_or(&[][..], |plan| &plan.funded_lines);
    let covered: BTreeSet<i64> =
        contracts.iter().flat_map(|contract| contract.lines.iter().copied()).collect();
    covered.into_iter().filter(|line| !planned.contains(line)).collect()
}

/// The firm that both designed and supervises, if one does.
pub fn designer_and_supervisor(
    designed_earlier: Option<&Firm>,
    contracts: &[ContractFacts],
) -> Option<String> {
    let of = |role| {
        contracts
            .iter()
            .filter(move |contract| contract.role == role)
            .map(|contract| &contract.vendor)
    };
    let mut designers = of(ContractRole::Design).chain(designed_earlier);
    designers
        .find(|designer| {
            of(ContractRole::Supervision).any(|supervisor| supervisor.is_same(designer))
        })
        .map(|firm| firm.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn firm(name: &str, tax_number: Option<&str>) -> Firm {
        Firm { name: name.to_owned(), tax_number: tax_number.map(str::to_owned) }
    }

    #[test]
    fn what_is_contracted_is_not_planned_away() {
        let contract = |lines: &[i64]| ContractFacts {
            role: ContractRole::Works,
            vendor: firm("A", None),
            value: Rupiah(1),
            fund_source: FundSource::Dak,
            lines: lines.to_vec(),
            ends_on: NaiveDate::MIN,
        };
        let plan = |lines: &[i64]| PlanFacts {
            total: Rupiah(1),
            supporting: Rupiah(0),
            funded_lines: lines.to_vec(),
        };
        let contracts = [contract(&[2, 1]), contract(&[2])];
        assert_eq!(planned_away(Some(&plan(&[1, 2, 3])), &contracts), Vec::<i64>::new());
        assert_eq!(planned_away(Some(&plan(&[3])), &contracts), [1, 2]);
    }

    #[test]
    fn one_firm_under_two_spellings_is_one_firm() {
        assert!(firm("PT. Cipta  Karya", None).is_same(&firm("pt cipta karya", None)));
        assert!(
            firm("A", Some("01.234.567.8-901.000")).is_same(&firm("B", Some("012345678901000")))
        );
        assert!(!firm("A", Some("1")).is_same(&firm("B", Some("2"))));
    }
}
