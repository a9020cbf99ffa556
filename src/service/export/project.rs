//! A proposal as a project of the Open Contracting for Infrastructure Data Standard (OC4IDS 0.9.5): budget, finance,
//! parties, contracting processes, progress, documents and completion. What is not known is left out.

use crate::domain::ids::{ContractId, ProposalId, RegionCode};
use crate::domain::input::number_key;
use crate::domain::journal::{Account, EightFigures, EntryKind, Figures};
use crate::domain::line::{Component, FundSource};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::domain::report::ReportKind;
use crate::service::error::Error;
use crate::service::export::Publisher;
use crate::service::export::parties::{self, Parties, Party};
use crate::service::grouped::Grouped;
use crate::storage::amendment::{Amendment, AmendmentLine};
use crate::storage::contract::Contract;
use crate::storage::document::Document;
use crate::storage::expenditure::Expenditure;
use crate::storage::journal::Entry;
use crate::storage::line::Line;
use crate::storage::proposal::Proposal;
use crate::storage::recovery::Recovery;
use crate::storage::report::Report;
use crate::storage::{
    AnyConnection, amendment, contract, document, expenditure, export, journal, line, recovery,
    region, report, verify,
};
use chrono::{NaiveDate, TimeDelta};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is asked of the trail: when it was proposed, when approved, when closed.
const DECIDED: [&str; 5] = [
    "proposal.submit",
    "proposal.approve",
    "proposal.approve_with_conditions",
    "proposal.close",
    CLOSED_UNUSED,
];
/// What was built is in nobody's use.
const CLOSED_UNUSED: &str = "proposal.close_unused";

/// Some proposals, with everything that their projects tell, read in a fixed number of queries.
pub struct Page {
    pub(super) names: HashMap<RegionCode, String>,
    pub(super) figures: HashMap<ProposalId, Figures>,
    pub(super) lines: Grouped<Line>,
    pub(super) contracts: Grouped<Contract>,
    pub(super) covered: HashMap<ContractId, Vec<i64>>,
    /// Value and end of each amended contract as it was signed.
    pub(super) signed: HashMap<ContractId, (Rupiah, NaiveDate)>,
    /// The amendments that stand.
    pub(super) amendments: Grouped<Amendment>,
    /// The numbers of all amendments, as numbers are compared.
    amended: HashSet<(ProposalId, String)>,
    pub(super) scope_changes: Vec<AmendmentLine>,
    pub(super) expenditures: Grouped<Expenditure>,
    pub(super) recoveries: Grouped<Recovery>,
    /// What entries came from that were taken back.
    pub(super) undone: HashSet<String>,
    entries: Grouped<Entry>,
    reports: Grouped<Report>,
    documents: Grouped<Document>,
    decided: Grouped<(String, Moment)>,
}

