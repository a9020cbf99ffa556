//! Checkpoints as C2SP has them: a text that names trail, size and root (tlog-checkpoint), signed with Ed25519 as a note
//! (signed-note). Private keys stand in a file outside the database, and never leave it.

use crate::domain::moment::Moment;
use crate::service::error::Error;
use crate::service::private;
use crate::service::seal::merkle::Hash;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject;
use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::str::FromStr;

/// The kind of signature that Ed25519 has in notes.
const KIND_ED25519: u8 = 1;
/// The longest note that is read, in bytes.
pub const MAX_NOTE: usize = 64 * 1024;
/// The most signatures of a note.
const MOST_SIGNATURES: usize = 16;
/// The most keys that sign at once: an old and a new one while a key is changed, and some to spare.
const MOST_KEYS: usize = 8;

/// The root of a trail at a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the trail.
    pub origin: String,
    /// How many events it has.
    pub size: u64,
    /// The root over their leaves.
    pub root: Hash,
    /// When it was made; a line of our own below the three that every checkpoint has.
    pub made_at: Moment,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checkpoint { origin, size, root, made_at } = self;
        writeln!(f, "{origin}\n{size}\n{}\n{made_at}", STANDARD.encode(root.0))
    }
}

/// Why a note proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not written as a signed checkpoint is.
    #[error("it is no signed checkpoint: {0}")]
    Malformed(&'static str),
    /// None of the keys signed it.
    #[error("it is signed by no key that is known here")]
    Unknown,
    /// A known key is named, and its signature is not of this text.
    #[error("its signature by {0} is not of this text")]
    Forged(String),
}

/// A public key under the name of a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: [u8; 32],
}

impl VerifierKey {
    fn id(&self) -> [u8; 4] {
        let text = [self.name.as_bytes(), b"\n", &[KIND_ED25519], &self.key].concat();
        let [a, b, c, d, ..] = Hash::of(&text).0;
        [a, b, c, d]
    }

    fn signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key).verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[KIND_ED25519], self.key.as_slice()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, u32::from_be_bytes(self.id()))
    }
}

impl FromStr for VerifierKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<VerifierKey, Self::Err> {
        let wrong = "must be a verifier key: NAME+ID+KEY";
        let [name, id, key] = text.trim().splitn(3, '+').collect::<Vec<_>>()[..] else {
            return Err(wrong);
        };
        let bytes = STANDARD.decode(key).map_err(|_| wrong)?;
        let key = match bytes.split_first() {
            Some((&KIND_ED25519, key)) => key.try_into().map_err(|_| wrong)?,
            _ => return Err("must be a verifier key of kind 1, Ed25519"),
        };
        let found = VerifierKey { name: name.to_owned(), key };
        let same = format!("{:08x}", u32::from_be_bytes(found.id())) == id;
        if same && is_name(name) { Ok(found) } else { Err("must have the id of its name and key") }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

/// The keys that sign, from a file. While a key is changed for another, both sign: the file holds both.
pub struct SealKeys(Vec<Ed25519KeyPair>);

/// Without the keys.
impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKeys({})", self.0.len())
    }
}

impl SealKeys {
    /// Reads keys in PEM, PKCS #8, as `openssl genpkey -algorithm ed25519` writes them.
    pub fn parse(pem: &str) -> Result<SealKeys, String> {
        // The reasons of others are not told: they might hold some of the key.
        let mut keys = Vec::new();
        for der in PrivatePkcs8KeyDer::pem_slice_iter(pem.as_bytes()).take(MOST_KEYS) {
            let der = der.map_err(|_| "what it holds is no PEM")?;
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
            keys.push(key.map_err(|_| "one of its keys is no Ed25519 key in PKCS #8")?);
        }
        if keys.is_empty() {
            Err("it holds no private key in PEM".to_owned())
        } else {
            Ok(SealKeys(keys))
        }
    }

    /// Reads the keys of a file.
    pub fn read(path: &Path) -> Result<SealKeys, String> {
        let failed = |why: String| format!("the key file {}: {why}", path.display());
        let pem = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        SealKeys::parse(&pem).map_err(failed)
    }

    /// Reads the keys of a file; where there is none, makes it with a new key, for this account's eyes alone.
    pub fn read_or_make(path: &Path) -> Result<SealKeys, String> {
        let failed = |error: std::io::Error| format!("the key file {}: {error}", path.display());
        if !path.try_exists().map_err(failed)? {
            make(path, &new_key()?).map_err(failed)?;
        }
        SealKeys::read(path)
    }

    /// The public keys, under the name of a trail.
    pub fn verifiers(&self, origin: &str) -> Vec<VerifierKey> {
        let public = |pair: &Ed25519KeyPair| pair.public_key().as_ref().try_into().ok();
        let keys = self.0.iter().filter_map(public);
        keys.map(|key| VerifierKey { name: origin.to_owned(), key }).collect()
    }

