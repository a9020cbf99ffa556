//! Every message renders, in both languages, and nothing of a user's text gets out of its place.

use super::*;
use crate::domain::ids::{MailId, ProposalId};
use crate::domain::moment::Moment;
use crate::domain::notice::detail::DueAt;
use crate::domain::notice::{AccountFacts, NoticeEvent, NoticeFacts};
use crate::domain::people::Role;
use crate::domain::proposal::State;
use chrono::{NaiveDate, NaiveTime};

fn facts() -> NoticeFacts {
    let day = NaiveDate::from_ymd_opt(2021, 7, 15).expect("date");
    let time = NaiveTime::from_hms_opt(2, 30, 0).expect("time");
    NoticeFacts {
        at: Moment(day.and_time(time)),
        tells: vec![Role::Drafter],
        only: None,
        proposal_id: ProposalId::new(),
        title: "Revitalisasi Sentra IKM Kopi".to_owned(),
        region_code: "18.08".into(),
        region_name: "Kabupaten Way Kanan".to_owned(),
        commodity: "kopi".to_owned(),
        fiscal_year: 2021,
        state: State::Clarification,
        actor: "Sri Wahyuni".to_owned(),
        actor_id: None,
        comment: Some("Baris satu.\nBaris dua.".to_owned()),
        due: Some(NoticeDue::At(DueAt {
            at: Zone::Wib.end_of(NaiveDate::from_ymd_opt(2021, 7, 30).expect("date")),
            zone: Zone::Wib,
            working_days_left: 11,
        })),
        missed: None,
        amount: Some(5_300_000_000),
        details: vec![Detail::Plain("Mesin sangrai: volume?".to_owned())],
        reminder: None,
    }
}

fn render(event: NoticeEvent, facts: &NoticeFacts, language: Language) -> Rendered {
    let site = Site::parse("https://sentra.example").expect("site");
    let id = MailId::new();
    let draft = Draft {
        id,
        event,
        facts,
        name: "Budi",
        language,
        roles: &[Role::Drafter],
        unsubscribe: None,
    };
    Renderer::new(site).render(&draft).expect("rendered")
}

#[test]
fn every_event_and_state_is_told_in_both_languages() {
    for event in NoticeEvent::ALL.iter().filter(|event| event.is_about_proposal()) {
        for state in State::ALL {
            for language in Language::ALL {
                let facts = NoticeFacts { state: *state, ..facts() };
                let message = render(*event, &facts, *language);
                let link = format!("https://sentra.example/api/v1/proposals/{}", facts.proposal_id);
                assert!(message.text.contains(&link), "{event} {language}");
                assert!(message.html.contains(&format!("href=\"{link}\"")), "{event} {language}");
                // A date is for those who have something to do by it.
                let has_step = steps::next(*event, facts.state, &[Role::Drafter]).is_some();
                let dated = message.text.contains(match language {
                    Language::Id => "sampai akhir hari 30 Juli 2021 WIB",
                    Language::En => "until the end of 30 July 2021 WIB",
                });
                assert_eq!(dated, has_step, "{event} {language}");
                assert!(message.text.contains("Sri Wahyuni"), "{event} {language}");
                for body in [&message.subject, &message.text, &message.html] {
                    assert!(!body.contains("{actor}"), "{event} {language}");
                }
                let named = message.subject.contains(&facts.title);
                assert!(named && message.subject.chars().count() <= MAX_SUBJECT, "{event}");
            }
        }
    }
}

#[test]
fn no_two_events_and_no_two_languages_share_their_words() {
    let mut seen = std::collections::HashSet::new();
    for event in NoticeEvent::ALL {
        for language in Language::ALL {
            let told = told(*event);
            assert!(seen.insert(told.subject.in_language(*language)), "{event} {language}");
            assert!(seen.insert(told.sentence.in_language(*language)), "{event} {language}");
        }
    }
}

