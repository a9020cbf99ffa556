//! Laying values over a policy, each at its JSON pointer (RFC 6901): a region's from the beginning, and decrees'.

use crate::domain::ids::RegionCode;
use crate::domain::policy::Policy;
use crate::domain::refusal::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A value that takes the place of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Of what, as a JSON pointer into the policy; it has to exist.
    #[schema(example = "/submission_windows/0/closes/date")]
    pub path: String,
    /// What is there instead.
    #[schema(value_type = Object, example = "2020-07-31")]
    pub value: Value,
}

/// What tells which document it is, and where its values come from: no region's own.
const FIXED: [&str; 3] = ["fiscal_year", "sources", "regional"];

/// Lays values over a document. Everything that has no place is told, with the index of the change.
pub fn apply(document: &mut Value, changes: &[Change]) -> Result<(), Vec<(usize, FieldError)>> {
    let mut errors = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let first = change.path.split('/').nth(1).unwrap_or_default();
        let place = if FIXED.contains(&first) { None } else { document.pointer_mut(&change.path) };
        match place {
            Some(place) if !change.path.is_empty() => *place = change.value.clone(),
            _ => {
                let message = format!(
                    "{:?} is no value of the policy that can be set; name an existing one, such as \
                     /contract_gate/date (a list is set as a whole)",
                    change.path
                );
                errors.push((index, FieldError::new("/path", "unknown_path", message)));
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Why values can't be laid over a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// Changes that have no place: of which layer, which, and why.
    NoPlace(usize, Vec<(usize, FieldError)>),
    /// What it would make is no policy: each pointer is into the policy.
    Invalid(Vec<FieldError>),
}

impl Policy {
    /// The policy with values laid over it, in order; its form is seen to, its meaning is not.
    pub fn overlaid(&self, layers: &[&[Change]]) -> Result<Policy, Misfit> {
        let malformed =
            |message: String| Misfit::Invalid(vec![FieldError::new("", "malformed", message)]);
        let mut document =
            serde_json::to_value(self).map_err(|error| malformed(error.to_string()))?;
        for (layer, changes) in layers.iter().enumerate() {
            apply(&mut document, changes).map_err(|errors| Misfit::NoPlace(layer, errors))?;
        }
        serde_path_to_error::deserialize(document).map_err(|error| {
            let place = pointer(error.path());
            let message = error.into_inner().to_string();
            Misfit::Invalid(vec![FieldError::new(place, "malformed", message)])
        })
    }

    /// The changes that hold in a region from the beginning; those of nobody for the nation.
    pub fn regional_layers(&self, region: Option<&RegionCode>) -> Vec<&[Change]> {
        self.regional
            .iter()
            .filter(|rule| region.is_some_and(|region| rule.regions.contains(region)))
            .map(|rule| rule.values.as_slice())
            .collect()
    }
}

/// Whether a change of `one` can be seen at `other`: one of them is the other, or lies within it.
pub fn related(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(one, other) || within(other, one)
}

/// A JSON pointer from the path of a deserializer.
pub fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escaped(key)),
            Segment::Enum { .. } | Segment::Unknown => String::new(),
        })
        .collect()
}

/// A name as a step of a JSON pointer.
pub fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
