//! What became of the tranches of proposals: which were paid, which missed their date, and what became of each request.

use crate::domain::deadline::dates_of_tranche;
use crate::domain::ids::{AllocationId, ProposalId, TrancheRequestId};
use crate::domain::moment::{Moment, Zone};
use crate::domain::tranche::{self as rules, TrancheState};
use crate::service::error::Error;
use crate::service::policy::Held;
use crate::service::question::desk::{Desk, by_proposal, distinct};
use crate::storage::proposal::Proposal;
use crate::storage::question::facts::{self, Asked};
use crate::storage::tranche::Omission;
use crate::storage::{AnyConnection, radar};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// The tranches of some proposals.
pub struct Tranches {
    rules: HashMap<ProposalId, Rc<Held>>,
    funds: HashMap<AllocationId, radar::Funds>,
    asked: HashMap<ProposalId, Vec<Asked>>,
    omitted: HashMap<(ProposalId, TrancheRequestId), Omission>,
    taken_back: HashSet<(ProposalId, String)>,
    zones: HashMap<ProposalId, Zone>,
}

impl Tranches {
    /// Reads what became of the tranches of some proposals, with the rules that hold for them now.
    pub fn of<'a>(
        tx: &mut AnyConnection,
        desk: &mut Desk,
        rows: impl Iterator<Item = &'a Proposal> + Clone,
    ) -> Result<Self, Error> {
        let ids: Vec<ProposalId> = rows.clone().map(|row| row.id).collect();
        let allocations = distinct(rows.clone().filter_map(|row| row.allocation_id));
        let funds = radar::funds(tx, &allocations)?;
        let omitted = facts::omissions_of(tx, &ids)?.into_iter();
        Ok(Tranches {
            rules: desk.rules(tx, rows.clone())?,
            funds: funds.into_iter().map(|funds| (funds.0, funds)).collect(),
            asked: by_proposal(facts::requests_of(tx, &ids)?, |one| one.proposal_id),
            omitted: omitted.map(|one| ((one.proposal_id, one.request_id), one)).collect(),
            taken_back: facts::payments_taken_back(tx, &ids)?.into_iter().collect(),
            zones: rows.map(|row| (row.id, Zone::of(&row.region_code))).collect(),
        })
    }

    /// The requests for a tranche of a proposal that were received by a moment, in their order.
    fn requests(&self, id: ProposalId, n: i64, at: Moment) -> impl Iterator<Item = &Asked> {
        let all = self.asked.get(&id).into_iter().flatten();
        all.filter(move |one| one.n == n && one.requested_at <= at)
    }

    /// Whether a request contains its proposal still, and was not refused.
    fn stands(&self, one: &Asked) -> bool {
        one.state != TrancheState::Refused
            && !self.omitted.contains_key(&(one.proposal_id, one.request_id))
            && !self.taken_back.contains(&(one.proposal_id, one.request_id.to_string()))
    }

    /// The tranches whose date had passed at a moment without a payment, each in words: which date, and what became of every
    /// request for it. Tranches are paid in their order.
    pub fn missed(&self, row: &Proposal, at: Moment) -> Vec<String> {
        let funds = row.allocation_id.and_then(|id| self.funds.get(&id));
        let Some((held, (_, _, fixed, amount, _))) = self.rules.get(&row.id).zip(funds) else {
            return Vec::new();
        };
        let limit = held.policy.lump_sum_limit();
        let mode = rules::mode(*fixed, row.lump_sum_recommended, *amount, limit);
        let mut all = Vec::new();
        for n in 1_i64.. {
            let Some((documents, closes)) = dates_of_tranche(mode, n, &held.policy) else { break };
            let mut standing = self.requests(row.id, n, at).filter(|one| self.stands(one));
            let standing = standing.next();
            if standing.is_some_and(|one| one.state == TrancheState::Paid) {
                continue;
            }
            let documents = documents.filter(|due| standing.is_none() && due.moment() <= at);
            let date = match documents {
                _ if closes.moment() <= at => format!("tranche {n} could be paid until {closes}"),
                Some(due) => format!("what tranche {n} asks for was due by {due}"),
                None => continue,
            };
            all.push(format!("{date}, and {}", self.became(row.id, n, standing, at)));
        }
        all
    }

    /// What became of the requests for a tranche that was not paid.
    fn became(&self, id: ProposalId, n: i64, standing: Option<&Asked>, at: Moment) -> String {
        let mut words = self.vain(id, n, at);
        if let Some(one) = standing {
            let step = match one.state {
                TrancheState::Requested => "nobody reviewed it (inspector)",
                TrancheState::Reviewed => "nobody verified it (treasurer)",
                TrancheState::Verified => "nobody paid it (treasurer)",
                TrancheState::Paid | TrancheState::Refused => "it was decided",
            };
            words.push(format!("{} waits: {step}", self.received(one)));
        }
        if words.is_empty() {
            return "no request was received (regional head)".to_owned();
        }
        words.join(", ")
    }

    /// What became of the requests for a tranche that paid a proposal nothing, each in words.
    pub fn vain(&self, id: ProposalId, n: i64, at: Moment) -> Vec<String> {
        let tell = |one: &Asked| {
            let received = self.received(one);
            let key = (one.proposal_id, one.request_id);
            if let Some(omission) = self.omitted.get(&key) {
                let on = omission.left_out_at.date_in(self.zone(id));
                let why = omission.reason.as_deref().unwrap_or("no reason was given");
                let by = match omission.hold_id {
                    Some(_) => "for a hold of an auditor".to_owned(),
                    None => format!("when it went to {}", omission.state),
                };
                return Some(format!("{received} left it out on {on} {by}: {why}"));
            }
            let decided_on = one.decided_at?.date_in(self.zone(id));
            if one.state == TrancheState::Refused {
                let why = one.reason.as_deref().unwrap_or("no reason was given");
                return Some(format!("{received} was refused on {decided_on}: {why}"));
            }
            let is_undone =
                self.taken_back.contains(&(one.proposal_id, one.request_id.to_string()));
            is_undone.then(|| format!("{received} was paid on {decided_on}, and taken back"))
        };
        self.requests(id, n, at).filter_map(tell).collect()
    }

    fn received(&self, one: &Asked) -> String {
        format!("the request of {}", one.requested_at.date_in(self.zone(one.proposal_id)))
    }

    fn zone(&self, id: ProposalId) -> Zone {
        self.zones.get(&id).copied().unwrap_or(Zone::Wib)
    }
}