#[test]
fn a_message_says_what_happened_who_did_it_what_to_do_and_by_when() {
    let message = render(NoticeEvent::RequestClarification, &facts(), Language::Id);
    for part in [
        "Sri Wahyuni meminta klarifikasi atas usulan ini.",
        "Waktu: 15 Juli 2021 09.30 WIB",
        "Nilai: Rp5.300.000.000",
        "Baris satu.\nBaris dua.",
        "- Mesin sangrai: volume?",
        "Jawab setiap permintaan klarifikasi sebelum batas waktu",
        "Batas waktu: sampai akhir hari 30 Juli 2021 WIB, sisa 11 hari kerja per 15 Juli 2021",
        "penyusun (dinas)",
    ] {
        assert!(message.text.contains(part), "{part}\n{}", message.text);
    }
    let message = render(NoticeEvent::Reject, &facts(), Language::En);
    for part in ["rejected this proposal", "15 July 2021 09:30 WIB", "Rp5,300,000,000"] {
        assert!(message.text.contains(part), "{part}\n{}", message.text);
    }
}

#[test]
fn a_missed_gate_is_told_in_the_recipient_s_language_and_the_region_s_time() {
    let day = NaiveDate::from_ymd_opt(2021, 7, 21).expect("date");
    let missed = Some(Moment(day.and_hms_opt(10, 0, 0).expect("time")));
    let facts = NoticeFacts { missed, region_code: "71.71".into(), ..facts() };
    let message = render(NoticeEvent::Forfeit, &facts, Language::Id);
    assert!(
        message.text.contains("Batas waktu yang terlewat: 21 Juli 2021 18.00 WITA"),
        "{}",
        message.text
    );
    assert!(message.html.contains("21 Juli 2021 18.00 WITA"));
    let message = render(NoticeEvent::Forfeit, &facts, Language::En);
    assert!(
        message.text.contains("Date that was missed: 21 July 2021 18:00 WITA"),
        "{}",
        message.text
    );
}

#[test]
fn an_invitation_brings_its_code_and_says_how_to_use_it() {
    let at = facts().at;
    let about = AccountFacts {
        at,
        user_id: crate::domain::ids::UserId::new(),
        actor: "Administrator <i>".to_owned(),
        invitation_id: None,
        until: Some(at),
        checkpoint: None,
    };
    for (event, language, label) in [
        (NoticeEvent::Invited, Language::Id, "Kode: KODE-1"),
        (NoticeEvent::PasswordReset, Language::En, "Code: KODE-1"),
    ] {
        let (id, code) = (MailId::new(), Some("KODE-1"));
        let draft = AccountDraft { id, event, facts: &about, name: "Budi", language, code };
        let site = Site::parse("https://sentra.example").expect("site");
        let message = Renderer::new(site).render_account(&draft).expect("rendered");
        for part in [label, "https://sentra.example/api/v1/invitations/KODE-1", "Administrator <i>"]
        {
            assert!(message.text.contains(part), "{part}\n{}", message.text);
        }
        assert!(message.html.contains("invitations/KODE-1") && !message.html.contains("<i>"));
        assert!(!message.subject.contains("KODE"), "{}", message.subject);
    }
}

#[test]
fn a_message_without_comment_amount_and_due_has_no_empty_places() {
    let bare = NoticeFacts { comment: None, amount: None, due: None, details: vec![], ..facts() };
    let message = render(NoticeEvent::Verify, &bare, Language::En);
    for label in ["Comment", "Amount", "Due", "Details"] {
        assert!(!message.text.contains(label), "{label}\n{}", message.text);
        assert!(!message.html.contains(label), "{label}");
    }
    assert!(!message.text.contains("\n\n\n"), "{}", message.text);
}

#[test]
fn no_header_can_be_made_of_what_people_write() {
    let evil = "Title\r\nBcc: x@y.example\u{0}\u{202e}\u{2028}end";
    let facts = NoticeFacts { title: evil.repeat(30), region_name: evil.to_owned(), ..facts() };
    let message = render(NoticeEvent::Submit, &facts, Language::En);
    assert!(!message.subject.chars().any(is_harmful), "{}", message.subject);
    assert!(message.subject.chars().count() <= MAX_SUBJECT);
    assert!(!message.text.lines().any(|line| line.starts_with("Bcc:")), "{}", message.text);
}

