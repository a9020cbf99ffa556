//! What puts the books right, by chance: entries taken back, contracts amended, money that came back or goes on, ceilings
//! set anew.

use super::{
    ABSORBED, APPROVED, CARRIED_IN, CARRIED_OUT, CEILED, CONTRACTED, DISBURSED, LATER, Play,
    RETURNED, id, input,
};
use rand::RngExt;
use sentra::domain::ids::{AmendmentId, RecoveryId};
use sentra::domain::journal::EntryKind;
use sentra::domain::money::Rupiah;
use sentra::domain::proposal::State;
use sentra::service::{amendment, authority, carry, recovery, reversal};
use sentra::storage::journal::{self, Entry};

impl Play<'_> {
    /// Takes back one of a proposal's entries, whichever it is.
    pub(super) fn reverse(&mut self, at: usize) {
        let c = &mut self.db.connect();
        let entries = journal::of_proposal(c, self.cases[at].id, None, 10_000).expect("entries");
        if entries.is_empty() {
            return;
        }
        let entry = &entries[self.dice.random_range(0..entries.len())];
        let fits = self.can_be_undone(at, entry, &entries);
        let by = match entry.kind {
            EntryKind::Allocate | EntryKind::Cut | EntryKind::Disburse => "second",
            _ => "inspector",
        };
        let draft = reversal::ReversalDraft { reason: "Salah.".to_owned(), effective_on: None };
        let real = reversal::reverse(&self.sv, &self.cx(by, None), entry.id, &input(draft));
        self.agree(&format!("reverse {}", entry.kind), fits, &real.map(|_| ()));
        if fits {
            self.undo(at, entry);
        }
    }

    fn can_be_undone(&self, at: usize, entry: &Entry, entries: &[Entry]) -> bool {
        let case = &self.cases[at];
        let amount = entry.amount_idr.0;
        let is_undone = entries.iter().any(|one| one.reverses_id == Some(entry.id));
        // The clock stands still: whatever a proposal that ended has was booked before.
        if is_undone || case.state.is_end() {
            return false;
        }
        let cash = case.in_hand() - amount >= 0;
        let contracted = case.figures[CONTRACTED] - amount >= case.figures[DISBURSED];
        let contract = case.contracts.iter().find(|one| one.id.to_string() == entry.source_id);
        let amended = case
            .contracts
            .iter()
            .find(|one| one.amended.last().is_some_and(|(id, _)| *id == entry.source_id));
        match entry.kind {
            EntryKind::Allocate => case.bears(case.figures[CEILED] - amount),
            EntryKind::Cut => {
                case.figures[CEILED] + amount <= APPROVED && self.used + amount <= self.amount
            }
            EntryKind::Commit => match contract {
                Some(one) => contracted && one.amended.is_empty() && one.spent == 0,
                None => {
                    contracted
                        && amended
                            .is_some_and(|one| one.spent <= one.amended[one.amended.len() - 1].1)
                }
            },
            EntryKind::Decommit => amended.is_some(),
            EntryKind::Disburse => {
                let later = entries.iter().any(|one| {
                    one.kind == EntryKind::Disburse
                        && one.id > entry.id
                        && entries.iter().all(|other| other.reverses_id != Some(one.id))
                });
                cash && !later && case.pending.is_none()
            }
            EntryKind::Spend => case.contracts[case.on[&entry.source_id]].spent >= amount,
            EntryKind::Recover => cash,
            EntryKind::Return | EntryKind::Carry => true,
            EntryKind::Release | EntryKind::Reverse => false,
        }
    }

    fn undo(&mut self, at: usize, entry: &Entry) {
        let amount = entry.amount_idr.0;
        let case = &mut self.cases[at];
        let on = case.on.get(&entry.source_id).copied();
        match entry.kind {
            EntryKind::Allocate => {
                case.figures[CEILED] -= amount;
                self.used -= amount;
            }
            EntryKind::Cut => {
                case.figures[CEILED] += amount;
                self.used += amount;
            }
            EntryKind::Commit | EntryKind::Decommit => {
                let sign = if entry.kind == EntryKind::Commit { -1 } else { 1 };
                case.figures[CONTRACTED] += sign * amount;
                for one in &mut case.contracts {
                    if one.id.to_string() == entry.source_id {
                        one.voided = true;
                    } else if one.amended.last().is_some_and(|(id, _)| *id == entry.source_id) {
                        one.value = one.amended.pop().expect("amended").1;
                    }
                }
            }
            EntryKind::Disburse => {
                case.figures[DISBURSED] -= amount;
                case.paid.pop();
            }
            EntryKind::Spend => {
                case.figures[ABSORBED] -= amount;
                case.contracts[on.expect("a contract")].spent -= amount;
            }
            EntryKind::Recover => {
                case.figures[ABSORBED] += amount;
                case.contracts[on.expect("a contract")].spent += amount;
            }
            EntryKind::Return => case.figures[RETURNED] -= amount,
            EntryKind::Carry => {
                case.figures[CARRIED_OUT] -= amount;
                self.cases[LATER].figures[CARRIED_IN] -= amount;
            }
            EntryKind::Release | EntryKind::Reverse => unreachable!("it was refused"),
        }
    }

    /// One of a proposal's contracts, if it has any.
    fn any_contract(&mut self, at: usize) -> Option<usize> {
        let count = self.cases[at].contracts.len();
        (count > 0).then(|| self.dice.random_range(0..count))
    }

    pub(super) fn amend(&mut self, at: usize) {
        let number = format!("A/{}", self.next());
        let Some(which) = self.any_contract(at) else { return };
        let (value, spent) =
            (self.cases[at].contracts[which].value, self.cases[at].contracts[which].spent);
        let wanted = match self.dice.random_ratio(1, 3) {
            true => self.around(spent),
            false => (value + self.dice.random_range(-400_000_000..400_000_000)).max(1),
        };
        let draft = amendment::AmendmentDraft {
            number,
            signed_on: self.today(),
            value_idr: Rupiah(wanted),
            ends_on: None,
            lines: None,
            reason: "Adendum.".to_owned(),
        };
        let case = &self.cases[at];
        let contract = &case.contracts[which];
        let amendable = [State::Planned, State::Contracted, State::Funded, State::Reporting];
        let fits = amendable.contains(&case.state) && !contract.voided && wanted >= contract.spent;
        let real =
            amendment::create(&self.sv, &self.cx("drafter", None), contract.id, &input(draft));
        let made = real.as_ref().ok().map(id::<AmendmentId>);
        self.agree("amend", fits, &real.map(|_| ()));
        let Some(made) = made else { return };
        let case = &mut self.cases[at];
        case.figures[CONTRACTED] += wanted - value;
        case.amended_down |= case.figures[CONTRACTED] < case.figures[DISBURSED];
        let contract = &mut case.contracts[which];
        if wanted != value {
            contract.amended.push((made.to_string(), value));
            contract.value = wanted;
        }
    }

    pub(super) fn recover(&mut self, at: usize) {
        let number = format!("B/{}", self.next());
        let Some(which) = self.any_contract(at) else { return };
        if self.cases[at].contracts[which].voided {
            return;
        }
        let spent = self.cases[at].contracts[which].spent;
        let amount = self.around(spent);
        let case = &self.cases[at];
        let draft = recovery::RecoveryDraft {
            contract_id: case.contracts[which].id,
            number,
            received_on: self.today(),
            amount_idr: Rupiah(amount),
            reason: "Kekurangan volume.".to_owned(),
        };
        let real = recovery::create(&self.sv, &self.cx("drafter", None), case.id, &input(draft));
        let made = real.as_ref().ok().map(id::<RecoveryId>);
        self.agree("recover", amount <= spent, &real.map(|_| ()));
        let Some(made) = made else { return };
        let case = &mut self.cases[at];
        case.contracts[which].spent -= amount;
        case.figures[ABSORBED] -= amount;
        case.on.insert(made.to_string(), which);
    }

    pub(super) fn carry(&mut self, at: usize) {
        let in_hand = self.cases[at].in_hand();
        let amount = self.around(in_hand);
        let case = &self.cases[at];
        let draft = carry::CarryDraft {
            to_proposal_id: self.cases[LATER].id,
            carried_on: self.today(),
            amount_idr: Rupiah(amount),
            origin_year: None,
            legal_basis: "Perkada".to_owned(),
            reason: "Sisa.".to_owned(),
        };
        let real = carry::create(&self.sv, &self.cx("drafter", None), case.id, &input(draft));
        let gives =
            [State::Funded, State::Reporting, State::Closed, State::Forfeited, State::Cancelled];
        let fits = gives.contains(&case.state) && amount <= in_hand;
        self.agree("carry", fits, &real.map(|_| ()));
        if fits {
            self.cases[at].figures[CARRIED_OUT] += amount;
            self.cases[LATER].figures[CARRIED_IN] += amount;
        }
    }

    pub(super) fn set_ceiling(&mut self, at: usize) {
        let before = self.cases[at].figures[CEILED];
        let amount = self.around(before.max(APPROVED / 2));
        let case = &self.cases[at];
        let change = authority::CeilingChange {
            amount_idr: Rupiah(amount),
            legal_basis: "Inpres".to_owned(),
            effective_on: None,
        };
        let funded =
            [State::Allocated, State::Planned, State::Contracted, State::Funded, State::Reporting];
        let more = amount - before;
        let fits = funded.contains(&case.state)
            && more != 0
            && amount <= APPROVED
            && (more > 0 || case.bears_cut(amount))
            && self.used + more <= self.amount;
        let cx = self.at("treasurer", case.id);
        let real = authority::set_ceiling(&self.sv, &cx, case.id, &input(change));
        self.agree("set ceiling", fits, &real.map(|_| ()));
        if fits {
            self.used += more;
            self.cases[at].figures[CEILED] = amount;
        }
    }
}
