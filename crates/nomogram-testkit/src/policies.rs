//! A model with every kind of feature and every policy, whose outputs show what it was given.
//!
//! The margin of its first member, `witness`, is a whole number in base 16: digit `j`, counted from
//! the lowest, is the bucket into which the value of feature `j` fell, 15 where it was missing. The
//! weight of that member is 0, so the other one, `opinion`, decides.

use ndarray::Array2;
use nomogram::{
    Action, CalibrationMap, Calibrator, Combiner, Cutoff, Error, Feature, FeatureKind, Forest,
    Link, Member, Node, Parts, Policy, Quantity, Range, Rule, RuleAction, Schema, Side, Target,
    Tree, Unit, seal,
};

use crate::{branch, manifest, member, valid};

/// The digit of a value that is missing.
const MISSING: f64 = 15.0;

/// The parts of the model.
#[must_use]
pub fn policies() -> Parts {
    valid(parts())
}

/// [`policies`], sealed.
#[must_use]
pub fn bundle_of_policies() -> Vec<u8> {
    valid(seal(&policies(), golden_rows().view()))
}

fn parts() -> Result<Parts, Error> {
    let (features, thresholds): (Vec<_>, Vec<_>) = features().into_iter().unzip();
    let target = Target::of_classes("admission", ["no", "yes"]);
    let schema = Schema::new(features, target)?.with_rules(rules())?;
    Ok(Parts {
        manifest: manifest("policies", "2.1"),
        card: Some("# Policies\n\nA model for tests: it tells what it was given.\n".into()),
        branches: vec![branch("raw", vec![])],
        members: vec![
            member("witness", 0, Member::Forest(witness(&thresholds)?)),
            member("opinion", 0, Member::Forest(opinion(thresholds.len())?)),
        ],
        combiner: Combiner::SoftVote { weights: vec![0.0, 1.0] },
        calibrator: Some(Calibrator::Binary(CalibrationMap::Platt { slope: 1.5, intercept: 0.25 })),
        uncertainty: None,
        profile: Some(crate::profile_of(&schema)),
        cutoffs: vec![
            cutoff("refer", 1, 0.25),
            cutoff("rule out", 0, 0.9),
            cutoff("always", 1, 0.0),
        ],
        explanation: None,
        schema,
    })
}

/// The features, each with the thresholds between its buckets.
#[rustfmt::skip]
fn features() -> Vec<(Feature, Vec<f64>)> {
    use Action::{Clamp, Impute, Refuse, Take};
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let category = |levels: &[&str]| FeatureKind::Category { levels: texts(levels) };
    // In the order of the header: unset, missing, NaN, infinite, out of range, unseen, wrong type.
    let policy = |a: [Action; 7]| {
        let [unset, missing, not_a_number, infinite, out_of_range, unseen_level, wrong_type] = a;
        Policy { unset, missing, not_a_number, infinite, out_of_range, unseen_level, wrong_type }
    };
    let refuse = [Refuse; 7];
    let impute = [Impute; 7];
    let (number, integer, boolean) =
        (FeatureKind::Number, FeatureKind::Integer, FeatureKind::Boolean);
    vec![
        feature("age", number.clone(), "a", &[("mo", 0.0, 1.0, 12.0)], Some((18.0, 90.0)),
            policy(refuse)),
        feature("temperature", number.clone(), "Cel",
            &[("[degF]", 32.0, 5.0, 9.0), ("K", 273.15, 1.0, 1.0)], Some((30.0, 45.0)),
            policy([Impute, Impute, Impute, Clamp, Clamp, Refuse, Impute])),
        feature("dose", number.clone(), "mg", &[("g", 0.0, 1000.0, 1.0)], Some((0.0, 100.0)),
            policy([Refuse, Impute, Impute, Impute, Take, Refuse, Refuse])),
        feature("weight", number.clone(), "kg", &[], Some((20.0, 300.0)),
            policy([Impute, Refuse, Refuse, Refuse, Impute, Refuse, Impute])),
        feature("height", number, "", &[], None,
            policy([Refuse, Refuse, Refuse, Impute, Impute, Refuse, Refuse])),
        feature("pregnancies", integer.clone(), "1", &[], Some((0.0, 20.0)),
            policy([Impute, Impute, Refuse, Clamp, Clamp, Refuse, Impute])),
        feature("visits", integer.clone(), "", &[], None, policy(refuse)),
        feature("children", integer, "1", &[("{dozen}", 0.0, 12.0, 1.0)], Some((0.0, 30.0)),
            policy([Refuse, Refuse, Impute, Impute, Take, Refuse, Refuse])),
        feature("smoker", boolean.clone(), "", &[], None, policy(refuse)),
        feature("diabetic", boolean, "", &[], None, policy(impute)),
        feature("stage", category(&["I", "II", "III"]), "", &[], None, policy(refuse)),
        feature("grade", category(&["low", "middle", "high"]), "", &[], None,
            policy([Refuse, Impute, Refuse, Refuse, Refuse, Take, Refuse])),
        feature("site", category(&["left", "right"]), "", &[], None,
            policy([Impute, Refuse, Impute, Impute, Refuse, Impute, Impute])),
    ]
}

