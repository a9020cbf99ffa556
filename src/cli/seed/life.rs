//! The life of one proposal, along the arrows of its machine, until it stands where it is to stand.

use crate::cli::seed::cast::Person;
use crate::cli::seed::lines;
use crate::cli::seed::picture::Picture;
use crate::cli::seed::world::{About, World};
use crate::domain::act::{ActData, Action};
use crate::domain::audit::SubjectKind;
use crate::domain::ids::{EventId, ProposalId, UserId};
use crate::domain::journal::Figures;
use crate::domain::line::{LineFacts, totals};
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::people::{Duty, Role};
use crate::domain::proposal::{Gap, Menu, OutcomeClass, State};
use crate::domain::workflow::{self, Arrow};
use crate::service::access;
use crate::storage::bulk::{Batch, ParticipationRow};
use crate::storage::change_request::ChangeRequest;
use crate::storage::contract::Contract;
use crate::storage::journal::Balance;
use crate::storage::line::Line;
use crate::storage::plan::PlanLine;
use crate::storage::proposal::Proposal;
use crate::storage::region::Region;
use chrono::{NaiveDate, TimeDelta};
use rand::RngExt;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How long a proposal's life is at the most; it began so long ago.
const LIFE: TimeDelta = TimeDelta::days(300);
/// Steps that no life has more of.
const STEPS: i32 = 100;

/// A proposal while it lives.
pub struct Life<'a> {
    pub(super) world: &'a mut World,
    pub(super) batch: &'a mut Batch,
    pub(super) region: &'a Region,
    pub(super) row: Proposal,
    pub(super) lines: Vec<Line>,
    pub(super) requests: Vec<ChangeRequest>,
    pub(super) figures: Figures,
    pub(super) plan: Vec<PlanLine>,
    pub(super) contracts: Vec<Contract>,
    pub(super) tranches: i64,
    pub(super) at: Moment,
    /// Which of several at the ministry it has.
    pub(super) turn: usize,
    pub(super) target: State,
    /// What its figures are to come to, where that is not for the dice.
    pub(super) aim: Option<Picture>,
    parts: BTreeSet<(UserId, &'static str)>,
}

