//! What a decree changes: values laid over a year's policy in some regions, or in all, from a moment on.

use crate::domain::ids::RegionCode;
use crate::domain::moment::Moment;
use crate::domain::policy::overlay::Misfit;
use crate::domain::policy::{Change, Policy};
use std::collections::{BTreeMap, BTreeSet};

/// What a decree changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Where; everywhere when empty.
    pub regions: Vec<RegionCode>,
    /// What takes the place of what.
    pub changes: Vec<Change>,
    /// From when.
    pub effective_from: Moment,
}

impl Amendment {
    /// Whether it holds in a region; in the nation as such only when it names none.
    pub fn applies(&self, region: Option<&RegionCode>) -> bool {
        self.regions.is_empty() || region.is_some_and(|region| self.regions.contains(region))
    }
}

/// Where a set of amendments does not fit a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// A region in which it shows; the nation when absent.
    pub region: Option<RegionCode>,
    /// The amendment that has no place, where that is what is wrong.
    pub amendment: Option<usize>,
    /// What is wrong.
    pub misfit: Misfit,
}

impl Policy {
    /// Everything that holds in a region, in order: the policy's own regional values, then amendments.
    pub fn layers<'a>(
        &'a self,
        amendments: &'a [Amendment],
        region: Option<&RegionCode>,
    ) -> Vec<&'a [Change]> {
        let mut layers = self.regional_layers(region);
        let applying = amendments.iter().filter(|one| one.applies(region));
        layers.extend(applying.map(|one| one.changes.as_slice()));
        layers
    }

    /// The nation, and one region of each group of regions in which the same values hold.
    pub fn groups(&self, amendments: &[Amendment]) -> Vec<Option<RegionCode>> {
        let mut named: BTreeSet<&RegionCode> =
            self.regional.iter().flat_map(|rule| &rule.regions).collect();
        named.extend(amendments.iter().flat_map(|one| &one.regions));
        let mut groups: BTreeMap<Vec<usize>, Option<RegionCode>> = BTreeMap::new();
        for region in std::iter::once(None).chain(named.into_iter().map(Some)) {
            let of_policy = self
                .regional
                .iter()
                .map(|rule| region.is_some_and(|region| rule.regions.contains(region)));
            let of_decrees = amendments.iter().map(|one| one.applies(region));
            let which = of_policy.chain(of_decrees).enumerate().filter(|(_, holds)| *holds);
            let key = which.map(|(index, _)| index).collect();
            groups.entry(key).or_insert_with(|| region.cloned());
        }
        groups.into_values().collect()
    }

    /// Where amendments, in the order in which they take effect, don't leave a policy that makes sense: in each group
    /// of regions, at each moment at which one takes effect. Only where `touched` has a part, if one is named.
    pub fn unfit(&self, amendments: &[Amendment], touched: Option<usize>) -> Vec<Unfit> {
        self.groups(amendments)
            .into_iter()
            .filter_map(|region| self.unfit_in(amendments, touched, region))
            .collect()
    }

    fn unfit_in(
        &self,
        amendments: &[Amendment],
        touched: Option<usize>,
        region: Option<RegionCode>,
    ) -> Option<Unfit> {
        let applying: Vec<(usize, &Amendment)> =
            amendments.iter().enumerate().filter(|(_, one)| one.applies(region.as_ref())).collect();
        let first = match touched {
            Some(wanted) => applying.iter().position(|(index, _)| *index == wanted)?,
            None => 0,
        };
        let own = self.regional_layers(region.as_ref());
        let mut layers = own.clone();
        for (place, (_, one)) in applying.iter().enumerate() {
            layers.push(&one.changes);
            let next = applying.get(place.saturating_add(1)).map(|(_, next)| next.effective_from);
            if place < first || next == Some(one.effective_from) {
                continue;
            }
            let misfit = match self.overlaid(&layers) {
                Ok(policy) => match policy.check_plain() {
                    Ok(()) => continue,
                    Err(errors) => Misfit::Invalid(errors),
                },
                Err(misfit) => misfit,
            };
            let amendment = match &misfit {
                Misfit::NoPlace(layer, _) => layer
                    .checked_sub(own.len())
                    .and_then(|place| applying.get(place))
                    .map(|(index, _)| *index),
                Misfit::Invalid(_) => None,
            };
            return Some(Unfit { region, amendment, misfit });
        }
        None
    }
}
