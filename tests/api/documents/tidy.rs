//! What is done for documents later: scanning those that wait, sweeping bytes that belong to none.

use crate::documents::{TOR, files};
use crate::on_each_store;
use crate::support::client::text;
use crate::support::documents::{FakeClamd, PDF, eicar, upload};
use crate::support::life::CONSTRUCTION;
use sentra::domain::people::Role;
use sentra::service::document::tidy::Tidied;
use sentra::service::scan::Clamd;
use sentra::worker::documents::{DocumentWorker, Settings};
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
        let arrival = make(arrivals.join("old"), Some(old));
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
        std::fs::remove_file(young).expect("removed");
        for body in made.iter().chain([&kept]) {
            let path = format!("/documents/{}/content", text(&body["id"]));
            assert_eq!(app.get(&drafter, &path).await.status, 200);
        }
        place.agrees(&app);
    }
}
