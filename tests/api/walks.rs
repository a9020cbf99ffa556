//! Random walks of both machines through the API, beside a small model that is kept here: what the model allows is
//! done, what it does not know is refused, and every arrow of it is taken.

use crate::on_both;
use crate::support::app::{HOME, TestApp};
use crate::support::client::Answer;
use crate::support::database::{Kind, TestDatabase};
use crate::support::life::{CONSTRUCTION, Case, Life, REVITALISATION};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sentra::domain::act::Action;
use sentra::domain::people::Role;
use sentra::domain::proposal::{Menu, State};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// From a state, by actions, to a state: as the regulation reads, and not as the code does.
const MODEL: &str = "
    draft              request_planning_check                 planning_check
    planning_check     return                                 draft
    planning_check     confirm_planning                       endorsement
    endorsement        return                                 draft
    endorsement        submit                                 verification
    verification       return                                 draft
    verification       verify                                 technical_review
    verification       not_recommend                          rejected
    technical_review   request_clarification                  clarification
    technical_review   advise_against                         decision
    clarification      answer                                 technical_review
    clarification      lapse                                  lapsed
    lapsed             revive                                 clarification
    site_verification  confirm_site                           harmonisation
    site_verification  fail_site                              decision
    harmonisation      propose_agreement                      harmonisation
    harmonisation      accept_agreement,decline_agreement     decision
    harmonisation      close_without_agreement                decision
    decision           approve,approve_with_conditions        approved
    decision           return_to_review                       technical_review
    decision           reject                                 rejected
    approved           allocate                               allocated
    approved           decline_allocation                     unfunded
    allocated          approve_plan                           planned
    planned            accept_contracts                       contracted
    contracted         disburse                               funded
    funded             disburse                               funded
    reporting          disburse                               reporting
    contracted         record_expenditure                     contracted
    funded             record_expenditure                     funded
    reporting          record_expenditure                     reporting
    allocated          forfeit                                forfeited
    planned            forfeit                                forfeited
    contracted         forfeit                                forfeited
    funded             complete_works,end_short               reporting
    draft              withdraw                               withdrawn
    planning_check     withdraw                               withdrawn
    endorsement        withdraw                               withdrawn
    verification       withdraw                               withdrawn
    technical_review   withdraw                               withdrawn
    clarification      withdraw                               withdrawn
    site_verification  withdraw                               withdrawn
    harmonisation      withdraw                               withdrawn
    decision           withdraw                               withdrawn
    approved           cancel                                 cancelled
    allocated          cancel                                 cancelled
    planned            cancel                                 cancelled
    contracted         cancel                                 cancelled
    technical_review   recommend                              site_verification
";
const CONSTRUCTION_ENDS: &str = "
    reporting          hand_over                              operating
    operating          record_expenditure                     operating
    operating          close,close_unused                     closed
";
const REVITALISATION_ENDS: &str = "
    reporting          close                                  closed
";

type Arrows = BTreeMap<(String, String), String>;

fn model(case: Case) -> Arrows {
    let ends = if case.menu == "construction" { CONSTRUCTION_ENDS } else { REVITALISATION_ENDS };
    let mut arrows = Arrows::new();
    for line in MODEL.lines().chain(ends.lines()) {
        if let [from, actions, to] = line.split_whitespace().collect::<Vec<_>>()[..] {
            for action in actions.split(',') {
                arrows.insert((from.to_owned(), action.to_owned()), to.to_owned());
            }
        }
    }
    arrows
}

