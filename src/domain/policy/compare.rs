//! What differs between two policies, value by value.

use crate::domain::policy::overlay::escaped;
use serde_json::Value;

/// A value that is different in two documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, as a JSON pointer.
    pub path: String,
    /// In the first; absent when it is not there.
    pub before: Option<Value>,
    /// In the second.
    pub after: Option<Value>,
}

/// Every value that differs. Lists of different lengths are told as a whole.
pub fn differences(one: &Value, two: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(Some(one), Some(two), String::new(), &mut found);
    found
}

fn walk(one: Option<&Value>, two: Option<&Value>, path: String, found: &mut Vec<Difference>) {
    match (one, two) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let more = b.keys().filter(|name| !a.contains_key(*name));
            for name in a.keys().chain(more) {
                walk(a.get(name), b.get(name), format!("{path}/{}", escaped(name)), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(Some(a), Some(b), format!("{path}/{index}"), found);
            }
        }
        (one, two) if one == two => {}
        (one, two) => found.push(Difference { path, before: one.cloned(), after: two.cloned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_differs_is_named_and_nothing_else() {
        let one = json!({ "a": { "x/y": 1, "same": 2 }, "list": [1, 2], "gone": true });
        let two = json!({ "a": { "x/y": 3, "same": 2 }, "list": [1, 2, 3] });
        let paths: Vec<_> = differences(&one, &two).into_iter().map(|one| one.path).collect();
        assert_eq!(paths, ["/a/x~1y", "/gone", "/list"]);
        assert!(differences(&one, &one).is_empty());
    }
}
