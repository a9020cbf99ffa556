//! Documents: kept whole or not at all, told by their bytes, superseded and never overwritten, served with care; in a
//! folder and in a bucket of an S3 server alike.

mod bounds;
mod full;
mod kept;
mod refused;
mod s3;
mod tidy;
mod tls;
mod types;

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::documents::File;
use crate::support::s3::S3Server;
use sentra::http::state::Bounds;
use sentra::service::document::Documents;
use sentra::service::store::Patience;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What is said of a document that is fine.
const TOR: &[(&str, &str)] = &[
    ("type", "tor"),
    ("title", "KAK"),
    ("number", "1/2020"),
    ("issued_on", "2020-05-01"),
    ("valid_until", "2021-05-01"),
    ("line_no", "1"),
];

/// The fields of a form, its files, and the place and code of what is wrong.
type Case<'a> = (&'a [(&'a str, &'a str)], Vec<File<'a>>, &'a str, &'a str);

/// Every file in a folder, and in those beneath it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Where a test keeps its rows and its bytes.
pub struct Place {
    database: Option<TestDatabase>,
    bucket: Option<S3Server>,
}

impl Place {
    /// Bytes in a folder.
    pub fn folder(database: TestDatabase) -> Place {
        Place { database: Some(database), bucket: None }
    }

    /// Bytes in a bucket.
    pub fn bucket(database: TestDatabase) -> Place {
        Place { database: Some(database), bucket: Some(S3Server::start()) }
    }

    /// The service, over these.
    pub fn app(&mut self) -> TestApp {
        self.app_with(|_| {})
    }

    /// The service, with more to say of documents.
    pub fn app_with(&mut self, more: impl FnOnce(&mut Documents)) -> TestApp {
        let database = self.database.take().expect("one service over each");
        TestApp::keeping(database, Bounds::default(), |documents| {
            if let Some(bucket) = &self.bucket {
                documents.store = bucket.store(Patience::default());
            }
            more(documents);
        })
    }

    /// Where the objects of a service are.
    pub fn objects(&self, app: &TestApp) -> PathBuf {
        match &self.bucket {
            Some(bucket) => bucket.objects(),
            None => app.documents_folder().join("objects"),
        }
    }

    /// Where what arrives is.
    pub fn arrivals(&self, app: &TestApp) -> PathBuf {
        match &self.bucket {
            Some(bucket) => bucket.arrivals(),
            None => app.documents_folder().join("arrivals"),
        }
    }

    /// There are as many objects as rows that say so, and nothing that arrived, or began to be kept, is left.
    pub fn agrees(&self, app: &TestApp) {
        let rows = app.database.number("SELECT COUNT(*) FROM documents WHERE status <> 'refused'");
        assert_eq!(files(&self.objects(app)).len(), usize::try_from(rows).expect("a number"));
        // What was put together for an answer goes when its last byte is sent, which its reader may be ahead of.
        let given_up = Instant::now() + Duration::from_secs(10);
        while !files(&self.arrivals(app)).is_empty() && Instant::now() < given_up {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(files(&self.arrivals(app)), Vec::<PathBuf>::new());
        if let Some(bucket) = &self.bucket {
            assert_eq!((bucket.unfinished(), bucket.parts()), (Vec::new(), 0));
        }
        app.verified();
    }
}

/// Writes each test three times: with its bytes in a folder over either database, and in a bucket over SQLite.
///
/// Once per module: it writes the modules `each` and `bucket`, and those of `on_both!`.
#[macro_export]
macro_rules! on_each_store {
    ($(async fn $name:ident($place:ident) $body:block)*) => {
        mod each {
            use super::*;
            $(
                pub async fn $name(mut $place: $crate::documents::Place) $body
            )*
        }
        mod bucket {
            $(
                #[actix_web::test]
                async fn $name() {
                    use $crate::support::database::{Kind, TestDatabase};
                    let database = TestDatabase::fresh(Kind::Sqlite).expect("SQLite");
                    super::each::$name($crate::documents::Place::bucket(database)).await;
                }
            )*
        }
        $crate::on_both! {
            $(
                async fn $name(db) {
                    each::$name($crate::documents::Place::folder(db)).await;
                }
            )*
        }
    };
}
