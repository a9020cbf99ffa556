//! Fund usage: what was set aside, planned, contracted, disbursed and absorbed of what the caller may see, in all and by
//! group, with physical progress and how evenly it is spread. Figures are the balances that are kept: an answer takes
//! the time of its proposals, whatever the journal's length.

mod sheet;
mod source;
mod spread;

pub use sheet::sheet;

use crate::domain::ids::{CentreId, ProposalId, RegionCode};
use crate::domain::line::Component;
use crate::domain::moment::Moment;
use crate::domain::people::Sight;
use crate::domain::refusal::FieldError;
use crate::domain::usage::{Amounts, Dimension, Funded, Key, MOST_DIMENSIONS, Sums, by_component};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::proposal::Filter;
use crate::service::view::usage as view;
use crate::service::{Services, policy};
use crate::storage::usage::Attributes;
use crate::storage::{AnyConnection, region};
use source::Source;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::str::FromStr;
use url::form_urlencoded;

/// Proposals that are read at once.
const PAGE: i64 = 1_000;
/// The most groups of an answer; of more none is made, so that nobody takes a part for the whole.
const MOST_GROUPS: usize = 20_000;

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What it is grouped by.
    pub by: Vec<Dimension>,
    /// What it is narrowed to.
    pub filter: Filter,
    /// As it was known at this instant; now when absent.
    pub as_of: Option<Moment>,
}

impl Asked {
    /// Reads dimensions as they stand in a query: `province,menu`.
    pub fn dimensions(text: Option<&str>) -> Result<Vec<Dimension>, Error> {
        let fail = |code: &str, words: String| Error::invalid("/query/group_by", code, words);
        let read = |name: &str| {
            name.trim().parse::<Dimension>().map_err(|error| fail("invalid", error.to_string()))
        };
        let by: Vec<Dimension> =
            text.map(|text| text.split(',').map(read).collect()).transpose()?.unwrap_or_default();
        if by.len() > MOST_DIMENSIONS {
            return Err(fail("too_many", format!("must be at most {MOST_DIMENSIONS}")));
        }
        let distinct: BTreeSet<Dimension> = by.iter().copied().collect();
        if distinct.len() < by.len() {
            return Err(fail("twice", "must name each only once".to_owned()));
        }
        Ok(by)
    }

    fn has(&self, dimension: Dimension) -> bool {
        self.by.contains(&dimension)
    }

    fn check(&self) -> Result<(), Error> {
        let mut errors = Vec::new();
        if self.filter.fiscal_year.is_none() && !self.has(Dimension::FiscalYear) {
            let words = "name a year, or group by fiscal_year";
            errors.push(FieldError::new("/query/fiscal_year", "required", words));
        }
        if self.filter.component.is_some() && !self.has(Dimension::Component) {
            let words = "group by component too: only there are amounts of a component alone";
            errors.push(FieldError::new("/query/component", "needs_group", words));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
    }
}

/// What is being added up.
#[derive(Default)]
struct Ledger {
    total: Sums,
    provinces: BTreeMap<RegionCode, Sums>,
    groups: BTreeMap<Key, (Sums, Option<Amounts>)>,
}

impl Ledger {
    fn add(&mut self, by: &[Dimension], one: &Funded) {
        self.total.add(one);
        self.provinces.entry(one.province.clone()).or_default().add(one);
        if !by.is_empty() && !by.contains(&Dimension::Component) {
            self.groups.entry(one.key(by, None)).or_default().0.add(one);
        }
    }

    fn add_component(&mut self, key: Key, one: &Funded, amounts: &Amounts) {
        let (sums, sum) = self.groups.entry(key).or_default();
        sums.add(one);
        *sum = Some(sum.unwrap_or_default().with(amounts));
    }

    /// What the components of all groups add up to.
    fn amounts(&self) -> Amounts {
        let known = self.groups.values().filter_map(|(_, amounts)| amounts.as_ref());
        known.fold(Amounts::default(), |sum, one| sum.with(one))
    }

