//! How the audit trail is sealed.

use crate::worker::sealing::{KeyFile, Settings};
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the audit trail is sealed.
#[derive(Debug, Clone, Args)]
pub struct SealArgs {
    /// A file that holds the keys that sign checkpoints of the audit trail: Ed25519, PKCS #8 in PEM. While a key is changed,
    /// the old and the new one. By default seal-key.pem in the data folder, which is made on the first start.
    #[arg(long, env = "SENTRA_SEAL_KEY_FILE")]
    pub seal_key_file: Option<PathBuf>,
    /// How often what happened is sealed, in milliseconds.
    #[arg(long, env = "SENTRA_SEAL_MILLISECONDS", default_value_t = 250,
          value_parser = clap::value_parser!(u64).range(10..=1_000))]
    pub seal_milliseconds: u64,
    /// How often a checkpoint is signed where something happened, in seconds.
    #[arg(long, env = "SENTRA_CHECKPOINT_SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub checkpoint_seconds: u64,
}

impl SealArgs {
    /// How often, with what, and where to.
    pub fn settings(&self, data_dir: &Path) -> Settings {
        let mut settings = Settings::in_folder(data_dir);
        if let Some(path) = &self.seal_key_file {
            settings.key = KeyFile::Given(path.clone());
        }
        settings.interval = Duration::from_millis(self.seal_milliseconds);
        settings.checkpoint_every = Duration::from_secs(self.checkpoint_seconds);
        settings
    }
}
