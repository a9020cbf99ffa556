//! Every message of every event, to each role that is told, in both languages, is kept as it is read: one file an event.
//! After a change that is meant: `INSTA_UPDATE=always cargo test --lib -- mail::preview`.

use super::*;
use crate::domain::deadline::{self, DeadlineKind, Due, Prospect};
use crate::domain::finding::Awaited;
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::notice::NoticeFacts;
use crate::domain::policy::{Policy, ReminderSide, ReminderStep};
use crate::domain::proposal::State;
use crate::domain::reminder::{Province, RemindedRegion, ReminderFacts, Scope};
use crate::domain::tranche::Mode;
use crate::mail::render::MAX_SUBJECT;
use crate::mail::steps;
use chrono::NaiveDate;

fn site() -> Site {
    Site::parse("https://sentra.example").expect("site")
}

fn all(event: NoticeEvent, language: Language) -> Vec<Preview> {
    of(&site(), event, language, None).expect("previews")
}

/// Snapshots lie beside the other golden files of the tests.
fn in_its_folder(check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/golden/mail");
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(check);
}

#[test]
fn every_message_reads_as_it_is_kept() {
    for event in NoticeEvent::ALL {
        let previews = Language::ALL.iter().flat_map(|language| all(*event, *language));
        let text = written(&previews.collect::<Vec<_>>());
        in_its_folder(|| insta::assert_snapshot!(event.as_str(), text));
    }
}

#[test]
fn no_golden_file_is_left_of_an_event_that_is_gone() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/golden/mail");
    for file in std::fs::read_dir(folder).expect("the folder") {
        let name = file.expect("a file").file_name().into_string().expect("a name");
        let event = name.split('.').next().unwrap_or_default().parse::<NoticeEvent>();
        assert!(event.is_ok() && name.ends_with(".snap"), "{name}");
    }
}

/// A deadline of 2021 of a kind, with a state in which it lies before a proposal.
fn deadline_of(kind: DeadlineKind, policy: &Policy) -> (Due, State) {
    let date = |month, day| NaiveDate::from_ymd_opt(2021, month, day);
    let awaited = Awaited {
        n: 1,
        due_on: date(9, 30).expect("a day"),
        since: Zone::Wib.at_hour(date(8, 2).expect("a day"), 8),
        at_issue: Rupiah(61_550_000),
    };
    let prospect = Prospect {
        returned: kind == DeadlineKind::Correction,
        due_on: NaiveDate::from_ymd_opt(2020, 7, 30),
        recommended: kind == DeadlineKind::RecommendationGate,
        contracted_on: date(4, 6),
        operating_since: date(1, 11),
        findings: (kind == DeadlineKind::FindingFollowUp).then_some(awaited).into_iter().collect(),
        ..Prospect::default()
    };
    let state = match kind {
        DeadlineKind::Submission | DeadlineKind::Correction => State::Draft,
        DeadlineKind::Clarification => State::Clarification,
        DeadlineKind::Harmonisation => State::Harmonisation,
        DeadlineKind::PlanApproval => State::Allocated,
        DeadlineKind::ContractGate | DeadlineKind::RecommendationGate => State::Planned,
        DeadlineKind::TrancheDocuments
        | DeadlineKind::TrancheWindow
        | DeadlineKind::QuarterlyReport => State::Funded,
        DeadlineKind::FinalReport => State::Reporting,
        DeadlineKind::OperationCheck | DeadlineKind::FindingFollowUp => State::Operating,
    };
    let now = Zone::Wib.at_hour(NaiveDate::from_ymd_opt(2020, 5, 4).expect("a day"), 8);
    let own = deadline::of_proposal(state, &prospect, policy, Zone::Wib, now);
    let paid = deadline::of_tranche(Mode::Staged, 2, false, policy, now);
    let due = own.into_iter().chain(paid).find(|due| due.kind == kind).expect("a deadline");
    (due, state)
}

