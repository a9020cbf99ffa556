//! Change requests: what reviewers ask the region to change, item by item; and what differs between two versions.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

text_enum! {
    /// Where a change request stands.
    pub enum RequestState {
        /// It waits for the region.
        Open = "open",
        /// The region answered; the reviewers have not said whether it will do.
        Answered = "answered",
        /// It will do.
        Accepted = "accepted",
    }
}

text_enum! {
    /// Who speaks of a line when volumes and amounts are agreed.
    pub enum Side {
        /// The ministry, which proposes.
        Ministry = "ministry",
        /// The region, which agrees or does not.
        Region = "region",
    }
}

/// What the rules look at in a change request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFacts {
    /// Its number, from 1.
    pub n: i64,
    /// What it is about.
    pub pointer: String,
    /// What is asked, in words.
    pub comment: String,
    /// Where it stands.
    pub state: RequestState,
}

/// One value that differs between two versions.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Difference {
    /// Where, as a JSON pointer; lines are named by their numbers.
    #[schema(example = "/lines/3/unit_cost_idr")]
    pub pointer: String,
    /// As it was; `null` when it was not there.
    #[schema(value_type = Object, example = 6_125_000)]
    pub before: Value,
    /// As it is; `null` when it is not there any more.
    #[schema(value_type = Object, example = 6_000_000)]
    pub after: Value,
}

/// What differs between two values, field by field. What only one of them has is named as a whole.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(before, after, String::new(), &mut found);
    found
}

fn compare(before: &Value, after: &Value, pointer: String, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    let (Value::Object(one), Value::Object(other)) = (before, after) else {
        found.push(Difference { pointer, before: before.clone(), after: after.clone() });
        return;
    };
    let mut names: Vec<&String> = one.keys().chain(other.keys()).collect();
    // Lines by their numbers, and 10 after 9.
    names.sort_by_key(|name| (name.parse::<i64>().unwrap_or(0), *name));
    names.dedup();
    for name in names {
        let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        let part = |of: &serde_json::Map<String, Value>| of.get(name).cloned().unwrap_or_default();
        compare(&part(one), &part(other), at, found);
    }
}

/// Whether what is asked names the place, or what the place is part of.
pub fn covers(asked: &str, pointer: &str) -> bool {
    pointer.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn documents() -> impl Strategy<Value = Value> {
        let leaf =
            prop_oneof![any::<i64>().prop_map(Value::from), "[a-z]{0,3}".prop_map(Value::from)];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop::collection::btree_map("[a-z0-9~/]{1,2}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect()))
        })
    }

    proptest! {
        #[test]
        fn a_difference_tells_what_stands_at_its_place_in_both(a in documents(), b in documents()) {
            let found = differences(&a, &b);
            prop_assert_eq!(found.is_empty(), a == b);
            for one in found {
                prop_assert_ne!(&one.before, &one.after);
                prop_assert_eq!(a.pointer(&one.pointer).cloned().unwrap_or_default(), one.before);
                prop_assert_eq!(b.pointer(&one.pointer).cloned().unwrap_or_default(), one.after);
            }
        }

        #[test]
        fn the_way_back_has_the_same_differences_mirrored(a in documents(), b in documents()) {
            let back: Vec<_> = differences(&b, &a)
                .into_iter()
                .map(|one| Difference { before: one.after, after: one.before, ..one })
                .collect();
            prop_assert_eq!(differences(&a, &b), back);
        }
    }

    #[test]
    fn lines_are_told_by_number_and_whole_ones_as_added() {
        let before = json!({ "lines": { "9": { "unit": "m" }, "10": { "unit": "m" } } });
        let after = json!({ "lines": { "9": { "unit": "m2" }, "10": { "unit": "m2" }, "11": {} } });
        let found: Vec<_> =
            differences(&before, &after).into_iter().map(|one| one.pointer).collect();
        assert_eq!(found, ["/lines/9/unit", "/lines/10/unit", "/lines/11"]);
    }

    #[test]
    fn a_request_covers_its_place_and_what_is_beneath_it_only() {
        assert!(covers("/lines/3", "/lines/3"));
        assert!(covers("/lines/3", "/lines/3/unit"));
        assert!(!covers("/lines/3", "/lines/30"));
        assert!(!covers("/lines/3/unit", "/lines/3"));
    }
}
