//! Reading the sealed trail: auditors see what happened in their scope, and can have it proved to them.

use crate::domain::ids::{EventId, RegionCode};
use crate::domain::input::{Checks, MAX_SHORT};
use crate::domain::people::Role;
use crate::service::context::{By, Context, missing};
use crate::service::error::Error;
use crate::service::seal::checkpoint::MOST_KEYS;
use crate::service::seal::merkle::Hash;
use crate::service::seal::proof::{self, Tiles};
use crate::service::seal::{self as sealing, sealer};
use crate::service::view::Page;
use crate::service::view::audit as view;
use crate::service::{Services, export, policy, reading};
pub use crate::storage::seal::Filter;
use crate::storage::seal::Seal;
use crate::storage::{AnyConnection, checkpoint, region, seal};
use std::io::Write;

/// The most regions of a province.
const MOST_REGIONS: i64 = 200;

/// What of the trail somebody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    /// All of it, also what belongs to no region.
    Nation,
    /// What belongs to these regions.
    Regions(Vec<RegionCode>),
}

/// Refuses everybody but auditors, before anything else is looked at.
pub fn allowed(cx: &Context) -> Result<(), Error> {
    let is_auditor = cx.actor.grants.iter().any(|grant| grant.role == Role::Auditor);
    if is_auditor { Ok(()) } else { Err(missing(&[Role::Auditor])) }
}

/// The scope of an auditor; a refusal for everybody else.
fn scope(tx: &mut AnyConnection, cx: &Context) -> Result<Scope, Error> {
    allowed(cx)?;
    let mut regions = Vec::new();
    for grant in cx.actor.grants.iter().filter(|grant| grant.role == Role::Auditor) {
        let Some(place) = &grant.region else { return Ok(Scope::Nation) };
        regions.push(place.clone());
        if place.province() == *place {
            let within = region::list(tx, Some(place), None, MOST_REGIONS)?;
            regions.extend(within.into_iter().map(|region| region.code));
        }
    }
    Ok(Scope::Regions(regions))
}

/// Refuses everybody but auditors of the nation, before the trail is exported; that somebody tried is kept.
pub fn may_export(sv: &Services, cx: &Context) -> Result<(), Error> {
    let what = (reading::EXPORT_WRITE, Some("audit"));
    reading::permitted(sv, cx, what, &export::all(), of_nation(cx)).map(drop)
}

/// The grant of an auditor of the nation; a refusal for everybody else, which tells an auditor of a region what there is
/// instead.
fn of_nation(cx: &Context) -> Result<By, Error> {
    allowed(cx)?;
    cx.actor.national(Role::Auditor).map(By::from).ok_or_else(|| {
        let message = "The trail is exported whole, with what belongs to other regions and to none; that takes the \
                       role auditor of the nation. Of what you audit there are the events (/audit/events), the proof \
                       of each (/audit/proof), and the pack of each proposal (/proposals/{id}/evidence-pack), which \
                       tools/verify_pack.py checks.";
        Error::forbidden("scope", message)
    })
}

/// Writes the whole trail in the lines that `tools/verify_audit.py` reads, personal values that are not erased among them,
/// for an auditor of the nation; how many sealed events it has. That it was read is kept first.
pub fn export(sv: &Services, cx: &Context, out: &mut dyn Write) -> Result<u64, Error> {
    export::record_trail(sv, cx, of_nation(cx)?)?;
    let events = sealing::export::export(sv, out, |_| {})?;
    Ok(u64::try_from(events).unwrap_or_default())
}

/// Sealed events of the caller's scope, in their sequence.
pub fn events(
    sv: &Services,
    cx: &Context,
    filter: &Filter,
    after: Option<i64>,
    limit: i64,
) -> Result<Page<view::SealedEvent>, Error> {
    sv.db.read(|tx| {
        let mut filter = filter.clone();
        if let Scope::Regions(own) = scope(tx, cx)? {
            filter.regions = Some(match filter.regions.take() {
                Some(asked) => asked.into_iter().filter(|one| own.contains(one)).collect(),
                None => own,
            });
        }
        let mut checks = Checks::default();
        checks.optional_text("/query/action", filter.action.as_deref(), MAX_SHORT);
        checks.optional_text("/query/subject_id", filter.subject_id.as_deref(), MAX_SHORT);
        checks.done().map_err(Error::Invalid)?;
        for asked in filter.regions.iter().flatten().take(1) {
            policy::known(tx, Some(asked), "/query/region_code")?;
        }
        let rows = seal::page(tx, &filter, after.unwrap_or(0), limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.0.seq.to_string(), view::SealedEvent::from))
    })
}

