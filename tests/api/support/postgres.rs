//! One throwaway PostgreSQL per test process, stopped when the process ends, however it ends.

use crate::support::process::variable;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A server that tests may do with as they like.
pub struct Server {
    /// The administrator's user and password, as they stand before the `@` of a URL.
    user: String,
    /// Host and port, as they stand after it.
    address: String,
    /// The parameters of the URL.
    parameters: String,
    /// What every database and role of this process begins with.
    tag: String,
    made: AtomicU32,
    /// Held open: its application's name tells other processes that what bears the tag is in use.
    _presence: std::sync::Mutex<PgConnection>,
}

impl Server {
    /// The administrator's URL of a database.
    pub fn url(&self, database: &str) -> String {
        self.url_as(&self.user, &self.address, database)
    }

    /// The URL of a database for a role made by `role`.
    pub fn url_of_role(&self, role: &str, database: &str) -> String {
        self.url_as(&format!("{role}:{role}"), &self.address, database)
    }

    fn url_as(&self, user: &str, address: &str, database: &str) -> String {
        format!("postgres://{user}@{address}/{database}{}", self.parameters)
    }

    /// A name that nothing on this server has.
    pub fn name(&self, what: &str) -> String {
        format!("{}_{what}{}", self.tag, self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs statements as the administrator.
    pub fn administer(&self, sql: &str) {
        let mut connection = PgConnection::establish(&self.url("postgres")).expect("administrator");
        connection.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Creates a database, empty, ordered by a language's rules where the server knows any: what is to be ordered
    /// by bytes has to say so itself.
    pub fn create_database(&self, what: &str) -> String {
        let name = self.name(what);
        let mut connection = PgConnection::establish(&self.url("postgres")).expect("administrator");
        let by_language = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' \
             LOCALE_PROVIDER icu ICU_LOCALE 'id'"
        );
        if connection.batch_execute(&by_language).is_err() {
            self.administer(&format!("CREATE DATABASE {name}"));
        }
        name
    }

    /// Creates a role that may log in; its password is its name.
    pub fn role(&self, what: &str) -> String {
        let name = self.name(what);
        self.administer(&format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'"));
        name
    }

    /// Drops what processes that are gone have left on a server that outlives them.
    fn sweep(&self) {
        #[derive(QueryableByName)]
        struct Name {
            #[diesel(sql_type = diesel::sql_types::Text)]
            name: String,
        }
        let mut c = PgConnection::establish(&self.url("postgres")).expect("administrator");
        let in_use = "NOT EXISTS (SELECT 1 FROM pg_stat_activity \
             WHERE application_name <> '' AND starts_with(it, application_name || '_'))";
        for (kind, from) in [
            ("DATABASE", "SELECT datname::TEXT AS it FROM pg_database"),
            ("ROLE", "SELECT rolname::TEXT AS it FROM pg_roles"),
        ] {
            let left: Vec<Name> = diesel::sql_query(format!(
                "SELECT it AS name FROM ({from}) AS all_of_them WHERE starts_with(it, 'sentra_test_') AND {in_use}"
            ))
            .load(&mut c)
            .expect("what is left");
            for Name { name } in left {
                // Another process may sweep at the same time.
                let _ = c.batch_execute(&format!("DROP {kind} IF EXISTS {name}"));
            }
        }
    }

    fn connect(user: &str, address: &str, parameters: &str) -> ConnectionResult<Server> {
        let tag =
            format!("sentra_test_{}_{}", std::process::id(), uuid::Uuid::now_v7().as_fields().2);
        let mut presence =
            PgConnection::establish(&format!("postgres://{user}@{address}/postgres{parameters}"))?;
        presence
            .batch_execute(&format!("SET application_name = '{tag}'"))
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(Server {
            user: user.to_owned(),
            address: address.to_owned(),
            parameters: parameters.to_owned(),
            tag,
            made: AtomicU32::new(0),
            _presence: std::sync::Mutex::new(presence),
        })
    }
}

/// The server of this process; none where PostgreSQL is not found. A run that has to cover it fails instead.
pub fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    let server = SERVER.get_or_init(|| match variable("SENTRA_TEST_POSTGRES_URL") {
        Some(url) => {
            let server = at(&url);
            server.sweep();
            Some(server)
        }
        None => Some(Throwaway::default().start(&binaries()?)),
    });
    if server.is_none() {
        skip();
    }
    server.as_ref()
}

/// Says that a test was skipped, or fails where that is not allowed.
pub fn skip() {
    let is = |name: &str, value: &str| variable(name).as_deref() == Some(value);
    if is("CI", "true") || is("SENTRA_REQUIRE_POSTGRES", "1") {
        panic!("no PostgreSQL found, and this run has to cover it");
    }
    let thread = std::thread::current();
    // Past the capturing of what a passing test prints.
    let _ = writeln!(
        io::stderr(),
        "SKIPPED: no PostgreSQL found ({})",
        thread.name().unwrap_or("a test")
    );
}

/// A server that runs already.
fn at(url: &str) -> Server {
    let (_, rest) = url.split_once("://").expect("SENTRA_TEST_POSTGRES_URL is a URL");
    let (before, parameters) = match rest.find('?') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (authority, _database) = before.split_once('/').unwrap_or((before, ""));
    let (user, address) = authority.rsplit_once('@').unwrap_or(("postgres", authority));
    Server::connect(user, address, parameters).expect("a server at SENTRA_TEST_POSTGRES_URL")
}

/// The folder of PostgreSQL's programs: on the path, else the newest that Debian installs.
pub fn binaries() -> Option<PathBuf> {
    let has_all =
        |folder: &PathBuf| ["initdb", "postgres"].iter().all(|p| folder.join(p).is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = std::env::split_paths(&path).find(has_all) {
        return Some(folder);
    }
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter_map(|path| Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin"))))
        .filter(|(_, folder)| has_all(folder))
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}

/// How a throwaway server differs from the ordinary one.
#[derive(Default)]
pub struct Throwaway {
    /// Further settings, `name=value`.
    pub settings: Vec<String>,
    /// Files to put into its data folder, readable by it alone.
    pub files: Vec<(&'static str, String)>,
    /// Listens on this port of the loopback address; else on a socket in its own folder alone.
    pub loopback_port: Option<u16>,
}

/// Kills the server and removes its folder when standard input closes: that is when the test process ends.
const KEEPER: &str = r#"
    folder=$1; shift
    "$@" >"$folder/log" 2>&1 </dev/null &
    server=$!
    read -r _
    kill -QUIT "$server" 2>/dev/null
    wait "$server"
    rm -rf "$folder"
"#;

impl Throwaway {
    /// Starts it and waits until it answers.
    pub fn start(self, binaries: &Path) -> Server {
        let folder = tempfile::Builder::new()
            .prefix("sentra-pg-")
            .tempdir_in(short_temp_dir())
            .expect("a folder")
            .keep();
        let account = Account::of_the_server();
        account.give(&folder).expect("give the folder away");
        let data = folder.join("data");
        let made = account
            .command(&binaries.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "--no-instructions"])
            .args(["--locale", "C.UTF-8", "-D"])
            .arg(&data)
            .current_dir(&folder)
            .output()
            .expect("run initdb");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        for (name, text) in &self.files {
            let path = data.join(name);
            fs::write(&path, text).expect("write");
            fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("permissions");
            account.give(&path).expect("give the file away");
        }
        self.run(binaries, &folder, &data, &account);
        let host = folder.display();
        let parameters = format!("?host={host}&port={}", self.loopback_port.unwrap_or(5432));
        wait_for(&parameters, &folder)
    }

    fn run(&self, binaries: &Path, folder: &Path, data: &Path, account: &Account) {
        let listen = if self.loopback_port.is_some() { "127.0.0.1" } else { "" };
        let mut settings = vec![
            "fsync=off".to_owned(),
            "full_page_writes=off".to_owned(),
            "synchronous_commit=off".to_owned(),
            "max_connections=200".to_owned(),
            "deadlock_timeout=100ms".to_owned(),
            "autovacuum=off".to_owned(),
            format!("listen_addresses={listen}"),
            format!("unix_socket_directories={}", folder.display()),
            format!("port={}", self.loopback_port.unwrap_or(5432)),
        ];
        settings.extend(self.settings.iter().cloned());
        let mut keeper = account.command(Path::new("sh"));
        keeper.args(["-c", KEEPER, "sh"]).arg(folder).arg(binaries.join("postgres"));
        keeper.arg("-D").arg(data);
        for setting in settings {
            keeper.arg("-c").arg(setting);
        }
        // A group of its own: what interrupts the tests does not reach it before they are gone.
        keeper.stdin(Stdio::piped()).process_group(0).current_dir(folder);
        let keeper = keeper.spawn().expect("start PostgreSQL");
        // Its standard input stays open as long as this process lives.
        std::mem::forget(keeper);
    }
}

/// Starts a throwaway server again that was stopped, in the folder that it has, durable as it comes.
pub fn run_again(binaries: &Path, folder: &Path) -> Child {
    Account::of_the_server()
        .command(&binaries.join("postgres"))
        .arg("-D")
        .arg(folder.join("data"))
        .args(["-c", "listen_addresses=", "-c"])
        .arg(format!("unix_socket_directories={}", folder.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .current_dir(folder)
        .spawn()
        .expect("start PostgreSQL again")
}

fn wait_for(parameters: &str, folder: &Path) -> Server {
    let started = Instant::now();
    loop {
        match Server::connect("postgres", "", parameters) {
            Ok(server) => return server,
            Err(error) if started.elapsed() > Duration::from_secs(60) => {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                panic!("PostgreSQL does not answer: {error}\n{log}");
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// The path of a socket has to be shorter than some 100 bytes.
fn short_temp_dir() -> PathBuf {
    let folder = std::env::temp_dir();
    if folder.as_os_str().len() > 60 { PathBuf::from("/tmp") } else { folder }
}

/// Who runs the server: it refuses to be run by root.
struct Account(Option<(String, u32, u32)>);

impl Account {
    fn of_the_server() -> Account {
        let id = |arguments: &[&str]| -> Option<String> {
            let output = Command::new("id").args(arguments).output().expect("run id");
            let text = String::from_utf8(output.stdout).expect("a number");
            output.status.success().then(|| text.trim().to_owned())
        };
        if id(&["-u"]).as_deref() != Some("0") {
            return Account(None);
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| {
                let user = id(&["-u", name])?.parse().ok()?;
                let group = id(&["-g", name])?.parse().ok()?;
                Some(Account(Some((name.to_owned(), user, group))))
            })
            .expect("an account that PostgreSQL may run as")
    }

    fn give(&self, path: &Path) -> io::Result<()> {
        match &self.0 {
            Some((_, user, group)) => std::os::unix::fs::chown(path, Some(*user), Some(*group)),
            None => Ok(()),
        }
    }

    fn command(&self, program: &Path) -> Command {
        match &self.0 {
            Some((_, user, group)) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
                command.args(["--clear-groups", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        }
    }
}
