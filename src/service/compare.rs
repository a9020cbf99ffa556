//! What would come out otherwise under another policy: proposals, and the amounts of tranches. Read in pages, so that a
//! nation's year fits into little memory; decrees are left out, since they lie over either policy alike.

use crate::domain::ids::{AllocationId, ProposalId, RegionCode};
use crate::domain::line::LineFacts;
use crate::domain::money::Rupiah;
use crate::domain::people::Sight;
use crate::domain::policy::Policy;
use crate::domain::tranche;
use crate::service::Services;
use crate::service::error::Error;
use crate::storage::proposal::{Filter, Proposal};
use crate::storage::{allocation, audit, line, policy, proposal};
use std::borrow::Cow;
use std::collections::HashMap;

/// How many rows are looked at in one step.
const PAGE: i64 = 200;

/// Something that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// What: `proposal` or `allocation`, with its id and region.
    pub subject: String,
    /// Each thing that is otherwise: before, and after.
    pub changes: Vec<String>,
}

/// A version of a year's policy; the newest when none is named.
pub fn version(sv: &Services, fiscal_year: i64, version: Option<i64>) -> Result<Policy, Error> {
    sv.db.read(|tx| {
        let row = match version {
            Some(version) => policy::version(tx, fiscal_year, version)?,
            None => policy::latest(tx, fiscal_year)?,
        };
        Ok(serde_json::from_str(&row.ok_or(Error::NotFound)?.document)?)
    })
}

/// The policy as it holds in a region from the beginning.
fn within<'a>(policy: &'a Policy, region: &RegionCode) -> Cow<'a, Policy> {
    let layers = policy.regional_layers(Some(region));
    if layers.is_empty() {
        return Cow::Borrowed(policy);
    }
    policy.overlaid(&layers).map_or(Cow::Borrowed(policy), Cow::Owned)
}

/// Names every proposal of the year of `one` that would come out otherwise under `two`; gives how many were looked at.
pub fn proposals(
    sv: &Services,
    one: &Policy,
    two: &Policy,
    mut each: impl FnMut(Otherwise),
) -> Result<usize, Error> {
    let mut filter = Filter { fiscal_year: Some(one.fiscal_year), ..Filter::default() };
    let mut looked_at = 0;
    loop {
        let (rows, mut lines, submitted) = sv.db.read(|tx| {
            let rows = proposal::list(tx, &nation(), &filter, PAGE)?;
            let ids: Vec<ProposalId> = rows.iter().map(|row| row.id).collect();
            let mut lines: HashMap<ProposalId, Vec<LineFacts>> = HashMap::new();
            for line in line::of_many(tx, &ids)? {
                lines.entry(line.proposal_id).or_default().push(LineFacts::from(&line));
            }
            let submitted: HashMap<_, _> = audit::submissions(tx, &ids)?.into_iter().collect();
            Ok::<_, Error>((rows, lines, submitted))
        })?;
        let Some(last) = rows.last() else { return Ok(looked_at) };
        filter.after = Some((last.state_since, last.id));
        looked_at += rows.len();
        for row in &rows {
            let lines = lines.remove(&row.id).unwrap_or_default();
            let at = submitted.get(&Some(row.id)).copied();
            let outcome =
                |policy: &Policy| outcome(&within(policy, &row.region_code), row, &lines, at);
            let changes = changes(&outcome(one), &outcome(two));
            if !changes.is_empty() {
                let subject = format!("proposal {} ({})", row.id, row.region_code);
                each(Otherwise { subject, changes });
            }
        }
    }
}

fn nation() -> Sight {
    Sight { nation: true, ..Sight::default() }
}

type Outcome = Vec<(&'static str, String)>;

fn changes(one: &Outcome, two: &Outcome) -> Vec<String> {
    one.iter()
        .zip(two)
        .filter(|(before, after)| before != after)
        .map(|((name, before), (_, after))| format!("{name}: {before} -> {after}"))
        .collect()
}

/// What the policy says of a proposal.
fn outcome(
    policy: &Policy,
    row: &Proposal,
    lines: &[LineFacts],
    submitted: Option<crate::domain::moment::Moment>,
) -> Outcome {
    let said = |holds: bool| if holds { "yes" } else { "no" }.to_owned();
    let rule = policy.menu(row.menu);
    let listed =
        rule.is_some_and(|rule| rule.regions.is_empty() || rule.regions.contains(&row.region_code));
    let theme = rule.is_none_or(|rule| {
        let named = |code: &str| rule.themes.iter().any(|theme| theme.code == code);
        rule.themes.is_empty() || row.theme.as_deref().is_some_and(named)
    });
    let asked = || lines.iter().filter(|line| line.is_asked());
    let components = asked().all(|line| policy.allows(row.menu, line.component));
    let cap = row.supporting_idr.is_within(policy.supporting_cap_bp, row.total_idr);
    let mut documents: Vec<String> = policy
        .documents
        .iter()
        .filter(|rule| rule.menus.is_empty() || rule.menus.contains(&row.menu))
        .filter(|rule| !rule.builds_anew || row.builds_anew)
        .filter(|rule| {
            rule.components.is_empty()
                || asked().any(|line| rule.components.contains(&line.component))
        })
        .filter(|rule| rule.mandatory)
        .map(|rule| format!("{} at {}", rule.document_type, rule.stage))
        .collect();
    documents.sort();
    let window = match submitted {
        Some(at) => said(policy.takes(row.returned, at)),
        None => "not submitted".to_owned(),
    };
    vec![
        ("within the window", window),
        ("region is eligible", said(listed)),
        ("theme is eligible", said(theme)),
        ("components are allowed", said(components)),
        ("within the supporting cap", said(cap)),
        ("needs", documents.join(", ")),
    ]
}

/// Names every allocation of the year of `one` that would be paid otherwise under `two`; gives how many were looked at.
pub fn allocations(
    sv: &Services,
    one: &Policy,
    two: &Policy,
    mut each: impl FnMut(Otherwise),
) -> Result<usize, Error> {
    let mut after: Option<AllocationId> = None;
    let mut looked_at = 0;
    loop {
        let year = Some(one.fiscal_year);
        let rows = sv
            .db
            .read(|tx| Ok::<_, Error>(allocation::list(tx, &nation(), year, None, after, PAGE)?))?;
        let Some(last) = rows.last() else { return Ok(looked_at) };
        after = Some(last.id);
        looked_at += rows.len();
        for row in &rows {
            let paid = |policy: &Policy| {
                let policy = within(policy, &row.region_code);
                let mode = tranche::mode(row.mode, false, row.amount_idr, policy.lump_sum_limit());
                let amounts = match mode {
                    tranche::Mode::Staged => policy.tranche_amounts(row.amount_idr),
                    tranche::Mode::LumpSum | tranche::Mode::LumpSumOnRecommendation => {
                        vec![row.amount_idr]
                    }
                };
                let amounts: Vec<String> = amounts.iter().map(Rupiah::to_string).collect();
                vec![("mode", mode.to_string()), ("tranches", amounts.join(" + "))]
            };
            let changes = changes(&paid(one), &paid(two));
            if !changes.is_empty() {
                let subject = format!("allocation {} ({})", row.id, row.region_code);
                each(Otherwise { subject, changes });
            }
        }
    }
}
