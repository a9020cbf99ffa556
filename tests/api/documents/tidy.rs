//! What is done for documents later: scanning those that wait, sweeping bytes that belong to none.

use crate::documents::{TOR, files};
use crate::exports::{package, project};
use crate::on_each_store;
use crate::support::client::text;
use crate::support::documents::{FakeClamd, PDF, eicar, upload};
use crate::support::life::CONSTRUCTION;
use sentra::domain::people::Role;
use sentra::service::document::tidy::Tidied;
use sentra::service::scan::Clamd;
use sentra::worker::documents::{DocumentWorker, Settings};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use uuid::Uuid;

/// A run of the scanner's worker, on a thread that may block.
async fn scanned(worker: &DocumentWorker) -> Tidied {
    let worker = worker.clone();
    actix_web::web::block(move || worker.scan_once().expect("a run")).await.expect("scanned")
}

on_each_store! {
    async fn a_virus_is_refused_and_what_waits_is_not_served(place) {
        let clamd = FakeClamd::start();
        let address = clamd.address.to_string();
        let app = place.app_with(|documents| documents.clamd = Some(Clamd::Tcp(address)));
        let worker = DocumentWorker::new(app.services.clone(), Settings::default());
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let tor = &[("type", "tor")];
        let bad = [PDF.2, &eicar()].concat();
        let bad = ("a.pdf", "application/pdf", bad.as_slice());
        let answer = upload(&app, &drafter, &life.id, tor, bad).await;
        answer.refused(422, &["infected"]);
        assert!(answer.to_string().contains("Eicar-Test-Signature"), "{answer}");
        let told = life.list("events").await.into_iter().find(|one| one["action"] == "document.infected");
        let told = told.expect("on record");
        assert_eq!(told["content"]["signature"], "Eicar-Test-Signature");
        assert_eq!(told["actor_id"], json!(drafter.id));
        let clean = upload(&app, &drafter, &life.id, tor, PDF).await.is(201);
        assert_eq!(clean["status"], "available");
        place.agrees(&app);
        clamd.is_down(true);
        let mut waiting = Vec::new();
        for file in [PDF, bad] {
            let body = upload(&app, &drafter, &life.id, tor, file).await.is(201);
            assert_eq!(body["status"], "pending_scan");
            let path = format!("/documents/{}", text(&body["id"]));
            app.get(&drafter, &format!("{path}/content")).await.refused(409, &["pending_scan"]);
            waiting.push(path);
        }
        let counts = scanned(&worker).await;
        assert_eq!((counts.cleared, counts.refused), (0, 0), "they wait on");
        clamd.is_down(false);
        let counts = scanned(&worker).await;
        assert_eq!((counts.cleared, counts.refused), (1, 1));
        assert_eq!(app.get(&drafter, &format!("{}/content", waiting[0])).await.bytes, PDF.2);
        assert_eq!(app.get(&drafter, &waiting[1]).await.is(200)["status"], "refused");
        app.get(&drafter, &format!("{}/content", waiting[1])).await.refused(409, &["infected"]);
        let events = "SELECT COUNT(*) FROM audit_events WHERE action IN ('document.clear', 'document.refuse')";
        assert_eq!(app.database.number(events), 2);
        place.agrees(&app);
    }

    async fn a_document_whose_bytes_can_not_be_read_holds_up_nobody(place) {
        let clamd = FakeClamd::start();
        let address = clamd.address.to_string();
        let app = place.app_with(|documents| documents.clamd = Some(Clamd::Tcp(address)));
        let worker = DocumentWorker::new(app.services.clone(), Settings::default());
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        clamd.is_down(true);
        let first = upload(&app, &drafter, &life.id, TOR, PDF).await.is(201);
        upload(&app, &drafter, &life.id, TOR, PDF).await.is(201);
        clamd.is_down(false);
        let object = place.objects(&app).join(&life.id).join(text(&first["id"]));
        let aside = object.with_extension("aside");
        std::fs::rename(&object, &aside).expect("put aside");
        match &place.bucket {
            Some(bucket) => bucket.answers("GetObject", 403, 1),
            // A link to itself leads nowhere, and is no missing file.
            None => std::os::unix::fs::symlink(&object, &object).expect("a link"),
        }
        assert_eq!(scanned(&worker).await.cleared, 1, "the one behind it");
        let _ = std::fs::remove_file(&object);
        std::fs::rename(&aside, &object).expect("put back");
        assert_eq!(scanned(&worker).await.cleared, 1, "it waited on");
        // What the scanner does not take is passed over, too.
        clamd.is_down(true);
        let large = [PDF.2, &vec![b'a'; FakeClamd::MOST_BYTES]].concat();
        upload(&app, &drafter, &life.id, TOR, ("a.pdf", PDF.1, &large)).await.is(201);
        upload(&app, &drafter, &life.id, TOR, PDF).await.is(201);
        clamd.is_down(false);
        assert_eq!(scanned(&worker).await.cleared, 1);
        place.agrees(&app);
    }

    async fn the_older_document_stands_again_when_the_newer_one_is_refused(place) {
        let clamd = FakeClamd::start();
        let address = clamd.address.to_string();
        let app = place.app_with(|documents| documents.clamd = Some(Clamd::Tcp(address)));
        let worker = DocumentWorker::new(app.services.clone(), Settings::default());
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let replacing = async |older: &str, bytes: &[u8]| {
            let fields = [("type", "tor"), ("supersedes_id", older)];
            let body = upload(&app, &drafter, &life.id, &fields, ("a.pdf", PDF.1, bytes)).await.is(201);
            text(&body["id"])
        };
        let current = async || {
            let body = app.get(&drafter, &life.path("documents?current=true")).await.is(200);
            let items = body["items"].as_array().expect("a list").clone();
            items.iter().map(|item| text(&item["id"])).collect::<Vec<_>>()
        };
        let good = text(&upload(&app, &drafter, &life.id, &[("type", "tor")], PDF).await.is(201)["id"]);
        let bad = [PDF.2, &eicar()].concat();
        clamd.is_down(true);
        let newer = replacing(&good, &bad).await;
        assert_eq!(current().await, [newer.as_str()]);
        let then = async |at: &str| {
            let path = life.path(&format!("documents?current=true&limit=1&as_of={at}"));
            let body = app.get(&drafter, &path).await.is(200);
            (text(&body["items"][0]["id"]), body["next_cursor"].as_str().map(str::to_owned))
        };
        let at = app.clock.now().to_string();
        assert_eq!(then(&at).await, (newer.clone(), None));
        app.later(chrono::TimeDelta::hours(1));
        clamd.is_down(false);
        assert_eq!(scanned(&worker).await.refused, 1);
        assert_eq!(current().await, [good.as_str(), newer.as_str()]);
        assert_eq!(then(&at).await, (newer.clone(), None), "what was known then stays so");
        assert_eq!(then(&app.clock.now().to_string()).await.0, good);
        let shown = app.get(&drafter, &format!("/documents/{good}")).await.is(200);
        assert_eq!((&shown["superseded_by"], &shown["status"]), (&Value::Null, &json!("available")));
        let revisions = format!("SELECT COUNT(*) FROM revisions WHERE subject_id = '{good}'");
        assert_eq!(app.database.number(&revisions), 3);
        let events = life.list("events?limit=200").await;
        let refused = events.iter().find(|event| event["action"] == "document.refuse").expect("an event");
        assert!(refused.to_string().contains(&good), "{refused}");
        // Where a third had taken the refused one's place, it keeps it.
        clamd.is_down(true);
        let second = replacing(&good, &bad).await;
        let third = replacing(&second, PDF.2).await;
        clamd.is_down(false);
        let counts = scanned(&worker).await;
        assert_eq!((counts.cleared, counts.refused), (1, 1));
        let shown = app.get(&drafter, &format!("/documents/{good}")).await.is(200);
        assert_eq!(shown["superseded_by"], json!(third));
        place.agrees(&app);
    }

    async fn a_project_keeps_a_document_until_what_replaces_it_has_passed_the_scanner(place) {
        let clamd = FakeClamd::start();
        let address = clamd.address.to_string();
        let app = place.app_with(|documents| documents.clamd = Some(Clamd::Tcp(address)));
        let worker = DocumentWorker::new(app.services.clone(), Settings::default());
        let life = CONSTRUCTION.at(&app, "contracted").await;
        let (drafter, auditor) = (life.who(Role::Drafter).await, life.who(Role::Auditor).await);
        let among = async |ids: &[&str]| {
            let package = package(&app, &auditor, "").await;
            let shown = project(&package, &life)["documents"].to_string();
            ids.iter().map(|id| shown.contains(id)).collect::<Vec<_>>()
        };
        let replacing = async |older: &str| {
            let fields = [("type", "contract"), ("supersedes_id", older)];
            text(&upload(&app, &drafter, &life.id, &fields, PDF).await.is(201)["id"])
        };
        let first = text(&upload(&app, &drafter, &life.id, &[("type", "contract")], PDF).await.is(201)["id"]);
        clamd.is_down(true);
        let second = replacing(&first).await;
        let third = replacing(&second).await;
        assert_eq!(among(&[&first, &second, &third]).await, [true, false, false]);
        clamd.is_down(false);
        assert_eq!(scanned(&worker).await.cleared, 2);
        assert_eq!(among(&[&first, &second, &third]).await, [false, false, true]);
        place.agrees(&app);
    }

    async fn what_belongs_to_no_row_is_swept_and_nothing_else(place) {
        let app = place.app();
        let worker = DocumentWorker::new(app.services.clone(), Settings::default());
        let life = CONSTRUCTION.draft(&app).await;
        let drafter = life.who(Role::Drafter).await;
        let kept = upload(&app, &drafter, &life.id, TOR, PDF).await.is(201);
        let (objects, arrivals) = (place.objects(&app), place.arrivals(&app));
        let old = SystemTime::now() - Duration::from_secs(25 * 3600);
        let make = |path: PathBuf, old: Option<SystemTime>| {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            let mut file = std::fs::File::create(&path).expect("a file");
            file.write_all(b"left").expect("written");
            if let Some(old) = old {
                file.set_modified(old).expect("aged");
            }
            path
        };
        let anybody = || objects.join(Uuid::now_v7().to_string()).join(Uuid::now_v7().to_string());
        let orphan = make(anybody(), Some(old));
        let arrival = make(arrivals.join(Uuid::now_v7().to_string()), Some(old));
        let foreign: Vec<PathBuf> = [
            arrivals.join("notes.txt"),
            objects.join("notes.txt"),
            objects.join("a").join("b"),
            objects.join(Uuid::now_v7().to_string()).join("notes.txt"),
            anybody().join("notes.txt"),
        ].into_iter().map(|path| make(path, Some(old))).collect();
        let young = make(anybody(), None);
        for path in files(&objects.join(&life.id)) {
            std::fs::File::options().write(true).open(path).expect("open").set_modified(old).expect("aged");
        }
        let uploads = async {
            futures_util::future::join_all((0..8).map(|n| {
                let csv = format!("a,b\n{n},1\n");
                let (app, drafter, id) = (&app, &drafter, &life.id);
                async move { upload(app, drafter, id, TOR, ("a.csv", "text/csv", csv.as_bytes())).await.is(201) }
            })).await
        };
        let sweeps = actix_web::web::block(move || {
            let mut swept = 0;
            for _ in 0..20 {
                swept += worker.sweep_once().expect("a sweep").swept;
                std::thread::sleep(Duration::from_millis(10));
            }
            swept
        });
        let (made, swept) = futures_util::join!(uploads, sweeps);
        assert_eq!(swept.expect("swept"), 2);
        assert!(!orphan.exists() && !arrival.exists() && young.exists());
        for path in foreign.iter().chain([&young]) {
            assert!(path.exists(), "{}: what is not ours stays", path.display());
            std::fs::remove_file(path).expect("removed");
        }
        for body in made.iter().chain([&kept]) {
            let path = format!("/documents/{}/content", text(&body["id"]));
            assert_eq!(app.get(&drafter, &path).await.status, 200);
        }
        place.agrees(&app);
    }
}
