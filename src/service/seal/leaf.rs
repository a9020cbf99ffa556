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
pub struct Leaf<'a> {
    /// Its place, from 1.
    pub seq: i64,
    /// When it was sealed.
    pub sealed_at: Moment,
    /// As it stands.
    pub event: &'a EventText,
    /// The hashes of the revisions that it made, by their ids.
    pub revisions: &'a [Hash],
    /// The hashes of the journal's entries that came with it, by their ids.
    pub entries: &'a [Hash],
}

/// Room for the bytes of one row at a time: taken once for many rows, since a row is larger than what is cheap to ask for.
pub type Room = Vec<u8>;

impl Leaf<'_> {
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
        out.text("action", action);
        out.optional("actor_id", actor_id.as_deref());
        out.optional("actor_role", actor_role.as_deref());
        out.moment("at", *at);
        out.text("content", content);
        out.hashes("entries", entries);
        out.optional("grant_id", grant_id.as_deref());
        out.text("id", id);
        out.text("outcome", outcome);
        out.optional("proposal_id", proposal_id.as_deref());
        out.optional("region_code", region_code.as_deref());
        out.text("request_id", request_id);
        out.hashes("revisions", revisions);
        out.moment("sealed_at", sealed_at);
        out.number("seq", Some(seq));
        out.text("subject_id", subject_id);
        out.text("subject_kind", subject_kind);
        out.done();
    }

    /// The hash of its leaf.
    pub fn hash(&self, room: &mut Room) -> Hash {
        self.write(room);
        Hash::leaf(room)
    }
}

/// The hash of a revision's canonical text.
pub fn revision_hash(row: &RevisionText, room: &mut Room) -> Hash {
    write_revision(row, room);
    Hash::of(room)
}

fn write_revision(row: &RevisionText, room: &mut Room) {
    let RevisionText { id, subject_kind, subject_id, version, event_id, content } = row;
    let mut out = Object::new(room);
    out.text("content", content);
    out.text("event_id", event_id);
    out.text("id", id);
    out.text("subject_id", subject_id);
    out.text("subject_kind", subject_kind);
    out.number("version", Some(*version));
    out.done();
}

/// The hash of the canonical text of an entry of the journal.
pub fn entry_hash(row: &EntryText, room: &mut Room) -> Hash {
    write_entry(row, room);
    Hash::of(room)
}

fn write_entry(row: &EntryText, room: &mut Room) {
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
    out.text("allocation_id", allocation_id);
    out.number("amount_idr", Some(*amount_idr));
    out.text("effective_on", &effective_on.to_string());
    out.text("event_id", event_id);
    out.number("fiscal_year", Some(*fiscal_year));
    out.text("from_account", from_account);
    out.text("id", id);
    out.text("kind", kind);
    out.number("origin_year", *origin_year);
    out.text("proposal_id", proposal_id);
    out.optional("reason", reason.as_deref());
    out.moment("recorded_at", *recorded_at);
    out.text("region_code", region_code);
    out.optional("reversed_kind", reversed_kind.as_deref());
    out.optional("reverses_id", reverses_id.as_deref());
    out.text("source_id", source_id);
    out.text("source_kind", source_kind);
    out.text("to_account", to_account);
    out.done();
}

/// Letters of a value that are quoted at a time.
const BLOCK: usize = 32;

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
        self.shown(&value);
        self.push("\"");
    }

    fn hashes(&mut self, name: &str, values: &[Hash]) {
        self.name(name);
        self.push("[");
        for (place, hash) in values.iter().enumerate() {
            self.push(if place == 0 { "\"" } else { ",\"" });
            self.shown(hash);
            self.push("\"");
        }
        self.push("]");
    }

    /// As JSON quotes with the fewest escapes: quote, backslash, and what is below the blank. By blocks, in which nothing
    /// depends on what a letter is: contents are JSON themselves, and so full of quotes that a search for the next one
    /// costs more than it spares.
    fn quoted(&mut self, value: &str) {
        self.push("\"");
        for block in value.as_bytes().chunks(BLOCK) {
            let (mut made, mut length, mut is_plain) = ([b'\\'; BLOCK * 2], 0_usize, true);
            for byte in block {
                is_plain &= *byte >= b' ';
                // A backslash is there already.
                length += usize::from((*byte == b'"') | (*byte == b'\\'));
                if let Some(place) = made.get_mut(length) {
                    *place = *byte;
                }
                length += 1;
            }
            match made.get(..length) {
                Some(made) if is_plain => self.0.extend_from_slice(made),
                _ => block.iter().for_each(|byte| self.escaped(*byte)),
            }
        }
        self.push("\"");
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