/// Checkpoints, the newest first.
pub fn checkpoints(
    sv: &Services,
    cx: &Context,
    before: Option<i64>,
    limit: i64,
) -> Result<Page<view::Checkpoint>, Error> {
    sv.db.read(|tx| {
        scope(tx, cx)?;
        let rows = checkpoint::page_back(tx, before, limit.saturating_add(1))?;
        Ok(Page::cut(rows, limit, |row| row.size.to_string(), view::Checkpoint::from))
    })
}

/// The public keys that checkpoints are, or were, signed by.
pub fn keys(sv: &Services, cx: &Context) -> Result<Page<view::VerifierKey>, Error> {
    sv.db.read(|tx| {
        scope(tx, cx)?;
        let rows = checkpoint::keys(tx, MOST_KEYS)?;
        Ok(Page::whole(rows.into_iter().map(view::VerifierKey::from).collect()))
    })
}

/// The proof that an event of the caller's scope is in the trail: in the tree of a size, which is that of the newest
/// checkpoint when none is named, or the whole trail where that does not cover the event yet.
pub fn inclusion(
    sv: &Services,
    cx: &Context,
    event: EventId,
    size: Option<i64>,
) -> Result<view::Inclusion, Error> {
    sv.db.read(|tx| {
        let found = visible(tx, cx, event)?;
        let last = sealer(seal::find(tx)?)?.last_seq;
        let size = match size {
            Some(size) => within("/query/size", size, (found.seq, last))?,
            None => match checkpoint::newest(tx)? {
                Some(newest) if newest.size >= found.seq => newest.size,
                _ => last,
            },
        };
        let hashes = Tiles::default().inclusion(tx, found.seq, size)?;
        let hashes = hashes.ok_or_else(|| Error::Defect("no proof".to_owned()))?;
        let groups = sealing::grouped(tx, std::slice::from_ref(&found.event_id))?;
        let group = groups.first().ok_or(Error::NotFound)?;
        Ok(view::Inclusion {
            event_id: found.event_id,
            seq: found.seq,
            leaf: group.text(found.seq, found.sealed_at),
            leaf_hash: found.leaf,
            size,
            root: proof::root(tx, size)?.to_string(),
            hashes: texts(&hashes),
            note: checkpoint::of_size(tx, size)?.map(|row| row.note),
        })
    })
}

/// The seal of an event that the caller may see; any other, and one that is not sealed yet, is not there.
fn visible(tx: &mut AnyConnection, cx: &Context, event: EventId) -> Result<Seal, Error> {
    let scope = match scope(tx, cx) {
        Err(Error::Forbidden(_)) => return Err(Error::NotFound),
        other => other?,
    };
    let found = seal::of_event(tx, event)?.ok_or(Error::NotFound)?;
    let is_seen = match (&scope, &found.region_code) {
        (Scope::Nation, _) => true,
        (Scope::Regions(own), Some(region)) => own.iter().any(|one| one.0 == *region),
        (Scope::Regions(_), None) => false,
    };
    if is_seen { Ok(found) } else { Err(Error::NotFound) }
}

/// The proof that the trail at one size continues what it was at a smaller one.
pub fn consistency(
    sv: &Services,
    cx: &Context,
    from: i64,
    to: i64,
) -> Result<view::Consistency, Error> {
    sv.db.read(|tx| {
        scope(tx, cx)?;
        let last = sealer(seal::find(tx)?)?.last_seq;
        let to = within("/query/to", to, (1, last))?;
        let from = within("/query/from", from, (1, to))?;
        let hashes = proof::consistency(tx, from, to)?;
        let hashes = hashes.ok_or_else(|| Error::Defect("no proof".to_owned()))?;
        Ok(view::Consistency {
            from,
            from_root: proof::root(tx, from)?.to_string(),
            to,
            to_root: proof::root(tx, to)?.to_string(),
            hashes: texts(&hashes),
        })
    })
}

fn within(pointer: &str, size: i64, (least, most): (i64, i64)) -> Result<i64, Error> {
    if (least..=most).contains(&size) {
        return Ok(size);
    }
    let message = match least > most {
        true => "there is no such tree: nothing is sealed yet".to_owned(),
        false => format!("must be from {least} to {most}"),
    };
    Err(Error::invalid(pointer, "out_of_range", message))
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(ToString::to_string).collect()
}
