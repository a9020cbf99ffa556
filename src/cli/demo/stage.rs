//! Plays steps through the same service functions that the API calls, each by the person whose turn it is.

use crate::cli::demo::audit;
use crate::cli::demo::case::Case;
use crate::cli::demo::cast::Cast;
use crate::cli::demo::opinion;
use crate::cli::demo::paper;
use crate::cli::demo::script::Step;
use crate::domain::act::{Act, ActData, Action, Handover, Visit};
use crate::domain::ids::{
    AllocationId, CentreId, ContractId, PlanId, ProposalId, ReportId, TrancheRequestId,
};
use crate::domain::line::Component;
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::people::Role;
use crate::domain::plan::Method;
use crate::domain::proposal::{Gap, OutcomeClass};
use crate::domain::readiness::ItemState;
use crate::domain::report::ReportKind;
use crate::service::context::{Context, Input, Reply};
use crate::service::document::{self, DocumentDraft, Sent};
use crate::service::error::Error;
use crate::service::view::readiness::ReadinessItem;
use crate::service::{
    Services, action, allocation, centre, contract, line, line_review, plan, policy, proposal,
    readiness, report, spending, tranche,
};
use chrono::{Datelike, NaiveDate, TimeDelta};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// The nation's ceilings of the field by year, as far as sources tell them; used as the demonstration's ceilings.
const CEILINGS: [(i64, i64, &str); 3] = [
    (2018, 173_700_000_000, "APBN 2018"),
    (2019, 178_300_000_000, "APBN 2019"),
    (2021, 750_000_000_000, "APBN 2021"),
];

/// What the demonstration has made so far in one case.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// The proposal.
    pub proposal: Option<ProposalId>,
    centre: Option<CentreId>,
    allocation: Option<AllocationId>,
    plan: Option<PlanId>,
    contracts: HashMap<usize, ContractId>,
    requests: HashMap<i64, TrancheRequestId>,
    reports: HashMap<usize, ReportId>,
}

/// A stage for one case.
pub struct Stage<'a> {
    /// The use-cases.
    pub sv: &'a Services,
    /// The people.
    pub cast: &'a Cast,
    /// The case.
    pub case: &'a Case,
    /// What was made so far.
    pub made: &'a mut Made,
}

/// What the drafter collects before the proposal goes to Bappeda.
const BEFORE_SUBMISSION: [Action; 3] =
    [Action::RequestPlanningCheck, Action::ConfirmPlanning, Action::Submit];

/// The index of a final report that the file does not list.
const UNLISTED: usize = usize::MAX;

type Played = Result<(), Error>;

fn input<T>(value: T) -> Input<T> {
    Input(Ok(value))
}

/// The id of what was made, from the answer's bytes.
fn id_of<T: DeserializeOwned>(reply: &Reply) -> Result<T, Error> {
    let body: serde_json::Value = serde_json::from_str(&reply.body)?;
    Ok(serde_json::from_value(body.get("id").cloned().unwrap_or_default())?)
}

