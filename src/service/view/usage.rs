//! What answers about fund usage look like.

use crate::domain::ids::RegionCode;
use crate::domain::journal::EightFigures;
use crate::domain::money::BasisPoints;
use crate::domain::usage::{Amounts, Dimension, Sums};
use serde::Serialize;
use utoipa::ToSchema;

/// What became of money: in all, by group, and over the provinces.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "fiscal_year": 2021, "national_ceiling_idr": 750_000_000_000_i64, "allocated_idr": 750_000_000_000_i64,
    "group_by": ["province"], "proposals": 106, "regions": 106,
    "figures": { "ceiling_idr": 750_000_000_000_i64, "plan_idr": 744_000_000_000_i64,
        "contracted_idr": 665_000_000_000_i64, "disbursed_idr": 654_000_000_000_i64,
        "absorbed_idr": 495_000_000_000_i64, "returned_idr": 0, "carried_in_idr": 0, "carried_out_idr": 0,
        "in_hand_idr": 159_000_000_000_i64, "undisbursed_idr": 96_000_000_000_i64, "released_idr": 0 },
    "physical_progress_bp": 9_120,
    "centres": { "centres": 61, "businesses": 2_440, "set_aside_idr": 430_000_000_000_i64,
        "per_centre_idr": 7_049_180_327_i64, "per_business_idr": 176_229_508 },
    "groups": [],
    "spread": { "provinces": [], "gini_over_provinces_bp": 3_105, "gini_over_centres_bp": 2_870,
        "gini_over_businesses_bp": 2_644 }
}))]
pub struct Usage {
    /// The year; absent where sums go over several.
    pub fiscal_year: Option<i64>,
    /// What the nation may allocate in the year; absent where no ceiling is recorded.
    pub national_ceiling_idr: Option<i64>,
    /// What of it is allocated to regions.
    pub allocated_idr: Option<i64>,
    /// What the groups are.
    pub group_by: Vec<Dimension>,
    /// The sums over all groups.
    #[serde(flatten)]
    pub total: Total,
    /// The sums of the amounts of all groups, where groups are components; absent otherwise.
    pub amounts: Option<ComponentAmounts>,
    /// The groups, in the order of their values; those of which nothing is known last.
    pub groups: Vec<Group>,
    /// How evenly the money is spread over the provinces.
    pub spread: Spread,
}

/// Sums over whole proposals, also where groups are components.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Total {
    /// Proposals for which money was set aside.
    pub proposals: i64,
    /// Their regions.
    pub regions: i64,
    /// Their figures, summed.
    pub figures: EightFigures,
    /// Their physical progress as last reported, the mean weighted by contracts; absent where nothing is contracted.
    pub physical_progress_bp: Option<BasisPoints>,
    /// What is set aside for centres and their businesses.
    pub centres: Centres,
}

/// Money by centre and by business, of the proposals that name a centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Centres {
    /// The centres that the proposals name.
    pub centres: i64,
    /// Their businesses.
    pub businesses: i64,
    /// What is set aside for those proposals, and was not set free.
    pub set_aside_idr: i64,
    /// Of it for each centre, floored.
    pub per_centre_idr: Option<i64>,
    /// Of it for each business, floored.
    pub per_business_idr: Option<i64>,
}

/// A group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Group {
    /// What it is, for each of `group_by`.
    pub keys: Vec<GroupKey>,
    /// Proposals in it; one that has several components is in the group of each.
    pub proposals: i64,
    /// Their regions.
    pub regions: i64,
    /// Their figures, summed; absent of components, of which the journal knows nothing.
    pub figures: Option<EightFigures>,
    /// Their physical progress; absent of components, and where nothing is contracted.
    pub physical_progress_bp: Option<BasisPoints>,
    /// What is set aside for centres and their businesses; absent of components.
    pub centres: Option<Centres>,
    /// The amounts that exist by component; absent of other groups.
    pub amounts: Option<ComponentAmounts>,
    /// Where its proposals and its entries are listed; absent of what no list can be narrowed to.
    pub links: Option<Links>,
}

/// What a group is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GroupKey {
    /// In which regard.
    pub by: Dimension,
    /// Which: a code, an id or a year. Absent of proposals that name no centre, and of what is for several components.
    #[schema(example = "18")]
    pub value: Option<String>,
    /// What it is called.
    #[schema(example = "Lampung")]
    pub name: Option<String>,
}

