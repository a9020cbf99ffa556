//! Signing mail with DKIM (RFC 6376, and RFC 8463 for Ed25519), so that a relay of others can tell that it comes from the
//! domain whose it says it is.
//!
//! The signature is made of the message's bytes and of its own date, by algorithms without chance in them: it is the same
//! at every attempt, as the rest of the message is.

use crate::domain::moment::Moment;
use crate::mail::SettingError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use sha2::{Digest, Sha256};
use std::fmt;

/// Headers that are signed where the message has them.
const SIGNED: [&str; 11] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
];
/// Named once more than they are there, so that nobody can add another one (RFC 6376, 8.15).
const SEALED: [&str; 4] = ["from", "to", "subject", "date"];
/// Letters of the signature on one line of the header; a line of a message has at most 998.
const LINE: usize = 70;

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// Signs for one domain, with one key.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

/// Without the key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({}._domainkey.{})", self.selector, self.domain)
    }
}

fn refused(what: &str, why: impl fmt::Display) -> SettingError {
    SettingError::Signing(format!("{what}: {why}"))
}

/// Whether it is a name as DNS has them, of labels of letters, digits, hyphens and, in selectors, underscores.
fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_letter);
    name.len() <= 253 && name.split('.').all(is_label)
}

impl Signer {
    /// A signer for a domain whose public key stands at `SELECTOR._domainkey.DOMAIN`. The private key is PEM: RSA of 2048
    /// bits or more (PKCS #1 or #8), or Ed25519 (PKCS #8).
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Signer, SettingError> {
        for (what, name) in [("DOMAIN", domain), ("SELECTOR", selector)] {
            if !is_name(name) {
                return Err(refused(what, format!("{name:?} is no name of DNS")));
            }
        }
        // The reasons of others are not told: they might hold some of the key.
        let wrong = |why: &str| refused("KEY_FILE", why);
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| wrong("it holds no private key in PEM"))?;
        let key = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der())
                .map(|key| Key::Rsa(Box::new(key)))
                .map_err(|_| wrong("its RSA key can't be used; 2048 bits or more are needed"))?,
            PrivateKeyDer::Pkcs8(der) => pkcs8(der.secret_pkcs8_der())
                .ok_or_else(|| wrong("its key is neither RSA of 2048 bits or more nor Ed25519"))?,
            _ => return Err(wrong("its key is neither RSA nor Ed25519")),
        };
        Ok(Signer { domain: domain.to_ascii_lowercase(), selector: selector.to_owned(), key })
    }

    /// The message with its signature before it.
    pub fn sign(&self, message: &[u8], dated_at: Moment) -> Result<Vec<u8>, String> {
        let (headers, body) = split(message).ok_or("the message has no body to be signed")?;
        let headers = fields(headers)?;
        let mut names: Vec<&str> = Vec::with_capacity(SIGNED.len() + SEALED.len());
        let mut signed = String::new();
        for name in SIGNED {
            // Of several the last would be signed; this service writes each once.
            if let Some((_, field)) = headers.iter().rfind(|(found, _)| found == name) {
                names.push(name);
                signed.push_str(field);
                signed.push_str("\r\n");
            }
        }
        names.extend(SEALED);
        let algorithm = match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        };
        let unsigned = format!(
            "v=1; a={algorithm}; c=relaxed/relaxed; d={}; s={};\r\n t={}; h={};\r\n bh={};\r\n b=",
            self.domain,
            self.selector,
            dated_at.utc().timestamp().max(0),
            names.join(":\r\n "),
            STANDARD.encode(Sha256::digest(relaxed_body(body))),
        );
        signed.push_str("dkim-signature:");
        signed.push_str(&relaxed_value(&unsigned));
        let signature = STANDARD.encode(self.signature(signed.as_bytes())?);
        let mut out = format!("DKIM-Signature: {unsigned}").into_bytes();
        for line in signature.as_bytes().chunks(LINE) {
            out.extend_from_slice(b"\r\n ");
            out.extend_from_slice(line);
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(message);
        Ok(out)
    }

    fn signature(&self, signed: &[u8]) -> Result<Vec<u8>, String> {
        match &self.key {
            // RFC 8463, 3: Ed25519 signs the hash.
            Key::Ed25519(key) => Ok(key.sign(&Sha256::digest(signed)).as_ref().to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // The chance only blinds the reckoning; PKCS #1 v1.5 is the same each time.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature)
                    .map_err(|_| "the message can't be signed".to_owned())?;
                Ok(signature)
            }
        }
    }
}

fn pkcs8(der: &[u8]) -> Option<Key> {
    if let Ok(key) = RsaKeyPair::from_pkcs8(der) {
        return Some(Key::Rsa(Box::new(key)));
    }
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Key::Ed25519)
}

/// Headers and body of a message.
fn split(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some((message.get(..end)?, message.get(end + 4..)?))
}

/// Each header by its lower-case name, relaxed (RFC 6376, 3.4.2).
fn fields(headers: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = std::str::from_utf8(headers).map_err(|_| "a header is not UTF-8")?;
    let mut whole: Vec<String> = Vec::new();
    for line in text.split("\r\n") {
        match whole.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push(' ');
                last.push_str(line);
            }
            _ => whole.push(line.to_owned()),
        }
    }
    whole
        .iter()
        .map(|field| {
            let (name, value) = field.split_once(':').ok_or("a header has no name")?;
            let name = name.trim_end().to_ascii_lowercase();
            let relaxed = format!("{name}:{}", relaxed_value(value));
            Ok((name, relaxed))
        })
        .collect()
}

/// A value on one line, with single blanks.
fn relaxed_value(value: &str) -> String {
    let blanks = |letter: char| matches!(letter, ' ' | '\t' | '\r' | '\n');
    value.split(blanks).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A body with single blanks, none at the end of a line, and no empty lines at its end (RFC 6376, 3.4.4).
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut blank = false;
    for &byte in body {
        match byte {
            b' ' | b'\t' => blank = true,
            b'\r' => {
                blank = false;
                out.push(byte);
            }
            _ => {
                if blank {
                    out.push(b' ');
                }
                blank = false;
                out.push(byte);
            }
        }
    }
    while out.ends_with(b"\r\n\r\n") {
        out.truncate(out.len().saturating_sub(2));
    }
    if out == b"\r\n" {
        out.clear();
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
#[path = "dkim_tests.rs"]
mod tests;
