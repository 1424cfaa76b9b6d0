//! What differs between the parts of two bundles.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::bundle::OpenBundle;
use crate::description::Description;
use crate::error::Error;

/// Told at the head, and different wherever anything is.
const HEAD: [&str; 2] = ["digest", "n_bytes"];

/// Something that differs.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    /// Where, for example `features.age.range.high`.
    place: String,
    /// What `a` has; nothing where `b` alone has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<Value>,
    /// What cannot be told by two values.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

/// Everything that differs.
pub(super) fn changes(
    bundles: &[OpenBundle; 2],
    descriptions: &[Description; 2],
) -> Result<Vec<Change>, Error> {
    let to_value = |description| {
        serde_json::to_value(description).map_err(|_| Error::Defect("a description is no JSON"))
    };
    let [a, b] = descriptions;
    let mut changes = Vec::new();
    compare("", &to_value(a)?, &to_value(b)?, &mut changes);
    let [a, b] = bundles;
    let (a, b) = (&a.parts, &b.parts);
    // Fitted numbers are too many to be told one by one.
    let fitted = |place: String| {
        let detail = Some("the fitted parameters differ");
        Change { place, a: None, b: None, detail }
    };
    for branch in &a.branches {
        let other = b.branches.iter().find(|other| other.name == branch.name);
        if other.is_some_and(|other| other.steps != branch.steps) {
            changes.push(fitted(format!("branches.{}", branch.name)));
        }
    }
    for member in &a.members {
        let other = b.members.iter().find(|other| other.name == member.name);
        if other.is_some_and(|other| other.member != member.member) {
            changes.push(fitted(format!("members.{}", member.name)));
        }
    }
    let is_told = changes.iter().any(|change| change.place.starts_with("combiner"));
    if a.combiner != b.combiner && !is_told {
        changes.push(fitted("combiner".into()));
    }
    Ok(changes)
}

fn compare(place: &str, a: &Value, b: &Value, changes: &mut Vec<Change>) {
    let within = |name: &str| match place {
        "" => name.to_owned(),
        _ => format!("{place}.{name}"),
    };
    match (a, b) {
        (Value::Object(of_a), Value::Object(of_b)) => {
            let names: BTreeSet<&String> = of_a.keys().chain(of_b.keys()).collect();
            for name in names {
                let is_head = place.is_empty() && HEAD.contains(&name.as_str());
                let either = (of_a.get(name), of_b.get(name));
                match either {
                    _ if is_head => {}
                    (Some(a), Some(b)) => compare(&within(name), a, b, changes),
                    (a, b) => changes.push(Change::of(within(name), a, b)),
                }
            }
        }
        (Value::Array(of_a), Value::Array(of_b)) if are_named(of_a) && are_named(of_b) => {
            compare_named(place, of_a, of_b, changes);
        }
        _ if a == b => {}
        _ => changes.push(Change::of(place.to_owned(), Some(a), Some(b))),
    }
}

/// Compares lists whose items have names.
fn compare_named(place: &str, a: &[Value], b: &[Value], changes: &mut Vec<Change>) {
    let find = |items: &'_ [Value], name: Option<&str>| -> Option<usize> {
        items.iter().position(|item| name_of(item) == name)
    };
    for item in a {
        let place = format!("{place}.{}", name_of(item).unwrap_or_default());
        match find(b, name_of(item)).and_then(|at| b.get(at)) {
            Some(other) => compare(&place, item, other, changes),
            None => changes.push(Change::of(place, Some(item), None)),
        }
    }
    for item in b.iter().filter(|item| find(a, name_of(item)).is_none()) {
        let place = format!("{place}.{}", name_of(item).unwrap_or_default());
        changes.push(Change::of(place, None, Some(item)));
    }
    let common = |of: &'_ [Value], other: &'_ [Value]| -> Vec<String> {
        let names = of.iter().filter_map(name_of);
        names.filter(|name| find(other, Some(name)).is_some()).map(str::to_owned).collect()
    };
    if common(a, b) != common(b, a) {
        let detail = Some("in another order");
        changes.push(Change { place: place.to_owned(), a: None, b: None, detail });
    }
}

fn are_named(items: &[Value]) -> bool {
    items.iter().all(|item| name_of(item).is_some())
}

fn name_of(item: &Value) -> Option<&str> {
    // An alternative unit is named by its code.
    item.get("name").or_else(|| item.get("code"))?.as_str()
}

impl Change {
    fn of(place: String, a: Option<&Value>, b: Option<&Value>) -> Self {
        Self { place, a: a.cloned(), b: b.cloned(), detail: None }
    }

    /// In one line.
    pub(super) fn text(&self) -> String {
        let place = &self.place;
        match (&self.a, &self.b, self.detail) {
            (Some(a), Some(b), _) => format!("~ {place}: {} → {}", short(a), short(b)),
            (Some(a), None, _) => format!("- {place}: {}", short(a)),
            (None, Some(b), _) => format!("+ {place}: {}", short(b)),
            (None, None, detail) => format!("~ {place}: {}", detail.unwrap_or_default()),
        }
    }
}

/// A value that fits into a line.
fn short(value: &Value) -> String {
    const MOST: usize = 160;
    let text = match value {
        Value::Null => "none".into(),
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    };
    if text.chars().count() <= MOST {
        return text;
    }
    text.chars().take(MOST).chain(['…']).collect()
}