impl Page {
    /// Reads what lies beneath some proposals.
    pub fn of(
        tx: &mut AnyConnection,
        rows: &[Proposal],
        ids: &[ProposalId],
        now: Moment,
    ) -> Result<Page, Error> {
        let mut codes: Vec<RegionCode> = rows
            .iter()
            .flat_map(|row| [row.region_code.clone(), row.province_code.clone()])
            .collect();
        codes.sort();
        codes.dedup();
        let contracts: Vec<Contract> =
            verify::contracts(tx, ids)?.into_iter().filter(|row| row.voided_at.is_none()).collect();
        let contract_ids: Vec<ContractId> = contracts.iter().map(|row| row.id).collect();
        let mut covered: HashMap<ContractId, Vec<i64>> = HashMap::new();
        for line in contract::lines_of(tx, &contract_ids)? {
            covered.entry(line.contract_id).or_default().push(line.line_no);
        }
        let entries = verify::entries(tx, ids)?;
        let undone = undone(&entries);
        let all = verify::amendments(tx, ids)?;
        let (signed, amended) = (as_signed(&all), numbers(&all));
        let stands = |row: &Amendment| !undone.contains(&row.id.to_string());
        let amendments: Vec<Amendment> = all.into_iter().filter(stands).collect();
        let amendment_ids: Vec<_> = amendments.iter().map(|row| row.id).collect();
        let expenditures = expenditure::of_many(tx, ids)?;
        let recoveries = recovery::of_many(tx, ids)?;
        // Everything that stands now, as gates see it.
        let tomorrow = now.after(TimeDelta::days(1));
        let reports = report::standing(tx, ids, tomorrow.date_in(Zone::Wit), tomorrow)?;
        let decided = export::decided(tx, ids, &DECIDED)?;
        Ok(Page {
            names: region::names(tx, &codes)?.into_iter().collect(),
            figures: journal::balances_of(tx, ids)?
                .into_iter()
                .map(|row| (row.proposal_id, row.into()))
                .collect(),
            lines: Grouped::by(line::of_many(tx, ids)?, |row| row.proposal_id, |row| row),
            scope_changes: amendment::lines_of(tx, &amendment_ids)?,
            contracts: Grouped::by(contracts, |row| row.proposal_id, |row| row),
            covered,
            signed,
            amended,
            amendments: Grouped::by(amendments, |row| row.proposal_id, |row| row),
            expenditures: Grouped::by(expenditures, |row| row.proposal_id, |row| row),
            recoveries: Grouped::by(recoveries, |row| row.proposal_id, |row| row),
            undone,
            entries: Grouped::by(entries, |row| row.proposal_id, |row| row),
            reports: Grouped::by(reports, |row| row.proposal_id, |row| row),
            documents: Grouped::by(document::served_of(tx, ids)?, |row| row.proposal_id, |row| row),
            decided: Grouped::by(decided, |row| row.0, |row| (row.1, row.2)),
        })
    }

