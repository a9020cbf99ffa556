//! A digest says all that happened, and nothing of a user's text gets out of its place in it.

use super::*;
use crate::domain::deadline::DeadlineKind;
use crate::domain::ids::{MailId, ProposalId};
use crate::domain::line::Component;
use crate::domain::notice::NoticeFacts;
use crate::domain::notice::detail::{Detail, DueAt};
use crate::domain::people::Role;
use crate::domain::proposal::State;
use crate::domain::reminder::{RemindedRegion, ReminderFacts, Scope};
use chrono::NaiveDate;

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2021, 7, 16).expect("date")
}

fn item(event: NoticeEvent, title: &str, roles: &[Role]) -> Item {
    let facts = NoticeFacts {
        at: Moment(day().and_hms_opt(2, 30, 0).expect("time")),
        tells: roles.to_vec(),
        only: None,
        proposal_id: ProposalId::new(),
        title: title.to_owned(),
        region_code: "71.71".into(),
        region_name: "Kota Manado".to_owned(),
        commodity: "kopi".to_owned(),
        fiscal_year: 2021,
        state: State::Clarification,
        actor: "Sri Wahyuni".to_owned(),
        actor_id: None,
        comment: Some("Volume\nmesin?".to_owned()),
        due: Some(NoticeDue::At(DueAt {
            at: Moment(day().and_hms_opt(16, 0, 0).expect("time")),
            zone: Zone::Wita,
            working_days_left: 0,
        })),
        missed: None,
        amount: None,
        details: Vec::new(),
        reminder: None,
    };
    Item { event, facts, roles: roles.to_vec(), brief: false }
}

fn rendered(groups: &[Vec<Item>], messages: usize, language: Language) -> Rendered {
    let site = Site::parse("https://sentra.example").expect("site");
    let (id, unsubscribe) = (MailId::new(), Some("aa.digest.bb"));
    let draft =
        DigestDraft { id, day: day(), name: "Budi", language, groups, messages, unsubscribe };
    render(&site, &draft).expect("rendered")
}

#[test]
fn each_proposal_says_what_happened_and_what_to_do_by_when() {
    let one = item(NoticeEvent::RequestClarification, "Sentra Kopi", &[Role::Drafter]);
    let other = item(NoticeEvent::Recommend, "Sentra Tenun", &[]);
    let groups = [vec![one.clone()], vec![other.clone()]];
    let message = rendered(&groups, 2, Language::Id);
    assert_eq!(message.subject, "Ringkasan harian 16 Juli 2021: 2 pesan, 2 usulan");
    for part in [
        "Sentra Kopi\nDaerah: Kota Manado 2021",
        "- 16 Juli 2021 10.30 WITA: Sri Wahyuni meminta klarifikasi atas usulan ini.",
        "Catatan: Volume mesin?",
        "Yang perlu Anda lakukan: Jawab setiap permintaan klarifikasi",
        "Batas waktu: sampai akhir hari 16 Juli 2021 WITA, tidak ada hari kerja lagi setelah 16 Juli 2021",
        "https://sentra.example/api/v1/unsubscribe/aa.digest.bb",
    ] {
        assert!(message.text.contains(part), "{part}\n{}", message.text);
    }
    let (first, second) = (message.text.find("Sentra Kopi"), message.text.find("Sentra Tenun"));
    assert!(first < second, "{}", message.text);
    // Who has nothing to do gets no date to do it by.
    assert_eq!(message.text.matches("Batas waktu").count(), 1, "{}", message.text);
    for facts in [&one.facts, &other.facts] {
        let link = format!("https://sentra.example/api/v1/proposals/{}", facts.proposal_id);
        assert!(message.text.contains(&link) && message.html.contains(&link));
    }
    let url = message.unsubscribe.expect("a way out");
    assert_eq!(url, "https://sentra.example/api/v1/unsubscribe/aa.digest.bb");
}

#[test]
fn what_is_not_spelled_out_is_counted() {
    let groups = [vec![item(NoticeEvent::Submit, "Sentra Kopi", &[Role::Verifier])]];
    let message = rendered(&groups, 41, Language::En);
    assert_eq!(message.subject, "Daily digest 16 July 2021: 41 messages, 1 proposal");
    assert!(message.text.contains("40 older messages"), "{}", message.text);
    assert!(message.html.contains("40 older messages"));
    assert!(!rendered(&groups, 1, Language::En).text.contains("older"));
}

#[test]
fn what_people_wrote_stays_in_its_place() {
    let evil = "<script>alert(1)</script>\r\nBcc: x@y.example\u{202e}";
    let mut one = item(NoticeEvent::Return, evil, &[Role::Drafter]);
    one.facts.comment = Some(evil.repeat(200));
    one.facts.actor = evil.to_owned();
    one.facts.region_name = evil.to_owned();
    let message = rendered(&[vec![one]], 1, Language::En);
    for tag in ["<script", "<img", "src=", "url(", "@import", "<link"] {
        assert!(!message.html.contains(tag), "{tag}");
    }
    assert!(!message.text.lines().any(|line| line.starts_with("Bcc:")), "{}", message.text);
    assert!(!message.text.contains('\u{202e}') && message.text.chars().count() < 2_500);
}

