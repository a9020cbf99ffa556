//! Roots and proofs of the sealed trail, from a logarithmic number of reads: whole subtrees are put together from at most
//! 128 leaves or roots of tiles each, and a proof has at most two such subtrees for each level of the tree.

use crate::service::error::Error;
use crate::service::seal::merkle::{Growing, Hash, Part, Subtree};
use crate::service::seal::{TILE_LEVELS, merkle};
use crate::storage::AnyConnection;
use crate::storage::seal;

/// The root over the first so many leaves, all of which have to be sealed.
pub fn root(tx: &mut AnyConnection, size: i64) -> Result<Hash, Error> {
    part(tx, Part { begin: 0, end: leaves(size)? })
}

/// The hashes that lead from the leaf of a sequence to the root of a size; `None` where it is not in the tree.
pub fn inclusion(tx: &mut AnyConnection, seq: i64, size: i64) -> Result<Option<Vec<Hash>>, Error> {
    let index = leaves(seq.saturating_sub(1))?;
    merkle::inclusion(index, leaves(size)?).map(|parts| all(tx, &parts)).transpose()
}

/// The hashes that show that the tree of one size continues that of a smaller one; `None` where the smaller is none.
pub fn consistency(tx: &mut AnyConnection, from: i64, to: i64) -> Result<Option<Vec<Hash>>, Error> {
    merkle::consistency(leaves(from)?, leaves(to)?).map(|parts| all(tx, &parts)).transpose()
}

fn all(tx: &mut AnyConnection, parts: &[Part]) -> Result<Vec<Hash>, Error> {
    parts.iter().map(|one| part(tx, *one)).collect()
}

fn part(tx: &mut AnyConnection, part: Part) -> Result<Hash, Error> {
    let subtrees = part.subtrees();
    let hashes: Result<Vec<Hash>, Error> =
        subtrees.into_iter().map(|one| subtree(tx, one)).collect();
    Ok(Part::root(&hashes?))
}

/// The hash of a whole subtree: put together from what the tiles beneath it keep.
fn subtree(tx: &mut AnyConnection, subtree: Subtree) -> Result<Hash, Error> {
    let (tiles, within) = (subtree.level / TILE_LEVELS, subtree.level % TILE_LEVELS);
    let count = number(1_u64.unbounded_shl(within))?;
    let first = number(subtree.index)?.saturating_mul(count);
    let below = match tiles {
        0 => seal::leaves(tx, first.saturating_add(1), first.saturating_add(count))?,
        level => seal::tiles(tx, i64::from(level), first, count)?,
    };
    if i64::try_from(below.len()) != Ok(count) {
        return Err(Error::Defect(format!("{subtree:?} lacks what it is made of")));
    }
    let mut growing = Growing::default();
    for text in &below {
        let hash = Hash::from_hex(text);
        growing.push(hash.ok_or_else(|| Error::Defect(format!("{text:?} is no hash")))?);
    }
    Ok(growing.root())
}

fn leaves(count: i64) -> Result<u64, Error> {
    u64::try_from(count).map_err(|_| Error::Defect(format!("{count} leaves")))
}

fn number(count: u64) -> Result<i64, Error> {
    i64::try_from(count).map_err(|_| Error::Defect(format!("{count} leaves")))
}
