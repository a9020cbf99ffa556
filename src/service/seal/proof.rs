//! Roots and proofs of the sealed trail, from a logarithmic number of reads: whole subtrees are put together from tiles of
//! at most 256 leaves or roots each, and a proof has at most two such subtrees for each level of the tree.

use crate::service::error::Error;
use crate::service::seal::merkle::{Growing, Hash, Part, Subtree};
use crate::service::seal::{TILE, TILE_LEVELS, merkle};
use crate::storage::AnyConnection;
use crate::storage::seal;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The most tiles that are remembered: half a mebibyte.
const MOST_TILES: usize = 64;

/// The root over the first so many leaves, all of which have to be sealed.
pub fn root(tx: &mut AnyConnection, size: i64) -> Result<Hash, Error> {
    Tiles::default().part(tx, Part { begin: 0, end: leaves(size)? })
}

/// The hashes that show that the tree of one size continues that of a smaller one; `None` where the smaller is none.
pub fn consistency(tx: &mut AnyConnection, from: i64, to: i64) -> Result<Option<Vec<Hash>>, Error> {
    let parts = merkle::consistency(leaves(from)?, leaves(to)?);
    parts.map(|parts| Tiles::default().all(tx, &parts)).transpose()
}

/// Proves within one transaction, and remembers the tiles that it read: proofs of neighbours read each but once.
#[derive(Default)]
pub struct Tiles {
    read: HashMap<(u32, i64), Vec<Hash>>,
}

impl Tiles {
    /// The hashes that lead from the leaf of a sequence to the root of a size; `None` where it is not in the tree.
    pub fn inclusion(
        &mut self,
        tx: &mut AnyConnection,
        seq: i64,
        size: i64,
    ) -> Result<Option<Vec<Hash>>, Error> {
        let index = leaves(seq.saturating_sub(1))?;
        merkle::inclusion(index, leaves(size)?).map(|parts| self.all(tx, &parts)).transpose()
    }

    fn all(&mut self, tx: &mut AnyConnection, parts: &[Part]) -> Result<Vec<Hash>, Error> {
        parts.iter().map(|one| self.part(tx, *one)).collect()
    }

    fn part(&mut self, tx: &mut AnyConnection, part: Part) -> Result<Hash, Error> {
        let subtrees = part.subtrees();
        let hashes: Result<Vec<Hash>, Error> =
            subtrees.into_iter().map(|one| self.subtree(tx, one)).collect();
        Ok(Part::root(&hashes?))
    }

    /// The hash of a whole subtree: put together from what the tile beneath it keeps.
    fn subtree(&mut self, tx: &mut AnyConnection, subtree: Subtree) -> Result<Hash, Error> {
        let (level, within) = (subtree.level / TILE_LEVELS, subtree.level % TILE_LEVELS);
        let count = number(1_u64.unbounded_shl(within))?;
        let first = number(subtree.index)?.saturating_mul(count);
        let tile = self.tile(tx, level, first.div_euclid(TILE))?;
        let begin = usize::try_from(first.rem_euclid(TILE)).unwrap_or_default();
        let end = begin.saturating_add(usize::try_from(count).unwrap_or_default());
        let lacking = || Error::Defect(format!("{subtree:?} lacks what it is made of"));
        let mut growing = Growing::default();
        for hash in tile.get(begin..end).ok_or_else(lacking)? {
            growing.push(*hash);
        }
        Ok(growing.root())
    }

    /// What there is of a tile: of the last one of a level it may be less than all.
    fn tile(
        &mut self,
        tx: &mut AnyConnection,
        level: u32,
        position: i64,
    ) -> Result<&[Hash], Error> {
        if self.read.len() >= MOST_TILES && !self.read.contains_key(&(level, position)) {
            self.read.clear();
        }
        let slot = match self.read.entry((level, position)) {
            Entry::Occupied(known) => return Ok(known.into_mut()),
            Entry::Vacant(slot) => slot,
        };
        let first = position.saturating_mul(TILE);
        let texts = match level {
            0 => seal::leaves(tx, first.saturating_add(1), first.saturating_add(TILE))?,
            above => seal::tiles(tx, i64::from(above), first, TILE)?,
        };
        let hash = |text: &String| {
            Hash::from_hex(text).ok_or_else(|| Error::Defect(format!("{text:?} is no hash")))
        };
        Ok(slot.insert(texts.iter().map(hash).collect::<Result<_, _>>()?))
    }
}

fn leaves(count: i64) -> Result<u64, Error> {
    u64::try_from(count).map_err(|_| Error::Defect(format!("{count} leaves")))
}

fn number(count: u64) -> Result<i64, Error> {
    i64::try_from(count).map_err(|_| Error::Defect(format!("{count} leaves")))
}
