//! The relay: where it is, how the line to it is kept safe, and one attempt to hand it a message.
//!
//! lettre's `SmtpTransport` tells that sending failed, but not how far it had come. Whether a message may have been taken
//! hangs on that, so the dialogue is led here, over lettre's own connection, one command after the other.

use crate::domain::mail::refuses_address;
use crate::mail::SettingError;
use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Severity;
use lettre::transport::smtp::{Error as SmtpError, SmtpTransport};
use std::cell::Cell;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;
use url::{Host, Url};

/// How long one step of the dialogue may take.
const STEP: Duration = Duration::from_secs(20);
/// The relay may think longer after the final dot: who gives up early here gets the message delivered twice (RFC 5321,
/// 4.5.3.2.6).
const AFTER_DOT: Duration = Duration::from_secs(600);
/// Letters of a reply that are kept.
const MAX_REPLY: usize = 500;
/// Replies that ask for a better line or for credentials: nothing about the message.
const LINE_REFUSED: [u16; 4] = [530, 534, 535, 538];
/// The relay closes the line.
const CLOSING: u16 = 421;

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
    step: Duration,
    after_dot: Duration,
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
            after_dot: AFTER_DOT,
        })
    }

    /// The same relay with another patience for one step of the dialogue, and for the answer to the final dot.
    pub fn with_patience(self, step: Duration, after_dot: Duration) -> Relay {
        Relay { step, after_dot, ..self }
    }

    fn connect(&self) -> Result<SmtpConnection, SmtpError> {
        let tls = match &self.security {
            Security::Tls(tls) => Some(tls),
            Security::Plain | Security::StartTls(_) => None,
        };
        let address = (self.host.as_str(), self.port);
        let mut line = SmtpConnection::connect(address, Some(self.step), &self.hello, tls, None)?;
        match &self.security {
            Security::StartTls(tls) => line.starttls(tls, &self.hello)?,
            Security::Plain | Security::Tls(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            line.auth(DEFAULT_MECHANISMS, credentials)?;
        }
        Ok(line)
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

/// A line to the relay, opened when it is needed, used for one message after the other.
pub struct Line<'a> {
    relay: &'a Relay,
    open: Option<SmtpConnection>,
}

impl<'a> Line<'a> {
    /// A line that is not open yet.
    pub fn new(relay: &'a Relay) -> Line<'a> {
        Line { relay, open: None }
    }

    /// Hands a message over, as far as it goes. `before_dot` is called when only the final dot is left to be sent, and may
    /// wait.
    pub fn send(
        &mut self,
        from: &Address,
        to: &Address,
        bytes: &[u8],
        before_dot: &mut dyn FnMut(),
    ) -> Outcome {
        let (mut line, fresh) = match self.open.take() {
            Some(line) => (line, false),
            None => match self.relay.connect() {
                Ok(line) => (line, true),
                Err(error) => return Outcome::Unreachable(reply(&error)),
            },
        };
        let mut begun = begin(&mut line, from, to);
        if let Err(Ended::Closed(_)) = &begun
            && !fresh
        {
            // The relay had enough of this line; that is no attempt at this message.
            line = match self.relay.connect() {
                Ok(line) => line,
                Err(error) => return Outcome::Unreachable(reply(&error)),
            };
            begun = begin(&mut line, from, to);
        }
        match begun.and_then(|()| enter(&mut line, to)) {
            Ok(()) => {
                let (outcome, alive) = hand_over(&mut line, bytes, self.relay, before_dot);
                self.open = alive.then_some(line);
                outcome
            }
            Err(Ended::Closed(outcome)) => outcome,
            Err(Ended::Refused(outcome)) => {
                self.open = line.command(Rset).is_ok().then_some(line);
                outcome
            }
        }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if let Some(line) = &mut self.open {
            // Good manners, and no more: nothing waits for long on the answer.
            let _ = line.set_timeout(Some(Duration::from_secs(2).min(self.relay.step)));
            let _ = line.quit();
        }
    }
}

/// Why the dialogue ended before the data.
enum Ended {
    /// By a reply; the line is still good.
    Refused(Outcome),
    /// By the line.
    Closed(Outcome),
}

/// Names the sender.
fn begin(line: &mut SmtpConnection, from: &Address, to: &Address) -> Result<(), Ended> {
    let mut parameters = Vec::new();
    if !is_ascii(to) || !is_ascii(from) {
        if !line.server_info().supports_feature(Extension::SmtpUtfEight) {
            let reason = "the relay takes no addresses beyond ASCII (SMTPUTF8)";
            return Err(Ended::Refused(Outcome::Permanent(reason.to_owned())));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    line.command(Mail::new(Some(from.clone()), parameters)).map_err(before_data)?;
    Ok(())
}

fn is_ascii(address: &Address) -> bool {
    address.user().is_ascii() && address.domain().is_ascii()
}

/// Names the recipient and asks to send the data.
fn enter(line: &mut SmtpConnection, to: &Address) -> Result<(), Ended> {
    line.command(Rcpt::new(to.clone(), Vec::new())).map_err(|error| match before_data(error) {
        Ended::Refused(Outcome::Permanent(said)) if refuses_address(&said, true) => {
            Ended::Refused(Outcome::AddressRefused(said))
        }
        ended => ended,
    })?;
    line.command(Data).map_err(before_data)?;
    Ok(())
}

fn before_data(error: SmtpError) -> Ended {
    let said = reply(&error);
    match error.status().map(u16::from) {
        Some(code) if LINE_REFUSED.contains(&code) => Ended::Closed(Outcome::Unreachable(said)),
        Some(CLOSING) => Ended::Closed(Outcome::Transient(said)),
        Some(_) if error.is_permanent() => Ended::Refused(Outcome::Permanent(said)),
        Some(_) => Ended::Refused(Outcome::Transient(said)),
        // Cut, stalled or garbled; without the data the relay can't have taken anything.
        None => Ended::Closed(Outcome::Transient(said)),
    }
}

/// Tells when the last byte of the message has been handed to the network, and only the final dot is left.
struct Watched<'a> {
    bytes: Option<&'a [u8]>,
    complete: &'a Cell<bool>,
    before_dot: &'a mut dyn FnMut(),
}

impl<'a> Iterator for Watched<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let next = self.bytes.take();
        if next.is_none() {
            (self.before_dot)();
            self.complete.set(true);
        }
        next
    }
}

/// Sends the data: how it ended, and whether the line is still good.
///
/// As soon as the final dot may have left, a broken line means that nobody here can know; the peer's machine may have
/// got the dot even when writing it failed, so that "unknown" is said rather too often than too rarely.
fn hand_over(
    line: &mut SmtpConnection,
    bytes: &[u8],
    relay: &Relay,
    before_dot: &mut dyn FnMut(),
) -> (Outcome, bool) {
    // lettre sends the line end that belongs to the final dot.
    let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    let complete = Cell::new(false);
    if let Err(error) = line.set_timeout(Some(relay.after_dot)) {
        return (Outcome::Transient(error.to_string()), false);
    }
    let watched = Watched { bytes: Some(bytes), complete: &complete, before_dot };
    let sent = line.message_iter(watched);
    let alive = line.set_timeout(Some(relay.step)).is_ok();
    match sent {
        Ok(response) => {
            let said = response.message().collect::<Vec<_>>().join(" ");
            let said = tidy(&format!("{} {said}", response.code()));
            match response.code().severity {
                Severity::PositiveCompletion => (Outcome::Sent(said), alive),
                // A reply that makes no sense here: it is not known what the relay did.
                _ => (Outcome::Unknown(said), false),
            }
        }
        Err(error) => {
            let said = reply(&error);
            match error.status().map(u16::from) {
                Some(CLOSING) => (Outcome::Transient(said), false),
                Some(_) if error.is_permanent() && refuses_address(&said, false) => {
                    (Outcome::AddressRefused(said), alive)
                }
                Some(_) if error.is_permanent() => (Outcome::Permanent(said), alive),
                Some(_) => (Outcome::Transient(said), alive),
                None if complete.get() => (Outcome::Unknown(said), false),
                None => (Outcome::Transient(said), false),
            }
        }
    }
}

/// What the relay said, or what broke.
fn reply(error: &SmtpError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    match (error.status(), source) {
        (Some(code), Some(words)) => tidy(&format!("{code} {words}")),
        (Some(code), None) => code.to_string(),
        (None, _) => tidy(&error.to_string()),
    }
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
