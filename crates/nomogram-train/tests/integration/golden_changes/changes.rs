//! Changes of one parameter of a model: every number, text, flag and variant.

use std::fmt;

use nomogram::{Action, FeatureKind, Member, Node, Parts};
use serde_json::{Value, json};

/// Texts that are variants: a change takes another one of the same group.
const VARIANTS: [&[&str]; 7] = [
    &["AtMost", "Below"],
    &["Double", "SingleInputs", "Single"],
    &["Sum", "Mean"],
    &["Left", "Right"],
    &["Refuse", "Impute", "Clamp", "Take", "Flag"],
    &["Identity", "Relu", "Tanh", "Logistic", "Gelu"],
    &["Constant", "Mean", "Median", "Mode"],
];

/// One parameter with another value.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The keys and positions that lead to the parameter.
    path: Vec<String>,
    value: Value,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.path.join("."), self.value)
    }
}

/// Everything that predicts or that a caller sees: not the manifest and the card.
fn whole(parts: &Parts) -> Value {
    json!({
        "schema": parts.schema,
        "branches": parts.branches,
        "members": parts.members,
        "combiner": parts.combiner,
        "calibrator": parts.calibrator,
        "cutoffs": parts.cutoffs,
    })
}

/// Every change.
pub(crate) fn changes(parts: &Parts) -> Vec<Change> {
    let mut changes = Vec::new();
    add(&whole(parts), &mut Vec::new(), &mut changes);
    changes
}

fn add(value: &Value, path: &mut Vec<String>, changes: &mut Vec<Change>) {
    let mut push = |value: Value| changes.push(Change { path: path.clone(), value });
    match value {
        Value::Null => {}
        Value::Bool(flag) => push(json!(!flag)),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap();
            // A millionth up and down.
            let step = if number == 0.0 { 1e-6 } else { number * 1e-6 };
            push(json!(number + step));
            push(json!(number - step));
        }
        Value::Number(number) => {
            let number = number.as_i64().unwrap();
            push(json!(number + 1));
            push(json!(number - 1));
        }
        Value::String(text) => {
            let groups = VARIANTS.iter().filter(|group| group.contains(&text.as_str()));
            let others: Vec<&str> = groups
                .flat_map(|group| group.iter().copied())
                .filter(|other| other != text)
                .collect();
            others.iter().for_each(|other| push(json!(other)));
            if others.is_empty() {
                push(json!(format!("{text}x")));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                add(item, path, changes);
                path.pop();
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                path.push(key.clone());
                add(field, path, changes);
                path.pop();
            }
        }
    }
}

/// The parts with the change; `None` when no bundle can hold it, such as a position of −1.
pub(crate) fn changed(parts: &Parts, change: &Change) -> Option<Parts> {
    let mut whole = whole(parts);
    let mut place = &mut whole;
    for key in &change.path {
        place = match place {
            Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?)?,
            Value::Object(fields) => fields.get_mut(key)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    *place = change.value.clone();
    let part = |name: &str| whole[name].clone();
    Some(Parts {
        manifest: parts.manifest.clone(),
        card: parts.card.clone(),
        schema: serde_json::from_value(part("schema")).ok()?,
        branches: serde_json::from_value(part("branches")).ok()?,
        members: serde_json::from_value(part("members")).ok()?,
        combiner: serde_json::from_value(part("combiner")).ok()?,
        calibrator: serde_json::from_value(part("calibrator")).ok()?,
        profile: parts.profile.clone(),
        cutoffs: serde_json::from_value(part("cutoffs")).ok()?,
        uncertainty: parts.uncertainty.clone(),
        explanation: parts.explanation.clone(),
    })
}

impl Change {
    /// Why no golden case can show the change, where there is a reason.
    pub(crate) fn reason(&self, parts: &Parts) -> Option<&'static str> {
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        let last = *path.last()?;
        if path[0] == "branches" && last == "name" {
            return Some("no caller sees the name of a branch");
        }
        if last == "statistic" {
            return Some("for people: the imputed values are stored themselves");
        }
        if last == "leaf" && self.is_equal_leaf(parts) == Some(true) {
            return Some("both leaves have the same values");
        }
        if let Some(reason) = self.isotonic_reason(parts) {
            return Some(reason);
        }
        let low = parts.schema.features().iter().filter_map(|feature| feature.range).map(|r| r.low);
        if path.contains(&"lows") && low.into_iter().any(|low| self.value.as_f64() < Some(low)) {
            return Some("below the plausible range, where no value lies");
        }
        let feature = self.raw_feature(parts);
        let policy = feature.map(|feature| parts.schema.features()[feature].policy);
        if last == "default_child" && policy.is_some_and(|policy| policy.missing != Action::Impute)
        {
            return Some("no value is missing there");
        }
        let kind = feature.map(|feature| &parts.schema.features()[feature].kind);
        if last == "threshold" && kind.is_some_and(|kind| *kind != FeatureKind::Number) {
            return Some("no whole number lies between the two thresholds");
        }
        None
    }

    /// Why no case shows that a point of an isotonic map moved.
    fn isotonic_reason(&self, parts: &Parts) -> Option<&'static str> {
        let whole = whole(parts);
        let map = &whole["calibrator"]["Binary"]["Isotonic"];
        let [.., key, point] = self.path.as_slice() else { return None };
        if self.path[0] != "calibrator" || key != "probabilities" {
            return None;
        }
        let number = |key: &str, index: usize| map[key].get(index).and_then(Value::as_f64);
        let point = point.parse::<usize>().ok()?;
        let rises = |first: usize| {
            let ends = number("calibrated", first).zip(number("calibrated", first + 1));
            ends.is_some_and(|(from, to)| from < to)
        };
        let is_level = !point.checked_sub(1).is_some_and(rises) && !rises(point);
        is_level.then_some("the map is level on both sides")
    }

    /// Whether the leaf that a node now names has the values of the one before.
    fn is_equal_leaf(&self, parts: &Parts) -> Option<bool> {
        let numbers: Vec<usize> = self.path.iter().filter_map(|key| key.parse().ok()).collect();
        let [member, tree, node] = numbers[..] else { return None };
        let Member::Forest(forest) = &parts.members[member].member else { return None };
        let tree = &forest.trees[tree];
        let Node::Leaf { leaf } = tree.nodes[node] else { return None };
        let width = if tree.margin.is_some() { 1 } else { forest.base_margins.len() };
        let values = |leaf: usize| tree.leaves.get(leaf * width..(leaf + 1) * width);
        Some(values(leaf as usize) == values(usize::try_from(self.value.as_u64()?).ok()?))
    }

    /// The feature that a node of a tree reads, where its member reads the row itself.
    fn raw_feature(&self, parts: &Parts) -> Option<usize> {
        let whole = whole(parts);
        let mut node = &whole;
        for key in self.path.split_last()?.1 {
            node = match key.parse::<usize>() {
                Ok(index) => node.get(index)?,
                Err(_) => node.get(key)?,
            };
        }
        let member = &parts.members.get(self.path.get(1)?.parse::<usize>().ok()?)?;
        let branch = &parts.branches[member.branch as usize];
        let is_row = branch.source.is_none() && branch.steps.is_empty();
        let input = usize::try_from(node.get("input")?.as_u64()?).ok()?;
        is_row.then_some(input)
    }
}
