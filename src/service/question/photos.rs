//! Question 4: were the photos taken at the site, within the period of the works, and used once?

use crate::domain::act::Action;
use crate::domain::contract::ContractRole;
use crate::domain::document::Flag;
use crate::domain::ids::{DocumentId, ProposalId};
use crate::domain::moment::Zone;
use crate::domain::people::Sight;
use crate::domain::policy::Policy;
use crate::domain::proposal::State;
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, distinct};
use crate::service::question::told::{Told, looked};
use crate::service::view::document::{Document as Shown, Site};
use crate::storage::AnyConnection;
use crate::storage::document::Document;
use crate::storage::proposal::Proposal;
use crate::storage::question::{Bounds, facts, papers};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::HashMap;

/// The type of document that pictures of the finished works are filed as.
const FINISHED: &str = "photo_100";

/// The most documents with the same bytes that are named as evidence; the number of all is told.
const MOST: usize = 20;

/// Photos that show another place or another time, or were used before.
pub fn pictures(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = papers::pictures(tx, bounds)?;
    let ids = distinct(rows.iter().map(|row| row.proposal_id));
    let proposals = desk.proposals(tx, &ids)?;
    let rules = desk.rules(tx, proposals.values())?;
    let mut begun: HashMap<ProposalId, NaiveDate> = HashMap::new();
    // Photos show what is built or delivered: a design begins before.
    let is_of_works = |role: ContractRole| match role {
        ContractRole::Works | ContractRole::Goods | ContractRole::SelfManaged => true,
        ContractRole::Design | ContractRole::Supervision => false,
    };
    let earlier = Earlier::of(tx, &rows, &desk.sight)?;
    let contracts = facts::contracts_of(tx, &ids)?;
    for contract in contracts.iter().filter(|contract| is_of_works(contract.role)) {
        let first = begun.entry(contract.proposal_id).or_insert(contract.starts_on);
        *first = contract.starts_on.min(*first);
    }
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, key) = (row.proposal_id, row.id);
        let (proposal, held) = (proposals.get(&id), rules.get(&id));
        let told = proposal.zip(held).and_then(|(proposal, held)| {
            let place = (proposal, &held.policy);
            tell(row, place, begun.get(&id).copied(), &earlier, desk)
        });
        all.push(looked(id, key, told));
    }
    Ok(all)
}

/// The documents that have the bytes of some pictures, by digest, the oldest first.
struct Earlier(HashMap<String, Vec<DocumentId>>);

impl Earlier {
    /// Those that are there now, as far as the reader may see them.
    fn of(tx: &mut AnyConnection, rows: &[Document], sight: &Sight) -> Result<Self, Error> {
        let digests = distinct(rows.iter().map(|row| row.sha256.clone()));
        let mut all: HashMap<String, Vec<DocumentId>> = HashMap::new();
        for (digest, id) in papers::of_bytes(tx, &digests, sight)? {
            all.entry(digest).or_default().push(id);
        }
        Ok(Earlier(all))
    }

    /// Those that came before a picture.
    fn than(&self, row: &Document) -> &[DocumentId] {
        let same = self.0.get(&row.sha256).map(Vec::as_slice).unwrap_or_default();
        same.get(..same.partition_point(|id| *id < row.id)).unwrap_or_default()
    }
}

/// Until when a picture of the works can have been taken that shows them before their end: the handover. What is finished can
/// be pictured later.
fn latest(proposal: &Proposal, policy: &Policy, document_type: &str) -> Option<NaiveDate> {
    let mut rules = policy.documents.iter().filter(|rule| rule.document_type == document_type);
    let is_of_works = rules.any(|rule| rule.geotag && rule.action() == Some(Action::CompleteWorks));
    proposal.handover_on.filter(|_| is_of_works && document_type != FINISHED)
}

fn tell(
    row: Document,
    (proposal, policy): (&Proposal, &Policy),
    begun: Option<NaiveDate>,
    earlier: &Earlier,
    desk: &Desk,
) -> Option<Told> {
    let mut told = Told::new(row.proposal_id, "").document(row.id);
    let mut words = Vec::new();
    let rules = || policy.documents.iter().filter(|rule| rule.document_type == row.document_type);
    let has_to_say_where = rules().any(|rule| rule.geotag);
    // A picture of works that have begun: it is not to be brought before the contracts.
    let of_works = rules().next().is_some()
        && rules().all(|rule| rule.not_before.is_some_and(|state| state >= State::Contracted));
    let taken_on = row.taken_at.map(|at| at.date_in(Zone::of(&proposal.region_code)));
    if let (true, Some(taken_on), Some(begun)) = (of_works, taken_on, begun)
        && taken_on < begun
    {
        words.push(format!("was taken on {taken_on}, before the works began ({begun})"));
        told = told.figure("taken_on", json!(begun), json!(taken_on));
    }
    let latest = latest(proposal, policy, &row.document_type);
    if let (Some(taken_on), Some(latest)) = (taken_on, latest)
        && taken_on > latest
    {
        words.push(format!("was taken on {taken_on}, after the works were handed over ({latest})"));
        told = told.figure("taken_on", json!(latest), json!(taken_on));
    }
    let position = proposal.latitude.zip(proposal.longitude);
    // Of any picture: what kinds of files are looked into for a position when they come is another matter.
    if has_to_say_where && row.latitude.is_none() {
        words.push("does not say where it was taken".to_owned());
        told = told.figure("position", json!(position), json!(null));
    }
    let same = earlier.than(&row);
    if !same.is_empty() {
        words.push(format!("has the bytes of {} other document(s) that came before", same.len()));
        told = told.figure("same_bytes", json!(0), json!(same.len()));
    }
    for other in same.iter().take(MOST) {
        told = told.document(other);
    }
    let site = Site { position, tolerance_m: policy.site_tolerance_m };
    let shown = Shown::of(row, &desk.sight, &site);
    for flag in shown.flags {
        match flag {
            Flag::FarFromSite { distance_m, tolerance_m } => {
                words.push(format!("was taken {distance_m} m from the site"));
                told = told.figure("distance_m", json!(tolerance_m), json!(distance_m));
            }
            // Told by what is known of the place, and of other documents, now.
            Flag::NoPosition | Flag::SameBytesUsed { .. } => {}
            Flag::OutsidePeriod { taken_at } => {
                let taken_on = taken_at.date_in(Zone::of(&proposal.region_code));
                words.push(format!("was taken on {taken_on}, outside the period"));
                told = told.figure("taken_at", json!(null), json!(taken_at));
            }
        }
    }
    if words.is_empty() {
        return None;
    }
    let (kind, name) = (&shown.document_type, &shown.file_name);
    told.says = format!("Photo {name} ({kind}) {}.", words.join("; it "));
    Some(told)
}
