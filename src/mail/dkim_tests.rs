//! Signatures as a receiver checks them, by another reading of RFC 6376 than the one that made them.

use super::*;
use crate::mail::message::seal;
use crate::mail::message::tests::letter;
use lettre::message::Mailbox;
use ring::signature::{ED25519, KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use std::collections::BTreeMap;

/// Made for these tests, and used nowhere else.
const RSA_KEY: &str = include_str!("../../tests/api/support/keys/rsa.pem");
const ED25519_KEY: &str = include_str!("../../tests/api/support/keys/ed25519.pem");

fn sender() -> Mailbox {
    "Sentra <sentra@sentra.example>".parse().expect("sender")
}

fn signer(pem: &str) -> Signer {
    Signer::new("sentra.example", "satu", pem).expect("signer")
}

fn public(signer: &Signer) -> Vec<u8> {
    match &signer.key {
        Key::Rsa(key) => key.public_key().as_ref().to_vec(),
        Key::Ed25519(key) => key.public_key().as_ref().to_vec(),
    }
}

fn squeezed(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks a signed message against a public key, from the header that it carries alone.
fn holds(message: &str, public: &[u8]) -> Result<(), String> {
    let (head, body) = message.split_once("\r\n\r\n").ok_or("no body")?;
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut headers: Vec<(String, String)> = unfolded
        .split("\r\n")
        .map(|line| line.split_once(':').expect("a header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), squeezed(value)))
        .collect();
    let at = headers.iter().position(|(name, _)| name == "dkim-signature").ok_or("unsigned")?;
    let (_, value) = headers.remove(at);
    let tags: BTreeMap<&str, String> = value
        .split(';')
        .map(|tag| tag.split_once('=').expect("a tag"))
        .map(|(name, value)| (name.trim(), value.replace(' ', "")))
        .collect();
    let mut lines: Vec<String> = body
        .strip_suffix("\r\n")
        .unwrap_or(body)
        .split("\r\n")
        .map(|line| {
            let indent =
                if line.starts_with([' ', '\t']) && !line.trim().is_empty() { " " } else { "" };
            format!("{indent}{}", squeezed(line))
        })
        .collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let canonical: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    if tags["bh"] != STANDARD.encode(Sha256::digest(canonical)) {
        return Err("the body is another".to_owned());
    }
    let mut signed = String::new();
    for name in tags["h"].split(':') {
        // The last of that name first; one that is not there stands for nothing.
        if let Some(at) = headers.iter().rposition(|(found, _)| found == name) {
            let (name, value) = headers.remove(at);
            signed.push_str(&format!("{name}:{value}\r\n"));
        }
    }
    let unsigned = &value[..value.rfind("b=").expect("b") + 2];
    signed.push_str(&format!("dkim-signature:{unsigned}"));
    let signature = STANDARD.decode(&tags["b"]).map_err(|error| error.to_string())?;
    let outcome = match tags["a"].as_str() {
        "ed25519-sha256" => {
            let hash = Sha256::digest(signed);
            UnparsedPublicKey::new(&ED25519, public).verify(&hash, &signature)
        }
        "rsa-sha256" => UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(signed.as_bytes(), &signature),
        other => return Err(format!("{other}?")),
    };
    outcome.map_err(|_| "the signature is another's".to_owned())
}

fn signed(signer: &Signer) -> String {
    let letter = letter("a@dinas.example");
    let sealed = seal(&sender(), &letter).expect("sealed");
    String::from_utf8(signer.sign(&sealed.bytes, letter.dated_at).expect("signed")).expect("ASCII")
}

#[test]
fn a_receiver_finds_that_the_signature_holds_and_that_a_change_breaks_it() {
    for pem in [RSA_KEY, ED25519_KEY] {
        let signer = signer(pem);
        let (message, public) = (signed(&signer), public(&signer));
        assert_eq!(holds(&message, &public), Ok(()), "{message}");
        for (before, after) in [
            ("selesai", "sudah"),
            ("a@dinas.example", "b@dinas.example"),
            ("15 Jul 2021", "16 Jul 2021"),
            ("auto-generated", "no"),
            ("s=satu", "s=dua"),
            // A second subject above the first one.
            ("\r\nFrom:", "\r\nSubject: lain\r\nFrom:"),
        ] {
            let forged = message.replacen(before, after, 9);
            assert_ne!(forged, message, "{before}");
            assert!(holds(&forged, &public).is_err(), "{before}");
        }
        // What relays may do on the way: other blanks.
        let folded = message.replacen("Subject: ", "Subject:  ", 1);
        assert_eq!(holds(&folded, &public), Ok(()));
        assert!(message.lines().all(|line| line.len() < 100));
    }
}

#[test]
fn every_attempt_carries_the_same_signature() {
    for pem in [RSA_KEY, ED25519_KEY] {
        let letter = letter("a@dinas.example");
        let bytes = seal(&sender(), &letter).expect("sealed").bytes;
        let first = signer(pem).sign(&bytes, letter.dated_at).expect("signed");
        // Another process, the same key.
        assert_eq!(signer(pem).sign(&bytes, letter.dated_at).expect("signed"), first);
        assert!(first.ends_with(&bytes), "what was sealed is as it was");
    }
}

#[test]
fn bodies_are_relaxed_as_the_standard_says() {
    for (body, relaxed) in [
        (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
        ("", ""),
        ("\r\n\r\n", ""),
        (" \t\r\n", ""),
        ("a", "a\r\n"),
        ("\r\na\r\n", "\r\na\r\n"),
    ] {
        assert_eq!(relaxed_body(body.as_bytes()), relaxed.as_bytes(), "{body:?}");
    }
    // The example of RFC 8463, appendix A.
    let body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";
    let hash = STANDARD.encode(Sha256::digest(relaxed_body(body)));
    assert_eq!(hash, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
}

#[test]
fn what_cant_sign_is_refused_without_showing_the_key() {
    let secret = "MC4CAQAwBQYDK2VwBCIEI";
    for (domain, selector, pem, what) in [
        ("", "satu", ED25519_KEY, "DOMAIN"),
        ("sentra.example; d=x", "satu", ED25519_KEY, "DOMAIN"),
        ("sentra.example", "satu\r\n", ED25519_KEY, "SELECTOR"),
        ("sentra.example", "satu", "", "KEY_FILE"),
        (
            "sentra.example",
            "satu",
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI\n-----END PRIVATE KEY-----\n",
            "KEY_FILE",
        ),
    ] {
        let error = Signer::new(domain, selector, pem).expect_err("refused").to_string();
        assert!(error.contains(what) && !error.contains(secret), "{error}");
    }
    assert_eq!(format!("{:?}", signer(ED25519_KEY)), "Signer(satu._domainkey.sentra.example)");
}
