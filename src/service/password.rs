//! Passwords: what may be one, and argon2id over it, on no more threads than there are cores.

use crate::domain::input::Checks;
use crate::service::error::Error;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The shortest password, in characters.
pub const MIN_PASSWORD: usize = 12;
/// The longest password, in characters.
pub const MAX_PASSWORD: usize = 200;
/// A shorter local part than this stands in many a good password by chance.
const TELLING_LOCAL_PART: usize = 4;
/// As recommended for salts.
const SALT_BYTES: usize = 16;

/// What a hash costs, and how many are computed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashSettings {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashes computed at once; the number of cores when absent.
    pub at_once: Option<NonZeroUsize>,
    /// How long a request waits for its turn before it is told that the service is busy.
    pub patience: Duration,
}

impl Default for HashSettings {
    /// What OWASP recommends for argon2id: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            iterations: 2,
            parallelism: 1,
            at_once: None,
            patience: Duration::from_secs(2),
        }
    }
}

/// Hashes and verifies passwords.
pub struct Hasher {
    argon2: Argon2<'static>,
    turns: Turns,
    nobody: PasswordHash,
    computed: AtomicU64,
}

impl Hasher {
    /// Makes a hasher, with the hash that nobody's password has: random, since computing one would give back 19 MiB,
    /// after which the C library's allocator keeps that much for each thread.
    pub fn new(settings: HashSettings) -> Result<Hasher, Error> {
        let HashSettings { memory_kib, iterations, parallelism, at_once, patience } = settings;
        let params = Params::new(memory_kib, iterations, parallelism, None)
            .map_err(|error| Error::Defect(format!("hash settings: {error}")))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let nobody = random::<{ Params::DEFAULT_OUTPUT_LEN }>()?;
        let nobody = phc(&argon2, salt()?, Output::new(&nobody).map_err(defect)?)?;
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let turns = Turns {
            free: Mutex::new(vec![Vec::new(); at_once.unwrap_or_else(cores).get()]),
            given_back: Condvar::new(),
            patience,
        };
        Ok(Hasher { argon2, turns, nobody, computed: AtomicU64::new(0) })
    }

    /// The hash of a password, in PHC form.
    pub fn hash(&self, password: &str) -> Result<String, Error> {
        let mut turn = self.turn()?;
        make(&self.argon2, &mut turn.memory, password.as_bytes()).map(|hash| hash.to_string())
    }

    /// Whether the password has the hash.
    pub fn verify(&self, password: &str, hash: &str) -> Result<bool, Error> {
        let hash = PasswordHash::new(hash)
            .map_err(|error| Error::Defect(format!("a kept password hash: {error}")))?;
        self.compare(password, &hash)
    }

    /// Costs what `verify` costs, and says no: for users that are not there.
    pub fn verify_nobody(&self, password: &str) -> Result<bool, Error> {
        self.compare(password, &self.nobody).map(|_| false)
    }

    /// Whether the hash was made under other settings than those of today.
    pub fn is_outdated(&self, hash: &str) -> bool {
        let Ok(hash) = PasswordHash::new(hash) else { return true };
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        hash.algorithm != ARGON2ID_IDENT
            || Params::try_from(&hash)
                .map_or(true, |params| costs(&params) != costs(self.argon2.params()))
    }

    /// How many hashes were computed: every one costs the same.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    fn compare(&self, password: &str, hash: &PasswordHash) -> Result<bool, Error> {
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(defect)?;
        let version = hash.version.map_or(Ok(Version::default()), Version::try_from);
        let params = Params::try_from(hash).map_err(defect)?;
        let argon2 = Argon2::new(algorithm, version.map_err(defect)?, params);
        let mut turn = self.turn()?;
        let computed = compute(&argon2, &mut turn.memory, password.as_bytes(), salt)?;
        // In constant time, by the type.
        Ok(computed == *expected)
    }

    fn turn(&self) -> Result<Turn<'_>, Error> {
        let turn = self.turns.take()?;
        self.computed.fetch_add(1, Ordering::Relaxed);
        Ok(turn)
    }
}

fn defect(error: impl std::fmt::Display) -> Error {
    Error::Defect(format!("hashing a password: {error}"))
}

/// Hashes in memory that is used again: an allocator keeps what each of many threads once took.
fn compute(
    argon2: &Argon2<'_>,
    memory: &mut Vec<Block>,
    password: &[u8],
    salt: &Salt,
) -> Result<Output, Error> {
    memory.resize(argon2.params().block_count(), Block::default());
    let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let mut out = [0_u8; Output::MAX_LENGTH];
    let out = out.get_mut(..length).ok_or_else(|| defect("the output is too long"))?;
    argon2.hash_password_into_with_memory(password, salt, out, memory).map_err(defect)?;
    Output::new(out).map_err(defect)
}

