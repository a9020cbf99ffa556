//! Proves the sealed trail from its rows: each leaf from what is kept of its event, the chain, the tiles, every
//! checkpoint that was signed, here and outside, the commitments of personal values; and that nothing stands beside it.

mod beside;
mod notes;
mod tiles;

use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::error::Error;
use crate::service::seal::TILE;
use crate::service::seal::leaf::{self, Leaf, Room};
use crate::service::seal::merkle::{Growing, Hash, Part};
use crate::service::seal::note::{Checkpoint, VerifierKey};
use crate::service::trail::commitment;
use crate::storage::packed::Packed;
use crate::storage::seal::{EventText, Sealer};
use crate::storage::trail::page::{Page, PersonalText, Sealed, of_seq, page};
use crate::storage::trail::{self, Counts};
use crate::storage::{AnyConnection, DbError, seal};
use chrono::TimeDelta;
use notes::Signed;
use std::collections::{BTreeMap, BTreeSet};

/// Sequences of one page: few enough that what is read of it is still near when it is hashed.
const PAGE: i64 = 250;
/// The most findings that are told; one is enough to distrust the rest.
const MOST: usize = 50;
/// The same for queries.
const LIMIT: i64 = 50;
/// How far a clock may be ahead of that of whoever verifies.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// How long an event waits to be sealed, whatever else is done.
const WAIT: TimeDelta = TimeDelta::minutes(1);

/// A checkpoint that was kept outside the database.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Where it was found.
    pub name: String,
    /// The signed note.
    pub note: String,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The first sequence that it touches.
    pub seq: i64,
    /// What, in words.
    pub words: String,
}

/// What the verification of a trail found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailReport {
    /// Sealed events that were looked at.
    pub sealed: i64,
    /// Events that wait to be sealed.
    pub waiting: usize,
    /// Checkpoints that hold, here and outside.
    pub checkpoints: usize,
    /// What does not hold, by sequence; at most 50, the first ones.
    pub findings: Vec<Finding>,
    /// What breaks nothing, and somebody should know.
    pub flags: Vec<String>,
}

/// By what a trail is verified.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Checkpoints that were kept elsewhere.
    pub outside: &'a [Kept],
    /// The public keys to trust, for those and for the checkpoints of the database; its own when there are none: then it
    /// is only itself that it agrees with.
    pub keys: &'a [VerifierKey],
    /// Now: nothing is sealed later.
    pub now: Moment,
}

/// Verifies the trail in one snapshot.
pub fn verify(
    sv: &Services,
    outside: &[Kept],
    keys: &[VerifierKey],
    mut progress: impl FnMut(i64),
) -> Result<TrailReport, Error> {
    let by = By { outside, keys, now: sv.clock.now() };
    sv.db.read(|tx| verify_in(tx, by, &mut progress))
}

/// The same, over a connection of one's own.
pub fn verify_in(
    tx: &mut AnyConnection,
    by: By<'_>,
    progress: &mut dyn FnMut(i64),
) -> Result<TrailReport, Error> {
    let mut walk = Walk::default();
    let sealer = walk.sealer(tx);
    walk.outside(tx, &sealer.origin, by);
    let mut after = None;
    loop {
        let seqs = match trail::seqs(tx, after, PAGE) {
            Ok(seqs) => seqs,
            Err(error) => {
                let words = "what is sealed from here on can't be read";
                walk.fail(
                    walk.last.saturating_add(1),
                    format!("{words}: {}", DbError::from(error)),
                );
                break;
            }
        };
        let Some((from, to)) = trail::ends(&seqs, after) else { break };
        after = Some(to);
        walk.kept_until(tx, to);
        match page(tx, from, to) {
            Ok(page) => walk.page(&page),
            // What can't be read is looked for row by row, so that it can be named.
            Err(_) => {
                for seq in seqs {
                    match page(tx, seq, seq) {
                        Ok(one) => walk.page(&one),
                        Err(error) => walk.unreadable(seq, &DbError::from(error)),
                    }
                }
            }
        }
        walk.sealed_twice(tx);
        progress(walk.report.sealed);
    }
    walk.unsigned(tx);
    walk.end(tx, &sealer, by.now)?;
    beside::look(tx, &mut walk, by.now)?;
    let is_empty = walk.report.sealed == 0 && walk.report.waiting == 0;
    if !by.keys.is_empty() && !is_empty && walk.report.checkpoints == 0 {
        // Whatever else does not hold comes first.
        let words = "no checkpoint that is signed by a trusted key holds";
        walk.fail(walk.last.saturating_add(1), words.to_owned());
    }
    let mut report = walk.report;
    report.findings = walk.findings.into_iter().take(MOST).collect();
    Ok(report)
}