impl Stage<'_> {
    /// Plays one step.
    pub fn play(&mut self, step: &Step) -> Played {
        match step {
            Step::Draft => self.draft(),
            Step::LowerSupporting => self.lower_supporting(),
            Step::Act(action) => self.act(*action),
            Step::Refused(action) => match self.act(*action) {
                Err(Error::Refused(_)) => Ok(()),
                Ok(()) => Err(Error::Defect(format!("{action} was to be refused and was not"))),
                other => other,
            },
            Step::Allocate => self.allocate(),
            Step::SubmitPlan => self.submit_plan(),
            Step::ApprovePlan => self.approve_plan(),
            Step::Contract(index) => self.contract(*index),
            Step::AcceptContracts => self.act(Action::AcceptContracts),
            Step::Request(tranche) => self.request(tranche.n, tranche.amount_idr),
            Step::Pay(tranche) => self.pay(tranche.n, tranche.paid),
            Step::Spend(index) => self.spend(*index),
            Step::Report(index) => self.report_of(*index),
            Step::ReviewReport(index) => self.review_report(*index),
            Step::FinalReport => self.unlisted_report(),
            Step::ReviewFinalReport => self.review_report(UNLISTED),
            Step::CompleteWorks => self.act(Action::CompleteWorks),
            Step::Close => self.act(Action::Close),
            Step::Find => self.find(),
            Step::Sweep => Ok(()),
        }
    }

    fn cx(&self, role: Role) -> Result<Context, Error> {
        self.cast.context(self.sv, role, &self.case.facts.region_code)
    }

    fn proposal(&self) -> Result<ProposalId, Error> {
        self.made.proposal.ok_or_else(|| Error::Defect("the case has no proposal yet".to_owned()))
    }

    /// A person who has just read the proposal.
    fn having_read(&self, role: Role) -> Result<(Context, ProposalId), Error> {
        let (mut cx, id) = (self.cx(role)?, self.proposal()?);
        cx.if_match = Some(proposal::show(self.sv, &cx, id)?.version);
        Ok((cx, id))
    }

    fn draft(&mut self) -> Played {
        let cx = self.cx(Role::Drafter)?;
        let (facts, assumed) = (&self.case.facts, &self.case.assumed);
        let site = proposal::SiteDraft {
            street: facts.site.street.clone().unwrap_or_else(|| "Jalan Sentra IKM".to_owned()),
            village: facts.site.village.clone().unwrap_or_else(|| "Desa Sentra".to_owned()),
            district: facts.site.district.clone().unwrap_or_else(|| "Kecamatan Sentra".to_owned()),
            latitude: Some(assumed.site.latitude),
            longitude: Some(assumed.site.longitude),
        };
        let commodity = assumed.centre.as_ref().and_then(|centre| centre.commodity.clone());
        let commodity =
            facts.commodity.clone().or(commodity).unwrap_or_else(|| "Aneka IKM".to_owned());
        if let Some(entry) = &assumed.centre {
            let draft = centre::CentreDraft {
                region_code: facts.region_code.clone(),
                name: entry.name.clone().unwrap_or_else(|| facts.title.clone()),
                commodity: commodity.clone(),
                kbli: Some(entry.kbli.clone()),
                village: site.village.clone(),
                district: site.district.clone(),
                latitude: site.latitude,
                longitude: site.longitude,
                decree_number: Some(entry.decree.clone()),
                decree_date: None,
                households_in_village: entry.households_in_village,
                households_in_business: entry.households_in_this_business,
                organised: true,
                known_to_public: true,
                businesses: entry.businesses,
                members: entry.businesses,
                administrators: 0,
                manager: Some(entry.manager.clone()),
                technical_service_unit: None,
                outcome_class: OutcomeClass::Ovop,
            };
            self.made.centre =
                Some(id_of(&centre::create(self.sv, &fresh_key(&cx), &input(draft))?)?);
        }
        let draft = proposal::ProposalDraft {
            menu: facts.menu,
            fiscal_year: facts.fiscal_year,
            region_code: facts.region_code.clone(),
            title: facts.title.clone(),
            summary: String::new(),
            commodity,
            outcome_class: OutcomeClass::Ovop,
            centre_id: self.made.centre,
            site,
            baseline: assumed.baseline.clone(),
            theme: None,
            gaps: self.named_gaps(),
            design_firm_name: None,
            design_firm_tax_number: None,
        };
        self.made.proposal = Some(id_of(&proposal::create(self.sv, &cx, &input(draft))?)?);
        self.put_lines(|line| (line.unit_cost_idr, Some(line.amount_idr)))
    }

    /// The gaps that the lines of the case answer, each once, in their words.
    fn gaps(&self) -> impl Iterator<Item = &str> {
        let lines = &self.case.assumed.lines;
        lines.iter().enumerate().filter_map(|(index, line)| {
            let gap = line.gap.as_deref()?;
            let mut before = lines.iter().take(index);
            (!before.any(|line| line.gap.as_deref() == Some(gap))).then_some(gap)
        })
    }

    fn named_gaps(&self) -> Vec<Gap> {
        let gap = |text: &str| Gap { code: code(self.gaps(), text), description: text.to_owned() };
        self.gaps().map(gap).collect()
    }

    /// Brings what the checklist still asks for at some steps.
    fn bring(&mut self, role: Role, stages: &[Action]) -> Played {
        let (cx, id) = (self.cx(role)?, self.proposal()?);
        let checklist = readiness::show(self.sv, &cx, id)?;
        let asked = checklist.stages.iter().filter(|stage| stages.contains(&stage.stage));
        let mut brought = Vec::new();
        for item in asked.flat_map(|stage| &stage.documents) {
            let lacks = item.mandatory && item.state == ItemState::Missing;
            if lacks && !brought.contains(&item.document_type) {
                brought.push(item.document_type.clone());
                let sent = self.paper(&cx, item)?;
                document::receive(self.sv, &fresh_key(&cx), id, &input(sent))?;
            }
        }
        Ok(())
    }

    /// What stands for a document of the case: a picture of its site, else a page that says what it stands for.
    fn paper(&self, cx: &Context, item: &ReadinessItem) -> Result<Sent, Error> {
        let facts = &self.case.facts;
        let kind = item.document_type.as_str();
        let issued_on = cx.now.0.date() - TimeDelta::days(7);
        let number = format!("{}/{}/{}", kind.len(), kind.to_uppercase(), issued_on.year());
        let draft = DocumentDraft {
            document_type: kind.to_owned(),
            title: Some(item.label_id.clone()),
            number: Some(number.clone()),
            issued_on: Some(issued_on),
            ..DocumentDraft::default()
        };
        let documents = &self.sv.documents;
        if let Some(photo) = paper::photo(&facts.region_code.0, facts.fiscal_year, kind) {
            return Sent::of_bytes(documents, draft, format!("{kind}.jpg"), photo);
        }
        let date = issued_on.to_string();
        let page =
            paper::page(&[&item.label_id, &facts.title, &number, &date, "Contoh untuk peragaan."]);
        Sent::of_bytes(documents, draft, format!("{kind}.pdf"), &page)
    }

    fn put_lines(
        &mut self,
        cost: impl Fn(&crate::cli::demo::case::Line) -> (Rupiah, Option<Rupiah>),
    ) -> Played {
        let (cx, id) = self.having_read(Role::Drafter)?;
        let lines = self.case.assumed.lines.iter().map(|line| line::LineDraft {
            amount_idr: cost(line).1,
            component: line.component,
            description: line.description.clone(),
            builds_anew: line.builds_anew,
            volume_thousandths: line.volume_thousandths,
            unit: line.unit.clone(),
            unit_cost_idr: cost(line).0,
            fund_source: line.fund_source,
            gap: line.gap.as_deref().map(|gap| code(self.gaps(), gap)),
        });
        let draft = line::LinesDraft { lines: lines.collect() };
        line::replace(self.sv, &cx, id, &input(draft)).map(|_| ())
    }

    /// As the case of Bangkalan 2018 tells: supporting activities down to 300 million, infrastructure up by the rest.
    fn lower_supporting(&mut self) -> Played {
        self.put_lines(|line| match line.component {
            Component::Supporting => (Rupiah(300_000_000), None),
            Component::Infrastructure => (Rupiah(975_000_000), None),
            _ => (line.unit_cost_idr, Some(line.amount_idr)),
        })
    }

    fn act(&mut self, action: Action) -> Played {
        self.prepare(action)?;
        let role = turn(action);
        let (cx, id) = self.having_read(role)?;
        let mut act = Act::bare(action);
        act.data = self.data(action, &cx);
        if matches!(action, Action::DeclineAgreement | Action::AcceptAgreement) {
            act.comment = Some("After talks at the ministry's forum.".to_owned());
        }
        action::act(self.sv, &cx, id, &input(act)).map(|_| ())
    }

    /// What has to be there before an action: documents; flags, assessments, agreed and approved values of the lines.
    fn prepare(&mut self, action: Action) -> Played {
        match action {
            Action::RequestPlanningCheck => self.bring(Role::Drafter, &BEFORE_SUBMISSION)?,
            Action::ConfirmSite => self.bring(Role::Reviewer, &[action])?,
            Action::CompleteWorks => self.bring(Role::Drafter, &[action])?,
            _ => {}
        }
        let role = match action {
            Action::Verify => Role::Verifier,
            Action::Recommend | Action::ProposeAgreement => Role::Reviewer,
            Action::Approve => Role::Approver,
            _ => return Ok(()),
        };
        let (cx, id) = self.having_read(role)?;
        let lines = line::show(self.sv, &cx, id)?;
        let said = lines.items.iter().zip(&self.case.assumed.lines);
        let reviews = said.map(|(line, case)| match action {
            Action::Verify => opinion::flag(line),
            Action::Recommend => opinion::assessment(line, case),
            _ => opinion::grant(line, case),
        });
        let reviews = line_review::LineReviews { reviews: reviews.collect() };
        line_review::review(self.sv, &cx, id, &input(reviews)).map(|_| ())
    }

    fn data(&self, action: Action, cx: &Context) -> ActData {
        let today = cx.now.0.date();
        let site = self.case.assumed.site;
        let mut data = ActData::default();
        match action {
            Action::ConfirmSite => {
                data.visit = Some(Visit {
                    visited_on: today,
                    report: "The site is as proposed.".to_owned(),
                    land_clear: true,
                    latitude: site.latitude,
                    longitude: site.longitude,
                });
            }
            Action::ProposeAgreement => data.due_on = today.checked_add_days(chrono::Days::new(14)),
            Action::Allocate => {
                data.amount_idr = self.case.assumed.allocation.as_ref().map(|one| one.amount_idr);
                data.legal_basis =
                    Some(format!("Perpres Rincian APBN {}", self.case.facts.fiscal_year));
            }
            Action::CompleteWorks => {
                let number = format!("BAST/{}", self.case.facts.fiscal_year);
                data.handover = Some(Handover { number, date: today, value_idr: None });
                data.output_bp = Some(BasisPoints::WHOLE);
            }
            Action::Close => {
                let words = "Compared with the survey before the works: see the final report.";
                data.baseline_comparison = Some(words.to_owned());
                data.baseline_outcome = self.case.assumed.baseline_outcome.clone();
            }
            _ => {}
        }
        data
    }

    fn allocate(&mut self) -> Played {
        let cx = self.cx(Role::Treasurer)?;
        let year = self.case.facts.fiscal_year;
        let region_code = self.case.facts.region_code.clone();
        let Some(money) = &self.case.assumed.allocation else { return Ok(()) };
        if let Some((_, amount, basis)) = CEILINGS.iter().find(|(of, _, _)| *of == year) {
            let draft = allocation::CeilingDraft {
                fiscal_year: year,
                amount_idr: Rupiah(*amount),
                legal_basis: (*basis).to_owned(),
            };
            allocation::record_ceiling(self.sv, &fresh_key(&cx), &input(draft))?;
        }
        let draft = allocation::AllocationDraft {
            fiscal_year: year,
            region_code,
            amount_idr: money.region_allocation_idr.unwrap_or(money.amount_idr),
            legal_basis: format!("Perpres Rincian APBN {year}"),
        };
        let reply = allocation::record(self.sv, &fresh_key(&cx), &input(draft))?;
        self.made.allocation = Some(id_of(&reply)?);
        self.act(Action::Allocate)
    }

    fn submit_plan(&mut self) -> Played {
        let (cx, id) = self.having_read(Role::Drafter)?;
        let lines = line::show(self.sv, &cx, id)?;
        let funded = lines.items.iter().filter(|line| line.approved_idr.unwrap_or(0) > 0);
        let lines = funded.map(|line| plan::PlanLineDraft {
            line_no: line.line_no,
            volume_thousandths: line.approved_volume_thousandths.unwrap_or(line.volume_thousandths),
            amount_idr: Rupiah(line.approved_idr.unwrap_or(0)),
            method: Method::Contract,
            target_output: String::new(),
            supporting_activity: None,
        });
        let draft = plan::PlanDraft {
            target_output: self.case.facts.title.clone(),
            lines: lines.collect(),
            reason: None,
        };
        let plan_id: PlanId = id_of(&plan::create(self.sv, &cx, id, &input(draft))?)?;
        self.made.plan = Some(plan_id);
        plan::submit(self.sv, &fresh_key(&at_version(&cx, 1)), plan_id).map(|_| ())
    }

    fn approve_plan(&mut self) -> Played {
        let cx = self.cx(Role::Approver)?;
        let Some(plan_id) = self.made.plan else { return Ok(()) };
        plan::approve(self.sv, &at_version(&cx, 2), plan_id, &input(plan::PlanApproval::default()))
            .map(|_| ())
    }

    fn contract(&mut self, index: usize) -> Played {
        let (cx, id) = self.having_read(Role::Drafter)?;
        let Some(case) = self.case.assumed.contracts.get(index) else { return Ok(()) };
        let draft = contract::ContractDraft {
            number: case.number.clone(),
            signed_on: case.date,
            role: case.role,
            vendor_name: case.vendor.clone(),
            vendor_tax_number: None,
            value_idr: case.value_idr,
            fund_source: crate::domain::line::FundSource::Dak,
            lines: case.lines.clone(),
            starts_on: case.start,
            ends_on: case.end,
        };
        let reply = contract::create(self.sv, &cx, id, &input(draft))?;
        self.made.contracts.insert(index, id_of(&reply)?);
        Ok(())
    }

    /// Brings what a tranche asks for.
    fn bring_for_tranche(&mut self, n: i64) -> Played {
        let (cx, id) = (self.cx(Role::Drafter)?, self.proposal()?);
        let (year, region) = (self.case.facts.fiscal_year, &self.case.facts.region_code);
        let rules = policy::show(self.sv, year, Some(region), cx.now)?.policy;
        let index = usize::try_from(n).unwrap_or_default().saturating_sub(1);
        let types = rules.tranches.get(index).map_or(&[][..], |rule| &rule.documents);
        let checklist = readiness::show(self.sv, &cx, id)?;
        for item in checklist.stages.iter().flat_map(|stage| &stage.documents) {
            if types.contains(&item.document_type) && item.state == ItemState::Missing {
                let sent = self.paper(&cx, item)?;
                document::receive(self.sv, &fresh_key(&cx), id, &input(sent))?;
            }
        }
        Ok(())
    }

    fn request(&mut self, n: i64, amount_idr: Rupiah) -> Played {
        self.bring_for_tranche(n)?;
        let cx = self.cx(Role::RegionalHead)?;
        let Some(allocation_id) = self.made.allocation else { return Ok(()) };
        let item = tranche::ItemDraft { proposal_id: self.proposal()?, amount_idr };
        let draft = tranche::TrancheDraft { n, items: vec![item] };
        let reply = tranche::request(self.sv, &cx, allocation_id, &input(draft))?;
        let id: TrancheRequestId = id_of(&reply)?;
        self.made.requests.insert(n, id);
        tranche::review(self.sv, &at_version(&self.cx(Role::Inspector)?, 1), id)?;
        let verifier = self.cast.second_treasurer(self.sv)?;
        tranche::verify(self.sv, &at_version(&verifier, 2), id).map(|_| ())
    }

    fn pay(&mut self, n: i64, on: NaiveDate) -> Played {
        let cx = self.cx(Role::Treasurer)?;
        let Some(id) = self.made.requests.get(&n) else { return Ok(()) };
        let draft =
            tranche::PaymentDraft { payment_number: format!("KPPN/{n}/{on}"), paid_on: Some(on) };
        tranche::pay(self.sv, &at_version(&cx, 3), *id, &input(draft)).map(|_| ())
    }

    fn spend(&mut self, index: usize) -> Played {
        let (cx, id) = self.having_read(Role::Drafter)?;
        let Some(case) = self.case.assumed.expenditures.get(index) else { return Ok(()) };
        let contract_id = case.contract.checked_sub(1).and_then(|at| self.made.contracts.get(&at));
        let Some(contract_id) = contract_id else { return Ok(()) };
        let draft = spending::ExpenditureDraft {
            contract_id: *contract_id,
            number: format!("SP2D/{}/{}", index.saturating_add(1), case.date),
            spent_on: case.date,
            amount_idr: case.amount_idr,
            description: case.what.clone().unwrap_or_default(),
            penalty_idr: None,
            is_advance: false,
        };
        spending::spend(self.sv, &cx, id, &input(draft)).map(|_| ())
    }

    fn report_of(&mut self, index: usize) -> Played {
        let Some(case) = self.case.assumed.reports.get(index) else { return Ok(()) };
        self.write_report(index, case.kind, case.as_of, case.physical_bp)
    }

    fn unlisted_report(&mut self) -> Played {
        let as_of = self.case.assumed.works_complete.unwrap_or_default();
        self.write_report(UNLISTED, ReportKind::Final, as_of, BasisPoints::WHOLE)
    }

    fn write_report(
        &mut self,
        index: usize,
        kind: ReportKind,
        as_of: NaiveDate,
        physical_bp: BasisPoints,
    ) -> Played {
        let (cx, id) = self.having_read(Role::Drafter)?;
        let draft = report::ReportDraft {
            kind,
            as_of,
            physical_bp,
            output: String::new(),
            workforce: 0,
            problems: String::new(),
            follow_up: String::new(),
        };
        let report_id: ReportId = id_of(&report::create(self.sv, &cx, id, &input(draft))?)?;
        self.made.reports.insert(index, report_id);
        report::submit(self.sv, &fresh_key(&at_version(&cx, 1)), report_id).map(|_| ())
    }

    fn find(&mut self) -> Played {
        let (cx, id) = (self.cx(Role::Auditor)?, self.proposal()?);
        let case = self.case.expected.finding.as_ref();
        case.map_or(Ok(()), |case| audit::find(self.sv, &cx, id, case))
    }

    fn review_report(&mut self, index: usize) -> Played {
        let cx = self.cx(Role::Inspector)?;
        let Some(id) = self.made.reports.get(&index) else { return Ok(()) };
        report::review(self.sv, &at_version(&cx, 2), *id).map(|_| ())
    }
}

/// The code of a gap: its place among the gaps.
fn code<'a>(mut gaps: impl Iterator<Item = &'a str>, gap: &str) -> String {
    format!("G{}", gaps.position(|known| known == gap).unwrap_or_default().saturating_add(1))
}

/// Whose turn an action of the review is.
fn turn(action: Action) -> Role {
    match action {
        Action::ConfirmPlanning | Action::AcceptAgreement | Action::DeclineAgreement => {
            Role::Planner
        }
        Action::Submit => Role::RegionalHead,
        Action::Verify => Role::Verifier,
        Action::Recommend | Action::ConfirmSite | Action::ProposeAgreement => Role::Reviewer,
        Action::Approve => Role::Approver,
        Action::Allocate => Role::Treasurer,
        Action::AcceptContracts | Action::Close => Role::Inspector,
        _ => Role::Drafter,
    }
}

/// The same person, making another request.
fn fresh_key(cx: &Context) -> Context {
    Context { key: Some(uuid::Uuid::now_v7().to_string()), ..cx.clone() }
}

/// The same person, having seen this version.
fn at_version(cx: &Context, version: i64) -> Context {
    Context { if_match: Some(version), ..cx.clone() }
}
