//! The checkpoints of the database and those from outside, each checked by the keys before it is held against the trail.

use crate::domain::moment::Moment;
use crate::service::error::Error;
use crate::service::seal::checkpoint::{MOST_KEYS, parsed};
use crate::service::seal::merkle::Hash;
use crate::service::seal::note::{self, Checkpoint, VerifierKey};
use crate::service::seal::sealer;
use crate::service::verify::trail::{Claim, Kept, LIMIT, Walk};
use crate::storage::{AnyConnection, DbError, checkpoint, seal};
use std::collections::BTreeMap;

/// Since when a key is used: as it is kept, and by the first checkpoint that it signed.
pub(super) struct Since {
    kept: Moment,
    found: Option<Moment>,
}

/// What is known of those who sign, and how far the checkpoints of the database were read.
#[derive(Default)]
pub(super) struct Signed {
    origin: String,
    known: Vec<VerifierKey>,
    used: BTreeMap<String, Since>,
    /// Checkpoints from outside that the database has to have too, by their sizes.
    missing: BTreeMap<i64, Vec<String>>,
    /// The size of the last that was read; nothing more is read once one can't be.
    read: Option<i64>,
    ended: bool,
}

impl Walk {
    /// The keys of the database, and the notes from outside.
    pub(super) fn outside(
        &mut self,
        tx: &mut AnyConnection,
        outside: &[Kept],
        keys: &[VerifierKey],
    ) -> Result<(), Error> {
        self.signed.origin = sealer(seal::find(tx)?)?.origin;
        self.known_keys(tx);
        // A root that others trust is only as good as its signature by a key that they know from elsewhere.
        let trusted = if keys.is_empty() { self.signed.known.clone() } else { keys.to_vec() };
        for one in outside {
            let place = format!("the checkpoint {}", one.name);
            if let Some(found) = self.claim(place.clone(), 0, &one.note, &trusted) {
                let size = i64::try_from(found.size).unwrap_or(i64::MAX);
                self.signed.missing.entry(size).or_default().push(place);
            }
        }
        Ok(())
    }

    /// The keys of the database, and since when each is said to be used.
    fn known_keys(&mut self, tx: &mut AnyConnection) {
        let rows = checkpoint::keys(tx, MOST_KEYS).unwrap_or_else(|error| {
            let error = DbError::from(error);
            self.fail(0, format!("the kept keys can't be read: {error}"));
            Vec::new()
        });
        for key in rows {
            match parsed(&key) {
                Ok(parsed) => self.signed.known.push(parsed),
                Err(_) => {
                    self.fail(0, format!("{:?} is kept as a key, and is none", key.verifier_key));
                }
            }
            let since = Since { kept: key.first_used_at, found: None };
            self.signed.used.insert(key.verifier_key, since);
        }
    }

    /// Reads the checkpoints of the database up to a size, before the trail is walked to there.
    pub(super) fn kept_until(&mut self, tx: &mut AnyConnection, until: i64) {
        while !self.signed.ended {
            let after = self.signed.read.unwrap_or(i64::MIN);
            let rows = match checkpoint::between(tx, after, until, LIMIT) {
                Ok(rows) => rows,
                Err(error) => {
                    let error = DbError::from(error);
                    self.fail(0, format!("the kept checkpoints can't be read: {error}"));
                    self.signed.ended = true;
                    return;
                }
            };
            let Some(last) = rows.last() else { return };
            self.signed.read = Some(last.size);
            for row in &rows {
                self.kept(row);
            }
        }
    }

    /// A checkpoint of the database: its row says what its note says.
    fn kept(&mut self, row: &checkpoint::Checkpoint) {
        self.signed.missing.remove(&row.size);
        let place = format!("the kept checkpoint of {}", row.size);
        let known = std::mem::take(&mut self.signed.known);
        let claimed = self.claim(place.clone(), row.size, &row.note, &known);
        if let Some(found) = claimed {
            let same = i64::try_from(found.size) == Ok(row.size)
                && Hash::from_hex(&row.root) == Some(found.root)
                && found.made_at == row.made_at;
            if !same {
                self.fail(row.size, format!("{place} does not say what its note says"));
            }
            for key in &known {
                if note::open(&row.note, std::slice::from_ref(key)).is_ok()
                    && let Some(since) = self.signed.used.get_mut(&key.to_string())
                {
                    since.found.get_or_insert(found.made_at);
                }
            }
        }
        self.signed.known = known;
    }

    /// What is left when all were read: those from outside that are not kept, and keys that signed nothing.
    pub(super) fn unsigned(&mut self, tx: &mut AnyConnection) {
        self.kept_until(tx, i64::MAX);
        for (size, places) in std::mem::take(&mut self.signed.missing) {
            for place in places {
                self.fail(size, format!("{place} is not kept in the database any more"));
            }
        }
        for (key, Since { kept, found }) in std::mem::take(&mut self.signed.used) {
            if found != Some(kept) {
                let words =
                    format!("{key} is kept as used since {kept}, and no checkpoint says so");
                self.fail(0, words);
            }
        }
    }

    fn claim(
        &mut self,
        place: String,
        seq: i64,
        text: &str,
        keys: &[VerifierKey],
    ) -> Option<Checkpoint> {
        let origin = &self.signed.origin;
        let found = match note::open(text, keys) {
            Ok(found) if found.origin == *origin => found,
            Ok(found) => {
                let words = format!("{place} is of {}, and this trail is {origin}", found.origin);
                self.fail(seq, words);
                return None;
            }
            Err(error) => {
                self.fail(seq, format!("{place}: {error}"));
                return None;
            }
        };
        let size = i64::try_from(found.size).unwrap_or(i64::MAX);
        let claim = Claim { place, checkpoint: found.clone() };
        self.claims.entry(size).or_default().push(claim);
        Some(found)
    }
}
