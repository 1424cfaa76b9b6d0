//! How two bundles differ.
//!
//! Features, rules, branches, members, cutoffs and groups are matched by name.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::ArrayView2;
use nomogram::{Branch, Combiner, EnsembleMember, Explanation, Model, Parts};
use serde::Serialize;
use serde_json::{Value, json};

use crate::description::Description;
use crate::parameters::{Inputs, Walk as Parameters, inputs_after};

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
    /// What two values cannot show, or the feature that they are about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
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
    let mut walk = Walk::default();
    walk.compare("", &value(a), &value(b));
    let mut differences = walk.differences;
    add_fitted_parameters(a.1, b.1, &mut differences);
    differences
}

/// How the golden cases of two bundles differ, which no other difference shows.
#[must_use]
pub fn golden_difference(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Option<Difference> {
    let bits = |rows: ArrayView2<'_, f64>| -> BTreeSet<Vec<u64>> {
        rows.rows().into_iter().map(|row| row.iter().map(|v| v.to_bits()).collect()).collect()
    };
    let (of_a, of_b) = (bits(a), bits(b));
    let n_common = of_a.intersection(&of_b).count();
    let is_same = a.nrows() == b.nrows() && of_a.len() == n_common && of_b.len() == n_common;
    (!is_same).then(|| {
        let detail = format!("{} cases and {}, {n_common} of them the same", a.nrows(), b.nrows());
        Difference::of_detail("golden cases", detail)
    })
}

/// The fitted parameters of each branch, member, combiner, calibrator and explanation: how many differ, and the first.
fn add_fitted_parameters(a: &Parts, b: &Parts, differences: &mut Vec<Difference>) {
    let names: Vec<String> = a.schema.features().iter().map(|f| f.name.clone()).collect();
    let mut add = |place: &str, walk: Parameters<'_>| {
        if walk.n_different == 0 {
            return;
        }
        differences.push(Difference::of_detail(place, walk.summary()));
        differences.extend(walk.first.into_iter().map(|one| Difference {
            place: if one.path.is_empty() { place.into() } else { format!("{place}.{}", one.path) },
            a: Some(one.a),
            b: Some(one.b),
            detail: one.about,
        }));
    };
    let branches_of_b: BTreeMap<&str, &Branch> =
        b.branches.iter().map(|branch| (branch.name.as_str(), branch)).collect();
    for branch in &a.branches {
        let Some(other) = branches_of_b.get(branch.name.as_str()) else { continue };
        for (step, (of_a, of_b)) in branch.steps.iter().zip(&other.steps).enumerate() {
            let inputs = inputs_after(branch, step, &names);
            let place = format!("branches.{}.steps[{step}]", branch.name);
            add(&place, Parameters::of(of_a, of_b, inputs));
        }
    }
    let mut unshown = Vec::new();
    let members_of_b: BTreeMap<&str, &EnsembleMember> =
        b.members.iter().map(|member| (member.name.as_str(), member)).collect();
    for member in &a.members {
        let Some(other) = members_of_b.get(member.name.as_str()) else { continue };
        let branch = a.branches.get(member.branch as usize);
        let inputs = branch
            .map_or(Inputs::Values, |branch| inputs_after(branch, branch.steps.len(), &names));
        let place = format!("members.{}", member.name);
        if [member, other].iter().any(|one| one.member.stored_rows().is_some()) {
            add_unshown(&place, member.member == other.member, &mut unshown);
        } else {
            add(&place, Parameters::of(&member.member, &other.member, inputs));
        }
    }
    if [&a.combiner, &b.combiner].into_iter().any(stores_rows) {
        add_unshown("combiner", a.combiner == b.combiner, &mut unshown);
    } else {
        add("combiner", Parameters::of(&a.combiner, &b.combiner, Inputs::Values));
    }
    if let (Some(of_a), Some(of_b)) = (&a.explanation, &b.explanation) {
        // Groups are compared by name.
        let numbers = |explanation: &Explanation| {
            let Explanation { background, weights, left_shares, .. } = explanation;
            json!({"background": background, "row_weights": weights, "left_shares": left_shares})
        };
        add("explanation", Parameters::of(&numbers(of_a), &numbers(of_b), Inputs::Values));
    }
    add("calibrator", Parameters::of(&a.calibrator, &b.calibrator, Inputs::Values));
    differences.extend(unshown);
}

