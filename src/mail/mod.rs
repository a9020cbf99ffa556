//! Mail: the words of each message, its templates, and the way to the relay.

pub mod account;
mod dates;
mod details;
pub mod digest;
pub mod dkim;
mod line;
pub mod message;
mod names;
pub mod preview;
pub mod relay;
pub mod reminder;
pub mod render;
pub mod sample;
pub mod steps;
pub mod table;
pub mod transport;
pub mod words;

#[cfg(test)]
#[path = "../../tests/api/support/smtp.rs"]
pub mod smtp;

use std::net::IpAddr;
use url::Url;

/// A setting of the mail that can't be used; told at start-up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The base URL is none.
    #[error("the base URL {0:?} is not an http:// or https:// URL with a host")]
    BaseUrl(String),
    /// The sender's address is none.
    #[error("the sender {0:?} is not an e-mail address")]
    Sender(String),
    /// Mail can't be signed as it was asked for. Never holds the key.
    #[error("SENTRA_DKIM_{0}")]
    Signing(String),
    /// The relay's URL is none that can be used. Never holds the URL: it may hold a password.
    #[error("SENTRA_SMTP_URL: {0}")]
    Relay(String),
}

/// Where the service is found by those who read its mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    base_url: String,
    host: String,
}

impl Site {
    /// The site at a base URL, which becomes the beginning of every link.
    pub fn parse(base_url: &str) -> Result<Site, SettingError> {
        let refused = || SettingError::BaseUrl(base_url.to_owned());
        let url = Url::parse(base_url).map_err(|_| refused())?;
        let host = url.host_str().unwrap_or_default();
        let plain = url.username().is_empty() && url.password().is_none();
        let bare = url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || host.is_empty() || !plain || !bare {
            return Err(refused());
        }
        Ok(Site { base_url: url.as_str().trim_end_matches('/').to_owned(), host: domain(host) })
    }

    /// The beginning of every link, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where one click ends what a token is about.
    pub fn unsubscribe(&self, token: &str) -> String {
        format!("{}/api/v1/unsubscribe/{token}", self.base_url)
    }

    /// The name after the `@` of sender and message ids.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// An address of a machine is no domain of mail; on a desk it stands for the desk.
fn domain(host: &str) -> String {
    let is_address = host.starts_with('[') || host.parse::<IpAddr>().is_ok();
    if is_address { "localhost".to_owned() } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_web_address_without_secrets() {
        let site = Site::parse("https://sentra.example/dak/").expect("site");
        assert_eq!(
            (site.base_url(), site.host()),
            ("https://sentra.example/dak", "sentra.example")
        );
        assert_eq!(Site::parse("http://127.0.0.1:8080").expect("site").host(), "localhost");
        assert_eq!(Site::parse("http://[::1]:8080").expect("site").host(), "localhost");
        for wrong in ["", "sentra.example", "ftp://a", "https://u:p@a", "javascript:alert(1)"] {
            assert!(Site::parse(wrong).is_err(), "{wrong}");
        }
    }
}
