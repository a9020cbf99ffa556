//! Unsubscribing by one click (RFC 8058): a token in each message that can be off, and what it ends.
//!
//! A token names a person and a topic, with a code over both (HMAC-SHA-256, 128 bits of it) by a key that this database
//! made once. So it holds after a restart, in every process, and for old messages too; nothing is kept of it.

use crate::domain::audit::SubjectKind;
use crate::domain::ids::UserId;
use crate::domain::moment::Zone;
use crate::domain::people::Language;
use crate::domain::preference::{Preferences, Topic};
use crate::service::Services;
use crate::service::context::Input;
use crate::service::error::Error;
use crate::service::preference::{Change, Kept, kept, save};
use crate::service::secret;
use crate::service::session::Visitor;
use crate::service::trail::{Subject, hex};
use crate::storage::{AnyConnection, setting, user};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use uuid::Uuid;

/// The setting that the key is kept under.
const KEY: &str = "unsubscribe_key";
/// Bytes of the code: as many as nobody can try out.
const CODE_BYTES: usize = 16;
/// How often a click that met another change is tried.
const TRIES: usize = 5;

/// Makes and reads tokens.
#[derive(Clone)]
pub struct Tokens {
    key: String,
}

impl Tokens {
    /// By the key of this database, which is made when it is first needed.
    pub(super) fn of(sv: &Services) -> Result<Tokens, Error> {
        if let Some(key) = sv.db.read(|tx| Ok::<_, Error>(setting::get(tx, KEY)?))? {
            return Ok(Tokens { key });
        }
        let fresh = secret::random_hex::<32>()?;
        sv.db.write(
            "unsubscribe.key",
            |tx| {
                // Of two processes at once, the second takes the key of the first.
                setting::add(tx, KEY, &fresh)?;
                let key = setting::get(tx, KEY)?;
                Ok(Tokens { key: key.ok_or_else(no_key)? })
            },
            |_, _| Ok(()),
        )
    }

    fn code(&self, person: &str, topic: &str) -> Result<Hmac<Sha256>, Error> {
        let mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).map_err(|_| no_key())?;
        Ok(mac.chain_update(format!("{person}\n{topic}")))
    }

    /// The token of a person and a topic; the same each time.
    pub(super) fn token(&self, person: UserId, topic: Topic) -> Result<String, Error> {
        let (person, topic) = (person.0.simple().to_string(), topic.as_str());
        let whole = self.code(&person, topic)?.finalize().into_bytes();
        let code: Vec<u8> = whole.iter().copied().take(CODE_BYTES).collect();
        Ok(format!("{person}.{topic}.{}", hex(&code)))
    }

    /// Whom and what a token names; nothing unless it was made here.
    fn read(&self, token: &str) -> Result<Option<(UserId, Topic)>, Error> {
        let mut parts = token.split('.');
        let (Some(person), Some(topic), Some(code), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Ok(None);
        };
        let Some(code) = from_hex(code).filter(|code| code.len() == CODE_BYTES) else {
            return Ok(None);
        };
        // Compared in a time that does not tell how much of it is right.
        if self.code(person, topic)?.verify_truncated_left(&code).is_err() {
            return Ok(None);
        }
        let person = Uuid::try_parse(person).ok().map(UserId);
        Ok(person.zip(Topic::parse(topic)))
    }
}

fn no_key() -> Error {
    Error::Defect("the key of unsubscribing is not there".to_owned())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at.saturating_add(2)));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

/// What a click asks for (RFC 8058): the form field `List-Unsubscribe` with the value `One-Click`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneClick;

/// What a token is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// The language of the person.
    pub language: Language,
    /// From what they unsubscribe.
    pub topic: Topic,
    /// Whether they are mailed of it now.
    pub is_on: bool,
}

