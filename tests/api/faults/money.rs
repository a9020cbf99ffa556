//! Money by chance: random sequences of every operation that moves money, held against a model that is kept here.

mod corrections;
mod steps;

use crate::on_both;
use crate::support::database::{TestDatabase, number};
use crate::support::served::{REGION, hire, open_year, services};
use chrono::{Days, NaiveDate};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sentra::domain::act::{Act, ActData, Action};
use sentra::domain::assessment::{Score, Scores};
use sentra::domain::ids::{
    AllocationId, CentreId, ContractId, HoldId, ProposalId, TrancheRequestId, UserId,
};
use sentra::domain::journal::Figures;
use sentra::domain::line::{Component, FundSource};
use sentra::domain::moment::Moment;
use sentra::domain::money::Rupiah;
use sentra::domain::proposal::{Gap, Menu, OutcomeClass, State};
use sentra::service::clock::Clock;
use sentra::service::context::{Context, Input, Reply};
use sentra::service::error::Error;
use sentra::service::line_review::{self, LineReview};
use sentra::service::{
    Services, action, allocation, centre, demonstration, line, policy, proposal, session, sweep,
    verify,
};
use sentra::storage::contract as contracts;
use sentra::storage::journal;
use std::collections::HashMap;

/// What each proposal is approved with.
const APPROVED: i64 = 3_000_000_000;
/// How far a plan may exceed its ceiling, by the shipped policies.
const TOLERANCE: i64 = 1_000_000;
/// What the region begins with: more than what is paid in one sum.
const ALLOCATION: i64 = 8_000_000_000;
const CEILING: i64 = 100_000_000_000;
/// How many proposals are played with at a time.
const LIVE: usize = 3;

type Done = Result<(), Error>;

/// A request that waits: which, for how much, and how far it is.
struct Pending {
    id: TrancheRequestId,
    n: i64,
    amount: i64,
    steps: i64,
}

/// What the model knows of a contract.
struct Bound {
    id: ContractId,
    value: i64,
    spent: i64,
    voided: bool,
    /// Amendments that changed the value and stand: which, and the value before.
    amended: Vec<(String, i64)>,
}

/// What the model knows of a proposal.
struct Case {
    id: ProposalId,
    state: State,
    figures: [i64; 9],
    contracts: Vec<Bound>,
    /// The contract of each payment order and of what came back.
    on: HashMap<String, usize>,
    pending: Option<Pending>,
    /// The audit hold that stands.
    held: Option<HoldId>,
    /// The numbers of the tranches that were paid and not taken back.
    paid: Vec<i64>,
    final_reviewed: bool,
    overdrawn: bool,
    amended_down: bool,
}

const CEILED: usize = 0;
const PLANNED: usize = 1;
const CONTRACTED: usize = 2;
const DISBURSED: usize = 3;
const ABSORBED: usize = 4;
const RETURNED: usize = 5;
const RELEASED: usize = 6;
const CARRIED_IN: usize = 7;
const CARRIED_OUT: usize = 8;

impl Case {
    fn new(id: ProposalId) -> Case {
        Case {
            id,
            state: State::Approved,
            figures: [0; 9],
            contracts: Vec::new(),
            on: HashMap::new(),
            pending: None,
            held: None,
            paid: Vec::new(),
            final_reviewed: false,
            overdrawn: false,
            amended_down: false,
        }
    }

    fn in_hand(&self) -> i64 {
        let f = &self.figures;
        f[DISBURSED] + f[CARRIED_IN] - f[ABSORBED] - f[RETURNED] - f[CARRIED_OUT]
    }

    /// Whether nothing that rests on the ceiling keeps it from being brought down to this.
    fn bears(&self, ceiling: i64) -> bool {
        let f = &self.figures;
        let least = (f[CONTRACTED].max(f[DISBURSED]) + f[RELEASED]).max(f[PLANNED] - TOLERANCE);
        ceiling >= least
    }

    /// The same of a cut, which the plan follows.
    fn bears_cut(&self, ceiling: i64) -> bool {
        let f = &self.figures;
        ceiling >= f[CONTRACTED].max(f[DISBURSED]) + f[RELEASED]
    }