    /// Where it stands, in the standard's words.
    fn status(&self, row: &Proposal) -> &'static str {
        let decided = self.decided.of(row.id);
        let is_unused = decided.iter().any(|(action, _)| action == CLOSED_UNUSED);
        let last = self.final_report(row);
        match row.state {
            // It is over, and there is nothing to be run.
            State::Closed if last.is_some_and(|one| one.physical_bp == BasisPoints(0)) => {
                "cancelled"
            }
            // It was handed over, and nobody runs it.
            State::Closed if is_unused => "completion",
            state => status(state),
        }
    }

    /// The final report that stands.
    fn final_report(&self, row: &Proposal) -> Option<&Report> {
        self.reports.of(row.id).iter().rfind(|one| one.kind == ReportKind::Final)
    }

    /// The project of a proposal.
    pub fn project(&self, row: &Proposal, publisher: &Publisher) -> Value {
        let parties = Parties::of(self, row);
        let region = &parties.region;
        pruned(json!({
            "id": format!("{}-{}", publisher.prefix, row.id),
            "identifiers": [{ "id": row.id, "scheme": "sentra" }],
            "updated": row.updated_at,
            "title": row.title,
            "description": row.summary,
            "status": self.status(row),
            "period": self.period(row),
            "implementationPeriod": self.contract_period(row),
            "sector": ["economy"],
            "purpose": purpose(row.outcome_class),
            "additionalClassifications": [
                { "scheme": "sentra-menu", "id": row.menu, "description": menu(row.menu) },
                { "scheme": "sentra-outcome-class", "id": row.outcome_class, "description": purpose(row.outcome_class) },
                { "scheme": "sentra-commodity", "id": row.commodity, "description": row.commodity },
            ],
            "type": match row.menu {
                Menu::Construction => "construction",
                Menu::Revitalisation => "rehabilitation",
            },
            "locations": [self.location(row)],
            "budget": self.budget(row, region),
            "parties": parties.shown(),
            "publicAuthority": region.reference(),
            "documents": self.documents(row, publisher),
            "contractingProcesses": self.processes(row, &parties, publisher),
            "metrics": self.metrics(row),
            "milestones": self.milestones(row),
            "transactions": self.transactions(row, region),
            "completion": self.completion(row),
        }))
    }

    /// From the first contract to the last day of one; the fiscal year before there is any.
    fn period(&self, row: &Proposal) -> Value {
        match self.contract_period(row) {
            Value::Null => year(zone(row), row.fiscal_year),
            known => known,
        }
    }

    fn contract_period(&self, row: &Proposal) -> Value {
        let contracts = self.contracts.of(row.id);
        let start = contracts.iter().map(|one| one.starts_on).min();
        let end = contracts.iter().map(|one| one.ends_on).max();
        match (start, end) {
            (Some(start), Some(end)) => period(zone(row), start, end),
            _ => Value::Null,
        }
    }

    fn location(&self, row: &Proposal) -> Value {
        let name = |code: &RegionCode| self.names.get(code).cloned();
        // The standard wants latitude first.
        let place = row.latitude.zip(row.longitude).map(|(latitude, longitude)| {
            json!({ "type": "Point", "coordinates": [latitude, longitude] })
        });
        json!({
            "id": "site",
            "description": joined(&[&row.site_street, &row.site_village, &row.site_district], ", "),
            "geometry": place,
            "gazetteer": { "scheme": "ID-KEMENDAGRI", "identifiers": [row.region_code] },
            "address": {
                "streetAddress": row.site_street,
                "locality": name(&row.region_code),
                "region": name(&row.province_code),
                "countryName": "Indonesia",
            },
        })
    }

    /// What was approved, by source of funds and by component; and the ceiling that the treasury set aside.
    fn budget(&self, row: &Proposal, region: &Party) -> Value {
        let lines = self.lines.of(row.id);
        // Sources other than the DAK are named for completeness, and nobody decides on them here.
        let amount = |line: &Line| match line.fund_source {
            FundSource::Dak => line.approved_idr.unwrap_or_default(),
            FundSource::Apbd | FundSource::Apbn | FundSource::NonPhysicalDak => line.amount_idr,
        };
        let mut sources: BTreeMap<FundSource, Rupiah> = BTreeMap::new();
        let mut components: BTreeMap<Component, Rupiah> = BTreeMap::new();
        for line in lines {
            let source = sources.entry(line.fund_source).or_default();
            *source = Rupiah::total([*source, amount(line)]);
            if line.fund_source == FundSource::Dak {
                let component = components.entry(line.component).or_default();
                *component = Rupiah::total([*component, amount(line)]);
            }
        }
        let whole = Rupiah::total(sources.values().copied());
        let of_source = sources.iter().map(|(source, amount)| {
            let party = if *source == FundSource::Apbd { region } else { &parties::TREASURY };
            json!({ "id": source, "description": source_name(*source), "amount": value(*amount),
                "period": year(zone(row), row.fiscal_year), "sourceParty": party.reference() })
        });
        let of_component = components.iter().map(|(component, amount)| {
            json!({ "id": component, "description": component.label_id(), "amount": value(*amount),
                "period": year(zone(row), row.fiscal_year), "sourceParty": parties::TREASURY.reference() })
        });
        let at = |names: &[&str]| {
            let mut found = self.decided.of(row.id).iter();
            found.rfind(|(action, _)| names.contains(&action.as_str())).map(|(_, at)| *at)
        };
        json!({
            "description": "Usulan DAK Fisik bidang IKM yang disetujui",
            "amount": value(whole),
            "requestDate": at(&["proposal.submit"]),
            "approvalDate": at(&["proposal.approve", "proposal.approve_with_conditions"]),
            "budgetBreakdowns": [
                { "id": "fund-source", "description": "By source of funds", "budgetBreakdown": of_source.collect::<Vec<_>>() },
                { "id": "component", "description": "DAK Fisik by component", "budgetBreakdown": of_component.collect::<Vec<_>>() },
            ],
            "finance": self.finance(row),
        })
    }

    /// The authority that was set aside of the region's allocation, with the legal bases that stand; and what came from
    /// earlier years, by the year that it was first paid in.
    fn finance(&self, row: &Proposal) -> Vec<Value> {
        let figures = self.figures.get(&row.id).copied().unwrap_or_default();
        let mut bases: Vec<&str> = Vec::new();
        let mut carried: BTreeMap<i64, (Rupiah, Vec<&str>)> = BTreeMap::new();
        for entry in self.standing(row) {
            let basis = entry.reason.as_deref().unwrap_or_default();
            match (entry.kind, entry.to_account, entry.origin_year) {
                (EntryKind::Allocate | EntryKind::Cut, ..) => name(&mut bases, basis),
                (EntryKind::Carry, Account::Region, Some(year)) => {
                    let (sum, bases) = carried.entry(year).or_default();
                    *sum = Rupiah::total([*sum, entry.amount_idr]);
                    name(bases, basis);
                }
                _ => {}
            }
        }
        let item = |id: String, source: &str, bases: &[&str], amount: Rupiah, of: i64| {
            json!({ "id": id, "source": source, "description": bases.join("; "), "value": value(amount),
                "financingParty": parties::TREASURY.reference(), "period": year(zone(row), of) })
        };
        let source = "Dana Alokasi Khusus (DAK) Fisik";
        let own = (figures.ceiling_idr != Rupiah::ZERO)
            .then(|| item("DAK".to_owned(), source, &bases, figures.ceiling_idr, row.fiscal_year));
        let leftover = carried.iter().map(|(year, (sum, bases))| {
            item(format!("DAK-{year}"), &format!("Sisa DAK Fisik {year}"), bases, *sum, *year)
        });
        own.into_iter().chain(leftover).collect()
    }

    fn documents(&self, row: &Proposal, publisher: &Publisher) -> Vec<Value> {
        let shown = |one: &Document| {
            let document_type = if self.is_amendment(row, one) {
                "contractAmendment"
            } else {
                document_type(&one.document_type)
            };
            json!({
                "id": one.id,
                "documentType": document_type,
                "title": one.title.clone().unwrap_or_else(|| one.document_type.clone()),
                "description": one.number.as_ref().map(|number| format!("Nomor {number}")),
                "url": format!("{}/api/v1/documents/{}/content", publisher.base_url, one.id),
                "datePublished": one.uploaded_at,
                "format": one.media_type,
                "language": "id",
                "accessDetails": "Sign in to Sentra; what a person may see follows from the person's roles.",
            })
        };
        self.documents.of(row.id).iter().map(shown).collect()
    }

    /// Whether a file is that of an amendment: it has its number. Contracts and amendments are brought as the same type.
    fn is_amendment(&self, row: &Proposal, file: &Document) -> bool {
        let Some(number) = file.number.as_deref().filter(|_| file.document_type == "contract")
        else {
            return false;
        };
        let key = number_key(number);
        let is_contract = self.contracts.of(row.id).iter().any(|one| one.number_key == key);
        !is_contract && self.amended.contains(&(row.id, key))
    }

    /// Physical and financial progress, as it was reported and stands. Money is as of the day of submission, when it was
    /// read from the journal.
    fn metrics(&self, row: &Proposal) -> Vec<Value> {
        let reports = self.reports.of(row.id);
        let of = |id: &str, title: &str, seen: &dyn Fn(&Report) -> Value| {
            let observations: Vec<Value> =
                reports.iter().map(seen).filter(|one| !one.is_null()).collect();
            json!({ "id": id, "title": title, "observations": observations })
        };
        let physical = |one: &Report| {
            let (whole, rest) = (one.physical_bp.0 / 100, one.physical_bp.0 % 100);
            json!({
                "id": one.id, "period": { "endDate": end_of(zone(row), one.as_of) }, "measure": format!("{whole}.{rest:02}"),
                "unit": { "name": "percent", "scheme": "UNCEFACT", "id": "P1" }, "notes": one.output,
            })
        };
        let financial = |one: &Report| {
            let kept = one.figures.as_deref().map(serde_json::from_str::<EightFigures>);
            let Some((Ok(figures), at)) = kept.zip(one.submitted_at) else { return Value::Null };
            let on = at.date_in(zone(row));
            json!({
                "id": one.id, "period": { "endDate": end_of(zone(row), on) }, "value": value(Rupiah(figures.absorbed_idr)),
            })
        };
        if reports.is_empty() {
            return Vec::new();
        }
        vec![
            of("physicalProgress", "Physical progress", &physical),
            of("financialProgress", "Financial progress", &financial),
        ]
    }

    /// The entries that stand, those that were taken back left out.
    fn standing(&self, row: &Proposal) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.of(row.id);
        let taken: HashSet<_> = entries.iter().filter_map(|entry| entry.reverses_id).collect();
        entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Reverse)
            .filter(move |entry| !taken.contains(&entry.id))
    }

    /// What the treasury paid, and what came back, that stands.
    fn payments(&self, row: &Proposal) -> impl Iterator<Item = &Entry> {
        let is_one = |entry: &&Entry| matches!(entry.kind, EntryKind::Disburse | EntryKind::Return);
        self.standing(row).filter(is_one)
    }

    fn milestones(&self, row: &Proposal) -> Vec<Value> {
        let paid = self.payments(row).filter(|entry| entry.kind == EntryKind::Disburse);
        let mut all: Vec<Value> = paid
            .map(|entry| {
                json!({ "id": entry.id, "title": "Penyaluran DAK Fisik", "type": "payment", "status": "met",
                    "dateMet": day(zone(row), entry.effective_on), "value": value(entry.amount_idr) })
            })
            .collect();
        let handover = row.handover_on.map(|on| {
            json!({ "id": "handover", "title": "Berita acara serah terima (BAST)", "type": "delivery",
                "status": "met", "dateMet": day(zone(row), on) })
        });
        let in_use = row.operating_since.map(|on| {
            json!({ "id": "operation", "title": "Sentra mulai beroperasi", "type": "delivery",
                "status": "met", "dateMet": day(zone(row), on) })
        });
        all.extend(handover.into_iter().chain(in_use));
        all
    }

    /// What went from the treasury to the region, and came back.
    fn transactions(&self, row: &Proposal, region: &Party) -> Vec<Value> {
        let shown = |entry: &Entry| {
            let (payer, payee) = match entry.kind {
                EntryKind::Return => (region, &parties::TREASURY),
                _ => (&parties::TREASURY, region),
            };
            json!({ "id": entry.id, "source": entry.source_kind, "date": day(zone(row), entry.effective_on),
                "value": value(entry.amount_idr), "payer": payer.reference(), "payee": payee.reference() })
        };
        self.payments(row).map(shown).collect()
    }

    /// How it ended: when, at what cost, with what scope, and why otherwise than approved.
    fn completion(&self, row: &Proposal) -> Value {
        let over = matches!(row.state, State::Reporting | State::Operating | State::Closed);
        if !over {
            return Value::Null;
        }
        // Until it is closed, money can be spent, and come back.
        let is_final = row.state == State::Closed;
        let figures = self.figures.get(&row.id).copied().unwrap_or_default();
        let closed =
            self.decided.of(row.id).iter().rfind(|one| one.0.starts_with("proposal.close"));
        let planned_end = self.contracts.of(row.id).iter().map(|one| one.ends_on).max();
        let end =
            row.handover_on.map(|on| end_of(zone(row), on)).or(closed.map(|(_, at)| json!(at)));
        let late =
            row.handover_on.zip(planned_end).filter(|(handover, planned)| handover > planned);
        // From every source, as the budget is.
        let cost = Rupiah::total(self.contracts.of(row.id).iter().map(|one| one.spent_idr));
        let last = self.final_report(row);
        json!({
            "endDate": end,
            "endDateDetails": late.map(|(_, planned)| format!("The last contract ended on {planned}.")),
            "finalValue": is_final.then(|| value(cost)),
            "finalValueDetails": is_final.then(|| cost_details(cost, &figures)),
            "finalScope": last.map(|report| report.output.clone()),
            "finalScopeDetails": last.map(|report| joined(&[&report.problems, &report.follow_up], " ")),
        })
    }
}

