//! Merkle trees as RFC 6962 (2.1) has them: hashes of leaves and nodes, and which subtrees a root or a proof is made of.
//! Nothing is read here. A subtree is whole, or it is taken apart into whole ones; whoever asks reads those.

use crate::service::trail::digits;
use sha2::{Digest, Sha256};
use std::fmt;

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands before the first of a chain.
    pub const ZERO: Hash = Hash([0; 32]);

    /// Of bytes as they are.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// Of a leaf: a zero byte, then its bytes.
    pub fn leaf(bytes: &[u8]) -> Hash {
        Hash(Sha256::new_with_prefix([0]).chain_update(bytes).finalize().into())
    }

    /// Of a node: a one, then both its halves.
    pub fn node(left: Hash, right: Hash) -> Hash {
        let hasher = Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0);
        Hash(hasher.finalize().into())
    }

    /// The next link of a chain.
    pub fn link(self, leaf: Hash) -> Hash {
        Hash(Sha256::new_with_prefix(self.0).chain_update(leaf.0).finalize().into())
    }

    /// From 64 hexadecimal digits in lower case, as they are written here; nothing else stands for the same.
    pub fn from_hex(text: &str) -> Option<Hash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte.wrapping_sub(b'0')),
            b'a'..=b'f' => Some(byte.wrapping_sub(b'a').wrapping_add(10)),
            _ => None,
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = (digit(*high)? << 4) | digit(*low)?;
        }
        Some(Hash(bytes))
    }

    /// The same, where it is mostly one that is known: that one is not read digit by digit.
    pub fn expected(known: Option<Hash>, text: &str) -> Option<Hash> {
        known.filter(|hash| *text.as_bytes() == hash.letters()).or_else(|| Hash::from_hex(text))
    }

    /// Its 64 hexadecimal digits, in lower case.
    pub fn letters(self) -> [u8; 64] {
        let mut letters = [0; 64];
        let (pairs, _) = letters.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(self.0) {
            *pair = digits(byte);
        }
        letters
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.letters()).unwrap_or_default())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A whole subtree: 2^level leaves, the first of them at `index` times as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtree {
    /// How many times halves were put together.
    pub level: u32,
    /// Which of its level, from 0.
    pub index: u64,
}

impl Subtree {
    /// How many leaves it has.
    pub const fn leaves(self) -> u64 {
        1_u64.unbounded_shl(self.level)
    }
}

/// A part of a tree that has a hash of its own: leaves from `begin` to before `end`, the first at a multiple of the
/// power of two that spans them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The first leaf, from 0.
    pub begin: u64,
    /// Past the last.
    pub end: u64,
}

impl Part {
    /// The whole subtrees that it is made of, from left to right; none when it is empty. They are at most 64.
    pub fn subtrees(self) -> Vec<Subtree> {
        let mut all = Vec::new();
        let mut begin = self.begin;
        while begin < self.end {
            let left = self.end.saturating_sub(begin);
            // As large as what is left, and as the place lets it begin here.
            let level = left.ilog2().min(begin.trailing_zeros());
            let one = Subtree { level, index: begin.unbounded_shr(level) };
            all.push(one);
            begin = begin.saturating_add(one.leaves());
        }
        all
    }

    /// Its hash, from those of its subtrees; the hash of nothing when there are none.
    pub fn root(hashes: &[Hash]) -> Hash {
        let joined = hashes.iter().copied().rev().reduce(|right, left| Hash::node(left, right));
        joined.unwrap_or_else(|| Hash::of(b""))
    }
}

/// The largest power of two below `n`, which is above one.
fn split(n: u64) -> u64 {
    1_u64.unbounded_shl(n.saturating_sub(1).checked_ilog2().unwrap_or_default())
}

/// The parts whose hashes prove that a leaf is in a tree (RFC 6962, 2.1.1), from the leaf upwards. `None` when it is not.
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Part>> {
    if index >= size {
        return None;
    }
    let mut path = Vec::new();
    let (mut begin, mut end) = (0_u64, size);
    while end.saturating_sub(begin) > 1 {
        let middle = begin.saturating_add(split(end.saturating_sub(begin)));
        if index < middle {
            path.push(Part { begin: middle, end });
            end = middle;
        } else {
            path.push(Part { begin, end: middle });
            begin = middle;
        }
    }
    path.reverse();
    Some(path)
}

/// The parts whose hashes prove that a tree continues a smaller one (RFC 6962, 2.1.2). `None` when the smaller one is
/// empty, or larger. Nothing is to be proved between trees of the same size.
pub fn consistency(from: u64, to: u64) -> Option<Vec<Part>> {
    if from == 0 || from > to {
        return None;
    }
    let mut path = Vec::new();
    let (mut begin, mut end) = (0_u64, to);
    // Whether the part that is left is the whole of the smaller tree, whose hash is known.
    let mut known = true;
    while from < end {
        let middle = begin.saturating_add(split(end.saturating_sub(begin)));
        if from <= middle {
            path.push(Part { begin: middle, end });
            end = middle;
        } else {
            path.push(Part { begin, end: middle });
            begin = middle;
            known = false;
        }
    }
    if !known {
        path.push(Part { begin, end });
    }
    path.reverse();
    Some(path)
}

/// The root that a proof leads to from a leaf (RFC 9162, 2.1.3.2); `None` when it has the wrong length.
pub fn root_of_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    let parts = inclusion(index, size)?;
    if parts.len() != path.len() {
        return None;
    }
    Some(parts.iter().zip(path).fold(leaf, |so_far, (part, hash)| {
        if part.begin > index { Hash::node(so_far, *hash) } else { Hash::node(*hash, so_far) }
    }))
}

/// Whether a proof leads from the root of a smaller tree to that of a larger one (RFC 9162, 2.1.4.2).
pub fn is_consistent(from: (u64, Hash), to: (u64, Hash), path: &[Hash]) -> bool {
    let ((small, old), (large, new)) = (from, to);
    if small == large {
        return path.is_empty() && old == new;
    }
    let Some(parts) = consistency(small, large) else { return false };
    if parts.len() != path.len() {
        return false;
    }
    let mut steps = parts.iter().zip(path.iter().copied());
    // Where the smaller tree is a whole subtree, its root is where both begin.
    let (mut was, mut is) = match small.is_power_of_two() {
        true => (old, old),
        false => match steps.next() {
            Some((_, first)) => (first, first),
            None => return false,
        },
    };
    for (part, hash) in steps {
        if part.begin < small {
            was = Hash::node(hash, was);
            is = Hash::node(hash, is);
        } else {
            is = Hash::node(is, hash);
        }
    }
    was == old && is == new
}

/// A root that grows leaf by leaf, of which only the whole subtrees at the right edge are kept: at most 64.
#[derive(Debug, Clone, Default)]
pub struct Growing {
    edge: Vec<(u32, Hash)>,
    size: u64,
}

impl Growing {
    /// Adds a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let (mut level, mut hash) = (0_u32, leaf);
        while let Some((_, left)) = self.edge.pop_if(|(above, _)| *above == level) {
            hash = Hash::node(left, hash);
            level = level.saturating_add(1);
        }
        self.edge.push((level, hash));
        self.size = self.size.saturating_add(1);
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The whole subtrees that it is made of, from left to right.
    pub fn subtrees(&self) -> impl Iterator<Item = Hash> {
        self.edge.iter().map(|(_, hash)| *hash)
    }

    /// The root of what was added.
    pub fn root(&self) -> Hash {
        Part::root(&self.subtrees().collect::<Vec<_>>())
    }
}

#[cfg(test)]
#[path = "merkle_tests.rs"]
mod tests;
