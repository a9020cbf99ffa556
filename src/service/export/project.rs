//! A proposal as a project of the Open Contracting for Infrastructure Data Standard (OC4IDS 0.9.5): budget, finance,
//! parties, contracting processes, progress, documents and completion. What is not known is left out.

use crate::domain::ids::RegionCode;
use crate::domain::input::number_key;
use crate::domain::journal::{Account, EightFigures, EntryKind, Figures};
use crate::domain::line::{Component, FundSource};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::proposal::{Menu, State};
use crate::service::export::Publisher;
use crate::service::export::page::{CLOSED_UNUSED, Page};
use crate::service::export::parties::{self, Parties, Party};
use crate::service::export::words::{
    day, document_type, end_of, joined, menu, period, pruned, purpose, source_name, status, value,
    year, zone,
};
use crate::storage::document::Document;
use crate::storage::journal::Entry;
use crate::storage::line::Line;
use crate::storage::proposal::Proposal;
use crate::storage::report::Report;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Page {
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

/// Names a legal basis, once.
fn name<'a>(bases: &mut Vec<&'a str>, basis: &'a str) {
    if !bases.contains(&basis) {
        bases.push(basis);
    }
}
