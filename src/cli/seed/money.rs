//! The money that one proposal is given: agreed and approved amounts, allocation, plan, contracts.

use crate::cli::seed::cast::Person;
use crate::cli::seed::life::Life;
use crate::cli::seed::picture::Portions;
use crate::cli::seed::world::round_up;
use crate::domain::act::Action;
use crate::domain::audit::SubjectKind;
use crate::domain::contract::ContractRole;
use crate::domain::ids::{AllocationId, ContractId, EntryId, EventId, PlanId};
use crate::domain::input::number_key;
use crate::domain::journal::{EntryKind, Posting};
use crate::domain::line::{Component, FundSource, LineFacts, totals};
use crate::domain::money::Rupiah;
use crate::domain::people::{Duty, Role};
use crate::domain::plan::{Method, PlanState};
use crate::domain::proposal::State;
use crate::domain::report::{ReportKind, ReportState};
use crate::service::line_review::spoken;
use crate::storage::contract::{Contract, ContractLine};
use crate::storage::journal::Entry;
use crate::storage::line::Line;
use crate::storage::plan::{Plan, PlanLine};
use chrono::Days;
use rand::RngExt;
use serde_json::json;

/// The step that allocations are rounded up to.
const ALLOCATION_STEP: i64 = 10_000_000;

/// Whether a contract is for a component.
type Covers = fn(Component) -> bool;
/// What a step comes to.
pub(super) type Done = Result<(), String>;