impl<'a> Life<'a> {
    /// A draft with its lines.
    pub fn begin(
        world: &'a mut World,
        batch: &'a mut Batch,
        region: &'a Region,
        menu: Menu,
        aim: Option<Picture>,
    ) -> Result<Life<'a>, String> {
        let id = ProposalId(world.ids.next(&mut world.dice));
        let began = TimeDelta::hours(world.dice.random_range(1..60 * 24));
        let at = world.today.after(-LIFE).after(began);
        let commodity = world.commodity();
        let centre_id = match menu {
            Menu::Construction => None,
            Menu::Revitalisation => Some(world.centre(batch, region, commodity, at)?),
        };
        let drafter = world.cast.of(Role::Drafter, &region.code, 0)?;
        let mut row = draft(world, region, menu, id, commodity, at, drafter.user);
        row.centre_id = centre_id;
        let turn = world.dice.random_range(0..6);
        let mut life = Life {
            world,
            batch,
            region,
            row,
            lines: Vec::new(),
            requests: Vec::new(),
            figures: Figures::default(),
            plan: Vec::new(),
            contracts: Vec::new(),
            tranches: 0,
            at,
            turn,
            target: State::Draft,
            aim,
            parts: BTreeSet::new(),
        };
        let content = json!({ "before": null, "after": life.row });
        life.settle("proposal.create", Some(drafter), Some(Duty::Drafting), content)?;
        life.write_lines(drafter)?;
        Ok(life)
    }

    fn write_lines(&mut self, drafter: Person) -> Result<(), String> {
        self.pass();
        let anew = self.row.menu == Menu::Construction || self.world.dice.random_ratio(1, 5);
        self.lines = {
            let total = match self.aim {
                Some(aim) => aim.ceiling.0,
                None => lines::budget(&mut self.world.dice),
            };
            lines::draw(&mut self.world.dice, self.row.id, self.row.menu, anew, total)
        };
        let facts: Vec<LineFacts> = self.lines.iter().map(LineFacts::from).collect();
        (self.row.total_idr, self.row.supporting_idr) = totals(&facts, |line| Some(line.amount));
        self.row.line_count = i64::try_from(self.lines.len()).unwrap_or(0);
        self.row.builds_anew = anew;
        self.row.gaps = gaps(&self.lines)?;
        self.row.version = self.row.version.saturating_add(1);
        let content = json!({ "after": { "total_idr": self.row.total_idr, "line_count": self.row.line_count } });
        let event =
            self.settle("proposal.replace_lines", Some(drafter), Some(Duty::Drafting), content)?;
        self.revise_lines(event)
    }

    pub(super) fn revise_lines(&mut self, event: EventId) -> Result<(), String> {
        let (id, version) = (self.row.id.to_string(), self.row.version);
        let kind = SubjectKind::ProposalLines;
        self.world.revise(self.batch, event, kind, id, version, &self.lines)
    }

    /// Lives until it stands where it is to stand, and hands its rows over.
    pub fn live(mut self, target: State) -> Result<(), String> {
        let (stop, tail) = self.itinerary(target);
        self.target = tail.last().map_or(stop, |_| target);
        while self.row.state != stop {
            self.detour()?;
            let action = onward(&self.row)
                .ok_or_else(|| format!("{} is not on the way of {stop}", self.row.state))?;
            self.take(action)?;
        }
        for action in tail {
            self.take(*action)?;
        }
        if self.row.state == State::Funded {
            self.funded()?;
        }
        if self.row.state == State::Contracted && self.world.dice.random_ratio(1, 3) {
            self.ask()?;
        }
        let figures = Balance::of(self.row.id, &self.figures);
        if self.row.allocation_id.is_some() {
            self.batch.balances.push(figures);
        }
        self.batch.contracts.append(&mut self.contracts);
        self.batch.lines.append(&mut self.lines);
        self.batch.change_requests.append(&mut self.requests);
        self.batch.proposals.push(self.row);
        Ok(())
    }

    /// Up to where it follows the usual way, and what ends it there.
    fn itinerary(&mut self, target: State) -> (State, &'static [Action]) {
        let province = self.row.region_code == self.row.province_code;
        let visited = self.row.menu == Menu::Construction || self.row.builds_anew;
        let dice = &mut self.world.dice;
        let one_of = |dice: &mut rand::rngs::StdRng, states: &[State]| {
            states.get(dice.random_range(0..states.len())).copied().unwrap_or(State::Approved)
        };
        match target {
            State::Verification if province => (State::TechnicalReview, &[]),
            State::SiteVerification if !visited => (State::Harmonisation, &[]),
            State::Operating if self.row.menu == Menu::Revitalisation => (State::Reporting, &[]),
            State::Clarification => (State::TechnicalReview, &[Action::RequestClarification]),
            State::Lapsed => {
                (State::TechnicalReview, &[Action::RequestClarification, Action::Lapse])
            }
            State::Rejected if !province && dice.random_ratio(1, 4) => {
                (State::Verification, &[Action::NotRecommend])
            }
            State::Rejected => (State::Decision, &[Action::Reject]),
            State::Withdrawn => {
                let from = [State::Draft, State::Endorsement, State::TechnicalReview];
                (one_of(dice, &from), &[Action::Withdraw])
            }
            State::Unfunded => (State::Approved, &[Action::DeclineAllocation]),
            State::Forfeited => {
                let from = [State::Allocated, State::Planned, State::Contracted];
                (one_of(dice, &from), &[Action::Forfeit])
            }
            State::Cancelled => {
                let from = [State::Approved, State::Allocated, State::Planned, State::Contracted];
                (one_of(dice, &from), &[Action::Cancel])
            }
            usual => (usual, &[]),
        }
    }

    /// One of ten is sent back once; one of ten is asked for a clarification.
    fn detour(&mut self) -> Result<(), String> {
        let twist = self.world.dice.random_ratio(1, 10);
        match self.row.state {
            State::PlanningCheck if twist && !self.row.returned => {
                self.take(Action::Return)?;
                self.take(Action::RequestPlanningCheck)
            }
            State::TechnicalReview if twist => {
                self.take(Action::RequestClarification)?;
                self.take(Action::Answer)
            }
            _ => Ok(()),
        }
    }

    /// The arrow of an action from where it stands.
    fn arrow(&self, action: Action) -> Result<&'static Arrow, String> {
        let course = access::course(&self.row);
        workflow::arrows(self.row.menu)
            .find(|arrow| {
                arrow.from == self.row.state && arrow.action == action && arrow.route.fits(course)
            })
            .ok_or_else(|| format!("{action} is no arrow from {}", self.row.state))
    }

    /// Takes an arrow: what has to be there before it, then the proposal itself, its event and its revision.
    fn take(&mut self, action: Action) -> Result<(), String> {
        let arrow = self.arrow(action)?;
        self.prepare(action)?;
        self.pass();
        let data = self.data(action)?;
        let first = self.batch.entries.len();
        let amount = self.book(action)?;
        self.row.state = arrow.to;
        if arrow.to != arrow.from {
            self.row.state_since = self.at;
            self.row.due_on = None;
        }
        self.change(action, &data);
        self.row.version = self.row.version.saturating_add(1);
        if action == Action::Forfeit {
            self.row.forfeited_from = Some(arrow.from);
        }
        let content = json!({
            "before": { "state": arrow.from },
            "after": { "state": arrow.to },
            "comment": arrow.guards.contains(&crate::domain::guard::Guard::CommentGiven).then_some("Lihat catatan."),
            "data": data,
            "amount_idr": amount,
            "details": [],
        });
        let by = match arrow.role {
            Role::System => None,
            role => Some(self.person(role)?),
        };
        let event = self.settle(&format!("proposal.{action}"), by, arrow.duty(), content)?;
        self.came_with(first, event);
        Ok(())
    }

    /// How the proposal's own row changes beside its state.
    fn change(&mut self, action: Action, data: &ActData) {
        match action {
            Action::Return => self.row.returned = true,
            Action::Submit => self.row.policy_version = Some(self.world.pinned.version),
            Action::RequestClarification => self.row.due_on = data.due_on,
            Action::ProposeAgreement => {
                self.row.agreement_proposed = true;
                self.row.due_on = data.due_on;
            }
            Action::Approve => {
                let facts: Vec<LineFacts> = self.lines.iter().map(LineFacts::from).collect();
                self.row.approved_idr = totals(&facts, |line| line.approved).0;
            }
            Action::CompleteWorks => {
                self.row.handover_on = data.handover.as_ref().map(|handover| handover.date);
            }
            Action::HandOver => {
                self.row.centre_id = data.centre_id;
                self.row.operating_since = Some(self.today());
            }
            _ => {}
        }
    }

    /// Lets some time pass.
    pub(super) fn pass(&mut self) {
        let most = (LIFE - TimeDelta::days(60)).num_seconds() / i64::from(STEPS);
        self.at = self.at.after(TimeDelta::seconds(self.world.dice.random_range(60..most)));
    }

    pub(super) fn today(&self) -> NaiveDate {
        self.at.date_in(Zone::of(&self.row.region_code))
    }

    pub(super) fn person(&self, role: Role) -> Result<Person, String> {
        self.world.cast.of(role, &self.row.region_code, self.turn)
    }

    /// The event of a change of the proposal, its revision, and who took part.
    pub(super) fn settle(
        &mut self,
        action: &str,
        by: Option<Person>,
        duty: Option<Duty>,
        content: Value,
    ) -> Result<EventId, String> {
        let event =
            self.tell(action, by, SubjectKind::Proposal, self.row.id.to_string(), content)?;
        self.row.updated_at = self.at;
        let (id, version) = (self.row.id.to_string(), self.row.version);
        self.world.revise(self.batch, event, SubjectKind::Proposal, id, version, &self.row)?;
        self.took_part(by, duty);
        Ok(event)
    }

    pub(super) fn took_part(&mut self, by: Option<Person>, duty: Option<Duty>) {
        if let (Some(by), Some(duty)) = (by, duty)
            && self.parts.insert((by.user, duty.as_str()))
        {
            self.batch.participations.push(ParticipationRow {
                proposal_id: self.row.id,
                user_id: by.user,
                duty,
                first_at: self.at,
            });
        }
    }

    /// An event of the proposal, or of something beneath it.
    pub(super) fn tell(
        &mut self,
        action: &str,
        by: Option<Person>,
        kind: SubjectKind,
        id: String,
        content: Value,
    ) -> Result<EventId, String> {
        let region = Some(&self.region.code);
        let about = About { kind, id, proposal: Some(self.row.id), region };
        self.world.event(self.batch, action, by, self.at, about, &content)
    }
}

