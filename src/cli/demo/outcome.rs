//! How each case ended, beside how its file says that it ended.

use crate::cli::demo::audit;
use crate::cli::demo::case::Case;
use crate::domain::ids::ProposalId;
use crate::domain::moment::Moment;
use crate::service::Services;
use crate::service::context::Context;
use crate::service::error::Error;
use crate::service::{allocation, line, proposal};
use serde_json::Value;

/// The outcome of a case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its name.
    pub name: &'static str,
    /// Its proposal.
    pub proposal: ProposalId,
    /// Lines to print.
    pub lines: Vec<String>,
    /// What differs from the file.
    pub differences: Vec<String>,
}

/// Compares a proposal with what its case expects, figure by figure.
pub fn compare(
    sv: &Services,
    auditor: &Context,
    name: &'static str,
    case: &Case,
    id: ProposalId,
) -> Result<Outcome, Error> {
    let shown = proposal::show(sv, auditor, id)?;
    let figures = serde_json::to_value(shown.figures)?;
    let mut outcome = Outcome { name, proposal: id, lines: Vec::new(), differences: Vec::new() };
    outcome.check("end_state", &case.expected.end_state, shown.state.as_str());
    if let Some(at) = case.expected.at {
        outcome.check("at", &Moment::from(at).to_string(), &shown.state_since.to_string());
    }
    if let (Some(mode), Some(allocation)) = (&case.expected.mode, shown.allocation_id) {
        let found = allocation::show(sv, auditor, allocation)?.mode.map(|mode| mode.to_string());
        outcome.check("mode", mode, found.as_deref().unwrap_or("none"));
    }
    if let Some(finding) = &case.expected.finding {
        let expected = format!("{:?}", [finding.difference_idr]);
        let found = format!("{:?}", audit::at_issue(sv, auditor, id)?);
        outcome.check("finding.difference_idr", &expected, &found);
    }
    for (field, expected) in &case.expected.rest {
        match (field.as_str(), expected) {
            ("approved_idr", Value::Number(number)) => {
                outcome.check(field, &number.to_string(), &shown.approved_idr.to_string());
            }
            ("every_cut_line_has_a_reason", Value::Bool(true)) => {
                let lines = line::show(sv, auditor, id)?.items;
                let silent = lines.iter().filter(|line| {
                    line.approved_idr.is_some_and(|approved| approved < line.amount_idr)
                        && line.approved_reason.as_deref().unwrap_or_default().is_empty()
                });
                outcome.check(
                    field,
                    "0 cut lines without a reason",
                    &format!("{} cut lines without a reason", silent.count()),
                );
            }
            (name, Value::Number(number)) if name.ends_with("_idr") => {
                let found =
                    figures.get(name).map_or_else(|| "nothing".to_owned(), Value::to_string);
                outcome.check(name, &number.to_string(), &found);
            }
            _ => {}
        }
    }
    Ok(outcome)
}

impl Outcome {
    fn check(&mut self, what: &str, expected: &str, found: &str) {
        if expected == found {
            self.lines.push(format!("  {what:<28} {found:>28}  as expected"));
        } else {
            let line = format!("  {what:<28} {found:>28}  EXPECTED {expected}");
            self.lines.push(line.clone());
            self.differences.push(line);
        }
    }
}
