//! The bytes of an event, of a revision and of an entry of the journal: canonical JSON of every column as it stands.
//!
//! `docs/audit.md` says the same for whoever checks without Sentra. Rows are taken apart by name, and are made of all
//! columns of their table: a new column does not compile until it is written here.

use crate::domain::moment::Moment;
use crate::service::seal::merkle::Hash;
use crate::storage::seal::{EntryText, EventText, RevisionText};
use std::fmt;
use std::io::Write;

/// An event with all that its leaf covers.
#[derive(Debug, Clone, Copy)]
pub struct Leaf<'a, T = String> {
    /// Its place, from 1.
    pub seq: i64,
    /// When it was sealed.
    pub sealed_at: Moment,
    /// As it stands.
    pub event: &'a EventText<T>,
    /// The hashes of the revisions that it made, by their ids.
    pub revisions: &'a [Hash],
    /// The hashes of the journal's entries that came with it, by their ids.
    pub entries: &'a [Hash],
}

/// Room for the bytes of one row at a time: taken once for many rows, since a row is larger than what is cheap to ask for.
pub type Room = Vec<u8>;

impl<T: AsRef<str>> Leaf<'_, T> {
    /// Its canonical text.
    pub fn text(&self) -> String {
        let mut room = Room::new();
        self.write(&mut room);
        // It is made of texts; were it not, another text has another hash.
        String::from_utf8(room)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// Writes its canonical text, in place of whatever the room had.
    fn write(&self, room: &mut Room) {
        let Leaf { seq, sealed_at, event, revisions, entries } = *self;
        let EventText {
            id,
            at,
            actor_id,
            actor_role,
            grant_id,
            action,
            outcome,
            subject_kind,
            subject_id,
            proposal_id,
            region_code,
            content,
            request_id,
        } = event;
        let mut out = Object::new(room);
        out.text("action", action.as_ref());
        out.optional("actor_id", actor_id.as_ref().map(AsRef::as_ref));
        out.optional("actor_role", actor_role.as_ref().map(AsRef::as_ref));
        out.moment("at", *at);
        out.text("content", content.as_ref());
        out.hashes("entries", entries);
        out.optional("grant_id", grant_id.as_ref().map(AsRef::as_ref));
        out.text("id", id.as_ref());
        out.text("outcome", outcome.as_ref());
        out.optional("proposal_id", proposal_id.as_ref().map(AsRef::as_ref));
        out.optional("region_code", region_code.as_ref().map(AsRef::as_ref));
        out.text("request_id", request_id.as_ref());
        out.hashes("revisions", revisions);
        out.moment("sealed_at", sealed_at);
        out.number("seq", Some(seq));
        out.text("subject_id", subject_id.as_ref());
        out.text("subject_kind", subject_kind.as_ref());
        out.done();
    }

    /// The hash of its leaf.
    pub fn hash(&self, room: &mut Room) -> Hash {
        self.write(room);
        Hash::leaf(room)
    }
}

/// The hash of a revision's canonical text.
pub fn revision_hash<T: AsRef<str>>(row: &RevisionText<T>, room: &mut Room) -> Hash {
    write_revision(row, room);
    Hash::of(room)
}

fn write_revision<T: AsRef<str>>(row: &RevisionText<T>, room: &mut Room) {
    let RevisionText { id, subject_kind, subject_id, version, event_id, content } = row;
    let mut out = Object::new(room);
    out.text("content", content.as_ref());
    out.text("event_id", event_id.as_ref());
    out.text("id", id.as_ref());
    out.text("subject_id", subject_id.as_ref());
    out.text("subject_kind", subject_kind.as_ref());
    out.number("version", Some(*version));
    out.done();
}

/// The hash of the canonical text of an entry of the journal.
pub fn entry_hash<T: AsRef<str>>(row: &EntryText<T>, room: &mut Room) -> Hash {
    write_entry(row, room);
    Hash::of(room)
}

fn write_entry<T: AsRef<str>>(row: &EntryText<T>, room: &mut Room) {
    let EntryText {
        id,
        kind,
        proposal_id,
        allocation_id,
        fiscal_year,
        region_code,
        from_account,
        to_account,
        amount_idr,
        effective_on,
        recorded_at,
        source_kind,
        source_id,
        event_id,
        reverses_id,
        reversed_kind,
        reason,
        origin_year,
    } = row;
    let mut out = Object::new(room);
    out.text("allocation_id", allocation_id.as_ref());
    out.number("amount_idr", Some(*amount_idr));
    out.text("effective_on", &effective_on.to_string());
    out.text("event_id", event_id.as_ref());
    out.number("fiscal_year", Some(*fiscal_year));
    out.text("from_account", from_account.as_ref());
    out.text("id", id.as_ref());
    out.text("kind", kind.as_ref());
    out.number("origin_year", *origin_year);
    out.text("proposal_id", proposal_id.as_ref());
    out.optional("reason", reason.as_ref().map(AsRef::as_ref));
    out.moment("recorded_at", *recorded_at);
    out.text("region_code", region_code.as_ref());
    out.optional("reversed_kind", reversed_kind.as_ref().map(AsRef::as_ref));
    out.optional("reverses_id", reverses_id.as_ref().map(AsRef::as_ref));
    out.text("source_id", source_id.as_ref());
    out.text("source_kind", source_kind.as_ref());
    out.text("to_account", to_account.as_ref());
    out.done();
}

/// Letters of a value that are quoted at a time: a bit for each.
const BLOCK: usize = 32;