/// What became of the money, where the cost is not what was set aside; nothing otherwise.
fn cost_details(cost: Rupiah, figures: &Figures) -> String {
    let mut said = Vec::new();
    let absorbed = figures.absorbed_idr;
    if cost != absorbed {
        said.push(format!("{absorbed} of it was paid from the DAK."));
    }
    let carried = [
        (figures.carried_in_idr, "came from projects of earlier years"),
        (figures.carried_out_idr, "went to projects of later years"),
    ];
    let carried: Vec<_> = carried.iter().filter(|(amount, _)| *amount != Rupiah::ZERO).collect();
    if figures.ceiling_idr != absorbed || !carried.is_empty() {
        let (aside, released, back) =
            (figures.ceiling_idr, figures.released_idr, figures.returned_idr);
        said.push(format!(
            "{aside} was set aside; {released} of it was released, {back} was paid back."
        ));
    }
    said.extend(carried.iter().map(|(amount, what)| format!("{amount} {what}.")));
    said.join(" ")
}

/// What the entries came from that were taken back. Ids tell one thing from another, whatever its kind.
fn undone(entries: &[Entry]) -> HashSet<String> {
    let mirrors = entries.iter().filter(|entry| entry.kind == EntryKind::Reverse);
    mirrors.map(|entry| entry.source_id.clone()).collect()
}

