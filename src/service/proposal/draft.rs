//! What may be written of a proposal: a new one, and a change.

use crate::domain::ids::{CentreId, RegionCode};
use crate::domain::input::{Checks, MAX_LONG, MAX_SHORT};
use crate::domain::proposal::{Gap, Menu, OutcomeClass};
use crate::domain::refusal::FieldError;
use crate::service::error::Error;
use crate::storage::proposal::Proposal;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// The most gaps that a proposal names.
const MAX_GAPS: usize = 50;

/// Where the works are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SiteDraft {
    /// Street.
    pub street: String,
    /// Village.
    pub village: String,
    /// District.
    pub district: String,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// A new proposal.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalDraft {
    /// What is asked for.
    pub menu: Menu,
    /// The year in which the money is to be spent.
    #[schema(example = 2021)]
    pub fiscal_year: i64,
    /// Who proposes.
    pub region_code: RegionCode,
    /// Title.
    #[schema(example = "Revitalisasi Sentra IKM Tenun Tapis Kota Bandar Lampung")]
    pub title: String,
    /// Why and what, in words.
    #[serde(default)]
    pub summary: String,
    /// What is made there.
    #[schema(example = "Kain tapis")]
    pub commodity: String,
    /// What the centre is to bear.
    pub outcome_class: OutcomeClass,
    /// The theme under which it is made, in years that have themes: a code of the policy's menu.
    #[serde(default)]
    #[schema(example = "tourism")]
    pub theme: Option<String>,
    /// The centre of the registry that a revitalisation improves.
    #[serde(default)]
    pub centre_id: Option<CentreId>,
    /// Where.
    #[serde(default)]
    pub site: SiteDraft,
    /// What is to be compared at the end: any JSON object.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub baseline: Option<Value>,
    /// What the centre of a revitalisation lacks, as its condition survey found; at most 50. Lines name them by their
    /// codes.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// The firm that designed the works in an earlier year.
    #[serde(default)]
    pub design_firm_name: Option<String>,
    /// Its tax number (NPWP).
    #[serde(default)]
    pub design_firm_tax_number: Option<String>,
}

/// A change of a proposal: what is absent stays, `null` clears what need not be there.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProposalPatch {
    /// Title.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub title: Option<String>,
    /// Why and what, in words.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub summary: Option<String>,
    /// What is made there.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    pub commodity: Option<String>,
    /// What the centre is to bear.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = OutcomeClass, required = false)]
    pub outcome_class: Option<OutcomeClass>,
    /// The theme under which it is made: a code of the policy's menu.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub theme: Option<Option<String>>,
    /// The centre of the registry.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<CentreId>)]
    pub centre_id: Option<Option<CentreId>>,
    /// Where, as a whole.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = SiteDraft, required = false)]
    pub site: Option<SiteDraft>,
    /// What is to be compared at the end.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<Object>)]
    pub baseline: Option<Option<Value>>,
    /// What the centre lacks, as a whole.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Vec<Gap>, required = false)]
    pub gaps: Option<Vec<Gap>>,
    /// The firm that designed the works in an earlier year.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub design_firm_name: Option<Option<String>>,
    /// Its tax number (NPWP).
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub design_firm_tax_number: Option<Option<String>>,
}

/// Tells `null` from absence.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A value that may be absent, but is not `null`: there is nothing that `null` would clear.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl ProposalDraft {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        checks.between("/fiscal_year", self.fiscal_year, 2000, 2100);
        let patch = ProposalPatch {
            title: Some(self.title.clone()),
            summary: Some(self.summary.clone()),
            commodity: Some(self.commodity.clone()),
            theme: Some(self.theme.clone()),
            site: Some(self.site.clone()),
            baseline: Some(self.baseline.clone()),
            gaps: Some(self.gaps.clone()),
            design_firm_name: Some(self.design_firm_name.clone()),
            design_firm_tax_number: Some(self.design_firm_tax_number.clone()),
            ..ProposalPatch::default()
        };
        patch.check_into(&mut checks);
        checks.done()
    }
}