type UnitRow = (&'static str, f64, f64, f64);

/// A feature, and thresholds that separate both ends of its range from its inside and outside.
fn feature(
    name: &str,
    kind: FeatureKind,
    unit: &str,
    units: &[UnitRow],
    range: Option<(f64, f64)>,
    policy: Policy,
) -> (Feature, Vec<f64>) {
    let unit_of = |&(code, offset, multiplier, divisor): &UnitRow| Unit {
        code: code.into(),
        offset,
        multiplier,
        divisor,
    };
    let feature = Feature {
        unit: (!unit.is_empty()).then(|| unit.to_owned()),
        alternative_units: units.iter().map(unit_of).collect(),
        range: range.map(|(low, high)| Range { low, high }),
        policy,
        ..Feature::of_kind(name, kind)
    };
    let thresholds = match range {
        Some((low, high)) => {
            vec![low.next_down(), low, f64::midpoint(low, high), high.next_down(), high]
        }
        None => vec![0.0, 1.0, 2.0, 170.0],
    };
    (feature, thresholds)
}

fn rules() -> Vec<Rule> {
    vec![
        Rule {
            name: "dose fits weight".into(),
            quantity: Quantity::Ratio { factors: vec![2], divisors: vec![3], constant: 1.0 },
            low: None,
            high: Some(1.0),
            action: RuleAction::Flag,
        },
        Rule {
            name: "older than children".into(),
            quantity: Quantity::Difference { minuend: 0, subtrahend: 7 },
            low: Some(0.0),
            high: None,
            action: RuleAction::Refuse,
        },
        Rule {
            name: "plausible body mass".into(),
            quantity: Quantity::Ratio { factors: vec![3], divisors: vec![4, 4], constant: 1e-4 },
            low: Some(8.0),
            high: Some(80.0),
            action: RuleAction::Flag,
        },
    ]
}

fn cutoff(name: &str, class: u32, probability: f64) -> Cutoff {
    Cutoff { name: name.into(), class, probability }
}

/// One tree per feature; its leaves are the digits, shifted to their place.
fn witness(thresholds: &[Vec<f64>]) -> Result<Forest, Error> {
    let mut place = 1.0;
    let mut trees = Vec::new();
    for (input, thresholds) in (0_u32..).zip(thresholds) {
        trees.push(witness_tree(input, thresholds, place));
        place *= 16.0;
    }
    Forest::new(Link::Logit, width(trees.len()), vec![0.0], trees)
}

/// The root sends only what is missing to the right; then a chain, from the lowest threshold on.
fn witness_tree(input: u32, thresholds: &[f64], place: f64) -> Tree {
    let split = |threshold, left, right, default_child| Node::Split {
        input,
        threshold,
        left,
        right,
        default_child,
    };
    let mut nodes = vec![split(1e101, 1, 2, Side::Right)];
    let mut leaves = Vec::new();
    // The chain begins at node 1; node 2 is the leaf of what is missing.
    let mut after_chain = vec![Node::Leaf { leaf: width(thresholds.len()) + 1 }];
    let mut digit = 0.0;
    for (bucket, threshold) in (0_u32..).zip(thresholds) {
        let (left, right) = (3 + 2 * bucket, 4 + 2 * bucket);
        let node = split(*threshold, left, right, Side::Left);
        match bucket {
            0 => nodes.push(node),
            _ => after_chain.push(node),
        }
        after_chain.push(Node::Leaf { leaf: bucket });
        leaves.push(digit * place);
        digit += 1.0;
    }
    after_chain.push(Node::Leaf { leaf: width(thresholds.len()) });
    leaves.extend([digit * place, MISSING * place]);
    nodes.append(&mut after_chain);
    Tree { margin: Some(0), nodes, leaves }
}

/// A few small trees, one of which looks up levels.
fn opinion(n_inputs: usize) -> Result<Forest, Error> {
    let leaf = |leaf| Node::Leaf { leaf };
    let stump = |input, threshold, default_child, leaves: [f64; 2]| Tree {
        margin: Some(0),
        nodes: vec![
            Node::Split { input, threshold, left: 1, right: 2, default_child },
            leaf(0),
            leaf(1),
        ],
        leaves: leaves.into(),
    };
    let by_level = Tree {
        margin: Some(0),
        nodes: vec![
            Node::SplitLevels {
                input: 11,
                levels: vec![0, 2],
                left: 1,
                right: 2,
                default_child: Side::Left,
            },
            leaf(0),
            leaf(1),
        ],
        leaves: vec![0.3, -0.4],
    };
    let trees = vec![
        stump(0, 54.0, Side::Left, [-0.9, 0.8]),
        stump(1, 38.5, Side::Right, [-0.2, 0.7]),
        stump(2, 50.0, Side::Left, [0.1, -0.3]),
        stump(8, 0.5, Side::Left, [-0.25, 0.6]),
        stump(12, 0.5, Side::Right, [0.15, -0.05]),
        by_level,
    ];
    Forest::new(Link::Logit, width(n_inputs), vec![-0.1], trees)
}

fn width(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Rows that are taken, some with missing values.
fn golden_rows() -> Array2<f64> {
    let mut rows = Array2::zeros((20, 13));
    for (step, mut row) in (0_u32..).zip(rows.rows_mut()) {
        let (at, may_be_missing) = (f64::from(step), step % 5 == 4);
        let missing_or = |value| if may_be_missing { f64::NAN } else { value };
        let values = [
            20.0 + 3.5 * at,
            missing_or(29.0 + at),
            missing_or(7.0 * at),
            40.0 + 5.0 * at,
            150.0 + 2.5 * at,
            missing_or(at),
            3.0 * at,
            f64::from(step % 4),
            f64::from(step % 2),
            missing_or(f64::from(step / 2 % 2)),
            f64::from(step % 3),
            missing_or(f64::from(step % 4)),
            f64::from(step % 2),
        ];
        row.iter_mut().zip(values).for_each(|(to, from)| *to = from);
    }
    rows
}
