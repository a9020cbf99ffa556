//! What questions are answered with: the proposals of candidates, and the rules that each stands under.

use crate::domain::ids::{AllocationId, ProposalId};
use crate::domain::moment::Moment;
use crate::domain::people::Sight;
use crate::service::error::Error;
use crate::service::policy::{Held, Rules};
use crate::storage::proposal::{self, Proposal};
use crate::storage::{AnyConnection, radar};
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// What questions are answered with.
pub struct Desk {
    rules: Rules,
    /// When it is asked.
    pub now: Moment,
    /// What the caller may see.
    pub sight: Sight,
}

impl Desk {
    /// At a moment, for somebody.
    pub fn new(now: Moment, sight: Sight) -> Self {
        Desk { rules: Rules::at(now), now, sight }
    }

    /// The proposals of several candidates, each once.
    pub fn proposals(
        &self,
        tx: &mut AnyConnection,
        ids: &[ProposalId],
    ) -> Result<HashMap<ProposalId, Proposal>, Error> {
        let ids = distinct(ids.iter().copied());
        Ok(proposal::by_ids(tx, &ids)?.into_iter().map(|row| (row.id, row)).collect())
    }

    /// The rules that each of several proposals stands under now: the version pinned by its allocation, else by its submission,
    /// else the newest.
    pub fn rules<'a>(
        &mut self,
        tx: &mut AnyConnection,
        rows: impl Iterator<Item = &'a Proposal> + Clone,
    ) -> Result<HashMap<ProposalId, Rc<Held>>, Error> {
        let allocations: BTreeSet<AllocationId> =
            rows.clone().filter_map(|row| row.allocation_id).collect();
        let allocations: Vec<AllocationId> = allocations.into_iter().collect();
        let pinned: HashMap<AllocationId, i64> = radar::funds(tx, &allocations)?
            .into_iter()
            .map(|(id, version, ..)| (id, version))
            .collect();
        let mut all = HashMap::new();
        for row in rows {
            let version = match row.allocation_id {
                Some(id) => pinned.get(&id).copied(),
                None => row.policy_version,
            };
            if let Some(held) = self.rules.of(tx, row.fiscal_year, version, &row.region_code)? {
                all.insert(row.id, held);
            }
        }
        Ok(all)
    }

    /// The rules that several proposals were approved by, each at its moment: the version pinned by its submission, with the
    /// decrees that were there then.
    pub fn rules_then<'a>(
        &mut self,
        tx: &mut AnyConnection,
        rows: impl Iterator<Item = &'a Proposal>,
        approved_at: &HashMap<ProposalId, Moment>,
    ) -> Result<HashMap<ProposalId, Rc<Held>>, Error> {
        let mut all = HashMap::new();
        for row in rows {
            let Some(at) = approved_at.get(&row.id) else { continue };
            let (year, version, region) = (row.fiscal_year, row.policy_version, &row.region_code);
            if let Some(held) = self.rules.of_then(tx, year, version, region, *at)? {
                all.insert(row.id, held);
            }
        }
        Ok(all)
    }
}

/// Each once, in order.
pub fn distinct<T: Ord>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    all.into_iter().collect::<BTreeSet<T>>().into_iter().collect()
}

/// Rows by the proposal that they belong to, in their order.
pub fn by_proposal<T>(rows: Vec<T>, of: impl Fn(&T) -> ProposalId) -> HashMap<ProposalId, Vec<T>> {
    let mut all: HashMap<ProposalId, Vec<T>> = HashMap::new();
    for row in rows {
        all.entry(of(&row)).or_default().push(row);
    }
    all
}
