//! A reminder says what is due where and when, what is lost, what to do, and who was told before, in both languages.

use super::*;
use crate::domain::ids::{MailId, ProposalId};
use crate::domain::notice::NoticeEvent;
use crate::domain::proposal::State;
use crate::domain::reminder::{Earlier, Reminded};
use crate::mail::render::Renderer;
use crate::service::outbox::{Draft, Render, Rendered};

fn moment(text: &str) -> Moment {
    serde_json::from_value(serde_json::json!(text)).expect("a moment")
}

fn gate() -> ReminderFacts {
    ReminderFacts {
        kind: DeadlineKind::ContractGate,
        n: None,
        due_at: moment("2018-07-21T10:00:00Z"),
        due_zone: Zone::Wib,
        days_left: 4,
        working_days_left: 3,
        at_risk_idr: 6_075_000_000,
        moved_by: None,
        earlier: vec![Earlier {
            at: moment("2018-07-06T01:00:00Z"),
            tells: vec![Role::Drafter, Role::Verifier],
        }],
        proposals: Vec::new(),
        count: 1,
        scope: None,
        above: Vec::new(),
    }
}

fn facts(region: &str, name: &str, at: &str, reminder: ReminderFacts) -> NoticeFacts {
    NoticeFacts {
        at: moment(at),
        tells: vec![Role::Drafter],
        only: None,
        proposal_id: ProposalId::new(),
        title: "Pembangunan Sentra IKM".to_owned(),
        region_code: region.into(),
        region_name: name.to_owned(),
        commodity: "aneka".to_owned(),
        fiscal_year: 2018,
        state: State::Planned,
        actor: "Sentra".to_owned(),
        actor_id: None,
        comment: None,
        due: None,
        missed: None,
        amount: None,
        details: Vec::new(),
        reminder: Some(reminder),
    }
}

fn render(facts: &NoticeFacts, roles: &[Role], language: Language) -> Rendered {
    let site = Site::parse("https://sentra.example").expect("site");
    let event = NoticeEvent::Reminder;
    let (id, unsubscribe) = (MailId::new(), None);
    let draft = Draft { id, event, facts, name: "Budi", language, roles, unsubscribe };
    Renderer::new(site).render(&draft).expect("rendered")
}

#[test]
fn a_gate_is_told_with_its_day_its_money_and_those_who_were_told() {
    let facts = facts("35.26", "Kabupaten Bangkalan", "2018-07-17T01:00:00Z", gate());
    let message = render(&facts, &[Role::Drafter], Language::Id);
    assert_eq!(
        message.subject,
        "3 hari kerja lagi: kontrak dan permintaan pertama – Kabupaten Bangkalan 2018 – Pembangunan Sentra IKM"
    );
    for part in [
        "Batas waktu kontrak dan permintaan pertama: Sabtu, 21 Juli 2018 pukul 17.00 WIB.",
        "seluruh alokasi hangus",
        "Nilai yang dipertaruhkan: Rp6.075.000.000",
        "Sisa waktu: 3 hari kerja (4 hari)",
        "Sudah diingatkan pada Jumat, 6 Juli 2018: penyusun (dinas), verifikator provinsi",
        "Selesaikan pemilihan penyedia",
        "Batas waktu: Sabtu, 21 Juli 2018 pukul 17.00 WIB",
    ] {
        assert!(message.text.contains(part), "{part}\n{}", message.text);
        assert!(
            message.html.contains(part.split(':').next().expect("a part")),
            "{part}\n{}",
            message.html
        );
    }
    let message = render(&facts, &[Role::Approver], Language::En);
    assert!(
        message.subject.starts_with("3 working days left: contracts and first request – "),
        "{}",
        message.subject
    );
    for part in [
        "Due Saturday, 21 July 2018, 17:00 WIB: contracts and first request.",
        "At risk: Rp6,075,000,000",
        "Reminded on Friday, 6 July 2018: drafter (dinas), verifier of the province",
        "Call this region and its province",
    ] {
        assert!(message.text.contains(part), "{part}\n{}", message.text);
    }
}

#[test]
fn a_region_reads_its_own_clocks_and_those_that_count() {
    let facts = facts("94.71", "Kota Jayapura", "2018-07-17T23:00:00Z", gate());
    let text = render(&facts, &[Role::Drafter], Language::Id).text;
    assert!(text.contains("Sabtu, 21 Juli 2018 pukul 19.00 WIT (= 17.00 WIB)"), "{text}");
}

#[test]
fn a_day_that_lasts_until_its_end_is_told_as_that_day() {
    let due_at = moment("2018-08-03T17:00:00Z");
    let answer = ReminderFacts { kind: DeadlineKind::Clarification, due_at, ..gate() };
    let facts = facts("35.26", "Kabupaten Bangkalan", "2018-08-01T01:00:00Z", answer);
    let text = render(&facts, &[Role::Drafter], Language::En).text;
    assert!(text.contains("Due at the end of Friday, 3 August 2018 WIB: "), "{text}");
}

#[test]
fn what_is_overdue_is_told_as_overdue_and_the_last_day_as_the_last() {
    let late = ReminderFacts {
        kind: DeadlineKind::QuarterlyReport,
        n: Some(2),
        days_left: -3,
        working_days_left: -1,
        ..gate()
    };
    let facts_late = facts("35.26", "Kabupaten Bangkalan", "2018-07-24T01:00:00Z", late);
    let message = render(&facts_late, &[Role::Drafter], Language::Id);
    assert!(
        message.subject.starts_with("Terlambat 1 hari kerja: laporan triwulan 2 – "),
        "{}",
        message.subject
    );
    assert!(
        message.text.contains("sudah lewat") && !message.text.contains("Sisa waktu"),
        "{}",
        message.text
    );
    let last = ReminderFacts { days_left: 1, working_days_left: 0, ..gate() };
    let facts = facts("35.26", "Kabupaten Bangkalan", "2018-07-20T01:00:00Z", last);
    let subject = render(&facts, &[Role::Drafter], Language::En).subject;
    assert!(subject.starts_with("Last working day: contracts"), "{subject}");
}

#[test]
fn several_proposals_are_named_and_bounded() {
    let one =
        |n: i64| Reminded { id: ProposalId::new(), title: format!("Sentra {n}"), at_risk_idr: n };
    let many = ReminderFacts { proposals: (1..=20).map(one).collect(), count: 36, ..gate() };
    let facts = facts("35.26", "Kabupaten Bangkalan", "2018-07-17T01:00:00Z", many);
    let message = render(&facts, &[Role::Drafter], Language::Id);
    assert!(
        message.subject.ends_with("Kabupaten Bangkalan 2018 (36 usulan)"),
        "{}",
        message.subject
    );
    for part in [
        "- Sentra 20: Rp20",
        "- dan 16 usulan lain",
        "/api/v1/deadlines?region_code=35.26&fiscal_year=2018&kind=contract_gate",
    ] {
        assert!(message.text.contains(part), "{part}\n{}", message.text);
    }
}

#[test]
fn every_kind_has_words_of_its_own_for_whoever_acts_in_both_languages() {
    let mut seen = std::collections::HashSet::new();
    for kind in DeadlineKind::ALL {
        let about = due(*kind);
        for language in Language::ALL {
            assert!(seen.insert(about.name.in_language(*language)), "{kind} {language}");
            assert!(seen.insert(about.lost.in_language(*language)), "{kind} {language}");
        }
        let somebody = Role::ALL.iter().any(|role| own_step(*kind, *role).is_some());
        assert!(somebody, "{kind}: nobody has anything to do");
    }
}