/// Value and end of contracts as they were signed: what the first amendment found, also one that was taken back. They come
/// by contract, in their order.
fn as_signed(amendments: &[Amendment]) -> HashMap<ContractId, (Rupiah, NaiveDate)> {
    let mut signed = HashMap::new();
    for one in amendments {
        let found = (one.value_before_idr, one.ends_before_on);
        signed.entry(one.contract_id).or_insert(found);
    }
    signed
}

/// The numbers of amendments, as numbers are compared.
fn numbers(amendments: &[Amendment]) -> HashSet<(ProposalId, String)> {
    amendments.iter().map(|one| (one.proposal_id, one.number_key.clone())).collect()
}

/// Names a legal basis, once.
fn name<'a>(bases: &mut Vec<&'a str>, basis: &'a str) {
    if !bases.contains(&basis) {
        bases.push(basis);
    }
}

/// What is not blank, in one text.
fn joined(parts: &[&str], mark: &str) -> String {
    let parts: Vec<&str> =
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    parts.join(mark)
}

/// Rupiah as the standard has values.
pub fn value(amount: Rupiah) -> Value {
    json!({ "amount": amount, "currency": "IDR" })
}

/// The zone of a proposal's region.
pub fn zone(row: &Proposal) -> Zone {
    Zone::of(&row.region_code)
}

