//! The cases that ship: real proposals, with what was read in public sources and what had to be assumed.

use crate::domain::contract::ContractRole;
use crate::domain::ids::RegionCode;
use crate::domain::line::{Component, FundSource};
use crate::domain::money::{BasisPoints, Rupiah};
use crate::domain::proposal::Menu;
use crate::domain::report::ReportKind;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The files, with the name that the demonstration gives each.
pub const FILES: [(&str, &str); 4] = [
    ("Bangkalan 2018", include_str!("../../../data/cases/bangkalan-2018.json")),
    ("Bangkalan 2019", include_str!("../../../data/cases/bangkalan-2019.json")),
    ("Lampung Barat 2021", include_str!("../../../data/cases/lampung-barat-2021.json")),
    ("Tapis 2021", include_str!("../../../data/cases/bandar-lampung-tapis-2021.json")),
];

/// A case.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// What was read in public sources.
    pub facts: Facts,
    /// What a run needs and no source states.
    pub assumed: Assumed,
    /// How it ends.
    pub expected: Expected,
}

/// What was read in public sources.
#[derive(Debug, Clone, Deserialize)]
pub struct Facts {
    /// What was asked for.
    pub menu: Menu,
    /// The year of the money.
    pub fiscal_year: i64,
    /// Who proposed.
    pub region_code: RegionCode,
    /// Title.
    pub title: String,
    /// Where, as far as the sources tell.
    #[serde(default)]
    pub site: Place,
    /// What is made there.
    pub commodity: Option<String>,
}

/// A place.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Place {
    /// Street.
    pub street: Option<String>,
    /// Village.
    pub village: Option<String>,
    /// District.
    pub district: Option<String>,
}

/// What a run needs and no source states.
#[derive(Debug, Clone, Deserialize)]
pub struct Assumed {
    /// Position of the site.
    pub site: Position,
    /// The centre of the registry.
    pub centre: Option<Centre>,
    /// What is compared at the end.
    pub baseline: Option<Value>,
    /// What its figures have become.
    pub baseline_outcome: Option<Map<String, Value>>,
    /// Budget lines.
    pub lines: Vec<Line>,
    /// Dated steps of the review.
    pub review: Vec<String>,
    /// Money set aside.
    pub allocation: Option<Allocation>,
    /// The activity plan.
    pub plan: Option<Plan>,
    /// Contracts.
    #[serde(default)]
    pub contracts: Vec<Contract>,
    /// When the inspector accepted the list.
    pub contracts_accepted: Option<NaiveDate>,
    /// Tranches.
    #[serde(default)]
    pub tranches: Vec<Tranche>,
    /// Payment orders.
    #[serde(default)]
    pub expenditures: Vec<Expenditure>,
    /// Reports.
    #[serde(default)]
    pub reports: Vec<Report>,
    /// When the works were finished.
    pub works_complete: Option<NaiveDate>,
    /// When the final report was reviewed, where no list of reports says so.
    pub final_report_reviewed: Option<NaiveDate>,
    /// When it was closed.
    pub closed: Option<NaiveDate>,
}

/// A position in decimal degrees.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Position {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// A centre.
#[derive(Debug, Clone, Deserialize)]
pub struct Centre {
    /// Name; the proposal's title where none is given.
    pub name: Option<String>,
    /// What is made there.
    pub commodity: Option<String>,
    /// Classification.
    pub kbli: String,
    /// Households in the village.
    pub households_in_village: i64,
    /// Of them in this business.
    pub households_in_this_business: i64,
    /// Business units.
    pub businesses: i64,
    /// The decree that names it.
    pub decree: String,
    /// Who manages it.
    pub manager: String,
}

/// A budget line.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    /// What it pays for.
    pub component: Component,
    /// In words.
    pub description: String,
    /// Whether it builds anew.
    pub builds_anew: bool,
    /// Volume in thousandths.
    pub volume_thousandths: i64,
    /// Unit.
    pub unit: String,
    /// Cost of one unit.
    pub unit_cost_idr: Rupiah,
    /// Volume × unit cost; the service checks it.
    pub amount_idr: Rupiah,
    /// Where the money comes from.
    pub fund_source: FundSource,
    /// The gap that it answers.
    pub gap: Option<String>,
    /// As approved, where it was cut.
    pub approved_idr: Option<Rupiah>,
    /// Why it was cut.
    pub reason: Option<String>,
}

/// Money set aside.
#[derive(Debug, Clone, Deserialize)]
pub struct Allocation {
    /// When.
    pub on: NaiveDate,
    /// For the proposal.
    pub amount_idr: Rupiah,
    /// For the region; the same where none is given.
    pub region_allocation_idr: Option<Rupiah>,
}

/// The activity plan.
#[derive(Debug, Clone, Deserialize)]
pub struct Plan {
    /// When it was submitted.
    pub submitted: NaiveDate,
    /// When it was approved.
    pub approved: NaiveDate,
}

/// A contract.
#[derive(Debug, Clone, Deserialize)]
pub struct Contract {
    /// Number.
    pub number: String,
    /// When it was signed.
    pub date: NaiveDate,
    /// What for.
    pub role: ContractRole,
    /// Who.
    pub vendor: String,
    /// How much.
    pub value_idr: Rupiah,
    /// Which lines.
    pub lines: Vec<i64>,
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
}

/// A tranche.
#[derive(Debug, Clone, Deserialize)]
pub struct Tranche {
    /// Which.
    pub n: i64,
    /// When it was asked for.
    pub requested: NaiveDate,
    /// When it was paid.
    pub paid: NaiveDate,
    /// How much.
    pub amount_idr: Rupiah,
}

/// A payment order.
#[derive(Debug, Clone, Deserialize)]
pub struct Expenditure {
    /// When.
    pub date: NaiveDate,
    /// On which contract, from 1.
    pub contract: usize,
    /// How much.
    pub amount_idr: Rupiah,
    /// What for.
    pub what: Option<String>,
}

/// A report.
#[derive(Debug, Clone, Deserialize)]
pub struct Report {
    /// What for.
    pub kind: ReportKind,
    /// Until which day.
    pub as_of: NaiveDate,
    /// Physical progress.
    pub physical_bp: BasisPoints,
    /// When it was reviewed.
    pub reviewed: Option<NaiveDate>,
}

/// How a case ends; figures that a file does not name are not compared.
#[derive(Debug, Clone, Deserialize)]
pub struct Expected {
    /// The state at the end.
    pub end_state: String,
    /// The instant of the end.
    pub at: Option<DateTime<Utc>>,
    /// The mode of payment.
    pub mode: Option<String>,
    /// What an auditor finds afterwards.
    pub finding: Option<Finding>,
    /// Every other figure and text of the file.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

/// That more was claimed than was spent.
#[derive(Debug, Clone, Deserialize)]
pub struct Finding {
    /// What was claimed.
    pub claimed_idr: Rupiah,
    /// What was found in its place.
    pub found_idr: Rupiah,
    /// What lies between.
    pub difference_idr: i64,
    /// How it came to be.
    pub why: String,
}

/// Reads the cases.
pub fn load() -> Result<Vec<(&'static str, Case)>, String> {
    FILES
        .iter()
        .map(|(name, text)| {
            serde_json::from_str(text)
                .map(|case| (*name, case))
                .map_err(|error| format!("{name}: {error}"))
        })
        .collect()
}
