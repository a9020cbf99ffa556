//! Checkpoints: the root of the sealed trail at a size, signed, and kept.

use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::seal::merkle::Hash;
use crate::service::seal::note::{self, Checkpoint, NoteError, SealKeys, VerifierKey};
use crate::service::seal::outlet::Found;
use crate::service::seal::{proof, sealer};
use crate::storage::checkpoint::{self, Checkpoint as Row, Key};
use crate::storage::seal::Sealer;
use crate::storage::{AnyConnection, seal};
use chrono::TimeDelta;

/// The most keys that are known: one more each time a key is changed.
pub const MOST_KEYS: i64 = 1_000;

/// Signs the trail as far as it is sealed now; `None` when there is a checkpoint of that size, or nothing is sealed.
///
/// It leaves no event: an event would be sealed, and need a checkpoint again. What it leaves is its own proof.
///
/// # Errors
///
/// `Defect` when the trail does not continue what was signed last: then nothing is signed.
pub fn make(sv: &Services, keys: &SealKeys) -> Result<Option<Row>, Error> {
    make_continuing(sv, keys, None, None)
}

/// The same, when the last one was signed some time ago, by whichever process, if that is asked for; and only where the
/// trail continues the last one that is kept outside, too.
pub fn make_continuing(
    sv: &Services,
    keys: &SealKeys,
    every: Option<TimeDelta>,
    outside: Option<&Found>,
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
            let kept = last.map(|row| Found {
                place: format!("the kept checkpoint of {}", row.size),
                size: row.size,
                note: row.note,
            });
            for found in outside.into_iter().chain(kept.as_ref()) {
                continues(tx, found, &sealer, keys)?;
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

/// Refuses where the trail has another root over as many events as were signed, or has not so many any more. By a key that
/// was changed since it can't be known who signed; what it says is compared all the same.
fn continues(
    tx: &mut AnyConnection,
    found: &Found,
    sealer: &Sealer,
    keys: &SealKeys,
) -> Result<(), Error> {
    let refused = |why: String| {
        Error::Defect(format!(
            "{} {why}: the trail was set back, cut or rewritten. Nothing is signed until that is settled",
            found.place
        ))
    };
    let signed = match note::open(&found.note, &keys.verifiers(&sealer.origin)) {
        Err(NoteError::Unknown) => note::unproved(&found.note),
        opened => Some(opened.map_err(|error| refused(format!("does not hold ({error})")))?),
    };
    let signed = signed.ok_or_else(|| refused("is no checkpoint".to_owned()))?;
    let size = i64::try_from(signed.size).unwrap_or(i64::MAX);
    if signed.origin != sealer.origin {
        return Err(refused(format!("is of the trail {}", signed.origin)));
    }
    if size > sealer.last_seq {
        return Err(refused(format!("is of {size} events, and there are {}", sealer.last_seq)));
    }
    match proof::root(tx, size)? == signed.root {
        true => Ok(()),
        false => Err(refused(format!("has another root over the first {size} events"))),
    }
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
