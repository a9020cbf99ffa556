//! Messages: their states, and when one that failed is tried again.

use crate::domain::ids::MailId;
use crate::domain::moment::Moment;
use chrono::TimeDelta;

text_enum! {
    /// Where a message stands.
    pub enum MailState {
        /// To be sent, or tried again.
        Queued = "queued",
        /// Taken by the relay.
        Sent = "sent",
        /// Given up: visible, and can be sent again by hand.
        Dead = "dead",
        /// Waits for the recipient's daily digest.
        Digest = "digest",
        /// Told in a digest: whether that was sent stands there.
        Collected = "collected",
        /// Held back, since its recipient does not want to be mailed of this kind. It is listed, and never sent.
        Muted = "muted",
    }
}

text_enum! {
    /// How an attempt ended.
    pub enum AttemptOutcome {
        /// The relay took it.
        Sent = "sent",
        /// It may go through later.
        Transient = "transient",
        /// It never will.
        Permanent = "permanent",
        /// The line broke after the data: it may have been taken.
        Unknown = "unknown",
    }
}

/// Seconds to the next attempt after the first, second, … failed one; the last repeats.
const BACK_OFF: [i64; 7] = [10, 60, 300, 1_800, 3_600, 7_200, 14_400];
/// After this many days a message is given up.
pub const GIVE_UP_AFTER_DAYS: i64 = 5;

/// How long to wait after `attempts` failed ones. `jitter` in 0..=1000 adds up to a tenth.
pub fn back_off(attempts: i64, jitter: i64) -> TimeDelta {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let seconds = BACK_OFF.get(index).or(BACK_OFF.last()).copied().unwrap_or(10);
    TimeDelta::milliseconds(
        seconds.saturating_mul(1000).saturating_add(seconds.saturating_mul(jitter) / 10),
    )
}

/// What a refusal for good (5xx) is about, as far as its words tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The recipient's address: there is nobody.
    Address,
    /// This message, or this mailbox as it is now: too large, full, its content.
    Message,
    /// The mailbox, or whoever sends: the words fit both.
    Mailbox,
    /// The recipient by some rule, or all mail from here: the words fit both.
    Rule,
}

/// Enhanced status codes that speak of the recipient's address for good (RFC 3463, 3.2 and 3.3, and RFC 7505): no such
/// mailbox, no such system, bad syntax, moved, takes no mail, and disabled.
const ADDRESS_REFUSED: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];
/// Enhanced status codes about addresses that speak of the sender's (RFC 3463, 3.2, and RFC 7505).
const SENDER_REFUSED: [&str; 3] = ["5.1.7", "5.1.8", "5.1.9"];
/// Enhanced status codes that speak of a size (RFC 3463, 3.3 and 3.4).
const TOO_LARGE: [&str; 2] = ["5.2.3", "5.3.4"];
/// What a size, or a full mailbox, is refused with where no enhanced code is given (RFC 5321, 4.2.3).
const EXCEEDED: &str = "552";
/// Replies to `RCPT TO` that speak of the mailbox where no enhanced code says otherwise (RFC 5321, 4.2.3): unavailable,
/// not local, name not allowed.
const MAILBOX_REFUSED: [&str; 3] = ["550", "551", "553"];

/// What a reply for good to `RCPT TO` is about. Only an enhanced code can name the address; without one, and where it
/// names a rule, the words may as well be meant for all mail from here.
pub fn refusal_of_recipient(reply: &str) -> Refusal {
    let (code, enhanced) = codes(reply);
    match enhanced {
        Some(enhanced) if ADDRESS_REFUSED.contains(&enhanced) => Refusal::Address,
        Some(enhanced) if SENDER_REFUSED.contains(&enhanced) => Refusal::Rule,
        Some(enhanced) if TOO_LARGE.contains(&enhanced) => Refusal::Message,
        // Of addresses, mailboxes and content it speaks of this recipient; of systems, routes and rules perhaps of all.
        Some(enhanced) if ["5.1.", "5.2.", "5.6."].iter().any(|of| enhanced.starts_with(of)) => {
            Refusal::Message
        }
        Some(_) => Refusal::Rule,
        None if code == EXCEEDED => Refusal::Message,
        None if MAILBOX_REFUSED.contains(&code) && !speaks_of_relaying(reply) => Refusal::Mailbox,
        None => Refusal::Rule,
    }
}

/// Whether a reply for good to the data refuses the recipient's address: only an enhanced code can say so, which is then
/// about the one recipient that the message has.
pub fn refuses_address(reply: &str) -> bool {
    let (code, enhanced) = codes(reply);
    code.starts_with('5') && enhanced.is_some_and(|enhanced| ADDRESS_REFUSED.contains(&enhanced))
}

/// Whether a reply for good to `MAIL FROM` is about the size of the message; anything else is about who sends.
pub fn refuses_size(reply: &str) -> bool {
    let (code, enhanced) = codes(reply);
    enhanced.map_or(code == EXCEEDED, |enhanced| TOO_LARGE.contains(&enhanced))
}

/// The code of a reply, and its enhanced code where it has one.
fn codes(reply: &str) -> (&str, Option<&str>) {
    let mut words = reply.split(|letter: char| letter.is_whitespace() || letter == '-');
    let code = words.next().unwrap_or_default();
    (code, words.next().filter(|word| is_enhanced(word)))
}

/// "relay not permitted", "Relay access denied", "we do not relay": said without an enhanced code by common servers.
fn speaks_of_relaying(reply: &str) -> bool {
    reply.to_ascii_lowercase().contains("relay")
}

