//! What the gates of a tranche say against a request, and against its payment.

use super::{Deciding, Scene, Supposed};
use crate::domain::gate::{Gate, Purpose, Rule, When};
use crate::domain::ids::ProposalId;
use crate::domain::moment::{Moment, Zone};
use crate::domain::money::Rupiah;
use crate::domain::refusal::Blocker;
use crate::service::error::Error;
use crate::service::policy;
use crate::storage::AnyConnection;
use crate::storage::allocation::Allocation;
use crate::storage::proposal::Proposal;
use crate::storage::tranche::TrancheRequest;
use chrono::NaiveDate;

/// What keeps a request from being taken, by the gates of its proposals: of those paid on recommendation, and of the
/// others.
pub fn request(
    tx: &mut AnyConnection,
    allocation: &Allocation,
    n: i64,
    items: &[(&Proposal, Rupiah)],
    now: Moment,
) -> Result<Vec<Blocker>, Error> {
    let zone = Zone::of(&allocation.region_code);
    let rules = policy::of_allocation(tx, allocation, now)?;
    let when = When::now(now, zone);
    let scene = Scene::of(tx, allocation, &rules.policy, (n, when), &Supposed::default())?;
    let gates = groups(items).into_iter().map(|group| {
        let deciding = Deciding::Request(group.amount, scene.held_since(&group.ids));
        scene.facts(group.recommended, deciding).gate(Purpose::Request)
    });
    Ok(blockers(gates))
}

/// What keeps a request from being paid: its gates on the day of the payment and, where that is an earlier day than
/// today, whether the tranche still has room now.
pub fn payment(
    tx: &mut AnyConnection,
    allocation: &Allocation,
    request: &TrancheRequest,
    items: &[(&Proposal, Rupiah)],
    (paid_on, now): (NaiveDate, Moment),
) -> Result<Vec<Blocker>, Error> {
    let zone = Zone::of(&allocation.region_code);
    let rules = policy::of_allocation(tx, allocation, now)?;
    let today = When::now(now, zone);
    // The payment is dated by the treasury's clocks; a region further east may be a day ahead.
    let is_earlier = paid_on < now.date_in(Zone::Wib);
    let when = if is_earlier { When::on(paid_on, zone) } else { today };
    let none = Supposed::default();
    let gates_at = |tx: &mut AnyConnection, when: When| -> Result<Vec<Gate>, Error> {
        let scene = Scene::of(tx, allocation, &rules.policy, (request.n, when), &none)?;
        let gate = |group: Group| {
            let held_since = scene.held_since(&group.ids);
            let deciding = Deciding::Payment(request.id, group.amount, held_since);
            scene.facts(group.recommended, deciding).gate(Purpose::Payment)
        };
        Ok(groups(items).into_iter().map(gate).collect())
    };
    let mut found = blockers(gates_at(tx, when)?.into_iter());
    if is_earlier && found.is_empty() {
        let mut now = gates_at(tx, today)?;
        for gate in &mut now {
            gate.checks.retain(|check| check.rule == Rule::WithinCap);
        }
        found = blockers(now.into_iter());
    }
    Ok(found)
}

/// Proposals that are paid in one way.
struct Group {
    recommended: bool,
    ids: Vec<ProposalId>,
    amount: Rupiah,
}

/// The amounts by the way of paying: on recommendation, or not.
fn groups(items: &[(&Proposal, Rupiah)]) -> Vec<Group> {
    let group = |recommended: bool| {
        let own: Vec<_> =
            items.iter().filter(|(row, _)| row.lump_sum_recommended == recommended).collect();
        let ids: Vec<ProposalId> = own.iter().map(|(row, _)| row.id).collect();
        let amount = Rupiah::total(own.iter().map(|(_, amount)| *amount));
        (!ids.is_empty()).then_some(Group { recommended, ids, amount })
    };
    [false, true].into_iter().filter_map(group).collect()
}

/// The blockers of several gates, each said once.
fn blockers(gates: impl Iterator<Item = Gate>) -> Vec<Blocker> {
    let mut all = Vec::new();
    for blocker in gates.flat_map(|gate| gate.blockers()) {
        if !all.contains(&blocker) {
            all.push(blocker);
        }
    }
    all
}
