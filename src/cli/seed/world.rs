//! What all proposals of a seeding share: the dice, the people, the regions with their allocations and centres.

use crate::cli::seed::cast::{Cast, Hiring, Person};
use crate::cli::seed::ids::Ids;
use crate::cli::seed::life::Life;
use crate::cli::seed::picture::Picture;
use crate::domain::audit::{Outcome, SubjectKind, canonical, canonical_row};
use crate::domain::ids::{AllocationId, CentreId, EventId, ProposalId, RegionCode, RevisionId};
use crate::domain::moment::Moment;
use crate::domain::money::Rupiah;
use crate::domain::people::Role;
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::domain::region::RegionLevel;
use crate::service::policy::Pinned;
use crate::storage::allocation::Allocation;
use crate::storage::audit::{EventRow, RevisionRow};
use crate::storage::bulk::Batch;
use crate::storage::ceiling::Ceiling;
use crate::storage::centre::Centre;
use crate::storage::region::{self, Region};
use chrono::TimeDelta;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// How many of a hundred proposals stand where, as a running year has them.
const STATES: [(State, u32); 23] = [
    (State::Draft, 10),
    (State::PlanningCheck, 6),
    (State::Endorsement, 4),
    (State::Verification, 7),
    (State::TechnicalReview, 8),
    (State::Clarification, 4),
    (State::SiteVerification, 4),
    (State::Harmonisation, 4),
    (State::Decision, 3),
    (State::Approved, 4),
    (State::Allocated, 6),
    (State::Planned, 6),
    (State::Contracted, 8),
    (State::Funded, 9),
    (State::Reporting, 4),
    (State::Operating, 3),
    (State::Closed, 3),
    (State::Rejected, 3),
    (State::Withdrawn, 1),
    (State::Lapsed, 1),
    (State::Unfunded, 1),
    (State::Forfeited, 1),
    (State::Cancelled, 1),
];

/// The share of constructions, in percent; the others revitalise.
const CONSTRUCTION_PERCENT: u32 = 40;

const COMMODITIES: [&str; 16] = [
    "Kopi",
    "Tenun",
    "Batik",
    "Rotan",
    "Gula aren",
    "Kelapa",
    "Bambu",
    "Gerabah",
    "Garam",
    "Kakao",
    "Minyak atsiri",
    "Mebel",
    "Logam",
    "Kulit",
    "Tahu tempe",
    "Olahan ikan",
];

/// When the people were hired: before anything else happened.
const HIRED_DAYS_AGO: i64 = 400;

/// What all proposals share.
pub struct World {
    /// The dice.
    pub dice: StdRng,
    /// Makes ids.
    pub ids: Ids,
    /// The people.
    pub cast: Cast,
    /// The rules.
    pub pinned: Pinned,
    /// The midnight that everything happened before.
    pub today: Moment,
    regions: Vec<Region>,
    by_kind: WeightedIndex<u32>,
    by_state: WeightedIndex<u32>,
    allocations: BTreeMap<RegionCode, Allocation>,
    touched: BTreeSet<RegionCode>,
    centres: HashMap<RegionCode, Vec<CentreId>>,
    ceiling: Option<Ceiling>,
    first: Option<Batch>,
    /// What each proposal of a picture is to come to.
    aims: VecDeque<Picture>,
}

/// How many proposals a government writes beside the others, by its kind.
const fn weight(level: RegionLevel) -> u32 {
    match level {
        RegionLevel::Provinsi => 1,
        RegionLevel::Kabupaten => 4,
        RegionLevel::Kota => 3,
    }
}

impl World {
    /// A world before its first proposal.
    pub fn new(seed: u64, pinned: Pinned, today: Moment) -> Result<World, String> {
        let regions: Vec<Region> =
            region::shipped()?.into_iter().filter(|region| region.autonomous).collect();
        let by_kind = WeightedIndex::new(regions.iter().map(|region| weight(region.level)))
            .map_err(|error| error.to_string())?;
        let by_state = WeightedIndex::new(STATES.iter().map(|(_, weight)| *weight))
            .map_err(|error| error.to_string())?;
        let (mut dice, mut ids) = (StdRng::seed_from_u64(seed), Ids::before(today));
        let mut first = Batch::default();
        let at = today.after(-TimeDelta::days(HIRED_DAYS_AGO));
        let cast =
            Hiring { batch: &mut first, ids: &mut ids, dice: &mut dice, at }.hire(&regions)?;
        Ok(World {
            dice,
            ids,
            cast,
            pinned,
            today,
            regions,
            by_kind,
            by_state,
            allocations: BTreeMap::new(),
            touched: BTreeSet::new(),
            centres: HashMap::new(),
            ceiling: None,
            first: Some(first),
            aims: VecDeque::new(),
        })
    }