impl Life<'_> {
    /// What has to be there before an arrow can be taken.
    pub(super) fn prepare(&mut self, action: Action) -> Done {
        match action {
            Action::RequestClarification => self.ask_change(),
            Action::Answer => self.answer_changes(),
            Action::Verify => self.flag(),
            Action::Recommend => {
                self.accept_changes()?;
                self.assess()
            }
            Action::ProposeAgreement => self.review(Role::Reviewer, Duty::Review),
            Action::Approve => self.review(Role::Approver, Duty::Decision),
            Action::ApprovePlan => self.write_plan(),
            Action::AcceptContracts => self.sign(),
            Action::Disburse => self.pay_next(),
            Action::CompleteWorks => {
                while self.figures.disbursed_idr < self.figures.contracted_idr {
                    self.pay_again()?;
                }
                self.spend(100)
            }
            Action::HandOver => self.report(ReportKind::Final, ReportState::Reviewed, 100),
            Action::Close if self.row.state == State::Reporting => {
                self.report(ReportKind::Final, ReportState::Reviewed, 100)?;
                self.return_leftover()
            }
            Action::Close => self.return_leftover(),
            _ => Ok(()),
        }
    }

    /// What an arrow itself moves.
    pub(super) fn book(&mut self, action: Action) -> Result<Option<Rupiah>, String> {
        match action {
            Action::Allocate => self.allocate().map(Some),
            Action::Disburse => self.disburse().map(Some),
            Action::Forfeit | Action::Cancel | Action::Close => self.release(),
            _ => Ok(None),
        }
    }

    /// Values of the ministry for each line: mostly as proposed, sometimes all cut alike.
    fn review(&mut self, role: Role, duty: Duty) -> Done {
        self.pass();
        let kept = if self.aim.is_none() && self.world.dice.random_ratio(3, 10) {
            self.world.dice.random_range(90_i64..99)
        } else {
            100
        };
        let deciding = role == Role::Approver;
        let before = self.lines.clone();
        for line in &mut self.lines {
            let from = line.agreed_idr.filter(|_| deciding).unwrap_or(line.amount_idr);
            let amount = Some(Rupiah(from.0 / 100 * kept + from.0 % 100 * kept / 100));
            let reason = (amount < Some(line.amount_idr)).then(|| "Harga satuan daerah".to_owned());
            let volume = Some(line.volume_thousandths);
            if deciding {
                (line.approved_volume_thousandths, line.approved_idr) = (volume, amount);
                line.approved_reason = reason;
            } else {
                (line.agreed_volume_thousandths, line.agreed_idr) = (volume, amount);
                line.agreed_reason = reason;
            }
        }
        let by = self.person(role)?;
        self.spoke(by, duty, &before)
    }

    /// The verifier's flags: mostly the first of the policy's, sometimes the next.
    fn flag(&mut self) -> Done {
        self.pass();
        let by = self.person(Role::Verifier)?;
        let before = self.lines.clone();
        for line in &mut self.lines {
            let at = usize::from(self.world.dice.random_ratio(1, 8));
            let flags = &self.world.pinned.policy.line_flags;
            let Some(flag) = flags.get(at).or(flags.first()) else { continue };
            line.opinion.flag = Some(flag.code.clone());
            line.opinion.flag_words = (at > 0).then(|| "Lihat catatan harga satuan.".to_owned());
            line.opinion.flagged_by = Some(by.user);
            line.opinion.flagged_at = Some(self.at);
        }
        self.spoke(by, Duty::Verification, &before)
    }

    /// The reviewer's assessments: scores in the upper half, and mostly what was proposed.
    fn assess(&mut self) -> Done {
        self.pass();
        let by = self.person(Role::Reviewer)?;
        let most = self.world.pinned.policy.assessment_max_score;
        let before = self.lines.clone();
        for line in &mut self.lines {
            let mut score = || Some(self.world.dice.random_range(most - most / 2..=most));
            let opinion = &mut line.opinion;
            opinion.assessed_technical = score();
            opinion.assessed_output_target = score();
            opinion.assessed_unit_price = score();
            opinion.assessed_readiness = score();
            opinion.assessed_volume_thousandths = Some(line.volume_thousandths);
            let cut = self.world.dice.random_ratio(1, 10);
            let amount = line.amount_idr.0 - if cut { line.amount_idr.0 / 20 } else { 0 };
            opinion.assessed_idr = Some(Rupiah(amount));
            opinion.assessed_reason =
                (amount < line.amount_idr.0).then(|| "Harga satuan daerah".to_owned());
            opinion.assessed_by = Some(by.user);
            opinion.assessed_at = Some(self.at);
        }
        self.spoke(by, Duty::Review, &before)
    }

    /// What was said of the lines: the totals that follow, its event and its revisions.
    fn spoke(&mut self, by: Person, duty: Duty, before: &[Line]) -> Done {
        let facts: Vec<LineFacts> = self.lines.iter().map(LineFacts::from).collect();
        self.row.assessed_idr = totals(&facts, |line| line.assessed).0;
        self.row.agreed_idr = totals(&facts, |line| line.agreed).0;
        self.row.version = self.row.version.saturating_add(1);
        let changed: Vec<(&Line, &Line)> =
            before.iter().zip(&self.lines).filter(|(old, now)| old != now).collect();
        let content = json!({ "lines": spoken(&changed).map_err(|error| error.to_string())? });
        let event = self.settle("proposal.review_lines", Some(by), Some(duty), content)?;
        self.revise_lines(event)
    }

    fn allocate(&mut self) -> Result<Rupiah, String> {
        let amount = self.aim.map_or(self.row.approved_idr, |aim| aim.ceiling);
        let id = self.use_allocation(amount);
        self.row.allocation_id = Some(id);
        let source = ("proposal", self.row.id.to_string());
        self.post(Posting::of(EntryKind::Allocate, amount), source)?;
        Ok(amount)
    }

    /// Takes room of the region's allocation, which is raised for it; a negative amount gives back.
    fn use_allocation(&mut self, amount: Rupiah) -> AllocationId {
        let row = self.world.allocation(&self.row.region_code, self.at);
        row.used_idr = Rupiah::total([row.used_idr, amount]);
        let wanted = row.used_idr.0.saturating_add(row.used_idr.0 / 20);
        row.amount_idr = row.amount_idr.max(round_up(wanted, ALLOCATION_STEP));
        row.updated_at = row.updated_at.max(self.at);
        row.id
    }

    fn release(&mut self) -> Result<Option<Rupiah>, String> {
        let postings = self.figures.release_rest();
        if self.row.allocation_id.is_none() || postings.is_empty() {
            return Ok(None);
        }
        let released = Rupiah::total(postings.iter().map(|posting| posting.amount));
        self.use_allocation(released.negated());
        for posting in postings {
            self.post(posting, ("proposal", self.row.id.to_string()))?;
        }
        Ok(Some(released))
    }

    /// An entry of the journal, which comes with the event just made; an arrow puts its own there afterwards.
    pub(super) fn post(&mut self, posting: Posting, (kind, id): (&'static str, String)) -> Done {
        let event_id = self.batch.events.last().map(|event| event.id).unwrap_or_else(EventId::new);
        self.figures = self.figures.after(&posting).ok_or("the figures overflow")?;
        let allocation_id = self.row.allocation_id.ok_or("there is no allocation")?;
        self.batch.entries.push(Entry {
            id: EntryId(self.world.ids.next(&mut self.world.dice)),
            kind: posting.kind,
            proposal_id: self.row.id,
            allocation_id,
            fiscal_year: self.row.fiscal_year,
            region_code: self.row.region_code.clone(),
            from_account: posting.from,
            to_account: posting.to,
            amount_idr: posting.amount,
            effective_on: self.today(),
            recorded_at: self.at,
            source_kind: kind.to_owned(),
            source_id: id,
            event_id,
            reverses_id: None,
            reversed_kind: None,
            reason: None,
            origin_year: None,
        });
        Ok(())
    }

    fn write_plan(&mut self) -> Done {
        self.pass();
        let id = PlanId(self.world.ids.next(&mut self.world.dice));
        let funded = |line: &&crate::storage::line::Line| {
            line.approved_idr.is_some_and(|amount| amount > Rupiah::ZERO)
        };
        let mut portions = self.aim.map(|aim| Portions::of(self.row.approved_idr.0, aim.plan));
        self.plan = self
            .lines
            .iter()
            .filter(funded)
            .map(|line| PlanLine {
                plan_id: id,
                line_no: line.line_no,
                component: line.component,
                volume_thousandths: line.volume_thousandths,
                amount_idr: match (&mut portions, line.approved_idr.unwrap_or_default()) {
                    (Some(portions), approved) => portions.next(approved.0),
                    (None, approved) => approved,
                },
                method: Method::Contract,
                target_output: String::new(),
                supporting_activity: None,
            })
            .collect();
        let supporting = self.plan.iter().filter(|line| line.component == Component::Supporting);
        let drafter = self.person(Role::Drafter)?;
        let mut plan = Plan {
            id,
            proposal_id: self.row.id,
            n: 1,
            state: PlanState::Draft,
            target_output: self.row.title.clone(),
            total_idr: Rupiah::total(self.plan.iter().map(|line| line.amount_idr)),
            supporting_idr: Rupiah::total(supporting.map(|line| line.amount_idr)),
            submitted_at: None,
            decided_at: None,
            comment: None,
            change_reason: None,
            version: 1,
            created_at: self.at,
            created_by: drafter.user,
        };
        let created = json!({ "plan": plan, "lines": self.plan });
        let subject = SubjectKind::Plan;
        self.beneath("plan.create", drafter, Duty::Drafting, subject, id, 1, &plan, created)?;
        self.pass();
        (plan.state, plan.submitted_at, plan.version) = (PlanState::Submitted, Some(self.at), 2);
        let total = json!({ "total_idr": plan.total_idr });
        self.beneath("plan.submit", drafter, Duty::Drafting, subject, id, 2, &plan, total.clone())?;
        self.pass();
        (plan.state, plan.decided_at, plan.version) = (PlanState::Approved, Some(self.at), 3);
        let approver = self.person(Role::Approver)?;
        self.beneath("plan.approve", approver, Duty::Decision, subject, id, 3, &plan, total)?;
        self.figures.plan_idr = plan.total_idr;
        self.batch.plans.push(plan);
        self.batch.plan_lines.extend(self.plan.iter().cloned());
        Ok(())
    }

    /// An event of something beneath the proposal, with its revision.
    #[expect(clippy::too_many_arguments, reason = "all that a step is recorded with")]
    pub(super) fn beneath(
        &mut self,
        action: &str,
        by: Person,
        duty: Duty,
        kind: SubjectKind,
        id: impl ToString,
        version: i64,
        row: &impl serde::Serialize,
        content: serde_json::Value,
    ) -> Result<EventId, String> {
        let event = self.tell(action, Some(by), kind, id.to_string(), content)?;
        self.world.revise(self.batch, event, kind, id.to_string(), version, row)?;
        self.took_part(Some(by), Some(duty));
        Ok(event)
    }

    /// Works, goods and supervision, each for the lines of its kind and a little below the plan.
    fn sign(&mut self) -> Done {
        let kinds: [(ContractRole, &str, Covers); 3] = [
            (ContractRole::Works, "CV Karya", |component| {
                !matches!(component, Component::Supporting | Component::MachineryEquipment)
            }),
            (ContractRole::Goods, "PT Mesin", |component| {
                component == Component::MachineryEquipment
            }),
            (ContractRole::Supervision, "CV Konsultan", |component| {
                component == Component::Supporting
            }),
        ];
        let mut portions =
            self.aim.map(|aim| Portions::of(self.figures.plan_idr.0, aim.contracted));
        for (n, (role, vendor, covers)) in (1_i64..).zip(kinds) {
            let covered: Vec<(i64, Rupiah)> = self
                .plan
                .iter()
                .filter(|line| covers(line.component))
                .map(|line| (line.line_no, line.amount_idr))
                .collect();
            if !covered.is_empty() {
                let planned = Rupiah::total(covered.iter().map(|(_, amount)| *amount));
                let value = match &mut portions {
                    Some(portions) => portions.next(planned.0),
                    None => {
                        let kept = self.world.dice.random_range(940..=999);
                        Rupiah((planned.0 / 1000 * kept).max(1))
                    }
                };
                let covered: Vec<i64> = covered.iter().map(|(line_no, _)| *line_no).collect();
                self.contract(n, role, vendor, (value, covered))?;
            }
        }
        Ok(())
    }

    fn contract(
        &mut self,
        n: i64,
        role: ContractRole,
        vendor: &str,
        (value_idr, lines): (Rupiah, Vec<i64>),
    ) -> Done {
        self.pass();
        let drafter = self.person(Role::Drafter)?;
        let today = self.today();
        let number = format!("602/{n}/SPK/{}", self.row.fiscal_year);
        let row = Contract {
            id: ContractId(self.world.ids.next(&mut self.world.dice)),
            proposal_id: self.row.id,
            signed_on: today,
            role,
            vendor_name: format!("{vendor} {}", self.world.dice.random_range(1..900)),
            vendor_tax_number: None,
            value_idr,
            spent_idr: Rupiah::ZERO,
            fund_source: FundSource::Dak,
            starts_on: today,
            ends_on: today.checked_add_days(Days::new(150)).unwrap_or(today),
            flags: "[]".to_owned(),
            version: 1,
            created_at: self.at,
            created_by: drafter.user,
            number_key: number_key(&number),
            number,
            voided_at: None,
            recording: 1,
        };
        let content = json!({ "contract": row, "lines": lines });
        let (kind, duty) = (SubjectKind::Contract, Duty::Drafting);
        self.beneath("contract.create", drafter, duty, kind, row.id, 1, &row, content)?;
        let source = ("contract", row.id.to_string());
        self.post(Posting::of(EntryKind::Commit, value_idr), source)?;
        self.batch.contract_lines.extend(
            lines.iter().map(|line_no| ContractLine { contract_id: row.id, line_no: *line_no }),
        );
        self.contracts.push(row);
        Ok(())
    }
}