    fn is_too_long(&self) -> Result<(), Error> {
        if self.groups.len() <= MOST_GROUPS {
            return Ok(());
        }
        let words =
            format!("makes more than {MOST_GROUPS} groups; name a year, a province or a region");
        Err(Error::invalid("/query/group_by", "too_many", words))
    }
}

/// The sums over the proposals that the caller may see; as they were known, where an instant is named.
pub fn show(sv: &Services, cx: &Context, asked: &Asked) -> Result<view::Usage, Error> {
    asked.check()?;
    let source = Source::of(sv, asked.as_of)?;
    sv.db.read(|tx| {
        policy::known(tx, asked.filter.region_code.as_ref(), "/query/region_code")?;
        policy::known(tx, asked.filter.province_code.as_ref(), "/query/province_code")?;
        let sight = cx.actor.sight();
        let ledger = gather(tx, source, &sight, asked)?;
        let ceiling = match asked.filter.fiscal_year {
            Some(year) => source.ceiling(tx, year)?,
            None => None,
        };
        Ok(view::Usage {
            fiscal_year: asked.filter.fiscal_year,
            national_ceiling_idr: ceiling.map(|(amount, _)| amount.0),
            allocated_idr: ceiling.map(|(_, allocated)| allocated.0),
            group_by: asked.by.clone(),
            total: (&ledger.total).into(),
            amounts: asked.has(Dimension::Component).then(|| ledger.amounts().into()),
            spread: spread::of(tx, source, &sight, &asked.filter, &ledger.provinces)?,
            groups: groups(tx, source, asked, ledger.groups)?,
        })
    })
}

/// Adds up the proposals, in pages.
fn gather(
    tx: &mut AnyConnection,
    source: Source,
    sight: &Sight,
    asked: &Asked,
) -> Result<Ledger, Error> {
    let mut ledger = Ledger::default();
    let mut after = None;
    loop {
        let page = source.page(tx, sight, &asked.filter, after, PAGE)?;
        let funded = funded(tx, source, page.rows)?;
        for one in &funded {
            ledger.add(&asked.by, one);
        }
        if asked.has(Dimension::Component) {
            components(tx, source, asked, &funded, &mut ledger)?;
        }
        ledger.is_too_long()?;
        after = page.next;
        if after.is_none() {
            return Ok(ledger);
        }
    }
}

/// Those of some proposals for which money was set aside, with their figures, in a fixed number of queries.
fn funded(
    tx: &mut AnyConnection,
    source: Source,
    page: Vec<Attributes>,
) -> Result<Vec<Funded>, Error> {
    let ids: Vec<ProposalId> = page.iter().map(|row| row.id).collect();
    let figures = source.figures(tx, &ids)?;
    let ids: Vec<ProposalId> = figures.keys().copied().collect();
    let progress = source.progress(tx, &ids)?;
    let named: BTreeSet<CentreId> = page.iter().filter_map(|row| row.centre_id).collect();
    let named: Vec<CentreId> = named.into_iter().collect();
    let centres = source.centres(tx, &named)?;
    let one = |row: Attributes| {
        let centre = |id: CentreId| (id, centres.get(&id).map_or(0, |centre| centre.businesses));
        Some(Funded {
            figures: *figures.get(&row.id)?,
            progress: progress.get(&row.id).copied().unwrap_or_default(),
            id: row.id,
            menu: row.menu,
            fiscal_year: row.fiscal_year,
            region: row.region_code,
            province: row.province_code,
            outcome_class: row.outcome_class,
            state: row.state,
            centre: row.centre_id.map(centre),
        })
    };
    Ok(page.into_iter().filter_map(one).collect())
}

/// Adds the amounts of some proposals by component.
fn components(
    tx: &mut AnyConnection,
    source: Source,
    asked: &Asked,
    funded: &[Funded],
    ledger: &mut Ledger,
) -> Result<(), Error> {
    let ids: Vec<ProposalId> = funded.iter().map(|one| one.id).collect();
    let lines = source.lines(tx, &ids)?;
    let planned = source.planned(tx, &ids)?;
    let bindings = source.bindings(tx, &ids)?;
    let wanted = |component: Option<Component>| {
        asked.filter.component.is_none_or(|wanted| component == Some(wanted))
    };
    for one in funded {
        let found = by_component(lines.of(one.id), planned.of(one.id), bindings.of(one.id));
        for (component, amounts) in found.iter().filter(|(component, _)| wanted(**component)) {
            ledger.add_component(one.key(&asked.by, *component), one, amounts);
        }
    }
    Ok(())
}

/// The groups as they are answered, in the order of their values.
fn groups(
    tx: &mut AnyConnection,
    source: Source,
    asked: &Asked,
    found: BTreeMap<Key, (Sums, Option<Amounts>)>,
) -> Result<Vec<view::Group>, Error> {
    let names = names(tx, source, &asked.by, found.keys())?;
    let mut found: Vec<_> = found.into_iter().collect();
    // What is not known comes last.
    found.sort_by_cached_key(|(key, _)| {
        key.iter().map(|value| (value.is_none(), value.clone())).collect::<Vec<_>>()
    });
    let group = |(key, (sums, amounts)): (Key, (Sums, Option<Amounts>))| {
        let links = links(asked, &key);
        let keys = asked.by.iter().zip(key).map(|(by, value)| view::GroupKey {
            by: *by,
            name: names.get(&(*by, value.clone().unwrap_or_default())).cloned(),
            value,
        });
        view::Group::of(keys.collect(), &sums, amounts, links)
    };
    Ok(found.into_iter().map(group).collect())
}

/// What the values of groups are called, in a query for each page of them.
fn names<'k>(
    tx: &mut AnyConnection,
    source: Source,
    by: &[Dimension],
    keys: impl Iterator<Item = &'k Key>,
) -> Result<HashMap<(Dimension, String), String>, Error> {
    let mut values: BTreeSet<(Dimension, &str)> = BTreeSet::new();
    for key in keys {
        let known = by.iter().zip(key).filter_map(|(by, value)| Some((*by, value.as_deref()?)));
        values.extend(known);
    }
    let of = |wanted: &[Dimension]| -> Vec<&str> {
        values.iter().filter(|(by, _)| wanted.contains(by)).map(|(_, value)| *value).collect()
    };
    let mut names = HashMap::new();
    let codes = of(&[Dimension::Region, Dimension::Province]);
    let codes: Vec<RegionCode> = codes.into_iter().map(RegionCode::from).collect();
    for (code, name) in region::names(tx, &codes)? {
        for by in [Dimension::Region, Dimension::Province] {
            names.insert((by, code.to_string()), name.clone());
        }
    }
    let centres = of(&[Dimension::Centre]);
    let centres: Vec<CentreId> =
        centres.into_iter().filter_map(|id| CentreId::from_str(id).ok()).collect();
    for page in centres.chunks(usize::try_from(PAGE).unwrap_or(usize::MAX)) {
        for (id, centre) in source.centres(tx, page)? {
            names.insert((Dimension::Centre, id.to_string()), centre.name);
        }
    }
    for component in Component::ALL {
        let name = component.label_id().to_owned();
        names.insert((Dimension::Component, component.to_string()), name);
    }
    Ok(names)
}

