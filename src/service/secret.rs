//! Secrets: random ones, and their hashes. A secret itself is never kept.

use crate::service::error::Error;
use crate::service::trail::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use utoipa::ToSchema;

/// A password, a token or a code on its way in or out; it does not show itself in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Password)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Secret(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Secret(secret.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

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
