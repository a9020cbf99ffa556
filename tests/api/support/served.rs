//! Sentra as it is run: the real program as a process of its own, and people who call it.

use reqwest::header::HeaderMap;
use sentra::app::Store;
use sentra::domain::people::Language;
use sentra::service::clock::Clock;
use sentra::service::grant::GrantDraft;
use sentra::service::password::HashSettings;
use sentra::service::secret::Secret;
use sentra::service::user::UserDraft;
use sentra::service::{Services, console, demonstration};
use sentra::storage::connection::Target;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Everybody's password in these tests.
pub const PASSWORD: &str = "sepeda-biru-di-sawah-77";
/// The region that these tests act in.
pub const REGION: &str = "18.71";

/// The program, told nothing by the environment of the tests.
pub fn sentra() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sentra"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SENTRA_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// The program on a database, with its data folder beside nothing else.
pub fn sentra_on(subcommand: &str, url: &str, folder: &Path) -> Command {
    let mut command = sentra();
    command.arg(subcommand).args(["--database-url", url, "--data-dir"]).arg(folder);
    command
}

/// A process that serves; killed when dropped.
pub struct Served {
    child: Child,
    /// Where it listens, as `http://…`.
    pub base: String,
}

impl Served {
    /// Starts it on a free port of the loopback address, and waits until it listens.
    pub fn start(url: &str, folder: &Path) -> Served {
        Served::start_with(url, folder, &[])
    }

    /// The same with further arguments.
    pub fn start_with(url: &str, folder: &Path, arguments: &[&str]) -> Served {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("serve.log"))
            .expect("a log");
        let mut child = sentra_on("serve", url, folder)
            .args(["--listen", "127.0.0.1:0", "--log", "warn"])
            .args(["--hash-memory-kib", "64", "--hash-passes", "1"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("start sentra");
        let mut said = BufReader::new(child.stdout.take().expect("output")).lines();
        let base = said.by_ref().find_map(|line| {
            let line = line.expect("text");
            let after = line.strip_prefix("Sentra listens on ")?;
            Some(after.split(';').next().unwrap_or(after).to_owned())
        });
        let Some(base) = base else {
            let log = std::fs::read_to_string(folder.join("serve.log")).unwrap_or_default();
            panic!("it does not listen ({:?}):\n{log}", child.wait());
        };
        // Whatever it says later has somebody who reads it.
        std::thread::spawn(move || said.for_each(drop));
        Served { child, base }
    }

    /// kill -9, and gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill -9");
        self.child.wait().expect("gone");
    }

    /// The memory that it takes, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("run kill");
        assert!(sent.success());
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("wait") {
                return status;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("wait").is_none()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The use-cases over a database, with quick hashes.
pub fn services(target: &Target, clock: Clock) -> Services {
    let mut store = Store::new(target.clone());
    store.clock = clock;
    store.hash = HashSettings { memory_kib: 64, iterations: 1, ..HashSettings::default() };
    store.services().expect("services")
}

/// Adds a user whose address is `NAME@sentra.example`.
pub fn hire(sv: &Services, name: &str, grants: &[&str]) -> sentra::domain::ids::UserId {
    let grants = grants.iter().map(|grant| grant.parse::<GrantDraft>().expect("a grant")).collect();
    let draft = UserDraft {
        email: format!("{name}@sentra.example"),
        name: name.to_owned(),
        language: Language::Id,
        grants,
    };
    console::add(sv, &draft, Some(&Secret::from(PASSWORD))).expect("hired").user.id
}

/// Publishes rules that are open today, ask for no papers and pay in one tranche from now on, and tells their year.
pub fn open_year(sv: &Services) -> i64 {
    let policies = demonstration::policies(sv).expect("policies");
    let mut open = demonstration::open_policy(sv.clock.now(), policies.last().expect("a policy"));
    open.documents.clear();
    open.tranches.truncate(1);
    for tranche in &mut open.tranches {
        tranche.share_bp = None;
        tranche.documents.clear();
        tranche.opens = open.submission_windows[0].opens;
    }
    demonstration::publish(sv, &open).expect("published");
    open.fiscal_year
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A request as it can be sent again, to whatever address the service has by then.
#[derive(Debug, Clone)]
pub struct Sent {
    pub method: &'static str,
    pub path: String,
    pub token: String,
    pub key: String,
    pub version: Option<i64>,
    pub body: Value,
}

/// Sends a request; an error when the connection failed before the answer was whole.
pub async fn send(http: &reqwest::Client, base: &str, sent: &Sent) -> Result<Answer, String> {
    let method = sent.method.parse().expect("a method");
    let mut request = http
        .request(method, format!("{base}/api/v1{}", sent.path))
        .timeout(Duration::from_secs(60))
        .bearer_auth(&sent.token);
    if sent.method != "GET" {
        request = request.json(&sent.body);
    }
    if !sent.key.is_empty() {
        request = request.header("idempotency-key", &sent.key);
    }
    if let Some(version) = sent.version {
        request = request.header("if-match", format!("\"{version}\""));
    }
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.text().await.map_err(|error| error.to_string())?;
    Ok(Answer { status, headers, body })
}

/// Reads something.
pub fn get(path: &str, token: &str) -> Sent {
    let (path, token) = (path.to_owned(), token.to_owned());
    Sent { method: "GET", path, token, key: String::new(), version: None, body: Value::Null }
}

/// Signs a user in.
pub async fn sign_in(http: &reqwest::Client, base: &str, name: &str) -> String {
    let body = json!({ "email": format!("{name}@sentra.example"), "password": PASSWORD });
    let sent = Sent { method: "POST", body, ..get("/sessions", "") };
    let answer = send(http, base, &sent).await.expect("answered");
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["token"].as_str().expect("a token").to_owned()
}

/// The write that starts a proposal.
pub fn start_proposal(token: &str, year: i64, title: &str) -> Sent {
    let body = json!({
        "menu": "construction", "fiscal_year": year, "region_code": REGION, "title": title,
        "commodity": "Kopi", "outcome_class": "ovop", "summary": "x".repeat(2_000),
        "site": { "street": "Jalan A", "village": "Desa B", "district": "Kecamatan C", "latitude": -5.4, "longitude": 105.2 },
    });
    let key = uuid::Uuid::now_v7().to_string();
    Sent { method: "POST", key, body, ..get("/proposals", token) }
}

/// The write that gives a proposal a line.
pub fn put_line(token: &str, id: &str, version: i64) -> Sent {
    let line = json!({
        "component": "production_house", "description": "Rumah produksi", "builds_anew": true,
        "volume_thousandths": 100_000, "unit": "m2", "unit_cost_idr": 7_000_000, "fund_source": "DAK",
    });
    let key = uuid::Uuid::now_v7().to_string();
    let (body, version) = (json!({ "lines": [line] }), Some(version));
    Sent { method: "PUT", key, version, body, ..get(&format!("/proposals/{id}/lines"), token) }
}

/// The write that takes an action.
pub fn act(token: &str, id: &str, version: i64, action: &str) -> Sent {
    let body = json!({ "action": action, "comment": "Demikian." });
    let (key, version) = (uuid::Uuid::now_v7().to_string(), Some(version));
    Sent { method: "POST", key, version, body, ..get(&format!("/proposals/{id}/actions"), token) }
}
