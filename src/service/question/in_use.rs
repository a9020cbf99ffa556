//! Question 16: is what was built or bought in use, by how many businesses and since when?

use crate::domain::audit::SubjectKind;
use crate::domain::document::DocumentStatus;
use crate::domain::finding::{FindingKind, FindingOutcome};
use crate::domain::guard::distance_m;
use crate::domain::ids::{CentreId, EventId, ProposalId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::proposal::{Menu, State};
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::assets::gone;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::service::question::told::{Told, looked};
use crate::storage::audit::EventRow;
use crate::storage::document::Document;
use crate::storage::finding::Finding;
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds, facts};
use crate::storage::{AnyConnection, audit, finding};
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The acts that tell of the users and of the use.
const ACTS: [&str; 3] = ["proposal.hand_over", "proposal.close", "proposal.close_unused"];

/// The type of document that pictures of the use are filed as.
const PICTURE: &str = "photo_use";

/// What the registry says of the businesses of a centre: how many, and since when it says so.
type Registered = (i64, Moment);

/// What is told of the use of some proposals.
struct Beside {
    acts: HashMap<ProposalId, Vec<(ProposalId, EventRow)>>,
    pictures: HashMap<ProposalId, Vec<Document>>,
    findings: HashMap<ProposalId, Vec<Finding>>,
    registered: HashMap<CentreId, Registered>,
}

impl Beside {
    fn of(tx: &mut AnyConnection, rows: &[Proposal]) -> Result<Self, Error> {
        let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
        let acts = facts::events_of(tx, &ids, &ACTS)?.into_iter();
        let acts = acts.filter_map(|event| Some((event.proposal_id?, event))).collect();
        let mut pictures = facts::documents_of(tx, &ids, &[PICTURE])?;
        pictures.retain(|one| one.status == DocumentStatus::Available);
        let mut findings = finding::of_many(tx, &ids)?;
        findings.retain(|one| {
            one.kind == FindingKind::Unused && one.outcome != Some(FindingOutcome::Withdrawn)
        });
        let centres = distinct(rows.iter().filter_map(|row| row.centre_id));
        Ok(Beside {
            acts: by_proposal(acts, |(proposal, _)| *proposal),
            pictures: by_proposal(pictures, |one| one.proposal_id),
            findings: by_proposal(findings, |one| one.proposal_id),
            registered: registered(tx, &centres)?,
        })
    }
}

/// What the registry says of the businesses of several centres, by the versions of their entries.
fn registered(
    tx: &mut AnyConnection,
    centres: &[CentreId],
) -> Result<HashMap<CentreId, Registered>, Error> {
    let subjects: Vec<String> = centres.iter().map(ToString::to_string).collect();
    let mut said: HashMap<String, (i64, EventId)> = HashMap::new();
    for (subject, event, content) in facts::versions_of(tx, SubjectKind::Centre, &subjects)? {
        let content: Value = serde_json::from_str(&content)?;
        let Some(businesses) = content.get("businesses").and_then(Value::as_i64) else { continue };
        if said.get(&subject).is_none_or(|(before, _)| *before != businesses) {
            said.insert(subject, (businesses, event));
        }
    }
    let events = distinct(said.values().map(|(_, event)| *event));
    let at: HashMap<EventId, Moment> =
        audit::events_by_ids(tx, &events)?.into_iter().map(|event| (event.id, event.at)).collect();
    let of = |centre: &CentreId| {
        let (businesses, event) = said.get(&centre.to_string())?;
        Some((*centre, (*businesses, *at.get(event)?)))
    };
    Ok(centres.iter().filter_map(of).collect())
}

/// What was handed over, or ended: since when it is there, by how many it is used, and who saw it.
pub fn proposals(
    tx: &mut AnyConnection,
    _: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = question::handed_over_or_in(tx, bounds, &[State::Operating, State::Closed])?;
    let beside = Beside::of(tx, &rows)?;
    Ok(rows.iter().map(|row| looked(row.id, "", Some(Use::of(row).seen(&beside).told()))).collect())
}

/// What is said of the use of a proposal, as it is gathered.
struct Use<'a> {
    row: &'a Proposal,
    zone: Zone,
    words: Vec<String>,
    told: Told,
    /// How many businesses, where somebody counted them.
    counted: Option<i64>,
    /// Whether somebody looked at the use at all.
    is_seen: bool,
}

impl<'a> Use<'a> {
    fn of(row: &'a Proposal) -> Self {
        let since = match (row.operating_since, row.handover_on) {
            (Some(day), _) => format!("Handed over to its users on {day}"),
            (None, Some(day)) if row.menu == Menu::Construction => {
                format!("Handed over by its builder on {day}, and not to its users")
            }
            (None, Some(day)) => format!("Handed over on {day}"),
            (None, None) => "Ended without a handover".to_owned(),
        };
        let told = Told::new(row.id, "")
            .figure("in_use_since", json!(null), json!(row.operating_since.or(row.handover_on)))
            .beneath(row.id, "events")
            .beneath(row.id, "reports");
        let zone = Zone::of(&row.region_code);
        let words = std::iter::once(since).chain(gone(row)).collect();
        Use { row, zone, words, told, counted: None, is_seen: false }
    }

