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

/// Enhanced status codes that speak of the recipient's address for good (RFC 3463, 3.2 and 3.3, and RFC 7505): no such
/// mailbox, no such system, bad syntax, moved, takes no mail, and disabled.
const ADDRESS_REFUSED: [&str; 6] = ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"];
/// Replies to `RCPT TO` that speak of the mailbox where no enhanced code says otherwise (RFC 5321, 4.2.3): unavailable,
/// not local, name not allowed.
const MAILBOX_REFUSED: [&str; 3] = ["550", "551", "553"];

/// Whether a reply refuses the recipient's address for good: not the sender, the content, a policy, or a mailbox that is
/// full. `to_recipient` says whether the reply was to `RCPT TO`; after the data only an enhanced code can say so, which is
/// then about the one recipient that the message has.
pub fn refuses_address(reply: &str, to_recipient: bool) -> bool {
    let mut words = reply.split(|letter: char| letter.is_whitespace() || letter == '-');
    let code = words.next().unwrap_or_default();
    if !code.starts_with('5') {
        return false;
    }
    match words.next().filter(|word| is_enhanced(word)) {
        Some(enhanced) => ADDRESS_REFUSED.contains(&enhanced),
        None => to_recipient && MAILBOX_REFUSED.contains(&code),
    }
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
    fn only_what_speaks_of_the_recipient_refuses_the_address() {
        for reply in [
            "550 5.1.1 no such user",
            "550 5.1.10 null MX",
            "553 5.1.3 bad syntax",
            "550 5.2.1 disabled",
        ] {
            assert!(refuses_address(reply, true) && refuses_address(reply, false), "{reply}");
        }
        for reply in
            ["550 no such user", "551 not local", "553 not allowed", "550", "550-5 no such user"]
        {
            assert!(refuses_address(reply, true) && !refuses_address(reply, false), "{reply}");
        }
        for reply in [
            "550 5.7.1 relaying denied",
            "550 5.1.8 bad sender",
            "552 5.2.2 mailbox full",
            "552 mailbox full",
            "554 no",
            "450 4.1.1 not yet",
            "450 5.1.1 a contradiction",
            "",
        ] {
            assert!(!refuses_address(reply, true) && !refuses_address(reply, false), "{reply}");
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