/// The reminders of a kind by a step of its ladder: to each role that the step names, in both languages.
fn reminders_of(kind: DeadlineKind, policy: &Policy, step: &ReminderStep) -> Vec<Preview> {
    let (due, state) = deadline_of(kind, policy);
    let last = due.at.after(chrono::TimeDelta::microseconds(-1)).date_in(due.zone);
    let days = u32::try_from(step.working_days).expect("days");
    let calendar = policy.calendar();
    let day = match step.side {
        ReminderSide::Before => calendar.back(last, days),
        ReminderSide::After => calendar.add(last, days),
    };
    let mut facts = facts(NoticeEvent::Reminder, state).expect("facts");
    facts.at = Zone::Wib.at_hour(day, 8);
    let (days_left, working_days_left) = deadline::left(&calendar, facts.at, &due);
    let reminder = facts.reminder.take().expect("a reminder");
    facts.reminder = Some(ReminderFacts {
        kind,
        n: due.n,
        due_at: due.at,
        due_zone: due.zone,
        days_left,
        working_days_left,
        earlier: Vec::new(),
        ..reminder
    });
    previews_of(&facts, &format!("{kind}.{}{}", step.working_days, step.side), &step.tells)
}

/// A reminder to each of some roles, in both languages.
fn previews_of(facts: &NoticeFacts, name: &str, roles: &[Role]) -> Vec<Preview> {
    let renderer = Renderer::new(site());
    let mut all = Vec::new();
    for (language, role) in
        Language::ALL.iter().flat_map(|one| roles.iter().map(move |role| (*one, *role)))
    {
        let (id, event, unsubscribe) = (MailId::new(), NoticeEvent::Reminder, Some(TOKEN));
        let roles = [role];
        let draft =
            Draft { id, event, facts, name: RECIPIENT, language, roles: &roles, unsubscribe };
        let message = renderer.render(&draft).expect("rendered");
        all.push(Preview { name: format!("reminder.{name}.{role}.{language}"), message });
    }
    all
}

/// A gate before regions, of one province or of several: as those above are told of it.
fn of_regions(policy: &Policy, province: Option<Province>) -> NoticeFacts {
    let mut facts = facts(NoticeEvent::Reminder, State::Planned).expect("facts");
    let region = |(n, name): (i64, &str)| RemindedRegion {
        name: name.to_owned(),
        at_risk_idr: 9_900_000_000 / n,
        count: 4 - n,
    };
    let names = ["Kabupaten Way Kanan", "Kota Bandar Lampung", "Kabupaten Lampung Barat"];
    let regions = (1..).zip(names).map(region).collect();
    let reminder = facts.reminder.take().expect("a reminder");
    let scope = Some(Scope { province, regions, count: 43 });
    facts.at = Zone::Wib.at_hour(policy.calendar().back(policy.contract_gate.date, 5), 8);
    let (due_at, due_zone) = (reminder.due_at, reminder.due_zone);
    let (days_left, working_days_left) =
        deadline::left_until(&policy.calendar(), facts.at, due_at, due_zone);
    facts.reminder = Some(ReminderFacts {
        at_risk_idr: 212_000_000_000,
        moved_by: Some("KMK 18/KM.7/2021".to_owned()),
        days_left,
        working_days_left,
        earlier: Vec::new(),
        count: 61,
        scope,
        ..reminder
    });
    facts
}

fn written(previews: &[Preview]) -> String {
    let mut text = String::new();
    for Preview { name, message } in previews {
        let rule = "=".repeat(72);
        text.push_str(&format!("{rule}\n{name}\n{rule}\nSubject: {}\n\n", message.subject));
        text.push_str(&message.text);
        text.push_str("\n\n");
    }
    text
}

