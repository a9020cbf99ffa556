//! Secrets: random ones, and their hashes. A secret itself is never kept.

use crate::service::error::Error;
use crate::service::trail::hex;
use sha2::{Digest, Sha256};

/// `N` random bytes from the operating system, in hexadecimal.
pub fn random_hex<const N: usize>() -> Result<String, Error> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Defect(format!("no random bytes: {error}")))?;
    Ok(hex(&bytes))
}

/// SHA-256 in hexadecimal: enough for secrets of 256 random bits, which nobody can try out.
pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text))
}
