//! The figures of a baseline, which are compared at the end with what became of them.

use serde_json::{Map, Value};

/// The figures of `baseline` that `outcome` does not say, each by its pointer, in order: numbers at any depth.
pub fn lacking(baseline: &Value, outcome: Option<&Map<String, Value>>) -> Vec<String> {
    let outcome = outcome.map(|fields| Value::Object(fields.clone())).unwrap_or_default();
    let mut found = Vec::new();
    figures(baseline, "", &mut found);
    found.retain(|pointer| !outcome.pointer(pointer).is_some_and(Value::is_number));
    found
}

fn figures(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(pointer.to_owned()),
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                figures(value, &format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                figures(item, &format!("{pointer}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_number_asks_for_a_number_in_its_place_and_nothing_else_does() {
        let baseline = json!({
            "surveyed_on": "2020-04-14", "members": 15, "output": { "cloths/month": 120, "colours": [3, "red"] },
        });
        let lacks = |outcome: Value| lacking(&baseline, outcome.as_object());
        let all = ["/members", "/output/cloths~1month", "/output/colours/0"];
        assert_eq!(lacking(&baseline, None), all);
        assert_eq!(lacks(json!({ "members": "47", "output": {} })), all);
        let outcome =
            json!({ "members": 47, "output": { "cloths/month": 0, "colours": [4] }, "more": 1 });
        assert_eq!(lacks(outcome), Vec::<String>::new());
        assert_eq!(lacking(&json!({ "wastewater": "none" }), None), Vec::<String>::new());
    }
}