/// The gaps that the lines answer, as the proposal names them.
fn gaps(lines: &[Line]) -> Result<String, String> {
    let gaps = lines.iter().filter_map(|line| {
        let description = format!("{} belum memadai", line.description);
        line.gap.clone().map(|code| Gap { code, description })
    });
    serde_json::to_string(&gaps.collect::<Vec<_>>()).map_err(|error| error.to_string())
}

/// The usual next step.
fn onward(row: &Proposal) -> Option<Action> {
    match row.state {
        State::Draft => Some(Action::RequestPlanningCheck),
        State::PlanningCheck => Some(Action::ConfirmPlanning),
        State::Endorsement => Some(Action::Submit),
        State::Verification => Some(Action::Verify),
        State::TechnicalReview => Some(Action::Recommend),
        State::SiteVerification => Some(Action::ConfirmSite),
        State::Harmonisation if !row.agreement_proposed => Some(Action::ProposeAgreement),
        State::Harmonisation => Some(Action::AcceptAgreement),
        State::Decision => Some(Action::Approve),
        State::Approved => Some(Action::Allocate),
        State::Allocated => Some(Action::ApprovePlan),
        State::Planned => Some(Action::AcceptContracts),
        State::Contracted => Some(Action::Disburse),
        State::Funded => Some(Action::CompleteWorks),
        State::Reporting if row.menu == Menu::Construction => Some(Action::HandOver),
        State::Reporting | State::Operating => Some(Action::Close),
        State::Clarification => Some(Action::Answer),
        State::Closed
        | State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded
        | State::Forfeited
        | State::Cancelled => None,
    }
}

