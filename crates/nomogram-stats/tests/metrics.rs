//! Metrics of two classes against scikit-learn: `reference/metrics.json`, made by
//! `crates/nomogram-train/tests/reference/make_fixtures.py`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::path::Path;

use ndarray::Array2;
use nomogram_stats::metrics::Metrics;
use nomogram_stats::{ClassRows, Rows, outcomes_of};
use serde_json::Value;

#[test]
fn metrics_are_those_of_scikit_learn() {
    let fixture = fixture("metrics.json");
    for name in ["ordinary", "nobody_positive"] {
        let case = &fixture[name];
        let classes: Vec<usize> = case["y"].as_array().unwrap().iter().map(count).collect();
        let probabilities = numbers(&case["p"]);
        let outcomes = outcomes_of(1, &classes);
        let metrics = Metrics::of_event(Rows::new(&outcomes, &probabilities).unwrap());
        let columns = Array2::from_shape_fn((classes.len(), 2), |(row, class)| {
            if class == 1 { probabilities[row] } else { 1.0 - probabilities[row] }
        });
        let rows = ClassRows::new(&classes, columns.view()).unwrap();
        assert_eq!(metrics, Metrics::of(&rows), "{name}");
        let confusion = &case["confusion"];
        let c = metrics.confusion.unwrap();
        assert_eq!(
            [c.true_positive, c.false_positive, c.true_negative, c.false_negative],
            ["tp", "fp", "tn", "fn"].map(|cell| confusion[cell].as_f64().unwrap()),
            "{name}"
        );
        let values = [
            ("accuracy", Some(metrics.accuracy)),
            ("sensitivity", metrics.sensitivity),
            ("specificity", metrics.specificity),
            ("ppv", metrics.ppv),
            ("npv", metrics.npv),
            ("f1", metrics.f1),
            ("roc_auc", metrics.auc),
            ("brier", Some(metrics.brier)),
            ("log_loss", Some(metrics.log_loss)),
        ];
        for (metric, found) in values {
            assert!(case.get(metric).is_some(), "{name}: no {metric}");
            match (found, case[metric].as_f64()) {
                (Some(found), Some(expected)) => {
                    assert!((found - expected).abs() < 1e-12, "{name}: {metric}: {found}");
                }
                (found, expected) => assert_eq!(found, expected, "{name}: {metric}"),
            }
        }
    }
}

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn count(value: &Value) -> usize {
    value.as_u64().unwrap().try_into().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}
