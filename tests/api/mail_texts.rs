//! What messages say of what really happened: dates with the working days left, what was asked, what was lacking, each in
//! the language of who reads it.

use crate::mail::messages;
use crate::on_both;
use crate::support::app::{TestApp, moment};
use crate::support::client::text;
use crate::support::life::{CONSTRUCTION, Life};
use sentra::domain::people::Role;
use serde_json::{Value, json};

const GATE: &str = "2021-07-21T10:00:00Z";

/// Subject and text of the last message of an event to a role.
async fn read(life: &Life<'_>, role: Role, event: &str) -> (String, String) {
    let person = life.who(role).await;
    let all = messages(life.app, &person).await;
    let about = |one: &&Value| one["event"] == event && text(&one["text"]).contains(&life.id);
    let found = all.iter().find(about).unwrap_or_else(|| panic!("{role} was not told of {event}"));
    (text(&found["subject"]), text(&found["text"]))
}

#[track_caller]
fn says(body: &str, parts: &[&str]) {
    for part in parts {
        assert!(body.contains(part), "{part:?} is not in:\n{body}");
    }
}

on_both! {
    async fn a_clarification_names_its_day_the_days_left_and_what_is_asked_and_its_lapse_what_was_not_answered(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "technical_review").await;
        life.who(Role::Planner).await;
        life.ask_changes(Role::Reviewer, &["/title", "/lines/1/unit_cost_idr"]).await;
        let data = json!({ "due_on": app.in_days(3) });
        let ask = json!({ "action": "request_clarification", "data": data });
        life.act(Role::Reviewer, ask).await.is(200);
        app.deliver();
        let (subject, body) = read(&life, Role::Drafter, "request_clarification").await;
        assert!(subject.starts_with("Tindakan Anda: jawab klarifikasi – Klarifikasi diminta: "), "{subject}");
        says(&body, &[
            "Batas waktu: sampai akhir hari 14 Mei 2020 WIB, sisa 3 hari kerja per 11 Mei 2020",
            "- Permintaan 1 (judul): Mohon diperbaiki.", "- Permintaan 2 (rincian 1): Mohon diperbaiki.",
        ]);
        let (subject, body) = read(&life, Role::Planner, "request_clarification").await;
        assert!(subject.starts_with("Info: Clarification requested: "), "{subject}");
        says(&body, &["- Request 1 (title)", "- Request 2 (line 1)"]);
        assert!(!body.contains("Due:"), "{body}");

        app.at("2020-05-14T17:00:00Z");
        assert_eq!(app.sweep().lapsed, 1);
        app.deliver();
        let (_, body) = read(&life, Role::Drafter, "lapse").await;
        says(&body, &["Batas waktu yang terlewat: akhir hari 14 Mei 2020 WIB", "- Permintaan 1 (judul)"]);
        assert!(!body.contains("24.00"), "{body}");
    }

    async fn what_is_forfeited_is_told_with_what_was_lacking_in_each_language(db) {
        let app = TestApp::on(db);
        let mut lives = Vec::new();
        for state in ["allocated", "planned", "contracted"] {
            lives.push(CONSTRUCTION.at(&app, state).await);
        }
        app.at(GATE);
        assert_eq!(app.sweep().forfeited, 3);
        app.deliver();
        let told = [
            ("Rencana kegiatan (RK) belum disetujui", "The activity plan (RK) was not approved"),
            ("Daftar kontrak belum diterima APIP", "The contract list was not accepted"),
            ("Permintaan penyaluran pertama tidak diterima", "No first request for a tranche was received"),
        ];
        for (life, (id, en)) in lives.iter().zip(told) {
            let (subject, body) = read(life, Role::Drafter, "forfeit").await;
            assert!(subject.starts_with("Info: Alokasi hangus: "), "{subject}");
            says(&body, &[id, "Batas waktu yang terlewat: 21 Juli 2021 17.00 WIB", "Dasar hukum: "]);
            let (_, body) = read(life, Role::Planner, "forfeit").await;
            says(&body, &[en, "Date that was missed: 21 July 2021 17:00 WIB", "Legal basis: "]);
            assert!(!body.contains("Dasar hukum"), "{body}");
        }
        let (_, body) = read(&lives[1], Role::Drafter, "forfeit").await;
        says(&body, &["- Rincian tanpa kontrak: 1, 2"]);
    }

    async fn the_gate_is_told_with_the_working_days_that_are_left(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planned").await;
        app.deliver();
        let (subject, body) = read(&life, Role::Drafter, "approve_plan").await;
        assert!(subject.starts_with("Tindakan Anda: daftarkan kontrak – "), "{subject}");
        says(&body, &["Batas waktu: sampai 21 Juli 2021 17.00 WIB, sisa ", " hari kerja per "]);
        assert!(moment(GATE) > app.services.clock.now());
    }

    async fn a_notice_that_an_earlier_version_wrote_becomes_a_message_still(db) {
        let app = TestApp::on(db);
        let life = CONSTRUCTION.at(&app, "planning_check").await;
        app.of(Role::Planner, life.case.region).await;
        app.deliver();
        let facts = json!({
            "at": app.services.clock.now(), "tells": ["drafter"], "proposal_id": life.id, "title": "Sentra IKM Tenun Tapis",
            "region_code": life.case.region, "region_name": "Kota Bandar Lampung", "commodity": "tapis",
            "fiscal_year": 2021, "state": "clarification", "actor": "Budi", "comment": null,
            "due": "2020-08-03 24:00 WIB", "amount": null, "details": ["1: Rp5,000 → Rp4,000. Terlalu mahal"],
        });
        let facts = facts.to_string().replace('\'', "''");
        app.database.execute(&format!(
            "INSERT INTO notices (id, event, proposal_id, facts, event_id, created_at) \
             SELECT '0197f000-0000-7000-8000-00000000abcd', 'request_clarification', proposal_id, '{facts}', event_id, created_at \
             FROM notices LIMIT 1"
        ));
        app.database.execute(
            "INSERT INTO notice_pending (notice_id) VALUES ('0197f000-0000-7000-8000-00000000abcd')",
        );
        assert_eq!(app.deliver().notices, 1);
        let (_, body) = read(&life, Role::Drafter, "request_clarification").await;
        says(&body, &["Batas waktu: 2020-08-03 24:00 WIB", "- 1: Rp5,000 → Rp4,000. Terlalu mahal"]);
    }
}