    /// Has the next proposals add up to a picture.
    pub fn aim_at(&mut self, picture: Picture, proposals: u32) -> Result<(), String> {
        self.aims = picture.parts(proposals, &mut self.dice)?.into();
        Ok(())
    }

    /// The next proposals, with all that belongs to them; what the batches share agrees after each.
    pub fn batch(&mut self, count: u32) -> Result<Batch, String> {
        let mut batch = self.first.take().unwrap_or_default();
        let known: BTreeSet<RegionCode> = self.allocations.keys().cloned().collect();
        for _ in 0..count {
            let kind = self.by_kind.sample(&mut self.dice);
            let region = self.regions.get(kind).cloned().ok_or("there are no regions")?;
            let at = self.by_state.sample(&mut self.dice);
            let aim = self.aims.pop_front();
            let target = match aim {
                Some(_) => State::Funded,
                None => STATES.get(at).map_or(State::Draft, |(state, _)| *state),
            };
            let construction = self.dice.random_ratio(CONSTRUCTION_PERCENT, 100);
            let menu = if construction { Menu::Construction } else { Menu::Revitalisation };
            Life::begin(self, &mut batch, &region, menu, aim)?.live(target)?;
        }
        self.settle(&mut batch, &known)?;
        Ok(batch)
    }