/// What a token is about. Nothing changes: programs that look at mail follow its links.
pub fn show(sv: &Services, token: &str) -> Result<Subscription, Error> {
    let (person, topic) = Tokens::of(sv)?.read(token)?.ok_or(Error::NotFound)?;
    sv.db.read(|tx| {
        let language = language_of(tx, person)?;
        let preferences = kept(tx, person)?.preferences;
        Ok(Subscription { language, topic, is_on: is_on(&preferences, topic) })
    })
}

fn language_of(tx: &mut AnyConnection, person: UserId) -> Result<Language, Error> {
    Ok(user::find(tx, person)?.ok_or(Error::NotFound)?.language)
}

fn is_on(preferences: &Preferences, topic: Topic) -> bool {
    preferences.without(topic).deliveries.whole() != preferences.deliveries.whole()
}

/// Ends what a token is about. Doing so twice is doing so once.
pub fn end(
    sv: &Services,
    visitor: &Visitor,
    token: &str,
    body: &Input<OneClick>,
) -> Result<Subscription, Error> {
    let (person, topic) = Tokens::of(sv)?.read(token)?.ok_or(Error::NotFound)?;
    body.get()?;
    let mut tries = 1;
    loop {
        match end_once(sv, visitor, person, topic) {
            Err(Error::Stale) if tries < TRIES => tries += 1,
            Err(Error::Stale) => return Err(Error::Busy),
            ended => return ended,
        }
    }
}

fn end_once(
    sv: &Services,
    visitor: &Visitor,
    person: UserId,
    topic: Topic,
) -> Result<Subscription, Error> {
    sv.db.write(
        "preferences.unsubscribe",
        |tx| {
            let owner = user::find(tx, person)?.ok_or(Error::NotFound)?;
            let before = kept(tx, person)?;
            if is_on(&before.preferences, topic) {
                let preferences = before.preferences.without(topic);
                let after = Kept { preferences, version: before.version + 1 };
                let subject = Subject::of(SubjectKind::Preferences, person);
                // The hour stays as it was, so that no zone is needed.
                let change = Change {
                    user: person,
                    subject: &subject,
                    name: "preferences.unsubscribe",
                    zone: Zone::Wib,
                };
                let cx = visitor.context(Some(&owner));
                save(tx, &cx, &change, before, after, json!({ "topic": topic.as_str() }))?;
            }
            Ok(Subscription { language: owner.language, topic, is_on: false })
        },
        |_, _| Ok(()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::preference::MailKind;
    use crate::service::outbox::tests::Desk;

    #[test]
    fn a_token_is_read_as_it_was_made_and_no_other_is() {
        let tokens = Tokens { key: "a".repeat(64) };
        let (one, other) = (UserId::new(), UserId::new());
        let topic = Topic::Kind(MailKind::Progress);
        let token = tokens.token(one, topic).expect("token");
        assert_eq!(tokens.read(&token).expect("read"), Some((one, topic)));
        assert_eq!(token, tokens.token(one, topic).expect("token"));
        let person = |id: UserId| id.0.simple().to_string();
        let wrong = [
            token.replace("progress", "report"),
            token.replace("progress", "decision"),
            token.replace(&person(one), &person(other)),
            token.to_uppercase(),
            format!("{token}00"),
            format!("{token}."),
            token.chars().take(token.len() - 2).collect(),
            format!("{}.progress.", person(one)),
            String::new(),
            "..".to_owned(),
            "é.progress.é".to_owned(),
        ];
        for wrong in wrong {
            assert_eq!(tokens.read(&wrong).expect("read"), None, "{wrong}");
        }
        let elsewhere = Tokens { key: "b".repeat(64) };
        assert_eq!(elsewhere.read(&token).expect("read"), None);
    }

    #[test]
    fn a_database_has_one_key() {
        let desk = Desk::new();
        let one = Tokens::of(&desk.sv).expect("tokens");
        assert_eq!(one.key, Tokens::of(&desk.sv).expect("tokens").key);
        assert_eq!(one.key.len(), 64);
        assert_ne!(one.key, Tokens::of(&Desk::new().sv).expect("tokens").key);
    }
}
