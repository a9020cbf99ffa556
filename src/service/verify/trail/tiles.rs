//! The tiles that are kept, page by page, against those that follow from the leaves.

use crate::service::error::Error;
use crate::service::seal::TILE;
use crate::service::seal::merkle::Hash;
use crate::service::verify::trail::{PAGE, Walk};
use crate::storage::seal::Tile;
use crate::storage::{AnyConnection, trail};

/// A place of a tile, and its root where it can be read.
type Rooted = ((i64, i64), Option<String>);

/// The next tiles. What can't be read is looked for one by one, so that it can be named.
fn tiles_after(tx: &mut AnyConnection, after: Option<(i64, i64)>) -> Result<Vec<Rooted>, Error> {
    if let Ok(rows) = trail::tiles(tx, after, PAGE) {
        let rooted = |Tile { level, position, root }| ((level, position), Some(root));
        return Ok(rows.into_iter().map(rooted).collect());
    }
    let places = trail::tile_places(tx, after, PAGE)?.into_iter();
    Ok(places.map(|place| (place, trail::tile_root(tx, place).ok())).collect())
}

impl Walk {
    /// What is kept of whole subtrees is what follows from their leaves.
    pub(super) fn tiles(&mut self, tx: &mut AnyConnection) -> Result<(), Error> {
        let mut after = None;
        loop {
            let rows = tiles_after(tx, after)?;
            let end = rows.last().map(|(place, _)| *place);
            // A position that is no whole number leads no further.
            if end <= after {
                break;
            }
            after = end;
            for (place, root) in rows {
                let made = self.made.remove(&place);
                if made.is_none() || made != root.as_deref().and_then(Hash::from_hex) {
                    self.bad_tile(place, "is not that of its leaves");
                }
            }
        }
        for (place, _) in std::mem::take(&mut self.made) {
            self.bad_tile(place, "is not there");
        }
        Ok(())
    }

    /// Names a tile, unless what is wrong with it follows from what is wrong beneath it.
    fn bad_tile(&mut self, (level, position): (i64, i64), words: &str) {
        let leaves = (0..level.clamp(0, 8)).fold(1_i64, |so_far, _| so_far.saturating_mul(TILE));
        let first = position.saturating_mul(leaves).saturating_add(1);
        let within = first..first.saturating_add(leaves);
        if !self.findings.iter().any(|finding| within.contains(&finding.seq)) {
            self.fail(first, format!("the tile {position} of level {level} {words}"));
        }
    }
}
