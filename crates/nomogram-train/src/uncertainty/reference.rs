//! The same p-values, sets, intervals and distances as crepes 0.9.1, MAPIE 1.6.0, venn-abers 1.5.4 and
//! scikit-learn 1.9.1.
//!
//! `tests/reference/make_uncertainty.py` made the numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use ndarray::Array2;
use nomogram::{
    Branch, Combiner, Difficulty, Digest, Distance, EnsembleMember, Feature, Linear, Link,
    Manifest, Member, Model, Parts, Ranks, Referral, Schema, Scores, Session, Target, Uncertainty,
    seal,
};
use serde::Deserialize;

use super::{Whitening, ranks_of_distances, venn_abers};

#[derive(Deserialize)]
struct Reference {
    classes: Vec<OfClasses>,
    three_classes: Vec<OfThreeClasses>,
    distances: OfDistances,
    numbers: Vec<OfNumbers>,
}

#[derive(Deserialize)]
struct OfClasses {
    probabilities: Vec<f64>,
    classes: Vec<usize>,
    new: Vec<f64>,
    p_values: Vec<[f64; 2]>,
    levels: Vec<f64>,
    /// By level, row and class.
    sets: Vec<Vec<[u8; 2]>>,
    venn_abers: Vec<[f64; 2]>,
}

#[derive(Deserialize)]
struct OfThreeClasses {
    probabilities: Vec<[f64; 3]>,
    classes: Vec<usize>,
    new: Vec<[f64; 3]>,
    p_values: Vec<[f64; 3]>,
}

#[derive(Deserialize)]
struct OfDistances {
    training: Vec<[f64; 5]>,
    held_out: Vec<[f64; 5]>,
    new: Vec<[f64; 5]>,
    /// Of the new rows.
    distances: Vec<f64>,
    p_values: Vec<f64>,
}

#[derive(Deserialize)]
struct OfNumbers {
    errors: Vec<f64>,
    predicted: Vec<f64>,
    difficulty: Vec<f64>,
    levels: Vec<f64>,
    /// By level and row.
    normalised: Vec<Vec<[f64; 2]>>,
    plain: Vec<Vec<[f64; 2]>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../tests/reference/uncertainty.json")).unwrap()
}

#[test]
fn p_values_and_sets_are_those_of_crepes_and_mapie() {
    for of in reference().classes {
        let ranks = [0, 1].map(|class| {
            let rows = of.probabilities.iter().zip(&of.classes).filter(|(_, own)| **own == class);
            let score = |(p, _): (&f64, &usize)| 1.0 - if class == 1 { *p } else { 1.0 - p };
            Ranks::of(rows.map(score).collect()).unwrap()
        });
        for (row, p) in of.new.iter().enumerate() {
            let scores = [1.0 - (1.0 - p), 1.0 - p];
            for class in [0, 1] {
                let p_value = ranks[class].p_value(scores[class]);
                assert_eq!(p_value.to_bits(), of.p_values[row][class].to_bits(), "row {row}");
                for (level, sets) in of.levels.iter().zip(&of.sets) {
                    let is_in_set = u8::from(1.0 - p_value < *level);
                    assert_eq!(is_in_set, sets[row][class], "row {row} at {level}");
                }
            }
        }
    }
}

#[test]
fn p_values_of_three_classes_are_those_of_crepes() {
    let references = reference().three_classes;
    assert_eq!(references.len(), 2);
    for of in references {
        for class in 0..3 {
            let rows = of.probabilities.iter().zip(&of.classes).filter(|(_, own)| **own == class);
            let ranks = Ranks::of(rows.map(|(row, _)| 1.0 - row[class]).collect()).unwrap();
            for (row, p_values) in of.new.iter().zip(&of.p_values) {
                let found = ranks.p_value(1.0 - row[class]);
                assert_eq!(found.to_bits(), p_values[class].to_bits(), "{row:?} class {class}");
            }
        }
    }
}