    /// Sets free what no cash was paid on; how much that is.
    fn release(&mut self) -> i64 {
        let f = &mut self.figures;
        let undisbursed = (f[CEILED] - f[RELEASED] - f[DISBURSED]).max(0);
        f[RELEASED] += undisbursed;
        f[CONTRACTED] = f[CONTRACTED].min(f[DISBURSED]);
        undisbursed
    }

    fn may_be_paid(&self, amount: i64) -> bool {
        matches!(self.state, State::Contracted | State::Funded | State::Reporting)
            && amount <= self.figures[CONTRACTED] - self.figures[DISBURSED]
            && amount <= self.figures[CEILED] - self.figures[RELEASED] - self.figures[DISBURSED]
    }
}

fn input<T>(value: T) -> Input<T> {
    Input(Ok(value))
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(reply: &Reply) -> T {
    let body: serde_json::Value = serde_json::from_str(&reply.body).expect("JSON");
    body["id"].as_str().expect("an id").parse().expect("an id")
}

/// The real thing beside the model of it.
struct Play<'a> {
    db: &'a TestDatabase,
    sv: Services,
    dice: StdRng,
    people: HashMap<&'static str, UserId>,
    year: i64,
    allocation: AllocationId,
    amount: i64,
    used: i64,
    /// The first of them is of the next year: leftover goes there.
    cases: Vec<Case>,
    live: Vec<usize>,
    made: i64,
}

/// The case of the next year.
const LATER: usize = 0;

