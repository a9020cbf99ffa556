//! The application as production starts it: on port 0, over a fresh database, on a clock that the test moves, with the
//! workers run by hand; and its people, each made when they are first needed.

use crate::support::client::{Answer, Call};
use crate::support::database::{Kind, TestDatabase};
use chrono::TimeDelta;
use reqwest::Method;
use sentra::app::{Serving, Store, mail_worker, start};
use sentra::domain::ids::RegionCode;
use sentra::domain::moment::Moment;
use sentra::domain::people::{Language, Role, ScopeKind};
use sentra::http::state::Bounds;
use sentra::service::Services;
use sentra::service::clock::Clock;
use sentra::service::document::Documents;
use sentra::service::grant::GrantDraft;
use sentra::service::password::HashSettings;
use sentra::service::secret::Secret;
use sentra::service::user::UserDraft;
use sentra::service::{console, seal, sweep, verify};
use sentra::storage::PoolSettings;
use sentra::worker::mail::Counts;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::Mutex;

/// Where most proposals of the tests come from, a city; its neighbour in the province; and one far away.
pub const HOME: &str = "18.71";
pub const SIBLING: &str = "18.04";
pub const PROVINCE: &str = "18";
pub const FOREIGN: &str = "35.26";

/// A Monday of the fiscal year 2021 on which lump sums and first tranches are paid.
const IN_THE_YEAR: &str = "2021-05-03T02:00:00Z";

/// Everybody's password.
pub const PASSWORD: &str = "sawah hijau lima petak";

/// A moment within the submission window of the fiscal year 2021.
pub fn in_the_window() -> Moment {
    moment("2020-05-11T02:00:00Z")
}

/// A moment as RFC 3339 writes it.
pub fn moment(text: &str) -> Moment {
    serde_json::from_value(json!(text)).expect("a moment")
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub language: Language,
    pub token: String,
}

/// The application; it ends with the value.
pub struct TestApp {
    pub address: SocketAddr,
    pub services: Services,
    pub clock: Clock,
    pub database: TestDatabase,
    serving: Serving,
    documents: Documents,
    client: reqwest::Client,
    people: Mutex<HashMap<String, Person>>,
    server: Option<Server>,
    folder: tempfile::TempDir,
}

struct Server {
    handle: actix_web::dev::ServerHandle,
    thread: JoinHandle<()>,
}

impl Server {
    fn end(self) {
        drop(self.handle.stop(false));
        self.thread.join().expect("the server ends");
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.end();
        }
    }
}

impl TestApp {
    /// Over a fresh database of a kind; none where PostgreSQL is wanted and not found.
    pub fn spawn(kind: Kind) -> Option<TestApp> {
        TestDatabase::fresh(kind).map(TestApp::on)
    }

    /// Over a database.
    pub fn on(database: TestDatabase) -> TestApp {
        TestApp::with(database, Bounds::default())
    }

    /// Over a database, under bounds of one's own.
    pub fn with(database: TestDatabase, bounds: Bounds) -> TestApp {
        TestApp::keeping(database, bounds, |_| {})
    }

    /// Over a database, from a moment on.
    pub fn from(database: TestDatabase, start: &str) -> TestApp {
        TestApp::built(database, Bounds::default(), moment(start), |_| {})
    }

    /// Over a database, with documents kept in a way of one's own.
    pub fn keeping(
        database: TestDatabase,
        bounds: Bounds,
        keep: impl FnOnce(&mut Documents),
    ) -> TestApp {
        TestApp::built(database, bounds, in_the_window(), keep)
    }

    fn built(
        database: TestDatabase,
        bounds: Bounds,
        start: Moment,
        keep: impl FnOnce(&mut Documents),
    ) -> TestApp {
        let folder = tempfile::Builder::new().prefix("sentra-app-").tempdir().expect("a folder");
        let clock = Clock::set_to(start);
        let mut serving = Serving::new("127.0.0.1:0".to_owned(), folder.path());
        serving.workers = false;
        serving.threads = 2;
        serving.bounds = bounds;
        serving.base_url = Some("https://sentra.example".to_owned());
        let mut documents = Documents::in_folder(&folder.path().join("documents"));
        keep(&mut documents);
        let (address, services, server) = serve(&database, &clock, &serving, &documents);
        let client = reqwest::Client::builder().pool_max_idle_per_host(64).no_proxy();
        TestApp {
            address,
            services,
            clock,
            database,
            serving,
            documents,
            client: client.build().expect("a client"),
            people: Mutex::default(),
            server: Some(server),
            folder,
        }
    }

