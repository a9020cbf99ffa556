//! Whether a policy makes sense: everything that does not is told at once, each with its place.

mod documents;

use crate::domain::ids::RegionCode;
use crate::domain::input::{Checks, MAX_ITEMS, MAX_LONG, MAX_SHORT};
use crate::domain::money::BasisPoints;
use crate::domain::policy::overlay::Misfit;
use crate::domain::policy::{Change, Deadline, ModeRule, Policy, Window};
use crate::domain::proposal::Menu;
use crate::domain::refusal::FieldError;
use chrono::Datelike;
use std::collections::{BTreeMap, BTreeSet};

/// The values that `sources` has to account for.
const VALUES: [&str; 17] = [
    "submission_windows",
    "correction_windows",
    "contract_gate",
    "supporting_cap_bp",
    "site_tolerance_m",
    "operation_check_months",
    "menus",
    "documents",
    "unit_costs",
    "wrong_unit_factor",
    "line_flags",
    "assessment_max_score",
    "plan",
    "modes",
    "tranches",
    "reporting",
    "holidays",
];

fn share(checks: &mut Checks, pointer: &str, share: BasisPoints) {
    checks.between(pointer, share.0, 0, BasisPoints::WHOLE.0);
}

/// Whether steps lead to a value; those of a list lead on from any of its entries, and from an empty one anywhere.
fn names(value: &serde_json::Value, steps: &[&str]) -> bool {
    let Some((first, rest)) = steps.split_first() else { return true };
    match value {
        serde_json::Value::Array(entries) => {
            entries.is_empty() || entries.iter().any(|entry| names(entry, steps))
        }
        serde_json::Value::Object(fields) => {
            fields.get(*first).is_some_and(|field| names(field, rest))
        }
        _ => false,
    }
}

