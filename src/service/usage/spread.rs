//! How evenly money is spread: what each province gets, beside what it has of centres and businesses.

use crate::domain::ids::RegionCode;
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::people::Sight;
use crate::domain::usage::{Portion, Sums, gini};
use crate::service::error::Error;
use crate::service::proposal::Filter;
use crate::service::usage::source::Source;
use crate::service::view::usage as view;
use crate::storage::{AnyConnection, region};
use std::collections::{BTreeMap, HashMap};

/// What a province has and gets.
#[derive(Debug, Clone, Copy, Default)]
struct Province {
    money: Rupiah,
    centres: i64,
    businesses: i64,
}

/// More regions than there are.
const ALL_REGIONS: i64 = 1_000;

/// The spread of what some proposals get, over the provinces that are asked for and that the caller sees, also those that have
/// no centre and get nothing.
pub fn of(
    tx: &mut AnyConnection,
    source: Source,
    sight: &Sight,
    filter: &Filter,
    funded: &BTreeMap<RegionCode, Sums>,
) -> Result<view::Spread, Error> {
    let mut provinces: BTreeMap<RegionCode, Province> = BTreeMap::new();
    let is_asked = |code: &RegionCode| {
        sight.includes(code)
            && filter.region_code.as_ref().is_none_or(|region| region == code)
            && filter.province_code.as_ref().is_none_or(|province| *province == code.province())
    };
    for region in region::list(tx, None, None, ALL_REGIONS)? {
        if is_asked(&region.code) {
            provinces.entry(region.province_code).or_default();
        }
    }
    for (code, centres, businesses) in source.registered(tx)? {
        if is_asked(&code) {
            let province = provinces.entry(code.province()).or_default();
            province.centres = province.centres.saturating_add(centres);
            province.businesses = province.businesses.saturating_add(businesses);
        }
    }
    for (code, sums) in funded {
        provinces.entry(code.clone()).or_default().money = sums.figures.authority();
    }
    let codes: Vec<RegionCode> = provinces.keys().cloned().collect();
    let names: HashMap<RegionCode, String> = region::names(tx, &codes)?.into_iter().collect();
    Ok(shown(&provinces, &names))
}

fn shown(
    provinces: &BTreeMap<RegionCode, Province>,
    names: &HashMap<RegionCode, String>,
) -> view::Spread {
    let money = Rupiah::total(provinces.values().map(|one| one.money));
    let whole = |of: fn(&Province) -> i64| {
        provinces.values().fold(0_i64, |sum, one| sum.saturating_add(of(one)))
    };
    let (centres, businesses) = (whole(|one| one.centres), whole(|one| one.businesses));
    let over = |weight: fn(&Province) -> i64| {
        let portion = |one: &Province| Portion { weight: weight(one), money: one.money };
        gini(&provinces.values().map(portion).collect::<Vec<_>>())
    };
    let share = |(code, one): (&RegionCode, &Province)| view::ProvinceShare {
        province_code: code.clone(),
        name: names.get(code).cloned(),
        set_aside_idr: one.money.0,
        share_of_money_bp: BasisPoints::of(one.money.0, money.0),
        centres: one.centres,
        share_of_centres_bp: BasisPoints::of(one.centres, centres),
        per_centre_idr: one.money.0.checked_div(one.centres),
        businesses: one.businesses,
        share_of_businesses_bp: BasisPoints::of(one.businesses, businesses),
        per_business_idr: one.money.0.checked_div(one.businesses),
    };
    view::Spread {
        provinces: provinces.iter().map(share).collect(),
        gini_over_provinces_bp: over(|_| 1),
        gini_over_centres_bp: over(|one| one.centres),
        gini_over_businesses_bp: over(|one| one.businesses),
    }
}