    /// With everything that somebody saw of it.
    fn seen(mut self, beside: &Beside) -> Self {
        let id = self.row.id;
        for (_, event) in beside.acts.get(&id).into_iter().flatten() {
            self = self.act(event);
        }
        if let Some(picture) = beside.pictures.get(&id).and_then(|all| all.last()) {
            self = self.picture(picture);
        }
        for finding in beside.findings.get(&id).into_iter().flatten() {
            self = self.finding(finding);
        }
        match self.row.centre_id.and_then(|centre| beside.registered.get(&centre)) {
            Some(registered) if self.counted.is_none() => self.registered(*registered),
            _ => self,
        }
    }

    fn says(mut self, words: String) -> Self {
        self.words.push(words);
        self
    }

    fn figure(mut self, name: &str, expected: Value, found: Value) -> Self {
        self.told = self.told.figure(name, expected, found);
        self
    }

    fn act(mut self, event: &EventRow) -> Self {
        let content: Value = serde_json::from_str(&event.content).unwrap_or_default();
        if let Some(occupants) = content.pointer("/data/occupants").and_then(Value::as_array) {
            let count = occupants.len();
            self = self.says(format!("{count} businesses were to move in")).figure(
                "occupants",
                json!(null),
                json!(count),
            );
        }
        if let Some(check) = content.pointer("/data/use_check").filter(|check| !check.is_null()) {
            let on = check.get("checked_on").and_then(Value::as_str).unwrap_or_default();
            let businesses = check.get("businesses").and_then(Value::as_i64).unwrap_or_default();
            (self.is_seen, self.counted) = (true, Some(businesses));
            self = self.says(format!("on {on} {businesses} worked there"));
        }
        if event.action == "proposal.close_unused" {
            (self.is_seen, self.counted) = (true, Some(0));
            let why = content.pointer("/comment").and_then(Value::as_str).unwrap_or_default();
            self = self.says(format!("it was closed unused: {why}"));
        }
        match content.pointer("/data/baseline_outcome").and_then(Value::as_object) {
            Some(outcome) => {
                let closed_on = event.at.date_in(self.zone);
                self.outcome(outcome, closed_on)
            }
            None => self,
        }
    }

    /// What had become of the baseline at the closing.
    fn outcome(mut self, outcome: &Map<String, Value>, closed_on: NaiveDate) -> Self {
        let baseline = self.row.baseline.as_deref();
        let baseline: Value =
            baseline.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        self.is_seen = true;
        let before = baseline.get("businesses").and_then(Value::as_i64);
        let words = match outcome.get("businesses").and_then(Value::as_i64) {
            Some(after) => {
                self.counted = self.counted.or(Some(after));
                let before = before.map(|before| format!(", where there had been {before}"));
                let before = before.unwrap_or_default();
                format!("closed on {closed_on} with {after} businesses{before}")
            }
            None => format!("closed on {closed_on} with a comparison that counts no businesses"),
        };
        self.says(words).figure("baseline", baseline, json!(outcome))
    }

    fn picture(mut self, picture: &Document) -> Self {
        self.is_seen = true;
        let came_on = picture.uploaded_at.date_in(self.zone);
        let day = picture.taken_at.map(|taken_at| taken_at.date_in(self.zone));
        let when = match day {
            Some(day) => format!("taken on {day}"),
            None => format!("that came on {came_on} and does not say when it was taken"),
        };
        let site = self.row.latitude.zip(self.row.longitude);
        let place = picture.latitude.zip(picture.longitude);
        let distance = site.zip(place).map(|(site, place)| distance_m(site, place));
        let place = match distance {
            Some(metres) => format!("{metres} m from the site"),
            None => "at a place that is not known".to_owned(),
        };
        self.told = self.told.document(picture.id);
        self.says(format!("last seen on a picture {when}, {place}"))
            .figure("last_seen_on", json!(null), json!(day.unwrap_or(came_on)))
            .figure("distance_m", json!(null), json!(distance))
    }

    fn finding(mut self, finding: &Finding) -> Self {
        let (n, on) = (finding.n, finding.opened_at.date_in(self.zone));
        self.is_seen = true;
        self.told = self.told.at(format!("/api/v1/findings/{}", finding.id));
        self.says(format!("finding {n} of {on} says that it is not in use ({})", finding.state))
    }

    fn registered(self, (businesses, since): Registered) -> Self {
        let since = since.date_in(self.zone);
        self.says(format!(
            "the registry names {businesses} businesses of the centre since {since}, which is no observation"
        ))
        .figure("registered_businesses", json!(null), json!(businesses))
    }

    fn told(mut self) -> Told {
        if !self.is_seen {
            self.words.push("nobody has looked since whether it is in use".to_owned());
        }
        let counted = json!(self.counted);
        self = self.figure("businesses", json!(null), counted);
        Told { says: format!("{}.", self.words.join("; ")), ..self.told }
    }
}