/// Adds that parameters differ, among which are rows of the training data: none of them is printed.
fn add_unshown(place: &str, is_same: bool, differences: &mut Vec<Difference>) {
    if !is_same {
        let detail =
            "parameters differ; they are not shown, since rows of the training data are among them";
        differences.push(Difference::of_detail(place, detail));
    }
}

/// Whether a stacked member stores rows of the training data.
fn stores_rows(combiner: &Combiner) -> bool {
    match combiner {
        Combiner::Stack { member, .. } => member.stored_rows().is_some(),
        Combiner::SoftVote { .. } | Combiner::HardVote { .. } | Combiner::CalibratedVote { .. } => {
            false
        }
    }
}

/// A comparison of two descriptions.
#[derive(Default)]
struct Walk {
    differences: Vec<Difference>,
    /// How many values were looked at.
    n_steps: usize,
}

impl Walk {
    fn compare(&mut self, place: &str, a: &Value, b: &Value) {
        self.n_steps += 1;
        let within = |name: &str| match place {
            "" => name.to_owned(),
            _ => format!("{place}.{name}"),
        };
        match (a, b) {
            (Value::Object(of_a), Value::Object(of_b)) => {
                let names: BTreeSet<&String> = of_a.keys().chain(of_b.keys()).collect();
                for name in names {
                    match (of_a.get(name), of_b.get(name)) {
                        (Some(a), Some(b)) => self.compare(&within(name), a, b),
                        (a, b) => self.differences.push(Difference::new(within(name), a, b)),
                    }
                }
            }
            (Value::Array(of_a), Value::Array(of_b)) if are_named(of_a) && are_named(of_b) => {
                self.compare_named(place, of_a, of_b);
            }
            _ if a == b => {}
            _ => self.differences.push(Difference::new(place.to_owned(), Some(a), Some(b))),
        }
    }