    /// The checkpoint as a note, signed by each key.
    pub fn sign(&self, checkpoint: &Checkpoint) -> Result<String, Error> {
        if !is_name(&checkpoint.origin) {
            return Err(Error::Defect(format!("{:?} names no trail", checkpoint.origin)));
        }
        let text = checkpoint.to_string();
        let mut note = format!("{text}\n");
        for (pair, verifier) in self.0.iter().zip(self.verifiers(&checkpoint.origin)) {
            let signature = pair.sign(text.as_bytes());
            let line = STANDARD.encode([verifier.id().as_slice(), signature.as_ref()].concat());
            note.push_str(&format!("\u{2014} {} {line}\n", verifier.name));
        }
        Ok(note)
    }
}

/// Makes a file, whole or not at all; one that is there already stays.
fn make(path: &Path, text: &str) -> std::io::Result<()> {
    let partial = path.with_extension(format!("{}.partial", uuid::Uuid::now_v7()));
    let made = private::options().create_new(true).open(&partial).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // Unlike a renaming, this takes nothing away that another process made meanwhile.
        match std::fs::hard_link(&partial, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    });
    let _ = std::fs::remove_file(&partial);
    made.and_then(|()| sync_folder_of(path))
}

/// A new private key in PEM.
fn new_key() -> Result<String, String> {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map_err(|_| "no key can be made: there are no random bytes")?;
    let body = STANDARD.encode(der.as_ref());
    let lines = body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>();
    let lines = lines.join("\n");
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n"))
}

/// That a file has its name is on the disk, too.
pub(super) fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// The checkpoint that a note tells of, when one of the keys signed it, and none of them is named falsely.
pub fn open(note: &str, keys: &[VerifierKey]) -> Result<Checkpoint, NoteError> {
    checkpoint_of(signed_text(note, keys)?)
}

/// The checkpoint that a note tells of, whoever signed it: good for telling two apart, and for no proof.
pub fn unproved(note: &str) -> Option<Checkpoint> {
    let end = note.rfind("\n\n")?;
    checkpoint_of(note.get(..=end)?).ok()
}

/// The text that one of the keys signed.
fn signed_text<'n>(note: &'n str, keys: &[VerifierKey]) -> Result<&'n str, NoteError> {
    let end = note.rfind("\n\n").ok_or(NoteError::Malformed("it has no signature"))?;
    let (text, signatures) = note.split_at(end.saturating_add(1));
    let signatures = signatures.strip_prefix('\n').unwrap_or_default();
    if signatures.is_empty() || !signatures.ends_with('\n') || note.len() > MAX_NOTE {
        return Err(NoteError::Malformed("its end"));
    }
    let lines: Vec<&str> = signatures.split_terminator('\n').take(MOST_SIGNATURES + 1).collect();
    if lines.len() > MOST_SIGNATURES {
        return Err(NoteError::Malformed("it has too many signatures"));
    }
    let mut known = false;
    for line in lines {
        let (name, signature) = signature_of(line).ok_or(NoteError::Malformed("a signature"))?;
        let Some((id, signature)) = signature.split_first_chunk::<4>() else {
            return Err(NoteError::Malformed("a signature"));
        };
        for key in keys.iter().filter(|key| key.name == name && key.id() == *id) {
            if !key.signed(text, signature) {
                return Err(NoteError::Forged(key.to_string()));
            }
            known = true;
        }
    }
    if known { Ok(text) } else { Err(NoteError::Unknown) }
}

/// The checkpoint that a text names, in the one way that it is written.
fn checkpoint_of(text: &str) -> Result<Checkpoint, NoteError> {
    let [origin, size, root, made_at] = text.lines().collect::<Vec<_>>()[..] else {
        return Err(NoteError::Malformed("its lines"));
    };
    let size = size.parse().map_err(|_| NoteError::Malformed("its size"))?;
    let root: Option<[u8; 32]> = STANDARD.decode(root).ok().and_then(|root| root.try_into().ok());
    let root = Hash(root.ok_or(NoteError::Malformed("its root"))?);
    let made_at: DateTime<Utc> = made_at.parse().map_err(|_| NoteError::Malformed("its moment"))?;
    let found = Checkpoint { origin: origin.to_owned(), size, root, made_at: made_at.into() };
    // No plus sign, no leading zeros, no other zone.
    if found.to_string() == text && is_name(origin) {
        return Ok(found);
    }
    Err(NoteError::Malformed("it is not written as it should be"))
}

fn signature_of(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    Some((name, STANDARD.decode(signature).ok()?))
}

#[cfg(test)]
#[path = "note_tests.rs"]
mod tests;
