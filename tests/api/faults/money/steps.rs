//! What moves money, by chance: set aside, planned, contracted, asked for, paid, spent, returned, closed; and what holds
//! it up.

use super::{
    ABSORBED, APPROVED, Bound, CEILED, CEILING, CONTRACTED, DISBURSED, Done, PLANNED, Pending,
    Play, RETURNED, TOLERANCE, id, input,
};
use chrono::Days;
use rand::RngExt;
use sentra::domain::act::{ActData, Action, Handover};
use sentra::domain::contract::ContractRole;
use sentra::domain::ids::{
    ContractId, ExpenditureId, HoldId, PlanId, ProposalId, ReportId, TrancheRequestId,
};
use sentra::domain::line::FundSource;
use sentra::domain::money::{BasisPoints, Rupiah};
use sentra::domain::plan::Method;
use sentra::domain::proposal::State;
use sentra::domain::report::ReportKind;
use sentra::service::error::Error;
use sentra::service::{contract, hold, plan, report, spending, tranche};
use serde_json::json;

impl Play<'_> {
    pub(super) fn agree(&self, what: &str, expected: bool, real: &Done) {
        match (expected, real) {
            (true, Ok(())) | (false, Err(Error::Refused(_))) => {}
            _ => panic!("{what}: the model says {expected}, it is {real:?}"),
        }
    }

    pub(super) fn allocate(&mut self, at: usize) {
        let room = self.amount - self.used;
        let amount = self.around(APPROVED.min(room));
        let case = &self.cases[at];
        let data = ActData {
            amount_idr: Some(Rupiah(amount)),
            legal_basis: Some("Perpres".to_owned()),
            ..ActData::default()
        };
        let real = self.act("treasurer", case.id, Action::Allocate, data);
        let fits = case.state == State::Approved && amount <= APPROVED && amount <= room;
        self.agree("allocate", fits, &real);
        if fits {
            self.used += amount;
            self.cases[at].state = State::Allocated;
            self.cases[at].figures[CEILED] = amount;
        }
    }

    pub(super) fn plan(&mut self, at: usize) {
        if matches!(self.cases[at].state, State::Planned | State::Contracted | State::Funded) {
            return; // A change of the plan in force, which has tests of its own.
        }
        let most = self.cases[at].figures[CEILED] + TOLERANCE;
        let total = if self.dice.random_ratio(1, 4) { self.around(most) } else { most - TOLERANCE };
        let case = &self.cases[at];
        let fits = case.state == State::Allocated && 0 < total && total <= most;
        let real = self.write_plan(case.id, total);
        self.agree("plan", fits, &real);
        if fits {
            self.cases[at].state = State::Planned;
            self.cases[at].figures[PLANNED] = total;
        }
    }

    fn write_plan(&self, proposal: ProposalId, total: i64) -> Done {
        let line = plan::PlanLineDraft {
            line_no: 1,
            volume_thousandths: 1_000,
            amount_idr: Rupiah(total),
            method: Method::Contract,
            target_output: String::new(),
            supporting_activity: None,
        };
        let (target_output, lines) = ("Mesin".to_owned(), vec![line]);
        let draft = plan::PlanDraft { target_output, lines, reason: None };
        let reply = plan::create(&self.sv, &self.cx("drafter", None), proposal, &input(draft))?;
        let id: PlanId = id(&reply);
        plan::submit(&self.sv, &self.cx("drafter", Some(1)), id)?;
        let approval = input(plan::PlanApproval::default());
        plan::approve(&self.sv, &self.cx("approver", Some(2)), id, &approval).map(|_| ())
    }

    pub(super) fn contract(&mut self, at: usize) {
        let number = format!("K/{}", self.next());
        let left = self.cases[at].figures[PLANNED] - self.cases[at].figures[CONTRACTED];
        let value = self.around(left);
        let today = self.today();
        let draft = contract::ContractDraft {
            number,
            signed_on: today,
            role: ContractRole::Goods,
            vendor_name: "PT Mesin".to_owned(),
            vendor_tax_number: None,
            value_idr: Rupiah(value),
            fund_source: FundSource::Dak,
            lines: vec![1],
            starts_on: today,
            ends_on: today,
        };
        let case = &mut self.cases[at];
        let id_of = case.id;
        let fits = matches!(case.state, State::Planned | State::Contracted | State::Funded);
        let reply = contract::create(&self.sv, &self.cx("drafter", None), id_of, &input(draft));
        let made = reply.as_ref().ok().map(id::<ContractId>);
        self.agree("contract", fits, &reply.map(|_| ()));
        if let Some(made) = made {
            self.cases[at].contracts.push(Bound {
                id: made,
                value,
                spent: 0,
                voided: false,
                amended: Vec::new(),
            });
            self.cases[at].figures[CONTRACTED] += value;
        }
    }

    pub(super) fn accept(&mut self, at: usize) {
        let case = &self.cases[at];
        let real = self.act("inspector", case.id, Action::AcceptContracts, ActData::default());
        let stands = case.contracts.iter().any(|one| !one.voided);
        let fits = case.state == State::Planned && stands;
        self.agree("accept contracts", fits, &real);
        if fits {
            self.cases[at].state = State::Contracted;
        }
    }

    pub(super) fn request(&mut self, at: usize) {
        let case = &self.cases[at];
        if matches!(case.state, State::Approved | State::Cancelled) {
            return;
        }
        let unpaid = case.figures[CONTRACTED] - case.figures[DISBURSED];
        let (amount, wrong) = (self.around(unpaid), i64::from(self.dice.random_ratio(1, 10)));
        let case = &self.cases[at];
        let n = case.paid.last().copied().unwrap_or(0) + 1 + wrong;
        let item = tranche::ItemDraft { proposal_id: case.id, amount_idr: Rupiah(amount) };
        let draft = tranche::TrancheDraft { n, items: vec![item] };
        let cx = self.cx("head", None);
        let reply = tranche::request(&self.sv, &cx, self.allocation, &input(draft));
        // There is one tranche, which brings what contracts need.
        let fits = case.may_be_paid(amount) && case.pending.is_none() && n == 1;
        let made = reply.as_ref().ok().map(id::<TrancheRequestId>);
        self.agree("request", fits, &reply.map(|_| ()));
        if let Some(id) = made {
            self.cases[at].pending = Some(Pending { id, n, amount, steps: 0 });
        }
    }

    /// The next step of the request that waits: reviewed, verified, paid; or refused.
    pub(super) fn advance(&mut self, at: usize) {
        let Some(Pending { id, n, amount, steps }) = self.cases[at].pending.take() else { return };
        let version = Some(steps + 1);
        if steps > 0 && self.dice.random_ratio(1, 10) {
            let reason = input(plan::Reason { comment: "Tidak lengkap.".to_owned() });
            let real = tranche::refuse(&self.sv, &self.cx("second", version), id, &reason);
            return self.agree("refuse", true, &real.map(|_| ()));
        }
        let waits = Some(Pending { id, n, amount, steps: steps + 1 });
        match steps {
            0 => {
                let real = tranche::review(&self.sv, &self.cx("inspector", version), id);
                self.agree("review", true, &real.map(|_| ()));
                self.cases[at].pending = waits;
            }
            1 => {
                let real = tranche::verify(&self.sv, &self.cx("second", version), id);
                self.agree("verify", true, &real.map(|_| ()));
                self.cases[at].pending = waits;
            }
            _ => {
                let draft =
                    tranche::PaymentDraft { payment_number: format!("KPPN/{id}"), paid_on: None };
                let cx = self.cx("treasurer", version);
                let real = tranche::pay(&self.sv, &cx, id, &input(draft)).map(|_| ());
                let case = &self.cases[at];
                let fits = case.may_be_paid(amount) && case.held.is_none();
                self.agree("pay", fits, &real);
                let case = &mut self.cases[at];
                if fits {
                    case.figures[DISBURSED] += amount;
                    case.paid.push(n);
                    if case.state == State::Contracted {
                        case.state = State::Funded;
                    }
                } else {
                    case.pending = Some(Pending { id, n, amount, steps });
                }
            }
        }
    }

    pub(super) fn spend(&mut self, at: usize) {
        let number = format!("S/{}", self.next());
        let in_hand = self.cases[at].in_hand();
        let Some(which) = self.cases[at].contracts.iter().rposition(|one| !one.voided) else {
            return;
        };
        let contract_id = self.cases[at].contracts[which].id;
        let amount =
            if self.dice.random_ratio(1, 2) { in_hand.max(1) } else { self.around(in_hand) };
        let draft = spending::ExpenditureDraft {
            contract_id,
            number,
            spent_on: self.today(),
            amount_idr: Rupiah(amount),
            description: String::new(),
            penalty_idr: None,
            is_advance: false,
        };
        let case = &self.cases[at];
        let real = spending::spend(&self.sv, &self.cx("drafter", None), case.id, &input(draft));
        let fits = matches!(case.state, State::Contracted | State::Funded | State::Reporting);
        let made = real.as_ref().ok().map(id::<ExpenditureId>);
        self.agree("spend", fits, &real.map(|_| ()));
        if let Some(made) = made {
            let case = &mut self.cases[at];
            case.overdrawn |= amount > in_hand;
            case.figures[ABSORBED] += amount;
            case.contracts[which].spent += amount;
            case.on.insert(made.to_string(), which);
        }
    }

    pub(super) fn give_back(&mut self, at: usize) {
        let number = format!("R/{}", self.next());
        let in_hand = self.cases[at].in_hand();
        let amount = self.around(in_hand);
        let draft = spending::ReturnDraft {
            number,
            returned_on: self.today(),
            amount_idr: Rupiah(amount),
            reason: "Sisa".to_owned(),
        };
        let case = &self.cases[at];
        let real = spending::give_back(&self.sv, &self.cx("drafter", None), case.id, &input(draft));
        let fits = matches!(case.state, State::Funded | State::Reporting)
            || (matches!(case.state, State::Closed | State::Forfeited | State::Cancelled)
                && in_hand > 0);
        self.agree("return", fits, &real.map(|_| ()));
        if fits {
            let case = &mut self.cases[at];
            case.overdrawn |= amount > in_hand;
            case.figures[RETURNED] += amount;
        }
    }

    pub(super) fn complete(&mut self, at: usize) {
        // Long ago: no final report is dated before it.
        let date = self.today().checked_sub_days(Days::new(10_000)).expect("a day");
        let handover = Handover { number: "BAST/1".to_owned(), date, value_idr: None };
        let data = ActData {
            handover: Some(handover),
            output_bp: Some(BasisPoints::WHOLE),
            ..ActData::default()
        };
        let case = &self.cases[at];
        let real = self.act("drafter", case.id, Action::CompleteWorks, data);
        let fits = case.state == State::Funded;
        self.agree("complete works", fits, &real);
        if fits {
            self.cases[at].state = State::Reporting;
        }
    }

    pub(super) fn report(&mut self, at: usize) {
        let back = u64::try_from(self.next()).expect("a count");
        let draft = report::ReportDraft {
            kind: ReportKind::Final,
            as_of: self.today().checked_sub_days(Days::new(back)).expect("a day"),
            physical_bp: BasisPoints::WHOLE,
            output: String::new(),
            workforce: 0,
            problems: String::new(),
            follow_up: String::new(),
        };
        let case = &self.cases[at];
        let fits = matches!(case.state, State::Reporting | State::Operating);
        let real = report::create(&self.sv, &self.cx("drafter", None), case.id, &input(draft))
            .and_then(|reply| {
                let id: ReportId = id(&reply);
                report::submit(&self.sv, &self.cx("drafter", Some(1)), id)?;
                report::review(&self.sv, &self.cx("inspector", Some(2)), id)
            });
        self.agree("report", fits, &real.map(|_| ()));
        self.cases[at].final_reviewed |= fits;
    }

    pub(super) fn close(&mut self, at: usize) {
        let data = ActData {
            baseline_comparison: Some("Naik.".to_owned()),
            baseline_outcome: json!({ "businesses": 55 }).as_object().cloned(),
            ..ActData::default()
        };
        let case = &self.cases[at];
        let real = self.act("inspector", case.id, Action::Close, data);
        let fits = case.state == State::Reporting
            && case.final_reviewed
            && case.in_hand() == 0
            && case.held.is_none();
        self.agree("close", fits, &real);
        if fits {
            self.end(at, State::Closed);
        }
    }

    pub(super) fn cancel(&mut self, at: usize) {
        let case = &self.cases[at];
        let real = self.act("approver", case.id, Action::Cancel, ActData::default());
        let early = [State::Approved, State::Allocated, State::Planned, State::Contracted];
        let fits = early.contains(&case.state) && case.figures[DISBURSED] == 0;
        self.agree("cancel", fits, &real);
        if fits {
            self.end(at, State::Cancelled);
        }
    }

    pub(super) fn end(&mut self, at: usize, state: State) {
        self.cases[at].state = state;
        // A request of which nothing is left to pay has ended with it.
        self.cases[at].pending = None;
        self.used -= self.cases[at].release();
    }

    pub(super) fn raise(&mut self) {
        let change = self.dice.random_range(-2_000_000_000..4_000_000_000);
        let amount = (self.used + change).max(2_000_000_000);
        let real = self.record_allocation(self.year, amount).map(|_| ());
        let fits = amount >= self.used && amount <= CEILING;
        self.agree("raise", fits, &real);
        if fits {
            self.amount = amount;
        }
    }

    /// An auditor holds it, or lets go of it: while it is held, it is neither paid nor closed.
    pub(super) fn hold(&mut self, at: usize) {
        let words = input(hold::HoldReason { reason: "Volume diperiksa.".to_owned() });
        let case = &self.cases[at];
        match case.held {
            None => {
                let reply = hold::set(&self.sv, &self.cx("auditor", None), case.id, &words);
                let made = reply.as_ref().ok().map(id::<HoldId>);
                let fits = !matches!(case.state, State::Closed | State::Cancelled);
                self.agree("hold", fits, &reply.map(|_| ()));
                self.cases[at].held = made;
            }
            Some(held) => {
                let real = hold::lift(&self.sv, &self.cx("auditor", Some(1)), held, &words);
                self.agree("lift", true, &real.map(|_| ()));
                self.cases[at].held = None;
            }
        }
    }
}