    /// Stops, and starts again on the same database.
    pub fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            server.end();
        }
        let (address, services, server) =
            serve(&self.database, &self.clock, &self.serving, &self.documents);
        (self.address, self.services, self.server) = (address, services, Some(server));
    }

    /// Moves the clock forward to a moment.
    pub fn at(&self, text: &str) {
        self.clock.advance_to(moment(text));
    }

    /// Moves the clock forward.
    pub fn later(&self, delta: TimeDelta) {
        self.clock.advance_to(self.clock.now().after(delta));
    }

    /// Moves the clock into the fiscal year, where it is before it: the money of a year is paid in that year.
    pub fn reach_the_year(&self) {
        let may = moment(IN_THE_YEAR);
        if self.clock.now() < may {
            self.clock.advance_to(may);
        }
    }

    /// Publishes a version of the year's policy that pays in equal tranches without conditions, and takes proposals in the
    /// year itself too; once. Tests that are not about gates get their money by it in as few steps as they need.
    pub async fn pay_in(&self, tranches: usize) {
        let administrator = self.of(Role::Administrator, HOME).await;
        let shown = self.get(&administrator, "/policies/2021").await.is(200);
        if shown["version"] != 1 {
            return;
        }
        let mut policy = shown["policy"].clone();
        let zoned = |date: &str| json!({ "date": date, "time": "17:00", "zone": "WIB" });
        let tranche = json!({
            "share_bp": 10_000 / tranches, "opens": zoned("2021-02-01"), "closes": zoned("2021-12-31"),
            "documents_due": zoned("2021-12-31"), "min_absorption_bp": 0, "min_output_bp": 0, "documents": [],
        });
        policy["tranches"] = Value::Array(vec![tranche; tranches]);
        let year = json!({ "opens": zoned("2021-01-04"), "closes": zoned("2021-12-31") });
        for windows in ["submission_windows", "correction_windows"] {
            policy[windows].as_array_mut().expect("windows").push(year.clone());
        }
        self.put(&administrator, "/policies/2021", policy).if_match(1).await.is(200);
    }

    /// The day that the clocks of western Indonesia show.
    pub fn today(&self) -> String {
        self.clock.now().date_in(sentra::domain::moment::Zone::Wib).to_string()
    }

    /// A day some days from today.
    pub fn in_days(&self, days: i64) -> String {
        let then = self.clock.now().after(TimeDelta::days(days));
        then.date_in(sentra::domain::moment::Zone::Wib).to_string()
    }

    /// The person who has a role over a region.
    pub async fn of(&self, role: Role, region: &str) -> Person {
        self.nth(role, region, 1).await
    }

    /// The n-th person who has a role over a region.
    pub async fn nth(&self, role: Role, region: &str, n: usize) -> Person {
        let scope = match role.scope_kind() {
            ScopeKind::Region => Some(RegionCode::from(region)),
            ScopeKind::Province => Some(RegionCode::from(region).province()),
            ScopeKind::RegionOrNation
            | ScopeKind::Commodity
            | ScopeKind::Nation
            | ScopeKind::Nobody => None,
        };
        let place = scope.as_ref().map_or("pusat".to_owned(), |scope| scope.0.replace('.', "-"));
        let name = format!("{role} {n} {place}");
        self.someone(&name, role, scope.into_iter().map(|scope| (role, Some(scope))).collect())
            .await
    }

    /// Somebody by name: with grants, or with their role over the nation where none are given.
    pub async fn someone(
        &self,
        name: &str,
        role: Role,
        grants: Vec<(Role, Option<RegionCode>)>,
    ) -> Person {
        let mut people = self.people.lock().await;
        if let Some(known) = people.get(name) {
            return known.clone();
        }
        let language = match role {
            Role::Planner | Role::Reviewer | Role::Treasurer => Language::En,
            _ => Language::Id,
        };
        let grants = if grants.is_empty() { vec![(role, None)] } else { grants };
        let email = format!("{}@sentra.example", name.replace(' ', "."));
        let draft = UserDraft {
            email: email.clone(),
            name: name.to_owned(),
            language,
            grants: grants.into_iter().map(|(role, region)| grant(role, region)).collect(),
        };
        let added = console::add(&self.services, &draft, Some(&Secret::from(PASSWORD.to_owned())));
        let id = added.expect("a user").user.id.to_string();
        let token = self.sign_in(&email, PASSWORD).await.is(201)["token"].clone();
        let token = token.as_str().expect("a token").to_owned();
        let person = Person { id, name: name.to_owned(), email, role, language, token };
        people.insert(name.to_owned(), person.clone());
        person
    }

    /// Tries to sign in.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password });
        self.call(Method::POST, "/sessions").json(&body).await
    }

    /// A call by nobody.
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call::new(&self.client, self.address, method, path)
    }

    /// A call by somebody.
    pub fn by(&self, person: &Person, method: Method, path: &str) -> Call<'_> {
        self.call(method, path).token(&person.token)
    }

    pub fn get(&self, person: &Person, path: &str) -> Call<'_> {
        self.by(person, Method::GET, path)
    }

    /// With a fresh key.
    pub fn post(&self, person: &Person, path: &str, body: Value) -> Call<'_> {
        self.by(person, Method::POST, path).fresh_key().json(&body)
    }

    pub fn put(&self, person: &Person, path: &str, body: Value) -> Call<'_> {
        self.by(person, Method::PUT, path).json(&body)
    }

    pub fn patch(&self, person: &Person, path: &str, body: Value) -> Call<'_> {
        self.by(person, Method::PATCH, path).json(&body)
    }

    pub fn delete(&self, person: &Person, path: &str) -> Call<'_> {
        self.by(person, Method::DELETE, path)
    }

    /// Looks at the deadlines once, as the worker does.
    pub fn sweep(&self) -> sweep::Swept {
        sweep::deadlines(&self.services).expect("a sweep")
    }

    /// Proves that what is kept agrees, and that what happened is sealed; gives the flags.
    pub fn verified(&self) -> Vec<String> {
        seal::drain(&self.services).expect("sealed");
        let trail =
            verify::trail::verify(&self.services, &[], &[], |_| {}).expect("a verification");
        assert_eq!((trail.findings, trail.waiting), (Vec::new(), 0));
        let report = verify::verify(&self.services, |_| {}).expect("a verification");
        assert_eq!(report.breaches, Vec::<String>::new());
        report.flags
    }

    /// Runs the mail worker until nothing is left to do.
    pub fn deliver(&self) -> Counts {
        let worker = mail_worker(&self.services, &self.serving, "https://sentra.example")
            .expect("a mail worker");
        let mut all = Counts::default();
        loop {
            let counts = worker.run_once().expect("a run");
            if !counts.moved() {
                return all;
            }
            all.notices += counts.notices;
            all.mails += counts.mails;
            all.digests += counts.digests;
            all.sent += counts.sent;
        }
    }

    /// The code of the newest invitation that was mailed to an address.
    pub fn invited(&self, email: &str) -> String {
        self.deliver();
        let files = std::fs::read_dir(self.mail_folder()).expect("the mail");
        let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        // Named by ids that grow with time.
        files.sort();
        let letters = files.iter().rev().map(|path| std::fs::read_to_string(path).expect("a mail"));
        let to = format!("To: {email}\r\n");
        letters
            .filter(|letter| letter.contains(&to))
            .find_map(|letter| {
                let mut lines = letter.lines();
                lines.find_map(|line| {
                    let code = line.strip_prefix("Kode: ").or(line.strip_prefix("Code: "))?;
                    Some(code.trim().to_owned())
                })
            })
            .unwrap_or_else(|| panic!("no code was mailed to {email}"))
    }

    /// Where documents are kept.
    pub fn documents_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("documents")
    }

    /// Where mail is written.
    pub fn mail_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("mail")
    }
}

