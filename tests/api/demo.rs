//! The demonstration: four real proposals live through their years, and end as their files say; at every step the
//! checklist and the list of actions name the same documents.

use crate::on_both;
use crate::support::app::moment;
use crate::support::served::{PASSWORD, hire};
use sentra::app::Store;
use sentra::cli::demo;
use sentra::domain::act::Action;
use sentra::domain::gate::Rule;
use sentra::domain::ids::ProposalId;
use sentra::domain::workflow;
use sentra::service::clock::Clock;
use sentra::service::context::Context;
use sentra::service::document::Documents;
use sentra::service::gate::Asked;
use sentra::service::password::HashSettings;
use sentra::service::view::readiness::Readiness;
use sentra::service::{Services, action, gate, proposal, readiness, session, verify};
use std::collections::BTreeSet;

/// What the checklist says is lacking for an action.
fn lacking(checklist: &Readiness, action: Action) -> BTreeSet<String> {
    let stage_of = match action {
        Action::ApproveWithConditions => Action::Approve,
        other => other,
    };
    checklist
        .stages
        .iter()
        .filter(|stage| stage.still_asked || stage.stage == stage_of)
        .flat_map(|stage| &stage.documents)
        .filter(|item| item.mandatory && !["present", "waived"].contains(&item.state.as_str()))
        .map(|item| item.document_type.clone())
        .collect()
}

/// Compares both lists of every proposal; tells how many actions lacked something.
fn compare(sv: &Services, auditor: &Context) -> usize {
    let mut refused = 0;
    let page = proposal::list(sv, auditor, &proposal::Filter::default(), 200).expect("listed");
    for one in page.items {
        let checklist = readiness::show(sv, auditor, one.id).expect("a checklist");
        let actions = action::list(sv, auditor, one.id).expect("actions");
        for item in actions.items {
            let told: BTreeSet<String> = item
                .blockers
                .iter()
                .filter(|blocker| blocker.code == "documents_ready")
                .map(|blocker| blocker.pointer.trim_start_matches("/documents/").to_owned())
                .collect();
            let looks = workflow::arrows(one.menu).any(|arrow| {
                (arrow.from, arrow.action) == (one.state, item.action)
                    && arrow.guards.iter().any(|guard| guard.as_str() == "documents_ready")
            });
            let expected = if looks { lacking(&checklist, item.action) } else { BTreeSet::new() };
            assert_eq!(told, expected, "{} {} in {}", one.title, item.action, one.state);
            refused += usize::from(!told.is_empty());
        }
    }
    refused
}

/// The gates of the Tapis centre opened on the days on which its tranches were asked for, with the figures of its file.
fn gates_of_tapis(sv: &Services, auditor: &Context, id: ProposalId) {
    let allocation =
        proposal::show(sv, auditor, id).expect("shown").allocation_id.expect("paid from one");
    let shut = |n: i64, on: &str| {
        let asked = Asked { on: Some(on.parse().expect("a day")), ..Asked::default() };
        let shown = gate::show(sv, auditor, allocation, n, &asked).expect("a gate");
        let unmet: Vec<&str> = shown
            .checks
            .iter()
            .filter(|check| !check.met)
            .map(|check| check.rule.as_str())
            .collect();
        assert_eq!(shown.open, unmet.is_empty());
        let absorption = shown.checks.iter().find(|check| check.rule == Rule::Absorption);
        let absorption = absorption.expect("a check of absorption");
        let output = shown.checks.iter().find(|check| check.rule == Rule::Output);
        let figures = (
            absorption.required_idr,
            absorption.actual_idr,
            output.and_then(|check| check.actual_bp),
        );
        (unmet.join(" "), figures, shown.cap_idr)
    };
    // 75 % of the 1,325,000,000 received; the picture at 50 % came with the request.
    let second = (Some(993_750_000), Some(1_260_000_000), Some(3_500));
    assert_eq!(shut(2, "2021-10-03"), ("tranche_document".to_owned(), second, 2_385_000_000));
    assert_eq!(shut(2, "2021-10-04"), (String::new(), second, 2_385_000_000));
    let before = (Some(993_750_000), Some(840_000_000), Some(0));
    assert_eq!(shut(2, "2021-09-19").1, before);
    assert_eq!(shut(2, "2021-09-19").0, "absorption_reached tranche_document");
    // 90 % of the 3,710,000,000 received; the report of 78 % came on the day of the request.
    let third = |output| (Some(3_339_000_000), Some(3_420_000_000), Some(output));
    assert_eq!(shut(3, "2021-12-01"), ("output_reached".to_owned(), third(3_500), 859_450_000));
    assert_eq!(shut(3, "2021-12-02"), (String::new(), third(7_800), 859_450_000));
    // Before the last order of 630,000,000 that counted, a part of it lacked.
    assert_eq!(shut(3, "2021-11-25").1, (Some(3_339_000_000), Some(2_790_000_000), Some(3_500)));
    let first = |on: &str| {
        let asked = Asked { on: Some(on.parse().expect("a day")), ..Asked::default() };
        gate::show(sv, auditor, allocation, 1, &asked).expect("a gate")
    };
    assert_eq!(
        (first("2021-07-08").open, first("2021-07-08").requested_idr),
        (true, 1_325_000_000)
    );
    assert_eq!((first("2021-07-15").paid_idr, first("2021-07-15").room_idr), (1_325_000_000, 0));
}

on_both! {
    fn the_cases_end_as_their_files_say_and_the_two_lists_agree_at_every_step(db) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::new(db.target().clone());
        store.clock = Clock::set_to(moment("2016-01-01T00:00:00Z"));
        store.hash = HashSettings { memory_kib: 64, iterations: 1, ..HashSettings::default() };
        store.documents = Documents::in_folder(&folder.path().join("documents"));
        let sv = store.services().expect("services");
        let user = hire(&sv, "looker", &["auditor"]);
        let (mut steps, mut refused) = (0, 0);
        let played = demo::play(&sv, PASSWORD, || {
            let auditor = session::context_of(&sv, user, format!("look-{steps}")).expect("an auditor");
            refused += compare(&sv, &auditor);
            steps += 1;
            Ok(())
        });
        let played = played.expect("played");
        for outcome in &played.outcomes {
            assert_eq!(outcome.differences, Vec::<String>::new(), "{}", outcome.name);
        }
        assert_eq!(played.outcomes.len(), 4);
        let auditor = session::context_of(&sv, user, "gates".to_owned()).expect("an auditor");
        let tapis = played.outcomes.iter().find(|outcome| outcome.name == "Tapis 2021").expect("the case");
        gates_of_tapis(&sv, &auditor, tapis.proposal);
        assert!(steps > 60 && refused > 20, "{steps} steps, {refused} actions lacked a document");
        assert_eq!(verify::verify(&sv, |_| {}).expect("verified").breaches, Vec::<String>::new());
    }
}
