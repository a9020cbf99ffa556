//! Configuration: flags and `SENTRA_*` variables, and nothing else.

mod documents;
mod mail;
mod publishing;
mod seal;

pub use documents::DocumentArgs;
pub use mail::MailArgs;
pub use publishing::PublishingArgs;
pub use seal::SealArgs;

use crate::service::document::Documents;
use crate::service::private;
use crate::storage::connection::Target;
use clap::Args;
use std::path::PathBuf;

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// Where data is kept that is not in the database: documents, mail as files, and the SQLite file by default.
    #[arg(long, global = true, env = "SENTRA_DATA_DIR", default_value = "./sentra-data")]
    pub data_dir: PathBuf,
    /// The database: a path of a SQLite file, or postgres://… By default sentra.db in the data folder.
    #[arg(long, global = true, env = "SENTRA_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A file that holds the database URL.
    #[arg(long, global = true, env = "SENTRA_DATABASE_URL_FILE", conflicts_with = "database_url")]
    pub database_url_file: Option<PathBuf>,
    /// On PostgreSQL: the role that owns the tables and migrates; the other one then only serves.
    #[arg(long, global = true, env = "SENTRA_MIGRATION_DATABASE_URL", hide_env_values = true)]
    pub migration_database_url: Option<String>,
    /// A file that holds the URL of the role that migrates.
    #[arg(
        long,
        global = true,
        env = "SENTRA_MIGRATION_DATABASE_URL_FILE",
        conflicts_with = "migration_database_url"
    )]
    pub migration_database_url_file: Option<PathBuf>,
    /// Connections to the database; on SQLite, of its readers.
    #[arg(long, global = true, env = "SENTRA_DATABASE_CONNECTIONS", default_value_t = 8,
          value_parser = clap::value_parser!(u32).range(1..=200))]
    pub database_connections: u32,
    /// Documents.
    #[command(flatten)]
    pub document: DocumentArgs,
}

/// How it serves.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Where to listen.
    #[arg(long, env = "SENTRA_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// The address that people reach it by, for links in mail. By default http:// and where it listens.
    #[arg(long, env = "SENTRA_BASE_URL")]
    pub base_url: Option<String>,
    /// Mail.
    #[command(flatten)]
    pub mail: MailArgs,
    /// Who publishes projects.
    #[command(flatten)]
    pub publishing: PublishingArgs,
    /// The audit trail.
    #[command(flatten)]
    pub seal: SealArgs,
    /// Proxies whose X-Forwarded-For is believed, as IP addresses.
    #[arg(long, env = "SENTRA_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Log as JSON.
    #[arg(long, env = "SENTRA_LOG_JSON")]
    pub log_json: bool,
    /// What is logged, as for RUST_LOG.
    #[arg(long, env = "SENTRA_LOG", default_value = "info")]
    pub log: String,
    /// Memory of a password's hash, in KiB (argon2id).
    #[arg(long, env = "SENTRA_HASH_MEMORY_KIB", default_value_t = 19_456)]
    pub hash_memory_kib: u32,
    /// Passes of a password's hash.
    #[arg(long, env = "SENTRA_HASH_PASSES", default_value_t = 2)]
    pub hash_passes: u32,
    /// How long a session lasts, in hours.
    #[arg(long, env = "SENTRA_SESSION_HOURS", default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=168))]
    pub session_hours: i64,
}

fn secret(given: &Option<String>, file: &Option<PathBuf>) -> Result<Option<String>, String> {
    match (given, file) {
        (Some(given), _) => Ok(Some(given.clone())),
        (None, Some(path)) => std::fs::read_to_string(path)
            .map(|text| Some(text.trim().to_owned()))
            .map_err(|error| format!("can't read {}: {error}", path.display())),
        (None, None) => Ok(None),
    }
}

impl DataArgs {
    /// The database to use; makes the data folder.
    pub fn target(&self) -> Result<Target, String> {
        for folder in [&self.data_dir, &self.data_dir.join("documents")] {
            private::folder(folder)
                .map_err(|error| format!("can't make the folder {}: {error}", folder.display()))?;
        }
        match secret(&self.database_url, &self.database_url_file)? {
            Some(url) => Target::parse(&url),
            None => Ok(Target::Sqlite(self.data_dir.join("sentra.db"))),
        }
    }

    /// Documents: where they are, by default in the data folder, and their bounds.
    pub fn documents(&self) -> Result<Documents, String> {
        self.document.documents(&self.data_dir.join("documents"))
    }

    /// The database as the role that migrates, where one is given.
    pub fn migration_target(&self) -> Result<Option<Target>, String> {
        let url = secret(&self.migration_database_url, &self.migration_database_url_file)?;
        url.map(|url| Target::parse(&url)).transpose()
    }
}