impl<'a> Play<'a> {
    fn new(db: &'a TestDatabase, dice: u64) -> Play<'a> {
        let now = NaiveDate::from_ymd_opt(2026, 3, 2).and_then(|day| day.and_hms_opt(3, 0, 0));
        let sv = services(db.target(), Clock::set_to(Moment(now.expect("a moment"))));
        let mut people = HashMap::new();
        for (name, grant) in [
            ("drafter", "drafter@18.71"),
            ("planner", "planner@18.71"),
            ("head", "regional_head@18.71"),
            ("inspector", "inspector@18.71"),
            ("verifier", "verifier@18"),
            ("reviewer", "reviewer"),
            ("approver", "approver"),
            ("treasurer", "treasurer"),
            ("second", "treasurer"),
            ("auditor", "auditor@18.71"),
        ] {
            people.insert(name, hire(&sv, name, &[grant]));
        }
        let year = open_year(&sv);
        let mut play = Play {
            db,
            sv,
            dice: StdRng::seed_from_u64(dice),
            people,
            year,
            allocation: AllocationId::new(),
            amount: ALLOCATION,
            used: 0,
            cases: Vec::new(),
            live: Vec::new(),
            made: 0,
        };
        play.set_the_table();
        play.look_ahead();
        for _ in 0..LIVE {
            let case = play.approved();
            play.live.push(case);
        }
        play
    }

    fn cx(&self, name: &str, version: Option<i64>) -> Context {
        let key = uuid::Uuid::now_v7().to_string();
        let mut cx =
            session::context_of(&self.sv, self.people[name], key.clone()).expect("a person");
        (cx.key, cx.fingerprint, cx.if_match) = (Some(key.clone()), key, version);
        cx
    }

    fn at(&self, name: &str, id: ProposalId) -> Context {
        let version = proposal::show(&self.sv, &self.cx(name, None), id).expect("seen").version;
        self.cx(name, Some(version))
    }

    fn set_the_table(&mut self) {
        self.record_ceiling(self.year);
        let reply = self.record_allocation(self.year, ALLOCATION);
        self.allocation = id(&reply.expect("an allocation"));
    }

    fn record_ceiling(&self, fiscal_year: i64) {
        let ceiling = allocation::CeilingDraft {
            fiscal_year,
            amount_idr: Rupiah(CEILING),
            legal_basis: "APBN".to_owned(),
        };
        allocation::record_ceiling(&self.sv, &self.cx("treasurer", None), &input(ceiling))
            .expect("a ceiling");
    }

    /// A proposal of the next year that has money set aside: nothing more is done to it but that leftover goes there.
    fn look_ahead(&mut self) {
        let mut open =
            policy::show(&self.sv, self.year, None, self.sv.clock.now()).expect("a policy").policy;
        let (year, next) = (self.year, self.year + 1);
        open.fiscal_year = next;
        let gate = open.contract_gate.date;
        open.contract_gate.date = gate.checked_add_days(Days::new(400)).expect("a day");
        demonstration::publish(&self.sv, &open).expect("published");
        self.record_ceiling(next);
        self.record_allocation(next, APPROVED).expect("an allocation");
        self.year = next;
        let at = self.approved();
        self.year = year;
        assert_eq!(at, LATER);
        let data = ActData {
            amount_idr: Some(Rupiah(APPROVED)),
            legal_basis: Some("Perpres".to_owned()),
            ..ActData::default()
        };
        self.act("treasurer", self.cases[at].id, Action::Allocate, data).expect("set aside");
        self.cases[at].state = State::Allocated;
        self.cases[at].figures[CEILED] = APPROVED;
    }

    /// A centre of its own for each proposal: none of them is funded twice.
    fn fresh_centre(&self) -> CentreId {
        let entry = centre::CentreDraft {
            region_code: REGION.into(),
            name: format!("Sentra {}", uuid::Uuid::now_v7()),
            commodity: "Kopi".to_owned(),
            kbli: None,
            village: "Desa".to_owned(),
            district: "Kecamatan".to_owned(),
            latitude: None,
            longitude: None,
            decree_number: Some("SK/1".to_owned()),
            decree_date: NaiveDate::from_ymd_opt(2025, 1, 1),
            households_in_village: 100,
            households_in_business: 50,
            organised: true,
            known_to_public: true,
            businesses: 10,
            members: 10,
            administrators: 3,
            manager: None,
            technical_service_unit: None,
            outcome_class: OutcomeClass::Ovop,
        };
        let reply = centre::create(&self.sv, &self.cx("drafter", None), &input(entry));
        id(&reply.expect("a centre"))
    }

    fn record_allocation(&self, fiscal_year: i64, amount: i64) -> Result<Reply, Error> {
        let draft = allocation::AllocationDraft {
            fiscal_year,
            region_code: REGION.into(),
            amount_idr: Rupiah(amount),
            legal_basis: "Perpres".to_owned(),
        };
        allocation::record(&self.sv, &self.cx("treasurer", None), &input(draft))
    }

    fn act(&self, name: &str, id: ProposalId, action: Action, data: ActData) -> Done {
        let act = Act { comment: Some("Demikian.".to_owned()), data, ..Act::bare(action) };
        action::act(&self.sv, &self.at(name, id), id, &input(act)).map(|_| ())
    }

    /// A new proposal, walked to its approval.
    fn approved(&mut self) -> usize {
        let draft = proposal::ProposalDraft {
            menu: Menu::Revitalisation,
            fiscal_year: self.year,
            region_code: REGION.into(),
            title: "Revitalisasi".to_owned(),
            summary: String::new(),
            commodity: "Kopi".to_owned(),
            outcome_class: OutcomeClass::Ovop,
            centre_id: Some(self.fresh_centre()),
            site: proposal::SiteDraft {
                street: "Jalan".to_owned(),
                village: "Desa".to_owned(),
                district: "Kecamatan".to_owned(),
                latitude: Some(-5.4),
                longitude: Some(105.2),
            },
            baseline: Some(serde_json::json!({ "units": 1 })),
            theme: None,
            gaps: vec![Gap { code: "G1".to_owned(), description: "Kurang mesin".to_owned() }],
            design_firm_name: None,
            design_firm_tax_number: None,
        };
        let reply = proposal::create(&self.sv, &self.cx("drafter", None), &input(draft));
        let id: ProposalId = id(&reply.expect("made"));
        let draft = line::LineDraft {
            component: Component::MachineryEquipment,
            description: "Mesin".to_owned(),
            builds_anew: false,
            volume_thousandths: 1_000,
            unit: "paket".to_owned(),
            unit_cost_idr: Rupiah(APPROVED),
            amount_idr: None,
            fund_source: FundSource::Dak,
            gap: Some("G1".to_owned()),
        };
        let lines = input(line::LinesDraft { lines: vec![draft] });
        line::replace(&self.sv, &self.at("drafter", id), id, &lines).expect("lines");
        let nothing = ActData::default;
        self.act("drafter", id, Action::RequestPlanningCheck, nothing()).expect("asked");
        self.act("planner", id, Action::ConfirmPlanning, nothing()).expect("confirmed");
        self.act("head", id, Action::Submit, nothing()).expect("submitted");
        let flag = LineReview { flag: Some("green".to_owned()), ..LineReview::default() };
        self.say("verifier", id, flag);
        self.act("verifier", id, Action::Verify, nothing()).expect("verified");
        let sound = Score { score: 80, words: None };
        let scores = Some(Scores {
            technical: sound.clone(),
            output_target: sound.clone(),
            unit_price: sound.clone(),
            readiness: sound,
        });
        self.say("reviewer", id, LineReview { scores, ..LineReview::default() });
        self.act("reviewer", id, Action::Recommend, nothing()).expect("recommended");
        self.value("reviewer", id);
        let due_on = self.today().checked_add_days(Days::new(9));
        let due = ActData { due_on, ..nothing() };
        self.act("reviewer", id, Action::ProposeAgreement, due).expect("proposed");
        self.act("planner", id, Action::AcceptAgreement, nothing()).expect("accepted");
        self.value("approver", id);
        self.act("approver", id, Action::Approve, nothing()).expect("approved");
        self.cases.push(Case::new(id));
        self.cases.len() - 1
    }

    fn value(&self, name: &str, id: ProposalId) {
        let amount_idr = Some(Rupiah(APPROVED));
        self.say(name, id, LineReview { amount_idr, ..LineReview::default() });
    }

    fn say(&self, name: &str, id: ProposalId, review: LineReview) {
        let review = LineReview { line_no: 1, ..review };
        let reviews = input(line_review::LineReviews { reviews: vec![review] });
        line_review::review(&self.sv, &self.at(name, id), id, &reviews).expect("said");
    }

    fn today(&self) -> NaiveDate {
        self.sv.clock.now().0.date()
    }

    fn next(&mut self) -> i64 {
        self.made += 1;
        self.made
    }

    /// An amount around a bound: within it, at it, or just beyond.
    fn around(&mut self, bound: i64) -> i64 {
        match self.dice.random_range(0..6) {
            0 => bound.max(1),
            1 => bound.max(0) + 1,
            2 => bound.max(0) + self.dice.random_range(1..500_000_000),
            _ => self.dice.random_range(1..=bound.max(1)),
        }
    }

    /// One operation on one of the proposals; both sides have to agree on whether it is possible.
    fn step(&mut self) {
        let slot = self.dice.random_range(0..LIVE);
        if self.dice.random_ratio(1, 40) || self.cases[self.live[slot]].state.is_end() {
            self.live[slot] = self.approved();
        }
        // Now and then one that has ended, or was left behind.
        let at = match self.dice.random_ratio(1, 12) {
            true => self.dice.random_range(LATER + 1..self.cases.len()),
            false => self.live[slot],
        };
        match self.dice.random_range(0..144) {
            0..12 => self.allocate(at),
            12..22 => self.plan(at),
            22..34 => self.contract(at),
            34..42 => self.accept(at),
            42..54 => self.request(at),
            54..70 => self.advance(at),
            70..80 => self.spend(at),
            80..86 => self.give_back(at),
            86..90 => self.complete(at),
            90..93 => self.report(at),
            93..96 => self.close(at),
            96..98 => self.cancel(at),
            98..100 => self.raise(),
            100..114 => self.reverse(at),
            114..120 => self.amend(at),
            120..126 => self.recover(at),
            126..132 => self.carry(at),
            132..136 => self.hold(at),
            _ => self.set_ceiling(at),
        }
    }

    /// The figures of these are the model's, and what must hold in any case does.
    fn compare(&self, which: impl Iterator<Item = usize>) {
        let c = &mut self.db.connect();
        for case in which.map(|at| &self.cases[at]) {
            let real = journal::figures(c, case.id).expect("figures");
            let Figures {
                ceiling_idr,
                plan_idr,
                contracted_idr,
                disbursed_idr,
                absorbed_idr,
                returned_idr,
                released_idr,
                carried_in_idr,
                carried_out_idr,
            } = real;
            let figures = [
                ceiling_idr,
                plan_idr,
                contracted_idr,
                disbursed_idr,
                absorbed_idr,
                returned_idr,
                released_idr,
                carried_in_idr,
                carried_out_idr,
            ];
            assert_eq!(figures.map(|amount| amount.0), case.figures, "{} {}", case.id, case.state);
            assert!(disbursed_idr <= contracted_idr || case.amended_down, "{}", case.id);
            assert_eq!(real.in_hand().0, case.in_hand());
            assert!(case.in_hand() >= 0 || case.overdrawn, "{}", case.id);
        }
        let of_year = self.cases.iter().skip(LATER + 1);
        let held: i64 = of_year.map(|case| case.figures[CEILED] - case.figures[RELEASED]).sum();
        assert_eq!(held, self.used);
        assert!(self.used <= self.amount);
        for (column, expected) in [("used_idr", self.used), ("amount_idr", self.amount)] {
            let sql = format!("SELECT {column} FROM allocations WHERE fiscal_year = {}", self.year);
            assert_eq!(number(c, &sql).expect("a number"), expected, "{column}");
        }
    }

    /// Those that most happens to.
    fn compare_live(&self) {
        self.compare(self.live.iter().copied().chain([LATER]));
    }

    /// All of them, each contract too.
    fn compare_all(&self) {
        self.compare(0..self.cases.len());
        let c = &mut self.db.connect();
        for contract in self.cases.iter().flat_map(|case| &case.contracts) {
            let real = contracts::find(c, contract.id).expect("found").expect("there");
            assert_eq!((real.value_idr.0, real.spent_idr.0), (contract.value, contract.spent));
            assert_eq!(real.voided_at.is_some(), contract.voided);
        }
    }

    fn verify(&self) {
        let report = verify::verify(&self.sv, |_| ()).expect("verified");
        assert_eq!(report.breaches, Vec::<String>::new());
    }

    /// The gate passes: what has no money and did not ask for any is forfeited.
    fn gate_passes(&mut self) {
        let gate = policy::show(&self.sv, self.year, None, self.sv.clock.now())
            .expect("a policy")
            .policy
            .contract_gate;
        self.sv.clock.advance_to(gate.moment());
        let missed: Vec<usize> = (LATER + 1..self.cases.len())
            .filter(|at| {
                let case = &self.cases[*at];
                matches!(case.state, State::Allocated | State::Planned | State::Contracted)
                    && case.pending.is_none()
            })
            .collect();
        let swept = sweep::deadlines(&self.sv).expect("swept");
        assert_eq!(swept.forfeited, missed.len());
        for at in missed {
            self.end(at, State::Forfeited);
        }
    }
}

fn play(db: &TestDatabase, steps: usize) {
    let dice = rand::random();
    println!("the dice start from {dice}");
    let mut play = Play::new(db, dice);
    for n in 1..=steps {
        play.step();
        play.compare_live();
        if n % 100 == 0 {
            play.compare_all();
            play.verify();
        }
    }
    play.gate_passes();
    play.compare_all();
    play.verify();
}

on_both! {
    fn five_hundred_movements_of_money_are_as_the_model_says(db) {
        play(db, 500);
    }

    /// `cargo test --test api ten_thousand_movements -- --ignored`
    #[ignore = "many minutes"]
    fn ten_thousand_movements_of_money_are_as_the_model_says(db) {
        play(db, 10_000);
    }
}
