//! Question 4: were the photos taken at the site, within the period of the works, and used once?

use crate::domain::contract::ContractRole;
use crate::domain::document::Flag;
use crate::domain::ids::ProposalId;
use crate::domain::moment::Zone;
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
            tell(row, proposal, &held.policy, begun.get(&id).copied(), desk)
        });
        all.push(looked(id, key, told));
    }
    Ok(all)
}

fn tell(
    row: Document,
    proposal: &Proposal,
    policy: &Policy,
    begun: Option<NaiveDate>,
    desk: &Desk,
) -> Option<Told> {
    let mut told = Told::new(row.proposal_id, "").document(row.id);
    let mut words = Vec::new();
    let rules = || policy.documents.iter().filter(|rule| rule.document_type == row.document_type);
    let has_to_say_where = rules().any(|rule| rule.geotag);
    // A picture of works that have begun: it is not to be brought before the contracts.
    let of_works = rules().next().is_some()
        && rules().all(|rule| rule.not_before.is_some_and(|state| state >= State::Contracted));
    if let (true, Some(taken_at), Some(begun)) = (of_works, row.taken_at, begun) {
        let taken_on = taken_at.date_in(Zone::of(&proposal.region_code));
        if taken_on < begun {
            words.push(format!("was taken on {taken_on}, before the works began ({begun})"));
            told = told.figure("taken_on", json!(begun), json!(taken_on));
        }
    }
    let position = proposal.latitude.zip(proposal.longitude);
    // Of any picture: what kinds of files are looked into for a position when they come is another matter.
    if has_to_say_where && row.latitude.is_none() {
        words.push("does not say where it was taken".to_owned());
        told = told.figure("position", json!(position), json!(null));
    }
    let site = Site { position, tolerance_m: policy.site_tolerance_m };
    let shown = Shown::of(row, &desk.sight, &site);
    for flag in shown.flags {
        match flag {
            Flag::FarFromSite { distance_m, tolerance_m } => {
                words.push(format!("was taken {distance_m} m from the site"));
                told = told.figure("distance_m", json!(tolerance_m), json!(distance_m));
            }
            Flag::NoPosition => {}
            Flag::SameBytesUsed { documents } => {
                words.push(format!("has the bytes of {} other document(s)", documents.len()));
                told = told.figure("same_bytes", json!(0), json!(documents.len()));
                for other in documents {
                    told = told.document(other.document_id);
                }
            }
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
