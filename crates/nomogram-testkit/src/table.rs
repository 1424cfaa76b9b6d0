//! A model of a table as people keep it: every kind of feature, units, policies, rules, cutoffs.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use ndarray::Array2;
use nomogram::{
    Action, Aggregate, Branch, Calibrator, Combiner, Cutoff, Digest, EnsembleMember, Error,
    Feature, FeatureKind, Forest, Link, MIN_GOLDEN_CASES, Manifest, Member, Node, Parts, Policy,
    Quantity, Range, Rule, RuleAction, Schema, Side, Target, Tree, Unit, seal,
};

use crate::valid;

/// The parts of a model of three classes that reads every kind of feature.
#[must_use]
pub fn table() -> Parts {
    valid(parts_of_table())
}

/// [`table`], sealed.
#[must_use]
pub fn bundle_of_table() -> Vec<u8> {
    valid(seal(&table(), golden_rows(&[45.0, 1.0, 88.0, 1.0, 50.0, 120.0, 80.0, 2.0]).view()))
}

/// A model that predicts a number, sealed.
#[must_use]
pub fn bundle_of_number() -> Vec<u8> {
    let sealed =
        parts_of_number().and_then(|parts| seal(&parts, golden_rows(&[60.0, 170.0]).view()));
    valid(sealed)
}

/// Rows around a typical one: whole numbers stay whole, and small ones as they are.
fn golden_rows(typical: &[f64]) -> Array2<f64> {
    let mut rows = Array2::zeros((MIN_GOLDEN_CASES, typical.len()));
    for (step, mut row) in (0_u32..).zip(rows.rows_mut()) {
        for (value, typical) in row.iter_mut().zip(typical) {
            let moved = typical + f64::from(step % 7);
            *value = if *typical > 5.0 { moved } else { *typical };
        }
    }
    rows
}

fn manifest(name: &str) -> Manifest {
    Manifest {
        name: name.into(),
        version: "2.1".into(),
        created_by: "nomogram-testkit".into(),
        training_data_digest: Digest::of(b"no data"),
        configuration_digest: Digest::of(b"no configuration"),
        notes: BTreeMap::from([("purpose".into(), "tests of \"tables\"".into())]),
    }
}

fn parts_of_table() -> Result<Parts, Error> {
    let classes = ["none", "mild", "größer"];
    let schema = Schema::new(features(), Target::of_classes("stage", classes))?;
    Ok(Parts {
        manifest: manifest("table"),
        schema: schema.with_rules(vec![
            Rule {
                name: "diastolic is not above systolic".into(),
                quantity: Quantity::Difference { minuend: 5, subtrahend: 6 },
                low: Some(0.0),
                high: None,
                action: RuleAction::Refuse,
            },
            Rule {
                name: "dose fits age".into(),
                quantity: Quantity::Ratio { factors: vec![4], divisors: vec![0], constant: TAU },
                low: None,
                high: Some(1.0),
                action: RuleAction::Flag,
            },
        ])?,
        branches: vec![Branch { name: "raw".into(), source: None, steps: vec![] }],
        members: vec![
            EnsembleMember {
                name: "boosted".into(),
                branch: 0,
                member: Member::Forest(boosted()?),
            },
            EnsembleMember { name: "bagged".into(), branch: 0, member: Member::Forest(bagged()?) },
        ],
        combiner: Combiner::SoftVote { weights: vec![2.0, 1.0] },
        calibrator: Some(Calibrator::Temperature { temperature: 1.5 }),
        uncertainty: None,
        profile: None,
        cutoffs: vec![
            Cutoff { name: "watch".into(), class: 1, probability: 0.25 },
            Cutoff { name: "refer".into(), class: 2, probability: 0.4 },
        ],
        card: Some("# Table\n\nNot for patients: “tests” alone.\n".into()),
        explanation: None,
    })
}