/// A note that claims a root at a size, and where it was found.
struct Claim {
    place: String,
    checkpoint: Checkpoint,
}

/// What an event's leaf covers beside it: hashes of its revisions and of its entries of the journal.
#[derive(Default)]
struct Parts {
    revisions: Vec<Hash>,
    entries: Vec<Hash>,
}

/// What is known on the way through the trail.
#[derive(Default)]
struct Walk {
    report: TrailReport,
    /// What does not hold: those that come first.
    findings: BTreeSet<Finding>,
    /// The tree: leaves since the last whole tile, then roots of tiles since the last of the level above, and so on.
    edges: Vec<Growing>,
    /// Tiles that were completed, and are yet to be compared with those that are kept.
    made: BTreeMap<(i64, i64), Hash>,
    chain: Option<Hash>,
    /// The last sequence that there was.
    last: i64,
    sealed_at: Moment,
    claims: BTreeMap<i64, Vec<Claim>>,
    signed: Signed,
    /// Where the bytes of one row after another are put together.
    room: Room,
    /// The largest id of an event so far.
    newest: String,
    /// Events of a page whose ids are not above all before: only these can have been sealed already.
    late: Vec<String>,
    /// The rows that it came by.
    found: Counts,
    /// Whether a value of them is not kept as it is written here.
    is_odd: bool,
}

impl Walk {
    fn fail(&mut self, seq: i64, words: String) {
        // Those that come first are named, whenever they are found; the later ones mostly follow from them.
        self.findings.insert(Finding { seq, words });
        if self.findings.len() > MOST.saturating_mul(2) {
            self.findings.pop_last();
        }
    }

    /// The sealer's row; a blank one where it is not there, which is a finding.
    fn sealer(&mut self, tx: &mut AnyConnection) -> Sealer {
        match seal::find(tx) {
            Ok(Some(sealer)) => return sealer,
            Ok(None) => self.fail(0, "the row of the sealer is not there".to_owned()),
            Err(error) => {
                let error = DbError::from(error);
                self.fail(0, format!("the row of the sealer can't be read: {error}"));
            }
        }
        Sealer::default()
    }

    fn unreadable(&mut self, seq: i64, error: &DbError) {
        let _ = self.reach(seq);
        self.fail(seq, format!("what is kept of it can't be read: {error}"));
    }

    fn page(&mut self, page: &Page) {
        self.found = self.found.and(page.counts());
        self.is_odd |= page.is_odd();
        let mut revisions = page.revisions.iter().peekable();
        let mut entries = page.entries.iter().peekable();
        let mut personal = page.personal.iter().peekable();
        let mut parts = Parts::default();
        for place in &page.seals {
            let seq = place.row.seq;
            let hashes = of_seq(&mut revisions, seq)
                .map(|one| leaf::revision_hash(&one.revision(), &mut self.room));
            parts.revisions.clear();
            parts.revisions.extend(hashes);
            let hashes =
                of_seq(&mut entries, seq).map(|one| leaf::entry_hash(&one.entry(), &mut self.room));
            parts.entries.clear();
            parts.entries.extend(hashes);
            let values: Vec<PersonalText<&str>> =
                of_seq(&mut personal, seq).map(Packed::personal).collect();
            if !self.reach(seq) {
                continue;
            }
            let event = place.event();
            self.seal(place, event.as_ref(), &parts);
            if let Some(event) = event.filter(|_| !values.is_empty()) {
                self.personal(seq, event.content, &values);
            }
        }
    }

    /// Names the gap before a sequence, if there is one; whether it can stand there at all.
    fn reach(&mut self, seq: i64) -> bool {
        let expected = self.last.saturating_add(1);
        if seq < expected {
            self.fail(seq, format!("there is a seal of sequence {seq}, below {expected}"));
            return false;
        }
        if seq > expected {
            self.fail(expected, format!("there is no seal from this sequence to {}", seq - 1));
        }
        self.last = seq;
        true
    }

    /// Names what an earlier sequence has sealed already.
    fn sealed_twice(&mut self, tx: &mut AnyConnection) {
        let late = std::mem::take(&mut self.late);
        if late.is_empty() {
            return;
        }
        for seq in self.told(trail::sealed_twice(tx, &late)) {
            self.fail(seq, "an earlier sequence has sealed its event already".to_owned());
        }
    }

