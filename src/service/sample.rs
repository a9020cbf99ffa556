//! Samples that anybody repeats: the same population, seed and size give the same units, here and with any other program
//! that knows SHA-256. How units are drawn is written down in `docs/decisions/0047-samples-that-anybody-repeats.md`.

mod draw;

use crate::domain::audit::SubjectKind;
use crate::domain::ids::{ContractId, ProposalId, RegionCode};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::sample::{Population, SampleMethod};
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::known::Known;
use crate::service::trail::hex;
use crate::service::{Services, policy};
use crate::storage::proposal::Filter;
use crate::storage::{AnyConnection, sample};
use draw::{Counted, Lowest, Points, Unit, Walk};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most units of a sample.
const MOST: i64 = 500;
/// The most units of a population: a look at each takes seconds.
const MOST_UNITS: u64 = 1_000_000;
/// Units of one page.
const PAGE: i64 = 5_000;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Asked {
    /// From what.
    pub population: Population,
    /// How.
    pub method: SampleMethod,
    /// How many units, or monetary units.
    #[schema(example = 25)]
    pub size: i64,
    /// What the draw follows from.
    #[schema(example = "LHP 12/2022")]
    pub seed: String,
    /// Of proposals of this year.
    #[schema(example = 2021)]
    pub fiscal_year: Option<i64>,
    /// Of proposals of this province, and its kabupaten and kota.
    pub province_code: Option<RegionCode>,
    /// Of proposals of this region.
    pub region_code: Option<RegionCode>,
    /// Only what was known at this moment, with the amounts of then; send it again to draw from the same population.
    pub recorded_until: Moment,
}

impl Asked {
    /// Whether it can be drawn.
    fn check(&self) -> Result<(), Error> {
        let mut checks = Checks::default();
        checks.between("/query/size", self.size, 1, MOST);
        checks.text("/query/seed", &self.seed, MAX_SHORT);
        checks.done().map_err(Error::Invalid)
    }

    fn filter(&self) -> Filter {
        Filter {
            fiscal_year: self.fiscal_year,
            province_code: self.province_code.clone(),
            region_code: self.region_code.clone(),
            ..Filter::default()
        }
    }
}

/// A sample, with everything that it takes to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Sample {
    /// What was asked for.
    pub asked: Asked,
    /// How many units the population has.
    #[schema(example = 1_204)]
    pub count: u64,
    /// The amounts of those above zero.
    #[schema(example = 495_000_000_000_i64)]
    pub sum_idr: i64,
    /// How many units are not above zero: no monetary unit is in them.
    pub without_amount: u64,
    /// SHA-256 over a line `id amount` of each unit, in the order of ids: whoever gets another one has another population.
    pub population_sha256: String,
    /// Rupiah from one point to the next; of monetary unit samples.
    #[schema(example = 19_800_000_000_i64)]
    pub interval_idr: Option<i64>,
    /// The first point; of monetary unit samples.
    #[schema(example = 7_113_209_004_i64)]
    pub start_idr: Option<i64>,
    /// The units that were drawn: of random samples by rank, of others by id.
    pub items: Vec<Drawn>,
}

/// A unit that was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Drawn {
    /// Its place in the sample, from 1.
    pub place: u64,
    /// Its id.
    #[schema(example = "019376a0-0000-7000-8000-000000000001")]
    pub id: String,
    /// Its proposal.
    pub proposal_id: ProposalId,
    /// Its number, or the title of a proposal.
    #[schema(example = "00412/SP2D/2021")]
    pub name: String,
    /// Its amount.
    #[schema(example = 176_520_000)]
    pub amount_idr: i64,
    /// Where it, or the list that it is in, is read.
    #[schema(example = "/api/v1/proposals/019376a0-0000-7000-8000-000000000001/expenditures")]
    pub href: String,
    /// SHA-256 over seed, a line feed and id; of random samples.
    pub rank: Option<String>,
    /// How many points lie in it; of monetary unit samples.
    pub hits: Option<i64>,
    /// The amounts of all units until here, this one with them; of monetary unit samples.
    pub cumulative_idr: Option<i64>,
}