impl ProposalPatch {
    /// Whether the values are within their limits.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        self.check_into(&mut checks);
        checks.done()
    }

    fn check_into(&self, checks: &mut Checks) {
        for (pointer, text) in [("/title", &self.title), ("/commodity", &self.commodity)] {
            if let Some(text) = text {
                checks.text(pointer, text, MAX_SHORT);
            }
        }
        checks.optional_text("/summary", self.summary.as_deref(), MAX_LONG);
        if let Some(site) = &self.site {
            checks.optional_text("/site/street", Some(&site.street), MAX_SHORT);
            checks.optional_text("/site/village", Some(&site.village), MAX_SHORT);
            checks.optional_text("/site/district", Some(&site.district), MAX_SHORT);
            checks.position("/site", site.latitude, site.longitude);
        }
        if let Some(Some(baseline)) = &self.baseline {
            checks.require(baseline.is_object(), "/baseline", "type", "must be an object");
            let exact = "a number beyond 2^53 can't be kept as it is; write it as a text";
            checks.require(is_exact(baseline), "/baseline", "too_large", exact);
            let size = baseline.to_string().len();
            checks.require(
                size <= MAX_LONG,
                "/baseline",
                "too_long",
                "must have at most 5000 bytes",
            );
        }
        check_gaps(checks, self.gaps.as_deref().unwrap_or_default());
        for (pointer, text) in [
            ("/theme", &self.theme),
            ("/design_firm_name", &self.design_firm_name),
            ("/design_firm_tax_number", &self.design_firm_tax_number),
        ] {
            checks.optional_text(
                pointer,
                text.as_ref().and_then(|text| text.as_deref()),
                MAX_SHORT,
            );
        }
    }

    /// Whether the proposal is as it would be already.
    pub(super) fn changes_nothing(&self, row: &Proposal) -> Result<bool, Error> {
        let mut after = row.clone();
        self.apply(&mut after)?;
        Ok(serde_json::to_value(row)? == serde_json::to_value(&after)?)
    }

    pub(super) fn apply(&self, row: &mut Proposal) -> Result<(), Error> {
        let patch = self.clone();
        if let Some(title) = patch.title {
            row.title = title;
        }
        if let Some(summary) = patch.summary {
            row.summary = summary;
        }
        if let Some(commodity) = patch.commodity {
            row.commodity = commodity;
        }
        if let Some(class) = patch.outcome_class {
            row.outcome_class = class;
        }
        if let Some(theme) = patch.theme {
            row.theme = theme;
        }
        if let Some(centre) = patch.centre_id {
            row.centre_id = centre;
        }
        if let Some(site) = patch.site {
            (row.site_street, row.site_village, row.site_district) =
                (site.street, site.village, site.district);
            (row.latitude, row.longitude) = (site.latitude, site.longitude);
        }
        if let Some(baseline) = patch.baseline {
            row.baseline = baseline.map(|value| value.to_string());
        }
        if let Some(gaps) = patch.gaps {
            row.gaps = serde_json::to_string(&gaps)?;
        }
        if let Some(name) = patch.design_firm_name {
            row.design_firm_name = name;
        }
        if let Some(number) = patch.design_firm_tax_number {
            row.design_firm_tax_number = number;
        }
        Ok(())
    }
}

/// Whether every number is kept as it was sent: larger ones than 2^53 would be rounded.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.is_i64() || number.as_f64().is_some_and(|number| number.abs() < 9.0e15)
        }
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(fields) => fields.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

fn check_gaps(checks: &mut Checks, gaps: &[Gap]) {
    let few = gaps.len() <= MAX_GAPS;
    checks.require(few, "/gaps", "too_many", "must have at most 50 gaps");
    let mut seen = BTreeSet::new();
    for (index, gap) in gaps.iter().enumerate().take(MAX_GAPS) {
        let at = format!("/gaps/{index}");
        checks.text(&format!("{at}/code"), &gap.code, MAX_SHORT);
        checks.text(&format!("{at}/description"), &gap.description, MAX_SHORT);
        if !seen.insert(&gap.code) {
            checks.fail(format!("{at}/code"), "twice", "this code stands twice");
        }
    }
}