    /// Compares lists whose items have names, which are distinct within a list.
    fn compare_named(&mut self, place: &str, a: &[Value], b: &[Value]) {
        fn by_name(items: &[Value]) -> BTreeMap<&str, &Value> {
            items.iter().filter_map(|item| Some((name_of(item)?, item))).collect()
        }
        let (named_a, named_b) = (by_name(a), by_name(b));
        for item in a {
            self.n_steps += 1;
            let name = name_of(item).unwrap_or_default();
            let place = format!("{place}.{name}");
            match named_b.get(name) {
                Some(other) => self.compare(&place, item, other),
                None => self.differences.push(Difference::new(place, Some(item), None)),
            }
        }
        for item in b {
            self.n_steps += 1;
            let name = name_of(item).unwrap_or_default();
            if !named_a.contains_key(name) {
                let place = format!("{place}.{name}");
                self.differences.push(Difference::new(place, None, Some(item)));
            }
        }
        let common_a = a.iter().filter_map(name_of).filter(|name| named_b.contains_key(name));
        let common_b = b.iter().filter_map(name_of).filter(|name| named_a.contains_key(name));
        if !common_a.eq(common_b) {
            self.differences.push(Difference::of_detail(place, "the order differs"));
        }
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

    fn of_detail(place: &str, detail: impl Into<String>) -> Self {
        Self { place: place.into(), a: None, b: None, detail: Some(detail.into()) }
    }

    /// In one line, for example `~ features.age.range.high: 120 → 110`.
    #[must_use]
    pub fn text(&self) -> String {
        let place = &self.place;
        match (&self.a, &self.b, self.detail.as_deref()) {
            (Some(a), Some(b), None) => format!("~ {place}: {} → {}", short(a), short(b)),
            (Some(a), Some(b), Some(detail)) => {
                format!("~ {place}: {} → {} ({detail})", short(a), short(b))
            }
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
    use nomogram::{CombinerReads, Member};

    use super::*;

    fn lines(a: &Value, b: &Value) -> Vec<String> {
        let mut walk = Walk::default();
        walk.compare("", a, b);
        walk.differences.iter().map(Difference::text).collect()
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

    #[test]
    fn rows_of_the_training_data_are_not_printed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/corpus/neighbours.nomo");
        let bytes = std::fs::read(path).unwrap();
        let (model, (parts, _)) = (Model::open(&bytes).unwrap(), nomogram::unseal(&bytes).unwrap());
        let mut other = parts.clone();
        let nearest = other.members.first_mut().map(|member| &mut member.member);
        let Some(Member::Neighbours(nearest)) = nearest else { panic!() };
        nearest.rows.values[0] = 48151.0;
        // In the place of another member, and as a stacked one.
        other.members[1].member = other.members[0].member.clone();
        let member = Box::new(other.members[0].member.clone());
        other.combiner = Combiner::Stack { input: CombinerReads::Outputs, member };
        for (a, b) in [(&parts, &other), (&other, &parts)] {
            let found = differences((&model, a), (&model, b));
            let printed = serde_json::to_string(&found).unwrap();
            assert!(!printed.contains("48151"), "{printed}");
            let unshown = found.iter().filter(|one| one.text().contains("parameters differ"));
            let places: Vec<&str> = unshown.map(|one| one.place.as_str()).collect();
            assert_eq!(places, ["members.nearest", "members.three", "combiner"]);
        }
    }

    /// Counted, not timed: items are found by name without looking at all others.
    #[test]
    fn the_work_is_linear_in_the_number_of_features() {
        let features = |n: usize, last: u32| {
            let features = (0..n).map(|nth| json!({"name": format!("f{nth}"), "range": [0, last]}));
            json!({"features": features.collect::<Vec<_>>()})
        };
        let steps = |n: usize| {
            let mut walk = Walk::default();
            walk.compare("", &features(n, 1), &features(n, 2));
            assert_eq!(walk.differences.len(), n);
            walk.n_steps
        };
        let (small, large) = (steps(500), steps(1000));
        assert!(small > 1000 && large <= 2 * small, "{small} and {large} steps");
    }

    #[test]
    fn parameters_of_a_member_are_named_and_counted() {
        let bytes = nomogram_testkit::bundle_of_three_members();
        let (parts, rows) = nomogram::unseal(&bytes).unwrap();
        let mut other = parts.clone();
        let changed = other.members.iter_mut().find_map(|member| match &mut member.member {
            Member::Linear(linear) => {
                let mut weights = linear.weights().to_vec();
                weights[1] += 0.5;
                let intercepts = linear.intercepts().to_vec();
                *linear = nomogram::Linear::new(linear.link(), intercepts, weights).unwrap();
                Some(member.name.clone())
            }
            _ => None,
        });
        let name = changed.unwrap();
        let mut differences = Vec::new();
        add_fitted_parameters(&parts, &other, &mut differences);
        let lines: Vec<String> = differences.iter().map(Difference::text).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with(&format!("~ members.{name}: 1 of ")), "{lines:?}");
        assert!(lines[1].starts_with(&format!("~ members.{name}.weights[1]: ")), "{lines:?}");
        let fewer = rows.slice(ndarray::s![1.., ..]);
        assert_eq!(golden_difference(rows.view(), rows.view()), None);
        let text = golden_difference(rows.view(), fewer).unwrap().text();
        assert!(
            text.starts_with("~ golden cases: ") && text.ends_with(" of them the same"),
            "{text}"
        );
    }
}
