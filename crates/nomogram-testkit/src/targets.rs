//! Models that predict something else than two classes.

use ndarray::Array2;
use nomogram::{
    Action, Aggregate, Combiner, Cutoff, Error, Feature, FeatureKind, Forest, Linear, Link,
    MIN_GOLDEN_CASES, Member, Node, Parts, Policy, Quantity, Rule, RuleAction, Schema, Side,
    Target, Tree, Unit, seal,
};

use crate::{branch, manifest, member, valid};

/// A model of two features that predicts a number; its unit is days.
#[must_use]
pub fn bundle_of_a_number() -> Vec<u8> {
    valid(number().and_then(|parts| seal(&parts, golden_rows(100.0).view())))
}

/// A model of a number and a category that predicts one of three classes.
///
/// Up to 10, with `none`, all classes are equally probable; with `β`, the last two are. Names hold
/// letters that are not ASCII.
#[must_use]
pub fn bundle_of_three_classes() -> Vec<u8> {
    valid(three_classes().and_then(|parts| seal(&parts, golden_rows(3.0).view())))
}

/// Rows of two values, the second of which is one of `n_levels` whole numbers.
fn golden_rows(n_levels: f64) -> Array2<f64> {
    let mut rows = Array2::zeros((MIN_GOLDEN_CASES, 2));
    for (step, mut row) in (0_u32..).zip(rows.rows_mut()) {
        let values = [1.5 * f64::from(step), f64::from(step * 7) % n_levels];
        row.iter_mut().zip(values).for_each(|(to, from)| *to = from);
    }
    rows
}

fn leaf(leaf: u32) -> Node {
    Node::Leaf { leaf }
}

fn split(input: u32, threshold: f64) -> Node {
    Node::Split { input, threshold, left: 1, right: 2, default_child: Side::Left }
}

/// A tree with one split.
fn stump(margin: Option<u32>, input: u32, threshold: f64, leaves: Vec<f64>) -> Tree {
    Tree { margin, nodes: vec![split(input, threshold), leaf(0), leaf(1)], leaves }
}

fn number() -> Result<Parts, Error> {
    let age = Feature { unit: Some("a".into()), ..Feature::number("age") };
    let mut mean = Forest::new(
        Link::Identity,
        2,
        vec![1.0],
        vec![stump(Some(0), 0, 10.0, vec![2.0, 6.5]), stump(Some(0), 1, 50.0, vec![-1.0, 12.0])],
    )?;
    mean.aggregate = Aggregate::Mean;
    let rule = Rule {
        name: "severity below age".into(),
        quantity: Quantity::Difference { minuend: 1, subtrahend: 0 },
        low: Some(0.0),
        high: None,
        action: RuleAction::Flag,
    };
    let target = Target::Number { name: "length of stay".into(), unit: Some("d".into()) };
    let schema =
        Schema::new(vec![Feature::number("severity"), age], target)?.with_rules(vec![rule])?;
    Ok(Parts {
        manifest: manifest("a number", "1"),
        card: None,
        explanation: None,
        branches: vec![branch("raw", vec![])],
        members: vec![
            member(
                "line",
                0,
                Member::Linear(Linear::new(Link::Identity, vec![0.5], vec![0.25, 0.125])?),
            ),
            member("mean", 0, Member::Forest(mean)),
        ],
        combiner: Combiner::SoftVote { weights: vec![1.0, 3.0] },
        calibrator: None,
        profile: Some(crate::profile_of(&schema)),
        cutoffs: vec![],
        uncertainty: None,
        schema,
    })
}

fn three_classes() -> Result<Parts, Error> {
    let levels = ["none", "α", "β"].map(Into::into).into();
    let size = Feature {
        unit: Some("um".into()),
        alternative_units: vec![Unit {
            code: "mm".into(),
            offset: 0.0,
            multiplier: 1000.0,
            divisor: 1.0,
        }],
        policy: Policy { missing: Action::Impute, ..Policy::default() },
        ..Feature::number("größe")
    };
    let softmax = Forest::new(
        Link::Softmax,
        2,
        vec![0.0; 3],
        vec![
            stump(Some(0), 0, 10.0, vec![0.0, 1.5]),
            stump(Some(2), 0, 20.0, vec![0.0, 0.75]),
            // Only `β` lowers class 0.
            stump(Some(0), 1, 1.5, vec![0.0, -2.0]),
            // Only `α` raises class 1.
            Tree {
                margin: Some(1),
                nodes: vec![
                    Node::SplitLevels {
                        input: 1,
                        levels: vec![1],
                        left: 1,
                        right: 2,
                        default_child: Side::Right,
                    },
                    leaf(0),
                    leaf(1),
                ],
                leaves: vec![1.25, 0.0],
            },
        ],
    )?;
    let third = 1.0 / 3.0;
    let mut shares = Forest::new(
        Link::Softmax,
        2,
        vec![0.0; 3],
        vec![stump(None, 0, 15.0, vec![third, third, third, 0.5, 0.25, 0.25])],
    )?;
    (shares.link, shares.aggregate) = (Link::Probability, Aggregate::Mean);
    let cutoff = |name: &str, class, probability| Cutoff { name: name.into(), class, probability };
    Ok(Parts {
        manifest: manifest("three classes", "1"),
        card: None,
        explanation: None,
        schema: Schema::new(
            vec![size, Feature::of_kind("Blocker", FeatureKind::Category { levels })],
            Target::of_classes("type", ["benign", "malignant", "unklar/無"]),
        )?,
        branches: vec![branch("raw", vec![])],
        members: vec![
            member("softmax", 0, Member::Forest(softmax)),
            member("shares", 0, Member::Forest(shares)),
        ],
        combiner: Combiner::SoftVote { weights: vec![1.0, 1.0] },
        calibrator: None,
        profile: None,
        cutoffs: vec![cutoff("unclear", 2, 0.375), cutoff("benign", 0, 0.5)],
        uncertainty: None,
    })
}
