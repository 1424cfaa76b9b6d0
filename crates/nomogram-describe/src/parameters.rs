//! Which fitted parameters of two models differ: how many, and the first ones.
//!
//! Both are walked once, side by side, so the work is linear in their size; [`Walk::n_steps`] counts it.

use nomogram::Branch;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::words::count;

/// How many differences are listed for each branch, member, combiner or calibrator.
const MAX_LISTED: usize = 5;

/// The names of the values that a step or a member reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inputs<'a> {
    /// The features, by position.
    Features(&'a [String]),
    /// The values of a branch, which have no names.
    Values,
}

/// A parameter that differs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DifferentParameter {
    /// Its keys and positions, counted from 0 as in JSON, for example `trees[3].nodes[0].threshold`.
    pub(crate) path: String,
    pub(crate) a: Value,
    pub(crate) b: Value,
    /// The feature or the value that it is about, in words.
    pub(crate) about: Option<String>,
}

/// A walk through the parameters of two models.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    inputs: Inputs<'a>,
    path: Vec<Segment>,
    /// The first parameters that differ.
    pub(crate) first: Vec<DifferentParameter>,
    /// How many parameters differ, and how many there are in the larger one.
    pub(crate) n_different: usize,
    pub(crate) n_parameters: usize,
    /// How many values were looked at.
    pub(crate) n_steps: usize,
}

/// A key or a position, with the input that what follows is about.
#[derive(Clone, Debug)]
enum Segment {
    Key(String),
    Position(usize, Option<usize>),
    /// An object about this input.
    Input(usize),
}

impl<'a> Walk<'a> {
    /// Walks through two values.
    pub(crate) fn of(a: &impl Serialize, b: &impl Serialize, inputs: Inputs<'a>) -> Self {
        let json = |value: Result<Value, serde_json::Error>| value.unwrap_or_default();
        let (a, b) = (json(serde_json::to_value(a)), json(serde_json::to_value(b)));
        let (path, first) = (Vec::new(), Vec::new());
        let mut walk = Self { inputs, path, first, n_different: 0, n_parameters: 0, n_steps: 0 };
        walk.compare(&a, &b);
        walk
    }

    /// For example `12 of 3450 parameters differ`.
    pub(crate) fn summary(&self) -> String {
        let Self { n_different, n_parameters, .. } = self;
        let differ = if *n_different == 1 { "differs" } else { "differ" };
        let more = match n_different.saturating_sub(self.first.len()) {
            0 => String::new(),
            _ => format!("; the first {}:", self.first.len()),
        };
        format!("{n_different} of {} {differ}{more}", count(*n_parameters, "parameter"))
    }

    fn compare(&mut self, a: &Value, b: &Value) {
        self.n_steps += 1;
        match (a, b) {
            (Value::Object(of_a), Value::Object(of_b)) => self.compare_objects(of_a, of_b),
            (Value::Array(of_a), Value::Array(of_b)) => {
                for (position, (a, b)) in of_a.iter().zip(of_b).enumerate() {
                    self.path.push(Segment::Position(position, None));
                    self.compare(a, b);
                    self.path.pop();
                }
                self.compare_lengths(of_a, of_b);
            }
            _ => {
                self.n_parameters += 1;
                if !are_same(a, b) {
                    self.add(a.clone(), b.clone());
                }
            }
        }
    }

    fn compare_objects(&mut self, a: &Map<String, Value>, b: &Map<String, Value>) {
        let input = a.get("input").filter(|input| b.get("input") == Some(input));
        let input = input.and_then(Value::as_u64).and_then(|input| usize::try_from(input).ok());
        self.path.extend(input.map(Segment::Input));
        let inputs = a
            .get("inputs")
            .and_then(Value::as_array)
            .filter(|_| a.get("inputs") == b.get("inputs"));
        for (key, of_a) in a {
            self.path.push(Segment::Key(key.clone()));
            match b.get(key) {
                Some(of_b) => self.compare_field(key, of_a, of_b, inputs),
                None => self.add_whole(of_a, &Value::Null),
            }
            self.path.pop();
        }
        for (key, of_b) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
            self.path.push(Segment::Key(key.clone()));
            self.add_whole(&Value::Null, of_b);
            self.path.pop();
        }
        if input.is_some() {
            self.path.pop();
        }
    }

    /// A list that has one item for each input of its step or member names the input of each.
    fn compare_field(&mut self, key: &str, a: &Value, b: &Value, inputs: Option<&Vec<Value>>) {
        let (Value::Array(of_a), Value::Array(of_b)) = (a, b) else { return self.compare(a, b) };
        let input_of = |position: usize| match inputs {
            Some(inputs) if inputs.len() == of_a.len() && key != "inputs" => {
                inputs.get(position).and_then(Value::as_u64).and_then(|i| usize::try_from(i).ok())
            }
            _ if matches!(key, "weights" | "likelihoods") && inputs.is_none() => Some(position),
            Some(_) | None => None,
        };
        self.n_steps += 1;
        for (position, (a, b)) in of_a.iter().zip(of_b).enumerate() {
            self.path.push(Segment::Position(position, input_of(position)));
            self.compare(a, b);
            self.path.pop();
        }
        self.compare_lengths(of_a, of_b);
    }

    fn compare_lengths(&mut self, a: &[Value], b: &[Value]) {
        let common = a.len().min(b.len());
        for (left, right) in [(a.get(common..), None), (None, b.get(common..))] {
            for (nth, item) in left.or(right).unwrap_or_default().iter().enumerate() {
                self.path.push(Segment::Position(common + nth, None));
                match left {
                    Some(_) => self.add_whole(item, &Value::Null),
                    None => self.add_whole(&Value::Null, item),
                }
                self.path.pop();
            }
        }
    }

    /// A part that only one of the two has.
    fn add_whole(&mut self, a: &Value, b: &Value) {
        let n = n_scalars(if a.is_null() { b } else { a }, &mut self.n_steps);
        self.n_parameters += n;
        self.n_different += n.saturating_sub(1);
        self.add(a.clone(), b.clone());
    }

    fn add(&mut self, a: Value, b: Value) {
        self.n_different += 1;
        if self.first.len() < MAX_LISTED {
            let (path, about) = (self.place(), self.about());
            self.first.push(DifferentParameter { path, a, b, about });
        }
    }

    /// Names of variants are left out: they name no field.
    fn place(&self) -> String {
        let mut place = String::new();
        for segment in &self.path {
            match segment {
                Segment::Key(key) if key.starts_with(char::is_uppercase) => {}
                Segment::Key(key) => {
                    place += if place.is_empty() { "" } else { "." };
                    place += key;
                }
                Segment::Position(position, _) => place += &format!("[{position}]"),
                Segment::Input(_) => {}
            }
        }
        place
    }

    fn about(&self) -> Option<String> {
        let input = self.path.iter().rev().find_map(|segment| match segment {
            Segment::Position(_, input) => *input,
            Segment::Input(input) => Some(*input),
            Segment::Key(_) => None,
        })?;
        match self.inputs {
            Inputs::Features(names) => names.get(input).map(|name| format!("feature `{name}`")),
            Inputs::Values => Some(format!("input {}", input + 1)),
        }
    }
}