/// Whether a word is an enhanced status code: a class, a subject and a detail.
fn is_enhanced(word: &str) -> bool {
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.parse::<u16>().is_ok();
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && parts.into_iter().all(is_number)
}

/// What is sent to one recipient: rendered once, so that every attempt sends the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The message's id.
    pub id: MailId,
    /// To which address.
    pub address: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// `Message-ID`, with its angle brackets.
    pub message_id: String,
    /// `Date`.
    pub dated_at: Moment,
    /// Where one click ends messages of its kind, where they can be off.
    pub unsubscribe: Option<String>,
}

/// Where an attempt leaves a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// Where it stands now.
    pub state: MailState,
    /// When it is tried next.
    pub next_attempt_at: Moment,
    /// When the relay took it.
    pub sent_at: Option<Moment>,
}

/// Where an attempt at `now` leaves a message that failed `failed_before` times since `first_attempt_at`.
///
/// An unknown outcome is tried again: twice the same `Message-ID` is better than a decision that nobody hears of.
pub fn judge(
    outcome: AttemptOutcome,
    failed_before: i64,
    first_attempt_at: Moment,
    now: Moment,
    jitter: i64,
) -> Judgement {
    let ended = |state, sent_at| Judgement { state, next_attempt_at: now, sent_at };
    match outcome {
        AttemptOutcome::Sent => ended(MailState::Sent, Some(now)),
        AttemptOutcome::Permanent => ended(MailState::Dead, None),
        AttemptOutcome::Transient | AttemptOutcome::Unknown => {
            if now.since(first_attempt_at) >= TimeDelta::days(GIVE_UP_AFTER_DAYS) {
                return ended(MailState::Dead, None);
            }
            let wait = back_off(failed_before.saturating_add(1), jitter);
            Judgement { state: MailState::Queued, next_attempt_at: now.after(wait), sent_at: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_given_up_five_days_after_its_first_attempt() {
        let first = Moment::from(chrono::DateTime::UNIX_EPOCH);
        let later = first.after(TimeDelta::days(GIVE_UP_AFTER_DAYS));
        let soon = first.after(TimeDelta::days(1));
        for outcome in [AttemptOutcome::Transient, AttemptOutcome::Unknown] {
            assert_eq!(judge(outcome, 40, first, later, 0).state, MailState::Dead);
            let again = judge(outcome, 1, first, soon, 0);
            assert_eq!(again.state, MailState::Queued);
            assert_eq!(again.next_attempt_at, soon.after(TimeDelta::minutes(1)));
        }
        assert_eq!(judge(AttemptOutcome::Permanent, 0, first, first, 0).state, MailState::Dead);
        assert_eq!(judge(AttemptOutcome::Sent, 9, first, later, 0).sent_at, Some(later));
    }

    #[test]
    fn only_what_names_the_recipient_refuses_the_address() {
        for reply in [
            "550 5.1.1 no such user",
            "550 5.1.10 null MX",
            "553 5.1.3 bad syntax",
            "550 5.2.1 disabled",
        ] {
            assert_eq!(refusal_of_recipient(reply), Refusal::Address, "{reply}");
            assert!(refuses_address(reply), "{reply}");
        }
        for (reply, refusal) in [
            ("550 no such user", Refusal::Mailbox),
            ("551 not local", Refusal::Mailbox),
            ("553 not allowed", Refusal::Mailbox),
            ("550", Refusal::Mailbox),
            ("550-5 no such user", Refusal::Mailbox),
            ("550 relay not permitted", Refusal::Rule),
            ("553 sorry, that domain isn't in my list of allowed RELAYs", Refusal::Rule),
            ("550 5.7.1 relaying denied", Refusal::Rule),
            ("554 5.7.1 <a@b.example>: Relay access denied", Refusal::Rule),
            ("550 5.1.8 bad sender", Refusal::Rule),
            ("550 5.0.0 no", Refusal::Rule),
            ("554 5.3.2 no service", Refusal::Rule),
            ("554 no", Refusal::Rule),
            ("552 5.2.2 mailbox full", Refusal::Message),
            ("552 mailbox full", Refusal::Message),
            ("552 5.3.4 too big", Refusal::Message),
            ("550 5.1.0 rejected", Refusal::Message),
        ] {
            assert_eq!(refusal_of_recipient(reply), refusal, "{reply}");
            assert!(!refuses_address(reply), "{reply}");
        }
        for reply in ["450 4.1.1 not yet", "450 5.1.1 a contradiction", ""] {
            assert!(!refuses_address(reply), "{reply}");
        }
    }

    #[test]
    fn of_refusals_of_the_sender_only_those_of_a_size_are_the_messages() {
        for reply in ["552 too big", "552 5.3.4 too big", "554 5.2.3 too long"] {
            assert!(refuses_size(reply), "{reply}");
        }
        for reply in ["550 no", "552 5.7.1 no", "553 5.1.8 who are you?", "554 5.7.1 no"] {
            assert!(!refuses_size(reply), "{reply}");
        }
    }

    #[test]
    fn waits_grow_and_then_stay() {
        assert_eq!(back_off(1, 0), TimeDelta::seconds(10));
        assert_eq!(back_off(7, 0), TimeDelta::hours(4));
        assert_eq!(back_off(99, 0), TimeDelta::hours(4));
        assert_eq!(back_off(1, 1000), TimeDelta::seconds(11));
    }
}