#[test]
fn html_is_escaped_and_loads_nothing() {
    let evil = "<script>alert(1)</script><img src=x>\"'&";
    let facts = NoticeFacts {
        title: evil.to_owned(),
        actor: evil.to_owned(),
        comment: Some(evil.to_owned()),
        details: vec![Detail::Plain(evil.to_owned())],
        due: Some(NoticeDue::Plain(evil.to_owned())),
        ..facts()
    };
    let message = render(NoticeEvent::Return, &facts, Language::En);
    for tag in ["<script", "<img", "src=", "url(", "@import", "<link"] {
        let allowed = usize::from(tag == "src=") * message.html.matches("img src=").count();
        assert_eq!(message.html.matches(tag).count(), allowed, "{tag}");
    }
    assert!(message.html.contains("prefers-color-scheme: dark"));
    assert!(message.html.contains("width=device-width"));
    assert!(message.text.contains(evil), "plain text is left as it was written");
}

#[test]
fn a_long_story_is_cut() {
    let facts = NoticeFacts {
        comment: Some("panjang ".repeat(10_000)),
        details: vec![Detail::Plain("baris".to_owned()); 500],
        ..facts()
    };
    let message = render(NoticeEvent::Return, &facts, Language::Id);
    assert!(message.text.chars().count() < 6_000);
    assert!(message.text.contains("… (+450)"));
}

#[test]
fn a_role_without_a_step_is_told_that_it_has_nothing_to_do() {
    let step = |event, state, role| steps::next(event, state, &[role]);
    assert_eq!(step(NoticeEvent::Reject, State::Rejected, Role::Drafter), None);
    assert_eq!(step(NoticeEvent::Submit, State::Verification, Role::Drafter), None);
    assert!(step(NoticeEvent::Submit, State::Verification, Role::Verifier).is_some());
    assert!(step(NoticeEvent::TrancheRequested, State::Contracted, Role::Inspector).is_some());
    assert_eq!(step(NoticeEvent::TrancheRequested, State::Contracted, Role::Drafter), None);
}

#[test]
fn a_long_title_gives_way_to_the_region_in_a_subject() {
    let facts = NoticeFacts { title: "Revitalisasi sentra ".repeat(30), ..facts() };
    let message = render(NoticeEvent::RequestClarification, &facts, Language::Id);
    let head = "Tindakan Anda: jawab klarifikasi – Klarifikasi diminta: Revitalisasi sentra";
    assert!(message.subject.starts_with(head), "{}", message.subject);
    assert!(message.subject.ends_with("… (Kabupaten Way Kanan 2021)"), "{}", message.subject);
    assert_eq!(message.subject.chars().count(), MAX_SUBJECT);
    let told =
        render(NoticeEvent::Reject, &NoticeFacts { state: State::Rejected, ..facts }, Language::En);
    assert!(told.subject.starts_with("Info: Proposal rejected: "), "{}", told.subject);
}

#[test]
fn a_due_date_of_an_earlier_version_is_told_as_it_was_kept() {
    let due = Some(NoticeDue::Plain("2021-07-30 24:00 WIB".to_owned()));
    let message =
        render(NoticeEvent::RequestClarification, &NoticeFacts { due, ..facts() }, Language::En);
    assert!(message.text.contains("Due: 2021-07-30 24:00 WIB"), "{}", message.text);
}

#[test]
fn who_holds_two_roles_is_told_what_each_of_them_has_to_do() {
    let facts = facts();
    let draft = Draft {
        id: MailId::new(),
        event: NoticeEvent::RequestClarification,
        facts: &facts,
        name: "Budi",
        language: Language::En,
        roles: &[Role::Drafter, Role::RegionalHead],
        unsubscribe: None,
    };
    let site = Site::parse("https://sentra.example").expect("site");
    let message = Renderer::new(site).render(&draft).expect("rendered");
    for part in
        ["Answer every request before the due date", "a change of line, amount or site is yours"]
    {
        assert!(message.text.contains(part), "{part}\n{}", message.text);
    }
    assert!(message.subject.starts_with("Your action: answer the clarification"));
}
