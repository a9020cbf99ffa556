//! A line to the relay, and one attempt to hand it a message.
//!
//! lettre's transports tell that sending failed, but not how far it had come. Whether a message may have been taken hangs
//! on that, so the dialogue is led here, over lettre's own connection, one command after the other. It is lettre's
//! asynchronous one, on a runtime of the line's own thread, since only there a reply can be waited for as a whole: the
//! other waits anew for each byte of it, so that a relay which dribbles would hold the line for hours.

use crate::domain::mail::{Refusal, refusal_of_recipient, refuses_address, refuses_size};
use crate::mail::relay::{Outcome, Relay, tidy};
use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{Extension, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use std::cell::Cell;
use std::fmt::Display;
use std::io;
use std::pin::pin;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, timeout, timeout_at};

/// How long leave is taken of the relay.
const GOODBYE: Duration = Duration::from_secs(2);
/// Replies that ask for a better line or for credentials: nothing about the message.
const LINE_REFUSED: [u16; 4] = [530, 534, 535, 538];
/// The relay closes the line.
const CLOSING: u16 = 421;

/// A line to the relay, opened when it is needed, used for one message after the other.
pub struct Line<'a> {
    relay: &'a Relay,
    open: Option<AsyncSmtpConnection>,
    runtime: Option<Runtime>,
}

/// One message on its way.
struct Parcel<'a> {
    from: &'a Address,
    to: &'a Address,
    bytes: &'a [u8],
}

impl<'a> Line<'a> {
    /// A line that is not open yet.
    pub fn new(relay: &'a Relay) -> Line<'a> {
        Line { relay, open: None, runtime: None }
    }

    /// Hands a message over, as far as it goes. `before_dot` is called when only the final dot is left to be sent, and may
    /// wait. Blocks; not to be called where a runtime is at work already.
    pub fn send(
        &mut self,
        from: &Address,
        to: &Address,
        bytes: &[u8],
        before_dot: &mut dyn FnMut(),
    ) -> Outcome {
        let (relay, open) = (self.relay, self.open.take());
        let runtime = match self.runtime() {
            Ok(runtime) => runtime,
            Err(error) => return Outcome::Unreachable(tidy(&error.to_string())),
        };
        let parcel = Parcel { from, to, bytes };
        let (outcome, open) = runtime.block_on(converse(relay, open, &parcel, before_dot));
        self.open = open;
        outcome
    }

    fn runtime(&mut self) -> io::Result<&Runtime> {
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread().enable_io().enable_time().build()?,
        };
        Ok(self.runtime.insert(runtime))
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let (open, Some(runtime)) = (self.open.take(), self.runtime.take()) else { return };
        if let Some(mut line) = open {
            // Good manners, and no more: nothing waits for long on the answer.
            let limit = GOODBYE.min(self.relay.step);
            let _ = runtime.block_on(async { timeout(limit, line.quit()).await });
        }
        // Nor on a name that is still being looked up.
        runtime.shutdown_background();
    }
}

/// Why a step of the dialogue came to nothing.
pub(super) enum Broken {
    /// By a reply, or the line broke.
    Said(SmtpError),
    /// No connection came about.
    NoLine(io::Error),
    /// It took longer than this.
    Late(Duration),
}

impl Broken {
    fn status(&self) -> Option<u16> {
        match self {
            Broken::Said(error) => error.status().map(u16::from),
            Broken::NoLine(_) | Broken::Late(_) => None,
        }
    }

    fn is_permanent(&self) -> bool {
        match self {
            Broken::Said(error) => error.is_permanent(),
            Broken::NoLine(_) | Broken::Late(_) => false,
        }
    }

    /// What the relay said, or what broke.
    pub(super) fn reply(&self) -> String {
        let error = match self {
            Broken::Said(error) => error,
            Broken::NoLine(error) => return tidy(&format!("no connection: {error}")),
            Broken::Late(limit) => return format!("no whole reply within {limit:?}"),
        };
        let source = std::error::Error::source(error).map(ToString::to_string);
        match (error.status(), source) {
            (Some(code), Some(words)) => tidy(&format!("{code} {words}")),
            (Some(code), None) => code.to_string(),
            (None, _) => tidy(&error.to_string()),
        }
    }
}

