//! How mail goes out.

use crate::app::config::secret;
use crate::mail::dkim::Signer;
use crate::worker::mail::Settings;
use clap::Args;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How mail goes out.
#[derive(Debug, Clone, Args)]
pub struct MailArgs {
    /// The relay for mail: smtps://user:password@host, or smtp://host?tls=required. By default mail is written as files.
    #[arg(long, env = "SENTRA_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// A file that holds the relay's URL.
    #[arg(long, env = "SENTRA_SMTP_URL_FILE", conflicts_with = "smtp_url")]
    pub smtp_url_file: Option<PathBuf>,
    /// Messages that the relay takes in a minute from this process; as many as go by default.
    #[arg(long, env = "SENTRA_SMTP_PER_MINUTE")]
    pub smtp_per_minute: Option<NonZeroU32>,
    /// Lines to the relay at the most.
    #[arg(long, env = "SENTRA_SMTP_LINES", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub smtp_lines: u8,
    /// Messages that the relay may have and of which nothing is recorded yet. More go quicker to a relay that thinks after
    /// each; a process that is killed sends at most so many a second time.
    #[arg(long, env = "SENTRA_SMTP_IN_DOUBT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=32))]
    pub smtp_in_doubt: u8,
    /// How long the messages in hand of a process that was killed wait for another one, in seconds.
    #[arg(long, env = "SENTRA_MAIL_LEASE_SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(5..=3_600))]
    pub mail_lease_seconds: u64,
    /// The sender of mail. By default sentra@ and the host of the base URL.
    #[arg(long, env = "SENTRA_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// The domain that mail is signed for (DKIM); by default it is not signed.
    #[arg(long, env = "SENTRA_DKIM_DOMAIN", requires_all = ["dkim_selector", "dkim_key_file"])]
    pub dkim_domain: Option<String>,
    /// The selector: the public key stands in DNS at SELECTOR._domainkey.DOMAIN.
    #[arg(long, env = "SENTRA_DKIM_SELECTOR", requires = "dkim_domain")]
    pub dkim_selector: Option<String>,
    /// A file that holds the private key in PEM: RSA of 2048 bits or more, or Ed25519.
    #[arg(long, env = "SENTRA_DKIM_KEY_FILE", requires = "dkim_domain")]
    pub dkim_key_file: Option<PathBuf>,
}

impl MailArgs {
    /// The relay's URL.
    pub fn smtp(&self) -> Result<Option<String>, String> {
        secret(&self.smtp_url, &self.smtp_url_file)
    }

    /// How fast, over how many lines.
    pub fn settings(&self) -> Settings {
        Settings {
            lines: usize::from(self.smtp_lines).max(usize::from(self.smtp_in_doubt)),
            in_doubt: usize::from(self.smtp_in_doubt),
            per_minute: self.smtp_per_minute,
            lease: Duration::from_secs(self.mail_lease_seconds),
            ..Settings::default()
        }
    }

    /// Who signs, where that is wanted.
    pub fn signer(&self) -> Result<Option<Arc<Signer>>, String> {
        let (Some(domain), Some(selector)) = (&self.dkim_domain, &self.dkim_selector) else {
            return Ok(None);
        };
        let Some(pem) = secret(&None, &self.dkim_key_file)? else { return Ok(None) };
        let signer = Signer::new(domain, selector, &pem).map_err(|error| error.to_string())?;
        Ok(Some(Arc::new(signer)))
    }
}
