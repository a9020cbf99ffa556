//! The checkpoints of the database and those from outside, each checked by the keys before it is held against the trail.

use crate::domain::moment::Moment;
use crate::service::seal::checkpoint::{MOST_KEYS, parsed};
use crate::service::seal::merkle::Hash;
use crate::service::seal::note::{self, Checkpoint, VerifierKey};
use crate::service::verify::trail::{By, Claim, LIMIT, Walk};
use crate::storage::{AnyConnection, DbError, checkpoint};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of those who sign, and how far the checkpoints of the database were read.
#[derive(Default)]
pub(super) struct Signed {
    origin: String,
    /// By whom checkpoints have to be signed, here and outside.
    trusted: Vec<VerifierKey>,
    /// Since when each key of the database is said to be used.
    listed: BTreeMap<String, Moment>,
    /// Since when each of those who are trusted is used, by the first checkpoint that it signed.
    used: BTreeMap<String, Moment>,
    /// Checkpoints from outside that the database has to have too, by their sizes.
    missing: BTreeMap<i64, Vec<String>>,
    /// The size of the last that was read; nothing more is read once one can't be.
    read: Option<i64>,
    ended: bool,
}

impl Walk {
    /// The keys of the database, and the notes from outside.
    pub(super) fn outside(&mut self, tx: &mut AnyConnection, origin: &str, by: By<'_>) {
        origin.clone_into(&mut self.signed.origin);
        let known = self.known_keys(tx);
        // A signature is worth as much as the key, which has to be known from elsewhere.
        self.signed.trusted = if by.keys.is_empty() { known } else { by.keys.to_vec() };
        let trusted: BTreeSet<String> =
            self.signed.trusted.iter().map(ToString::to_string).collect();
        for key in self.signed.listed.keys().filter(|key| !trusted.contains(*key)) {
            let words = "the database names a key that is not among those given";
            self.report.flags.push(format!("{words}: {key}"));
        }
        for one in by.outside {
            let place = format!("the checkpoint {}", one.name);
            if let Some(found) = self.claim(place.clone(), 0, &one.note) {
                let size = i64::try_from(found.size).unwrap_or(i64::MAX);
                self.signed.missing.entry(size).or_default().push(place);
            }
        }
    }

    /// The keys of the database, and since when each is said to be used.
    fn known_keys(&mut self, tx: &mut AnyConnection) -> Vec<VerifierKey> {
        let rows = checkpoint::keys(tx, MOST_KEYS).unwrap_or_else(|error| {
            let error = DbError::from(error);
            self.fail(0, format!("the kept keys can't be read: {error}"));
            Vec::new()
        });
        let mut known = Vec::with_capacity(rows.len());
        for key in rows {
            match parsed(&key) {
                Ok(parsed) => known.push(parsed),
                Err(_) => {
                    self.fail(0, format!("{:?} is kept as a key, and is none", key.verifier_key));
                }
            }
            self.signed.listed.insert(key.verifier_key, key.first_used_at);
        }
        known
    }

    /// Reads the checkpoints of the database up to a size, before the trail is walked to there.
    pub(super) fn kept_until(&mut self, tx: &mut AnyConnection, until: i64) {
        while !self.signed.ended {
            let after = self.signed.read;
            let rows = match checkpoint::between(tx, after, until, LIMIT) {
                Ok(rows) => rows,
                Err(error) => {
                    let error = DbError::from(error);
                    self.fail(0, format!("the kept checkpoints can't be read: {error}"));
                    self.signed.ended = true;
                    return;
                }
            };
            for row in &rows {
                self.kept(row);
            }
            // A size that is no whole number leads no further.
            let last = rows.last().map(|row| row.size);
            if last <= after {
                return;
            }
            self.signed.read = last;
        }
    }

    /// A checkpoint of the database: its row says what its note says.
    fn kept(&mut self, row: &checkpoint::Checkpoint) {
        self.signed.missing.remove(&row.size);
        let place = format!("the kept checkpoint of {}", row.size);
        let Some(found) = self.claim(place.clone(), row.size, &row.note) else { return };
        let same = i64::try_from(found.size) == Ok(row.size)
            && Hash::from_hex(&row.root) == Some(found.root)
            && found.made_at == row.made_at;
        if !same {
            self.fail(row.size, format!("{place} does not say what its note says"));
        }
        let Signed { trusted, used, .. } = &mut self.signed;
        for key in trusted {
            if note::open(&row.note, std::slice::from_ref(key)).is_ok() {
                used.entry(key.to_string()).or_insert(found.made_at);
            }
        }
    }

    /// What is left when all were read: those from outside that are not kept, and keys whose first use is told wrongly.
    pub(super) fn unsigned(&mut self, tx: &mut AnyConnection) {
        self.kept_until(tx, i64::MAX);
        for (size, places) in std::mem::take(&mut self.signed.missing) {
            for place in places {
                self.fail(size, format!("{place} is not kept in the database any more"));
            }
        }
        let Signed { trusted, listed, used, .. } = std::mem::take(&mut self.signed);
        for key in trusted.iter().map(ToString::to_string) {
            let (kept, found) = (listed.get(&key), used.get(&key));
            if kept != found {
                let since = |at: Option<&Moment>| at.map_or("never".to_owned(), Moment::to_string);
                let (kept, found) = (since(kept), since(found));
                self.fail(
                    0,
                    format!("{key} is kept as used since {kept}, and signed first {found}"),
                );
            }
        }
    }

    fn claim(&mut self, place: String, seq: i64, text: &str) -> Option<Checkpoint> {
        let Signed { origin, trusted, .. } = &self.signed;
        let found = match note::open(text, trusted) {
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