impl From<SmtpError> for Broken {
    fn from(error: SmtpError) -> Self {
        Broken::Said(error)
    }
}

/// Waits for a step as a whole. What was given up in the middle is of no use any more: the line has to be closed.
pub(super) async fn within<T, E: Into<Broken>>(
    limit: Duration,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, Broken> {
    match timeout(limit, step).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(Broken::Late(limit)),
    }
}

/// Why the dialogue ended before the data.
enum Ended {
    /// By a reply; the line is still good.
    Refused(Outcome),
    /// By the line.
    Closed(Outcome),
}

/// How an attempt ended, and the line if it is still good.
type End = (Outcome, Option<AsyncSmtpConnection>);

async fn converse(
    relay: &Relay,
    open: Option<AsyncSmtpConnection>,
    parcel: &Parcel<'_>,
    before_dot: &mut dyn FnMut(),
) -> End {
    let (mut line, begun) = match greeted(relay, open, parcel).await {
        Ok(begun) => begun,
        Err(outcome) => return (outcome, None),
    };
    let entered = match begun {
        Ok(()) => enter(relay, &mut line, parcel.to).await,
        Err(ended) => Err(ended),
    };
    match entered {
        Ok(()) => {
            let (outcome, alive) = hand_over(&mut line, parcel.bytes, relay, before_dot).await;
            (outcome, alive.then_some(line))
        }
        Err(Ended::Closed(outcome)) => (outcome, None),
        Err(Ended::Refused(outcome)) => {
            let alive = command(relay, &mut line, Rset).await.is_ok();
            (outcome, alive.then_some(line))
        }
    }
}

/// A line on which the sender was named, and how that went. A line that was open may have been closed by the relay
/// meanwhile: that is no attempt at this message, and another one is opened.
async fn greeted(
    relay: &Relay,
    open: Option<AsyncSmtpConnection>,
    parcel: &Parcel<'_>,
) -> Result<(AsyncSmtpConnection, Result<(), Ended>), Outcome> {
    if let Some(mut line) = open {
        let begun = begin(relay, &mut line, parcel).await;
        if !matches!(begun, Err(Ended::Closed(_))) {
            return Ok((line, begun));
        }
    }
    let mut line = relay.connect().await.map_err(Outcome::Unreachable)?;
    let begun = begin(relay, &mut line, parcel).await;
    Ok((line, begun))
}

async fn command(
    relay: &Relay,
    line: &mut AsyncSmtpConnection,
    command: impl Display,
) -> Result<Response, Broken> {
    within(relay.step, line.command(command)).await
}

