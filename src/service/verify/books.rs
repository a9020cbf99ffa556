//! The books of a proposal: entries against what they came from, contracts against what was booked on them, and the flags.

use super::Check;
use crate::domain::ids::{ContractId, EntryId};
use crate::domain::journal::{Account, EntryKind, Figures, Posting};
use crate::domain::line::FundSource;
use crate::domain::money::Rupiah;
use crate::storage::amendment::{self, Amendment};
use crate::storage::carry::Carry;
use crate::storage::contract::Contract;
use crate::storage::journal::Entry;
use crate::storage::proposal::Proposal;
use crate::storage::tranche::Payment;
use crate::storage::verify::Recorded;
use std::collections::{HashMap, HashSet};

/// What is kept of the money of a proposal.
pub(super) struct Books<'a> {
    pub figures: &'a Figures,
    pub entries: &'a [Entry],
    pub contracts: &'a [Contract],
    pub amended: &'a [Amendment],
    pub spent: &'a [Recorded],
    pub recovered: &'a [Recorded],
    pub returned: &'a [Recorded],
    /// What was carried over and stands; of other proposals too.
    pub carried: &'a [Carry],
    /// What requests for tranches paid.
    pub paid: &'a [Payment],
}

impl Books<'_> {
    /// Whether the entry of something was taken back.
    fn is_undone(&self, kind: &str, id: &str) -> bool {
        self.entries.iter().any(|entry| {
            entry.kind == EntryKind::Reverse && entry.source_kind == kind && entry.source_id == id
        })
    }

    /// What of these is recorded on a contract and stands.
    fn on(&self, contract: ContractId, kind: &str, rows: &[Recorded]) -> Rupiah {
        let own = rows.iter().filter(|row| row.contract_id == Some(contract));
        let standing = own.filter(|row| !self.is_undone(kind, &row.id));
        Rupiah::total(standing.map(|row| row.amount_idr))
    }

    /// What entries bind by a contract and its amendments.
    fn bound_by(&self, contract: &Contract) -> Rupiah {
        let amendments: Vec<String> = self
            .amended
            .iter()
            .filter(|row| row.contract_id == contract.id)
            .map(|row| row.id.to_string())
            .collect();
        let id = contract.id.to_string();
        let own = self.entries.iter().filter(|entry| match entry.source_kind.as_str() {
            "contract" => entry.source_id == id,
            amendment::SOURCE => amendments.contains(&entry.source_id),
            _ => false,
        });
        let sum =
            own.fold(Figures::default(), |sum, entry| sum.after(&entry.posting()).unwrap_or(sum));
        sum.contracted_idr
    }
}

/// Whether an entry moves money as its kind says.
fn is_of_its_kind(entry: &Entry) -> bool {
    let posting = entry.posting();
    let amount = entry.amount_idr;
    let names_other = entry.reverses_id.is_some() || entry.reversed_kind.is_some();
    amount > Rupiah::ZERO
        && match entry.kind {
            EntryKind::Reverse => entry.reverses_id.is_some() && entry.reversed_kind.is_some(),
            EntryKind::Carry => {
                [Posting::of(EntryKind::Carry, amount), Posting::carried_in(amount)]
                    .contains(&posting)
            }
            EntryKind::Release => {
                let freed = [Account::Available, Account::Committed].contains(&posting.from);
                freed && posting.to == Account::Released && !names_other
            }
            kind => posting == Posting::of(kind, amount) && !names_other,
        }
}