/// Whether a text is a code: letters a to z, digits and `_`, at most 64.
pub fn is_code(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

impl Policy {
    /// Whether the values make sense together, also where regional ones are laid over them.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        self.check_values(&mut checks);
        self.check_regional(&mut checks);
        checks.done()
    }

    /// The same, without what is laid over in regions.
    pub fn check_plain(&self) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        self.check_values(&mut checks);
        checks.done()
    }

    fn check_values(&self, checks: &mut Checks) {
        checks.between("/fiscal_year", self.fiscal_year, 2000, 2100);
        checks.text("/legal_basis", &self.legal_basis, MAX_LONG);
        windows(checks, "/submission_windows", &self.submission_windows);
        windows(checks, "/correction_windows", &self.correction_windows);
        self.within_year(checks, "/contract_gate", &self.contract_gate);
        share(checks, "/supporting_cap_bp", self.supporting_cap_bp);
        checks.between("/site_tolerance_m", self.site_tolerance_m, 1, 100_000);
        checks.between("/operation_check_months", self.operation_check_months, 0, 60);
        checks.between("/wrong_unit_factor", self.wrong_unit_factor, 2, 1_000_000);
        checks.between("/assessment_max_score", self.assessment_max_score, 1, 1_000_000);
        checks.between("/plan/max_changes", self.plan.max_changes, 0, 100);
        let reporting = &self.reporting;
        let days = [
            ("/payment_working_days", self.payment_working_days),
            ("/reporting/quarterly_working_days", reporting.quarterly_working_days),
            ("/reporting/final_working_days", reporting.final_working_days),
        ];
        for (pointer, days) in days {
            checks.between(pointer, days, 1, 250);
        }
        if let Some(findings) = &self.findings {
            checks.between("/findings/follow_up_days", findings.follow_up_days, 1, 366);
        }
        self.check_menus(checks);
        self.check_documents(checks);
        self.check_lists(checks);
        self.check_modes(checks);
        self.check_tranches(checks);
        self.check_reminders(checks);
        self.check_sources(checks);
    }

    fn within_year(&self, checks: &mut Checks, pointer: &str, gate: &Deadline) {
        let year = i64::from(gate.date.year());
        let holds = year == self.fiscal_year;
        checks.require(holds, pointer, "year", "must lie in the fiscal year");
    }

    fn check_menus(&self, checks: &mut Checks) {
        bounded(checks, "/menus", self.menus.len(), 1);
        let names = self.menus.iter().map(|rule| rule.menu.as_str());
        unique(checks, "/menus", "menu", names);
        for (index, rule) in self.menus.iter().enumerate() {
            let at = format!("/menus/{index}");
            unique(checks, &format!("{at}/regions"), "", rule.regions.iter().map(|one| &one.0));
            bounded(checks, &format!("{at}/regions"), rule.regions.len(), 0);
            bounded(checks, &format!("{at}/themes"), rule.themes.len(), 0);
            bounded(checks, &format!("{at}/components"), rule.components.len(), 1);
            let components = rule.components.iter().map(|one| one.as_str());
            unique(checks, &format!("{at}/components"), "", components);
            let themes = rule.themes.iter().map(|theme| theme.code.as_str());
            unique(checks, &format!("{at}/themes"), "code", themes);
            for (theme_index, theme) in rule.themes.iter().enumerate() {
                let at = format!("{at}/themes/{theme_index}");
                named(checks, &at, "code", &theme.code, &theme.label_id, &theme.label_en);
            }
        }
    }

    fn check_documents(&self, checks: &mut Checks) {
        bounded(checks, "/documents", self.documents.len(), 0);
        let mut seen = BTreeSet::new();
        for (index, rule) in self.documents.iter().enumerate() {
            let at = format!("/documents/{index}");
            documents::document(checks, &at, rule);
            let menus = match rule.menus.as_slice() {
                [] => Menu::ALL,
                some => some,
            };
            let twice = menus
                .iter()
                .filter(|menu| !seen.insert((&rule.document_type, &rule.stage, **menu)))
                .count();
            checks.require(
                twice == 0,
                &at,
                "duplicate",
                "the same type is asked for at this stage of the same menu already",
            );
        }
    }

    fn check_lists(&self, checks: &mut Checks) {
        bounded(checks, "/unit_costs", self.unit_costs.len(), 0);
        bounded(checks, "/line_flags", self.line_flags.len(), 0);
        bounded(checks, "/non_physical_words", self.non_physical_words.len(), 0);
        unique(checks, "/non_physical_words", "", self.non_physical_words.iter());
        for (index, word) in self.non_physical_words.iter().enumerate() {
            checks.text(&format!("/non_physical_words/{index}"), word, MAX_SHORT);
        }
        bounded(checks, "/holidays", self.holidays.len(), 0);
        for (index, cost) in self.unit_costs.iter().enumerate() {
            checks.text(&format!("/unit_costs/{index}/unit"), &cost.unit, MAX_SHORT);
            let pointer = format!("/unit_costs/{index}/reference_idr");
            checks.require(cost.reference_idr.0 > 0, &pointer, "zero", "must be above zero");
        }
        let costs =
            self.unit_costs.iter().map(|cost| format!("{} per {}", cost.component, cost.unit));
        unique(checks, "/unit_costs", "", costs);
        unique(checks, "/line_flags", "code", self.line_flags.iter().map(|flag| &flag.code));
        for (index, flag) in self.line_flags.iter().enumerate() {
            let at = format!("/line_flags/{index}");
            named(checks, &at, "code", &flag.code, &flag.label_id, &flag.label_en);
        }
        unique(checks, "/holidays", "date", self.holidays.iter().map(|day| day.date));
        for (index, day) in self.holidays.iter().enumerate() {
            checks.text(&format!("/holidays/{index}/name"), &day.name, MAX_SHORT);
        }
    }

    fn check_modes(&self, checks: &mut Checks) {
        bounded(checks, "/modes", self.modes.len(), 1);
        unique(checks, "/modes", "mode", self.modes.iter().map(ModeRule::name));
        let staged = self.modes.contains(&ModeRule::Staged {});
        checks.require(
            staged,
            "/modes",
            "missing",
            "staged has to be among them: it is what is left where no other fits",
        );
        for (index, mode) in self.modes.iter().enumerate() {
            let at = format!("/modes/{index}");
            match mode {
                ModeRule::LumpSum { opens, closes, .. } => {
                    self.span(checks, &at, opens, closes);
                }
                ModeRule::LumpSumOnRecommendation { recorded_before, opens, closes } => {
                    self.span(checks, &at, opens, closes);
                    let in_time = recorded_before.moment() <= closes.moment();
                    let pointer = format!("{at}/recorded_before");
                    checks.require(in_time, &pointer, "order", "must not come after it closes");
                }
                ModeRule::Staged {} => {}
            }
        }
    }

    fn span(&self, checks: &mut Checks, at: &str, opens: &Deadline, closes: &Deadline) {
        let ordered = opens.moment() < closes.moment();
        checks.require(ordered, at, "order", "must open before it closes");
        self.within_year(checks, &format!("{at}/opens"), opens);
        self.within_year(checks, &format!("{at}/closes"), closes);
    }

    fn check_tranches(&self, checks: &mut Checks) {
        bounded(checks, "/tranches", self.tranches.len(), 1);
        let types = self.document_types();
        let last = self.tranches.len().saturating_sub(1);
        for (index, tranche) in self.tranches.iter().enumerate() {
            let at = format!("/tranches/{index}");
            self.span(checks, &at, &tranche.opens, &tranche.closes);
            self.within_year(checks, &format!("{at}/documents_due"), &tranche.documents_due);
            let in_time = tranche.documents_due.moment() <= tranche.closes.moment();
            let pointer = format!("{at}/documents_due");
            checks.require(in_time, &pointer, "order", "must not come after it closes");
            for (field, value) in [
                ("share_bp", tranche.share_bp.unwrap_or_default()),
                ("min_absorption_bp", tranche.min_absorption_bp),
                ("min_output_bp", tranche.min_output_bp),
            ] {
                share(checks, &format!("{at}/{field}"), value);
            }
            let has_share = tranche.share_bp.is_some() || index == last;
            let pointer = format!("{at}/share_bp");
            checks.require(has_share, &pointer, "missing", "only the last may leave its share out");
            for (place, name) in tranche.documents.iter().enumerate() {
                if !types.contains(&name.as_str()) {
                    let message = format!("{name:?} is no type of /documents; name one that is");
                    checks.fail(format!("{at}/documents/{place}"), "unknown_document", message);
                }
            }
        }
        let opens = self.tranches.iter().map(|tranche| tranche.opens.moment());
        let ordered = opens.is_sorted();
        checks.require(ordered, "/tranches", "order", "must open in their order");
        self.check_shares(checks);
    }

    fn check_shares(&self, checks: &mut Checks) {
        let shares = self.tranches.iter().filter_map(|tranche| tranche.share_bp);
        let sum = shares.fold(BasisPoints(0), |sum, one| BasisPoints(sum.0.saturating_add(one.0)));
        let whole = self.tranches.iter().all(|tranche| tranche.share_bp.is_some());
        if sum > BasisPoints::WHOLE {
            checks.fail("/tranches", "share_sum", format!("the shares are {sum}: more than all"));
        } else if whole && sum < BasisPoints::WHOLE {
            let message =
                format!("the shares are {sum}; leave out the last one, or give it what is left");
            checks.fail("/tranches", "share_sum", message);
        }
    }

    fn check_sources(&self, checks: &mut Checks) {
        bounded(checks, "/sources", self.sources.len(), 1);
        for value in VALUES {
            let of = |source: &str| source.split('.').next() == Some(value);
            let known = self.sources.iter().any(|source| of(&source.value));
            let pointer = format!("/sources ({value})");
            checks.require(known, &pointer, "missing", "each value needs an entry in sources");
        }
        // Policies that were published before there were such words, reminders or findings have none, and account for none.
        for (value, is_empty) in [
            ("non_physical_words", self.non_physical_words.is_empty()),
            ("reminders", self.reminders.is_empty()),
            ("findings", self.findings.is_none()),
        ] {
            let of = |source: &str| source.split('.').next() == Some(value);
            let known = is_empty || self.sources.iter().any(|source| of(&source.value));
            let pointer = format!("/sources ({value})");
            checks.require(known, &pointer, "missing", "each value needs an entry in sources");
        }
        let document = serde_json::to_value(self).unwrap_or_default();
        for (index, source) in self.sources.iter().enumerate() {
            let steps: Vec<&str> = source.value.split('.').collect();
            let message =
                "names no value of the policy; write such as plan.max_changes or tranches.share_bp";
            let pointer = format!("/sources/{index}/value");
            checks.require(names(&document, &steps), &pointer, "unknown", message);
            checks.text(&format!("/sources/{index}/source"), &source.source, MAX_LONG);
        }
    }

    fn check_regional(&self, checks: &mut Checks) {
        bounded(checks, "/regional", self.regional.len(), 0);
        let mut groups: BTreeMap<Vec<usize>, &RegionCode> = BTreeMap::new();
        let all: BTreeSet<&RegionCode> =
            self.regional.iter().flat_map(|rule| &rule.regions).collect();
        for region in all {
            let holds = |rule: &crate::domain::policy::RegionalRule| rule.regions.contains(region);
            let which = self.regional.iter().enumerate().filter(|(_, rule)| holds(rule));
            groups.entry(which.map(|(index, _)| index).collect()).or_insert(region);
        }
        let mut misplaced = false;
        for (index, rule) in self.regional.iter().enumerate() {
            let at = format!("/regional/{index}");
            bounded(checks, &format!("{at}/regions"), rule.regions.len(), 1);
            bounded(checks, &format!("{at}/values"), rule.values.len(), 1);
            checks.text(&format!("{at}/source"), &rule.source, MAX_LONG);
            if let Err(Misfit::NoPlace(_, errors)) = self.overlaid(&[&rule.values]) {
                misplaced = true;
                for (change, error) in errors {
                    let pointer = format!("{at}/values/{change}{}", error.pointer);
                    checks.fail(pointer, &error.code, error.message);
                }
            }
        }
        if misplaced || self.check_plain().is_err() {
            return;
        }
        for (which, region) in groups {
            let layers: Vec<&[Change]> = self.regional_layers(Some(region));
            let (Some(last), Err(errors)) = (which.last(), self.check_overlaid(&layers)) else {
                continue;
            };
            for error in errors {
                let message = format!("in {region}, {}: {}", error.pointer, error.message);
                checks.fail(format!("/regional/{last}/values"), &error.code, message);
            }
        }
    }

    /// Whether the policy is still one with these values over it; pointers are into the policy.
    pub fn check_overlaid(&self, layers: &[&[Change]]) -> Result<(), Vec<FieldError>> {
        match self.overlaid(layers) {
            Ok(policy) => policy.check_plain(),
            Err(Misfit::Invalid(errors)) => Err(errors),
            Err(Misfit::NoPlace(_, errors)) => {
                Err(errors.into_iter().map(|(_, error)| error).collect())
            }
        }
    }
}