fn features() -> Vec<Feature> {
    let unit = |code: &str, multiplier: f64, divisor: f64| Unit {
        code: code.into(),
        offset: 0.0,
        multiplier,
        divisor,
    };
    let category = |levels: &[&str]| FeatureKind::Category {
        levels: levels.iter().map(|level| (*level).into()).collect(),
    };
    let pressure = |name: &str| Feature { unit: Some("mm[Hg]".into()), ..Feature::number(name) };
    let imputed = Policy { missing: Action::Impute, ..Policy::default() };
    vec![
        Feature {
            unit: Some("a".into()),
            alternative_units: vec![unit("mo", 1.0, 12.0)],
            range: Some(Range { low: 18.0, high: 120.0 }),
            ..Feature::of_kind("age", FeatureKind::Integer)
        },
        Feature {
            policy: Policy { unseen_level: Action::Take, ..imputed },
            ..Feature::of_kind("grade", category(&["I", "II", "III"]))
        },
        Feature {
            unit: Some("umol/L".into()),
            alternative_units: vec![unit("mg/dL", 884.0, 10.0), unit("mmol/L", 1000.0, 1.0)],
            range: Some(Range { low: 20.0, high: 2000.0 }),
            policy: Policy {
                not_a_number: Action::Impute,
                infinite: Action::Clamp,
                out_of_range: Action::Clamp,
                ..imputed
            },
            ..Feature::number("creatinine")
        },
        Feature {
            policy: Policy { unset: Action::Impute, ..imputed },
            ..Feature::of_kind("smoker", FeatureKind::Boolean)
        },
        Feature {
            unit: Some("mg".into()),
            range: Some(Range { low: 0.0, high: 500.0 }),
            policy: Policy { unset: Action::Impute, out_of_range: Action::Take, ..imputed },
            ..Feature::number("dose")
        },
        pressure("systolic"),
        pressure("diastolic"),
        Feature {
            policy: Policy { unseen_level: Action::Impute, ..imputed },
            ..Feature::of_kind("site", category(&["Süd", "north east", "日本"]))
        },
    ]
}

/// One tree per class and input, so that each value counts.
fn boosted() -> Result<Forest, Error> {
    let thresholds = [60.0, 0.0, 110.5, 0.5, 100.0, 140.0, 85.0, 0.0];
    let mut trees = Vec::new();
    for (input, threshold) in (0_u32..).zip(thresholds) {
        let step = f64::from(input + 1) / 10.0;
        let root = if matches!(input, 1 | 7) {
            Node::SplitLevels {
                input,
                levels: vec![0, 2],
                left: 1,
                right: 2,
                default_child: Side::Right,
            }
        } else {
            split(input, threshold, Side::Left)
        };
        trees.push(Tree {
            margin: Some(input % 3),
            nodes: vec![root, Node::Leaf { leaf: 0 }, Node::Leaf { leaf: 1 }],
            leaves: vec![-step, 0.7 * step],
        });
    }
    Forest::new(Link::Softmax, 8, vec![0.4, 0.1, -0.2], trees)
}

fn bagged() -> Result<Forest, Error> {
    let tree = |input: u32, threshold: f64, leaves: [f64; 6]| Tree {
        margin: None,
        nodes: vec![
            split(input, threshold, Side::Right),
            Node::Leaf { leaf: 0 },
            Node::Leaf { leaf: 1 },
        ],
        leaves: leaves.into(),
    };
    let trees = vec![
        tree(0, 50.0, [0.75, 0.125, 0.125, 0.25, 0.25, 0.5]),
        tree(2, 95.25, [0.5, 0.25, 0.25, 0.125, 0.375, 0.5]),
    ];
    let forest = Forest::new(Link::Softmax, 8, vec![0.0; 3], trees)?;
    Ok(Forest { link: Link::Probability, aggregate: Aggregate::Mean, ..forest })
}

fn parts_of_number() -> Result<Parts, Error> {
    let tree = |input: u32, threshold: f64, leaves: [f64; 2]| Tree {
        margin: Some(0),
        nodes: vec![
            split(input, threshold, Side::Left),
            Node::Leaf { leaf: 0 },
            Node::Leaf { leaf: 1 },
        ],
        leaves: leaves.into(),
    };
    let trees = vec![tree(0, 62.0, [0.25, 3.5]), tree(1, 172.5, [-0.1, 0.3])];
    let forest = Forest::new(Link::Identity, 2, vec![4.2], trees)?;
    Ok(Parts {
        manifest: manifest("length of stay"),
        schema: Schema::new(
            vec![Feature::number("weight"), Feature::number("height")],
            Target::Number { name: "stay".into(), unit: Some("d".into()) },
        )?,
        branches: vec![Branch { name: "raw".into(), source: None, steps: vec![] }],
        members: vec![EnsembleMember {
            name: "trees".into(),
            branch: 0,
            member: Member::Forest(forest),
        }],
        combiner: Combiner::SoftVote { weights: vec![1.0] },
        calibrator: None,
        profile: None,
        cutoffs: vec![],
        uncertainty: None,
        card: None,
        explanation: None,
    })
}

fn split(input: u32, threshold: f64, default_child: Side) -> Node {
    Node::Split { input, threshold, left: 1, right: 2, default_child }
}
