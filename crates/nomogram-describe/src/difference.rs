//! How two bundles differ.
//!
//! Features, rules, branches, members and cutoffs are matched by name.

use std::collections::{BTreeMap, BTreeSet};

use nomogram::{Model, Parts};
use serde::Serialize;
use serde_json::Value;

use crate::description::Description;

/// The most characters of a value in one line.
const MAX_VALUE_LEN: usize = 160;

/// One difference between a bundle `a` and a bundle `b`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where, for example `features.age.range.high`.
    pub place: String,
    /// The value of `a`; `None` where only `b` has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Value>,
    /// The value of `b`; `None` where only `a` has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Value>,
    /// A difference that two values cannot show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
}

/// Everything that differs between two opened bundles, apart from their digests.
#[must_use]
pub fn differences(a: (&Model, &Parts), b: (&Model, &Parts)) -> Vec<Difference> {
    let value = |(model, parts): (&Model, &Parts)| {
        let mut value = serde_json::to_value(Description::new(model, parts)).unwrap_or_default();
        // It differs wherever anything does.
        value.as_object_mut().and_then(|fields| fields.remove("digest"));
        value
    };
    let mut differences = Vec::new();
    compare("", &value(a), &value(b), &mut differences);
    add_fitted_parameters(a.1, b.1, &mut differences);
    differences
}

/// Fitted parameters are too many to list: one difference for each branch, member or combiner.
fn add_fitted_parameters(a: &Parts, b: &Parts, differences: &mut Vec<Difference>) {
    let mut add = |place: String| {
        let detail = Some("the fitted parameters differ");
        differences.push(Difference { place, a: None, b: None, detail });
    };
    for branch in &a.branches {
        let other = b.branches.iter().find(|other| other.name == branch.name);
        if other.is_some_and(|other| other.steps != branch.steps) {
            add(format!("branches.{}", branch.name));
        }
    }
    for member in &a.members {
        let other = b.members.iter().find(|other| other.name == member.name);
        if other.is_some_and(|other| other.member != member.member) {
            add(format!("members.{}", member.name));
        }
    }
    let is_listed = differences.iter().any(|listed| listed.place.starts_with("combiner"));
    if a.combiner != b.combiner && !is_listed {
        let detail = Some("the fitted parameters differ");
        differences.push(Difference { place: "combiner".into(), a: None, b: None, detail });
    }
}

fn compare(place: &str, a: &Value, b: &Value, differences: &mut Vec<Difference>) {
    let within = |name: &str| match place {
        "" => name.to_owned(),
        _ => format!("{place}.{name}"),
    };
    match (a, b) {
        (Value::Object(of_a), Value::Object(of_b)) => {
            let names: BTreeSet<&String> = of_a.keys().chain(of_b.keys()).collect();
            for name in names {
                match (of_a.get(name), of_b.get(name)) {
                    (Some(a), Some(b)) => compare(&within(name), a, b, differences),
                    (a, b) => differences.push(Difference::new(within(name), a, b)),
                }
            }
        }
        (Value::Array(of_a), Value::Array(of_b)) if are_named(of_a) && are_named(of_b) => {
            compare_named(place, of_a, of_b, differences);
        }
        _ if a == b => {}
        _ => differences.push(Difference::new(place.to_owned(), Some(a), Some(b))),
    }
}

/// Compares lists whose items have names, which are distinct within a list.
fn compare_named(place: &str, a: &[Value], b: &[Value], differences: &mut Vec<Difference>) {
    let by_name = |items: &'_ [Value]| -> BTreeMap<String, Value> {
        let named = |item: &Value| Some((name_of(item)?.to_owned(), item.clone()));
        items.iter().filter_map(named).collect()
    };
    let (named_a, named_b) = (by_name(a), by_name(b));
    for item in a {
        let name = name_of(item).unwrap_or_default();
        let place = format!("{place}.{name}");
        match named_b.get(name) {
            Some(other) => compare(&place, item, other, differences),
            None => differences.push(Difference::new(place, Some(item), None)),
        }
    }
    for item in b {
        let name = name_of(item).unwrap_or_default();
        if !named_a.contains_key(name) {
            differences.push(Difference::new(format!("{place}.{name}"), None, Some(item)));
        }
    }
    let common_a = a.iter().filter_map(name_of).filter(|name| named_b.contains_key(*name));
    let common_b = b.iter().filter_map(name_of).filter(|name| named_a.contains_key(*name));
    if !common_a.eq(common_b) {
        let detail = Some("the order differs");
        differences.push(Difference { place: place.to_owned(), a: None, b: None, detail });
    }
}

fn are_named(items: &[Value]) -> bool {
    items.iter().all(|item| name_of(item).is_some())
}

fn name_of(item: &Value) -> Option<&str> {
    // Alternative units have codes.
    item.get("name").or_else(|| item.get("code"))?.as_str()
}

impl Difference {
    fn new(place: String, a: Option<&Value>, b: Option<&Value>) -> Self {
        Self { place, a: a.cloned(), b: b.cloned(), detail: None }
    }

    /// In one line, for example `~ features.age.range.high: 120 → 110`.
    #[must_use]
    pub fn text(&self) -> String {
        let place = &self.place;
        match (&self.a, &self.b, self.detail) {
            (Some(a), Some(b), _) => format!("~ {place}: {} → {}", short(a), short(b)),
            (Some(a), None, _) => format!("- {place}: {}", short(a)),
            (None, Some(b), _) => format!("+ {place}: {}", short(b)),
            (None, None, detail) => format!("~ {place}: {}", detail.unwrap_or_default()),
        }
    }
}

/// A value, cut to the length of a line.
fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "none".into(),
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    };
    if text.chars().count() <= MAX_VALUE_LEN {
        return text;
    }
    text.chars().take(MAX_VALUE_LEN).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(a: &Value, b: &Value) -> Vec<String> {
        let mut differences = Vec::new();
        compare("", a, b, &mut differences);
        differences.iter().map(Difference::text).collect()
    }

    #[test]
    fn items_are_matched_by_name() {
        let a = json!({"features": [{"name": "age", "range": [0, 120]}, {"name": "sex"}]});
        let b = json!({"features": [{"name": "bmi"}, {"name": "age", "range": [0, 110]}]});
        assert_eq!(
            lines(&a, &b),
            [
                "~ features.age.range: [0,120] → [0,110]",
                "- features.sex: {\"name\":\"sex\"}",
                "+ features.bmi: {\"name\":\"bmi\"}",
            ]
        );
        assert!(lines(&a, &a).is_empty());
    }

    #[test]
    fn another_order_is_a_difference() {
        let of_order =
            |names: [&str; 2]| json!({"members": names.map(|name| json!({"name": name}))});
        assert_eq!(
            lines(&of_order(["a", "b"]), &of_order(["b", "a"])),
            ["~ members: the order differs"]
        );
    }
}
