//! Which documents are asked for, how each stands, and when one stands in the way.

use super::*;
use crate::domain::ids::DocumentId;
use crate::domain::line::{Component, FundSource};
use crate::domain::money::Rupiah;
use proptest::prelude::*;

fn moment(text: &str) -> Moment {
    serde_json::from_value(serde_json::json!(text)).expect("a moment")
}

fn policy() -> Policy {
    Policy::parse(include_str!("../../../policies/2021.toml")).expect("the policy of 2021")
}

fn line(component: Component) -> LineFacts {
    LineFacts {
        line_no: 1,
        component,
        fund_source: FundSource::Dak,
        gap: None,
        flag: None,
        flag_words: None,
        assessed: None,
        amount: Rupiah(100),
        agreed: None,
        approved: None,
        approved_reason: None,
    }
}

fn subject<'a>(menu: Menu, state: State, lines: &'a [LineFacts], anew: bool) -> Subject<'a> {
    Subject {
        menu,
        state,
        course: Course::of(menu, false, anew, false),
        lines,
        builds_anew: anew,
        zone: Zone::Wib,
        now: moment("2020-05-11T02:00:00Z"),
    }
}

fn brought(document_type: &str, issued_on: Option<&str>) -> Brought {
    Brought {
        id: DocumentId::new(),
        document_type: document_type.to_owned(),
        status: DocumentStatus::Available,
        issued_on: issued_on.map(|date| date.parse().expect("a date")),
        valid_until: None,
        uploaded_at: moment("2020-05-11T01:00:00Z"),
        has_position: false,
        uploaded_role: None,
        uploaded_in: None,
    }
}

