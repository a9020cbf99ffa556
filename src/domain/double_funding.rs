//! Double funding (pendanaan ganda): what the same centre gets, or got, for the same component from another proposal
//! or another source. It warns; the region has to answer the warning, and the reviewers read the answer.

use crate::domain::line::{Component, FundSource, LineFacts};
use crate::domain::money::Rupiah;
use std::collections::BTreeMap;

text_enum! {
    /// Where else money for the same centre is recorded.
    pub enum Origin {
        /// In another proposal of the physical DAK.
        Proposal = "proposal",
        /// In the registry of centres: the region's or the state's own budget, or the non-physical DAK.
        CentreFunding = "centre_funding",
        /// In this proposal's own lines, from another source.
        OwnLines = "own_lines",
    }
}

/// Money for one component of the same centre from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherMoney {
    /// Where it is recorded.
    pub origin: Origin,
    /// The id of what records it; the fund source of own lines.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// Of which fiscal year.
    pub fiscal_year: i64,
    /// From which source.
    pub fund_source: FundSource,
    /// For what.
    pub component: Component,
    /// How much.
    pub amount: Rupiah,
}

/// A component that the proposal asks DAK money for, and that money from elsewhere pays or paid for too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Names the warning as long as its cause is there.
    pub key: String,
    /// The lines of the proposal that ask for the component.
    pub line_nos: Vec<i64>,
    /// What they ask for it.
    pub asked: Rupiah,
    /// The money from elsewhere.
    pub other: OtherMoney,
}

impl Warning {
    /// What it says to people.
    pub fn sentence(&self) -> String {
        let Warning { line_nos, asked, other, .. } = self;
        let lines = line_nos.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        format!(
            "Lines {lines} ask {asked} for {}; {} gives {} for the same in {} ({}).",
            other.component, other.fund_source, other.amount, other.fiscal_year, other.title
        )
    }
}

/// The warnings of a proposal's lines beside money from elsewhere. Supporting activities are paid anew each time, and
/// are not warned of. The amounts of one origin for one component are taken together.
pub fn warnings(
    fiscal_year: i64,
    lines: &[LineFacts],
    elsewhere: impl IntoIterator<Item = OtherMoney>,
) -> Vec<Warning> {
    let own = lines.iter().filter(|line| !line.is_asked()).map(|line| OtherMoney {
        origin: Origin::OwnLines,
        id: line.fund_source.to_string(),
        title: "this proposal".to_owned(),
        fiscal_year,
        fund_source: line.fund_source,
        component: line.component,
        amount: line.amount,
    });
    let mut found: BTreeMap<String, Warning> = BTreeMap::new();
    for other in elsewhere.into_iter().chain(own) {
        let asks = |line: &&LineFacts| line.is_asked() && line.component == other.component;
        let these: Vec<&LineFacts> = lines.iter().filter(asks).collect();
        if these.is_empty() || other.component == Component::Supporting {
            continue;
        }
        let key = format!("{}:{}:{}", other.origin, other.id, other.component);
        let warning = Warning {
            key: key.clone(),
            line_nos: these.iter().map(|line| line.line_no).collect(),
            asked: Rupiah::total(these.iter().map(|line| line.amount)),
            other: OtherMoney { amount: Rupiah::ZERO, ..other.clone() },
        };
        let known = found.entry(key).or_insert(warning);
        known.other.amount = Rupiah::total([known.other.amount, other.amount]);
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line_no: i64, component: Component, fund_source: FundSource, amount: i64) -> LineFacts {
        LineFacts {
            line_no,
            component,
            fund_source,
            gap: None,
            flag: None,
            flag_words: None,
            assessed: None,
            amount: Rupiah(amount),
            agreed: None,
            approved: None,
            approved_reason: None,
        }
    }

    fn money(component: Component, amount: i64) -> OtherMoney {
        OtherMoney {
            origin: Origin::Proposal,
            id: "x".to_owned(),
            title: "Sentra lama".to_owned(),
            fiscal_year: 2020,
            fund_source: FundSource::Dak,
            component,
            amount: Rupiah(amount),
        }
    }

    #[test]
    fn only_what_is_asked_for_twice_is_warned_of_and_once_each() {
        use Component::{CleanWater, MachineryEquipment, ProductionHouse, Supporting};
        let lines = [
            line(1, ProductionHouse, FundSource::Dak, 100),
            line(2, ProductionHouse, FundSource::Dak, 50),
            line(3, Supporting, FundSource::Dak, 5),
            line(4, CleanWater, FundSource::Apbd, 7),
        ];
        let elsewhere = [
            money(ProductionHouse, 30),
            money(ProductionHouse, 12),
            money(MachineryEquipment, 9),
            money(Supporting, 4),
            money(CleanWater, 4),
        ];
        let found = warnings(2021, &lines, elsewhere);
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(
            (one.key.as_str(), one.asked, one.other.amount),
            ("proposal:x:production_house", Rupiah(150), Rupiah(42))
        );
        assert_eq!(one.line_nos, [1, 2]);
        assert!(one.sentence().starts_with("Lines 1, 2 ask"), "{}", one.sentence());
    }

    #[test]
    fn the_proposals_own_lines_from_another_source_are_warned_of() {
        let lines = [
            line(1, Component::MachineryEquipment, FundSource::Dak, 100),
            line(2, Component::MachineryEquipment, FundSource::Apbd, 40),
        ];
        let found = warnings(2021, &lines, []);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key, "own_lines:APBD:machinery_equipment");
    }
}