/// Amounts of a component, of lines that the DAK pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ComponentAmounts {
    /// Lines.
    pub lines: i64,
    /// As proposed.
    pub proposed_idr: i64,
    /// As assessed by the ministry's reviewers.
    pub assessed_idr: i64,
    /// As agreed.
    pub agreed_idr: i64,
    /// As approved.
    pub approved_idr: i64,
    /// In the plans in force.
    pub planned_idr: i64,
    /// The value of contracts over lines of this component alone; those over several stand in a group of their own. It is
    /// the value that stands, also of proposals that ended: what contracts still bind is `contracted_idr` of the figures.
    pub contract_value_idr: i64,
    /// Paid on those contracts.
    pub paid_idr: i64,
}

/// Where what a sum is made of is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Links {
    /// Its proposals.
    #[schema(example = "/api/v1/proposals?fiscal_year=2021&province_code=18")]
    pub proposals: String,
    /// The entries of their journals.
    #[schema(example = "/api/v1/journal?fiscal_year=2021&province_code=18")]
    pub journal: String,
}

/// How evenly money is spread over the provinces: what is set aside and was not set free, beside what they have of centres
/// and businesses. A coefficient is 0 where each gets as it weighs, and near 10,000 where one gets all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Spread {
    /// Every province that is asked for and that you see, also those with no centre and no money.
    pub provinces: Vec<ProvinceShare>,
    /// The Gini coefficient where each province weighs the same.
    pub gini_over_provinces_bp: Option<BasisPoints>,
    /// Where each weighs as many centres as the registry has of it.
    pub gini_over_centres_bp: Option<BasisPoints>,
    /// Where each weighs as many businesses as those centres have.
    pub gini_over_businesses_bp: Option<BasisPoints>,
}

/// What a province gets, beside what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProvinceShare {
    /// Which.
    pub province_code: RegionCode,
    /// Its name.
    pub name: Option<String>,
    /// What is set aside for its proposals, and was not set free.
    pub set_aside_idr: i64,
    /// Its share of all of that, floored.
    pub share_of_money_bp: BasisPoints,
    /// Its centres in the registry.
    pub centres: i64,
    /// Their share of all centres.
    pub share_of_centres_bp: BasisPoints,
    /// What is set aside for each of them, floored; absent where there is none.
    pub per_centre_idr: Option<i64>,
    /// The businesses of those centres.
    pub businesses: i64,
    /// Their share of all businesses.
    pub share_of_businesses_bp: BasisPoints,
    /// What is set aside for each of them, floored; absent where there is none.
    pub per_business_idr: Option<i64>,
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl From<&Sums> for Centres {
    fn from(sums: &Sums) -> Self {
        Centres {
            centres: count(sums.centres.len()),
            businesses: sums.businesses(),
            set_aside_idr: sums.of_centres.0,
            per_centre_idr: sums.per_centre().map(|amount| amount.0),
            per_business_idr: sums.per_business().map(|amount| amount.0),
        }
    }
}

impl From<&Sums> for Total {
    fn from(sums: &Sums) -> Self {
        Total {
            proposals: sums.proposals,
            regions: count(sums.regions.len()),
            figures: sums.figures.into(),
            physical_progress_bp: sums.progress.mean(),
            centres: sums.into(),
        }
    }
}

impl From<Amounts> for ComponentAmounts {
    fn from(amounts: Amounts) -> Self {
        ComponentAmounts {
            lines: amounts.lines,
            proposed_idr: amounts.proposed.0,
            assessed_idr: amounts.assessed.0,
            agreed_idr: amounts.agreed.0,
            approved_idr: amounts.approved.0,
            planned_idr: amounts.planned.0,
            contract_value_idr: amounts.contract_value.0,
            paid_idr: amounts.paid.0,
        }
    }
}

impl Group {
    /// A group of whole proposals, or the part of a component in them.
    pub fn of(
        keys: Vec<GroupKey>,
        sums: &Sums,
        amounts: Option<Amounts>,
        links: Option<Links>,
    ) -> Group {
        let whole = amounts.is_none().then(|| Total::from(sums));
        Group {
            keys,
            proposals: sums.proposals,
            regions: count(sums.regions.len()),
            figures: whole.as_ref().map(|total| total.figures),
            physical_progress_bp: whole.as_ref().and_then(|total| total.physical_progress_bp),
            centres: whole.map(|total| total.centres),
            amounts: amounts.map(ComponentAmounts::from),
            links,
        }
    }
}