/// What the steps of one proposal come to, in English, of messages to a role; all of the tranche that is named.
fn steps_of(role: Role, told: &[(NoticeEvent, i64)]) -> String {
    let items = told.iter().map(|(event, n)| {
        let mut one = item(*event, "Sentra Kopi", &[role]);
        (one.facts.state, one.facts.due) = (State::Contracted, None);
        one.facts.details = vec![Detail::Tranche { n: *n }];
        one
    });
    let items: Vec<Item> = items.collect();
    let text = rendered(&[items], told.len(), Language::En).text;
    let steps: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("What you have to do: ")).collect();
    steps.join(" | ")
}

#[test]
fn a_later_message_hides_no_step_and_ends_those_of_its_own_course() {
    use NoticeEvent as E;
    const AGAIN: &str = "Put right what is named above and make a new request.";
    let head = |told: &[(E, i64)]| steps_of(Role::RegionalHead, told);
    assert_eq!(head(&[(E::TrancheRefused, 1), (E::ReportReviewed, 1)]), AGAIN);
    assert_eq!(head(&[(E::TrancheRefused, 1), (E::TrancheRefused, 1)]), AGAIN, "once");
    let nothing = "Nothing. This is for your information.";
    assert_eq!(head(&[(E::TrancheRefused, 1), (E::TrancheReviewed, 1)]), nothing);
    assert_eq!(head(&[(E::TrancheRefused, 2), (E::TrancheReviewed, 1)]), AGAIN);
    let drafter = |told: &[(E, i64)]| steps_of(Role::Drafter, told);
    assert_eq!(
        drafter(&[(E::PlanReturned, 1), (E::HoldSet, 1)]),
        "Correct the activity plan and submit it again. | Account to the auditor for what is named above."
    );
    let contracted = "Prepare the documents of the request and report progress.";
    assert_eq!(
        drafter(&[(E::PlanReturned, 1), (E::AcceptContracts, 1), (E::ApprovePlanChange, 1)]),
        contracted
    );
}

#[test]
fn what_was_decided_is_told_with_its_lines_reasons_and_stars() {
    let mut one = item(NoticeEvent::ApproveWithConditions, "Sentra Kopi", &[Role::Drafter]);
    one.facts.missed = Some(one.facts.at);
    one.facts.details = vec![
        Detail::LineCut {
            line_no: 3,
            component: Component::MachineryEquipment,
            proposed_idr: 1_480_000_000,
            approved_idr: 1_260_000_000,
            reason: Some("Harga acuan.".to_owned()),
        },
        Detail::Condition { text: "IPAL dahulu.".to_owned() },
    ];
    let parts = [
        "Rp1.480.000.000 → Rp1.260.000.000 – Harga acuan.",
        "Syarat: IPAL dahulu.",
        "Batas waktu yang terlewat: 16 Juli 2021 10.30 WITA",
    ];
    let message = rendered(&[vec![one.clone()]], 1, Language::Id);
    for part in parts {
        assert!(
            message.text.contains(part) && message.html.contains(part),
            "{part}\n{}",
            message.text
        );
    }
    let brief = Item { brief: true, ..one.clone() };
    let short = rendered(&[vec![brief]], 1, Language::Id).text;
    assert!(!short.contains("Syarat:") && !short.contains("Catatan:"), "{short}");
    assert!(short.contains("menyetujui"), "{short}");
    one.facts.details = vec![Detail::Condition { text: "x".repeat(5_000) }; 70];
    let text = rendered(&[vec![one]], 1, Language::Id).text;
    assert!(text.contains("… (+50)") && text.chars().count() < 20 * 520 + 1_000, "{}", text.len());
}

#[test]
fn several_proposals_of_one_reminder_are_told_as_several() {
    let mut one = item(NoticeEvent::Reminder, "Sentra Kopi", &[Role::Approver]);
    one.facts.reminder = Some(ReminderFacts {
        kind: DeadlineKind::ContractGate,
        n: None,
        due_at: one.facts.at.after(chrono::TimeDelta::days(5)),
        due_zone: Zone::Wib,
        days_left: 5,
        working_days_left: 3,
        at_risk_idr: 30,
        moved_by: None,
        earlier: Vec::new(),
        proposals: Vec::new(),
        count: 12,
        scope: Some(Scope {
            province: None,
            regions: vec![RemindedRegion {
                name: "Kota Manado".to_owned(),
                at_risk_idr: 20,
                count: 7,
            }],
            count: 2,
        }),
        above: Vec::new(),
    });
    let text = rendered(&[vec![one]], 1, Language::Id).text;
    for part in [
        "12 usulan\nDaerah: Indonesia (2 daerah) 2021\n- ",
        "  - Kota Manado: Rp20 (7 usulan)",
        "  - dan 1 daerah lain",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("Sentra Kopi") && !text.contains("Status sekarang"), "{text}");
}
