//! Question 8: are supporting activities within their share, and of an allowed kind?

use crate::domain::ids::{PlanId, ProposalId};
use crate::domain::journal::Figures;
use crate::domain::line::{Component, FundSource};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::service::error::Error;
use crate::service::question::Looked;
use crate::service::question::desk::{Desk, by_proposal};
use crate::service::question::told::{Told, looked};
use crate::storage::contract::{Contract, ContractLine};
use crate::storage::journal::Balance;
use crate::storage::line::Line;
use crate::storage::plan::{Plan, PlanLine};
use crate::storage::proposal::Proposal;
use crate::storage::question::{self, Bounds, facts};
use crate::storage::{AnyConnection, contract, line, plan, radar};
use serde_json::json;
use std::collections::HashMap;

/// What lies beneath some proposals.
struct Beneath {
    figures: HashMap<ProposalId, Figures>,
    lines: HashMap<ProposalId, Vec<Line>>,
    plans: HashMap<ProposalId, Vec<Plan>>,
    plan_lines: Vec<PlanLine>,
    contracts: HashMap<ProposalId, Vec<Contract>>,
    covered: Vec<ContractLine>,
}

impl Beneath {
    fn of(tx: &mut AnyConnection, ids: &[ProposalId]) -> Result<Beneath, Error> {
        let balances = radar::balances(tx, ids)?;
        let plans = facts::approved_plans_of(tx, ids)?;
        let plan_ids: Vec<PlanId> = plans.iter().map(|plan| plan.id).collect();
        let contracts = facts::contracts_of(tx, ids)?;
        let contract_ids: Vec<_> = contracts.iter().map(|one| one.id).collect();
        Ok(Beneath {
            figures: balances
                .into_iter()
                .map(|row: Balance| (row.proposal_id, row.into()))
                .collect(),
            lines: by_proposal(line::of_many(tx, ids)?, |line| line.proposal_id),
            plans: by_proposal(plans, |plan| plan.proposal_id),
            plan_lines: plan::lines_of(tx, &plan_ids)?,
            contracts: by_proposal(contracts, |one| one.proposal_id),
            covered: contract::lines_of(tx, &contract_ids)?,
        })
    }

    /// What contracts that cover supporting lines alone are worth.
    fn contracted(&self, id: ProposalId) -> Rupiah {
        let lines = self.lines.get(&id).map(Vec::as_slice).unwrap_or_default();
        let is_supporting = |no: i64| {
            lines.iter().any(|line| line.line_no == no && line.component == Component::Supporting)
        };
        let alone = |one: &&Contract| {
            let mut covered =
                self.covered.iter().filter(|line| line.contract_id == one.id).peekable();
            covered.peek().is_some() && covered.all(|line| is_supporting(line.line_no))
        };
        let contracts = self.contracts.get(&id).into_iter().flatten();
        let of_dak = contracts.filter(|one| one.fund_source == FundSource::Dak);
        Rupiah::total(of_dak.filter(alone).map(|one| one.value_idr))
    }

    /// The supporting lines of the plan in force that do not say which activity they pay for.
    fn of_no_kind(&self, id: ProposalId) -> Vec<i64> {
        let Some(plan) = self.plans.get(&id).and_then(|plans| plans.last()) else {
            return Vec::new();
        };
        let lines = self.plan_lines.iter().filter(|line| line.plan_id == plan.id);
        lines
            .filter(|line| line.component == Component::Supporting && line.amount_idr.0 > 0)
            .filter(|line| line.supporting_activity.is_none())
            .map(|line| line.line_no)
            .collect()
    }
}

/// Proposals that plan or contract more for supporting activities than their share, or for no kind that is allowed.
pub fn proposals(
    tx: &mut AnyConnection,
    desk: &mut Desk,
    bounds: &Bounds<'_>,
) -> Result<Vec<Looked>, Error> {
    let rows = question::with_supporting(tx, bounds)?;
    let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
    let rules = desk.rules(tx, rows.iter())?;
    let beneath = Beneath::of(tx, &ids)?;
    let look = |row: &Proposal| {
        let cap = rules.get(&row.id).map(|held| held.policy.supporting_cap_bp);
        looked(row.id, "", cap.and_then(|cap| tell(row, cap, &beneath)))
    };
    Ok(rows.iter().map(look).collect())
}

fn tell(row: &Proposal, cap: BasisPoints, beneath: &Beneath) -> Option<Told> {
    let ceiling = beneath.figures.get(&row.id).map_or(Rupiah::ZERO, |figures| figures.ceiling_idr);
    let most = cap.of_whole(ceiling);
    let contracted = beneath.contracted(row.id);
    let planned = beneath.plans.get(&row.id).and_then(|plans| plans.last());
    let planned = planned.map_or(Rupiah::ZERO, |plan| plan.supporting_idr);
    let of_no_kind = beneath.of_no_kind(row.id);
    let mut words = Vec::new();
    let mut told = Told::new(row.id, "");
    for (what, amount, list) in
        [("planned", planned, "plans"), ("contracted", contracted, "contracts")]
    {
        if amount > most {
            words.push(format!(
                "{amount} is {what} for supporting activities, and {cap} of {ceiling} is {most}"
            ));
            told = told
                .figure(&format!("supporting_{what}_idr"), json!(most), json!(amount))
                .beneath(row.id, list);
        }
    }
    if !of_no_kind.is_empty() {
        let lines = of_no_kind.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        words.push(format!(
            "planned line(s) {lines} do not say which supporting activity they pay for"
        ));
        told =
            told.figure("lines_of_no_kind", json!([]), json!(of_no_kind)).beneath(row.id, "plans");
    }
    if words.is_empty() {
        return None;
    }
    told.says = format!("{}.", words.join("; "));
    Some(told)
}
