//! The demonstration: four real proposals live through their years, and end as their files say; at every step the
//! checklist and the list of actions name the same documents.

use crate::on_both;
use crate::support::app::moment;
use crate::support::served::{PASSWORD, hire};
use sentra::app::Store;
use sentra::cli::demo;
use sentra::domain::act::Action;
use sentra::domain::workflow;
use sentra::service::clock::Clock;
use sentra::service::context::Context;
use sentra::service::document::Documents;
use sentra::service::password::HashSettings;
use sentra::service::view::readiness::Readiness;
use sentra::service::{Services, action, proposal, readiness, session, verify};
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
        assert!(steps > 60 && refused > 20, "{steps} steps, {refused} actions lacked a document");
        assert_eq!(verify::verify(&sv, |_| {}).expect("verified").breaches, Vec::<String>::new());
    }
}