/// Of each kind of deadline, the last step before it and, where it can still be met afterwards, the last one after it.
fn every_reminder() -> Vec<(String, Vec<Preview>)> {
    let policy = Policy::parse(include_str!("../../policies/2021.toml")).expect("a policy");
    let mut all = Vec::new();
    for kind in DeadlineKind::ALL {
        let rule = policy.reminders_of(*kind).expect("a ladder");
        let last = |side| rule.steps.iter().rfind(|step| step.side == side);
        let steps = [last(ReminderSide::Before), last(ReminderSide::After)].into_iter().flatten();
        let previews = steps.flat_map(|step| reminders_of(*kind, &policy, step)).collect();
        all.push((format!("reminder.{kind}"), previews));
    }
    let province = Province { code: "18".into(), name: "Lampung".to_owned() };
    let mut above =
        previews_of(&of_regions(&policy, Some(province)), "province", &[Role::Verifier]);
    let nation = of_regions(&policy, None);
    above.extend(previews_of(
        &nation,
        "nation",
        &[Role::Reviewer, Role::Approver, Role::Treasurer],
    ));
    all.push(("reminder.above".to_owned(), above));
    all
}

#[test]
fn every_reminder_reads_as_it_is_kept() {
    for (name, previews) in every_reminder() {
        in_its_folder(|| insta::assert_snapshot!(name, written(&previews)));
    }
}

#[test]
fn a_reminder_names_no_code_and_no_midnight_as_an_hour() {
    for (_, previews) in every_reminder() {
        for Preview { name, message } in previews {
            let (said, _) = message.text.split_once("https://").expect("a link");
            for body in [&message.subject, said] {
                assert!(!body.contains("24:00") && !body.contains("24.00"), "{name}\n{body}");
                assert!(!body.contains('_') && !body.contains('{'), "{name}\n{body}");
            }
            assert!(message.subject.chars().count() <= MAX_SUBJECT, "{name}");
        }
    }
}