fn make(
    argon2: &Argon2<'_>,
    memory: &mut Vec<Block>,
    password: &[u8],
) -> Result<PasswordHash, Error> {
    let salt = salt()?;
    let hash = compute(argon2, memory, password, &salt)?;
    phc(argon2, salt, hash)
}

fn phc(argon2: &Argon2<'_>, salt: Salt, hash: Output) -> Result<PasswordHash, Error> {
    Ok(PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params()).map_err(defect)?,
        salt: Some(salt),
        hash: Some(hash),
    })
}

fn salt() -> Result<Salt, Error> {
    Salt::new(&random::<SALT_BYTES>()?).map_err(defect)
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Defect(format!("no random bytes: {error}")))?;
    Ok(bytes)
}

/// Bounds how many hashes are computed at once: each takes a core and its memory, which is kept for the next.
struct Turns {
    free: Mutex<Vec<Vec<Block>>>,
    given_back: Condvar,
    patience: Duration,
}

impl Turns {
    fn take(&self) -> Result<Turn<'_>, Error> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut free, _) = self
            .given_back
            .wait_timeout_while(free, self.patience, |free| free.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let memory = free.pop().ok_or(Error::Busy)?;
        Ok(Turn { turns: self, memory })
    }
}

/// A turn, given back when it is dropped.
struct Turn<'a> {
    turns: &'a Turns,
    memory: Vec<Block>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut free = self.turns.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(std::mem::take(&mut self.memory));
        self.turns.given_back.notify_one();
    }
}

/// Whether a password may be set for the user with an address.
pub fn check(checks: &mut Checks, pointer: &str, password: &str, email: &str) {
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        let message = format!("must have at least {MIN_PASSWORD} characters");
        checks.fail(pointer, "too_short", message);
    }
    checks.optional_text(pointer, Some(password), MAX_PASSWORD);
    let first = password.chars().next();
    if length > 1 && password.chars().all(|c| Some(c) == first) {
        checks.fail(pointer, "too_simple", "must not be one character again and again");
    }
    let local = email.split('@').next().unwrap_or_default().to_lowercase();
    if local.chars().count() >= TELLING_LOCAL_PART && password.to_lowercase().contains(&local) {
        checks.fail(pointer, "contains_email", "must not contain the name in the e-mail address");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap(memory_kib: u32, at_once: usize) -> Hasher {
        Hasher::new(HashSettings {
            memory_kib,
            iterations: 1,
            parallelism: 1,
            at_once: NonZeroUsize::new(at_once),
            patience: Duration::from_millis(20),
        })
        .expect("hasher")
    }

    #[test]
    fn a_password_is_known_by_its_hash_alone() {
        let hasher = cheap(8, 1);
        let hash = hasher.hash("correct horse battery").expect("hash");
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(hasher.verify("correct horse battery", &hash).expect("verify"));
        assert!(!hasher.verify("correct horse batterx", &hash).expect("verify"));
        assert!(!hasher.verify_nobody("correct horse battery").expect("verify"));
        assert_eq!(hasher.computed(), 4);
    }

    #[test]
    fn a_hash_of_other_settings_still_verifies_and_is_outdated() {
        let old = cheap(8, 1).hash("correct horse battery").expect("hash");
        let today = cheap(16, 1);
        assert!(today.verify("correct horse battery", &old).expect("verify"));
        assert!(today.is_outdated(&old));
        assert!(!today.is_outdated(&today.hash("correct horse battery").expect("hash")));
    }

    #[test]
    fn whoever_waits_too_long_for_a_turn_is_told_so() {
        let hasher = cheap(8, 1);
        let turn = hasher.turn().expect("turn");
        assert!(matches!(hasher.hash("correct horse battery"), Err(Error::Busy)));
        drop(turn);
        assert!(hasher.hash("correct horse battery").is_ok());
    }

    #[test]
    fn a_password_is_long_and_not_made_of_what_everybody_knows() {
        let codes = |password: &str| {
            let mut checks = Checks::default();
            check(&mut checks, "/password", password, "ratna.sari@dinas.example");
            let errors = checks.done().err().unwrap_or_default();
            errors.into_iter().map(|error| error.code).collect::<Vec<_>>()
        };
        assert_eq!(codes("eleven char"), ["too_short"]);
        assert_eq!(codes("twelve chars"), Vec::<String>::new());
        assert_eq!(codes(&"ab".repeat(100)), Vec::<String>::new());
        assert_eq!(codes(&"ab".repeat(101)), ["too_long"]);
        assert_eq!(codes(&"a".repeat(20)), ["too_simple"]);
        assert_eq!(codes("my Ratna.Sari 2021"), ["contains_email"]);
        assert_eq!(codes("twelve\0chars!"), ["nul"]);
    }
}
