//! The relay: where it is, how the line to it is kept safe, and how long it is waited for. The dialogue is led in
//! `mail::line`.

use crate::domain::mail::Refusal;
use crate::mail::SettingError;
use crate::mail::line::{Broken, within};
use lettre::transport::smtp::SmtpTransport;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use std::net::IpAddr;
use std::time::Duration;
use std::{fmt, io};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

/// How long one command and the whole of its reply may take, however the relay dribbles it.
const STEP: Duration = Duration::from_secs(20);
/// How long the data may take, up to the final dot (RFC 5321, 4.5.3.2.5).
const BODY: Duration = Duration::from_secs(180);
/// The relay may think longer after the final dot: who gives up early here gets the message delivered twice (RFC 5321,
/// 4.5.3.2.6).
const AFTER_DOT: Duration = Duration::from_secs(600);
/// Steps that connecting may take as a whole: the connection with its greeting, TLS, credentials.
const STEPS_TO_CONNECT: u32 = 3;
/// Letters of a reply that are kept.
const MAX_REPLY: usize = 500;

/// How the line is kept safe.
#[derive(Clone)]
enum Security {
    /// Not at all; to this machine only.
    Plain,
    /// STARTTLS, or nothing.
    StartTls(TlsParameters),
    /// TLS from the first byte.
    Tls(TlsParameters),
}

/// A relay.
#[derive(Clone)]
pub struct Relay {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    hello: ClientId,
    pub(super) step: Duration,
    pub(super) body: Duration,
    pub(super) after_dot: Duration,
}

/// Without the credentials.
impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relay({}:{})", self.host, self.port)
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The relay took the message.
    Sent(String),
    /// Not taken now; it may be later.
    Transient(String),
    /// Not taken, and never will be.
    Permanent(String),
    /// Not taken, since there is nobody at the address: nothing else will be taken there either.
    AddressRefused(String),
    /// The recipient was refused for good, in words that may be meant for all mail from here. What they mean if not: the
    /// mailbox, or this recipient by a rule.
    Ambiguous(String, Refusal),
    /// The line broke after the last byte was on its way: taken or not.
    Unknown(String),
    /// There is no usable line to the relay; this says nothing about the message.
    Unreachable(String),
}

fn refused(reason: impl Into<String>) -> SettingError {
    SettingError::Relay(reason.into())
}

impl Relay {
    /// The relay that a URL names, by lettre's rules: `smtps://user:password@host` for TLS, `smtp://host?tls=required` for
    /// STARTTLS, and `smtp://host` for neither, which is taken to this machine only.
    pub fn parse(url: &str) -> Result<Relay, SettingError> {
        // Neither error repeats the URL, which may hold a password.
        let parsed = Url::parse(url).map_err(|error| refused(error.to_string()))?;
        SmtpTransport::from_url(url).map_err(|error| refused(error.to_string()))?;
        let (host, is_local) = match parsed.host() {
            Some(Host::Ipv4(address)) => (address.to_string(), address.is_loopback()),
            Some(Host::Ipv6(address)) => (address.to_string(), address.is_loopback()),
            Some(Host::Domain(name)) => (name.to_owned(), is_this_machine(name)),
            None => return Err(refused("it names no host")),
        };
        if host.is_empty() {
            return Err(refused("it names no host"));
        }
        let tls = || TlsParameters::new(host.clone()).map_err(|error| refused(error.to_string()));
        let wanted = parsed.query_pairs().find(|(key, _)| key == "tls").map(|(_, value)| value);
        let (security, port) = match (parsed.scheme(), wanted.as_deref()) {
            ("smtps", _) => (Security::Tls(tls()?), 465),
            ("smtp", Some("required")) => (Security::StartTls(tls()?), 587),
            ("smtp", None) if is_local => (Security::Plain, 25),
            ("smtp", _) => {
                return Err(refused(format!(
                    "mail to {host} would leave this machine without TLS; write smtps://… or smtp://…?tls=required"
                )));
            }
            (scheme, _) => return Err(refused(format!("{scheme}:// is neither smtps nor smtp"))),
        };
        let name = parsed.path().trim_matches('/');
        let hello =
            if name.is_empty() { ClientId::default() } else { ClientId::Domain(name.to_owned()) };
        Ok(Relay {
            credentials: credentials(&parsed)?,
            port: parsed.port().unwrap_or(port),
            host,
            security,
            hello,
            step: STEP,
            body: BODY,
            after_dot: AFTER_DOT,
        })
    }

    /// The same relay with another patience for one step of the dialogue, and for the answer to the final dot.
    pub fn with_patience(self, step: Duration, after_dot: Duration) -> Relay {
        Relay { step, body: BODY.min(after_dot), after_dot, ..self }
    }

    /// Opens a line: greeted, safe, signed in. An error tells why there is none.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let limit = self.step.saturating_mul(STEPS_TO_CONNECT);
        within(limit, self.greet()).await.map_err(|broken| broken.reply())
    }

    async fn greet(&self) -> Result<AsyncSmtpConnection, Broken> {
        let address = (self.host.as_str(), self.port);
        let mut line = match &self.security {
            Security::Tls(tls) => {
                let (step, tls) = (Some(self.step), Some(tls.clone()));
                AsyncSmtpConnection::connect_tokio1(address, step, &self.hello, tls, None).await?
            }
            Security::Plain | Security::StartTls(_) => {
                let stream = Box::new(self.dial(address).await?);
                AsyncSmtpConnection::connect_with_transport(stream, &self.hello).await?
            }
        };
        match &self.security {
            Security::StartTls(tls) => line.starttls(tls.clone(), &self.hello).await?,
            Security::Plain | Security::Tls(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            line.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(line)
    }
}

impl Relay {
    /// A connection whose small writes leave at once. The final dot is one: held back until the relay's machine has confirmed
    /// what came before, it cost each message as long as that machine waits before it does (some 40 ms).
    async fn dial(&self, address: (&str, u16)) -> Result<TcpStream, Broken> {
        let mut broken = Broken::NoLine(io::ErrorKind::NotFound.into());
        for address in lookup_host(address).await.map_err(Broken::NoLine)? {
            match timeout(self.step, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true).map_err(Broken::NoLine)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => broken = Broken::NoLine(error),
                Err(_) => broken = Broken::Late(self.step),
            }
        }
        Err(broken)
    }
}

fn is_this_machine(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn credentials(url: &Url) -> Result<Option<Credentials>, SettingError> {
    let Some(password) = url.password() else { return Ok(None) };
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .map(|text| text.into_owned())
            .map_err(|_| refused("user and password have to be UTF-8"))
    };
    Ok(Some(Credentials::new(decode(url.username())?, decode(password)?)))
}

/// One line of bounded length.
pub fn tidy(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(MAX_REPLY)
        .collect()
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
