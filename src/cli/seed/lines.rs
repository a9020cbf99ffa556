//! Budgets: three to nine lines, with at most one twentieth for supporting activities.

use crate::domain::ids::ProposalId;
use crate::domain::line::{Component, FundSource};
use crate::domain::money::{Rupiah, line_amount};
use crate::domain::proposal::Menu;
use crate::storage::line::{Line, Opinion};
use rand::RngExt;
use rand::rngs::StdRng;
use rand_distr::{Distribution, LogNormal};

/// The median of the larger budgets.
const MEDIAN_IDR: f64 = 7_000_000_000.0;
/// How far they spread, as the standard deviation of their logarithm.
const SPREAD: f64 = 0.45;
/// The share of small budgets, in percent.
const SMALL_PERCENT: u32 = 30;

const BUILDINGS: [(Component, &str); 7] = [
    (Component::ProductionHouse, "Rumah produksi"),
    (Component::ManagementOffice, "Kantor pengelola"),
    (Component::PackagingHouse, "Rumah kemasan"),
    (Component::PromotionCentre, "Pusat promosi"),
    (Component::RawMaterialStore, "Gudang bahan baku"),
    (Component::WastewaterTreatment, "Instalasi pengolahan air limbah"),
    (Component::Infrastructure, "Jalan dan pagar lingkungan"),
];

/// What a proposal costs: mostly around seven billion, three of ten below one.
pub fn budget(dice: &mut StdRng) -> i64 {
    if dice.random_ratio(SMALL_PERCENT, 100) {
        return dice.random_range(150_000_000..980_000_000);
    }
    let sample = LogNormal::new(MEDIAN_IDR.ln(), SPREAD)
        .map_or(MEDIAN_IDR, |budgets| budgets.sample(dice))
        .clamp(1_050_000_000.0, 60_000_000_000.0);
    #[expect(clippy::as_conversions, reason = "clamped to what a whole number holds")]
    let whole = sample as i64;
    whole
}

/// The lines of a proposal that costs so much, and a little more for what supports it.
pub fn draw(
    dice: &mut StdRng,
    id: ProposalId,
    menu: Menu,
    builds_anew: bool,
    total: i64,
) -> Vec<Line> {
    let count: usize = dice.random_range(3..=9);
    let shares: Vec<i64> = (1..count).map(|_| dice.random_range(10..100)).collect();
    let whole: i64 = shares.iter().sum();
    let mut lines = Vec::with_capacity(count);
    for (n, share) in (1_i64..).zip(&shares) {
        let builds = n == 1 && builds_anew;
        let (component, what) = component(dice, n, menu);
        let wanted = total / whole * share;
        lines.push(line(dice, (id, n), component, what, wanted, menu, builds));
    }
    // Below one twentieth of the whole by a margin: cuts are rounded.
    let supporting = total / 10_000 * dice.random_range(100_i64..450);
    let (last, what) = (Component::Supporting, "Perencanaan dan pengawasan");
    let n = i64::try_from(count).unwrap_or(9);
    lines.push(line(dice, (id, n), last, what, supporting, menu, false));
    lines
}

fn component(dice: &mut StdRng, n: i64, menu: Menu) -> (Component, &'static str) {
    let machines = (Component::MachineryEquipment, "Mesin dan peralatan produksi");
    match (menu, n) {
        (Menu::Construction, 1) => (Component::ProductionHouse, "Rumah produksi"),
        (Menu::Revitalisation, 2) => machines,
        _ if dice.random_ratio(1, 4) => machines,
        _ => BUILDINGS.get(dice.random_range(0..BUILDINGS.len())).copied().unwrap_or(machines),
    }
}

fn line(
    dice: &mut StdRng,
    (proposal_id, line_no): (ProposalId, i64),
    component: Component,
    what: &str,
    wanted: i64,
    menu: Menu,
    builds_anew: bool,
) -> Line {
    let (units, unit) = match component {
        Component::Supporting => (1, "paket"),
        Component::MachineryEquipment => (dice.random_range(1..=20), "unit"),
        _ => (dice.random_range(20..=400), "m2"),
    };
    // Whole thousands, as unit costs are written.
    let unit_cost_idr = Rupiah((wanted / units / 1000).max(1) * 1000);
    let volume_thousandths = units * 1000;
    let answers = menu == Menu::Revitalisation && component != Component::Supporting;
    Line {
        proposal_id,
        line_no,
        component,
        description: format!("{what} {line_no}"),
        builds_anew,
        volume_thousandths,
        unit: unit.to_owned(),
        unit_cost_idr,
        amount_idr: line_amount(volume_thousandths, unit_cost_idr).unwrap_or_default(),
        fund_source: FundSource::Dak,
        gap: answers.then(|| format!("G{line_no}")),
        opinion: Opinion::default(),
        agreed_volume_thousandths: None,
        agreed_idr: None,
        agreed_reason: None,
        approved_volume_thousandths: None,
        approved_idr: None,
        approved_reason: None,
    }
}
