//! Notes: signed and opened, by the reference of another implementation, and refused when anything in them was changed.
use super::*;

const ORIGIN: &str = "sentra-0123456789abcdef";

fn checkpoint(size: u64) -> Checkpoint {
    let made_at: DateTime<Utc> = "2021-05-03T02:00:00.25Z".parse().expect("a moment");
    Checkpoint { origin: ORIGIN.to_owned(), size, root: Hash::leaf(b"x"), made_at: made_at.into() }
}

fn keys() -> SealKeys {
    SealKeys::parse(&new_key().expect("a key")).expect("keys")
}

#[test]
fn a_note_of_the_reference_implementation_is_opened() {
    // The key and the note of the tests of golang.org/x/mod/sumdb/note.
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let text = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n";
    let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let verifier: VerifierKey = key.parse().expect("a key");
    assert_eq!(verifier.to_string(), key);
    let note = format!("{text}\n\u{2014} PeterNeumann {signature}\n");
    assert_eq!(signed_text(&note, std::slice::from_ref(&verifier)), Ok(text));
    assert!(signed_text(&note.replacen("you", "we", 1), &[verifier]).is_err());
    assert!(key.replacen("c74f", "c74e", 1).parse::<VerifierKey>().is_err());
}

#[test]
fn a_note_opens_by_its_key_and_no_other() {
    let (mine, other) = (keys(), keys());
    let note = mine.sign(&checkpoint(7)).expect("a note");
    assert_eq!(open(&note, &mine.verifiers(ORIGIN)), Ok(checkpoint(7)));
    assert_eq!(open(&note, &other.verifiers(ORIGIN)), Err(NoteError::Unknown));
    assert_eq!(open(&note, &mine.verifiers("another")), Err(NoteError::Unknown));
    let forged = note.replacen("\n7\n", "\n8\n", 1);
    assert!(matches!(open(&forged, &mine.verifiers(ORIGIN)), Err(NoteError::Forged(_))));
}

#[test]
fn while_a_key_is_changed_both_sign_and_either_is_enough() {
    let (old, new) = (new_key().expect("a key"), new_key().expect("a key"));
    let both = SealKeys::parse(&format!("{old}{new}")).expect("keys");
    let note = both.sign(&checkpoint(7)).expect("a note");
    for pem in [old, new] {
        let one = SealKeys::parse(&pem).expect("a key").verifiers(ORIGIN);
        assert_eq!(open(&note, &one), Ok(checkpoint(7)));
    }
    assert_eq!(note.lines().count(), 7);
}

#[test]
fn a_note_whose_every_bit_is_turned_is_not_opened() {
    let keys = keys();
    let (note, verifiers) = (keys.sign(&checkpoint(7)).expect("a note"), keys.verifiers(ORIGIN));
    for place in 0..note.len() * 8 {
        let mut bytes = note.clone().into_bytes();
        bytes[place / 8] ^= 1 << (place % 8);
        let Ok(turned) = String::from_utf8(bytes) else { continue };
        assert!(open(&turned, &verifiers).is_err(), "{turned}");
    }
}

#[test]
fn what_is_no_note_is_malformed() {
    let note = keys().sign(&checkpoint(7)).expect("a note");
    let unsigned = note.split("\u{2014}").next().expect("a text").to_owned();
    for text in ["", "\n\n", "a\n\nb", &unsigned, note.trim_end()] {
        assert!(matches!(open(text, &[]), Err(NoteError::Malformed(_))), "{text}");
    }
    let text = checkpoint(7).to_string();
    assert_eq!(checkpoint_of(&text), Ok(checkpoint(7)));
    for (from, to) in [
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n+7\n"),
        ("Z\n", "+00:00\n"),
        ("-", " "),
        ("Z\n", "Z\nx\n"),
    ] {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text);
        assert!(matches!(checkpoint_of(&other), Err(NoteError::Malformed(_))), "{other}");
    }
}

#[test]
fn what_is_behind_the_last_signature_that_is_looked_at_is_refused_and_so_is_another_end_of_line() {
    let keys = keys();
    let (note, verifiers) = (keys.sign(&checkpoint(7)).expect("a note"), keys.verifiers(ORIGIN));
    let (_, signature) = note.rsplit_once("\n\n").expect("a signature");
    let sixteen = format!("{note}{}", signature.repeat(15));
    assert_eq!(open(&sixteen, &verifiers), Ok(checkpoint(7)));
    for more in [signature, "what is no signature\n"] {
        let longer = format!("{sixteen}{more}");
        assert!(matches!(open(&longer, &verifiers), Err(NoteError::Malformed(_))), "{longer}");
    }
    let other = format!("{}\r\n", note.trim_end());
    assert!(matches!(open(&other, &verifiers), Err(NoteError::Malformed(_))));
    assert_eq!(unproved(&note), Some(checkpoint(7)));
    assert_eq!(unproved("kept"), None);
}

#[test]
fn a_key_is_made_once_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("key.pem");
    let made = SealKeys::read_or_make(&path).expect("a key");
    let read = SealKeys::read_or_make(&path).expect("the same");
    assert_eq!(made.verifiers(ORIGIN), read.verifiers(ORIGIN));
    let files = || std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(files(), 1, "nothing is left beside it");
    // Whoever comes second takes what is there, and makes nothing empty.
    make(&path, "another").expect("there already");
    assert_eq!(SealKeys::read(&path).expect("as before").verifiers(ORIGIN), made.verifiers(ORIGIN));
    assert_eq!(files(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    }
    std::fs::write(&path, "no key").expect("written");
    assert!(SealKeys::read_or_make(&path).is_err());
}