/// The beginning of a day, as the clocks of a zone show it: whoever cuts the date out of it finds the day that was meant.
pub fn day(zone: Zone, on: NaiveDate) -> Value {
    json!(format!("{on}T00:00:00+{:02}:00", zone.hours()))
}

/// The last second of a day, as the clocks of a zone show it.
fn end_of(zone: Zone, on: NaiveDate) -> Value {
    json!(format!("{on}T23:59:59+{:02}:00", zone.hours()))
}

/// From the beginning of one day to the end of another.
pub fn period(zone: Zone, start: NaiveDate, end: NaiveDate) -> Value {
    json!({ "startDate": day(zone, start), "endDate": end_of(zone, end) })
}

fn year(zone: Zone, of: i64) -> Value {
    let day = |month, day| {
        i32::try_from(of).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
    };
    day(1, 1).zip(day(12, 31)).map_or(Value::Null, |(start, end)| period(zone, start, end))
}

/// What has a value: nothing that is null, blank or empty. The standard wants such fields left out.
pub fn pruned(value: Value) -> Value {
    let holds = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, pruned(value)))
                .filter(|(_, value)| holds(value))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(pruned).filter(holds).collect()),
        other => other,
    }
}

/// Where a project in a state stands, in the standard's words.
const fn status(state: State) -> &'static str {
    match state {
        State::Draft
        | State::PlanningCheck
        | State::Endorsement
        | State::Verification
        | State::Clarification => "identification",
        State::TechnicalReview
        | State::SiteVerification
        | State::Harmonisation
        | State::Decision
        | State::Approved
        | State::Allocated
        | State::Planned => "preparation",
        State::Contracted | State::Funded => "implementation",
        State::Reporting => "completion",
        State::Operating | State::Closed => "maintenance",
        State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded
        | State::Forfeited
        | State::Cancelled => "cancelled",
    }
}