/// Draws a sample. Whoever sees the whole population gets the same; whoever sees less has to name what they see.
pub fn draw(sv: &Services, cx: &Context, asked: Asked) -> Result<Sample, Error> {
    may(cx, &asked)?;
    asked.check()?;
    if asked.recorded_until > cx.now {
        let message = "must not be later than now: what is recorded until then is not known";
        return Err(Error::invalid("/query/recorded_until", "future", message));
    }
    // What was committed since then, under whatever moment, is sealed behind it.
    let known = Known::at(sv, asked.recorded_until)?;
    sv.db.read(|tx| {
        policy::known(tx, asked.region_code.as_ref(), "/query/region_code")?;
        policy::known(tx, asked.province_code.as_ref(), "/query/province_code")?;
        let mut counted = Counted::default();
        match asked.method {
            SampleMethod::Random => {
                let size = usize::try_from(asked.size).unwrap_or_default();
                let mut lowest = Lowest::new(&asked.seed, size);
                count(tx, (&asked, known), &mut counted, |unit| lowest.add(unit))?;
                let items = lowest.drawn().into_iter().map(|one| Drawn {
                    rank: Some(hex(&one.rank)),
                    ..drawn(asked.population, one.unit)
                });
                let items = titled(tx, known, asked.population, items.collect())?;
                Ok(sample(items, asked, &counted, None))
            }
            SampleMethod::MonetaryUnit => {
                count(tx, (&asked, known), &mut counted, drop)?;
                let points = Points::over(counted.sum, &asked.seed, asked.size);
                let Some(points) = points else {
                    let message =
                        format!("is more than the rupiah of the population ({})", counted.sum);
                    return Err(Error::invalid("/query/size", "out_of_range", message));
                };
                let mut walk = Walk::past(points);
                pass(tx, &asked, known, |unit| {
                    walk.add(unit);
                    Ok(())
                })?;
                let items = walk.drawn().into_iter().map(|one| Drawn {
                    hits: Some(one.hits),
                    cumulative_idr: Some(one.cumulative.0),
                    ..drawn(asked.population, one.unit)
                });
                let items = titled(tx, known, asked.population, items.collect())?;
                Ok(sample(items, asked, &counted, Some(points)))
            }
        }
    })
}

/// Refuses who does not see all of what is asked for: their sample would be another.
pub fn may(cx: &Context, asked: &Asked) -> Result<(), Error> {
    let sight = cx.actor.sight();
    let sees_region = asked.region_code.as_ref().is_some_and(|region| sight.includes(region));
    let sees_province =
        asked.province_code.as_ref().is_some_and(|province| sight.provinces.contains(province));
    if sight.nation || sees_region || sees_province {
        return Ok(());
    }
    let message = "You do not see the whole of this population; name a region (region_code), or a \
                   province (province_code), of which you see everything.";
    Err(Error::forbidden("scope", message))
}

fn sample(
    mut items: Vec<Drawn>,
    asked: Asked,
    counted: &Counted,
    points: Option<Points>,
) -> Sample {
    for (item, place) in items.iter_mut().zip(1..) {
        item.place = place;
    }
    Sample {
        asked,
        count: counted.count,
        sum_idr: counted.sum.0,
        without_amount: counted.without_amount,
        population_sha256: hex(&counted.sha256()),
        interval_idr: points.map(|points| points.interval),
        start_idr: points.map(|points| points.start),
        items,
    }
}

fn drawn(population: Population, unit: Unit) -> Drawn {
    let list = match population {
        Population::Expenditures => "/expenditures",
        Population::Contracts => "/contracts",
        Population::Proposals => "",
    };
    Drawn {
        place: 0,
        href: format!("/api/v1/proposals/{}{list}", unit.proposal_id),
        id: unit.id,
        proposal_id: unit.proposal_id,
        name: unit.name,
        amount_idr: unit.amount.0,
        rank: None,
        hits: None,
        cumulative_idr: None,
    }
}