/// A grant from the first day on.
pub fn grant(role: Role, region_code: Option<RegionCode>) -> GrantDraft {
    GrantDraft {
        role,
        region_code,
        commodity: None,
        valid_from: None,
        valid_until: None,
        decree: None,
    }
}

/// Starts as `sentra serve` does, on a thread of its own.
fn serve(
    database: &TestDatabase,
    clock: &Clock,
    serving: &Serving,
    documents: &Documents,
) -> (SocketAddr, Services, Server) {
    let mut store = Store::new(database.target().clone());
    store.clock = clock.clone();
    store.documents = documents.clone();
    store.pool = PoolSettings { size: 8, wait: Duration::from_secs(30) };
    // Cheap, since it is not what these tests are about.
    store.hash = HashSettings {
        memory_kib: 8,
        iterations: 1,
        patience: Duration::from_secs(30),
        ..store.hash
    };
    store.sessions.session_holds = TimeDelta::days(3_000);
    let opened = store.open().expect("the store opens");
    let serving = serving.clone();
    let (tell, told) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let running = start(opened, &serving).expect("it starts");
            let started = (running.address, running.services.clone(), running.server.handle());
            tell.send(started).expect("somebody listens");
            running.serve().await.expect("it ends well");
        });
    });
    let (address, services, handle) = told.recv().expect("the server starts");
    (address, services, Server { handle, thread })
}

/// A file beside the tests that is compared with what is found; written anew when `SENTRA_UPDATE_GOLDEN` is set.
pub fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if crate::support::process::variable("SENTRA_UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make the folder");
        std::fs::write(&path, found).expect("write");
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != found {
        let differs = kept.lines().zip(found.lines()).find(|(kept, found)| kept != found);
        panic!(
            "{name} is not fresh; look at what differs, then set SENTRA_UPDATE_GOLDEN=1 to write it. First: {differs:?}; \
             {} lines are kept, {} found",
            kept.lines().count(),
            found.lines().count()
        );
    }
}