impl Check<'_> {
    pub(super) fn books(&mut self, row: &Proposal, books: &Books<'_>) {
        self.entries(row, books);
        self.sources(books);
        self.payments(books);
        self.contracts(books);
        let reversed = books.entries.iter().filter(|entry| {
            entry.kind == EntryKind::Reverse && entry.reversed_kind == Some(EntryKind::Disburse)
        });
        let taken_back = Rupiah::total(reversed.map(|entry| entry.amount_idr));
        let gross = Rupiah::total([books.figures.disbursed_idr, taken_back]);
        self.same("disbursed", gross, Rupiah::total(books.paid.iter().map(|one| one.amount_idr)));
        let (id, carried) = (self.id, books.carried);
        let gave = carried.iter().filter(|row| row.from_proposal_id == id);
        let got = carried.iter().filter(|row| row.to_proposal_id == id);
        let gave = Rupiah::total(gave.map(|row| row.amount_idr));
        let got = Rupiah::total(got.map(|row| row.amount_idr));
        self.same("what it carried over", books.figures.carried_out_idr, gave);
        self.same("what was carried over to it", books.figures.carried_in_idr, got);
    }

    /// Each entry is one of its kind; a reversal is the mirror of an entry that nothing else takes back.
    fn entries(&mut self, row: &Proposal, books: &Books<'_>) {
        let by_id: HashMap<EntryId, &Entry> =
            books.entries.iter().map(|entry| (entry.id, entry)).collect();
        let mut taken = HashSet::new();
        let place = (Some(row.fiscal_year), Some(&row.region_code), row.allocation_id);
        for entry in books.entries {
            let stands = (entry.fiscal_year, &entry.region_code, entry.allocation_id);
            if place != (Some(stands.0), Some(stands.1), Some(stands.2)) {
                self.breach(format!(
                    "entry {} stands under another year, region or allocation",
                    entry.id
                ));
            }
            if !is_of_its_kind(entry) {
                self.breach(format!("entry {} is no {} entry", entry.id, entry.kind));
            }
            let Some(id) = entry.reverses_id else { continue };
            let mirrors = by_id.get(&id).is_some_and(|one| {
                one.posting().mirrored() == entry.posting()
                    && (&one.source_kind, &one.source_id) == (&entry.source_kind, &entry.source_id)
            });
            if !mirrors {
                self.breach(format!("entry {} is no mirror of entry {id}", entry.id));
            }
            if !taken.insert(id) {
                self.breach(format!("entry {id} is taken back more than once"));
            }
        }
    }

    /// What an entry says is what was recorded.
    fn sources(&mut self, books: &Books<'_>) {
        for (what, kind, rows) in [
            ("expenditure", EntryKind::Spend, books.spent),
            ("recovery", EntryKind::Recover, books.recovered),
            ("return", EntryKind::Return, books.returned),
        ] {
            let by_id: HashMap<&str, &Recorded> =
                rows.iter().map(|row| (row.id.as_str(), row)).collect();
            for entry in books.entries.iter().filter(|entry| entry.kind == kind) {
                match by_id.get(entry.source_id.as_str()) {
                    Some(row)
                        if (row.amount_idr, row.on) == (entry.amount_idr, entry.effective_on) => {}
                    Some(row) => self.breach(format!(
                        "entry {} says {} on {}, and {what} {} is of {} on {}",
                        entry.id,
                        entry.amount_idr,
                        entry.effective_on,
                        row.number,
                        row.amount_idr,
                        row.on
                    )),
                    None => self.breach(format!("entry {} has no {what}", entry.id)),
                }
            }
        }
    }

    /// Each disbursement is what its request paid, on the day of the payment.
    fn payments(&mut self, books: &Books<'_>) {
        for entry in books.entries.iter().filter(|entry| entry.kind == EntryKind::Disburse) {
            let mut paid = books.paid.iter();
            let paid = paid.find(|one| one.request_id.to_string() == entry.source_id);
            let agrees = paid.is_some_and(|one| {
                (one.amount_idr, one.paid_on) == (entry.amount_idr, Some(entry.effective_on))
            });
            if !agrees {
                self.breach(format!(
                    "entry {} says that {} was paid on {} by tranche request {}, which does not",
                    entry.id, entry.amount_idr, entry.effective_on, entry.source_id
                ));
            }
        }
    }

    fn contracts(&mut self, books: &Books<'_>) {
        let mut absorbed = Vec::new();
        for contract in books.contracts {
            let number = &contract.number;
            let spent = books.on(contract.id, "expenditure", books.spent);
            let recovered = books.on(contract.id, "recovery", books.recovered);
            let paid = Rupiah::total([spent, recovered.negated()]);
            self.same(&format!("spent on contract {number}"), contract.spent_idr, paid);
            let value = match contract.voided_at {
                Some(_) => Rupiah::ZERO,
                None => contract.value_idr,
            };
            let own = || books.amended.iter().filter(|row| row.contract_id == contract.id);
            // Of those that changed it, the last that stands; one that moved only the end says nothing of the value.
            let changed = own().rfind(|row| {
                row.value_idr != row.value_before_idr
                    && !books.is_undone(amendment::SOURCE, &row.id.to_string())
            });
            let signed = || own().next().map(|row| row.value_before_idr);
            let expected = changed.map(|row| row.value_idr).or_else(signed);
            if let Some(expected) = expected.filter(|_| contract.voided_at.is_none()) {
                self.same(&format!("value of contract {number}"), value, expected);
            }
            if contract.fund_source == FundSource::Dak {
                absorbed.push(contract.spent_idr);
                let bound = books.bound_by(contract);
                self.same(&format!("bound by contract {number}"), value, bound);
            }
        }
        self.same("absorbed", books.figures.absorbed_idr, Rupiah::total(absorbed));
    }

    /// Outside facts that break a rule; what was taken back breaks none.
    pub(super) fn flags(&mut self, row: &Proposal, books: &Books<'_>) {
        let mut found: Vec<(&str, &str, &str)> = Vec::new();
        for contract in books.contracts.iter().filter(|one| one.voided_at.is_none()) {
            found.push(("contract", &contract.number, &contract.flags));
        }
        for (what, rows) in [
            ("expenditure", books.spent),
            ("recovery", books.recovered),
            ("return", books.returned),
        ] {
            let standing = rows.iter().filter(|row| !books.is_undone(what, &row.id));
            found.extend(standing.map(|row| (what, row.number.as_str(), row.flags.as_str())));
        }
        for (what, number, flags) in found {
            let flags: Vec<String> = serde_json::from_str(flags).unwrap_or_default();
            for flag in flags {
                self.report.flags.push(format!("proposal {}: {what} {number}: {flag}", self.id));
            }
        }
        let left = books.figures.in_hand();
        if row.state.is_end() && left != Rupiah::ZERO {
            let state = row.state;
            self.report.flags.push(format!("proposal {}: {state} with {left} in hand", self.id));
        }
    }
}
