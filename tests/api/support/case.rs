//! What the tests' proposals ask for, and the bodies that ask it.

use crate::support::app::HOME;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a proposal asks for, and how it is paid.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub menu: &'static str,
    pub region: &'static str,
    pub fiscal_year: i64,
    /// Cost of a square metre; 800 of them are built, and a twentieth of that is for supporting activities.
    pub unit_cost_idr: i64,
    pub builds_anew: bool,
    /// Paid in one sum after handover.
    pub recommended: bool,
    /// In how many equal tranches without conditions it is paid; as the shipped policy says when absent.
    pub tranches: Option<usize>,
}

pub const CONSTRUCTION: Case = Case {
    menu: "construction",
    region: HOME,
    fiscal_year: 2021,
    unit_cost_idr: 2_500_000,
    builds_anew: true,
    recommended: false,
    tranches: Some(1),
};

pub const REVITALISATION: Case =
    Case { menu: "revitalisation", builds_anew: false, ..CONSTRUCTION };

impl Case {
    pub const fn within(self, region: &'static str) -> Case {
        Case { region, ..self }
    }

    /// Small enough to be paid in one sum.
    pub const fn small(self) -> Case {
        Case { unit_cost_idr: 1_000_000, ..self }
    }

    pub const fn anew(self) -> Case {
        Case { builds_anew: true, ..self }
    }

    pub const fn recommended(self) -> Case {
        Case { recommended: true, ..self }
    }

    /// Paid in so many equal tranches.
    pub const fn in_tranches(self, count: usize) -> Case {
        Case { tranches: Some(count), ..self }
    }

    /// Paid as the shipped policy of its year says.
    pub const fn as_shipped(self) -> Case {
        Case { tranches: None, ..self }
    }

    pub const fn total(self) -> i64 {
        self.unit_cost_idr * 840
    }

    /// The body that starts it.
    pub fn draft_body(&self) -> Value {
        json!({
            "menu": self.menu,
            "fiscal_year": self.fiscal_year,
            "region_code": self.region,
            "title": "Sentra IKM Tenun Tapis",
            "summary": "Ruang kerja bersama.",
            "commodity": "Kain tapis",
            "outcome_class": "ovop",
            "site": {
                "street": "Jalan Tenun 1", "village": "Negeri Olok Gading", "district": "Telukbetung",
                "latitude": -5.45, "longitude": 105.25,
            },
            "baseline": { "businesses": 40 },
            "gaps": [{ "code": "G1", "description": "Ruang kerja sempit" }],
        })
    }

    /// Its lines.
    pub fn lines(&self) -> Value {
        json!({ "lines": [
            {
                "component": "production_house", "description": "Rumah produksi", "builds_anew": self.builds_anew,
                "volume_thousandths": 800_000, "unit": "m2", "unit_cost_idr": self.unit_cost_idr,
                "fund_source": "DAK", "gap": "G1",
            },
            {
                "component": "supporting", "description": "Perencanaan", "volume_thousandths": 1_000,
                "unit": "paket", "unit_cost_idr": self.unit_cost_idr * 40, "fund_source": "DAK",
            },
        ] })
    }

    /// The registry's entry of its centre.
    pub fn centre(&self) -> Value {
        static COUNT: AtomicUsize = AtomicUsize::new(1);
        let name = format!("Sentra Tapis {}", COUNT.fetch_add(1, Ordering::Relaxed));
        json!({
            "region_code": self.region, "name": name, "commodity": "Kain tapis", "kbli": "13122",
            "village": "Negeri Olok Gading", "district": "Telukbetung", "decree_number": "188/2019",
            "households_in_village": 400, "households_in_business": 90, "organised": true,
            "known_to_public": true, "businesses": 40, "outcome_class": "ovop",
        })
    }
}

/// Writes the fields of one object over another's.
pub fn overlay(body: &mut Value, but: Value) {
    for (name, value) in but.as_object().cloned().unwrap_or_default() {
        body[name] = value;
    }
}