/// Passes over the population, and counts it.
fn count(
    tx: &mut AnyConnection,
    (asked, known): (&Asked, Known),
    counted: &mut Counted,
    mut with: impl FnMut(Unit),
) -> Result<(), Error> {
    pass(tx, asked, known, |unit| {
        let too_much = |what: &str| {
            let message = format!("the population has {what}; name a year, a province or a region");
            Error::invalid("/query/population", "too_many", message)
        };
        counted.add(&unit).ok_or_else(|| too_much("an amount beyond all sums"))?;
        if counted.count > MOST_UNITS {
            return Err(too_much(&format!("more than {MOST_UNITS} units")));
        }
        with(unit);
        Ok(())
    })
}

/// Passes over the population in the order of ids, page by page: as it was known.
fn pass(
    tx: &mut AnyConnection,
    asked: &Asked,
    known: Known,
    mut with: impl FnMut(Unit) -> Result<(), Error>,
) -> Result<(), Error> {
    let filter = asked.filter();
    match asked.population {
        Population::Expenditures => {
            let mut after = None;
            loop {
                let rows = sample::expenditures(tx, &filter, known.seq, after, PAGE)?;
                let Some((last, ..)) = rows.last() else { return Ok(()) };
                after = Some(*last);
                for (id, proposal_id, name, amount) in rows {
                    with(Unit { id: id.to_string(), proposal_id, name, amount })?;
                }
            }
        }
        Population::Contracts => {
            let mut after = None;
            loop {
                let ids = sample::contracts(tx, &filter, known.seq, after, PAGE)?;
                let Some(last) = ids.last() else { return Ok(()) };
                after = Some(*last);
                contracts(tx, known, &ids)?.into_iter().try_for_each(&mut with)?;
            }
        }
        Population::Proposals => {
            let mut after = None;
            loop {
                let ids = sample::proposals(tx, &filter, after, PAGE)?;
                let Some(last) = ids.last() else { return Ok(()) };
                after = Some(*last);
                proposals(tx, known, &ids)?.into_iter().try_for_each(&mut with)?;
            }
        }
    }
}

/// What a revision of a contract tells of it.
#[derive(Deserialize)]
struct Contract {
    proposal_id: ProposalId,
    number: String,
    value_idr: Rupiah,
    voided_at: Option<Moment>,
}

/// Those of some contracts that stood, with their values of then.
fn contracts(tx: &mut AnyConnection, known: Known, ids: &[ContractId]) -> Result<Vec<Unit>, Error> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut rows = known.rows::<Contract>(tx, SubjectKind::Contract, &ids)?;
    let unit = |id: String| {
        let row = rows.remove(&id).filter(|row| row.voided_at.is_none())?;
        Some(Unit { id, proposal_id: row.proposal_id, name: row.number, amount: row.value_idr })
    };
    Ok(ids.into_iter().filter_map(unit).collect())
}

/// What a revision of a proposal tells of it.
#[derive(Deserialize)]
struct Titled {
    title: String,
}

/// Those of some proposals that had money set aside, with their ceilings of then; their titles are told of those that are drawn.
fn proposals(tx: &mut AnyConnection, known: Known, ids: &[ProposalId]) -> Result<Vec<Unit>, Error> {
    let booked = known.booked(tx, ids)?;
    let unit = |id: &ProposalId| {
        let amount = booked.get(id)?.ceiling_idr;
        let unit = Unit { id: id.to_string(), proposal_id: *id, name: String::new(), amount };
        (amount > Rupiah::ZERO).then_some(unit)
    };
    Ok(ids.iter().filter_map(unit).collect())
}

/// What was drawn, of proposals with the titles that they had.
fn titled(
    tx: &mut AnyConnection,
    known: Known,
    population: Population,
    mut items: Vec<Drawn>,
) -> Result<Vec<Drawn>, Error> {
    match population {
        Population::Expenditures | Population::Contracts => return Ok(items),
        Population::Proposals => {}
    }
    let ids: Vec<String> = items.iter().map(|one| one.id.clone()).collect();
    let rows = known.rows::<Titled>(tx, SubjectKind::Proposal, &ids)?;
    for item in &mut items {
        if let Some(row) = rows.get(&item.id) {
            item.name.clone_from(&row.title);
        }
    }
    Ok(items)
}
