//! Every message of every event, to each role that is told, in both languages, is kept as it is read: one file an event.
//! After a change that is meant: `INSTA_UPDATE=always cargo test --lib -- mail::preview`.

use super::*;
use crate::mail::render::MAX_SUBJECT;
use crate::mail::steps;

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
        let mut text = String::new();
        for preview in Language::ALL.iter().flat_map(|language| all(*event, *language)) {
            let Preview { name, message } = preview;
            let rule = "=".repeat(72);
            text.push_str(&format!("{rule}\n{name}\n{rule}\nSubject: {}\n\n", message.subject));
            text.push_str(&message.text);
            text.push_str("\n\n");
        }
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

#[test]
fn the_markup_of_some_messages_is_kept() {
    for (event, role, language) in [
        (NoticeEvent::ApproveWithConditions, Some(Role::Drafter), Language::Id),
        (NoticeEvent::Forfeit, Some(Role::RegionalHead), Language::En),
        (NoticeEvent::Invited, None, Language::Id),
    ] {
        let previews = of(&site(), event, language, role).expect("previews");
        for Preview { name, message } in previews {
            in_its_folder(|| insta::assert_snapshot!(format!("{name}.html"), message.html));
        }
    }
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
