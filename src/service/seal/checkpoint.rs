//! Checkpoints: the root of the sealed trail at a size, signed, and kept.

use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::seal::merkle::Hash;
use crate::service::seal::note::{Checkpoint, SealKeys, VerifierKey};
use crate::service::seal::{proof, sealer};
use crate::storage::checkpoint::{self, Checkpoint as Row, Key};
use crate::storage::seal;
use chrono::TimeDelta;

/// The most keys that are known: one more each time a key is changed.
pub const MOST_KEYS: i64 = 1_000;

/// Signs the trail as far as it is sealed now; `None` when there is a checkpoint of that size, or nothing is sealed.
///
/// It leaves no event: an event would be sealed, and need a checkpoint again. What it leaves is its own proof.
pub fn make(sv: &Services, keys: &SealKeys) -> Result<Option<Row>, Error> {
    make_after(sv, keys, None)
}

/// The same, when the last one was signed some time ago, by whichever process.
pub fn make_when_due(
    sv: &Services,
    keys: &SealKeys,
    every: TimeDelta,
) -> Result<Option<Row>, Error> {
    make_after(sv, keys, Some(every))
}

fn make_after(
    sv: &Services,
    keys: &SealKeys,
    every: Option<TimeDelta>,
) -> Result<Option<Row>, Error> {
    sv.db.write(
        "seal.checkpoint",
        |tx| {
            // So that of two processes the second finds what the first signed, and by which key.
            let sealer = sealer(seal::lock(tx)?)?;
            let (size, made_at) = (sealer.last_seq, sv.clock.now());
            let last = checkpoint::newest(tx)?;
            let is_due = every.is_none_or(|every| is_due(last.as_ref(), every, made_at));
            if size == 0 || !is_due || checkpoint::of_size(tx, size)?.is_some() {
                return Ok(None);
            }
            let root = proof::root(tx, size)?;
            let events = u64::try_from(size).unwrap_or_default();
            let signed = Checkpoint { origin: sealer.origin, size: events, root, made_at };
            let note = keys.sign(&signed)?;
            let row = Row { size, root: root.to_string(), note, made_at };
            if checkpoint::append(tx, &row)? == 0 {
                return Ok(None);
            }
            for verifier in keys.verifiers(&signed.origin) {
                let key = Key { verifier_key: verifier.to_string(), first_used_at: made_at };
                checkpoint::remember_key(tx, &key)?;
            }
            Ok(Some(row))
        },
        |_, _| Ok(()),
    )
}

/// Whether another checkpoint may follow the last one. One that was made in the future was made by a clock that was wrong:
/// it is not waited for.
pub fn is_due(last: Option<&Row>, every: TimeDelta, now: Moment) -> bool {
    last.is_none_or(|last| last.made_at > now || now >= last.made_at.after(every))
}

/// The newest checkpoint.
pub fn newest(sv: &Services) -> Result<Option<Row>, Error> {
    sv.db.read(|tx| Ok(checkpoint::newest(tx)?))
}

/// The public keys that ever signed.
pub fn known_keys(sv: &Services) -> Result<Vec<VerifierKey>, Error> {
    let rows = sv.db.read(|tx| Ok::<_, Error>(checkpoint::keys(tx, MOST_KEYS)?))?;
    rows.iter().map(parsed).collect()
}

/// A key as it was kept.
pub fn parsed(key: &Key) -> Result<VerifierKey, Error> {
    key.verifier_key
        .parse()
        .map_err(|error| Error::Defect(format!("{}: {error}", key.verifier_key)))
}

/// The name of this trail in its checkpoints.
pub fn origin(sv: &Services) -> Result<String, Error> {
    Ok(sv.db.read(|tx| sealer(seal::find(tx)?))?.origin)
}

/// The root of a checkpoint's row, as it was kept.
pub fn root_of(row: &Row) -> Option<Hash> {
    Hash::from_hex(&row.root)
}
