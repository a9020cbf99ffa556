//! What people give with their actions.

use crate::cli::seed::life::Life;
use crate::domain::act::{ActData, Action, Handover, UseCheck, Visit};
use crate::domain::moment::Zone;
use crate::domain::money::BasisPoints;
use crate::domain::proposal::{Menu, State};
use chrono::{Days, NaiveDate};
use serde_json::json;

impl Life<'_> {
    /// What a person gives with the action.
    pub(super) fn data(&mut self, action: Action) -> Result<ActData, String> {
        let today = self.today();
        let due_on = Some(self.due_on(today));
        let data = ActData::default();
        Ok(match action {
            Action::RequestClarification | Action::ProposeAgreement => ActData { due_on, ..data },
            Action::ConfirmSite => ActData {
                visit: Some(Visit {
                    visited_on: today,
                    report: "Lahan siap dan sesuai usulan.".to_owned(),
                    land_clear: true,
                    latitude: self.row.latitude.unwrap_or_default(),
                    longitude: self.row.longitude.unwrap_or_default(),
                }),
                ..data
            },
            Action::Allocate | Action::DeclineAllocation => ActData {
                amount_idr: (action == Action::Allocate).then_some(self.row.approved_idr),
                legal_basis: Some(format!("Perpres Rincian APBN {}", self.row.fiscal_year)),
                ..data
            },
            Action::CompleteWorks => ActData {
                handover: Some(Handover {
                    number: format!("BAST/{}", self.row.id),
                    date: today,
                    value_idr: None,
                }),
                output_bp: Some(BasisPoints::WHOLE),
                ..data
            },
            Action::HandOver => ActData {
                asset_number: Some(format!("BMD/{}", self.row.id)),
                manager: Some("Koperasi sentra".to_owned()),
                occupants: Some(vec!["Usaha bersama".to_owned()]),
                centre_id: Some(self.world.new_centre(
                    self.batch,
                    self.region,
                    &self.row.commodity,
                    self.at,
                )?),
                ..data
            },
            Action::Close if self.row.menu == Menu::Revitalisation => ActData {
                baseline_comparison: Some("Produksi naik menurut laporan akhir.".to_owned()),
                baseline_outcome: json!({ "production_units": 9_500 }).as_object().cloned(),
                ..data
            },
            Action::Close => ActData {
                use_check: Some(UseCheck {
                    checked_on: today,
                    businesses: 12,
                    report: "Sentra berjalan.".to_owned(),
                }),
                ..data
            },
            _ => data,
        })
    }

    /// A due date; where an answer is still awaited, one that lies ahead.
    fn due_on(&self, today: NaiveDate) -> NaiveDate {
        let waits = matches!(self.target, State::Clarification | State::Harmonisation);
        let from = if waits { self.world.today.date_in(Zone::Wib) } else { today };
        from.checked_add_days(Days::new(14)).unwrap_or(from)
    }
}