/// Names the sender, which is the same for all mail: what the relay has against it says nothing about this message, unless
/// it is a size.
async fn begin(
    relay: &Relay,
    line: &mut AsyncSmtpConnection,
    parcel: &Parcel<'_>,
) -> Result<(), Ended> {
    let mut parameters = Vec::new();
    let to_is_ascii = is_ascii(parcel.to);
    if !to_is_ascii || !is_ascii(parcel.from) {
        if !line.server_info().supports_feature(Extension::SmtpUtfEight) {
            let reason = "the relay takes no addresses beyond ASCII (SMTPUTF8)";
            return Err(Ended::Refused(Outcome::Permanent(reason.to_owned())));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let said = command(relay, line, Mail::new(Some(parcel.from.clone()), parameters)).await;
    said.map(drop).map_err(|broken| {
        let said = broken.reply();
        match broken.status() {
            // Only for this recipient's sake more was asked for than for others.
            Some(_) if broken.is_permanent() && (refuses_size(&said) || !to_is_ascii) => {
                Ended::Refused(Outcome::Permanent(said))
            }
            Some(code) if code != CLOSING && !broken.is_permanent() => {
                Ended::Refused(Outcome::Transient(said))
            }
            Some(_) | None => Ended::Closed(Outcome::Unreachable(said)),
        }
    })
}

fn is_ascii(address: &Address) -> bool {
    address.user().is_ascii() && address.domain().is_ascii()
}

/// Names the recipient and asks to send the data.
async fn enter(relay: &Relay, line: &mut AsyncSmtpConnection, to: &Address) -> Result<(), Ended> {
    let named = command(relay, line, Rcpt::new(to.clone(), Vec::new())).await;
    named.map_err(|broken| match before_data(&broken) {
        Ended::Refused(Outcome::Permanent(said)) => {
            Ended::Refused(match refusal_of_recipient(&said) {
                Refusal::Address => Outcome::AddressRefused(said),
                Refusal::Message => Outcome::Permanent(said),
                unclear @ (Refusal::Mailbox | Refusal::Rule) => Outcome::Ambiguous(said, unclear),
            })
        }
        ended => ended,
    })?;
    command(relay, line, Data).await.map_err(|broken| before_data(&broken))?;
    Ok(())
}

fn before_data(broken: &Broken) -> Ended {
    let said = broken.reply();
    match broken.status() {
        Some(code) if LINE_REFUSED.contains(&code) => Ended::Closed(Outcome::Unreachable(said)),
        Some(CLOSING) => Ended::Closed(Outcome::Transient(said)),
        Some(_) if broken.is_permanent() => Ended::Refused(Outcome::Permanent(said)),
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
    /// Until when the relay is waited for.
    until: &'a Cell<Instant>,
    after_dot: Duration,
}

impl<'a> Iterator for Watched<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let next = self.bytes.take();
        if next.is_none() {
            (self.before_dot)();
            // What was waited for here is not the relay's time.
            self.until.set(from_now(self.after_dot));
            self.complete.set(true);
        }
        next
    }
}

fn from_now(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now)
}

/// Sends the data: how it ended, and whether the line is still good.
///
/// As soon as the final dot may have left, a broken line means that nobody here can know; the peer's machine may have
/// got the dot even when writing it failed, so that "unknown" is said rather too often than too rarely.
async fn hand_over(
    line: &mut AsyncSmtpConnection,
    bytes: &[u8],
    relay: &Relay,
    before_dot: &mut dyn FnMut(),
) -> (Outcome, bool) {
    // lettre sends the line end that belongs to the final dot.
    let bytes = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
    let complete = Cell::new(false);
    let until = Cell::new(from_now(relay.body));
    let watched = Watched {
        bytes: Some(bytes),
        complete: &complete,
        before_dot,
        until: &until,
        after_dot: relay.after_dot,
    };
    let mut sending = pin!(line.message_iter(watched));
    let sent = loop {
        let limit = until.get();
        match timeout_at(limit, sending.as_mut()).await {
            Ok(sent) => break sent.map_err(Broken::Said),
            // The final dot began meanwhile, and has a time of its own.
            Err(_) if until.get() > limit => {}
            Err(_) if complete.get() => break Err(Broken::Late(relay.after_dot)),
            Err(_) => break Err(Broken::Late(relay.body)),
        }
    };
    judge(sent, complete.get())
}

/// What the answer to the data means, if the final dot may have left or not.
fn judge(sent: Result<Response, Broken>, complete: bool) -> (Outcome, bool) {
    match sent {
        Ok(response) => {
            let said = response.message().collect::<Vec<_>>().join(" ");
            let said = tidy(&format!("{} {said}", response.code()));
            match response.code().severity {
                Severity::PositiveCompletion => (Outcome::Sent(said), true),
                // A reply that makes no sense here: it is not known what the relay did.
                _ => (Outcome::Unknown(said), false),
            }
        }
        Err(broken) => {
            let said = broken.reply();
            match broken.status() {
                Some(CLOSING) => (Outcome::Transient(said), false),
                Some(_) if broken.is_permanent() && refuses_address(&said) => {
                    (Outcome::AddressRefused(said), true)
                }
                Some(_) if broken.is_permanent() => (Outcome::Permanent(said), true),
                Some(_) => (Outcome::Transient(said), true),
                None if complete => (Outcome::Unknown(said), false),
                None => (Outcome::Transient(said), false),
            }
        }
    }
}
