//! The shapes and the words of the standard: values, days and periods, and what it calls things.

use crate::domain::line::FundSource;
use crate::domain::moment::Zone;
use crate::domain::money::Rupiah;
use crate::domain::proposal::{Menu, OutcomeClass, State};
use crate::storage::proposal::Proposal;
use chrono::NaiveDate;
use serde_json::{Value, json};

/// What is not blank, in one text.
pub fn joined(parts: &[&str], mark: &str) -> String {
    let parts: Vec<&str> =
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    parts.join(mark)
}

/// Rupiah as the standard has values.
pub fn value(amount: Rupiah) -> Value {
    json!({ "amount": amount, "currency": "IDR" })
}

/// The zone of a proposal's region.
pub fn zone(row: &Proposal) -> Zone {
    Zone::of(&row.region_code)
}

/// The beginning of a day, as the clocks of a zone show it: whoever cuts the date out of it finds the day that was meant.
pub fn day(zone: Zone, on: NaiveDate) -> Value {
    json!(format!("{on}T00:00:00+{:02}:00", zone.hours()))
}

/// The last second of a day, as the clocks of a zone show it.
pub fn end_of(zone: Zone, on: NaiveDate) -> Value {
    json!(format!("{on}T23:59:59+{:02}:00", zone.hours()))
}

/// From the beginning of one day to the end of another.
pub fn period(zone: Zone, start: NaiveDate, end: NaiveDate) -> Value {
    json!({ "startDate": day(zone, start), "endDate": end_of(zone, end) })
}

/// A year, from its first day to its last.
pub fn year(zone: Zone, of: i64) -> Value {
    let day = |month, day| {
        i32::try_from(of).ok().and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
    };
    day(1, 1).zip(day(12, 31)).map_or(Value::Null, |(start, end)| period(zone, start, end))
}

/// What has a value: nothing that is null, blank or empty. The standard wants such fields left out.
pub fn pruned(value: Value) -> Value {
    let holds = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, pruned(value)))
                .filter(|(_, value)| holds(value))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(pruned).filter(holds).collect()),
        other => other,
    }
}

/// Where a project in a state stands, in the standard's words.
pub const fn status(state: State) -> &'static str {
    match state {
        State::Draft
        | State::PlanningCheck
        | State::Endorsement
        | State::Verification
        | State::Clarification => "identification",
        State::TechnicalReview
        | State::SiteVerification
        | State::Harmonisation
        | State::Decision
        | State::Approved
        | State::Allocated
        | State::Planned => "preparation",
        State::Contracted | State::Funded => "implementation",
        State::Reporting => "completion",
        State::Operating | State::Closed => "maintenance",
        State::Rejected
        | State::Withdrawn
        | State::Lapsed
        | State::Unfunded
        | State::Forfeited
        | State::Cancelled => "cancelled",
    }
}

/// What is done in a menu.
pub const fn menu(menu: Menu) -> &'static str {
    match menu {
        Menu::Construction => "Pembangunan sentra IKM",
        Menu::Revitalisation => "Revitalisasi sentra IKM",
    }
}

/// What a centre is to bear.
pub const fn purpose(class: OutcomeClass) -> &'static str {
    match class {
        OutcomeClass::Ovop => "One village, one product (OVOP)",
        OutcomeClass::Export => "Export products",
        OutcomeClass::FoodSecurity => "Food security",
        OutcomeClass::SupplyChain => "A place in the supply chain of large industry",
    }
}

/// What a source of funds is called.
pub const fn source_name(source: FundSource) -> &'static str {
    match source {
        FundSource::Dak => "DAK Fisik bidang IKM",
        FundSource::Apbd => "Anggaran pendapatan dan belanja daerah (APBD)",
        FundSource::Apbn => "Anggaran pendapatan dan belanja negara (APBN)",
        FundSource::NonPhysicalDak => "DAK Nonfisik",
    }
}

/// A document's type in the standard's words, where it has one; its own code otherwise.
pub fn document_type(code: &str) -> &str {
    match code {
        "feasibility_study" => "feasibilityStudy",
        "environmental_document" => "environmentalImpact",
        "land_certificate" | "land_statement" | "site_right" => "landAndSettlementImpact",
        "tor" => "projectScope",
        "rab" => "billOfQuantity",
        "ded" => "designReport",
        "condition_survey" | "gap_list" => "needsAssessment",
        "operating_plan" => "projectPlan",
        "contract" => "contractSigned",
        "handover_minutes" | "completion_statement" => "completionCertificate",
        "absorption_report" | "payment_order" | "leftover_report" => "financialProgressReport",
        "site_visit_report" | "report_annex" | "inspection_review" => "physicalProgressReport",
        "regional_budget" => "budgetApproval",
        "photo_0" | "photo_50" | "photo_100" | "photo_use" | "photo_visit" => "illustration",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_value_is_left_out_with_what_held_it() {
        let value =
            json!({ "a": null, "b": " ", "c": [{ "d": "" }, { "e": 0 }], "f": { "g": [] } });
        assert_eq!(pruned(value), json!({ "c": [{ "e": 0 }] }));
    }

    #[test]
    fn a_document_is_called_what_it_is() {
        assert_eq!(document_type("ded"), "designReport");
        assert_eq!(document_type("regional_budget"), "budgetApproval");
        assert_eq!(document_type("cover_letter"), "cover_letter", "a letter approves no budget");
    }

    #[test]
    fn a_year_is_a_period_of_its_days_by_the_clocks_of_the_region() {
        let expected = json!({ "startDate": "2021-01-01T00:00:00+07:00", "endDate": "2021-12-31T23:59:59+07:00" });
        assert_eq!(year(Zone::Wib, 2021), expected);
        assert_eq!(year(Zone::Wit, 2021)["endDate"], "2021-12-31T23:59:59+09:00");
    }
}