/// What a reader sees of markup.
fn shown(html: &str) -> String {
    let body = html.split_once("<body>").expect("a body").1;
    let mut text = String::new();
    let mut is_tag = false;
    for letter in body.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            _ if !is_tag => text.push(letter),
            _ => {}
        }
    }
    for (escaped, letter) in
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
    {
        text = text.replace(escaped, letter);
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The plain texts hold every word of every message. The markup is made of the same values by few templates, so that it
/// would be hundreds of files of the same frame: each value is held to be in it, and each branch of the templates is kept
/// once below. What an account is told is a template of its own, of which each branch is kept.
#[test]
fn the_markup_says_whatever_the_plain_text_says() {
    let events = NoticeEvent::ALL.iter().filter(|event| !event.is_about_account());
    let usual = events.flat_map(|event| Language::ALL.iter().flat_map(|one| all(*event, *one)));
    let reminders = every_reminder().into_iter().flat_map(|(_, previews)| previews);
    for Preview { name, message } in usual.chain(reminders) {
        let shown = shown(&message.html);
        let lines = message.text.lines().map(str::trim).filter(|line| *line != "--");
        for line in lines.map(|line| line.strip_prefix("- ").unwrap_or(line)) {
            let value = line.split_once(": ").map_or(line, |(_, value)| value);
            let value = value.trim_end_matches([':', '.']);
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(shown.contains(&value), "{name} lacks {value:?}\n{shown}");
        }
    }
}

#[test]
fn the_markup_of_each_branch_of_the_templates_is_kept() {
    for (event, role, language) in [
        (NoticeEvent::ApproveWithConditions, Some(Role::Drafter), Language::Id),
        (NoticeEvent::Forfeit, Some(Role::RegionalHead), Language::En),
        (NoticeEvent::RequestClarification, Some(Role::Drafter), Language::Id),
        (NoticeEvent::Reminder, Some(Role::Drafter), Language::Id),
        (NoticeEvent::Digest, None, Language::Id),
        (NoticeEvent::Invited, None, Language::Id),
        (NoticeEvent::PasswordSet, None, Language::En),
    ] {
        let previews = of(&site(), event, language, role).expect("previews");
        for Preview { name, message } in previews {
            in_its_folder(|| insta::assert_snapshot!(format!("{name}.html"), message.html));
        }
    }
    let (_, above) = every_reminder().pop().expect("reminders");
    let nation = above.into_iter().rfind(|one| one.name == "reminder.nation.approver.id");
    let Preview { name, message } = nation.expect("a reminder");
    in_its_folder(|| insta::assert_snapshot!(format!("{name}.html"), message.html));
}

#[test]
fn every_message_says_where_what_and_by_whom_and_no_role_twice() {
    let mut names = std::collections::BTreeSet::new();
    for event in NoticeEvent::ALL {
        for language in Language::ALL {
            for Preview { name, message } in all(*event, *language) {
                assert!(names.insert(name.clone()), "{name} is there twice");
                assert!(message.subject.chars().count() <= MAX_SUBJECT, "{name}");
                assert!(message.text.contains(RECIPIENT) && message.html.contains(RECIPIENT));
                for body in [&message.subject, &message.text, &message.html] {
                    assert!(!body.contains("24:00") && !body.contains("24.00"), "{name}\n{body}");
                    assert!(!body.contains("{actor}"), "{name}\n{body}");
                }
                if event.is_about_proposal() {
                    assert!(message.subject.contains("Kabupaten Way Kanan 2021"), "{name}");
                    assert!(message.subject.contains("Kopi Robusta"), "{name}");
                }
            }
        }
    }
}

#[test]
fn amounts_and_days_are_those_of_the_language() {
    for event in NoticeEvent::ALL {
        for (language, foreign) in
            [(Language::Id, ["Rp5,", "July"]), (Language::En, ["Rp5.", "Juli"])]
        {
            for Preview { name, message } in all(*event, language) {
                for word in foreign {
                    assert!(!message.text.contains(word), "{name} says {word}\n{}", message.text);
                }
            }
        }
    }
}

#[test]
fn whoever_has_something_to_do_reads_it_in_the_subject() {
    // A reminder has a subject of its own, by its date and its reader.
    let has_usual =
        |event: &&NoticeEvent| event.is_about_proposal() && **event != NoticeEvent::Reminder;
    for event in NoticeEvent::ALL.iter().filter(has_usual) {
        for telling in tellings(*event) {
            let state = telling.state.unwrap_or(usual_state(*event));
            let step = steps::first(*event, state, &[telling.role]);
            let previews = of(&site(), *event, Language::Id, Some(telling.role)).expect("previews");
            let says =
                |words: &str| previews.iter().any(|one| one.message.subject.starts_with(words));
            match step {
                Some(step) => {
                    assert!(says(&format!("Tindakan Anda: {}", step.short.id)), "{event}")
                }
                None => assert!(says("Info: "), "{event}"),
            }
        }
    }
}

#[test]
fn a_role_that_is_not_told_is_refused_with_those_that_are() {
    let refused = of(&site(), NoticeEvent::PlanSubmitted, Language::Id, Some(Role::Auditor));
    let words = refused.expect_err("refused");
    assert!(words.contains("approver"), "{words}");
    assert!(of(&site(), NoticeEvent::Invited, Language::Id, Some(Role::Drafter)).is_err());
}

#[test]
fn a_message_loads_nothing_from_elsewhere() {
    for event in NoticeEvent::ALL {
        for language in Language::ALL {
            for Preview { name, message } in all(*event, *language) {
                let html = message.html.to_lowercase();
                for tag in [
                    "<img",
                    "<script",
                    "<link",
                    "<iframe",
                    "<object",
                    "@import",
                    "url(",
                    "src=",
                    "<meta http-equiv",
                ] {
                    assert!(!html.contains(tag), "{name} has {tag}");
                }
                let elsewhere = html
                    .match_indices("http")
                    .filter(|(at, _)| !html[*at..].starts_with("https://sentra.example/api/v1/"));
                assert_eq!(elsewhere.count(), 0, "{name} names another place\n{html}");
                for part in [
                    "width=device-width",
                    "color-scheme: light dark",
                    "prefers-color-scheme: dark",
                    "font: 16px",
                ] {
                    assert!(html.contains(part), "{name} lacks {part}");
                }
            }
        }
    }
}
