//! What the projects of some proposals are made of, read together.

use crate::domain::ids::{ContractId, ProposalId, RegionCode};
use crate::domain::journal::{EntryKind, Figures};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::report::ReportKind;
use crate::service::error::Error;
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
use std::collections::{HashMap, HashSet};

/// What is asked of the trail: when it was proposed, when approved, when closed.
const DECIDED: [&str; 5] = [
    "proposal.submit",
    "proposal.approve",
    "proposal.approve_with_conditions",
    "proposal.close",
    CLOSED_UNUSED,
];
/// What was built is in nobody's use.
pub(super) const CLOSED_UNUSED: &str = "proposal.close_unused";

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
    pub(super) amended: HashSet<(ProposalId, String)>,
    pub(super) scope_changes: Vec<AmendmentLine>,
    pub(super) expenditures: Grouped<Expenditure>,
    pub(super) recoveries: Grouped<Recovery>,
    /// What entries came from that were taken back.
    pub(super) undone: HashSet<String>,
    entries: Grouped<Entry>,
    pub(super) reports: Grouped<Report>,
    pub(super) documents: Grouped<Document>,
    pub(super) decided: Grouped<(String, Moment)>,
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

    /// The final report that stands.
    pub(super) fn final_report(&self, row: &Proposal) -> Option<&Report> {
        self.reports.of(row.id).iter().rfind(|one| one.kind == ReportKind::Final)
    }

    /// The entries that stand, those that were taken back left out.
    pub(super) fn standing(&self, row: &Proposal) -> impl Iterator<Item = &Entry> {
        let entries = self.entries.of(row.id);
        let taken: HashSet<_> = entries.iter().filter_map(|entry| entry.reverses_id).collect();
        entries
            .iter()
            .filter(|entry| entry.kind != EntryKind::Reverse)
            .filter(move |entry| !taken.contains(&entry.id))
    }

    /// What the treasury paid, and what came back, that stands.
    pub(super) fn payments(&self, row: &Proposal) -> impl Iterator<Item = &Entry> {
        let is_one = |entry: &&Entry| matches!(entry.kind, EntryKind::Disburse | EntryKind::Return);
        self.standing(row).filter(is_one)
    }
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