/// Where the proposals and the entries of a group are listed. No list can be narrowed to what is not there.
fn links(asked: &Asked, key: &Key) -> Option<view::Links> {
    let Filter {
        state,
        menu,
        fiscal_year,
        region_code,
        province_code,
        centre_id,
        outcome_class,
        component,
        funded: _,
        queue: _,
        order: _,
        after: _,
    } = &asked.filter;
    let mut fields: BTreeMap<&str, String> = [
        ("state", state.map(|value| value.to_string())),
        ("menu", menu.map(|value| value.to_string())),
        ("fiscal_year", fiscal_year.map(|value| value.to_string())),
        ("region_code", region_code.as_ref().map(ToString::to_string)),
        ("province_code", province_code.as_ref().map(ToString::to_string)),
        ("centre_id", centre_id.map(|value| value.to_string())),
        ("outcome_class", outcome_class.map(|value| value.to_string())),
        ("component", component.map(|value| value.to_string())),
        ("funded", Some(true.to_string())),
        ("as_of", asked.as_of.map(|value| value.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect();
    for (by, value) in asked.by.iter().zip(key) {
        let name = match by {
            Dimension::Region => "region_code",
            Dimension::Province => "province_code",
            Dimension::Menu => "menu",
            Dimension::FiscalYear => "fiscal_year",
            Dimension::Centre => "centre_id",
            Dimension::Component => "component",
            Dimension::State => "state",
            Dimension::OutcomeClass => "outcome_class",
        };
        fields.insert(name, value.clone()?);
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Some(view::Links {
        proposals: format!("/api/v1/proposals?{query}"),
        journal: format!("/api/v1/journal?{query}"),
    })
}
