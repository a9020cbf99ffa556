//! No space for documents, on the disk or in the bucket: uploads are refused, nothing is lost, and it goes on by itself.

use crate::documents::{Place, TOR, files};
use crate::support::client::text;
use crate::support::database::{Kind, TestDatabase};
use crate::support::disk::SmallDisk;
use crate::support::documents::{PDF, upload};
use crate::support::life::CONSTRUCTION;
use reqwest::Method;
use sentra::domain::people::Role;
use sentra::service::store::ObjectStorage;
use std::fs;
use std::path::PathBuf;

#[actix_web::test]
async fn a_full_disk_refuses_documents_and_loses_none() {
    let Some(disk) = SmallDisk::mount(4) else { return };
    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let mut place = Place::folder(database);
    let app = place.app_with(|documents| documents.store = ObjectStorage::in_folder(disk.path()));
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    let send =
        async |bytes: &[u8]| upload(&app, &drafter, &life.id, TOR, ("a.pdf", PDF.1, bytes)).await;
    let state = async || text(&app.call(Method::GET, "/health/ready").await.is(200)["documents"]);
    let megabytes = |n: usize| [PDF.2, &vec![b'a'; n * 1024 * 1024]].concat();
    let large = megabytes(1);
    let kept = send(&large).await.is(201);
    let path = format!("/documents/{}/content", text(&kept["id"]));
    let objects = files(&disk.path().join("objects"));
    // The disk is full in the middle of a file.
    send(&megabytes(6)).await.refused(507, &["storage_full"]);
    // There is no room for the first byte.
    assert_eq!(state().await, "available");
    let filler = disk.fill();
    assert_eq!(state().await, "unavailable", "what is full takes nothing");
    for _ in 0..3 {
        send(PDF.2).await.refused(507, &["storage_full"]);
    }
    assert_eq!(app.get(&drafter, &path).await.bytes, large, "reading goes on");
    assert_eq!(files(&disk.path().join("objects")), objects);
    assert_eq!(files(&disk.path().join("arrivals")), Vec::<PathBuf>::new());
    assert_eq!(life.list("documents").await, [kept]);
    fs::remove_file(filler).expect("make room");
    assert_eq!(state().await, "available");
    send(PDF.2).await.is(201);
    assert_eq!(app.get(&drafter, &path).await.bytes, large);
    assert_eq!(files(&disk.path().join("objects")).len(), 2);
    app.verified();
}

#[actix_web::test]
async fn a_full_bucket_refuses_documents_and_loses_none() {
    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
    let mut place = Place::bucket(database);
    let app = place.app();
    let bucket = place.bucket.as_ref().expect("a bucket");
    let life = CONSTRUCTION.draft(&app).await;
    let drafter = life.who(Role::Drafter).await;
    bucket.answers("PutObject", 507, 100);
    let answer = upload(&app, &drafter, &life.id, TOR, PDF).await;
    answer.refused(507, &["storage_full"]);
    place.agrees(&app);
    bucket.answers("PutObject", 507, 0);
    upload(&app, &drafter, &life.id, TOR, PDF).await.is(201);
    place.agrees(&app);
}