/// Which letters of a block are to be escaped: a bit for each. Without a branch, so that many are looked at at a time.
fn specials(block: &[u8; BLOCK]) -> u32 {
    let mut marked = [0_u8; BLOCK];
    for (mark, byte) in marked.iter_mut().zip(block) {
        let is_special = (*byte == b'"') | (*byte == b'\\') | (*byte < b' ');
        *mark = if is_special { 0x80 } else { 0 };
    }
    let (eights, _) = marked.as_chunks::<8>();
    eights.iter().rev().fold(0, |bits, eight| {
        // Gathers the highest bit of each byte in the highest byte.
        let gathered = u64::from_le_bytes(*eight).wrapping_mul(0x0002_0408_1020_4081);
        let [highest, ..] = gathered.to_be_bytes();
        (bits << 8) | u32::from(highest)
    })
}

/// Writes letters of a window, from one to before another, and returns the place behind them. As many as a block has are
/// copied, whatever is wanted of them: the next ones overwrite the rest.
fn copied<'a>(
    out: &'a mut [u8],
    window: &[u8; BLOCK * 2],
    (from, to): (usize, usize),
) -> &'a mut [u8] {
    let block = window.get(from..).and_then(|rest| rest.first_chunk::<BLOCK>());
    if let (Some(block), Some(place)) = (block, out.first_chunk_mut::<BLOCK>()) {
        *place = *block;
    }
    out.get_mut(to.saturating_sub(from)..).unwrap_or_default()
}

/// An object of canonical JSON whose names come in order, as the bytes of its text. Written by hand: this runs for every
/// event of a trail, and taking the way through a map would cost as much as all the rest.
struct Object<'a>(&'a mut Room);

impl<'a> Object<'a> {
    fn new(room: &'a mut Room) -> Object<'a> {
        room.clear();
        Object(room)
    }

    fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn name(&mut self, name: &str) {
        self.push(if self.0.is_empty() { "{\"" } else { ",\"" });
        self.push(name);
        self.push("\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quoted(value);
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => {
                self.name(name);
                self.push("null");
            }
        }
    }

    fn number(&mut self, name: &str, value: Option<i64>) {
        self.name(name);
        match value {
            Some(value) => self.shown(&value),
            None => self.push("null"),
        }
    }

    /// What has neither quotes nor backslashes.
    fn shown(&mut self, value: &dyn fmt::Display) {
        // Writing into a vector never fails.
        let _ = write!(self.0, "{value}");
    }

    fn moment(&mut self, name: &str, value: Moment) {
        self.name(name);
        self.push("\"");
        match value.letters() {
            Some(letters) => self.0.extend_from_slice(&letters),
            None => self.shown(&value),
        }
        self.push("\"");
    }

    fn hashes(&mut self, name: &str, values: &[Hash]) {
        self.name(name);
        self.push("[");
        for (place, hash) in values.iter().enumerate() {
            self.push(if place == 0 { "\"" } else { ",\"" });
            self.0.extend_from_slice(&hash.letters());
            self.push("\"");
        }
        self.push("]");
    }

    /// As JSON quotes with the fewest escapes: quote, backslash, and what is below the blank. By blocks: contents are JSON
    /// themselves, and so full of quotes that to go letter by letter, or to search for the next one, costs more than all
    /// the hashing.
    fn quoted(&mut self, value: &str) {
        self.push("\"");
        let mut rest = value.as_bytes();
        while let Some(window) = rest.first_chunk() {
            self.block(window);
            rest = rest.get(BLOCK..).unwrap_or_default();
        }
        // The last blocks are filled up with blanks, which are taken away again.
        let mut last = [b' '; BLOCK * 3];
        for (place, byte) in last.iter_mut().zip(rest) {
            *place = *byte;
        }
        let blocks = rest.len().div_ceil(BLOCK);
        for window in (0..blocks).filter_map(|block| last.get(block * BLOCK..)?.first_chunk()) {
            self.block(window);
        }
        let blanks = (blocks * BLOCK).saturating_sub(rest.len());
        self.0.truncate(self.0.len().saturating_sub(blanks));
        self.push("\"");
    }

    /// The first block of a window.
    fn block(&mut self, window: &[u8; BLOCK * 2]) {
        let Some(block) = window.first_chunk::<BLOCK>() else { return };
        let (mut from, mut left) = (0_usize, specials(block));
        let start = self.0.len();
        // Twice a block where each letter is escaped, and a block that is copied too far.
        self.0.extend_from_slice(&[0; BLOCK * 3]);
        let mut out = self.0.get_mut(start..).unwrap_or_default();
        while left != 0 {
            let at = usize::try_from(left.trailing_zeros()).unwrap_or(BLOCK);
            let letter = window.get(at).copied().unwrap_or_default();
            if letter < b' ' {
                // Rare, and longer than two letters.
                self.0.truncate(start);
                block.iter().for_each(|byte| self.escaped(*byte));
                return;
            }
            out = copied(out, window, (from, at));
            if let Some(place) = out.first_chunk_mut() {
                *place = [b'\\', letter];
            }
            out = out.get_mut(2..).unwrap_or_default();
            from = at.saturating_add(1);
            left &= left.wrapping_sub(1);
        }
        let unused = copied(out, window, (from, BLOCK)).len();
        self.0.truncate(self.0.len().saturating_sub(unused));
    }

    fn escaped(&mut self, byte: u8) {
        match byte {
            b'"' => self.push("\\\""),
            b'\\' => self.push("\\\\"),
            8 => self.push("\\b"),
            b'\t' => self.push("\\t"),
            b'\n' => self.push("\\n"),
            12 => self.push("\\f"),
            b'\r' => self.push("\\r"),
            0..b' ' => self.shown(&format_args!("\\u{byte:04x}")),
            _ => self.0.push(byte),
        }
    }

    fn done(self) {
        self.0.push(b'}');
    }
}

#[cfg(test)]
#[path = "leaf_tests.rs"]
mod tests;
