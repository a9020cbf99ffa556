//! A digest says all that happened, and nothing of a user's text gets out of its place in it.

use super::*;
use crate::domain::ids::{MailId, ProposalId};
use crate::domain::moment::Moment;
use crate::domain::notice::NoticeFacts;
use crate::domain::notice::detail::DueAt;
use crate::domain::people::Role;
use crate::domain::proposal::State;
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
    Item { event, facts, roles: roles.to_vec() }
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