/// What the steps of a branch, from the first one on, or a member after them read.
pub(crate) fn inputs_after<'a>(branch: &Branch, n_steps: usize, names: &'a [String]) -> Inputs<'a> {
    match branch.source {
        None if n_steps == 0 => Inputs::Features(names),
        Some(_) | None => Inputs::Values,
    }
}

fn n_scalars(value: &Value, n_steps: &mut usize) -> usize {
    *n_steps += 1;
    match value {
        Value::Array(items) => items.iter().map(|item| n_scalars(item, n_steps)).sum(),
        Value::Object(fields) => fields.values().map(|field| n_scalars(field, n_steps)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

/// Numbers are the same if their bits are.
fn are_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(of_a), Value::Number(of_b)) if of_a.is_f64() && of_b.is_f64() => {
            of_a.as_f64().map(f64::to_bits) == of_b.as_f64().map(f64::to_bits)
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(a: &Value, b: &Value, inputs: Inputs<'_>) -> Vec<String> {
        let walk = Walk::of(a, b, inputs);
        let line = |one: &DifferentParameter| {
            let about = one.about.as_deref().map_or(String::new(), |about| format!(" ({about})"));
            format!("{}: {} → {}{about}", one.path, one.a, one.b)
        };
        [walk.summary()].into_iter().chain(walk.first.iter().map(line)).collect()
    }

    #[test]
    fn parameters_are_named_with_their_feature() {
        let names = ["age".to_owned(), "bmi".to_owned()];
        let scale = |mean: f64| json!({"StandardScale": {"inputs": [1, 0], "means": [mean, 2.5]}});
        assert_eq!(
            lines(&scale(1.5), &scale(1.25), Inputs::Features(&names)),
            ["1 of 4 parameters differs", "means[0]: 1.5 → 1.25 (feature `bmi`)"]
        );
        let tree = |at: f64| json!({"Forest": {"trees": [{"nodes": [{"Split": {"input": 1, "threshold": at}}]}]}});
        assert_eq!(
            lines(&tree(0.0), &tree(-0.0), Inputs::Values),
            ["1 of 2 parameters differs", "trees[0].nodes[0].threshold: 0.0 → -0.0 (input 2)"]
        );
    }

    #[test]
    fn of_many_differences_the_first_are_listed_and_all_are_counted() {
        let weights = |n: usize, add: f64| {
            let weights: Vec<f64> =
                (0..n).map(|nth| f64::from(u32::try_from(nth).unwrap()) + add).collect();
            json!({ "weights": weights })
        };
        let found = lines(&weights(10, 0.0), &weights(12, 0.5), Inputs::Values);
        assert_eq!(found[0], "12 of 12 parameters differ; the first 5:");
        assert_eq!(found.len(), 6);
        let longer = lines(&weights(1, 0.0), &weights(2, 0.0), Inputs::Values);
        assert_eq!(longer, ["1 of 2 parameters differs", "weights[1]: null → 1.0"]);
        assert_eq!(
            lines(&weights(3, 0.0), &weights(3, 0.0), Inputs::Values),
            ["0 of 3 parameters differ"]
        );
    }

    /// Counted, not timed: twice the parameters are twice the steps, wherever the two differ.
    #[test]
    fn the_work_is_linear_in_the_number_of_parameters() {
        let model = |n: usize, last: f64| {
            let nodes: Vec<Value> =
                (0..n).map(|nth| json!({"input": nth, "threshold": last})).collect();
            json!({ "trees": [{ "nodes": nodes }] })
        };
        let steps =
            |n: usize, a: f64, b: f64| Walk::of(&model(n, a), &model(n, b), Inputs::Values).n_steps;
        for (a, b) in [(1.0, 1.0), (1.0, 2.0)] {
            let (small, large) = (steps(1000, a, b), steps(2000, a, b));
            assert!(small > 2000 && large < 2 * small, "{small} and {large} steps");
        }
        let longer = Walk::of(&model(1000, 1.0), &model(4000, 1.0), Inputs::Values).n_steps;
        assert!(longer < 20_000, "{longer}");
    }
}