/// A code with its two labels.
fn named(checks: &mut Checks, at: &str, field: &str, code: &str, id: &str, en: &str) {
    let message = "must be 1 to 64 of the letters a to z, digits and _";
    checks.require(is_code(code), &format!("{at}/{field}"), "code", message);
    checks.text(&format!("{at}/label_id"), id, MAX_SHORT);
    checks.text(&format!("{at}/label_en"), en, MAX_SHORT);
}

fn bounded(checks: &mut Checks, pointer: &str, count: usize, least: usize) {
    if !(least..=MAX_ITEMS).contains(&count) {
        let message = format!("must have from {least} to {MAX_ITEMS} entries");
        checks.fail(pointer, "count", message);
    }
}

fn unique<T: Ord>(checks: &mut Checks, list: &str, field: &str, items: impl Iterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for (index, item) in items.enumerate() {
        if !seen.insert(item) {
            let slash = if field.is_empty() { "" } else { "/" };
            let pointer = format!("{list}/{index}{slash}{field}");
            checks.fail(pointer, "duplicate", "is there already; each is named once");
        }
    }
}

/// Windows open before they close, follow one another, and don't overlap.
fn windows(checks: &mut Checks, list: &str, windows: &[Window]) {
    bounded(checks, list, windows.len(), 1);
    for (index, window) in windows.iter().enumerate() {
        let ordered = window.opens.moment() < window.closes.moment();
        let pointer = format!("{list}/{index}");
        checks.require(ordered, &pointer, "order", "must open before it closes");
    }
    for (index, pair) in windows.windows(2).enumerate() {
        let [one, next] = pair else { continue };
        if next.opens.moment() < one.closes.moment() {
            let message = format!("overlaps the one before, which closes at {}", one.closes);
            checks.fail(format!("{list}/{}", index.saturating_add(1)), "overlap", message);
        }
    }
}