/// Does what an action needs before it, and the action, by whoever's turn it is.
async fn perform(life: &Life<'_>, state: &str, action: &str) -> Option<Answer> {
    let app = life.app;
    let comment = json!({ "action": action, "comment": "Demikian." });
    let with = |data: Value| json!({ "action": action, "comment": "Demikian.", "data": data });
    match (state, action) {
        ("verification", "return") => {
            life.ask_changes(Role::Verifier, &["/title"]).await;
        }
        (_, "request_clarification") => {
            life.ask_changes(Role::Reviewer, &["/title"]).await;
        }
        ("draft", "request_planning_check") | (_, "answer") => {
            life.answer_changes().await;
            life.bring().await;
        }
        (_, "confirm_site") => life.bring().await,
        ("verification", "verify") => {
            life.accept_changes(Role::Verifier).await;
            life.flag_lines().await;
        }
        (_, "recommend") => {
            life.accept_changes(Role::Reviewer).await;
            life.assess_lines().await;
        }
        (_, "advise_against") => life.accept_changes(Role::Reviewer).await,
        _ => {}
    }
    let act = match action {
        "lapse" | "forfeit" => {
            let at = if action == "lapse" {
                app.in_days(1) + "T17:00:00Z"
            } else {
                "2021-07-21T10:00:00Z".to_owned()
            };
            app.at(&at);
            app.sweep();
            return None;
        }
        "request_clarification" | "revive" => with(json!({ "due_on": app.in_days(1) })),
        "confirm_site" | "fail_site" => with(json!({ "visit": life.visit() })),
        "propose_agreement" | "accept_agreement" | "close_without_agreement" => {
            life.review_lines(Role::Reviewer).await;
            if action != "propose_agreement" {
                let due =
                    json!({ "action": "propose_agreement", "data": { "due_on": app.in_days(1) } });
                life.act(Role::Reviewer, due).await.is(200);
            }
            match action {
                "propose_agreement" => with(json!({ "due_on": app.in_days(1) })),
                "accept_agreement" => comment,
                _ => {
                    app.at(&(app.in_days(1) + "T17:00:00Z"));
                    comment
                }
            }
        }
        "approve" | "approve_with_conditions" => {
            life.review_lines(Role::Approver).await;
            if action == "approve" {
                comment
            } else {
                with(json!({ "conditions": ["Sertifikat"] }))
            }
        }
        "allocate" => {
            life.fund().await;
            life.allocate_body()
        }
        "decline_allocation" => with(json!({ "legal_basis": "Perpres" })),
        "approve_plan" => {
            life.submit_plan().await;
            return Some(life.approve_plan(json!({})).await);
        }
        "accept_contracts" => {
            let reviewer = life.who(Role::Reviewer).await;
            for condition in life.list("conditions").await {
                let evidence = life.evidence().await;
                life.step_of(&reviewer, "conditions", &condition, "lift", evidence).await.is(200);
            }
            life.contract(json!({})).await.is(201);
            comment
        }
        "disburse" => return Some(disburse(life).await),
        "record_expenditure" => return Some(life.spend(1).await),
        "complete_works" => return Some(life.complete_works().await),
        "end_short" => {
            app.later(chrono::TimeDelta::days(160));
            let statement = json!({ "number": "S/1", "date": app.today(), "finished_by": "APBD" });
            with(json!({ "output_bp": 5_000, "statement": statement }))
        }
        "hand_over" => return Some(life.hand_over().await),
        "close" | "close_unused" => {
            settle(life).await;
            if action == "close" {
                life.final_report().await;
                return Some(life.close().await);
            }
            let auditor = life.who(Role::Auditor).await;
            let finding = crate::findings::draft(json!({ "kind": "unused" }));
            app.post(&auditor, &life.path("findings"), finding).await.is(201);
            comment
        }
        _ => comment,
    };
    Some(life.act(turn(state, action), act).await)
}

/// The next tranche: an eighth of the contracts.
async fn disburse(life: &Life<'_>) -> Answer {
    let disbursed = life.figure("disbursed_idr").await;
    let n = disbursed / (life.case.total() / 8) + 1;
    life.request_tranche(n, life.case.total() / 8).await.is(201);
    life.review_and_verify().await;
    life.pay().await
}

/// Nothing is left in hand.
async fn settle(life: &Life<'_>) {
    let left = life.figure("in_hand_idr").await;
    assert!(left > 0, "{left} is in hand");
    let slip = json!({ "number": "STS/1", "returned_on": life.app.today(), "amount_idr": left, "reason": "Sisa." });
    life.add(Role::Drafter, "returns", slip).await.is(201);
}