fn state_of(items: &[Item<'_>], document_type: &str, stage: Action) -> ItemState {
    let found =
        items.iter().find(|item| item.rule.document_type == document_type && item.stage == stage);
    found.unwrap_or_else(|| panic!("{document_type} is not asked for")).state
}

#[test]
fn what_is_asked_for_follows_the_menu_its_components_and_what_is_built_anew() {
    let policy = policy();
    let types = |menu, component, anew| {
        let lines = [line(component)];
        let items = checklist(&policy, &subject(menu, State::Draft, &lines, anew), &[], &[]);
        items.iter().map(|item| item.rule.document_type.clone()).collect::<Vec<_>>()
    };
    let machines = types(Menu::Revitalisation, Component::MachineryEquipment, false);
    assert!(machines.contains(&"price_quotes".to_owned()), "{machines:?}");
    for not_asked in ["ded", "land_certificate", "site_visit_report", "feasibility_study"] {
        assert!(!machines.contains(&not_asked.to_owned()), "{not_asked}");
    }
    let anew = types(Menu::Revitalisation, Component::ProductionHouse, true);
    for asked in ["ded", "land_certificate", "site_visit_report", "condition_survey", "gap_list"] {
        assert!(anew.contains(&asked.to_owned()), "{asked}");
    }
    let construction = types(Menu::Construction, Component::ProductionHouse, true);
    for asked in [
        "land_certificate",
        "feasibility_study",
        "spatial_conformity",
        "environmental_document",
        "served_businesses",
        "operating_plan",
        "site_visit_report",
    ] {
        assert!(construction.contains(&asked.to_owned()), "{asked}");
    }
    assert!(!construction.contains(&"condition_survey".to_owned()));
}

#[test]
fn a_document_is_told_to_be_missing_undated_expired_waiting_without_position_or_waived() {
    let policy = policy();
    let lines = [line(Component::ProductionHouse)];
    let subject = subject(Menu::Construction, State::Draft, &lines, true);
    let (stage, kind) = (Action::RequestPlanningCheck, "served_businesses");
    let judged = |documents: &[Brought]| {
        state_of(&checklist(&policy, &subject, documents, &[]), kind, stage)
    };
    assert_eq!(judged(&[]), ItemState::Missing);
    assert_eq!(judged(&[brought(kind, None)]), ItemState::Undated);
    // It holds for twelve months: the last of them is the day of the month on which it was issued.
    assert_eq!(judged(&[brought(kind, Some("2019-05-10"))]), ItemState::Expired);
    assert_eq!(judged(&[brought(kind, Some("2019-05-11"))]), ItemState::Present);
    let waits =
        Brought { status: DocumentStatus::PendingScan, ..brought(kind, Some("2020-05-01")) };
    assert_eq!(judged(std::slice::from_ref(&waits)), ItemState::PendingScan);
    assert_eq!(judged(&[waits, brought(kind, Some("2020-05-01"))]), ItemState::Present);
    let ends =
        Brought { valid_until: "2020-05-10".parse().ok(), ..brought(kind, Some("2020-05-01")) };
    assert_eq!(judged(&[ends]), ItemState::Expired);
    let photo = brought("photo_visit", None);
    let items = checklist(&policy, &subject, std::slice::from_ref(&photo), &[]);
    assert_eq!(state_of(&items, "photo_visit", Action::ConfirmSite), ItemState::NoPosition);
    let photo = Brought { has_position: true, ..photo };
    let items = checklist(&policy, &subject, &[photo], &[]);
    assert_eq!(state_of(&items, "photo_visit", Action::ConfirmSite), ItemState::Present);
    let waived = [Waived { id: WaiverId::new(), document_type: kind.to_owned() }];
    let items = checklist(&policy, &subject, &[], &waived);
    assert_eq!(state_of(&items, kind, stage), ItemState::Waived);
}

#[test]
fn what_was_good_when_it_was_needed_stays_good_and_what_came_expired_does_not() {
    let policy = policy();
    let lines = [line(Component::ProductionHouse)];
    let mut subject = subject(Menu::Construction, State::Decision, &lines, true);
    subject.now = moment("2021-09-01T02:00:00Z");
    let (stage, kind) = (Action::RequestPlanningCheck, "served_businesses");
    let judged = |document: Brought| {
        let items = checklist(&policy, &subject, &[document], &[]);
        state_of(&items, kind, stage)
    };
    assert_eq!(judged(brought(kind, Some("2019-12-01"))), ItemState::Present);
    assert_eq!(judged(brought(kind, Some("2019-04-01"))), ItemState::Expired);
    // So it was for the decision, but where it was waived all the same: it did not hold by then.
    let rule = policy.documents.iter().find(|rule| rule.document_type == kind).expect("a rule");
    let document = brought(kind, Some("2019-12-01"));
    let stood = |is_waived: bool| {
        let when = (Menu::Construction, Zone::Wib, subject.now);
        stood_at_decision(rule, when, is_waived, std::iter::once(&document)).map(|(state, _)| state)
    };
    assert_eq!((stood(false), stood(true)), (Some(ItemState::Present), Some(ItemState::Expired)));
}

#[test]
fn earlier_steps_are_asked_for_until_the_decision_and_a_visit_for_itself_only() {
    let policy = policy();
    let lines = [line(Component::ProductionHouse)];
    let lacking = |state: State, action: Action| {
        let subject = subject(Menu::Construction, state, &lines, true);
        let items = checklist(&policy, &subject, &[], &[]);
        let mut types: Vec<String> = items
            .iter()
            .filter(|item| item.stands_in_the_way_of(action))
            .map(|item| item.rule.document_type.clone())
            .collect();
        types.sort();
        types.dedup();
        types
    };
    let at_start = lacking(State::Draft, Action::RequestPlanningCheck);
    assert_eq!(at_start, ["rab", "served_businesses", "tor"]);
    let at_decision = lacking(State::Decision, Action::Approve);
    for kind in ["rab", "ded", "land_certificate", "cover_letter"] {
        assert!(at_decision.contains(&kind.to_owned()), "{kind}");
    }
    assert!(!at_decision.contains(&"site_visit_report".to_owned()));
    assert_eq!(lacking(State::Operating, Action::Close), Vec::<String>::new());
    assert_eq!(lacking(State::Closed, Action::Close), Vec::<String>::new());
}

proptest! {
    /// More documents, or a waiver, never make a proposal less ready.
    #[test]
    fn bringing_more_never_makes_it_less_ready(
        days in prop::collection::vec((0_usize..40, 0_i64..1200, any::<bool>()), 0..12),
        more in (0_usize..40, 0_i64..1200, any::<bool>()),
        waived in prop::option::of(0_usize..40),
        state in 0_usize..16,
    ) {
        let policy = policy();
        let lines = [line(Component::ProductionHouse), line(Component::MachineryEquipment)];
        let state = State::ALL[state];
        let subject = subject(Menu::Construction, state, &lines, true);
        let types = policy.document_types();
        let make = |(kind, age, has_position): (usize, i64, bool)| {
            let issued = subject.now.0.date() - chrono::TimeDelta::days(age);
            let issued = issued.to_string();
            Brought { has_position, ..brought(types[kind % types.len()], Some(&issued)) }
        };
        let mut documents: Vec<Brought> = days.into_iter().map(make).collect();
        let met = |documents: &[Brought], waived: &[Waived]| {
            let items = checklist(&policy, &subject, documents, waived);
            items.iter().map(Item::is_met).collect::<Vec<_>>()
        };
        let before = met(&documents, &[]);
        documents.push(make(more));
        let waivers: Vec<Waived> = waived
            .map(|kind| Waived { id: WaiverId::new(), document_type: types[kind % types.len()].to_owned() })
            .into_iter()
            .collect();
        let after = met(&documents, &waivers);
        prop_assert!(before.iter().zip(&after).all(|(before, after)| *after || !before));
    }
}
