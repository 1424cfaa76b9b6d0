//! A model with a feature of every kind, which takes missing values.

use ndarray::Array2;
use nomogram::{
    Action, Branch, Combiner, Cutoff, EnsembleMember, Feature, FeatureKind, Forest, Link,
    MIN_GOLDEN_CASES, Member, Node, Parts, Policy, Range, Schema, Side, Target, Tree, Unit, seal,
};

/// Features `age` (a number in `a` or `mo`), `visits` (integer), `smoker` (boolean), `stage`
/// (category of I, II, III) and `dose` (a number in `mg` or `g`, never missing), sealed.
#[must_use]
pub fn bundle_of_every_kind() -> Vec<u8> {
    let bundle = parts().and_then(|parts| seal(&parts, golden_rows().view()));
    crate::valid(bundle)
}

fn parts() -> Result<Parts, nomogram::Error> {
    let target = Target::of_classes("risk", ["low", "high"]);
    let member = Member::Forest(forest()?);
    Ok(Parts {
        schema: Schema::new(features(), target)?,
        branches: vec![Branch { name: "raw".into(), source: None, steps: vec![] }],
        members: vec![EnsembleMember { name: "forest".into(), branch: 0, member }],
        combiner: Combiner::SoftVote { weights: vec![1.0] },
        cutoffs: vec![Cutoff { name: "refer".into(), class: 1, probability: 0.5 }],
        ..crate::three_members()
    })
}

fn features() -> Vec<Feature> {
    let imputing = Policy {
        unset: Action::Impute,
        missing: Action::Impute,
        not_a_number: Action::Impute,
        wrong_type: Action::Impute,
        ..Policy::default()
    };
    let unit = |code: &str, multiplier, divisor| Unit {
        code: code.into(),
        offset: 0.0,
        multiplier,
        divisor,
    };
    let levels = ["I", "II", "III"].map(Into::into).into();
    vec![
        Feature {
            unit: Some("a".into()),
            alternative_units: vec![unit("mo", 1.0, 12.0)],
            range: Some(Range { low: 0.0, high: 120.0 }),
            policy: Policy { infinite: Action::Clamp, out_of_range: Action::Clamp, ..imputing },
            ..Feature::number("age")
        },
        Feature {
            range: Some(Range { low: 0.0, high: 100.0 }),
            policy: Policy { out_of_range: Action::Impute, ..imputing },
            ..Feature::of_kind("visits", FeatureKind::Integer)
        },
        Feature { policy: imputing, ..Feature::of_kind("smoker", FeatureKind::Boolean) },
        Feature {
            policy: Policy { unseen_level: Action::Take, ..imputing },
            ..Feature::of_kind("stage", FeatureKind::Category { levels })
        },
        Feature {
            unit: Some("mg".into()),
            alternative_units: vec![unit("g", 1000.0, 1.0)],
            ..Feature::number("dose")
        },
    ]
}

/// One tree per feature and threshold, so that different values give different predictions.
fn forest() -> Result<Forest, nomogram::Error> {
    let thresholds = [
        (0, [30.0, 55.0, 80.0]),
        (1, [2.0, 10.0, 50.0]),
        (2, [0.5, 0.75, 0.9]),
        (3, [0.5, 1.5, 2.5]),
        (4, [5.0, 50.0, 500.0]),
    ];
    let mut trees = Vec::new();
    let mut weight = 0.01;
    for (input, thresholds) in thresholds {
        for (threshold, default_child) in
            thresholds.into_iter().zip([Side::Left, Side::Right, Side::Left])
        {
            let split = Node::Split { input, threshold, left: 1, right: 2, default_child };
            let nodes = vec![split, Node::Leaf { leaf: 0 }, Node::Leaf { leaf: 1 }];
            trees.push(Tree { margin: Some(0), nodes, leaves: vec![-weight, weight] });
            weight *= 1.3;
        }
    }
    Forest::new(Link::Logit, 5, vec![0.05], trees)
}

fn golden_rows() -> Array2<f64> {
    let mut rows = Array2::zeros((MIN_GOLDEN_CASES, 5));
    for (step, mut row) in (0_u32..).zip(rows.rows_mut()) {
        let values = [
            f64::from(step * 5 % 120),
            f64::from(step * 7 % 100),
            f64::from(step % 2),
            f64::from(step % 3),
            f64::from(step) * 12.5,
        ];
        for (cell, value) in row.iter_mut().zip(values) {
            *cell = value;
        }
    }
    rows
}