fn turn(state: &str, action: &str) -> Role {
    match action {
        "confirm_planning" | "accept_agreement" | "decline_agreement" => Role::Planner,
        "submit" | "withdraw" => Role::RegionalHead,
        "verify" | "not_recommend" => Role::Verifier,
        "request_clarification"
        | "recommend"
        | "advise_against"
        | "confirm_site"
        | "fail_site"
        | "propose_agreement"
        | "close_without_agreement" => Role::Reviewer,
        "approve"
        | "approve_with_conditions"
        | "return_to_review"
        | "reject"
        | "cancel"
        | "revive"
        | "approve_plan"
        | "approve_plan_change" => Role::Approver,
        "allocate" | "decline_allocation" | "disburse" => Role::Treasurer,
        "accept_contracts" | "end_short" | "close" | "close_unused" => Role::Inspector,
        "return" => match state {
            "endorsement" => Role::RegionalHead,
            "verification" => Role::Verifier,
            _ => Role::Planner,
        },
        _ => Role::Drafter,
    }
}

/// An action that the model does not know here is refused, whoever tries it.
async fn refused(life: &Life<'_>, state: &str, action: Action) {
    let name = action.as_str();
    if action == Action::RecordHandover && state == "contracted" {
        return; // A matter of the mode of payment, which these walks leave alone.
    }
    if action == Action::Revive && matches!(state, "forfeited" | "lapsed") {
        return; // What was forfeited takes a decree; it has tests of its own.
    }
    if action == Action::ApprovePlanChange && matches!(state, "planned" | "contracted" | "funded") {
        return; // The effect of another plan that is approved, which has tests of its own.
    }
    let answer = life.act(turn(state, name), json!({ "action": name, "comment": "Coba." })).await;
    if matches!(action, Action::Lapse | Action::Forfeit) {
        answer.is(403);
        return;
    }
    let known = Menu::ALL.iter().any(|menu| {
        menu.as_str() == life.case.menu
            && sentra::domain::workflow::arrows(*menu).any(|arrow| arrow.action == action)
    });
    if known {
        answer.refused(409, &["not_from_here"]);
    } else {
        answer.is(403);
    }
}

/// What the walks have seen.
#[derive(Default)]
struct Seen {
    arrows: BTreeMap<(String, String), usize>,
    states: BTreeSet<String>,
    ends: BTreeSet<String>,
    steps: usize,
}

/// The arrows from here that were never taken, those that do not end the walk first; else those on the shortest way to
/// such an arrow.
fn towards(state: &str, arrows: &Arrows, seen: &Seen) -> Vec<(String, String)> {
    let is_new = |arrow: &(String, String)| !seen.arrows.contains_key(arrow);
    let is_end = |state: &str| state.parse::<State>().is_ok_and(State::is_end);
    let here: Vec<_> = arrows.iter().filter(|((from, _), _)| from == state).collect();
    // How many steps it is from each state to an arrow that is new.
    let mut distance: BTreeMap<&str, usize> = BTreeMap::new();
    for (from, _) in arrows.keys().filter(|arrow| is_new(arrow)) {
        distance.insert(from, 0);
    }
    for steps in 1..=arrows.len() {
        for ((from, _), to) in arrows {
            if distance.get(to.as_str()) == Some(&(steps - 1)) {
                distance.entry(from).or_insert(steps);
            }
        }
    }
    let nearest = here.iter().filter_map(|(_, to)| distance.get(to.as_str())).min();
    let pick = |fits: &dyn Fn(&(String, String), &str) -> bool| -> Vec<(String, String)> {
        let fitting = here.iter().filter(|(arrow, to)| fits(arrow, to));
        fitting.map(|(arrow, _)| (*arrow).clone()).collect()
    };
    [
        pick(&|arrow, to| is_new(arrow) && !is_end(to)),
        pick(&|arrow, _| is_new(arrow)),
        pick(&|_, to| nearest.is_some() && distance.get(to) == nearest),
    ]
    .into_iter()
    .find(|choices| !choices.is_empty())
    .unwrap_or_default()
}

