//! A document is kept whole, once, and read back; a newer one takes its place, and nothing is overwritten.

use crate::documents::TOR;
use crate::on_each_store;
use crate::support::app::FOREIGN;
use crate::support::client::text;
use crate::support::documents::{CSV, File, PDF, form, upload};
use crate::support::life::CONSTRUCTION;
use reqwest::Method;
use sentra::domain::people::Role;
use serde_json::{Value, json};

on_each_store! {
    async fn a_document_is_kept_and_read_back(place) {
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let before = life.version().await;
        let made = upload(&app, &drafter, &life.id, TOR, PDF).await;
        let body = made.is(201);
        assert_eq!(life.version().await, before + 1, "a write beneath raises the proposal's version");
        let path = format!("/documents/{}", text(&body["id"]));
        assert_eq!(made.header("Location"), Some(format!("/api/v1{path}").as_str()));
        for (field, value) in [
            ("type", json!("tor")), ("title", json!("KAK")), ("number", json!("1/2020")), ("line_no", json!(1)),
            ("issued_on", json!("2020-05-01")), ("valid_until", json!("2021-05-01")), ("file_name", json!("KAK.pdf")),
            ("media_type", json!("application/pdf")), ("size_bytes", json!(PDF.2.len())), ("status", json!("available")),
            ("superseded_by", Value::Null), ("flags", json!([])), ("uploaded_by", json!(drafter.id)),
        ] {
            assert_eq!(body[field], value, "{field}");
        }
        assert_eq!(app.get(&drafter, &path).await.is(200), body);
        assert_eq!(life.list("documents").await, std::slice::from_ref(&body));
        assert_eq!(life.list("documents?type=other").await, Vec::<Value>::new());
        let events = app.database.number("SELECT COUNT(*) FROM audit_events WHERE action = 'document.upload'");
        let revisions = app.database.number("SELECT COUNT(*) FROM revisions WHERE subject_kind = 'document'");
        assert_eq!((events, revisions), (1, 1));
        let stranger = app.of(Role::Drafter, FOREIGN).await;
        for path in [path.clone(), format!("{path}/content")] {
            app.get(&stranger, &path).await.is(404);
        }
        place.agrees(&app);
    }

    async fn the_bytes_are_served_whole_in_part_or_not_again(place) {
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let named = ("Kerangka \u{e9} acuan.pdf", PDF.1, PDF.2);
        let body = upload(&app, &drafter, &life.id, TOR, named).await.is(201);
        let path = format!("/documents/{}/content", text(&body["id"]));
        let whole = app.get(&drafter, &path).await;
        assert_eq!((whole.status, whole.bytes.as_slice()), (200, PDF.2));
        let etag = format!("\"{}\"", text(&body["sha256"]));
        for (name, value) in [
            ("ETag", etag.as_str()), ("Content-Type", "application/pdf"), ("Accept-Ranges", "bytes"),
            ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "sandbox; default-src 'none'"),
            ("Cache-Control", "private, no-cache"), ("Content-Length", PDF.2.len().to_string().as_str()),
            ("Content-Disposition",
             "attachment; filename=\"Kerangka _ acuan.pdf\"; filename*=UTF-8''Kerangka%20%C3%A9%20acuan.pdf"),
        ] {
            assert_eq!(whole.header(name), Some(value), "{name}");
        }
        let call = || app.get(&drafter, &path);
        let same = call().header("If-None-Match", &etag).await;
        assert_eq!((same.status, same.bytes.len(), same.header("ETag")), (304, 0, Some(etag.as_str())));
        assert_eq!(call().header("If-None-Match", "\"other\"").await.status, 200);
        let size = PDF.2.len();
        for (range, from, to) in [("bytes=0-4", 0, 5), ("bytes=5-", 5, size), ("bytes=-3", size - 3, size),
            ("bytes=2-9999", 2, size)]
        {
            let part = call().header("Range", range).await;
            assert_eq!((part.status, part.bytes.as_slice()), (206, &PDF.2[from..to]), "{range}");
            let told = format!("bytes {from}-{}/{size}", to - 1);
            assert_eq!(part.header("Content-Range"), Some(told.as_str()));
        }
        let beyond = call().header("Range", "bytes=9999-").await;
        beyond.is(416);
        assert_eq!(beyond.header("Content-Range"), Some(format!("bytes */{size}").as_str()));
        for whole in ["bytes=0-1,3-4", "lines=1-2", "bytes=x"] {
            assert_eq!(call().header("Range", whole).await.status, 200, "{whole}");
        }
        assert_eq!(call().header("Range", "bytes=0-4").header("If-Range", "\"old\"").await.status, 200);
    }

    async fn the_same_upload_under_the_same_key_happens_once(place) {
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let send = |boundary: &str, file: File<'_>| {
            let call = app.by(&drafter, Method::POST, &life.path("documents")).key("once");
            call.raw(&format!("multipart/form-data; boundary={boundary}"), form(boundary, TOR, &[file]))
        };
        let first = send("one", PDF).await;
        first.is(201);
        let again = send("another", PDF).await;
        again.is(201);
        assert!(again.replayed() && again.bytes == first.bytes && !first.replayed());
        send("one", CSV).await.refused(422, &["idempotency_key_reused"]);
        send("one", ("other.pdf", PDF.1, PDF.2)).await.refused(422, &["idempotency_key_reused"]);
        // What is wrong with the form is part of what was sent.
        let fields = [TOR, &[("zz", "1")]].concat();
        let call = app.by(&drafter, Method::POST, &life.path("documents")).key("once");
        let call = call.raw("multipart/form-data; boundary=one", form("one", &fields, &[PDF]));
        call.await.refused(422, &["idempotency_key_reused"]);
        assert_eq!(life.list("documents").await.len(), 1);
        place.agrees(&app);
    }

    async fn a_newer_document_takes_the_place_of_an_older_once(place) {
        let app = place.app();
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let old = text(&upload(&app, &drafter, &life.id, TOR, PDF).await.is(201)["id"]);
        let newer = [("type", "tor"), ("supersedes_id", old.as_str())];
        let other = [("type", "rab"), ("supersedes_id", old.as_str())];
        upload(&app, &drafter, &life.id, &other, CSV).await.refused(422, &["other_type"]);
        let (one, two) = futures_util::join!(
            async { upload(&app, &drafter, &life.id, &newer, CSV).await },
            async { upload(&app, &drafter, &life.id, &newer, CSV).await },
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "one wins: {one} {two}");
        let (winner, loser) = if one.status == 201 { (one, two) } else { (two, one) };
        loser.refused(409, &["superseded"]);
        let shown = app.get(&drafter, &format!("/documents/{old}")).await.is(200);
        assert_eq!((&shown["superseded_by"], &shown["version"]), (&winner.json()["id"], &json!(2)));
        assert_eq!(life.list("documents").await.len(), 2);
        assert_eq!(life.list("documents?current=true").await, [winner.json()]);
        place.agrees(&app);
    }
}
