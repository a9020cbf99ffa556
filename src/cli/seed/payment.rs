//! The cash of one proposal: tranches, payment orders, leftover, and the reports on them.

use crate::cli::seed::life::Life;
use crate::cli::seed::money::Done;
use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, ExpenditureId, ReportId, ReturnId, TrancheRequestId};
use crate::domain::input::number_key;
use crate::domain::journal::{EightFigures, EntryKind, Posting};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::people::{Duty, Role};
use crate::domain::report::{ReportKind, ReportState};
use crate::domain::tranche::{self, Mode, TrancheState};
use crate::storage::expenditure::Expenditure;
use crate::storage::report::Report;
use crate::storage::returns::Return;
use crate::storage::tranche::{TrancheItem, TrancheRequest};
use rand::RngExt;
use serde_json::json;

/// What the tranches of a staged payment bring the total to, in hundredths of the contracts.
const STAGES: [i64; 3] = [25, 70, 100];

impl Life<'_> {
    fn mode(&mut self) -> Mode {
        let limit = self.world.pinned.policy.lump_sum_limit();
        let row = self.world.allocation(&self.row.region_code, self.at);
        let mode = tranche::mode(row.mode, false, row.amount_idr, limit);
        row.mode = Some(mode);
        mode
    }

    /// What the next tranche brings.
    fn next_amount(&self, mode: Mode) -> Rupiah {
        let whole = self.aim.map_or(self.figures.contracted_idr, |aim| aim.disbursed);
        let stage = usize::try_from(self.tranches).ok().and_then(|n| STAGES.get(n));
        let up_to = match (mode, stage) {
            (Mode::Staged, Some(hundredths)) if *hundredths < 100 => whole.0 / 100 * hundredths,
            _ => whole.0,
        };
        Rupiah(up_to).minus(self.figures.disbursed_idr).unwrap_or_default()
    }

    /// A request that waits for its payment.
    pub(super) fn ask(&mut self) -> Done {
        let limit = self.world.pinned.policy.lump_sum_limit();
        let row = self.world.allocation(&self.row.region_code, self.at);
        let mode = tranche::mode(row.mode, false, row.amount_idr, limit);
        let amount = self.next_amount(mode);
        let request = self.request(amount, TrancheState::Verified)?;
        self.batch.requests.push(request);
        Ok(())
    }

    /// The next tranche, asked for, reviewed, verified and paid.
    pub(super) fn pay_next(&mut self) -> Done {
        let mode = self.mode();
        let amount = self.next_amount(mode);
        let request = self.request(amount, TrancheState::Paid)?;
        self.batch.requests.push(request);
        Ok(())
    }

    /// What the request just paid brings.
    pub(super) fn disburse(&mut self) -> Result<Rupiah, String> {
        let request = self.batch.requests.last().ok_or("nothing was paid")?;
        let (id, amount, paid_on) = (request.id, request.total_idr, request.paid_on);
        let source = ("tranche_request", id.to_string());
        self.post(Posting::of(EntryKind::Disburse, amount), source)?;
        if let Some(entry) = self.batch.entries.last_mut() {
            entry.effective_on = paid_on.ok_or("the last request was not paid")?;
        }
        Ok(amount)
    }

    /// Puts an arrow's event under what it has posted.
    pub(super) fn came_with(&mut self, first: usize, event: EventId) {
        for entry in self.batch.entries.iter_mut().skip(first) {
            entry.event_id = event;
        }
    }

    /// A further tranche of a funded proposal: an arrow of its own.
    pub(super) fn pay_again(&mut self) -> Done {
        self.pay_next()?;
        self.pass();
        self.row.version = self.row.version.saturating_add(1);
        let (state, first) = (self.row.state, self.batch.entries.len());
        let amount = self.disburse()?;
        let content = json!({
            "before": { "state": state }, "after": { "state": state }, "comment": null, "data": {},
            "amount_idr": amount, "details": [],
        });
        let by = Some(self.person(Role::Treasurer)?);
        let event = self.settle("proposal.disburse", by, Some(Duty::Payment), content)?;
        self.came_with(first, event);
        Ok(())
    }

    fn request(&mut self, amount: Rupiah, until: TrancheState) -> Result<TrancheRequest, String> {
        self.tranches = self.tranches.saturating_add(1);
        let id = TrancheRequestId(self.world.ids.next(&mut self.world.dice));
        let allocation_id = self.row.allocation_id.ok_or("there is no allocation")?;
        let (head, inspector) = (self.person(Role::RegionalHead)?, self.person(Role::Inspector)?);
        let verifier = self.world.cast.of(Role::Treasurer, &self.row.region_code, self.turn + 1)?;
        let payer = self.person(Role::Treasurer)?;
        self.pass();
        let item = TrancheItem { request_id: id, proposal_id: self.row.id, amount_idr: amount };
        let mut row = TrancheRequest {
            id,
            allocation_id,
            n: self.tranches,
            state: TrancheState::Requested,
            total_idr: amount,
            requested_at: self.at,
            requested_by: head.user,
            reviewed_at: None,
            reviewed_by: None,
            verified_at: None,
            verified_by: None,
            decided_at: None,
            decided_by: None,
            payment_number: None,
            paid_on: None,
            reason: None,
            version: 1,
        };
        let kind = SubjectKind::TrancheRequest;
        let asked = json!({ "n": row.n, "items": [item] });
        self.beneath("tranche.request", head, Duty::Endorsement, kind, id, 1, &row, asked)?;
        self.pass();
        row.state = TrancheState::Reviewed;
        (row.reviewed_at, row.reviewed_by, row.version) = (Some(self.at), Some(inspector.user), 2);
        self.beneath("tranche.review", inspector, Duty::Inspection, kind, id, 2, &row, json!({}))?;
        self.pass();
        row.state = TrancheState::Verified;
        (row.verified_at, row.verified_by, row.version) = (Some(self.at), Some(verifier.user), 3);
        let duty = Duty::PaymentVerification;
        self.beneath("tranche.verify", verifier, duty, kind, id, 3, &row, json!({}))?;
        if until == TrancheState::Paid {
            self.pass();
            row.state = TrancheState::Paid;
            (row.decided_at, row.decided_by, row.version) = (Some(self.at), Some(payer.user), 4);
            row.payment_number = Some(format!("KPPN/{}/{}", row.n, self.row.id));
            row.paid_on = Some(self.today());
            let paid = json!({ "payment_number": row.payment_number, "paid_on": row.paid_on });
            self.beneath("tranche.pay", payer, Duty::Payment, kind, id, 4, &row, paid)?;
        }
        self.batch.items.push(item);
        Ok(row)
    }

    /// What a proposal that stands in `funded` has got and spent so far.
    pub(super) fn funded(&mut self) -> Done {
        if let Some(aim) = self.aim {
            while self.figures.disbursed_idr < aim.disbursed {
                self.pay_again()?;
            }
            self.pay_contracts(aim.absorbed.0)?;
            return self.report(ReportKind::Quarterly, ReportState::Submitted, 60);
        }
        let more = self.world.dice.random_range(0..3);
        for _ in 0..more {
            if self.figures.disbursed_idr < self.figures.contracted_idr {
                self.pay_again()?;
            }
        }
        let hundredths = self.world.dice.random_range(20..95);
        self.spend(hundredths)?;
        self.report(ReportKind::Quarterly, ReportState::Submitted, 60)
    }

    /// Pays the contracts up to so many hundredths of what was disbursed; of the last one a little may be left.
    pub(super) fn spend(&mut self, hundredths: i64) -> Done {
        let cash = self.figures.in_hand().0 / 100 * hundredths;
        let all = self.figures.in_hand().0;
        let mut left = if hundredths == 100 { all } else { cash };
        let saved = hundredths == 100 && self.world.dice.random_ratio(1, 10);
        if saved {
            left -= all / 50;
        }
        self.pay_contracts(left)
    }

    /// Pays the contracts, one after the other, so much in all.
    fn pay_contracts(&mut self, mut left: i64) -> Done {
        for at in 0..self.contracts.len() {
            let Some(contract) = self.contracts.get(at) else { break };
            let room = contract.value_idr.minus(contract.spent_idr).unwrap_or_default();
            let amount = room.min(Rupiah(left));
            if amount > Rupiah::ZERO {
                left -= amount.0;
                self.order(at, amount)?;
            }
        }
        Ok(())
    }

    fn order(&mut self, at: usize, amount: Rupiah) -> Done {
        self.pass();
        let drafter = self.person(Role::Drafter)?;
        let id = ExpenditureId(self.world.ids.next(&mut self.world.dice));
        let Some(contract) = self.contracts.get_mut(at) else { return Ok(()) };
        contract.spent_idr = Rupiah::total([contract.spent_idr, amount]);
        contract.version = contract.version.saturating_add(1);
        let paid_on = contract.clone();
        let number = format!("SP2D/{}", id.0.simple());
        let row = Expenditure {
            id,
            proposal_id: self.row.id,
            contract_id: paid_on.id,
            number_key: number_key(&number),
            number,
            spent_on: self.today(),
            amount_idr: amount,
            description: String::new(),
            flags: "[]".to_owned(),
            created_at: self.at,
            created_by: drafter.user,
            recording: 1,
            penalty_idr: Rupiah::ZERO,
            is_advance: false,
        };
        self.row.version = self.row.version.saturating_add(1);
        let content = json!({ "expenditure": row });
        let (action, kind) = ("proposal.record_expenditure", SubjectKind::Expenditure);
        let event = self.tell(action, Some(drafter), kind, id.to_string(), content)?;
        let (subject, version) = (paid_on.id.to_string(), paid_on.version);
        self.world.revise(self.batch, event, SubjectKind::Contract, subject, version, &paid_on)?;
        let (subject, version) = (self.row.id.to_string(), self.row.version);
        self.world.revise(self.batch, event, SubjectKind::Proposal, subject, version, &self.row)?;
        self.took_part(Some(drafter), Some(Duty::Spending));
        self.post(Posting::of(EntryKind::Spend, amount), ("expenditure", id.to_string()))?;
        self.batch.expenditures.push(row);
        Ok(())
    }

    pub(super) fn return_leftover(&mut self) -> Done {
        let left = self.figures.in_hand();
        if left <= Rupiah::ZERO {
            return Ok(());
        }
        self.pass();
        let drafter = self.person(Role::Drafter)?;
        let id = ReturnId(self.world.ids.next(&mut self.world.dice));
        let number = format!("STS/{}", id.0.simple());
        let row = Return {
            id,
            proposal_id: self.row.id,
            number_key: number_key(&number),
            number,
            returned_on: self.today(),
            amount_idr: left,
            reason: "Sisa kontrak".to_owned(),
            flags: "[]".to_owned(),
            created_at: self.at,
            created_by: drafter.user,
            recording: 1,
        };
        let content = json!({ "return": row });
        self.tell("return.create", Some(drafter), SubjectKind::Return, id.to_string(), content)?;
        self.took_part(Some(drafter), Some(Duty::Spending));
        self.post(Posting::of(EntryKind::Return, left), ("return", id.to_string()))?;
        self.batch.returns.push(row);
        Ok(())
    }

    pub(super) fn report(&mut self, kind: ReportKind, until: ReportState, hundredths: i64) -> Done {
        self.pass();
        let (drafter, inspector) = (self.person(Role::Drafter)?, self.person(Role::Inspector)?);
        let figures = EightFigures::from(self.figures);
        let id = ReportId(self.world.ids.next(&mut self.world.dice));
        let mut row = Report {
            id,
            proposal_id: self.row.id,
            kind,
            as_of: self.today(),
            state: ReportState::Submitted,
            physical_bp: BasisPoints::of(hundredths, 100),
            output: self.row.title.clone(),
            workforce: self.world.dice.random_range(10..120),
            problems: String::new(),
            follow_up: String::new(),
            figures: Some(serde_json::to_string(&figures).map_err(|error| error.to_string())?),
            submitted_at: Some(self.at),
            decided_at: None,
            comment: None,
            version: 2,
            created_at: self.at,
            created_by: drafter.user,
        };
        let content = json!({ "report": row });
        let (subject, duty) = (SubjectKind::Report, Duty::Drafting);
        self.beneath("report.submit", drafter, duty, subject, id, 2, &row, content)?;
        if until == ReportState::Reviewed {
            self.pass();
            (row.state, row.decided_at, row.version) = (ReportState::Reviewed, Some(self.at), 3);
            let duty = Duty::Inspection;
            self.beneath("report.review", inspector, duty, subject, id, 3, &row, json!({}))?;
        }
        self.batch.reports.push(row);
        Ok(())
    }
}
