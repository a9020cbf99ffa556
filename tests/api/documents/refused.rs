//! What can't be taken is named, and leaves nothing behind; and who may bring what, when.

use crate::audit::keys;
use crate::documents::{Case, Place, TOR};
use crate::evidence::{pack, unpacked};
use crate::findings::auditor_of;
use crate::on_both;
use crate::support::app::{HOME, SIBLING};
use crate::support::client::text;
use crate::support::documents::{PDF, form, photo, upload};
use crate::support::life::{CONSTRUCTION, Life};
use reqwest::Method;
use sentra::domain::people::Role;
use sentra::service::seal::{self, checkpoint};
use serde_json::{Value, json};

on_both! {
    async fn what_can_not_be_taken_is_named_and_leaves_nothing(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let exe = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".as_slice();
        let tor = &[("type", "tor")][..];
        let cases: Vec<Case<'_>> = vec![
            (tor, vec![("kak.pdf", "application/pdf", exe)], "/file", "type_not_taken"),
            (tor, vec![("a.svg", "image/svg+xml", b"<svg xmlns='a,b'/>")], "/file", "type_not_taken"),
            (tor, vec![("a.html", "text/html", b"<html>a,b</html>")], "/file", "type_not_taken"),
            (tor, vec![("a.zip", "application/zip", b"PK\x05\x06\0\0\0\0")], "/file", "type_not_taken"),
            (tor, vec![("a.png", "image/png", PDF.2)], "/file", "type_mismatch"),
            (tor, vec![("a.pdf", "application/pdf", b"")], "/file", "empty"),
            (tor, vec![("..", "application/pdf", PDF.2)], "/file", "no_name"),
            (tor, vec![], "/file", "required"),
            (tor, vec![PDF, PDF], "/file", "after_file"),
            (&[], vec![PDF], "/type", "invalid"),
            (&[("type", "KAK!")], vec![PDF], "/type", "invalid"),
            (&[("type", "tor"), ("type", "tor")], vec![PDF], "/type", "twice"),
            (&[("type", "tor"), ("owner", "me")], vec![PDF], "/owner", "unknown"),
            (&[("type", "tor"), ("issued_on", "1 Mei")], vec![PDF], "/issued_on", "invalid"),
            (&[("type", "tor"), ("line_no", "1.5")], vec![PDF], "/line_no", "invalid"),
            (&[("type", "tor"), ("line_no", "77")], vec![PDF], "/line_no", "unknown"),
            (&[("type", "tor"), ("title", "a\0b")], vec![PDF], "/title", "nul"),
            (&[("type", "tor"), ("issued_on", "2021-01-02"), ("valid_until", "2021-01-01")], vec![PDF],
             "/valid_until", "before_issue"),
            (&[("type", "tor"), ("supersedes_id", "019376a0-0000-7000-8000-000000000001")], vec![PDF],
             "/supersedes_id", "unknown"),
        ];
        let call = || app.by(&drafter, Method::POST, &life.path("documents"));
        for (fields, files, pointer, code) in cases {
            let answer = call().raw("multipart/form-data; boundary=x", form("x", fields, &files)).await;
            answer.refused(422, &[code]);
            assert_eq!(answer.pointers(), [pointer], "{answer}");
        }
        call().json(&json!({})).await.is(415);
        call().raw("multipart/form-data", "x").await.is(400);
        let cut = form("x", TOR, &[PDF]);
        call().raw("multipart/form-data; boundary=x", &cut[..cut.len() - 30]).await.is(400);
        let long = "x".repeat(10_000);
        call().raw("multipart/form-data; boundary=x", form("x", &[("title", &long)], &[PDF])).await.is(413);
        assert_eq!(life.list("documents").await, Vec::<Value>::new());
        place.agrees(&app);
        let path = ("../../../etc/passwd\u{202e}.pdf", PDF.1, PDF.2);
        let body = upload(&app, &drafter, &life.id, TOR, path).await.is(201);
        assert_eq!(text(&body["file_name"]), "passwd.pdf");
        place.agrees(&app);
    }

    async fn documents_are_brought_by_whose_turn_it_is(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let (drafter, planner) = (life.who(Role::Drafter).await, life.who(Role::Planner).await);
        let tor = &[("type", "tor")];
        upload(&app, &planner, &life.id, tor, PDF).await.refused(409, &["not_from_here"]);
        let auditor = app.of(Role::Auditor, HOME).await;
        upload(&app, &auditor, &life.id, tor, PDF).await.refused(403, &["role_missing"]);
        let both = app.someone("both", Role::Drafter,
            vec![(Role::Drafter, Some(HOME.into())), (Role::Planner, Some(HOME.into()))]).await;
        upload(&app, &both, &life.id, tor, PDF).await.is(201);
        life.to("planning_check").await;
        upload(&app, &planner, &life.id, tor, PDF).await.is(201);
        upload(&app, &both, &life.id, tor, PDF).await.refused(403, &["four_eyes"]);
        upload(&app, &drafter, &life.id, tor, PDF).await.refused(409, &["not_from_here"]);
        life.to("endorsement").await;
        life.act(Role::RegionalHead, json!({ "action": "withdraw", "comment": "Batal." })).await.is(200);
        for role in [Role::Drafter, Role::Planner, Role::RegionalHead, Role::Inspector] {
            let person = life.who(role).await;
            upload(&app, &person, &life.id, tor, PDF).await.refused(409, &["not_from_here"]);
        }
        place.agrees(&app);
    }

    async fn a_photo_is_held_against_the_site_and_the_period(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let sent = |bytes: Vec<u8>| {
            let (app, life, drafter) = (&app, &life, &drafter);
            async move {
                let file = ("foto.jpg", "image/jpeg", bytes.as_slice());
                upload(app, drafter, &life.id, &[("type", "photo_0")], file).await.is(201)
            }
        };
        let good = photo("2020:05:10 08:30:00", Some((-5.45, 105.25)));
        let first = sent(good.clone()).await;
        assert_eq!(first["flags"], json!([]));
        assert_eq!(text(&first["taken_at"]), "2020-05-10T01:30:00.000000Z", "WIB is seven hours ahead");
        assert!((first["latitude"].as_f64().expect("a position") + 5.45).abs() < 1e-4);
        let again = sent(good).await;
        let same = json!([{ "document_id": first["id"], "region_code": life.case.region }]);
        assert_eq!(again["flags"], json!([{ "code": "same_bytes_used", "documents": same }]));
        let far = sent(photo("2018:01:01 00:00:00", Some((-6.2, 106.8)))).await;
        assert_eq!(far["flags"][1]["code"], "far_from_site");
        assert!(far["flags"][1]["distance_m"].as_i64().expect("metres") > 100_000);
        assert_eq!(far["flags"][0]["code"], "outside_period");
        let bare = sent(photo("2020:05:10 08:30:00", None)).await;
        assert_eq!(bare["flags"], json!([{ "code": "no_position" }]));
        let future = sent(photo("2020:05:30 08:30:00", Some((-5.45, 105.25)))).await;
        assert_eq!(future["flags"][0]["code"], "outside_period");
    }

    async fn that_another_region_has_the_same_bytes_is_told_to_the_ministry_only(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let (one, other) = (CONSTRUCTION.draft(&app).await, CONSTRUCTION.within(SIBLING).draft(&app).await);
        let bring = async |life: &Life<'_>| {
            upload(&app, &life.who(Role::Drafter).await, &life.id, TOR, PDF).await.is(201)
        };
        let first = bring(&one).await;
        let second = bring(&other).await;
        assert_eq!(second["flags"], json!([]));
        let path = format!("/documents/{}", text(&second["id"]));
        assert_eq!(app.get(&other.who(Role::Drafter).await, &path).await.is(200)["flags"], json!([]));
        let same = json!([{ "document_id": first["id"], "region_code": HOME }]);
        let told = app.get(&other.who(Role::Reviewer).await, &path).await.is(200);
        assert_eq!(told["flags"], json!([{ "code": "same_bytes_used", "documents": same }]));

        // Nor by what is kept of it: its event, the event's leaf, and the pack.
        seal::drain(&app.services).expect("sealed");
        checkpoint::make(&app.services, &keys()).expect("signed").expect("a checkpoint");
        let auditor = auditor_of(&app, SIBLING).await;
        let mut told = vec![
            app.get(&other.who(Role::Drafter).await, &other.path("events")).await.is(200).to_string(),
            app.get(&other.who(Role::Drafter).await, &other.path("revisions")).await.is(200).to_string(),
        ];
        let events = app.get(&auditor, &format!("/audit/events?proposal_id={}", other.id)).await.is(200);
        for event in events["items"].as_array().expect("events") {
            told.push(app.get(&auditor, &format!("/audit/proof/{}", text(&event["id"]))).await.is(200).to_string());
        }
        told.push(events.to_string());
        for (_, file) in unpacked(&pack(&other, &auditor).await) {
            told.push(String::from_utf8_lossy(&file).into_owned());
        }
        for one in told {
            assert!(!one.contains(&text(&first["id"])) && !one.contains("same_bytes"), "{one}");
        }
    }

    async fn the_same_bytes_are_told_as_far_as_they_are_seen_once_and_not_of_an_own_older_version(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let (one, other) = (CONSTRUCTION.draft(&app).await, CONSTRUCTION.within(SIBLING).draft(&app).await);
        let bring = async |life: &Life<'_>, fields: &[(&str, &str)]| {
            let brought = upload(&app, &life.who(Role::Drafter).await, &life.id, fields, PDF).await.is(201);
            (text(&brought["id"]), brought)
        };
        let same = |documents: &[(&str, &str)]| {
            let of = |(id, region): &(&str, &str)| json!({ "document_id": id, "region_code": region });
            let documents: Vec<Value> = documents.iter().map(of).collect();
            json!([{ "code": "same_bytes_used", "documents": documents }])
        };
        // More than are told, elsewhere: they hide nothing of what is here.
        for _ in 0..21 {
            bring(&other, TOR).await;
        }
        let (first, brought) = bring(&one, TOR).await;
        assert_eq!(brought["flags"], json!([]));
        let (newer, brought) = bring(&one, &[("type", "tor"), ("supersedes_id", &first)]).await;
        assert_eq!(brought["flags"], json!([]), "a newer version of the same");
        let (third, brought) = bring(&one, TOR).await;
        assert_eq!(brought["flags"], same(&[(&first, HOME), (&newer, HOME)]));
        // What the scanner refused is none, whatever an older row says of it.
        app.database.execute(&format!("UPDATE documents SET status = 'refused' WHERE id = '{newer}'"));
        let kept = same(&[(&newer, HOME), (&first, HOME)]).to_string();
        app.database.execute(&format!("UPDATE documents SET flags = '{kept}' WHERE id IN ('{first}', '{third}')"));
        let listed = app.get(&one.who(Role::Drafter).await, &one.path("documents")).await.is(200);
        let listed = listed["items"].as_array().expect("documents");
        let flags: Vec<&Value> = listed.iter().map(|document| &document["flags"]).collect();
        assert_eq!(flags, [&json!([]), &json!([]), &same(&[(&first, HOME)])]);
        let reviewer = one.who(Role::Reviewer).await;
        let told = app.get(&reviewer, &format!("/documents/{third}")).await.is(200);
        let documents = told["flags"][0]["documents"].as_array().expect("documents");
        assert_eq!(documents.len(), 20);
        assert!(documents.iter().all(|twin| twin["region_code"] == SIBLING), "the oldest");
    }

    async fn versions_that_somebody_led_into_a_circle_hold_no_request(db) {
        let mut place = Place::folder(db);
        let app = place.app();
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let (drafter, auditor) = (life.who(Role::Drafter).await, life.who(Role::Auditor).await);
        let bring = async |fields: &[(&str, &str)]| {
            text(&upload(&app, &drafter, &life.id, fields, PDF).await.is(201)["id"])
        };
        let first = bring(&[("type", "contract")]).await;
        let second = bring(&[("type", "contract"), ("supersedes_id", &first)]).await;
        for circle in [
            format!("UPDATE documents SET superseded_by = '{first}' WHERE id = '{second}'"),
            format!("UPDATE documents SET superseded_by = id, status = 'pending_scan' WHERE id = '{second}'"),
        ] {
            app.database.execute(&circle);
            let listed = life.list("documents").await;
            let flags = listed.iter().find(|one| one["id"] == first).map(|one| &one["flags"]);
            assert_eq!(flags, Some(&json!([])), "the own other version is none to tell of");
            app.get(&auditor, "/exports/oc4ids").await.is(200);
        }
    }
}