#[test]
fn distances_are_those_of_scikit_learn_and_their_p_values_those_of_crepes() {
    let of = reference().distances;
    let fitted = Whitening::fit(ndarray::arr2(&of.training).view()).unwrap();
    let distance = |ranks| Distance {
        branch: 0,
        means: fitted.means.clone(),
        whitening: fitted.triangle.clone(),
        ranks,
    };
    let bare = distance(Ranks::of(vec![1.0]).unwrap());
    let ranks = ranks_of_distances(of.held_out.iter().map(|row| bare.of(row))).unwrap();
    let fitted = distance(ranks);
    for ((row, expected), p_value) in of.new.iter().zip(&of.distances).zip(&of.p_values) {
        let found = fitted.of(row);
        assert!((found - expected).abs() <= 1e-10 * expected, "{found}, expected {expected}");
        assert_eq!(fitted.ranks.p_value(found).to_bits(), p_value.to_bits(), "{row:?}");
    }
    assert!(of.p_values.contains(&0.025), "a row is further than all 39");
}

#[test]
fn intervals_of_a_probability_are_those_of_venn_abers() {
    for of in reference().classes {
        let rows = of.probabilities.iter().zip(&of.classes);
        let fitted = venn_abers::fit(rows.map(|(p, class)| (*p, *class == 1)));
        for (row, (p, expected)) in of.new.iter().zip(&of.venn_abers).enumerate() {
            let found = fitted.interval(*p);
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() <= 1e-12, "row {row}: {found} {expected}");
            }
        }
    }
}

/// A model that predicts its first feature by two members, which differ by twice the second one.
fn model(of: &OfNumbers, difficulty: Difficulty) -> Arc<Model> {
    let features = vec![Feature::number("value"), Feature::number("half_range")];
    let target = Target::Number { name: "days".into(), unit: None };
    let member = |name: &str, weight| {
        let linear = Linear::new(Link::Identity, vec![0.0], vec![1.0, weight]).unwrap();
        EnsembleMember { name: name.into(), branch: 0, member: Member::Linear(linear) }
    };
    let scores = of.errors.iter().map(|error| error.abs()).collect();
    let parts = Parts {
        manifest: Manifest {
            name: "numbers".into(),
            version: "1".into(),
            created_by: "test".into(),
            training_data_digest: Digest::of(b""),
            configuration_digest: Digest::of(b""),
            notes: BTreeMap::new(),
        },
        card: None,
        schema: Schema::new(features, target).unwrap(),
        branches: vec![Branch { name: "raw".into(), source: None, steps: vec![] }],
        members: vec![member("lower", -1.0), member("upper", 1.0)],
        combiner: Combiner::SoftVote { weights: vec![1.0, 1.0] },
        calibrator: None,
        cutoffs: vec![],
        uncertainty: Some(Uncertainty {
            scores: Scores::Number { ranks: Ranks::of(scores).unwrap(), difficulty },
            levels: of.levels.clone(),
            venn_abers: None,
            distance: None,
            spreads: vec![],
            referral: Referral::default(),
        }),
        explanation: None,
        profile: None,
    };
    let golden = Array2::from_shape_fn((16, 2), |(row, _)| crate::count::number(row));
    Arc::new(Model::open(&seal(&parts, golden.view()).unwrap()).unwrap())
}

#[test]
fn intervals_of_a_number_are_those_of_crepes_and_mapie() {
    // The smallest difficulty of the reference is 1/16, which is the offset.
    let offset = 1.0 / 16.0;
    for of in reference().numbers {
        for (difficulty, expected) in [
            (Difficulty::MemberRange { offset }, &of.normalised),
            (Difficulty::Constant, &of.plain),
        ] {
            let mut session = Session::new(model(&of, difficulty));
            for (row, (value, own)) in of.predicted.iter().zip(&of.difficulty).enumerate() {
                let prediction = session.predict_row(&[*value, own - offset]).unwrap();
                let uncertain = prediction.uncertain().unwrap();
                for (interval, level) in uncertain.intervals().zip(expected) {
                    assert_eq!([interval.low, interval.high], level[row], "row {row}");
                }
            }
        }
    }
}