    /// One of several words.
    pub fn commodity(&mut self) -> &'static str {
        let at = self.dice.random_range(0..COMMODITIES.len());
        COMMODITIES.get(at).copied().unwrap_or("Aneka")
    }

    /// The allocation of a region, made when it is first asked for.
    pub fn allocation(&mut self, region: &RegionCode, at: Moment) -> &mut Allocation {
        self.touched.insert(region.clone());
        let (year, version) = (self.pinned.policy.fiscal_year, self.pinned.version);
        let (ids, dice) = (&mut self.ids, &mut self.dice);
        self.allocations.entry(region.clone()).or_insert_with(|| Allocation {
            id: AllocationId(ids.next(dice)),
            fiscal_year: year,
            region_code: region.clone(),
            amount_idr: Rupiah::ZERO,
            used_idr: Rupiah::ZERO,
            legal_basis: format!("Perpres Rincian APBN {year}"),
            policy_version: version,
            mode: None,
            version: 0,
            created_at: at,
            updated_at: at,
        })
    }

    /// Writes allocations and ceiling as the batch has left them.
    fn settle(&mut self, batch: &mut Batch, known: &BTreeSet<RegionCode>) -> Result<(), String> {
        for code in std::mem::take(&mut self.touched) {
            let Some(row) = self.allocations.get_mut(&code) else { continue };
            row.version = row.version.saturating_add(1);
            let row = row.clone();
            let treasurer = self.cast.of(Role::Treasurer, &code, 0)?;
            let (kind, id) = (SubjectKind::Allocation, row.id.to_string());
            let about = About { kind, id: id.clone(), proposal: None, region: Some(&code) };
            let content = json!({ "after": row });
            let at = row.updated_at;
            let event =
                self.event(batch, "allocation.record", Some(treasurer), at, about, &content)?;
            self.revise(batch, event, kind, id, row.version, &row)?;
            if known.contains(&code) {
                batch.changed_allocations.push(row);
            } else {
                batch.allocations.push(row);
            }
        }
        self.raise_ceiling(batch)
    }

    fn raise_ceiling(&mut self, batch: &mut Batch) -> Result<(), String> {
        let year = self.pinned.policy.fiscal_year;
        let used = Rupiah::total(self.allocations.values().map(|row| row.amount_idr));
        let before = self.ceiling.as_ref();
        let created_at = self.today.after(-TimeDelta::days(HIRED_DAYS_AGO));
        let ceiling = Ceiling {
            fiscal_year: year,
            amount_idr: round_up(used.0.saturating_add(used.0 / 50), 1_000_000_000),
            used_idr: used,
            legal_basis: format!("APBN {year}"),
            version: before.map_or(1, |row| row.version.saturating_add(1)),
            created_at,
            updated_at: self.today.after(-TimeDelta::hours(1)),
        };
        let treasurer = self.cast.of(Role::Treasurer, &RegionCode::from(""), 0)?;
        let (kind, id) = (SubjectKind::Ceiling, year.to_string());
        let about = About { kind, id: id.clone(), proposal: None, region: None };
        let content = json!({ "before": before, "after": ceiling });
        let at = ceiling.updated_at;
        let event = self.event(batch, "ceiling.record", Some(treasurer), at, about, &content)?;
        self.revise(batch, event, kind, id, ceiling.version, &ceiling)?;
        batch.ceiling = Some(ceiling.clone());
        self.ceiling = Some(ceiling);
        Ok(())
    }

    /// A centre of the region: mostly one that is known already.
    pub fn centre(
        &mut self,
        batch: &mut Batch,
        region: &Region,
        commodity: &str,
        at: Moment,
    ) -> Result<CentreId, String> {
        let known = self.centres.get(&region.code).map_or(0, Vec::len);
        if known > 0 && self.dice.random_ratio(3, 5) {
            let at = self.dice.random_range(0..known);
            if let Some(id) = self.centres.get(&region.code).and_then(|centres| centres.get(at)) {
                return Ok(*id);
            }
        }
        self.new_centre(batch, region, commodity, at)
    }

    /// A new entry of the registry.
    pub fn new_centre(
        &mut self,
        batch: &mut Batch,
        region: &Region,
        commodity: &str,
        at: Moment,
    ) -> Result<CentreId, String> {
        let drafter = self.cast.of(Role::Drafter, &region.code, 0)?;
        let id = CentreId(self.ids.next(&mut self.dice));
        let households = self.dice.random_range(80..1_200);
        let row = Centre {
            id,
            region_code: region.code.clone(),
            name: format!("Sentra IKM {commodity} {}", region.name),
            commodity: commodity.to_owned(),
            kbli: Some(self.dice.random_range(10_000..33_000).to_string()),
            village: format!("Desa Sentra {}", self.dice.random_range(1..200)),
            district: format!("Kecamatan {}", self.dice.random_range(1..30)),
            latitude: None,
            longitude: None,
            decree_number: Some(format!("SK/{}/{}", region.code, id.0.as_fields().0)),
            decree_date: Some(at.0.date()),
            provisional: false,
            households_in_village: households,
            households_in_business: households / self.dice.random_range(2..8),
            organised: true,
            known_to_public: self.dice.random_ratio(9, 10),
            businesses: self.dice.random_range(10..120),
            members: self.dice.random_range(10..150),
            administrators: 5,
            manager: Some("Koperasi sentra".to_owned()),
            technical_service_unit: None,
            outcome_class: OutcomeClass::Ovop,
            version: 1,
            created_at: at,
            created_by: drafter.user,
        };
        let (kind, subject) = (SubjectKind::Centre, id.to_string());
        let about = About { kind, id: subject.clone(), proposal: None, region: Some(&region.code) };
        let content = json!({ "before": null, "after": row });
        let event = self.event(batch, "centre.create", Some(drafter), at, about, &content)?;
        self.revise(batch, event, kind, subject, 1, &row)?;
        batch.centres.push(row);
        self.centres.entry(region.code.clone()).or_default().push(id);
        Ok(id)
    }

    /// Appends an event; nobody in particular is the service itself.
    pub fn event(
        &mut self,
        batch: &mut Batch,
        action: &str,
        by: Option<Person>,
        at: Moment,
        about: About<'_>,
        content: &Value,
    ) -> Result<EventId, String> {
        let id = EventId(self.ids.next(&mut self.dice));
        batch.events.push(EventRow {
            id,
            at,
            actor_id: by.map(|by| by.user),
            actor_role: Some(by.map_or(Role::System, |by| by.role)),
            grant_id: by.map(|by| by.grant),
            action: action.to_owned(),
            outcome: Outcome::Done,
            subject_kind: about.kind,
            subject_id: about.id,
            proposal_id: about.proposal,
            region_code: about.region.cloned(),
            content: canonical(content).map_err(|error| error.to_string())?,
            request_id: "seed".to_owned(),
        });
        Ok(id)
    }

    /// Appends the revision of a row that an event made.
    pub fn revise(
        &mut self,
        batch: &mut Batch,
        event_id: EventId,
        subject_kind: SubjectKind,
        subject_id: String,
        version: i64,
        row: &impl Serialize,
    ) -> Result<(), String> {
        batch.revisions.push(RevisionRow {
            id: RevisionId(self.ids.next(&mut self.dice)),
            subject_kind,
            subject_id,
            version,
            event_id,
            content: canonical_row(row).map_err(|error| error.to_string())?,
        });
        Ok(())
    }
}

/// What an event is about.
pub struct About<'a> {
    /// What kind of thing.
    pub kind: SubjectKind,
    /// Which.
    pub id: String,
    /// Of which proposal.
    pub proposal: Option<ProposalId>,
    /// Of which region.
    pub region: Option<&'a RegionCode>,
}

/// The next multiple of `step`.
pub fn round_up(amount: i64, step: i64) -> Rupiah {
    Rupiah((amount / step).saturating_add(1).saturating_mul(step))
}