const fn menu(menu: Menu) -> &'static str {
    match menu {
        Menu::Construction => "Pembangunan sentra IKM",
        Menu::Revitalisation => "Revitalisasi sentra IKM",
    }
}

const fn purpose(class: OutcomeClass) -> &'static str {
    match class {
        OutcomeClass::Ovop => "One village, one product (OVOP)",
        OutcomeClass::Export => "Export products",
        OutcomeClass::FoodSecurity => "Food security",
        OutcomeClass::SupplyChain => "A place in the supply chain of large industry",
    }
}

const fn source_name(source: FundSource) -> &'static str {
    match source {
        FundSource::Dak => "DAK Fisik bidang IKM",
        FundSource::Apbd => "Anggaran pendapatan dan belanja daerah (APBD)",
        FundSource::Apbn => "Anggaran pendapatan dan belanja negara (APBN)",
        FundSource::NonPhysicalDak => "DAK Nonfisik",
    }
}

/// A document's type in the standard's words, where it has one; its own code otherwise.
fn document_type(code: &str) -> &str {
    match code {
        "feasibility_study" => "feasibilityStudy",
        "environmental_document" => "environmentalImpact",
        "land_certificate" | "land_statement" | "site_right" => "landAndSettlementImpact",
        "tor" => "projectScope",
        "rab" => "billOfQuantity",
        "ded" => "designReport",
        "condition_survey" | "gap_list" => "needsAssessment",
        "operating_plan" => "projectPlan",
        "contract" => "contractSigned",
        "handover_minutes" | "completion_statement" => "completionCertificate",
        "absorption_report" | "payment_order" | "leftover_report" => "financialProgressReport",
        "site_visit_report" | "report_annex" | "inspection_review" => "physicalProgressReport",
        "regional_budget" => "budgetApproval",
        "photo_0" | "photo_50" | "photo_100" | "photo_use" | "photo_visit" => "illustration",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_value_is_left_out_with_what_held_it() {
        let value =
            json!({ "a": null, "b": " ", "c": [{ "d": "" }, { "e": 0 }], "f": { "g": [] } });
        assert_eq!(pruned(value), json!({ "c": [{ "e": 0 }] }));
    }

    #[test]
    fn a_document_is_called_what_it_is() {
        assert_eq!(document_type("ded"), "designReport");
        assert_eq!(document_type("regional_budget"), "budgetApproval");
        assert_eq!(document_type("cover_letter"), "cover_letter", "a letter approves no budget");
    }

    #[test]
    fn a_year_is_a_period_of_its_days_by_the_clocks_of_the_region() {
        let expected = json!({ "startDate": "2021-01-01T00:00:00+07:00", "endDate": "2021-12-31T23:59:59+07:00" });
        assert_eq!(year(Zone::Wib, 2021), expected);
        assert_eq!(year(Zone::Wit, 2021)["endDate"], "2021-12-31T23:59:59+09:00");
    }
}