/// One walk from a draft until an end, wherever there is something new.
async fn walk(app: &TestApp, case: Case, arrows: &Arrows, seen: &mut Seen, rng: &mut StdRng) {
    let life = case.draft(app).await;
    let mut state = "draft".to_owned();
    for _ in 0..60 {
        seen.states.insert(state.clone());
        assert_eq!(life.state().await, state);
        let from_here: Vec<_> = arrows.keys().filter(|(from, _)| *from == state).cloned().collect();
        if from_here.is_empty() {
            break;
        }
        let other = *Action::ALL.choose(rng).expect("an action");
        if !from_here.iter().any(|(_, action)| action == other.as_str()) {
            refused(&life, &state, other).await;
        }
        let towards = towards(&state, arrows, seen);
        let choices =
            if towards.is_empty() || rng.random_bool(0.1) { &from_here } else { &towards };
        let arrow = choices.choose(rng).expect("an arrow").clone();
        if let Some(answer) = perform(&life, &state, &arrow.1).await {
            assert!(matches!(answer.status, 200 | 201), "{state} {}: {answer}", arrow.1);
        }
        state = arrows[&arrow].clone();
        *seen.arrows.entry(arrow).or_default() += 1;
        seen.steps += 1;
    }
    seen.states.insert(state.clone());
    if state.parse::<State>().is_ok_and(State::is_end) && seen.ends.insert(state.clone()) {
        for action in Action::ALL {
            refused(&life, &state, *action).await;
        }
    }
}

/// Whether proposals are still taken, and could still ask for money: before the window closes, or, once something was paid,
/// in the year itself before its gate.
fn is_early(app: &TestApp) -> bool {
    let spans = [("2020-05-01", "2020-06-10"), ("2021-01-05", "2021-07-01")];
    let today = app.today();
    spans.iter().any(|(first, last)| *first <= today.as_str() && today.as_str() < *last)
}

/// Walks until so many steps are made and every arrow is taken; a new service whenever the year is over.
async fn walks(kind: Kind, case: Case, seed: u64, steps: usize) {
    let arrows = model(case);
    let mut seen = Seen::default();
    let mut rng = StdRng::seed_from_u64(seed);
    let taken = |seen: &Seen| seen.arrows.len() == arrows.len();
    for _ in 0..500 {
        if seen.steps >= steps && taken(&seen) {
            break;
        }
        let Some(database) = TestDatabase::fresh(kind) else { return };
        let app = TestApp::on(database);
        while is_early(&app) && (seen.steps < steps || !taken(&seen)) {
            walk(&app, case, &arrows, &mut seen, &mut rng).await;
        }
        app.verified();
    }
    let missed: Vec<_> = arrows.keys().filter(|arrow| !seen.arrows.contains_key(*arrow)).collect();
    assert!(missed.is_empty(), "never taken: {missed:?}");
    let expected: BTreeSet<String> =
        arrows.iter().flat_map(|((from, _), to)| [from.clone(), to.clone()]).collect();
    assert_eq!(seen.states, expected);
    println!("{} steps along {} arrows, seed {seed}", seen.steps, arrows.len());
}

#[test]
fn the_model_and_the_machine_know_the_same_arrows() {
    for (menu, case) in [(Menu::Construction, CONSTRUCTION), (Menu::Revitalisation, REVITALISATION)]
    {
        let mut known = model(case);
        known.insert(
            ("contracted".to_owned(), "record_handover".to_owned()),
            "contracted".to_owned(),
        );
        known.insert(("lapsed".to_owned(), "revive".to_owned()), "clarification".to_owned());
        for state in ["planned", "contracted", "funded"] {
            known.insert((state.to_owned(), "approve_plan_change".to_owned()), state.to_owned());
        }
        let arrows = sentra::domain::workflow::arrows(menu);
        let machine: Arrows = arrows
            .filter(|arrow| !matches!(arrow.route.as_str(), "by_province" | "no_visit_due"))
            .filter(|arrow| !arrow.route.as_str().starts_with("left_"))
            .map(|arrow| ((arrow.from.to_string(), arrow.action.to_string()), arrow.to.to_string()))
            .collect();
        assert_eq!(known, machine);
    }
}

on_both! {
    async fn walks_of_a_construction_agree_with_the_model(db) {
        walks(db.kind, CONSTRUCTION.within(HOME).in_tranches(8), 2021, 200).await;
    }

    async fn walks_of_a_revitalisation_agree_with_the_model(db) {
        walks(db.kind, REVITALISATION.anew().in_tranches(8), 1605, 200).await;
    }

    #[ignore = "long: cargo test walks -- --ignored"]
    async fn long_walks_agree_with_the_model(db) {
        for seed in 0..5 {
            walks(db.kind, CONSTRUCTION.in_tranches(8), seed, 2_000).await;
            walks(db.kind, REVITALISATION.anew().in_tranches(8), seed, 2_000).await;
        }
    }
}
