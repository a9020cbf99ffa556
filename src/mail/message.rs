//! The bytes of a message: the same at every attempt, so that whoever gets it twice can tell.

use crate::domain::mail::Letter;
use lettre::Address;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use std::time::{Duration, SystemTime};

/// A message that is ready for the relay or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// To whom.
    pub to: Address,
    /// Header and body.
    pub bytes: Vec<u8>,
}

/// Makes the bytes of a letter. Everything in them comes from the letter: boundary and `Message-ID` from its id, `Date`
/// from when it was made. Fails only when the address or the subject can't be put in a header: then for good.
pub fn seal(from: &Mailbox, letter: &Letter) -> Result<Sealed, String> {
    let to: Address =
        letter.address.parse().map_err(|error| format!("the address can't be used: {error}"))?;
    if letter.subject.chars().any(char::is_control)
        || letter.message_id.chars().any(char::is_control)
        || letter.unsubscribe.iter().any(|url| !url.chars().all(|one| one.is_ascii_graphic()))
    {
        return Err("the header would hold control characters".to_owned());
    }
    let part = |kind, text: &str| {
        SinglePart::builder()
            .header(kind)
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(text.to_owned())
    };
    let body = MultiPart::alternative()
        .boundary(format!("sentra-{}", letter.id.0.simple()))
        .singlepart(part(ContentType::TEXT_PLAIN, &letter.text))
        .singlepart(part(ContentType::TEXT_HTML, &letter.html));
    // Machines do not answer what says that a machine wrote it (RFC 3834).
    let automatic = raw("Auto-Submitted", "auto-generated".to_owned());
    let mut builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(literal(&letter.subject))
        .date(date(letter))
        .message_id(Some(letter.message_id.clone()))
        .raw_header(automatic);
    if let Some(url) = &letter.unsubscribe {
        builder = builder.raw_header(raw("List-Unsubscribe", format!("<{url}>")));
        // One click takes a secure way (RFC 8058, 3.1).
        if url.starts_with("https://") {
            let click = "List-Unsubscribe=One-Click".to_owned();
            builder = builder.raw_header(raw("List-Unsubscribe-Post", click));
        }
    }
    let message =
        builder.multipart(body).map_err(|error| format!("the message can't be built: {error}"))?;
    Ok(Sealed { to, bytes: message.formatted() })
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// A subject that is read as it was written: what looks like an encoded word (RFC 2047) is none with a space in it.
fn literal(subject: &str) -> String {
    subject.replace("=?", "= ?")
}

fn date(letter: &Letter) -> SystemTime {
    let seconds = letter.dated_at.utc().timestamp().max(0).unsigned_abs();
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Letters for tests.
#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::ids::MailId;
    use crate::domain::moment::Moment;
    use chrono::{NaiveDate, NaiveTime};

    /// A letter to an address.
    pub fn letter(address: &str) -> Letter {
        let id = MailId::new();
        let day = NaiveDate::from_ymd_opt(2021, 7, 15).expect("date");
        Letter {
            id,
            address: address.to_owned(),
            subject: "Usulan disetujui: Sentra Kopi – “Way Kanan”".to_owned(),
            text: ".Satu baris\n..dua\n.\nselesai – ✓\n".to_owned(),
            html: "<p>Satu baris</p>\n".to_owned(),
            message_id: format!("<{id}@sentra.example>"),
            dated_at: Moment(day.and_time(NaiveTime::MIN)),
            unsubscribe: None,
        }
    }

    fn sender() -> Mailbox {
        "Sentra <sentra@sentra.example>".parse().expect("sender")
    }

    #[test]
    fn every_attempt_sends_the_same_bytes() {
        let letter = letter("a@dinas.example");
        let one = seal(&sender(), &letter).expect("sealed");
        let other = seal(&sender(), &letter.clone()).expect("sealed");
        assert_eq!(one, other);
        let text = String::from_utf8(one.bytes).expect("ascii");
        assert!(text.is_ascii());
        assert!(text.contains(&format!("Message-ID: {}\r\n", letter.message_id)), "{text}");
        assert!(text.contains("Date: Thu, 15 Jul 2021 00:00:00 +0000\r\n"), "{text}");
        assert!(text.contains("Auto-Submitted: auto-generated\r\n"));
        assert!(text.contains("multipart/alternative"));
        assert!(text.find("text/plain") < text.find("text/html"));
    }

    #[test]
    fn what_can_be_off_says_where_one_click_ends_it() {
        let mut one = letter("a@dinas.example");
        let header = |letter: &Letter, name: &str| {
            let bytes = seal(&sender(), letter).expect("sealed").bytes;
            let text = String::from_utf8(bytes).expect("ascii").replace("\r\n ", " ");
            text.lines().find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
        };
        assert_eq!(header(&one, "List-Unsubscribe:"), None);
        let url = format!("https://sentra.example/api/v1/unsubscribe/{}", "ab".repeat(37));
        one.unsubscribe = Some(url.clone());
        assert_eq!(header(&one, "List-Unsubscribe:"), Some(format!("<{url}>")));
        let click = Some("List-Unsubscribe=One-Click".to_owned());
        assert_eq!(header(&one, "List-Unsubscribe-Post:"), click);
        assert_eq!(seal(&sender(), &one), seal(&sender(), &one.clone()));
        // On a desk without TLS there is no one click.
        one.unsubscribe = Some(url.replace("https", "http"));
        assert_eq!(header(&one, "List-Unsubscribe-Post:"), None);
        for wrong in ["https://a/b\r\nBcc: x@y.example", "https://a/b c", "https://a/é"] {
            one.unsubscribe = Some(wrong.to_owned());
            assert!(seal(&sender(), &one).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_subject_is_no_code_for_another() {
        let mut coded = letter("a@b.example");
        coded.subject = "Usulan disetujui: =?utf-8?q?Usulan_ditolak?=".to_owned();
        let text =
            String::from_utf8(seal(&sender(), &coded).expect("sealed").bytes).expect("ascii");
        let subject = text.lines().find(|line| line.starts_with("Subject:")).expect("a subject");
        assert!(!subject.contains("=?"), "{subject}");
        assert!(subject.contains("Usulan_ditolak"), "{subject}");
    }

    #[test]
    fn nothing_slips_into_the_header() {
        for address in ["a@b.example\r\nBcc: x@y.example", "a b@c.example", "", "a@b@c"] {
            assert!(seal(&sender(), &letter(address)).is_err(), "{address:?}");
        }
        let mut split = letter("a@b.example");
        split.subject = "one\r\nBcc: x@y.example".to_owned();
        assert!(seal(&sender(), &split).is_err());
    }
}