fn draft(
    world: &mut World,
    region: &Region,
    menu: Menu,
    id: ProposalId,
    commodity: &str,
    at: Moment,
    created_by: UserId,
) -> Proposal {
    let what = match menu {
        Menu::Construction => "Pembangunan",
        Menu::Revitalisation => "Revitalisasi",
    };
    let class = world.dice.random_range(0..OutcomeClass::ALL.len());
    let degrees = |value: f64| (value * 100_000.0).round() / 100_000.0;
    Proposal {
        id,
        menu,
        fiscal_year: world.pinned.policy.fiscal_year,
        region_code: region.code.clone(),
        province_code: region.province_code.clone(),
        title: format!("{what} Sentra IKM {commodity} {}", region.name),
        summary: String::new(),
        commodity: commodity.to_owned(),
        outcome_class: OutcomeClass::ALL.get(class).copied().unwrap_or(OutcomeClass::Ovop),
        centre_id: None,
        site_street: format!("Jalan Sentra {}", world.dice.random_range(1..100)),
        site_village: format!("Desa Sentra {}", world.dice.random_range(1..200)),
        site_district: format!("Kecamatan {}", world.dice.random_range(1..30)),
        latitude: Some(degrees(world.dice.random_range(-9.0..4.0))),
        longitude: Some(degrees(world.dice.random_range(96.0..138.0))),
        baseline: (menu == Menu::Revitalisation)
            .then(|| format!("{{\"production_units\":{}}}", world.dice.random_range(100..9_000))),
        theme: None,
        design_firm_name: None,
        design_firm_tax_number: None,
        state: State::Draft,
        state_since: at,
        returned: false,
        policy_version: None,
        line_count: 0,
        builds_anew: false,
        total_idr: Rupiah::ZERO,
        supporting_idr: Rupiah::ZERO,
        assessed_idr: Rupiah::ZERO,
        agreed_idr: Rupiah::ZERO,
        approved_idr: Rupiah::ZERO,
        adverse_advice: false,
        agreement_proposed: false,
        due_on: None,
        allocation_id: None,
        lump_sum_recommended: false,
        forfeited_from: None,
        handover_on: None,
        handover_value_idr: None,
        operating_since: None,
        works_changed: false,
        gaps: "[]".to_owned(),
        version: 1,
        created_at: at,
        created_by,
        updated_at: at,
    }
}
