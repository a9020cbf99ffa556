//! What is remarked of a line whenever it is read: its price beside the policy's reference, and matter that another
//! fund pays for. A remark warns; nothing is refused for it.

use crate::domain::line::{Component, FundSource};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::policy::{Policy, UnitCost};
use serde::Serialize;
use utoipa::ToSchema;

text_enum! {
    /// What is remarked of a line.
    pub enum RemarkCode {
        /// A unit costs more than the policy's reference.
        AboveReference = "above_reference",
        /// A unit costs less than the policy's reference.
        BelowReference = "below_reference",
        /// So far off the reference that the cost was probably given in another unit of money, such as thousands.
        LikelyWrongUnit = "likely_wrong_unit",
        /// Training or institution building, which the non-physical DAK pays for.
        NonPhysicalMatter = "non_physical_matter",
    }
}

/// A remark on a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({
    "code": "above_reference",
    "message": "One m2 costs Rp6,125,000, which is 122.50 % of the reference Rp5,000,000.",
    "reference_idr": 5_000_000, "ratio_bp": 12_250, "word": null
}))]
pub struct Remark {
    /// Stable, for programs.
    pub code: RemarkCode,
    /// For people, with the figures.
    pub message: String,
    /// The policy's reference for the component and unit.
    #[schema(value_type = Option<i64>)]
    pub reference_idr: Option<Rupiah>,
    /// What part the unit cost is of the reference, in basis points: 10,000 is the same.
    #[schema(value_type = Option<i64>)]
    pub ratio_bp: Option<BasisPoints>,
    /// The word of the description that gave rise to it.
    pub word: Option<String>,
}

/// What remarks look at in a line.
#[derive(Debug, Clone, Copy)]
pub struct Described<'a> {
    /// What it pays for.
    pub component: Component,
    /// In words.
    pub description: &'a str,
    /// Whether it builds anew.
    pub builds_anew: bool,
    /// Unit.
    pub unit: &'a str,
    /// Cost of one unit.
    pub unit_cost: Rupiah,
    /// Where its money comes from.
    pub fund_source: FundSource,
}

/// How near to the policy's factor counts as "about" it: within three times, since prices of one thing differ by
/// about as much between regions.
const ABOUT: i64 = 3;

/// Every remark on a line.
pub fn remarks(line: &Described<'_>, policy: &Policy) -> Vec<Remark> {
    let mut found = Vec::new();
    let fits =
        |cost: &&UnitCost| cost.component == line.component && same_unit(&cost.unit, line.unit);
    if let Some(cost) = policy.unit_costs.iter().find(fits) {
        found.extend(beside_reference(line, cost.reference_idr, policy.wrong_unit_factor));
    }
    found.extend(non_physical(line, &policy.non_physical_words));
    found
}

/// Whether two units are written for the same: case, blanks around and the way of the exponent aside.
fn same_unit(one: &str, other: &str) -> bool {
    let plain = |unit: &str| unit.trim().to_lowercase().replace('²', "2").replace('³', "3");
    plain(one) == plain(other)
}

fn beside_reference(line: &Described<'_>, reference: Rupiah, factor: i64) -> Vec<Remark> {
    let cost = line.unit_cost;
    let ratio = BasisPoints::of(cost.0, reference.0);
    let of_price = |code, message| Remark {
        code,
        message,
        reference_idr: Some(reference),
        ratio_bp: Some(ratio),
        word: None,
    };
    let code = match cost.cmp(&reference) {
        std::cmp::Ordering::Equal => return Vec::new(),
        std::cmp::Ordering::Greater => RemarkCode::AboveReference,
        std::cmp::Ordering::Less => RemarkCode::BelowReference,
    };
    let unit = line.unit.trim();
    let message =
        format!("One {unit} costs {cost}, which is {ratio} of the reference {reference}.");
    let mut found = vec![of_price(code, message)];
    if is_about(cost, reference, factor) {
        let message = format!(
            "One {unit} costs {cost}, about {} the reference {reference}: it was probably given with too many zeros or for \
             another unit; write whole rupiah for one {unit}.",
            times(cost, reference)
        );
        found.push(of_price(RemarkCode::LikelyWrongUnit, message));
    } else if is_about(reference, cost, factor) {
        let message = format!(
            "One {unit} costs {cost}, about one part in {} of the reference {reference}: it was probably given in thousands \
             or millions; write whole rupiah for one {unit}.",
            reference.0.checked_div(cost.0).unwrap_or_default()
        );
        found.push(of_price(RemarkCode::LikelyWrongUnit, message));
    }
    found
}

fn times(large: Rupiah, small: Rupiah) -> String {
    format!("{} times", large.0.checked_div(small.0).unwrap_or_default())
}

/// Whether `large` is about `factor` times `small`, or more: at least a third of that, and nearer to it than to being
/// the same. Of nothing, nothing is a multiple.
fn is_about(large: Rupiah, small: Rupiah, factor: i64) -> bool {
    let (large, small, factor) = (i128::from(large.0), i128::from(small.0), i128::from(factor));
    // At most 10^15 rupiah and a factor of 10^6: the products stay far below 10^38.
    small > 0
        && large * i128::from(ABOUT) >= small * factor
        && large * large >= small * small * factor
}

/// Words that tell of training or institution building in a line of the physical DAK. What is built anew is physical,
/// whatever is done in it.
fn non_physical(line: &Described<'_>, words: &[String]) -> Option<Remark> {
    if line.fund_source != FundSource::Dak || line.builds_anew {
        return None;
    }
    let said = words_of(line.description);
    let word = words.iter().find(|word| {
        let sought = words_of(word);
        !sought.is_empty() && said.windows(sought.len()).any(|window| window == sought)
    })?;
    let message = format!(
        "{word:?} is matter of the non-physical DAK (training, institution building), not of the physical one; propose it \
         there, or say what is bought or built."
    );
    Some(Remark {
        code: RemarkCode::NonPhysicalMatter,
        message,
        reference_idr: None,
        ratio_bp: None,
        word: Some(word.clone()),
    })
}

fn words_of(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