    fn seal(&mut self, place: &Packed<Sealed>, event: Option<&EventText<&str>>, parts: &Parts) {
        let (Sealed { seq, sealed_at, repeats, .. }, event_id) = (place.row, place.event_id());
        if *event_id > *self.newest {
            event_id.clone_into(&mut self.newest);
        } else {
            self.late.push(event_id.to_owned());
        }
        self.report.sealed = self.report.sealed.saturating_add(1);
        let leaf = event.map(|event| {
            let Parts { revisions, entries } = parts;
            Leaf { seq, sealed_at, event, revisions, entries }.hash(&mut self.room)
        });
        let kept = Hash::expected(leaf, place.leaf());
        if leaf.is_none() {
            self.fail(seq, format!("its event {event_id} is not there"));
        } else if leaf != kept {
            let words = "is not what was sealed";
            self.fail(seq, format!("what is kept of event {event_id} {words}"));
        }
        if !repeats {
            let words = "its seal names another action, actor, region, outcome or kind of subject";
            self.fail(seq, words.to_owned());
        }
        let before = self.chain.unwrap_or(Hash::ZERO);
        let next = kept.map(|leaf| before.link(leaf));
        let link = Hash::expected(next, place.hash());
        if link.is_none() || link != next {
            self.fail(seq, "it does not continue the chain".to_owned());
        }
        self.chain = link.or(self.chain);
        if sealed_at < self.sealed_at {
            self.fail(seq, "it was sealed earlier than the one before".to_owned());
        }
        self.sealed_at = self.sealed_at.max(sealed_at);
        // From what is there, and not from what is said of it: a root that was signed is compared with this.
        self.grow(seq, leaf.or(kept).unwrap_or(Hash::ZERO));
    }

    fn grow(&mut self, seq: i64, leaf: Hash) {
        let (mut position, mut hash) = (seq, leaf);
        for level in 1.. {
            let Some(tile) = self.edges.get_mut(level - 1) else {
                self.edges.push(Growing::default());
                let Some(tile) = self.edges.last_mut() else { return };
                tile.push(hash);
                break;
            };
            tile.push(hash);
            if i64::try_from(tile.size()) != Ok(TILE) {
                break;
            }
            hash = std::mem::take(tile).root();
            position = position.div_euclid(TILE);
            let level = i64::try_from(level).unwrap_or(i64::MAX);
            self.made.insert((level, position.saturating_sub(1)), hash);
        }
        for claim in self.claims.remove(&seq).unwrap_or_default() {
            if claim.checkpoint.root == self.root() {
                self.report.checkpoints = self.report.checkpoints.saturating_add(1);
            } else {
                self.fail(seq, format!("{} has another root over the first {seq}", claim.place));
            }
        }
    }

    /// The root over all so far.
    fn root(&self) -> Hash {
        let subtrees: Vec<Hash> = self.edges.iter().rev().flat_map(Growing::subtrees).collect();
        Part::root(&subtrees)
    }

    fn personal(&mut self, seq: i64, content: &str, rows: &[PersonalText<&str>]) {
        let content: serde_json::Value = serde_json::from_str(content).unwrap_or_default();
        for PersonalText { field, salt, value, .. } in rows {
            let sealed = content.get(format!("{field}_commitment")).and_then(|text| text.as_str());
            if sealed != Some(&commitment(salt, field, value)) {
                self.fail(
                    seq,
                    format!("its personal value {field:?} is not the one that it committed to"),
                );
            }
        }
    }

    /// What has to hold at the end: the sealer's own row, the tiles, and that no checkpoint reaches further.
    fn end(&mut self, tx: &mut AnyConnection, sealer: &Sealer, now: Moment) -> Result<(), Error> {
        let last = self.last;
        let next = last.saturating_add(1);
        let hash = self.chain.unwrap_or(Hash::ZERO).to_string();
        if (sealer.last_seq, &sealer.last_hash) != (last, &hash) {
            let words =
                format!("the sealer came to {}, and the trail ends at {last}", sealer.last_seq);
            self.fail(next.min(sealer.last_seq.saturating_add(1)), words);
        }
        if sealer.sealed_through < self.sealed_at {
            self.fail(last, "it was sealed later than the sealer says it did".to_owned());
        }
        let through = sealer.sealed_through.max(self.sealed_at);
        if through > now.after(AHEAD) {
            self.report.flags.push(format!(
                "the trail is sealed through {through}, and it is {now}: a clock was ahead, or is behind"
            ));
        }
        for (size, claims) in std::mem::take(&mut self.claims) {
            for claim in claims {
                let words =
                    format!("{} is of {size} events, and the trail ends at {last}", claim.place);
                self.fail(next.min(size.max(1)), words);
            }
        }
        self.tiles(tx)
    }
}
